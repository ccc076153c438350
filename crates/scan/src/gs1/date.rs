//! Dates of GS1 elements.

use chrono::{Datelike, NaiveDate};

/// The year that two digits mean, seen from `reference_year`: the one from 49 years before it to
/// 50 years after it (GS1 General Specifications, "determination of century").
fn full_year(two_digits: i32, reference_year: i32) -> i32 {
    let century = reference_year - reference_year.rem_euclid(100);
    let ahead = two_digits - reference_year.rem_euclid(100);
    match ahead {
        51.. => century - 100 + two_digits,
        ..=-50 => century + 100 + two_digits,
        _ => century + two_digits,
    }
}

/// `YYMMDD`; day 00 is the last day of the month. `None` if there is no such day.
pub(crate) fn short_date(digits: &str, reference_year: i32) -> Option<NaiveDate> {
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u32>().ok();
    let (year, month, day) = (number(0..2)?, number(2..4)?, number(4..6)?);
    // A year that chrono cannot hold would only come from an absurd reference year.
    let year = full_year(i32::try_from(year).ok()?, reference_year.clamp(0, 9_000));
    if day > 0 {
        return NaiveDate::from_ymd_opt(year, month, day);
    }
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    let next = if first.month() == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    NaiveDate::from_ymd_opt(next.0, next.1, 1)?.pred_opt()
}

/// `YYYYMMDD`.
pub(crate) fn long_date(digits: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(
        digits.get(0..4)?.parse().ok()?,
        digits.get(4..6)?.parse().ok()?,
        digits.get(6..8)?.parse().ok()?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_century_slides_with_the_reference_year() {
        for (two_digits, reference, year) in [
            (26, 2026, 2026),
            (76, 2026, 2076),
            (77, 2026, 1977),
            (0, 2026, 2000),
            (99, 2026, 1999),
            (0, 1999, 2000),
            (48, 1999, 2048),
            (49, 1999, 2049),
            (50, 1999, 1950),
            (1, 2051, 2101),
            (2, 2051, 2002),
        ] {
            assert_eq!(
                full_year(two_digits, reference),
                year,
                "{two_digits} in {reference}"
            );
        }
    }

    #[test]
    fn day_nought_is_the_last_of_the_month() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day);
        assert_eq!(short_date("280200", 2026), day(2028, 2, 29));
        assert_eq!(short_date("271200", 2026), day(2027, 12, 31));
        assert_eq!(short_date("270615", 2026), day(2027, 6, 15));
        assert_eq!(short_date("270229", 2026), None);
        assert_eq!(short_date("271300", 2026), None);
        assert_eq!(short_date("270000", 2026), None);
        assert_eq!(short_date("", 2026), None);
        assert_eq!(long_date("20261121"), day(2026, 11, 21));
    }
}
