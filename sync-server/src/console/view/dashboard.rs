//! Figures of a period against the one before it.

use domain::{Quantity, UnixMillis};

use super::Named;
use crate::console::chart::Chart;

/// Lengths of the period, days.
pub const PERIODS: [i64; 3] = [7, 30, 90];

/// One figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What it is, as a code.
    pub name: &'static str,
    /// As it is shown.
    pub value: String,
    /// The same of the period before; empty if that is not known.
    pub before: String,
    /// By how much it changed, with its sign; empty if that says nothing.
    pub change: String,
    /// Whether more of it is better; `None` if that is for nobody to say.
    pub more_is_better: Option<bool>,
    /// 1 up, -1 down, 0 the same.
    pub trend: i8,
    /// Where its rows are.
    pub link: String,
}

impl Figure {
    /// How the change is coloured: `good`, `bad` or nothing.
    pub const fn class(&self) -> &'static str {
        match (self.more_is_better, self.trend) {
            (Some(true), 1) | (Some(false), -1) => "good",
            (Some(true), -1) | (Some(false), 1) => "bad",
            _ => "",
        }
    }
}

/// A chart with its name and the figures behind it.
#[derive(Debug, Clone)]
pub struct ChartView {
    /// What it shows, as a code.
    pub name: &'static str,
    /// The picture.
    pub chart: Chart,
}

/// What one person did.
#[derive(Debug, Clone)]
pub struct OperatorRow {
    /// Who.
    pub operator: Named,
    /// Events that count: in, out, moved, counted, and all.
    pub received: u64,
    /// Picks and issues.
    pub issued: u64,
    /// Moves.
    pub moved: u64,
    /// Bins counted.
    pub counted: u64,
    /// All of any kind.
    pub all: u64,
    /// All of any kind in the period before.
    pub before: u64,
    /// Quarters of an hour in which they wrote something.
    pub quarters: u64,
    /// Where their events are.
    pub link: String,
}

impl OperatorRow {
    /// Events in an hour of work.
    pub fn rate(&self) -> String {
        match self.quarters {
            0 => "—".to_owned(),
            quarters => format!("{:.1}", self.all as f64 * 4.0 / quarters as f64),
        }
    }

    /// Hours of work.
    pub fn hours(&self) -> String {
        format!("{:.1}", self.quarters as f64 / 4.0)
    }
}

/// How well counts of a class agreed with the book.
#[derive(Debug, Clone)]
pub struct AccuracyRow {
    /// The class; empty for items without one.
    pub class: String,
    /// Lines counted.
    pub lines: u64,
    /// Lines that agreed.
    pub right: u64,
}

impl AccuracyRow {
    /// Share that agreed.
    pub fn share(&self) -> String {
        percent(self.right, self.lines)
    }
}

/// How full a zone is.
#[derive(Debug, Clone)]
pub struct ZoneUse {
    /// Which; without an id for bins of no zone.
    pub zone: Named,
    /// Where.
    pub site: Named,
    /// Its bins.
    pub bins: u64,
    /// Those with something in them.
    pub used: u64,
}

impl ZoneUse {
    /// Share in use.
    pub fn share(&self) -> String {
        percent(self.used, self.bins)
    }
}

/// An order that should have been done.
#[derive(Debug, Clone)]
pub struct OverdueRow {
    /// Its number.
    pub code: String,
    /// Code of its type.
    pub kind: &'static str,
    /// Supplier or customer.
    pub party: String,
    /// Where.
    pub site: Named,
    /// When it was due.
    pub due: UnixMillis,
}

/// A share as people read it; a dash if there is nothing to share.
pub fn percent(part: u64, of: u64) -> String {
    match of {
        0 => "—".to_owned(),
        of => format!("{:.1} %", part as f64 * 100.0 / of as f64),
    }
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct DashboardView {
    /// Above all.
    pub figures: Vec<Figure>,
    /// Below them.
    pub charts: Vec<ChartView>,
    /// The busiest first.
    pub operators: Vec<OperatorRow>,
    /// By class.
    pub accuracy: Vec<AccuracyRow>,
    /// The fullest first.
    pub zones: Vec<ZoneUse>,
    /// The longest overdue first.
    pub overdue: Vec<OverdueRow>,
    /// How many there are.
    pub overdue_count: u64,
    /// First and last day.
    pub days: (String, String),
    /// Sum of stock at the end, in base units.
    pub on_hand: Quantity,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_none() {
        assert_eq!(percent(0, 0), "—");
        assert_eq!(percent(1, 3), "33.3 %");
    }
}
