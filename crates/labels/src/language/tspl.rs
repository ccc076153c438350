//! TSPL and TSPL2, after TSC's "TSPL/TSPL2 Programming Language". Lines of ASCII; only pictures are binary.
//!
//! In quotes a `"` is written `\["]`. There is no way to write a `\` for certain, since clones differ in what they take
//! it for: a content with one goes as a picture.

use std::fmt::Write as _;

use crate::arrange::{Arranged, Mark, PlacedCode, Words};
use crate::bitmap::Bitmap;
use crate::language::{Cell, Manner, in_cells, is_printable, printable, without};
use crate::measure::Mm;
use crate::model::{Content, Symbol};
use crate::symbol::{Unit, code128_units};

/// The fonts "1" to "5"; 2 dots of each cell's width lie between letters.
const CELLS: [Cell; 5] = [
    Cell {
        name: "1",
        width: 8,
        height: 12,
    },
    Cell {
        name: "2",
        width: 12,
        height: 20,
    },
    Cell {
        name: "3",
        width: 16,
        height: 24,
    },
    Cell {
        name: "4",
        width: 24,
        height: 32,
    },
    Cell {
        name: "5",
        width: 32,
        height: 48,
    },
];

/// What the printer obeys at once, wherever it comes.
const OBEYED: [&[u8]; 1] = [b"\x1B!"];

pub(super) fn say(label: &Arranged, manner: Manner) -> Vec<u8> {
    let stock = label.stock;
    let mm = |length: Mm| format!("{}.{}", length.in_tenths() / 10, length.in_tenths() % 10);
    let mut out = format!(
        "SIZE {} mm,{} mm\r\nGAP {} mm,0 mm\r\nDIRECTION 1\r\nREFERENCE 0,0\r\nSET REPRINT ON\r\nCLS\r\n",
        mm(stock.width),
        mm(stock.height),
        mm(stock.gap)
    )
    .into_bytes();
    for mark in &label.marks {
        match mark {
            Mark::Words(words) => match manner.own_letters.then(|| letters(words)).flatten() {
                Some(said) => out.extend_from_slice(said.as_bytes()),
                None => bitmap(&mut out, &words.picture, words.x, words.y),
            },
            Mark::Code(code) => match manner.own_codes.then(|| barcode(code)).flatten() {
                Some(said) => out.extend_from_slice(said.as_bytes()),
                None => bitmap(&mut out, &code.picture, code.x, code.y),
            },
            Mark::Line {
                x,
                y,
                width,
                height,
            } => {
                out.extend_from_slice(format!("BAR {x},{y},{width},{height}\r\n").as_bytes());
            }
        }
    }
    out.extend_from_slice(b"PRINT 1,1\r\n");
    out
}

fn letters(words: &Words) -> Option<String> {
    let line = words.plain.as_ref()?;
    let set = in_cells(line, &CELLS, 10)?;
    Some(format!(
        "TEXT {},{},\"{}\",0,{times},{times},\"{}\"\r\n",
        set.x,
        set.y,
        set.cell.name,
        quoted(&line.text)?,
        times = set.times
    ))
}

fn barcode(code: &PlacedCode) -> Option<String> {
    let PlacedCode {
        x,
        y,
        module_dots: module,
        height,
        ..
    } = code;
    match (code.symbol, &code.content) {
        (Symbol::Code128, Content::Plain(text)) => Some(format!(
            "BARCODE {x},{y},\"128\",{height},0,0,{module},{module},\"{}\"\r\n",
            quoted(text)?
        )),
        (Symbol::Code128, gs1 @ Content::Gs1(_)) => Some(format!(
            "BARCODE {x},{y},\"128M\",{height},0,0,{module},{module},\"{}\"\r\n",
            in_sets(gs1)?
        )),
        (Symbol::Qr, content) => Some(format!(
            "QRCODE {x},{y},M,{module},A,0,\"{}\"\r\n",
            quoted(printable(content)?)?
        )),
        (Symbol::DataMatrix, content) => {
            let text = printable(content)?;
            // `~` begins an escape sequence on some.
            if text.contains('~') {
                return None;
            }
            let side = code.picture.width();
            Some(format!(
                "DMATRIX {x},{y},{side},{side},x{module},\"{}\"\r\n",
                quoted(text)?
            ))
        }
    }
}

/// Code 128 with its sets said: `!104` and `!105` begin in B and C, `!100` and `!099` change to them, `!102` is FNC1.
fn in_sets(content: &Content) -> Option<String> {
    let mut out = String::new();
    for (n, unit) in code128_units(content).ok()?.into_iter().enumerate() {
        match unit {
            Unit::SetB => out.push_str(if n == 0 { "!104" } else { "!100" }),
            Unit::SetC => out.push_str(if n == 0 { "!105" } else { "!099" }),
            Unit::Fnc1 => out.push_str("!102"),
            Unit::Character('!') => return None,
            Unit::Character(character) => {
                out.push_str(&quoted(character.encode_utf8(&mut [0; 4]))?)
            }
            Unit::Pair(pair) => {
                let _ = write!(out, "{pair:02}");
            }
        }
    }
    Some(out)
}

fn quoted(text: &str) -> Option<String> {
    (is_printable(text) && !text.contains('\\')).then(|| text.replace('"', "\\[\"]"))
}

/// In a picture a bit of 0 is black.
fn bitmap(out: &mut Vec<u8>, picture: &Bitmap, x: u32, y: u32) {
    let head = format!(
        "BITMAP {x},{y},{},{},0,",
        picture.row_bytes(),
        picture.height()
    );
    out.extend_from_slice(head.as_bytes());
    let white = picture.bytes().iter().map(|byte| !byte).collect();
    out.extend_from_slice(&without(white, &OBEYED));
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_quoted_and_what_cannot_be_is_a_picture() {
        assert_eq!(quoted("3\" pipe").unwrap(), "3\\[\"] pipe");
        for text in ["a\\b", "a\r\nPRINT 9", "螺栓"] {
            assert_eq!(quoted(text), None, "{text:?}");
        }
        let gs1 = Content::Gs1("00106141412345678908".into());
        assert_eq!(in_sets(&gs1).unwrap(), "!105!10200106141412345678908");
    }
}
