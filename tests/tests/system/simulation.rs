//! Days without a network, a network that fails, clocks that are wrong, power cuts: in the end all agree.

use std::sync::Mutex;

use anyhow::Result;
use documents::Partition;
use domain::{EventBody, Goods, Quantity, UnitId};
use replica::Commit;
use replica::query::ExceptionFilter;
use testkit::random::Random;
use tests::fleet::{
    Handheld, HubHost, SITE, T0, Wire, bin, bin_edit, item, item_edit, random_event,
};
use tests::sim::{self, Plan};

const HOUR: i64 = 3_600_000;

struct Fleet {
    _folder: tempfile::TempDir,
    host: HubHost,
    handhelds: Vec<Handheld>,
    random: Random,
    now: i64,
    /// Events whose commit returned: none may be lost.
    acknowledged: usize,
}

impl Fleet {
    fn new(seed: u64, size: u8) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let host = HubHost::start(folder.path())?;
        let edits = (0..6).map(item_edit).chain((0..4).map(bin_edit)).collect();
        host.get().commit(
            Commit {
                edits,
                ..Commit::default()
            },
            T0,
        )?;
        let mut random = Random::new(seed);
        let mut handhelds = Vec::new();
        for n in 0..size {
            let mut handheld = Handheld::enrol(folder.path(), host.get(), n, T0)?;
            handheld.exchange(host.get(), Wire::Good, T0, &mut random)?;
            handhelds.push(handheld);
        }
        Ok(Self {
            _folder: folder,
            host,
            handhelds,
            random,
            now: T0 + 1_000,
            acknowledged: 0,
        })
    }

    fn step(&mut self) -> Result<()> {
        self.now += self.random.below(HOUR as u64) as i64;
        let n = self.random.below(self.handhelds.len() as u64) as usize;
        let handheld = &mut self.handhelds[n];
        match self.random.below(20) {
            0..=9 => {
                let bodies = (0..=self.random.below(3))
                    .map(|_| random_event(&mut self.random))
                    .collect();
                self.acknowledged += handheld.record(bodies, self.now)?;
            }
            10 => {
                let last = handheld
                    .replica
                    .query()
                    .events(&replica::query::EventFilter::default(), 5)?;
                if let Some(row) = last.last() {
                    let target = row.placed.event.hash;
                    self.acknowledged +=
                        handheld.record(vec![EventBody::Reversed { target }], self.now)?;
                }
            }
            11 => handheld.rename(
                item(self.random.below(6) as u8),
                &format!("名{}", self.random.below(4)),
                self.now,
            )?,
            12 => handheld.restart()?,
            13 => self.host.restart(self.now)?,
            14 => handheld.clock_error_ms = (self.random.below(48) as i64 - 24) * HOUR,
            _ => {
                let wire = [
                    Wire::Good,
                    Wire::RequestLost,
                    Wire::ReplyLost,
                    Wire::RequestTwice,
                    Wire::ReplyScrambled,
                ][self.random.below(5) as usize];
                handheld.exchange(self.host.get(), wire, self.now, &mut self.random)?;
            }
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        for _ in 0..2 {
            for handheld in &mut self.handhelds {
                handheld.exchange(self.host.get(), Wire::Good, self.now, &mut self.random)?;
            }
            self.host.get().pump(self.now)?;
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let server = self
            .host
            .get()
            .replica()
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let expected = server.state_hash(SITE)?;
        assert_eq!(
            server.query().event_count()? as usize,
            self.acknowledged,
            "every acknowledged event is on the hub"
        );
        for (n, handheld) in self.handhelds.iter().enumerate() {
            assert_eq!(handheld.replica.state_hash(SITE)?, expected, "handheld {n}");
            assert_eq!(handheld.replica.waiting()?.total(), 0, "handheld {n}");
            assert_eq!(
                handheld.replica.query().event_count()? as usize,
                self.acknowledged,
                "handheld {n}"
            );
        }
        Ok(())
    }
}

/// `cargo xtask sim` runs longer ones, and more.
#[test]
fn two_hundred_seeds_of_every_fault_end_in_one_agreed_state() {
    let plan = Plan {
        seed: 1,
        steps: 200,
        verbose: false,
    };
    let broken = Mutex::new(String::new());
    let summary = sim::run_many(plan, 200, |outcome| {
        let mut broken = broken.lock().unwrap();
        broken.push_str(&outcome.to_string());
    });
    assert_eq!(summary.violations, 0, "{}", broken.lock().unwrap());
    assert_eq!(summary.runs, 200);
}

#[test]
fn a_seed_replays_byte_for_byte() {
    // Handhelds of the third install snapshots.
    for seed in [3, 4, 13, 1_000] {
        let run = |seed| {
            sim::run(Plan {
                seed,
                steps: 400,
                verbose: false,
            })
        };
        let (first, second) = (run(seed), run(seed));
        assert_eq!((first.steps, &first.trace), (second.steps, &second.trace));
        assert_ne!(first.trace, run(seed + 1).trace);
    }
}

#[test]
fn one_unit_issued_on_two_cut_off_handhelds_is_one_exception_everywhere() -> Result<()> {
    let mut fleet = Fleet::new(1, 2)?;
    let goods = Goods {
        unit: Some(UnitId::plate("LP-77")),
        ..Goods::of(item(1))
    };
    let quantity = Quantity::ONE;
    fleet.handhelds[0].record(
        vec![EventBody::Received {
            bin: bin(0),
            goods: goods.clone(),
            quantity,
        }],
        fleet.now,
    )?;
    fleet.acknowledged += 1;
    fleet.settle()?;
    for n in 0..2 {
        let issue = EventBody::Issued {
            bin: bin(0),
            goods: goods.clone(),
            quantity,
        };
        fleet.handhelds[n].record(vec![issue], fleet.now + 1_000 + n as i64)?;
        fleet.handhelds[n].rename(item(1), if n == 0 { "甲" } else { "乙" }, fleet.now)?;
        fleet.acknowledged += 1;
    }
    fleet.now += 72 * HOUR;
    fleet.settle()?;
    fleet.check()?;
    for handheld in &fleet.handhelds {
        let query = handheld.replica.query();
        let open = query.exceptions(
            &ExceptionFilter {
                open_only: true,
                ..ExceptionFilter::default()
            },
            10,
        )?;
        assert!(
            open.iter()
                .any(|e| e.finding.kind.code() == "unit-issued-twice"
                    && e.finding.evidence.len() == 2)
        );
        assert_eq!(query.field_conflicts()?.len(), 1);
    }
    Ok(())
}

#[test]
fn a_long_offline_shift_goes_up_in_few_bytes() -> Result<()> {
    let mut fleet = Fleet::new(1, 2)?;
    for n in 0..2_500 {
        let body = EventBody::Received {
            bin: bin(n as u8 % 4),
            goods: Goods::of(item(n as u8 % 6)),
            quantity: Quantity::ONE,
        };
        fleet.handhelds[0].record(vec![body], fleet.now + n)?;
        fleet.acknowledged += 1;
    }
    let site = Partition::Site(SITE);
    fleet.handhelds[0].replica.seal(site)?;
    let segments = fleet.handhelds[0]
        .replica
        .own_segments_after(site, 0, usize::MAX)?;
    let bytes: usize = segments.iter().map(|s| s.body_bytes().len()).sum();
    assert!(
        bytes < 2_500 * 40,
        "{bytes} bytes in {} segments",
        segments.len()
    );
    fleet.settle()?;
    fleet.check()
}

#[test]
fn a_revoked_device_is_kept_in_quarantine_and_learns_nothing_more() -> Result<()> {
    let mut fleet = Fleet::new(1, 2)?;
    let device = fleet.handhelds[1].replica.identity().unwrap().device;
    assert!(fleet.host.get().set_revoked(device, true, fleet.now)?);
    let receipt = EventBody::Received {
        bin: bin(0),
        goods: Goods::of(item(1)),
        quantity: Quantity::ONE,
    };
    fleet.handhelds[1].record(vec![receipt], fleet.now)?;
    let told =
        fleet.handhelds[1].exchange(fleet.host.get(), Wire::Good, fleet.now, &mut fleet.random);
    assert!(told.unwrap_err().to_string().contains("Revoked"));
    fleet.handhelds[0].exchange(fleet.host.get(), Wire::Good, fleet.now, &mut fleet.random)?;
    let query = fleet.handhelds[0].replica.query();
    assert_eq!(query.event_count()?, 1, "kept and forwarded");
    assert!(query.stock_of_bin(bin(0))?.is_empty(), "and not counted");
    Ok(())
}

#[test]
fn a_server_restored_from_an_old_backup_gets_everything_back_from_the_handhelds() -> Result<()> {
    let mut fleet = Fleet::new(3, 3)?;
    for _ in 0..60 {
        fleet.step()?;
    }
    fleet.settle()?;
    fleet.host.back_up(fleet.now)?;
    for _ in 0..60 {
        fleet.step()?;
    }
    fleet.settle()?;
    fleet.check()?;
    fleet.host.restore(fleet.now)?;
    // The log grows anew before anybody notices, so its numbers are taken twice.
    let handheld = &mut fleet.handhelds[0];
    fleet.acknowledged += handheld.record(vec![random_event(&mut fleet.random)], fleet.now + 1)?;
    for _ in 0..3 {
        fleet.settle()?;
    }
    fleet.check()
}

fn receipt() -> EventBody {
    EventBody::Received {
        bin: bin(0),
        goods: Goods::of(item(1)),
        quantity: Quantity::ONE,
    }
}

#[test]
fn a_server_put_back_that_takes_the_same_again_is_noticed_by_its_times() -> Result<()> {
    let mut fleet = Fleet::new(5, 2)?;
    fleet.host.back_up(fleet.now)?;
    // Its clock is ahead, so that the time of acceptance is its event's place.
    fleet.handhelds[0].clock_error_ms = 24 * HOUR;
    fleet.acknowledged += fleet.handhelds[0].record(vec![receipt()], fleet.now)?;
    fleet.settle()?;
    fleet.check()?;
    fleet.now += HOUR;
    fleet.host.restore(fleet.now)?;
    fleet.settle()?;
    fleet.check()
}

#[test]
fn a_server_put_back_remembers_by_its_replica_what_a_lost_device_wrote() -> Result<()> {
    let mut fleet = Fleet::new(5, 2)?;
    fleet.host.back_up(fleet.now)?;
    fleet.acknowledged += fleet.handhelds[1].record(vec![receipt()], fleet.now)?;
    let now = fleet.now;
    fleet.handhelds[1].exchange(fleet.host.get(), Wire::Good, now, &mut fleet.random)?;
    fleet.host.get().pump(now)?;
    fleet.handhelds.pop();
    fleet.host.restore(now + HOUR)?;
    fleet.settle()?;
    fleet.check()
}

#[test]
fn a_one_time_code_opens_once() -> Result<()> {
    let fleet = Fleet::new(1, 1)?;
    let hub = fleet.host.get();
    let key = documents::SigningKey::from_seed(&[1; 32]);
    let code = hub.invite(SITE, "PDA", fleet.now)?;
    let ask = |code: &str, now| {
        hub.enrol(&protocol::EnrolRequest::new(code, "", &key), now)
            .unwrap()
            .map(|_| ())
            .map_err(|c| c.code())
    };
    assert_eq!(ask("WRONG-CODE0", fleet.now), Err("enrol-code-wrong"));
    assert_eq!(ask(&code.to_lowercase(), fleet.now), Ok(()));
    assert_eq!(ask(&code, fleet.now), Err("enrol-code-used"));
    let late = hub.invite(SITE, "PDA", fleet.now)?;
    assert_eq!(ask(&late, fleet.now + 24 * HOUR), Err("enrol-code-used"));
    Ok(())
}
