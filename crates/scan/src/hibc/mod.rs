//! Health Industry Bar Codes of suppliers: ANSI/HIBC 2.6, "The Health Industry Supplier Labeling
//! Standard", sections 2.1 to 2.3 and appendix B (check character).
//!
//! A primary code names the product, a secondary one its lot, serial number, expiry and quantity.
//! Both stand in two symbols, the second of which ends with the check character of the first (the
//! link), or behind each other in one with `/` between them.

mod secondary;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use thiserror::Error;

/// The 43 characters of a code, in the order in which the check character counts them.
const CHARACTERS: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
/// Longest code that is read. The largest of the standard has fewer than a hundred characters.
const LENGTH_MAX: usize = 200;
/// Letters and digits of a product number, a lot or a serial number.
const FIELD_MAX: usize = 18;

/// The product: "primary data".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primary {
    /// Labeler identification code: a letter and three letters or digits.
    pub labeler: String,
    /// Product or catalogue number, 1 to 18 letters or digits.
    pub product: String,
    /// Unit of measure, 0 to 9: 0 is the single piece, 1 to 8 are larger and larger packs, 9 has
    /// any quantity.
    pub unit: u8,
}

impl Primary {
    /// Labeler, product and unit behind each other: what a medical device is registered by.
    pub fn device_identifier(&self) -> String {
        format!("{}{}{}", self.labeler, self.product, self.unit)
    }
}

/// What a code says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hibc {
    pub primary: Option<Primary>,
    /// In a secondary code that stands alone: the check character of its primary code.
    pub link: Option<char>,
    pub lot: Option<String>,
    pub serial: Option<String>,
    /// Where the code names a month only, its last day.
    pub expiry: Option<NaiveDate>,
    /// Hour of the expiry day, 0 to 23.
    pub expiry_hour: Option<u8>,
    pub production: Option<NaiveDate>,
    pub quantity: Option<u64>,
}

/// Why a text is no such code.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HibcError {
    /// It does not start with `+`, is too short or too long, or has other characters.
    #[error("not a Health Industry Bar Code")]
    NotHibc,
    /// The last character is not the check character of the others.
    #[error("the check character is wrong")]
    BadCheckCharacter,
    /// Labeler, product number or unit of measure.
    #[error("the product is not written as the standard has it")]
    BadPrimary,
    /// The field that starts at this character, counted from 0.
    #[error("the field at {at} is not written as the standard has it")]
    BadSecondary { at: usize },
    /// A day or an hour that does not exist, in the field that starts at this character.
    #[error("no day or hour at {at}")]
    BadDate { at: usize },
    /// Two fields say the same with different values.
    #[error("the field at {at} came before with another value")]
    Repeated { at: usize },
}

impl HibcError {
    /// Stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            HibcError::NotHibc => "hibc-not-hibc",
            HibcError::BadCheckCharacter => "hibc-bad-check-character",
            HibcError::BadPrimary => "hibc-bad-primary",
            HibcError::BadSecondary { .. } => "hibc-bad-secondary",
            HibcError::BadDate { .. } => "hibc-bad-date",
            HibcError::Repeated { .. } => "hibc-repeated",
        }
    }
}

/// The check character of `body` (appendix B): the sum of its characters modulo 43; `None` if one
/// of them is none of the 43.
pub fn check_character(body: &str) -> Option<char> {
    let value = |byte: u8| CHARACTERS.iter().position(|character| *character == byte);
    let sum = body.bytes().map(value).sum::<Option<usize>>()?;
    Some(char::from(CHARACTERS[sum % CHARACTERS.len()]))
}

/// Reads a code with its check character. Asterisks around it, which Code 39 prints, do no harm;
/// `_` at the end stands for a space as it does in print. `reference_year` settles the century of
/// two-digit years as in GS1 data.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str, reference_year: i32) -> Result<Hibc, HibcError> {
    let text = text
        .strip_prefix('*')
        .and_then(|text| text.strip_suffix('*'))
        .unwrap_or(text);
    let is_character = |byte: u8| CHARACTERS.contains(&byte);
    let (body, check) = text
        .char_indices()
        .next_back()
        .map(|(at, last)| (&text[..at], if last == '_' { ' ' } else { last }))
        .ok_or(HibcError::NotHibc)?;
    if text.len() > LENGTH_MAX || !body.starts_with('+') || !body.bytes().all(is_character) {
        return Err(HibcError::NotHibc);
    }
    if check_character(body) != Some(check) {
        return Err(HibcError::BadCheckCharacter);
    }
    let mut hibc = Hibc::default();
    // The second character tells a primary code from a secondary one (2.2.1, note 1); alone, the
    // secondary one ends with the link.
    let is_primary = body[1..].starts_with(|c: char| c.is_ascii_uppercase());
    let data = match is_primary {
        true => &body[1..],
        false => {
            hibc.link = body[1..].chars().next_back();
            &body[1..body.len().max(2) - 1]
        }
    };
    let mut at = 1;
    for (place, field) in data.split('/').enumerate() {
        if place == 0 && is_primary {
            hibc.primary = Some(primary(field)?);
        } else {
            secondary::read(&mut hibc, field, at, reference_year)?;
        }
        at += field.len() + 1;
    }
    Ok(hibc)
}

/// Parses a text of unknown origin if it shows that it is such a code: `+`, a labeler and a
/// product, or `+` and the start of a secondary code. What starts with `+` and digits (a telephone
/// number does) must have the right check character too.
pub fn parse_if_hibc(text: &str, reference_year: i32) -> Option<Result<Hibc, HibcError>> {
    let body = text.trim_matches('*').strip_prefix('+')?;
    let is_primary = || {
        let first = body.split('/').next().unwrap_or_default();
        let plain = if body.contains('/') {
            first
        } else {
            first.get(..first.len().checked_sub(1)?)?
        };
        primary(plain).ok()
    };
    let result = parse(text, reference_year);
    if body.starts_with('$') || is_primary().is_some() {
        return Some(result).filter(|result| *result != Err(HibcError::NotHibc));
    }
    let is_digits = body.get(..5)?.bytes().all(|byte| byte.is_ascii_digit());
    (is_digits && result.is_ok()).then_some(result)
}

fn primary(text: &str) -> Result<Primary, HibcError> {
    let is_plain = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let length = text.len();
    if !is_plain(text) || !(6..=5 + FIELD_MAX).contains(&length) {
        return Err(HibcError::BadPrimary);
    }
    let (labeler, rest) = text.split_at(4);
    let (product, unit) = rest.split_at(rest.len() - 1);
    let unit = unit.parse().map_err(|_| HibcError::BadPrimary)?;
    if !labeler.starts_with(|c: char| c.is_ascii_uppercase()) {
        return Err(HibcError::BadPrimary);
    }
    Ok(Primary {
        labeler: labeler.to_owned(),
        product: product.to_owned(),
        unit,
    })
}
