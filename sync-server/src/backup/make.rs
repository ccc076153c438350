//! Makes a backup beside a running server.

use std::fs;
use std::path::{Path, PathBuf};

use domain::UnixMillis;

use super::manifest::{FORMAT, Manifest, Mark, log_ends};
use super::{BLOBS, BackupError, CERTIFICATE, DATABASE, files};
use crate::store::copy;

/// A backup that is complete.
#[derive(Debug)]
pub struct Made {
    /// What is in it.
    pub manifest: Manifest,
    /// Photos that the server's database names and whose files are missing or have another content.
    pub missing: Vec<String>,
}

/// Copies the data in `data` to the folder `to`, which is not there yet or empty. The server may run: the copy is the
/// database at one instant. The folder has its name only once everything in it is on the disk. Then the database
/// remembers how far the backup reaches, see [`Mark`].
///
/// The schema stays as it is, so that a backup can be made before an upgrade.
///
/// # Errors
/// [`BackupError`]; there is no folder `to` then.
pub fn make(data: &Path, to: &Path, now: UnixMillis) -> Result<Made, BackupError> {
    let source = data.join(DATABASE);
    if !source.exists() {
        return Err(BackupError::NoData(data.to_owned()));
    }
    files::need_empty(to)?;
    let partial = with_ending(to, ".partial");
    if partial.exists() {
        return Err(BackupError::CutOff(partial));
    }
    files::make_folder(&partial)?;
    match fill(data, &source, &partial, now) {
        Ok(made) => {
            if to.exists() {
                fs::remove_dir(to).map_err(files::at(to))?;
            }
            fs::rename(&partial, to).map_err(files::at(to))?;
            if let Some(parent) = to.parent().filter(|p| !p.as_os_str().is_empty()) {
                files::sync_folder(parent)?;
            }
            let mark = Mark {
                at: now,
                log: made.manifest.log.clone(),
            };
            copy::write(&source, |t| mark.save(t))?;
            Ok(made)
        }
        Err(error) => {
            // What is left of it has no use; the error tells more than a failure to remove it would.
            let _ = fs::remove_dir_all(&partial);
            Err(error)
        }
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn fill(data: &Path, source: &Path, folder: &Path, now: UnixMillis) -> Result<Made, BackupError> {
    // Made first, so that nobody else may read it.
    files::write_private(&folder.join(DATABASE), &[])?;
    let database = copy::copy(source, &folder.join(DATABASE))?;
    let schema = copy::schema(&database)?;
    let log = log_ends(&database)?;
    let blobs = copy::blobs(&database)?;
    drop(database);

    let mut entries = vec![files::entry(folder, DATABASE)?];
    if CERTIFICATE.iter().all(|name| data.join(name).exists()) {
        for name in CERTIFICATE {
            entries.push(files::copy(data, folder, name)?);
        }
    }
    let mut missing = Vec::new();
    // The database names a photo only once its file is whole, so every file named by the copy is there.
    for hash in blobs {
        let name = blob_path(&hash);
        let found = match data.join(&name).exists() {
            true => Some(files::copy(data, folder, &name)?),
            false => None,
        };
        match found {
            Some(entry) if entry.blake3 == hash => entries.push(entry),
            Some(_) => {
                let path = folder.join(&name);
                fs::remove_file(&path).map_err(files::at(&path))?;
                missing.push(name);
            }
            None => missing.push(name),
        }
    }
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema,
        created_at: now,
        log,
        files: entries,
    };
    manifest.write(folder)?;
    files::sync_folder(folder)?;
    Ok(Made { manifest, missing })
}

/// Where a photo with this hash lies, in a data folder and in a backup.
pub(super) fn blob_path(hash: &str) -> String {
    format!("{BLOBS}/{}/{hash}", hash.get(..2).unwrap_or_default())
}
