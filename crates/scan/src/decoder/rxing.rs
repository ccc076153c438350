//! rxing, for builds without a C++ compiler: fewer reads and more wrong ones than zxing-cpp.

use std::collections::HashSet;

use rxing::helpers::{detect_in_luma_with_hints, detect_multiple_in_luma_with_hints};
use rxing::{
    BarcodeFormat, DecodeHints, RXingResult, RXingResultMetadataType, RXingResultMetadataValue,
};

use super::Decoder;
use crate::{LumaFrame, Payload, Reader, Symbology};

/// How hard rxing looks.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    feature = "zxing",
    expect(
        dead_code,
        reason = "where zxing-cpp reads, rxing is only compared with"
    )
)]
pub(super) enum Look {
    /// A few rows, the first code only.
    Fast,
    /// Every row and column, the first code only.
    Hard,
    /// Also inverted, and what lies beside a code that was found.
    Full,
}

pub(super) struct RxingDecoder {
    formats: HashSet<BarcodeFormat>,
    look: Look,
}

impl RxingDecoder {
    pub(super) fn new(symbologies: &[Symbology], look: Look) -> Self {
        Self {
            formats: symbologies.iter().filter_map(|s| format_of(*s)).collect(),
            look,
        }
    }
}

impl Decoder for RxingDecoder {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        let full = matches!(self.look, Look::Full);
        let mut hints = DecodeHints {
            PossibleFormats: Some(self.formats.clone()),
            TryHarder: Some(!matches!(self.look, Look::Fast)),
            AlsoInverted: Some(full),
            // Without it FNC1 in Code 128 is dropped, and elements run into each other.
            AssumeGs1: Some(true),
            ..DecodeHints::default()
        };
        let (luma, width, height) = (frame.luma().to_vec(), frame.width(), frame.height());
        let results = if full {
            detect_multiple_in_luma_with_hints(luma, width, height, &mut hints)
        } else {
            detect_in_luma_with_hints(luma, width, height, None, &mut hints).map(|one| vec![one])
        };
        // "Nothing found" is an error of rxing.
        results
            .unwrap_or_default()
            .iter()
            .filter_map(payload)
            .collect()
    }
}

fn format_of(symbology: Symbology) -> Option<BarcodeFormat> {
    Some(match symbology {
        Symbology::Ean13 => BarcodeFormat::EAN_13,
        Symbology::Ean8 => BarcodeFormat::EAN_8,
        Symbology::UpcA => BarcodeFormat::UPC_A,
        Symbology::UpcE => BarcodeFormat::UPC_E,
        Symbology::Code128 | Symbology::Gs1_128 => BarcodeFormat::CODE_128,
        Symbology::Code39 => BarcodeFormat::CODE_39,
        Symbology::Code93 => BarcodeFormat::CODE_93,
        Symbology::Itf14 | Symbology::Itf => BarcodeFormat::ITF,
        Symbology::Codabar => BarcodeFormat::CODABAR,
        Symbology::DataBar => BarcodeFormat::RSS_14,
        Symbology::DataBarExpanded => BarcodeFormat::RSS_EXPANDED,
        Symbology::Qr | Symbology::Gs1Qr => BarcodeFormat::QR_CODE,
        Symbology::DataMatrix | Symbology::Gs1DataMatrix => BarcodeFormat::DATA_MATRIX,
        Symbology::Pdf417 => BarcodeFormat::PDF_417,
        Symbology::Aztec => BarcodeFormat::AZTEC,
        Symbology::MaxiCode => BarcodeFormat::MAXICODE,
        Symbology::Telepen => BarcodeFormat::TELEPEN,
        Symbology::DxFilmEdge => BarcodeFormat::DXFilmEdge,
        Symbology::MicroQr => BarcodeFormat::MICRO_QR_CODE,
        Symbology::RectangularMicroQr => BarcodeFormat::RECTANGULAR_MICRO_QR_CODE,
        Symbology::MicroPdf417 | Symbology::Typed => return None,
    })
}

fn payload(result: &RXingResult) -> Option<Payload> {
    let text = result.getText();
    let named = match result
        .getRXingResultMetadata()
        .get(&RXingResultMetadataType::SYMBOLOGY_IDENTIFIER)
    {
        Some(RXingResultMetadataValue::SymbologyIdentifier(identifier)) => identifier.as_str(),
        _ => "",
    };
    // Code 128 gets its identifier put in front of the text under `AssumeGs1`.
    let (named, text) = text
        .strip_prefix("]C1")
        .map_or((named, text), |text| ("]C1", text));
    let by_format = |plain: &'static str| if named.is_empty() { plain } else { named };
    let (symbology, identifier) = match result.getBarcodeFormat() {
        BarcodeFormat::EAN_13 => (Symbology::Ean13, "]E0"),
        BarcodeFormat::UPC_A => (Symbology::UpcA, "]E0"),
        BarcodeFormat::UPC_E => (Symbology::UpcE, "]E0"),
        BarcodeFormat::EAN_8 => (Symbology::Ean8, "]E4"),
        BarcodeFormat::RSS_14 => (Symbology::DataBar, "]e0"),
        BarcodeFormat::RSS_EXPANDED => (Symbology::DataBarExpanded, "]e0"),
        format => {
            let identifier = match format {
                BarcodeFormat::CODE_128 => by_format("]C0"),
                BarcodeFormat::CODE_39 => by_format("]A0"),
                BarcodeFormat::CODE_93 => by_format("]G0"),
                BarcodeFormat::ITF => by_format("]I0"),
                BarcodeFormat::CODABAR => by_format("]F0"),
                BarcodeFormat::QR_CODE => by_format("]Q1"),
                BarcodeFormat::DATA_MATRIX => by_format("]d1"),
                BarcodeFormat::PDF_417 => by_format("]L0"),
                BarcodeFormat::AZTEC => by_format("]z0"),
                _ => return None,
            };
            (Symbology::from_identifier(identifier)?, identifier)
        }
    };
    // Its points are finder patterns or line ends, not corners.
    let payload = Payload::of_symbol(text, symbology, identifier, Reader::Rxing);
    Some(payload)
}
