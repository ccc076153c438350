//! The engine of the fold: places events, decides which of them count, and refolds what they touch.

pub(crate) mod refold;
mod rights;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::{SKEW_LIMIT_MS, UnixMillis};
use crate::event::{Event, EventBody, EventHash, EventId, EventRecord, ExceptionId, Resolution};
use crate::ledger::baseline::{Baseline, Mark, UnitBaseline};
use crate::ledger::place::Place;
use crate::ledger::state_hash::StateHash;
use crate::ledger::store::{LedgerStore, Part, Placed, Standing};
use crate::ledger::subject::{StockKey, Subject};
use crate::ledger::unit;
use crate::quantity::Quantity;

/// What became of an event that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// It was here already.
    Known,
    /// Another event stands at its number: a fork of its chain. It was left out.
    Fork,
}

/// Folds a batch of events. Hand in with [`Ledger::add`], end with [`Ledger::finish`].
pub struct Ledger<'s, S: LedgerStore> {
    pub(crate) store: &'s mut S,
    /// Subjects to refold, each from its earliest changed place.
    dirty: BTreeMap<Subject, Place>,
    /// Exceptions whose decisions changed.
    dirty_decisions: BTreeSet<ExceptionId>,
    hash: StateHash,
    /// At or before it nothing is folded: the snapshot has done that.
    pub(crate) horizon: Place,
    /// What is stale may have changed.
    stale_changed: bool,
    /// The place of the event added last: the next one on its chain usually follows.
    last_place: Option<Place>,
}

/// Hashes of the events that this one refers to; it never stands before any of them.
pub(crate) fn names(record: &EventRecord) -> Vec<EventHash> {
    let mut names: Vec<EventHash> = record.carries_out.into_iter().collect();
    names.extend(record.origin);
    match &record.body {
        EventBody::Reversed { target } => names.push(*target),
        EventBody::CountApproved { count } => names.push(*count),
        EventBody::Resolved(Resolution {
            after, evidence, ..
        }) => {
            names.extend(after.iter().chain(evidence));
        }
        _ => {}
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Hashes under which the event is found again: those that place it, what it is evidence for, and what it goes on from.
/// Evidence is not placed after its target: a program that does not know the kind yet must give the chain's later events the same places.
pub fn mentions(record: &EventRecord) -> Vec<EventHash> {
    let mut mentions = names(record);
    match &record.body {
        EventBody::Attached { to, .. } => mentions.push(*to),
        EventBody::Inspected(inspection) => mentions.push(inspection.of),
        EventBody::OrderFinished(finished) => mentions.extend(&finished.after),
        EventBody::Custody(custody) => mentions.extend(&custody.after),
        _ => {}
    }
    mentions
}

/// Whether its device's clock was ahead of the hub's: of what an event does to its subjects, this alone rests on when it
/// was accepted.
fn is_ahead(event: &Event) -> bool {
    event
        .accepted_at
        .is_some_and(|at| event.record.clock.millis > at.saturating_add(SKEW_LIMIT_MS))
}

impl<'s, S: LedgerStore> Ledger<'s, S> {
    /// Starts a batch.
    ///
    /// # Errors
    /// Those of the store, as of all methods here.
    pub fn new(store: &'s mut S) -> Result<Self, S::Error> {
        let hash = store.state_hash()?;
        let horizon = store.horizon()?;
        // What is stale may be so only until the rest of the log has come.
        let stale_changed = horizon > Place::START && store.is_stale()?;
        Ok(Self {
            store,
            dirty: BTreeMap::new(),
            dirty_decisions: BTreeSet::new(),
            hash,
            horizon,
            stale_changed,
            last_place: None,
        })
    }

    /// Takes an event in. Events may come in any order and more than once.
    ///
    /// # Errors
    /// Those of the store.
    pub fn add(&mut self, event: Event) -> Result<Added, S::Error> {
        let id = event.id;
        if let Some(known) = self.store.event(id)? {
            if known.event.hash != event.hash {
                return Ok(Added::Fork);
            }
            if event.accepted_at.is_some() && known.event.accepted_at != event.accepted_at {
                self.accept(id, event.accepted_at)?;
            }
            return Ok(Added::Known);
        }
        let place = self.place(&event, &names(&event.record))?;
        let mentions = mentions(&event.record);
        let mut placed = Placed {
            event,
            place,
            standing: Standing::Void,
        };
        placed.standing = self.standing(&placed)?;
        self.store.insert_event(&placed, &mentions)?;
        self.attach(&placed)?;
        self.last_place = Some(place);
        if self.horizon > Place::START {
            // Naming something, or being named by what came before.
            self.stale_changed |= place <= self.horizon
                || !mentions.is_empty()
                || !self.store.naming(placed.event.hash)?.is_empty();
        }
        let mut worklist = Vec::new();
        self.push_dependents(&placed, true, &mut worklist)?;
        self.settle(worklist)?;
        Ok(Added::New)
    }

    /// The hub has accepted an event at that time, or the time has been corrected.
    ///
    /// # Errors
    /// Those of the store.
    pub fn accept(&mut self, id: EventId, accepted_at: Option<UnixMillis>) -> Result<(), S::Error> {
        let Some(placed) = self.store.event(id)? else {
            return Ok(());
        };
        if placed.event.accepted_at == accepted_at {
            return Ok(());
        }
        let mut accepted = placed.clone();
        accepted.event.accepted_at = accepted_at;
        if is_ahead(&accepted.event) == is_ahead(&placed.event) {
            self.store.update_event(&accepted)?;
        } else {
            self.detach(&placed)?;
            self.store.update_event(&accepted)?;
            self.attach(&accepted)?;
        }
        self.last_place = None;
        // Where it stands now, which is where it stood for all but those whose clock was ahead.
        self.settle(vec![id])
    }

    /// The hub's judgement of an event's segment: whether it lies in quarantine.
    ///
    /// # Errors
    /// Those of the store.
    pub fn set_quarantine(&mut self, id: EventId, quarantined: bool) -> Result<(), S::Error> {
        let Some(mut placed) = self.store.event(id)? else {
            return Ok(());
        };
        if placed.event.quarantined == quarantined {
            return Ok(());
        }
        placed.event.quarantined = quarantined;
        self.store.update_event(&placed)?;
        // A decision in quarantine stands in nobody's way, even if it is void for another reason too.
        let mut worklist = vec![id];
        self.push_dependents(&placed, false, &mut worklist)?;
        self.settle(worklist)
    }

    /// Refolds everything that the batch touched and keeps the new state hash.
    ///
    /// # Errors
    /// Those of the store.
    pub fn finish(mut self) -> Result<StateHash, S::Error> {
        while let Some((subject, from)) = self.dirty.pop_first() {
            match &subject {
                Subject::Stock(key) => self.refold_stock(key, &subject, from)?,
                Subject::Progress(_) | Subject::Content(_) => self.refold_sum(&subject, from)?,
                Subject::Bin(_) => {}
                Subject::Unit(unit_id) => {
                    let events = self.live_events(&subject)?;
                    let before = match self.store.baseline(&subject)? {
                        Some(Baseline::Unit(before)) => before,
                        _ => UnitBaseline::default(),
                    };
                    let (after, findings) = unit::fold(unit_id, before, &events);
                    let before = self.store.put_unit(unit_id, after.state.as_ref())?;
                    if let Some(before) = before {
                        self.hash.remove(&before.row(unit_id));
                    }
                    if let Some(state) = after.state {
                        self.hash.add(&state.row(unit_id));
                    }
                    // Findings behind the horizon are the snapshot's; no event stands at the horizon itself.
                    self.replace_findings(&subject, findings, self.horizon)?;
                }
                Subject::Code(..)
                | Subject::Lot(..)
                | Subject::Clock(_)
                | Subject::Order(..)
                | Subject::Rights(_) => {
                    let mut marks = match self.store.baseline(&subject)? {
                        Some(Baseline::Marks(marks)) => marks,
                        _ => Vec::new(),
                    };
                    let events = self.live_events(&subject)?;
                    marks.extend(events.iter().map(|(place, event)| Mark::of(*place, event)));
                    if let Subject::Lot(item, lot) = &subject {
                        let expiry = marks.first().and_then(|mark| mark.expiry);
                        self.store.put_expiry(*item, lot, expiry)?;
                    }
                    let findings = refold::plain_findings(&subject, &marks);
                    self.replace_findings(&subject, findings, Place::START)?;
                }
            }
        }
        for id in std::mem::take(&mut self.dirty_decisions) {
            if let Some(exception) = self.store.exception(id)? {
                self.put_finding(exception.finding)?;
            }
        }
        if self.stale_changed {
            let stale = self.find_stale()?;
            self.store.set_stale(&stale)?;
        }
        self.store.set_state_hash(self.hash)?;
        Ok(self.hash)
    }

    /// Looks at [`Ledger::finish`] for what is stale.
    pub(crate) const fn check_stale(&mut self) {
        self.stale_changed = true;
    }

    /// Re-places and re-judges events until nothing changes any more. It ends because events refer only backwards.
    fn settle(&mut self, mut worklist: Vec<EventId>) -> Result<(), S::Error> {
        while let Some(id) = worklist.pop() {
            let Some(old) = self.store.event(id)? else {
                continue;
            };
            let names = names(&old.event.record);
            let mut new = old.clone();
            new.place = self.place_anew(&old, &names)?;
            new.standing = self.standing(&new)?;
            if new == old {
                continue;
            }
            self.stale_changed |= old.place.min(new.place) <= self.horizon;
            self.detach(&old)?;
            self.store.update_event(&new)?;
            self.attach(&new)?;
            self.last_place = None;
            self.push_dependents(&new, new.place != old.place, &mut worklist)?;
        }
        Ok(())
    }

    /// Events whose place or standing may rest on this one's.
    fn push_dependents(
        &mut self,
        of: &Placed,
        place_changed: bool,
        out: &mut Vec<EventId>,
    ) -> Result<(), S::Error> {
        if place_changed {
            let next = EventId {
                number: of.event.id.number + 1,
                ..of.event.id
            };
            if self.store.place_of(next)?.is_some() {
                out.push(next);
            }
        }
        out.extend(self.naming(&of.event)?);
        match &of.event.record.body {
            EventBody::Reversed { target } => out.extend(self.saying(*target)?),
            EventBody::CountApproved { count } => out.extend(self.saying(*count)?),
            EventBody::Resolved(resolution) => {
                out.extend(
                    self.store
                        .decisions(resolution.exception)?
                        .into_iter()
                        .filter(|d| *d != of.event.id),
                );
                self.dirty_decisions.insert(resolution.exception);
            }
            EventBody::QuarantineDecided(decision) => {
                if let Some(numbers) = decision.events {
                    for id in self.store.quarantined(decision.chain, numbers)? {
                        out.push(id);
                        let Some(held) = self.store.event(id)? else {
                            continue;
                        };
                        if let EventBody::Resolved(resolution) = &held.event.record.body {
                            out.extend(self.store.decisions(resolution.exception)?);
                        }
                        // Who says it again stands back for it, or not any more.
                        out.extend(self.naming(&held.event)?);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn touch(&mut self, subject: Subject, place: Place) {
        let from = self.dirty.entry(subject).or_insert(place);
        *from = (*from).min(place);
    }

    pub(crate) fn attach(&mut self, placed: &Placed) -> Result<(), S::Error> {
        if placed.place <= self.horizon {
            return Ok(());
        }
        for (subject, part) in self.parts(placed)? {
            if let Subject::Stock(key) = &subject
                && self.store.is_empty(&subject)?
            {
                self.attach_counts(key, placed.place)?;
            }
            self.store.insert_entry(&subject, placed.place, part)?;
            self.touch(subject, placed.place);
        }
        Ok(())
    }

    fn detach(&mut self, placed: &Placed) -> Result<(), S::Error> {
        if placed.place <= self.horizon {
            return Ok(());
        }
        for (subject, _) in self.parts(placed)? {
            self.store.remove_entry(&subject, placed.place)?;
            self.touch(subject, placed.place);
        }
        Ok(())
    }

    /// A pile seen for the first time was covered, as nothing, by every count of its whole bin.
    fn attach_counts(&mut self, key: &StockKey, except: Place) -> Result<(), S::Error> {
        for entry in self
            .store
            .entries_from(&Subject::Bin(key.bin), Place::START)?
        {
            if entry.place == except {
                continue;
            }
            let Some(count) = self.store.event(entry.place.id)? else {
                continue;
            };
            let EventBody::Counted {
                lines,
                whole_bin: true,
                ..
            } = &count.event.record.body
            else {
                continue;
            };
            let counted = lines
                .iter()
                .filter(|l| l.item == key.item && l.lot == key.lot)
                .fold(Quantity::ZERO, |sum, l| sum.plus(l.counted));
            let approved = count.standing == Standing::Approved;
            let subject = Subject::Stock(key.clone());
            self.store
                .insert_entry(&subject, entry.place, Part::Count { counted, approved })?;
            self.touch(subject, entry.place);
        }
        Ok(())
    }

    /// The entries that an event makes; none if it does not count.
    pub(crate) fn parts(&mut self, placed: &Placed) -> Result<Vec<(Subject, Part)>, S::Error> {
        if placed.standing == Standing::Void {
            return Ok(Vec::new());
        }
        let event = &placed.event;
        let mut parts = Vec::with_capacity(3);
        let changes = event.record.body.changes().into_iter();
        parts.extend(changes.map(|(key, by)| (Subject::Stock(key), Part::Change(by))));
        match &event.record.body {
            EventBody::Received { goods, .. } => {
                if let (Some(lot), Some(_)) = (&goods.lot, goods.expiry) {
                    parts.push((Subject::Lot(goods.item, lot.clone()), Part::Mark));
                }
            }
            EventBody::Counted {
                bin,
                lines,
                whole_bin,
            } => {
                let approved = placed.standing == Standing::Approved;
                let mut found: BTreeMap<StockKey, Quantity> = BTreeMap::new();
                if *whole_bin {
                    parts.push((Subject::Bin(*bin), Part::Mark));
                    found.extend(
                        self.store
                            .stock_of_bin(*bin)?
                            .into_iter()
                            .map(|key| (key, Quantity::ZERO)),
                    );
                }
                for line in lines {
                    let key = StockKey {
                        bin: *bin,
                        item: line.item,
                        lot: line.lot.clone(),
                    };
                    let sum = found.entry(key).or_default();
                    *sum = sum.plus(line.counted);
                }
                parts.extend(found.into_iter().map(|(key, counted)| {
                    (Subject::Stock(key), Part::Count { counted, approved })
                }));
            }
            EventBody::SetAside { code, .. } => {
                parts.push((Subject::Code(event.site, code.clone()), Part::Mark));
            }
            EventBody::OrderFinished(finished) => {
                parts.push((Subject::Order(finished.order, finished.step), Part::Mark));
            }
            _ => {}
        }
        // Packing leaves a unit where it is.
        let is_packed = matches!(event.record.body, EventBody::Packed { .. });
        if let Some(unit) = event.record.body.goods().and_then(|g| g.unit.clone())
            && !is_packed
        {
            parts.push((Subject::Unit(unit), Part::Mark));
        }
        let contents = event.record.contents().into_iter();
        parts.extend(contents.map(|(key, more)| (Subject::Content(key), Part::Change(more))));
        if let Some((key, quantity)) = event.record.progress() {
            parts.push((Subject::Progress(key), Part::Change(quantity)));
        }
        if is_ahead(event) {
            parts.push((Subject::Clock(event.id.chain), Part::Mark));
        }
        if self.breaches_rights(placed)? {
            parts.push((Subject::Rights(event.record.operator), Part::Mark));
        }
        if !self.store.folds_stock() {
            parts.retain(|(subject, _)| !subject.is_stock());
        }
        Ok(parts)
    }
}
