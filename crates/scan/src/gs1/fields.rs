//! The elements a warehouse works with, as typed fields.

use chrono::NaiveDate;

use super::date::short_date;
use super::element::Element;
use super::error::Gs1Error;
use crate::checks;

/// A measure as GS1 writes it: an integer and how many of its digits are decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    pub digits: u64,
    /// Digits behind the decimal point, 0 to 9.
    pub decimals: u8,
}

impl Measure {
    /// Whole thousandths of the unit (grams for kilograms); `None` if it has a finer part.
    pub fn thousandths(self) -> Option<u64> {
        match u32::from(self.decimals) {
            decimals @ 0..=3 => self.digits.checked_mul(10u64.pow(3 - decimals)),
            decimals => {
                let finer = 10u64.checked_pow(decimals - 3)?;
                self.digits
                    .is_multiple_of(finer)
                    .then_some(self.digits / finer)
            }
        }
    }
}

/// What an element string says. Every value passed the checks of its element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gs1Fields {
    /// (01), 14 digits.
    pub gtin: Option<String>,
    /// (02) GTIN of the trade items inside a logistic unit, 14 digits.
    pub content_gtin: Option<String>,
    /// (00), 18 digits.
    pub sscc: Option<String>,
    /// (10)
    pub lot: Option<String>,
    /// (17), or the day of (7003) where there is no (17).
    pub expiry: Option<NaiveDate>,
    /// (15)
    pub best_before: Option<NaiveDate>,
    /// (11)
    pub production: Option<NaiveDate>,
    /// (13)
    pub packaging: Option<NaiveDate>,
    /// (21)
    pub serial: Option<String>,
    /// (37) trade items in a logistic unit, or (30) pieces where there is no (37).
    pub count: Option<u64>,
    /// (310n)
    pub net_weight_kg: Option<Measure>,
    /// (330n)
    pub gross_weight_kg: Option<Measure>,
    /// All other elements in their order, as (identifier, value).
    pub other: Vec<(String, String)>,
}

impl Gs1Fields {
    /// Sorts checked elements into fields; `reference_year` settles the century of dates.
    ///
    /// # Errors
    /// A date that exists in the dictionary's check but not in the century it falls into
    /// (29 February 2100), or an element that never passed [`super::parse_elements`].
    pub fn from_elements(elements: &[Element], reference_year: i32) -> Result<Self, Gs1Error> {
        let mut fields = Self::default();
        let (mut pieces, mut expiry_of_time) = (None, None);
        for Element { ai, value } in elements {
            let date = |digits: &str| {
                short_date(digits, reference_year)
                    .map(Some)
                    .ok_or_else(|| Gs1Error::BadDate {
                        ai: ai.clone(),
                        at: 0,
                    })
            };
            let number = || {
                let bad = || Gs1Error::BadCharacter {
                    ai: ai.clone(),
                    at: 0,
                };
                value.parse::<u64>().map_err(|_| bad())
            };
            let measure = || {
                let decimals = ai
                    .as_bytes()
                    .last()
                    .map_or(0, |digit| digit.wrapping_sub(b'0'));
                number().map(|digits| Some(Measure { digits, decimals }))
            };
            match ai.as_str() {
                "00" => fields.sscc = Some(value.clone()),
                "01" => fields.gtin = Some(value.clone()),
                "02" => fields.content_gtin = Some(value.clone()),
                "10" => fields.lot = Some(value.clone()),
                "11" => fields.production = date(value)?,
                "13" => fields.packaging = date(value)?,
                "15" => fields.best_before = date(value)?,
                "17" => fields.expiry = date(value)?,
                "21" => fields.serial = Some(value.clone()),
                "30" => pieces = Some(number()?),
                "37" => fields.count = Some(number()?),
                "7003" => {
                    expiry_of_time = date(value)?;
                    fields.other.push((ai.clone(), value.clone()));
                }
                _ if ai.len() == 4 && ai.starts_with("310") => fields.net_weight_kg = measure()?,
                _ if ai.len() == 4 && ai.starts_with("330") => fields.gross_weight_kg = measure()?,
                _ => fields.other.push((ai.clone(), value.clone())),
            }
        }
        fields.expiry = fields.expiry.or(expiry_of_time);
        match (fields.count, pieces) {
            (None, pieces) => fields.count = pieces,
            (Some(_), Some(pieces)) => fields.other.push(("30".to_owned(), pieces.to_string())),
            (Some(_), None) => {}
        }
        Ok(fields)
    }
}

/// The fields of a bare GTIN-8, -12, -13 or -14, as EAN, UPC and ITF-14 hold it.
///
/// # Errors
/// It is no GTIN: the length or the check digit is wrong.
pub fn fields_of_gtin(digits: &str) -> Result<Gs1Fields, Gs1Error> {
    let bad = || Gs1Error::BadCheckDigit {
        ai: "01".to_owned(),
        at: 0,
    };
    let gtin = checks::gtin_normalised(digits).ok_or_else(bad)?;
    Ok(Gs1Fields {
        gtin: Some(gtin),
        ..Gs1Fields::default()
    })
}
