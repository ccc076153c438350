//! What a replica on a snapshot cannot fold by itself, and how it knows.

use std::collections::BTreeSet;

use crate::event::{EventBody, Resolution};
use crate::ids::{BinId, ItemId};
use crate::ledger::engine::{Ledger, names};
use crate::ledger::exception::exception_id;
use crate::ledger::store::{LedgerStore, Placed, Standing};
use crate::ledger::subject::{StockKey, Subject};

/// What a replica with a horizon cannot fold by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stale {
    /// Subjects whose time before the horizon has changed.
    pub subjects: BTreeSet<Subject>,
    /// Something refers to an event that is not held: any subject of the site may have changed.
    pub unknown: bool,
}

impl Stale {
    /// Whether everything is as of now.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty() && !self.unknown
    }

    /// Whether the number or the findings of a subject may be other than a full replica's. A stale bin says so of all
    /// its piles, those that the snapshot does not know among them: a count of a whole bin finds nothing of them.
    pub fn covers(&self, subject: &Subject) -> bool {
        self.unknown
            || self.subjects.contains(subject)
            || matches!(subject, Subject::Stock(key) if self.subjects.contains(&Subject::Bin(key.bin)))
    }

    /// Whether any pile of a bin is stale, such as are not known among them.
    pub fn touches_bin(&self, bin: BinId) -> bool {
        self.covers(&Subject::Bin(bin)) || self.piles().any(|key| key.bin == bin)
    }

    /// Whether any pile of an item that is known to be stale.
    pub fn touches_item(&self, item: ItemId) -> bool {
        self.unknown || self.piles().any(|key| key.item == item)
    }

    fn piles(&self) -> impl Iterator<Item = &StockKey> {
        self.subjects.iter().filter_map(|subject| match subject {
            Subject::Stock(key) => Some(key),
            _ => None,
        })
    }
}

impl<S: LedgerStore> Ledger<'_, S> {
    /// What the replica cannot fold by itself, from what it holds.
    pub(super) fn find_stale(&mut self) -> Result<Stale, S::Error> {
        let mut stale = Stale::default();
        for id in self.store.dangling()? {
            let Some(placed) = self.store.event(id)? else {
                continue;
            };
            for name in names(&placed.event.record) {
                stale.unknown |= self.store.by_hash(name)?.is_none();
            }
        }
        for id in self.store.decisions_on_nothing()? {
            if let Some(Placed { event, .. }) = self.store.event(id)?
                && let EventBody::Resolved(resolution) = &event.record.body
            {
                stale.unknown |= self.was_found_before(resolution)?;
            }
        }
        for (placed, kept_as) in self.store.behind()? {
            // An event moves even within its millisecond, and with it whatever its chain wrote after it.
            stale.unknown |= if kept_as.is_some() {
                self.has_moved(&placed)?
            } else {
                self.may_move_others(&placed)?
            };
            if kept_as == Some(placed.standing) {
                continue;
            }
            if let EventBody::Resolved(resolution) = &placed.event.record.body {
                match self.store.exception(resolution.exception)? {
                    Some(exception) => {
                        stale.subjects.insert(exception.finding.subject);
                    }
                    None => stale.unknown = true,
                }
            }
            let as_if = Placed {
                standing: Standing::Live,
                ..placed
            };
            let parts = self.parts(&as_if)?;
            stale.subjects.extend(parts.into_iter().map(|(s, _)| s));
        }
        Ok(stale)
    }

    /// Whether a decision is about something that had been found by the horizon: the snapshot dropped it because it was
    /// closed, and with it the decision that may have been the first. Whoever decides again names events of what was
    /// found, which may all have come since: to a device that had not seen the earlier ones they are the first.
    fn was_found_before(&mut self, resolution: &Resolution) -> Result<bool, S::Error> {
        for hash in &resolution.evidence {
            let Some(id) = self.store.by_hash(*hash)? else {
                continue;
            };
            let Some(evidence) = self.store.event(id)? else {
                continue;
            };
            let site = evidence.event.site;
            let as_if = Placed {
                standing: Standing::Live,
                ..evidence
            };
            for (subject, _) in self.parts(&as_if)? {
                let Some(baseline) = self.store.baseline(&subject)? else {
                    continue;
                };
                for (kind, times) in baseline.times_found() {
                    let is_it = |n: u32| {
                        exception_id(site, kind, &subject, &n.to_string()) == resolution.exception
                    };
                    if (1..=times).any(is_it) {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Whether others behind the horizon may stand elsewhere, or count otherwise, because of where this one stands, which
    /// the snapshot did not hold. What its chain wrote before it may not be held, so its own place is not known: that it
    /// is behind the horizon is.
    fn may_move_others(&mut self, placed: &Placed) -> Result<bool, S::Error> {
        for by in self.store.naming(placed.event.hash)? {
            if self
                .store
                .kept(by)?
                .is_some_and(|(place, _)| place <= self.horizon)
            {
                return Ok(true);
            }
        }
        match &placed.event.record.body {
            EventBody::Resolved(resolution) => Ok(self
                .store
                .decisions(resolution.exception)?
                .iter()
                .any(|id| *id != placed.event.id)),
            // The first decision counts, and what it decides about need not be held.
            EventBody::QuarantineDecided(_) => Ok(true),
            _ => Ok(false),
        }
    }
}
