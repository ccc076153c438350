#![doc = include_str!("../README.md")]

pub mod blobs;
pub mod carry;
mod chains;
pub mod commit;
mod custody;
mod database;
mod displaced;
mod error;
mod identity;
pub mod ingest;
mod ledger_store;
pub mod lookup;
mod meta;
pub mod outbox;
mod print_queue;
mod quarantine;
pub mod query;
mod records;
mod renew;
mod replica;
mod rights;
mod row;
mod scope;
pub mod search;
mod settings;
pub mod snapshot;
pub mod tallies;
mod told;
mod upgrade;

#[cfg(test)]
mod tests;

pub use blobs::BlobStore;
pub use carry::{Carried, CarriedSegments};
pub use chains::Chain;
pub use commit::{CarriesOut, Commit, Committed, DraftChange, NewEvent, RecordEdit};
pub use custody::keys::{KeyCursor, KeyState, SharedKey, document_lookup, phone_lookup};
pub use database::{DatabaseKey, SCHEMA};
pub use displaced::SetAside;
pub use error::ReplicaError;
pub use identity::Identity;
pub use ingest::{Cursor, Ingested, Rejected};
pub use outbox::{Head, Waiting};
pub use print_queue::{KeptJob, PrintQueue};
pub use quarantine::QuarantinedRun;
pub use query::Query;
pub use renew::Renewed;
pub use replica::{OpenOptions, Reader, Replica};
pub use search::{Hit, HitKind};
