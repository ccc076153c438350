//! What the made-up warehouse keeps for customers: categories, bins, house rules, and one deposit.

use anyhow::Context;
use documents::catalogue::{Bin, Customer, Handling, Item, Room, Zone};
use documents::deposit::Piece;
use documents::sealed::CONDITION;
use documents::{CustomerKey, Deposit, HouseRules, Partition, Person, RecordId, RecordKind};
use domain::custody::{Custody, CustodyAct, FeeRule};
use domain::ticket::{ClaimCode, CustomerCode, PieceCode};
use domain::{
    BinId, Currency, CustomerId, DepositId, EventBody, Goods, ItemId, OrderLine, Quantity, SiteId,
    UnitId, UnixMillis, ZoneId,
};
use replica::{Commit, NewEvent, RecordEdit};

use crate::console::data::operator_record_of;
use crate::hub::{Hub, Randomness};
use crate::store::accounts::User;

const CATEGORIES: [(&str, &str, &str, &str); 2] = [
    ("CUST-BAG", "行李箱包", "Luggage", "custody"),
    ("CUST-SMALL", "小件物品", "Small things", "custody-small"),
];
const BINS: [(&str, &str); 4] = [
    ("K-01-1", "custody"),
    ("K-01-2", "custody"),
    ("K-02-1", "custody-small"),
    ("K-02-2", "custody-small"),
];
const DAY_MS: i64 = 86_400_000;

fn edit(
    partition: Partition,
    kind: RecordKind,
    id: RecordId,
    fields: Vec<documents::FieldEdit>,
) -> RecordEdit {
    RecordEdit {
        partition,
        kind,
        id,
        fields,
    }
}

/// Makes all of it, and tells the claim code.
///
/// # Errors
/// The store, the replica, or no random bytes.
pub(crate) fn make(
    hub: &Hub,
    site: SiteId,
    user: &User,
    now: UnixMillis,
) -> anyhow::Result<ClaimCode> {
    let randomness = Randomness::default();
    let new_id = || hub.lock().new_id(now);
    let here = Partition::Site(site);
    let zone = Zone {
        id: ZoneId::from_bytes(new_id()),
        code: "K".to_owned(),
        name_en: "Custody".to_owned(),
        name_zh: "寄存区".to_owned(),
        purpose: "storage".to_owned(),
        site,
    };
    let mut edits = vec![edit(
        here,
        RecordKind::Zone,
        zone.id.into(),
        zone.to_fields(),
    )];
    let mut items = Vec::new();
    for (sku, zh, en, class) in CATEGORIES {
        let item = Item {
            id: ItemId::from_bytes(new_id()),
            sku: sku.to_owned(),
            name_zh: zh.to_owned(),
            name_en: en.to_owned(),
            unit: "pcs".to_owned(),
            decimals: 0,
            tracks_lot: false,
            tracks_serial: false,
            tracks_expiry: false,
            barcodes: Default::default(),
            handling: Handling {
                class: class.to_owned(),
                ..Handling::default()
            },
            value: None,
            owner: None,
        };
        items.push(item.id);
        edits.push(edit(
            Partition::Shared,
            RecordKind::Item,
            item.id.into(),
            item.to_fields(),
        ));
    }
    let mut bins = Vec::new();
    for (code, class) in BINS {
        let bin = Bin {
            id: BinId::from_bytes(new_id()),
            code: code.to_owned(),
            zone: zone.id,
            site,
            room: Room {
                class: class.to_owned(),
                ..Room::default()
            },
        };
        bins.push(bin.id);
        edits.push(edit(here, RecordKind::Bin, bin.id.into(), bin.to_fields()));
    }
    let fee = FeeRule {
        daily: 1_000,
        cap: 20_000,
        currency: Currency::from_code("CNY").context("a currency")?,
    };
    let rules = HouseRules {
        fee,
        days: 30,
        forbidden: "2026-1".to_owned(),
        ..HouseRules::default()
    };
    let fields = rules.to_fields().to_vec();
    edits.push(edit(
        Partition::Shared,
        RecordKind::Site,
        site.into(),
        fields,
    ));

    let customer = Customer {
        id: CustomerId::from_bytes(new_id()),
        code: CustomerCode::draw(randomness.draw()?).to_string(),
        name_en: String::new(),
        name_zh: String::new(),
    };
    let key = CustomerKey::from_bytes(randomness.draw()?);
    let person = Person {
        name: "王晓喆".to_owned(),
        phone: "13800138000".to_owned(),
        document: "护照 E12345678".to_owned(),
        note: String::new(),
    };
    let nonces: Vec<[u8; 24]> = (0..4)
        .map(|_| randomness.draw())
        .collect::<Result<_, _>>()?;
    let mut nonces = nonces.into_iter();
    let mut fields = customer.to_fields();
    fields.extend(person.seal(customer.id, &key, || nonces.next().unwrap_or_default()));
    let id = customer.id.into();
    edits.push(edit(Partition::Shared, RecordKind::Customer, id, fields));

    let piece = |item: ItemId, size: &str, condition: &str, value| -> anyhow::Result<Piece> {
        Ok(Piece {
            unit: UnitId::plate(PieceCode::draw(randomness.draw()?).as_str()),
            item,
            size: size.to_owned(),
            condition: key.seal_words(customer.id, CONDITION, randomness.draw()?, condition),
            value,
        })
    };
    let (bag, small) = (items[0], items[1]);
    let due = chrono::DateTime::from_timestamp_millis(now + 30 * DAY_MS);
    let deposit = Deposit {
        id: DepositId::from_bytes(new_id()),
        site,
        claim: ClaimCode::draw(site, randomness.draw()?),
        customer: customer.id,
        taken_at: now,
        due: due.map(|at| at.date_naive()),
        fee,
        forbidden: rules.forbidden,
        wish: None,
        pieces: [
            (1, piece(bag, "L", "完好", 120_000)?),
            (2, piece(small, "S", "伞柄有划痕", 0)?),
        ]
        .into(),
    };
    edits.push(edit(
        here,
        RecordKind::Deposit,
        deposit.id.into(),
        deposit.to_fields(),
    ));
    hub.put_key(customer.id, &key, now)?;
    let mut said = Custody::new(deposit.id, CustodyAct::Deposited, vec![1, 2]);
    said.terms = Some(deposit.terms());
    let places = deposit.pieces.iter().zip([bins[0], bins[2]]);
    let mut events: Vec<NewEvent> = places
        .map(|((number, piece), bin)| {
            let body = EventBody::Received {
                bin,
                goods: Goods {
                    unit: Some(piece.unit.clone()),
                    ..Goods::of(piece.item)
                },
                quantity: Quantity::ONE,
            };
            NewEvent {
                order: Some(OrderLine {
                    order: deposit.id.as_order(),
                    line: *number,
                }),
                ..body.into()
            }
        })
        .collect();
    events.push(EventBody::Custody(Box::new(said)).into());
    if hub.lock().query().operator(user.operator)?.is_none() {
        edits.push(operator_record_of(user));
    }
    let commit = Commit {
        operator: Some(user.operator),
        site: Some(site),
        events,
        edits,
        ..Commit::default()
    };
    hub.commit(commit, now)?;
    Ok(deposit.claim)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use documents::catalogue::Site;

    use super::*;
    use crate::auth::accounts;
    use crate::store::Database;
    use crate::store::accounts::Role;

    #[test]
    fn a_deposit_is_there_with_its_person_and_its_bins() {
        let folder = tempfile::tempdir().unwrap();
        let now = UnixMillis::from(1_780_000_000_000_i64);
        let database = Arc::new(Database::open(&folder.path().join("hub.db")).unwrap());
        let hub = Hub::open(folder.path(), database.clone(), now).unwrap();
        let user = accounts::create(&database, "admin", Role::Admin, None, now).unwrap();
        let site = Site {
            id: SiteId::from_bytes([9; 16]),
            code: "S".into(),
            name_en: String::new(),
            name_zh: String::new(),
            time_zone: "Asia/Shanghai".into(),
        };
        hub.create_site(&site, now).unwrap();
        let claim = make(&hub, site.id, &user, now).unwrap();
        let replica = hub.lock();
        let query = replica.query();
        let row = query.deposit_by_claim(&claim).unwrap().unwrap();
        assert_eq!((row.stored, row.deposit.pieces.len()), (2, 2));
        let person = query.person(row.deposit.customer).unwrap().unwrap();
        assert_eq!(person.name, "王晓喆");
        assert_eq!(query.items_of_class(HouseRules::CLASS, 9).unwrap().len(), 2);
        assert_eq!(query.open_exception_count().unwrap(), 0);
        let record = query.record(site.id.into()).unwrap().unwrap();
        assert_eq!(HouseRules::of(&record).days, 30);
    }
}
