//! Customers who look at what they left: one-time codes, sessions, and what is to be sent to them.

use domain::{CustomerId, DepositId, UnixMillis};
use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;

/// A code may be tried so often.
pub const TRIES_MAX: i64 = 5;

/// Keeps a code in place of the one before, and forgets what is of no use any more.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn put_code(
    connection: &Connection,
    phone: &[u8; 32],
    code: &[u8; 32],
    now: UnixMillis,
    expires_at: UnixMillis,
) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM customer_code WHERE expires_at <= ?1",
        "DELETE FROM notice WHERE expires_at <= ?1",
        "DELETE FROM customer_session WHERE expires_at <= ?1",
    ] {
        connection.prepare_cached(sql)?.execute([now])?;
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO customer_code (phone, code, tries, expires_at) VALUES (?1, ?2, 0, ?3)",
        )?
        .execute(params![phone, code, expires_at])?;
    Ok(())
}

/// Tries a code. It is counted before it is compared, and a right one is used up.
pub fn try_code(
    connection: &Connection,
    phone: &[u8; 32],
    code: &[u8; 32],
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let found: Option<Vec<u8>> = connection
        .prepare_cached(
            "UPDATE customer_code SET tries = tries + 1
             WHERE phone = ?1 AND tries < ?2 AND expires_at > ?3 RETURNING code",
        )?
        .query_row(params![phone, TRIES_MAX, now], |r| r.get(0))
        .optional()?;
    // Both are keyed hashes: how far they are equal tells nothing of the code.
    let is_right = found.is_some_and(|kept| kept == code);
    if is_right {
        connection
            .prepare_cached("DELETE FROM customer_code WHERE phone = ?1")?
            .execute([phone])?;
    }
    Ok(is_right)
}

/// What a customer may look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    /// As whom.
    pub customers: Vec<CustomerId>,
    /// This one alone; `None`: all that is theirs.
    pub deposit: Option<DepositId>,
}

/// Opens a session.
pub fn open(
    connection: &Connection,
    token: &[u8; 32],
    looks: &Looks,
    expires_at: UnixMillis,
) -> Result<(), StoreError> {
    let customers: Vec<u8> = looks
        .customers
        .iter()
        .flat_map(|id| *id.as_bytes())
        .collect();
    connection
        .prepare_cached(
            "INSERT INTO customer_session (token, customers, deposit, expires_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            token,
            customers,
            looks.deposit.map(|id| *id.as_bytes()),
            expires_at
        ])?;
    Ok(())
}

/// What the holder of a token may look at.
pub fn find(
    connection: &Connection,
    token: &[u8; 32],
    now: UnixMillis,
) -> Result<Option<Looks>, StoreError> {
    let found: Option<(Vec<u8>, Option<Vec<u8>>)> = connection
        .prepare_cached(
            "SELECT customers, deposit FROM customer_session WHERE token = ?1 AND expires_at > ?2",
        )?
        .query_row(params![token, now], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((customers, deposit)) = found else {
        return Ok(None);
    };
    let (customers, _) = customers.as_chunks::<16>();
    Ok(Some(Looks {
        customers: customers
            .iter()
            .map(|id| CustomerId::from_bytes(*id))
            .collect(),
        deposit: deposit
            .map(|id| DepositId::from_slice(&id))
            .transpose()
            .map_err(|_| StoreError::Corrupt("customer_session.deposit"))?,
    }))
}

/// Ends a session.
pub fn end(connection: &Connection, token: &[u8; 32]) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM customer_session WHERE token = ?1")?
        .execute([token])?;
    Ok(())
}

/// Something that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Row id.
    pub id: i64,
    /// To whom.
    pub customer: CustomerId,
    /// In words.
    pub text: String,
    /// When, unix milliseconds.
    pub made_at: UnixMillis,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
}

/// Puts something into the outbox. Returns its row id.
pub fn put_notice(
    connection: &Connection,
    customer: CustomerId,
    text: &str,
    now: UnixMillis,
    expires_at: UnixMillis,
) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO notice (customer, text, made_at, expires_at, state) VALUES (?1, ?2, ?3, ?4, 'waiting')",
        )?
        .execute(params![customer.as_bytes(), text, now, expires_at])?;
    Ok(connection.last_insert_rowid())
}

/// What became of it.
pub fn set_state(connection: &Connection, id: i64, state: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE notice SET state = ?2 WHERE id = ?1")?
        .execute(params![id, state])?;
    Ok(())
}

/// The outbox, the newest first, as far as it is of any use.
pub fn notices(
    connection: &Connection,
    now: UnixMillis,
    limit: u32,
) -> Result<Vec<Notice>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, customer, text, made_at, state FROM notice WHERE expires_at > ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![now, limit])?;
    let mut notices = Vec::new();
    while let Some(r) = rows.next()? {
        let customer: Vec<u8> = r.get("customer")?;
        notices.push(Notice {
            id: r.get("id")?,
            customer: CustomerId::from_slice(&customer)
                .map_err(|_| StoreError::Corrupt("notice.customer"))?,
            text: r.get("text")?,
            made_at: r.get("made_at")?,
            state: r.get("state")?,
        });
    }
    Ok(notices)
}

/// Forgets what was to be sent to somebody, and that they look at anything.
pub fn forget(connection: &Connection, customer: CustomerId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM notice WHERE customer = ?1")?
        .execute([customer.as_bytes()])?;
    connection
        .prepare_cached("DELETE FROM customer_session WHERE instr(customers, ?1) > 0")?
        .execute([customer.as_bytes()])?;
    Ok(())
}
