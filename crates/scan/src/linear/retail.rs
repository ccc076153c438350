//! EAN-13, EAN-8, UPC-A and UPC-E (ISO/IEC 15420) from blurred lines.

use super::optics::{Tuned, tuned};
use super::profile::{Edge, Profile};
use super::trellis::{Alphabet, Fit, Model, Work};
use super::{LineRead, Read, agreed, from_middle};
use crate::Symbology;
use crate::checks::{check_digit_is_right, upc_e_expanded};
use std::sync::{Arc, LazyLock};

/// Number set A, space first; set B is each of these backwards, set C has bars for spaces.
const SET_A: [&str; 10] = [
    "3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112",
];

/// Which of the six left digits of an EAN-13 are of set B, for each first digit; the first of the
/// six is the highest bit.
const FIRST_DIGIT: [u8; 10] = [
    0b000000, 0b001011, 0b001101, 0b001110, 0b010011, 0b011001, 0b011100, 0b010101, 0b010110,
    0b011010,
];

/// The same for UPC-E of number system 0 and each check digit; number system 1 has the sets
/// exchanged.
const UPC_E_CHECK: [u8; 10] = [
    0b111000, 0b110100, 0b110010, 0b110001, 0b101100, 0b100110, 0b100011, 0b101010, 0b101001,
    0b100101,
];

/// Share of a line's variance that a code must explain to be believed. Of 1,100 lines of public
/// photos no EAN-13 whose characters alone had a right check digit was wrong, whatever it explained;
/// the shorter codes, which more of noise fits, were wrong up to 0.82.
const EXPLAINED_EAN_13: f32 = 0.72;
const EXPLAINED_EAN_8: f32 = 0.86;
const EXPLAINED_UPC_E: f32 = 0.9;
/// Share from which a line is taken for a longer code, though that could not be read: half of it
/// is then no shorter code.
const EXPLAINED_LONGER: f32 = 0.5;

/// Spans of a line that are fitted.
const SPANS_MAX: usize = 6;

struct Kind {
    symbology: Symbology,
    model: Model,
    tuned: Tuned,
    /// Bars of the code.
    bars: usize,
}

/// The kinds of code, made once for all readers: their tables take some milliseconds.
static EAN_13: LazyLock<Kind> = LazyLock::new(|| Kind::spread(Symbology::Ean13, 6, 30));
static EAN_8: LazyLock<Kind> = LazyLock::new(|| Kind::spread(Symbology::Ean8, 4, 22));
static UPC_E: LazyLock<Kind> = LazyLock::new(Kind::upc_e);

/// Reads retail codes.
pub(crate) struct Retail {
    kinds: Vec<&'static Kind>,
}

fn reversed(widths: &str) -> String {
    widths.chars().rev().collect()
}

/// A guard of modules, each a bar or a space wide.
fn guard(widths: &str, bar_first: bool) -> Alphabet {
    Alphabet::of_digits([widths], bar_first)
}

/// Sets A and B, or turned round set C.
fn digits(bar_first: bool) -> Alphabet {
    let backwards: Vec<String> = SET_A.iter().map(|widths| reversed(widths)).collect();
    let both = SET_A.iter().copied();
    Alphabet::of_digits(both.chain(backwards.iter().map(String::as_str)), bar_first)
}

impl Retail {
    /// A reader of those retail symbologies among `asked`.
    pub(crate) fn new(asked: &[Symbology]) -> Self {
        let mut kinds: Vec<&'static Kind> = Vec::new();
        if asked.contains(&Symbology::Ean13) || asked.contains(&Symbology::UpcA) {
            kinds.push(&EAN_13);
        }
        if asked.contains(&Symbology::Ean8) {
            kinds.push(&EAN_8);
        }
        if asked.contains(&Symbology::UpcE) {
            kinds.push(&UPC_E);
        }
        Self { kinds }
    }

    /// Codes on several lines through one region; lines that agree speak for each other.
    pub(crate) fn read(&self, lines: &[Profile], work: &Work) -> Vec<Read> {
        let mut longer: Vec<Option<(f32, f32)>> = vec![None; lines.len()];
        for kind in self.kinds.iter().copied() {
            let mut found = Vec::new();
            for (turn, number) in from_middle(lines.len()).enumerate() {
                let line = &lines[number];
                found.extend(kind.on_line(number, line, &mut longer[number], work));
                if kind.symbology == Symbology::UpcE {
                    let turned = line.reversed();
                    let last = (line.ink.len() - 1) as f32;
                    let mut mirrored = longer[number].map(|(from, to)| (last - to, last - from));
                    let read = kind.on_line(number, &turned, &mut mirrored, work);
                    found.extend(read.map(|mut read| {
                        read.span = (last - read.span.0, last - read.span.1);
                        read
                    }));
                }
                if let Some(read) = agreed(kind.symbology, &found, lines)
                    && read.lines >= 3
                {
                    return vec![read];
                }
                // A region whose first lines look nothing like it is left.
                if turn == 3 && longer.iter().all(Option::is_none) && found.is_empty() {
                    break;
                }
            }
            if let Some(read) = agreed(kind.symbology, &found, lines) {
                return vec![read];
            }
        }
        Vec::new()
    }
}

impl Kind {
    fn new(symbology: Symbology, model: Model, bars: usize) -> Self {
        Self {
            symbology,
            tuned: Tuned::new(&model.alphabets, &model.slots),
            model,
            bars,
        }
    }

    /// A code of two halves with so many digits each. Seen backwards it has set C turned round on the left and sets A and
    /// B turned round on the right: with both ways round in each half one look reads either way.
    fn spread(symbology: Symbology, half: usize, bars: usize) -> Self {
        let model = Model {
            alphabets: Arc::new(vec![
                guard("111", true),
                digits(false),
                guard("11111", false),
                digits(true),
            ]),
            slots: [vec![0], vec![1; half], vec![2], vec![3; half], vec![0]].concat(),
        };
        Self::new(symbology, model, bars)
    }

    fn upc_e() -> Self {
        let model = Model {
            alphabets: Arc::new(vec![
                guard("111", true),
                digits(false),
                guard("111111", false),
            ]),
            slots: [vec![0], vec![1; 6], vec![2]].concat(),
        };
        Self::new(Symbology::UpcE, model, 17)
    }

    fn explained_min(&self) -> f32 {
        match self.symbology {
            Symbology::Ean13 => EXPLAINED_EAN_13,
            Symbology::Ean8 => EXPLAINED_EAN_8,
            _ => EXPLAINED_UPC_E,
        }
    }

    /// The code on one line. `longer` is where the line looks like a longer code than this, and
    /// is set where it looks like this one.
    fn on_line(
        &self,
        number: usize,
        line: &Profile,
        longer: &mut Option<(f32, f32)>,
        work: &Work,
    ) -> Option<LineRead> {
        let edges = line.edges();
        let mut spans = self.spans(line, &edges);
        if let Some((from, to)) = *longer {
            let beside = |span: &(f32, f32)| span.1 < from + 2.0 || span.0 > to - 2.0;
            spans.retain(|span| beside(span) || span.1 - span.0 > 0.85 * (to - from));
        }
        let natural = |fit: &Fit| self.named(&fit.path).is_some();
        let fit = tuned(line, &self.tuned, &self.model, &spans, &natural, work)?;
        let (from, to) = (*fit.knots.first()?, *fit.knots.last()?);
        if fit.explained > EXPLAINED_LONGER && longer.is_none() {
            *longer = Some((from, to));
        }
        if fit.explained < self.explained_min() {
            return None;
        }
        let (text, backwards) = self.named(&fit.path)?;
        let span = if backwards { (to, from) } else { (from, to) };
        Some(LineRead {
            text,
            number,
            span,
            explained: fit.explained,
        })
    }

    /// The pairs of edges between which a code of this kind may stand.
    fn spans(&self, line: &Profile, edges: &[Edge]) -> Vec<(f32, f32)> {
        let modules = self.model.modules();
        // The shorter the code, the more of other print looks like it: its quiet zones must be real.
        let (quiet, noise) = match self.symbology {
            Symbology::UpcE => (5.5, 0.14),
            Symbology::Ean8 => (5.0, 0.2),
            _ => (3.0, 0.33),
        };
        let mut found: Vec<(f32, f32, f32)> = Vec::new();
        for (begin, first) in edges.iter().enumerate().filter(|(_, edge)| edge.darker) {
            for (end, last) in edges.iter().enumerate().skip(begin + self.bars / 2) {
                if end + 1 - begin > 3 * self.bars {
                    break;
                }
                let module = (last.at - first.at) / modules;
                if last.darker || module < 0.75 {
                    continue;
                }
                let before = line.mean(first.at - quiet * module, first.at - 0.9 * module);
                if before > noise {
                    continue;
                }
                let behind = line.mean(last.at + 0.9 * module, last.at + quiet * module);
                let inside = line.mean(first.at, last.at);
                if behind > noise || !(0.25..0.75).contains(&inside) {
                    continue;
                }
                // No space of a code is wider than four modules.
                let mut at = first.at;
                let mut gap = false;
                while at + 6.0 * module < last.at && !gap {
                    gap = line.mean(at, at + 6.0 * module) < 0.06;
                    at += 2.0 * module;
                }
                if !gap {
                    // Every bar of a sharp code has two edges; a blurred one shows fewer.
                    let full = 2.0 * self.bars as f32;
                    let missing = (full - (end + 1 - begin) as f32).abs() / full;
                    found.push((before + behind + missing, first.at, last.at));
                }
            }
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Neighbouring edges give much the same span.
        let mut spans: Vec<(f32, f32)> = Vec::new();
        for (_, from, to) in found {
            let module = (to - from) / modules;
            let near = |known: &&(f32, f32)| {
                (known.0 - from).abs() < 0.5 * module && (known.1 - to).abs() < 0.5 * module
            };
            if spans.iter().find(near).is_none() {
                spans.push((from, to));
            }
            if spans.len() == SPANS_MAX {
                break;
            }
        }
        spans
    }

    /// The number that a row of characters stands for, and whether it runs backwards, if sets and
    /// check digit are right.
    fn named(&self, path: &[usize]) -> Option<(String, bool)> {
        let digits = |slots: std::ops::Range<usize>| path[slots].iter().map(|c| (c % 10) as u8);
        let sets = |slots: std::ops::Range<usize>| {
            path[slots].iter().fold(0u8, |sets, character| {
                sets << 1 | u8::from(*character >= 10)
            })
        };
        let (row, backwards): (Vec<u8>, bool) = match self.symbology {
            Symbology::Ean13 => {
                let (left, right) = (sets(1..7), sets(8..14));
                let first_of = |sets: u8| FIRST_DIGIT.iter().position(|known| *known == sets);
                if right == 0 {
                    let first = [first_of(left)? as u8].into_iter();
                    (
                        first.chain(digits(1..7)).chain(digits(8..14)).collect(),
                        false,
                    )
                } else if left == 0b111111 {
                    // Backwards, set B looks like set C and set A like set C turned round.
                    let turned = right.reverse_bits() >> 2;
                    let first = [first_of(!turned & 63)? as u8].into_iter();
                    let row = first.chain(digits(8..14).rev()).chain(digits(1..7).rev());
                    (row.collect(), true)
                } else {
                    return None;
                }
            }
            Symbology::Ean8 => match (sets(1..5), sets(6..10)) {
                (0, 0) => (digits(1..5).chain(digits(6..10)).collect(), false),
                (0b1111, 0b1111) => (
                    digits(6..10).rev().chain(digits(1..5).rev()).collect(),
                    true,
                ),
                _ => return None,
            },
            _ => {
                let of = |sets: u8| UPC_E_CHECK.iter().position(|known| *known == sets);
                let left = sets(1..7);
                let (system, check) = match (of(left), of(!left & 63)) {
                    (Some(check), _) => (0, check),
                    (None, Some(check)) => (1, check),
                    (None, None) => return None,
                };
                let row = [system].into_iter().chain(digits(1..7));
                (row.chain([check as u8]).collect(), false)
            }
        };
        let text: String = row.iter().map(|digit| char::from(b'0' + digit)).collect();
        let right = match self.symbology {
            Symbology::UpcE => upc_e_expanded(&text).is_some(),
            _ => check_digit_is_right(&text),
        };
        // A code of one digit only is more likely a row of stripes.
        let real = row.iter().any(|digit| *digit != row[0]);
        (right && real).then_some((text, backwards))
    }
}
