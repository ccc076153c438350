//! A short run of `cargo xtask chaos`: every check of the long one, a few cycles.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

#[test]
fn a_few_cycles_of_chaos_lose_nothing_and_come_right_by_themselves() -> Result<()> {
    let output = Command::new(env!("CARGO_BIN_EXE_chaos"))
        .args(["--cycles", "6", "--settle-every", "6"])
        .args(["--handhelds", "2", "--seed", "4"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{said}");
    let report: Value = serde_json::from_str(said.lines().last().context("a report")?)?;
    ensure!(
        report["cycles"] == 6 && report["missing"] == 0 && report["settled"] == 1,
        "{report}"
    );
    let acknowledged = report["acknowledged"].as_u64().unwrap_or_default();
    ensure!(acknowledged > 50, "hardly any work was done: {report}");
    Ok(())
}
