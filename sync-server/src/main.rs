//! `tallyman-server`: see `cli` for its commands.

use std::process::ExitCode;

use clap::Parser;
use sync_server::cli::{Cli, run};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,tower_http=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tallyman-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
