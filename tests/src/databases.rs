//! Databases as a release leaves them, small enough to keep: `fixtures/databases`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use domain::{EventBody, Goods, Quantity, SiteId, UnitId, UnixMillis};
use replica::query::ExceptionFilter;
use replica::{Commit, Replica};
use serde::{Deserialize, Serialize};

use crate::fleet::{
    Handheld, HubHost, SITE, T0, Wire, bin, bin_edit, item, item_edit, random_event,
};
use testkit::random::Random;

/// The handheld whose database is kept: the first one.
pub const KEPT_HANDHELD: u8 = 0;
/// When the databases were last written to, on every clock.
pub const LAST_WRITTEN: UnixMillis = T0 + 3_600_000;

const EVENTS: usize = 48;
const MINUTE: i64 = 60_000;

/// What a replica shows, to be found again by every later program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Of the site and the shared partition, hexadecimal.
    pub state_hash: String,
    /// Events, waiting ones among them.
    pub events: u64,
    /// Items.
    pub items: u64,
    /// Bins of the site.
    pub bins: u64,
    /// Exceptions that wait for a decision.
    pub open_exceptions: u64,
    /// Fields with more than one value.
    pub field_conflicts: u64,
    /// Events that exist only in this replica.
    pub waiting_events: u64,
    /// Edits that exist only in this replica.
    pub waiting_edits: u64,
}

impl Shown {
    /// What this replica shows.
    ///
    /// # Errors
    /// The replica's own, as of all functions here.
    pub fn of(replica: &Replica, site: SiteId) -> Result<Self> {
        let (query, waiting) = (replica.query(), replica.waiting()?);
        let open = ExceptionFilter {
            open_only: true,
            ..ExceptionFilter::default()
        };
        Ok(Self {
            state_hash: replica.state_hash(site)?.to_string(),
            events: query.event_count()?,
            items: query.item_count()?,
            bins: query.bin_count(site)?,
            open_exceptions: query.exceptions(&open, 1_000)?.len() as u64,
            field_conflicts: query.field_conflicts()?.len() as u64,
            waiting_events: waiting.events,
            waiting_edits: waiting.edits,
        })
    }
}

/// `expected.json`: what was in the databases when they were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The program's version.
    pub program: String,
    /// The schema of `handheld.db`.
    pub replica_schema: u32,
    /// The schema of `hub.db`.
    pub hub_schema: u32,
    /// What the handheld showed.
    pub handheld: Shown,
    /// What the server showed.
    pub server: Shown,
}

/// Writes `hub.db`, `handheld.db` and `expected.json` of this program into a folder that is there and empty.
///
/// # Errors
/// The folder is not empty or cannot be written; or the program does not work.
pub fn write(folder: &Path) -> Result<Expected> {
    anyhow::ensure!(
        fs::read_dir(folder)?.next().is_none(),
        "released databases are never written again: {} is not empty",
        folder.display()
    );
    let workshop = tempfile::tempdir()?;
    let mut random = Random::new(1);
    let (host, mut handhelds) = two_handhelds(workshop.path(), &mut random)?;
    work(&host, &mut handhelds, &mut random)?;

    let hub = host.get();
    hub.pump(LAST_WRITTEN)?;
    let server = Shown::of(
        &hub.replica()
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner),
        SITE,
    )?;
    let expected = Expected {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        replica_schema: replica::SCHEMA,
        hub_schema: sync_server::store::newest_version(),
        handheld: Shown::of(&handhelds[0].replica, SITE)?,
        server,
    };
    // Closing them brings the whole of each into its one file.
    drop((handhelds, host));
    for (made, kept) in [("hub.db", "hub.db"), ("handheld-0.db", "handheld.db")] {
        fs::copy(workshop.path().join(made), folder.join(kept)).context(kept)?;
    }
    let json = serde_json::to_string_pretty(&expected)?;
    fs::write(folder.join("expected.json"), json + "\n")?;
    Ok(expected)
}

fn two_handhelds(folder: &Path, random: &mut Random) -> Result<(HubHost, Vec<Handheld>)> {
    let host = HubHost::start(folder)?;
    let edits = (0..6).map(item_edit).chain((0..4).map(bin_edit)).collect();
    let catalogue = Commit {
        edits,
        ..Commit::default()
    };
    host.get().commit(catalogue, T0)?;
    let mut handhelds = Vec::new();
    for n in 0..2 {
        let mut handheld = Handheld::enrol(folder, host.get(), n, T0)?;
        handheld.exchange(host.get(), Wire::Good, T0, random)?;
        handhelds.push(handheld);
    }
    Ok((host, handhelds))
}

/// A day in short: work on both, one unit issued twice, one field written twice, and then the first one is cut off.
fn work(host: &HubHost, handhelds: &mut [Handheld], random: &mut Random) -> Result<()> {
    let mut now = T0;
    for n in 0..EVENTS {
        now += MINUTE;
        handhelds[n % 2].record(vec![random_event(random)], now)?;
        if n % 8 == 7 {
            sync(host, handhelds, now, random)?;
        }
    }
    let plate = Goods {
        unit: Some(UnitId::plate("LP-77")),
        ..Goods::of(item(1))
    };
    let (goods, quantity) = (plate, Quantity::ONE);
    let receipt = EventBody::Received {
        bin: bin(0),
        goods: goods.clone(),
        quantity,
    };
    handhelds[0].record(vec![receipt], now)?;
    sync(host, handhelds, now, random)?;
    for (n, handheld) in handhelds.iter_mut().enumerate() {
        now += MINUTE;
        let issue = EventBody::Issued {
            bin: bin(0),
            goods: goods.clone(),
            quantity,
        };
        handheld.record(vec![issue], now)?;
        handheld.rename(item(1), ["甲", "乙"][n], now)?;
    }
    sync(host, handhelds, now, random)?;
    for _ in 0..3 {
        handhelds[0].record(vec![random_event(random)], LAST_WRITTEN)?;
    }
    handhelds[0].rename(item(2), "离线改名", LAST_WRITTEN)
}

fn sync(
    host: &HubHost,
    handhelds: &mut [Handheld],
    now: UnixMillis,
    random: &mut Random,
) -> Result<()> {
    for _ in 0..2 {
        for handheld in handhelds.iter_mut() {
            handheld.exchange(host.get(), Wire::Good, now, random)?;
        }
    }
    Ok(())
}
