//! What can be wrong with GS1 data.

use thiserror::Error;

/// Why a text is not valid GS1 data. `at` counts bytes from the start of the text that was given.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Gs1Error {
    /// No element at all.
    #[error("no GS1 element")]
    Empty,
    /// `ai` (as far as it could be read) is not in the dictionary, or not allowed in this place
    /// of a Digital Link.
    #[error("unknown application identifier {ai:?} at {at}")]
    UnknownAi { ai: String, at: usize },
    /// The value ends before its shortest form.
    #[error("the value of ({ai}) at {at} is too short")]
    TooShort { ai: String, at: usize },
    /// The value goes on after its longest form.
    #[error("the value of ({ai}) at {at} is too long")]
    TooLong { ai: String, at: usize },
    /// A character the element may not hold.
    #[error("a character that ({ai}) may not hold at {at}")]
    BadCharacter { ai: String, at: usize },
    #[error("the check digit of ({ai}) at {at} is wrong")]
    BadCheckDigit { ai: String, at: usize },
    /// A day or an hour that does not exist.
    #[error("({ai}) at {at} is no date or time")]
    BadDate { ai: String, at: usize },
    /// Another rule of the element is broken, such as "piece 3 of 2".
    #[error("({ai}) at {at} cannot have this value")]
    BadValue { ai: String, at: usize },
    /// The element came before with another value.
    #[error("({ai}) at {at} came before with another value")]
    Repeated { ai: String, at: usize },
    /// A separator where an element should start.
    #[error("a separator without an element at {at}")]
    StraySeparator { at: usize },
    /// Bracketed text that does not start with a bracketed identifier, or leaves one open.
    #[error("no bracketed application identifier at {at}")]
    BadBrackets { at: usize },
    /// More elements than any symbol holds.
    #[error("too many elements, the first one of them at {at}")]
    TooManyElements { at: usize },
    /// Two elements that may not stand together.
    #[error("({ai}) and ({other}) may not stand together")]
    Excluded { ai: String, other: String },
    /// An element without another one that it needs: `,` between alternatives, `+` between what
    /// goes together, `n` for any digit.
    #[error("({ai}) needs {needs}")]
    Missing { ai: String, needs: String },
    /// A Digital Link in compressed form, which only a resolver can read.
    #[error("a compressed GS1 Digital Link")]
    CompressedLink,
    /// The text is not a GS1 Digital Link.
    #[error("not a GS1 Digital Link")]
    NotALink,
}

impl Gs1Error {
    /// Stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Gs1Error::Empty => "gs1-empty",
            Gs1Error::UnknownAi { .. } => "gs1-unknown-ai",
            Gs1Error::TooShort { .. } => "gs1-too-short",
            Gs1Error::TooLong { .. } => "gs1-too-long",
            Gs1Error::BadCharacter { .. } => "gs1-bad-character",
            Gs1Error::BadCheckDigit { .. } => "gs1-bad-check-digit",
            Gs1Error::BadDate { .. } => "gs1-bad-date",
            Gs1Error::BadValue { .. } => "gs1-bad-value",
            Gs1Error::Repeated { .. } => "gs1-repeated",
            Gs1Error::StraySeparator { .. } => "gs1-stray-separator",
            Gs1Error::BadBrackets { .. } => "gs1-bad-brackets",
            Gs1Error::TooManyElements { .. } => "gs1-too-many-elements",
            Gs1Error::Excluded { .. } => "gs1-excluded",
            Gs1Error::Missing { .. } => "gs1-missing",
            Gs1Error::CompressedLink => "gs1-compressed-link",
            Gs1Error::NotALink => "gs1-not-a-link",
        }
    }
}
