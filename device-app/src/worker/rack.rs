//! Where a bin stands among the others of its rack.

use std::collections::BTreeSet;

use documents::bin_code::RackPlace;
use domain::{BinId, Quantity};
use replica::ReplicaError;

use super::stock_view::StockView;
use crate::view::{CellState, Rack, RackCell};

/// Bays shown at once: what fits side by side on a phone, in gloves.
const BAYS: usize = 5;

/// Numbers by their value and before words, so that bay 10 comes after bay 9.
fn in_order(part: &str) -> (bool, usize, &str) {
    let is_word = part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit());
    let digits = part.trim_start_matches('0');
    let length = if is_word { 0 } else { digits.len() };
    (is_word, length, if is_word { part } else { digits })
}

fn sorted<'c>(parts: impl Iterator<Item = &'c str>) -> Vec<&'c str> {
    let unique: BTreeSet<&str> = parts.collect();
    let mut sorted: Vec<&str> = unique.into_iter().collect();
    sorted.sort_by_key(|part| in_order(part));
    sorted
}

/// The bays around the bin with all their levels; empty where its code names no rack, or nothing stands beside it.
pub(crate) fn rack(view: &StockView<'_>, bin: BinId, code: &str) -> Result<Rack, ReplicaError> {
    let Some(here) = RackPlace::of(code) else {
        return Ok(Rack::default());
    };
    let all = view.query.bins_beginning(view.site, here.aisle)?;
    let placed: Vec<(BinId, &str, RackPlace<'_>)> = all
        .iter()
        .filter_map(|(id, code)| Some((*id, code.as_str(), RackPlace::of(code)?)))
        .filter(|(_, _, place)| place.aisle.eq_ignore_ascii_case(here.aisle))
        .collect();
    let bays = sorted(placed.iter().map(|(_, _, place)| place.bay));
    let at = bays.iter().position(|bay| *bay == here.bay);
    let first = at.unwrap_or(0).saturating_sub(BAYS / 2);
    let first = first.min(bays.len().saturating_sub(BAYS));
    let bays: Vec<&str> = bays.into_iter().skip(first).take(BAYS).collect();
    let shown: Vec<_> = placed
        .into_iter()
        .filter(|(_, _, place)| bays.contains(&place.bay))
        .collect();
    if shown.len() < 2 {
        return Ok(Rack::default());
    }
    let mut levels = sorted(shown.iter().map(|(_, _, place)| place.level));
    levels.reverse();
    let index = |parts: &[&str], part| parts.iter().position(|p| *p == part).unwrap_or(0) as u32;
    let mut cells = Vec::with_capacity(shown.len());
    for (id, code, place) in shown {
        cells.push(RackCell {
            id: format!("bin:{id}"),
            code: code.to_owned(),
            column: index(&bays, place.bay),
            row: index(&levels, place.level),
            level: place.level.to_owned(),
            state: state(view, id)?,
            here: id == bin,
        });
    }
    Ok(Rack {
        aisle: here.aisle.to_owned(),
        bays: bays.into_iter().map(str::to_owned).collect(),
        cells,
    })
}

fn state(view: &StockView<'_>, bin: BinId) -> Result<CellState, ReplicaError> {
    if view.hides(bin)? {
        return Ok(CellState::Hidden);
    }
    if view.frozen_by(bin)?.is_some() {
        return Ok(CellState::Frozen);
    }
    let piles = view.query.stock_of_bin(bin)?;
    let is_used = piles.iter().any(|pile| pile.balance != Quantity::ZERO);
    Ok(if is_used {
        CellState::Used
    } else {
        CellState::Empty
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_by_their_value_and_before_words() {
        let parts = ["10", "B", "9", "02", "A", ""];
        assert_eq!(sorted(parts.into_iter()), ["02", "9", "10", "", "A", "B"]);
    }
}
