//! The chains that this replica knows, by identity and by local number.

use std::collections::HashMap;

use documents::{Certificate, Partition, PublicKey, certificate::Role};
use domain::{ChainId, DeviceId};
use rusqlite::{Connection, params};

use crate::error::ReplicaError;
use crate::identity::Identity;
use crate::{meta, row};

/// One chain and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// Its identity.
    pub chain: ChainId,
    /// The partition that it writes to.
    pub partition: Partition,
    /// The device that writes it.
    pub device: DeviceId,
    /// What it is signed with.
    pub key: PublicKey,
    /// Whether it is the server's.
    pub is_server: bool,
    pub(crate) local: i64,
}

/// All chains, read once for each transaction: there are a few for each device.
#[derive(Debug, Default, Clone)]
pub(crate) struct Chains {
    by_id: HashMap<ChainId, Chain>,
    by_local: HashMap<i64, Chain>,
    /// This replica is a counter's: it holds no stock.
    counts_only: bool,
}

/// Set in the file of a counter.
const COUNTS_ONLY: &str = "counts-only";

impl Chains {
    pub(crate) fn load(connection: &Connection) -> Result<Self, ReplicaError> {
        let mut chains = Self {
            counts_only: meta::get(connection, COUNTS_ONLY)?.is_some(),
            ..Self::default()
        };
        let mut statement = connection.prepare_cached(
            "SELECT id, chain, partition, device, public_key, is_server FROM chain",
        )?;
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            chains.insert(Chain {
                local: r.get("id")?,
                chain: ChainId::from_bytes(row::bytes16(r, "chain")?),
                partition: row::partition(r, "partition")?,
                device: DeviceId::from_bytes(row::bytes16(r, "device")?),
                key: PublicKey::from_bytes(row::bytes32(r, "public_key")?),
                is_server: r.get("is_server")?,
            });
        }
        Ok(chains)
    }

    /// Whether this replica is a counter's, so that of its site it holds what it wrote and records, and no stock.
    pub(crate) const fn counts_only(&self) -> bool {
        self.counts_only
    }

    fn insert(&mut self, chain: Chain) {
        self.by_id.insert(chain.chain, chain);
        self.by_local.insert(chain.local, chain);
    }

    pub(crate) fn get(&self, chain: ChainId) -> Option<&Chain> {
        self.by_id.get(&chain)
    }

    pub(crate) fn local(&self, chain: ChainId) -> Result<i64, ReplicaError> {
        self.get(chain)
            .map(|c| c.local)
            .ok_or(ReplicaError::BadRow("unknown chain"))
    }

    pub(crate) fn by_local(&self, local: i64) -> Result<&Chain, ReplicaError> {
        self.by_local
            .get(&local)
            .ok_or(ReplicaError::BadRow("unknown chain number"))
    }

    /// The chain on which a device writes to a partition: the last one that it was given for its key. It may read of a
    /// later key in the log before it has the answer that gives it that key.
    pub(crate) fn newest_of(&self, identity: &Identity, partition: Partition) -> Option<&Chain> {
        let key = identity.key.public();
        self.all()
            .filter(|c| c.device == identity.device && c.partition == partition && c.key == key)
            .max_by_key(|c| c.local)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Chain> {
        self.by_id.values()
    }

    /// This replica is no counter's (any more).
    pub(crate) fn hold_stock(&mut self, connection: &Connection) -> Result<(), ReplicaError> {
        connection.execute("DELETE FROM meta WHERE key = ?1", [COUNTS_ONLY])?;
        self.counts_only = false;
        Ok(())
    }

    /// Learns one chain that the server vouches for.
    pub(crate) fn put(
        &mut self,
        connection: &Connection,
        chain: ChainId,
        partition: Partition,
        device: DeviceId,
        key: PublicKey,
        is_server: bool,
    ) -> Result<(), ReplicaError> {
        if self.get(chain).is_some() {
            return Ok(());
        }
        connection
            .prepare_cached(
                "INSERT INTO chain (chain, partition, device, public_key, is_server) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                chain.as_bytes(),
                partition.to_key(),
                device.as_bytes(),
                key.as_bytes(),
                is_server,
            ])?;
        self.insert(Chain {
            chain,
            partition,
            device,
            key,
            is_server,
            local: connection.last_insert_rowid(),
        });
        Ok(())
    }

    /// Learns both chains of a signed certificate; one that the server did not sign teaches nothing. It is kept, so
    /// that others can be shown it.
    pub(crate) fn learn(
        &mut self,
        connection: &Connection,
        identity: &Identity,
        signed: &[u8],
    ) -> Result<(), ReplicaError> {
        let Some(certificate) = Certificate::verify(signed, &identity.server_key)
            .filter(|c| c.organisation == identity.organisation)
        else {
            return Ok(());
        };
        connection
            .prepare_cached("INSERT OR IGNORE INTO certificate (bytes) VALUES (?1)")?
            .execute([signed])?;
        if certificate.device == identity.device && certificate.role == Role::Counter {
            meta::set(connection, COUNTS_ONLY, &[])?;
            self.counts_only = true;
        }
        for (chain, partition) in [
            (certificate.shared_chain, Partition::Shared),
            (certificate.site_chain, Partition::Site(certificate.site)),
        ] {
            let is_server = certificate.role == Role::Server;
            self.put(
                connection,
                chain,
                partition,
                certificate.device,
                certificate.key,
                is_server,
            )?;
        }
        Ok(())
    }
}
