//! Elements back to text, for labels and tests.

use super::dictionary::{Ai, look_up};
use super::element::{Element, GS};
use super::error::Gs1Error;
use super::rules::check_value;

/// An element string: GS behind each element of open length but the last.
///
/// # Errors
/// An element that would not be read back: unknown identifier or a value against its rules.
pub fn encode(elements: &[Element]) -> Result<String, Gs1Error> {
    let mut text = String::new();
    let mut open = false;
    for element in elements {
        let ai = checked(element, text.len())?;
        if open {
            text.push(GS);
        }
        text.push_str(&element.ai);
        text.push_str(&element.value);
        open = !ai.predefined;
    }
    Ok(text)
}

/// The text below a symbol: identifiers in brackets, a bracket within a value as `\(`.
///
/// # Errors
/// As [`encode`].
pub fn encode_bracketed(elements: &[Element]) -> Result<String, Gs1Error> {
    let mut text = String::new();
    for element in elements {
        checked(element, text.len())?;
        text.push('(');
        text.push_str(&element.ai);
        text.push(')');
        text.push_str(&element.value.replace('(', "\\("));
    }
    Ok(text)
}

fn checked(element: &Element, at: usize) -> Result<&'static Ai, Gs1Error> {
    let ai = look_up(&element.ai).ok_or_else(|| Gs1Error::UnknownAi {
        ai: element.ai.clone(),
        at,
    })?;
    check_value(&element.ai, ai, element.value.as_bytes(), at)?;
    Ok(ai)
}
