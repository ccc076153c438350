//! Makes a server's data from a backup.

use std::fs;
use std::path::Path;

use super::manifest::{Manifest, Mark};
use super::verify::verify;
use super::{BackupError, DATABASE, files};
use crate::hub::{Organisation, Randomness};
use crate::store::{Database, copy};

/// Verifies the backup in `from` and makes of it the data folder `data`, which is not there yet or empty. The database
/// is brought to this program's schema. It begins a new epoch, so that handhelds read the log from its beginning and
/// send what it lacks; the server goes on on new chains; people sign in again. The database has its name only once
/// all of that is on the disk, so that a restore that was cut off cannot be served. Returns what the backup said of
/// itself.
///
/// # Errors
/// [`BackupError`].
pub fn restore(from: &Path, data: &Path) -> Result<Manifest, BackupError> {
    restore_with(from, data, &Randomness::default())
}

/// [`restore`], with the epoch drawn from there: a simulation replays it.
///
/// # Errors
/// [`BackupError`].
pub fn restore_with(
    from: &Path,
    data: &Path,
    randomness: &Randomness,
) -> Result<Manifest, BackupError> {
    files::need_empty(data)?;
    let report = verify(from);
    let manifest = match report.manifest {
        Some(manifest) if report.problems.is_empty() => manifest,
        _ => return Err(BackupError::Damaged(report.problems.join("; "))),
    };
    files::make_folder(data)?;
    for entry in &manifest.files {
        let copied = files::copy(from, data, &entry.path)?;
        if copied != *entry {
            let changed = format!("{} has changed while it was read", entry.path);
            return Err(BackupError::Damaged(changed));
        }
    }
    let (database, unfinished) = (data.join(DATABASE), data.join("hub.db.unfinished"));
    fs::rename(&database, &unfinished).map_err(files::at(&database))?;
    begin(&unfinished, &manifest, randomness)?;
    files::sync_folder(data)?;
    fs::rename(&unfinished, &database).map_err(files::at(&database))?;
    files::sync_folder(data)?;
    Ok(manifest)
}

fn begin(path: &Path, manifest: &Manifest, randomness: &Randomness) -> Result<(), BackupError> {
    let database = Database::open(path)?;
    Organisation::begin_anew(&database, randomness)?;
    // This very backup holds everything up to here.
    let mark = Mark {
        at: manifest.created_at,
        log: manifest.log.clone(),
    };
    database.write(|t| {
        mark.save(t)?;
        copy::close_what_opens_once(t)
    })?;
    Ok(())
}
