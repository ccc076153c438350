//! Move: goods change bins. Bin first, goods first, everything in a bin, or a carton by its label.

use domain::{EventBody, Goods, Quantity, UnitId};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FactCode, FeedbackCode, LineStatus};
use crate::context::Context;
use crate::draft::{Draft, Need, amount};
use crate::flow::{Out, Procedure, advance, confirm_line, put_down};
use crate::issue::{all_of_pile, refuse_issued};
use crate::keeps::keeps_draft;
use crate::resolve::Match;
use crate::screen::{Fact, Feedback, Line, Said};
use crate::site_view::{BinFacts, CartonFacts, ContentFacts, SiteView, UnitFacts, ViewError};
use crate::{doubt, moving, stock_source};

/// The state of a move.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    pub(crate) draft: Draft,
    /// Everything in the selected bin waits for its new bin.
    pub(crate) whole_bin: bool,
    /// The carton that waits for its new bin, with all that is in it.
    #[serde(default)]
    pub(crate) carton: Option<UnitId>,
    /// Where all of it goes, once it is said that a bin under a count is used all the same.
    #[serde(default)]
    target: Option<BinFacts>,
}

impl Procedure for Move {
    keeps_draft!();

    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        refuse_issued(unit)
    }

    /// Goods would leave the carton in hand behind without a word.
    fn refuse_goods(&self, _: &Match, raw: &str) -> Option<Feedback> {
        let waits = self.carton.is_some();
        waits.then(|| Feedback::refused(FeedbackCode::WrongKindHere, [raw.to_owned()]))
    }

    /// A carton's label stands for all that is in it.
    fn take_carton(
        &mut self,
        carton: &CartonFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let plate = carton.plate.printed().to_owned();
        let Some(first) = carton.contents.first() else {
            out.refuse(FeedbackCode::CartonGone, [plate]);
            return Ok(true);
        };
        if !put_down(self, view, ctx, out)? {
            return Ok(true);
        }
        self.whole_bin = false;
        self.carton = Some(carton.plate.clone());
        out.accept(FeedbackCode::CartonHere, [plate, first.bin.code.clone()]);
        Ok(true)
    }

    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        if let Some(plate) = self.carton.clone() {
            let carton = view.carton(&plate)?;
            let contents = carton.map_or_else(Vec::new, |carton| carton.contents);
            let bins = contents.iter().map(|content| &content.bin).chain([&bin]);
            if let Some(question) = doubt::under_count(&self.draft, bins, view)? {
                self.ask_for_all(question, bin, out);
                return Ok(());
            }
            return self.move_carton(&plate, &contents, bin, ctx, out);
        }
        let target = self.whole_bin || self.draft.need == Need::ToBin;
        if target && self.draft.source().is_some_and(|from| from.id == bin.id) {
            out.refuse(FeedbackCode::SameBin, [bin.code]);
            return Ok(());
        }
        if self.whole_bin && self.draft.hand.is_none() {
            let bins = self.draft.source().into_iter().chain([&bin]);
            if let Some(question) = doubt::under_count(&self.draft, bins, view)? {
                self.ask_for_all(question, bin, out);
                return Ok(());
            }
            return self.move_all(bin, view, ctx, out);
        }
        out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
        if target {
            self.draft.to = Some(bin);
            if let Some(hand) = &mut self.draft.hand {
                hand.closed = true;
            }
        } else {
            self.draft.bin = Some(bin);
            self.draft.line_bin = None;
        }
        advance(self, view, ctx, out)
    }

    fn missing(&mut self, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        self.whole_bin = false;
        if let Some(need) = stock_source::missing(&mut self.draft, view)? {
            return Ok(Some(need));
        }
        let same = |to: &BinFacts| self.draft.source().is_some_and(|from| from.id == to.id);
        if self.draft.to.as_ref().is_some_and(same) {
            self.draft.to = None;
        }
        Ok(self.draft.to.is_none().then_some(Need::ToBin))
    }

    fn doubts(&self, view: &dyn SiteView, _: &Context) -> Result<Vec<Feedback>, ViewError> {
        moving::doubts(&self.draft, view)
    }

    fn write(&mut self, _: &dyn SiteView, ctx: &Context, out: &mut Out) -> Result<(), ViewError> {
        moving::write(&mut self.draft, None, FeedbackCode::Moved, ctx, out);
        Ok(())
    }

    fn confirmed(
        &mut self,
        code: FeedbackCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        match self.target.take() {
            Some(target) => self.take_bin(target, view, ctx, out),
            None => confirm_line(self, code, view, ctx, out),
        }
    }

    fn declined(&mut self, _: FeedbackCode) {
        self.target = None;
    }

    /// What waits for a bin waits for another one.
    fn keeps_hand(&self, _: FeedbackCode) -> bool {
        self.whole_bin || self.carton.is_some()
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        match (action, self.draft.hand.is_some()) {
            (ActionCode::AllOfIt, true) => {
                all_of_pile(&mut self.draft, out);
                advance(self, view, ctx, out)?;
            }
            (ActionCode::AllOfIt, false) if self.carton.is_some() => {
                out.refuse(FeedbackCode::FinishLineFirst, []);
            }
            (ActionCode::AllOfIt, false) => {
                let Some(bin) = &self.draft.bin else {
                    out.refuse(FeedbackCode::FinishLineFirst, []);
                    return Ok(true);
                };
                let stock = view.stock_of_bin(bin.id)?;
                if stock.iter().any(|p| p.balance > Quantity::ZERO) {
                    self.whole_bin = true;
                } else {
                    out.refuse(FeedbackCode::NotEnoughHere, [Quantity::ZERO.to_string()]);
                }
            }
            (ActionCode::Cancel | ActionCode::ChangeBin, false) if self.carton.is_some() => {
                self.carton = None;
            }
            (ActionCode::Cancel | ActionCode::ChangeBin, false) if self.whole_bin => {
                self.whole_bin = false;
                if action == ActionCode::ChangeBin {
                    self.draft.bin = None;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Move {
    /// All of it would leave a bin under a count, or come into one.
    fn ask_for_all(&mut self, question: Feedback, target: BinFacts, out: &mut Out) {
        self.target = Some(target);
        self.draft.ask(question.clone());
        out.feedback = Some(question);
    }

    /// What is in the carton now goes along; what lies in the target bin already stays. How much that is is told nowhere:
    /// the carton may stand in a bin under a blind count.
    fn move_carton(
        &mut self,
        plate: &UnitId,
        contents: &[ContentFacts],
        to: BinFacts,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        let printed = plate.printed().to_owned();
        if contents.is_empty() {
            // It was sent or unpacked since it was scanned.
            self.carton = None;
            out.refuse(FeedbackCode::CartonGone, [printed]);
            return Ok(());
        }
        let mut from: Vec<String> = Vec::new();
        for content in contents.iter().filter(|content| content.bin.id != to.id) {
            if !from.contains(&content.bin.code) {
                from.push(content.bin.code.clone());
            }
            out.events.push(Said {
                body: EventBody::Moved {
                    from: content.bin.id,
                    to: to.id,
                    goods: content.goods.clone(),
                    quantity: content.quantity,
                },
                order: content.order,
                reason: None,
                carton: Some(plate.clone()),
            });
        }
        if from.is_empty() {
            out.refuse(FeedbackCode::SameBin, [to.code]);
            return Ok(());
        }
        self.carton = None;
        self.draft.add_line(Line {
            title: printed.clone(),
            subtitle: format!("{} → {}", from.join(" · "), to.code),
            quantity: String::new(),
            status: LineStatus::Saved,
            time: ctx.time_of_day.clone(),
        });
        out.accept(FeedbackCode::CartonMoved, [printed, to.code]);
        Ok(())
    }

    /// The carton that waits for its bin.
    pub(crate) fn carton_facts(&self) -> Option<Fact> {
        Some(Fact {
            label: FactCode::Carton,
            value: self.carton.as_ref()?.printed().to_owned(),
            emphasis: true,
        })
    }

    /// Units move by name; what is left of each pile moves as goods.
    fn move_all(
        &mut self,
        to: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        let Some(from) = self.draft.bin.clone() else {
            return Ok(());
        };
        let units = view.units_in_bin(from.id)?;
        let movable = |q: Quantity| q > Quantity::ZERO && q.in_range();
        let mut moved = 0_usize;
        let mut push = |goods: Goods, quantity: Quantity, out: &mut Out| {
            moved += 1;
            out.write(EventBody::Moved {
                from: from.id,
                to: to.id,
                goods,
                quantity,
            });
        };
        for unit in units.iter().filter(|u| movable(u.quantity)) {
            push(
                Goods {
                    unit: Some(unit.id.clone()),
                    ..unit.goods.clone()
                },
                unit.quantity,
                out,
            );
        }
        for pile in view.stock_of_bin(from.id)? {
            let named = units
                .iter()
                .filter(|u| u.item.id == pile.item.id && u.goods.lot == pile.lot)
                .fold(Quantity::ZERO, |sum, u| sum.plus(u.quantity));
            let rest = pile.balance.minus(named);
            if movable(rest) {
                let goods = Goods {
                    lot: pile.lot,
                    expiry: pile.expiry,
                    ..Goods::of(pile.item.id)
                };
                self.draft.add_line(Line {
                    title: pile.item.name(ctx.language).to_owned(),
                    subtitle: format!("{} → {}", from.code, to.code),
                    quantity: amount(rest, &pile.item),
                    status: LineStatus::Saved,
                    time: ctx.time_of_day.clone(),
                });
                push(goods, rest, out);
            }
        }
        self.whole_bin = false;
        if moved == 0 {
            out.refuse(FeedbackCode::NotEnoughHere, [Quantity::ZERO.to_string()]);
        } else {
            out.accept(
                FeedbackCode::Moved,
                [moved.to_string(), from.code.clone(), to.code],
            );
        }
        Ok(())
    }
}
