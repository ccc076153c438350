//! From a handheld's exchange until an open page shows it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use domain::{EventBody, Goods, Quantity};
use protocol::{SYNC_PATH, SyncReply};

use super::site::{Header, Office, SITE, Site};
use super::year::{Handheld, held};
use crate::measure::percentile_ms;

const TIMES: usize = 60;
/// What a page waits after it was told that something changed.
const PAGE_WAITS: Duration = Duration::from_millis(150);

/// One handheld makes a scan and exchanges, again and again; half of the scans open an exception. The page that waits is
/// the review queue, on which that shows.
pub(crate) async fn measure(
    office: &Office,
    site: &Site,
    client: &reqwest::Client,
    address: &str,
    cookie: &Header,
) -> Result<serde_json::Value> {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&std::process::id().to_le_bytes().repeat(2));
    seed[8..16].copy_from_slice(&(office.hub.devices()?.len() as u64).to_le_bytes());
    let now = office.app.now();
    let mut handheld = Handheld::new(&office.hub, SITE, "PDA live", seed, now)?;
    let stream = client
        .get(format!("{address}/live"))
        .header(cookie.0, &cookie.1);
    let mut stream = stream.send().await?.error_for_status()?;
    let names = [
        "accepted",
        "told",
        "queue_answered",
        "feed_answered",
        "whole_page_answered",
    ];
    let mut took: [Vec<Duration>; 5] = Default::default();
    for n in 0..=TIMES {
        let bin = site.bins[n * 411 % site.big];
        let goods = Goods::of(site.items[(n * 97 + 31) % site.items.len()]);
        let quantity = Quantity::from_thousandths(1_000_000);
        let body = match n % 2 {
            0 => EventBody::Issued {
                bin,
                goods,
                quantity,
            },
            _ => EventBody::Received {
                bin,
                goods,
                quantity,
            },
        };
        let now = office.app.now();
        let record = handheld.record(n, body, None, now);
        let request = handheld.request(&office.hub, &[record], 1, now)?;
        // Whatever was told before has been told.
        while let Ok(told) = tokio::time::timeout(Duration::from_millis(300), stream.chunk()).await
        {
            told?.context("the stream ended")?;
        }
        let began = Instant::now();
        let answer = client
            .post(format!("{address}{SYNC_PATH}"))
            .bearer_auth(&handheld.token)
            .header("content-type", "application/cbor")
            .body(request.to_bytes());
        let answer = answer.send().await?.error_for_status()?;
        held(&SyncReply::from_bytes(&answer.bytes().await?)?)?;
        let accepted = began.elapsed();
        let told = tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await;
        let told = told
            .context("nobody was told")??
            .context("the stream ended")?;
        ensure!(told.starts_with(b"event: changed"), "told {told:?}");
        let mut steps = vec![accepted, began.elapsed()];
        for path in ["/review/list", "/feed/list", "/review"] {
            let asked = Instant::now();
            let page = client.get(format!("{address}{path}"));
            let page = page.header(cookie.0, &cookie.1).send().await?;
            page.error_for_status()?.bytes().await?;
            steps.push(match path {
                // The page waits, then asks for its part.
                "/review/list" => steps[1] + PAGE_WAITS + asked.elapsed(),
                _ => asked.elapsed(),
            });
        }
        // The first one is a device that was never heard of.
        if n > 0 {
            for (all, one) in took.iter_mut().zip(steps) {
                all.push(one);
            }
        }
    }
    let mut figures = serde_json::Map::new();
    for (name, took) in names.iter().zip(&took) {
        let figure = serde_json::json!({
            "p50_ms": percentile_ms(took, 50), "p95_ms": percentile_ms(took, 95),
            "max_ms": percentile_ms(took, 100),
        });
        figures.insert((*name).to_owned(), figure);
    }
    Ok(figures.into())
}
