//! Stock by bin and by item.

use domain::SiteId;
use domain::ledger::Subject;
use replica::query::StockRow as Pile;

use super::ConsoleData;
use super::names::Names;
use crate::console::view::{ItemRow, PageOf, StockRow};
use crate::error::AppError;

/// Rows on a page.
const ROWS: u32 = 50;

impl Names<'_> {
    pub(super) fn pile(&self, pile: &Pile) -> Result<StockRow, AppError> {
        let (item, base_unit) = self.item(pile.key.item)?;
        Ok(StockRow {
            bin: self.bin(pile.key.bin)?,
            item,
            lot: pile.key.lot.clone(),
            quantity: pile.balance,
            base_unit,
            stale: self
                .stale(pile.site)?
                .covers(&Subject::Stock(pile.key.clone())),
        })
    }

    pub(super) fn piles(&self, piles: &[Pile]) -> Result<Vec<StockRow>, AppError> {
        piles.iter().map(|pile| self.pile(pile)).collect()
    }
}

/// One row more than fits tells whether another page follows.
fn offset(page: u32) -> u32 {
    (page.saturating_sub(1)).saturating_mul(ROWS)
}

impl ConsoleData {
    /// Piles by bin. `site`: an id, or empty for all; `page`: from 1.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn stock_by_bin(
        &self,
        site: &str,
        text: &str,
        page: u32,
    ) -> Result<PageOf<StockRow>, AppError> {
        let site: Option<SiteId> = site.parse().ok();
        self.ask(|q| {
            let piles = q.stock_list(site, text, offset(page), ROWS + 1)?;
            let mut rows = self.names(q).piles(&piles)?;
            let more = rows.len() > ROWS as usize;
            rows.truncate(ROWS as usize);
            Ok(PageOf { rows, more })
        })
    }

    /// Items with their stock in all bins. `page`: from 1.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn stock_by_item(&self, text: &str, page: u32) -> Result<PageOf<ItemRow>, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let found = q.item_stock_list(text, offset(page), ROWS + 1)?;
            let more = found.len() > ROWS as usize;
            let mut stale = Vec::new();
            for site in q.sites()? {
                stale.push(names.stale(site.id)?);
            }
            let mut rows = Vec::with_capacity(found.len());
            for row in found.iter().take(ROWS as usize) {
                let (item, base_unit) = names.item(row.item)?;
                rows.push(ItemRow {
                    item,
                    quantity: row.balance,
                    bins: row.bins,
                    base_unit,
                    stale: stale.iter().any(|stale| stale.touches_item(row.item)),
                });
            }
            Ok(PageOf { rows, more })
        })
    }

    /// Items that a few letters of a name or code may mean, for suggestions.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn items_like(&self, text: &str) -> Result<Vec<crate::console::view::Named>, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let mut found = Vec::new();
            for row in q.item_stock_list(text, 0, 200)? {
                found.push(names.item(row.item)?.0);
            }
            Ok(found)
        })
    }
}
