//! The same code seen again at once is one scan.
//!
//! A held trigger or a camera that looks on shows one code many times. Whether a *later* repeat is
//! a second piece or a mistake is the procedure's question, not ours.

use std::collections::HashMap;

/// How long a code stays "the same scan" after it was last seen.
pub const WINDOW_MS: u64 = 300;

/// Remembers the codes of the last moments. Times are milliseconds of one clock of any origin.
#[derive(Clone, Debug)]
pub struct DuplicateFilter {
    window_ms: u64,
    seen_ms: HashMap<String, u64>,
}

impl Default for DuplicateFilter {
    fn default() -> Self {
        Self::new(WINDOW_MS)
    }
}

impl DuplicateFilter {
    /// A filter with a window of `window_ms`; 0 lets every reading through.
    pub fn new(window_ms: u64) -> Self {
        Self {
            window_ms,
            seen_ms: HashMap::new(),
        }
    }

    /// Notes that `code` was seen at `at_ms` and tells whether this is a new scan.
    ///
    /// The window counts from the last sighting, so a code that stays in view is one scan however
    /// long it stays. A clock that jumps back by more than the window makes a new scan: counting
    /// twice is seen on the screen, a swallowed scan is not.
    pub fn is_new(&mut self, code: &str, at_ms: u64) -> bool {
        let window_ms = self.window_ms;
        self.seen_ms
            .retain(|_, seen_ms| at_ms.abs_diff(*seen_ms) < window_ms);
        self.seen_ms.insert(code.to_owned(), at_ms).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_in_view_is_one_scan() {
        let mut filter = DuplicateFilter::default();
        assert!(filter.is_new("A", 1_000));
        assert!(!filter.is_new("A", 1_033));
        assert!(filter.is_new("B", 1_040), "another code is another scan");
        for frame in 1..30 {
            assert!(!filter.is_new("A", 1_033 + frame * 33));
        }
        let last_ms = 1_033 + 29 * 33;
        assert!(filter.is_new("A", last_ms + 300), "the window is over");
        assert!(
            filter.is_new("A", 5),
            "a clock set back does not swallow scans"
        );
    }

    #[test]
    fn nothing_is_kept_beyond_the_window() {
        let mut filter = DuplicateFilter::new(300);
        for at_ms in 0..10_000 {
            filter.is_new(&at_ms.to_string(), at_ms);
        }
        assert!(filter.seen_ms.len() <= 300);
        let mut filter = DuplicateFilter::new(0);
        assert!(filter.is_new("A", 1) && filter.is_new("A", 1));
    }
}
