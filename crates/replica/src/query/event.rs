//! What happened.

use domain::event::{EventHash, EventId};
use domain::ledger::{Place, Placed, Subject};
use domain::{DeviceId, OperatorId, SiteId};
use rusqlite::{Row, params};

use super::Query;
use super::stock::PILES_OF_BIN;
use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::ledger_store::{piles_of, placed_from_row};
use crate::row;

/// An event with its place and standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The event.
    pub placed: Placed,
    /// The live reversal that voids it, if one does.
    pub reversed_by: Option<EventHash>,
}

/// Which events; what is `None` does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this site.
    pub site: Option<SiteId>,
    /// By this person.
    pub operator: Option<OperatorId>,
    /// From this device.
    pub device: Option<DeviceId>,
    /// Before this place, for the next page.
    pub before: Option<Place>,
    /// At this place or after it.
    pub from: Option<Place>,
}

pub(super) const COLUMNS: &str =
    "e.chain, e.number, e.hash, e.place, e.standing, e.accepted_at, e.quarantined, e.record";

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    pub(super) fn event_row(&self, r: &Row<'_>, chains: &Chains) -> Result<EventRow, ReplicaError> {
        let placed = placed_from_row(r, chains)?;
        let reversed_by = self.reversal_of(placed.event.hash, chains)?;
        Ok(EventRow {
            placed,
            reversed_by,
        })
    }

    fn reversal_of(
        &self,
        hash: EventHash,
        chains: &Chains,
    ) -> Result<Option<EventHash>, ReplicaError> {
        let naming = self.rows(
            &format!(
                "SELECT {COLUMNS} FROM event_name n JOIN event e ON e.chain = n.chain AND e.number = n.number
                 WHERE n.hash = ?1 AND e.standing > 0"
            ),
            [hash.0],
            |r| placed_from_row(r, chains),
        )?;
        Ok(naming
            .into_iter()
            .find(|p| matches!(p.event.record.body, domain::EventBody::Reversed { target } if target == hash))
            .map(|p| p.event.hash))
    }

    /// The photos, signatures and documents put to an event, in the order of their places; those that were reversed or
    /// are in quarantine are left out.
    pub fn attachments(&self, to: EventHash) -> Result<Vec<EventRow>, ReplicaError> {
        let chains = self.chains()?;
        let mut naming = self.rows(
            &format!(
                "SELECT {COLUMNS} FROM event_name n JOIN event e ON e.chain = n.chain AND e.number = n.number
                 WHERE n.hash = ?1 AND e.standing > 0 ORDER BY e.place"
            ),
            [to.0],
            |r| self.event_row(r, &chains),
        )?;
        naming.retain(|row| {
            matches!(&row.placed.event.record.body, domain::EventBody::Attached { to: target, .. } if *target == to)
        });
        Ok(naming)
    }

    /// Whether somebody has inspected what this event brought in, and it counts.
    pub fn is_inspected(&self, receipt: EventHash) -> Result<bool, ReplicaError> {
        let chains = self.chains()?;
        let naming = self.rows(
            &format!(
                "SELECT {COLUMNS} FROM event_name n JOIN event e ON e.chain = n.chain AND e.number = n.number
                 WHERE n.hash = ?1 AND e.standing > 0"
            ),
            [receipt.0],
            |r| placed_from_row(r, &chains),
        )?;
        let inspects = |placed: &Placed| matches!(&placed.event.record.body, domain::EventBody::Inspected(i) if i.of == receipt);
        Ok(naming.iter().any(inspects))
    }

    /// One event.
    pub fn event(&self, id: EventId) -> Result<Option<EventRow>, ReplicaError> {
        let chains = self.chains()?;
        let Some(chain) = chains.get(id.chain) else {
            return Ok(None);
        };
        self.row(
            &format!("SELECT {COLUMNS} FROM event e WHERE e.chain = ?1 AND e.number = ?2"),
            params![chain.local, id.number as i64],
            |r| self.event_row(r, &chains),
        )
    }

    /// The event with this hash.
    pub fn event_by_hash(&self, hash: EventHash) -> Result<Option<EventRow>, ReplicaError> {
        let chains = self.chains()?;
        self.row(
            &format!("SELECT {COLUMNS} FROM event e WHERE e.hash = ?1"),
            [hash.0],
            |r| self.event_row(r, &chains),
        )
    }

    /// Events, the latest place first.
    pub fn events(&self, filter: &EventFilter, limit: u32) -> Result<Vec<EventRow>, ReplicaError> {
        let chains = self.chains()?;
        self.rows(
            &format!(
                "SELECT {COLUMNS} FROM event e JOIN chain c ON c.id = e.chain
                 WHERE e.place < ?1 AND (?2 IS NULL OR c.partition = ?2) AND (?3 IS NULL OR e.operator = ?3)
                   AND (?4 IS NULL OR c.device = ?4) AND e.place >= ?6
                 ORDER BY e.place DESC LIMIT ?5"
            ),
            params![
                filter.before.unwrap_or(Place::end_of(i64::MAX)).to_bytes(),
                filter.site.map(|s| s.as_bytes().to_vec()),
                filter.operator.map(|o| o.as_bytes().to_vec()),
                filter.device.map(|d| d.as_bytes().to_vec()),
                limit,
                filter.from.unwrap_or(Place::START).to_bytes(),
            ],
            |r| self.event_row(r, &chains),
        )
    }

    /// How many events there are.
    pub fn event_count(&self) -> Result<u64, ReplicaError> {
        self.count("SELECT count(*) FROM event", [])
    }

    /// What happened to a pile, a unit, a code or a lot, the latest first; events that do not count are left out.
    pub fn history(
        &self,
        site: SiteId,
        subject: &Subject,
        limit: u32,
    ) -> Result<Vec<EventRow>, ReplicaError> {
        let key = [&site.as_bytes()[..], &subject.to_key()].concat();
        let places = self.rows(
            "SELECT e.place FROM entry e JOIN subject s ON s.id = e.subject
             WHERE s.key = ?1 ORDER BY e.place DESC LIMIT ?2",
            params![key, limit],
            |r| row::place(r, "place"),
        )?;
        self.events_at(&places)
    }

    /// What happened in a bin, the latest first.
    pub fn history_of_bin(
        &self,
        bin: domain::BinId,
        limit: u32,
    ) -> Result<Vec<EventRow>, ReplicaError> {
        let (first, last) = piles_of(bin);
        let places = self.rows(
            &format!(
                "WITH {PILES_OF_BIN}
                 SELECT DISTINCT place FROM entry WHERE subject IN piles ORDER BY place DESC LIMIT ?3"
            ),
            params![first, last, limit],
            |r| row::place(r, "place"),
        )?;
        self.events_at(&places)
    }

    /// What happened to an item at a site, over all its piles, the latest first.
    pub fn history_of_item(
        &self,
        site: SiteId,
        item: domain::ItemId,
        limit: u32,
    ) -> Result<Vec<EventRow>, ReplicaError> {
        let places = self.rows(
            "SELECT DISTINCT e.place FROM subject s JOIN entry e ON e.subject = s.id
             WHERE s.item = ?2 AND substr(s.key, 1, 16) = ?1
             ORDER BY e.place DESC LIMIT ?3",
            params![site.as_bytes(), item.as_bytes(), limit],
            |r| row::place(r, "place"),
        )?;
        self.events_at(&places)
    }

    fn events_at(&self, places: &[Place]) -> Result<Vec<EventRow>, ReplicaError> {
        let mut events = Vec::with_capacity(places.len());
        for place in places {
            events.extend(self.event(place.id)?);
        }
        Ok(events)
    }
}
