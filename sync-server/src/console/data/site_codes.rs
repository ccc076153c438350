//! Which code means what at a site.

use documents::code_patterns::{code_patterns, set_code_patterns};
use documents::{Partition, RecordKind};
use domain::{SiteId, UnixMillis};
use replica::{Commit, RecordEdit};

use super::ConsoleData;
use crate::error::AppError;

impl ConsoleData {
    /// The patterns of a site, in the order in which they are tried.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn code_patterns(&self, site: SiteId) -> Result<Vec<String>, AppError> {
        self.ask(|q| {
            let record = q.record(site.into())?;
            Ok(record.as_ref().map(code_patterns).unwrap_or_default())
        })
    }

    /// Replaces the patterns of a site.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn set_code_patterns(
        &self,
        site: SiteId,
        lines: &[String],
        now: UnixMillis,
    ) -> Result<(), AppError> {
        let edit = RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Site,
            id: site.into(),
            fields: set_code_patterns(lines),
        };
        let commit = Commit {
            edits: vec![edit],
            ..Commit::default()
        };
        self.writer_at(now)?.commit(commit, now)?;
        Ok(())
    }
}
