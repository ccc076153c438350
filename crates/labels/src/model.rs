//! What is on a label, before anything is known of fonts and printers.

use serde::{Deserialize, Serialize};

use crate::measure::{Mm, Stock};

/// A label: its stock and what is on it, in the order in which it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub stock: Stock,
    pub elements: Vec<Element>,
}

/// A rectangle on the label, from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    pub x: Mm,
    pub y: Mm,
    pub width: Mm,
    pub height: Mm,
}

/// Something on a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Element {
    Text(Text),
    Code(Code),
    /// A filled rectangle.
    Line(Area),
}

/// Words. Line breaks in them begin a new line; other control characters are drawn as a space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub text: String,
    /// The room for it. It is centred in the height.
    pub area: Area,
    /// Height of the letters' em, which is about the distance of two lines.
    pub size: Mm,
    pub bold: bool,
    pub align: Align,
    pub fit: Fit,
}

/// Where text and codes stand in their width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    Left,
    Middle,
    Right,
}

/// What becomes of text that is too wide. Whatever is chosen, what has to go at last is replaced by "…": nothing is cut
/// off so that it looks whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Smaller letters, down to this size.
    Shrink(Mm),
    /// As many lines as the area is high, broken at spaces and between Chinese characters; then smaller letters, down to
    /// this size.
    Wrap(Mm),
    /// One line.
    Ellipsis,
}

/// A barcode. It is as large as its area lets it be in whole dots, with its quiet zone inside the area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    pub symbol: Symbol,
    pub content: Content,
    pub area: Area,
    pub align: Align,
}

/// Kinds of barcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symbol {
    Code128,
    /// With error correction M.
    Qr,
    DataMatrix,
}

impl Symbol {
    /// Every kind.
    pub const ALL: [Symbol; 3] = [Symbol::Code128, Symbol::Qr, Symbol::DataMatrix];
}

/// What a barcode says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// The text as it is. Code 128 takes printable ASCII only.
    Plain(String),
    /// A GS1 element string without brackets, GS (0x1D) between elements of open length; the symbol gets its FNC1. Not
    /// in a QR.
    Gs1(String),
}

impl Content {
    /// The text, without any FNC1.
    pub fn text(&self) -> &str {
        match self {
            Content::Plain(text) | Content::Gs1(text) => text,
        }
    }
}
