//! Backup, verify, restore at the terminal.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::say;
use crate::backup::{self, LogEnd};
use crate::clock::Clock;

#[derive(Args)]
pub(super) struct Backup {
    /// Where the server keeps everything; it may run.
    #[arg(long)]
    data: PathBuf,
    /// A new folder for the backup. It holds the server's keys: keep it as safe as the server.
    #[arg(long)]
    to: PathBuf,
}

#[derive(Args)]
pub(super) struct Verify {
    /// The backup's folder.
    #[arg(long)]
    from: PathBuf,
}

#[derive(Args)]
pub(super) struct Restore {
    /// The backup's folder.
    #[arg(long)]
    from: PathBuf,
    /// A new folder for the server's data.
    #[arg(long)]
    data: PathBuf,
}

fn say_log(log: &[LogEnd]) {
    for end in log {
        say(&format!("log of {}: up to {}", end.partition, end.number));
    }
}

pub(super) fn back_up(args: &Backup) -> anyhow::Result<()> {
    let made = backup::make(&args.data, &args.to, Clock::system().now())?;
    say(&format!(
        "Backup made: {} files, {} bytes, schema {}",
        made.manifest.file_count(),
        made.manifest.bytes(),
        made.manifest.schema
    ));
    say_log(&made.manifest.log);
    for name in &made.missing {
        say(&format!("missing on the server: {name}"));
    }
    anyhow::ensure!(
        made.missing.is_empty(),
        "the backup is complete but for {} photos that are missing on the server",
        made.missing.len()
    );
    Ok(())
}

pub(super) fn verify(args: &Verify) -> anyhow::Result<()> {
    let report = backup::verify(&args.from);
    for line in &report.found {
        say(line);
    }
    for problem in &report.problems {
        say(&format!("WRONG: {problem}"));
    }
    anyhow::ensure!(
        report.problems.is_empty(),
        "the backup is damaged: {} things are wrong",
        report.problems.len()
    );
    say("The backup is sound.");
    Ok(())
}

pub(super) fn restore(args: &Restore) -> anyhow::Result<()> {
    let restored = backup::restore(&args.from, &args.data)?;
    say(&format!(
        "Restored: schema {}, now {}",
        restored.schema,
        crate::store::newest_version()
    ));
    say_log(&restored.log);
    say(
        "Serve it at the same address as before: handhelds come by themselves and send what it lacks.",
    );
    say(
        "People sign in again. What was revoked after the backup is revoked again as soon as a handheld that knows of it \
         has synced; look at the devices page then.",
    );
    Ok(())
}

/// Checks an export of the audit trail.
pub(super) fn verify_audit(file: &Path, key: Option<&str>) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).context("the file cannot be read")?;
    let verified = crate::audit::verify(&text, key)?;
    let signed = chrono::DateTime::from_timestamp_millis(verified.signed_at);
    let signed = signed.map(|at| at.to_rfc3339()).unwrap_or_default();
    match verified.last < verified.first {
        true => say("no entries, and none was left out"),
        false => say(&format!(
            "entries {} to {}, none missing, none changed",
            verified.first, verified.last
        )),
    }
    say(&format!("signed {signed} with the key {}", verified.key));
    if key.is_none() {
        say(
            "compare that key with the one on the server's page of the audit trail, or give it with --key",
        );
    }
    Ok(())
}
