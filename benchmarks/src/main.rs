//! `bench commit`: what a scan costs on a big site. `bench snapshot`: what a new handheld costs there. `bench fleet`:
//! what it costs when a fleet comes back. `bench live`: how fast one event reaches the others. `bench load`: a server
//! with hundreds of connected handhelds. `bench console`: the supervisor's pages over years of history.

mod author;
mod commit;
mod console;
mod custody;
mod device;
mod fleet;
#[cfg(feature = "handheld")]
mod handheld;
mod host;
mod line;
mod live;
mod load;
mod measure;
mod snapshot;
mod stage;
mod workload;

use std::path::PathBuf;

use clap::Parser;

/// What the handheld uses. The server that is measured is the real program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "Benchmarks: figures for BENCHMARKS.md")]
enum Command {
    /// Scan-to-durable-commit, search and opening, with many items and events.
    Commit {
        /// Items in the catalogue.
        #[arg(long, default_value_t = 100_000)]
        items: usize,
        /// Events of history.
        #[arg(long, default_value_t = 1_000_000)]
        events: usize,
        /// Scans that are measured.
        #[arg(long, default_value_t = 2_000)]
        scans: usize,
        /// Where the databases are made; default is a temporary folder.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Devices write offline, all reconnect, until every one holds everything.
    Fleet {
        #[arg(long, default_value_t = 10)]
        devices: usize,
        /// Events that each device writes offline.
        #[arg(long, default_value_t = 1_000)]
        events: usize,
        #[arg(long, default_value_t = 10_000)]
        items: usize,
    },
    /// A new handheld begins from a snapshot of a site with a long history.
    Snapshot {
        /// Items in the catalogue, each with a pile.
        #[arg(long, default_value_t = 100_000)]
        items: usize,
        /// Events of history.
        #[arg(long, default_value_t = 1_000_000)]
        events: usize,
        /// How many of them a handheld holds.
        #[arg(long, default_value_t = 50_000)]
        window: usize,
        /// Where the files are made; default is a temporary folder.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Installs what `snapshot` built (started by `snapshot`).
    #[command(hide = true)]
    SnapshotInstall { folder: PathBuf },
    #[cfg(feature = "handheld")]
    /// The handheld itself on a big site: start, memory, scan to painted answer, search, a wedge that does not stop.
    Handheld {
        /// Items in the catalogue.
        #[arg(long, default_value_t = 100_000)]
        items: usize,
        /// Bins of the site.
        #[arg(long, default_value_t = 20_000)]
        bins: usize,
        /// Events of history.
        #[arg(long, default_value_t = 1_000_000)]
        events: usize,
        /// Scans that are measured one by one.
        #[arg(long, default_value_t = 2_000)]
        scans: usize,
        /// Where the files are made; default is a temporary folder.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    #[cfg(feature = "handheld")]
    /// Makes the file of `handheld` (started by it).
    #[command(hide = true)]
    HandheldFile {
        folder: PathBuf,
        items: usize,
        bins: usize,
        events: usize,
    },
    #[cfg(feature = "handheld")]
    /// One start of the program (started by `handheld`).
    #[command(hide = true)]
    HandheldStart { folder: PathBuf },
    #[cfg(feature = "handheld")]
    /// Work on it (started by `handheld`).
    #[command(hide = true)]
    HandheldWork {
        folder: PathBuf,
        items: usize,
        scans: usize,
    },
    /// Claim codes among many open deposits, and receipts verified.
    Custody {
        /// Open deposits in a handheld's replica.
        #[arg(long, default_value_t = 100_000)]
        handheld: u64,
        /// Open deposits in the server's.
        #[arg(long, default_value_t = 5_000_000)]
        server: u64,
        /// Look-ups and verifications that are measured.
        #[arg(long, default_value_t = 5_000)]
        looks: u64,
    },
    /// The supervisor's pages over a long history.
    Console {
        /// Items in the catalogue.
        #[arg(long, default_value_t = 100_000)]
        items: usize,
        /// Bins of the site.
        #[arg(long, default_value_t = 20_000)]
        bins: usize,
        /// Events of history.
        #[arg(long, default_value_t = 5_000_000)]
        events: usize,
        /// Exceptions that wait.
        #[arg(long, default_value_t = 10_000)]
        faults: usize,
        /// Where the server's files are made, or lie from an earlier run; default is a temporary folder.
        #[arg(long)]
        folder: Option<PathBuf>,
        /// Only pages whose name has this in it.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// One event to nine other devices' read models over live connections.
    Live {
        /// Events, one after the other.
        #[arg(long, default_value_t = 100)]
        events: usize,
        #[arg(long, default_value_t = 10_000)]
        items: usize,
    },
    /// Connected handhelds that scan, then ten times the scans, then until all is acknowledged.
    Load {
        #[arg(long, default_value_t = 500)]
        clients: usize,
        /// Sites that the handhelds are spread over, at most 100; each gets what its site writes.
        #[arg(long, default_value_t = 10)]
        sites: usize,
        /// Milliseconds between two scans of one handheld.
        #[arg(long, default_value_t = 5_000)]
        every_ms: u64,
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// How long ten times the load lasts.
        #[arg(long, default_value_t = 30)]
        overload_seconds: u64,
    },
    /// The server of `load` (started by `load`).
    #[command(hide = true)]
    LoadServer,
    /// The handhelds of `load` (started by `load`).
    #[command(hide = true)]
    LoadClients,
    /// Makes the file that `commit` measures (started by `commit`).
    #[command(hide = true)]
    MakeFile {
        path: PathBuf,
        #[arg(long)]
        items: usize,
        #[arg(long)]
        events: usize,
    },
    /// One server of the fleet (started by `fleet`, or by another harness; reads WORK, PORT, DEVICES).
    Server,
    /// One device of the fleet (reads WORK, PORT, ITEMS, EVENTS): a number, or `seed`.
    Device {
        /// Its number, or `seed`.
        name: String,
    },
}

fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Command::parse() {
        Command::Commit {
            items,
            events,
            scans,
            folder,
        } => commit::run(items, events, scans, folder),
        Command::Fleet {
            devices,
            events,
            items,
        } => fleet::run(devices, events, items),
        Command::Snapshot {
            items,
            events,
            window,
            folder,
        } => snapshot::run(items, events, window, folder),
        Command::SnapshotInstall { folder } => snapshot::install(&folder),
        #[cfg(feature = "handheld")]
        Command::Handheld {
            items,
            bins,
            events,
            scans,
            folder,
        } => handheld::run(
            &handheld::Size {
                items,
                bins,
                events,
                scans,
            },
            folder,
        ),
        #[cfg(feature = "handheld")]
        Command::HandheldFile {
            folder,
            items,
            bins,
            events,
        } => handheld::load(&folder, items, bins, events),
        #[cfg(feature = "handheld")]
        Command::HandheldStart { folder } => handheld::start(&folder),
        #[cfg(feature = "handheld")]
        Command::HandheldWork {
            folder,
            items,
            scans,
        } => handheld::work(&folder, items, scans),
        Command::Custody {
            handheld,
            server,
            looks,
        } => custody::run(&custody::Size {
            handheld,
            server,
            looks,
        }),
        Command::Console {
            items,
            bins,
            events,
            faults,
            folder,
            only,
        } => console::run(
            &console::Size {
                items,
                bins,
                events,
                faults,
            },
            folder,
            &only,
        ),
        Command::Live { events, items } => live::run(events, items),
        Command::Load {
            clients,
            sites,
            every_ms,
            seconds,
            overload_seconds,
        } => load::run(load::Load {
            clients,
            sites: sites.clamp(1, 100),
            every_ms,
            seconds,
            overload_seconds,
        }),
        Command::LoadServer => load::server(),
        Command::LoadClients => load::clients(),
        Command::MakeFile {
            path,
            items,
            events,
        } => commit::load(items, events, &path),
        Command::Server => host::run(),
        Command::Device { name } if name == "live" => live::devices(),
        Command::Device { name } => device::run(&name),
    }
}
