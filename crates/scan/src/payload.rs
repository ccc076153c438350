//! What was read: the text, which symbol carried it, and who read it.

use crate::gs1::{self, Gs1Error, Gs1Fields};

/// The kind of symbol a text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Symbology {
    Ean13,
    Ean8,
    UpcA,
    UpcE,
    Code128,
    /// Code 128 with FNC1 first: the text is a GS1 element string.
    Gs1_128,
    Code39,
    Code93,
    /// Interleaved 2 of 5 with 14 digits and a right check digit; no other length is accepted.
    Itf14,
    Codabar,
    /// GS1 DataBar (omnidirectional, stacked, limited): a GTIN as element string.
    DataBar,
    /// GS1 DataBar Expanded: any GS1 element string.
    DataBarExpanded,
    Qr,
    Gs1Qr,
    DataMatrix,
    Gs1DataMatrix,
    Pdf417,
    Aztec,
    /// Interleaved 2 of 5 of any other even length, or without a right check digit. A cut-off code
    /// reads as a shorter one, so nothing in a warehouse should ask for it.
    Itf,
    MicroQr,
    /// rMQR, the flat QR code of ISO/IEC 23941.
    RectangularMicroQr,
    MicroPdf417,
    MaxiCode,
    Telepen,
    /// The edge marks of 35 mm film.
    DxFilmEdge,
    /// No symbol: keyed in by hand or sent by a wedge scanner that does not name its symbol.
    Typed,
}

impl Symbology {
    /// Every symbology, in the order of the enum.
    pub const ALL: [Symbology; 26] = [
        Symbology::Ean13,
        Symbology::Ean8,
        Symbology::UpcA,
        Symbology::UpcE,
        Symbology::Code128,
        Symbology::Gs1_128,
        Symbology::Code39,
        Symbology::Code93,
        Symbology::Itf14,
        Symbology::Codabar,
        Symbology::DataBar,
        Symbology::DataBarExpanded,
        Symbology::Qr,
        Symbology::Gs1Qr,
        Symbology::DataMatrix,
        Symbology::Gs1DataMatrix,
        Symbology::Pdf417,
        Symbology::Aztec,
        Symbology::Itf,
        Symbology::MicroQr,
        Symbology::RectangularMicroQr,
        Symbology::MicroPdf417,
        Symbology::MaxiCode,
        Symbology::Telepen,
        Symbology::DxFilmEdge,
        Symbology::Typed,
    ];

    /// Stable code: stored, sent and translated by it.
    pub fn code(self) -> &'static str {
        match self {
            Symbology::Ean13 => "ean-13",
            Symbology::Ean8 => "ean-8",
            Symbology::UpcA => "upc-a",
            Symbology::UpcE => "upc-e",
            Symbology::Code128 => "code-128",
            Symbology::Gs1_128 => "gs1-128",
            Symbology::Code39 => "code-39",
            Symbology::Code93 => "code-93",
            Symbology::Itf14 => "itf-14",
            Symbology::Codabar => "codabar",
            Symbology::DataBar => "databar",
            Symbology::DataBarExpanded => "databar-expanded",
            Symbology::Qr => "qr",
            Symbology::Gs1Qr => "gs1-qr",
            Symbology::DataMatrix => "data-matrix",
            Symbology::Gs1DataMatrix => "gs1-data-matrix",
            Symbology::Pdf417 => "pdf417",
            Symbology::Aztec => "aztec",
            Symbology::Itf => "itf",
            Symbology::MicroQr => "micro-qr",
            Symbology::RectangularMicroQr => "rmqr",
            Symbology::MicroPdf417 => "micro-pdf417",
            Symbology::MaxiCode => "maxicode",
            Symbology::Telepen => "telepen",
            Symbology::DxFilmEdge => "dx-film-edge",
            Symbology::Typed => "typed",
        }
    }

    /// The symbology of a stable code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|symbology| symbology.code() == code)
    }

    /// Whether the symbol is one row of bars.
    pub fn is_linear(self) -> bool {
        use Symbology::*;
        matches!(
            self,
            Ean13
                | Ean8
                | UpcA
                | UpcE
                | Code128
                | Gs1_128
                | Code39
                | Code93
                | Itf14
                | Itf
                | Codabar
                | Telepen
                | DxFilmEdge
        )
    }

    /// Whether a misread shows by itself, from a check digit or error correction. Of the others another
    /// frame must say the same.
    pub fn checks_itself(self) -> bool {
        use Symbology::*;
        !matches!(self, Code39 | Codabar | Itf)
    }

    /// Whether it is one of the EAN and UPC symbols.
    pub fn is_retail(self) -> bool {
        use Symbology::*;
        matches!(self, Ean13 | Ean8 | UpcA | UpcE)
    }

    /// Whether the text is a GS1 element string.
    pub fn is_gs1(self) -> bool {
        matches!(
            self,
            Symbology::Gs1_128
                | Symbology::DataBar
                | Symbology::DataBarExpanded
                | Symbology::Gs1Qr
                | Symbology::Gs1DataMatrix
        )
    }

    /// The symbology an AIM identifier such as `]C1` stands for, where we read that symbology.
    ///
    /// `]E0` is shared by EAN-13, UPC-A and UPC-E; it gives [`Symbology::Ean13`], and so does its
    /// use in front of a text whose length says more (see [`Payload::from_keys`]).
    pub fn from_identifier(identifier: &str) -> Option<Self> {
        let mut characters = identifier.strip_prefix(']')?.chars();
        let (family, modifier) = (characters.next()?, characters.next()?);
        if characters.next().is_some() {
            return None;
        }
        Some(match (family, modifier) {
            ('E', '0' | '3') => Symbology::Ean13,
            ('E', '4') => Symbology::Ean8,
            ('C', '1') => Symbology::Gs1_128,
            ('C', _) => Symbology::Code128,
            ('A', _) => Symbology::Code39,
            ('G', _) => Symbology::Code93,
            ('I', _) => Symbology::Itf14,
            ('F', _) => Symbology::Codabar,
            ('e', _) => Symbology::DataBarExpanded,
            ('Q', '3' | '4') => Symbology::Gs1Qr,
            ('Q', _) => Symbology::Qr,
            ('d', '2' | '5') => Symbology::Gs1DataMatrix,
            ('d', _) => Symbology::DataMatrix,
            ('L', _) => Symbology::Pdf417,
            ('z', _) => Symbology::Aztec,
            ('U', _) => Symbology::MaxiCode,
            ('B', _) => Symbology::Telepen,
            _ => return None,
        })
    }
}

/// Who read a payload; the counters and the diagnostics screen tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reader {
    /// zxing-cpp on the frame as it is.
    Zxing,
    /// zxing-cpp's row reader on lines that we laid across the frame at a slant.
    Slanted,
    /// zxing-cpp on the frame enlarged, sharpened or with its contrast evened out.
    Enhanced,
    /// Our own reader of linear codes.
    Linear,
    /// rqrr, the second QR reader.
    Rqrr,
    /// rxing, in the build without a C++ compiler.
    Rxing,
    /// A wedge scanner or a person at a keyboard.
    Keys,
    /// A decoder that was handed to the reader from outside, such as one of a test.
    Other,
}

impl Reader {
    /// Stable code for counters and logs.
    pub fn code(self) -> &'static str {
        match self {
            Reader::Zxing => "zxing",
            Reader::Slanted => "slanted",
            Reader::Enhanced => "enhanced",
            Reader::Linear => "linear",
            Reader::Rqrr => "rqrr",
            Reader::Rxing => "rxing",
            Reader::Keys => "keys",
            Reader::Other => "other",
        }
    }
}

/// Confidence in a symbol with error correction, or with a check over the whole of it.
pub(crate) const CONFIDENCE_CHECKED: u8 = 99;

/// One code that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The text without symbology identifier. FNC1 between GS1 elements is kept as 0x1D (GS).
    ///
    /// EAN-13 that starts with 0 and UPC-A are the same bars; where both are asked for it is
    /// always [`Symbology::UpcA`] with 12 digits, whichever decoder read it. UPC-E comes as the 12
    /// digits of UPC-A that it stands for.
    /// Codabar comes without its start and stop letters, unless [`crate::ReaderSettings`] ask for
    /// them.
    pub text: String,
    /// What the symbol holds, byte by byte, before any character set was applied.
    pub bytes: Vec<u8>,
    pub symbology: Symbology,
    /// The 2 or 5 digits beside an EAN or UPC symbol (issue number, price), where they were asked
    /// for and read; the identifier is then `]E3`.
    pub add_on: Option<String>,
    /// AIM identifier such as `]E0`, `]C1`, `]d2`; empty for typed text.
    pub symbology_identifier: String,
    /// Corners in frame pixels: top left, top right, bottom right, bottom left of the symbol as a
    /// person reads it. `None` where the reader does not know.
    pub corners: Option<[(i32, i32); 4]>,
    pub reader: Reader,
    /// Few scan lines agreed on an EAN or UPC code, whose one check digit lets a wrong read in ten
    /// pass. Such a payload needs a second sign: the code is known, or another frame shows it.
    pub weak: bool,
    /// How likely the text is right, 0 to 100. Error correction or a check over the whole symbol
    /// gives 99; a linear code on which few lines agreed has
    /// less, and a weak read less than 90.
    pub confidence: u8,
}

impl Payload {
    /// A code read from a picture, believed as far as its kind goes, its place unknown.
    pub fn of_symbol(text: &str, symbology: Symbology, identifier: &str, reader: Reader) -> Self {
        Self {
            text: text.to_owned(),
            bytes: text.as_bytes().to_vec(),
            add_on: None,
            symbology,
            symbology_identifier: identifier.to_owned(),
            corners: None,
            reader,
            weak: false,
            confidence: CONFIDENCE_CHECKED,
        }
    }

    /// A text from a wedge scanner or a keyboard.
    ///
    /// Scanners can be set to send the symbology identifier first; it is taken off and believed.
    pub fn from_keys(keys: &str) -> Self {
        let split = keys.char_indices().nth(3).map_or(keys.len(), |(at, _)| at);
        let (identifier, rest) = keys.split_at(split);
        let named = Symbology::from_identifier(identifier).filter(|_| !rest.is_empty());
        let (text, symbology, identifier) = match named {
            Some(Symbology::Ean13) if rest.len() == 12 => (rest, Symbology::UpcA, identifier),
            Some(symbology) => (rest, symbology, identifier),
            None => (keys, Symbology::Typed, ""),
        };
        Self {
            text: text.to_owned(),
            bytes: text.as_bytes().to_vec(),
            add_on: None,
            symbology,
            symbology_identifier: identifier.to_owned(),
            corners: None,
            reader: Reader::Keys,
            weak: false,
            confidence: 100,
        }
    }

    /// The GS1 fields in this payload, or `None` where it does not claim to be GS1.
    ///
    /// GS1 symbols hold element strings; EAN, UPC and ITF-14 hold a GTIN; plain QR, DataMatrix and
    /// typed text count as GS1 when they are a Digital Link or start with a bracketed identifier.
    /// `reference_year` settles the century of two-digit years.
    pub fn gs1_fields(&self, reference_year: i32) -> Option<Result<Gs1Fields, Gs1Error>> {
        match self.symbology {
            symbology if symbology.is_gs1() => {
                Some(gs1::parse_element_string(&self.text, reference_year))
            }
            Symbology::Ean13
            | Symbology::Ean8
            | Symbology::UpcA
            | Symbology::UpcE
            | Symbology::Itf14 => Some(gs1::fields_of_gtin(&self.text)),
            _ => gs1::parse_if_gs1(&self.text, reference_year),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_come_back() {
        for symbology in Symbology::ALL {
            assert_eq!(Symbology::from_code(symbology.code()), Some(symbology));
        }
    }

    #[test]
    fn identifiers_sent_by_a_wedge_are_believed() {
        let check = |keys: &str, symbology: Symbology, text: &str| {
            let payload = Payload::from_keys(keys);
            assert_eq!(
                (payload.symbology, payload.text.as_str()),
                (symbology, text),
                "{keys}"
            );
        };
        check(
            "]C10112345678901231",
            Symbology::Gs1_128,
            "0112345678901231",
        );
        check("]d2\u{1d}10A", Symbology::Gs1DataMatrix, "\u{1d}10A");
        check("]Q1hello", Symbology::Qr, "hello");
        check("]E0036000291452", Symbology::UpcA, "036000291452");
        check("4006381333931", Symbology::Typed, "4006381333931");
        check("]C1", Symbology::Typed, "]C1");
        check("]X9abc", Symbology::Typed, "]X9abc");
        check("]库位一", Symbology::Typed, "]库位一");
        check("", Symbology::Typed, "");
    }
}
