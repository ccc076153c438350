//! ESC/POS, after Epson's "ESC/POS Command Reference". The label is one page (page mode), so that nothing is on paper
//! before its last byte has come.
//!
//! Data is counted, not ended by a sign, so nothing in it can end it.

use crate::arrange::{Arranged, Mark, PlacedCode, PlainLine, Words};
use crate::bitmap::Bitmap;
use crate::language::{Cell, Manner, in_cells, without};
use crate::measure::Density;
use crate::model::{Content, Symbol};
use crate::symbol::{Unit, code128_units};

/// Fonts A and B.
const CELLS: [Cell; 2] = [
    Cell {
        name: "\x00",
        width: 12,
        height: 24,
    },
    Cell {
        name: "\x01",
        width: 9,
        height: 17,
    },
];

/// DLE EOT, DLE ENQ, DLE DC4: obeyed at once, wherever they come.
const OBEYED: [&[u8]; 3] = [b"\x10\x04", b"\x10\x05", b"\x10\x14"];

pub(super) fn say(label: &Arranged, manner: Manner) -> Vec<u8> {
    let stock = label.stock;
    let mut out = b"\x1B@".to_vec();
    if stock.density == Density::Eight {
        // Distances in dots. 300 dpi cannot be said, but is the default of those that have it.
        out.extend_from_slice(b"\x1DP\xCB\xCB");
    }
    // Page mode, its area, upright, no text below barcodes.
    out.extend_from_slice(b"\x1BL\x1BW\x00\x00\x00\x00");
    out.extend_from_slice(&two(stock.width_dots()));
    out.extend_from_slice(&two(stock.height_dots()));
    out.extend_from_slice(b"\x1BT\x00\x1DH\x00");
    for mark in &label.marks {
        match mark {
            Mark::Words(words) => {
                let own = manner.own_letters.then(|| letters(words)).flatten();
                out.extend(own.unwrap_or_else(|| raster(&words.picture, words.x, words.y)));
            }
            Mark::Code(code) => {
                let own = manner.own_codes.then(|| barcode(code)).flatten();
                out.extend(own.unwrap_or_else(|| raster(&code.picture, code.x, code.y)));
            }
            Mark::Line {
                x,
                y,
                width,
                height,
            } => {
                let mut line = Bitmap::new(*width, *height);
                line.fill(0, 0, *width, *height);
                out.extend(raster(&line, *x, *y));
            }
        }
    }
    // Print the page and leave page mode.
    out.push(0x0C);
    out
}

fn two(number: u32) -> [u8; 2] {
    let [low, high, ..] = number.to_le_bytes();
    [low, high]
}

/// Moves to where something of this height begins: in page mode its lower edge counts.
fn at(x: u32, y: u32, height: u32) -> Vec<u8> {
    let mut out = b"\x1B$".to_vec();
    out.extend_from_slice(&two(x));
    out.extend_from_slice(b"\x1D$");
    out.extend_from_slice(&two(y + height));
    out
}

fn letters(words: &Words) -> Option<Vec<u8>> {
    let line: &PlainLine = words.plain.as_ref()?;
    let set = in_cells(line, &CELLS, 8)?;
    let times = u8::try_from(set.times).ok()? - 1;
    let mut out = at(set.x, set.y, set.cell.height * set.times);
    out.extend_from_slice(b"\x1BM");
    out.extend_from_slice(set.cell.name.as_bytes());
    out.extend_from_slice(&[0x1D, b'!', times << 4 | times]);
    out.extend_from_slice(line.text.as_bytes());
    Some(out)
}

fn barcode(code: &PlacedCode) -> Option<Vec<u8>> {
    let module = u8::try_from(code.module_dots).ok()?;
    let mut out = at(code.x, code.y, code.height);
    match code.symbol {
        Symbol::Code128 => {
            let height = u8::try_from(code.height).ok()?;
            let data = code128(&code.content)?;
            if !(2..=6).contains(&module) {
                return None;
            }
            out.extend_from_slice(&[0x1D, b'h', height, 0x1D, b'w', module]);
            out.extend_from_slice(&[0x1D, b'k', 73, u8::try_from(data.len()).ok()?]);
            out.extend(data);
        }
        Symbol::Qr => {
            if module > 16 {
                return None;
            }
            // Model 2, module, error correction M, the data, print.
            out.extend(two_dimensional(49, 65, &[50, 0])?);
            out.extend(two_dimensional(49, 67, &[module])?);
            out.extend(two_dimensional(49, 69, &[49])?);
            out.extend(stored_and_printed(49, &code.content)?);
        }
        Symbol::DataMatrix => {
            if !(2..=16).contains(&module) {
                return None;
            }
            // Square of any size, module, the data, print.
            out.extend(two_dimensional(54, 66, &[48, 0, 0])?);
            out.extend(two_dimensional(54, 67, &[module])?);
            out.extend(stored_and_printed(54, &code.content)?);
        }
    }
    Some(out)
}

/// GS ( k: kind of code, function, parameters.
fn two_dimensional(kind: u8, function: u8, parameters: &[u8]) -> Option<Vec<u8>> {
    let count = u16::try_from(parameters.len() + 2).ok()?;
    let mut out = b"\x1D(k".to_vec();
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&[kind, function]);
    out.extend_from_slice(parameters);
    Some(out)
}

fn stored_and_printed(kind: u8, content: &Content) -> Option<Vec<u8>> {
    // FNC1 has no sign here.
    let Content::Plain(text) = content else {
        return None;
    };
    // A sequence that is obeyed must not be in data either, and there it cannot be changed.
    let hidden = OBEYED
        .iter()
        .any(|obeyed| text.as_bytes().windows(2).any(|part| part == *obeyed));
    if hidden || !text.is_ascii() {
        return None;
    }
    let mut stored = vec![48];
    stored.extend_from_slice(text.as_bytes());
    let mut out = two_dimensional(kind, 80, &stored)?;
    out.extend(two_dimensional(kind, 81, &[48])?);
    Some(out)
}

/// Data of GS k 73: `{B` and `{C` choose the set, `{1` is FNC1, `{{` is the sign `{` itself. Pairs are one byte.
fn code128(content: &Content) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for unit in code128_units(content).ok()? {
        match unit {
            Unit::SetB => out.extend_from_slice(b"{B"),
            Unit::SetC => out.extend_from_slice(b"{C"),
            Unit::Fnc1 => out.extend_from_slice(b"{1"),
            Unit::Character('{') => out.extend_from_slice(b"{{"),
            Unit::Character(character) => out.push(u8::try_from(character).ok()?),
            Unit::Pair(pair) => out.push(pair),
        }
    }
    // "1604" in pairs is DLE EOT.
    let hidden = OBEYED
        .iter()
        .any(|obeyed| out.windows(2).any(|part| part == *obeyed));
    (!hidden).then_some(out)
}

fn raster(picture: &Bitmap, x: u32, y: u32) -> Vec<u8> {
    let mut out = at(x, y, picture.height());
    out.extend_from_slice(b"\x1Dv0\x00");
    out.extend_from_slice(&two(picture.row_bytes()));
    out.extend_from_slice(&two(picture.height()));
    out.extend(without(picture.bytes().to_vec(), &OBEYED));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_would_be_obeyed_is_a_picture() {
        assert_eq!(code128(&Content::Plain("A{1".into())).unwrap(), b"{BA{{1");
        assert_eq!(code128(&Content::Plain("1604".into())), None);
        assert_eq!(
            stored_and_printed(49, &Content::Plain("a\u{10}\u{4}".into())),
            None
        );
    }
}
