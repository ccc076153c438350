//! What a run says: a hash over all that happened, and what was wrong.

use std::fmt;

use super::Plan;

/// Everything that happened, in order, as one hash; in words too if asked.
#[derive(Debug)]
pub(super) struct Trace {
    hasher: blake3::Hasher,
    verbose: bool,
}

impl Trace {
    pub(super) fn new(verbose: bool) -> Self {
        Self {
            hasher: blake3::Hasher::new(),
            verbose,
        }
    }

    pub(super) fn note(&mut self, what: fmt::Arguments<'_>) {
        let line = what.to_string();
        self.hasher.update(line.as_bytes());
        if self.verbose {
            eprintln!("{line}");
        }
    }

    /// Bytes that went over the network.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    pub(super) fn hash(&self) -> String {
        self.hasher.finalize().to_hex()[..16].to_owned()
    }
}

/// What came of one seed.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The plan that replays it.
    pub plan: Plan,
    /// Steps taken, those of the settling among them.
    pub steps: u64,
    /// What was wrong; empty if all invariants held.
    pub violations: Vec<String>,
    /// Over everything that happened: the same seed has the same.
    pub trace: String,
}

impl Outcome {
    /// A run that could not begin.
    pub(super) fn broken(plan: Plan, error: &anyhow::Error) -> Self {
        Self {
            plan,
            steps: 0,
            violations: vec![format!("{error:?}")],
            trace: String::new(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { seed, steps, .. } = self.plan;
        for violation in &self.violations {
            writeln!(f, "seed {seed}: {violation}")?;
        }
        if !self.violations.is_empty() {
            writeln!(
                f,
                "replay: cargo xtask sim --seed {seed} --runs 1 --steps {steps} --verbose"
            )?;
        }
        Ok(())
    }
}

/// What came of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Seeds.
    pub runs: u64,
    /// Steps in all.
    pub steps: u64,
    /// Invariants that did not hold.
    pub violations: u64,
}

impl Summary {
    pub(super) const fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        self.steps += outcome.steps;
        self.violations += outcome.violations.len() as u64;
    }

    /// As the last line of the command.
    pub fn to_json(self) -> String {
        let Self {
            runs,
            steps,
            violations,
        } = self;
        serde_json::json!({ "runs": runs, "steps": steps, "violations": violations }).to_string()
    }
}
