//! Samples and fonts that several tests share.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read the fonts; the crate is given them"
)]
#![allow(dead_code, reason = "each test uses its part")]
#![allow(unreachable_pub, reason = "each test is a crate of its own")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use labels::template::{BinLabel, ItemLabel, PlateLabel, UnitLabel};
use labels::{Density, FontBytes, Fonts, Label, Stock};

/// The handheld's own fonts.
pub fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| Fonts::new(font("Regular"), font("Bold")).unwrap())
}

fn font(weight: &str) -> FontBytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!(
        "../../device-app/ui/fonts/TallymanSans-{weight}.otf"
    ));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| {
        panic!("{}: {error}. Run scripts/setup-fonts once.", path.display())
    });
    FontBytes::Shared(Arc::from(bytes))
}

/// Where the kept answers lie.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// One filled label of each kind, on the stock that it is usually printed on, under its name.
pub fn samples(density: Density) -> Vec<(&'static str, Label)> {
    let details = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    vec![
        (
            "bin",
            BinLabel {
                code: "A-01-2".into(),
                scan: "A-01-2".into(),
                place: "上海一号仓 · 存货区".into(),
                note: "承重 500 kg".into(),
            }
            .on(Stock::new(80, 50, density)),
        ),
        (
            "item",
            ItemLabel {
                name: "六角头螺栓 M8x40 A4-70 不锈钢".into(),
                code: "BOLT-M8-40".into(),
                scan: "BOLT-M8-40".into(),
                details: details(&["批次 L2026-117", "数量 200 件"]),
            }
            .on(Stock::new(70, 40, density)),
        ),
        (
            "plate",
            PlateLabel {
                heading: "托盘".into(),
                code: "106141412345678908".into(),
                details: details(&["ASN 4711 / 3", "六角头螺栓 M8x40", "12 箱"]),
            }
            .on(Stock::new(100, 70, density)),
        ),
        (
            "own-plate",
            PlateLabel {
                heading: "容器".into(),
                code: "LP-0077".into(),
                details: Vec::new(),
            }
            .on(Stock::new(60, 40, density)),
        ),
        (
            "unit",
            UnitLabel {
                item_name: "手持终端 MC-33 扫描型".into(),
                serial: "SN20260417003".into(),
                scan: "SN20260417003".into(),
                details: details(&["保修至 2028-04"]),
            }
            .on(Stock::new(50, 25, density)),
        ),
    ]
}
