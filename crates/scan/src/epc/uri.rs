//! EPC URIs: pure identity (`urn:epc:id:`), class (`urn:epc:class:`) and tag (`urn:epc:tag:`).

use super::{Epc, EpcError, Parts, Scheme, elements};

/// What stands behind `urn:epc:`.
pub(super) fn parse(rest: &str) -> Result<Epc, EpcError> {
    let mut words = rest.splitn(3, ':');
    let (Some(kind), Some(name), Some(value)) = (words.next(), words.next(), words.next()) else {
        return Err(EpcError::BadUri);
    };
    let (kind, name) = (kind.to_ascii_lowercase(), name.to_ascii_lowercase());
    let (scheme, filter, value) = match kind.as_str() {
        "id" => (name.as_str(), None, value),
        "class" if name == "lgtin" => (name.as_str(), None, value),
        // The length of the encoding is in the name, the filter value before the company prefix.
        "tag" => {
            let (scheme, _) = name.rsplit_once('-').ok_or(EpcError::BadUri)?;
            let (filter, value) = value.split_once('.').ok_or(EpcError::BadUri)?;
            let is_filter = |number: &u8| *number < 8 && filter.len() == 1;
            let number = filter.parse().ok().filter(is_filter);
            let number = number.ok_or(EpcError::BadField { field: "filter" })?;
            (scheme, Some(number), value)
        }
        _ => return Err(EpcError::BadUri),
    };
    let scheme = Scheme::from_code(scheme)
        .filter(|scheme| (*scheme == Scheme::Lgtin) == (kind == "class"))
        .ok_or(EpcError::BadUri)?;
    // A serial number may hold a point.
    let limit = match scheme {
        Scheme::Sscc | Scheme::Giai => 2,
        _ => 3,
    };
    let fields: Vec<&str> = value.splitn(limit, '.').collect();
    let [company, reference, serial @ ..] = fields.as_slice() else {
        return Err(EpcError::BadUri);
    };
    if fields.len() != limit {
        return Err(EpcError::BadUri);
    }
    let serial =
        unescaped(serial.first().copied().unwrap_or_default()).ok_or(EpcError::BadField {
            field: "serial number",
        })?;
    let reference = unescaped(reference).ok_or(EpcError::BadField { field: "reference" })?;
    let parts = Parts {
        company,
        reference: &reference,
        serial: &serial,
    };
    Ok(Epc {
        scheme,
        filter,
        elements: elements(scheme, &parts)?,
    })
}

/// Percent codes as their characters; `None` for a code of no ASCII character.
fn unescaped(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut plain = pieces.next()?.to_owned();
    for piece in pieces {
        let (code, rest) = piece.split_at_checked(2)?;
        let is_code = code.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = u8::from_str_radix(code, 16)
            .ok()
            .filter(|byte| is_code && byte.is_ascii())?;
        plain.push(char::from(byte));
        plain += rest;
    }
    Some(plain)
}
