//! The project's chores; see the README.

mod chaos;
mod demo;
mod fixtures;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write fixtures/demo-site from its generator.
    Fixtures,
    /// Write fixtures/databases/VERSION, once for each release: databases as this program leaves them.
    Databases,
    /// Draw label pictures of the demo site as a camera sees them.
    Labels {
        /// Where to.
        folder: PathBuf,
    },
    /// Play the promise: two handhelds work without network, disagree, reconnect and agree.
    Demo(demo::Options),
    /// Kill, halt, cut off and fill up the real programs at work, and check that nothing is lost.
    #[command(disable_help_flag = true)]
    Chaos {
        /// --cycles N --seed S --handhelds H --settle-every K
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Whole fleets in virtual time, with every fault that we know of.
    #[command(disable_help_flag = true)]
    Sim {
        /// --seed N --runs M --steps S --verbose
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Fixtures => fixtures::write(&workspace()),
        Task::Databases => fixtures::write_databases(&workspace()),
        Task::Labels { folder } => {
            demo::pictures::draw(&folder, &testkit::site::demo_site(testkit::site::DEMO_SEED))?;
            Ok(())
        }
        Task::Demo(options) => demo::run(&options, &workspace()),
        Task::Chaos { arguments } => chaos::run(&arguments, &workspace()),
        Task::Sim { arguments } => simulate(&arguments),
    }
}

/// Hands over to the simulation, in a release build: it runs ten times faster.
fn simulate(arguments: &[String]) -> anyhow::Result<()> {
    let status = Command::new(env!("CARGO"))
        .args([
            "run",
            "--release",
            "--quiet",
            "--package",
            "tests",
            "--bin",
            "sim",
            "--",
        ])
        .args(arguments)
        .current_dir(workspace())
        .status()
        .context("cargo")?;
    std::process::exit(status.code().unwrap_or(1))
}

/// The folder of the workspace.
fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
