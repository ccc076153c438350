//! Rows of custody: deposits and their pieces, and persons as their keys open them.

pub(crate) mod keys;
mod neighbours;

use std::collections::BTreeMap;

use documents::{Announced, Deposit, Record};
use domain::custody::Custody;
use domain::{CustomerId, DepositId, SiteId, UnitId};
use rusqlite::{Connection, params};

use crate::error::ReplicaError;

/// The row of a deposit, and those of its pieces and of what is expected.
pub(crate) fn put(
    connection: &Connection,
    deposit: &Deposit,
    record: &Record,
) -> Result<(), ReplicaError> {
    let id = deposit.id.as_bytes();
    let announced = Announced::from_record(record).unwrap_or_default();
    let wish = deposit.wish;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO deposit
                 (id, site, claim, customer, taken_at, due, fee_daily, fee_cap, currency, forbidden,
                  wish, wish_at, wish_asked, wish_answered, expected, announced_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(params![
            id,
            deposit.site.as_bytes(),
            deposit.claim.as_str(),
            deposit.customer.as_bytes(),
            deposit.taken_at,
            deposit.due.map_or(String::new(), |day| day.to_string()),
            deposit.fee.daily,
            deposit.fee.cap,
            deposit.fee.currency.code(),
            deposit.forbidden,
            wish.map_or("", |w| w.kind.code()),
            wish.map_or(0, |w| w.at),
            wish.map_or(0, |w| w.asked_at),
            wish.map_or(0, |w| w.answered_at),
            u32::try_from(announced.pieces.len()).unwrap_or(u32::MAX),
            announced.at,
        ])?;
    connection
        .prepare_cached("DELETE FROM deposit_piece WHERE of = ?1")?
        .execute([id])?;
    for (number, piece) in &deposit.pieces {
        connection
            .prepare_cached(
                "INSERT INTO deposit_piece (of, number, unit, item, size, condition, value)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                id,
                number,
                piece.unit.as_str(),
                piece.item.as_bytes(),
                piece.size,
                piece.condition,
                piece.value,
            ])?;
    }
    count_pieces(connection, deposit.id)
}

/// Counts again how many pieces of a deposit are here, and how many went without an act that let them go.
fn count_pieces(connection: &Connection, deposit: DepositId) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "UPDATE deposit SET
                 stored = (
                     SELECT count(*) FROM deposit_piece p JOIN unit u ON u.site = deposit.site AND u.unit = p.unit
                     WHERE p.of = deposit.id AND u.status = 0),
                 strayed = (
                     SELECT count(*) FROM deposit_piece p JOIN unit u ON u.site = deposit.site AND u.unit = p.unit
                     WHERE p.of = deposit.id AND u.status = 1 AND NOT EXISTS (
                         SELECT 1 FROM custody_gone g WHERE g.deposit = p.of AND g.piece = p.number))
             WHERE id = ?1",
        )?
        .execute([deposit.as_bytes()])?;
    Ok(())
}

/// A unit came, moved, went or was folded otherwise.
pub(crate) fn unit_changed(
    connection: &Connection,
    site: SiteId,
    unit: &UnitId,
) -> Result<(), ReplicaError> {
    let mut statement = connection.prepare_cached(
        "SELECT p.of FROM deposit_piece p JOIN deposit d ON d.id = p.of WHERE p.unit = ?1 AND d.site = ?2",
    )?;
    let mut rows = statement.query(params![unit.as_str(), site.as_bytes()])?;
    while let Some(r) = rows.next()? {
        let deposit = DepositId::from_bytes(crate::row::bytes16(r, "of")?);
        count_pieces(connection, deposit)?;
    }
    Ok(())
}

/// The deposit that an act is about finds it again.
pub(crate) fn put_act(
    connection: &Connection,
    custody: &Custody,
    chain: i64,
    number: i64,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO custody_event (deposit, chain, number) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![custody.deposit.as_bytes(), chain, number])?;
    if !custody.act.lets_go() {
        return Ok(());
    }
    for piece in &custody.pieces {
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO custody_gone (deposit, piece, chain, number) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![custody.deposit.as_bytes(), piece, chain, number])?;
    }
    count_pieces(connection, custody.deposit)
}

/// What is sealed of a customer, and what of it can be opened.
pub(crate) fn put_customer(
    connection: &Connection,
    customer: CustomerId,
    sealed: &BTreeMap<String, Vec<u8>>,
) -> Result<(), ReplicaError> {
    let id = customer.as_bytes();
    connection
        .prepare_cached("DELETE FROM customer_sealed WHERE customer = ?1")?
        .execute([id])?;
    for (path, bytes) in sealed {
        connection
            .prepare_cached(
                "INSERT INTO customer_sealed (customer, path, bytes) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![id, path, bytes])?;
    }
    keys::open_person(connection, customer)
}

/// Takes out what was read from a record that shows no more.
pub(crate) fn forget(connection: &Connection, record: [u8; 16]) -> Result<(), ReplicaError> {
    for sql in [
        "DELETE FROM deposit WHERE id = ?1",
        "DELETE FROM deposit_piece WHERE of = ?1",
        "DELETE FROM customer_sealed WHERE customer = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([record])?;
    }
    keys::close_person(connection, CustomerId::from_bytes(record))
}
