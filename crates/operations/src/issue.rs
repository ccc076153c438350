//! Issue: goods go out.

use domain::ledger::UnitStatus;
use domain::{EventBody, OrderId, OrderStep, OrderType, Quantity};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode, LineStatus};
use crate::context::Context;
use crate::desk::{self, Desk, Job};
use crate::draft::{Draft, Need, amount, line};
use crate::flow::{Out, Procedure, advance, put_down};
use crate::keeps::{keeps_desk, keeps_draft};
use crate::order_work::OrderWork;
use crate::screen::{Feedback, Line, Said};
use crate::site_view::{BinFacts, CartonFacts, SiteView, UnitFacts, ViewError};
use crate::{doubt, stock_source};

/// The state of an issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    pub(crate) draft: Draft,
    /// What was ordered, if it goes out for an order.
    #[serde(flatten)]
    pub(crate) desk: Desk,
    /// Cartons that wait for the order.
    #[serde(default)]
    waiting: Vec<Line>,
}

const JOB: Job = Job {
    kinds: &[OrderType::Outbound, OrderType::Transfer],
    step: OrderStep::Ship,
    after: Some(OrderStep::Pick),
};

/// A unit that went out cannot go out or move again.
pub(crate) fn refuse_issued(unit: &UnitFacts) -> Option<Feedback> {
    (unit.status == UnitStatus::Issued).then(|| {
        Feedback::refused(
            FeedbackCode::UnitAlreadyIssued,
            [unit.since.clone(), unit.by.clone()],
        )
    })
}

impl Procedure for Issue {
    keeps_draft!();
    keeps_desk!(JOB);

    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        refuse_issued(unit)
    }

    /// Where the line's bin was only inferred, the scan corrects it; where it was scanned, the line ends first.
    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        let same = self.draft.source().is_some_and(|b| b.id == bin.id);
        if self.draft.need == Need::Quantity
            && self.draft.bin.is_some()
            && !same
            && !put_down(self, view, ctx, out)?
        {
            return Ok(());
        }
        if out.feedback.is_none() {
            out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
        }
        self.draft.line_bin = None;
        self.draft.bin = Some(bin);
        advance(self, view, ctx, out)
    }

    /// A carton goes out with all that is in it.
    fn take_carton(
        &mut self,
        carton: &CartonFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let plate = carton.plate.printed().to_owned();
        if carton.contents.is_empty() {
            out.refuse(FeedbackCode::CartonGone, [plate]);
            return Ok(true);
        }
        if !put_down(self, view, ctx, out)? {
            return Ok(true);
        }
        let orders = carton.orders();
        if let (None, [first], true) = (
            &self.desk.order,
            orders.iter().collect::<Vec<_>>().as_slice(),
            self.draft.lines.is_empty(),
        ) {
            desk::take_order(self, **first, view, out)?;
            if self.desk.order.is_none() && out.feedback.is_some() {
                // Called off, or somebody else's: that was said.
                return Ok(true);
            }
            self.look_for_cartons(view)?;
        }
        let chosen = self.desk.order.as_ref().map(OrderWork::id);
        if let Some(other) = orders.into_iter().find(|order| Some(*order) != chosen) {
            out.feedback = Some(of_other_order(&plate, other, view)?);
            return Ok(true);
        }
        if let Some(order) = self.desk.order.as_ref().filter(|o| o.facts.cancelled) {
            out.refuse(FeedbackCode::OrderCalledOff, [order.facts.code.clone()]);
            return Ok(true);
        }
        for content in &carton.contents {
            out.events.push(Said {
                body: EventBody::Issued {
                    bin: content.bin.id,
                    goods: content.goods.clone(),
                    quantity: content.quantity,
                },
                order: content.order,
                reason: None,
                carton: Some(carton.plate.clone()),
            });
            if let (Some(order), Some(line)) = (&mut self.desk.order, content.order) {
                order.count_line(line.line, content.quantity);
            }
            self.draft.add_line(Line {
                title: content.item.name(ctx.language).to_owned(),
                subtitle: format!("{plate} · {}", content.bin.code),
                quantity: amount(content.quantity, &content.item),
                status: LineStatus::Saved,
                time: ctx.time_of_day.clone(),
            });
        }
        self.waiting.retain(|line| line.title != plate);
        out.accept(
            FeedbackCode::CartonLoaded,
            [plate, carton.contents.len().to_string()],
        );
        Ok(true)
    }

    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
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
        let doubts = [
            doubt::expired(hand, ctx),
            doubt::wrong_bin(&self.draft),
            frozen,
            doubt::not_enough(&self.draft),
            self.desk.order.as_ref().and_then(|o| o.doubt(hand)),
            doubt::too_much(hand),
        ];
        Ok(doubts.into_iter().flatten().collect())
    }

    fn write(&mut self, _: &dyn SiteView, ctx: &Context, out: &mut Out) -> Result<(), ViewError> {
        let Some((hand, bin)) = self.draft.hand.clone().zip(self.draft.source().cloned()) else {
            return Ok(());
        };
        if let (Some(goods), Some(quantity)) = (hand.goods(), hand.amount()) {
            let written = line(&hand, quantity, &bin.code, LineStatus::Saved, ctx);
            let args = [
                written.quantity.clone(),
                written.title.clone(),
                bin.code.clone(),
            ];
            out.accept(FeedbackCode::Issued, args);
            out.events.push(Said {
                body: EventBody::Issued {
                    bin: bin.id,
                    goods,
                    quantity,
                },
                order: self.desk.order.as_ref().map(|o| o.place_of(&hand)),
                reason: None,
                carton: None,
            });
            self.draft.add_line(written);
            if let Some(order) = &mut self.desk.order {
                order.count(&hand, quantity);
            }
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
        if action != ActionCode::AllOfIt || self.draft.hand.is_none() {
            return Ok(false);
        }
        all_of_pile(&mut self.draft, out);
        advance(self, view, ctx, out)?;
        Ok(true)
    }
}

impl Issue {
    /// Looks which cartons wait for the order.
    pub(crate) fn look_for_cartons(&mut self, view: &dyn SiteView) -> Result<(), ViewError> {
        let cartons = match &self.desk.order {
            Some(order) => view.cartons_of(order.id())?,
            None => Vec::new(),
        };
        let line = |carton: &CartonFacts| {
            let mut bins: Vec<&str> = carton
                .contents
                .iter()
                .map(|c| c.bin.code.as_str())
                .collect();
            bins.dedup();
            Line {
                title: carton.plate.printed().to_owned(),
                subtitle: bins.join(" · "),
                quantity: String::new(),
                status: LineStatus::Open,
                time: String::new(),
            }
        };
        self.waiting = cartons.iter().map(line).collect();
        Ok(())
    }

    /// Cartons that are still to be loaded.
    pub(crate) fn waiting(&self) -> &[Line] {
        &self.waiting
    }
}

/// A carton for another order than the one that is worked on.
pub(crate) fn of_other_order(
    plate: &str,
    order: OrderId,
    view: &dyn SiteView,
) -> Result<Feedback, ViewError> {
    let number = view.order(order, OrderStep::Ship)?.map(|o| o.code);
    let args = [plate.to_owned(), number.unwrap_or_default()];
    Ok(Feedback::refused(FeedbackCode::CartonOfOtherOrder, args))
}

/// Takes what the book shows of the pile in hand.
pub(crate) fn all_of_pile(draft: &mut Draft, out: &mut Out) {
    let here = draft.here.filter(|q| *q > Quantity::ZERO && q.in_range());
    match (draft.hand.as_mut(), here) {
        (Some(hand), _) if hand.whole.is_some() || hand.is_single() => {}
        (Some(hand), Some(here)) => {
            hand.exactly = Some(here);
            out.accept(FeedbackCode::QuantitySet, [here.to_string()]);
        }
        _ => out.refuse(FeedbackCode::NotEnoughHere, [Quantity::ZERO.to_string()]),
    }
}
