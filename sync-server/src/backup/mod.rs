//! Backup, verify, restore.
//!
//! A backup is a plain folder: the database as SQLite wrote it, the photos by their hash, the certificate, and a
//! manifest. A folder, because every tool copies, mirrors and deduplicates one, the database in it can be looked at
//! without unpacking, and making it needs no second copy. The server's `replica.db` is a cache and is not in it: it is
//! folded again from the log.

mod files;
mod make;
mod manifest;
mod restore;
mod verify;

use std::io;
use std::path::PathBuf;

pub use make::{Made, make};
pub use manifest::{LogEnd, Manifest, Mark};
pub use restore::{restore, restore_with};
pub use verify::{Report, verify};

use crate::hub::HubError;
use crate::store::StoreError;

/// The log's database, in a data folder and in a backup.
pub(crate) const DATABASE: &str = "hub.db";
/// What a server that makes its own certificate keeps with the data.
const CERTIFICATE: [&str; 2] = ["tls-cert.pem", "tls-key.pem"];
/// Photos, signatures and documents, in a data folder and in a backup.
const BLOBS: &str = "blobs";

/// Why there is no backup, or no restored server.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing to back up.
    #[error("there is no server's data in {0}")]
    NoData(PathBuf),
    /// Something is there already; nothing is written over.
    #[error("{0} is not empty: name a new folder")]
    NotEmpty(PathBuf),
    /// A backup was cut off.
    #[error("{0} is left from a backup that was cut off: remove it and try again")]
    CutOff(PathBuf),
    /// The files differ from their manifest, or the log does not hold together.
    #[error("the backup is damaged, so nothing was restored: {0}")]
    Damaged(String),
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The database refused.
    #[error("the database cannot be copied")]
    Store(#[from] StoreError),
    /// The restored log's keys and chains cannot be made.
    #[error("the restored server cannot be set up")]
    Hub(#[from] HubError),
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
