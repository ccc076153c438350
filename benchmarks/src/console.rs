//! `bench console`: the supervisor's pages over an organisation with years of history.
//!
//! The server's own hub, replica and router; the pages are asked over a loopback socket, as a browser asks them. An honest
//! warehouse is played (nothing leaves that is not there, counts are right), with as many faults as exceptions are wanted.

mod site;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::measure::{percentile_ms, say};
pub(crate) use site::Size;
use site::{Office, Site};

/// Times that each page is asked, each time for another thing where it has one.
const TIMES: usize = 60;

/// A page, and the addresses that are asked in turn.
struct Asked {
    name: &'static str,
    addresses: Vec<String>,
}

fn pages(site: &Site) -> Vec<Asked> {
    let fixed = |name: &'static str| Asked {
        name,
        addresses: vec![name.to_owned()],
    };
    let each = |name: &'static str, of: &dyn Fn(usize) -> String| Asked {
        name,
        addresses: (0..TIMES).map(of).collect(),
    };
    let item = |n: usize| site.items[n * 1_613 % site.items.len()];
    let bin = |n: usize| site.bins[n * 317 % site.bins.len()];
    vec![
        fixed("/review"),
        fixed("/review?kind=count-variance"),
        fixed("/review?tab=decided"),
        fixed("/stock"),
        fixed("/stock?at=2026-01-01T12%3A00"),
        fixed("/stock?by=lot&expiring=90"),
        fixed("/stock?by=age"),
        fixed("/stock?low=1"),
        fixed("/stock/plan"),
        fixed("/stock/plan?heat=picks"),
        fixed("/dashboards?days=7"),
        fixed("/dashboards?days=90"),
        each("/stock?q=", &|n| {
            format!("/stock?q=SKU-{:06}", n * 1_613 % site.items.len())
        }),
        fixed("/stock?by=item"),
        each("/stock?by=item&q=", &|n| {
            format!("/stock?by=item&q=widget%20{}", n * 37 % 5_000)
        }),
        each("/items/…", &|n| format!("/items/{}", item(n))),
        each("/bins/…", &|n| format!("/bins/{}", bin(n))),
        fixed("/stocktakes"),
        fixed("/stocktakes/new"),
        fixed("/feed"),
        fixed("/devices"),
        fixed("/people"),
        fixed("/data"),
    ]
}

pub(crate) fn run(size: &Size, folder: Option<PathBuf>) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = folder.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let began = Instant::now();
    let (office, site) = Office::open(&folder, size)?;
    say(&format!("made in {} s", began.elapsed().as_secs()));
    tokio::runtime::Runtime::new()?.block_on(measure(office, &site, size))
}

async fn measure(office: Office, site: &Site, size: &Size) -> Result<()> {
    let open = office.open_exceptions().await?;
    let (address, cookie) = office.serve().await?;
    let client = reqwest::Client::new();
    let get = async |path: &str| -> Result<(Duration, reqwest::StatusCode, usize)> {
        let began = Instant::now();
        let answer = client
            .get(format!("http://{address}{path}"))
            .header("cookie", &cookie)
            .header("accept-encoding", "gzip")
            .send()
            .await?;
        let status = answer.status();
        let bytes = answer.bytes().await?.len();
        Ok((began.elapsed(), status, bytes))
    };
    let mut shared = 0;
    for asset in office.assets(&client, &address, &cookie).await? {
        shared += get(&asset).await?.2;
    }
    let mut rows = serde_json::Map::new();
    for page in pages(site) {
        let (mut durations, mut heaviest) = (Vec::new(), 0);
        for n in 0..=TIMES {
            let path = &page.addresses[n % page.addresses.len()];
            let (took, status, bytes) = get(path).await?;
            ensure!(status.is_success(), "{path} answers {status}");
            // The first one opens files and prepares statements.
            if n > 0 {
                durations.push(took);
            }
            heaviest = heaviest.max(bytes);
        }
        let figures = serde_json::json!({
            "p50_ms": percentile_ms(&durations, 50), "p95_ms": percentile_ms(&durations, 95),
            "max_ms": percentile_ms(&durations, 100), "page_kb_gz": heaviest as f64 / 1e3,
        });
        rows.insert(page.name.to_owned(), figures);
    }
    say(&serde_json::to_string_pretty(&serde_json::json!({
        "items": size.items, "bins": size.bins, "events": size.events, "open_exceptions": open,
        "shared_assets_kb_gz": shared as f64 / 1e3, "pages": rows,
    }))?);
    let slowest = rows.values().filter_map(|row| row["p95_ms"].as_f64());
    let slowest = slowest.reduce(f64::max).context("a page")?;
    say(&format!("slowest p95 {slowest:.1} ms"));
    Ok(())
}
