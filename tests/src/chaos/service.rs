//! The server as a service manager runs it: whenever it ends, it is started again.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use domain::EventHash;

use crate::processes::{Server, binary};
use testkit::random::Random;

/// What a service manager waits before it starts a program again.
pub(super) const RESTART_AFTER: Duration = Duration::from_millis(200);

/// The server over TLS, with a warehouse in it.
pub(super) struct Service {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    data: PathBuf,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// SHA-256 of its certificate.
    pub(super) fingerprint: [u8; 32],
    /// One-time codes for handhelds.
    pub(super) codes: Vec<String>,
}

struct Shared {
    child: Mutex<Option<Child>>,
    ending: AtomicBool,
    starts: AtomicU64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// Makes the warehouse in `folder`, which may exist, and serves it. Its log goes to `log`.
    pub(super) fn start(folder: &Path, log: &Path, random: &mut Random) -> Result<Self> {
        let mut demo = Server::demo_in(folder)?;
        demo.kill();
        let address = free_address(random)?;
        let fingerprint = sync_server::tls::self_signed(folder, vec!["localhost".to_owned()])?;
        let fingerprint = fingerprint.sha256();
        let mut command = Command::new(binary("tallyman-server")?);
        command
            .args(["serve", "--tls-self-signed", "--listen"])
            .arg(address.to_string())
            .arg("--data")
            .arg(folder)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null());
        let errors = File::options().create(true).append(true).open(log)?;
        let shared = Arc::new(Shared {
            child: Mutex::new(None),
            ending: AtomicBool::new(false),
            starts: AtomicU64::new(0),
        });
        let of_thread = shared.clone();
        let thread = thread::spawn(move || supervise(&of_thread, &mut command, &errors));
        Ok(Self {
            shared,
            thread: Some(thread),
            data: folder.to_owned(),
            address,
            fingerprint,
            codes: demo.codes.clone(),
        })
    }

    /// `kill -9`.
    pub(super) fn kill(&self) {
        if let Some(child) = self.shared.lock().as_mut() {
            // It may have ended by itself.
            let _ = child.kill();
        }
    }

    /// `SIGSTOP`, or `SIGCONT`.
    pub(super) fn halt(&self, halted: bool) -> Result<()> {
        // The lock keeps the number from being given to another process meanwhile.
        if let Some(id) = self.shared.lock().as_ref().map(Child::id) {
            signal(if halted { "STOP" } else { "CONT" }, id)?;
        }
        Ok(())
    }

    /// How often it was started.
    pub(super) fn starts(&self) -> u64 {
        self.shared.starts.load(Ordering::Relaxed)
    }

    fn replica(&self) -> Result<replica::Replica> {
        let options = replica::OpenOptions::file(self.data.join("replica.db"), None, [1; 8]);
        Ok(replica::Replica::open(options)?)
    }

    /// The hash of what it shows of its site.
    pub(super) fn state_hash(&self) -> Result<String> {
        let replica = self.replica()?;
        let site = replica.query().sites()?.first().context("a site")?.id;
        Ok(replica.state_hash(site)?.to_string())
    }

    /// How many events it holds.
    pub(super) fn event_count(&self) -> Result<u64> {
        Ok(self.replica()?.query().event_count()?)
    }

    /// Those of the events that it does not hold, or holds in quarantine.
    pub(super) fn missing(&self, events: &[EventHash]) -> Result<Vec<EventHash>> {
        let replica = self.replica()?;
        let query = replica.query();
        let mut missing = Vec::new();
        for hash in events {
            let found = query.event_by_hash(*hash)?;
            if found.is_none_or(|row| row.placed.event.quarantined) {
                missing.push(*hash);
            }
        }
        Ok(missing)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        self.kill();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn supervise(shared: &Shared, command: &mut Command, log: &File) {
    while !shared.ending.load(Ordering::Relaxed) {
        let started = log.try_clone().and_then(|log| {
            let log_too = log.try_clone()?;
            command.stdout(log).stderr(log_too).spawn()
        });
        match started {
            Ok(child) => {
                shared.starts.fetch_add(1, Ordering::Relaxed);
                *shared.lock() = Some(child);
            }
            Err(error) => eprintln!("the server cannot be started: {error}"),
        }
        loop {
            let mut child = shared.lock();
            // Under the lock, so that nobody signals a process that is gone.
            let ended = !matches!(child.as_mut().map(Child::try_wait), Some(Ok(None)));
            if ended {
                *child = None;
                break;
            }
            drop(child);
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(RESTART_AFTER);
    }
}

/// Sends a signal by its name. A process that has ended meanwhile takes none.
pub(super) fn signal(name: &str, id: u32) -> Result<()> {
    // No kill of Rust's own knows other signals, and every shell does.
    Command::new("sh")
        .args(["-c", &format!("kill -{name} {id} 2>/dev/null || true")])
        .status()?;
    Ok(())
}

/// Below the ports that outgoing connections take: those would be in the way of a server that starts again.
fn free_address(random: &mut Random) -> Result<SocketAddr> {
    for _ in 0..100 {
        let port = 20_000 + random.below(12_000) as u16;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return Ok(listener.local_addr()?);
        }
    }
    bail!("no free port between 20000 and 32000")
}
