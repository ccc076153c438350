//! Codes in the bytes of a serial scanner.

use encoding_rs::GB18030;
use scan::trigger;

use crate::platform::Scan;

/// A scanner that sends no terminator has ended its code after so long a pause, in milliseconds. At the slowest line that
/// scanners come with, 9600 baud, a byte takes one.
pub(super) const PAUSE_MS: u64 = 60;

/// Longest code, in bytes; the largest QR code has 7,089 characters.
const BYTES_MAX: usize = 16_384;

/// The code so far. Times are milliseconds of one clock of any origin.
#[derive(Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// When the first of the bytes came.
    begins_ms: u64,
    /// When the code before ended.
    ended_ms: Option<u64>,
    /// The code is longer than any; the rest of it is nothing either.
    overlong: bool,
}

impl Lines {
    /// Whether a code has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.overlong || !self.bytes.is_empty()
    }

    /// The codes that these bytes end.
    pub(super) fn take(&mut self, bytes: &[u8], at_ms: u64) -> Vec<Scan> {
        let mut scans = Vec::new();
        for byte in bytes {
            match byte {
                b'\r' | b'\n' | 0 => scans.extend(self.end(at_ms)),
                _ if self.bytes.len() == BYTES_MAX => {
                    tracing::warn!("a scanner sends without end");
                    self.bytes.clear();
                    self.overlong = true;
                }
                _ if self.overlong => {}
                byte => {
                    if self.bytes.is_empty() {
                        self.begins_ms = at_ms;
                    }
                    self.bytes.push(*byte);
                }
            }
        }
        scans
    }

    /// Nothing more comes of the code that has begun.
    pub(super) fn end(&mut self, at_ms: u64) -> Option<Scan> {
        let bytes = std::mem::take(&mut self.bytes);
        let overlong = std::mem::take(&mut self.overlong);
        let text = text(&bytes);
        let text = text.trim_matches(' ');
        if overlong || text.is_empty() {
            return None;
        }
        let before_ms = self.ended_ms.replace(at_ms);
        Some(Scan {
            text: text.to_owned(),
            follows: before_ms.is_some_and(|before| trigger::is_same(before, self.begins_ms)),
        })
    }
}

/// Scanners send the bytes of the symbol: UTF-8, or on Chinese labels often the older GB 18030.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str, follows: bool) -> Scan {
        Scan {
            text: text.to_owned(),
            follows,
        }
    }

    #[test]
    fn lines_are_scans_in_whatever_pieces_they_come() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"690123", 1_000), []);
        assert!(lines.has_begun());
        assert_eq!(
            lines.take(b"4567892\r", 1_020),
            [scan("6901234567892", false)]
        );
        assert_eq!(lines.take(b"\n", 1_021), [], "CR LF ends one code, not two");
        assert!(!lines.has_begun());
        // All that one trigger saw, in one piece; then the next trigger.
        assert_eq!(
            lines.take(b"A-01\r\nLP-77\r\n", 1_100),
            [scan("A-01", true), scan("LP-77", true)]
        );
        assert_eq!(lines.take(b"A-02\0", 1_600), [scan("A-02", false)]);
    }

    #[test]
    fn separators_stay_and_a_pause_ends_what_has_no_terminator() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"]C10104012345678901\x1d10AB ", 50), []);
        assert_eq!(
            lines.end(50 + PAUSE_MS),
            Some(scan("]C10104012345678901\u{1d}10AB", false))
        );
        assert_eq!(lines.end(500), None);
    }

    #[test]
    fn chinese_comes_in_both_encodings() {
        let mut lines = Lines::default();
        assert_eq!(
            lines.take("扳手-1\n".as_bytes(), 0),
            [scan("扳手-1", false)]
        );
        let older = encoding_rs::GB18030.encode("扳手-1\n").0;
        assert_eq!(lines.take(&older, 900), [scan("扳手-1", false)]);
    }

    #[test]
    fn a_line_that_never_ends_is_dropped_and_the_next_one_is_read() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(&[b'7'; BYTES_MAX], 0), []);
        assert_eq!(lines.take(&[b'7'; 5 * BYTES_MAX], 0), []);
        assert_eq!(lines.take(b"7\nA-01\n", 900), [scan("A-01", false)]);
        let longest = "7".repeat(BYTES_MAX);
        assert_eq!(lines.take(longest.as_bytes(), 2_000), []);
        assert_eq!(lines.take(b"\n", 2_000), [scan(&longest, false)]);
    }
}
