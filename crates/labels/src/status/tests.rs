use super::*;

/// The same whatever pieces the bytes come in.
fn check(language: Language, bytes: &[u8], expected: &[Heard]) {
    assert_eq!(Ear::default().hear(language, bytes), expected, "{bytes:?}");
    let mut ear = Ear::default();
    let pieces = bytes.chunks(1).flat_map(|byte| ear.hear(language, byte));
    assert_eq!(
        pieces.collect::<Vec<_>>(),
        expected,
        "{bytes:?} byte by byte"
    );
}

fn conditions(conditions: &[Condition]) -> Vec<Heard> {
    conditions
        .iter()
        .map(|one| Heard::Condition(*one))
        .collect()
}

#[test]
fn a_zpl_printer_counts_what_is_still_to_come() {
    let check = |first: &str, second: &str, condition: Condition| {
        let answer = format!("\u{2}{first}\u{3}\r\n\u{2}{second}\u{3}\r\n\u{2}1234,0\u{3}\r\n");
        check(Language::Zpl, answer.as_bytes(), &conditions(&[condition]));
        let late = format!("00,1\u{3}\r\n\u{2}1234,0\u{3}\r\n{answer}");
        check(Language::Zpl, late.as_bytes(), &conditions(&[condition]));
    };
    let (first, second) = (
        "030,0,0,1245,000,0,0,0,000,0,0,0",
        "000,0,0,0,0,2,4,0,00000000,1,000",
    );
    check(first, second, Condition::Ready);
    check(
        "030,1,1,1245,001,0,0,0,000,0,0,0",
        second,
        Condition::PaperOut,
    );
    check(
        "030,0,1,1245,000,0,0,0,000,0,0,0",
        second,
        Condition::Paused,
    );
    check("030,0,0,1245,002,0,0,0,000,0,0,0", second, Condition::Busy);
    check("030,0,0,1245,000,0,0,1,000,0,0,0", second, Condition::Busy);
    check("030,0,0,1245,000,0,0,0,000,0,0,1", second, Condition::Error);
    check(
        first,
        "000,0,1,0,0,2,4,0,00000000,1,000",
        Condition::HeadOpen,
    );
    check(first, "000,0,0,1,0,2,4,0,00000000,1,000", Condition::Error);
    check(first, "000,0,0,0,0,2,4,0,00000001,1,000", Condition::Busy);
    check(first, "000,0,0,0,0,2,4,1,00000000,1,000", Condition::Busy);
    check(
        first,
        "000,0,x,0,0,2,4,0,00000000,1,000",
        Condition::Unknown,
    );
    check(first, "000,0", Condition::Unknown);
    assert_eq!(
        Ear::default().hear(Language::Zpl, &[b'?'; ANSWER_BYTES_MAX + 1]),
        conditions(&[Condition::Unknown])
    );
}

#[test]
fn a_tspl_printer_says_a_byte_and_gives_the_fence_back() {
    let check = |bytes: &[u8], expected: &[Heard]| check(Language::Tspl, bytes, expected);
    for (byte, condition) in [
        (0x00, Condition::Ready),
        (0x01, Condition::HeadOpen),
        (0x02, Condition::Error),
        (0x03, Condition::HeadOpen),
        (0x04, Condition::PaperOut),
        (0x05, Condition::PaperOut),
        (0x08, Condition::Error),
        (0x0D, Condition::PaperOut),
        (0x10, Condition::Paused),
        (0x20, Condition::Busy),
        (0x40, Condition::HeadOpen),
        (0x80, Condition::Error),
    ] {
        check(&[byte], &conditions(&[condition]));
    }
    for number in [0, 7, 0x1234_ABCD, u32::MAX] {
        let mut bytes = fence_text(number);
        // A status may be said in between; the fence's own line end is none.
        bytes.insert(4, 0x20);
        bytes.extend_from_slice(b"\r\n\0");
        check(
            &bytes,
            &[
                Heard::Condition(Condition::Busy),
                Heard::Fence(Some(number)),
                Heard::Condition(Condition::Ready),
            ],
        );
    }
    check(b"\r", &conditions(&[Condition::PaperOut]));
}

#[test]
fn an_esc_pos_printer_says_three_bytes_and_the_fence_in_its_turn() {
    let check = |bytes: &[u8], expected: &[Heard]| check(Language::EscPos, bytes, expected);
    check(&[0x12, 0x12, 0x12], &conditions(&[Condition::Ready]));
    check(&[0x16, 0x12, 0x1E], &conditions(&[Condition::Ready]));
    check(&[0x1A, 0x32, 0x72], &conditions(&[Condition::PaperOut]));
    check(&[0x1A, 0x16, 0x12], &conditions(&[Condition::HeadOpen]));
    check(&[0x1A, 0x52, 0x12], &conditions(&[Condition::Error]));
    check(&[0x1A, 0x12, 0x12], &conditions(&[Condition::Paused]));
    check(
        &[0x12, 0x00, 0x12, 0x11, 0x12, 0x0C],
        &[
            Heard::Fence(None),
            Heard::Condition(Condition::Ready),
            Heard::Fence(None),
        ],
    );
}

#[test]
fn a_cpcl_printer_says_a_byte_and_whether_it_was_switched_on() {
    let check = |byte: u8, expected: &[Heard]| check(Language::Cpcl, &[byte], expected);
    check(0x00, &conditions(&[Condition::Ready]));
    check(0x01, &conditions(&[Condition::Busy]));
    check(0x02, &conditions(&[Condition::PaperOut]));
    check(0x05, &conditions(&[Condition::HeadOpen]));
    check(0x08, &conditions(&[Condition::Ready]));
    check(
        0x10,
        &[Heard::Restarted, Heard::Condition(Condition::Ready)],
    );
    check(0xFF, &conditions(&[Condition::Unknown]));
}

#[test]
fn codes_are_all_different() {
    let codes: std::collections::BTreeSet<_> = Condition::ALL.map(Condition::code).into();
    assert_eq!(codes.len(), Condition::ALL.len());
}
