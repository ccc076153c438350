//! Deliveries that are expected: a few lines each, some with the lot that was announced.

use super::random::Random;
use super::{DemoDelivery, DemoItem};

const SUPPLIERS: [&str; 4] = ["华东五金", "宁波紧固件", "苏州工具", "Shanghai Tools & Co"];

pub(super) fn deliveries(random: &mut Random, items: &[DemoItem]) -> Vec<DemoDelivery> {
    let plain: Vec<&DemoItem> = items.iter().filter(|item| !item.tracks_serial).collect();
    let mut lines = Vec::new();
    for number in 1..=6 {
        let supplier = SUPPLIERS[random.below(SUPPLIERS.len())];
        let first = random.below(plain.len());
        // Neighbours in the catalogue, so that no item stands on two lines.
        for item in plain.iter().cycle().skip(first).take(2 + random.below(5)) {
            lines.push(DemoDelivery {
                order: format!("PO-2605{number:02}"),
                supplier,
                due: format!("2026-05-{:02}", number + 3),
                sku: item.sku.clone(),
                quantity: random.between(1, 20) * 12,
            });
        }
    }
    lines
}
