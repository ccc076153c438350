//! Where fuzzing begins: bytes that our own code writes.

use carry::{file, frames};
use documents::body::{Body, Part};
use documents::segment::{Accepted, Segment, SegmentHash, SegmentHeader, SegmentStatus};
use documents::{
    Certificate, FieldEdit, Partition, PublicKey, RecordId, RecordKind, SigningKey, certificate,
    receipt_code,
};
use domain::{
    BinId, BlobKind, BlobRef, ChainId, DeviceId, EventBody, EventHash, EventId, EventRecord, Goods,
    ItemId, OperatorId, OrganisationId, Quantity, SiteId, Timestamp, UnitId,
};
use protocol::blob::{BlobChunk, BlobGet, BlobReply, BlobRequest, ChunkOutcome};
use protocol::parcel::{ChainHead, Holding, Parcel, ParcelPart};
use protocol::{
    Acceptances, BatteryStatus, CarriedChain, CarriedReply, DeviceStatus, EnrolReply, EnrolRequest,
    Invitation, LiveFrame, LogPosition, Offer, Pairing, PartitionReply, PartitionRequest,
    PeerFrame, PeerHello, PeerMessage, PushOutcome, Refusal, RefusalCode, RenewReason, SetUp,
    SnapshotWish, SyncReply, SyncRequest,
};

const SITE: SiteId = SiteId::from_bytes([1; 16]);
const CHAIN: ChainId = ChainId::from_bytes([2; 16]);
const ORGANISATION: OrganisationId = OrganisationId::from_bytes([3; 16]);

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

fn event_record(n: u32) -> EventRecord {
    let goods = Goods {
        lot: Some("L-1".into()),
        expiry: chrono::NaiveDate::from_ymd_opt(2027, 2, 28),
        unit: Some(UnitId::plate("LP-000001")),
        ..Goods::of(ItemId::from_bytes([4; 16]))
    };
    EventRecord {
        clock: Timestamp {
            millis: 1_790_000_000_000,
            counter: n,
        },
        operator: OperatorId::from_bytes([5; 16]),
        body: EventBody::Received {
            bin: BinId::from_bytes([6; 16]),
            goods,
            quantity: Quantity::ONE,
        },
        carries_out: None,
        evidence: vec![[8; 32]],
        origin: None,
        order: None,
        reason: None,
        carton: None,
        approved_by: None,
    }
}

fn record_body() -> Body {
    let fields = [
        FieldEdit::set("name_zh", "商品"),
        FieldEdit::set("barcodes/6901234567892", 1_000i64),
        FieldEdit::clear("name_en"),
    ];
    let mut saved = Vec::new();
    let mut changes = Vec::new();
    for edits in [&fields[..2], &fields[2..]] {
        if let Ok(Some(edited)) = documents::record::edit(
            &saved,
            RecordKind::Item,
            CHAIN,
            edits,
            &documents::record::Counting::ALL,
        ) {
            changes.push(edited.change.raw_bytes().to_vec());
            saved = edited.saved;
        }
    }
    Body {
        parts: vec![Part::record(RecordId([9; 16]), changes)],
    }
}

fn journal_body(events: u64) -> Option<Body> {
    let (mut journal, opening) =
        documents::Journal::create(RecordId([10; 16]), CHAIN, SITE, None).ok()?;
    let mut changes = vec![opening];
    for n in 1..=events {
        changes.push(journal.append(n, &event_record(n as u32)).ok()?.0);
    }
    let hashes: Vec<[u8; 32]> = changes.iter().map(|c| c.hash().0).collect();
    let part = if events > 2 {
        Part::journal_bundle(journal.id(), journal.bundle(&hashes).ok()?)
    } else {
        let plain = changes.iter_mut().map(|c| c.raw_bytes().to_vec());
        Part::journal(journal.id(), plain.collect())
    };
    Some(Body { parts: vec![part] })
}

fn bodies() -> Vec<Body> {
    let mut bodies = vec![Body::default(), record_body()];
    bodies.extend([1, 30].into_iter().filter_map(journal_body));
    bodies
}

fn segments() -> Vec<Segment> {
    let header = |seq| SegmentHeader {
        organisation: ORGANISATION,
        partition: Partition::Site(SITE),
        chain: CHAIN,
        seq,
        previous: SegmentHash::default(),
        changes: 3,
        body_hash: [0; 32],
    };
    (1u64..)
        .zip(bodies())
        .map(|(seq, body)| Segment::seal(header(seq), &body, &key()))
        .collect()
}

fn accepted() -> Vec<Accepted> {
    (1u64..)
        .zip(segments())
        .map(|(n, s)| Accepted::sign(n, 1_790_000_000_000, SegmentStatus::Live, s, &key()))
        .collect()
}

fn signed_certificate() -> Vec<u8> {
    Certificate {
        organisation: ORGANISATION,
        device: DeviceId::from_bytes([11; 16]),
        key: key().public(),
        shared_chain: ChainId::from_bytes([12; 16]),
        site: SITE,
        site_chain: CHAIN,
        role: certificate::Role::Handheld,
        issued_at: 1,
        copy_of: None,
    }
    .sign(&key())
}

fn position() -> LogPosition {
    LogPosition {
        epoch: [13; 16],
        number: 70_000,
        running_hash: [14; 32],
        acceptances: Some(Acceptances {
            count: 1,
            hash: [15; 8],
        }),
    }
}

fn sync_request() -> SyncRequest {
    SyncRequest {
        versions: protocol::VERSIONS,
        status: DeviceStatus {
            waiting_releases: Some(1),
            battery: Some(BatteryStatus {
                percent: 40,
                charging: false,
            }),
            storage_free: Some(1 << 33),
            locked: Some(false),
            ..DeviceStatus::default()
        },
        partitions: vec![PartitionRequest {
            partition: Partition::Site(SITE),
            position: position(),
            head_seq: 2,
            head_hash: SegmentHash([1; 32]),
            segments: segments(),
            chain: Some(CHAIN),
            carried: vec![CarriedChain {
                chain: CHAIN,
                segments: segments(),
                certificate: None,
            }],
            snapshot: SnapshotWish {
                takes: true,
                cut: 3,
                end: 7,
                prune: true,
            },
            told: Some([5; 8].into()),
        }],
        reply_bytes_max: 4_000,
    }
}

fn sync_reply() -> SyncReply {
    SyncReply {
        version: 1,
        epoch: [13; 16],
        now: 1_790_000_000_000,
        partitions: vec![PartitionReply {
            partition: Partition::Shared,
            outcome: PushOutcome::Missing,
            head_seq: 4,
            restart: true,
            entries: accepted(),
            more: true,
            carried: vec![CarriedReply {
                chain: CHAIN,
                outcome: PushOutcome::Fork,
                head_seq: 1,
            }],
            snapshot: vec![7; 90],
            backed_up: 3,
            progress: None,
        }],
        renew: vec![RenewReason::SiteMoved],
    }
}

fn enrol_reply() -> EnrolReply {
    EnrolReply {
        organisation: ORGANISATION,
        device: DeviceId::from_bytes([11; 16]),
        device_name: "PDA 1".into(),
        site: SITE,
        server_key: key().public(),
        certificates: vec![signed_certificate().into()],
        token: "00ff".into(),
        pepper: [15; 32],
    }
}

fn peer_message() -> PeerMessage {
    PeerMessage {
        versions: protocol::VERSIONS,
        have: vec![Holding {
            partition: Partition::Site(SITE),
            position: position(),
            heads: vec![ChainHead {
                chain: CHAIN,
                seq: 3,
                hash: SegmentHash([2; 32]),
            }],
        }],
        parcel: Some(Parcel {
            organisation: ORGANISATION,
            certificates: vec![signed_certificate().into()],
            parts: vec![ParcelPart {
                partition: Partition::Shared,
                epoch: [13; 16],
                entries: accepted(),
                carried: segments(),
            }],
            more: false,
        }),
    }
}

fn photo() -> BlobRef {
    BlobRef::of(b"a photo", "image/jpeg", BlobKind::Photo)
}

fn blob_request() -> BlobRequest {
    BlobRequest {
        versions: protocol::VERSIONS,
        ask: vec![photo().id],
        chunk: Some(BlobChunk {
            blob: photo(),
            offset: 2,
            bytes: b"photo".to_vec(),
        }),
    }
}

fn cbor<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).unwrap_or_default()
}

/// Vectors of `fixtures/protocol`; what is not there gives no seed.
fn golden(names: &[&str]) -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/protocol");
    let text = |name: &&str| std::fs::read_to_string(format!("{folder}/{name}.hex")).ok();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    names
        .iter()
        .filter_map(text)
        .filter_map(|text| {
            let digits = text.replace('\n', "");
            digits.as_bytes().chunks(2).map(byte).collect()
        })
        .collect()
}

/// The seeds of a target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let texts = |texts: &[&str]| texts.iter().map(|t| t.as_bytes().to_vec()).collect();
    match target {
        "sync_request" => vec![sync_request().to_bytes()],
        "sync_reply" => vec![sync_reply().to_bytes()],
        "enrol_request" => vec![EnrolRequest::new("ABCDE-FGHJK", "PDA 1", &key()).to_bytes()],
        "enrol_reply" => vec![enrol_reply().to_bytes()],
        "refusal" => vec![Refusal::from(RefusalCode::TooMany).to_bytes()],
        "invitation" => {
            let invitation = Invitation {
                url: "https://10.0.0.5:8443".into(),
                code: "ABCDE-FGHJK".into(),
                fingerprint: Some([0xab; 32]),
            };
            vec![invitation.to_text().into_bytes()]
        }
        "peer_message" => vec![peer_message().to_bytes()],
        "peer_hello" => vec![
            PeerHello {
                versions: protocol::VERSIONS,
                certificate: vec![7; 90].into(),
                secret: Some([5; 16].into()),
                name: "PDA 1".into(),
            }
            .to_bytes(),
        ],
        "set_up" => vec![
            SetUp {
                organisation: OrganisationId::from_bytes([1; 16]),
                site: SiteId::from_bytes([2; 16]),
                server_key: PublicKey::from_bytes([3; 32]),
                server_url: "https://10.0.0.5:8443".into(),
                fingerprint: Some([4; 32].into()),
            }
            .to_bytes(),
        ],
        "pairing" => {
            let pairing = |offer| Pairing {
                addresses: vec![([10, 0, 0, 5], 40_123).into()],
                key: PublicKey::from_bytes([0xab; 32]),
                offer,
            };
            [Offer::Sync, Offer::SetUp([6; 16])]
                .map(|offer| pairing(offer).to_text().into_bytes())
                .into()
        }
        "parcel_file" => file::write(&[vec![1; 300], vec![2; 20]])
            .into_iter()
            .collect(),
        "qr_frame" => {
            let sender = frames::Sender::new(&[9; 1_700]).ok();
            let show = |s: frames::Sender| (1..5).map(|n| s.frame(n)).collect::<Vec<_>>();
            sender
                .map(|s| show(s).join("\n").into_bytes())
                .into_iter()
                .collect()
        }
        "blob_request" => vec![blob_request().to_bytes()],
        "blob_reply" => vec![
            BlobReply {
                version: 1,
                held: vec![(photo().id, 5)],
                outcome: Some(ChunkOutcome::Elsewhere),
            }
            .to_bytes(),
        ],
        "blob_get" => vec![
            BlobGet {
                versions: protocol::VERSIONS,
                id: photo().id,
                offset: 9,
                bytes_max: 70_000,
            }
            .to_bytes(),
        ],
        "blob_part" | "keys_request" | "keys_reply" | "peer_keys" | "renew_request"
        | "snapshot_get" | "snapshot_chunk" => golden(&[target]),
        "snapshot_part" => golden(&["snapshot_part", "snapshot_part_gone"]),
        "manifest" => golden(&["snapshot_manifest"]),
        "live_frame" => golden(&[
            "live_reply",
            "live_refused",
            "live_entries",
            "live_hint",
            "live_packed",
        ]),
        "live_packed" => {
            let frames = golden(&["live_packed_first", "live_packed"]);
            let packed = |bytes: &Vec<u8>| match LiveFrame::from_bytes(bytes) {
                Ok(LiveFrame::Packed(packed)) => Some(packed),
                _ => None,
            };
            frames.iter().filter_map(packed).collect()
        }
        "peer_frames" => {
            let frames = golden(&["peer_frame_hello", "peer_frame_refused"]);
            let exchange = PeerFrame::Exchange.frame(&peer_message().to_bytes());
            vec![
                frames.concat(),
                [frames[..1].concat(), exchange.unwrap_or_default()].concat(),
            ]
        }
        "segment" => segments().iter().map(cbor).collect(),
        "body" | "record" => bodies().iter().map(Body::to_bytes).collect(),
        "certificate" => vec![signed_certificate()],
        "receipt" => golden(&["receipt"]),
        "receipt_code" => {
            let event = EventId {
                chain: ChainId::from_bytes([3; 16]),
                number: 7,
            };
            let named = receipt_code::name_of(event, EventHash([6; 32]));
            let short = golden(&["receipt"])
                .iter()
                .map(|bytes| receipt_code::to_text(bytes))
                .collect::<Vec<_>>();
            short
                .into_iter()
                .chain([named])
                .map(String::into_bytes)
                .collect()
        }
        "event" => vec![event_record(1).to_bytes()],
        "gs1" => texts(&[
            "]C1010690123456789210LOT-7\u{1d}17270228",
            "(01)06901234567892(21)SN1",
            "https://id.example/01/06901234567892/10/LOT?17=270228",
        ]),
        "repair" => texts(&[
            "01069012345678921726123110LOT-721SN1",
            "]C100006141411234567890",
            "10LOT-7 21SN1",
        ]),
        "epc" => texts(&[
            "3074257BF7194E4000001A85",
            "3674257BF6B7A659B2C2BF100000000000000000000000000000",
            "3874257BF59B2C2BF10000000000000000000000000000000000",
            "urn:epc:id:sgtin:0614141.712345.32a%2Fb",
            "urn:epc:tag:sscc-96:0.0614141.1234567890",
        ]),
        "hibc" => texts(&[
            "+A123BJC5D6E71G",
            "+$$52001510X3GD",
            "+A99912345/$$902345710X3/16D20111212/14D20200906/S77DEFG45F",
        ]),
        "pattern" => texts(&[
            "LOC-{bin}\nLOC-A-01",
            "{item:A9 4..8}[-/]?{lot:9}*{quantity}{expiry:yymmdd}\nBOLT-7*2.5261200",
        ]),
        "learn" => {
            let text = scan::learn::test_text();
            let french = text.replace('1', "&").replace('2', "é").replace("[E", "Ê");
            texts(&[&text, &french])
        }
        "picture" => vec![picture(&EAN_13_BARS), picture(&[0xa5; 12])],
        "wedge" => vec![b"\x016\x019\x010\x011\x012\x013\x014\r".to_vec()],
        _ => Vec::new(),
    }
}

/// The modules of 4006381333931 as an EAN-13, a bit each, highest first.
const EAN_13_BARS: [u8; 12] = [
    0b1010_0011,
    0b0101_0011,
    0b1010_1111,
    0b0111_1010,
    0b0010_0101,
    0b1001_1010,
    0b1010_0001,
    0b0100_0010,
    0b1000_0101,
    0b1101_0010,
    0b0001_0110,
    0b0110_1010,
];

/// A picture of 240 by 40 pixels, two to a module, for the target of that name.
fn picture(bars: &[u8]) -> Vec<u8> {
    let is_bar = |module: usize| bars[module / 8 % bars.len()] >> (7 - module % 8) & 1 == 1;
    let greys = (0..240usize).map(|x| match x.checked_sub(24).map(|inside| inside / 2) {
        Some(module) if module < bars.len() * 8 && is_bar(module) => 30,
        _ => 220,
    });
    [239, 39].into_iter().chain(greys).collect()
}
