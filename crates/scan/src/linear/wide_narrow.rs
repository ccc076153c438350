//! Symbologies whose elements are narrow or wide, and how much wider.

/// How much wider a wide element is than a narrow one. The standards allow 2.0 to 3.0; a printer's
/// own ratio is the nearest of these within a fifth of a module, and the fit takes the rest.
/// What a code is looked for with stands first.
pub(super) const RATIOS: [f32; 3] = [2.5, 2.0, 3.0];

/// Widths in modules of a pattern of `n` and `w`.
pub(super) fn widths(pattern: &str, ratio: f32) -> Vec<f32> {
    let of = |element| if element == 'w' { ratio } else { 1.0 };
    pattern.chars().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_elements_are_so_much_wider() {
        assert_eq!(widths("nwn", 2.5), [1.0, 2.5, 1.0]);
    }
}
