//! Parcel files with the work of handhelds that this server does not know, or knows no longer.

use std::path::Path;
use std::process::Command;

use crate::common::handheld::Handheld;
use crate::common::{NOW, Warehouse, item, operator, story};
use documents::{Certificate, SigningKey};
use domain::Goods;
use protocol::Parcel;
use sync_server::backup;
use sync_server::store::accounts::Role;

/// A warehouse, its backup, and what a handheld wrote that was enrolled after it and has never sent anything.
struct Late {
    warehouse: Warehouse,
    server_key: documents::PublicKey,
    parcel: Parcel,
}

impl Late {
    fn new() -> Self {
        let warehouse = Warehouse::new();
        backup::make(warehouse.folder.path(), &Self::copy(&warehouse), NOW).unwrap();
        let mut handheld = Handheld::enrol(&warehouse, "PDA 1", 1);
        for n in 1..4 {
            let body = story::received(1, Goods::of(item(n)), 5);
            handheld.record(operator(1), body, NOW);
        }
        Self {
            server_key: handheld.replica.identity().unwrap().server_key,
            parcel: exchange::parcel_for(&mut handheld.replica, &[], 1 << 20).unwrap(),
            warehouse,
        }
    }

    fn copy(warehouse: &Warehouse) -> std::path::PathBuf {
        warehouse.folder.path().join("backup")
    }

    fn restored(&self) -> Warehouse {
        Warehouse::restored(&Self::copy(&self.warehouse))
    }
}

fn file(parcel: &Parcel) -> Vec<u8> {
    carry::file::write(&[parcel.to_bytes()]).unwrap()
}

fn event_count(server: &Warehouse) -> u64 {
    server.hub.pump(NOW).unwrap();
    let replica = server.hub.replica().lock().unwrap();
    replica.query().event_count().unwrap()
}

fn import(data: &Path, file: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tallyman-server"))
        .args(["import-parcel", "--data"])
        .args([data, file])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn the_page_learns_a_handheld_that_a_restore_forgot_from_its_file() {
    let late = Late::new();
    let server = late.restored();
    assert_eq!(event_count(&server), 0);
    let mut browser = server.signed_in(Role::Supervisor).await;
    for words in ["新增", "内容都已有"] {
        let answer = browser
            .upload(
                "/devices",
                "/devices/parcels",
                "a.tallyman",
                &file(&late.parcel),
            )
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
        assert_eq!(event_count(&server), 3);
    }
    // Whoever reads the log learns the certificate from it, and so can verify the work.
    let reader = Handheld::enrol(&server, "PDA 2", 2);
    assert_eq!(reader.replica.query().event_count().unwrap(), 3);
}

#[test]
fn the_command_learns_a_handheld_that_a_restore_forgot_from_its_file() {
    let late = Late::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tallyman");
    std::fs::write(&path, file(&late.parcel)).unwrap();
    let data = folder.path().join("data");
    backup::restore(&Late::copy(&late.warehouse), &data).unwrap();
    let said = import(&data, &path);
    assert!(
        said.ends_with(" new segments, 0 chains that stopped early\n"),
        "{said}"
    );
    assert!(!said.starts_with("0 "), "{said}");
    assert_eq!(
        import(&data, &path),
        "0 new segments, 0 chains that stopped early\n"
    );
}

/// Only this server's word lets a device in: neither none nor another's.
#[tokio::test]
async fn a_file_without_this_servers_certificate_brings_nothing_and_is_counted_as_refused() {
    let late = Late::new();
    let server = late.restored();
    let own = Certificate::verify(&late.parcel.certificates[0], &late.server_key).unwrap();
    let foreign = own.sign(&SigningKey::from_seed(&[77; 32]));
    let mut browser = server.signed_in(Role::Supervisor).await;
    for certificates in [Vec::new(), vec![foreign.into()]] {
        let parcel = Parcel {
            certificates,
            ..late.parcel.clone()
        };
        let answer = browser
            .upload("/devices", "/devices/parcels", "a.tallyman", &file(&parcel))
            .await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("新增 0 段"), "{}", answer.body);
        assert_eq!(event_count(&server), 0);
    }
    let page = browser.get("/refused").await.body;
    assert!(page.contains("导入的文件"), "{page}");
}
