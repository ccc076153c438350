//! Brings the schema up to date. One numbered file each step; the number is SQLite's `user_version`.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// All steps in order. Numbers never change and are never used twice; a file that was released is never edited.
const STEPS: &[(u32, &str)] = &[
    (1, include_str!("migrations/0001_accounts.sql")),
    (2, include_str!("migrations/0002_hub.sql")),
    (3, include_str!("migrations/0003_blobs.sql")),
    (4, include_str!("migrations/0004_chains.sql")),
    (5, include_str!("migrations/0005_server_chains.sql")),
    (6, include_str!("migrations/0006_quarantine.sql")),
    (7, include_str!("migrations/0007_renewal.sql")),
    (8, include_str!("migrations/0008_pushes.sql")),
    (9, include_str!("migrations/0009_refusals.sql")),
    (10, include_str!("migrations/0010_nodes.sql")),
    (11, include_str!("migrations/0011_counter.sql")),
    (12, include_str!("migrations/0012_people.sql")),
    (13, include_str!("migrations/0013_imports.sql")),
    (14, include_str!("migrations/0014_api.sql")),
    (15, include_str!("migrations/0015_webhooks.sql")),
    (16, include_str!("migrations/0016_readings.sql")),
    (17, include_str!("migrations/0017_device_report.sql")),
    (18, include_str!("migrations/0018_custody.sql")),
];

/// The schema that this program writes.
pub fn newest_version() -> u32 {
    STEPS.last().map_or(0, |(number, _)| *number)
}

fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Each step runs in one transaction that also sets the version.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found > newest_version() {
        return Err(StoreError::TooNew {
            found,
            known: newest_version(),
        });
    }
    for (number, sql) in STEPS.iter().filter(|(number, _)| *number > found) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another node may have been quicker.
        if version(&step)? >= *number {
            continue;
        }
        step.execute_batch(sql)?;
        step.pragma_update(None, "user_version", number)?;
        step.commit()?;
        tracing::info!(schema = number, "database brought up to schema {number}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_by_one() {
        for (i, (number, _)) in STEPS.iter().enumerate() {
            assert_eq!(*number as usize, i + 1);
        }
    }
}
