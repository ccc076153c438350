//! The real binaries with no server in reach: handhelds exchange directly, by file, by moving QR; one carries to the
//! server what another wrote.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::processes::{Handheld, Server};

const YEAR_S: i64 = 365 * 86_400;
const OPERATORS: [&str; 2] = ["TM-OP-0001", "TM-OP-0002"];
const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn handheld(folder: &Path, name: &str, clock_offset_s: i64) -> Result<Handheld> {
    Handheld::near(&folder.join(name), clock_offset_s, LOOPBACK)
}

/// Enrolled, up to date, signed in, and open to its neighbours.
fn enrolled(folder: &Path, server: &Server, n: usize) -> Result<Handheld> {
    enrol(handheld(folder, &format!("handheld-{n}"), 0)?, server, n)
}

/// The same without a network for neighbours.
fn enrolled_alone(folder: &Path, server: &Server, n: usize) -> Result<Handheld> {
    let handheld = Handheld::start(&folder.join(format!("handheld-{n}")), 0, None)?;
    enrol(handheld, server, n)
}

fn enrol(mut handheld: Handheld, server: &Server, n: usize) -> Result<Handheld> {
    handheld.must(&format!("enrol {} {} PDA-{n}", server.url, server.codes[n]))?;
    handheld.must("wait-synced")?;
    handheld.must(&format!("sign-in {}", OPERATORS[n]))?;
    Ok(handheld)
}

/// Receives some of an item, as an operator would scan it; how many events that wrote.
fn receive(handheld: &mut Handheld, bin: &str, item: &str, quantity: u64) -> Result<usize> {
    let mut events = 0;
    handheld.tell("open home")?;
    for line in [
        "open receive",
        &format!("scan {bin}"),
        &format!("scan {item}"),
        &format!("quantity {quantity}"),
        "action confirm",
        "action done",
    ] {
        events += handheld.tell(line)?["events"]
            .as_array()
            .map_or(0, Vec::len);
    }
    ensure!(events > 0, "nothing was written for {item}");
    Ok(events)
}

fn text<'a>(answer: &'a Value, field: &str) -> Result<&'a str> {
    answer[field].as_str().with_context(|| answer.to_string())
}

fn said(answer: &Value) -> &str {
    answer["feedback"]["code"].as_str().unwrap_or_default()
}

/// The QR of one is scanned by the other, which exchanges at once.
fn pair(shows: &mut Handheld, scans: &mut Handheld) -> Result<Value> {
    let shown = shows.must("pair")?;
    let pairing = text(&shown, "pairing")?.to_owned();
    scans.tell(&format!("scan {pairing}"))?;
    scans.tell("sync-neighbours")
}

#[test]
fn two_handhelds_agree_without_a_server_and_one_carries_for_the_other() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut handhelds = [
        enrolled(folder.path(), &server, 0)?,
        enrolled(folder.path(), &server, 1)?,
    ];
    server.kill();
    // One clock is ten years fast from here on: TLS must not mind.
    handhelds[1] = handhelds[1].restart_on(10 * YEAR_S)?;
    handhelds[1].must(&format!("sign-in {}", OPERATORS[1]))?;
    let mut written = 0;
    for (n, handheld) in handhelds.iter_mut().enumerate() {
        handheld.must("offline")?;
        for item in ["6903510000017", "6903510000024"] {
            written += receive(handheld, "R-01-1", item, 3 + n as u64)?;
        }
    }
    let [one, other] = &mut handhelds;
    let exchanged = pair(one, other)?;
    ensure!(
        exchanged["neighbours"][0]["state"] == "synced",
        "{exchanged}"
    );
    ensure!(exchanged["neighbours"][0]["name"] == "PDA-0", "{exchanged}");
    ensure!(one.state_hash()? == other.state_hash()?);
    let events = one.must("status")?["event_count"].clone();
    ensure!(events == other.must("status")?["event_count"], "{events}");
    // The screen names what is carried for whom.
    let shown = one.must("only-here")?;
    let carried = shown["groups"].as_array().into_iter().flatten();
    let carried = carried.filter(|g| g["kind"] == "carried");
    let names: Vec<&Value> = carried.map(|g| &g["title"]).collect();
    ensure!(names == ["PDA-1"], "{shown}");

    // The second handheld is never seen again; the first brings everything to the server.
    other.kill();
    server.restart()?;
    one.must("online")?;
    one.must("wait-synced")?;
    let hash = one.state_hash()?;
    one.kill();
    server.kill();
    let replica = server.replica()?;
    let site = replica.query().sites()?.first().context("a site")?.id;
    ensure!(replica.query().event_count()? >= written as u64);
    ensure!(events == replica.query().event_count()?, "{events}");
    ensure!(replica.state_hash(site)?.to_string() == hash);
    Ok(())
}

#[test]
fn a_customer_is_known_by_name_on_a_neighbour_with_no_server_in_reach() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut one = enrolled(folder.path(), &server, 0)?;
    let mut other = enrolled(folder.path(), &server, 1)?;
    server.kill();
    one.must("offline")?;
    other.must("offline")?;
    for line in [
        "open deposit",
        "text 钱多多",
        "action new-customer",
        "text 13900139000",
        "action skip",
        "action nothing-forbidden",
    ] {
        one.must(line)?;
    }
    let choosing = one.must("status")?;
    ensure!(choosing["screen"] == "task", "{choosing}");
    let category = text(&choosing["choices"][0], "id")?.to_owned();
    one.must(&format!("choose {category}"))?;
    let placed = one.must("action as-suggested")?;
    ensure!(said(&placed) == "pieces-put", "{placed}");
    let claim = text(&placed["facts"], "claim-code")?.to_owned();
    let exchanged = pair(&mut one, &mut other)?;
    ensure!(
        exchanged["neighbours"][0]["state"] == "synced",
        "{exchanged}"
    );
    other.must("open home")?;
    other.must("open release")?;
    let found = other.must(&format!("scan {claim}"))?;
    ensure!(said(&found) == "ticket-found", "{found}");
    ensure!(found["facts"]["customer-name"] == "钱多多", "{found}");
    Ok(())
}

#[test]
fn neighbours_find_each_other_by_themselves() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut one = enrolled(folder.path(), &server, 0)?;
    let mut other = enrolled(folder.path(), &server, 1)?;
    server.kill();
    one.must("offline")?;
    receive(&mut one, "R-01-1", "6903510000017", 5)?;
    other.must("offline")?;
    // Nobody presses anything: multicast on the loopback interface brings them together.
    let met = other.must("wait-neighbours 60")?;
    ensure!(met["neighbours"][0]["state"] == "synced", "{met}");
    ensure!(one.state_hash()? == other.state_hash()?);
    Ok(())
}

#[test]
fn strangers_are_refused_and_nothing_changes() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut home = Server::demo(&folder.path().join("home"))?;
    let mut away = Server::demo(&folder.path().join("away"))?;
    let mut one = enrolled(&folder.path().join("home"), &home, 0)?;
    let mut stranger = enrolled(&folder.path().join("away"), &away, 0)?;
    home.kill();
    away.kill();
    for handheld in [&mut one, &mut stranger] {
        handheld.must("offline")?;
        receive(handheld, "R-01-1", "6903510000017", 5)?;
    }
    let before = [one.state_hash()?, stranger.state_hash()?];
    let refused = pair(&mut one, &mut stranger)?;
    ensure!(
        refused["neighbours"][0]["state"] == "peer-stranger",
        "{refused}"
    );
    ensure!(before == [one.state_hash()?, stranger.state_hash()?]);

    // A QR that names another key than the one that answers: somebody stands between.
    let shown = one.must("pair")?;
    let mut parts: Vec<String> = text(&shown, "pairing")?
        .split('|')
        .map(str::to_owned)
        .collect();
    parts[2] = "ab".repeat(32);
    stranger.tell(&format!("scan {}", parts.join("|")))?;
    let refused = stranger.tell("sync-neighbours")?;
    let states = refused["neighbours"].as_array().context("neighbours")?;
    ensure!(
        states.iter().all(|n| n["state"] == "peer-stranger"),
        "{refused}"
    );
    Ok(())
}

#[test]
fn a_file_carries_everything_and_a_damaged_or_foreign_one_changes_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(&folder.path().join("home"))?;
    let mut away = Server::demo(&folder.path().join("away"))?;
    let mut one = enrolled_alone(&folder.path().join("home"), &server, 0)?;
    let mut other = enrolled_alone(&folder.path().join("home"), &server, 1)?;
    // It learns of the other one before the server is gone.
    one.must("wait-synced")?;
    let mut stranger = enrolled_alone(&folder.path().join("away"), &away, 0)?;
    server.kill();
    away.kill();
    for handheld in [&mut one, &mut other, &mut stranger] {
        handheld.must("offline")?;
    }
    receive(&mut one, "R-01-1", "6903510000017", 7)?;
    let file = folder.path().join("stick/one.tallyman");
    ensure!(said(&one.must(&format!("export {}", file.display()))?) == "exported");
    let before = other.state_hash()?;

    let damaged = folder.path().join("damaged.tallyman");
    let mut bytes = std::fs::read(&file)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, &bytes)?;
    let text = folder.path().join("text.tallyman");
    std::fs::write(&text, "not a parcel")?;
    for (path, code) in [
        (damaged.as_path(), "file-damaged"),
        (&text, "file-foreign"),
        (&folder.path().join("none.tallyman"), "file-missing"),
    ] {
        let refused = other.tell(&format!("import {}", path.display()))?;
        ensure!(said(&refused) == code, "{refused}");
        other.tell("acknowledge")?;
    }
    ensure!(other.state_hash()? == before);
    let refused = stranger.tell(&format!("import {}", file.display()))?;
    ensure!(said(&refused) == "file-other-organisation", "{refused}");

    for code in ["imported", "imported-nothing-new"] {
        let taken = other.must(&format!("import {}", file.display()))?;
        ensure!(said(&taken) == code, "{taken}");
        ensure!(one.state_hash()? == other.state_hash()?);
    }

    // The same file on the server.
    let hash = one.state_hash()?;
    one.kill();
    for expected in [" new", "0 new"] {
        let said = server.admin(&["import-parcel", &file.display().to_string()])?;
        ensure!(said.contains(expected), "{said}");
    }
    ensure!(
        server
            .admin(&["import-parcel", &damaged.display().to_string()])
            .is_err()
    );
    server.restart()?;
    other.must("online")?;
    other.must("wait-synced")?;
    ensure!(other.state_hash()? == hash);
    server.kill();
    let replica = server.replica()?;
    let site = replica.query().sites()?.first().context("a site")?.id;
    ensure!(replica.state_hash(site)?.to_string() == hash);
    Ok(())
}

#[test]
fn moving_qr_codes_cross_from_screen_to_camera() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut one = enrolled_alone(folder.path(), &server, 0)?;
    let mut other = enrolled_alone(folder.path(), &server, 1)?;
    // It learns of the other one before the server is gone.
    one.must("wait-synced")?;
    server.kill();
    for handheld in [&mut one, &mut other] {
        handheld.must("offline")?;
    }
    ensure!(
        said(&one.tell(&format!("qr-frames {} 1", folder.path().display()))?)
            == "nothing-to-hand-over"
    );
    for n in 0..10 {
        for item in ["6903510000017", "6903510000024", "JG-0003"] {
            receive(&mut one, "R-01-1", item, 2 + n)?;
        }
    }
    let shown = one.must(&format!("qr-frames {} 16", folder.path().display()))?;
    let files = shown["files"].as_array().context("files")?;
    // The camera misses every third picture and begins in the middle of the show.
    let mut last = Value::Null;
    for (n, file) in files.iter().enumerate().skip(1) {
        if n % 3 == 0 {
            continue;
        }
        last = other.tell(&format!(
            "scan-picture {}",
            file.as_str().context("a path")?
        ))?;
        if said(&last) == "imported" {
            break;
        }
    }
    ensure!(said(&last) == "imported", "{last}");
    ensure!(one.state_hash()? == other.state_hash()?);
    Ok(())
}

#[test]
fn a_neighbour_sets_up_a_replacement_that_reads_at_once_and_writes_once_enrolled() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut one = enrolled(folder.path(), &server, 0)?;
    server.kill();
    one.must("offline")?;
    receive(&mut one, "R-01-1", "6903510000017", 5)?;
    let shown = one.must("set-up-code")?;
    let code = text(&shown, "pairing")?.to_owned();
    // Its clock was reset to long ago.
    let mut new = handheld(folder.path(), "new", -10 * YEAR_S)?;
    let scanned = new.tell(&format!("scan {code}"))?;
    let done = new.must("wait-set-up")?;
    // A quick neighbour has answered before the wait begins.
    let either = [said(&scanned), said(&done)];
    ensure!(either.contains(&"set-up-done"), "{scanned} {done}");
    ensure!(one.state_hash()? == new.state_hash()?);
    new.must(&format!("sign-in {}", OPERATORS[1]))?;
    let stock = new.must("stock R-01-1")?;
    ensure!(
        stock["stock"].as_array().is_some_and(|s| !s.is_empty()),
        "{stock}"
    );
    let refused = new.tell("open receive")?;
    ensure!(said(&refused) == "stands-in", "{refused}");
    new.tell("acknowledge")?;

    // The QR served once.
    let mut late = handheld(folder.path(), "late", 0)?;
    let scanned = late.tell(&format!("scan {code}"))?;
    let refused = late.tell("wait-set-up")?;
    let either = [said(&scanned), said(&refused)];
    ensure!(either.contains(&"peer-secret-wrong"), "{scanned} {refused}");

    server.restart()?;
    let mut new = new.restart_on(0)?;
    new.must(&format!("enrol {} {} PDA-9", server.url, server.codes[1]))?;
    new.must("wait-synced")?;
    new.must(&format!("sign-in {}", OPERATORS[1]))?;
    receive(&mut new, "R-01-1", "6903510000024", 4)?;
    for handheld in [&mut one, &mut new] {
        handheld.must("online")?;
        handheld.must("wait-synced")?;
    }
    one.must("wait-synced")?;
    new.must("wait-synced")?;
    ensure!(one.state_hash()? == new.state_hash()?);
    Ok(())
}
