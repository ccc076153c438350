//! Quantities: fixed point, thousandths of an item's base unit.

use std::fmt;

/// An amount of goods in thousandths of the base unit; may be negative as a difference or a balance.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    minicbor::Encode,
    minicbor::Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Quantity(#[n(0)] i64);

/// Why a text is not a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseQuantityError {
    /// Empty, or a character that is no digit, sign or point.
    #[error("not a number")]
    NotANumber,
    /// More than three decimals.
    #[error("finer than a thousandth")]
    TooFine,
    /// Beyond [`Quantity::LIMIT`].
    #[error("out of range")]
    OutOfRange,
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One base unit.
    pub const ONE: Self = Self(1_000);
    /// No single event moves more than this: a thousand million base units.
    pub const LIMIT: Self = Self(1_000_000_000_000);

    /// From thousandths of the base unit.
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// From whole base units.
    ///
    /// # Errors
    /// [`ParseQuantityError::OutOfRange`] beyond [`Quantity::LIMIT`].
    pub fn from_units(units: i64) -> Result<Self, ParseQuantityError> {
        units
            .checked_mul(1_000)
            .map(Self)
            .filter(Quantity::in_range)
            .ok_or(ParseQuantityError::OutOfRange)
    }

    /// Thousandths of the base unit.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// Whether one event may carry it.
    pub const fn in_range(&self) -> bool {
        self.0 >= -Self::LIMIT.0 && self.0 <= Self::LIMIT.0
    }

    /// The sum; balances saturate rather than wrap, far beyond any warehouse.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; saturates.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The same amount the other way.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// How much it is, whichever way it goes.
    #[must_use]
    pub const fn size(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// This many packs of `factor` base units each; `None` out of range.
    pub fn times(self, factor: Self) -> Option<Self> {
        let product = i128::from(self.0) * i128::from(factor.0) / 1_000;
        i64::try_from(product)
            .ok()
            .map(Self)
            .filter(Quantity::in_range)
    }

    /// Parses what a person types: digits with at most three decimals; point or comma.
    ///
    /// # Errors
    /// See [`ParseQuantityError`].
    pub fn parse(text: &str) -> Result<Self, ParseQuantityError> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, part) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() && part.is_empty() || !all_digits(whole) || !all_digits(part) {
            return Err(ParseQuantityError::NotANumber);
        }
        if part.len() > 3 {
            return Err(ParseQuantityError::TooFine);
        }
        let mut thousandths: i64 = 0;
        for b in whole.bytes().chain(format!("{part:0<3}").bytes()) {
            thousandths = thousandths
                .checked_mul(10)
                .and_then(|v| v.checked_add(i64::from(b - b'0')))
                .ok_or(ParseQuantityError::OutOfRange)?;
        }
        let quantity = Self(if negative { -thousandths } else { thousandths });
        if quantity.in_range() {
            Ok(quantity)
        } else {
            Err(ParseQuantityError::OutOfRange)
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0.unsigned_abs() / 1_000, self.0.unsigned_abs() % 1_000);
        let sign = if self.0 < 0 { "-" } else { "" };
        if part == 0 {
            write!(f, "{sign}{whole}")
        } else {
            write!(
                f,
                "{sign}{whole}.{}",
                format!("{part:03}").trim_end_matches('0')
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type() {
        use ParseQuantityError::{NotANumber, OutOfRange, TooFine};
        for (text, expected) in [
            ("5", Ok(5_000)),
            ("0", Ok(0)),
            ("-3", Ok(-3_000)),
            ("1.5", Ok(1_500)),
            ("1,25", Ok(1_250)),
            (".5", Ok(500)),
            ("1.2345", Err(TooFine)),
            ("", Err(NotANumber)),
            (".", Err(NotANumber)),
            ("1e3", Err(NotANumber)),
            ("٣", Err(NotANumber)),
            ("99999999999999999999", Err(OutOfRange)),
            ("1000000001", Err(OutOfRange)),
            ("1000000000", Ok(1_000_000_000_000)),
        ] {
            assert_eq!(
                Quantity::parse(text).map(Quantity::thousandths),
                expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn shown_without_needless_zeros() {
        for (thousandths, text) in [
            (5_000, "5"),
            (1_500, "1.5"),
            (-250, "-0.25"),
            (1, "0.001"),
            (0, "0"),
        ] {
            assert_eq!(Quantity(thousandths).to_string(), text);
        }
    }

    #[test]
    fn packs_multiply() {
        assert_eq!(
            Quantity(2_000).times(Quantity(12_000)),
            Some(Quantity(24_000))
        );
        assert_eq!(Quantity::LIMIT.times(Quantity::LIMIT), None);
    }
}
