//! What is in a backup: `manifest.json`, and its own hash beside it in `manifest.b3`.

use std::fs;
use std::path::Path;

use documents::Partition;
use domain::UnixMillis;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{BackupError, files};
use crate::store::{StoreError, hub_log};

/// The newest format that this program reads and writes.
pub(crate) const FORMAT: u32 = 1;
pub(super) const NAME: &str = "manifest.json";
/// One line as the tool `b3sum` writes and checks it.
pub(super) const SUM: &str = "manifest.b3";
/// The backed-up mark in the database, JSON.
const MARK: &str = "backup";

/// How far a partition's log reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEnd {
    /// `shared`, or the site's 16 bytes in hexadecimal.
    pub partition: String,
    /// The last number; they are gap-free from 1.
    pub number: u64,
    /// Over all hashes up to it, hexadecimal.
    pub running_hash: String,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// From the backup's folder, with `/`.
    pub(super) path: String,
    pub(super) bytes: u64,
    /// Hexadecimal.
    pub(super) blake3: String,
}

/// What is in a backup. Later programs may add fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format of the backup.
    pub format: u32,
    /// Version of the program that made it.
    pub program: String,
    /// Schema of the database in it.
    pub schema: u32,
    /// Unix milliseconds.
    pub created_at: UnixMillis,
    /// How far the log in it reaches, the shared partition first.
    pub log: Vec<LogEnd>,
    pub(super) files: Vec<Entry>,
}

/// Up to where the last completed backup reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it was made, unix milliseconds.
    pub at: UnixMillis,
    /// As in its manifest.
    pub log: Vec<LogEnd>,
}

impl Mark {
    /// The last number of a partition that a backup holds; 0 if none does.
    pub fn number(&self, partition: Partition) -> u64 {
        let name = partition_name(partition);
        self.log
            .iter()
            .find(|end| end.partition == name)
            .map_or(0, |end| end.number)
    }

    /// The mark that the database holds, if a backup was ever made.
    ///
    /// # Errors
    /// [`StoreError`], as of all functions here.
    pub fn load(connection: &Connection) -> Result<Option<Self>, StoreError> {
        hub_log::meta(connection, MARK)?
            .map(|json| serde_json::from_slice(&json).map_err(|_| StoreError::Corrupt(MARK)))
            .transpose()
    }

    /// Keeps the mark.
    pub fn save(&self, connection: &Connection) -> Result<(), StoreError> {
        let json = serde_json::to_vec(self).map_err(|_| StoreError::Corrupt(MARK))?;
        hub_log::set_meta(connection, MARK, &json)
    }
}

pub(super) fn partition_name(partition: Partition) -> String {
    match partition {
        Partition::Shared => "shared".to_owned(),
        Partition::Site(_) => files::hex(&partition.to_key()),
    }
}

/// How far the log of each partition reaches.
pub(super) fn log_ends(connection: &Connection) -> Result<Vec<LogEnd>, StoreError> {
    hub_log::partitions(connection)?
        .into_iter()
        .map(|partition| {
            let end = hub_log::end(connection, partition)?;
            Ok(LogEnd {
                partition: partition_name(partition),
                number: end.number,
                running_hash: files::hex(&end.running_hash),
            })
        })
        .collect()
}

impl Manifest {
    /// How many files there are, the manifest not counted.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Writes it with its hash.
    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let json = serde_json::to_vec_pretty(self).map_err(|_| StoreError::Corrupt("manifest"))?;
        files::write_private(&folder.join(NAME), &json)?;
        let sum = format!("{}  {NAME}\n", blake3::hash(&json).to_hex());
        files::write_private(&folder.join(SUM), sum.as_bytes())
    }

    /// Reads it; the error is a sentence for the person at the terminal.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let read = |name: &str| {
            fs::read(folder.join(name)).map_err(|error| format!("{name} cannot be read: {error}"))
        };
        let (json, sum) = (read(NAME)?, read(SUM)?);
        let expected = format!("{}  {NAME}\n", blake3::hash(&json).to_hex());
        if sum != expected.as_bytes() {
            return Err(format!("{NAME} does not match its hash in {SUM}"));
        }
        let manifest: Self = serde_json::from_slice(&json)
            .map_err(|error| format!("{NAME} is no manifest of a backup: {error}"))?;
        if manifest.format > FORMAT {
            return Err(format!(
                "the backup has format {}, and this program knows only up to {FORMAT}: use a newer tallyman-server",
                manifest.format
            ));
        }
        Ok(manifest)
    }
}
