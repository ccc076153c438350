//! Users of the console.

use domain::{OperatorId, UnixMillis};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};

use super::StoreError;

/// What a user may do. Each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks, changes nothing.
    Viewer,
    /// Decides exceptions, imports, keeps the list of people.
    Supervisor,
    /// Also adds and revokes devices.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Supervisor, Self::Admin];

    /// Stable name, in SQL, on the command line and in translation keys.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }

    /// The role with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// A user of the console.
#[derive(Debug, Clone)]
pub struct User {
    /// Row id.
    pub id: i64,
    /// What they sign in with and are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The operator that their events name.
    pub operator: OperatorId,
    /// May not sign in any more.
    pub disabled: bool,
}

const COLUMNS: &str = "users.id AS id, users.name AS name, users.role AS role, users.operator AS operator, \
                       users.disabled AS disabled";

pub(super) fn user_of(row: &Row<'_>) -> rusqlite::Result<User> {
    let role: String = row.get("role")?;
    let operator: [u8; 16] = row.get("operator")?;
    Ok(User {
        id: row.get("id")?,
        name: row.get("name")?,
        // The table's CHECK allows no other; the least right is the safe reading all the same.
        role: Role::from_code(&role).unwrap_or(Role::Viewer),
        operator: OperatorId::from_bytes(operator),
        disabled: row.get("disabled")?,
    })
}

pub(super) fn columns() -> &'static str {
    COLUMNS
}

/// How many users there are.
///
/// # Errors
/// [`StoreError::Sqlite`], as of all functions here.
pub fn count(db: &Connection) -> Result<i64, StoreError> {
    Ok(db.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?)
}

/// Adds a user; returns the new row id, or `None` if the name is taken.
pub fn insert(
    db: &Transaction<'_>,
    name: &str,
    role: Role,
    password_hash: &str,
    operator: [u8; 16],
    now: UnixMillis,
) -> Result<Option<i64>, StoreError> {
    let added = db
        .prepare_cached(
            "INSERT INTO users (name, role, password_hash, operator, created_at)
             VALUES (:name, :role, :password_hash, :operator, :now) ON CONFLICT DO NOTHING",
        )?
        .execute(named_params! {
            ":name": name, ":role": role.code(), ":password_hash": password_hash,
            ":operator": operator, ":now": now,
        })?;
    Ok((added == 1).then(|| db.last_insert_rowid()))
}

/// Users who may decide, by name; those who are disabled are left out.
pub fn deciding(db: &Connection) -> Result<Vec<User>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM users WHERE disabled = 0 ORDER BY name"
    ))?;
    let users = statement.query_map([], user_of)?;
    let mut users = users.collect::<Result<Vec<_>, _>>()?;
    users.retain(|user| user.role >= Role::Supervisor);
    Ok(users)
}

/// The user with that name, in any letter case, and the stored password hash.
pub fn by_name(db: &Connection, name: &str) -> Result<Option<(User, String)>, StoreError> {
    Ok(db
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, users.password_hash AS password_hash FROM users WHERE name = :name"
        ))?
        .query_row(named_params! { ":name": name }, |row| {
            Ok((user_of(row)?, row.get("password_hash")?))
        })
        .optional()?)
}

/// Stores another password hash and ends every session of that user.
pub fn set_password(
    db: &Transaction<'_>,
    user: i64,
    password_hash: &str,
) -> Result<(), StoreError> {
    db.execute(
        "UPDATE users SET password_hash = :hash WHERE id = :user",
        named_params! { ":hash": password_hash, ":user": user },
    )?;
    db.execute(
        "DELETE FROM sessions WHERE user_id = :user",
        named_params! { ":user": user },
    )?;
    Ok(())
}
