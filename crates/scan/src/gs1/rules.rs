//! Checks one value against its dictionary entry.

use super::date::{long_date, short_date};
use super::dictionary::{Ai, Charset, Part, Rule};
use super::error::Gs1Error;
use crate::checks::check_digit_is_right;

/// GS1 AI encodable character set 82, in the order its check characters count it.
const CSET_82: &[u8] =
    b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const CSET_32: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const PRIMES: [usize; 23] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83,
];

/// Checks `value` of the element `code`, which stands at byte `at` of the text.
pub(super) fn check_value<'a>(
    code: &str,
    ai: &Ai,
    value: &'a [u8],
    at: usize,
) -> Result<&'a str, Gs1Error> {
    let ai_name = || code.to_owned();
    let mut offset = 0;
    for part in ai.parts {
        let rest = &value[offset..];
        if rest.is_empty() && part.optional {
            continue;
        }
        let taken = &rest[..rest.len().min(part.length_max)];
        let place = at + offset;
        if let Some(bad) = taken.iter().position(|byte| !part.charset.holds(*byte)) {
            return Err(Gs1Error::BadCharacter {
                ai: ai_name(),
                at: place + bad,
            });
        }
        if taken.len() < part.length_min {
            return Err(Gs1Error::TooShort {
                ai: ai_name(),
                at: place,
            });
        }
        check_rule(part, ascii(taken)).map_err(|fault| match fault {
            Fault::CheckDigit => Gs1Error::BadCheckDigit {
                ai: ai_name(),
                at: place,
            },
            Fault::Date => Gs1Error::BadDate {
                ai: ai_name(),
                at: place,
            },
            Fault::Value => Gs1Error::BadValue {
                ai: ai_name(),
                at: place,
            },
        })?;
        offset += taken.len();
    }
    if offset < value.len() {
        return Err(Gs1Error::TooLong {
            ai: ai_name(),
            at: at + offset,
        });
    }
    Ok(ascii(value))
}

/// Every byte passed a charset, and all charsets are ASCII.
fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

impl Charset {
    pub(super) fn holds(self, byte: u8) -> bool {
        match self {
            Charset::Digits => byte.is_ascii_digit(),
            Charset::Cset82 => CSET_82.contains(&byte),
            Charset::Cset39 => {
                byte.is_ascii_digit()
                    || byte.is_ascii_uppercase()
                    || matches!(byte, b'#' | b'-' | b'/')
            }
            Charset::Base64Url => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=')
            }
        }
    }
}

enum Fault {
    CheckDigit,
    Date,
    Value,
}

fn check_rule(part: &Part, value: &str) -> Result<(), Fault> {
    let within = |text: &str, range: std::ops::RangeInclusive<u64>| {
        text.parse::<u64>()
            .is_ok_and(|number| range.contains(&number))
    };
    let demand = |holds: bool, fault: Fault| if holds { Ok(()) } else { Err(fault) };
    // Only whether the day exists is asked here, and the century changes that for one day of 100
    // years; `Gs1Fields::from_elements` asks again with the caller's year.
    const ANY_YEAR: i32 = 2026;
    match part.rule {
        Rule::Free => Ok(()),
        Rule::CheckDigit => demand(check_digit_is_right(value), Fault::CheckDigit),
        Rule::CheckPair => demand(check_pair_is_right(value), Fault::CheckDigit),
        Rule::DateOrMonth => demand(short_date(value, ANY_YEAR).is_some(), Fault::Date),
        Rule::Date => demand(
            !value.ends_with("00") && short_date(value, ANY_YEAR).is_some(),
            Fault::Date,
        ),
        Rule::LongDate => demand(long_date(value).is_some(), Fault::Date),
        Rule::HourMinute => {
            let (hour, minute) = value.split_at(2.min(value.len()));
            demand(within(hour, 0..=23) && within(minute, 0..=59), Fault::Date)
        }
        Rule::Hour => demand(within(value, 0..=23), Fault::Date),
        Rule::Minute | Rule::Second => demand(within(value, 0..=59), Fault::Date),
        Rule::Zero => demand(value.bytes().all(|byte| byte == b'0'), Fault::Value),
        Rule::NonZero => demand(value.bytes().any(|byte| byte != b'0'), Fault::Value),
        Rule::NoZeroPrefix => demand(value == "0" || !value.starts_with('0'), Fault::Value),
        Rule::YesNo => demand(within(value, 0..=1), Fault::Value),
        Rule::Winding => demand(matches!(value, "0" | "1" | "9"), Fault::Value),
        Rule::PieceOfTotal => {
            let (piece, total) = value.split_at(2.min(value.len()));
            demand(within(piece, 1..=99) && piece <= total, Fault::Value)
        }
        Rule::Hyphen => demand(value == "-", Fault::Value),
        Rule::PercentEncoded => demand(percent_codes_are_right(value), Fault::Value),
        Rule::Iban => demand(iban_is_right(value), Fault::CheckDigit),
        Rule::Country | Rule::Currency => demand(within(value, 1..=999), Fault::Value),
        Rule::CountryLetters => demand(
            value.bytes().all(|byte| byte.is_ascii_uppercase()),
            Fault::Value,
        ),
        Rule::Latitude => demand(within(value, 0..=1_800_000_000), Fault::Value),
        Rule::Longitude => demand(within(value, 0..=3_600_000_000), Fault::Value),
        Rule::Sex => demand(matches!(value, "0" | "1" | "2" | "9"), Fault::Value),
    }
}

fn percent_codes_are_right(value: &str) -> bool {
    let mut parts = value.split('%');
    parts.next();
    parts.all(|part| {
        part.as_bytes()
            .get(..2)
            .is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit))
    })
}

/// The two check characters of a GMN or HIBC-like key: weights are primes from the right, the sum
/// is taken modulo 1021 and written in 32 characters.
fn check_pair_is_right(value: &str) -> bool {
    let bytes = value.as_bytes();
    let Some((body, pair)) = bytes.len().checked_sub(2).map(|at| bytes.split_at(at)) else {
        return false;
    };
    if body.is_empty() || body.len() > PRIMES.len() {
        return false;
    }
    let sum: usize = body
        .iter()
        .rev()
        .zip(PRIMES)
        .map(|(byte, prime)| prime * CSET_82.iter().position(|c| c == byte).unwrap_or_default())
        .sum::<usize>()
        % 1021;
    pair == [CSET_32[sum / 32], CSET_32[sum % 32]]
}

/// ISO 13616: country letters and check digits moved to the end leave 1 modulo 97.
fn iban_is_right(value: &str) -> bool {
    if value.len() < 5 || !value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let (start, rest) = value.split_at(4);
    let remainder = rest
        .chars()
        .chain(start.chars())
        .fold(0u32, |sum, character| {
            let number = character.to_digit(36).unwrap_or_default();
            (sum * if number > 9 { 100 } else { 10 } + number) % 97
        });
    remainder == 1
}
