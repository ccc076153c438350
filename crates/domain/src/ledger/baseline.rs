//! Baselines: what a subject had come to at a horizon, so that the fold can go on from there without the history.
//!
//! A replica with a horizon holds no timeline at or before it. What it knows of that time is a baseline for each
//! subject, and the few *kept* events that later ones refer to. The full replica that took the snapshot has counted in
//! them everything that it knew by then. Whatever comes later and would change the time before the horizon makes its
//! subjects *stale*: their numbers are those of the snapshot, until a fresh one is installed.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::event::{Event, EventBody, EventHash, EventId, QuarantineDecision};
use crate::ids::SiteId;
use crate::ledger::engine::refold::plain_marks;
use crate::ledger::engine::{Ledger, mentions, names};
use crate::ledger::exception::{Exception, ExceptionKind, Finding};
use crate::ledger::place::Place;

use crate::ledger::state_hash::StateHash;
use crate::ledger::stock::{self, StockState};
use crate::ledger::store::{LedgerStore, Placed, Standing};
use crate::ledger::subject::Subject;
use crate::ledger::unit::{self, UnitState};
use crate::quantity::Quantity;

/// What the fold of codes, lots, clocks and orders needs of one event.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Mark {
    /// Where the event stands.
    #[n(0)]
    pub place: Place,
    /// Which event it is.
    #[n(1)]
    pub hash: EventHash,
    /// Where it happened.
    #[n(2)]
    pub site: SiteId,
    /// The expiry day that it names, of lots only.
    #[n(3)]
    #[cbor(with = "crate::date_cbor")]
    pub expiry: Option<NaiveDate>,
    /// Of orders only.
    #[n(4)]
    pub finish: Option<Finish>,
}

/// What the fold of orders needs of an event that finished one.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Finish {
    /// What it goes on from.
    #[n(0)]
    pub after: Vec<EventHash>,
    /// Whether something else was done than was asked for.
    #[n(1)]
    pub differs: bool,
}

impl Mark {
    /// What is needed of an event that stands there.
    pub fn of(place: Place, event: &Event) -> Self {
        let finish = match &event.record.body {
            EventBody::OrderFinished(finished) => Some(Finish {
                after: finished.after.clone(),
                differs: finished.differs(),
            }),
            _ => None,
        };
        Self {
            place,
            hash: event.hash,
            site: event.site,
            expiry: event.record.body.goods().and_then(|g| g.expiry),
            finish,
        }
    }
}

/// A unit at the horizon.
#[derive(Debug, Clone, Default, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct UnitBaseline {
    /// Where it was; `None` if no event had placed it yet.
    #[n(0)]
    pub state: Option<UnitState>,
    /// How often it had been issued twice: later findings go on counting from here.
    #[n(1)]
    pub issued_twice: u32,
    /// How often it had been handled where it was not.
    #[n(2)]
    pub in_two_bins: u32,
}

impl UnitBaseline {
    pub(crate) const fn count(&mut self, kind: ExceptionKind) -> &mut u32 {
        match kind {
            ExceptionKind::UnitIssuedTwice => &mut self.issued_twice,
            _ => &mut self.in_two_bins,
        }
    }
}

/// What a subject had come to at the horizon.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
pub enum Baseline {
    /// A pile.
    #[n(0)]
    Stock(#[n(0)] StockState),
    /// A unit.
    #[n(1)]
    Unit(#[n(0)] UnitBaseline),
    /// A code, a lot, a clock or an order: the events that its finding rests on.
    #[n(2)]
    Marks(#[n(0)] Vec<Mark>),
}

impl Baseline {
    /// How often had been found by the horizon what is counted on the subject, of each kind.
    pub(crate) fn times_found(&self) -> Vec<(ExceptionKind, u32)> {
        match self {
            Self::Stock(state) => vec![(ExceptionKind::NegativeStock, state.times_below)],
            Self::Unit(unit) => vec![
                (ExceptionKind::UnitIssuedTwice, unit.issued_twice),
                (ExceptionKind::UnitInTwoBins, unit.in_two_bins),
            ],
            Self::Marks(_) => Vec::new(),
        }
    }
}

/// The baseline of one subject, read from a full replica; `None` if nothing has to be known of it.
///
/// # Errors
/// Those of the store, as of all functions here.
pub fn baseline<S: LedgerStore>(
    store: &mut S,
    subject: &Subject,
    horizon: Place,
) -> Result<Option<Baseline>, S::Error> {
    match subject {
        Subject::Bin(_) => Ok(None),
        Subject::Stock(_) | Subject::Progress(_) | Subject::Content(_) => {
            let state = match store.last_until(subject, horizon)? {
                Some(entry) => entry.state,
                None => match store.baseline(subject)? {
                    Some(Baseline::Stock(state)) => state,
                    _ => StockState::default(),
                },
            };
            Ok((state != StockState::default()).then_some(Baseline::Stock(state)))
        }
        Subject::Unit(unit_id) => {
            let before = match store.baseline(subject)? {
                Some(Baseline::Unit(before)) => before,
                _ => UnitBaseline::default(),
            };
            let mut events = Vec::new();
            for entry in store.entries_from(subject, Place::START)? {
                if entry.place <= horizon
                    && let Some(placed) = store.event(entry.place.id)?
                {
                    events.push((entry.place, placed.event));
                }
            }
            let (after, _) = unit::fold(unit_id, before, &events);
            Ok((after != UnitBaseline::default()).then_some(Baseline::Unit(after)))
        }
        Subject::Code(..)
        | Subject::Lot(..)
        | Subject::Clock(_)
        | Subject::Order(..)
        | Subject::Rights(_) => {
            let mut marks = Vec::new();
            if let Some(Baseline::Marks(before)) = store.baseline(subject)? {
                marks = before;
            }
            for entry in store.entries_from(subject, Place::START)? {
                if entry.place <= horizon
                    && let Some(placed) = store.event(entry.place.id)?
                {
                    marks.push(Mark::of(entry.place, &placed.event));
                }
            }
            let marks = plain_marks(subject, &marks);
            Ok((!marks.is_empty()).then_some(Baseline::Marks(marks)))
        }
    }
}

/// How a finding stood at the horizon, if it must be kept: one that nobody had closed by then, or that has been decided
/// about since. Findings on codes, lots, clocks and orders follow from their marks and are not kept.
///
/// # Errors
/// Those of the store.
pub fn finding_at<S: LedgerStore>(
    store: &mut S,
    exception: &Exception,
    horizon: Place,
) -> Result<Option<Finding>, S::Error> {
    let mut finding = exception.finding.clone();
    if finding.opened > horizon || !matches!(finding.subject, Subject::Stock(_) | Subject::Unit(_))
    {
        return Ok(None);
    }
    let healed_then = finding.healed.is_some_and(|at| at <= horizon);
    let mut last_then: Option<Placed> = None;
    let mut decided_since = false;
    for id in store.decisions(finding.id())? {
        let Some(decision) = store.event(id)? else {
            continue;
        };
        if decision.place > horizon {
            decided_since = true;
        } else if decision.standing != Standing::Void
            && last_then.as_ref().is_none_or(|l| decision.place > l.place)
        {
            last_then = Some(decision);
        }
    }
    let closed_then = healed_then || last_then.is_some_and(|decision| decision.covers(&finding));
    if closed_then && !decided_since {
        return Ok(None);
    }
    if !healed_then {
        finding.healed = None;
    }
    Ok(Some(finding))
}

/// Whether a replica on a snapshot may find this anew, and then needs what was decided about it before: as it may what
/// has been found once and is gone.
pub fn can_be_found_again(finding: &Finding, horizon: Place) -> bool {
    finding.opened > horizon || !matches!(finding.subject, Subject::Stock(_) | Subject::Unit(_))
}

/// Whether an event lies in quarantine and nobody has decided about it: a snapshot holds it, for it may come to count.
///
/// # Errors
/// Those of the store.
pub fn waits_in_quarantine<S: LedgerStore>(store: &mut S, event: &Event) -> Result<bool, S::Error> {
    if !event.quarantined {
        return Ok(false);
    }
    for id in store.decisions(QuarantineDecision::subject(event.id.chain))? {
        if let Some(by) = store.event(id)?
            && let EventBody::QuarantineDecided(decision) = &by.event.record.body
            && decision.covers(event.id)
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// All events that are tied to the `seeds` by naming each other, by deciding the same exception or about the same
/// quarantine: their standings rest on nothing else.
///
/// # Errors
/// Those of the store.
pub fn tied<S: LedgerStore>(
    store: &mut S,
    seeds: impl IntoIterator<Item = EventId>,
) -> Result<BTreeMap<EventId, Placed>, S::Error> {
    let mut found = BTreeMap::new();
    let mut worklist: Vec<EventId> = seeds.into_iter().collect();
    while let Some(id) = worklist.pop() {
        if found.contains_key(&id) {
            continue;
        }
        let Some(placed) = store.event(id)? else {
            continue;
        };
        for name in names(&placed.event.record) {
            worklist.extend(store.by_hash(name)?);
        }
        worklist.extend(store.naming(placed.event.hash)?);
        if let EventBody::Resolved(resolution) = &placed.event.record.body {
            worklist.extend(store.decisions(resolution.exception)?);
        }
        if placed.event.quarantined {
            let chain = QuarantineDecision::subject(placed.event.id.chain);
            worklist.extend(store.decisions(chain)?);
        }
        found.insert(id, placed);
    }
    Ok(found)
}

/// From the hash of all rows, that of stock, units and *open* exceptions alone: `closed` are all the others. A replica
/// with a horizon drops exceptions that were closed before it, so this is what it has in common with a full one.
pub fn working_hash<'e>(
    all: StateHash,
    closed: impl IntoIterator<Item = &'e Exception>,
) -> StateHash {
    closed.into_iter().fold(all, |mut hash, exception| {
        hash.remove(&exception.row(exception.finding.id()));
        hash
    })
}

/// Builds a replica's state on a snapshot: kept events first, then baselines, then findings. The store holds nothing of
/// the ledger yet but its horizon.
pub struct Install<'s, S: LedgerStore> {
    store: &'s mut S,
    hash: StateHash,
    /// Kept events that stand after the horizon: they fold as all others do.
    later: Vec<Placed>,
    plain: Vec<Subject>,
}

impl<'s, S: LedgerStore> Install<'s, S> {
    /// Begins.
    pub fn new(store: &'s mut S) -> Self {
        Self {
            store,
            hash: StateHash::default(),
            later: Vec::new(),
            plain: Vec::new(),
        }
    }

    /// A kept event.
    ///
    /// # Errors
    /// Those of the store, as of all methods here.
    pub fn event(&mut self, placed: Placed, horizon: Place) -> Result<(), S::Error> {
        self.store
            .insert_event(&placed, &mentions(&placed.event.record))?;
        self.store.keep(&placed)?;
        if placed.place > horizon {
            self.later.push(placed);
        }
        Ok(())
    }

    /// What a subject had come to.
    ///
    /// # Errors
    /// Those of the store.
    pub fn baseline(&mut self, subject: &Subject, baseline: &Baseline) -> Result<(), S::Error> {
        self.store.put_baseline(subject, baseline)?;
        match (subject, baseline) {
            (
                Subject::Stock(_) | Subject::Progress(_) | Subject::Content(_),
                Baseline::Stock(state),
            ) => {
                self.store.put_balance(subject, state.balance)?;
                if state.balance != Quantity::ZERO {
                    self.hash.add(&stock::row(subject, state.balance));
                }
            }
            (Subject::Unit(unit_id), Baseline::Unit(unit)) => {
                if let Some(state) = &unit.state {
                    self.store.put_unit(unit_id, Some(state))?;
                    self.hash.add(&state.row(unit_id));
                }
            }
            _ => self.plain.push(subject.clone()),
        }
        Ok(())
    }

    /// A finding as it stood at the horizon.
    ///
    /// # Errors
    /// Those of the store.
    pub fn finding(&mut self, finding: Finding) -> Result<(), S::Error> {
        // An empty pile that something was found on is one of its bin's piles all the same.
        if let Subject::Stock(_) = &finding.subject
            && self.store.baseline(&finding.subject)?.is_none()
        {
            let nothing = Baseline::Stock(StockState::default());
            self.store.put_baseline(&finding.subject, &nothing)?;
        }
        self.store.set_state_hash(self.hash)?;
        let mut ledger = Ledger::new(self.store)?;
        ledger.put_finding(finding)?;
        self.hash = ledger.finish()?;
        Ok(())
    }

    /// Folds the kept events that stand after the horizon.
    ///
    /// # Errors
    /// Those of the store.
    pub fn finish(self) -> Result<StateHash, S::Error> {
        self.store.set_state_hash(self.hash)?;
        let mut ledger = Ledger::new(self.store)?;
        for subject in self.plain {
            ledger.touch(subject, Place::START);
        }
        for placed in &self.later {
            ledger.attach(placed)?;
        }
        ledger.check_stale();
        ledger.finish()
    }
}
