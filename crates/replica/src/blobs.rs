//! Photos, signatures and documents of this device, in a file of their own beside the replica's and under the same key.
//!
//! A photo is kept first, then the event that names it is committed, then the photo is bound to it. A crash in between
//! leaves a photo that no event names, or a bound one: [`BlobStore::settle`] finds out which.

use std::path::Path;

use domain::{BlobId, BlobKind, BlobRef, EventHash, UnixMillis};
use rusqlite::{Connection, Row, params};

use crate::database::{self, DatabaseKey};
use crate::error::ReplicaError;
use crate::query::Query;

const MIGRATIONS: [&str; 1] = [include_str!("../migrations/blobs/0001_blobs.sql")];
const CACHE_KIB: u32 = 1_000;
const PIECE_BYTES: usize = 64 << 10;

const LOOSE: i64 = 0;
const TO_SEND: i64 = 1;
const ON_HUB: i64 = 2;
const REFUSED: i64 = 3;

/// What is on the hub is kept here as well for so long: a server restored from a backup gets it again.
pub const KEPT_MS: i64 = 14 * 86_400_000;

/// Content to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBlob {
    /// The bytes; not empty.
    pub content: Vec<u8>,
    /// Its media type.
    pub media: &'static str,
    /// What it is for.
    pub kind: BlobKind,
}

/// A blob that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlob {
    /// Which.
    pub blob: BlobRef,
    /// When it was made.
    pub made_at: UnixMillis,
}

/// The file of blobs. The one writer of it.
#[derive(Debug)]
pub struct BlobStore {
    connection: Connection,
}

impl BlobStore {
    /// Opens the file, or creates it.
    ///
    /// # Errors
    /// [`ReplicaError`], as of all methods here.
    pub fn open(path: &Path, key: Option<&DatabaseKey>) -> Result<Self, ReplicaError> {
        let connection = database::open_other(path, key, CACHE_KIB, &MIGRATIONS)?;
        Ok(Self { connection })
    }

    /// Keeps contents, all or none; when this returns they are on the disk. They are not sent before they are bound.
    /// Content that is here already stays as it is.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn put(
        &mut self,
        event: EventHash,
        contents: &[NewBlob],
        now: UnixMillis,
    ) -> Result<Vec<BlobRef>, ReplicaError> {
        let transaction = self.connection.transaction()?;
        let mut blobs = Vec::with_capacity(contents.len());
        for new in contents {
            let blob = BlobRef::of(&new.content, new.media, new.kind);
            let fresh = transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO blob (id, size, media, kind, event, made_at, state)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    blob.id.0,
                    blob.size as i64,
                    blob.media,
                    blob.kind.number(),
                    event.0,
                    now,
                    LOOSE
                ])?;
            if fresh > 0 {
                for (n, piece) in new.content.chunks(PIECE_BYTES).enumerate() {
                    transaction
                        .prepare_cached(
                            "INSERT INTO blob_piece (blob, n, bytes) VALUES (?1, ?2, ?3)",
                        )?
                        .execute(params![blob.id.0, n as i64, piece])?;
                }
            }
            blobs.push(blob);
        }
        transaction.commit()?;
        Ok(blobs)
    }

    /// An event names these now: they may be sent.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn bind(&mut self, blobs: &[BlobRef]) -> Result<(), ReplicaError> {
        let transaction = self.connection.transaction()?;
        for blob in blobs {
            transaction
                .prepare_cached("UPDATE blob SET state = ?2 WHERE id = ?1 AND state = ?3")?
                .execute(params![blob.id.0, TO_SEND, LOOSE])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// After a crash: binds what an event names, and drops what none does. `query`: the replica's.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn settle(&mut self, query: &Query<'_>) -> Result<(), ReplicaError> {
        let loose: Vec<(BlobRef, EventHash)> = {
            let mut statement = self
                .connection
                .prepare("SELECT id, size, media, kind, event FROM blob WHERE state = ?1")?;
            let mut rows = statement.query([LOOSE])?;
            let mut loose = Vec::new();
            while let Some(r) = rows.next()? {
                let event: Vec<u8> = r.get("event")?;
                let event =
                    EventHash::from_slice(&event).ok_or(ReplicaError::BadRow("blob.event"))?;
                loose.push((blob_ref(r)?, event));
            }
            loose
        };
        let (mut named, mut unnamed) = (Vec::new(), Vec::new());
        for (blob, event) in loose {
            let is_named = query.attachments(event)?.iter().any(|row| {
                matches!(
                    &row.placed.event.record.body,
                    domain::EventBody::Attached { blob: b, thumbnail: t, .. }
                        if b.id == blob.id || t.as_ref().is_some_and(|t| t.id == blob.id)
                )
            });
            if is_named {
                named.push(blob);
            } else {
                unnamed.push(blob);
            }
        }
        self.bind(&named)?;
        for blob in unnamed {
            self.connection
                .prepare_cached("DELETE FROM blob WHERE id = ?1")?
                .execute([blob.id.0])?;
        }
        Ok(())
    }

    /// What is to be sent, the oldest first, at most so many.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn to_send(&self, limit: u32) -> Result<Vec<StoredBlob>, ReplicaError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, size, media, kind, made_at FROM blob WHERE state = ?1 ORDER BY made_at, id LIMIT ?2",
        )?;
        let mut rows = statement.query(params![TO_SEND, limit])?;
        let mut blobs = Vec::new();
        while let Some(r) = rows.next()? {
            blobs.push(StoredBlob {
                blob: blob_ref(r)?,
                made_at: r.get("made_at")?,
            });
        }
        Ok(blobs)
    }

    /// A part of a blob, shorter at its end; empty if the content is not here.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn read(&self, id: BlobId, offset: u64, bytes: usize) -> Result<Vec<u8>, ReplicaError> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let (first, skip) = (offset / PIECE_BYTES, offset % PIECE_BYTES);
        let pieces = (skip + bytes).div_ceil(PIECE_BYTES);
        let mut statement = self.connection.prepare_cached(
            "SELECT bytes FROM blob_piece WHERE blob = ?1 AND n >= ?2 ORDER BY n LIMIT ?3",
        )?;
        let mut rows = statement.query(params![id.0, first as i64, pieces as i64])?;
        let mut out = Vec::with_capacity(pieces * PIECE_BYTES);
        while let Some(r) = rows.next()? {
            out.extend_from_slice(r.get_ref("bytes")?.as_blob().unwrap_or_default());
        }
        out.drain(..skip.min(out.len()));
        out.truncate(bytes);
        Ok(out)
    }

    /// The hub holds it whole.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn note_on_hub(&mut self, id: BlobId, now: UnixMillis) -> Result<(), ReplicaError> {
        self.settle_as(id, ON_HUB, "", now)
    }

    /// The hub will never take it. It stays here.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn note_refused(
        &mut self,
        id: BlobId,
        code: &str,
        now: UnixMillis,
    ) -> Result<(), ReplicaError> {
        self.settle_as(id, REFUSED, code, now)
    }

    fn settle_as(
        &mut self,
        id: BlobId,
        state: i64,
        code: &str,
        now: UnixMillis,
    ) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached(
                "UPDATE blob SET state = ?2, refusal = ?3, settled_at = ?4 WHERE id = ?1 AND state = ?5",
            )?
            .execute(params![id.0, state, code, now, TO_SEND])?;
        Ok(())
    }

    /// The hub's data may have been set back: what is still here is offered again.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn offer_again(&mut self) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached("UPDATE blob SET state = ?1 WHERE state = ?2 AND here = 1")?
            .execute([TO_SEND, ON_HUB])?;
        Ok(())
    }

    /// Drops the content of photos and documents that have been on the hub for [`KEPT_MS`]; thumbnails stay.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn prune(&mut self, now: UnixMillis) -> Result<(), ReplicaError> {
        let transaction = self.connection.transaction()?;
        transaction.execute(
            "DELETE FROM blob_piece WHERE blob IN
                 (SELECT id FROM blob WHERE state = ?1 AND kind <> ?2 AND here = 1 AND settled_at < ?3)",
            params![ON_HUB, BlobKind::Thumbnail.number(), now - KEPT_MS],
        )?;
        transaction.execute(
            "UPDATE blob SET here = 0 WHERE state = ?1 AND kind <> ?2 AND here = 1 AND settled_at < ?3",
            params![ON_HUB, BlobKind::Thumbnail.number(), now - KEPT_MS],
        )?;
        transaction.commit()?;
        Ok(())
    }
}

fn blob_ref(r: &Row<'_>) -> Result<BlobRef, ReplicaError> {
    let id: Vec<u8> = r.get("id")?;
    Ok(BlobRef {
        id: BlobId::from_slice(&id).ok_or(ReplicaError::BadRow("blob.id"))?,
        size: u64::try_from(r.get::<_, i64>("size")?)
            .map_err(|_| ReplicaError::BadRow("blob.size"))?,
        media: r.get("media")?,
        kind: BlobKind::from_number(r.get("kind")?),
    })
}
