//! What is typed in a procedure of custody, and why it is not taken.

use chrono::{Days, NaiveDate};
use domain::Currency;

use crate::codes::FeedbackCode;
use crate::flow::Out;

/// No field of a person, and no condition, is longer than this, in characters.
const TEXT_CHARS: usize = 200;
/// A term is extended by at most so many days at a time.
const DAYS_MAX: u64 = 3_650;

/// A text without the spaces around it; `None`: refused, it is too long.
pub(crate) fn text(typed: &str, out: &mut Out) -> Option<String> {
    let text = typed.trim();
    if text.chars().count() > TEXT_CHARS {
        out.refuse(FeedbackCode::NoteTooLong, [TEXT_CHARS.to_string()]);
        return None;
    }
    Some(text.to_owned())
}

/// A sum in minor units, nothing for an empty text; `None`: refused.
pub(crate) fn sum(text: &str, currency: Currency, out: &mut Out) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let minor = currency.parse(text);
    if minor.is_none() {
        out.refuse(
            FeedbackCode::AmountMalformed,
            [text.to_owned(), currency.to_string()],
        );
    }
    minor
}

/// The last day of a longer term: so many days after `due` or today, whichever is later, or a day (ISO 8601) after that; `None`:
/// refused.
pub(crate) fn longer(
    text: &str,
    due: Option<NaiveDate>,
    today: Option<NaiveDate>,
    out: &mut Out,
) -> Option<NaiveDate> {
    let from = due.max(today)?;
    let last = from.checked_add_days(Days::new(DAYS_MAX))?;
    if let Ok(day) = text.parse::<NaiveDate>() {
        if day > from && day <= last {
            return Some(day);
        }
        out.refuse(
            FeedbackCode::TermPast,
            [day.to_string(), from.to_string(), last.to_string()],
        );
        return None;
    }
    let days = text.parse().ok().filter(|n| (1..=DAYS_MAX).contains(n));
    let day = days.and_then(|n| from.checked_add_days(Days::new(n)));
    if day.is_none() {
        out.refuse(
            FeedbackCode::DaysMalformed,
            [text.to_owned(), DAYS_MAX.to_string()],
        );
    }
    day
}
