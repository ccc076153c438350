//! Goods come into the house: what receiving and returns have in common.

use crate::codes::FeedbackCode;
use crate::context::Context;
use crate::draft::{Draft, Need};
use crate::flow::{Out, Procedure, advance, put_down};
use crate::hand::Hand;
use crate::screen::Feedback;
use crate::site_view::{BinFacts, SiteView, ViewError};

/// What has to be known before goods are in the book: which they are, and where they are put.
pub(crate) fn missing(draft: &mut Draft, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
    let of_goods = missing_of_goods(draft.hand.as_mut(), view)?;
    Ok(of_goods.or_else(|| draft.bin.is_none().then(|| Need::Bin(Vec::new()))))
}

/// Lot, day and serial number, as far as the item is tracked by them.
pub(crate) fn missing_of_goods(
    hand: Option<&mut Hand>,
    view: &dyn SiteView,
) -> Result<Option<Need>, ViewError> {
    let Some(hand) = hand else {
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
    Ok(None)
}

/// The label says another last good day than is known of the lot.
pub(crate) fn expiry_differs(
    hand: &Hand,
    view: &dyn SiteView,
) -> Result<Option<Feedback>, ViewError> {
    let (Some(item), Some(lot), Some(day)) = (&hand.item, &hand.lot, hand.expiry) else {
        return Ok(None);
    };
    let known = view.lot_expiry(item.id, lot)?.filter(|known| *known != day);
    Ok(known.map(|known| {
        let args = [day.to_string(), known.to_string()];
        Feedback::attention(FeedbackCode::ExpiryDiffers, args)
    }))
}

/// The bin holds from the next line on; a line that waits for its number goes where it was meant to.
pub(crate) fn take_bin<P: Procedure>(
    p: &mut P,
    bin: BinFacts,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    if p.draft().bin.is_some() && p.draft().need == Need::Quantity && !put_down(p, view, ctx, out)?
    {
        return Ok(());
    }
    if out.feedback.is_none() {
        out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
    }
    p.draft_mut().bin = Some(bin);
    advance(p, view, ctx, out)
}
