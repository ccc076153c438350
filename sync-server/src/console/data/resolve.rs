//! Decisions: each is one event with the events that carry it out, in one commit. Nothing is edited or deleted.

use documents::catalogue::Operator;
use documents::{FieldEdit, Partition, RecordId, RecordKind, Value};
use domain::event::{EventBody, EventHash, Goods};
use domain::ledger::{Exception, ExceptionKind, Finding, Standing};
use domain::{BinId, ExceptionId, ItemId, OperatorId, Quantity, Resolution, UnixMillis};
use replica::{CarriesOut, Commit, NewEvent, Query, RecordEdit, Replica};

use super::ConsoleData;
use super::review::pile_of;
use crate::console::view::{choices, needs_note};
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
struct Actions {
    events: Vec<EventBody>,
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
    ) -> Result<Result<(), DecisionProblem>, AppError> {
        let mut replica = self.writer_at(now)?;
        let query = replica.query();
        let Some(exception) = query.exception(id)? else {
            return Ok(Err(DecisionProblem::Changed));
        };
        let view = self.names(&query).exception(&exception)?;
        if !view.is_open() || view.seen() != decision.seen {
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
            operator: Some(user.operator),
            site: Some(exception.finding.site),
            events,
            edits: actions.edits,
            draft: None,
        };
        replica.commit(commit, now)?;
        Ok(Ok(()))
    }

    /// Takes a decision back, and with it everything that carried it out.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such decision, [`AppError::Conflict`] if it does not count any more.
    pub fn undo(&self, decision: EventHash, user: &User, now: UnixMillis) -> Result<(), AppError> {
        let mut replica = self.writer_at(now)?;
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
            operator: Some(user.operator),
            site: Some(event.site),
            events: vec![EventBody::Reversed { target: decision }.into()],
            edits: operator_edit(&query, user)?.into_iter().collect(),
            draft: None,
        };
        replica.commit(commit, now)?;
        Ok(())
    }

    /// Writes one of several values of a field, which settles it.
    ///
    /// # Errors
    /// [`AppError::Conflict`] if that value is not among them any more.
    pub fn choose_value(
        &self,
        record: &str,
        path: &str,
        json: &str,
        now: UnixMillis,
    ) -> Result<(), AppError> {
        let id: ItemId = record.parse().map_err(|_| AppError::BadRequest)?;
        let id = RecordId::from(id);
        let value: Value = serde_json::from_str(json).map_err(|_| AppError::BadRequest)?;
        let mut replica = self.writer_at(now)?;
        let conflicts = replica.query().field_conflicts()?;
        let row = conflicts
            .into_iter()
            .find(|row| row.record == id && row.path == path)
            .filter(|row| row.values.iter().any(|(known, _)| *known == value))
            .ok_or(AppError::Conflict)?;
        let edit = RecordEdit {
            partition: partition_of(&replica, id)?,
            kind: row.kind,
            id,
            fields: vec![FieldEdit {
                path: row.path,
                value: Some(value),
            }],
        };
        let commit = Commit {
            edits: vec![edit],
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(())
    }
}

fn partition_of(replica: &Replica, id: RecordId) -> Result<Partition, AppError> {
    replica.partition_of(id)?.ok_or(AppError::NotFound)
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
    let operator = Operator {
        id: user.operator,
        name: user.name.clone(),
        badge: String::new(),
        pin_verifier: String::new(),
        active: false,
        grants: Default::default(),
    };
    Ok(Some(operator_record(&operator)))
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
fn actions(
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
