//! Orders, their lines, and how far the work on them has come.

use std::collections::{BTreeMap, BTreeSet};

use documents::{LineAsked, Order};
use domain::event::EventHash;
use domain::ledger::baseline::Mark;
use domain::ledger::{Baseline, Subject, plain_marks};
use domain::{
    BinId, ItemId, OperatorId, OrderId, OrderLine, OrderStep, OrderType, ProgressKey, Quantity,
    SiteId, StocktakeId,
};
use rusqlite::{Row, params};

use super::Query;
use crate::error::ReplicaError;
use crate::lookup::normalised;
use crate::row;

/// An order, and how far one step of the work on it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSummary {
    /// The order, with its lines.
    pub order: Order,
    /// How much of each line has been done in that step; 0 is what is on no line.
    pub done: BTreeMap<u32, Quantity>,
    /// Whether somebody has said that the step is done.
    pub finished: bool,
}

pub(super) fn optional16(
    r: &Row<'_>,
    column: &'static str,
) -> Result<Option<[u8; 16]>, ReplicaError> {
    match r.get::<_, Option<Vec<u8>>>(column)? {
        None => Ok(None),
        Some(bytes) => match bytes.try_into() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(_) => Err(ReplicaError::BadRow(column)),
        },
    }
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    pub(super) fn with_lines(&self, r: &Row<'_>) -> Result<Option<Order>, ReplicaError> {
        let id = OrderId::from_bytes(row::bytes16(r, "id")?);
        let Some(kind) = OrderType::from_code(&r.get::<_, String>("type")?) else {
            return Ok(None);
        };
        let lines = self.rows(
            "SELECT line, item, lot, bin, asked FROM order_line WHERE of = ?1",
            [id.as_bytes()],
            |l| {
                let line = LineAsked {
                    item: optional16(l, "item")?.map(ItemId::from_bytes),
                    lot: l.get("lot")?,
                    bin: optional16(l, "bin")?.map(BinId::from_bytes),
                    asked: Quantity::from_thousandths(l.get("asked")?),
                };
                Ok((l.get::<_, u32>("line")?, line))
            },
        )?;
        let counted_by = self.rows(
            "SELECT operator FROM order_counted_by WHERE of = ?1 ORDER BY operator",
            [id.as_bytes()],
            |o| Ok(OperatorId::from_bytes(row::bytes16(o, "operator")?)),
        )?;
        Ok(Some(Order {
            id,
            site: SiteId::from_bytes(row::bytes16(r, "site")?),
            kind,
            code: r.get("code")?,
            party: r.get("party")?,
            note: r.get("note")?,
            due: r.get("due")?,
            cancelled: r.get("cancelled")?,
            blind: r.get("blind")?,
            assigned: optional16(r, "assigned")?.map(OperatorId::from_bytes),
            counted_by,
            to_site: optional16(r, "to_site")?.map(SiteId::from_bytes),
            stocktake: optional16(r, "stocktake")?.map(StocktakeId::from_bytes),
            lines: lines.into_iter().collect(),
        }))
    }

    /// One order.
    pub fn order(&self, id: OrderId) -> Result<Option<Order>, ReplicaError> {
        let found = self.row("SELECT * FROM orders WHERE id = ?1", [id.as_bytes()], |r| {
            self.with_lines(r)
        })?;
        Ok(found.flatten())
    }

    /// Orders of a site that carry this number, those that were called off last. Several are possible: two devices may have
    /// given one number twice.
    pub fn orders_by_code(&self, of: SiteId, code: &str) -> Result<Vec<Order>, ReplicaError> {
        let found = self.rows(
            "SELECT * FROM orders WHERE lookup = ?1 AND site = ?2 ORDER BY cancelled, id",
            params![normalised(code), of.as_bytes()],
            |r| self.with_lines(r),
        )?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Orders of a site of one type that were not called off, what is due first at the top.
    pub fn orders(
        &self,
        of: SiteId,
        kind: OrderType,
        step: OrderStep,
    ) -> Result<Vec<OrderSummary>, ReplicaError> {
        let found = self.rows(
            "SELECT * FROM orders WHERE site = ?1 AND type = ?2 AND cancelled = 0
             ORDER BY due = 0, due, code, id",
            params![of.as_bytes(), kind.code()],
            |r| self.with_lines(r),
        )?;
        let orders = found.into_iter().flatten();
        orders.map(|order| self.summary(order, step)).collect()
    }

    /// Transfers of all sites that have left, as somebody said, each with how much of each line left.
    pub fn transfers_shipped(&self) -> Result<Vec<OrderSummary>, ReplicaError> {
        // The key of the step, with the order's id in its place.
        let key = Subject::Order(OrderId::from_bytes([0; 16]), OrderStep::Ship).to_key();
        let (kind, step) = (key.get(..1), key.get(17..));
        let found = self.rows(
            "SELECT o.* FROM orders o WHERE o.type = 'transfer' AND o.cancelled = 0 AND o.to_site IS NOT NULL
             AND EXISTS (SELECT 1 FROM subject s WHERE s.key = CAST(o.site || ?1 || o.id || ?2 AS BLOB))
             ORDER BY o.id",
            params![kind, step],
            |r| self.with_lines(r),
        )?;
        let orders = found.into_iter().flatten();
        let mut shipped: Vec<OrderSummary> = orders
            .map(|order| self.summary(order, OrderStep::Ship))
            .collect::<Result<_, _>>()?;
        shipped.retain(|summary| summary.finished);
        Ok(shipped)
    }

    /// Bins of a site whose book an operator may not see: those under a blind count that is not finished and that is theirs,
    /// or nobody's.
    pub fn bins_under_blind_count(
        &self,
        of: SiteId,
        operator: Option<OperatorId>,
    ) -> Result<BTreeSet<BinId>, ReplicaError> {
        let found = self.rows(
            "SELECT DISTINCT o.id, l.bin FROM orders o JOIN order_line l ON l.of = o.id
             WHERE o.site = ?1 AND o.type = 'count' AND o.blind = 1 AND o.cancelled = 0 AND l.bin IS NOT NULL
             AND (o.assigned IS NULL OR ?2 IS NULL OR o.assigned = ?2) ORDER BY o.id",
            params![of.as_bytes(), operator.map(|o| *o.as_bytes())],
            |r| {
                let order = OrderId::from_bytes(row::bytes16(r, "id")?);
                Ok((order, BinId::from_bytes(row::bytes16(r, "bin")?)))
            },
        )?;
        self.of_open_counts(of, found)
    }

    /// Bins of a site that are named by counts which nobody has finished, each with the number of one.
    pub fn bins_of_open_counts(&self, of: SiteId) -> Result<BTreeMap<BinId, String>, ReplicaError> {
        let found = self.rows(
            "SELECT DISTINCT o.id, o.code, l.bin FROM orders o JOIN order_line l ON l.of = o.id
             WHERE o.site = ?1 AND o.type = 'count' AND o.cancelled = 0 AND l.bin IS NOT NULL ORDER BY o.id",
            [of.as_bytes()],
            |r| {
                let order = OrderId::from_bytes(row::bytes16(r, "id")?);
                let bin = BinId::from_bytes(row::bytes16(r, "bin")?);
                Ok((order, (bin, r.get("code")?)))
            },
        )?;
        self.of_open_counts(of, found)
    }

    /// Only what is of counts that nobody has finished.
    fn of_open_counts<T, C: FromIterator<T>>(
        &self,
        of: SiteId,
        found: Vec<(OrderId, T)>,
    ) -> Result<C, ReplicaError> {
        let mut open: BTreeMap<OrderId, bool> = BTreeMap::new();
        let mut kept = Vec::with_capacity(found.len());
        for (order, what) in found {
            let is_open = match open.get(&order) {
                Some(known) => *known,
                None => {
                    let is_open = self.finished(of, order, OrderStep::Count)?.is_empty();
                    open.insert(order, is_open);
                    is_open
                }
            };
            if is_open {
                kept.push(what);
            }
        }
        Ok(kept.into_iter().collect())
    }

    /// One order, and how far that step of it has come.
    pub fn order_summary(
        &self,
        id: OrderId,
        step: OrderStep,
    ) -> Result<Option<OrderSummary>, ReplicaError> {
        let order = self.order(id)?;
        order.map(|order| self.summary(order, step)).transpose()
    }

    fn summary(&self, order: Order, step: OrderStep) -> Result<OrderSummary, ReplicaError> {
        Ok(OrderSummary {
            done: self.progress(order.site, order.id, step)?,
            finished: !self.finished(order.site, order.id, step)?.is_empty(),
            order,
        })
    }

    /// How much has been done of each line of an order in one step; 0 is what is on no line.
    pub fn progress(
        &self,
        of: SiteId,
        order: OrderId,
        step: OrderStep,
    ) -> Result<BTreeMap<u32, Quantity>, ReplicaError> {
        // The lines of an order stand together: line 0 is the first key, and all ones the last.
        let key = |line| {
            let key = ProgressKey {
                line: OrderLine { order, line },
                step,
            };
            [&of.as_bytes()[..], &Subject::Progress(key).to_key()].concat()
        };
        let rows = self.rows(
            "SELECT key, balance FROM subject WHERE key BETWEEN ?1 AND ?2 AND balance IS NOT NULL",
            params![key(0), key(u32::MAX)],
            |r| {
                let key: Vec<u8> = r.get("key")?;
                match key.get(16..).and_then(Subject::from_key) {
                    Some(Subject::Progress(key)) => {
                        Ok((key.line.line, Quantity::from_thousandths(r.get("balance")?)))
                    }
                    _ => Err(ReplicaError::BadRow("subject.key")),
                }
            },
        )?;
        let mut done: BTreeMap<u32, Quantity> = rows.into_iter().collect();
        if step == OrderStep::Count
            && let Some(told) = self.told(order)?
        {
            // Own work may be ahead of what was told, and others' is only told.
            for (line, quantity) in told.lines {
                let known = done.entry(line).or_default();
                *known = (*known).max(quantity);
            }
        }
        Ok(done)
    }

    /// The events that finished a step of an order and that none went on from, as far as they are known here.
    pub fn finished(
        &self,
        of: SiteId,
        order: OrderId,
        step: OrderStep,
    ) -> Result<Vec<EventHash>, ReplicaError> {
        let key = [&of.as_bytes()[..], &Subject::Order(order, step).to_key()].concat();
        let content: Option<Vec<u8>> = self.row(
            "SELECT b.content FROM subject s JOIN baseline b ON b.subject = s.id WHERE s.key = ?1",
            [&key],
            |r| Ok(r.get("content")?),
        )?;
        let mut marks = match content.map(|c| minicbor::decode(&c)) {
            None => Vec::new(),
            Some(Ok(Baseline::Marks(marks))) => marks,
            Some(_) => return Err(ReplicaError::BadRow("baseline.content")),
        };
        let places = self.rows(
            "SELECT e.place FROM subject s JOIN entry e ON e.subject = s.id WHERE s.key = ?1 ORDER BY e.place",
            [&key],
            |r| row::place(r, "place"),
        )?;
        for place in places {
            let event = self.event(place.id)?;
            marks.extend(event.map(|row| Mark::of(place, &row.placed.event)));
        }
        let standing = plain_marks(&Subject::Order(order, step), &marks);
        let mut finished: Vec<EventHash> = standing.into_iter().map(|mark| mark.hash).collect();
        if step == OrderStep::Count
            && let Some(told) = self.told(order)?
        {
            let own = |hash: &EventHash| {
                let went_on = |m: &Mark| m.finish.as_ref().is_some_and(|f| f.after.contains(hash));
                marks.iter().any(|m| m.hash == *hash || went_on(m))
            };
            finished.extend(told.finished.into_iter().filter(|hash| !own(hash)));
        }
        Ok(finished)
    }
}
