//! Comparing a code with the pieces of a pattern.

use chrono::NaiveDate;

use super::{CODE_MAX, DayForm, Fitted, Kind, Part, Piece};
use crate::gs1::date_of;

pub(super) fn fit(pieces: &[Piece], code: &str, reference_year: i32) -> Option<Fitted> {
    let characters: Vec<char> = code.chars().take(CODE_MAX + 1).collect();
    if characters.len() > CODE_MAX {
        return None;
    }
    // From the back: which places a piece can begin at so that it and all behind it fit. With that
    // the way forward never has to be taken back.
    let mut fits = vec![vec![false; characters.len() + 1]; pieces.len() + 1];
    fits[pieces.len()][characters.len()] = true;
    for (number, piece) in pieces.iter().enumerate().rev() {
        let (before, behind) = fits.split_at_mut(number + 1);
        mark(piece, &characters, &behind[0], &mut before[number]);
    }
    if !fits[0][0] {
        return None;
    }
    let mut fitted = Fitted::default();
    let mut at = 0;
    for (number, piece) in pieces.iter().enumerate() {
        let held = run_length(piece, &characters, at);
        let end = (at + piece.least..=at + held)
            .rev()
            .find(|end| fits[number + 1][*end])?;
        let text: String = characters[at..end].iter().collect();
        if let Some(form) = piece.day {
            fitted.expiry = Some(day(form, &text, reference_year)?);
        }
        match piece.part {
            Some(Part::Quantity) if text.parse::<f64>().is_err() => return None,
            Some(part) if part != Part::Ignored => fitted.parts.push((part, text)),
            _ => {}
        }
        at = end;
    }
    Some(fitted)
}

/// Marks the places where `piece` can begin. `behind` marks those where the next one can.
///
/// Each place asks whether one of the ends within reach is marked; a running count of marks answers
/// that without looking at all of them.
fn mark(piece: &Piece, characters: &[char], behind: &[bool], marks: &mut [bool]) {
    let mut counts = vec![0usize; behind.len() + 1];
    for (place, is_marked) in behind.iter().enumerate() {
        counts[place + 1] = counts[place] + usize::from(*is_marked);
    }
    let mut held = 0;
    for at in (0..=characters.len()).rev() {
        held = match characters.get(at) {
            Some(character) if piece.kind.holds(*character) => held + 1,
            _ => 0,
        };
        let (first, last) = (at + piece.least, at + held.min(piece.most));
        marks[at] = first <= last && counts[last + 1] > counts[first];
    }
}

/// How many characters from `at` on the piece holds at most.
fn run_length(piece: &Piece, characters: &[char], at: usize) -> usize {
    let reach = characters[at..].iter().take(piece.most);
    reach
        .take_while(|character| piece.kind.holds(**character))
        .count()
}

impl Kind {
    fn holds(&self, character: char) -> bool {
        match self {
            Kind::Any => !character.is_control(),
            Kind::Digits => character.is_ascii_digit(),
            Kind::Capitals => character.is_ascii_uppercase(),
            Kind::Letters => character.is_ascii_alphabetic(),
            Kind::CapitalsAndDigits => character.is_ascii_uppercase() || character.is_ascii_digit(),
            Kind::LettersAndDigits => character.is_ascii_alphanumeric(),
            Kind::Number => character.is_ascii_digit() || character == '.',
            Kind::OneOf(set) => set.contains(&character),
        }
    }
}

fn day(form: DayForm, text: &str, reference_year: i32) -> Option<NaiveDate> {
    let letters = form.letters.as_bytes();
    let digits = |letter: u8| -> Option<String> {
        let of = text
            .bytes()
            .zip(letters)
            .filter(|(_, place)| **place == letter);
        let digits: String = of.map(|(byte, _)| char::from(byte)).collect();
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(digits)
    };
    let signs = text
        .bytes()
        .zip(letters)
        .all(|(byte, place)| *place != b'-' || byte == b'-');
    let (year, month, day) = (digits(b'y')?, digits(b'm')?, digits(b'd')?);
    if !signs || !text.is_ascii() {
        return None;
    }
    match year.len() {
        4 => {
            // The same rule for day 00, in the year that is written in full.
            let reference = year.parse().ok()?;
            date_of(&format!("{}{month}{day}", &year[2..]), reference)
        }
        _ => date_of(&format!("{year}{month}{day}"), reference_year),
    }
}
