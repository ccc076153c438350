//! Keys of customers between two handhelds, with no server in reach.

use device_app::peer::{PeerNews, Turn, TurnKind};
use device_app::view::UiEvent;
use device_app::worker::ToWorker;
use protocol::peer_keys::PeerKeys;
use replica::KeyState;
use replica::query::DepositRow;

use crate::custody::{house, left, only_deposit, signed};
use crate::hub::COUNTER_CODE;
use crate::rig::Rig;

/// What a handheld says at a turn with a neighbour.
fn said_to_neighbour(rig: &mut Rig, kind: TurnKind) -> Option<Vec<u8>> {
    let (reply, mut answer) = tokio::sync::oneshot::channel();
    let turn = Turn {
        name: "PDA".into(),
        kind,
        reply,
    };
    rig.worker.handle(ToWorker::Peer(PeerNews::Turn(turn)));
    answer.try_recv().unwrap()
}

/// Two handhelds speak of keys until neither has more to say. Returns how many turns that took.
fn speak_of_keys(a: &mut Rig, b: &mut Rig) -> usize {
    let mut next = said_to_neighbour(a, TurnKind::BeginKeys);
    let mut turns = 0;
    while let Some(message) = next {
        turns += 1;
        let Some(answer) = said_to_neighbour(b, TurnKind::KeysAsked(message)) else {
            break;
        };
        next = said_to_neighbour(a, TurnKind::KeysAnswered(answer));
        assert!(turns < 9, "they never end");
    }
    turns
}

fn name_of(rig: &Rig, row: &DepositRow) -> Option<String> {
    let person = rig.worker.replica().query().person(row.deposit.customer);
    person.unwrap().map(|person| person.name)
}

#[test]
fn neighbours_hand_on_keys_where_no_server_is_and_what_was_destroyed_wins() {
    let hub = house();
    let mut a = Rig::signed_in(&hub, "AAAA1");
    let mut b = Rig::signed_in(&hub, "BBBB2");
    let mut counter = Rig::signed_in(&hub, COUNTER_CODE);
    left(&mut a);
    signed(&mut a, "take-in");
    a.ui(UiEvent::Back);
    // The record comes to the other by the hub, and the hub forgets the key.
    a.pass(60_000);
    hub.inner().keys[0] = protocol::SharedKey {
        customer: domain::CustomerId::from_bytes([9; 16]),
        key: None,
    };
    b.pass(60_000);
    counter.pass(60_000);
    for rig in [&mut a, &mut b, &mut counter] {
        rig.ui(UiEvent::StayOffline(true));
    }
    let row = only_deposit(&b);
    assert_eq!(name_of(&b, &row), None);
    // Whoever calls, the one that lacks it is given it.
    assert!(speak_of_keys(&mut b, &mut a) <= 2);
    assert_eq!(name_of(&b, &row).as_deref(), Some("王喆"));
    b.ui(UiEvent::OpenOperation("release".into()));
    b.scan(row.deposit.claim.as_str());
    let facts = b.task().facts;
    assert!(facts.iter().any(|fact| fact.value == "王喆"), "{facts:?}");

    // A device that only counts neither asks nor is it told anything.
    assert_eq!(said_to_neighbour(&mut counter, TurnKind::BeginKeys), None);
    let asked = said_to_neighbour(&mut a, TurnKind::BeginKeys).unwrap();
    let kind = TurnKind::KeysAsked(asked.clone());
    assert_eq!(said_to_neighbour(&mut counter, kind), None);
    assert_eq!(name_of(&counter, &row), None);

    // The one that hears of the server hears that the person was erased; the other hears it from there.
    hub.inner().keys.push(protocol::SharedKey {
        customer: row.deposit.customer,
        key: None,
    });
    a.ui(UiEvent::StayOffline(false));
    a.pass(11 * 60_000);
    a.ui(UiEvent::StayOffline(true));
    assert_eq!(name_of(&a, &row), None);
    speak_of_keys(&mut b, &mut a);
    let query = b.worker.replica().query();
    let state = query.customer_key(row.deposit.customer).unwrap();
    assert_eq!(state, KeyState::Destroyed);
    assert_eq!(name_of(&b, &row), None);
    // And never again the other way round.
    speak_of_keys(&mut a, &mut b);
    assert_eq!(name_of(&a, &row), None);
}

#[test]
fn a_neighbour_cannot_put_another_key_in_the_place_of_one_that_lacks() {
    let hub = house();
    let mut a = Rig::signed_in(&hub, "AAAA1");
    let mut b = Rig::signed_in(&hub, "BBBB2");
    left(&mut a);
    a.pass(60_000);
    hub.inner().keys.clear();
    b.pass(60_000);
    let customer = only_deposit(&b).deposit.customer;
    let forged = PeerKeys {
        lacks: Vec::new(),
        destroyed: [0; 32],
        keys: vec![protocol::SharedKey {
            customer,
            key: Some([7; 32].into()),
        }],
    };
    let reply = said_to_neighbour(&mut b, TurnKind::KeysAsked(forged.to_bytes())).unwrap();
    assert_eq!(PeerKeys::from_bytes(&reply).unwrap().lacks, [customer]);
    let query = b.worker.replica().query();
    assert_eq!(query.customer_key(customer).unwrap(), KeyState::Missing);
    assert_eq!(
        said_to_neighbour(&mut b, TurnKind::KeysAsked(b"no keys".to_vec())),
        None
    );
}
