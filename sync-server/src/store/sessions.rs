//! Open sign-ins.

use domain::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};

use super::StoreError;
use super::accounts::{User, columns, user_of};

/// A session that has not ended, and when it was last seen.
pub struct Found {
    /// Whose it is.
    pub user: User,
    /// Unix milliseconds.
    pub last_seen_at: UnixMillis,
}

/// Opens a session, and forgets those that have ended.
///
/// # Errors
/// [`StoreError::Sqlite`], as of all functions here.
pub fn open(
    db: &Transaction<'_>,
    token_hash: &[u8; 32],
    user: i64,
    now: UnixMillis,
    expires_at: UnixMillis,
) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM sessions WHERE expires_at <= :now",
        named_params! { ":now": now },
    )?;
    db.execute(
        "INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at)
         VALUES (:hash, :user, :now, :now, :expires_at)",
        named_params! { ":hash": token_hash, ":user": user, ":now": now, ":expires_at": expires_at },
    )?;
    Ok(())
}

/// The session with that token, if it has neither expired nor been idle since `idle_since`.
pub fn find(
    db: &Connection,
    token_hash: &[u8; 32],
    now: UnixMillis,
    idle_since: UnixMillis,
) -> Result<Option<Found>, StoreError> {
    Ok(db
        .prepare_cached(&format!(
            "SELECT {}, sessions.last_seen_at AS last_seen_at
             FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE token_hash = :hash AND expires_at > :now AND last_seen_at > :idle_since AND disabled = 0",
            columns()
        ))?
        .query_row(
            named_params! { ":hash": token_hash, ":now": now, ":idle_since": idle_since },
            |row| {
                Ok(Found {
                    user: user_of(row)?,
                    last_seen_at: row.get("last_seen_at")?,
                })
            },
        )
        .optional()?)
}

/// Notes that the session was used.
pub fn touch(
    db: &Transaction<'_>,
    token_hash: &[u8; 32],
    now: UnixMillis,
) -> Result<(), StoreError> {
    db.execute(
        "UPDATE sessions SET last_seen_at = :now WHERE token_hash = :hash",
        named_params! { ":now": now, ":hash": token_hash },
    )?;
    Ok(())
}

/// Ends a session.
pub fn end(db: &Transaction<'_>, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM sessions WHERE token_hash = :hash",
        named_params! { ":hash": token_hash },
    )?;
    Ok(())
}
