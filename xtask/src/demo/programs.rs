//! The real programs, built beside this one.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::process::Process;

pub(crate) struct Programs {
    handheld: PathBuf,
    server: PathBuf,
    folder: PathBuf,
}

impl Programs {
    /// # Errors
    /// They are not there.
    pub(crate) fn beside_this_one(folder: &Path) -> anyhow::Result<Self> {
        let own = std::env::current_exe()?;
        let beside = |name: &str| {
            let path = own.with_file_name(name);
            ensure!(path.exists(), "{name} is not built: scripts/demo builds it");
            Ok(path)
        };
        Ok(Self {
            handheld: beside("tallyman")?,
            server: beside("tallyman-server")?,
            folder: folder.to_owned(),
        })
    }

    /// The folder of the server's data.
    pub(crate) fn server_data(&self) -> PathBuf {
        self.folder.join("server")
    }

    /// A server with the demo site on a free port of this machine.
    pub(crate) fn start_server(&self) -> anyhow::Result<Process> {
        let mut command = Command::new(&self.server);
        command.args(["demo", "--until-input-ends", "--data"]);
        command.arg(self.server_data());
        command.env("RUST_LOG", "warn");
        Process::start("tallyman-server", &mut command)
    }

    /// The hash of what the server shows of the site.
    pub(crate) fn server_state_hash(&self) -> anyhow::Result<String> {
        self.admin(&["state-hash"])
    }

    /// A link that signs the administrator in once and leads to a page.
    pub(crate) fn sign_in_link(&self, url: &str, to: &str) -> anyhow::Result<String> {
        self.admin(&["sign-in-link", "--user", "admin", "--to", to, "--url", url])
    }

    /// What `tallyman-server admin ...` prints.
    fn admin(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(&self.server);
        command
            .arg("admin")
            .args(arguments)
            .arg("--data")
            .arg(self.server_data());
        let output = command.env("RUST_LOG", "warn").output()?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ensure!(
            output.status.success(),
            "tallyman-server admin {arguments:?} failed"
        );
        Ok(said)
    }

    /// A handheld without a window, which looks at the label pictures.
    pub(crate) fn start_handheld(&self, number: u32) -> anyhow::Result<Process> {
        let mut command = self.handheld(number, "labels");
        command.args(["--headless", "--script", "-", "--language", "zh"]);
        command.env("RUST_LOG", "error");
        Process::start(&format!("handheld {number}"), &mut command)
    }

    /// The third handheld with its window; pictures laid into its folder are held before its camera.
    pub(crate) fn window(&self) -> anyhow::Result<Process> {
        Process::start("tallyman", &mut self.handheld(3, "camera"))
    }

    fn handheld(&self, number: u32, frames: &str) -> Command {
        let mut command = Command::new(&self.handheld);
        command
            .arg("--data")
            .arg(self.folder.join(format!("handheld-{number}")));
        command.arg("--frames").arg(self.folder.join(frames));
        command
    }

    /// Where pictures of screens go.
    pub(crate) fn screens(&self) -> PathBuf {
        self.folder.join("screens")
    }
}

/// A path as text, for a line of a script.
pub(crate) fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("a path that is not UTF-8")
}
