//! `decode`: one JSON line a picture.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use scan::source::read_picture;
use scan::{Effort, FrameReader, Payload, ReaderSettings};
use serde_json::{Value, json};

/// Two-digit years in GS1 dates are taken for the ones nearest to this year.
fn this_year() -> i32 {
    use std::time::{SystemTime, UNIX_EPOCH};
    const YEAR_S: f64 = 31_556_952.0;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(1970, |since| {
        1970 + (since.as_secs_f64() / YEAR_S).floor() as i32
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the code says in GS1's terms, as a bracketed text; null where it says nothing of the kind.
fn gs1(payload: &Payload) -> Value {
    match payload.gs1_fields(this_year()) {
        None => Value::Null,
        Some(Ok(fields)) => json!(format!("{fields:?}")),
        Some(Err(error)) => json!({ "error": error.code() }),
    }
}

pub(crate) fn code(payload: &Payload) -> Value {
    json!({
        "symbology": payload.symbology.code(),
        "identifier": payload.symbology_identifier,
        "text": payload.text,
        "add_on": payload.add_on,
        "bytes": hex(&payload.bytes),
        "corners": payload.corners.map(|corners| corners.map(|(x, y)| [x, y])),
        "gs1": gs1(payload),
        "confidence": payload.confidence,
        "weak": payload.weak,
        "reader": payload.reader.code(),
    })
}

/// Prints a line for each file; a file that cannot be read has its error in the line, and the
/// program ends with 1.
pub(crate) fn run(
    settings: &ReaderSettings,
    thorough: bool,
    files: &[PathBuf],
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let effort = if thorough {
        Effort::Thorough
    } else {
        Effort::Still
    };
    let mut reader = FrameReader::new(settings.clone());
    let mut failed = false;
    for file in files {
        let frame = match read_picture(file) {
            Ok(frame) => frame,
            Err(error) => {
                failed = true;
                println!(
                    "{}",
                    json!({ "file": file, "error": error.code(), "message": error.to_string() })
                );
                continue;
            }
        };
        let start = Instant::now();
        let reading = reader.read(&frame, effort);
        let ms = start.elapsed().as_secs_f64() * 1_000.0;
        let line = match reading {
            Ok(reading) => {
                let codes: Vec<_> = reading.payloads.iter().map(code).collect();
                json!({ "file": file, "ms": ms, "codes": codes })
            }
            Err(error) => {
                failed = true;
                json!({ "file": file, "ms": ms, "error": error.code(), "message": error.to_string() })
            }
        };
        println!("{line}");
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
