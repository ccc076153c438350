//! A code that was read, before anybody knows what it names.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What is wrong with a code by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeFault {
    /// Its check digit does not fit: a digit was misread or mistyped.
    WrongCheckDigit,
    /// It claims to be GS1 data and is not.
    MalformedGs1,
    /// A GS1 Digital Link in compressed form, which only its resolver can read.
    CompressedLink,
    /// It claims to be another kind of structured code (a tag's EPC, a Health Industry Bar Code) and
    /// is not.
    Malformed,
}

/// What the code says of the goods, where it is structured data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFields {
    /// (01) or (02), 8 to 14 digits.
    pub gtin: Option<String>,
    /// (00)
    pub sscc: Option<String>,
    /// (10)
    pub lot: Option<String>,
    /// (17)
    pub expiry: Option<NaiveDate>,
    /// (21)
    pub serial: Option<String>,
    /// (37) or (30)
    pub count: Option<u64>,
    /// Texts other than a GTIN by which the catalogue may know the item, best first: the device
    /// identifier of a Health Industry Bar Code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub item_codes: Vec<String>,
}

/// One scan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanned {
    /// The text as it came.
    pub raw: String,
    /// Stable name of the symbol, where it is known.
    pub symbology: Option<String>,
    /// What the text says, where it is GS1 data.
    pub fields: CodeFields,
    /// What is wrong with it. A code that the catalogue knows all the same is taken.
    pub fault: Option<CodeFault>,
}

impl Scanned {
    /// A code without GS1 data.
    pub fn plain(raw: impl Into<String>) -> Self {
        Self {
            raw: raw.into(),
            ..Self::default()
        }
    }

    /// As shown in a sentence: control characters made visible, and not longer than a line.
    pub fn shown(&self) -> String {
        let visible = |c: char| if c.is_control() { '␝' } else { c };
        let mut shown: String = self.raw.chars().take(40).map(visible).collect();
        if self.raw.chars().nth(40).is_some() {
            shown.push('…');
        }
        shown
    }

    /// What the catalogue would keep of it: the GTIN where there is one, else the code of the item in it, else the text.
    pub(crate) fn catalogue_code(&self) -> &str {
        let first = self.fields.item_codes.first();
        self.fields
            .gtin
            .as_ref()
            .or(first)
            .map_or_else(|| self.raw.trim(), String::as_str)
    }
}

/// The lengths in which one GTIN may stand in a catalogue, the code itself first. Anything but a GTIN is only itself.
pub(crate) fn spellings(code: &str) -> Vec<String> {
    let mut all = vec![code.to_owned()];
    if gtin_check_digit_is_right(code) == Some(true) {
        let padded = format!("{code:0>14}");
        for length in [14, 13, 12, 8] {
            let (zeros, rest) = padded.split_at(14 - length);
            if zeros.bytes().all(|b| b == b'0') && !all.iter().any(|s| s == rest) {
                all.push(rest.to_owned());
            }
        }
    }
    all
}

/// Whether the check digit of what may be a GTIN is right; `None` if it cannot be a GTIN.
pub(crate) fn gtin_check_digit_is_right(code: &str) -> Option<bool> {
    if !matches!(code.len(), 8 | 12 | 13 | 14) || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let weighted =
        |(place, digit): (usize, u8)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 3 };
    let sum: u32 = code.bytes().rev().enumerate().map(weighted).sum();
    Some(sum.is_multiple_of(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_gtin_in_all_its_lengths() {
        assert_eq!(
            spellings("036000291452"),
            ["036000291452", "00036000291452", "0036000291452"]
        );
        assert_eq!(
            spellings("96385074"),
            [
                "96385074",
                "00000096385074",
                "0000096385074",
                "000096385074"
            ]
        );
        assert_eq!(
            spellings("4006381333931"),
            ["4006381333931", "04006381333931"]
        );
        assert_eq!(
            spellings("4006381333932"),
            ["4006381333932"],
            "a wrong check digit is no GTIN"
        );
        assert_eq!(spellings("A-01"), ["A-01"]);
        assert_eq!(gtin_check_digit_is_right("4006381333932"), Some(false));
        assert_eq!(gtin_check_digit_is_right("123"), None);
    }

    #[test]
    fn shown_without_control_characters() {
        assert_eq!(Scanned::plain("10A\u{1d}21B").shown(), "10A␝21B");
        assert_eq!(Scanned::plain("长".repeat(50)).shown().chars().count(), 41);
    }
}
