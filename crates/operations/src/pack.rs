//! Check and pack: what waits for an order is scanned piece by piece and put into cartons.

use domain::{EventBody, OrderId, OrderStep, OrderType, Quantity, UnitId};
use serde::{Deserialize, Serialize};

use crate::code_input::finish_line;
use crate::codes::{ActionCode, FactCode, FeedbackCode, LineStatus, PromptCode};
use crate::context::Context;
use crate::desk::{Desk, Job};
use crate::draft::{Draft, Need, line};
use crate::flow::{Out, Procedure, advance, put_down};
use crate::hand::Hand;
use crate::issue::{of_other_order, refuse_issued};
use crate::keeps::{keeps_desk, keeps_draft};
use crate::resolve::Match;
use crate::scanned::Scanned;
use crate::screen::{Action, Fact, Feedback, Prompt, Said, Weight};
use crate::site_view::{BinFacts, CartonFacts, SiteView, UnitFacts, ViewError};
use crate::{doubt, stock_source};

/// Longest plate of a carton, in characters; an SSCC has 18.
const PLATE_MAX: usize = 60;

const JOB: Job = Job {
    kinds: &[OrderType::Outbound, OrderType::Transfer],
    step: OrderStep::Pack,
    after: Some(OrderStep::Pick),
};

/// The state of packing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    pub(crate) draft: Draft,
    #[serde(flatten)]
    pub(crate) desk: Desk,
    /// The carton that is being filled.
    carton: Option<UnitId>,
}

impl Procedure for Pack {
    keeps_draft!();
    keeps_desk!(JOB);

    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        refuse_issued(unit)
    }

    fn refuse_goods(&self, _: &Match, _: &str) -> Option<Feedback> {
        let first = match &self.desk.order {
            None => FeedbackCode::ChooseOrderFirst,
            Some(_) if self.draft.bin.is_none() => FeedbackCode::ScanStageFirst,
            Some(_) if self.carton.is_none() => FeedbackCode::ScanCartonFirst,
            Some(_) => return None,
        };
        Some(Feedback::refused(first, []))
    }

    /// Where the picked goods wait.
    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        if self.desk.order.is_none() {
            out.refuse(FeedbackCode::ChooseOrderFirst, []);
            return Ok(());
        }
        if !put_down(self, view, ctx, out)? {
            return Ok(());
        }
        if out.feedback.is_none() {
            out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
        }
        self.draft.bin = Some(bin);
        Ok(())
    }

    /// A label that no carton has yet opens one. What stands on it is taken as it is, once goods are being packed only
    /// from an SSCC: another code that nobody knows may be goods.
    fn take_unknown(
        &mut self,
        scanned: &Scanned,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let sscc = scanned.fields.sscc.as_deref();
        if sscc.is_none() && self.carton.is_some() {
            return Ok(false);
        }
        self.open(&UnitId::plate(sscc.unwrap_or(&scanned.raw)), view, ctx, out)?;
        Ok(true)
    }

    fn take_carton(
        &mut self,
        carton: &CartonFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let order = self.desk.order.as_ref().map(|order| order.id());
        if let Some(other) = carton.orders().into_iter().find(|o| Some(*o) != order) {
            out.feedback = Some(of_other_order(carton.plate.printed(), other, view)?);
            return Ok(true);
        }
        if carton.contents.is_empty() {
            out.refuse(
                FeedbackCode::CartonGone,
                [carton.plate.printed().to_owned()],
            );
            return Ok(true);
        }
        self.open(&carton.plate, view, ctx, out)?;
        Ok(true)
    }

    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        stock_source::missing(&mut self.draft, view)
    }

    fn doubts(&self, view: &dyn SiteView, ctx: &Context) -> Result<Vec<Feedback>, ViewError> {
        let (Some(hand), Some(order)) = (&self.draft.hand, &self.desk.order) else {
            return Ok(Vec::new());
        };
        let doubts = [
            in_a_carton(hand, order.id(), view)?,
            order.doubt(hand),
            doubt::expired(hand, ctx),
            doubt::wrong_bin(&self.draft),
            doubt::not_enough(&self.draft),
            doubt::too_much(hand),
        ];
        Ok(doubts.into_iter().flatten().collect())
    }

    fn write(&mut self, _: &dyn SiteView, ctx: &Context, out: &mut Out) -> Result<(), ViewError> {
        let Some((hand, bin)) = self.draft.hand.clone().zip(self.draft.source().cloned()) else {
            return Ok(());
        };
        let (Some(carton), Some(order)) = (&self.carton, &mut self.desk.order) else {
            return Ok(());
        };
        if let (Some(goods), Some(quantity)) = (hand.goods(), hand.amount()) {
            let written = line(&hand, quantity, carton.printed(), LineStatus::Saved, ctx);
            let args = [
                written.quantity.clone(),
                written.title.clone(),
                carton.printed().to_owned(),
            ];
            out.accept(FeedbackCode::Packed, args);
            out.events.push(Said {
                order: Some(order.place_of(&hand)),
                carton: Some(carton.clone()),
                ..EventBody::Packed {
                    bin: bin.id,
                    goods,
                    quantity,
                }
                .into()
            });
            self.draft.add_line(written);
            order.count(&hand, quantity);
        }
        Ok(())
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        match action {
            ActionCode::NewCarton if self.draft.hand.is_none() => {
                self.open(&made_up(ctx), view, ctx, out)?;
            }
            ActionCode::NextCarton => {
                if self.draft.hand.is_some() {
                    finish_line(self, view, ctx, out)?;
                }
                if self.draft.hand.is_none()
                    && let Some(carton) = self.carton.take()
                {
                    out.accept(FeedbackCode::CartonClosed, [carton.printed().to_owned()]);
                }
            }
            ActionCode::AsAsked => {
                let left = self.left_of_hand();
                if let (Some(hand), Some(left)) = (&mut self.draft.hand, left)
                    && hand.whole.is_none()
                    && !hand.is_single()
                {
                    hand.exactly = Some(left);
                    out.accept(FeedbackCode::QuantitySet, [left.to_string()]);
                }
                advance(self, view, ctx, out)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The very unit in hand is in a carton of the order by the book.
fn in_a_carton(
    hand: &Hand,
    order: OrderId,
    view: &dyn SiteView,
) -> Result<Option<Feedback>, ViewError> {
    let Some(unit) = hand.unit() else {
        return Ok(None);
    };
    let holds = |carton: &CartonFacts| {
        let units = carton.contents.iter().filter_map(|c| c.goods.unit.as_ref());
        units.into_iter().any(|packed| *packed == unit)
    };
    let carton = view.cartons_of(order)?.into_iter().find(holds);
    Ok(carton.map(|carton| {
        let args = [unit.printed(), carton.plate.printed()].map(str::to_owned);
        Feedback::attention(FeedbackCode::UnitInCarton, args)
    }))
}

/// A plate for a carton without a label: no other device makes the same one, and this one not within the second.
fn made_up(ctx: &Context) -> UnitId {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut seconds = u64::try_from(ctx.now / 1_000).unwrap_or_default();
    let mut digits = Vec::new();
    while seconds > 0 {
        let digit = DIGITS.get((seconds % 32) as usize).copied();
        digits.push(char::from(digit.unwrap_or(b'0')));
        seconds /= 32;
    }
    let time: String = digits.into_iter().rev().collect();
    UnitId::plate(&format!("C{}-{time}", ctx.device_mark))
}

impl Pack {
    /// Fills this carton from now on. A line in hand still goes into the one before it.
    fn open(
        &mut self,
        plate: &UnitId,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        if self.desk.order.is_none() {
            out.refuse(FeedbackCode::ChooseOrderFirst, []);
            return Ok(());
        }
        let printed = plate.printed();
        if printed.chars().count() > PLATE_MAX || printed.chars().any(char::is_control) {
            out.refuse(
                FeedbackCode::WrongKindHere,
                [Scanned::plain(printed).shown()],
            );
            return Ok(());
        }
        if !put_down(self, view, ctx, out)? {
            return Ok(());
        }
        self.carton = Some(plate.clone());
        out.accept(FeedbackCode::CartonOpened, [printed.to_owned()]);
        Ok(())
    }

    /// What the order still asks for of the goods in hand.
    fn left_of_hand(&self) -> Option<Quantity> {
        let line = self
            .desk
            .order
            .as_ref()?
            .line_of(self.draft.hand.as_ref()?)?;
        Some(line.asked.minus(line.done)).filter(|left| *left > Quantity::ZERO)
    }

    /// The one thing to do next, while nothing is in hand.
    pub(crate) fn prompt(&self) -> Prompt {
        let code = match &self.desk.order {
            None => PromptCode::ChooseOrder,
            Some(_) if self.draft.bin.is_none() => PromptCode::ScanWaitingBin,
            Some(order) if order.differing() == 0 => PromptCode::AllPacked,
            Some(_) if self.carton.is_none() => PromptCode::ScanCarton,
            Some(_) => PromptCode::ScanItem,
        };
        Prompt {
            code,
            args: Vec::new(),
        }
    }

    pub(crate) fn carton_facts(&self) -> Option<Fact> {
        Some(Fact {
            label: FactCode::Carton,
            value: self.carton.as_ref()?.printed().to_owned(),
            emphasis: true,
        })
    }

    /// Whether a number is of use now.
    pub(crate) const fn takes_numbers(&self) -> bool {
        self.desk.order.is_some() && self.draft.bin.is_some() && self.carton.is_some()
    }

    /// The buttons while nothing is in hand.
    pub(crate) fn actions(&self) -> Vec<Action> {
        let normal = |code| Action::new(code, Weight::Normal);
        let done = Action::new(ActionCode::Done, Weight::Primary);
        let Some(order) = &self.desk.order else {
            return vec![done];
        };
        if self.draft.bin.is_none() {
            return vec![normal(ActionCode::Later)];
        }
        let mut actions = vec![match (&self.carton, order.differing()) {
            (None, 1..) => Action::new(ActionCode::NewCarton, Weight::Primary),
            _ => done,
        }];
        if self.carton.is_some() {
            actions.push(normal(ActionCode::NextCarton));
        } else if order.differing() > 0 {
            actions.push(normal(ActionCode::Done));
        }
        actions.push(normal(ActionCode::Later));
        actions.push(normal(ActionCode::ChangeBin));
        actions
    }
}
