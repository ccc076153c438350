//! Exchanges keys of customers with the hub: gives those made here, asks for those that lack and for what was destroyed.

use domain::CustomerId;
use protocol::keys::{KEYS_MAX, KeysReply, KeysRequest, SharedKey};
use protocol::{KEYS_PATH, VERSIONS};
use replica::{KeyCursor, Replica, ReplicaError};
use sync_core::Connection;

use super::ToWorker;
use super::sync_driver::SyncDriver;
use crate::transport::{Answer, Post, Server};

/// What was destroyed elsewhere is heard of within this time while the hub answers.
const EVERY_MS: i64 = 10 * 60_000;
/// A key that has not come to the hub yet is asked for again after this time, and one that the hub did not take is given
/// again.
const AGAIN_MS: i64 = 30_000;

/// Keys of one device.
#[derive(Debug, Default)]
pub(crate) struct KeyDriver {
    /// What was given with the request that is under way.
    asked: Option<Vec<CustomerId>>,
    /// When the next request is due.
    next_at: i64,
}

impl KeyDriver {
    /// A key was made here, or a record came that may need one.
    pub(crate) fn hurry(&mut self, replica: &Replica) -> Result<(), ReplicaError> {
        if replica.lacks_keys()? || !replica.keys_to_share(1)?.is_empty() {
            self.next_at = 0;
        }
        Ok(())
    }

    /// When [`KeyDriver::step`] is due.
    pub(crate) fn due(&self, sync: &SyncDriver, now: i64) -> Option<i64> {
        // What is more urgent has its turn, and its own time; to be due meanwhile would only keep the processor busy.
        let quiet = sync.connection() == Connection::Online && sync.is_quiet(now);
        (self.asked.is_none() && quiet).then_some(self.next_at)
    }

    /// Asks, if it is due and nothing more urgent is.
    pub(crate) fn step(
        &mut self,
        sync: &mut SyncDriver,
        replica: &Replica,
        now: i64,
    ) -> Result<(), ReplicaError> {
        let quiet = sync.connection() == Connection::Online && sync.is_quiet(now);
        if !quiet || self.asked.is_some() || now < self.next_at {
            return Ok(());
        }
        // A device that only counts is given none.
        if replica.counts_only() || !replica.keeps_persons()? {
            self.next_at = now.saturating_add(AGAIN_MS);
            return Ok(());
        }
        let made = replica.keys_to_share(KEYS_MAX as u32)?;
        let cursor = replica.key_cursor()?;
        self.asked = Some(made.iter().map(|shared| shared.customer).collect());
        let made = made.into_iter().map(|shared| SharedKey {
            customer: shared.customer,
            key: shared.key.map(|key| (*key.as_bytes()).into()),
        });
        let request = KeysRequest {
            versions: VERSIONS,
            epoch: cursor.epoch,
            after: cursor.number,
            made: made.collect(),
        };
        let identity = replica.enrolled()?;
        let post = Post {
            server: Server {
                url: identity.server_url.clone(),
                fingerprint: identity.pinned_certificate,
            },
            path: KEYS_PATH,
            token: Some(identity.token.clone()),
            body: request.to_bytes(),
        };
        sync.post(post, ToWorker::KeysAnswered);
        Ok(())
    }

    /// The hub answered, or did not. Returns whether persons may have become known or unknown.
    pub(crate) fn answered(
        &mut self,
        answer: Answer,
        replica: &mut Replica,
        now: i64,
    ) -> Result<bool, ReplicaError> {
        let Some(given) = self.asked.take() else {
            return Ok(false);
        };
        let reply = answer
            .ok()
            .and_then(|bytes| KeysReply::from_bytes(&bytes).ok());
        let Some(reply) = reply else {
            // A hub that knows no keys answers so for ever, and what it lacks stays here.
            self.next_at = now.saturating_add(AGAIN_MS);
            return Ok(false);
        };
        let keys: Vec<_> = reply
            .keys
            .into_iter()
            .map(|shared| replica::SharedKey {
                customer: shared.customer,
                key: shared
                    .key
                    .map(|key| documents::CustomerKey::from_bytes(*key)),
            })
            .collect();
        let cursor = KeyCursor {
            epoch: reply.epoch,
            number: reply.number,
        };
        replica.take_keys(&keys, &given, cursor)?;
        let waits = replica.lacks_keys()? || !replica.keys_to_share(1)?.is_empty();
        self.next_at = match (reply.more, waits) {
            (true, _) => now,
            (false, true) => now.saturating_add(AGAIN_MS),
            (false, false) => now.saturating_add(EVERY_MS),
        };
        Ok(!keys.is_empty())
    }
}
