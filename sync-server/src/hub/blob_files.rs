//! Photos, signatures and documents as files: `ab/<hex>` for what is whole, `incoming/<device>/<hex>` for what is on its
//! way. The folder is the truth about unfinished uploads, so they go on after a restart.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use domain::{BlobId, BlobRef, DeviceId};
use protocol::blob::media_fits;

/// An upload that nobody went on with for so long is dropped.
pub(super) const STALE: Duration = Duration::from_secs(7 * 86_400);
/// At most so many bytes of one device are unfinished; then the oldest upload is dropped.
pub(super) const UNFINISHED_BYTES_MAX: u64 = 32 << 20;
/// At most so many uploads of one device are unfinished; then the oldest is dropped.
const UNFINISHED_MAX: usize = 64;

/// What came of a finished upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finished {
    /// It is in its place, and on the disk.
    Whole,
    /// The content has another hash; it was dropped.
    HashWrong,
    /// The content is not of its media type; it was dropped.
    MediaWrong,
}

pub(super) struct BlobFiles {
    root: PathBuf,
}

impl BlobFiles {
    /// Drops uploads that were given up. The folder is made when the first upload begins.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        let files = Self { root };
        match fs::read_dir(files.incoming()) {
            Ok(devices) => {
                for device in devices {
                    drop_stale(&device?.path(), SystemTime::now())?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(files)
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    fn incoming_of(&self, device: DeviceId) -> PathBuf {
        self.incoming().join(device.to_string())
    }

    fn part(&self, device: DeviceId, id: BlobId) -> PathBuf {
        self.incoming_of(device).join(id.hex())
    }

    /// Where a whole blob is.
    pub(super) fn place(&self, id: BlobId) -> PathBuf {
        let hex = id.hex();
        self.root.join(&hex[..2]).join(hex)
    }

    /// Whether the file of a whole blob is there, by its size.
    pub(super) fn has(&self, id: BlobId, size: u64) -> io::Result<bool> {
        Ok(length(&self.place(id))? == Some(size))
    }

    /// How many bytes of a device's upload are here.
    pub(super) fn held(&self, device: DeviceId, id: BlobId) -> io::Result<u64> {
        Ok(length(&self.part(device, id))?.unwrap_or(0))
    }

    /// Makes room for a new upload: drops the device's stale ones, and its oldest if there are too many.
    pub(super) fn make_room(&self, device: DeviceId, size: u64) -> io::Result<()> {
        let folder = self.incoming_of(device);
        make_folder(&folder)?;
        drop_stale(&folder, SystemTime::now())?;
        let mut parts = parts(&folder)?;
        parts.sort_by_key(|part| part.changed);
        let mut bytes: u64 = parts.iter().map(|part| part.bytes).sum();
        let mut count = parts.len();
        for part in parts {
            if bytes + size <= UNFINISHED_BYTES_MAX && count < UNFINISHED_MAX {
                break;
            }
            fs::remove_file(&part.path)?;
            bytes -= part.bytes;
            count -= 1;
        }
        Ok(())
    }

    /// Appends to an upload. Not synced: should a power cut scramble it, the hash tells at the end.
    pub(super) fn append(
        &self,
        device: DeviceId,
        id: BlobId,
        offset: u64,
        bytes: &[u8],
    ) -> io::Result<u64> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.part(device, id))?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        Ok(offset + bytes.len() as u64)
    }

    /// Verifies an upload that has all its bytes and puts it in its place; when this returns `Whole`, it is on the disk.
    pub(super) fn finish(&self, device: DeviceId, blob: &BlobRef) -> io::Result<Finished> {
        let part = self.part(device, blob.id);
        let finished = verify(&part, blob)?;
        if finished != Finished::Whole {
            fs::remove_file(&part)?;
            return Ok(finished);
        }
        let place = self.place(blob.id);
        let folder = place.parent().unwrap_or(&self.root);
        make_folder(folder)?;
        File::open(&part)?.sync_all()?;
        fs::rename(&part, &place)?;
        File::open(folder)?.sync_all()?;
        File::open(&self.root)?.sync_all()?;
        Ok(Finished::Whole)
    }

    /// Whether the file in a blob's place is that blob: after a crash between the file and its row.
    pub(super) fn verify_in_place(&self, blob: &BlobRef) -> io::Result<bool> {
        let place = self.place(blob.id);
        Ok(length(&place)? == Some(blob.size) && verify(&place, blob)? == Finished::Whole)
    }

    /// A part of a whole blob, at most `bytes_max` bytes.
    pub(super) fn read(&self, id: BlobId, offset: u64, bytes_max: usize) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.place(id))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(bytes_max as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

struct Part {
    path: PathBuf,
    bytes: u64,
    changed: SystemTime,
}

fn parts(folder: &Path) -> io::Result<Vec<Part>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        parts.push(Part {
            path: entry.path(),
            bytes: about.len(),
            changed: about.modified()?,
        });
    }
    Ok(parts)
}

fn drop_stale(folder: &Path, now: SystemTime) -> io::Result<()> {
    for part in parts(folder)? {
        // A file from the future is not stale.
        if now.duration_since(part.changed).unwrap_or_default() > STALE {
            fs::remove_file(&part.path)?;
        }
    }
    Ok(())
}

/// Reads at most one byte more than the blob has.
fn verify(path: &Path, blob: &BlobRef) -> io::Result<Finished> {
    let mut content = Vec::new();
    File::open(path)?
        .take(blob.size.min(protocol::BLOB_BYTES_MAX) + 1)
        .read_to_end(&mut content)?;
    Ok(if BlobId::of(&content) != blob.id {
        Finished::HashWrong
    } else if !media_fits(&blob.media, &content) {
        Finished::MediaWrong
    } else {
        Finished::Whole
    })
}

fn length(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(about) => Ok(Some(about.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Photos show people and goods: the folders are the server's alone.
fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(test)]
mod tests {
    use domain::BlobKind;

    use super::*;

    const DEVICE: DeviceId = DeviceId::from_bytes([3; 16]);

    fn content(n: u8, bytes: usize) -> Vec<u8> {
        let mut content = b"\xff\xd8\xff".to_vec();
        content.resize(bytes, n);
        content
    }

    fn photo(content: &[u8]) -> BlobRef {
        BlobRef::of(content, "image/jpeg", BlobKind::Photo)
    }

    #[test]
    fn an_upload_goes_on_after_a_restart_and_stale_ones_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let content = content(1, 50);
        let (blob, other) = (photo(&content), photo(b"other"));
        let files = BlobFiles::open(folder.path().join("blobs")).unwrap();
        for id in [blob.id, other.id] {
            files.make_room(DEVICE, 50).unwrap();
            files.append(DEVICE, id, 0, &content[..20]).unwrap();
        }
        let old = SystemTime::now() - STALE - Duration::from_secs(60);
        let stale = File::options()
            .write(true)
            .open(files.part(DEVICE, other.id));
        stale.unwrap().set_modified(old).unwrap();
        drop(files);
        let files = BlobFiles::open(folder.path().join("blobs")).unwrap();
        assert_eq!(files.held(DEVICE, other.id).unwrap(), 0);
        assert_eq!(files.held(DEVICE, blob.id).unwrap(), 20);
        files.append(DEVICE, blob.id, 20, &content[20..]).unwrap();
        assert_eq!(files.finish(DEVICE, &blob).unwrap(), Finished::Whole);
        assert!(files.has(blob.id, 50).unwrap() && files.verify_in_place(&blob).unwrap());
        assert_eq!(files.read(blob.id, 45, 100).unwrap(), content[45..]);
        assert_eq!(files.held(DEVICE, blob.id).unwrap(), 0);
    }

    #[test]
    fn the_oldest_unfinished_upload_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let files = BlobFiles::open(folder.path().join("blobs")).unwrap();
        let ids: Vec<BlobId> = (0..5u8).map(|n| BlobId([n; 32])).collect();
        let eight = 8 << 20;
        for (n, id) in (0u64..).zip(&ids) {
            files.make_room(DEVICE, eight).unwrap();
            files.append(DEVICE, *id, 0, b"x").unwrap();
            let file = File::options()
                .write(true)
                .open(files.part(DEVICE, *id))
                .unwrap();
            file.set_len(eight).unwrap();
            let at = SystemTime::now() - Duration::from_secs(1_000 - n);
            file.set_modified(at).unwrap();
        }
        let held: Vec<u64> = ids
            .iter()
            .map(|id| files.held(DEVICE, *id).unwrap())
            .collect();
        assert_eq!(held, [0, eight, eight, eight, eight]);
    }
}
