//! What the build without a C++ compiler reads; run with `--no-default-features --features pure-rust`.

#![cfg(all(feature = "pure-rust", not(feature = "zxing")))]

use scan::{Effort, FrameReader, LumaFrame, ReaderSettings};
use testkit::labels::{SymbolKind, easy_frame, noise_frame};

#[test]
fn upright_labels_are_read() {
    for (kind, text, expected) in [
        (SymbolKind::Ean13, "4006381333931", "4006381333931"),
        (SymbolKind::Ean8, "96385074", "96385074"),
        (SymbolKind::UpcA, "036000291452", "036000291452"),
        (SymbolKind::Code128, "BIN-A-03-2", "BIN-A-03-2"),
        (SymbolKind::Gs1_128, "(10)LOT7(37)24", "10LOT7\u{1d}3724"),
        (SymbolKind::Code39, "PAL-0042", "PAL-0042"),
        (SymbolKind::Itf14, "10614141000415", "10614141000415"),
        (SymbolKind::Codabar, "A40156B", "40156"),
        (SymbolKind::Qr, "货架 A-03-2", "货架 A-03-2"),
        (SymbolKind::DataMatrix, "SN-2026-000017", "SN-2026-000017"),
        (SymbolKind::Pdf417, "DELIVERY 77 / 12", "DELIVERY 77 / 12"),
        (SymbolKind::Aztec, "TICKET-5512", "TICKET-5512"),
    ] {
        let picture = easy_frame(kind, text, 7).unwrap();
        let frame = LumaFrame::new(picture.width(), picture.height(), picture.into_raw()).unwrap();
        let mut reader = FrameReader::new(ReaderSettings::default());
        let payloads = reader.read(&frame, Effort::Thorough).unwrap().payloads;
        let texts: Vec<_> = payloads
            .iter()
            .map(|payload| payload.text.as_str())
            .collect();
        assert_eq!(texts, [expected], "{kind:?}");
    }
}

#[test]
fn noise_reads_nothing() {
    let picture = noise_frame(640, 480, 3, 60.0);
    let frame = LumaFrame::new(640, 480, picture.into_raw()).unwrap();
    let mut reader = FrameReader::new(ReaderSettings::default());
    assert_eq!(reader.read(&frame, Effort::Thorough).unwrap().payloads, []);
}
