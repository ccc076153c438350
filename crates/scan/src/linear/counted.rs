//! Codes whose characters are equally wide, from blurred lines: Code 128 (ISO/IEC 15417), Code 39,
//! ITF-14 and Codabar. How many characters a line has, the fit finds out.

use std::sync::{Arc, LazyLock};

use super::optics::{Tuned, climb};
use super::profile::{Edge, Profile};
use super::trellis::{Alphabet, Fit, Model, Work, even_knots, fit};
use super::wide_narrow::RATIOS;
use super::{LineRead, Read, agreed, codabar, code39, code128, from_middle, itf};
use crate::Symbology;

/// Begins, ends and lengths of a line that are fitted, of each kind and either way; those of them
/// that are fitted with other ratios and aslant; and those that are fitted under every optics.
const CANDIDATES_MAX: usize = 4;
const CLOSER_MAX: usize = 4;
const BENT_MAX: usize = 3;
const CLIMBS_MAX: usize = 2;
/// Coefficient of correlation with start and stop below which a length is not tried. The usual ratio
/// of wide and narrow is compared with, so small codes of another are not very like it.
const LIKENESS_MIN: f32 = 0.45;
/// Edges between which a quiet zone is looked for, at each end of a line.
const ENDS_MAX: usize = 16;

/// Share of a line's variance that a Code 128 must explain to be believed. One check character in
/// 103 fits by chance, but two lines do not agree by chance.
const CHECKED_EXPLAINED_MIN: f32 = 0.8;
/// The same of codes that check little or nothing themselves, and how far the next best row of
/// characters must be behind, see [`Fit::lead`]. Of 2,300 lines of drawn codes one was read wrong
/// (it left the code through its long side), with 0.88 and 140; of right ones the least were 0.87
/// and 64. On public photos nothing that was no code of the kind explained more than 0.75.
const EXPLAINED_MIN: f32 = 0.86;
const LEAD_MIN: f32 = 60.0;
/// Lines that must agree on these.
const LINES_MIN: usize = 3;
/// Lines of a region in which nothing is found until it is left.
const LINES_WITHOUT: usize = 3;

/// The start, the characters or the stop of a code.
pub(super) struct Part {
    alphabet: Alphabet,
    modules: f32,
    /// Edges of a character.
    edges: usize,
}

impl Part {
    /// Characters as widths in modules, bar first.
    pub(super) fn new(widths: &[Vec<f32>]) -> Self {
        let first = widths.first().map_or(&[][..], Vec::as_slice);
        Self {
            modules: first.iter().sum(),
            edges: first.len(),
            alphabet: Alphabet::new(widths, true),
        }
    }

    fn of_digits(widths: &[&str]) -> Self {
        let of = |widths: &&str| widths.bytes().map(|w| f32::from(w - b'0')).collect();
        Self::new(&widths.iter().map(of).collect::<Vec<_>>())
    }
}

/// The bars of a kind of code, where wide elements are so much wider than narrow ones.
struct Print {
    /// Start, data, stop.
    alphabets: Arc<Vec<Alphabet>>,
    tuned: Tuned,
    /// Modules of start and stop, and of one character between them.
    ends: f32,
    each: f32,
}

impl Print {
    fn new([start, data, stop]: [Part; 3]) -> Self {
        let (ends, each) = (start.modules + stop.modules, data.modules);
        let alphabets = vec![start.alphabet, data.alphabet, stop.alphabet];
        Self {
            tuned: Tuned::new(&alphabets, &[0, 1, 1, 2]),
            alphabets: Arc::new(alphabets),
            ends,
            each,
        }
    }

    fn model(&self, characters: usize) -> Model {
        Model {
            alphabets: self.alphabets.clone(),
            slots: [vec![0], vec![1; characters], vec![2]].concat(),
        }
    }
}

/// What a row of characters says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) symbology: Symbology,
    /// AIM identifier.
    pub(super) identifier: &'static str,
}

/// What a row of characters says, if it may say that.
type Text = fn(&[usize]) -> Option<Said>;

/// A kind of code.
pub(super) struct Kind {
    symbology: Symbology,
    /// The one that is looked for first.
    print: Print,
    others: Vec<Print>,
    /// Edges of start and stop, and of one character between them.
    end_edges: usize,
    each_edges: usize,
    /// Fewest and most characters between start and stop; longer codes do not fit a frame.
    lengths: (usize, usize),
    text: Text,
    explained_min: f32,
    lead_min: f32,
    lines_min: usize,
}

/// Made once for all readers: their tables take some milliseconds.
static CODE_128: LazyLock<Kind> = LazyLock::new(Kind::code_128);
static CODE_39: LazyLock<Kind> = LazyLock::new(code39::kind);
static ITF_14: LazyLock<Kind> = LazyLock::new(itf::kind);
static CODABAR: LazyLock<Kind> = LazyLock::new(codabar::kind);

/// Reads codes of characters that are equally wide.
pub(crate) struct Counted {
    kinds: Vec<&'static Kind>,
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

/// Whether no space and no bar between the ends is wider than any of a code: a quiet zone or the edge
/// of the label would be.
fn is_filled(line: &Profile, from: f32, to: f32, module: f32) -> bool {
    const WINDOW: f32 = 6.0;
    let windows = ((to - from) / module - WINDOW).max(0.0) / 2.0;
    (0..=windows as usize).all(|at| {
        let begin = from + 2.0 * at as f32 * module;
        (0.06..0.94).contains(&line.mean(begin, begin + WINDOW * module))
    })
}

/// A begin, an end and a number of characters on a line.
type Candidate = (f32, f32, usize);

impl Kind {
    fn code_128() -> Self {
        let parts = [
            Part::of_digits(&code128::START),
            Part::of_digits(&code128::DATA),
            Part::of_digits(&[code128::STOP]),
        ];
        Self {
            symbology: Symbology::Code128,
            end_edges: parts[0].edges + parts[2].edges,
            each_edges: parts[1].edges,
            print: Print::new(parts),
            others: Vec::new(),
            lengths: (2, 60),
            text: |path| {
                let data = path.get(1..path.len().checked_sub(1)?)?;
                let (text, symbology) = code128::text(*path.first()?, data)?;
                let identifier = match symbology {
                    Symbology::Gs1_128 => "]C1",
                    _ => "]C0",
                };
                Some(Said {
                    text,
                    symbology,
                    identifier,
                })
            },
            explained_min: CHECKED_EXPLAINED_MIN,
            lead_min: 0.0,
            lines_min: 1,
        }
    }

    /// A kind whose elements are narrow or wide; `parts` draws it with a ratio of both.
    pub(super) fn wide_and_narrow(
        symbology: Symbology,
        parts: impl Fn(f32) -> [Part; 3],
        lengths: (usize, usize),
        text: Text,
    ) -> Self {
        let [first, others @ ..] = RATIOS;
        let usual = parts(first);
        Self {
            symbology,
            end_edges: usual[0].edges + usual[2].edges,
            each_edges: usual[1].edges,
            print: Print::new(usual),
            others: others
                .iter()
                .map(|ratio| Print::new(parts(*ratio)))
                .collect(),
            lengths,
            text,
            explained_min: EXPLAINED_MIN,
            lead_min: LEAD_MIN,
            lines_min: LINES_MIN,
        }
    }

    /// Where the line may hold a code of this kind.
    fn spans(&self, line: &Profile, edges: &[Edge]) -> Vec<Candidate> {
        let fewest = self.end_edges + self.lengths.0 * self.each_edges;
        let quiet = |from: f32, to: f32| line.mean(from, to) < 0.2;
        // Noise on bare paper has edges too.
        let print = |from: f32, to: f32| line.mean(from, to) > 0.25;
        // A quiet zone is ten modules; two thirds of it must be seen. A narrow element is about a
        // module, and the first bars of every start are narrow.
        let begins = edges.iter().enumerate().filter(|(at, edge)| {
            let reach = edges
                .get(at + 6)
                .map_or(12.0, |later| (later.at - edge.at) * 0.6);
            edge.darker
                && quiet(edge.at - reach, edge.at - reach * 0.12)
                && print(edge.at, edge.at + reach)
        });
        let ends: Vec<_> = edges
            .iter()
            .enumerate()
            .filter(|(at, edge)| {
                let before = at.checked_sub(6).and_then(|at| edges.get(at));
                let reach = before.map_or(12.0, |before| (edge.at - before.at) * 0.6);
                !edge.darker
                    && quiet(edge.at + reach * 0.12, edge.at + reach)
                    && print(edge.at - reach, edge.at)
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

    /// Begin, end and number of characters of what may be codes on the line, the likeliest first, and how
    /// likely they are.
    fn candidates(&self, line: &Profile) -> Vec<(f32, Candidate)> {
        let (looks, (fewest, longest)) = (self.print.tuned.first(), self.lengths);
        let mut found: Vec<(f32, Candidate)> = Vec::new();
        for (from, to, edges) in self.spans(line, &line.edges()) {
            let inner = edges.saturating_sub(self.end_edges) as f32 / self.each_edges as f32;
            // Blur takes edges away, and noise on bare paper adds some.
            let least = ((inner * 0.65) as usize).clamp(fewest, longest);
            let most = ((inner * 2.6) as usize + 2).clamp(least, longest);
            for characters in least..=most {
                let module = (to - from) / (self.print.ends + characters as f32 * self.print.each);
                if module < 0.8 {
                    break;
                }
                if !is_filled(line, from, to, module) {
                    continue;
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
        found
    }
}

/// What a line was looked at as.
#[derive(Clone, Copy)]
struct Guess {
    kind: &'static Kind,
    print: &'static Print,
    /// Whether the code runs against the line.
    turned: bool,
    candidate: Candidate,
}

/// A guess with its fit.
struct Fitting {
    guess: Guess,
    model: Model,
    fit: Fit<'static>,
}

/// What one line says, and as what it was looked at.
struct Found {
    line: LineRead,
    said: Said,
    guess: Guess,
}

/// A line, walked either way.
struct BothWays<'a> {
    number: usize,
    forth: &'a Profile,
    back: &'a Profile,
}

impl BothWays<'_> {
    fn along(&self, turned: bool) -> &Profile {
        if turned { self.back } else { self.forth }
    }
}

impl Fitting {
    /// One round of fitting, evenly spread characters at first.
    fn new(guess: Guess, line: &BothWays, work: &Work) -> Option<Self> {
        let (from, to, characters) = guess.candidate;
        let model = guess.print.model(characters);
        let knots = even_knots(&model, from, to);
        let looks = guess.print.tuned.first();
        let fit = fit(line.along(guess.turned), &model, looks, knots, 1, work)?;
        Some(Self { guess, model, fit })
    }

    /// Tries whether the line fits better where it is seen aslant.
    fn bend(&mut self, line: &BothWays, work: &Work) {
        let (from, to, _) = self.guess.candidate;
        let line = line.along(self.guess.turned);
        let looks = self.guess.print.tuned.first();
        for bow in BOWS {
            let knots = bowed(&even_knots(&self.model, from, to), bow);
            let bent = fit(line, &self.model, looks, knots, 1, work);
            if let Some(bent) = bent.filter(|bent| bent.explained > self.fit.explained) {
                self.fit = bent;
            }
        }
    }

    /// What the line says, if that is to be believed.
    fn read(&self, line: &BothWays, work: &Work) -> Option<Found> {
        let Guess { kind, print, .. } = self.guess;
        let along = line.along(self.guess.turned);
        let whole = |fit: &Fit| (kind.text)(&fit.path).is_some();
        let start = self.fit.clone();
        let fit = climb(along, &print.tuned, &self.model, start, &whole, work)?;
        if fit.explained < kind.explained_min {
            return None;
        }
        let said = (kind.text)(&fit.path)?;
        if kind.lead_min > 0.0 && fit.lead(along, &self.model) < kind.lead_min {
            return None;
        }
        let line = LineRead {
            text: said.text.clone(),
            number: line.number,
            span: (*fit.knots.first()?, *fit.knots.last()?),
            explained: fit.explained,
        };
        Some(Found {
            line,
            said,
            guess: self.guess,
        })
    }
}

fn best_first(found: &mut Vec<Fitting>, most: usize) {
    found.sort_by(|a, b| b.fit.explained.total_cmp(&a.fit.explained));
    found.truncate(most);
}

impl Counted {
    /// A reader of those symbologies among `asked`.
    pub(crate) fn new(asked: &[Symbology]) -> Self {
        use Symbology::{Codabar, Code39, Code128, Gs1_128, Itf14};
        let asked = |of: &[Symbology]| of.iter().any(|one| asked.contains(one));
        let mut kinds: Vec<&'static Kind> = Vec::new();
        if asked(&[Code128, Gs1_128]) {
            kinds.push(&CODE_128);
        }
        if asked(&[Itf14]) {
            kinds.push(&ITF_14);
        }
        if asked(&[Code39]) {
            kinds.push(&CODE_39);
        }
        if asked(&[Codabar]) {
            kinds.push(&CODABAR);
        }
        Self { kinds }
    }

    /// Codes on several lines through one region; lines that agree speak for each other.
    pub(crate) fn read(&self, lines: &[Profile], work: &Work) -> Vec<Read> {
        let turned: Vec<Profile> = lines.iter().map(Profile::reversed).collect();
        let mut found: Vec<Found> = Vec::new();
        for (turn, number) in from_middle(lines.len()).enumerate() {
            if work.is_over() || turn == LINES_WITHOUT && found.is_empty() {
                break;
            }
            let line = BothWays {
                number,
                forth: &lines[number],
                back: &turned[number],
            };
            // Neighbouring lines are of the same code mostly.
            let last = found.last().map(|last| last.guess);
            let read = last.and_then(|guess| Self::again(&line, guess, work));
            found.extend(read.or_else(|| self.on_line(&line, work)));
            if let Some(read) = together(&found, lines, &turned)
                && read.lines >= 2
            {
                return vec![read];
            }
        }
        together(&found, lines, &turned).into_iter().collect()
    }

    /// The line as what another line of the region was.
    fn again(line: &BothWays, guess: Guess, work: &Work) -> Option<Found> {
        let (from, to, characters) = guess.candidate;
        let candidates = guess.kind.candidates(line.along(guess.turned));
        let away = |c: &Candidate| (c.0 - from).abs().max((c.1 - to).abs());
        let (_, candidate) = candidates
            .into_iter()
            .filter(|(_, candidate)| candidate.2 == characters)
            .min_by(|(_, a), (_, b)| away(a).total_cmp(&away(b)))?;
        let guess = Guess { candidate, ..guess };
        Fitting::new(guess, line, work)?.read(line, work)
    }

    /// The likeliest code on one line, of all kinds and either way.
    fn on_line(&self, line: &BothWays, work: &Work) -> Option<Found> {
        let mut found: Vec<Fitting> = Vec::new();
        for kind in self.kinds.iter().copied() {
            let mut guesses: Vec<(f32, Guess)> = Vec::new();
            for turned in [false, true] {
                let candidates = kind.candidates(line.along(turned)).into_iter();
                guesses.extend(candidates.map(|(likeness, candidate)| {
                    let guess = Guess {
                        kind,
                        print: &kind.print,
                        turned,
                        candidate,
                    };
                    (likeness, guess)
                }));
            }
            guesses.sort_by(|a, b| b.0.total_cmp(&a.0));
            let guesses = guesses.iter().take(CANDIDATES_MAX);
            found.extend(guesses.filter_map(|(_, guess)| Fitting::new(*guess, line, work)));
        }
        best_first(&mut found, CLOSER_MAX);
        let known: Vec<Guess> = found.iter().map(|fitting| fitting.guess).collect();
        for guess in known {
            let others = guess.kind.others.iter();
            let others = others.map(|print| Guess { print, ..guess });
            found.extend(others.filter_map(|guess| Fitting::new(guess, line, work)));
        }
        best_first(&mut found, BENT_MAX);
        if found
            .first()
            .is_some_and(|best| best.fit.explained < STRAIGHT_ENOUGH)
        {
            found
                .iter_mut()
                .for_each(|fitting| fitting.bend(line, work));
        }
        best_first(&mut found, CLIMBS_MAX);
        found.iter().find_map(|fitting| fitting.read(line, work))
    }
}

/// What most lines say.
fn together(found: &[Found], lines: &[Profile], turned: &[Profile]) -> Option<Read> {
    let guess = found.last()?.guess;
    // Lines that see different kinds, or the code from different ends, contradict each other.
    let same = |other: &Guess| {
        other.turned == guess.turned && other.kind.symbology == guess.kind.symbology
    };
    if !found.iter().all(|found| same(&found.guess)) {
        return None;
    }
    let reads: Vec<LineRead> = found.iter().map(|found| found.line.clone()).collect();
    let side = if guess.turned { turned } else { lines };
    let read = agreed(guess.kind.symbology, &reads, side)?;
    let Said {
        symbology,
        identifier,
        ..
    } = found
        .iter()
        .find(|found| found.said.text == read.text)?
        .said
        .clone();
    (read.lines >= guess.kind.lines_min).then_some(Read {
        symbology,
        identifier,
        ..read
    })
}
