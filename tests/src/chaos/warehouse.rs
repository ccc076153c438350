//! The server, its handhelds, the lines between them, and disks that can be filled.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use domain::EventHash;

use super::disk::Disk;
use super::faults::Fault;
use super::operator::{Begin, Operator};
use super::service::Service;
use crate::relay::{Line, Relay};
use testkit::random::Random;

/// Longer than anything takes to come right again, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// Fields are dropped in this order: who works on a disk goes before it.
pub(super) struct Warehouse {
    pub(super) operators: Vec<Operator>,
    pub(super) relays: Vec<Relay>,
    pub(super) service: Service,
    handheld_disk: Option<Disk>,
    server_disk: Option<Disk>,
    /// Events that were there before anybody worked.
    events_before: u64,
    /// How many of each operator's events were looked for on the server, and found.
    found: Vec<usize>,
    /// What was told of a full disk, and whether work then went on without a new start.
    pub(super) full: Vec<FullDisk>,
    filled_at: Option<BeforeFull>,
}

/// One time that a handheld's disk was full.
pub(super) struct FullDisk {
    pub(super) restarted: bool,
}

struct BeforeFull {
    told: u64,
    starts: u64,
}

impl Warehouse {
    /// Opens it in `folder`, with so many handhelds at work. `disk_mib`: the size of the small disks.
    pub(super) fn open(
        folder: &Path,
        handhelds: usize,
        disk_mib: u64,
        random: &mut Random,
    ) -> Result<Self> {
        let server_data = folder.join("server");
        let server_disk = Disk::mount(&server_data, disk_mib)?;
        let handheld_disk = Disk::mount(&folder.join("handheld-0"), disk_mib)?;
        let service = Service::start(&server_data, &folder.join("server.log"), random)?;
        let events_before = service.event_count()?;
        let mut relays = Vec::new();
        let mut operators = Vec::new();
        for number in 0..handhelds {
            let relay = Relay::to(service.address, random.bits())?;
            let invitation = protocol::Invitation {
                url: format!("https://{}", relay.address()),
                code: service.codes.get(number).context("a code")?.clone(),
                fingerprint: Some(service.fingerprint),
            };
            operators.push(Operator::begin(Begin {
                number,
                data: folder.join(format!("handheld-{number}")),
                log: folder.join(format!("handheld-{number}.log")),
                invitation: invitation.to_text(),
                random: Random::new(random.bits()),
            })?);
            relays.push(relay);
        }
        Ok(Self {
            operators,
            relays,
            service,
            handheld_disk,
            server_disk,
            events_before,
            found: vec![0; handhelds],
            full: Vec::new(),
            filled_at: None,
        })
    }

    /// Whether disks can be filled here.
    pub(super) const fn has_disks(&self) -> bool {
        self.handheld_disk.is_some() && self.server_disk.is_some()
    }

    /// Something goes wrong.
    pub(super) fn begin(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::KillHandheld(n) => self.operators[n].kill_handheld()?,
            Fault::KillServer => self.service.kill(),
            Fault::HaltServer => self.service.halt(true)?,
            Fault::CutLine(n) => self.relays[n].set(Line::Cut),
            Fault::StallLine(n) => self.relays[n].set(Line::Stalled),
            Fault::SlowLine(n) => self.relays[n].set(Line::Slow(8_000)),
            Fault::CorruptLine(n) => self.relays[n].set(Line::Corrupt),
            Fault::LoseLine(n) => self.relays[n].lose_open(),
            Fault::FillServer => {
                self.server_disk.as_ref().context("a disk")?.fill()?;
            }
            Fault::FillHandheld => {
                self.handheld_disk.as_ref().context("a disk")?.fill()?;
                self.filled_at = Some(BeforeFull {
                    told: self.told_full(),
                    starts: self.operators[0].diary().starts,
                });
                self.operators[0].hurry(true);
            }
        }
        Ok(())
    }

    /// It is over. Nobody repairs anything else.
    pub(super) fn end(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::KillHandheld(_) | Fault::KillServer | Fault::LoseLine(_) => {}
            Fault::HaltServer => self.service.halt(false)?,
            Fault::CutLine(n)
            | Fault::StallLine(n)
            | Fault::SlowLine(n)
            | Fault::CorruptLine(n) => self.relays[n].set(Line::Good),
            Fault::FillServer => self.server_disk.as_ref().context("a disk")?.release()?,
            Fault::FillHandheld => self.end_full_disk()?,
        }
        Ok(())
    }

    /// How often the operator of handheld 0 was told that its disk is full.
    fn told_full(&self) -> u64 {
        let diary = self.operators[0].diary();
        let told = |code| diary.told.get(code).copied().unwrap_or_default();
        told("disk-full") + told("disk-full-at-start")
    }

    /// The operator must have been told; when there is room again, work must go on.
    fn end_full_disk(&mut self) -> Result<()> {
        let before = self.filled_at.take().context("a full disk")?;
        self.wait("nobody is told that the disk is full", |w| {
            Ok(w.told_full() > before.told)
        })?;
        let disk = self.handheld_disk.as_ref().context("a disk")?;
        disk.release()?;
        let saved = self.operators[0].diary().acknowledged.len();
        self.wait("there is room again, and work does not go on", |w| {
            Ok(w.operators[0].diary().acknowledged.len() > saved)
        })?;
        self.operators[0].hurry(false);
        let restarted = self.operators[0].diary().starts != before.starts;
        self.full.push(FullDisk { restarted });
        Ok(())
    }

    /// Fails with `complaint` if something does not hold in time, and at once if an operator has met what must not be.
    fn wait(&self, complaint: &str, holds: impl Fn(&Self) -> Result<bool>) -> Result<()> {
        let since = Instant::now();
        while !holds(self)? {
            for (n, operator) in self.operators.iter().enumerate() {
                if let Some(broken) = &operator.diary().broken {
                    bail!("handheld {n}: {broken}");
                }
            }
            if since.elapsed() > PATIENCE {
                let rests: Vec<_> = self
                    .operators
                    .iter()
                    .map(|o| o.diary().rest.clone())
                    .collect();
                let server = self.service.state_hash();
                bail!("{complaint}; handhelds {rests:?}, server {server:?}");
            }
            thread::sleep(Duration::from_millis(25));
        }
        Ok(())
    }

    /// The operators rest until all is everywhere, and then all must be right. Returns how long it took.
    pub(super) fn settle(&mut self, healed: Instant) -> Result<Duration> {
        for operator in &self.operators {
            operator.rest(true);
        }
        self.wait("it does not settle", Self::is_settled)?;
        let took = healed.elapsed();
        self.check()?;
        for operator in &self.operators {
            operator.rest(false);
        }
        Ok(took)
    }

    fn is_settled(&self) -> Result<bool> {
        let mut hashes = Vec::new();
        for operator in &self.operators {
            let Some(rest) = operator.diary().rest.clone() else {
                return Ok(false);
            };
            if rest.waiting > 0 || !rest.online || !rest.sync_error.is_null() {
                return Ok(false);
            }
            hashes.push(rest.state_hash);
        }
        // The server may be in the middle of its start.
        let Ok(of_server) = self.service.state_hash() else {
            return Ok(false);
        };
        Ok(hashes.iter().all(|hash| *hash == of_server))
    }

    /// Every acknowledged event is on the server, none is in quarantine, and nothing is there that nobody did.
    fn check(&mut self) -> Result<()> {
        let (mut acknowledged, mut unanswered) = (0, 0);
        for (n, operator) in self.operators.iter().enumerate() {
            let diary = operator.diary();
            let missing = self.service.missing(&diary.acknowledged[self.found[n]..])?;
            report_missing(n, &missing)?;
            self.found[n] = diary.acknowledged.len();
            acknowledged += diary.acknowledged.len() as u64;
            unanswered += diary.unanswered;
        }
        let there = self.service.event_count()? - self.events_before;
        ensure!(
            (acknowledged..=acknowledged + unanswered).contains(&there),
            "{there} events are there, of which {acknowledged} were acknowledged and at most {unanswered} more asked for"
        );
        Ok(())
    }

    /// The next check looks for every acknowledged event again.
    pub(super) fn look_for_all(&mut self) {
        self.found.fill(0);
    }

    /// Copies what is on the small disks beside them, to be looked at.
    pub(super) fn save_disks(&self, folder: &Path) -> Result<()> {
        for (disk, name) in [
            (&self.server_disk, "server-disk"),
            (&self.handheld_disk, "handheld-disk"),
        ] {
            if let Some(disk) = disk {
                disk.save(&folder.join(name))?;
            }
        }
        Ok(())
    }
}

fn report_missing(handheld: usize, missing: &[EventHash]) -> Result<()> {
    let Some(first) = missing.first() else {
        return Ok(());
    };
    bail!(
        "{} events that handheld {handheld} acknowledged are missing on the server or in quarantine, such as {first}",
        missing.len()
    )
}
