//! What a review queue needs besides the exceptions themselves.

use domain::event::{EventBody, EventHash, EventRecord, ExceptionId};
use domain::ledger::{ExceptionKind, Finding, Part, Place, StateHash, StockKey, Subject};
use domain::{DeviceId, OperatorId, Quantity, SiteId, UnixMillis};
use rusqlite::params;

use super::{EventRow, Query};
use crate::error::ReplicaError;
use crate::ledger_store::{STILL_CLOSED, entry_from_row};
use crate::row;

/// An exception that waits for a decision, as lists need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRow {
    /// Names it.
    pub id: ExceptionId,
    /// What kind.
    pub kind: ExceptionKind,
    /// Where.
    pub site: SiteId,
    /// About what.
    pub subject: Subject,
    /// When it came about.
    pub opened: Place,
    /// The events that disagree, in order.
    pub evidence: Vec<EventHash>,
}

/// An event as lists of exceptions need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHead {
    /// The device that wrote it.
    pub device: DeviceId,
    /// Where it stands.
    pub place: Place,
    /// When the hub took it; `None` until then.
    pub accepted_at: Option<UnixMillis>,
    /// What it says.
    pub record: EventRecord,
}

/// An exception that was open on this replica until something came that settled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedRow {
    /// Names it.
    pub id: ExceptionId,
    /// Which it was when it was last open; healed nowhere.
    pub finding: Finding,
    /// The event that came last.
    pub closed_by: Option<EventHash>,
    /// When that event reached the hub, unix milliseconds.
    pub closed_at: UnixMillis,
}

/// What is supposed of a pile's past, to see what would stand there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supposed {
    /// The event at this place does not count.
    Without(Place),
    /// The count at this place is approved.
    Approved(Place),
    /// So much is added now; may be negative.
    Plus(Quantity),
}

/// How many changes and counts of a pile after the first supposed one are read at most.
const ENTRIES_MAX: i64 = 100_000;

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// All exceptions that wait for a decision, in no order.
    pub fn open_exceptions(&self) -> Result<Vec<OpenRow>, ReplicaError> {
        self.rows(
            "SELECT f.id, f.kind, s.key, f.opened, f.evidence FROM finding f JOIN subject s ON s.id = f.subject
             WHERE f.status = 0",
            [],
            |r| {
                let kind = r.get_ref("kind")?.as_str().ok();
                let key = r.get_ref("key")?.as_blob().unwrap_or_default();
                let evidence = r.get_ref("evidence")?.as_blob().unwrap_or_default();
                let bad = ReplicaError::BadRow;
                Ok(OpenRow {
                    id: row::exception_id(r, "id")?,
                    kind: kind
                        .and_then(ExceptionKind::from_code)
                        .ok_or(bad("finding.kind"))?,
                    site: SiteId::from_slice(key.get(..16).unwrap_or_default())
                        .map_err(|_| bad("subject.key"))?,
                    subject: key
                        .get(16..)
                        .and_then(Subject::from_key)
                        .ok_or(bad("subject.key"))?,
                    opened: row::place(r, "opened")?,
                    evidence: evidence
                        .chunks_exact(32)
                        .filter_map(EventHash::from_slice)
                        .collect(),
                })
            },
        )
    }

    /// What the rows of all sites' stock, units and exceptions add up to: as long as it is the same, so are they.
    pub fn ledgers_hash(&self) -> Result<Vec<StateHash>, ReplicaError> {
        self.rows(
            "SELECT value FROM meta WHERE key >= 'state-of-ledger:' AND key < 'state-of-ledger;' ORDER BY key",
            [],
            |r| {
                let value = r.get_ref("value")?.as_blob().unwrap_or_default();
                StateHash::from_bytes(value).ok_or(ReplicaError::BadRow("state hash"))
            },
        )
    }

    /// An event without what names it.
    pub fn event_head(&self, hash: EventHash) -> Result<Option<EventHead>, ReplicaError> {
        self.row(
            "SELECT c.device, e.place, e.accepted_at, e.record FROM event e JOIN chain c ON c.id = e.chain
             WHERE e.hash = ?1",
            [hash.0],
            |r| {
                let record = r.get_ref("record")?.as_blob().unwrap_or_default();
                Ok(EventHead {
                    device: DeviceId::from_bytes(row::bytes16(r, "device")?),
                    place: row::place(r, "place")?,
                    accepted_at: r.get("accepted_at")?,
                    record: EventRecord::from_bytes(record)
                        .map_err(|_| ReplicaError::BadRow("event.record"))?,
                })
            },
        )
    }

    /// Where the last event of each device stands, by its chains in sites; a device that never wrote is left out.
    pub fn last_events(&self) -> Result<Vec<(DeviceId, UnixMillis)>, ReplicaError> {
        // Chains are not narrowed; all events of one that is not seen would be gone through to find none.
        let seen = match self.narrowed {
            true => "AND c.partition IN (SELECT id FROM temp.seen_site)",
            false => "",
        };
        self.rows(
            &format!(
                "SELECT c.device,
                        (SELECT e.place FROM event e WHERE e.chain = c.id ORDER BY e.number DESC LIMIT 1) AS place
                 FROM chain c
                 WHERE c.partition <> x'' {seen} AND EXISTS (SELECT 1 FROM event e WHERE e.chain = c.id)"
            ),
            [],
            |r| {
                let device = DeviceId::from_bytes(row::bytes16(r, "device")?);
                Ok((device, row::place(r, "place")?.clock.millis))
            },
        )
    }

    /// What a pile would hold now, and what it holds, if its past were otherwise. Counts that were approved later
    /// stand, whatever is supposed of what was before them.
    pub fn balance_if(
        &self,
        site: SiteId,
        key: &StockKey,
        supposed: &[Supposed],
    ) -> Result<(Quantity, Quantity), ReplicaError> {
        let now = self.balance(site, key)?;
        let from = supposed.iter().filter_map(|s| match s {
            Supposed::Without(place) | Supposed::Approved(place) => Some(*place),
            Supposed::Plus(_) => None,
        });
        let mut then = now;
        if let Some(from) = from.min() {
            let subject = [&site.as_bytes()[..], &Subject::Stock(key.clone()).to_key()].concat();
            let steps = self.rows(
                "SELECT e.place, e.part, e.amount, e.balance, e.times_below FROM entry e JOIN subject s ON s.id = e.subject
                 WHERE s.key = ?1 AND e.place >= ?2 ORDER BY e.place LIMIT ?3",
                params![subject, from.to_bytes(), ENTRIES_MAX],
                entry_from_row,
            )?;
            // What stood before the first: its own step taken back from what stood after it.
            let before = self.balance_before(&subject, from)?;
            if let Some(before) = before {
                then = before;
                for entry in &steps {
                    let is_left_out = supposed.contains(&Supposed::Without(entry.place));
                    let is_approved = supposed.contains(&Supposed::Approved(entry.place));
                    match entry.part {
                        _ if is_left_out => {}
                        Part::Change(by) => then = then.plus(by),
                        Part::Count { counted, approved } if approved || is_approved => {
                            then = counted;
                        }
                        Part::Count { .. } | Part::Mark => {}
                    }
                }
            }
        }
        for more in supposed {
            if let Supposed::Plus(by) = more {
                then = then.plus(*by);
            }
        }
        Ok((now, then))
    }

    /// What stood in a pile just before a place; `None` if that is behind this replica's history.
    fn balance_before(
        &self,
        subject: &[u8],
        place: Place,
    ) -> Result<Option<Quantity>, ReplicaError> {
        let written = self.row(
            "SELECT e.balance FROM entry e JOIN subject s ON s.id = e.subject
             WHERE s.key = ?1 AND e.place < ?2 ORDER BY e.place DESC LIMIT 1",
            params![subject, place.to_bytes()],
            |r| Ok(Quantity::from_thousandths(r.get("balance")?)),
        )?;
        if written.is_some() {
            return Ok(written);
        }
        let rests_on_snapshot = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM baseline b JOIN subject s ON s.id = b.subject WHERE s.key = ?1",
            )?
            .exists([subject])?;
        Ok((!rests_on_snapshot).then_some(Quantity::ZERO))
    }

    /// What supervisors said about an exception, the oldest first.
    pub fn notes(&self, exception: ExceptionId) -> Result<Vec<EventRow>, ReplicaError> {
        let hashes = self.rows(
            "SELECT e.hash FROM event_note n JOIN event e ON e.chain = n.chain AND e.number = n.number
             WHERE n.exception = ?1 AND e.standing > 0 ORDER BY e.place",
            [exception.0],
            |r| row::hash(r, "hash"),
        )?;
        let mut notes = Vec::with_capacity(hashes.len());
        for hash in hashes {
            notes.extend(self.event_by_hash(hash)?);
        }
        Ok(notes)
    }

    /// Of open exceptions that somebody said something about: whom they were last given to, and how many notes have words.
    pub fn note_heads(&self) -> Result<Vec<(ExceptionId, Option<OperatorId>, u64)>, ReplicaError> {
        let rows = self.rows(
            "SELECT n.exception, e.record FROM event_note n
             JOIN finding f ON f.id = n.exception AND f.status = 0
             JOIN event e ON e.chain = n.chain AND e.number = n.number
             WHERE e.standing > 0 ORDER BY n.exception, e.place",
            [],
            |r| {
                let record = r.get_ref("record")?.as_blob().unwrap_or_default();
                let record = EventRecord::from_bytes(record)
                    .map_err(|_| ReplicaError::BadRow("event.record"))?;
                Ok((row::exception_id(r, "exception")?, record))
            },
        )?;
        let mut heads: Vec<(ExceptionId, Option<OperatorId>, u64)> = Vec::new();
        for (id, record) in rows {
            let EventBody::Noted(note) = record.body else {
                continue;
            };
            if heads.last().is_none_or(|(last, ..)| *last != id) {
                heads.push((id, None, 0));
            }
            if let Some((_, assigned, words)) = heads.last_mut() {
                if let Some(assignment) = note.assigned {
                    *assigned = assignment.to;
                }
                *words += u64::from(!note.text.is_empty());
            }
        }
        Ok(heads)
    }

    /// Exceptions that closed without a decision, the latest first: at most `limit` of those before `before`, which is
    /// what the last row of the page before says: (closed at, id).
    pub fn closed_by_themselves(
        &self,
        before: Option<(UnixMillis, ExceptionId)>,
        limit: u32,
    ) -> Result<Vec<ClosedRow>, ReplicaError> {
        let (at, id) = before.map_or((i64::MAX, [0xff; 32]), |(at, id)| (at, id.0));
        self.rows(
            &format!(
                "SELECT * FROM closed_by_itself c WHERE (c.closed_at, c.id) < (?1, ?2) AND {STILL_CLOSED}
                 ORDER BY c.closed_at DESC, c.id DESC LIMIT ?3"
            ),
            params![at, id, limit],
            closed,
        )
    }

    /// One exception that closed without a decision.
    pub fn closed_by_itself(&self, id: ExceptionId) -> Result<Option<ClosedRow>, ReplicaError> {
        self.row(
            &format!("SELECT * FROM closed_by_itself c WHERE c.id = ?1 AND {STILL_CLOSED}"),
            [id.0],
            closed,
        )
    }

    /// How many exceptions closed without a decision since then, counted to at most 1,000.
    pub fn closed_by_themselves_count(&self, since: UnixMillis) -> Result<u64, ReplicaError> {
        self.count(
            &format!(
                "SELECT count(*) FROM (SELECT 1 FROM closed_by_itself c
                 WHERE c.closed_at >= ?1 AND {STILL_CLOSED} LIMIT 1000)"
            ),
            [since],
        )
    }
}

fn closed(r: &rusqlite::Row<'_>) -> Result<ClosedRow, ReplicaError> {
    let key: Vec<u8> = r.get("subject")?;
    let evidence: Vec<u8> = r.get("evidence")?;
    let kind: String = r.get("kind")?;
    let bad = ReplicaError::BadRow;
    let amount = |v: Option<i64>| v.map(Quantity::from_thousandths);
    let closed_by: Option<Vec<u8>> = r.get("closed_by")?;
    Ok(ClosedRow {
        id: row::exception_id(r, "id")?,
        finding: Finding {
            kind: ExceptionKind::from_code(&kind).ok_or(bad("closed_by_itself.kind"))?,
            subject: key
                .get(16..)
                .and_then(Subject::from_key)
                .ok_or(bad("closed_by_itself.subject"))?,
            occurrence: String::new(),
            site: SiteId::from_slice(key.get(..16).unwrap_or_default())
                .map_err(|_| bad("closed_by_itself.subject"))?,
            opened: row::place(r, "opened")?,
            healed: None,
            evidence: evidence
                .chunks_exact(32)
                .filter_map(EventHash::from_slice)
                .collect(),
            book: amount(r.get("book")?),
            counted: amount(r.get("counted")?),
        },
        closed_by: closed_by.as_deref().and_then(EventHash::from_slice),
        closed_at: r.get("closed_at")?,
    })
}
