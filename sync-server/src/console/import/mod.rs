//! CSV import: read the file, check every row, show what would happen, and only then do it.

mod columns;
mod decode;
mod rows;
mod sheet;
mod uploads;

pub use columns::{Column, headers};
pub use decode::decode;
pub use rows::{BinIn, CountIn, ItemIn, NeedsIn, OfOrder, OrderIn, Parsed, StockIn, parse};
pub use sheet::{Sheet, SheetProblem};
pub use uploads::{BYTES_MAX, Upload, Uploads};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Items.
    Items,
    /// Bins of a site.
    Bins,
    /// Opening stock of a site.
    Stock,
    /// Deliveries that a site expects.
    Deliveries,
    /// Goods that a site shall pick and ship.
    Outbound,
    /// Goods that a site shall send to another one.
    Transfers,
    /// Bins that a site shall count.
    Counts,
}

impl Kind {
    /// All kinds, in the order in which a new warehouse needs them.
    pub const ALL: [Self; 7] = [
        Self::Items,
        Self::Bins,
        Self::Stock,
        Self::Deliveries,
        Self::Outbound,
        Self::Transfers,
        Self::Counts,
    ];

    /// In addresses and translation keys.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Bins => "bins",
            Self::Stock => "stock",
            Self::Deliveries => "deliveries",
            Self::Outbound => "outbound",
            Self::Transfers => "transfers",
            Self::Counts => "counts",
        }
    }

    /// The kind with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// What is wrong with a row. Lines count from 1, the header included, as spreadsheets do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line in the file.
    pub line: u64,
    /// Which column; `None`: the row as a whole.
    pub column: Option<Column>,
    /// Key of the words, under `import.problem.`.
    pub key: &'static str,
    /// What stands there.
    pub value: String,
}

impl Problem {
    /// A problem of one cell.
    pub fn cell(line: u64, column: Column, key: &'static str, value: &str) -> Self {
        Self {
            line,
            column: Some(column),
            key,
            value: value.to_owned(),
        }
    }
}

/// What importing a file would do, or did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Records or events that are new.
    pub new: u64,
    /// Records that would change.
    pub changed: u64,
    /// Records that are so already.
    pub same: u64,
    /// Rows that are left out.
    pub problems: Vec<Problem>,
}
