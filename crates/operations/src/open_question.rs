//! A question that is open, and its answer.

use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FeedbackCode};
use crate::context::Context;
use crate::doubt;
use crate::flow::{self, Out, Procedure};
use crate::screen::{Feedback, Input, Question};
use crate::site_view::{SiteView, ViewError};

/// What was asked, and the code that says yes when it is scanned again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) question: Question,
    raw: String,
}

impl Asked {
    pub(crate) fn new(question: Feedback, raw: &str) -> Self {
        let Feedback { code, args, .. } = question;
        Self {
            question: Question { code, args },
            raw: raw.to_owned(),
        }
    }
}

/// Takes an input while a question is open. A new number answers a question about the number; any other scan is
/// refused aloud, never swallowed.
pub(crate) fn answer<P: Procedure>(
    p: &mut P,
    asked: &Asked,
    input: Input,
    view: &dyn SiteView,
    ctx: &Context,
    out: &mut Out,
) -> Result<(), ViewError> {
    let about_amount = matches!(
        asked.question.code,
        FeedbackCode::QuantityTooLargeConfirm | FeedbackCode::NotEnoughHere
    );
    let yes = match input {
        Input::Action(ActionCode::Confirm) => true,
        Input::Scan(scanned) if !asked.raw.is_empty() && scanned.raw.trim() == asked.raw => true,
        Input::Action(ActionCode::Cancel) | Input::Undo(_) => false,
        Input::Quantity(quantity) if about_amount => {
            p.draft_mut().asked = None;
            return flow::quantity(p, quantity, view, ctx, out);
        }
        _ => {
            out.feedback = Some(Feedback::refused(FeedbackCode::AnswerFirst, []));
            return Ok(());
        }
    };
    p.draft_mut().asked = None;
    if yes {
        if doubt::is_about_frozen(asked.question.code) {
            let bin = asked.question.args.first().cloned();
            p.draft_mut().used_frozen.extend(bin);
        }
        return p.confirmed(asked.question.code, view, ctx, out);
    }
    p.declined(asked.question.code);
    if p.keeps_hand(asked.question.code) {
        return Ok(());
    }
    let draft = p.draft_mut();
    match asked.question.code {
        FeedbackCode::CountEmptyConfirm
        | FeedbackCode::DiscardConfirm
        | FeedbackCode::OrderDiffersConfirm => Ok(()),
        // Another target will do; without another source there is no line.
        FeedbackCode::BinFrozenByCount
            if draft.to.as_ref().map(|to| &to.code) == asked.question.args.first() =>
        {
            draft.to = None;
            flow::advance(p, view, ctx, out)
        }
        FeedbackCode::WrongBin => {
            draft.line_bin = None;
            draft.bin = None;
            draft.to = None;
            reopen(draft.hand.as_mut());
            flow::advance(p, view, ctx, out)
        }
        _ if about_amount && draft.hand.as_ref().is_some_and(|h| h.whole.is_none()) => {
            draft.to = None;
            reopen(draft.hand.as_mut());
            flow::advance(p, view, ctx, out)
        }
        _ => {
            draft.drop_hand();
            Ok(())
        }
    }
}

/// The amount is open again.
fn reopen(hand: Option<&mut crate::hand::Hand>) {
    if let Some(hand) = hand {
        hand.typed = None;
        hand.exactly = None;
        hand.closed = false;
        hand.scans = 1;
    }
}
