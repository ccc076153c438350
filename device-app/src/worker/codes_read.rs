//! From a payload of the scanner to a code as procedures take it.

use operations::{CodeFault, CodeFields, Scanned};
use scan::gs1::{self, Element, Gs1Error, Gs1Fields, Known, Repair};
use scan::hibc::{Hibc, HibcError};
use scan::{Payload, Reader, checks, epc, hibc};

use super::site_patterns::SitePatterns;

/// All that a payload may say, the likeliest first; more than one only where a wedge scanner lost the separators of GS1
/// data and nothing known tells the readings apart. `year` settles the century of two-digit years.
pub(crate) fn readings(
    payload: &Payload,
    year: i32,
    patterns: &SitePatterns,
    known: Option<&dyn Known>,
) -> Vec<Scanned> {
    if let Some(code) = by_pattern(payload, year, patterns) {
        return vec![code];
    }
    let plain = as_it_stands(payload, year);
    let Some(known) =
        known.filter(|_| payload.reader == Reader::Keys && may_lack_separators(payload))
    else {
        return vec![plain];
    };
    let code = |elements: &Vec<Element>| {
        let fields = Gs1Fields::from_elements(elements, year).ok()?;
        Some(Scanned {
            fields: of_gs1(fields),
            fault: None,
            ..plain.clone()
        })
    };
    let mut found: Vec<Scanned> = match gs1::repair(payload.text.as_bytes(), known) {
        Repair::One(elements) => code(&elements).into_iter().collect(),
        Repair::Tied(cuts) => cuts.iter().filter_map(code).collect(),
        Repair::None => Vec::new(),
    };
    // What a warehouse works with may be the same in several of them.
    let mut seen = Vec::new();
    found.retain(|code| {
        let is_new = !seen.contains(&code.fields);
        seen.push(code.fields.clone());
        is_new
    });
    if found.is_empty() { vec![plain] } else { found }
}

/// What a payload says by the site's patterns. Symbols that say by themselves what they hold are not compared.
fn by_pattern(payload: &Payload, year: i32, patterns: &SitePatterns) -> Option<Scanned> {
    if payload.symbology.is_gs1() || payload.symbology.is_retail() {
        return None;
    }
    let (fields, named) = patterns.read(payload.text.trim(), year)?;
    Some(Scanned {
        raw: named.unwrap_or_else(|| payload.text.clone()),
        symbology: Some(payload.symbology.code().to_owned()),
        fields,
        fault: None,
    })
}

/// What a payload says if nothing was lost on the way.
fn as_it_stands(payload: &Payload, year: i32) -> Scanned {
    let text = payload.text.as_str();
    let (fields, fault) = if let Some(result) = payload.gs1_fields(year) {
        match result {
            Ok(fields) => (of_gs1(fields), None),
            Err(error) => (CodeFields::default(), Some(of_gs1_error(&error))),
        }
    } else if let Some(result) = epc::parse_if_epc(text) {
        match result.ok().and_then(|epc| epc.fields()) {
            Some(fields) => (of_gs1(fields), None),
            None => (CodeFields::default(), Some(CodeFault::Malformed)),
        }
    } else if let Some(result) = hibc::parse_if_hibc(text, year) {
        match result {
            Ok(code) => (of_hibc(code), None),
            Err(HibcError::BadCheckCharacter) => {
                (CodeFields::default(), Some(CodeFault::WrongCheckDigit))
            }
            Err(_) => (CodeFields::default(), Some(CodeFault::Malformed)),
        }
    } else {
        (unmarked(text, year), None)
    };
    Scanned {
        raw: payload.text.clone(),
        symbology: Some(payload.symbology.code().to_owned()),
        fields,
        fault,
    }
}

fn of_gs1_error(error: &Gs1Error) -> CodeFault {
    match error {
        Gs1Error::BadCheckDigit { .. } => CodeFault::WrongCheckDigit,
        Gs1Error::CompressedLink => CodeFault::CompressedLink,
        _ => CodeFault::MalformedGs1,
    }
}

/// Whether separators would be missed: the scanner said that it is an element string, or it begins like one.
fn may_lack_separators(payload: &Payload) -> bool {
    payload.symbology.is_gs1() || begins_like_gs1(&payload.text)
}

/// Only what begins with a whole GTIN or SSCC, right check digit included, is taken for GS1 data where nothing says that it
/// is.
fn begins_like_gs1(text: &str) -> bool {
    let is_gtin = |n: &str| checks::gtin_normalised(n).is_some();
    match (text.get(..2), text.get(2..16), text.get(2..20)) {
        (Some("01"), Some(gtin), _) => is_gtin(gtin),
        (Some("00"), _, Some(sscc)) => checks::sscc_is_right(sscc),
        _ => false,
    }
}

/// GS1 data from a scanner that neither names its symbol nor sends the separator, as most do before somebody sets them
/// up. The catalogue still gets the plain text when it knows no such GTIN.
fn unmarked(text: &str, year: i32) -> CodeFields {
    if !begins_like_gs1(text) {
        return CodeFields::default();
    }
    gs1::parse_element_string(text, year).map_or_else(|_| CodeFields::default(), of_gs1)
}

/// The fields that a warehouse works with. A best-before day stands in where no expiry day is printed.
fn of_gs1(fields: Gs1Fields) -> CodeFields {
    CodeFields {
        gtin: fields.gtin.or(fields.content_gtin),
        sscc: fields.sscc,
        lot: fields.lot,
        expiry: fields.expiry.or(fields.best_before),
        serial: fields.serial,
        count: fields.count,
        item_codes: Vec::new(),
    }
}

/// A catalogue may hold the device identifier, or the whole text of the primary code.
fn of_hibc(code: Hibc) -> CodeFields {
    let item_codes = code.primary.map(|primary| {
        let device = primary.device_identifier();
        let body = format!("+{device}");
        let check = hibc::check_character(&body)
            .map(String::from)
            .unwrap_or_default();
        vec![device, body + &check]
    });
    CodeFields {
        lot: code.lot,
        expiry: code.expiry,
        serial: code.serial,
        count: code.quantity,
        item_codes: item_codes.unwrap_or_default(),
        ..CodeFields::default()
    }
}

/// Readings of one code that nothing known tells apart, shown one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tied {
    /// Not refused yet, the one that is shown first.
    left: Vec<Scanned>,
    follows: bool,
}

/// What an answer leads to.
pub(crate) enum Answered {
    Taken(Box<Scanned>),
    Next(Tied),
    None,
}

impl Tied {
    pub(crate) fn new(left: Vec<Scanned>, follows: bool) -> Self {
        Self { left, follows }
    }

    pub(crate) fn follows(&self) -> bool {
        self.follows
    }

    pub(crate) fn raw(&self) -> &str {
        self.left.first().map_or("", |code| code.raw.as_str())
    }

    /// What differs between the readings, as it is printed below the bars: `(10)L7  (21)S9`.
    pub(crate) fn shown(&self) -> String {
        let Some(fields) = self.left.first().map(|code| &code.fields) else {
            return String::new();
        };
        let parts = [
            ("00", fields.sscc.clone()),
            ("10", fields.lot.clone()),
            (
                "17",
                fields.expiry.map(|day| day.format("%y%m%d").to_string()),
            ),
            ("21", fields.serial.clone()),
            ("37", fields.count.map(|count| count.to_string())),
        ];
        let part =
            |(code, value): (&str, Option<String>)| value.map(|value| format!("({code}){value}"));
        parts
            .into_iter()
            .filter_map(part)
            .collect::<Vec<_>>()
            .join("  ")
    }

    pub(crate) fn answered(mut self, yes: bool) -> Answered {
        if self.left.is_empty() {
            return Answered::None;
        }
        let first = self.left.remove(0);
        match yes {
            true => Answered::Taken(Box::new(first)),
            false if self.left.is_empty() => Answered::None,
            false => Answered::Next(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &str, expected: (Option<&str>, Option<&str>, Option<CodeFault>)) {
        let readings = readings(
            &Payload::from_keys(keys),
            2026,
            &SitePatterns::default(),
            None,
        );
        let [scanned] = readings.as_slice() else {
            panic!("{keys}: {readings:?}");
        };
        let got = (
            scanned.fields.gtin.as_deref(),
            scanned.fields.lot.as_deref(),
            scanned.fault,
        );
        assert_eq!(got, expected, "{keys}");
    }

    #[test]
    fn what_a_wedge_sends() {
        check("A-01", (None, None, None));
        check("4006381333931", (None, None, None));
        check(
            "]C1010400638133393110L7",
            (Some("04006381333931"), Some("L7"), None),
        );
        check(
            "]C1010400638133393210L7",
            (None, None, Some(CodeFault::WrongCheckDigit)),
        );
        check(
            "010400638133393110L7",
            (Some("04006381333931"), Some("L7"), None),
        );
        check("010400638133393210L7", (None, None, None));
        check("0104006381333931ZZ", (None, None, None));
        check("]C10104006", (None, None, Some(CodeFault::MalformedGs1)));
        check(
            "(01)04006381333931(10)L7",
            (Some("04006381333931"), Some("L7"), None),
        );
    }

    #[test]
    fn tags_links_and_health_industry_codes() {
        check(
            "3074257BF7194E4000001A85",
            (Some("80614141123458"), None, None),
        );
        check(
            "urn:epc:class:lgtin:0614141.712345.L7",
            (Some("70614141123451"), Some("L7"), None),
        );
        check(
            "307C257BF7194E4000001A85",
            (None, None, Some(CodeFault::Malformed)),
        );
        check(
            "https://example.com/01/4006381333931/10/L7",
            (Some("04006381333931"), Some("L7"), None),
        );
        check(
            "https://id.gs1.org/DBCogSERzZgEhFYA",
            (None, None, Some(CodeFault::CompressedLink)),
        );
        check("+A99912345/$$52001510X33", (None, Some("10X3"), None));
        check(
            "+A99912345/$$52001510X34",
            (None, None, Some(CodeFault::WrongCheckDigit)),
        );
        let code = readings(
            &Payload::from_keys("+A123BJC5D6E71G"),
            2026,
            &SitePatterns::default(),
            None,
        )
        .remove(0);
        assert_eq!(code.fields.item_codes, ["A123BJC5D6E71", "+A123BJC5D6E71G"]);
    }

    #[test]
    fn readings_are_shown_one_after_the_other() {
        let code = |lot: &str, serial: Option<&str>| Scanned {
            fields: CodeFields {
                lot: Some(lot.to_owned()),
                serial: serial.map(str::to_owned),
                ..CodeFields::default()
            },
            ..Scanned::plain("10L721S9")
        };
        let tied = || Tied::new(vec![code("L721S9", None), code("L7", Some("S9"))], false);
        assert_eq!(tied().shown(), "(10)L721S9");
        assert!(
            matches!(tied().answered(true), Answered::Taken(taken) if *taken == code("L721S9", None))
        );
        let Answered::Next(second) = tied().answered(false) else {
            panic!("one is left");
        };
        assert_eq!(second.shown(), "(10)L7  (21)S9");
        assert!(matches!(second.answered(false), Answered::None));
    }
}
