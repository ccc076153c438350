//! Import of CSV and XLSX: read the file, check every row, show what would happen, and only then do it.

mod columns;
mod decode;
mod deposits;
mod grid;
mod rows;
mod series;
mod sheet;
mod typed;
mod uploads;
mod workbook;

pub use columns::{Column, columns, headers, required};
pub use decode::decode;
pub use deposits::{Chosen, DepositIn, DepositsIn, Doubt, PersonIn};
use grid::CELL_MAX;
pub use grid::{COLUMNS_MAX, Grid, Row};
pub use rows::{
    BinIn, CountIn, CustomerIn, ItemIn, NeedsIn, OfOrder, OrderIn, Parsed, StockIn, parse,
};
pub use series::{SeriesProblem, series};
pub use sheet::{Meanings, Sheet, SheetProblem, columns_of, heading_keys};
pub use typed::{Typed, repeated, typed_sheet};
pub use uploads::{BYTES_MAX, Upload, Uploads};

use crate::auth::Right;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whom goods belong to.
    Customers,
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
    /// What customers will leave at a site.
    Deposits,
}

impl Kind {
    /// All kinds, in the order in which a new warehouse needs them.
    pub const ALL: [Self; 9] = [
        Self::Customers,
        Self::Items,
        Self::Bins,
        Self::Stock,
        Self::Deliveries,
        Self::Outbound,
        Self::Transfers,
        Self::Counts,
        Self::Deposits,
    ];

    /// In addresses and translation keys.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Items => "items",
            Self::Bins => "bins",
            Self::Stock => "stock",
            Self::Deliveries => "deliveries",
            Self::Outbound => "outbound",
            Self::Transfers => "transfers",
            Self::Counts => "counts",
            Self::Deposits => "deposits",
        }
    }

    /// Whether what it holds belongs to a site, and not to the organisation.
    pub const fn is_of_a_site(self) -> bool {
        !matches!(self, Self::Customers | Self::Items)
    }

    /// What somebody needs besides the right to import; deposits say who people are.
    pub const fn needs(self) -> Option<Right> {
        match self {
            Self::Deposits => Some(Right::CustodyAct),
            _ => None,
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

/// A file that was read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// How it was written: the name of an encoding, or `XLSX`.
    pub format: &'static str,
    /// Headings that mean nothing to us.
    pub ignored: Vec<String>,
    /// The rows that make sense by themselves.
    pub rows: Parsed,
    /// What is wrong with the others.
    pub problems: Vec<Problem>,
}

/// Reads a file of either form. `said`: what people have said that its headings mean.
///
/// # Errors
/// See [`SheetProblem`].
pub fn read(file: &[u8], kind: Kind, said: &Meanings) -> Result<Reading, SheetProblem> {
    let grid = Grid::read(file)?;
    let format = grid.format;
    let sheet = Sheet::of(grid, kind, said)?;
    let (rows, problems) = parse(&sheet, kind);
    Ok(Reading {
        format,
        ignored: sheet.ignored,
        rows,
        problems,
    })
}

/// What people have said, as the store keeps it: heading and code of a column, empty for none. What is known no more is
/// left out.
pub fn meanings(said: Vec<(String, String)>, kind: Kind) -> Meanings {
    let ours = columns(kind);
    let meaning = |(heading, code): (String, String)| match Column::from_code(&code) {
        None if code.is_empty() => Some((heading, None)),
        column => Some((heading, Some(column.filter(|c| ours.contains(c))?))),
    };
    said.into_iter().filter_map(meaning).collect()
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
    /// Persons who may be somebody who is known: nothing is written of them before somebody has said who they are.
    pub doubts: Vec<Doubt>,
    /// How many persons are new, and how many were found among those who are known.
    pub persons: (u64, u64),
}
