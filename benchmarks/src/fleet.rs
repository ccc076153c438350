//! Starts a server and a fleet as processes of their own and measures the phases.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::measure::{cpu_seconds, loopback_bytes, say, status_kb};
use crate::stage::{Process, Stage};

/// A new server listens after so long at most.
pub(crate) const START: Duration = Duration::from_secs(10);

struct Member {
    process: Process,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Member {
    fn answer(&mut self) -> Result<serde_json::Value> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            bail!("a device ended");
        }
        let value: serde_json::Value = serde_json::from_str(&line)?;
        if let Some(error) = value.get("err") {
            bail!("a device failed: {error}");
        }
        Ok(value)
    }
}

struct Phase {
    seconds: f64,
    megabytes: f64,
    server_cpu: f64,
    answers: Vec<serde_json::Value>,
}

fn phase(members: &mut [Member], server: u32, command: &str) -> Result<Phase> {
    let (bytes, cpu, begun) = (loopback_bytes(), cpu_seconds(server), Instant::now());
    for member in members.iter_mut() {
        writeln!(member.to, "{command}")?;
        member.to.flush()?;
    }
    let answers = members
        .iter_mut()
        .map(Member::answer)
        .collect::<Result<_>>()?;
    Ok(Phase {
        seconds: begun.elapsed().as_secs_f64(),
        megabytes: (loopback_bytes() - bytes) as f64 / 1e6,
        server_cpu: cpu_seconds(server) - cpu,
        answers,
    })
}

pub(crate) fn run(devices: usize, events: usize, items: usize) -> Result<()> {
    let numbers = [
        ("DEVICES", devices as u64),
        ("EVENTS", events as u64),
        ("ITEMS", items as u64),
    ];
    let stage = Stage::start("server", &numbers, START)?;
    let pid = stage.server();
    stage.run(&["device", "seed"])?;
    let mut members = Vec::new();
    for n in 0..devices {
        let mut child = stage
            .command(&["device", &n.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().context("stdin")?;
        let from = BufReader::new(child.stdout.take().context("stdout")?);
        let mut member = Member {
            process: Process(child),
            to,
            from,
        };
        member.answer()?;
        members.push(member);
    }
    let init = phase(&mut members, pid, "init")?;
    let offline = phase(&mut members, pid, "offline")?;
    let all = devices * events;
    let sync = phase(&mut members, pid, &format!("sync {all}"))?;
    phase(&mut members, pid, "bye")?;
    let idle = phase(&mut members, pid, &format!("sync {all}"))?;
    let hashes = phase(&mut members, pid, "hash")?.answers;
    let equal = hashes.windows(2).all(|pair| pair[0] == pair[1]);
    let us: Vec<f64> = offline
        .answers
        .iter()
        .filter_map(|a| a["us"].as_f64())
        .collect();
    let report = serde_json::json!({
        "devices": devices, "events_each": events, "items": items,
        "catalogue": { "s": init.seconds, "mb": init.megabytes },
        "offline_us_an_event": us.iter().sum::<f64>() / us.len().max(1) as f64,
        "sync": { "wall_s": sync.seconds, "mb": sync.megabytes, "server_cpu_s": sync.server_cpu },
        "idle_reconnect_kb_a_device": idle.megabytes * 1e3 / devices as f64,
        "server_peak_mb": status_kb(pid, "VmHWM") as f64 / 1e3,
        "device_peak_mb": members.iter().map(|m| status_kb(m.process.0.id(), "VmHWM")).max().unwrap_or(0) as f64 / 1e3,
        "state_hashes_equal": equal,
    });
    say(&serde_json::to_string_pretty(&report)?);
    if !equal {
        bail!("the devices do not agree");
    }
    Ok(())
}
