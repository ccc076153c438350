//! Rules over several elements: what must stand together and what must not.

use super::dictionary::look_up;
use super::element::Element;
use super::error::Gs1Error;

/// Keys whose serial number is optional, and their length without it.
const SIGNED_KEYS: [(&str, usize); 3] = [("253", 13), ("255", 13), ("8003", 14)];

/// Whether the elements may stand together: a lot needs a GTIN, a GTIN excludes a content GTIN, a
/// digital signature needs a key with a serial number.
///
/// Parsing does not ask this: a warehouse gets labels that break it every day, what one symbol
/// lacks may stand in another one beside it, and each field is still right by itself. It is for
/// who prints labels.
///
/// # Errors
/// [`Gs1Error::Excluded`] or [`Gs1Error::Missing`], for the first element that breaks a rule.
pub fn check_associations(elements: &[Element]) -> Result<(), Gs1Error> {
    for element in elements {
        check_exclusions(element, elements)?;
    }
    for element in elements {
        check_demands(element, elements)?;
    }
    check_signature(elements)
}

fn check_exclusions(element: &Element, elements: &[Element]) -> Result<(), Gs1Error> {
    let excludes = look_up(&element.ai).map_or("", |ai| ai.excludes);
    let others = || elements.iter().filter(|other| other.ai != element.ai);
    let found = excludes
        .split(',')
        .find_map(|pattern| others().find(|other| matches(pattern, &other.ai)));
    match found {
        Some(other) => Err(Gs1Error::Excluded {
            ai: element.ai.clone(),
            other: other.ai.clone(),
        }),
        None => Ok(()),
    }
}

fn check_demands(element: &Element, elements: &[Element]) -> Result<(), Gs1Error> {
    let requires = look_up(&element.ai).map_or("", |ai| ai.requires);
    let has = |pattern: &str| {
        let mut others = elements.iter().filter(|other| other.ai != element.ai);
        others.any(|other| matches(pattern, &other.ai))
    };
    let unmet = requires
        .split('|')
        .filter(|demand| !demand.is_empty())
        .find(|demand| !demand.split(',').any(|group| group.split('+').all(has)));
    match unmet {
        Some(demand) => Err(Gs1Error::Missing {
            ai: element.ai.clone(),
            needs: demand.to_owned(),
        }),
        None => Ok(()),
    }
}

pub(super) fn check_signature(elements: &[Element]) -> Result<(), Gs1Error> {
    if !elements.iter().any(|element| element.ai == "8030") {
        return Ok(());
    }
    let bare = elements.iter().find(|element| {
        let is_it =
            |(ai, length): &(&str, usize)| element.ai == *ai && element.value.len() == *length;
        SIGNED_KEYS.iter().any(is_it)
    });
    match bare {
        Some(element) => Err(Gs1Error::Missing {
            ai: "8030".to_owned(),
            needs: element.ai.clone(),
        }),
        None => Ok(()),
    }
}

/// Whether `code` is of `pattern`, which has `n` at its end for any digit.
fn matches(pattern: &str, code: &str) -> bool {
    pattern.len() == code.len()
        && pattern
            .bytes()
            .zip(code.bytes())
            .all(|(wanted, found)| wanted == b'n' || wanted == found)
}
