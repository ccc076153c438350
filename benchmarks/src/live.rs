//! `bench live`: one event to nine other devices' read models over live connections, and an idle exchange.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use protocol::LiveFrame;
use tokio::runtime::Runtime;

use crate::device::Device;
use crate::fleet::START;
use crate::host::{number, port};
use crate::line::{Line, tls};
use crate::measure::{percentile_ms, say};
use crate::stage::Stage;

const DEVICES: usize = 10;

/// Starts a server and the ten devices as two processes.
pub(crate) fn run(events: usize, items: usize) -> Result<()> {
    let numbers = [
        ("DEVICES", DEVICES as u64),
        ("EVENTS", events as u64),
        ("ITEMS", items as u64),
    ];
    let stage = Stage::start("server", &numbers, START)?;
    stage.run(&["device", "seed"])?;
    stage.run(&["device", "live"])
}

/// A device with its connection.
struct Connected {
    device: Device,
    line: Line,
    runtime: Runtime,
}

impl Connected {
    fn new(n: u8) -> Result<Self> {
        let mut device = Device::enrol(&n.to_string(), n + 1)?;
        device.read_catalogue()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let line = runtime.block_on(Line::connect(&tls()?, port()?, &device.token()?))?;
        let mut connected = Self {
            device,
            line,
            runtime,
        };
        connected.exchange()?;
        Ok(connected)
    }

    fn next(&mut self) -> Result<LiveFrame> {
        let replica = &self.device.replica;
        let frame = self.line.next(|partition| {
            let cursor = replica.cursor(partition)?;
            Ok(exchange::position_of(cursor.unwrap_or_default()))
        });
        self.runtime.block_on(frame)
    }

    /// An exchange on the connection; entries that come before its answer are taken in.
    fn exchange(&mut self) -> Result<()> {
        loop {
            let request = self.device.request()?;
            self.runtime.block_on(self.line.send(&request))?;
            loop {
                match self.next()? {
                    LiveFrame::Reply(reply) => {
                        if self.device.take(reply)? {
                            break;
                        }
                        return Ok(());
                    }
                    LiveFrame::Refused(refusal) => bail!("refused: {}", refusal.code.code()),
                    // What they bring is in the answer as well.
                    LiveFrame::Entries(_) | LiveFrame::Packed(_) | LiveFrame::Hint(_) => {}
                }
            }
        }
    }

    /// Until so many events are in the read model.
    fn until(&mut self, events: u64) -> Result<()> {
        while self.device.replica.query().event_count()? < events {
            match self.next()? {
                LiveFrame::Entries(pushed) => {
                    let cursor = self.device.replica.cursor(pushed.partition)?;
                    if exchange::position_of(cursor.unwrap_or_default()).is_at(&pushed.after) {
                        let epoch = pushed.after.epoch;
                        self.device
                            .ingest(pushed.partition, epoch, &pushed.entries)?;
                    } else {
                        self.exchange()?;
                    }
                }
                LiveFrame::Hint(_) => self.exchange()?,
                LiveFrame::Reply(_) | LiveFrame::Refused(_) | LiveFrame::Packed(_) => {}
            }
        }
        Ok(())
    }
}

/// All ten devices; started by [`run`].
pub(crate) fn devices() -> Result<()> {
    let mut devices = (0..DEVICES as u8)
        .map(Connected::new)
        .collect::<Result<Vec<_>>>()?;
    // The others' records came while the last ones enrolled.
    for device in &mut devices {
        device.exchange()?;
    }
    let mut sender = devices.pop().context("a device")?;
    let idle = {
        let before = sender.line.bytes();
        let begun = Instant::now();
        sender.exchange()?;
        (sender.line.bytes() - before, begun.elapsed())
    };
    let (told, news) = mpsc::channel::<Result<(Instant, u64)>>();
    let mut workers = Vec::new();
    for mut device in devices {
        let (go, rounds) = mpsc::channel::<u64>();
        let told = told.clone();
        workers.push(go);
        std::thread::spawn(move || {
            for events in rounds {
                let before = device.line.bytes();
                let done = device.until(events);
                let _ = told.send(done.map(|()| (Instant::now(), device.line.bytes() - before)));
            }
        });
    }
    let (mut reached, mut last, mut acknowledged) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = Vec::new();
    for round in 1..=number("EVENTS")? as u64 {
        for worker in &workers {
            worker.send(round)?;
        }
        // A live event, not a stream of them.
        std::thread::sleep(Duration::from_millis(150));
        let begun = Instant::now();
        sender.device.scan()?;
        sender.exchange()?;
        acknowledged.push(begun.elapsed());
        let mut slowest = Duration::ZERO;
        for _ in &workers {
            let (at, taken) = news.recv_timeout(Duration::from_secs(30))??;
            reached.push(at - begun);
            slowest = slowest.max(at - begun);
            bytes.push(taken);
        }
        last.push(slowest);
    }
    let report = serde_json::json!({
        "bench": "live", "devices": DEVICES, "items": number("ITEMS")?, "events": last.len(),
        "commit_to_acknowledged_ms": { "p50": percentile_ms(&acknowledged, 50), "p99": percentile_ms(&acknowledged, 99) },
        "commit_to_read_model_ms": { "p50": percentile_ms(&reached, 50), "p99": percentile_ms(&reached, 99) },
        "commit_to_last_read_model_ms": { "p50": percentile_ms(&last, 50), "p99": percentile_ms(&last, 99) },
        "bytes_a_device_and_event": { "mean": bytes.iter().sum::<u64>() / bytes.len().max(1) as u64, "max": bytes.iter().max() },
        "idle_exchange": { "bytes": idle.0, "ms": idle.1.as_secs_f64() * 1e3 },
    });
    say(&report.to_string());
    Ok(())
}
