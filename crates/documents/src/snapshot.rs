//! Snapshots: what a replica goes on from instead of a partition's history, signed by the server.
//!
//! A manifest names the cut in the log and the hash and sizes of every chunk, so that nothing is unpacked, or room made
//! for it, before the server's signature vouches for it.

use domain::ledger::Place;
use domain::{OrganisationId, UnixMillis};

use crate::keys::{PublicKey, Purpose, Signature, SigningKey};
use crate::partition::Partition;
use crate::segment::to_cbor;

/// No chunk unpacks to more than this.
pub const CHUNK_UNPACKED_MAX: usize = 4 << 20;
/// No chunk is larger than this on the wire: what cannot be packed grows a little.
pub const CHUNK_PACKED_MAX: usize = CHUNK_UNPACKED_MAX + (64 << 10);
/// No snapshot has more chunks than this.
pub const CHUNKS_MAX: usize = 1_024;
/// A server builds them once a day; high effort is paid back on each handheld.
const LEVEL: i32 = 17;

/// The hash of a signed manifest: which snapshot it is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode,
)]
#[cbor(transparent)]
pub struct SnapshotId(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 32],
);

/// One chunk, as the manifest vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct ChunkEntry {
    /// blake3 of the chunk as sent.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub hash: [u8; 32],
    /// Its size as sent.
    #[n(1)]
    pub packed: u32,
    /// Its size unpacked.
    #[n(2)]
    pub unpacked: u32,
}

/// Where in the log a snapshot was taken, and what it consists of. Later versions may add fields at the end.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Manifest {
    /// Whose data it is.
    #[n(0)]
    pub organisation: OrganisationId,
    /// Which part of it.
    #[n(1)]
    pub partition: Partition,
    /// Which log.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// The log is read from the entry after this one.
    #[n(3)]
    pub cut: u64,
    /// The hash over the log up to there.
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    pub cut_hash: [u8; 32],
    /// Everything up to this entry is counted in, as far as it stands at or before the horizon.
    #[n(5)]
    pub end: u64,
    /// Of a site: events at or before it are in the baselines.
    #[n(6)]
    pub horizon: Option<Place>,
    /// When it was taken, by the server's clock.
    #[n(7)]
    pub taken_at: UnixMillis,
    /// The chunks, in order.
    #[n(8)]
    pub chunks: Vec<ChunkEntry>,
}

#[derive(minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
struct Signed {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    message: Vec<u8>,
    #[n(1)]
    signature: Signature,
}

impl Manifest {
    /// Signs it: its CBOR with the signature behind.
    pub fn sign(&self, server: &SigningKey) -> Vec<u8> {
        let message = to_cbor(self);
        let signature = server.sign(Purpose::Snapshot, &message);
        to_cbor(&Signed { message, signature })
    }

    /// Reads and verifies what [`Manifest::sign`] made; `None` if this server did not sign it or a size is out of
    /// bounds.
    pub fn verify(bytes: &[u8], server: &PublicKey) -> Option<Self> {
        let signed: Signed = minicbor::decode(bytes).ok()?;
        if !server.verify(Purpose::Snapshot, &signed.message, &signed.signature) {
            return None;
        }
        let manifest: Self = minicbor::decode(&signed.message).ok()?;
        let bounded = manifest.chunks.len() <= CHUNKS_MAX
            && manifest.chunks.iter().all(|c| {
                c.packed as usize <= CHUNK_PACKED_MAX && c.unpacked as usize <= CHUNK_UNPACKED_MAX
            });
        bounded.then_some(manifest)
    }

    /// Which snapshot it is, of the bytes that [`Manifest::sign`] made.
    pub fn id(signed: &[u8]) -> SnapshotId {
        SnapshotId(*blake3::hash(signed).as_bytes())
    }

    /// How many bytes the chunks have as sent.
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(|c| u64::from(c.packed)).sum()
    }
}

/// Packs a chunk of at most [`CHUNK_UNPACKED_MAX`] bytes; `None` if it is larger.
pub fn pack(plain: &[u8]) -> Option<(ChunkEntry, Vec<u8>)> {
    if plain.len() > CHUNK_UNPACKED_MAX {
        return None;
    }
    let packed = zstd::bulk::compress(plain, LEVEL).ok()?;
    let entry = ChunkEntry {
        hash: *blake3::hash(&packed).as_bytes(),
        packed: u32::try_from(packed.len()).ok()?,
        unpacked: u32::try_from(plain.len()).ok()?,
    };
    Some((entry, packed))
}

impl ChunkEntry {
    /// Whether these bytes are the chunk.
    pub fn verify(&self, packed: &[u8]) -> bool {
        packed.len() == self.packed as usize && blake3::hash(packed).as_bytes() == &self.hash
    }

    /// Unpacks a chunk, never to more than the manifest says; `None` if it is another.
    pub fn unpack(&self, packed: &[u8]) -> Option<Vec<u8>> {
        if !self.verify(packed) {
            return None;
        }
        let plain = zstd::bulk::decompress(packed, self.unpacked as usize).ok()?;
        (plain.len() == self.unpacked as usize).then_some(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> (Manifest, Vec<u8>) {
        let (chunk, packed) = pack(&[7; 10_000]).unwrap();
        let manifest = Manifest {
            organisation: OrganisationId::from_bytes([1; 16]),
            partition: Partition::Shared,
            epoch: [2; 16],
            cut: 5,
            cut_hash: [3; 32],
            end: 9,
            horizon: Some(Place::end_of(1_000)),
            taken_at: 2_000,
            chunks: vec![chunk],
        };
        (manifest, packed)
    }

    #[test]
    fn only_the_server_can_vouch_and_no_bit_may_change() {
        let server = SigningKey::from_seed(&[1; 32]);
        let (manifest, _) = manifest();
        let signed = manifest.sign(&server);
        assert_eq!(
            Manifest::verify(&signed, &server.public()),
            Some(manifest.clone())
        );
        let other = SigningKey::from_seed(&[2; 32]);
        assert_eq!(
            Manifest::verify(&manifest.sign(&other), &server.public()),
            None
        );
        for at in 0..signed.len() {
            let mut bad = signed.clone();
            bad[at] ^= 1;
            assert_eq!(Manifest::verify(&bad, &server.public()), None, "byte {at}");
        }
    }

    #[test]
    fn a_chunk_is_the_one_that_was_signed_and_unpacks_to_no_more_than_was_said() {
        let (manifest, packed) = manifest();
        let chunk = manifest.chunks[0];
        assert_eq!(chunk.unpack(&packed).as_deref(), Some(&[7; 10_000][..]));
        let mut bad = packed.clone();
        bad[9] ^= 1;
        assert_eq!(chunk.unpack(&bad), None);
        assert_eq!(chunk.unpack(&packed[1..]), None);
        for unpacked in [9_999, 10_001] {
            let lying = ChunkEntry { unpacked, ..chunk };
            assert_eq!(lying.unpack(&packed), None);
        }
    }

    #[test]
    fn sizes_out_of_bounds_are_refused_although_signed() {
        let server = SigningKey::from_seed(&[1; 32]);
        let (manifest, _) = manifest();
        let chunk = manifest.chunks[0];
        let big = ChunkEntry {
            unpacked: CHUNK_UNPACKED_MAX as u32 + 1,
            ..chunk
        };
        for chunks in [vec![big], vec![chunk; CHUNKS_MAX + 1]] {
            let signed = Manifest {
                chunks,
                ..manifest.clone()
            }
            .sign(&server);
            assert_eq!(Manifest::verify(&signed, &server.public()), None);
        }
        assert!(pack(&vec![0; CHUNK_UNPACKED_MAX + 1]).is_none());
    }
}
