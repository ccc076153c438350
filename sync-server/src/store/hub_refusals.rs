//! What was refused, of whom, why, how often.

use domain::{DeviceId, UnixMillis};
use rusqlite::{Connection, params};

use super::StoreError;

/// What has not come again for so long is forgotten.
const FORGOTTEN_MS: i64 = 90 * 86_400_000;
/// Rows of devices that are not known, the newest of them.
const UNKNOWN_MAX: i64 = 500;

/// One cause of one device's refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRow {
    /// Whose; `None` if that is not known.
    pub device: Option<DeviceId>,
    /// Of an unknown device, its network address; empty for what came by file.
    pub address: String,
    /// Why, a stable name.
    pub cause: String,
    /// How often.
    pub times: u64,
    /// The first time.
    pub since: UnixMillis,
    /// The last time.
    pub at: UnixMillis,
}

/// Counts refusals in; `row.times` of them.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn count(connection: &Connection, row: &RefusalRow) -> Result<(), StoreError> {
    let device = row.device.as_ref().map_or(&[][..], |d| d.as_bytes());
    connection
        .prepare_cached(
            "INSERT INTO hub_refusal (device, address, cause, times, since, refused_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET times = times + ?4, refused_at = max(refused_at, ?6)",
        )?
        .execute(params![
            device,
            row.address,
            row.cause,
            row.times as i64,
            row.since,
            row.at
        ])?;
    Ok(())
}

/// Forgets what is old, and the oldest of unknown devices where there are too many.
pub fn forget(connection: &Connection, now: UnixMillis) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM hub_refusal WHERE refused_at < ?1")?
        .execute([now - FORGOTTEN_MS])?;
    connection
        .prepare_cached(
            "DELETE FROM hub_refusal WHERE device = x'' AND (address, cause) NOT IN (
                 SELECT address, cause FROM hub_refusal WHERE device = x''
                 ORDER BY refused_at DESC, address, cause LIMIT ?1)",
        )?
        .execute([UNKNOWN_MAX])?;
    Ok(())
}

/// All, the latest first.
pub fn all(connection: &Connection) -> Result<Vec<RefusalRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT device, address, cause, times, since, refused_at FROM hub_refusal
         ORDER BY refused_at DESC, device, address, cause",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(r) = rows.next()? {
        let device: Vec<u8> = r.get("device")?;
        all.push(RefusalRow {
            device: <[u8; 16]>::try_from(device).ok().map(DeviceId::from_bytes),
            address: r.get("address")?,
            cause: r.get("cause")?,
            times: r.get::<_, i64>("times")?.max(0) as u64,
            since: r.get("since")?,
            at: r.get("refused_at")?,
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;

    #[test]
    fn unknown_addresses_and_old_causes_do_not_pile_up() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("hub.db")).unwrap();
        let row = |device, address: String, at| RefusalRow {
            device,
            address,
            cause: "device-revoked".into(),
            times: 2,
            since: at,
            at,
        };
        let device = Some(DeviceId::from_bytes([1; 16]));
        let now = FORGOTTEN_MS + 1_000;
        let rows = database
            .write(|t| -> Result<_, StoreError> {
                count(t, &row(device, String::new(), 1_000))?;
                count(t, &row(device, String::new(), now))?;
                for n in 0..UNKNOWN_MAX + 5 {
                    count(t, &row(None, format!("10.0.{}.{}", n / 256, n % 256), n))?;
                }
                forget(t, 0)?;
                assert_eq!(all(t)?.len() as i64, UNKNOWN_MAX + 1);
                forget(t, now)?;
                all(t)
            })
            .unwrap();
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((rows[0].times, rows[0].since, rows[0].at), (4, 1_000, now));
    }
}
