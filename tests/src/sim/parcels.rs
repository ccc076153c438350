//! Files on sticks: a handheld exports one, and another one or the hub imports it, today or long after, whole or
//! damaged, once or twice.

use anyhow::{Context, Result};
use carry::file;
use protocol::Parcel;
use sync_core::Event;

use super::network::Quality;
use super::world::World;

/// About what one parcel of a file carries: little, so that a file has several.
const PARCEL_BYTES: usize = 4 << 10;
/// No stick holds more.
const FILES_MAX: usize = 6;

/// Handheld `n` exports a file, or it or the hub imports one.
pub(super) fn act(world: &mut World, n: usize) -> Result<()> {
    let files = world.files.len() as u64;
    if files == 0 || world.random.one_in(3) {
        return export(world, n);
    }
    let at = world.random.below(files) as usize;
    let Some(bytes) = handed_over(world, at) else {
        return Ok(());
    };
    // Whoever is not sure whether it worked does it again.
    for _ in 0..1 + u32::from(world.random.one_in(4)) {
        if world.random.one_in(3) {
            import_on_hub(world, &bytes)?;
        } else {
            import(world, n, &bytes)?;
        }
    }
    Ok(())
}

fn export(world: &mut World, n: usize) -> Result<()> {
    let failures = world.handhelds[n].disk.counts().failures;
    let Some(running) = &mut world.handhelds[n].running else {
        return Ok(());
    };
    let made = exchange::parcels_for_anyone(&mut running.replica, PARCEL_BYTES);
    if let Some(parcels) = world.handheld_result(n, failures, made)? {
        let parcels: Vec<_> = parcels.iter().map(Parcel::to_bytes).collect();
        let bytes = file::write(&parcels)?;
        world.note(format_args!(
            "handheld {n} exports {} parcels, {} bytes",
            parcels.len(),
            bytes.len()
        ));
        if world.files.len() == FILES_MAX {
            world.files.remove(0);
        }
        world.files.push(bytes);
    }
    Ok(())
}

/// What is read from the stick: mostly what was written.
fn handed_over(world: &mut World, at: usize) -> Option<Vec<u8>> {
    let stick = Quality {
        cut_one_in: 8,
        flipped_one_in: 8,
        ..Quality::GOOD
    };
    let good = std::mem::replace(&mut world.network.quality, stick);
    let read = world.network.carry(&world.files[at], &mut world.random);
    world.network.quality = good;
    read.into_iter().next().map(|(_, bytes)| bytes)
}

fn import(world: &mut World, n: usize, bytes: &[u8]) -> Result<()> {
    let now = world.now + world.handhelds[n].clock_error_ms;
    let parcels = match file::read(bytes) {
        Ok(parcels) => parcels,
        Err(error) => {
            world.note(format_args!("handheld {n} refuses a file: {error}"));
            return Ok(());
        }
    };
    for parcel in parcels {
        // The file's hash was right, so it is as its writer wrote it.
        let parcel = Parcel::from_bytes(&parcel).context("a parcel of a whole file")?;
        let failures = world.handhelds[n].disk.counts().failures;
        let Some(running) = &mut world.handhelds[n].running else {
            return Ok(());
        };
        let taken = exchange::take(&mut running.replica, &parcel, now);
        let taken = world.handheld_result(n, failures, taken)?;
        world.note(format_args!("handheld {n} imports: {taken:?}"));
    }
    if let Some(running) = &mut world.handhelds[n].running {
        running.tell(Event::Committed);
        world.keep_working(n);
    }
    Ok(())
}

fn import_on_hub(world: &mut World, bytes: &[u8]) -> Result<()> {
    let Some(node) = world.any_node() else {
        return Ok(());
    };
    let failures = world.hubs.disk_failures();
    let now = world.now + world.hubs.nodes[node].clock_error_ms;
    let hub = world.hubs.nodes[node].hub.as_ref().context("runs")?;
    let taken = hub.take_parcels(bytes, now);
    let taken = world.hub_result(failures, taken)?;
    world.note(format_args!("the hub imports: {taken:?}"));
    world.pump(node)
}
