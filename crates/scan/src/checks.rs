//! Check digits, and one form for all lengths of GTIN.

/// GTIN length in its normalised form.
pub const GTIN_DIGITS: usize = 14;

/// The GS1 check digit of `body`, which excludes the check digit; `None` unless all are digits.
///
/// Weights 3 and 1 from the right; the same for GTIN, SSCC, GLN and the other GS1 keys.
pub fn check_digit(body: &str) -> Option<char> {
    if body.is_empty() || !body.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let sum: u64 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| u64::from(digit - b'0') * if place % 2 == 0 { 3 } else { 1 })
        .sum();
    char::from_digit(((10 - sum % 10) % 10) as u32, 10)
}

/// Whether the last digit of `number` is the GS1 check digit of the others.
pub fn check_digit_is_right(number: &str) -> bool {
    number
        .char_indices()
        .next_back()
        .is_some_and(|(at, last)| check_digit(&number[..at]) == Some(last))
}

/// A GTIN-8, -12, -13 or -14 as 14 digits, zeros in front; `None` for another length or a wrong
/// check digit. A GTIN of zeros only is no GTIN.
pub fn gtin_normalised(gtin: &str) -> Option<String> {
    let known_length = matches!(gtin.len(), 8 | 12 | 13 | 14);
    let real = gtin.bytes().any(|byte| byte != b'0');
    (known_length && real && check_digit_is_right(gtin))
        .then(|| format!("{gtin:0>width$}", width = GTIN_DIGITS))
}

/// Whether `sscc` is a serial shipping container code: 18 digits with a right check digit.
pub fn sscc_is_right(sscc: &str) -> bool {
    sscc.len() == 18 && check_digit_is_right(sscc)
}

/// The 12 digits of UPC-A that 8 digits of UPC-E stand for; `None` when they are not 8 digits,
/// the number system is neither 0 nor 1, or the check digit is wrong.
pub fn upc_e_expanded(upc_e: &str) -> Option<String> {
    if upc_e.len() != 8 || !upc_e.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (system, body, check) = (&upc_e[..1], &upc_e[1..7], &upc_e[7..]);
    if !matches!(system, "0" | "1") {
        return None;
    }
    // The last digit of the six says which zeros were left out.
    let middle = match &body[5..] {
        last @ ("0" | "1" | "2") => format!("{}{last}0000{}", &body[..2], &body[2..5]),
        "3" => format!("{}00000{}", &body[..3], &body[3..5]),
        "4" => format!("{}00000{}", &body[..4], &body[4..5]),
        last => format!("{}0000{last}", &body[..5]),
    };
    let expanded = format!("{system}{middle}{check}");
    check_digit_is_right(&expanded).then_some(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits() {
        for (body, digit) in [
            ("400638133393", Some('1')),
            ("03600029145", Some('2')),
            ("9638507", Some('4')),
            ("1061414100041", Some('5')),
            ("00614141123456789", Some('0')),
            ("", None),
            ("12a", None),
            ("１２", None),
        ] {
            assert_eq!(check_digit(body), digit, "{body}");
        }
        assert!(!check_digit_is_right("4006381333930"));
        assert!(!check_digit_is_right("库"));
        assert!(!check_digit_is_right(""));
    }

    #[test]
    fn gtins_take_one_form() {
        for (given, normalised) in [
            ("4006381333931", Some("04006381333931")),
            ("036000291452", Some("00036000291452")),
            ("96385074", Some("00000096385074")),
            ("10614141000415", Some("10614141000415")),
            ("4006381333932", None),
            ("400638133393", None),
            ("00000000", None),
            ("abcdefgh", None),
        ] {
            assert_eq!(gtin_normalised(given).as_deref(), normalised, "{given}");
        }
    }

    #[test]
    fn upc_e_expands_in_all_forms() {
        for body in ["012304", "012314", "012324", "012345", "012343", "012349"] {
            let right = ('0'..='9').filter_map(|digit| upc_e_expanded(&format!("0{body}{digit}")));
            assert_eq!(right.count(), 1, "{body}");
        }
        assert_eq!(upc_e_expanded("04252614").as_deref(), Some("042100005264"));
        assert_eq!(upc_e_expanded("01234565").as_deref(), Some("012345000065"));
        assert_eq!(upc_e_expanded("01234532"), None);
        assert_eq!(upc_e_expanded("24252614"), None);
        assert_eq!(upc_e_expanded("0425261"), None);
    }

    #[test]
    fn an_sscc_has_eighteen_digits() {
        assert!(sscc_is_right("006141411234567890"));
        assert!(!sscc_is_right("006141411234567891"));
        assert!(!sscc_is_right("4006381333931"));
    }
}
