//! What of the stock is spoken for, frozen, or on its way.

use std::collections::BTreeMap;

use domain::ledger::Subject;
use domain::{BinId, ItemId, OrderId, OrderLine, OrderStep, ProgressKey, Quantity, SiteId, ZoneId};
use rusqlite::params;

use super::Query;
use crate::error::ReplicaError;
use crate::row;

/// A line of an order that is not called off, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedLine {
    /// The order and the number of the line.
    pub line: OrderLine,
    /// The site that the order belongs to.
    pub site: SiteId,
    /// Of a transfer: where the goods go.
    pub to_site: Option<SiteId>,
    /// Which lot is asked for; empty for any.
    pub lot: String,
    /// How much is asked for.
    pub asked: Quantity,
    /// How much was picked, and how much has left.
    pub picked: Quantity,
    /// How much has left the house.
    pub shipped: Quantity,
    /// Whether somebody has said that picking is done.
    pub pick_done: bool,
    /// Whether somebody has said that all has left.
    pub ship_done: bool,
}

impl CommittedLine {
    /// What of the site's stock is spoken for: what is still to be picked, and what was picked and has not left. Once
    /// picking is done, what was not found is not waited for.
    pub fn reserved(&self) -> Quantity {
        if self.ship_done {
            return Quantity::ZERO;
        }
        let wanted = if self.pick_done {
            self.picked
        } else {
            self.picked.max(self.asked)
        };
        wanted.plus(self.shipped.negated()).max(Quantity::ZERO)
    }
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// How much has been done of one line of an order in one step.
    pub fn line_done(
        &self,
        site: SiteId,
        line: OrderLine,
        step: OrderStep,
    ) -> Result<Quantity, ReplicaError> {
        let key = Subject::Progress(ProgressKey { line, step }).to_key();
        let found = self.row(
            "SELECT balance FROM subject WHERE key = ?1",
            [[&site.as_bytes()[..], &key].concat()],
            |r| Ok(r.get::<_, Option<i64>>("balance")?),
        )?;
        Ok(Quantity::from_thousandths(
            found.flatten().unwrap_or_default(),
        ))
    }

    /// Whether somebody has said that a step of an order is done.
    pub fn is_step_done(&self, order: OrderId, step: OrderStep) -> Result<bool, ReplicaError> {
        let found = self.count(
            "SELECT count(*) FROM order_done WHERE of = ?1 AND step = ?2",
            params![order.as_bytes(), step.code()],
        )?;
        Ok(found > 0)
    }

    /// Lines that ask for an item to leave a site: of outbound orders that are not done, and of all transfers.
    pub fn committed_lines(&self, item: ItemId) -> Result<Vec<CommittedLine>, ReplicaError> {
        let lines = self.rows(
            "SELECT l.of, l.line, l.lot, l.asked, o.site, o.to_site,
                    EXISTS (SELECT 1 FROM order_done d WHERE d.of = l.of AND d.step = 'pick') AS pick_done,
                    EXISTS (SELECT 1 FROM order_done d WHERE d.of = l.of AND d.step = 'ship') AS ship_done
             FROM order_line l CROSS JOIN orders o ON o.id = l.of
             WHERE l.item = ?1 AND o.cancelled = 0 AND o.type IN ('outbound', 'transfer')
               AND (o.type = 'transfer' OR EXISTS (SELECT 1 FROM order_open p WHERE p.id = l.of))",
            [item.as_bytes()],
            |r| {
                let to_site: Option<Vec<u8>> = r.get("to_site")?;
                Ok(CommittedLine {
                    line: OrderLine {
                        order: OrderId::from_bytes(row::bytes16(r, "of")?),
                        line: r.get("line")?,
                    },
                    site: SiteId::from_bytes(row::bytes16(r, "site")?),
                    to_site: to_site.and_then(|b| SiteId::from_slice(&b).ok()),
                    lot: r.get("lot")?,
                    asked: Quantity::from_thousandths(r.get("asked")?),
                    picked: Quantity::ZERO,
                    shipped: Quantity::ZERO,
                    pick_done: r.get("pick_done")?,
                    ship_done: r.get("ship_done")?,
                })
            },
        )?;
        lines
            .into_iter()
            .map(|mut line| {
                line.picked = self.line_done(line.site, line.line, OrderStep::Pick)?;
                line.shipped = self.line_done(line.site, line.line, OrderStep::Ship)?;
                Ok(line)
            })
            .collect()
    }

    /// Whether a bin is named by a count that is not done.
    pub fn is_under_count(&self, bin: BinId) -> Result<bool, ReplicaError> {
        let found = self.count(
            "SELECT count(*) FROM order_line l CROSS JOIN order_open p ON p.id = l.of
             WHERE l.bin = ?1 AND p.type = 'count'",
            [bin.as_bytes()],
        )?;
        Ok(found > 0)
    }

    /// All bins that are named by a count that is not done; some more than once.
    pub fn bins_under_count(&self) -> Result<Vec<BinId>, ReplicaError> {
        self.rows(
            "SELECT l.bin FROM order_open p CROSS JOIN order_line l ON l.of = p.id
             WHERE p.type = 'count' AND l.bin IS NOT NULL",
            [],
            |r| Ok(BinId::from_bytes(row::bytes16(r, "bin")?)),
        )
    }

    /// All bins of a zone.
    pub fn bins_of_zone(&self, zone: ZoneId) -> Result<Vec<BinId>, ReplicaError> {
        self.rows(
            "SELECT id FROM bin WHERE zone = ?1",
            [zone.as_bytes()],
            |r| Ok(BinId::from_bytes(row::bytes16(r, "id")?)),
        )
    }

    /// How many orders of each type are open at a site, or all, and how many of them are overdue: by the code of the type.
    pub fn open_orders(
        &self,
        site: Option<SiteId>,
        now: domain::UnixMillis,
    ) -> Result<BTreeMap<String, (u64, u64)>, ReplicaError> {
        let rows = self.rows(
            "SELECT type, count(*) AS n, sum(due > 0 AND due < ?2) AS late FROM order_open
             WHERE ?1 IS NULL OR site = ?1 GROUP BY type",
            params![site.map(|s| s.as_bytes().to_vec()), now],
            |r| {
                let n: i64 = r.get("n")?;
                let late: i64 = r.get("late")?;
                Ok((r.get("type")?, (n as u64, late as u64)))
            },
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Open orders that should have been done before that moment, the longest overdue first.
    pub fn overdue_orders(
        &self,
        site: Option<SiteId>,
        now: domain::UnixMillis,
        limit: u32,
    ) -> Result<Vec<OrderId>, ReplicaError> {
        self.rows(
            "SELECT id FROM order_open INDEXED BY order_open_by_due
             WHERE due > 0 AND due < ?2 AND (?1 IS NULL OR site = ?1) ORDER BY due, id LIMIT ?3",
            params![site.map(|s| s.as_bytes().to_vec()), now, limit],
            |r| Ok(OrderId::from_bytes(row::bytes16(r, "id")?)),
        )
    }
}
