//! Barcodes as modules. Printers draw their own; these are for pictures, and to know how large a printer's will be.

use barcoders::sym::code128::Code128;
use datamatrix::{DataMatrix, SymbolList};
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::bitmap::Bitmap;
use crate::model::{Content, Symbol};

/// Separates GS1 elements of open length.
pub(crate) const GS: u8 = 0x1D;

/// The content cannot be in such a symbol, whatever its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not to be said by this kind of barcode")]
pub(crate) struct NotEncodable;

/// A symbol without its quiet zone, one dot a module; bars are one module high.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Modules {
    pub(crate) picture: Bitmap,
    /// White on each side, in modules (ISO/IEC 15417, 18004, 16022; Data Matrix asks for one, cameras like two).
    pub(crate) quiet: u32,
}

impl Modules {
    pub(crate) fn of(symbol: Symbol, content: &Content) -> Result<Self, NotEncodable> {
        match symbol {
            Symbol::Code128 => {
                let units = code128_units(content)?;
                let spoken: String = units.iter().map(|unit| unit.as_barcoders()).collect();
                let modules = Code128::new(spoken).map_err(|_| NotEncodable)?.encode();
                let width = u32::try_from(modules.len()).map_err(|_| NotEncodable)?;
                Ok(Self::new(width, 10, modules.iter().map(|bit| *bit == 1)))
            }
            Symbol::Qr => {
                let Content::Plain(text) = content else {
                    return Err(NotEncodable);
                };
                let code = qr_of_bytes(text.as_bytes())?;
                let width = u32::try_from(code.width()).map_err(|_| NotEncodable)?;
                let dark = code.into_colors().into_iter().map(|c| c == Color::Dark);
                Ok(Self::new(width, 4, dark))
            }
            Symbol::DataMatrix => {
                let square = SymbolList::default().enforce_square();
                let code = match content {
                    Content::Plain(text) => DataMatrix::encode_str(text, square),
                    Content::Gs1(text) => DataMatrix::encode_gs1(text.as_bytes(), square),
                }
                .map_err(|_| NotEncodable)?;
                let bitmap = code.bitmap();
                let width = u32::try_from(bitmap.width()).map_err(|_| NotEncodable)?;
                Ok(Self::new(width, 2, bitmap.bits().iter().copied()))
            }
        }
    }

    fn new(width: u32, quiet: u32, dark: impl Iterator<Item = bool>) -> Self {
        let dark: Vec<bool> = dark.collect();
        let height = u32::try_from(dark.len()).unwrap_or(0) / width.max(1);
        let mut picture = Bitmap::new(width, height);
        for (n, _) in dark.iter().enumerate().filter(|(_, dark)| **dark) {
            let n = u32::try_from(n).unwrap_or(0);
            picture.blacken(n % width, n / width);
        }
        Self { picture, quiet }
    }

    /// The symbol with `module` dots a module; bars are `height` dots high.
    pub(crate) fn drawn(&self, module: u32, bar_height: u32) -> Bitmap {
        let rows = self.picture.height();
        let tall = if rows == 1 { bar_height } else { module };
        let mut drawn = Bitmap::new(self.picture.width() * module, rows * tall);
        for y in 0..rows {
            for x in 0..self.picture.width() {
                if self.picture.is_black(x, y) {
                    drawn.fill(x * module, y * tall, module, tall);
                }
            }
        }
        drawn
    }
}

/// Bytes throughout, because printers do not pack as cleverly as the crate: theirs is then never larger than ours.
fn qr_of_bytes(bytes: &[u8]) -> Result<QrCode, NotEncodable> {
    (1..=40)
        .find_map(|version| {
            let mut bits = Bits::new(Version::Normal(version));
            bits.push_byte_data(bytes).ok()?;
            bits.push_terminator(EcLevel::M).ok()?;
            QrCode::with_bits(bits, EcLevel::M).ok()
        })
        .ok_or(NotEncodable)
}

/// A step of a Code 128, between start and check sum. Which set a step is in is said, because printers that are told
/// the sets (ZPL, ESC/POS) then make the very symbol whose width we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    SetB,
    SetC,
    Fnc1,
    /// Printable ASCII, in set B.
    Character(char),
    /// 0 to 99, in set C.
    Pair(u8),
}

impl Unit {
    fn as_barcoders(self) -> String {
        match self {
            Unit::SetB => "\u{181}".to_owned(),
            Unit::SetC => "\u{106}".to_owned(),
            Unit::Fnc1 => "\u{179}".to_owned(),
            Unit::Character(character) => character.to_string(),
            Unit::Pair(pair) => format!("{pair:02}"),
        }
    }
}

/// The steps of a Code 128; the first is the set that it begins in. Digits go in pairs where that is shorter (rules of
/// ISO/IEC 15417, annex E).
pub(crate) fn code128_units(content: &Content) -> Result<Vec<Unit>, NotEncodable> {
    let (bytes, gs1) = match content {
        Content::Plain(text) => (text.as_bytes(), false),
        Content::Gs1(text) => (text.as_bytes(), true),
    };
    let allowed = |byte: &u8| (0x20..0x7F).contains(byte) || (gs1 && *byte == GS);
    if bytes.is_empty() || !bytes.iter().all(allowed) {
        return Err(NotEncodable);
    }
    let mut units = Vec::new();
    let mut in_c = None;
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let ends = digits == rest.len();
        let worth_it = match in_c {
            Some(true) => digits >= 2,
            Some(false) => digits >= if ends { 4 } else { 6 },
            None => digits >= 4 || (ends && digits == 2),
        };
        // An odd digit goes first, in set B; in set C already, it comes last.
        let pairs_now = worth_it && (in_c != Some(false) || digits.is_multiple_of(2));
        // FNC1 is in both sets, so it never costs a change.
        if *first == GS {
            if in_c.is_none() {
                units.push(Unit::SetB);
                in_c = Some(false);
            }
            units.push(Unit::Fnc1);
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        if in_c != Some(pairs_now) {
            units.push(if pairs_now { Unit::SetC } else { Unit::SetB });
            if in_c.is_none() && gs1 {
                units.push(Unit::Fnc1);
            }
            in_c = Some(pairs_now);
        }
        if pairs_now && let [tens, ones, ..] = rest {
            units.push(Unit::Pair((tens - b'0') * 10 + (ones - b'0')));
            rest = rest.get(2..).unwrap_or_default();
        } else {
            units.push(Unit::Character(char::from(*first)));
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    Ok(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_go_in_pairs_where_that_is_shorter() {
        let check = |content: Content, expected: &str| {
            let said: String = code128_units(&content)
                .unwrap()
                .iter()
                .map(|unit| match unit {
                    Unit::SetB => "<B>".to_owned(),
                    Unit::SetC => "<C>".to_owned(),
                    Unit::Fnc1 => "<1>".to_owned(),
                    Unit::Character(c) => c.to_string(),
                    Unit::Pair(pair) => format!("{pair:02}"),
                })
                .collect();
            assert_eq!(said, expected, "{content:?}");
        };
        let plain = |text: &str| Content::Plain(text.to_owned());
        check(plain("A-01-2"), "<B>A-01-2");
        check(plain("42"), "<C>42");
        check(plain("12345"), "<C>1234<B>5");
        check(plain("AB1234567"), "<B>AB1<C>234567");
        check(plain("AB1234X"), "<B>AB1234X");
        check(
            Content::Gs1("00123456789012345675".into()),
            "<C><1>00123456789012345675",
        );
        check(
            Content::Gs1("10AB\u{1D}2112".into()),
            "<B><1>10AB<1><C>2112",
        );
    }

    #[test]
    fn what_no_scanner_would_give_back_as_it_was_is_refused() {
        for text in ["", "a\nb", "螺栓", "\u{7F}", "a\u{1D}b"] {
            let content = Content::Plain(text.to_owned());
            assert_eq!(code128_units(&content), Err(NotEncodable), "{text:?}");
        }
    }
}
