//! How far devices had read their site's log, and when they said so.

use domain::{DeviceId, SiteId, UnixMillis};
use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;

/// Of what a device says in a row, two that are nearer to each other than that become one: the later. So the last word
/// before a silence is always kept, however long the silence.
const APART_MS: i64 = 15 * 60_000;
/// What is older is forgotten.
const KEPT_MS: i64 = 400 * 86_400_000;

/// What a device held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingRow {
    /// The site whose log it reads.
    pub site: SiteId,
    /// When it said so.
    pub at: UnixMillis,
    /// The number of the last entry that it held.
    pub number: u64,
}

/// Keeps what a device said.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn note(
    connection: &Connection,
    device: DeviceId,
    reading: &ReadingRow,
) -> Result<(), StoreError> {
    let key = (device.as_bytes(), reading.site.as_bytes());
    let mut statement = connection.prepare_cached(
        "SELECT read_at, number FROM hub_reading WHERE device = ?1 AND site = ?2 ORDER BY read_at DESC LIMIT 2",
    )?;
    let last: Vec<(i64, i64)> = statement
        .query_map(params![key.0, key.1], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Result<_, _>>()?;
    if let Some((at, number)) = last.first() {
        if *number == reading.number as i64 || *at > reading.at {
            return Ok(());
        }
        if let Some((before, _)) = last.get(1)
            && at - before < APART_MS
        {
            connection
                .prepare_cached(
                    "DELETE FROM hub_reading WHERE device = ?1 AND site = ?2 AND read_at = ?3",
                )?
                .execute(params![key.0, key.1, at])?;
        }
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO hub_reading (device, site, read_at, number) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![key.0, key.1, reading.at, reading.number as i64])?;
    connection
        .prepare_cached("DELETE FROM hub_reading WHERE device = ?1 AND site = ?2 AND read_at < ?3")?
        .execute(params![key.0, key.1, reading.at - KEPT_MS])?;
    Ok(())
}

/// What a device had last said by that instant.
pub fn last(
    connection: &Connection,
    device: DeviceId,
    at: UnixMillis,
) -> Result<Option<ReadingRow>, StoreError> {
    let found: Option<(Vec<u8>, i64, i64)> = connection
        .prepare_cached(
            "SELECT site, read_at, number FROM hub_reading WHERE device = ?1 AND read_at <= ?2
             ORDER BY read_at DESC LIMIT 1",
        )?
        .query_row(params![device.as_bytes(), at], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })
        .optional()?;
    found
        .map(|(site, at, number)| {
            let site = site
                .try_into()
                .map_err(|_| StoreError::Corrupt("hub_reading.site"))?;
            Ok(ReadingRow {
                site: SiteId::from_bytes(site),
                at,
                number: number.max(0) as u64,
            })
        })
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn the_last_word_before_a_silence_is_kept() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(include_str!("migrations/0016_readings.sql"))
            .unwrap();
        let device = DeviceId::from_bytes([1; 16]);
        let site = SiteId::from_bytes([2; 16]);
        let say = |minute: i64, number| {
            let at = minute * MINUTE;
            note(&connection, device, &ReadingRow { site, at, number }).unwrap();
        };
        for (minute, number) in [
            (0, 1),
            (5, 2),
            (10, 3),
            (14, 4),
            (20, 5),
            (21, 5),
            (25, 6),
            (30, 7),
        ] {
            say(minute, number);
        }
        let at = |minute: i64| {
            last(&connection, device, minute * MINUTE)
                .unwrap()
                .map(|r| (r.at / MINUTE, r.number))
        };
        // Before the silence exactly; within the talk to a quarter of an hour.
        assert_eq!(at(500), Some((30, 7)));
        assert_eq!(at(24), Some((20, 5)));
        assert_eq!(at(12), Some((0, 1)));
        assert_eq!(at(-1), None);
        assert_eq!(
            last(&connection, DeviceId::from_bytes([9; 16]), 99 * MINUTE).unwrap(),
            None
        );
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM hub_reading", [], |r| r.get(0))
            .unwrap();
        assert_eq!(rows, 3);
    }
}
