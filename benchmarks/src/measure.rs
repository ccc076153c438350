//! Percentiles, processes and the loopback's counters.

use std::io::Write;
use std::time::Duration;

/// The p-th percentile (0 to 100) of some durations, in milliseconds.
pub(crate) fn percentile_ms(durations: &[Duration], p: usize) -> f64 {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len().saturating_sub(1)) * p / 100;
    sorted.get(at).map_or(0.0, |d| d.as_secs_f64() * 1_000.0)
}

/// A line for the person at the terminal.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
    let _ = std::io::stdout().flush();
}

/// A figure in kB from a process's status, such as `VmRSS` or `VmHWM`.
pub(crate) fn status_kb(pid: u32, key: &str) -> u64 {
    std::fs::read_to_string(format!("/proc/{pid}/status"))
        .unwrap_or_default()
        .lines()
        .find(|l| l.starts_with(key))
        .and_then(|l| l.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

/// CPU time of a process so far, in seconds; the kernel counts in hundredths.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let ticks: u64 = stat
        .rsplit_once(')')
        .map_or("", |(_, rest)| rest)
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    ticks as f64 / 100.0
}

/// Bytes received on the loopback since it came up: in a network namespace of its own, exactly the traffic measured.
pub(crate) fn loopback_bytes() -> u64 {
    std::fs::read_to_string("/proc/net/dev")
        .unwrap_or_default()
        .lines()
        .find_map(|l| {
            l.trim()
                .strip_prefix("lo:")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or(0)
}
