//! Serves the console over the tests' story, for looking at it: `cargo run --example console_sample`.
//! Prints a one-time sign-in link.

#[path = "../tests/common/mod.rs"]
mod common;

use common::{Warehouse, story};
use sync_server::auth::accounts;
use sync_server::settings::{Settings, Transport};
use sync_server::store::accounts::Role;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let listen = listener.local_addr()?;
    let warehouse = Warehouse::with_url(&format!("http://{listen}"));
    let handhelds = story::tell(&warehouse);
    warehouse.add_user("chen", Role::Admin);
    let user = accounts::find(&warehouse.database, "chen")?;
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
