//! The drawn plan of a site.

use domain::{Quantity, UnixMillis};

use super::Named;

/// What the plan's colours tell, as codes.
pub const HEATS: [&str; 4] = ["fill", "picks", "age", "overdue"];
/// Side of a cell and what lies between two, in the picture's units.
const CELL: usize = 30;
/// Height of a cell.
const CELL_HEIGHT: usize = 24;
/// Room for the names of rows.
const MARGIN: usize = 96;
/// Cells in one row at most; a longer row goes on below.
const ACROSS: usize = 24;

/// A bin, or with too many of them a row of bins.
#[derive(Debug, Clone)]
pub struct PlanCell {
    /// Its code, or that of the row.
    pub code: String,
    /// What is written into the cell.
    pub short: String,
    /// Where it goes when clicked.
    pub link: String,
    /// 0 for nothing to 5 for the most.
    pub heat: u8,
    /// How many bins it stands for, and how many of them are in use.
    pub bins: u64,
    /// How many of them are in use.
    pub used: u64,
    /// Piles.
    pub piles: u64,
    /// How much of whatever there is.
    pub balance: Quantity,
    /// Room taken of the room there is, percent; `None` if nobody measured it.
    pub fill: Option<i64>,
    /// How often goods were taken from it in the weeks asked for.
    pub picks: u64,
    /// When goods there last moved.
    pub moved: Option<UnixMillis>,
    /// Pieces there whose customers should have come for them.
    pub overdue: u64,
    /// Where it stands in the picture.
    pub x: usize,
    /// Where it stands in the picture.
    pub y: usize,
}

/// A bin of which a label is printed.
#[derive(Debug, Clone)]
pub struct BinToLabel {
    /// What the label says.
    pub code: String,
    /// Its zone.
    pub zone: Named,
}

/// A row of cells with its name.
#[derive(Debug, Clone)]
pub struct PlanRow {
    /// What the bins' codes begin with.
    pub name: String,
    /// Where its name stands.
    pub y: usize,
}

/// A zone.
#[derive(Debug, Clone)]
pub struct PlanZone {
    /// Which.
    pub zone: Named,
    /// The names at the left.
    pub rows: Vec<PlanRow>,
    /// Row by row.
    pub cells: Vec<PlanCell>,
    /// Size of the picture.
    pub width: usize,
    /// Size of the picture.
    pub height: usize,
}

/// A step of the colours.
#[derive(Debug, Clone)]
pub struct PlanStep {
    /// 0 to 5.
    pub heat: u8,
    /// What it means, as a code with a number.
    pub key: &'static str,
    /// The number.
    pub number: String,
}

/// The plan.
#[derive(Debug, Clone, Default)]
pub struct PlanView {
    /// Where.
    pub site: Named,
    /// Zones by code.
    pub zones: Vec<PlanZone>,
    /// From nothing to the most.
    pub legend: Vec<PlanStep>,
    /// Whether cells are rows of bins instead of bins.
    pub is_coarse: bool,
}

impl PlanZone {
    /// Puts cells beside each other in rows of equal names, a name to a row, long rows over several.
    pub fn lay_out(zone: Named, cells: Vec<(String, PlanCell)>) -> Self {
        let mut laid = Self {
            zone,
            rows: Vec::new(),
            cells: Vec::with_capacity(cells.len()),
            width: 0,
            height: 0,
        };
        let (mut column, mut line) = (0, 0);
        let mut name: Option<String> = None;
        for (row, mut cell) in cells {
            if name.as_ref() != Some(&row) {
                line += usize::from(name.is_some());
                column = 0;
                laid.rows.push(PlanRow {
                    name: row.clone(),
                    y: line * CELL_HEIGHT,
                });
                name = Some(row);
            } else if column == ACROSS {
                column = 0;
                line += 1;
            }
            cell.x = MARGIN + column * CELL;
            cell.y = line * CELL_HEIGHT;
            column += 1;
            laid.width = laid.width.max(cell.x + CELL);
            laid.cells.push(cell);
        }
        laid.height = (line + 1) * CELL_HEIGHT;
        laid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_below_each_other() {
        let cell = || PlanCell {
            code: String::new(),
            short: String::new(),
            link: String::new(),
            heat: 0,
            bins: 1,
            used: 0,
            piles: 0,
            balance: Quantity::ZERO,
            fill: None,
            picks: 0,
            moved: None,
            overdue: 0,
            x: 0,
            y: 0,
        };
        let mut cells = vec![("A".to_owned(), cell()), ("A".to_owned(), cell())];
        cells.extend((0..=ACROSS).map(|_| ("B".to_owned(), cell())));
        let zone = PlanZone::lay_out(Named::default(), cells);
        let places: Vec<_> = zone.cells.iter().map(|c| (c.x, c.y)).collect();
        assert_eq!(
            places[..3],
            [(MARGIN, 0), (MARGIN + CELL, 0), (MARGIN, CELL_HEIGHT)]
        );
        assert_eq!(places.last(), Some(&(MARGIN, 2 * CELL_HEIGHT)));
        assert_eq!(zone.rows.len(), 2);
        assert_eq!(
            (zone.width, zone.height),
            (MARGIN + ACROSS * CELL, 3 * CELL_HEIGHT)
        );
    }
}
