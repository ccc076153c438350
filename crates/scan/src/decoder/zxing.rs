//! zxing-cpp: the best recall and the fewest wrong reads of all decoders that were measured.

use zxingcpp::{Barcode, BarcodeFormat, BarcodeReader, ImageFormat, ImageView, PointI, TextMode};

use super::Decoder;
use crate::{LumaFrame, Payload, Reader, Symbology};

/// How hard zxing-cpp looks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look {
    /// Every few rows, upright linear codes only.
    Fast,
    /// Every row, for square symbols: fast looks only along the middle for DataMatrix.
    Level,
    /// Every row and column.
    Hard,
    /// Also inverted and at smaller scales, which reads codes that are near or out of focus.
    Full,
    /// Rows only, each at least in two lines: for the slanted pass, which turns the picture.
    Rows,
}

pub(super) struct ZxingDecoder {
    reader: BarcodeReader,
    slanted: bool,
}

impl ZxingDecoder {
    pub(super) fn new(symbologies: &[Symbology], look: Look) -> Self {
        let formats: Vec<_> = symbologies.iter().filter_map(|s| format_of(*s)).collect();
        let (harder, rotate, full) = match look {
            Look::Fast => (false, false, false),
            Look::Level => (true, false, false),
            Look::Hard => (true, true, false),
            Look::Full => (true, true, true),
            Look::Rows => (true, false, false),
        };
        let reader = zxingcpp::read()
            .formats(formats)
            .try_harder(harder)
            .try_rotate(rotate)
            .try_invert(full)
            .try_downscale(full)
            .text_mode(TextMode::Plain);
        Self {
            reader,
            slanted: matches!(look, Look::Rows),
        }
    }
}

impl Decoder for ZxingDecoder {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        let view = ImageView::from_slice(
            frame.luma(),
            frame.width(),
            frame.height(),
            ImageFormat::Lum,
        );
        // Both fail only on bad arguments or when memory is short: nothing was read.
        let Ok(barcodes) = view.and_then(|view| self.reader.from(view)) else {
            return Vec::new();
        };
        let believed = barcodes.iter().filter(|barcode| {
            barcode.is_valid()
                && (!self.slanted || barcode.line_count() >= lines_needed(barcode.symbology()))
        });
        believed.filter_map(payload).collect()
    }
}

/// Lines that agree on an EAN or UPC code that is not weak. Of 97 such reads on public photos all
/// four wrong ones had fewer lines than 5 and three had fewer than 4; so had 17 right ones.
const RETAIL_LINES: i32 = 4;

/// How many slanted lines must agree. There are many lines, so chance has many chances, and only
/// Code 128 checks each line well by itself.
fn lines_needed(symbology: BarcodeFormat) -> i32 {
    match symbology {
        BarcodeFormat::EANUPC => RETAIL_LINES,
        BarcodeFormat::Code128 => 2,
        _ => 3,
    }
}

fn format_of(symbology: Symbology) -> Option<BarcodeFormat> {
    Some(match symbology {
        Symbology::Ean13 => BarcodeFormat::EAN13,
        Symbology::Ean8 => BarcodeFormat::EAN8,
        Symbology::UpcA => BarcodeFormat::UPCA,
        Symbology::UpcE => BarcodeFormat::UPCE,
        Symbology::Code128 | Symbology::Gs1_128 => BarcodeFormat::Code128,
        Symbology::Code39 => BarcodeFormat::Code39,
        Symbology::Code93 => BarcodeFormat::Code93,
        Symbology::Itf14 => BarcodeFormat::ITF,
        Symbology::Codabar => BarcodeFormat::Codabar,
        Symbology::DataBar => BarcodeFormat::DataBar,
        Symbology::DataBarExpanded => BarcodeFormat::DataBarExp,
        Symbology::Qr | Symbology::Gs1Qr => BarcodeFormat::QRCode,
        Symbology::DataMatrix | Symbology::Gs1DataMatrix => BarcodeFormat::DataMatrix,
        Symbology::Pdf417 => BarcodeFormat::PDF417,
        Symbology::Aztec => BarcodeFormat::Aztec,
        Symbology::Typed => return None,
    })
}

fn payload(barcode: &Barcode) -> Option<Payload> {
    let identifier = barcode.symbology_identifier();
    // The binding turns a number from C++ into its enum unchecked and lacks some variants (ITF-14,
    // Code 39 extended), so the exact format is asked for only where it is sure to have them all.
    let symbology = match barcode.symbology() {
        BarcodeFormat::EANUPC => match barcode.format() {
            BarcodeFormat::EAN8 => Symbology::Ean8,
            BarcodeFormat::UPCA => Symbology::UpcA,
            BarcodeFormat::UPCE => Symbology::UpcE,
            _ => Symbology::Ean13,
        },
        BarcodeFormat::DataBar => match barcode.format() {
            BarcodeFormat::DataBarExp | BarcodeFormat::DataBarExpStk => Symbology::DataBarExpanded,
            _ => Symbology::DataBar,
        },
        _ => Symbology::from_identifier(&identifier)?,
    };
    let position = barcode.position();
    let corner = |point: PointI| (point.x, point.y);
    Some(Payload {
        text: barcode.text(),
        symbology,
        symbology_identifier: identifier,
        corners: Some([
            corner(position.top_left),
            corner(position.top_right),
            corner(position.bottom_right),
            corner(position.bottom_left),
        ]),
        reader: Reader::Zxing,
        weak: barcode.symbology() == BarcodeFormat::EANUPC && barcode.line_count() < RETAIL_LINES,
    })
}
