//! Count: everything in one bin, by scanning it. One event for the whole bin at the end.

use domain::{CountedLine, EventBody, OrderStep, OrderType, Quantity, UnitId};
use serde::{Deserialize, Serialize};

use crate::code_input::finish_line;
use crate::codes::{ActionCode, FeedbackCode, LineStatus, PromptCode};
use crate::context::Context;
use crate::desk::{Desk, Job};
use crate::draft::{Draft, Need, amount};
use crate::flow::{Out, Procedure, advance};
use crate::hand::out_of_range;
use crate::keeps::{keeps_desk, keeps_draft};
use crate::order_work::OrderWork;
use crate::screen::{Feedback, Line, Prompt, Said};
use crate::site_view::{BinFacts, ItemFacts, Pile, SiteView, UnitFacts, ViewError};
use crate::{desk, doubt};

/// The state of a count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub(crate) draft: Draft,
    /// The bins that are to be counted, if somebody has said which.
    #[serde(flatten)]
    pub(crate) desk: Desk,
    /// What the book has in the bin, where the counter may see it.
    #[serde(default)]
    expected: Vec<Counted>,
    /// A bin that was counted before, about which a question is open.
    #[serde(default)]
    counted_before: Option<BinFacts>,
    pub(crate) counted: Vec<Counted>,
    /// What each scan added, so that it can be retyped or taken back.
    adds: Vec<Added>,
    seen: Vec<SeenUnit>,
    /// A number for the last scan that waits for a yes.
    large: Option<Quantity>,
}

/// What was found so far of one item and lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) item: ItemFacts,
    pub(crate) lot: Option<String>,
    pub(crate) quantity: Quantity,
}

const JOB: Job = Job {
    kinds: &[OrderType::Count],
    step: OrderStep::Count,
    after: None,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Added {
    line: usize,
    quantity: Quantity,
    pack: Quantity,
    unit: Option<UnitId>,
    /// Whether the scan made the line, so that taking it back removes it.
    made_line: bool,
    /// A number typed now is about this scan.
    open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SeenUnit {
    id: UnitId,
    time: String,
    operator: String,
}

impl Procedure for Count {
    keeps_draft!();
    keeps_desk!(JOB);

    fn counts_at_once(&self) -> bool {
        true
    }

    fn refuse_unit(&self, unit: &UnitFacts, _: &Context) -> Option<Feedback> {
        self.seen_before(&unit.id)
    }

    /// One bin is counted at a time: another bin's label among the goods is a mistake worth a sound.
    fn take_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        if let Some(current) = self.draft.bin.as_ref().filter(|b| b.id != bin.id)
            && (!self.counted.is_empty() || self.draft.hand.is_some())
        {
            out.refuse(FeedbackCode::WrongBin, [bin.code, current.code.clone()]);
            return Ok(());
        }
        if let Some(order) = &self.desk.order {
            let Some(line) = order.line_of_bin(bin.id) else {
                let args = [bin.code, order.facts.code.clone()];
                out.refuse(FeedbackCode::BinNotOnOrder, args);
                return Ok(());
            };
            if line.done >= line.asked {
                let question =
                    Feedback::attention(FeedbackCode::CountAgainConfirm, [bin.code.clone()]);
                self.counted_before = Some(bin);
                self.draft.ask(question.clone());
                out.feedback = Some(question);
                return Ok(());
            }
        }
        self.open_bin(bin, view, ctx, out)
    }

    fn declined(&mut self, _: FeedbackCode) {
        self.counted_before = None;
    }

    /// What was counted of a line is not touched by a question about a bin.
    fn keeps_hand(&self, declined: FeedbackCode) -> bool {
        declined == FeedbackCode::CountAgainConfirm
    }

    fn missing(&mut self, _: &dyn SiteView) -> Result<Option<Need>, ViewError> {
        if self.draft.bin.is_none() {
            return Ok(Some(Need::Bin(Vec::new())));
        }
        let asks_lot = |hand: &crate::hand::Hand| {
            hand.lot.is_none() && !hand.no_lot && hand.item.as_ref().is_some_and(|i| i.tracks_lot)
        };
        // The lots that the book has here are not offered: a count should see, not agree.
        Ok(self
            .draft
            .hand
            .as_ref()
            .is_some_and(asks_lot)
            .then(|| Need::Lot(Vec::new())))
    }

    fn doubts(&self, _: &dyn SiteView, _: &Context) -> Result<Vec<Feedback>, ViewError> {
        Ok(self
            .draft
            .hand
            .as_ref()
            .and_then(doubt::too_much)
            .into_iter()
            .collect())
    }

    fn write(&mut self, _: &dyn SiteView, ctx: &Context, out: &mut Out) -> Result<(), ViewError> {
        let Some(hand) = self.draft.hand.clone() else {
            return Ok(());
        };
        let (Some(item), Some(quantity)) = (hand.item.clone(), hand.amount()) else {
            return Ok(());
        };
        let unit = hand.unit();
        if let Some(refusal) = unit.as_ref().and_then(|u| self.seen_before(u)) {
            out.feedback = Some(refusal);
            return Ok(());
        }
        let known = self
            .counted
            .iter()
            .position(|c| c.item.id == item.id && c.lot == hand.lot);
        let line = known.unwrap_or(self.counted.len());
        if known.is_none() {
            self.counted.push(Counted {
                item,
                lot: hand.lot.clone(),
                quantity: Quantity::ZERO,
            });
        }
        self.adds.push(Added {
            line,
            quantity: Quantity::ZERO,
            pack: hand.pack,
            unit: unit.clone(),
            made_line: known.is_none(),
            open: hand.typed.is_none() && unit.is_none(),
        });
        if !self.set_last(quantity, ctx, out) {
            self.take_back_last();
            return Ok(());
        }
        self.seen.extend(unit.map(|id| SeenUnit {
            id,
            time: ctx.time_of_day.clone(),
            operator: ctx.operator.clone(),
        }));
        Ok(())
    }

    fn confirmed(
        &mut self,
        code: FeedbackCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        match (code, self.large.take()) {
            (FeedbackCode::CountEmptyConfirm, _) => self.finish(ctx, out),
            (FeedbackCode::DiscardConfirm, _) => out.finished = true,
            (FeedbackCode::OrderDiffersConfirm, _) => desk::finish(self, view, out)?,
            (FeedbackCode::CountAgainConfirm, _) => {
                if let Some(bin) = self.counted_before.take() {
                    self.open_bin(bin, view, ctx, out)?;
                }
            }
            (FeedbackCode::QuantityTooLargeConfirm, Some(large)) => {
                self.set_last(large, ctx, out);
                self.shut_last();
            }
            _ => {
                if let Some(hand) = &mut self.draft.hand {
                    hand.confirmed.push(code);
                }
                advance(self, view, ctx, out)?;
            }
        }
        Ok(())
    }

    fn own_action(
        &mut self,
        action: ActionCode,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<bool, ViewError> {
        let asks_nothing = self.draft.hand.is_none();
        match (action, self.draft.bin.clone()) {
            (ActionCode::Done | ActionCode::BinEmpty | ActionCode::Next, _) if !asks_nothing => {
                finish_line(self, view, ctx, out)?;
            }
            (ActionCode::Done | ActionCode::BinEmpty, Some(bin)) if self.counted.is_empty() => {
                self.draft.ask(Feedback::attention(
                    FeedbackCode::CountEmptyConfirm,
                    [bin.code],
                ));
            }
            (ActionCode::Done, Some(_)) => self.finish(ctx, out),
            (ActionCode::BinEmpty, _) => out.refuse(FeedbackCode::FinishLineFirst, []),
            (ActionCode::ChangeBin, _) if !self.counted.is_empty() => {
                out.refuse(FeedbackCode::FinishLineFirst, []);
            }
            (ActionCode::Cancel | ActionCode::Discard, _)
                if asks_nothing && !self.counted.is_empty() =>
            {
                let saved = self.draft.lines.len().to_string();
                self.draft
                    .ask(Feedback::attention(FeedbackCode::DiscardConfirm, [saved]));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn retype(&mut self, typed: Quantity, ctx: &Context, out: &mut Out) -> bool {
        let Some(last) = self.adds.last().filter(|a| a.open).cloned() else {
            return false;
        };
        let allowed = |q: &Quantity| {
            *q >= Quantity::ZERO
                && self
                    .counted
                    .get(last.line)
                    .is_some_and(|c| c.item.allows(*q))
        };
        match typed.times(last.pack) {
            Some(quantity) if allowed(&quantity) => {
                if let Some(doubt) = doubt::much(quantity) {
                    self.large = Some(quantity);
                    self.draft.ask(doubt.clone());
                    out.feedback = Some(doubt);
                } else {
                    self.set_last(quantity, ctx, out);
                    self.shut_last();
                }
            }
            Some(quantity) if quantity >= Quantity::ZERO => {
                let sku = self.counted.get(last.line).map(|c| c.item.sku.clone());
                out.refuse(FeedbackCode::QuantityNotWhole, [sku.unwrap_or_default()]);
            }
            _ => out.feedback = Some(out_of_range(Quantity::ZERO, Quantity::LIMIT)),
        }
        true
    }

    fn undo_own(&mut self, out: &mut Out) -> bool {
        let name = self.adds.last().and_then(|a| self.counted.get(a.line));
        let Some(name) = name.map(|c| c.item.sku.clone()) else {
            return false;
        };
        self.take_back_last();
        out.accept(FeedbackCode::Undone, [name]);
        true
    }
}

impl Count {
    /// Begins to count a bin. What the book has there is shown in an open count only: a blind one should see, not agree.
    fn open_bin(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        let shown = self.desk.order.as_ref().is_some_and(|o| !o.facts.blind);
        let book = match shown && !view.is_hidden(bin.id)? {
            true => view.stock_of_bin(bin.id)?,
            false => Vec::new(),
        };
        let expected = |pile: Pile| Counted {
            item: pile.item,
            lot: pile.lot,
            quantity: pile.balance,
        };
        self.expected = book.into_iter().map(expected).collect();
        out.accept(FeedbackCode::BinSelected, [bin.code.clone()]);
        self.draft.bin = Some(bin);
        advance(self, view, ctx, out)
    }

    /// Whether the keypad is of use: not before a bin is selected, where the bins of the order need the room, and in an open
    /// count not before something was scanned, where the book's lines do.
    pub(crate) fn takes_numbers(&self) -> bool {
        let reads_book = self.draft.bin.is_some() && !self.expected.is_empty();
        let scanned = self.adds.last().is_some_and(|add| add.open) || self.draft.hand.is_some();
        match (&self.desk.order, &self.draft.bin) {
            _ if self.draft.typed.is_some() || scanned => true,
            (Some(_), None) => false,
            _ => !reads_book,
        }
    }

    /// The bin of the order that comes next on the walk.
    pub(crate) fn next_bin(&self) -> Prompt {
        let left = self.desk.order.as_ref().map(OrderWork::bins_left);
        match left.and_then(|bins| bins.into_iter().next()) {
            Some(bin) => Prompt {
                code: PromptCode::GoToBin,
                args: vec![bin.code],
            },
            None => Prompt {
                code: PromptCode::AllCounted,
                args: Vec::new(),
            },
        }
    }

    fn seen_before(&self, unit: &UnitId) -> Option<Feedback> {
        let seen = self.seen.iter().find(|s| s.id == *unit)?;
        let args = [seen.time.clone(), seen.operator.clone()];
        Some(Feedback::refused(FeedbackCode::DuplicateScan, args))
    }

    /// The last scan adds this much, whatever it added before. Returns whether the line can hold it.
    fn set_last(&mut self, quantity: Quantity, ctx: &Context, out: &mut Out) -> bool {
        let Some(last) = self.adds.last_mut() else {
            return false;
        };
        let Some(line) = self.counted.get_mut(last.line) else {
            return false;
        };
        let total = line.quantity.minus(last.quantity).plus(quantity);
        if !total.in_range() {
            out.feedback = Some(out_of_range(Quantity::ZERO, Quantity::LIMIT));
            return false;
        }
        line.quantity = total;
        last.quantity = quantity;
        let bin = self
            .draft
            .bin
            .as_ref()
            .map(|b| b.code.clone())
            .unwrap_or_default();
        let name = line.item.name(ctx.language).to_owned();
        out.accept(
            FeedbackCode::CountedLine,
            [amount(total, &line.item), name, bin],
        );
        true
    }

    /// The next number is for the next scan.
    fn shut_last(&mut self) {
        if let Some(last) = self.adds.last_mut() {
            last.open = false;
        }
    }

    fn take_back_last(&mut self) {
        let Some(last) = self.adds.pop() else {
            return;
        };
        if let Some(line) = self.counted.get_mut(last.line) {
            line.quantity = line.quantity.minus(last.quantity);
        }
        // A line that the scan made is the last one, since lines are only added at the end.
        if last.made_line {
            self.counted.truncate(last.line);
        }
        if let Some(unit) = last.unit {
            self.seen.retain(|s| s.id != unit);
        }
    }

    /// Writes the count of the bin; without lines it says that the bin is empty.
    fn finish(&mut self, ctx: &Context, out: &mut Out) {
        let Some(bin) = self.draft.bin.take() else {
            return;
        };
        let counted = std::mem::take(&mut self.counted);
        self.adds.clear();
        self.large = None;
        self.draft.drop_hand();
        self.draft.typed = None;
        let found = counted.len().to_string();
        if counted.is_empty() {
            out.accept(FeedbackCode::BinCountedEmpty, [bin.code.clone()]);
        } else {
            out.accept(
                FeedbackCode::CountFinished,
                [bin.code.clone(), found.clone()],
            );
        }
        self.draft.add_line(Line {
            title: bin.code.clone(),
            subtitle: String::new(),
            quantity: found,
            status: LineStatus::Saved,
            time: ctx.time_of_day.clone(),
        });
        let line = |c: Counted| CountedLine {
            item: c.item.id,
            lot: c.lot,
            counted: c.quantity,
        };
        let order = self.desk.order.as_mut();
        out.events.push(Said {
            body: EventBody::Counted {
                bin: bin.id,
                lines: counted.into_iter().map(line).collect(),
                whole_bin: true,
            },
            order: order.and_then(|order| order.count_bin(bin.id)),
            reason: None,
            carton: None,
        });
        self.expected.clear();
    }

    /// Lines of the bin that is being counted, the newest first; in an open count beside what the book has, and then what of
    /// the book has not been seen yet.
    pub(crate) fn open_lines(&self, ctx: &Context) -> Vec<Line> {
        let same = |a: &Counted, b: &Counted| a.item.id == b.item.id && a.lot == b.lot;
        let line = |c: &Counted, found: Quantity, status| {
            let book = self.expected.iter().find(|book| same(book, c));
            Line {
                title: c.item.name(ctx.language).to_owned(),
                subtitle: c.lot.clone().unwrap_or_default(),
                quantity: match book {
                    Some(book) => format!("{found} / {}", amount(book.quantity, &c.item)),
                    None => amount(found, &c.item),
                },
                status,
                time: String::new(),
            }
        };
        let counted = self.counted.iter().rev();
        let counted = counted.map(|c| line(c, c.quantity, LineStatus::Counted));
        let seen = |book: &&Counted| self.counted.iter().any(|c| same(c, book));
        let unseen = self.expected.iter().filter(|book| !seen(book));
        counted
            .chain(unseen.map(|book| line(book, Quantity::ZERO, LineStatus::Open)))
            .collect()
    }
}
