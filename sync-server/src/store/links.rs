//! Links that sign somebody in once.

use domain::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};

use super::StoreError;

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Whom it signs in; `None`: it makes the first account.
    pub user: Option<i64>,
    /// Where it leads, a path of this server.
    pub to_path: String,
}

fn link_of(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        user: row.get("user_id")?,
        to_path: row.get("to_path")?,
    })
}

/// Makes a link, and forgets those that have expired.
///
/// # Errors
/// [`StoreError::Sqlite`], as of all functions here.
pub fn insert(
    db: &Transaction<'_>,
    token_hash: &[u8; 32],
    link: &Link,
    now: UnixMillis,
    expires_at: UnixMillis,
) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM sign_in_links WHERE expires_at <= :now",
        named_params! { ":now": now },
    )?;
    db.execute(
        "INSERT INTO sign_in_links (token_hash, user_id, to_path, expires_at)
         VALUES (:hash, :user, :to_path, :expires_at)",
        named_params! {
            ":hash": token_hash, ":user": link.user, ":to_path": link.to_path, ":expires_at": expires_at,
        },
    )?;
    Ok(())
}

/// The link with that token, if it still works. Looking does not use it up.
pub fn find(
    db: &Connection,
    token_hash: &[u8; 32],
    now: UnixMillis,
) -> Result<Option<Link>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT user_id, to_path FROM sign_in_links
             WHERE token_hash = :hash AND used_at = 0 AND expires_at > :now",
        )?
        .query_row(named_params! { ":hash": token_hash, ":now": now }, link_of)
        .optional()?)
}

/// Uses the link up; `None` if it does not work any more. Of two at the same time only one succeeds.
pub fn consume(
    db: &Transaction<'_>,
    token_hash: &[u8; 32],
    now: UnixMillis,
) -> Result<Option<Link>, StoreError> {
    Ok(db
        .prepare_cached(
            "UPDATE sign_in_links SET used_at = :now
             WHERE token_hash = :hash AND used_at = 0 AND expires_at > :now
             RETURNING user_id, to_path",
        )?
        .query_row(named_params! { ":hash": token_hash, ":now": now }, link_of)
        .optional()?)
}
