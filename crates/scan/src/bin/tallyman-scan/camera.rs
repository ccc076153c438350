//! `cameras` and `camera`: what cameras this machine has, and what one of them sees.

use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use scan::live::{LiveReader, LiveReading};
use scan::source::{CameraSource, CameraWish, FrameSource, list_cameras};
use scan::{FrameReader, ReaderSettings};
use serde_json::json;

use crate::decode::code;

/// How long a camera that is gone, or does not open, is left alone.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// One JSON line a camera.
pub(crate) fn list() -> ExitCode {
    for camera in list_cameras() {
        println!("{}", json!({ "index": camera.index, "name": camera.name }));
    }
    ExitCode::SUCCESS
}

/// Reads what a camera sees for so long, and opens it anew when it was unplugged. One JSON line for each time that
/// it opens, is lost or shows a new code; the last line sums up.
pub(crate) fn run(
    settings: ReaderSettings,
    index: Option<u32>,
    wish: CameraWish,
    time: Duration,
    share: f64,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let end = Instant::now() + time;
    let (told, heard) = mpsc::channel::<LiveReading>();
    let reader = LiveReader::start(FrameReader::new(settings), share, move |reading| {
        // The other side is gone only when the program ends.
        let _ = told.send(reading);
    })?;
    let (mut frames, mut changed, mut codes) = (0u64, 0u64, 0u64);
    let mut last = None;
    while Instant::now() < end {
        let opened = match index {
            Some(index) => CameraSource::open(index, wish),
            None => CameraSource::open_first(wish),
        };
        let mut source = match opened {
            Ok(source) => source,
            Err(error) => {
                println!(
                    "{}",
                    json!({ "error": error.code(), "message": error.to_string() })
                );
                std::thread::sleep(LOOK_AGAIN.min(end.saturating_duration_since(Instant::now())));
                continue;
            }
        };
        println!("{}", json!({ "open": source.describe() }));
        while Instant::now() < end {
            match source.next_frame() {
                None => break,
                Some(Ok(frame)) => {
                    frames += 1;
                    let size = (frame.luma.width(), frame.luma.height());
                    let is_new = last.replace(frame.luma.clone());
                    changed += u64::from(is_new.is_some_and(|before| before != frame.luma));
                    if frames == 1 {
                        println!("{}", json!({ "width": size.0, "height": size.1 }));
                    }
                    reader.offer(frame.luma);
                }
                Some(Err(error)) => {
                    println!(
                        "{}",
                        json!({ "error": error.code(), "message": error.to_string() })
                    );
                    if error.is_permanent() {
                        break;
                    }
                }
            }
            for payload in heard.try_iter().flat_map(|reading| reading.fresh) {
                codes += 1;
                println!("{}", json!({ "code": code(&payload) }));
            }
        }
    }
    println!(
        "{}",
        json!({ "frames": frames, "changed": changed, "codes": codes })
    );
    Ok(if frames > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
