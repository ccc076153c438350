//! Keys of other programs, and answers that may be asked for again.

use domain::{OperatorId, SiteId, UnixMillis};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};

use super::{StoreError, hub_log};

/// A key of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Row id.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// Its first characters.
    pub hint: String,
    /// Codes of what it may.
    pub scopes: Vec<String>,
    /// At which sites; empty: all.
    pub sites: Vec<SiteId>,
    /// The operator that its events name.
    pub operator: OperatorId,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: UnixMillis,
    /// When it stops working; `None`: never.
    pub expires_at: Option<UnixMillis>,
    /// When it was last used, to the minute.
    pub used_at: Option<UnixMillis>,
    /// When it was taken away.
    pub revoked_at: Option<UnixMillis>,
}

impl ApiKey {
    /// Whether it opens anything.
    pub fn works(&self, now: UnixMillis) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }
}

fn key(r: &Row<'_>) -> rusqlite::Result<ApiKey> {
    let (scopes, sites): (String, String) = (r.get("scopes")?, r.get("sites")?);
    Ok(ApiKey {
        id: r.get("id")?,
        name: r.get("name")?,
        hint: r.get("hint")?,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        sites: sites
            .split_whitespace()
            .filter_map(|s| s.parse().ok())
            .collect(),
        operator: OperatorId::from_bytes(r.get("operator")?),
        made_by: r.get("made_by")?,
        made_at: r.get("made_at")?,
        expires_at: r.get("expires_at")?,
        used_at: r.get("used_at")?,
        revoked_at: r.get("revoked_at")?,
    })
}

/// Keeps a new key; its id and times of use are not read. Returns its row id.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn insert(db: &Transaction<'_>, hash: &[u8; 32], key: &ApiKey) -> Result<i64, StoreError> {
    let sites: Vec<String> = key.sites.iter().map(SiteId::to_string).collect();
    db.execute(
        "INSERT INTO api_key (name, key_hash, hint, scopes, sites, operator, made_by, made_at, expires_at)
         VALUES (:name, :hash, :hint, :scopes, :sites, :operator, :by, :at, :expires)",
        named_params! {
            ":name": key.name, ":hash": hash, ":hint": key.hint, ":scopes": key.scopes.join(" "),
            ":sites": sites.join(" "), ":operator": key.operator.as_bytes(), ":by": key.made_by,
            ":at": key.made_at, ":expires": key.expires_at,
        },
    )?;
    Ok(db.last_insert_rowid())
}

/// The key with that hash, whether or not it works.
pub fn by_hash(db: &Connection, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
    Ok(db
        .prepare_cached("SELECT * FROM api_key WHERE key_hash = ?1")?
        .query_row([hash], key)
        .optional()?)
}

/// All keys, the latest first.
pub fn all(db: &Connection) -> Result<Vec<ApiKey>, StoreError> {
    let mut statement = db.prepare_cached("SELECT * FROM api_key ORDER BY id DESC")?;
    let rows = statement.query_map([], key)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A key was used.
pub fn touch(db: &Transaction<'_>, id: i64, now: UnixMillis) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE api_key SET used_at = ?2 WHERE id = ?1")?
        .execute(params![id, now])?;
    Ok(())
}

/// Takes a key away for good. `false`: there is none, or it was taken away before.
pub fn revoke(db: &Transaction<'_>, id: i64, now: UnixMillis) -> Result<bool, StoreError> {
    let n = db
        .prepare_cached("UPDATE api_key SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")?
        .execute(params![id, now])?;
    Ok(n == 1)
}

/// What signs cursors: the same on all nodes. Made on first use.
pub fn cursor_secret(db: &Transaction<'_>, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
    const NAME: &str = "api-cursor-secret";
    match hub_log::meta(db, NAME)? {
        Some(bytes) => bytes.try_into().map_err(|_| StoreError::Corrupt(NAME)),
        None => {
            hub_log::set_meta(db, NAME, &fresh)?;
            Ok(fresh)
        }
    }
}

/// What is known of a request that may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// Nothing: it is this caller's turn.
    Nothing,
    /// It was answered so.
    Answered(String),
    /// It is being worked on.
    Running,
    /// Something else was asked under this name.
    Another,
}

/// Claims the name of a request for one caller. Claims and answers older than `forget` are forgotten, and so are claims
/// older than `stuck`: whoever had them is gone.
pub fn claim(
    db: &Transaction<'_>,
    (key_id, name): (i64, &str),
    request: &[u8; 32],
    now: UnixMillis,
    (forget, stuck): (UnixMillis, UnixMillis),
) -> Result<Before, StoreError> {
    db.prepare_cached("DELETE FROM api_answer WHERE at < ?1 OR answer IS NULL AND at < ?2")?
        .execute([forget, stuck])?;
    let found: Option<([u8; 32], Option<String>)> = db
        .prepare_cached("SELECT request, answer FROM api_answer WHERE key_id = ?1 AND name = ?2")?
        .query_row(params![key_id, name], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(match found {
        Some((asked, _)) if asked != *request => Before::Another,
        Some((_, Some(answer))) => Before::Answered(answer),
        Some((_, None)) => Before::Running,
        None => {
            db.prepare_cached(
                "INSERT INTO api_answer (key_id, name, request, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![key_id, name, request, now])?;
            Before::Nothing
        }
    })
}

/// Keeps the answer to a claimed request, or gives the claim up.
pub fn settle(
    db: &Transaction<'_>,
    (key_id, name): (i64, &str),
    answer: Option<&str>,
) -> Result<(), StoreError> {
    match answer {
        Some(answer) => db
            .prepare_cached("UPDATE api_answer SET answer = ?3 WHERE key_id = ?1 AND name = ?2")?
            .execute(params![key_id, name, answer])?,
        None => db
            .prepare_cached("DELETE FROM api_answer WHERE key_id = ?1 AND name = ?2")?
            .execute(params![key_id, name])?,
    };
    Ok(())
}
