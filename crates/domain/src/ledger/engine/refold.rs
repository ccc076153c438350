//! From timelines to rows and findings.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Event, EventHash, EventId, ExceptionId};
use crate::ids::SiteId;
use crate::ledger::baseline::{Baseline, Mark};
use crate::ledger::engine::Ledger;
use crate::ledger::exception::{Exception, ExceptionKind, ExceptionStatus, Finding};
use crate::ledger::place::Place;
use crate::ledger::stock::{self, StepFinding, StockState};
use crate::ledger::store::{LedgerStore, Placed, Standing};
use crate::ledger::subject::{StockKey, Subject};
use crate::quantity::Quantity;

impl<S: LedgerStore> Ledger<'_, S> {
    pub(super) fn live_events(
        &mut self,
        subject: &Subject,
    ) -> Result<Vec<(Place, Event)>, S::Error> {
        let mut events = Vec::new();
        for entry in self.store.entries_from(subject, Place::START)? {
            if let Some(placed) = self.store.event(entry.place.id)? {
                events.push((entry.place, placed.event));
            }
        }
        Ok(events)
    }

    pub(super) fn refold_stock(
        &mut self,
        key: &StockKey,
        subject: &Subject,
        from: Place,
    ) -> Result<(), S::Error> {
        let before = self.store.last_before(subject, from)?;
        let mut state = match before {
            Some(entry) => entry.state,
            None => match self.store.baseline(subject)? {
                Some(Baseline::Stock(state)) => state,
                _ => StockState::default(),
            },
        };
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
        self.put_balance(subject, state.balance)?;
        self.replace_findings(subject, findings, from)
    }

    /// How much of an order's line is done, or of some goods is in a carton; nothing is found on it.
    pub(super) fn refold_sum(&mut self, subject: &Subject, from: Place) -> Result<(), S::Error> {
        let mut state = match self.store.last_before(subject, from)? {
            Some(entry) => entry.state,
            None => match self.store.baseline(subject)? {
                Some(Baseline::Stock(state)) => state,
                _ => StockState::default(),
            },
        };
        for entry in self.store.entries_from(subject, from)? {
            let after = StockState {
                balance: stock::step(state, &entry).after.balance,
                ..StockState::default()
            };
            if after != entry.state {
                self.store.set_state(subject, entry.place, &after)?;
            }
            state = after;
        }
        self.put_balance(subject, state.balance)
    }

    fn put_balance(&mut self, subject: &Subject, balance: Quantity) -> Result<(), S::Error> {
        let old = self.store.put_balance(subject, balance)?;
        if old != balance {
            if old != Quantity::ZERO {
                self.hash.remove(&stock::row(subject, old));
            }
            if balance != Quantity::ZERO {
                self.hash.add(&stock::row(subject, balance));
            }
        }
        Ok(())
    }

    fn origin(&mut self, id: EventId) -> Result<(SiteId, EventHash), S::Error> {
        let unknown = (SiteId::from_bytes([0; 16]), EventHash::default());
        Ok(self.store.origin(id)?.unwrap_or(unknown))
    }

    /// Puts `findings` in the place of all that were opened at or after `from`.
    pub(super) fn replace_findings(
        &mut self,
        subject: &Subject,
        findings: Vec<Finding>,
        from: Place,
    ) -> Result<(), S::Error> {
        let findings: Vec<_> = findings.into_iter().map(|f| (f.id(), f)).collect();
        let mut known = BTreeMap::new();
        for exception in self.store.exceptions_of(subject)? {
            let id = exception.finding.id();
            if exception.finding.opened >= from && findings.iter().all(|(new, _)| *new != id) {
                self.hash.remove(&exception.row(id));
                self.store.remove_exception(id)?;
            } else {
                known.insert(id, exception);
            }
        }
        for (id, finding) in findings {
            self.put_over(id, known.remove(&id), finding)?;
        }
        Ok(())
    }

    pub(crate) fn put_finding(&mut self, finding: Finding) -> Result<(), S::Error> {
        let id = finding.id();
        let old = self.store.exception(id)?;
        self.put_over(id, old, finding)
    }

    fn put_over(
        &mut self,
        id: ExceptionId,
        old: Option<Exception>,
        finding: Finding,
    ) -> Result<(), S::Error> {
        let status = self.status(id, &finding)?;
        let new = Exception { finding, status };
        if let Some(old) = old {
            if old == new {
                return Ok(());
            }
            self.hash.remove(&old.row(id));
        }
        self.hash.add(&new.row(id));
        self.store.put_exception(id, &new)
    }

    /// A decision closes an exception only if it saw all the evidence that there is now.
    fn status(&mut self, id: ExceptionId, finding: &Finding) -> Result<ExceptionStatus, S::Error> {
        let mut last: Option<Placed> = None;
        for decided_by in self.store.decisions(id)? {
            if let Some(decision) = self.store.event(decided_by)?
                && decision.standing == Standing::Live
                && last.as_ref().is_none_or(|l| decision.place > l.place)
            {
                last = Some(decision);
            }
        }
        if let Some(decision) = last
            && decision.covers(finding)
        {
            return Ok(ExceptionStatus::Resolved(decision.event.hash));
        }
        Ok(if finding.healed.is_some() {
            ExceptionStatus::Healed
        } else {
            ExceptionStatus::Open
        })
    }
}

/// Of the live events of a code, a lot, a clock, an order or an operator beyond their rights, in order: those that its findings rest on, now or later.
pub fn plain_marks(subject: &Subject, marks: &[Mark]) -> Vec<Mark> {
    match subject {
        Subject::Code(..) | Subject::Rights(_) => marks.to_vec(),
        Subject::Clock(_) => marks.iter().take(1).cloned().collect(),
        Subject::Lot(..) => {
            let Some(first) = marks.first() else {
                return Vec::new();
            };
            let other = marks.iter().find(|m| m.expiry != first.expiry);
            std::iter::once(first).chain(other).cloned().collect()
        }
        // Who went on from what an earlier one finished stands in its place.
        Subject::Order(..) => {
            let after: BTreeMap<EventHash, &[EventHash]> = marks
                .iter()
                .filter_map(|m| Some((m.hash, &m.finish.as_ref()?.after[..])))
                .collect();
            let gone_on_from: BTreeSet<EventHash> = after
                .values()
                .flat_map(|hashes| hashes.iter().copied())
                .collect();
            let mut last: Vec<Mark> = marks
                .iter()
                .filter(|m| !gone_on_from.contains(&m.hash))
                .cloned()
                .collect();
            // What those had gone on from is gone on from by whoever stands in their place, should it come only later.
            for finish in last.iter_mut().filter_map(|m| m.finish.as_mut()) {
                let mut all = BTreeSet::new();
                let mut worklist = std::mem::take(&mut finish.after);
                while let Some(hash) = worklist.pop() {
                    if all.insert(hash) {
                        worklist.extend(after.get(&hash).copied().unwrap_or_default());
                    }
                }
                finish.after = all.into_iter().collect();
            }
            last
        }
        Subject::Stock(_)
        | Subject::Bin(_)
        | Subject::Unit(_)
        | Subject::Progress(_)
        | Subject::Content(_) => Vec::new(),
    }
}

/// Findings on subjects whose whole story is a handful of events.
pub(super) fn plain_findings(subject: &Subject, marks: &[Mark]) -> Vec<Finding> {
    let marks = plain_marks(subject, marks);
    let kind = match subject {
        Subject::Code(..) => ExceptionKind::UnknownCode,
        Subject::Clock(_) => ExceptionKind::ClockSkew,
        Subject::Rights(_) => ExceptionKind::RightBreached,
        // One day of expiry is as it should be.
        Subject::Lot(..) if marks.len() > 1 => ExceptionKind::ExpiryDisagreement,
        // Whoever decides about two results sees in them what differs from the order.
        Subject::Order(..) if marks.len() > 1 => ExceptionKind::WorkDoneTwice,
        Subject::Order(..)
            if marks
                .iter()
                .any(|m| m.finish.as_ref().is_some_and(|f| f.differs)) =>
        {
            ExceptionKind::OrderVariance
        }
        _ => return Vec::new(),
    };
    let Some(first) = marks.first() else {
        return Vec::new();
    };
    vec![Finding {
        kind,
        subject: subject.clone(),
        occurrence: "1".to_owned(),
        site: first.site,
        opened: first.place,
        healed: None,
        evidence: marks.iter().map(|m| m.hash).collect(),
        book: None,
        counted: None,
    }]
}
