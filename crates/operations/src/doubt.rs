//! What is asked before a line is written. A doubt never forbids: confirmed, it is recorded as it was.

use domain::{Quantity, site_day};

use crate::codes::FeedbackCode;
use crate::context::Context;
use crate::draft::Draft;
use crate::hand::Hand;
use crate::screen::Feedback;
use crate::site_view::{BinFacts, Frozen, SiteView, ViewError};

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

/// What lies in the bin should not be used, and that was not asked yet. Asked, not refused: a count may be finished and this
/// device not know it yet.
pub(crate) fn frozen(
    draft: &Draft,
    bin: &BinFacts,
    view: &dyn SiteView,
) -> Result<Option<Feedback>, ViewError> {
    if draft.used_frozen.contains(&bin.code) {
        return Ok(None);
    }
    let code = bin.code.clone();
    Ok(view.frozen(bin.id)?.map(|why| match why {
        Frozen::ByCount(count) => {
            Feedback::attention(FeedbackCode::BinFrozenByCount, [code, count])
        }
        Frozen::Defective => Feedback::attention(FeedbackCode::BinOfDefective, [code]),
        Frozen::Returns => Feedback::attention(FeedbackCode::BinOfReturns, [code]),
    }))
}

/// The same of the first of several bins between which goods only move: what is defective or came back has to be moved.
pub(crate) fn under_count<'a>(
    draft: &Draft,
    bins: impl IntoIterator<Item = &'a BinFacts>,
    view: &dyn SiteView,
) -> Result<Option<Feedback>, ViewError> {
    for bin in bins {
        let asked = frozen(draft, bin, view)?;
        if asked.as_ref().map(|asked| asked.code) == Some(FeedbackCode::BinFrozenByCount) {
            return Ok(asked);
        }
    }
    Ok(None)
}

/// Whether a question is one of [`frozen`]'s.
pub(crate) const fn is_about_frozen(code: FeedbackCode) -> bool {
    matches!(
        code,
        FeedbackCode::BinFrozenByCount | FeedbackCode::BinOfDefective | FeedbackCode::BinOfReturns
    )
}
