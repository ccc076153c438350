//! The real binaries: a backup of a server at work, the server destroyed, one put in its place from the backup. The
//! handhelds bring what it lacks, and a damaged backup is refused.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use domain::EventHash;
use serde_json::Value;
use tests::console::Console;
use tests::processes::{Handheld, Server, binary};

const ITEMS: [&str; 3] = ["6903510000017", "6903510000024", "JG-0003"];
/// Much longer than it takes to come right again, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// `tallyman-server` and what it says, whatever that is.
fn server_command(arguments: &[&str], folders: &[(&str, &Path)]) -> Result<Output> {
    let mut command = Command::new(binary("tallyman-server")?);
    command.args(arguments);
    for (option, folder) in folders {
        command.arg(option).arg(folder);
    }
    Ok(command.output()?)
}

/// The same, when it must go well.
fn must(arguments: &[&str], folders: &[(&str, &Path)]) -> Result<String> {
    let output = server_command(arguments, folders)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{arguments:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(said)
}

/// The same, when it must be refused, with a sentence and no panic: all of what it says.
fn refused(arguments: &[&str], folders: &[(&str, &Path)]) -> Result<String> {
    let output = server_command(arguments, folders)?;
    ensure!(
        output.status.code() == Some(1),
        "{arguments:?} ended with {}",
        output.status
    );
    Ok(String::from_utf8([output.stdout, output.stderr].concat())?)
}

fn enrolled(folder: &Path, server: &Server, n: usize) -> Result<Handheld> {
    let mut handheld = Handheld::start(&folder.join(format!("handheld-{n}")), 0, None)?;
    handheld.must(&format!("enrol {} {}", server.url, server.codes[n]))?;
    handheld.must("wait-synced")?;
    handheld.must(&format!("sign-in TM-OP-000{}", n + 1))?;
    Ok(handheld)
}

/// One task, as an operator scans it; the hashes of the events that were acknowledged.
fn task(handheld: &mut Handheld, task: &str, item: &str, quantity: u64) -> Result<Vec<EventHash>> {
    handheld.tell("open home")?;
    let mut events = Vec::new();
    for line in [
        &format!("open {task}"),
        "scan R-01-1",
        &format!("scan {item}"),
        &format!("quantity {quantity}"),
        "action confirm",
        "action done",
    ] {
        let answer = handheld.tell(line)?;
        let hashes = answer["events"].as_array().into_iter().flatten();
        events.extend(hashes.filter_map(|h| EventHash::from_hex(h.as_str()?)));
    }
    ensure!(!events.is_empty(), "{task} wrote nothing");
    Ok(events)
}

/// Waits until all show what the server shows and nothing waits, without asking any to sync. Returns the hash of it.
fn settled(server: &Server, handhelds: &mut [&mut Handheld], event_count: u64) -> Result<String> {
    let since = Instant::now();
    loop {
        let mut seen = Vec::new();
        for handheld in handhelds.iter_mut() {
            let status = handheld.must("status")?;
            seen.push((status, handheld.state_hash()?));
        }
        let hash = shown_by(server)?;
        let rests = |(status, own): &(Value, String)| {
            status["waiting_events"] == 0
                && status["waiting_edits"] == 0
                && status["sync_error"].is_null()
                && status["event_count"] == event_count
                && hash.as_ref() == Some(own)
        };
        if let Some(hash) = &hash
            && seen.iter().all(rests)
        {
            return Ok(hash.clone());
        }
        if since.elapsed() > PATIENCE {
            bail!("it does not settle at {event_count} events: {seen:?}, server {hash:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What the server shows of the handhelds' site; it runs. `None`: a restored server has not folded its log again yet.
fn shown_by(server: &Server) -> Result<Option<String>> {
    let ask = ["admin", "state-hash", "--site", "SHA1"];
    let output = server_command(&ask, &[("--data", server.data())])?;
    let said = String::from_utf8(output.stdout)?;
    Ok(output.status.success().then(|| said.trim().to_owned()))
}

/// The supervisor sets the first pile that is short to nothing: the server writes a decision and an adjustment.
fn decide(console: &mut Console) -> Result<()> {
    let since = Instant::now();
    let page = loop {
        let body = console.open("/review")?.body;
        if let Some((_, rest)) = body.split_once("<a href=\"/review/") {
            break format!("/review/{}", rest.split('"').next().context("an id")?);
        }
        ensure!(since.elapsed() < PATIENCE, "nothing to decide: {body}");
        std::thread::sleep(Duration::from_millis(50));
    };
    console.send_form(
        &page,
        &format!("{page}/resolve"),
        &[("choice", "adjust-to-zero"), ("note", "备份之后的决定")],
    )
}

fn quantity(handheld: &mut Handheld, sku: &str) -> Result<String> {
    let stock = handheld.must("stock R-01-1")?;
    let rows = stock["stock"].as_array().context("rows")?;
    let row = rows.iter().find(|row| row["sku"] == sku);
    let quantity = row.and_then(|row| row["quantity"].as_str());
    Ok(quantity.unwrap_or("none").to_owned())
}

#[test]
fn a_destroyed_server_is_restored_and_the_handhelds_bring_what_it_lacks_by_themselves() -> Result<()>
{
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let data = server.data().to_owned();
    let copy = folder.path().join("backup");
    let mut first = enrolled(folder.path(), &server, 0)?;
    let mut second = enrolled(folder.path(), &server, 1)?;
    let mut acknowledged = Vec::new();
    let of_demo = second.must("status")?["event_count"].as_u64();
    let of_demo = of_demo.context("a count")?;

    // The backup is made while both work and send.
    let mut backup = Command::new(binary("tallyman-server")?)
        .args(["backup", "--data"])
        .arg(&data)
        .arg("--to")
        .arg(&copy)
        .spawn()?;
    let mut tasks = 0;
    loop {
        let ended = backup.try_wait()?;
        for handheld in [&mut first, &mut second] {
            acknowledged.extend(task(handheld, "receive", ITEMS[tasks % 3], 2)?);
            tasks += 1;
        }
        if let Some(ended) = ended {
            ensure!(ended.success(), "the backup ended with {ended}");
            break;
        }
    }
    let verified = must(&["verify"], &[("--from", &copy)])?;
    ensure!(verified.contains("The backup is sound."), "{verified}");

    // Not in the backup: work of both, a third handheld with its certificate and its work, a warehouse and a decision
    // that are written on the console.
    let mut third = enrolled(folder.path(), &server, 2)?;
    for handheld in [&mut first, &mut second, &mut third] {
        acknowledged.extend(task(handheld, "receive", ITEMS[0], 5)?);
    }
    let issued = task(&mut third, "issue", "JG-0006", 4)?;
    acknowledged.extend(&issued);
    let mut console = Console::sign_in(&server.sign_in_link)?;
    decide(&mut console)?;
    let site = [
        ("code", "BJ2"),
        ("name_zh", "北京二号仓"),
        ("time_zone", "Asia/Shanghai"),
    ];
    console.send_form("/data", "/sites", &site)?;
    // A decision and an adjustment are the server's own two events.
    let all = of_demo + acknowledged.len() as u64 + 2;
    let before = settled(&server, &mut [&mut first, &mut second, &mut third], all)?;
    assert_eq!(quantity(&mut first, "JG-0006")?, "none", "set to nothing");

    // The server burns, and the third handheld with it.
    server.kill();
    fs::remove_dir_all(&data)?;
    third.kill();
    fs::remove_dir_all(third.data())?;
    must(&["restore"], &[("--from", &copy), ("--data", &data)])?;
    // Work goes on meanwhile.
    acknowledged.extend(task(&mut first, "receive", ITEMS[1], 1)?);
    server.restart()?;
    let after = settled(&server, &mut [&mut first, &mut second], all + 1)?;
    assert_ne!(after, before);

    server.kill();
    let replica = server.replica()?;
    let query = replica.query();
    for hash in &acknowledged {
        let found = query.event_by_hash(*hash)?;
        let found = found.with_context(|| format!("event {hash} is missing"))?;
        ensure!(
            !found.placed.event.quarantined,
            "event {hash} does not count"
        );
    }
    assert_eq!(query.event_count()?, all + 1);
    let sites: Vec<_> = query.sites()?.into_iter().map(|s| s.code).collect();
    ensure!(sites.contains(&"BJ2".to_owned()), "{sites:?}");
    drop(replica);
    // And the next backup holds all of it.
    let second_copy = folder.path().join("second");
    must(&["backup"], &[("--data", &data), ("--to", &second_copy)])?;
    must(&["verify"], &[("--from", &second_copy)])?;
    Ok(())
}

#[test]
fn a_backup_with_one_wrong_byte_is_refused_and_nothing_is_restored() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::demo(folder.path())?;
    let (copy, data) = (folder.path().join("backup"), folder.path().join("again"));
    must(&["backup"], &[("--data", server.data()), ("--to", &copy)])?;
    let database = copy.join("hub.db");
    let mut bytes = fs::read(&database)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&database, &bytes)?;

    let said = refused(&["verify"], &[("--from", &copy)])?;
    ensure!(
        said.contains("WRONG: hub.db does not match its hash")
            && said.contains("tallyman-server: the backup is damaged"),
        "{said}"
    );
    let said = refused(&["restore"], &[("--from", &copy), ("--data", &data)])?;
    ensure!(
        said.contains(
            "the backup is damaged, so nothing was restored: hub.db does not match its hash"
        ),
        "{said}"
    );
    assert!(!data.exists());

    // Where a server's data are, nothing is written over, whatever the backup.
    bytes[middle] ^= 1;
    fs::write(&database, &bytes)?;
    let said = refused(
        &["restore"],
        &[("--from", &copy), ("--data", server.data())],
    )?;
    ensure!(said.contains("is not empty: name a new folder"), "{said}");
    must(&["restore"], &[("--from", &copy), ("--data", &data)])?;
    assert!(data.join("hub.db").exists());
    Ok(())
}
