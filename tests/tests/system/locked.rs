//! The real binaries: a handheld is locked on the console while it is away, hears of it, and is unlocked.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::console::Console;
use tests::processes::{Handheld, Server};

const OPERATOR: &str = "TM-OP-0001";
const DAY_S: i64 = 86_400;

/// Receives three of an item; returns the answers' events.
fn receive(handheld: &mut Handheld) -> Result<Vec<Value>> {
    let mut events = Vec::new();
    handheld.tell("open home")?;
    for line in [
        "open receive",
        "scan R-01-1",
        "scan 6903510000017",
        "quantity 3",
        "action confirm",
        "action done",
    ] {
        let answer = handheld.tell(line)?;
        events.extend(answer["events"].as_array().into_iter().flatten().cloned());
    }
    Ok(events)
}

/// The device's own page: the first of the list that is no server.
fn device_of(console: &mut Console) -> Result<String> {
    let page = console.open("/devices")?;
    let (_, rest) = page
        .body
        .split_once("/devices/invite")
        .context("the form for new devices")?;
    let (_, rest) = rest.split_once("action=\"/devices/").context("a device")?;
    let id = rest.split('/').next().context("its id")?;
    Ok(format!("/devices/{id}"))
}

/// Exchanges until the screen is so.
fn until(handheld: &mut Handheld, screen: &str) -> Result<Value> {
    for _ in 0..200 {
        let answer = handheld.tell("sync")?;
        if answer["screen"] == screen {
            return Ok(answer);
        }
        handheld.tell("sleep 100")?;
    }
    anyhow::bail!("the screen is never {screen}")
}

#[test]
fn a_locked_handheld_sends_what_it_holds_and_records_nothing_until_it_is_unlocked() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::demo(folder.path())?;
    let mut handheld = Handheld::start(&folder.path().join("handheld"), -DAY_S, None)?;
    handheld.must(&format!("enrol {} {}", server.url, server.codes[0]))?;
    handheld.must("wait-synced")?;
    handheld.must(&format!("sign-in {OPERATOR}"))?;
    let mut console = Console::sign_in(&server.sign_in_link)?;
    let device = device_of(&mut console)?;
    let lock = format!("{device}/lock");

    // Away: it has not heard yet, and what is recorded is real.
    handheld.must("offline")?;
    let fields = [("locked", "yes"), ("text", "Bring it to the office")];
    console.send_form("/devices", &lock, &fields)?;
    let events = receive(&mut handheld)?;
    ensure!(
        !events.is_empty(),
        "work goes on while nobody has said otherwise"
    );
    handheld.tell("online")?;
    let answer = until(&mut handheld, "locked")?;
    ensure!(answer["operator"].is_null(), "{answer}");

    // Behind the lock, and after a restart with no server in reach.
    handheld = handheld.restart()?;
    let answer = handheld.tell("offline")?;
    ensure!(answer["screen"] == "locked", "{answer}");
    for line in [
        "scan R-01-1",
        &format!("sign-in {OPERATOR}"),
        "open receive",
    ] {
        let answer = handheld.tell(line)?;
        ensure!(answer["screen"] == "locked", "{line}: {answer}");
        let written = answer["events"].as_array().map_or(0, Vec::len);
        ensure!(written == 0, "{line}: {answer}");
    }
    let answer = handheld.tell("scan R-01-1")?;
    ensure!(answer["feedback"]["code"] == "device-locked", "{answer}");
    let page = console.open(&device)?.body;
    ensure!(page.contains("Bring it to the office"), "{page}");

    console.send_form("/devices", &lock, &[("locked", "no")])?;
    until(&mut handheld, "sign-in")?;
    handheld.must(&format!("sign-in {OPERATOR}"))?;
    ensure!(!receive(&mut handheld)?.is_empty(), "it records again");
    handheld.must("wait-synced")?;
    let hash = handheld.state_hash()?;
    let mut server = server;
    server.kill();
    let replica = server.replica()?;
    let query = replica.query();
    let site = query.sites()?.first().context("a site")?.id;
    ensure!(replica.state_hash(site)?.to_string() == hash);
    for event in &events {
        let event = event.as_str().and_then(domain::EventHash::from_hex);
        let event = event.context("a hash")?;
        ensure!(query.event_by_hash(event)?.is_some(), "{event} is missing");
    }
    Ok(())
}
