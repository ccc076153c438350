//! The fold: from events to stock, units and exceptions.
//!
//! [`Ledger`] takes events in any order of arrival and leaves, in a [`LedgerStore`], exactly what folding all of
//! them in their right order would give. It is incremental: every subject (the stock of one item in one bin, one
//! unit, one unread code ...) has a timeline whose entries remember the state after them, so a late event costs
//! only the tail of the timelines that it touches. The same code runs over memory, on the handheld's database and
//! on the server's.

pub mod baseline;
mod engine;
mod exception;
mod memory;
mod place;
mod stale;
mod state_hash;
mod stock;
mod store;
mod subject;
mod unit;

#[cfg(test)]
mod baseline_tests;
#[cfg(test)]
mod content_tests;
#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod rights_tests;
#[cfg(test)]
mod said_again_tests;
#[cfg(test)]
mod tests;

pub use baseline::{Baseline, Install, Mark, UnitBaseline};
pub use engine::refold::plain_marks;
pub use engine::{Added, Ledger, mentions};
pub use exception::{Exception, ExceptionKind, ExceptionStatus, Finding};
pub use memory::{MemoryLedger, MemorySnapshot};
pub use place::Place;
pub use stale::Stale;
pub use state_hash::StateHash;
pub use stock::StockState;
pub use store::{Entry, LedgerStore, Part, Placed, Standing};
pub use subject::{StockKey, Subject, content_prefix};
pub use unit::{UnitState, UnitStatus};
