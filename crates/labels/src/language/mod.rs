//! The languages of printers. Each module names the manual that it follows.
//!
//! What is said in a printer's own words and what as a picture: barcodes and lines are the printer's own; so are texts
//! of one line in plain ASCII, where the width of the printer's letters is known. Chinese, bold letters, and contents
//! that a language cannot quote for certain go as pictures. A picture never injects a command.

mod cpcl;
mod escpos;
mod png;
mod tspl;
mod zpl;

pub use png::PngFailed;

use serde::{Deserialize, Serialize};

use crate::arrange::{Arranged, PlainLine, aligned};
use crate::model::Content;

/// What a printer understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// ZPL II: Zebra, and most others as an emulation.
    Zpl,
    /// TSPL and TSPL2: TSC, and most label printers made in China.
    Tspl,
    /// ESC/POS with page mode: receipt printers.
    EscPos,
    /// CPCL: mobile printers of Zebra and others.
    Cpcl,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 4] = [
        Language::Zpl,
        Language::Tspl,
        Language::EscPos,
        Language::Cpcl,
    ];

    /// Stable code: stored, and shown as it is.
    pub fn code(self) -> &'static str {
        match self {
            Language::Zpl => "zpl",
            Language::Tspl => "tspl",
            Language::EscPos => "esc-pos",
            Language::Cpcl => "cpcl",
        }
    }

    /// The language of a stable code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.code() == code)
    }

    /// The bytes that make the printer print the label once.
    pub fn say(self, label: &Arranged, manner: Manner) -> Vec<u8> {
        match self {
            Language::Zpl => zpl::say(label, manner),
            Language::Tspl => tspl::say(label, manner),
            Language::EscPos => escpos::say(label, manner),
            Language::Cpcl => cpcl::say(label, manner),
        }
    }
}

/// How much the printer does itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manner {
    /// Texts that the printer could set are set by the printer, which sends fewer bytes. Otherwise all are pictures, and
    /// look alike on every printer.
    pub own_letters: bool,
    /// Barcodes are drawn by the printer, as sharp as it can. Otherwise all are pictures, for printers that lack a kind.
    pub own_codes: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            own_letters: true,
            own_codes: true,
        }
    }
}

/// Whether every byte is printable ASCII, so that no byte of it can end a line or begin a command by itself.
fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7F).contains(&byte))
}

/// A plain barcode's text that a printer can be told in printable characters.
fn printable(content: &Content) -> Option<&str> {
    match content {
        Content::Plain(text) if is_printable(text) => Some(text),
        Content::Plain(_) | Content::Gs1(_) => None,
    }
}

/// A printer's letters that are all equally wide, enlarged by whole numbers.
#[derive(Debug, Clone, Copy)]
struct Cell {
    name: &'static str,
    width: u32,
    height: u32,
}

/// A line set in cells: which, how many times enlarged, and where it begins.
#[derive(Debug, Clone, Copy)]
struct InCells {
    cell: Cell,
    times: u32,
    x: u32,
    y: u32,
}

/// The largest cells in which the line is no higher than wanted and no wider than its room. `None`: they would be much
/// smaller than wanted, and a picture is better.
fn in_cells(line: &PlainLine, cells: &[Cell], times_max: u32) -> Option<InCells> {
    let letters = u32::try_from(line.text.len()).ok()?;
    let fitting = cells
        .iter()
        .flat_map(|cell| (1..=times_max).map(move |times| (*cell, times)));
    let (cell, times) = fitting
        .filter(|(cell, times)| {
            cell.height * times <= line.size_dots && letters * cell.width * times <= line.room_width
        })
        // Of two equally high, the one that is not enlarged: it is drawn finer.
        .max_by_key(|(cell, times)| (cell.height * times, u32::MAX - times))?;
    let height = cell.height * times;
    (height * 4 >= line.size_dots * 3).then(|| InCells {
        cell,
        times,
        x: line.room_x + aligned(line.align, line.room_width, letters * cell.width * times),
        y: line.y + (line.size_dots - height) / 2,
    })
}

/// `bytes` without any of the sequences that a printer obeys wherever it sees them, even in a picture. One dot of the
/// picture is changed for it.
fn without(mut bytes: Vec<u8>, obeyed: &[&[u8]]) -> Vec<u8> {
    for sequence in obeyed {
        let mut from = 0;
        while let Some(found) = bytes.get(from..).and_then(|rest| {
            rest.windows(sequence.len())
                .position(|part| part == *sequence)
        }) {
            if let Some(byte) = bytes.get_mut(from + found) {
                *byte ^= 0x40;
            }
            from += found + 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Align;

    #[test]
    fn letters_of_the_printer_are_as_large_as_room_and_size_let_them_be() {
        let cells = [
            Cell {
                name: "small",
                width: 8,
                height: 12,
            },
            Cell {
                name: "large",
                width: 16,
                height: 24,
            },
        ];
        let check = |text: &str, room_width, size_dots, expected: Option<(&str, u32, u32)>| {
            let line = PlainLine {
                text: text.to_owned(),
                room_x: 100,
                y: 0,
                room_width,
                size_dots,
                width: 0,
                align: Align::Right,
            };
            let found = in_cells(&line, &cells, 3);
            let found = found.map(|set| (set.cell.name, set.times, set.x));
            assert_eq!(found, expected, "{text} {room_width} {size_dots}");
        };
        check("ABC", 200, 30, Some(("large", 1, 252)));
        check("ABC", 200, 50, Some(("large", 2, 204)));
        check("ABC", 40, 14, Some(("small", 1, 116)));
        check("ABC", 40, 30, None);
        check("ABC", 10, 12, None);
    }

    #[test]
    fn a_picture_never_holds_a_sequence_that_is_obeyed() {
        let obeyed: [&[u8]; 2] = [&[0x10, 4], &[0x10, 5]];
        let bytes = vec![0x10, 4, 0x10, 0x10, 5, 0x10, 4];
        let clean = without(bytes.clone(), &obeyed);
        assert_eq!(clean.len(), bytes.len());
        for sequence in obeyed {
            assert!(!clean.windows(2).any(|part| part == sequence));
        }
    }
}
