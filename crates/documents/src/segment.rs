//! Segments: the only thing that is synced. Signed, hash-linked, immutable once sealed.

use domain::{ChainId, OrganisationId, UnixMillis};

use crate::body::{Body, BodyError, Part};
use crate::keys::{PublicKey, Purpose, Signature, SigningKey};
use crate::partition::Partition;

/// No segment's body is larger than this, packed.
pub const BODY_BYTES_MAX: usize = 256 << 10;

/// The hash of a segment's header, which covers its body.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, minicbor::Encode, minicbor::Decode,
)]
#[cbor(transparent)]
pub struct SegmentHash(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 32],
);

impl SegmentHash {
    /// From a slice of exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Debug for SegmentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0[..6].iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

/// What is signed: where the segment stands and the hash of its body. Later versions may add fields at the end.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct SegmentHeader {
    /// Whose data it is.
    #[n(0)]
    pub organisation: OrganisationId,
    /// Which part of it.
    #[n(1)]
    pub partition: Partition,
    /// The chain that it continues.
    #[n(2)]
    pub chain: ChainId,
    /// Its place there, gap-free from 1.
    #[n(3)]
    pub seq: u64,
    /// The hash of the segment before it; zero for the first.
    #[n(4)]
    pub previous: SegmentHash,
    /// How many changes it carries.
    #[n(5)]
    pub changes: u32,
    /// blake3 of the body as sent.
    #[n(6)]
    #[cbor(with = "minicbor::bytes")]
    pub body_hash: [u8; 32],
}

/// A signed segment.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Segment {
    /// The header exactly as it was signed.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    header_bytes: Vec<u8>,
    /// The device's signature over the header.
    #[n(1)]
    signature: Signature,
    /// The packed body.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    body: Vec<u8>,
}

/// What is wrong with a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// The header is not CBOR of the right shape.
    #[error("the header is malformed")]
    Malformed,
    /// The body is not the one that was signed.
    #[error("the body does not match the header")]
    BodyHash,
    /// The body is larger than [`BODY_BYTES_MAX`].
    #[error("the segment is too large")]
    TooLarge,
    /// Not signed by that device.
    #[error("the signature is wrong")]
    Signature,
    /// The body cannot be read.
    #[error("the body cannot be read")]
    Body(#[source] BodyError),
}

impl Segment {
    /// Seals and signs. `header.body_hash` is filled in here.
    pub fn seal(mut header: SegmentHeader, body: &Body, key: &SigningKey) -> Self {
        let body = body.to_bytes();
        header.body_hash = *blake3::hash(&body).as_bytes();
        let header_bytes = to_cbor(&header);
        let signature = key.sign(Purpose::Segment, &header_bytes);
        Self {
            header_bytes,
            signature,
            body,
        }
    }

    /// From its stored columns.
    pub const fn from_parts(header_bytes: Vec<u8>, signature: Signature, body: Vec<u8>) -> Self {
        Self {
            header_bytes,
            signature,
            body,
        }
    }

    /// The header exactly as it was signed.
    pub fn header_bytes(&self) -> &[u8] {
        &self.header_bytes
    }

    /// The device's signature.
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The packed body.
    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }

    /// The header, read; nothing is verified yet.
    ///
    /// # Errors
    /// [`SegmentError::Malformed`].
    pub fn header(&self) -> Result<SegmentHeader, SegmentError> {
        minicbor::decode(&self.header_bytes).map_err(|_| SegmentError::Malformed)
    }

    /// The hash that the next segment names.
    pub fn hash(&self) -> SegmentHash {
        SegmentHash(*blake3::hash(&self.header_bytes).as_bytes())
    }

    /// Verifies size, body hash and signature, in that order of cost.
    ///
    /// # Errors
    /// See [`SegmentError`].
    pub fn verify(&self, key: &PublicKey) -> Result<SegmentHeader, SegmentError> {
        if self.body.len() > BODY_BYTES_MAX {
            return Err(SegmentError::TooLarge);
        }
        let header = self.header()?;
        if blake3::hash(&self.body).as_bytes() != &header.body_hash {
            return Err(SegmentError::BodyHash);
        }
        if !key.verify(Purpose::Segment, &self.header_bytes, &self.signature) {
            return Err(SegmentError::Signature);
        }
        Ok(header)
    }

    /// The body, unpacked.
    ///
    /// # Errors
    /// [`SegmentError::Body`].
    pub fn body(&self) -> Result<Body, SegmentError> {
        Body::from_bytes(&self.body).map_err(SegmentError::Body)
    }
}

/// Whether the fold may use a segment's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum SegmentStatus {
    /// It may.
    #[n(0)]
    Live,
    /// It is kept and forwarded, and its events wait for a supervisor.
    #[n(1)]
    Quarantined,
}

/// A segment that the hub has accepted, with its place in the partition's log.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Accepted {
    /// Its number in the log of its partition, gap-free from 1.
    #[n(0)]
    pub number: u64,
    /// The hub's clock then, unix milliseconds; never earlier than that of the number before.
    #[n(1)]
    pub accepted_at: UnixMillis,
    /// Whether its events count.
    #[n(2)]
    pub status: SegmentStatus,
    /// The hub's signature over all this and the segment's hash.
    #[n(3)]
    pub signature: Signature,
    /// The segment; absent in an acknowledgement to the device that sent it.
    #[n(4)]
    pub segment: Option<Segment>,
    /// Which segment it is.
    #[n(5)]
    pub hash: SegmentHash,
    /// The server's signature if the segment's body is not whole: it is what [`Accepted::extract`] left of it.
    #[n(6)]
    pub extract: Option<Signature>,
}

impl Accepted {
    fn message(
        number: u64,
        accepted_at: UnixMillis,
        status: SegmentStatus,
        hash: SegmentHash,
    ) -> Vec<u8> {
        to_cbor(&(number, accepted_at, status, hash))
    }

    /// The hub accepts a segment.
    pub fn sign(
        number: u64,
        accepted_at: UnixMillis,
        status: SegmentStatus,
        segment: Segment,
        hub: &SigningKey,
    ) -> Self {
        let hash = segment.hash();
        let signature = hub.sign(
            Purpose::Acceptance,
            &Self::message(number, accepted_at, status, hash),
        );
        Self {
            number,
            accepted_at,
            status,
            signature,
            segment: Some(segment),
            hash,
            extract: None,
        }
    }

    fn extract_message(hash: SegmentHash, body: &[u8]) -> Vec<u8> {
        to_cbor(&(
            hash,
            minicbor::bytes::ByteArray::from(*blake3::hash(body).as_bytes()),
        ))
    }

    /// The entry for a device that may not have all of the segment: the parts of the body that `keeps` says yes to, under
    /// the hub's signature, since the writer's covers the whole. An entry of which everything is kept stays as it is.
    #[must_use]
    pub fn extract(self, hub: &SigningKey, mut keeps: impl FnMut(&Part) -> bool) -> Self {
        let Some(segment) = &self.segment else {
            return self;
        };
        // What cannot be read may hold anything.
        let left = match segment.body() {
            Ok(body) => {
                let all = body.parts.len();
                let parts: Vec<Part> = body.parts.into_iter().filter(|p| keeps(p)).collect();
                if parts.len() == all {
                    return self;
                }
                Body { parts }
            }
            Err(_) => Body::default(),
        };
        let body = left.to_bytes();
        let signature = hub.sign(Purpose::Extract, &Self::extract_message(self.hash, &body));
        let segment = Segment {
            header_bytes: segment.header_bytes.clone(),
            signature: segment.signature,
            body,
        };
        Self {
            segment: Some(segment),
            extract: Some(signature),
            ..self
        }
    }

    /// Verifies the segment, which must be here: as [`Segment::verify`], but of an extract the hub's word stands for the
    /// body.
    ///
    /// # Errors
    /// See [`SegmentError`]; [`SegmentError::Malformed`] without a segment.
    pub fn verify_segment(
        &self,
        key: &PublicKey,
        hub: &PublicKey,
    ) -> Result<SegmentHeader, SegmentError> {
        let segment = self.segment.as_ref().ok_or(SegmentError::Malformed)?;
        let Some(extract) = &self.extract else {
            return segment.verify(key);
        };
        if segment.body.len() > BODY_BYTES_MAX {
            return Err(SegmentError::TooLarge);
        }
        let header = segment.header()?;
        let message = Self::extract_message(segment.hash(), &segment.body);
        if !hub.verify(Purpose::Extract, &message, extract) {
            return Err(SegmentError::BodyHash);
        }
        if !key.verify(Purpose::Segment, &segment.header_bytes, &segment.signature) {
            return Err(SegmentError::Signature);
        }
        Ok(header)
    }

    /// Whether the hub signed this, and the segment, if it is here, is the one meant.
    pub fn verify(&self, hub: &PublicKey) -> bool {
        let message = Self::message(self.number, self.accepted_at, self.status, self.hash);
        hub.verify(Purpose::Acceptance, &message, &self.signature)
            && self.segment.as_ref().is_none_or(|s| s.hash() == self.hash)
    }
}

pub(crate) fn to_cbor<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    // Writing to a vector cannot fail.
    minicbor::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordId;
    use domain::SiteId;

    fn sealed(key: &SigningKey) -> Segment {
        let header = SegmentHeader {
            organisation: OrganisationId::from_bytes([1; 16]),
            partition: Partition::Site(SiteId::from_bytes([2; 16])),
            chain: ChainId::from_bytes([3; 16]),
            seq: 1,
            previous: SegmentHash::default(),
            changes: 1,
            body_hash: [0; 32],
        };
        let body = Body {
            parts: vec![Part::record(RecordId([4; 16]), vec![vec![5; 300]])],
        };
        Segment::seal(header, &body, key)
    }

    #[test]
    fn sealed_sent_and_verified() {
        let key = SigningKey::from_seed(&[1; 32]);
        let segment = sealed(&key);
        let received: Segment = minicbor::decode(&to_cbor(&segment)).unwrap();
        assert_eq!(received.verify(&key.public()).unwrap().seq, 1);
        assert_eq!(received.body().unwrap().parts.len(), 1);
        let other = SigningKey::from_seed(&[2; 32]);
        assert_eq!(
            received.verify(&other.public()),
            Err(SegmentError::Signature)
        );
    }

    #[test]
    fn any_flipped_bit_is_found() {
        let key = SigningKey::from_seed(&[1; 32]);
        let bytes = to_cbor(&sealed(&key));
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            if let Ok(segment) = minicbor::decode::<Segment>(&bad) {
                assert!(segment.verify(&key.public()).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn the_hub_signs_number_time_and_status() {
        let (key, hub) = (
            SigningKey::from_seed(&[1; 32]),
            SigningKey::from_seed(&[9; 32]),
        );
        let accepted = Accepted::sign(7, 1_000, SegmentStatus::Live, sealed(&key), &hub);
        assert!(accepted.verify(&hub.public()));
        assert!(
            !Accepted {
                accepted_at: 1_001,
                ..accepted.clone()
            }
            .verify(&hub.public())
        );
        assert!(
            !Accepted {
                number: 8,
                ..accepted.clone()
            }
            .verify(&hub.public())
        );
        assert!(
            !Accepted {
                status: SegmentStatus::Quarantined,
                ..accepted.clone()
            }
            .verify(&hub.public())
        );
        assert!(
            Accepted {
                segment: None,
                ..accepted
            }
            .verify(&hub.public())
        );
    }

    #[test]
    fn of_an_extract_the_hub_vouches_for_what_is_left_and_nobody_else() {
        let (key, hub) = (
            SigningKey::from_seed(&[1; 32]),
            SigningKey::from_seed(&[9; 32]),
        );
        let header = sealed(&key).header().unwrap();
        let body = Body {
            parts: vec![
                Part::record(RecordId([4; 16]), vec![vec![5; 300]]),
                Part::journal(RecordId([6; 16]), vec![vec![7; 300]]),
            ],
        };
        let segment = Segment::seal(header, &body, &key);
        let whole = Accepted::sign(7, 1_000, SegmentStatus::Live, segment, &hub);
        assert_eq!(whole.clone().extract(&hub, |_| true), whole);
        assert!(whole.verify_segment(&key.public(), &hub.public()).is_ok());

        let left = whole.clone().extract(&hub, |part| !part.is_journal);
        assert_eq!(left.hash, whole.hash);
        assert!(left.verify(&hub.public()));
        let bytes = to_cbor(&left);
        assert!(!bytes.windows(20).any(|w| w == [7; 20]));
        let left: Accepted = minicbor::decode(&bytes).unwrap();
        assert_eq!(
            left.verify_segment(&key.public(), &hub.public())
                .unwrap()
                .seq,
            1
        );
        let read = left.segment.as_ref().unwrap().body().unwrap();
        assert_eq!(read.parts, body.parts[..1]);

        let other =
            |extract| left_with(&left, extract).verify_segment(&key.public(), &hub.public());
        assert_eq!(other(None), Err(SegmentError::BodyHash));
        let nothing = whole.extract(&hub, |_| false);
        assert_eq!(other(nothing.extract), Err(SegmentError::BodyHash));
        assert_eq!(
            left.verify_segment(&hub.public(), &hub.public()),
            Err(SegmentError::Signature)
        );
    }

    fn left_with(entry: &Accepted, extract: Option<Signature>) -> Accepted {
        Accepted {
            extract,
            ..entry.clone()
        }
    }
}
