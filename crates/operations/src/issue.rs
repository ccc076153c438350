//! Issue: goods go out.

use domain::ledger::UnitStatus;
use domain::{EventBody, OrderStep, OrderType, Quantity};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode, LineStatus};
use crate::context::Context;
use crate::desk::{Desk, Job};
use crate::draft::{Draft, Need, line};
use crate::flow::{Out, Procedure, advance, close};
use crate::screen::{Feedback, Said};
use crate::site_view::{BinFacts, SiteView, UnitFacts, ViewError};
use crate::{doubt, stock_source};

/// The state of an issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    pub(crate) draft: Draft,
    /// What was ordered, if it goes out for an order.
    #[serde(flatten)]
    pub(crate) desk: Desk,
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
    fn draft(&self) -> &Draft {
        &self.draft
    }

    fn draft_mut(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn job(&self) -> Option<&'static Job> {
        Some(&JOB)
    }

    fn desk(&self) -> Option<&Desk> {
        Some(&self.desk)
    }

    fn desk_mut(&mut self) -> Option<&mut Desk> {
        Some(&mut self.desk)
    }

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
        if self.draft.need == Need::Quantity && self.draft.bin.is_some() && !same {
            close(self, view, ctx, out)?;
            if self.draft.hand.is_some() {
                out.refuse(FeedbackCode::FinishLineFirst, []);
                return Ok(());
            }
        }
        if out.feedback.is_none() {
            out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
        }
        self.draft.line_bin = None;
        self.draft.bin = Some(bin);
        advance(self, view, ctx, out)
    }

    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        stock_source::missing(&mut self.draft, view)
    }

    fn doubts(&self, _: &dyn SiteView, ctx: &Context) -> Result<Vec<Feedback>, ViewError> {
        let Some(hand) = &self.draft.hand else {
            return Ok(Vec::new());
        };
        let doubts = [
            doubt::expired(hand, ctx),
            doubt::wrong_bin(&self.draft),
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
