//! The real binaries: two servers over one data folder, a handheld at each.

use anyhow::{Context, Result, ensure};
use domain::EventHash;
use serde_json::Value;
use tests::processes::{Handheld, Server};

const OPERATORS: [&str; 2] = ["TM-OP-0001", "TM-OP-0002"];

fn acknowledged(answer: &Value) -> Vec<EventHash> {
    let hashes = answer["events"].as_array().into_iter().flatten();
    hashes
        .filter_map(|h| EventHash::from_hex(h.as_str()?))
        .collect()
}

fn receive(handheld: &mut Handheld, quantity: u64) -> Result<Vec<EventHash>> {
    let mut events = Vec::new();
    handheld.tell("open home")?;
    for line in [
        "open receive",
        "scan R-01-1",
        "scan 6903510000017",
        &format!("quantity {quantity}"),
        "action confirm",
        "action done",
    ] {
        events.extend(acknowledged(&handheld.tell(line)?));
    }
    ensure!(!events.is_empty(), "nothing was written");
    Ok(events)
}

#[test]
fn handhelds_at_two_servers_work_on_when_one_is_killed_and_agree() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut first = Server::demo(folder.path())?;
    let mut second = first.beside("node-2")?;
    let urls = [first.url.clone(), second.url.clone()];
    let mut handhelds = Vec::new();
    for (n, url) in urls.iter().enumerate() {
        let own = folder.path().join(format!("handheld-{n}"));
        let mut handheld = Handheld::start(&own, 0, None)?;
        handheld.must(&format!("enrol {url} {}", first.codes[n]))?;
        handheld.must("wait-synced")?;
        handheld.must(&format!("sign-in {}", OPERATORS[n]))?;
        handhelds.push(handheld);
    }
    let mut expected = Vec::new();
    for round in 0..4 {
        for handheld in &mut handhelds {
            expected.extend(receive(handheld, 1 + round)?);
        }
        match round {
            1 => first.kill(),
            2 => {
                first.restart()?;
                second.kill_and_restart()?;
            }
            _ => {}
        }
    }
    let [one, two] = &mut handhelds[..] else {
        unreachable!("two")
    };
    one.must("wait-synced")?;
    two.must("wait-synced")?;
    one.must("wait-synced")?;
    let hash = one.state_hash()?;
    assert_eq!(hash, two.state_hash()?);
    first.kill();
    let replica = first.replica()?;
    let query = replica.query();
    for event in &expected {
        let found = query.event_by_hash(*event)?;
        found.with_context(|| format!("event {event} was acknowledged"))?;
    }
    let site = query.sites()?.first().context("a site")?.id;
    assert_eq!(replica.state_hash(site)?.to_string(), hash);
    Ok(())
}
