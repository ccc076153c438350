//! Receive: goods come in.

use domain::ledger::UnitStatus;
use domain::{EventBody, OrderStep, OrderType};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode, LineStatus, ReasonCode};
use crate::context::Context;
use crate::desk::{Desk, Job};
use crate::draft::{Draft, Need, line};
use crate::flow::{Out, Procedure};
use crate::screen::{Feedback, Said};
use crate::site_view::{BinFacts, SiteView, UnitFacts, ViewError};
use crate::{doubt, incoming};

/// The state of a receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receive {
    pub(crate) draft: Draft,
    /// The delivery that was announced, if this is one.
    #[serde(flatten)]
    pub(crate) desk: Desk,
}

const JOB: Job = Job {
    kinds: &[OrderType::Inbound],
    step: OrderStep::Receive,
    after: None,
};

impl Procedure for Receive {
    fn draft(&self) -> &Draft {
        &self.draft
    }

    fn draft_mut(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn takes_new_plates(&self) -> bool {
        true
    }

    fn adopts_units(&self) -> bool {
        false
    }

    /// What is in the house cannot come in; what went out may come back.
    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        (unit.status == UnitStatus::Stored).then(|| {
            Feedback::refused(
                FeedbackCode::DuplicateScan,
                [unit.since.clone(), unit.by.clone()],
            )
        })
    }

    /// The bin holds from the next line on; a line that waits for its number goes where it was meant to.
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
        incoming::missing(&mut self.draft, view)
    }

    fn doubts(&self, view: &dyn SiteView, ctx: &Context) -> Result<Vec<Feedback>, ViewError> {
        let Some(hand) = &self.draft.hand else {
            return Ok(Vec::new());
        };
        let mut doubts = Vec::new();
        doubts.extend(incoming::expiry_differs(hand, view)?);
        doubts.extend(self.desk.order.as_ref().and_then(|o| o.doubt(hand)));
        doubts.extend(doubt::expired(hand, ctx));
        doubts.extend(doubt::too_much(hand));
        Ok(doubts)
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
            out.accept(FeedbackCode::Received, args);
            out.events.push(Said {
                body: EventBody::Received {
                    bin: bin.id,
                    goods,
                    quantity,
                },
                order: self.desk.order.as_ref().map(|o| o.place_of(&hand)),
                reason: hand.reason.map(|reason| reason.code().to_owned()),
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
        _: &dyn SiteView,
        _: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        if action != ActionCode::Damaged {
            return Ok(false);
        }
        if let Some(hand) = &mut self.draft.hand {
            let (reason, code) = match hand.reason {
                None => (Some(ReasonCode::Damaged), FeedbackCode::MarkedDamaged),
                Some(_) => (None, FeedbackCode::MarkedSound),
            };
            hand.reason = reason;
            out.accept(code, []);
        }
        Ok(true)
    }
}
