//! Shift handover: who goes on, what is under way, and what they should know.

use domain::{EventBody, OperatorId, OrderStep, OrderType, Quantity};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FactCode, FeedbackCode, LineStatus, PromptCode};
use crate::context::Context;
use crate::draft::{Draft, Need};
use crate::flow::{Out, Procedure};
use crate::keeps::keeps_draft;
use crate::screen::{Choice, Entry, Fact, Feedback, Line, Prompt};
use crate::site_view::{BinFacts, SiteView, UnitFacts, ViewError};

/// A note longer than this is a page, and nobody reads it at a shelf.
const NOTE_CHARS: usize = 500;

/// The state of a handover.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    pub(crate) draft: Draft,
    people: Vec<Choice>,
    to: Option<(OperatorId, String)>,
    /// Orders that were begun: number, and how many lines are done.
    open: Vec<(String, String)>,
    note: String,
}

/// Steps of orders that can be under way when a shift ends.
const STEPS: [(OrderType, OrderStep); 5] = [
    (OrderType::Inbound, OrderStep::Receive),
    (OrderType::Outbound, OrderStep::Pick),
    (OrderType::Outbound, OrderStep::Ship),
    (OrderType::Transfer, OrderStep::Pick),
    (OrderType::Count, OrderStep::Count),
];

impl Procedure for HandOver {
    keeps_draft!();

    fn counts_at_once(&self) -> bool {
        true
    }

    fn refuse_unit(&self, _: &UnitFacts, _: &Context) -> Option<Feedback> {
        None
    }

    /// Goods have no part in it.
    fn refuse_goods(&self, _: &crate::resolve::Match, raw: &str) -> Option<Feedback> {
        Some(Feedback::refused(
            FeedbackCode::WrongKindHere,
            [raw.to_owned()],
        ))
    }

    fn take_bin(
        &mut self,
        bin: BinFacts,
        _: &dyn SiteView,
        _: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        out.refuse(FeedbackCode::WrongKindHere, [bin.code]);
        Ok(())
    }

    fn take_person(&mut self, id: &str, name: &str, ctx: &Context, out: &mut Out) -> bool {
        match id.parse() {
            Ok(_) if name == ctx.operator => out.refuse(FeedbackCode::HandOverToSelf, []),
            Ok(id) => {
                self.to = Some((id, name.to_owned()));
                out.accept(FeedbackCode::PersonSelected, [name.to_owned()]);
            }
            Err(_) => return false,
        }
        true
    }

    fn missing(&mut self, _: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        Ok(None)
    }

    fn doubts(&self, _: &dyn SiteView, _: &Context) -> Result<Vec<Feedback>, ViewError> {
        Ok(Vec::new())
    }

    fn write(&mut self, _: &dyn SiteView, _: &Context, _: &mut Out) -> Result<(), ViewError> {
        Ok(())
    }

    fn take_text(&mut self, text: &str, out: &mut Out) -> bool {
        if self.to.is_none() {
            return false;
        }
        let note = text.trim();
        if note.chars().count() > NOTE_CHARS {
            out.refuse(FeedbackCode::NoteTooLong, [NOTE_CHARS.to_string()]);
        } else {
            note.clone_into(&mut self.note);
            out.accept(FeedbackCode::NoteTaken, []);
        }
        true
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        _: &dyn SiteView,
        _: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        match (action, self.to.clone()) {
            (ActionCode::HandOver, Some((to, name))) => {
                let open = self.open.iter();
                out.write(EventBody::HandedOver {
                    to,
                    open: open.map(|(code, done)| format!("{code} {done}")).collect(),
                    note: std::mem::take(&mut self.note),
                });
                out.accept(FeedbackCode::HandedOver, [name]);
                out.finished = true;
            }
            (ActionCode::HandOver, None) => out.refuse(FeedbackCode::ChoosePersonFirst, []),
            (ActionCode::Cancel, Some(_)) => self.to = None,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn choose_own(&mut self, id: &str, _: &dyn SiteView, out: &mut Out) -> Result<bool, ViewError> {
        let person = self.people.iter().find(|p| p.id == id).cloned();
        let Some((person, id)) = person.and_then(|p| p.id.parse().ok().map(|id| (p, id))) else {
            return Ok(false);
        };
        out.accept(FeedbackCode::PersonSelected, [person.title.clone()]);
        self.to = Some((id, person.title));
        Ok(true)
    }
}

impl HandOver {
    /// Looks who may go on and what is under way.
    pub(crate) fn plan(&mut self, view: &dyn SiteView, ctx: &Context) -> Result<(), ViewError> {
        let person = |(id, name): (String, String)| Choice {
            id,
            title: name,
            subtitle: String::new(),
            quantity: String::new(),
        };
        let others = view.operators()?.into_iter();
        self.people = others
            .filter(|(_, name)| *name != ctx.operator)
            .map(person)
            .collect();
        self.open.clear();
        for (kind, step) in STEPS {
            let orders = view.open_orders(kind, step)?.into_iter();
            let begun = orders.filter(|order| order.lines.iter().any(|l| l.done > Quantity::ZERO));
            self.open.extend(begun.map(|order| {
                let shown = order.as_choice();
                (shown.title, shown.quantity)
            }));
        }
        Ok(())
    }

    pub(crate) fn choices(&self) -> Vec<Choice> {
        match self.to {
            Some(_) => Vec::new(),
            None => self.people.clone(),
        }
    }

    pub(crate) fn prompt(&self) -> Option<Prompt> {
        if self.draft.unknown.is_some() {
            return None;
        }
        let (code, args) = match &self.to {
            None => (PromptCode::ChoosePerson, Vec::new()),
            Some((_, name)) => (PromptCode::NoteFor, vec![name.clone()]),
        };
        Some(Prompt { code, args })
    }

    pub(crate) fn entry(&self) -> Option<Entry> {
        let asks = self.to.is_some() && self.draft.unknown.is_none();
        asks.then_some(Entry {
            label: FactCode::Note,
        })
    }

    pub(crate) fn shown_facts(&self) -> Vec<Fact> {
        let fact = |label, value: &str, emphasis| Fact {
            label,
            value: value.to_owned(),
            emphasis,
        };
        let mut facts = Vec::new();
        facts.extend(
            self.to
                .iter()
                .map(|(_, name)| fact(FactCode::Person, name, true)),
        );
        if !self.note.is_empty() {
            facts.push(fact(FactCode::Note, &self.note, false));
        }
        facts
    }

    /// The orders that are under way.
    pub(crate) fn shown_lines(&self) -> Vec<Line> {
        let line = |(code, done): &(String, String)| Line {
            title: code.clone(),
            subtitle: String::new(),
            quantity: done.clone(),
            status: LineStatus::Open,
            time: String::new(),
        };
        self.open.iter().map(line).collect()
    }

    pub(crate) const fn has_person(&self) -> bool {
        self.to.is_some()
    }

    /// Who goes on, once they are chosen.
    pub fn to(&self) -> Option<OperatorId> {
        self.to.as_ref().map(|(id, _)| *id)
    }
}
