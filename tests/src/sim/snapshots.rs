//! Snapshots: the hub cuts its log behind a short window, and handhelds begin from one or drop their history behind one.

use anyhow::Result;
use documents::Partition;
use exchange::snapshot::{self, Next};
use protocol::{SnapshotGet, SnapshotPart};
use sync_core::Event;
use testkit::random::Random;

use super::world::World;

const MINUTE: i64 = 60_000;
/// After so long the hub builds another, and handhelds whose numbers wait for one ask.
pub(super) const OLD_MS: i64 = 25 * 60 * MINUTE;

/// When a run's hub offers snapshots, and of what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    /// How much history handhelds hold at least.
    window_ms: i64,
    /// To how few lacking entries one is offered.
    entries_min: u64,
}

impl Windows {
    /// Half of the runs have them.
    pub(super) fn draw(random: &mut Random) -> Option<Self> {
        let window_ms = [0, MINUTE / 4, MINUTE, 60 * MINUTE][random.below(4) as usize];
        let entries_min = 2 + random.below(4);
        random.one_in(2).then_some(Self {
            window_ms,
            entries_min,
        })
    }
}

/// A node that has just started learns of it.
pub(super) fn configure(world: &World, node: usize) {
    if let (Some(windows), Some(hub)) = (world.snapshots, &world.hubs.nodes[node].hub) {
        hub.set_window(windows.window_ms);
        hub.set_snapshot_entries_min(windows.entries_min);
    }
}

/// The real hub does it in the background, when somebody waits for one.
pub(super) fn build(world: &mut World, node: usize) -> Result<()> {
    if world.snapshots.is_none() {
        return Ok(());
    }
    let failures = world.hubs.disk_failures();
    let at = world.now + world.hubs.nodes[node].clock_error_ms;
    if let Some(hub) = &world.hubs.nodes[node].hub {
        let built = hub.build_snapshots(at);
        if let Some(built) = world.hub_result(failures, built)?
            && built > 0
        {
            world.note(format_args!("node {node} builds {built} snapshots"));
        }
    }
    Ok(())
}

/// One step of a handheld that has been offered a snapshot: it asks for the next chunk, or installs.
pub(super) fn fetch(world: &mut World, n: usize) -> Result<()> {
    let now = world.now + world.handhelds[n].clock_error_ms;
    let failures = world.handhelds[n].disk.counts().failures;
    let Some(running) = &mut world.handhelds[n].running else {
        return Ok(());
    };
    let next = snapshot::next(&running.replica);
    match world.handheld_result(n, failures, next)?.flatten() {
        None => Ok(()),
        Some(Next::Ask(partition, get)) => ask(world, n, partition, &get),
        Some(Next::Install(partition)) => {
            let failures = world.handhelds[n].disk.counts().failures;
            let Some(running) = &mut world.handhelds[n].running else {
                return Ok(());
            };
            let installed = running.replica.install_snapshot(partition, now);
            if let Some(installed) = world.handheld_result(n, failures, installed)? {
                world.note(format_args!(
                    "handheld {n} installs a snapshot of {partition}: {installed}"
                ));
                go_on(world, n);
            }
            Ok(())
        }
    }
}

/// The hub is asked, over a network that loses and damages the answer as any other.
fn ask(world: &mut World, n: usize, partition: Partition, get: &SnapshotGet) -> Result<()> {
    let node = world.random.below(world.hubs.nodes.len() as u64) as usize;
    let identity = world.handhelds[n].running.as_ref();
    let Some(token) = identity.and_then(|r| Some(r.replica.identity()?.token.clone())) else {
        return Ok(());
    };
    if world.network.split.contains(&(n, node)) {
        return Ok(());
    }
    let failures = world.hubs.disk_failures();
    let Some(hub) = &world.hubs.nodes[node].hub else {
        return Ok(());
    };
    let given = hub.give_snapshot(&token, get);
    let Some(Ok(part)) = world.hub_result(failures, given)? else {
        return Ok(());
    };
    let carried = world.network.carry(&part.to_bytes(), &mut world.random);
    let Some(part) = carried
        .first()
        .and_then(|(_, bytes)| SnapshotPart::from_bytes(bytes).ok())
    else {
        // The next exchange goes on with it.
        return Ok(());
    };
    let failures = world.handhelds[n].disk.counts().failures;
    let Some(running) = &mut world.handhelds[n].running else {
        return Ok(());
    };
    let kept = snapshot::take_part(&mut running.replica, partition, get, part);
    if world.handheld_result(n, failures, kept)?.is_some() {
        go_on(world, n);
    }
    Ok(())
}

/// There may be another chunk, or the log after the cut is to be read.
fn go_on(world: &mut World, n: usize) {
    if let Some(running) = &mut world.handhelds[n].running {
        running.may_fetch = true;
        running.fetched += 1;
        running.tell(Event::SyncNow);
        world.fetch_later(n);
        world.keep_working(n);
    }
}
