//! The only place of the console that touches the replica. Everything leaves here as plain views.

mod bin_labels;
mod custody;
mod custody_alerts;
mod custody_labels;
mod customers;
mod dashboard;
mod devices;
mod events;
mod export;
mod feed;
mod fields;
mod imports;
mod left;
mod load;
mod load_deposits;
mod load_orders;
mod names;
mod notes;
mod people;
mod plan;
mod preview;
mod quarantine;
mod receipts;
mod records;
mod resolve;
mod review;
mod review_list;
mod rights;
mod site_codes;
mod stock;
mod stocktake;
mod things;
mod triage;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono_tz::Tz;
use domain::{EventHash, OperatorId, UnixMillis};
use replica::{Query, Reader, Replica, ReplicaError};

use crate::auth::Scope;
use crate::error::AppError;
use crate::hub::Hub;
use names::Names;

pub use bin_labels::BinChoice;
pub use custody::CustodyProblem;
pub use custody_alerts::{ABANDONED_DAYS, Counted};
pub use custody_labels::{LabelKind, ToLabel};
pub use export::{EVENT_HEADERS, ROWS_MAX, Table};
pub use feed::{Feed, FeedFilter};
pub use imports::{Brought, Undone};
pub use notes::{Note, NoteProblem};
pub use people::{NewBadge, NewOperator, is_pin};
pub use quarantine::QuarantineChoice;
pub use receipts::Handed;
pub use records::{BinChange, ExceptionState, NotChanged, OrderState};
pub(crate) use resolve::operator_record_of;
pub use resolve::{Decision, DecisionProblem};
pub use review::{Looking, ReviewFilter, ReviewTab};
pub use rights::{TypedGrant, posts};
pub use stock::{Moment, StockPageData};
pub use stocktake::{
    CountDecision, Decided, PlanProblem, StocktakeChoice, StocktakeProblem, TypedPlan,
};

/// So many readers are kept open, of all scopes together.
const READERS_MAX: usize = 8;

/// What the console shows and writes, as far as its scope reaches. Cheap to clone. Calls block.
#[derive(Clone)]
pub struct ConsoleData {
    hub: Arc<Hub>,
    readers: Arc<Mutex<Vec<(Scope, Reader)>>>,
    scope: Scope,
    /// What is known of open exceptions.
    triage: Arc<triage::Cache>,
    /// What each person decided last, one or several at once.
    last: Arc<Mutex<HashMap<OperatorId, Vec<EventHash>>>>,
}

impl ConsoleData {
    /// Over the hub's replica and its photos.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub,
            readers: Arc::default(),
            scope: Scope::Everywhere,
            triage: Arc::default(),
            last: Arc::default(),
        }
    }

    /// The same data for somebody who may see only some sites: to them the others are not there.
    #[must_use]
    pub fn within(&self, scope: Scope) -> Self {
        Self {
            scope,
            ..self.clone()
        }
    }

    /// Refuses to touch what the scope does not show: a form may name anything.
    fn must_see<T>(
        &self,
        look: impl FnOnce(&Query<'_>) -> Result<Option<T>, ReplicaError>,
    ) -> Result<(), AppError> {
        match self.scope {
            Scope::Everywhere => Ok(()),
            Scope::Only(_) => self.ask(|q| look(q)?.map(drop).ok_or(AppError::NotFound)),
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
        let idle = {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            let at = readers.iter().position(|(scope, _)| *scope == self.scope);
            at.map(|at| readers.swap_remove(at).1)
        };
        let reader = match idle {
            Some(reader) => Some(reader),
            None => self.open_reader()?,
        };
        let Some(reader) = reader else {
            return f(&self.writer().query());
        };
        let value = f(&reader.query());
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() >= READERS_MAX {
            readers.remove(0);
        }
        readers.push((self.scope.clone(), reader));
        value
    }

    /// `None` for a replica in memory, which has one connection and shows all of it.
    fn open_reader(&self) -> Result<Option<Reader>, AppError> {
        let reader = self.writer().reader()?;
        let Scope::Only(sites) = &self.scope else {
            return Ok(reader);
        };
        let sites: Vec<_> = sites.iter().copied().collect();
        let reader =
            reader.ok_or_else(|| AppError::internal("a scope needs a replica in a file"))?;
        Ok(Some(reader.within(&sites)?))
    }

    /// How many exceptions, field conflicts and devices in quarantine wait for somebody to decide.
    ///
    /// # Errors
    /// Those of the replica, as of all methods of this type.
    pub fn open_count(&self, now: UnixMillis) -> Result<u64, AppError> {
        self.ask(|q| {
            let held = quarantine::devices(q)?.len() as u64;
            Ok(self.deciding_count(q, now)? + q.field_conflict_count()? + held)
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
