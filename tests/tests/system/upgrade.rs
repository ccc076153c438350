//! Databases of every release open in today's program, show what they showed, and sync.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use anyhow::{Context, Result};
use documents::{Partition, SigningKey};
use domain::DeviceId;
use replica::{Identity, OpenOptions, Replica};
use rusqlite::Connection;
use sync_server::hub::Hub;
use sync_server::store::{Database, StoreError, hub_log};
use testkit::random::Random;
use tests::databases::{self, Expected, KEPT_HANDHELD, LAST_WRITTEN, Shown};
use tests::fleet::{Handheld, HubHost, SITE, Wire, key_of};

const LATER: i64 = LAST_WRITTEN + 60_000;

fn released() -> Result<Vec<PathBuf>> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/databases");
    let mut folders: Vec<PathBuf> = fs::read_dir(all)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    anyhow::ensure!(!folders.is_empty(), "there is no released database");
    Ok(folders)
}

/// A copy to work on, with what it must show.
fn copy(release: &Path) -> Result<(tempfile::TempDir, Expected)> {
    let folder = tempfile::tempdir()?;
    for name in ["hub.db", "handheld.db"] {
        fs::copy(release.join(name), folder.path().join(name))?;
    }
    let expected = serde_json::from_slice(&fs::read(release.join("expected.json"))?)?;
    Ok((folder, expected))
}

/// Where each log ends before today's server adds to it: without its replica it is a new node, which introduces itself.
fn log_ends(folder: &Path) -> Result<Vec<(Partition, u64)>> {
    let database = Database::open(&folder.join("hub.db"))?;
    database.read(|c| {
        let partitions = hub_log::partitions(c)?.into_iter();
        partitions
            .map(|partition| Ok((partition, hub_log::end(c, partition)?.number)))
            .collect()
    })
}

/// What a replica shows that has read the log up to there.
fn folded_from_log(folder: &Path, hub: &Hub, ends: &[(Partition, u64)]) -> Result<Shown> {
    let organisation = hub.organisation();
    let mut reader = Replica::open(OpenOptions::memory([9; 8]))?;
    let identity = Identity {
        organisation: organisation.id,
        device: DeviceId::from_bytes([9; 16]),
        device_name: String::new(),
        site: SITE,
        key: SigningKey::from_seed(&[9; 32]),
        server_key: organisation.key.public(),
        server_url: String::new(),
        pinned_certificate: None,
        token: String::new(),
        pepper: organisation.pepper,
    };
    let certificates = hub
        .replica()
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .certificates()?;
    reader.enrol(identity, &certificates)?;
    let database = Database::open(&folder.join("hub.db"))?;
    for (partition, end) in ends {
        let read = |c: &Connection| hub_log::entries_after(c, *partition, 0, None, usize::MAX);
        let (mut entries, _) = database.read(read)?;
        entries.retain(|entry| entry.number <= *end);
        let done = reader.ingest(*partition, organisation.epoch, &entries, LATER)?;
        assert_eq!((done.cursor.number, done.rejected), (*end, None));
    }
    Shown::of(&reader, SITE)
}

fn open_and_sync(folder: &Path, expected: &Expected) -> Result<()> {
    let mut handheld = Handheld::open(&folder.join("handheld.db"), KEPT_HANDHELD)?;
    let shown = Shown::of(&handheld.replica, SITE)?;
    assert_eq!(shown, expected.handheld, "the handheld");

    let released = log_ends(folder)?;
    let host = HubHost::open(folder, LATER)?;
    assert_eq!(
        folded_from_log(folder, host.get(), &released)?,
        expected.server,
        "the server, folded from its log"
    );
    let server = || {
        Shown::of(
            &host
                .get()
                .replica()
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
            SITE,
        )
    };
    let mut random = Random::new(1);
    assert!(handheld.exchange(host.get(), Wire::Good, LATER, &mut random)?);
    host.get().pump(LATER)?;
    let (here, there) = (Shown::of(&handheld.replica, SITE)?, server()?);
    assert_eq!(here, there);
    assert_eq!(here.events, expected.handheld.events);
    assert_eq!((here.waiting_events, here.waiting_edits), (0, 0));

    handheld.replica.rebuild()?;
    assert_eq!(Shown::of(&handheld.replica, SITE)?, there, "folded again");
    Ok(())
}

#[test]
fn databases_of_every_release_open_show_the_same_and_sync() -> Result<()> {
    for release in released()? {
        let (folder, expected) = copy(&release)?;
        open_and_sync(folder.path(), &expected).with_context(|| release.display().to_string())?;
        for name in ["hub.db", "handheld.db"] {
            let bytes = fs::metadata(release.join(name))?.len();
            // A handheld's schema alone takes 65 pages of 4 KiB.
            assert!(
                bytes < 400_000,
                "{name} of {bytes} bytes is too large to keep"
            );
        }
    }
    Ok(())
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_is() -> Result<()> {
    let (folder, _) = copy(&released()?[0])?;
    let (hub, handheld) = (
        folder.path().join("hub.db"),
        folder.path().join("handheld.db"),
    );
    for (path, key) in [(&hub, None), (&handheld, Some(key_of(KEPT_HANDHELD)))] {
        let connection = Connection::open(path)?;
        if let Some(key) = key {
            let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
            connection.pragma_update(None, "key", format!("x'{hex}'"))?;
        }
        connection.pragma_update(None, "user_version", 9_999)?;
    }
    let before = (fs::read(&hub)?, fs::read(&handheld)?);
    assert!(matches!(
        Database::open(&hub).err(),
        Some(StoreError::TooNew { found: 9_999, .. })
    ));
    let refused = Handheld::open(&handheld, KEPT_HANDHELD)
        .err()
        .context("refused")?;
    let code = refused
        .downcast_ref::<replica::ReplicaError>()
        .map(|e| e.code());
    assert_eq!(code, Some("database-newer"));
    assert!(before == (fs::read(&hub)?, fs::read(&handheld)?));
    Ok(())
}

#[test]
fn the_generator_writes_what_the_test_reads() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let expected = databases::write(folder.path())?;
    let work = &expected.handheld;
    assert!(work.events > 50 && work.open_exceptions > 0 && work.waiting_events == 3);
    assert_eq!((work.field_conflicts, work.waiting_edits), (1, 1));
    open_and_sync(folder.path(), &expected)?;
    assert!(
        databases::write(folder.path()).is_err(),
        "never written again"
    );
    Ok(())
}
