//! Events that the hub is not known to hold: what would be lost with this device.

use domain::DeviceId;
use domain::ledger::Placed;
use rusqlite::params;

use super::Query;
use super::event::COLUMNS;
use crate::error::ReplicaError;
use crate::ledger_store::placed_from_row;
use crate::row;

impl Query<'_> {
    /// Events after the last one of their chain that the hub has accepted, and whose device they are of: this one's, and
    /// those that it carries for others. The oldest of a chain first, at most `limit`.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn only_here(&self, limit: u32) -> Result<Vec<(DeviceId, Placed)>, ReplicaError> {
        let chains = self.chains()?;
        self.rows(
            &format!(
                "SELECT {COLUMNS}, c.device FROM chain c JOIN event e ON e.chain = c.id AND e.number > coalesce(
                    (SELECT w.last_event FROM segment_events w JOIN segment s ON s.chain = w.chain AND s.seq = w.seq
                     WHERE w.chain = c.id AND s.number IS NOT NULL ORDER BY w.seq DESC LIMIT 1),
                    (SELECT last_event FROM chain_end WHERE chain = c.id), 0)
                 ORDER BY c.id, e.number LIMIT ?1"
            ),
            params![limit],
            |r| {
                let device = DeviceId::from_bytes(row::bytes16(r, "device")?);
                Ok((device, placed_from_row(r, &chains)?))
            },
        )
    }
}
