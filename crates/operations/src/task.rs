//! The work of one operation, and how the screen shows it.

use domain::OrderLine;
use serde::{Deserialize, Serialize};

use crate::adjust::Adjust;
use crate::codes::{ActionCode, FactCode, Operation, PromptCode};
use crate::context::Context;
use crate::count::Count;
use crate::deposit::Deposit;
use crate::desk::{self, Desk};
use crate::draft::{Draft, Need};
use crate::flow::{self, Procedure};
use crate::hand_over::HandOver;
use crate::inspect::Inspect;
use crate::issue::Issue;
use crate::look_up::LookUp;
use crate::move_goods::Move;
use crate::order_work::OrderWork;
use crate::pack::Pack;
use crate::pick::Pick;
use crate::put_away::PutAway;
use crate::receive::Receive;
use crate::release::Release;
use crate::replenish::Replenish;
use crate::screen::{
    Action, Choice, Entry, Fact, Input, Keypad, Line, Prompt, Question, Step, Weight,
};
use crate::site_view::{OrderFacts, SiteView, ViewError};
use crate::take_back::TakeBack;

/// The work of one operation. Its JSON is the draft that survives a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "kebab-case")]
pub enum Task {
    /// Goods come in.
    Receive(Receive),
    /// Goods that came in go to where they are kept.
    PutAway(PutAway),
    /// Goods are fetched for an order.
    Pick(Box<Pick>),
    /// Goods go out.
    Issue(Issue),
    /// Goods change bins.
    Move(Move),
    /// A bin is counted.
    Count(Count),
    /// What went out comes back.
    Return(TakeBack),
    /// Pick faces are filled up.
    Replenish(Box<Replenish>),
    /// The book is corrected.
    Adjust(Adjust),
    /// Goods that came in are inspected.
    Inspect(Box<Inspect>),
    /// The next shift goes on.
    HandOver(Box<HandOver>),
    /// What was fetched is packed.
    Pack(Box<Pack>),
    /// Something is looked up.
    LookUp(LookUp),
    /// A customer leaves something with us.
    Deposit(Box<Deposit>),
    /// A customer takes it again.
    Release(Box<Release>),
}

impl Task {
    /// New work, with nothing done yet.
    pub fn start(operation: Operation) -> Self {
        match operation {
            Operation::Receive => Self::Receive(Receive::default()),
            Operation::PutAway => Self::PutAway(PutAway::default()),
            Operation::Pick => Self::Pick(Box::default()),
            Operation::Issue => Self::Issue(Issue::default()),
            Operation::Move => Self::Move(Move::default()),
            Operation::Count => Self::Count(Count::default()),
            Operation::Return => Self::Return(TakeBack::default()),
            Operation::Replenish => Self::Replenish(Box::default()),
            Operation::Adjust => Self::Adjust(Adjust::default()),
            Operation::Inspect => Self::Inspect(Box::default()),
            Operation::HandOver => Self::HandOver(Box::default()),
            Operation::Pack => Self::Pack(Box::default()),
            Operation::LookUp => Self::LookUp(LookUp::default()),
            Operation::Deposit => Self::Deposit(Box::default()),
            Operation::Release => Self::Release(Box::default()),
        }
    }

    /// Reads again what has been done of the order that is worked on: after a commit, and with each input.
    ///
    /// # Errors
    /// Those of the view.
    pub fn refresh(&mut self, view: &dyn SiteView, ctx: &Context) -> Result<(), ViewError> {
        if let Some(Desk {
            order: Some(order), ..
        }) = self.procedure_mut().desk_mut()
        {
            order.refresh(view)?;
        }
        match self {
            Self::Pick(work) => work.plan(view, ctx),
            Self::Issue(work) => work.look_for_cartons(view),
            Self::Replenish(work) => work.plan(view),
            Self::Inspect(work) => work.plan(view),
            Self::HandOver(work) => work.plan(view, ctx),
            Self::Deposit(work) => {
                work.follow_book(view)?;
                work.plan(view, ctx)
            }
            Self::Release(work) => work.plan(view, ctx),
            _ => Ok(()),
        }
    }

    /// Looks which orders can be chosen, for work with nothing done yet.
    ///
    /// # Errors
    /// Those of the view.
    pub fn offer(&mut self, view: &dyn SiteView, ctx: &Context) -> Result<(), ViewError> {
        self.refresh(view, ctx)?;
        let procedure = self.procedure_mut();
        match procedure.job() {
            Some(job) => procedure
                .desk_mut()
                .map_or(Ok(()), |desk| desk.offer(job, view)),
            None => Ok(()),
        }
    }

    /// Which operation it is.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Receive(_) => Operation::Receive,
            Self::PutAway(_) => Operation::PutAway,
            Self::Pick(_) => Operation::Pick,
            Self::Issue(_) => Operation::Issue,
            Self::Move(_) => Operation::Move,
            Self::Count(_) => Operation::Count,
            Self::Return(_) => Operation::Return,
            Self::Replenish(_) => Operation::Replenish,
            Self::Adjust(_) => Operation::Adjust,
            Self::Inspect(_) => Operation::Inspect,
            Self::HandOver(_) => Operation::HandOver,
            Self::Pack(_) => Operation::Pack,
            Self::LookUp(_) => Operation::LookUp,
            Self::Deposit(_) => Operation::Deposit,
            Self::Release(_) => Operation::Release,
        }
    }

    /// Takes one input. `self` is as before; the step holds the work as it goes on.
    ///
    /// # Errors
    /// Those of the view; nothing has happened then.
    pub fn handle(
        &self,
        input: Input,
        view: &dyn SiteView,
        ctx: &Context,
    ) -> Result<Step, ViewError> {
        let mut task = self.clone();
        task.refresh(view, ctx)?;
        let out = match &mut task {
            Self::Receive(work) => flow::handle(work, input, view, ctx)?,
            Self::PutAway(work) => flow::handle(work, input, view, ctx)?,
            Self::Pick(work) => flow::handle(&mut **work, input, view, ctx)?,
            Self::Issue(work) => {
                let out = flow::handle(work, input, view, ctx)?;
                if out.events.is_empty() {
                    work.look_for_cartons(view)?;
                }
                out
            }
            Self::Move(work) => flow::handle(work, input, view, ctx)?,
            Self::Count(work) => flow::handle(work, input, view, ctx)?,
            Self::Return(work) => flow::handle(work, input, view, ctx)?,
            Self::Replenish(work) => flow::handle(&mut **work, input, view, ctx)?,
            Self::Adjust(work) => flow::handle(work, input, view, ctx)?,
            Self::Inspect(work) => flow::handle(&mut **work, input, view, ctx)?,
            Self::HandOver(work) => flow::handle(&mut **work, input, view, ctx)?,
            Self::Pack(work) => flow::handle(&mut **work, input, view, ctx)?,
            Self::Deposit(work) => {
                let out = flow::handle(&mut **work, input, view, ctx)?;
                work.plan(view, ctx)?;
                out
            }
            Self::Release(work) => {
                let mut out = flow::Out::default();
                let is_ticket = match &input {
                    Input::Scan(scanned) => work.take_ticket(&scanned.raw, view, &mut out)?,
                    Input::Text(text) => work.take_ticket(text, view, &mut out)?,
                    _ => false,
                };
                if !is_ticket {
                    out = flow::handle(&mut **work, input, view, ctx)?;
                }
                work.plan(view, ctx)?;
                out
            }
            Self::LookUp(work) => {
                if let Input::Scan(scanned) = &input {
                    work.remember(scanned, view)?;
                }
                flow::handle(work, input, view, ctx)?
            }
        };
        match out.open {
            Some((operation, scanned)) => {
                Self::start(operation).handle(Input::Scan(scanned), view, ctx)
            }
            None => Ok(Step {
                task,
                feedback: out.feedback,
                events: out.events,
                links: out.links,
                custody: out.custody,
                finished: out.finished,
            }),
        }
    }

    fn procedure(&self) -> &dyn Procedure {
        match self {
            Self::Receive(work) => work,
            Self::PutAway(work) => work,
            Self::Pick(work) => &**work,
            Self::Issue(work) => work,
            Self::Move(work) => work,
            Self::Count(work) => work,
            Self::Return(work) => work,
            Self::Replenish(work) => &**work,
            Self::Adjust(work) => work,
            Self::Inspect(work) => &**work,
            Self::HandOver(work) => &**work,
            Self::Pack(work) => &**work,
            Self::LookUp(work) => work,
            Self::Deposit(work) => &**work,
            Self::Release(work) => &**work,
        }
    }

    fn procedure_mut(&mut self) -> &mut dyn Procedure {
        match self {
            Self::Receive(work) => work,
            Self::PutAway(work) => work,
            Self::Pick(work) => &mut **work,
            Self::Issue(work) => work,
            Self::Move(work) => work,
            Self::Count(work) => work,
            Self::Return(work) => work,
            Self::Replenish(work) => &mut **work,
            Self::Adjust(work) => work,
            Self::Inspect(work) => &mut **work,
            Self::HandOver(work) => &mut **work,
            Self::Pack(work) => &mut **work,
            Self::LookUp(work) => work,
            Self::Deposit(work) => &mut **work,
            Self::Release(work) => &mut **work,
        }
    }

    fn draft(&self) -> &Draft {
        self.procedure().draft()
    }

    fn order(&self) -> Option<&OrderWork> {
        self.procedure().desk()?.order.as_ref()
    }

    /// The order that it works on.
    pub fn order_facts(&self) -> Option<&OrderFacts> {
        Some(&self.order()?.facts)
    }

    /// What is done of a line of its order, of how much; `None` for a line that is not of it, or asks for no goods.
    pub fn done_of(&self, line: OrderLine) -> Option<String> {
        let order = self.order().filter(|order| order.id() == line.order)?;
        order.done_of(line.line)
    }

    /// Whether leaving it would lose something that is in no event yet.
    pub fn has_open_work(&self) -> bool {
        let draft = self.draft();
        let counting = matches!(self, Self::Count(count) if !count.counted.is_empty());
        counting || draft.hand.is_some() || draft.unknown.is_some()
    }

    /// Whether a bin is being counted, whose end comes before that of the order.
    fn counts_a_bin(&self) -> bool {
        matches!(self, Self::Count(count) if count.draft.bin.is_some())
    }

    /// How many lines it has written or counted.
    pub fn line_count(&self) -> usize {
        let open = if let Self::Count(count) = self {
            count.counted.len()
        } else {
            0
        };
        self.draft().lines.len() + open
    }

    /// What it is about, for a list of unfinished work: the order, or the bin that is selected.
    pub fn title(&self) -> &str {
        if let Some(order) = self.order() {
            return &order.facts.code;
        }
        self.draft().source().map_or("", |bin| bin.code.as_str())
    }

    /// The one thing to do next.
    pub fn prompt(&self) -> Prompt {
        let suggested = match self {
            Self::PutAway(work) => work.prompt(),
            Self::Replenish(work) => work.prompt(),
            Self::Inspect(work) => work.prompt(),
            Self::HandOver(work) => work.prompt(),
            Self::Deposit(work) => work.prompt(),
            Self::Release(work) => work.prompt(),
            _ => None,
        };
        if let Some(prompt) = suggested.or_else(|| self.draft().prompt()) {
            return prompt;
        }
        let draft = self.draft();
        let called_off = self.order().filter(|order| order.facts.cancelled);
        if let Some(order) = called_off.filter(|_| draft.hand.is_none()) {
            return Prompt {
                code: PromptCode::StopOrder,
                args: vec![order.facts.code.clone()],
            };
        }
        if let (Self::Receive(work), None) = (self, &draft.hand)
            && let Some(units) = work.batched()
        {
            return Prompt {
                code: PromptCode::ScanNextUnit,
                args: vec![units.to_string()],
            };
        }
        let begun = !draft.lines.is_empty();
        let has_bin = draft.bin.is_some();
        let code = match self {
            _ if draft.hand.is_some() => PromptCode::ScanItem,
            Self::Pick(work) => return work.prompt(),
            Self::Pack(work) => return work.prompt(),
            Self::Receive(_) if !has_bin => PromptCode::ScanBin,
            Self::Move(work) if work.whole_bin || work.carton.is_some() => PromptCode::ScanToBin,
            Self::Move(_) | Self::PutAway(_) if !has_bin && !begun => PromptCode::ScanFromBin,
            Self::Count(count) if !has_bin && self.order().is_some() => return count.next_bin(),
            Self::Count(count) if has_bin && count.counted.is_empty() => PromptCode::ScanItem,
            Self::Count(_) if has_bin => PromptCode::ScanItemOrDone,
            Self::Count(_) if begun => PromptCode::ScanBinOrDone,
            Self::Count(_) => PromptCode::ScanBin,
            Self::LookUp(_) => PromptCode::ScanAnything,
            _ if begun => PromptCode::ScanItemOrDone,
            _ => PromptCode::ScanItem,
        };
        Prompt {
            code,
            args: Vec::new(),
        }
    }

    /// The question that is open, if one is.
    pub fn question(&self) -> Option<Question> {
        self.draft()
            .asked
            .as_ref()
            .map(|asked| asked.question.clone())
    }

    /// What is known.
    pub fn facts(&self, ctx: &Context) -> Vec<Fact> {
        match self {
            Self::LookUp(work) if work.draft.unknown.is_none() => work.shown_facts(),
            Self::Inspect(work) if work.draft.unknown.is_none() => work.shown_facts(ctx),
            Self::HandOver(work) if work.draft.unknown.is_none() => work.shown_facts(),
            Self::Deposit(work) if work.draft.unknown.is_none() => work.shown_facts(ctx),
            Self::Release(work) if work.draft.unknown.is_none() => work.shown_facts(),
            Self::Move(work) => {
                let mut facts = self.draft().facts(FactCode::FromBin, ctx);
                if work.draft.unknown.is_none() {
                    facts.splice(0..0, work.carton_facts());
                }
                facts
            }
            Self::PutAway(work) => {
                let mut facts = work.suggestion_facts();
                facts.extend(self.draft().facts(FactCode::FromBin, ctx));
                facts
            }
            Self::Replenish(work) if work.draft.unknown.is_none() => {
                let mut facts = work.due_facts(ctx);
                if work.draft.hand.is_some() {
                    facts.extend(self.draft().facts(FactCode::FromBin, ctx));
                }
                facts
            }
            _ => {
                let draft = self.draft();
                let mut facts = match self {
                    Self::Pick(work) if draft.hand.is_none() && draft.unknown.is_none() => {
                        work.due_facts(ctx)
                    }
                    Self::Pick(_) | Self::Issue(_) | Self::Pack(_) => {
                        draft.facts(FactCode::FromBin, ctx)
                    }
                    _ => draft.facts(FactCode::Bin, ctx),
                };
                if let (Self::Pack(work), None) = (self, &draft.unknown) {
                    facts.splice(0..0, work.carton_facts());
                }
                if let (Some(order), None) = (self.order(), &self.draft().unknown) {
                    let hand = self.draft().hand.as_ref();
                    facts.extend(hand.and_then(|hand| order.facts_of(hand)));
                    facts.extend(order.facts());
                }
                facts
            }
        }
    }

    /// What was done, the newest first; of a look-up, where the goods are.
    pub fn lines(&self, ctx: &Context) -> Vec<Line> {
        let mut lines = match self {
            Self::Count(count) if count.draft.bin.is_some() => count.open_lines(ctx),
            Self::HandOver(work) => work.shown_lines(),
            Self::Release(work) => work.shown_lines(ctx),
            Self::LookUp(work) => work.shown_rows(),
            Self::Issue(work) if !work.waiting().is_empty() => {
                let order = self.order().map(|order| order.lines(ctx));
                let mut lines = work.waiting().to_vec();
                lines.extend(order.unwrap_or_default());
                lines
            }
            _ => self
                .order()
                .map(|order| order.lines(ctx))
                .unwrap_or_default(),
        };
        lines.extend(self.draft().lines.iter().cloned());
        lines
    }

    /// Whether and how numbers are typed now.
    pub fn keypad(&self) -> Option<Keypad> {
        let shown = match self {
            Self::LookUp(_) | Self::HandOver(_) | Self::Deposit(_) | Self::Release(_) => false,
            Self::Inspect(work) => work.takes_numbers(),
            Self::Pick(work) => work.takes_numbers(),
            Self::Pack(work) => work.takes_numbers(),
            Self::Replenish(work) => work.has_face(),
            Self::Count(work) => work.takes_numbers(),
            // The orders need the room.
            _ => desk::choices(self.procedure()).is_empty(),
        };
        // A count is typed after the scan, when nothing is in hand any more.
        let asked = match self {
            Self::Count(_) | Self::Inspect(_) => true,
            Self::Pick(work) => work.counts_rest(),
            _ => false,
        };
        let mut keypad = self.draft().keypad().filter(|_| shown)?;
        keypad.asked |= asked;
        Some(keypad)
    }

    /// Whether a text is asked for.
    pub fn entry(&self) -> Option<Entry> {
        match self {
            Self::HandOver(work) => work.entry(),
            Self::Deposit(work) => work.entry(),
            Self::Release(work) => work.entry(),
            _ => self.draft().entry(),
        }
    }

    /// What can be chosen.
    pub fn choices(&self, ctx: &Context) -> Vec<Choice> {
        match desk::choices(self.procedure()) {
            [] => match self {
                Self::Replenish(work) if work.draft.hand.is_none() => work.choices(ctx),
                Self::Inspect(work) if work.draft.unknown.is_none() => work.choices(ctx),
                Self::HandOver(work) if work.draft.unknown.is_none() => work.choices(),
                Self::Deposit(work) if work.draft.unknown.is_none() => work.choices(ctx),
                Self::Release(work) if work.draft.unknown.is_none() => work.choices(),
                _ => self.draft().choices(ctx),
            },
            orders => orders.to_vec(),
        }
    }

    /// The buttons.
    pub fn actions(&self) -> Vec<Action> {
        let plates = self.procedure().takes_new_plates();
        if let Some(mut actions) = self.draft().actions(plates) {
            let draft = self.draft();
            let asks = draft.asked.is_some() || draft.unknown.is_some();
            if let Self::Receive(work) = self
                && !asks
                && work.can_batch()
            {
                actions.push(Action::new(ActionCode::Batch, Weight::Normal));
            }
            let own = match self {
                Self::Receive(_) => Some(ActionCode::Damaged),
                Self::Pick(_) | Self::Replenish(_) | Self::Pack(_) => Some(ActionCode::AsAsked),
                _ => None,
            };
            if let Some(own) = own.filter(|_| draft.item().is_some() && !asks) {
                actions.push(Action::new(own, Weight::Normal));
            }
            return actions;
        }
        let draft = self.draft();
        let normal = |code| Action::new(code, Weight::Normal);
        let done = Action::new(ActionCode::Done, Weight::Primary);
        let mut actions = Vec::new();
        match self {
            Self::Receive(work) if work.batched().is_some() => {
                actions.push(Action::new(ActionCode::EndBatch, Weight::Primary));
                actions.push(normal(ActionCode::ChangeBin));
            }
            Self::Pick(work) if draft.hand.is_none() => actions = work.actions(),
            Self::Pack(work) if draft.hand.is_none() => actions = work.actions(),
            _ if self.order().is_some() && draft.hand.is_none() && !self.counts_a_bin() => {
                actions.push(done);
                actions.push(normal(ActionCode::Later));
                if draft.bin.is_some() {
                    actions.push(normal(ActionCode::ChangeBin));
                }
            }
            _ if draft.hand.is_some() => actions.push(normal(ActionCode::Cancel)),
            Self::LookUp(work) => {
                let buttons = work
                    .offers
                    .iter()
                    .filter_map(|o| ActionCode::from_code(o.code()));
                actions.extend(buttons.map(normal));
                actions.push(done);
            }
            Self::Move(work) if work.whole_bin || work.carton.is_some() => {
                actions.push(normal(ActionCode::Cancel));
            }
            Self::Move(_) => {
                actions.push(done);
                if draft.bin.is_some() && draft.need == Need::Goods {
                    actions.push(normal(ActionCode::AllOfIt));
                    actions.push(normal(ActionCode::ChangeBin));
                }
            }
            Self::Count(count) => {
                actions.push(done);
                if draft.bin.is_some() && count.counted.is_empty() {
                    actions.push(normal(ActionCode::BinEmpty));
                    actions.push(normal(ActionCode::ChangeBin));
                }
                if !count.counted.is_empty() {
                    actions.push(Action::new(ActionCode::Discard, Weight::Danger));
                }
            }
            Self::Inspect(work) => {
                actions.push(match work.has_form() {
                    true => normal(ActionCode::Cancel),
                    false => done,
                });
            }
            Self::HandOver(work) => {
                if work.has_person() {
                    actions.push(Action::new(ActionCode::HandOver, Weight::Primary));
                }
                actions.push(normal(ActionCode::Cancel));
            }
            Self::Deposit(work) => actions = work.actions(),
            Self::Release(work) => actions = work.actions(),
            Self::Replenish(work) => {
                actions.push(done);
                if work.has_face() {
                    actions.push(normal(ActionCode::Cancel));
                }
            }
            Self::Receive(_)
            | Self::PutAway(_)
            | Self::Pick(_)
            | Self::Pack(_)
            | Self::Issue(_)
            | Self::Return(_)
            | Self::Adjust(_) => {
                actions.push(done);
                if draft.bin.is_some() {
                    actions.push(normal(ActionCode::ChangeBin));
                }
            }
        }
        actions
    }
}
