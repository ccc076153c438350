//! The shape of a dictionary entry, and looking one up.

use super::table::DICTIONARY;

/// Which characters a part may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Digits,
    /// GS1 AI encodable character set 82.
    Cset82,
    /// GS1 AI encodable character set 39.
    Cset39,
    /// File-safe, URI-safe base 64 with padding.
    Base64Url,
}

/// What a part must satisfy beyond its characters and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Free,
    CheckDigit,
    /// Two check characters of alphanumeric keys.
    CheckPair,
    /// `YYMMDD` where day 00 is the last of the month.
    DateOrMonth,
    Date,
    /// `YYYYMMDD`.
    LongDate,
    HourMinute,
    Hour,
    Minute,
    Second,
    Zero,
    NonZero,
    NoZeroPrefix,
    YesNo,
    Winding,
    /// `NNTT`: piece NN of TT.
    PieceOfTotal,
    Hyphen,
    PercentEncoded,
    Iban,
    Country,
    CountryLetters,
    Currency,
    Latitude,
    Longitude,
    /// ISO/IEC 5218.
    Sex,
}

#[derive(Debug)]
pub(super) struct Part {
    pub(super) charset: Charset,
    pub(super) length_min: usize,
    pub(super) length_max: usize,
    pub(super) optional: bool,
    pub(super) rule: Rule,
}

#[derive(Debug)]
pub(super) struct Ai {
    first: &'static str,
    last: &'static str,
    /// Its length is known from the identifier, so no separator follows.
    pub(super) predefined: bool,
    /// `Some` where it can start a Digital Link path; the qualifiers that may follow.
    pub(super) link_qualifiers: Option<&'static [&'static str]>,
    pub(super) parts: &'static [Part],
    pub(super) title: &'static str,
}

impl Ai {
    /// Bytes of the longest value.
    pub(super) fn length_max(&self) -> usize {
        self.parts.iter().map(|part| part.length_max).sum()
    }
}

pub(super) const fn ai(
    first: &'static str,
    last: &'static str,
    predefined: bool,
    link_qualifiers: Option<&'static [&'static str]>,
    parts: &'static [Part],
    title: &'static str,
) -> Ai {
    Ai {
        first,
        last,
        predefined,
        link_qualifiers,
        parts,
        title,
    }
}

pub(super) const fn part(
    charset: Charset,
    length_min: usize,
    length_max: usize,
    rule: Rule,
) -> Part {
    Part {
        charset,
        length_min,
        length_max,
        optional: false,
        rule,
    }
}

pub(super) const fn optional(
    charset: Charset,
    length_min: usize,
    length_max: usize,
    rule: Rule,
) -> Part {
    Part {
        charset,
        length_min,
        length_max,
        optional: true,
        rule,
    }
}

/// The entry of exactly this identifier.
pub(super) fn look_up(code: &str) -> Option<&'static Ai> {
    DICTIONARY
        .iter()
        .find(|ai| ai.first.len() == code.len() && (ai.first..=ai.last).contains(&code))
}

/// The identifier `bytes` start with, and its entry. No identifier is the start of another one.
pub(super) fn look_up_start(bytes: &[u8]) -> Option<(&str, &'static Ai)> {
    (2..=4).find_map(|length| {
        let code = std::str::from_utf8(bytes.get(..length)?).ok()?;
        Some((code, look_up(code)?))
    })
}

/// The dictionary's short title of an application identifier, such as `BATCH/LOT` for `10`;
/// `None` if the dictionary does not have it.
pub fn known_ai(code: &str) -> Option<&'static str> {
    look_up(code).map(|ai| ai.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_identifier_is_the_start_of_another() {
        for a in DICTIONARY {
            for b in DICTIONARY.iter().filter(|b| b.first.len() > a.first.len()) {
                let start = &b.first[..a.first.len()];
                assert!(
                    !(a.first..=a.last).contains(&start),
                    "{} {}",
                    a.first,
                    b.first
                );
            }
        }
    }

    #[test]
    fn predefined_lengths_have_only_fixed_parts() {
        for ai in DICTIONARY.iter().filter(|ai| ai.predefined) {
            assert!(
                ai.parts
                    .iter()
                    .all(|part| !part.optional && part.length_min == part.length_max),
                "{}",
                ai.first
            );
        }
    }

    #[test]
    fn titles() {
        assert_eq!(known_ai("10"), Some("BATCH/LOT"));
        assert_eq!(known_ai("3103"), Some("NET WEIGHT (kg)"));
        assert_eq!(known_ai("3106"), None);
        assert_eq!(known_ai("1"), None);
        assert_eq!(known_ai(""), None);
    }
}
