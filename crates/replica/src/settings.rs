//! Settings and drafts of this device alone; they are never synced.

use domain::UnixMillis;
use rusqlite::params;

use crate::commit::DraftChange;
use crate::error::ReplicaError;
use crate::meta;
use crate::query::Query;
use crate::replica::Replica;

impl Replica {
    /// Keeps a setting of this device.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn set_setting(&mut self, name: &str, value: &str) -> Result<(), ReplicaError> {
        meta::set(
            &self.connection,
            &format!("setting:{name}"),
            value.as_bytes(),
        )
    }

    /// Keeps or clears a draft apart from any commit: work under way that has written nothing yet.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn set_draft(&mut self, change: &DraftChange, now: UnixMillis) -> Result<(), ReplicaError> {
        match change {
            DraftChange::Put { name, content } => self
                .connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO draft (name, content, changed_at) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![name, content, now])?,
            DraftChange::Clear { name } => self
                .connection
                .prepare_cached("DELETE FROM draft WHERE name = ?1")?
                .execute([name])?,
        };
        Ok(())
    }
}

/// Work under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whose, or of what.
    pub name: String,
    /// As the operation wrote it.
    pub content: String,
    /// When.
    pub changed_at: UnixMillis,
}

impl Query<'_> {
    /// A setting of this device.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn setting(&self, name: &str) -> Result<Option<String>, ReplicaError> {
        Ok(meta::get(self.connection, &format!("setting:{name}"))?
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// All drafts, the latest first.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn drafts(&self) -> Result<Vec<Draft>, ReplicaError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, content, changed_at FROM draft ORDER BY changed_at DESC",
        )?;
        let mut rows = statement.query([])?;
        let mut drafts = Vec::new();
        while let Some(r) = rows.next()? {
            drafts.push(Draft {
                name: r.get("name")?,
                content: r.get("content")?,
                changed_at: r.get("changed_at")?,
            });
        }
        Ok(drafts)
    }
}
