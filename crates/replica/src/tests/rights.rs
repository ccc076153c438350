//! Grants and what was done without them: the same on every replica, whatever came first.

use domain::rights::Action;
use domain::{EventHash, Grant};

use super::*;

const SITE_PART: Partition = Partition::Site(SITE);

fn person(server: &mut Replica) {
    let operator = Operator {
        id: OPERATOR,
        name: "赵喆".into(),
        badge: "B-7".into(),
        pin_verifier: String::new(),
        active: true,
        grants: Default::default(),
    };
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Operator,
        id: OPERATOR.into(),
        fields: operator.to_fields(),
    };
    server.commit(edits(vec![edit]), T0).unwrap();
}

fn grant(server: &mut Replica, at: i64, actions: &[Action]) {
    let grant = Grant {
        actions: actions.iter().copied().collect(),
        ..Grant::default()
    };
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Operator,
        id: OPERATOR.into(),
        fields: vec![Operator::grant_field(at, &grant)],
    };
    server.commit(edits(vec![edit]), at).unwrap();
}

fn breached(replica: &Replica) -> Vec<EventHash> {
    let open = ExceptionFilter {
        open_only: true,
        ..Default::default()
    };
    let found = replica.query().exceptions(&open, 10).unwrap();
    let of_rights = found
        .into_iter()
        .filter(|e| e.finding.kind == ExceptionKind::RightBreached);
    of_rights.flat_map(|e| e.finding.evidence).collect()
}

#[test]
fn what_was_done_without_the_right_is_found_whether_events_or_grants_come_first() {
    let (mut server, mut stale, mut late) = (device(0), device(1), device(2));
    let mut hub = Hub::default();
    person(&mut server);
    hub.sync(&mut [&mut server, &mut stale, &mut late]);
    // The device is cut off, and does not know of the grant.
    let allowed = stale
        .commit(events(vec![receive(1, 1, 5)]), T0 + 5)
        .unwrap();
    grant(&mut server, T0 + 10, &[Action::Pick]);
    let breach = stale
        .commit(events(vec![receive(1, 1, 3)]), T0 + 20)
        .unwrap();
    assert_eq!(breached(&stale), []);
    // The server has the events before its own grant is read again; the other device reads the grant last of all.
    for partition in [SITE_PART, Partition::Shared] {
        hub.push(&mut stale, partition);
        hub.push(&mut server, partition);
        for replica in [&mut server, &mut stale] {
            assert_eq!(hub.pull(replica, partition).rejected, None);
        }
    }
    assert_eq!(hub.pull(&mut late, SITE_PART).rejected, None);
    assert_eq!(breached(&late), [], "nobody has told it of the grant yet");
    assert_eq!(hub.pull(&mut late, Partition::Shared).rejected, None);
    for replica in [&mut server, &mut stale, &mut late] {
        assert_eq!(breached(replica), [breach.events[0].1]);
        assert_ne!(breached(replica), [allowed.events[0].1]);
        assert_eq!(
            replica.query().balance(SITE, &pile(1, 1)).unwrap(),
            units(8),
            "goods were moved, whoever moved them"
        );
        let before = replica.state_hash(SITE).unwrap();
        replica.rebuild().unwrap();
        assert_eq!(replica.state_hash(SITE).unwrap(), before);
        assert_eq!(breached(replica).len(), 1);
    }
    assert_eq!(
        server.state_hash(SITE).unwrap(),
        late.state_hash(SITE).unwrap()
    );
    assert_eq!(
        server.state_hash(SITE).unwrap(),
        stale.state_hash(SITE).unwrap()
    );
    // A grant is never dated back by the console, but a later one takes nothing from what was found.
    grant(&mut server, T0 + 30, &Action::ALL);
    hub.sync(&mut [&mut server, &mut stale, &mut late]);
    assert_eq!(breached(&late), [breach.events[0].1]);
    assert_eq!(
        server.state_hash(SITE).unwrap(),
        late.state_hash(SITE).unwrap()
    );
}

#[test]
fn an_approval_is_read_back_and_counts_once_the_approvers_grant_has_come() {
    let (mut server, mut a, mut b) = (device(0), device(1), device(2));
    let mut hub = Hub::default();
    person(&mut server);
    grant(&mut server, T0 + 1, &[Action::Pick]);
    hub.sync(&mut [&mut server, &mut a, &mut b]);
    let supervisor = OperatorId::from_bytes([0x0c; 16]);
    let commit = Commit {
        events: vec![NewEvent {
            approved_by: Some(supervisor),
            ..receive(1, 1, 5).into()
        }],
        ..events(Vec::new())
    };
    let hash = a.commit(commit, T0 + 9).unwrap().events[0].1;
    hub.sync(&mut [&mut server, &mut a, &mut b]);
    assert_eq!(
        breached(&b),
        [hash],
        "nobody has given that person the right to approve"
    );
    let row = b.query().event_by_hash(hash).unwrap().unwrap();
    assert_eq!(row.placed.event.record.approved_by, Some(supervisor));
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Operator,
        id: supervisor.into(),
        fields: vec![
            FieldEdit::set("name", "王芳"),
            Operator::grant_field(T0 + 2, &Grant::everything()),
        ],
    };
    server.commit(edits(vec![edit]), T0 + 10).unwrap();
    hub.sync(&mut [&mut server, &mut a, &mut b]);
    for replica in [&server, &a, &b] {
        assert_eq!(breached(replica), []);
        assert_eq!(
            replica.state_hash(SITE).unwrap(),
            server.state_hash(SITE).unwrap()
        );
    }
}

#[test]
fn a_device_whose_clock_is_a_little_slow_acts_under_the_grant_that_it_knows() {
    let (mut server, mut a) = (device(0), device(1));
    let mut hub = Hub::default();
    person(&mut server);
    grant(&mut server, T0 + 1, &[Action::Pick]);
    grant(&mut server, T0 + 240_000, &[Action::Receive]);
    hub.sync(&mut [&mut server, &mut a]);
    // Four minutes behind the server.
    a.commit(events(vec![receive(1, 1, 5)]), T0 + 10).unwrap();
    assert_eq!(breached(&a), []);
    assert!(a.highest_clock() >= T0 + 240_000);
    // A day behind, nobody can tell which grant it acts under: it stands where its clock says.
    let mut slow = device(2);
    hub.sync(&mut [&mut server, &mut slow]);
    let late = slow.commit(events(vec![receive(1, 1, 5)]), T0 - 86_400_000);
    assert_eq!(late.unwrap().events.len(), 1);
    assert_eq!(breached(&slow), [], "before anything was granted");
}
