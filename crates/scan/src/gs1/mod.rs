//! GS1 data: element strings, bracketed text and Digital Link to typed fields, and back.
//!
//! Grammar and checks come from the GS1 Barcode Syntax Dictionary ([`known_ai`] tells what it
//! knows). Rules that need several elements at once ("a lot needs a GTIN") are not applied, since a
//! warehouse gets labels that break them every day and each field is still right by itself;
//! [`check_associations`] asks them.
//!
//! Nothing here reads a clock: two-digit years take a reference year.

mod associations;
mod codes;
mod coupon;
mod date;
mod dictionary;
mod element;
mod encode;
mod error;
mod fields;
mod link;
mod repair;
mod rules;
mod table;
mod typed;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

pub use associations::check_associations;
pub(crate) use date::{long_date as long_date_of, short_date as date_of};
pub use dictionary::known_ai;
pub use element::{Element, GS, parse_bracketed_elements, parse_elements};
pub use encode::{encode, encode_bracketed};
pub use error::Gs1Error;
pub use fields::{Gs1Fields, Measure, fields_of_gtin};
pub use link::parse_link_elements;
pub use repair::{Known, Repair, Separators, TIED_MAX, repair};
pub use typed::Typed;

/// An element string, GS (0x1D) between elements of open length; a symbology identifier such as
/// `]C1` and the FNC1 that a scanner sends as GS may stand in front.
///
/// # Errors
/// The first thing that breaks the grammar or a check, with its identifier and place.
pub fn parse_element_string(text: &str, reference_year: i32) -> Result<Gs1Fields, Gs1Error> {
    Gs1Fields::from_elements(&parse_elements(text)?, reference_year)
}

/// Text as people write it: `(01)04006381333931(10)LOT 7`; a bracket within a value is `\(`.
///
/// # Errors
/// As [`parse_element_string`].
pub fn parse_bracketed(text: &str, reference_year: i32) -> Result<Gs1Fields, Gs1Error> {
    Gs1Fields::from_elements(&parse_bracketed_elements(text)?, reference_year)
}

/// A GS1 Digital Link: `https://host/01/04006381333931/10/LOT?17=261231`.
///
/// # Errors
/// As [`parse_element_string`], and [`Gs1Error::NotALink`] for any other address.
pub fn parse_digital_link(uri: &str, reference_year: i32) -> Result<Gs1Fields, Gs1Error> {
    Gs1Fields::from_elements(&parse_link_elements(uri)?, reference_year)
}

/// Parses a text of unknown origin if it shows that it is GS1: it has a GS1 symbology identifier
/// or a GS in it, starts with a known identifier in brackets, or is a Digital Link.
///
/// `None` is "plain text", not an error: a bare row of digits may be anything.
pub fn parse_if_gs1(text: &str, reference_year: i32) -> Option<Result<Gs1Fields, Gs1Error>> {
    if element::has_gs1_identifier(text) || text.contains(GS) {
        return Some(parse_element_string(text, reference_year));
    }
    if element::starts_with_bracketed_ai(text) {
        return Some(parse_bracketed(text, reference_year));
    }
    match parse_digital_link(text, reference_year) {
        Err(Gs1Error::NotALink) => None,
        result => Some(result),
    }
}
