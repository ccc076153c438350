//! The audit trail: what was done on the console, by whom. Entries are numbered without gaps, and each one's hash is over
//! the one before, so that none can be changed, left out or put in unseen.

use domain::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, params};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// What an entry ended in.
pub const OUTCOMES: [&str; 3] = ["done", "refused", "failed"];

/// Something that is to be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct New {
    /// Unix milliseconds.
    pub at: UnixMillis,
    /// Account; 0: nobody was signed in.
    pub user: i64,
    /// Its name at that time.
    pub who: String,
    /// What was done, a code of [`crate::access::RULES`].
    pub act: String,
    /// What it was done to, as the address named it.
    pub about: String,
    /// One of [`OUTCOMES`].
    pub outcome: &'static str,
    /// More, in words or codes; never a secret.
    pub detail: String,
    /// From where.
    pub address: String,
}

/// An entry. As JSON, its fields in this order without the hash are what the hash is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without gaps.
    pub number: i64,
    /// Unix milliseconds.
    pub at: UnixMillis,
    /// See [`New::user`].
    pub user: i64,
    /// See [`New::who`].
    pub who: String,
    /// See [`New::act`].
    pub act: String,
    /// See [`New::about`].
    pub about: String,
    /// See [`New::outcome`].
    pub outcome: String,
    /// See [`New::detail`].
    pub detail: String,
    /// See [`New::address`].
    pub address: String,
}

/// A link of the chain.
pub type Hash = [u8; 32];

impl Entry {
    /// Its link, after the one before; zeros come before the first.
    pub fn link(&self, before: &Hash) -> Hash {
        // A struct of numbers and texts always serialises.
        let line = serde_json::to_vec(self).unwrap_or_default();
        let mut hasher = blake3::Hasher::new_derive_key("tallyman 2026 audit trail");
        hasher.update(before);
        hasher.update(&line);
        *hasher.finalize().as_bytes()
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<(Entry, Hash)> {
    let entry = Entry {
        number: row.get("number")?,
        at: row.get("at")?,
        user: row.get("user_id")?,
        who: row.get("who")?,
        act: row.get("act")?,
        about: row.get("about")?,
        outcome: row.get("outcome")?,
        detail: row.get("detail")?,
        address: row.get("address")?,
    };
    Ok((entry, row.get("hash")?))
}

/// The last number and its link; 0 and zeros if there is none.
///
/// # Errors
/// [`StoreError::Sqlite`], as of all functions here.
pub fn head(db: &Connection) -> Result<(i64, Hash), StoreError> {
    let last = db
        .prepare_cached("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get("number")?, row.get("hash")?)))
        .optional()?;
    Ok(last.unwrap_or_default())
}

/// Adds an entry. The transaction holds the database's one lock for writing, whatever node it is of, so that nothing
/// comes between the look at the end of the chain and the new link. A clock that was put back does not put an entry
/// before the last one: both times stand there as they were read.
pub fn append(db: &Transaction<'_>, new: &New) -> Result<i64, StoreError> {
    let (last, before) = head(db)?;
    let entry = Entry {
        number: last + 1,
        at: new.at,
        user: new.user,
        who: new.who.clone(),
        act: new.act.clone(),
        about: new.about.chars().take(200).collect(),
        outcome: new.outcome.to_owned(),
        detail: new.detail.chars().take(1_000).collect(),
        address: new.address.clone(),
    };
    db.prepare_cached(
        "INSERT INTO audit (number, at, user_id, who, act, about, outcome, detail, address, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        entry.number,
        entry.at,
        entry.user,
        entry.who,
        entry.act,
        entry.about,
        entry.outcome,
        entry.detail,
        entry.address,
        entry.link(&before),
    ])?;
    Ok(entry.number)
}

/// Which entries; what is empty does not filter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A name, exactly.
    pub who: String,
    /// A code.
    pub act: String,
    /// Part of what it was done to, or of the detail.
    pub about: String,
    /// From this instant on.
    pub from: Option<UnixMillis>,
    /// Before this instant.
    pub until: Option<UnixMillis>,
    /// Before this number, for the next page.
    pub before: Option<i64>,
}

/// Entries, the newest first.
pub fn search(db: &Connection, filter: &Filter, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let mut sql = "SELECT * FROM audit WHERE 1 = 1".to_owned();
    let part = format!(
        "%{}%",
        filter
            .about
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_")
    );
    let mut values: Vec<(&str, &dyn ToSql)> = vec![(":limit", &limit)];
    if !filter.who.is_empty() {
        sql.push_str(" AND who = :who");
        values.push((":who", &filter.who));
    }
    if !filter.act.is_empty() {
        sql.push_str(" AND act = :act");
        values.push((":act", &filter.act));
    }
    if !filter.about.is_empty() {
        sql.push_str(" AND (about LIKE :about ESCAPE '\\' OR detail LIKE :about ESCAPE '\\')");
        values.push((":about", &part));
    }
    for (name, value, test) in [
        (":from", &filter.from, " AND at >= :from"),
        (":until", &filter.until, " AND at < :until"),
        (":before", &filter.before, " AND number < :before"),
    ] {
        if value.is_some() {
            sql.push_str(test);
            values.push((name, value));
        }
    }
    // Times may go back when a clock is put right; the order is that of the chain.
    sql.push_str(" ORDER BY number DESC LIMIT :limit");
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(values.as_slice(), entry)?;
    Ok(rows
        .map(|row| row.map(|(entry, _)| entry))
        .collect::<Result<_, _>>()?)
}

/// The first and the last number in a span of time, so that all between them is exported; `None`: nothing is in it.
pub fn span(
    db: &Connection,
    from: UnixMillis,
    until: UnixMillis,
) -> Result<Option<(i64, i64)>, StoreError> {
    Ok(db
        .prepare_cached("SELECT min(number) AS first, max(number) AS last FROM audit WHERE at >= ?1 AND at < ?2")?
        .query_row([from, until], |row| {
            let first: Option<i64> = row.get("first")?;
            let last: Option<i64> = row.get("last")?;
            Ok(first.zip(last))
        })?)
}

/// Calls `each` with every entry of a run of numbers and its link, the oldest first.
pub fn run(
    db: &Connection,
    first: i64,
    last: i64,
    mut each: impl FnMut(Entry, Hash),
) -> Result<(), StoreError> {
    let mut statement =
        db.prepare_cached("SELECT * FROM audit WHERE number BETWEEN ?1 AND ?2 ORDER BY number")?;
    let mut rows = statement.query([first, last])?;
    while let Some(row) = rows.next()? {
        let (entry, hash) = entry(row)?;
        each(entry, hash);
    }
    Ok(())
}

/// Where the chain is broken: the first number that is missing or does not fit the entry before it. `Ok`: how many entries
/// there are, all from 1 on and each with the link that follows from it.
pub fn check(db: &Connection) -> Result<Result<i64, i64>, StoreError> {
    let (mut before, mut number) = (Hash::default(), 0);
    let mut broken = None;
    run(db, 0, i64::MAX, |entry, hash| {
        number += 1;
        if broken.is_none() && (entry.number != number || entry.link(&before) != hash) {
            broken = Some(number);
        }
        before = hash;
    })?;
    Ok(broken.map_or(Ok(number), Err))
}

/// The link of a number; zeros for 0.
pub fn link_of(db: &Connection, number: i64) -> Result<Hash, StoreError> {
    let found = db
        .prepare_cached("SELECT hash FROM audit WHERE number = ?1")?
        .query_row([number], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Names and acts that occur, for filters.
pub fn names(db: &Connection) -> Result<(Vec<String>, Vec<String>), StoreError> {
    // Each step of the recursion jumps to the next value by the index: there are few values and many entries.
    let distinct = |column: &str| -> Result<Vec<String>, StoreError> {
        let mut statement = db.prepare_cached(&format!(
            "WITH RECURSIVE found (value) AS (
                 SELECT min({column}) FROM audit
                 UNION ALL SELECT (SELECT min({column}) FROM audit WHERE {column} > value) FROM found WHERE value IS NOT NULL)
             SELECT value FROM found WHERE value IS NOT NULL AND value <> ''"
        ))?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    Ok((distinct("who")?, distinct("act")?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::Database;

    fn new(n: i64) -> New {
        New {
            at: n,
            user: n % 3,
            who: format!("user {}", n % 3),
            act: "device.revoke".into(),
            outcome: "done",
            ..New::default()
        }
    }

    fn checked(db: &Database) -> Result<i64, i64> {
        let checked: Result<_, StoreError> = db.read(check);
        checked.unwrap()
    }

    #[test]
    fn an_entry_that_was_changed_taken_out_or_put_in_breaks_the_chain_there() {
        for (sql, broken) in [
            ("UPDATE audit SET who = 'nobody' WHERE number = 4", 4),
            ("DELETE FROM audit WHERE number = 4", 4),
            ("DELETE FROM audit WHERE number = 1", 1),
            ("UPDATE audit SET hash = zeroblob(32) WHERE number = 9", 9),
            ("UPDATE audit SET number = 12 WHERE number = 9", 9),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let db = Database::open(&folder.path().join("hub.db")).unwrap();
            assert_eq!(checked(&db), Ok(0));
            for n in 0..9 {
                let added: Result<i64, StoreError> = db.write(|t| append(t, &new(n)));
                added.unwrap();
            }
            assert_eq!(checked(&db), Ok(9));
            // Whoever has the file can take away what holds the program itself back.
            let done: Result<_, StoreError> = db.write(|t| {
                t.execute_batch(
                    "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_shortened",
                )?;
                Ok(t.execute(sql, [])?)
            });
            assert_eq!(done.unwrap(), 1);
            assert_eq!(checked(&db), Err(broken), "{sql}");
        }
    }

    #[test]
    fn nodes_that_write_at_the_same_time_keep_one_chain() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let first = Arc::new(Database::open(&path).unwrap());
        let writers: Vec<_> = (0..4)
            .map(|n| {
                // Two nodes of their own connections, two threads on each.
                let db = match n % 2 {
                    0 => first.clone(),
                    _ => Arc::new(Database::open(&path).unwrap()),
                };
                std::thread::spawn(move || {
                    for i in 0..25 {
                        let added: Result<i64, StoreError> =
                            db.write(|t| append(t, &new(n * 100 + i)));
                        added.unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(checked(&first), Ok(100));
    }

    #[test]
    fn an_entry_is_neither_changed_nor_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&folder.path().join("hub.db")).unwrap();
        let added: Result<i64, StoreError> = db.write(|t| append(t, &new(1)));
        assert_eq!(added.unwrap(), 1);
        for sql in ["UPDATE audit SET who = 'x'", "DELETE FROM audit"] {
            let done: Result<(), StoreError> = db.write(|t| Ok(t.execute_batch(sql)?));
            assert!(done.is_err(), "{sql}");
        }
        assert_eq!(checked(&db), Ok(1));
    }

    #[test]
    fn a_search_narrows_by_who_what_and_when() {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&folder.path().join("hub.db")).unwrap();
        let added: Result<(), StoreError> = db.write(|t| {
            for n in 1..=9 {
                let about = format!("50%_{n}");
                append(t, &New { about, ..new(n) })?;
            }
            Ok(())
        });
        added.unwrap();
        let found = |filter: Filter| -> Vec<i64> {
            let found: Result<_, StoreError> = db.read(|c| search(c, &filter, 4));
            found.unwrap().iter().map(|entry| entry.number).collect()
        };
        let all = Filter::default();
        assert_eq!(found(all.clone()), [9, 8, 7, 6]);
        let next = Filter {
            before: Some(6),
            ..all.clone()
        };
        assert_eq!(found(next), [5, 4, 3, 2]);
        let who = Filter {
            who: "user 1".into(),
            ..all.clone()
        };
        assert_eq!(found(who), [7, 4, 1]);
        let when = Filter {
            from: Some(3),
            until: Some(5),
            ..all.clone()
        };
        assert_eq!(found(when), [4, 3]);
        let part = Filter {
            about: "%_7".into(),
            ..all
        };
        assert_eq!(found(part), [7]);
        let names: Result<_, StoreError> = db.read(names);
        let (who, acts) = names.unwrap();
        assert_eq!(who, ["user 0", "user 1", "user 2"]);
        assert_eq!(acts, ["device.revoke"]);
    }
}
