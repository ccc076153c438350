//! What people do, and what goes wrong.

use std::sync::PoisonError;

use anyhow::Result;
use documents::{FieldEdit, Partition, RecordKind};
use domain::event::{EventHash, EventId};
use domain::{EventBody, OperatorId};
use replica::query::EventFilter;
use replica::{Commit, NewEvent, RecordEdit};
use sync_core::Event;
use testkit::disk::Disk;
use testkit::random::Random;

use super::handheld::Handheld;
use super::hubs::{Backup, Node};
use super::keep;
use super::neighbours;
use super::network::Quality;
use super::parcels;
use super::supervisor;
use super::world::World;
use crate::fleet::{SITE, item, random_event};

const HOUR: i64 = 3_600_000;
/// More are not made by copying.
const NODES_MAX: usize = 3;

/// What may go wrong in a run. Each run has some of it: where all goes wrong at once, little is ever reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kinds {
    network: bool,
    clocks: bool,
    crashes: bool,
    disks: bool,
    revoked: bool,
    lost: bool,
    cloned: bool,
    hub_restored: bool,
    node_files_lost: bool,
    neighbours: bool,
    quarantine_decided: bool,
    keys_rotated: bool,
    parcels: bool,
}

impl Kinds {
    pub(super) fn draw(random: &mut Random) -> Self {
        let mut often = || !random.one_in(3);
        Self {
            network: often(),
            clocks: often(),
            crashes: often(),
            disks: often(),
            revoked: often(),
            lost: often(),
            cloned: often(),
            hub_restored: often(),
            node_files_lost: often(),
            neighbours: often(),
            quarantine_decided: often(),
            keys_rotated: often(),
            parcels: often(),
        }
    }
}

/// Somebody does something, or something happens to somebody.
pub(super) fn act(world: &mut World) -> Result<()> {
    let alive: Vec<usize> = world.alive().collect();
    let n = alive[world.random.below(alive.len() as u64) as usize];
    let kinds = world.kinds;
    match world.random.below(120) {
        0..=39 => record(world, n),
        40..=43 => reverse(world, n),
        44..=49 => rename(world, n),
        50..=59 => {
            if let Some(running) = &mut world.handhelds[n].running {
                running.tell(Event::SyncNow);
                world.keep_working(n);
            }
            Ok(())
        }
        60..=61 => {
            let stays = world.random.one_in(2);
            if let Some(running) = &mut world.handhelds[n].running {
                running.tell(Event::StayOffline(stays));
                world.keep_working(n);
            }
            Ok(())
        }
        62..=65 => on_the_console(world),
        66..=71 if kinds.network => {
            disturb_network(world, n);
            Ok(())
        }
        72..=75 if kinds.clocks => {
            disturb_clocks(world, n);
            Ok(())
        }
        76..=81 if kinds.crashes => {
            crash(world, n);
            Ok(())
        }
        82..=86 if kinds.disks => {
            disturb_disks(world, n);
            Ok(())
        }
        87..=88 if kinds.revoked => revoke(world, n),
        89 if kinds.lost => lose(world, n, alive.len()),
        90..=92 if kinds.cloned => back_up_restore_or_clone(world, n),
        93..=94 if kinds.hub_restored => back_up_or_restore_hub(world),
        95 | 106..=108 if kinds.node_files_lost => lose_or_copy_node(world),
        // A night goes by.
        96 => {
            world.now += world.random.below(12 * HOUR as u64) as i64;
            Ok(())
        }
        97..=101 if kinds.neighbours => neighbours::meet(world, n),
        102..=104 if kinds.quarantine_decided => supervisor::decide(world),
        105 if kinds.keys_rotated => supervisor::rotate_key(world, n),
        106..=115 if kinds.parcels => parcels::act(world, n),
        // Snapshots are a day old before the hub builds others.
        116..=119 if world.snapshots.is_some() => {
            world.now += world.random.below(30 * HOUR as u64) as i64;
            Ok(())
        }
        _ => Ok(()),
    }
}

fn commit(world: &mut World, n: usize, commit: Commit) -> Result<()> {
    let handheld = &mut world.handhelds[n];
    let now = world.now + handheld.clock_error_ms;
    let failures = handheld.disk.counts().failures;
    let Some(running) = &mut handheld.running else {
        return Ok(());
    };
    let committed = running.replica.commit(commit, now);
    if let Some(committed) = world.handheld_result(n, failures, committed)? {
        acknowledge(world, &committed.events, Some(n));
        if let Some(running) = &mut world.handhelds[n].running {
            running.tell(Event::Committed);
            world.keep_working(n);
        }
    }
    Ok(())
}

fn acknowledge(world: &mut World, events: &[(EventId, EventHash)], by: Option<usize>) {
    for (id, hash) in events {
        world.note(format_args!("{by:?} has written {id:?} {hash:?}"));
    }
    world.books.acknowledge(events, by);
}

fn events(operator: OperatorId, bodies: Vec<EventBody>) -> Commit {
    Commit {
        operator: Some(operator),
        site: Some(SITE),
        events: bodies.into_iter().map(NewEvent::from).collect(),
        ..Commit::default()
    }
}

fn record(world: &mut World, n: usize) -> Result<()> {
    let bodies = (0..=world.random.below(3)).map(|_| random_event(&mut world.random));
    let bodies = bodies.collect();
    let operator = world.handhelds[n].operator;
    commit(world, n, events(operator, bodies))
}

/// Reverses one of the events that the handheld sees at the end.
fn reverse(world: &mut World, n: usize) -> Result<()> {
    let among = 1 + world.random.below(6) as u32;
    let Some(running) = &world.handhelds[n].running else {
        return Ok(());
    };
    let last = running
        .replica
        .query()
        .events(&EventFilter::default(), among)?;
    let Some(row) = last.last() else {
        return Ok(());
    };
    let target = row.placed.event.hash;
    let operator = world.handhelds[n].operator;
    commit(
        world,
        n,
        events(operator, vec![EventBody::Reversed { target }]),
    )
}

fn renaming(random: &mut Random) -> Commit {
    let name = format!("名{}", random.below(4));
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item(random.below(6) as u8).into(),
        fields: vec![FieldEdit::set("name_zh", name.as_str())],
    };
    Commit {
        edits: vec![edit],
        ..Commit::default()
    }
}

fn rename(world: &mut World, n: usize) -> Result<()> {
    let renaming = renaming(&mut world.random);
    commit(world, n, renaming)
}

/// A supervisor writes on a node, or one on every node in the same moment.
fn on_the_console(world: &mut World) -> Result<()> {
    if world.random.one_in(3) {
        for node in 0..world.hubs.nodes.len() {
            write_on(world, node, false)?;
        }
    } else if let Some(node) = world.any_node() {
        let published = world.random.one_in(2);
        write_on(world, node, published)?;
    }
    world.look_later();
    Ok(())
}

fn write_on(world: &mut World, node: usize, published: bool) -> Result<()> {
    let mut commit = renaming(&mut world.random);
    if world.random.one_in(2) {
        commit = events(
            OperatorId::from_bytes([0xcc; 16]),
            vec![random_event(&mut world.random)],
        );
    }
    let failures = world.hubs.disk_failures();
    let now = world.now + world.hubs.nodes[node].clock_error_ms;
    if let Some(hub) = &world.hubs.nodes[node].hub {
        let committed = match published {
            true => hub.commit(commit, now),
            // As pages do it: it goes into the log when the node next looks.
            false => hub.catch_up(now).and_then(|_| {
                let mut replica = hub.replica().lock().unwrap_or_else(PoisonError::into_inner);
                Ok(replica.commit(commit, now)?)
            }),
        };
        if let Some(committed) = world.hub_result(failures, committed)? {
            acknowledge(world, &committed.events, None);
        }
    }
    Ok(())
}

fn disturb_network(world: &mut World, n: usize) {
    let node = world.random.below(world.hubs.nodes.len() as u64) as usize;
    match world.random.below(6) {
        0 => world.network.quality = Quality::GOOD,
        1..=2 => world.network.quality = Quality::draw(&mut world.random),
        3..=4 => drop(world.network.split.insert((n, node))),
        _ => world.network.split.clear(),
    }
    let (quality, split) = (world.network.quality, world.network.split.clone());
    world.note(format_args!("{quality:?}, split: {split:?}"));
}

fn disturb_clocks(world: &mut World, n: usize) {
    let random = &mut world.random;
    let span = [30_000, HOUR, 72 * HOUR][random.below(3) as usize];
    let error = random.below(2 * span as u64) as i64 - span;
    if random.one_in(5) {
        // A server keeps better time.
        let node = random.below(world.hubs.nodes.len() as u64) as usize;
        world.hubs.nodes[node].clock_error_ms = error / 30;
    } else {
        world.handhelds[n].clock_error_ms = error;
    }
    world.note(format_args!("clock of handheld {n} or the hub: {error}"));
}

fn crash(world: &mut World, n: usize) {
    match world.random.below(8) {
        0..=1 => {
            if world.handhelds[n].running.is_some() {
                world.stop_handheld(n);
            }
        }
        // Between two writes of whatever comes next.
        2..=4 => {
            let after = world.random.below(60);
            world.handhelds[n].disk.stop_after(after);
        }
        5 if world.random.one_in(2) => world.stop_nodes(),
        5 => {
            if let Some(node) = world.any_node() {
                world.stop_node(node);
            }
        }
        6 => {
            let after = world.random.below(60);
            world.hubs.store.stop_after(after);
        }
        _ => {
            let after = world.random.below(60);
            let node = world.random.below(world.hubs.nodes.len() as u64) as usize;
            world.hubs.nodes[node].disk.stop_after(after);
        }
    }
}

fn disturb_disks(world: &mut World, n: usize) {
    let after = world.random.below(40);
    match world.random.below(5) {
        0..=1 => world.handhelds[n].disk.fail_after(after),
        2 => {
            let disk = &world.handhelds[n].disk;
            disk.set_quota(Some(disk.bytes() + world.random.below(200_000)));
            world.make_room_later(n);
        }
        3 => world.hubs.store.fail_after(after),
        _ => {
            let node = world.random.below(world.hubs.nodes.len() as u64) as usize;
            world.hubs.nodes[node].disk.fail_after(after);
        }
    }
}

fn revoke(world: &mut World, n: usize) -> Result<()> {
    let Some(node) = world.any_node() else {
        return Ok(());
    };
    let Some(identity) = world.handhelds[n]
        .running
        .as_ref()
        .and_then(|r| r.replica.identity())
    else {
        return Ok(());
    };
    let device = identity.device;
    let revoked = world.random.one_in(2);
    let failures = world.hubs.disk_failures();
    let now = world.now + world.hubs.nodes[node].clock_error_ms;
    if let Some(hub) = &world.hubs.nodes[node].hub {
        let done = hub.set_revoked(device, revoked, now);
        world.hub_result(failures, done)?;
    }
    world.note(format_args!("handheld {n} revoked: {revoked}"));
    Ok(())
}

/// A handheld falls into the dock; a new one takes its place.
fn lose(world: &mut World, n: usize, alive: usize) -> Result<()> {
    if alive < 3 {
        return world.enrol();
    }
    let handheld = &mut world.handhelds[n];
    handheld.is_lost = true;
    handheld.kill();
    let held = world.held()?;
    let excused = world.books.excuse_all_but(&held);
    world.note(format_args!("handheld {n} is lost with {excused} events"));
    if world.random.one_in(2) {
        world.enrol()?;
    }
    Ok(())
}

fn back_up_restore_or_clone(world: &mut World, n: usize) -> Result<()> {
    let handheld = &mut world.handhelds[n];
    let backups = handheld.backups.len() as u64;
    if backups == 0 || world.random.one_in(3) {
        let image = handheld.disk.image();
        handheld.backups.push(image);
        world.note(format_args!("handheld {n} is backed up"));
        return Ok(());
    }
    let image = handheld.backups[world.random.below(backups) as usize].clone();
    if world.random.one_in(2) {
        handheld.kill();
        handheld.disk.restore(&image);
        let held = world.held()?;
        let excused = world.books.excuse_all_but(&held);
        world.note(format_args!(
            "handheld {n} is put back, without {excused} events"
        ));
        return world.start_handheld(n);
    }
    let number = world.handhelds.len();
    let disk = Disk::new(world.random.bits());
    disk.restore(&image);
    let mut clone = Handheld::new(number, disk, world.handhelds[n].key);
    clone.takes_snapshots = world.handhelds[n].takes_snapshots;
    world.handhelds.push(clone);
    world.note(format_args!("handheld {number} is a copy of handheld {n}"));
    world.start_handheld(number)
}

/// Only the store goes back: the nodes' replicas are newer than their log then. Half of the backups are made and restored
/// by the server's own code.
fn back_up_or_restore_hub(world: &mut World) -> Result<()> {
    let backups = world.hubs.backups.len() as u64;
    if backups == 0 || world.random.one_in(2) {
        let image = world.hubs.store.image();
        let backup = match world.random.one_in(2) {
            true => keep::make(world, &image)?,
            false => Backup::Files(image),
        };
        world.hubs.backups.push(backup);
        world.note(format_args!("the hub is backed up"));
        return Ok(());
    }
    let chosen = world.random.below(backups) as usize;
    (0..world.hubs.nodes.len()).for_each(|n| world.hubs.kill(n));
    keep::put_back(world, chosen)?;
    let held = world.held()?;
    let excused = world.books.excuse_all_but(&held);
    world.note(format_args!(
        "the hub is put back, without {excused} events"
    ));
    world.start_nodes_later();
    Ok(())
}

/// The replica of a node is a cache of the log, and who the node is. It is lost, put back to an earlier state, or copied
/// by somebody who wants another node.
fn lose_or_copy_node(world: &mut World) -> Result<()> {
    let n = world.random.below(world.hubs.nodes.len() as u64) as usize;
    let node = &mut world.hubs.nodes[n];
    let backups = node.backups.len() as u64;
    let what = world.random.below(4);
    if what == 0 || (backups == 0 && what == 1) {
        let image = node.disk.image();
        node.backups.push(image);
        world.note(format_args!("node {n} is backed up"));
        return Ok(());
    }
    // If the store goes back too, nobody can tell that the node had written more.
    let image = match backups > 0 && !world.kinds.hub_restored {
        true => Some(node.backups[world.random.below(backups) as usize].clone()),
        false => None,
    };
    match image {
        Some(image) if what == 1 && world.hubs.nodes.len() < NODES_MAX => {
            let disk = Disk::new(world.random.bits());
            disk.restore(&image);
            world.hubs.nodes.push(Node::new(disk));
            world.note(format_args!("a copy of node {n} is another node"));
        }
        Some(image) if what <= 2 => {
            world.hubs.kill(n);
            world.hubs.nodes[n].disk.restore(&image);
            world.note(format_args!("node {n} is put back"));
        }
        _ => {
            world.hubs.kill(n);
            world.hubs.nodes[n].disk = Disk::new(world.random.bits());
            world.note(format_args!("node {n} loses its replica"));
        }
    }
    // The store may have been put back, and not have got everything again.
    let held = world.held()?;
    let excused = world.books.excuse_all_but(&held);
    world.note(format_args!("{excused} events are gone with it"));
    world.start_nodes_later();
    Ok(())
}
