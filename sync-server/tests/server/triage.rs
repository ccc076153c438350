//! Three days out of reach: ten handhelds come back with twenty faults, and a supervisor finds each of them on few cards.

use std::collections::BTreeSet;

use crate::common::browser::Browser;
use crate::common::handheld::Handheld;
use crate::common::story::{issued, received};
use crate::common::{MINUTE, NOW, Warehouse, bin, item, operator, units};
use domain::event::{CountedLine, EventBody, Goods};
use domain::{ExceptionId, UnitId};
use sync_server::store::accounts::Role;

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn plate(name: &str) -> Goods {
    Goods {
        unit: Some(UnitId::plate(name)),
        ..Goods::of(item(5))
    }
}

fn counted(b: u8, i: u8, n: i64) -> EventBody {
    EventBody::Counted {
        bin: bin(b),
        lines: vec![CountedLine {
            item: item(i),
            lot: None,
            counted: units(n),
        }],
        whole_bin: false,
    }
}

fn aside(code: &str) -> EventBody {
    EventBody::SetAside {
        code: code.into(),
        bin: Some(bin(6)),
        quantity: units(1),
    }
}

/// What a fault is found by: a word of its card, group or line.
struct Fault {
    name: String,
    /// All of them stand together in one line or card.
    words: Vec<String>,
}

fn fault(name: &str, words: &[&str]) -> Fault {
    Fault {
        name: name.to_owned(),
        words: words.iter().map(|w| (*w).to_owned()).collect(),
    }
}

struct Fleet {
    warehouse: Warehouse,
    handhelds: Vec<Handheld>,
    faults: Vec<Fault>,
}

/// Bins of the fleet beyond those of the warehouse: one for each device's undisturbed work.
fn own_bin(device: usize) -> u8 {
    20 + device as u8
}

fn furnish_bins(warehouse: &Warehouse) {
    use documents::catalogue::{Bin, Room};
    use documents::{Partition, RecordKind};
    use replica::{Commit, RecordEdit};
    let edits = (20..60u8).map(|n| {
        let bin = Bin {
            id: bin(n),
            code: format!("F-{n:02}"),
            zone: domain::ZoneId::from_bytes([50; 16]),
            site: warehouse.site,
            room: Room::default(),
        };
        RecordEdit {
            partition: Partition::Site(warehouse.site),
            kind: RecordKind::Bin,
            id: bin.id.into(),
            fields: bin.to_fields(),
        }
    });
    let commit = Commit {
        edits: edits.collect(),
        ..Commit::default()
    };
    warehouse.hub.commit(commit, NOW).unwrap();
}

/// Ten handhelds have synced, work three days apart, and twenty things go wrong on the way; nobody has come back yet.
fn apart() -> Fleet {
    let warehouse = Warehouse::new();
    furnish_bins(&warehouse);
    let mut handhelds: Vec<Handheld> = (0..10)
        .map(|n| Handheld::enrol(&warehouse, &format!("手持 {}", n + 1), n + 1))
        .collect();
    let who = operator(1);
    let at = |hours: i64| NOW + hours * HOUR;
    // What all of them know.
    for n in 0..10 {
        let stocked = received(own_bin(n), Goods::of(item(1)), 200);
        handhelds[n].record(who, stocked, at(0));
        let one = &mut handhelds[0];
        if n < 4 {
            let unit = plate(&format!("LP-T{n}"));
            one.record(who, received(own_bin(n) + 10, unit, 1), at(0) + 1);
        }
        if n < 2 {
            let unit = plate(&format!("LP-M{n}"));
            one.record(who, received(own_bin(n) + 20, unit, 1), at(0) + 2);
        }
    }
    warehouse.pass(HOUR);
    for handheld in &mut handhelds {
        handheld.sync(&warehouse, at(1));
    }
    for handheld in &mut handhelds {
        let now = warehouse.now();
        handheld.sync(&warehouse, now);
    }
    // Three days of work that nobody will have a question about.
    for day in 0..3 {
        for (n, handheld) in handhelds.iter_mut().enumerate() {
            for hour in 0..8 {
                let now = at(2 + day * 24 + hour) + n as i64;
                handheld.record(who, issued(own_bin(n), Goods::of(item(1)), 1), now);
                handheld.record(who, received(own_bin(n), Goods::of(item(1)), 2), now + 1);
            }
        }
    }
    let mut faults = Vec::new();
    // 1-4: the same pallet goes out twice.
    for n in 0..4usize {
        let unit = format!("LP-T{n}");
        let from = own_bin(n) + 10;
        handhelds[n].record(who, issued(from, plate(&unit), 1), at(10));
        handhelds[n + 1].record(who, issued(from, plate(&unit), 1), at(20));
        faults.push(fault(&unit, &[&unit]));
    }
    // 5-6: a pallet is moved by one and taken from its old bin by another.
    for n in 0..2usize {
        let unit = format!("LP-M{n}");
        let from = own_bin(n) + 20;
        let moved = EventBody::Moved {
            from: bin(from),
            to: bin(own_bin(n)),
            goods: plate(&unit),
            quantity: units(1),
        };
        handhelds[n + 4].record(who, moved, at(12));
        handhelds[n + 6].record(who, issued(from, plate(&unit), 1), at(22));
        faults.push(fault(&unit, &[&unit]));
    }
    // 7-11: goods that nobody had received are taken.
    for n in 0..5u8 {
        let from = 45 + n;
        let code = format!("F-{from}");
        handhelds[usize::from(n)].record(who, issued(from, Goods::of(item(2)), 3), at(30));
        faults.push(fault("negative", &["GL-0008", &code]));
    }
    // 12-15: counts find something else.
    for n in 0..4usize {
        let b = own_bin(n + 5);
        handhelds[n + 5].record(who, counted(b, 1, 20), at(40));
        faults.push(fault("variance", &["WR-0250", &format!("F-{b}")]));
    }
    // 16-18: codes that nobody knows; one of them met forty times by four devices.
    for n in 0..40usize {
        handhelds[n % 4].record(who, aside("FREMD-1"), at(41) + n as i64);
    }
    handhelds[8].record(who, aside("FREMD-2"), at(42));
    handhelds[9].record(who, aside("FREMD-3"), at(42));
    faults.extend(["FREMD-1", "FREMD-2", "FREMD-3"].map(|code| fault(code, &[code])));
    // 19: one lot, two expiry days.
    for (device, day) in [(2usize, "2026-12-01"), (3, "2026-11-01")] {
        let goods = Goods {
            lot: Some("M2609".into()),
            expiry: Some(day.parse().unwrap()),
            ..Goods::of(item(4))
        };
        handhelds[device].record(who, received(own_bin(device), goods, 10), at(43));
    }
    faults.push(fault("expiry", &["M2609"]));
    // 20: the tenth one's clock goes wrong on the last day.
    for n in 0..6 {
        let taken = issued(own_bin(9), Goods::of(item(1)), 1);
        handhelds[9].record(who, taken, at(72) + DAY + n);
    }
    faults.push(fault("clock", &["手持 10"]));
    assert_eq!(faults.len(), 20);
    warehouse.pass(3 * DAY);
    Fleet {
        warehouse,
        handhelds,
        faults,
    }
}

impl Fleet {
    fn bring_back(&mut self, devices: impl IntoIterator<Item = usize>) {
        for n in devices {
            let mut clock = self.warehouse.now();
            if n == 9 {
                clock += DAY;
            }
            self.handhelds[n].sync(&self.warehouse, clock);
            self.warehouse.pass(MINUTE);
        }
    }
}

/// The cards of a page; a group's lines are in its card.
fn cards(body: &str) -> Vec<String> {
    let parts = body.split("<article").skip(1);
    parts
        .map(|part| {
            part.split("</article>")
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

/// All cards of a tab, page by page.
async fn all_cards(browser: &mut Browser, address: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut next = address.to_owned();
    loop {
        let body = browser.get(&next).await.body;
        all.extend(cards(&body));
        let Some(link) = body.split("rel=\"next\" href=\"").nth(1) else {
            return all;
        };
        next = link
            .split('"')
            .next()
            .unwrap()
            .replace("&amp;", "&")
            .replace("&#38;", "&");
    }
}

fn open_ids(warehouse: &Warehouse) -> BTreeSet<ExceptionId> {
    let replica = warehouse.hub.replica().lock().unwrap();
    let open = replica.query().open_exceptions().unwrap();
    open.into_iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn twenty_faults_of_ten_devices_stand_on_few_cards_and_none_is_hidden() {
    let mut fleet = apart();
    fleet.bring_back(0..10);
    let mut browser = fleet.warehouse.signed_in(Role::Supervisor).await;
    let open = all_cards(&mut browser, "/review").await;
    let waiting = all_cards(&mut browser, "/review?tab=waiting").await;
    let shown = open.len() + waiting.len();
    println!(
        "{} exceptions on {} cards",
        open_ids(&fleet.warehouse).len(),
        shown
    );
    assert!(shown <= 30, "{shown} cards");
    // A fault is found in one card, or in one line of a group.
    let lines: Vec<&str> = open
        .iter()
        .chain(&waiting)
        .flat_map(|card| match card.contains("<ul class=\"lines\">") {
            true => card.split("<li>").collect::<Vec<_>>(),
            false => vec![card.as_str()],
        })
        .collect();
    for fault in &fleet.faults {
        let found = lines
            .iter()
            .any(|line| fault.words.iter().all(|word| line.contains(word.as_str())));
        assert!(found, "{} {:?} is on no card", fault.name, fault.words);
    }
    // And by its address: no open exception is on no card.
    for id in open_ids(&fleet.warehouse) {
        let id = id.to_string();
        assert!(lines.iter().any(|line| line.contains(&id)), "{id}");
    }
}

#[tokio::test]
async fn what_a_silent_device_may_explain_waits_and_names_it() {
    let mut fleet = apart();
    fleet.bring_back([0, 1]);
    let mut browser = fleet.warehouse.signed_in(Role::Supervisor).await;
    let waiting = all_cards(&mut browser, "/review?tab=waiting").await;
    let negative = waiting.iter().find(|card| card.contains("F-45")).unwrap();
    assert!(negative.contains("手持 5 最后联系"), "{negative}");
    assert!(!negative.contains("手持 1 最后联系"), "it has reported");
    let open = all_cards(&mut browser, "/review").await.join("");
    assert!(!open.contains("F-45"));
    assert!(
        open.contains("LP-T0"),
        "nothing brings a pallet back that went out twice"
    );
    assert!(open.contains("FREMD-1"));
    // By device: those that the fifth one may explain, and those that the first one wrote.
    let body = browser.get("/review?tab=waiting").await.body;
    let link = body
        .split("/review?tab=waiting&amp;device=")
        .skip(1)
        .find(|link| link.split("</a>").next().unwrap().contains("手持 5"))
        .unwrap();
    let device = link.split('"').next().unwrap();
    let narrowed = browser
        .get(&format!("/review?tab=waiting&device={device}"))
        .await
        .body;
    assert!(narrowed.contains("F-45"));

    // A receipt that only the fifth one knew of puts it right; that closes visibly, with what came last.
    let late = received(45, Goods::of(item(2)), 10);
    fleet.handhelds[4].record(operator(2), late, NOW + 5 * HOUR);
    let id = open_ids(&fleet.warehouse);
    fleet.bring_back([4]);
    let gone: Vec<_> = id
        .difference(&open_ids(&fleet.warehouse))
        .copied()
        .collect();
    assert_eq!(gone.len(), 1);
    let closed = browser.get("/review?tab=closed").await.body;
    assert!(
        closed.contains("F-45") && closed.contains("手持 5"),
        "{closed}"
    );
    let page = browser.get(&format!("/review/{}", gone[0])).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("此异常已自行消除"));

    // Who stays away for more than a week holds nothing back.
    fleet.warehouse.pass(8 * DAY);
    // The session ended meanwhile.
    let mut browser = fleet.warehouse.signed_in(Role::Supervisor).await;
    let waiting = all_cards(&mut browser, "/review?tab=waiting").await;
    assert!(waiting.is_empty(), "{waiting:?}");
    let open = all_cards(&mut browser, "/review").await.join("");
    assert!(open.contains("F-46"));
}

#[tokio::test]
async fn a_group_is_decided_at_once_and_taken_back_at_once() {
    let mut fleet = apart();
    fleet.bring_back(0..10);
    let mut browser = fleet.warehouse.signed_in(Role::Supervisor).await;
    // Two counts of one bin: one card.
    for n in [7u8, 8] {
        let b = 20 + n;
        let at = fleet.warehouse.now();
        let device = usize::from(n);
        fleet.handhelds[device].record(operator(1), counted(b, 2, 5), at);
        fleet.handhelds[device].record(operator(1), counted(b, 3, 5), at + 1);
    }
    fleet.bring_back([7, 8]);
    let body = browser.get("/review").await.body;
    let of_bin = cards(&body)
        .into_iter()
        .find(|card| card.contains("库位 F-27"));
    let link = of_bin
        .unwrap()
        .split("href=\"")
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .find(|link| link.contains("cause=bin"))
        .unwrap()
        .replace("&amp;", "&");
    let page = browser.get(&link).await;
    assert_eq!(page.status, 200);
    let form = page.body.split("<section class=\"panel\">").nth(1).unwrap();
    let form = form.split("</section>").next().unwrap();
    let picks: Vec<&str> = form
        .split("name=\"pick\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(picks.len() >= 3, "{picks:?}");
    let before = open_ids(&fleet.warehouse);
    let mut fields = vec![("choice", "reject-count"), ("note", "复盘")];
    fields.extend(picks.iter().map(|pick| ("pick", *pick)));
    let answer = browser.post_from(&link, "/review/decide", &fields).await;
    assert_eq!(
        answer.location(),
        "/review?done=resolved-many",
        "{}",
        answer.body
    );
    let after = open_ids(&fleet.warehouse);
    assert_eq!(before.len() - after.len(), picks.len());
    // The same again: all have changed meanwhile, nothing is done twice.
    let answer = browser
        .post_from("/review", "/review/decide", &fields)
        .await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("期间有变化"));
    let answer = browser.post_from("/review", "/review/undo", &[]).await;
    assert_eq!(answer.location(), "/review?done=undone");
    assert_eq!(open_ids(&fleet.warehouse), before, "all of it is back");
    let answer = browser
        .post_from("/review", "/review/decide", &[("choice", "keep-first")])
        .await;
    assert_eq!(answer.status, 422, "nothing ticked");
    let keep = [("choice", "keep-first"), ("pick", picks[0])];
    let answer = browser.post_from("/review", "/review/decide", &keep).await;
    assert_eq!(answer.status, 422, "not for many");
    assert_eq!(open_ids(&fleet.warehouse), before);
}
