//! Orders at the desk of a procedure: which are offered, which one is worked on, and how the work on it ends.

use domain::{OrderId, OrderStep, OrderType};
use serde::{Deserialize, Serialize};

use crate::code_input::finish_line;
use crate::codes::{ActionCode, FeedbackCode};
use crate::context::Context;
use crate::flow::{Out, Procedure};
use crate::order_work::OrderWork;
use crate::screen::{Choice, Feedback};
use crate::site_view::{SiteView, ViewError};

/// Which orders a procedure works on, and which of their steps it does.
pub(crate) struct Job {
    pub(crate) kinds: &'static [OrderType],
    pub(crate) step: OrderStep,
    /// Orders are offered once this step of them is finished. Their numbers open them at any time.
    pub(crate) after: Option<OrderStep>,
}

/// The order that a procedure works on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Desk {
    #[serde(default)]
    pub(crate) order: Option<OrderWork>,
    /// Orders that can be chosen while nothing is begun.
    #[serde(default)]
    offers: Vec<Choice>,
}

impl Desk {
    /// Looks which orders are to be worked on.
    pub(crate) fn offer(&mut self, job: &Job, view: &dyn SiteView) -> Result<(), ViewError> {
        self.offers.clear();
        for kind in job.kinds {
            for order in view.open_orders(*kind, job.step)? {
                let is_due = match job.after {
                    Some(step) => view.order(order.id, step)?.is_some_and(|o| o.finished),
                    None => true,
                };
                self.offers
                    .extend((is_due && !order.barred).then(|| order.as_choice()));
            }
        }
        Ok(())
    }

    /// What can be chosen instead of scanning.
    pub(crate) fn offers(&self) -> &[Choice] {
        match self.order {
            Some(_) => &[],
            None => &self.offers,
        }
    }
}

/// What can be chosen at the desk of a procedure: nothing once anything is begun.
pub(crate) fn choices<P: Procedure + ?Sized>(p: &P) -> &[Choice] {
    let draft = p.draft();
    let begun = draft.hand.is_some() || draft.bin.is_some() || !draft.lines.is_empty();
    match p.desk() {
        Some(desk) if !begun && draft.typed.is_none() => desk.offers(),
        _ => &[],
    }
}

/// An order was scanned or chosen. Returns whether it is one to be worked on here.
pub(crate) fn take_order<P: Procedure + ?Sized>(
    p: &mut P,
    id: OrderId,
    view: &dyn SiteView,
    out: &mut Out,
) -> Result<bool, ViewError> {
    let Some(job) = p.job() else {
        return Ok(false);
    };
    let begun = !p.draft().lines.is_empty();
    let (Some(desk), Some(facts)) = (p.desk_mut(), view.order(id, job.step)?) else {
        return Ok(false);
    };
    if !job.kinds.contains(&facts.kind) {
        return Ok(false);
    }
    let code = facts.code.clone();
    let something_else_is_begun = match &desk.order {
        Some(order) => order.id() != id,
        None => begun,
    };
    if something_else_is_begun {
        out.refuse(FeedbackCode::FinishOrderFirst, [code]);
        return Ok(true);
    }
    if facts.cancelled {
        out.refuse(FeedbackCode::OrderCalledOff, [code]);
        return Ok(true);
    }
    if facts.barred {
        out.refuse(FeedbackCode::SomebodyElse, [code]);
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
    desk.order = Some(OrderWork::new(facts, job.step));
    Ok(true)
}

/// The buttons that end the work on an order, or put it off. Returns whether it was one.
pub(crate) fn action<P: Procedure>(
    p: &mut P,
    action: ActionCode,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<bool, ViewError> {
    let works = p.desk().is_some_and(|desk| desk.order.is_some());
    if !works || !matches!(action, ActionCode::Done | ActionCode::Later) {
        return Ok(false);
    }
    if p.draft().hand.is_some() {
        finish_line(p, view, ctx, out)?;
    }
    if p.draft().hand.is_some() || p.draft().asked.is_some() {
        return Ok(true);
    }
    if action == ActionCode::Later {
        out.finished = true;
        return Ok(true);
    }
    let order = p.desk().and_then(|desk| desk.order.as_ref());
    let differing = order.map_or(0, OrderWork::differing);
    if differing == 0 {
        finish(p, view, out)?;
        return Ok(true);
    }
    let question = Feedback::attention(FeedbackCode::OrderDiffersConfirm, [differing.to_string()]);
    p.draft_mut().last_raw.clear();
    p.draft_mut().ask(question.clone());
    out.feedback = Some(question);
    Ok(true)
}

/// Says that everything was done that will be done.
pub(crate) fn finish<P: Procedure + ?Sized>(
    p: &P,
    view: &dyn SiteView,
    out: &mut Out,
) -> Result<(), ViewError> {
    if let Some(order) = p.desk().and_then(|desk| desk.order.as_ref()) {
        out.write(order.finish(view)?);
        out.accept(FeedbackCode::OrderFinished, [order.facts.code.clone()]);
        out.finished = true;
    }
    Ok(())
}
