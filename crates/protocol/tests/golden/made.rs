//! What the vectors are made of: fixed seeds, fixed identities, fixed times.

use chrono::NaiveDate;
use documents::body::{Body, Part};
use documents::certificate::{Certificate, Role};
use documents::record::Counting;
use documents::segment::{Accepted, Segment, SegmentHash, SegmentHeader, SegmentStatus};
use documents::{FieldEdit, Journal, Partition, Receipt, RecordId, RecordKind, SigningKey};
use domain::custody::{Charge, Collector, Custody, CustodyAct, FeeRule, PieceSaid, Terms};
use domain::{
    Assignment, BinId, BlobId, BlobKind, BlobRef, ChainId, Currency, CustomerId, DepositId,
    DeviceId, EventBody, EventHash, EventId, EventRecord, ExceptionId, FinishedLine, Goods, ItemId,
    OperatorId, OrderFinished, OrderId, OrderLine, OrderStep, OrganisationId, Quantity, ReviewNote,
    SiteId, Timestamp, UnitId, UnixMillis,
};
use protocol::{Acceptances, LogPosition, SharedKey};

pub(crate) const NOW: UnixMillis = 1_790_000_000_000;
pub(crate) const EPOCH: [u8; 16] = [0xe0; 16];
pub(crate) const ORGANISATION: OrganisationId = OrganisationId::from_bytes([0x01; 16]);
pub(crate) const SITE: SiteId = SiteId::from_bytes([0x02; 16]);
pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0x03; 16]);
pub(crate) const SHARED_CHAIN: ChainId = ChainId::from_bytes([0x04; 16]);
pub(crate) const SITE_CHAIN: ChainId = ChainId::from_bytes([0x05; 16]);
pub(crate) const OTHER_CHAIN: ChainId = ChainId::from_bytes([0x06; 16]);
const ITEM: [u8; 16] = [0x07; 16];
const JOURNAL: RecordId = RecordId([0x08; 16]);

pub(crate) fn here() -> Partition {
    Partition::Site(SITE)
}

pub(crate) fn server() -> SigningKey {
    SigningKey::from_seed(&[0x51; 32])
}

pub(crate) fn device() -> SigningKey {
    SigningKey::from_seed(&[0xd1; 32])
}

pub(crate) fn next_device() -> SigningKey {
    SigningKey::from_seed(&[0xd2; 32])
}

pub(crate) fn certificate() -> Vec<u8> {
    certificate_of(Role::Handheld)
}

pub(crate) fn certificate_of(role: Role) -> Vec<u8> {
    Certificate {
        organisation: ORGANISATION,
        device: DEVICE,
        key: device().public(),
        shared_chain: SHARED_CHAIN,
        site: SITE,
        site_chain: SITE_CHAIN,
        role,
        issued_at: NOW,
        copy_of: None,
    }
    .sign(&server())
}

pub(crate) fn event(n: u32) -> EventRecord {
    EventRecord {
        clock: Timestamp {
            millis: NOW,
            counter: n,
        },
        operator: OperatorId::from_bytes([0x09; 16]),
        body: EventBody::Received {
            bin: BinId::from_bytes([0x0a; 16]),
            goods: Goods {
                lot: Some("LOT-7".into()),
                ..Goods::of(ItemId::from_bytes(ITEM))
            },
            quantity: Quantity::from_thousandths(12_500),
        },
        carries_out: None,
        evidence: Vec::new(),
        origin: None,
        order: None,
        reason: None,
        carton: None,
        approved_by: None,
    }
}

pub(crate) const LINE: OrderLine = OrderLine {
    order: OrderId::from_bytes([0x0d; 16]),
    line: 2,
};

pub(crate) fn in_a_carton() -> EventBody {
    EventBody::Packed {
        bin: BinId::from_bytes([0xb1; 16]),
        goods: Goods::of(ItemId::from_bytes(ITEM)),
        quantity: Quantity::from_thousandths(6_000),
    }
}

pub(crate) fn noted() -> EventBody {
    EventBody::Noted(ReviewNote {
        exception: ExceptionId([0xe1; 32]),
        about: "negative-stock".into(),
        text: "叉车司机明天来".into(),
        assigned: Some(Assignment {
            to: Some(OperatorId::from_bytes([0x0a; 16])),
        }),
    })
}

pub(crate) fn custody() -> EventBody {
    EventBody::Custody(Box::new(Custody {
        after: vec![EventHash([0x0e; 32])],
        terms: Some(Terms {
            customer: CustomerId::from_bytes([0xc1; 16]),
            claim: [0xc0; 32],
            due: NaiveDate::from_ymd_opt(2026, 12, 1),
            fee: FeeRule {
                daily: 1_000,
                cap: 30_000,
                currency: Currency::from_code("CNY").unwrap(),
            },
            pieces: vec![PieceSaid {
                number: 1,
                unit: UnitId::plate("P0123456789AB"),
                item: ItemId::from_bytes(ITEM),
                size: "L".into(),
                condition: vec![0x5c; 70],
                value: 120_000,
            }],
            forbidden: "1".into(),
        }),
        collector: Some(Collector {
            is_proxy: true,
            ticket_lost: false,
            sealed: Some(vec![1, 2, 3]),
        }),
        due: NaiveDate::from_ymd_opt(2027, 1, 1),
        charge: Some(Charge {
            due: 1_000,
            taken: 900,
        }),
        note: vec![0x5d; 70],
        signature: Some(BlobId([0xb5; 32])),
        photos: vec![BlobId([0xb6; 32])],
        ..Custody::new(
            DepositId::from_bytes([0xd1; 16]),
            CustodyAct::Deposited,
            vec![1],
        )
    }))
}

/// The server's word for an act.
pub(crate) fn receipt() -> Vec<u8> {
    let record = EventRecord {
        body: custody(),
        ..event(8)
    };
    let receipt = Receipt {
        organisation: ORGANISATION,
        site: SITE,
        event: EventId {
            chain: SITE_CHAIN,
            number: 8,
        },
        hash: EventHash([0x0f; 32]),
        record,
    };
    receipt.sign(&server(), None)
}

pub(crate) fn customer_key() -> SharedKey {
    SharedKey {
        customer: CustomerId::from_bytes([0xc1; 16]),
        key: Some([0x77; 32].into()),
    }
}

pub(crate) fn finished() -> EventBody {
    EventBody::OrderFinished(OrderFinished {
        order: LINE.order,
        step: OrderStep::Receive,
        after: vec![EventHash([0x0e; 32])],
        lines: vec![FinishedLine {
            line: LINE.line,
            asked: Quantity::from_thousandths(12_500),
            done: Quantity::ONE,
            reason: "short".into(),
        }],
    })
}

/// One edit of an item: the plain form.
pub(crate) fn record_body() -> Body {
    let edits = [FieldEdit::set("sku", "WR-0250")];
    let edited =
        documents::record::edit(&[], RecordKind::Item, SHARED_CHAIN, &edits, &Counting::ALL);
    let change = edited.unwrap().unwrap().change.raw_bytes().to_vec();
    Body {
        parts: vec![Part::record(RecordId(ITEM), vec![change])],
    }
}

/// A journal with so many events, as changes or, from three on, as one bundle: packed.
pub(crate) fn journal_body(events: u32) -> Body {
    let (mut journal, opening) = Journal::create(JOURNAL, SITE_CHAIN, SITE, None).unwrap();
    let mut changes = vec![opening];
    for n in 1..=events {
        changes.push(journal.append(u64::from(n), &event(n)).unwrap().0);
    }
    let part = if events > 2 {
        let hashes: Vec<[u8; 32]> = changes.iter().map(|c| c.hash().0).collect();
        Part::journal_bundle(JOURNAL, journal.bundle(&hashes).unwrap())
    } else {
        let plain = changes.iter_mut().map(|c| c.raw_bytes().to_vec());
        Part::journal(JOURNAL, plain.collect())
    };
    Body { parts: vec![part] }
}

/// Two segments of the device's chain at its site.
pub(crate) fn segments() -> Vec<Segment> {
    let mut previous = SegmentHash::default();
    let mut segments = Vec::new();
    for (seq, body, changes) in [(1, journal_body(1), 2), (2, journal_body(3), 4)] {
        let header = SegmentHeader {
            organisation: ORGANISATION,
            partition: here(),
            chain: SITE_CHAIN,
            seq,
            previous,
            changes,
            body_hash: [0; 32],
        };
        let segment = Segment::seal(header, &body, &device());
        previous = segment.hash();
        segments.push(segment);
    }
    segments
}

/// They as the first entries of the site's log.
pub(crate) fn entries() -> Vec<Accepted> {
    (1u64..)
        .zip(segments())
        .map(|(n, s)| Accepted::sign(n, NOW + n as i64, SegmentStatus::Live, s, &server()))
        .collect()
}

/// An entry of the device's own: without the segment.
pub(crate) fn acknowledgement() -> Accepted {
    Accepted {
        segment: None,
        ..entries().remove(0)
    }
}

/// What is left of an entry for a counter.
pub(crate) fn extract() -> Accepted {
    entries()
        .remove(1)
        .extract(&server(), |part| !part.is_journal)
}

/// blake3(running hash before + segment hash), from zeros.
pub(crate) fn running_hash(entries: &[Accepted]) -> [u8; 32] {
    entries.iter().fold([0; 32], |before, entry| {
        *blake3::hash(&[before, entry.hash.0].concat()).as_bytes()
    })
}

pub(crate) fn position() -> LogPosition {
    let entries = entries();
    LogPosition {
        epoch: EPOCH,
        number: 2,
        running_hash: running_hash(&entries),
        acceptances: Acceptances::up_to::<()>(2, |number| {
            let entry = &entries[number as usize - 1];
            Ok(Some((entry.accepted_at, entry.status)))
        })
        .unwrap(),
    }
}

/// The first bytes of a picture.
pub(crate) const PHOTO: &[u8] = b"\xff\xd8\xff\xe0a photo";

pub(crate) fn photo() -> BlobRef {
    BlobRef::of(PHOTO, "image/jpeg", BlobKind::Photo)
}
