//! Symbols, one pixel a module, drawn by zxing-cpp's writer.

use std::fmt;

use image::{GrayImage, Luma};
use zxingcpp::BarcodeFormat;

/// Height of a linear symbol in modules.
const LINEAR_HEIGHT: u32 = 40;

/// What can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// 13 digits, or 12 to which the check digit is added; the other retail kinds likewise.
    Ean13,
    Ean8,
    UpcA,
    UpcE,
    Code128,
    /// GS1 kinds take bracketed text: `(01)04006381333931(10)LOT7`.
    Gs1_128,
    Code39,
    Itf14,
    Codabar,
    Qr,
    Gs1Qr,
    DataMatrix,
    Gs1DataMatrix,
    Pdf417,
    Aztec,
}

impl SymbolKind {
    /// Every kind, for tests that must miss none.
    pub const ALL: [SymbolKind; 15] = [
        SymbolKind::Ean13,
        SymbolKind::Ean8,
        SymbolKind::UpcA,
        SymbolKind::UpcE,
        SymbolKind::Code128,
        SymbolKind::Gs1_128,
        SymbolKind::Code39,
        SymbolKind::Itf14,
        SymbolKind::Codabar,
        SymbolKind::Qr,
        SymbolKind::Gs1Qr,
        SymbolKind::DataMatrix,
        SymbolKind::Gs1DataMatrix,
        SymbolKind::Pdf417,
        SymbolKind::Aztec,
    ];

    fn writer(self) -> (BarcodeFormat, &'static str) {
        match self {
            SymbolKind::Ean13 => (BarcodeFormat::EAN13, ""),
            SymbolKind::Ean8 => (BarcodeFormat::EAN8, ""),
            SymbolKind::UpcA => (BarcodeFormat::UPCA, ""),
            SymbolKind::UpcE => (BarcodeFormat::UPCE, ""),
            SymbolKind::Code128 => (BarcodeFormat::Code128, ""),
            SymbolKind::Gs1_128 => (BarcodeFormat::Code128, "gs1"),
            SymbolKind::Code39 => (BarcodeFormat::Code39, ""),
            SymbolKind::Itf14 => (BarcodeFormat::ITF, ""),
            SymbolKind::Codabar => (BarcodeFormat::Codabar, ""),
            SymbolKind::Qr => (BarcodeFormat::QRCode, ""),
            SymbolKind::Gs1Qr => (BarcodeFormat::QRCode, "gs1"),
            SymbolKind::DataMatrix => (BarcodeFormat::DataMatrix, ""),
            SymbolKind::Gs1DataMatrix => (BarcodeFormat::DataMatrix, "gs1"),
            SymbolKind::Pdf417 => (BarcodeFormat::PDF417, ""),
            SymbolKind::Aztec => (BarcodeFormat::Aztec, ""),
        }
    }

    /// Whether the symbol is one row of bars.
    pub fn is_linear(self) -> bool {
        use SymbolKind::*;
        matches!(
            self,
            Ean13 | Ean8 | UpcA | UpcE | Code128 | Gs1_128 | Code39 | Itf14 | Codabar
        )
    }
}

/// The text does not fit the kind of symbol, in the writer's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolError(String);

impl fmt::Display for SymbolError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no symbol for this text: {}", self.0)
    }
}

impl std::error::Error for SymbolError {}

/// The symbol of `text`, one pixel a module, without quiet zone; 0 is a bar, 255 is none.
///
/// # Errors
/// The text does not fit the kind: a character it cannot hold, a wrong length or check digit.
pub fn render_symbol(kind: SymbolKind, text: &str) -> Result<GrayImage, SymbolError> {
    let failed = |error: zxingcpp::Error| SymbolError(error.to_string());
    let (format, options) = kind.writer();
    let barcode = zxingcpp::create(format)
        .options(options)
        .from_str(text)
        .map_err(failed)?;
    let writer = zxingcpp::write().scale(1).add_quiet_zones(false);
    let drawn = barcode.to_image_with(&writer).map_err(failed)?;
    let (width, height) = (drawn.width().unsigned_abs(), drawn.height().unsigned_abs());
    let symbol = GrayImage::from_raw(width, height, drawn.data())
        .ok_or_else(|| SymbolError("the writer's picture has another size".to_owned()))?;
    if !kind.is_linear() {
        return Ok(symbol);
    }
    // The writer chooses the height; the row in the middle is the whole code.
    let middle = height / 2;
    Ok(GrayImage::from_fn(width, LINEAR_HEIGHT, |x, _| {
        let Luma([luma]) = *symbol.get_pixel(x, middle);
        Luma([luma])
    }))
}
