//! `watch`: a folder of pictures as a running camera.

use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use scan::live::{LiveReader, LiveReading};
use scan::source::{FolderSource, FrameSource};
use scan::{FrameReader, ReaderSettings};
use serde_json::json;

use crate::decode::code;
use crate::processor::Stopwatch;

/// One JSON line for each code that comes into view and each change of the hints; the last line
/// sums up.
pub(crate) fn run(
    settings: ReaderSettings,
    folder: &Path,
    fps: f64,
    share: f64,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    if !(0.1..=1_000.0).contains(&fps) {
        return Err("--fps is 0.1 to 1000".into());
    }
    let mut source = FolderSource::open(folder)?;
    let start = Instant::now();
    let clock = Stopwatch::start();
    let (told, heard) = mpsc::channel::<(Instant, LiveReading)>();
    let reader = LiveReader::start(FrameReader::new(settings), share, move |reading| {
        // The other side is gone only when the program ends.
        let _ = told.send((Instant::now(), reading));
    })?;
    let mut offered = 0u32;
    let mut unreadable = 0u32;
    while let Some(frame) = source.next_frame() {
        match frame {
            Ok(frame) => reader.offer(frame.luma),
            Err(error) => {
                unreadable += 1;
                println!(
                    "{}",
                    json!({ "error": error.code(), "message": error.to_string() })
                );
            }
        }
        offered += 1;
        // On the beat of the camera, however long the pictures take to load.
        let due = start + Duration::from_secs_f64(f64::from(offered) / fps);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    drop(reader);
    let (mut frames, mut dropped, mut codes) = (0u64, 0u64, 0u64);
    let mut hints = None;
    for (at, reading) in heard {
        let at_ms = at.duration_since(start).as_secs_f64() * 1_000.0;
        frames += 1;
        dropped += reading.dropped;
        codes += reading.fresh.len() as u64;
        for payload in &reading.fresh {
            println!("{}", json!({ "at_ms": at_ms, "code": code(payload) }));
        }
        if hints.replace(reading.hints) != Some(reading.hints) {
            let (torch, focus) = (reading.hints.torch, reading.hints.focus);
            println!(
                "{}",
                json!({ "at_ms": at_ms, "torch": torch, "focus": focus })
            );
        }
    }
    println!(
        "{}",
        json!({
            "offered": offered,
            "unreadable": unreadable,
            "read": frames,
            "dropped": dropped,
            "codes": codes,
            "processor_ms_a_frame": clock.ms() / f64::from(offered.max(1)),
        })
    );
    Ok(ExitCode::SUCCESS)
}
