//! The vectors of GS1's own tests: of the GS1 Barcode Syntax Engine (its tests of element strings,
//! bracketed text, Digital Links, associations and scan data; npm `gs1encoder` is built from it)
//! and of the linters of the GS1 Barcode Syntax Dictionary. github.com/gs1/gs1-syntax-engine,
//! Apache-2.0, Copyright GS1 AISBL.
//!
//! `vectors/linters.txt`: linter, verdict, values. `vectors/texts.txt`: kind, verdict, text, and
//! what it says with `^` for FNC1. `\xNN` is a byte, `\e` an empty text.
//!
//! Not here, since we have nothing of the kind: unknown identifiers that are let through, names in
//! place of identifiers in a Digital Link (`/gtin/`), a look-up of company prefixes, the building
//! of links and pictures, the mark-up of errors. A GTIN-8, -12 or -13 in a link is always filled
//! up, so the vectors that have this switched off are left out too.

use super::dictionary::{Charset, Rule, look_up};
use super::link::percent_decoded;
use super::rules::{check_rule, padding_is_right};
use super::*;
use crate::{Payload, Symbology};

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend(before.as_bytes());
        rest = match escape.split_at(1) {
            ("e", rest) => rest,
            (_, rest) => {
                bytes.push(u8::from_str_radix(&rest[..2], 16).unwrap());
                &rest[2..]
            }
        };
    }
    bytes.extend(rest.as_bytes());
    bytes
}

fn text(escaped: &str) -> String {
    String::from_utf8(unescaped(escaped)).unwrap_or_else(|_| escaped.to_owned())
}

/// What a linter says of a value: `None` where we have no such rule.
fn linted(linter: &str, value: &[u8]) -> Option<bool> {
    let charset = |charset: Charset| Some(value.iter().all(|byte| charset.holds(*byte)));
    let rule = match linter {
        "csetnumeric" => return charset(Charset::Digits),
        "cset82" => return charset(Charset::Cset82),
        "cset39" => return charset(Charset::Cset39),
        "cset64" => {
            return charset(Charset::Base64Url).map(|holds| holds && padding_is_right(value));
        }
        "csum" => Rule::CheckDigit,
        "csumalpha" => Rule::CheckPair,
        "gcppos1" => Rule::CompanyPrefix,
        "gcppos2" => Rule::CompanyPrefixAtSecond,
        "hasnondigit" => Rule::HasNonDigit,
        "yymmd0" => Rule::DateOrMonth,
        "yymmdd" => Rule::Date,
        "yyyymmdd" => Rule::LongDate,
        "hhmi" => Rule::HourMinute,
        "hh" => Rule::Hour,
        "mi" => Rule::Minute,
        "ss" => Rule::Second,
        "zero" => Rule::Zero,
        "nonzero" => Rule::NonZero,
        "nozeroprefix" => Rule::NoZeroPrefix,
        "yesno" => Rule::YesNo,
        "winding" => Rule::Winding,
        "pieceoftotal" => Rule::PieceOfTotal,
        "posinseqslash" => Rule::PositionInSequence,
        "hyphen" => Rule::Hyphen,
        "pcenc" => Rule::PercentEncoded,
        "iban" => Rule::Iban,
        "iso3166" => Rule::Country,
        "iso3166999" => Rule::CountryOr999,
        "iso3166alpha2" => Rule::CountryLetters,
        "iso4217" => Rule::Currency,
        "iso5218" => Rule::Sex,
        "latitude" => Rule::Latitude,
        "longitude" => Rule::Longitude,
        "importeridx" => Rule::ImporterIndex,
        "mediatype" => Rule::MediaType,
        "packagetype" => Rule::PackageType,
        "couponcode" => Rule::Coupon,
        "couponposoffer" => Rule::CouponOffer,
        // No identifier of the dictionary has it.
        "yyyymmd0" => return None,
        _ => panic!("{linter}"),
    };
    // Values of other bytes never come so far: their element's charset refuses them.
    let value = std::str::from_utf8(value).ok()?;
    Some(check_rule(rule, value).is_ok())
}

#[test]
fn linters_agree() {
    let mut wrong = Vec::new();
    let mut asked = 0;
    for line in include_str!("vectors/linters.txt").lines() {
        let mut words = line.split(' ');
        let (linter, verdict) = (words.next().unwrap(), words.next().unwrap());
        for escaped in words {
            if let Some(holds) = linted(linter, &unescaped(escaped)) {
                asked += 1;
                if holds != (verdict == "pass") {
                    wrong.push(format!("{linter} {escaped} should {verdict}"));
                }
            }
        }
    }
    assert!(asked > 5_000, "{asked}");
    assert!(wrong.is_empty(), "{} of {asked}: {wrong:#?}", wrong.len());
}

/// Elements as an element string with `^` for FNC1.
fn written(elements: &[Element]) -> String {
    let text = encode(elements).unwrap_or_else(|error| error.to_string());
    format!("^{}", text.replace(GS, "^"))
}

/// What is wrong with one vector.
fn fault(kind: &str, passes: bool, given: &str, says: Option<&str>) -> Option<String> {
    let compared = |found: Result<Vec<Element>, Gs1Error>| match (found, passes) {
        (Ok(elements), true) => says
            .map(|says| (written(&elements), says))
            .filter(|(found, says)| found != says)
            .map(|(found, _)| found),
        (Err(_), false) => None,
        (Ok(elements), false) => Some(format!("{elements:?}")),
        (Err(error), true) => Some(error.to_string()),
    };
    let checked = |is_ours: fn(&Gs1Error) -> bool| {
        let found =
            parse_bracketed_elements(given).and_then(|elements| check_associations(&elements));
        let holds = match &found {
            Err(error) => !is_ours(error),
            Ok(()) => true,
        };
        (holds != passes).then(|| format!("{found:?}"))
    };
    match kind {
        "bracketed" => compared(parse_bracketed_elements(given)),
        "link" => compared(parse_link_elements(given)),
        "string" => {
            let Some(data) = given.strip_prefix('^') else {
                // Only FNC1 in front says that it is GS1 data.
                return parse_if_gs1(given, 2026).map(|found| format!("{found:?}"));
            };
            compared(parse_elements(&data.replace('^', "\u{1d}")))
        }
        "AIrepeats" => checked(|error| matches!(error, Gs1Error::Repeated { .. })),
        "AImutex" => checked(|error| matches!(error, Gs1Error::Excluded { .. })),
        "AIrequisites" => checked(|error| matches!(error, Gs1Error::Missing { .. })),
        "DigSigRequiresSerialisedKey" => {
            let found = parse_bracketed_elements(given)
                .map(|elements| super::associations::check_signature(&elements));
            (matches!(found, Ok(Ok(()))) != passes).then(|| format!("{found:?}"))
        }
        "scan" => scanned(passes, given, says),
        _ => panic!("{kind}"),
    }
}

fn scanned(passes: bool, given: &str, says: Option<&str>) -> Option<String> {
    let payload = Payload::from_keys(given);
    let found = payload.gs1_fields(2026);
    match (passes, says) {
        (true, Some(says)) if says.starts_with('^') => {
            let text = given.get(3..).unwrap_or_default();
            let elements = parse_elements(text).map(|elements| written(&elements));
            let is_it = matches!(found, Some(Ok(_))) && elements.as_deref() == Ok(says);
            (!is_it).then(|| format!("{found:?}"))
        }
        // What is no GS1 data comes as it is.
        (true, Some(says)) => {
            let text = says.replacen("\\\\^", "\\^", 1);
            let text = if says.starts_with("\\^") {
                &says[1..]
            } else {
                &text
            };
            let is_dot_code = given.starts_with("]J0");
            (!is_dot_code && payload.text != text).then_some(payload.text)
        }
        (true, None) => None,
        (false, _) => matches!(found, Some(Ok(_))).then(|| format!("{found:?}")),
    }
}

/// Vectors that we cannot express, each with the reason.
fn is_left_out(kind: &str, given: &str) -> bool {
    match kind {
        // Identifiers that are in no dictionary.
        "AIrepeats" => given.contains("(89)"),
        "AImutex" => given.contains("(3338)"),
        // The engine keeps the same element twice, we keep it once.
        "string" => given.matches("99XY").count() > 1,
        // The two halves of a composite symbol come as two scans; and some scanners send UPC-A with
        // the identifier of EAN-13 but without its zero.
        "scan" => given.contains("|]e0") || given == "]E0123456789012",
        _ => false,
    }
}

#[test]
fn texts_agree() {
    let mut wrong = Vec::new();
    let mut asked = 0;
    for line in include_str!("vectors/texts.txt").lines() {
        let words: Vec<String> = line.split(' ').map(text).collect();
        let [kind, verdict, given, rest @ ..] = words.as_slice() else {
            panic!("{line}");
        };
        if is_left_out(kind, given) {
            continue;
        }
        asked += 1;
        let says = rest.first().map(String::as_str);
        if let Some(fault) = fault(kind, verdict == "pass", given, says) {
            wrong.push(format!("{line}\n    {fault}"));
        }
    }
    assert!(asked > 400, "{asked}");
    assert!(wrong.is_empty(), "{} of {asked}: {wrong:#?}", wrong.len());
}

#[test]
fn npm_tests_agree() {
    let says = |text: &str| parse_if_gs1(text, 2026).map(|found| found.is_ok());
    let link = "https://id.example.org/test/01/12312312312319?99=TESTING123";
    let elements = parse_link_elements(link).unwrap();
    assert_eq!(
        encode_bracketed(&elements).unwrap(),
        "(01)12312312312319(99)TESTING123"
    );
    assert_eq!(encode(&elements).unwrap(), "011231231231231999TESTING123");
    let titles: Vec<_> = elements
        .iter()
        .map(|element| known_ai(&element.ai))
        .collect();
    assert_eq!(titles, [Some("GTIN"), Some("INTERNAL")]);
    assert_eq!(says(&format!("]d1{link}")), None);
    assert_eq!(
        Payload::from_keys(&format!("]d1{link}")).symbology,
        Symbology::DataMatrix
    );

    let content = parse_elements("0212312312312319").unwrap();
    assert!(matches!(
        check_associations(&content),
        Err(Gs1Error::Missing { .. })
    ));
    assert_eq!(encode_bracketed(&content).unwrap(), "(02)12312312312319");

    let scan = Payload::from_keys("]e0011231231231233310ABC123\u{1d}99XYZ");
    assert_eq!(scan.symbology, Symbology::DataBarExpanded);
    let elements = parse_elements(&scan.text).unwrap();
    assert_eq!(
        encode_bracketed(&elements).unwrap(),
        "(01)12312312312333(10)ABC123(99)XYZ"
    );

    let ignored = "https://a/01/12312312312333/22/TESTING?singleton&99=ABC&compound=XYZ";
    let elements = parse_link_elements(ignored).unwrap();
    assert_eq!(
        encode_bracketed(&elements).unwrap(),
        "(01)12312312312333(22)TESTING(99)ABC"
    );

    assert_eq!(says("TESTING"), None);
    let wrong = parse_elements("011234567890128399ABC");
    assert!(matches!(wrong, Err(Gs1Error::BadCheckDigit { .. })));
}

#[test]
fn percent_codes() {
    for (text, path, query) in [
        ("", "", ""),
        ("test", "test", "test"),
        ("+", "+", " "),
        ("%20", " ", " "),
        ("%20AB", " AB", " AB"),
        ("A%20B", "A B", "A B"),
        ("AB%20", "AB ", "AB "),
        ("ABC%2", "ABC%2", "ABC%2"),
        ("ABCD%", "ABCD%", "ABCD%"),
        ("A%20%20B", "A  B", "A  B"),
        ("A%01B", "A\u{1}B", "A\u{1}B"),
        ("A%4FB", "AOB", "AOB"),
        ("A%4fB", "AOB", "AOB"),
        ("A%4gB", "A%4gB", "A%4gB"),
        ("A%4GB", "A%4GB", "A%4GB"),
        ("A%g4B", "A%g4B", "A%g4B"),
        ("A%G4B", "A%G4B", "A%G4B"),
    ] {
        assert_eq!(percent_decoded(text, false), path.as_bytes(), "{text}");
        assert_eq!(percent_decoded(text, true), query.as_bytes(), "{text}");
    }
    for code in ["A%ffB", "A%FfB", "A%fFB", "A%FFB"] {
        assert_eq!(percent_decoded(code, false), b"A\xffB");
    }
}

#[test]
fn identifiers_are_found_whole() {
    for (code, known) in [
        ("01", true),
        ("8012", true),
        ("235", true),
        ("37", true),
        ("2345", false),
        ("234", false),
        ("23", false),
        ("2", false),
        ("371", false),
        ("3", false),
        ("89", false),
        ("011", false),
        ("800", false),
        ("80", false),
    ] {
        assert_eq!(look_up(code).is_some(), known, "{code}");
    }
}
