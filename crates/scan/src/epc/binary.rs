//! Binary EPCs (section 14), typed as hexadecimal digits.

use super::partition::row;
use super::{Epc, EpcError, Parts, Scheme, elements};

/// How the part behind the reference is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Serial {
    /// As a number of so many bits.
    Number(usize),
    /// As characters of seven bits in so many bits.
    Text(usize),
    /// None; so many bits of 0.
    Nothing(usize),
    /// Within the reference, as characters.
    InReference,
}

struct Form {
    scheme: Scheme,
    bits: usize,
    serial: Serial,
}

/// Section 14.2: the headers of the encodings that are read here.
fn form(header: u8) -> Option<Form> {
    let (scheme, bits, serial) = match header {
        0x30 => (Scheme::Sgtin, 96, Serial::Number(38)),
        0x36 => (Scheme::Sgtin, 198, Serial::Text(140)),
        0x31 => (Scheme::Sscc, 96, Serial::Nothing(24)),
        0x32 => (Scheme::Sgln, 96, Serial::Number(41)),
        0x39 => (Scheme::Sgln, 195, Serial::Text(140)),
        0x33 => (Scheme::Grai, 96, Serial::Number(38)),
        0x37 => (Scheme::Grai, 170, Serial::Text(112)),
        0x34 => (Scheme::Giai, 96, Serial::Nothing(0)),
        0x38 => (Scheme::Giai, 202, Serial::InReference),
        _ => return None,
    };
    Some(Form {
        scheme,
        bits,
        serial,
    })
}

pub(super) fn parse(text: &str) -> Result<Epc, EpcError> {
    const DIGITS_MAX: usize = 128;
    let digits: Option<Vec<u8>> = text
        .bytes()
        .map(|byte| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .take(DIGITS_MAX + 1)
        .collect();
    let digits = digits
        .filter(|digits| (2..=DIGITS_MAX).contains(&digits.len()))
        .ok_or(EpcError::NotAnEpc)?;
    let header = digits[0] << 4 | digits[1];
    let form = form(header).ok_or(EpcError::UnknownHeader { header })?;
    // A tag is read in words of 16 bits; some readers stop at the last digit that has a bit.
    let needed = form.bits.div_ceil(4);
    let words = form.bits.div_ceil(16) * 4;
    if digits.len() != needed && digits.len() != words {
        return Err(EpcError::WrongLength {
            found: digits.len(),
            needed: words,
        });
    }
    read(
        &form,
        &mut Bits {
            digits: &digits,
            at: 8,
        },
    )
}

fn read(form: &Form, bits: &mut Bits<'_>) -> Result<Epc, EpcError> {
    let filter = bits.number(3);
    let partition = bits.number(3);
    let bad_partition = EpcError::BadPartition {
        partition: u8::try_from(partition).unwrap_or(7),
    };
    let row = row(form.scheme, usize::try_from(partition).unwrap_or(7)).ok_or(bad_partition)?;
    let company =
        padded(bits.number(row.company_bits), row.company_digits).ok_or(EpcError::BadField {
            field: "company prefix",
        })?;
    let reference = match form.serial {
        Serial::InReference => bits.text(form.bits - bits.at)?,
        _ => {
            let number = bits.number(row.reference_bits);
            match row.reference_digits {
                0 if form.scheme == Scheme::Giai => Some(number.to_string()),
                digits => padded(number, digits),
            }
            .ok_or(EpcError::BadField { field: "reference" })?
        }
    };
    let serial = match form.serial {
        Serial::Number(length) => bits.number(length).to_string(),
        Serial::Text(length) => bits.text(length)?,
        Serial::Nothing(length) => {
            if bits.number(length) != 0 {
                return Err(EpcError::BadField { field: "filler" });
            }
            String::new()
        }
        Serial::InReference => String::new(),
    };
    if !bits.rest_is_zero() {
        return Err(EpcError::BadField { field: "filler" });
    }
    let parts = Parts {
        company: &company,
        reference: &reference,
        serial: &serial,
    };
    Ok(Epc {
        scheme: form.scheme,
        filter: u8::try_from(filter).ok(),
        elements: elements(form.scheme, &parts)?,
    })
}

/// A number with zeros in front; `None` if it has more digits. Of no digits only 0 is one.
fn padded(number: u64, digits: usize) -> Option<String> {
    if digits == 0 {
        return (number == 0).then(String::new);
    }
    let text = format!("{number:0>digits$}");
    (text.len() == digits).then_some(text)
}

struct Bits<'a> {
    /// Four bits each.
    digits: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next bits, at most 64, as a number; bits behind the end are 0.
    fn number(&mut self, length: usize) -> u64 {
        let bits = self.at..self.at + length;
        self.at += length;
        bits.fold(0, |number, at| {
            let digit = self.digits.get(at / 4).copied().unwrap_or_default();
            number << 1 | u64::from(digit >> (3 - at % 4) & 1)
        })
    }

    /// Characters of seven bits up to the first 0, behind which all must be 0 (section 14.4.2).
    fn text(&mut self, length: usize) -> Result<String, EpcError> {
        let bad = EpcError::BadField {
            field: "serial number",
        };
        let end = self.at + length;
        let mut text = String::new();
        while end - self.at >= 7 {
            match u8::try_from(self.number(7)) {
                Ok(0) => break,
                Ok(character) => text.push(char::from(character)),
                Err(_) => return Err(bad),
            }
        }
        while self.at < end {
            if self.number((end - self.at).min(32)) != 0 {
                return Err(bad);
            }
        }
        Ok(text)
    }

    fn rest_is_zero(&mut self) -> bool {
        let bits = self.digits.len() * 4;
        while self.at < bits {
            if self.number((bits - self.at).min(32)) != 0 {
                return false;
            }
        }
        true
    }
}
