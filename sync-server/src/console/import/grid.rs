//! A file as rows of cells, before anybody knows what its columns mean: CSV, or the first sheet of a workbook.

use super::sheet::SheetProblem;
use super::{decode, workbook};

/// More rows than this are imported in parts.
pub(super) const ROWS_MAX: usize = 100_000;
/// No list of ours has nearly as many columns; whoever has more has filled a sheet by mistake.
pub const COLUMNS_MAX: usize = 200;
/// No cell is longer, in characters.
pub(super) const CELL_MAX: usize = 4_000;

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line in the file, from 1, the header included.
    pub line: u64,
    /// As many as the row has.
    pub cells: Vec<String>,
}

/// What was read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// How it was written: the name of an encoding, or `XLSX`.
    pub format: &'static str,
    /// The first row that is not empty.
    pub headings: Vec<String>,
    /// In the order of the file; empty rows left out.
    pub rows: Vec<Row>,
}

impl Grid {
    /// Reads a file of either form: a workbook is known by how it begins.
    ///
    /// # Errors
    /// See [`SheetProblem`].
    pub fn read(file: &[u8]) -> Result<Self, SheetProblem> {
        if workbook::is_one(file) {
            return workbook::read(file);
        }
        if workbook::is_an_old_one(file) {
            return Err(SheetProblem::OldWorkbook);
        }
        let (text, encoding) = decode(file);
        Ok(Self {
            format: encoding,
            ..Self::read_csv(&text)?
        })
    }

    /// Reads a text. The separator is a comma, semicolon or tab: the one that the heading has most of.
    ///
    /// # Errors
    /// See [`SheetProblem`].
    pub fn read_csv(text: &str) -> Result<Self, SheetProblem> {
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
        let headings = reader.headers().map_err(|_| SheetProblem::Broken)?;
        let mut taken = Taken::new(headings.iter().map(str::to_owned).collect())?;
        for record in reader.records() {
            let record = record.map_err(|_| SheetProblem::Broken)?;
            let line = record.position().map_or(0, csv::Position::line);
            taken.row(line, record.iter().map(unguarded).collect())?;
        }
        taken.done("UTF-8")
    }
}

/// Rows as they come, within bounds.
pub(super) struct Taken {
    headings: Vec<String>,
    rows: Vec<Row>,
}

impl Taken {
    pub(super) fn new(headings: Vec<String>) -> Result<Self, SheetProblem> {
        if headings.len() > COLUMNS_MAX {
            return Err(SheetProblem::TooWide);
        }
        Ok(Self {
            headings,
            rows: Vec::new(),
        })
    }

    pub(super) fn row(&mut self, line: u64, cells: Vec<String>) -> Result<(), SheetProblem> {
        if cells.iter().all(String::is_empty) {
            return Ok(());
        }
        if self.rows.len() == ROWS_MAX {
            return Err(SheetProblem::TooLong);
        }
        let long = |cell: &String| cell.len() > CELL_MAX && cell.chars().count() > CELL_MAX;
        if cells.len() > COLUMNS_MAX || cells.iter().any(long) {
            return Err(SheetProblem::TooWide);
        }
        self.rows.push(Row { line, cells });
        Ok(())
    }

    pub(super) fn done(self, format: &'static str) -> Result<Grid, SheetProblem> {
        if self.rows.is_empty() {
            return Err(SheetProblem::Empty);
        }
        Ok(Grid {
            format,
            headings: self.headings,
            rows: self.rows,
        })
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
    fn a_million_rows_are_refused_when_the_bound_is_reached() {
        let text = format!("SKU\n{}", "A\n".repeat(1_000_000));
        assert_eq!(Grid::read(text.as_bytes()), Err(SheetProblem::TooLong));
        let text = format!("SKU\n{}", "A\n".repeat(ROWS_MAX));
        assert_eq!(Grid::read(text.as_bytes()).unwrap().rows.len(), ROWS_MAX);
    }

    #[test]
    fn what_is_too_wide_is_refused() {
        let columns = "a,".repeat(COLUMNS_MAX + 1);
        let cell = "x".repeat(CELL_MAX + 1);
        for text in [
            format!("{columns}\n1"),
            format!("a\n{columns}"),
            format!("a\n{cell}"),
        ] {
            assert_eq!(Grid::read(text.as_bytes()), Err(SheetProblem::TooWide));
        }
    }

    #[test]
    fn an_old_workbook_says_what_it_is() {
        let old = [
            &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..],
            &[0; 600],
        ]
        .concat();
        assert_eq!(Grid::read(&old), Err(SheetProblem::OldWorkbook));
    }
}
