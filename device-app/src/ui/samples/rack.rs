//! A bin among the others of its rack.

use super::Goods;
use super::screens::{fact, look_up};
use crate::view::{CellState, LookUpView, Rack, RackCell};

/// Three levels, of which the middle one has a bay less: a beam was left out.
pub(super) fn look_up_bin(goods: &Goods) -> LookUpView {
    let mut view = look_up(goods, true);
    let bays = ["07", "08", "09", "10", "11"];
    let mut cells = Vec::new();
    for (row, level) in ["3", "2", "1"].into_iter().enumerate() {
        for (column, bay) in bays.into_iter().enumerate() {
            let state = match (bay, level) {
                ("08", "2") => continue,
                ("09", "1") | ("07", _) | ("11", "1" | "2") => CellState::Used,
                ("10", "1") => CellState::Frozen,
                ("10", "2") => CellState::Hidden,
                _ => CellState::Empty,
            };
            cells.push(RackCell {
                id: format!("bin:{bay}{level}"),
                code: format!("A-{bay}-{level}"),
                column: column as u32,
                row: row as u32,
                level: level.into(),
                state,
                here: (bay, level) == ("09", "1"),
            });
        }
    }
    if let Some(detail) = &mut view.detail {
        detail.kind = "bin".into();
        detail.title = "A-09-1".into();
        detail.subtitle.clear();
        detail.facts = vec![fact("lines", "1", false)];
        detail.stock.truncate(1);
        for row in &mut detail.stock {
            row.place = goods.bolt.into();
        }
        detail.rack = Rack {
            aisle: "A".into(),
            bays: bays.map(str::to_owned).to_vec(),
            cells,
        };
    }
    view
}
