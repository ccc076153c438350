//! Photos, signatures and documents on their way to the hub: which chunk goes next, and what its answer means.
//!
//! One request at a time, and none while an exchange of changes is due: that is for the driver to see to. The clock is
//! an argument. What the hub holds is asked before the first chunk and after every failure, so an upload goes on where
//! it was cut, and nothing is sent that the hub has.

use std::collections::BTreeMap;

use domain::{BlobId, BlobKind, BlobRef, UnixMillis};
use protocol::{BLOB_ASK_MAX, BlobReply, CHUNK_BYTES_MAX, ChunkOutcome};

use crate::backoff::Backoff;

/// The smallest chunk, but for a blob's last one.
pub const CHUNK_BYTES_MIN: usize = 16 << 10;
const CHUNK_BYTES_FIRST: usize = 64 << 10;
/// A chunk should go through in about this time: a scan that comes meanwhile waits no longer for the line.
pub const CHUNK_MS: i64 = 1_000;
/// On a metered network, photos up to this size go too.
pub const METERED_PHOTO_BYTES_MAX: u64 = 48 << 10;
/// After the hub's quota was reached, it is asked again after this long.
const QUOTA_WAIT_MS: i64 = 10 * 60_000;
/// After a wrong hash, the blob waits this long, doubled each time.
const HASH_WAIT_MS: i64 = 30_000;
const HASH_WAIT_MS_MAX: i64 = 60 * 60_000;

/// A blob that is to go to the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingBlob {
    /// Which, and what it is for.
    pub blob: BlobRef,
    /// When it was made.
    pub made_at: UnixMillis,
}

/// What to ask of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobStep {
    /// How much of these it holds.
    Ask(Vec<BlobId>),
    /// Send this part.
    Chunk {
        /// Of this blob.
        blob: BlobRef,
        /// From here.
        offset: u64,
        /// So many bytes; at least 1.
        bytes: usize,
    },
}

/// What an answer says about a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobNews {
    /// The hub holds it whole, with the right hash.
    OnHub(BlobId),
    /// The hub will never take it: a stable code.
    Refused(BlobId, &'static str),
}

/// Whether a blob may go over a metered network.
pub const fn goes_metered(blob: &BlobRef) -> bool {
    match blob.kind {
        BlobKind::Thumbnail | BlobKind::Signature => true,
        BlobKind::Photo => blob.size <= METERED_PHOTO_BYTES_MAX,
        BlobKind::Document => false,
    }
}

/// Thumbnails first, then small before large; of about the same size, the oldest first.
fn rank(waiting: &WaitingBlob) -> (bool, u64, UnixMillis, BlobId) {
    let is_thumbnail = waiting.blob.kind == BlobKind::Thumbnail;
    let size_class = if is_thumbnail {
        0
    } else {
        waiting
            .blob
            .size
            .checked_next_power_of_two()
            .unwrap_or(u64::MAX)
    };
    (!is_thumbnail, size_class, waiting.made_at, waiting.blob.id)
}

#[derive(Debug, Clone)]
struct InFlight {
    step: BlobStep,
    sent_at: UnixMillis,
}

/// Uploads of one device.
#[derive(Debug, Clone)]
pub struct BlobUploads {
    /// How many bytes the hub holds of each, as far as that is known.
    held: BTreeMap<BlobId, u64>,
    /// Blobs that wait, and how often their hash was wrong.
    postponed: BTreeMap<BlobId, (UnixMillis, u32)>,
    in_flight: Option<InFlight>,
    chunk_bytes: usize,
    not_before: UnixMillis,
    backoff: Backoff,
    /// Code of the last refusal, until something went well.
    trouble: Option<&'static str>,
}

impl BlobUploads {
    /// `seed`: random, for the jitter of the back-off.
    pub const fn new(seed: u64) -> Self {
        Self {
            held: BTreeMap::new(),
            postponed: BTreeMap::new(),
            in_flight: None,
            chunk_bytes: CHUNK_BYTES_FIRST,
            not_before: UnixMillis::MIN,
            backoff: Backoff::new(seed),
            trouble: None,
        }
    }

    /// Stable code of what is wrong with uploads, while it matters.
    pub const fn trouble(&self) -> Option<&'static str> {
        self.trouble
    }

    /// Whether a request is under way.
    pub const fn is_busy(&self) -> bool {
        self.in_flight.is_some()
    }

    /// What to send now, if anything; the caller answers with [`BlobUploads::replied`] or [`BlobUploads::failed`].
    /// `waiting`: in any order. `metered`: every byte costs money.
    pub fn next(
        &mut self,
        now: UnixMillis,
        waiting: &[WaitingBlob],
        metered: bool,
    ) -> Option<BlobStep> {
        if self.in_flight.is_some() || now < self.not_before {
            return None;
        }
        let ready = |w: &&WaitingBlob| {
            (!metered || goes_metered(&w.blob))
                && self
                    .postponed
                    .get(&w.blob.id)
                    .is_none_or(|(until, _)| *until <= now)
        };
        let first = waiting.iter().filter(ready).min_by_key(|w| rank(w))?;
        let blob = &first.blob;
        let step = match self.held.get(&blob.id) {
            // The one that goes next is asked for first, whatever the limit.
            None => {
                let others = waiting.iter().map(|w| w.blob.id);
                let unknown = others.filter(|id| *id != blob.id && !self.held.contains_key(id));
                let ids = std::iter::once(blob.id).chain(unknown);
                BlobStep::Ask(ids.take(BLOB_ASK_MAX).collect())
            }
            Some(held) => BlobStep::Chunk {
                blob: blob.clone(),
                offset: *held,
                bytes: usize::try_from(blob.size.saturating_sub(*held))
                    .unwrap_or(usize::MAX)
                    .clamp(1, self.chunk_bytes),
            },
        };
        self.in_flight = Some(InFlight {
            step: step.clone(),
            sent_at: now,
        });
        Some(step)
    }

    /// When [`BlobUploads::next`] may have something again, if it must wait.
    pub fn due(&self, now: UnixMillis) -> Option<UnixMillis> {
        let postponed = self.postponed.values().map(|(until, _)| *until).min();
        [Some(self.not_before), postponed]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
    }

    /// The hub answered. `waiting`: as given to [`BlobUploads::next`].
    pub fn replied(
        &mut self,
        now: UnixMillis,
        reply: &BlobReply,
        waiting: &[WaitingBlob],
    ) -> Vec<BlobNews> {
        let Some(InFlight { step, sent_at }) = self.in_flight.take() else {
            return Vec::new();
        };
        self.backoff.reset();
        self.trouble = None;
        let mut news = Vec::new();
        for (id, held) in &reply.held {
            let Some(known) = waiting.iter().find(|w| w.blob.id == *id) else {
                continue;
            };
            if *held == known.blob.size {
                self.forget(*id);
                news.push(BlobNews::OnHub(*id));
            } else {
                self.held.insert(*id, *held);
            }
        }
        if let (BlobStep::Chunk { blob, bytes, .. }, Some(outcome)) = (step, reply.outcome) {
            self.trouble = outcome.refusal();
            match outcome {
                ChunkOutcome::Taken | ChunkOutcome::Whole => self.adapt(bytes, now - sent_at),
                ChunkOutcome::Elsewhere => {}
                ChunkOutcome::HashWrong => self.postpone(blob.id, now),
                ChunkOutcome::QuotaReached => self.not_before = now + QUOTA_WAIT_MS,
                ChunkOutcome::TooLarge | ChunkOutcome::MediaRefused => {
                    self.forget(blob.id);
                    let code = outcome.refusal().unwrap_or_default();
                    news.push(BlobNews::Refused(blob.id, code));
                }
            }
        }
        news
    }

    /// No answer, or one that is none. Nothing is known any more of what the hub holds.
    pub fn failed(&mut self, now: UnixMillis, code: &'static str) {
        self.in_flight = None;
        self.trouble = Some(code);
        self.held.clear();
        self.chunk_bytes = (self.chunk_bytes / 2).max(CHUNK_BYTES_MIN);
        self.not_before = now + self.backoff.next_wait_ms() as i64;
    }

    /// The line is good again, or somebody asked to go on now.
    pub const fn hurry(&mut self) {
        self.not_before = UnixMillis::MIN;
    }

    fn forget(&mut self, id: BlobId) {
        self.held.remove(&id);
        self.postponed.remove(&id);
    }

    fn postpone(&mut self, id: BlobId, now: UnixMillis) {
        let (until, times) = self.postponed.entry(id).or_default();
        *until = now + (HASH_WAIT_MS << (*times).min(10)).min(HASH_WAIT_MS_MAX);
        *times += 1;
    }

    /// Towards what goes through in [`CHUNK_MS`]; at most doubled or halved at a time.
    fn adapt(&mut self, bytes: usize, took_ms: i64) {
        let fitting = bytes as i64 * CHUNK_MS / took_ms.max(1);
        let now = self.chunk_bytes as i64;
        // A short last chunk says nothing about a larger one, unless it was slow.
        if (bytes as i64) < now && fitting > now {
            return;
        }
        let next = fitting.clamp(now / 2, now * 2);
        self.chunk_bytes = (next as usize).clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX);
    }
}

#[cfg(test)]
mod tests;
