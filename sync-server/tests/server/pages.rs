//! Every page renders in both languages with the story's data on it.

use crate::common::{Warehouse, bin, item, story};
use domain::UnitId;
use domain::ledger::{StockKey, Subject};
use sync_server::store::accounts::Role;

#[tokio::test]
async fn each_page_says_what_happened_in_both_languages() {
    let warehouse = Warehouse::new();
    let _handhelds = story::tell(&warehouse);
    let mut browser = warehouse.signed_in(Role::Admin).await;
    let item_page = format!("/items/{}", item(1));
    let bin_page = format!("/bins/{}", bin(2));
    let pages: [(&str, &[&str], &[&str]); 10] = [
        (
            "/review",
            &[
                "同一件重复出库",
                "负库存",
                "未知条码",
                "盘点差异",
                "资料冲突",
                "王芳",
                "手持 2 号",
            ],
            &[
                "Unit issued twice",
                "Negative stock",
                "Unknown code",
                "Count variance",
                "王芳",
            ],
        ),
        (
            "/stock",
            &["A-01-1", "活", "40 件"],
            &["A-01-1", "Adjustable wrench", "40 pcs"],
        ),
        (
            "/stock?by=item",
            &["铜芯电线", "488 米"],
            &["Copper wire", "488 m"],
        ),
        ("/stock?q=tongxin", &["铜芯电线"], &["Copper wire"]),
        (
            &item_page,
            &["WR-0250", "6901234500017", "历史记录"],
            &["WR-0250", "History"],
        ),
        (
            &bin_page,
            &["A-01-2", "存货区", "-5 箱"],
            &["A-01-2", "Storage", "-5 box"],
        ),
        (
            "/units/LP-00017",
            &["托盘", "已出库"],
            &["Pallet", "Issued"],
        ),
        (
            "/feed",
            &["已由 王芳 冲销", "手持 2 号"],
            &["Reversed by 王芳", "Anna Schmidt"],
        ),
        ("/devices", &["手持 1 号", "准确"], &["手持 1 号", "right"]),
        ("/people", &["李强", "…2"], &["Anna Schmidt", "…3"]),
    ];
    for (path, chinese, english) in pages {
        for (language, tag, words) in [("zh", "zh-CN", chinese), ("en", "en", english)] {
            browser.set_cookie("tm_lang", language);
            let answer = browser.get(path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            assert!(
                answer.body.contains(&format!("<html lang=\"{tag}\"")),
                "{path}"
            );
            for word in words {
                assert!(answer.body.contains(word), "{word} on {path} in {language}");
            }
        }
    }
    for path in [
        "/data",
        "/account",
        "/review?tab=decided",
        "/review/list",
        "/feed/list",
    ] {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn empty_pages_say_what_to_do() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    for (path, words) in [
        ("/review", "没有待处理的异常"),
        ("/review?tab=decided", "还没有处理记录"),
        ("/stock", "还没有库存"),
        ("/stock?q=nothing", "没有找到"),
        ("/feed", "没有记录"),
    ] {
        let answer = browser.get(path).await;
        assert!(answer.body.contains(words), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_stock_of_an_instant_is_that_of_the_book_then() {
    let warehouse = Warehouse::new();
    let _handhelds = story::tell(&warehouse);
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    // Ten minutes in: before anything was issued. 22:25 in Shanghai.
    let page = format!("/items/{}?at=2026-09-21T22%3A25", item(2));
    let answer = browser.get(&page).await;
    assert!(answer.body.contains("25 箱"), "{}", answer.body);
    assert!(answer.body.contains("2026-09-21 22:25 的库存"));
}

#[tokio::test]
async fn the_language_switch_comes_back_to_the_same_page() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    let fields = [("lang", "en"), ("to", "/stock?by=item")];
    let answer = browser.post_raw("/preferences", &fields).await;
    assert_eq!(answer.location(), "/stock?by=item");
    assert_eq!(browser.cookie("tm_lang"), Some("en"));
    assert!(browser.get("/stock?by=item").await.body.contains("By item"));
    let away = [("theme", "dark"), ("to", "//evil.example")];
    assert_eq!(
        browser.post_raw("/preferences", &away).await.location(),
        "/"
    );
    assert!(
        browser
            .get("/stock")
            .await
            .body
            .contains("data-theme=\"dark\"")
    );
}

#[tokio::test]
async fn an_unknown_address_is_a_page_too() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    for path in [
        "/nowhere",
        "/items/x",
        "/bins/00000000-0000-0000-0000-000000000001",
        "/units/none",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("没有这个页面或内容"), "{path}");
    }
    let machine = browser.get("/api/v2/nowhere").await;
    assert_eq!(
        (machine.status.as_u16(), machine.body.as_str()),
        (404, r#"{"code":"not-found"}"#)
    );
}

#[tokio::test]
async fn numbers_that_late_records_change_are_said_to_be_recalculated() {
    let warehouse = Warehouse::new();
    let _handhelds = story::tell(&warehouse);
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    let (item_page, bin_page) = (format!("/items/{}", item(1)), format!("/bins/{}", bin(1)));
    let unit = UnitId::plate("LP-00018");
    let unit_page = format!("/units/{}", unit.printed());
    // The counted pile is the one that is stale.
    let cards = "/review?kind=count-variance";
    let pages = [
        "/stock",
        "/stock?by=item",
        &*item_page,
        &*bin_page,
        &*unit_page,
        cards,
    ];
    for page in pages {
        assert!(
            !browser.get(page).await.body.contains("重新计算中"),
            "{page}"
        );
    }
    // A server that begins from a snapshot some day: here its read model is told by hand.
    let pile = Subject::Stock(StockKey {
        bin: bin(1),
        item: item(1),
        lot: None,
    });
    let file = warehouse.folder.path().join("replica.db");
    let rows = rusqlite::Connection::open(file).unwrap();
    for subject in [pile, Subject::Unit(unit)] {
        let row = rusqlite::params![warehouse.site.as_bytes(), subject.to_key()];
        let insert = "INSERT INTO stale (site, subject) VALUES (?1, ?2)";
        assert_eq!(rows.execute(insert, row).unwrap(), 1);
    }
    for page in pages {
        let body = browser.get(page).await.body;
        assert_eq!(body.matches("重新计算中").count(), 1, "{page}");
        assert!(body.contains("下一个快照"), "{page}");
    }
    assert!(
        !browser
            .get("/review?kind=negative-stock")
            .await
            .body
            .contains("重新计算中")
    );
    assert!(
        !browser
            .get("/stock?q=tongxin")
            .await
            .body
            .contains("重新计算中")
    );
}
