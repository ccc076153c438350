//! A small disk that can be filled up: a tmpfs with a ballast file.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A tmpfs, unmounted when it is dropped.
pub(super) struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Mounts one of so many MiB on a new folder. `None`: this user may not mount here.
    pub(super) fn mount(folder: &Path, mib: u64) -> Result<Option<Self>> {
        fs::create_dir_all(folder)?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tallyman"])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        Ok(mounted.is_ok_and(|status| status.success()).then(|| Self {
            folder: folder.to_owned(),
        }))
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    /// Leaves no byte free.
    pub(super) fn fill(&self) -> Result<()> {
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(self.ballast())?;
        let piece = vec![0x55; 1 << 20];
        loop {
            match file.write(&piece) {
                // The last piece goes in as far as there is room.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => bail!("the ballast cannot be written: {error}"),
            }
        }
    }

    /// Gives the room back.
    pub(super) fn release(&self) -> Result<()> {
        match fs::remove_file(self.ballast()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).context("the ballast cannot be removed")
            }
            _ => Ok(()),
        }
    }

    /// Copies what is on it to another folder: a tmpfs is gone with its last process.
    pub(super) fn save(&self, to: &Path) -> Result<()> {
        self.release()?;
        let copied = Command::new("cp")
            .arg("-r")
            .args([&self.folder, to])
            .status()?;
        anyhow::ensure!(copied.success(), "the disk cannot be copied");
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever still has a file open there keeps it until the end.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}
