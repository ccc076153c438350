//! Photos, signatures and documents: content apart from the events, known by its hash.

use std::fmt;

use minicbor::{Decoder, Encoder};

/// Which content: the blake3 hash of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub [u8; 32]);

impl BlobId {
    /// The identity of this content.
    pub fn of(content: &[u8]) -> Self {
        Self(*blake3::hash(content).as_bytes())
    }

    /// In lower-case hexadecimal.
    pub fn hex(&self) -> String {
        crate::EventHash(self.0).hex()
    }

    /// From 64 hexadecimal digits in lower case, so that each blob has one name only.
    pub fn from_hex(text: &str) -> Option<Self> {
        let id = Self(crate::EventHash::from_hex(text)?.0);
        (id.hex() == text).then_some(id)
    }

    /// From a slice of exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex()[..12])
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl<C> minicbor::Encode<C> for BlobId {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for BlobId {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_slice(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("32 bytes"))
    }
}

/// What a blob is for. The order is the order of their going: the small and telling ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlobKind {
    /// A small picture of a photo.
    Thumbnail,
    /// What somebody signed.
    Signature,
    /// What a camera saw.
    Photo,
    /// A file, such as a delivery note; also any kind that only a later program knows.
    Document,
}

impl BlobKind {
    /// Its number on the wire and in databases.
    pub const fn number(self) -> u8 {
        match self {
            Self::Thumbnail => 0,
            Self::Signature => 1,
            Self::Photo => 2,
            Self::Document => 3,
        }
    }

    /// From its number; numbers of later programs are documents.
    pub const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Thumbnail,
            1 => Self::Signature,
            2 => Self::Photo,
            _ => Self::Document,
        }
    }

    /// Stable name, the key of its translated word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Thumbnail => "thumbnail",
            Self::Signature => "signature",
            Self::Photo => "photo",
            Self::Document => "document",
        }
    }
}

impl<C> minicbor::Encode<C> for BlobKind {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u8(self.number())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for BlobKind {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(Self::from_number(d.u8()?))
    }
}

/// Names a blob, and says enough of it to fetch it and show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct BlobRef {
    /// Which content.
    #[n(0)]
    pub id: BlobId,
    /// How many bytes, from 1.
    #[n(1)]
    pub size: u64,
    /// Its media type, such as `image/jpeg`.
    #[n(2)]
    pub media: String,
    /// What it is for.
    #[n(3)]
    pub kind: BlobKind,
}

impl BlobRef {
    /// Names this content.
    pub fn of(content: &[u8], media: &str, kind: BlobKind) -> Self {
        Self {
            id: BlobId::of(content),
            size: content.len() as u64,
            media: media.to_owned(),
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_has_one_name() {
        let blob = BlobRef::of(b"abc", "image/jpeg", BlobKind::Photo);
        assert_eq!(blob.size, 3);
        assert_eq!(BlobId::from_hex(&blob.id.hex()), Some(blob.id));
        assert_eq!(BlobId::from_hex(&blob.id.hex().to_uppercase()), None);
        assert_eq!(BlobId::from_hex("+1"), None);
    }

    #[test]
    fn a_reference_goes_there_and_back_and_a_later_kind_is_a_document() {
        let blob = BlobRef::of(b"abc", "image/jpeg", BlobKind::Signature);
        let bytes = minicbor::to_vec(&blob).unwrap();
        assert_eq!(minicbor::decode::<BlobRef>(&bytes).unwrap(), blob);
        let mut later = bytes.clone();
        *later.last_mut().unwrap() = 9;
        let later: BlobRef = minicbor::decode(&later).unwrap();
        assert_eq!(later.kind, BlobKind::Document);
    }
}
