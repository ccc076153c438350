//! Files of a backup: copied whole, hashed on the way, on the disk before anybody relies on them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::BackupError;
use super::manifest::Entry;

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names the file in the error.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> BackupError + '_ {
    |source| BackupError::File {
        path: path.to_owned(),
        source,
    }
}

/// A folder for its owner alone, with those above it: keys are in it.
pub(super) fn make_folder(path: &Path) -> Result<(), BackupError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(at(path))
}

/// Refuses a folder in which there is something; makes it if it is not there.
pub(super) fn need_empty(path: &Path) -> Result<(), BackupError> {
    match fs::read_dir(path) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(BackupError::NotEmpty(path.to_owned())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(path)(error)),
    }
}

fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Writes a new file that only its owner may read; it is on the disk afterwards.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let write = || {
        let mut file = create_private(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(at(path))
}

/// Makes renames and new names in a folder last.
pub(super) fn sync_folder(path: &Path) -> Result<(), BackupError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(at(path))
}

/// Reads a file in pieces, gives each to `take`, and returns size and hash.
fn read_all(
    path: &Path,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0u8; 1 << 16];
    let mut bytes = 0;
    loop {
        let n = file.read(&mut buffer)?;
        let piece = buffer.get(..n).unwrap_or_default();
        if piece.is_empty() {
            return Ok((bytes, hasher.finalize().to_hex().to_string()));
        }
        hasher.update(piece);
        take(piece)?;
        bytes += n as u64;
    }
}

/// Size and hash of a file as it is.
pub(super) fn measure(path: &Path) -> io::Result<(u64, String)> {
    read_all(path, |_| Ok(()))
}

/// Measures the file `name` of a folder and brings it to the disk.
pub(super) fn entry(folder: &Path, name: &str) -> Result<Entry, BackupError> {
    let path = folder.join(name);
    let (bytes, blake3) = measure(&path).map_err(at(&path))?;
    File::open(&path)
        .and_then(|file| file.sync_all())
        .map_err(at(&path))?;
    Ok(Entry {
        path: name.to_owned(),
        bytes,
        blake3,
    })
}

/// Copies the file `name` from one folder to another. What is returned is of the bytes that were written.
pub(super) fn copy(from: &Path, to: &Path, name: &str) -> Result<Entry, BackupError> {
    let (source, target) = (from.join(name), to.join(name));
    if let Some(parent) = target.parent() {
        make_folder(parent)?;
    }
    let mut file = create_private(&target).map_err(at(&target))?;
    let (bytes, blake3) = read_all(&source, |piece| file.write_all(piece)).map_err(at(&source))?;
    file.sync_all().map_err(at(&target))?;
    Ok(Entry {
        path: name.to_owned(),
        bytes,
        blake3,
    })
}
