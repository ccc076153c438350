//! With a live connection.

use documents::Signature;
use documents::segment::SegmentStatus;
use protocol::{LiveEntries, LiveHint};

use super::*;

/// A device that has exchanged by POST, opened its connection and exchanged on it, at time 0.
fn open() -> Run {
    let mut run = Run {
        sync: DeviceSync::new(7, false).with_live(),
        now: 0,
    };
    run.check(Event::Started, &["gather []"]);
    run.check(gathered(0, 3, 3), &["Syncing", "send 3"]);
    run.check(reply(PushOutcome::Held, 3, false), &["ingest"]);
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "Online", "live Open", "wake 5000"],
    );
    run.check(
        Event::Live(LiveEvent::Opened),
        &["gather [3]", "wake 25000"],
    );
    run.check(gathered(3, 3, 0), &["send 0", "wake 3000"]);
    run.check(reply(PushOutcome::Held, 3, false), &["ingest"]);
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "wake 25000"],
    );
    run
}

fn at(number: u64) -> LogPosition {
    LogPosition {
        epoch: [1; 16],
        number,
        running_hash: [number as u8; 32],
        acceptances: None,
    }
}

fn entries(after: LogPosition, position: LogPosition) -> Event {
    let entry = Accepted {
        number: after.number + 1,
        accepted_at: 0,
        status: SegmentStatus::Live,
        signature: Signature::from_slice(&[0; 64]).unwrap(),
        segment: Some(segment(1)),
        hash: SegmentHash::default(),
        extract: None,
    };
    Event::Live(LiveEvent::Entries {
        entries: LiveEntries {
            partition: Partition::Shared,
            after,
            entries: vec![entry],
        },
        position,
    })
}

fn hint(number: u64, position: LogPosition) -> Event {
    let partition = Partition::Shared;
    let hint = LiveHint { partition, number };
    Event::Live(LiveEvent::Hint { hint, position })
}

#[test]
fn a_commit_goes_out_at_once_and_others_do_not_put_it_off() {
    let mut run = open();
    run.now = 1_000;
    run.check(Event::Committed, &["wake 1005"]);
    run.now = 1_004;
    run.check(Event::Committed, &["wake 1005"]);
    run.now = 1_005;
    run.check(Event::Woke, &["gather [3]", "wake 25000"]);
}

#[test]
fn entries_that_follow_are_taken_in_without_an_exchange() {
    let mut run = open();
    run.check(entries(at(8), at(8)), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &[]);
    // The same again, late: held already.
    run.check(entries(at(8), at(9)), &[]);
    // What could not be taken in is asked for.
    run.check(entries(at(9), at(9)), &["ingest"]);
    run.check(Event::Ingested { complete: false }, &["gather [3]"]);
}

#[test]
fn entries_that_do_not_follow_cause_an_exchange() {
    for position in [
        at(7),
        LogPosition {
            running_hash: [0xff; 32],
            ..at(8)
        },
        LogPosition {
            epoch: [2; 16],
            ..at(20)
        },
    ] {
        open().check(entries(at(8), position), &["gather [3]"]);
    }
}

#[test]
fn what_comes_during_an_exchange_causes_the_next_one() {
    for event in [entries(at(8), at(8)), hint(12, at(8)), Event::Committed] {
        let mut run = open();
        run.check(Event::SyncNow, &["gather [3]"]);
        run.check(event, &[]);
        run.check(gathered(3, 3, 0), &["send 0", "wake 3000"]);
        run.check(reply(PushOutcome::Held, 3, false), &["ingest"]);
        run.check(Event::Ingested { complete: true }, &["gather [3]"]);
    }
}

#[test]
fn a_carried_chain_that_came_too_early_is_offered_again_once_the_log_has_grown() {
    let mut run = open();
    run.check(Event::SyncNow, &["gather [3]"]);
    for (heads, next) in [
        // The hub does not know yet who wrote it: it is tried once more, and then left.
        ("carry 2", vec!["gather [0, 0]"]),
        ("carry 2", vec!["up to date", "Online", "wake 25000"]),
    ] {
        let effects = names(&run.sync.handle(run.now, carrying(2, false)));
        assert!(effects.contains(&heads.to_owned()), "{effects:?}");
        run.check(carried_reply(PushOutcome::Missing, 0), &["ingest"]);
        run.check(Event::Ingested { complete: true }, &next);
    }
    // Another device brings its certificate.
    run.now = 1_000;
    run.check(entries(at(8), at(8)), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["wake 6000"]);
    run.now = 6_000;
    run.check(Event::Woke, &["gather [0, 0]", "wake 26000"]);
    run.check(carrying(2, false), &["Syncing", "carry 2", "wake 9000"]);
    run.check(carried_reply(PushOutcome::Held, 2), &["ingest"]);
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "Online", "wake 31000"],
    );
}

#[test]
fn a_hint_causes_an_exchange_unless_it_says_nothing_new() {
    let mut run = open();
    run.check(hint(8, at(8)), &[]);
    run.check(hint(12, at(8)), &["gather [3]"]);
    let mut run = open();
    run.check(entries(at(8), at(8)), &["ingest"]);
    run.check(hint(12, at(8)), &[]);
    run.check(Event::Ingested { complete: true }, &["gather [3]"]);
}

#[test]
fn silence_is_answered_with_a_ping_and_a_dead_line_is_left() {
    let mut run = open();
    run.now = 25_000;
    run.check(Event::Woke, &["live Ping", "wake 35000"]);
    run.now = 25_040;
    run.check(Event::Live(LiveEvent::Heard), &[]);
    run.now = 50_040;
    run.check(Event::Woke, &["live Ping", "wake 60000"]);
    // The heartbeat is due while the answer is awaited.
    run.now = 60_000;
    run.check(Event::Woke, &["gather [3]", "wake 60040"]);
    run.check(gathered(3, 3, 0), &["send 0", "wake 60040"]);
    run.now = 60_040;
    let effects = run.sync.handle(run.now, Event::Woke);
    assert_eq!(names(&effects)[0], "live Close");
    // The driver says that the exchange has failed with it.
    let effects = run
        .sync
        .handle(run.now, Event::Failed(Failure::Unreachable));
    assert!(names(&effects).contains(&"Offline server-unreachable".into()));
    assert!(!run.sync.live.is_open());
}

#[test]
fn a_slow_answer_is_no_dead_line_if_the_hub_answers_a_ping() {
    let mut run = open();
    run.check(Event::SyncNow, &["gather [3]"]);
    run.check(gathered(3, 3, 0), &["send 0", "wake 3000"]);
    run.now = 3_000;
    run.check(Event::Woke, &["live Ping", "wake 13000"]);
    run.check(Event::Live(LiveEvent::Heard), &[]);
    run.now = 13_000;
    run.check(Event::Woke, &["wake 28000"]);
    run.check(reply(PushOutcome::Held, 3, false), &["ingest"]);
}

#[test]
fn a_lost_connection_falls_back_to_polling_and_is_opened_again() {
    let mut run = open();
    let effects = run.sync.handle(0, Event::Live(LiveEvent::Closed));
    let Some(Effect::WakeAt(at)) = effects.last().cloned() else {
        panic!("{effects:?}")
    };
    assert!((1..=1_000).contains(&at), "{at}");
    // The chip stays: a poll will tell.
    assert_eq!(effects.len(), 1);
    run.now = at;
    run.check(Event::Woke, &["gather [3]"]);
    run.check(gathered(3, 3, 0), &["send 0"]);
    run.check(reply(PushOutcome::Held, 3, false), &["ingest"]);
    let expected = format!("wake {}", at + 5_000);
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "live Open", &expected],
    );
    // A proxy refuses it: polling goes on as it was.
    run.check(Event::Live(LiveEvent::Closed), &[]);
    run.check(Event::Live(LiveEvent::Closed), &[]);
}

#[test]
fn a_clock_that_was_set_back_stops_nothing() {
    let mut run = open();
    run.now = -1_000_000_000;
    run.check(Event::Woke, &["gather [3]", "wake -999975000"]);
    run.check(gathered(3, 3, 0), &["send 0", "wake -999997000"]);
}

#[test]
fn stay_offline_closes_it_once_nothing_is_under_way() {
    let mut run = open();
    run.check(Event::StayOffline(true), &["live Close", "StayOffline"]);
    run.check(Event::Live(LiveEvent::Closed), &[]);
    run.check(hint(12, at(8)), &[]);
    let mut run = open();
    run.check(Event::SyncNow, &["gather [3]"]);
    run.check(Event::StayOffline(true), &["StayOffline"]);
    run.check(gathered(3, 3, 0), &["Syncing", "send 0", "wake 3000"]);
    run.check(reply(PushOutcome::Held, 3, false), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["live Close"]);
}

#[test]
fn the_hubs_wait_is_kept() {
    let mut run = open();
    run.check(Event::SyncNow, &["gather [3]"]);
    run.check(gathered(3, 3, 0), &["send 0", "wake 3000"]);
    let effects = run.sync.handle(
        0,
        Event::Refused(Refusal {
            code: RefusalCode::TooMany,
            retry_after_seconds: 20,
        }),
    );
    assert_eq!(names(&effects)[1], "Offline too-many-requests");
    assert!((20_000..=30_000).contains(&run.sync.next_at.unwrap()));
}
