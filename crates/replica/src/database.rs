//! Opening the file: key, pragmas, migrations.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::ReplicaError;
use crate::replica::OpenOptions;

/// 32 bytes under which a handheld's database is encrypted (SQLCipher, AES-256). Never shown, never logged.
#[derive(Clone)]
pub struct DatabaseKey([u8; 32]);

impl DatabaseKey {
    /// From the bytes that the device keeps.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn pragma(&self) -> String {
        let hex: String = self.0.iter().map(|b| format!("{b:02x}")).collect();
        format!("x'{hex}'")
    }
}

impl std::fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseKey")
    }
}

/// Schema versions in order; each runs in one transaction that also sets the version.
const MIGRATIONS: [&str; 18] = [
    include_str!("../migrations/0001_replica.sql"),
    include_str!("../migrations/0002_carry.sql"),
    include_str!("../migrations/0003_snapshot.sql"),
    include_str!("../migrations/0004_quarantine.sql"),
    include_str!("../migrations/0005_displaced.sql"),
    include_str!("../migrations/0006_pile.sql"),
    include_str!("../migrations/0007_lean.sql"),
    include_str!("../migrations/0008_order.sql"),
    include_str!("../migrations/0009_search.sql"),
    include_str!("../migrations/0010_carton.sql"),
    include_str!("../migrations/0011_rights.sql"),
    include_str!("../migrations/0012_counter.sql"),
    include_str!("../migrations/0013_review.sql"),
    include_str!("../migrations/0014_stocktake.sql"),
    include_str!("../migrations/0015_min_stock.sql"),
    include_str!("../migrations/0016_customer.sql"),
    include_str!("../migrations/0017_custody.sql"),
    include_str!("../migrations/0018_custody_alerts.sql"),
];

/// The schema that this program writes.
pub const SCHEMA: u32 = MIGRATIONS.len() as u32;

fn configure(
    connection: &Connection,
    key: Option<&DatabaseKey>,
    cache_kib: u32,
) -> Result<(), ReplicaError> {
    if let Some(key) = key {
        connection.pragma_update(None, "key", key.pragma())?;
    }
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // With a wrong key this first read fails with "file is not a database".
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", "on")?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // Negative means KiB.
    connection.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

fn connect(
    path: &Path,
    flags: OpenFlags,
    vfs: Option<&str>,
) -> Result<Connection, rusqlite::Error> {
    match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    }
}

/// Opens, or creates, the writer's connection and brings the schema up to date.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Connection, ReplicaError> {
    let mut connection = connect(path, OpenFlags::default(), options.vfs)?;
    configure(&connection, options.key.as_ref(), options.cache_kib)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens, or creates, another file that is kept beside the replica's.
pub(crate) fn open_other(
    path: &Path,
    key: Option<&DatabaseKey>,
    cache_kib: u32,
    migrations: &[&str],
) -> Result<Connection, ReplicaError> {
    let mut connection = Connection::open(path)?;
    configure(&connection, key, cache_kib)?;
    migrate_by(&mut connection, migrations)?;
    Ok(connection)
}

/// Readers are several; each is content with little.
const READER_CACHE_KIB: u32 = 8_000;

/// Opens a further connection that only reads.
pub(crate) fn open_reader(path: &Path, options: &OpenOptions) -> Result<Connection, ReplicaError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags, options.vfs)?;
    configure(&connection, options.key.as_ref(), READER_CACHE_KIB)?;
    connection.pragma_update(None, "query_only", "on")?;
    Ok(connection)
}

pub(crate) fn open_in_memory() -> Result<Connection, ReplicaError> {
    let mut connection = Connection::open_in_memory()?;
    connection.set_prepared_statement_cache_capacity(128);
    migrate(&mut connection)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), ReplicaError> {
    migrate_by(connection, &MIGRATIONS)
}

fn migrate_by(connection: &mut Connection, migrations: &[&str]) -> Result<(), ReplicaError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = migrations.len() as i64;
    if found > known {
        return Err(ReplicaError::Newer { found, known });
    }
    for (version, sql) in (1i64..)
        .zip(migrations)
        .skip(usize::try_from(found).unwrap_or(0))
    {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::ledger::{StockKey, Subject};
    use domain::{BinId, EventHash, ItemId, SiteId};
    use rusqlite::types::Value;

    use super::*;

    fn open(path: &Path, key: Option<&DatabaseKey>) -> Result<Connection, ReplicaError> {
        super::open(path, &OpenOptions::file(path, key.cloned(), [0; 8]))
    }

    #[test]
    fn a_database_of_a_later_program_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("replica.db");
        open(&path, None)
            .unwrap()
            .pragma_update(None, "user_version", 99)
            .unwrap();
        let error = open(&path, None).unwrap_err();
        assert!(
            matches!(
                error,
                ReplicaError::Newer { found: 99, known } if known == i64::from(SCHEMA)
            ),
            "{error:?}"
        );
        assert_eq!(error.code(), "database-newer");
    }

    #[test]
    fn piles_of_an_older_schema_are_shown_as_they_were() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate_by(&mut db, &MIGRATIONS[..5]).unwrap();
        let (site, bin) = ([1u8; 16], [2u8; 16]);
        let mut expected = Vec::new();
        for (n, lot, balance) in [
            (1u8, None, Some(5_000)),
            (2, Some(""), Some(-1)),
            (3, Some("批次 7"), Some(7)),
            (4, Some("gone"), None),
        ] {
            let item = [n; 16];
            let key = StockKey {
                bin: BinId::from_bytes(bin),
                item: ItemId::from_bytes(item),
                lot: lot.map(str::to_owned),
            };
            let key = [&site[..], &Subject::Stock(key).to_key()].concat();
            db.execute(
                "INSERT INTO subject (id, key, bin, item) VALUES (?1, ?2, ?3, ?4)",
                rusqlite::params![n, key, bin, item],
            )
            .unwrap();
            if let Some(balance) = balance {
                db.execute(
                    "INSERT INTO stock (subject, site, bin, item, lot, balance) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    rusqlite::params![n, site, bin, item, lot, balance],
                )
                .unwrap();
                expected.push((site, bin, item, lot.map(str::to_owned), i64::from(balance)));
            }
        }
        db.execute("INSERT INTO subject (id, key) VALUES (9, x'00')", [])
            .unwrap();
        migrate(&mut db).unwrap();
        let mut statement = db
            .prepare("SELECT site, bin, item, lot, balance FROM stock ORDER BY subject")
            .unwrap();
        let shown = statement
            .query_map([], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?))
            })
            .unwrap();
        assert_eq!(shown.map(Result::unwrap).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn exceptions_of_an_older_schema_are_shown_as_they_were() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate_by(&mut db, &MIGRATIONS[..6]).unwrap();
        let site = [1u8; 16];
        let pile = Subject::Stock(StockKey {
            bin: BinId::from_bytes([2; 16]),
            item: ItemId::from_bytes([3; 16]),
            lot: Some("7".to_owned()),
        });
        let code = Subject::Code(SiteId::from_bytes(site), "?".to_owned());
        let key = |subject: &Subject| [&site[..], &subject.to_key()].concat();
        // Of the pile's row nothing is left but what was found on it.
        db.execute("INSERT INTO subject (key) VALUES (?1)", [key(&code)])
            .unwrap();
        let hash = EventHash([0xab; 32]);
        for (n, subject, occurrence, evidence) in [
            (1u8, &pile, hash.hex(), hash.0.to_vec()),
            (2, &pile, "1".to_owned(), hash.0.to_vec()),
            (3, &code, "1".to_owned(), [7; 64].to_vec()),
        ] {
            db.execute(
                "INSERT INTO exception
                     (id, subject, kind, occurrence, site, opened, healed, evidence, book, counted, status, resolved_by)
                 VALUES (?1, ?2, 'k', ?3, ?4, x'05', NULL, ?5, 6, NULL, 2, x'09')",
                rusqlite::params![[n; 32], key(subject), occurrence, site, evidence],
            )
            .unwrap();
        }
        let shown = |db: &Connection| {
            let mut statement = db
                .prepare(
                    "SELECT id, subject, kind, occurrence, site, opened, healed, evidence, book, counted, status,
                            resolved_by FROM exception ORDER BY id",
                )
                .unwrap();
            let rows = statement
                .query_map([], |r| (0..12).map(|i| r.get::<_, Value>(i)).collect())
                .unwrap();
            rows.collect::<Result<Vec<Vec<_>>, _>>().unwrap()
        };
        let before = shown(&db);
        migrate(&mut db).unwrap();
        assert_eq!(shown(&db), before);
        assert_eq!(before.len(), 3);
    }

    #[test]
    fn without_the_key_the_file_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("replica.db");
        let key = DatabaseKey::from_bytes([7; 32]);
        let db = open(&path, Some(&key)).unwrap();
        db.execute(
            "INSERT INTO meta (key, value) VALUES ('secret-word', x'00')",
            [],
        )
        .unwrap();
        drop(db);
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(11).any(|w| w == b"secret-word"));
        assert!(!bytes.starts_with(b"SQLite format 3"));
        for wrong in [None, Some(DatabaseKey::from_bytes([8; 32]))] {
            let error = open(&path, wrong.as_ref()).unwrap_err();
            assert!(matches!(error, ReplicaError::Corrupt(_)), "{error:?}");
        }
        open(&path, Some(&key)).unwrap();
    }

    #[test]
    fn a_scrambled_file_is_told_as_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("replica.db");
        std::fs::write(&path, vec![0x5a; 8_192]).unwrap();
        assert_eq!(open(&path, None).unwrap_err().code(), "database-corrupt");
    }
}
