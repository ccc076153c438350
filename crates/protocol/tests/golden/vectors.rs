//! Every vector: its name, its bytes, and what must read them back.

use documents::body::Body;
use documents::certificate::{Certificate, Role};
use documents::segment::{Accepted, Segment, SegmentHash};
use documents::snapshot::{self, ChunkEntry, Manifest};
use documents::{Partition, Receipt, Signer, SnapshotId};
use domain::ledger::Place;
use domain::{
    CustomerId, EventHash, EventRecord, OperatorId, OrderId, OrderProgress, Quantity, UnitId,
};
use protocol::blob::{BlobChunk, BlobGet, BlobPart, BlobReply, BlobRequest, ChunkOutcome};
use protocol::keys::{KeysReply, KeysRequest, SharedKey};
use protocol::parcel::{ChainHead, Holding, Parcel, ParcelPart};
use protocol::peer_keys::PeerKeys;
use protocol::{
    BatteryStatus, Becomes, CarriedChain, CarriedReply, DeviceStatus, EnrolReply, EnrolRequest,
    LiveEntries, LiveFrame, LiveHint, LivePacking, LogPosition, PartitionReply, PartitionRequest,
    PeerFrame, PeerHello, PeerMessage, PeerRefusal, PushOutcome, Refusal, RefusalCode, RenewReason,
    RenewRequest, SetUp, SnapshotGet, SnapshotPart, SnapshotWish, SyncReply, SyncRequest, VERSIONS,
};

use crate::made::*;

/// Whether bytes read as what was written.
pub(crate) type Reads = Box<dyn Fn(&[u8]) -> bool>;

pub(crate) struct Vector {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) reads: Reads,
}

macro_rules! messages {
    ($all:ident, $($name:literal: $value:expr),+ $(,)?) => {$({
        let value = $value;
        let bytes = value.to_bytes();
        fn reads<T: PartialEq + 'static>(
            value: T,
            read: impl Fn(&[u8]) -> Option<T> + 'static,
        ) -> Reads {
            Box::new(move |bytes| read(bytes).as_ref() == Some(&value))
        }
        fn reader<T, E>(_: &T, read: fn(&[u8]) -> Result<T, E>) -> fn(&[u8]) -> Result<T, E> {
            read
        }
        let read = reader(&value, |bytes| FromBytes::from_bytes(bytes));
        $all.push(Vector { name: $name, bytes, reads: reads(value, move |b| read(b).ok()) });
    })+};
}

/// So that one macro reads them all.
trait FromBytes: Sized {
    fn from_bytes(bytes: &[u8]) -> Result<Self, ()>;
}

macro_rules! from_bytes {
    ($($message:ty),+ $(,)?) => {$(
        impl FromBytes for $message {
            fn from_bytes(bytes: &[u8]) -> Result<Self, ()> {
                <$message>::from_bytes(bytes).map_err(|_| ())
            }
        }
    )+};
}
from_bytes!(
    EnrolRequest,
    EnrolReply,
    RenewRequest,
    SyncRequest,
    SyncReply,
    Refusal,
    SnapshotGet,
    SnapshotPart,
    LiveFrame,
    BlobRequest,
    BlobReply,
    BlobGet,
    BlobPart,
    KeysRequest,
    KeysReply,
    Parcel,
    PeerMessage,
    PeerHello,
    PeerKeys,
    SetUp,
    Body,
    EventRecord,
);

fn cbor<T>(all: &mut Vec<Vector>, name: &'static str, value: T)
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + 'static,
{
    let bytes = minicbor::to_vec(&value).unwrap();
    let reads = move |bytes: &[u8]| minicbor::decode::<T>(bytes).ok().as_ref() == Some(&value);
    all.push(Vector {
        name,
        bytes,
        reads: Box::new(reads),
    });
}

fn other(
    all: &mut Vec<Vector>,
    name: &'static str,
    bytes: Vec<u8>,
    reads: impl Fn(&[u8]) -> bool + 'static,
) {
    all.push(Vector {
        name,
        bytes,
        reads: Box::new(reads),
    });
}

pub(crate) fn all() -> Vec<Vector> {
    let mut all = Vec::new();
    identity(&mut all);
    log(&mut all);
    sync(&mut all);
    snapshots(&mut all);
    live(&mut all);
    packed(&mut all);
    blobs(&mut all);
    peers(&mut all);
    all
}

fn identity(all: &mut Vec<Vector>) {
    messages!(all,
        "enrol_request": EnrolRequest::new("ABCDE-FGHJK", "PDA 1", &device()),
        "enrol_reply": EnrolReply {
            organisation: ORGANISATION,
            device: DEVICE,
            device_name: "PDA 1".into(),
            site: SITE,
            server_key: server().public(),
            certificates: vec![certificate().into()],
            token: "0f".repeat(32),
            pepper: [0x0b; 32],
        },
        "renew_request": RenewRequest::new(
            RenewReason::KeyRotation, SITE_CHAIN, &device(), &next_device()),
        "enrol_request_counter": EnrolRequest::new("ABCDE-FGHJK", "PDA 1", &device())
            .becoming(Becomes { counter: true, other: false }),
        "refusal": Refusal { code: RefusalCode::TooMany, retry_after_seconds: 30 },
    );
    other(all, "certificate", certificate(), |bytes| {
        let read = Certificate::verify(bytes, &server().public());
        read.is_some_and(|c| c.device == DEVICE && c.key == device().public())
    });
    let counter = certificate_of(Role::Counter);
    other(all, "certificate_counter", counter, |bytes| {
        let read = Certificate::verify(bytes, &server().public());
        read.is_some_and(|c| c.role == Role::Counter)
    });
    other(all, "receipt", receipt(), |bytes| {
        let read = Receipt::verify(bytes, ORGANISATION, &server().public());
        read.is_ok_and(|(receipt, signer)| receipt.custody().is_some() && signer == Signer::Server)
    });
    let request = EnrolRequest::new("ABCDE-FGHJK", "PDA 1", &device());
    assert!(request.is_proven());
}

fn log(all: &mut Vec<Vector>) {
    messages!(all,
        "event": event(1),
        "event_of_order": EventRecord { order: Some(LINE), reason: Some("damaged".into()), ..event(3) },
        "event_packed": EventRecord { body: in_a_carton(), order: Some(LINE), carton: Some(UnitId::plate("C-1")), ..event(5) },
        "event_noted": EventRecord { body: noted(), ..event(7) },
        "event_custody": EventRecord { body: custody(), ..event(8) },
        "event_approved": EventRecord { approved_by: Some(OperatorId::from_bytes([0x0a; 16])), ..event(6) },
        "event_order_finished": EventRecord { body: finished(), ..event(4) },
        "event_said_again": EventRecord { origin: Some(EventHash([0x0c; 32])), ..event(2) },
        "body_empty": Body::default(),
        "body_record": record_body(),
        "body_journal": journal_body(1),
        "body_bundle": journal_body(3),
    );
    let segment = segments().remove(0);
    assert!(segment.verify(&device().public()).is_ok());
    let entry = entries().remove(0);
    assert!(entry.verify(&server().public()));
    cbor::<Segment>(all, "segment", segment);
    cbor::<Accepted>(all, "entry", entry);
    cbor::<Accepted>(all, "entry_acknowledgement", acknowledgement());
    let extract = extract();
    assert!(extract.extract.is_some());
    let verified = extract.verify_segment(&device().public(), &server().public());
    assert!(verified.is_ok());
    cbor::<Accepted>(all, "entry_extract", extract);
}

fn asked(partition: Partition) -> PartitionRequest {
    PartitionRequest {
        partition,
        position: LogPosition::default(),
        head_seq: 0,
        head_hash: SegmentHash::default(),
        segments: Vec::new(),
        chain: None,
        carried: Vec::new(),
        snapshot: SnapshotWish::default(),
        told: None,
    }
}

pub(crate) fn sync_request() -> SyncRequest {
    let segments = segments();
    SyncRequest {
        versions: VERSIONS,
        status: DeviceStatus {
            waiting_events: 4,
            waiting_edits: 0,
            clock: NOW,
            program: "0.1.0".into(),
            ..DeviceStatus::default()
        },
        partitions: vec![
            asked(Partition::Shared),
            PartitionRequest {
                position: position(),
                head_seq: 2,
                head_hash: segments[1].hash(),
                segments: segments[1..].to_vec(),
                chain: Some(SITE_CHAIN),
                carried: vec![CarriedChain {
                    chain: OTHER_CHAIN,
                    segments: segments[..1].to_vec(),
                    certificate: Some(certificate().into()),
                }],
                snapshot: SnapshotWish {
                    takes: true,
                    cut: 1,
                    end: 0,
                    prune: false,
                },
                ..asked(here())
            },
        ],
        reply_bytes_max: 1 << 20,
    }
}

fn sync_reply() -> SyncReply {
    SyncReply {
        version: 1,
        epoch: EPOCH,
        now: NOW,
        partitions: vec![PartitionReply {
            partition: here(),
            outcome: PushOutcome::Held,
            head_seq: 2,
            restart: false,
            entries: vec![acknowledgement(), entries().remove(1)],
            more: true,
            carried: vec![CarriedReply {
                chain: OTHER_CHAIN,
                outcome: PushOutcome::Missing,
                head_seq: 0,
            }],
            snapshot: Vec::new(),
            backed_up: 7,
            progress: None,
        }],
        renew: vec![RenewReason::SiteMoved],
    }
}

/// To a counter that asks with a digest of what it was told.
fn sync_counter() -> (SyncRequest, SyncReply) {
    let progress = vec![OrderProgress {
        order: OrderId::from_bytes([0x0e; 16]),
        lines: vec![(1, Quantity::ONE), (30, Quantity::ONE)],
        finished: vec![EventHash([0x0f; 32])],
    }];
    let request = SyncRequest {
        partitions: vec![
            asked(Partition::Shared),
            PartitionRequest {
                told: Some(OrderProgress::digest(&[]).into()),
                ..asked(here())
            },
        ],
        ..sync_request()
    };
    let mut reply = sync_reply();
    for part in &mut reply.partitions {
        part.entries = vec![extract()];
        part.progress = Some(progress.clone());
    }
    (request, reply)
}

fn sync(all: &mut Vec<Vector>) {
    let (counter_asks, counter_is_told) = sync_counter();
    let idle = SyncRequest {
        partitions: vec![asked(Partition::Shared), asked(here())],
        ..sync_request()
    };
    let condition = SyncRequest {
        status: DeviceStatus {
            waiting_releases: Some(3),
            battery: Some(BatteryStatus {
                percent: 17,
                charging: true,
            }),
            storage_free: Some(12_000_000_000),
            locked: Some(true),
            ..idle.status.clone()
        },
        ..idle.clone()
    };
    messages!(all,
        "sync_request_first": idle,
        "sync_request_condition": condition,
        "sync_request": sync_request(),
        "sync_reply": sync_reply(),
        "sync_request_counter": counter_asks,
        "sync_reply_counter": counter_is_told,
    );
}

fn chunk() -> (ChunkEntry, Vec<u8>) {
    // [section 5, signed certificates]
    let rows = vec![minicbor::bytes::ByteVec::from(certificate())];
    snapshot::pack(&minicbor::to_vec((5u8, rows)).unwrap()).unwrap()
}

pub(crate) fn manifest() -> Vec<u8> {
    Manifest {
        organisation: ORGANISATION,
        partition: here(),
        epoch: EPOCH,
        cut: 2,
        cut_hash: position().running_hash,
        end: 2,
        horizon: Some(Place::end_of(NOW + 2)),
        taken_at: NOW + 3,
        chunks: vec![chunk().0],
    }
    .sign(&server())
}

fn snapshots(all: &mut Vec<Vector>) {
    let id: SnapshotId = Manifest::id(&manifest());
    other(all, "snapshot_manifest", manifest(), |bytes| {
        let read = Manifest::verify(bytes, &server().public());
        read.is_some_and(|m| m.chunks == [chunk().0] && m.horizon == Some(Place::end_of(NOW + 2)))
    });
    other(all, "snapshot_chunk", chunk().1, |bytes| {
        chunk().0.unpack(bytes).is_some()
    });
    messages!(all,
        "snapshot_get": SnapshotGet { versions: VERSIONS, id, chunk: 0 },
        "snapshot_part": SnapshotPart { version: 1, chunk: Some(chunk().1.into()) },
        "snapshot_part_gone": SnapshotPart { version: 1, chunk: None },
    );
}

/// The two entries of the site's log, one after the other.
fn one_by_one() -> [LiveEntries; 2] {
    let entries = entries();
    [0, 1].map(|n| LiveEntries {
        partition: here(),
        after: LogPosition {
            epoch: EPOCH,
            number: n as u64,
            running_hash: running_hash(&entries[..n]),
            acceptances: None,
        },
        entries: vec![entries[n].clone()],
    })
}

/// The second can only be read by who has read the first.
fn packed(all: &mut Vec<Vector>) {
    let mut hub = LivePacking::default();
    let frames = one_by_one().map(|entries| hub.pack(&entries).unwrap());
    let [first, second] = frames.clone().map(|f| LiveFrame::Packed(f).to_bytes());
    let read = |packing: &mut LivePacking, bytes: &[u8], n: usize| {
        let Ok(LiveFrame::Packed(packed)) = LiveFrame::from_bytes(bytes) else {
            return false;
        };
        let meant = &one_by_one()[n];
        packing.unpack(&packed).map(|u| u.at(&meant.after)).as_ref() == Ok(meant)
    };
    other(all, "live_packed_first", first, move |bytes| {
        read(&mut LivePacking::default(), bytes, 0)
    });
    other(all, "live_packed", second, move |bytes| {
        let mut packing = LivePacking::default();
        packing.unpack(&frames[0]).is_ok() && read(&mut packing, bytes, 1)
    });
}

fn live(all: &mut Vec<Vector>) {
    let mut after = position();
    after.number = 1;
    after.running_hash = running_hash(&entries()[..1]);
    after.acceptances = None;
    messages!(all,
        "live_reply": LiveFrame::Reply(sync_reply()),
        "live_refused": LiveFrame::Refused(RefusalCode::Malformed.into()),
        "live_entries": LiveFrame::Entries(LiveEntries {
            partition: here(),
            after,
            entries: entries()[1..].to_vec(),
        }),
        "live_hint": LiveFrame::Hint(LiveHint { partition: Partition::Shared, number: 900_000 }),
    );
}

fn blobs(all: &mut Vec<Vector>) {
    messages!(all,
        "blob_request": BlobRequest {
            versions: VERSIONS,
            ask: vec![photo().id],
            chunk: Some(BlobChunk { blob: photo(), offset: 4, bytes: PHOTO[4..].to_vec() }),
        },
        "blob_reply": BlobReply {
            version: 1,
            held: vec![(photo().id, 11), (photo().id, 11)],
            outcome: Some(ChunkOutcome::Whole),
        },
        "blob_get": BlobGet { versions: VERSIONS, id: photo().id, offset: 0, bytes_max: 65_536 },
        "blob_part": BlobPart { version: 1, size: 11, bytes: PHOTO.to_vec() },
        "keys_request": KeysRequest { versions: VERSIONS, epoch: EPOCH, after: 7, made: vec![customer_key()] },
        "keys_reply": KeysReply {
            version: 1,
            epoch: EPOCH,
            number: 9,
            keys: vec![
                customer_key(),
                SharedKey { customer: CustomerId::from_bytes([0xc2; 16]), key: None },
            ],
            more: false,
        },
    );
}

fn parcel() -> Parcel {
    Parcel {
        organisation: ORGANISATION,
        certificates: vec![certificate().into()],
        parts: vec![ParcelPart {
            partition: here(),
            epoch: EPOCH,
            entries: entries()[..1].to_vec(),
            carried: segments()[1..].to_vec(),
        }],
        more: false,
    }
}

fn peer_message(parcel: Option<Parcel>) -> PeerMessage {
    PeerMessage {
        versions: VERSIONS,
        have: vec![Holding {
            partition: here(),
            position: position(),
            heads: vec![ChainHead {
                chain: SITE_CHAIN,
                seq: 2,
                hash: segments()[1].hash(),
            }],
        }],
        parcel,
    }
}

fn framed(kind: PeerFrame, body: &[u8]) -> Vec<u8> {
    kind.frame(body).unwrap()
}

fn peers(all: &mut Vec<Vector>) {
    let hello = PeerHello {
        versions: VERSIONS,
        certificate: certificate().into(),
        secret: None,
        name: "PDA 1".into(),
    };
    let new = PeerHello {
        certificate: Vec::new().into(),
        secret: Some([0x0c; 16].into()),
        ..hello.clone()
    };
    let first = framed(PeerFrame::Hello, &hello.to_bytes());
    let refused = framed(PeerFrame::Refused, &[PeerRefusal::Stranger.number()]);
    messages!(all,
        "parcel": parcel(),
        "peer_message_first": peer_message(None),
        "peer_message": peer_message(Some(parcel())),
        "peer_keys": PeerKeys {
            lacks: vec![CustomerId::from_bytes([0xc2; 16])],
            destroyed: [0x0e; 32],
            keys: vec![customer_key()],
        },
        "peer_hello": hello,
        "peer_hello_new": new,
        "set_up": SetUp {
            organisation: ORGANISATION,
            site: SITE,
            server_key: server().public(),
            server_url: "https://10.0.0.5:8443".into(),
            fingerprint: Some([0x0d; 32].into()),
        },
    );
    other(all, "peer_frame_hello", first.clone(), move |b| b == first);
    other(all, "peer_frame_refused", refused.clone(), move |b| {
        b == refused
    });
    let file = carry::file::write(&[parcel().to_bytes()]).unwrap();
    other(all, "parcel_file", file, |bytes| {
        carry::file::read(bytes).is_ok_and(|parcels| parcels == [parcel().to_bytes()])
    });
}
