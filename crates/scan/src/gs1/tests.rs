use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::checks::check_digit;

const YEAR: i32 = 2026;

fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

fn check(text: &str, expected: &[(&str, &str)]) {
    let elements = parse_elements(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    let pairs: Vec<_> = elements
        .iter()
        .map(|element| (element.ai.as_str(), element.value.as_str()))
        .collect();
    assert_eq!(pairs, expected, "{text:?}");
}

#[test]
fn element_strings_are_cut_where_the_dictionary_says() {
    check("0104006381333931", &[("01", "04006381333931")]);
    check(
        "010400638133393117261231\
         10LOT7\u{1d}21SER9",
        &[
            ("01", "04006381333931"),
            ("17", "261231"),
            ("10", "LOT7"),
            ("21", "SER9"),
        ],
    );
    check("]C100006141411234567890", &[("00", "006141411234567890")]);
    check("]d2\u{1d}10A\u{1d}21B\u{1d}", &[("10", "A"), ("21", "B")]);
    check(
        "0104006381333931\u{1d}10A",
        &[("01", "04006381333931"), ("10", "A")],
    );
    check(
        "02040063813339313724\u{1d}10A",
        &[("02", "04006381333931"), ("37", "24"), ("10", "A")],
    );
    check("3103001250", &[("3103", "001250")]);
    check(
        "3922995\u{1d}4100614141000005",
        &[("3922", "995"), ("410", "0614141000005")],
    );
    check("10A\u{1d}10A", &[("10", "A")]);
    check(
        "80131987654Ad4X4bL5ttr2310c2K",
        &[("8013", "1987654Ad4X4bL5ttr2310c2K")],
    );
    check("80030061414100000512AB", &[("8003", "0061414100000512AB")]);
    check("423036056", &[("423", "036056")]);
    check("4330001250-", &[("4330", "001250-")]);
}

#[test]
fn faults_name_identifier_and_place() {
    let check = |text: &str, code: &str, ai: &str, at: usize| {
        let error = parse_elements(text).expect_err(text);
        let found = match &error {
            Gs1Error::UnknownAi { ai, at }
            | Gs1Error::TooShort { ai, at }
            | Gs1Error::TooLong { ai, at }
            | Gs1Error::BadCharacter { ai, at }
            | Gs1Error::BadCheckDigit { ai, at }
            | Gs1Error::BadDate { ai, at }
            | Gs1Error::BadValue { ai, at }
            | Gs1Error::Repeated { ai, at } => (ai.as_str(), *at),
            Gs1Error::StraySeparator { at } | Gs1Error::BadBrackets { at } => ("", *at),
            _ => ("", 0),
        };
        assert_eq!((error.code(), found), (code, (ai, at)), "{text:?}");
    };
    check("", "gs1-empty", "", 0);
    check("\u{1d}", "gs1-empty", "", 0);
    check("]C1", "gs1-empty", "", 0);
    check("0504006381333931", "gs1-unknown-ai", "0504", 0);
    check("10A\u{1d}库", "gs1-unknown-ai", "", 4);
    check("0104006381333932", "gs1-bad-check-digit", "01", 2);
    check("010400638133393", "gs1-too-short", "01", 2);
    check("01\u{1d}10A", "gs1-too-short", "01", 2);
    check(
        "0104006381333931\u{1d}\u{1d}10A",
        "gs1-stray-separator",
        "",
        17,
    );
    check("010400638133A931", "gs1-bad-character", "01", 12);
    check("10A 7", "gs1-bad-character", "10", 3);
    check("10批号", "gs1-bad-character", "10", 2);
    check("10ABCDEFGHIJKLMNOPQRSTU", "gs1-too-long", "10", 22);
    check("17261331", "gs1-bad-date", "17", 2);
    check("17270229", "gs1-bad-date", "17", 2);
    check("70032612312460", "gs1-bad-date", "7003", 10);
    check("4326061200", "gs1-bad-date", "4326", 4);
    check("8006040063813339310302", "gs1-bad-value", "8006", 18);
    check("10A\u{1d}10B", "gs1-repeated", "10", 4);
    check("4330001250x", "gs1-bad-value", "4330", 10);
    check(
        "80131987654Ad4X4bL5ttr2310c2L",
        "gs1-bad-check-digit",
        "8013",
        4,
    );
}

#[test]
fn fields_are_typed() {
    let text = "010400638133393111260100172702291".to_owned();
    assert!(parse_element_string(&text, YEAR).is_err());

    let text = "(01)04006381333931(11)260100(15)270228(17)280229(10)L/7(21)S\\(1)(30)12(3103)001250(400)PO1";
    let fields = parse_bracketed(text, YEAR).unwrap();
    assert_eq!(fields.gtin.as_deref(), Some("04006381333931"));
    assert_eq!(fields.production, day(2026, 1, 31));
    assert_eq!(fields.best_before, day(2027, 2, 28));
    assert_eq!(fields.expiry, day(2028, 2, 29));
    assert_eq!(fields.lot.as_deref(), Some("L/7"));
    assert_eq!(fields.serial.as_deref(), Some("S(1)"));
    assert_eq!(fields.count, Some(12));
    let weight = fields.net_weight_kg.unwrap();
    assert_eq!(
        weight,
        Measure {
            digits: 1250,
            decimals: 3
        }
    );
    assert_eq!(weight.thousandths(), Some(1250));
    assert_eq!(
        Measure {
            digits: 12,
            decimals: 1
        }
        .thousandths(),
        Some(1200)
    );
    assert_eq!(
        Measure {
            digits: 120,
            decimals: 4
        }
        .thousandths(),
        Some(12)
    );
    assert_eq!(
        Measure {
            digits: 125,
            decimals: 4
        }
        .thousandths(),
        None
    );
    assert_eq!(fields.other, [("400".to_owned(), "PO1".to_owned())]);

    let fields = parse_element_string("7003271231235937100\u{1d}305", YEAR);
    assert!(
        fields.is_err(),
        "7003 has no predefined length, so it runs to the separator"
    );
    let fields = parse_element_string("70032712312359\u{1d}37100\u{1d}305", YEAR).unwrap();
    assert_eq!(
        (fields.expiry, fields.count),
        (day(2027, 12, 31), Some(100))
    );
    assert!(fields.other.contains(&("30".to_owned(), "5".to_owned())));
}

#[test]
fn brackets() {
    for (text, code) in [
        ("", "gs1-empty"),
        ("01)04006381333931", "gs1-bad-brackets"),
        ("(01", "gs1-bad-brackets"),
        ("(05)1", "gs1-unknown-ai"),
        ("(10)", "gs1-too-short"),
        ("(10)A(B", "gs1-bad-brackets"),
        ("(10)A\\B", "gs1-bad-character"),
        ("(批)1", "gs1-unknown-ai"),
    ] {
        assert_eq!(
            parse_bracketed(text, YEAR).expect_err(text).code(),
            code,
            "{text}"
        );
    }
}

#[test]
fn digital_links() {
    let check = |uri: &str, expected: Result<&[(&str, &str)], &str>| {
        let found = parse_link_elements(uri);
        let found = found.as_ref().map(|elements| {
            elements
                .iter()
                .map(|e| (e.ai.as_str(), e.value.as_str()))
                .collect::<Vec<_>>()
        });
        match expected {
            Ok(pairs) => assert_eq!(found.as_deref(), Ok(pairs), "{uri}"),
            Err(code) => assert_eq!(found.expect_err(uri).code(), code, "{uri}"),
        }
    };
    check(
        "https://id.gs1.org/01/04006381333931",
        Ok(&[("01", "04006381333931")]),
    );
    check(
        "HTTPS://example.com/a/b/01/4006381333931/10/A%2FB/21/7?17=261231&linkType=x#top",
        Ok(&[
            ("01", "04006381333931"),
            ("10", "A/B"),
            ("21", "7"),
            ("17", "261231"),
        ]),
    );
    check(
        "https://example.com/00/006141411234567890",
        Ok(&[("00", "006141411234567890")]),
    );
    check(
        "https://example.com/00/006141411234567890/",
        Err("gs1-not-a-link"),
    );
    // A path of the resolver that looks like a key, and one that does not.
    check(
        "http://shop.example:8080/01/a/b/00/006141411234567890",
        Ok(&[("00", "006141411234567890")]),
    );
    check(
        "https://example.com/01/04006381333931/21/7/10/A",
        Err("gs1-unknown-ai"),
    );
    check(
        "https://example.com/01/04006381333931?10=A",
        Err("gs1-unknown-ai"),
    );
    check(
        "https://example.com/01/04006381333931?17=261231&17=261231",
        Err("gs1-repeated"),
    );
    // The GTIN 09520123456788 in 47 bits behind its identifier, and GS1's own host.
    check("https://example.com/ARFRJydaKA", Err("gs1-compressed-link"));
    check(
        "https://id.gs1.org/DBCogSERzZgEhFYA",
        Err("gs1-compressed-link"),
    );
    check(
        "https://example.com/DBCogSERzZgEhFYA",
        Err("gs1-not-a-link"),
    );
    check("https://example.com/products", Err("gs1-not-a-link"));
    check(
        "https://example.com/01/04006381333932",
        Err("gs1-bad-check-digit"),
    );
    check(
        "https://example.com/01/04006381333931/37/5",
        Err("gs1-unknown-ai"),
    );
    check(
        "https://example.com/01/04006381333931?9999=1",
        Err("gs1-unknown-ai"),
    );
    check(
        "https://example.com/01/04006381333931/10/%E5%BA%93",
        Err("gs1-bad-character"),
    );
    // What is no percent code stays as it is.
    check(
        "https://example.com/01/04006381333931/10/%+f",
        Ok(&[("01", "04006381333931"), ("10", "%+f")]),
    );
    check("https://example.com/shop/1234", Err("gs1-not-a-link"));
    check("https://example.com", Err("gs1-not-a-link"));
    check("ftp://example.com/01/04006381333931", Err("gs1-not-a-link"));
    check("库://", Err("gs1-not-a-link"));
}

#[test]
fn only_texts_that_say_so_are_gs1() {
    for plain in [
        "0104006381333931",
        "hello",
        "(555) 123",
        "https://example.com/",
        "",
    ] {
        assert_eq!(parse_if_gs1(plain, YEAR), None, "{plain}");
    }
    for gs1 in [
        "]C10104006381333931",
        "10A\u{1d}21B",
        "(10)A",
        "https://e.com/01/4006381333931",
    ] {
        assert!(matches!(parse_if_gs1(gs1, YEAR), Some(Ok(_))), "{gs1}");
    }
    assert!(matches!(
        parse_if_gs1("(01)1", YEAR),
        Some(Err(Gs1Error::TooShort { .. }))
    ));
}

/// Valid elements of several shapes, each identifier at most once.
fn elements() -> impl Strategy<Value = Vec<Element>> {
    let with_check = |body: String| {
        let digit = check_digit(&body).unwrap();
        format!("{body}{digit}")
    };
    let cset82 = "[!\"%&'()*+,./0-9:;<=>?A-Z_a-z-]";
    let date = (0..=99u8, 1..=12u8, 0..=28u8).prop_map(|(y, m, d)| format!("{y:02}{m:02}{d:02}"));
    let open = |ai: &'static str, max: usize| {
        (
            Just(ai),
            proptest::string::string_regex(&format!("{cset82}{{1,{max}}}")).unwrap(),
        )
    };
    let candidates = (
        proptest::option::of((Just("01"), "[0-9]{13}".prop_map(with_check))),
        proptest::option::of((Just("00"), "[0-9]{17}".prop_map(with_check))),
        proptest::option::of((Just("17"), date)),
        proptest::option::of(open("10", 20)),
        proptest::option::of(open("21", 20)),
        proptest::option::of((Just("37"), "[0-9]{1,8}")),
        proptest::option::of((Just("3102"), "[0-9]{6}")),
        proptest::option::of(open("99", 90)),
    );
    candidates
        .prop_map(|(a, b, c, d, e, f, g, h)| {
            [a, b, c, d, e, f, g, h]
                .into_iter()
                .flatten()
                .map(|(ai, value)| Element {
                    ai: ai.to_owned(),
                    value,
                })
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
        .prop_filter("at least one", |elements| !elements.is_empty())
}

proptest! {
    #[test]
    fn what_is_encoded_is_read_back(elements in elements()) {
        let text = encode(&elements).unwrap();
        prop_assert_eq!(parse_elements(&text).unwrap(), elements.clone());
        let bracketed = encode_bracketed(&elements).unwrap();
        prop_assert_eq!(parse_bracketed_elements(&bracketed).unwrap(), elements.clone());
        prop_assert!(Gs1Fields::from_elements(&elements, YEAR).is_ok());
    }

    #[test]
    fn no_text_panics(text in any::<String>(), year in any::<i32>()) {
        let _ = parse_element_string(&text, year);
        let _ = parse_bracketed(&text, year);
        let _ = parse_digital_link(&text, year);
        let _ = parse_if_gs1(&text, year);
    }

    #[test]
    fn no_text_that_looks_like_gs1_panics(
        text in "(\\]C1)?[(]?(01|10|17|21|37|310[0-9]|8008|8013|4309|8007)[)0-9A-Z\u{1d}%批(]{0,30}",
        year in any::<i32>(),
    ) {
        let _ = parse_element_string(&text, year);
        let _ = parse_bracketed(&text, year);
        let _ = parse_digital_link(&format!("https://h/{}", text.replace(')', "/")), year);
    }
}
