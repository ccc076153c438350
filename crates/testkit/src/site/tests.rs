use std::collections::HashSet;

use super::*;

fn site() -> DemoSite {
    demo_site(DEMO_SEED)
}

fn all_unique<'a>(codes: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = HashSet::new();
    codes.into_iter().all(|code| seen.insert(code))
}

#[test]
fn as_large_as_promised() {
    let site = site();
    assert_eq!(
        (
            site.zones.len(),
            site.bins.len(),
            site.items.len(),
            site.operators.len()
        ),
        (2, 400, 2_000, 6)
    );
    assert!(
        (1_000..2_000).contains(&site.opening_stock.len()),
        "{}",
        site.opening_stock.len()
    );
}

#[test]
fn no_two_the_same() {
    let site = site();
    assert!(all_unique(site.items.iter().map(|i| i.sku.as_str())));
    assert!(all_unique(site.items.iter().map(|i| i.name_zh.as_str())));
    assert!(all_unique(site.items.iter().map(|i| i.name_en.as_str())));
    let packs = site
        .items
        .iter()
        .filter_map(|i| i.pack.as_ref())
        .map(|p| p.0.as_str());
    assert!(all_unique(
        site.items.iter().map(|i| i.barcode.as_str()).chain(packs)
    ));
    assert!(all_unique(site.bins.iter().map(|b| b.code.as_str())));
    assert!(all_unique(site.operators.iter().map(|o| o.badge.as_str())));
    assert!(all_unique(site.operators.iter().map(|o| o.pin.as_str())));
    assert!(all_unique(
        site.opening_stock.iter().filter_map(|s| s.plate.as_deref())
    ));
}

#[test]
fn barcodes_are_sound_and_in_range() {
    assert!(is_gtin("4006381333931") && !is_gtin("4006381333932") && !is_gtin("12"));
    for item in site().items {
        let prefix: u32 = item.barcode[..3].parse().unwrap();
        assert!(is_gtin(&item.barcode), "{}", item.barcode);
        assert!(
            (690..700).contains(&prefix) || (200..210).contains(&prefix),
            "{prefix}"
        );
        if let Some((code, factor)) = item.pack {
            assert!(is_gtin(&code) && code.len() == 14, "{code}");
            assert!([6, 12, 24].contains(&factor), "{factor}");
        }
    }
}

#[test]
fn names_in_both_languages() {
    for item in site().items {
        assert!(!item.name_zh.is_ascii(), "{}", item.name_zh);
        assert!(
            !item
                .name_en
                .contains(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
            "{}",
            item.name_en
        );
    }
}

#[test]
fn every_way_to_track_goods_occurs() {
    let site = site();
    let count = |test: fn(&DemoItem) -> bool| site.items.iter().filter(|i| test(i)).count();
    assert!(count(|i| i.tracks_lot && i.tracks_expiry) > 100);
    assert!((5..100).contains(&count(|i| i.tracks_serial)));
    assert!(count(|i| i.pack.is_some()) > 200);
    for unit in ["pcs", "box", "kg", "m"] {
        assert!(site.items.iter().any(|i| i.unit == unit), "{unit}");
    }
}

#[test]
fn the_stock_is_of_this_site() {
    let site = site();
    for line in &site.opening_stock {
        let item = site.items.iter().find(|i| i.sku == line.sku).unwrap();
        assert!(site.bins.iter().any(|b| b.code == line.bin));
        assert!(line.quantity_thousandths > 0);
        assert_eq!(line.lot.is_some(), item.tracks_lot);
        assert_eq!(line.expiry.is_some(), item.tracks_expiry);
        if item.tracks_serial {
            assert!(line.plate.is_some() && line.quantity_thousandths == 1_000);
        }
    }
    let pallets = site.opening_stock.iter().filter_map(|s| s.plate.as_deref());
    assert!(pallets.filter(|p| p.starts_with("LP-")).count() >= 40);
}

#[test]
fn the_seed_is_all_there_is() {
    assert_eq!(demo_site(7), demo_site(7));
    assert_ne!(demo_site(7).opening_stock, demo_site(8).opening_stock);
}

#[test]
fn the_fixtures_are_what_the_generator_writes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/demo-site");
    for (name, text) in site().tables() {
        let file = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(
            file == text,
            "{name} is out of date: run `cargo xtask fixtures`"
        );
    }
}
