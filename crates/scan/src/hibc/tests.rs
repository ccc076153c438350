use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;

fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

fn read(text: &str) -> Hibc {
    parse(text, 2026).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// `body` with its check character.
fn checked(body: &str) -> String {
    format!("{body}{}", check_character(body).unwrap())
}

/// A primary code, without its check character, that has this one.
fn with_check_character(character: char) -> String {
    let letters = || 'A'..='Z';
    let mut bodies = letters().flat_map(|a| letters().map(move |b| format!("+A999{a}{b}1")));
    bodies
        .find(|body| check_character(body) == Some(character))
        .unwrap()
}

#[test]
fn the_check_character_of_the_standard() {
    // Appendix B of the standard.
    assert_eq!(check_character("+A123BJC5D6E71"), Some('G'));
    assert_eq!(check_character("+a"), None);
    assert_eq!(check_character("库"), None);
    for character in [' ', '$', '/', '+', '%', '-', '.'] {
        let body = with_check_character(character);
        assert!(parse(&format!("{body}{character}"), 2026).is_ok(), "{body}");
    }
}

#[test]
fn primary_codes() {
    let hibc = read("+A123BJC5D6E71G");
    let primary = hibc.primary.clone().unwrap();
    assert_eq!(
        (
            primary.labeler.as_str(),
            primary.product.as_str(),
            primary.unit
        ),
        ("A123", "BJC5D6E7", 1)
    );
    assert_eq!(primary.device_identifier(), "A123BJC5D6E71");
    assert_eq!((hibc.lot, hibc.link), (None, None));
    // As printed below Code 39, and with a space as check character.
    assert_eq!(read("*+A123BJC5D6E71G*").primary, Some(primary));
    let body = with_check_character(' ');
    assert_eq!(read(&format!("{body} ")), read(&format!("{body}_")));
}

/// Codes of the standard and of public tests of other readers of it.
#[test]
fn secondary_data() {
    let check =
        |text: &str, lot: &str, serial: &str, expiry: Option<NaiveDate>, quantity: Option<u64>| {
            let hibc = read(text);
            assert_eq!(hibc.lot.as_deref().unwrap_or_default(), lot, "{text}");
            assert_eq!(hibc.serial.as_deref().unwrap_or_default(), serial, "{text}");
            assert_eq!((hibc.expiry, hibc.quantity), (expiry, quantity), "{text}");
            hibc
        };
    let linked = check("+$$52001510X3GD", "10X3", "", day(2020, 1, 15), None);
    assert_eq!((linked.primary, linked.link), (None, Some('G')));
    check("+2001510X3GG", "10X3", "", day(2020, 1, 15), None);
    check("+$$710X3G7", "10X3", "", None, None);
    check("+$$+52001510X3GB", "", "10X3", day(2020, 1, 15), None);
    check("+$$52001510X3+ ", "10X3", "", day(2020, 1, 15), None);
    check(
        "+A99912345/$$52001510X33",
        "10X3",
        "",
        day(2020, 1, 15),
        None,
    );
    check(
        "+J123AQ3451/25330BC34567/S4012X",
        "BC34567",
        "4012",
        day(2025, 11, 26),
        None,
    );
    let hours = check(
        "+A123ABCDEFGHI1234567891/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202$",
        "LOT123456789012345",
        "XYZ456789012345678",
        day(2020, 2, 2),
        None,
    );
    assert_eq!(
        (hours.expiry_hour, hours.production),
        (Some(16), day(2013, 2, 2))
    );
    assert_eq!(hours.primary.unwrap().product, "ABCDEFGHI123456789");
    check(
        "+A99912345/$$812710X3/16D20111212/14D20200906/S77DEFG453",
        "10X3",
        "77DEFG45",
        day(2020, 9, 6),
        Some(12),
    );
    check(
        "+A99912345/$$902345710X3/16D20111212/14D20200906/S77DEFG45F",
        "10X3",
        "77DEFG45",
        day(2020, 9, 6),
        Some(2345),
    );
    check(
        "+E203PB414109/$$8243280112R00089525J",
        "R00089525",
        "",
        day(2028, 1, 12),
        Some(24),
    );
    check(
        "+A99912349/$10X3/16D20111231/14D20200131/Q500Z",
        "10X3",
        "",
        day(2020, 1, 31),
        Some(500),
    );
    check("+EHWD3551419/$$900100F", "", "", None, Some(100));
    check(
        "+EFOR78712011/$26485266/16D20240626/Q10S",
        "26485266",
        "",
        None,
        Some(10),
    );
    check(
        "+A99912345/$$812710X3/$$+320090677DEFG45/16D20111212.",
        "10X3",
        "77DEFG45",
        day(2020, 9, 6),
        Some(12),
    );
}

#[test]
fn every_form_of_a_date() {
    for (data, expiry, hour) in [
        ("$$0227L", day(2027, 2, 28), None),
        ("$$1227L", day(2027, 12, 31), None),
        ("$$2021527L", day(2027, 2, 15), None),
        ("$$3270215L", day(2027, 2, 15), None),
        ("$$427021523L", day(2027, 2, 15), Some(23)),
        ("$$527046L", day(2027, 2, 15), None),
        ("$$62704623L", day(2027, 2, 15), Some(23)),
        ("$$528366L", day(2028, 12, 31), None),
        ("$$7L", None, None),
        ("$$L", None, None),
        ("$$8050227L", day(2027, 2, 28), None),
    ] {
        let hibc = read(&checked(&format!("+A99912345/{data}")));
        assert_eq!((hibc.expiry, hibc.expiry_hour), (expiry, hour), "{data}");
        assert_eq!(hibc.lot.as_deref(), Some("L"), "{data}");
    }
}

#[test]
fn faults() {
    let check = |text: &str, code: &str| {
        let error = parse(text, 2026).map_err(|error| error.code());
        assert_eq!(error, Err(code), "{text}");
    };
    for text in [
        "",
        "+",
        "A123BJC5D6E71G",
        "+库位",
        "hello",
        "+a123bjc5d6e71g",
    ] {
        check(text, "hibc-not-hibc");
    }
    check(&format!("+{}", "A".repeat(LENGTH_MAX)), "hibc-not-hibc");
    check("+A123BJC5D6E71H", "hibc-bad-check-character");
    check("+A123BJC5D6E72G", "hibc-bad-check-character");
    check(
        "+A99912345/$$52001510X3/16D20111212/S77DEFG45/",
        "hibc-bad-check-character",
    );
    for (body, code) in [
        ("+A1", "hibc-bad-primary"),
        ("+A123B", "hibc-bad-primary"),
        ("+A123BX", "hibc-bad-primary"),
        ("+A123B-1", "hibc-bad-primary"),
        ("+A123ABCDEFGHIJKLMNOPQRS1", "hibc-bad-primary"),
        ("+A99912345/X", "hibc-bad-secondary"),
        ("+A99912345/", "hibc-bad-secondary"),
        ("+A99912345/$$8X", "hibc-bad-secondary"),
        ("+A99912345/$$8XX", "hibc-bad-secondary"),
        ("+A99912345/$$312", "hibc-bad-secondary"),
        ("+A99912345/$$3AAAAAA", "hibc-bad-secondary"),
        ("+A99912345/Q", "hibc-bad-secondary"),
        ("+A99912345/Q123456", "hibc-bad-secondary"),
        ("+A99912345/$ABCDEFGHIJKLMNOPQRS", "hibc-bad-secondary"),
        ("+A99912345/$$3271301L", "hibc-bad-date"),
        ("+A99912345/$$3270200L", "hibc-bad-date"),
        ("+A99912345/$$527000L", "hibc-bad-date"),
        ("+A99912345/$$527366L", "hibc-bad-date"),
        ("+A99912345/$$427021524L", "hibc-bad-date"),
        ("+A99912345/14D20270230", "hibc-bad-date"),
        ("+A99912345/14D2027", "hibc-bad-date"),
        ("+A99912345/$L1/$L2", "hibc-repeated"),
    ] {
        check(&checked(body), code);
    }
}

#[test]
fn only_texts_that_show_it_are_claimed() {
    let code = |text: &str| {
        parse_if_hibc(text, 2026).map(|found| found.map_err(|error| error.code()).is_ok())
    };
    assert_eq!(code("+A123BJC5D6E71G"), Some(true));
    assert_eq!(code("+A123BJC5D6E71H"), Some(false));
    assert_eq!(code("+$$52001510X3GD"), Some(true));
    assert_eq!(code("+$$52001510X3GE"), Some(false));
    assert_eq!(code("+2001510X3GG"), Some(true));
    for plain in [
        "+8613800138000",
        "+1",
        "+",
        "+hello",
        "hello",
        "",
        "+ABC",
        "+库位一",
        "+A-1",
    ] {
        assert_eq!(code(plain), None, "{plain}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), year in any::<i32>()) {
        let _ = parse(&text, year);
        let _ = parse_if_hibc(&text, year);
    }

    /// Random fields behind a right check character get past the first gate.
    #[test]
    fn no_field_panics(body in "\\+(A999(12345)?)?(/?[$]{0,2}[+]?[0-9]{0,9}[A-Z0-9/$+. -]{0,12}){0,4}", year in 0..4000) {
        let body = checked(&body);
        let _ = parse(&body, year);
        let _ = parse_if_hibc(&body, year);
    }
}
