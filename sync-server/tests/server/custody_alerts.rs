//! What of custody somebody has to look at, the report for handing over what nobody came for, and labels read back.

use std::io::Read;

use crate::common::Warehouse;
use crate::common::custody::{
    DAY, LEFT, deposit, key_of_wang, piece_event, release, share_keys, take_in_as, wang,
};
use crate::common::handheld::Handheld;
use crate::common::operator;
use axum::http::StatusCode;
use documents::{Wish, WishKind};
use flate2::read::ZlibDecoder;
use replica::Commit;
use scan::{Effort, FrameReader, LumaFrame, ReaderSettings};
use sync_server::console::import::Grid;
use sync_server::store::accounts::Role;

/// Wang has left two pieces for ten days.
async fn scene() -> (Warehouse, Handheld) {
    let warehouse = Warehouse::new();
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 1);
    let left = deposit(warehouse.site);
    take_in_as(
        &warehouse,
        &mut a,
        &left,
        &wang(),
        &key_of_wang(),
        Vec::new(),
    );
    a.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    (warehouse, a)
}

/// The number on a tab; 0 where it says none.
fn on_tab(body: &str, show: &str) -> u64 {
    let mark = format!("&amp;show={show}\"");
    let tab = body
        .split(&mark)
        .nth(1)
        .expect(show)
        .split("</a>")
        .next()
        .unwrap();
    let number = tab.split("</b>").next().unwrap();
    match number.rsplit_once('>') {
        Some((_, n)) if tab.contains("<b") => n.parse().unwrap(),
        _ => 0,
    }
}

/// The number at custody's entry of the menu.
fn waiting(body: &str) -> u64 {
    let entry = body.split("href=\"/custody\"").nth(1).unwrap();
    let entry = entry.split("</a>").next().unwrap();
    let number = entry.split("class=\"badge\">").nth(1);
    number.map_or(0, |n| n.split('<').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn every_tab_says_how_many_it_has_and_the_menu_how_many_need_a_decision() {
    let (warehouse, _a) = scene().await;
    let wish = Wish {
        kind: WishKind::Release,
        at: warehouse.now() + 5 * DAY,
        asked_at: warehouse.now(),
        answered_at: 0,
    };
    let data = warehouse.app.console_data();
    data.wish(LEFT, &wish, warehouse.now()).unwrap();
    for (days, shown, decide) in [
        (0, ["here", "wished"].as_slice(), 1),
        (5, &["here", "soon", "wished"], 1),
        (6, &["here", "soon", "wished", "odd"], 1),
        (20, &["here", "overdue", "wished", "odd"], 1),
        (60, &["here", "overdue", "abandoned", "wished", "odd"], 2),
    ] {
        warehouse.pass(days * DAY);
        let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
        let body = supervisor.get("/custody").await.body;
        for show in [
            "here",
            "expected",
            "soon",
            "overdue",
            "abandoned",
            "wished",
            "odd",
        ] {
            let expected = u64::from(shown.contains(&show));
            assert_eq!(on_tab(&body, show), expected, "{show} after {days}");
        }
        assert_eq!(waiting(&body), decide, "after {days}");
        assert!(body.contains("/extend\"") && body.contains("#give-up"));
        warehouse.pass(-days * DAY);
    }
}

#[tokio::test]
async fn what_is_not_as_the_records_say_is_listed_with_what_decides_it() {
    let (warehouse, mut a) = scene().await;
    let mut b = Handheld::enrol(&warehouse, "PDA 2", 2);
    b.sync(&warehouse, warehouse.now());
    // One is released at two places that do not know of each other.
    release(&warehouse, &mut a, 1);
    release(&warehouse, &mut b, 1);
    // The other goes as if it were anybody's.
    let mut stray = piece_event(&deposit(warehouse.site), 2, false);
    stray.order = None;
    let commit = Commit {
        operator: Some(operator(1)),
        site: Some(warehouse.site),
        events: vec![stray],
        ..Commit::default()
    };
    a.replica.commit(commit, warehouse.now()).unwrap();
    for device in [&mut a, &mut b] {
        device.sync(&warehouse, warehouse.now());
    }
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let body = supervisor.get("/custody?show=odd").await.body;
    assert_eq!((on_tab(&body, "odd"), waiting(&body)), (1, 1));
    assert!(body.contains("重复领取 · 件号 1") && body.contains("未经领取已出库"));
    let decide = body.split("href=\"/review/").nth(1).unwrap();
    let decide = format!("/review/{}", decide.split('"').next().unwrap());
    let card = supervisor.get(&decide).await;
    assert_eq!(card.status, StatusCode::OK);
    let one = supervisor.get(&format!("/custody/{LEFT}")).await.body;
    assert!(one.contains("重复领取") && one.contains("未经领取已出库"));
}

#[tokio::test]
async fn what_nobody_came_for_is_handed_over_by_a_list() {
    let (warehouse, _a) = scene().await;
    let at = |file: &str| format!("/custody/{file}");
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    let empty = Grid::read(&viewer.get(&at("handover.xlsx")).await.bytes);
    assert!(empty.is_err(), "nobody is late");
    warehouse.pass(60 * DAY);
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    let list = viewer.get("/custody?show=abandoned").await.body;
    assert!(list.contains("handover.pdf"));
    let book = viewer.get(&at("handover.xlsx")).await;
    let grid = Grid::read(&book.bytes).unwrap();
    assert_eq!(grid.headings[..3], ["寄存单", "寄存人", "手机号"]);
    assert_eq!(grid.rows.len(), 2, "a row for each piece");
    let cells = &grid.rows[0].cells;
    assert_eq!(cells[1..4], ["王喆", "+86 138-0013-8000", "1"]);
    assert!(cells.contains(&"A-01-1".to_owned()) && cells.contains(&"2026-10-01".to_owned()));
    let (over, fee) = (&cells[9], &cells[10]);
    assert!(over.parse::<i64>().unwrap() > 30, "{over}");
    assert!(fee.ends_with(" CNY"), "{fee}");
    assert_eq!(grid.rows[1].cells.get(10).map_or("", |c| c.as_str()), "");
    let paper = viewer.get(&at("handover.pdf")).await;
    assert_eq!(paper.headers["content-type"], "application/pdf");
    assert!(paper.bytes.starts_with(b"%PDF-"));
    assert_eq!(
        viewer.get(&at("handover.doc")).await.status,
        StatusCode::NOT_FOUND
    );
    let trail = warehouse.signed_in(Role::Admin).await.get("/audit").await;
    assert!(trail.body.contains("下载移交清单"));
}

/// What the pictures of labels in a PDF say, as our own decoder reads them.
fn read_back(pdf: &[u8]) -> Vec<Vec<String>> {
    let find = |what: &[u8], from: usize| {
        let found = pdf[from..].windows(what.len()).position(|w| w == what);
        found.map(|at| at + from)
    };
    let mut labels = Vec::new();
    let mut at = 0;
    while let Some(begin) = find(b"\nstream\n", at) {
        let head = String::from_utf8_lossy(&pdf[at..begin]).into_owned();
        let dict = head.rsplit("obj").next().unwrap();
        let number = |name: &str| -> usize {
            let value = dict.split(&format!("/{name} ")).nth(1).unwrap();
            value.split_whitespace().next().unwrap().parse().unwrap()
        };
        let data = begin + b"\nstream\n".len();
        at = data + number("Length");
        if !dict.contains("/Image") {
            continue;
        }
        let mut bits = Vec::new();
        ZlibDecoder::new(&pdf[data..at])
            .read_to_end(&mut bits)
            .unwrap();
        let (width, height) = (number("Width"), number("Height"));
        let dark = |x: usize, y: usize| bits[y * width.div_ceil(8) + x / 8] >> (7 - x % 8) & 1 == 1;
        let luma = (0..width * height).map(|n| if dark(n % width, n / width) { 0 } else { 255 });
        let frame = LumaFrame::new(width as u32, height as u32, luma.collect()).unwrap();
        let read = FrameReader::new(ReaderSettings::default()).read(&frame, Effort::Thorough);
        let mut texts: Vec<String> = read.unwrap().payloads.into_iter().map(|p| p.text).collect();
        texts.sort();
        texts.dedup();
        labels.push(texts);
    }
    labels
}

#[tokio::test]
async fn labels_of_a_deposit_are_printed_and_read_back_as_what_they_stand_for() {
    let (warehouse, mut a) = scene().await;
    let left = deposit(warehouse.site);
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let labels = format!("/custody/{LEFT}/labels.pdf");
    let units: Vec<Vec<String>> = left
        .pieces
        .values()
        .map(|piece| vec![piece.unit.printed().to_owned()])
        .collect();
    for layout in labels::sheet::Layout::ALL {
        let of = |what: &str| format!("{labels}?what={what}&layout={}&skip=1", layout.code);
        let pdf = supervisor.get(&of("pieces")).await;
        assert_eq!(pdf.headers["content-type"], "application/pdf");
        assert_eq!(read_back(&pdf.bytes), units, "{}", layout.code);
        let pdf = supervisor.get(&of("ticket")).await;
        assert_eq!(read_back(&pdf.bytes), [vec![left.claim.to_string()]]);
        let pdf = supervisor.get(&of("bins")).await;
        assert_eq!(read_back(&pdf.bytes), [vec!["A-01-1".to_owned()]]);
    }
    let unknown = supervisor.get(&format!("{labels}?what=poster")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    for number in [1, 2] {
        release(&warehouse, &mut a, number);
    }
    a.sync(&warehouse, warehouse.now());
    let none = supervisor.get(&format!("{labels}?what=bins")).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.body.contains("物品已不在库"));
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    let refused = viewer.get(&format!("{labels}?what=ticket")).await;
    assert_eq!(
        refused.status,
        StatusCode::FORBIDDEN,
        "a ticket opens the deposit"
    );
    let trail = warehouse.signed_in(Role::Admin).await.get("/audit").await;
    assert!(trail.body.contains("打印寄存标签"));
}
