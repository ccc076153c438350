//! Pairs of digits of Interleaved 2 of 5 (ISO/IEC 16390), 14 digits only.

use super::counted::{Kind, Part, Said};
use super::wide_narrow::widths;
use crate::Symbology;
use crate::checks::check_digit_is_right;

const DIGITS: [&str; 10] = [
    "nnwwn", "wnnnw", "nwnnw", "wwnnn", "nnwnw", "wnwnn", "nwwnn", "nnnww", "wnnwn", "nwnwn",
];
const START: &str = "nnnn";
const STOP: &str = "wnn";
const PAIRS: usize = 7;

pub(super) fn kind() -> Kind {
    let of = |ratio: f32| {
        let pairs = (0..100).map(|pair| widths(&interleaved(pair), ratio));
        [
            Part::new(&[widths(START, ratio)]),
            Part::new(&pairs.collect::<Vec<_>>()),
            Part::new(&[widths(STOP, ratio)]),
        ]
    };
    Kind::wide_and_narrow(Symbology::Itf14, of, (PAIRS, PAIRS), text)
}

/// The bars are the first digit, the spaces between them the second.
fn interleaved(pair: usize) -> String {
    let (bars, spaces) = (DIGITS[pair / 10], DIGITS[pair % 10]);
    bars.chars()
        .zip(spaces.chars())
        .flat_map(|(bar, space)| [bar, space])
        .collect()
}

fn text(path: &[usize]) -> Option<Said> {
    let pairs = path.get(1..path.len().checked_sub(1)?)?;
    let text: String = pairs.iter().map(|pair| format!("{pair:02}")).collect();
    let real = text.bytes().any(|digit| digit != text.as_bytes()[0]);
    (real && check_digit_is_right(&text)).then_some(Said {
        text,
        symbology: Symbology::Itf14,
        // With a check digit, which is handed out.
        identifier: "]I1",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_five_elements_are_wide_and_all_digits_differ() {
        let mut all = DIGITS.to_vec();
        assert!(
            all.iter()
                .all(|p| p.len() == 5 && p.matches('w').count() == 2)
        );
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 10);
        assert_eq!(interleaved(17), "wnnnnnnwww");
    }

    #[test]
    fn the_check_digit_must_be_right() {
        let right = text(&[0, 10, 61, 41, 41, 0, 4, 15, 0]).unwrap();
        assert_eq!(
            (right.text.as_str(), right.identifier),
            ("10614141000415", "]I1")
        );
        assert_eq!(text(&[0, 10, 61, 41, 41, 0, 4, 16, 0]), None);
        assert_eq!(text(&[0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
