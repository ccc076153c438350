//! Money: whole minor units of a currency, never a float.

use std::fmt;

use crate::quantity::Quantity;

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// From three letters in any case, such as `CNY`; `None` for anything else. Whether such a currency exists is not
    /// checked: the list changes.
    pub fn from_code(code: &str) -> Option<Self> {
        let code: [u8; 3] = code.trim().as_bytes().try_into().ok()?;
        let is_letters = code.iter().all(u8::is_ascii_alphabetic);
        is_letters.then(|| Self(code.map(|c| c.to_ascii_uppercase())))
    }

    /// Its code, in capitals.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Digits of the minor unit after the point: two, but for the few that ISO 4217 lists with none or three.
    pub const fn digits(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// Minor units that a decimal number means, such as 1250 for `12.5` of a currency with two digits. `None` if it is no
    /// number, is negative, has more digits than the currency, or is above [`UnitValue::LIMIT`].
    pub fn parse(&self, number: &str) -> Option<i64> {
        let (whole, part) = number.trim().split_once('.').unwrap_or((number.trim(), ""));
        let digits = self.digits() as usize;
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > digits {
            return None;
        }
        let minor = format!("{whole}{part:0<digits$}").parse::<i64>().ok()?;
        (minor <= UnitValue::LIMIT).then_some(minor)
    }

    /// A sum as a decimal number, such as `-12.50`.
    pub fn number(&self, minor: i128) -> String {
        let digits = self.digits() as usize;
        let sign = if minor < 0 { "-" } else { "" };
        let all = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
        let (whole, part) = all.split_at(all.len() - digits);
        match part {
            "" => format!("{sign}{whole}"),
            part => format!("{sign}{whole}.{part}"),
        }
    }
}

/// No currency, as ISO 4217 writes it.
impl Default for Currency {
    fn default() -> Self {
        Self(*b"XXX")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({self})")
    }
}

/// What one base unit of an item is worth in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitValue {
    /// In minor units of the currency, such as fen or cents; 1 to [`Self::LIMIT`].
    pub minor: i64,
    /// In which currency.
    pub currency: Currency,
}

impl UnitValue {
    /// No base unit is worth more minor units than this, so that sums over a site cannot overflow.
    pub const LIMIT: i64 = 1_000_000_000_000_000;

    /// What so much is worth, in minor units, rounded half away from zero.
    pub fn of(&self, quantity: Quantity) -> i128 {
        let exact = i128::from(self.minor) * i128::from(quantity.thousandths());
        let half = if exact < 0 { -500 } else { 500 };
        (exact + half) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    #[test]
    fn numbers_have_the_digits_of_their_currency() {
        for (code, number, minor) in [
            ("CNY", "12.5", Some(1_250)),
            ("cny", " 0.07 ", Some(7)),
            ("CNY", "12.505", None),
            ("CNY", "-1", None),
            ("CNY", "1e3", None),
            ("CNY", ".5", None),
            ("CNY", "", None),
            ("CNY", "99999999999999999999", None),
            ("JPY", "300", Some(300)),
            ("JPY", "300.5", None),
            ("KWD", "1.234", Some(1_234)),
        ] {
            assert_eq!(currency(code).parse(number), minor, "{code} {number}");
        }
        for (code, minor, number) in [
            ("CNY", -1_250, "-12.50"),
            ("CNY", -7, "-0.07"),
            ("CNY", 0, "0.00"),
            ("JPY", -300, "-300"),
            ("KWD", 1, "0.001"),
        ] {
            assert_eq!(currency(code).number(minor), number, "{code} {minor}");
        }
    }

    #[test]
    fn a_currency_is_three_letters() {
        for (code, read) in [
            ("cny", Some("CNY")),
            ("¥", None),
            ("RMB1", None),
            ("C1Y", None),
        ] {
            let found = Currency::from_code(code);
            assert_eq!(found.as_ref().map(Currency::code), read, "{code}");
        }
    }

    #[test]
    fn a_value_is_rounded_half_away_from_zero() {
        let value = UnitValue {
            minor: 35,
            currency: currency("CNY"),
        };
        for (thousandths, minor) in [(1_000, 35), (-2_000, -70), (500, 18), (-500, -18), (14, 0)] {
            let quantity = Quantity::from_thousandths(thousandths);
            assert_eq!(value.of(quantity), minor, "{thousandths}");
        }
    }
}
