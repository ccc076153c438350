//! The same shapes as the published comparison: events of three kinds over a catalogue of items and 1,920 bins.

use documents::catalogue::{Handling, Item};
use documents::{Partition, RecordKind};
use domain::{BinId, CountedLine, EventBody, Goods, IdSource, ItemId, Quantity};
use replica::RecordEdit;

/// When the workload begins.
pub(crate) const T0: i64 = 1_790_000_000_000;

/// xorshift64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(
            seed.wrapping_mul(2_654_435_761)
                .wrapping_add(88_172_645_463_325_252),
        )
    }

    pub(crate) const fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Twenty aisles of 125 racks with eight levels, and so on.
pub(crate) fn bin_code(n: usize) -> String {
    let (aisle, rack, level) = (n / 1_000, n / 8 % 125 + 1, n % 8 + 1);
    format!("A{aisle:02}-{rack:03}-{level}")
}

/// Bins as an import would have made them.
pub(crate) fn bins() -> Vec<BinId> {
    let mut ids = IdSource::new([7; 8]);
    (0..8 * 40 * 6)
        .map(|n| BinId::from_bytes(ids.draw(T0 - 1_000_000 + n / 100)))
        .collect()
}

/// A new item record.
pub(crate) fn item(id: ItemId, n: usize, random: &mut Random) -> RecordEdit {
    let item = Item {
        id,
        sku: format!("SKU-{n:06}"),
        name_en: format!("Widget {} mk{}", random.below(5_000), random.below(9)),
        name_zh: format!("零件{}号", random.below(5_000)),
        unit: "EA".into(),
        decimals: 0,
        tracks_lot: false,
        tracks_serial: false,
        tracks_expiry: false,
        barcodes: [(
            format!("{:013}", random.below(9_999_999_999_999)),
            Quantity::ONE,
        )]
        .into(),
        handling: Handling::default(),
        value: None,
        owner: None,
    };
    RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: id.into(),
        fields: item.to_fields(),
    }
}

/// One scan: in, out or count.
pub(crate) fn event(items: &[ItemId], bins: &[BinId], random: &mut Random) -> EventBody {
    let item = items[random.below(items.len() as u64) as usize];
    let bin = bins[random.below(bins.len() as u64) as usize];
    let quantity = Quantity::from_thousandths(1_000 * (1 + random.below(24) as i64));
    match random.below(3) {
        0 => EventBody::Received {
            bin,
            goods: Goods::of(item),
            quantity,
        },
        1 => EventBody::Issued {
            bin,
            goods: Goods::of(item),
            quantity,
        },
        _ => EventBody::Counted {
            bin,
            lines: vec![CountedLine {
                item,
                lot: None,
                counted: quantity,
            }],
            whole_bin: false,
        },
    }
}
