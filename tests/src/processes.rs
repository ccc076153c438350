//! The real binaries as child processes: the server, and handhelds without a display.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use sync_server::clock::Clock;
use sync_server::hub::Hub;
use sync_server::store::Database;

/// A binary of this workspace, built beside the tests.
///
/// # Errors
/// It is not there.
pub fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    // A program lies beside it, a test one folder below.
    let found = own.ancestors().skip(1).take(2);
    let found = found.map(|folder| folder.join(name)).find(|p| p.exists());
    found.with_context(|| {
        format!("{name} is not built: run `cargo build -p device-app -p sync-server` first")
    })
}

/// A child that is killed when it is dropped.
pub struct Process(Child);

impl Process {
    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts the server over its data, and waits for the first line that it prints, when it listens; empty if it ended.
fn start_server(command: &[&str], data: &Path, node: Option<&Path>) -> Result<(Process, String)> {
    let mut child = Command::new(binary("tallyman-server")?)
        .args(command)
        .arg("--data")
        .arg(data)
        .args(node.iter().flat_map(|node| [Path::new("--node"), node]))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let said = child.stdout.take().context("stdout")?;
    let process = Process(child);
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line)?;
    Ok((process, line))
}

/// The server with a demo warehouse.
pub struct Server {
    process: Process,
    data: PathBuf,
    /// Where it keeps its replica, if it is one of several over its data.
    node: Option<PathBuf>,
    /// Where it listens.
    pub url: String,
    /// One-time codes for handhelds.
    pub codes: Vec<String>,
    /// Signs its administrator in, once.
    pub sign_in_link: String,
}

impl Server {
    /// Makes the warehouse and serves.
    ///
    /// # Errors
    /// The server does not start, as of all functions here.
    pub fn demo(folder: &Path) -> Result<Self> {
        Self::demo_in(&folder.join("server"))
    }

    /// As [`Server::demo`], with its data in this very folder.
    pub fn demo_in(data: &Path) -> Result<Self> {
        let (process, line) = start_server(&["demo"], data, None)?;
        let hello: Value =
            serde_json::from_str(&line).with_context(|| format!("the server says {line:?}"))?;
        let codes = hello["enrolment"].as_array().context("codes")?;
        let codes = codes.iter().filter_map(|c| c.as_str().map(str::to_owned));
        Ok(Self {
            process,
            data: data.to_owned(),
            node: None,
            url: hello["url"].as_str().context("url")?.to_owned(),
            codes: codes.collect(),
            sign_in_link: hello["sign_in_link"].as_str().context("link")?.to_owned(),
        })
    }

    /// A further server over the same data, on an address of its own. It keeps its replica in a folder of that name.
    pub fn beside(&self, name: &str) -> Result<Self> {
        let node = self.data.join(name);
        let serve = ["serve", "--listen", "127.0.0.1:0"];
        let (process, line) = start_server(&serve, &self.data, Some(&node))?;
        Ok(Self {
            process,
            data: self.data.clone(),
            node: Some(node),
            url: line.split_whitespace().last().context("url")?.to_owned(),
            codes: Vec::new(),
            // The store's own, which the first one printed.
            sign_in_link: self.sign_in_link.clone(),
        })
    }

    /// `kill -9`, then the same data on the same address.
    pub fn kill_and_restart(&mut self) -> Result<()> {
        self.process.kill();
        self.restart()
    }

    /// Serves the same data on the same address.
    pub fn restart(&mut self) -> Result<()> {
        let address = self.url.trim_start_matches("http://").to_owned();
        let serve = ["serve", "--listen", &address];
        let (process, line) = start_server(&serve, &self.data, self.node.as_deref())?;
        self.process = process;
        if line.is_empty() {
            bail!("the server does not come back")
        }
        Ok(())
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// An admin command over its data, while it is killed; what it says.
    pub fn admin(&self, arguments: &[&str]) -> Result<String> {
        let (command, rest) = arguments.split_first().context("a command")?;
        let output = Command::new(binary("tallyman-server")?)
            .arg(command)
            .arg("--data")
            .arg(&self.data)
            .args(rest)
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(said)
    }

    /// The folder of its data.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The server's replica, once it has been killed. It may have been a little behind the log, as any reader of it;
    /// what a server that starts does first brings it up.
    pub fn replica(&self) -> Result<replica::Replica> {
        let database = std::sync::Arc::new(Database::open(&self.data.join("hub.db"))?);
        Hub::open(&self.data, database, Clock::system().now())?;
        let options = replica::OpenOptions::file(self.data.join("replica.db"), None, [1; 8]);
        Ok(replica::Replica::open(options)?)
    }
}

/// A handheld without a display.
pub struct Handheld {
    process: Process,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    data: PathBuf,
    frames: Option<PathBuf>,
    clock_offset_s: i64,
    neighbours: Option<SocketAddr>,
}

impl Handheld {
    /// Starts it over its folder. `clock_offset_s`: its clock minus the true one.
    pub fn start(data: &Path, clock_offset_s: i64, frames: Option<&Path>) -> Result<Self> {
        Self::launch(data, clock_offset_s, frames, None, Stdio::null())
    }

    /// The same, listening for its neighbours there.
    pub fn near(data: &Path, clock_offset_s: i64, neighbours: SocketAddr) -> Result<Self> {
        Self::launch(data, clock_offset_s, None, Some(neighbours), Stdio::null())
    }

    /// With the true time, and its errors appended to a file.
    pub fn start_with_log(data: &Path, log: &Path) -> Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        Self::launch(data, 0, None, None, log.into())
    }

    fn launch(
        data: &Path,
        clock_offset_s: i64,
        frames: Option<&Path>,
        neighbours: Option<SocketAddr>,
        errors: Stdio,
    ) -> Result<Self> {
        let mut command = Command::new(binary("tallyman")?);
        command
            .args(["--headless", "--script", "-", "--language", "en", "--data"])
            .arg(data)
            .arg(format!("--clock-offset-seconds={clock_offset_s}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors);
        if let Some(frames) = frames {
            command.arg("--frames").arg(frames);
        }
        if let Some(neighbours) = neighbours {
            command.arg(format!("--neighbours={neighbours}"));
        }
        let mut child = command.spawn()?;
        let to = child.stdin.take().context("stdin")?;
        let from = BufReader::new(child.stdout.take().context("stdout")?);
        Ok(Self {
            process: Process(child),
            to,
            from,
            data: data.to_owned(),
            frames: frames.map(Path::to_owned),
            clock_offset_s,
            neighbours,
        })
    }

    /// Its number as a process.
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// The folder of its database.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Sends a line without waiting for the answer.
    pub fn send(&mut self, line: &str) -> Result<()> {
        writeln!(self.to, "{line}")?;
        Ok(self.to.flush()?)
    }

    /// The next answer; `None` when the process has ended.
    pub fn answer(&mut self) -> Result<Option<Value>> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 || !line.ends_with('\n') {
            return Ok(None);
        }
        Ok(Some(
            serde_json::from_str(&line).with_context(|| format!("no JSON: {line:?}"))?,
        ))
    }

    /// One line and its answer, whatever it says.
    pub fn tell(&mut self, line: &str) -> Result<Value> {
        self.send(line)?;
        self.answer()?
            .with_context(|| format!("no answer to {line:?}"))
    }

    /// One line that must go well.
    pub fn must(&mut self, line: &str) -> Result<Value> {
        let answer = self.tell(line)?;
        if answer["ok"] != Value::Bool(true) {
            bail!("{line:?}: {answer}");
        }
        Ok(answer)
    }

    /// `kill -9`; answers that were already written can still be read.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Kills it and starts again over the same folder, another day.
    pub fn restart_on(&mut self, clock_offset_s: i64) -> Result<Self> {
        self.kill();
        let frames = self.frames.as_deref();
        let neighbours = self.neighbours;
        Self::launch(
            &self.data,
            clock_offset_s,
            frames,
            neighbours,
            Stdio::null(),
        )
    }

    /// Kills it and starts again over the same folder.
    pub fn restart(&mut self) -> Result<Self> {
        self.restart_on(self.clock_offset_s)
    }

    /// Lets it end by itself.
    pub fn quit(mut self) -> Result<()> {
        self.must("quit")?;
        self.process.0.wait()?;
        Ok(())
    }

    /// What all it shows hashes to.
    pub fn state_hash(&mut self) -> Result<String> {
        let answer = self.must("state-hash")?;
        Ok(answer["state_hash"]
            .as_str()
            .with_context(|| format!("{answer}"))?
            .to_owned())
    }
}
