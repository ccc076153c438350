//! What was done on this device, and undo of any of it.

use domain::EventHash;
use domain::rights::Action;
use replica::ReplicaError;
use replica::query::{EventFilter, EventRow};

use super::machine::Worker;
use super::tasks::{message, outcome};
use crate::view::HistoryView;

const ROWS_MAX: u32 = 100;

impl Worker {
    pub(crate) fn history_view(&self) -> Result<HistoryView, ReplicaError> {
        let Some(view) = self.stock_view() else {
            return Ok(HistoryView::default());
        };
        let filter = EventFilter {
            site: self.site,
            device: self.replica.identity().map(|i| i.device),
            ..EventFilter::default()
        };
        let events = view.query.events(&filter, ROWS_MAX)?;
        let rows = events.iter().map(|row| self.history_row(&view, row));
        Ok(HistoryView {
            rows: rows.collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn history_undo(&mut self, id: &str) -> Result<(), ReplicaError> {
        let row = match EventHash::from_hex(id) {
            Some(hash) => self.replica.query().event_by_hash(hash)?,
            None => None,
        };
        if let Some(row) = &row
            && !self.may_take_back(row)?
        {
            return Ok(());
        }
        let last = row.map(|row| self.undoable(&row)).transpose()?;
        let feedback = match operations::undo::undo(last.as_ref()) {
            Ok((event, feedback)) => {
                self.write(vec![event.into()], &[], &[], None, None)?;
                feedback
            }
            Err(refusal) => refusal,
        };
        self.tell(outcome(feedback.outcome), message(&feedback), "");
        Ok(())
    }

    /// What somebody else did is taken back only by who could have done it.
    fn may_take_back(&mut self, row: &EventRow) -> Result<bool, ReplicaError> {
        let record = &row.placed.event.record;
        let is_own = self
            .operator
            .as_ref()
            .is_some_and(|o| o.id == record.operator);
        let ordered = record.is_ordered();
        let actions = Action::that_write(&record.body, ordered, record.reason.as_deref());
        match actions.first() {
            Some(action) if !is_own && self.lack(actions).is_some() => self.may_alone(*action),
            _ => Ok(true),
        }
    }
}
