//! SQLite's two kinds of lock on one database: of the file, and of the eight slots of its shared memory.

use std::collections::BTreeMap;

/// An open file.
pub(super) type HandleId = u64;

/// SQLite's levels: 0 none, 1 shared, 2 reserved, 3 pending, 4 exclusive.
pub(super) type Level = i32;

pub(super) const SHARED: Level = 1;
pub(super) const RESERVED: Level = 2;
pub(super) const PENDING: Level = 3;
pub(super) const EXCLUSIVE: Level = 4;

#[derive(Debug, Default)]
pub(super) struct FileLocks(BTreeMap<HandleId, Level>);

impl FileLocks {
    fn others(&self, handle: HandleId) -> Level {
        let others = self.0.iter().filter(|(h, _)| **h != handle);
        others.map(|(_, level)| *level).max().unwrap_or(0)
    }

    /// Raises a lock; `false` if another's is in the way.
    pub(super) fn raise(&mut self, handle: HandleId, level: Level) -> bool {
        let others = self.others(handle);
        let (granted, held) = match level {
            SHARED => (others < PENDING, SHARED),
            RESERVED => (others < RESERVED, RESERVED),
            // Others may finish reading, and none may begin.
            _ if others == SHARED => (false, PENDING),
            _ => (others < SHARED, EXCLUSIVE),
        };
        if granted || held == PENDING {
            let now = self.0.entry(handle).or_insert(0);
            *now = held.max(*now);
        }
        granted
    }

    pub(super) fn lower(&mut self, handle: HandleId, level: Level) {
        if level == 0 {
            self.0.remove(&handle);
        } else if let Some(held) = self.0.get_mut(&handle) {
            *held = level.min(*held);
        }
    }

    pub(super) fn is_reserved(&self) -> bool {
        self.0.values().any(|level| *level >= RESERVED)
    }
}

/// The slots of the shared memory.
pub(super) const SLOTS: usize = 8;

#[derive(Debug, Default)]
pub(super) struct SlotLocks {
    /// For each slot who holds it, and whether alone.
    slots: [BTreeMap<HandleId, bool>; SLOTS],
}

impl SlotLocks {
    /// Takes slots; `false`, and none taken, if another's lock is in the way.
    pub(super) fn take(&mut self, handle: HandleId, first: usize, n: usize, alone: bool) -> bool {
        let Some(slots) = self.slots.get_mut(first..first + n) else {
            return false;
        };
        let in_the_way =
            |(h, held_alone): (&HandleId, &bool)| *h != handle && (alone || *held_alone);
        if slots.iter().any(|slot| slot.iter().any(in_the_way)) {
            return false;
        }
        for slot in slots {
            slot.insert(handle, alone);
        }
        true
    }

    pub(super) fn give_back(&mut self, handle: HandleId, first: usize, n: usize) {
        for slot in self.slots.iter_mut().skip(first).take(n) {
            slot.remove(&handle);
        }
    }
}
