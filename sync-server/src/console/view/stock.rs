//! Lists of stock.

use domain::Quantity;

use super::Named;

/// One line of the stock lists.
#[derive(Debug, Clone)]
pub struct StockRow {
    /// Where.
    pub bin: Named,
    /// What.
    pub item: Named,
    /// Of which lot.
    pub lot: Option<String>,
    /// How much.
    pub quantity: Quantity,
    /// The item's base unit.
    pub base_unit: String,
    /// The number is being recalculated: it follows with the next snapshot.
    pub stale: bool,
}

impl StockRow {
    /// Whether more went out than was in.
    pub fn is_negative(&self) -> bool {
        self.quantity < Quantity::ZERO
    }
}

/// Whether the page has to say what being recalculated means.
pub fn any_stale(rows: &[StockRow]) -> bool {
    rows.iter().any(|row| row.stale)
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct PageOf<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether more follow.
    pub more: bool,
}

impl<T> Default for PageOf<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            more: false,
        }
    }
}

/// One line of stock by item.
#[derive(Debug, Clone)]
pub struct ItemRow {
    /// What.
    pub item: Named,
    /// In all bins.
    pub quantity: Quantity,
    /// In how many bins.
    pub bins: u64,
    /// Base unit.
    pub base_unit: String,
    /// Some of it is being recalculated.
    pub stale: bool,
}

impl ItemRow {
    /// Whether more went out than was in.
    pub fn is_negative(&self) -> bool {
        self.quantity < Quantity::ZERO
    }
}
