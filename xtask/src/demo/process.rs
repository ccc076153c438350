//! A program that is spoken to in lines and ended with this one.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

/// Longer than any answer takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running program. Dropping it ends it.
pub(crate) struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Process {
    /// Starts it; its errors go to the terminal, its lines come here.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(name: &str, command: &mut Command) -> anyhow::Result<Self> {
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let output = child.stdout.take().context("no output")?;
        let (to, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if to.send(line).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take();
        Ok(Self {
            name: name.to_owned(),
            child,
            input,
            lines,
        })
    }

    /// The next line, as JSON.
    ///
    /// # Errors
    /// It ended, is silent for too long, or says something else.
    pub(crate) fn answer(&mut self) -> anyhow::Result<Value> {
        let line = self.lines.recv_timeout(PATIENCE);
        let line = line.with_context(|| format!("{} does not answer", self.name))?;
        serde_json::from_str(&line).with_context(|| format!("{} said: {line}", self.name))
    }

    /// Says a line and waits for the answer to it.
    ///
    /// # Errors
    /// As [`Process::answer`].
    pub(crate) fn ask(&mut self, line: &str) -> anyhow::Result<Value> {
        let input = self.input.as_mut().context("its input is closed")?;
        writeln!(input, "{line}").and_then(|()| input.flush())?;
        self.answer()
    }

    /// As [`Process::ask`], and the answer must be a yes.
    ///
    /// # Errors
    /// Also when the program says no.
    pub(crate) fn tell(&mut self, line: &str) -> anyhow::Result<Value> {
        let answer = self.ask(line)?;
        if answer["ok"] != true {
            bail!("{} refused `{line}`: {answer}", self.name);
        }
        Ok(answer)
    }

    /// Closes its input, which asks it to end, and waits.
    pub(crate) fn end(mut self) {
        self.input = None;
        for _ in 0..50 {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it ends by itself; whether it ended well.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub(crate) fn wait(mut self) -> anyhow::Result<bool> {
        Ok(self.child.wait()?.success())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
