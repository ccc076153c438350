//! What every handler can reach.

use std::sync::Arc;

use domain::UnixMillis;
use tokio::sync::watch;

use crate::auth::throttle::Throttle;
use crate::clock::Clock;
use crate::console::data::ConsoleData;
use crate::console::import::Uploads;
use crate::error::AppError;
use crate::store::Database;

/// Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    database: Arc<Database>,
    data: Arc<ConsoleData>,
    clock: Clock,
    secure: bool,
    public_url: String,
    throttle: Throttle,
    uploads: Uploads,
    changed: watch::Sender<u64>,
    closing: watch::Sender<bool>,
}

/// What a server is made of.
pub struct Parts {
    /// Accounts and the hub's log.
    pub database: Arc<Database>,
    /// What the console shows and writes.
    pub data: Arc<ConsoleData>,
    /// The time.
    pub clock: Clock,
    /// Whether people reach it through TLS: cookies are then marked Secure.
    pub secure: bool,
    /// How people and devices reach it, without a slash at the end.
    pub public_url: String,
}

impl AppState {
    /// Puts a server together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            database: parts.database,
            data: parts.data,
            clock: parts.clock,
            secure: parts.secure,
            public_url: parts.public_url,
            throttle: Throttle::default(),
            uploads: Uploads::default(),
            changed: watch::Sender::new(0),
            closing: watch::Sender::new(false),
        }))
    }

    /// Unix milliseconds.
    pub fn now(&self) -> UnixMillis {
        self.0.clock.now()
    }

    /// Whether people reach it through TLS.
    pub fn secure(&self) -> bool {
        self.0.secure
    }

    /// How people and devices reach it.
    pub fn public_url(&self) -> &str {
        &self.0.public_url
    }

    /// Wrong passwords so far.
    pub fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    /// Files that were checked and wait to be imported.
    pub fn uploads(&self) -> &Uploads {
        &self.0.uploads
    }

    /// The database itself, for code that is on a blocking thread already.
    pub fn database(&self) -> &Arc<Database> {
        &self.0.database
    }

    /// Works with the database on a blocking thread.
    ///
    /// # Errors
    /// Those of `f`.
    pub async fn store<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Database) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let database = self.0.database.clone();
        tokio::task::spawn_blocking(move || f(&database)).await?
    }

    /// Works with the organisation's data on a blocking thread.
    ///
    /// # Errors
    /// Those of `f`.
    pub async fn data<T: Send + 'static>(
        &self,
        f: impl FnOnce(&ConsoleData) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let data = self.0.data.clone();
        tokio::task::spawn_blocking(move || f(&data)).await?
    }

    /// Tells open pages that something changed. Call it after a commit.
    pub fn announce_change(&self) {
        self.0
            .changed
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Counts changes, for open pages to wait on.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    /// Ends the open event streams, so that the server can stop.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    /// Turns true when the server stops.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.subscribe()
    }
}
