//! Put away: goods that came in go from the dock to the bin where they are kept.

use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FactCode, FeedbackCode, PromptCode};
use crate::context::Context;
use crate::draft::{Draft, Need};
use crate::flow::{Out, Procedure, advance, confirm_line};
use crate::issue::{all_of_pile, refuse_issued};
use crate::keeps::keeps_draft;
use crate::put_away_plan::{Suggestion, suggest};
use crate::screen::{Fact, Feedback, Prompt};
use crate::site_view::{BinFacts, SiteView, UnitFacts, ViewError};
use crate::{moving, stock_source};

/// The state of putting away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutAway {
    pub(crate) draft: Draft,
    /// Where the goods in hand should go.
    suggestion: Option<Suggestion>,
    /// The other bin about which a question is open.
    other_bin: Option<BinFacts>,
}

impl Procedure for PutAway {
    keeps_draft!();

    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        refuse_issued(unit)
    }

    /// The bin that goods leave, or the one that they go to: another one than suggested is scanned twice.
    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        if self.draft.need != Need::ToBin {
            out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
            self.draft.bin = Some(bin);
            self.draft.line_bin = None;
            return advance(self, view, ctx, out);
        }
        if self.draft.source().is_some_and(|from| from.id == bin.id) {
            out.refuse(FeedbackCode::SameBin, [bin.code]);
            return Ok(());
        }
        let suggested = self.suggestion.as_ref().map(|s| &s.bin);
        if let Some(suggested) = suggested.filter(|suggested| suggested.id != bin.id) {
            let args = [bin.code.clone(), suggested.code.clone()];
            let question = Feedback::attention(FeedbackCode::OtherTargetConfirm, args);
            self.other_bin = Some(bin);
            self.draft.ask(question.clone());
            out.feedback = Some(question);
            return Ok(());
        }
        self.put_into(bin, view, ctx, out)
    }

    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        if let Some(need) = stock_source::missing(&mut self.draft, view)? {
            return Ok(Some(need));
        }
        if self.draft.to.is_some() {
            return Ok(None);
        }
        let in_hand = self.draft.hand.as_ref().zip(self.draft.source());
        self.suggestion = match in_hand {
            Some((hand, from)) => suggest(hand, from, view)?,
            None => None,
        };
        Ok(Some(Need::ToBin))
    }

    fn doubts(&self, view: &dyn SiteView, _: &Context) -> Result<Vec<Feedback>, ViewError> {
        moving::doubts(&self.draft, view)
    }

    fn write(&mut self, _: &dyn SiteView, ctx: &Context, out: &mut Out) -> Result<(), ViewError> {
        moving::write(&mut self.draft, None, FeedbackCode::PutAway, ctx, out);
        self.suggestion = None;
        Ok(())
    }

    fn confirmed(
        &mut self,
        code: FeedbackCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        match (code, self.other_bin.take()) {
            (FeedbackCode::OtherTargetConfirm, Some(bin)) => self.put_into(bin, view, ctx, out),
            _ => confirm_line(self, code, view, ctx, out),
        }
    }

    /// The goods stay in hand.
    fn keeps_hand(&self, declined: FeedbackCode) -> bool {
        declined == FeedbackCode::OtherTargetConfirm
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        if action != ActionCode::AllOfIt || self.draft.hand.is_none() {
            return Ok(false);
        }
        all_of_pile(&mut self.draft, out);
        advance(self, view, ctx, out)?;
        Ok(true)
    }
}

impl PutAway {
    fn put_into(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
        self.draft.to = Some(bin);
        if let Some(hand) = &mut self.draft.hand {
            hand.closed = true;
        }
        advance(self, view, ctx, out)
    }

    fn suggested(&self) -> Option<&Suggestion> {
        self.suggestion
            .as_ref()
            .filter(|_| self.draft.need == Need::ToBin)
    }

    /// Where to go with the goods in hand.
    pub(crate) fn prompt(&self) -> Option<Prompt> {
        let plain = self.draft.asked.is_none() && self.draft.unknown.is_none();
        let suggested = self.suggested().filter(|_| plain)?;
        Some(Prompt {
            code: PromptCode::PutInto,
            args: vec![suggested.bin.code.clone()],
        })
    }

    /// The bin that is suggested, large, and why.
    pub(crate) fn suggestion_facts(&self) -> Vec<Fact> {
        let (Some(suggested), Some(item)) = (self.suggested(), self.draft.item()) else {
            return Vec::new();
        };
        let bin = Fact {
            label: FactCode::SuggestedBin,
            value: suggested.bin.code.clone(),
            emphasis: true,
        };
        vec![bin, suggested.why(item)]
    }
}
