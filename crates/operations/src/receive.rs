//! Receive: goods come in.

use std::collections::BTreeMap;

use domain::ledger::UnitStatus;
use domain::{EventBody, OrderLine, OrderStep, OrderType, Quantity, UnitId};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode, LineStatus, ReasonCode};
use crate::context::Context;
use crate::desk::{self, Desk, Job};
use crate::draft::{Draft, Need, amount, line};
use crate::flow::{Out, Procedure, advance, close, put_down};
use crate::hand::Hand;
use crate::keeps::{keeps_desk, keeps_draft};
use crate::resolve::Match;
use crate::scanned::Scanned;
use crate::screen::{Feedback, Line, Said};
use crate::site_view::{BinFacts, CartonFacts, SiteView, UnitFacts, ViewError};
use crate::{doubt, incoming};

/// The state of a receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receive {
    pub(crate) draft: Draft,
    /// The delivery that was announced, if this is one.
    #[serde(flatten)]
    pub(crate) desk: Desk,
    /// Every code that nobody knows is another unit of these goods.
    #[serde(default)]
    batch: Option<Box<Batch>>,
    /// A carton of the delivery that waits for the bin where it is put.
    #[serde(default)]
    carton: Option<UnitId>,
}

/// Goods of which many units come, each with a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Batch {
    goods: Hand,
    /// How many were taken so far.
    units: u32,
}

impl Batch {
    /// The next unit of the same goods: a serial number where each piece has one, else a licence plate.
    fn next(&self, scanned: &Scanned) -> Hand {
        let mut hand = self.goods.clone();
        let raw = scanned.raw.trim();
        raw.clone_into(&mut hand.raw);
        if hand.item.as_ref().is_some_and(|i| i.tracks_serial) {
            hand.serial = Some(raw.to_owned());
            hand.plate = None;
        } else {
            hand.plate = Some(UnitId::plate(scanned.fields.sscc.as_deref().unwrap_or(raw)));
        }
        hand.confirmed = self.goods.confirmed.clone();
        hand
    }
}

const JOB: Job = Job {
    kinds: &[OrderType::Inbound],
    step: OrderStep::Receive,
    after: None,
};

impl Procedure for Receive {
    keeps_draft!();
    keeps_desk!(JOB);

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
        incoming::take_bin(self, bin, view, ctx, out)?;
        if self.draft.hand.is_none()
            && let Some(plate) = self.carton.take()
        {
            self.take_arriving(&plate, view, ctx, out)?;
        }
        Ok(())
    }

    /// A carton that waits for its bin is put down first.
    fn refuse_goods(&self, _: &Match, _: &str) -> Option<Feedback> {
        let waits = self.carton.is_some();
        waits.then(|| Feedback::refused(FeedbackCode::ScanBinFirst, []))
    }

    /// What is in the house cannot come in; what went out from here may come back.
    fn take_carton(
        &mut self,
        carton: &CartonFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let plate = carton.plate.printed().to_owned();
        if let Some(first) = carton.contents.first() {
            out.refuse(FeedbackCode::CartonHere, [plate, first.bin.code.clone()]);
        } else if !self.take_arriving(&carton.plate, view, ctx, out)? {
            out.refuse(FeedbackCode::CartonGone, [plate]);
        }
        Ok(true)
    }

    /// A carton that is announced, or the next unit of the batch.
    fn take_unknown(
        &mut self,
        scanned: &Scanned,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let plate = scanned.fields.sscc.as_deref().unwrap_or(&scanned.raw);
        if self.take_arriving(&UnitId::plate(plate), view, ctx, out)? {
            return Ok(true);
        }
        let Some(batch) = self.batch.as_ref().filter(|_| self.draft.hand.is_none()) else {
            return Ok(false);
        };
        self.draft.hand = Some(batch.next(scanned));
        self.draft.last_raw = scanned.raw.trim().to_owned();
        self.draft.last_good = scanned.shown();
        advance(self, view, ctx, out)?;
        Ok(true)
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
                carton: None,
            });
            self.draft.add_line(written);
            if let Some(batch) = self.batch.as_mut().filter(|_| hand.unit().is_some()) {
                batch.units += 1;
                // What was asked about the first unit is not asked again.
                batch.goods.confirmed = hand.confirmed.clone();
            }
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
        match (action, self.batch.take()) {
            (ActionCode::Batch, _) => return self.begin_batch(view, ctx, out),
            (ActionCode::EndBatch, Some(batch)) => {
                let name = batch.goods.item.map(|i| i.sku).unwrap_or_default();
                out.accept(FeedbackCode::BatchEnded, [batch.units.to_string(), name]);
                return Ok(true);
            }
            (_, batch) => self.batch = batch,
        }
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

impl Receive {
    /// Takes in all that an announced carton holds by the word of whoever packed it. What is missing or damaged is received by
    /// the piece instead, without the label. Returns whether any delivery announces it.
    fn take_arriving(
        &mut self,
        plate: &UnitId,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let Some(arriving) = view.arriving(plate)? else {
            return Ok(false);
        };
        let printed = plate.printed().to_owned();
        if !put_down(self, view, ctx, out)? {
            return Ok(true);
        }
        if self.desk.order.is_none() {
            desk::take_order(self, arriving.order, view, out)?;
        }
        let Some(order) = &mut self.desk.order else {
            // Called off, somebody else's, or other work is begun: that was said.
            return Ok(true);
        };
        if order.id() != arriving.order {
            out.refuse(FeedbackCode::CartonOfOtherOrder, [printed, arriving.code]);
            return Ok(true);
        }
        if order.facts.cancelled {
            out.refuse(FeedbackCode::OrderCalledOff, [arriving.code]);
            return Ok(true);
        }
        let room = |number: u32| {
            let line = order.facts.lines.iter().find(|line| line.number == number);
            line.map_or(Quantity::ZERO, |line| line.asked.minus(line.done))
        };
        let mut wanted: BTreeMap<u32, Quantity> = BTreeMap::new();
        for (line, _, _, quantity) in &arriving.contents {
            let sum = wanted.entry(*line).or_default();
            *sum = sum.plus(*quantity);
        }
        if wanted
            .iter()
            .any(|(line, quantity)| *quantity > room(*line))
        {
            out.refuse(FeedbackCode::CartonPartly, [printed]);
            return Ok(true);
        }
        let Some(bin) = self.draft.bin.clone() else {
            self.carton = Some(plate.clone());
            out.accept(FeedbackCode::CartonArrives, [printed, arriving.code]);
            return Ok(true);
        };
        let lines = arriving.contents.len();
        for (line, item, goods, quantity) in arriving.contents {
            out.events.push(Said {
                body: EventBody::Received {
                    bin: bin.id,
                    goods,
                    quantity,
                },
                order: Some(OrderLine {
                    order: arriving.order,
                    line,
                }),
                reason: None,
                carton: Some(plate.clone()),
            });
            order.count_line(line, quantity);
            self.draft.add_line(Line {
                title: item.name(ctx.language).to_owned(),
                subtitle: format!("{printed} · {}", bin.code),
                quantity: amount(quantity, &item),
                status: LineStatus::Saved,
                time: ctx.time_of_day.clone(),
            });
        }
        let args = [printed, lines.to_string(), bin.code];
        out.accept(FeedbackCode::CartonReceived, args);
        Ok(true)
    }

    /// Whether many units of the goods in hand can follow one after the other: pieces with serial numbers, or goods under a
    /// licence plate.
    pub(crate) fn can_batch(&self) -> bool {
        let hand = self.draft.hand.as_ref();
        let units = |hand: &Hand| {
            let serial = hand.item.as_ref().is_some_and(|i| i.tracks_serial);
            hand.item.is_some() && (serial || hand.plate.is_some())
        };
        matches!(self.draft.need, Need::Serial | Need::Quantity) && hand.is_some_and(units)
    }

    /// From now on every code that nobody knows is another unit of the goods in hand. Pieces with serial numbers begin with
    /// the next code; of a pallet, the one in hand is the first.
    fn begin_batch(
        &mut self,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let Some(hand) = self.draft.hand.clone().filter(|_| self.can_batch()) else {
            return Ok(false);
        };
        let item = hand.item.clone();
        let is_serial = item.as_ref().is_some_and(|i| i.tracks_serial);
        let amount = match is_serial {
            true => Some(Quantity::ONE),
            false => hand.amount(),
        };
        self.batch = Some(Box::new(Batch {
            goods: Hand {
                serial: None,
                plate: None,
                exactly: amount,
                closed: true,
                ..hand.clone()
            },
            units: 0,
        }));
        if is_serial && hand.serial.is_none() {
            self.draft.drop_hand();
        } else {
            close(self, view, ctx, out)?;
        }
        if out.feedback.is_none() {
            let name = item.map(|i| i.name(ctx.language).to_owned());
            out.accept(FeedbackCode::BatchBegun, [name.unwrap_or_default()]);
        }
        Ok(true)
    }

    /// How many units of the batch came so far; `None` outside of one.
    pub(crate) fn batched(&self) -> Option<u32> {
        self.batch.as_ref().map(|batch| batch.units)
    }
}
