//! What printers say of themselves, and how they are asked.
//!
//! | language | question | source |
//! |---|---|---|
//! | ZPL | `~HS` | ZPL II Programming Guide, "Host Status Return" |
//! | TSPL | `ESC ! ?` | TSPL/TSPL2 Programming Language, "Status Polling" |
//! | ESC/POS | `DLE EOT` 1, 2, 4 | ESC/POS Command Reference, "Transmit real-time status" |
//! | CPCL | `ESC h` | CPCL Programming Manual, "Get Printer Status" |
//!
//! Most answer at once, before they have done what they got earlier. A *fence* is a question that is answered in its
//! turn: `OUT` in TSPL, `GS r 1` in ESC/POS. ZPL needs none, since its answer counts the labels that are still to come,
//! nor CPCL, whose answer says that the previous label is done.

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// The state of a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    Ready,
    /// At work on what it was given.
    Busy,
    PaperOut,
    HeadOpen,
    /// A person pressed pause, or the printer is off line.
    Paused,
    /// Ribbon, jam, cutter, heat.
    Error,
    /// It answered, and not as its language says.
    Unknown,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Condition; 7] = [
        Condition::Ready,
        Condition::Busy,
        Condition::PaperOut,
        Condition::HeadOpen,
        Condition::Paused,
        Condition::Error,
        Condition::Unknown,
    ];

    /// Stable code: translated by it.
    pub fn code(self) -> &'static str {
        match self {
            Condition::Ready => "ready",
            Condition::Busy => "busy",
            Condition::PaperOut => "paper-out",
            Condition::HeadOpen => "head-open",
            Condition::Paused => "paused",
            Condition::Error => "error",
            Condition::Unknown => "unknown",
        }
    }
}

/// What was understood of a printer's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    Condition(Condition),
    /// All that was sent before the fence is done with. TSPL says which fence.
    Fence(Option<u32>),
    /// It was switched on since it was last acknowledged (CPCL).
    Restarted,
}

const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// Asks for the condition. `acknowledge`: CPCL forgets earlier restarts before it answers.
pub(crate) fn question(language: Language, acknowledge: bool) -> &'static [u8] {
    match (language, acknowledge) {
        (Language::Zpl, _) => b"~HS",
        (Language::Tspl, _) => b"\x1B!?",
        (Language::EscPos, _) => b"\x10\x04\x01\x10\x04\x02\x10\x04\x04",
        (Language::Cpcl, true) => b"\x1BN\x1Bh",
        (Language::Cpcl, false) => b"\x1Bh",
    }
}

/// A question that is answered after all that was sent before it. What stands before it ends a fence of which only a
/// part came, over an earlier connection.
pub(crate) fn fence(language: Language, number: u32) -> Vec<u8> {
    match language {
        Language::Zpl | Language::Cpcl => Vec::new(),
        Language::Tspl => {
            let mut out = b"\r\nOUT \"".to_vec();
            out.extend(fence_text(number));
            out.extend_from_slice(b"\"\r\n");
            out
        }
        Language::EscPos => b"\0\0\x1Dr\x01".to_vec(),
    }
}

/// "xy" and eight of the letters g to v, a nibble each: no byte of it is a status that a printer would send.
pub(crate) fn fence_text(number: u32) -> Vec<u8> {
    let nibbles = (0..8).rev().map(|n| (number >> (4 * n) & 0xF) as u8);
    b"xy"
        .iter()
        .copied()
        .chain(nibbles.map(|nibble| b'g' + nibble))
        .collect()
}

/// What makes a printer forget a label of which it got only a part, at most `label_bytes` long, and listen again. Whole
/// labels that it holds are not touched: they may be another's.
pub(crate) fn forget_part(language: Language, label_bytes: usize) -> Vec<u8> {
    match language {
        // Cancels the format that is being received, and no other (ZPL II Programming Guide, ~JX). Twice, since the
        // first may be taken for the rest of a command that was cut in the middle.
        Language::Zpl => b"~JX~JX".to_vec(),
        // The rest of a picture is swallowed, then an open line ends; without PRINT nothing is printed.
        Language::Tspl => b"\r\n".repeat(label_bytes / 2 + 1),
        // Zeros end any command; CAN empties the page, ESC @ leaves page mode.
        Language::EscPos => {
            let mut bytes = vec![0; label_bytes];
            bytes.extend_from_slice(b"\x18\x1B@");
            bytes
        }
        // Ends the data of a barcode, then the label. A label of its own is begun for it, since a printer that is within
        // none would print these words.
        Language::Cpcl => b"! 0 200 200 8 1\r\nENDQR\r\nENDDATAMATRIX\r\nABORT\r\n".to_vec(),
    }
}

/// More than this of an answer that makes no sense is forgotten.
const ANSWER_BYTES_MAX: usize = 1024;

/// Understands a printer's bytes, in whatever pieces they come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ear {
    buffer: Vec<u8>,
    /// What may follow a fence's text, and is no status.
    line_end: &'static [u8],
}

impl Ear {
    /// What is complete with these bytes.
    pub(crate) fn hear(&mut self, language: Language, bytes: &[u8]) -> Vec<Heard> {
        let mut heard = Vec::new();
        for byte in bytes {
            match language {
                Language::Zpl => heard.extend(self.hear_zpl(*byte)),
                Language::Tspl => heard.extend(self.hear_tspl(*byte)),
                Language::EscPos => heard.extend(self.hear_escpos(*byte)),
                Language::Cpcl => heard.extend(hear_cpcl(*byte)),
            }
        }
        heard
    }

    /// Forgets a part of an answer: what comes next belongs to another question.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Three strings, each between STX and ETX; the first has twelve fields, the second eleven.
    fn hear_zpl(&mut self, byte: u8) -> Option<Heard> {
        self.buffer.push(byte);
        if self.buffer.len() > ANSWER_BYTES_MAX {
            self.buffer.clear();
            return Some(Heard::Condition(Condition::Unknown));
        }
        if byte != ETX {
            return None;
        }
        let text = String::from_utf8_lossy(&self.buffer).into_owned();
        let strings: Vec<Vec<&str>> = text
            .split(char::from(ETX))
            .filter_map(|part| part.split_once(char::from(STX)))
            .map(|(_, fields)| fields.split(',').map(str::trim).collect())
            .collect();
        match strings.as_slice() {
            // The end of an answer whose beginning was lost.
            [other] if other.len() != 12 => {
                self.buffer.clear();
                None
            }
            [first, second, _] => {
                let condition = zpl_condition(first, second).unwrap_or(Condition::Unknown);
                self.buffer.clear();
                Some(Heard::Condition(condition))
            }
            _ => None,
        }
    }

    fn hear_tspl(&mut self, byte: u8) -> Option<Heard> {
        if let Some((expected, rest)) = self.line_end.split_first() {
            self.line_end = rest;
            if byte == *expected {
                return None;
            }
            self.line_end = &[];
        }
        if (b'g'..=b'z').contains(&byte) {
            if byte == b'x' {
                self.buffer.clear();
            }
            self.buffer.push(byte);
            let number = match self.buffer.as_slice() {
                [b'x', b'y', letters @ ..] if letters.len() == 8 => {
                    letters.iter().fold(0_u32, |number, letter| {
                        number << 4 | u32::from((letter - b'g') & 0xF)
                    })
                }
                _ => return None,
            };
            self.buffer.clear();
            self.line_end = b"\r\n";
            return Some(Heard::Fence(Some(number)));
        }
        let condition = match byte {
            0 => Condition::Ready,
            _ if byte & 0x04 != 0 => Condition::PaperOut,
            _ if byte & 0x41 != 0 => Condition::HeadOpen,
            _ if byte & 0x8A != 0 => Condition::Error,
            _ if byte & 0x10 != 0 => Condition::Paused,
            _ => Condition::Busy,
        };
        Some(Heard::Condition(condition))
    }

    /// Three bytes with bits 1 and 4 set: printer, why it is off line, paper. A fence's byte has bit 4 clear.
    fn hear_escpos(&mut self, byte: u8) -> Option<Heard> {
        if byte & 0x90 == 0 {
            return Some(Heard::Fence(None));
        }
        // Flow control, and automatic status of which we did not ask.
        if byte & 0x93 != 0x12 {
            return None;
        }
        self.buffer.push(byte);
        let [printer, offline, paper] = *self.buffer.as_slice() else {
            return None;
        };
        self.buffer.clear();
        let condition = if offline & 0x04 != 0 {
            Condition::HeadOpen
        } else if offline & 0x20 != 0 || paper & 0x60 != 0 {
            Condition::PaperOut
        } else if offline & 0x40 != 0 {
            Condition::Error
        } else if printer & 0x08 != 0 {
            Condition::Paused
        } else {
            Condition::Ready
        };
        Some(Heard::Condition(condition))
    }
}

/// `None`: fields are missing or are no numbers.
fn zpl_condition(first: &[&str], second: &[&str]) -> Option<Condition> {
    let number = |fields: &[&str], n: usize| fields.get(n)?.parse::<u32>().ok();
    let set = |fields: &[&str], n: usize| number(fields, n).map(|flag| flag != 0);
    let (paper_out, paused) = (set(first, 1)?, set(first, 2)?);
    let (formats, part_of_one) = (number(first, 4)?, set(first, 7)?);
    let too_hot = set(first, 11)?;
    let (head_up, ribbon_out) = (set(second, 2)?, set(second, 3)?);
    let (label_waiting, labels) = (set(second, 7)?, number(second, 8)?);
    Some(if paper_out {
        Condition::PaperOut
    } else if head_up {
        Condition::HeadOpen
    } else if ribbon_out || too_hot {
        Condition::Error
    } else if paused {
        Condition::Paused
    } else if formats > 0 || part_of_one || label_waiting || labels > 0 {
        Condition::Busy
    } else {
        Condition::Ready
    })
}

fn hear_cpcl(byte: u8) -> Vec<Heard> {
    let condition = match byte {
        _ if byte & 0xE0 != 0 => Condition::Unknown,
        _ if byte & 0x02 != 0 => Condition::PaperOut,
        _ if byte & 0x04 != 0 => Condition::HeadOpen,
        _ if byte & 0x01 != 0 => Condition::Busy,
        // A weak battery prints.
        _ => Condition::Ready,
    };
    let restarted = (byte & 0xF0 == 0x10).then_some(Heard::Restarted);
    restarted
        .into_iter()
        .chain([Heard::Condition(condition)])
        .collect()
}

#[cfg(test)]
mod tests;
