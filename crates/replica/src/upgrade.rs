//! What an older program kept without knowing it becomes known.

use domain::event::KINDS_KNOWN;
use domain::ledger::mentions;
use domain::{EventBody, EventRecord};
use rusqlite::{Connection, params};

use crate::error::ReplicaError;
use crate::ledger_store::put_note;
use crate::{custody, meta};

const KEY: &str = "event-kinds-known";
/// From this kind on, events name the line of an order that they serve.
const ORDERS_KNOWN: u32 = 12;

/// Events of kinds that the program which took them in did not know are found by what they mention only now. Most fold
/// to nothing, so the index is all that is missing; if one decides about others, all is folded again. Runs once after an upgrade; costs one pass over the events.
pub(crate) fn index_newly_known_kinds(connection: &Connection) -> Result<(), ReplicaError> {
    let known = KINDS_KNOWN.to_be_bytes();
    if meta::get(connection, KEY)?.is_some_and(|indexed| indexed[..] == known) {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    // A program that did not know orders has left out which of them an event serves.
    let before = meta::get(&transaction, KEY)?
        .and_then(|known| Some(u32::from_be_bytes(known.try_into().ok()?)));
    if before.is_none_or(|known| known < ORDERS_KNOWN) {
        meta::set(&transaction, meta::REBUILD_NEEDED, &[])?;
    }
    let mut statement = transaction.prepare("SELECT chain, number, record FROM event")?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let bytes: Vec<u8> = r.get("record")?;
        let Ok(record) = EventRecord::from_bytes(&bytes) else {
            continue;
        };
        if matches!(record.body, EventBody::QuarantineDecided(_)) {
            meta::set(&transaction, meta::REBUILD_NEEDED, &[])?;
        }
        if let EventBody::Noted(note) = &record.body {
            put_note(
                &transaction,
                note.exception,
                r.get("chain")?,
                r.get("number")?,
            )?;
        }
        if let EventBody::Custody(custody) = &record.body {
            custody::put_act(&transaction, custody, r.get("chain")?, r.get("number")?)?;
        }
        for hash in mentions(&record) {
            transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO event_name (hash, chain, number) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![
                    hash.0,
                    r.get::<_, i64>("chain")?,
                    r.get::<_, i64>("number")?
                ])?;
        }
    }
    drop(rows);
    drop(statement);
    meta::set(&transaction, KEY, &known)?;
    transaction.commit()?;
    Ok(())
}
