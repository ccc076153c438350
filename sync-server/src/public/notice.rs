//! What customers are told: handed to a gateway, or kept in an outbox that a supervisor reads.

use std::pin::Pin;
use std::time::Duration;

use crate::proxies::Proxy;
use crate::webhooks::{NotSent, TIMEOUT, post};

/// Waits between tries. After the last one it is given up: a code is good for ten minutes.
pub(crate) const WAITS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(20),
];

/// Something for a customer's telephone.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Digits, as typed.
    pub(crate) to: String,
    /// In words.
    pub(crate) text: String,
    /// The same for each try, so that a gateway can tell a repetition.
    pub(crate) id: i64,
}

type Sending<'s> = Pin<Box<dyn Future<Output = Result<(), NotSent>> + Send + 's>>;

/// A way to a customer's telephone.
pub(crate) trait Sender: Send + Sync {
    /// Hands a message over; `None` if it only waits to be read by somebody here.
    fn send<'s>(&'s self, message: &'s Message) -> Option<Sending<'s>>;
}

/// Nothing is sent: supervisors read the outbox, and tell customers.
pub(crate) struct Outbox;

impl Sender for Outbox {
    fn send<'s>(&'s self, _: &'s Message) -> Option<Sending<'s>> {
        None
    }
}

/// A gateway for short messages: `{"id", "to", "text"}` is posted to it as JSON, and any 2xx says that it was taken.
pub(crate) struct Gateway {
    url: String,
    /// Whoever runs the server names the gateway: it may be anywhere.
    everywhere: Vec<Proxy>,
}

impl Gateway {
    pub(crate) fn new(url: String) -> Self {
        let everywhere = ["0.0.0.0/0", "::/0"];
        Self {
            url,
            everywhere: everywhere.iter().filter_map(|n| n.parse().ok()).collect(),
        }
    }
}

impl Sender for Gateway {
    fn send<'s>(&'s self, message: &'s Message) -> Option<Sending<'s>> {
        let body = serde_json::json!({
            "id": message.id.to_string(),
            "to": message.to,
            "text": message.text,
        });
        Some(Box::pin(async move {
            let status = post(&self.url, &[], body.to_string(), &self.everywhere, TIMEOUT).await?;
            match status.is_success() {
                true => Ok(()),
                false => Err(NotSent::Broken),
            }
        }))
    }
}
