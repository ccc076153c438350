//! How persons, pieces and sums of custody are shown, whichever procedure shows them.

use domain::Currency;

use crate::custody_view::{DepositFacts, PersonFacts};
use crate::screen::Choice;

/// A sum with its currency.
pub(crate) fn amount(minor: i64, currency: Currency) -> String {
    format!("{} {currency}", currency.number(minor.into()))
}

/// How a person is offered: by the end of their telephone, since others look over the shoulder.
pub(crate) fn person_choice(person: &PersonFacts) -> Choice {
    let phone: Vec<char> = person.said.phone.chars().collect();
    let last: String = phone[phone.len().saturating_sub(4)..].iter().collect();
    Choice {
        id: person.id.to_string(),
        title: person.said.name.clone(),
        subtitle: match last.is_empty() {
            true => String::new(),
            false => format!("···{last}"),
        },
        quantity: match person.here {
            0 => String::new(),
            n => n.to_string(),
        },
    }
}

/// The last four letters of a piece's number, which its label shows large.
pub(crate) fn mark(printed: &str) -> String {
    let letters: Vec<char> = printed.chars().collect();
    letters[letters.len().saturating_sub(4)..].iter().collect()
}

/// What was left, in words that can be held against what somebody describes.
pub(crate) fn described(facts: &DepositFacts) -> String {
    let pieces = facts.here().map(|piece| {
        let words = [piece.item.name_zh.as_str(), piece.item.name_en.as_str()];
        let name = words
            .into_iter()
            .find(|w| !w.is_empty())
            .unwrap_or(&piece.item.sku);
        match piece.condition.is_empty() {
            true => name.to_owned(),
            false => format!("{name} ({})", piece.condition),
        }
    });
    pieces.collect::<Vec<_>>().join(", ")
}
