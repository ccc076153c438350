//! This node among those that serve one store.
//!
//! A node is a replica with chains of its own, which the server's key certifies: two that write at once never write on
//! one chain. Who a node is lies in its replica, and only there: a new replica is a new node, and so is one whose log
//! began anew, or whose chains somebody else writes on because its files were copied or put back. Certificates lie in
//! the store and in the log. Nodes know of each other only what the store says: each looks there when it is asked to
//! write, and a few times a second.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use documents::Partition;
use documents::catalogue::Device;
use documents::certificate::{Certificate, Role};
use domain::{ChainId, DeviceId, SiteId, UnixMillis};
use replica::{RecordEdit, Replica};
use rusqlite::Connection;

use super::organisation::{NO_SITE, NodeChains};
use super::{Hub, HubError, tail};
use crate::store::{StoreError, hub_blobs, hub_chains, hub_devices, hub_keys, hub_log};

/// What tells whether anything is new in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// The last number of each log.
    logs: Vec<(Partition, u64)>,
    access: u64,
    last_certificate: i64,
    last_blob: i64,
    last_key: u64,
}

/// How far a node's read model is behind the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Entries of all logs in the store.
    pub entries: u64,
    /// Entries that the read model lacks.
    pub behind: u64,
    /// Whether the read model has been whole since this node started.
    pub begun: bool,
}

impl Seen {
    fn read(connection: &Connection) -> Result<Self, StoreError> {
        let logs = hub_log::partitions(connection)?.into_iter();
        Ok(Self {
            logs: logs
                .map(|partition| Ok((partition, hub_log::end(connection, partition)?.number)))
                .collect::<Result<_, StoreError>>()?,
            access: tail::access(connection)?,
            last_certificate: hub_devices::last_certificate(connection)?,
            last_blob: hub_blobs::last(connection)?,
            last_key: hub_keys::last(connection)?,
        })
    }
}

/// The record by which others learn a node's chains from the log; its id is the certificate's alone.
fn introduction(certificate: &Certificate, signed: Vec<u8>) -> RecordEdit {
    Hub::device_record_edit(&Device {
        id: DeviceId::from_bytes(*certificate.site_chain.as_bytes()),
        name: String::new(),
        certificate: signed,
        revoked: false,
    })
}

impl Hub {
    /// The node's own identity, as others see it.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn node(&self) -> Result<DeviceId, HubError> {
        Ok(self.lock().enrolled()?.device)
    }

    /// Takes up who this node is, or makes it a new one; `first`: the certificate of the organisation's first node, if
    /// this is it.
    pub(super) fn join(&self, first: Option<Vec<u8>>, now: UnixMillis) -> Result<(), HubError> {
        let mut replica = self.lock();
        let key = self.organisation.key.public();
        if let Some(certificate) = first.as_ref().and_then(|c| Certificate::verify(c, &key)) {
            let identity = self.organisation.node_identity(certificate.device);
            replica.enrol(identity, first.as_slice())?;
        } else if self.goes_on(&replica)? {
            let node = replica.enrolled()?.device;
            replica.enrol(self.organisation.node_identity(node), &[])?;
        } else {
            self.begin_other_chains(&mut replica, now)?;
        }
        self.learn_certificates(&mut replica)?;
        // The store may have been put back to before they were made.
        let certificates = replica.certificates()?;
        let node = replica.enrolled()?.device;
        self.database
            .write(|t| self.keep_certificates(t, node, &certificates))?;
        self.certify_sites(&mut replica, now)?;
        Ok(())
    }

    /// Whether the replica is a node of this log already.
    fn goes_on(&self, replica: &Replica) -> Result<bool, HubError> {
        let Some(identity) = replica.identity() else {
            return Ok(false);
        };
        let cursor = replica.cursor(Partition::Shared)?;
        Ok(identity.organisation == self.organisation.id
            && identity.server_key == self.organisation.key.public()
            && replica.own_chain(Partition::Shared).is_some()
            && cursor.is_none_or(|cursor| cursor.epoch == self.organisation.epoch))
    }

    /// Whether the log holds what this replica has not written, on a chain of its own: a copy of its files is at work,
    /// or the files were put back to an earlier state.
    pub(super) fn is_another_here(&self, replica: &Replica) -> Result<bool, HubError> {
        let own: Vec<(Partition, ChainId)> = replica
            .own_partitions()
            .into_iter()
            .filter_map(|partition| Some((partition, replica.own_chain(partition)?)))
            .collect();
        self.database.read(|c| {
            for (partition, chain) in own {
                let (held, hash) = hub_log::chain_end(c, chain)?;
                if held > 0 && replica.own_hash_at(partition, held)? != Some(hash) {
                    tracing::warn!(%partition, %chain, held, "somebody else writes on this node's chain; it begins others");
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// Becomes a node that nobody has seen yet, on new chains for every site. What the log does not hold of the chains
    /// before is said again on the new ones. Their certificates are the first thing that is written on them, since
    /// devices that were enrolled before know them from nowhere else.
    pub(super) fn begin_other_chains(
        &self,
        replica: &mut Replica,
        now: UnixMillis,
    ) -> Result<(), HubError> {
        let chains = NodeChains {
            node: DeviceId::from_bytes(replica.new_id(now)),
            shared: ChainId::from_bytes(self.randomness.draw()?),
        };
        let mut sites = self.sites(replica)?;
        sites.insert(NO_SITE);
        let sites: Vec<SiteId> = sites.into_iter().collect();
        self.issue(replica, chains, &sites, true, now)
    }

    /// Makes a chain of this node for every site that it has none for. Returns whether there was one.
    pub(super) fn certify_sites(
        &self,
        replica: &mut Replica,
        now: UnixMillis,
    ) -> Result<bool, HubError> {
        let without = |site: &SiteId| replica.own_chain(Partition::Site(*site)).is_none();
        let sites: Vec<SiteId> = self.sites(replica)?.into_iter().filter(without).collect();
        if sites.is_empty() {
            return Ok(false);
        }
        self.certify(replica, &sites, true, now)?;
        Ok(true)
    }

    /// Makes a chain of this node for a site that it is about to make. Nobody is there yet who would have to learn of it
    /// from the log.
    pub(super) fn certify_new(
        &self,
        replica: &mut Replica,
        site: SiteId,
        now: UnixMillis,
    ) -> Result<(), HubError> {
        if replica.own_chain(Partition::Site(site)).is_some() {
            return Ok(());
        }
        let known = self.sites(replica)?.contains(&site);
        self.certify(replica, &[site], known, now)
    }

    /// Makes chains of this node for sites; `introduced`: devices are told of them through the log.
    pub(super) fn certify(
        &self,
        replica: &mut Replica,
        sites: &[SiteId],
        introduced: bool,
        now: UnixMillis,
    ) -> Result<(), HubError> {
        let node = replica.enrolled()?.device;
        let shared = replica.own_chain(Partition::Shared);
        let shared = shared.ok_or(StoreError::Corrupt("node"))?;
        self.issue(replica, NodeChains { node, shared }, sites, introduced, now)
    }

    /// Certificates go to the store before anything is written under them, so that whoever reads it finds them there.
    fn issue(
        &self,
        replica: &mut Replica,
        chains: NodeChains,
        sites: &[SiteId],
        introduced: bool,
        now: UnixMillis,
    ) -> Result<(), HubError> {
        let issued = sites
            .iter()
            .map(|site| {
                self.organisation
                    .certificate(chains, *site, &self.randomness, now)
            })
            .collect::<Result<Vec<_>, HubError>>()?;
        self.database
            .write(|t| self.keep_certificates(t, chains.node, &issued))?;
        let key = self.organisation.key.public();
        let introductions: Vec<RecordEdit> = issued
            .iter()
            .filter(|_| introduced)
            .filter_map(|signed| {
                let certificate = Certificate::verify(signed, &key)?;
                Some(introduction(&certificate, signed.clone()))
            })
            .collect();
        let identity = self.organisation.node_identity(chains.node);
        let renewed = replica.renew_and_write(identity, &issued, &introductions, now)?;
        tracing::info!(node = %chains.node, sites = issued.len(), said_again = renewed.events, "this node writes on new chains");
        Ok(())
    }

    /// Whether there is such a site, here or on another node.
    pub(super) fn knows_site(&self, site: SiteId) -> Result<bool, HubError> {
        Ok(self.sites(&self.lock())?.contains(&site))
    }

    /// Every site that the store or the replica knows.
    fn sites(&self, replica: &Replica) -> Result<BTreeSet<SiteId>, HubError> {
        let certified = self.database.read(hub_devices::certificates)?.into_iter();
        let mut sites: BTreeSet<SiteId> = certified.map(|(site, _)| site).collect();
        sites.extend(replica.query().sites()?.iter().map(|site| site.id));
        sites.remove(&NO_SITE);
        Ok(sites)
    }

    /// Keeps those certificates of a node that the store lacks, and the chains of all nodes among them.
    fn keep_certificates(
        &self,
        connection: &Connection,
        node: DeviceId,
        certificates: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        let key = self.organisation.key.public();
        for signed in certificates {
            let Some(certificate) = Certificate::verify(signed, &key) else {
                continue;
            };
            if certificate.device == node && !hub_devices::has_certificate(connection, signed)? {
                hub_devices::put_certificate(connection, certificate.site, signed)?;
            }
            if certificate.role == Role::Server {
                hub_chains::put(connection, &certificate)?;
            }
        }
        Ok(())
    }

    /// Learns the certificates that other nodes have made since. Returns whether there were any.
    pub(super) fn learn_certificates(&self, replica: &mut Replica) -> Result<bool, HubError> {
        let after = self.certificates_read.load(Ordering::Acquire);
        let fresh = self
            .database
            .read(|c| hub_devices::certificates_after(c, after))?;
        let Some((last, _)) = fresh.last() else {
            return Ok(false);
        };
        let last = *last;
        let certificates: Vec<Vec<u8>> = fresh.into_iter().map(|(_, signed)| signed).collect();
        replica.learn(&certificates)?;
        self.certificates_read.store(last, Ordering::Release);
        Ok(true)
    }

    /// Reads what other nodes have written, if they have.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn catch_up(&self, now: UnixMillis) -> Result<bool, HubError> {
        let there = self.database.read(Seen::read)?;
        let behind = self.seen_so_far().as_ref() != Some(&there);
        if behind { self.pump(now) } else { Ok(false) }
    }

    fn seen_so_far(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what is in the store now, and shows connected devices what is new of it.
    pub(super) fn look(&self) -> Result<Seen, HubError> {
        let there = self.database.read(Seen::read)?;
        let before = self.seen_so_far().clone();
        let Some(before) = before else {
            return Ok(there);
        };
        let grown: Vec<Partition> = there
            .logs
            .iter()
            .filter(|log| !before.logs.contains(log))
            .map(|(partition, _)| *partition)
            .collect();
        if !grown.is_empty() || there.access != before.access {
            self.tail.refresh(&self.database, &grown);
        }
        if there.last_blob != before.last_blob {
            self.blob_came.store(true, Ordering::Relaxed);
        }
        Ok(there)
    }

    /// How far this node's read model is behind the store.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn lag(&self) -> Result<Lag, HubError> {
        let there = self.database.read(Seen::read)?;
        let entries = there.logs.iter().map(|(_, number)| number).sum();
        let seen = self.seen_so_far();
        let read: u64 = seen
            .iter()
            .flat_map(|seen| &seen.logs)
            .map(|(_, number)| number)
            .sum();
        Ok(Lag {
            entries,
            behind: u64::saturating_sub(entries, read),
            begun: seen.is_some(),
        })
    }

    /// The replica has read everything that was there.
    pub(super) fn have_seen(&self, there: Seen) {
        *self.seen_so_far() = Some(there);
    }
}
