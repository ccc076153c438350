//! Adjust: the book is corrected, with a reason.

use domain::EventBody;
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode, LineStatus, ReasonCode};
use crate::context::Context;
use crate::draft::{Draft, Need, line};
use crate::flow::{Out, Procedure, advance};
use crate::issue::{all_of_pile, refuse_issued};
use crate::keeps::keeps_draft;
use crate::screen::Feedback;
use crate::site_view::{BinFacts, SiteView, UnitFacts, ViewError};
use crate::{doubt, stock_source};

/// The state of an adjustment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjust {
    pub(crate) draft: Draft,
}

impl Procedure for Adjust {
    keeps_draft!();

    /// What went out may have come back, which is another procedure.
    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        refuse_issued(unit)
    }

    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        if self.draft.need == Need::Quantity {
            out.refuse(FeedbackCode::FinishLineFirst, []);
            return Ok(());
        }
        out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
        self.draft.line_bin = None;
        self.draft.bin = Some(bin);
        advance(self, view, ctx, out)
    }

    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        if let Some(need) = stock_source::missing(&mut self.draft, view)? {
            return Ok(Some(need));
        }
        let Some(hand) = self.draft.hand.as_ref().filter(|h| h.reason.is_none()) else {
            return Ok(None);
        };
        // A unit that the book has here cannot be found here.
        let reasons = match &hand.whole {
            Some(_) => ReasonCode::LOSSES.to_vec(),
            None => [&ReasonCode::LOSSES[..], &ReasonCode::GAINS].concat(),
        };
        Ok(Some(Need::Reason(reasons)))
    }

    fn doubts(&self, _: &dyn SiteView, _: &Context) -> Result<Vec<Feedback>, ViewError> {
        let Some(hand) = &self.draft.hand else {
            return Ok(Vec::new());
        };
        let leaves = hand.reason.is_some_and(|r| !ReasonCode::GAINS.contains(&r));
        let doubts = [
            doubt::wrong_bin(&self.draft),
            doubt::not_enough(&self.draft).filter(|_| leaves),
            doubt::too_much(hand),
        ];
        Ok(doubts.into_iter().flatten().collect())
    }

    fn write(&mut self, _: &dyn SiteView, ctx: &Context, out: &mut Out) -> Result<(), ViewError> {
        let Some((hand, bin)) = self.draft.hand.clone().zip(self.draft.source().cloned()) else {
            return Ok(());
        };
        let (Some(goods), Some(quantity), Some(reason)) =
            (hand.goods(), hand.amount(), hand.reason)
        else {
            return Ok(());
        };
        let gains = ReasonCode::GAINS.contains(&reason);
        let mut written = line(&hand, quantity, &bin.code, LineStatus::Saved, ctx);
        written.quantity.insert(0, if gains { '+' } else { '−' });
        let args = [
            written.quantity.clone(),
            written.title.clone(),
            bin.code.clone(),
        ];
        out.accept(FeedbackCode::Adjusted, args);
        out.write(EventBody::Adjusted {
            bin: bin.id,
            goods,
            difference: if gains { quantity } else { quantity.negated() },
            reason: reason.code().to_owned(),
        });
        self.draft.add_line(written);
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
