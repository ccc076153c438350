//! The real binaries: a copied handheld becomes one of its own, another key is taken, a handheld moves to another site.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use documents::catalogue::Site;
use domain::{DeviceId, SiteId};
use sync_server::clock::Clock;
use sync_server::hub::Hub;
use sync_server::store::Database;
use tests::processes::{Handheld, Server};
use tests::sim::supervisor::decision;

const OPERATOR: &str = "TM-OP-0001";

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn receive(handheld: &mut Handheld, quantity: u64) -> Result<()> {
    handheld.must(&format!("sign-in {OPERATOR}"))?;
    handheld.tell("open home")?;
    for line in [
        "open receive",
        "scan R-01-1",
        "scan JG-0003",
        &format!("quantity {quantity}"),
        "action confirm",
        "action done",
    ] {
        handheld.tell(line)?;
    }
    Ok(())
}

fn stock(handheld: &mut Handheld) -> Result<String> {
    let stock = handheld.must("stock R-01-1")?;
    let rows = stock["stock"].as_array().context("rows")?;
    let row = rows.iter().find(|row| row["sku"] == "JG-0003");
    Ok(row.map_or_else(String::new, |row| {
        row["quantity"].as_str().unwrap_or_default().to_owned()
    }))
}

/// Something that an administrator does, while the server is down.
fn on_the_server<T>(server: &mut Server, act: impl FnOnce(&Hub, i64) -> Result<T>) -> Result<T> {
    server.kill();
    let now = Clock::system().now();
    let database = std::sync::Arc::new(Database::open(&server.data().join("hub.db"))?);
    let hub = Hub::open(server.data(), database, now)?;
    let done = act(&hub, now)?;
    drop(hub);
    server.restart()?;
    Ok(done)
}

fn devices(hub: &Hub) -> Result<Vec<(String, DeviceId)>> {
    let rows = hub.devices()?;
    Ok(rows.into_iter().map(|d| (d.name, d.device)).collect())
}

#[test]
fn a_copy_of_a_handheld_loses_nothing_and_counts_once_it_is_released() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut own = Handheld::start(&folder.path().join("own"), 0, None)?;
    own.must(&format!("enrol {} {}", server.url, server.codes[0]))?;
    own.must("wait-synced")?;
    receive(&mut own, 3)?;
    own.must("wait-synced")?;
    own.kill();
    for of in ["", ".config"] {
        let (from, to) = (format!("own{of}"), format!("copy{of}"));
        copy_folder(&folder.path().join(from), &folder.path().join(to))?;
    }

    let mut own = Handheld::start(&folder.path().join("own"), 0, None)?;
    let mut copy = Handheld::start(&folder.path().join("copy"), 0, None)?;
    own.must("offline")?;
    copy.must("offline")?;
    receive(&mut own, 5)?;
    receive(&mut copy, 7)?;
    assert_eq!(
        (stock(&mut own)?, stock(&mut copy)?),
        ("8".into(), "10".into())
    );
    own.must("online")?;
    own.must("wait-synced")?;
    copy.must("online")?;
    copy.must("wait-synced")?;
    own.must("wait-synced")?;
    assert_eq!(
        stock(&mut own)?,
        "8",
        "what the copy wrote waits for a supervisor"
    );
    assert_eq!(stock(&mut copy)?, "8");

    on_the_server(&mut server, |hub, now| {
        let known = devices(hub)?;
        ensure!(known.len() == 2, "{known:?}");
        let copied = known.iter().find(|(name, _)| name.ends_with("(2)"));
        let (_, copied) = copied.context("the copy has a name of its own")?;
        let replica = hub.replica();
        let runs = replica.lock().ok().context("lock")?.query().quarantine()?;
        ensure!(runs.iter().all(|run| run.device == *copied), "{runs:?}");
        ensure!(!runs.is_empty(), "its work is to be decided about");
        for run in &runs {
            hub.commit(decision(run, true), now)?;
        }
        hub.trust(*copied, now)?;
        Ok(())
    })?;
    receive(&mut copy, 1)?;
    copy.must("wait-synced")?;
    own.must("wait-synced")?;
    copy.must("wait-synced")?;
    assert_eq!(
        (stock(&mut own)?, stock(&mut copy)?),
        ("16".into(), "16".into())
    );
    assert_eq!(own.state_hash()?, copy.state_hash()?);
    Ok(())
}

#[test]
fn a_handheld_takes_a_new_key_and_moves_to_another_site_and_back() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut handheld = Handheld::start(&folder.path().join("own"), 0, None)?;
    handheld.must(&format!("enrol {} {}", server.url, server.codes[0]))?;
    handheld.must("wait-synced")?;
    receive(&mut handheld, 3)?;
    handheld.must("wait-synced")?;
    let before = handheld.state_hash()?;

    let (device, home) = on_the_server(&mut server, |hub, _| {
        let row = hub.devices()?.into_iter().next().context("a device")?;
        ensure!(hub.rotate_key(row.device)?, "asked");
        Ok((row.device, row.site))
    })?;
    handheld.must("wait-synced")?;
    receive(&mut handheld, 2)?;
    handheld.must("wait-synced")?;
    assert_eq!(stock(&mut handheld)?, "5");

    let beijing = SiteId::from_bytes([0x77; 16]);
    on_the_server(&mut server, |hub, now| {
        let replica = hub.replica();
        let runs = replica.lock().ok().context("lock")?.query().quarantine()?;
        ensure!(runs.is_empty(), "a new key is trusted: {runs:?}");
        let site = Site {
            id: beijing,
            code: "BJ2".into(),
            name_en: "Beijing 2".into(),
            name_zh: "北京二号仓".into(),
            time_zone: "Asia/Shanghai".into(),
        };
        hub.create_site(&site, now)?;
        ensure!(hub.move_device(device, beijing)?, "asked");
        Ok(())
    })?;
    for _ in 0..5 {
        handheld.must("wait-synced")?;
        if handheld.must("status")?["event_count"] == 0 {
            break;
        }
    }
    assert_ne!(handheld.state_hash()?, before);
    let gone = handheld.tell("stock R-01-1")?;
    ensure!(
        gone["ok"] == false || gone["stock"].as_array().is_none_or(Vec::is_empty),
        "{gone}"
    );
    let status = handheld.must("status")?;
    assert_eq!(
        status["event_count"], 0,
        "the old site was dropped: {status}"
    );

    on_the_server(&mut server, |hub, _| {
        ensure!(hub.move_device(device, home)?, "asked");
        Ok(())
    })?;
    // An exchange that says so, a renewal, and an exchange that reads the other site; a slow machine is told "synced"
    // in between.
    for _ in 0..5 {
        handheld.must("wait-synced")?;
        if stock(&mut handheld)? == "5" {
            return Ok(());
        }
    }
    panic!("the first site did not come back");
}
