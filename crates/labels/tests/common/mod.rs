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

use labels::template::{
    BinLabel, ItemLabel, PieceLabel, PlateLabel, Square, TicketLabel, UnitLabel,
};
use labels::{Density, FontBytes, Fonts, Label, Stock};
use scan::{Effort, FrameReader, LumaFrame, ReaderSettings, Symbology};

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

/// Kinds of symbols and what they say.
pub type Reads = Vec<(Symbology, String)>;

/// What the handheld's reader finds on the label, each kind of symbol once, in the order of the enum.
pub fn read(png: &[u8]) -> Reads {
    let (mut found, weak) = read_surely(png);
    found.extend(weak);
    found.sort();
    found
}

/// The same, and apart from it what the reader calls weak, which nobody takes without a second sign.
pub fn read_surely(png: &[u8]) -> (Reads, Reads) {
    let decoder = png::Decoder::new(std::io::Cursor::new(png));
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let luma = (0..info.height)
        .flat_map(|y| (0..info.width).map(move |x| (x, y)))
        .map(|(x, y)| {
            let byte = bytes[y as usize * info.line_size + (x / 8) as usize];
            if byte >> (7 - x % 8) & 1 == 1 { 255 } else { 0 }
        })
        .collect();
    let frame = LumaFrame::new(info.width, info.height, luma).unwrap();
    let reading = FrameReader::new(ReaderSettings::default())
        .read(&frame, Effort::Thorough)
        .unwrap();
    let (mut sure, mut weak) = (Vec::new(), Vec::new());
    for payload in reading.payloads {
        let side = if payload.weak { &mut weak } else { &mut sure };
        side.push((payload.symbology, payload.text));
    }
    sure.sort();
    (sure, weak)
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
        ("piece", piece().on(Stock::new(80, 50, density))),
        (
            "small-piece",
            PieceLabel {
                symbol: Square::DataMatrix,
                ..piece()
            }
            .on(Stock::new(40, 25, density)),
        ),
        (
            "gs1-piece",
            PieceLabel {
                gs1: Some(GIAI.into()),
                ..piece()
            }
            .on(Stock::new(100, 60, density)),
        ),
        ("ticket", ticket().on(Stock::new(80, 50, density))),
        (
            "small-ticket",
            TicketLabel {
                scan: ticket().code,
                ..ticket()
            }
            .on(Stock::new(58, 40, density)),
        ),
    ]
}

/// The number of a piece as a GS1 individual asset: identifier 8004, company prefix, number.
pub const GIAI: &str = "80044006381337K2M9QXTR4WD1";

/// What a claim ticket says to a telephone: 82 bytes.
pub const CLAIM: &str =
    "https://custody.example.com/claim/shanghai-hongqiao-t2?lang=zh-CN#7K2M9QXTR4WD1PC";

/// A piece in custody.
pub fn piece() -> PieceLabel {
    PieceLabel {
        code: "7K2M9QXTR4WD1".into(),
        mark: "4WD1".into(),
        part: "2/3".into(),
        what: "行李箱 · 大件".into(),
        place: "B-07-3".into(),
        details: ["寄存 2026-11-23", "到期 2026-11-30", "状况 完好"]
            .map(str::to_owned)
            .to_vec(),
        symbol: Square::Qr,
        gs1: None,
    }
}

/// The claim ticket for it.
pub fn ticket() -> TicketLabel {
    TicketLabel {
        heading: "取件凭证".into(),
        code: "7K2M9-QXTR4-WD1PC".into(),
        scan: CLAIM.into(),
        details: [
            "上海虹桥 T2 寄存处",
            "3 件",
            "寄存 2026-11-23 18:40",
            "到期 2026-11-30",
            "费用 ¥60.00",
        ]
        .map(str::to_owned)
        .to_vec(),
        note: "请妥善保管本凭证，凭码取件。遗失须出示有效证件并准确描述寄存物品，由主管核实后方可领取。".into(),
    }
}
