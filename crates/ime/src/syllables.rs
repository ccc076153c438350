//! The syllables of Mandarin in the letters of a keyboard, ü as v.
//!
//! A syllable is its number in the sorted list, so that all that begin with the same letters are a
//! range of numbers.

use std::ops::Range;

include!(concat!(env!("OUT_DIR"), "/syllables.rs"));

/// Number of a syllable.
pub(crate) type Syllable = u16;
/// Which syllables may stand at one place; never empty.
pub(crate) type Syllables = Range<Syllable>;

/// Letters of the longest syllable.
pub(crate) const LETTERS_MAX: usize = 6;

/// The syllable that is spelled so, also where people write u for ü because no other word is meant.
pub(crate) fn exactly(letters: &str) -> Option<Syllables> {
    let letters = match letters {
        "lue" => "lve",
        "nue" => "nve",
        _ => letters,
    };
    let at = SYLLABLES.binary_search(&letters).ok()?;
    let at = Syllable::try_from(at).ok()?;
    Some(at..at + 1)
}

/// All syllables that begin so.
pub(crate) fn beginning(letters: &str) -> Option<Syllables> {
    let from = SYLLABLES.partition_point(|syllable| *syllable < letters);
    let rest = SYLLABLES.get(from..)?;
    let count = rest.partition_point(|syllable| syllable.starts_with(letters));
    let range = Syllable::try_from(from).ok()?..Syllable::try_from(from + count).ok()?;
    (!range.is_empty()).then_some(range)
}

pub(crate) fn spelled(syllable: Syllable) -> &'static str {
    SYLLABLES
        .get(usize::from(syllable))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled_all(range: Option<Syllables>) -> Vec<&'static str> {
        range.into_iter().flatten().map(spelled).collect()
    }

    #[test]
    fn a_beginning_is_a_range() {
        assert_eq!(spelled_all(beginning("sho")), ["shou"]);
        assert_eq!(spelled_all(beginning("lv")), ["lv", "lve"]);
        assert_eq!(spelled_all(beginning("v")), Vec::<&str>::new());
        assert!(spelled_all(beginning("z")).contains(&"zhong"));
    }

    #[test]
    fn spelled_exactly_or_as_people_do() {
        assert_eq!(spelled_all(exactly("lue")), ["lve"]);
        assert_eq!(spelled_all(exactly("xi")), ["xi"]);
        assert_eq!(exactly("x"), None);
        let longest = SYLLABLES.iter().map(|syllable| syllable.len()).max();
        assert_eq!(longest, Some(LETTERS_MAX));
    }
}
