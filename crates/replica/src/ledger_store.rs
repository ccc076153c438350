//! The fold's rows in SQLite: one ledger for each site.

mod closing;
mod rows;
mod subjects;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;

use chrono::NaiveDate;
use domain::event::{EventBody, EventHash, EventId, ExceptionId};
use domain::ledger::{
    Baseline, Entry, Exception, ExceptionStatus, LedgerStore, Part, Place, Placed, Stale, Standing,
    StateHash, StockKey, StockState, Subject, UnitState,
};
use domain::{BinId, ChainId, Grants, ItemId, OperatorId, Quantity, SiteId, UnitId};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, params};

use self::closing::Closing;
pub(crate) use self::closing::STILL_CLOSED;
pub(crate) use self::rows::{
    entry_from_row, exception_from_row, placed_from_row, standing_number, unit_from_row,
};
use self::rows::{part_columns, standing};
use self::subjects::Subjects;
use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::tallies::{self, Tallies};
use crate::{custody, meta, rights, row};

/// A [`LedgerStore`] over one open transaction. Subjects carry their site, so that a device that holds one site and a
/// server that holds all of them fold the same rows.
pub(crate) struct SqlLedger<'t> {
    connection: &'t Connection,
    chains: &'t Chains,
    site: SiteId,
    subjects: Subjects<'t>,
    /// The first subject made since entries were written last: the table has none of its entries or those after it.
    without_entries: Option<i64>,
    /// New subjects that something was found on.
    found_on: HashSet<i64>,
    /// Entries of this batch that are not in the table yet: each is written once, with its folded state.
    unwritten: BTreeMap<(i64, [u8; 36]), Entry>,
    /// Hashes of events that this batch brought: the fold looks at each soon after.
    hashes: HashMap<EventId, EventHash>,
    /// The last event of each chain: what comes after it need not be looked for.
    last_numbers: HashMap<i64, u64>,
    /// All hashes that events name, read once a batch has asked for some: most events are named by none.
    named: Option<HashSet<[u8; 32]>>,
    asked_for_names: usize,
    /// All exceptions that were decided about, read once a batch has asked for some.
    decided: Option<HashSet<ExceptionId>>,
    asked_for_decisions: usize,
    /// What operators were granted, once a batch has asked: an operator writes many events.
    grants: HashMap<OperatorId, Grants>,
    /// Exceptions that nobody had to decide.
    closing: Closing,
    /// Kept at hand: they are used for most events of a batch.
    put_event: Option<CachedStatement<'t>>,
    insert_exception: Option<CachedStatement<'t>>,
    put_exception: Option<CachedStatement<'t>>,
    /// Sums for the console, where they are kept.
    tallies: Option<Tallies>,
}

/// A rebuild of a long history must not hold all its entries in memory.
const UNWRITTEN_MAX: usize = 20_000;
/// From so many questions on it is cheaper to read all named hashes at once, or all that was decided about.
const NAMES_ASKED: usize = 100;

/// Keys of the piles in a bin, without their site, lie between these two.
pub(crate) fn piles_of(bin: BinId) -> (Vec<u8>, Vec<u8>) {
    let first = [&[1][..], bin.as_bytes()].concat();
    // Behind an item and a lot, whatever they are.
    let last = [&first[..], &[0xff; 17]].concat();
    (first, last)
}

/// The horizon of a site's snapshot, if its rows rest on one.
pub(crate) fn horizon(connection: &Connection, site: SiteId) -> Result<Place, ReplicaError> {
    let mut statement = connection
        .prepare_cached("SELECT horizon FROM snapshot WHERE partition = ?1 AND installed = 1")?;
    let mut rows = statement.query([site.as_bytes()])?;
    match rows.next()? {
        None => Ok(Place::START),
        Some(r) => Ok(row::optional_place(r, "horizon")?.unwrap_or(Place::START)),
    }
}

impl<'t> SqlLedger<'t> {
    pub(crate) fn new(connection: &'t Connection, chains: &'t Chains, site: SiteId) -> Self {
        Self {
            connection,
            chains,
            site,
            subjects: Subjects::new(connection, site),
            without_entries: None,
            found_on: HashSet::new(),
            unwritten: BTreeMap::new(),
            hashes: HashMap::new(),
            last_numbers: HashMap::new(),
            named: None,
            asked_for_names: 0,
            decided: None,
            asked_for_decisions: 0,
            grants: HashMap::new(),
            closing: Closing::default(),
            put_event: None,
            insert_exception: None,
            put_exception: None,
            tallies: None,
        }
    }

    /// [`SqlLedger::new`] of whoever folds: sums for the console are brought along, where they are kept.
    pub(crate) fn folding(
        connection: &'t Connection,
        chains: &'t Chains,
        site: SiteId,
    ) -> Result<Self, ReplicaError> {
        let tallies = tallies::are_kept(connection)?.then(Tallies::default);
        Ok(Self {
            tallies,
            ..Self::new(connection, chains, site)
        })
    }

    fn last_number(&mut self, local: i64) -> Result<u64, ReplicaError> {
        if let Some(number) = self.last_numbers.get(&local) {
            return Ok(*number);
        }
        let number: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(max(number), 0) FROM event WHERE chain = ?1")?
            .query_row([local], |r| r.get(0))?;
        self.last_numbers.insert(local, number as u64);
        Ok(number as u64)
    }

    fn is_named(&mut self, hash: EventHash) -> Result<bool, ReplicaError> {
        self.asked_for_names += 1;
        if self.named.is_none() && self.asked_for_names > NAMES_ASKED {
            let mut statement = self
                .connection
                .prepare_cached("SELECT DISTINCT hash FROM event_name")?;
            let mut rows = statement.query([])?;
            let mut named = HashSet::new();
            while let Some(r) = rows.next()? {
                named.insert(row::bytes32(r, "hash")?);
            }
            self.named = Some(named);
        }
        Ok(self.named.as_ref().is_none_or(|n| n.contains(&hash.0)))
    }

    /// Whether anybody has decided about an exception; `true` where it is cheaper to ask for that one.
    fn is_decided(&mut self, exception: ExceptionId) -> Result<bool, ReplicaError> {
        self.asked_for_decisions += 1;
        if self.decided.is_none() && self.asked_for_decisions > NAMES_ASKED {
            let mut statement = self
                .connection
                .prepare_cached("SELECT DISTINCT exception FROM event_decision")?;
            let mut rows = statement.query([])?;
            let mut decided = HashSet::new();
            while let Some(r) = rows.next()? {
                decided.insert(row::exception_id(r, "exception")?);
            }
            self.decided = Some(decided);
        }
        Ok(self.decided.as_ref().is_none_or(|d| d.contains(&exception)))
    }

    /// Writes subjects and entries.
    fn write(&mut self) -> Result<(), ReplicaError> {
        self.subjects.write()?;
        // To replace costs nearly twice as much: SQLite must be able to take back half of it.
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO entry (subject, place, part, amount, balance, times_below)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let mut replace = self.connection.prepare_cached(
            "INSERT OR REPLACE INTO entry (subject, place, part, amount, balance, times_below)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for ((subject, place), entry) in std::mem::take(&mut self.unwritten) {
            let (part, amount) = part_columns(entry.part);
            let put = if self.without_entries.is_some_and(|first| subject >= first) {
                &mut insert
            } else {
                &mut replace
            };
            put.execute(params![
                subject,
                place,
                part,
                amount.thousandths(),
                entry.state.balance.thousandths(),
                entry.state.times_below
            ])?;
        }
        self.without_entries = None;
        if let Some(tallies) = &mut self.tallies {
            tallies.write(self.connection, self.chains, self.site)?;
        }
        Ok(())
    }

    /// The last entry of a subject before a place, or at it.
    fn last(
        &mut self,
        subject: &Subject,
        place: Place,
        or_at: bool,
    ) -> Result<Option<Entry>, ReplicaError> {
        let Some(id) = self.subjects.id(subject)? else {
            return Ok(None);
        };
        let place = place.to_bytes();
        let end = if or_at {
            Bound::Included((id, place))
        } else {
            Bound::Excluded((id, place))
        };
        let unwritten = self
            .unwritten
            .range((Bound::Included((id, [0; 36])), end))
            .next_back()
            .map(|(_, entry)| entry.clone());
        if self.has_no_written_entry(id) {
            return Ok(unwritten);
        }
        let mut statement = self.connection.prepare_cached(if or_at {
            "SELECT place, part, amount, balance, times_below FROM entry
             WHERE subject = ?1 AND place <= ?2 ORDER BY place DESC LIMIT 1"
        } else {
            "SELECT place, part, amount, balance, times_below FROM entry
             WHERE subject = ?1 AND place < ?2 ORDER BY place DESC LIMIT 1"
        })?;
        let mut rows = statement.query(params![id, place])?;
        let written = rows.next()?.map(entry_from_row).transpose()?;
        // At the same place, what is not written yet stands in the other's stead.
        Ok(match (written, unwritten) {
            (Some(written), Some(unwritten)) if written.place > unwritten.place => Some(written),
            (written, unwritten) => unwritten.or(written),
        })
    }

    /// Whether nothing can have been found on a subject yet: this transaction made it.
    fn is_first_found_on(&self, subject: i64) -> bool {
        self.subjects.is_new(subject) && !self.found_on.contains(&subject)
    }

    fn tally_balance(&mut self, subject: &Subject, old: Quantity, new: Quantity) {
        if let (Some(tallies), Subject::Stock(key)) = (&mut self.tallies, subject) {
            tallies.put_balance(key, old, new);
        }
    }

    fn tally_step(&mut self, subject: &Subject) {
        if let (Some(tallies), Subject::Order(order, step)) = (&mut self.tallies, subject) {
            tallies.step_changed(*order, *step);
        }
    }

    fn tally_timeline(&mut self, subject: &Subject, id: i64, from: Place) {
        if let (Some(tallies), Subject::Stock(key)) = (&mut self.tallies, subject) {
            tallies.timeline_changed(id, key.item, from);
        }
    }

    fn has_no_written_entry(&self, subject: i64) -> bool {
        self.without_entries.is_some_and(|first| subject >= first)
    }

    fn subject_id_or_new(&mut self, subject: &Subject) -> Result<i64, ReplicaError> {
        let id = self.subjects.id_or_new(subject)?;
        if self.without_entries.is_none() && self.subjects.unwritten(id).is_some() {
            self.without_entries = Some(id);
        }
        Ok(id)
    }

    pub(crate) fn ids(&self, sql: &str, key: impl Params) -> Result<Vec<EventId>, ReplicaError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(key)?;
        let mut ids = Vec::new();
        while let Some(r) = rows.next()? {
            let chain = self.chains.by_local(r.get("chain")?)?;
            if chain.partition == documents::Partition::Site(self.site) {
                ids.push(EventId {
                    chain: chain.chain,
                    number: r.get::<_, i64>("number")? as u64,
                });
            }
        }
        Ok(ids)
    }
}

pub(crate) fn put_decision(
    connection: &Connection,
    decided: ExceptionId,
    chain: i64,
    number: i64,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO event_decision (exception, chain, number) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![decided.0, chain, number])?;
    Ok(())
}

pub(crate) fn put_note(
    connection: &Connection,
    exception: ExceptionId,
    chain: i64,
    number: i64,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO event_note (exception, chain, number) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![exception.0, chain, number])?;
    Ok(())
}

impl LedgerStore for SqlLedger<'_> {
    type Error = ReplicaError;

    fn folds_stock(&self) -> bool {
        !self.chains.counts_only()
    }

    fn event(&mut self, id: EventId) -> Result<Option<Placed>, ReplicaError> {
        let Some(chain) = self.chains.get(id.chain) else {
            return Ok(None);
        };
        if id.number > self.last_number(chain.local)? {
            return Ok(None);
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT chain, number, hash, place, standing, accepted_at, quarantined, record
             FROM event WHERE chain = ?1 AND number = ?2",
        )?;
        let mut rows = statement.query(params![chain.local, id.number as i64])?;
        rows.next()?
            .map(|r| placed_from_row(r, self.chains))
            .transpose()
    }

    fn origin(&mut self, id: EventId) -> Result<Option<(SiteId, EventHash)>, ReplicaError> {
        let Some(chain) = self.chains.get(id.chain) else {
            return Ok(None);
        };
        let documents::Partition::Site(site) = chain.partition else {
            return Err(ReplicaError::BadRow("event outside a site"));
        };
        if let Some(hash) = self.hashes.get(&id) {
            return Ok(Some((site, *hash)));
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT hash FROM event WHERE chain = ?1 AND number = ?2")?;
        let mut rows = statement.query(params![chain.local, id.number as i64])?;
        let hash = rows.next()?.map(|r| row::hash(r, "hash")).transpose()?;
        Ok(hash.map(|hash| (site, hash)))
    }

    fn place_of(&mut self, id: EventId) -> Result<Option<Place>, ReplicaError> {
        let Some(chain) = self.chains.get(id.chain) else {
            return Ok(None);
        };
        if id.number > self.last_number(chain.local)? {
            return Ok(None);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT place FROM event WHERE chain = ?1 AND number = ?2")?;
        let mut rows = statement.query(params![chain.local, id.number as i64])?;
        rows.next()?.map(|r| row::place(r, "place")).transpose()
    }

    fn by_hash(&mut self, hash: EventHash) -> Result<Option<EventId>, ReplicaError> {
        Ok(self
            .ids("SELECT chain, number FROM event WHERE hash = ?1", [hash.0])?
            .first()
            .copied())
    }

    fn insert_event(&mut self, placed: &Placed, names: &[EventHash]) -> Result<(), ReplicaError> {
        let event = &placed.event;
        let chain = self.chains.local(event.id.chain)?;
        let number = event.id.number as i64;
        let statement = match &mut self.put_event {
            Some(statement) => statement,
            empty => empty.insert(self.connection.prepare_cached(
                "INSERT INTO event
                     (chain, number, hash, place, standing, accepted_at, quarantined, operator, record)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?),
        };
        statement.execute(params![
            chain,
            number,
            event.hash.0,
            placed.place.to_bytes(),
            standing_number(placed.standing),
            event.accepted_at,
            event.quarantined,
            event.record.operator.as_bytes(),
            event.record.to_bytes(),
        ])?;
        if self.hashes.len() >= UNWRITTEN_MAX {
            self.hashes.clear();
        }
        self.hashes.insert(event.id, event.hash);
        if let Some(last) = self.last_numbers.get_mut(&chain) {
            *last = (*last).max(event.id.number);
        }
        if let Some(tallies) = &mut self.tallies {
            tallies.add_event(placed, chain);
        }
        for name in names {
            if let Some(named) = &mut self.named {
                named.insert(name.0);
            }
            self.connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO event_name (hash, chain, number) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![name.0, chain, number])?;
        }
        if let EventBody::Noted(note) = &event.record.body {
            put_note(self.connection, note.exception, chain, number)?;
        }
        if let EventBody::Custody(custody) = &event.record.body {
            custody::put_act(self.connection, custody, chain, number)?;
        }
        if let Some(decided) = event.record.body.decides() {
            put_decision(self.connection, decided, chain, number)?;
            if let Some(all) = &mut self.decided {
                all.insert(decided);
            }
        }
        Ok(())
    }

    fn update_event(&mut self, placed: &Placed) -> Result<(), ReplicaError> {
        let event = &placed.event;
        if self.tallies.is_some()
            && let Some(old) = self.event(event.id)?
        {
            let chain = self.chains.local(event.id.chain)?;
            if let Some(tallies) = &mut self.tallies {
                tallies.take_event(&old, chain);
                tallies.add_event(placed, chain);
            }
        }
        self.connection
            .prepare_cached(
                "UPDATE event SET place = ?3, standing = ?4, accepted_at = ?5, quarantined = ?6
                 WHERE chain = ?1 AND number = ?2",
            )?
            .execute(params![
                self.chains.local(event.id.chain)?,
                event.id.number as i64,
                placed.place.to_bytes(),
                standing_number(placed.standing),
                event.accepted_at,
                event.quarantined,
            ])?;
        Ok(())
    }

    fn naming(&mut self, hash: EventHash) -> Result<Vec<EventId>, ReplicaError> {
        if !self.is_named(hash)? {
            return Ok(Vec::new());
        }
        self.ids(
            "SELECT chain, number FROM event_name WHERE hash = ?1",
            [hash.0],
        )
    }

    fn decisions(&mut self, exception: ExceptionId) -> Result<Vec<EventId>, ReplicaError> {
        if !self.is_decided(exception)? {
            return Ok(Vec::new());
        }
        self.ids(
            "SELECT chain, number FROM event_decision WHERE exception = ?1",
            [exception.0],
        )
    }

    fn quarantined(
        &mut self,
        chain: ChainId,
        numbers: (u64, u64),
    ) -> Result<Vec<EventId>, ReplicaError> {
        let Some(local) = self.chains.get(chain).map(|c| c.local) else {
            return Ok(Vec::new());
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT number FROM event WHERE chain = ?1 AND number BETWEEN ?2 AND ?3 AND quarantined = 1",
        )?;
        let limit = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let rows = statement
            .query_map(params![local, limit(numbers.0), limit(numbers.1)], |r| {
                r.get::<_, i64>(0)
            })?;
        rows.map(|number| {
            Ok(EventId {
                chain,
                number: number? as u64,
            })
        })
        .collect()
    }

    fn grants(&mut self, operator: OperatorId) -> Result<Grants, ReplicaError> {
        if let Some(grants) = self.grants.get(&operator) {
            return Ok(grants.clone());
        }
        let grants = rights::of(self.connection, operator)?;
        self.grants.insert(operator, grants.clone());
        Ok(grants)
    }

    /// An approver's id stands in the event's bytes alone: few events have one, and grants change seldom.
    fn events_of(
        &mut self,
        operator: OperatorId,
        from: Place,
    ) -> Result<Vec<EventId>, ReplicaError> {
        self.ids(
            "SELECT chain, number FROM event
             WHERE place >= ?1 AND (operator = ?2 OR instr(record, ?2) > 0)",
            params![from.to_bytes(), operator.as_bytes()],
        )
    }

    fn put_expiry(
        &mut self,
        item: ItemId,
        lot: &str,
        expiry: Option<NaiveDate>,
    ) -> Result<(), ReplicaError> {
        if let Some(tallies) = &mut self.tallies {
            tallies.put_expiry(item, lot, expiry);
        }
        Ok(())
    }

    fn is_empty(&mut self, subject: &Subject) -> Result<bool, ReplicaError> {
        let Some(id) = self.subjects.id(subject)? else {
            return Ok(true);
        };
        let all = (id, [0; 36])..=(id, [0xff; 36]);
        if self.unwritten.range(all).next().is_some() {
            return Ok(false);
        }
        if self.has_no_written_entry(id) {
            return Ok(true);
        }
        Ok(!self
            .connection
            .prepare_cached("SELECT 1 FROM entry WHERE subject = ?1 LIMIT 1")?
            .exists([id])?)
    }

    fn insert_entry(
        &mut self,
        subject: &Subject,
        place: Place,
        part: Part,
    ) -> Result<(), ReplicaError> {
        let id = self.subject_id_or_new(subject)?;
        self.tally_step(subject);
        self.tally_timeline(subject, id, place);
        let entry = Entry {
            place,
            part,
            state: StockState::default(),
        };
        self.unwritten.insert((id, place.to_bytes()), entry);
        if self.unwritten.len() > UNWRITTEN_MAX {
            self.write()?;
        }
        Ok(())
    }

    fn remove_entry(&mut self, subject: &Subject, place: Place) -> Result<(), ReplicaError> {
        self.tally_step(subject);
        if let Some(id) = self.subjects.id(subject)? {
            self.tally_timeline(subject, id, place);
            self.unwritten.remove(&(id, place.to_bytes()));
            self.connection
                .prepare_cached("DELETE FROM entry WHERE subject = ?1 AND place = ?2")?
                .execute(params![id, place.to_bytes()])?;
        }
        Ok(())
    }

    fn last_before(
        &mut self,
        subject: &Subject,
        place: Place,
    ) -> Result<Option<Entry>, ReplicaError> {
        self.last(subject, place, false)
    }

    fn entries_from(
        &mut self,
        subject: &Subject,
        place: Place,
    ) -> Result<Vec<Entry>, ReplicaError> {
        let Some(id) = self.subjects.id(subject)? else {
            return Ok(Vec::new());
        };
        let place = place.to_bytes();
        let unwritten = self.unwritten.range((id, place)..=(id, [0xff; 36]));
        let mut unwritten: Vec<Entry> = unwritten.map(|(_, entry)| entry.clone()).collect();
        if self.has_no_written_entry(id) {
            return Ok(unwritten);
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT place, part, amount, balance, times_below FROM entry
             WHERE subject = ?1 AND place >= ?2 ORDER BY place",
        )?;
        let mut rows = statement.query(params![id, place])?;
        let mut entries = Vec::new();
        while let Some(r) = rows.next()? {
            entries.push(entry_from_row(r)?);
        }
        if !entries.is_empty() && !unwritten.is_empty() {
            // At the same place, what is not written yet stands in the other's stead.
            entries.retain(|e| unwritten.iter().all(|u| u.place != e.place));
            entries.append(&mut unwritten);
            entries.sort_unstable_by_key(|e| e.place);
        } else {
            entries.append(&mut unwritten);
        }
        Ok(entries)
    }

    fn last_until(
        &mut self,
        subject: &Subject,
        place: Place,
    ) -> Result<Option<Entry>, ReplicaError> {
        self.last(subject, place, true)
    }

    fn set_state(
        &mut self,
        subject: &Subject,
        place: Place,
        state: &StockState,
    ) -> Result<(), ReplicaError> {
        if let Some(id) = self.subjects.id(subject)? {
            self.tally_timeline(subject, id, place);
            if let Some(entry) = self.unwritten.get_mut(&(id, place.to_bytes())) {
                entry.state = *state;
                return Ok(());
            }
            self.connection
                .prepare_cached("UPDATE entry SET balance = ?3, times_below = ?4 WHERE subject = ?1 AND place = ?2")?
                .execute(params![id, place.to_bytes(), state.balance.thousandths(), state.times_below])?;
        }
        Ok(())
    }

    fn stock_of_bin(&mut self, bin: BinId) -> Result<Vec<StockKey>, ReplicaError> {
        self.subjects.write()?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT key FROM subject WHERE key BETWEEN ?1 AND ?2")?;
        let (first, last) = piles_of(bin);
        let site = &self.site.as_bytes()[..];
        let mut rows = statement.query([[site, &first].concat(), [site, &last].concat()])?;
        let mut keys = Vec::new();
        while let Some(r) = rows.next()? {
            let key: Vec<u8> = r.get("key")?;
            if let Some(Subject::Stock(key)) = key.get(16..).and_then(Subject::from_key) {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    fn put_balance(
        &mut self,
        subject: &Subject,
        balance: Quantity,
    ) -> Result<Quantity, ReplicaError> {
        let id = self.subject_id_or_new(subject)?;
        let new = (balance != Quantity::ZERO).then_some(balance.thousandths());
        if let Some(unwritten) = self.subjects.unwritten(id) {
            let old = std::mem::replace(&mut unwritten.balance, new);
            let old = Quantity::from_thousandths(old.unwrap_or_default());
            self.tally_balance(subject, old, balance);
            return Ok(old);
        }
        let old: Option<i64> = self
            .connection
            .prepare_cached("SELECT balance FROM subject WHERE id = ?1")?
            .query_row([id], |r| r.get(0))?;
        if old != new {
            self.connection
                .prepare_cached("UPDATE subject SET balance = ?2 WHERE id = ?1")?
                .execute(params![id, new])?;
        }
        let old = Quantity::from_thousandths(old.unwrap_or_default());
        self.tally_balance(subject, old, balance);
        Ok(old)
    }

    fn put_unit(
        &mut self,
        unit: &UnitId,
        state: Option<&UnitState>,
    ) -> Result<Option<UnitState>, ReplicaError> {
        let site = self.site.as_bytes();
        let old = {
            let mut statement = self.connection.prepare_cached(
                "SELECT status, bin, goods, quantity, since FROM unit WHERE site = ?1 AND unit = ?2",
            )?;
            let mut rows = statement.query(params![site, unit.as_str()])?;
            rows.next()?.map(unit_from_row).transpose()?
        };
        match state {
            Some(state) => {
                let goods = minicbor::to_vec(&state.goods).unwrap_or_default();
                self.connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO unit (site, unit, status, bin, goods, item, quantity, since)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    )?
                    .execute(params![
                        site,
                        unit.as_str(),
                        state.status as i64,
                        state.bin.as_bytes(),
                        goods,
                        state.goods.item.as_bytes(),
                        state.quantity.thousandths(),
                        state.since.0,
                    ])?;
                crate::search::put_unit(self.connection, self.site, unit, state)?;
            }
            None => {
                self.connection
                    .prepare_cached("DELETE FROM unit WHERE site = ?1 AND unit = ?2")?
                    .execute(params![site, unit.as_str()])?;
            }
        }
        if old.as_ref().map(|u| u.status) != state.map(|u| u.status) {
            custody::unit_changed(self.connection, self.site, unit)?;
        }
        Ok(old)
    }

    fn exceptions_of(&mut self, subject: &Subject) -> Result<Vec<Exception>, ReplicaError> {
        // Nothing is ever found before there is a subject.
        let Some(id) = self.subjects.id(subject)? else {
            return Ok(Vec::new());
        };
        if self.is_first_found_on(id) {
            return Ok(Vec::new());
        }
        // The subject itself may be in no table yet.
        let mut statement = self.connection.prepare_cached(
            "SELECT kind, ?2 AS subject, coalesce(occurrence, lower(hex(evidence))) AS occurrence, ?3 AS site,
                    opened, healed, evidence, book, counted, status, resolved_by
             FROM finding WHERE subject = ?1",
        )?;
        let key = self.subjects.key(subject);
        let mut rows = statement.query(params![id, key, self.site.as_bytes()])?;
        let mut exceptions = Vec::new();
        while let Some(r) = rows.next()? {
            exceptions.push(exception_from_row(r)?);
        }
        Ok(exceptions)
    }

    fn exception(&mut self, id: ExceptionId) -> Result<Option<Exception>, ReplicaError> {
        self.subjects.write()?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT * FROM exception WHERE id = ?1 AND site = ?2")?;
        let mut rows = statement.query(params![id.0, self.site.as_bytes()])?;
        rows.next()?.map(exception_from_row).transpose()
    }

    fn put_exception(
        &mut self,
        id: ExceptionId,
        exception: &Exception,
    ) -> Result<(), ReplicaError> {
        let f = &exception.finding;
        let (status, resolved_by) = match exception.status {
            ExceptionStatus::Open => (0, None),
            ExceptionStatus::Healed => (1, None),
            ExceptionStatus::Resolved(by) => (2, Some(by.0)),
        };
        let subject = self.subject_id_or_new(&f.subject)?;
        let is_first = self.is_first_found_on(subject);
        self.closing
            .before_put(self.connection, id, exception.status, is_first)?;
        if self.subjects.is_new(subject) {
            self.found_on.insert(subject);
        }
        let evidence = f.evidence.iter().map(|h| h.0).collect::<Vec<_>>().concat();
        let occurrence = match &f.evidence[..] {
            [only] if only.hex() == f.occurrence => None,
            _ => Some(&f.occurrence),
        };
        // As with entries, to replace is dear.
        let (kept, sql) = if is_first {
            (
                &mut self.insert_exception,
                "INSERT INTO finding
                     (id, subject, kind, occurrence, opened, healed, evidence, book, counted, status, resolved_by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )
        } else {
            (
                &mut self.put_exception,
                "INSERT OR REPLACE INTO finding
                     (id, subject, kind, occurrence, opened, healed, evidence, book, counted, status, resolved_by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )
        };
        let statement = match kept {
            Some(statement) => statement,
            empty => empty.insert(self.connection.prepare_cached(sql)?),
        };
        statement.execute(params![
            id.0,
            subject,
            f.kind.code(),
            occurrence,
            f.opened.to_bytes(),
            f.healed.map(|p| p.to_bytes()),
            evidence,
            f.book.map(Quantity::thousandths),
            f.counted.map(Quantity::thousandths),
            status,
            resolved_by,
        ])?;
        Ok(())
    }

    fn remove_exception(&mut self, id: ExceptionId) -> Result<(), ReplicaError> {
        self.closing.note_open(self.connection, id)?;
        self.connection
            .prepare_cached("DELETE FROM finding WHERE id = ?1")?
            .execute([id.0])?;
        Ok(())
    }

    fn horizon(&mut self) -> Result<Place, ReplicaError> {
        horizon(self.connection, self.site)
    }

    fn baseline(&mut self, subject: &Subject) -> Result<Option<Baseline>, ReplicaError> {
        let Some(id) = self.subjects.id(subject)? else {
            return Ok(None);
        };
        let content: Option<Vec<u8>> = match self.subjects.unwritten(id) {
            Some(unwritten) => unwritten.baseline.clone(),
            None => self
                .connection
                .prepare_cached("SELECT content FROM baseline WHERE subject = ?1")?
                .query_row([id], |r| r.get(0))
                .optional()?,
        };
        content
            .map(|c| minicbor::decode(&c).map_err(|_| ReplicaError::BadRow("baseline.content")))
            .transpose()
    }

    fn put_baseline(&mut self, subject: &Subject, baseline: &Baseline) -> Result<(), ReplicaError> {
        let id = self.subject_id_or_new(subject)?;
        let content = minicbor::to_vec(baseline).unwrap_or_default();
        if let Some(unwritten) = self.subjects.unwritten(id) {
            unwritten.baseline = Some(content);
            return Ok(());
        }
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO baseline (subject, content) VALUES (?1, ?2)")?
            .execute(params![id, content])?;
        Ok(())
    }

    fn keep(&mut self, placed: &Placed) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO kept_event (chain, number, place, standing) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                self.chains.local(placed.event.id.chain)?,
                placed.event.id.number as i64,
                placed.place.to_bytes(),
                standing_number(placed.standing),
            ])?;
        Ok(())
    }

    fn kept(&mut self, id: EventId) -> Result<Option<(Place, Standing)>, ReplicaError> {
        let Some(chain) = self.chains.get(id.chain) else {
            return Ok(None);
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT place, standing FROM kept_event WHERE chain = ?1 AND number = ?2",
        )?;
        let mut rows = statement.query(params![chain.local, id.number as i64])?;
        rows.next()?
            .map(|r| Ok((row::place(r, "place")?, standing(r, "standing")?)))
            .transpose()
    }

    fn behind(&mut self) -> Result<Vec<(Placed, Option<Standing>)>, ReplicaError> {
        let horizon = self.horizon()?;
        let mut statement = self.connection.prepare_cached(
            "SELECT e.chain, e.number, e.hash, e.place, e.standing, e.accepted_at, e.quarantined, e.record,
                    k.standing AS kept_as
             FROM event e LEFT JOIN kept_event k ON k.chain = e.chain AND k.number = e.number
             WHERE e.place <= ?1",
        )?;
        let mut rows = statement.query([horizon.to_bytes()])?;
        let mut behind = Vec::new();
        while let Some(r) = rows.next()? {
            let placed = placed_from_row(r, self.chains)?;
            if placed.event.site != self.site {
                continue;
            }
            let kept_as = match r.get::<_, Option<i64>>("kept_as")? {
                Some(_) => Some(standing(r, "kept_as")?),
                None => None,
            };
            behind.push((placed, kept_as));
        }
        Ok(behind)
    }

    fn dangling(&mut self) -> Result<Vec<EventId>, ReplicaError> {
        self.ids(
            "SELECT DISTINCT n.chain, n.number FROM event_name n
             WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.hash = n.hash)
               AND NOT EXISTS (SELECT 1 FROM kept_event k WHERE k.chain = n.chain AND k.number = n.number)",
            [],
        )
    }

    fn decisions_on_nothing(&mut self) -> Result<Vec<EventId>, ReplicaError> {
        self.ids(
            "SELECT d.chain, d.number FROM event_decision d
             WHERE NOT EXISTS (SELECT 1 FROM exception x WHERE x.id = d.exception)
               AND NOT EXISTS (SELECT 1 FROM kept_event k WHERE k.chain = d.chain AND k.number = d.number)",
            [],
        )
    }

    fn is_stale(&mut self) -> Result<bool, ReplicaError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM stale WHERE site = ?1 LIMIT 1")?
            .exists([self.site.as_bytes()])?)
    }

    fn set_stale(&mut self, stale: &Stale) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached("DELETE FROM stale WHERE site = ?1")?
            .execute([self.site.as_bytes()])?;
        let unknown = stale.unknown.then(Vec::new);
        let keys = stale.subjects.iter().map(Subject::to_key).chain(unknown);
        for key in keys {
            self.connection
                .prepare_cached("INSERT INTO stale (site, subject) VALUES (?1, ?2)")?
                .execute(params![self.site.as_bytes(), key])?;
        }
        Ok(())
    }

    fn state_hash(&mut self) -> Result<StateHash, ReplicaError> {
        meta::state_hash(self.connection, &meta::ledger_key(self.site))
    }

    /// The fold's last call: nothing may stay unwritten.
    fn set_state_hash(&mut self, hash: StateHash) -> Result<(), ReplicaError> {
        self.write()?;
        self.closing.write(self.connection)?;
        meta::set_state_hash(self.connection, &meta::ledger_key(self.site), hash)
    }
}
