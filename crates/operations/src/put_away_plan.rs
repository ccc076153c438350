//! Where goods that came in should be put, and why there.

use domain::Quantity;
use serde::{Deserialize, Serialize};

use crate::codes::FactCode;
use crate::draft::amount;
use crate::hand::Hand;
use crate::screen::Fact;
use crate::site_view::{BinFacts, ItemFacts, RoomFacts, RoomNeeded, SiteView, ViewError};

/// A bin, and why this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suggestion {
    pub(crate) bin: BinFacts,
    why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Why {
    /// It is kept filled with this item up to that amount, and has less.
    Fills(Quantity),
    /// The same goods lie there: so many.
    SameGoods(Quantity),
    /// It is empty, fits, and is the nearest to that bin.
    EmptyNear(String),
}

impl Suggestion {
    /// As it is shown beside the bin.
    pub(crate) fn why(&self, item: &ItemFacts) -> Fact {
        let (label, value) = match &self.why {
            Why::Fills(most) => (FactCode::FillsUpTo, amount(*most, item)),
            Why::SameGoods(there) => (FactCode::SameGoodsThere, amount(*there, item)),
            Why::EmptyNear(code) => (FactCode::EmptyNear, code.clone()),
        };
        Fact {
            label,
            value,
            emphasis: false,
        }
    }
}

/// The best bin for the goods in hand: the item's pick face while it has less than it should, then where the same goods of
/// the same lot lie, then an empty bin near those, or near where they are now. Class, room and weight must fit, as far as
/// anybody measured them.
pub(crate) fn suggest(
    hand: &Hand,
    from: &BinFacts,
    view: &dyn SiteView,
) -> Result<Option<Suggestion>, ViewError> {
    let (Some(item), Some(quantity)) = (&hand.item, hand.amount()) else {
        return Ok(None);
    };
    let needed = view.handling(item.id)?.times(quantity);
    let fits = |room: &RoomFacts| room.bin.id != from.id && room.stores && room.fits(&needed);
    let piles = view.stock_of_item(item.id)?;
    let there = |bin: &BinFacts| {
        let here = piles.iter().filter(|p| p.bin.id == bin.id);
        here.fold(Quantity::ZERO, |sum, p| sum.plus(p.balance))
    };
    for (face, most) in view.pick_faces(item.id)? {
        let has = there(&face.bin);
        if fits(&face) && has.plus(quantity) <= most {
            let why = Why::Fills(most);
            return Ok(Some(Suggestion { bin: face.bin, why }));
        }
    }
    let mut near = None;
    let mut same: Vec<_> = piles
        .iter()
        .filter(|p| p.balance > Quantity::ZERO)
        .collect();
    same.sort_by_key(|p| (std::cmp::Reverse(p.balance), p.bin.code.clone()));
    for pile in same {
        let Some(room) = view.room(pile.bin.id)? else {
            continue;
        };
        if !room.stores || pile.bin.id == from.id {
            continue;
        }
        if pile.lot == hand.lot && fits(&room) {
            let why = Why::SameGoods(pile.balance);
            return Ok(Some(Suggestion { bin: room.bin, why }));
        }
        near.get_or_insert(room.bin);
    }
    let near = near.unwrap_or_else(|| from.clone());
    let empty = view.empty_bins_near(&near, &needed)?;
    Ok(empty.into_iter().find(fits).map(|room| Suggestion {
        bin: room.bin,
        why: Why::EmptyNear(near.code),
    }))
}

impl RoomFacts {
    fn fits(&self, needed: &RoomNeeded) -> bool {
        let class = self.class.is_empty() || self.class == needed.class;
        let enough = |left: Option<i64>, needed: i64| left.is_none_or(|left| left >= needed);
        class && enough(self.volume_left, needed.volume) && enough(self.weight_left, needed.weight)
    }
}
