//! What a new handheld costs: a snapshot of a site with a long history, against the same rows packed and written bare.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use documents::Partition;
use domain::{BinId, EventBody, Goods, ItemId, Quantity};
use replica::snapshot::Cut;
use replica::{Commit, Cursor, Replica};
use rusqlite::Connection;
use rusqlite::types::{Value, ValueRef};

use crate::commit::{EPOCH, SITE, accept, enrolled, many};
use crate::measure::{say, status_kb};
use crate::workload::{self, Random, T0};

const SITE_PARTITION: Partition = Partition::Site(SITE);
/// One event in so many milliseconds.
const STEP_MS: i64 = 400;
/// Tables of the read model that people see, with their search.
const TABLES: [&str; 6] = [
    "item",
    "item_barcode",
    "stock",
    "search_row",
    "search_words",
    "search_codes",
];

/// Piles as they would be kept by themselves; ours stand with the subjects of their timelines.
const BARE_STOCK: &str =
    "CREATE TABLE stock (subject INTEGER PRIMARY KEY, site BLOB NOT NULL, bin BLOB NOT NULL,
        item BLOB NOT NULL, lot TEXT, balance INTEGER NOT NULL) STRICT;
    CREATE INDEX stock_by_bin ON stock (bin);
    CREATE INDEX stock_by_item ON stock (item);";

/// Goods come in and go out again; nothing goes out that is not there.
struct History {
    items: Vec<ItemId>,
    bins: Vec<BinId>,
    stock: Vec<i64>,
    random: Random,
}

impl History {
    fn next(&mut self) -> EventBody {
        let at = self.random.below(self.items.len() as u64) as usize;
        let (bin, goods) = (self.bins[at % self.bins.len()], Goods::of(self.items[at]));
        let n = 1 + self.random.below(24) as i64;
        let quantity = Quantity::from_thousandths(1_000 * n);
        if self.stock[at] > n {
            self.stock[at] -= n;
            EventBody::Issued {
                bin,
                goods,
                quantity,
            }
        } else {
            self.stock[at] += n;
            EventBody::Received {
                bin,
                goods,
                quantity,
            }
        }
    }
}

fn load(path: &Path, items: usize, events: usize) -> Result<Replica> {
    let mut replica = enrolled(path, 1, Some(2_000_000))?;
    let mut random = Random::new(1);
    let mut ids = Vec::with_capacity(items);
    while ids.len() < items {
        let mut edits = Vec::new();
        while edits.len() < 5_000 && ids.len() < items {
            let id = ItemId::from_bytes(replica.new_id(T0));
            edits.push(workload::item(id, ids.len(), &mut random));
            ids.push(id);
        }
        let commit = Commit {
            edits,
            ..Commit::default()
        };
        replica.commit(commit, T0)?;
    }
    accept(&mut replica, Partition::Shared, T0)?;
    let mut history = History {
        stock: vec![0; items],
        items: ids,
        bins: workload::bins(),
        random,
    };
    let mut written = 0;
    while written < events {
        let batch = 10_000.min(events - written);
        let bodies = (0..batch).map(|_| history.next()).collect();
        let now = T0 + written as i64 * STEP_MS;
        replica.commit(many(bodies), now)?;
        let last = now + batch as i64;
        accept(&mut replica, SITE_PARTITION, last)?;
        written += batch;
    }
    Ok(replica)
}

/// The last entry accepted at or before that moment, as the hub would find it.
fn cut(replica: &Replica, at: i64) -> Result<Cut> {
    let mut cursor = Cursor::start(EPOCH);
    let mut found = None;
    loop {
        let (entries, more) = replica.log_after(SITE_PARTITION, cursor.number, 16 << 20)?;
        for entry in &entries {
            if entry.accepted_at > at {
                return found.context("nothing is so old");
            }
            cursor = cursor.after(entry.hash);
            found = Some(Cut {
                number: cursor.number,
                running_hash: cursor.running_hash,
                accepted_at: entry.accepted_at,
            });
        }
        if !more {
            return found.context("nothing is so old");
        }
    }
}

fn build(replica: &Replica, partition: Partition, at: i64, folder: &Path) -> Result<(u64, usize)> {
    let cut = match partition {
        Partition::Shared => None,
        Partition::Site(_) => Some(cut(replica, at)?),
    };
    let identity = replica.enrolled()?;
    let reader = replica.reader()?.context("a file")?;
    let name = partition.to_string();
    let mut number = 0;
    let manifest = reader
        .build_snapshot(identity.organisation, partition, cut, at, &mut |chunk| {
            std::fs::write(folder.join(format!("{name}.{number}")), chunk)?;
            number += 1;
            Ok(())
        })?
        .context("a snapshot")?;
    std::fs::write(
        folder.join(format!("{name}.manifest")),
        manifest.sign(&identity.key),
    )?;
    Ok((manifest.bytes(), manifest.chunks.len()))
}

fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    let key: String = [9u8; 32].iter().map(|b| format!("{b:02x}")).collect();
    connection.pragma_update(None, "key", format!("x'{key}'"))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(connection)
}

/// All rows of a table, as they would be written.
fn rows(connection: &Connection, table: &str) -> Result<Vec<Vec<Value>>> {
    let columns = match table {
        "search_words" => "id, words FROM search_row",
        "search_codes" => "id, codes FROM search_row",
        _ => &format!("* FROM {table}"),
    };
    let mut statement = connection.prepare(&format!("SELECT {columns}"))?;
    let width = statement.column_count();
    let rows = statement.query_map([], |r| (0..width).map(|i| r.get(i)).collect())?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The rows that people see, without what is derived for search, packed by zstd at its usual level.
fn packed_rows(connection: &Connection) -> Result<usize> {
    let mut plain = Vec::new();
    for table in &TABLES[..3] {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
        let width = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            for i in 0..width {
                match r.get_ref(i)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        plain.push(bytes.len() as u8);
                        plain.extend_from_slice(bytes);
                    }
                    ValueRef::Integer(n) => plain.extend_from_slice(&n.to_le_bytes()[..6]),
                    ValueRef::Null | ValueRef::Real(_) => plain.push(0),
                }
            }
        }
    }
    Ok(zstd::bulk::compress(&plain, 3)?.len())
}

/// Writes the same rows to a bare file of the same kind: same tables, same indices, one transaction.
fn write_bare(from: &Connection, path: &Path) -> Result<f64> {
    let bare = open(path)?;
    let mut schema = from.prepare(
        "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type DESC",
    )?;
    bare.execute_batch(BARE_STOCK)?;
    for table in TABLES.into_iter().filter(|table| *table != "stock") {
        for sql in schema.query_map([table], |r| r.get::<_, String>(0))? {
            bare.execute_batch(&sql?)?;
        }
    }
    let all: Vec<(&str, Vec<Vec<Value>>)> = TABLES
        .iter()
        .map(|table| Ok((*table, rows(from, table)?)))
        .collect::<Result<_>>()?;
    let begun = Instant::now();
    let transaction = bare.unchecked_transaction()?;
    for (table, rows) in &all {
        let Some(first) = rows.first() else { continue };
        let marks = vec!["?"; first.len()].join(", ");
        let names = match *table {
            "search_words" => " (rowid, words)",
            "search_codes" => " (rowid, codes)",
            _ => "",
        };
        let mut insert =
            transaction.prepare(&format!("INSERT INTO {table}{names} VALUES ({marks})"))?;
        for row in rows {
            insert.execute(rusqlite::params_from_iter(row))?;
        }
    }
    transaction.commit()?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Fetches from files and installs, in a process of its own, so that its memory is a handheld's.
pub(crate) fn install(folder: &Path) -> Result<()> {
    let mut replica = enrolled(&folder.join("handheld.db"), 2, None)?;
    let begun = Instant::now();
    for partition in [Partition::Shared, SITE_PARTITION] {
        let signed = std::fs::read(folder.join(format!("{partition}.manifest")))?;
        anyhow::ensure!(replica.begin_snapshot(&signed)?, "not signed");
        while let Some(next) = replica
            .fetching_snapshot(partition)?
            .context("fetching")?
            .next
        {
            let chunk = std::fs::read(folder.join(format!("{partition}.{next}")))?;
            anyhow::ensure!(replica.put_snapshot_chunk(partition, next, &chunk)?, "bad");
        }
    }
    let fetched = begun.elapsed().as_secs_f64();
    for partition in [Partition::Shared, SITE_PARTITION] {
        anyhow::ensure!(replica.install_snapshot(partition, T0)?, "not installed");
    }
    let report = serde_json::json!({
        "keep_chunks_s": fetched,
        "fetch_and_install_s": begun.elapsed().as_secs_f64(),
        "peak_rss_mb": status_kb(std::process::id(), "VmHWM") as f64 / 1e3,
    });
    say(&report.to_string());
    Ok(())
}

fn megabytes(path: &Path) -> Result<f64> {
    Ok(std::fs::metadata(path)?.len() as f64 / 1e6)
}

pub(crate) fn run(
    items: usize,
    events: usize,
    window: usize,
    folder: Option<PathBuf>,
) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = folder.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let begun = Instant::now();
    let server = load(&folder.join("full.db"), items, events)?;
    say(&format!("loaded in {:.0} s", begun.elapsed().as_secs_f64()));
    let at = T0 + events.saturating_sub(window) as i64 * STEP_MS;
    let begun = Instant::now();
    let shared = build(&server, Partition::Shared, at, &folder)?;
    let site = build(&server, SITE_PARTITION, at, &folder)?;
    let built = begun.elapsed().as_secs_f64();
    let peak = status_kb(std::process::id(), "VmHWM") as f64 / 1e3;
    let installed = std::process::Command::new(std::env::current_exe()?)
        .arg("snapshot-install")
        .arg(&folder)
        .output()?;
    anyhow::ensure!(
        installed.status.success(),
        "{}",
        String::from_utf8_lossy(&installed.stderr)
    );
    let installed: serde_json::Value = serde_json::from_slice(&installed.stdout)?;
    let handheld = folder.join("handheld.db");
    let from = open(&handheld)?;
    let packed = packed_rows(&from)?;
    let bare = write_bare(&from, &folder.join("bare.db"))?;
    drop(from);
    let after_install = megabytes(&handheld)?;
    // The rest of the log, which every handheld reads.
    let mut replica = enrolled(&handheld, 2, None)?;
    let begun = Instant::now();
    let mut log_bytes = 0;
    loop {
        let cursor = replica.cursor(SITE_PARTITION)?.context("a cursor")?;
        let (entries, _) = server.log_after(SITE_PARTITION, cursor.number, 1 << 20)?;
        if entries.is_empty() {
            break;
        }
        log_bytes += entries
            .iter()
            .filter_map(|e| Some(160 + e.segment.as_ref()?.body_bytes().len()))
            .sum::<usize>();
        let done = replica.ingest(SITE_PARTITION, EPOCH, &entries, at)?;
        anyhow::ensure!(done.rejected.is_none(), "{:?}", done.rejected);
    }
    let window_s = begun.elapsed().as_secs_f64();
    anyhow::ensure!(
        replica.working_hash(SITE)? == server.working_hash(SITE)?,
        "the handheld disagrees with who holds the history"
    );
    drop(replica);
    drop(load(&folder.join("window-only.db"), items, window)?);
    let bytes = shared.0 + site.0;
    let wall = installed["fetch_and_install_s"].as_f64().unwrap_or(0.0);
    let report = serde_json::json!({
        "items": items, "events": events, "window_events": window,
        "build_s": built, "build_process_peak_rss_mb_with_load": peak,
        "snapshot_bytes": { "shared": shared.0, "site": site.0, "chunks": shared.1 + site.1 },
        "rows_zstd3_bytes": packed,
        "bytes_ratio": bytes as f64 / packed as f64,
        "install": installed,
        "bare_rows_s": bare,
        "wall_ratio": wall / bare,
        "log_after_the_cut": { "bytes": log_bytes, "ingest_s": window_s },
        "file_mb": {
            "full_history": megabytes(&folder.join("full.db"))?,
            "after_install": after_install,
            "snapshot_and_window": megabytes(&handheld)?,
            "window_only": megabytes(&folder.join("window-only.db"))?,
        },
    });
    say(&serde_json::to_string_pretty(&report)?);
    Ok(())
}
