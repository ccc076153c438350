//! The work under way: inputs go to the procedure; what comes of them is one commit with the draft.

use documents::{FieldEdit, Partition, RecordId, RecordKind};
use domain::rights::Action;
use domain::{EventBody, OperatorId, ParseQuantityError, Quantity};
use operations::home::{Route, route};
use operations::{
    ActionCode, CustodyWrite, Input, Operation, Said, Scanned, Step, Task, ViewError,
};
use replica::{Commit, DraftChange, NewEvent, RecordEdit, ReplicaError};
use serde::{Deserialize, Serialize};

use super::approval::{Approved, Held};
use super::custody::CustodyEdits;
use super::machine::{Asking, Showing, Work, Worker};
use crate::view::{LastScan, Message, Outcome, PadKey};

/// The draft as it is kept.
#[derive(Serialize, Deserialize)]
struct SavedWork {
    started: i64,
    task: Task,
}

impl Work {
    fn of(saved: SavedWork) -> Self {
        Self {
            task: saved.task,
            started: saved.started,
            recalculating: false,
            last: None,
            unit: None,
            pad: String::new(),
            approved_by: None,
        }
    }
}

pub(crate) fn outcome(outcome: operations::Outcome) -> Outcome {
    match outcome {
        operations::Outcome::Accepted => Outcome::Accepted,
        operations::Outcome::Attention => Outcome::Attention,
        operations::Outcome::Refused => Outcome::Refused,
    }
}

pub(crate) fn message(feedback: &operations::Feedback) -> Message {
    Message {
        code: feedback.code.code().to_owned(),
        args: feedback.args.clone(),
    }
}

fn new_event(said: Said, approved_by: Option<OperatorId>) -> NewEvent {
    NewEvent {
        approved_by,
        order: said.order,
        reason: said.reason,
        carton: said.carton,
        ..said.body.into()
    }
}

pub(crate) fn cause(error: ViewError) -> ReplicaError {
    match error.0.downcast() {
        Ok(error) => *error,
        Err(_) => ReplicaError::BadRow("stock view"),
    }
}

fn put_draft(name: String, started: i64, task: &Task) -> Result<DraftChange, ReplicaError> {
    let saved = SavedWork {
        started,
        task: task.clone(),
    };
    let content = serde_json::to_string(&saved).map_err(|_| ReplicaError::BadRow("draft"))?;
    Ok(DraftChange::Put { name, content })
}

impl Worker {
    fn draft_name(&self) -> Option<String> {
        Some(format!("task:{}", self.operator.as_ref()?.id))
    }

    /// New work. What the work before has written stays written.
    pub(crate) fn start(&mut self, operation: Operation) -> Result<(), ReplicaError> {
        if let Some(name) = self.draft_name() {
            let now = self.now();
            self.replica.set_draft(&DraftChange::Clear { name }, now)?;
        }
        let mut task = Task::start(operation);
        if let Some(view) = self.stock_view() {
            task.offer(&view, &self.context()).map_err(cause)?;
        }
        self.work = Some(Work {
            task,
            started: self.now(),
            recalculating: false,
            last: None,
            unit: None,
            pad: String::new(),
            approved_by: None,
        });
        self.feedback = None;
        self.showing = Showing::Task;
        Ok(())
    }

    /// Takes up the draft of this operator, if there is one. A draft of a later program is left alone.
    pub(crate) fn load_draft(&mut self) -> Result<bool, ReplicaError> {
        self.work = None;
        let Some(name) = self.draft_name() else {
            return Ok(false);
        };
        let drafts = self.replica.query().drafts()?;
        let saved = drafts.iter().find(|d| d.name == name);
        let saved = saved.and_then(|d| serde_json::from_str::<SavedWork>(&d.content).ok());
        self.work = saved.map(Work::of);
        Ok(self.work.is_some())
    }

    /// Work that others have not finished here. A draft of a later program is left alone.
    pub(crate) fn drafts_of_others(&self) -> Result<Vec<(OperatorId, String, Work)>, ReplicaError> {
        let mut found = Vec::new();
        for draft in self.replica.query().drafts()? {
            let of = draft
                .name
                .strip_prefix("task:")
                .and_then(|id| id.parse().ok());
            let Some(of) = of.filter(|of| self.operator.as_ref().is_some_and(|o| o.id != *of))
            else {
                continue;
            };
            let (Ok(saved), Some(person)) = (
                serde_json::from_str::<SavedWork>(&draft.content),
                self.replica.query().operator(of)?,
            ) else {
                continue;
            };
            found.push((of, person.name, Work::of(saved)));
        }
        Ok(found)
    }

    pub(crate) fn ask_to_take_over(&mut self, id: &str) -> Result<(), ReplicaError> {
        match self.may(&[Action::TakeOver], Held::TakeOver(id.to_owned()))? {
            true => self.ask_whether_to_take_over(id),
            false => Ok(()),
        }
    }

    pub(crate) fn ask_whether_to_take_over(&mut self, id: &str) -> Result<(), ReplicaError> {
        let others = self.drafts_of_others()?;
        let found = others.into_iter().find(|(of, ..)| of.to_string() == id);
        if self.work.is_some() {
            self.tell(Outcome::Refused, Message::new("finish-own-first"), "");
        } else if let Some((from, name, _)) = found {
            self.asking = Some(Asking::TakeOver { from, name });
        }
        Ok(())
    }

    /// Goes on with what somebody else began: the draft changes hands, and what is written from now on is this person's.
    pub(crate) fn take_over(&mut self, from: OperatorId) -> Result<(), ReplicaError> {
        let others = self.drafts_of_others()?;
        let Some((.., work)) = others.into_iter().find(|(of, ..)| *of == from) else {
            return Ok(());
        };
        let Some(name) = self.draft_name() else {
            return Ok(());
        };
        let now = self.now();
        // Written first: work that is in two hands for an instant is better than work that is in none.
        self.replica
            .set_draft(&put_draft(name, now, &work.task)?, now)?;
        let theirs = format!("task:{from}");
        self.replica
            .set_draft(&DraftChange::Clear { name: theirs }, now)?;
        self.work = Some(Work {
            started: now,
            ..work
        });
        self.banner = None;
        self.showing = Showing::Task;
        Ok(())
    }

    pub(crate) fn resume(&mut self) -> Result<(), ReplicaError> {
        if self.work.is_none() {
            self.load_draft()?;
        }
        let Some(work) = &self.work else {
            return Ok(());
        };
        let takes = match work.approved_by {
            Some(_) => &[],
            None => work.task.operation().takes(),
        };
        match self.may(takes, Held::Resume)? {
            true => self.go_on(),
            false => Ok(()),
        }
    }

    pub(crate) fn go_on(&mut self) -> Result<(), ReplicaError> {
        if self.work.is_some() {
            self.showing = Showing::Task;
            self.banner = None;
        }
        Ok(())
    }

    pub(crate) fn home_scan(&mut self, scanned: &Scanned) -> Result<(), ReplicaError> {
        let Some(view) = self.stock_view() else {
            return Ok(());
        };
        let found = route(scanned, &view, &self.context()).map_err(cause)?;
        match found {
            Route::Open(step) => {
                let stale = view.told_stale.get();
                self.apply(*step, stale, &scanned.raw)
            }
            Route::Badge { .. } => self.badge(&scanned.raw),
            Route::Refused(feedback) => {
                self.tell(Outcome::Refused, message(&feedback), &scanned.raw);
                Ok(())
            }
        }
    }

    pub(crate) fn task_action(&mut self, action: ActionCode) -> Result<(), ReplicaError> {
        if self.wants_signature(action)? {
            self.let_customer_sign(action);
            return Ok(());
        }
        let typed = self.work.as_ref().is_some_and(|w| !w.pad.is_empty());
        let asks = self
            .work
            .as_ref()
            .is_some_and(|w| w.task.question().is_some());
        let goes_on = matches!(
            action,
            ActionCode::Next | ActionCode::Done | ActionCode::Confirm
        );
        if typed && goes_on && !asks {
            if !self.mean_pad()? || action != ActionCode::Done {
                return Ok(());
            }
            let told = self.feedback.clone();
            self.run(Input::Action(action), "")?;
            // "Done" after a number is about the number.
            if self.feedback.is_none() {
                self.feedback = told;
            }
            return Ok(());
        }
        if action == ActionCode::Cancel
            && let Some(work) = &mut self.work
        {
            work.pad.clear();
        }
        self.run(Input::Action(action), "")
    }

    pub(crate) fn choose(&mut self, id: String) -> Result<(), ReplicaError> {
        self.run(Input::Choose(id), "")
    }

    pub(crate) fn enter_text(&mut self, text: String) -> Result<(), ReplicaError> {
        self.run(Input::Text(text), "")
    }

    /// A number as a script or a test means it.
    pub fn quantity(&mut self, text: &str) {
        if let Some(work) = &mut self.work {
            work.pad = text.to_owned();
        }
        self.committed.clear();
        let result = self.mean_pad().map(|_| ());
        self.report(result);
    }

    pub(crate) fn keypad(&mut self, key: PadKey) {
        let Some(work) = &mut self.work else {
            return;
        };
        match key {
            // More digits than the largest quantity has only make typing slips.
            PadKey::Digit(digit) if work.pad.len() < 14 => work.pad.push_str(&digit.to_string()),
            PadKey::Digit(_) => {}
            PadKey::Point if !work.pad.contains('.') => work.pad.push('.'),
            PadKey::Point => {}
            PadKey::Backspace => {
                work.pad.pop();
            }
            PadKey::Clear => work.pad.clear(),
            PadKey::Plus | PadKey::Minus => {
                let shown = if work.pad.is_empty() {
                    work.task.keypad().map(|k| k.value).unwrap_or_default()
                } else {
                    work.pad.clone()
                };
                let value = Quantity::parse(&shown).unwrap_or(Quantity::ZERO);
                let next = if key == PadKey::Plus {
                    value.plus(Quantity::ONE)
                } else {
                    value.minus(Quantity::ONE)
                };
                if next >= Quantity::ZERO {
                    work.pad = next.to_string();
                }
            }
        }
    }

    /// What was typed is meant now. Returns whether to go on: nothing was typed, or it was taken.
    pub(super) fn mean_pad(&mut self) -> Result<bool, ReplicaError> {
        let Some(work) = &mut self.work else {
            return Ok(true);
        };
        let typed = std::mem::take(&mut work.pad);
        if typed.is_empty() {
            return Ok(true);
        }
        match Quantity::parse(&typed) {
            Ok(quantity) => {
                self.run(Input::Quantity(quantity), "")?;
                if self.approval.is_some() {
                    // Nothing is written yet: it still stands there for whoever does not approve.
                    if let Some(work) = &mut self.work {
                        work.pad = typed;
                    }
                    return Ok(false);
                }
                let refused = |o| o == Outcome::Refused;
                Ok(!self.feedback.as_ref().is_some_and(|f| refused(f.outcome)))
            }
            Err(error) => {
                let message = match error {
                    ParseQuantityError::NotANumber => Message::new("quantity-missing"),
                    ParseQuantityError::TooFine | ParseQuantityError::OutOfRange => {
                        Message::new("quantity-out-of-range")
                            .with(Quantity::from_thousandths(1).to_string())
                            .with(Quantity::LIMIT.to_string())
                    }
                };
                self.tell(Outcome::Refused, message, "");
                Ok(false)
            }
        }
    }

    pub(crate) fn undo_last(&mut self) -> Result<(), ReplicaError> {
        let Some(work) = &self.work else {
            self.tell(Outcome::Refused, Message::new("nothing-to-undo"), "");
            return Ok(());
        };
        let last = self.last_event_of_work(work.started)?;
        let last = last.map(|row| self.undoable(&row)).transpose()?;
        if let Some(work) = &mut self.work {
            work.pad.clear();
        }
        self.run(Input::Undo(last), "")
    }

    /// Hands an input to the work under way.
    pub(super) fn run(&mut self, input: Input, raw: &str) -> Result<(), ReplicaError> {
        let (Some(work), Some(view)) = (&self.work, self.stock_view()) else {
            return Ok(());
        };
        let step = work
            .task
            .handle(input, &view, &self.context())
            .map_err(cause)?;
        let stale = view.told_stale.get();
        self.apply(step, stale, raw)
    }

    pub(super) fn apply(&mut self, step: Step, stale: bool, raw: &str) -> Result<(), ReplicaError> {
        let operation = step.task.operation();
        let of_work = self
            .work
            .as_ref()
            .filter(|w| w.task.operation() == operation);
        let approved = Approved {
            work: of_work.and_then(|w| w.approved_by),
            step: None,
        };
        self.apply_approved(step, stale, raw, approved)
    }

    /// Writes what came of an input, and only then shows it. `stale`: the step rests on stock that is being recalculated.
    pub(crate) fn apply_approved(
        &mut self,
        step: Step,
        stale: bool,
        raw: &str,
        approved: Approved,
    ) -> Result<(), ReplicaError> {
        let Some(name) = self.draft_name() else {
            return Ok(());
        };
        let Some(step) = self.may_write(step, stale, raw, approved)? else {
            return Ok(());
        };
        let now = self.now();
        let same = |w: &&Work| w.task.operation() == step.task.operation();
        let started = self.work.as_ref().filter(same).map_or(now, |w| w.started);
        let worth_keeping = step.task.operation() != Operation::LookUp || step.task.has_open_work();
        let draft = if step.finished || !worth_keeping {
            DraftChange::Clear { name }
        } else {
            put_draft(name, started, &step.task)?
        };
        // Until the line that it is about is written.
        let goes_on = step.events.is_empty();
        let unit = super::printing::unit_of(&step.events);
        let written = step.events.last().cloned();
        self.write(
            step.events,
            &step.links,
            &step.custody,
            Some(draft),
            approved.by(),
        )?;
        if let Some(feedback) = &step.feedback {
            self.tell(outcome(feedback.outcome), message(feedback), raw);
        } else {
            self.feedback = None;
        }
        let accepted = |f: &&operations::Feedback| f.outcome == operations::Outcome::Accepted;
        let last = step.feedback.as_ref().filter(accepted).map(|f| LastScan {
            message: message(f),
            time: self.site_clock.show(now, now),
            can_undo: f.code != operations::FeedbackCode::Undone,
        });
        if step.finished {
            self.work = None;
            self.showing = Showing::Home;
            self.show_receipt_of_written()?;
            if let Task::HandOver(work) = &step.task
                && let Some(next) = work.to()
            {
                self.next_person(next);
            }
            return Ok(());
        }
        let before = self.work.take().filter(|w| same(&w));
        let was_stale = before.as_ref().is_some_and(|w| w.recalculating);
        let mut task = step.task;
        // What has just been written, or taken back, is part of what is done of the order.
        if let Some(view) = self.stock_view()
            && let Err(error) = task.refresh(&view, &self.context())
        {
            tracing::warn!(%error, "the order's progress is shown as it was before");
        }
        self.work = Some(Work {
            recalculating: stale || (was_stale && goes_on),
            unit: if goes_on {
                before.as_ref().and_then(|w| w.unit.clone())
            } else {
                unit
            },
            last: last.or_else(|| before.and_then(|w| w.last)),
            task,
            started,
            pad: String::new(),
            approved_by: approved.work,
        });
        self.showing = Showing::Task;
        if let Some(said) = written {
            let now = self.there_now(&said)?;
            if let Some(feedback) = &mut self.feedback {
                feedback.now = now;
            }
        }
        Ok(())
    }

    /// What has come of the line of the order, or of the pile, that an event was about.
    fn there_now(&self, said: &Said) -> Result<Option<Message>, ReplicaError> {
        let (Some(view), Some(work)) = (self.stock_view(), &self.work) else {
            return Ok(None);
        };
        // A carton goes out with many lines, and this is the last of them.
        if said.carton.is_some() && matches!(said.body, EventBody::Issued { .. }) {
            return Ok(None);
        }
        if let Some(done) = said.order.and_then(|line| work.task.done_of(line)) {
            return Ok(Some(Message::new("there-now-of-order").with(done)));
        }
        let (bin, goods) = match &said.body {
            EventBody::Received { bin, goods, .. }
            | EventBody::Issued { bin, goods, .. }
            | EventBody::Adjusted { bin, goods, .. } => (*bin, goods),
            EventBody::Moved { to, goods, .. } => (*to, goods),
            _ => return Ok(None),
        };
        // Nobody who counts blind is told what the book has.
        if view.hides(bin)? {
            return Ok(None);
        }
        let piles = view.piles_of_item(goods.item)?;
        if view.told_stale.get() {
            return Ok(None);
        }
        let pile = piles.iter().find(|p| p.bin.id == bin && p.lot == goods.lot);
        let balance = pile.map_or(Quantity::ZERO, |p| p.balance);
        let unit = view.item_or_unnamed(goods.item)?.unit;
        let amount = format!("{balance} {unit}").trim_end().to_owned();
        let bin = view.bin_or_unnamed(bin)?.code;
        let as_of = self.stock_as_of();
        Ok(Some(match as_of.is_empty() {
            true => Message::new("there-now").with(amount).with(bin),
            false => Message::new("there-now-as-of")
                .with(amount)
                .with(bin)
                .with(as_of),
        }))
    }

    /// The work is as it was before a step that wrote nothing.
    pub(super) fn restore(&mut self, before: Work) -> Result<(), ReplicaError> {
        if let Some(name) = self.draft_name() {
            let now = self.now();
            let draft = put_draft(name, before.started, &before.task)?;
            self.replica.set_draft(&draft, now)?;
        }
        self.work = Some(before);
        self.showing = Showing::Task;
        Ok(())
    }

    /// Edits a record as the operator's own hand would; `None` makes a new one. Returns which. On a locked device nothing is
    /// written, and the feedback says so.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing was written then.
    pub fn edit_record(
        &mut self,
        partition: Partition,
        kind: RecordKind,
        id: Option<RecordId>,
        fields: Vec<FieldEdit>,
    ) -> Result<RecordId, ReplicaError> {
        let now = self.now();
        let id = id.unwrap_or_else(|| RecordId(self.replica.new_id(now)));
        self.committed.clear();
        if self.lock.is_some() {
            self.tell(Outcome::Refused, Message::new("device-locked"), "");
            return Ok(id);
        }
        let commit = Commit {
            operator: self.operator.as_ref().map(|o| o.id),
            edits: vec![RecordEdit {
                partition,
                kind,
                id,
                fields,
            }],
            ..Commit::default()
        };
        self.replica.commit(commit, now)?;
        self.waiting.edits += 1;
        self.sync_event(sync_core::Event::Committed)?;
        Ok(id)
    }

    /// One commit.
    pub(crate) fn write(
        &mut self,
        mut events: Vec<Said>,
        links: &[operations::Link],
        custody: &[CustodyWrite],
        draft: Option<DraftChange>,
        approved_by: Option<OperatorId>,
    ) -> Result<(), ReplicaError> {
        let now = self.now();
        if events.is_empty() && links.is_empty() && custody.is_empty() {
            return match &draft {
                Some(draft) => self.replica.set_draft(draft, now),
                None => Ok(()),
            };
        }
        let CustodyEdits { mut edits, keys } = self.custody_edits(custody, &mut events)?;
        edits.extend(links.iter().map(|link| RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Item,
            id: RecordId::from(link.item),
            fields: vec![FieldEdit::set(
                format!("barcodes/{}", link.code),
                link.pack.thousandths(),
            )],
        }));
        let commit = Commit {
            operator: self.operator.as_ref().map(|o| o.id),
            site: self.site,
            events: events
                .into_iter()
                .map(|said| new_event(said, approved_by))
                .collect(),
            edits,
            draft,
            keys,
        };
        let makes_keys = !commit.keys.is_empty();
        let edited = commit.edits.len() as u64;
        let committed = self.replica.commit(commit, now)?;
        if self.banner.as_ref().is_some_and(|b| b.code == "disk-full") {
            // There is room again.
            self.banner = None;
        }
        self.committed
            .extend(committed.events.iter().map(|(_, hash)| *hash));
        if self.practises() {
            return Ok(());
        }
        if makes_keys {
            self.keys.hurry(&self.replica)?;
        }
        self.waiting.events += committed.events.len() as u64;
        self.waiting.edits += edited;
        self.sync_event(sync_core::Event::Committed)
    }
}
