//! What somebody typed into a form, as the rows of a file.

use std::collections::BTreeMap;

use super::columns::{Column, columns};
use super::grid::Row;
use super::sheet::Sheet;
use super::{CELL_MAX, Kind};

/// Cells by column and line; lines from 0.
#[derive(Debug, Clone, Default)]
pub struct Typed(BTreeMap<(Column, usize), String>);

impl Typed {
    /// Takes a field of the form: the column's code, and behind a point the line, if it is not the first.
    pub fn put(&mut self, field: &str, value: String) {
        let (code, line) = match field.split_once('.') {
            Some((code, line)) => (code, line.parse().unwrap_or(usize::MAX)),
            None => (field, 0),
        };
        let fits = line < 1_000 && value.chars().count() <= CELL_MAX;
        if let Some(column) = Column::from_code(code).filter(|_| fits) {
            self.0.insert((column, line), value.trim().to_owned());
        }
    }

    /// What was typed there.
    pub fn get(&self, column: Column, line: usize) -> &str {
        self.0.get(&(column, line)).map_or("", String::as_str)
    }
}

/// Columns that every line of an order has for itself.
pub const fn repeated(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Customers | Kind::Items | Kind::Bins | Kind::Stock => &[],
        Kind::Deliveries | Kind::Outbound | Kind::Transfers => {
            &[Column::Sku, Column::Quantity, Column::Lot]
        }
        Kind::Counts => &[Column::Bin],
        Kind::Deposits => &[
            Column::Pieces,
            Column::Category,
            Column::Size,
            Column::DeclaredValue,
        ],
    }
}

/// The rows that the form amounts to. A line of an order of which nothing was typed is left out, but for the first. Line
/// numbers are those of a file: the form's first line is line 2.
pub fn typed_sheet(typed: &Typed, kind: Kind, lines: usize) -> Sheet {
    let columns = columns(kind);
    let on_lines = repeated(kind);
    let lines = if on_lines.is_empty() { 1 } else { lines };
    let is_empty = |line| {
        on_lines
            .iter()
            .all(|column| typed.get(*column, line).is_empty())
    };
    let rows = (0..lines)
        .filter(|line| *line == 0 || !is_empty(*line))
        .map(|line| Row {
            line: line as u64 + 2,
            cells: columns
                .iter()
                .map(|column| {
                    let line = if on_lines.contains(column) { line } else { 0 };
                    typed.get(*column, line).to_owned()
                })
                .collect(),
        })
        .collect();
    Sheet::with_columns(columns, rows)
}
