//! How much each device has brought since its day began.

use domain::{DeviceId, UnixMillis};
use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;

const DAY_MS: i64 = 86_400_000;

/// What a device has brought in its running day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// Headers, signatures and bodies that were new to the hub.
    pub bytes: u64,
    /// Changes in them, as their headers say.
    pub changes: u64,
    /// When its day ends.
    pub until: UnixMillis,
}

/// What a device has brought today; its day begins with the first segment after the one before. `None`: nothing.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn today(
    connection: &Connection,
    device: DeviceId,
    now: UnixMillis,
) -> Result<Option<Pushed>, StoreError> {
    let found = connection
        .prepare_cached("SELECT since, bytes, changes FROM hub_push WHERE device = ?1")?
        .query_row([device.as_bytes()], |r| {
            let since: i64 = r.get("since")?;
            Ok(Pushed {
                bytes: r.get::<_, i64>("bytes")?.max(0) as u64,
                changes: r.get::<_, i64>("changes")?.max(0) as u64,
                until: since.saturating_add(DAY_MS),
            })
        })
        .optional()?;
    // A day that begins later than now was begun by a clock that was wrong.
    Ok(found.filter(|pushed| (pushed.until - DAY_MS..pushed.until).contains(&now)))
}

/// Counts what a device has brought.
pub fn charge(
    connection: &Connection,
    device: DeviceId,
    bytes: u64,
    changes: u64,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let before = today(connection, device, now)?.unwrap_or(Pushed {
        bytes: 0,
        changes: 0,
        until: now.saturating_add(DAY_MS),
    });
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO hub_push (device, since, bytes, changes) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            device.as_bytes(),
            before.until - DAY_MS,
            before.bytes.saturating_add(bytes) as i64,
            before.changes.saturating_add(changes) as i64,
        ])?;
    Ok(())
}
