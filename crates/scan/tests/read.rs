//! Every symbology, drawn by our own generator and read back.

#![cfg(feature = "zxing")]
#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]

use scan::{Effort, FrameReader, LumaFrame, Payload, ReaderSettings, Symbology};
use testkit::labels::{CameraView, SymbolKind, camera_like, easy_frame, label, noise_frame};

/// Kind, text as it is drawn, text as it is read.
const CASES: [(SymbolKind, &str, Symbology, &str, &str); 15] = [
    (
        SymbolKind::Ean13,
        "4006381333931",
        Symbology::Ean13,
        "]E0",
        "4006381333931",
    ),
    (
        SymbolKind::Ean8,
        "96385074",
        Symbology::Ean8,
        "]E4",
        "96385074",
    ),
    (
        SymbolKind::UpcA,
        "036000291452",
        Symbology::UpcA,
        "]E0",
        "036000291452",
    ),
    (
        SymbolKind::UpcE,
        "04252614",
        Symbology::UpcE,
        "]E0",
        "042100005264",
    ),
    (
        SymbolKind::Code128,
        "BIN-A-03-2",
        Symbology::Code128,
        "]C0",
        "BIN-A-03-2",
    ),
    (
        SymbolKind::Gs1_128,
        "(01)04006381333931(10)LOT7(37)24",
        Symbology::Gs1_128,
        "]C1",
        "010400638133393110LOT7\u{1d}3724",
    ),
    (
        SymbolKind::Code39,
        "PAL 0042",
        Symbology::Code39,
        "]A0",
        "PAL 0042",
    ),
    (
        SymbolKind::Itf14,
        "10614141000415",
        Symbology::Itf14,
        "]I0",
        "10614141000415",
    ),
    (
        SymbolKind::Codabar,
        "A40156B",
        Symbology::Codabar,
        "]F0",
        "40156",
    ),
    (
        SymbolKind::Qr,
        "货架 A-03-2",
        Symbology::Qr,
        "]Q2",
        "货架 A-03-2",
    ),
    (
        SymbolKind::Gs1Qr,
        "(01)04006381333931(10)A(21)9",
        Symbology::Gs1Qr,
        "]Q3",
        "010400638133393110A\u{1d}219",
    ),
    (
        SymbolKind::DataMatrix,
        "SN-2026-000017",
        Symbology::DataMatrix,
        "]d1",
        "SN-2026-000017",
    ),
    (
        SymbolKind::Gs1DataMatrix,
        "(01)04006381333931(17)271200(10)B7(21)S1",
        Symbology::Gs1DataMatrix,
        "]d2",
        "01040063813339311727120010B7\u{1d}21S1",
    ),
    (
        SymbolKind::Pdf417,
        "DELIVERY 77 / 12",
        Symbology::Pdf417,
        "]L2",
        "DELIVERY 77 / 12",
    ),
    (
        SymbolKind::Aztec,
        "TICKET-5512",
        Symbology::Aztec,
        "]z0",
        "TICKET-5512",
    ),
];

fn frame(picture: image::GrayImage) -> LumaFrame {
    LumaFrame::new(picture.width(), picture.height(), picture.into_raw()).unwrap()
}

fn reader() -> FrameReader {
    let mut settings = ReaderSettings::default();
    settings.symbologies.push(Symbology::UpcE);
    FrameReader::new(settings)
}

fn thorough(frame: &LumaFrame) -> Vec<Payload> {
    reader().read(frame, Effort::Thorough).unwrap().payloads
}

/// Shows the frame as a still camera would, until something is read; how many frames it took. What has
/// no check digit counts as known, since the one frame cannot confirm itself.
fn live(frame: &LumaFrame, frames_max: usize) -> Option<(usize, Vec<Payload>)> {
    let mut reader = reader().knowing(|payload| !payload.symbology.checks_itself());
    (1..=frames_max).find_map(|number| {
        let payloads = reader.read(frame, Effort::Live).unwrap().payloads;
        (!payloads.is_empty()).then_some((number, payloads))
    })
}

fn check(payloads: &[Payload], case: (SymbolKind, &str, Symbology, &str, &str), view: &str) {
    let (kind, _, symbology, identifier, text) = case;
    let found: Vec<_> = payloads
        .iter()
        .map(|p| (p.symbology, p.text.as_str()))
        .collect();
    assert_eq!(found, [(symbology, text)], "{kind:?} {view}");
    assert!(
        payloads[0]
            .symbology_identifier
            .starts_with(&identifier[..2]),
        "{payloads:?}"
    );
    let corners = payloads[0].corners.unwrap();
    assert!(
        corners
            .iter()
            .all(|(x, y)| (0..1280).contains(x) && (0..720).contains(y)),
        "{kind:?} {view}: {corners:?}"
    );
}

#[test]
fn every_kind_is_covered() {
    assert!(
        SymbolKind::ALL
            .iter()
            .all(|kind| CASES.iter().any(|case| case.0 == *kind))
    );
}

#[test]
fn upright_labels_are_read_in_the_first_live_frames() {
    for case in CASES {
        let frame = frame(easy_frame(case.0, case.1, 7).unwrap());
        let (frames, payloads) = live(&frame, 6).unwrap_or_else(|| panic!("{:?}", case.0));
        check(&payloads, case, "upright");
        assert!(frames <= 4, "{:?} took {frames} frames", case.0);
        check(&thorough(&frame), case, "upright, thorough");
    }
}

#[test]
fn turned_and_tilted_labels_are_read() {
    for case in CASES {
        for (angle_deg, tilt_deg) in [
            (90.0, 0.0),
            (180.0, 0.0),
            (35.0, 0.0),
            (-60.0, 0.0),
            (4.0, 25.0),
        ] {
            let label = label(case.0, case.1, case.4).unwrap();
            let view = CameraView {
                angle_deg,
                tilt_deg,
                seed: 11,
                ..CameraView::default()
            };
            let frame = frame(camera_like(&label, &view.fitted(&label)));
            check(&thorough(&frame), case, &format!("{angle_deg} {tilt_deg}"));
        }
    }
}

#[test]
fn linear_codes_are_read_at_every_angle_live() {
    for case in CASES.into_iter().filter(|case| case.0.is_linear()) {
        let label = label(case.0, case.1, "").unwrap();
        for angle_deg in (0..360).step_by(30) {
            let mut view = CameraView {
                angle_deg: f64::from(angle_deg),
                seed: 3 + angle_deg as u64,
                ..CameraView::default()
            }
            .fitted(&label);
            view.pixels_per_module = view.pixels_per_module.min(3.0);
            let frame = frame(camera_like(&label, &view));
            let (frames, payloads) =
                live(&frame, 24).unwrap_or_else(|| panic!("{:?} at {angle_deg}", case.0));
            check(&payloads, case, &format!("{angle_deg}"));
            assert!(frames <= 8, "{:?} at {angle_deg}: {frames} frames", case.0);
        }
    }
}

#[test]
fn frames_without_a_code_read_nothing() {
    let mut reader = reader();
    let (width, height) = (1280, 720);
    let stripes =
        image::GrayImage::from_fn(width, height, |x, _| image::Luma([(x / 9 % 2) as u8 * 200]));
    for picture in [
        image::GrayImage::from_pixel(width, height, image::Luma([0])),
        image::GrayImage::from_pixel(width, height, image::Luma([255])),
        noise_frame(width, height, 1, 4.0),
        noise_frame(width, height, 2, 60.0),
        noise_frame(width, height, 3, 300.0),
        stripes,
    ] {
        let frame = frame(picture);
        for effort in [
            Effort::Live,
            Effort::Live,
            Effort::Live,
            Effort::Live,
            Effort::Thorough,
        ] {
            assert_eq!(reader.read(&frame, effort).unwrap().payloads, []);
        }
    }
    let stats = reader.stats();
    assert_eq!((stats.frames, stats.reads, stats.timeouts), (30, 0, 0));
}

#[test]
fn tiny_frames_do_no_harm() {
    let mut reader = reader();
    for (width, height) in [(1, 1), (1, 300), (300, 1), (2, 2), (3, 7), (21, 21)] {
        let frame = LumaFrame::new(width, height, vec![90; (width * height) as usize]).unwrap();
        assert_eq!(reader.read(&frame, Effort::Thorough).unwrap().payloads, []);
    }
}

#[test]
fn upc_e_and_other_lengths_of_itf_are_refused_unless_asked_for() {
    let mut reader = FrameReader::new(ReaderSettings::default());
    let upc_e = frame(easy_frame(SymbolKind::UpcE, "04252614", 5).unwrap());
    assert_eq!(reader.read(&upc_e, Effort::Thorough).unwrap().payloads, []);
    let itf = frame(easy_frame(SymbolKind::Itf14, "123456789012", 5).unwrap());
    assert_eq!(reader.read(&itf, Effort::Thorough).unwrap().payloads, []);
    let wrong = frame(easy_frame(SymbolKind::Itf14, "10614141000416", 5).unwrap());
    assert_eq!(reader.read(&wrong, Effort::Thorough).unwrap().payloads, []);
    assert!(reader.stats().refused > 0);
}

#[test]
fn gs1_fields_come_out_of_a_picture() {
    let text = "(01)04006381333931(17)271200(10)B7(21)S1";
    let payloads = thorough(&frame(
        easy_frame(SymbolKind::Gs1DataMatrix, text, 9).unwrap(),
    ));
    let fields = payloads[0].gs1_fields(2026).unwrap().unwrap();
    assert_eq!(fields.gtin.as_deref(), Some("04006381333931"));
    assert_eq!(fields.lot.as_deref(), Some("B7"));
    assert_eq!(fields.serial.as_deref(), Some("S1"));
    assert_eq!(fields.expiry.unwrap().to_string(), "2027-12-31");

    let payloads = thorough(&frame(
        easy_frame(SymbolKind::UpcA, "036000291452", 9).unwrap(),
    ));
    let fields = payloads[0].gs1_fields(2026).unwrap().unwrap();
    assert_eq!(fields.gtin.as_deref(), Some("00036000291452"));
}

#[test]
fn several_codes_in_one_picture_are_all_read() {
    let upper = label(SymbolKind::Code128, "BIN-A-03-2", "BIN-A-03-2").unwrap();
    let lower = label(SymbolKind::Qr, "ITEM-1", "ITEM-1").unwrap();
    let width = upper.width().max(lower.width());
    let mut sheet =
        image::GrayImage::from_pixel(width, upper.height() + lower.height(), image::Luma([255]));
    image::imageops::replace(&mut sheet, &upper, 0, 0);
    image::imageops::replace(&mut sheet, &lower, 0, i64::from(upper.height()));
    let view = CameraView::default().fitted(&sheet);
    let payloads = thorough(&frame(camera_like(&sheet, &view)));
    let mut texts: Vec<_> = payloads
        .iter()
        .map(|payload| payload.text.as_str())
        .collect();
    texts.sort_unstable();
    assert_eq!(texts, ["BIN-A-03-2", "ITEM-1"]);
}
