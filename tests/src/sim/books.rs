//! What operators were told is done: none of it may be lost.

use std::collections::{BTreeMap, BTreeSet};

use domain::EventHash;
use domain::event::EventId;

/// An event whose commit returned while its machine ran on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acknowledged {
    pub(super) id: EventId,
    /// Who wrote it: the number of the handheld, or `None` on the console.
    pub(super) by: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Books {
    acknowledged: BTreeMap<EventHash, Acknowledged>,
}

impl Books {
    pub(super) fn acknowledge(&mut self, events: &[(EventId, EventHash)], by: Option<usize>) {
        for (id, hash) in events {
            let entry = Acknowledged { id: *id, by };
            self.acknowledged.insert(*hash, entry);
        }
    }

    /// Something was destroyed: whatever is nowhere else any more is nobody's promise. Returns how many events.
    pub(super) fn excuse_all_but(&mut self, held: &BTreeSet<EventHash>) -> usize {
        let before = self.acknowledged.len();
        self.acknowledged.retain(|hash, _| held.contains(hash));
        before - self.acknowledged.len()
    }

    pub(super) fn missing_from<'a>(
        &'a self,
        held: &'a BTreeSet<EventHash>,
    ) -> impl Iterator<Item = (&'a EventHash, &'a Acknowledged)> {
        self.acknowledged
            .iter()
            .filter(|(hash, _)| !held.contains(hash))
    }
}
