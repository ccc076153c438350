//! What every handler can reach.

use std::sync::Arc;

use documents::SigningKey;
use domain::UnixMillis;
use tokio::sync::watch;

use crate::auth::Scope;
use crate::auth::throttle::Throttle;
use crate::clock::Clock;
use crate::console::data::ConsoleData;
use crate::console::import::Uploads;
use crate::error::AppError;
use crate::hub::{Hub, HubError, Limits};
use crate::metrics::Metrics;
use crate::proxies::Proxy;
use crate::public::Public;
use crate::store::Database;
use crate::webhooks::Webhooks;

/// Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    database: Arc<Database>,
    data: ConsoleData,
    hub: Arc<Hub>,
    clock: Clock,
    secure: bool,
    public_url: String,
    certificate_fingerprint: Option<[u8; 32]>,
    limits: Limits,
    proxies: Vec<Proxy>,
    throttle: Throttle,
    metrics: Metrics,
    uploads: Uploads,
    webhooks: Webhooks,
    public: Public,
    changed: watch::Sender<u64>,
    closing: watch::Sender<bool>,
}

/// What a server is made of.
pub struct Parts {
    /// Accounts and the hub's log.
    pub database: Arc<Database>,
    /// The log, the server's replica, the devices.
    pub hub: Arc<Hub>,
    /// The time.
    pub clock: Clock,
    /// Whether people reach it through TLS: cookies are then marked Secure.
    pub secure: bool,
    /// How people and devices reach it, without a slash at the end.
    pub public_url: String,
    /// SHA-256 of the server's certificate, for devices to pin if it is self-signed.
    pub certificate_fingerprint: Option<[u8; 32]>,
    /// How much is under way at one time.
    pub limits: Limits,
    /// Who is believed about whom it asks for.
    pub proxies: Vec<Proxy>,
}

impl AppState {
    /// Puts a server together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            database: parts.database,
            data: ConsoleData::new(parts.hub.clone()),
            hub: parts.hub,
            clock: parts.clock,
            secure: parts.secure,
            public_url: parts.public_url,
            certificate_fingerprint: parts.certificate_fingerprint,
            limits: parts.limits,
            proxies: parts.proxies,
            throttle: Throttle::default(),
            metrics: Metrics::default(),
            uploads: Uploads::default(),
            webhooks: Webhooks::default(),
            public: Public::default(),
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

    /// SHA-256 of the server's certificate, for devices to pin.
    pub fn certificate_fingerprint(&self) -> Option<[u8; 32]> {
        self.0.certificate_fingerprint
    }

    /// The hub itself, for its own routes.
    pub fn shared_hub(&self) -> &Arc<Hub> {
        &self.0.hub
    }

    /// The clock itself, for the hub's routes.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// How much is under way at one time.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// Who is believed about whom it asks for.
    pub fn proxies(&self) -> &[Proxy] {
        &self.0.proxies
    }

    /// Wrong passwords so far.
    pub fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    /// What is counted for monitoring.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Works with the hub on a blocking thread.
    ///
    /// # Errors
    /// Those of `f`, as [`AppError::Internal`].
    pub async fn hub<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Hub) -> Result<T, HubError> + Send + 'static,
    ) -> Result<T, AppError> {
        let hub = self.0.hub.clone();
        let done = tokio::task::spawn_blocking(move || f(&hub)).await?;
        done.map_err(AppError::internal)
    }

    /// Files that were checked and wait to be imported.
    pub fn uploads(&self) -> &Uploads {
        &self.0.uploads
    }

    /// What this node knows of webhooks.
    pub fn webhooks(&self) -> &Webhooks {
        &self.0.webhooks
    }

    /// What is counted about people without an account.
    pub(crate) fn public(&self) -> &Public {
        &self.0.public
    }

    /// What customers are told goes to this gateway, instead of an outbox that supervisors read: `{"id", "to", "text"}` is
    /// posted to it as JSON.
    pub fn send_notices_by(&self, url: &str) {
        self.0.public.send_by(url.to_owned());
    }

    /// Works with the key that the server signs with, on a blocking thread.
    ///
    /// # Errors
    /// Those of `f`.
    pub(crate) async fn hub_key<T: Send + 'static>(
        &self,
        f: impl FnOnce(&SigningKey) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let hub = self.0.hub.clone();
        tokio::task::spawn_blocking(move || f(&hub.organisation().key)).await?
    }

    /// The organisation's data, for code that is on a blocking thread already.
    pub fn console_data(&self) -> &ConsoleData {
        &self.0.data
    }

    /// This node among those that share the store; zeros if it is none yet.
    pub fn node_id(&self) -> [u8; 16] {
        self.0.hub.node().map_or([0; 16], |node| *node.as_bytes())
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

    /// Works with the organisation's data on a blocking thread, as far as whoever sent the request may see it.
    ///
    /// # Errors
    /// Those of `f`.
    pub async fn data<T: Send + 'static>(
        &self,
        f: impl FnOnce(&ConsoleData) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let data = self.0.data.within(Scope::of_request());
        tokio::task::spawn_blocking(move || f(&data)).await?
    }

    /// Something was committed on the server's own chain: the hub publishes it, and open pages hear of it.
    pub fn committed(&self) {
        self.0.hub.wake();
        self.announce_change();
    }

    /// Tells open pages that something changed.
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
