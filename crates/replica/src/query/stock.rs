//! What is where.

use domain::ledger::{Place, Stale, StockKey, Subject, UnitState};
use domain::{BinId, ItemId, Quantity, SiteId, UnitId, UnixMillis};
use rusqlite::{Row, params};

use super::Query;
use crate::error::ReplicaError;
use crate::ledger_store::{piles_of, unit_from_row};
use crate::row;

/// One pile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockRow {
    /// The site.
    pub site: SiteId,
    /// Where, what, of which lot.
    pub key: StockKey,
    /// How much; never zero, may be negative.
    pub balance: Quantity,
}

/// One unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRow {
    /// The site that last had it.
    pub site: SiteId,
    /// Which unit.
    pub unit: UnitId,
    /// Where it is.
    pub state: UnitState,
}

/// Subjects of the piles in a bin, at whatever site; the parameters are what [`piles_of`] says.
pub(super) const PILES_OF_BIN: &str =
    "piles (id) AS (SELECT s.id FROM (SELECT DISTINCT partition AS site FROM chain WHERE partition <> x'') c
     CROSS JOIN subject s
     WHERE s.key BETWEEN CAST(c.site || ?1 AS BLOB) AND CAST(c.site || ?2 AS BLOB))";

pub(super) fn stock(r: &Row<'_>) -> Result<StockRow, ReplicaError> {
    Ok(StockRow {
        site: SiteId::from_bytes(row::bytes16(r, "site")?),
        key: StockKey {
            bin: BinId::from_bytes(row::bytes16(r, "bin")?),
            item: ItemId::from_bytes(row::bytes16(r, "item")?),
            lot: r.get("lot")?,
        },
        balance: Quantity::from_thousandths(r.get("balance")?),
    })
}

fn unit(r: &Row<'_>) -> Result<UnitRow, ReplicaError> {
    Ok(UnitRow {
        site: SiteId::from_bytes(row::bytes16(r, "site")?),
        unit: UnitId::from(r.get::<_, String>("unit")?),
        state: unit_from_row(r)?,
    })
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// Whether something at the site waits for a fresh snapshot: events from before this replica's history have come.
    pub fn is_stale(&self, site: SiteId) -> Result<bool, ReplicaError> {
        let found = self.count(
            "SELECT count(*) FROM stale WHERE site = ?1",
            [site.as_bytes()],
        )?;
        Ok(found > 0)
    }

    /// What at the site waits for a fresh snapshot. Screens that show stock ask once and look up each row in it.
    pub fn stale(&self, site: SiteId) -> Result<Stale, ReplicaError> {
        let keys = self.rows(
            "SELECT subject FROM stale WHERE site = ?1",
            [site.as_bytes()],
            |r| Ok(r.get::<_, Vec<u8>>("subject")?),
        )?;
        Ok(Stale {
            // A subject of a later program is none that this one shows.
            subjects: keys
                .iter()
                .filter_map(|key| Subject::from_key(key))
                .collect(),
            unknown: keys.iter().any(Vec::is_empty),
        })
    }

    /// The piles in a bin.
    pub fn stock_of_bin(&self, bin: BinId) -> Result<Vec<StockRow>, ReplicaError> {
        self.rows(
            &format!(
                "WITH {PILES_OF_BIN} SELECT * FROM stock WHERE subject IN piles ORDER BY item, lot"
            ),
            piles_of(bin),
            stock,
        )
    }

    /// The piles of an item at a site, the largest first.
    pub fn stock_of_item(&self, site: SiteId, item: ItemId) -> Result<Vec<StockRow>, ReplicaError> {
        self.rows(
            "SELECT * FROM stock WHERE item = ?1 AND site = ?2 ORDER BY balance DESC, bin",
            params![item.as_bytes(), site.as_bytes()],
            stock,
        )
    }

    /// All piles of a site, by bin code.
    pub fn stock(
        &self,
        site: SiteId,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        self.rows(
            "SELECT s.* FROM stock s LEFT JOIN bin b ON b.id = s.bin
             WHERE s.site = ?1 ORDER BY b.code, s.item, s.lot LIMIT ?3 OFFSET ?2",
            params![site.as_bytes(), offset, limit],
            stock,
        )
    }

    /// How many piles a site has.
    pub fn stock_count(&self, site: SiteId) -> Result<u64, ReplicaError> {
        self.count(
            "SELECT count(*) FROM stock WHERE site = ?1",
            [site.as_bytes()],
        )
    }

    /// How much of each item a site has, by SKU: (item, sum over its piles, number of piles).
    pub fn stock_by_item(
        &self,
        site: SiteId,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<(ItemId, Quantity, u64)>, ReplicaError> {
        self.rows(
            "SELECT s.item, sum(s.balance) AS balance, count(*) AS piles FROM stock s LEFT JOIN item i ON i.id = s.item
             WHERE s.site = ?1 GROUP BY s.item ORDER BY i.sku, s.item LIMIT ?3 OFFSET ?2",
            params![site.as_bytes(), offset, limit],
            |r| {
                Ok((
                    ItemId::from_bytes(row::bytes16(r, "item")?),
                    Quantity::from_thousandths(r.get("balance")?),
                    r.get::<_, i64>("piles")? as u64,
                ))
            },
        )
    }

    /// How many different items a site has.
    pub fn stocked_item_count(&self, site: SiteId) -> Result<u64, ReplicaError> {
        self.count(
            "SELECT count(DISTINCT item) FROM stock WHERE site = ?1",
            [site.as_bytes()],
        )
    }

    /// What the book says of one pile now.
    pub fn balance(&self, site: SiteId, key: &StockKey) -> Result<Quantity, ReplicaError> {
        let subject = [&site.as_bytes()[..], &Subject::Stock(key.clone()).to_key()].concat();
        Ok(self
            .row(
                "SELECT balance FROM subject WHERE key = ?1 AND balance IS NOT NULL",
                [subject],
                |r| Ok(Quantity::from_thousandths(r.get("balance")?)),
            )?
            .unwrap_or_default())
    }

    /// What the book said of one pile at the end of that millisecond.
    pub fn balance_at(
        &self,
        site: SiteId,
        key: &StockKey,
        at: UnixMillis,
    ) -> Result<Quantity, ReplicaError> {
        let subject = [&site.as_bytes()[..], &Subject::Stock(key.clone()).to_key()].concat();
        Ok(self
            .row(
                "SELECT e.balance FROM entry e JOIN subject s ON s.id = e.subject
                 WHERE s.key = ?1 AND e.place <= ?2 ORDER BY e.place DESC LIMIT 1",
                params![subject, Place::end_of(at).to_bytes()],
                |r| Ok(Quantity::from_thousandths(r.get("balance")?)),
            )?
            .unwrap_or_default())
    }

    /// All piles of a bin as the book said at that instant, zero ones left out.
    pub fn stock_of_bin_at(
        &self,
        site: SiteId,
        bin: BinId,
        at: UnixMillis,
    ) -> Result<Vec<StockRow>, ReplicaError> {
        let (first, last) = piles_of(bin);
        let site_bytes = &site.as_bytes()[..];
        let keys = self.rows(
            "SELECT key FROM subject WHERE key BETWEEN ?1 AND ?2",
            [[site_bytes, &first].concat(), [site_bytes, &last].concat()],
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

    /// One unit of a site.
    pub fn unit(&self, site: SiteId, id: &UnitId) -> Result<Option<UnitRow>, ReplicaError> {
        self.row(
            "SELECT * FROM unit WHERE site = ?1 AND unit = ?2",
            params![site.as_bytes(), id.as_str()],
            unit,
        )
    }

    /// Units of a site that bear this plate or serial number; serial numbers may repeat between items.
    pub fn units_by_code(&self, site: SiteId, code: &str) -> Result<Vec<UnitRow>, ReplicaError> {
        let plate = UnitId::plate(code);
        let serial = format!("%#{}", code.trim().replace(['%', '_'], ""));
        self.rows(
            "SELECT * FROM unit WHERE site = ?1 AND unit = ?2
             UNION SELECT * FROM unit WHERE site = ?1 AND unit LIKE ?3 AND instr(unit, '#') > 0",
            params![site.as_bytes(), plate.as_str(), serial],
            unit,
        )
    }

    /// The units in a bin.
    pub fn units_of_bin(&self, bin: BinId) -> Result<Vec<UnitRow>, ReplicaError> {
        self.rows(
            "SELECT * FROM unit WHERE bin = ?1 AND status = 0 ORDER BY unit",
            [bin.as_bytes()],
            unit,
        )
    }

    /// The expiry day that is known of a lot at a site: that of its first receipt.
    pub fn expiry_of_lot(
        &self,
        site: SiteId,
        item: ItemId,
        lot: &str,
    ) -> Result<Option<chrono::NaiveDate>, ReplicaError> {
        let subject = [
            &site.as_bytes()[..],
            &Subject::Lot(item, lot.to_owned()).to_key(),
        ]
        .concat();
        let first = self.row(
            "SELECT e.place FROM entry e JOIN subject s ON s.id = e.subject WHERE s.key = ?1 ORDER BY e.place LIMIT 1",
            [subject],
            |r| row::place(r, "place"),
        )?;
        let Some(first) = first else { return Ok(None) };
        Ok(self
            .event(first.id)?
            .and_then(|e| e.placed.event.record.body.goods().and_then(|g| g.expiry)))
    }
}
