//! Return: what went out comes back, in some condition.

use domain::EventBody;
use domain::ledger::UnitStatus;
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode, LineStatus, ReasonCode};
use crate::context::Context;
use crate::draft::{Draft, Need, line};
use crate::flow::{Out, Procedure};
use crate::keeps::keeps_draft;
use crate::screen::{Feedback, Said};
use crate::site_view::{BinFacts, SiteView, UnitFacts, ViewError};
use crate::{doubt, incoming};

/// The state of a return.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeBack {
    pub(crate) draft: Draft,
}

impl Procedure for TakeBack {
    keeps_draft!();

    fn takes_new_plates(&self) -> bool {
        true
    }

    /// What is in the house did not go out.
    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        (unit.status == UnitStatus::Stored).then(|| {
            let args = [unit.bin.code.clone(), unit.since.clone()];
            Feedback::refused(FeedbackCode::UnitNotOut, args)
        })
    }

    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        incoming::take_bin(self, bin, view, ctx, out)
    }

    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        if let Some(need) = incoming::missing_of_goods(self.draft.hand.as_mut(), view)? {
            return Ok(Some(need));
        }
        if self.draft.hand.as_ref().is_some_and(|h| h.reason.is_none()) {
            return Ok(Some(Need::Reason(ReasonCode::CONDITIONS.to_vec())));
        }
        incoming::missing(&mut self.draft, view)
    }

    fn doubts(&self, view: &dyn SiteView, ctx: &Context) -> Result<Vec<Feedback>, ViewError> {
        let Some(hand) = &self.draft.hand else {
            return Ok(Vec::new());
        };
        let doubts = [
            incoming::expiry_differs(hand, view)?,
            doubt::expired(hand, ctx),
            doubt::too_much(hand),
        ];
        Ok(doubts.into_iter().flatten().collect())
    }

    fn write(&mut self, _: &dyn SiteView, ctx: &Context, out: &mut Out) -> Result<(), ViewError> {
        let Some((hand, bin)) = self.draft.hand.clone().zip(self.draft.bin.clone()) else {
            return Ok(());
        };
        if let (Some(goods), Some(quantity)) = (hand.goods(), hand.amount()) {
            let written = line(&hand, quantity, &bin.code, LineStatus::Saved, ctx);
            let args = [
                written.quantity.clone(),
                written.title.clone(),
                bin.code.clone(),
            ];
            out.accept(FeedbackCode::Returned, args);
            out.events.push(Said {
                body: EventBody::Received {
                    bin: bin.id,
                    goods,
                    quantity,
                },
                order: None,
                reason: hand.reason.map(|reason| reason.code().to_owned()),
                carton: None,
            });
            self.draft.add_line(written);
        }
        // Sound goods and broken ones go to different places.
        self.draft.bin = None;
        Ok(())
    }

    fn own_action(
        &mut self,
        _: ActionCode,
        _: &dyn SiteView,
        _: &Context,
        _: &mut Out,
    ) -> Result<bool, ViewError> {
        Ok(false)
    }
}
