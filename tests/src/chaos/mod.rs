//! Chaos: the real server and real handhelds at work, killed, halted, cut off and out of room, cycle after cycle, with
//! nobody who repairs anything. What was acknowledged must be everywhere in the end.

mod disk;
mod faults;
mod operator;
mod service;
mod warehouse;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use faults::{Fault, Pack, Planned};
use testkit::random::Random;
use warehouse::Warehouse;

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many times things go wrong; each time one to three of them.
    pub cycles: u32,
    /// Which things, and when. What the machine makes of it is not the same twice.
    pub seed: u64,
    /// 1 to 3.
    pub handhelds: usize,
    /// After so many cycles work rests until everything is everywhere.
    pub settle_every: u32,
}

/// What happened.
#[derive(Debug, Default)]
pub struct Report {
    cycles: u32,
    faults: BTreeMap<&'static str, u64>,
    server_starts: u64,
    handheld_starts: u64,
    acknowledged: u64,
    unanswered: u64,
    corrupted: u64,
    told: BTreeMap<String, u64>,
    settle_ms: Vec<u64>,
    full_disks: u64,
    full_disks_without_restart: u64,
    seconds: f64,
}

impl Report {
    /// One object; durations in milliseconds where the name says so.
    pub fn to_json(&self) -> Value {
        let mut settled = self.settle_ms.clone();
        settled.sort_unstable();
        json!({
            "cycles": self.cycles,
            "faults": self.faults,
            "server_starts": self.server_starts,
            "handheld_starts": self.handheld_starts,
            "acknowledged": self.acknowledged,
            // A run with a missing event fails before it can report.
            "missing": 0,
            "unanswered": self.unanswered,
            "pieces_corrupted": self.corrupted,
            "told": self.told,
            "settled": settled.len(),
            "settle_median_ms": settled.get(settled.len() / 2),
            "settle_max_ms": settled.last(),
            "full_disks": self.full_disks,
            "full_disks_without_restart": self.full_disks_without_restart,
            "seconds": (self.seconds * 10.0).round() / 10.0,
        })
    }
}

/// Plays it in an empty folder. `say`: told how it goes, line by line.
///
/// # Errors
/// Something was lost, or did not come right by itself; the folder then holds logs and databases.
pub fn run(options: Options, folder: &Path, mut say: impl FnMut(&str)) -> Result<Report> {
    let began = Instant::now();
    let mut random = Random::new(options.seed);
    // Room for the work of all cycles, several times over.
    let disk_mib = 64 + u64::from(options.cycles);
    let mut warehouse = Warehouse::open(folder, options.handhelds, disk_mib, &mut random)?;
    if !warehouse.has_disks() {
        say("no tmpfs can be mounted here: no disk will be full");
    }
    let mut report = Report::default();
    let played = play(options, &mut warehouse, &mut random, &mut report, &mut say);
    if let Err(error) = played {
        if let Err(unsaved) = warehouse.save_disks(folder) {
            say(&format!("{unsaved:#}"));
        }
        return Err(error);
    }
    report.server_starts = warehouse.service.starts();
    for operator in &warehouse.operators {
        let diary = operator.diary();
        report.acknowledged += diary.acknowledged.len() as u64;
        report.unanswered += diary.unanswered;
        report.handheld_starts += diary.starts;
        for (code, times) in &diary.told {
            *report.told.entry(code.clone()).or_default() += times;
        }
    }
    report.corrupted = warehouse.relays.iter().map(|r| r.corrupted()).sum();
    report.full_disks = warehouse.full.len() as u64;
    report.full_disks_without_restart =
        warehouse.full.iter().filter(|f| !f.restarted).count() as u64;
    report.seconds = began.elapsed().as_secs_f64();
    Ok(report)
}

fn play(
    options: Options,
    warehouse: &mut Warehouse,
    random: &mut Random,
    report: &mut Report,
    say: &mut impl FnMut(&str),
) -> Result<()> {
    let mut pack = Pack::new(options.handhelds, warehouse.has_disks());
    for cycle in 1..=options.cycles {
        let faults = pack.deal(random);
        for planned in &faults {
            *report.faults.entry(planned.fault.name()).or_default() += 1;
        }
        play_cycle(warehouse, &faults)?;
        report.cycles = cycle;
        let last = cycle == options.cycles;
        if last {
            warehouse.look_for_all();
        }
        if last || cycle % options.settle_every == 0 {
            let took = warehouse.settle(Instant::now())?;
            report.settle_ms.push(took.as_millis() as u64);
            let names: Vec<_> = faults.iter().map(|p| p.fault.name()).collect();
            say(&format!(
                "cycle {cycle}: settled after {:.1} s; last {}",
                took.as_secs_f64(),
                names.join(", ")
            ));
        }
    }
    Ok(())
}

/// Faults begin and end at their times, over each other.
fn play_cycle(warehouse: &mut Warehouse, faults: &[Planned]) -> Result<()> {
    let mut steps: Vec<(Duration, Fault, bool)> = faults
        .iter()
        .flat_map(|p| {
            [
                (p.begins, p.fault, true),
                (p.begins + p.lasts, p.fault, false),
            ]
        })
        .collect();
    steps.sort_by_key(|(at, ..)| *at);
    let began = Instant::now();
    for (at, fault, begins) in steps {
        thread::sleep(at.saturating_sub(began.elapsed()));
        match begins {
            true => warehouse.begin(fault)?,
            false => warehouse.end(fault)?,
        }
    }
    Ok(())
}
