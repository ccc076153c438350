//! What customers left: written as a handheld writes it, and its keys exchanged over the real router.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use documents::catalogue::Customer;
use documents::deposit::Piece;
use documents::sealed::CONDITION;
use documents::{CustomerKey, Deposit, FieldEdit, Partition, Person, RecordKind};
use domain::custody::{Custody, CustodyAct, FeeRule};
use domain::ticket::{ClaimCode, CustomerCode, PieceCode};
use domain::{
    BlobId, BlobKind, BlobRef, Currency, CustomerId, DepositId, EventBody, EventHash, Goods,
    OrderLine, Quantity, SiteId, UnitId,
};
use protocol::keys::{KEYS_MAX, KeysReply, KeysRequest, SharedKey};
use protocol::{BlobChunk, BlobRequest, Refusal, RefusalCode};
use replica::{Commit, KeyCursor, NewEvent, RecordEdit, Replica};
use tower::ServiceExt;

use super::handheld::Handheld;
use super::{NOW, Warehouse, bin, item, operator};

pub const WHO: CustomerId = CustomerId::from_bytes([0xc1; 16]);
pub const LEFT: DepositId = DepositId::from_bytes([0xd1; 16]);
pub const DAY: i64 = 86_400_000;

pub fn key_of_wang() -> CustomerKey {
    CustomerKey::from_bytes([0x77; 32])
}

pub fn wang() -> Person {
    Person {
        name: "王喆".into(),
        phone: "+86 138-0013-8000".into(),
        document: "护照 E12345678".into(),
        note: String::new(),
    }
}

pub fn new_customer(id: CustomerId, person: &Person, key: &CustomerKey) -> RecordEdit {
    let customer = Customer {
        id,
        code: CustomerCode::draw([id.as_bytes()[0]; 8]).to_string(),
        name_en: String::new(),
        name_zh: String::new(),
    };
    let mut n = 0;
    let mut fields = customer.to_fields();
    fields.extend(person.seal(id, key, || {
        n += 1;
        [n; 24]
    }));
    RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Customer,
        id: id.into(),
        fields,
    }
}

pub fn yuan(daily: i64, cap: i64) -> FeeRule {
    FeeRule {
        daily,
        cap,
        currency: Currency::from_code("CNY").unwrap(),
    }
}

/// Two pieces of Wang's, for ten days.
pub fn deposit(site: SiteId) -> Deposit {
    let piece = |n: u8| Piece {
        unit: UnitId::plate(PieceCode::draw([n; 8]).as_str()),
        item: item(1),
        size: "L".into(),
        condition: key_of_wang().seal_words(WHO, CONDITION, [n; 24], "完好"),
        value: 0,
    };
    Deposit {
        id: LEFT,
        site,
        claim: ClaimCode::draw(site, [5; 8]),
        customer: WHO,
        taken_at: NOW,
        due: "2026-10-01".parse().ok(),
        fee: yuan(1_000, 0),
        forbidden: "1".into(),
        wish: None,
        pieces: [(1, piece(1)), (2, piece(2))].into(),
    }
}

pub fn piece_event(deposit: &Deposit, number: u32, comes: bool) -> NewEvent {
    let goods = Goods {
        unit: Some(deposit.pieces[&number].unit.clone()),
        ..Goods::of(item(1))
    };
    let (bin, quantity) = (bin(1), Quantity::ONE);
    let body = match comes {
        true => EventBody::Received {
            bin,
            goods,
            quantity,
        },
        false => EventBody::Issued {
            bin,
            goods,
            quantity,
        },
    };
    NewEvent {
        order: Some(OrderLine {
            order: deposit.id.as_order(),
            line: number,
        }),
        ..body.into()
    }
}

pub fn act(replica: &Replica, deposit: DepositId, act: CustodyAct, pieces: Vec<u32>) -> Custody {
    let mut custody = Custody::new(deposit, act, pieces);
    custody.after = replica.query().last_acts(deposit).unwrap();
    custody
}

/// Writes what was left, with its customer; photos are named in the act.
pub fn take_in_as(
    warehouse: &Warehouse,
    device: &mut Handheld,
    deposit: &Deposit,
    person: &Person,
    key: &CustomerKey,
    photos: Vec<BlobId>,
) -> EventHash {
    let known = device.replica.query().customer(deposit.customer).unwrap();
    let mut edits = Vec::new();
    let mut keys = Vec::new();
    if known.is_none() {
        edits.push(new_customer(deposit.customer, person, key));
        keys.push((deposit.customer, key.clone()));
    }
    edits.push(RecordEdit {
        partition: Partition::Site(deposit.site),
        kind: RecordKind::Deposit,
        id: deposit.id.into(),
        fields: deposit.to_fields(),
    });
    let numbers: Vec<u32> = deposit.pieces.keys().copied().collect();
    let mut said = act(
        &device.replica,
        deposit.id,
        CustodyAct::Deposited,
        numbers.clone(),
    );
    said.terms = Some(deposit.terms());
    said.photos = photos;
    let mut events: Vec<NewEvent> = numbers
        .iter()
        .map(|number| piece_event(deposit, *number, true))
        .collect();
    events.push(EventBody::Custody(Box::new(said)).into());
    let commit = Commit {
        operator: Some(operator(1)),
        site: Some(deposit.site),
        events,
        edits,
        keys,
        draft: None,
    };
    let done = device.replica.commit(commit, warehouse.now()).unwrap();
    done.events.last().unwrap().1
}

/// Wang leaves two pieces.
pub fn take_in(warehouse: &Warehouse, device: &mut Handheld) -> EventHash {
    let left = deposit(warehouse.site);
    take_in_as(
        warehouse,
        device,
        &left,
        &wang(),
        &key_of_wang(),
        Vec::new(),
    )
}

/// A piece is handed out.
pub fn release(warehouse: &Warehouse, device: &mut Handheld, number: u32) -> EventHash {
    let left = deposit(warehouse.site);
    let said = act(&device.replica, left.id, CustodyAct::Released, vec![number]);
    let commit = Commit {
        operator: Some(operator(1)),
        site: Some(warehouse.site),
        events: vec![
            piece_event(&left, number, false),
            EventBody::Custody(Box::new(said)).into(),
        ],
        ..Commit::default()
    };
    let done = device.replica.commit(commit, warehouse.now()).unwrap();
    done.events.last().unwrap().1
}

/// What a device would ask about keys.
pub fn keys_request(device: &Handheld) -> KeysRequest {
    let cursor = device.replica.key_cursor().unwrap();
    let made = device.replica.keys_to_share(KEYS_MAX as u32).unwrap();
    KeysRequest {
        versions: protocol::VERSIONS,
        epoch: cursor.epoch,
        after: cursor.number,
        made: made
            .into_iter()
            .map(|shared| SharedKey {
                customer: shared.customer,
                key: shared.key.map(|key| (*key.as_bytes()).into()),
            })
            .collect(),
    }
}

pub async fn ask_keys(
    warehouse: &Warehouse,
    token: &str,
    request: &KeysRequest,
) -> Result<KeysReply, RefusalCode> {
    let asked = Request::builder()
        .method(Method::POST)
        .uri(protocol::KEYS_PATH)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(request.to_bytes()))
        .unwrap();
    let answer = warehouse.router().oneshot(asked).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    if status.is_success() {
        return Ok(KeysReply::from_bytes(&bytes).unwrap());
    }
    let refusal = Refusal::from_bytes(&bytes).unwrap();
    assert_eq!(status.as_u16(), refusal.code.status());
    Err(refusal.code)
}

/// Gives and takes keys as the handheld does.
pub async fn share_keys(warehouse: &Warehouse, device: &mut Handheld) {
    let request = keys_request(device);
    let given: Vec<CustomerId> = request.made.iter().map(|made| made.customer).collect();
    let token = device.token().to_owned();
    let reply = ask_keys(warehouse, &token, &request).await.unwrap();
    let keys: Vec<_> = reply
        .keys
        .into_iter()
        .map(|shared| replica::SharedKey {
            customer: shared.customer,
            key: shared.key.map(|key| CustomerKey::from_bytes(*key)),
        })
        .collect();
    let cursor = KeyCursor {
        epoch: reply.epoch,
        number: reply.number,
    };
    device.replica.take_keys(&keys, &given, cursor).unwrap();
}

/// A device gives the server bytes; sealed ones say so.
pub fn send_blob(
    warehouse: &Warehouse,
    device: &Handheld,
    bytes: &[u8],
    kind: BlobKind,
) -> BlobRef {
    let media = match documents::sealed::sealed_for(bytes) {
        Some(_) => documents::sealed::SEALED_MEDIA,
        None => "image/jpeg",
    };
    let blob = BlobRef::of(bytes, media, kind);
    let request = BlobRequest {
        versions: protocol::VERSIONS,
        ask: Vec::new(),
        chunk: Some(BlobChunk {
            blob: blob.clone(),
            offset: 0,
            bytes: bytes.to_vec(),
        }),
    };
    let taken = warehouse
        .hub
        .take_blob(device.token(), &request, warehouse.now());
    taken.unwrap().unwrap();
    blob
}

/// A field of a record that stands on the server.
pub fn field(
    warehouse: &Warehouse,
    id: documents::RecordId,
    path: &str,
) -> Option<documents::Value> {
    let hub = warehouse.hub.replica().lock().unwrap();
    let record = hub.query().record(id).unwrap()?;
    record.fields.get(path).cloned()
}

/// Makes the categories that customers may leave.
pub fn classify(warehouse: &Warehouse) {
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item(1).into(),
        fields: vec![FieldEdit::set("class", "custody")],
    };
    let commit = Commit {
        edits: vec![edit],
        ..Commit::default()
    };
    warehouse.hub.commit(commit, warehouse.now()).unwrap();
}
