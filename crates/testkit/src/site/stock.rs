//! The opening stock: piles, lots with their last good day, serial numbers, pallets with plates.

use super::random::Random;
use super::{DemoBin, DemoFace, DemoItem, DemoStock};

/// Pallets with a licence plate.
const PALLETS: usize = 60;
/// Bins that are kept filled with one item.
const FACES: usize = 8;
/// Part of the items that are in the house on the first day.
const STOCKED_PERCENT: usize = 55;

pub(super) fn opening_stock(
    random: &mut Random,
    bins: &[DemoBin],
    items: &[DemoItem],
) -> Vec<DemoStock> {
    let storage: Vec<&DemoBin> = bins.iter().filter(|bin| bin.zone == "STO").collect();
    let docks: Vec<&DemoBin> = bins.iter().filter(|bin| bin.zone == "RCV").collect();
    let mut stock = Vec::new();
    let mut pallets = 0;
    for item in items {
        if !random.percent(STOCKED_PERCENT) {
            continue;
        }
        let bin = |random: &mut Random| storage[random.below(storage.len())].code.clone();
        if item.tracks_serial {
            for _ in 0..2 {
                let serial = format!("SN{:08}", random.between(10_000_000, 99_999_999));
                stock.push(line(item, bin(random), 1, Some(serial)));
            }
        } else if item.tracks_lot {
            for _ in 0..random.between(1, 2) {
                let day = day(random);
                let amount = random.between(2, 12) * 12;
                stock.push(DemoStock {
                    lot: Some(lot(random)),
                    expiry: Some(day),
                    ..line(item, bin(random), amount, None)
                });
            }
        } else {
            let amount = random.between(4, 240);
            stock.push(line(item, bin(random), amount, None));
            // Now and then a full pallet of the same goods still stands at the dock.
            let comes_on_pallets = item.pack.is_some() || item.unit == "box";
            if comes_on_pallets && pallets < PALLETS && random.percent(14) {
                pallets += 1;
                let dock = docks[random.below(docks.len())].code.clone();
                let amount = random.between(4, 20) * 12;
                stock.push(line(item, dock, amount, Some(format!("LP-{pallets:06}"))));
            }
        }
    }
    stock
}

fn line(item: &DemoItem, bin: String, amount: i64, plate: Option<String>) -> DemoStock {
    DemoStock {
        bin,
        sku: item.sku.clone(),
        quantity_thousandths: amount * 1_000,
        lot: None,
        expiry: None,
        plate,
    }
}

fn lot(random: &mut Random) -> String {
    let letter = char::from(b'A' + u8::try_from(random.below(6)).unwrap_or(0));
    format!(
        "26{:02}{:02}{letter}",
        random.between(1, 12),
        random.between(1, 28)
    )
}

/// Far enough away that the demo does not go off.
fn day(random: &mut Random) -> String {
    let (year, month) = (random.between(2028, 2031), random.between(1, 12));
    format!("{year}-{month:02}-{:02}", random.between(1, 28))
}

/// Pick faces at the lowest level, of goods that lie elsewhere too; every other one has less than it should.
pub(super) fn add_faces(bins: &mut [DemoBin], items: &[DemoItem], stock: &[DemoStock]) {
    let plain = |line: &&DemoStock| {
        let item = items.iter().find(|item| item.sku == line.sku);
        let tracked = item.is_none_or(|i| i.tracks_lot || i.tracks_serial || i.decimals > 0);
        line.bin.ends_with("-1") && line.plate.is_none() && !tracked
    };
    let has_reserve = |line: &&DemoStock| {
        let other = |o: &&DemoStock| o.sku == line.sku && o.bin != line.bin;
        stock.iter().any(|o| other(&o))
    };
    let faces = stock.iter().filter(plain).filter(has_reserve).take(FACES);
    for (at, line) in faces.enumerate() {
        let has = line.quantity_thousandths / 1_000;
        let least = if at % 2 == 0 { has + 6 } else { 1 };
        if let Some(bin) = bins
            .iter_mut()
            .find(|bin| bin.code == line.bin && bin.face.is_none())
        {
            bin.face = Some(DemoFace {
                sku: line.sku.clone(),
                least,
                most: has + 60,
            });
        }
    }
}
