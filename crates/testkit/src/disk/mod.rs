//! A disk in memory that fails as disks do: it forgets what was not synced, tears writes, gives errors, fills up.
//!
//! SQLite reaches it through a file system of its own, registered under [`VFS`]. Every process that works on a disk
//! has a [`Mount`]; its files are at [`Mount::path`]. A process that is killed leaves what it wrote; a power cut ends
//! all processes and leaves what was synced, with whatever part of the rest the disk's generator chooses.
//!
//! ```
//! use testkit::disk::{Disk, VFS};
//! let disk = Disk::new(7);
//! let mount = disk.mount();
//! let open = |path| rusqlite::Connection::open_with_flags_and_vfs(path, Default::default(), VFS).unwrap();
//! open(mount.path("a.db")).execute_batch("CREATE TABLE t (n)").unwrap();
//! disk.power_cut();
//! assert!(open(disk.mount().path("a.db")).table_exists(None, "t").unwrap());
//! ```

mod file;
mod locks;
mod state;
mod vfs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::{fs, io};

use state::State;

/// The name under which SQLite knows the file system.
pub const VFS: &str = "testkit-disk";

/// All disks that there are, so that a path finds its own.
static DISKS: Mutex<BTreeMap<u64, Weak<Mutex<State>>>> = Mutex::new(BTreeMap::new());
/// The last number given to a disk.
static LAST: AtomicU64 = AtomicU64::new(0);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What happened on a disk since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Writes and truncations.
    pub writes: u64,
    /// Syncs.
    pub syncs: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Errors given, for whatever reason.
    pub failures: u64,
}

/// All files of a disk as they read at one moment.
#[derive(Debug, Clone, Default)]
pub struct Image(BTreeMap<String, Vec<u8>>);

impl Image {
    /// Files of a folder on a real disk, without those in folders below it.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read_from(folder: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                files.insert(name, fs::read(entry.path())?);
            }
        }
        Ok(Self(files))
    }

    /// Writes the files to a folder on a real disk.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        self.0
            .iter()
            .try_for_each(|(name, content)| fs::write(folder.join(name), content))
    }
}

/// See the module.
#[derive(Debug)]
pub struct Disk {
    number: u64,
    state: Arc<Mutex<State>>,
}

impl Disk {
    /// An empty disk. `seed`: what a power cut leaves of unsynced writes is drawn from it.
    pub fn new(seed: u64) -> Self {
        vfs::register();
        let state = Arc::new(Mutex::new(State::new(seed)));
        // Never used twice: a connection that outlives its disk must not reach another's files.
        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        lock(&DISKS).insert(number, Arc::downgrade(&state));
        Self { number, state }
    }

    /// A process begins to work on the disk.
    pub fn mount(&self) -> Mount {
        let process = lock(&self.state).begin_process();
        Mount {
            disk: self.number,
            process,
        }
    }

    /// The process dies where it is. What it wrote stays with the operating system, synced or not; its locks are gone,
    /// and whatever still holds its files gets errors.
    pub fn kill(&self, mount: Mount) {
        lock(&self.state).kill(mount.process);
    }

    /// The machine dies and comes back: all processes end; of unsynced writes remain none, the first few, or any of
    /// them, the last one perhaps torn.
    pub fn power_cut(&self) {
        lock(&self.state).power_cut();
    }

    /// After so many more writes and syncs the machine stands still: all that follow fail until [`Disk::kill`] or
    /// [`Disk::power_cut`].
    pub fn stop_after(&self, operations: u64) {
        lock(&self.state).stop_after = Some(operations);
    }

    /// Takes back [`Disk::stop_after`] and [`Disk::fail_after`].
    pub fn steady(&self) {
        let mut state = lock(&self.state);
        state.stop_after = None;
        state.fail_after = None;
    }

    /// Whether it stands still.
    pub fn stands_still(&self) -> bool {
        lock(&self.state).stands_still
    }

    /// After so many more writes and syncs, one fails with an error; the ones after it go well.
    pub fn fail_after(&self, operations: u64) {
        lock(&self.state).fail_after = Some(operations);
    }

    /// No file may grow past this many bytes on the whole disk.
    pub fn set_quota(&self, bytes: Option<u64>) {
        lock(&self.state).quota = bytes;
    }

    /// Bytes in all files.
    pub fn bytes(&self) -> u64 {
        lock(&self.state).bytes()
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        lock(&self.state).counts
    }

    /// All files as they read now.
    pub fn image(&self) -> Image {
        Image(lock(&self.state).image())
    }

    /// Puts other files in the place of all that are there; all processes end.
    pub fn restore(&self, image: &Image) {
        lock(&self.state).restore(&image.0);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        lock(&DISKS).remove(&self.number);
    }
}

/// One process's view of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mount {
    disk: u64,
    process: u32,
}

impl Mount {
    /// What SQLite is to open for a file of that name.
    pub fn path(&self, name: &str) -> PathBuf {
        format!("/disk-{}.{}/{name}", self.disk, self.process).into()
    }
}

/// The disk, process and file that a path names.
fn find(path: &str) -> Option<(Arc<Mutex<State>>, u32, String)> {
    let (head, name) = path.strip_prefix("/disk-")?.split_once('/')?;
    let (disk, process) = head.split_once('.')?;
    let state = lock(&DISKS).get(&disk.parse().ok()?)?.upgrade()?;
    Some((state, process.parse().ok()?, name.to_owned()))
}

#[cfg(test)]
mod tests;
