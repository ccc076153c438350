//! Where in a frame bars may lie, and which way.
//!
//! The gradients of a linear code all point the same way. The structure tensor of a small cell
//! says how strong its gradients are, which way they point and how far they agree (Bigün and
//! Granlund 1987; used for barcodes by Ando 2000); cells that agree with each other make a region.

use super::turned_square;
use crate::LumaFrame;

/// Side of a cell in pixels.
const CELL_PX: usize = 8;
/// Mean square of the gradient below which a cell is empty, in grey levels a pixel.
const ENERGY_MIN: f32 = 20.0;
/// How far the gradients of a cell and its neighbours must agree: 0 not at all, 1 wholly.
const COHERENCE_MIN: f32 = 0.5;
/// Cosine of twice the angle by which neighbours may differ: 20 degrees.
const AGREEMENT_MIN: f32 = 0.766;
/// A region shorter than this along the scan line, or lower, holds no code, in pixels.
const LENGTH_MIN_PX: f32 = 40.0;
const HEIGHT_MIN_PX: f32 = 8.0;

/// A rectangle in which bars may stand, in pixels of the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Region {
    pub(crate) centre: (f32, f32),
    /// Unit vector across the bars: the way a scan line runs. Its x is never negative.
    pub(crate) along: (f32, f32),
    /// Half of the length across the bars, and along them.
    pub(crate) half_length: f32,
    pub(crate) half_height: f32,
    /// Sum of the gradients' energy: the order in which regions are worth a look.
    pub(crate) weight: f32,
}

/// Sums of one cell: squares of the gradient and its product.
#[derive(Clone, Copy, Default)]
struct Tensor {
    xx: f32,
    yy: f32,
    xy: f32,
}

impl Tensor {
    fn energy(self) -> f32 {
        self.xx + self.yy
    }

    /// Twice the direction of the gradient as a vector, whose length is energy times coherence.
    fn doubled(self) -> (f32, f32) {
        (self.xx - self.yy, 2.0 * self.xy)
    }

    fn add(&mut self, other: Tensor) {
        self.xx += other.xx;
        self.yy += other.yy;
        self.xy += other.xy;
    }
}

struct Grid {
    columns: usize,
    rows: usize,
    cells: Vec<Tensor>,
}

/// The tensors of all whole cells; every second row of pixels is enough.
fn tensors(frame: &LumaFrame) -> Grid {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (columns, rows) = (width / CELL_PX, height / CELL_PX);
    let luma = frame.luma();
    let mut cells = vec![Tensor::default(); columns * rows];
    for row in 0..rows {
        let line = &mut cells[row * columns..(row + 1) * columns];
        for y in (row * CELL_PX..(row + 1) * CELL_PX).step_by(2) {
            if y == 0 || y + 1 >= height {
                continue;
            }
            let above = &luma[(y - 1) * width..y * width];
            let here = &luma[y * width..(y + 1) * width];
            let below = &luma[(y + 1) * width..(y + 2) * width];
            for (column, cell) in line.iter_mut().enumerate() {
                let from = (column * CELL_PX).max(1);
                let to = ((column + 1) * CELL_PX).min(width - 1);
                let (mut xx, mut yy, mut xy) = (0i32, 0i32, 0i32);
                let left = &here[from - 1..to - 1];
                let right = &here[from + 1..to + 1];
                let (up, down) = (&above[from..to], &below[from..to]);
                for at in 0..to - from {
                    let dx = i32::from(right[at]) - i32::from(left[at]);
                    let dy = i32::from(down[at]) - i32::from(up[at]);
                    xx += dx * dx;
                    yy += dy * dy;
                    xy += dx * dy;
                }
                cell.add(Tensor {
                    xx: xx as f32,
                    yy: yy as f32,
                    xy: xy as f32,
                });
            }
        }
    }
    let samples = (CELL_PX * CELL_PX / 2) as f32;
    for cell in &mut cells {
        // A central difference spans two pixels.
        for sum in [&mut cell.xx, &mut cell.yy, &mut cell.xy] {
            *sum /= samples * 4.0;
        }
    }
    Grid {
        columns,
        rows,
        cells,
    }
}

impl Grid {
    /// Each cell with its neighbours up to `reach` cells away: means over a square.
    fn smoothed(&self, reach: usize) -> Grid {
        let side = 2 * reach + 1;
        let (columns, rows) = (self.columns, self.rows);
        let mut across = vec![Tensor::default(); columns * rows];
        for row in 0..rows {
            for column in 0..columns {
                let from = column.saturating_sub(reach);
                let to = (column + reach + 1).min(columns);
                let mut sum = Tensor::default();
                for cell in &self.cells[row * columns + from..row * columns + to] {
                    sum.add(*cell);
                }
                across[row * columns + column] = sum;
            }
        }
        let mut cells = vec![Tensor::default(); columns * rows];
        let count = (side * side) as f32;
        for row in 0..rows {
            let (from, to) = (row.saturating_sub(reach), (row + reach + 1).min(rows));
            for column in 0..columns {
                let mut sum = Tensor::default();
                for other in from..to {
                    sum.add(across[other * columns + column]);
                }
                cells[row * columns + column] = Tensor {
                    xx: sum.xx / count,
                    yy: sum.yy / count,
                    xy: sum.xy / count,
                };
            }
        }
        Grid {
            columns,
            rows,
            cells,
        }
    }

    /// Cells that agree with their neighbours, joined.
    fn regions(&self, raw: &Grid) -> Vec<Region> {
        let doubled: Vec<Option<(f32, f32)>> = self
            .cells
            .iter()
            .map(|cell| {
                let (x, y) = cell.doubled();
                let length = x.hypot(y);
                let kept = cell.energy() > ENERGY_MIN && length > COHERENCE_MIN * cell.energy();
                kept.then(|| (x / length, y / length))
            })
            .collect();
        let mut taken = vec![false; self.cells.len()];
        let mut found = Vec::new();
        let mut members = Vec::new();
        for seed in 0..self.cells.len() {
            if taken[seed] || doubled[seed].is_none() {
                continue;
            }
            members.clear();
            members.push(seed);
            taken[seed] = true;
            let mut next = 0;
            while let Some(&at) = members.get(next) {
                next += 1;
                let Some(own) = doubled[at] else { continue };
                let (column, row) = (at % self.columns, at / self.columns);
                for (x, y) in [(0, 1), (2, 1), (1, 0), (1, 2)] {
                    let (x, y) = (column + x, row + y);
                    if x == 0 || y == 0 || x > self.columns || y > self.rows {
                        continue;
                    }
                    let other = (y - 1) * self.columns + x - 1;
                    let agrees =
                        doubled[other].is_some_and(|(x, y)| own.0 * x + own.1 * y > AGREEMENT_MIN);
                    if !taken[other] && agrees {
                        taken[other] = true;
                        members.push(other);
                    }
                }
            }
            found.extend(self.region(raw, &members));
        }
        found
    }

    /// The rectangle about these cells, if it is large enough.
    fn region(&self, raw: &Grid, members: &[usize]) -> Option<Region> {
        let mut sum = Tensor::default();
        for at in members {
            sum.add(raw.cells[*at]);
        }
        let (x, y) = sum.doubled();
        let angle = y.atan2(x) / 2.0;
        let (sin, cos) = angle.sin_cos();
        let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
        for at in members {
            let x = ((at % self.columns) * CELL_PX + CELL_PX / 2) as f32;
            let y = ((at / self.columns) * CELL_PX + CELL_PX / 2) as f32;
            for (axis, place) in [x * cos + y * sin, y * cos - x * sin]
                .into_iter()
                .enumerate()
            {
                low[axis] = low[axis].min(place);
                high[axis] = high[axis].max(place);
            }
        }
        let half = |axis: usize| (high[axis] - low[axis] + CELL_PX as f32) / 2.0;
        let (half_length, half_height) = (half(0), half(1));
        if 2.0 * half_length < LENGTH_MIN_PX || 2.0 * half_height < HEIGHT_MIN_PX {
            return None;
        }
        let middle = |axis: usize| (high[axis] + low[axis]) / 2.0;
        let (s, t) = (middle(0), middle(1));
        Some(Region {
            centre: (s * cos - t * sin, s * sin + t * cos),
            along: (cos, sin),
            half_length,
            half_height,
            weight: sum.energy(),
        })
    }
}

impl Region {
    /// Whether both cover much the same place in the same direction.
    fn is_like(&self, other: &Region) -> bool {
        let cos = self.along.0 * other.along.0 + self.along.1 * other.along.1;
        let (dx, dy) = (
            self.centre.0 - other.centre.0,
            self.centre.1 - other.centre.1,
        );
        let ratio = |a: f32, b: f32| a.max(b) / a.min(b);
        cos.abs() > 0.996
            && dx.hypot(dy) < 0.3 * self.half_height.min(other.half_height).max(8.0)
            && ratio(self.half_length, other.half_length) < 1.15
            && ratio(self.half_height, other.half_height) < 1.4
    }
}

/// At most `most` regions in which bars may stand, the strongest first.
pub(crate) fn regions(frame: &LumaFrame, most: usize) -> Vec<Region> {
    if (frame.width() as usize) < 2 * CELL_PX || (frame.height() as usize) < 2 * CELL_PX {
        return Vec::new();
    }
    let raw = tensors(frame);
    let mut found: Vec<Region> = Vec::new();
    // Near neighbours for small codes with print around them, far ones for codes whose wide bars
    // fill whole cells.
    for reach in [1, 3] {
        for region in raw.smoothed(reach).regions(&raw) {
            if !found.iter().any(|known| known.is_like(&region)) {
                found.push(region);
            }
        }
    }
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    found.truncate(most);
    for region in &mut found {
        turned_square::turn(frame, region);
    }
    found
}
