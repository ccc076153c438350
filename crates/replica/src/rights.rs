//! Grants change with an operator's record; what the operator did since is judged again.

use std::collections::BTreeSet;

use documents::{Partition, RecordId};
use domain::ledger::Ledger;
use domain::{Grants, HybridClock, OperatorId, SiteId, Timestamp, UnixMillis};
use rusqlite::{Connection, OptionalExtension, params};

use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::ledger_store::SqlLedger;
use crate::row;

/// A column's text: a line for each grant.
pub(crate) fn to_text(grants: &Grants) -> String {
    let lines = grants.all().iter();
    lines
        .map(|(since, grant)| format!("{since} {grant}\n"))
        .collect()
}

/// What [`to_text`] wrote; `None` for anything else.
pub(crate) fn from_text(text: &str) -> Option<Grants> {
    let grant = |line: &str| {
        let (since, grant) = line.split_once(' ')?;
        Some((since.parse().ok()?, grant.parse().ok()?))
    };
    let all: Option<Vec<_>> = text.lines().map(grant).collect();
    Some(Grants::new(all?))
}

/// What the server has granted an operator.
pub(crate) fn of(connection: &Connection, operator: OperatorId) -> Result<Grants, ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT grants FROM operator WHERE id = ?1")?;
    let mut rows = statement.query([operator.as_bytes()])?;
    let grants = rows.next()?.map(|r| row::grants(r, "grants")).transpose()?;
    Ok(grants.unwrap_or_default())
}

/// What somebody writes stands after the last that was granted to them, as far as the writer knows: a device whose clock is
/// a little slow must not seem to act under the grant before.
pub(crate) fn observe(
    connection: &Connection,
    operator: OperatorId,
    clock: &mut HybridClock,
    now: UnixMillis,
) -> Result<(), ReplicaError> {
    if let Some((since, _)) = of(connection, operator)?.all().last_key_value() {
        let granted = Timestamp {
            millis: *since,
            counter: 0,
        };
        clock.observe(granted, now);
    }
    Ok(())
}

/// The record of an operator is about to read so: what differs is to be judged again.
pub(crate) fn note_changed(
    connection: &Connection,
    id: RecordId,
    new: &Grants,
) -> Result<(), ReplicaError> {
    let old = of(connection, id.into())?;
    let Some(since) = old.differ_from(new) else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO regranted (operator, since) VALUES (?1, ?2)
             ON CONFLICT (operator) DO UPDATE SET since = min(since, excluded.since)",
        )?
        .execute(params![id.0, since])?;
    Ok(())
}

/// Judges again what was noted, at every site that is held. It must run before anything else is folded.
pub(crate) fn judge_again(connection: &Connection, chains: &Chains) -> Result<(), ReplicaError> {
    let waiting = connection
        .prepare_cached("SELECT 1 FROM regranted LIMIT 1")?
        .query_row([], |_| Ok(()))
        .optional()?;
    if waiting.is_none() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached("SELECT operator, since FROM regranted")?;
    let mut rows = statement.query([])?;
    let mut changed = Vec::new();
    while let Some(r) = rows.next()? {
        let operator = OperatorId::from_bytes(row::bytes16(r, "operator")?);
        changed.push((operator, r.get("since")?));
    }
    let sites: BTreeSet<SiteId> = chains
        .all()
        .filter_map(|chain| match chain.partition {
            Partition::Site(site) => Some(site),
            Partition::Shared => None,
        })
        .collect();
    for site in sites {
        let mut store = SqlLedger::folding(connection, chains, site)?;
        let mut ledger = Ledger::new(&mut store)?;
        for (operator, since) in &changed {
            ledger.regranted(*operator, *since)?;
        }
        ledger.finish()?;
    }
    connection.execute("DELETE FROM regranted", [])?;
    Ok(())
}
