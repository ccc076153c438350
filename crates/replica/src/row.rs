//! Reading columns: a row that does not hold what it must is damage, never a panic.

use documents::segment::SegmentStatus;
use documents::{Partition, Signature};
use domain::Grants;
use domain::event::{EventHash, ExceptionId};
use domain::ledger::Place;
use rusqlite::Row;

use crate::error::ReplicaError;
use crate::rights;

fn sized<const N: usize>(row: &Row<'_>, column: &'static str) -> Result<[u8; N], ReplicaError> {
    let value = row.get_ref(column)?;
    value
        .as_blob()
        .ok()
        .and_then(|b| b.try_into().ok())
        .ok_or(ReplicaError::BadRow(column))
}

pub(crate) fn bytes16(row: &Row<'_>, column: &'static str) -> Result<[u8; 16], ReplicaError> {
    sized(row, column)
}

pub(crate) fn bytes32(row: &Row<'_>, column: &'static str) -> Result<[u8; 32], ReplicaError> {
    sized(row, column)
}

pub(crate) fn signature(row: &Row<'_>, column: &'static str) -> Result<Signature, ReplicaError> {
    Signature::from_slice(&sized::<64>(row, column)?).ok_or(ReplicaError::BadRow(column))
}

pub(crate) fn segment_status(row: &Row<'_>) -> rusqlite::Result<SegmentStatus> {
    Ok(match row.get("status")? {
        true => SegmentStatus::Quarantined,
        false => SegmentStatus::Live,
    })
}

pub(crate) fn hash(row: &Row<'_>, column: &'static str) -> Result<EventHash, ReplicaError> {
    sized(row, column).map(EventHash)
}

pub(crate) fn exception_id(
    row: &Row<'_>,
    column: &'static str,
) -> Result<ExceptionId, ReplicaError> {
    sized(row, column).map(ExceptionId)
}

pub(crate) fn partition(row: &Row<'_>, column: &'static str) -> Result<Partition, ReplicaError> {
    let value = row.get_ref(column)?;
    value
        .as_blob()
        .ok()
        .and_then(Partition::from_key)
        .ok_or(ReplicaError::BadRow(column))
}

pub(crate) fn place(row: &Row<'_>, column: &'static str) -> Result<Place, ReplicaError> {
    optional_place(row, column)?.ok_or(ReplicaError::BadRow(column))
}

pub(crate) fn optional_place(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<Place>, ReplicaError> {
    match row
        .get_ref(column)?
        .as_blob_or_null()
        .map_err(|_| ReplicaError::BadRow(column))?
    {
        None => Ok(None),
        Some(bytes) => Place::from_bytes(bytes)
            .map(Some)
            .ok_or(ReplicaError::BadRow(column)),
    }
}

pub(crate) fn grants(row: &Row<'_>, column: &'static str) -> Result<Grants, ReplicaError> {
    let text = row.get_ref(column)?.as_str().ok();
    text.and_then(rights::from_text)
        .ok_or(ReplicaError::BadRow(column))
}
