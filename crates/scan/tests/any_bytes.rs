//! Bytes from outside never make it panic.

use proptest::prelude::*;
use scan::source::read_picture;
use scan::{Effort, FrameReader, LumaFrame, Payload, ReaderSettings};

fn frames() -> impl Strategy<Value = LumaFrame> {
    (1..90u32, 1..90u32).prop_flat_map(|(width, height)| {
        let pixels = (width * height) as usize;
        proptest::collection::vec(any::<u8>(), pixels)
            .prop_map(move |luma| LumaFrame::new(width, height, luma).expect("one byte a pixel"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_frame_is_read_without_a_fault(frame in frames()) {
        let mut reader = FrameReader::new(ReaderSettings::default());
        let reading = reader.read(&frame, Effort::Thorough);
        prop_assert!(reading.is_ok_and(|reading| reading.payloads.is_empty()));
        prop_assert_eq!(reader.stats().timeouts, 0);
    }

    #[test]
    fn any_file_is_a_picture_or_an_error(
        start in prop_oneof![
            Just(&b""[..]),
            Just(&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..]),
            Just(&b"\xff\xd8\xff\xe0\0\x10JFIF\0"[..]),
        ],
        rest in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("picture.png");
        std::fs::write(&path, [start, &rest].concat()).expect("a file");
        prop_assert!(read_picture(&path).is_err());
    }

    #[test]
    fn any_keys_are_a_payload(keys in any::<String>()) {
        let payload = Payload::from_keys(&keys);
        prop_assert!(keys.ends_with(&payload.text));
        let _ = payload.gs1_fields(2026);
    }
}
