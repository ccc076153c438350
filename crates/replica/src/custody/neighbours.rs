//! Keys of customers from a neighbour, with no server in reach.

use documents::CustomerKey;
use domain::CustomerId;
use rusqlite::Connection;

use super::keys::{self, KeyState, SharedKey};
use crate::error::ReplicaError;
use crate::replica::Replica;
use crate::row;

/// Whether a key opens anything that is sealed of a customer here.
fn opens(
    connection: &Connection,
    customer: CustomerId,
    key: &CustomerKey,
) -> Result<bool, ReplicaError> {
    let mut statement =
        connection.prepare_cached("SELECT path, bytes FROM customer_sealed WHERE customer = ?1")?;
    let mut rows = statement.query([customer.as_bytes()])?;
    while let Some(r) = rows.next()? {
        let (path, sealed): (String, Vec<u8>) = (r.get("path")?, r.get("bytes")?);
        if key.open(&path, &sealed).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Replica {
    /// Customers of whom something is sealed here and whose key has not come, at most so many.
    pub fn lacked_keys(&self, limit: u32) -> Result<Vec<CustomerId>, ReplicaError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT customer FROM customer_sealed s WHERE NOT EXISTS
                 (SELECT 1 FROM customer_key k WHERE k.customer = s.customer) ORDER BY customer LIMIT ?1",
        )?;
        let mut rows = statement.query([limit])?;
        let mut lacked = Vec::new();
        while let Some(r) = rows.next()? {
            lacked.push(CustomerId::from_bytes(row::bytes16(r, "customer")?));
        }
        Ok(lacked)
    }

    /// What is known here of the keys of these customers.
    pub fn keys_of(&self, customers: &[CustomerId]) -> Result<Vec<SharedKey>, ReplicaError> {
        let mut known = Vec::new();
        for customer in customers {
            let key = match keys::state(&self.connection, *customer)? {
                KeyState::Held(key) => Some(key),
                KeyState::Destroyed => None,
                KeyState::Missing => continue,
            };
            known.push(SharedKey {
                customer: *customer,
                key,
            });
        }
        Ok(known)
    }

    /// Whose keys are known to be destroyed, in order, at most so many.
    pub fn destroyed_keys(&self, limit: u32) -> Result<Vec<CustomerId>, ReplicaError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT customer FROM customer_key WHERE key IS NULL ORDER BY customer LIMIT ?1",
        )?;
        let mut rows = statement.query([limit])?;
        let mut destroyed = Vec::new();
        while let Some(r) = rows.next()? {
            destroyed.push(CustomerId::from_bytes(row::bytes16(r, "customer")?));
        }
        Ok(destroyed)
    }

    /// Takes in what a neighbour gave, and returns how much of it was new. A key is taken only if it opens what is sealed here:
    /// no neighbour can put another one in its place. It is offered to the server, which the one that made it may never reach.
    /// A destroyed key is destroyed here too, and never comes back.
    pub fn take_neighbours_keys(&mut self, given: &[SharedKey]) -> Result<usize, ReplicaError> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut fresh = 0;
        for one in given {
            let state = keys::state(&transaction, one.customer)?;
            match (&one.key, state) {
                (None, KeyState::Destroyed) => {}
                (None, _) => {
                    keys::destroy(&transaction, one.customer)?;
                    fresh += 1;
                }
                (Some(key), KeyState::Missing) if opens(&transaction, one.customer, key)? => {
                    keys::keep(&transaction, one.customer, key, false)?;
                    fresh += 1;
                }
                (Some(_), _) => {}
            }
        }
        transaction.commit()?;
        Ok(fresh)
    }
}
