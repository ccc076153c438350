//! Print jobs of this device that are not done, in a file of their own beside the replica's and under the same key.
//!
//! A label is stored as sent before its first byte goes to the printer, on a thread of its own. In the replica's file that
//! write would stand in the way of a scan's commit; here it cannot.

use std::path::Path;

use domain::UnixMillis;
use rusqlite::{Connection, params};

use crate::database::{self, DatabaseKey};
use crate::error::ReplicaError;

const MIGRATIONS: [&str; 1] = [include_str!("../migrations/print/0001_print.sql")];
const CACHE_KIB: u32 = 500;

/// A job as it was stored last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptJob {
    /// Which.
    pub id: i64,
    /// What a person knows it by.
    pub title: String,
    /// As it was given.
    pub content: String,
}

/// The file of print jobs. The one writer of it.
#[derive(Debug)]
pub struct PrintQueue {
    connection: Connection,
}

impl PrintQueue {
    /// Opens the file, or creates it.
    ///
    /// # Errors
    /// [`ReplicaError`], as of all methods here.
    pub fn open(path: &Path, key: Option<&DatabaseKey>) -> Result<Self, ReplicaError> {
        let connection = database::open_other(path, key, CACHE_KIB, &MIGRATIONS)?;
        Ok(Self { connection })
    }

    /// Puts a job behind all others; when this returns it is on the disk.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn add(
        &mut self,
        title: &str,
        content: &str,
        now: UnixMillis,
    ) -> Result<i64, ReplicaError> {
        self.connection
            .prepare_cached("INSERT INTO print_job (title, content, made_at) VALUES (?1, ?2, ?3)")?
            .execute(params![title, content, now])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// What has become of a job; when this returns it is on the disk.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn keep(&mut self, id: i64, content: &str) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached("UPDATE print_job SET content = ?2 WHERE id = ?1")?
            .execute(params![id, content])?;
        Ok(())
    }

    /// The job is done, or was dropped.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn remove(&mut self, id: i64) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached("DELETE FROM print_job WHERE id = ?1")?
            .execute([id])?;
        Ok(())
    }

    /// All jobs, in their order.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn jobs(&self) -> Result<Vec<KeptJob>, ReplicaError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, title, content FROM print_job ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut jobs = Vec::new();
        while let Some(r) = rows.next()? {
            jobs.push(KeptJob {
                id: r.get("id")?,
                title: r.get("title")?,
                content: r.get("content")?,
            });
        }
        Ok(jobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_outlive_the_program_in_their_order_and_are_encrypted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("print.db");
        let key = DatabaseKey::from_bytes([7; 32]);
        let mut queue = PrintQueue::open(&path, Some(&key)).unwrap();
        let first = queue.add("A-01", "waiting", 1).unwrap();
        let second = queue.add("A-02", "waiting", 2).unwrap();
        queue.keep(first, "sent").unwrap();
        drop(queue);

        let mut queue = PrintQueue::open(&path, Some(&key)).unwrap();
        let jobs = queue.jobs().unwrap();
        let shown: Vec<(&str, &str)> = jobs
            .iter()
            .map(|job| (job.title.as_str(), job.content.as_str()))
            .collect();
        assert_eq!(shown, [("A-01", "sent"), ("A-02", "waiting")]);
        queue.remove(second).unwrap();
        assert!(queue.add("A-03", "waiting", 3).unwrap() > second);
        drop(queue);
        let error = PrintQueue::open(&path, None).unwrap_err();
        assert_eq!(error.code(), "database-corrupt");
    }
}
