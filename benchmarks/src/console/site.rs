//! The organisation of `bench console`, and its server.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use documents::Order;
use domain::{BinId, DeviceId, IdSource, ItemId, OperatorId, SiteId, UnixMillis};
use protocol::{EnrolReply, EnrolRequest};
use sync_server::auth::{Scope, accounts};
use sync_server::clock::Clock;
use sync_server::hub::{Hub, Limits};
use sync_server::settings::{Settings, Transport};
use sync_server::store::Database;
use sync_server::store::accounts::{Role, set_reach};
use sync_server::store::api::{self as keys, ApiKey};
use sync_server::{AppState, Parts};

use super::{furnish, stocktake, year};
use crate::workload::T0;

/// The site with all the bins of [`Size`].
pub(crate) const SITE: SiteId = SiteId::from_bytes([9; 16]);
/// Another one, with few of them.
pub(crate) const SMALL: SiteId = SiteId::from_bytes([8; 16]);
/// Bins of the small site, at most.
const SMALL_BINS: usize = 200;
/// Between two events: five million of them are a year.
pub(crate) const EVERY_MS: i64 = 6_000;
/// Written when all of it is made.
const MADE: &str = "made.json";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) items: usize,
    pub(crate) bins: usize,
    pub(crate) events: usize,
    /// Faults among the events; each is an open exception.
    pub(crate) faults: usize,
}

impl Size {
    /// When the last event was.
    pub(crate) const fn end(&self) -> UnixMillis {
        T0 + self.events as i64 * EVERY_MS
    }

    /// What the folder of a finished run says.
    fn mark(&self) -> String {
        serde_json::json!({
            "items": self.items, "bins": self.bins, "events": self.events, "faults": self.faults,
        })
        .to_string()
    }
}

/// What there is, to ask for.
pub(crate) struct Site {
    pub(crate) items: Vec<ItemId>,
    /// Those of the small site last.
    pub(crate) bins: Vec<BinId>,
    /// Bins of the big site.
    pub(crate) big: usize,
    /// Handhelds of the big site that have written its history.
    pub(crate) devices: Vec<DeviceId>,
    /// The page of a stocktake of all bins.
    pub(crate) stocktake: String,
}

impl Site {
    fn new(size: &Size) -> Self {
        let mut ids = IdSource::new([5; 8]);
        let mut draw = || ids.draw(T0 - 1_000_000);
        let small = SMALL_BINS.min(size.bins);
        Self {
            items: (0..size.items)
                .map(|_| ItemId::from_bytes(draw()))
                .collect(),
            bins: (0..size.bins + small)
                .map(|_| BinId::from_bytes(draw()))
                .collect(),
            big: size.bins,
            devices: Vec::new(),
            stocktake: String::new(),
        }
    }
}

/// The server.
pub(crate) struct Office {
    pub(crate) app: AppState,
    pub(crate) hub: Arc<Hub>,
    database: Arc<Database>,
    folder: std::path::PathBuf,
}

/// Somebody who is signed in, or a key.
pub(crate) type Header = (&'static str, String);

impl Office {
    /// Opens the folder's server; makes it first if there is none.
    pub(crate) async fn open(folder: &Path, size: &Size) -> Result<(Self, Site)> {
        let mark = folder.join(MADE);
        let is_new = !folder.join("hub.db").exists();
        if !is_new {
            let made = std::fs::read_to_string(&mark)
                .context("the folder holds what an interrupted run has begun: empty it")?;
            ensure!(made == size.mark(), "the folder holds another size: {made}");
        }
        let mut site = Site::new(size);
        let database = Arc::new(Database::open(&folder.join("hub.db"))?);
        let hub = Arc::new(Hub::open(folder, database.clone(), T0)?);
        let mut floor = None;
        if is_new {
            furnish::records(&hub, &site)?;
            let (end, devices) = year::play(&hub, &site, size)?;
            furnish::orders(&hub, &site, size)?;
            floor = Some((end, devices));
            accounts::create(&database, "bench", Role::Admin, None, T0)?;
            for (name, only) in [("big", SITE), ("small", SMALL)] {
                let user = accounts::create(&database, name, Role::Supervisor, None, T0)?;
                let scope = Scope::Only([only].into());
                database.write(|t| set_reach(t, user.id, Role::Supervisor, &scope))?;
            }
        }
        let (began, end) = (Instant::now(), size.end() + 3_600_000);
        let app = AppState::new(Parts {
            database: database.clone(),
            hub: hub.clone(),
            clock: Clock::new(move || end + began.elapsed().as_millis() as i64),
            secure: false,
            public_url: "http://127.0.0.1".into(),
            certificate_fingerprint: None,
            limits: Limits {
                api_requests_per_second: 10_000,
                ..Limits::default()
            },
            proxies: Vec::new(),
        });
        let office = Self {
            app,
            hub,
            database,
            folder: folder.to_owned(),
        };
        if let Some((floor, handhelds)) = floor {
            stocktake::play(&office, &site, floor, handhelds, size).await?;
            std::fs::write(&mark, size.mark())?;
        }
        let here = office.hub.devices()?.into_iter();
        site.devices = here.filter(|d| d.site == SITE).map(|d| d.device).collect();
        let found = office.app.data(|data| data.stocktakes(1)).await?;
        let (head, _) = found.rows.first().context("a stocktake")?;
        site.stocktake = format!("/stocktakes/{}", head.id);
        Ok((office, site))
    }

    /// How many exceptions and the like wait.
    pub(crate) async fn open_exceptions(&self) -> Result<u64> {
        let now = self.app.now();
        Ok(self.app.data(move |data| data.open_count(now)).await?)
    }

    /// Listens on loopback, and folds what comes; the address.
    pub(crate) async fn serve(&self) -> Result<String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let listen = listener.local_addr()?;
        let settings = Settings {
            data: self.folder.clone(),
            listen,
            transport: Transport::PlainOnLoopback,
        };
        let (app, announce) = (self.app.clone(), self.app.clone());
        let pump = self
            .hub
            .clone()
            .run(app.clock().clone(), move || announce.announce_change());
        tokio::spawn(pump);
        tokio::spawn(async move {
            let never = std::future::pending();
            sync_server::serve(&settings, app, listener, None, never).await
        });
        Ok(format!("http://{listen}"))
    }

    /// Signs somebody in.
    pub(crate) fn sign_in(&self, name: &str) -> Result<Header> {
        let user = accounts::find(&self.database, name)?;
        let token = accounts::open_session(&self.database, user.id, self.app.now())?;
        Ok(("cookie", format!("tm_session={}", token.secret())))
    }

    /// A new key that may read everything.
    pub(crate) fn key(&self) -> Result<Header> {
        let (shown, hash, hint) = sync_server::api::new_key()?;
        let scopes = sync_server::api::Scope::ALL.iter();
        let key = ApiKey {
            id: 0,
            name: "bench".into(),
            hint,
            scopes: scopes.map(|scope| scope.code().to_owned()).collect(),
            sites: Vec::new(),
            operator: OperatorId::from_bytes([1; 16]),
            made_by: "bench".into(),
            made_at: self.app.now(),
            expires_at: None,
            used_at: None,
            revoked_at: None,
        };
        self.database.write(|t| keys::insert(t, &hash, &key))?;
        Ok(("authorization", format!("Bearer {shown}")))
    }
}

/// Takes a handheld in.
pub(crate) fn enrol(
    hub: &Hub,
    site: SiteId,
    name: &str,
    key: &documents::SigningKey,
    now: UnixMillis,
) -> Result<EnrolReply> {
    let code = hub.invite(site, name, now)?;
    let answer = hub.enrol(&EnrolRequest::new(&code, "", key), now)?;
    answer.map_err(|code| anyhow::anyhow!("refused: {}", code.code()))
}

/// An order as a record.
pub(crate) fn order_edit(order: &Order) -> replica::RecordEdit {
    replica::RecordEdit {
        partition: documents::Partition::Site(order.site),
        kind: documents::RecordKind::Order,
        id: order.id.into(),
        fields: order.to_fields(),
    }
}
