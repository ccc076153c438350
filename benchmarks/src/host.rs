//! The server of the fleet: makes a site and one-time codes, then becomes the real `tallyman-server`.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};
use documents::catalogue::Site;
use domain::SiteId;
use sync_server::hub::Hub;
use sync_server::store::Database;

/// The one site.
pub(crate) const SITE: SiteId = SiteId::from_bytes([0x51; 16]);

fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set"))
}

/// The folder of the run.
pub(crate) fn work() -> Result<PathBuf> {
    Ok(PathBuf::from(variable("WORK")?))
}

/// The server's port.
pub(crate) fn port() -> Result<u16> {
    Ok(variable("PORT")?.parse()?)
}

/// A number from the environment.
pub(crate) fn number(name: &str) -> Result<usize> {
    Ok(variable(name)?.parse()?)
}

pub(crate) fn run() -> Result<()> {
    let data = work()?.join("server");
    std::fs::create_dir_all(&data)?;
    let now = sync_server::clock::Clock::system().now();
    {
        let database = Arc::new(Database::open(&data.join("hub.db"))?);
        let hub = Hub::open(&data, database, now)?;
        let site = Site {
            id: SITE,
            code: "LEJ1".into(),
            name_en: "Leipzig 1".into(),
            name_zh: "莱比锡一号仓".into(),
            time_zone: "Europe/Berlin".into(),
        };
        hub.create_site(&site, now)?;
        let mut codes = vec![("seed".to_owned(), hub.invite(SITE, "seed", now)?)];
        for n in 0..number("DEVICES")? {
            codes.push((n.to_string(), hub.invite(SITE, &format!("PDA {n}"), now)?));
        }
        let lines: String = codes
            .iter()
            .map(|(name, code)| format!("{name} {code}\n"))
            .collect();
        std::fs::write(work()?.join("codes.txt"), lines)?;
    }
    become_server(&data)
}

/// Replaces this process by the real server over a folder of data; the process id stays.
pub(crate) fn become_server(data: &Path) -> Result<()> {
    let server = std::env::current_exe()?.with_file_name("tallyman-server");
    let error = Command::new(server)
        .args(["serve", "--tls-self-signed", "--data"])
        .arg(data)
        .args(["--listen", &format!("127.0.0.1:{}", port()?)])
        .exec();
    Err(error).context("tallyman-server does not start: build it beside this program")
}
