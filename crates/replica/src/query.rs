//! Questions to the read model.

mod carton;
mod catalogue;
mod commitments;
mod console;
mod event;
mod exception;
mod known;
mod only_here;
mod order;
mod stock;
mod stock_pages;
mod sums;

use rusqlite::{Connection, Params, Row};

use crate::error::ReplicaError;
use crate::search::{self, Hit};

pub use catalogue::{CodeMatch, FieldConflictRow};
pub use commitments::CommittedLine;
pub use console::{ChainRow, ItemStockRow};
pub use event::{EventFilter, EventRow};
pub use exception::{ExceptionFilter, ResolutionRow};
pub use known::{Knower, Piles};
pub use order::OrderSummary;
pub use stock::{StockRow, UnitRow};
pub use stock_pages::{AfterLot, ListedBin, ListedItem, ListedLot, Meant};
pub use sums::{CountedSum, OperatorSum, PlannedBin, SlotSum, Span};

/// Reads what has been committed.
#[derive(Debug, Clone, Copy)]
pub struct Query<'c> {
    pub(crate) connection: &'c Connection,
}

impl<'c> Query<'c> {
    pub(crate) const fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    /// Items, bins and units by any part of a code, a name, a Chinese name or its pinyin; best first.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn search(&self, text: &str, limit: u32) -> Result<Vec<Hit>, ReplicaError> {
        search::find(self.connection, text, limit)
    }

    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, ReplicaError>,
    ) -> Result<Vec<T>, ReplicaError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next()? {
            out.push(read(r)?);
        }
        Ok(out)
    }

    pub(crate) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, ReplicaError>,
    ) -> Result<Option<T>, ReplicaError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        rows.next()?.map(read).transpose()
    }

    pub(crate) fn count(&self, sql: &str, params: impl Params) -> Result<u64, ReplicaError> {
        let n: i64 = self
            .connection
            .prepare_cached(sql)?
            .query_row(params, |r| r.get(0))?;
        Ok(n.max(0) as u64)
    }
}
