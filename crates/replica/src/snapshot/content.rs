//! What chunks hold, as CBOR.

use documents::{Partition, PublicKey, RecordId};
use domain::event::{EventHash, EventId};
use domain::ledger::{Baseline, Finding, Place, Standing, Subject};
use domain::{ChainId, DeviceId, UnixMillis};
use minicbor::{Decode, Encode};

/// One chunk.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub(super) enum Content {
    /// Chains of the partition and where they stood at the cut.
    #[n(0)]
    Chains(#[n(0)] Vec<ChainRow>),
    /// Records of the partition.
    #[n(1)]
    Records(#[n(0)] Records),
    /// Kept events.
    #[n(2)]
    Events(#[n(0)] Vec<KeptEvent>),
    /// What subjects had come to.
    #[n(3)]
    Baselines(#[n(0)] Vec<BaselineRow>),
    /// Findings that were open at the horizon.
    #[n(4)]
    Findings(#[n(0)] Vec<Finding>),
    /// Certificates as the server signed them, to be shown to others.
    #[n(5)]
    Certificates(#[n(0)] Vec<minicbor::bytes::ByteVec>),
    /// Changes of records in segments that the hub accepted as quarantined, whatever was decided about them. Before the
    /// records.
    #[n(6)]
    Quarantined(#[n(0)] Vec<QuarantinedChange>),
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
#[cbor(array)]
pub(super) struct ChainRow {
    #[n(0)]
    pub(super) chain: ChainId,
    #[n(1)]
    pub(super) partition: Partition,
    #[n(2)]
    pub(super) device: DeviceId,
    #[n(3)]
    pub(super) key: PublicKey,
    #[n(4)]
    pub(super) is_server: bool,
    /// The last segment at or before the cut; 0 if there is none.
    #[n(5)]
    pub(super) seq: u64,
    #[n(6)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) hash: [u8; 32],
    /// The last event in it or before it; 0 if there is none.
    #[n(7)]
    pub(super) last_event: u64,
    #[n(8)]
    pub(super) last_event_hash: Option<EventHash>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
#[cbor(array)]
pub(super) struct KeptEvent {
    #[n(0)]
    pub(super) id: EventId,
    #[n(1)]
    pub(super) hash: EventHash,
    #[n(2)]
    pub(super) place: Place,
    #[n(3)]
    pub(super) standing: Standing,
    #[n(4)]
    pub(super) accepted_at: Option<UnixMillis>,
    #[n(5)]
    pub(super) quarantined: bool,
    #[n(6)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) record: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
#[cbor(array)]
pub(super) struct QuarantinedChange {
    #[n(0)]
    pub(super) chain: ChainId,
    #[n(1)]
    pub(super) seq: u64,
    #[n(2)]
    pub(super) document: RecordId,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) hash: [u8; 32],
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
#[cbor(array)]
pub(super) struct BaselineRow {
    #[n(0)]
    pub(super) subject: Subject,
    #[n(1)]
    pub(super) baseline: Baseline,
}

/// Documents in columns: identities do not pack, and would tear apart what does.
#[derive(Debug, Clone, Default, PartialEq, Encode, Decode)]
#[cbor(array)]
pub(super) struct Records {
    /// 16 bytes each.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    ids: Vec<u8>,
    /// Twice the length of each, plus one if it is shortened.
    #[n(1)]
    lengths: Vec<u32>,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    documents: Vec<u8>,
}

/// One document of [`Records`].
pub(super) struct Stored<'r> {
    pub(super) id: RecordId,
    /// Whether `bytes` are shortened.
    pub(super) short: bool,
    pub(super) bytes: &'r [u8],
}

impl Records {
    pub(super) fn push(&mut self, id: RecordId, saved: &[u8]) {
        let (short, bytes) = documents::record::first_change::shorten(saved);
        self.ids.extend_from_slice(&id.0);
        self.lengths
            .push((bytes.len() as u32) << 1 | u32::from(short));
        self.documents.extend_from_slice(&bytes);
    }

    pub(super) fn size(&self) -> usize {
        self.ids.len() + self.documents.len() + 5 * self.lengths.len()
    }

    /// Each record with what is carried of its document; `None` if the columns do not fit each other.
    pub(super) fn stored(&self) -> Option<Vec<Stored<'_>>> {
        let mut out = Vec::with_capacity(self.ids.len() / 16);
        let mut rest = &self.documents[..];
        let ids = self.ids.chunks_exact(16);
        if ids.len() != self.lengths.len() || !ids.remainder().is_empty() {
            return None;
        }
        for (id, length) in ids.zip(&self.lengths) {
            let (bytes, after) = rest.split_at_checked((length >> 1) as usize)?;
            rest = after;
            out.push(Stored {
                id: RecordId(id.try_into().ok()?),
                short: length & 1 == 1,
                bytes,
            });
        }
        rest.is_empty().then_some(out)
    }
}
