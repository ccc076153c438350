//! From a payload of the scanner to a code as procedures take it.

use operations::{CodeFault, CodeFields, Scanned};
use scan::Payload;
use scan::gs1::{Gs1Error, Gs1Fields};

/// What a payload says. `year` settles the century of two-digit years.
pub(crate) fn scanned(payload: &Payload, year: i32) -> Scanned {
    let (fields, fault) = match payload.gs1_fields(year) {
        None => (CodeFields::default(), None),
        Some(Ok(fields)) => (of_gs1(fields), None),
        Some(Err(Gs1Error::BadCheckDigit { .. })) => {
            (CodeFields::default(), Some(CodeFault::WrongCheckDigit))
        }
        Some(Err(_)) => (CodeFields::default(), Some(CodeFault::MalformedGs1)),
    };
    Scanned {
        raw: payload.text.clone(),
        symbology: Some(payload.symbology.code().to_owned()),
        fields,
        fault,
    }
}

/// The fields that a warehouse works with. A best-before day stands in where no expiry day is printed.
fn of_gs1(fields: Gs1Fields) -> CodeFields {
    CodeFields {
        gtin: fields.gtin.or(fields.content_gtin),
        sscc: fields.sscc,
        lot: fields.lot,
        expiry: fields.expiry.or(fields.best_before),
        serial: fields.serial,
        count: fields.count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &str, expected: (Option<&str>, Option<&str>, Option<CodeFault>)) {
        let scanned = scanned(&Payload::from_keys(keys), 2026);
        let got = (
            scanned.fields.gtin.as_deref(),
            scanned.fields.lot.as_deref(),
            scanned.fault,
        );
        assert_eq!(got, expected, "{keys}");
    }

    #[test]
    fn what_a_wedge_sends() {
        check("A-01", (None, None, None));
        check("4006381333931", (None, None, None));
        check(
            "]C1010400638133393110L7",
            (Some("04006381333931"), Some("L7"), None),
        );
        check(
            "]C1010400638133393210L7",
            (None, None, Some(CodeFault::WrongCheckDigit)),
        );
        check("]C10104006", (None, None, Some(CodeFault::MalformedGs1)));
        check(
            "(01)04006381333931(10)L7",
            (Some("04006381333931"), Some("L7"), None),
        );
    }
}
