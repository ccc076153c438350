use documents::body::Body;
use documents::keys::SigningKey;
use documents::segment::SegmentHeader;
use domain::OrganisationId;
use protocol::PartitionReply;

use super::*;

const OWN: ChainId = ChainId::from_bytes([2; 16]);
const OTHER: ChainId = ChainId::from_bytes([3; 16]);

fn segment(seq: u64) -> Segment {
    let header = SegmentHeader {
        organisation: OrganisationId::from_bytes([1; 16]),
        partition: Partition::Shared,
        chain: ChainId::from_bytes([2; 16]),
        seq,
        previous: SegmentHash::default(),
        changes: 0,
        body_hash: [0; 32],
    };
    Segment::seal(header, &Body::default(), &SigningKey::from_seed(&[1; 32]))
}

fn gathered(accepted: u64, head: u64, segments: usize) -> Event {
    Event::Gathered(Gathered {
        status: DeviceStatus::default(),
        partitions: vec![PartitionState {
            partition: Partition::Shared,
            position: LogPosition::default(),
            head_seq: head,
            head_hash: SegmentHash::default(),
            accepted_seq: accepted,
            chain: OWN,
            segments: (1..=segments as u64)
                .map(|n| segment(accepted + n))
                .collect(),
            carried: Vec::new(),
            carries_more: false,
            told: None,
        }],
    })
}

/// Others' segments that wait; `n` of them were asked for.
fn carrying(n: usize, carries_more: bool) -> Event {
    let Event::Gathered(mut gathered) = gathered(0, 0, 0) else {
        unreachable!()
    };
    for part in &mut gathered.partitions {
        part.carries_more = carries_more;
        if n > 0 {
            part.carried = vec![CarriedChain {
                chain: OTHER,
                segments: (1..=n as u64).map(segment).collect(),
                certificate: None,
            }];
        }
    }
    Event::Gathered(gathered)
}

fn carried_reply(outcome: PushOutcome, head_seq: u64) -> Event {
    let Event::Replied(mut reply) = reply(PushOutcome::Held, 0, false) else {
        unreachable!()
    };
    for part in &mut reply.partitions {
        part.carried = vec![protocol::CarriedReply {
            chain: OTHER,
            outcome,
            head_seq,
        }];
    }
    Event::Replied(reply)
}

fn reply(outcome: PushOutcome, head_seq: u64, more: bool) -> Event {
    Event::Replied(SyncReply {
        version: 1,
        epoch: [0; 16],
        now: 0,
        partitions: vec![PartitionReply {
            partition: Partition::Shared,
            outcome,
            head_seq,
            restart: false,
            entries: Vec::new(),
            more,
            carried: Vec::new(),
            snapshot: Vec::new(),
            backed_up: 0,
            progress: None,
        }],
        renew: Vec::new(),
    })
}

/// The effects by name, with what tells them apart.
fn names(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .map(|e| match e {
            Effect::Gather(ask) => {
                let after: Vec<i64> = ask.push_after.values().map(|seq| *seq as i64).collect();
                let after: Vec<String> = after
                    .into_iter()
                    .map(|seq| match seq {
                        i64::MAX => "-".to_owned(),
                        seq => seq.to_string(),
                    })
                    .collect();
                format!("gather [{}]", after.join(", "))
            }
            Effect::Send(r) => match r.partitions[0].carried.as_slice() {
                [] => format!("send {}", r.partitions[0].segments.len()),
                [c, ..] => format!("carry {}", c.segments.len()),
            },
            Effect::Ingest { .. } => "ingest".into(),
            Effect::WakeAt(at) => format!("wake {at}"),
            Effect::Show {
                connection,
                failure,
            } => match failure {
                Some(failure) => format!("{connection:?} {}", failure.code()),
                None => format!("{connection:?}"),
            },
            Effect::UpToDate => "up to date".into(),
            Effect::Stopped(Some(outcome)) => format!("stopped {outcome:?}"),
            Effect::Stopped(None) => "goes on".into(),
            Effect::Live(effect) => format!("live {effect:?}"),
            Effect::Renew(reason) => format!("renew {reason:?}"),
            Effect::GiveWay(..) => "give way".into(),
        })
        .collect()
}

struct Run {
    sync: DeviceSync,
    now: i64,
}

impl Run {
    fn new() -> Self {
        Self {
            sync: DeviceSync::new(7, false),
            now: 0,
        }
    }

    fn check(&mut self, event: Event, expected: &[&str]) {
        let text = format!("{event:?}");
        let got = names(&self.sync.handle(self.now, event));
        assert_eq!(got, expected, "{text:.60}");
    }
}

#[test]
fn one_exchange_when_nothing_is_wrong() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(gathered(0, 3, 3), &["Syncing", "send 3"]);
    run.check(reply(PushOutcome::Held, 3, false), &["ingest"]);
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "Online", "wake 5000"],
    );
    // An idle poll does not make the chip flicker.
    run.now = 5_000;
    run.check(Event::Woke, &["gather [3]"]);
    run.check(gathered(3, 3, 0), &["send 0"]);
    run.check(reply(PushOutcome::Held, 3, false), &["ingest"]);
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "wake 10000"],
    );
    run.check(Event::Committed, &["wake 5150"]);
}

#[test]
fn what_happens_during_an_exchange_causes_the_next_one() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(Event::Committed, &[]);
    run.check(gathered(0, 0, 0), &["Syncing", "send 0"]);
    run.check(reply(PushOutcome::Held, 0, false), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [0]"]);
}

#[test]
fn more_to_read_or_to_send_goes_on_at_once() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(gathered(0, 5, 2), &["Syncing", "send 2"]);
    run.check(reply(PushOutcome::Held, 2, false), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [2]"]);
    run.check(gathered(2, 5, 3), &["send 3"]);
    run.check(reply(PushOutcome::Held, 5, true), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [5]"]);
}

#[test]
fn a_hub_that_lacks_earlier_segments_gets_them() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(gathered(4, 5, 1), &["Syncing", "send 1"]);
    run.check(reply(PushOutcome::Missing, 0, false), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [0]"]);
}

#[test]
fn failures_back_off_and_sync_now_does_not_wait() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(gathered(0, 1, 1), &["Syncing", "send 1"]);
    let effects = run.sync.handle(0, Event::Failed(Failure::Unreachable));
    assert_eq!(names(&effects)[1], "Offline server-unreachable");
    run.check(Event::Committed, &[]);
    run.check(Event::SyncNow, &["gather []"]);
    let effects = run.sync.handle(
        0,
        Event::Failed(Failure::Refused(RefusalCode::DeviceUnknown)),
    );
    assert_eq!(names(&effects)[1], "Offline device-revoked");
}

#[test]
fn after_a_line_broke_in_the_middle_less_goes_at_once() {
    let mut run = Run::new();
    let asked = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Gather(ask) => Some(ask.bytes_max),
            _ => None,
        })
    };
    let mut sizes = vec![asked(&run.sync.handle(0, Event::Started)).unwrap()];
    for failure in [Failure::Cut, Failure::Unreachable, Failure::Cut] {
        run.sync.handle(0, gathered(0, 1, 1));
        run.sync.handle(0, Event::Failed(failure));
        sizes.push(asked(&run.sync.handle(0, Event::SyncNow)).unwrap());
    }
    run.sync.handle(0, gathered(0, 1, 1));
    run.sync.handle(0, reply(PushOutcome::Held, 1, false));
    run.sync.handle(0, Event::Ingested { complete: true });
    sizes.push(asked(&run.sync.handle(0, Event::SyncNow)).unwrap());
    let kib: Vec<usize> = sizes.iter().map(|bytes| bytes >> 10).collect();
    // Without a line at all nothing is known about it.
    assert_eq!(kib, [1_024, 512, 512, 256, 512]);
}

#[test]
fn stay_offline_means_it() {
    let mut run = Run::new();
    run.check(Event::StayOffline(true), &["StayOffline"]);
    for event in [
        Event::Started,
        Event::Woke,
        Event::SyncNow,
        Event::Committed,
    ] {
        run.check(event, &[]);
    }
    run.check(Event::StayOffline(false), &["Offline", "gather []"]);
}

#[test]
fn a_stopped_chain_is_told_once_and_sends_no_more_while_reading_goes_on() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(gathered(0, 2, 2), &["Syncing", "send 2"]);
    run.check(
        reply(PushOutcome::Forged, 1, false),
        &["stopped Forged", "ingest"],
    );
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "Online", "wake 5000"],
    );
    // Nothing stands after the greatest number.
    run.check(Event::Woke, &["gather [-]"]);
    run.check(gathered(0, 2, 0), &["send 0"]);
    run.check(reply(PushOutcome::Forged, 1, false), &["ingest"]);
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "wake 5000"],
    );
    run.check(Event::Woke, &["gather [-]"]);
    run.check(gathered(0, 2, 0), &["send 0"]);
    run.check(reply(PushOutcome::Held, 1, false), &["goes on", "ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [1]"]);
}

#[test]
fn a_copy_becomes_another_device_before_it_does_anything_else() {
    // Another segment stands where its own would; or the hub holds what it has never written.
    for (outcome, head_seq) in [(PushOutcome::Fork, 1), (PushOutcome::Held, 9)] {
        let mut run = Run::new();
        run.check(Event::Started, &["gather []"]);
        run.check(gathered(0, 2, 2), &["Syncing", "send 2"]);
        run.check(Event::Committed, &[]);
        run.check(reply(outcome, head_seq, true), &["ingest"]);
        run.check(Event::Ingested { complete: true }, &["renew Fork"]);
        run.check(Event::SyncNow, &[]);
        run.check(Event::Renewed { done: true }, &["gather []"]);
        run.check(gathered(0, 2, 2), &["send 2"]);
        run.check(reply(PushOutcome::Held, 2, false), &["ingest"]);
        run.check(
            Event::Ingested { complete: true },
            &["up to date", "Online", "wake 5000"],
        );
    }
}

#[test]
fn a_copy_that_cannot_renew_tries_again_and_never_pushes_on() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(gathered(0, 2, 2), &["Syncing", "send 2"]);
    run.check(reply(PushOutcome::Fork, 1, false), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["renew Fork"]);
    let effects = run.sync.handle(0, Event::Failed(Failure::Unreachable));
    assert_eq!(names(&effects)[1], "Offline server-unreachable");
    run.check(Event::SyncNow, &["gather []"]);
    run.check(gathered(0, 2, 2), &["Syncing", "send 2"]);
    run.check(reply(PushOutcome::Fork, 1, false), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["renew Fork"]);
}

#[test]
fn a_device_that_is_asked_to_renew_does_so_once_nothing_of_its_own_waits() {
    let wanted = |event: Event| match event {
        Event::Replied(reply) => Event::Replied(SyncReply {
            renew: vec![RenewReason::SiteMoved],
            ..reply
        }),
        other => other,
    };
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(gathered(0, 3, 2), &["Syncing", "send 2"]);
    run.check(wanted(reply(PushOutcome::Held, 2, false)), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [2]"]);
    run.check(gathered(2, 3, 1), &["send 1"]);
    run.check(wanted(reply(PushOutcome::Held, 3, false)), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["renew SiteMoved"]);
    // Not now: somebody is at work. It is asked again.
    run.check(
        Event::Renewed { done: false },
        &["up to date", "Online", "wake 5000"],
    );
    run.now = 5_000;
    run.check(Event::Woke, &["gather [3]"]);
    run.check(gathered(3, 3, 0), &["send 0"]);
    run.check(wanted(reply(PushOutcome::Held, 3, false)), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["renew SiteMoved"]);
    run.check(Event::Renewed { done: true }, &["gather []"]);
}

#[test]
fn another_log_is_offered_anew_what_the_last_one_held() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(carrying(0, true), &["Syncing", "send 0"]);
    run.check(reply(PushOutcome::Held, 0, false), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [0]"]);
    run.check(carrying(2, false), &["carry 2"]);
    run.check(carried_reply(PushOutcome::Fork, 2), &["give way", "ingest"]);
    // Should it come again, it is offered again.
    let Event::Replied(mut restarted) = reply(PushOutcome::Held, 0, false) else {
        unreachable!()
    };
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "Online", "wake 5000"],
    );
    run.check(Event::SyncNow, &["gather [0]"]);
    run.check(gathered(0, 0, 0), &["send 0"]);
    restarted.partitions[0].restart = true;
    run.check(Event::Replied(restarted), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [0]"]);
}

#[test]
fn what_others_wrote_goes_up_once_the_log_has_been_read() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(carrying(0, true), &["Syncing", "send 0"]);
    run.check(reply(PushOutcome::Held, 0, false), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [0]"]);
    run.check(carrying(2, false), &["carry 2"]);
    run.check(carried_reply(PushOutcome::Held, 2), &["ingest"]);
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "Online", "wake 5000"],
    );
}

#[test]
fn what_others_wrote_is_offered_until_the_log_has_it() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(carrying(0, true), &["Syncing", "send 0"]);
    run.check(reply(PushOutcome::Held, 0, false), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [0]"]);
    run.check(carrying(2, false), &["carry 2"]);
    run.check(carried_reply(PushOutcome::Held, 2), &["ingest"]);
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "Online", "wake 5000"],
    );
    // The hub was put back to before it took them, and the log as far as it was read here is the same.
    run.check(Event::SyncNow, &["gather [0]"]);
    run.check(carrying(2, false), &["Syncing", "carry 2"]);
}

#[test]
fn a_carried_chain_that_the_hub_stops_is_not_sent_for_ever() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.check(carrying(0, true), &["Syncing", "send 0"]);
    run.check(reply(PushOutcome::Held, 0, false), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [0]"]);
    run.check(carrying(2, false), &["carry 2"]);
    // The hub lacks what comes before: it is tried again from there, and once that brings nothing, no more.
    run.check(carried_reply(PushOutcome::Missing, 0), &["ingest"]);
    run.check(Event::Ingested { complete: true }, &["gather [0, 0]"]);
    run.check(carrying(2, false), &["carry 2"]);
    run.check(carried_reply(PushOutcome::Missing, 0), &["ingest"]);
    run.check(
        Event::Ingested { complete: true },
        &["up to date", "Online", "wake 5000"],
    );
    run.check(Event::Woke, &["gather [0, -]"]);
}

#[test]
fn late_answers_to_a_failed_exchange_are_ignored() {
    let mut run = Run::new();
    run.check(Event::Started, &["gather []"]);
    run.sync.handle(0, Event::Failed(Failure::Storage));
    run.check(gathered(0, 0, 0), &[]);
    run.check(reply(PushOutcome::Held, 0, false), &[]);
    run.check(Event::Ingested { complete: true }, &[]);
}

mod live;
