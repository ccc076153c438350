//! The real binaries over their live connections.

use anyhow::{Context, Result, ensure};
use tests::processes::{Handheld, Server};

fn enrolled(folder: &std::path::Path, server: &Server, n: usize) -> Result<Handheld> {
    let mut handheld = Handheld::start(&folder.join(format!("handheld-{n}")), 0, None)?;
    handheld.must(&format!("enrol {} {}", server.url, server.codes[n]))?;
    handheld.must("wait-synced")?;
    handheld.must(&format!("sign-in TM-OP-000{}", n + 1))?;
    handheld.must("wait-live")?;
    // The hub knows from an exchange on the connection what to say on it.
    handheld.must("wait-synced")?;
    Ok(handheld)
}

fn number(handheld: &mut Handheld, name: &str) -> Result<u64> {
    let status = handheld.must("status")?;
    status[name]
        .as_u64()
        .with_context(|| format!("{name} in {status}"))
}

#[test]
fn a_commit_on_one_handheld_comes_to_the_other_without_its_asking() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut a = enrolled(folder.path(), &server, 0)?;
    let mut b = enrolled(folder.path(), &server, 1)?;
    a.must("wait-synced")?;
    let (events, exchanges) = (number(&mut b, "event_count")?, number(&mut b, "exchanges")?);
    for line in [
        "open receive",
        "scan R-01-1",
        "scan 6903510000017",
        "quantity 3",
        "action confirm",
        "action done",
    ] {
        a.must(line)?;
    }
    b.must(&format!("wait-events {}", events + 1))?;
    ensure!(
        number(&mut b, "exchanges")? == exchanges,
        "it asked, and was not told"
    );
    a.must("wait-synced")?;
    assert_eq!(a.state_hash()?, b.state_hash()?);

    // The server goes and comes back: polling finds it, and the connection is opened again.
    server.kill_and_restart()?;
    for handheld in [&mut a, &mut b] {
        handheld.must("wait-synced")?;
        handheld.must("wait-live")?;
    }
    Ok(())
}
