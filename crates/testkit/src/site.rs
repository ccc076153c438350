//! A believable warehouse, made from a seed: the demo's site, and the data of tests and benchmarks.
//! The same seed always gives the same site, to the byte.

mod codes;
mod goods;
mod orders;
mod random;
mod stock;
mod tables;

pub use codes::{check_digit, is_gtin};

use codes::{ean13, gtin14};
use goods::{CATEGORIES, Tracking};
use random::Random;

/// The seed of `fixtures/demo-site`.
pub const DEMO_SEED: u64 = 20_260_501;

/// One warehouse and everything in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoSite {
    pub code: &'static str,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    /// IANA name.
    pub time_zone: &'static str,
    pub zones: Vec<DemoZone>,
    pub bins: Vec<DemoBin>,
    pub items: Vec<DemoItem>,
    pub operators: Vec<DemoOperator>,
    /// What lies where on the first day.
    pub opening_stock: Vec<DemoStock>,
    /// What is announced, line by line.
    pub deliveries: Vec<DemoOrderLine>,
    /// What customers ordered, line by line.
    pub outbound: Vec<DemoOrderLine>,
    /// What is to be counted, bin by bin.
    pub counts: Vec<DemoCountLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoZone {
    pub code: &'static str,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    /// As in `documents::catalogue::Zone`.
    pub purpose: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoBin {
    /// Aisle, rack, level, such as `A-07-3`.
    pub code: String,
    /// Code of its zone.
    pub zone: &'static str,
    /// Of a pick face.
    pub face: Option<DemoFace>,
}

/// What a pick face is kept filled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoFace {
    pub sku: String,
    /// Below so many base units it is filled up.
    pub least: i64,
    /// Up to so many.
    pub most: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoItem {
    pub sku: String,
    pub name_zh: String,
    pub name_en: String,
    /// `pcs`, `box`, `kg` or `m`.
    pub unit: &'static str,
    /// Decimals of the unit that people may type.
    pub decimals: u8,
    /// EAN-13 of one base unit.
    pub barcode: String,
    /// GTIN-14 of a carton, and how many base units are in it.
    pub pack: Option<(String, u32)>,
    pub tracks_lot: bool,
    pub tracks_serial: bool,
    pub tracks_expiry: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOperator {
    pub name: &'static str,
    /// What their badge reads.
    pub badge: String,
    /// Four digits.
    pub pin: String,
    /// The post whose rights they are given; empty for no restriction.
    pub post: &'static str,
}

/// Goods of one kind in one bin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoStock {
    pub bin: String,
    pub sku: String,
    /// In thousandths of the base unit.
    pub quantity_thousandths: i64,
    pub lot: Option<String>,
    /// Last good day, `2027-06-30`.
    pub expiry: Option<String>,
    /// Serial number, or the licence plate of a pallet.
    pub plate: Option<String>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOrderLine {
    /// Number of the order.
    pub order: String,
    /// Supplier or customer.
    pub party: &'static str,
    /// Day, such as `2026-05-07`.
    pub due: String,
    pub sku: String,
    /// In base units.
    pub quantity: i64,
}

/// A bin that is to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoCountLine {
    /// Number of the order.
    pub order: &'static str,
    pub bin: String,
    pub blind: bool,
    /// Who shall do it; anybody if empty.
    pub counter: &'static str,
    /// Day, such as `2026-05-07`.
    pub due: &'static str,
}

/// A warehouse of 2 zones, 400 bins, 2,000 items and 6 operators.
pub fn demo_site(seed: u64) -> DemoSite {
    let mut random = Random::new(seed);
    let items = items(&mut random);
    let mut bins = bins();
    let opening_stock = stock::opening_stock(&mut random, &bins, &items);
    // Drawn apart, so that what was there before orders stays as it was.
    let deliveries = orders::deliveries(&mut Random::new(seed + 1), &items);
    let outbound = orders::outbound(&mut Random::new(seed + 2), &items, &opening_stock);
    stock::add_faces(&mut bins, &items, &opening_stock);
    DemoSite {
        code: "SHA1",
        name_zh: "上海一号仓",
        name_en: "Shanghai No. 1",
        time_zone: "Asia/Shanghai",
        zones: vec![
            DemoZone {
                code: "RCV",
                name_zh: "收货区",
                name_en: "Receiving",
                purpose: "receiving",
            },
            DemoZone {
                code: "STO",
                name_zh: "存货区",
                name_en: "Storage",
                purpose: "storage",
            },
        ],
        bins,
        items,
        operators: operators(&mut random),
        opening_stock,
        deliveries,
        outbound,
        counts: orders::counts(),
    }
}

/// 20 places at the docks, and 5 aisles of 19 racks with 4 levels.
fn bins() -> Vec<DemoBin> {
    let places = |aisle: char, racks: u32, zone: &'static str| {
        (1..=racks).flat_map(move |rack| {
            (1..=4).map(move |level| DemoBin {
                code: format!("{aisle}-{rack:02}-{level}"),
                zone,
                face: None,
            })
        })
    };
    let storage = "ABCDE".chars().flat_map(|aisle| places(aisle, 19, "STO"));
    places('R', 5, "RCV").chain(storage).collect()
}

/// All sizes and colours of every category, thinned out at random to the wanted number, as no
/// warehouse keeps every size.
fn items(random: &mut Random) -> Vec<DemoItem> {
    let mut items = Vec::new();
    for (number, category) in (0u32..).zip(CATEGORIES) {
        let mut variants = goods::variants(category);
        while variants.len() > category.items {
            variants.remove(random.below(variants.len()));
        }
        for (at, variant) in (1u32..).zip(variants) {
            let product = variant.product;
            // Goods weighed or cut in the house carry a code of the house: GS1's range from 20.
            let barcode = match product.unit {
                "kg" | "m" => ean13(&format!("20{number:02}{at:08}")),
                _ => ean13(&format!(
                    "69{}{:03}{at:06}",
                    number % 10,
                    117 * (number + 3) % 1000
                )),
            };
            let pack = (product.pack > 1).then(|| (gtin14(1, &barcode), product.pack));
            items.push(DemoItem {
                sku: format!("{}-{at:04}", category.prefix),
                name_zh: variant.name_zh,
                name_en: variant.name_en,
                unit: product.unit,
                decimals: match product.unit {
                    "kg" => 3,
                    "m" => 1,
                    _ => 0,
                },
                barcode,
                pack,
                tracks_lot: product.tracking == Tracking::LotAndExpiry,
                tracks_serial: product.tracking == Tracking::Serial,
                tracks_expiry: product.tracking == Tracking::LotAndExpiry,
            });
        }
    }
    items
}

fn operators(random: &mut Random) -> Vec<DemoOperator> {
    // 喆 is not in GB2312: a screen that shows her name can show everybody's.
    let names = ["王芳", "李强", "张敏", "刘洋", "陈静", "赵喆"];
    let mut taken = Vec::new();
    names
        .into_iter()
        .zip(1..)
        .map(|(name, number)| {
            let pin = loop {
                let pin = format!("{:04}", 1_000 + random.below(9_000));
                let alike = pin.bytes().all(|digit| Some(digit) == pin.bytes().next());
                if !alike && !taken.contains(&pin) {
                    break pin;
                }
            };
            taken.push(pin.clone());
            DemoOperator {
                name,
                badge: format!("TM-OP-{number:04}"),
                pin,
                // Most do everything, as people in a demo want to.
                post: match name {
                    "刘洋" => "picker",
                    "陈静" => "supervisor",
                    _ => "",
                },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
