//! Keys of customers: taken from the device that made one, given to the others, and destroyed for all.

use documents::CustomerKey;
use domain::{CustomerId, UnixMillis};
use protocol::keys::{KEYS_MAX, KeysReply, KeysRequest};
use protocol::{RefusalCode, SharedKey};
use replica::{KeyCursor, Replica};

use super::{Hub, HubError};
use crate::store::{StoreError, hub_keys};

impl Hub {
    /// Takes the keys that a device made and gives those that it lacks. A device that only counts gets none. Outer error: the
    /// hub failed; inner: the device is refused.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn exchange_keys(
        &self,
        token: &str,
        request: &KeysRequest,
        now: UnixMillis,
    ) -> Result<Result<KeysReply, RefusalCode>, HubError> {
        let device = match self.device_of(token, request.versions)? {
            Ok(device) => device,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if request.made.len() > KEYS_MAX || request.made.iter().any(|made| made.key.is_none()) {
            return Ok(Err(RefusalCode::Malformed));
        }
        if !request.made.is_empty() {
            self.database.write(|t| -> Result<(), StoreError> {
                for made in &request.made {
                    if let Some(key) = &made.key {
                        let key = CustomerKey::from_bytes(**key);
                        hub_keys::put(t, made.customer, &key, Some(device.device), now)?;
                    }
                }
                Ok(())
            })?;
            self.read_keys(&mut self.lock())?;
        }
        let epoch = self.organisation.epoch;
        let after = match request.epoch == epoch {
            true => request.after,
            false => 0,
        };
        let mut given = match device.counts_only {
            true => Vec::new(),
            false => self
                .database
                .read(|c| hub_keys::after(c, after, KEYS_MAX + 1))?,
        };
        let more = given.len() > KEYS_MAX;
        given.truncate(KEYS_MAX);
        Ok(Ok(KeysReply {
            version: protocol::VERSIONS.1,
            epoch,
            number: given.last().map_or(after, |(number, _)| *number),
            keys: given
                .into_iter()
                .map(|(_, shared)| SharedKey {
                    customer: shared.customer,
                    key: shared.key.map(|key| (*key.as_bytes()).into()),
                })
                .collect(),
            more,
        }))
    }

    /// Keeps the key of a customer that this server makes.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn put_key(
        &self,
        customer: CustomerId,
        key: &CustomerKey,
        now: UnixMillis,
    ) -> Result<(), HubError> {
        self.put_keys(&[(customer, key.clone())], now)
    }

    /// Keeps keys of customers that this server makes, all or none.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn put_keys(
        &self,
        keys: &[(CustomerId, CustomerKey)],
        now: UnixMillis,
    ) -> Result<(), HubError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.database.write(|t| -> Result<(), StoreError> {
            keys.iter()
                .try_for_each(|(customer, key)| hub_keys::put(t, *customer, key, None, now))
        })?;
        self.read_keys(&mut self.lock())
    }

    /// Destroys a customer's key here, on the other nodes, and on each device at its next contact: what was sealed under it
    /// can be read by nobody any more.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn destroy_key(&self, customer: CustomerId, now: UnixMillis) -> Result<(), HubError> {
        self.database
            .write(|t| hub_keys::destroy(t, customer, now))?;
        let mut replica = self.lock();
        self.read_keys(&mut replica)?;
        // Neither file keeps it in its log of writes.
        self.database.empty_log()?;
        replica.whole_file()?;
        Ok(())
    }

    /// Destroys again the keys of those who were erased: a backup from before brings them back, and so may a device that was
    /// away. The log says who they are.
    pub(super) fn heed_erasures(
        &self,
        replica: &mut Replica,
        now: UnixMillis,
    ) -> Result<(), HubError> {
        let erased = replica.query().erased_in_vain()?;
        if erased.is_empty() {
            return Ok(());
        }
        self.database.write(|t| -> Result<(), StoreError> {
            for customer in &erased {
                hub_keys::destroy(t, *customer, now)?;
            }
            Ok(())
        })?;
        tracing::info!(
            count = erased.len(),
            "keys of erased customers were destroyed again"
        );
        self.read_keys(replica)?;
        self.database.empty_log()?;
        replica.whole_file()?;
        Ok(())
    }

    /// Brings this node's replica to the keys in the store.
    pub(super) fn read_keys(&self, replica: &mut Replica) -> Result<(), HubError> {
        let epoch = self.organisation.epoch;
        loop {
            let cursor = replica.key_cursor()?;
            let number = match cursor.epoch == epoch {
                true => cursor.number,
                false => 0,
            };
            let next = self
                .database
                .read(|c| hub_keys::after(c, number, KEYS_MAX))?;
            let Some((last, _)) = next.last() else {
                return Ok(());
            };
            let number = *last;
            let keys: Vec<_> = next.into_iter().map(|(_, shared)| shared).collect();
            replica.take_keys(&keys, &[], KeyCursor { epoch, number })?;
        }
    }
}
