//! What is known of all open exceptions, kept from one page to the next: most of 10,000 are as they were.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use domain::ledger::{StateHash, Subject};
use domain::{DeviceId, ExceptionId, UnixMillis};
use replica::Query;
use replica::query::OpenRow;

use super::ConsoleData;
use crate::auth::Scope;
use crate::console::triage::{DeviceFact, EvidenceFact, Fact, holders};
use crate::error::AppError;

/// Open exceptions as they are while the ledgers' hashes are these.
pub(super) struct Known {
    ledgers: Vec<StateHash>,
    /// Sorted by [`Fact::rank`].
    facts: Vec<Arc<Fact>>,
}

/// So many scopes are kept; of more, the one that was asked for longest ago is read anew.
const SCOPES_MAX: usize = 8;

/// The last that was asked for within each scope: to somebody who sees some sites only, the others' are not there.
#[derive(Default)]
pub(super) struct Cache(Mutex<Vec<(Scope, Arc<Known>)>>);

impl Cache {
    fn of(&self, scope: &Scope) -> Option<Arc<Known>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(of, _)| of == scope);
        found.map(|(_, known)| known.clone())
    }

    fn keep(&self, scope: &Scope, known: &Arc<Known>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| of != scope);
        kept.truncate(SCOPES_MAX - 1);
        kept.insert(0, (scope.clone(), known.clone()));
    }
}

/// Open exceptions, those that wait for a decision apart from those that may be explained.
#[derive(Default)]
pub(super) struct Split {
    /// Somebody has to decide, by rank.
    pub(super) open: Vec<Fact>,
    /// By rank, with the devices that may explain each.
    pub(super) waiting: Vec<(Fact, Vec<DeviceId>)>,
}

impl ConsoleData {
    pub(super) fn split(&self, q: &Query<'_>, now: UnixMillis) -> Result<Split, AppError> {
        let known = self.known(q)?;
        let devices = self.device_facts(q)?;
        let mut split = Split::default();
        for fact in &known.facts {
            let by = holders(fact, &devices, now);
            if by.is_empty() {
                split.open.push(Fact::clone(fact));
            } else {
                split.waiting.push((Fact::clone(fact), by));
            }
        }
        Ok(split)
    }

    /// How many exceptions wait for a decision.
    pub(super) fn deciding_count(&self, q: &Query<'_>, now: UnixMillis) -> Result<u64, AppError> {
        let known = self.known(q)?;
        let devices = self.device_facts(q)?;
        let open = known.facts.iter();
        Ok(open
            .filter(|fact| holders(fact, &devices, now).is_empty())
            .count() as u64)
    }

    fn known(&self, q: &Query<'_>) -> Result<Arc<Known>, AppError> {
        // Read before the exceptions: what comes in between is found with the next page.
        let ledgers = q.ledgers_hash()?;
        let last = self.triage.of(&self.scope);
        if let Some(known) = last.as_ref().filter(|known| known.ledgers == ledgers) {
            return Ok(known.clone());
        }
        let mut before: HashMap<ExceptionId, Arc<Fact>> = HashMap::new();
        if let Some(known) = &last {
            before.extend(known.facts.iter().map(|fact| (fact.id, fact.clone())));
        }
        let mut facts = Vec::new();
        for row in q.open_exceptions()? {
            let same = before.remove(&row.id).filter(|fact| is_same(fact, &row));
            facts.push(match same {
                Some(fact) => fact,
                None => Arc::new(fact_of(q, row)?),
            });
        }
        facts.sort_by_key(|fact| fact.rank());
        let known = Arc::new(Known { ledgers, facts });
        self.triage.keep(&self.scope, &known);
        Ok(known)
    }

    fn device_facts(&self, q: &Query<'_>) -> Result<Vec<DeviceFact>, AppError> {
        let mut worked: BTreeMap<DeviceId, UnixMillis> = BTreeMap::new();
        for (device, at) in q.last_events()? {
            let last = worked.entry(device).or_insert(at);
            *last = at.max(*last);
        }
        let rows = self.hub.devices().map_err(AppError::internal)?;
        let fact = |row: crate::store::hub_devices::DeviceRow| DeviceFact {
            device: row.device,
            site: row.site,
            heard: row.last_contact,
            worked: worked.get(&row.device).copied(),
            revoked: row.revoked || !row.stopped.is_empty(),
        };
        Ok(rows.into_iter().map(fact).collect())
    }
}

/// Whether nothing has been added to the evidence, and all of it had come to the hub.
fn is_same(fact: &Fact, row: &OpenRow) -> bool {
    let before = fact.evidence.iter().map(|event| event.hash);
    fact.opened == row.opened.clock.millis
        && before.eq(row.evidence.iter().copied())
        && fact.evidence.iter().all(|event| event.arrived.is_some())
}

fn fact_of(q: &Query<'_>, row: OpenRow) -> Result<Fact, AppError> {
    let mut bin = match &row.subject {
        Subject::Stock(key) => Some(key.bin),
        Subject::Bin(bin) => Some(*bin),
        _ => None,
    };
    let is_fixed = bin.is_some();
    let mut unit = None;
    let mut evidence = Vec::with_capacity(row.evidence.len());
    for hash in row.evidence {
        let Some(head) = q.event_head(hash)? else {
            continue;
        };
        if !is_fixed {
            bin = head.record.body.bins().first().copied().or(bin);
        }
        unit = head
            .record
            .body
            .goods()
            .and_then(|goods| goods.unit.clone());
        evidence.push(EvidenceFact {
            hash,
            device: head.device,
            clock: head.record.clock.millis,
            arrived: head.accepted_at,
        });
    }
    Ok(Fact {
        id: row.id,
        kind: row.kind,
        site: row.site,
        subject: row.subject,
        bin,
        unit,
        opened: row.opened.clock.millis,
        evidence,
    })
}
