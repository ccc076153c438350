//! What needs a decision, and what has been decided.

use domain::SiteId;
use domain::event::{EventBody, ExceptionId, Resolution};
use domain::ledger::{Exception, ExceptionKind, Standing};
use rusqlite::params;

use super::{EventRow, Query};
use crate::error::ReplicaError;
use crate::ledger_store::exception_from_row;
use crate::row;

/// Which exceptions; what is `None` does not filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExceptionFilter {
    /// Of this site.
    pub site: Option<SiteId>,
    /// Of this kind.
    pub kind: Option<ExceptionKind>,
    /// Only those that wait for a decision.
    pub open_only: bool,
}

/// A decision, whether or not the exception is still to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolutionRow {
    /// The event of the decision.
    pub event: EventRow,
    /// What it says.
    pub resolution: Resolution,
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// Exceptions, the most severe kind first, then the oldest.
    pub fn exceptions(
        &self,
        filter: &ExceptionFilter,
        limit: u32,
    ) -> Result<Vec<Exception>, ReplicaError> {
        let mut found = self.rows(
            "SELECT * FROM exception
             WHERE (?1 IS NULL OR site = ?1) AND (?2 IS NULL OR kind = ?2) AND (?3 = 0 OR status = 0)
             ORDER BY status, opened LIMIT ?4",
            params![
                filter.site.map(|s| s.as_bytes().to_vec()),
                filter.kind.map(ExceptionKind::code),
                filter.open_only,
                limit,
            ],
            exception_from_row,
        )?;
        found.sort_by_key(|e| {
            (
                std::cmp::Reverse(e.finding.kind.severity()),
                e.finding.opened,
            )
        });
        Ok(found)
    }

    /// How many wait for a decision.
    pub fn open_exception_count(&self) -> Result<u64, ReplicaError> {
        self.count("SELECT count(*) FROM finding WHERE status = 0", [])
    }

    /// One exception.
    pub fn exception(&self, id: ExceptionId) -> Result<Option<Exception>, ReplicaError> {
        self.row(
            "SELECT * FROM exception WHERE id = ?1",
            [id.0],
            exception_from_row,
        )
    }

    /// The events that disagree, in order.
    pub fn evidence(&self, exception: &Exception) -> Result<Vec<EventRow>, ReplicaError> {
        let mut events = Vec::new();
        for hash in &exception.finding.evidence {
            events.extend(self.event_by_hash(*hash)?);
        }
        Ok(events)
    }

    /// The decision on an exception that stands, to be named by the next one.
    pub fn standing_decision(&self, id: ExceptionId) -> Result<Option<EventRow>, ReplicaError> {
        Ok(self
            .decisions_on(Some(id), 1_000)?
            .into_iter()
            .next()
            .map(|r| r.event))
    }

    /// Decisions that stand, the latest first.
    pub fn decisions(&self, limit: u32) -> Result<Vec<ResolutionRow>, ReplicaError> {
        self.decisions_on(None, limit)
    }

    fn decisions_on(
        &self,
        id: Option<ExceptionId>,
        limit: u32,
    ) -> Result<Vec<ResolutionRow>, ReplicaError> {
        let hashes = self.rows(
            "SELECT e.hash FROM event_decision d JOIN event e ON e.chain = d.chain AND e.number = d.number
             WHERE (?1 IS NULL OR d.exception = ?1) AND e.standing > 0 ORDER BY e.place DESC LIMIT ?2",
            params![id.map(|i| i.0.to_vec()), limit],
            |r| row::hash(r, "hash"),
        )?;
        let mut out = Vec::new();
        for hash in hashes {
            if let Some(event) = self.event_by_hash(hash)?
                && event.placed.standing != Standing::Void
                && let EventBody::Resolved(resolution) = &event.placed.event.record.body
            {
                out.push(ResolutionRow {
                    resolution: resolution.clone(),
                    event,
                });
            }
        }
        Ok(out)
    }

    /// Exceptions by their hexadecimal beginning, for links.
    pub fn exception_by_prefix(&self, hex: &str) -> Result<Option<ExceptionId>, ReplicaError> {
        let found = self.rows(
            "SELECT id FROM finding WHERE lower(hex(id)) LIKE ?1 || '%' LIMIT 2",
            [hex.to_lowercase().replace(['%', '_'], "")],
            |r| row::exception_id(r, "id"),
        )?;
        Ok(if found.len() == 1 {
            found.first().copied()
        } else {
            None
        })
    }
}
