//! The end of a run: faults end, and everything comes to rest.

use anyhow::{Context, Result, bail, ensure};
use sync_core::Event;

use super::network::Quality;
use super::snapshots;
use super::world::World;
use crate::fleet::SITE;

/// Settling goes in rounds of this length.
const ROUND_MS: i64 = 4_000;
/// Enough for any run; more means that it never ends.
const ROUNDS_MAX: u32 = 60;

impl World {
    /// Ends all faults and lets everything come to rest.
    pub(super) fn settle(&mut self) -> Result<()> {
        self.note(format_args!("faults end"));
        self.network.quality = Quality::GOOD;
        self.network.split.clear();
        self.hubs.store.steady();
        for node in 0..self.hubs.nodes.len() {
            self.hubs.nodes[node].disk.steady();
            self.start_node(node)?;
        }
        let alive: Vec<usize> = self.alive().collect();
        for n in &alive {
            let handheld = &mut self.handhelds[*n];
            handheld.disk.steady();
            handheld.disk.set_quota(None);
            self.start_handheld(*n)?;
        }
        self.come_to_rest(&alive)?;
        if self.snapshots.is_some() {
            // What came late has made numbers wrong; when nothing comes any more, there are fresh snapshots. A copy that
            // learns only now that it is one still says its work again.
            // A node whose clock is behind the one that took the last entries in counts these in later.
            let mut log = self.log_ends()?;
            for _ in 0..ROUNDS_MAX {
                self.now += snapshots::OLD_MS;
                self.come_to_rest(&alive)?;
                let before = std::mem::replace(&mut log, self.log_ends()?);
                if before == log && !self.awaits_snapshot(&alive)? {
                    return Ok(());
                }
            }
            ensure!(
                self.awaits_snapshot(&alive)?,
                "something comes again and again"
            );
        }
        Ok(())
    }

    /// Whether numbers of a handheld wait for a fresh snapshot that it would take.
    fn awaits_snapshot(&self, alive: &[usize]) -> Result<bool> {
        for n in alive {
            let running = self.handhelds[*n].running.as_ref().context("runs")?;
            let takes = running.takes_snapshots && !running.is_stopped();
            if takes && running.replica.query().is_stale(SITE)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn come_to_rest(&mut self, alive: &[usize]) -> Result<()> {
        for round in 0..ROUNDS_MAX {
            let mut before = Vec::new();
            for n in alive {
                let running = self.handhelds[*n].running.as_mut().context("runs")?;
                if running.stays_offline {
                    running.tell(Event::StayOffline(false));
                }
                running.tell(Event::SyncNow);
                before.push((running.up_to_date, running.fetched));
                self.keep_working(*n);
            }
            let bytes = self.hubs.store.counts().bytes;
            let log = self.log_ends()?;
            let until = self.now + ROUND_MS;
            while self.pass(until)? {
                self.steps += 1;
            }
            self.now = until;
            for node in 0..self.hubs.nodes.len() {
                self.pump(node)?;
            }
            let at_rest = |(n, before): (&usize, (u64, u64))| {
                let running = self.handhelds[*n].running.as_ref();
                running.is_some_and(|r| {
                    let fetches = r.is_fetching || r.fetched > before.1;
                    r.is_stopped() || r.up_to_date > before.0 && !fetches
                })
            };
            if alive.iter().zip(before).all(at_rest) && log == self.log_ends()? && round > 0 {
                self.note(format_args!("at rest after {round} rounds, {bytes} bytes"));
                return Ok(());
            }
        }
        bail!("it does not come to rest")
    }

    /// Where every partition's log ends, as the replica of each node has read it.
    fn log_ends(&self) -> Result<Vec<u64>> {
        let mut ends = Vec::new();
        for node in &self.hubs.nodes {
            let hub = node.hub.as_ref().context("runs")?;
            let replica = hub.replica().lock().ok().context("not poisoned")?;
            for partition in replica.own_partitions() {
                ends.push(replica.cursor(partition)?.map_or(0, |c| c.number));
            }
        }
        Ok(ends)
    }
}
