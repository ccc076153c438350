//! Receive: goods come in.

use domain::ledger::UnitStatus;
use domain::{EventBody, OrderId, OrderStep, OrderType};
use serde::{Deserialize, Serialize};

use crate::code_input::finish_line;
use crate::codes::{ActionCode, FeedbackCode, LineStatus};
use crate::context::Context;
use crate::doubt;
use crate::draft::{Draft, Need, line};
use crate::flow::{Out, Procedure, advance, close, confirm_line};
use crate::order_work::OrderWork;
use crate::screen::{Choice, Feedback, Said};
use crate::site_view::{BinFacts, OrderFacts, SiteView, UnitFacts, ViewError};

/// The state of a receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receive {
    pub(crate) draft: Draft,
    /// The delivery that was announced, if this is one.
    #[serde(default)]
    pub(crate) order: Option<OrderWork>,
    /// Deliveries that can be chosen while nothing is begun.
    #[serde(default)]
    offers: Vec<Choice>,
}

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
        doubts.extend(self.order.as_ref().and_then(|o| o.doubt(hand)));
        doubts.extend(doubt::expired(hand, ctx));
        doubts.extend(doubt::too_much(hand));
        Ok(doubts)
    }

    fn offered(&self, id: &str) -> Option<(OrderId, OrderType)> {
        let order = self.choices().iter().find(|choice| choice.id == id)?;
        Some((order.id.parse().ok()?, OrderType::Inbound))
    }

    fn take_order(
        &mut self,
        (id, kind): (OrderId, OrderType),
        view: &dyn SiteView,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        if kind != OrderType::Inbound {
            return Ok(false);
        }
        let Some(facts) = view.order(id, OrderStep::Receive)? else {
            return Ok(false);
        };
        let code = facts.code.clone();
        let something_else_is_begun = match &self.order {
            Some(order) => order.id() != id,
            None => !self.draft.lines.is_empty(),
        };
        if something_else_is_begun {
            out.refuse(FeedbackCode::FinishOrderFirst, [code]);
            return Ok(true);
        }
        if facts.finished {
            out.feedback = Some(Feedback::attention(
                FeedbackCode::OrderAlreadyFinished,
                [code],
            ));
        } else {
            out.accept(FeedbackCode::OrderSelected, [code, facts.party.clone()]);
        }
        self.order = Some(OrderWork::new(facts, OrderStep::Receive));
        Ok(true)
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
                order: self.order.as_ref().map(|o| o.place_of(&hand)),
                reason: hand.damaged.then(|| DAMAGED.to_owned()),
            });
            self.draft.add_line(written);
            if let Some(order) = &mut self.order {
                order.count(&hand, quantity);
            }
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
            FeedbackCode::OrderDiffersConfirm => self.finish(view, out),
            _ => confirm_line(self, code, view, ctx, out),
        }
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        match action {
            ActionCode::Damaged => {
                if let Some(hand) = &mut self.draft.hand {
                    hand.damaged = !hand.damaged;
                    let code = if hand.damaged {
                        FeedbackCode::MarkedDamaged
                    } else {
                        FeedbackCode::MarkedSound
                    };
                    out.accept(code, []);
                }
            }
            ActionCode::Later if self.order.is_some() => {
                if self.draft.hand.is_some() {
                    finish_line(self, view, ctx, out)?;
                }
                out.finished = self.draft.hand.is_none();
            }
            ActionCode::Done if self.order.is_some() => {
                if self.draft.hand.is_some() {
                    finish_line(self, view, ctx, out)?;
                }
                if self.draft.hand.is_some() {
                    return Ok(true);
                }
                let differing = self.order.as_ref().map_or(0, OrderWork::differing);
                if differing > 0 {
                    let args = [differing.to_string()];
                    let question = Feedback::attention(FeedbackCode::OrderDiffersConfirm, args);
                    self.draft.last_raw.clear();
                    self.draft.ask(question.clone());
                    out.feedback = Some(question);
                } else {
                    self.finish(view, out)?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Receive {
    /// Looks which deliveries are announced.
    pub(crate) fn offer(&mut self, view: &dyn SiteView) -> Result<(), ViewError> {
        let open = view.open_orders(OrderType::Inbound, OrderStep::Receive)?;
        self.offers = open.iter().map(OrderFacts::as_choice).collect();
        Ok(())
    }

    /// What can be chosen instead of scanning.
    pub(crate) fn choices(&self) -> &[Choice] {
        let draft = &self.draft;
        let begun = draft.hand.is_some() || draft.bin.is_some() || !draft.lines.is_empty();
        if begun || draft.typed.is_some() || self.order.is_some() {
            return &[];
        }
        &self.offers
    }

    /// Says that everything has come that will come.
    fn finish(&mut self, view: &dyn SiteView, out: &mut Out) -> Result<(), ViewError> {
        if let Some(order) = &self.order {
            let known = view.finished(order.id(), OrderStep::Receive)?;
            out.write(order.finish(known));
            out.accept(FeedbackCode::OrderFinished, [order.facts.code.clone()]);
            out.finished = true;
        }
        Ok(())
    }
}
