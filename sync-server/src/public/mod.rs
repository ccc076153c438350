//! Pages for customers, who have no account: the check of a receipt, and what they left with us.
//!
//! Whoever asks too often waits: by address, by the beginning of a code, by telephone. No page says what exists to somebody
//! who does not hold the ticket or the telephone.

pub(crate) mod enter;
pub(crate) mod left;
mod notice;
pub(crate) mod receipt;
mod session;
pub(crate) mod sign;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use domain::UnixMillis;

use crate::console::data::ConsoleData;
use crate::error::AppError;
use crate::hub::buckets::{Buckets, Rate};
use crate::hub::one_caller;
use crate::state::AppState;
use crate::tls::Peer;
use notice::{Gateway, Outbox, Sender};

/// Forms from one address: a shop's whole queue may sit behind one.
const ASKED: Rate = Rate {
    every_us: 500_000,
    burst: 120,
};

/// Wrong codes from one address: people mistype, and nobody guesses 55 bits.
const WRONG: Rate = Rate {
    every_us: 30_000_000,
    burst: 20,
};
/// Wrong codes that begin alike, from wherever they come: the beginning tells the site.
const WRONG_PREFIX: Rate = Rate {
    every_us: 10_000_000,
    burst: 60,
};
/// Codes that are sent to one telephone: each costs money, and disturbs somebody.
const SENT: Rate = Rate {
    every_us: 300_000_000,
    burst: 3,
};

/// What is counted about strangers; in memory, bounded.
pub(crate) struct Public {
    asked: Buckets<IpAddr>,
    wrong: Buckets<IpAddr>,
    prefixes: Buckets<String>,
    phones: Buckets<[u8; 32]>,
    sender: Mutex<Arc<dyn Sender>>,
}

impl Default for Public {
    fn default() -> Self {
        Self {
            asked: Buckets::new(ASKED),
            wrong: Buckets::new(WRONG),
            prefixes: Buckets::new(WRONG_PREFIX),
            phones: Buckets::new(SENT),
            sender: Mutex::new(Arc::new(Outbox)),
        }
    }
}

fn wait(seconds: u32) -> AppError {
    AppError::Throttled {
        seconds: seconds.into(),
    }
}

impl Public {
    /// One more form from that address.
    pub(crate) fn ask(&self, from: &Address, now: UnixMillis) -> Result<(), AppError> {
        self.asked.take(from.0, now).map_err(wait)
    }

    /// Whether that address may try one more code, and one that begins so.
    fn may_try(&self, from: &Address, prefix: &str, now: UnixMillis) -> Result<(), AppError> {
        self.ask(from, now)?;
        self.wrong.look(&from.0, now).map_err(wait)?;
        self.prefixes.look(&prefix.to_owned(), now).map_err(wait)
    }

    /// A code was wrong.
    fn wrong(&self, from: &Address, prefix: &str, now: UnixMillis) {
        let _ = self.wrong.take(from.0, now);
        if !prefix.is_empty() {
            let _ = self.prefixes.take(prefix.to_owned(), now);
        }
    }

    /// Whether one more code may be sent to a telephone, known by its keyed hash.
    fn may_ask_code(
        &self,
        from: &Address,
        phone: [u8; 32],
        now: UnixMillis,
    ) -> Result<(), AppError> {
        self.ask(from, now)?;
        self.wrong.look(&from.0, now).map_err(wait)?;
        self.phones.take(phone, now).map_err(wait)
    }

    /// Messages go to this gateway from now on.
    pub(crate) fn send_by(&self, url: String) {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        *sender = Arc::new(Gateway::new(url));
    }

    fn sender(&self) -> Arc<dyn Sender> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.clone()
    }
}

/// From where somebody asks; an IPv6 line is a whole /64.
pub(crate) struct Address(pub(crate) IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let peer = parts.extensions.get::<ConnectInfo<Peer>>();
        let address = peer.map(|peer| one_caller(peer.0.0.ip()));
        Ok(Self(address.unwrap_or(Ipv4Addr::UNSPECIFIED.into())))
    }
}

/// Works with the organisation's data for somebody who has no account and therefore sees no site: the page itself has to say
/// what they may see of it.
pub(crate) async fn for_stranger<T: Send + 'static>(
    app: &AppState,
    f: impl FnOnce(&ConsoleData) -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || f(app.console_data())).await?
}
