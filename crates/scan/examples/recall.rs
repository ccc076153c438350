//! Reads a collection of labelled pictures and tells how many were read right.
//!
//! `cargo run --release -p scan --example recall -- --pictures DIR [--folders PREFIX,PREFIX] [--live]`
//!
//! DIR holds folders of pictures with the exact text beside each as `NAME.txt`; a folder whose
//! name starts with `falsepositives` holds none. One line a folder, then one JSON line. `--live`
//! shows each picture as a still camera would, for at most 24 frames.

#![expect(clippy::print_stdout, reason = "a command-line report")]

use std::error::Error;
use std::path::{Path, PathBuf};

use scan::source::read_picture;
use scan::{Effort, FrameReader, LumaFrame, ReaderSettings, Symbology};

struct Arguments {
    pictures: PathBuf,
    folders: Vec<String>,
    live: bool,
}

#[derive(Default)]
struct Tally {
    pictures: usize,
    read: usize,
    wrong: usize,
    weak_wrong: usize,
    elapsed_ms: Vec<f64>,
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let (mut pictures, mut folders, mut live) = (None, Vec::new(), false);
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--pictures" => pictures = given.next().map(PathBuf::from),
            "--folders" => {
                let list = given.next().unwrap_or_default();
                folders = list.split(',').map(str::to_owned).collect();
            }
            "--live" => live = true,
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    Ok(Arguments {
        pictures: pictures.ok_or("--pictures DIR is missing")?,
        folders,
        live,
    })
}

/// Both texts in one form: brackets and separators of GS1 off, GTIN-12 as GTIN-13.
fn plain(text: &str) -> String {
    let text = text.trim_end_matches(['\r', '\n']);
    let text: String = text
        .chars()
        .filter(|c| !"\u{1d}()[]\r".contains(*c))
        .collect();
    let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { format!("0{text}") } else { text }
}

fn same(folder: &str, expected: &str, found: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphabetic();
    if folder.starts_with("codabar") {
        return expected.trim().trim_matches(letters) == found;
    }
    let (expected, found) = (plain(expected), plain(found));
    expected == found
        || folder.starts_with("code39") && expected.trim_matches('*') == found.trim_matches('*')
}

fn sorted(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn is_picture(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    ["png", "jpg", "jpeg", "webp"].contains(&extension.to_ascii_lowercase().as_str())
}

/// All texts found in the frame, and the time it took in milliseconds.
fn read(reader: &mut FrameReader, frame: &LumaFrame, live: bool) -> (Vec<(String, bool)>, f64) {
    let (effort, frames) = if live {
        (Effort::Live, 24)
    } else {
        (Effort::Thorough, 1)
    };
    let (mut texts, mut elapsed_ms) = (Vec::new(), 0.0);
    for _ in 0..frames {
        let Ok(reading) = reader.read(frame, effort) else {
            continue;
        };
        elapsed_ms += reading.elapsed_ms;
        texts.extend(reading.payloads.into_iter().map(|p| (p.text, p.weak)));
        if !texts.is_empty() {
            break;
        }
    }
    (texts, elapsed_ms)
}

fn run_folder(
    reader: &mut FrameReader,
    folder: &Path,
    live: bool,
) -> Result<Tally, Box<dyn Error>> {
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let no_codes = name.starts_with("falsepositives");
    let mut tally = Tally::default();
    for path in sorted(folder)?.into_iter().filter(|path| is_picture(path)) {
        let expected = match std::fs::read(path.with_extension("txt")) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) if no_codes => String::new(),
            Err(_) => continue,
        };
        let frame = match read_picture(&path) {
            Ok(frame) => frame,
            Err(error) => {
                println!("  {}: {error}", path.display());
                continue;
            }
        };
        let (texts, elapsed_ms) = read(reader, &frame, live);
        let right = |text: &str| !no_codes && same(&name, &expected, text);
        tally.pictures += 1;
        tally.elapsed_ms.push(elapsed_ms);
        tally.read += usize::from(texts.iter().any(|(text, _)| right(text)));
        for (wrong, weak) in texts.iter().filter(|(text, _)| !right(text)) {
            *if *weak {
                &mut tally.weak_wrong
            } else {
                &mut tally.wrong
            } += 1;
            let (path, mark) = (path.display(), if *weak { ", weak," } else { "" });
            println!("  {path}: {wrong:?}{mark} in place of {expected:?}");
        }
    }
    Ok(tally)
}

fn percentile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted
        .get((last * part).round() as usize)
        .copied()
        .unwrap_or_default()
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments {
        pictures,
        folders,
        live,
    } = arguments()?;
    let mut settings = ReaderSettings::default();
    settings
        .symbologies
        .extend([Symbology::DataBar, Symbology::DataBarExpanded]);
    let mut total = Tally::default();
    let mut stats_sum = scan::ReaderStats::default();
    let mut per_folder = serde_json::Map::new();
    for folder in sorted(&pictures)?.into_iter().filter(|path| path.is_dir()) {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !folders.is_empty()
            && !folders
                .iter()
                .any(|prefix| name.starts_with(prefix.as_str()))
        {
            continue;
        }
        // UPC-E is asked for only where it is the subject, as a warehouse would.
        let mut settings = settings.clone();
        settings
            .symbologies
            .extend(name.starts_with("upce").then_some(Symbology::UpcE));
        let mut reader = FrameReader::new(settings);
        let tally = run_folder(&mut reader, &folder, live)?;
        let stats = reader.stats();
        println!(
            "{name}: {} of {}, {} wrong, rqrr alone {}, slanted alone {}, panics {}, timeouts {}",
            tally.read,
            tally.pictures,
            tally.wrong,
            stats.rqrr_unique,
            stats.slanted_unique,
            stats.panics,
            stats.timeouts
        );
        per_folder.insert(
            name,
            serde_json::json!([tally.read, tally.pictures, tally.wrong]),
        );
        total.pictures += tally.pictures;
        total.read += tally.read;
        total.wrong += tally.wrong;
        total.weak_wrong += tally.weak_wrong;
        total.elapsed_ms.extend(tally.elapsed_ms);
        stats_sum.rqrr_unique += stats.rqrr_unique;
        stats_sum.slanted_unique += stats.slanted_unique;
        stats_sum.refused += stats.refused;
        stats_sum.panics += stats.panics;
        stats_sum.timeouts += stats.timeouts;
    }
    total.elapsed_ms.sort_by(f64::total_cmp);
    let summary = serde_json::json!({
        "pictures": total.pictures,
        "read": total.read,
        "wrong": total.wrong,
        "weak_wrong": total.weak_wrong,
        "elapsed_ms": {
            "median": percentile(&total.elapsed_ms, 0.5),
            "p95": percentile(&total.elapsed_ms, 0.95),
        },
        "rqrr_unique": stats_sum.rqrr_unique,
        "slanted_unique": stats_sum.slanted_unique,
        "refused": stats_sum.refused,
        "panics": stats_sum.panics,
        "timeouts": stats_sum.timeouts,
        "folders": per_folder,
    });
    println!("{summary}");
    Ok(())
}
