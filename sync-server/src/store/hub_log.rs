//! The hub's log of segments.

use documents::segment::{Accepted, Segment, SegmentHash, SegmentStatus};
use documents::{Partition, Signature};
use domain::{ChainId, UnixMillis};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::StoreError;

/// The end of a partition's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogEnd {
    /// The last number; 0 before the first.
    pub number: u64,
    /// When it was accepted.
    pub accepted_at: Option<UnixMillis>,
    /// Over all hashes up to it.
    pub running_hash: [u8; 32],
}

fn blob<const N: usize>(row: &Row<'_>, column: &'static str) -> Result<[u8; N], StoreError> {
    let bytes: Vec<u8> = row.get(column)?;
    bytes.try_into().map_err(|_| StoreError::Corrupt(column))
}

/// A value of the organisation.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn meta(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT value FROM hub_meta WHERE name = ?1")?
        .query_row([name], |r| r.get(0))
        .optional()?)
}

/// Keeps a value of the organisation.
pub fn set_meta(connection: &Connection, name: &str, value: &[u8]) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO hub_meta (name, value) VALUES (?1, ?2)")?
        .execute(params![name, value])?;
    Ok(())
}

/// The end of a partition's log.
pub fn end(connection: &Connection, partition: Partition) -> Result<LogEnd, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, accepted_at, running_hash FROM hub_log WHERE partition = ?1 ORDER BY number DESC LIMIT 1",
    )?;
    let mut rows = statement.query([partition.to_key()])?;
    match rows.next()? {
        None => Ok(LogEnd::default()),
        Some(r) => Ok(LogEnd {
            number: r.get::<_, i64>("number")? as u64,
            accepted_at: Some(r.get("accepted_at")?),
            running_hash: blob(r, "running_hash")?,
        }),
    }
}

/// The last entry of a partition's log that was accepted at or before that moment.
pub fn last_accepted_by(
    connection: &Connection,
    partition: Partition,
    at: UnixMillis,
) -> Result<Option<LogEnd>, StoreError> {
    // Times of acceptance rise with the numbers, so that the log can be searched by halves.
    let number_at = |number: u64| -> Result<Option<UnixMillis>, StoreError> {
        Ok(connection
            .prepare_cached("SELECT accepted_at FROM hub_log WHERE partition = ?1 AND number = ?2")?
            .query_row(params![partition.to_key(), number as i64], |r| r.get(0))
            .optional()?)
    };
    let (mut low, mut high) = (0, end(connection, partition)?.number);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if number_at(middle)?.is_some_and(|then| then <= at) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    let Some(accepted_at) = number_at(low)? else {
        return Ok(None);
    };
    Ok(Some(LogEnd {
        number: low,
        accepted_at: Some(accepted_at),
        running_hash: running_hash(connection, partition, low)?
            .ok_or(StoreError::Corrupt("running_hash"))?,
    }))
}

/// The running hash at a number; zeros at 0, `None` beyond the end.
pub fn running_hash(
    connection: &Connection,
    partition: Partition,
    number: u64,
) -> Result<Option<[u8; 32]>, StoreError> {
    if number == 0 {
        return Ok(Some([0; 32]));
    }
    let mut statement = connection
        .prepare_cached("SELECT running_hash FROM hub_log WHERE partition = ?1 AND number = ?2")?;
    let mut rows = statement.query(params![partition.to_key(), number as i64])?;
    rows.next()?.map(|r| blob(r, "running_hash")).transpose()
}

fn status(r: &Row<'_>) -> Result<SegmentStatus, StoreError> {
    Ok(match r.get("status")? {
        true => SegmentStatus::Quarantined,
        false => SegmentStatus::Live,
    })
}

/// When the entry at a number was accepted, and as what; `None` beyond the end.
pub fn acceptance(
    connection: &Connection,
    partition: Partition,
    number: u64,
) -> Result<Option<(UnixMillis, SegmentStatus)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT accepted_at, status FROM hub_log WHERE partition = ?1 AND number = ?2",
    )?;
    let mut rows = statement.query(params![partition.to_key(), number as i64])?;
    let entry = rows.next()?;
    entry
        .map(|r| Ok((r.get("accepted_at")?, status(r)?)))
        .transpose()
}

/// The end of a chain: its last segment's place and hash; 0 and zeros before the first.
pub fn chain_end(
    connection: &Connection,
    chain: ChainId,
) -> Result<(u64, SegmentHash), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, hash FROM hub_log WHERE chain = ?1 ORDER BY seq DESC LIMIT 1",
    )?;
    let mut rows = statement.query([chain.as_bytes()])?;
    match rows.next()? {
        None => Ok((0, SegmentHash::default())),
        Some(r) => Ok((
            r.get::<_, i64>("seq")? as u64,
            SegmentHash(blob(r, "hash")?),
        )),
    }
}

/// The hash of the segment at a place of a chain.
pub fn hash_at(
    connection: &Connection,
    chain: ChainId,
    seq: u64,
) -> Result<Option<SegmentHash>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT hash FROM hub_log WHERE chain = ?1 AND seq = ?2")?;
    let mut rows = statement.query(params![chain.as_bytes(), seq as i64])?;
    rows.next()?
        .map(|r| blob(r, "hash").map(SegmentHash))
        .transpose()
}

/// Appends an accepted segment.
pub fn append(
    connection: &Connection,
    partition: Partition,
    chain: ChainId,
    seq: u64,
    accepted: &Accepted,
    running_hash: [u8; 32],
) -> Result<(), StoreError> {
    let segment = accepted
        .segment
        .as_ref()
        .ok_or(StoreError::Corrupt("segment"))?;
    connection
        .prepare_cached(
            "INSERT INTO hub_log (partition, number, chain, seq, hash, header, signature, body, accepted_at, status,
                 acceptance, running_hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            partition.to_key(),
            accepted.number as i64,
            chain.as_bytes(),
            seq as i64,
            accepted.hash.0,
            segment.header_bytes(),
            segment.signature().as_bytes(),
            segment.body_bytes(),
            accepted.accepted_at,
            i64::from(accepted.status == SegmentStatus::Quarantined),
            accepted.signature.as_bytes(),
            running_hash,
        ])?;
    Ok(())
}

/// The log after a number, up to about `bytes_max` of bodies (at least one entry). Segments of `own` up to `own_seq`
/// come without their bodies. The flag says whether there is more.
pub fn entries_after(
    connection: &Connection,
    partition: Partition,
    number: u64,
    own: Option<(ChainId, u64)>,
    bytes_max: usize,
) -> Result<(Vec<Accepted>, bool), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, chain, seq, hash, header, signature, body, accepted_at, status, acceptance FROM hub_log
         WHERE partition = ?1 AND number > ?2 ORDER BY number",
    )?;
    let mut rows = statement.query(params![partition.to_key(), number as i64])?;
    let mut entries = Vec::new();
    let mut bytes = 0;
    while let Some(r) = rows.next()? {
        let signature = |column| -> Result<Signature, StoreError> {
            Signature::from_slice(&blob::<64>(r, column)?).ok_or(StoreError::Corrupt(column))
        };
        let chain = ChainId::from_bytes(blob(r, "chain")?);
        let seq = r.get::<_, i64>("seq")? as u64;
        let is_known = own.is_some_and(|(own, own_seq)| own == chain && seq <= own_seq);
        let segment = if is_known {
            None
        } else {
            let body: Vec<u8> = r.get("body")?;
            bytes += body.len();
            if bytes > bytes_max && !entries.is_empty() {
                return Ok((entries, true));
            }
            Some(Segment::from_parts(
                r.get("header")?,
                signature("signature")?,
                body,
            ))
        };
        bytes += 160;
        entries.push(Accepted {
            number: r.get::<_, i64>("number")? as u64,
            accepted_at: r.get("accepted_at")?,
            status: status(r)?,
            signature: signature("acceptance")?,
            segment,
            hash: SegmentHash(blob(r, "hash")?),
            extract: None,
        });
        if bytes > bytes_max {
            let more = rows.next()?.is_some();
            return Ok((entries, more));
        }
    }
    Ok((entries, false))
}

/// Every partition that has a log, in order. It is asked several times a second: one look into the index for each, where
/// DISTINCT would read the whole log.
pub fn partitions(connection: &Connection) -> Result<Vec<Partition>, StoreError> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE found (partition) AS (
             SELECT min(partition) FROM hub_log
             UNION ALL
             SELECT (SELECT min(l.partition) FROM hub_log l WHERE l.partition > found.partition)
             FROM found WHERE found.partition IS NOT NULL)
         SELECT partition FROM found WHERE partition IS NOT NULL",
    )?;
    let mut rows = statement.query([])?;
    let mut partitions = Vec::new();
    while let Some(r) = rows.next()? {
        let key: Vec<u8> = r.get("partition")?;
        partitions.push(Partition::from_key(&key).ok_or(StoreError::Corrupt("partition"))?);
    }
    Ok(partitions)
}
