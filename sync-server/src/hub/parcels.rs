//! Parcels that came by file: what handhelds wrote and could not send themselves.

use std::collections::BTreeMap;

use carry::file::{self, FileError};
use documents::Partition;
use documents::segment::Segment;
use domain::{ChainId, UnixMillis};
use protocol::{Parcel, PushOutcome};
use rusqlite::Connection;

use super::refused::{Who, push_cause};
use super::{Hub, HubError};
use crate::store::StoreError;

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParcelsTaken {
    /// Segments that were new here.
    pub fresh: u64,
    /// Chains that were not taken to their end: a wrong signature, a gap, a fork, or a device that is unknown here.
    pub stopped: u64,
}

/// Why a file is not looked into. Nothing was taken from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParcelsError {
    /// It is no file of ours, damaged, too new or too large.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is another organisation's.
    #[error("the file is another organisation's")]
    OtherOrganisation,
}

impl ParcelsError {
    /// Stable name; also the key of the translated sentence.
    pub const fn code(self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::OtherOrganisation => "file-other-organisation",
        }
    }
}

type ByChain<'p> = BTreeMap<(Partition, ChainId), Vec<&'p Segment>>;

impl Hub {
    /// Takes what a parcel file holds and the log lacks, judged as if its writers had sent it. What the hub accepted
    /// once and a restore lost is in such a file too. Outer error: the hub failed; inner: the file is not looked into.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn take_parcels(
        &self,
        bytes: &[u8],
        now: UnixMillis,
    ) -> Result<Result<ParcelsTaken, ParcelsError>, HubError> {
        let parcels = match self.read_parcels(bytes) {
            Ok(parcels) => parcels,
            Err(error) => {
                self.refusals.note(Who::File, error.code(), now);
                return Ok(Err(error));
            }
        };
        let mut chains = ByChain::new();
        for part in parcels.iter().flat_map(|p| &p.parts) {
            let log = part.entries.iter().filter_map(|e| e.segment.as_ref());
            for segment in log.chain(&part.carried) {
                // A header that cannot be read names no chain to put it on.
                if let Ok(header) = segment.header() {
                    let key = (part.partition, header.chain);
                    chains.entry(key).or_default().push(segment);
                }
            }
        }
        // A log that was put back has forgotten whom the server had certified since.
        let certificates = parcels.iter().flat_map(|p| &p.certificates);
        self.introduce(certificates.map(|c| c.as_slice()), now)?;
        let taken = self.database.write(|t| self.take_chains(t, chains, now))?;
        if taken.fresh > 0 {
            self.wake();
        }
        Ok(Ok(taken))
    }

    fn read_parcels(&self, bytes: &[u8]) -> Result<Vec<Parcel>, ParcelsError> {
        let parcels: Result<Vec<Parcel>, _> = file::read(bytes)?
            .iter()
            .map(|p| Parcel::from_bytes(p))
            .collect();
        let parcels = parcels.map_err(|_| FileError::Damaged)?;
        let own = |p: &Parcel| p.organisation == self.organisation.id;
        if parcels.iter().all(own) {
            Ok(parcels)
        } else {
            Err(ParcelsError::OtherOrganisation)
        }
    }

    fn take_chains(
        &self,
        connection: &Connection,
        chains: ByChain<'_>,
        now: UnixMillis,
    ) -> Result<ParcelsTaken, StoreError> {
        let mut taken = ParcelsTaken::default();
        for ((partition, chain), segments) in chains {
            let segments: Vec<Segment> = segments.into_iter().cloned().collect();
            let Some(known) = self.carried_chain(connection, partition, chain, &segments)? else {
                taken.stopped += 1;
                self.refusals.note(Who::File, "file-unknown-device", now);
                continue;
            };
            let (before, _) = crate::store::hub_log::chain_end(connection, chain)?;
            let (end, outcome, _) = self.take_chain(connection, &known, &segments, now)?;
            taken.fresh += end.seq.saturating_sub(before);
            taken.stopped += u64::from(outcome != PushOutcome::Held);
            match push_cause(outcome) {
                Some(cause) => self.refusals.note(Who::Device(known.device), cause, now),
                None if outcome == PushOutcome::Missing => {
                    self.refusals.note(Who::File, "file-gap", now);
                }
                None => {}
            }
        }
        Ok(taken)
    }
}
