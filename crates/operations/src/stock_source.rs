//! Where goods are taken from: what stock answers by itself, and what must be asked.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{BinId, Quantity};

use crate::draft::{Draft, Need, amount};
use crate::screen::Choice;
use crate::site_view::{Pile, SiteView, ViewError};

/// Fills in bin, lot and expiry of the line in hand, as far as stock leaves no choice.
pub(crate) fn missing(draft: &mut Draft, view: &dyn SiteView) -> Result<Option<Need>, ViewError> {
    let Some(hand) = draft.hand.as_mut() else {
        return Ok(None);
    };
    let Some(item) = hand.item.clone() else {
        return Ok(None);
    };
    if item.tracks_serial && hand.unit().is_none() && !hand.no_serial {
        return Ok(Some(Need::Serial));
    }
    let mut piles = view.stock_of_item(item.id)?;
    piles.retain(|p| p.balance > Quantity::ZERO);
    // First expired first out: the oldest is offered first, goods without a day last.
    let day = |p: &Pile| p.expiry.unwrap_or(NaiveDate::MAX);
    piles.sort_by(|a, b| (day(a), &a.bin.code, &a.lot).cmp(&(day(b), &b.bin.code, &b.lot)));
    if draft.line_bin.is_none() {
        draft.line_bin = draft.bin.clone().or_else(|| hand.unit_bin.clone());
    }
    let bin = match &draft.line_bin {
        Some(bin) => bin.clone(),
        None => {
            let of_lot: Vec<&Pile> = piles
                .iter()
                .filter(|p| hand.lot.is_none() || p.lot == hand.lot)
                .collect();
            let mut bins: Vec<BinId> = Vec::new();
            for pile in &of_lot {
                if !bins.contains(&pile.bin.id) {
                    bins.push(pile.bin.id);
                }
            }
            match (bins.as_slice(), of_lot.first()) {
                ([_], Some(pile)) => {
                    draft.line_bin = Some(pile.bin.clone());
                    pile.bin.clone()
                }
                _ => return Ok(Some(Need::Bin(bin_choices(&of_lot)))),
            }
        }
    };
    let here: Vec<&Pile> = piles.iter().filter(|p| p.bin.id == bin.id).collect();
    if item.tracks_lot && hand.lot.is_none() && !hand.no_lot {
        match here.as_slice() {
            [only] => {
                hand.lot = only.lot.clone();
                hand.no_lot = only.lot.is_none();
            }
            _ => return Ok(Some(Need::Lot(lot_choices(&here)))),
        }
    }
    if hand.expiry.is_none()
        && let Some(lot) = &hand.lot
    {
        hand.expiry = view.lot_expiry(item.id, lot)?;
    }
    let pile = here.iter().find(|p| p.lot == hand.lot);
    // Of a bin under a blind count nobody is told what the book has.
    draft.here = match view.is_hidden(bin.id)? {
        true => None,
        false => Some(pile.map_or(Quantity::ZERO, |p| p.balance)),
    };
    Ok(None)
}

fn subtitle(piles: &[&Pile]) -> String {
    let day = piles.iter().filter_map(|p| p.expiry).min();
    day.map(|d| d.to_string()).unwrap_or_default()
}

fn bin_choices(piles: &[&Pile]) -> Vec<Choice> {
    let mut order: Vec<BinId> = Vec::new();
    let mut by_bin: BTreeMap<BinId, Vec<&Pile>> = BTreeMap::new();
    for pile in piles {
        if !order.contains(&pile.bin.id) {
            order.push(pile.bin.id);
        }
        by_bin.entry(pile.bin.id).or_default().push(pile);
    }
    let choice = |id: &BinId| {
        let piles = by_bin.get(id)?;
        let first = piles.first()?;
        let total = piles
            .iter()
            .fold(Quantity::ZERO, |sum, p| sum.plus(p.balance));
        Some(Choice {
            id: id.to_string(),
            title: first.bin.code.clone(),
            subtitle: subtitle(piles),
            quantity: amount(total, &first.item),
        })
    };
    order.iter().filter_map(choice).collect()
}

fn lot_choices(piles: &[&Pile]) -> Vec<Choice> {
    let choice = |pile: &&Pile| Choice {
        id: pile.lot.clone().unwrap_or_default(),
        title: pile.lot.clone().unwrap_or_else(|| "–".to_owned()),
        subtitle: subtitle(&[pile]),
        quantity: amount(pile.balance, &pile.item),
    };
    piles.iter().map(choice).collect()
}
