//! `bench console`: the supervisor's pages over an organisation with years of history.
//!
//! The server's own hub, replica and router; the pages are asked over a loopback socket, as a browser asks them. An honest
//! warehouse is played (nothing leaves that is not there, counts are right), with as many faults as exceptions are wanted.

mod furnish;
mod live;
mod pages;
mod site;
mod stocktake;
mod year;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::measure::{percentile_ms, say, status_kb};
use pages::{As, Asked, TIMES};
pub(crate) use site::Size;
use site::{Header, Office, Site};

pub(crate) fn run(size: &Size, folder: Option<PathBuf>, only: &str) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = folder.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let began = Instant::now();
        let (office, site) = Office::open(&folder, size).await?;
        say(&format!(
            "made or opened in {} s",
            began.elapsed().as_secs()
        ));
        measure(&office, &site, size, &folder, only).await
    })
}

/// Who asks what.
struct Browser {
    client: reqwest::Client,
    address: String,
    headers: Vec<(As, Header)>,
}

impl Browser {
    async fn get(&self, who: As, path: &str) -> Result<(Duration, reqwest::Response, usize)> {
        let header = self.headers.iter().find(|(known, _)| *known == who);
        let (_, (name, value)) = header.context("somebody")?;
        let began = Instant::now();
        let asked = self.client.get(format!("{}{path}", self.address));
        let asked = asked.header(*name, value).header("accept-encoding", "gzip");
        let mut answer = asked.send().await?;
        ensure!(
            answer.status().is_success(),
            "{path} answers {}",
            answer.status()
        );
        let mut bytes = 0;
        while let Some(chunk) = answer.chunk().await? {
            bytes += chunk.len();
        }
        Ok((began.elapsed(), answer, bytes))
    }

    /// What a page asks for besides itself.
    async fn assets(&self, path: &str) -> Result<BTreeSet<String>> {
        let (_, (name, value)) = &self.headers[0];
        let page = self.client.get(format!("{}{path}", self.address));
        let text = page.header(*name, value).send().await?.text().await?;
        let parts = text.split('"').filter(|part| part.starts_with("/assets/"));
        let file = |part: &str| part.split('#').next().unwrap_or(part).to_owned();
        Ok(parts.map(file).collect())
    }

    async fn page(&self, page: &Asked) -> Result<serde_json::Value> {
        let (mut durations, mut heaviest) = (Vec::new(), 0);
        let mut first = Duration::ZERO;
        for n in 0..=TIMES {
            let path = &page.addresses[n % page.addresses.len()];
            let (took, _, bytes) = self.get(page.who, path).await?;
            // The first one opens files and prepares statements.
            match n {
                0 => first = took,
                _ => durations.push(took),
            }
            heaviest = heaviest.max(bytes);
        }
        let p95 = percentile_ms(&durations, 95);
        Ok(serde_json::json!({
            "first_ms": percentile_ms(&[first], 100), "p50_ms": percentile_ms(&durations, 50), "p95_ms": p95,
            "max_ms": percentile_ms(&durations, 100), "page_kb_gz": heaviest as f64 / 1e3,
            "asked_ms": page.at_most, "holds": p95 <= page.at_most,
        }))
    }
}

/// The same SQLite reads rows of the same file, without server, socket or page: milliseconds, p95.
fn bare(folder: &Path) -> Result<serde_json::Value> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let file = rusqlite::Connection::open_with_flags(folder.join("replica.db"), flags)?;
    let mut figures = serde_json::Map::new();
    for (name, sql) in [
        (
            "the newest 50 events",
            "SELECT * FROM event ORDER BY place DESC LIMIT 50",
        ),
        (
            "60 piles",
            "SELECT * FROM subject WHERE balance IS NOT NULL LIMIT 60",
        ),
        (
            "all bins with their sums",
            "SELECT * FROM bin b LEFT JOIN bin_stock s ON s.bin = b.id",
        ),
        ("all open exceptions", "SELECT * FROM exception"),
    ] {
        let mut durations = Vec::new();
        let mut count = 0;
        for _ in 0..=TIMES {
            let began = Instant::now();
            let mut statement = file.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            count = 0;
            while rows.next()?.is_some() {
                count += 1;
            }
            durations.push(began.elapsed());
        }
        let figure =
            serde_json::json!({ "rows": count, "p95_ms": percentile_ms(&durations[1..], 95) });
        figures.insert(name.to_owned(), figure);
    }
    Ok(figures.into())
}

async fn measure(
    office: &Office,
    site: &Site,
    size: &Size,
    folder: &Path,
    only: &str,
) -> Result<()> {
    let open = office.open_exceptions().await?;
    let headers = As::ALL.map(|who| {
        let header = match who {
            As::Admin => office.sign_in("bench"),
            As::Big => office.sign_in("big"),
            As::Small => office.sign_in("small"),
            As::Key => office.key(),
        };
        header.map(|header| (who, header))
    });
    let browser = Browser {
        client: reqwest::Client::new(),
        address: office.serve().await?,
        headers: headers.into_iter().collect::<Result<_>>()?,
    };
    let mut shared = serde_json::Map::new();
    for (name, path) in [
        ("without charts", "/people"),
        ("with charts", "/dashboards"),
    ] {
        let mut sum = 0;
        for asset in browser.assets(path).await? {
            sum += browser.get(As::Admin, &asset).await?.2;
        }
        shared.insert(name.to_owned(), (sum as f64 / 1e3).into());
    }
    let (mut rows, mut over) = (serde_json::Map::new(), Vec::new());
    let wanted = pages::all(site, size).into_iter();
    for page in wanted.filter(|page| page.name.contains(only)) {
        let row = browser.page(&page).await?;
        say(&format!("{:<55} {row}", page.name));
        if row["holds"] != true {
            over.push(page.name.clone());
        }
        rows.insert(page.name, row);
    }
    let live = live::measure(
        office,
        site,
        &browser.client,
        &browser.address,
        &browser.headers[0].1,
    );
    say(&serde_json::to_string_pretty(&serde_json::json!({
        "items": size.items, "bins": size.bins, "events": size.events, "open_exceptions": open,
        "assets_kb_gz": shared, "pages": rows, "live": live.await?, "bare": bare(folder)?,
        "memory_peak_mb": status_kb(std::process::id(), "VmHWM") / 1_000,
        "replica_mb": std::fs::metadata(folder.join("replica.db"))?.len() / 1_000_000,
        "hub_mb": std::fs::metadata(folder.join("hub.db"))?.len() / 1_000_000,
    }))?);
    say(&format!("over their figure: {over:?}"));
    Ok(())
}
