//! Snapshots: how a replica begins, or goes on, without its partition's history.
//!
//! A full replica *builds* one; a handheld *fetches* it chunk by chunk, each verified as it comes and kept, so that a
//! restart goes on where it was, and *installs* it in one transaction: the old rows go, the baselines come, and what the
//! handheld holds of the log after the cut, with its own unaccepted changes, is folded on them.

mod build;
mod bulk;
mod content;
mod install;
mod prune;
mod read_ahead;

use documents::snapshot::CHUNKS_MAX;
use documents::{Manifest, Partition, SnapshotId};
use domain::UnixMillis;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::ReplicaError;
use crate::replica::Replica;

pub use build::Cut;
pub(crate) use install::{apply, clear_ledger, forget_units_gone};

/// A snapshot that is being fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetching {
    /// Which one.
    pub id: SnapshotId,
    /// The next chunk to ask for; `None` if all are here and it can be installed.
    pub next: Option<u32>,
    /// How many chunks it has.
    pub chunks: u32,
}

/// The snapshot that a partition's rows rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installed {
    /// Which one.
    pub id: SnapshotId,
    /// The log is held from the entry after this one.
    pub cut: u64,
    /// Everything up to this entry was counted in.
    pub end: u64,
    /// When it was installed, by this device's clock.
    pub installed_at: UnixMillis,
}

/// A manifest that a server signed, as stored.
fn stored(
    connection: &Connection,
    partition: Partition,
    installed: bool,
) -> Result<Option<(SnapshotId, Vec<u8>)>, ReplicaError> {
    let found: Option<([u8; 32], Vec<u8>)> = connection
        .prepare_cached(
            "SELECT id, manifest FROM snapshot WHERE partition = ?1 AND installed = ?2",
        )?
        .query_row(params![partition.to_key(), installed], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .optional()?;
    Ok(found.map(|(id, manifest)| (SnapshotId(id), manifest)))
}

/// Whether a partition's rows rest on a snapshot.
pub(crate) fn covers(connection: &Connection, partition: Partition) -> Result<bool, ReplicaError> {
    Ok(stored(connection, partition, true)?.is_some())
}

/// The last segment of a chain that a snapshot covers, and that is not held any more; 0 if there is none.
pub(crate) fn covered_seq(connection: &Connection, local: i64) -> Result<u64, ReplicaError> {
    let seq: Option<i64> = connection
        .prepare_cached("SELECT seq FROM chain_end WHERE chain = ?1")?
        .query_row([local], |r| r.get(0))
        .optional()?;
    Ok(seq.unwrap_or(0) as u64)
}

impl Replica {
    fn manifest(
        &self,
        partition: Partition,
        installed: bool,
    ) -> Result<Option<(SnapshotId, Manifest)>, ReplicaError> {
        let key = self.enrolled()?.server_key;
        let Some((id, signed)) = stored(&self.connection, partition, installed)? else {
            return Ok(None);
        };
        let manifest =
            Manifest::verify(&signed, &key).ok_or(ReplicaError::BadRow("snapshot.manifest"))?;
        Ok(Some((id, manifest)))
    }

    /// The snapshot that a partition's rows rest on; `None` if all of its history is here.
    ///
    /// # Errors
    /// [`ReplicaError`], as of all methods here.
    pub fn installed_snapshot(
        &self,
        partition: Partition,
    ) -> Result<Option<Installed>, ReplicaError> {
        let Some((id, m)) = self.manifest(partition, true)? else {
            return Ok(None);
        };
        let installed_at: i64 = self
            .connection
            .prepare_cached("SELECT installed_at FROM snapshot WHERE id = ?1")?
            .query_row([id.0], |r| r.get(0))?;
        Ok(Some(Installed {
            id,
            cut: m.cut,
            end: m.end,
            installed_at,
        }))
    }

    /// Begins to fetch a snapshot, or goes on with the same one. `signed`: the manifest with its signature. Returns
    /// whether it can be used: signed by this replica's server, for this organisation.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn begin_snapshot(&mut self, signed: &[u8]) -> Result<bool, ReplicaError> {
        let identity = self.enrolled()?;
        let Some(manifest) = Manifest::verify(signed, &identity.server_key) else {
            return Ok(false);
        };
        if manifest.organisation != identity.organisation || !self.exchanges(manifest.partition) {
            return Ok(false);
        }
        let id = Manifest::id(signed);
        let transaction = self.connection.unchecked_transaction()?;
        transaction.execute(
            "DELETE FROM snapshot WHERE partition = ?1 AND installed = 0 AND id <> ?2",
            params![manifest.partition.to_key(), id.0],
        )?;
        transaction.execute(
            "INSERT OR IGNORE INTO snapshot (id, partition, horizon, manifest) VALUES (?1, ?2, ?3, ?4)",
            params![
                id.0,
                manifest.partition.to_key(),
                manifest.horizon.map(|h| h.to_bytes()),
                signed
            ],
        )?;
        transaction.commit()?;
        Ok(true)
    }

    /// The snapshot of a partition that is being fetched.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn fetching_snapshot(
        &self,
        partition: Partition,
    ) -> Result<Option<Fetching>, ReplicaError> {
        let Some((id, manifest)) = self.manifest(partition, false)? else {
            return Ok(None);
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT number FROM snapshot_chunk WHERE snapshot = ?1 ORDER BY number",
        )?;
        let mut rows = statement.query([id.0])?;
        let mut next = 0;
        while let Some(r) = rows.next()? {
            if r.get::<_, u32>("number")? != next {
                break;
            }
            next += 1;
        }
        let chunks = manifest.chunks.len().min(CHUNKS_MAX) as u32;
        Ok(Some(Fetching {
            id,
            next: (next < chunks).then_some(next),
            chunks,
        }))
    }

    /// Keeps one chunk. Returns whether it is the one that the manifest vouches for.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn put_snapshot_chunk(
        &mut self,
        partition: Partition,
        number: u32,
        bytes: &[u8],
    ) -> Result<bool, ReplicaError> {
        let Some((id, manifest)) = self.manifest(partition, false)? else {
            return Ok(false);
        };
        let sound = manifest
            .chunks
            .get(number as usize)
            .is_some_and(|entry| entry.verify(bytes));
        if sound {
            self.connection.execute(
                "INSERT OR REPLACE INTO snapshot_chunk (snapshot, number, bytes) VALUES (?1, ?2, ?3)",
                params![id.0, number, bytes],
            )?;
        }
        Ok(sound)
    }

    /// Gives up a snapshot that is being fetched: the server has it no more.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn drop_fetching(&mut self, partition: Partition) -> Result<(), ReplicaError> {
        self.connection.execute(
            "DELETE FROM snapshot WHERE partition = ?1 AND installed = 0",
            [partition.to_key()],
        )?;
        Ok(())
    }
}
