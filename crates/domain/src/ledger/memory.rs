//! The fold over memory: the reference that the databases are compared with, and previews.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::clock::UnixMillis;
use crate::event::{ContentKey, Event, EventHash, EventId, ExceptionId};
use crate::ids::{BinId, ChainId, OperatorId, UnitId};
use crate::ledger::baseline::{self, Baseline, Install};
use crate::ledger::exception::{Exception, ExceptionStatus, Finding};
use crate::ledger::place::Place;
use crate::ledger::stale::Stale;
use crate::ledger::state_hash::StateHash;
use crate::ledger::stock::StockState;
use crate::ledger::store::{Entry, LedgerStore, Part, Placed, Standing};
use crate::ledger::subject::{StockKey, Subject};
use crate::ledger::unit::UnitState;
use crate::order::ProgressKey;
use crate::quantity::Quantity;
use crate::rights::Grants;

/// Events and folded rows in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryLedger {
    events: BTreeMap<EventId, Placed>,
    hashes: BTreeMap<EventHash, EventId>,
    names: BTreeMap<EventHash, Vec<EventId>>,
    decisions: BTreeMap<ExceptionId, Vec<EventId>>,
    timelines: BTreeMap<Subject, BTreeMap<Place, Entry>>,
    balances: BTreeMap<StockKey, Quantity>,
    progress: BTreeMap<ProgressKey, Quantity>,
    contents: BTreeMap<ContentKey, Quantity>,
    units: BTreeMap<UnitId, UnitState>,
    exceptions: BTreeMap<ExceptionId, Exception>,
    horizon: Option<Place>,
    baselines: BTreeMap<Subject, Baseline>,
    kept: BTreeMap<EventId, (Place, Standing)>,
    stale: Stale,
    grants: BTreeMap<OperatorId, Grants>,
    hash: StateHash,
    without_stock: bool,
}

/// What a replica goes on from, in memory.
#[derive(Debug, Clone)]
pub struct MemorySnapshot {
    horizon: Place,
    baselines: Vec<(Subject, Baseline)>,
    findings: Vec<Finding>,
    kept: Vec<Placed>,
}

impl MemoryLedger {
    /// One that sees only some of a site's events, and folds no stock.
    pub fn without_stock() -> Self {
        Self {
            without_stock: true,
            ..Self::default()
        }
    }

    /// All piles that are not zero.
    pub const fn balances(&self) -> &BTreeMap<StockKey, Quantity> {
        &self.balances
    }

    /// What is done of orders' lines.
    pub const fn progress(&self) -> &BTreeMap<ProgressKey, Quantity> {
        &self.progress
    }

    /// What is in cartons.
    pub const fn contents(&self) -> &BTreeMap<ContentKey, Quantity> {
        &self.contents
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

    /// What cannot be folded without the history behind the horizon.
    pub const fn stale(&self) -> &Stale {
        &self.stale
    }

    /// Everything that a replica needs to go on from that horizon. `read`: the events of the log that it will read
    /// again.
    pub fn snapshot(&mut self, horizon: Place, read: impl Fn(EventId) -> bool) -> MemorySnapshot {
        let subjects: BTreeSet<Subject> = self
            .timelines
            .keys()
            .chain(self.baselines.keys())
            .cloned()
            .collect();
        let mut snapshot = MemorySnapshot {
            horizon,
            baselines: Vec::new(),
            findings: Vec::new(),
            kept: Vec::new(),
        };
        let mut seeds: Vec<EventId> = self
            .events
            .values()
            .filter(|p| (p.place <= horizon) == read(p.event.id))
            .map(|p| p.event.id)
            .collect();
        let held: Vec<Event> = self.events.values().map(|p| p.event.clone()).collect();
        for event in held.iter().filter(|e| e.quarantined) {
            let Ok(waits) = baseline::waits_in_quarantine(self, event);
            seeds.extend(waits.then_some(event.id));
        }
        for (hash, by) in &self.names {
            let behind = |id: &EventId| self.events.get(id).is_some_and(|p| p.place <= horizon);
            match self.hashes.get(hash) {
                None => seeds.extend(by),
                Some(named) if behind(named) && !by.iter().all(behind) => seeds.push(*named),
                Some(_) => {}
            }
        }
        let exceptions: Vec<Exception> = self.exceptions.values().cloned().collect();
        for exception in exceptions {
            let Ok(finding) = baseline::finding_at(self, &exception, horizon);
            if finding.is_some() || exception.status == ExceptionStatus::Open {
                let evidence = exception.finding.evidence.iter();
                seeds.extend(evidence.filter_map(|hash| self.hashes.get(hash)));
            }
            snapshot.findings.extend(finding);
        }
        for (id, decisions) in &self.decisions {
            let found = self.exceptions.get(id).map(|e| &e.finding);
            let kept = snapshot.findings.iter().any(|f| f.id() == *id);
            if kept || found.is_none_or(|f| baseline::can_be_found_again(f, horizon)) {
                seeds.extend(decisions);
            }
        }
        let Ok(kept) = baseline::tied(self, seeds);
        snapshot.kept = kept.into_values().collect();
        for subject in subjects {
            let Ok(found) = baseline::baseline(self, &subject, horizon);
            snapshot.baselines.extend(found.map(|b| (subject, b)));
        }
        snapshot
    }

    /// A replica on a snapshot.
    pub fn on(snapshot: &MemorySnapshot) -> Self {
        let mut store = Self {
            horizon: Some(snapshot.horizon),
            ..Self::default()
        };
        let mut install = Install::new(&mut store);
        for placed in &snapshot.kept {
            let Ok(()) = install.event(placed.clone(), snapshot.horizon);
        }
        for (subject, baseline) in &snapshot.baselines {
            let Ok(()) = install.baseline(subject, baseline);
        }
        for finding in &snapshot.findings {
            let Ok(()) = install.finding(finding.clone());
        }
        let Ok(_) = install.finish();
        store
    }

    /// What the server has granted an operator from now on; returns the time from which that differs from before, for
    /// [`Ledger::regranted`].
    ///
    /// [`Ledger::regranted`]: crate::ledger::Ledger::regranted
    pub fn grant(&mut self, operator: OperatorId, grants: Grants) -> Option<UnixMillis> {
        let before = self.grants.insert(operator, grants.clone());
        grants.differ_from(&before.unwrap_or_default())
    }

    /// The hash of what work goes on from: see [`baseline::working_hash`].
    pub fn working_hash(&self) -> StateHash {
        let all = self.exceptions.values();
        baseline::working_hash(self.hash, all.filter(|e| e.status != ExceptionStatus::Open))
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

    fn folds_stock(&self) -> bool {
        !self.without_stock
    }

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
        if let Some(decided) = placed.event.record.body.decides() {
            self.decisions.entry(decided).or_default().push(id);
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

    fn quarantined(
        &mut self,
        chain: ChainId,
        numbers: (u64, u64),
    ) -> Result<Vec<EventId>, Infallible> {
        let id = |number| EventId { chain, number };
        if numbers.0 > numbers.1 {
            return Ok(Vec::new());
        }
        Ok(self
            .events
            .range(id(numbers.0)..=id(numbers.1))
            .filter(|(_, placed)| placed.event.quarantined)
            .map(|(id, _)| *id)
            .collect())
    }

    fn grants(&mut self, operator: OperatorId) -> Result<Grants, Infallible> {
        Ok(self.grants.get(&operator).cloned().unwrap_or_default())
    }

    fn events_of(&mut self, operator: OperatorId, from: Place) -> Result<Vec<EventId>, Infallible> {
        let of = |placed: &Placed| {
            let record = &placed.event.record;
            placed.place >= from
                && (record.operator == operator || record.approved_by == Some(operator))
        };
        let found = self.events.iter().filter(|(_, placed)| of(placed));
        Ok(found.map(|(id, _)| *id).collect())
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

    fn last_until(&mut self, subject: &Subject, place: Place) -> Result<Option<Entry>, Infallible> {
        Ok(self
            .timelines
            .get(subject)
            .and_then(|t| t.range(..=place).next_back())
            .map(|(_, e)| e.clone()))
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
            .chain(self.baselines.keys())
            .filter_map(|s| match s {
                Subject::Stock(key) if key.bin == bin => Some(key.clone()),
                _ => None,
            })
            .collect())
    }

    fn put_balance(
        &mut self,
        subject: &Subject,
        balance: Quantity,
    ) -> Result<Quantity, Infallible> {
        let old = match (subject, balance == Quantity::ZERO) {
            (Subject::Stock(key), true) => self.balances.remove(key),
            (Subject::Stock(key), false) => self.balances.insert(key.clone(), balance),
            (Subject::Progress(key), true) => self.progress.remove(key),
            (Subject::Progress(key), false) => self.progress.insert(*key, balance),
            (Subject::Content(key), true) => self.contents.remove(key),
            (Subject::Content(key), false) => self.contents.insert(key.clone(), balance),
            _ => None,
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

    fn put_exception(&mut self, id: ExceptionId, exception: &Exception) -> Result<(), Infallible> {
        self.exceptions.insert(id, exception.clone());
        Ok(())
    }

    fn remove_exception(&mut self, id: ExceptionId) -> Result<(), Infallible> {
        self.exceptions.remove(&id);
        Ok(())
    }

    fn horizon(&mut self) -> Result<Place, Infallible> {
        Ok(self.horizon.unwrap_or(Place::START))
    }

    fn baseline(&mut self, subject: &Subject) -> Result<Option<Baseline>, Infallible> {
        Ok(self.baselines.get(subject).cloned())
    }

    fn put_baseline(&mut self, subject: &Subject, baseline: &Baseline) -> Result<(), Infallible> {
        self.baselines.insert(subject.clone(), baseline.clone());
        Ok(())
    }

    fn keep(&mut self, placed: &Placed) -> Result<(), Infallible> {
        self.kept
            .insert(placed.event.id, (placed.place, placed.standing));
        Ok(())
    }

    fn kept(&mut self, id: EventId) -> Result<Option<(Place, Standing)>, Infallible> {
        Ok(self.kept.get(&id).copied())
    }

    fn behind(&mut self) -> Result<Vec<(Placed, Option<Standing>)>, Infallible> {
        let horizon = self.horizon.unwrap_or(Place::START);
        Ok(self
            .events
            .values()
            .filter(|p| p.place <= horizon)
            .map(|p| (p.clone(), self.kept.get(&p.event.id).map(|(_, s)| *s)))
            .collect())
    }

    fn dangling(&mut self) -> Result<Vec<EventId>, Infallible> {
        let missing = self
            .names
            .iter()
            .filter(|(hash, _)| !self.hashes.contains_key(*hash));
        Ok(missing
            .flat_map(|(_, by)| by)
            .filter(|id| !self.kept.contains_key(*id))
            .copied()
            .collect())
    }

    fn decisions_on_nothing(&mut self) -> Result<Vec<EventId>, Infallible> {
        let about_nothing = self
            .decisions
            .iter()
            .filter(|(exception, _)| !self.exceptions.contains_key(*exception));
        Ok(about_nothing
            .flat_map(|(_, by)| by)
            .filter(|id| !self.kept.contains_key(*id))
            .copied()
            .collect())
    }

    fn is_stale(&mut self) -> Result<bool, Infallible> {
        Ok(!self.stale.is_empty())
    }

    fn set_stale(&mut self, stale: &Stale) -> Result<(), Infallible> {
        self.stale = stale.clone();
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
