//! Events that the hub is not known to hold: what would be lost with this device.

use domain::ledger::Placed;
use domain::{DeviceId, EventBody};
use rusqlite::params;

use super::Query;
use super::event::COLUMNS;
use crate::error::ReplicaError;
use crate::ledger_store::placed_from_row;
use crate::row;

/// Events behind the last accepted one of their chain.
const ONLY_HERE: &str = "FROM chain c JOIN event e ON e.chain = c.id AND e.number > coalesce(
        (SELECT w.last_event FROM segment_events w JOIN segment s ON s.chain = w.chain AND s.seq = w.seq
         WHERE w.chain = c.id AND s.number IS NOT NULL ORDER BY w.seq DESC LIMIT 1),
        (SELECT last_event FROM chain_end WHERE chain = c.id), 0)";

impl Query<'_> {
    /// Events after the last one of their chain that the hub has accepted, and whose device they are of: this one's, and
    /// those that it carries for others. The oldest of a chain first, at most `limit`.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn only_here(&self, limit: u32) -> Result<Vec<(DeviceId, Placed)>, ReplicaError> {
        let chains = self.chains()?;
        self.rows(
            &format!("SELECT {COLUMNS}, c.device {ONLY_HERE} ORDER BY c.id, e.number LIMIT ?1"),
            params![limit],
            |r| {
                let device = DeviceId::from_bytes(row::bytes16(r, "device")?);
                Ok((device, placed_from_row(r, &chains)?))
            },
        )
    }

    /// How many events of a device that the hub is not known to have accepted took goods out and have not been reversed.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn releases_only_here(&self, device: DeviceId) -> Result<u64, ReplicaError> {
        let chains = self.chains()?;
        let releases = self.rows(
            &format!("SELECT {COLUMNS} {ONLY_HERE} WHERE c.device = ?1 AND e.standing > 0"),
            [device.as_bytes()],
            |r| {
                let placed = placed_from_row(r, &chains)?;
                Ok(matches!(placed.event.record.body, EventBody::Issued { .. }))
            },
        )?;
        Ok(releases
            .into_iter()
            .filter(|is_release| *is_release)
            .count() as u64)
    }
}
