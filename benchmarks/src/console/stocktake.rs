//! A stocktake of every bin of the big site, planned on the console and counted but for the bins with mistakes.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow};
use domain::{BinId, OrderLine, StocktakeId};
use sync_server::auth::accounts;
use sync_server::console::data::TypedPlan;

use super::site::{Office, SITE, Site, Size};
use super::year::{Floor, Handheld};

/// One bin in so many is counted wrongly.
const WRONG: usize = 200;
/// A count of a whole bin is a long event.
const SEGMENT: usize = 100;
/// Counts that one handheld brings at once.
const BATCH: usize = 1_000;

pub(crate) async fn play(
    office: &Office,
    site: &Site,
    floor: Floor<'_>,
    mut handhelds: Vec<Handheld>,
    size: &Size,
) -> Result<()> {
    let id = plan(office, size).await?;
    office.hub.pump(size.end())?;
    let mut lines: HashMap<BinId, OrderLine> = HashMap::new();
    {
        let replica = office.hub.replica().lock();
        let replica = replica.unwrap_or_else(|e| e.into_inner());
        for order in replica.query().orders_of_stocktake(id)? {
            for (line, asked) in &order.lines {
                let line = OrderLine {
                    order: order.id,
                    line: *line,
                };
                lines.extend(asked.bin.map(|bin| (bin, line)));
            }
        }
    }
    let right = (0..site.big).filter(|bin| Floor::is_right(*bin, size));
    let right: Vec<usize> = right.collect();
    for (n, batch) in right.chunks(BATCH).enumerate() {
        let by = n % (handhelds.len() - 1);
        let now = size.end() + n as i64 * 1_000;
        let mut events = Vec::new();
        for bin in batch {
            let line = lines.get(&site.bins[*bin]).context("a line for each bin")?;
            let body = floor.whole(*bin, WRONG);
            events.push(handhelds[by].record(n, body, Some(*line), now));
        }
        handhelds[by].bring(&office.hub, &events, SEGMENT, now)?;
    }
    Ok(())
}

async fn plan(office: &Office, size: &Size) -> Result<StocktakeId> {
    let now = size.end();
    let user = accounts::find(office.app.database(), "bench")?;
    let plan = office.app.data(move |data| {
        let mut typed = TypedPlan::from_fields(vec![
            ("site".into(), SITE.to_string()),
            ("name".into(), "All of it".into()),
            ("kind".into(), "full".into()),
            ("view".into(), "open".into()),
            ("split".into(), "even".into()),
        ]);
        match data.preview_stocktake(&typed, &user, now)? {
            Ok(preview) => typed.seen = preview.seen,
            Err(problem) => return Ok(Err(problem)),
        }
        data.write_stocktake(&typed, &user, now)
    });
    let id = plan.await?.map_err(|problem| anyhow!("{problem:?}"))?;
    id.context("other bins")
}
