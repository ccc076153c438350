//! CSV and XLSX in and out.

use crate::common::{Warehouse, item};
use sync_server::store::accounts::Role;
use sync_server::store::{StoreError, roles};

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
    let _handhelds = crate::common::story::tell(&from);
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
        replica
            .query()
            .bin(crate::common::bin(1))
            .unwrap()
            .unwrap()
            .code
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
        replica
            .query()
            .bin(crate::common::bin(1))
            .unwrap()
            .unwrap()
            .room
    };
    assert_eq!(
        (room.class.as_str(), room.volume, room.weight, room.sequence),
        ("cold", 240_000, 80_000, 17)
    );
    let (face, least, most) = room.face.unwrap();
    assert_eq!(
        (face, least, most),
        (item(1), crate::common::units(6), crate::common::units(24))
    );
    // What it exports it takes back, and nothing changes.
    let exported = browser.get("/export/bins.csv").await;
    let again = browser
        .upload("/data", "/data/import/bins/check", "b.csv", &exported.bytes)
        .await;
    assert_eq!(figure(&again.body, "更新"), 0, "{}", again.body);
}

fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (line, row) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(*row) {
            sheet.write(line, column, *cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

/// The address of the import that a result page leads to.
fn run_path(page: &str) -> String {
    let (_, rest) = page.split_once("href=\"/imports/").unwrap();
    format!("/imports/{}", rest.split('"').next().unwrap())
}

fn query<T>(warehouse: &Warehouse, ask: impl Fn(&replica::Query<'_>) -> T) -> T {
    let replica = warehouse.hub.replica().lock().unwrap();
    ask(&replica.query())
}

#[tokio::test]
async fn a_workbook_with_other_headings_is_asked_about_once() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let file = workbook(&[
        &["Artikel", "Bezeichnung", "<script>alert(1)</script>"],
        &["N-7", "Schraube <b>", "x"],
    ]);
    let asked = browser
        .upload("/data", "/data/import/items/check", "liste.xlsx", &file)
        .await;
    assert_eq!(asked.status, 422);
    for words in ["缺少列：商品编码", "Artikel", "N-7", "&#60;script&#62;"] {
        assert!(asked.body.contains(words), "{words}: {}", asked.body);
    }
    assert!(
        !asked.body.contains("<script>alert"),
        "a heading runs nothing"
    );
    let (_, rest) = asked.body.split_once("action=\"/data/import/").unwrap();
    let columns = format!("/data/import/{}", rest.split('"').next().unwrap());
    let said = [("of:artikel", "sku"), ("of:bezeichnung", "name-en")];
    let checked = browser.post_from(&columns, &columns, &said).await;
    assert_eq!(checked.status, 200, "{}", checked.body);
    assert_eq!(figure(&checked.body, "新增"), 1);
    assert!(checked.body.contains("XLSX") && checked.body.contains("liste.xlsx"));
    let done = browser
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;
    assert!(done.body.contains("导入完成"), "{}", done.body);

    // The next file of this kind is understood at once, CSV too.
    let next = "Artikel,Bezeichnung\nN-8,Mutter\n";
    let checked = browser
        .upload(
            "/data",
            "/data/import/items/check",
            "x.csv",
            next.as_bytes(),
        )
        .await;
    assert_eq!(checked.status, 200, "{}", checked.body);
    assert_eq!(figure(&checked.body, "新增"), 1);
    // And what the headings mean to other kinds is not changed.
    let bins = "Artikel\nC-1\n";
    let checked = browser
        .upload("/data", "/data/import/bins/check", "x.csv", bins.as_bytes())
        .await;
    assert_eq!(checked.status, 422);
}

#[tokio::test]
async fn a_sheet_of_a_million_rows_and_a_broken_one_say_what_to_do() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let long = format!("SKU\n{}", "A\n".repeat(1_000_000));
    let whole = workbook(&[&["SKU"], &["N-1"]]);
    for (file, words) in [
        (long.as_bytes(), "100000 行"),
        (&whole[..whole.len() / 2], "无法读取这个工作簿"),
        (
            &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0][..],
            "旧格式",
        ),
    ] {
        let answer = browser
            .upload("/data", "/data/import/items/check", "x.xlsx", file)
            .await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    assert!(browser.get("/imports").await.body.contains("还没有导入过"));
}

#[tokio::test]
async fn an_import_is_undone_where_nobody_has_changed_it_since() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let before = query(&warehouse, |q| q.item(item(1)).unwrap().unwrap());
    let file =
        "SKU,名称,单位\nN-1,新扳手,pcs\nN-2,被改的,pcs\nN-3,被用的,pcs\nWR-0250,换了名,box\n";
    let checked = browser
        .upload(
            "/data",
            "/data/import/items/check",
            "i.csv",
            file.as_bytes(),
        )
        .await;
    let done = browser
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;
    let run = run_path(&done.body);

    // Since then somebody has renamed one, received another, and changed one field of the third.
    let rename = "SKU,名称\nN-2,别的名\n";
    let unit = "SKU,单位\nWR-0250,kg\n";
    let stock = "库位,货号,数量\nA-01-1,N-3,5\n";
    for (kind, text) in [("items", rename), ("items", unit), ("stock", stock)] {
        let path = format!("/data/import/{kind}/check");
        let checked = browser
            .upload("/data", &path, "x.csv", text.as_bytes())
            .await;
        browser
            .post_from("/data", &apply_path(&checked.body), &[])
            .await;
    }
    let list = browser.get("/imports").await.body;
    assert!(
        list.contains("i.csv") && list.contains("user-supervisor"),
        "{list}"
    );

    // Where it is set so, somebody else has to agree to it, and sees which file it is about.
    let ask_two = |yes: &str| -> Result<(), StoreError> {
        let name = format!("{}data.undo", roles::FOUR_EYES);
        warehouse
            .database
            .write(|t| roles::set_setting(t, &name, yes))
    };
    ask_two("yes").unwrap();
    let asked = browser.post_from(&run, &format!("{run}/undo"), &[]).await;
    assert_eq!(asked.location(), "/requests?done=second");
    let mut second = warehouse.signed_in(Role::Admin).await;
    let page = second.get("/requests").await.body;
    assert!(
        page.contains("i.csv") && page.contains("撤销导入"),
        "{page}"
    );
    let undone = second
        .post_from("/requests", "/requests/1", &[("choice", "approve")])
        .await;
    assert_eq!(undone.location(), "/requests?done=request-approved");
    ask_two("").unwrap();
    let page = browser.get(&run).await.body;
    for words in [
        "N-2",
        "N-3",
        "WR-0250",
        "之后有人改动过部分字段",
        "正在使用",
        "已撤销",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("N-1</th>"), "{page}");
    query(&warehouse, |q| {
        assert!(q.items_by_code("N-1").unwrap().is_empty(), "taken out");
        assert!(q.search("新扳手", 10).unwrap().is_empty());
        assert_eq!(q.items_by_code("N-2").unwrap()[0].item.name_zh, "别的名");
        assert_eq!(q.items_by_code("N-3").unwrap().len(), 1);
        let after = q.item(item(1)).unwrap().unwrap();
        assert_eq!(after.name_zh, before.name_zh, "put back");
        assert_eq!(after.unit, "kg", "somebody else's");
    });
    let again = browser.post_from(&run, &format!("{run}/undo"), &[]).await;
    assert_eq!(again.status, 409, "undone once");

    // What was taken out can be imported again.
    let checked = browser
        .upload(
            "/data",
            "/data/import/items/check",
            "i.csv",
            "SKU\nN-1\n".as_bytes(),
        )
        .await;
    assert_eq!(figure(&checked.body, "新增"), 1);
}

#[tokio::test]
async fn opening_stock_bins_and_orders_are_undone_too() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let mut runs = Vec::new();
    for (kind, text) in [
        ("bins", "Bin,Zone\nZ-1,NEW\nZ-2,NEW\n"),
        ("stock", "Bin,SKU,Qty\nA-01-1,WR-0250,5\nA-01-2,GL-0008,7\n"),
        ("outbound", "Order,SKU,Qty\nO-1,WR-0250,2\n"),
    ] {
        let text = text.replace("Qty", "Quantity");
        let path = format!("/data/import/{kind}/check");
        let checked = browser
            .upload("/data", &path, "x.csv", text.as_bytes())
            .await;
        assert_eq!(checked.status, 200, "{}", checked.body);
        let done = browser
            .post_from("/data", &apply_path(&checked.body), &[])
            .await;
        runs.push(run_path(&done.body));
    }
    // One of the piles is counted on since.
    let more = "Bin,SKU,Quantity\nA-01-2,GL-0008,1\n";
    let checked = browser
        .upload(
            "/data",
            "/data/import/stock/check",
            "x.csv",
            more.as_bytes(),
        )
        .await;
    browser
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;
    let zones = query(&warehouse, |q| q.zones(warehouse.site).unwrap().len());
    for run in &runs {
        let undone = browser.post_from(run, &format!("{run}/undo"), &[]).await;
        assert_eq!(undone.status, 303, "{}", undone.body);
    }
    let site = warehouse.site;
    query(&warehouse, |q| {
        assert!(q.bins_by_code(site, "Z-1").unwrap().is_empty());
        assert_eq!(
            q.zones(site).unwrap().len(),
            zones - 1,
            "the zone goes with them"
        );
        assert!(
            q.stock_of_bin(crate::common::bin(1)).unwrap().is_empty(),
            "reversed"
        );
        let left = q.stock_of_bin(crate::common::bin(2)).unwrap();
        assert_eq!(
            left[0].balance,
            crate::common::units(8),
            "somebody went on from it"
        );
        assert!(q.orders_by_code(site, "O-1").unwrap()[0].cancelled);
    });
    let page = browser.get(&runs[1]).await.body;
    assert!(page.contains("之后那里有货物移动或盘点"), "{page}");
    let viewer = &mut warehouse.signed_in(Role::Viewer).await;
    let refused = viewer
        .post_from("/data", &format!("{}/undo", runs[1]), &[])
        .await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn one_of_each_kind_is_typed_by_hand() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let typed: [(&str, &[(&str, &str)]); 4] = [
        (
            "items",
            &[("sku", "H-1"), ("name-zh", "<script>x</script>")],
        ),
        ("bins", &[("bin", "H-B-1"), ("zone", "A")]),
        (
            "deliveries",
            &[
                ("order", "H-O-1"),
                ("due", "2027-01-31"),
                ("sku.0", "H-1"),
                ("quantity.0", "5"),
                ("sku.3", "WR-0250"),
                ("quantity.3", "2"),
            ],
        ),
        (
            "stock",
            &[("bin", "H-B-1"), ("sku", "H-1"), ("quantity", "3")],
        ),
    ];
    for (kind, fields) in typed {
        let path = format!("/data/add/{kind}");
        let saved = browser.post_from(&path, &path, fields).await;
        assert_eq!(saved.status, 303, "{kind}: {}", saved.body);
        let page = browser.get(saved.location()).await;
        assert!(page.body.contains("已保存"), "{}", page.body);
    }
    let order = query(&warehouse, |q| {
        q.orders_by_code(warehouse.site, "H-O-1").unwrap()
    });
    assert_eq!(order[0].lines.len(), 2);
    // A code that is taken, and a quantity that is none: nothing is saved, and what was typed stays.
    let again = browser
        .post_from(
            "/data/add/items",
            "/data/add/items",
            &[("sku", "H-1"), ("name-zh", "等待")],
        )
        .await;
    assert_eq!(again.status, 422);
    assert!(again.body.contains("这个编码已被使用") && again.body.contains("等待"));
    let fields = [("order", "H-O-2"), ("sku.0", "H-1"), ("quantity.0", "-1")];
    let wrong = browser
        .post_from("/data/add/outbound", "/data/add/outbound", &fields)
        .await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.body.contains("不是有效的数量") && wrong.body.contains("H-O-2"),
        "{}",
        wrong.body
    );
}

#[tokio::test]
async fn the_bins_of_a_rack_are_made_from_one_line() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let path = "/data/series/bins";
    assert!(browser.get("/data").await.body.contains(path));
    let wrong = [("codes", "R-4..1"), ("zone", "R")];
    let refused = browser.post_from(path, path, &wrong).await;
    assert_eq!(refused.status, 422);
    for words in ["R-4..1", "value=\"R\"", "范围前大后小"] {
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    let typed = [
        ("codes", "R-01..12-1..3, R-DOCK"),
        ("zone", "R"),
        ("class", "cold"),
        ("volume", "1200000"),
    ];
    let checked = browser.post_from(path, path, &typed).await;
    assert_eq!(checked.status, 200, "{}", checked.body);
    assert_eq!(figure(&checked.body, "新增"), 37);
    let bins = |code: &str| {
        query(&warehouse, |q| {
            q.bins_by_code(warehouse.site, code).unwrap()
        })
    };
    assert!(bins("R-12-3").is_empty(), "only looked at");
    let done = browser
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;
    let bin = bins("R-12-3").remove(0);
    assert_eq!(
        (bin.room.class.as_str(), bin.room.volume),
        ("cold", 1_200_000)
    );
    assert_eq!(bins("R-DOCK").len(), 1);
    // Once more changes nothing, and all of it can be undone.
    let again = browser.post_from(path, path, &typed).await;
    assert_eq!(figure(&again.body, "新增"), 0);
    let run = run_path(&done.body);
    assert!(
        browser
            .get(&run)
            .await
            .body
            .contains("R-01..12-1..3, R-DOCK")
    );
    browser.post_from(&run, &format!("{run}/undo"), &[]).await;
    assert!(bins("R-12-3").is_empty());
}

#[tokio::test]
async fn every_list_is_exported_in_both_forms() {
    let warehouse = Warehouse::new();
    let _handhelds = crate::common::story::tell(&warehouse);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let data = browser.get("/data").await.body;
    let lists: Vec<&str> = data
        .split("href=\"/export/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(lists.len(), 22, "{lists:?}");
    for list in lists {
        let answer = browser.get(&format!("/export/{list}")).await;
        assert_eq!(answer.status, 200, "{list}");
        match list.ends_with(".xlsx") {
            true => assert!(answer.bytes.starts_with(b"PK"), "{list}"),
            false => assert!(answer.bytes.starts_with(b"\xef\xbb\xbf"), "{list}"),
        }
    }
    // A workbook that was exported is taken back, and changes nothing.
    let items = browser.get("/export/items.xlsx").await;
    let back = browser
        .upload("/data", "/data/import/items/check", "i.xlsx", &items.bytes)
        .await;
    assert_eq!(figure(&back.body, "无变化"), 6, "{}", back.body);
}

#[tokio::test]
async fn goods_belong_to_customers_and_lists_tell_them_apart() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let bring = async |browser: &mut crate::common::browser::Browser, kind: &str, file: &str| {
        let check = format!("/data/import/{kind}/check");
        let checked = browser
            .upload("/data", &check, "f.csv", file.as_bytes())
            .await;
        assert_eq!(checked.status, 200, "{}", checked.body);
        let apply = apply_path(&checked.body);
        assert_eq!(browser.post_from("/data", &apply, &[]).await.status, 200);
        checked.body
    };
    let early = browser
        .upload(
            "/data",
            "/data/import/items/check",
            "f.csv",
            "SKU,货主\nOWN-1,HX\n".as_bytes(),
        )
        .await;
    assert!(early.body.contains("没有这个客户"), "{}", early.body);

    let file =
        "客户编码,中文名称,英文名称\nHX,恒信商贸,Hengxin\nLY,<b>蓝鹰</b>,Blue Eagle\nhx,又一个,\n";
    let checked = bring(&mut browser, "customers", file).await;
    assert_eq!(figure(&checked, "新增"), 2);
    assert_eq!(figure(&checked, "有误，不导入"), 1, "a code stands once");
    bring(
        &mut browser,
        "items",
        "SKU,名称,货主\nOWN-1,恒信的货,hx\nOWN-2,蓝鹰的货,LY\nWR-0250,,HX\n",
    )
    .await;

    let list = browser.get("/stock?by=item").await.body;
    let value = list.split_once("恒信商贸</option>").unwrap().0;
    let owner = value
        .rsplit_once("value=\"")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap();
    let his = browser
        .get(&format!("/stock?by=item&owner={owner}"))
        .await
        .body;
    for (sku, is_his) in [
        ("OWN-1", true),
        ("WR-0250", true),
        ("OWN-2", false),
        ("GL-0008", false),
    ] {
        assert_eq!(his.contains(sku), is_his, "{sku}");
    }
    assert!(!list.contains("<b>蓝鹰"), "names are text");
    let bins = browser
        .get(&format!("/stock?by=bin&owner={owner}"))
        .await
        .body;
    assert!(!bins.contains("GL-0008"), "{bins}");
    let page = browser.get(&format!("/items/{}", item(1))).await.body;
    assert!(page.contains("恒信商贸"), "{page}");

    let out = browser.get("/export/customers.csv").await.body;
    assert!(out.contains("HX,恒信商贸,Hengxin"), "{out}");
    let items = browser.get("/export/items.csv").await.body;
    let line = items
        .lines()
        .find(|line| line.starts_with("OWN-2"))
        .unwrap();
    assert!(line.ends_with(",LY"), "{line}");
}
