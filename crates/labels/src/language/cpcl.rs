//! CPCL, after Zebra's "CPCL Programming Manual". Lines of ASCII, pictures in hexadecimal too, so that a line end always
//! ends whatever was begun.
//!
//! A content ends with its line and cannot be quoted: one with spaces at its ends, or anything but printable ASCII, goes
//! as a picture.

use std::fmt::Write as _;

use crate::arrange::{Arranged, Mark, PlacedCode, Words};
use crate::bitmap::Bitmap;
use crate::language::{Cell, Manner, in_cells, printable};
use crate::model::{Content, Symbol};

/// Font 7, the one of equally wide letters that every model has.
const CELLS: [Cell; 1] = [Cell {
    name: "7",
    width: 12,
    height: 24,
}];

pub(super) fn say(label: &Arranged, manner: Manner) -> Vec<u8> {
    let stock = label.stock;
    let mut out = format!(
        "! 0 200 200 {} 1\r\nPAGE-WIDTH {}\r\n",
        stock.height_dots(),
        stock.width_dots()
    );
    for mark in &label.marks {
        match mark {
            Mark::Words(words) => {
                let own = manner.own_letters.then(|| letters(words)).flatten();
                out.push_str(&own.unwrap_or_else(|| graphic(&words.picture, words.x, words.y)));
            }
            Mark::Code(code) => {
                let own = manner.own_codes.then(|| barcode(code)).flatten();
                out.push_str(&own.unwrap_or_else(|| graphic(&code.picture, code.x, code.y)));
            }
            Mark::Line {
                x,
                y,
                width,
                height,
            } => {
                // A line has a width to the right of and below its two ends.
                let (x1, y1, thick) = if width >= height {
                    (x + width, *y, height)
                } else {
                    (*x, y + height, width)
                };
                let _ = write!(out, "LINE {x} {y} {x1} {y1} {thick}\r\n");
            }
        }
    }
    out.push_str("FORM\r\nPRINT\r\n");
    out.into_bytes()
}

fn letters(words: &Words) -> Option<String> {
    let line = words.plain.as_ref()?;
    let set = in_cells(line, &CELLS, 16)?;
    Some(format!(
        "SETMAG {times} {times}\r\nTEXT {} 0 {} {} {}\r\nSETMAG 0 0\r\n",
        set.cell.name,
        set.x,
        set.y,
        whole_line(&line.text)?,
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
    let text = whole_line(printable(&code.content)?)?;
    let is_linear = code.symbol == Symbol::Code128;
    // The lines that end the data of square codes, and an escape sequence of some.
    if !is_linear
        && ["ENDQR", "ENDDATAMATRIX", "~"]
            .iter()
            .any(|end| text.contains(end))
    {
        return None;
    }
    match code.symbol {
        Symbol::Code128 => Some(format!(
            "BARCODE 128 {module} 0 {height} {x} {y} {text}\r\n"
        )),
        Symbol::Qr => Some(format!(
            "BARCODE QR {x} {y} M 2 U {module}\r\nMA,{text}\r\nENDQR\r\n"
        )),
        Symbol::DataMatrix => Some(format!(
            "BARCODE DATAMATRIX {x} {y} H {module} S 200\r\n{text}\r\nENDDATAMATRIX\r\n"
        )),
    }
}

fn whole_line(text: &str) -> Option<&str> {
    let content = Content::Plain(text.to_owned());
    let whole = printable(&content).is_some() && !text.is_empty() && text.trim() == text;
    whole.then_some(text)
}

fn graphic(picture: &Bitmap, x: u32, y: u32) -> String {
    let mut out = format!("EG {} {} {x} {y} ", picture.row_bytes(), picture.height());
    for byte in picture.bytes() {
        let _ = write!(out, "{byte:02X}");
    }
    out.push_str("\r\n");
    out
}
