//! GS1 Digital Link addresses.

use super::dictionary::look_up;
use super::element::{Element, push};
use super::error::Gs1Error;
use super::rules::check_value;

/// Cuts a Digital Link into elements: a key with its qualifiers in the path, attributes in the
/// query. A GTIN-8, -12 or -13 is filled up to 14 digits.
///
/// # Errors
/// [`Gs1Error::NotALink`] if it is no web address or no key stands in its path; otherwise the
/// first thing that breaks a rule.
pub fn parse_link_elements(uri: &str) -> Result<Vec<Element>, Gs1Error> {
    let scheme_end = uri.find("://").ok_or(Gs1Error::NotALink)?;
    let scheme = &uri[..scheme_end];
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return Err(Gs1Error::NotALink);
    }
    let uri = uri.split_once('#').map_or(uri, |(before, _)| before);
    let (address, query) = uri
        .split_once('?')
        .map_or((uri, None), |(address, query)| (address, Some(query)));
    let host_start = scheme_end + 3;
    let path_start = address[host_start..].find('/').ok_or(Gs1Error::NotALink)? + host_start + 1;

    let segments = placed(&address[path_start..], '/', path_start);
    let segments = match segments.as_slice() {
        [before @ .., (_, "")] => before,
        all => all,
    };
    // What stands before the key is the resolver's own path. The key with its qualifiers is the
    // longest end of the path that reads as pairs and starts with a key.
    let is_key = |code: &str| look_up(code).is_some_and(|ai| ai.link_qualifiers.is_some());
    let key = (0..segments.len())
        .find(|at| (segments.len() - at) % 2 == 0 && is_key(segments[*at].1))
        .ok_or(Gs1Error::NotALink)?;
    let key_code = segments[key].1;
    let qualifiers = look_up(key_code)
        .and_then(|ai| ai.link_qualifiers)
        .ok_or(Gs1Error::NotALink)?;

    let mut elements = Vec::new();
    for pair in segments[key..].chunks_exact(2) {
        let [(at, code), (value_at, value)] = pair else {
            continue;
        };
        if *code != key_code && !qualifiers.contains(code) {
            return Err(Gs1Error::UnknownAi {
                ai: code.chars().take(4).collect(),
                at: *at,
            });
        }
        add(&mut elements, code, value, *at, *value_at)?;
    }
    let query_start = address.len() + 1;
    for (at, pair) in placed(query.unwrap_or_default(), '&', query_start) {
        // Other parameters belong to the resolver, such as `linkType`.
        let Some((code, value)) = pair.split_once('=') else {
            continue;
        };
        if !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit()) {
            add(&mut elements, code, value, at, at + code.len() + 1)?;
        }
    }
    Ok(elements)
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
    value: &str,
    at: usize,
    value_at: usize,
) -> Result<(), Gs1Error> {
    let ai = look_up(code).ok_or_else(|| Gs1Error::UnknownAi {
        ai: code.chars().take(4).collect(),
        at,
    })?;
    let bad = || Gs1Error::BadCharacter {
        ai: code.to_owned(),
        at: value_at,
    };
    let mut bytes = percent_decoded(value).ok_or_else(bad)?;
    if code == "01" && matches!(bytes.len(), 8 | 12 | 13) {
        bytes.splice(0..0, std::iter::repeat_n(b'0', 14 - bytes.len()));
    }
    let value = check_value(code, ai, &bytes, value_at)?;
    push(elements, code, value, at)
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let code = std::str::from_utf8(after.get(..2)?).ok()?;
        // `from_str_radix` would take "+f" for a number.
        if !code.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        rest = &after[2..];
    }
    Some(bytes)
}
