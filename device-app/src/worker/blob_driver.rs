//! Runs sync-core's uploads: reads chunks from the file of photos, hands them to the network, notes what is on the hub.

use std::path::Path;

use protocol::{BLOB_PATH, BlobChunk, BlobReply, BlobRequest};
use replica::{BlobStore, DatabaseKey, Replica, ReplicaError};
use sync_core::{BlobNews, BlobStep, BlobUploads, Connection, WaitingBlob, goes_metered};

use super::ToWorker;
use super::sync_driver::SyncDriver;
use crate::transport::{Answer, Post, PostError, Server};

/// So many are looked at when the next one is chosen.
const LOOKED_AT_MAX: u32 = 1_000;

/// Photos of one device.
pub(crate) struct BlobDriver {
    pub(crate) store: BlobStore,
    uploads: BlobUploads,
    /// What is to be sent, as the file has it.
    waiting: Vec<WaitingBlob>,
    /// The connection when it was last looked at.
    was: Connection,
}

/// What waits, for the sync screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PhotosWaiting {
    /// Photos, signatures and documents; a thumbnail goes with its photo.
    pub photos: u32,
    /// Bytes of all, thumbnails too.
    pub bytes: u64,
    /// How many of the photos wait for a network that is not metered.
    pub held_back: u32,
}

impl BlobDriver {
    /// Opens the file beside the replica's, and finds out what a crash left.
    pub(crate) fn open(
        folder: &Path,
        key: &DatabaseKey,
        replica: &Replica,
        seed: u64,
        now: i64,
    ) -> Result<Self, ReplicaError> {
        let mut store = BlobStore::open(&folder.join("blobs.db"), Some(key))?;
        store.settle(&replica.query())?;
        store.prune(now)?;
        let mut driver = Self {
            store,
            uploads: BlobUploads::new(seed),
            waiting: Vec::new(),
            was: Connection::Offline,
        };
        driver.refresh()?;
        Ok(driver)
    }

    /// What waits may have changed.
    pub(crate) fn refresh(&mut self) -> Result<(), ReplicaError> {
        let stored = self.store.to_send(LOOKED_AT_MAX)?;
        self.waiting = stored
            .into_iter()
            .map(|s| WaitingBlob {
                blob: s.blob,
                made_at: s.made_at,
            })
            .collect();
        Ok(())
    }

    /// The hub was set back: it may have lost what it had.
    pub(crate) fn offer_again(&mut self) -> Result<(), ReplicaError> {
        self.store.offer_again()?;
        self.refresh()
    }

    pub(crate) fn waiting(&self, metered: bool) -> PhotosWaiting {
        let mut sum = PhotosWaiting::default();
        for waiting in &self.waiting {
            sum.bytes += waiting.blob.size;
            if waiting.blob.kind != domain::BlobKind::Thumbnail {
                sum.photos += 1;
                sum.held_back += u32::from(metered && !goes_metered(&waiting.blob));
            }
        }
        sum
    }

    /// Stable code of what is wrong with uploads, while it matters.
    pub(crate) fn trouble(&self) -> Option<&'static str> {
        self.uploads.trouble()
    }

    /// When [`BlobDriver::step`] is due.
    pub(crate) fn due(&self, now: i64) -> Option<i64> {
        if self.waiting.is_empty() || self.was != Connection::Online {
            return None;
        }
        self.uploads.due(now)
    }

    /// Sends the next part, if there is one and nothing more urgent is due.
    pub(crate) fn step(
        &mut self,
        sync: &mut SyncDriver,
        replica: &Replica,
        metered: bool,
        now: i64,
    ) -> Result<(), ReplicaError> {
        let connection = sync.connection();
        if connection != Connection::Syncing {
            if connection == Connection::Online && self.was != Connection::Online {
                self.uploads.hurry();
            }
            self.was = connection;
        }
        if connection != Connection::Online || !sync.is_quiet(now) {
            return Ok(());
        }
        let Some(step) = self.uploads.next(now, &self.waiting, metered) else {
            return Ok(());
        };
        let (ask, chunk) = match step {
            BlobStep::Ask(ids) => (ids, None),
            BlobStep::Chunk {
                blob,
                offset,
                bytes,
            } => {
                let bytes = self.store.read(blob.id, offset, bytes)?;
                let chunk = BlobChunk {
                    blob,
                    offset,
                    bytes,
                };
                (Vec::new(), Some(chunk))
            }
        };
        let request = BlobRequest {
            versions: protocol::VERSIONS,
            ask,
            chunk,
        };
        let identity = replica.enrolled()?;
        let post = Post {
            server: Server {
                url: identity.server_url.clone(),
                fingerprint: identity.pinned_certificate,
            },
            path: BLOB_PATH,
            token: Some(identity.token.clone()),
            body: request.to_bytes(),
        };
        sync.post(post, ToWorker::BlobAnswered);
        Ok(())
    }

    /// The hub answered, or did not.
    pub(crate) fn answered(&mut self, answer: Answer, now: i64) -> Result<(), ReplicaError> {
        let reply = match answer {
            Ok(bytes) => BlobReply::from_bytes(&bytes).map_err(|_| PostError::NotTheServer),
            Err(error) => Err(error),
        };
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => {
                self.uploads.failed(now, error.code());
                return Ok(());
            }
        };
        let news = self.uploads.replied(now, &reply, &self.waiting);
        if news.is_empty() {
            return Ok(());
        }
        for news in news {
            match news {
                BlobNews::OnHub(id) => self.store.note_on_hub(id, now)?,
                BlobNews::Refused(id, code) => {
                    tracing::warn!(blob = %id, code, "the hub will not take a photo; it stays here");
                    self.store.note_refused(id, code, now)?;
                }
            }
        }
        self.refresh()
    }
}
