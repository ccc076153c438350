//! What is said to printers: kept byte for byte, and never more than was meant.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read the kept answers; the crate reads no file"
)]

mod common;

use common::{fixtures, fonts, samples};
use labels::fake::{FakePrinter, Habits};
use labels::{
    Align, Area, Arranged, Code, Content, Density, Element, Fit, Label, Language, Manner, Mm,
    Stock, Symbol, Text,
};
use proptest::prelude::*;

/// Bytes as lines that a person can compare: what is not ASCII as `\xNN`, of long runs of it only length and sum.
fn readable(bytes: &[u8]) -> String {
    let mut out = String::new();
    // In ESC/POS each mark begins with ESC $.
    let mut chunks = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mut rest = line;
        while let Some(next) = rest.windows(2).skip(1).position(|two| two == b"\x1B$") {
            let (chunk, others) = rest.split_at(next + 1);
            chunks.push(chunk);
            rest = others;
        }
        chunks.push(rest);
    }
    for chunk in chunks {
        let binary = chunk
            .iter()
            .filter(|byte| !byte.is_ascii_graphic() && !byte.is_ascii_whitespace())
            .count();
        if binary > 64 || chunk.len() > 400 {
            let head: String = chunk
                .iter()
                .take(48)
                .map(|b| b.escape_ascii().to_string())
                .collect();
            // FNV-1a: small, and enough to see that something changed.
            let sum = chunk.iter().fold(0xCBF2_9CE4_8422_2325_u64, |sum, byte| {
                (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
            });
            out.push_str(&format!("{head} … {} bytes, {sum:016x}\n", chunk.len()));
        } else {
            let line: String = chunk.iter().map(|b| b.escape_ascii().to_string()).collect();
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

fn pixels(png: &[u8]) -> Option<(u32, Vec<u8>)> {
    let picture = image::load_from_memory(png).ok()?.to_luma8();
    Some((picture.width(), picture.into_raw()))
}

#[test]
fn each_template_is_said_as_it_always_was() {
    let mut differing = Vec::new();
    for (name, label) in samples(Density::Eight) {
        let arranged = Arranged::new(&label, fonts()).expect("a sample fits");
        let mut said: Vec<(String, Vec<u8>)> = Language::ALL
            .into_iter()
            .map(|language| {
                let bytes = language.say(&arranged, Manner::default());
                (
                    format!("{name}.{}.txt", language.code()),
                    readable(&bytes).into_bytes(),
                )
            })
            .collect();
        said.push((
            format!("{name}.png"),
            arranged.png().expect("packed into memory"),
        ));
        for (file, bytes) in said {
            let path = fixtures().join(&file);
            if std::env::var_os("LABELS_WRITE_FIXTURES").is_some() {
                std::fs::write(&path, &bytes).expect("fixtures can be written");
            }
            let known = std::fs::read(&path).unwrap_or_default();
            // How tightly a picture is packed depends on what else is built with it.
            let same = match file.ends_with(".png") {
                true => pixels(&known) == pixels(&bytes),
                false => known == bytes,
            };
            if !same {
                differing.push(file);
            }
        }
    }
    assert!(
        differing.is_empty(),
        "{differing:?} differ. If that is meant: LABELS_WRITE_FIXTURES=1, and look at the pictures."
    );
}

/// What people type, and what would be an order if it were not quoted.
fn contents() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ -~]{1,6}",
        1 => "[0-9]{1,12}",
        1 => "[\\x00-\\x1F]{1,2}",
        1 => "[螺栓不锈钢ä€]{1,3}",
        3 => prop::sample::select(vec![
            "^", "~", "_", "^XZ^XA", "^FS", "~JA", "^FD", "_5E", ">", ">8", ">:",
            "\"", "\\", "\\[\"]", "\"\r\nPRINT 9\r\n", "!105", "~1",
            "{", "{C", "{{", "\x1B@", "\x0C", "\x10\x04\x01", "1604", "\x1Dk",
            "\r\nPRINT\r\n", "ENDQR", "\r\nENDQR\r\n", "ENDDATAMATRIX", "! 0 200 200 9 9", " ",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

fn one(element: Element) -> Label {
    Label {
        stock: Stock::new(200, 32, Density::Eight),
        elements: vec![element],
    }
}

const AREA: Area = Area {
    x: Mm::whole(2),
    y: Mm::whole(2),
    width: Mm::whole(196),
    height: Mm::whole(28),
};

fn coded(symbol: Symbol, text: &str) -> Label {
    one(Element::Code(Code {
        symbol,
        content: Content::Plain(text.to_owned()),
        area: AREA,
        align: Align::Left,
    }))
}

/// What a printer makes of the label, and of another one behind it: the barcode if it drew it itself.
fn understood(language: Language, label: &Label, manner: Manner) -> Result<String, String> {
    let Ok(arranged) = Arranged::new(label, fonts()) else {
        // Too much for the symbol, or not for it at all; nothing is sent.
        return Ok(String::new());
    };
    let mut printer = FakePrinter::new(language, Habits::good());
    let mut orders = Vec::new();
    let next = Arranged::new(&coded(Symbol::Qr, "next"), fonts()).map_err(|e| e.to_string())?;
    for (label, manner) in [(&arranged, manner), (&next, Manner::default())] {
        printer.receive(&language.say(label, manner));
        while !printer.stands_still() {
            printer.tick();
        }
    }
    for order in printer.orders() {
        let known = order.map_err(|unknown| format!("not understood: {unknown}"))?;
        orders.push(known.to_owned());
    }
    if !printer.take_said().is_empty() {
        return Err("it was asked something".to_owned());
    }
    let codes: Vec<&str> = printer
        .tray()
        .iter()
        .map(|label| label.code.as_str())
        .collect();
    match codes.as_slice() {
        [code, "next"] => Ok((*code).to_owned()),
        other => Err(format!("{other:?} came out, orders {orders:?}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_content_is_an_order_and_each_is_said_as_it_is(text in contents()) {
        for language in Language::ALL {
            let words = one(Element::Text(Text {
                text: text.clone(),
                area: AREA,
                size: Mm::whole(4),
                bold: false,
                align: Align::Left,
                fit: Fit::Shrink(Mm::whole(2)),
            }));
            let read = understood(language, &words, Manner::default());
            prop_assert_eq!(read, Ok(String::new()), "{:?}", language);
            for symbol in Symbol::ALL {
                let read = understood(language, &coded(symbol, &text), Manner::default());
                let read = read.map_err(|what| TestCaseError::fail(format!("{language:?} {symbol:?}: {what}")))?;
                // Nothing: it went as a picture, or not at all.
                prop_assert!(read.is_empty() || read == text, "{:?} {:?}: {:?}", language, symbol, read);
            }
        }
    }
}

#[test]
fn codes_of_plain_words_are_drawn_by_the_printer() {
    for language in Language::ALL {
        for symbol in Symbol::ALL {
            for text in ["A-01-2", "BOLT M8", "12345678", "x#y/z"] {
                let label = coded(symbol, text);
                let own = understood(language, &label, Manner::default());
                assert_eq!(own.as_deref(), Ok(text), "{language:?} {symbol:?}");
                let pictures = Manner {
                    own_letters: false,
                    own_codes: false,
                };
                let none = understood(language, &label, pictures);
                assert_eq!(none.as_deref(), Ok(""), "{language:?} {symbol:?}");
            }
        }
    }
}

#[test]
fn plain_words_are_set_by_the_printer_and_others_are_pictures() {
    for language in Language::ALL {
        let drawn = |text: &str, bold: bool| {
            let label = one(Element::Text(Text {
                text: text.to_owned(),
                area: AREA,
                size: Mm::tenths(31),
                bold,
                align: Align::Left,
                fit: Fit::Ellipsis,
            }));
            let arranged = Arranged::new(&label, fonts()).expect("it fits");
            let mut printer = FakePrinter::new(language, Habits::good());
            printer.receive(&language.say(&arranged, Manner::default()));
            printer.tick();
            let orders: Vec<_> = printer.orders().filter_map(Result::ok).collect();
            ["text", "picture"].map(|kind| orders.contains(&kind))
        };
        assert_eq!(drawn("Lot 4711", false), [true, false], "{language:?}");
        assert_eq!(drawn("Lot 4711", true), [false, true], "{language:?}");
        assert_eq!(drawn("批次 4711", false), [false, true], "{language:?}");
    }
}
