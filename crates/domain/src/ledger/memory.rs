//! The fold over memory: the reference that the databases are compared with, and previews.

use std::collections::BTreeMap;
use std::convert::Infallible;

use crate::clock::UnixMillis;
use crate::event::{EventBody, EventHash, EventId, ExceptionId};
use crate::ids::{BinId, UnitId};
use crate::ledger::exception::Exception;
use crate::ledger::place::Place;
use crate::ledger::state_hash::StateHash;
use crate::ledger::stock::StockState;
use crate::ledger::store::{Entry, LedgerStore, Part, Placed};
use crate::ledger::subject::{StockKey, Subject};
use crate::ledger::unit::UnitState;
use crate::quantity::Quantity;

/// Events and folded rows in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryLedger {
    events: BTreeMap<EventId, Placed>,
    hashes: BTreeMap<EventHash, EventId>,
    names: BTreeMap<EventHash, Vec<EventId>>,
    decisions: BTreeMap<ExceptionId, Vec<EventId>>,
    timelines: BTreeMap<Subject, BTreeMap<Place, Entry>>,
    balances: BTreeMap<StockKey, Quantity>,
    units: BTreeMap<UnitId, UnitState>,
    exceptions: BTreeMap<ExceptionId, Exception>,
    hash: StateHash,
}

impl MemoryLedger {
    /// All piles that are not zero.
    pub const fn balances(&self) -> &BTreeMap<StockKey, Quantity> {
        &self.balances
    }

    /// All units.
    pub const fn units(&self) -> &BTreeMap<UnitId, UnitState> {
        &self.units
    }

    /// All exceptions.
    pub const fn exceptions(&self) -> &BTreeMap<ExceptionId, Exception> {
        &self.exceptions
    }

    /// The hash of all rows.
    pub const fn hash(&self) -> StateHash {
        self.hash
    }

    /// What the book said of a pile at the end of that millisecond.
    pub fn balance_at(&self, key: &StockKey, at: UnixMillis) -> Quantity {
        self.timelines
            .get(&Subject::Stock(key.clone()))
            .and_then(|t| t.range(..=Place::end_of(at)).next_back())
            .map_or(Quantity::ZERO, |(_, entry)| entry.state.balance)
    }
}

impl LedgerStore for MemoryLedger {
    type Error = Infallible;

    fn event(&mut self, id: EventId) -> Result<Option<Placed>, Infallible> {
        Ok(self.events.get(&id).cloned())
    }

    fn place_of(&mut self, id: EventId) -> Result<Option<Place>, Infallible> {
        Ok(self.events.get(&id).map(|p| p.place))
    }

    fn by_hash(&mut self, hash: EventHash) -> Result<Option<EventId>, Infallible> {
        Ok(self.hashes.get(&hash).copied())
    }

    fn insert_event(&mut self, placed: &Placed, names: &[EventHash]) -> Result<(), Infallible> {
        let id = placed.event.id;
        self.hashes.insert(placed.event.hash, id);
        for name in names {
            self.names.entry(*name).or_default().push(id);
        }
        if let EventBody::Resolved(resolution) = &placed.event.record.body {
            self.decisions
                .entry(resolution.exception)
                .or_default()
                .push(id);
        }
        self.events.insert(id, placed.clone());
        Ok(())
    }

    fn update_event(&mut self, placed: &Placed) -> Result<(), Infallible> {
        self.events.insert(placed.event.id, placed.clone());
        Ok(())
    }

    fn naming(&mut self, hash: EventHash) -> Result<Vec<EventId>, Infallible> {
        Ok(self.names.get(&hash).cloned().unwrap_or_default())
    }

    fn decisions(&mut self, exception: ExceptionId) -> Result<Vec<EventId>, Infallible> {
        Ok(self.decisions.get(&exception).cloned().unwrap_or_default())
    }

    fn is_empty(&mut self, subject: &Subject) -> Result<bool, Infallible> {
        Ok(self.timelines.get(subject).is_none_or(BTreeMap::is_empty))
    }

    fn insert_entry(
        &mut self,
        subject: &Subject,
        place: Place,
        part: Part,
    ) -> Result<(), Infallible> {
        let entry = Entry {
            place,
            part,
            state: StockState::default(),
        };
        self.timelines
            .entry(subject.clone())
            .or_default()
            .insert(place, entry);
        Ok(())
    }

    fn remove_entry(&mut self, subject: &Subject, place: Place) -> Result<(), Infallible> {
        if let Some(timeline) = self.timelines.get_mut(subject) {
            timeline.remove(&place);
        }
        Ok(())
    }

    fn last_before(
        &mut self,
        subject: &Subject,
        place: Place,
    ) -> Result<Option<Entry>, Infallible> {
        Ok(self
            .timelines
            .get(subject)
            .and_then(|t| t.range(..place).next_back())
            .map(|(_, e)| e.clone()))
    }

    fn entries_from(&mut self, subject: &Subject, place: Place) -> Result<Vec<Entry>, Infallible> {
        Ok(self
            .timelines
            .get(subject)
            .map(|t| t.range(place..).map(|(_, e)| e.clone()).collect())
            .unwrap_or_default())
    }

    fn set_state(
        &mut self,
        subject: &Subject,
        place: Place,
        state: &StockState,
    ) -> Result<(), Infallible> {
        if let Some(entry) = self
            .timelines
            .get_mut(subject)
            .and_then(|t| t.get_mut(&place))
        {
            entry.state = *state;
        }
        Ok(())
    }

    fn stock_of_bin(&mut self, bin: BinId) -> Result<Vec<StockKey>, Infallible> {
        Ok(self
            .timelines
            .keys()
            .filter_map(|s| match s {
                Subject::Stock(key) if key.bin == bin => Some(key.clone()),
                _ => None,
            })
            .collect())
    }

    fn put_balance(&mut self, key: &StockKey, balance: Quantity) -> Result<Quantity, Infallible> {
        let old = if balance == Quantity::ZERO {
            self.balances.remove(key)
        } else {
            self.balances.insert(key.clone(), balance)
        };
        Ok(old.unwrap_or_default())
    }

    fn put_unit(
        &mut self,
        unit: &UnitId,
        state: Option<&UnitState>,
    ) -> Result<Option<UnitState>, Infallible> {
        Ok(match state {
            Some(state) => self.units.insert(unit.clone(), state.clone()),
            None => self.units.remove(unit),
        })
    }

    fn exceptions_of(&mut self, subject: &Subject) -> Result<Vec<Exception>, Infallible> {
        Ok(self
            .exceptions
            .values()
            .filter(|e| e.finding.subject == *subject)
            .cloned()
            .collect())
    }

    fn exception(&mut self, id: ExceptionId) -> Result<Option<Exception>, Infallible> {
        Ok(self.exceptions.get(&id).cloned())
    }

    fn put_exception(&mut self, exception: &Exception) -> Result<(), Infallible> {
        self.exceptions
            .insert(exception.finding.id(), exception.clone());
        Ok(())
    }

    fn remove_exception(&mut self, id: ExceptionId) -> Result<(), Infallible> {
        self.exceptions.remove(&id);
        Ok(())
    }

    fn state_hash(&mut self) -> Result<StateHash, Infallible> {
        Ok(self.hash)
    }

    fn set_state_hash(&mut self, hash: StateHash) -> Result<(), Infallible> {
        self.hash = hash;
        Ok(())
    }
}
