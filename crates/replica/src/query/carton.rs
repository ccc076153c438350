//! What is in cartons.

use std::collections::BTreeMap;

use documents::ArrivingContent;
use domain::ledger::{Subject, content_prefix};
use domain::{ContentKey, EventBody, Goods, OrderId, Quantity, SiteId, UnitId};
use rusqlite::params;

use super::Query;
use crate::error::ReplicaError;

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// All that was ever packed into the carton with that plate, and how much of it is still in; nothing for a plate of
    /// no carton. Less than nothing is in a carton from which two devices have sent the same goods.
    pub fn carton(
        &self,
        of: SiteId,
        plate: &UnitId,
    ) -> Result<Vec<(ContentKey, Quantity)>, ReplicaError> {
        let sql = "SELECT key, balance FROM subject WHERE key BETWEEN ?1 AND ?2 ORDER BY key";
        let mut found = self.contents(sql, of, Some(plate))?;
        found.retain(|(key, _)| key.carton == *plate);
        Ok(found)
    }

    /// What is in the cartons of the site, by carton; none of it is zero.
    pub fn cartons(&self, of: SiteId) -> Result<Vec<(ContentKey, Quantity)>, ReplicaError> {
        // In the words of the index, so that cartons that have left are not looked at.
        let sql = "SELECT key, balance FROM subject WHERE key BETWEEN ?1 AND ?2
                   AND substr(key, 17, 1) = x'09' AND balance IS NOT NULL ORDER BY key";
        self.contents(sql, of, None)
    }

    /// What has gone out for an order in cartons, by carton, line and goods, as far as it counts. It looks at every carton that
    /// the site ever packed: for whoever announces what has left, not for a screen.
    pub fn shipped_in_cartons(
        &self,
        of: SiteId,
        order: OrderId,
    ) -> Result<Vec<ArrivingContent>, ReplicaError> {
        let sql = "SELECT key, balance FROM subject WHERE key BETWEEN ?1 AND ?2 ORDER BY key";
        let mut shipped: BTreeMap<(UnitId, u32, Goods), Quantity> = BTreeMap::new();
        for (key, _) in self.contents(sql, of, None)? {
            let Some(line) = key.order.filter(|line| line.order == order) else {
                continue;
            };
            let mut left = Quantity::ZERO;
            for row in self.history(of, &Subject::Content(key.clone()), u32::MAX)? {
                if let EventBody::Issued { quantity, .. } = row.placed.event.record.body {
                    left = left.plus(quantity);
                }
            }
            let sum = shipped
                .entry((key.carton, line.line, key.goods))
                .or_default();
            *sum = sum.plus(left);
        }
        let content = |((carton, line, goods), quantity)| ArrivingContent {
            carton,
            line,
            goods,
            quantity,
        };
        Ok(shipped.into_iter().map(content).collect())
    }

    fn contents(
        &self,
        sql: &str,
        of: SiteId,
        carton: Option<&UnitId>,
    ) -> Result<Vec<(ContentKey, Quantity)>, ReplicaError> {
        let first = [&of.as_bytes()[..], &content_prefix(carton)].concat();
        // No plate and no content begins with this byte.
        let last = [&first[..], &[0xff]].concat();
        self.rows(sql, params![first, last], |r| {
            let key: Vec<u8> = r.get("key")?;
            let balance: Option<i64> = r.get("balance")?;
            match key.get(16..).and_then(Subject::from_key) {
                Some(Subject::Content(key)) => {
                    Ok((key, Quantity::from_thousandths(balance.unwrap_or_default())))
                }
                _ => Err(ReplicaError::BadRow("subject.key")),
            }
        })
    }
}
