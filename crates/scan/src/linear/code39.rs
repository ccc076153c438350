//! Characters of Code 39 and what they say (ISO/IEC 16388).

use super::counted::{Kind, Part, Said};
use super::wide_narrow::widths;
use crate::Symbology;

/// The characters in the order of their check values; the last one starts and stops a code.
const CHARACTERS: &[u8; 44] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*";

/// Five bars and the four spaces between them, narrow or wide.
const PATTERNS: [&str; 44] = [
    "nnnwwnwnn",
    "wnnwnnnnw",
    "nnwwnnnnw",
    "wnwwnnnnn",
    "nnnwwnnnw",
    "wnnwwnnnn",
    "nnwwwnnnn",
    "nnnwnnwnw",
    "wnnwnnwnn",
    "nnwwnnwnn",
    "wnnnnwnnw",
    "nnwnnwnnw",
    "wnwnnwnnn",
    "nnnnwwnnw",
    "wnnnwwnnn",
    "nnwnwwnnn",
    "nnnnnwwnw",
    "wnnnnwwnn",
    "nnwnnwwnn",
    "nnnnwwwnn",
    "wnnnnnnww",
    "nnwnnnnww",
    "wnwnnnnwn",
    "nnnnwnnww",
    "wnnnwnnwn",
    "nnwnwnnwn",
    "nnnnnnwww",
    "wnnnnnwwn",
    "nnwnnnwwn",
    "nnnnwnwwn",
    "wwnnnnnnw",
    "nwwnnnnnw",
    "wwwnnnnnn",
    "nwnnwnnnw",
    "wwnnwnnnn",
    "nwwnwnnnn",
    "nwnnnnwnw",
    "wwnnnnwnn",
    "nwwnnnwnn",
    "nwnwnwnnn",
    "nwnwnnnwn",
    "nwnnnwnwn",
    "nnnwnwnwn",
    "nwnnwnwnn",
];
const START_AND_STOP: usize = 43;

/// Fewest characters: shorter ones are everywhere in print.
const FEWEST: usize = 3;
const MOST: usize = 40;

/// The gap between two characters may be wider than a narrow element; nearly all printers make it
/// one.
pub(super) fn kind() -> Kind {
    let of = |ratio: f32| {
        let with_gap = |pattern: &str| widths(pattern, ratio).into_iter().chain([1.0]).collect();
        let asterisk = PATTERNS[START_AND_STOP];
        let data = PATTERNS[..START_AND_STOP].iter();
        [
            Part::new(&[with_gap(asterisk)]),
            Part::new(&data.map(|pattern| with_gap(pattern)).collect::<Vec<_>>()),
            Part::new(&[widths(asterisk, ratio)]),
        ]
    };
    Kind::wide_and_narrow(Symbology::Code39, of, (FEWEST, MOST), text)
}

/// What the characters between start and stop say. That a text of six characters may be a Code 32,
/// and one with `$`, `%`, `/` or `+` full ASCII, is settled as zxing-cpp does: the same label must not be
/// two texts.
fn text(path: &[usize]) -> Option<Said> {
    let data = path.get(1..path.len().checked_sub(1)?)?;
    // A code of one character only is more likely a row of stripes.
    data.iter().find(|character| **character != data[0])?;
    let letters = |data: &[usize]| -> String {
        data.iter()
            .map(|value| char::from(CHARACTERS[*value]))
            .collect()
    };
    let said = |text: String, identifier| {
        Some(Said {
            text,
            symbology: Symbology::Code39,
            identifier,
        })
    };
    if let Some(number) = code_32(&letters(data)) {
        return said(number, "]A0");
    }
    let (check, others) = data.split_last()?;
    let is_checked = others.iter().sum::<usize>() % START_AND_STOP == *check;
    let text = letters(if is_checked { others } else { data });
    let tail = if is_checked {
        letters(&[*check])
    } else {
        String::new()
    };
    match (full_ascii(&text), is_checked) {
        (Some(full), false) => said(full, "]A4"),
        (Some(full), true) => said(full + &tail, "]A5"),
        (None, false) => said(text, "]A0"),
        (None, true) => said(text + &tail, "]A1"),
    }
}

/// The text that shifted characters stand for; `None` if none is shifted, or a shift stands alone.
fn full_ascii(text: &str) -> Option<String> {
    const SHIFTS: &str = "$%/+";
    text.contains(|c| SHIFTS.contains(c)).then_some(())?;
    let mut full = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if !SHIFTS.contains(character) {
            full.push(character);
            continue;
        }
        let letter = characters.next().filter(char::is_ascii_uppercase)? as u8;
        full.push(char::from(match (character, letter) {
            ('$', _) => letter - 64,
            ('/', _) => letter - 32,
            ('+', _) => letter + 32,
            (_, b'A'..=b'E') => letter - 38,
            (_, b'F'..=b'J') => letter - 11,
            (_, b'K'..=b'O') => letter + 16,
            (_, b'P'..=b'T') => letter + 43,
            (_, b'U') => 0,
            (_, b'V') => b'@',
            (_, b'W') => b'`',
            _ => 127,
        }));
    }
    Some(full)
}

/// The number of an Italian medicine: six digits of base 32 for nine decimal ones, of which the last
/// checks the others.
fn code_32(text: &str) -> Option<String> {
    const DIGITS: &str = "0123456789BCDFGHJKLMNPQRSTUVWXYZ";
    if text.len() != 6 {
        return None;
    }
    let number = text.chars().try_fold(0usize, |number, digit| {
        Some(number * 32 + DIGITS.find(digit)?)
    })?;
    let decimal = format!("{number:09}");
    let sum: u32 = decimal
        .bytes()
        .take(8)
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0');
            let twice = 2 * digit;
            if at % 2 == 0 {
                digit
            } else {
                twice % 10 + twice / 10
            }
        })
        .sum();
    let right = decimal.len() == 9 && decimal.ends_with(&(sum % 10).to_string());
    right.then(|| format!("A{decimal}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_of_nine_elements_are_wide_and_all_patterns_differ() {
        let mut all = PATTERNS.to_vec();
        assert!(
            all.iter()
                .all(|p| p.len() == 9 && p.matches('w').count() == 3)
        );
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 44);
    }

    fn said(letters: &str) -> Option<(String, &'static str)> {
        let value = |letter| {
            CHARACTERS
                .iter()
                .position(|known| *known == letter)
                .unwrap()
        };
        let data: Vec<usize> = letters.bytes().map(value).collect();
        text(&[&[0], data.as_slice(), &[0]].concat()).map(|said| (said.text, said.identifier))
    }

    #[test]
    fn what_characters_say() {
        let right = |text: &str, identifier| Some((text.to_owned(), identifier));
        assert_eq!(said("A-7"), right("A-7", "]A0"));
        assert_eq!(said("CODE39W"), right("CODE39W", "]A1"));
        assert_eq!(said("A+A-1234"), right("Aa-1234", "]A4"));
        assert_eq!(said("12$"), right("12$", "]A0"));
        assert_eq!(
            said("A-%V/A$I%U+Z%P%F%K%A"),
            right("A-@!\t\0z{;[\u{1b}", "]A4")
        );
        assert_eq!(said("777"), None);
        assert_eq!(text(&[]), None);
    }

    #[test]
    fn italian_medicines_are_nine_digits() {
        assert_eq!(said("3PRM8N").unwrap().0, "A123456788");
        assert_eq!(said("3PRM8P").unwrap().0, "3PRM8P");
    }
}
