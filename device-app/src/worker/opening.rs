//! Opening the database, and why that may not be possible.

use std::fs::{self, File};
use std::path::Path;

use replica::{DatabaseKey, OpenOptions, Replica, ReplicaError};

use crate::keystore::{SecretError, SecretStore};

/// The program cannot work: the code of the sentence, and details for whoever is called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {details}")]
pub struct Stopped {
    pub code: &'static str,
    pub details: String,
}

impl From<ReplicaError> for Stopped {
    fn from(error: ReplicaError) -> Self {
        let code = match error.code() {
            "disk-full" => "disk-full-at-start",
            "database-busy" => "database-in-use",
            code => code,
        };
        let details = match &error {
            ReplicaError::Newer { found, known } => format!("db-newer {found} > {known}"),
            other => other.to_string(),
        };
        Self { code, details }
    }
}

/// The database of a folder, its key, and the lock that keeps other programs out for as long as it is held. `ids`: random, for
/// the identities of new records.
pub(crate) fn open(
    folder: &Path,
    secrets: &dyn SecretStore,
    ids: [u8; 8],
) -> Result<(Replica, DatabaseKey, File), Stopped> {
    let lock = lock(folder)?;
    let path = folder.join("replica.db");
    let key = secrets.device_key(!path.exists()).map_err(key_stopped)?;
    let key = DatabaseKey::from_bytes(key);
    let replica = Replica::open(OpenOptions::file(&path, Some(key.clone()), ids))?;
    Ok((replica, key, lock))
}

/// One program for each database.
fn lock(folder: &Path) -> Result<File, Stopped> {
    let failed = |error: std::io::Error| Stopped {
        code: if error.kind() == std::io::ErrorKind::StorageFull {
            "disk-full-at-start"
        } else {
            "database-error"
        },
        details: format!("data folder: {}", error.kind()),
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let file = File::create(folder.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Stopped {
            code: "database-in-use",
            details: "lock held".to_owned(),
        }),
        Err(fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn key_stopped(error: SecretError) -> Stopped {
    let code = match &error {
        SecretError::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => "disk-full-at-start",
        _ => "database-key-missing",
    };
    Stopped {
        code,
        details: error.to_string(),
    }
}
