//! Receive: goods come in.

use domain::ledger::UnitStatus;
use domain::{EventBody, OrderStep, OrderType};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode, LineStatus};
use crate::context::Context;
use crate::desk::{Desk, Job};
use crate::doubt;
use crate::draft::{Draft, Need, line};
use crate::flow::{Out, Procedure, advance, close};
use crate::screen::{Feedback, Said};
use crate::site_view::{BinFacts, SiteView, UnitFacts, ViewError};

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

/// Why goods that came in are not as they should be.
const DAMAGED: &str = "damaged";

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
        if self.draft.bin.is_some() && self.draft.need == Need::Quantity {
            close(self, view, ctx, out)?;
            if self.draft.hand.is_some() {
                out.refuse(FeedbackCode::FinishLineFirst, []);
                return Ok(());
            }
        }
        if out.feedback.is_none() {
            out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
        }
        self.draft.bin = Some(bin);
        advance(self, view, ctx, out)
    }

    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        let Some(hand) = &mut self.draft.hand else {
            return Ok(None);
        };
        let Some(item) = &hand.item else {
            return Ok(None);
        };
        if item.tracks_lot && hand.lot.is_none() && !hand.no_lot {
            return Ok(Some(Need::Lot(Vec::new())));
        }
        if item.tracks_expiry && hand.expiry.is_none() && !hand.no_expiry {
            let known = hand
                .lot
                .as_ref()
                .map(|lot| view.lot_expiry(item.id, lot))
                .transpose()?;
            hand.expiry = known.flatten();
            if hand.expiry.is_none() {
                return Ok(Some(Need::Expiry));
            }
        }
        if item.tracks_serial && hand.unit().is_none() && !hand.no_serial {
            return Ok(Some(Need::Serial));
        }
        Ok(self.draft.bin.is_none().then(|| Need::Bin(Vec::new())))
    }

    fn doubts(&self, view: &dyn SiteView, ctx: &Context) -> Result<Vec<Feedback>, ViewError> {
        let Some(hand) = &self.draft.hand else {
            return Ok(Vec::new());
        };
        let mut doubts = Vec::new();
        if let (Some(item), Some(lot), Some(day)) = (&hand.item, &hand.lot, hand.expiry)
            && let Some(known) = view.lot_expiry(item.id, lot)?
            && known != day
        {
            let args = [day.to_string(), known.to_string()];
            doubts.push(Feedback::attention(FeedbackCode::ExpiryDiffers, args));
        }
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
                reason: hand.damaged.then(|| DAMAGED.to_owned()),
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
            hand.damaged = !hand.damaged;
            let code = if hand.damaged {
                FeedbackCode::MarkedDamaged
            } else {
                FeedbackCode::MarkedSound
            };
            out.accept(code, []);
        }
        Ok(true)
    }
}
