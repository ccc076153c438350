//! Keys of customers: in no document, so that one can be destroyed. What they open is kept as rows, and goes with them.

use std::collections::BTreeSet;

use documents::{CustomerKey, Person};
use domain::CustomerId;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::ReplicaError;
use crate::replica::Replica;
use crate::{meta, row, search};

/// What is known of a customer's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// It is here.
    Held(CustomerKey),
    /// The person was erased: it is destroyed everywhere, for good.
    Destroyed,
    /// It has not come.
    Missing,
}

impl KeyState {
    /// What [`CustomerKey::seal_words`] sealed for this place; nothing if the key is not here or it is damaged.
    pub fn open_words(&self, place: &str, sealed: &[u8]) -> String {
        match self {
            Self::Held(key) => key.open_words(place, sealed).unwrap_or_default(),
            Self::Destroyed | Self::Missing => String::new(),
        }
    }
}

/// A key as it is given from one machine to another; `None` as key: it was destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedKey {
    /// Whose.
    pub customer: CustomerId,
    /// The key.
    pub key: Option<CustomerKey>,
}

/// How far the server's keys have been read: of which log's server, and the number of the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct KeyCursor {
    /// The epoch of the hub that gave them.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// The last number read.
    #[n(1)]
    pub number: u64,
}

const CURSOR: &str = "customer-keys";

pub(crate) fn state(
    connection: &Connection,
    customer: CustomerId,
) -> Result<KeyState, ReplicaError> {
    let found: Option<Option<Vec<u8>>> = connection
        .prepare_cached("SELECT key FROM customer_key WHERE customer = ?1")?
        .query_row([customer.as_bytes()], |r| r.get(0))
        .optional()?;
    Ok(match found {
        None => KeyState::Missing,
        Some(None) => KeyState::Destroyed,
        Some(Some(key)) => {
            let key = key
                .try_into()
                .map_err(|_| ReplicaError::BadRow("customer_key.key"))?;
            KeyState::Held(CustomerKey::from_bytes(key))
        }
    })
}

/// Keeps a key, unless another one is here or was destroyed.
pub(crate) fn keep(
    connection: &Connection,
    customer: CustomerId,
    key: &CustomerKey,
    shared: bool,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT INTO customer_key (customer, key, shared) VALUES (?1, ?2, ?3)
             ON CONFLICT (customer) DO UPDATE SET shared = max(shared, excluded.shared)",
        )?
        .execute(params![customer.as_bytes(), key.as_bytes(), shared])?;
    open_person(connection, customer)
}

/// Destroys a key and all that it opened. It never comes back.
pub(super) fn destroy(connection: &Connection, customer: CustomerId) -> Result<(), ReplicaError> {
    // What is overwritten must not be found in the free pages of the file.
    connection.pragma_update(None, "secure_delete", "on")?;
    connection
        .prepare_cached(
            "INSERT INTO customer_key (customer, key, shared) VALUES (?1, NULL, 1)
             ON CONFLICT (customer) DO UPDATE SET key = NULL, shared = 1",
        )?
        .execute([customer.as_bytes()])?;
    close_person(connection, customer)
}

/// Takes out what was opened of a person.
pub(crate) fn close_person(
    connection: &Connection,
    customer: CustomerId,
) -> Result<(), ReplicaError> {
    for sql in [
        "DELETE FROM person WHERE customer = ?1",
        "DELETE FROM person_word WHERE customer = ?1",
    ] {
        connection
            .prepare_cached(sql)?
            .execute([customer.as_bytes()])?;
    }
    Ok(())
}

/// Digits alone, as telephones are compared.
pub fn phone_lookup(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    // +86 and 0086 before a number of this country's are the same number.
    match digits
        .strip_prefix("0086")
        .or_else(|| digits.strip_prefix("86"))
    {
        Some(rest) if rest.len() == 11 => rest.to_owned(),
        _ => digits,
    }
}

/// Letters and digits, as numbers of documents are compared.
pub fn document_lookup(document: &str) -> String {
    let sound = document.chars().filter(|c| c.is_ascii_alphanumeric());
    sound.map(|c| c.to_ascii_uppercase()).collect()
}

/// The words under which a person is found.
fn words_of(person: &Person) -> BTreeSet<String> {
    let mut words: BTreeSet<String> = search::words(&person.name)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let phone = phone_lookup(&person.phone);
    if let Some(last) = phone.len().checked_sub(4).and_then(|at| phone.get(at..)) {
        words.insert(last.to_owned());
    }
    words
}

/// Opens what is sealed of a customer, if the key is here.
pub(crate) fn open_person(
    connection: &Connection,
    customer: CustomerId,
) -> Result<(), ReplicaError> {
    close_person(connection, customer)?;
    let KeyState::Held(key) = state(connection, customer)? else {
        return Ok(());
    };
    let mut person = Person::default();
    let mut statement =
        connection.prepare_cached("SELECT path, bytes FROM customer_sealed WHERE customer = ?1")?;
    let mut rows = statement.query([customer.as_bytes()])?;
    let mut any = false;
    while let Some(r) = rows.next()? {
        let (path, sealed): (String, Vec<u8>) = (r.get("path")?, r.get("bytes")?);
        let opened = key
            .open(&path, &sealed)
            .ok()
            .and_then(|b| String::from_utf8(b).ok());
        if let (Some(field), Some(opened)) = (person.field_mut(&path), opened) {
            *field = opened;
            any = true;
        }
    }
    if !any {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO person (customer, name, phone, document, note, phone_lookup, document_lookup)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            customer.as_bytes(),
            person.name,
            person.phone,
            person.document,
            person.note,
            phone_lookup(&person.phone),
            document_lookup(&person.document),
        ])?;
    for word in words_of(&person) {
        connection
            .prepare_cached("INSERT INTO person_word (word, customer) VALUES (?1, ?2)")?
            .execute(params![word, customer.as_bytes()])?;
    }
    Ok(())
}

impl Replica {
    /// Keys that this device made and the server has not yet, at most so many.
    ///
    /// # Errors
    /// [`ReplicaError`], as of all methods here.
    pub fn keys_to_share(&self, limit: u32) -> Result<Vec<SharedKey>, ReplicaError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT customer, key FROM customer_key WHERE shared = 0 AND key IS NOT NULL LIMIT ?1",
        )?;
        let mut rows = statement.query([limit])?;
        let mut keys = Vec::new();
        while let Some(r) = rows.next()? {
            let key: Vec<u8> = r.get("key")?;
            let key = key
                .try_into()
                .map_err(|_| ReplicaError::BadRow("customer_key.key"))?;
            keys.push(SharedKey {
                customer: CustomerId::from_bytes(row::bytes16(r, "customer")?),
                key: Some(CustomerKey::from_bytes(key)),
            });
        }
        Ok(keys)
    }

    /// Whether anything is sealed here at all, or was: who keeps no persons needs no keys.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn keeps_persons(&self) -> Result<bool, ReplicaError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT 1 FROM customer_sealed UNION ALL SELECT 1 FROM customer_key LIMIT 1",
            )?
            .exists([])?)
    }

    /// Whether something is sealed here whose key has not come.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn lacks_keys(&self) -> Result<bool, ReplicaError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT 1 FROM customer_sealed s WHERE NOT EXISTS
                     (SELECT 1 FROM customer_key k WHERE k.customer = s.customer) LIMIT 1",
            )?
            .exists([])?)
    }

    /// How far the server's keys have been read.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn key_cursor(&self) -> Result<KeyCursor, ReplicaError> {
        let bytes = meta::get(&self.connection, CURSOR)?;
        let cursor = bytes.and_then(|b| minicbor::decode(&b).ok());
        Ok(cursor.unwrap_or_default())
    }

    /// Takes in what the server gave, and notes that it has `shared`. A server of another epoch may lack keys that an earlier
    /// one had: all are offered again then.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing has changed then.
    pub fn take_keys(
        &mut self,
        given: &[SharedKey],
        shared: &[CustomerId],
        cursor: KeyCursor,
    ) -> Result<(), ReplicaError> {
        let before = self.key_cursor()?;
        let transaction = self.connection.unchecked_transaction()?;
        if before.epoch != cursor.epoch {
            transaction.execute(
                "UPDATE customer_key SET shared = 0 WHERE key IS NOT NULL",
                [],
            )?;
        }
        for customer in shared {
            transaction
                .prepare_cached("UPDATE customer_key SET shared = 1 WHERE customer = ?1")?
                .execute([customer.as_bytes()])?;
        }
        for one in given {
            match &one.key {
                Some(key) => keep(&transaction, one.customer, key, true)?,
                None => destroy(&transaction, one.customer)?,
            }
        }
        meta::set(
            &transaction,
            CURSOR,
            &minicbor::to_vec(cursor).unwrap_or_default(),
        )?;
        transaction.commit()?;
        Ok(())
    }
}
