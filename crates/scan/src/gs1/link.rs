//! GS1 Digital Link addresses: "GS1 Digital Link Standard: URI Syntax".

use super::dictionary::{Ai, look_up};
use super::element::{Element, push};
use super::error::Gs1Error;
use super::rules::check_value;
use crate::checks::gtin_normalised;

/// Characters of an address: RFC 3986, reserved and unreserved, and the percent sign.
const MARKS: &[u8] = b"-._~:/?#[]@!$&'()*+,;=%";
/// Characters of a host beside letters and digits, brackets and colons for IPv6 and ports.
const HOST_MARKS: &[u8] = b"-.:[]";

/// An element of the path with its place.
struct Pair<'a> {
    code: &'a str,
    ai: &'static Ai,
    at: usize,
    value: &'a str,
    value_at: usize,
}

/// Cuts a Digital Link into elements: a key with its qualifiers in the path, attributes in the
/// query. Any host and any path before the key will do. A GTIN-8, -12 or -13 is filled up to 14
/// digits.
///
/// # Errors
/// [`Gs1Error::NotALink`] if it is no web address or no key stands in its path;
/// [`Gs1Error::CompressedLink`] if what stands there is compressed; otherwise the first thing that
/// breaks a rule.
pub fn parse_link_elements(uri: &str) -> Result<Vec<Element>, Gs1Error> {
    let host_start = ["https://", "HTTPS://", "http://", "HTTP://"]
        .into_iter()
        .find(|scheme| uri.starts_with(scheme))
        .ok_or(Gs1Error::NotALink)?
        .len();
    let is_mark = |byte: u8| byte.is_ascii_alphanumeric() || MARKS.contains(&byte);
    if !uri.bytes().all(is_mark) {
        return Err(Gs1Error::NotALink);
    }
    let uri = uri.split_once('#').map_or(uri, |(before, _)| before);
    let (address, query) = uri.split_once('?').unwrap_or((uri, ""));
    let host_end = address[host_start..].find('/').ok_or(Gs1Error::NotALink)? + host_start;
    let host = &address.as_bytes()[host_start..host_end];
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || HOST_MARKS.contains(byte);
    if host.is_empty() || !host.iter().all(is_host) {
        return Err(Gs1Error::NotALink);
    }
    let segments = placed(&address[host_end + 1..], '/', host_end + 1);
    let pairs = path_pairs(&segments).ok_or_else(|| not_a_key(host, &segments))?;

    let mut elements = Vec::new();
    for pair in &pairs {
        let value = percent_decoded(pair.value, false);
        add(
            &mut elements,
            pair.code,
            pair.ai,
            value,
            pair.at,
            pair.value_at,
        )?;
    }
    check_order(&pairs)?;
    let query_start = address.len() + 1;
    for (at, parameter) in placed(query, '&', query_start) {
        // Other parameters belong to the resolver, such as `linkType`.
        let Some((code, value)) = parameter.split_once('=') else {
            continue;
        };
        if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let ai = look_up(code).ok_or_else(|| unknown(code, at))?;
        if !ai.link_attribute || belongs_into_path(code, &pairs) {
            return Err(unknown(code, at));
        }
        if elements.iter().any(|element: &Element| element.ai == code) {
            return Err(Gs1Error::Repeated {
                ai: code.to_owned(),
                at,
            });
        }
        let value = percent_decoded(value, true);
        add(&mut elements, code, ai, value, at, at + code.len() + 1)?;
    }
    Ok(elements)
}

/// The key and its qualifiers. What stands before the key is the resolver's own path, and may look
/// like a key too: the last key counts.
fn path_pairs<'a>(segments: &[(usize, &'a str)]) -> Option<Vec<Pair<'a>>> {
    let mut pairs = Vec::new();
    for pair in segments.rchunks_exact(2) {
        let [(at, code), (value_at, value)] = pair else {
            return None;
        };
        let ai = look_up(code)?;
        pairs.push(Pair {
            code,
            ai,
            at: *at,
            value,
            value_at: *value_at,
        });
        if ai.is_link_key() {
            pairs.reverse();
            return Some(pairs);
        }
    }
    None
}

/// Tells a compressed link from any other web address.
///
/// A compressed link (GS1 Digital Link Standard: Compression, "binary encoding") has one segment of
/// base 64 in its path. Its first byte is the identifier in hexadecimal digits, 01 behind which 47
/// bits are the GTIN, or on the hosts of GS1 any.
fn not_a_key(host: &[u8], segments: &[(usize, &str)]) -> Gs1Error {
    const GTIN_BITS: u32 = 47;
    let [(_, segment)] = segments else {
        return Gs1Error::NotALink;
    };
    let sextets: Option<Vec<u8>> = segment.bytes().map(sextet).collect();
    let Some(sextets) = sextets.filter(|sextets| sextets.len() >= 10) else {
        return Gs1Error::NotALink;
    };
    let start = sextets[..10]
        .iter()
        .fold(0u64, |bits, sextet| bits << 6 | u64::from(*sextet));
    let gtin = start << 4 >> (64 - 8 - GTIN_BITS) & ((1 << GTIN_BITS) - 1);
    let is_gtin = start >> 52 == 1 && gtin_normalised(&format!("{gtin:014}")).is_some();
    let host = host.to_ascii_lowercase();
    if is_gtin || host == b"id.gs1.org" || host == b"dl.gs1.org" {
        Gs1Error::CompressedLink
    } else {
        Gs1Error::NotALink
    }
}

/// What a character of base 64 for addresses stands for (RFC 4648, section 5).
fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

fn check_order(pairs: &[Pair<'_>]) -> Result<(), Gs1Error> {
    let Some((key, qualifiers)) = pairs.split_first() else {
        return Err(Gs1Error::NotALink);
    };
    let codes: Vec<&str> = qualifiers.iter().map(|pair| pair.code).collect();
    let wrong = (1..=codes.len()).find(|length| !key.ai.may_be_qualified_by(&codes[..*length]));
    match wrong {
        Some(length) => Err(unknown(codes[length - 1], qualifiers[length - 1].at)),
        None => Ok(()),
    }
}

/// Whether an element of the query would have had a place in the path.
fn belongs_into_path(code: &str, pairs: &[Pair<'_>]) -> bool {
    let Some((key, qualifiers)) = pairs.split_first() else {
        return false;
    };
    (0..=qualifiers.len()).any(|at| {
        let mut codes: Vec<&str> = qualifiers.iter().map(|pair| pair.code).collect();
        codes.insert(at, code);
        key.ai.may_be_qualified_by(&codes)
    })
}

fn unknown(code: &str, at: usize) -> Gs1Error {
    Gs1Error::UnknownAi {
        ai: code.chars().take(4).collect(),
        at,
    }
}

/// The pieces of `text`, each with its byte place; `start` is the place of the first.
fn placed(text: &str, separator: char, start: usize) -> Vec<(usize, &str)> {
    let mut at = start;
    let pieces = text.split(separator).map(|piece| {
        let place = at;
        at += piece.len() + separator.len_utf8();
        (place, piece)
    });
    pieces.collect()
}

fn add(
    elements: &mut Vec<Element>,
    code: &str,
    ai: &Ai,
    mut value: Vec<u8>,
    at: usize,
    value_at: usize,
) -> Result<(), Gs1Error> {
    if code == "01" && matches!(value.len(), 8 | 12 | 13) {
        value.splice(0..0, std::iter::repeat_n(b'0', 14 - value.len()));
    }
    let value = check_value(code, ai, &value, value_at)?;
    push(elements, code, value, at)
}

/// Percent codes as the bytes that they stand for; what is none stays as it is, and is then a
/// character that hardly any element may hold. In a query `+` is a space.
pub(super) fn percent_decoded(text: &str, in_query: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after
            .get(..2)
            .and_then(|code| std::str::from_utf8(code).ok());
        // `from_str_radix` would take "+f" for a number.
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match (
            first,
            code.and_then(|code| u8::from_str_radix(code, 16).ok()),
        ) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) if in_query => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}
