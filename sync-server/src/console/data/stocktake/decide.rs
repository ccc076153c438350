//! What a supervisor decides about counts: approve, have counted again, add up, close.

use std::collections::BTreeSet;

use documents::{Closed, FieldEdit, Partition, RecordKind, Stocktake};
use domain::event::{EventBody, EventHash, Goods};
use domain::ledger::Finding;
use domain::{BinId, OperatorId, OrderId, Resolution, StocktakeId, UnixMillis};
use replica::{CarriesOut, Commit, NewEvent, Query, RecordEdit};

use super::super::ConsoleData;
use super::super::resolve::{about, operator_edit};
use super::plan::{count_order, order_edit};
use super::sheet::{BinSheet, CountSheet, Sheet, is_same_person};
use crate::console::view::BinStatus;
use crate::error::AppError;
use crate::store::accounts::User;

/// So many bins are approved in one commit: nobody waits long for the writer.
const BATCH: usize = 200;

/// Reason code of the adjustment with which what a second counter found is added to what the first did.
const ADD_UP_REASON: &str = "count-split";

/// What a supervisor chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StocktakeChoice {
    /// These counts set the book.
    Approve,
    /// So do all that differ by no more than is tolerated.
    ApproveTolerated,
    /// These bins are counted again, by somebody else.
    Recount,
    /// Each counter counted a part of the bin.
    AddUp,
}

impl StocktakeChoice {
    /// The choice of a button.
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "approve" => Self::Approve,
            "approve-tolerated" => Self::ApproveTolerated,
            "recount" => Self::Recount,
            "add-up" => Self::AddUp,
            _ => return None,
        })
    }
}

/// A decision as it was typed.
#[derive(Debug, Clone, Default)]
pub struct CountDecision {
    /// The counts, each with what was seen of it: hash and mark with a colon between them.
    pub counts: Vec<String>,
    /// Why, in words.
    pub note: String,
    /// Who shall count again; anybody else if empty.
    pub counter: String,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decided {
    /// Bins that were decided about.
    pub bins: usize,
    /// Bins that were left, because whoever decides counted them.
    pub own: usize,
}

/// What a person can put right; each has words under `stocktake.problem.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StocktakeProblem {
    /// A count shows something else by now, or somebody has decided.
    Changed,
    /// It is closed.
    Closed,
    /// No count was chosen, or none is left.
    Nothing,
    /// Whoever decides counted it.
    Own,
    /// This needs a reason.
    NeedsReason,
    /// No such person, or one who may not scan.
    NoSuchPerson,
    /// Whoever shall count again has counted before.
    CountedBefore,
    /// Only what two found differently is added up.
    NotTwice,
}

impl StocktakeProblem {
    /// Key of its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Changed => "stocktake.problem.changed",
            Self::Closed => "stocktake.problem.closed",
            Self::Nothing => "stocktake.problem.nothing",
            Self::Own => "stocktake.problem.own",
            Self::NeedsReason => "stocktake.problem.needs-reason",
            Self::NoSuchPerson => "stocktake.problem.person",
            Self::CountedBefore => "stocktake.problem.counted-before",
            Self::NotTwice => "stocktake.problem.not-twice",
        }
    }
}

/// Events that belong together: those of one bin. A number: the event of the group that is carried out.
type Group = Vec<(EventBody, Option<usize>)>;

fn resolved(
    query: &Query<'_>,
    finding: &Finding,
    choice: &str,
    note: &str,
) -> Result<EventBody, AppError> {
    let id = finding.id();
    let after = query.standing_decision(id)?;
    Ok(EventBody::Resolved(Resolution {
        exception: id,
        after: after.map(|row| row.placed.event.hash),
        evidence: vec![finding.evidence.first().copied().unwrap_or_default()],
        choice: choice.to_owned(),
        note: note.to_owned(),
        about: about(finding),
    }))
}

/// The decisions that settle all that is open about these counts.
fn settle<'a>(
    query: &Query<'_>,
    counts: impl IntoIterator<Item = &'a CountSheet>,
    choice: &str,
    note: &str,
) -> Result<Group, AppError> {
    let mut group = Group::new();
    for finding in counts
        .into_iter()
        .flat_map(|c| &c.piles)
        .filter_map(|p| p.open.as_ref())
    {
        group.push((resolved(query, finding, choice, note)?, None));
    }
    Ok(group)
}

/// One count sets the book; others of the bin that nobody has decided about give way to it.
fn approve(
    query: &Query<'_>,
    bin: &BinSheet,
    count: &CountSheet,
    note: &str,
) -> Result<Group, AppError> {
    let mut group = Group::new();
    // The approval settles whatever the count differs in, so one decision carries the reason for all of it.
    let first = count.piles.iter().find_map(|pile| pile.open.as_ref());
    if let Some(finding) = first {
        group.push((resolved(query, finding, "approve-count", note)?, None));
    }
    let approval = EventBody::CountApproved {
        count: count.row.hash,
    };
    group.push((approval, first.map(|_| 0)));
    let undecided = bin.undecided();
    let others = undecided
        .into_iter()
        .filter(|c| c.row.hash != count.row.hash);
    group.extend(settle(query, others, "superseded-count", note)?);
    Ok(group)
}

/// The first count sets the book, and what the others found is added to it.
fn add_up(query: &Query<'_>, bin: &BinSheet, note: &str) -> Result<Group, AppError> {
    let undecided = bin.undecided();
    let Some((first, others)) = undecided.split_first() else {
        return Ok(Group::new());
    };
    let mut group = approve(query, bin, first, note)?;
    for pile in others.iter().flat_map(|c| &c.piles).map(|p| &p.pile) {
        if pile.counted == domain::Quantity::ZERO {
            continue;
        }
        let body = EventBody::Adjusted {
            bin: bin.bin,
            goods: Goods {
                lot: pile.key.lot.clone(),
                ..Goods::of(pile.key.item)
            },
            difference: pile.counted,
            reason: ADD_UP_REASON.to_owned(),
        };
        // Taken back with the decision, where there is one.
        let decision = matches!(group.first(), Some((EventBody::Resolved(_), _)));
        group.push((body, decision.then_some(0)));
    }
    Ok(group)
}

fn events(groups: &[Group]) -> Vec<NewEvent> {
    let mut events: Vec<NewEvent> = Vec::new();
    for group in groups {
        let begin = events.len();
        events.extend(group.iter().map(|(body, decision)| NewEvent {
            carries_out: match decision {
                Some(index) => CarriesOut::OfCommit(begin + index),
                None => CarriesOut::Nothing,
            },
            ..body.clone().into()
        }));
    }
    events
}

/// The counts that were chosen, as text.
fn hashes(counts: &[String]) -> BTreeSet<EventHash> {
    let hash = |text: &String| EventHash::from_hex(text.split_once(':')?.0);
    counts.iter().filter_map(hash).collect()
}

/// The bins and counts that were chosen, if they still show what was seen. All of those has been read.
fn chosen<'s>(
    sheet: &'s Sheet,
    counts: &[String],
) -> Result<Vec<(&'s BinSheet, &'s CountSheet)>, StocktakeProblem> {
    let mut found: Vec<(&BinSheet, &CountSheet)> = Vec::new();
    for text in counts {
        let (hash, seen) = text.split_once(':').ok_or(StocktakeProblem::Changed)?;
        let hash = EventHash::from_hex(hash).ok_or(StocktakeProblem::Changed)?;
        let mut bins = sheet.bins.iter();
        let one = bins.find_map(|bin| {
            let undecided = bin.undecided();
            let count = undecided.into_iter().find(|c| c.row.hash == hash)?;
            (count.seen() == seen).then_some((bin, count))
        });
        let one = one.ok_or(StocktakeProblem::Changed)?;
        // Of two counts of one bin only one can set the book.
        if found.iter().any(|(bin, _)| bin.bin == one.0.bin) {
            return Err(StocktakeProblem::Changed);
        }
        found.push(one);
    }
    if found.is_empty() {
        return Err(StocktakeProblem::Nothing);
    }
    Ok(found)
}

impl ConsoleData {
    /// Decides about counts of a stocktake. What a person can put right is the inner error.
    ///
    /// # Errors
    /// Those of the replica, [`AppError::NotFound`] if there is no such stocktake.
    pub fn decide_counts(
        &self,
        id: StocktakeId,
        choice: StocktakeChoice,
        decision: &CountDecision,
        user: &User,
        now: UnixMillis,
    ) -> Result<Result<Decided, StocktakeProblem>, AppError> {
        self.must_see(|q| q.stocktake(id))?;
        let mut replica = self.writer_at(now)?;
        let recount = OrderId::from_bytes(replica.new_id(now));
        let query = replica.query();
        let stocktake = query.stocktake(id)?.ok_or(AppError::NotFound)?;
        let site = stocktake.site;
        if stocktake.closed.is_some() {
            return Ok(Err(StocktakeProblem::Closed));
        }
        let names = self.names(&query);
        let mut sheet = Sheet::load(&names, stocktake)?;
        let named = hashes(&decision.counts);
        for n in 0..sheet.bins.len() {
            let is_named = |bin: &BinSheet| bin.counts.iter().any(|c| named.contains(&c.row.hash));
            if sheet.bins.get(n).is_some_and(is_named) {
                sheet.read_whole(&query, n)?;
            }
        }
        let is_own = |bin: &BinSheet| -> Result<bool, AppError> {
            for operator in bin.counters() {
                if is_same_person(&names, user, operator)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let note = decision.note.trim();
        let mut decided = Decided::default();
        let mut groups = Vec::new();
        let mut edits = Vec::new();
        if choice == StocktakeChoice::ApproveTolerated {
            for bin in &sheet.bins {
                let tolerated = matches!(bin.status(), BinStatus::Within | BinStatus::Clean);
                match bin.current().filter(|_| tolerated) {
                    Some(_) if is_own(bin)? => decided.own += 1,
                    Some(count) => groups.push(approve(&query, bin, count, note)?),
                    None => {}
                }
            }
            if groups.is_empty() {
                let own = decided.own > 0;
                let problem = if own {
                    StocktakeProblem::Own
                } else {
                    StocktakeProblem::Nothing
                };
                return Ok(Err(problem));
            }
        } else {
            let chosen = match chosen(&sheet, &decision.counts) {
                Ok(chosen) => chosen,
                Err(problem) => return Ok(Err(problem)),
            };
            let tolerated =
                |bin: &BinSheet| matches!(bin.status(), BinStatus::Within | BinStatus::Clean);
            let needs_reason =
                choice != StocktakeChoice::Approve || chosen.iter().any(|(bin, _)| !tolerated(bin));
            if needs_reason && note.is_empty() {
                return Ok(Err(StocktakeProblem::NeedsReason));
            }
            for (bin, count) in &chosen {
                // Who counted may ask for somebody else's count, and not set the book.
                if choice != StocktakeChoice::Recount && is_own(bin)? {
                    return Ok(Err(StocktakeProblem::Own));
                }
                groups.push(match choice {
                    StocktakeChoice::Recount => {
                        settle(&query, bin.undecided(), "reject-count", note)?
                    }
                    StocktakeChoice::AddUp if bin.status() == BinStatus::Twice => {
                        add_up(&query, bin, note)?
                    }
                    StocktakeChoice::AddUp => return Ok(Err(StocktakeProblem::NotTwice)),
                    _ => approve(&query, bin, count, note)?,
                });
            }
            if choice == StocktakeChoice::Recount {
                let bins: Vec<&BinSheet> = chosen.iter().map(|(bin, _)| *bin).collect();
                match recount_edit(&query, &sheet, &bins, recount, &decision.counter)? {
                    Ok(edit) => edits.push(edit),
                    Err(problem) => return Ok(Err(problem)),
                }
            }
        }
        decided.bins = groups.len();
        edits.extend(operator_edit(&query, user)?);
        for batch in groups.chunks(BATCH) {
            let commit = Commit {
                keys: Vec::new(),
                operator: Some(user.operator),
                site: Some(site),
                events: events(batch),
                edits: std::mem::take(&mut edits),
                draft: None,
            };
            replica.commit(commit, now)?;
        }
        Ok(Ok(decided))
    }

    /// Ends a stocktake: orders that nobody has finished are called off, so that their bins are free. With something open
    /// it needs a reason.
    ///
    /// # Errors
    /// Those of the replica, [`AppError::NotFound`] if there is no such stocktake.
    pub fn close_stocktake(
        &self,
        id: StocktakeId,
        reason: &str,
        user: &User,
        now: UnixMillis,
    ) -> Result<Result<(), StocktakeProblem>, AppError> {
        self.must_see(|q| q.stocktake(id))?;
        let mut replica = self.writer_at(now)?;
        let query = replica.query();
        let stocktake = query.stocktake(id)?.ok_or(AppError::NotFound)?;
        let site = stocktake.site;
        if stocktake.closed.is_some() {
            return Ok(Err(StocktakeProblem::Closed));
        }
        let names = self.names(&query);
        let sheet = Sheet::load(&names, stocktake)?;
        let reason = reason.trim();
        if sheet.totals().open() > 0 && reason.is_empty() {
            return Ok(Err(StocktakeProblem::NeedsReason));
        }
        let closed = Closed {
            at: now,
            by: Some(user.operator),
            reason: reason.to_owned(),
        };
        let edit = |id, fields| RecordEdit {
            partition: Partition::Site(site),
            kind: RecordKind::Order,
            id,
            fields,
        };
        let mut edits = vec![edit(id.into(), Stocktake::close_fields(&closed))];
        for order in &sheet.orders {
            if !order.finished && !order.order.cancelled {
                let off = vec![FieldEdit::set("cancelled", true)];
                edits.push(edit(order.order.id.into(), off));
            }
        }
        edits.extend(operator_edit(&query, user)?);
        let commit = Commit {
            edits,
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(Ok(()))
    }
}

/// The order to count these bins again; nobody who has counted one of them may.
fn recount_edit(
    query: &Query<'_>,
    sheet: &Sheet,
    bins: &[&BinSheet],
    id: OrderId,
    counter: &str,
) -> Result<Result<RecordEdit, StocktakeProblem>, AppError> {
    let barred: BTreeSet<OperatorId> = bins.iter().flat_map(|bin| bin.counters()).collect();
    let assigned = match counter {
        "" => None,
        id => {
            let found = id.parse().ok().map(|id| query.operator(id)).transpose()?;
            match found.flatten().filter(|operator| operator.active) {
                None => return Ok(Err(StocktakeProblem::NoSuchPerson)),
                Some(operator) if barred.contains(&operator.id) => {
                    return Ok(Err(StocktakeProblem::CountedBefore));
                }
                Some(operator) => Some(operator.id),
            }
        }
    };
    let stocktake = &sheet.stocktake;
    let before = format!("{}-R", stocktake.code);
    let recounts = sheet
        .orders
        .iter()
        .filter(|o| o.order.code.starts_with(&before));
    let code = format!("{before}{:02}", recounts.count() + 1);
    let ids: Vec<BinId> = bins.iter().map(|bin| bin.bin).collect();
    let mut order = count_order(stocktake, id, code, assigned, ids);
    order.counted_by = barred.into_iter().collect();
    Ok(Ok(order_edit(&order)))
}
