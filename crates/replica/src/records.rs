//! From a stored document to the rows that people search and read.

mod rows;
mod stocktake;

use std::collections::{BTreeSet, HashSet};

use automerge::Change;
use documents::catalogue::{Bin, Customer, Device, Operator, Site, Verdict, Zone};
use documents::record::{Counting, Merged};
use documents::{
    Deposit, DocumentError, Order, Partition, Person, Record, RecordId, RecordKind, Stocktake,
};
use domain::ledger::StateHash;
use domain::{ChainId, Grants};
use rusqlite::{Connection, OptionalExtension, params};

use self::rows::ItemRows;
pub(crate) use self::rows::RecordRows;
use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::identity::Identity;
use crate::lookup::normalised;
use crate::search::{self, HitKind};
use crate::{custody, ingest, meta, quarantine, rights, row};

/// Above so many documents it is cheaper to look each up.
const FEW: usize = 1_000;

/// All documents that are here, if they are few.
pub(crate) fn held_if_few(
    connection: &Connection,
) -> Result<Option<HashSet<RecordId>>, ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT id FROM document LIMIT ?1")?;
    let mut rows = statement.query([FEW as i64 + 1])?;
    let mut held = HashSet::new();
    while let Some(r) = rows.next()? {
        held.insert(RecordId(row::bytes16(r, "id")?));
    }
    Ok((held.len() <= FEW).then_some(held))
}

/// A stored document with what the state hash has counted of it.
#[derive(Default)]
pub(crate) struct StoredDocument {
    pub(crate) saved: Vec<u8>,
    counted: Option<StateHash>,
}

pub(crate) fn load(connection: &Connection, id: RecordId) -> Result<StoredDocument, ReplicaError> {
    let found: Option<(Vec<u8>, Vec<u8>)> = connection
        .prepare_cached("SELECT saved, row FROM document WHERE id = ?1")?
        .query_row([id.0], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let (saved, counted) = found.unwrap_or_default();
    Ok(StoredDocument {
        saved,
        counted: StateHash::from_bytes(&counted),
    })
}

/// Writes records of one partition and the rows read from them.
pub(crate) struct RecordStore<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) chains: &'a mut Chains,
    pub(crate) identity: Option<&'a Identity>,
    pub(crate) partition: Partition,
}

impl RecordStore<'_> {
    /// Stores a document and everything that is read from it. Returns the chains about whose quarantine it decides.
    pub(crate) fn put(
        &mut self,
        id: RecordId,
        old: &StoredDocument,
        saved: &[u8],
        record: Option<Record>,
    ) -> Result<BTreeSet<ChainId>, ReplicaError> {
        let rows = record.map(|record| RecordRows::of(id, record));
        let (decided, counted) = self.put_uncounted(id, old, saved, rows.as_ref())?;
        if counted != old.counted {
            let gone = old.counted.unwrap_or_default();
            self.count(|sum| sum.minus(gone).plus(counted.unwrap_or_default()))?;
        }
        Ok(decided)
    }

    /// Changes what the state hash counts of the partition's records.
    pub(crate) fn count(
        &self,
        change: impl FnOnce(StateHash) -> StateHash,
    ) -> Result<(), ReplicaError> {
        let key = meta::records_key(self.partition);
        let sum = meta::state_hash(self.connection, &key)?;
        meta::set_state_hash(self.connection, &key, change(sum))
    }

    /// [`RecordStore::put`], but the caller counts: what the state hash shall hold of the record comes back too.
    pub(crate) fn put_uncounted(
        &mut self,
        id: RecordId,
        old: &StoredDocument,
        saved: &[u8],
        rows: Option<&RecordRows>,
    ) -> Result<(BTreeSet<ChainId>, Option<StateHash>), ReplicaError> {
        let new = rows.map(|r| r.counted);
        self.connection
            .prepare_cached(
                "INSERT INTO document (id, kind, partition, saved, row) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, saved = excluded.saved, row = excluded.row",
            )?
            .execute(params![
                id.0,
                rows.map_or("", |r| r.record.kind.code()),
                self.partition.to_key(),
                saved,
                new.map_or(Vec::new(), |h| h.to_bytes().to_vec()),
            ])?;
        let Some(rows) = rows else {
            if old.counted.is_some() {
                forget_rows(self.connection, id)?;
            }
            return Ok((BTreeSet::new(), new));
        };
        // A document that was not here has no rows that would have to go.
        let is_new = old.saved.is_empty();
        put_conflicts(self.connection, id, &rows.record, is_new)?;
        if rows.record.kind == RecordKind::Device {
            self.learn_chains(saved)?;
        }
        Ok((put_rows(self.connection, id, rows, is_new)?, new))
    }

    /// A device that was given other chains wrote on those before too: its record's changes hold every certificate that
    /// it ever had. Only what the server signed teaches us a chain, whoever wrote the record.
    fn learn_chains(&mut self, saved: &[u8]) -> Result<(), ReplicaError> {
        let Some(identity) = self.identity else {
            return Ok(());
        };
        for change in documents::record::changes(saved)? {
            for bytes in documents::record::bytes_written(&change) {
                self.chains.learn(self.connection, identity, &bytes)?;
            }
        }
        Ok(())
    }

    /// Merges the document that a snapshot has of a record.
    pub(crate) fn merge_saved(
        &mut self,
        id: RecordId,
        old: &StoredDocument,
        other: &[u8],
    ) -> Result<(), ReplicaError> {
        let withheld = quarantine::withheld(self.connection, id)?;
        let counting = Counting {
            withheld: &withheld,
            is_server: &|chain| self.chains.get(chain).is_some_and(|c| c.is_server),
        };
        let (saved, record) = documents::record::merge_saved(&old.saved, other, &counting)?;
        self.put(id, old, &saved, record)?;
        Ok(())
    }

    /// Merges changes into a record, or reads it again if there are none. Returns the chains about whose quarantine it
    /// decides.
    pub(crate) fn merge(
        &mut self,
        id: RecordId,
        changes: Vec<Change>,
    ) -> Result<BTreeSet<ChainId>, ReplicaError> {
        let old = load(self.connection, id)?;
        let withheld = quarantine::withheld(self.connection, id)?;
        let counting = Counting {
            withheld: &withheld,
            is_server: &|chain| self.chains.get(chain).is_some_and(|c| c.is_server),
        };
        let merged = match documents::record::merge(&old.saved, changes.clone(), &counting) {
            Ok(merged) => Some(merged),
            Err(DocumentError::Unreadable(_)) => {
                merge_what_reads(self.connection, id, &old.saved, changes, &counting)?
            }
            Err(other) => return Err(other.into()),
        };
        match merged {
            Some((saved, record)) => self.put(id, &old, &saved, record),
            None => Ok(BTreeSet::new()),
        }
    }
}

/// One device's broken change must not keep the others' from being read: each is merged by itself, and those that
/// cannot be are noted and left out. `None` if none can.
fn merge_what_reads(
    connection: &Connection,
    id: RecordId,
    saved: &[u8],
    changes: Vec<Change>,
    counting: &Counting<'_>,
) -> Result<Option<Merged>, ReplicaError> {
    let mut merged: Option<Merged> = None;
    for change in changes {
        let writer = ChainId::from_slice(change.actor_id().to_bytes());
        let before = merged.as_ref().map_or(saved, |(saved, _)| saved);
        match documents::record::merge(before, vec![change], counting) {
            Ok(good) => merged = Some(good),
            Err(DocumentError::Unreadable(_)) => {
                let writer = writer.unwrap_or(ChainId::from_bytes([0; 16]));
                let reason = "a change that cannot be applied";
                ingest::note_unreadable(connection, writer, 0, id, reason)?;
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(merged)
}

/// Deletes the records of a partition and everything that was read from them.
pub(crate) fn drop_of(connection: &Connection, partition: Partition) -> Result<(), ReplicaError> {
    let mut statement = connection.prepare("SELECT id FROM document WHERE partition = ?1")?;
    let ids = statement
        .query_map([partition.to_key()], |r| r.get::<_, Vec<u8>>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    for id in ids {
        let id = id
            .try_into()
            .map_err(|_| ReplicaError::BadRow("document.id"))?;
        forget_rows(connection, RecordId(id))?;
    }
    connection.execute(
        "DELETE FROM document WHERE partition = ?1",
        [partition.to_key()],
    )?;
    Ok(())
}

/// A record does not show any more: what created it does not count.
fn forget_rows(connection: &Connection, id: RecordId) -> Result<(), ReplicaError> {
    rights::note_changed(connection, id, &Grants::default())?;
    for sql in [
        "DELETE FROM item WHERE id = ?1",
        "DELETE FROM item_barcode WHERE item = ?1",
        "DELETE FROM site WHERE id = ?1",
        "DELETE FROM zone WHERE id = ?1",
        "DELETE FROM bin WHERE id = ?1",
        "DELETE FROM operator WHERE id = ?1",
        "DELETE FROM device WHERE id = ?1",
        "DELETE FROM orders WHERE id = ?1",
        "DELETE FROM order_line WHERE of = ?1",
        "DELETE FROM order_counted_by WHERE of = ?1",
        "DELETE FROM stocktake WHERE id = ?1",
        "DELETE FROM customer WHERE id = ?1",
        "DELETE FROM field_conflict WHERE record = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([id.0])?;
    }
    custody::forget(connection, id.0)?;
    search::remove_of(connection, HitKind::Item, &id.0)?;
    search::remove_of(connection, HitKind::Order, &id.0)?;
    search::remove_of(connection, HitKind::Bin, &id.0)
}

fn put_conflicts(
    connection: &Connection,
    id: RecordId,
    record: &Record,
    is_new: bool,
) -> Result<(), ReplicaError> {
    if !is_new {
        connection
            .prepare_cached("DELETE FROM field_conflict WHERE record = ?1")?
            .execute([id.0])?;
    }
    for conflict in &record.conflicts {
        for (position, (value, chain)) in conflict.values.iter().enumerate() {
            let json = serde_json::to_string(value).unwrap_or_default();
            connection
                .prepare_cached(
                    "INSERT INTO field_conflict (record, path, position, value, chain) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![id.0, conflict.path, position as i64, json, chain.as_bytes()])?;
        }
    }
    Ok(())
}

fn put_rows(
    connection: &Connection,
    id: RecordId,
    rows: &RecordRows,
    is_new: bool,
) -> Result<BTreeSet<ChainId>, ReplicaError> {
    let record = &rows.record;
    match record.kind {
        RecordKind::Item => match &rows.item {
            Some(item) => put_item(connection, item, is_new)?,
            None if is_new => {}
            None => forget_rows(connection, id)?,
        },
        RecordKind::Bin => {
            if let Some(bin) = Bin::from_record(id.into(), record) {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO bin
                             (id, site, zone, code, lookup, class, sequence, volume, weight, face_item, face_min, face_max)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                    )?
                    .execute(params![
                        id.0,
                        bin.site.as_bytes(),
                        bin.zone.as_bytes(),
                        bin.code,
                        normalised(&bin.code),
                        bin.room.class,
                        bin.room.sequence,
                        bin.room.volume,
                        bin.room.weight,
                        bin.room.face.map(|(item, ..)| *item.as_bytes()),
                        bin.room.face.map_or(0, |(_, least, _)| least.thousandths()),
                        bin.room.face.map_or(0, |(.., most)| most.thousandths()),
                    ])?;
                search::put(connection, HitKind::Bin, &id.0, "", &bin.code)?;
            } else if !is_new {
                forget_rows(connection, id)?;
            }
        }
        RecordKind::Zone => {
            if let Some(zone) = Zone::from_record(id.into(), record) {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO zone (id, site, code, name_en, name_zh, purpose)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute(params![
                        id.0,
                        zone.site.as_bytes(),
                        zone.code,
                        zone.name_en,
                        zone.name_zh,
                        zone.purpose
                    ])?;
            } else if !is_new {
                forget_rows(connection, id)?;
            }
        }
        RecordKind::Customer => {
            if let Some(customer) = Customer::from_record(id.into(), record) {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO customer (id, code, lookup, name_en, name_zh, erased)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute(params![
                        id.0,
                        customer.code,
                        normalised(&customer.code),
                        customer.name_en,
                        customer.name_zh,
                        record.fields.contains_key("erased_at")
                    ])?;
                custody::put_customer(connection, customer.id, &Person::sealed_in(record))?;
            } else if !is_new {
                forget_rows(connection, id)?;
            }
        }
        RecordKind::Deposit => match Deposit::from_record(id.into(), record) {
            Some(deposit) => custody::put(connection, &deposit, record)?,
            None if is_new => {}
            None => forget_rows(connection, id)?,
        },
        RecordKind::Site => {
            if let Some(site) = Site::from_record(id.into(), record) {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO site (id, code, name_en, name_zh, time_zone)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![
                        id.0,
                        site.code,
                        site.name_en,
                        site.name_zh,
                        site.time_zone
                    ])?;
            }
        }
        RecordKind::Operator => {
            if let Some(operator) = Operator::from_record(id.into(), record) {
                rights::note_changed(connection, id, &operator.grants)?;
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO operator (id, name, badge, pin_verifier, active, grants)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute(params![
                        id.0,
                        operator.name,
                        operator.badge,
                        operator.pin_verifier,
                        operator.active,
                        rights::to_text(&operator.grants),
                    ])?;
            }
        }
        RecordKind::Device => {
            if let Some(device) = Device::from_record(id.into(), record) {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO device (id, name, certificate, revoked) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![id.0, device.name, device.certificate, device.revoked])?;
                return quarantine::put_verdicts(connection, id.into(), &Verdict::of(record));
            }
        }
        RecordKind::Order => {
            if let Some(order) = Order::from_record(id.into(), record) {
                put_order(connection, &order, is_new)?;
            } else if let Some(stocktake) = Stocktake::from_record(id.into(), record) {
                stocktake::put(connection, &stocktake)?;
            }
        }
    }
    Ok(BTreeSet::new())
}

fn put_order(connection: &Connection, order: &Order, is_new: bool) -> Result<(), ReplicaError> {
    let id = order.id.as_bytes();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO orders
                 (id, site, type, code, lookup, party, note, due, cancelled, blind, assigned, to_site, stocktake)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            id,
            order.site.as_bytes(),
            order.kind.code(),
            order.code,
            normalised(&order.code),
            order.party,
            order.note,
            order.due,
            order.cancelled,
            order.blind,
            order.assigned.map(|o| *o.as_bytes()),
            order.to_site.map(|s| *s.as_bytes()),
            order.stocktake.map(|s| *s.as_bytes()),
        ])?;
    if !is_new {
        for sql in [
            "DELETE FROM order_line WHERE of = ?1",
            "DELETE FROM order_counted_by WHERE of = ?1",
        ] {
            connection.prepare_cached(sql)?.execute([id])?;
        }
    }
    for (number, line) in &order.lines {
        connection
            .prepare_cached(
                "INSERT INTO order_line (of, line, item, lot, bin, asked) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                id,
                number,
                line.item.map(|i| *i.as_bytes()),
                line.lot,
                line.bin.map(|b| *b.as_bytes()),
                line.asked.thousandths(),
            ])?;
    }
    for operator in &order.counted_by {
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO order_counted_by (of, operator) VALUES (?1, ?2)",
            )?
            .execute(params![id, operator.as_bytes()])?;
    }
    let words = search::words(&order.party);
    search::put(connection, HitKind::Order, id, &words, &order.code)
}

fn put_item(connection: &Connection, rows: &ItemRows, is_new: bool) -> Result<(), ReplicaError> {
    let ItemRows { item, words, codes } = rows;
    // To replace is dear, even where there is nothing.
    connection
        .prepare_cached(if is_new {
            "INSERT INTO item
                 (id, sku, name_en, name_zh, unit, decimals, tracks_lot, tracks_serial, tracks_expiry, class, volume,
                  weight, min_stock, value, currency, owner)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
        } else {
            "INSERT OR REPLACE INTO item
                 (id, sku, name_en, name_zh, unit, decimals, tracks_lot, tracks_serial, tracks_expiry, class, volume,
                  weight, min_stock, value, currency, owner)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
        })?
        .execute(params![
            item.id.as_bytes(),
            item.sku,
            item.name_en,
            item.name_zh,
            item.unit,
            item.decimals,
            item.tracks_lot,
            item.tracks_serial,
            item.tracks_expiry,
            item.handling.class,
            item.handling.volume,
            item.handling.weight,
            item.handling.min_stock.thousandths(),
            item.value.map_or(0, |value| value.minor),
            item.value.as_ref().map_or("", |value| value.currency.code()),
            item.owner.map(|owner| *owner.as_bytes()),
        ])?;
    if !is_new {
        connection
            .prepare_cached("DELETE FROM item_barcode WHERE item = ?1")?
            .execute([item.id.as_bytes()])?;
    }
    for (code, pack) in &item.barcodes {
        connection
            .prepare_cached(
                "INSERT INTO item_barcode (item, code, lookup, pack) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                item.id.as_bytes(),
                code,
                normalised(code),
                pack.thousandths()
            ])?;
    }
    let reference = item.id.as_bytes();
    if is_new {
        search::insert(connection, HitKind::Item, reference, words, codes)
    } else {
        search::put(connection, HitKind::Item, reference, words, codes)
    }
}

pub(crate) fn partition_of(
    connection: &Connection,
    id: RecordId,
) -> Result<Option<Partition>, ReplicaError> {
    let mut statement =
        connection.prepare_cached("SELECT partition FROM document WHERE id = ?1")?;
    let mut rows = statement.query([id.0])?;
    rows.next()?
        .map(|r| row::partition(r, "partition"))
        .transpose()
}
