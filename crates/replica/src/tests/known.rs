//! What a device knew, the quick way and by folding everything again.

use domain::event::{CountedLine, Resolution};
use domain::{EventHash, ExceptionId};

use super::snapshot::{SITE_PARTITION, Site};
use super::*;
use crate::query::{EventFilter, Knower, Piles};
use crate::{CarriesOut, NewEvent};

const MINUTE: i64 = 60_000;

/// The same numbers on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn one_of(&mut self, hashes: &[EventHash]) -> Option<EventHash> {
        let n = self.below(hashes.len().max(1) as u64) as usize;
        hashes.get(n).copied()
    }
}

/// Hashes of the events that a replica holds and that are of such kinds.
fn held(replica: &Replica, kinds: &[&str]) -> Vec<EventHash> {
    let rows = replica
        .query()
        .events(&EventFilter::default(), 1_000)
        .unwrap();
    let events = rows.iter().map(|row| &row.placed.event);
    let wanted = events.filter(|event| kinds.contains(&event.record.body.kind()));
    wanted.map(|event| event.hash).collect()
}

/// Something that somebody may do there.
fn anything(replica: &Replica, dice: &mut Dice) -> Commit {
    let (bin, item) = (1 + dice.below(2) as u8, 1 + dice.below(2) as u8);
    let n = 1 + dice.below(9) as i64;
    let goods = ["received", "issued", "moved", "adjusted"];
    let body = match dice.below(12) {
        0..=2 => receive(bin, item, n),
        3 => issue(bin, item, n),
        4 => EventBody::Moved {
            from: bin_id(bin),
            to: bin_id(3 - bin),
            goods: Goods::of(item_id(item)),
            quantity: units(n),
        },
        5 | 6 => EventBody::Counted {
            bin: bin_id(bin),
            lines: vec![CountedLine {
                item: item_id(item),
                lot: None,
                counted: units(n),
            }],
            whole_bin: dice.below(2) == 0,
        },
        7 => match dice.one_of(&held(replica, &["counted"])) {
            Some(count) => EventBody::CountApproved { count },
            None => receive(bin, item, n),
        },
        8 | 9 => match dice.one_of(&held(replica, &goods)) {
            Some(target) => EventBody::Reversed { target },
            None => receive(bin, item, n),
        },
        // Of a reversal, an approval or a decision.
        10 => match dice.one_of(&held(replica, &["reversed", "count-approved", "resolved"])) {
            Some(target) => EventBody::Reversed { target },
            None => issue(bin, item, n),
        },
        _ => {
            let exception = ExceptionId([1 + dice.below(2) as u8; 32]);
            let evidence = dice.one_of(&held(replica, &goods)).into_iter().collect();
            let mut commit = events(vec![EventBody::Resolved(Resolution {
                exception,
                after: None,
                evidence,
                choice: "reverse-issue".into(),
                note: String::new(),
                about: String::new(),
            })]);
            let carried_out = match dice.one_of(&held(replica, &goods)) {
                Some(target) if dice.below(2) == 0 => EventBody::Reversed { target },
                _ => receive(bin, item, n),
            };
            commit.events.push(NewEvent {
                carries_out: CarriesOut::FirstOfCommit,
                ..carried_out.into()
            });
            return commit;
        }
    };
    events(vec![body])
}

fn play(seed: u64) {
    let mut dice = Dice(seed);
    let mut site = Site::new();
    let mut devices: Vec<Replica> = (1..=3).map(device).collect();
    let mut now = T0;
    for _ in 0..60 {
        now += MINUTE;
        let n = dice.below(3) as usize;
        // One of the clocks is a little behind.
        let at = now - if n == 2 { 7 * MINUTE } else { 0 };
        let commit = anything(&devices[n], &mut dice);
        devices[n].commit(commit, at).unwrap();
        if dice.below(4) == 0 {
            let with = dice.below(3) as usize;
            site.sync(&mut [&mut devices[with]], now);
        }
    }
    let mut all: Vec<&mut Replica> = devices.iter_mut().collect();
    site.sync(&mut all, now + MINUTE);
    let last = devices[0].cursor(SITE_PARTITION).unwrap().unwrap().number;
    let query = site.server.query();
    for number in 0..=last {
        for n in 1..=3_u8 {
            let who = Knower {
                device: DeviceId::from_bytes([n; 16]),
                site: SITE,
                number,
                at: T0 + dice.below(70) as i64 * MINUTE,
            };
            for n in 1..=2 {
                for which in [Piles::In(bin_id(n)), Piles::Of(item_id(n))] {
                    let quick = query.piles_known_to(who, which).unwrap();
                    let whole = query.piles_known_by_folding_all(who, which).unwrap();
                    assert_eq!(quick, whole, "seed {seed}, {who:?}, {which:?}");
                }
            }
        }
    }
}

#[test]
fn what_a_device_knew_is_found_without_folding_everything_again() {
    for seed in 1..=10 {
        play(seed);
    }
}
