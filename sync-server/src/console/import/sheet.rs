//! A CSV file as rows under known columns.

use std::collections::HashMap;

use super::Kind;
use super::columns::{Column, required};

/// More rows than this are imported in parts.
const ROWS_MAX: usize = 100_000;

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
    /// More than [`ROWS_MAX`] rows.
    #[error("the file is too long")]
    TooLong,
    /// The rows are no CSV.
    #[error("the file is no CSV")]
    Broken,
}

impl SheetProblem {
    /// Key of its words.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Empty => "import.sheet.empty",
            Self::Missing(_) => "import.sheet.missing",
            Self::Twice(_) => "import.sheet.twice",
            Self::TooLong => "import.sheet.too-long",
            Self::Broken => "import.sheet.broken",
        }
    }

    /// The column that it is about.
    pub const fn column(&self) -> Option<Column> {
        match self {
            Self::Missing(column) | Self::Twice(column) => Some(*column),
            _ => None,
        }
    }
}

/// One row of a file.
#[derive(Debug, Clone)]
pub struct Row {
    /// The line in the file, from 1, the header included.
    pub line: u64,
    cells: Vec<String>,
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
    /// Reads a text. The separator is a comma, semicolon or tab: the one that the heading has most of.
    ///
    /// # Errors
    /// See [`SheetProblem`].
    pub fn read(text: &str, kind: Kind) -> Result<Self, SheetProblem> {
        let first = text.lines().find(|line| !line.trim().is_empty());
        let first = first.ok_or(SheetProblem::Empty)?;
        let count = |separator: char| first.matches(separator).count();
        let separator = [',', ';', '\t']
            .into_iter()
            .max_by_key(|c| (count(*c), *c == ','))
            .unwrap_or(',');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator as u8)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let headings = reader.headers().map_err(|_| SheetProblem::Broken)?.clone();
        let mut columns = HashMap::new();
        let mut ignored = Vec::new();
        for (index, heading) in headings.iter().enumerate() {
            match Column::of_heading(heading, kind) {
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
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|_| SheetProblem::Broken)?;
            if record.iter().all(str::is_empty) {
                continue;
            }
            if rows.len() == ROWS_MAX {
                return Err(SheetProblem::TooLong);
            }
            rows.push(Row {
                line: record.position().map_or(0, csv::Position::line),
                cells: record.iter().map(unguarded).collect(),
            });
        }
        if rows.is_empty() {
            return Err(SheetProblem::Empty);
        }
        Ok(Self {
            columns,
            ignored,
            rows,
        })
    }

    /// The cell of a row; `None` if the file has no such column.
    pub fn cell<'s>(&self, row: &'s Row, column: Column) -> Option<&'s str> {
        let index = *self.columns.get(&column)?;
        Some(row.cells.get(index).map_or("", String::as_str))
    }
}

/// Takes off the apostrophe that our own exports put before what a spreadsheet would take for a formula.
fn unguarded(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest.to_owned(),
        _ => cell.to_owned(),
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
}
