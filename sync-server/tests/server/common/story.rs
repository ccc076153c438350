//! One morning at the warehouse, with one exception of every kind in it.

use chrono::NaiveDate;
use domain::event::{CountedLine, EventBody, Goods};
use domain::{ItemId, UnitId};

use super::handheld::Handheld;
use super::{MINUTE, NOW, Warehouse, bin, item, operator, units};

fn of(item: ItemId, lot: Option<&str>, expiry: Option<&str>, unit: Option<&str>) -> Goods {
    Goods {
        item,
        lot: lot.map(str::to_owned),
        expiry: expiry.map(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").unwrap()),
        unit: unit.map(UnitId::plate),
    }
}

pub fn received(b: u8, goods: Goods, n: i64) -> EventBody {
    EventBody::Received {
        bin: bin(b),
        goods,
        quantity: units(n),
    }
}

pub fn issued(b: u8, goods: Goods, n: i64) -> EventBody {
    EventBody::Issued {
        bin: bin(b),
        goods,
        quantity: units(n),
    }
}

/// Two handhelds work apart and then sync; the clock stands an hour later.
pub fn tell(warehouse: &Warehouse) -> (Handheld, Handheld) {
    let mut one = Handheld::enrol(warehouse, "手持 1 号", 1);
    let mut two = Handheld::enrol(warehouse, "手持 2 号", 2);
    let (wang, li, anna) = (operator(1), operator(2), operator(3));
    let at = |minutes: i64| NOW + minutes * MINUTE;

    one.record(wang, received(1, Goods::of(item(1)), 40), at(1));
    one.record(wang, received(2, Goods::of(item(2)), 25), at(2));
    one.record(wang, received(3, Goods::of(item(3)), 500), at(3));
    one.record(
        wang,
        received(4, of(item(5), None, None, Some("LP-00017")), 1),
        at(4),
    );
    one.record(
        wang,
        received(5, of(item(5), None, None, Some("LP-00018")), 1),
        at(5),
    );
    let milk = of(item(4), Some("M2609"), Some("2026-12-01"), None);
    one.record(wang, received(2, milk, 120), at(6));
    warehouse.pass(10 * MINUTE);
    one.sync(warehouse, at(10));
    two.sync(warehouse, at(10));

    // Apart: the same pallet goes out twice, and more gloves than there are.
    one.record(
        wang,
        issued(4, of(item(5), None, None, Some("LP-00017")), 1),
        at(12),
    );
    two.record(
        li,
        issued(4, of(item(5), None, None, Some("LP-00017")), 1),
        at(15),
    );
    two.record(li, issued(2, Goods::of(item(2)), 30), at(18));
    let other_milk = of(item(4), Some("M2609"), Some("2026-11-01"), None);
    two.record(anna, received(3, other_milk, 24), at(20));
    let moved = EventBody::Moved {
        from: bin(5),
        to: bin(1),
        goods: of(item(5), None, None, Some("LP-00018")),
        quantity: units(1),
    };
    one.record(wang, moved, at(21));
    two.record(
        li,
        issued(5, of(item(5), None, None, Some("LP-00018")), 1),
        at(24),
    );
    let aside = EventBody::SetAside {
        code: "X-4711-UNBEKANNT".into(),
        bin: Some(bin(6)),
        quantity: units(3),
    };
    two.record(anna, aside, at(26));
    let count = EventBody::Counted {
        bin: bin(1),
        lines: vec![CountedLine {
            item: item(1),
            lot: None,
            counted: units(37),
        }],
        whole_bin: false,
    };
    two.record(anna, count, at(30));
    let mistake = one.record(wang, issued(1, Goods::of(item(1)), 2), at(31));
    one.record(wang, EventBody::Reversed { target: mistake }, at(32));
    one.rename(item(1), "活扳手 250 毫米", at(33));
    two.rename(item(1), "活动扳手 10 寸", at(34));
    // The second handheld's clock has gone wrong by then.
    two.record(li, issued(3, Goods::of(item(3)), 12), at(180));
    warehouse.pass(50 * MINUTE);
    one.sync(warehouse, at(60));
    two.sync(warehouse, at(190));
    one.sync(warehouse, at(60));
    (one, two)
}
