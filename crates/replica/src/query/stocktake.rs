//! Stocktakes: which bins there are to count, what was counted of them, and by how much it differs from the book.

use std::collections::{BTreeMap, BTreeSet};

use documents::{Closed, Order, Stocktake, StocktakeKind};
use domain::event::EventHash;
use domain::ledger::{Baseline, Place, StockKey, Subject};
use domain::{
    BinId, Currency, EventBody, ItemId, OperatorId, OrderId, OrderLine, OrderStep, Quantity,
    SiteId, StocktakeId, UnitValue, UnixMillis, ZoneId,
};
use rusqlite::{Row, params};

use super::catalogue::value;
use super::order::optional16;
use super::{EventRow, Query};
use crate::error::ReplicaError;
use crate::ledger_store::piles_of;
use crate::row;

/// Which bins of a site; what is empty does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BinFilter {
    /// In these zones.
    pub zones: Vec<ZoneId>,
    /// With goods of these classes in them, by the book.
    pub classes: Vec<String>,
}

/// A bin that may be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinToCount {
    /// Which.
    pub bin: BinId,
    /// Its zone.
    pub zone: ZoneId,
    /// What is printed on it.
    pub code: String,
    /// Where it lies on the way; 0: by its code.
    pub sequence: i64,
    /// Piles that the book has in it.
    pub piles: u64,
    /// When all of it was last counted, if it ever was.
    pub counted_at: Option<UnixMillis>,
}

/// A count that serves a line of an order, and counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRow {
    /// The line.
    pub line: OrderLine,
    /// Its place; the chain in it says which device counted.
    pub place: Place,
    /// The event.
    pub hash: EventHash,
    /// Who counted.
    pub operator: OperatorId,
    /// When the hub had it; `None` while it is only here.
    pub accepted_at: Option<UnixMillis>,
    /// Whether it sets the book.
    pub approved: bool,
    /// Piles of which it found something, or the book had something.
    pub piles: u64,
    /// Those that differ from the book.
    pub wrong: u64,
    /// How many of `piles` are of which class of items.
    pub classes: BTreeMap<String, u64>,
}

/// One pile as a count found it, beside the book of that instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedPile {
    /// Which pile.
    pub key: StockKey,
    /// What the book had, by all that is known now of what came before the count.
    pub book: Quantity,
    /// What was found.
    pub counted: Quantity,
    /// The item's class; empty for none.
    pub class: String,
    /// What a base unit is worth, if anybody has said it.
    pub worth: Option<UnitValue>,
}

impl CountedPile {
    /// Found less what the book had.
    pub const fn difference(&self) -> Quantity {
        self.counted.minus(self.book)
    }
}

fn stocktake(r: &Row<'_>) -> Result<Option<Stocktake>, ReplicaError> {
    let Some(kind) = StocktakeKind::from_code(&r.get::<_, String>("type")?) else {
        return Ok(None);
    };
    let zones: Vec<u8> = r.get("zones")?;
    let zones = zones
        .chunks_exact(16)
        .filter_map(|id| ZoneId::from_slice(id).ok());
    let tolerances: String = r.get("tolerances")?;
    let tolerances = tolerances.lines().filter_map(|line| {
        let (class, text) = line.split_once('\t')?;
        Some((class.to_owned(), text.parse().unwrap_or_default()))
    });
    let closed_at: UnixMillis = r.get("closed_at")?;
    let closed = match closed_at {
        0 => None,
        at => Some(Closed {
            at,
            by: optional16(r, "closed_by")?.map(OperatorId::from_bytes),
            reason: r.get("close_reason")?,
        }),
    };
    Ok(Some(Stocktake {
        id: StocktakeId::from_bytes(row::bytes16(r, "id")?),
        site: SiteId::from_bytes(row::bytes16(r, "site")?),
        code: r.get("code")?,
        name: r.get("name")?,
        kind,
        blind: r.get("blind")?,
        due: r.get("due")?,
        classes: Stocktake::split(&r.get::<_, String>("classes")?),
        zones: zones.collect(),
        tolerances: tolerances.collect::<BTreeMap<_, _>>(),
        planned_at: r.get("planned_at")?,
        planned_by: optional16(r, "planned_by")?.map(OperatorId::from_bytes),
        closed,
    }))
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// One stocktake.
    pub fn stocktake(&self, id: StocktakeId) -> Result<Option<Stocktake>, ReplicaError> {
        let found = self.row(
            "SELECT * FROM stocktake WHERE id = ?1",
            [id.as_bytes()],
            stocktake,
        )?;
        Ok(found.flatten())
    }

    /// Stocktakes, those that go on before those that are closed, the newest first.
    pub fn stocktakes(&self, offset: u32, limit: u32) -> Result<Vec<Stocktake>, ReplicaError> {
        let found = self.rows(
            "SELECT * FROM stocktake ORDER BY closed_at > 0, planned_at DESC, id LIMIT ?2 OFFSET ?1",
            params![offset, limit],
            stocktake,
        )?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Whether a site has a stocktake with that number.
    pub fn stocktake_code_is_taken(&self, of: SiteId, code: &str) -> Result<bool, ReplicaError> {
        let found = self.count(
            "SELECT count(*) FROM stocktake WHERE site = ?1 AND code = ?2",
            params![of.as_bytes(), code],
        )?;
        Ok(found > 0)
    }

    /// The orders of a stocktake by their numbers, those that were called off too.
    pub fn orders_of_stocktake(&self, id: StocktakeId) -> Result<Vec<Order>, ReplicaError> {
        let found = self.rows(
            "SELECT * FROM orders WHERE stocktake = ?1 ORDER BY code, id",
            [id.as_bytes()],
            |r| self.with_lines(r),
        )?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Bins of a site that may be counted, in the order of the walk.
    pub fn bins_to_count(
        &self,
        of: SiteId,
        filter: &BinFilter,
    ) -> Result<Vec<BinToCount>, ReplicaError> {
        let no_bin = BinId::from_bytes([0; 16]);
        let (first, last) = piles_of(no_bin);
        let (pile, end) = (first.get(..1), last.get(17..));
        let whole = Subject::Bin(no_bin).to_key();
        let classes = match filter.classes.is_empty() {
            true => String::new(),
            false => serde_json::to_string(&filter.classes).unwrap_or_default(),
        };
        let mut bins = self.rows(
            "SELECT b.id, b.zone, b.code, b.sequence,
                 (SELECT count(*) FROM subject s WHERE s.balance IS NOT NULL AND s.item IS NOT NULL
                  AND s.key BETWEEN CAST(b.site || ?2 || b.id AS BLOB) AND CAST(b.site || ?2 || b.id || ?3 AS BLOB))
                     AS piles,
                 (SELECT max(e.place) FROM subject s JOIN entry e ON e.subject = s.id
                  WHERE s.key = CAST(b.site || ?4 || b.id AS BLOB)) AS last
             FROM bin b WHERE b.site = ?1 AND (?5 = '' OR EXISTS (
                 SELECT 1 FROM subject s JOIN item i ON i.id = s.item WHERE s.balance IS NOT NULL
                 AND s.key BETWEEN CAST(b.site || ?2 || b.id AS BLOB) AND CAST(b.site || ?2 || b.id || ?3 AS BLOB)
                 AND i.class IN (SELECT value FROM json_each(?5))))
             ORDER BY b.sequence = 0, b.sequence, b.lookup, b.id",
            params![of.as_bytes(), pile, end, whole.get(..1), classes],
            |r| {
                Ok(BinToCount {
                    bin: BinId::from_bytes(row::bytes16(r, "id")?),
                    zone: ZoneId::from_bytes(row::bytes16(r, "zone")?),
                    code: r.get("code")?,
                    sequence: r.get("sequence")?,
                    piles: r.get::<_, i64>("piles")? as u64,
                    counted_at: row::optional_place(r, "last")?.map(|place| place.clock.millis),
                })
            },
        )?;
        if !filter.zones.is_empty() {
            bins.retain(|bin| filter.zones.contains(&bin.zone));
        }
        Ok(bins)
    }

    /// The counts that serve the lines of an order and that count, by line and then in order. Of a server only, see
    /// [`crate::tallies`].
    pub fn counts_of_order(&self, order: OrderId) -> Result<Vec<CountRow>, ReplicaError> {
        self.rows(
            "SELECT line, place, hash, operator, accepted_at, approved, piles, wrong, classes
             FROM line_count WHERE of = ?1 ORDER BY line, place",
            [order.as_bytes()],
            |r| {
                let classes: String = r.get("classes")?;
                Ok(CountRow {
                    line: OrderLine {
                        order,
                        line: r.get("line")?,
                    },
                    place: row::place(r, "place")?,
                    hash: row::hash(r, "hash")?,
                    operator: OperatorId::from_bytes(row::bytes16(r, "operator")?),
                    accepted_at: r.get("accepted_at")?,
                    approved: r.get("approved")?,
                    piles: r.get::<_, i64>("piles")? as u64,
                    wrong: r.get::<_, i64>("wrong")? as u64,
                    classes: serde_json::from_str(&classes)
                        .map_err(|_| ReplicaError::BadRow("line_count.classes"))?,
                })
            },
        )
    }

    /// The piles of a bin as the count at that place found them. Piles of which nothing was there by either are left out.
    pub fn counted_piles(
        &self,
        site: SiteId,
        bin: BinId,
        at: Place,
    ) -> Result<Vec<CountedPile>, ReplicaError> {
        let (first, last) = piles_of(bin);
        let key = |end: &[u8]| [&site.as_bytes()[..], end].concat();
        let mut piles = self.rows(
            "SELECT s.key, e.amount,
                 (SELECT p.balance FROM entry p WHERE p.subject = s.id AND p.place < e.place
                  ORDER BY p.place DESC LIMIT 1) AS book,
                 (SELECT b.content FROM baseline b WHERE b.subject = s.id) AS baseline,
                 coalesce(i.class, '') AS class, coalesce(i.value, 0) AS value, coalesce(i.currency, '') AS currency
             FROM subject s JOIN entry e ON e.subject = s.id AND e.place = ?3 LEFT JOIN item i ON i.id = s.item
             WHERE s.key BETWEEN ?1 AND ?2 AND e.part IN (1, 2)",
            params![key(&first), key(&last), at.to_bytes()],
            |r| {
                let key: Vec<u8> = r.get("key")?;
                let Some(Subject::Stock(key)) = key.get(16..).and_then(Subject::from_key) else {
                    return Err(ReplicaError::BadRow("subject.key"));
                };
                let before: Option<i64> = r.get("book")?;
                let baseline: Option<Vec<u8>> = r.get("baseline")?;
                let book = match (before, baseline.map(|content| minicbor::decode(&content))) {
                    (Some(book), _) => Quantity::from_thousandths(book),
                    (None, Some(Ok(Baseline::Stock(state)))) => state.balance,
                    (None, _) => Quantity::ZERO,
                };
                Ok(CountedPile {
                    key,
                    book,
                    counted: Quantity::from_thousandths(r.get("amount")?),
                    class: r.get("class")?,
                    worth: value(r)?,
                })
            },
        )?;
        piles.retain(|pile| pile.book != Quantity::ZERO || pile.counted != Quantity::ZERO);
        Ok(piles)
    }

    /// Bins of a site in which the book has some of an item.
    pub fn bins_with_item(&self, of: SiteId, item: ItemId) -> Result<Vec<BinId>, ReplicaError> {
        let piles = self.stock_of_item(of, item)?;
        Ok(piles.into_iter().map(|pile| pile.key.bin).collect())
    }

    /// Bins of a site that a count order has which goes on.
    pub fn bins_under_open_count(&self, of: SiteId) -> Result<BTreeSet<BinId>, ReplicaError> {
        let orders = self.rows(
            "SELECT id FROM orders WHERE site = ?1 AND type = 'count' AND cancelled = 0",
            [of.as_bytes()],
            |r| Ok(OrderId::from_bytes(row::bytes16(r, "id")?)),
        )?;
        let mut bins = BTreeSet::new();
        for order in orders {
            if self.finished(of, order, OrderStep::Count)?.is_empty() {
                bins.extend(self.rows(
                    "SELECT bin FROM order_line WHERE of = ?1 AND bin IS NOT NULL",
                    [order.as_bytes()],
                    |r| Ok(BinId::from_bytes(row::bytes16(r, "bin")?)),
                )?);
            }
        }
        Ok(bins)
    }

    /// The currency in which most items have a value; CNY if none has.
    pub fn main_currency(&self) -> Result<Currency, ReplicaError> {
        let code: Option<String> = self.row(
            "SELECT currency FROM item WHERE value > 0 GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1",
            [],
            |r| Ok(r.get("currency")?),
        )?;
        let found = code.and_then(|code| Currency::from_code(&code));
        Ok(found
            .or_else(|| Currency::from_code("CNY"))
            .unwrap_or_default())
    }

    /// The approval of a count that counts.
    pub fn approval_of(&self, count: EventHash) -> Result<Option<EventRow>, ReplicaError> {
        let naming = self.rows(
            "SELECT e.hash FROM event_name n JOIN event e ON e.chain = n.chain AND e.number = n.number
             WHERE n.hash = ?1 AND e.standing > 0 ORDER BY e.place",
            [count.0],
            |r| row::hash(r, "hash"),
        )?;
        for hash in naming {
            if let Some(row) = self.event_by_hash(hash)?
                && matches!(
                    row.placed.event.record.body,
                    EventBody::CountApproved { .. }
                )
            {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// How many bins a stocktake has, how many of them have been counted, and when one last was. Only the last count of each
    /// line is looked at.
    pub fn stocktake_progress(
        &self,
        stocktake: &Stocktake,
    ) -> Result<(usize, usize, Option<UnixMillis>), ReplicaError> {
        let lines = self.rows(
            "SELECT o.id, l.line, l.bin FROM orders o JOIN order_line l ON l.of = o.id
             WHERE o.stocktake = ?1 AND l.bin IS NOT NULL ORDER BY o.id, l.line",
            [stocktake.id.as_bytes()],
            |r| {
                let order = OrderId::from_bytes(row::bytes16(r, "id")?);
                let bin = BinId::from_bytes(row::bytes16(r, "bin")?);
                Ok((order, r.get::<_, u32>("line")?, bin))
            },
        )?;
        let (mut planned, mut counted) = (BTreeSet::new(), BTreeSet::new());
        let mut done: Option<(OrderId, BTreeMap<u32, Quantity>)> = None;
        for (order, line, bin) in lines {
            planned.insert(bin);
            let progress = match &mut done {
                Some((of, progress)) if *of == order => progress,
                other => {
                    let progress = self.progress(stocktake.site, order, OrderStep::Count)?;
                    &mut other.insert((order, progress)).1
                }
            };
            if progress.get(&line).is_some_and(|n| *n > Quantity::ZERO) {
                counted.insert(bin);
            }
        }
        let last = self.row(
            "SELECT max(e.place) AS last FROM orders o JOIN subject s
                 ON s.key BETWEEN CAST(o.site || ?2 || o.id AS BLOB) AND CAST(o.site || ?2 || o.id || ?3 AS BLOB)
             JOIN entry e ON e.subject = s.id WHERE o.stocktake = ?1",
            params![stocktake.id.as_bytes(), [7u8].as_slice(), [0xffu8; 5].as_slice()],
            |r| row::optional_place(r, "last"),
        )?;
        let last = last.flatten().map(|place| place.clock.millis);
        Ok((planned.len(), counted.len(), last))
    }
}
