//! The most likely sequence of characters behind a blurred line.
//!
//! A line across a linear code is the sum of its bars, each blurred by lens, pixel and hand. The
//! sum is linear, so the squared distance between the line and what a sequence of characters
//! would look like falls apart into a term for each character and one for each pair of
//! neighbours, whose blurs overlap; the best sequence is found by Viterbi's algorithm. That is
//! maximum-likelihood sequence estimation (Forney 1972), and it reads codes whose narrow bars
//! have no edges left. Fitting whole characters instead of edges is from Gallo and Manduchi,
//! "Reading 1D barcodes with mobile phones using deformable templates" (2011).

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use super::profile::Profile;

/// Samples a module.
pub(crate) const PER_MODULE: usize = 4;
/// Modules on each side of a character into which its blur is followed.
const PAD: usize = 2;
const PAD_SAMPLES: usize = PAD * PER_MODULE;
/// Modules of quiet zone at each end that belong to the fit.
const QUIET: usize = 4;

/// Characters of equal width.
#[derive(Clone, Debug)]
pub(crate) struct Alphabet {
    /// Bars of each character: begin and end in modules.
    bars: Vec<Vec<(f32, f32)>>,
    /// Modules, as a number of samples.
    samples: usize,
}

impl Alphabet {
    /// Characters as widths in modules, alternately bar and space, the first a bar if `bar_first`.
    /// All have the same sum, a multiple of a quarter module.
    pub(crate) fn new(widths: &[Vec<f32>], bar_first: bool) -> Self {
        let total: f32 = widths.first().map_or(0.0, |first| first.iter().sum());
        let bars = widths.iter().map(|widths| {
            let (mut at, mut is_bar, mut bars) = (0.0, bar_first, Vec::new());
            for width in widths {
                if is_bar {
                    bars.push((at, at + width));
                }
                at += width;
                is_bar = !is_bar;
            }
            bars
        });
        Self {
            bars: bars.collect(),
            samples: (total * PER_MODULE as f32).round() as usize,
        }
    }

    /// Whole modules as digits: `"2122"`.
    pub(crate) fn of_digits<'a>(
        widths: impl IntoIterator<Item = &'a str>,
        bar_first: bool,
    ) -> Self {
        let widths: Vec<Vec<f32>> = widths
            .into_iter()
            .map(|digits| {
                digits
                    .bytes()
                    .map(|digit| f32::from(digit - b'0'))
                    .collect()
            })
            .collect();
        Self::new(&widths, bar_first)
    }
}

/// A kind of code: which alphabets follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) alphabets: Arc<Vec<Alphabet>>,
    /// For each character the number of its alphabet.
    pub(crate) slots: Vec<usize>,
}

impl Model {
    /// Samples of the code without quiet zones.
    pub(crate) fn samples(&self) -> usize {
        self.slots
            .iter()
            .map(|slot| self.alphabets[*slot].samples)
            .sum()
    }

    pub(crate) fn modules(&self) -> f32 {
        self.samples() as f32 / PER_MODULE as f32
    }
}

/// How a line is blurred, in modules, and by how much each bar grew on each side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Optics {
    pub(crate) sigma: f32,
    pub(crate) growth: f32,
}

struct Shapes {
    /// Each character's look, from `PAD` modules before it to as many behind.
    looks: Vec<Vec<f32>>,
    squares: Vec<f32>,
}

/// The looks of some alphabets under one optics.
pub(crate) struct Looks {
    shapes: Vec<Shapes>,
    /// For two alphabets after one another: how much each pair of characters overlaps.
    overlaps: HashMap<(usize, usize), Vec<f32>>,
}

/// The integral of the normal distribution, to 1e-4 (Abramowitz and Stegun 7.1.25).
fn normal_integral(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.470_47 * (x.abs() / std::f32::consts::SQRT_2));
    let tail = t * (0.348_024_2 + t * (-0.095_879_8 + t * 0.747_855_6)) * (-x * x / 2.0).exp();
    if x >= 0.0 {
        1.0 - tail / 2.0
    } else {
        tail / 2.0
    }
}

impl Looks {
    pub(crate) fn new(alphabets: &[Alphabet], optics: Optics) -> Self {
        let Optics { sigma, growth } = optics;
        let shapes = alphabets.iter().map(|alphabet| {
            let looks: Vec<Vec<f32>> = alphabet
                .bars
                .iter()
                .map(|bars| {
                    let count = alphabet.samples + 2 * PAD_SAMPLES;
                    let look = (0..count).map(|at| {
                        let x = (at as f32 + 0.5) / PER_MODULE as f32 - PAD as f32;
                        let of = |edge: f32| normal_integral((x - edge) / sigma);
                        bars.iter()
                            .map(|(from, to)| of(from - growth) - of(to + growth))
                            .sum()
                    });
                    look.collect()
                })
                .collect();
            let squares = looks
                .iter()
                .map(|look| look.iter().map(|v| v * v).sum())
                .collect();
            Shapes { looks, squares }
        });
        Self {
            shapes: shapes.collect(),
            overlaps: HashMap::new(),
        }
    }

    /// Makes sure that the overlaps of all neighbours in `slots` are known.
    pub(crate) fn prepare(&mut self, slots: &[usize]) {
        for pair in slots.windows(2) {
            let &[left, right] = pair else { continue };
            if self.overlaps.contains_key(&(left, right)) {
                continue;
            }
            let mut table = Vec::new();
            for first in &self.shapes[left].looks {
                let tail = &first[first.len() - 2 * PAD_SAMPLES..];
                for second in &self.shapes[right].looks {
                    let head = &second[..2 * PAD_SAMPLES];
                    table.push(2.0 * dot(tail, head));
                }
            }
            self.overlaps.insert((left, right), table);
        }
    }

    /// How much a line that begins or ends at `at` is like one of an alphabet's characters there,
    /// with paper outside: a coefficient of correlation, the best of all characters. `module` is in
    /// samples of the line.
    pub(crate) fn likeness(
        &self,
        alphabet: usize,
        line: &Profile,
        at: f32,
        module: f32,
        begins: bool,
    ) -> f32 {
        let looks = &self.shapes[alphabet].looks;
        let Some(count) = looks.first().map(|look| look.len() - PAD_SAMPLES) else {
            return -1.0;
        };
        // Only what lies within the character and outside the code is known.
        let (skipped, from) = if begins {
            (0, at - PAD as f32 * module)
        } else {
            let width = (count - PAD_SAMPLES) as f32 / PER_MODULE as f32;
            (PAD_SAMPLES, at - width * module)
        };
        let step = module / PER_MODULE as f32;
        let seen: Vec<f32> = (0..count)
            .map(|number| line.at(from + (number as f32 + 0.5) * step))
            .collect();
        let of = |look: &Vec<f32>| correlation(&look[skipped..][..count], &seen);
        looks.iter().map(of).fold(-1.0, f32::max)
    }

    /// The overlaps of two alphabets, one row for each character of the first.
    fn table(&self, kind: (usize, usize)) -> &[f32] {
        self.overlaps.get(&kind).map_or(&[], Vec::as_slice)
    }
}

/// Where on the line each character begins and the last one ends, in samples of the profile.
pub(crate) type Knots = Vec<f32>;

/// Evenly spread characters between two places.
pub(crate) fn even_knots(model: &Model, from: f32, to: f32) -> Knots {
    let total = model.samples() as f32;
    let mut passed = 0;
    let mut knots = vec![from];
    for slot in &model.slots {
        passed += model.alphabets[*slot].samples;
        knots.push(from + (to - from) * passed as f32 / total);
    }
    knots
}

/// A line brought to modules.
#[derive(Clone, Debug)]
pub(crate) struct Stretched {
    ink: Vec<f32>,
}

/// Samples before the first character in [`Stretched`].
const LEAD: usize = QUIET * PER_MODULE;

impl Stretched {
    pub(crate) fn new(profile: &Profile, model: &Model, knots: &Knots) -> Self {
        let mut ink = Vec::with_capacity(model.samples() + 2 * LEAD);
        let per_sample = |slot: usize| {
            let count = model.alphabets[model.slots[slot]].samples as f32;
            (knots[slot + 1] - knots[slot]) / count
        };
        let last = model.slots.len() - 1;
        let step = per_sample(0);
        let take = |ink: &mut Vec<f32>, from: f32, step: f32, count: usize| {
            for at in 0..count {
                let middle = from + (at as f32 + 0.5) * step;
                // Wide modules are averaged, narrow ones interpolated.
                ink.push(if step > 1.0 {
                    profile.mean(middle - step / 2.0, middle + step / 2.0)
                } else {
                    profile.at(middle)
                });
            }
        };
        take(&mut ink, knots[0] - step * LEAD as f32, step, LEAD);
        #[expect(
            clippy::needless_range_loop,
            reason = "the slot is more than a place in the list"
        )]
        for slot in 0..=last {
            let count = model.alphabets[model.slots[slot]].samples;
            take(&mut ink, knots[slot], per_sample(slot), count);
        }
        take(&mut ink, knots[last + 1], per_sample(last), LEAD);
        Self { ink }
    }
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len().max(1) as f32;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    ab / (aa * bb).sqrt().max(1e-6)
}

/// The sum of products, in eight sums at a time so that they run side by side.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (whole_a, rest_a) = a.as_chunks::<8>();
    let (whole_b, _) = b.as_chunks::<8>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest_b = &b[a.len() - rest_a.len()..];
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// Cost of each character in each slot, without what neighbours share.
pub(crate) fn unaries(line: &Stretched, model: &Model, looks: &Looks) -> Vec<Vec<f32>> {
    let mut begin = LEAD;
    let unaries = model.slots.iter().map(|slot| {
        let shapes = &looks.shapes[*slot];
        let window = &line.ink[begin - PAD_SAMPLES..];
        begin += model.alphabets[*slot].samples;
        let of = |(look, square): (&Vec<f32>, &f32)| square - 2.0 * dot(look, window);
        shapes.looks.iter().zip(&shapes.squares).map(of).collect()
    });
    unaries.collect()
}

/// The cheapest sequence of characters, and its cost.
pub(crate) fn cheapest(model: &Model, looks: &Looks, unaries: &[Vec<f32>]) -> (f32, Vec<usize>) {
    let Some(first) = unaries.first() else {
        return (f32::MAX, Vec::new());
    };
    let mut costs = first.clone();
    let mut came_from: Vec<Vec<usize>> = Vec::new();
    for (slot, unary) in unaries.iter().enumerate().skip(1) {
        let kind = (model.slots[slot - 1], model.slots[slot]);
        // Only the best few characters can begin the best sequence: overlaps are small beside
        // what a wrong character costs.
        let mut order: Vec<usize> = (0..costs.len()).collect();
        if order.len() > 16 {
            order.select_nth_unstable_by(15, |a, b| costs[*a].total_cmp(&costs[*b]));
            order.truncate(16);
        }
        let table = looks.table(kind);
        let mut next = vec![f32::MAX; unary.len()];
        let mut from = vec![0; unary.len()];
        for &before in &order {
            let row = &table[before * unary.len()..(before + 1) * unary.len()];
            let base = costs[before];
            for ((next, from), overlap) in next.iter_mut().zip(&mut from).zip(row) {
                let cost = base + overlap;
                if cost < *next {
                    (*next, *from) = (cost, before);
                }
            }
        }
        for (next, own) in next.iter_mut().zip(unary) {
            *next += own;
        }
        costs = next;
        came_from.push(from);
    }
    let (mut at, mut cost) = (0, f32::MAX);
    for (character, own) in costs.iter().enumerate() {
        if *own < cost {
            (at, cost) = (character, *own);
        }
    }
    let mut path = vec![at];
    for from in came_from.iter().rev() {
        at = from[at];
        path.push(at);
    }
    path.reverse();
    (cost, path)
}

/// What a sequence looks like, quiet zones included.
fn drawn(model: &Model, looks: &Looks, path: &[usize]) -> Vec<f32> {
    let mut picture = vec![0.0; model.samples() + 2 * LEAD];
    let mut begin = LEAD - PAD_SAMPLES;
    for (slot, character) in model.slots.iter().zip(path) {
        for (pixel, value) in picture[begin..]
            .iter_mut()
            .zip(&looks.shapes[*slot].looks[*character])
        {
            *pixel += value;
        }
        begin += model.alphabets[*slot].samples;
    }
    picture
}

/// A sequence fitted to a line.
#[derive(Clone)]
pub(crate) struct Fit<'a> {
    pub(crate) path: Vec<usize>,
    /// Share of the line's variance that the sequence explains, at most 1.
    pub(crate) explained: f32,
    pub(crate) knots: Knots,
    /// Under which it was found.
    looks: &'a Looks,
}

impl Fit<'_> {
    /// How much worse than this sequence the best other one fits the line: the squared distance
    /// that it adds, in units of what is left of the line beside this one in a sample. Twice the
    /// logarithm of the ratio of both likelihoods, were all samples independent.
    pub(crate) fn lead(&self, profile: &Profile, model: &Model) -> f32 {
        let line = Stretched::new(profile, model, &self.knots);
        let picture = drawn(model, self.looks, &self.path);
        let Some((line, _)) = levelled(&line, &picture) else {
            return 0.0;
        };
        let left = line.ink.iter().zip(&picture).map(|(a, b)| (a - b).powi(2));
        let noise = left.sum::<f32>() / line.ink.len() as f32;
        let own = unaries(&line, model, self.looks);
        second_cost(model, self.looks, &own, &self.path) / noise.max(1e-6)
    }
}

/// What the cheapest sequence that differs from `path` costs more than it.
fn second_cost(model: &Model, looks: &Looks, unaries: &[Vec<f32>], path: &[usize]) -> f32 {
    let table = |slot: usize| looks.table((model.slots[slot], model.slots[slot + 1]));
    let least = |costs: &mut dyn Iterator<Item = f32>| costs.fold(f32::MAX, f32::min);
    // The cheapest way from each character to the end, its own cost left out.
    let mut behind = vec![vec![0.0f32; unaries.last().map_or(0, Vec::len)]];
    for slot in (0..unaries.len().saturating_sub(1)).rev() {
        let (next, table) = (&unaries[slot + 1], table(slot));
        let later = &behind[behind.len() - 1];
        let rest: Vec<f32> = next.iter().zip(later).map(|(a, b)| a + b).collect();
        let of = |row: &[f32]| least(&mut row.iter().zip(&rest).map(|(a, b)| a + b));
        let costs = table.chunks_exact(next.len().max(1)).map(of).collect();
        behind.push(costs);
    }
    behind.reverse();
    // `path` up to each slot, then another character there, then the cheapest way on.
    let (mut spent, mut others) = (0.0f32, Vec::new());
    for (slot, (&own, unary)) in path.iter().zip(unaries).enumerate() {
        let shared = |character: usize| match slot.checked_sub(1) {
            Some(before) => table(before)[path[before] * unary.len() + character],
            None => 0.0,
        };
        let other = (0..unary.len()).filter(|character| *character != own);
        let other = other.map(|at| spent + shared(at) + unary[at] + behind[slot][at]);
        others.extend(other);
        spent += shared(own) + unary[own];
    }
    least(&mut others.into_iter()) - spent
}

/// The share of `line`'s variance that `picture` explains, after gain and offset (both linear
/// along the line) are fitted; and the line with these taken off.
fn levelled(line: &Stretched, picture: &[f32]) -> Option<(Stretched, f32)> {
    let count = line.ink.len() as f32;
    // Least squares for ink = a + b t + (c + d t) picture.
    let mut matrix = [[0.0f64; 5]; 4];
    for (at, (ink, drawn)) in line.ink.iter().zip(picture).enumerate() {
        let t = at as f64 / f64::from(count) - 0.5;
        let drawn = f64::from(*drawn);
        let basis = [1.0, t, drawn, drawn * t];
        for (row, own) in basis.iter().enumerate() {
            for (column, other) in basis.iter().enumerate() {
                matrix[row][column] += own * other;
            }
            matrix[row][4] += own * f64::from(*ink);
        }
    }
    let [a, b, c, d] = solved(matrix)?;
    let mean = line.ink.iter().sum::<f32>() / count;
    let (mut left, mut all) = (0.0f32, 0.0f32);
    let mut ink = Vec::with_capacity(line.ink.len());
    for (at, (value, drawn)) in line.ink.iter().zip(picture).enumerate() {
        let t = at as f64 / f64::from(count) - 0.5;
        let gain = (c + d * t) as f32;
        if gain < 0.2 {
            return None;
        }
        let level = ((f64::from(*value) - a - b * t) as f32) / gain;
        left += (level - drawn).powi(2) * gain * gain;
        all += (value - mean).powi(2);
        ink.push(level);
    }
    Some((Stretched { ink }, 1.0 - left / all.max(1e-6)))
}

/// Gauss's elimination of four equations; the fifth column is the right side.
fn solved(mut matrix: [[f64; 5]; 4]) -> Option<[f64; 4]> {
    for at in 0..4 {
        let pivot = (at..4).max_by(|a, b| matrix[*a][at].abs().total_cmp(&matrix[*b][at].abs()))?;
        if matrix[pivot][at].abs() < 1e-9 {
            return None;
        }
        matrix.swap(at, pivot);
        for row in 0..4 {
            if row != at {
                let factor = matrix[row][at] / matrix[at][at];
                #[expect(clippy::needless_range_loop, reason = "two rows of one matrix")]
                for column in at..5 {
                    matrix[row][column] -= factor * matrix[at][column];
                }
            }
        }
    }
    Some([0, 1, 2, 3].map(|row| matrix[row][4] / matrix[row][row]))
}

/// How far each character lies from where it was thought, in samples of the stretched line, as a
/// polynomial of third degree over all of them: paper bends and leans, but does not jump.
fn shifts(line: &Stretched, picture: &[f32], model: &Model) -> Option<Vec<f32>> {
    let total = model.samples() as f64;
    let mut matrix = [[0.0f64; 5]; 4];
    for at in LEAD..picture.len() - LEAD {
        let slope = f64::from(picture[at + 1] - picture[at - 1]) / 2.0;
        let miss = f64::from(line.ink[at] - picture[at]);
        let v = (at - LEAD) as f64 / total - 0.5;
        let basis = [1.0, v, v * v, v * v * v];
        for (row, own) in basis.iter().enumerate() {
            for (column, other) in basis.iter().enumerate() {
                matrix[row][column] += own * other * slope * slope;
            }
            matrix[row][4] -= own * miss * slope;
        }
    }
    // A little of each is held back, which matters where few edges say anything.
    let hold = matrix[0][0] * 1e-3 + 1e-6;
    for (at, row) in matrix.iter_mut().enumerate() {
        row[at] += hold * if at > 1 { 0.3 } else { 0.05 };
    }
    let factors = solved(matrix)?;
    let mut passed = 0;
    let mut found = Vec::with_capacity(model.slots.len() + 1);
    for slot in 0..=model.slots.len() {
        let v = passed as f64 / total - 0.5;
        let shift = factors[0] + v * (factors[1] + v * (factors[2] + v * factors[3]));
        found.push((shift as f32).clamp(-2.0, 2.0));
        if let Some(alphabet) = model.slots.get(slot) {
            passed += model.alphabets[*alphabet].samples;
        }
    }
    Some(found)
}

/// Work that may still be done, in products of samples: so the time that a picture takes is
/// bounded, and on every machine the same pictures are read.
pub(crate) struct Work(Cell<i64>);

impl Work {
    pub(crate) fn new(products: i64) -> Self {
        Self(Cell::new(products))
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.get() <= 0
    }

    fn spend(&self, products: usize) {
        self.0.set(self.0.get() - products as i64);
    }
}

/// Products that one round of [`fit`] takes, about.
fn products(model: &Model) -> usize {
    let of = |slot: &usize| {
        let alphabet = &model.alphabets[*slot];
        let own = alphabet.bars.len();
        own * (alphabet.samples + 2 * PAD_SAMPLES) + own.min(16) * own * 2
    };
    model.slots.iter().map(of).sum::<usize>() * 2 + model.samples() * 60
}

/// Fits `model` to a line, beginning at `knots`, in `rounds` rounds of reading and aligning.
pub(crate) fn fit<'a>(
    profile: &Profile,
    model: &Model,
    looks: &'a Looks,
    mut knots: Knots,
    rounds: usize,
    work: &Work,
) -> Option<Fit<'a>> {
    let mut best: Option<Fit<'a>> = None;
    for _ in 0..rounds {
        if work.is_over() {
            break;
        }
        work.spend(products(model));
        let line = Stretched::new(profile, model, &knots);
        let (_, path) = cheapest(model, looks, &unaries(&line, model, looks));
        let picture = drawn(model, looks, &path);
        let (line, explained) = levelled(&line, &picture)?;
        let own = unaries(&line, model, looks);
        let (_, path) = cheapest(model, looks, &own);
        let picture = drawn(model, looks, &path);
        if best.as_ref().is_none_or(|best| explained > best.explained) {
            best = Some(Fit {
                path,
                explained,
                knots: knots.clone(),
                looks,
            });
        }
        let moves = shifts(&line, &picture, model)?;
        let samples: Vec<f32> = model
            .slots
            .iter()
            .enumerate()
            .map(|(slot, alphabet)| {
                (knots[slot + 1] - knots[slot]) / model.alphabets[*alphabet].samples as f32
            })
            .collect();
        for (at, shift) in moves.iter().enumerate() {
            let step = samples[at.min(samples.len() - 1)];
            knots[at] += shift * step;
        }
        if knots.windows(2).any(|pair| pair[1] - pair[0] < 1.0) {
            break;
        }
    }
    best
}
