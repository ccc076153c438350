//! The command line.

mod keep;
mod receipt;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use documents::catalogue::Site;
use replica::{OpenOptions, Replica};
use tokio::net::TcpListener;

use crate::auth::accounts;
use crate::clock::Clock;
use crate::hub::{Hub, Limits};
use crate::proxies::Proxy;
use crate::settings::{Settings, Transport};
use crate::state::{AppState, Parts};
use crate::store::accounts::{Role, count};
use crate::store::{Database, StoreError};
use crate::{demo, serve, tls, webhooks};

/// Tallyman's sync server and console.
#[derive(Parser)]
#[command(name = "tallyman-server", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve handhelds and the console.
    Serve(Serve),
    /// Accounts of the console.
    #[command(subcommand)]
    Admin(Admin),
    /// Make a one-time code with which a handheld joins.
    Enrol(Enrol),
    /// Copy everything to a new folder; the server may run.
    Backup(keep::Backup),
    /// Check every file, the database and the whole log of a backup.
    Verify(keep::Verify),
    /// Make a server's data folder from a backup.
    Restore(keep::Restore),
    /// Take in a parcel file that a handheld exported, while the server is stopped. The devices page does it while it runs.
    ImportParcel {
        /// Where everything is kept.
        #[arg(long)]
        data: PathBuf,
        /// The file, named `*.tallyman`.
        file: PathBuf,
    },
    /// Check an export of the audit trail: that nothing in it is missing or changed. Needs no server and no data.
    VerifyAudit {
        /// The file, JSONL or CSV.
        file: PathBuf,
        /// The server's key, as the page of the audit trail shows it; without it, the one in the file is believed.
        #[arg(long)]
        key: Option<String>,
    },
    /// Check a receipt that a customer was given: that it is ours and no byte of it changed. Needs no server.
    VerifyReceipt(receipt::VerifyReceipt),
    /// Serve a made-up warehouse on this machine, to play with.
    Demo(demo::Demo),
}

#[derive(Args)]
struct Serve {
    /// Where everything is kept.
    #[arg(long)]
    data: PathBuf,
    /// Where this server keeps its own replica, if several on this machine serve the same data: a folder for each.
    #[arg(long)]
    node: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How people and devices reach it, if not by the address it listens on.
    #[arg(long)]
    public_url: Option<String>,
    /// Certificate chain, PEM.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key, PEM.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Make a certificate, and keep it with the data.
    #[arg(long, conflicts_with = "tls_cert")]
    tls_self_signed: bool,
    /// Plain HTTP wherever it listens: only behind a proxy that speaks TLS.
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_self_signed"])]
    insecure_plain_http_on_any_address: bool,
    /// A proxy that stands before this server, or a network of them (10.0.0.2, 10.0.0.0/24); may be given again. From one
    /// of these, and nobody else, X-Forwarded-For says who asks: limits for each address count the addresses behind it.
    #[arg(long)]
    trusted_proxy: Vec<Proxy>,
    /// A private network that webhooks may go to, without TLS too; again for each further one.
    #[arg(long, value_name = "ADDRESS")]
    webhooks_may_reach: Vec<Proxy>,
    /// A gateway for short messages to customers: each is posted to it as JSON. Without one, supervisors read them on the
    /// console and tell the customer.
    #[arg(long, value_name = "URL")]
    notice_url: Option<String>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// How much is under way at one time.
#[derive(Args)]
struct LimitArgs {
    /// Live connections; handhelds beyond them poll.
    #[arg(long, default_value_t = Limits::default().live_max)]
    live_max: usize,
    /// Sync requests that are worked on or wait; handhelds beyond them are told to come back later.
    #[arg(long, default_value_t = Limits::default().waiting_max)]
    waiting_max: usize,
    /// MiB of sync replies at one time, at least 8.
    #[arg(long, default_value_t = Limits::default().reply_mib)]
    reply_mib: usize,
    /// Requests a second of one handheld; ten seconds' worth at once. 0: no limit.
    #[arg(long, default_value_t = Limits::default().requests_per_second)]
    requests_per_second: u32,
    /// Requests a second from one address, which behind a proxy that is not trusted is everybody's. 0: no limit.
    #[arg(long, default_value_t = Limits::default().requests_per_second_per_address)]
    requests_per_second_per_address: u32,
    /// MiB of new segments that one handheld may send in a day; what is over it waits on the handheld.
    #[arg(long, default_value_t = Limits::default().push_mib_per_day)]
    push_mib_per_day: u64,
    /// Changes that one handheld may send in a day.
    #[arg(long, default_value_t = Limits::default().push_changes_per_day)]
    push_changes_per_day: u64,
    /// Requests a second of one key of another program, for as long as it goes on; ten seconds' worth at once. 0: no limit.
    #[arg(long, default_value_t = Limits::default().api_requests_per_second)]
    api_requests_per_second: u32,
}

#[derive(Subcommand)]
enum Admin {
    /// Make an account; prints a link with which its owner signs in once and sets a password.
    CreateUser {
        #[command(flatten)]
        at: At,
        /// What they sign in with.
        #[arg(long)]
        name: String,
        /// viewer, supervisor or admin.
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// Print a link that signs somebody in once.
    SignInLink {
        #[command(flatten)]
        at: At,
        /// Whom.
        #[arg(long)]
        user: String,
        /// Where it leads, a path of the console.
        #[arg(long, default_value = "/")]
        to: String,
    },
    /// Print the hash of what the server shows of a site: equal on every replica that holds the same.
    StateHash {
        /// Where everything is kept.
        #[arg(long)]
        data: PathBuf,
        /// Code of the site; the first one if there is none.
        #[arg(long, default_value = "")]
        site: String,
    },
}

#[derive(Args)]
struct Enrol {
    #[command(flatten)]
    at: At,
    /// What people call the handheld.
    #[arg(long, default_value = "")]
    name: String,
    /// Code of its site; the first one if there is none.
    #[arg(long, default_value = "")]
    site: String,
    /// It will only count, and hold no stock.
    #[arg(long)]
    counter: bool,
}

#[derive(Args)]
struct At {
    /// Where everything is kept.
    #[arg(long)]
    data: PathBuf,
    /// How people reach the server, for the links.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_code(text).ok_or_else(|| "viewer, supervisor or admin".to_owned())
}

/// Does what the command line says.
///
/// # Errors
/// Whatever went wrong, in English, for the person at the terminal.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::VerifyReceipt(args) => return Ok(receipt::verify(&args)),
        Command::Serve(args) => runtime()?.block_on(serve_until_stopped(args)),
        Command::Demo(args) => runtime()?.block_on(demo::run(args, stop_signal())),
        Command::Admin(admin) => run_admin(admin),
        Command::Enrol(enrol) => run_enrol(&enrol),
        Command::Backup(args) => keep::back_up(&args),
        Command::Verify(args) => keep::verify(&args),
        Command::Restore(args) => keep::restore(&args),
        Command::ImportParcel { data, file } => import_parcel(&data, &file),
        Command::VerifyAudit { file, key } => keep::verify_audit(&file, key.as_deref()),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot start")
}

fn open_database(data: &Path) -> anyhow::Result<Arc<Database>> {
    make_private_folder(data)?;
    let database = Database::open(&data.join("hub.db")).context("the database cannot be opened")?;
    Ok(Arc::new(database))
}

/// The databases hold keys: a new folder is its owner's alone. One that is there stays as it is.
pub(crate) fn make_private_folder(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .context("the data directory cannot be made")
}

pub(crate) fn say(line: &str) {
    use std::io::Write as _;
    // A closed pipe is no reason to fail: the work is done.
    let _ = writeln!(std::io::stdout(), "{line}");
}

async fn serve_until_stopped(args: Serve) -> anyhow::Result<()> {
    let settings = Settings {
        data: args.data,
        listen: args.listen,
        transport: match (args.tls_cert, args.tls_key) {
            (Some(certificate), Some(key)) => Transport::Tls { certificate, key },
            _ if args.tls_self_signed => Transport::SelfSigned,
            _ if args.insecure_plain_http_on_any_address => Transport::PlainAnywhere,
            _ => Transport::PlainOnLoopback,
        },
    };
    settings.check()?;
    let database = open_database(&settings.data)?;
    let identity = tls::identity(&settings)?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    // Port 0 has become a real one.
    let settings = Settings {
        listen: listener.local_addr()?,
        ..settings
    };
    let url = match args.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => settings.own_url(),
    };
    let clock = Clock::system();
    let node = args.node.unwrap_or_else(|| settings.data.clone());
    make_private_folder(&node)?;
    let hub = Hub::open_node(&settings.data, &node, database.clone(), clock.now())?;
    let hub = Arc::new(hub);
    let app = AppState::new(Parts {
        database: database.clone(),
        hub: hub.clone(),
        clock: clock.clone(),
        secure: url.starts_with("https:"),
        public_url: url.clone(),
        certificate_fingerprint: match (&settings.transport, &identity) {
            (Transport::SelfSigned, Some(identity)) => Some(identity.sha256()),
            _ => None,
        },
        limits: Limits {
            live_max: args.limits.live_max,
            waiting_max: args.limits.waiting_max,
            reply_mib: args.limits.reply_mib,
            requests_per_second: args.limits.requests_per_second,
            requests_per_second_per_address: args.limits.requests_per_second_per_address,
            push_mib_per_day: args.limits.push_mib_per_day,
            push_changes_per_day: args.limits.push_changes_per_day,
            api_requests_per_second: args.limits.api_requests_per_second,
        },
        proxies: args.trusted_proxy,
    });
    say(&format!("Tallyman listens on {url}"));
    if let Some(identity) = &identity {
        say(&format!("Certificate SHA-256 {}", identity.fingerprint));
    }
    let users: Result<i64, StoreError> = database.read(count);
    if users? == 0 {
        let token = accounts::make_link(&database, None, "/", clock.now())?;
        say(&format!(
            "Make the first account: {url}/setup/{}",
            token.secret()
        ));
    }
    app.webhooks().allow(args.webhooks_may_reach);
    if let Some(url) = &args.notice_url {
        webhooks::Target::parse(url)
            .map_err(|_| anyhow::anyhow!("--notice-url is no address of HTTP or HTTPS"))?;
        app.send_notices_by(url);
    }
    let announce = app.clone();
    let pump = tokio::spawn(hub.run(clock, move || announce.announce_change()));
    let deliveries = tokio::spawn(webhooks::run(app.clone()));
    serve(&settings, app, listener, identity, stop_signal()).await?;
    deliveries.abort();
    pump.abort();
    Ok(())
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    else {
        let _ = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}

fn run_admin(admin: Admin) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let (at, user, to) = match admin {
        Admin::CreateUser { at, name, role } => {
            let database = open_database(&at.data)?;
            let user = accounts::create(&database, &name, role, None, now)?;
            (at, user.name, "/account".to_owned())
        }
        Admin::SignInLink { at, user, to } => (at, user, to),
        Admin::StateHash { data, site } => return print_state_hash(&data, &site),
    };
    let database = open_database(&at.data)?;
    let user = accounts::find(&database, &user)?;
    let token = accounts::make_link(&database, Some(user.id), &to, now)?;
    let url = at.url.trim_end_matches('/');
    say(&format!("{url}/sign-in/link/{}", token.secret()));
    Ok(())
}

/// The server's replica, only to be read, so that it disturbs no server that runs.
fn open_replica(data: &Path) -> anyhow::Result<Replica> {
    let path = data.join("replica.db");
    anyhow::ensure!(path.exists(), "there is no server's data in this folder");
    Ok(Replica::open(OpenOptions::file(path, None, [0; 8]))?)
}

fn sites(data: &Path) -> anyhow::Result<Vec<Site>> {
    Ok(open_replica(data)?.query().sites()?)
}

fn print_state_hash(data: &Path, site: &str) -> anyhow::Result<()> {
    let replica = open_replica(data)?;
    let site = site_of_code(replica.query().sites()?, site)?;
    say(&hex(&replica.state_hash(site.id)?.to_bytes()));
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The site with that code; the first one for no code.
fn site_of_code(sites: Vec<Site>, code: &str) -> anyhow::Result<Site> {
    let mut sites = sites.into_iter();
    sites
        .find(|site| code.is_empty() || site.code == code)
        .context("there is no such site")
}

fn import_parcel(data: &Path, file: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        data.join("hub.db").exists(),
        "there is no server's data in this folder"
    );
    let size = std::fs::metadata(file)
        .context("the file cannot be read")?
        .len();
    let limit = u64::try_from(carry::file::FILE_BYTES_MAX)?.saturating_add(1_024);
    anyhow::ensure!(size <= limit, carry::file::FileError::TooLarge);
    let bytes = std::fs::read(file).context("the file cannot be read")?;
    let now = Clock::system().now();
    let hub = Hub::open(data, open_database(data)?, now)?;
    let taken = hub.take_parcels(&bytes, now)??;
    hub.pump(now)?;
    say(&format!(
        "{} new segments, {} chains that stopped early",
        taken.fresh, taken.stopped
    ));
    Ok(())
}

fn run_enrol(enrol: &Enrol) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let database = open_database(&enrol.at.data)?;
    let site = site_of_code(sites(&enrol.at.data)?, &enrol.site)?;
    let url = enrol.at.url.trim_end_matches('/');
    // A certificate that the server made itself is pinned by the handheld.
    let own = enrol.at.data.join("tls-cert.pem");
    let fingerprint = match own.exists() && url.starts_with("https:") {
        true => Some(tls::self_signed(&enrol.at.data, Vec::new())?.sha256()),
        false => None,
    };
    let role = match enrol.counter {
        true => documents::Role::Counter,
        false => documents::Role::Handheld,
    };
    let code = crate::hub::new_invitation(
        &database,
        &crate::hub::Randomness::default(),
        site.id,
        (&enrol.name, role),
        now,
    )?;
    let invitation = crate::console::desk::invitation(code, url, fingerprint, now);
    let drawing = qrcode::QrCode::new(invitation.qr.as_bytes())?
        .render::<qrcode::render::unicode::Dense1x2>()
        .quiet_zone(true)
        .build();
    say(&drawing);
    say(&format!("Code: {}", invitation.code));
    Ok(())
}
