//! `tallyman-server demo`: a server with a whole warehouse in it, on this machine only. Everything goes in through the
//! code that imports use; the files are those of `fixtures/demo-site`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;
use documents::catalogue::{Site, Zone};
use documents::{Partition, RecordKind};
use domain::{SiteId, UnixMillis, ZoneId};
use replica::{Commit, RecordEdit};
use tokio::net::TcpListener;

use crate::api;
use crate::auth::accounts;
use crate::clock::Clock;
use crate::console::data::{Brought, ConsoleData, NewOperator, posts};
use crate::console::desk;
use crate::console::import::{Kind, Sheet, parse};
use crate::demo_custody;
use crate::hub::Hub;
use crate::serve;
use crate::settings::{Settings, Transport};
use crate::state::{AppState, Parts};
use crate::store::Database;
use crate::store::accounts::{Role, User};
use crate::store::api::{self as keys, ApiKey};

const ZONES: &str = include_str!("../../fixtures/demo-site/zones.csv");
const OPERATORS: &str = include_str!("../../fixtures/demo-site/operators.csv");
const TABLES: [(Kind, &str); 6] = [
    (
        Kind::Items,
        include_str!("../../fixtures/demo-site/items.csv"),
    ),
    (
        Kind::Bins,
        include_str!("../../fixtures/demo-site/bins.csv"),
    ),
    (
        Kind::Stock,
        include_str!("../../fixtures/demo-site/opening-stock.csv"),
    ),
    (
        Kind::Deliveries,
        include_str!("../../fixtures/demo-site/deliveries.csv"),
    ),
    (
        Kind::Outbound,
        include_str!("../../fixtures/demo-site/outbound.csv"),
    ),
    (
        Kind::Counts,
        include_str!("../../fixtures/demo-site/counts.csv"),
    ),
];
/// So many handhelds can join.
const HANDHELDS: usize = 3;

#[derive(Args)]
pub(crate) struct Demo {
    /// Where everything is kept; must be empty.
    #[arg(long)]
    data: PathBuf,
    /// Where to listen, on this machine.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Stop when the standard input ends, so that the server does not outlive its caller.
    #[arg(long)]
    until_input_ends: bool,
    /// Make an API key that may everything, without limit of requests, and print it with the rest: for tests of the API.
    #[arg(long)]
    api_key: bool,
}

/// Makes the warehouse, prints one line of JSON, and serves until it is told to stop.
///
/// # Errors
/// The folder is in use, or cannot be written; the address cannot be listened on.
pub(crate) async fn run(
    demo: Demo,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    ensure!(
        !demo.data.join("hub.db").exists(),
        "there is a server's data in this folder already"
    );
    std::fs::create_dir_all(&demo.data).context("the data directory cannot be made")?;
    let database = Arc::new(Database::open(&demo.data.join("hub.db"))?);
    let clock = Clock::system();
    let now = clock.now();
    let hub = Arc::new(Hub::open(&demo.data, database.clone(), now)?);
    let user = accounts::create(&database, "admin", Role::Admin, None, now)?;
    let site = make_site(&hub, &user, now)?;
    let claim = demo_custody::make(&hub, site, &user, now)?;

    let listener = TcpListener::bind(demo.listen)
        .await
        .context("cannot listen")?;
    let listen = listener.local_addr()?;
    let settings = Settings {
        data: demo.data,
        listen,
        transport: Transport::PlainOnLoopback,
    };
    settings.check()?;
    let url = settings.own_url();
    let mut codes = Vec::new();
    for number in 1..=HANDHELDS {
        let name = format!("PDA-{number}");
        codes.push(
            desk::invite(
                &hub,
                &url,
                None,
                site,
                (&name, documents::Role::Handheld),
                now,
            )?
            .code,
        );
    }
    let link = accounts::make_link(&database, Some(user.id), "/review", now)?;
    let mut hello = serde_json::json!({
        "url": url,
        "user": user.name,
        "sign_in_link": format!("{url}/sign-in/link/{}", link.secret()),
        "enrolment": codes,
        "claim_code": claim.grouped(),
    });
    if demo.api_key {
        hello["api_key"] = make_key(&database, &user, now)?.into();
    }
    let app = AppState::new(Parts {
        database,
        hub: hub.clone(),
        clock: clock.clone(),
        secure: false,
        public_url: url,
        certificate_fingerprint: None,
        limits: crate::hub::Limits {
            api_requests_per_second: match demo.api_key {
                true => 0,
                false => crate::hub::Limits::default().api_requests_per_second,
            },
            ..crate::hub::Limits::default()
        },
        proxies: Vec::new(),
    });
    let announce = app.clone();
    let pump = tokio::spawn(hub.run(clock, move || announce.announce_change()));
    let deliveries = tokio::spawn(crate::webhooks::run(app.clone()));
    crate::cli::say(&hello.to_string());
    let input_ended = input_end(demo.until_input_ends);
    let stop = async {
        tokio::select! {
            () = stop => {}
            () = input_ended => {}
        }
    };
    serve(&settings, app, listener, None, stop).await?;
    deliveries.abort();
    pump.abort();
    Ok(())
}

fn make_key(database: &Database, user: &User, now: UnixMillis) -> anyhow::Result<String> {
    let (shown, hash, hint) = api::new_key()?;
    let key = ApiKey {
        id: 0,
        name: "demo".to_owned(),
        hint,
        scopes: api::Scope::ALL
            .iter()
            .map(|s| s.code().to_owned())
            .collect(),
        sites: Vec::new(),
        operator: user.operator,
        made_by: user.name.clone(),
        made_at: now,
        expires_at: None,
        used_at: None,
        revoked_at: None,
    };
    database.write(|t| keys::insert(t, &hash, &key))?;
    Ok(shown)
}

fn make_site(hub: &Arc<Hub>, user: &User, now: UnixMillis) -> anyhow::Result<SiteId> {
    let id = SiteId::from_bytes(hub.lock().new_id(now));
    let site = Site {
        id,
        code: "SHA1".to_owned(),
        name_en: "Shanghai No. 1".to_owned(),
        name_zh: "上海一号仓".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
    };
    hub.create_site(&site, now)?;
    let edits = zones(hub, id, now)?;
    hub.commit(
        Commit {
            edits,
            ..Commit::default()
        },
        now,
    )?;
    let data = ConsoleData::new(hub.clone());
    for row in csv::Reader::from_reader(OPERATORS.as_bytes()).deserialize() {
        let (name, badge, pin, post): (String, String, String, String) = row?;
        let new = NewOperator { name, pin, badge };
        ensure!(
            data.add_operator(&new, now)?,
            "two operators have one badge"
        );
        if !post.is_empty() {
            let grant = posts()?.into_iter().find(|grant| grant.post == post);
            let person = data.operator_with_badge(&new.badge)?;
            data.grant(person, &grant.context("no such post")?, now)?;
        }
    }
    for (kind, text) in TABLES {
        let (rows, problems) = parse(&Sheet::read(text, kind).context("a table")?, kind);
        let brought = Brought {
            kind,
            site: Some(id),
            file: "demo",
            left_out: problems.len(),
            user,
        };
        let (outcome, _) = data.import(&rows, brought, now)?;
        let problem = problems.first().or(outcome.problems.first());
        ensure!(problem.is_none(), "{}: {problem:?}", kind.code());
    }
    // Publishes what the import wrote, so that the first handheld finds all of it.
    hub.pump(now)?;
    Ok(id)
}

fn zones(hub: &Hub, site: SiteId, now: UnixMillis) -> anyhow::Result<Vec<RecordEdit>> {
    let mut edits = Vec::new();
    for row in csv::Reader::from_reader(ZONES.as_bytes()).deserialize() {
        let (code, name_zh, name_en, purpose) = row?;
        let id = ZoneId::from_bytes(hub.lock().new_id(now));
        let zone = Zone {
            id,
            code,
            name_en,
            name_zh,
            purpose,
            site,
        };
        edits.push(RecordEdit {
            partition: Partition::Site(site),
            kind: RecordKind::Zone,
            id: id.into(),
            fields: zone.to_fields(),
        });
    }
    Ok(edits)
}

/// Done when the standard input ends; never, unless that is `wanted`.
async fn input_end(wanted: bool) {
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    if wanted {
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            drop(ended);
        });
        let _ = end.await;
    } else {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use domain::rights::Action;
    use domain::{OrderStep, OrderType};

    use super::*;

    #[test]
    fn the_whole_warehouse_goes_in() {
        let folder = tempfile::tempdir().unwrap();
        let now = UnixMillis::from(1_780_000_000_000_i64);
        let database = Arc::new(Database::open(&folder.path().join("hub.db")).unwrap());
        let hub = Arc::new(Hub::open(folder.path(), database.clone(), now).unwrap());
        let user = accounts::create(&database, "admin", Role::Admin, None, now).unwrap();
        let site = make_site(&hub, &user, now).unwrap();
        let replica = hub.lock();
        let query = replica.query();
        assert_eq!(query.zones(site).unwrap().len(), 2);
        assert_eq!(query.bin_count(site).unwrap(), 400);
        assert_eq!(query.item_count().unwrap(), 2_000);
        // The six, and the administrator who imported.
        let people = query.operators().unwrap();
        assert_eq!(people.len(), 7);
        let may = |name: &str, action| {
            let person = people.iter().find(|person| person.name == name).unwrap();
            (
                person.grants.allow(&[action], site, now).is_ok(),
                person.grants.may_approve(site, now),
            )
        };
        assert_eq!(may("刘洋", Action::Pick), (true, false));
        assert_eq!(may("刘洋", Action::Adjust), (false, false));
        assert_eq!(may("陈静", Action::Adjust), (true, true));
        assert_eq!(may("赵喆", Action::Adjust), (true, false));
        assert!(query.event_count().unwrap() > 1_000);
        assert_eq!(query.open_exception_count().unwrap(), 0);
        for (kind, step) in [
            (OrderType::Inbound, OrderStep::Receive),
            (OrderType::Outbound, OrderStep::Pick),
        ] {
            let orders = query.orders(site, kind, step).unwrap();
            assert_eq!(orders.len(), 6);
            assert!(
                orders
                    .iter()
                    .all(|o| o.done.is_empty() && !o.order.lines.is_empty())
            );
        }
    }
}
