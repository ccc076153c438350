//! The only place of the console that touches the replica. Everything leaves here as plain views.

mod dashboard;
mod devices;
mod events;
mod export;
mod feed;
mod load;
mod load_orders;
mod names;
mod people;
mod plan;
mod quarantine;
mod resolve;
mod review;
mod rights;
mod stock;
mod things;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono_tz::Tz;
use domain::UnixMillis;
use replica::{Query, Reader, Replica, ReplicaError};

use crate::error::AppError;
use crate::hub::Hub;
use names::Names;

pub use export::{EVENT_HEADERS, Table};
pub use feed::{Feed, FeedFilter};
pub use people::NewOperator;
pub use quarantine::QuarantineChoice;
pub use resolve::{Decision, DecisionProblem};
pub use review::ReviewFilter;
pub use rights::{TypedGrant, posts};
pub use stock::{Moment, StockPageData};

/// So many readers are kept open.
const READERS_MAX: usize = 4;

/// What the console shows and writes. Calls block.
pub struct ConsoleData {
    hub: Arc<Hub>,
    readers: Mutex<Vec<Reader>>,
}

impl ConsoleData {
    /// Over the hub's replica and its photos.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub,
            readers: Mutex::new(Vec::new()),
        }
    }

    /// The writer. A thread that panicked while it held the lock left no half-done write: each is one transaction.
    fn writer(&self) -> MutexGuard<'_, Replica> {
        let replica = self.hub.replica().lock();
        replica.unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer, which has read what other nodes have written: what they changed is seen before it is changed again.
    fn writer_at(&self, now: UnixMillis) -> Result<MutexGuard<'_, Replica>, AppError> {
        self.hub.catch_up(now).map_err(AppError::internal)?;
        Ok(self.writer())
    }

    fn names<'q>(&'q self, query: &'q Query<'q>) -> Names<'q> {
        Names::new(query, &self.hub)
    }

    /// Asks the read model, without waiting for the writer if there is a file.
    fn ask<T>(&self, f: impl FnOnce(&Query<'_>) -> Result<T, AppError>) -> Result<T, AppError> {
        let idle = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let reader = match idle {
            Some(reader) => Some(reader),
            None => self.writer().reader()?,
        };
        let Some(reader) = reader else {
            return f(&self.writer().query());
        };
        let value = f(&reader.query());
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS_MAX {
            readers.push(reader);
        }
        value
    }

    /// How many exceptions, field conflicts and devices in quarantine wait.
    ///
    /// # Errors
    /// Those of the replica, as of all methods of this type.
    pub fn open_count(&self) -> Result<u64, AppError> {
        self.ask(|q| {
            let held = quarantine::devices(q)?.len() as u64;
            Ok(q.open_exception_count()? + q.field_conflict_count()? + held)
        })
    }

    /// The time zone of the first site.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn zone(&self) -> Result<Tz, AppError> {
        self.ask(|q| {
            let sites = q.sites()?;
            let zone = sites.first().and_then(|site| site.time_zone.parse().ok());
            Ok(zone.unwrap_or(Tz::UTC))
        })
    }
}

impl From<ReplicaError> for AppError {
    fn from(cause: ReplicaError) -> Self {
        Self::Internal(Box::new(cause))
    }
}
