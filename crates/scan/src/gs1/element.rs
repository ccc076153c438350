//! Element strings and bracketed text, cut into elements.

use super::dictionary::{look_up, look_up_start};
use super::error::Gs1Error;
use super::rules::check_value;

/// The separator that stands for FNC1 behind an element of open length.
pub const GS: char = '\u{1d}';
const GS_BYTE: u8 = 0x1d;

/// Identifiers that say "what follows is an element string".
const GS1_IDENTIFIERS: [&str; 8] = ["]C1", "]e0", "]d2", "]d5", "]J1", "]Q3", "]Q4", "]z1"];

/// Elements of one text, those that say the same again included; as many as GS1's own parser takes.
const ELEMENTS_MAX: usize = 64;

/// One element: an application identifier and its checked value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub ai: String,
    pub value: String,
}

pub(super) fn has_gs1_identifier(text: &str) -> bool {
    GS1_IDENTIFIERS
        .iter()
        .any(|identifier| text.starts_with(identifier))
}

pub(super) fn starts_with_bracketed_ai(text: &str) -> bool {
    text.strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .is_some_and(|(code, _)| look_up(code).is_some())
}

/// Cuts an element string; see [`super::parse_element_string`] for its form.
///
/// A separator behind an element of predefined length or at the end does no harm and is common
/// on labels in use; two in a row are an error.
///
/// # Errors
/// The first thing that breaks the grammar or a check.
pub fn parse_elements(text: &str) -> Result<Vec<Element>, Gs1Error> {
    let bytes = text.as_bytes();
    let mut at = if has_gs1_identifier(text) { 3 } else { 0 };
    if bytes.get(at) == Some(&GS_BYTE) {
        at += 1;
    }
    let mut elements = Vec::new();
    while at < bytes.len() {
        if bytes[at] == GS_BYTE {
            return Err(Gs1Error::StraySeparator { at });
        }
        let Some((code, ai)) = look_up_start(&bytes[at..]) else {
            let shown = bytes[at..]
                .iter()
                .take(4)
                .take_while(|byte| byte.is_ascii_graphic());
            let ai = shown.map(|byte| char::from(*byte)).collect();
            return Err(Gs1Error::UnknownAi { ai, at });
        };
        let start = at + code.len();
        let rest = &bytes[start..];
        let separator = rest
            .iter()
            .position(|byte| *byte == GS_BYTE)
            .unwrap_or(rest.len());
        let length = if ai.predefined {
            separator.min(ai.length_max())
        } else {
            separator
        };
        let value = check_value(code, ai, &rest[..length], start)?;
        push(&mut elements, code, value, at)?;
        at = start + length;
        if bytes.get(at) == Some(&GS_BYTE) {
            at += 1;
        }
    }
    if elements.is_empty() {
        Err(Gs1Error::Empty)
    } else {
        Ok(elements)
    }
}

/// Cuts bracketed text; see [`super::parse_bracketed`] for its form.
///
/// # Errors
/// The first thing that breaks the grammar or a check.
pub fn parse_bracketed_elements(text: &str) -> Result<Vec<Element>, Gs1Error> {
    let bytes = text.as_bytes();
    let mut elements = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'(' {
            return Err(Gs1Error::BadBrackets { at });
        }
        let close = bytes[at..]
            .iter()
            .position(|byte| *byte == b')')
            .ok_or(Gs1Error::BadBrackets { at })?;
        let code = text.get(at + 1..at + close).unwrap_or_default();
        let ai = look_up(code).ok_or_else(|| Gs1Error::UnknownAi {
            ai: code.chars().take(4).collect(),
            at: at + 1,
        })?;
        let start = at + close + 1;
        let mut value = Vec::new();
        let mut end = start;
        // A backslash is in no charset, so it can only be there to keep a bracket in the value.
        while end < bytes.len() && bytes[end] != b'(' {
            if bytes[end] == b'\\' && bytes.get(end + 1) == Some(&b'(') {
                end += 1;
            }
            value.push(bytes[end]);
            end += 1;
        }
        let value = check_value(code, ai, &value, start)?.to_owned();
        push(&mut elements, code, &value, at)?;
        at = end;
    }
    if elements.is_empty() {
        Err(Gs1Error::Empty)
    } else {
        Ok(elements)
    }
}

/// Adds an element; the same one again is allowed by GS1 and adds nothing.
pub(super) fn push(
    elements: &mut Vec<Element>,
    code: &str,
    value: &str,
    at: usize,
) -> Result<(), Gs1Error> {
    if elements.len() == ELEMENTS_MAX {
        return Err(Gs1Error::TooManyElements { at });
    }
    match elements.iter().find(|element| element.ai == code) {
        Some(earlier) if earlier.value == value => Ok(()),
        Some(_) => Err(Gs1Error::Repeated {
            ai: code.to_owned(),
            at,
        }),
        None => {
            elements.push(Element {
                ai: code.to_owned(),
                value: value.to_owned(),
            });
            Ok(())
        }
    }
}
