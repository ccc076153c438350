//! Where an event stands, and whether it counts.

use crate::clock::Timestamp;
use crate::event::{Event, EventBody, EventHash, EventId, QuarantineDecision, Resolution};
use crate::ledger::engine::Ledger;
use crate::ledger::place::Place;
use crate::ledger::store::{LedgerStore, Placed, Standing};

impl<S: LedgerStore> Ledger<'_, S> {
    pub(super) fn place(&mut self, event: &Event, names: &[EventHash]) -> Result<Place, S::Error> {
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

    /// Where an event stands now. The snapshot has placed what it holds, after events that are not held here, or not
    /// yet: that stays as long as it can be.
    pub(super) fn place_anew(
        &mut self,
        old: &Placed,
        names: &[EventHash],
    ) -> Result<Place, S::Error> {
        match self.store.kept(old.event.id)? {
            Some((place, _)) if place <= self.horizon => Ok(place),
            Some((place, standing)) => {
                let as_kept = Placed {
                    event: old.event.clone(),
                    place,
                    standing,
                };
                if self.follows(&as_kept, names)? {
                    Ok(place)
                } else {
                    self.place(&old.event, names)
                }
            }
            None => self.place(&old.event, names),
        }
    }

    /// Whether an event stands after the one before it on its chain and after those that it names, as far as they have
    /// come.
    pub(crate) fn follows(
        &mut self,
        placed: &Placed,
        names: &[EventHash],
    ) -> Result<bool, S::Error> {
        let previous = EventId {
            number: placed.event.id.number.saturating_sub(1),
            ..placed.event.id
        };
        let mut latest = self.store.place_of(previous)?;
        for name in names {
            if let Some(named) = self.store.by_hash(*name)? {
                latest = latest.max(self.store.place_of(named)?);
            }
        }
        Ok(latest.is_none_or(|latest| latest < placed.place))
    }

    /// Whether an event counts. It counts unless it lies in quarantine, a live reversal names it, the decision that it
    /// carries out does not count, or it is a decision that another one beat.
    pub(super) fn standing(&mut self, placed: &Placed) -> Result<Standing, S::Error> {
        // What was released or rejected stays so.
        if matches!(placed.event.record.body, EventBody::QuarantineDecided(_)) {
            return Ok(Standing::Live);
        }
        if self.in_quarantine(&placed.event)? || self.is_reversed(&placed.event)? {
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

    /// Whether the hub accepted it as quarantined, and the first decision on it did not release it.
    pub(super) fn in_quarantine(&mut self, event: &Event) -> Result<bool, S::Error> {
        if !event.quarantined {
            return Ok(false);
        }
        let mut first: Option<(Place, bool)> = None;
        for id in self
            .store
            .decisions(QuarantineDecision::subject(event.id.chain))?
        {
            if let Some(by) = self.store.event(id)?
                && let EventBody::QuarantineDecided(decision) = &by.event.record.body
                && decision.covers(event.id)
                && first.is_none_or(|(place, _)| by.place < place)
            {
                first = Some((by.place, decision.release));
            }
        }
        Ok(first.is_none_or(|(_, release)| !release))
    }

    pub(super) fn is_reversed(&mut self, event: &Event) -> Result<bool, S::Error> {
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
    pub(super) fn is_first_decision(
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
                && !self.in_quarantine(&other.event)?
                && !self.is_reversed(&other.event)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn placed_by_hash(&mut self, hash: EventHash) -> Result<Option<Placed>, S::Error> {
        match self.store.by_hash(hash)? {
            Some(id) => self.store.event(id),
            None => Ok(None),
        }
    }
}
