//! GS1's numbers of goods.

/// The digit that makes `digits` a GTIN; `None` if anything but digits is in there.
pub fn check_digit(digits: &str) -> Option<char> {
    let mut sum = 0;
    for (place, character) in digits.chars().rev().enumerate() {
        let weight = if place % 2 == 0 { 3 } else { 1 };
        sum += character.to_digit(10)? * weight;
    }
    char::from_digit((10 - sum % 10) % 10, 10)
}

/// Whether it is 13 or 14 digits of which the last one fits the others.
pub fn is_gtin(code: &str) -> bool {
    matches!(code.len(), 13 | 14)
        && code.is_ascii()
        && code
            .split_at_checked(code.len() - 1)
            .is_some_and(|(body, last)| check_digit(body).is_some_and(|c| last == c.to_string()))
}

/// Twelve digits with their check digit.
pub(super) fn ean13(body: &str) -> String {
    with_check_digit(body.to_owned())
}

/// The carton of a product: another leading digit, another check digit.
pub(super) fn gtin14(indicator: u8, ean13: &str) -> String {
    let body: String = ean13.chars().take(12).collect();
    with_check_digit(format!("{indicator}{body}"))
}

fn with_check_digit(mut body: String) -> String {
    body.extend(check_digit(&body));
    body
}
