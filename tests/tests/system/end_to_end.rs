//! The real binaries: handhelds cut off for days, killed in the middle of work, a server that dies during a sync.

use anyhow::{Context, Result, ensure};
use domain::EventHash;
use serde_json::Value;
use testkit::random::Random;
use tests::processes::{Handheld, Server};

const DAY_S: i64 = 86_400;
const OPERATORS: [&str; 2] = ["TM-OP-0001", "TM-OP-0002"];
const PEOPLE: &str = include_str!("../../../fixtures/demo-site/operators.csv");

fn enrolled(
    folder: &std::path::Path,
    server: &Server,
    n: usize,
    clock_offset_s: i64,
) -> Result<Handheld> {
    let mut handheld =
        Handheld::start(&folder.join(format!("handheld-{n}")), clock_offset_s, None)?;
    handheld.must(&format!("enrol {} {}", server.url, server.codes[n]))?;
    handheld.must("wait-synced")?;
    handheld.must(&format!("sign-in {}", OPERATORS[n]))?;
    Ok(handheld)
}

/// The hashes of the events that an answer says are on the disk.
fn acknowledged(answer: &Value) -> Vec<EventHash> {
    let hashes = answer["events"].as_array().into_iter().flatten();
    hashes
        .filter_map(|h| EventHash::from_hex(h.as_str()?))
        .collect()
}

/// Every acknowledged event is in the server's replica; its own hash is returned.
fn check_server(server: &mut Server, expected: &[EventHash]) -> Result<String> {
    server.kill();
    let replica = server.replica()?;
    let query = replica.query();
    for hash in expected {
        ensure!(
            query.event_by_hash(*hash)?.is_some(),
            "event {hash} was acknowledged and is missing"
        );
    }
    let site = query.sites()?.first().context("a site")?.id;
    Ok(replica.state_hash(site)?.to_string())
}

/// Receives `quantity` of an item into a bin, as an operator would scan it.
fn receive(
    handheld: &mut Handheld,
    bin: &str,
    item: &str,
    quantity: u64,
) -> Result<Vec<EventHash>> {
    let mut events = Vec::new();
    handheld.tell("open home")?;
    for line in [
        "open receive",
        &format!("scan {bin}"),
        &format!("scan {item}"),
        &format!("quantity {quantity}"),
        "action confirm",
        "action done",
    ] {
        events.extend(acknowledged(&handheld.tell(line)?));
    }
    Ok(events)
}

#[test]
fn two_handhelds_days_offline_on_the_same_bins_and_item_end_with_equal_hashes() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut handhelds = Vec::new();
    for n in 0..2 {
        handhelds.push(enrolled(folder.path(), &server, n, -3 * DAY_S)?);
    }
    let mut expected = Vec::new();
    for day in 0..3 {
        for (n, handheld) in handhelds.iter_mut().enumerate() {
            *handheld = handheld.restart_on((day - 3) * DAY_S)?;
            handheld.must("offline")?;
            handheld.must(&format!("sign-in {}", OPERATORS[n]))?;
            for item in ["6903510000017", "6903510000024", "JG-0003"] {
                let written = receive(handheld, "R-01-1", item, 2 + n as u64)?;
                ensure!(!written.is_empty(), "nothing was written for {item}");
                expected.extend(written);
            }
            handheld.must(&format!(
                "[\"edit-item\",\"JG-0004\",\"name_zh=第{day}天由{n}号改名\"]"
            ))?;
        }
    }
    for handheld in &mut handhelds {
        let status = handheld.must("status")?;
        ensure!(status["waiting_events"] == 9, "{status}");
    }
    for _ in 0..2 {
        for handheld in &mut handhelds {
            handheld.must("online")?;
            handheld.must("wait-synced")?;
        }
    }
    let hashes = handhelds
        .iter_mut()
        .map(Handheld::state_hash)
        .collect::<Result<Vec<_>>>()?;
    assert_eq!(hashes[0], hashes[1]);
    let stock = handhelds[0].must("stock R-01-1")?;
    let pile = stock["stock"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["sku"] == "JG-0001");
    assert_eq!(pile.context("the pile")?["quantity"], "15", "{stock}");
    assert_eq!(check_server(&mut server, &expected)?, hashes[0]);
    let conflicts = server.replica()?.query().field_conflicts()?;
    assert_eq!(
        (conflicts.len(), conflicts[0].values.len()),
        (1, 2),
        "both names are kept"
    );
    Ok(())
}

#[test]
fn a_handheld_killed_at_random_moments_loses_nothing_that_it_acknowledged() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut handheld = enrolled(folder.path(), &server, 0, 0)?;
    let mut random = Random::new(7);
    let mut expected: Vec<EventHash> = Vec::new();
    for round in 0..12 {
        if round % 3 == 0 {
            handheld.must("offline")?;
        } else {
            handheld.must("online")?;
        }
        handheld.must(&format!("sign-in {}", OPERATORS[0]))?;
        // Work that was cut off is still there, and is left.
        handheld.tell("open home")?;
        handheld.tell("open receive")?;
        handheld.tell("scan R-01-2")?;
        // Lines are sent ahead, so that the kill falls into the work and not between two answers.
        for n in 0..40 {
            handheld.send(&format!(
                "scan {}",
                ["6903510000017", "6903510000024"][n % 2]
            ))?;
        }
        for _ in 0..random.below(30) {
            if let Some(answer) = handheld.answer()? {
                expected.extend(acknowledged(&answer));
            }
        }
        handheld.kill();
        while let Some(answer) = handheld.answer().unwrap_or(None) {
            expected.extend(acknowledged(&answer));
        }
        handheld = handheld.restart()?;
    }
    ensure!(
        expected.len() > 50,
        "only {} events were acknowledged",
        expected.len()
    );
    handheld.must("online")?;
    handheld.must("wait-synced")?;
    let hash = handheld.state_hash()?;
    assert_eq!(check_server(&mut server, &expected)?, hash);
    Ok(())
}

#[test]
fn a_server_killed_in_mid_sync_is_caught_up_with() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut handhelds = [
        enrolled(folder.path(), &server, 0, 0)?,
        enrolled(folder.path(), &server, 1, 0)?,
    ];
    let mut expected = Vec::new();
    for round in 0..4 {
        for handheld in &mut handhelds {
            handheld.must("offline")?;
            for n in 0..5 {
                expected.extend(receive(handheld, "R-01-3", "JG-0002", 1 + n)?);
            }
        }
        for handheld in &mut handhelds {
            handheld.must("online")?;
            handheld.send("sync")?;
        }
        std::thread::sleep(std::time::Duration::from_millis(7 * round));
        server.kill_and_restart()?;
        for handheld in &mut handhelds {
            handheld.answer()?.context("an answer")?;
        }
    }
    for _ in 0..2 {
        for handheld in &mut handhelds {
            handheld.must("wait-synced")?;
        }
    }
    let [a, b] = &mut handhelds;
    let hash = a.state_hash()?;
    assert_eq!(hash, b.state_hash()?);
    assert_eq!(check_server(&mut server, &expected)?, hash);
    Ok(())
}

#[test]
fn bad_input_is_answered_with_a_code_and_loses_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::demo(folder.path())?;
    let mut handheld = Handheld::start(&folder.path().join("handheld-x"), 0, None)?;
    let code = |answer: &Value| {
        answer["error"]["code"]
            .as_str()
            .or_else(|| answer["error"].as_str())
            .map(str::to_owned)
            .or_else(|| answer["feedback"]["code"].as_str().map(str::to_owned))
    };
    let wrong = handheld.tell(&format!("enrol {} WRONG-CODE0", server.url))?;
    assert_eq!(code(&wrong).as_deref(), Some("enrol-code-wrong"), "{wrong}");
    handheld.must(&format!("enrol {} {}", server.url, server.codes[0]))?;
    let used = Handheld::start(&folder.path().join("handheld-y"), 0, None)?
        .tell(&format!("enrol {} {}", server.url, server.codes[0]))?;
    assert_eq!(code(&used).as_deref(), Some("enrol-code-used"), "{used}");
    handheld.must("wait-synced")?;
    let badge = handheld.tell("sign-in NO-SUCH-BADGE")?;
    assert_ne!(badge["ok"], true, "{badge}");
    // The PIN was made on the server; the handheld verifies it with no network.
    handheld.must("offline")?;
    let person: Vec<&str> = PEOPLE
        .lines()
        .nth(1)
        .context("a person")?
        .split(',')
        .collect();
    let (name, pin) = (person[0], person[2]);
    handheld.tell(&format!(
        "sign-in {name} {}",
        if pin == "0000" { "1111" } else { "0000" }
    ))?;
    let wrong = handheld.must("status")?;
    ensure!(wrong["operator"].is_null(), "{wrong}");
    handheld.tell(&format!("sign-in {name} {pin}"))?;
    let right = handheld.must("status")?;
    ensure!(right["operator"] == name, "{right}");
    handheld.must("sign-out")?;
    handheld.must("online")?;
    handheld.must(&format!("sign-in {}", OPERATORS[0]))?;
    handheld.must("open receive")?;
    handheld.must("scan R-01-1")?;
    for (line, expected) in [
        ("scan 6903510000018", "wrong-check-digit"),
        ("scan (01)06903510000017(17)999999", "malformed-gs1"),
        ("scan-picture nowhere.png", "picture-unreadable"),
    ] {
        let answer = handheld.tell(line)?;
        assert_eq!(code(&answer).as_deref(), Some(expected), "{answer}");
        handheld.tell("acknowledge")?;
    }
    let written = receive(&mut handheld, "R-01-1", "6903510000017", 3)?;
    ensure!(!written.is_empty(), "work goes on after every refusal");
    handheld.quit()?;

    // A damaged database: told with a code, and the file is left as it is.
    let database = std::fs::read_dir(folder.path().join("handheld-x"))?
        .filter_map(|e| Some(e.ok()?.path()))
        .find(|p| p.extension().is_some_and(|e| e == "db"))
        .context("the database")?;
    let mut bytes = std::fs::read(&database)?;
    for byte in bytes.iter_mut().take(512) {
        *byte ^= 0x5a;
    }
    std::fs::write(&database, &bytes)?;
    let mut damaged = Handheld::start(&folder.path().join("handheld-x"), 0, None)?;
    let answer = damaged.answer()?.context("an answer")?;
    assert_eq!(
        code(&answer).as_deref(),
        Some("database-corrupt"),
        "{answer}"
    );
    ensure!(
        std::fs::read(&database)? == bytes,
        "the damaged file is kept as it is"
    );
    Ok(())
}
