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

/// What a part must satisfy beyond its characters and length: the linters of the dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    CheckDigit,
    /// Two check characters of alphanumeric keys.
    CheckPair,
    /// Starts with a GS1 company prefix. Which prefixes are given out is not looked up.
    CompanyPrefix,
    /// The same behind the indicator of a GTIN or the extension digit of an SSCC.
    CompanyPrefixAtSecond,
    HasNonDigit,
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
    /// `N/T`: child N of T.
    PositionInSequence,
    Hyphen,
    PercentEncoded,
    Iban,
    Country,
    /// A country, or 999 for "several".
    CountryOr999,
    CountryLetters,
    Currency,
    Latitude,
    Longitude,
    /// ISO/IEC 5218.
    Sex,
    ImporterIndex,
    MediaType,
    PackageType,
    /// North American coupon code.
    Coupon,
    /// North American positive offer file coupon.
    CouponOffer,
}

#[derive(Debug)]
pub(super) struct Part {
    pub(super) charset: Charset,
    pub(super) length_min: usize,
    pub(super) length_max: usize,
    pub(super) optional: bool,
    pub(super) rules: &'static [Rule],
}

#[derive(Debug)]
pub(super) struct Ai {
    first: &'static str,
    last: &'static str,
    /// Its length is known from the identifier, so no separator follows.
    pub(super) predefined: bool,
    /// A Digital Link may have it in its query.
    pub(super) link_attribute: bool,
    /// `Some` where it can start a Digital Link path: the qualifiers that may follow in this
    /// order, with `,` between them and `|` between alternatives.
    link_qualifiers: Option<&'static str>,
    /// What must be there too: `|` between demands, `,` between alternatives, `+` between what
    /// goes together, `n` for any digit.
    pub(super) requires: &'static str,
    /// What must not be there, in the same way.
    pub(super) excludes: &'static str,
    pub(super) parts: &'static [Part],
    pub(super) title: &'static str,
}

impl Ai {
    /// Bytes of the longest value.
    pub(super) fn length_max(&self) -> usize {
        self.parts.iter().map(|part| part.length_max).sum()
    }

    /// Whether it can start the path of a Digital Link.
    pub(super) fn is_link_key(&self) -> bool {
        self.link_qualifiers.is_some()
    }

    /// Whether `codes` may follow it in the path of a Digital Link, in this order.
    pub(super) fn may_be_qualified_by(&self, codes: &[&str]) -> bool {
        self.link_qualifiers.is_some_and(|alternatives| {
            alternatives.split('|').any(|one| {
                let mut allowed = one.split(',');
                codes.iter().all(|code| allowed.any(|other| other == *code))
            })
        })
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the columns of the generated table"
)]
pub(super) const fn ai(
    first: &'static str,
    last: &'static str,
    predefined: bool,
    link_attribute: bool,
    link_qualifiers: Option<&'static str>,
    requires: &'static str,
    excludes: &'static str,
    parts: &'static [Part],
    title: &'static str,
) -> Ai {
    Ai {
        first,
        last,
        predefined,
        link_attribute,
        link_qualifiers,
        requires,
        excludes,
        parts,
        title,
    }
}

pub(super) const fn part(
    charset: Charset,
    length_min: usize,
    length_max: usize,
    rules: &'static [Rule],
) -> Part {
    Part {
        charset,
        length_min,
        length_max,
        optional: false,
        rules,
    }
}

pub(super) const fn optional(
    charset: Charset,
    length_min: usize,
    length_max: usize,
    rules: &'static [Rule],
) -> Part {
    Part {
        charset,
        length_min,
        length_max,
        optional: true,
        rules,
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
    fn every_identifier_is_there() {
        let number = |code: &str| code.parse::<usize>().unwrap_or_default();
        let runs = DICTIONARY
            .iter()
            .map(|ai| number(ai.last) - number(ai.first) + 1);
        assert_eq!((DICTIONARY.len(), runs.sum::<usize>()), (224, 541));
    }

    #[test]
    fn demands_name_known_identifiers() {
        for ai in DICTIONARY {
            let codes = ai
                .requires
                .split(['|', ',', '+'])
                .chain(ai.excludes.split(','));
            for code in codes.filter(|code| !code.is_empty() && !code.contains('n')) {
                assert!(look_up(code).is_some(), "{} names {code}", ai.first);
            }
        }
    }

    #[test]
    fn qualifiers_follow_in_order() {
        // The sequences of GS1's own test of its Digital Link parser, and what breaks them.
        for (key, qualifiers, allowed) in [
            ("00", "", true),
            ("01", "", true),
            ("01", "21", true),
            ("01", "10", true),
            ("01", "10,21", true),
            ("01", "22", true),
            ("01", "22,21", true),
            ("01", "22,10", true),
            ("01", "22,10,21", true),
            ("01", "235", true),
            ("01", "10,22", false),
            ("01", "21,10", false),
            ("01", "22,10,235", false),
            ("01", "21,21", false),
            ("00", "10", false),
            ("253", "", true),
            ("255", "", true),
            ("401", "", true),
            ("402", "", true),
            ("414", "", true),
            ("414", "254", true),
            ("414", "7040", true),
            ("414", "254,7040", false),
            ("415", "8020", true),
            ("417", "", true),
            ("417", "7040", true),
            ("8003", "", true),
            ("8004", "", true),
            ("8004", "7040", true),
            ("8006", "", true),
            ("8006", "21", true),
            ("8006", "10", true),
            ("8006", "10,21", true),
            ("8006", "22", true),
            ("8006", "22,21", true),
            ("8006", "22,10", true),
            ("8006", "22,10,21", true),
            ("8010", "", true),
            ("8010", "8011", true),
            ("8013", "", true),
            ("8017", "", true),
            ("8017", "8019", true),
            ("8018", "", true),
            ("8018", "8019", true),
            ("10", "", false),
        ] {
            let codes: Vec<&str> = qualifiers
                .split(',')
                .filter(|code| !code.is_empty())
                .collect();
            let found = look_up(key).is_some_and(|ai| ai.may_be_qualified_by(&codes));
            assert_eq!(found, allowed, "{key} {qualifiers}");
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
