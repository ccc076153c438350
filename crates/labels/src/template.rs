//! The labels of a warehouse, ready to be filled. All words come from the caller, translated.
//!
//! Each stands on any stock from 40 by 25 mm on: what is large stays large, and a Code 128 is on it only if it fits,
//! since the square code says the same.

mod custody;

pub use custody::{PieceLabel, ReceiptLabel, Square, TicketLabel};

use crate::measure::{Mm, Stock};
use crate::model::{Align, Area, Code, Content, Element, Fit, Label, Symbol, Text};
use crate::symbol::Modules;

/// A label on a bin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BinLabel {
    /// What a person reads, from afar: "A-01-2".
    pub code: String,
    /// What the barcodes say.
    pub scan: String,
    /// Site and zone.
    pub place: String,
    /// Below the place; may be empty.
    pub note: String,
}

/// A label on goods or their box.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemLabel {
    pub name: String,
    pub code: String,
    /// What the barcodes say.
    pub scan: String,
    /// Lot, expiry, pack: a line each, "批次 L7".
    pub details: Vec<String>,
}

/// A licence plate on a pallet or carton.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlateLabel {
    /// What it is: "托盘".
    pub heading: String,
    /// An SSCC (18 digits with its check digit), which becomes a GS1-128, or a number of one's own.
    pub code: String,
    /// A line each.
    pub details: Vec<String>,
}

/// A label on one piece with a serial number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitLabel {
    pub item_name: String,
    pub serial: String,
    /// What the barcode says.
    pub scan: String,
    /// A line each.
    pub details: Vec<String>,
}

/// Whether it is an SSCC: 18 digits of which the last is the check digit (GS1 General Specifications, 7.9).
pub fn is_sscc(code: &str) -> bool {
    let sum: u32 = code
        .bytes()
        .zip([3, 1].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight)
        .sum();
    code.len() == 18 && code.bytes().all(|byte| byte.is_ascii_digit()) && sum.is_multiple_of(10)
}

impl BinLabel {
    /// The label on this stock: code as large as it goes, square code beside it, bars below.
    pub fn on(&self, stock: Stock) -> Label {
        let sheet = Sheet::new(stock);
        let content = Content::Plain(self.scan.clone());
        let bars = sheet.bars(&content, 32);
        let body = sheet.above(&bars);
        let (left, right) = body.beside_square(40);
        let (mut code, mut words) = left.cut(62);
        let has_words = !(self.place.is_empty() && self.note.is_empty());
        if !has_words {
            (code, words) = left.cut(100);
        }
        let mut elements = vec![text(&self.code, code, 100, true, SHRINK)];
        elements.extend(sheet.square(Symbol::Qr, &content, right, &bars));
        if has_words {
            elements.push(lines(
                [self.place.as_str(), self.note.as_str()],
                words,
                Mm::whole(5),
            ));
        }
        elements.extend(bars.map(|area| bar_code(content, area)));
        Label { stock, elements }
    }
}

impl ItemLabel {
    /// The label on this stock: name, code and details, square code beside them, bars below.
    pub fn on(&self, stock: Stock) -> Label {
        let sheet = Sheet::new(stock);
        let content = Content::Plain(self.scan.clone());
        let bars = sheet.bars(&content, 24);
        let (left, right) = sheet.above(&bars).beside_square(36);
        let (name, rest) = left.cut(44);
        let (code, details) = rest.cut(if self.details.is_empty() { 100 } else { 44 });
        let mut elements = vec![
            text(&self.name, name, 50, true, Fit::Wrap(Mm::tenths(22))),
            text(&self.code, code, 80, true, SHRINK),
        ];
        elements.extend(sheet.square(Symbol::Qr, &content, right, &bars));
        if !self.details.is_empty() {
            elements.push(lines(
                self.details.iter().map(String::as_str),
                details,
                Mm::tenths(38),
            ));
        }
        elements.extend(bars.map(|area| bar_code(content, area)));
        Label { stock, elements }
    }
}

impl PlateLabel {
    /// The label on this stock: heading and details above a line, the number large, bars over the whole width.
    pub fn on(&self, stock: Stock) -> Label {
        let sheet = Sheet::new(stock);
        let (content, shown) = if is_sscc(&self.code) {
            (
                Content::Gs1(format!("00{}", self.code)),
                format!("(00) {}", grouped(&self.code)),
            )
        } else {
            (Content::Plain(self.code.clone()), self.code.clone())
        };
        // A QR has no FNC1 here, so the square code of an SSCC is a GS1 Data Matrix.
        let symbol = match content {
            Content::Plain(_) => Symbol::Qr,
            Content::Gs1(_) => Symbol::DataMatrix,
        };
        let bars = sheet.bars(&content, 38);
        let above = sheet.above(&bars);
        let mut elements = Vec::new();
        if self.details.is_empty() {
            let (left, right) = above.beside_square(40);
            let (heading, number) = left.cut(36);
            elements.push(text(&self.heading, heading, 80, false, SHRINK));
            elements.push(text(&shown, number, 90, true, SHRINK));
            elements.extend(sheet.square(symbol, &content, right, &bars));
        } else {
            let (head, number) = above.cut(70);
            let (left, right) = head.less_below(Mm::tenths(8)).beside_square(40);
            let (heading, details) = left.cut(40);
            elements.push(text(&self.heading, heading, 75, true, SHRINK));
            elements.push(lines(
                self.details.iter().map(String::as_str),
                details,
                Mm::whole(5),
            ));
            elements.extend(sheet.square(symbol, &content, right, &bars));
            elements.push(Element::Line(Area {
                y: number.y.less(Mm::tenths(6)),
                height: Mm::tenths(4),
                ..head
            }));
            elements.push(text(&shown, number, 92, true, SHRINK));
        }
        elements.extend(bars.map(|area| bar_code(content, area)));
        Label { stock, elements }
    }
}

impl UnitLabel {
    /// The label on this stock: Data Matrix at the left, since units are small, words beside it.
    pub fn on(&self, stock: Stock) -> Label {
        let sheet = Sheet::new(stock);
        let (words, code) = sheet.area.beside_square(44);
        let code_area = Area {
            x: sheet.area.x,
            ..code
        };
        let words = Area {
            x: code_area.x.plus(code_area.width).plus(Mm::tenths(8)),
            width: words.width.less(Mm::tenths(8)),
            ..words
        };
        let (name, rest) = words.cut(46);
        let (serial, details) = rest.cut(if self.details.is_empty() { 100 } else { 52 });
        let content = Content::Plain(self.scan.clone());
        let mut elements = vec![
            square_code(Symbol::DataMatrix, content, code_area),
            text(&self.item_name, name, 48, false, Fit::Wrap(Mm::tenths(22))),
            text(&self.serial, serial, 85, true, SHRINK),
        ];
        if !self.details.is_empty() {
            elements.push(lines(
                self.details.iter().map(String::as_str),
                details,
                Mm::whole(3),
            ));
        }
        Label { stock, elements }
    }
}

/// Letters of 2 mm are the smallest that are read without stooping.
const SHRINK: Fit = Fit::Shrink(Mm::whole(2));

/// The part of the stock that is printed on.
struct Sheet {
    area: Area,
    stock: Stock,
}

impl Sheet {
    fn new(stock: Stock) -> Self {
        // Labels sit up to a millimetre beside where the printer believes them to be.
        let rim = Mm::tenths(15);
        let area = Area {
            x: rim,
            y: rim,
            width: stock.width.less(rim).less(rim),
            height: stock.height.less(rim).less(rim),
        };
        Self { area, stock }
    }

    /// Room for bars at the foot, so many hundredths of the height, if they fit into the width.
    fn bars(&self, content: &Content, percent: u16) -> Option<Area> {
        let modules = Modules::of(Symbol::Code128, content).ok()?;
        let dots =
            (modules.picture.width() + 2 * modules.quiet) * (self.stock.density.dots_per_mm() / 4);
        let height = self.area.height.percent(percent);
        let fits = dots <= self.area.width.dots(self.stock.density).saturating_sub(1);
        fits.then_some(Area {
            y: self.area.y.plus(self.area.height).less(height),
            height,
            ..self.area
        })
    }

    /// The square code, unless there is no room for it and the bars say the same.
    fn square(
        &self,
        symbol: Symbol,
        content: &Content,
        area: Area,
        bars: &Option<Area>,
    ) -> Option<Element> {
        let modules = Modules::of(symbol, content).ok();
        let across = modules.map_or(u32::MAX, |m| m.picture.width() + 2 * m.quiet);
        let room = area.width.min(area.height).dots(self.stock.density);
        // One dot may be lost where the area is rounded.
        let fits = room.saturating_sub(1) / across >= self.stock.density.module_dots_min();
        (fits || bars.is_none()).then(|| square_code(symbol, content.clone(), area))
    }

    fn above(&self, bars: &Option<Area>) -> Area {
        match bars {
            Some(bars) => Area {
                height: bars.y.less(self.area.y).less(Mm::whole(1)),
                ..self.area
            },
            None => self.area,
        }
    }
}

impl Area {
    /// The part of the width beside a square at the right that is as high as the area and at most so many hundredths of
    /// its width, and the square.
    fn beside_square(self, percent: u16) -> (Area, Area) {
        let side = self.width.percent(percent).min(self.height);
        let square = Area {
            x: self.x.plus(self.width).less(side),
            width: side,
            ..self
        };
        let beside = Area {
            width: self.width.less(side).less(Mm::tenths(5)),
            ..self
        };
        (beside, square)
    }

    /// The upper part, so many hundredths of the height, and the rest.
    fn cut(self, percent: u16) -> (Area, Area) {
        let height = self.height.percent(percent);
        let upper = Area { height, ..self };
        let lower = Area {
            y: self.y.plus(height),
            height: self.height.less(height),
            ..self
        };
        (upper, lower)
    }

    fn less_below(self, less: Mm) -> Area {
        Area {
            height: self.height.less(less),
            ..self
        }
    }
}

fn text(words: &str, area: Area, percent: u16, bold: bool, fit: Fit) -> Element {
    Element::Text(Text {
        text: words.to_owned(),
        area,
        size: area.height.percent(percent),
        bold,
        align: Align::Left,
        fit,
    })
}

/// Lines that fill the area together, none higher than `tallest`.
fn lines<'a>(words: impl IntoIterator<Item = &'a str>, area: Area, tallest: Mm) -> Element {
    let words: Vec<&str> = words.into_iter().filter(|line| !line.is_empty()).collect();
    let count = u16::try_from(words.len().max(1)).unwrap_or(u16::MAX);
    // An eighth of a line lies between two.
    let size = Mm::tenths((area.height.in_tenths() * 8 / (9 * count)).min(tallest.in_tenths()));
    Element::Text(Text {
        text: words.join("\n"),
        area,
        size,
        bold: false,
        align: Align::Left,
        fit: Fit::Shrink(Mm::tenths(18).min(size)),
    })
}

fn square_code(symbol: Symbol, content: Content, area: Area) -> Element {
    Element::Code(Code {
        symbol,
        content,
        area,
        align: Align::Right,
    })
}

fn bar_code(content: Content, area: Area) -> Element {
    Element::Code(Code {
        symbol: Symbol::Code128,
        content,
        area,
        align: Align::Left,
    })
}

/// An SSCC in groups that a person can read out: extension digit, then fours.
fn grouped(sscc: &str) -> String {
    let mut shown = String::new();
    for (n, digit) in sscc.chars().enumerate() {
        if n % 4 == 1 {
            shown.push(' ');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sscc_is_known_by_its_length_and_check_digit() {
        let check = |code: &str, expected: bool| assert_eq!(is_sscc(code), expected, "{code}");
        check("106141412345678908", true);
        check("106141412345678907", false);
        check("10614141234567890", false);
        check("1061414123456789O8", false);
        check("", false);
        assert_eq!(grouped("106141412345678908"), "1 0614 1412 3456 7890 8");
    }
}
