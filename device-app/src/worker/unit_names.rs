//! Units of measure in the words of the screen. The words are in `lang/units.csv`; a unit that is not there is shown as
//! the catalogue has it.

use crate::view::Language;

const WORDS: &str = include_str!("../../lang/units.csv");

/// The unit's name. `code`: as the item's record has it, in any case.
pub(crate) fn unit_name(code: &str, language: Language) -> &str {
    let named = WORDS.lines().skip(1).find_map(|line| {
        let mut columns = line.split(',');
        let known = columns.next()?;
        let (zh, en) = (columns.next()?, columns.next()?);
        known
            .eq_ignore_ascii_case(code.trim())
            .then_some(match language {
                Language::Chinese => zh,
                Language::English => en,
            })
    });
    named.unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_units_are_named_and_others_stay() {
        assert_eq!(unit_name("pcs", Language::Chinese), "件");
        assert_eq!(unit_name("BOX", Language::Chinese), "箱");
        assert_eq!(unit_name("box", Language::English), "box");
        assert_eq!(unit_name("令", Language::English), "令");
        for line in WORDS.lines() {
            assert_eq!(
                line.split(',').filter(|w| !w.is_empty()).count(),
                3,
                "{line}"
            );
        }
    }
}
