//! Builds the programs and plays `tests::chaos` with them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

/// Hands the arguments on to the program `chaos`.
///
/// # Errors
/// A program cannot be built, or something was lost.
pub(crate) fn run(arguments: &[String], workspace: &Path) -> anyhow::Result<()> {
    let build = ["build", "--quiet", "-p", "device-app", "-p", "sync-server"];
    cargo(workspace, &build, &[])?;
    let play = ["run", "--quiet", "-p", "tests", "--bin", "chaos", "--"];
    cargo(workspace, &play, arguments)
}

fn cargo(workspace: &Path, task: &[&str], arguments: &[String]) -> anyhow::Result<()> {
    let mut command = Command::new(env!("CARGO"));
    command.args(task).args(arguments).current_dir(workspace);
    let status = command.status().context("cargo cannot be started")?;
    ensure!(
        status.success(),
        "cargo {} ended with {status}",
        task.join(" ")
    );
    Ok(())
}
