//! A handheld without a screen or a read model: it writes journals and seals what it has written, as the program does.

use anyhow::{Context, Result};
use documents::body::{Body, Part};
use documents::journal::{EVENTS_MAX, Journal};
use documents::record::RecordId;
use documents::segment::{Segment, SegmentHash, SegmentHeader};
use documents::{Certificate, Partition, SigningKey};
use domain::{ChainId, EventHash, EventRecord, OrganisationId, SiteId};
use protocol::EnrolReply;

/// Of a journal's changes so many and more go as one bundle; the program does the same.
const BUNDLE_MIN: usize = 3;

/// Writes on one chain of a site.
pub(crate) struct Author {
    organisation: OrganisationId,
    pub(crate) site: SiteId,
    /// Its chain in the shared partition, on which it never writes.
    pub(crate) shared_chain: ChainId,
    pub(crate) chain: ChainId,
    key: SigningKey,
    journal: Option<Journal>,
    journals: u64,
    last: Option<EventHash>,
    events: u64,
    /// The last segment's place and hash.
    pub(crate) head: (u64, SegmentHash),
}

impl Author {
    /// Who was taken in by that answer and holds that key. Nothing has been written on its chain yet.
    pub(crate) fn new(reply: &EnrolReply, key: SigningKey) -> Result<Self> {
        let own = reply.certificates.first().context("a certificate")?;
        let own = Certificate::verify(own, &reply.server_key).context("a good certificate")?;
        Ok(Self {
            organisation: reply.organisation,
            site: reply.site,
            shared_chain: own.shared_chain,
            chain: own.site_chain,
            key,
            journal: None,
            journals: 0,
            last: None,
            events: 0,
            head: (0, SegmentHash::default()),
        })
    }

    /// Where it writes.
    pub(crate) const fn partition(&self) -> Partition {
        Partition::Site(self.site)
    }

    /// Writes these events and seals them into one segment, which must not become larger than a segment may be.
    pub(crate) fn seal(&mut self, records: &[EventRecord]) -> Result<Segment> {
        let mut parts = Vec::new();
        let mut changes = 0;
        let mut rest = records;
        while !rest.is_empty() {
            let mut open = Vec::new();
            let is_full = |j: &Journal| j.written() >= EVENTS_MAX;
            if self.journal.as_ref().is_none_or(is_full) {
                let mut id = *self.chain.as_bytes();
                id[8..].copy_from_slice(&self.journals.to_be_bytes());
                self.journals += 1;
                let (journal, change) =
                    Journal::create(RecordId(id), self.chain, self.site, self.last)?;
                open.push(change);
                self.journal = Some(journal);
            }
            let journal = self.journal.as_mut().context("a journal")?;
            let room = (EVENTS_MAX - journal.written()) as usize;
            let (now, later) = rest.split_at(room.min(rest.len()));
            for record in now {
                self.events += 1;
                let (change, hash) = journal.append(self.events, record)?;
                open.push(change);
                self.last = Some(hash);
            }
            changes += open.len();
            parts.push(if open.len() < BUNDLE_MIN {
                let bytes = open.iter_mut().map(|c| c.raw_bytes().to_vec()).collect();
                Part::journal(journal.id(), bytes)
            } else {
                let hashes: Vec<[u8; 32]> = open.iter().map(|c| c.hash().0).collect();
                Part::journal_bundle(journal.id(), journal.bundle(&hashes)?)
            });
            rest = later;
        }
        let header = SegmentHeader {
            organisation: self.organisation,
            partition: self.partition(),
            chain: self.chain,
            seq: self.head.0 + 1,
            previous: self.head.1,
            changes: changes as u32,
            body_hash: [0; 32],
        };
        let segment = Segment::seal(header, &Body { parts }, &self.key);
        self.head = (self.head.0 + 1, segment.hash());
        Ok(segment)
    }
}
