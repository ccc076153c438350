//! The engine of the fold: places events, decides which of them count, and refolds what they touch.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::{SKEW_LIMIT_MS, Timestamp, UnixMillis};
use crate::event::{Event, EventBody, EventHash, EventId, ExceptionId, Resolution};
use crate::ids::SiteId;
use crate::ledger::exception::{Exception, ExceptionKind, ExceptionStatus, Finding};
use crate::ledger::place::Place;
use crate::ledger::state_hash::StateHash;
use crate::ledger::stock::{self, StepFinding, StockState};
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
    store: &'s mut S,
    /// Subjects to refold, each from its earliest changed place.
    dirty: BTreeMap<Subject, Place>,
    /// Exceptions whose decisions changed.
    dirty_decisions: BTreeSet<ExceptionId>,
    hash: StateHash,
    /// The place of the event added last: the next one on its chain usually follows.
    last_place: Option<Place>,
}

/// Hashes of the events that this one refers to; it never stands before any of them.
pub(crate) fn names(event: &Event) -> Vec<EventHash> {
    let mut names: Vec<EventHash> = event.record.carries_out.into_iter().collect();
    match &event.record.body {
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

impl<'s, S: LedgerStore> Ledger<'s, S> {
    /// Starts a batch.
    ///
    /// # Errors
    /// Those of the store, as of all methods here.
    pub fn new(store: &'s mut S) -> Result<Self, S::Error> {
        let hash = store.state_hash()?;
        Ok(Self {
            store,
            dirty: BTreeMap::new(),
            dirty_decisions: BTreeSet::new(),
            hash,
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
        let names = names(&event);
        let place = self.place(&event, &names)?;
        let mut placed = Placed {
            event,
            place,
            standing: Standing::Void,
        };
        self.store.insert_event(&placed, &names)?;
        placed.standing = self.standing(&placed)?;
        self.store.update_event(&placed)?;
        self.attach(&placed)?;
        self.last_place = Some(place);
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
        let Some(mut placed) = self.store.event(id)? else {
            return Ok(());
        };
        if placed.event.accepted_at == accepted_at {
            return Ok(());
        }
        self.detach(&placed)?;
        placed.event.accepted_at = accepted_at;
        self.store.update_event(&placed)?;
        self.attach(&placed)?;
        self.last_place = None;
        self.settle(vec![id])
    }

    /// Puts an event into quarantine or releases it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn set_quarantine(&mut self, id: EventId, quarantined: bool) -> Result<(), S::Error> {
        let Some(mut placed) = self.store.event(id)? else {
            return Ok(());
        };
        placed.event.quarantined = quarantined;
        self.store.update_event(&placed)?;
        self.settle(vec![id])
    }

    /// Refolds everything that the batch touched and keeps the new state hash.
    ///
    /// # Errors
    /// Those of the store.
    pub fn finish(mut self) -> Result<StateHash, S::Error> {
        while let Some((subject, from)) = self.dirty.pop_first() {
            match &subject {
                Subject::Stock(key) => self.refold_stock(key, &subject, from)?,
                Subject::Bin(_) => {}
                Subject::Unit(unit_id) => {
                    let events = self.live_events(&subject)?;
                    let (state, findings) = unit::fold(unit_id, &events);
                    let before = self.store.put_unit(unit_id, state.as_ref())?;
                    if let Some(before) = before {
                        self.hash.remove(&before.row(unit_id));
                    }
                    if let Some(state) = state {
                        self.hash.add(&state.row(unit_id));
                    }
                    self.replace_findings(&subject, findings, Place::START)?;
                }
                Subject::Code(..) | Subject::Lot(..) | Subject::Clock(_) => {
                    let events = self.live_events(&subject)?;
                    let findings = plain_findings(&subject, &events);
                    self.replace_findings(&subject, findings, Place::START)?;
                }
            }
        }
        for id in std::mem::take(&mut self.dirty_decisions) {
            if let Some(exception) = self.store.exception(id)? {
                self.put_finding(exception.finding)?;
            }
        }
        self.store.set_state_hash(self.hash)?;
        Ok(self.hash)
    }

    /// Re-places and re-judges events until nothing changes any more. It ends because events refer only backwards.
    fn settle(&mut self, mut worklist: Vec<EventId>) -> Result<(), S::Error> {
        while let Some(id) = worklist.pop() {
            let Some(old) = self.store.event(id)? else {
                continue;
            };
            let names = names(&old.event);
            let mut new = old.clone();
            new.place = self.place(&old.event, &names)?;
            new.standing = self.standing(&new)?;
            if new == old {
                continue;
            }
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
        out.extend(self.store.naming(of.event.hash)?);
        match &of.event.record.body {
            EventBody::Reversed { target } => out.extend(self.store.by_hash(*target)?),
            EventBody::CountApproved { count } => out.extend(self.store.by_hash(*count)?),
            EventBody::Resolved(resolution) => {
                out.extend(
                    self.store
                        .decisions(resolution.exception)?
                        .into_iter()
                        .filter(|d| *d != of.event.id),
                );
                self.dirty_decisions.insert(resolution.exception);
            }
            _ => {}
        }
        Ok(())
    }

    fn place(&mut self, event: &Event, names: &[EventHash]) -> Result<Place, S::Error> {
        let mut clock = event.record.clock;
        if let Some(accepted) = event.accepted_at
            && accepted < clock.millis
        {
            clock = Timestamp {
                millis: accepted,
                counter: 0,
            };
        }
        let mut place = Place {
            clock,
            id: event.id,
        };
        let not_before = |place: &mut Place, earlier: Place| {
            if *place <= earlier {
                place.clock = Timestamp {
                    millis: earlier.clock.millis,
                    counter: earlier.clock.counter.saturating_add(1),
                };
            }
        };
        if event.id.number > 1 {
            let previous = EventId {
                number: event.id.number - 1,
                ..event.id
            };
            let earlier = match self.last_place {
                Some(last) if last.id == previous => Some(last),
                _ => self.store.place_of(previous)?,
            };
            if let Some(earlier) = earlier {
                not_before(&mut place, earlier);
            }
        }
        for name in names {
            if let Some(named) = self.store.by_hash(*name)?
                && let Some(earlier) = self.store.place_of(named)?
            {
                not_before(&mut place, earlier);
            }
        }
        Ok(place)
    }

    /// Whether an event counts. It counts unless it is in quarantine, a live reversal names it, the decision that it
    /// carries out does not count, or it is a decision that another one beat.
    fn standing(&mut self, placed: &Placed) -> Result<Standing, S::Error> {
        if placed.event.quarantined || self.is_reversed(&placed.event)? {
            return Ok(Standing::Void);
        }
        if let Some(decision) = placed.event.record.carries_out {
            match self.placed_by_hash(decision)? {
                Some(decision) if decision.standing != Standing::Void => {}
                _ => return Ok(Standing::Void),
            }
        }
        match &placed.event.record.body {
            EventBody::Resolved(resolution) => {
                let stands = self.is_first_decision(placed, resolution)?;
                Ok(if stands {
                    Standing::Live
                } else {
                    Standing::Void
                })
            }
            EventBody::Counted { .. } => {
                for id in self.store.naming(placed.event.hash)? {
                    if let Some(by) = self.store.event(id)?
                        && matches!(by.event.record.body, EventBody::CountApproved { .. })
                        && by.standing == Standing::Live
                    {
                        return Ok(Standing::Approved);
                    }
                }
                Ok(Standing::Live)
            }
            _ => Ok(Standing::Live),
        }
    }

    fn is_reversed(&mut self, event: &Event) -> Result<bool, S::Error> {
        for id in self.store.naming(event.hash)? {
            if let Some(by) = self.store.event(id)?
                && matches!(&by.event.record.body, EventBody::Reversed { target } if *target == event.hash)
                && by.standing != Standing::Void
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Of the decisions on one exception that were taken after the same one, only the first counts.
    fn is_first_decision(
        &mut self,
        placed: &Placed,
        resolution: &Resolution,
    ) -> Result<bool, S::Error> {
        if let Some(after) = resolution.after {
            match self.placed_by_hash(after)? {
                Some(before) if before.standing != Standing::Void => {}
                _ => return Ok(false),
            }
        }
        for id in self.store.decisions(resolution.exception)? {
            if id == placed.event.id {
                continue;
            }
            let Some(other) = self.store.event(id)? else {
                continue;
            };
            if let EventBody::Resolved(theirs) = &other.event.record.body
                && theirs.after == resolution.after
                && other.place < placed.place
                && !other.event.quarantined
                && !self.is_reversed(&other.event)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn placed_by_hash(&mut self, hash: EventHash) -> Result<Option<Placed>, S::Error> {
        match self.store.by_hash(hash)? {
            Some(id) => self.store.event(id),
            None => Ok(None),
        }
    }

    fn touch(&mut self, subject: Subject, place: Place) {
        let from = self.dirty.entry(subject).or_insert(place);
        *from = (*from).min(place);
    }

    fn attach(&mut self, placed: &Placed) -> Result<(), S::Error> {
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
    fn parts(&mut self, placed: &Placed) -> Result<Vec<(Subject, Part)>, S::Error> {
        if placed.standing == Standing::Void {
            return Ok(Vec::new());
        }
        let event = &placed.event;
        let stock = |bin, goods: &crate::event::Goods| {
            Subject::Stock(StockKey {
                bin,
                item: goods.item,
                lot: goods.lot.clone(),
            })
        };
        let mut parts = Vec::with_capacity(3);
        match &event.record.body {
            EventBody::Received {
                bin,
                goods,
                quantity,
            } => {
                parts.push((stock(*bin, goods), Part::Change(*quantity)));
                if let (Some(lot), Some(_)) = (&goods.lot, goods.expiry) {
                    parts.push((Subject::Lot(goods.item, lot.clone()), Part::Mark));
                }
            }
            EventBody::Issued {
                bin,
                goods,
                quantity,
            } => {
                parts.push((stock(*bin, goods), Part::Change(quantity.negated())));
            }
            EventBody::Moved {
                from,
                to,
                goods,
                quantity,
            } if from != to => {
                parts.push((stock(*from, goods), Part::Change(quantity.negated())));
                parts.push((stock(*to, goods), Part::Change(*quantity)));
            }
            EventBody::Adjusted {
                bin,
                goods,
                difference,
                ..
            } => {
                parts.push((stock(*bin, goods), Part::Change(*difference)));
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
            _ => {}
        }
        if let Some(unit) = event.record.body.goods().and_then(|g| g.unit.clone()) {
            parts.push((Subject::Unit(unit), Part::Mark));
        }
        if event
            .accepted_at
            .is_some_and(|at| event.record.clock.millis > at.saturating_add(SKEW_LIMIT_MS))
        {
            parts.push((Subject::Clock(event.id.chain), Part::Mark));
        }
        Ok(parts)
    }

    fn live_events(&mut self, subject: &Subject) -> Result<Vec<(Place, Event)>, S::Error> {
        let mut events = Vec::new();
        for entry in self.store.entries_from(subject, Place::START)? {
            if let Some(placed) = self.store.event(entry.place.id)? {
                events.push((entry.place, placed.event));
            }
        }
        Ok(events)
    }

    fn refold_stock(
        &mut self,
        key: &StockKey,
        subject: &Subject,
        from: Place,
    ) -> Result<(), S::Error> {
        let before = self.store.last_before(subject, from)?;
        let mut state = before.map_or_else(StockState::default, |entry| entry.state);
        // The excursion below zero that is under way when the tail begins, to be healed or not by the tail.
        let mut open = if state.below {
            self.store
                .exceptions_of(subject)?
                .into_iter()
                .map(|e| e.finding)
                .find(|f| {
                    f.kind == ExceptionKind::NegativeStock
                        && f.occurrence == state.times_below.to_string()
                })
        } else {
            None
        };
        if let Some(finding) = &mut open {
            finding.healed = None;
        }
        let mut findings: Vec<Finding> = Vec::new();
        for entry in self.store.entries_from(subject, from)? {
            let step = stock::step(state, &entry);
            match step.what {
                StepFinding::Nothing => {}
                StepFinding::CameBack => {
                    if let Some(mut finding) = open.take() {
                        finding.healed = Some(entry.place);
                        findings.push(finding);
                    }
                }
                StepFinding::FellBelow => {
                    let (site, hash) = self.origin(entry.place.id)?;
                    open = Some(stock::fell_below(key, site, entry.place, hash, step.after));
                }
                StepFinding::Variance { book, counted } => {
                    let (site, hash) = self.origin(entry.place.id)?;
                    findings.push(stock::variance(key, site, entry.place, hash, book, counted));
                }
            }
            if step.after != entry.state {
                self.store.set_state(subject, entry.place, &step.after)?;
            }
            state = step.after;
        }
        findings.extend(open);
        let old = self.store.put_balance(key, state.balance)?;
        if old != state.balance {
            if old != Quantity::ZERO {
                self.hash.remove(&stock::row(key, old));
            }
            if state.balance != Quantity::ZERO {
                self.hash.add(&stock::row(key, state.balance));
            }
        }
        self.replace_findings(subject, findings, from)
    }

    fn origin(&mut self, id: EventId) -> Result<(SiteId, EventHash), S::Error> {
        Ok(self
            .store
            .event(id)?
            .map_or((SiteId::from_bytes([0; 16]), EventHash::default()), |p| {
                (p.event.site, p.event.hash)
            }))
    }

    /// Puts `findings` in the place of all that were opened at or after `from`.
    fn replace_findings(
        &mut self,
        subject: &Subject,
        findings: Vec<Finding>,
        from: Place,
    ) -> Result<(), S::Error> {
        let old = self.store.exceptions_of(subject)?;
        for exception in old {
            let id = exception.finding.id();
            if exception.finding.opened >= from && findings.iter().all(|f| f.id() != id) {
                self.hash.remove(&exception.row());
                self.store.remove_exception(id)?;
            }
        }
        for finding in findings {
            self.put_finding(finding)?;
        }
        Ok(())
    }

    fn put_finding(&mut self, finding: Finding) -> Result<(), S::Error> {
        let id = finding.id();
        let status = self.status(&finding)?;
        let new = Exception { finding, status };
        if let Some(old) = self.store.exception(id)? {
            if old == new {
                return Ok(());
            }
            self.hash.remove(&old.row());
        }
        self.hash.add(&new.row());
        self.store.put_exception(&new)
    }

    /// A decision closes an exception only if it saw all the evidence that there is now.
    fn status(&mut self, finding: &Finding) -> Result<ExceptionStatus, S::Error> {
        let mut last: Option<Placed> = None;
        for id in self.store.decisions(finding.id())? {
            if let Some(decision) = self.store.event(id)?
                && decision.standing == Standing::Live
                && last.as_ref().is_none_or(|l| decision.place > l.place)
            {
                last = Some(decision);
            }
        }
        if let Some(Placed { event, .. }) = last
            && let EventBody::Resolved(resolution) = &event.record.body
            && finding
                .evidence
                .iter()
                .all(|e| resolution.evidence.contains(e))
        {
            return Ok(ExceptionStatus::Resolved(event.hash));
        }
        Ok(if finding.healed.is_some() {
            ExceptionStatus::Healed
        } else {
            ExceptionStatus::Open
        })
    }
}

/// Findings on subjects whose whole story is a handful of events.
fn plain_findings(subject: &Subject, events: &[(Place, Event)]) -> Vec<Finding> {
    let (kind, evidence): (_, Vec<EventHash>) = match subject {
        Subject::Code(..) => (
            ExceptionKind::UnknownCode,
            events.iter().map(|(_, e)| e.hash).collect(),
        ),
        Subject::Clock(_) => (
            ExceptionKind::ClockSkew,
            events.iter().take(1).map(|(_, e)| e.hash).collect(),
        ),
        Subject::Lot(..) => {
            let expiry = |e: &Event| e.record.body.goods().and_then(|g| g.expiry);
            let Some((_, first)) = events.first() else {
                return Vec::new();
            };
            let other = events.iter().find(|(_, e)| expiry(e) != expiry(first));
            let Some((_, other)) = other else {
                return Vec::new();
            };
            (
                ExceptionKind::ExpiryDisagreement,
                vec![first.hash, other.hash],
            )
        }
        Subject::Stock(_) | Subject::Bin(_) | Subject::Unit(_) => return Vec::new(),
    };
    let Some((opened, event)) = events.first() else {
        return Vec::new();
    };
    vec![Finding {
        kind,
        subject: subject.clone(),
        occurrence: "1".to_owned(),
        site: event.site,
        opened: *opened,
        healed: None,
        evidence,
        book: None,
        counted: None,
    }]
}
