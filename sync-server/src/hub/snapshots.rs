//! Snapshots for devices: built in the background from the server's replica, kept as files for a day, given out chunk by
//! chunk. All nodes of a store share the folder: one gives out what another has built.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use documents::{Manifest, Partition, PublicKey, SnapshotId};
use domain::{SiteId, UnixMillis};
use protocol::{LogPosition, RefusalCode, SnapshotGet, SnapshotPart, SnapshotWish};
use replica::snapshot::Cut;

use super::sync::token_hash;
use super::{Hub, HubError};
use crate::store::{StoreError, hub_devices, hub_log};

const DAY_MS: i64 = 24 * 3_600_000;
/// A device holds at least so much of its site's history, unless the site says otherwise.
pub const WINDOW_MS: i64 = 30 * DAY_MS;
/// No site keeps more history than this on its devices, in days.
pub const WINDOW_DAYS_MAX: u32 = 3_650;
/// A snapshot is used for this long, unless somebody needs a fresher one.
const FRESH_MS: i64 = 24 * 3_600_000;
/// For one partition at most one is built in this time, however many devices are stale.
const AGAIN_MS: i64 = 60_000;
/// A snapshot is worth its fetching to who lacks so many entries of the log, or can drop so many.
pub const ENTRIES_MIN: u64 = 64;
const MANIFEST: &str = "manifest";
/// What is being built lies under a name that begins so, and ends with the node that builds it.
const BUILDING: &str = "building";
/// What nobody has gone on building for so long is left over from a node that is gone.
const LEFT_OVER: Duration = Duration::from_secs(24 * 3_600);

/// A snapshot that can be fetched.
#[derive(Debug, Clone)]
struct Ready {
    id: SnapshotId,
    signed: Vec<u8>,
    manifest: Manifest,
}

/// What is ready, and what somebody waits for.
#[derive(Debug, Default)]
struct Shelf {
    ready: BTreeMap<Partition, Ready>,
    /// The one before: devices may be in the middle of it.
    before: BTreeMap<Partition, Ready>,
    wanted: BTreeMap<Partition, u64>,
    window_ms: Option<i64>,
    entries_min: Option<u64>,
}

/// The folder of snapshots.
#[derive(Debug)]
pub(super) struct Snapshots {
    folder: PathBuf,
    /// Whose signature and which log they are of.
    key: PublicKey,
    epoch: [u8; 16],
    shelf: Mutex<Shelf>,
    /// One is built at a time.
    building: Mutex<()>,
}

fn window_key(site: SiteId) -> String {
    format!("history-window-{site}")
}

fn hex(id: SnapshotId) -> String {
    id.0.iter().map(|b| format!("{b:02x}")).collect()
}

impl Snapshots {
    /// Opens the folder, or creates it, and takes up what was built for this log before.
    pub(super) fn open(folder: PathBuf, key: PublicKey, epoch: [u8; 16]) -> Result<Self, HubError> {
        std::fs::create_dir_all(&folder).map_err(HubError::Files)?;
        let snapshots = Self {
            folder,
            key,
            epoch,
            shelf: Mutex::default(),
            building: Mutex::default(),
        };
        snapshots.look(&mut snapshots.lock())?;
        Ok(snapshots)
    }

    /// Takes up what lies in the folder and is not known yet: another node may have built it.
    fn look(&self, shelf: &mut Shelf) -> Result<(), HubError> {
        let found = std::fs::read_dir(&self.folder).map_err(HubError::Files)?;
        let found: std::io::Result<Vec<_>> = found.collect();
        let mut found = found.map_err(HubError::Files)?;
        // The same every time, whatever the file system says first.
        found.sort_by_key(std::fs::DirEntry::file_name);
        for found in found {
            let name = found.file_name().to_string_lossy().into_owned();
            if name.starts_with(BUILDING) {
                // Half built when a node stopped, unless one is at work on it.
                let changed = found.metadata().and_then(|about| about.modified());
                let age = changed.ok().and_then(|at| at.elapsed().ok());
                if age.is_some_and(|age| age > LEFT_OVER) {
                    drop(std::fs::remove_dir_all(found.path()));
                }
                continue;
            }
            if shelf.names().any(|known| known == name) {
                continue;
            }
            let usable = std::fs::read(found.path().join(MANIFEST)).ok();
            let usable = usable.and_then(|signed| {
                let manifest = Manifest::verify(&signed, &self.key);
                let ready = Ready {
                    id: Manifest::id(&signed),
                    manifest: manifest.filter(|m| m.epoch == self.epoch)?,
                    signed,
                };
                (hex(ready.id) == name).then_some(ready)
            });
            match usable {
                Some(ready) => {
                    if let Some(gone) = shelf.put(ready) {
                        drop(std::fs::remove_dir_all(self.path(gone.id)));
                    }
                }
                // Of a log that was rolled back, or going: another node has a newer one.
                None => drop(std::fs::remove_dir_all(found.path())),
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, id: SnapshotId) -> PathBuf {
        self.folder.join(hex(id))
    }
}

impl Shelf {
    /// Keeps the newest of each partition and the one before it. Returns what falls out: it is no longer given.
    fn put(&mut self, ready: Ready) -> Option<Ready> {
        let partition = ready.manifest.partition;
        let newer = |than: Option<&Ready>| {
            than.is_none_or(|r| r.manifest.taken_at <= ready.manifest.taken_at)
        };
        if newer(self.ready.get(&partition)) {
            let older = self.ready.insert(partition, ready)?;
            self.before.insert(partition, older)
        } else if newer(self.before.get(&partition)) {
            self.before.insert(partition, ready)
        } else {
            Some(ready)
        }
    }

    /// The names of their folders.
    fn names(&self) -> impl Iterator<Item = String> {
        let all = self.ready.values().chain(self.before.values());
        all.map(|ready| hex(ready.id))
    }

    fn find(&self, id: SnapshotId) -> Option<&Ready> {
        self.ready
            .values()
            .chain(self.before.values())
            .find(|r| r.id == id)
    }
}

impl Hub {
    /// How much history a device holds at least where its site does not say, in milliseconds; [`WINDOW_MS`] unless it is
    /// set. It lasts until the program ends.
    pub fn set_window(&self, window_ms: i64) {
        self.snapshots.lock().window_ms = Some(window_ms.max(0));
    }

    /// To how few lacking entries a snapshot is offered; [`ENTRIES_MIN`] unless it is set. It lasts until the program ends.
    pub fn set_snapshot_entries_min(&self, entries: u64) {
        self.snapshots.lock().entries_min = Some(entries.max(1));
    }

    /// How much history devices of a site hold at least, in whole days, 1 to 3,650: from the next snapshot on.
    ///
    /// # Errors
    /// [`HubError`], as of the one that reads it.
    pub fn set_site_window(&self, site: SiteId, days: u32) -> Result<(), HubError> {
        let days = days.clamp(1, WINDOW_DAYS_MAX);
        Ok(self
            .database
            .write(|t| hub_log::set_meta(t, &window_key(site), &days.to_be_bytes()))?)
    }

    /// What [`Hub::set_site_window`] set, or what [`Hub::set_window`] did, or [`WINDOW_MS`]: in milliseconds.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn site_window(&self, site: SiteId) -> Result<i64, HubError> {
        let set = self
            .database
            .read(|c| hub_log::meta(c, &window_key(site)))?
            .and_then(|bytes| Some(u32::from_be_bytes(bytes.try_into().ok()?)));
        Ok(match set {
            Some(days) => i64::from(days) * DAY_MS,
            None => self.snapshots.lock().window_ms.unwrap_or(WINDOW_MS),
        })
    }

    /// The snapshot that serves a device better than the log after its position, as a signed manifest. If there is none
    /// yet, or none that is fresh enough, it is built in the background.
    pub(super) fn offer_snapshot(
        &self,
        partition: Partition,
        position: LogPosition,
        wish: SnapshotWish,
        now: UnixMillis,
    ) -> Result<Option<Vec<u8>>, HubError> {
        let end = self.database.read(|c| hub_log::end(c, partition))?;
        let mut shelf = self.snapshots.lock();
        let entries_min = shelf.entries_min.unwrap_or(ENTRIES_MIN);
        let fresh = |shelf: &Shelf| {
            let ready = shelf.ready.get(&partition);
            ready
                .is_some_and(|r| r.manifest.taken_at + FRESH_MS > now && wish.end <= r.manifest.end)
        };
        let lacks = end.number.saturating_sub(position.number);
        let could_use = lacks >= entries_min || wish.end > 0 || wish.prune;
        if could_use && !fresh(&shelf) {
            self.snapshots.look(&mut shelf)?;
        }
        if could_use && !fresh(&shelf) {
            let wanted = shelf.wanted.entry(partition).or_default();
            *wanted = (*wanted).max(wish.end);
            drop(shelf);
            self.wake();
            shelf = self.snapshots.lock();
        }
        let offer = shelf.ready.get(&partition).filter(|r| {
            let m = &r.manifest;
            let cures = wish.end > 0 && m.end >= wish.end;
            let saves_reading = m.cut.saturating_sub(position.number) >= entries_min;
            let prunes = wish.prune
                && partition != Partition::Shared
                && m.cut.saturating_sub(wish.cut) >= entries_min;
            m.epoch == self.organisation.epoch && (cures || saves_reading || prunes)
        });
        Ok(offer.map(|r| r.signed.clone()))
    }

    /// Forgets snapshots of a log that was rolled back since: they hold what this one does not.
    pub(super) fn drop_foreign_snapshots(&self) -> Result<(), HubError> {
        let mut shelf = self.snapshots.lock();
        let shelf = &mut *shelf;
        for ready in [&mut shelf.ready, &mut shelf.before] {
            let mut foreign = Vec::new();
            for (partition, r) in ready.iter() {
                let m = &r.manifest;
                let same = self.database.read(|c| -> Result<_, StoreError> {
                    Ok(hub_log::end(c, *partition)?.number >= m.end
                        && hub_log::running_hash(c, *partition, m.cut)? == Some(m.cut_hash))
                })?;
                if !same {
                    foreign.push(*partition);
                }
            }
            for partition in foreign {
                if let Some(r) = ready.remove(&partition) {
                    drop(std::fs::remove_dir_all(self.snapshots.path(r.id)));
                }
            }
        }
        Ok(())
    }

    /// Whether a device waits for a snapshot to be built.
    pub(super) fn wants_snapshots(&self) -> bool {
        !self.snapshots.lock().wanted.is_empty()
    }

    /// Builds the snapshots that devices wait for. Returns how many.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn build_snapshots(&self, now: UnixMillis) -> Result<usize, HubError> {
        let _one_at_a_time = self
            .snapshots
            .building
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let wanted = std::mem::take(&mut self.snapshots.lock().wanted);
        let mut built = 0;
        for (partition, end) in wanted {
            let recent = self
                .snapshots
                .lock()
                .ready
                .get(&partition)
                .is_some_and(|r| {
                    let age = now.saturating_sub(r.manifest.taken_at);
                    (0..AGAIN_MS).contains(&age)
                        || (r.manifest.end >= end && (0..FRESH_MS).contains(&age))
                });
            if !recent {
                built += usize::from(self.build_snapshot(partition, now)?);
            }
        }
        Ok(built)
    }

    fn build_snapshot(&self, partition: Partition, now: UnixMillis) -> Result<bool, HubError> {
        let window = match partition {
            Partition::Site(site) => self.site_window(site)?,
            // It is cut where it ends.
            Partition::Shared => 0,
        };
        let cut = self
            .database
            .read(|c| hub_log::last_accepted_by(c, partition, now - window))?
            .and_then(|end| {
                Some(Cut {
                    number: end.number,
                    running_hash: end.running_hash,
                    accepted_at: end.accepted_at?,
                })
            });
        let (reader, node) = {
            let replica = self.lock();
            (replica.reader()?, replica.enrolled()?.device)
        };
        let Some(reader) = reader else {
            return Ok(false);
        };
        let folder = self.snapshots.folder.join(format!("{BUILDING}-{node}"));
        // Left over if the server was stopped in the middle.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(HubError::Files)?;
        let mut number = 0;
        let manifest =
            reader.build_snapshot(self.organisation.id, partition, cut, now, &mut |chunk| {
                write(&folder.join(number.to_string()), chunk)?;
                number += 1;
                Ok(())
            })?;
        let Some(manifest) = manifest.filter(|m| m.epoch == self.organisation.epoch) else {
            return Ok(false);
        };
        let signed = manifest.sign(&self.organisation.key);
        write(&folder.join(MANIFEST), &signed).map_err(HubError::Files)?;
        let ready = Ready {
            id: Manifest::id(&signed),
            signed,
            manifest,
        };
        let path = self.snapshots.path(ready.id);
        if std::fs::read(path.join(MANIFEST)).is_ok_and(|there| there == ready.signed) {
            // Another node has built the very same at the same moment.
            drop(std::fs::remove_dir_all(&folder));
        } else {
            std::fs::rename(&folder, path).map_err(HubError::Files)?;
        }
        tracing::info!(%partition, cut = ready.manifest.cut, end = ready.manifest.end, bytes = ready.manifest.bytes(), "snapshot built");
        if let Some(gone) = self.snapshots.lock().put(ready) {
            drop(std::fs::remove_dir_all(self.snapshots.path(gone.id)));
        }
        Ok(true)
    }

    /// Gives one chunk to a device of the organisation; of a site's snapshot, to devices of that site. Outer error: the
    /// hub failed; inner: the device is refused.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn give_snapshot(
        &self,
        token: &str,
        get: &SnapshotGet,
    ) -> Result<Result<SnapshotPart, RefusalCode>, HubError> {
        if get.versions.0 > protocol::VERSIONS.1 || get.versions.1 < protocol::VERSIONS.0 {
            return Ok(Err(RefusalCode::VersionUnknown));
        }
        let device = self
            .database
            .read(|c| hub_devices::by_token(c, &token_hash(token)))?
            .filter(|device| !device.revoked);
        let Some(device) = device else {
            return Ok(Err(RefusalCode::DeviceUnknown));
        };
        let may_read = |partition| {
            let is_own =
                partition == Partition::Shared || partition == Partition::Site(device.site);
            is_own && !device.is_counter_in(partition)
        };
        let known = {
            let mut shelf = self.snapshots.lock();
            if shelf.find(get.id).is_none() {
                self.snapshots.look(&mut shelf)?;
            }
            shelf.find(get.id).is_some_and(|r| {
                may_read(r.manifest.partition) && (get.chunk as usize) < r.manifest.chunks.len()
            })
        };
        let path = self.snapshots.path(get.id).join(get.chunk.to_string());
        let chunk = match known.then(|| std::fs::read(path)).transpose() {
            Ok(chunk) => chunk,
            // Another node has built a newer one, and dropped this.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(HubError::Files(error)),
        };
        Ok(Ok(SnapshotPart {
            version: protocol::VERSIONS.1,
            chunk: chunk.map(Into::into),
        }))
    }
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
