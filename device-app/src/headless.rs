//! The same worker without a display: lines of a script in, one line of JSON out for each.
//!
//! A line is answered after its commit is on the disk, so that whoever kills the process knows what must be there.
//! The commands are described in the README of this crate.

mod answers;
mod commands;
mod nearby;
mod picture;
mod words;

use std::collections::VecDeque;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use scan::source::FolderSource;
use scan::{FrameReader, ReaderSettings};
use serde_json::{Value, json};

use crate::worker::{ToWorker, Worker, WorkerOptions};

/// The worker and what feeds it.
pub(crate) struct Driver {
    pub(crate) worker: Worker,
    messages: Receiver<ToWorker>,
    lines: VecDeque<Option<String>>,
    /// Where pictures are.
    pub(crate) frames: Option<PathBuf>,
    pub(crate) folder: Option<FolderSource>,
    pub(crate) reader: FrameReader,
}

/// Runs a script to its end. Returns whether the database could be opened.
///
/// # Errors
/// The output is gone, or the system gives no thread.
pub fn run(
    options: WorkerOptions,
    frames: Option<PathBuf>,
    script: impl BufRead + Send + 'static,
    mut output: impl Write,
) -> std::io::Result<bool> {
    let (to, messages) = mpsc::channel();
    let worker = match Worker::open(options, to.clone()) {
        Ok(worker) => worker,
        Err(stopped) => {
            let line =
                json!({"step": 0, "ok": false, "error": stopped.code, "details": stopped.details});
            writeln!(output, "{line}")?;
            output.flush()?;
            return Ok(false);
        }
    };
    std::thread::Builder::new()
        .name("script".to_owned())
        .spawn(move || {
            for line in script.lines() {
                // Nobody listens any more, or the script cannot be read: both are its end.
                let Ok(line) = line else { break };
                if to.send(ToWorker::Line(Some(line))).is_err() {
                    return;
                }
            }
            let _ = to.send(ToWorker::Line(None));
        })?;
    let mut driver = Driver {
        worker,
        messages,
        lines: VecDeque::new(),
        frames,
        folder: None,
        reader: FrameReader::new(ReaderSettings::default()),
    };
    let mut step = 0_u64;
    while let Some(line) = driver.next_line() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        step += 1;
        let mut answer = driver.carry_out(line);
        if let Value::Object(fields) = &mut answer {
            fields.insert("step".to_owned(), step.into());
        }
        writeln!(output, "{answer}")?;
        output.flush()?;
        if driver.worker.wants_to_quit() {
            break;
        }
    }
    Ok(true)
}

impl Driver {
    /// The next line; the worker goes on with what comes meanwhile. `None` at the end.
    fn next_line(&mut self) -> Option<String> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return line;
            }
            self.turn(None);
        }
    }

    /// One message or one moment of the worker.
    fn turn(&mut self, until: Option<Instant>) {
        let due = self.worker.due() - self.worker.now_ms();
        let mut wait = Duration::from_millis(u64::try_from(due).unwrap_or(0));
        if let Some(until) = until {
            wait = wait.min(until.saturating_duration_since(Instant::now()));
        }
        match self.messages.recv_timeout(wait) {
            Ok(ToWorker::Line(line)) => self.lines.push_back(line),
            Ok(message) => self.worker.handle(message),
            Err(RecvTimeoutError::Timeout) => self.worker.tick(),
            Err(RecvTimeoutError::Disconnected) => self.lines.push_back(None),
        }
    }

    /// Lets the worker go on until something holds. Returns whether it did in time.
    pub(crate) fn pump(&mut self, limit: Duration, holds: impl Fn(&Worker) -> bool) -> bool {
        let until = Instant::now() + limit;
        loop {
            if holds(&self.worker) {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            self.turn(Some(until));
        }
    }
}
