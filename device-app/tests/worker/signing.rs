//! One signature for all that the work did.

use device_app::view::{Screen, Strokes, UiEvent};
use domain::{BlobKind, EventBody};

use crate::hub::Hub;
use crate::rig::Rig;

fn strokes() -> Strokes {
    Strokes {
        width: 4_000,
        height: 2_000,
        lines: vec![vec![(500, 1_000), (1_500, 400), (3_000, 1_200)]],
    }
}

/// Two lines issued, one of them taken back.
fn issuing(hub: &Hub) -> Rig {
    let mut rig = Rig::signed_in(hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("9");
    rig.action("done");
    rig.pass(1_000);
    rig.ui(UiEvent::OpenOperation("issue".into()));
    for (quantity, undo) in [("2", false), ("1", true), ("3", false)] {
        rig.scan("A-01");
        rig.scan("BOLT");
        rig.worker.quantity(quantity);
        if undo {
            rig.ui(UiEvent::Undo);
        }
    }
    rig
}

#[test]
fn one_signature_is_kept_for_every_line_that_counts() {
    let hub = Hub::new();
    let mut rig = issuing(&hub);
    rig.ui(UiEvent::StayOffline(true));
    assert!(rig.task().can_sign);
    rig.ui(UiEvent::OpenSigning);
    let Screen::Signing(shown) = rig.view().screen else {
        panic!("{:?}", rig.view().screen);
    };
    assert_eq!(
        shown.lines, 2,
        "neither the receipt nor what was taken back"
    );
    // The device is not in the hands of its operator now.
    rig.scan("A-01");
    assert_eq!(rig.said(), "sign-first");
    rig.ui(UiEvent::Acknowledge);
    rig.ui(UiEvent::Signed(Strokes::default()));
    assert_eq!(rig.said(), "picture-unreadable");
    rig.ui(UiEvent::Signed(Strokes {
        lines: Vec::new(),
        ..strokes()
    }));
    assert_eq!(rig.said(), "signature-empty");
    rig.ui(UiEvent::Signed(strokes()));
    assert_eq!(rig.said(), "signature-saved");
    assert_eq!(rig.task().operation, "issue");
    // Undo is about the goods still.
    let mut signed = Vec::new();
    for row in rig
        .worker
        .replica()
        .query()
        .events(&Default::default(), 20)
        .unwrap()
    {
        if let EventBody::Attached { to, blob, .. } = row.placed.event.record.body {
            let to = rig.worker.replica().query().event_by_hash(to).unwrap();
            signed.push((
                to.unwrap().placed.event.record.body.quantity().unwrap(),
                blob,
            ));
        }
    }
    assert_eq!(signed.len(), 2);
    assert_eq!(signed[0].1, signed[1].1, "one picture for both");
    assert_eq!(signed[0].1.kind, BlobKind::Signature);
    // It is hashed, kept, and sent when the network is back.
    assert_eq!(rig.worker.photos_waiting().photos, 1);
    let mut rig = rig.restart(&hub);
    rig.ui(UiEvent::StayOffline(false));
    rig.pass(10_000);
    assert_eq!(rig.worker.photos_waiting().photos, 0);
    let sent = hub.inner().whole_blobs();
    assert!(sent.contains(&signed[0].1), "{sent:?}");
}

#[test]
fn nothing_is_signed_in_practice_or_for_nothing() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenSigning);
    assert_eq!(rig.said(), "signature-nothing");
    let mut rig = issuing(&Hub::new());
    rig.ui(UiEvent::OpenSigning);
    rig.ui(UiEvent::Back);
    assert!(matches!(rig.view().screen, Screen::Task(_)));
    rig.ui(UiEvent::Signed(strokes()));
    assert_eq!(rig.worker.photos_waiting().photos, 0, "nobody was asked");
    rig.ui(UiEvent::Practise(true));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("1");
    assert!(!rig.task().can_sign);
    for event in [UiEvent::OpenSigning, UiEvent::TakePhoto] {
        rig.ui(event);
        assert_eq!(rig.said(), "not-in-practice");
    }
}
