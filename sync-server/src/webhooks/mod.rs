//! Webhooks: events go to whoever asked for them, at least once and in the order in which the log took them.
//!
//! The log is the outbox's source: what a subscription has been fed up to is kept with its queue, and both change in one
//! transaction of the store, so that no event is left out and none is queued twice. Several nodes share the store: whoever
//! claims the front of a queue delivers it.

mod reach;
mod send;
mod sign;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use domain::UnixMillis;
use replica::query::Arrival;
use serde::Serialize;
use tokio::sync::Notify;

use crate::api::model::{Event, instant};
use crate::error::AppError;
use crate::proxies::Proxy;
use crate::state::AppState;
use crate::store::webhooks::{self as queue, Delivery, Tried, Webhook};

pub use reach::{Target, Unreachable, is_public};
pub(crate) use send::post;
pub use send::{NotSent, TIMEOUT};
pub use sign::{SECRET_BYTES, secret_text, signatures};

/// Events that are read at a time.
const PAGE: usize = 200;
/// The queue of one may hold so many; then it is not fed until it is shorter, and reads on in the log later.
const QUEUE_MAX: u64 = 10_000;
/// A claim holds so long: longer than any try.
const CLAIM_MS: i64 = 60_000;
/// How long the secret before signs after a new one was made.
pub const OLD_SECRET_MS: i64 = 24 * 3_600_000;
/// How often the queues are looked at without being woken.
const LOOK: Duration = Duration::from_secs(1);
/// Waits between tries, in seconds, as Standard Webhooks suggests; with a fifth of jitter. After the last one it is given up.
const WAITS: [i64; 8] = [5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200];

/// What a node knows of webhooks beyond the store.
pub struct Webhooks {
    allowed: Mutex<Vec<Proxy>>,
    timeout: Mutex<Duration>,
    wake: Notify,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            allowed: Mutex::default(),
            timeout: Mutex::new(TIMEOUT),
            wake: Notify::new(),
        }
    }
}

impl Webhooks {
    /// Networks that may be gone to although they are private, and without TLS.
    pub fn allow(&self, networks: Vec<Proxy>) {
        *self.allowed.lock().unwrap_or_else(PoisonError::into_inner) = networks;
    }

    /// How long one try may take.
    pub fn set_timeout(&self, timeout: Duration) {
        *self.timeout.lock().unwrap_or_else(PoisonError::into_inner) = timeout;
    }

    /// Networks that may be gone to.
    pub fn allowed(&self) -> Vec<Proxy> {
        self.allowed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Something is to be done.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

/// What is sent.
#[derive(Serialize)]
struct Message<'e> {
    r#type: String,
    timestamp: String,
    data: &'e Event,
}

/// Puts what is new in the log into the queues. Blocks. Returns how much.
///
/// # Errors
/// Those of the replica and of the store.
pub fn feed(app: &AppState, now: UnixMillis) -> Result<u64, AppError> {
    let store = app.database();
    let hooks = store.read(queue::all)?;
    let mut fed = 0;
    for hook in hooks.iter().filter(|hook| hook.state == "on") {
        for site in app.console_data().site_records()? {
            if !hook.sites.is_empty() && !hook.sites.contains(&site.id) {
                continue;
            }
            loop {
                if store.read(|c| queue::counts(c, hook.id))?.0 >= QUEUE_MAX {
                    break;
                }
                let from: Arrival = store.read(|c| queue::fed(c, hook.id, site.id))?;
                let (rows, to) = app.console_data().arrived(site.id, from, PAGE)?;
                if to == from {
                    break;
                }
                let mut events = Vec::new();
                for row in &rows {
                    let event = Event::from(row);
                    if hook.wants(&event.kind, site.id) {
                        let message = Message {
                            r#type: format!("event.{}", event.kind),
                            timestamp: instant(row.accepted_at),
                            data: &event,
                        };
                        let body = serde_json::to_string(&message).map_err(AppError::internal)?;
                        events.push((event.id.clone(), body));
                    }
                }
                let step = (from, to);
                if !store.write(|t| queue::feed(t, hook.id, site.id, step, &events, now))? {
                    break;
                }
                fed += events.len() as u64;
            }
        }
    }
    Ok(fed)
}

/// How a try that ended so goes on.
fn judge(
    delivery: &Delivery,
    ended: Result<StatusCode, NotSent>,
    now: UnixMillis,
    jitter: u16,
) -> Tried {
    let outcome = match ended {
        Ok(status) if status.is_success() => return Tried::Delivered,
        Ok(StatusCode::GONE) => return Tried::Gone("410".to_owned()),
        Ok(status) => status.as_u16().to_string(),
        Err(why) => why.code().to_owned(),
    };
    match WAITS.get(delivery.tries as usize) {
        None => Tried::Dead(outcome),
        Some(seconds) => {
            let wait = seconds * 1_000;
            // Between nothing and a fifth more, so that receivers that come back are not met by all at once.
            let more = wait / 5 * i64::from(jitter) / i64::from(u16::MAX);
            Tried::Again(now + wait + more, outcome)
        }
    }
}

async fn deliver(app: AppState, hook: Webhook, delivery: Delivery) -> Result<(), AppError> {
    let at = app.now();
    let mut secrets: Vec<&[u8]> = vec![&hook.secret];
    if let Some((old, until)) = &hook.old_secret
        && at < *until
    {
        secrets.push(old);
    }
    let id = format!("evt_{}_{}", hook.id, delivery.event);
    let headers = [
        ("webhook-id", id.clone()),
        ("webhook-timestamp", at.div_euclid(1_000).to_string()),
        (
            "webhook-signature",
            signatures(&secrets, &id, at, &delivery.body),
        ),
    ];
    let webhooks = app.webhooks();
    let timeout = *webhooks
        .timeout
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let allowed = webhooks.allowed();
    let ended = send::post(
        &hook.url,
        &headers,
        delivery.body.clone(),
        &allowed,
        timeout,
    )
    .await;
    let mut jitter = [0; 2];
    // Without randomness there is no jitter, and nothing else is lost.
    let _ = getrandom::fill(&mut jitter);
    let tried = judge(&delivery, ended, app.now(), u16::from_be_bytes(jitter));
    tracing::debug!(
        webhook = hook.id,
        delivery = delivery.id,
        ?tried,
        "a delivery was tried"
    );
    let (hook, id) = (hook.id, delivery.id);
    app.store(move |db| Ok(db.write(|t| queue::settle(t, hook, id, &tried))?))
        .await
}

/// Feeds the queues and tries what is due, once. Returns how many deliveries were tried.
///
/// # Errors
/// Those of the replica and of the store.
pub async fn round(app: &AppState) -> Result<usize, AppError> {
    let (state, now) = (app.clone(), app.now());
    let claimed = app
        .store(move |db| {
            feed(&state, now)?;
            let node = state.node_id();
            Ok(db.write(|t| queue::claim(t, &node, now, now + CLAIM_MS))?)
        })
        .await?;
    let tried = claimed.len();
    let mut running = tokio::task::JoinSet::new();
    for (hook, delivery) in claimed {
        running.spawn(deliver(app.clone(), hook, delivery));
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(tried)
}

/// Goes on until the task is dropped.
pub async fn run(app: AppState) {
    let mut changes = app.changes();
    loop {
        match round(&app).await {
            // The next of each queue may be due.
            Ok(tried) if tried > 0 => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "webhooks failed");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = changes.changed() => {}
            () = app.webhooks().wake.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(tries: u32) -> Delivery {
        Delivery {
            id: 1,
            event: String::new(),
            body: String::new(),
            made_at: 0,
            tries,
            outcome: String::new(),
        }
    }

    #[test]
    fn waits_grow_have_jitter_and_end() {
        let failed = || Ok(StatusCode::SERVICE_UNAVAILABLE);
        for (tries, seconds) in (0..).zip(WAITS) {
            let wait = seconds * 1_000;
            let at = |jitter| match judge(&delivery(tries), failed(), 0, jitter) {
                Tried::Again(at, outcome) if outcome == "503" => at,
                other => panic!("{other:?}"),
            };
            assert_eq!(at(0), wait);
            assert_eq!(at(u16::MAX), wait + wait / 5);
        }
        let last = judge(&delivery(8), Err(NotSent::Timeout), 0, 0);
        assert_eq!(last, Tried::Dead("timeout".into()));
        assert_eq!(
            judge(&delivery(0), Ok(StatusCode::NO_CONTENT), 0, 0),
            Tried::Delivered
        );
        assert_eq!(
            judge(&delivery(0), Ok(StatusCode::GONE), 0, 0),
            Tried::Gone("410".into())
        );
        // Where an answer leads is not followed.
        let led = judge(&delivery(0), Ok(StatusCode::FOUND), 0, 0);
        assert!(matches!(led, Tried::Again(_, outcome) if outcome == "302"));
    }
}
