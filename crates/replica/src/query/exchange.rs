//! What other programs ask for: lists in a fixed order that go on after the last row of the page before, and events in the
//! order in which the hub's log took them.

use documents::Order;
use documents::catalogue::{Bin, Item};
use domain::event::{EventId, ExceptionId};
use domain::ledger::{Exception, StockKey, Subject};
use domain::{BinId, ChainId, ItemId, OrderId, OrderType, Quantity, SiteId, UnixMillis, ZoneId};
use rusqlite::params;

use super::exception::ExceptionFilter;
use super::{EventRow, Query, StockRow};
use crate::error::ReplicaError;
use crate::ledger_store::{exception_from_row, piles_of};
use crate::row;

/// Where in a site's log a reader stands: after this entry, and after so many events of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Arrival {
    /// Number of the entry that holds the event; 0 before the first.
    pub entry: u64,
    /// Number of the event on its chain.
    pub event: u64,
}

/// An event, and where it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedRow {
    /// Names it among all events of the site.
    pub at: Arrival,
    /// When the hub took it.
    pub accepted_at: UnixMillis,
    /// The event.
    pub event: EventRow,
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// Items by SKU after one of them; `after`: the SKU and the id of the last one.
    pub fn items_after(
        &self,
        after: Option<(&str, ItemId)>,
        limit: u32,
    ) -> Result<Vec<Item>, ReplicaError> {
        let (sku, id) = after.unwrap_or(("", ItemId::from_bytes([0; 16])));
        let ids = self.rows(
            "SELECT id FROM item WHERE (sku, id) > (?1, ?2) ORDER BY sku, id LIMIT ?3",
            params![sku, id.as_bytes(), limit],
            |r| Ok(ItemId::from_bytes(row::bytes16(r, "id")?)),
        )?;
        let mut items = Vec::with_capacity(ids.len());
        for id in ids {
            items.extend(self.item(id)?);
        }
        Ok(items)
    }

    /// Bins of a site after one of them, in the order of their ids.
    pub fn bins_after(
        &self,
        of: SiteId,
        after: Option<BinId>,
        limit: u32,
    ) -> Result<Vec<Bin>, ReplicaError> {
        let after = after.unwrap_or(BinId::from_bytes([0; 16]));
        let ids = self.rows(
            "SELECT id FROM bin WHERE id > ?1 AND site = ?2 ORDER BY id LIMIT ?3",
            params![after.as_bytes(), of.as_bytes(), limit],
            |r| Ok(BinId::from_bytes(row::bytes16(r, "id")?)),
        )?;
        let mut bins = Vec::with_capacity(ids.len());
        for id in ids {
            bins.extend(self.bin(id)?);
        }
        Ok(bins)
    }

    /// Piles of a site after one of them, by bin, item and lot as ids.
    pub fn piles_after(
        &self,
        site: SiteId,
        after: Option<&StockKey>,
        limit: u32,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        let zero = StockKey {
            bin: BinId::from_bytes([0; 16]),
            item: ItemId::from_bytes([0; 16]),
            lot: None,
        };
        let first = Subject::Stock(after.unwrap_or(&zero).clone()).to_key();
        let tag = first.first().copied().unwrap_or_default();
        let site_bytes = &site.as_bytes()[..];
        let found = self.rows(
            "SELECT key, balance FROM subject
             WHERE key > ?1 AND key < ?2 AND balance IS NOT NULL AND item IS NOT NULL ORDER BY key LIMIT ?3",
            params![
                [site_bytes, &first].concat(),
                [site_bytes, &[tag + 1]].concat(),
                limit
            ],
            |r| {
                let key: Vec<u8> = r.get("key")?;
                let balance = Quantity::from_thousandths(r.get("balance")?);
                Ok((key.get(16..).and_then(Subject::from_key), balance))
            },
        )?;
        let pile = |(subject, balance)| match subject {
            Some(Subject::Stock(key)) => Some(StockRow { site, key, balance }),
            _ => None,
        };
        Ok(found.into_iter().filter_map(pile).collect())
    }

    /// Orders of a site after one of them, in the order of their ids, called off ones too.
    pub fn orders_after(
        &self,
        of: SiteId,
        kind: Option<OrderType>,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<Order>, ReplicaError> {
        let after = after.unwrap_or(OrderId::from_bytes([0; 16]));
        let ids = self.rows(
            "SELECT id FROM orders WHERE id > ?1 AND site = ?2 AND (?3 IS NULL OR type = ?3) ORDER BY id LIMIT ?4",
            params![after.as_bytes(), of.as_bytes(), kind.map(OrderType::code), limit],
            |r| Ok(OrderId::from_bytes(row::bytes16(r, "id")?)),
        )?;
        let mut orders = Vec::with_capacity(ids.len());
        for id in ids {
            orders.extend(self.order(id)?);
        }
        Ok(orders)
    }

    /// Exceptions after one of them, in the order of their ids.
    pub fn exceptions_after(
        &self,
        filter: &ExceptionFilter,
        after: Option<ExceptionId>,
        limit: u32,
    ) -> Result<Vec<Exception>, ReplicaError> {
        self.rows(
            "SELECT * FROM exception
             WHERE id > ?1 AND (?2 IS NULL OR site = ?2) AND (?3 IS NULL OR kind = ?3) AND (?4 = 0 OR status = 0)
             ORDER BY id LIMIT ?5",
            params![
                after.unwrap_or_default().0,
                filter.site.map(|s| s.as_bytes().to_vec()),
                filter.kind.map(domain::ledger::ExceptionKind::code),
                filter.open_only,
                limit,
            ],
            exception_from_row,
        )
    }

    /// Events of a site in the order in which the log took them, after a place in it; those in quarantine too. Comes with
    /// the place up to which the log was read: it may lie behind the last event, because entries hold records alone.
    pub fn arrived(
        &self,
        site: SiteId,
        after: Arrival,
        limit: usize,
    ) -> Result<(Vec<ArrivedRow>, Arrival), ReplicaError> {
        // Each entry holds at most some hundred events: so many entries are enough for a page.
        let entries = self.rows(
            "SELECT c.chain, s.number, s.accepted_at, coalesce(e.first_event, 0) AS first_event,
                    coalesce(e.last_event, -1) AS last_event
             FROM segment s JOIN chain c ON c.id = s.chain
             LEFT JOIN segment_events e ON e.chain = s.chain AND e.seq = s.seq
             WHERE s.number >= ?1 AND c.partition = ?2 ORDER BY s.number LIMIT ?3",
            params![after.entry as i64, site.as_bytes(), limit as i64 + 1],
            |r| {
                Ok((
                    ChainId::from_bytes(row::bytes16(r, "chain")?),
                    r.get::<_, i64>("number")? as u64,
                    r.get::<_, Option<i64>>("accepted_at")?.unwrap_or_default(),
                    r.get::<_, i64>("first_event")?..=r.get::<_, i64>("last_event")?,
                ))
            },
        )?;
        let mut rows = Vec::new();
        let mut read = after;
        for (chain, entry, accepted_at, numbers) in entries {
            for number in numbers {
                let at = Arrival {
                    entry,
                    event: number as u64,
                };
                if at <= after {
                    continue;
                }
                if rows.len() == limit {
                    return Ok((rows, read));
                }
                let id = EventId {
                    chain,
                    number: at.event,
                };
                if let Some(event) = self.event(id)? {
                    rows.push(ArrivedRow {
                        at,
                        accepted_at,
                        event,
                    });
                }
                read = at;
            }
            if entry > read.entry {
                read = Arrival { entry, event: 0 };
            }
        }
        Ok((rows, read))
    }

    /// The number of the last event on a chain; 0 before the first.
    pub fn last_event_number(&self, chain: ChainId) -> Result<u64, ReplicaError> {
        self.count(
            "SELECT coalesce(max(e.number), 0) FROM event e JOIN chain c ON c.id = e.chain WHERE c.chain = ?1",
            [chain.as_bytes()],
        )
    }

    /// Whether anything that happened, or any order or pick face, names an item.
    pub fn is_item_used(&self, item: ItemId) -> Result<bool, ReplicaError> {
        let n = self.count(
            "SELECT EXISTS (SELECT 1 FROM subject WHERE item = ?1)
                 OR EXISTS (SELECT 1 FROM unit WHERE item = ?1)
                 OR EXISTS (SELECT 1 FROM order_line WHERE item = ?1)
                 OR EXISTS (SELECT 1 FROM bin WHERE face_item = ?1)",
            [item.as_bytes()],
        )?;
        Ok(n > 0)
    }

    /// Whether anything that happened, or any order, names a bin.
    pub fn is_bin_used(&self, site: SiteId, bin: BinId) -> Result<bool, ReplicaError> {
        let (first, last) = piles_of(bin);
        let site_bytes = &site.as_bytes()[..];
        let n = self.count(
            "SELECT EXISTS (SELECT 1 FROM subject WHERE key BETWEEN ?2 AND ?3)
                 OR EXISTS (SELECT 1 FROM unit WHERE bin = ?1)
                 OR EXISTS (SELECT 1 FROM order_line WHERE bin = ?1)",
            params![
                bin.as_bytes(),
                [site_bytes, &first].concat(),
                [site_bytes, &last].concat()
            ],
        )?;
        Ok(n > 0)
    }

    /// Whether any bin of a site is in a zone.
    pub fn is_zone_used(&self, site: SiteId, zone: ZoneId) -> Result<bool, ReplicaError> {
        let n = self.count(
            "SELECT EXISTS (SELECT 1 FROM bin WHERE zone = ?1 AND site = ?2)",
            params![zone.as_bytes(), site.as_bytes()],
        )?;
        Ok(n > 0)
    }
}
