//! Goods in hand go from one bin to another: what move, put away and pick have in common.

use domain::{EventBody, OrderLine, Quantity};

use crate::codes::{FeedbackCode, LineStatus};
use crate::context::Context;
use crate::doubt;
use crate::draft::{Draft, line};
use crate::flow::Out;
use crate::screen::{Feedback, Said};
use crate::site_view::{SiteView, ViewError};

/// What should be asked before they move, gravest first.
pub(crate) fn doubts(draft: &Draft, view: &dyn SiteView) -> Result<Vec<Feedback>, ViewError> {
    let Some(hand) = &draft.hand else {
        return Ok(Vec::new());
    };
    let doubts = [
        doubt::wrong_bin(draft),
        doubt::under_count(draft, draft.source().into_iter().chain(&draft.to), view)?,
        doubt::not_enough(draft),
        doubt::too_much(hand),
    ];
    Ok(doubts.into_iter().flatten().collect())
}

/// Writes the move, for a line of an order if it serves one, and says so with `done`: quantity, item, target bin. Returns
/// how much moved; `None` while something is not known.
pub(crate) fn write(
    draft: &mut Draft,
    order: Option<OrderLine>,
    done: FeedbackCode,
    ctx: &Context,
    out: &mut Out,
) -> Option<Quantity> {
    let hand = draft.hand.as_ref()?;
    let (from, to) = (draft.source()?, draft.to.as_ref()?);
    let (goods, quantity) = (hand.goods()?, hand.amount()?);
    let bins = format!("{} → {}", from.code, to.code);
    let written = line(hand, quantity, &bins, LineStatus::Saved, ctx);
    let args = [
        written.quantity.clone(),
        written.title.clone(),
        to.code.clone(),
    ];
    out.accept(done, args);
    out.events.push(Said {
        body: EventBody::Moved {
            from: from.id,
            to: to.id,
            goods,
            quantity,
        },
        order,
        reason: None,
        carton: None,
    });
    draft.add_line(written);
    Some(quantity)
}
