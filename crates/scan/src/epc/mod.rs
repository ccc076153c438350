//! Electronic Product Codes, as a wedge reader of RFID tags types them: the hexadecimal digits of
//! the tag's EPC bank, or an EPC URI. To the GS1 elements that they stand for.
//!
//! GS1 EPC Tag Data Standard 2.x: section 6 (pure identity URIs), 7 (correspondence to GS1 keys),
//! 12 (tag URIs), 14 (binary encodings with their partition tables).

mod binary;
mod error;
mod partition;
#[cfg(test)]
mod tests;
mod uri;

pub use error::EpcError;

use crate::checks::check_digit;
use crate::gs1::{Element, Gs1Fields};

/// What a tag says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epc {
    pub scheme: Scheme,
    /// The filter value, 0 to 7, where the form has one: 1 is an item of retail, 2 a case, and so
    /// on (section 10).
    pub filter: Option<u8>,
    /// The elements that it stands for, such as (01) and (21).
    pub elements: Vec<Element>,
}

/// The kind of a code. What it is written in (96 bits, more, a URI) makes no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// GTIN and serial number: (01), (21).
    Sgtin,
    /// GTIN and lot: (01), (10). Only as a URI.
    Lgtin,
    /// (00)
    Sscc,
    /// A location and, where there is one, a place in it: (414), (254).
    Sgln,
    /// A returnable asset with its serial number: (8003).
    Grai,
    /// An individual asset: (8004).
    Giai,
}

impl Scheme {
    const ALL: [Scheme; 6] = [
        Scheme::Sgtin,
        Scheme::Lgtin,
        Scheme::Sscc,
        Scheme::Sgln,
        Scheme::Grai,
        Scheme::Giai,
    ];

    /// Its name in URIs.
    pub fn code(self) -> &'static str {
        match self {
            Scheme::Sgtin => "sgtin",
            Scheme::Lgtin => "lgtin",
            Scheme::Sscc => "sscc",
            Scheme::Sgln => "sgln",
            Scheme::Grai => "grai",
            Scheme::Giai => "giai",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.code() == code)
    }

    /// Digits of company prefix and reference together; `None` for an asset, which has any number.
    fn digits(self) -> Option<usize> {
        match self {
            Scheme::Sgtin | Scheme::Lgtin => Some(13),
            Scheme::Sscc => Some(17),
            Scheme::Sgln | Scheme::Grai => Some(12),
            Scheme::Giai => None,
        }
    }
}

impl Epc {
    /// The elements as fields; `None` never happens for an EPC that was parsed, since none of its
    /// elements has a date.
    pub fn fields(&self) -> Option<Gs1Fields> {
        const ANY_YEAR: i32 = 2026;
        Gs1Fields::from_elements(&self.elements, ANY_YEAR).ok()
    }
}

/// Reads hexadecimal digits of a tag's EPC bank or an EPC URI (`urn:epc:...`).
///
/// # Errors
/// What is wrong with it; [`EpcError::NotAnEpc`] if it is neither.
pub fn parse(text: &str) -> Result<Epc, EpcError> {
    let text = text.trim();
    if text
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:epc:"))
    {
        return uri::parse(&text[8..]);
    }
    binary::parse(text)
}

/// Parses a text of unknown origin if it shows that it is an EPC: a URI, or as many hexadecimal
/// digits as a known header asks for, with a letter among them. A long row of plain digits may be
/// anything.
pub fn parse_if_epc(text: &str) -> Option<Result<Epc, EpcError>> {
    let text = text.trim();
    match parse(text) {
        Err(EpcError::NotAnEpc | EpcError::UnknownHeader { .. } | EpcError::WrongLength { .. }) => {
            None
        }
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => None,
        result => Some(result),
    }
}

/// What both forms come down to: the company prefix, the reference and the serial number, with the
/// digits in the order of the standard (an indicator or an extension digit before the reference).
struct Parts<'a> {
    company: &'a str,
    reference: &'a str,
    serial: &'a str,
}

/// The elements that the parts stand for (section 7), with the check digit.
fn elements(scheme: Scheme, parts: &Parts<'_>) -> Result<Vec<Element>, EpcError> {
    let Parts {
        company,
        reference,
        serial,
    } = *parts;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !partition::COMPANY_DIGITS.contains(&company.len()) || !is_digits(company) {
        return Err(EpcError::BadField {
            field: "company prefix",
        });
    }
    if let Some(digits) = scheme.digits()
        && (company.len() + reference.len() != digits || !is_digits(reference))
    {
        return Err(EpcError::BadField { field: "reference" });
    }
    let checked = |body: String| {
        let digit = check_digit(&body).map(String::from).unwrap_or_default();
        body + &digit
    };
    // The indicator of a GTIN and the extension digit of an SSCC stand before the company prefix.
    let (first, rest) = reference.split_at_checked(1).unwrap_or_default();
    let element = |ai: &str, value: String| Element {
        ai: ai.to_owned(),
        value,
    };
    let elements = match scheme {
        Scheme::Sgtin => vec![
            element("01", checked(format!("{first}{company}{rest}"))),
            element("21", serial.to_owned()),
        ],
        Scheme::Lgtin => vec![
            element("01", checked(format!("{first}{company}{rest}"))),
            element("10", serial.to_owned()),
        ],
        Scheme::Sscc => vec![element("00", checked(format!("{first}{company}{rest}")))],
        Scheme::Sgln => {
            let mut elements = vec![element("414", checked(format!("{company}{reference}")))];
            // 0 says "the location itself".
            if serial != "0" {
                elements.push(element("254", serial.to_owned()));
            }
            elements
        }
        Scheme::Grai => vec![element(
            "8003",
            format!("0{}{serial}", checked(format!("{company}{reference}"))),
        )],
        Scheme::Giai => vec![element("8004", format!("{company}{reference}"))],
    };
    if scheme == Scheme::Grai && serial.is_empty() {
        return Err(EpcError::BadField {
            field: "serial number",
        });
    }
    // The same rules as for what stands on a label: characters, lengths, check digits.
    crate::gs1::encode(&elements).map_err(EpcError::BadElement)?;
    Ok(elements)
}
