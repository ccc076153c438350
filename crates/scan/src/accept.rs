//! Which reads are believed.
//!
//! Decoders take part of a code for a shorter one: a cut-off ITF was read as a valid shorter ITF
//! in 52 of 96 frames, and UPC-E shows up where there is none. So every read passes here.

use crate::checks::{check_digit_is_right, upc_e_expanded};
use crate::{Payload, Symbology};

type Corners = [(i32, i32); 4];

/// Shorter sides than this say nothing about their direction, in pixels.
const SIDE_MIN_PX: f64 = 6.0;

/// Characters of a Codabar code between its start and stop. Codabar has no check digit and few bars
/// a character, so a short one turns up in noise: rxing read codes of two characters in 4 of 20,000
/// frames of random pixels. Scanners ask for four or five of their own accord.
const CODABAR_MIN: usize = 4;

/// Whether the scan lines went through a linear symbol from end to end.
///
/// A line that enters through a long side sees half a symbol with white before it, and half an
/// EAN-13 can look like an EAN-8 with a right check digit. Then the places where the bars start
/// lie along that long side, at a narrow angle to the line; at an end they lie nearly square to it.
fn crossed_from_end_to_end([top_left, top_right, bottom_right, bottom_left]: Corners) -> bool {
    let vector = |from: (i32, i32), to: (i32, i32)| {
        (
            f64::from(to.0) - f64::from(from.0),
            f64::from(to.1) - f64::from(from.1),
        )
    };
    let along = vector(top_left, top_right);
    [
        vector(top_left, bottom_left),
        vector(top_right, bottom_right),
    ]
    .into_iter()
    .all(|side| {
        let across = (along.0 * side.1 - along.1 * side.0).abs();
        let lengthwise = (along.0 * side.0 + along.1 * side.1).abs();
        side.0.hypot(side.1) < SIDE_MIN_PX || lengthwise <= across
    })
}

/// The payload as it is handed out, or `None` if it is not to be believed or was not asked for.
pub(crate) fn accepted(mut payload: Payload, asked: &[Symbology]) -> Option<Payload> {
    let digits = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let ghost = |corners| !crossed_from_end_to_end(corners);
    if payload.symbology.is_linear() && payload.corners.is_some_and(ghost) {
        return None;
    }
    match payload.symbology {
        Symbology::Ean13 | Symbology::UpcA => {
            // One kind of bars, two names: see `Payload::text`.
            let full = format!("{:0>13}", payload.text);
            if !digits(&full, 13) || !check_digit_is_right(&full) {
                return None;
            }
            let short = full
                .strip_prefix('0')
                .filter(|_| asked.contains(&Symbology::UpcA));
            (payload.symbology, payload.text) = match short {
                Some(short) => (Symbology::UpcA, short.to_owned()),
                None => (Symbology::Ean13, full),
            };
        }
        Symbology::Ean8 if !digits(&payload.text, 8) || !check_digit_is_right(&payload.text) => {
            return None;
        }
        Symbology::UpcE => {
            // Decoders give the short form, the long one, or the long one as EAN-13.
            let long = upc_e_expanded(&payload.text).unwrap_or(payload.text);
            let long = long
                .strip_prefix('0')
                .filter(|_| long.len() == 13)
                .unwrap_or(&long);
            if !digits(long, 12) || !check_digit_is_right(long) {
                return None;
            }
            payload.text = long.to_owned();
        }
        Symbology::Itf14 if !digits(&payload.text, 14) || !check_digit_is_right(&payload.text) => {
            return None;
        }
        Symbology::Codabar => {
            let frame = |c: char| matches!(c.to_ascii_uppercase(), 'A'..='D');
            payload.text = payload.text.trim_matches(frame).to_owned();
            if payload.text.len() < CODABAR_MIN {
                return None;
            }
        }
        _ => {}
    }
    (!payload.text.is_empty() && asked.contains(&payload.symbology)).then_some(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;

    fn check(asked: &[Symbology], read: (Symbology, &str), expected: Option<(Symbology, &str)>) {
        let payload = Payload {
            text: read.1.to_owned(),
            symbology: read.0,
            symbology_identifier: String::new(),
            corners: None,
            reader: Reader::Other,
            weak: false,
        };
        let found = accepted(payload, asked);
        let found = found
            .as_ref()
            .map(|payload| (payload.symbology, payload.text.as_str()));
        assert_eq!(found, expected, "{read:?}");
    }

    #[test]
    fn check_digits_and_lengths() {
        use Symbology::*;
        let all = Symbology::ALL;
        let same = |read| check(&all, read, Some(read));
        let refused = |read| check(&all, read, None);
        same((Ean13, "4006381333931"));
        same((Ean8, "96385074"));
        same((UpcA, "036000291452"));
        for form in ["04252614", "042100005264", "0042100005264"] {
            check(&all, (UpcE, form), Some((UpcE, "042100005264")));
        }
        same((Itf14, "10614141000415"));
        same((Code128, "anything"));
        refused((Ean13, "4006381333932"));
        refused((Ean13, "40063813339310"));
        refused((Ean8, "96385075"));
        refused((UpcE, "04252615"));
        refused((Itf14, "10614141000416"));
        refused((Itf14, "061414100041"));
        refused((Code39, ""));
        check(&all, (Codabar, "A12-34B"), Some((Codabar, "12-34")));
        check(&all, (Codabar, "AB"), None);
        check(&all, (Codabar, "A123B"), None);
        check(&all, (Codabar, "A1234B"), Some((Codabar, "1234")));
    }

    #[test]
    fn upc_a_and_ean_13_have_one_form() {
        use Symbology::*;
        let both = [Ean13, UpcA];
        for read in [
            (Ean13, "0036000291452"),
            (UpcA, "036000291452"),
            (UpcA, "0036000291452"),
        ] {
            check(&both, read, Some((UpcA, "036000291452")));
            check(&[Ean13], read, Some((Ean13, "0036000291452")));
            check(&[Ean8], read, None);
        }
        check(&[UpcA], (Ean13, "4006381333931"), None);
        check(&[Ean13], (UpcE, "04252614"), None);
    }

    #[test]
    fn half_a_symbol_under_a_slanted_line_is_refused() {
        let straight = [(10, 10), (110, 12), (108, 52), (8, 50)];
        assert!(crossed_from_end_to_end(straight));
        let ghost = [(10, 10), (110, 10), (150, 34), (50, 34)];
        assert!(!crossed_from_end_to_end(ghost));
        let single_line = [(10, 10), (110, 10), (113, 11), (13, 11)];
        assert!(crossed_from_end_to_end(single_line));
        assert!(crossed_from_end_to_end([(i32::MIN, i32::MAX); 4]));
    }
}
