//! Which code means what at a site, and what its cameras read.

use documents::camera_reads::CameraReads;
use documents::code_patterns::{code_patterns, set_code_patterns};
use documents::{FieldEdit, Partition, RecordKind};
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
        self.edit_site(site, set_code_patterns(lines), now)
    }

    /// Which symbologies the cameras of a site read.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn camera_reads(&self, site: SiteId) -> Result<CameraReads, AppError> {
        self.ask(|q| {
            let record = q.record(site.into())?;
            Ok(record.as_ref().map(CameraReads::of).unwrap_or_default())
        })
    }

    /// Replaces what the cameras of a site read.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn set_camera_reads(
        &self,
        site: SiteId,
        reads: &CameraReads,
        now: UnixMillis,
    ) -> Result<(), AppError> {
        self.edit_site(site, reads.fields(), now)
    }

    fn edit_site(
        &self,
        site: SiteId,
        fields: Vec<FieldEdit>,
        now: UnixMillis,
    ) -> Result<(), AppError> {
        let edit = RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Site,
            id: site.into(),
            fields,
        };
        let commit = Commit {
            edits: vec![edit],
            ..Commit::default()
        };
        self.writer_at(now)?.commit(commit, now)?;
        Ok(())
    }
}
