//! The hub: its store on a disk, and the nodes that serve from it, each with a replica on a disk of its own.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use domain::UnixMillis;
use replica::OpenOptions;
use sync_server::hub::{Hub, HubError, Randomness};
use sync_server::store::Database;
use tempfile::TempDir;
use testkit::disk::{Disk, Image, Mount, VFS};
use testkit::random::Random;

pub(super) const STORE: &str = "hub.db";
pub(super) const REPLICA: &str = "replica.db";

pub(super) struct Hubs {
    pub(super) store: Disk,
    pub(super) nodes: Vec<Node>,
    /// Photos and snapshots, which lie in plain files and are not simulated.
    files: TempDir,
    /// Copies of the store, with what was in force then.
    pub(super) backups: Vec<Image>,
}

pub(super) struct Node {
    pub(super) disk: Disk,
    pub(super) hub: Option<Hub>,
    /// What it reads the store with.
    pub(super) database: Option<Arc<Database>>,
    mounts: Option<(Mount, Mount)>,
    /// Counts starts, so that what was meant for an earlier one is known.
    pub(super) starts: u32,
    pub(super) clock_error_ms: i64,
}

impl Hubs {
    pub(super) fn new(nodes: usize, random: &mut Random) -> Result<Self> {
        let node = |_| Node {
            disk: Disk::new(random.bits()),
            hub: None,
            database: None,
            mounts: None,
            starts: 0,
            clock_error_ms: 0,
        };
        Ok(Self {
            nodes: (0..nodes).map(node).collect(),
            files: tempfile::tempdir()?,
            store: Disk::new(random.bits()),
            backups: Vec::new(),
        })
    }

    /// Starts a node from its files.
    pub(super) fn start(
        &mut self,
        n: usize,
        now: UnixMillis,
        random: &mut Random,
    ) -> Result<(), HubError> {
        let node = &mut self.nodes[n];
        let mounts = (self.store.mount(), node.disk.mount());
        node.mounts = Some(mounts);
        node.starts += 1;
        let own = Mutex::new(Random::new(random.bits()));
        let randomness = Randomness::new(move |bytes| {
            let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.fill_with(|| own.bits() as u8);
            true
        });
        let database = Arc::new(Database::open_on(&mounts.0.path(STORE), Some(VFS))?);
        node.database = Some(database.clone());
        let options = OpenOptions {
            vfs: Some(VFS),
            cache_kib: 4_000,
            ..OpenOptions::file(mounts.1.path(REPLICA), None, random.bits().to_be_bytes())
        };
        let now = now + node.clock_error_ms;
        node.hub = Some(Hub::open_with(
            self.files.path(),
            options,
            database,
            randomness,
            now,
        )?);
        Ok(())
    }

    /// The process of a node dies; what it wrote stays.
    pub(super) fn kill(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        if let Some((store, own)) = node.mounts.take() {
            self.store.kill(store);
            node.disk.kill(own);
        }
        node.hub = None;
        node.database = None;
    }

    /// The power of the machine goes that all nodes run on.
    pub(super) fn power_cut(&mut self) {
        self.store.power_cut();
        for node in &mut self.nodes {
            node.disk.power_cut();
            node.mounts = None;
            node.hub = None;
            node.database = None;
        }
    }

    /// Whether a disk of theirs stands still.
    pub(super) fn stand_still(&self) -> bool {
        self.store.stands_still() || self.nodes.iter().any(|n| n.disk.stands_still())
    }

    /// Errors that the disks have given so far.
    pub(super) fn disk_failures(&self) -> u64 {
        let nodes = self.nodes.iter().map(|n| n.disk.counts().failures);
        self.store.counts().failures + nodes.sum::<u64>()
    }

    /// A node that runs.
    pub(super) fn running(&self) -> Option<usize> {
        self.nodes.iter().position(|n| n.hub.is_some())
    }
}
