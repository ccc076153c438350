//! Where somebody signs.

/// What is signed for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SigningView {
    /// Number of the order; may be empty.
    pub order: String,
    /// Supplier or customer; may be empty.
    pub party: String,
    /// How many lines were done.
    pub lines: u32,
}

/// What was written on a pad, in tenths of its logical pixels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Strokes {
    pub width: i32,
    pub height: i32,
    /// Each from touching the pad to leaving it: x and y.
    pub lines: Vec<Vec<(i32, i32)>>,
}
