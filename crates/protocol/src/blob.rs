//! Photos, signatures and documents, chunk by chunk.

use domain::{BlobId, BlobKind, BlobRef};

use crate::wire::message;
use crate::{BLOB_BYTES_MAX, CHUNK_BYTES_MAX, THUMBNAIL_BYTES_MAX};

/// A piece of a blob.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct BlobChunk {
    /// Of which blob.
    #[n(0)]
    pub blob: BlobRef,
    /// How many bytes come before it.
    #[n(1)]
    pub offset: u64,
    /// From 1 to [`CHUNK_BYTES_MAX`].
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

impl BlobChunk {
    /// Whether it lies within its blob.
    pub fn fits(&self) -> bool {
        let end = self.offset.checked_add(self.bytes.len() as u64);
        !self.bytes.is_empty()
            && self.bytes.len() <= CHUNK_BYTES_MAX
            && end.is_some_and(|end| end <= self.blob.size)
    }
}

/// What a device asks and sends.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct BlobRequest {
    /// The oldest and newest version that the device speaks.
    #[n(0)]
    pub versions: (u32, u32),
    /// Blobs whose state is wanted; at most [`crate::BLOB_ASK_MAX`].
    #[n(1)]
    pub ask: Vec<BlobId>,
    /// The next piece.
    #[n(2)]
    pub chunk: Option<BlobChunk>,
}
message!(BlobRequest);

/// What became of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum ChunkOutcome {
    /// It was appended.
    #[n(0)]
    Taken,
    /// The hub holds the whole blob, and its hash is right.
    #[n(1)]
    Whole,
    /// It does not begin where the hub's part ends.
    #[n(2)]
    Elsewhere,
    /// The whole content had another hash, and was dropped.
    #[n(3)]
    HashWrong,
    /// Blobs of this size are not taken.
    #[n(4)]
    TooLarge,
    /// Blobs of this media type are not taken, or the content is of another one.
    #[n(5)]
    MediaRefused,
    /// The device has sent too much in a day.
    #[n(6)]
    QuotaReached,
}

impl ChunkOutcome {
    /// All outcomes.
    pub const ALL: [Self; 7] = [
        Self::Taken,
        Self::Whole,
        Self::Elsewhere,
        Self::HashWrong,
        Self::TooLarge,
        Self::MediaRefused,
        Self::QuotaReached,
    ];

    /// The stable code of a refusal; `None` if the upload goes on or is done.
    pub const fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Taken | Self::Whole | Self::Elsewhere => None,
            Self::HashWrong => Some("blob-hash-wrong"),
            Self::TooLarge => Some("blob-too-large"),
            Self::MediaRefused => Some("blob-media-refused"),
            Self::QuotaReached => Some("blob-quota"),
        }
    }

    /// Whether sending this blob again can never help.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::TooLarge | Self::MediaRefused)
    }
}

/// What the hub answers.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct BlobReply {
    /// The version that both speak.
    #[n(0)]
    pub version: u32,
    /// For each blob that was asked for, and for the chunk's: how many bytes the hub holds. Its size once it is whole.
    #[n(1)]
    pub held: Vec<(BlobId, u64)>,
    /// What became of the chunk, if there was one.
    #[n(2)]
    pub outcome: Option<ChunkOutcome>,
}
message!(BlobReply);

/// A device wants a part of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct BlobGet {
    /// The oldest and newest version that the device speaks.
    #[n(0)]
    pub versions: (u32, u32),
    /// Which blob.
    #[n(1)]
    pub id: BlobId,
    /// From where.
    #[n(2)]
    pub offset: u64,
    /// At most so many bytes; the hub gives at most [`CHUNK_BYTES_MAX`].
    #[n(3)]
    pub bytes_max: u32,
}
message!(BlobGet);

/// A part of a blob.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct BlobPart {
    /// The version that both speak.
    #[n(0)]
    pub version: u32,
    /// How large the whole blob is; 0 if the hub does not have it.
    #[n(1)]
    pub size: u64,
    /// The bytes from the offset that was asked for; empty at the end.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}
message!(BlobPart);

/// The media types that are taken, with the bytes that each begins with.
const MEDIA: [(&str, &[u8]); 4] = [
    (documents::sealed::SEALED_MEDIA, b"TMs1"),
    ("image/jpeg", &[0xff, 0xd8, 0xff]),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("application/pdf", b"%PDF-"),
];

/// The name of a media type that is taken, as this program writes it.
pub fn known_media(media: &str) -> Option<&'static str> {
    MEDIA.iter().map(|(name, _)| *name).find(|n| *n == media)
}

/// Whether content begins as its media type must.
pub fn media_fits(media: &str, content: &[u8]) -> bool {
    MEDIA
        .iter()
        .any(|(name, magic)| *name == media && content.starts_with(magic))
}

/// The largest size of a blob of that kind, in bytes.
pub const fn size_max(kind: BlobKind) -> u64 {
    match kind {
        BlobKind::Thumbnail => THUMBNAIL_BYTES_MAX,
        BlobKind::Signature | BlobKind::Photo | BlobKind::Document => BLOB_BYTES_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> BlobRequest {
        BlobRequest {
            versions: crate::VERSIONS,
            ask: vec![BlobId([7; 32])],
            chunk: Some(BlobChunk {
                blob: BlobRef::of(b"\xff\xd8\xffrest", "image/jpeg", BlobKind::Photo),
                offset: 3,
                bytes: b"rest".to_vec(),
            }),
        }
    }

    #[test]
    fn messages_read_back() {
        assert_eq!(
            BlobRequest::from_bytes(&request().to_bytes()),
            Ok(request())
        );
        for outcome in ChunkOutcome::ALL {
            let reply = BlobReply {
                version: 1,
                held: vec![(BlobId([7; 32]), 9)],
                outcome: Some(outcome),
            };
            assert_eq!(BlobReply::from_bytes(&reply.to_bytes()), Ok(reply));
            assert!(!outcome.is_final() || outcome.refusal().is_some());
        }
        let get = BlobGet {
            versions: crate::VERSIONS,
            id: BlobId([1; 32]),
            offset: 5,
            bytes_max: 10,
        };
        assert_eq!(BlobGet::from_bytes(&get.to_bytes()), Ok(get));
        let part = BlobPart {
            version: 1,
            size: 5,
            bytes: vec![1, 2],
        };
        assert_eq!(BlobPart::from_bytes(&part.to_bytes()), Ok(part));
    }

    #[test]
    fn cut_off_and_scrambled_messages_are_refused_without_panic() {
        let bytes = request().to_bytes();
        for end in 0..bytes.len() {
            assert_eq!(
                BlobRequest::from_bytes(&bytes[..end]),
                Err(crate::WireError)
            );
        }
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0xff;
            let _ = BlobRequest::from_bytes(&bad);
        }
    }

    #[test]
    fn a_chunk_lies_within_its_blob() {
        let chunk = request().chunk.unwrap();
        assert!(chunk.fits());
        let offsets = [chunk.offset + 1, u64::MAX];
        for offset in offsets {
            let chunk = BlobChunk {
                offset,
                ..chunk.clone()
            };
            assert!(!chunk.fits());
        }
        let empty = BlobChunk {
            bytes: Vec::new(),
            ..chunk
        };
        assert!(!empty.fits());
    }

    #[test]
    fn media_is_known_by_name_and_by_its_first_bytes() {
        assert!(media_fits("image/jpeg", b"\xff\xd8\xff\xe0"));
        assert!(!media_fits("image/jpeg", b"<html>"));
        assert!(!media_fits("text/html", b"<html>"));
        assert_eq!(known_media("image/png"), Some("image/png"));
        assert_eq!(known_media("image/svg+xml"), None);
    }
}
