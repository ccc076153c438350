//! What a scan line sees, as darkness from 0 (paper) to 1 (ink).

use super::locate::Region;
use crate::LumaFrame;

/// Grey levels between ink and paper below which a line holds nothing.
const CONTRAST_MIN: f32 = 12.0;
/// Space before and behind a region that a line covers, for quiet zones, as part of its length.
pub(super) const MARGIN: f32 = 0.18;
pub(super) const MARGIN_MIN_PX: f32 = 14.0;
/// Share of the overall contrast that the envelope keeps at least, so that noise on bare paper is
/// not blown up.
const ENVELOPE_MIN: f32 = 0.4;

/// One line, sampled once a pixel.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Darkness, about 0 to 1.
    pub(crate) ink: Vec<f32>,
    /// Frame coordinates of the first sample.
    pub(crate) origin: (f32, f32),
    /// Step from one sample to the next; one pixel long.
    pub(crate) along: (f32, f32),
    /// Running sum of `ink`, for means over parts of pixels.
    sums: Vec<f32>,
}

/// An edge of a profile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    /// Place in samples, to parts of one.
    pub(crate) at: f32,
    /// From paper to ink.
    pub(crate) darker: bool,
}

/// Catmull-Rom weights for the part `t` between the second and the third of four samples.
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (-t3 + 2.0 * t2 - t),
        0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
        0.5 * (-3.0 * t3 + 4.0 * t2 + t),
        0.5 * (t3 - t2),
    ]
}

/// Greys of places between pixels, for lines of one direction.
pub(crate) struct LineSampler<'a> {
    luma: &'a [u8],
    width: i32,
    height: i32,
    /// Whether lines follow rows more than columns.
    level: bool,
}

impl<'a> LineSampler<'a> {
    pub(crate) fn new(frame: &'a LumaFrame, along: (f32, f32)) -> Self {
        Self {
            luma: frame.luma(),
            width: frame.width() as i32,
            height: frame.height() as i32,
            level: along.0.abs() >= along.1.abs(),
        }
    }

    /// Grey of a place: cubic along the axis that the line follows most, linear across it, where
    /// the bars run and little changes. Beyond the frame its edge goes on.
    pub(crate) fn grey(&self, x: f32, y: f32) -> f32 {
        let (width, height) = (self.width, self.height);
        let x = x.clamp(0.0, (width - 1) as f32);
        let y = y.clamp(0.0, (height - 1) as f32);
        let (major, minor) = if self.level { (x, y) } else { (y, x) };
        let (first, second) = (major.floor(), minor.floor());
        let weights = cubic(major - first);
        let part = minor - second;
        let pixel = |along: i32, across: i32| {
            let (x, y) = if self.level {
                (along, across)
            } else {
                (across, along)
            };
            let (x, y) = (x.clamp(0, width - 1), y.clamp(0, height - 1));
            f32::from(self.luma[y as usize * width as usize + x as usize])
        };
        let (first, second) = (first as i32, second as i32);
        let mut sum = 0.0;
        for (place, weight) in weights.into_iter().enumerate() {
            let along = first - 1 + place as i32;
            let near = pixel(along, second);
            let mixed = if part > 0.01 {
                near + (pixel(along, second + 1) - near) * part
            } else {
                near
            };
            sum += weight * mixed;
        }
        sum
    }
}

/// The line across `region` at the height `offset` (pixels from its middle), the mean of lines up
/// to `band` pixels beside it. `None` where it shows no contrast.
pub(crate) fn profile(
    frame: &LumaFrame,
    region: &Region,
    offset: f32,
    band: i32,
) -> Option<Profile> {
    let margin = (2.0 * region.half_length * MARGIN).max(MARGIN_MIN_PX);
    let half = region.half_length + margin;
    let count = (2.0 * half) as usize;
    let along = region.along;
    let across = (-along.1, along.0);
    let sampler = LineSampler::new(frame, along);
    let origin = (
        region.centre.0 - along.0 * half + across.0 * offset,
        region.centre.1 - along.1 * half + across.1 * offset,
    );
    let mut greys = vec![0.0f32; count];
    for beside in -band..=band {
        let beside = beside as f32;
        let mut x = origin.0 + across.0 * beside;
        let mut y = origin.1 + across.1 * beside;
        for grey_here in &mut greys {
            *grey_here += sampler.grey(x, y);
            x += along.0;
            y += along.1;
        }
    }
    let lines = (2 * band + 1) as f32;
    for grey_here in &mut greys {
        *grey_here /= lines;
    }
    let ink = darkness(&greys)?;
    Some(Profile::new(ink, origin, along))
}

/// Highest (or lowest, with `sign` -1) value within `reach` of each sample, smoothed.
fn envelope(values: &[f32], reach: usize, sign: f32) -> Vec<f32> {
    let count = values.len();
    let mut peaks = vec![0.0; count];
    // Blocks of `reach` samples hold their own peak, so that each place looks at few of them.
    let block = (reach / 4).max(1);
    let blocks: Vec<f32> = values
        .chunks(block)
        .map(|part| part.iter().fold(f32::MIN, |peak, v| peak.max(v * sign)))
        .collect();
    for (at, peak) in peaks.iter_mut().enumerate() {
        let from = at.saturating_sub(reach) / block;
        let to = ((at + reach) / block + 1).min(blocks.len());
        *peak = blocks[from..to]
            .iter()
            .fold(f32::MIN, |peak, v| peak.max(*v));
    }
    let mut smooth = vec![0.0; count];
    let mut sums = vec![0.0f32; count + 1];
    for at in 0..count {
        sums[at + 1] = sums[at] + peaks[at];
    }
    for (at, value) in smooth.iter_mut().enumerate() {
        let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(count));
        *value = sign * (sums[to] - sums[from]) / (to - from) as f32;
    }
    smooth
}

/// Greys to darkness between the local paper and the local ink.
pub(super) fn darkness(greys: &[f32]) -> Option<Vec<f32>> {
    let count = greys.len();
    if count < 40 {
        return None;
    }
    let reach = (count / 14).max(14);
    let paper = envelope(greys, reach, 1.0);
    let black = envelope(greys, reach, -1.0);
    let middle = count / 6..count - count / 6;
    let contrast = middle
        .clone()
        .map(|at| paper[at] - black[at])
        .fold(0.0f32, f32::max);
    if contrast < CONTRAST_MIN {
        return None;
    }
    let ink = (0..count).map(|at| {
        let span = (paper[at] - black[at]).max(contrast * ENVELOPE_MIN);
        ((paper[at] - greys[at]) / span).clamp(-0.3, 1.3)
    });
    Some(ink.collect())
}

impl Profile {
    pub(crate) fn new(ink: Vec<f32>, origin: (f32, f32), along: (f32, f32)) -> Self {
        let mut sums = Vec::with_capacity(ink.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for value in &ink {
            sum += value;
            sums.push(sum);
        }
        Self {
            ink,
            origin,
            along,
            sums,
        }
    }

    /// The same line walked the other way.
    pub(crate) fn reversed(&self) -> Self {
        let last = (self.ink.len() - 1) as f32;
        let origin = self.place(last);
        let along = (-self.along.0, -self.along.1);
        Self::new(self.ink.iter().rev().copied().collect(), origin, along)
    }

    /// Frame coordinates of a place on the line, in samples.
    pub(crate) fn place(&self, at: f32) -> (f32, f32) {
        (
            self.origin.0 + self.along.0 * at,
            self.origin.1 + self.along.1 * at,
        )
    }

    /// Darkness at a place, by interpolation; paper beyond the ends.
    pub(crate) fn at(&self, at: f32) -> f32 {
        let first = at.floor();
        let index = first as i64;
        let count = self.ink.len() as i64;
        if index < 0 || index + 1 >= count {
            return 0.0;
        }
        let index = index as usize;
        if index == 0 || index + 2 >= self.ink.len() {
            let part = at - first;
            return self.ink[index] * (1.0 - part) + self.ink[index + 1] * part;
        }
        let weights = cubic(at - first);
        let four = &self.ink[index - 1..index + 3];
        four.iter().zip(weights).map(|(v, w)| v * w).sum()
    }

    /// Mean darkness between two places; the parts beyond the ends count as paper.
    pub(crate) fn mean(&self, from: f32, to: f32) -> f32 {
        let sum = |at: f32| {
            let at = (at + 0.5).clamp(0.0, self.ink.len() as f32);
            let whole = at as usize;
            let part = at - whole as f32;
            self.sums[whole] + self.ink.get(whole).map_or(0.0, |ink| ink * part)
        };
        (sum(to) - sum(from)) / (to - from).max(1e-3)
    }

    /// The edges, in order. Weak ones between strong ones are kept: narrow bars of a blurred code
    /// have nothing else.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        let slope = |at: usize| self.ink[at + 1] - self.ink[at];
        let mut found = Vec::new();
        for at in 1..self.ink.len().saturating_sub(3) {
            let (before, here, after) = (slope(at - 1), slope(at), slope(at + 1));
            let size = here.abs();
            let peak = size >= 0.03 && size >= before.abs() && size > after.abs();
            let same = before * here > 0.0 && after * here > 0.0;
            if !peak {
                continue;
            }
            // The top of the parabola through three slopes.
            let bend = before.abs() - 2.0 * size + after.abs();
            let shift = if same && bend < -1e-6 {
                0.5 * (before.abs() - after.abs()) / bend
            } else {
                0.0
            };
            found.push(Edge {
                at: at as f32 + 0.5 + shift.clamp(-0.5, 0.5),
                darker: here > 0.0,
            });
        }
        found
    }
}
