//! What is asked before a line is written. A doubt never forbids: confirmed, it is recorded as it was.

use domain::{Quantity, site_day};

use crate::codes::FeedbackCode;
use crate::context::Context;
use crate::draft::Draft;
use crate::hand::Hand;
use crate::screen::Feedback;

/// More base units than this in one line are asked about.
const MUCH: Quantity = Quantity::from_thousandths(1_000_000);

/// The goods are past their last good day.
pub(crate) fn expired(hand: &Hand, ctx: &Context) -> Option<Feedback> {
    let expiry = hand.expiry?;
    let expired = site_day::is_expired(expiry, ctx.now, &ctx.time_zone)?;
    expired.then(|| Feedback::attention(FeedbackCode::Expired, [expiry.to_string()]))
}

/// Somebody may have typed a barcode into the number. What the book knows of a unit is no typing slip.
pub(crate) fn too_much(hand: &Hand) -> Option<Feedback> {
    much(hand.amount().filter(|_| hand.whole.is_none())?)
}

/// The same for a bare amount.
pub(crate) fn much(amount: Quantity) -> Option<Feedback> {
    let args = [amount.to_string()];
    (amount > MUCH).then(|| Feedback::attention(FeedbackCode::QuantityTooLargeConfirm, args))
}

/// The book shows less in this bin.
pub(crate) fn not_enough(draft: &Draft) -> Option<Feedback> {
    // A unit in the wrong bin is asked about as such; the pile there need not hold it.
    if wrong_bin(draft).is_some() {
        return None;
    }
    let here = draft.here?;
    let short = draft.hand.as_ref()?.amount()? > here;
    short.then(|| {
        let shown = if here > Quantity::ZERO {
            here
        } else {
            Quantity::ZERO
        };
        Feedback::attention(FeedbackCode::NotEnoughHere, [shown.to_string()])
    })
}

/// The book has this unit in another bin.
pub(crate) fn wrong_bin(draft: &Draft) -> Option<Feedback> {
    let expected = draft.hand.as_ref()?.unit_bin.as_ref()?;
    let scanned = draft.source()?;
    (scanned.id != expected.id).then(|| {
        Feedback::attention(
            FeedbackCode::WrongBin,
            [scanned.code.clone(), expected.code.clone()],
        )
    })
}
