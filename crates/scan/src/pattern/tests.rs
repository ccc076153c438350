use proptest::prelude::*;

use super::*;

fn pattern(source: &str) -> Pattern {
    Pattern::compile(source).unwrap_or_else(|error| panic!("{source}: {error}"))
}

/// What a code says by a pattern: `item=1 lot=2`, or `-` if it does not fit.
fn says(source: &str, code: &str) -> String {
    let Some(fitted) = pattern(source).fit(code, 2026) else {
        return "-".into();
    };
    let part = |(part, text): &(Part, String)| match (part, fitted.expiry) {
        (Part::Expiry, Some(day)) => format!("expiry={day}"),
        _ => format!("{}={text}", part.code()),
    };
    fitted.parts.iter().map(part).collect::<Vec<_>>().join(" ")
}

#[test]
fn codes_of_customers() {
    for (source, code, expected) in [
        ("LOC-{bin}", "LOC-A-01-03", "bin=A-01-03"),
        ("LOC-{bin}", "LOC-", "-"),
        ("LOC-{bin}", "loc-A", "-"),
        (
            "{item:8}{lot:4..10}",
            "12345678L2027",
            "item=12345678 lot=L2027",
        ),
        ("{item:8}{lot:4..10}", "12345678L20", "-"),
        (
            "{item:A9}*{quantity}*{expiry:yymmdd}",
            "AB1*2.5*261200",
            "item=AB1 quantity=2.5 expiry=2026-12-31",
        ),
        ("{item}*{quantity}", "AB1*2.5.1", "-"),
        ("{item}*{quantity}", "AB1*.", "-"),
        ("SN[:-]{serial:9}", "SN:0042", "serial=0042"),
        ("SN[:-]{serial:9}", "SN-0042", "serial=0042"),
        ("SN[:-]{serial:9}", "SN 0042", "-"),
        ("SN[:-]?{serial:9}", "SN0042", "serial=0042"),
        ("SN{serial:9 4}", "SN0042", "serial=0042"),
        ("SN{serial:9 4}", "SN00421", "-"),
        ("{item:a}{lot:9}", "Bolt7", "item=Bolt lot=7"),
        ("{item:A}-{lot:a9}", "BOLT-x7", "item=BOLT lot=x7"),
        ("{-:3}{item}", "XYZ-7", "item=-7"),
        ("{-}/{item}/{-}", "a/b/c", "item=b"),
        ("\\{{item}\\}", "{7}", "item=7"),
        ("[\\]x]{item}", "]7", "item=7"),
        ("{order}/{carton:3}", "PO-7/001", "order=PO-7 carton=001"),
        ("{item}", "库位一", "item=库位一"),
        ("货{item:2}", "货甲乙", "item=甲乙"),
        ("{item}", "a\u{1d}b", "-"),
        ("{item}", "", "-"),
        // The part further left takes as much as it can.
        ("{item}-{lot}", "A-B-C", "item=A-B lot=C"),
        ("{item:9}{lot:9}", "1234", "item=123 lot=4"),
        (
            "{lot}{expiry:yyyymmdd}",
            "L720270228",
            "lot=L7 expiry=2027-02-28",
        ),
        ("{lot}{expiry:yyyymmdd}", "L720270229", "-"),
        (
            "{lot}-{expiry:ddmmyy}",
            "L7-280227",
            "lot=L7 expiry=2027-02-28",
        ),
        (
            "{lot}-{expiry:ddmmyyyy}",
            "L7-00022028",
            "lot=L7 expiry=2028-02-29",
        ),
        (
            "{lot} {expiry:yyyy-mm-dd}",
            "L7 2027-02-28",
            "lot=L7 expiry=2027-02-28",
        ),
        ("{lot} {expiry:yyyy-mm-dd}", "L7 2027/02/28", "-"),
        ("{lot} {expiry:yyyymmdd}", "L7 1950123x", "-"),
        (
            "{lot} {expiry:yyyymmdd}",
            "L7 19501231",
            "lot=L7 expiry=1950-12-31",
        ),
    ] {
        assert_eq!(says(source, code), expected, "{source} on {code}");
    }
}

#[test]
fn faults_name_their_place() {
    for (source, expected) in [
        ("", PatternError::Empty),
        ("LOC", PatternError::NamesNothing),
        ("LOC{-}", PatternError::NamesNothing),
        ("LOC-{bin", PatternError::Open { at: 4 }),
        ("[ab{bin}", PatternError::Open { at: 0 }),
        ("{bin}\\", PatternError::Open { at: 5 }),
        ("bin}", PatternError::Stray { at: 3 }),
        ("]{bin}", PatternError::Stray { at: 0 }),
        (
            "x{shelf}",
            PatternError::UnknownPart {
                name: "shelf".into(),
                at: 1,
            },
        ),
        (
            "{lot:x}",
            PatternError::BadDetail {
                detail: "x".into(),
                at: 0,
            },
        ),
        (
            "{lot:5..4}",
            PatternError::BadDetail {
                detail: "5..4".into(),
                at: 0,
            },
        ),
        (
            "{lot:0}",
            PatternError::BadDetail {
                detail: "0".into(),
                at: 0,
            },
        ),
        (
            "{lot:501}",
            PatternError::BadDetail {
                detail: "501".into(),
                at: 0,
            },
        ),
        (
            "[]{lot}",
            PatternError::BadDetail {
                detail: String::new(),
                at: 0,
            },
        ),
        ("{expiry}", PatternError::BadDay { at: 0 }),
        ("{expiry:6}", PatternError::BadDay { at: 0 }),
        ("{lot}-{lot}", PatternError::Repeated { name: "lot", at: 6 }),
    ] {
        assert_eq!(Pattern::compile(source), Err(expected), "{source}");
    }
    assert_eq!(
        Pattern::compile(&"x".repeat(PATTERN_MAX + 1)),
        Err(PatternError::TooLong)
    );
    assert!(
        pattern("{item}")
            .fit(&"x".repeat(CODE_MAX + 1), 2026)
            .is_none()
    );
}

#[test]
fn the_first_pattern_that_fits_counts() {
    let patterns: Vec<Pattern> = ["LOC-{bin}", "{item}-{lot}", "{item}"].map(pattern).into();
    let place = |code: &str| first_fit(&patterns, code, 2026).map(|(place, _)| place);
    assert_eq!(place("LOC-A"), Some(0));
    assert_eq!(place("A-B"), Some(1));
    assert_eq!(place("A"), Some(2));
    assert_eq!(place(""), None);
    assert_eq!(patterns[1].source(), "{item}-{lot}");
    let fitted = patterns[1].fit("A-B", 2026).unwrap();
    assert_eq!(
        (fitted.get(Part::Lot), fitted.get(Part::Bin)),
        (Some("B"), None)
    );
}

#[test]
fn names_come_back() {
    for part in Part::ALL {
        assert_eq!(Part::from_code(part.code()), Some(part));
    }
}

#[test]
fn hostile_patterns_end_soon() {
    // What makes a search that takes steps back run for ages.
    let source = "{-:a9}".repeat(30) + "{item}!";
    let code = "a".repeat(CODE_MAX);
    assert!(pattern(&source).fit(&code, 2026).is_none());
}

proptest! {
    #[test]
    fn no_text_panics(source in any::<String>(), code in any::<String>(), year in any::<i32>()) {
        if let Ok(pattern) = Pattern::compile(&source) {
            let _ = pattern.fit(&code, year);
        }
    }

    #[test]
    fn no_pattern_panics(
        source in "(\\{(item|lot|-|quantity)(:(9|A9|a|[0-9]{1,2}(\\.\\.[0-9]{1,2})?))?\\}|[A-Z-]|\\[[0-9-]{1,3}\\]\\??){1,6}",
        code in "[A-Z0-9.-]{0,40}",
    ) {
        if let Ok(pattern) = Pattern::compile(&source)
            && let Some(fitted) = pattern.fit(&code, 2026)
        {
            // The parts stand in the code one behind the other.
            let mut rest = code.as_str();
            for (_, text) in &fitted.parts {
                let at = rest.find(text.as_str());
                prop_assert!(at.is_some(), "{source} on {code}");
                rest = &rest[at.unwrap_or_default()..];
            }
        }
    }

    /// What is put together by a pattern is taken apart again.
    #[test]
    fn parts_come_back(item in "[A-Z0-9]{1,12}", lot in "[a-z]{1,12}", quantity in 1..10_000u32) {
        let pattern = pattern("P{item:A9}/{lot:a}*{quantity}");
        let fitted = pattern.fit(&format!("P{item}/{lot}*{quantity}"), 2026).unwrap();
        prop_assert_eq!(fitted.get(Part::Item), Some(item.as_str()));
        prop_assert_eq!(fitted.get(Part::Lot), Some(lot.as_str()));
        let quantity = quantity.to_string();
        prop_assert_eq!(fitted.get(Part::Quantity), Some(quantity.as_str()));
    }
}
