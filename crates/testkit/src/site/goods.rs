//! What a warehouse keeps: categories of products, each in sizes and colours.

mod consumer;
mod technical;

/// How goods of a product are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracking {
    Plain,
    LotAndExpiry,
    Serial,
}

/// In Chinese and English.
type Name = (&'static str, &'static str);

/// Sizes, colours or tastes: `红色=red; M6`, where one word without `=` serves both languages.
type Words = &'static str;

/// One row of a category's table; its variants are all pairs from the two lists.
pub(super) struct Product {
    pub(super) name: Name,
    pub(super) unit: &'static str,
    /// Base units in a carton that has a barcode of its own; 1 for none.
    pub(super) pack: u32,
    pub(super) tracking: Tracking,
    first: Words,
    second: Words,
}

pub(super) struct Category {
    /// First letters of the SKU.
    pub(super) prefix: &'static str,
    /// How many variants the warehouse keeps.
    pub(super) items: usize,
    pub(super) products: &'static [Product],
}

/// A product in one size and colour.
pub(super) struct Variant {
    pub(super) product: &'static Product,
    pub(super) name_zh: String,
    pub(super) name_en: String,
}

/// Where a product comes in one size or colour only.
const ONE: Words = "";

/// Goods that are only counted.
const fn plain(name: Name, unit: &'static str, pack: u32, first: Words, second: Words) -> Product {
    Product {
        name,
        unit,
        pack,
        tracking: Tracking::Plain,
        first,
        second,
    }
}

/// Goods that go off.
const fn fresh(name: Name, unit: &'static str, pack: u32, first: Words, second: Words) -> Product {
    Product {
        tracking: Tracking::LotAndExpiry,
        ..plain(name, unit, pack, first, second)
    }
}

/// Machines with a number each.
const fn machine(name: Name, first: Words) -> Product {
    Product {
        tracking: Tracking::Serial,
        ..plain(name, "pcs", 1, first, ONE)
    }
}

/// The warehouse's categories; 2,000 items together.
pub(super) const CATEGORIES: [&Category; 10] = [
    &technical::FASTENERS,
    &technical::TOOLS,
    &technical::ELECTRICAL,
    &technical::PLUMBING,
    &technical::ELECTRONICS,
    &consumer::PROTECTION,
    &consumer::PACKAGING,
    &consumer::STATIONERY,
    &consumer::HOUSEHOLD,
    &consumer::FOOD,
];

/// Every product of a category in every size and colour.
pub(super) fn variants(category: &'static Category) -> Vec<Variant> {
    let mut variants = Vec::new();
    for product in category.products {
        for first in both(product.first) {
            for second in both(product.second) {
                variants.push(Variant {
                    product,
                    name_zh: joined([product.name.0, first.0, second.0]),
                    name_en: joined([product.name.1, first.1, second.1]),
                });
            }
        }
    }
    variants
}

fn both(words: Words) -> impl Iterator<Item = Name> {
    let words = words.split("; ");
    words.map(|word| word.split_once('=').unwrap_or((word, word)))
}

fn joined(words: [&str; 3]) -> String {
    let words: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
    words.join(" ")
}
