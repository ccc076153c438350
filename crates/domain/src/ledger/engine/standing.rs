//! Where an event stands, and whether it counts.

use crate::clock::Timestamp;
use crate::event::{Event, EventBody, EventHash, EventId, QuarantineDecision, Resolution};
use crate::ledger::engine::{Ledger, names};
use crate::ledger::place::Place;
use crate::ledger::store::{LedgerStore, Placed, Standing};

/// The one before it on its chain.
const fn before(id: EventId) -> EventId {
    EventId {
        number: id.number.saturating_sub(1),
        ..id
    }
}

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
            let previous = before(event.id);
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

    /// Where an event stands now. What the snapshot holds behind the horizon stays where it put it; after the horizon all
    /// that was named then is held, so what is here places an event, unless the one before it on its chain has not been
    /// read yet: until then it stands no earlier than the snapshot said.
    pub(super) fn place_anew(
        &mut self,
        old: &Placed,
        names: &[EventHash],
    ) -> Result<Place, S::Error> {
        let kept = if self.horizon > Place::START {
            self.store.kept(old.event.id)?
        } else {
            None
        };
        let kept = match kept {
            Some((place, _)) if place <= self.horizon => return Ok(place),
            kept => kept.map(|(place, _)| place),
        };
        let place = self.place(&old.event, names)?;
        match kept {
            Some(kept) if !self.follows_held(old.event.id)? => Ok(place.max(kept)),
            _ => Ok(place),
        }
    }

    /// Whether the event before it on its chain is here, or there is none.
    fn follows_held(&mut self, id: EventId) -> Result<bool, S::Error> {
        Ok(id.number <= 1 || self.store.place_of(before(id))?.is_some())
    }

    /// Whether an event behind the horizon stands elsewhere than the snapshot said: what it names, or what its chain wrote
    /// before, came or moved only now.
    pub(crate) fn has_moved(&mut self, placed: &Placed) -> Result<bool, S::Error> {
        let names = names(&placed.event.record);
        if self.follows_held(placed.event.id)? {
            return Ok(self.place(&placed.event, &names)? != placed.place);
        }
        let mut latest = None;
        for name in names {
            if let Some(named) = self.store.by_hash(name)? {
                latest = latest.max(self.store.place_of(named)?);
            }
        }
        Ok(latest.is_some_and(|latest| latest >= placed.place))
    }

    /// Whether an event counts. It counts unless it lies in quarantine, a live reversal names it, another event says the
    /// same, the decision that it carries out does not count, or it is a decision that another one beat.
    pub(super) fn standing(&mut self, placed: &Placed) -> Result<Standing, S::Error> {
        // What was released or rejected stays so.
        if matches!(placed.event.record.body, EventBody::QuarantineDecided(_)) {
            return Ok(Standing::Live);
        }
        if self.in_quarantine(&placed.event)?
            || self.is_reversed(&placed.event)?
            || self.is_said_already(placed)?
        {
            return Ok(Standing::Void);
        }
        if let Some(decision) = placed.event.record.carries_out
            && !self.is_said_and_counts(decision)?
        {
            return Ok(Standing::Void);
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
                for id in self.naming(&placed.event)? {
                    if let Some(by) = self.store.event(id)?
                        && matches!(&by.event.record.body, EventBody::CountApproved { count } if placed.event.answers_to(*count))
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
        for id in self.naming(event)? {
            if let Some(by) = self.store.event(id)?
                && matches!(&by.event.record.body, EventBody::Reversed { target } if event.answers_to(*target))
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
        if let Some(after) = resolution.after
            && !self.is_said_and_counts(after)?
        {
            return Ok(false);
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

    /// Events that name this one, or the one that it says again.
    pub(super) fn naming(&mut self, event: &Event) -> Result<Vec<EventId>, S::Error> {
        let mut naming = self.store.naming(event.hash)?;
        if let Some(origin) = event.record.origin {
            naming.extend(self.store.naming(origin)?);
        }
        Ok(naming)
    }

    /// The event with that hash, and those that say it again, as far as they have come.
    pub(super) fn saying(&mut self, hash: EventHash) -> Result<Vec<EventId>, S::Error> {
        let mut saying: Vec<EventId> = self.store.by_hash(hash)?.into_iter().collect();
        for id in self.store.naming(hash)? {
            if let Some(again) = self.store.event(id)?
                && again.event.record.origin == Some(hash)
            {
                saying.push(id);
            }
        }
        Ok(saying)
    }

    fn is_said_and_counts(&mut self, hash: EventHash) -> Result<bool, S::Error> {
        for id in self.saying(hash)? {
            if let Some(placed) = self.store.event(id)?
                && placed.standing != Standing::Void
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the event that this one says again has come after all, or was said again before. What lies in quarantine
    /// stands in nobody's way.
    fn is_said_already(&mut self, placed: &Placed) -> Result<bool, S::Error> {
        let Some(origin) = placed.event.record.origin else {
            return Ok(false);
        };
        for id in self.saying(origin)? {
            if let Some(other) = self.store.event(id)?
                && (other.event.hash == origin || other.place < placed.place)
                && id != placed.event.id
                && !self.in_quarantine(&other.event)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
