//! Work on an order: which line goods belong to, how much of it is left, and the end of it.

use domain::{
    BinId, EventBody, FinishedLine, OrderFinished, OrderId, OrderLine, OrderStep, Quantity,
};
use serde::{Deserialize, Serialize};

use crate::codes::{FactCode, FeedbackCode, LineStatus};
use crate::context::Context;
use crate::draft::amount;
use crate::hand::Hand;
use crate::path::walk;
use crate::screen::{Fact, Feedback, Line};
use crate::site_view::{BinFacts, OrderFacts, OrderLineFacts, SiteView, ViewError};

/// Reason codes of a line that came out otherwise than it was asked for.
pub(crate) const SHORT: &str = "short";
const OVER: &str = "over";

/// An order that is being worked on. What has been done of it is read again with each input: others may work on it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderWork {
    pub(crate) facts: OrderFacts,
    step: OrderStep,
}

impl OrderWork {
    pub(crate) const fn new(facts: OrderFacts, step: OrderStep) -> Self {
        Self { facts, step }
    }

    pub(crate) const fn id(&self) -> OrderId {
        self.facts.id
    }

    /// Reads again what is asked for and what is done. An order that is not here any more stays as it was.
    pub(crate) fn refresh(&mut self, view: &dyn SiteView) -> Result<(), ViewError> {
        if let Some(facts) = view.order(self.facts.id, self.step)? {
            self.facts = facts;
        }
        Ok(())
    }

    /// The line that goods belong to: one that still lacks some, else one that has enough, else none. A line that asks for
    /// a lot takes only that one.
    pub(crate) fn line_of(&self, hand: &Hand) -> Option<&OrderLineFacts> {
        let item = hand.item.as_ref()?.id;
        let fits = |line: &&OrderLineFacts| {
            line.item.as_ref().is_some_and(|i| i.id == item)
                && (line.lot.is_empty() || hand.lot.as_deref() == Some(line.lot.as_str()))
        };
        let fitting = || self.facts.lines.iter().filter(fits);
        fitting()
            .find(|line| line.done < line.asked)
            .or_else(|| fitting().next())
    }

    /// The line that asks for this bin to be counted.
    pub(crate) fn line_of_bin(&self, bin: BinId) -> Option<&OrderLineFacts> {
        let of_bin = |line: &&OrderLineFacts| line.bin.as_ref().is_some_and(|b| b.id == bin);
        self.facts.lines.iter().find(of_bin)
    }

    /// The bin was counted, until it is read again. Returns what that is written under.
    pub(crate) fn count_bin(&mut self, bin: BinId) -> Option<OrderLine> {
        let number = self.line_of_bin(bin)?.number;
        let line = self.facts.lines.iter_mut().find(|l| l.number == number)?;
        line.done = line.done.plus(Quantity::ONE);
        Some(OrderLine {
            order: self.facts.id,
            line: number,
        })
    }

    /// Bins that are still to be counted, in the order of the walk.
    pub(crate) fn bins_left(&self) -> Vec<BinFacts> {
        let open = self.facts.lines.iter().filter(|l| l.done < l.asked);
        let mut bins: Vec<BinFacts> = open.filter_map(|l| l.bin.clone()).collect();
        walk(&mut bins, |bin| bin);
        bins
    }

    /// What the goods in hand are written under.
    pub(crate) fn place_of(&self, hand: &Hand) -> OrderLine {
        OrderLine {
            order: self.facts.id,
            line: self.line_of(hand).map_or(0, |line| line.number),
        }
    }

    /// Goods that nobody ordered, or more of them than were.
    pub(crate) fn doubt(&self, hand: &Hand) -> Option<Feedback> {
        let item = hand.item.as_ref()?;
        let Some(line) = self.line_of(hand) else {
            let args = [item.sku.clone(), self.facts.code.clone()];
            return Some(Feedback::attention(FeedbackCode::NotOnOrder, args));
        };
        let after = line.done.plus(hand.amount()?);
        (after > line.asked).then(|| {
            let args = [amount(line.asked, item), amount(after, item)];
            Feedback::attention(FeedbackCode::MoreThanOrdered, args)
        })
    }

    /// What was just written, until it is read again.
    pub(crate) fn count(&mut self, hand: &Hand, quantity: Quantity) {
        self.count_line(self.place_of(hand).line, quantity);
    }

    /// The same for goods of which the line is known; 0 for what is on no line.
    pub(crate) fn count_line(&mut self, number: u32, quantity: Quantity) {
        let line = self.facts.lines.iter_mut().find(|l| l.number == number);
        let done = line.map_or(&mut self.facts.not_ordered, |line| &mut line.done);
        *done = done.plus(quantity);
    }

    /// How many lines came out otherwise than they were asked for.
    pub(crate) fn differing(&self) -> usize {
        // A bin may be counted more than once.
        let differs =
            |l: &&OrderLineFacts| l.done < l.asked || (l.bin.is_none() && l.done != l.asked);
        let lines = self.facts.lines.iter().filter(differs);
        lines.count() + usize::from(self.facts.not_ordered > Quantity::ZERO)
    }

    /// Says that the step is done, going on from those who said so before, as far as this device knows.
    pub(crate) fn finish(&self, view: &dyn SiteView) -> Result<EventBody, ViewError> {
        let known = view.finished(self.id(), self.step)?;
        let line = |line: &OrderLineFacts| FinishedLine {
            line: line.number,
            asked: line.asked,
            done: line.done,
            reason: match line.done.cmp(&line.asked) {
                std::cmp::Ordering::Less => SHORT.to_owned(),
                std::cmp::Ordering::Equal => String::new(),
                std::cmp::Ordering::Greater if line.bin.is_some() => String::new(),
                std::cmp::Ordering::Greater => OVER.to_owned(),
            },
        };
        let extra = self.facts.not_ordered;
        let mut lines: Vec<FinishedLine> = self.facts.lines.iter().map(line).collect();
        if extra > Quantity::ZERO {
            lines.push(FinishedLine {
                line: 0,
                asked: Quantity::ZERO,
                done: extra,
                reason: OVER.to_owned(),
            });
        }
        Ok(EventBody::OrderFinished(OrderFinished {
            order: self.facts.id,
            step: self.step,
            after: known,
            lines,
        }))
    }

    pub(crate) fn facts(&self) -> Vec<Fact> {
        let fact = |label, value: &str, emphasis| {
            (!value.is_empty()).then(|| Fact {
                label,
                value: value.to_owned(),
                emphasis,
            })
        };
        [
            fact(FactCode::Order, &self.facts.code, false),
            fact(FactCode::Party, &self.facts.party, false),
            fact(FactCode::Note, &self.facts.note, false),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What is asked for of the goods in hand, and what of it is done.
    pub(crate) fn facts_of(&self, hand: &Hand) -> Option<Fact> {
        let line = self.line_of(hand)?;
        Some(Fact {
            label: FactCode::Ordered,
            value: done_of(line),
            emphasis: false,
        })
    }

    /// What is done of a line that asks for goods, of how much: `7 / 12 pcs`.
    pub(crate) fn done_of(&self, line: u32) -> Option<String> {
        let mut lines = self.facts.lines.iter();
        let line = lines.find(|l| l.number == line && l.item.is_some())?;
        Some(done_of(line))
    }

    /// The lines of the order, what is still to be done at the top.
    pub(crate) fn lines(&self, ctx: &Context) -> Vec<Line> {
        let (open, done): (Vec<_>, Vec<_>) =
            self.facts.lines.iter().partition(|l| l.done < l.asked);
        open.into_iter()
            .chain(done)
            .map(|line| Line {
                title: match (&line.item, &line.bin) {
                    (Some(item), _) => item.name(ctx.language).to_owned(),
                    (None, bin) => bin.as_ref().map_or_else(String::new, |b| b.code.clone()),
                },
                subtitle: [line.item.as_ref().map_or("", |i| i.sku.as_str()), &line.lot]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" · "),
                quantity: match line.item {
                    Some(_) => done_of(line),
                    None => String::new(),
                },
                status: if line.done < line.asked {
                    LineStatus::Open
                } else {
                    LineStatus::Completed
                },
                time: String::new(),
            })
            .collect()
    }
}

fn done_of(line: &OrderLineFacts) -> String {
    match &line.item {
        Some(item) => format!("{} / {}", line.done, amount(line.asked, item)),
        None => format!("{} / {}", line.done, line.asked),
    }
}
