//! `bench`: how many pictures of a collection are read, and how long that takes.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use scan::decoder::{Decoder, SINGLE, single};
use scan::source::read_picture;
use scan::{Effort, FrameReader, LumaFrame, Payload, ReaderSettings};
use serde_json::json;

use crate::labelled::{Expected, Folder, folders};
use crate::processor::Stopwatch;

/// How one decoder did.
#[derive(Clone, Default)]
struct Tally {
    pictures: usize,
    read: usize,
    /// Pictures in which something else was read than they hold.
    misreads: usize,
    /// Texts read beside the right one: other codes in the picture, or ghosts.
    extra: usize,
    /// Wrong texts that are marked as weak, so that nobody acts on them yet.
    weak_wrong: usize,
    panics: usize,
    ms: Vec<f64>,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.pictures += other.pictures;
        self.read += other.read;
        self.misreads += other.misreads;
        self.extra += other.extra;
        self.weak_wrong += other.weak_wrong;
        self.panics += other.panics;
        self.ms.extend(&other.ms);
    }

    fn percentile(&self, part: f64) -> f64 {
        let mut sorted = self.ms.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1) as f64;
        let at = (last * part).round() as usize;
        sorted.get(at).copied().unwrap_or_default()
    }

    fn cell(&self) -> String {
        let wrong = match (self.misreads, self.extra + self.weak_wrong) {
            (0, 0) => String::new(),
            (misreads, 0) => format!(" ({misreads})"),
            (misreads, others) => format!(" ({misreads}+{others})"),
        };
        let panics = if self.panics > 0 { "!" } else { "" };
        format!(
            "{}{wrong}{panics} {:.1} ms",
            self.read,
            self.percentile(0.5)
        )
    }
}

/// A decoder by itself or the whole reader.
enum Candidate {
    Single(&'static str, Box<dyn Decoder>),
    Cascade(Box<FrameReader>),
}

const CASCADE: &str = "cascade";

impl Candidate {
    fn name(&self) -> &'static str {
        match self {
            Candidate::Single(name, _) => name,
            Candidate::Cascade(_) => CASCADE,
        }
    }

    /// What it reads; `None` if it panicked.
    fn read(&mut self, frame: &LumaFrame, settings: &ReaderSettings) -> Option<Vec<Payload>> {
        match self {
            Candidate::Cascade(reader) => {
                let reading = reader.read(frame, Effort::Still);
                Some(reading.map(|reading| reading.payloads).unwrap_or_default())
            }
            Candidate::Single(name, decoder) => {
                let read = catch_unwind(AssertUnwindSafe(|| decoder.decode(frame)));
                if read.is_err()
                    && let Some(fresh) = single(name, settings)
                {
                    *decoder = fresh;
                }
                read.ok()
            }
        }
    }
}

/// Judges one picture. Weak reads of the cascade are told apart: it says itself that they need a
/// second sign. A single decoder knows no such thing.
fn judge(tally: &mut Tally, expected: &Expected, found: &[Payload], cascade: bool) -> bool {
    let right = found.iter().any(|payload| expected.is(payload));
    let is_wrong = |p: &&Payload| !expected.is(p) && !expected.begins_with(p);
    let wrong: Vec<_> = found.iter().filter(is_wrong).collect();
    tally.read += usize::from(right);
    for payload in &wrong {
        if cascade && payload.weak {
            tally.weak_wrong += 1;
        } else if right {
            tally.extra += 1;
        }
    }
    let sure = wrong.iter().any(|payload| !(cascade && payload.weak));
    tally.misreads += usize::from(!right && sure);
    right
}

/// Runs the comparison and prints it; the last line is JSON.
pub(crate) fn run(
    settings: &ReaderSettings,
    directory: &Path,
    only: &[String],
    alone: bool,
    misses: bool,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    // A decoder's panic is counted; its words would only stand between the lines.
    std::panic::set_hook(Box::new(|_| {}));
    let mut candidates = Vec::new();
    let names = if alone { &[] } else { SINGLE };
    for name in names {
        if let Some(decoder) = single(name, settings) {
            candidates.push(Candidate::Single(name, decoder));
        }
    }
    candidates.push(Candidate::Cascade(Box::new(FrameReader::new(
        settings.clone(),
    ))));
    let header: Vec<_> = candidates.iter().map(Candidate::name).collect();
    println!(
        "read (misreads+beside or weak) median, of pictures: {}",
        header.join(" | ")
    );

    let mut totals: BTreeMap<&str, Tally> = BTreeMap::new();
    for folder in folders(directory)? {
        if !only.is_empty()
            && !only
                .iter()
                .any(|name| folder.name.starts_with(name.as_str()))
        {
            continue;
        }
        let tallies = run_folder(settings, &folder, &mut candidates, misses)?;
        let cells: Vec<_> = tallies.iter().map(Tally::cell).collect();
        println!(
            "{}: {} of {}",
            folder.name,
            cells.join(" | "),
            folder.pictures.len()
        );
        for (candidate, tally) in candidates.iter().zip(&tallies) {
            totals.entry(candidate.name()).or_default().add(tally);
        }
    }
    for candidate in &candidates {
        let Some(total) = totals.get(candidate.name()) else {
            continue;
        };
        println!("{}: {}", candidate.name(), summary(total));
    }
    println!(
        "{}",
        summary(totals.get(CASCADE).unwrap_or(&Tally::default()))
    );
    Ok(ExitCode::SUCCESS)
}

fn summary(total: &Tally) -> serde_json::Value {
    json!({
        "pictures": total.pictures,
        "read": total.read,
        "misreads": total.misreads,
        "beside": total.extra,
        "weak_wrong": total.weak_wrong,
        "panics": total.panics,
        "ms_median": total.percentile(0.5),
        "ms_p95": total.percentile(0.95),
    })
}

fn run_folder(
    settings: &ReaderSettings,
    folder: &Folder,
    candidates: &mut [Candidate],
    misses: bool,
) -> Result<Vec<Tally>, Box<dyn std::error::Error>> {
    let mut tallies = vec![Tally::default(); candidates.len()];
    for picture in &folder.pictures {
        let frame = match read_picture(&picture.path) {
            Ok(frame) => frame,
            Err(error) => {
                println!("  {}: {error}", picture.path.display());
                continue;
            }
        };
        for (candidate, tally) in candidates.iter_mut().zip(&mut tallies) {
            tally.pictures += usize::from(!matches!(picture.expected, Expected::Nothing));
            let clock = Stopwatch::start();
            let found = candidate.read(&frame, settings);
            tally.ms.push(clock.ms());
            tally.panics += usize::from(found.is_none());
            let found = found.unwrap_or_default();
            let cascade = candidate.name() == CASCADE;
            let right = judge(tally, &picture.expected, &found, cascade);
            let wrong = found
                .iter()
                .filter(|p| !picture.expected.is(p) && !picture.expected.begins_with(p));
            for payload in wrong.filter(|_| cascade) {
                let (path, text) = (picture.path.display(), &payload.text);
                let (by, weak) = (
                    payload.reader.code(),
                    if payload.weak { ", weak" } else { "" },
                );
                let beside = if right { ", beside the right one" } else { "" };
                println!(
                    "  {path}: {text:?} ({}, {by}{weak}{beside})",
                    payload.symbology.code()
                );
            }
            if misses && cascade && !right && !matches!(picture.expected, Expected::Nothing) {
                println!("  not read: {}", picture.path.display());
            }
        }
    }
    Ok(tallies)
}
