//! Characters of Code 128 and what they say (ISO/IEC 15417).

use crate::Symbology;

/// Widths of the values 0 to 102, bar first.
pub(super) const DATA: [&str; 103] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212",
    "221213", "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221",
    "223211", "221132", "221231", "213212", "223112", "312131", "311222", "321122", "321221",
    "312212", "322112", "322211", "212123", "212321", "232121", "111323", "131123", "131321",
    "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331", "132131",
    "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131",
    "311123", "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111",
    "111224", "111422", "121124", "121421", "141122", "141221", "112214", "112412", "122114",
    "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111", "111242",
    "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131",
];
/// Start in code set A, B and C: the values 103 to 105.
pub(super) const START: [&str; 3] = ["211412", "211214", "211232"];
pub(super) const STOP: &str = "2331112";

const FNC3: usize = 96;
const FNC2: usize = 97;
const SHIFT: usize = 98;
const TO_C: usize = 99;
const FNC1: usize = 102;

#[derive(Clone, Copy, PartialEq)]
enum Set {
    A,
    B,
    C,
}

/// The text of the values behind a start (0 to 2 for A to C), the last of which is the check
/// character; `None` if that is wrong, or the values make no sense.
///
/// FNC1 in front makes it GS1-128 and is left out; elsewhere it is GS (0x1D).
pub(super) fn text(start: usize, values: &[usize]) -> Option<(String, Symbology)> {
    let (check, values) = values.split_last()?;
    let weighted = values
        .iter()
        .enumerate()
        .map(|(at, value)| (at + 1) * value);
    if (103 + start + weighted.sum::<usize>()) % 103 != *check || values.is_empty() {
        return None;
    }
    let mut set = [Set::A, Set::B, Set::C][start];
    let mut shifted = false;
    let mut high = false;
    let mut text = String::new();
    let mut symbology = Symbology::Code128;
    let mut before = None;
    for (place, &value) in values.iter().enumerate() {
        let own = match (set, std::mem::take(&mut shifted)) {
            (Set::A, true) => Set::B,
            (Set::B, true) => Set::A,
            (set, _) => set,
        };
        match (own, value) {
            (_, FNC1) if place == 0 => symbology = Symbology::Gs1_128,
            (_, FNC1) => text.push('\u{1d}'),
            (Set::C, 100) => set = Set::B,
            (Set::C, 101) => set = Set::A,
            (Set::C, value) => text.push_str(&format!("{value:02}")),
            (_, FNC3 | FNC2) => {}
            (_, SHIFT) => shifted = true,
            (_, TO_C) => set = Set::C,
            (Set::B, 100) | (Set::A, 101) => {
                // FNC4 once: the next character has its high bit set; twice: all that follow.
                if before == Some(value) {
                    return None;
                }
                high = true;
            }
            (Set::A, 100) => set = Set::B,
            (Set::B, 101) => set = Set::A,
            (own, value) => {
                let byte = if own == Set::A && value >= 64 {
                    value - 64
                } else {
                    value + 32
                };
                let byte = byte as u8 | if std::mem::take(&mut high) { 0x80 } else { 0 };
                text.push(char::from(byte));
            }
        }
        before = Some(value);
    }
    (!text.is_empty()).then_some((text, symbology))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_eleven_modules_and_all_different() {
        let mut all: Vec<_> = DATA.iter().chain(&START).collect();
        let modules = |widths: &&&str| widths.bytes().map(|b| u32::from(b - b'0')).sum::<u32>();
        assert!(all.iter().all(|widths| modules(widths) == 11));
        assert!(all.iter().all(|widths| widths.len() == 6));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 106);
    }

    /// Values with their check character behind them.
    fn checked(start: usize, values: &[usize]) -> Vec<usize> {
        let weighted = values
            .iter()
            .enumerate()
            .map(|(at, value)| (at + 1) * value);
        let check = (103 + start + weighted.sum::<usize>()) % 103;
        [values, &[check]].concat()
    }

    #[test]
    fn code_sets_shift_and_function_characters() {
        let read = |start, values: &[usize]| text(start, &checked(start, values));
        let plain = |text: &str| Some((text.to_owned(), Symbology::Code128));
        assert_eq!(read(1, &[34, 73, 78]), plain("Bin"));
        assert_eq!(read(2, &[12, 34, 100, 33]), plain("1234A"));
        assert_eq!(read(1, &[33, 99, 7]), plain("A07"));
        assert_eq!(read(0, &[33, 98, 65, 33]), plain("AaA"));
        assert_eq!(read(0, &[33, 73]), plain("A\t"));
        let gs1 = Some(("0107\u{1d}10".to_owned(), Symbology::Gs1_128));
        assert_eq!(read(2, &[102, 1, 7, 102, 10]), gs1);
        assert_eq!(text(2, &[12, 34, 56]), None, "wrong check character");
        assert_eq!(text(2, &[5]), None);
        assert_eq!(text(2, &[]), None);
    }
}
