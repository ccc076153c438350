//! What must be so when faults have ended and everything has settled.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use domain::ledger::StateHash;
use replica::Replica;

use super::audit::{self, Audit, HeldSegment, Segments};
use super::world::World;
use super::{handheld, hubs};
use crate::fleet::SITE;

/// One replica, wherever it is.
struct Seen {
    name: String,
    audit: Audit,
    hash: StateHash,
    /// Late events have made some of what it shows wrong until it has a fresh snapshot, and it says so.
    stale: bool,
}

/// Adds what is wrong to the world's violations.
///
/// # Errors
/// What is wrong so badly that nothing more can be looked at.
pub(super) fn check(world: &mut World) -> Result<()> {
    let mut segments = Segments::default();
    let mut seen = Vec::new();
    for (n, node) in world.hubs.nodes.iter().enumerate() {
        let name = format!("hub node {n}");
        let audit = audit::replica(&node.disk, hubs::REPLICA, None, &mut segments)
            .with_context(|| name.clone())?;
        let hub = node.hub.as_ref().context("the node runs")?;
        let replica = hub.replica().lock().ok().context("not poisoned")?;
        let hash = replica.state_hash(SITE)?;
        seen.push(Seen {
            name,
            audit,
            hash,
            stale: replica.query().is_stale(SITE)?,
        });
    }
    let working = {
        let hub = world.hubs.nodes[0].hub.as_ref().context("the node runs")?;
        let replica = hub.replica().lock().ok().context("not poisoned")?;
        replica.working_hash(SITE)?
    };
    for handheld in world.handhelds.iter().filter(|h| !h.is_lost) {
        let name = format!("handheld {}", handheld.number);
        let key = handheld.key.as_ref();
        let audit = audit::replica(&handheld.disk, handheld::REPLICA, key, &mut segments)
            .with_context(|| name.clone())?;
        let running = handheld.running.as_ref().context("the handheld runs")?;
        let hash = running.replica.state_hash(SITE)?;
        let stale = running.replica.query().is_stale(SITE)?;
        let is_healthy = !running.is_stopped();
        if is_healthy {
            let waiting = running.replica.waiting()?.total();
            if waiting > 0 {
                world
                    .violations
                    .push(format!("{name}: {waiting} wait though all is quiet"));
            }
            agrees_with_hub(&name, &audit, &seen[0].audit, &mut world.violations);
            if stale && running.takes_snapshots {
                world
                    .violations
                    .push(format!("{name} has got no fresh snapshot"));
            }
            if !stale && running.replica.working_hash(SITE)? != working {
                world.violations.push(format!(
                    "{name} is up to date and shows other numbers than the hub"
                ));
            }
        }
        seen.push(Seen {
            name,
            audit,
            hash,
            stale,
        });
    }
    let server_key = {
        let hub = world.hubs.nodes[0].hub.as_ref().context("the node runs")?;
        hub.organisation().key.public()
    };
    for (chain, key) in &segments.keys {
        ensure!(
            *key == server_key || world.keys.contains(key.as_bytes()),
            "chain {chain} is signed by a stranger"
        );
    }
    let log = audit::log(&world.hubs.store, hubs::STORE, &server_key, &mut segments)?;
    for node in &seen[..world.hubs.nodes.len()] {
        if node.audit.segments != log {
            let violation = format!("{} does not hold what the log holds", node.name);
            world.violations.push(violation);
        }
    }
    every_acknowledged_event_is_somewhere(world, &seen);
    same_changes_same_state(&seen, &mut world.violations);
    rebuilding_changes_nothing(world, &seen)
}

fn agrees_with_hub(name: &str, own: &Audit, hub: &Audit, violations: &mut Vec<String>) {
    let behind_cut = |s: &&HeldSegment| own.covered.get(&s.chain).is_some_and(|c| s.seq <= c.seq);
    let mut lacks = hub.segments.difference(&own.segments);
    let lacks = lacks.find(|s| !behind_cut(s));
    let has_all = own.segments.is_subset(&hub.segments);
    if lacks.is_some() || !has_all {
        let has = own.segments.difference(&hub.segments).next();
        violations.push(format!(
            "{name} is up to date and differs from the hub: lacks {lacks:?}, has {has:?}"
        ));
    }
}

fn every_acknowledged_event_is_somewhere(world: &mut World, seen: &[Seen]) {
    let held: BTreeSet<_> = seen
        .iter()
        .flat_map(|s| s.audit.written.iter().chain(&s.audit.kept).copied())
        .collect();
    for (hash, event) in world.books.missing_from(&held) {
        let by = event
            .by
            .map_or("the console".into(), |n| format!("handheld {n}"));
        world.violations.push(format!(
            "event {:?} {hash:?} was acknowledged to {by} and is gone",
            event.id
        ));
    }
    for one in seen {
        // A fork leaves two events under one number, of which the read model shows the first. The other is said again.
        let unfolded = one.audit.written.difference(&one.audit.events);
        let unfolded = unfolded.filter(|e| !one.audit.kept.contains(e)).count();
        let unwritten = one.audit.events.difference(&one.audit.written).count();
        if unfolded + unwritten > 0 {
            world.violations.push(format!(
                "{}: {unfolded} events are written and not folded, {unwritten} folded and not written",
                one.name
            ));
        }
    }
}

fn same_changes_same_state(seen: &[Seen], violations: &mut Vec<String>) {
    let mut by_changes = BTreeMap::new();
    for one in seen.iter().filter(|one| !one.stale) {
        let changes = (&one.audit.segments, &one.audit.unsealed, &one.audit.covered);
        let first: &Seen = by_changes.entry(changes).or_insert(one);
        if first.hash != one.hash {
            violations.push(format!(
                "{} and {} hold the same changes and show different states",
                first.name, one.name
            ));
        }
    }
}

/// A rebuild costs much, so one handheld and one node are enough for a run.
fn rebuilding_changes_nothing(world: &mut World, seen: &[Seen]) -> Result<()> {
    let rebuild = |replica: &mut Replica| -> Result<StateHash> {
        replica.rebuild()?;
        Ok(replica.state_hash(SITE)?)
    };
    let nodes = world.hubs.nodes.len();
    let node = world.random.below(nodes as u64) as usize;
    let hub = world.hubs.nodes[node]
        .hub
        .as_ref()
        .context("the node runs")?;
    let hash = rebuild(&mut *hub.replica().lock().ok().context("not poisoned")?)?;
    if hash != seen[node].hash {
        world
            .violations
            .push(format!("rebuilding changes node {node}'s state"));
    }
    let alive: Vec<usize> = world.alive().collect();
    let at = world.random.below(alive.len() as u64) as usize;
    let n = alive[at];
    let running = world.handhelds[n].running.as_mut().context("it runs")?;
    if rebuild(&mut running.replica)? != seen[nodes + at].hash {
        world
            .violations
            .push(format!("rebuilding changes handheld {n}'s state"));
    }
    Ok(())
}
