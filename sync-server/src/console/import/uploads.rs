//! Files that were checked and wait to be imported: kept in memory for a while, a few at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{SiteId, UnixMillis};

use super::{Kind, Parsed, Problem};

/// No file is larger.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;
/// The oldest makes room for a new one.
const KEPT_MAX: usize = 8;
const KEPT_MS: i64 = 60 * 60 * 1_000;

/// A file that was read.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Names it, in addresses.
    pub id: String,
    /// Whose it is; others do not see it.
    pub user: i64,
    /// What it holds.
    pub kind: Kind,
    /// Of which site; items have none.
    pub site: Option<SiteId>,
    /// Its name.
    pub name: String,
    /// The file as it came, to be read again when somebody says what its columns mean.
    pub file: Arc<Vec<u8>>,
    /// The rows that make sense by themselves.
    pub rows: Arc<Parsed>,
    /// What is wrong with the others.
    pub problems: Arc<Vec<Problem>>,
    /// When it came.
    pub at: UnixMillis,
}

/// The files that wait.
#[derive(Default)]
pub struct Uploads(Mutex<VecDeque<Upload>>);

impl Uploads {
    /// Keeps a file.
    pub fn put(&self, upload: Upload) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| other.at + KEPT_MS > upload.at);
        while kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(upload);
    }

    /// A file of that user.
    pub fn get(&self, id: &str, user: i64) -> Option<Upload> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|upload| upload.id == id && upload.user == user)
            .cloned()
    }

    /// Takes a file out, so that it is imported once.
    pub fn take(&self, id: &str, user: i64) -> Option<Upload> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept
            .iter()
            .position(|upload| upload.id == id && upload.user == user)?;
        kept.remove(at)
    }
}
