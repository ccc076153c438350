//! Practice: everything can be tried on a copy of the database, which is thrown away afterwards.
//!
//! While somebody practises, the worker's replica is the copy. What concerns the real one goes on meanwhile: exchanges,
//! neighbours, photos and settings take it in for as long as they need it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use replica::{DatabaseKey, OpenOptions, Replica, ReplicaError};

use super::machine::{Showing, Worker};
use crate::view::{Message, Outcome};

/// The replica that the worker does not hold at the moment.
pub(crate) struct Practice {
    other: Replica,
    /// The worker holds the real one for now, and `other` is the copy.
    real_is_in: bool,
}

fn copy_path(folder: &Path) -> PathBuf {
    folder.join("practice.db")
}

/// Throws away what a practice left behind, also one that ended with the program.
pub(crate) fn clear(folder: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let mut path = copy_path(folder).into_os_string();
        path.push(ending);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a copy for practice could not be removed");
            }
            _ => {}
        }
    }
}

impl Worker {
    pub(crate) fn practises(&self) -> bool {
        self.practice.is_some()
    }

    /// From now on nothing is real, until [`Worker::end_practice`].
    pub(crate) fn begin_practice(&mut self) -> Result<(), ReplicaError> {
        if self.practises() || self.operator.is_none() {
            return Ok(());
        }
        match self.open_copy() {
            Ok(copy) => {
                let real = std::mem::replace(&mut self.replica, copy);
                self.practice = Some(Practice {
                    other: real,
                    real_is_in: false,
                });
            }
            Err(error) => {
                clear(&self.data_folder);
                tracing::warn!(error = &*error, "practice could not begin");
                self.tell(Outcome::Refused, Message::new("practice-no-room"), "");
                return Ok(());
            }
        }
        // The draft stays with the real work.
        self.work = None;
        self.look_up = Default::default();
        self.showing = Showing::Home;
        self.tell(Outcome::Attention, Message::new("practice-begun"), "");
        Ok(())
    }

    fn open_copy(&self) -> Result<Replica, Box<dyn Error>> {
        clear(&self.data_folder);
        let path = copy_path(&self.data_folder);
        let file = self.replica.whole_file()?.ok_or("no file to copy")?;
        fs::copy(file, &path)?;
        let key = DatabaseKey::from_bytes(self.secrets.device_key(false)?);
        let mut random = [0; 8];
        getrandom::fill(&mut random)?;
        Ok(Replica::open(OpenOptions::file(path, Some(key), random))?)
    }

    /// Back to the real work, as it was left.
    pub(crate) fn end_practice(&mut self) -> Result<(), ReplicaError> {
        let Some(mut practice) = self.practice.take() else {
            return Ok(());
        };
        if !practice.real_is_in {
            std::mem::swap(&mut self.replica, &mut practice.other);
        }
        drop(practice);
        clear(&self.data_folder);
        self.work = None;
        self.look_up = Default::default();
        self.waiting = self.replica.waiting()?;
        self.load_draft()?;
        self.showing = Showing::Home;
        self.tell(Outcome::Accepted, Message::new("practice-ended"), "");
        Ok(())
    }

    /// Does what concerns the real replica, whether or not somebody practises.
    pub(crate) fn on_real<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let took_in = self.swap_in(true);
        let result = act(self);
        if took_in {
            self.swap_in(false);
        }
        result
    }

    /// Returns whether anything was swapped.
    fn swap_in(&mut self, real: bool) -> bool {
        match &mut self.practice {
            Some(practice) if practice.real_is_in != real => {
                std::mem::swap(&mut self.replica, &mut practice.other);
                practice.real_is_in = real;
                true
            }
            _ => false,
        }
    }
}
