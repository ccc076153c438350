//! The data of North American coupons, (8110) and (8112): fields behind each other, most with a
//! digit in front that tells their length.
//!
//! "North American Coupon Application Guideline Using GS1 DataBar Expanded Symbols" and "GS1 AI
//! (8112) Coupon Data Specification", as the linters of the GS1 Barcode Syntax Dictionary apply
//! them.

use super::date::short_date;
use super::rules::starts_with_company_prefix;

/// What is left to read. Each step is `None` where the data breaks its rule.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a str> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// One digit out of `allowed`, as a number.
    fn digit(&mut self, allowed: &str) -> Option<usize> {
        let digit = self.take(1).filter(|digit| allowed.contains(*digit))?;
        digit.parse().ok()
    }

    /// A field behind its length.
    fn counted(&mut self, lengths: &str, more: usize) -> Option<&'a str> {
        let length = self.digit(lengths)? + more;
        self.take(length)
    }

    fn company(&mut self, lengths: &str) -> Option<&'a str> {
        self.counted(lengths, 6)
            .filter(|prefix| starts_with_company_prefix(prefix, 0))
    }

    /// How much of what must be bought: requirement, its code, its family code.
    fn purchase(&mut self) -> Option<()> {
        self.counted("12345", 0)?;
        self.digit("012349")?;
        self.take(3).map(drop)
    }

    /// The company of a second or third purchase; 9 says that it is the first one.
    fn other_company(&mut self) -> Option<()> {
        if self.0.starts_with('9') {
            return self.take(1).map(drop);
        }
        self.company("0123456").map(drop)
    }

    fn date(&mut self) -> Option<&'a str> {
        const ANY_YEAR: i32 = 2026;
        self.take(6)
            .filter(|date| !date.ends_with("00") && short_date(date, ANY_YEAR).is_some())
    }

    /// Takes the digit that announces an optional field.
    fn announces(&mut self, digit: &str) -> bool {
        let rest = self.0.strip_prefix(digit);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn coupon(&mut self) -> Option<()> {
        self.company("0123456")?;
        self.take(6)?;
        self.counted("12345", 0)?;
        self.purchase()?;
        if self.announces("1") {
            self.digit("0123")?;
            self.purchase()?;
            self.other_company()?;
        }
        if self.announces("2") {
            self.purchase()?;
            self.other_company()?;
        }
        let expiry = if self.announces("3") {
            Some(self.date()?)
        } else {
            None
        };
        if self.announces("4") {
            let start = self.date()?;
            // As text, as the linter does it: both are of one century.
            expiry.is_none_or(|expiry| start <= expiry).then_some(())?;
        }
        if self.announces("5") {
            self.counted("0123456789", 6)?;
        }
        if self.announces("6") {
            self.company("1234567")?;
        }
        if self.announces("9") {
            self.digit("01256")?;
            self.digit("012")?;
            self.take(1)?;
            self.digit("01")?;
        }
        self.0.is_empty().then_some(())
    }

    fn offer(&mut self) -> Option<()> {
        self.digit("01")?;
        self.counted("0123456", 6)?;
        self.take(6)?;
        self.counted("0123456789", 6)?;
        self.0.is_empty().then_some(())
    }
}

fn is_digits(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `value` is the data of a coupon, (8110).
pub(super) fn is_coupon(value: &str) -> bool {
    is_digits(value) && Rest(value).coupon().is_some()
}

/// Whether `value` is the data of a coupon of a positive offer file, (8112).
pub(super) fn is_offer(value: &str) -> bool {
    is_digits(value) && Rest(value).offer().is_some()
}
