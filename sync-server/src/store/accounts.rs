//! Users of the console.

use std::collections::BTreeSet;

use domain::{OperatorId, SiteId, UnixMillis};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};

use super::{StoreError, roles};
use crate::auth::{RightSet, Scope};

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
    /// Which sites they may see.
    pub scope: Scope,
    /// What their role may do.
    pub rights: RightSet,
    /// Whether a second factor is asked of them.
    pub has_totp: bool,
}

const COLUMNS: &str = "users.id AS id, users.name AS name, users.role AS role, users.operator AS operator, \
                       users.disabled AS disabled, users.everywhere AS everywhere, \
                       EXISTS (SELECT 1 FROM user_totp WHERE user_id = users.id AND confirmed_at > 0) AS has_totp";

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
        scope: match row.get("everywhere")? {
            true => Scope::Everywhere,
            // `complete` says which.
            false => Scope::Only(BTreeSet::new()),
        },
        rights: RightSet::default(),
        has_totp: row.get("has_totp")?,
    })
}

/// Adds to a user what other tables say: sites and rights. Administrators see all sites.
pub(super) fn complete(db: &Connection, mut user: User) -> Result<User, StoreError> {
    user.rights = RightSet::of(user.role, roles::changes(db, user.role)?);
    if user.role == Role::Admin {
        user.scope = Scope::Everywhere;
    }
    if let Scope::Only(sites) = &mut user.scope {
        let mut statement = db.prepare_cached("SELECT site FROM user_sites WHERE user_id = ?1")?;
        let mut rows = statement.query([user.id])?;
        while let Some(row) = rows.next()? {
            sites.insert(SiteId::from_bytes(row.get("site")?));
        }
    }
    Ok(user)
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
    let found = db
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, users.password_hash AS password_hash FROM users WHERE name = :name"
        ))?
        .query_row(named_params! { ":name": name }, |row| {
            Ok((user_of(row)?, row.get("password_hash")?))
        })
        .optional()?;
    found
        .map(|(user, hash)| Ok((complete(db, user)?, hash)))
        .transpose()
}

/// The user with that row id.
pub fn by_id(db: &Connection, id: i64) -> Result<Option<User>, StoreError> {
    let found = db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE id = ?1"))?
        .query_row([id], user_of)
        .optional()?;
    found.map(|user| complete(db, user)).transpose()
}

/// All users by name.
pub fn all(db: &Connection) -> Result<Vec<User>, StoreError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM users ORDER BY name, id"))?;
    let users: Vec<User> = statement
        .query_map([], user_of)?
        .collect::<Result<_, _>>()?;
    users.into_iter().map(|user| complete(db, user)).collect()
}

/// Sets what a user may do, and where.
pub fn set_reach(
    db: &Transaction<'_>,
    user: i64,
    role: Role,
    scope: &Scope,
) -> Result<(), StoreError> {
    db.execute(
        "UPDATE users SET role = ?2, everywhere = ?3 WHERE id = ?1",
        params![user, role.code(), scope.is_everywhere()],
    )?;
    db.execute("DELETE FROM user_sites WHERE user_id = ?1", [user])?;
    if let Scope::Only(sites) = scope {
        for site in sites {
            db.execute(
                "INSERT INTO user_sites (user_id, site) VALUES (?1, ?2)",
                params![user, site.as_bytes()],
            )?;
        }
    }
    Ok(())
}

/// Lets a user sign in, or not any more; then their sessions and links end.
pub fn set_disabled(db: &Transaction<'_>, user: i64, disabled: bool) -> Result<(), StoreError> {
    db.execute(
        "UPDATE users SET disabled = ?2 WHERE id = ?1",
        params![user, disabled],
    )?;
    if disabled {
        db.execute("DELETE FROM sessions WHERE user_id = ?1", [user])?;
        db.execute("DELETE FROM sign_in_links WHERE user_id = ?1", [user])?;
    }
    Ok(())
}

/// How many administrators besides that one may sign in.
pub fn other_admins(db: &Connection, than: i64) -> Result<i64, StoreError> {
    Ok(db.query_row(
        "SELECT count(*) FROM users WHERE role = 'admin' AND disabled = 0 AND id <> ?1",
        [than],
        |row| row.get(0),
    )?)
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
