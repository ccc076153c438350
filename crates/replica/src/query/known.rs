//! Stock as one device knew it at some instant.
//!
//! A device knew what it had written itself by then, and what it had read of the hub's log. Before the first event that it
//! did not know, the book was for it what it is now, unless an act that it did not know (a reversal, an approval, a
//! decision) has changed since how an earlier event stands. So what lay there before that place is taken from the book, and
//! only the events behind it are folded again in memory, without those that it did not have. What it learned from a
//! neighbour before the hub's log reached it is not known here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;

use domain::event::{Event, EventId, QuarantineDecision};
use domain::ledger::{Ledger, MemoryLedger, Place, Placed, Standing, mentions};
use domain::{
    BinId, ChainId, DeviceId, EventBody, EventHash, EventRecord, Goods, ItemId, OperatorId, SiteId,
    Timestamp, UnixMillis,
};
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
    /// Once it was asked for.
    differences: Option<Rc<Differences>>,
}

/// What of the log the device had otherwise than it is now.
#[derive(Debug, Default)]
struct Differences {
    /// Place of the first event that it had not read in the hub's log; `None`: it had read all.
    from: Option<Place>,
    /// Events that it had from there on, as local chain and number, by what they may change.
    behind: Behind,
    /// Events that it had, on which an act that it did not have may have changed how they stand.
    stood_otherwise: BTreeMap<EventId, Placed>,
}

/// Events by bin and by item.
#[derive(Debug, Default)]
struct Behind {
    by_bin: HashMap<BinId, Vec<(i64, i64)>>,
    by_item: HashMap<ItemId, Vec<(i64, i64)>>,
    /// Counts of whole bins: what they do not name is not there.
    of_all_items: Vec<(i64, i64)>,
}

impl Behind {
    fn put(&mut self, event: (i64, i64), body: &EventBody) {
        for bin in body.bins() {
            self.by_bin.entry(bin).or_default().push(event);
        }
        let mut items: Vec<ItemId> = body.goods().map(|goods| goods.item).into_iter().collect();
        if let EventBody::Counted {
            lines, whole_bin, ..
        } = body
        {
            items.extend(lines.iter().map(|line| line.item));
            if *whole_bin {
                self.of_all_items.push(event);
            }
        }
        for item in items {
            self.by_item.entry(item).or_default().push(event);
        }
    }

    fn touching(&self, which: Piles) -> impl Iterator<Item = &(i64, i64)> {
        let (of_all, named) = match which {
            Piles::In(bin) => (&[][..], self.by_bin.get(&bin)),
            Piles::Of(item) => (&self.of_all_items[..], self.by_item.get(&item)),
        };
        of_all.iter().chain(named.into_iter().flatten())
    }
}

/// Whether an event may change a pile that is asked about.
fn concerns(which: Piles, body: &EventBody) -> bool {
    match (which, body) {
        (Piles::In(bin), body) => body.bins().contains(&bin),
        // All that is not named in a whole bin is not there.
        (
            Piles::Of(item),
            EventBody::Counted {
                lines, whole_bin, ..
            },
        ) => *whole_bin || lines.iter().any(|line| line.item == item),
        (Piles::Of(item), body) => body.goods().is_some_and(|goods| goods.item == item),
    }
}

/// What lay there, as an event of nobody's.
fn as_event(number: usize, pile: &StockRow, before: Place) -> Event {
    let number = number as u64 + 1;
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    Event {
        id: EventId {
            chain: ChainId::from_bytes([0; 16]),
            number,
        },
        hash: EventHash(hash),
        site: pile.site,
        device: DeviceId::from_bytes([0; 16]),
        record: EventRecord {
            clock: Timestamp {
                millis: before.clock.millis - 1,
                counter: 0,
            },
            operator: OperatorId::from_bytes([0; 16]),
            body: EventBody::Adjusted {
                bin: pile.key.bin,
                goods: Goods {
                    lot: pile.key.lot.clone(),
                    ..Goods::of(pile.key.item)
                },
                difference: pile.balance,
                reason: String::new(),
            },
            carries_out: None,
            evidence: Vec::new(),
            origin: None,
            order: None,
            reason: None,
            carton: None,
            approved_by: None,
        },
        accepted_at: None,
        quarantined: false,
    }
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
    /// Piles that are not zero as the device knew them. Costs what has happened there since what it had read last, and the
    /// acts since then.
    pub fn piles_known_to(&self, who: Knower, which: Piles) -> Result<Vec<StockRow>, ReplicaError> {
        let mut horizon = self.horizon_of(who)?;
        let differences = match &horizon.differences {
            Some(known) => known.clone(),
            None => {
                let found = Rc::new(self.differences(&mut horizon)?);
                horizon.differences.insert(found).clone()
            }
        };
        let touched = differences.stood_otherwise.values();
        let touched = touched.filter(|placed| concerns(which, &placed.event.record.body));
        let from = touched
            .map(|placed| placed.place)
            .chain(differences.from)
            .min();
        let piles = match from {
            Some(from) => self.folded_from(from, &differences, &mut horizon, which),
            None => self.now(who.site, which),
        };
        self.horizon.replace(Some(horizon));
        piles
    }

    /// The same by folding everything again: what the quick way must come to.
    #[cfg(test)]
    pub(crate) fn piles_known_by_folding_all(
        &self,
        who: Knower,
        which: Piles,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        let mut horizon = self.horizon_of(who)?;
        let differences = Differences {
            stood_otherwise: self.all_of(&mut horizon)?,
            ..Differences::default()
        };
        self.folded_from(Place::START, &differences, &mut horizon, which)
    }

    #[cfg(test)]
    fn all_of(&self, horizon: &mut Horizon) -> Result<BTreeMap<EventId, Placed>, ReplicaError> {
        let ids = self.rows("SELECT chain, number FROM event", [], |r| {
            Ok((r.get("chain")?, r.get("number")?))
        })?;
        let mut all = BTreeMap::new();
        for id in ids {
            if let Some(placed) = self.had(horizon, id)? {
                all.insert(placed.event.id, placed);
            }
        }
        Ok(all)
    }

    fn horizon_of(&self, who: Knower) -> Result<Horizon, ReplicaError> {
        let kept = self.horizon.take().filter(|kept| kept.who == who);
        Ok(match kept {
            Some(kept) => kept,
            None => Horizon {
                chains: self.chains()?,
                who,
                known: HashMap::new(),
                differences: None,
            },
        })
    }

    /// The event, by local chain and number, as the device had it; `None` if it did not.
    fn had(
        &self,
        horizon: &mut Horizon,
        event: (i64, i64),
    ) -> Result<Option<Placed>, ReplicaError> {
        if !horizon.may_have_seen(self, event)? {
            return Ok(None);
        }
        let found = self.row(
            &format!("SELECT {COLUMNS} FROM event e WHERE e.chain = ?1 AND e.number = ?2"),
            [event.0, event.1],
            |r| placed_from_row(r, &horizon.chains),
        )?;
        match found.filter(|placed| placed.event.site == horizon.who.site) {
            Some(placed) => horizon.seen(self, placed),
            None => Ok(None),
        }
    }

    fn differences(&self, horizon: &mut Horizon) -> Result<Differences, ReplicaError> {
        let mut differences = Differences::default();
        let chains: Vec<i64> = self.rows(
            "SELECT id FROM chain WHERE partition = ?1",
            [horizon.who.site.as_bytes()],
            |r| Ok(r.get("id")?),
        )?;
        let mut worklist: Vec<(i64, i64)> = Vec::new();
        for chain in chains.iter().copied() {
            let read = horizon.last_event(self, chain)? as i64;
            // Places rise along a chain.
            let first = self.row(
                "SELECT place FROM event WHERE chain = ?1 AND number > ?2 ORDER BY number LIMIT 1",
                [chain, read],
                |r| row::place(r, "place"),
            )?;
            differences.from = differences.from.into_iter().chain(first).min();
            let acts = self.rows(
                "SELECT number FROM act WHERE chain = ?1 AND number > ?2",
                [chain, read],
                |r| Ok((chain, r.get("number")?)),
            )?;
            for act in acts {
                worklist.extend(self.moved_by(horizon, act)?);
            }
        }
        if let Some(from) = differences.from {
            for chain in chains {
                self.add_behind(horizon, chain, from, &mut differences.behind)?;
            }
        }
        let mut looked_at = BTreeSet::new();
        while let Some(event) = worklist.pop() {
            if !looked_at.insert(event) {
                continue;
            }
            if let Some(placed) = self.had(horizon, event)? {
                worklist.extend(self.tied_to(&placed)?);
                differences.stood_otherwise.insert(placed.event.id, placed);
            }
        }
        Ok(differences)
    }

    /// Adds what the device had of a chain from a place on: what it had read, backwards, and what it had written itself.
    fn add_behind(
        &self,
        horizon: &mut Horizon,
        chain: i64,
        from: Place,
        behind: &mut Behind,
    ) -> Result<(), ReplicaError> {
        let read = horizon.last_event(self, chain)? as i64;
        let is_own = horizon.chains.by_local(chain)?.device == horizon.who.device;
        let at = Place::end_of(horizon.who.at);
        let mut walk = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
            let records = self.rows(sql, params, |r| {
                Ok((r.get::<_, i64>("number")?, r.get::<_, Vec<u8>>("record")?))
            })?;
            for (number, record) in records {
                let record = EventRecord::from_bytes(&record)
                    .map_err(|_| ReplicaError::BadRow("event.record"))?;
                behind.put((chain, number), &record.body);
            }
            Ok::<_, ReplicaError>(())
        };
        // Places rise along a chain.
        let first = self.row(
            "SELECT number FROM event WHERE chain = ?1 AND number <= ?2 AND place < ?3
             ORDER BY number DESC LIMIT 1",
            params![chain, read, from.to_bytes()],
            |r| Ok(r.get::<_, i64>("number")?),
        )?;
        walk(
            "SELECT number, record FROM event WHERE chain = ?1 AND number > ?2 AND number <= ?3",
            &[&chain, &first.unwrap_or_default(), &read],
        )?;
        if is_own {
            // By the hub's place, which is not after the clock that the device wrote it with: a few too many.
            let last = self.row(
                "SELECT number FROM event WHERE chain = ?1 AND number > ?2 AND place > ?3
                 ORDER BY number LIMIT 1",
                params![chain, read, at.to_bytes()],
                |r| Ok(r.get::<_, i64>("number")?),
            )?;
            walk(
                "SELECT number, record FROM event WHERE chain = ?1 AND number > ?2 AND number < ?3",
                &[&chain, &read, &last.unwrap_or(i64::MAX)],
            )?;
        }
        Ok(())
    }

    /// Events that may stand otherwise because of an act.
    fn moved_by(
        &self,
        horizon: &Horizon,
        act: (i64, i64),
    ) -> Result<Vec<(i64, i64)>, ReplicaError> {
        let found = self.row(
            &format!("SELECT {COLUMNS} FROM event e WHERE e.chain = ?1 AND e.number = ?2"),
            [act.0, act.1],
            |r| placed_from_row(r, &horizon.chains),
        )?;
        let Some(placed) = found else {
            return Ok(Vec::new());
        };
        let mut moved = self.tied_to(&placed)?;
        // The device may have written it itself.
        moved.push(act);
        if let EventBody::QuarantineDecided(decision) = &placed.event.record.body
            && let Some(chain) = horizon.chains.get(decision.chain)
        {
            moved.extend(self.rows(
                "SELECT chain, number FROM event WHERE chain = ?1 AND quarantined = 1",
                [chain.local],
                |r| Ok((r.get("chain")?, r.get("number")?)),
            )?);
        }
        Ok(moved)
    }

    /// What lay there before a place, and what the device had behind it.
    fn folded_from(
        &self,
        from: Place,
        differences: &Differences,
        horizon: &mut Horizon,
        which: Piles,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        let site = horizon.who.site;
        let mut seen: BTreeMap<EventId, Placed> = BTreeMap::new();
        let mut looked_at = BTreeSet::new();
        let mut worklist: Vec<(i64, i64)> = differences.behind.touching(which).copied().collect();
        // Between there and the first event that it did not know it knew all.
        if differences.from.is_none_or(|first| from < first) {
            worklist.extend(self.touching(
                which,
                site,
                from..differences.from.unwrap_or(Place::end_of(i64::MAX)),
                &horizon.chains,
            )?);
        }
        for placed in differences.stood_otherwise.values() {
            if concerns(which, &placed.event.record.body) {
                let chain = horizon.chains.local(placed.event.id.chain)?;
                worklist.push((chain, placed.event.id.number as i64));
            }
        }
        while let Some(event) = worklist.pop() {
            if !looked_at.insert(event) {
                continue;
            }
            let Some(mut placed) = self.had(horizon, event)? else {
                continue;
            };
            let otherwise = differences.stood_otherwise.contains_key(&placed.event.id);
            // It is in what lay there, or was in nobody's book.
            let is_told = placed.place < from || placed.standing == Standing::Void;
            if is_told && !otherwise && concerns(which, &placed.event.record.body) {
                continue;
            }
            if otherwise || placed.standing == Standing::Approved {
                worklist.extend(self.tied_to(&placed)?);
            } else {
                // It stands as it stands now, whatever that rests on.
                (placed.event.record.carries_out, placed.event.record.origin) = (None, None);
            }
            seen.insert(placed.event.id, placed);
        }
        let mut memory = MemoryLedger::default();
        let Ok(mut ledger) = Ledger::new(&mut memory);
        for (n, pile) in self.before(site, which, from)?.iter().enumerate() {
            let Ok(_) = ledger.add(as_event(n, pile, from));
        }
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
                site,
                key: key.clone(),
                balance: *balance,
            })
            .collect())
    }

    fn now(&self, site: SiteId, which: Piles) -> Result<Vec<StockRow>, ReplicaError> {
        let mut piles = match which {
            Piles::In(bin) => self.piles_in(site, bin, None)?,
            Piles::Of(item) => self.piles_of_item(item, None)?,
        };
        piles.retain(|pile| pile.site == site);
        piles.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(piles)
    }

    /// Piles that are not zero before a place.
    fn before(
        &self,
        site: SiteId,
        which: Piles,
        place: Place,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        const BALANCE: &str =
            "(SELECT e.balance FROM entry e WHERE e.subject = s.id AND e.place < ?3
                                ORDER BY e.place DESC LIMIT 1) AS balance";
        let of_site = &site.as_bytes()[..];
        match which {
            Piles::In(bin) => {
                let (first, last) = piles_of(bin);
                self.piles(
                    &format!(
                        "SELECT s.key, {BALANCE} FROM subject s WHERE s.key BETWEEN ?1 AND ?2"
                    ),
                    params![
                        [of_site, &first].concat(),
                        [of_site, &last].concat(),
                        place.to_bytes()
                    ],
                )
            }
            Piles::Of(item) => self.piles(
                &format!(
                    "SELECT s.key, {BALANCE} FROM subject s
                     WHERE s.item = ?1 AND substr(s.key, 1, 16) = ?2"
                ),
                params![item.as_bytes(), of_site, place.to_bytes()],
            ),
        }
    }

    /// Events that changed the piles between two places: local chain and number.
    fn touching(
        &self,
        which: Piles,
        site: SiteId,
        between: Range<Place>,
        chains: &Chains,
    ) -> Result<Vec<(i64, i64)>, ReplicaError> {
        let place = |r: &rusqlite::Row<'_>| row::place(r, "place");
        let of_site = &site.as_bytes()[..];
        let places = match which {
            Piles::In(bin) => {
                let (first, last) = piles_of(bin);
                self.rows(
                    "SELECT DISTINCT e.place FROM subject s CROSS JOIN entry e ON e.subject = s.id
                     WHERE s.key BETWEEN ?1 AND ?2 AND e.place >= ?3 AND e.place < ?4",
                    params![
                        [of_site, &first].concat(),
                        [of_site, &last].concat(),
                        between.start.to_bytes(),
                        between.end.to_bytes()
                    ],
                    place,
                )?
            }
            Piles::Of(item) => self.rows(
                "SELECT DISTINCT e.place FROM subject s CROSS JOIN entry e ON e.subject = s.id
                 WHERE s.item = ?1 AND substr(s.key, 1, 16) = ?2 AND e.place >= ?3 AND e.place < ?4",
                params![
                    item.as_bytes(),
                    of_site,
                    between.start.to_bytes(),
                    between.end.to_bytes()
                ],
                place,
            )?,
        };
        let local = |place: Place| {
            let chain = chains.get(place.id.chain)?;
            Some((chain.local, place.id.number as i64))
        };
        Ok(places.into_iter().filter_map(local).collect())
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
