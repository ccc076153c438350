//! Where roles differ from what the program gives them, and the rules of signing in.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::StoreError;
use super::accounts::Role;
use crate::auth::Right;

/// Rights that a role was given or refused. Codes that this program does not know are left out.
///
/// # Errors
/// [`StoreError::Sqlite`], as of all functions here.
pub fn changes(db: &Connection, role: Role) -> Result<Vec<(Right, bool)>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT code, allowed FROM role_rights WHERE role = ?1")?;
    let rows = statement.query_map([role.code()], |row| {
        Ok((
            row.get::<_, String>("code")?,
            row.get::<_, bool>("allowed")?,
        ))
    })?;
    let rows: Vec<(String, bool)> = rows.collect::<Result<_, _>>()?;
    Ok(rows
        .into_iter()
        .filter_map(|(code, allowed)| Some((Right::from_code(&code)?, allowed)))
        .collect())
}

/// Gives a role a right or takes it; what the program would say itself is not kept.
pub fn set(
    db: &Transaction<'_>,
    role: Role,
    right: Right,
    allowed: bool,
) -> Result<(), StoreError> {
    if allowed == (right.least() <= role) {
        db.execute(
            "DELETE FROM role_rights WHERE role = ?1 AND code = ?2",
            params![role.code(), right.code()],
        )?;
    } else {
        db.execute(
            "INSERT INTO role_rights (role, code, allowed) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET allowed = excluded.allowed",
            params![role.code(), right.code(), allowed],
        )?;
    }
    Ok(())
}

/// What the console is set to; empty if nobody has set it.
pub fn setting(db: &Connection, name: &str) -> Result<String, StoreError> {
    let found = db
        .prepare_cached("SELECT value FROM console_setting WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Sets it.
pub fn set_setting(db: &Transaction<'_>, name: &str, value: &str) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO console_setting (name, value) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET value = excluded.value",
        params![name, value],
    )?;
    Ok(())
}

/// Whose setting it is: `yes` if administrators need a second factor.
pub const TOTP_FOR_ADMINS: &str = "totp-for-admins";

/// Prefix of the settings that say `yes` to a second person, followed by a name of [`crate::access::FOUR_EYES`].
pub const FOUR_EYES: &str = "four-eyes:";

/// How much a decision may take off the book alone, in base units; empty: nothing.
pub const WRITE_OFF_LIMIT: &str = "write-off-limit";

/// Whether a second person is asked for what the audit trail calls so.
pub fn needs_two(db: &Connection, kept: &str) -> Result<bool, StoreError> {
    Ok(setting(db, &format!("{FOUR_EYES}{kept}"))? == "yes")
}
