//! The fields of secondary data: ANSI/HIBC 2.6, section 2.2 with table 2, and 2.3 (additional data).

use chrono::NaiveDate;

use super::{FIELD_MAX, Hibc, HibcError};
use crate::gs1::date_of;

/// Reads the field that starts at character `at` into `hibc`.
pub(super) fn read(hibc: &mut Hibc, field: &str, at: usize, year: i32) -> Result<(), HibcError> {
    let bad = HibcError::BadSecondary { at };
    let number = |digits: &str, most: usize| {
        let is_number =
            (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u64>().ok().filter(|_| is_number)
    };
    if let Some(data) = field.strip_prefix("$$+") {
        let serial = dated(hibc, data, at, year)?;
        return set(&mut hibc.serial, text(serial, at)?, at);
    }
    if let Some(data) = field.strip_prefix("$$") {
        let lot = dated(hibc, data, at, year)?;
        return set(&mut hibc.lot, text(lot, at)?, at);
    }
    if let Some(serial) = field.strip_prefix("$+") {
        return set(&mut hibc.serial, text(serial, at)?, at);
    }
    if let Some(lot) = field.strip_prefix('$') {
        return set(&mut hibc.lot, text(lot, at)?, at);
    }
    if let Some(digits) = field.strip_prefix("14D") {
        let day = long_day(digits).ok_or(HibcError::BadDate { at })?;
        return set(&mut hibc.expiry, Some(day), at);
    }
    if let Some(digits) = field.strip_prefix("16D") {
        let day = long_day(digits).ok_or(HibcError::BadDate { at })?;
        return set(&mut hibc.production, Some(day), at);
    }
    if let Some(serial) = field.strip_prefix('S') {
        return set(&mut hibc.serial, text(serial, at)?, at);
    }
    if let Some(digits) = field.strip_prefix('Q') {
        let quantity = number(digits, 5).ok_or(bad)?;
        return set(&mut hibc.quantity, Some(quantity), at);
    }
    // The oldest form: the day without anything before it, then the lot.
    let (day, lot) = field.split_at_checked(5).ok_or(bad.clone())?;
    if !day.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad);
    }
    let day = ordinal_day(day, year).ok_or(HibcError::BadDate { at })?;
    set(&mut hibc.expiry, Some(day), at)?;
    set(&mut hibc.lot, text(lot, at)?, at)
}

/// What stands behind `$$`: a quantity, a date, and the rest, which it returns.
fn dated<'a>(hibc: &mut Hibc, data: &'a str, at: usize, year: i32) -> Result<&'a str, HibcError> {
    let bad = || HibcError::BadSecondary { at };
    let quantity_digits = match data.get(..1) {
        Some("8") => 2,
        Some("9") => 5,
        _ => 0,
    };
    let mut rest = data;
    if quantity_digits > 0 {
        let (digits, after) = data[1..]
            .split_at_checked(quantity_digits)
            .ok_or_else(bad)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let quantity = digits.parse().ok().filter(|_| is_number).ok_or_else(bad)?;
        set(&mut hibc.quantity, Some(quantity), at)?;
        rest = after;
    }
    // The first digit of a month is its own flag.
    let (skipped, digits) = match rest.get(..1) {
        Some("0" | "1") => (0, 4),
        Some("2" | "3") => (1, 6),
        Some("4") => (1, 8),
        Some("5") => (1, 5),
        Some("6") => (1, 7),
        Some("7") => return Ok(&rest[1..]),
        None => return Ok(""),
        // A lot that starts with a letter needs no flag.
        Some(_) => return Ok(rest),
    };
    let (date, after) = rest[skipped..].split_at_checked(digits).ok_or_else(bad)?;
    if !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    let part = |range: std::ops::Range<usize>| date.get(range).unwrap_or_default();
    let day = match &rest[..1] {
        "2" => date_of(&format!("{}{}", part(4..6), part(0..4)), year),
        "3" | "4" => date_of(part(0..6), year),
        "5" | "6" => ordinal_day(part(0..5), year),
        _ => date_of(&format!("{}{}00", part(2..4), part(0..2)), year),
    };
    // Day 00 means the last of the month in GS1 data, not here.
    let has_day = !matches!(&rest[..1], "2" if part(2..4) == "00")
        && !matches!(&rest[..1], "3" | "4" if part(4..6) == "00");
    let day = day.filter(|_| has_day).ok_or(HibcError::BadDate { at })?;
    set(&mut hibc.expiry, Some(day), at)?;
    let hour = match &rest[..1] {
        "4" => Some(part(6..8)),
        "6" => Some(part(5..7)),
        _ => None,
    };
    if let Some(hour) = hour {
        let hour = hour.parse::<u8>().ok().filter(|hour| *hour < 24);
        hibc.expiry_hour = Some(hour.ok_or(HibcError::BadDate { at })?);
    }
    Ok(after)
}

/// A lot or serial number; an empty one is none.
fn text(text: &str, at: usize) -> Result<Option<String>, HibcError> {
    let is_plain = text.bytes().all(|byte| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
    });
    if !is_plain || text.len() > FIELD_MAX {
        return Err(HibcError::BadSecondary { at });
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Takes a value over; the same one again does no harm.
fn set<T: PartialEq>(slot: &mut Option<T>, value: Option<T>, at: usize) -> Result<(), HibcError> {
    match (slot.as_ref(), value) {
        (_, None) => Ok(()),
        (Some(before), Some(value)) if *before != value => Err(HibcError::Repeated { at }),
        (_, value) => {
            *slot = value;
            Ok(())
        }
    }
}

/// `YYYYMMDD`.
fn long_day(digits: &str) -> Option<NaiveDate> {
    let is_digits = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_digits
        .then(|| crate::gs1::long_date_of(digits))
        .flatten()
}

/// `YYJJJ`: day JJJ of the year, from 1.
fn ordinal_day(digits: &str, year: i32) -> Option<NaiveDate> {
    let first = date_of(&format!("{}0101", digits.get(..2)?), year)?;
    let days = digits.get(2..5)?.parse::<u64>().ok()?.checked_sub(1)?;
    let day = first.checked_add_days(chrono::Days::new(days))?;
    (chrono::Datelike::year(&day) == chrono::Datelike::year(&first)).then_some(day)
}
