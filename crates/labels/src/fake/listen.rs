//! What a fake printer understands: enough of each language to know where a label begins and ends, what its first
//! barcode says, and whether anything in it is an order that nobody meant.

use crate::fake::quoted::{escpos_code128, lossy, tspl_quoted, unhex, without_sets, zpl_code128};
use crate::language::Language;

/// Something that a printer was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// Print a label, with this as its first barcode.
    Print(String),
    /// Something to be on the label.
    Draw(&'static str),
    /// Anything else that is allowed.
    Set(&'static str),
    /// Say this in your turn.
    Fence(Vec<u8>),
    Unknown(String),
}

impl Order {
    pub(super) fn name(&self) -> &str {
        match self {
            Order::Print(_) => "print",
            Order::Draw(name) | Order::Set(name) => name,
            Order::Fence(_) => "fence",
            Order::Unknown(words) => words,
        }
    }
}

/// What a printer does before it reads on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtOnce {
    Nothing,
    /// Says its condition.
    Answer,
    /// Forgets that it was switched on.
    Acknowledge,
}

#[derive(Debug, Clone)]
pub(super) struct Listener {
    language: Language,
    bytes: Vec<u8>,
    /// A label has begun.
    open: bool,
    /// The first barcode of the label.
    code: Option<String>,
    /// ZPL: the kind of the field, and whether its data is in hexadecimal. CPCL: the barcode whose data comes.
    field: Option<&'static str>,
}

const BAR: &str = "code-128";
const QR: &str = "qr";
const MATRIX: &str = "data-matrix";
const TEXT: &str = "text";
const PICTURE: &str = "picture";
const LINE: &str = "line";

impl Listener {
    pub(super) fn new(language: Language) -> Self {
        Self {
            language,
            bytes: Vec::new(),
            open: false,
            code: None,
            field: None,
        }
    }

    /// Takes a byte. What is to be done at once is not part of what is to be printed.
    pub(super) fn receive(&mut self, byte: u8) -> AtOnce {
        // An ESC that nothing followed is forgotten.
        if self.language == Language::Cpcl && byte == 0x1B && self.bytes.ends_with(b"\x1B") {
            return AtOnce::Nothing;
        }
        self.bytes.push(byte);
        let known: &[(&[u8], AtOnce)] = match self.language {
            Language::Zpl => &[(b"~HS", AtOnce::Answer)],
            Language::Tspl => &[(b"\x1B!?", AtOnce::Answer)],
            // Three questions, answered by the three bytes of one answer.
            Language::EscPos => &[
                (b"\x10\x04\x01", AtOnce::Nothing),
                (b"\x10\x04\x02", AtOnce::Nothing),
                (b"\x10\x04\x04", AtOnce::Answer),
            ],
            Language::Cpcl => &[(b"\x1Bh", AtOnce::Answer), (b"\x1BN", AtOnce::Acknowledge)],
        };
        let found = known.iter().find(|(words, _)| self.bytes.ends_with(words));
        let Some((words, at_once)) = found else {
            return AtOnce::Nothing;
        };
        self.bytes.truncate(self.bytes.len() - words.len());
        *at_once
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    pub(super) fn has_orders(&self) -> bool {
        self.clone().next_order().is_some()
    }

    pub(super) fn forget_part(&mut self) {
        *self = Self::new(self.language);
    }

    pub(super) fn restart(&mut self) {
        self.forget_part();
    }

    /// The next order that is there as a whole.
    pub(super) fn next_order(&mut self) -> Option<Order> {
        loop {
            let before = self.bytes.len();
            let order = match self.language {
                Language::Zpl => self.zpl(),
                Language::Tspl => self.tspl(),
                Language::EscPos => self.escpos(),
                Language::Cpcl => self.cpcl(),
            };
            if order.is_some() || self.bytes.len() == before {
                return order;
            }
        }
    }

    fn cut(&mut self, length: usize) -> Vec<u8> {
        let length = length.min(self.bytes.len());
        self.bytes.drain(..length).collect()
    }

    fn begin(&mut self) {
        self.open = true;
        self.code = None;
        self.field = None;
    }

    fn end(&mut self) -> Order {
        self.open = false;
        Order::Print(self.code.take().unwrap_or_default())
    }

    fn coded(&mut self, name: &'static str, text: String) -> Order {
        self.code.get_or_insert(text);
        Order::Draw(name)
    }

    fn zpl(&mut self) -> Option<Order> {
        let begins = |byte: &u8| *byte == b'^' || *byte == b'~';
        let start = self
            .bytes
            .iter()
            .position(begins)
            .unwrap_or(self.bytes.len());
        if start > 0 {
            let words = self.cut(start);
            let is_blank = words.iter().all(u8::is_ascii_whitespace);
            return (!is_blank).then(|| Order::Unknown(lossy(&words)));
        }
        let name = lossy(self.bytes.get(..3)?);
        if matches!(name.as_str(), "^XA" | "^XZ" | "~JX") {
            self.cut(3);
            return match name.as_str() {
                "^XA" => {
                    self.begin();
                    Some(Order::Set("begin"))
                }
                "^XZ" if self.open => Some(self.end()),
                "^XZ" => None,
                _ => {
                    self.open = false;
                    Some(Order::Set("forget"))
                }
            };
        }
        let rest = self.bytes.get(3..)?;
        let end = 3 + rest.iter().position(begins)?;
        let command = self.cut(end);
        let words = lossy(&command);
        if !self.open {
            return Some(Order::Unknown(words));
        }
        let parameters = words.get(3..).unwrap_or_default().to_owned();
        match name.as_str() {
            "^BC" => self.field = Some(BAR),
            "^BQ" => self.field = Some(QR),
            "^BX" => self.field = Some(MATRIX),
            "^A0" => self.field = Some(TEXT),
            "^FD" => {
                let text = lossy(&unhex(&parameters));
                return Some(match self.field.take() {
                    Some(BAR) => self.coded(BAR, zpl_code128(&text)),
                    Some(QR) => self.coded(QR, text.strip_prefix("MA,").unwrap_or("").to_owned()),
                    Some(MATRIX) => self.coded(MATRIX, text),
                    Some(_) => Order::Draw(TEXT),
                    None => Order::Unknown(words),
                });
            }
            "^GF" => return Some(Order::Draw(PICTURE)),
            "^GB" => return Some(Order::Draw(LINE)),
            "^CI" | "^JZ" | "^LH" | "^PW" | "^LL" | "^FO" | "^FS" | "^BY" | "^FH" | "^PQ" => {}
            _ => return Some(Order::Unknown(words)),
        }
        None
    }

    fn tspl(&mut self) -> Option<Order> {
        if self.bytes.starts_with(b"BITMAP ") {
            let ends = |n: &usize| matches!(self.bytes.get(*n), Some(b',' | b'\n'));
            let ends: Vec<usize> = (0..self.bytes.len()).filter(ends).take(5).collect();
            let is_line_end = |n: &&usize| self.bytes.get(**n) == Some(&b'\n');
            if let Some(end) = ends.iter().find(is_line_end).copied() {
                let words = self.cut(end + 1);
                return Some(Order::Unknown(lossy(&words)));
            }
            let head_end = *ends.get(4)?;
            let head = lossy(self.bytes.get(7..head_end)?);
            let numbers: Vec<usize> = head.split(',').filter_map(|n| n.parse().ok()).collect();
            let [_, _, row_bytes, height, 0] = *numbers.as_slice() else {
                let words = self.cut(head_end);
                return Some(Order::Unknown(lossy(&words)));
            };
            let end = head_end + 1 + row_bytes * height;
            if self.bytes.len() < end {
                return None;
            }
            self.cut(end);
            return Some(Order::Draw(PICTURE));
        }
        let line = self.line()?;
        let (name, parameters) = line.split_once(' ').unwrap_or((&line, ""));
        let quoted = || tspl_quoted(parameters);
        match name {
            "" => None,
            "CLS" => {
                self.begin();
                Some(Order::Set("begin"))
            }
            "SIZE" | "GAP" | "DIRECTION" | "REFERENCE" | "SET" => Some(Order::Set("set")),
            "BAR" => Some(Order::Draw(LINE)),
            "OUT" => Some(Order::Fence([quoted()?.as_bytes(), b"\r\n"].concat())),
            "PRINT" if parameters == "1,1" || parameters == "1" => self.open.then(|| self.end()),
            "TEXT" if quoted().is_some() => Some(Order::Draw(TEXT)),
            "QRCODE" if quoted().is_some() => Some(self.coded(QR, quoted()?)),
            "DMATRIX" if quoted().is_some() => Some(self.coded(MATRIX, quoted()?)),
            "BARCODE" if quoted().is_some() => {
                let manual = parameters.contains("\"128M\"");
                let text = quoted()?;
                let text = if manual { without_sets(&text) } else { text };
                Some(self.coded(BAR, text))
            }
            _ => Some(Order::Unknown(line)),
        }
    }

    /// A line without its end.
    fn line(&mut self) -> Option<String> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n')?;
        let line = self.cut(end + 1);
        Some(lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }

    fn cpcl(&mut self) -> Option<Order> {
        let line = self.line()?;
        if !self.open {
            return match line.as_str() {
                "" | "ABORT" => None,
                _ if line.starts_with("! 0 200 200 ") && line.ends_with(" 1") => {
                    self.begin();
                    Some(Order::Set("begin"))
                }
                _ => Some(Order::Unknown(line)),
            };
        }
        if let Some(kind) = self.field {
            return match line.as_str() {
                "ENDQR" | "ENDDATAMATRIX" => {
                    self.field = None;
                    None
                }
                data => {
                    let text = data.strip_prefix("MA,").unwrap_or(data).to_owned();
                    Some(self.coded(kind, text))
                }
            };
        }
        let words: Vec<&str> = line.splitn(8, ' ').collect();
        match *words.as_slice() {
            [""] => None,
            ["ABORT"] => {
                self.open = false;
                Some(Order::Set("forget"))
            }
            ["PRINT"] => Some(self.end()),
            ["FORM"] | ["PAGE-WIDTH", _] | ["SETMAG", _, _] => Some(Order::Set("set")),
            ["TEXT", ..] => Some(Order::Draw(TEXT)),
            ["LINE", _, _, _, _, _] => Some(Order::Draw(LINE)),
            ["EG", _, _, _, _, hex] if hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Some(Order::Draw(PICTURE))
            }
            ["BARCODE", "QR", ..] => {
                self.field = Some(QR);
                None
            }
            ["BARCODE", "DATAMATRIX", ..] => {
                self.field = Some(MATRIX);
                None
            }
            ["BARCODE", "128", _, _, _, _, _, data] => Some(self.coded(BAR, data.to_owned())),
            _ => Some(Order::Unknown(line)),
        }
    }

    fn escpos(&mut self) -> Option<Order> {
        let at = |n: usize| self.bytes.get(n).copied();
        let two = |n: usize| Some(usize::from(at(n)?) + 256 * usize::from(at(n + 1)?));
        let (length, order) = match (at(0)?, at(1)) {
            (0, _) => (1, None),
            (0x0C, _) if self.open => {
                self.cut(1);
                return Some(self.end());
            }
            (0x18, _) => {
                self.code = None;
                (1, Some(Order::Set("forget")))
            }
            (0x20..=0x7E, _) if self.open => (1, Some(Order::Draw(TEXT))),
            (0x1B, second) => match second? {
                b'@' => {
                    self.open = false;
                    (2, None)
                }
                b'L' => {
                    self.begin();
                    (2, Some(Order::Set("begin")))
                }
                b'W' => (10, None),
                b'T' | b'M' => (3, None),
                b'$' => (4, None),
                other => (2, Some(Order::Unknown(format!("ESC {other:#04x}")))),
            },
            (0x1D, second) => match second? {
                b'P' => (4, None),
                b'H' | b'h' | b'w' | b'!' => (3, None),
                b'$' => (4, None),
                b'r' if at(2)? == 1 => (3, Some(Order::Fence(vec![0]))),
                b'r' => (3, None),
                b'v' => (8 + two(4)? * two(6)?, Some(Order::Draw(PICTURE))),
                b'k' => {
                    let length = 4 + usize::from(at(3)?);
                    let text = escpos_code128(self.bytes.get(4..length)?);
                    self.code.get_or_insert(text);
                    (length, Some(Order::Draw(BAR)))
                }
                b'(' => {
                    let length = 5 + two(3)?;
                    let name = if at(5)? == 49 { QR } else { MATRIX };
                    let stored = at(6)? == 80;
                    let text = lossy(self.bytes.get(8..length).unwrap_or_default());
                    if self.bytes.len() >= length && stored {
                        self.code.get_or_insert(text);
                    }
                    (length, stored.then_some(Order::Draw(name)))
                }
                other => (2, Some(Order::Unknown(format!("GS {other:#04x}")))),
            },
            // A question that is not there as a whole.
            (0x10, _) if self.bytes.len() < 3 => return None,
            (other, _) => (1, Some(Order::Unknown(format!("{other:#04x}")))),
        };
        if self.bytes.len() < length {
            return None;
        }
        self.cut(length);
        order
    }

    /// Whether it holds words that are no whole order yet.
    pub(super) fn has_part(&self) -> bool {
        self.open || !self.bytes.is_empty()
    }
}
