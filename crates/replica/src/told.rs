//! What the hub tells a counter of the work on counts, which it cannot see from events.

use documents::Partition;
use domain::{OrderId, OrderProgress, OrderStep, OrderType, SiteId};
use rusqlite::params;

use crate::error::ReplicaError;
use crate::query::Query;
use crate::replica::Replica;

/// Of so many orders, the newest, a counter is told. Older ones it shows as its own events have them.
const TOLD_MAX: u32 = 200;

impl Replica {
    /// Keeps how far the work on a site's counts has come, in the place of what was told before.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing has changed then.
    pub fn put_told(
        &mut self,
        partition: Partition,
        all: &[OrderProgress],
    ) -> Result<(), ReplicaError> {
        let transaction = self.connection.unchecked_transaction()?;
        transaction
            .prepare_cached("DELETE FROM told_order WHERE partition = ?1")?
            .execute([partition.to_key()])?;
        for told in all {
            let content = minicbor::to_vec(told).unwrap_or_default();
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO told_order (id, partition, content) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![told.order.as_bytes(), partition.to_key(), content])?;
        }
        Ok(transaction.commit()?)
    }

    /// [`OrderProgress::digest`] of what was told of a site's counts; `None` of what nobody is told of: the shared partition, and
    /// everything where stock is held.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn told_digest(&self, partition: Partition) -> Result<Option<[u8; 8]>, ReplicaError> {
        if self.exchanges(partition) {
            return Ok(None);
        }
        let all = self.query().rows(
            "SELECT content FROM told_order WHERE partition = ?1 ORDER BY id",
            [partition.to_key()],
            |r| read(&r.get::<_, Vec<u8>>("content")?),
        )?;
        Ok(Some(OrderProgress::digest(&all)))
    }
}

fn read(content: &[u8]) -> Result<OrderProgress, ReplicaError> {
    minicbor::decode(content).map_err(|_| ReplicaError::BadRow("told_order.content"))
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// How far the work on a site's counts has come, in the order of their ids; those of which nothing is done are left
    /// out, and so are all but the newest few hundred.
    pub fn progress_of_counts(&self, of: SiteId) -> Result<Vec<OrderProgress>, ReplicaError> {
        let newest = self.rows(
            "SELECT id FROM orders WHERE site = ?1 AND type = ?2 AND cancelled = 0 ORDER BY id DESC LIMIT ?3",
            params![of.as_bytes(), OrderType::Count.code(), TOLD_MAX],
            |r| Ok(OrderId::from_bytes(crate::row::bytes16(r, "id")?)),
        )?;
        let mut all = Vec::new();
        for order in newest.into_iter().rev() {
            let done = self.progress(of, order, OrderStep::Count)?;
            let progress = OrderProgress {
                order,
                lines: done.into_iter().collect(),
                finished: self.finished(of, order, OrderStep::Count)?,
            };
            if !progress.lines.is_empty() || !progress.finished.is_empty() {
                all.push(progress);
            }
        }
        Ok(all)
    }

    /// What the hub told of an order.
    pub(crate) fn told(&self, order: OrderId) -> Result<Option<OrderProgress>, ReplicaError> {
        self.row(
            "SELECT content FROM told_order WHERE id = ?1",
            [order.as_bytes()],
            |r| read(&r.get::<_, Vec<u8>>("content")?),
        )
    }
}
