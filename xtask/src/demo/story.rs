//! What happens, in order.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use testkit::site::{DemoItem, DemoSite};

use super::cable::Cable;
use super::pictures::{self, Cast};
use super::process::Process;
use super::programs::{Programs, text};
use super::say::Say;

/// Both handhelds and the server agree within this time, or something is broken.
const AGREEMENT: Duration = Duration::from_secs(60);

/// What is left running at the end, and where to look.
pub(crate) struct End {
    pub(crate) server: Process,
    pub(crate) server_url: String,
    pub(crate) sign_in_link: String,
    /// The handhelds' way to the server, which must outlive them.
    #[expect(
        dead_code,
        reason = "held for the third handheld, which goes on using it"
    )]
    pub(crate) cable: Cable,
}

/// A person with a handheld.
struct Hand {
    device: String,
    who: &'static str,
    handheld: Process,
}

/// Plays it.
///
/// # Errors
/// A step did not go as promised.
pub(crate) fn play(
    say: &Say,
    programs: &Programs,
    site: &DemoSite,
    cast: &Cast,
) -> anyhow::Result<End> {
    say.step(
        "启动服务器，导入仓库",
        "starting the server with the demo site",
    );
    let mut server = programs.start_server()?;
    let hello = server.answer()?;
    let server_url = hello["url"].as_str().context("no address")?.to_owned();
    let address: SocketAddr = server_url.trim_start_matches("http://").parse()?;
    let cable = Cable::to(address)?;
    say.note(&format!("{} {} · {server_url}", site.name_zh, site.name_en));
    say.note(&format!(
        "{} zones, {} bins, {} items, {} operators",
        site.zones.len(),
        site.bins.len(),
        site.items.len(),
        site.operators.len(),
    ));

    say.step("两台手持机加入并同步", "two handhelds join and sync");
    let mut hands = join(say, programs, site, &cable, &hello["enrolment"])?;
    let [first, second] = hands.as_mut_slice() else {
        bail!("two handhelds are needed")
    };

    say.step(
        "看图扫码：收货、出库",
        "reading pictures: receive and issue",
    );
    take(
        say,
        first,
        "receive",
        (pictures::TOOL, 24, &cast.tool),
        cast,
    )?;
    take(
        say,
        second,
        "receive",
        (pictures::FOOD, 48, &cast.food),
        cast,
    )?;
    take(say, first, "issue", (pictures::TOOL, 6, &cast.tool), cast)?;
    for hand in [&mut *first, &mut *second] {
        hand.handheld.tell("wait-synced 60")?;
    }

    say.step("拔掉网线，继续干活", "the network is gone, work goes on");
    cable.pull();
    for (hand, name) in [(&mut *first, "加厚款"), (&mut *second, "促销装")] {
        issue_pallet(say, programs, hand, cast)?;
        rename(say, programs, hand, cast, name)?;
    }

    say.step(
        "插回网线，互相追平",
        "the network is back, everybody catches up",
    );
    cable.plug_in();
    agree(say, programs, first, second)?;

    say.step("冲突没有被掩盖", "the conflict is shown, not hidden");
    let exception = conflict(say, first, second, cast)?;
    for (hand, place) in [(first, "history"), (second, "home")] {
        hand.handheld.tell(&format!("open {place}"))?;
        picture(programs, hand, place)?;
    }
    for hand in hands {
        hand.handheld.end();
    }
    let sign_in_link = programs.sign_in_link(&server_url, &format!("/review/{exception}"))?;
    Ok(End {
        server,
        server_url,
        sign_in_link,
        cable,
    })
}

/// Enrols as many handhelds as there are codes. The third one is for the window, and waits signed out.
fn join(
    say: &Say,
    programs: &Programs,
    site: &DemoSite,
    cable: &Cable,
    codes: &Value,
) -> anyhow::Result<Vec<Hand>> {
    let codes = codes.as_array().context("no codes")?;
    let mut hands = Vec::new();
    for (number, (code, operator)) in (1..).zip(codes.iter().zip(&site.operators)) {
        let code = code.as_str().context("no code")?;
        let mut handheld = programs.start_handheld(number)?;
        handheld.tell(&format!("enrol {} {code} PDA-{number}", cable.url()))?;
        handheld.tell("wait-synced 90")?;
        let status = handheld.ask("status")?;
        let (device, who) = (format!("PDA-{number}"), operator.name);
        say.note(&format!("{device} {who}: {} events", status["event_count"]));
        if number > 2 {
            handheld.end();
            break;
        }
        handheld.tell(&format!("sign-in {who} {}", operator.pin))?;
        hands.push(Hand {
            device,
            who,
            handheld,
        });
    }
    Ok(hands)
}

/// One item's name in another way on each handheld.
fn rename(
    say: &Say,
    programs: &Programs,
    hand: &mut Hand,
    cast: &Cast,
    kind: &str,
) -> anyhow::Result<()> {
    let name = format!("{} {kind}", cast.tool.name_zh);
    let edit = json!(["edit-item", cast.tool.sku, format!("name_zh={name}")]);
    hand.handheld.tell(&edit.to_string())?;
    let status = hand.handheld.ask("status")?;
    let waiting = [&status["waiting_events"], &status["waiting_edits"]];
    ensure!(
        *waiting[0] == 1 && *waiting[1] == 1,
        "not cut off: {status}"
    );
    say.note(&format!("{}: {} → {name}", hand.who, cast.tool.sku));
    let [events, edits] = waiting;
    say.note(&format!("{}: 待传 waiting {events} + {edits}", hand.who));
    hand.handheld.tell("open sync")?;
    picture(programs, hand, "offline")
}

/// Both handhelds show the pallet's exception and one name. Returns the exception's id.
fn conflict(say: &Say, first: &mut Hand, second: &mut Hand, cast: &Cast) -> anyhow::Result<String> {
    let mut found = Vec::new();
    for hand in [&mut *first, &mut *second] {
        let answer = hand.handheld.tell("exceptions")?;
        let list = answer["exceptions"].as_array().context("no list")?;
        let exception = list.iter().find(|e| e["kind"] == "unit-issued-twice");
        let id = exception
            .and_then(|e| e["id"].as_str())
            .context("nobody noticed")?;
        found.push((id.to_owned(), name_of(hand, cast)?));
    }
    ensure!(
        found.first() == found.last(),
        "the handhelds disagree: {found:?}"
    );
    let (id, name) = found.swap_remove(0);
    say.note(&format!(
        "同一件重复出库 unit-issued-twice · {} · {id:.12}",
        plate(cast)
    ));
    say.note(&format!("{} = {name}", cast.tool.sku));
    say.note("另一个名称留在复核队列 · the other name waits in the review queue");
    Ok(id)
}

fn plate(cast: &Cast) -> &str {
    cast.pallet.plate.as_deref().unwrap_or_default()
}

/// What a handheld calls the item that both renamed.
fn name_of(hand: &mut Hand, cast: &Cast) -> anyhow::Result<String> {
    let found = hand.handheld.tell(&format!("search {}", cast.tool.sku))?;
    let title = found["hits"][0]["title"].as_str();
    Ok(title.context("the item is gone")?.to_owned())
}

/// Reads a picture with the decoder and says what was in it.
fn look(say: &Say, hand: &mut Hand, file: &str) -> anyhow::Result<Value> {
    let started = Instant::now();
    let answer = hand.handheld.tell(&format!("scan-picture {file}"))?;
    let payload = &answer["payloads"][0];
    say.note(&format!(
        "{} · {file} → {} {} · {} · {} ms",
        hand.who,
        payload["symbology"].as_str().unwrap_or_default(),
        payload["text"],
        answer["feedback"]["code"].as_str().unwrap_or_default(),
        started.elapsed().as_millis(),
    ));
    Ok(answer)
}

/// So much of an item into or out of the dock, by label pictures of both.
fn take(
    say: &Say,
    hand: &mut Hand,
    operation: &str,
    (label, quantity, item): (&str, u32, &DemoItem),
    cast: &Cast,
) -> anyhow::Result<()> {
    hand.handheld.tell(&format!("open {operation}"))?;
    look(say, hand, pictures::DOCK)?;
    look(say, hand, label)?;
    hand.handheld.tell(&format!("quantity {quantity}"))?;
    done(hand)?;
    let name = &item.name_zh;
    say.note(&format!(
        "{}: {operation} {quantity} × {name} · {}",
        hand.who, cast.dock
    ));
    Ok(())
}

fn issue_pallet(
    say: &Say,
    programs: &Programs,
    hand: &mut Hand,
    cast: &Cast,
) -> anyhow::Result<()> {
    hand.handheld.tell("open issue")?;
    look(say, hand, pictures::PALLET)?;
    picture(programs, hand, "issued")?;
    done(hand)?;
    say.note(&format!(
        "{}: {} ← {}",
        hand.who,
        plate(cast),
        cast.pallet.bin
    ));
    Ok(())
}

/// Ends the task.
fn done(hand: &mut Hand) -> anyhow::Result<()> {
    hand.handheld.tell("action done")?;
    hand.handheld.tell("open home")?;
    Ok(())
}

/// Waits until both handhelds and the server have the same state hash.
fn agree(
    say: &Say,
    programs: &Programs,
    first: &mut Hand,
    second: &mut Hand,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut hashes = [String::new(), String::new(), String::new()];
    while started.elapsed() < AGREEMENT {
        for (hand, hash) in [&mut *first, &mut *second].into_iter().zip(&mut hashes) {
            hand.handheld.tell("wait-synced 60")?;
            let answer = hand.handheld.tell("state-hash")?;
            *hash = answer["state_hash"].as_str().context("no hash")?.to_owned();
        }
        hashes[2] = programs.server_state_hash()?;
        if hashes.iter().all(|hash| *hash == hashes[0]) {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    for (who, hash) in [first.who, second.who, "服务器 server"]
        .into_iter()
        .zip(&hashes)
    {
        say.note(&format!("{hash} {who}"));
    }
    let [hash, ..] = &hashes;
    ensure!(
        hashes.iter().all(|other| other == hash),
        "the state hashes differ"
    );
    say.note(&format!(
        "三者相同 all equal · {} ms",
        started.elapsed().as_millis()
    ));
    Ok(())
}

/// Keeps the screen as it is, in both languages.
fn picture(programs: &Programs, hand: &mut Hand, name: &str) -> anyhow::Result<()> {
    for language in ["en", "zh"] {
        let file = programs
            .screens()
            .join(format!("{}-{name}-{language}.png", hand.device));
        let line = json!(["picture", text(&file)?, language]);
        hand.handheld.tell(&line.to_string())?;
    }
    Ok(())
}
