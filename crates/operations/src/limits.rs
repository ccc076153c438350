//! How far an operator goes alone: what is about to be written, held against the limits of their grant and the book.

use domain::rights::{Action, Limits};
use domain::{BinId, CountedLine, EventBody, Goods, ItemId, OrderLine, OrderStep, Quantity};

use crate::codes::{FeedbackCode, Operation};
use crate::draft::amount;
use crate::screen::{Feedback, Said};
use crate::site_view::{ItemFacts, SiteView, ViewError};

impl Operation {
    /// The rights of which it takes one; none to look up.
    pub const fn takes(self) -> &'static [Action] {
        match self {
            Self::Receive => &[Action::Receive],
            Self::PutAway => &[Action::PutAway],
            Self::Pick => &[Action::Pick],
            Self::Issue => &[Action::Issue],
            Self::Move => &[Action::Move],
            // Which of the two, the order says.
            Self::Count => &[Action::Count, Action::Recount],
            Self::Return => &[Action::Return],
            Self::Replenish => &[Action::Replenish],
            Self::Adjust => &[Action::Adjust],
            Self::Inspect => &[Action::Inspect],
            Self::HandOver => &[Action::HandOver],
            Self::Pack => &[Action::Pack],
            Self::Deposit => &[Action::Deposit],
            Self::Release => &[Action::Release, Action::ReleaseLost],
            Self::LookUp => &[],
        }
    }
}

/// What of it goes further than the operator may alone in that procedure, and what to do about it; `None`: nothing.
///
/// # Errors
/// Those of the view.
pub fn beyond(
    operation: Operation,
    events: &[Said],
    limits: &Limits,
    view: &dyn SiteView,
) -> Result<Option<Feedback>, ViewError> {
    if *limits == Limits::default() {
        return Ok(None);
    }
    for said in events {
        let found = match (&said.body, said.order) {
            (
                EventBody::Adjusted {
                    bin,
                    goods,
                    difference,
                    ..
                },
                _,
            ) => adjustment(*bin, goods, *difference, limits, view)?,
            // Whoever took the last piece says what is left of it, and counts no bin.
            (EventBody::Counted { bin, lines, .. }, _) if operation == Operation::Count => {
                count(*bin, lines, limits, view)?
            }
            (
                EventBody::Received {
                    goods, quantity, ..
                },
                Some(line),
            ) => receipt(line, goods.item, *quantity, limits, view)?,
            _ => None,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn shown(quantity: Quantity, item: Option<&ItemFacts>) -> String {
    match item {
        Some(item) => amount(quantity, item),
        None => quantity.to_string(),
    }
}

fn adjustment(
    bin: BinId,
    goods: &Goods,
    difference: Quantity,
    limits: &Limits,
    view: &dyn SiteView,
) -> Result<Option<Feedback>, ViewError> {
    let item = view.item(goods.item)?;
    let args = |limit| [shown(difference.size(), item.as_ref()), limit];
    let beyond = |limit| Feedback::attention(FeedbackCode::AdjustBeyondLimit, args(limit));
    if let Some(most) = limits
        .adjust
        .filter(|_| !limits.allow_difference(difference))
    {
        return Ok(Some(beyond(shown(most, item.as_ref()))));
    }
    let Some(percent) = limits.adjust_percent else {
        return Ok(None);
    };
    // What is hidden from the operator has no share that could be told.
    if view.is_hidden(bin)? {
        return Ok(None);
    }
    let book = book(bin, goods.item, goods.lot.as_deref(), view)?;
    let within = Limits::is_within(difference, book, Some(percent));
    Ok((!within).then(|| beyond(format!("{percent} %"))))
}

/// Of a bin under a blind count nothing is said: who tries numbers until none is asked about would have read the book.
fn count(
    bin: BinId,
    lines: &[CountedLine],
    limits: &Limits,
    view: &dyn SiteView,
) -> Result<Option<Feedback>, ViewError> {
    let Some(percent) = limits.count_percent else {
        return Ok(None);
    };
    if view.is_hidden(bin)? {
        return Ok(None);
    }
    let counted = |item: ItemId, lot: Option<&str>| {
        lines
            .iter()
            .filter(|line| line.item == item && line.lot.as_deref() == lot)
            .fold(Quantity::ZERO, |sum, line| sum.plus(line.counted))
    };
    let mut lines: Vec<(ItemId, Option<String>)> =
        lines.iter().map(|l| (l.item, l.lot.clone())).collect();
    lines.extend(
        view.stock_of_bin(bin)?
            .into_iter()
            .map(|pile| (pile.item.id, pile.lot)),
    );
    for (item, lot) in lines {
        let book = book(bin, item, lot.as_deref(), view)?;
        let difference = counted(item, lot.as_deref()).minus(book);
        if !Limits::is_within(difference, book, Some(percent)) {
            let name = view.item(item)?.map(|item| item.sku).unwrap_or_default();
            let code = FeedbackCode::CountBeyondTolerance;
            return Ok(Some(Feedback::attention(code, [name, percent.to_string()])));
        }
    }
    Ok(None)
}

/// Of goods on no line nothing is asked for.
fn receipt(
    line: OrderLine,
    item: ItemId,
    quantity: Quantity,
    limits: &Limits,
    view: &dyn SiteView,
) -> Result<Option<Feedback>, ViewError> {
    let (Some(percent), Some(order)) = (
        limits.over_receipt_percent,
        view.order(line.order, OrderStep::Receive)?,
    ) else {
        return Ok(None);
    };
    let found = order.lines.iter().find(|l| l.number == line.line);
    let (asked, done) = found.map_or((Quantity::ZERO, order.not_ordered), |l| (l.asked, l.done));
    let over = done.plus(quantity).minus(asked);
    if over <= Quantity::ZERO || Limits::is_within(over, asked, Some(percent)) {
        return Ok(None);
    }
    let item = view.item(item)?;
    let args = [shown(over, item.as_ref()), percent.to_string()];
    Ok(Some(Feedback::attention(
        FeedbackCode::OverReceiptBeyondTolerance,
        args,
    )))
}

fn book(
    bin: BinId,
    item: ItemId,
    lot: Option<&str>,
    view: &dyn SiteView,
) -> Result<Quantity, ViewError> {
    let piles = view.stock_of_bin(bin)?.into_iter();
    let of_it = piles.filter(|pile| pile.item.id == item && pile.lot.as_deref() == lot);
    Ok(of_it.fold(Quantity::ZERO, |sum, pile| sum.plus(pile.balance)))
}
