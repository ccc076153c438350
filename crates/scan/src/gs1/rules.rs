//! Checks one value against its dictionary entry.

use super::codes;
use super::coupon;
use super::date::{long_date, short_date};
use super::dictionary::{Ai, Charset, Rule};
use super::error::Gs1Error;
use crate::checks::check_digit_is_right;

/// GS1 AI encodable character set 82, in the order its check characters count it.
const CSET_82: &[u8] =
    b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const CSET_32: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Enough for the longest value that any element could have.
const PRIMES: [usize; 97] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193,
    197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307,
    311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421,
    431, 433, 439, 443, 449, 457, 461, 463, 467, 479, 487, 491, 499, 503, 509,
];
/// Characters of an IBAN, as GS1's linter takes them.
const IBAN_LENGTHS: std::ops::RangeInclusive<usize> = 11..=34;
/// Digits that the shortest GS1 company prefix has.
const COMPANY_PREFIX_MIN: usize = 4;

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
        if part.charset == Charset::Base64Url && !padding_is_right(taken) {
            return Err(Gs1Error::BadValue {
                ai: ai_name(),
                at: place,
            });
        }
        let value = ascii(taken);
        for rule in part.rules {
            check_rule(*rule, value).map_err(|fault| match fault {
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
        }
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

/// Whether any element may hold this byte. Set 82 holds all of the other sets but `#`, which only a
/// component number (8010) has.
pub(super) fn is_value_byte(byte: u8) -> bool {
    CSET_82.contains(&byte)
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

/// Padding of base 64 as GS1's linter wants it: at most two signs, only at the end, the whole a
/// multiple of three long.
pub(super) fn padding_is_right(value: &[u8]) -> bool {
    let body = value
        .iter()
        .rposition(|byte| *byte != b'=')
        .map_or(0, |at| at + 1);
    let pads = value.len() - body;
    !value[..body].contains(&b'=') && (pads == 0 || (pads <= 2 && value.len().is_multiple_of(3)))
}

pub(super) enum Fault {
    CheckDigit,
    Date,
    Value,
}

pub(super) fn check_rule(rule: Rule, value: &str) -> Result<(), Fault> {
    let demand = |holds: bool, fault: Fault| if holds { Ok(()) } else { Err(fault) };
    let is_of =
        |length: usize, max: u64| value.len() == length && number(value).is_some_and(|n| n <= max);
    // Only whether the day exists is asked here, and the century changes that for one day of 100
    // years; `Gs1Fields::from_elements` asks again with the caller's year.
    const ANY_YEAR: i32 = 2026;
    let is_short_date = || value.len() == 6 && short_date(value, ANY_YEAR).is_some();
    match rule {
        Rule::CheckDigit => demand(check_digit_is_right(value), Fault::CheckDigit),
        Rule::CheckPair => demand(check_pair_is_right(value), Fault::CheckDigit),
        Rule::CompanyPrefix => demand(starts_with_company_prefix(value, 0), Fault::Value),
        Rule::CompanyPrefixAtSecond => demand(starts_with_company_prefix(value, 1), Fault::Value),
        Rule::HasNonDigit => demand(
            value.bytes().any(|byte| !byte.is_ascii_digit()),
            Fault::Value,
        ),
        Rule::DateOrMonth => demand(is_short_date(), Fault::Date),
        Rule::Date => demand(!value.ends_with("00") && is_short_date(), Fault::Date),
        Rule::LongDate => demand(value.len() == 8 && long_date(value).is_some(), Fault::Date),
        Rule::HourMinute => {
            let parts = value.split_at_checked(2);
            let holds = value.len() == 4
                && parts.is_some_and(|(hour, minute)| {
                    number(hour).is_some_and(|hour| hour <= 23)
                        && number(minute).is_some_and(|minute| minute <= 59)
                });
            demand(holds, Fault::Date)
        }
        Rule::Hour => demand(is_of(2, 23), Fault::Date),
        Rule::Minute | Rule::Second => demand(is_of(2, 59), Fault::Date),
        Rule::Zero => demand(number(value) == Some(0), Fault::Value),
        Rule::NonZero => demand(
            number(value).is_some() && value.bytes().any(|byte| byte != b'0'),
            Fault::Value,
        ),
        Rule::NoZeroPrefix => demand(
            value.is_empty() || (number(value).is_some() && !value.starts_with('0')),
            Fault::Value,
        ),
        Rule::YesNo => demand(matches!(value, "0" | "1"), Fault::Value),
        Rule::Winding => demand(matches!(value, "0" | "1" | "9"), Fault::Value),
        Rule::PieceOfTotal => demand(piece_of_total_is_right(value), Fault::Value),
        Rule::PositionInSequence => demand(position_is_right(value), Fault::Value),
        Rule::Hyphen => demand(
            !value.is_empty() && value.bytes().all(|byte| byte == b'-'),
            Fault::Value,
        ),
        Rule::PercentEncoded => demand(percent_codes_are_right(value), Fault::Value),
        Rule::Iban => demand(iban_is_right(value), Fault::CheckDigit),
        Rule::Country => demand(codes::is_country(value), Fault::Value),
        Rule::CountryOr999 => demand(value == "999" || codes::is_country(value), Fault::Value),
        Rule::CountryLetters => demand(codes::is_country_letters(value), Fault::Value),
        Rule::Currency => demand(codes::is_currency(value), Fault::Value),
        Rule::Latitude => demand(is_of(10, 1_800_000_000), Fault::Value),
        Rule::Longitude => demand(is_of(10, 3_600_000_000), Fault::Value),
        Rule::Sex => demand(matches!(value, "0" | "1" | "2" | "9"), Fault::Value),
        Rule::ImporterIndex => {
            let is_index = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            demand(
                matches!(value.as_bytes(), [one] if is_index(one)),
                Fault::Value,
            )
        }
        Rule::MediaType => demand(codes::is_media_type(value), Fault::Value),
        Rule::PackageType => demand(codes::is_package_type(value), Fault::Value),
        Rule::Coupon => demand(coupon::is_coupon(value), Fault::Value),
        Rule::CouponOffer => demand(coupon::is_offer(value), Fault::Value),
    }
}

/// The number that digits, and nothing but digits, make.
fn number(digits: &str) -> Option<u64> {
    let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| only_digits)
}

/// Whether a GS1 company prefix can start at byte `at`: its shortest form is there and digits.
pub(super) fn starts_with_company_prefix(value: &str, at: usize) -> bool {
    value
        .as_bytes()
        .get(at..at + COMPANY_PREFIX_MIN)
        .is_some_and(|prefix| prefix.iter().all(u8::is_ascii_digit))
}

/// `NNTT`, both halves as long: piece NN of TT, neither 0.
fn piece_of_total_is_right(value: &str) -> bool {
    let (piece, total) = value.split_at_checked(value.len() / 2).unwrap_or_default();
    let is_number = |half: &str| {
        half.bytes().all(|byte| byte.is_ascii_digit()) && half.bytes().any(|byte| byte != b'0')
    };
    piece.len() == total.len() && is_number(piece) && is_number(total) && piece <= total
}

/// `N/T` without zeros in front.
fn position_is_right(value: &str) -> bool {
    let is_number = |text: &str| {
        !text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    value.split_once('/').is_some_and(|(position, end)| {
        // Without zeros in front the longer number is the larger one.
        is_number(position) && is_number(end) && (position.len(), position) <= (end.len(), end)
    })
}

fn percent_codes_are_right(value: &str) -> bool {
    let mut rest = value.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        match rest.get(at + 1..at + 3) {
            Some(code) if code.iter().all(u8::is_ascii_hexdigit) => rest = &rest[at + 3..],
            _ => return false,
        }
    }
    true
}

/// The two check characters of a GMN or HIBC-like key: weights are primes from the right, the sum
/// is taken modulo 1021 and written in 32 characters.
fn check_pair_is_right(value: &str) -> bool {
    let bytes = value.as_bytes();
    let Some((body, pair)) = bytes.len().checked_sub(2).map(|at| bytes.split_at(at)) else {
        return false;
    };
    if body.len() > PRIMES.len() || !body.iter().all(|byte| Charset::Cset82.holds(*byte)) {
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
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if !IBAN_LENGTHS.contains(&value.len()) || !value.bytes().all(is_letter) {
        return false;
    }
    let (start, rest) = value.split_at(4);
    if !codes::is_country_letters(&start[..2]) {
        return false;
    }
    let remainder = rest
        .chars()
        .chain(start.chars())
        .fold(0u32, |sum, character| {
            let number = character.to_digit(36).unwrap_or_default();
            (sum * if number > 9 { 100 } else { 10 } + number) % 97
        });
    remainder == 1
}
