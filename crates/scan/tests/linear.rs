//! Our own reader of linear codes alone, on pictures of our own making.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]

use scan::decoder::single;
use scan::{LumaFrame, Payload, ReaderSettings, Symbology};
use testkit::labels::{CameraView, SymbolKind, camera_like, label, noise_frame};

const CASES: [(SymbolKind, &str, Symbology, &str, &str); 8] = [
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
        SymbolKind::UpcE,
        "04252614",
        Symbology::UpcE,
        "]E0",
        "04252614",
    ),
    (
        SymbolKind::Code128,
        "4711081500",
        Symbology::Code128,
        "]C0",
        "4711081500",
    ),
    (
        SymbolKind::Gs1_128,
        "(10)LOT7(37)24",
        Symbology::Gs1_128,
        "]C1",
        "10LOT7\u{1d}3724",
    ),
    (
        SymbolKind::Code39,
        "BIN-A-03",
        Symbology::Code39,
        "]A0",
        "BIN-A-03",
    ),
    (
        SymbolKind::Itf14,
        "10614141000415",
        Symbology::Itf14,
        "]I1",
        "10614141000415",
    ),
    (
        SymbolKind::Codabar,
        "B7110-8150$2C",
        Symbology::Codabar,
        "]F0",
        "B7110-8150$2C",
    ),
];

fn frame(picture: image::GrayImage) -> LumaFrame {
    LumaFrame::new(picture.width(), picture.height(), picture.into_raw()).unwrap()
}

fn read(frame: &LumaFrame) -> Vec<Payload> {
    let mut linear = single("linear", &ReaderSettings::everything()).unwrap();
    linear.decode(frame)
}

fn view() -> CameraView {
    CameraView {
        width: 640,
        height: 480,
        ..CameraView::default()
    }
}

#[test]
fn codes_are_read_at_every_angle_with_their_corners() {
    // Code 128 is left to zxing-cpp's rows in a turned picture first; the fit alone misses some angles.
    let code_128 = [Symbology::Code128, Symbology::Gs1_128];
    let others = CASES.into_iter().filter(|case| !code_128.contains(&case.2));
    for (kind, drawn, symbology, identifier, text) in others {
        let label = label(kind, drawn, "").unwrap();
        for angle in (0..360).step_by(40) {
            let view = CameraView {
                angle_deg: f64::from(angle),
                pixels_per_module: 2.6,
                seed: angle as u64,
                ..view()
            };
            let payloads = read(&frame(camera_like(&label, &view)));
            let found: Vec<_> = payloads.iter().map(|p| (p.symbology, &*p.text)).collect();
            assert_eq!(found, [(symbology, text)], "{kind:?} at {angle}");
            let payload = &payloads[0];
            assert_eq!(payload.symbology_identifier, identifier);
            // What has no check digit needs a second sign, however many lines agree.
            let unchecked = matches!(symbology, Symbology::Code39 | Symbology::Codabar);
            assert_eq!(payload.weak, unchecked, "{payload:?}");
            assert_eq!(payload.confidence >= 90, !unchecked, "{payload:?}");
            // Reading runs the way the label was turned, and the corners lie on it.
            let [start, end, ..] = payload.corners.unwrap();
            let (x, y) = (f64::from(end.0 - start.0), f64::from(end.1 - start.1));
            let away = (y.atan2(x).to_degrees() - f64::from(angle)).rem_euclid(360.0);
            assert!(away.min(360.0 - away) < 6.0, "{kind:?} at {angle}: {away}");
        }
    }
}

#[test]
fn codes_out_of_focus_are_read() {
    for (kind, drawn, blur_px, pixels_per_module) in [
        (SymbolKind::Ean13, "4006381333931", 2.0, 3.0),
        (SymbolKind::Gs1_128, "(10)LOT7(37)24", 2.0, 3.0),
        (SymbolKind::Code128, "4711081500", 1.5, 3.0),
        (SymbolKind::Code39, "BIN-A-03-2", 2.0, 2.0),
        (SymbolKind::Itf14, "15400141288763", 2.0, 2.5),
        (SymbolKind::Codabar, "A40156B", 2.5, 3.0),
    ] {
        let label = label(kind, drawn, "").unwrap();
        let view = CameraView {
            angle_deg: 3.0,
            blur_px,
            pixels_per_module,
            ..view()
        };
        let payloads = read(&frame(camera_like(&label, &view)));
        let texts: Vec<&str> = payloads.iter().map(|payload| &*payload.text).collect();
        let drawn = drawn.replace(['(', ')'], "").replace("LOT7", "LOT7\u{1d}");
        assert_eq!(texts, [drawn], "{kind:?}");
    }
}

/// Half a code is no code: neither cut off nor covered is it read as another.
#[test]
fn parts_of_codes_are_not_read() {
    for (kind, drawn, ..) in CASES {
        let whole = label(kind, drawn, "").unwrap();
        for part in [3, 4, 5, 6, 7] {
            let mut cut = whole.clone();
            let from = whole.width() * part / 10;
            for (x, _, pixel) in cut.enumerate_pixels_mut() {
                if x >= from {
                    pixel.0[0] = 255;
                }
            }
            let view = CameraView {
                pixels_per_module: 2.6,
                seed: u64::from(part),
                ..view()
            };
            let payloads = read(&frame(camera_like(&cut, &view)));
            assert_eq!(payloads, [], "{kind:?} cut at {part} tenths");
        }
    }
}

#[test]
fn nothing_is_read_where_nothing_is() {
    let stripes = |width: u32| {
        image::GrayImage::from_fn(640, 480, |x, _| image::Luma([(x / width % 2) as u8 * 200]))
    };
    for picture in [
        noise_frame(640, 480, 1, 4.0),
        noise_frame(640, 480, 2, 60.0),
        stripes(2),
        stripes(3),
        stripes(7),
    ] {
        assert_eq!(read(&frame(picture)), []);
    }
    for (width, height) in [(1, 1), (16, 16), (17, 300), (300, 17), (1, 4_000)] {
        let luma = (0..width * height).map(|at| (at % 7 * 30) as u8).collect();
        let _ = read(&LumaFrame::new(width, height, luma).unwrap());
    }
}
