//! What the log says of who may write, heard by a store that does not know it: it was put back from a backup.

use documents::catalogue::Device;
use documents::{FieldEdit, Partition, RecordKind};
use domain::{DeviceId, UnixMillis};
use replica::{Commit, RecordEdit, Replica, ReplicaError};

use super::{Hub, HubError, tail};
use crate::store::{hub_chains, hub_devices, hub_log};

/// What the record of a device says; see [`Device::copy`].
fn copy(replica: &Replica, device: DeviceId) -> Result<Option<bool>, ReplicaError> {
    let record = replica.query().record(device.into())?;
    Ok(record.and_then(|record| Device::copy(&record)))
}

impl Hub {
    /// Chains that were certified, rights that were taken away and copies that were released after the backup: all that
    /// is in the devices' records, which only the server writes.
    pub(super) fn heed_records(&self, replica: &Replica) -> Result<(), HubError> {
        let certificates = replica.certificates()?;
        self.database
            .write(|t| self.organisation.put_chains(t, &certificates))?;
        let known = self.database.read(hub_devices::all)?;
        let mut released = Vec::new();
        for device in self.database.read(hub_chains::suspected_copies)? {
            if copy(replica, device)? == Some(false) {
                released.push(device);
            }
        }
        let read_to = replica.cursor(Partition::Shared)?.map_or(0, |c| c.number);
        let changed = self.database.write(|t| -> Result<bool, HubError> {
            for device in released {
                hub_chains::trust(t, device)?;
            }
            if hub_log::end(t, Partition::Shared)?.number > read_to {
                // Another node may have written it otherwise since; it is read next.
                return Ok(false);
            }
            let mut changed = false;
            for device in replica.query().devices()? {
                match known.iter().find(|row| row.device == device.id) {
                    Some(row) if row.revoked == device.revoked => {}
                    Some(_) => {
                        changed |= hub_devices::set_revoked(t, device.id, device.revoked)?;
                    }
                    // Of a device that was enrolled after the backup the store knows the chains alone.
                    None if device.revoked => {
                        hub_chains::suspect_device(t, device.id, "revoked")?;
                    }
                    None => {}
                }
            }
            if changed {
                tail::change_access(t)?;
            }
            Ok(changed)
        })?;
        if changed {
            self.tail.refresh(&self.database, &[]);
        }
        Ok(())
    }

    /// A supervisor released what a copy wrote: what it writes from now on counts.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn trust(&self, device: DeviceId, now: UnixMillis) -> Result<(), HubError> {
        self.database.write(|t| hub_chains::trust(t, device))?;
        if copy(&self.lock(), device)? == Some(true) {
            let edit = RecordEdit {
                partition: Partition::Shared,
                kind: RecordKind::Device,
                id: device.into(),
                fields: vec![FieldEdit::set(Device::COPY, false)],
            };
            let edits = vec![edit];
            let commit = Commit {
                edits,
                ..Commit::default()
            };
            self.commit(commit, now)?;
        }
        Ok(())
    }
}
