//! Orders: deliveries that are expected, and goods that customers shall get.

use super::random::Random;
use super::{DemoCountLine, DemoItem, DemoOrderLine, DemoStock};

const SUPPLIERS: [&str; 4] = ["华东五金", "宁波紧固件", "苏州工具", "Shanghai Tools & Co"];
const CUSTOMERS: [&str; 4] = ["虹桥建设", "浦东机电", "Jing'an Repairs", "嘉定汽修"];

/// A few lines each.
pub(super) fn deliveries(random: &mut Random, items: &[DemoItem]) -> Vec<DemoOrderLine> {
    let plain: Vec<&DemoItem> = items.iter().filter(|item| !item.tracks_serial).collect();
    let mut lines = Vec::new();
    for number in 1..=6 {
        let party = SUPPLIERS[random.below(SUPPLIERS.len())];
        let first = random.below(plain.len());
        // Neighbours in the catalogue, so that no item stands on two lines.
        for item in plain.iter().cycle().skip(first).take(2 + random.below(5)) {
            lines.push(DemoOrderLine {
                order: format!("PO-2605{number:02}"),
                party,
                due: format!("2026-05-{:02}", number + 3),
                sku: item.sku.clone(),
                quantity: random.between(1, 20) * 12,
            });
        }
    }
    lines
}

/// A few lines each, of goods that are in stock; now and then a little more than there is.
pub(super) fn outbound(
    random: &mut Random,
    items: &[DemoItem],
    stock: &[DemoStock],
) -> Vec<DemoOrderLine> {
    let pickable: Vec<&DemoStock> = stock
        .iter()
        .filter(|line| line.plate.is_none() && line.quantity_thousandths >= 4_000)
        .filter(|line| {
            items
                .iter()
                .any(|item| item.sku == line.sku && !item.tracks_serial)
        })
        .collect();
    let mut lines = Vec::new();
    for number in 1..=6 {
        let party = CUSTOMERS[random.below(CUSTOMERS.len())];
        let mut skus: Vec<&str> = Vec::new();
        while skus.len() < 3 + number % 4 {
            let line = pickable[random.below(pickable.len())];
            if skus.contains(&line.sku.as_str()) {
                continue;
            }
            skus.push(&line.sku);
            let here = line.quantity_thousandths / 1_000;
            lines.push(DemoOrderLine {
                order: format!("SO-2605{number:02}"),
                party,
                due: format!("2026-05-{:02}", number + 1),
                sku: line.sku.clone(),
                quantity: random.between(1, here * 5 / 4),
            });
        }
    }
    lines
}

/// An open count for anybody, and a blind one for one person.
pub(super) fn counts() -> Vec<DemoCountLine> {
    let line = |order, bin: &str, counter: &'static str, due| DemoCountLine {
        order,
        bin: bin.to_owned(),
        blind: !counter.is_empty(),
        counter,
        due,
    };
    let open = ["A-01-1", "A-01-2", "A-02-1", "B-02-1"];
    let blind = ["E-01-1", "E-01-2", "E-02-1"];
    let open = open.map(|bin| line("PD-260501", bin, "", "2026-05-06"));
    let blind = blind.map(|bin| line("PD-260502", bin, "赵喆", "2026-05-07"));
    open.into_iter().chain(blind).collect()
}
