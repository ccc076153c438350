//! The REST API: keys, pages, records and their versions, refusals, and a document that says what the routes do.

use crate::common::{MINUTE, Warehouse, item};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};
use sync_server::api::{self, Scope};
use sync_server::store::accounts::Role;
use sync_server::store::{StoreError, roles};
use tower::ServiceExt;

struct Program {
    router: Router,
    key: String,
    language: &'static str,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    json: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }
}

/// A key made on the console, with these scopes; no site: all.
async fn key(warehouse: &Warehouse, scopes: &[&str], site: Option<&str>) -> String {
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let mut fields = vec![("name", "ERP <script>"), ("days", "30")];
    fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    fields.extend(site.map(|site| ("site", site)));
    let made = admin.post_from("/api-keys", "/api-keys", &fields).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(!made.body.contains("<script>"), "a name runs nothing");
    let (_, rest) = made.body.split_once("tallyman_").unwrap();
    format!("tallyman_{}", &rest[..64])
}

impl Program {
    async fn new(warehouse: &Warehouse) -> Self {
        let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.code()).collect();
        let key = key(warehouse, &all, None).await;
        Self::with(warehouse, key)
    }

    fn with(warehouse: &Warehouse, key: String) -> Self {
        Self {
            router: warehouse.router(),
            key,
            language: "en",
        }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("accept-language", self.language);
        if !self.key.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.key));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            json: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Body::empty()).await
    }

    async fn json(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        self.send(method, path, &all, Body::from(body.to_string()))
            .await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.json("POST", path, &[], &body).await
    }
}

#[tokio::test]
async fn a_key_opens_what_it_says_and_no_more() {
    let warehouse = Warehouse::new();
    let site = warehouse.site.to_string();
    let reader = Program::with(&warehouse, key(&warehouse, &["catalogue-read"], None).await);
    assert_eq!(reader.get("/items").await.status, 200);
    for (path, code) in [
        ("/orders?site=", "scope-missing"),
        ("/stock?site=", "scope-missing"),
    ] {
        let refused = reader.get(&format!("{path}{site}")).await;
        assert_eq!((refused.status, refused.code()), (403, code));
    }
    let refused = reader.post("/items", json!({"sku": "X"})).await;
    assert_eq!(refused.code(), "scope-missing");

    let elsewhere = "11111111-1111-1111-1111-111111111111";
    let other = key(
        &warehouse,
        &["catalogue-read", "catalogue-write"],
        Some(elsewhere),
    )
    .await;
    let other = Program::with(&warehouse, other);
    let refused = other.get(&format!("/bins?site={site}")).await;
    assert_eq!((refused.status, refused.code()), (403, "site-not-allowed"));
    assert_eq!(other.get("/sites").await.json["items"], json!([]));
    let refused = other.post("/items", json!({"sku": "X"})).await;
    assert_eq!(refused.code(), "site-not-allowed", "items belong to all");

    let nobody = Program::with(&warehouse, String::new());
    let refused = nobody.get("/items").await;
    assert_eq!((refused.status, refused.code()), (401, "key-missing"));
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    let forged = Program::with(&warehouse, format!("tallyman_{}", "0".repeat(64)));
    assert_eq!(forged.get("/items").await.code(), "key-wrong");

    // Of the key only its hash is kept.
    let files = std::fs::read(warehouse.folder.path().join("hub.db")).unwrap();
    let wal = std::fs::read(warehouse.folder.path().join("hub.db-wal")).unwrap_or_default();
    let secret = reader.key.trim_start_matches("tallyman_").as_bytes();
    for bytes in [files, wal] {
        assert!(!bytes.windows(64).any(|w| w == secret));
    }

    let mut admin = warehouse.signed_in(Role::Admin).await;
    let page = admin.get("/api-keys").await.body;
    assert!(page.contains("ERP &#60;script&#62;") && !page.contains(&reader.key));
    let revoked = admin
        .post_from("/api-keys", "/api-keys/1/revoke", &[])
        .await;
    assert_eq!(revoked.status, 303);
    assert_eq!(reader.get("/items").await.code(), "key-wrong", "at once");
    assert_eq!(other.get("/sites").await.status, 200);
    warehouse.pass(31 * 24 * 60 * MINUTE);
    assert_eq!(
        other.get("/sites").await.code(),
        "key-wrong",
        "it has expired"
    );
    for role in [Role::Viewer, Role::Supervisor] {
        let mut browser = warehouse.signed_in(role).await;
        assert_eq!(browser.get("/api-keys").await.status, 403);
    }
}

#[tokio::test]
async fn lists_come_in_pages_and_forged_cursors_are_refused() {
    let warehouse = Warehouse::new();
    let _handhelds = crate::common::story::tell(&warehouse);
    let program = Program::new(&warehouse).await;
    let site = warehouse.site.to_string();
    for list in [
        "/items?".to_owned(),
        format!("/bins?site={site}&"),
        format!("/stock?site={site}&"),
        format!("/events?site={site}&"),
        "/exceptions?".to_owned(),
    ] {
        let whole = program.get(&format!("{list}limit=500")).await;
        assert_eq!(whole.status, 200, "{list} {}", whole.json);
        let whole = whole.json["items"].as_array().unwrap().clone();
        assert!(whole.len() > 1, "{list}: {whole:?}");
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = program.get(&format!("{list}limit=1{cursor}")).await.json;
            let rows = page["items"].as_array().unwrap();
            paged.extend(rows.iter().cloned());
            let ended = rows.is_empty() || page["next"].is_null();
            if ended {
                break;
            }
            cursor = format!("&cursor={}", page["next"].as_str().unwrap());
        }
        assert_eq!(paged, whole, "{list}");
        for forged in ["x", "AAAA", "%00", &"A".repeat(3_000)] {
            let refused = program.get(&format!("{list}cursor={forged}")).await;
            assert_eq!(
                (refused.status, refused.code()),
                (400, "bad-cursor"),
                "{list}"
            );
        }
        if list != "/items?" {
            let page = program.get("/items?limit=1").await.json;
            let other = page["next"].as_str().unwrap();
            let refused = program.get(&format!("{list}cursor={other}")).await;
            assert_eq!(
                refused.code(),
                "bad-cursor",
                "a cursor of another list: {list}"
            );
        }
    }
    for wrong in [
        "/items?limit=0",
        "/items?limit=501",
        "/items?colour=red",
        "/bins",
        "/bins?site=x",
    ] {
        assert_eq!(program.get(wrong).await.code(), "bad-query", "{wrong}");
    }
    for unknown in [
        "/items/x",
        "/items/00000000-0000-0000-0000-000000000000",
        "/blobs/00",
        "/nothing",
        "/imports/zz",
    ] {
        let refused = program.get(unknown).await;
        assert_eq!(
            (refused.status, refused.code()),
            (404, "not-found"),
            "{unknown}"
        );
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    let refused = program.send("DELETE", "/items", &[], Body::empty()).await;
    assert_eq!(
        (refused.status, refused.code()),
        (405, "method-not-allowed")
    );
    assert!(refused.header("allow").contains("GET"));
}

#[tokio::test]
async fn the_feed_goes_on_where_it_stopped() {
    let warehouse = Warehouse::new();
    let program = Program::new(&warehouse).await;
    let site = warehouse.site.to_string();
    let first = program.get(&format!("/events?site={site}")).await.json;
    assert_eq!(
        (&first["items"], &first["more"]),
        (&json!([]), &json!(false))
    );
    let _handhelds = crate::common::story::tell(&warehouse);
    let next = first["next"].as_str().unwrap();
    let more = program
        .get(&format!("/events?site={site}&cursor={next}"))
        .await
        .json;
    let events = more["items"].as_array().unwrap();
    assert!(events.len() > 3, "{more}");
    let arrived: Vec<&str> = events
        .iter()
        .map(|e| e["arrived"].as_str().unwrap())
        .collect();
    assert!(arrived.is_sorted(), "{arrived:?}");
    let next = more["next"].as_str().unwrap();
    let end = program
        .get(&format!("/events?site={site}&cursor={next}"))
        .await
        .json;
    assert_eq!(end["items"], json!([]));
}

#[tokio::test]
async fn customers_are_made_and_own_items() {
    let warehouse = Warehouse::new();
    let program = Program::new(&warehouse).await;
    let made = program
        .post("/customers", json!({"code": "ACME", "name_zh": "艾克美"}))
        .await;
    assert_eq!(made.status, 201, "{}", made.json);
    let path = made
        .header("location")
        .trim_start_matches("/api/v1")
        .to_owned();
    let version = [("if-match", made.header("etag"))];
    let taken = program.post("/customers", json!({"code": "acme"})).await;
    assert_eq!((taken.status, taken.code()), (409, "taken"));
    let change = json!({"name_en": "Acme Ltd"});
    let changed = program.json("PATCH", &path, &version, &change).await;
    assert_eq!(
        (&changed.json["name_zh"], &changed.json["name_en"]),
        (&json!("艾克美"), &json!("Acme Ltd"))
    );
    let stale = program.json("PATCH", &path, &version, &change).await;
    assert_eq!((stale.status, stale.code()), (412, "stale"));
    program.post("/customers", json!({"code": "BOLT"})).await;
    let page = program.get("/customers?limit=1").await.json;
    assert_eq!(page["items"], json!([changed.json]));
    let next = page["next"].as_str().unwrap();
    let rest = program.get(&format!("/customers?cursor={next}")).await.json;
    assert_eq!(
        (&rest["items"][0]["code"], &rest["next"]),
        (&json!("BOLT"), &json!(null))
    );
    let found = program.get("/customers?code=ACME").await.json;
    assert_eq!(found["items"], json!([changed.json]));

    let (owner, other) = (&changed.json["id"], &rest["items"][0]["id"]);
    let item = json!({"sku": "OWNED-1", "owner": owner});
    let item = program.post("/items", item).await;
    assert_eq!((item.status, &item.json["owner"]), (201, owner));
    let path = item
        .header("location")
        .trim_start_matches("/api/v1")
        .to_owned();
    // It goes to another one, and then to ourselves; what says nothing about it leaves it.
    for (change, now) in [
        (json!({"owner": other}), other),
        (json!({"name_en": "x"}), other),
        (json!({"owner": ""}), &json!("")),
    ] {
        let any = [("if-match", "*")];
        let changed = program.json("PATCH", &path, &any, &change).await;
        assert_eq!((changed.status, &changed.json["owner"]), (200, now));
    }
}

#[tokio::test]
async fn records_are_made_once_changed_by_version_and_told_when_stale() {
    let warehouse = Warehouse::new();
    let program = Program::new(&warehouse).await;
    let new = json!({"sku": "API-1", "name_zh": "<script>", "barcodes": {"6900000000017": "1", "16900000000014": "12"}});
    let named = [("idempotency-key", "order-1")];
    let made = program.json("POST", "/items", &named, &new).await;
    assert_eq!(made.status, 201, "{}", made.json);
    let path = made
        .header("location")
        .trim_start_matches("/api/v1")
        .to_owned();
    let version = made.header("etag").to_owned();
    let again = program.json("POST", "/items", &named, &new).await;
    assert_eq!(
        (again.status, &again.json),
        (201, &made.json),
        "the same answer"
    );
    assert_eq!(again.header("idempotency-replayed"), "true");
    let another = program
        .json("POST", "/items", &named, &json!({"sku": "API-2"}))
        .await;
    assert_eq!((another.status, another.code()), (422, "another-request"));
    let taken = program.post("/items", new).await;
    assert_eq!((taken.status, taken.code()), (409, "taken"));
    let barcode = json!({"sku": "API-3", "barcodes": {"6900000000017": "1"}});
    let taken = program.post("/items", barcode).await;
    assert_eq!((taken.status, taken.code()), (422, "invalid"));
    assert_eq!(
        taken.json["errors"][0]["pointer"],
        "/barcodes/6900000000017"
    );

    assert_eq!(program.get(&path).await.header("etag"), version);
    let value = json!({"amount": "12.50", "currency": "CNY"});
    let change = json!({"name_en": "Wrench", "barcodes": {"16900000000014": null}, "min_stock": "2.5", "value": value});
    let unsaid = program.json("PATCH", &path, &[], &change).await;
    assert_eq!(
        (unsaid.status, unsaid.code()),
        (428, "precondition-required")
    );
    let changed = program
        .json("PATCH", &path, &[("if-match", &version)], &change)
        .await;
    assert_eq!(changed.status, 200, "{}", changed.json);
    assert_eq!(changed.json["barcodes"], json!({"6900000000017": "1"}));
    assert_eq!(changed.json["min_stock"], "2.5");
    assert_eq!(changed.json["value"], value);
    assert_eq!(
        changed.json["name_zh"], "<script>",
        "what is left out stays"
    );
    let stale = program
        .json("PATCH", &path, &[("if-match", &version)], &change)
        .await;
    assert_eq!((stale.status, stale.code()), (412, "stale"));

    for (body, pointer) in [
        (json!({"sku": ""}), "/sku"),
        (json!({"sku": "X\u{0}"}), "/sku"),
        (json!({"sku": "Y", "decimals": 4}), "/decimals"),
        (json!({"sku": "Y", "volume_cm3": -1}), "/volume_cm3"),
        (json!({"sku": "Y", "barcodes": {"1": "-5"}}), "/barcodes/1"),
        (json!({"sku": "Y", "min_stock": "-1"}), "/min_stock"),
        (
            json!({"sku": "Y", "value": {"amount": "1.5", "currency": "JPY"}}),
            "/value/amount",
        ),
        (
            json!({"sku": "Y", "value": {"amount": "0", "currency": "CNY"}}),
            "/value/amount",
        ),
        (
            json!({"sku": "Y", "value": {"amount": "1", "currency": "yuan"}}),
            "/value/currency",
        ),
        (json!({"sku": "Y", "owner": "ACME"}), "/owner"),
        (
            json!({"sku": "Y", "owner": "00000000-0000-0000-0000-000000000000"}),
            "/owner",
        ),
        (json!({"sku": "Y", "colour": "red"}), ""),
        (json!({"sku": 5}), ""),
    ] {
        let refused = program.post("/items", body.clone()).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid"), "{body}");
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    let kind = [("content-type", "application/json")];
    let broken = program.send("POST", "/items", &kind, Body::from("{")).await;
    assert_eq!((broken.status, broken.code()), (400, "bad-body"));
    let text = program
        .send(
            "POST",
            "/items",
            &[("content-type", "text/plain")],
            Body::from("{}"),
        )
        .await;
    assert_eq!((text.status, text.code()), (415, "media-type"));
    let huge = format!("\"{}\"", "x".repeat(300 * 1024));
    let huge = program
        .send("POST", "/items", &kind, Body::from(huge))
        .await;
    assert_eq!((huge.status, huge.code()), (413, "too-large"));

    let site = warehouse.site.to_string();
    let bin = json!({"site": site, "code": "API-B", "zone": "NEW", "face": {"item": item(1).to_string(), "min": "2", "max": "8"}});
    let made = program.post("/bins", bin).await;
    assert_eq!(made.status, 201, "{}", made.json);
    assert_eq!(made.json["zone"], "NEW");
    let path = format!("/bins/{}", made.json["id"].as_str().unwrap());
    let change = json!({"zone": "", "sequence": 7});
    let changed = program
        .json(
            "PATCH",
            &path,
            &[("if-match", made.header("etag"))],
            &change,
        )
        .await;
    assert_eq!(
        (&changed.json["zone"], &changed.json["sequence"]),
        (&json!(""), &json!(7))
    );
    assert_eq!(changed.json["face"]["max"], "8");
}

#[tokio::test]
async fn orders_stock_and_imports() {
    let warehouse = Warehouse::new();
    let program = Program::new(&warehouse).await;
    let site = warehouse.site.to_string();
    let order = json!({"site": site, "type": "outbound", "code": "SO-1", "due": "2027-01-31",
        "lines": [{"item": "WR-0250", "quantity": "2"}, {"item": "GL-0008", "quantity": "1.5"}]});
    let made = program.post("/orders", order.clone()).await;
    assert_eq!(made.status, 201, "{}", made.json);
    assert_eq!(made.json["lines"][1]["asked"], "1.5");
    assert_eq!(program.post("/orders", order).await.code(), "taken");
    let wrong = json!({"site": site, "type": "inbound", "code": "PO-1", "lines": [{"item": "NONE", "quantity": "1"}]});
    let refused = program.post("/orders", wrong).await;
    assert_eq!(
        refused.json["errors"][0]["pointer"], "/lines/0/item",
        "{}",
        refused.json
    );
    let path = format!("/orders/{}", made.json["id"].as_str().unwrap());
    let version = [("if-match", made.header("etag"))];
    let off = program
        .send("POST", &format!("{path}/call-off"), &version, Body::empty())
        .await;
    assert_eq!(
        (off.status, &off.json["cancelled"]),
        (200, &json!(true)),
        "{}",
        off.json
    );
    let stale = program
        .send("POST", &format!("{path}/call-off"), &version, Body::empty())
        .await;
    assert_eq!(stale.code(), "stale");

    let file = "Bin,SKU,Quantity\nA-01-1,WR-0250,5\nNOWHERE,WR-0250,5\n";
    let kind = [("content-type", "text/csv")];
    let imports = format!("/imports?kind=stock&site={site}&name=s.csv");
    let dry = program
        .send(
            "POST",
            &format!("{imports}&dry_run=true"),
            &kind,
            Body::from(file),
        )
        .await;
    assert_eq!(dry.status, 200, "{}", dry.json);
    assert_eq!(
        (&dry.json["new"], &dry.json["left_out"], &dry.json["import"]),
        (&json!(1), &json!(1), &Value::Null)
    );
    assert_eq!(dry.json["problems"][0]["line"], 3);
    let done = program
        .send("POST", &imports, &kind, Body::from(file))
        .await;
    assert_eq!(done.status, 201, "{}", done.json);
    let piles = program
        .get(&format!("/stock?site={site}&item={}", item(1)))
        .await
        .json;
    assert_eq!(piles["items"][0]["quantity"], "5");
    let before = "2020-01-01T00:00:00Z";
    let then = program
        .get(&format!("/stock?site={site}&item={}&at={before}", item(1)))
        .await
        .json;
    assert_eq!(then["items"], json!([]));
    let run = format!("/imports/{}", done.json["import"].as_str().unwrap());
    assert_eq!(program.get(&run).await.json["by"], "API ERP <script>");
    // A key is no second person, nor does it go round one.
    let ask_two = |yes: &str| -> Result<(), StoreError> {
        let name = format!("{}data.undo", roles::FOUR_EYES);
        warehouse
            .database
            .write(|t| roles::set_setting(t, &name, yes))
    };
    ask_two("yes").unwrap();
    let refused = program
        .send("POST", &format!("{run}/undo"), &[], Body::empty())
        .await;
    assert_eq!((refused.status, refused.code()), (403, "needs-two"));
    ask_two("").unwrap();
    let undone = program
        .send("POST", &format!("{run}/undo"), &[], Body::empty())
        .await;
    assert_eq!(
        (undone.status, &undone.json["put_back"]),
        (200, &json!(1)),
        "{}",
        undone.json
    );
    let again = program
        .send("POST", &format!("{run}/undo"), &[], Body::empty())
        .await;
    assert_eq!(again.status, 409);
    let broken = program
        .send("POST", &imports, &kind, Body::from("PK\u{3}\u{4}"))
        .await;
    assert_eq!((broken.status, broken.code()), (422, "invalid"));
    let large = vec![b'x'; 9 << 20];
    let large = program
        .send("POST", &imports, &kind, Body::from(large))
        .await;
    assert_eq!((large.status, large.code()), (413, "too-large"));
}

#[tokio::test]
async fn an_exception_is_decided_by_the_rules_of_the_console() {
    let warehouse = Warehouse::new();
    let _handhelds = crate::common::story::tell(&warehouse);
    let program = Program::new(&warehouse).await;
    let open = program
        .get("/exceptions?open=true&kind=unit-issued-twice")
        .await
        .json;
    let exception = &open["items"][0];
    let path = format!("/exceptions/{}/resolve", exception["id"].as_str().unwrap());
    let old = json!({"choice": exception["choices"][0], "seen": "0000"});
    assert_eq!(program.post(&path, old).await.code(), "conflict");
    let none = json!({"choice": "nonsense", "seen": exception["seen"]});
    assert_eq!(
        program.post(&path, none).await.json["errors"][0]["pointer"],
        "/choice"
    );
    let decision = json!({"choice": exception["choices"][0], "seen": exception["seen"]});
    let done = program.post(&path, decision.clone()).await;
    assert_eq!(
        (done.status, &done.json["status"]),
        (200, &json!("resolved")),
        "{}",
        done.json
    );
    assert_eq!(program.post(&path, decision).await.code(), "conflict");

    // What takes much off the book needs two people where that is set, and a key is not one of them.
    let set: Result<(), StoreError> = warehouse.database.write(|t| {
        roles::set_setting(t, &format!("{}review.decide", roles::FOUR_EYES), "yes")?;
        roles::set_setting(t, roles::WRITE_OFF_LIMIT, "1")
    });
    set.unwrap();
    let open = program
        .get("/exceptions?open=true&kind=count-variance")
        .await
        .json;
    let exception = &open["items"][0];
    let path = format!("/exceptions/{}/resolve", exception["id"].as_str().unwrap());
    let approve = json!({"choice": "approve-count", "note": "x", "seen": exception["seen"]});
    let refused = program.post(&path, approve).await;
    assert_eq!((refused.status, refused.code()), (403, "needs-two"));
    let reject = json!({"choice": "reject-count", "note": "x", "seen": exception["seen"]});
    assert_eq!(program.post(&path, reject).await.status, 200);
}

#[tokio::test]
async fn whoever_asks_too_often_waits_and_refusals_are_in_the_callers_language() {
    let warehouse = Warehouse::new();
    let limits = sync_server::hub::Limits {
        api_requests_per_second: 1,
        ..Default::default()
    };
    let mut program = Program::with(&warehouse, key(&warehouse, &["catalogue-read"], None).await);
    program.router = warehouse.router_with(limits);
    program.language = "zh-CN";
    let mut last = program.get("/sites").await;
    for _ in 0..11 {
        last = program.get("/sites").await;
    }
    assert_eq!((last.status, last.code()), (429, "throttled"));
    assert_eq!(last.json["title"], "请求太多");
    assert_eq!(last.header("content-language"), "zh-CN");
    assert!(last.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn the_document_says_what_the_routes_do() {
    let document = serde_json::to_value(api::document()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let warehouse = Warehouse::new();
    let program = Program::with(&warehouse, String::new());
    assert_eq!(program.get("/openapi.json").await.json, document);
    let page = warehouse.visitor().get("/api/v1/docs").await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("<script"), "nobody's scripts");
    assert!(!page.body.contains('`'), "marked as code");

    let paths = document["paths"].as_object().unwrap();
    let mut operations = 0;
    for (path, methods) in paths {
        assert!(page.body.contains(path.as_str()), "{path} is on the page");
        let concrete = path.replace("{id}", "00000000-0000-0000-0000-000000000000");
        let concrete = concrete.trim_start_matches("/api/v1");
        for method in ["get", "post", "put", "patch", "delete"] {
            let answer = program
                .send(&method.to_uppercase(), concrete, &[], Body::empty())
                .await;
            match methods.get(method) {
                // Every route wants a key, and every operation has one.
                Some(operation) => {
                    operations += 1;
                    assert_eq!(answer.status, 401, "{method} {path}");
                    assert!(operation["operationId"].is_string(), "{method} {path}");
                    for status in ["401", "403", "429", "500"] {
                        assert!(
                            operation["responses"][status].is_object(),
                            "{method} {path}"
                        );
                    }
                }
                None => assert_eq!(answer.status, 405, "{method} {path}"),
            }
        }
    }
    // As many as the router was given.
    let written = include_str!("../../src/api/mod.rs");
    let routes = written.split("routes!(").skip(1);
    let routes: usize = routes
        .filter_map(|rest| rest.split(')').next())
        .map(|inside| inside.split(',').count())
        .sum();
    assert_eq!(operations, routes);
}
