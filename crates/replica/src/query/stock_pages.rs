//! Stock page by page: what is asked of one bin, one item or one lot at a time is put together by the console, in the
//! order that these questions give. Each begins where the last one ended, so that the hundredth page costs what the first
//! does. Of a server only: some rest on [`crate::tallies`].

use chrono::NaiveDate;
use documents::catalogue::Customer;
use domain::ledger::{Place, Subject};
use domain::{BinId, CustomerId, EventBody, ItemId, Quantity, SiteId, UnixMillis, ZoneId};
use rusqlite::params;

use super::Query;
use super::stock::StockRow;
use crate::error::ReplicaError;
use crate::ledger_store::piles_of;
use crate::row;
use crate::search::HitKind;
use crate::tallies::{day_number, day_of_number};

/// A bin in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBin {
    /// Which.
    pub bin: BinId,
    /// Its code, by which lists are sorted.
    pub code: String,
    /// Where.
    pub site: SiteId,
    /// The part of the site.
    pub zone: ZoneId,
}

/// An item in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedItem {
    /// Which.
    pub item: ItemId,
    /// Its code, by which lists are sorted.
    pub sku: String,
    /// The class that decides where it is put; may be empty.
    pub class: String,
    /// Safety stock; zero for none.
    pub least: Quantity,
    /// Whom it belongs to; `None`: to us.
    pub owner: Option<CustomerId>,
}

/// A lot of an item at a site, or its goods without a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLot {
    /// What.
    pub item: ItemId,
    /// Of which lot; empty for goods without one.
    pub lot: String,
    /// Where.
    pub site: SiteId,
    /// How much there is now.
    pub balance: Quantity,
    /// The lot's last good day, as its first receipt said.
    pub expiry: Option<NaiveDate>,
    /// When some of it last came in.
    pub last_in: Option<UnixMillis>,
}

/// What a text may mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meant {
    /// Items by name, code or barcode.
    pub items: Vec<ItemId>,
    /// Bins by code.
    pub bins: Vec<BinId>,
    /// Items that have a lot of that name.
    pub items_of_lot: Vec<ItemId>,
}

/// Where a list of lots goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterLot {
    /// Days from 1970-01-01, or unix milliseconds: what the list is sorted by.
    pub order: i64,
    /// The last one shown.
    pub item: ItemId,
    /// Its lot.
    pub lot: String,
    /// Its site.
    pub site: SiteId,
}

/// So many hits of a search narrow a list; whoever finds more types more.
const HITS_MAX: u32 = 500;

const LOT: &str = "SELECT g.item, g.lot, g.site, g.balance, g.expiry, g.last_in FROM goods_stock g";

fn lot(r: &rusqlite::Row<'_>) -> Result<ListedLot, ReplicaError> {
    Ok(ListedLot {
        item: ItemId::from_bytes(row::bytes16(r, "item")?),
        lot: r.get("lot")?,
        site: SiteId::from_bytes(row::bytes16(r, "site")?),
        balance: Quantity::from_thousandths(r.get("balance")?),
        expiry: r.get::<_, Option<i64>>("expiry")?.and_then(day_of_number),
        last_in: r.get("last_in")?,
    })
}

fn bin(r: &rusqlite::Row<'_>) -> Result<ListedBin, ReplicaError> {
    Ok(ListedBin {
        bin: BinId::from_bytes(row::bytes16(r, "id")?),
        code: r.get("code")?,
        site: SiteId::from_bytes(row::bytes16(r, "site")?),
        zone: ZoneId::from_bytes(row::bytes16(r, "zone")?),
    })
}

fn item(r: &rusqlite::Row<'_>) -> Result<ListedItem, ReplicaError> {
    Ok(ListedItem {
        item: ItemId::from_bytes(row::bytes16(r, "id")?),
        sku: r.get("sku")?,
        class: r.get("class")?,
        least: Quantity::from_thousandths(r.get("min_stock")?),
        owner: super::catalogue::owner(r)?,
    })
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// What a text may mean in a list of stock.
    pub fn meant_by(&self, text: &str) -> Result<Meant, ReplicaError> {
        let mut meant = Meant::default();
        for hit in crate::search::find(self.connection, text, HITS_MAX)? {
            let Ok(id) = <[u8; 16]>::try_from(&hit.reference[..]) else {
                continue;
            };
            match hit.kind {
                HitKind::Item => meant.items.push(ItemId::from_bytes(id)),
                HitKind::Bin => meant.bins.push(BinId::from_bytes(id)),
                _ => {}
            }
        }
        meant.items_of_lot = self.rows(
            "SELECT DISTINCT item FROM goods_stock WHERE lot = ?1 COLLATE NOCASE AND lot <> '' LIMIT ?2",
            params![text.trim(), HITS_MAX],
            |r| Ok(ItemId::from_bytes(row::bytes16(r, "item")?)),
        )?;
        Ok(meant)
    }

    /// Bins by their code, after that one.
    pub fn listed_bins_after(
        &self,
        site: Option<SiteId>,
        zone: Option<ZoneId>,
        after: Option<(&str, BinId)>,
        limit: u32,
    ) -> Result<Vec<ListedBin>, ReplicaError> {
        let (code, id) = after.map_or((None, [0; 16]), |(code, id)| (Some(code), *id.as_bytes()));
        let sql = |of: &str| {
            format!(
                "SELECT id, code, site, zone FROM bin
                 WHERE {of} AND (?2 IS NULL OR (code, id) > (?2, ?3)) AND code >= coalesce(?2, '')
                 ORDER BY code, id LIMIT ?4"
            )
        };
        match (zone, site) {
            (Some(zone), _) => self.rows(
                &sql("zone = ?1"),
                params![zone.as_bytes(), code, id, limit],
                bin,
            ),
            (None, Some(site)) => self.rows(
                &sql("site = ?1"),
                params![site.as_bytes(), code, id, limit],
                bin,
            ),
            (None, None) => self.rows(
                &sql("?1 IS NULL"),
                params![None::<Vec<u8>>, code, id, limit],
                bin,
            ),
        }
    }

    /// One bin as lists show it.
    pub fn listed_bin(&self, id: BinId) -> Result<Option<ListedBin>, ReplicaError> {
        self.row(
            "SELECT id, code, site, zone FROM bin WHERE id = ?1",
            [id.as_bytes()],
            bin,
        )
    }

    /// Bins where an item lies, or once lay.
    pub fn bins_with(&self, item: ItemId) -> Result<Vec<BinId>, ReplicaError> {
        self.rows(
            "SELECT DISTINCT substr(key, 18, 16) AS bin FROM subject WHERE item = ?1",
            [item.as_bytes()],
            |r| Ok(BinId::from_bytes(row::bytes16(r, "bin")?)),
        )
    }

    /// Items by SKU, after that one. `class`: only those of that class, all if it is empty. `is_low`: only those of which
    /// there is less than their safety stock, whatever their class.
    pub fn listed_items_after(
        &self,
        class: &str,
        is_low: bool,
        after: Option<(&str, ItemId)>,
        limit: u32,
    ) -> Result<Vec<ListedItem>, ReplicaError> {
        let (sku, id) = after.map_or((None, [0; 16]), |(sku, id)| (Some(sku), *id.as_bytes()));
        if is_low {
            return self.rows(
                "SELECT i.id, i.sku, i.class, i.min_stock, i.owner
                 FROM item_stock s INDEXED BY item_low CROSS JOIN item i ON i.id = s.item
                 WHERE s.least > 0 AND s.balance < s.least
                   AND (?1 IS NULL OR (s.sku, s.item) > (?1, ?2)) AND s.sku >= coalesce(?1, '')
                 ORDER BY s.sku, s.item LIMIT ?3",
                params![sku, id, limit],
                item,
            );
        }
        if !class.is_empty() {
            return self.rows(
                "SELECT id, sku, class, min_stock, owner FROM item WHERE class = ?4
                   AND (?1 IS NULL OR (sku, id) > (?1, ?2)) AND sku >= coalesce(?1, '') ORDER BY sku, id LIMIT ?3",
                params![sku, id, limit, class],
                item,
            );
        }
        self.rows(
            "SELECT id, sku, class, min_stock, owner FROM item
             WHERE (?1 IS NULL OR (sku, id) > (?1, ?2)) AND sku >= coalesce(?1, '') ORDER BY sku, id LIMIT ?3",
            params![sku, id, limit],
            item,
        )
    }

    /// Items of an owner by SKU, after that one.
    pub fn items_of_owner_after(
        &self,
        owner: CustomerId,
        after: Option<(&str, ItemId)>,
        limit: u32,
    ) -> Result<Vec<ListedItem>, ReplicaError> {
        let (sku, id) = after.map_or((None, [0; 16]), |(sku, id)| (Some(sku), *id.as_bytes()));
        self.rows(
            "SELECT id, sku, class, min_stock, owner FROM item WHERE owner = ?4
               AND (?1 IS NULL OR (sku, id) > (?1, ?2)) AND sku >= coalesce(?1, '') ORDER BY sku, id LIMIT ?3",
            params![sku, id, limit, owner.as_bytes()],
            item,
        )
    }

    /// Customers that own items, by code.
    pub fn owners(&self) -> Result<Vec<Customer>, ReplicaError> {
        // Steps from owner to owner in the index, however many items each has.
        let ids = self.rows(
            "WITH RECURSIVE o (owner) AS (
                 SELECT (SELECT min(owner) FROM item WHERE owner IS NOT NULL)
                 UNION ALL SELECT (SELECT min(owner) FROM item WHERE owner > o.owner) FROM o WHERE o.owner IS NOT NULL)
             SELECT owner FROM o WHERE owner IS NOT NULL",
            [],
            super::catalogue::owner,
        )?;
        let mut owners = Vec::with_capacity(ids.len());
        for id in ids.into_iter().flatten() {
            owners.extend(self.customer(id)?);
        }
        owners.sort_unstable_by(|a, b| (&a.code, a.id).cmp(&(&b.code, b.id)));
        Ok(owners)
    }

    /// One item as lists show it.
    pub fn listed_item(&self, id: ItemId) -> Result<Option<ListedItem>, ReplicaError> {
        self.row(
            "SELECT id, sku, class, min_stock, owner FROM item WHERE id = ?1",
            [id.as_bytes()],
            item,
        )
    }

    /// How many items there is less of than their safety stock.
    pub fn low_item_count(&self) -> Result<u64, ReplicaError> {
        self.count(
            "SELECT count(*) FROM item_stock WHERE least > 0 AND balance < least",
            [],
        )
    }

    /// Classes that items have, in order.
    pub fn item_classes(&self) -> Result<Vec<String>, ReplicaError> {
        // Steps from class to class in the index, however many items each has.
        self.rows(
            "WITH RECURSIVE c (class) AS (
                 SELECT (SELECT min(class) FROM item WHERE class > '')
                 UNION ALL SELECT (SELECT min(class) FROM item WHERE class > c.class) FROM c WHERE c.class IS NOT NULL)
             SELECT class FROM c WHERE class IS NOT NULL",
            [],
            |r| Ok(r.get("class")?),
        )
    }

    /// Lots with a last good day up to that one of which there is something, the first to expire first.
    pub fn lots_expiring(
        &self,
        until: NaiveDate,
        after: Option<&AfterLot>,
        limit: u32,
    ) -> Result<Vec<ListedLot>, ReplicaError> {
        let end = day_number(until);
        match after {
            None => self.rows(
                &format!(
                    "{LOT} INDEXED BY goods_by_expiry WHERE g.expiry IS NOT NULL AND g.balance > 0 AND g.expiry <= ?1
                     ORDER BY g.expiry, g.item, g.lot, g.site LIMIT ?2"
                ),
                params![end, limit],
                lot,
            ),
            Some(after) => self.rows(
                &format!(
                    "{LOT} INDEXED BY goods_by_expiry WHERE g.expiry IS NOT NULL AND g.balance > 0 AND g.expiry <= ?1
                       AND (g.expiry, g.item, g.lot, g.site) > (?2, ?3, ?4, ?5) AND g.expiry >= ?2
                     ORDER BY g.expiry, g.item, g.lot, g.site LIMIT ?6"
                ),
                params![
                    end,
                    after.order,
                    after.item.as_bytes(),
                    after.lot,
                    after.site.as_bytes(),
                    limit
                ],
                lot,
            ),
        }
    }

    /// How many lots of which there is something have a last good day from `from` (not before 1970) up to `until`.
    pub fn expiring_count(
        &self,
        from: Option<NaiveDate>,
        until: NaiveDate,
    ) -> Result<u64, ReplicaError> {
        self.count(
            "SELECT count(*) FROM goods_stock INDEXED BY goods_by_expiry
             WHERE expiry IS NOT NULL AND balance > 0 AND expiry BETWEEN ?1 AND ?2",
            params![from.map_or(i64::MIN, day_number), day_number(until)],
        )
    }

    /// Lots, and goods without one, of which there is something, those first of which the longest nothing came in.
    pub fn lots_by_age(
        &self,
        after: Option<&AfterLot>,
        limit: u32,
    ) -> Result<Vec<ListedLot>, ReplicaError> {
        match after {
            None => self.rows(
                &format!(
                    "{LOT} INDEXED BY goods_by_last_in WHERE g.balance > 0
                     ORDER BY coalesce(g.last_in, 0), g.item, g.lot, g.site LIMIT ?1"
                ),
                params![limit],
                lot,
            ),
            Some(after) => self.rows(
                &format!(
                    "{LOT} INDEXED BY goods_by_last_in WHERE g.balance > 0
                       AND (coalesce(g.last_in, 0), g.item, g.lot, g.site) > (?1, ?2, ?3, ?4)
                       AND coalesce(g.last_in, 0) >= ?1
                     ORDER BY coalesce(g.last_in, 0), g.item, g.lot, g.site LIMIT ?5"
                ),
                params![
                    after.order,
                    after.item.as_bytes(),
                    after.lot,
                    after.site.as_bytes(),
                    limit
                ],
                lot,
            ),
        }
    }

    /// The lots of an item, and its goods without one.
    pub fn lots_of(&self, item: ItemId) -> Result<Vec<ListedLot>, ReplicaError> {
        self.rows(
            &format!("{LOT} WHERE g.item = ?1 ORDER BY g.lot, g.site"),
            [item.as_bytes()],
            lot,
        )
    }

    /// The piles of a bin at its site, now or as the book said at the end of that millisecond.
    pub fn piles_in(
        &self,
        site: SiteId,
        bin: BinId,
        at: Option<UnixMillis>,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        let (first, last) = piles_of(bin);
        let site_bytes = &site.as_bytes()[..];
        let range = [[site_bytes, &first].concat(), [site_bytes, &last].concat()];
        match at {
            None => self.piles(
                "SELECT key, balance FROM subject
                 WHERE key BETWEEN ?1 AND ?2 AND balance IS NOT NULL ORDER BY key",
                params![range[0], range[1]],
            ),
            Some(at) => self.piles(
                "SELECT s.key, (SELECT e.balance FROM entry e WHERE e.subject = s.id AND e.place <= ?3
                                ORDER BY e.place DESC LIMIT 1) AS balance
                 FROM subject s WHERE s.key BETWEEN ?1 AND ?2 ORDER BY s.key",
                params![range[0], range[1], Place::end_of(at).to_bytes()],
            ),
        }
    }

    /// The piles of an item at all sites, now or as the book said at the end of that millisecond.
    pub fn piles_of_item(
        &self,
        item: ItemId,
        at: Option<UnixMillis>,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        match at {
            None => self.piles(
                "SELECT key, balance FROM subject WHERE item = ?1 AND balance IS NOT NULL",
                params![item.as_bytes()],
            ),
            Some(at) => self.piles(
                "SELECT s.key, (SELECT e.balance FROM entry e WHERE e.subject = s.id AND e.place <= ?2
                                ORDER BY e.place DESC LIMIT 1) AS balance
                 FROM subject s WHERE s.item = ?1",
                params![item.as_bytes(), Place::end_of(at).to_bytes()],
            ),
        }
    }

    pub(super) fn piles(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        let rows = self.rows(sql, params, |r| {
            let key: Vec<u8> = r.get("key")?;
            let balance: Option<i64> = r.get("balance")?;
            Ok((key, balance.unwrap_or_default()))
        })?;
        let pile = |(key, balance): (Vec<u8>, i64)| {
            let site = SiteId::from_slice(key.get(..16)?).ok()?;
            match Subject::from_key(key.get(16..)?)? {
                Subject::Stock(key) if balance != 0 => Some(StockRow {
                    site,
                    key,
                    balance: Quantity::from_thousandths(balance),
                }),
                _ => None,
            }
        };
        Ok(rows.into_iter().filter_map(pile).collect())
    }

    /// What came in of a lot at a site up to that instant, the latest first, until `enough` is reached: when, and how much.
    pub fn receipts_back(
        &self,
        site: SiteId,
        item: ItemId,
        lot: &str,
        enough: Quantity,
        at: UnixMillis,
    ) -> Result<Vec<(UnixMillis, Quantity)>, ReplicaError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT e.place, e.amount FROM subject s JOIN entry e ON e.subject = s.id
             WHERE s.item = ?1 AND substr(s.key, 1, 16) = ?2 AND CAST(substr(s.key, 51) AS TEXT) = ?3
               AND e.part = 0 AND e.amount > 0 AND e.place <= ?4 ORDER BY e.place DESC",
        )?;
        let mut rows = statement.query(params![
            item.as_bytes(),
            site.as_bytes(),
            lot,
            Place::end_of(at).to_bytes()
        ])?;
        let mut found = Vec::new();
        let mut sum = Quantity::ZERO;
        while sum < enough
            && let Some(r) = rows.next()?
        {
            let place = row::place(r, "place")?;
            let body = self.record_at(place)?.map(|record| record.body);
            if let Some(EventBody::Received { quantity, .. }) = body {
                sum = sum.plus(quantity);
                found.push((place.clock.millis, quantity));
            }
        }
        Ok(found)
    }

    /// What was written at a place.
    pub(super) fn record_at(
        &self,
        place: Place,
    ) -> Result<Option<domain::EventRecord>, ReplicaError> {
        let bytes = self.row(
            "SELECT e.record FROM chain c JOIN event e ON e.chain = c.id WHERE c.chain = ?1 AND e.number = ?2",
            params![place.id.chain.as_bytes(), place.id.number as i64],
            |r| Ok(r.get::<_, Vec<u8>>("record")?),
        )?;
        bytes
            .map(|b| {
                domain::EventRecord::from_bytes(&b)
                    .map_err(|_| ReplicaError::BadRow("event.record"))
            })
            .transpose()
    }

    /// The expiry day of a lot, as lists keep it.
    pub fn listed_expiry(
        &self,
        site: SiteId,
        item: ItemId,
        lot: &str,
    ) -> Result<Option<NaiveDate>, ReplicaError> {
        let found = self.row(
            "SELECT expiry FROM goods_stock WHERE item = ?1 AND lot = ?2 AND site = ?3",
            params![item.as_bytes(), lot, site.as_bytes()],
            |r| Ok(r.get::<_, Option<i64>>("expiry")?),
        )?;
        Ok(found.flatten().and_then(day_of_number))
    }
}
