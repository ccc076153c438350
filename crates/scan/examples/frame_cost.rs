//! What live frames cost: `cargo run --release -p scan --example frame_cost`
//!
//! Frames of 1280x720 without a code, then how many frames a code held still takes at each angle.
//! One JSON line; milliseconds of processor time, so that other work on the machine matters little.

#![expect(clippy::print_stdout, reason = "a command-line report")]

use std::error::Error;

use scan::{Effort, FrameReader, LumaFrame, ReaderSettings};
use testkit::labels::{CameraView, SymbolKind, camera_like, label, noise_frame};

fn frame(picture: image::GrayImage) -> Result<LumaFrame, Box<dyn Error>> {
    Ok(LumaFrame::new(
        picture.width(),
        picture.height(),
        picture.into_raw(),
    )?)
}

/// Processor time of all threads of this process so far, in milliseconds. Linux only.
fn processor_ms() -> std::io::Result<f64> {
    let mut total_ns = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let statistics = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let running_ns = statistics
            .split(' ')
            .next()
            .and_then(|number| number.parse().ok());
        total_ns += running_ns.unwrap_or(0.0);
    }
    Ok(total_ns / 1e6)
}

fn percentile(sorted: &[f64], part: f64) -> f64 {
    sorted
        .get((sorted.len() as f64 * part) as usize)
        .copied()
        .unwrap_or_default()
}

/// Mean, median and 95th percentile over ten whole turns of the decoders.
fn empty_cost(picture: image::GrayImage) -> Result<serde_json::Value, Box<dyn Error>> {
    let frame = frame(picture)?;
    let mut reader = FrameReader::new(ReaderSettings::default());
    let mut costs_ms = Vec::new();
    for _ in 0..240 {
        let before_ms = processor_ms()?;
        reader.read(&frame, Effort::Live)?;
        costs_ms.push(processor_ms()? - before_ms);
    }
    let mean = costs_ms.iter().sum::<f64>() / costs_ms.len() as f64;
    costs_ms.sort_by(f64::total_cmp);
    Ok(serde_json::json!({
        "mean": mean,
        "median": percentile(&costs_ms, 0.5),
        "p95": percentile(&costs_ms, 0.95),
    }))
}

/// Frames until a held code is read, at worst over all angles and places in the turn.
fn frames_needed(kind: SymbolKind, text: &str) -> Result<serde_json::Value, Box<dyn Error>> {
    let label = label(kind, text, "")?;
    let mut needed = Vec::new();
    for angle in (0..360).step_by(15) {
        let view = CameraView {
            angle_deg: f64::from(angle),
            seed: 5,
            ..CameraView::default()
        };
        let frame = frame(camera_like(&label, &view.fitted(&label)))?;
        let empty = self::frame(noise_frame(1280, 720, 5, 3.0))?;
        for offset in [0, 3, 7, 13] {
            let mut reader = FrameReader::new(ReaderSettings::default());
            for _ in 0..offset {
                reader.read(&empty, Effort::Live)?;
            }
            let mut count = 0;
            while count < 48 {
                count += 1;
                if !reader.read(&frame, Effort::Live)?.payloads.is_empty() {
                    break;
                }
            }
            needed.push(f64::from(count));
        }
    }
    needed.sort_by(f64::total_cmp);
    Ok(serde_json::json!({
        "median": percentile(&needed, 0.5),
        "p95": percentile(&needed, 0.95),
        "worst": needed.last(),
    }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let shelf = label(SymbolKind::Code128, "OUT OF FOCUS", "")?;
    let blurred = CameraView {
        blur_px: 8.0,
        ..CameraView::default()
    };
    let report = serde_json::json!({
        "empty_ms": {
            "flat": empty_cost(noise_frame(1280, 720, 1, 4.0))?,
            "noise": empty_cost(noise_frame(1280, 720, 2, 60.0))?,
            "blurred": empty_cost(camera_like(&shelf, &blurred))?,
        },
        "frames_until_read": {
            "ean-13": frames_needed(SymbolKind::Ean13, "4006381333931")?,
            "code-128": frames_needed(SymbolKind::Code128, "BIN-A-03-2")?,
            "itf-14": frames_needed(SymbolKind::Itf14, "10614141000415")?,
            "qr": frames_needed(SymbolKind::Qr, "BIN-A-03-2")?,
            "data-matrix": frames_needed(SymbolKind::DataMatrix, "SN-2026-000017")?,
            "pdf417": frames_needed(SymbolKind::Pdf417, "DELIVERY 77 / 12")?,
            "aztec": frames_needed(SymbolKind::Aztec, "TICKET-5512")?,
        },
    });
    println!("{report}");
    Ok(())
}
