//! Decisions: each is one event with the events that carry it out, in one commit. Nothing is edited or deleted.

use std::sync::PoisonError;

use documents::catalogue::Operator;
use documents::{FieldEdit, Partition, RecordId, RecordKind};
use domain::event::{EventBody, EventHash, Goods};
use domain::ledger::{Exception, ExceptionKind, ExceptionStatus, Finding, Place, Standing};
use domain::{BinId, ExceptionId, OperatorId, Quantity, Resolution, UnixMillis};
use replica::query::EventFilter;
use replica::{CarriesOut, Commit, NewEvent, Query, RecordEdit, Replica};

use super::ConsoleData;
use super::review::pile_of;
use crate::console::view::{choices, is_safe_for_many, needs_note, seen_of};
use crate::error::AppError;
use crate::store::accounts::User;

/// Reason code of an adjustment that a decision makes.
const ADJUST_REASON: &str = "negative-stock";

/// What a supervisor chose.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// One of [`choices`].
    pub choice: String,
    /// Why, in their words.
    pub note: String,
    /// What they had before them; see `ExceptionView::seen`.
    pub seen: String,
    /// SKU or barcode of the item that an unknown code stands for.
    pub item: String,
    /// Code of the bin where goods with an unknown code lie.
    pub bin: String,
}

/// What a person can put right about a decision; each has words under `resolve.problem.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionProblem {
    /// The exception is settled, or shows other evidence by now.
    Changed,
    /// This choice needs a reason.
    NeedsNote,
    /// No item, or more than one, has that SKU or barcode.
    NoSuchItem,
    /// No bin of the site has that code, and the operator named none.
    NoSuchBin,
    /// There is no such choice for this kind.
    NoSuchChoice,
    /// Whoever decides counted it.
    OwnCount,
}

impl DecisionProblem {
    /// Key of its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Changed => "resolve.problem.changed",
            Self::NeedsNote => "resolve.problem.needs-note",
            Self::NoSuchItem => "resolve.problem.no-item",
            Self::NoSuchBin => "resolve.problem.no-bin",
            Self::NoSuchChoice => "resolve.problem.no-choice",
            Self::OwnCount => "resolve.problem.own-count",
        }
    }
}

/// What a choice does.
#[derive(Default)]
pub(super) struct Actions {
    pub(super) events: Vec<EventBody>,
    edits: Vec<RecordEdit>,
}

impl ConsoleData {
    /// Decides an exception.
    ///
    /// # Errors
    /// Those of the replica. What a person can put right is the inner result.
    pub fn resolve(
        &self,
        id: ExceptionId,
        decision: &Decision,
        user: &User,
        now: UnixMillis,
    ) -> Result<Result<EventHash, DecisionProblem>, AppError> {
        self.must_see(|q| q.exception(id))?;
        let mut replica = self.writer_at(now)?;
        let decided = self.decide(&mut replica, id, decision, user, now)?;
        if let Ok(hash) = decided {
            self.decided_last(user, vec![hash]);
        }
        Ok(decided)
    }

    /// Decides several exceptions in the same way, each with what was seen of it: those for which there is no such
    /// choice, or which have changed, stay as they are. Returns how many were decided, and how many were not.
    ///
    /// # Errors
    /// Those of the replica; what was decided by then stands. What a person can put right is the inner result; nothing
    /// was decided then.
    pub fn resolve_many(
        &self,
        picks: &[(ExceptionId, String)],
        decision: &Decision,
        user: &User,
        now: UnixMillis,
    ) -> Result<Result<(usize, usize), DecisionProblem>, AppError> {
        if !is_safe_for_many(&decision.choice) && decision.choice != "link-to-item" {
            return Ok(Err(DecisionProblem::NoSuchChoice));
        }
        if needs_note(&decision.choice) && decision.note.trim().is_empty() {
            return Ok(Err(DecisionProblem::NeedsNote));
        }
        for (id, _) in picks {
            self.must_see(|q| q.exception(*id))?;
        }
        let mut replica = self.writer_at(now)?;
        let mut decided = Vec::new();
        let mut left = 0;
        for (id, seen) in picks {
            let one = Decision {
                seen: seen.clone(),
                ..decision.clone()
            };
            match self.decide(&mut replica, *id, &one, user, now)? {
                Ok(hash) => decided.push(hash),
                // The same for all: there is something to put right before any is decided.
                Err(problem @ (DecisionProblem::NoSuchItem | DecisionProblem::NoSuchBin))
                    if decided.is_empty() =>
                {
                    return Ok(Err(problem));
                }
                Err(_) => left += 1,
            }
        }
        let count = decided.len();
        if count > 0 {
            self.decided_last(user, decided);
        }
        Ok(Ok((count, left)))
    }

    fn decide(
        &self,
        replica: &mut Replica,
        id: ExceptionId,
        decision: &Decision,
        user: &User,
        now: UnixMillis,
    ) -> Result<Result<EventHash, DecisionProblem>, AppError> {
        let query = replica.query();
        let Some(exception) = query.exception(id)? else {
            return Ok(Err(DecisionProblem::Changed));
        };
        let is_open = exception.status == ExceptionStatus::Open;
        if !is_open || seen(&query, id, &exception.finding.evidence)? != decision.seen {
            return Ok(Err(DecisionProblem::Changed));
        }
        let kind = exception.finding.kind;
        if !choices(kind).contains(&decision.choice.as_str()) {
            return Ok(Err(DecisionProblem::NoSuchChoice));
        }
        if needs_note(&decision.choice) && decision.note.trim().is_empty() {
            return Ok(Err(DecisionProblem::NeedsNote));
        }
        if decision.choice == "approve-count" && self.counted_by(&query, &exception, user)? {
            return Ok(Err(DecisionProblem::OwnCount));
        }
        let mut actions = match actions(&query, &exception, decision)? {
            Ok(actions) => actions,
            Err(problem) => return Ok(Err(problem)),
        };
        let resolution = Resolution {
            exception: id,
            after: query
                .standing_decision(id)?
                .map(|row| row.placed.event.hash),
            evidence: exception.finding.evidence.clone(),
            choice: decision.choice.clone(),
            note: decision.note.trim().to_owned(),
            about: about(&exception.finding),
        };
        let mut events = vec![NewEvent::from(EventBody::Resolved(resolution))];
        events.extend(actions.events.into_iter().map(|body| NewEvent {
            carries_out: CarriesOut::FirstOfCommit,
            ..body.into()
        }));
        actions.edits.extend(operator_edit(&query, user)?);
        let commit = Commit {
            keys: Vec::new(),
            operator: Some(user.operator),
            site: Some(exception.finding.site),
            events,
            edits: actions.edits,
            draft: None,
        };
        let committed = replica.commit(commit, now)?;
        let first = committed.events.first().map(|(_, hash)| *hash);
        Ok(first.ok_or(DecisionProblem::NoSuchChoice))
    }

    /// How much a choice would change the book by, in base units; zero if the exception is not there.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn write_off(&self, exception: &str, choice: &str) -> Result<Quantity, AppError> {
        let Some(id) = ExceptionId::from_hex(exception) else {
            return Ok(Quantity::ZERO);
        };
        self.ask(|q| {
            let Some(exception) = q.exception(id)? else {
                return Ok(Quantity::ZERO);
            };
            let finding = &exception.finding;
            Ok(match choice {
                "approve-count" => match (finding.book, finding.counted) {
                    (Some(book), Some(counted)) => book.minus(counted).size(),
                    _ => Quantity::ZERO,
                },
                "adjust-to-zero" => match pile_of(q, &exception)? {
                    Some(key) => q.balance(finding.site, &key)?.size(),
                    None => Quantity::ZERO,
                },
                _ => Quantity::ZERO,
            })
        })
    }

    /// Takes a decision back, and with it everything that carried it out.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such decision, [`AppError::Conflict`] if it does not count any more.
    pub fn undo(&self, decision: EventHash, user: &User, now: UnixMillis) -> Result<(), AppError> {
        self.must_see(|q| q.event_by_hash(decision))?;
        let mut replica = self.writer_at(now)?;
        self.take_back(&mut replica, decision, user, now)
    }

    fn take_back(
        &self,
        replica: &mut Replica,
        decision: EventHash,
        user: &User,
        now: UnixMillis,
    ) -> Result<(), AppError> {
        let query = replica.query();
        let row = query.event_by_hash(decision)?.ok_or(AppError::NotFound)?;
        let event = &row.placed.event;
        if !matches!(event.record.body, EventBody::Resolved(_)) {
            return Err(AppError::NotFound);
        }
        if row.placed.standing == Standing::Void {
            return Err(AppError::Conflict);
        }
        let commit = Commit {
            keys: Vec::new(),
            operator: Some(user.operator),
            site: Some(event.site),
            events: vec![EventBody::Reversed { target: decision }.into()],
            edits: operator_edit(&query, user)?.into_iter().collect(),
            draft: None,
        };
        replica.commit(commit, now)?;
        Ok(())
    }

    /// Takes back what this person decided last, today: one decision, or all that they took at once. Returns how many.
    ///
    /// # Errors
    /// [`AppError::Conflict`] if there is none.
    pub fn undo_last(&self, user: &User, now: UnixMillis) -> Result<usize, AppError> {
        let mut replica = self.writer_at(now)?;
        let last = last_decision(&replica.query(), user, now)?.ok_or(AppError::Conflict)?;
        let at_once = self.last_of(user);
        let all = match at_once.contains(&last) {
            true => at_once,
            // This program was started since, or another node took the last one.
            false => vec![last],
        };
        let mut count = 0;
        for hash in all {
            match self.take_back(&mut replica, hash, user, now) {
                Ok(()) => count += 1,
                // Somebody took that one back already.
                Err(AppError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    fn decided_last(&self, user: &User, hashes: Vec<EventHash>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.insert(user.operator, hashes);
    }

    fn last_of(&self, user: &User) -> Vec<EventHash> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.get(&user.operator).cloned().unwrap_or_default()
    }
}

/// What somebody decides is theirs to take back by one key for so long; after that, under "decided".
const UNDO_MS: i64 = 86_400_000;

/// The last decision of a person that stands, among their latest events.
pub(super) fn last_decision(
    query: &Query<'_>,
    user: &User,
    now: UnixMillis,
) -> Result<Option<EventHash>, AppError> {
    let filter = EventFilter {
        operator: Some(user.operator),
        // Who has written nothing lately is not looked for through all events.
        from: Some(Place::start_of(now - UNDO_MS)),
        ..EventFilter::default()
    };
    let rows = query.events(&filter, 200)?;
    let last = rows.iter().find(|row| {
        let event = &row.placed.event;
        matches!(event.record.body, EventBody::Resolved(_))
            && row.placed.standing != Standing::Void
            && now - event.record.clock.millis <= UNDO_MS
    });
    Ok(last.map(|row| row.placed.event.hash))
}

/// Stands for the evidence that is here and the decisions that stand; see [`seen_of`].
pub(super) fn seen(
    query: &Query<'_>,
    id: ExceptionId,
    evidence: &[EventHash],
) -> Result<String, AppError> {
    let mut here = Vec::with_capacity(evidence.len());
    for hash in evidence {
        if query.event_head(*hash)?.is_some() {
            here.push(*hash);
        }
    }
    let decisions = query.all_decisions(Some(id), 20)?;
    let standing = decisions.iter().map(|row| &row.event.placed);
    let standing = standing.filter(|placed| placed.standing != Standing::Void);
    Ok(seen_of(
        here.into_iter(),
        standing.map(|placed| placed.event.hash),
    ))
}

/// The exception in words that outlive it: its kind, and the key of its subject.
pub(super) fn about(finding: &Finding) -> String {
    let key = finding.subject.to_key();
    let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
    format!("{} {hex}", finding.kind.code())
}

/// Events name an operator; the first write of a console user makes the record. It is inactive on handhelds: it has
/// no PIN and no tile.
pub(super) fn operator_edit(
    query: &Query<'_>,
    user: &User,
) -> Result<Option<RecordEdit>, AppError> {
    if query.operator(user.operator)?.is_some() {
        return Ok(None);
    }
    Ok(Some(operator_record_of(user)))
}

/// The record of a console user who writes events.
pub(crate) fn operator_record_of(user: &User) -> RecordEdit {
    let operator = Operator {
        id: user.operator,
        name: user.name.clone(),
        badge: String::new(),
        pin_verifier: String::new(),
        active: false,
        grants: Default::default(),
    };
    operator_record(&operator)
}

pub(super) fn operator_record(operator: &Operator) -> RecordEdit {
    RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Operator,
        id: RecordId::from(OperatorId::from_bytes(*operator.id.as_bytes())),
        fields: operator.to_fields(),
    }
}

fn reverse(targets: &[EventHash]) -> Actions {
    Actions {
        events: targets
            .iter()
            .map(|target| EventBody::Reversed { target: *target })
            .collect(),
        edits: Vec::new(),
    }
}

/// What the choice does, or why it cannot be done.
pub(super) fn actions(
    query: &Query<'_>,
    exception: &Exception,
    decision: &Decision,
) -> Result<Result<Actions, DecisionProblem>, AppError> {
    let evidence = &exception.finding.evidence;
    Ok(Ok(match decision.choice.as_str() {
        "keep-first" => reverse(evidence.get(1..).unwrap_or_default()),
        "keep-second" => reverse(evidence.get(..1).unwrap_or_default()),
        "reverse-issue" => reverse(evidence),
        "adjust-to-zero" => adjust_to_zero(query, exception)?,
        "approve-count" => Actions {
            events: evidence
                .iter()
                .map(|count| EventBody::CountApproved { count: *count })
                .collect(),
            edits: Vec::new(),
        },
        "link-to-item" => return link_to_item(query, exception, decision),
        _ => Actions::default(),
    }))
}

fn adjust_to_zero(query: &Query<'_>, exception: &Exception) -> Result<Actions, AppError> {
    let mut actions = Actions::default();
    if let Some(key) = pile_of(query, exception)? {
        let balance = query.balance(exception.finding.site, &key)?;
        if balance < Quantity::ZERO {
            actions.events.push(EventBody::Adjusted {
                bin: key.bin,
                goods: Goods {
                    lot: key.lot,
                    ..Goods::of(key.item)
                },
                difference: balance.negated(),
                reason: ADJUST_REASON.to_owned(),
            });
        }
    }
    Ok(actions)
}

/// The code becomes a barcode of the item, and what was set aside is received where it lies.
fn link_to_item(
    query: &Query<'_>,
    exception: &Exception,
    decision: &Decision,
) -> Result<Result<Actions, DecisionProblem>, AppError> {
    debug_assert_eq!(exception.finding.kind, ExceptionKind::UnknownCode);
    let site = exception.finding.site;
    let matches = query.items_by_code(&decision.item)?;
    let [found] = matches.as_slice() else {
        return Ok(Err(DecisionProblem::NoSuchItem));
    };
    let typed: Option<BinId> = match query.bins_by_code(site, &decision.bin)?.as_slice() {
        [bin] => Some(bin.id),
        _ if decision.bin.trim().is_empty() => None,
        _ => return Ok(Err(DecisionProblem::NoSuchBin)),
    };
    let mut actions = Actions::default();
    for row in query.evidence(exception)? {
        let EventBody::SetAside {
            code,
            bin,
            quantity,
        } = &row.placed.event.record.body
        else {
            continue;
        };
        let Some(bin) = (*bin).or(typed) else {
            return Ok(Err(DecisionProblem::NoSuchBin));
        };
        if actions.edits.is_empty() && !found.item.barcodes.contains_key(code) {
            actions.edits.push(RecordEdit {
                partition: Partition::Shared,
                kind: RecordKind::Item,
                id: found.item.id.into(),
                fields: vec![FieldEdit::set(
                    format!("barcodes/{code}"),
                    Quantity::ONE.thousandths(),
                )],
            });
        }
        actions.events.push(EventBody::Received {
            bin,
            goods: Goods::of(found.item.id),
            quantity: *quantity,
        });
    }
    Ok(Ok(actions))
}
