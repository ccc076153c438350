//! Replenish: pick faces that have less than they should are filled up from reserve.

use chrono::NaiveDate;
use domain::Quantity;
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FactCode, FeedbackCode, PromptCode};
use crate::context::Context;
use crate::draft::{Draft, Need, amount};
use crate::flow::{Out, Procedure, advance};
use crate::issue::{all_of_pile, refuse_issued};
use crate::keeps::keeps_draft;
use crate::resolve::Match;
use crate::screen::{Choice, Fact, Feedback, Prompt};
use crate::site_view::{BinFacts, FaceFacts, Pile, SiteView, UnitFacts, ViewError};
use crate::{moving, stock_source};

/// The state of filling up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replenish {
    pub(crate) draft: Draft,
    /// The pick face that is filled up now.
    face: Option<FaceFacts>,
    /// Where goods for it should be fetched.
    source: Option<Source>,
    /// Those that have less than they should, the emptiest first.
    due: Vec<FaceFacts>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Source {
    bin: BinFacts,
    lot: Option<String>,
    take: Quantity,
}

impl Procedure for Replenish {
    keeps_draft!();

    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        refuse_issued(unit)
    }

    fn refuse_goods(&self, found: &Match, raw: &str) -> Option<Feedback> {
        let Some(face) = &self.face else {
            return Some(Feedback::refused(FeedbackCode::ChooseFaceFirst, []));
        };
        let item = match found {
            Match::Item { item, .. } => item,
            Match::Unit(unit) => &unit.item,
            _ => return None,
        };
        (item.id != face.item.id).then(|| {
            let args = [raw.to_owned(), face.item.sku.clone()];
            Feedback::refused(FeedbackCode::WrongItem, args)
        })
    }

    /// The pick face, the bin that goods leave, or the pick face again.
    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        let Some(face) = self.face.clone() else {
            match view.pick_face(bin.id)? {
                Some(face) => self.take_face(face, out),
                None => out.refuse(FeedbackCode::NoPickFace, [bin.code]),
            }
            return self.plan(view);
        };
        if self.draft.need == Need::ToBin {
            if bin.id != face.bin.id {
                out.refuse(FeedbackCode::WrongFace, [bin.code, face.bin.code]);
                return Ok(());
            }
            out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
            self.draft.to = Some(bin);
            if let Some(hand) = &mut self.draft.hand {
                hand.closed = true;
            }
        } else if bin.id == face.bin.id {
            out.refuse(FeedbackCode::SameBin, [bin.code]);
            return Ok(());
        } else {
            out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
            self.draft.bin = Some(bin);
            self.draft.line_bin = None;
        }
        advance(self, view, ctx, out)
    }

    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        if let Some(need) = stock_source::missing(&mut self.draft, view)? {
            return Ok(Some(need));
        }
        Ok(self.draft.to.is_none().then_some(Need::ToBin))
    }

    fn doubts(&self, view: &dyn SiteView, _: &Context) -> Result<Vec<Feedback>, ViewError> {
        moving::doubts(&self.draft, view)
    }

    fn write(&mut self, _: &dyn SiteView, ctx: &Context, out: &mut Out) -> Result<(), ViewError> {
        moving::write(&mut self.draft, None, FeedbackCode::Replenished, ctx, out);
        self.draft.bin = None;
        self.face = None;
        Ok(())
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let want = self.source.as_ref().map(|source| source.take);
        match (action, self.draft.hand.as_mut(), want) {
            (ActionCode::AllOfIt, Some(_), _) => all_of_pile(&mut self.draft, out),
            (ActionCode::AsAsked, Some(hand), Some(want)) if hand.whole.is_none() => {
                hand.exactly = Some(want);
                out.accept(FeedbackCode::QuantitySet, [want.to_string()]);
            }
            (ActionCode::Cancel, None, _) if self.face.is_some() => {
                self.face = None;
                self.draft.bin = None;
                self.draft.typed = None;
                return Ok(true);
            }
            _ => return Ok(false),
        }
        advance(self, view, ctx, out)?;
        Ok(true)
    }

    fn choose_own(
        &mut self,
        id: &str,
        view: &dyn SiteView,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let due = self.due.iter().find(|face| face.bin.id.to_string() == id);
        let Some(face) = due.filter(|_| self.offers_faces()).cloned() else {
            return Ok(false);
        };
        self.take_face(face, out);
        self.plan(view)?;
        Ok(true)
    }
}

impl Replenish {
    fn take_face(&mut self, face: FaceFacts, out: &mut Out) {
        let args = [face.bin.code.clone(), face.item.sku.clone()];
        out.accept(FeedbackCode::FaceSelected, args);
        self.face = Some(face);
    }

    fn offers_faces(&self) -> bool {
        self.face.is_none() && self.draft.hand.is_none() && self.draft.unknown.is_none()
    }

    /// Looks which faces are due, and where goods for the chosen one lie: what expires first, then the nearest bin by its
    /// code. Bins where goods only pass through count too: what came in need not be put away first.
    pub(crate) fn plan(&mut self, view: &dyn SiteView) -> Result<(), ViewError> {
        if self.face.is_none() {
            self.source = None;
            self.due = view.faces_to_fill()?;
            return Ok(());
        }
        let Some(face) = &mut self.face else {
            return Ok(());
        };
        if let Some(now) = view.pick_face(face.bin.id)? {
            *face = now;
        }
        let faces = view.pick_faces(face.item.id)?;
        let mut piles = view.stock_of_item(face.item.id)?;
        piles.retain(|pile| {
            pile.balance > Quantity::ZERO && !faces.iter().any(|(f, _)| f.bin.id == pile.bin.id)
        });
        let day = |p: &Pile| p.expiry.unwrap_or(NaiveDate::MAX);
        piles.sort_by(|a, b| (day(a), &a.bin.code, &a.lot).cmp(&(day(b), &b.bin.code, &b.lot)));
        let lacking = face.most.minus(face.has);
        self.source = piles.into_iter().next().map(|pile| Source {
            take: pile.balance.min(lacking.max(Quantity::ZERO)),
            bin: pile.bin,
            lot: pile.lot,
        });
        Ok(())
    }

    pub(crate) fn choices(&self, ctx: &Context) -> Vec<Choice> {
        if !self.offers_faces() {
            return Vec::new();
        }
        let choice = |face: &FaceFacts| Choice {
            id: face.bin.id.to_string(),
            title: face.bin.code.clone(),
            subtitle: face.item.name(ctx.language).to_owned(),
            quantity: has_of(face),
        };
        self.due.iter().map(choice).collect()
    }

    pub(crate) fn prompt(&self) -> Option<Prompt> {
        if self.draft.asked.is_some() || self.draft.unknown.is_some() {
            return None;
        }
        let prompt = |code, args: Vec<String>| Some(Prompt { code, args });
        let Some(face) = &self.face else {
            let code = match self.due.is_empty() {
                true => PromptCode::NothingToReplenish,
                false => PromptCode::ChooseFace,
            };
            return prompt(code, Vec::new());
        };
        if self.draft.need == Need::ToBin {
            return prompt(PromptCode::PutInto, vec![face.bin.code.clone()]);
        }
        if self.draft.hand.is_some() {
            return None;
        }
        let Some(source) = &self.source else {
            let args = vec![face.bin.code.clone(), face.item.sku.clone()];
            return prompt(PromptCode::NothingToFetch, args);
        };
        if self.draft.bin.is_none() {
            return prompt(PromptCode::GoToBin, vec![source.bin.code.clone()]);
        }
        let args = vec![amount(source.take, &face.item), face.item.sku.clone()];
        prompt(PromptCode::PickItem, args)
    }

    /// The bin where to go, large, and what the face has.
    pub(crate) fn due_facts(&self, ctx: &Context) -> Vec<Fact> {
        let Some(face) = &self.face else {
            return Vec::new();
        };
        let fact = |label, value, emphasis| Fact {
            label,
            value,
            emphasis,
        };
        let mut facts = Vec::new();
        if let Some(source) = self.source.as_ref().filter(|_| self.draft.hand.is_none()) {
            facts.push(fact(FactCode::FromBin, source.bin.code.clone(), true));
            let take = amount(source.take, &face.item);
            facts.push(fact(FactCode::ToPick, take, true));
            facts.extend(
                source
                    .lot
                    .clone()
                    .map(|lot| fact(FactCode::Lot, lot, false)),
            );
        }
        if self.draft.hand.is_none() {
            let name = face.item.name(ctx.language).to_owned();
            facts.push(fact(FactCode::Item, name, false));
        }
        let emphasis = self.draft.need == Need::ToBin;
        facts.push(fact(FactCode::Face, face.bin.code.clone(), emphasis));
        facts.push(fact(FactCode::FaceHas, has_of(face), false));
        facts
    }

    pub(crate) const fn has_face(&self) -> bool {
        self.face.is_some()
    }
}

fn has_of(face: &FaceFacts) -> String {
    format!("{} / {}", face.has, amount(face.most, &face.item))
}
