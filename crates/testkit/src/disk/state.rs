//! Everything on one disk, and the faults that wait for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Counts;
use super::file::File;
use super::locks::{FileLocks, HandleId, Level, SLOTS, SlotLocks};
use super::vfs::SharedMemory;
use crate::random::Random;

/// Why an operation did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// An error of the disk, a machine that stands still, or a process that is gone.
    Io,
    /// Nothing more fits.
    Full,
    /// No such file.
    Absent,
}

/// Locks and shared memory of one file; they are gone when no process is left that uses them.
#[derive(Debug, Default)]
struct Shared {
    file: FileLocks,
    slots: SlotLocks,
    memory: Option<Arc<SharedMemory>>,
    users: BTreeSet<HandleId>,
}

#[derive(Debug)]
pub(super) struct State {
    files: BTreeMap<String, File>,
    shared: BTreeMap<String, Shared>,
    /// Open files: whose, and which.
    handles: BTreeMap<HandleId, (u32, String)>,
    last_handle: HandleId,
    processes: BTreeSet<u32>,
    last_process: u32,
    random: Random,
    pub(super) stop_after: Option<u64>,
    pub(super) stands_still: bool,
    pub(super) fail_after: Option<u64>,
    pub(super) quota: Option<u64>,
    pub(super) counts: Counts,
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            files: BTreeMap::new(),
            shared: BTreeMap::new(),
            handles: BTreeMap::new(),
            last_handle: 0,
            processes: BTreeSet::new(),
            last_process: 0,
            random: Random::new(seed),
            stop_after: None,
            stands_still: false,
            fail_after: None,
            quota: None,
            counts: Counts::default(),
        }
    }

    pub(super) fn begin_process(&mut self) -> u32 {
        self.last_process += 1;
        self.processes.insert(self.last_process);
        self.last_process
    }

    pub(super) fn kill(&mut self, process: u32) {
        self.processes.remove(&process);
        let dead = self.handles.iter().filter(|(_, (p, _))| *p == process);
        let dead: Vec<HandleId> = dead.map(|(handle, _)| *handle).collect();
        for handle in dead {
            self.close(handle);
        }
        self.stands_still = false;
        self.stop_after = None;
    }

    fn end_all_processes(&mut self) {
        self.processes.clear();
        self.handles.clear();
        self.shared.clear();
        self.stands_still = false;
        self.stop_after = None;
        self.fail_after = None;
    }

    pub(super) fn power_cut(&mut self) {
        self.end_all_processes();
        let random = &mut self.random;
        self.files.retain(|_, file| file.power_cut(random));
    }

    pub(super) fn image(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.files.iter();
        files.map(|(n, f)| (n.clone(), f.content.clone())).collect()
    }

    pub(super) fn restore(&mut self, image: &BTreeMap<String, Vec<u8>>) {
        self.end_all_processes();
        let files = image.iter();
        self.files = files
            .map(|(n, c)| (n.clone(), File::from_image(c)))
            .collect();
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files.values().map(|f| f.content.len() as u64).sum()
    }

    /// Whether a process may use the disk at all.
    fn usable(&self, process: u32) -> Result<(), Failure> {
        if self.stands_still || !self.processes.contains(&process) {
            return Err(Failure::Io);
        }
        Ok(())
    }

    fn of(&self, handle: HandleId) -> Result<String, Failure> {
        let (process, name) = self.handles.get(&handle).ok_or(Failure::Io)?;
        self.usable(*process)?;
        Ok(name.clone())
    }

    /// Before every operation that changes the disk. `Err`: it fails, or must not happen any more.
    fn operate(&mut self) -> Result<(), Failure> {
        if let Some(left) = &mut self.stop_after {
            if *left == 0 {
                self.stands_still = true;
                self.counts.failures += 1;
                return Err(Failure::Io);
            }
            *left -= 1;
        }
        if let Some(left) = &mut self.fail_after {
            if *left == 0 {
                self.fail_after = None;
                self.counts.failures += 1;
                return Err(Failure::Io);
            }
            *left -= 1;
        }
        Ok(())
    }

    pub(super) fn open(
        &mut self,
        process: u32,
        name: &str,
        create: bool,
    ) -> Result<HandleId, Failure> {
        self.usable(process)?;
        if !self.files.contains_key(name) {
            if !create {
                return Err(Failure::Absent);
            }
            self.files.insert(name.to_owned(), File::default());
        }
        self.last_handle += 1;
        self.handles
            .insert(self.last_handle, (process, name.to_owned()));
        Ok(self.last_handle)
    }

    pub(super) fn close(&mut self, handle: HandleId) {
        let Some((_, name)) = self.handles.remove(&handle) else {
            return;
        };
        if let Some(shared) = self.shared.get_mut(&name) {
            shared.file.lower(handle, 0);
        }
        self.unmap(handle, &name);
    }

    pub(super) fn delete(&mut self, process: u32, name: &str) -> Result<(), Failure> {
        self.usable(process)?;
        self.operate()?;
        self.files.remove(name).map(|_| ()).ok_or(Failure::Absent)
    }

    pub(super) fn exists(&self, process: u32, name: &str) -> Result<bool, Failure> {
        self.usable(process)?;
        Ok(self.files.contains_key(name))
    }

    /// Fills `into` from a place; what lies beyond the end is zeros. Returns whether all was there.
    pub(super) fn read(
        &self,
        handle: HandleId,
        at: usize,
        into: &mut [u8],
    ) -> Result<bool, Failure> {
        let file = self.files.get(&self.of(handle)?).ok_or(Failure::Absent)?;
        let there = file.content.get(at..).unwrap_or_default();
        let n = there.len().min(into.len());
        into[..n].copy_from_slice(&there[..n]);
        into[n..].fill(0);
        Ok(n == into.len())
    }

    pub(super) fn write(
        &mut self,
        handle: HandleId,
        at: usize,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let name = self.of(handle)?;
        let verdict = self.operate();
        let total = self.quota.map_or(0, |_| self.bytes());
        let file = self.files.get_mut(&name).ok_or(Failure::Absent)?;
        if verdict.is_err() {
            // A write that failed may have reached the disk in part.
            if !self.stands_still {
                let part = self.random.below(bytes.len() as u64 + 1) as usize;
                file.write(at, &bytes[..part]);
            }
            return verdict;
        }
        let growth = (at + bytes.len()).saturating_sub(file.content.len()) as u64;
        if growth > 0 && self.quota.is_some_and(|quota| total + growth > quota) {
            self.counts.failures += 1;
            return Err(Failure::Full);
        }
        file.write(at, bytes);
        self.counts.writes += 1;
        self.counts.bytes += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn truncate(&mut self, handle: HandleId, len: usize) -> Result<(), Failure> {
        let name = self.of(handle)?;
        self.operate()?;
        let file = self.files.get_mut(&name).ok_or(Failure::Absent)?;
        file.truncate(len);
        self.counts.writes += 1;
        Ok(())
    }

    pub(super) fn sync(&mut self, handle: HandleId) -> Result<(), Failure> {
        let name = self.of(handle)?;
        self.operate()?;
        self.files.get_mut(&name).ok_or(Failure::Absent)?.sync();
        self.counts.syncs += 1;
        Ok(())
    }

    pub(super) fn size(&self, handle: HandleId) -> Result<usize, Failure> {
        let file = self.files.get(&self.of(handle)?).ok_or(Failure::Absent)?;
        Ok(file.content.len())
    }

    /// Whether the lock was got.
    pub(super) fn raise(&mut self, handle: HandleId, level: Level) -> Result<bool, Failure> {
        let name = self.of(handle)?;
        Ok(self
            .shared
            .entry(name)
            .or_default()
            .file
            .raise(handle, level))
    }

    pub(super) fn lower(&mut self, handle: HandleId, level: Level) {
        if let Ok(name) = self.of(handle) {
            self.shared
                .entry(name)
                .or_default()
                .file
                .lower(handle, level);
        }
    }

    pub(super) fn is_reserved(&self, handle: HandleId) -> Result<bool, Failure> {
        let shared = self.shared.get(&self.of(handle)?);
        Ok(shared.is_some_and(|s| s.file.is_reserved()))
    }

    /// The shared memory of the handle's file.
    pub(super) fn map(&mut self, handle: HandleId) -> Result<Arc<SharedMemory>, Failure> {
        let name = self.of(handle)?;
        let shared = self.shared.entry(name).or_default();
        shared.users.insert(handle);
        Ok(shared.memory.get_or_insert_default().clone())
    }

    pub(super) fn unmap(&mut self, handle: HandleId, name: &str) {
        let Some(shared) = self.shared.get_mut(name) else {
            return;
        };
        shared.slots.give_back(handle, 0, SLOTS);
        shared.users.remove(&handle);
        if shared.users.is_empty() {
            shared.memory = None;
        }
    }

    pub(super) fn unmap_open(&mut self, handle: HandleId) {
        if let Some((_, name)) = self.handles.get(&handle).cloned() {
            self.unmap(handle, &name);
        }
    }

    /// Whether the slots were got.
    pub(super) fn take_slots(
        &mut self,
        handle: HandleId,
        first: usize,
        n: usize,
        alone: bool,
    ) -> Result<bool, Failure> {
        let name = self.of(handle)?;
        let shared = self.shared.entry(name).or_default();
        Ok(shared.slots.take(handle, first, n, alone))
    }

    pub(super) fn give_back_slots(&mut self, handle: HandleId, first: usize, n: usize) {
        if let Ok(name) = self.of(handle) {
            let shared = self.shared.entry(name).or_default();
            shared.slots.give_back(handle, first, n);
        }
    }
}
