//! From a payload of the scanner to a code as procedures take it.

use operations::{CodeFault, CodeFields, Scanned};
use scan::gs1::{Gs1Error, Gs1Fields};
use scan::{Payload, checks};

/// What a payload says. `year` settles the century of two-digit years.
pub(crate) fn scanned(payload: &Payload, year: i32) -> Scanned {
    let (fields, fault) = match payload.gs1_fields(year) {
        None => (unmarked(&payload.text, year), None),
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

/// GS1 data from a scanner that neither names its symbol nor sends the separator, as most do before somebody sets them
/// up. Only what begins with a whole GTIN or SSCC, right check digit included, is taken for it; the catalogue still
/// gets the plain text when it knows no such GTIN.
fn unmarked(text: &str, year: i32) -> CodeFields {
    let is_gtin = |n: &str| checks::gtin_normalised(n).is_some();
    let starts = match (text.get(..2), text.get(2..16), text.get(2..20)) {
        (Some("01"), Some(gtin), _) => is_gtin(gtin),
        (Some("00"), _, Some(sscc)) => checks::sscc_is_right(sscc),
        _ => false,
    };
    if !starts {
        return CodeFields::default();
    }
    scan::gs1::parse_element_string(text, year).map_or_else(|_| CodeFields::default(), of_gs1)
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
        check(
            "010400638133393110L7",
            (Some("04006381333931"), Some("L7"), None),
        );
        check("010400638133393210L7", (None, None, None));
        check("0104006381333931ZZ", (None, None, None));
        check("]C10104006", (None, None, Some(CodeFault::MalformedGs1)));
        check(
            "(01)04006381333931(10)L7",
            (Some("04006381333931"), Some("L7"), None),
        );
    }
}
