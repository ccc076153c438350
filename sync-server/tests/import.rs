//! CSV in and out.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{Warehouse, item};
use sync_server::store::accounts::Role;

/// What stands under a heading of the result page.
fn figure(page: &str, heading: &str) -> u64 {
    let (_, rest) = page
        .split_once(&format!("<dt>{heading}</dt>"))
        .expect(heading);
    let digits = rest.split_once("<dd").unwrap().1.split_once('>').unwrap().1;
    digits.split('<').next().unwrap().trim().parse().unwrap()
}

fn apply_path(page: &str) -> String {
    let (_, rest) = page.split_once("action=\"/data/import/").unwrap();
    format!("/data/import/{}", rest.split('"').next().unwrap())
}

#[tokio::test]
async fn items_are_checked_first_and_imported_once() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let file = "SKU,名称,单位,条码,颜色\nN-1,新扳手,pcs,6901234599990; 16901234599997=12,红\nWR-0250,活动扳手 10 寸,pcs,,\nGL-0008,,,,\nN-2,手套,box,6901234500017,\n,无编码,,,\n";
    let (gbk, _, _) = encoding_rs::GBK.encode(file);
    let checked = browser
        .upload("/data", "/data/import/items/check", "i.csv", &gbk)
        .await;
    assert_eq!(checked.status, 200, "{}", checked.body);
    for (heading, n) in [("新增", 1), ("更新", 2), ("有误，不导入", 2)] {
        assert_eq!(figure(&checked.body, heading), n, "{heading}");
    }
    for words in [
        "颜色",
        "gb18030",
        "条码属于另一个商品",
        "不能为空",
        "6901234500017",
    ] {
        assert!(checked.body.contains(words), "{words}");
    }
    assert!(
        !browser.get("/stock?by=item").await.body.contains("新扳手"),
        "a check changes nothing"
    );

    let apply = apply_path(&checked.body);
    let errors = browser.get(&apply.replace("/apply", "/errors.csv")).await;
    assert!(errors.bytes.starts_with(b"\xef\xbb\xbf"));
    assert!(
        errors
            .body
            .contains("5,条码,6901234500017,条码属于另一个商品"),
        "{}",
        errors.body
    );

    let done = browser.post_from("/data", &apply, &[]).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains("导入完成"));
    let again = browser.post_from("/data", &apply, &[]).await;
    assert_eq!(again.status, 404, "a file is imported once");
    let list = browser.get("/stock?by=item").await.body;
    assert!(list.contains("新扳手") && list.contains("活动扳手 10 寸"));
    let found = browser.get("/stock?by=item&q=16901234599997").await.body;
    assert!(found.contains("新扳手"), "the barcode of the pack finds it");
}

#[tokio::test]
async fn bins_and_opening_stock() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let bins = "Bin,Zone\nC-01-1,C\nC-01-2,C\nA-01-1,\n";
    let checked = browser
        .upload("/data", "/data/import/bins/check", "b.csv", bins.as_bytes())
        .await;
    assert_eq!(figure(&checked.body, "新增"), 2);
    assert_eq!(figure(&checked.body, "无变化"), 1);
    browser
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;

    let stock = "库位,货号,数量,批次,效期,序列号\nC-01-1,WR-0250,\"1,200\",,,\nC-01-2,MK-0001,24,M1,2026/12/31,\nC-01-2,MK-0001,24,,,\nNOWHERE,WR-0250,1,,,\nC-01-1,BT-0012,1,,,SN-9\nC-01-1,BT-0012,2,,,SN-8\n";
    let checked = browser
        .upload(
            "/data",
            "/data/import/stock/check",
            "s.csv",
            stock.as_bytes(),
        )
        .await;
    assert_eq!(figure(&checked.body, "新增"), 3);
    for words in ["没有这个库位", "该商品需要批次", "该商品需要序列号"] {
        assert!(checked.body.contains(words), "{words}");
    }
    browser
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;
    let list = browser.get("/stock").await.body;
    assert!(
        list.contains("1200 件") && list.contains("C-01-2"),
        "{list}"
    );
    let unit = browser.get(&format!("/units/{}%23SN-9", item(6))).await;
    assert_eq!(unit.status, 200);
    let feed = browser.get("/feed").await.body;
    assert!(
        feed.contains("user-supervisor"),
        "the feed says who imported: {feed}"
    );
    assert!(feed.contains("服务器"), "and where");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    for (file, words) in [
        ("", "文件里没有数据行"),
        ("名称\n扳手\n", "缺少列：商品编码"),
    ] {
        let answer = browser
            .upload(
                "/data",
                "/data/import/items/check",
                "x.csv",
                file.as_bytes(),
            )
            .await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(words), "{}", answer.body);
    }
    let large = vec![b'x'; 9 << 20];
    let answer = browser
        .upload("/data", "/data/import/items/check", "x.csv", &large)
        .await;
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("文件太大"));
}

#[tokio::test]
async fn what_is_exported_is_imported_without_a_change() {
    let from = Warehouse::new();
    let to = Warehouse::new();
    let _handhelds = common::story::tell(&from);
    for language in ["zh", "en"] {
        let mut source = from.signed_in(Role::Supervisor).await;
        let mut target = to.signed_in(Role::Supervisor).await;
        source.set_cookie("tm_lang", language);
        let items = source.get("/export/items.csv").await;
        assert!(
            items.bytes.starts_with(b"\xef\xbb\xbf"),
            "Excel needs the mark"
        );
        let back = source
            .upload("/data", "/data/import/items/check", "i.csv", &items.bytes)
            .await;
        let same = if language == "zh" {
            "无变化"
        } else {
            "Unchanged"
        };
        assert_eq!(figure(&back.body, same), 6, "{language}");
        let bins = source.get("/export/bins.csv").await;
        let there = target
            .upload("/data", "/data/import/bins/check", "b.csv", &bins.bytes)
            .await;
        assert_eq!(figure(&there.body, "无变化"), 6);
    }
    let mut source = from.signed_in(Role::Viewer).await;
    for (list, words) in [
        ("stock", "A-01-1,WR-0250,40"),
        ("events", "手持 2 号"),
        ("exceptions", "同一件重复出库"),
    ] {
        let answer = source.get(&format!("/export/{list}.csv")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains(words), "{list}: {}", answer.body);
        assert!(
            answer.headers["content-disposition"]
                .to_str()
                .unwrap()
                .contains("attachment")
        );
    }
}

#[tokio::test]
async fn bins_say_what_fits_and_which_of_them_are_pick_faces() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let known = {
        let replica = warehouse.hub.replica().lock().unwrap();
        replica.query().bin(common::bin(1)).unwrap().unwrap().code
    };
    let file = format!(
        "库位,库区,类别,容积,承重,动线顺序,拣货位商品,补货下限,补货上限\n{known},,cold,\"240,000\",80000,17,WR-0250,6,24\nN-1,A,,,,,WR-0250,2,8\nN-2,A,,-5,,,,,\nN-3,A,,,,,NOWHERE,2,8\nN-4,A,,,,,WR-0250,9,8\n"
    );
    let checked = browser
        .upload("/data", "/data/import/bins/check", "b.csv", file.as_bytes())
        .await;
    for (heading, n) in [("新增", 1), ("更新", 1), ("有误，不导入", 3)] {
        assert_eq!(figure(&checked.body, heading), n, "{heading}");
    }
    for words in ["不是有效的整数", "NOWHERE", "补货下限大于上限"] {
        assert!(checked.body.contains(words), "{words}: {}", checked.body);
    }
    browser
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;
    let room = {
        let replica = warehouse.hub.replica().lock().unwrap();
        replica.query().bin(common::bin(1)).unwrap().unwrap().room
    };
    assert_eq!(
        (room.class.as_str(), room.volume, room.weight, room.sequence),
        ("cold", 240_000, 80_000, 17)
    );
    let (face, least, most) = room.face.unwrap();
    assert_eq!(
        (face, least, most),
        (item(1), common::units(6), common::units(24))
    );
    // What it exports it takes back, and nothing changes.
    let exported = browser.get("/export/bins.csv").await;
    let again = browser
        .upload("/data", "/data/import/bins/check", "b.csv", &exported.bytes)
        .await;
    assert_eq!(figure(&again.body, "更新"), 0, "{}", again.body);
}
