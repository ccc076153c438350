//! Data files that are generated and kept in the repository.

use std::fs;
use std::path::Path;

use anyhow::Context;
use testkit::site::{DEMO_SEED, demo_site};

/// Writes `fixtures/demo-site`.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn write(workspace: &Path) -> anyhow::Result<()> {
    let folder = workspace.join("fixtures/demo-site");
    fs::create_dir_all(&folder).context("the fixtures' folder")?;
    for (name, text) in demo_site(DEMO_SEED).tables() {
        fs::write(folder.join(name), &text).with_context(|| name.to_owned())?;
        eprintln!("{name}: {} rows", text.lines().count() - 1);
    }
    Ok(())
}

/// Writes `fixtures/databases/VERSION`. What is released is never written again.
///
/// # Errors
/// The folder is there and not empty, or cannot be written.
pub(crate) fn write_databases(workspace: &Path) -> anyhow::Result<()> {
    let folder = workspace
        .join("fixtures/databases")
        .join(env!("CARGO_PKG_VERSION"));
    fs::create_dir_all(&folder).context("the fixtures' folder")?;
    let written = tests::databases::write(&folder)?;
    eprintln!(
        "{}: replica schema {}, hub schema {}, {} events",
        folder.display(),
        written.replica_schema,
        written.hub_schema,
        written.handheld.events
    );
    Ok(())
}
