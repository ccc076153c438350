//! What a scan costs on a big site. The reference is the same row written bare: one INSERT, one fsync, same disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use documents::certificate::{Certificate, Role};
use documents::segment::{Accepted, SegmentStatus};
use documents::{Partition, SigningKey};
use domain::ledger::StockKey;
use domain::{ChainId, DeviceId, ItemId, OperatorId, OrganisationId, SiteId};
use replica::{Commit, DatabaseKey, Identity, NewEvent, OpenOptions, Replica};

use crate::measure::{percentile_ms, say, status_kb};
use crate::workload::{self, Random, T0};

pub(crate) const SITE: SiteId = SiteId::from_bytes([0x51; 16]);
/// The log of the hub that is played here.
pub(crate) const EPOCH: [u8; 16] = [1; 16];
const OPERATOR: OperatorId = OperatorId::from_bytes([0x0b; 16]);

pub(crate) fn enrolled(path: &Path, random: u8, cache_kib: Option<u32>) -> Result<Replica> {
    let key = DatabaseKey::from_bytes([9; 32]);
    let mut options = OpenOptions::file(path, Some(key), [random; 8]);
    options.cache_kib = cache_kib.unwrap_or(options.cache_kib);
    let mut replica = Replica::open(options)?;
    if replica.identity().is_none() {
        let signing = SigningKey::from_seed(&[1; 32]);
        let certificate = Certificate {
            organisation: OrganisationId::from_bytes([1; 16]),
            device: DeviceId::from_bytes([2; 16]),
            key: signing.public(),
            shared_chain: ChainId::from_bytes([3; 16]),
            site: SITE,
            site_chain: ChainId::from_bytes([4; 16]),
            role: Role::Handheld,
            issued_at: T0,
            copy_of: None,
        };
        let identity = Identity {
            organisation: certificate.organisation,
            device: certificate.device,
            device_name: "bench".into(),
            site: SITE,
            server_key: signing.public(),
            server_url: String::new(),
            pinned_certificate: None,
            token: "bench".into(),
            pepper: [0; 32],
            key: signing.clone(),
        };
        replica.enrol(identity, &[certificate.sign(&signing)])?;
    }
    Ok(replica)
}

fn one(body: domain::EventBody) -> Commit {
    many(vec![body])
}

pub(crate) fn many(bodies: Vec<domain::EventBody>) -> Commit {
    Commit {
        operator: Some(OPERATOR),
        site: Some(SITE),
        events: bodies.into_iter().map(NewEvent::from).collect(),
        ..Commit::default()
    }
}

/// Makes the file: catalogue and history, sealed and accepted as after a sync. In a process of its own, so that what it
/// needs in memory is not counted to the handheld.
pub(crate) fn load(items: usize, events: usize, path: &Path) -> Result<()> {
    let mut random = Random::new(1);
    // The load is not what is measured: it may hold the whole file in memory.
    let mut replica = enrolled(path, 1, Some(3_000_000))?;
    let bins = workload::bins();
    let begun = Instant::now();
    let mut ids: Vec<ItemId> = Vec::with_capacity(items);
    while ids.len() < items {
        let mut edits = Vec::new();
        while edits.len() < 5_000 && ids.len() < items {
            let id = ItemId::from_bytes(replica.new_id(T0));
            edits.push(workload::item(id, ids.len(), &mut random));
            ids.push(id);
        }
        replica.commit(
            Commit {
                edits,
                ..Commit::default()
            },
            T0,
        )?;
    }
    accept(&mut replica, Partition::Shared, T0)?;
    let catalogue = begun.elapsed();
    let begun = Instant::now();
    let mut written = 0;
    while written < events {
        let batch = 50_000.min(events - written);
        let bodies = (0..batch)
            .map(|_| workload::event(&ids, &bins, &mut random))
            .collect();
        let now = T0 + written as i64 * 400;
        replica.commit(many(bodies), now)?;
        accept(&mut replica, Partition::Site(SITE), now + batch as i64)?;
        written += batch;
    }
    let history = begun.elapsed();
    say(&format!(
        "{items} items in {:.1} s, {events} events in {:.1} s ({:.0} us each); file {} MB",
        catalogue.as_secs_f64(),
        history.as_secs_f64(),
        history.as_secs_f64() * 1e6 / events.max(1) as f64,
        std::fs::metadata(path)?.len() / 1_000_000,
    ));
    Ok(())
}

/// Plays the hub, whose key is the device's own here: everything written so far is accepted.
pub(crate) fn accept(replica: &mut Replica, partition: Partition, now: i64) -> Result<()> {
    replica.seal(partition)?;
    let key = replica.enrolled()?.key.clone();
    let after = replica.accepted_seq(partition)?;
    let segments = replica.own_segments_after(partition, after, usize::MAX)?;
    let mut entries = Vec::with_capacity(segments.len());
    for (number, segment) in (after + 1..).zip(segments) {
        let accepted = Accepted::sign(number, now, SegmentStatus::Live, segment, &key);
        entries.push(Accepted {
            segment: None,
            ..accepted
        });
    }
    let done = replica.ingest(partition, EPOCH, &entries, now)?;
    anyhow::ensure!(done.rejected.is_none(), "{:?}", done.rejected);
    Ok(())
}

pub(crate) fn run(
    items: usize,
    events: usize,
    scans: usize,
    folder: Option<PathBuf>,
) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = folder.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("bench-replica.db");
    let loaded = std::process::Command::new(std::env::current_exe()?)
        .arg("make-file")
        .arg(&path)
        .args([
            "--items",
            &items.to_string(),
            "--events",
            &events.to_string(),
        ])
        .status()?;
    anyhow::ensure!(loaded.success(), "the load failed");

    let mut random = Random::new(2);
    let bins = workload::bins();
    let begun = Instant::now();
    let mut replica = enrolled(&path, 2, None)?;
    let opened = begun.elapsed();
    let home = {
        let begun = Instant::now();
        replica
            .query()
            .events(&replica::query::EventFilter::default(), 20)?;
        replica.waiting()?;
        begun.elapsed()
    };
    let idle_rss = status_kb(std::process::id(), "VmRSS");
    let ids: Vec<ItemId> = (0..2_000)
        .map(|_| {
            let code = format!("SKU-{:06}", random.below(items as u64));
            let found = replica.query().items_by_code(&code)?;
            found.first().map(|m| m.item.id).context("an item")
        })
        .collect::<Result<_>>()?;

    let now = T0 + events as i64 * 400;
    let mut took: Vec<Duration> = Vec::with_capacity(scans);
    let mut looked: Vec<Duration> = Vec::with_capacity(scans);
    let mut floor: Vec<Duration> = Vec::with_capacity(scans);
    let bare = bare_database(&folder)?;
    for n in 0..scans {
        let item = ids[random.below(ids.len() as u64) as usize];
        let code = format!("SKU-{:06}", random.below(items as u64));
        let begun = Instant::now();
        let found = replica.query().items_by_code(&code)?;
        let key = StockKey {
            bin: bins[0],
            item: found.first().map_or(item, |m| m.item.id),
            lot: None,
        };
        replica.query().balance(SITE, &key)?;
        looked.push(begun.elapsed());
        let body = workload::event(&ids, &bins, &mut random);
        let begun = Instant::now();
        replica.commit(one(body), now + n as i64 * 400)?;
        took.push(begun.elapsed());
        // Taken in turn, so that both see the same disk.
        let begun = Instant::now();
        bare.execute("INSERT INTO scan (body) VALUES (randomblob(200))", [])?;
        floor.push(begun.elapsed());
    }
    let mut searches = Vec::new();
    for n in 0..500u64 {
        let text = match n % 4 {
            0 => format!("{:05}", random.below(100_000)),
            1 => format!("零件{}", random.below(5_000)),
            2 => format!("widget {}", random.below(5_000)),
            _ => format!("lingjian{}", random.below(10)),
        };
        let begun = Instant::now();
        replica.query().search(&text, 30)?;
        searches.push(begun.elapsed());
    }
    let report = serde_json::json!({
        "items": items, "events": events, "scans": scans,
        "commit_ms": { "p50": percentile_ms(&took, 50), "p99": percentile_ms(&took, 99) },
        "bare_insert_and_fsync_ms": { "p50": percentile_ms(&floor, 50), "p99": percentile_ms(&floor, 99) },
        "look_up_code_and_balance_ms": { "p50": percentile_ms(&looked, 50), "p99": percentile_ms(&looked, 99) },
        "search_ms": { "p50": percentile_ms(&searches, 50), "p99": percentile_ms(&searches, 99) },
        "open_ms": opened.as_secs_f64() * 1e3,
        "first_questions_ms": home.as_secs_f64() * 1e3,
        "rss_after_opening_mb": idle_rss as f64 / 1e3,
        "rss_mb": status_kb(std::process::id(), "VmRSS") as f64 / 1e3,
        "peak_rss_mb": status_kb(std::process::id(), "VmHWM") as f64 / 1e3,
    });
    say(&serde_json::to_string_pretty(&report)?);
    Ok(())
}

pub(crate) fn bare_database(folder: &Path) -> Result<rusqlite::Connection> {
    let bare = rusqlite::Connection::open(folder.join("bench-bare.db"))?;
    bare.pragma_update(None, "journal_mode", "wal")?;
    bare.pragma_update(None, "synchronous", "full")?;
    bare.execute_batch(
        "CREATE TABLE IF NOT EXISTS scan (id INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    )?;
    Ok(bare)
}
