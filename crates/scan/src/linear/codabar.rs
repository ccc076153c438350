//! Characters of Codabar and what they say (EN 798).

use super::counted::{Kind, Part, Said};
use super::wide_narrow::widths;
use crate::Symbology;

/// Four bars and the three spaces between them, narrow or wide. `:`, `/`, `.` and `+` have a third
/// wide element, and so another width; codes with them are left to the readers of sharp edges.
const DATA: [(char, &str); 12] = [
    ('0', "nnnnnww"),
    ('1', "nnnnwwn"),
    ('2', "nnnwnnw"),
    ('3', "wwnnnnn"),
    ('4', "nnwnnwn"),
    ('5', "wnnnnwn"),
    ('6', "nwnnnnw"),
    ('7', "nwnnwnn"),
    ('8', "nwwnnnn"),
    ('9', "wnnwnnn"),
    ('-', "nnnwwnn"),
    ('$', "nnwwnnn"),
];
const START_OR_STOP: [(char, &str); 4] = [
    ('A', "nnwwnwn"),
    ('B', "nwnwnnw"),
    ('C', "nnnwnww"),
    ('D', "nnnwwwn"),
];

const FEWEST: usize = 4;
const MOST: usize = 40;

pub(super) fn kind() -> Kind {
    let of = |ratio: f32| {
        let alphabet = |characters: &[(char, &str)], gap: &[f32]| {
            let looks = characters.iter();
            let looks = looks.map(|(_, pattern)| [&widths(pattern, ratio), gap].concat());
            Part::new(&looks.collect::<Vec<_>>())
        };
        [
            alphabet(&START_OR_STOP, &[1.0]),
            alphabet(&DATA, &[1.0]),
            alphabet(&START_OR_STOP, &[]),
        ]
    };
    Kind::wide_and_narrow(Symbology::Codabar, of, (FEWEST, MOST), text)
}

/// The text with its start and stop letters.
fn text(path: &[usize]) -> Option<Said> {
    let [start, data @ .., stop] = path else {
        return None;
    };
    data.iter().find(|character| **character != data[0])?;
    let of = |letter: &usize| START_OR_STOP[*letter].0;
    let inner = data.iter().map(|character| DATA[*character].0);
    let text = [of(start)].into_iter().chain(inner).chain([of(stop)]);
    Some(Said {
        text: text.collect(),
        symbology: Symbology::Codabar,
        identifier: "]F0",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_a_part_are_equally_wide_and_all_patterns_differ() {
        let wide = |pattern: &str| pattern.matches('w').count();
        assert!(DATA.iter().all(|(_, p)| p.len() == 7 && wide(p) == 2));
        assert!(
            START_OR_STOP
                .iter()
                .all(|(_, p)| p.len() == 7 && wide(p) == 3)
        );
        let mut all: Vec<_> = DATA.iter().chain(&START_OR_STOP).map(|(_, p)| p).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 16);
    }

    #[test]
    fn what_characters_say() {
        let right = text(&[0, 1, 2, 10, 4, 1]).unwrap();
        assert_eq!(right.text, "A12-4B");
        assert_eq!(text(&[0, 1, 1, 1, 1, 1]), None);
        assert_eq!(text(&[0]), None);
    }
}
