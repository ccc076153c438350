//! The row of a stocktake.

use documents::Stocktake;
use rusqlite::{Connection, params};

use crate::error::ReplicaError;

pub(super) fn put(connection: &Connection, stocktake: &Stocktake) -> Result<(), ReplicaError> {
    let zones: Vec<u8> = stocktake.zones.iter().flat_map(|z| *z.as_bytes()).collect();
    let tolerances = stocktake.tolerances.iter();
    let tolerances: Vec<String> = tolerances
        .map(|(class, t)| format!("{class}\t{t}"))
        .collect();
    let closed = stocktake.closed.as_ref();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO stocktake
                 (id, site, code, name, type, blind, due, classes, zones, tolerances, planned_at, planned_by,
                  closed_at, closed_by, close_reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            stocktake.id.as_bytes(),
            stocktake.site.as_bytes(),
            stocktake.code,
            stocktake.name,
            stocktake.kind.code(),
            stocktake.blind,
            stocktake.due,
            stocktake.classes.join(&Stocktake::COMMA.to_string()),
            zones,
            tolerances.join("\n"),
            stocktake.planned_at,
            stocktake.planned_by.map(|o| *o.as_bytes()),
            closed.map_or(0, |c| c.at),
            closed.and_then(|c| c.by).map(|o| *o.as_bytes()),
            closed.map_or("", |c| c.reason.as_str()),
        ])?;
    Ok(())
}
