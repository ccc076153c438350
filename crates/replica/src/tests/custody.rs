//! Goods that customers leave with us: found by ticket, piece and person; keys that come, and are destroyed.

use documents::deposit::Piece;
use documents::sealed::{CONDITION, NOTE};
use documents::{CustomerKey, Deposit, Person};
use domain::custody::{Custody, CustodyAct, FeeRule};
use domain::ledger::UnitStatus;
use domain::ticket::{ClaimCode, CustomerCode, PieceCode};
use domain::{Currency, CustomerId, DepositId, OrderLine, UnitId};

use super::*;
use crate::{KeyCursor, KeyState, SharedKey};

const WHO: CustomerId = CustomerId::from_bytes([0xc1; 16]);
const LEFT: DepositId = DepositId::from_bytes([0xd1; 16]);

fn key_of_wang() -> CustomerKey {
    CustomerKey::from_bytes([0x77; 32])
}

fn wang() -> Person {
    Person {
        name: "王喆".into(),
        phone: "+86 138-0013-8000".into(),
        document: "护照 e12345678".into(),
        note: String::new(),
    }
}

fn new_customer(person: &Person) -> Commit {
    let customer = documents::catalogue::Customer {
        id: WHO,
        code: CustomerCode::draw([1; 8]).to_string(),
        name_en: String::new(),
        name_zh: String::new(),
    };
    let mut n = 0;
    let mut fields = customer.to_fields();
    fields.extend(person.seal(WHO, &key_of_wang(), || {
        n += 1;
        [n; 24]
    }));
    Commit {
        keys: vec![(WHO, key_of_wang())],
        ..edits(vec![RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Customer,
            id: WHO.into(),
            fields,
        }])
    }
}

fn deposit() -> Deposit {
    let piece = |n: u8| Piece {
        unit: UnitId::plate(PieceCode::draw([n; 8]).as_str()),
        item: item_id(1),
        size: "L".into(),
        condition: key_of_wang().seal_words(WHO, CONDITION, [n; 24], "拉链上写着王喆"),
        value: 0,
    };
    Deposit {
        id: LEFT,
        site: SITE,
        claim: ClaimCode::draw(SITE, [5; 8]),
        customer: WHO,
        taken_at: T0,
        due: "2026-12-01".parse().ok(),
        fee: FeeRule {
            daily: 1_000,
            cap: 0,
            currency: Currency::from_code("CNY").unwrap(),
        },
        forbidden: "1".into(),
        wish: None,
        pieces: [(1, piece(1)), (2, piece(2))].into(),
    }
}

fn piece_event(number: u32, comes: bool) -> NewEvent {
    let goods = Goods {
        unit: Some(deposit().pieces[&number].unit.clone()),
        ..Goods::of(item_id(1))
    };
    let (bin, quantity) = (bin_id(1), Quantity::ONE);
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
            order: LEFT.as_order(),
            line: number,
        }),
        ..body.into()
    }
}

fn act(replica: &Replica, act: CustodyAct, pieces: Vec<u32>) -> NewEvent {
    let mut custody = Custody::new(LEFT, act, pieces);
    custody.after = replica.query().last_acts(LEFT).unwrap();
    EventBody::Custody(Box::new(custody)).into()
}

/// A piece comes in, and the other one with it.
fn taken_in(replica: &mut Replica) {
    let mut commit = new_customer(&wang());
    commit.edits.extend([
        create_item(1, "行李箱"),
        create_bin(1),
        RecordEdit {
            partition: Partition::Site(SITE),
            kind: RecordKind::Deposit,
            id: LEFT.into(),
            fields: deposit().to_fields(),
        },
    ]);
    commit.operator = Some(OPERATOR);
    commit.site = Some(SITE);
    let deposited = act(replica, CustodyAct::Deposited, vec![1, 2]);
    commit.events = vec![piece_event(1, true), piece_event(2, true), deposited];
    replica.commit(commit, T0).unwrap();
}

fn released(replica: &mut Replica, number: u32) {
    let released = act(replica, CustodyAct::Released, vec![number]);
    let commit = Commit {
        events: vec![piece_event(number, false), released],
        ..events(Vec::new())
    };
    replica.commit(commit, T0 + 1_000).unwrap();
}

#[test]
fn a_deposit_is_found_by_its_ticket_its_pieces_and_its_customer_until_all_is_gone() {
    let mut a = device(1);
    taken_in(&mut a);
    let q = a.query();
    let found = q.deposit_by_claim(&deposit().claim).unwrap().unwrap();
    assert_eq!((found.deposit, found.stored), (deposit(), 2));
    let pieces = q.pieces(&deposit()).unwrap();
    assert_eq!(pieces[1].condition, "拉链上写着王喆");
    let due = |from, to| q.deposits_due(SITE, from..=to, 9).unwrap().len();
    assert_eq!(due("2026-12-01", "2026-12-08"), 1);
    assert_eq!(due("0", "2026-11-30"), 0);
    let unit = &deposit().pieces[&2].unit;
    assert_eq!(q.deposit_of_unit(unit).unwrap(), Some((LEFT, 2)));
    assert_eq!(q.deposits_of(WHO, 9).unwrap().len(), 1);
    assert_eq!(q.count_deposits(SITE, "2026-12-01").unwrap(), (1, 0));
    assert_eq!(q.count_deposits(SITE, "2026-12-02").unwrap(), (1, 1));
    released(&mut a, 2);
    let q = a.query();
    assert_eq!(q.deposit(LEFT).unwrap().unwrap().stored, 1);
    let standing: Vec<_> = q
        .pieces(&deposit())
        .unwrap()
        .into_iter()
        .map(|p| p.standing.unwrap().0)
        .collect();
    assert_eq!(standing, [UnitStatus::Stored, UnitStatus::Issued]);
    released(&mut a, 1);
    let q = a.query();
    assert_eq!(q.count_deposits(SITE, "2027-01-01").unwrap(), (0, 0));
    assert!(q.deposits_here(SITE, None, 9).unwrap().is_empty());
    let acts = q.acts_of(LEFT).unwrap();
    assert_eq!(acts.len(), 3);
    assert_eq!(q.last_acts(LEFT).unwrap(), [acts[2].placed.event.hash]);
    // What is read again from the changes is the same.
    let before = a.query().deposit(LEFT).unwrap();
    a.rebuild().unwrap();
    assert_eq!(a.query().deposit(LEFT).unwrap(), before);
    assert_eq!(a.query().person(WHO).unwrap(), Some(wang()));
    assert_eq!(a.query().acts_of(LEFT).unwrap().len(), 3);
}

#[test]
fn a_piece_handed_out_on_two_cut_off_devices_is_one_exception_with_both_acts_kept() {
    let (mut a, mut b) = (device(1), device(2));
    let mut hub = Hub::default();
    taken_in(&mut a);
    hub.sync(&mut [&mut a, &mut b]);
    released(&mut a, 1);
    released(&mut b, 1);
    hub.sync(&mut [&mut a, &mut b]);
    hub.sync(&mut [&mut a, &mut b]);
    for replica in [&a, &b] {
        let q = replica.query();
        let open = q.exceptions(&ExceptionFilter::default(), 9).unwrap();
        let [only] = &open[..] else {
            panic!("{open:?}");
        };
        assert_eq!(only.finding.kind.code(), "unit-issued-twice");
        assert_eq!(only.finding.evidence.len(), 2);
        assert_eq!(
            q.last_acts(LEFT).unwrap().len(),
            2,
            "neither knew of the other"
        );
        assert_eq!(q.deposit(LEFT).unwrap().unwrap().stored, 1);
    }
}

#[test]
fn a_person_is_known_where_the_key_has_come_and_nowhere_once_it_is_destroyed() {
    let (mut a, mut b) = (device(1), device(2));
    let mut hub = Hub::default();
    taken_in(&mut a);
    hub.sync(&mut [&mut a, &mut b]);
    assert_eq!(a.query().person(WHO).unwrap(), Some(wang()));
    assert_eq!(b.query().person(WHO).unwrap(), None);
    assert_eq!(b.query().customer_key(WHO).unwrap(), KeyState::Missing);
    assert!(b.lacks_keys().unwrap() && !a.lacks_keys().unwrap());

    let made = a.keys_to_share(10).unwrap();
    assert_eq!(made.len(), 1);
    let cursor = |number| KeyCursor {
        epoch: EPOCH,
        number,
    };
    a.take_keys(&[], &[WHO], cursor(1)).unwrap();
    assert!(a.keys_to_share(10).unwrap().is_empty());
    b.take_keys(&made, &[], cursor(1)).unwrap();
    assert_eq!(b.key_cursor().unwrap(), cursor(1));
    for (text, found) in [
        ("13800138000", true),
        ("8000", true),
        ("王", true),
        ("喆", true),
        ("wangzhe", true),
        ("wz", true),
        ("E1234 5678", true),
        ("护照E12345678", true),
        ("李", false),
        ("", false),
        ("%", false),
    ] {
        let persons = b.query().find_persons(text, 9).unwrap();
        assert_eq!(persons.len(), usize::from(found), "{text}");
    }
    assert_eq!(
        b.query().same_person("0086 13800138000", "").unwrap()[0].0,
        WHO
    );

    let gone = SharedKey {
        customer: WHO,
        key: None,
    };
    for replica in [&mut a, &mut b] {
        replica
            .take_keys(std::slice::from_ref(&gone), &[], cursor(2))
            .unwrap();
        // Neither an old key nor the record brings the person back.
        replica.take_keys(&made, &[], cursor(3)).unwrap();
        replica.rebuild().unwrap();
        let q = replica.query();
        assert_eq!(q.person(WHO).unwrap(), None);
        assert_eq!(q.customer_key(WHO).unwrap(), KeyState::Destroyed);
        assert!(q.find_persons("王", 9).unwrap().is_empty());
        assert_eq!(q.deposit(LEFT).unwrap().unwrap().deposit, deposit());
        assert!(!replica.lacks_keys().unwrap());
    }
    assert_eq!(a.state_hash(SITE).unwrap(), b.state_hash(SITE).unwrap());
}

#[test]
fn a_server_that_was_put_back_is_offered_every_key_again() {
    let mut a = device(1);
    taken_in(&mut a);
    let cursor = KeyCursor {
        epoch: EPOCH,
        number: 4,
    };
    a.take_keys(&[], &[WHO], cursor).unwrap();
    assert!(a.keys_to_share(10).unwrap().is_empty());
    let other = KeyCursor {
        epoch: [9; 16],
        number: 0,
    };
    a.take_keys(&[], &[], other).unwrap();
    assert_eq!(a.keys_to_share(10).unwrap().len(), 1);
}

/// Everything that a replica keeps, as bytes: each row of each table, and what each change says.
fn kept(replica: &Replica) -> Vec<u8> {
    let connection = &replica.connection;
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap();
    let names = tables.query_map([], |r| r.get::<_, String>(0)).unwrap();
    let mut bytes = Vec::new();
    for name in names.map(Result::unwrap) {
        let mut rows = connection
            .prepare(&format!("SELECT * FROM \"{name}\""))
            .unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                match row.get_ref(column).unwrap() {
                    rusqlite::types::ValueRef::Text(text) => bytes.extend_from_slice(text),
                    rusqlite::types::ValueRef::Blob(blob) => bytes.extend_from_slice(blob),
                    _ => {}
                }
            }
        }
    }
    let q = replica.query();
    for record in [
        q.record(WHO.into()).unwrap(),
        q.record(LEFT.into()).unwrap(),
    ] {
        for value in record.unwrap().fields.values() {
            match value {
                documents::Value::Bytes(value) => bytes.extend_from_slice(value),
                value => bytes.extend_from_slice(value.to_string().as_bytes()),
            }
        }
    }
    for act in q.acts_of(LEFT).unwrap() {
        bytes.extend_from_slice(&act.placed.event.record.to_bytes());
    }
    bytes
}

#[test]
fn free_words_about_a_person_are_gone_with_their_key() {
    let mut a = device(1);
    taken_in(&mut a);
    let mut disposed = Custody::new(LEFT, CustodyAct::Disposed, vec![1, 2]);
    let reason = "打了李四的电话无人接听";
    disposed.note = key_of_wang().seal_words(WHO, NOTE, [9; 24], reason);
    let disposed = EventBody::Custody(Box::new(disposed));
    a.commit(events(vec![disposed]), T0 + 1).unwrap();
    let q = a.query();
    assert_eq!(q.pieces(&deposit()).unwrap()[0].condition, "拉链上写着王喆");
    let EventBody::Custody(act) = &q.acts_of(LEFT).unwrap()[1].placed.event.record.body.clone()
    else {
        panic!("no act");
    };
    assert_eq!(q.sealed_words(WHO, NOTE, &act.note).unwrap(), reason);
    let gone = SharedKey {
        customer: WHO,
        key: None,
    };
    a.take_keys(&[gone], &[], KeyCursor::default()).unwrap();
    a.rebuild().unwrap();
    let q = a.query();
    assert_eq!(q.pieces(&deposit()).unwrap()[0].condition, "");
    assert_eq!(q.sealed_words(WHO, NOTE, &act.note).unwrap(), "");
    let kept = kept(&a);
    for words in ["王喆", "拉链", "李四", "13800138000", "e12345678"] {
        let words = words.as_bytes();
        assert!(!kept.windows(words.len()).any(|window| window == words));
    }
}

#[test]
fn what_somebody_has_to_look_at_is_counted_and_listed() {
    use documents::{Announced, ExpectedPiece};

    use crate::query::{CustodyCounts, CustodyDays};

    let mut a = device(1);
    taken_in(&mut a);
    let days = |today: &str, soon: &str, abandoned: &str| CustodyDays {
        today: today.into(),
        soon: soon.into(),
        abandoned: abandoned.into(),
    };
    let here = CustodyCounts {
        here: 1,
        ..CustodyCounts::default()
    };
    for (days, soon, overdue, abandoned) in [
        (days("2026-11-01", "2026-11-08", "2026-10-02"), 0, 0, 0),
        (days("2026-11-24", "2026-12-01", "2026-10-25"), 1, 0, 0),
        (days("2026-12-01", "2026-12-08", "2026-11-01"), 1, 0, 0),
        (days("2026-12-02", "2026-12-09", "2026-11-02"), 0, 1, 0),
        (days("2027-01-01", "2027-01-08", "2026-12-02"), 0, 1, 1),
    ] {
        let expected = CustodyCounts {
            soon,
            overdue,
            abandoned,
            ..here
        };
        assert_eq!(a.query().custody_counts(SITE, &days).unwrap(), expected);
    }
    let overdue = a.query().overdue_bins(SITE, "2026-12-02", 100).unwrap();
    assert_eq!(overdue, [(bin_id(1), 2)]);
    assert_eq!(
        a.query().pieces_in(bin_id(1), item_id(1), 9).unwrap(),
        [(LEFT, 1), (LEFT, 2)]
    );

    // One is handed out as it should be, the other goes as if it were anybody's.
    released(&mut a, 1);
    assert!(a.query().deposits_strayed(SITE, 9).unwrap().is_empty());
    let mut stray = piece_event(2, false);
    stray.order = None;
    let commit = Commit {
        events: vec![stray],
        ..events(Vec::new())
    };
    a.commit(commit, T0 + 2_000).unwrap();
    let strayed = a.query().deposits_strayed(SITE, 9).unwrap();
    assert_eq!(
        (strayed.len(), strayed[0].strayed, strayed[0].stored),
        (1, 1, 0)
    );

    let coming = Announced {
        at: T0,
        days: 30,
        note: Vec::new(),
        pieces: [(
            1,
            ExpectedPiece {
                item: item_id(1),
                size: String::new(),
                value: 0,
            },
        )]
        .into(),
    };
    let bare = Deposit {
        id: DepositId::from_bytes([0xd2; 16]),
        claim: ClaimCode::draw(SITE, [6; 8]),
        taken_at: 0,
        due: None,
        pieces: Default::default(),
        ..deposit()
    };
    let write = |fields| {
        edits(vec![RecordEdit {
            partition: Partition::Site(SITE),
            kind: RecordKind::Deposit,
            id: bare.id.into(),
            fields,
        }])
    };
    a.commit(write(coming.to_fields(&bare)), T0 + 3_000)
        .unwrap();
    let expected = |a: &Replica| a.query().deposits_expected(SITE, None, 9).unwrap();
    assert_eq!((expected(&a).len(), expected(&a)[0].expected), (1, 1));
    assert_eq!(a.query().announced(bare.id).unwrap(), Some(coming.clone()));
    assert_eq!(a.query().announced(LEFT).unwrap(), None);
    let after = Some((T0, bare.id));
    assert!(
        a.query()
            .deposits_expected(SITE, after, 9)
            .unwrap()
            .is_empty()
    );
    let today = "2026-11-23".parse().unwrap();
    let labels = [(1, UnitId::plate("P77"))].into();
    let taken = coming.taken_in(&bare, &labels, T0, today);
    a.commit(write(taken.to_fields()), T0 + 4_000).unwrap();
    assert!(expected(&a).is_empty());
    assert_eq!(a.query().deposit(bare.id).unwrap().unwrap().deposit, taken);

    a.rebuild().unwrap();
    assert_eq!(a.query().deposits_strayed(SITE, 9).unwrap(), strayed);
}
