//! Questions to the read model.

mod carton;
mod catalogue;
mod commitments;
mod console;
mod custody;
mod custody_alerts;
mod event;
mod exception;
mod exchange;
mod known;
mod only_here;
mod order;
mod review;
mod stock;
mod stock_pages;
mod stocktake;
mod sums;

use std::cell::RefCell;
use std::rc::Rc;

use rusqlite::{CachedStatement, Connection, Params, Row};

use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::search::{self, Hit};

pub use catalogue::{CodeMatch, FieldConflictRow};
pub use commitments::CommittedLine;
pub use console::{ChainRow, ItemStockRow};
pub use custody::{DepositRow, PieceRow};
pub use custody_alerts::{COUNT_MAX, CustodyCounts, CustodyDays, PieceException};
pub use event::{EventFilter, EventRow};
pub use exception::{ExceptionFilter, ResolutionRow};
pub use exchange::{Arrival, ArrivedRow};
pub use known::{Knower, Piles};
pub use order::OrderSummary;
pub use review::{ClosedRow, EventHead, OpenRow, Supposed};
pub use stock::{StockRow, UnitRow};
pub use stock_pages::{AfterLot, ListedBin, ListedItem, ListedLot, Meant};
pub use stocktake::{BinFilter, BinToCount, CountRow, CountedPile};
pub use sums::{CountedSum, KindSum, OperatorSum, PlannedBin, Span};

/// Reads what has been committed.
#[derive(Debug)]
pub struct Query<'c> {
    pub(crate) connection: &'c Connection,
    /// Whether views stand before the tables; see [`crate::scope`].
    narrowed: bool,
    /// How far the device that was asked about last had read: the same for all piles of a page.
    horizon: RefCell<Option<known::Horizon>>,
    /// The chains up to that local number: events are read one by one, and each names its chain.
    chains: RefCell<Option<(u64, Rc<Chains>)>>,
}

impl<'c> Query<'c> {
    pub(crate) const fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            narrowed: false,
            horizon: RefCell::new(None),
            chains: RefCell::new(None),
        }
    }

    /// Questions to a connection that [`crate::scope::narrow`] has narrowed.
    pub(crate) const fn narrowed(connection: &'c Connection) -> Self {
        Self {
            connection,
            narrowed: true,
            horizon: RefCell::new(None),
            chains: RefCell::new(None),
        }
    }

    /// All chains there are; they are read again only when there is another one.
    pub(crate) fn chains(&self) -> Result<Rc<Chains>, ReplicaError> {
        let newest = self.count("SELECT coalesce(max(id), 0) FROM chain", [])?;
        let mut kept = self.chains.borrow_mut();
        if let Some((_, chains)) = kept.as_ref().filter(|(of, _)| *of == newest) {
            return Ok(chains.clone());
        }
        let chains = Rc::new(Chains::load(self.connection)?);
        *kept = Some((newest, chains.clone()));
        Ok(chains)
    }

    /// A view has no index that could be named: there SQLite chooses.
    fn prepare(&self, sql: &str) -> Result<CachedStatement<'c>, ReplicaError> {
        const NAMED: &str = "INDEXED BY ";
        if !self.narrowed || !sql.contains(NAMED) {
            return Ok(self.connection.prepare_cached(sql)?);
        }
        let mut parts = sql.split(NAMED);
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let name = part.find(|c: char| !c.is_alphanumeric() && c != '_');
            plain.push_str(&part[name.unwrap_or(part.len())..]);
        }
        Ok(self.connection.prepare_cached(&plain)?)
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
        let mut statement = self.prepare(sql)?;
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
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params)?;
        rows.next()?.map(read).transpose()
    }

    pub(crate) fn count(&self, sql: &str, params: impl Params) -> Result<u64, ReplicaError> {
        let n: i64 = self.prepare(sql)?.query_row(params, |r| r.get(0))?;
        Ok(n.max(0) as u64)
    }
}
