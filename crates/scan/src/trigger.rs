//! Which codes came from one pull of the trigger.
//!
//! A label often carries several codes, and many scanners send all that they saw, one after the other. Which of them is
//! meant is the procedure's question, not ours.

use crate::Payload;

/// Codes that begin so soon after the one before them are of one trigger, in milliseconds. Nobody pulls a trigger twice
/// in that time; a scanner that sends all that it saw needs less.
pub const GAP_MS: u64 = 120;

/// Whether a code that begins at `begins_ms` is of the same trigger as the one that ended at `ended_ms`.
pub fn is_same(ended_ms: u64, begins_ms: u64) -> bool {
    begins_ms
        .checked_sub(ended_ms)
        .is_some_and(|gap_ms| gap_ms <= GAP_MS)
}

/// The codes in one: its lines, where it has several. A wedge scanner ends a code with each of them too.
pub fn lines(payload: &Payload) -> Vec<Payload> {
    let line = |text: &str| Payload {
        text: text.to_owned(),
        ..payload.clone()
    };
    let parts = payload.text.split(['\r', '\n']).map(str::trim);
    let lines: Vec<Payload> = parts.filter(|text| !text.is_empty()).map(line).collect();
    match lines.len() {
        0 | 1 => vec![payload.clone()],
        _ => lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_code_are_codes() {
        let texts = |text: &str| {
            let payload = Payload {
                text: text.to_owned(),
                ..Payload::from_keys("")
            };
            let lines = lines(&payload).into_iter().map(|line| line.text);
            lines.collect::<Vec<_>>()
        };
        assert_eq!(texts("A-01"), ["A-01"]);
        assert_eq!(texts("A-01\r\nBOLT\n"), ["A-01", "BOLT"]);
        assert_eq!(
            texts("A-01\n"),
            ["A-01\n"],
            "one line is the code as it came"
        );
        assert_eq!(texts(""), [""]);
        assert_eq!(texts("10A\u{1d}21B"), ["10A\u{1d}21B"]);
    }

    #[test]
    fn a_clock_that_went_back_begins_a_trigger() {
        assert!(is_same(5, 5) && is_same(5, 125));
        assert!(!is_same(5, 126) && !is_same(5, 4));
    }
}
