//! What a camera reads off the labels, and what a person does.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]

mod common;

use common::{CLAIM, GIAI, fonts, read, read_surely, samples};
use labels::template::{BinLabel, ItemLabel, PlateLabel, UnitLabel};
use labels::{
    Align, Area, Arranged, Code, Content, Density, Element, Fit, Label, LabelError, Mm, Stock,
    Symbol, Text,
};
use scan::Symbology;

#[test]
fn every_code_on_every_template_is_read_again() {
    let (sscc, number) = ("00106141412345678908", "7K2M9QXTR4WD1");
    for density in Density::ALL {
        for (name, label) in samples(density) {
            let arranged = Arranged::new(&label, fonts()).unwrap();
            assert_eq!(arranged.shortened, [] as [usize; 0], "{name}");
            let (mut found, weak) = read_surely(&arranged.png().unwrap());
            let expected: Vec<(Symbology, &str)> = match name {
                "bin" => vec![(Symbology::Code128, "A-01-2"), (Symbology::Qr, "A-01-2")],
                "item" => vec![
                    (Symbology::Code128, "BOLT-M8-40"),
                    (Symbology::Qr, "BOLT-M8-40"),
                ],
                "plate" => vec![(Symbology::Gs1_128, sscc), (Symbology::Gs1DataMatrix, sscc)],
                "own-plate" => vec![(Symbology::Code128, "LP-0077"), (Symbology::Qr, "LP-0077")],
                "unit" => vec![(Symbology::DataMatrix, "SN20260417003")],
                "piece" => vec![(Symbology::Code128, number), (Symbology::Qr, number)],
                "small-piece" => vec![(Symbology::DataMatrix, number)],
                "gs1-piece" => vec![(Symbology::Gs1_128, GIAI), (Symbology::Gs1DataMatrix, GIAI)],
                "ticket" => vec![(Symbology::Qr, CLAIM)],
                "small-ticket" => vec![(Symbology::Qr, "7K2M9-QXTR4-WD1PC")],
                other => panic!("{other}"),
            };
            // Of two reads of the same bars that differ by chance in step with the check character, both are weak.
            let is_expected =
                |read: &(Symbology, String)| expected.contains(&(read.0, read.1.as_str()));
            found.extend(weak.into_iter().filter(is_expected));
            found.sort();
            let found: Vec<(Symbology, &str)> = found
                .iter()
                .map(|(symbology, text)| (*symbology, text.as_str()))
                .collect();
            assert_eq!(found, expected, "{name} {density:?}");
        }
    }
}

fn one(element: Element) -> Label {
    Label {
        stock: Stock::new(60, 30, Density::Eight),
        elements: vec![element],
    }
}

const WHOLE: Area = Area {
    x: Mm::whole(0),
    y: Mm::whole(0),
    width: Mm::whole(60),
    height: Mm::whole(30),
};

#[test]
fn codes_say_what_they_were_given() {
    let check = |symbol: Symbol, text: &str, expected: Symbology| {
        let label = one(Element::Code(Code {
            symbol,
            content: Content::Plain(text.to_owned()),
            area: WHOLE,
            align: Align::Middle,
        }));
        let found = read(&Arranged::new(&label, fonts()).unwrap().png().unwrap());
        assert_eq!(found, [(expected, text.to_owned())]);
    };
    check(Symbol::Code128, "AB1234567x", Symbology::Code128);
    check(Symbol::Code128, "^XA~\"{>!", Symbology::Code128);
    check(Symbol::Qr, "螺栓 M8\nzweite Zeile ä", Symbology::Qr);
    check(Symbol::DataMatrix, "a^b~c\"d\\e", Symbology::DataMatrix);
    check(Symbol::DataMatrix, "螺栓 M8", Symbology::DataMatrix);
}

#[test]
fn a_code_that_does_not_fit_or_cannot_be_is_an_error_and_not_a_smear() {
    let check = |symbol: Symbol, text: &str, width_mm: u16, expected: LabelError| {
        let label = one(Element::Code(Code {
            symbol,
            content: Content::Plain(text.to_owned()),
            area: Area {
                width: Mm::whole(width_mm),
                ..WHOLE
            },
            align: Align::Left,
        }));
        assert_eq!(Arranged::new(&label, fonts()).unwrap_err(), expected);
    };
    let element = 0;
    let too_large = LabelError::CodeTooLarge { element };
    check(Symbol::Code128, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 60, too_large);
    check(Symbol::Qr, &"x".repeat(400), 20, too_large);
    let not_encodable = LabelError::CodeNotEncodable { element };
    check(Symbol::Code128, "螺栓", 60, not_encodable);
    check(Symbol::Qr, &"x".repeat(4000), 60, not_encodable);
    check(
        Symbol::Code128,
        "A",
        61,
        LabelError::BeyondLabel { element },
    );
    for error in [
        too_large,
        not_encodable,
        LabelError::BeyondLabel { element },
    ] {
        assert!(LabelError::CODES.contains(&error.code()));
    }
}

const WRAP: Fit = Fit::Wrap(Mm::whole(5));

/// Whether the text had to be shortened, and the rows with black in them as runs.
fn set(text: &str, fit: Fit, width_mm: u16, height_mm: u16) -> (bool, usize) {
    let label = one(Element::Text(Text {
        text: text.to_owned(),
        area: Area {
            width: Mm::whole(width_mm),
            height: Mm::whole(height_mm),
            ..WHOLE
        },
        size: Mm::whole(5),
        bold: true,
        align: Align::Left,
        fit,
    }));
    let arranged = Arranged::new(&label, fonts()).unwrap();
    let picture = arranged.picture();
    let right = width_mm as u32 * 8;
    let beyond =
        (0..picture.height()).any(|y| (right + 2..picture.width()).any(|x| picture.is_black(x, y)));
    assert!(!beyond, "{text} reaches beyond its width");
    let black: Vec<bool> = (0..picture.height())
        .map(|y| (0..picture.width()).any(|x| picture.is_black(x, y)))
        .collect();
    let lines = black.windows(2).filter(|rows| !rows[0] && rows[1]).count()
        + usize::from(black.first() == Some(&true));
    (!arranged.shortened.is_empty(), lines)
}

#[test]
fn text_is_shrunk_wrapped_or_visibly_shortened() {
    let shrink = Fit::Shrink(Mm::whole(2));
    assert_eq!(set("不锈钢螺栓", shrink, 40, 10), (false, 1));
    assert_eq!(set("不锈钢螺栓不锈钢螺栓", shrink, 25, 10), (false, 1));
    assert_eq!(set(&"不锈钢螺栓".repeat(9), shrink, 25, 10), (true, 1));
    assert_eq!(set("不锈钢螺栓不锈钢螺栓", WRAP, 30, 11), (false, 2));
    let smaller = Fit::Wrap(Mm::whole(2));
    assert_eq!(set(&"不锈钢螺栓".repeat(4), smaller, 30, 11), (false, 3));
    assert_eq!(set(&"不锈钢螺栓".repeat(9), WRAP, 30, 11), (true, 2));
    assert_eq!(
        set("不锈钢螺栓不锈钢螺栓", Fit::Ellipsis, 30, 11),
        (true, 1)
    );
    assert_eq!(set("一\n二", Fit::Ellipsis, 30, 5), (true, 1));
}

#[test]
fn a_character_that_the_fonts_lack_is_told() {
    assert_eq!(fonts().lacks("螺栓 M8\nä"), [] as [char; 0]);
    assert_eq!(fonts().lacks("A🦀"), ['🦀']);
}

#[test]
fn templates_stand_on_any_stock_and_with_any_words() {
    for (width, height) in [(40, 25), (50, 30), (60, 40), (100, 50), (100, 150)] {
        let stock = Stock::new(width, height, Density::Eight);
        let bin = BinLabel {
            code: "WAREHOUSE-7-A-01-02-03-LEFT".into(),
            scan: "WAREHOUSE-7-A-01-02-03-LEFT".into(),
            ..BinLabel::default()
        };
        let item = ItemLabel {
            name: "很长的名称".repeat(20),
            code: "X".repeat(40),
            scan: "4006381333931".into(),
            details: (0..6).map(|n| format!("第 {n} 行")).collect(),
        };
        let plate = |code: &str| PlateLabel {
            heading: "托盘".into(),
            code: code.into(),
            details: Vec::new(),
        };
        let plate_with_details = PlateLabel {
            details: vec!["ASN 4711 / 3".into(), "六角头螺栓".into()],
            ..plate("106141412345678908")
        };
        let unit = UnitLabel {
            item_name: "很长的名称".repeat(20),
            serial: "SN20260417003-0000000001".into(),
            scan: "SN20260417003-0000000001".into(),
            details: vec!["保修至 2028-04".into()],
        };
        for label in [
            bin.on(stock),
            item.on(stock),
            plate_with_details.on(stock),
            unit.on(stock),
            plate("106141412345678908").on(stock),
            plate("LP-7").on(stock),
        ] {
            let arranged = Arranged::new(&label, fonts());
            assert!(arranged.is_ok(), "{width}x{height}: {arranged:?}");
        }
    }
}
