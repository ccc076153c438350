//! Which reads are believed.
//!
//! Decoders take part of a code for a shorter one: a cut-off ITF was read as a valid shorter ITF
//! in 52 of 96 frames, and UPC-E shows up where there is none. So every read passes here.

use crate::checks::{check_digit_is_right, upc_e_expanded};
use crate::{Payload, ReaderSettings, Symbology};

/// Half the height of a code that few lines saw, in pixels.
const FLAT_PX: f64 = 4.0;

type Corners = [(i32, i32); 4];

/// Shorter sides than this say nothing about their direction, in pixels.
const SIDE_MIN_PX: f64 = 6.0;

/// Characters of a Codabar code between its start and stop. Codabar has no check digit and few bars
/// a character, so a short one turns up in noise: rxing read codes of two characters in 4 of 20,000
/// frames of random pixels. Scanners ask for four or five of their own accord.
const CODABAR_MIN: usize = 4;

/// The AIM identifier of EAN-13 or UPC-A with an add-on: 13 digits, then 2 or 5.
const WITH_ADD_ON: &str = "]E3";
const MAIN_WITH_ADD_ON: usize = 13;

/// Digits of an ITF code of free length: shorter ones are everywhere in print.
const ITF_MIN: usize = 4;

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
pub(crate) fn accepted(mut payload: Payload, settings: &ReaderSettings) -> Option<Payload> {
    let asked = &settings.symbologies;
    let digits = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let ghost = |corners| !crossed_from_end_to_end(corners);
    if payload.symbology.is_linear() && payload.corners.is_some_and(ghost) {
        return None;
    }
    if payload.text.is_empty() {
        // Bytes of no character set: shown as Latin-1, which loses none of them.
        payload.text = payload.bytes.iter().map(|byte| char::from(*byte)).collect();
    }
    if payload.symbology_identifier == WITH_ADD_ON {
        let length = if payload.text.len() > MAIN_WITH_ADD_ON + 2 {
            5
        } else {
            2
        };
        let split = payload.text.len().checked_sub(length)?;
        if split != MAIN_WITH_ADD_ON || !payload.text.is_ascii() {
            return None;
        }
        payload.add_on = Some(payload.text.split_off(split)).filter(|_| settings.add_ons);
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
        Symbology::Itf14 | Symbology::Itf => {
            let strict = digits(&payload.text, 14) && check_digit_is_right(&payload.text);
            payload.symbology = if strict && asked.contains(&Symbology::Itf14) {
                Symbology::Itf14
            } else {
                Symbology::Itf
            };
            if payload.text.len() < ITF_MIN {
                return None;
            }
        }
        Symbology::Codabar => {
            let frame = |c: char| matches!(c.to_ascii_uppercase(), 'A'..='D');
            let inner = payload.text.trim_matches(frame);
            if inner.len() < CODABAR_MIN {
                return None;
            }
            if !settings.codabar_guards {
                payload.text = inner.to_owned();
            }
        }
        _ => {}
    }
    (!payload.text.is_empty() && asked.contains(&payload.symbology)).then_some(payload)
}

/// Leaves of two linear codes at one place with different texts only the surer one: both cannot be
/// there. Where none is surer both are weak.
pub(crate) fn without_rivals(payloads: &mut Vec<Payload>) {
    let mut at = 0;
    while at < payloads.len() {
        let rival = (0..payloads.len())
            .find(|other| *other != at && are_rivals(&payloads[at], &payloads[*other]));
        let sure = |payload: &Payload| (payload.confidence, payload.text.len());
        match rival.map(|rival| (rival, sure(&payloads[rival]).cmp(&sure(&payloads[at])))) {
            Some((_, std::cmp::Ordering::Greater)) => {
                payloads.remove(at);
            }
            Some((rival, std::cmp::Ordering::Equal)) => {
                payloads[at].weak = true;
                payloads[rival].weak = true;
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Whether two different linear codes lie on each other: the middle of each is within the other.
fn are_rivals(a: &Payload, b: &Payload) -> bool {
    let (Some(first), Some(second)) = (a.corners, b.corners) else {
        return false;
    };
    if !a.symbology.is_linear() || !b.symbology.is_linear() || a.text == b.text {
        return false;
    }
    let middle = |corners: Corners| {
        let sum = |of: fn((i32, i32)) -> i32| corners.map(|c| f64::from(of(c))).iter().sum::<f64>();
        (sum(|c| c.0) / 4.0, sum(|c| c.1) / 4.0)
    };
    // Along the lines only: rows that lie close above each other are two codes, and a code seen by
    // few lines is flat.
    let reach = |corners: Corners| {
        let side =
            |axis: fn((i32, i32)) -> i32| f64::from(axis(corners[1])) - f64::from(axis(corners[0]));
        let across =
            |axis: fn((i32, i32)) -> i32| f64::from(axis(corners[3])) - f64::from(axis(corners[0]));
        (
            side(|c| c.0).hypot(side(|c| c.1)) / 2.0,
            across(|c| c.0).hypot(across(|c| c.1)) / 2.0,
        )
    };
    let ((ax, ay), (bx, by)) = (middle(first), middle(second));
    let away = (ax - bx).hypot(ay - by);
    let ((length_a, height_a), (length_b, height_b)) = (reach(first), reach(second));
    let longer = length_a.max(length_b);
    let (dx, dy) = (
        f64::from(first[1].0) - f64::from(first[0].0),
        f64::from(first[1].1) - f64::from(first[0].1),
    );
    let length = dx.hypot(dy).max(1.0);
    let aside = ((bx - ax) * dy - (by - ay) * dx).abs() / length;
    // A ghost is seen by few lines, and may lie where the code's bars are ragged.
    let flat = height_a.min(height_b) < FLAT_PX;
    let beside = if flat { 0.6 * longer } else { 0.0 };
    away < longer && aside <= height_a.max(height_b).max(beside).max(4.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;

    fn check(asked: &[Symbology], read: (Symbology, &str), expected: Option<(Symbology, &str)>) {
        let payload = Payload::of_symbol(read.1, read.0, "", Reader::Other);
        let settings = ReaderSettings {
            symbologies: asked.to_vec(),
            ..ReaderSettings::default()
        };
        let found = accepted(payload, &settings);
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
        let strict = [Itf14];
        check(&strict, (Itf14, "10614141000416"), None);
        check(&strict, (Itf14, "061414100041"), None);
        let free = [Itf];
        check(&free, (Itf14, "061414100041"), Some((Itf, "061414100041")));
        check(&free, (Itf14, "12"), None);
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
    fn of_two_codes_at_one_place_the_surer_stays() {
        let read = |text: &str, confidence: u8, x: i32, y: i32| Payload {
            confidence,
            corners: Some([(x, y), (x + 100, y), (x + 100, y + 20), (x, y + 20)]),
            ..Payload::of_symbol(text, Symbology::Code39, "]A0", Reader::Other)
        };
        let left = |mut payloads: Vec<Payload>| {
            without_rivals(&mut payloads);
            let names = payloads.into_iter().map(|p| (p.text, p.weak));
            names.collect::<Vec<_>>()
        };
        let both = vec![read("A", 80, 0, 0), read("B", 95, 10, 3)];
        assert_eq!(left(both), [("B".to_owned(), false)]);
        let tie = vec![read("A", 90, 0, 0), read("B", 90, 10, 3)];
        assert_eq!(left(tie), [("A".to_owned(), true), ("B".to_owned(), true)]);
        let apart = vec![read("A", 80, 0, 0), read("B", 95, 0, 60)];
        assert_eq!(left(apart).len(), 2);
        let beside = vec![read("A", 80, 0, 0), read("B", 95, 130, 0)];
        assert_eq!(left(beside).len(), 2);
        let same = vec![read("A", 80, 0, 0), read("A", 95, 0, 0)];
        assert_eq!(
            left(same).len(),
            2,
            "equal texts are put together elsewhere"
        );
    }

    #[test]
    fn an_add_on_stands_apart() {
        let settings = |add_ons| ReaderSettings {
            add_ons,
            ..ReaderSettings::default()
        };
        let read = |text: &str, add_ons| {
            let payload = Payload::of_symbol(text, Symbology::Ean13, "]E3", Reader::Other);
            accepted(payload, &settings(add_ons)).map(|p| (p.text, p.add_on))
        };
        let main = || "4006381333931".to_owned();
        let five = Some((main(), Some("52595".to_owned())));
        assert_eq!(read("400638133393152595", true), five);
        assert_eq!(
            read("400638133393112", true),
            Some((main(), Some("12".to_owned())))
        );
        assert_eq!(read("400638133393112", false), Some((main(), None)));
        assert_eq!(read("40063813339311234", true), None);
        assert_eq!(read("4", true), None);
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
