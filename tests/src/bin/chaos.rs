//! `cargo xtask chaos`: see `tests::chaos`.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::Result;
use clap::Parser;
use tests::chaos::{Options, run};

/// The real server and handhelds, killed, halted, cut off and out of room; the last line is one JSON object.
#[derive(Parser)]
struct Arguments {
    /// How many times things go wrong.
    #[arg(long, default_value_t = 200)]
    cycles: u32,
    /// Which things, and when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many handhelds work.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=3))]
    handhelds: u8,
    /// Work rests after so many cycles, until everything is everywhere.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    settle_every: u32,
    /// Set by the program itself, once it may mount.
    #[arg(long, hide = true)]
    in_namespace: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match outer(&arguments) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn say(line: &str) {
    use std::io::Write as _;
    // Whoever closed the pipe wants no more.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// In a namespace of its own the program may mount small disks without being root, and they vanish with it.
fn outer(arguments: &Arguments) -> Result<ExitCode> {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount"]);
        command
    };
    let allowed = unshare().arg("true").stderr(Stdio::null()).status();
    if arguments.in_namespace || !allowed.is_ok_and(|status| status.success()) {
        return play(arguments);
    }
    let status = unshare()
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .arg("--in-namespace")
        .status()?;
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn play(arguments: &Arguments) -> Result<ExitCode> {
    let options = Options {
        cycles: arguments.cycles,
        seed: arguments.seed,
        handhelds: arguments.handhelds.into(),
        settle_every: arguments.settle_every,
    };
    let folder = tempfile::Builder::new()
        .prefix("tallyman-chaos")
        .tempdir()?;
    match run(options, folder.path(), say) {
        Ok(report) => {
            say(&report.to_json().to_string());
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            failed(arguments, &error, &folder.keep());
            Ok(ExitCode::FAILURE)
        }
    }
}

fn failed(arguments: &Arguments, error: &anyhow::Error, folder: &Path) {
    let Arguments {
        cycles,
        seed,
        handhelds,
        settle_every,
        ..
    } = arguments;
    say(&format!("FAILED: {error:#}"));
    say(&format!("logs and databases: {}", folder.display()));
    say(&format!(
        "again: cargo xtask chaos --cycles {cycles} --seed {seed} --handhelds {handhelds} --settle-every {settle_every}"
    ));
}
