//! The hub: its store on a disk, and the nodes that serve from it, each with a replica on a disk of its own.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow};
use domain::UnixMillis;
use replica::OpenOptions;
use sync_server::hub::{Hub, HubError, Randomness};
use sync_server::store::Database;
use tempfile::TempDir;
use testkit::disk::{Disk, Image, Mount, VFS};
use testkit::random::Random;

use super::snapshots;
use super::world::{Due, World};

pub(super) const STORE: &str = "hub.db";
pub(super) const REPLICA: &str = "replica.db";

pub(super) struct Hubs {
    pub(super) store: Disk,
    pub(super) nodes: Vec<Node>,
    /// Photos and snapshots, which lie in plain files and are not simulated.
    pub(super) files: TempDir,
    pub(super) backups: Vec<Backup>,
}

/// A copy of the store at one instant.
pub(super) enum Backup {
    /// The files as they lay on the disk, as somebody's own program copies them, or a virtual machine is put back.
    Files(Image),
    /// What the server's own backup makes.
    Made(TempDir),
}

pub(super) struct Node {
    pub(super) disk: Disk,
    /// What its disk held at some moment.
    pub(super) backups: Vec<Image>,
    pub(super) hub: Option<Hub>,
    /// What it reads the store with.
    pub(super) database: Option<Arc<Database>>,
    mounts: Option<(Mount, Mount)>,
    /// Counts starts, so that what was meant for an earlier one is known.
    pub(super) starts: u32,
    pub(super) clock_error_ms: i64,
}

impl Node {
    pub(super) fn new(disk: Disk) -> Self {
        Self {
            disk,
            backups: Vec::new(),
            hub: None,
            database: None,
            mounts: None,
            starts: 0,
            clock_error_ms: 0,
        }
    }
}

impl Hubs {
    pub(super) fn new(nodes: usize, random: &mut Random) -> Result<Self> {
        let node = |_| Node::new(Disk::new(random.bits()));
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

    /// Errors that the disks have given so far.
    pub(super) fn disk_failures(&self) -> u64 {
        let nodes = self.nodes.iter().map(|n| n.disk.counts().failures);
        self.store.counts().failures + nodes.sum::<u64>()
    }
}

impl World {
    /// A node that runs, whichever.
    pub(super) fn any_node(&mut self) -> Option<usize> {
        let nodes = self.hubs.nodes.iter().enumerate();
        let running: Vec<usize> = nodes
            .filter(|(_, node)| node.hub.is_some())
            .map(|(n, _)| n)
            .collect();
        let n = self.random.below(running.len().max(1) as u64) as usize;
        running.get(n).copied()
    }

    /// What came of an operation of a hub's. `None`: it failed, and a disk is why.
    pub(super) fn hub_result<T>(
        &mut self,
        failures: u64,
        result: Result<T, HubError>,
    ) -> Result<Option<T>> {
        let disk_failed = self.hubs.disk_failures() > failures;
        let mut stand_still = self.hubs.store.stands_still();
        if stand_still {
            self.stop_nodes();
        }
        for node in 0..self.hubs.nodes.len() {
            if self.hubs.nodes[node].disk.stands_still() {
                stand_still = true;
                self.stop_node(node);
            }
        }
        match result {
            Ok(_) if stand_still => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(error) if disk_failed => {
                self.note(format_args!("hub: {error}"));
                Ok(None)
            }
            Err(error) => Err(anyhow!(error).context("hub, with sound disks")),
        }
    }

    /// Ends the nodes where they are; they come back later.
    pub(super) fn stop_nodes(&mut self) {
        if self.random.one_in(2) {
            self.hubs.power_cut();
        } else {
            (0..self.hubs.nodes.len()).for_each(|n| self.hubs.kill(n));
        }
        self.note(format_args!("the hub stops"));
        self.start_nodes_later();
    }

    /// Ends one node where it is; the others go on.
    pub(super) fn stop_node(&mut self, node: usize) {
        self.hubs.kill(node);
        if self.random.one_in(2) {
            self.hubs.nodes[node].disk.power_cut();
        }
        self.note(format_args!("node {node} stops"));
        self.start_nodes_later();
    }

    pub(super) fn start_nodes_later(&mut self) {
        for node in 0..self.hubs.nodes.len() {
            if self.hubs.nodes[node].hub.is_none() {
                let start = self.hubs.nodes[node].starts;
                let after = self.random.below(60_000) as i64;
                self.schedule(after, Due::StartNode { node, start });
            }
        }
    }

    pub(super) fn start_node(&mut self, node: usize) -> Result<()> {
        if self.hubs.nodes[node].hub.is_some() {
            return Ok(());
        }
        let failures = self.hubs.disk_failures();
        let started = self.hubs.start(node, self.now, &mut self.random);
        let is_up = self.hub_result(failures, started)?.is_some();
        snapshots::configure(self, node);
        if !is_up {
            // If it only failed, it is not on the list of those that stopped.
            self.hubs.kill(node);
            let start = self.hubs.nodes[node].starts;
            self.schedule(10_000, Due::StartNode { node, start });
        }
        self.note(format_args!("node {node} starts: {is_up}"));
        Ok(())
    }

    /// Something came to the store: every node looks at it in its own time.
    pub(super) fn look_later(&mut self) {
        for node in 0..self.hubs.nodes.len() {
            let start = self.hubs.nodes[node].starts;
            let after = self.random.below(2_000) as i64;
            self.schedule(after, Due::Look { node, start });
        }
    }

    /// What a node does a few times a second; it publishes only when it was told to, or now and then.
    pub(super) fn look(&mut self, node: usize) -> Result<()> {
        match self.random.one_in(2) {
            true => self.ask_node(node, Hub::catch_up),
            false => self.pump(node),
        }
    }

    /// What a node does when something was brought to it, and now and then.
    pub(super) fn pump(&mut self, node: usize) -> Result<()> {
        self.ask_node(node, Hub::pump)?;
        snapshots::build(self, node)
    }

    fn ask_node(
        &mut self,
        node: usize,
        ask: impl Fn(&Hub, UnixMillis) -> Result<bool, HubError>,
    ) -> Result<()> {
        let failures = self.hubs.disk_failures();
        let at = self.now + self.hubs.nodes[node].clock_error_ms;
        if let Some(hub) = &self.hubs.nodes[node].hub {
            let done = ask(hub, at);
            self.hub_result(failures, done)?;
        }
        Ok(())
    }
}
