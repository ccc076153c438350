//! ZPL II, after Zebra's "ZPL II Programming Guide". All of it is ASCII.
//!
//! Data of fields is quoted by `^FH`: every byte but letters, digits and a few harmless signs is an underscore and two
//! hexadecimal digits, so no `^` or `~` of a user's is ever one of ours.

use std::fmt::Write as _;

use crate::arrange::{Arranged, Mark, PlacedCode, Words};
use crate::bitmap::Bitmap;
use crate::language::{Manner, printable};
use crate::model::{Content, Symbol};
use crate::symbol::{Unit, code128_units};

pub(super) fn say(label: &Arranged, manner: Manner) -> Vec<u8> {
    let stock = label.stock;
    let mut out = String::new();
    // ^JZY: what is spoiled when paper or ribbon end is printed again. It is the default, but lasts when changed.
    let _ = writeln!(
        out,
        "^XA^CI28^JZY^LH0,0^PW{}^LL{}",
        stock.width_dots(),
        stock.height_dots()
    );
    for mark in &label.marks {
        match mark {
            Mark::Words(words) => {
                let own = manner.own_letters.then(|| letters(words)).flatten();
                let said = own.unwrap_or_else(|| graphic(&words.picture, words.x, words.y));
                let _ = writeln!(out, "{said}");
            }
            Mark::Code(code) => {
                let own = manner.own_codes.then(|| barcode(code)).flatten();
                let said = own.unwrap_or_else(|| graphic(&code.picture, code.x, code.y));
                let _ = writeln!(out, "{said}");
            }
            Mark::Line {
                x,
                y,
                width,
                height,
            } => {
                let thick = width.min(height);
                let _ = writeln!(out, "^FO{x},{y}^GB{width},{height},{thick}^FS");
            }
        }
    }
    out.push_str("^PQ1,0,0,N^XZ\n");
    out.into_bytes()
}

/// Font 0 is narrower than ours of the same height (it is condensed), so what fits with ours fits with it; a tenth is
/// kept for emulations. Only at the left edge, since where it ends is not known.
fn letters(words: &Words) -> Option<String> {
    let line = words.plain.as_ref()?;
    let fits = line.width * 11 / 10 <= line.room_width;
    (fits && line.align == crate::model::Align::Left).then(|| {
        format!(
            "^FO{},{}^A0N,{size},{size}^FH^FD{}^FS",
            line.room_x,
            line.y,
            quoted(&line.text),
            size = line.size_dots
        )
    })
}

fn barcode(code: &PlacedCode) -> Option<String> {
    let PlacedCode {
        x, y, module_dots, ..
    } = code;
    match code.symbol {
        Symbol::Code128 => Some(format!(
            "^FO{x},{y}^BY{module_dots}^BCN,{},N,N,N,N^FH^FD{}^FS",
            code.height,
            code128(&code.content)?
        )),
        // Error correction M, input mode A: the printer finds the modes.
        Symbol::Qr => Some(format!(
            "^FO{x},{y}^BQN,2,{module_dots}^FH^FDMA,{}^FS",
            quoted(printable(&code.content)?)
        )),
        Symbol::DataMatrix => {
            let text = printable(&code.content)?;
            // Firmware differs on which of the two begins an escape sequence of ^BX.
            if text.contains(['_', '~']) {
                return None;
            }
            Some(format!(
                "^FO{x},{y}^BXN,{module_dots},200^FH^FD{}^FS",
                quoted(text)
            ))
        }
    }
}

/// Field data of ^BC in mode N: `>:` and `>;` begin in set B and C, `>6` and `>5` change to them, `>8` is FNC1, `>0` is
/// the sign `>` itself (table "Code 128 Invocation Characters").
fn code128(content: &Content) -> Option<String> {
    let mut out = String::new();
    for (n, unit) in code128_units(content).ok()?.into_iter().enumerate() {
        match unit {
            Unit::SetB => out.push_str(if n == 0 { ">:" } else { ">6" }),
            Unit::SetC => out.push_str(if n == 0 { ">;" } else { ">5" }),
            Unit::Fnc1 => out.push_str(">8"),
            Unit::Character('>') => out.push_str(">0"),
            Unit::Character(character) => out.push_str(&quoted(character.encode_utf8(&mut [0; 4]))),
            Unit::Pair(pair) => {
                let _ = write!(out, "{pair:02}");
            }
        }
    }
    Some(out)
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(byte)),
            b' ' | b'-' | b'.' | b',' | b'/' | b':' | b'(' | b')' | b'+' | b'=' | b'#' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "_{byte:02X}");
            }
        }
    }
    out
}

/// ^GFA: hexadecimal, a row that is like the one above as `:`, zeros to the end of a row as `,` ("Alternative Data
/// Compression Scheme").
fn graphic(picture: &Bitmap, x: u32, y: u32) -> String {
    let row_bytes = picture.row_bytes();
    let total = row_bytes * picture.height();
    let mut out = format!("^FO{x},{y}^GFA,{total},{total},{row_bytes},");
    let mut above: &[u8] = &[];
    for row in picture.bytes().chunks(row_bytes.max(1) as usize) {
        if row == above {
            out.push(':');
        } else {
            let mut hex = String::new();
            for byte in row {
                let _ = write!(hex, "{byte:02X}");
            }
            let kept = hex.trim_end_matches('0');
            out.push_str(kept);
            if kept.len() < hex.len() {
                out.push(',');
            }
        }
        above = row;
    }
    out.push_str("^FS");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_field_begins_a_command() {
        assert_eq!(quoted("^XZ~JA_\n螺"), "_5EXZ_7EJA_5F_0A_E8_9E_BA");
        assert_eq!(
            code128(&Content::Plain("A>^1".into())).unwrap(),
            ">:A>0_5E1"
        );
        assert_eq!(
            code128(&Content::Gs1("00106141412345678908".into())).unwrap(),
            ">;>800106141412345678908"
        );
    }

    #[test]
    fn a_picture_says_each_row_once() {
        let mut picture = Bitmap::new(16, 3);
        picture.fill(0, 0, 4, 2);
        assert_eq!(graphic(&picture, 1, 2), "^FO1,2^GFA,6,6,2,F,:,^FS");
    }
}
