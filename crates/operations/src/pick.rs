//! Pick: goods are fetched from their bins for an order, bin by bin along the walk, and put where they wait.

use chrono::NaiveDate;
use domain::event::CountedLine;
use domain::{BinId, EventBody, OrderStep, OrderType, Quantity};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FactCode, FeedbackCode, PromptCode};
use crate::context::Context;
use crate::desk::{Desk, Job};
use crate::draft::{Draft, Need, amount};
use crate::flow::{Out, Procedure, advance, confirm_line, put_down};
use crate::hand::{Hand, out_of_range};
use crate::issue::refuse_issued;
use crate::keeps::{keeps_desk, keeps_draft};
use crate::order_work::SHORT;
use crate::pick_plan::{PileName, Stop, Wishes, stops};
use crate::resolve::Match;
use crate::screen::{Action, Fact, Feedback, Prompt, Said, Weight};
use crate::site_view::{BinFacts, ItemFacts, SiteView, UnitFacts, ViewError};
use crate::{doubt, moving, stock_source};

const JOB: Job = Job {
    kinds: &[OrderType::Outbound, OrderType::Transfer],
    step: OrderStep::Pick,
    after: None,
};

/// The state of picking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    pub(crate) draft: Draft,
    #[serde(flatten)]
    pub(crate) desk: Desk,
    /// Where what is picked goes: a dock, a trolley, a tote.
    pub(crate) stage: Option<BinFacts>,
    /// What is still to be fetched, in the order of the walk.
    stops: Vec<Stop>,
    /// Fetched last.
    put_off: Vec<PileName>,
    /// Bins that were taken instead of those suggested.
    preferred: Vec<BinId>,
    /// What was found to be left of a pile. The book follows when a supervisor has approved the count.
    found: Vec<(PileName, Quantity)>,
    /// The same before each event that this work wrote, for taking them back one by one.
    found_before: Vec<Vec<(PileName, Quantity)>>,
    /// The bin about which a question is open.
    other_bin: Option<BinFacts>,
    /// The pile of which it is asked what is left.
    rest: Option<Rest>,
}

/// A pile that should be empty by the book, or that somebody found too small.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rest {
    bin: BinFacts,
    item: ItemFacts,
    lot: Option<String>,
    /// Something is left: a number is asked.
    counting: bool,
    /// It was too small.
    short: bool,
}

impl Procedure for Pick {
    keeps_draft!();
    keeps_desk!(JOB);

    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        refuse_issued(unit)
    }

    /// Goods are taken at the bin that is due. Others of this bin that the order asks for may come first.
    fn refuse_goods(&self, found: &Match, raw: &str) -> Option<Feedback> {
        let refused = |code, args: [String; 1]| Some(Feedback::refused(code, args));
        let (item, unit) = match found {
            Match::Item { item, .. } => (item, None),
            Match::Unit(unit) => (&unit.item, Some(unit)),
            _ => return refused(FeedbackCode::WrongKindHere, [raw.to_owned()]),
        };
        if self.rest.is_some() {
            return Some(Feedback::refused(FeedbackCode::AnswerFirst, []));
        }
        if self.desk.order.is_none() {
            return Some(Feedback::refused(FeedbackCode::ChooseOrderFirst, []));
        }
        if self.stage.is_none() {
            return Some(Feedback::refused(FeedbackCode::ScanStageFirst, []));
        }
        let Some(due) = self.due() else {
            return refused(FeedbackCode::NothingMoreToPick, [item.sku.clone()]);
        };
        // Where no bin was scanned, a unit says by itself where it is.
        let scanned = self.draft.bin.as_ref().map(|bin| bin.id);
        let here = scanned.or(unit.map(|unit| unit.bin.id));
        let mut at = self.stops.iter().filter(|stop| Some(stop.bin.id) == here);
        if at.clone().next().is_none() {
            return refused(FeedbackCode::ScanBinFirst, [due.bin.code.clone()]);
        }
        let is_due = at.any(|stop| stop.item.id == item.id);
        (!is_due).then(|| {
            let args = [item.sku.clone(), due.item.sku.clone()];
            Feedback::refused(FeedbackCode::WrongItem, args)
        })
    }

    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        if self.rest.is_some() {
            out.refuse(FeedbackCode::AnswerFirst, []);
            return Ok(());
        }
        let Some(order) = self.desk.order.as_ref().map(|o| o.facts.clone()) else {
            out.refuse(FeedbackCode::ChooseOrderFirst, []);
            return Ok(());
        };
        if self.stage.is_none() {
            out.accept(FeedbackCode::StageSelected, [bin.code.clone()]);
            self.stage = Some(bin);
            return self.plan(view, ctx);
        }
        if !put_down(self, view, ctx, out)? {
            return Ok(());
        }
        let Some(due) = self.due().cloned() else {
            out.refuse(FeedbackCode::NothingMoreToPick, [bin.code]);
            return Ok(());
        };
        if self.stops.iter().any(|stop| stop.bin.id == bin.id) {
            if out.feedback.is_none() {
                out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
            }
            self.draft.bin = Some(bin);
            return Ok(());
        }
        let expected = [bin.code.clone(), due.bin.code.clone()];
        let fits = stops(&order, &self.wishes(&[bin.id]), view, ctx)?;
        if fits.iter().any(|stop| stop.bin.id == bin.id) {
            let question = Feedback::attention(FeedbackCode::OtherBinConfirm, expected);
            self.other_bin = Some(bin);
            self.draft.ask(question.clone());
            out.feedback = Some(question);
        } else {
            out.refuse(FeedbackCode::WrongBin, expected);
        }
        Ok(())
    }

    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        self.draft.to = self.stage.clone();
        stock_source::missing(&mut self.draft, view)
    }

    fn doubts(&self, view: &dyn SiteView, ctx: &Context) -> Result<Vec<Feedback>, ViewError> {
        let Some(hand) = &self.draft.hand else {
            return Ok(Vec::new());
        };
        let frozen = match self.draft.source() {
            Some(bin) => doubt::frozen(&self.draft, bin, view)?,
            None => None,
        };
        let own = [
            self.other_lot(hand),
            frozen,
            doubt::expired(hand, ctx),
            self.desk.order.as_ref().and_then(|o| o.doubt(hand)),
        ];
        let doubts = own.into_iter().flatten();
        Ok(doubts.chain(moving::doubts(&self.draft, view)?).collect())
    }

    fn write(&mut self, _: &dyn SiteView, ctx: &Context, out: &mut Out) -> Result<(), ViewError> {
        let from = self.draft.source().cloned();
        let (Some(from), Some(hand), Some(order)) =
            (from, self.draft.hand.clone(), &mut self.desk.order)
        else {
            return Ok(());
        };
        let place = order.place_of(&hand);
        let done = FeedbackCode::Picked;
        let moved = moving::write(&mut self.draft, Some(place), done, ctx, out);
        let (Some(quantity), Some(item)) = (moved, &hand.item) else {
            return Ok(());
        };
        order.count(&hand, quantity);
        self.remember_found();
        self.fetched(place.line, &(from.id, item.id, hand.lot.clone()), quantity);
        let left = self.draft.here.map(|here| here.minus(quantity));
        if left == Some(Quantity::ZERO) {
            let rest = Rest {
                bin: from,
                item: item.clone(),
                lot: hand.lot,
                counting: false,
                short: false,
            };
            self.ask_rest(rest, FeedbackCode::EmptyNow, ctx);
        }
        Ok(())
    }

    fn confirmed(
        &mut self,
        code: FeedbackCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        match code {
            FeedbackCode::OtherBinConfirm => {
                if let Some(bin) = self.other_bin.take() {
                    self.preferred.push(bin.id);
                    self.plan(view, ctx)?;
                    out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
                    self.draft.bin = Some(bin);
                }
                Ok(())
            }
            FeedbackCode::EmptyNow | FeedbackCode::ShortConfirm => {
                self.found(Quantity::ZERO, ctx, out);
                Ok(())
            }
            _ => confirm_line(self, code, view, ctx, out),
        }
    }

    fn declined(&mut self, code: FeedbackCode) {
        self.other_bin = None;
        match (code, &mut self.rest) {
            (FeedbackCode::EmptyNow | FeedbackCode::ShortConfirm, Some(rest)) => {
                rest.counting = true;
            }
            _ => self.rest = None,
        }
    }

    /// How much is left in the bin.
    fn retype(&mut self, typed: Quantity, ctx: &Context, out: &mut Out) -> bool {
        match &self.rest {
            Some(rest) if rest.counting => {
                if typed < Quantity::ZERO || !typed.in_range() || !rest.item.allows(typed) {
                    out.feedback = Some(out_of_range(Quantity::ZERO, Quantity::LIMIT));
                } else {
                    self.found(typed, ctx, out);
                }
                true
            }
            _ => false,
        }
    }

    /// The question what is left; else what was known to be left before the event that is taken back now.
    fn undo_own(&mut self, out: &mut Out) -> bool {
        if let Some(rest) = self.rest.take() {
            out.accept(FeedbackCode::Undone, [rest.bin.code]);
            return true;
        }
        if let Some(before) = self.found_before.pop() {
            self.found = before;
        }
        false
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let due = self.due().cloned();
        match (action, self.draft.hand.is_some(), due) {
            (ActionCode::Cancel, false, _) if self.rest.is_some() => self.rest = None,
            (ActionCode::AsAsked, true, Some(due)) => {
                let asked = self.asked_of_hand().unwrap_or(due.quantity);
                if let Some(hand) = &mut self.draft.hand
                    && hand.whole.is_none()
                    && !hand.is_single()
                {
                    hand.exactly = Some(asked);
                    out.accept(FeedbackCode::QuantitySet, [asked.to_string()]);
                }
                advance(self, view, ctx, out)?;
            }
            (ActionCode::Short, false, Some(due)) if self.at(&due) => {
                let rest = Rest {
                    bin: due.bin,
                    item: due.item,
                    lot: due.lot,
                    counting: false,
                    short: true,
                };
                let question = self.ask_rest(rest, FeedbackCode::ShortConfirm, ctx);
                out.feedback = Some(question);
            }
            (ActionCode::Skip, false, Some(due)) => {
                let name = due.pile();
                self.put_off.retain(|known| *known != name);
                self.put_off.push(name);
                self.draft.bin = None;
                self.plan(view, ctx)?;
                out.accept(FeedbackCode::PutOff, [due.item.sku, due.bin.code]);
            }
            (ActionCode::ChangeStage, false, _) => {
                self.stage = None;
                self.draft.bin = None;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Pick {
    /// Works out again what is to be fetched, from where and in which order.
    pub(crate) fn plan(&mut self, view: &dyn SiteView, ctx: &Context) -> Result<(), ViewError> {
        self.stops = match &self.desk.order {
            Some(order) => stops(&order.facts, &self.wishes(&[]), view, ctx)?,
            None => Vec::new(),
        };
        self.leave_bin();
        Ok(())
    }

    fn wishes<'a>(&'a self, instead: &'a [BinId]) -> Wishes<'a> {
        Wishes {
            stage: self.stage.as_ref().map(|bin| bin.id),
            here: self.draft.bin.as_ref().map(|bin| bin.id),
            preferred: if instead.is_empty() {
                &self.preferred
            } else {
                instead
            },
            put_off: &self.put_off,
            found: &self.found,
        }
    }

    /// Where the picker is sent: on in the bin that was scanned, else to the next one.
    fn due(&self) -> Option<&Stop> {
        let here = self.stops.iter().find(|stop| self.at(stop));
        here.or(self.stops.first())
    }

    fn at(&self, stop: &Stop) -> bool {
        self.draft
            .bin
            .as_ref()
            .is_some_and(|bin| bin.id == stop.bin.id)
    }

    /// How much of the goods in hand is to be fetched here.
    fn asked_of_hand(&self) -> Option<Quantity> {
        let hand = self.draft.hand.as_ref()?;
        let item = hand.item.as_ref()?.id;
        let mut here = self
            .stops
            .iter()
            .filter(|s| self.at(s) && s.item.id == item);
        let stop = here
            .clone()
            .find(|s| s.lot == hand.lot)
            .or_else(|| here.next())?;
        Some(stop.quantity)
    }

    /// Another lot than the one that expires first.
    fn other_lot(&self, hand: &Hand) -> Option<Feedback> {
        let item = hand.item.as_ref().filter(|item| item.tracks_lot)?.id;
        let mut here = self
            .stops
            .iter()
            .filter(|s| self.at(s) && s.item.id == item);
        if here.clone().any(|stop| stop.lot == hand.lot) {
            return None;
        }
        let suggested = here.next()?.lot.clone()?;
        let taken = hand.lot.clone().unwrap_or_default();
        Some(Feedback::attention(
            FeedbackCode::OtherLotConfirm,
            [taken, suggested],
        ))
    }

    fn remember_found(&mut self) {
        self.found_before.push(self.found.clone());
    }

    /// What was just fetched for a line, until it is planned again. Goods that were taken from elsewhere are not fetched from
    /// where they were suggested.
    fn fetched(&mut self, line: u32, pile: &PileName, quantity: Quantity) {
        let known = self.found.iter_mut().filter(|(name, _)| name == pile);
        known.for_each(|(_, left)| *left = left.minus(quantity).max(Quantity::ZERO));
        let (here, elsewhere): (Vec<_>, Vec<_>) = self
            .stops
            .iter_mut()
            .filter(|stop| stop.line == line)
            .partition(|stop| stop.pile() == *pile);
        let mut left = quantity;
        for stop in here.into_iter().chain(elsewhere) {
            let part = stop.quantity.min(left);
            stop.quantity = stop.quantity.minus(part);
            left = left.minus(part);
        }
        self.stops.retain(|stop| stop.quantity > Quantity::ZERO);
        self.leave_bin();
    }

    /// A bin where nothing more is to be fetched is left.
    fn leave_bin(&mut self) {
        let more = self.stops.iter().any(|stop| self.at(stop));
        if self.draft.hand.is_none() && !more {
            self.draft.bin = None;
        }
    }

    /// Asks whether nothing is left of a pile.
    fn ask_rest(&mut self, rest: Rest, code: FeedbackCode, ctx: &Context) -> Feedback {
        let args = [
            rest.item.name(ctx.language).to_owned(),
            rest.bin.code.clone(),
        ];
        let question = Feedback::attention(code, args);
        // No scan says yes: the same code again would be the next piece.
        self.draft.last_raw.clear();
        self.draft.ask(question.clone());
        self.rest = Some(rest);
        question
    }

    /// So much is left of the pile that was asked about: the bin is counted for it.
    fn found(&mut self, left: Quantity, ctx: &Context, out: &mut Out) {
        let Some(rest) = self.rest.take() else { return };
        let counted = CountedLine {
            item: rest.item.id,
            lot: rest.lot.clone(),
            counted: left,
        };
        out.events.push(Said {
            body: EventBody::Counted {
                bin: rest.bin.id,
                lines: vec![counted],
                whole_bin: false,
            },
            order: None,
            reason: rest.short.then(|| SHORT.to_owned()),
            carton: None,
        });
        let args = [
            amount(left, &rest.item),
            rest.item.name(ctx.language).to_owned(),
            rest.bin.code.clone(),
        ];
        out.accept(FeedbackCode::CountedLine, args);
        let name = (rest.bin.id, rest.item.id, rest.lot);
        self.remember_found();
        self.found.retain(|(known, _)| *known != name);
        self.found.push((name.clone(), left));
        let mut free = left;
        for stop in self.stops.iter_mut().filter(|stop| stop.pile() == name) {
            stop.here = left;
            stop.quantity = stop.quantity.min(free);
            free = free.minus(stop.quantity);
        }
        self.stops.retain(|stop| stop.quantity > Quantity::ZERO);
        self.leave_bin();
    }

    /// The one thing to do next, while nothing is in hand.
    pub(crate) fn prompt(&self) -> Prompt {
        let say = |code, args: Vec<String>| Prompt { code, args };
        if let Some(rest) = self.rest.as_ref().filter(|rest| rest.counting) {
            return say(PromptCode::EnterRest, vec![rest.bin.code.clone()]);
        }
        let Some(order) = &self.desk.order else {
            return say(PromptCode::ChooseOrder, Vec::new());
        };
        if self.stage.is_none() {
            return say(PromptCode::ScanStage, Vec::new());
        }
        match self.due() {
            Some(due) if self.at(due) => say(
                PromptCode::PickItem,
                vec![amount(due.quantity, &due.item), due.item.sku.clone()],
            ),
            Some(due) => say(PromptCode::GoToBin, vec![due.bin.code.clone()]),
            None if order.differing() == 0 => say(PromptCode::AllPicked, Vec::new()),
            None => say(PromptCode::NothingMoreHere, Vec::new()),
        }
    }

    /// What is to be fetched now.
    pub(crate) fn due_facts(&self, ctx: &Context) -> Vec<Fact> {
        let Some(due) = self.due().filter(|_| self.stage.is_some()) else {
            return Vec::new();
        };
        let fact = |label, value: String, emphasis| Fact {
            label,
            value,
            emphasis,
        };
        let day = |day: NaiveDate| fact(FactCode::Expiry, day.to_string(), false);
        let mut facts = vec![
            fact(FactCode::FromBin, due.bin.code.clone(), true),
            fact(FactCode::ToPick, amount(due.quantity, &due.item), true),
            fact(
                FactCode::Item,
                due.item.name(ctx.language).to_owned(),
                false,
            ),
            fact(FactCode::Sku, due.item.sku.clone(), false),
        ];
        facts.extend(due.lot.clone().map(|lot| fact(FactCode::Lot, lot, false)));
        facts.extend(due.expiry.map(day));
        facts.push(fact(
            FactCode::OnHandHere,
            amount(due.here, &due.item),
            false,
        ));
        facts
    }

    /// Whether it is asked how much is left of a pile.
    pub(crate) fn counts_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// Whether a number is of use now.
    pub(crate) fn takes_numbers(&self) -> bool {
        self.draft.hand.is_some() || self.rest.is_some() || self.due().is_some_and(|s| self.at(s))
    }

    /// The buttons while nothing is in hand and nothing is asked. What is still in stock is fetched, put off or said to be
    /// missing: only then the order can be finished.
    pub(crate) fn actions(&self) -> Vec<Action> {
        let codes: &[ActionCode] = match self.due() {
            _ if self.rest.is_some() => &[ActionCode::Cancel],
            _ if self.desk.order.is_none() => &[ActionCode::Done],
            _ if self.stage.is_none() => &[ActionCode::Later],
            Some(due) if self.at(due) => &[ActionCode::Short, ActionCode::Skip, ActionCode::Later],
            Some(_) => &[ActionCode::Skip, ActionCode::Later, ActionCode::ChangeStage],
            None => &[ActionCode::Done, ActionCode::Later],
        };
        let weight = |code: &ActionCode| match code {
            ActionCode::Done => Weight::Primary,
            _ => Weight::Normal,
        };
        codes
            .iter()
            .map(|code| Action::new(*code, weight(code)))
            .collect()
    }
}
