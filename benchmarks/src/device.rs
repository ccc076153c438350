//! One device of the fleet. Commands on stdin, one JSON line each on stdout: `init`, `offline`, `sync N`, `one`,
//! `wait N`, `bye`; started with `seed` it makes the catalogue and ends.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use documents::segment::Accepted;
use documents::{Partition, SigningKey};
use domain::{BinId, ItemId, OperatorId};
use protocol::{EnrolReply, EnrolRequest, PartitionRequest, PushOutcome, SyncReply, SyncRequest};
use replica::{Commit, DatabaseKey, Identity, NewEvent, OpenOptions, Replica};
use sync_core::Gather;
use tokio::runtime::Runtime;

use crate::host::{SITE, number, port, work};
use crate::measure::say;
use crate::workload::{self, Random, T0};

pub(crate) struct Device {
    pub(crate) replica: Replica,
    runtime: Runtime,
    http: reqwest::Client,
    url: String,
    random: Random,
    pub(crate) items: Vec<ItemId>,
    bins: Vec<BinId>,
    written: i64,
    operator: OperatorId,
}

fn client() -> Result<reqwest::Client> {
    // The handheld pins the certificate; here only the cost of TLS matters.
    Ok(reqwest::Client::builder()
        .danger_accept_invalid_certs(true)
        .no_proxy()
        .build()?)
}

impl Device {
    pub(crate) fn enrol(name: &str, n: u8) -> Result<Self> {
        let codes = std::fs::read_to_string(work()?.join("codes.txt"))?;
        let code = codes
            .lines()
            .find_map(|l| l.strip_prefix(name)?.strip_prefix(' '))
            .with_context(|| format!("no code for {name}"))?;
        let folder = work()?.join(format!("dev{name}"));
        std::fs::create_dir_all(&folder)?;
        let key = DatabaseKey::from_bytes([n; 32]);
        let replica = Replica::open(OpenOptions::file(
            folder.join("replica.db"),
            Some(key),
            [n; 8],
        ))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let mut device = Self {
            replica,
            runtime,
            http: client()?,
            url: format!("https://127.0.0.1:{}", port()?),
            random: Random::new(100 + u64::from(n)),
            items: Vec::new(),
            bins: workload::bins(),
            written: 0,
            operator: OperatorId::from_bytes([n; 16]),
        };
        let signing = SigningKey::from_seed(&[n ^ 0x55; 32]);
        let answer = device.post(
            protocol::ENROL_PATH,
            None,
            EnrolRequest::new(code, "", &signing).to_bytes(),
        )?;
        let reply = EnrolReply::from_bytes(&answer)?;
        let certificates: Vec<Vec<u8>> = reply.certificates.into_iter().map(Vec::from).collect();
        let identity = Identity {
            organisation: reply.organisation,
            device: reply.device,
            device_name: reply.device_name,
            site: reply.site,
            key: signing,
            server_key: reply.server_key,
            server_url: device.url.clone(),
            pinned_certificate: None,
            token: reply.token,
            pepper: reply.pepper,
        };
        device.replica.enrol(identity, &certificates)?;
        Ok(device)
    }

    fn post(&self, path: &str, token: Option<&str>, body: Vec<u8>) -> Result<Vec<u8>> {
        self.runtime.block_on(async {
            let mut request = self.http.post(format!("{}{path}", self.url)).body(body);
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let response = request.send().await?;
            if !response.status().is_success() {
                bail!("the hub answers {}", response.status());
            }
            Ok(response.bytes().await?.to_vec())
        })
    }

    pub(crate) fn request(&mut self) -> Result<SyncRequest> {
        let ask = Gather {
            push_after: BTreeMap::new(),
            carry: BTreeSet::new(),
            bytes_max: 4 << 20,
        };
        let gathered = exchange::gather(&mut self.replica, &ask, T0, "bench")?;
        let partitions = gathered.partitions.into_iter().map(PartitionRequest::from);
        Ok(SyncRequest {
            versions: protocol::VERSIONS,
            status: gathered.status,
            partitions: partitions.collect(),
            reply_bytes_max: 4 << 20,
        })
    }

    /// Takes an answer in. Returns whether there is more to do.
    pub(crate) fn take(&mut self, reply: SyncReply) -> Result<bool> {
        let mut more = false;
        for part in reply.partitions {
            if part.outcome != PushOutcome::Held {
                bail!("pushed: {:?}", part.outcome);
            }
            self.ingest(part.partition, reply.epoch, &part.entries)?;
            more |= part.more;
        }
        Ok(more)
    }

    pub(crate) fn ingest(
        &mut self,
        partition: Partition,
        epoch: [u8; 16],
        entries: &[Accepted],
    ) -> Result<()> {
        let now = T0 + self.written;
        let done = self.replica.ingest(partition, epoch, entries, now)?;
        if let Some(rejected) = done.rejected {
            bail!("rejected: {rejected}");
        }
        Ok(())
    }

    pub(crate) fn token(&self) -> Result<String> {
        Ok(self.replica.enrolled()?.token.clone())
    }

    /// One round trip. Returns whether there is more to do.
    pub(crate) fn exchange(&mut self) -> Result<bool> {
        let request = self.request()?;
        let token = self.token()?;
        let answer = self.post(protocol::SYNC_PATH, Some(&token), request.to_bytes())?;
        self.take(SyncReply::from_bytes(&answer)?)
    }

    /// Reads the log to its end.
    pub(crate) fn read_catalogue(&mut self) -> Result<()> {
        while self.exchange()? {}
        let items = self.replica.query().items(0, u32::MAX)?;
        self.items = items.into_iter().map(|i| i.id).collect();
        Ok(())
    }

    pub(crate) fn scan(&mut self) -> Result<()> {
        let body = workload::event(&self.items, &self.bins, &mut self.random);
        self.written += 1;
        let commit = Commit {
            operator: Some(self.operator),
            site: Some(SITE),
            events: vec![NewEvent::from(body)],
            ..Commit::default()
        };
        self.replica.commit(commit, T0 + self.written * 4_000)?;
        Ok(())
    }

    fn until(&mut self, events: u64) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(180);
        loop {
            let more = self.exchange()?;
            if self.replica.query().event_count()? >= events {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(anyhow!(
                    "{} of {events} events",
                    self.replica.query().event_count()?
                ));
            }
            if !more {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    fn obey(&mut self, line: &str) -> Result<serde_json::Value> {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap_or_default();
        let count = || -> Result<u64> {
            Ok(line
                .split_whitespace()
                .nth(1)
                .context("a number")?
                .parse()?)
        };
        match command {
            "init" => {
                self.read_catalogue()?;
                if self.items.len() != number("ITEMS")? {
                    bail!("{} items", self.items.len());
                }
            }
            "offline" => {
                let begun = Instant::now();
                let events = number("EVENTS")?;
                for _ in 0..events {
                    self.scan()?;
                }
                let us = begun.elapsed().as_secs_f64() * 1e6 / events as f64;
                return Ok(serde_json::json!({ "ok": 1, "us": us }));
            }
            "sync" | "wait" => self.until(count()?)?,
            "one" => {
                self.scan()?;
                self.exchange()?;
            }
            // A new connection next time, as after a night in the drawer.
            "bye" => self.http = client()?,
            "hash" => {
                let hash = self.replica.state_hash(SITE)?.to_string();
                return Ok(serde_json::json!({ "ok": 1, "hash": hash }));
            }
            other => bail!("no command {other}"),
        }
        Ok(serde_json::json!({ "ok": 1, "us": 0 }))
    }
}

pub(crate) fn run(name: &str) -> Result<()> {
    if name == "seed" {
        return seed();
    }
    let n: u8 = name.parse()?;
    let mut device = Device::enrol(name, n + 1)?;
    say(r#"{"ready":1}"#);
    for line in std::io::stdin().lock().lines() {
        let answer = match device.obey(&line?) {
            Ok(answer) => answer,
            Err(error) => serde_json::json!({ "err": format!("{error:#}") }),
        };
        say(&answer.to_string());
    }
    Ok(())
}

/// The catalogue is one device's work: records in the shared partition.
fn seed() -> Result<()> {
    let mut device = Device::enrol("seed", 0xee)?;
    let mut random = Random::new(1);
    let total = number("ITEMS")?;
    let mut made = 0;
    while made < total {
        let mut edits = Vec::new();
        while edits.len() < 1_000 && made < total {
            let id = ItemId::from_bytes(device.replica.new_id(T0));
            edits.push(workload::item(id, made, &mut random));
            made += 1;
        }
        device.replica.commit(
            Commit {
                edits,
                ..Commit::default()
            },
            T0,
        )?;
    }
    while device.replica.accepted_seq(Partition::Shared)?
        < device.replica.own_head(Partition::Shared)?.seq
        || device.replica.waiting()?.total() > 0
    {
        device.exchange()?;
    }
    Ok(())
}
