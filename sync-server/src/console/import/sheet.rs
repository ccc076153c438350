//! Rows under known columns.

use std::collections::{BTreeMap, HashMap};

use super::Kind;
use super::columns::{Column, required};
use super::grid::{Grid, Row};

/// Why a file cannot be imported at all; each has words under `import.sheet.`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetProblem {
    /// There is no row under the heading.
    #[error("the file has no rows")]
    Empty,
    /// A column that must be there is missing.
    #[error("a column is missing: {0:?}")]
    Missing(Column),
    /// Two columns have the same heading.
    #[error("two columns are headed {0:?}")]
    Twice(Column),
    /// More than 100,000 rows.
    #[error("the file is too long")]
    TooLong,
    /// More than 200 columns, or a cell of more than 4,000 characters.
    #[error("the file is too wide")]
    TooWide,
    /// A workbook that unpacks to more than is taken.
    #[error("the workbook is too large")]
    TooLarge,
    /// The rows are no CSV.
    #[error("the file is no CSV")]
    Broken,
    /// The workbook cannot be read.
    #[error("the workbook cannot be read")]
    BrokenWorkbook,
    /// A workbook of the form before XLSX, or one with a password.
    #[error("the workbook is of an old form, or has a password")]
    OldWorkbook,
}

impl SheetProblem {
    /// Key of its words.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Empty => "import.sheet.empty",
            Self::Missing(_) => "import.sheet.missing",
            Self::Twice(_) => "import.sheet.twice",
            Self::TooLong => "import.sheet.too-long",
            Self::TooWide => "import.sheet.too-wide",
            Self::TooLarge => "import.sheet.too-large",
            Self::Broken => "import.sheet.broken",
            Self::BrokenWorkbook => "import.sheet.broken-workbook",
            Self::OldWorkbook => "import.sheet.old-workbook",
        }
    }

    /// The column that it is about.
    pub const fn column(&self) -> Option<Column> {
        match self {
            Self::Missing(column) | Self::Twice(column) => Some(*column),
            _ => None,
        }
    }

    /// Whether somebody who says what the columns mean can put it right.
    pub const fn is_about_columns(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::Twice(_))
    }
}

/// What people have said that headings mean: the heading without case and spaces, and the column; `None`: nothing.
pub type Meanings = BTreeMap<String, Option<Column>>;

/// Under what is remembered what the headings mean: without case and spaces, with a number where one stands again.
pub fn heading_keys(headings: &[String]) -> Vec<String> {
    let mut times: HashMap<String, u32> = HashMap::new();
    let key = |heading: &String| {
        let plain = Column::plain(heading);
        let n = times.entry(plain.clone()).or_default();
        *n += 1;
        match *n {
            1 => plain,
            n => format!("{plain}#{n}"),
        }
    };
    headings.iter().map(key).collect()
}

/// Which column each heading means, as people said or as the heading is known. Columns may stand twice.
pub fn columns_of(headings: &[String], kind: Kind, said: &Meanings) -> Vec<Option<Column>> {
    let keys = heading_keys(headings);
    let meaning = |(heading, key): (&String, String)| {
        let known = || Column::of_heading(heading, kind);
        said.get(&key).copied().unwrap_or_else(known)
    };
    headings.iter().zip(keys).map(meaning).collect()
}

/// A file whose columns are known.
#[derive(Debug, Clone)]
pub struct Sheet {
    columns: HashMap<Column, usize>,
    /// Headings that mean nothing to us.
    pub ignored: Vec<String>,
    /// In the order of the file; empty rows left out.
    pub rows: Vec<Row>,
}

impl Sheet {
    /// Reads a CSV text whose headings are known.
    ///
    /// # Errors
    /// See [`SheetProblem`].
    pub fn read(text: &str, kind: Kind) -> Result<Self, SheetProblem> {
        Self::of(Grid::read_csv(text)?, kind, &Meanings::new())
    }

    /// Rows whose cells stand in the order of these columns.
    pub(super) fn with_columns(columns: &[Column], rows: Vec<Row>) -> Self {
        Self {
            columns: columns.iter().copied().zip(0..).collect(),
            ignored: Vec::new(),
            rows,
        }
    }

    /// A grid, with what people have said that its headings mean.
    ///
    /// # Errors
    /// See [`SheetProblem`].
    pub fn of(grid: Grid, kind: Kind, said: &Meanings) -> Result<Self, SheetProblem> {
        let meant = columns_of(&grid.headings, kind, said);
        let mut columns = HashMap::new();
        let mut ignored = Vec::new();
        for (index, (heading, column)) in grid.headings.iter().zip(meant).enumerate() {
            match column {
                Some(column) if columns.insert(column, index).is_some() => {
                    return Err(SheetProblem::Twice(column));
                }
                Some(_) => {}
                None if heading.is_empty() => {}
                None => ignored.push(heading.to_owned()),
            }
        }
        if let Some(missing) = required(kind).iter().find(|c| !columns.contains_key(c)) {
            return Err(SheetProblem::Missing(*missing));
        }
        Ok(Self {
            columns,
            ignored,
            rows: grid.rows,
        })
    }

    /// The cell of a row; `None` if the file has no such column.
    pub fn cell<'s>(&self, row: &'s Row, column: Column) -> Option<&'s str> {
        let index = *self.columns.get(&column)?;
        Some(row.cells.get(index).map_or("", String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_quotes_and_lines() {
        for text in [
            "SKU,名称,颜色\n\nA-1,\"扳手, 大\",红\n",
            "SKU;名称;颜色\nA-1;扳手, 大;红",
            "SKU\t名称\t颜色\r\nA-1\t扳手, 大\t红\r\n\t\t\r\n",
        ] {
            let sheet = Sheet::read(text, Kind::Items).unwrap();
            assert_eq!(sheet.rows.len(), 1, "{text:?}");
            assert_eq!(sheet.cell(&sheet.rows[0], Column::NameZh), Some("扳手, 大"));
            assert_eq!(sheet.cell(&sheet.rows[0], Column::Unit), None);
            assert_eq!(sheet.ignored, ["颜色"]);
        }
    }

    #[test]
    fn what_cannot_be_imported_says_why() {
        for (text, problem) in [
            ("", SheetProblem::Empty),
            ("SKU,名称\n", SheetProblem::Empty),
            ("名称\n扳手", SheetProblem::Missing(Column::Sku)),
            ("SKU,货号\n1,2", SheetProblem::Twice(Column::Sku)),
        ] {
            assert_eq!(
                Sheet::read(text, Kind::Items).err(),
                Some(problem),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_people_said_of_headings_goes_before_what_is_known() {
        let grid = Grid::read_csv("Artikel,SKU,Menge\nA-1,x,5\n").unwrap();
        let said: Meanings = [
            ("artikel".to_owned(), Some(Column::Sku)),
            ("sku".to_owned(), None),
        ]
        .into();
        let sheet = Sheet::of(grid, Kind::Items, &said).unwrap();
        assert_eq!(sheet.cell(&sheet.rows[0], Column::Sku), Some("A-1"));
        assert_eq!(sheet.ignored, ["SKU", "Menge"]);
        // Of two columns with one heading each has a meaning of its own.
        let grid = || Grid::read_csv("SKU,SKU\nold,new\n").unwrap();
        let read = Sheet::of(grid(), Kind::Items, &Meanings::new());
        assert_eq!(read.err(), Some(SheetProblem::Twice(Column::Sku)));
        let said: Meanings = [("sku".to_owned(), None)].into();
        let sheet = Sheet::of(grid(), Kind::Items, &said).unwrap();
        assert_eq!(sheet.cell(&sheet.rows[0], Column::Sku), Some("new"));
    }
}
