//! What lies in quarantine, and the decision about it. It is final: released records count at their place, rejected ones
//! never do.

use std::collections::BTreeMap;

use documents::catalogue::Verdict;
use documents::{Partition, RecordKind};
use domain::event::{EventBody, EventId, QuarantineDecision};
use domain::{DeviceId, SiteId, UnixMillis};
use replica::{Commit, NewEvent, QuarantinedRun, Query, RecordEdit};

use super::ConsoleData;
use super::names::Names;
use super::resolve::{DecisionProblem, operator_edit};
use crate::console::desk::Suspicion;
use crate::console::view::QuarantineView;
use crate::error::AppError;
use crate::store::accounts::User;

/// So many records of one device are listed; the numbers tell of all.
const LIST_MAX: usize = 50;

impl ConsoleData {
    /// What waits for a decision, by device. `suspicions`: why.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn quarantine(&self, suspicions: &[Suspicion]) -> Result<Vec<QuarantineView>, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            by_device(q)?
                .into_iter()
                .map(|(device, runs)| names.quarantine(device, &runs, suspicions))
                .collect()
        })
    }

    /// Decides about everything of a device that was shown.
    ///
    /// # Errors
    /// Those of the replica. What a person can put right is the inner result.
    pub fn decide_quarantine(
        &self,
        device: DeviceId,
        decision: &QuarantineChoice,
        user: &User,
        now: UnixMillis,
    ) -> Result<Result<(), DecisionProblem>, AppError> {
        let reason = decision.reason.trim();
        if reason.is_empty() {
            return Ok(Err(DecisionProblem::NeedsNote));
        }
        self.must_see(|q| q.device(device))?;
        // The writer is held from the look to the commit: of two supervisors the second finds that all is decided.
        let mut replica = self.writer_at(now)?;
        let query = replica.query();
        let mut runs = by_device(&query)?.remove(&device).unwrap_or_default();
        runs.retain(|run| match run.partition {
            Partition::Shared => true,
            Partition::Site(site) => self.scope.sees(site),
        });
        if runs.is_empty() || QuarantineView::seen_of(&runs) != decision.seen {
            return Ok(Err(DecisionProblem::Changed));
        }
        let mut edits: Vec<RecordEdit> = operator_edit(&query, user)?.into_iter().collect();
        let mut events: BTreeMap<SiteId, Vec<NewEvent>> = BTreeMap::new();
        for run in runs {
            let reason = reason.to_owned();
            match run.partition {
                Partition::Shared => {
                    let verdict = Verdict {
                        chain: run.chain,
                        segments: run.segments,
                        release: decision.release,
                        reason,
                    };
                    edits.push(RecordEdit {
                        partition: Partition::Shared,
                        kind: RecordKind::Device,
                        id: device.into(),
                        fields: vec![verdict.to_field()],
                    });
                }
                Partition::Site(site) => {
                    let decided = EventBody::QuarantineDecided(QuarantineDecision {
                        chain: run.chain,
                        segments: run.segments,
                        events: run.events,
                        release: decision.release,
                        reason,
                    });
                    events.entry(site).or_default().push(decided.into());
                }
            }
        }
        // A commit has one site; a device that was moved may have written to two. What is decided stays decided.
        let mut commits: Vec<Commit> = events
            .into_iter()
            .map(|(site, events)| Commit {
                operator: Some(user.operator),
                site: Some(site),
                events,
                ..Commit::default()
            })
            .collect();
        match commits.first_mut() {
            Some(first) => first.edits = edits,
            None => commits.push(Commit {
                edits,
                ..Commit::default()
            }),
        }
        for commit in commits {
            replica.commit(commit, now)?;
        }
        Ok(Ok(()))
    }
}

/// What a supervisor decided.
#[derive(Debug, Clone, Default)]
pub struct QuarantineChoice {
    /// Whether it counts from now on.
    pub release: bool,
    /// Why.
    pub reason: String,
    /// What they had before them; see [`QuarantineView::seen`].
    pub seen: String,
}

/// Devices of which something waits for a decision.
pub(super) fn devices(query: &Query<'_>) -> Result<Vec<DeviceId>, AppError> {
    Ok(by_device(query)?.into_keys().collect())
}

fn by_device(query: &Query<'_>) -> Result<BTreeMap<DeviceId, Vec<QuarantinedRun>>, AppError> {
    let mut devices: BTreeMap<DeviceId, Vec<QuarantinedRun>> = BTreeMap::new();
    for run in query.quarantine()? {
        devices.entry(run.device).or_default().push(run);
    }
    Ok(devices)
}

impl Names<'_> {
    fn quarantine(
        &self,
        device: DeviceId,
        runs: &[QuarantinedRun],
        suspicions: &[Suspicion],
    ) -> Result<QuarantineView, AppError> {
        let mut events = Vec::new();
        let mut event_count = 0;
        let mut causes: Vec<&'static str> = Vec::new();
        for run in runs {
            let why = suspicions.iter().find(|s| s.chain == run.chain);
            let cause = why.map_or("in-question", |s| s.cause);
            if !causes.contains(&cause) {
                causes.push(cause);
            }
            let Some((first, last)) = run.events else {
                continue;
            };
            event_count += last - first + 1;
            for number in first..=last {
                if events.len() == LIST_MAX {
                    break;
                }
                let chain = run.chain;
                if let Some(row) = self.query.event(EventId { chain, number })? {
                    events.push(self.event(&row)?);
                }
            }
        }
        Ok(QuarantineView {
            id: device.to_string(),
            device: self.device(device)?,
            causes,
            since: runs.iter().filter_map(|run| run.since).min(),
            event_count,
            edit_count: runs.iter().map(|run| run.edits).sum(),
            events,
            seen: QuarantineView::seen_of(runs),
        })
    }
}
