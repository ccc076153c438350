//! An event as a line of a list.

use domain::custody::CustodyAct;
use domain::order::Inspection;
use domain::{EventBody, EventRecord};
use operations::{Operation, ReasonCode, Undoable};
use replica::ReplicaError;
use replica::query::EventRow;

use super::machine::Worker;
use super::stock_view::StockView;
use crate::view::{HistoryRow, Language, LineState};

/// The reason that an event names, and the operation that it is shown as: goods that came back were returned.
fn reason_and_operation(record: &EventRecord, operation: &'static str) -> (String, &'static str) {
    let reason = match (&record.reason, &record.body) {
        (Some(reason), _) => reason.clone(),
        (None, EventBody::Adjusted { reason, .. }) => reason.clone(),
        (None, EventBody::Inspected(inspection)) => inspection.verdict.code().to_owned(),
        _ => String::new(),
    };
    let returned = ReasonCode::CONDITIONS.iter().any(|c| c.code() == reason);
    let operation = match record.body {
        EventBody::Received { .. } if returned => Operation::Return.code(),
        _ => operation,
    };
    (reason, operation)
}

/// Which operation, what of it, and how much; how much is empty where a bin is under a blind count.
pub(crate) struct EventWords {
    pub(crate) operation: &'static str,
    pub(crate) text: String,
    pub(crate) quantity: String,
}

/// The operation that writes such an act.
const fn custody_operation(act: CustodyAct) -> &'static str {
    match act {
        CustodyAct::Deposited | CustodyAct::Extended => "deposit",
        _ => "release",
    }
}

/// The operation that writes such events.
pub(crate) fn operation_of(body: &EventBody) -> &'static str {
    match body {
        EventBody::Received { .. } => "receive",
        EventBody::Issued { .. } => "issue",
        EventBody::Moved { .. } => "move",
        EventBody::Adjusted { .. } => "adjust",
        EventBody::Counted { .. } | EventBody::CountApproved { .. } => "count",
        EventBody::Reversed { .. } => "reverse",
        EventBody::SetAside { .. } => "set-aside",
        EventBody::Resolved(_) | EventBody::QuarantineDecided(_) | EventBody::Noted(_) => "resolve",
        EventBody::Attached { .. } => "attach",
        EventBody::OrderFinished(_) => "finish",
        EventBody::Inspected(_) => "inspect",
        EventBody::HandedOver { .. } => "hand-over",
        EventBody::Packed { .. } => "pack",
        EventBody::Custody(custody) => custody_operation(custody.act),
        EventBody::Unknown { .. } => "unknown",
    }
}

pub(crate) fn words(
    view: &StockView<'_>,
    body: &EventBody,
    language: Language,
) -> Result<EventWords, ReplicaError> {
    let language = match language {
        Language::English => operations::Language::English,
        Language::Chinese => operations::Language::Chinese,
    };
    let mut parts = Vec::new();
    let mut quantity = body.quantity().map(|q| q.to_string()).unwrap_or_default();
    if let Some(goods) = body.goods() {
        let item = view.item_or_unnamed(goods.item)?;
        parts.push(item.name(language).to_owned());
        parts.extend(goods.lot.clone());
        parts.extend(goods.unit.as_ref().map(|u| u.printed().to_owned()));
        quantity = format!("{quantity} {}", item.unit).trim_end().to_owned();
    }
    match body {
        EventBody::SetAside { code, .. } => parts.push(operations::Scanned::plain(code).shown()),
        EventBody::Counted { lines, .. } => quantity = lines.len().to_string(),
        EventBody::OrderFinished(finished) => {
            parts.extend(view.query.order(finished.order)?.map(|order| order.code));
        }
        EventBody::Custody(custody) => {
            let found = view.query.deposit(custody.deposit)?;
            parts.extend(found.map(|row| row.deposit.claim.grouped()));
            quantity = custody.pieces.len().to_string();
        }
        EventBody::HandedOver { to, .. } => parts.push(view.operator_name(*to)?),
        EventBody::Reversed { target }
        | EventBody::Inspected(Inspection { of: target, .. })
        | EventBody::Attached { to: target, .. } => {
            let target = view.query.event_by_hash(*target)?;
            if let Some(target) = target.map(|t| t.placed.event.record.body)
                // What names an event that names another is shown without looking further.
                && !matches!(
                    target,
                    EventBody::Reversed { .. }
                        | EventBody::Inspected(_)
                        | EventBody::Attached { .. }
                )
            {
                let of = words(view, &target, view_language(language))?;
                parts.push(of.text);
                if matches!(body, EventBody::Reversed { .. }) {
                    quantity = of.quantity;
                }
            }
        }
        _ => {}
    }
    let mut bins = Vec::new();
    for bin in body.bins() {
        // What went in and out tells the book as well.
        if view.hides(bin)? {
            quantity.clear();
        }
        bins.push(view.bin_or_unnamed(bin)?.code);
    }
    if !bins.is_empty() {
        parts.push(bins.join(" → "));
    }
    Ok(EventWords {
        operation: operation_of(body),
        text: parts.join(" · "),
        quantity,
    })
}

fn view_language(language: operations::Language) -> Language {
    match language {
        operations::Language::English => Language::English,
        operations::Language::Chinese => Language::Chinese,
    }
}

impl Worker {
    pub(crate) fn history_row(
        &self,
        view: &StockView<'_>,
        row: &EventRow,
    ) -> Result<HistoryRow, ReplicaError> {
        let event = &row.placed.event;
        let words = words(view, &event.record.body, self.settings.language())?;
        let (reason, operation) = reason_and_operation(&event.record, words.operation);
        let undoable = self.undoable(row)?;
        let state = if row.reversed_by.is_some() {
            LineState::Reversed
        } else if event.quarantined && row.placed.standing == domain::ledger::Standing::Void {
            LineState::Error
        } else if event.accepted_at.is_some() {
            LineState::Completed
        } else if self.sync.connection() == sync_core::Connection::Syncing {
            LineState::Pending
        } else {
            LineState::Saved
        };
        Ok(HistoryRow {
            id: event.hash.hex(),
            time: self.site_clock.show(event.record.clock.millis, self.now()),
            operation: operation.to_owned(),
            reason,
            text: words.text,
            quantity: words.quantity,
            operator: view.operator_name(event.record.operator)?,
            state,
            can_undo: undoable.allowed && !undoable.reversed,
            has_receipt: matches!(event.record.body, EventBody::Custody(_)),
        })
    }

    /// Own lines of work can be undone; decisions and approved counts are a supervisor's.
    pub(crate) fn undoable(&self, row: &EventRow) -> Result<Undoable, ReplicaError> {
        let event = &row.placed.event;
        let mine = self
            .operator
            .as_ref()
            .is_some_and(|o| o.id == event.record.operator);
        let of_a_kind = matches!(
            event.record.body,
            EventBody::Received { .. }
                | EventBody::Issued { .. }
                | EventBody::Moved { .. }
                | EventBody::Adjusted { .. }
                | EventBody::Counted { .. }
                | EventBody::SetAside { .. }
                | EventBody::Packed { .. }
                | EventBody::Attached { .. }
        );
        let approved = row.placed.standing == domain::ledger::Standing::Approved;
        let text = match self.stock_view() {
            Some(view) => {
                let words = words(&view, &event.record.body, self.settings.language())?;
                format!("{} {}", words.text, words.quantity)
                    .trim()
                    .to_owned()
            }
            None => String::new(),
        };
        Ok(Undoable {
            target: event.hash,
            text,
            reversed: row.reversed_by.is_some(),
            allowed: mine && of_a_kind && !approved,
        })
    }

    /// What an unread code or a bin is called; for the screens of search hits.
    pub(crate) fn bin_code(&self, bin: domain::BinId) -> Result<String, ReplicaError> {
        match self.stock_view() {
            Some(view) => Ok(view.bin_or_unnamed(bin)?.code),
            None => Ok(String::new()),
        }
    }
}
