//! The server of a run as a process of its own, and programs that run beside it in the same surroundings.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// A child that is killed when it is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where a run takes place. What else the programs of the run read from their environment is given at the start.
pub(crate) struct Stage {
    /// Ends before its folder goes.
    server: Process,
    surroundings: Surroundings,
}

struct Surroundings {
    program: PathBuf,
    work: tempfile::TempDir,
    port: u16,
    numbers: Vec<(&'static str, u64)>,
}

impl Surroundings {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("WORK", self.work.path())
            .env("PORT", self.port.to_string());
        for (name, number) in &self.numbers {
            command.env(name, number.to_string());
        }
        command
    }
}

impl Stage {
    /// Starts this program's `server` command on a free port, and waits until it listens.
    pub(crate) fn start(
        server: &str,
        numbers: &[(&'static str, u64)],
        at_most: Duration,
    ) -> Result<Self> {
        let surroundings = Surroundings {
            program: std::env::current_exe()?,
            work: tempfile::tempdir()?,
            port: std::net::TcpListener::bind("127.0.0.1:0")?
                .local_addr()?
                .port(),
            numbers: numbers.to_vec(),
        };
        let mut command = surroundings.command(&[server]);
        let stage = Self {
            server: Process(command.stdout(Stdio::null()).spawn()?),
            surroundings,
        };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", stage.surroundings.port)).is_err() {
            if begun.elapsed() > at_most {
                bail!("the server does not listen");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(stage)
    }

    /// The server's number as a process.
    pub(crate) fn server(&self) -> u32 {
        self.server.0.id()
    }

    /// Another command of this program.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.surroundings.command(arguments)
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<()> {
        if !self.command(arguments).status()?.success() {
            bail!("{arguments:?} failed");
        }
        Ok(())
    }
}
