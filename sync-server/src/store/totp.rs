//! Second factors and recovery codes.

use domain::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::StoreError;

/// A second factor. Not shown, not logged: it has no `Debug`.
pub struct Secret {
    /// 20 random bytes.
    pub bytes: [u8; 20],
    /// Whether its owner has typed a code of it.
    pub confirmed: bool,
    /// The last step whose code was used.
    pub last_step: i64,
}

/// The second factor of a user.
///
/// # Errors
/// [`StoreError::Sqlite`], as of all functions here.
pub fn find(db: &Connection, user: i64) -> Result<Option<Secret>, StoreError> {
    Ok(db
        .prepare_cached("SELECT secret, confirmed_at, last_step FROM user_totp WHERE user_id = ?1")?
        .query_row([user], |row| {
            Ok(Secret {
                bytes: row.get("secret")?,
                confirmed: row.get::<_, i64>("confirmed_at")? > 0,
                last_step: row.get("last_step")?,
            })
        })
        .optional()?)
}

/// Keeps a new secret that nobody has confirmed; one that is in use stays. Returns whether it was kept.
pub fn begin(db: &Transaction<'_>, user: i64, secret: &[u8; 20]) -> Result<bool, StoreError> {
    let kept = db.execute(
        "INSERT INTO user_totp (user_id, secret) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE confirmed_at = 0",
        params![user, secret],
    )?;
    Ok(kept == 1)
}

/// Uses a step up. Of two at the same time, on whatever node, only one succeeds.
pub fn use_step(db: &Transaction<'_>, user: i64, step: i64) -> Result<bool, StoreError> {
    let used = db.execute(
        "UPDATE user_totp SET last_step = ?2 WHERE user_id = ?1 AND last_step < ?2",
        params![user, step],
    )?;
    Ok(used == 1)
}

/// From now on a code is asked for.
pub fn confirm(db: &Transaction<'_>, user: i64, now: UnixMillis) -> Result<(), StoreError> {
    db.execute(
        "UPDATE user_totp SET confirmed_at = ?2 WHERE user_id = ?1",
        params![user, now],
    )?;
    Ok(())
}

/// Forgets the second factor and the recovery codes.
pub fn remove(db: &Transaction<'_>, user: i64) -> Result<(), StoreError> {
    db.execute("DELETE FROM user_totp WHERE user_id = ?1", [user])?;
    db.execute("DELETE FROM user_recovery WHERE user_id = ?1", [user])?;
    Ok(())
}

/// Replaces the recovery codes.
pub fn set_recovery(
    db: &Transaction<'_>,
    user: i64,
    hashes: &[[u8; 32]],
) -> Result<(), StoreError> {
    db.execute("DELETE FROM user_recovery WHERE user_id = ?1", [user])?;
    for hash in hashes {
        db.execute(
            "INSERT INTO user_recovery (user_id, code_hash) VALUES (?1, ?2)",
            params![user, hash],
        )?;
    }
    Ok(())
}

/// Uses a recovery code up; whether it was good.
pub fn use_recovery(
    db: &Transaction<'_>,
    user: i64,
    hash: &[u8; 32],
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let used = db.execute(
        "UPDATE user_recovery SET used_at = ?3 WHERE user_id = ?1 AND code_hash = ?2 AND used_at = 0",
        params![user, hash, now],
    )?;
    Ok(used == 1)
}

/// How many recovery codes are left.
pub fn recovery_left(db: &Connection, user: i64) -> Result<i64, StoreError> {
    Ok(db.query_row(
        "SELECT count(*) FROM user_recovery WHERE user_id = ?1 AND used_at = 0",
        [user],
        |row| row.get(0),
    )?)
}
