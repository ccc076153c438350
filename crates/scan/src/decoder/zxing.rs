//! zxing-cpp: the best recall and the fewest wrong reads of all decoders that were measured.

use zxingcpp::{
    Barcode, BarcodeFormat, BarcodeReader, EanAddOnSymbol, ImageFormat, ImageView, PointI, TextMode,
};

use super::Decoder;
use crate::payload::CONFIDENCE_CHECKED;
use crate::{LumaFrame, Payload, Reader, ReaderSettings, Symbology};

/// How hard zxing-cpp looks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look {
    /// Every few rows, upright linear codes only.
    Fast,
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
    as_reader: Reader,
}

impl ZxingDecoder {
    /// A decoder of `symbologies`, which should be some of those in `settings`.
    pub(super) fn new(settings: &ReaderSettings, symbologies: &[Symbology], look: Look) -> Self {
        let formats: Vec<_> = symbologies.iter().filter_map(|s| format_of(*s)).collect();
        let (harder, rotate, full) = match look {
            Look::Fast => (false, false, false),
            Look::Hard => (true, true, false),
            Look::Full => (true, true, true),
            Look::Rows => (true, false, false),
        };
        let add_ons = if settings.add_ons {
            EanAddOnSymbol::Read
        } else {
            EanAddOnSymbol::Ignore
        };
        let reader = zxingcpp::read()
            .formats(formats)
            .try_harder(harder)
            .try_rotate(rotate)
            .try_invert(full)
            .try_downscale(full)
            .ean_add_on_symbol(add_ons)
            .text_mode(TextMode::Plain);
        Self {
            reader,
            slanted: matches!(look, Look::Rows),
            as_reader: Reader::Zxing,
        }
    }

    /// The same, for frames that were worked on before.
    pub(super) fn for_enhanced(mut self) -> Self {
        self.as_reader = Reader::Enhanced;
        self
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
        believed
            .filter_map(|barcode| payload(barcode, self.as_reader))
            .collect()
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
        Symbology::Itf14 | Symbology::Itf => BarcodeFormat::ITF,
        Symbology::Codabar => BarcodeFormat::Codabar,
        Symbology::DataBar => BarcodeFormat::DataBar,
        Symbology::DataBarExpanded => BarcodeFormat::DataBarExp,
        Symbology::Qr | Symbology::Gs1Qr => BarcodeFormat::QRCode,
        Symbology::DataMatrix | Symbology::Gs1DataMatrix => BarcodeFormat::DataMatrix,
        Symbology::Pdf417 => BarcodeFormat::PDF417,
        Symbology::Aztec => BarcodeFormat::Aztec,
        Symbology::MicroQr => BarcodeFormat::MicroQRCode,
        Symbology::RectangularMicroQr => BarcodeFormat::RMQRCode,
        Symbology::MicroPdf417 => BarcodeFormat::MicroPDF417,
        Symbology::MaxiCode => BarcodeFormat::MaxiCode,
        Symbology::Telepen => BarcodeFormat::Telepen,
        Symbology::DxFilmEdge => BarcodeFormat::DXFilmEdge,
        Symbology::Typed => return None,
    })
}

fn payload(barcode: &Barcode, reader: Reader) -> Option<Payload> {
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
        BarcodeFormat::QRCode => match barcode.format() {
            BarcodeFormat::MicroQRCode => Symbology::MicroQr,
            BarcodeFormat::RMQRCode => Symbology::RectangularMicroQr,
            _ => Symbology::from_identifier(&identifier)?,
        },
        BarcodeFormat::PDF417 => match barcode.format() {
            BarcodeFormat::MicroPDF417 => Symbology::MicroPdf417,
            _ => Symbology::Pdf417,
        },
        BarcodeFormat::OtherBarcode => Symbology::DxFilmEdge,
        _ => Symbology::from_identifier(&identifier)?,
    };
    let position = barcode.position();
    let corner = |point: PointI| (point.x, point.y);
    let lines = barcode.line_count();
    let weak = barcode.symbology() == BarcodeFormat::EANUPC && lines < RETAIL_LINES;
    Some(Payload {
        text: barcode.text(),
        bytes: barcode.bytes(),
        add_on: None,
        symbology,
        symbology_identifier: identifier,
        corners: Some([
            corner(position.top_left),
            corner(position.top_right),
            corner(position.bottom_right),
            corner(position.bottom_left),
        ]),
        reader,
        weak,
        confidence: confidence(symbology, lines),
    })
}

/// Of a linear symbol each line that agrees halves what is left of the doubt.
fn confidence(symbology: Symbology, lines: i32) -> u8 {
    let doubt = match symbology {
        Symbology::Code128 | Symbology::Gs1_128 | Symbology::Code93 => 4,
        symbology if symbology.is_linear() => 40,
        _ => return CONFIDENCE_CHECKED,
    };
    let left = doubt >> (lines - 1).clamp(0, 6);
    CONFIDENCE_CHECKED - left
}
