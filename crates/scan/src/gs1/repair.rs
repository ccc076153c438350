//! Element strings whose separators were lost on the way.
//!
//! Many wedge scanners cannot type FNC1, and then elements of open length run together: in
//! `0104006381333931` `10L7` `17261231` the lot could be `L7` or `L717261231`. All ways to cut such
//! a text are looked for, and what the caller knows (its lots, its serial numbers, what day it is)
//! picks one.

use chrono::{Datelike, NaiveDate};

use super::date::short_date;
use super::dictionary::look_up_start;
use super::element::{Element, GS, has_gs1_identifier, parse_elements, push};
use super::rules::{check_value, is_value_byte};

/// Longest text that is cut, in bytes. No label with one line of bars holds half of it.
const LENGTH_MAX: usize = 400;
/// Separators that are put back at most. A label has seldom more than three open elements.
const LOST_MAX: usize = 6;
/// Ways to cut that are compared at most, those with fewer separators first.
const CANDIDATES_MAX: usize = 1_000;
/// Steps that the search takes at most.
const STEPS_MAX: usize = 200_000;
/// Ways that are worth a question at most. Nobody reads a longer list.
pub const TIED_MAX: usize = 6;

/// What a caller knows that tells a right cut from a wrong one. All are questions about the
/// caller's own data; `false` says "never heard of it".
pub trait Known {
    /// The GTIN, 14 digits, is one of ours.
    fn gtin(&self, gtin: &str) -> bool;
    /// The lot of this GTIN was seen before.
    fn lot(&self, gtin: &str, lot: &str) -> bool;
    /// The serial number of this GTIN was seen before.
    fn serial(&self, gtin: &str, serial: &str) -> bool;
    /// The SSCC, 18 digits, is one that we await or have.
    fn sscc(&self, sscc: &str) -> bool;
    /// The day on which it is scanned: dates far from it speak against a cut.
    fn today(&self) -> NaiveDate;
    /// What became of separators on the way.
    fn separators(&self) -> Separators;
}

/// Whether a reader hands on the separators of a symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separators {
    /// A camera, or a wedge scanner that was seen to send them: a text that reads as it stands says
    /// just that.
    Kept,
    /// A wedge scanner that nobody tried: a text that reads as it stands is left so unless
    /// something known speaks for another cut.
    #[default]
    Unknown,
    /// A wedge scanner that was seen to lose them: a text that reads as it stands has no preference.
    Lost,
}

/// What a text without separators says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// One way to cut it is better than all others, or the only one.
    One(Vec<Element>),
    /// Nothing known tells these apart; 2 to [`TIED_MAX`], those with fewer separators first.
    Tied(Vec<Vec<Element>>),
    /// It is no element string however it is cut, or too long to try.
    None,
}

/// Finds out what an element string says that has lost its separators.
///
/// A byte that no element may hold (a space, `^`, `]`, a control character) is taken for what
/// the scanner sent in place of a separator. With such a byte or a separator inside, nothing was
/// lost and nothing is guessed.
pub fn repair(bytes: &[u8], known: &dyn Known) -> Repair {
    let mut cuts = candidates(bytes);
    if cuts.len() < 2 {
        return cuts.pop().map_or(Repair::None, Repair::One);
    }
    let judged: Vec<Judged> = cuts.iter().map(|cut| judge(cut, known)).collect();
    let Some(best) = judged.iter().max() else {
        return Repair::None;
    };
    // The first one is the text as it stands, if it can stand so.
    let stands = match known.separators() {
        Separators::Kept => parses_as_it_stands(bytes),
        Separators::Unknown => judged[0].evidence == best.evidence,
        Separators::Lost => false,
    };
    if stands {
        return Repair::One(cuts.swap_remove(0));
    }
    let is_best = judged.iter().map(|one| one == best);
    let mut tied: Vec<Vec<Element>> = cuts
        .into_iter()
        .zip(is_best)
        .filter_map(|(cut, is_best)| is_best.then_some(cut))
        .take(TIED_MAX)
        .collect();
    match tied.len() {
        1 => tied.pop().map_or(Repair::None, Repair::One),
        _ => Repair::Tied(tied),
    }
}

fn parses_as_it_stands(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| parse_elements(text).is_ok())
}

/// How much speaks for a cut; more is better, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Judged {
    /// From what the caller knows, and dates.
    evidence: i32,
    /// Elements that a warehouse does not see every day, negative.
    unusual: i32,
}

fn judge(cut: &[Element], known: &dyn Known) -> Judged {
    let value = |code: &str| {
        cut.iter()
            .find(|element| element.ai == code)
            .map(|element| element.value.as_str())
    };
    let gtin = value("01").or(value("02")).or(value("03"));
    let mut evidence = 0;
    if let Some(gtin) = gtin {
        evidence += 2 * i32::from(known.gtin(gtin));
        evidence += 4 * i32::from(value("10").is_some_and(|lot| known.lot(gtin, lot)));
        evidence += 4 * i32::from(value("21").is_some_and(|serial| known.serial(gtin, serial)));
    }
    evidence += 4 * i32::from(value("00").is_some_and(|sscc| known.sscc(sscc)));
    let today = known.today();
    let date = |code: &str| value(code).map(|digits| short_date(digits, today.year()));
    for code in ["11", "12", "13", "15", "16", "17"] {
        // A row of digits is a date near today once in a thousand times.
        evidence += date(code).map_or(0, |date| {
            if date.is_some_and(|date| is_near(date, today)) {
                1
            } else {
                -1
            }
        });
    }
    if let (Some(Some(made)), Some(Some(ends))) = (date("11"), date("17"))
        && ends < made
    {
        evidence -= 2;
    }
    let unusual = cut.iter().filter(|element| !is_usual(&element.ai)).count();
    Judged {
        evidence,
        unusual: -i32::try_from(unusual).unwrap_or(i32::MAX),
    }
}

/// From ten years before to twenty years after.
fn is_near(date: NaiveDate, today: NaiveDate) -> bool {
    (-10..=20).contains(&(date.year() - today.year()))
}

fn is_usual(code: &str) -> bool {
    matches!(
        code,
        "00" | "01"
            | "02"
            | "10"
            | "11"
            | "12"
            | "13"
            | "15"
            | "16"
            | "17"
            | "20"
            | "21"
            | "30"
            | "37"
    ) || matches!(code.get(..3), Some("310" | "330" | "240" | "241" | "400"))
}

/// All ways to cut the text, those with fewer separators first, as far as the limits go.
fn candidates(bytes: &[u8]) -> Vec<Vec<Element>> {
    let start = match std::str::from_utf8(bytes) {
        Ok(text) if has_gs1_identifier(text) => 3,
        _ => 0,
    };
    let is_separator = |byte: u8| byte == GS as u8 || !is_value_byte(byte);
    let mut text: Vec<u8> = bytes[start.min(bytes.len())..].to_vec();
    if text.first().is_some_and(|byte| is_separator(*byte)) {
        text.remove(0);
    }
    while text.last().is_some_and(|byte| is_separator(*byte)) {
        text.pop();
    }
    if text.is_empty() || text.len() > LENGTH_MAX {
        return Vec::new();
    }
    let has_separators = text.iter().any(|byte| is_separator(*byte));
    let mut search = Search::new(&text, is_separator, has_separators);
    for lost in 0..=if has_separators { 0 } else { LOST_MAX } {
        search.cut(0, lost);
    }
    search.found
}

/// An element that can start at a place.
#[derive(Clone, Copy)]
struct Step {
    /// Length of the identifier.
    code: usize,
    /// Place behind the value, and of what comes next.
    end: usize,
    next: usize,
    /// A separator must have been lost behind it.
    lost: bool,
}

struct Search<'a> {
    text: &'a [u8],
    /// What can start at each place.
    steps: Vec<Vec<Step>>,
    /// Fewest separators that must have been lost from each place on; `None` if it leads nowhere.
    fewest: Vec<Option<usize>>,
    path: Vec<Element>,
    found: Vec<Vec<Element>>,
    steps_left: usize,
}

impl<'a> Search<'a> {
    fn new(text: &'a [u8], is_separator: impl Fn(u8) -> bool, has_separators: bool) -> Self {
        let mut steps = vec![Vec::new(); text.len()];
        let mut fewest = vec![None; text.len() + 1];
        fewest[text.len()] = Some(0);
        for at in (0..text.len()).rev() {
            let Some((code, ai)) = look_up_start(&text[at..]) else {
                continue;
            };
            let start = at + code.len();
            let rest = &text[start..];
            let stop = rest
                .iter()
                .position(|byte| is_separator(*byte))
                .unwrap_or(rest.len());
            let longest = stop.min(ai.length_max());
            let lengths = match ai.predefined {
                true => longest..=longest,
                false if has_separators => stop..=stop,
                false => 1..=longest,
            };
            for length in lengths {
                let end = start + length;
                let next = if text.get(end).is_some_and(|byte| is_separator(*byte)) {
                    end + 1
                } else {
                    end
                };
                let Some(behind) = fewest.get(next).copied().flatten() else {
                    continue;
                };
                if check_value(code, ai, &text[start..end], start).is_err() {
                    continue;
                }
                let lost = !ai.predefined && next == end && end < text.len();
                let here = behind + usize::from(lost);
                fewest[at] = Some(fewest[at].map_or(here, |fewest: usize| fewest.min(here)));
                steps[at].push(Step {
                    code: code.len(),
                    end,
                    next,
                    lost,
                });
            }
        }
        Self {
            text,
            steps,
            fewest,
            path: Vec::new(),
            found: Vec::new(),
            steps_left: STEPS_MAX,
        }
    }

    /// Adds all cuts from `at` on in which exactly `lost` separators were lost.
    fn cut(&mut self, at: usize, lost: usize) {
        if at == self.text.len() {
            if lost == 0 {
                self.found.push(self.path.clone());
            }
            return;
        }
        for place in 0..self.steps[at].len() {
            if self.found.len() >= CANDIDATES_MAX || self.steps_left == 0 {
                return;
            }
            let step = self.steps[at][place];
            let Some(left) = lost.checked_sub(usize::from(step.lost)) else {
                continue;
            };
            if self.fewest[step.next].is_none_or(|fewest| fewest > left) {
                continue;
            }
            self.steps_left -= 1;
            let text = |range: std::ops::Range<usize>| {
                std::str::from_utf8(&self.text[range]).unwrap_or_default()
            };
            let (code, value) = (text(at..at + step.code), text(at + step.code..step.end));
            let length = self.path.len();
            if push(&mut self.path, code, value, at).is_ok() {
                self.cut(step.next, left);
                self.path.truncate(length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode;
    use super::*;
    use crate::checks::check_digit;
    use proptest::prelude::*;

    const GTIN: &str = "04006381333931";

    /// Knows what it is told; the day is 2026-11-23.
    #[derive(Default)]
    struct Told {
        lots: Vec<&'static str>,
        serials: Vec<&'static str>,
        ssccs: Vec<&'static str>,
        separators: Separators,
    }

    impl Known for Told {
        fn gtin(&self, gtin: &str) -> bool {
            gtin == GTIN
        }
        fn lot(&self, gtin: &str, lot: &str) -> bool {
            gtin == GTIN && self.lots.contains(&lot)
        }
        fn serial(&self, gtin: &str, serial: &str) -> bool {
            gtin == GTIN && self.serials.contains(&serial)
        }
        fn sscc(&self, sscc: &str) -> bool {
            self.ssccs.contains(&sscc)
        }
        fn today(&self) -> NaiveDate {
            NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
        }
        fn separators(&self) -> Separators {
            self.separators
        }
    }

    fn loses() -> Told {
        Told {
            separators: Separators::Lost,
            ..Told::default()
        }
    }

    /// The cuts as bracketed text; one, several or none.
    fn cuts(text: &str, known: &Told) -> Vec<String> {
        let bracketed = |cut: &Vec<Element>| super::super::encode_bracketed(cut).unwrap();
        match repair(text.as_bytes(), known) {
            Repair::One(cut) => vec![bracketed(&cut)],
            Repair::Tied(cuts) => {
                assert!((2..=TIED_MAX).contains(&cuts.len()));
                cuts.iter().map(bracketed).collect()
            }
            Repair::None => Vec::new(),
        }
    }

    #[test]
    fn what_can_only_be_cut_in_one_way_is() {
        for (text, cut) in [
            ("010400638133393117261231", "(01)04006381333931(17)261231"),
            ("]C1010400638133393110L7", "(01)04006381333931(10)L7"),
            // Too long for one lot.
            ("10ABCDEFGHIJKLMNOPQRST21S", "(10)ABCDEFGHIJKLMNOPQRST(21)S"),
            // Another character in place of the separator, also of Control and `]`.
            ("10L7 21S9", "(10)L7(21)S9"),
            ("10L7]21S9\u{1e}", "(10)L7(21)S9"),
            ("10L7\u{1d}21S9", "(10)L7(21)S9"),
            // A separator is there, so none was lost.
            ("10L717261231\u{1d}21S9", "(10)L717261231(21)S9"),
        ] {
            assert_eq!(cuts(text, &loses()), [cut], "{text}");
        }
        for text in [
            "",
            "]C1",
            "\u{1d}",
            "hello",
            "0104006381333932",
            "10",
            "库位",
        ] {
            assert_eq!(repair(text.as_bytes(), &loses()), Repair::None, "{text}");
        }
        assert_eq!(repair(&[b'9'; LENGTH_MAX + 1], &loses()), Repair::None);
        assert_eq!(repair(&[0xff, 0xfe], &loses()), Repair::None);
    }

    #[test]
    fn a_date_near_today_speaks_for_a_cut() {
        let text = "010400638133393110L717271231";
        assert_eq!(cuts(text, &loses()), ["(01)04006381333931(10)L7(17)271231"]);
        // Even where nothing says that the scanner loses separators.
        assert_eq!(
            cuts(text, &Told::default()),
            ["(01)04006381333931(10)L7(17)271231"]
        );
        // 1980 is no expiry date of goods on the shelf.
        let text = "010400638133393110L717801231";
        assert_eq!(cuts(text, &loses()), ["(01)04006381333931(10)L717801231"]);
        // Nor one before the day it was made.
        let text = "01040063813339311126101510L717250101";
        assert_eq!(
            cuts(text, &loses()),
            ["(01)04006381333931(11)261015(10)L717250101"]
        );
    }

    #[test]
    fn known_lots_and_serials_speak_for_a_cut() {
        let text = "010400638133393110L721S9";
        let tied = [
            "(01)04006381333931(10)L721S9",
            "(01)04006381333931(10)L7(21)S9",
        ];
        assert_eq!(cuts(text, &loses()), tied);
        let told = |lots: &[&'static str], serials: &[&'static str]| Told {
            lots: lots.to_vec(),
            serials: serials.to_vec(),
            ..loses()
        };
        assert_eq!(cuts(text, &told(&["L7"], &[])), [tied[1]]);
        assert_eq!(cuts(text, &told(&["L721S9"], &[])), [tied[0]]);
        assert_eq!(cuts(text, &told(&[], &["S9"])), [tied[1]]);
        assert_eq!(cuts(text, &told(&["L7", "L721S9"], &[])), tied);
        // A scanner that is not known to lose separators is believed.
        assert_eq!(cuts(text, &Told::default()), [tied[0]]);
        let known = Told {
            lots: vec!["L7"],
            ..Told::default()
        };
        assert_eq!(cuts(text, &known), [tied[1]]);
        // And one that is known to keep them whatever the lot.
        let known = Told {
            lots: vec!["L7"],
            separators: Separators::Kept,
            ..Told::default()
        };
        assert_eq!(cuts(text, &known), [tied[0]]);
    }

    #[test]
    fn a_known_sscc_speaks_for_a_cut() {
        let text = "10A00006141411234567890";
        assert_eq!(cuts(text, &loses()).len(), 1, "longer than a lot");
        let text = "37600006141411234567890";
        let known = Told {
            ssccs: vec!["006141411234567890"],
            ..loses()
        };
        assert_eq!(cuts(text, &known), ["(37)6(00)006141411234567890"]);
    }

    #[test]
    fn rare_elements_do_not_make_a_question() {
        // (91), (7020) and (8020) would fit too.
        assert_eq!(cuts("10L7915", &loses()), ["(10)L7915"]);
        assert_eq!(cuts("10L77020A", &loses()), ["(10)L77020A"]);
    }

    #[test]
    fn hostile_texts_end_soon() {
        for digit in '0'..='9' {
            let _ = repair(digit.to_string().repeat(LENGTH_MAX).as_bytes(), &loses());
        }
        for unit in ["10", "21", "9110", "3021", "37102191", "1011"] {
            let text = unit.repeat(LENGTH_MAX / unit.len());
            assert!(candidates(text.as_bytes()).len() <= CANDIDATES_MAX);
            let _ = repair(text.as_bytes(), &loses());
        }
    }

    /// Elements as labels have them, in any order.
    fn label() -> impl Strategy<Value = Vec<Element>> {
        let with_check = |body: String| {
            let digit = check_digit(&body).unwrap();
            format!("{body}{digit}")
        };
        let date =
            (20..=45u8, 1..=12u8, 0..=28u8).prop_map(|(y, m, d)| format!("{y:02}{m:02}{d:02}"));
        (
            proptest::option::of((Just("01"), "[0-9]{13}".prop_map(with_check))),
            proptest::option::of((Just("00"), "[0-9]{17}".prop_map(with_check))),
            proptest::option::of((Just("17"), date)),
            proptest::option::of((Just("10"), "[0-9A-Za-z/.-]{1,20}")),
            proptest::option::of((Just("21"), "[0-9A-Z]{1,20}")),
            proptest::option::of((Just("37"), "[0-9]{1,8}")),
            proptest::option::of((Just("3102"), "[0-9]{6}")),
            proptest::option::of((Just("240"), "[0-9A-Z]{1,30}")),
        )
            .prop_map(|(a, b, c, d, e, f, g, h)| {
                let element = |(ai, value): (&str, String)| Element {
                    ai: ai.to_owned(),
                    value,
                };
                [a, b, c, d, e, f, g, h]
                    .into_iter()
                    .flatten()
                    .map(element)
                    .collect::<Vec<_>>()
            })
            .prop_shuffle()
            .prop_filter("at least one", |elements| !elements.is_empty())
    }

    proptest! {
        #[test]
        fn the_true_cut_is_found(elements in label()) {
            let text = encode(&elements).unwrap().replace(GS, "");
            let found = candidates(text.as_bytes());
            prop_assert!(found.contains(&elements), "{} of {}", text, found.len());
        }

        /// The best cut is never worse than the true one by what is known.
        #[test]
        fn what_is_known_decides(elements in label()) {
            let text = encode(&elements).unwrap().replace(GS, "");
            let best = match repair(text.as_bytes(), &loses()) {
                Repair::One(cut) => cut,
                Repair::Tied(mut cuts) => cuts.swap_remove(0),
                Repair::None => return Err(TestCaseError::fail(text)),
            };
            prop_assert!(judge(&best, &loses()) >= judge(&elements, &loses()));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let _ = repair(&bytes, &loses());
        }

        #[test]
        fn no_digits_panic(text in "[0-9]{0,400}") {
            let found = candidates(text.as_bytes());
            prop_assert!(found.len() <= CANDIDATES_MAX);
        }
    }
}
