//! The hub: accepts devices' segments into the log, serves the log, and keeps the server's own replica up with it.
//!
//! The log is the truth; the replica is folded from it and can be thrown away. What the server writes itself (console,
//! imports) goes on chains of its own, through the same log. Several nodes may serve one store, see [`nodes`].

mod blob_files;
mod blobs;
pub(crate) mod buckets;
mod contacts;
mod counters;
mod enrol;
mod gate;
mod guard;
mod heed;
mod keys;
mod live;
mod nodes;
mod organisation;
mod parcels;
mod pump;
mod quota;
mod randomness;
mod refused;
mod renew;
mod routes;
mod snapshots;
mod socket;
mod sync;
mod tail;
mod together;
mod transfers;
mod vouched;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use documents::catalogue::{Device, Site};
use documents::{FieldEdit, Partition, RecordKind};
use domain::{ChainId, DeviceId, UnixMillis};
use replica::{Commit, OpenOptions, RecordEdit, Replica, ReplicaError};

use crate::store::hub_devices::{self, DeviceRow};
use crate::store::hub_readings::{self, ReadingRow};
use crate::store::{Database, StoreError, hub_chains};

use blob_files::BlobFiles;
pub use blobs::DAY_BYTES_MAX;
pub use enrol::{INVITATION_MS, InvitationError, new_invitation};
pub use gate::Limits;
pub(crate) use guard::one_caller;
pub use nodes::Lag;
pub use organisation::Organisation;
pub use parcels::{ParcelsError, ParcelsTaken};
pub use randomness::Randomness;
pub use routes::routes;
pub use snapshots::{ENTRIES_MIN, WINDOW_DAYS_MAX, WINDOW_MS};
pub(crate) use transfers::arrival_of;

/// Why the hub cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The log's database failed.
    #[error("the hub's log failed")]
    Store(#[from] StoreError),
    /// The server's replica failed.
    #[error("the server's replica failed")]
    Replica(#[from] ReplicaError),
    /// The folder of photos or of snapshots failed; a full disk may pass.
    #[error("a file of the server failed")]
    Files(#[source] std::io::Error),
    /// The operating system gave no random bytes.
    #[error("no random bytes")]
    NoRandomness,
    /// No such site.
    #[error("there is no such site")]
    UnknownSite,
}

/// The hub of one organisation. Its calls block.
pub struct Hub {
    database: Arc<Database>,
    replica: Arc<Mutex<Replica>>,
    organisation: Organisation,
    randomness: Randomness,
    blobs: BlobFiles,
    snapshots: snapshots::Snapshots,
    writing_blobs: Mutex<()>,
    /// A photo has become whole since the console was last told.
    blob_came: AtomicBool,
    /// Wakes the pump after a commit or a push.
    wake: tokio::sync::Notify,
    together: together::Together,
    contacts: contacts::Contacts,
    refusals: refused::Refusals,
    tail: tail::Tail,
    /// What of the store this node has read.
    seen: Mutex<Option<nodes::Seen>>,
    /// Something came since this node last looked whether it has a chain for every site.
    sites_came: AtomicBool,
    /// Whether the keys of the erased were looked at since this node began.
    erasures_heeded: AtomicBool,
    /// The last of the nodes' certificates that this one knows.
    certificates_read: AtomicI64,
    /// Whether this node announces transfers: the one whose replica lies beside the store.
    announces: bool,
}

impl Hub {
    /// Opens the hub over its database, with the replica in `folder`; makes the organisation on the first run.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn open(folder: &Path, database: Arc<Database>, now: UnixMillis) -> Result<Self, HubError> {
        Self::open_node(folder, folder, database, now)
    }

    /// [`Hub::open`] as one of several nodes over one database: `folder` is what they share, `own` where this one keeps
    /// its replica.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn open_node(
        folder: &Path,
        own: &Path,
        database: Arc<Database>,
        now: UnixMillis,
    ) -> Result<Self, HubError> {
        let randomness = Randomness::default();
        let options = OpenOptions::file(own.join("replica.db"), None, randomness.draw()?);
        let mut hub = Self::open_with(folder, options, database, randomness, now)?;
        hub.announces = folder == own;
        Ok(hub)
    }

    /// [`Hub::open`] with a replica and a source of random bytes of the caller's. Photos and snapshots lie in `folder`,
    /// which all nodes of the database share.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn open_with(
        folder: &Path,
        mut replica: OpenOptions,
        database: Arc<Database>,
        randomness: Randomness,
        now: UnixMillis,
    ) -> Result<Self, HubError> {
        replica.tallies = true;
        let (organisation, first) = Organisation::load_or_create(&database, &randomness, now)?;
        let blobs = BlobFiles::open(folder.join("blobs"))?;
        let snapshots = snapshots::Snapshots::open(
            folder.join("snapshots"),
            organisation.key.public(),
            organisation.epoch,
        )?;
        let hub = Self {
            tail: tail::Tail::new(organisation.epoch),
            together: together::Together::default(),
            contacts: contacts::Contacts::default(),
            refusals: refused::Refusals::default(),
            seen: Mutex::default(),
            sites_came: AtomicBool::new(false),
            erasures_heeded: AtomicBool::new(false),
            certificates_read: AtomicI64::new(0),
            database,
            replica: Arc::new(Mutex::new(Replica::open(replica)?)),
            organisation,
            randomness,
            blobs,
            snapshots,
            writing_blobs: Mutex::default(),
            blob_came: AtomicBool::new(false),
            wake: tokio::sync::Notify::new(),
            announces: true,
        };
        hub.drop_foreign_snapshots()?;
        hub.tail.refresh(&hub.database, &[]);
        hub.join(first, now)?;
        hub.pump(now)?;
        // If the log was put back, the node's own word goes in first again: it vouches for whoever comes after it.
        hub.pump(now)?;
        hub.give_back(now)?;
        hub.pump(now)?;
        Ok(hub)
    }

    /// The server's replica. Whoever commits to it calls [`Hub::wake`] afterwards.
    pub const fn replica(&self) -> &Arc<Mutex<Replica>> {
        &self.replica
    }

    /// The store that all nodes share.
    pub(crate) const fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// Who this hub serves.
    pub const fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// A thread that panicked while it held the lock left no half-done write: each is one transaction.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Replica> {
        self.replica.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Guards no value: files are whole or known by their length.
    fn lock_blobs(&self) -> MutexGuard<'_, ()> {
        self.writing_blobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was committed to the replica or to the log.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Writes on this node's own chain and publishes it. What other nodes have written before is read first, so that it
    /// is known to what is written now.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn commit(&self, commit: Commit, now: UnixMillis) -> Result<replica::Committed, HubError> {
        self.catch_up(now)?;
        let committed = self.lock().commit(commit, now)?;
        self.pump(now)?;
        Ok(committed)
    }

    /// Makes a site, and the chain on which this node writes to it; other nodes make their own.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn create_site(&self, site: &Site, now: UnixMillis) -> Result<(), HubError> {
        self.catch_up(now)?;
        self.certify_new(&mut self.lock(), site.id, now)?;
        let edit = RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Site,
            id: site.id.into(),
            fields: site.to_fields(),
        };
        self.commit(
            Commit {
                edits: vec![edit],
                ..Commit::default()
            },
            now,
        )?;
        Ok(())
    }

    /// How far a device had read its site's log by that instant, as it had last said.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn reading(
        &self,
        device: DeviceId,
        at: UnixMillis,
    ) -> Result<Option<ReadingRow>, HubError> {
        self.flush_contacts()?;
        Ok(self.database.read(|c| hub_readings::last(c, device, at))?)
    }

    /// Every enrolled device, with what it last said.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn devices(&self) -> Result<Vec<DeviceRow>, HubError> {
        self.flush_contacts()?;
        Ok(self.database.read(hub_devices::all)?)
    }

    /// Takes a device's rights away, or gives them back: what it writes from now on is kept in quarantine.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn set_revoked(
        &self,
        device: DeviceId,
        revoked: bool,
        now: UnixMillis,
    ) -> Result<bool, HubError> {
        let known = self.database.read(hub_devices::all)?;
        if known.iter().all(|row| row.device != device) {
            return Ok(false);
        }
        let edit = RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Device,
            id: device.into(),
            fields: vec![FieldEdit::set("revoked", revoked)],
        };
        // The record first: the store follows the records whenever the log has grown.
        let edits = vec![edit];
        let commit = Commit {
            edits,
            ..Commit::default()
        };
        self.commit(commit, now)?;
        self.database.write(|t| -> Result<(), StoreError> {
            hub_devices::set_revoked(t, device, revoked)?;
            tail::change_access(t)
        })?;
        self.tail.refresh(&self.database, &[]);
        Ok(true)
    }

    /// What people call a device from now on, as far as the store goes; its record says the same.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn rename_device(&self, device: DeviceId, name: &str) -> Result<(), HubError> {
        Ok(self
            .database
            .write(|t| hub_devices::rename(t, device, name))?)
    }

    /// The chains whose segments go into quarantine, and why.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn suspicions(&self) -> Result<Vec<(ChainId, String)>, HubError> {
        Ok(self.database.read(hub_chains::quarantined)?)
    }

    pub(crate) fn device_record_edit(device: &Device) -> RecordEdit {
        RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Device,
            id: device.id.into(),
            fields: device.to_fields(),
        }
    }
}
