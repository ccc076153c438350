//! From which bins an order is fetched, and in which order they are walked.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{BinId, ItemId, Quantity, site_day};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::path::walk;
use crate::site_view::{BinFacts, Frozen, ItemFacts, OrderFacts, Pile, SiteView, ViewError};

/// Goods of one line to be fetched from one bin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stop {
    pub(crate) line: u32,
    pub(crate) bin: BinFacts,
    pub(crate) item: ItemFacts,
    pub(crate) lot: Option<String>,
    pub(crate) expiry: Option<NaiveDate>,
    /// How much is to be fetched here.
    pub(crate) quantity: Quantity,
    /// What the book shows here.
    pub(crate) here: Quantity,
}

impl Stop {
    pub(crate) fn pile(&self) -> PileName {
        (self.bin.id, self.item.id, self.lot.clone())
    }
}

/// Which pile.
pub(crate) type PileName = (BinId, ItemId, Option<String>);

/// The picker's own will.
pub(crate) struct Wishes<'a> {
    /// Where what is picked goes: nothing is fetched from there.
    pub(crate) stage: Option<BinId>,
    /// Where the picker stands: of the same day, what is here is fetched first.
    pub(crate) here: Option<BinId>,
    /// Bins that were taken instead of those suggested.
    pub(crate) preferred: &'a [BinId],
    /// Fetched last.
    pub(crate) put_off: &'a [PileName],
    /// What was found to be left of a pile, whatever the book shows.
    pub(crate) found: &'a [(PileName, Quantity)],
}

/// What is still to be fetched, in the order of the walk. First expired first out, and what is expired not at all; of the
/// same day the largest pile, so that there are few stops.
pub(crate) fn stops(
    order: &OrderFacts,
    wishes: &Wishes<'_>,
    view: &dyn SiteView,
    ctx: &Context,
) -> Result<Vec<Stop>, ViewError> {
    let mut taken: BTreeMap<PileName, Quantity> = BTreeMap::new();
    let mut stops = Vec::new();
    for line in &order.lines {
        let Some(item) = &line.item else { continue };
        let mut left = line.asked.minus(line.done);
        if left <= Quantity::ZERO {
            continue;
        }
        for pile in candidates(item, &line.lot, wishes, view, ctx)? {
            let name = (pile.bin.id, item.id, pile.lot.clone());
            let found = wishes.found.iter().find(|(pile, _)| *pile == name);
            let here = found.map_or(pile.balance, |(_, left)| pile.balance.min(*left));
            let used = taken.entry(name).or_default();
            let free = here.minus(*used);
            let quantity = free.min(left);
            if quantity <= Quantity::ZERO {
                continue;
            }
            *used = used.plus(quantity);
            left = left.minus(quantity);
            stops.push(Stop {
                line: line.number,
                bin: pile.bin,
                item: item.clone(),
                lot: pile.lot,
                expiry: pile.expiry,
                quantity,
                here,
            });
            if left <= Quantity::ZERO {
                break;
            }
        }
    }
    walk(&mut stops, |stop| &stop.bin);
    stops.sort_by_key(|stop| wishes.put_off.contains(&stop.pile()));
    Ok(stops)
}

/// The piles that a line may be fetched from, the best first.
fn candidates(
    item: &ItemFacts,
    lot: &str,
    wishes: &Wishes<'_>,
    view: &dyn SiteView,
    ctx: &Context,
) -> Result<Vec<Pile>, ViewError> {
    let is_good = |pile: &Pile| {
        let expired = |day| site_day::is_expired(day, ctx.now, &ctx.time_zone);
        pile.balance > Quantity::ZERO
            && Some(pile.bin.id) != wishes.stage
            && (lot.is_empty() || pile.lot.as_deref() == Some(lot))
            && pile.expiry.and_then(expired) != Some(true)
    };
    let mut piles = Vec::new();
    for pile in view.stock_of_item(item.id)?.into_iter().filter(is_good) {
        let frozen = match view.frozen(pile.bin.id)? {
            None => false,
            // A count of the whole house may be open for days, and orders go on: these bins come last.
            Some(Frozen::ByCount(_)) => true,
            Some(Frozen::Defective | Frozen::Returns) => {
                if !wishes.preferred.contains(&pile.bin.id) {
                    continue;
                }
                true
            }
        };
        piles.push((pile, frozen));
    }
    piles.sort_by_cached_key(|(pile, frozen)| {
        (
            !wishes.preferred.contains(&pile.bin.id),
            *frozen,
            pile.expiry.unwrap_or(NaiveDate::MAX),
            Some(pile.bin.id) != wishes.here,
            std::cmp::Reverse(pile.balance),
            pile.bin.code.clone(),
            pile.lot.clone(),
        )
    });
    Ok(piles.into_iter().map(|(pile, _)| pile).collect())
}
