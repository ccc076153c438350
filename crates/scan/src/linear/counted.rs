//! Code 128 (ISO/IEC 15417) from blurred lines: a code of unknown length whose characters are
//! equally wide.

use std::sync::{Arc, LazyLock};

use super::code128;
use super::optics::{Tuned, climb};
use super::profile::{Edge, Profile};
use super::trellis::{Alphabet, Fit, Model, Work, even_knots, fit};
use super::{LineRead, Read, agreed, from_middle};
use crate::Symbology;

/// Most characters of a line; longer codes do not fit a frame.
const CHARACTERS_MAX: usize = 60;
/// Begins, ends and lengths of a line that are fitted, and those of them that are fitted under
/// every optics.
const CANDIDATES_MAX: usize = 6;
const FITS_MAX: usize = 2;
/// Coefficient of correlation with start and stop below which a length is not tried.
const LIKENESS_MIN: f32 = 0.6;
/// Edges between which a quiet zone is looked for, at each end of a line.
const ENDS_MAX: usize = 10;

/// Share of a line's variance that a code must explain to be believed. One check character in 103
/// fits by chance, but two lines do not agree by chance.
const EXPLAINED_MIN: f32 = 0.8;
struct Kind {
    /// Start, data, stop.
    alphabets: Arc<Vec<Alphabet>>,
    tuned: Tuned,
    /// Modules of start and stop, and of one character between them.
    ends: f32,
    each: f32,
    /// Edges of the same.
    end_edges: usize,
    each_edges: usize,
    /// Fewest characters between start and stop.
    fewest: usize,
}

/// Made once for all readers: its tables take some milliseconds.
static CODE_128: LazyLock<Kind> = LazyLock::new(Kind::code_128);

/// Reads Code 128.
pub(crate) struct Counted {
    kind: Option<&'static Kind>,
}

/// How far the middle of a code seen aslant lies beside the middle of its ends, as parts of its
/// length: the fit finds its own way within half a module, and long codes have many.
const BOWS: [f32; 6] = [-0.006, 0.006, -0.012, 0.012, -0.02, 0.02];
/// Share of the variance from which no bow is looked for.
const STRAIGHT_ENOUGH: f32 = 0.8;

/// The knots of a line that is seen aslant.
fn bowed(knots: &[f32], bow: f32) -> Vec<f32> {
    let (Some(from), Some(to)) = (knots.first(), knots.last()) else {
        return Vec::new();
    };
    let length = to - from;
    let moved = knots.iter().map(|at| {
        let v = (at - from) / length;
        at + 4.0 * v * (1.0 - v) * bow * length
    });
    moved.collect()
}

impl Kind {
    fn new(parts: [(Alphabet, f32, usize); 3], fewest: usize) -> Self {
        let [start, data, stop] = parts;
        let alphabets = vec![start.0, data.0, stop.0];
        Self {
            tuned: Tuned::new(&alphabets, &[0, 1, 1, 2]),
            alphabets: Arc::new(alphabets),
            ends: start.1 + stop.1,
            each: data.1,
            end_edges: start.2 + stop.2,
            each_edges: data.2,
            fewest,
        }
    }

    fn code_128() -> Self {
        let start = Alphabet::of_digits(code128::START, true);
        let data = Alphabet::of_digits(code128::DATA, true);
        let stop = Alphabet::of_digits([code128::STOP], true);
        let parts = [(start, 11.0, 6), (data, 11.0, 6), (stop, 13.0, 7)];
        Self::new(parts, 2)
    }

    fn model(&self, characters: usize) -> Model {
        Model {
            alphabets: self.alphabets.clone(),
            slots: [vec![0], vec![1; characters], vec![2]].concat(),
        }
    }

    /// Where the line may hold a code of this kind.
    fn spans(&self, line: &Profile, edges: &[Edge]) -> Vec<(f32, f32, usize)> {
        let fewest = self.end_edges + self.fewest * self.each_edges;
        let quiet = |from: f32, to: f32| line.mean(from, to) < 0.2;
        // A quiet zone is ten modules; two thirds of it must be seen. A narrow element is about a
        // module, and the first bars of every start are narrow.
        let begins = edges.iter().enumerate().filter(|(at, edge)| {
            let reach = edges
                .get(at + 6)
                .map_or(12.0, |later| (later.at - edge.at) * 0.6);
            edge.darker && quiet(edge.at - reach, edge.at - reach * 0.12)
        });
        let ends: Vec<_> = edges
            .iter()
            .enumerate()
            .filter(|(at, edge)| {
                let before = at.checked_sub(6).and_then(|at| edges.get(at));
                let reach = before.map_or(12.0, |before| (edge.at - before.at) * 0.6);
                !edge.darker && quiet(edge.at + reach * 0.12, edge.at + reach)
            })
            .collect();
        let mut spans = Vec::new();
        for (begin, first) in begins.take(ENDS_MAX) {
            for (end, last) in ends.iter().rev().take(ENDS_MAX) {
                if *end >= begin + fewest / 2 {
                    spans.push((first.at, last.at, end - begin + 1));
                }
            }
        }
        spans
    }

    /// Begin, end and number of characters of what may be codes on the line, the likeliest first.
    fn candidates(&self, line: &Profile) -> Vec<(f32, f32, usize)> {
        let looks = self.tuned.first();
        let mut found: Vec<(f32, (f32, f32, usize))> = Vec::new();
        for (from, to, edges) in self.spans(line, &line.edges()) {
            let inner = edges.saturating_sub(self.end_edges) as f32 / self.each_edges as f32;
            // Blur takes edges away, noise adds few.
            let least = (inner * 0.9).floor().max(self.fewest as f32) as usize;
            let most = ((inner * 2.6).ceil() as usize + 1).min(CHARACTERS_MAX);
            for characters in least..=most {
                let module = (to - from) / (self.ends + characters as f32 * self.each);
                if module < 0.8 {
                    break;
                }
                // Start and stop are known, and tell how wide a module is.
                let start = looks.likeness(0, line, from, module, true);
                if start < LIKENESS_MIN {
                    continue;
                }
                let stop = looks.likeness(2, line, to, module, false);
                if stop > LIKENESS_MIN {
                    found.push((start + stop, (from, to, characters)));
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.truncate(CANDIDATES_MAX);
        found.into_iter().map(|(_, candidate)| candidate).collect()
    }

    /// The best fit on the line.
    fn best(&self, line: &Profile, work: &Work) -> Option<(Model, Fit)> {
        let mut found: Vec<((f32, f32), Model, Fit)> = Vec::new();
        for (from, to, characters) in self.candidates(line) {
            let model = self.model(characters);
            let knots = even_knots(&model, from, to);
            if let Some(fit) = fit(line, &model, self.tuned.first(), knots, 1, work) {
                found.push(((from, to), model, fit));
            }
        }
        let order = |found: &mut Vec<((f32, f32), Model, Fit)>, most: usize| {
            found.sort_by(|a, b| b.2.explained.total_cmp(&a.2.explained));
            found.truncate(most);
        };
        order(&mut found, 2 * FITS_MAX);
        if found
            .first()
            .is_some_and(|best| best.2.explained < STRAIGHT_ENOUGH)
        {
            for ((from, to), model, best) in &mut found {
                for bow in BOWS {
                    let knots = bowed(&even_knots(model, *from, *to), bow);
                    let bent = fit(line, model, self.tuned.first(), knots, 1, work);
                    if let Some(bent) = bent.filter(|bent| bent.explained > best.explained) {
                        *best = bent;
                    }
                }
            }
        }
        order(&mut found, FITS_MAX);
        let mut best: Option<(Model, Fit)> = None;
        for (_, model, start) in found {
            let whole = |fit: &Fit| self.text(&fit.path).is_some();
            if let Some(fit) = climb(line, &self.tuned, &model, start, &whole, work)
                && best
                    .as_ref()
                    .is_none_or(|best| fit.explained > best.1.explained)
            {
                best = Some((model, fit));
            }
        }
        best
    }

    /// What a row of characters says, if its check character is right.
    fn text(&self, path: &[usize]) -> Option<(String, Symbology)> {
        let data = path.get(1..path.len().checked_sub(1)?)?;
        code128::text(*path.first()?, data)
    }

    fn on_line(&self, number: usize, line: &Profile, work: &Work) -> Option<(LineRead, Symbology)> {
        let (_, fit) = self.best(line, work)?;
        if fit.explained < EXPLAINED_MIN {
            return None;
        }
        let (text, symbology) = self.text(&fit.path)?;
        let read = LineRead {
            text,
            number,
            span: (*fit.knots.first()?, *fit.knots.last()?),
            explained: fit.explained,
        };
        Some((read, symbology))
    }
}

impl Counted {
    /// A reader of those symbologies among `asked`.
    pub(crate) fn new(asked: &[Symbology]) -> Self {
        let is_asked = [Symbology::Code128, Symbology::Gs1_128]
            .iter()
            .any(|kind| asked.contains(kind));
        Self {
            kind: is_asked.then(|| &*CODE_128),
        }
    }

    /// Codes on several lines through one region.
    pub(crate) fn read(&self, lines: &[Profile], work: &Work) -> Vec<Read> {
        let Some(kind) = self.kind else {
            return Vec::new();
        };
        let turned: Vec<Profile> = lines.iter().map(Profile::reversed).collect();
        for side in [lines, &turned] {
            let mut found: Vec<(LineRead, Symbology)> = Vec::new();
            for (turn, number) in from_middle(side.len()).enumerate() {
                if work.is_over() || turn == 3 && found.is_empty() {
                    break;
                }
                found.extend(kind.on_line(number, &side[number], work));
                if found.len() >= 2
                    && let Some(read) = Self::together(&found, side)
                {
                    return vec![read];
                }
            }
            if let Some(read) = Self::together(&found, side) {
                return vec![read];
            }
        }
        Vec::new()
    }

    fn together(found: &[(LineRead, Symbology)], lines: &[Profile]) -> Option<Read> {
        let reads: Vec<LineRead> = found.iter().map(|(read, _)| read.clone()).collect();
        let mut read = agreed(Symbology::Code128, &reads, lines)?;
        let of_text = found.iter().find(|(line, _)| line.text == read.text);
        read.symbology = of_text?.1;
        Some(read)
    }
}
