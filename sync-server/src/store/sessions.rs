//! Open sign-ins.

use domain::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params, params};

use super::StoreError;
use super::accounts::{User, columns, complete, user_of};

/// A session that has not ended, and when it was last seen.
pub struct Found {
    /// Whose it is.
    pub user: User,
    /// Unix milliseconds.
    pub last_seen_at: UnixMillis,
    /// The second factor is still to come: it opens nothing else.
    pub half: bool,
}

/// A session as its owner and administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Names it in forms; tells nothing about the token.
    pub handle: String,
    /// When it was opened, unix milliseconds.
    pub since: UnixMillis,
    /// When it was last used.
    pub last_seen_at: UnixMillis,
    /// From where it was opened.
    pub address: String,
    /// What program opened it, as that called itself.
    pub agent: String,
}

/// What a session is opened with.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    /// From where.
    pub address: String,
    /// With what, as the program calls itself; cut to 200 characters.
    pub agent: String,
    /// The second factor is still to come.
    pub half: bool,
}

/// The handle of a session: its token's hash, hashed again.
pub fn handle(token_hash: &[u8; 32]) -> String {
    let hash = blake3::derive_key("tallyman 2026 session handle", token_hash);
    hash.iter().take(12).map(|b| format!("{b:02x}")).collect()
}

/// Opens a session, and forgets those that have ended.
///
/// # Errors
/// [`StoreError::Sqlite`], as of all functions here.
pub fn open(
    db: &Transaction<'_>,
    token_hash: &[u8; 32],
    user: i64,
    with: &Opened,
    now: UnixMillis,
    expires_at: UnixMillis,
) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM sessions WHERE expires_at <= :now",
        named_params! { ":now": now },
    )?;
    let agent: String = with.agent.chars().take(200).collect();
    db.execute(
        "INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at, address, agent, half)
         VALUES (:hash, :user, :now, :now, :expires_at, :address, :agent, :half)",
        named_params! {
            ":hash": token_hash, ":user": user, ":now": now, ":expires_at": expires_at,
            ":address": with.address, ":agent": agent, ":half": with.half,
        },
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
    let found = db
        .prepare_cached(&format!(
            "SELECT {}, sessions.last_seen_at AS last_seen_at, sessions.half AS half
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
                    half: row.get("half")?,
                })
            },
        )
        .optional()?;
    found
        .map(|found| {
            Ok(Found {
                user: complete(db, found.user)?,
                ..found
            })
        })
        .transpose()
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

/// The open sessions of a user, the last used first. Half ones are not among them.
pub fn of_user(
    db: &Connection,
    user: i64,
    now: UnixMillis,
    idle_since: UnixMillis,
) -> Result<Vec<Listed>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT token_hash, created_at, last_seen_at, address, agent FROM sessions
         WHERE user_id = ?1 AND expires_at > ?2 AND last_seen_at > ?3 AND half = 0
         ORDER BY last_seen_at DESC, created_at DESC",
    )?;
    let rows = statement.query_map(params![user, now, idle_since], |row| {
        Ok(Listed {
            handle: handle(&row.get("token_hash")?),
            since: row.get("created_at")?,
            last_seen_at: row.get("last_seen_at")?,
            address: row.get("address")?,
            agent: row.get("agent")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Ends the session with that handle, or with `None` all of the user's but the one with the token of `keep`. Returns how
/// many.
pub fn end_of_user(
    db: &Transaction<'_>,
    user: i64,
    which: Option<&str>,
    keep: Option<&[u8; 32]>,
) -> Result<usize, StoreError> {
    let mut statement = db.prepare_cached("SELECT token_hash FROM sessions WHERE user_id = ?1")?;
    let rows = statement.query_map([user], |row| row.get::<_, [u8; 32]>("token_hash"))?;
    let hashes: Vec<[u8; 32]> = rows.collect::<Result<_, _>>()?;
    let mut ended = 0;
    for hash in hashes {
        let meant = which.is_none_or(|which| handle(&hash) == which);
        if meant && keep != Some(&hash) {
            end(db, &hash)?;
            ended += 1;
        }
    }
    Ok(ended)
}
