//! Stock as one device knew it at some instant.
//!
//! A device knew what it had written itself by then, and what it had read of the hub's log. So the events that could
//! count are folded again in memory without those that it did not have: a reversal that had not reached it leaves the
//! event that it voids standing. What it learned from a neighbour before the hub's log reached it is not known here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use domain::event::{EventId, QuarantineDecision};
use domain::ledger::{Ledger, MemoryLedger, Placed, mentions};
use domain::{BinId, DeviceId, EventBody, ItemId, SiteId, UnixMillis};
use rusqlite::params;

use super::Query;
use super::event::COLUMNS;
use super::stock::StockRow;
use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::ledger_store::{piles_of, placed_from_row};
use crate::row;

/// What a device had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knower {
    /// Which device.
    pub device: DeviceId,
    /// Its site, the only one whose stock it holds.
    pub site: SiteId,
    /// The number of the last entry that it had read of its site's log.
    pub number: u64,
    /// What it wrote later is left out.
    pub at: UnixMillis,
}

/// Which piles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piles {
    /// All in a bin.
    In(BinId),
    /// All of an item.
    Of(ItemId),
}

/// How far each chain was known: the number of its last event.
#[derive(Debug)]
pub(super) struct Horizon {
    chains: Rc<Chains>,
    who: Knower,
    known: HashMap<i64, u64>,
}

impl Horizon {
    /// The last event of a chain in the log up to the entry that was read last. Numbers rise along a chain.
    fn last_event(&mut self, query: &Query<'_>, chain: i64) -> Result<u64, ReplicaError> {
        if let Some(last) = self.known.get(&chain) {
            return Ok(*last);
        }
        let number_of = |seq: i64| {
            query.row(
                "SELECT number FROM segment WHERE chain = ?1 AND seq = ?2",
                [chain, seq],
                |r| Ok(r.get::<_, Option<i64>>("number")?),
            )
        };
        let (mut read, mut beyond) = (
            0,
            query.count(
                "SELECT coalesce(max(seq), 0) FROM segment WHERE chain = ?1",
                [chain],
            )? as i64
                + 1,
        );
        while beyond - read > 1 {
            let middle = read + (beyond - read) / 2;
            match number_of(middle)?.flatten() {
                Some(number) if number <= self.who.number as i64 => read = middle,
                _ => beyond = middle,
            }
        }
        let last = query.count(
            "SELECT coalesce((SELECT last_event FROM segment_events WHERE chain = ?1 AND seq <= ?2
                              ORDER BY seq DESC LIMIT 1), 0)",
            [chain, read],
        )?;
        self.known.insert(chain, last);
        Ok(last)
    }

    /// Whether an event, by local chain and number, may have been known: it had been read, or the device wrote it. Most that
    /// were not need not be looked at for that.
    fn may_have_seen(
        &mut self,
        query: &Query<'_>,
        (chain, number): (i64, i64),
    ) -> Result<bool, ReplicaError> {
        Ok(number as u64 <= self.last_event(query, chain)?
            || self.chains.by_local(chain)?.device == self.who.device)
    }

    /// The event as the device had it; `None` if it did not.
    fn seen(
        &mut self,
        query: &Query<'_>,
        mut placed: Placed,
    ) -> Result<Option<Placed>, ReplicaError> {
        let chain = self.chains.local(placed.event.id.chain)?;
        if placed.event.id.number <= self.last_event(query, chain)? {
            return Ok(Some(placed));
        }
        let event = &mut placed.event;
        let own = event.device == self.who.device && event.record.clock.millis <= self.who.at;
        // Nobody had told it what became of its own yet.
        event.accepted_at = None;
        event.quarantined = false;
        Ok(own.then_some(placed))
    }
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// Piles that are not zero as the device knew them.
    pub fn piles_known_to(&self, who: Knower, which: Piles) -> Result<Vec<StockRow>, ReplicaError> {
        let kept = self.horizon.take().filter(|kept| kept.who == who);
        let mut horizon = match kept {
            Some(kept) => kept,
            None => Horizon {
                chains: self.chains()?,
                who,
                known: HashMap::new(),
            },
        };
        let mut seen: BTreeMap<EventId, Placed> = BTreeMap::new();
        let mut looked_at = BTreeSet::new();
        let mut worklist = self.touching(which, who.site, &horizon.chains)?;
        while let Some(event) = worklist.pop() {
            if !looked_at.insert(event) || !horizon.may_have_seen(self, event)? {
                continue;
            }
            let found = self.row(
                &format!("SELECT {COLUMNS} FROM event e WHERE e.chain = ?1 AND e.number = ?2"),
                [event.0, event.1],
                |r| placed_from_row(r, &horizon.chains),
            )?;
            let Some(placed) = found.filter(|p| p.event.site == who.site) else {
                continue;
            };
            let Some(placed) = horizon.seen(self, placed)? else {
                continue;
            };
            worklist.extend(self.tied_to(&placed)?);
            seen.insert(placed.event.id, placed);
        }
        self.horizon.replace(Some(horizon));
        let mut memory = MemoryLedger::default();
        let Ok(mut ledger) = Ledger::new(&mut memory);
        for placed in seen.into_values() {
            let Ok(_) = ledger.add(placed.event);
        }
        let Ok(_) = ledger.finish();
        let piles = memory.balances().iter().filter(|(key, _)| match which {
            Piles::In(bin) => key.bin == bin,
            Piles::Of(item) => key.item == item,
        });
        Ok(piles
            .map(|(key, balance)| StockRow {
                site: who.site,
                key: key.clone(),
                balance: *balance,
            })
            .collect())
    }

    /// Events that touch the piles, also those that do not count: local chain and number.
    fn touching(
        &self,
        which: Piles,
        site: SiteId,
        chains: &Chains,
    ) -> Result<Vec<(i64, i64)>, ReplicaError> {
        let void = |r: &rusqlite::Row<'_>| Ok((r.get("chain")?, r.get("number")?));
        let place = |r: &rusqlite::Row<'_>| row::place(r, "place");
        let (places, mut found) = match which {
            Piles::In(bin) => {
                let (first, last) = piles_of(bin);
                let site = &site.as_bytes()[..];
                let places = self.rows(
                    "SELECT DISTINCT e.place FROM subject s JOIN entry e ON e.subject = s.id
                     WHERE s.key BETWEEN ?1 AND ?2",
                    [[site, &first].concat(), [site, &last].concat()],
                    place,
                )?;
                let void = self.rows(
                    "SELECT chain, number FROM void_goods WHERE bin = ?1",
                    [bin.as_bytes()],
                    void,
                )?;
                (places, void)
            }
            Piles::Of(item) => {
                let places = self.rows(
                    "SELECT DISTINCT e.place FROM subject s JOIN entry e ON e.subject = s.id
                     WHERE s.item = ?1 AND substr(s.key, 1, 16) = ?2",
                    params![item.as_bytes(), site.as_bytes()],
                    place,
                )?;
                let void = self.rows(
                    "SELECT chain, number FROM void_goods WHERE item = ?1",
                    [item.as_bytes()],
                    void,
                )?;
                (places, void)
            }
        };
        for place in places {
            let chain = chains.get(place.id.chain);
            found.extend(chain.map(|chain| (chain.local, place.id.number as i64)));
        }
        Ok(found)
    }

    /// Events on which rests whether this one counts.
    fn tied_to(&self, placed: &Placed) -> Result<Vec<(i64, i64)>, ReplicaError> {
        let both = |r: &rusqlite::Row<'_>| Ok((r.get("chain")?, r.get("number")?));
        let record = &placed.event.record;
        let mut tied = Vec::new();
        for hash in [Some(placed.event.hash), record.origin]
            .into_iter()
            .flatten()
        {
            tied.extend(self.rows(
                "SELECT chain, number FROM event_name WHERE hash = ?1",
                [hash.0],
                both,
            )?);
        }
        for hash in mentions(record) {
            tied.extend(self.rows(
                "SELECT chain, number FROM event WHERE hash = ?1",
                [hash.0],
                both,
            )?);
        }
        let decided = match &record.body {
            EventBody::Resolved(resolution) => Some(resolution.exception),
            _ if placed.event.quarantined => {
                Some(QuarantineDecision::subject(placed.event.id.chain))
            }
            _ => None,
        };
        if let Some(decided) = decided {
            tied.extend(self.rows(
                "SELECT chain, number FROM event_decision WHERE exception = ?1",
                [decided.0],
                both,
            )?);
        }
        Ok(tied)
    }
}
