//! Putting a snapshot in the place of a partition's rows.

use std::collections::HashSet;

use documents::record::Counting;
use documents::{Manifest, Partition, RecordId, SegmentHash};
use domain::event::{Event, EventRecord};
use domain::ledger::{Install, Placed, StateHash};
use domain::{SiteId, Timestamp, UnixMillis};
use rusqlite::{Connection, params};

use super::content::{ChainRow, Content, KeptEvent, Records};
use super::read_ahead::{self, Document};
use super::{bulk, prune, stored};
use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::identity::Identity;
use crate::ingest::{self, Batch, Cursor};
use crate::ledger_store::SqlLedger;
use crate::records::{RecordRows, StoredDocument};
use crate::replica::{self, Replica};
use crate::{displaced, meta, quarantine, records, rights, search};

impl Replica {
    /// Installs the snapshot of a partition that has been fetched, in one transaction. What this replica holds of the
    /// log after the cut stays, its own changes that the hub has not accepted among it. Returns whether there was one.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing has changed then.
    pub fn install_snapshot(
        &mut self,
        partition: Partition,
        now: UnixMillis,
    ) -> Result<bool, ReplicaError> {
        let bulk = bulk::begin(&self.connection)?;
        let mut result = self.try_install(partition, now);
        if let Err(error) = bulk::end(&self.connection, &bulk) {
            result = result.and(Err(error));
        }
        if result.is_err() {
            self.forget_unwritten();
        }
        result
    }

    fn try_install(&mut self, partition: Partition, now: UnixMillis) -> Result<bool, ReplicaError> {
        if self
            .fetching_snapshot(partition)?
            .is_none_or(|f| f.next.is_some())
        {
            return Ok(false);
        }
        let identity = self.enrolled()?.clone();
        let transaction = self.connection.unchecked_transaction()?;
        transaction.execute(
            "DELETE FROM snapshot WHERE partition = ?1 AND installed = 1",
            [partition.to_key()],
        )?;
        transaction.execute(
            "UPDATE snapshot SET installed = 1, installed_at = ?2 WHERE partition = ?1",
            params![partition.to_key(), now],
        )?;
        if let Partition::Site(site) = partition {
            clear_ledger(&transaction, site)?;
        }
        let Some(manifest) = apply(&transaction, &mut self.chains, &identity, partition)? else {
            return Err(ReplicaError::BadRow("snapshot"));
        };
        let Some(other_branches) =
            displaced::keep_other_branches(&transaction, partition, identity.device)?
        else {
            tracing::warn!(%partition, "a snapshot has another branch of this device's own chain");
            drop(transaction);
            self.forget_unwritten();
            self.drop_fetching(partition)?;
            return Ok(false);
        };
        prune::covered(&transaction, identity.device, partition, manifest.cut)?;
        let local: Vec<_> = self
            .chains
            .all()
            .filter(|c| c.partition == partition)
            .copied()
            .collect();
        if partition != Partition::Shared {
            let mut batch = Batch::default();
            for chain in local {
                batch.read_stored(&transaction, &chain)?;
                batch.read_unsealed(&transaction, &chain, Some(&identity))?;
            }
            batch.apply(&transaction, &mut self.chains, Some(&identity), partition)?;
            forget_units_gone(&transaction)?;
        } else if other_branches {
            // Their edits are in the records.
            ingest::fold_anew(&transaction, &mut self.chains, Some(&identity))?;
        }
        let read = ingest::load_cursor(&transaction, partition)?;
        if read.is_none_or(|c| c.epoch != manifest.epoch || c.number < manifest.cut) {
            let cursor = Cursor {
                epoch: manifest.epoch,
                number: manifest.cut,
                running_hash: manifest.cut_hash,
            };
            ingest::save_cursor(&transaction, partition, cursor)?;
        }
        if let Some(horizon) = manifest.horizon {
            // The server's word on the time weighs more than this device's clock: what is written from now on stands
            // after the horizon.
            let after = Timestamp {
                millis: horizon.clock.millis.saturating_add(1),
                counter: 0,
            };
            self.clock.observe(after, now);
            replica::save_clock(&transaction, &self.clock)?;
        }
        transaction.commit()?;
        Ok(true)
    }
}

/// Applies the chunks of the installed snapshot of a partition, if it rests on one.
pub(crate) fn apply(
    connection: &Connection,
    chains: &mut Chains,
    identity: &Identity,
    partition: Partition,
) -> Result<Option<Manifest>, ReplicaError> {
    let Some((id, signed)) = stored(connection, partition, true)? else {
        return Ok(None);
    };
    let manifest = Manifest::verify(&signed, &identity.server_key)
        .filter(|m| m.partition == partition && m.organisation == identity.organisation)
        .ok_or(ReplicaError::BadRow("snapshot.manifest"))?;
    let chunk = |number: usize| -> Result<Content, ReplicaError> {
        let packed: Vec<u8> = connection
            .prepare_cached("SELECT bytes FROM snapshot_chunk WHERE snapshot = ?1 AND number = ?2")?
            .query_row(params![id.0, number as i64], |r| r.get(0))?;
        manifest
            .chunks
            .get(number)
            .and_then(|entry| entry.unpack(&packed))
            .and_then(|plain| minicbor::decode(&plain).ok())
            .ok_or(ReplicaError::BadRow("snapshot_chunk.bytes"))
    };
    // Records are read again at the end: what counts of them rests on decisions that come with other records, or as
    // events.
    let mut judged = quarantine::documents_in(connection, partition)?;
    search::begin_bulk(connection)?;
    let mut ledger_chunks = Vec::new();
    let held = records::held_if_few(connection)?;
    for number in 0..manifest.chunks.len() {
        match chunk(number)? {
            Content::Chains(rows) => {
                put_chains(connection, chains, partition, &rows)?;
                quarantine::forget_covered(connection, partition)?;
            }
            Content::Certificates(rows) => {
                for signed in rows {
                    chains.learn(connection, identity, &signed)?;
                }
            }
            Content::Quarantined(rows) => {
                for row in rows {
                    let local = chains.local(row.chain)?;
                    quarantine::put_change(connection, row.document, row.hash, local, row.seq)?;
                    judged.insert(row.document);
                }
            }
            Content::Records(rows) => {
                put_records(
                    connection,
                    chains,
                    identity,
                    partition,
                    &rows,
                    held.as_ref(),
                )?;
            }
            // After the chains; they are read again, so that only one chunk is in memory at a time.
            _ => ledger_chunks.push(number),
        }
    }
    search::end_bulk(connection)?;
    if let (Partition::Site(site), Some(horizon)) = (partition, manifest.horizon) {
        let mut store = SqlLedger::new(connection, chains, site);
        let mut install = Install::new(&mut store);
        for number in ledger_chunks {
            match chunk(number)? {
                Content::Events(rows) => {
                    for row in rows {
                        install.event(placed(chains, site, row)?, horizon)?;
                    }
                }
                Content::Baselines(rows) => {
                    for row in rows {
                        install.baseline(&row.subject, &row.baseline)?;
                    }
                }
                Content::Findings(rows) => {
                    for finding in rows {
                        install.finding(finding)?;
                    }
                }
                Content::Chains(_)
                | Content::Records(_)
                | Content::Certificates(_)
                | Content::Quarantined(_) => {}
            }
        }
        install.finish()?;
    }
    ingest::reread(connection, chains, Some(identity), judged)?;
    Ok(Some(manifest))
}

fn placed(chains: &Chains, site: SiteId, row: KeptEvent) -> Result<Placed, ReplicaError> {
    let chain = chains
        .get(row.id.chain)
        .ok_or(ReplicaError::BadRow("unknown chain"))?;
    Ok(Placed {
        event: Event {
            id: row.id,
            hash: row.hash,
            site,
            device: chain.device,
            record: EventRecord::from_bytes(&row.record)
                .map_err(|_| ReplicaError::BadRow("event.record"))?,
            accepted_at: row.accepted_at,
            quarantined: row.quarantined,
        },
        place: row.place,
        standing: row.standing,
    })
}

fn put_chains(
    connection: &Connection,
    chains: &mut Chains,
    partition: Partition,
    rows: &[ChainRow],
) -> Result<(), ReplicaError> {
    for row in rows {
        if row.partition != partition {
            return Err(ReplicaError::BadRow("chain of another partition"));
        }
        chains.put(
            connection,
            row.chain,
            partition,
            row.device,
            row.key,
            row.is_server,
        )?;
        if row.seq == 0 {
            continue;
        }
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO chain_end (chain, seq, hash, last_event, last_event_hash)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                chains.local(row.chain)?,
                row.seq as i64,
                SegmentHash(row.hash).0,
                row.last_event as i64,
                row.last_event_hash.map(|h| h.0),
            ])?;
    }
    Ok(())
}

fn put_records(
    connection: &Connection,
    chains: &mut Chains,
    identity: &Identity,
    partition: Partition,
    rows: &Records,
    held: Option<&HashSet<RecordId>>,
) -> Result<(), ReplicaError> {
    let mut store = records::RecordStore {
        connection,
        chains,
        identity: Some(identity),
        partition,
    };
    let any_withheld = quarantine::is_any_withheld(connection)?;
    // A catalogue is long: it is counted once.
    let mut come = StateHash::default();
    read_ahead::each(rows, |document| {
        let Document { id, saved, rows } = document;
        let is_new = held.is_some_and(|held| !held.contains(&id));
        let old = if is_new {
            StoredDocument::default()
        } else {
            records::load(connection, id)?
        };
        if old.saved == saved {
            return Ok(());
        }
        if !old.saved.is_empty() {
            return store.merge_saved(id, &old, &saved);
        }
        let rows = match rows {
            Some(rows) if !any_withheld => Some(rows),
            _ => {
                let withheld = quarantine::withheld(connection, id)?;
                let counting = Counting {
                    withheld: &withheld,
                    is_server: &|chain| store.chains.get(chain).is_some_and(|c| c.is_server),
                };
                let record = documents::record::read_if_known(&saved, &counting)?;
                record.map(|record| RecordRows::of(id, record))
            }
        };
        let (_, counted) = store.put_uncounted(id, &old, &saved, rows.as_ref())?;
        come = come.plus(counted.unwrap_or_default());
        Ok(())
    })?;
    store.count(|sum| sum.plus(come))?;
    rights::judge_again(connection, chains)
}

/// Deletes what is folded from a site's events; its records stay.
pub(crate) fn clear_ledger(connection: &Connection, site: SiteId) -> Result<(), ReplicaError> {
    let key = site.as_bytes();
    for table in [
        "event",
        "event_name",
        "event_decision",
        "event_note",
        "custody_event",
        "custody_gone",
        "kept_event",
    ] {
        connection.execute(
            &format!(
                "DELETE FROM {table} WHERE chain IN (SELECT id FROM chain WHERE partition = ?1)"
            ),
            [key],
        )?;
    }
    for table in ["entry", "baseline", "finding"] {
        connection.execute(
            &format!(
                "DELETE FROM {table} WHERE subject IN (SELECT id FROM subject WHERE substr(key, 1, 16) = ?1)"
            ),
            [key],
        )?;
    }
    for table in ["unit", "stale"] {
        connection.execute(&format!("DELETE FROM {table} WHERE site = ?1"), [key])?;
    }
    connection.execute("DELETE FROM subject WHERE substr(key, 1, 16) = ?1", [key])?;
    connection.execute("DELETE FROM meta WHERE key = ?1", [meta::ledger_key(site)])?;
    Ok(())
}

/// Units that the snapshot does not know are not found by search any more.
pub(crate) fn forget_units_gone(connection: &Connection) -> Result<(), ReplicaError> {
    let mut statement = connection.prepare(
        "SELECT id, words, codes FROM search_row r WHERE kind = 'unit'
         AND NOT EXISTS (SELECT 1 FROM unit u
                         WHERE u.site = substr(r.reference, 1, 16)
                           AND CAST(u.unit AS BLOB) = substr(r.reference, 17))",
    )?;
    let gone = statement
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
        .collect::<Result<Vec<(i64, String, String)>, _>>()?;
    for (id, words, codes) in gone {
        search::remove(connection, id, &words, &codes)?;
    }
    Ok(())
}
