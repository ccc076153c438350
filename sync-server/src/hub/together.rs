//! Group commit: requests that arrive while a transaction is on its way to the disk share the next one.
//!
//! Whoever comes first writes for all who wait, so there is no thread of its own, no timer, and a lone request waits for
//! nobody. How many may wait is bounded by [`super::gate`].

use std::mem;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use documents::Partition;
use domain::UnixMillis;
use protocol::PartitionRequest;
use rusqlite::Transaction;

use super::sync::Taken;
use super::{Hub, HubError};
use crate::store::StoreError;
use crate::store::hub_devices::DeviceRow;

/// What one device brings.
pub(super) struct Brought {
    pub(super) device: DeviceRow,
    pub(super) partitions: Vec<PartitionRequest>,
    pub(super) now: UnixMillis,
}

type Done = Result<(Brought, Vec<Taken>), StoreError>;

#[derive(Default)]
pub(super) struct Together {
    waiting: Mutex<Vec<(Brought, SyncSender<Done>)>>,
    /// Held by whoever writes.
    writing: Mutex<()>,
}

/// What is guarded is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// Takes what a device brings, on the disk when this returns; one transaction for all who wait.
    pub(super) fn take_together(
        &self,
        brought: Brought,
    ) -> Result<(Brought, Vec<Taken>), HubError> {
        let (answer, answered) = sync_channel(1);
        lock(&self.together.waiting).push((brought, answer));
        let writing = lock(&self.together.writing);
        if let Ok(done) = answered.try_recv() {
            return Ok(done?);
        }
        let group = mem::take(&mut *lock(&self.together.waiting));
        let touched = self.write_group(group);
        drop(writing);
        self.wake();
        self.tail.refresh(&self.database, &touched);
        Ok(answered
            .recv()
            .map_err(|_| StoreError::Corrupt("group"))
            .flatten()?)
    }

    /// Returns the partitions that may have grown.
    fn write_group(&self, group: Vec<(Brought, SyncSender<Done>)>) -> Vec<Partition> {
        let mut done = Vec::with_capacity(group.len());
        let mut touched: Vec<Partition> = Vec::new();
        let written = self.database.write(|t| {
            for (brought, answer) in group {
                touched.extend(brought.partitions.iter().map(|p| p.partition));
                let taken = self.take_alone(t, &brought);
                done.push((answer, taken.map(|taken| (brought, taken))));
            }
            self.write_contacts(t)
        });
        let failed = written.is_err();
        if let Err(error) = written {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a group of requests could not be written"
            );
        }
        for (answer, outcome) in done {
            // Nothing of the group is on the disk, whatever became of each.
            let outcome = if failed {
                Err(StoreError::GroupFailed)
            } else {
                outcome
            };
            // Everyone who asked waits for the answer.
            let _ = answer.send(outcome);
        }
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// One device's part of the group: if it fails, the others' stay.
    fn take_alone(&self, t: &Transaction<'_>, brought: &Brought) -> Result<Vec<Taken>, StoreError> {
        t.execute_batch("SAVEPOINT brought")?;
        let taken = self.take(t, &brought.device, &brought.partitions, brought.now);
        if taken.is_err() {
            t.execute_batch("ROLLBACK TO brought")?;
        }
        t.execute_batch("RELEASE brought")?;
        taken
    }
}
