//! Backups of the hub: the server's own, over real files, and plain copies.

use std::sync::Mutex;

use anyhow::{Context, Result};
use sync_server::backup::{self, Mark};
use sync_server::hub::{HubError, Randomness};
use testkit::disk::{Disk, Image};
use testkit::random::Random;

use super::hubs::Backup;
use super::world::World;

/// What `tallyman-server backup` does with the store as it lies there. The mark, from which handhelds learn that they
/// need not keep their own segments any longer, is lost if no node runs or a disk fails, as if the program were killed.
pub(super) fn make(world: &mut World, image: &Image) -> Result<Backup> {
    let (data, folder) = (tempfile::tempdir()?, tempfile::tempdir()?);
    image.write_to(data.path())?;
    let made = backup::make(data.path(), folder.path(), world.now).context("a backup")?;
    let mark = Mark {
        at: world.now,
        log: made.manifest.log,
    };
    let databases = world.hubs.nodes.iter().map(|node| node.database.clone());
    if let Some(database) = databases.flatten().next() {
        let failures = world.hubs.disk_failures();
        let saved = database.write(|t| mark.save(t)).map_err(HubError::from);
        let saved = world.hub_result(failures, saved)?.is_some();
        if saved {
            // Handhelds rely on this one now, and whoever has it restores no older one.
            world.hubs.backups.clear();
        }
        world.note(format_args!("the server makes a backup, marked: {saved}"));
    }
    Ok(Backup::Made(folder))
}

/// The store is what it was then. All nodes have ended.
pub(super) fn put_back(world: &mut World, chosen: usize) -> Result<()> {
    let image = match &world.hubs.backups[chosen] {
        Backup::Files(image) => image.clone(),
        Backup::Made(folder) => {
            let own = Mutex::new(Random::new(world.random.bits()));
            let randomness = Randomness::new(move |bytes| {
                let mut own = own
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                bytes.fill_with(|| own.bits() as u8);
                true
            });
            let data = tempfile::tempdir()?;
            backup::restore_with(folder.path(), data.path(), &randomness).context("a restore")?;
            let image = Image::read_from(data.path())?;
            // No snapshot is in a backup, and no replica: a node that is made anew has neither.
            world.hubs.files = tempfile::tempdir()?;
            for node in &mut world.hubs.nodes {
                if world.random.one_in(2) {
                    node.disk = Disk::new(world.random.bits());
                }
            }
            world.note(format_args!("the server is restored from its backup"));
            image
        }
    };
    world.hubs.store.restore(&image);
    Ok(())
}
