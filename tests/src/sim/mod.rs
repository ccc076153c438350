//! The deterministic simulation: whole fleets in one thread, in virtual time, with every fault that we know of.
//!
//! Handhelds are real replicas and real [`sync_core::DeviceSync`] machines; the hub is the real
//! [`sync_server::hub::Hub`]; between them go the real bytes. Their disks ([`testkit::disk`]), the network, the clocks
//! and every random byte come from the seed, so that a seed replays a run byte for byte.
//!
//! A run is a number of random steps. Then faults end, everything settles, and [`invariants`] are checked.

mod audit;
mod books;
mod faults;
mod handheld;
mod hubs;
mod invariants;
mod keep;
mod neighbours;
mod network;
mod parcels;
mod report;
mod rest;
mod snapshots;
pub mod supervisor;
mod world;

pub use report::{Outcome, Summary};

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Everything random follows from it.
    pub seed: u64,
    /// Random steps before everything settles.
    pub steps: u32,
    /// Whether every step is written to standard error.
    pub verbose: bool,
}

/// Runs one seed.
pub fn run(plan: Plan) -> Outcome {
    match world::World::new(plan) {
        Ok(mut world) => {
            let result = world.play();
            world.outcome(result)
        }
        Err(error) => Outcome::broken(plan, &error),
    }
}

/// Runs `runs` seeds from `plan.seed` on, on all processors, and tells `each` of every outcome as it comes.
///
/// # Panics
/// If a run panics: the panic names its place, and the seed was the one that did not come.
pub fn run_many(plan: Plan, runs: u64, each: impl Fn(&Outcome) + Sync) -> Summary {
    let next = std::sync::atomic::AtomicU64::new(0);
    let summary = std::sync::Mutex::new(Summary::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if n >= runs {
                        return;
                    }
                    let outcome = run(Plan {
                        seed: plan.seed + n,
                        ..plan
                    });
                    each(&outcome);
                    let mut summary = summary
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    summary.add(&outcome);
                }
            });
        }
    });
    summary
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
