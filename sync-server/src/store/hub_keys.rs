//! Keys of customers.

use documents::CustomerKey;
use domain::{CustomerId, DeviceId, UnixMillis};
use replica::SharedKey;
use rusqlite::{Connection, params};

use super::StoreError;

/// The number of the last one; 0 if there is none.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn last(connection: &Connection) -> Result<u64, StoreError> {
    let last: i64 = connection
        .prepare_cached("SELECT coalesce(max(number), 0) FROM customer_key")?
        .query_row([], |r| r.get(0))?;
    Ok(last as u64)
}

/// Keeps a key. The first one of a customer stays, and one that was destroyed stays so.
pub fn put(
    connection: &Connection,
    customer: CustomerId,
    key: &CustomerKey,
    device: Option<DeviceId>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO customer_key (customer, key, device, changed_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            customer.as_bytes(),
            key.as_bytes(),
            device.map(|d| *d.as_bytes()),
            now
        ])?;
    Ok(())
}

/// Destroys a key, whether it has come or not. It is gone from the file's free pages too.
pub fn destroy(
    connection: &Connection,
    customer: CustomerId,
    now: UnixMillis,
) -> Result<(), StoreError> {
    connection.pragma_update(None, "secure_delete", "on")?;
    connection
        .prepare_cached("DELETE FROM customer_key WHERE customer = ?1")?
        .execute([customer.as_bytes()])?;
    connection
        .prepare_cached(
            "INSERT INTO customer_key (customer, key, changed_at) VALUES (?1, NULL, ?2)",
        )?
        .execute(params![customer.as_bytes(), now])?;
    Ok(())
}

/// Those after a number, in order, with their numbers.
pub fn after(
    connection: &Connection,
    number: u64,
    limit: usize,
) -> Result<Vec<(u64, SharedKey)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, customer, key FROM customer_key WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let mut rows = statement.query(params![number as i64, limit as i64])?;
    let mut keys = Vec::new();
    while let Some(r) = rows.next()? {
        let customer: Vec<u8> = r.get("customer")?;
        let key: Option<Vec<u8>> = r.get("key")?;
        let key = key
            .map(|key| key.try_into().map(CustomerKey::from_bytes))
            .transpose()
            .map_err(|_| StoreError::Corrupt("customer_key.key"))?;
        let customer = CustomerId::from_slice(&customer)
            .map_err(|_| StoreError::Corrupt("customer_key.customer"))?;
        let number: i64 = r.get("number")?;
        keys.push((number as u64, SharedKey { customer, key }));
    }
    Ok(keys)
}
