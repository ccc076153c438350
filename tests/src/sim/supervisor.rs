//! What a supervisor decides about devices.

use anyhow::{Context, Result};
use documents::catalogue::Verdict;
use documents::{Partition, RecordKind};
use domain::event::QuarantineDecision;
use domain::{EventBody, OperatorId};
use replica::{Commit, QuarantinedRun, RecordEdit};

use super::world::World;

const SUPERVISOR: OperatorId = OperatorId::from_bytes([0xcc; 16]);

/// Releases or rejects what lies in quarantine of one chain.
pub(super) fn decide(world: &mut World) -> Result<()> {
    let Some(node) = world.any_node() else {
        return Ok(());
    };
    let hub = world.hubs.nodes[node].hub.as_ref().context("runs")?;
    let runs = hub
        .replica()
        .lock()
        .ok()
        .context("not poisoned")?
        .query()
        .quarantine()?;
    if runs.is_empty() {
        return Ok(());
    }
    let run = runs[world.random.below(runs.len() as u64) as usize].clone();
    let release = world.random.one_in(2);
    let failures = world.hubs.disk_failures();
    let now = world.now + world.hubs.nodes[node].clock_error_ms;
    let hub = world.hubs.nodes[node].hub.as_ref().context("runs")?;
    let committed = hub.commit(decision(&run, release), now);
    if world.hub_result(failures, committed)?.is_some() {
        let (device, chain, segments) = (run.device, run.chain, run.segments);
        world.note(format_args!(
            "{segments:?} of {chain:?}, {device:?}: released {release}"
        ));
        let failures = world.hubs.disk_failures();
        if release && let Some(hub) = &world.hubs.nodes[node].hub {
            let trusted = hub.trust(device, now);
            world.hub_result(failures, trusted)?;
        }
    }
    Ok(())
}

/// What the console writes when a supervisor decides about a run of segments.
pub fn decision(run: &QuarantinedRun, release: bool) -> Commit {
    let reason = String::from("x");
    match run.partition {
        Partition::Shared => {
            let verdict = Verdict {
                chain: run.chain,
                segments: run.segments,
                release,
                reason,
            };
            Commit {
                edits: vec![RecordEdit {
                    partition: Partition::Shared,
                    kind: RecordKind::Device,
                    id: run.device.into(),
                    fields: vec![verdict.to_field()],
                }],
                ..Commit::default()
            }
        }
        Partition::Site(site) => {
            let decided = EventBody::QuarantineDecided(QuarantineDecision {
                chain: run.chain,
                segments: run.segments,
                events: run.events,
                release,
                reason,
            });
            Commit {
                operator: Some(SUPERVISOR),
                site: Some(site),
                events: vec![decided.into()],
                ..Commit::default()
            }
        }
    }
}

/// Asks a handheld for a new key.
pub(super) fn rotate_key(world: &mut World, n: usize) -> Result<()> {
    let Some(node) = world.any_node() else {
        return Ok(());
    };
    let identity = world.handhelds[n]
        .running
        .as_ref()
        .and_then(|r| r.replica.identity());
    let Some(device) = identity.map(|i| i.device) else {
        return Ok(());
    };
    let failures = world.hubs.disk_failures();
    if let Some(hub) = &world.hubs.nodes[node].hub {
        let asked = hub.rotate_key(device);
        world.hub_result(failures, asked)?;
    }
    world.note(format_args!("handheld {n} is asked for a new key"));
    Ok(())
}
