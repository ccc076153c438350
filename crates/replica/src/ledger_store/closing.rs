//! Exceptions that were open and that nobody had to decide: what came later settled them.

use std::collections::{BTreeMap, HashSet};

use domain::event::ExceptionId;
use domain::ledger::{Exception, ExceptionStatus};
use domain::{Quantity, UnixMillis};
use rusqlite::{Connection, params};

use super::rows::exception_from_row;
use crate::error::ReplicaError;
use crate::row;

/// So long is remembered what closed by itself.
const KEPT_MS: i64 = 90 * 86_400_000;

/// What closes in the transaction under way.
#[derive(Default)]
pub(super) struct Closing {
    /// Found in this transaction: nobody has seen them.
    new: HashSet<ExceptionId>,
    /// Open when the transaction began.
    were_open: BTreeMap<ExceptionId, Exception>,
}

impl Closing {
    /// Before the row of an exception is written.
    pub(super) fn before_put(
        &mut self,
        connection: &Connection,
        id: ExceptionId,
        status: ExceptionStatus,
        is_first: bool,
    ) -> Result<(), ReplicaError> {
        if is_first {
            self.new.insert(id);
        } else if status == ExceptionStatus::Healed {
            self.note_open(connection, id)?;
        } else if !self.were_open.contains_key(&id) && !is_found(connection, id)? {
            self.new.insert(id);
        }
        Ok(())
    }

    /// Before the row of an exception is deleted.
    pub(super) fn note_open(
        &mut self,
        connection: &Connection,
        id: ExceptionId,
    ) -> Result<(), ReplicaError> {
        if self.new.contains(&id) || self.were_open.contains_key(&id) {
            return Ok(());
        }
        let mut statement =
            connection.prepare_cached("SELECT * FROM exception WHERE id = ?1 AND status = 0")?;
        let mut rows = statement.query([id.0])?;
        // None: healed or decided, or it comes to be and goes within this transaction.
        if let Some(exception) = rows.next()?.map(exception_from_row).transpose()? {
            self.were_open.insert(id, exception);
        }
        Ok(())
    }

    /// After all rows are written: remembers those that are open no more.
    pub(super) fn write(&mut self, connection: &Connection) -> Result<(), ReplicaError> {
        self.new.clear();
        for (id, exception) in std::mem::take(&mut self.were_open) {
            let is_open = connection
                .prepare_cached("SELECT 1 FROM finding WHERE id = ?1 AND status <> 1")?
                .exists([id.0])?;
            if !is_open {
                remember(connection, id, &exception)?;
            }
        }
        Ok(())
    }
}

fn is_found(connection: &Connection, id: ExceptionId) -> Result<bool, ReplicaError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM finding WHERE id = ?1")?
        .exists([id.0])?)
}

fn remember(
    connection: &Connection,
    id: ExceptionId,
    exception: &Exception,
) -> Result<(), ReplicaError> {
    let finding = &exception.finding;
    let subject = [&finding.site.as_bytes()[..], &finding.subject.to_key()].concat();
    let last = last_to_come(connection, &subject, exception)?;
    let at = last.map_or(finding.opened.clock.millis, |(_, at)| at);
    let evidence = finding.evidence.iter().map(|h| h.0).collect::<Vec<_>>();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO closed_by_itself
                 (id, subject, kind, opened, evidence, book, counted, closed_by, closed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            id.0,
            subject,
            finding.kind.code(),
            finding.opened.to_bytes(),
            evidence.concat(),
            finding.book.map(Quantity::thousandths),
            finding.counted.map(Quantity::thousandths),
            last.map(|(hash, _)| hash),
            at,
        ])?;
    connection
        .prepare_cached("DELETE FROM closed_by_itself WHERE closed_at < ?1")?
        .execute([at - KEPT_MS])?;
    Ok(())
}

/// Of all that happened to the subject, and of what took part of the evidence back, what came last.
fn last_to_come(
    connection: &Connection,
    subject: &[u8],
    exception: &Exception,
) -> Result<Option<([u8; 32], UnixMillis)>, ReplicaError> {
    let read = |r: &rusqlite::Row<'_>| -> Result<([u8; 32], Option<i64>, i64), ReplicaError> {
        Ok((
            row::bytes32(r, "hash")?,
            r.get("accepted_at")?,
            row::place(r, "place")?.clock.millis,
        ))
    };
    // What the hub has not accepted yet was written here, just now.
    let order = "ORDER BY coalesce(e.accepted_at, 9223372036854775807) DESC, e.place DESC LIMIT 1";
    let mut found = Vec::new();
    let mut on_subject = connection.prepare_cached(&format!(
        "SELECT e.hash, e.accepted_at, e.place FROM subject s JOIN entry n ON n.subject = s.id
         JOIN event e ON e.place = n.place WHERE s.key = ?1 {order}"
    ))?;
    let mut rows = on_subject.query([subject])?;
    found.extend(rows.next()?.map(read).transpose()?);
    let mut naming = connection.prepare_cached(&format!(
        "SELECT e.hash, e.accepted_at, e.place FROM event_name n
         JOIN event e ON e.chain = n.chain AND e.number = n.number
         WHERE n.hash = ?1 AND e.standing > 0 {order}"
    ))?;
    for hash in &exception.finding.evidence {
        let mut rows = naming.query([hash.0])?;
        found.extend(rows.next()?.map(read).transpose()?);
    }
    let last = found
        .into_iter()
        .max_by_key(|(_, accepted_at, clock)| (accepted_at.unwrap_or(i64::MAX), *clock));
    Ok(last.map(|(hash, accepted_at, clock)| (hash, accepted_at.unwrap_or(clock))))
}

/// What the decided exceptions and those that came back leave out.
pub(crate) const STILL_CLOSED: &str =
    "NOT EXISTS (SELECT 1 FROM finding f WHERE f.id = c.id AND f.status <> 1)
     AND NOT EXISTS (SELECT 1 FROM event_decision d JOIN event e ON e.chain = d.chain AND e.number = d.number
                     WHERE d.exception = c.id AND e.standing > 0)";
