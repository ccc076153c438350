//! Backup, verify, restore: beside a running hub, damaged in every file, of an older schema.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::handheld::Handheld;
use crate::common::{MINUTE, NOW, Warehouse, bin, item, operator, units};
use documents::Partition;
use domain::{BlobKind, BlobRef, EventBody, Goods};
use protocol::{BlobChunk, BlobRequest};
use sync_server::backup::{BackupError, Mark, make, restore, verify};
use sync_server::hub::Hub;
use sync_server::store::{Database, StoreError, newest_version};
use sync_server::tls;

const JPEG: &[u8] = b"\xff\xd8\xff and the rest of a picture";

fn receipt(n: u8) -> EventBody {
    EventBody::Received {
        bin: bin(1),
        goods: Goods::of(item(n)),
        quantity: units(2),
    }
}

/// A server with work of a handheld, a photo and a certificate of its own.
fn warehouse() -> (Warehouse, Handheld) {
    let warehouse = Warehouse::new();
    tls::self_signed(warehouse.folder.path(), vec!["localhost".to_owned()]).unwrap();
    let mut handheld = Handheld::enrol(&warehouse, "PDA 1", 1);
    for n in 1..4 {
        handheld.record(operator(1), receipt(n), NOW);
        handheld.sync(&warehouse, NOW);
    }
    let photo = BlobRequest {
        versions: protocol::VERSIONS,
        ask: Vec::new(),
        chunk: Some(BlobChunk {
            blob: BlobRef::of(JPEG, "image/jpeg", BlobKind::Photo),
            offset: 0,
            bytes: JPEG.to_vec(),
        }),
    };
    let taken = warehouse.hub.take_blob(handheld.token(), &photo, NOW);
    assert!(taken.unwrap().is_ok());
    (warehouse, handheld)
}

fn state(hub: &Hub, warehouse: &Warehouse) -> String {
    let replica = hub.replica().lock().unwrap();
    replica.state_hash(warehouse.site).unwrap().to_string()
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(all_files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

#[test]
fn a_backup_beside_a_running_hub_is_sound_and_becomes_a_server_that_goes_on() {
    let (warehouse, mut handheld) = warehouse();
    let (to, data) = (
        warehouse.folder.path().join("backup"),
        warehouse.folder.path().join("restored"),
    );
    let made = make(warehouse.folder.path(), &to, NOW).unwrap();
    assert!(made.missing.is_empty());
    let before = state(&warehouse.hub, &warehouse);
    let mark = warehouse.database.read(Mark::load).unwrap().unwrap();
    assert_eq!((mark.at, &mark.log), (NOW, &made.manifest.log));
    let site = Partition::Site(warehouse.site);
    assert!(mark.number(Partition::Shared) > 1 && mark.number(site) > 3);

    let report = verify(&to);
    assert_eq!(report.problems, [""; 0], "{:?}", report.found);
    assert!(
        report
            .found
            .iter()
            .any(|l| l.contains("1 of 1 that the database names"))
    );

    // What comes now is not in the backup.
    handheld.record(operator(1), receipt(4), NOW);
    handheld.sync(&warehouse, NOW);
    assert_ne!(state(&warehouse.hub, &warehouse), before);

    restore(&to, &data).unwrap();
    assert_eq!(
        fs::read(data.join("tls-key.pem")).unwrap(),
        fs::read(warehouse.folder.path().join("tls-key.pem")).unwrap()
    );
    let database = Arc::new(Database::open(&data.join("hub.db")).unwrap());
    assert_eq!(database.read(Mark::load).unwrap().unwrap(), mark);
    let hub = Hub::open(&data, database, NOW + MINUTE).unwrap();
    assert_ne!(hub.organisation().epoch, warehouse.hub.organisation().epoch);
    let chain = |hub: &Hub| hub.replica().lock().unwrap().own_chain(Partition::Shared);
    assert_ne!(chain(&hub), chain(&warehouse.hub));
    let query_events = |hub: &Hub| hub.replica().lock().unwrap().query().event_count().unwrap();
    assert_eq!(query_events(&hub), query_events(&warehouse.hub) - 1);
    let photo = hub.blob_content(BlobRef::of(JPEG, "image/jpeg", BlobKind::Photo).id);
    assert_eq!(photo.unwrap().unwrap().1, JPEG);

    let again = make(&data, &warehouse.folder.path().join("second"), NOW + MINUTE);
    assert!(again.unwrap().manifest.log[0].number > made.manifest.log[0].number);
    assert_eq!(
        verify(&warehouse.folder.path().join("second")).problems,
        [""; 0]
    );
}

#[test]
fn whichever_file_is_damaged_is_named() {
    let (warehouse, _) = warehouse();
    let to = warehouse.folder.path().join("backup");
    make(warehouse.folder.path(), &to, NOW).unwrap();
    let files = all_files(&to);
    assert_eq!(files.len(), 6, "{files:?}");
    for path in files {
        let sound = fs::read(&path).unwrap();
        let name = path.strip_prefix(&to).unwrap().display().to_string();
        for at in [0, sound.len() / 2, sound.len() - 1] {
            let mut bad = sound.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            let problems = verify(&to).problems;
            assert!(
                problems[0].contains(&name),
                "byte {at} of {name}: {problems:?}"
            );
        }
        fs::remove_file(&path).unwrap();
        let problems = verify(&to).problems;
        assert!(problems[0].contains(&name), "{name} is gone: {problems:?}");
        let refused = restore(&to, &warehouse.folder.path().join("restored"));
        assert!(matches!(refused, Err(BackupError::Damaged(_))));
        fs::write(&path, &sound).unwrap();
    }
    assert_eq!(verify(&to).problems, [""; 0]);
}

/// Every file has its right hash, and still the log is not what was signed.
#[test]
fn a_log_that_was_changed_before_the_backup_is_found() {
    for (change, said) in [
        (
            "DELETE FROM hub_log WHERE partition <> x'' AND number = 2",
            "is missing",
        ),
        (
            "UPDATE hub_log SET accepted_at = accepted_at + 1 WHERE number = 3",
            "not signed by the server",
        ),
        (
            "UPDATE hub_log SET signature = zeroblob(64) WHERE number = 2",
            "signature",
        ),
        ("UPDATE hub_log SET body = x'00' WHERE number = 2", "body"),
        (
            "UPDATE hub_log SET running_hash = zeroblob(32) WHERE number = 1",
            "running hash",
        ),
        (
            "DELETE FROM hub_log WHERE partition <> x'' AND number = 1",
            "is missing",
        ),
        (
            "DELETE FROM hub_chain WHERE device IN (SELECT device FROM hub_device)",
            "no certificate",
        ),
        (
            "DELETE FROM hub_meta WHERE name = 'organisation'",
            "no organisation",
        ),
    ] {
        let (warehouse, _) = warehouse();
        warehouse
            .database
            .write(|t| Ok::<_, StoreError>(t.execute_batch(change)?))
            .unwrap();
        let to = warehouse.folder.path().join("backup");
        make(warehouse.folder.path(), &to, NOW).unwrap();
        let problems = verify(&to).problems;
        assert!(
            problems.iter().any(|p| p.contains(said)),
            "{change}: {problems:?}"
        );
    }
}

#[test]
fn an_older_backup_is_brought_forward() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = (folder.path().join("data"), folder.path().join("backup"));
    fs::create_dir(&data).unwrap();
    let released = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/databases/0.1.0/hub.db");
    fs::copy(released, data.join("hub.db")).unwrap();
    let made = make(&data, &to, NOW).unwrap();
    assert_eq!(made.manifest.schema, 2, "a backup changes no schema");
    let report = verify(&to);
    assert_eq!(report.problems, [""; 0], "{:?}", report.found);
    restore(&to, &folder.path().join("restored")).unwrap();
    let path = folder.path().join("restored/hub.db");
    let restored = Arc::new(Database::open(&path).unwrap());
    let schema: u32 = restored
        .read(|c| Ok::<_, StoreError>(c.pragma_query_value(None, "user_version", |r| r.get(0))?))
        .unwrap();
    assert_eq!(schema, newest_version());
    let hub = Hub::open(&folder.path().join("restored"), restored, NOW).unwrap();
    assert_eq!(
        hub.replica().lock().unwrap().query().event_count().unwrap(),
        51
    );
    assert_eq!(
        verify(&to).problems,
        [""; 0],
        "the old backup stays as it was"
    );
}

#[test]
fn nothing_is_written_over() {
    let (warehouse, _) = warehouse();
    let (data, to) = (
        warehouse.folder.path(),
        warehouse.folder.path().join("backup"),
    );
    make(data, &to, NOW).unwrap();
    assert!(matches!(
        make(data, &to, NOW),
        Err(BackupError::NotEmpty(_))
    ));
    assert!(matches!(restore(&to, data), Err(BackupError::NotEmpty(_))));
    let empty = tempfile::tempdir().unwrap();
    let nothing = make(empty.path(), &data.join("other"), NOW);
    assert!(matches!(nothing, Err(BackupError::NoData(_))));
    fs::create_dir(data.join("third.partial")).unwrap();
    let cut_off = make(data, &data.join("third"), NOW);
    assert!(matches!(cut_off, Err(BackupError::CutOff(_))));
}

#[test]
fn a_photo_that_the_server_lost_is_told_and_the_rest_is_kept() {
    let (warehouse, _) = warehouse();
    let hash = BlobRef::of(JPEG, "image/jpeg", BlobKind::Photo).id.hex();
    let name = format!("blobs/{}/{hash}", &hash[..2]);
    fs::write(warehouse.folder.path().join(&name), b"something else").unwrap();
    let to = warehouse.folder.path().join("backup");
    let made = make(warehouse.folder.path(), &to, NOW).unwrap();
    assert_eq!(made.missing, std::slice::from_ref(&name));
    let report = verify(&to);
    assert_eq!(report.problems, [""; 0]);
    assert!(report.found.iter().any(|line| line.contains(&name)));
}

#[test]
fn devices_are_told_how_far_the_server_is_backed_up() {
    let (warehouse, mut handheld) = warehouse();
    let partition = Partition::Site(warehouse.site);
    let told = |handheld: &mut Handheld| {
        let request = handheld.request(partition, NOW);
        let reply = warehouse.hub.sync(handheld.token(), request, NOW);
        reply.unwrap().unwrap().partitions[0].backed_up
    };
    assert_eq!(told(&mut handheld), 0, "there is no backup");
    let out = warehouse.folder.path().join("out");
    make(warehouse.folder.path(), &out, NOW).unwrap();
    let backed_up = handheld.replica.cursor(partition).unwrap().unwrap().number;
    assert_eq!(told(&mut handheld), backed_up);
    handheld.record(operator(1), receipt(1), NOW);
    handheld.sync(&warehouse, NOW);
    assert_eq!(told(&mut handheld), backed_up, "what came since is in none");
    let request = handheld.request(partition, NOW);
    let mut reply = warehouse
        .hub
        .sync(handheld.token(), request, NOW)
        .unwrap()
        .unwrap();
    exchange::snapshot::take_offers(&mut handheld.replica, &mut reply).unwrap();
    assert_eq!(handheld.replica.backed_up(partition).unwrap(), backed_up);
}
