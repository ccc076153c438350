//! Lists that only the supervisor's console asks for.

use documents::Partition;
use domain::event::{EventBody, EventHash, ExceptionId};
use domain::ledger::{Place, Subject};
use domain::{BinId, ChainId, DeviceId, ItemId, OperatorId, Quantity, SiteId, UnitId, UnixMillis};
use rusqlite::params;

use super::{EventRow, Query, ResolutionRow, StockRow};
use crate::error::ReplicaError;
use crate::row;
use crate::search::HitKind;

/// So many hits of a search narrow a list; whoever finds more types more.
const HITS_MAX: u32 = 500;

/// An item and what a site, or all of them, has of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemStockRow {
    /// Which.
    pub item: ItemId,
    /// In all bins.
    pub balance: Quantity,
    /// In how many bins.
    pub bins: u64,
}

/// A chain of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainRow {
    /// Which.
    pub chain: ChainId,
    /// Where it writes.
    pub partition: Partition,
    /// The number of its last segment here.
    pub head: u64,
    /// The number of its last event here.
    pub last_event: u64,
}

/// JSON arrays of hexadecimal ids, one for items and one for bins, for `json_each`.
fn id_lists(hits: &[crate::search::Hit]) -> (String, String) {
    let list = |kind: HitKind| {
        let ids: Vec<String> = hits
            .iter()
            .filter(|hit| hit.kind == kind)
            .map(|hit| {
                let hex: String = hit.reference.iter().map(|b| format!("{b:02X}")).collect();
                format!("\"{hex}\"")
            })
            .collect();
        format!("[{}]", ids.join(","))
    };
    (list(HitKind::Item), list(HitKind::Bin))
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// Piles by bin code, of one site or all, narrowed by a search over items, bins and lots; an empty text does not
    /// narrow.
    pub fn stock_list(
        &self,
        site: Option<SiteId>,
        text: &str,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        let text = text.trim();
        let hits = if text.is_empty() {
            Vec::new()
        } else {
            crate::search::find(self.connection, text, HITS_MAX)?
        };
        let (items, bins) = id_lists(&hits);
        self.rows(
            "SELECT s.* FROM stock s LEFT JOIN bin b ON b.id = s.bin
             WHERE (?1 IS NULL OR s.site = ?1)
               AND (?2 = '' OR s.lot = ?2 COLLATE NOCASE
                    OR hex(s.item) IN (SELECT value FROM json_each(?3))
                    OR hex(s.bin) IN (SELECT value FROM json_each(?4)))
             ORDER BY b.code, s.item, s.lot LIMIT ?6 OFFSET ?5",
            params![
                site.map(|s| s.as_bytes().to_vec()),
                text,
                items,
                bins,
                offset,
                limit
            ],
            super::stock::stock,
        )
    }

    /// Items by SKU, those without stock too, narrowed by a search; an empty text does not narrow.
    pub fn item_stock_list(
        &self,
        text: &str,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<ItemStockRow>, ReplicaError> {
        let text = text.trim();
        let hits = if text.is_empty() {
            Vec::new()
        } else {
            crate::search::find(self.connection, text, HITS_MAX)?
        };
        let (items, _) = id_lists(&hits);
        self.rows(
            "SELECT i.id, coalesce((SELECT sum(s.balance) FROM stock s WHERE s.item = i.id), 0) AS balance,
                    (SELECT count(DISTINCT s.bin) FROM stock s WHERE s.item = i.id) AS bins
             FROM item i
             WHERE ?1 = '' OR hex(i.id) IN (SELECT value FROM json_each(?2))
             ORDER BY i.sku, i.id LIMIT ?4 OFFSET ?3",
            params![text, items, offset, limit],
            |r| {
                Ok(ItemStockRow {
                    item: ItemId::from_bytes(row::bytes16(r, "id")?),
                    balance: Quantity::from_thousandths(r.get("balance")?),
                    bins: r.get::<_, i64>("bins")? as u64,
                })
            },
        )
    }

    /// All piles of an item as the book said at that instant, zero ones left out.
    pub fn stock_of_item_at(
        &self,
        site: SiteId,
        item: ItemId,
        at: UnixMillis,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        let keys = self.rows(
            "SELECT key FROM subject WHERE item = ?2 AND substr(key, 1, 16) = ?1",
            params![site.as_bytes(), item.as_bytes()],
            |r| {
                let key: Vec<u8> = r.get("key")?;
                Ok(key.get(16..).and_then(Subject::from_key))
            },
        )?;
        let mut rows = Vec::new();
        for key in keys {
            let Some(Subject::Stock(key)) = key else {
                continue;
            };
            let balance = self.balance_at(site, &key, at)?;
            if balance != Quantity::ZERO {
                rows.push(StockRow { site, key, balance });
            }
        }
        Ok(rows)
    }

    /// Bins of all sites with this code.
    pub fn bins_by_code_anywhere(&self, code: &str) -> Result<Vec<(SiteId, BinId)>, ReplicaError> {
        self.rows(
            "SELECT id, site FROM bin WHERE lookup = ?1 ORDER BY id",
            [crate::lookup::normalised(code)],
            |r| {
                Ok((
                    SiteId::from_bytes(row::bytes16(r, "site")?),
                    BinId::from_bytes(row::bytes16(r, "id")?),
                ))
            },
        )
    }

    /// Sites that know a unit.
    pub fn sites_of_unit(&self, unit: &UnitId) -> Result<Vec<SiteId>, ReplicaError> {
        self.rows(
            "SELECT site FROM unit WHERE unit = ?1 ORDER BY site",
            [unit.as_str()],
            |r| Ok(SiteId::from_bytes(row::bytes16(r, "site")?)),
        )
    }

    /// Decisions, undone ones too, the latest first.
    pub fn all_decisions(
        &self,
        exception: Option<ExceptionId>,
        limit: u32,
    ) -> Result<Vec<ResolutionRow>, ReplicaError> {
        let hashes = self.rows(
            "SELECT e.hash FROM event_decision d JOIN event e ON e.chain = d.chain AND e.number = d.number
             WHERE ?1 IS NULL OR d.exception = ?1 ORDER BY e.place DESC LIMIT ?2",
            params![exception.map(|id| id.0.to_vec()), limit],
            |r| row::hash(r, "hash"),
        )?;
        self.resolutions(hashes)
    }

    fn resolutions(&self, hashes: Vec<EventHash>) -> Result<Vec<ResolutionRow>, ReplicaError> {
        let mut out = Vec::with_capacity(hashes.len());
        for hash in hashes {
            if let Some(event) = self.event_by_hash(hash)?
                && let EventBody::Resolved(resolution) = &event.placed.event.record.body
            {
                out.push(ResolutionRow {
                    resolution: resolution.clone(),
                    event,
                });
            }
        }
        Ok(out)
    }

    /// A page of [`Query::all_decisions`] on whatever exceptions: those at places before this one.
    pub fn decisions_before(
        &self,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Vec<ResolutionRow>, ReplicaError> {
        let mut before = before.unwrap_or(Place::end_of(i64::MAX));
        let mut found = Vec::new();
        loop {
            let places = self.rows(
                "SELECT e.hash, e.place FROM event_decision d JOIN event e ON e.chain = d.chain AND e.number = d.number
                 WHERE e.place < ?1 ORDER BY e.place DESC LIMIT ?2",
                params![before.to_bytes(), limit],
                |r| Ok((row::hash(r, "hash")?, row::place(r, "place")?)),
            )?;
            let is_last = places.len() < limit as usize;
            before = places.last().map_or(before, |(_, place)| *place);
            // Decisions about quarantine stand among them.
            found.extend(self.resolutions(places.into_iter().map(|(hash, _)| hash).collect())?);
            if is_last || found.len() >= limit as usize {
                found.truncate(limit as usize);
                return Ok(found);
            }
        }
    }

    /// How many decisions stand.
    pub fn decision_count(&self) -> Result<u64, ReplicaError> {
        self.count(
            "SELECT count(*) FROM event_decision d JOIN event e ON e.chain = d.chain AND e.number = d.number
             WHERE e.standing > 0",
            [],
        )
    }

    /// Events that carry out a decision, in the order of writing.
    pub fn carrying_out(&self, decision: EventHash) -> Result<Vec<EventRow>, ReplicaError> {
        let hashes = self.rows(
            "SELECT e.hash FROM event_name n JOIN event e ON e.chain = n.chain AND e.number = n.number
             WHERE n.hash = ?1 ORDER BY e.chain, e.number",
            [decision.0],
            |r| row::hash(r, "hash"),
        )?;
        let mut out = Vec::new();
        for hash in hashes {
            if let Some(event) = self.event_by_hash(hash)?
                && event.placed.event.record.carries_out == Some(decision)
            {
                out.push(event);
            }
        }
        Ok(out)
    }

    /// When each person was last heard of, by the device's clock, as far as the latest `looked_at` events tell.
    pub fn last_seen(&self, looked_at: u32) -> Result<Vec<(OperatorId, UnixMillis)>, ReplicaError> {
        let rows = self.rows(
            "SELECT operator, max(place) AS place FROM
                 (SELECT operator, place FROM event ORDER BY place DESC LIMIT ?1)
             GROUP BY operator",
            [looked_at],
            |r| {
                let operator = OperatorId::from_bytes(row::bytes16(r, "operator")?);
                Ok((operator, row::place(r, "place")?.clock.millis))
            },
        )?;
        Ok(rows)
    }

    /// How many fields have more than one value.
    pub fn field_conflict_count(&self) -> Result<u64, ReplicaError> {
        self.count(
            "SELECT count(*) FROM (SELECT DISTINCT record, path FROM field_conflict)",
            [],
        )
    }

    /// Whether a device is the server itself, which has no record.
    pub fn is_server(&self, device: DeviceId) -> Result<bool, ReplicaError> {
        let found = self.count(
            "SELECT count(*) FROM chain WHERE device = ?1 AND is_server = 1",
            [device.as_bytes()],
        )?;
        Ok(found > 0)
    }

    /// The chains of a device and how far they have come here.
    pub fn chains_of_device(&self, device: DeviceId) -> Result<Vec<ChainRow>, ReplicaError> {
        self.rows(
            "SELECT c.chain, c.partition,
                    coalesce((SELECT max(s.seq) FROM segment s WHERE s.chain = c.id), 0) AS head,
                    coalesce((SELECT max(e.number) FROM event e WHERE e.chain = c.id), 0) AS last_event
             FROM chain c WHERE c.device = ?1 ORDER BY c.partition, c.id",
            [device.as_bytes()],
            |r| {
                Ok(ChainRow {
                    chain: ChainId::from_bytes(row::bytes16(r, "chain")?),
                    partition: row::partition(r, "partition")?,
                    head: r.get::<_, i64>("head")? as u64,
                    last_event: r.get::<_, i64>("last_event")? as u64,
                })
            },
        )
    }
}
