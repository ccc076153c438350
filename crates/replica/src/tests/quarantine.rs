//! Quarantine decided by the server: the same on every replica, whatever it learnt first.

use documents::catalogue::Verdict;
use domain::event::QuarantineDecision;

use super::*;

const SITE_PART: Partition = Partition::Site(SITE);

/// What device 1 writes lies in quarantine.
fn push(hub: &mut Hub, from: &mut Replica, status: SegmentStatus) {
    for partition in [Partition::Shared, SITE_PART] {
        from.seal(partition).unwrap();
        let after = from.accepted_seq(partition).unwrap();
        let fresh = from
            .own_segments_after(partition, after, usize::MAX)
            .unwrap();
        let log = hub.log.entry(partition).or_default();
        for segment in fresh {
            if log.iter().any(|a| a.hash == segment.hash()) {
                continue;
            }
            let number = log.len() as u64 + 1;
            let at = T0 + 500_000 + number as i64;
            log.push(Accepted::sign(number, at, status, segment, &key(0)));
        }
    }
}

fn pull(hub: &Hub, to: &mut Replica) {
    for partition in [Partition::Shared, SITE_PART] {
        assert_eq!(hub.pull(to, partition).rejected, None);
    }
}

pub(super) fn rename(name: &str) -> RecordEdit {
    RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item_id(1).into(),
        fields: vec![FieldEdit::set("name_zh", name)],
    }
}

pub(super) fn carry(from: &Replica, to: &mut Replica) {
    for partition in [Partition::Shared, SITE_PART] {
        let chain = from.own_chain(partition).unwrap();
        let (segments, _) = from.segments_after(chain, 0, usize::MAX).unwrap();
        let carried = to.take_carried(partition, &segments, T0).unwrap();
        assert_eq!(carried.rejected, None);
    }
}

/// Decides about everything that waits, as the console does.
pub(super) fn decide(server: &mut Replica, release: bool, now: i64) {
    let runs = server.query().quarantine().unwrap();
    let mut commit = Commit {
        operator: Some(OPERATOR),
        site: Some(SITE),
        ..Commit::default()
    };
    for run in runs {
        match run.partition {
            Partition::Shared => commit.edits.push(RecordEdit {
                partition: Partition::Shared,
                kind: RecordKind::Device,
                id: run.device.into(),
                fields: vec![
                    Verdict {
                        chain: run.chain,
                        segments: run.segments,
                        release,
                        reason: "看过".into(),
                    }
                    .to_field(),
                ],
            }),
            Partition::Site(_) => commit.events.push(
                EventBody::QuarantineDecided(QuarantineDecision {
                    chain: run.chain,
                    segments: run.segments,
                    events: run.events,
                    release,
                    reason: "看过".into(),
                })
                .into(),
            ),
        }
    }
    server.commit(commit, now).unwrap();
}

struct Scene {
    hub: Hub,
    server: Replica,
    suspect: Replica,
    neighbour: Replica,
}

/// A device in question received goods, renamed an item and made another; its neighbour has all of it already.
fn scene() -> Scene {
    let (mut server, mut suspect, mut neighbour) = (device(0), device(1), device(2));
    let mut hub = Hub::default();
    server
        .commit(edits(vec![create_item(1, "扳手")]), T0)
        .unwrap();
    push(&mut hub, &mut server, SegmentStatus::Live);
    for replica in [&mut server, &mut suspect, &mut neighbour] {
        pull(&hub, replica);
    }
    suspect
        .commit(edits(vec![rename("坏"), create_item(2, "假的")]), T0 + 1)
        .unwrap();
    suspect
        .commit(events(vec![receive(1, 1, 5)]), T0 + 2)
        .unwrap();
    for partition in [Partition::Shared, SITE_PART] {
        suspect.seal(partition).unwrap();
    }
    carry(&suspect, &mut neighbour);
    assert_eq!(balance(&neighbour), units(5), "nobody has judged it yet");
    assert_eq!(name(&neighbour), "坏");
    push(&mut hub, &mut suspect, SegmentStatus::Quarantined);
    for replica in [&mut server, &mut suspect, &mut neighbour] {
        pull(&hub, replica);
    }
    Scene {
        hub,
        server,
        suspect,
        neighbour,
    }
}

fn balance(replica: &Replica) -> Quantity {
    replica.query().balance(SITE, &pile(1, 1)).unwrap()
}

fn name(replica: &Replica) -> String {
    replica.query().item(item_id(1)).unwrap().unwrap().name_zh
}

fn agree(replicas: &mut [&mut Replica]) {
    let hash = replicas[0].state_hash(SITE).unwrap();
    for replica in replicas {
        assert_eq!(replica.state_hash(SITE).unwrap(), hash);
        replica.rebuild().unwrap();
        assert_eq!(replica.state_hash(SITE).unwrap(), hash, "rebuilt");
    }
}

#[test]
fn what_the_hub_puts_in_quarantine_stops_to_count_where_it_was_applied_before() {
    let mut s = scene();
    for replica in [&s.server, &s.suspect, &s.neighbour] {
        assert_eq!(balance(replica), Quantity::ZERO);
        assert_eq!(name(replica), "扳手");
        assert!(replica.query().item(item_id(2)).unwrap().is_none());
        assert!(replica.query().search("假的", 5).unwrap().is_empty());
        let waiting = replica.query().quarantine().unwrap();
        assert_eq!(waiting.len(), 2, "{waiting:?}");
        assert_eq!(waiting.iter().map(|run| run.edits).sum::<u64>(), 2);
    }
    agree(&mut [&mut s.server, &mut s.suspect, &mut s.neighbour]);
}

#[test]
fn released_it_counts_everywhere_and_rejected_nowhere() {
    for release in [true, false] {
        let mut s = scene();
        decide(&mut s.server, release, T0 + 1_000);
        assert!(s.server.query().quarantine().unwrap().is_empty());
        push(&mut s.hub, &mut s.server, SegmentStatus::Live);
        // One learns of the segments and the decision at once, in one go through the log.
        let mut late = device(3);
        for replica in [&mut s.server, &mut s.suspect, &mut s.neighbour, &mut late] {
            pull(&s.hub, replica);
            let expected = if release { (5, "坏") } else { (0, "扳手") };
            assert_eq!(
                (balance(replica), &*name(replica)),
                (units(expected.0), expected.1)
            );
            assert_eq!(replica.query().item(item_id(2)).unwrap().is_some(), release);
        }
        agree(&mut [&mut s.server, &mut s.suspect, &mut s.neighbour, &mut late]);

        // Of two decisions the first counts.
        let runs = scene().server.query().quarantine().unwrap();
        let again = runs.into_iter().find(|run| run.events.is_some()).unwrap();
        let second = EventBody::QuarantineDecided(QuarantineDecision {
            chain: again.chain,
            segments: again.segments,
            events: again.events,
            release: !release,
            reason: "x".into(),
        });
        assert!(matches!(
            s.neighbour.commit(events(vec![second.clone()]), T0 + 2_000),
            Err(ReplicaError::NotAllowed)
        ));
        s.server.commit(events(vec![second]), T0 + 2_000).unwrap();
        push(&mut s.hub, &mut s.server, SegmentStatus::Live);
        for replica in [&mut s.server, &mut s.suspect, &mut s.neighbour, &mut late] {
            pull(&s.hub, replica);
            assert_eq!(balance(replica), units(if release { 5 } else { 0 }));
        }
        agree(&mut [&mut s.server, &mut s.suspect, &mut s.neighbour, &mut late]);
    }
}

/// Honest work on top of what was rejected stays.
#[test]
fn an_edit_by_somebody_who_saw_a_rejected_one_stands() {
    let mut s = scene();
    let mut unaware = device(3);
    s.neighbour
        .commit(edits(vec![rename("活动扳手")]), T0 + 50)
        .unwrap();
    decide(&mut s.server, false, T0 + 1_000);
    push(&mut s.hub, &mut s.neighbour, SegmentStatus::Live);
    push(&mut s.hub, &mut s.server, SegmentStatus::Live);
    for replica in [&mut s.server, &mut s.neighbour, &mut unaware] {
        pull(&s.hub, replica);
        assert_eq!(name(replica), "活动扳手");
        assert_eq!(replica.query().field_conflict_count().unwrap(), 0);
    }
    agree(&mut [&mut s.server, &mut s.neighbour, &mut unaware]);
}

/// A restored hub may judge anew: what it takes as live counts again.
#[test]
fn accepted_again_as_live_it_leaves_quarantine() {
    let mut s = scene();
    let mut hub = Hub::default();
    for (partition, log) in &s.hub.log {
        for entry in log {
            hub.accept(*partition, entry.segment.clone().unwrap());
        }
    }
    for replica in [&mut s.server, &mut s.suspect, &mut s.neighbour] {
        for partition in [Partition::Shared, SITE_PART] {
            replica.restart_cursor(partition, EPOCH).unwrap();
        }
        pull(&hub, replica);
        assert_eq!((balance(replica), &*name(replica)), (units(5), "坏"));
        assert!(replica.query().quarantine().unwrap().is_empty());
    }
    agree(&mut [&mut s.server, &mut s.suspect, &mut s.neighbour]);
}
