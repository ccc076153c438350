//! Answers to what the line in hand lacks: scanned, typed, chosen, or a button.

use crate::codes::{ActionCode, FeedbackCode};
use crate::context::Context;
use crate::draft::Need;
use crate::flow::{self, Out, Procedure, advance, close, parse_day};
use crate::resolve::{Match, Resolved, resolve};
use crate::scanned::{CodeFault, CodeFields, Scanned};
use crate::site_view::{SiteView, ViewError};
use crate::taking;
use domain::UnitId;

/// A code while a lot, a day or a serial number is asked.
pub(crate) fn value_scan<P: Procedure>(
    p: &mut P,
    scanned: &Scanned,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let known = match resolve(scanned, view)? {
        Resolved::Known(matches) => matches,
        _ => Vec::new(),
    };
    let in_hand = p.draft().item().map(|i| i.id);
    let same_goods = known.iter().any(|m| match m {
        Match::Item { item, .. } => Some(item.id) == in_hand,
        Match::Unit(unit) => Some(unit.item.id) == in_hand,
        _ => false,
    });
    let value = match p.draft().need {
        Need::Lot(_) => scanned.fields.lot.clone(),
        Need::Expiry => scanned.fields.expiry.map(|d| d.to_string()),
        _ => scanned.fields.serial.clone(),
    };
    let is_damaged = scanned
        .fault
        .is_some_and(|fault| fault != CodeFault::WrongCheckDigit);
    let is_text = scanned.fields == CodeFields::default() && !is_damaged;
    match value {
        Some(value)
            if same_goods
                || (scanned.fields.gtin.is_none() && scanned.fields.item_codes.is_empty()) =>
        {
            take_value(p, &value, view, ctx, out)
        }
        None if is_text && known.is_empty() => take_value(p, &scanned.raw, view, ctx, out),
        None if is_text && same_goods && p.draft().need == Need::Serial => {
            take_value(p, &scanned.raw, view, ctx, out)
        }
        _ => {
            out.refuse(FeedbackCode::WrongKindHere, [scanned.shown()]);
            Ok(())
        }
    }
}

/// A typed text: the answer, or else a code read aloud.
pub(crate) fn text<P: Procedure>(
    p: &mut P,
    text: &str,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    if p.take_text(text, out) {
        return Ok(());
    }
    match p.draft().need {
        Need::Lot(_) | Need::Expiry | Need::Serial if p.draft().hand.is_some() => {
            take_value(p, text, view, ctx, out)
        }
        _ => flow::scan(p, &Scanned::plain(text), view, ctx, out),
    }
}

fn take_value<P: Procedure>(
    p: &mut P,
    value: &str,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let value = value.trim();
    let need = p.draft().need.clone();
    let Some(hand) = p.draft_mut().hand.as_mut() else {
        return Ok(());
    };
    // GS1 allows twenty characters; people's own lots are longer, but not a page.
    if value.is_empty() || value.chars().count() > 60 || value.chars().any(char::is_control) {
        out.refuse(FeedbackCode::WrongKindHere, [Scanned::plain(value).shown()]);
        return Ok(());
    }
    match need {
        Need::Lot(_) => {
            hand.lot = Some(value.to_owned());
            out.accept(FeedbackCode::LotSelected, [value.to_owned()]);
        }
        Need::Expiry => match parse_day(value) {
            Some(day) => hand.expiry = Some(day),
            None => {
                out.refuse(FeedbackCode::DateMalformed, [value.to_owned()]);
                return Ok(());
            }
        },
        _ => return take_serial(p, value, view, ctx, out),
    }
    advance(p, view, ctx, out)
}

/// A serial number makes the goods in hand a unit, which the book may know.
fn take_serial<P: Procedure>(
    p: &mut P,
    serial: &str,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let Some(item) = p.draft().item().map(|i| i.id) else {
        return Ok(());
    };
    if let Some(unit) = view.unit(&UnitId::serial(item, serial))? {
        let raw = p
            .draft()
            .hand
            .as_ref()
            .map(|h| h.raw.clone())
            .unwrap_or_default();
        return taking::take_unit(p, &Scanned::plain(raw), &unit, view, ctx, out);
    }
    if let Some(hand) = &mut p.draft_mut().hand {
        hand.serial = Some(serial.to_owned());
        hand.typed = None;
        hand.scans = 1;
    }
    advance(p, view, ctx, out)
}

/// One of the lots or bins that stock offers. The id of "no lot" is empty.
pub(crate) fn choose<P: Procedure>(
    p: &mut P,
    id: &str,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let draft = p.draft_mut();
    let offered = match &draft.need {
        Need::Lot(choices) | Need::Bin(choices) => choices.iter().any(|c| c.id == id),
        Need::Reason(reasons) => {
            let reason = reasons.iter().find(|reason| reason.code() == id).copied();
            if let (Some(_), Some(hand)) = (reason, &mut draft.hand) {
                hand.reason = reason;
                return advance(p, view, ctx, out);
            }
            false
        }
        _ => false,
    };
    if !offered {
        return Ok(());
    }
    if matches!(draft.need, Need::Lot(_)) {
        return if id.is_empty() {
            button(p, ActionCode::NoLot, view, ctx, out)
        } else {
            take_value(p, id, view, ctx, out)
        };
    }
    let bin = id
        .parse()
        .ok()
        .map(|id| view.bin(id))
        .transpose()?
        .flatten();
    if let Some(bin) = bin {
        out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
        p.draft_mut().line_bin = Some(bin);
        advance(p, view, ctx, out)?;
    }
    Ok(())
}

/// A button that all procedures share.
pub(crate) fn button<P: Procedure>(
    p: &mut P,
    action: ActionCode,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let draft = p.draft_mut();
    let need = draft.need.clone();
    match (action, draft.hand.as_mut()) {
        (ActionCode::NoLot, Some(hand)) if matches!(need, Need::Lot(_)) => hand.no_lot = true,
        (ActionCode::NoExpiry, Some(hand)) if need == Need::Expiry => hand.no_expiry = true,
        (ActionCode::NoSerial, Some(hand)) if need == Need::Serial => hand.no_serial = true,
        (ActionCode::Next | ActionCode::Confirm, Some(_)) => return close(p, view, ctx, out),
        (ActionCode::Cancel, Some(_)) => {
            draft.drop_hand();
            return Ok(());
        }
        (ActionCode::Cancel, None) => {
            out.finished = draft.typed.take().is_none();
            return Ok(());
        }
        (ActionCode::ChangeBin, _) => {
            draft.bin = None;
            draft.line_bin = None;
        }
        (ActionCode::Done, hand) => {
            if hand.is_some() {
                finish_line(p, view, ctx, out)?;
            }
            out.finished = p.draft().hand.is_none();
            return Ok(());
        }
        (ActionCode::Discard, hand) => {
            if hand.is_none() {
                out.finished = true;
            } else {
                let saved = draft.lines.len().to_string();
                draft.ask(crate::screen::Feedback::attention(
                    FeedbackCode::DiscardConfirm,
                    [saved],
                ));
            }
            return Ok(());
        }
        _ => return Ok(()),
    }
    advance(p, view, ctx, out)
}

/// Writes the line in hand, or says what it still lacks.
pub(crate) fn finish_line<P: Procedure>(
    p: &mut P,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    close(p, view, ctx, out)?;
    if p.draft().hand.is_some() && p.draft().asked.is_none() {
        out.refuse(FeedbackCode::FinishLineFirst, []);
    }
    Ok(())
}
