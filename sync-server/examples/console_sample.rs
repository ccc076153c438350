//! Serves the console over the tests' story, for looking at it: `cargo run --example console_sample`.
//! Prints a one-time sign-in link.

#[path = "../tests/server/common/mod.rs"]
mod common;

use common::handheld::Handheld;
use common::{MINUTE, Warehouse, bin, item, operator, story, units};
use documents::catalogue::Item;
use documents::{FieldEdit, Partition, RecordKind};
use domain::event::CountedLine;
use domain::{Currency, EventBody, OrderLine, UnitValue};
use replica::{Commit, NewEvent, RecordEdit};
use sync_server::auth::accounts;
use sync_server::console::data::TypedPlan;
use sync_server::settings::{Settings, Transport};
use sync_server::store::accounts::{Role, User};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let listen = listener.local_addr()?;
    let warehouse = Warehouse::with_url(&format!("http://{listen}"));
    let mut handhelds = story::tell(&warehouse);
    warehouse.add_user("chen", Role::Admin);
    let user = accounts::find(&warehouse.database, "chen")?;
    stocktake(&warehouse, &user, &mut handhelds.0).await?;
    let token = accounts::make_link(&warehouse.database, Some(user.id), "/", warehouse.now())?;
    eprintln!("http://{listen}/sign-in/link/{}", token.secret());
    let settings = Settings {
        data: warehouse.folder.path().to_owned(),
        listen,
        transport: Transport::PlainOnLoopback,
    };
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    sync_server::serve(&settings, warehouse.app.clone(), listener, None, stop).await?;
    drop(handhelds);
    Ok(())
}

/// Items get classes and values, and a stocktake of all bins is half counted.
async fn stocktake(
    warehouse: &Warehouse,
    user: &User,
    handheld: &mut Handheld,
) -> anyhow::Result<()> {
    let currency = Currency::from_code("CNY").unwrap_or_default();
    let values = [
        (1, "A", 3_850),
        (2, "B", 1_290),
        (3, "A", 420),
        (4, "C", 990),
    ];
    let edits = values.map(|(n, class, minor)| {
        let mut fields = vec![FieldEdit::set("class", class)];
        fields.extend(Item::value_fields(UnitValue { minor, currency }));
        RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Item,
            id: item(n).into(),
            fields,
        }
    });
    let commit = Commit {
        edits: edits.into(),
        ..Commit::default()
    };
    warehouse.hub.commit(commit, warehouse.now())?;
    let fields = [
        ("site", warehouse.site.to_string()),
        ("name", "九月全盘".to_owned()),
        ("kind", "full".to_owned()),
        ("counter", operator(1).to_string()),
        ("counter", operator(2).to_string()),
        ("percent:", "2".to_owned()),
        ("quantity:A", "1".to_owned()),
        ("value:A", "100".to_owned()),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    let (mut typed, user, now) = (
        TypedPlan::from_fields(fields.into()),
        user.clone(),
        warehouse.now(),
    );
    let written = warehouse
        .app
        .data(move |data| {
            if let Ok(preview) = data.preview_stocktake(&typed, &user, now)? {
                typed.seen = preview.seen;
            }
            data.write_stocktake(&typed, &user, now)
        })
        .await?;
    let Ok(Some(id)) = written else {
        anyhow::bail!("the sample's stocktake cannot be planned: {written:?}");
    };
    let orders = {
        let replica = warehouse.hub.replica().lock();
        let replica = replica.unwrap_or_else(std::sync::PoisonError::into_inner);
        replica.query().orders_of_stocktake(id)?
    };
    handheld.sync(warehouse, now);
    for (n, (b, found)) in (1i64..).zip([
        (1, vec![(1, 39)]),
        (2, vec![(2, 4), (4, 118)]),
        (3, vec![(3, 468)]),
        (6, vec![]),
    ]) {
        let line = orders.iter().find_map(|order| {
            let mut lines = order.lines.iter();
            let (line, _) = lines.find(|(_, line)| line.bin == Some(bin(b)))?;
            Some(OrderLine {
                order: order.id,
                line: *line,
            })
        });
        let lines = found.into_iter().map(|(i, n)| CountedLine {
            item: item(i),
            lot: (i == 4).then(|| "M2609".to_owned()),
            counted: units(n),
        });
        let event = NewEvent {
            order: line,
            ..EventBody::Counted {
                bin: bin(b),
                lines: lines.collect(),
                whole_bin: true,
            }
            .into()
        };
        handheld.record(
            operator(if b == 3 { 2 } else { 1 }),
            event,
            now + n * MINUTE,
        );
    }
    warehouse.pass(10 * MINUTE);
    handheld.sync(warehouse, warehouse.now());
    Ok(())
}
