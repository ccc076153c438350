//! `cargo xtask sim`: see `tests::sim`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tests::sim::{Plan, run_many};

/// Whole fleets in virtual time, with every fault that we know of. The last line is one JSON object; the exit code is 1
/// if an invariant did not hold.
#[derive(Parser)]
struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds, one after the other.
    #[arg(long, default_value_t = 1)]
    runs: u64,
    /// Random steps of each run, before everything settles.
    #[arg(long, default_value_t = 2_000)]
    steps: u32,
    /// Write every step to standard error.
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let Arguments {
        seed,
        runs,
        steps,
        verbose,
    } = Arguments::parse();
    let plan = Plan {
        seed,
        steps,
        verbose,
    };
    let summary = run_many(plan, runs, |outcome| {
        say(&outcome.to_string());
    });
    say(&format!("{}\n", summary.to_json()));
    if summary.violations == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn say(text: &str) {
    // A closed pipe is nobody's loss.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
