//! Photos, signatures and documents: taken chunk by chunk, verified, given out.

use std::io;

use domain::{BlobId, BlobKind, BlobRef, UnixMillis};
use protocol::blob::{known_media, size_max};
use protocol::{BlobChunk, BlobGet, BlobPart, BlobReply, BlobRequest, ChunkOutcome, RefusalCode};

use super::blob_files::Finished;
use super::refused::Who;
use super::sync::token_hash;
use super::{Hub, HubError};
use crate::store::hub_blobs;
use crate::store::hub_devices::{self, DeviceRow};

/// What one device may send in a day: a photo every five minutes of every shift, three times over.
pub const DAY_BYTES_MAX: u64 = 512 << 20;
const DAY_MS: i64 = 86_400_000;

impl Hub {
    /// Takes a chunk of a blob, and says how much of blobs is here. Outer error: the hub failed; inner: the device is
    /// refused.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn take_blob(
        &self,
        token: &str,
        request: &BlobRequest,
        now: UnixMillis,
    ) -> Result<Result<BlobReply, RefusalCode>, HubError> {
        let device = match self.device_of(token, request.versions)? {
            Ok(device) => device,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if request.ask.len() > protocol::BLOB_ASK_MAX {
            return Ok(Err(RefusalCode::Malformed));
        }
        let mut outcome = None;
        let mut wanted = request.ask.clone();
        if let Some(chunk) = &request.chunk {
            if !chunk.fits() {
                return Ok(Err(RefusalCode::Malformed));
            }
            outcome = Some(self.take_chunk(&device, chunk, now)?);
            wanted.push(chunk.blob.id);
        }
        let mut held = Vec::with_capacity(wanted.len());
        for id in wanted {
            let bytes = match self.whole_blob(id)? {
                Some(blob) => blob.size,
                None => self.blobs.held(device.device, id)?,
            };
            held.push((id, bytes));
        }
        Ok(Ok(BlobReply {
            version: protocol::VERSIONS.1,
            held,
            outcome,
        }))
    }

    /// Gives a part of a blob. Whoever knows a blob's hash has seen an event that names it.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn give_blob(
        &self,
        token: &str,
        get: &BlobGet,
    ) -> Result<Result<BlobPart, RefusalCode>, HubError> {
        if let Err(refusal) = self.device_of(token, get.versions)? {
            return Ok(Err(refusal));
        }
        let bytes_max = (get.bytes_max as usize).min(protocol::CHUNK_BYTES_MAX);
        let (size, bytes) = match self.whole_blob(get.id)? {
            Some(blob) => (blob.size, self.blobs.read(get.id, get.offset, bytes_max)?),
            None => (0, Vec::new()),
        };
        Ok(Ok(BlobPart {
            version: protocol::VERSIONS.1,
            size,
            bytes,
        }))
    }

    /// A blob that is whole: its row and its file are there.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn whole_blob(&self, id: BlobId) -> Result<Option<BlobRef>, HubError> {
        let blob = self.database.read(|c| hub_blobs::get(c, id))?;
        Ok(match blob {
            Some(blob) if self.blobs.has(id, blob.size)? => Some(blob),
            _ => None,
        })
    }

    /// Keeps content that this server took from somebody without a device.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn keep_blob(
        &self,
        content: &[u8],
        kind: BlobKind,
        media: &str,
        now: UnixMillis,
    ) -> Result<BlobId, HubError> {
        let blob = BlobRef {
            id: BlobId::of(content),
            size: content.len() as u64,
            media: media.to_owned(),
            kind,
        };
        if self.whole_blob(blob.id)?.is_some() {
            return Ok(blob.id);
        }
        let own = self.lock().identity().map(|identity| identity.device);
        let own = own.ok_or_else(|| HubError::from(io::Error::other("no identity")))?;
        {
            let _writing = self.lock_blobs();
            self.blobs.make_room(own, blob.size)?;
            self.blobs.append(own, blob.id, 0, content)?;
            if self.blobs.finish(own, &blob)? != Finished::Whole {
                return Err(io::Error::other("a file changed while it was written").into());
            }
        }
        self.database
            .write(|t| hub_blobs::put(t, &blob, own, now))?;
        self.blob_came
            .store(true, std::sync::atomic::Ordering::Relaxed);
        self.wake();
        Ok(blob.id)
    }

    /// The content of a blob that is whole.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn blob_content(&self, id: BlobId) -> Result<Option<(BlobRef, Vec<u8>)>, HubError> {
        let Some(blob) = self.whole_blob(id)? else {
            return Ok(None);
        };
        let content = self.blobs.read(id, 0, blob.size as usize)?;
        Ok(Some((blob, content)))
    }

    /// Who asks, if they may.
    pub(super) fn device_of(
        &self,
        token: &str,
        versions: (u32, u32),
    ) -> Result<Result<DeviceRow, RefusalCode>, HubError> {
        if versions.0 > protocol::VERSIONS.1 || versions.1 < protocol::VERSIONS.0 {
            return Ok(Err(RefusalCode::VersionUnknown));
        }
        let device = self
            .database
            .read(|c| hub_devices::by_token(c, &token_hash(token)))?;
        Ok(device
            .filter(|device| !device.revoked)
            .ok_or(RefusalCode::DeviceUnknown))
    }

    fn take_chunk(
        &self,
        device: &DeviceRow,
        chunk: &BlobChunk,
        now: UnixMillis,
    ) -> Result<ChunkOutcome, HubError> {
        let outcome = self.judge_chunk(device, chunk, now)?;
        if let Some(code) = outcome.refusal() {
            tracing::warn!(device = %device.device, name = device.name, blob = %chunk.blob.id, size = chunk.blob.size, code, "an upload was refused");
            self.refusals.note(Who::Device(device.device), code, now);
        }
        Ok(outcome)
    }

    fn judge_chunk(
        &self,
        device: &DeviceRow,
        chunk: &BlobChunk,
        now: UnixMillis,
    ) -> Result<ChunkOutcome, HubError> {
        let blob = &chunk.blob;
        if self.whole_blob(blob.id)?.is_some() {
            return Ok(ChunkOutcome::Whole);
        }
        if blob.size > size_max(blob.kind) {
            return Ok(ChunkOutcome::TooLarge);
        }
        if known_media(&blob.media).is_none() {
            return Ok(ChunkOutcome::MediaRefused);
        }
        // One writer at a time: two requests of one device must not append to the same file.
        let _writing = self.lock_blobs();
        let held = self.blobs.held(device.device, blob.id)?;
        if chunk.offset != held {
            return Ok(ChunkOutcome::Elsewhere);
        }
        if chunk.offset == 0 {
            if self.blobs.verify_in_place(blob)? {
                return self.blob_is_whole(device, blob, now);
            }
            let since = now - DAY_MS;
            let today = self
                .database
                .read(|c| hub_blobs::bytes_since(c, device.device, since))?;
            if today + blob.size > DAY_BYTES_MAX {
                return Ok(ChunkOutcome::QuotaReached);
            }
            self.blobs.make_room(device.device, blob.size)?;
        }
        let held = self
            .blobs
            .append(device.device, blob.id, chunk.offset, &chunk.bytes)?;
        if held < blob.size {
            return Ok(ChunkOutcome::Taken);
        }
        match self.blobs.finish(device.device, blob)? {
            Finished::Whole => self.blob_is_whole(device, blob, now),
            Finished::HashWrong => Ok(ChunkOutcome::HashWrong),
            Finished::MediaWrong => Ok(ChunkOutcome::MediaRefused),
        }
    }

    fn blob_is_whole(
        &self,
        device: &DeviceRow,
        blob: &BlobRef,
        now: UnixMillis,
    ) -> Result<ChunkOutcome, HubError> {
        self.database
            .write(|t| hub_blobs::put(t, blob, device.device, now))?;
        self.blob_came
            .store(true, std::sync::atomic::Ordering::Relaxed);
        self.wake();
        Ok(ChunkOutcome::Whole)
    }
}

impl From<io::Error> for HubError {
    fn from(error: io::Error) -> Self {
        Self::Files(error)
    }
}
