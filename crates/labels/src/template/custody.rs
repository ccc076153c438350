//! What is printed when a customer leaves goods with us: a label for each piece, a claim ticket for the customer.
//!
//! A piece is seen by whoever walks past, so its label can say neither the claim code nor a name: it has no place for them.

use super::{SHRINK, Sheet, bar_code, grouped, is_sscc, square_code, text};
use crate::measure::{Mm, Stock};
use crate::model::{Align, Area, Code, Content, Element, Fit, Label, Symbol, Text};

/// Which square code a piece carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Square {
    /// With error correction M; every telephone reads it.
    #[default]
    Qr,
    /// The smaller of the two, with larger modules in the same room.
    DataMatrix,
}

/// A label on one piece of luggage or goods in custody. Neither the claim code nor a name belongs into any field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PieceLabel {
    /// The piece's number, which the barcodes say: 13 characters of Crockford's base 32.
    pub code: String,
    /// Its last four characters, read from afar.
    pub mark: String,
    /// Which piece of how many: "2/3".
    pub part: String,
    /// Category and size.
    pub what: String,
    /// The bin; may be empty.
    pub place: String,
    /// Day in, day due, condition: a line each, or several on one where the label is low.
    pub details: Vec<String>,
    /// The square code, unless `gs1` is given.
    pub symbol: Square,
    /// What the barcodes say instead of `code`: a GS1 element string as in [`Content::Gs1`], "8004" and a GIAI of at most
    /// 30 characters, or "00" and an SSCC. They become a GS1 Data Matrix and a GS1-128, since a QR has no FNC1 here.
    pub gs1: Option<String>,
}

/// A claim ticket, which the customer keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketLabel {
    /// What it is: "取件凭证".
    pub heading: String,
    /// The claim code in groups, as it is read aloud: "7K2M9-QXTR4-WD1PC".
    pub code: String,
    /// What the QR says: the code, or an address of up to 120 bytes that ends in it.
    pub scan: String,
    /// Site, pieces, day in, day due, fee: a line each.
    pub details: Vec<String>,
    /// Small print at the foot, wrapped; may be empty.
    pub note: String,
}

/// A receipt that proves itself, which the customer keeps with the ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptLabel {
    /// What it is: "收据".
    pub heading: String,
    /// What the QR says: up to 780 bytes, of which each module is a quarter of a millimetre on labels of 60 by 40 mm.
    pub scan: String,
    /// What was done, when, until when: a line each.
    pub details: Vec<String>,
}

impl ReceiptLabel {
    /// The receipt on this stock, from 60 by 40 mm on: a QR as large as it goes, the words beside or above it.
    pub fn on(&self, stock: Stock) -> Label {
        let sheet = Sheet::new(stock);
        let (words, square, align) = if sheet.area.height > sheet.area.width {
            let (words, square) = sheet.area.but_below(sheet.area.width);
            (words, square, Align::Middle)
        } else {
            let (words, square) = sheet.area.beside_square(70);
            (words, square, Align::Right)
        };
        let (heading, details) = words.cut(26);
        let content = Content::Plain(self.scan.clone());
        let elements = vec![
            text(&self.heading, heading, 80, true, SHRINK),
            aligned(square_code(Symbol::Qr, content, square), align),
            filling(&said(&self.details), details, Mm::whole(5)),
        ];
        Label { stock, elements }
    }
}

impl PieceLabel {
    /// The label on this stock, from 40 by 25 mm on: the mark as large as it goes, the square code beside or below it, the
    /// number, bars at the foot if they fit.
    pub fn on(&self, stock: Stock) -> Label {
        let sheet = Sheet::new(stock);
        let (content, symbol) = match (&self.gs1, self.symbol) {
            (Some(gs1), _) => (Content::Gs1(gs1.clone()), Symbol::DataMatrix),
            (None, Square::Qr) => (Content::Plain(self.code.clone()), Symbol::Qr),
            (None, Square::DataMatrix) => (Content::Plain(self.code.clone()), Symbol::DataMatrix),
        };
        let bars = sheet.bars(&content, 22);
        let wide = sheet.area.width >= WIDE;
        let number = self.number(if wide { APART } else { "\n" });
        let body = sheet.above(&bars);
        // A piece's number and a GS1 one are too long for one narrow line.
        let strip = if self.gs1.is_some() && !wide { 18 } else { 14 };
        let (body, foot) = body.but_below(body.height.percent(strip).min(Mm::whole(7)));
        let places = Places::on(body, wide, self.details.is_empty());
        // Without a bin, the part has the line to itself.
        let (part, place) = places
            .whereabouts
            .parted(if self.place.is_empty() { 100 } else { 32 });
        let mut elements = vec![
            text(&self.mark, places.mark, 100, true, SHRINK),
            text(&self.what, places.what, 80, false, SMALL),
            text(&self.part, part.less_right(GAP), 94, true, SHRINK),
        ];
        if !self.place.is_empty() {
            elements.push(text(&self.place, place, 94, true, SHRINK));
        }
        let square = sheet.square(symbol, &content, places.square, &bars);
        elements.extend(square.map(|code| aligned(code, places.align)));
        if !self.details.is_empty() {
            elements.push(flowing(&self.details, places.details));
        }
        elements.push(text(&number, foot, 92, false, SMALL));
        elements.extend(bars.map(|area| bar_code(content, area)));
        Label { stock, elements }
    }

    /// The number as a person reads it, and the GS1 one with its identifier in brackets; they are one if the GS1 one ends in
    /// the piece's.
    fn number(&self, apart: &str) -> String {
        let Some(gs1) = &self.gs1 else {
            return self.code.clone();
        };
        let identified = |ai: &'static str| Some((ai, gs1.strip_prefix(ai)?));
        let readable = match identified("8004").or_else(|| identified("00")) {
            Some((ai, sscc)) if is_sscc(sscc) => format!("({ai}) {}", grouped(sscc)),
            Some((ai, value)) => format!("({ai}) {value}"),
            None => gs1.clone(),
        };
        match gs1.ends_with(&self.code) {
            true => readable,
            false => format!("{}{apart}{readable}", self.code),
        }
    }
}

/// Where what is on a piece's label.
struct Places {
    mark: Area,
    what: Area,
    /// Part and bin.
    whereabouts: Area,
    square: Area,
    /// Of the square code, whose whole modules seldom fill its area.
    align: Align,
    details: Area,
}

impl Places {
    fn on(body: Area, wide: bool, bare: bool) -> Self {
        // On a tag that is higher than wide, one is below the other.
        if body.height > body.width {
            let (mark, rest) = body.but_below(body.height.less(body.width.percent(36)));
            let (what, below) = rest.cut(14);
            let (whereabouts, below) = below.cut(14);
            let (square, details) = below.cut(if bare { 100 } else { 60 });
            return Self {
                mark,
                what,
                whereabouts,
                square,
                align: Align::Middle,
                details,
            };
        }
        // On a wide label the details stand below the other words, and the square code is as high as all of them; on a
        // narrow one they need the whole width.
        let (top, foot) = body.cut(if wide || bare { 100 } else { 70 });
        let (left, square) = top.beside_square(if wide { 40 } else { 44 });
        let (words, details) = match wide && !bare {
            true => left.cut(72),
            false => (left, foot),
        };
        let (mark, words) = words.cut(59);
        let (what, whereabouts) = words.cut(54);
        Self {
            mark,
            what,
            whereabouts,
            square,
            align: Align::Right,
            details,
        }
    }
}

impl TicketLabel {
    /// The ticket on this stock, from 58 by 37 mm on: heading and details beside or above a large QR, the code in large
    /// letters below, small print at the foot.
    pub fn on(&self, stock: Stock) -> Label {
        let sheet = Sheet::new(stock);
        let mut elements = Vec::new();
        let mut body = sheet.area;
        if !self.note.is_empty() {
            let (above, foot) = body.but_below(body.height.percent(16).min(Mm::whole(12)));
            let (rule, note) = foot.but_below(foot.height.less(Mm::tenths(8)));
            elements.push(Element::Line(Area {
                height: Mm::tenths(2),
                ..rule
            }));
            elements.push(wrapped(self.note.clone(), note, Mm::tenths(32)));
            body = above;
        }
        let (body, code) = body.but_below(body.height.percent(24).min(body.width.percent(14)));
        let (words, square, align) = if body.height > body.width {
            let side = body.width.percent(90).min(body.height.percent(64));
            let (words, square) = body.but_below(side);
            (words, square, Align::Middle)
        } else {
            let (words, square) = body.beside_square(46);
            (words, square, Align::Right)
        };
        let (heading, details) = words.cut(if self.details.is_empty() { 100 } else { 26 });
        elements.push(text(&self.heading, heading, 88, true, SHRINK));
        let content = Content::Plain(self.scan.clone());
        elements.push(aligned(square_code(Symbol::Qr, content, square), align));
        if !self.details.is_empty() {
            elements.push(filling(&said(&self.details), details, Mm::whole(6)));
        }
        elements.push(text(&self.code, code, 96, true, SHRINK));
        Label { stock, elements }
    }
}

impl Area {
    /// The area without a strip of that height at its foot, and the strip.
    fn but_below(self, height: Mm) -> (Area, Area) {
        let height = height.min(self.height);
        let upper = Area {
            height: self.height.less(height),
            ..self
        };
        let lower = Area {
            y: upper.y.plus(upper.height),
            height,
            ..self
        };
        (upper, lower)
    }

    fn less_right(self, less: Mm) -> Area {
        Area {
            width: self.width.less(less),
            ..self
        }
    }

    /// The left part, so many hundredths of the width, and the rest.
    fn parted(self, percent: u16) -> (Area, Area) {
        let width = self.width.percent(percent);
        let left = Area { width, ..self };
        let right = Area {
            x: self.x.plus(width),
            width: self.width.less(width),
            ..self
        };
        (left, right)
    }
}

fn aligned(element: Element, align: Align) -> Element {
    match element {
        Element::Code(code) => Element::Code(Code { align, ..code }),
        other => other,
    }
}

/// Words in as many lines as the area is high with letters that are easily read; several share a line where it is low.
fn flowing(words: &[String], area: Area) -> Element {
    let words = said(words);
    let lines_max = usize::from(area.height.in_tenths() / EASY.in_tenths()).max(1);
    let on_a_line = words.len().div_ceil(lines_max).max(1);
    let lines: Vec<String> = words.chunks(on_a_line).map(|w| w.join(APART)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    filling(&lines, area, Mm::whole(5))
}

fn said(words: &[String]) -> Vec<&str> {
    let words = words.iter().map(String::as_str);
    words.filter(|word| !word.is_empty()).collect()
}

/// Lines that fill the area together, none higher than `tallest`; one that is too wide is broken before all are smaller.
fn filling(lines: &[&str], area: Area, tallest: Mm) -> Element {
    let count = u16::try_from(lines.len().max(1)).unwrap_or(u16::MAX);
    // An eighth of a line lies between two.
    let size = u32::from(area.height.in_tenths()) * 8 / (9 * u32::from(count));
    let size = Mm::tenths(u16::try_from(size).unwrap_or(u16::MAX));
    wrapped(lines.join("\n"), area, size.min(tallest))
}

/// Lines of at most that size, broken where they are too wide.
fn wrapped(words: String, area: Area, tallest: Mm) -> Element {
    Element::Text(Text {
        text: words,
        area,
        size: tallest,
        bold: false,
        align: Align::Left,
        fit: SMALL,
    })
}

/// Small print: as small as Chinese characters can be at 8 dots a millimetre.
const SMALL: Fit = Fit::Wrap(Mm::tenths(18));

/// Between two words beside each other.
const GAP: Mm = Mm::tenths(10);

/// A line whose letters are read without effort.
const EASY: Mm = Mm::tenths(21);

/// Between two details on a line; a middle dot would be as wide as a Chinese character.
const APART: &str = "   ";

/// A printed area of this width has room for a day with its caption beside the square code.
const WIDE: Mm = Mm::whole(54);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_names_its_gs1_identifier_and_is_said_once() {
        let check = |gs1: Option<&str>, expected: &str| {
            let label = PieceLabel {
                code: "7K2M9QXTR4WD1".into(),
                gs1: gs1.map(str::to_owned),
                ..PieceLabel::default()
            };
            assert_eq!(label.number("   "), expected);
        };
        check(None, "7K2M9QXTR4WD1");
        check(
            Some("80044006381337K2M9QXTR4WD1"),
            "(8004) 4006381337K2M9QXTR4WD1",
        );
        check(
            Some("00106141412345678908"),
            "7K2M9QXTR4WD1   (00) 1 0614 1412 3456 7890 8",
        );
    }

    #[test]
    fn details_share_a_line_only_where_the_label_is_low() {
        let said = |height_mm: u16| {
            let area = Area {
                x: Mm::whole(0),
                y: Mm::whole(0),
                width: Mm::whole(37),
                height: Mm::whole(height_mm),
            };
            match flowing(&["in", "due", "", "good"].map(str::to_owned), area) {
                Element::Text(text) => text.text,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(said(8), "in\ndue\ngood");
        assert_eq!(said(5), "in   due\ngood");
        assert_eq!(said(2), "in   due   good");
    }
}
