//! "Which code means what": patterns of the codes that a site or its customers made up.
//!
//! A pattern is the code with its parts in braces, one a line:
//!
//! ```text
//! LOC-{bin}                      LOC-A-01-03      bin A-01-03
//! {item:8}{lot:4..10}            12345678L2027    item 12345678, lot L2027
//! P{item:A9}*{quantity}*{expiry:yymmdd}
//! SN[:-]{serial:9}
//! ```
//!
//! - `{name}` is one or more characters; what may be a name is [`Part`]. `{-}` is a part of which
//!   nothing is kept.
//! - Behind a colon: a length (`8`), a range of lengths (`4..10`), and what the characters are: `9`
//!   digits, `A` capitals, `a` letters, `A9` capitals and digits, `a9` letters and digits. Both
//!   with a space between: `{lot:A9 4..10}`. A lone `9` is a kind, a length of nine is `9..9`.
//! - A day tells its form: `{expiry:yymmdd}`, `{expiry:yyyymmdd}`, `{expiry:ddmmyy}`,
//!   `{expiry:ddmmyyyy}`, `{expiry:yyyy-mm-dd}`; day 00 is the last of the month.
//! - `[abc]` is one of these characters, `[ -]?` one or none, `\` makes the next character an
//!   ordinary one. Everything else stands for itself.
//!
//! A pattern fits a code if it fits the whole of it. Where a code can be cut in several ways the
//! part further left takes as much as it can. The search is over a small automaton, so a hostile
//! code takes no longer than its length times that of the pattern.

mod compile;
mod run;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use thiserror::Error;

/// Longest pattern, in characters.
pub const PATTERN_MAX: usize = 200;
/// Longest code that is compared with patterns, in characters; longer ones fit none.
pub const CODE_MAX: usize = 500;

/// What a part of a code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    Item,
    Lot,
    Serial,
    Bin,
    /// A number, with a decimal point if it has one.
    Quantity,
    Order,
    /// A carton or a pallet: its licence plate.
    Carton,
    Expiry,
    /// Read over.
    Ignored,
}

impl Part {
    /// Every part, in the order of the enum.
    pub const ALL: [Part; 9] = [
        Part::Item,
        Part::Lot,
        Part::Serial,
        Part::Bin,
        Part::Quantity,
        Part::Order,
        Part::Carton,
        Part::Expiry,
        Part::Ignored,
    ];

    /// Its name in a pattern.
    pub fn code(self) -> &'static str {
        match self {
            Part::Item => "item",
            Part::Lot => "lot",
            Part::Serial => "serial",
            Part::Bin => "bin",
            Part::Quantity => "quantity",
            Part::Order => "order",
            Part::Carton => "carton",
            Part::Expiry => "expiry",
            Part::Ignored => "-",
        }
    }

    /// The part of that name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.code() == code)
    }
}

/// Why a text is no pattern. `at` counts characters from 0.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PatternError {
    #[error("the pattern is empty")]
    Empty,
    #[error("the pattern is longer than {PATTERN_MAX} characters")]
    TooLong,
    #[error("the bracket at {at} is not closed")]
    Open { at: usize },
    #[error("the closing bracket at {at} has no opening one")]
    Stray { at: usize },
    #[error("{name:?} at {at} is no part of a code")]
    UnknownPart { name: String, at: usize },
    #[error("{detail:?} at {at} is neither a length nor a kind of characters")]
    BadDetail { detail: String, at: usize },
    /// A day without its form, or with one that is not known.
    #[error("the day at {at} needs a form such as yymmdd")]
    BadDay { at: usize },
    #[error("the part {name:?} at {at} came before")]
    Repeated { name: &'static str, at: usize },
    /// Nothing of the code would be kept.
    #[error("no part of the code is named")]
    NamesNothing,
}

impl PatternError {
    /// Stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            PatternError::Empty => "pattern-empty",
            PatternError::TooLong => "pattern-too-long",
            PatternError::Open { .. } => "pattern-open",
            PatternError::Stray { .. } => "pattern-stray",
            PatternError::UnknownPart { .. } => "pattern-unknown-part",
            PatternError::BadDetail { .. } => "pattern-bad-detail",
            PatternError::BadDay { .. } => "pattern-bad-day",
            PatternError::Repeated { .. } => "pattern-repeated",
            PatternError::NamesNothing => "pattern-names-nothing",
        }
    }
}

/// A pattern, ready to be compared with codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    source: String,
    pieces: Vec<Piece>,
}

/// A stretch of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// `None` for characters that stand for themselves.
    part: Option<Part>,
    kind: Kind,
    least: usize,
    most: usize,
    day: Option<DayForm>,
}

/// Which characters a piece holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Any,
    Digits,
    Capitals,
    Letters,
    CapitalsAndDigits,
    LettersAndDigits,
    /// Digits and a decimal point.
    Number,
    OneOf(Vec<char>),
}

/// How a day is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DayForm {
    /// The letters of the form, such as `ddmmyy`.
    letters: &'static str,
}

/// What a code says by a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fitted {
    /// The parts in their order, as they stand in the code; none is ignored.
    pub parts: Vec<(Part, String)>,
    /// The day of [`Part::Expiry`].
    pub expiry: Option<NaiveDate>,
}

impl Fitted {
    /// What stands in the code for a part.
    pub fn get(&self, part: Part) -> Option<&str> {
        let found = self.parts.iter().find(|(of, _)| *of == part);
        found.map(|(_, text)| text.as_str())
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn compile(source: &str) -> Result<Self, PatternError> {
        compile::compile(source)
    }

    /// The pattern as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What `code` says by this pattern; `None` if it does not fit, or its day does not exist.
    /// `reference_year` settles the century of two-digit years as in GS1 data.
    pub fn fit(&self, code: &str, reference_year: i32) -> Option<Fitted> {
        run::fit(&self.pieces, code, reference_year)
    }
}

/// The first of several patterns that fits, by its place, and what the code says by it.
pub fn first_fit<'a>(
    patterns: impl IntoIterator<Item = &'a Pattern>,
    code: &str,
    reference_year: i32,
) -> Option<(usize, Fitted)> {
    let mut placed = patterns.into_iter().enumerate();
    placed.find_map(|(place, pattern)| Some((place, pattern.fit(code, reference_year)?)))
}
