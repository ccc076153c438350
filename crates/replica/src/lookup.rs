//! How codes are compared: case and the length of a GTIN do not matter.

/// A code as it is looked up: GTINs of 8, 12, 13 or 14 digits padded to 14, everything else trimmed and upper-cased.
pub fn normalised(code: &str) -> String {
    let code = code.trim();
    let is_gtin =
        matches!(code.len(), 8 | 12 | 13 | 14) && code.bytes().all(|b| b.is_ascii_digit());
    if is_gtin {
        format!("{code:0>14}")
    } else {
        code.to_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code_however_it_is_written() {
        for (code, lookup) in [
            ("6901234567892", "06901234567892"),
            ("012345678905", "00012345678905"),
            ("0012345678905", "00012345678905"),
            ("a-01 ", "A-01"),
            ("123", "123"),
        ] {
            assert_eq!(normalised(code), lookup);
        }
    }
}
