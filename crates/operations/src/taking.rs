//! Goods come into the hand: by item, by a new licence plate, or as a unit that the book knows.

use domain::{Quantity, UnitId};

use crate::codes::FeedbackCode;
use crate::context::Context;
use crate::flow::{Out, Procedure, advance};
use crate::hand::{Hand, count, out_of_range, smallest};
use crate::resolve::{Match, Resolved, resolve};
use crate::scanned::{CodeFields, Scanned};
use crate::site_view::{ItemFacts, SiteView, UnitFacts, ViewError};

/// The code in hand came again: one more, unless there is only one of it.
pub(crate) fn again<P: Procedure>(
    p: &mut P,
    scanned: &Scanned,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let draft = p.draft_mut();
    draft.last_raw = scanned.raw.trim().to_owned();
    let Some(hand) = &mut draft.hand else {
        return Ok(());
    };
    if hand.whole.is_some() || hand.is_single() || hand.plate.is_some() {
        out.refuse(
            FeedbackCode::DuplicateScan,
            [ctx.time_of_day.clone(), ctx.operator.clone()],
        );
        return Ok(());
    }
    let more = count(scanned);
    let mut next = hand.clone();
    next.exactly = None;
    match next.typed {
        Some(typed) => next.typed = Some(typed.plus(more.unwrap_or(Quantity::ONE))),
        None => next.scans = next.scans.saturating_add(1),
    }
    match next.amount() {
        Some(amount) => {
            *hand = next;
            out.accept(FeedbackCode::QuantitySet, [amount.to_string()]);
            advance(p, view, ctx, out)
        }
        None => {
            out.feedback = Some(out_of_range(smallest(hand.item.as_ref()), Quantity::LIMIT));
            Ok(())
        }
    }
}

/// Goods named by their item come into the hand.
pub(crate) fn take_item<P: Procedure>(
    p: &mut P,
    scanned: &Scanned,
    item: ItemFacts,
    pack: Quantity,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let plate = p.draft_mut().hand.take();
    let mut hand = Hand::of_item(scanned, item.clone(), pack);
    if let Some(plate) = plate.filter(|h| h.item.is_none()) {
        hand = Hand {
            lot: hand.lot.or(plate.lot),
            expiry: hand.expiry.or(plate.expiry),
            ..hand
        };
        hand.plate = plate.plate;
        hand.typed = hand.typed.or(plate.typed);
        hand.set_item(item.clone());
    }
    let prefix = p.draft_mut().typed.take();
    let prefix = prefix.filter(|_| !hand.is_single());
    if let Some(prefix) = prefix
        && let Err(refusal) = hand.set_typed(prefix, smallest(Some(&item)))
    {
        out.feedback = Some(refusal);
        return Ok(());
    }
    hand.closed = p.counts_at_once();
    let draft = p.draft_mut();
    draft.last_good = item.name(ctx.language).to_owned();
    draft.last_raw = scanned.raw.trim().to_owned();
    draft.hand = Some(hand);
    out.accept(
        FeedbackCode::ItemSelected,
        [item.name(ctx.language).to_owned()],
    );
    advance(p, view, ctx, out)
}

/// A new licence plate: its goods come with the next scan, or in the same code.
pub(crate) fn take_plate<P: Procedure>(
    p: &mut P,
    scanned: &Scanned,
    plate: UnitId,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let draft = p.draft_mut();
    draft.last_good = plate.printed().to_owned();
    draft.hand = Some(Hand::of_plate(scanned, plate.clone()));
    out.accept(FeedbackCode::ItemSelected, [plate.printed().to_owned()]);
    if scanned.fields.gtin.is_none() {
        return advance(p, view, ctx, out);
    }
    let contents = CodeFields {
        sscc: None,
        serial: None,
        ..scanned.fields.clone()
    };
    let contents = Scanned {
        fields: contents,
        ..scanned.clone()
    };
    if let Resolved::Known(matches) = resolve(&contents, view)? {
        for found in matches {
            if let Match::Item { item, pack } = found {
                return take_item(p, &contents, item, pack, view, ctx, out);
            }
        }
    }
    advance(p, view, ctx, out)
}

/// A unit that the book knows comes into the hand.
pub(crate) fn take_unit<P: Procedure>(
    p: &mut P,
    scanned: &Scanned,
    unit: &UnitFacts,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    if let Some(refusal) = p.refuse_unit(unit, ctx) {
        out.feedback = Some(refusal);
        return Ok(());
    }
    let mut hand = Hand::of_unit(scanned, unit);
    if !p.adopts_units() {
        // It comes back after it was issued: what it holds now is asked, the name stays.
        hand = Hand {
            plate: Some(unit.id.clone()),
            ..Hand::of_item(scanned, unit.item.clone(), Quantity::ONE)
        };
        if unit.item.tracks_serial {
            hand.typed = Some(Quantity::ONE);
        }
    }
    hand.closed = p.counts_at_once();
    let draft = p.draft_mut();
    draft.typed = None;
    draft.last_good = unit.id.printed().to_owned();
    draft.last_raw = scanned.raw.trim().to_owned();
    draft.hand = Some(hand);
    out.accept(FeedbackCode::ItemSelected, [unit.id.printed().to_owned()]);
    advance(p, view, ctx, out)
}
