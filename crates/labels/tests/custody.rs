//! Piece labels and claim tickets on every stock, with any words.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]

mod common;

use common::{CLAIM, GIAI, fonts, piece, read_surely, ticket};
use labels::template::{PieceLabel, Square, TicketLabel};
use labels::{Area, Arranged, Density, Element, Label, LabelError, Stock, Symbol};
use proptest::prelude::*;
use scan::Symbology;

const PIECES: [(u16, u16); 9] = [
    (40, 25),
    (50, 30),
    (58, 40),
    (60, 40),
    (70, 37),
    (80, 50),
    (100, 60),
    (45, 90),
    (100, 150),
];
const TICKETS: [(u16, u16); 6] = [
    (58, 37),
    (58, 40),
    (80, 50),
    (100, 60),
    (58, 80),
    (100, 150),
];
const SSCC: &str = "00106141412345678908";

/// The symbols of a label, with what they say.
fn symbols(label: &Label) -> Vec<(Symbol, &str)> {
    let elements = label.elements.iter();
    elements
        .filter_map(|element| match element {
            Element::Code(code) => Some((code.symbol, code.content.text())),
            Element::Text(_) | Element::Line(_) => None,
        })
        .collect()
}

/// Everything on the label is read, and nothing else for certain.
fn check_reads(label: &Label, is_gs1: bool, what: &str) {
    let arranged = Arranged::new(label, fonts()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let (mut found, weak) = read_surely(&arranged.png().unwrap());
    let symbology = |symbol| match (symbol, is_gs1) {
        (Symbol::Code128, false) => Symbology::Code128,
        (Symbol::Code128, true) => Symbology::Gs1_128,
        (Symbol::Qr, _) => Symbology::Qr,
        (Symbol::DataMatrix, false) => Symbology::DataMatrix,
        (Symbol::DataMatrix, true) => Symbology::Gs1DataMatrix,
    };
    let mut expected: Vec<_> = symbols(label)
        .into_iter()
        .map(|(symbol, text)| (symbology(symbol), text.to_owned()))
        .collect();
    // Of two reads of the same bars that differ by chance in step with the check character, both are weak.
    found.extend(weak.into_iter().filter(|read| expected.contains(read)));
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{what}");
}

#[test]
fn every_code_of_a_piece_is_read_on_every_stock() {
    for (width, height) in PIECES {
        for density in Density::ALL {
            let stock = Stock::new(width, height, density);
            for symbol in [Square::Qr, Square::DataMatrix] {
                let label = PieceLabel { symbol, ..piece() }.on(stock);
                check_reads(&label, false, &format!("{stock:?} {symbol:?}"));
            }
            for gs1 in [GIAI, SSCC] {
                let gs1 = Some(gs1.to_owned());
                let label = PieceLabel { gs1, ..piece() }.on(stock);
                let square = symbols(&label).first().map(|(symbol, _)| *symbol);
                assert_eq!(square, Some(Symbol::DataMatrix), "a QR cannot say GS1");
                check_reads(&label, true, &format!("{stock:?} {label:?}"));
            }
        }
    }
}

#[test]
fn the_code_of_a_ticket_is_read_on_every_stock() {
    let longest = format!("{CLAIM:/<120}");
    for (width, height) in TICKETS {
        for density in Density::ALL {
            let stock = Stock::new(width, height, density);
            for scan in ["7K2M9QXTR4WD1PC", CLAIM, &longest] {
                let scan = scan.to_owned();
                let label = TicketLabel { scan, ..ticket() }.on(stock);
                check_reads(&label, false, &format!("{stock:?}"));
            }
        }
    }
}

#[test]
fn bars_are_on_a_piece_wherever_they_fit() {
    let check = |width: u16, height: u16, expected: &[Symbol]| {
        let label = piece().on(Stock::new(width, height, Density::Eight));
        let found: Vec<Symbol> = symbols(&label).into_iter().map(|(s, _)| s).collect();
        assert_eq!(found, expected, "{width}x{height}");
    };
    check(40, 25, &[Symbol::Qr]);
    check(50, 30, &[Symbol::Qr]);
    check(58, 40, &[Symbol::Qr, Symbol::Code128]);
    check(80, 50, &[Symbol::Qr, Symbol::Code128]);
}

#[test]
fn an_address_that_is_too_long_is_an_error() {
    let label = TicketLabel {
        scan: "x".repeat(1000),
        ..ticket()
    };
    let label = label.on(Stock::new(58, 40, Density::Eight));
    let error = Arranged::new(&label, fonts()).unwrap_err();
    assert!(
        matches!(error, LabelError::CodeTooLarge { .. }),
        "{error:?}"
    );
}

/// The texts that had to be shortened.
fn shortened(label: &Label) -> Vec<&str> {
    let arranged = Arranged::new(label, fonts()).unwrap();
    let text = |element: &usize| match &label.elements[*element] {
        Element::Text(text) => text.text.as_str(),
        other => panic!("{other:?} cannot be shortened"),
    };
    arranged.shortened.iter().map(text).collect()
}

#[test]
fn usual_words_are_whole_on_every_stock_and_long_ones_wrap_before_they_are_cut() {
    let none: [&str; 0] = [];
    for density in Density::ALL {
        for (width, height) in PIECES {
            let label = piece().on(Stock::new(width, height, density));
            assert_eq!(shortened(&label), none, "{width}x{height}");
        }
        for (width, height) in TICKETS {
            let label = ticket().on(Stock::new(width, height, density));
            assert_eq!(shortened(&label), none, "{width}x{height}");
        }
        let long = "高尔夫球包与超长运动器材（含滑雪板、雪杖）· 超大件";
        let golf = PieceLabel {
            what: long.into(),
            ..piece()
        };
        assert_eq!(shortened(&golf.on(Stock::new(80, 50, density))), none);
        assert_eq!(shortened(&golf.on(Stock::new(60, 40, density))), none);
        assert_eq!(shortened(&golf.on(Stock::new(40, 25, density))), [long]);
        let note = "请妥善保管本凭证，凭码取件。".repeat(12);
        let wordy = TicketLabel {
            note: note.clone(),
            ..ticket()
        };
        assert_eq!(shortened(&wordy.on(Stock::new(58, 40, density))), [note]);
    }
}

/// What people type into a field, and what they paste.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{0,40}",
        3 => "[行李箱寄存到期状况完好，。（）]{0,60}",
        2 => any::<String>(),
        1 => Just("W".repeat(300)),
        1 => Just("\n\n\u{85}\t".to_owned()),
    ]
}

/// A piece and a ticket with these words, the first ones in the shorter fields.
fn filled(words: &[String; 6], stock: Stock, is_gs1: bool) -> [Label; 2] {
    let [a, b, c, d, e, f] = words.clone();
    let piece = PieceLabel {
        mark: a.clone(),
        part: b.clone(),
        place: c.clone(),
        what: d.clone(),
        details: vec![e.clone(), f.clone(), d.clone()],
        gs1: is_gs1.then(|| GIAI.to_owned()),
        ..piece()
    };
    let ticket = TicketLabel {
        heading: a,
        code: b,
        details: vec![c, d, e],
        note: f,
        ..ticket()
    };
    let ticket_stock = Stock {
        width: stock.width.max(labels::Mm::whole(58)),
        height: stock.height.max(labels::Mm::whole(37)),
        ..stock
    };
    [piece.on(stock), ticket.on(ticket_stock)]
}

fn stocks(tallest: u16) -> impl Strategy<Value = Stock> {
    let density = prop::sample::select(Density::ALL.to_vec());
    let made = |(width, height, density)| Stock::new(width, height, density);
    (40_u16..=110, 25_u16..=tallest, density).prop_map(made)
}

fn overlap(a: Area, b: Area) -> bool {
    let apart = |from: labels::Mm, size: labels::Mm, other: labels::Mm| from.plus(size) <= other;
    !(apart(a.x, a.width, b.x)
        || apart(b.x, b.width, a.x)
        || apart(a.y, a.height, b.y)
        || apart(b.y, b.height, a.y))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_lies_on_anything_else(words in prop::array::uniform6(words()), stock in stocks(160), is_gs1: bool) {
        for label in filled(&words, stock, is_gs1) {
            let areas: Vec<Area> = label.elements.iter().map(|element| match element {
                Element::Text(text) => text.area,
                Element::Code(code) => code.area,
                Element::Line(area) => *area,
            }).collect();
            for (n, area) in areas.iter().enumerate() {
                for other in areas.iter().skip(n + 1) {
                    prop_assert!(!overlap(*area, *other), "{:?} and {:?} on {:?}", area, other, stock);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_words_spoil_the_codes(words in prop::array::uniform6(words()), stock in stocks(90), is_gs1: bool) {
        let [piece, ticket] = filled(&words, stock, is_gs1);
        check_reads(&piece, is_gs1, &format!("{words:?} {stock:?}"));
        check_reads(&ticket, false, &format!("{words:?} {stock:?}"));
    }

    #[test]
    fn every_number_is_read(code in "[0-9A-HJKMNP-TV-Z]{13}", stock in stocks(60), matrix: bool) {
        let symbol = if matrix { Square::DataMatrix } else { Square::Qr };
        let label = PieceLabel { mark: code[9..].to_owned(), code, symbol, ..piece() };
        check_reads(&label.on(stock), false, &format!("{label:?} {stock:?}"));
    }
}
