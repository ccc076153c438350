//! Which photos, signatures and documents are here. Their content is in files.

use domain::{BlobId, BlobKind, BlobRef, DeviceId, UnixMillis};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::StoreError;

fn blob(id: BlobId, r: &Row<'_>) -> rusqlite::Result<BlobRef> {
    Ok(BlobRef {
        id,
        size: r.get::<_, i64>("size")?.max(0) as u64,
        media: r.get("media")?,
        kind: BlobKind::from_number(r.get("kind")?),
    })
}

/// A blob that is whole.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn get(connection: &Connection, id: BlobId) -> Result<Option<BlobRef>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT size, media, kind FROM hub_blob WHERE id = ?1")?
        .query_row([id.0], |r| blob(id, r))
        .optional()?)
}

/// Every blob that is whole.
pub fn all(connection: &Connection) -> Result<Vec<BlobId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM hub_blob ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut ids = Vec::new();
    while let Some(r) = rows.next()? {
        let id: Vec<u8> = r.get("id")?;
        ids.push(BlobId::from_slice(&id).ok_or(StoreError::Corrupt("blob"))?);
    }
    Ok(ids)
}

/// Rises with every blob that becomes whole.
pub fn last(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT coalesce(max(rowid), 0) FROM hub_blob")?
        .query_row([], |r| r.get(0))?)
}

/// A blob has become whole; nothing changes if it was before.
pub fn put(
    connection: &Connection,
    blob: &BlobRef,
    device: DeviceId,
    now: UnixMillis,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO hub_blob (id, size, media, kind, device, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            blob.id.0,
            blob.size as i64,
            blob.media,
            blob.kind.number(),
            device.as_bytes(),
            now
        ])?;
    Ok(())
}

/// How many bytes a device has sent since then.
pub fn bytes_since(
    connection: &Connection,
    device: DeviceId,
    since: UnixMillis,
) -> Result<u64, StoreError> {
    let bytes: i64 = connection
        .prepare_cached(
            "SELECT coalesce(sum(size), 0) FROM hub_blob WHERE device = ?1 AND received_at > ?2",
        )?
        .query_row(params![device.as_bytes(), since], |r| r.get(0))?;
    Ok(bytes.max(0) as u64)
}

/// Who sent a blob.
///
/// # Errors
/// [`StoreError::Sqlite`].
pub fn sender(connection: &Connection, id: BlobId) -> Result<Option<DeviceId>, StoreError> {
    let found: Option<[u8; 16]> = connection
        .prepare_cached("SELECT device FROM hub_blob WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    Ok(found.map(DeviceId::from_bytes))
}
