//! What the fold needs from whoever keeps its rows.

use chrono::NaiveDate;

use crate::event::{Event, EventBody, EventHash, EventId, ExceptionId};
use crate::ids::{BinId, ChainId, ItemId, OperatorId, SiteId, UnitId};
use crate::ledger::baseline::Baseline;
use crate::ledger::exception::{Exception, Finding};
use crate::ledger::place::Place;
use crate::ledger::stale::Stale;
use crate::ledger::state_hash::StateHash;
use crate::ledger::stock::StockState;
use crate::ledger::subject::{StockKey, Subject};
use crate::ledger::unit::UnitState;
use crate::quantity::Quantity;
use crate::rights::Grants;

/// Whether an event counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum Standing {
    /// Reversed, beaten by an earlier decision, or in quarantine: it stays visible and folds to nothing.
    #[n(0)]
    Void,
    /// It counts.
    #[n(1)]
    Live,
    /// A count that a supervisor approved: an anchor.
    #[n(2)]
    Approved,
}

/// An event with its place and standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The event.
    pub event: Event,
    /// Where it stands.
    pub place: Place,
    /// Whether it counts.
    pub standing: Standing,
}

impl Placed {
    /// Whether it is a decision that saw all the evidence of a finding.
    pub(crate) fn covers(&self, finding: &Finding) -> bool {
        match &self.event.record.body {
            EventBody::Resolved(resolution) => finding
                .evidence
                .iter()
                .all(|e| resolution.evidence.contains(e)),
            _ => false,
        }
    }
}

/// What one event does to one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Stock rises or falls.
    Change(Quantity),
    /// Stock was counted; an approved count sets the book.
    Count {
        /// What was found.
        counted: Quantity,
        /// Whether it is an anchor.
        approved: bool,
    },
    /// The event itself says it all (units, codes, lots, clocks, bins).
    Mark,
}

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands; the event is `place.id`.
    pub place: Place,
    /// What it does.
    pub part: Part,
    /// The state after it; only timelines of stock remember one.
    pub state: StockState,
}

/// Keeps events, timelines and the folded rows. Implementers owe: all calls between two commits of theirs see each
/// other's writes, and either all of them last or none.
pub trait LedgerStore {
    /// What can go wrong underneath.
    type Error;

    /// The event with its standing, if it has come.
    fn event(&mut self, id: EventId) -> Result<Option<Placed>, Self::Error>;
    /// Its site and its hash alone.
    fn origin(&mut self, id: EventId) -> Result<Option<(SiteId, EventHash)>, Self::Error> {
        Ok(self.event(id)?.map(|p| (p.event.site, p.event.hash)))
    }
    /// Its place alone.
    fn place_of(&mut self, id: EventId) -> Result<Option<Place>, Self::Error>;
    /// The event with that hash, if it has come.
    fn by_hash(&mut self, hash: EventHash) -> Result<Option<EventId>, Self::Error>;
    /// Writes a new event; `names` are the hashes that it mentions, come or not.
    fn insert_event(&mut self, placed: &Placed, names: &[EventHash]) -> Result<(), Self::Error>;
    /// Changes what may change of an event: place, standing, acceptance, quarantine.
    fn update_event(&mut self, placed: &Placed) -> Result<(), Self::Error>;
    /// Events that have come and name this hash, in any order.
    fn naming(&mut self, hash: EventHash) -> Result<Vec<EventId>, Self::Error>;
    /// Events that have come and decide this exception, or this chain's quarantine, in any order.
    fn decisions(&mut self, exception: ExceptionId) -> Result<Vec<EventId>, Self::Error>;

    /// Events of a chain that have come and that the hub accepted as quarantined, with numbers from the first to the last.
    fn quarantined(
        &mut self,
        chain: ChainId,
        numbers: (u64, u64),
    ) -> Result<Vec<EventId>, Self::Error>;

    /// What the server has granted an operator, as far as it is known here.
    fn grants(&mut self, operator: OperatorId) -> Result<Grants, Self::Error>;
    /// Events that have come, stand at or after that place, and were written or approved by the operator; others may be
    /// among them.
    fn events_of(&mut self, operator: OperatorId, from: Place)
    -> Result<Vec<EventId>, Self::Error>;

    /// The expiry day of a lot, as the fold knows it now; whoever lists lots by their day keeps it.
    fn put_expiry(
        &mut self,
        item: ItemId,
        lot: &str,
        expiry: Option<NaiveDate>,
    ) -> Result<(), Self::Error> {
        let _ = (item, lot, expiry);
        Ok(())
    }

    /// Whether the subject has no entry.
    fn is_empty(&mut self, subject: &Subject) -> Result<bool, Self::Error>;
    /// Writes an entry with a state still to be folded.
    fn insert_entry(
        &mut self,
        subject: &Subject,
        place: Place,
        part: Part,
    ) -> Result<(), Self::Error>;
    /// Takes an entry out, if it is there.
    fn remove_entry(&mut self, subject: &Subject, place: Place) -> Result<(), Self::Error>;
    /// The last entry before that place.
    fn last_before(
        &mut self,
        subject: &Subject,
        place: Place,
    ) -> Result<Option<Entry>, Self::Error>;
    /// All entries at or after that place, in order.
    fn entries_from(&mut self, subject: &Subject, place: Place) -> Result<Vec<Entry>, Self::Error>;
    /// The last entry at or before that place.
    fn last_until(&mut self, subject: &Subject, place: Place)
    -> Result<Option<Entry>, Self::Error>;
    /// Remembers the state after an entry.
    fn set_state(
        &mut self,
        subject: &Subject,
        place: Place,
        state: &StockState,
    ) -> Result<(), Self::Error>;
    /// Every pile that ever had an entry or a baseline in this bin (piles that have none any more may be left out).
    fn stock_of_bin(&mut self, bin: BinId) -> Result<Vec<StockKey>, Self::Error>;

    /// Writes the balance of a pile, or how much of an order's line is done; zero means no row. Returns the balance before.
    fn put_balance(
        &mut self,
        subject: &Subject,
        balance: Quantity,
    ) -> Result<Quantity, Self::Error>;
    /// Writes a unit's state; `None` means no row. Returns the state before.
    fn put_unit(
        &mut self,
        unit: &UnitId,
        state: Option<&UnitState>,
    ) -> Result<Option<UnitState>, Self::Error>;
    /// The exceptions found on a subject.
    fn exceptions_of(&mut self, subject: &Subject) -> Result<Vec<Exception>, Self::Error>;
    /// One exception.
    fn exception(&mut self, id: ExceptionId) -> Result<Option<Exception>, Self::Error>;
    /// Writes an exception; `id` is its finding's.
    fn put_exception(&mut self, id: ExceptionId, exception: &Exception) -> Result<(), Self::Error>;
    /// Takes an exception out.
    fn remove_exception(&mut self, id: ExceptionId) -> Result<(), Self::Error>;

    /// Where the snapshot was taken that this ledger goes on from; [`Place::START`] if it holds all of its history.
    fn horizon(&mut self) -> Result<Place, Self::Error>;
    /// What a subject had come to at the horizon.
    fn baseline(&mut self, subject: &Subject) -> Result<Option<Baseline>, Self::Error>;
    /// Keeps what a subject had come to at the horizon.
    fn put_baseline(&mut self, subject: &Subject, baseline: &Baseline) -> Result<(), Self::Error>;
    /// The snapshot holds this event, with this place and standing.
    fn keep(&mut self, placed: &Placed) -> Result<(), Self::Error>;
    /// The place and the standing that the snapshot gave an event; `None` if it did not hold it.
    fn kept(&mut self, id: EventId) -> Result<Option<(Place, Standing)>, Self::Error>;
    /// Events that stand at or before the horizon, with the standing that the snapshot gave them; `None` for those that
    /// it did not hold.
    fn behind(&mut self) -> Result<Vec<(Placed, Option<Standing>)>, Self::Error>;
    /// Events that the snapshot did not hold and that mention one which is not here.
    fn dangling(&mut self) -> Result<Vec<EventId>, Self::Error>;
    /// Decisions that the snapshot did not hold, about an exception which is not here (or about a quarantine).
    fn decisions_on_nothing(&mut self) -> Result<Vec<EventId>, Self::Error>;
    /// Whether [`LedgerStore::set_stale`] last said that something is.
    fn is_stale(&mut self) -> Result<bool, Self::Error>;
    /// Keeps what cannot be folded for now.
    fn set_stale(&mut self, stale: &Stale) -> Result<(), Self::Error>;

    /// Whether stock is folded: piles, units, lots, cartons and what bins hold. Where only some of a site's events ever come, it
    /// is not: nothing that others have done is known, and what follows from the rest would be wrong. Orders, codes, clocks
    /// and rights are folded everywhere.
    fn folds_stock(&self) -> bool {
        true
    }

    /// The hash of all rows so far.
    fn state_hash(&mut self) -> Result<StateHash, Self::Error>;
    /// Keeps the hash of all rows.
    fn set_state_hash(&mut self, hash: StateHash) -> Result<(), Self::Error>;
}
