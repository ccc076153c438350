//! From a stored document to the rows that people search and read.

use documents::catalogue::{Bin, Device, Item, Operator, Site, Zone};
use documents::{Partition, Record, RecordId, RecordKind};
use domain::ledger::StateHash;
use rusqlite::{Connection, OptionalExtension, params};

use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::identity::Identity;
use crate::lookup::normalised;
use crate::search::{self, HitKind, words};
use crate::{meta, row};

/// A stored document with what the state hash has counted of it.
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

/// Everything that both replicas must agree on about a record.
fn row_of(id: RecordId, record: &Record) -> StateHash {
    let conflicts: Vec<_> = record
        .conflicts
        .iter()
        .map(|c| {
            (
                &c.path,
                c.values
                    .iter()
                    .map(|(v, by)| (v, by.to_string()))
                    .collect::<Vec<_>>(),
            )
        })
        .collect();
    // Maps of strings to plain values always serialise.
    let text =
        serde_json::to_vec(&(record.kind.code(), &record.fields, conflicts)).unwrap_or_default();
    let mut hash = StateHash::default();
    hash.add(&[b"r", &id.0[..], &text].concat());
    hash
}

/// Writes records of one partition and the rows read from them.
pub(crate) struct RecordStore<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) chains: &'a mut Chains,
    pub(crate) identity: Option<&'a Identity>,
    pub(crate) partition: Partition,
}

impl RecordStore<'_> {
    /// Stores a document and everything that is read from it.
    pub(crate) fn put(
        &mut self,
        id: RecordId,
        old: &StoredDocument,
        saved: &[u8],
        record: Option<&Record>,
    ) -> Result<(), ReplicaError> {
        let new = record.map(|r| row_of(id, r));
        self.connection
            .prepare_cached(
                "INSERT INTO document (id, kind, partition, saved, row) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, saved = excluded.saved, row = excluded.row",
            )?
            .execute(params![
                id.0,
                record.map_or("", |r| r.kind.code()),
                self.partition.to_key(),
                saved,
                new.map_or(Vec::new(), |h| h.to_bytes().to_vec()),
            ])?;
        if new != old.counted {
            let key = meta::records_key(self.partition);
            let sum = meta::state_hash(self.connection, &key)?;
            let sum = sum
                .minus(old.counted.unwrap_or_default())
                .plus(new.unwrap_or_default());
            meta::set_state_hash(self.connection, &key, sum)?;
        }
        if let Some(record) = record {
            put_rows(self.connection, self.chains, self.identity, id, record)?;
            put_conflicts(self.connection, id, record)?;
        }
        Ok(())
    }
}

fn put_conflicts(
    connection: &Connection,
    id: RecordId,
    record: &Record,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached("DELETE FROM field_conflict WHERE record = ?1")?
        .execute([id.0])?;
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
    chains: &mut Chains,
    identity: Option<&Identity>,
    id: RecordId,
    record: &Record,
) -> Result<(), ReplicaError> {
    match record.kind {
        RecordKind::Item => {
            if let Some(item) = Item::from_record(id.into(), record) {
                put_item(connection, &item)?;
            }
        }
        RecordKind::Bin => {
            if let Some(bin) = Bin::from_record(id.into(), record) {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO bin (id, site, zone, code, lookup) VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![
                        id.0,
                        bin.site.as_bytes(),
                        bin.zone.as_bytes(),
                        bin.code,
                        normalised(&bin.code)
                    ])?;
                search::put(connection, HitKind::Bin, &id.0, "", &bin.code)?;
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
            }
        }
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
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO operator (id, name, badge, pin_verifier, active)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![
                        id.0,
                        operator.name,
                        operator.badge,
                        operator.pin_verifier,
                        operator.active
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
                // Only what the server signed teaches us a chain, whoever wrote the record.
                if let Some(identity) = identity {
                    chains.learn(connection, identity, &device.certificate)?;
                }
            }
        }
    }
    Ok(())
}

fn put_item(connection: &Connection, item: &Item) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO item
                 (id, sku, name_en, name_zh, unit, decimals, tracks_lot, tracks_serial, tracks_expiry)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
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
        ])?;
    connection
        .prepare_cached("DELETE FROM item_barcode WHERE item = ?1")?
        .execute([item.id.as_bytes()])?;
    let mut codes = item.sku.clone();
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
        codes.push(' ');
        codes.push_str(code);
    }
    let words = format!("{} {}", words(&item.name_en), words(&item.name_zh));
    search::put(
        connection,
        HitKind::Item,
        item.id.as_bytes(),
        &words,
        &codes,
    )
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
