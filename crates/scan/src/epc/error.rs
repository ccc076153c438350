//! What can be wrong with an EPC.

use thiserror::Error;

use crate::gs1::Gs1Error;

/// Why a text is not an EPC that can be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EpcError {
    /// Neither hexadecimal digits nor a `urn:epc:` URI.
    #[error("not an EPC")]
    NotAnEpc,
    /// The first byte names no scheme that is read here. A tag that nobody wrote has 00 or E2.
    #[error("unknown EPC header {header:02X}")]
    UnknownHeader { header: u8 },
    /// The header asks for another number of hexadecimal digits.
    #[error("{found} hexadecimal digits in place of {needed}")]
    WrongLength { found: usize, needed: usize },
    /// 7 is the partition value that no table has.
    #[error("invalid partition value {partition}")]
    BadPartition { partition: u8 },
    /// A number larger than its digits, a character that may not be there, or bits that should be 0.
    #[error("the {field} is invalid")]
    BadField { field: &'static str },
    /// A `urn:epc:` URI of a kind or scheme that is not read here, or with too few or too many
    /// parts.
    #[error("not an EPC URI that is known here")]
    BadUri,
    /// The element that it stands for breaks a rule of GS1.
    #[error("{0}")]
    BadElement(Gs1Error),
}

impl EpcError {
    /// Stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            EpcError::NotAnEpc => "epc-not-an-epc",
            EpcError::UnknownHeader { .. } => "epc-unknown-header",
            EpcError::WrongLength { .. } => "epc-wrong-length",
            EpcError::BadPartition { .. } => "epc-bad-partition",
            EpcError::BadField { .. } => "epc-bad-field",
            EpcError::BadUri => "epc-bad-uri",
            EpcError::BadElement(_) => "epc-bad-element",
        }
    }
}
