//! `bench handheld`: the handheld itself on a big site, from the start of the program to the painted answer of a scan.
//!
//! The worker, the screens and the software renderer are the program's own; only the window system is missing, since a
//! picture in memory is painted instead of one on a display. Each part runs in a process of its own.

mod screen;
mod site;

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use device_app::view::{Outcome, Place, Screen, UiEvent};
use domain::EventBody;
use replica::query::EventFilter;

use crate::commit::{bare_database, enrolled};
use crate::measure::{percentile_ms, say, status_kb};
use crate::workload::Random;
use screen::Handheld;
pub(crate) use site::load;

/// Scans a second of the wedge, and for how long.
const WEDGE_EVERY: Duration = Duration::from_millis(20);
const WEDGE_SCANS: usize = 3_000;
const STARTS: usize = 7;

pub(crate) struct Size {
    pub(crate) items: usize,
    pub(crate) bins: usize,
    pub(crate) events: usize,
    pub(crate) scans: usize,
}

fn own(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(command)
}

fn folder_text(folder: &Path) -> Result<&str> {
    folder.to_str().context("a folder that can be named")
}

pub(crate) fn run(size: &Size, folder: Option<PathBuf>) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = folder.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(folder.join("data"))?;
    let at = folder_text(&folder)?;
    let [items, bins, events, scans] =
        [size.items, size.bins, size.events, size.scans].map(|n| n.to_string());
    let made = own(&["handheld-file", at, &items, &bins, &events])?.status()?;
    ensure!(made.success(), "the load failed");

    let mut starts = Vec::new();
    let mut memory = 0;
    for _ in 0..STARTS {
        let begun = Instant::now();
        let mut child = own(&["handheld-start", at])?
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        lines.next().context("the first screen")??;
        starts.push(begun.elapsed());
        let line = lines.next().context("its memory")??;
        memory = memory.max(line.parse().unwrap_or(0));
        ensure!(child.wait()?.success(), "a start failed");
    }
    say(&serde_json::to_string_pretty(&serde_json::json!({
        "items": size.items, "bins": size.bins, "events": size.events,
        "start_to_painted_sign_in_ms": { "p50": percentile_ms(&starts, 50), "max": percentile_ms(&starts, 100) },
        "rss_with_home_shown_mb": memory as f64 / 1e3,
    }))?);
    let worked = own(&["handheld-work", at, &items, &scans])?.status()?;
    ensure!(worked.success(), "the work failed");
    Ok(())
}

/// The program starts: a line when the sign-in screen is painted, another with the memory once the home screen is.
pub(crate) fn start(folder: &Path) -> Result<()> {
    let mut handheld = Handheld::open(folder)?;
    handheld.until(|view| matches!(view.screen, Screen::SignIn(_)))?;
    say("painted");
    handheld.sign_in()?;
    say(&status_kb(std::process::id(), "VmRSS").to_string());
    Ok(())
}

/// Scans one after the other, searches letter by letter, and then a wedge that does not stop for a minute.
pub(crate) fn work(folder: &Path, items: usize, scans: usize) -> Result<()> {
    let mut handheld = Handheld::open(folder)?;
    handheld.sign_in()?;
    let mut random = Random::new(3);
    let mut codes = Codes::new(items);
    let bare = bare_database(folder)?;

    handheld.begin("receive")?;
    handheld.scan(&crate::workload::bin_code(0))?;
    let (mut painted, mut floor) = (Vec::new(), Vec::new());
    while painted.len() < scans {
        let next = codes.next(&mut random);
        let begun = Instant::now();
        handheld.scan(&next)?;
        painted.push(begun.elapsed());
        let begun = Instant::now();
        bare.execute("INSERT INTO scan (body) VALUES (randomblob(200))", [])?;
        floor.push(begun.elapsed());
    }
    handheld.tell(UiEvent::Action("done".into()))?;

    handheld.tell(UiEvent::Open(Place::LookUp))?;
    let mut searched = Vec::new();
    for n in 0..40_u64 {
        let text = match n % 4 {
            0 => format!("{:06}", random.below(items as u64)),
            1 => format!("零件{}号", random.below(5_000)),
            2 => format!("widget {}", random.below(5_000)),
            _ => format!("lingjian{}", random.below(5_000)),
        };
        let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
        for end in ends {
            let begun = Instant::now();
            if handheld.tell(UiEvent::Search(text[..end].to_owned()))? {
                searched.push(begun.elapsed());
            }
        }
    }
    let wedge = wedge(&mut handheld, &mut codes, &mut random)?;
    let memory = [
        status_kb(std::process::id(), "VmRSS"),
        status_kb(std::process::id(), "VmHWM"),
    ];
    drop(handheld);
    let recorded = recorded(folder, &wedge)?;
    let percentiles = |took: &[Duration]| serde_json::json!({ "p50": percentile_ms(took, 50), "p99": percentile_ms(took, 99) });
    say(&serde_json::to_string_pretty(&serde_json::json!({
        "scans": painted.len(),
        "scan_to_commit_and_painted_ms": percentiles(&painted),
        "bare_insert_and_fsync_ms": percentiles(&floor),
        "keystrokes": searched.len(),
        "keystroke_to_painted_hits_ms": percentiles(&searched),
        "wedge_scans": wedge.len(), "wedge_recorded_in_order": recorded,
        "rss_mb": memory[0] as f64 / 1e3,
        "peak_rss_mb": memory[1] as f64 / 1e3,
    }))?);
    Ok(())
}

/// Codes of items. None comes again soon: the same code twice in 300 ms is one scan.
struct Codes {
    items: usize,
    recent: VecDeque<u64>,
}

impl Codes {
    fn new(items: usize) -> Self {
        Self {
            items,
            recent: VecDeque::new(),
        }
    }

    fn next(&mut self, random: &mut Random) -> String {
        let number = loop {
            let number = random.below(self.items as u64);
            if !self.recent.contains(&number) {
                break number;
            }
        };
        self.recent.push_back(number);
        if self.recent.len() > self.items.min(400) / 2 {
            self.recent.pop_front();
        }
        format!("SKU-{number:06}")
    }
}

/// Fifty codes a second, key by key, whatever the screen does meanwhile. Returns them.
fn wedge(handheld: &mut Handheld, codes: &mut Codes, random: &mut Random) -> Result<Vec<String>> {
    handheld.begin("receive")?;
    handheld.scan(&crate::workload::bin_code(1))?;
    let codes: Vec<String> = (0..WEDGE_SCANS).map(|_| codes.next(random)).collect();
    let begun = Instant::now();
    for (code, n) in codes.iter().zip(0_u32..) {
        handheld.show_until(begun + WEDGE_EVERY * n)?;
        handheld.press(code);
    }
    handheld.show_until(Instant::now() + Duration::from_secs(1))?;
    handheld.tell(UiEvent::Action("done".into()))?;
    ensure!(
        handheld.outcome() != Some(Outcome::Refused),
        "a scan was refused"
    );
    Ok(codes)
}

/// How many of these are in the journal, each in its place.
fn recorded(folder: &Path, codes: &[String]) -> Result<usize> {
    let replica = enrolled(&folder.join("data").join("replica.db"), 5, None)?;
    let query = replica.query();
    let rows = query.events(&EventFilter::default(), codes.len() as u32)?;
    let mut found = 0;
    for (row, code) in rows.iter().rev().zip(codes) {
        let EventBody::Received { goods, .. } = &row.placed.event.record.body else {
            continue;
        };
        let item = query.item(goods.item)?;
        found += usize::from(item.is_some_and(|item| item.sku == *code));
    }
    Ok(found)
}
