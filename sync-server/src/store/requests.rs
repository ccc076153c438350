//! What one person asked for and another has to approve.

use domain::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::StoreError;

/// So many decided ones are listed.
const DECIDED_MAX: u32 = 20;

/// Something that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Row id.
    pub id: i64,
    /// What the audit trail calls it.
    pub act: String,
    /// Where the form was sent to.
    pub path: String,
    /// The form, without its token.
    pub form: String,
    /// Who asked.
    pub asked_by: i64,
    /// Their name.
    pub asker: String,
    /// When, unix milliseconds.
    pub asked_at: UnixMillis,
    /// `waiting`, `approved`, `refused`, `withdrawn` or `failed`.
    pub state: String,
    /// The name of who decided; empty if nobody has.
    pub decider: String,
    /// When.
    pub decided_at: UnixMillis,
    /// Why it was refused, or what came of it.
    pub reason: String,
}

const SELECT: &str = "SELECT r.*, a.name AS asker, coalesce(d.name, '') AS decider
    FROM request r JOIN users a ON a.id = r.asked_by LEFT JOIN users d ON d.id = r.decided_by";

fn request(row: &Row<'_>) -> rusqlite::Result<Request> {
    Ok(Request {
        id: row.get("id")?,
        act: row.get("act")?,
        path: row.get("path")?,
        form: row.get("form")?,
        asked_by: row.get("asked_by")?,
        asker: row.get("asker")?,
        asked_at: row.get("asked_at")?,
        state: row.get("state")?,
        decider: row.get("decider")?,
        decided_at: row.get("decided_at")?,
        reason: row.get("reason")?,
    })
}

/// Asks. The same form of the same person that waits already is not asked again.
///
/// # Errors
/// [`StoreError::Sqlite`], as of all functions here.
pub fn ask(
    db: &Transaction<'_>,
    act: &str,
    path: &str,
    form: &str,
    by: i64,
    now: UnixMillis,
) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO request (act, path, form, asked_by, asked_at) SELECT ?1, ?2, ?3, ?4, ?5
         WHERE NOT EXISTS (SELECT 1 FROM request WHERE state = 'waiting' AND path = ?2 AND form = ?3 AND asked_by = ?4)",
        params![act, path, form, by, now],
    )?;
    Ok(())
}

/// One.
pub fn find(db: &Connection, id: i64) -> Result<Option<Request>, StoreError> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE r.id = ?1"))?
        .query_row([id], request)
        .optional()?)
}

/// Those that wait, the oldest first, and the last that do not, the latest first.
pub fn list(db: &Connection) -> Result<(Vec<Request>, Vec<Request>), StoreError> {
    let mut waiting =
        db.prepare_cached(&format!("{SELECT} WHERE r.state = 'waiting' ORDER BY r.id"))?;
    let waiting = waiting.query_map([], request)?.collect::<Result<_, _>>()?;
    let mut decided = db.prepare_cached(&format!(
        "{SELECT} WHERE r.state <> 'waiting' ORDER BY r.decided_at DESC, r.id DESC LIMIT ?1"
    ))?;
    let decided = decided
        .query_map([DECIDED_MAX], request)?
        .collect::<Result<_, _>>()?;
    Ok((waiting, decided))
}

/// Ends one that waits. Of two people at the same time only one succeeds. Nobody approves or refuses what they asked for
/// themselves, and nobody else takes it back.
pub fn decide(
    db: &Transaction<'_>,
    id: i64,
    state: &str,
    by: i64,
    reason: &str,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let done = db.execute(
        "UPDATE request SET state = ?2, decided_by = ?3, reason = ?4, decided_at = ?5
         WHERE id = ?1 AND state = 'waiting' AND (asked_by = ?3) = (?2 = 'withdrawn')",
        params![id, state, by, reason, now],
    )?;
    Ok(done == 1)
}

/// It was approved, and could not be done.
pub fn fail(db: &Transaction<'_>, id: i64, reason: &str) -> Result<(), StoreError> {
    db.execute(
        "UPDATE request SET state = 'failed', reason = ?2 WHERE id = ?1 AND state = 'approved'",
        params![id, reason],
    )?;
    Ok(())
}
