//! A region turned level, for decoders that read along rows.

use super::locate::Region;
use super::profile::{LineSampler, MARGIN, MARGIN_MIN_PX, darkness};
use crate::LumaFrame;

/// Rows of the level picture. Row readers want several that agree, and need no more.
const ROWS: u32 = 14;
/// Distance of the lines that are averaged for a row, and how many there are at most; lines
/// farther apart would smear the bars of bent labels.
const LINES_APART_PX: f32 = 1.5;
const LINES_MAX: f32 = 4.0;
/// Columns to each side of which the mean is taken, and how much of the difference is added.
const SHARPEN_REACH: usize = 4;
const SHARPEN_BY: i32 = 2;
/// A region longer than this is not enlarged.
const ENLARGED_MAX_PX: f32 = 700.0;

/// Grey of a darkness: paper is 220, ink 35.
fn shade(ink: f32) -> u8 {
    (220.0 - 185.0 * ink).clamp(0.0, 255.0) as u8
}

/// The level picture of a region and how to come back from it.
pub(crate) struct Levelled {
    pub(crate) picture: LumaFrame,
    origin: (f32, f32),
    /// Frame pixels for a column and for a row.
    column: (f32, f32),
    row: (f32, f32),
}

impl Levelled {
    /// `None` if the region is no wider than a few pixels.
    pub(crate) fn new(frame: &LumaFrame, region: &Region) -> Option<Self> {
        let margin = (2.0 * region.half_length * MARGIN).max(MARGIN_MIN_PX);
        let half = region.half_length + margin;
        let scale = if 2.0 * half < ENLARGED_MAX_PX {
            2.0
        } else {
            1.0
        };
        let columns = (2.0 * half * scale) as u32;
        let height = 2.0 * region.half_height * 0.9;
        let (along, across) = (region.along, (-region.along.1, region.along.0));
        let column = (along.0 / scale, along.1 / scale);
        let step = height / ROWS as f32;
        let row = (across.0 * step, across.1 * step);
        let up = (ROWS - 1) as f32 / 2.0;
        let origin = (
            region.centre.0 - along.0 * half - row.0 * up,
            region.centre.1 - along.1 * half - row.1 * up,
        );
        let sampler = LineSampler::new(frame, along);
        let mut luma = Vec::with_capacity((columns * ROWS) as usize);
        let mut greys = vec![0.0f32; columns as usize];
        // Each row is the mean of near lines: noise falls, bars stay.
        let lines = (step / LINES_APART_PX).clamp(1.0, LINES_MAX).floor();
        for number in 0..ROWS {
            greys.fill(0.0);
            for line in 0..lines as u32 {
                let beside = (line as f32 - (lines - 1.0) / 2.0) * LINES_APART_PX;
                let down = number as f32 + beside / step;
                let mut x = origin.0 + row.0 * down;
                let mut y = origin.1 + row.1 * down;
                for grey in &mut greys {
                    *grey += sampler.grey(x, y);
                    x += column.0;
                    y += column.1;
                }
            }
            for grey in &mut greys {
                *grey /= lines;
            }
            // Row readers take one threshold for a row. With what lies beside the label it falls
            // between shelf and paper and not between paper and ink.
            match darkness(&greys) {
                Some(ink) => luma.extend(ink.iter().map(|ink| shade(*ink))),
                None => luma.extend(greys.iter().map(|grey| grey.clamp(0.0, 255.0) as u8)),
            }
        }
        let picture = LumaFrame::new(columns, ROWS, luma).ok()?;
        Some(Self {
            picture,
            origin,
            column,
            row,
        })
    }

    /// The same with steeper edges: narrow bars that the lens ran together come apart. Noise grows,
    /// so it is for what could not be read as it is.
    pub(super) fn sharpened(&self) -> Option<LumaFrame> {
        let (width, height) = (self.picture.width(), self.picture.height());
        let mut luma = Vec::with_capacity(self.picture.luma().len());
        let mut sums = vec![0i32; width as usize + 1];
        for row in self.picture.luma().chunks_exact(width as usize) {
            for (at, grey) in row.iter().enumerate() {
                sums[at + 1] = sums[at] + i32::from(*grey);
            }
            for (at, grey) in row.iter().enumerate() {
                let from = at.saturating_sub(SHARPEN_REACH);
                let to = (at + SHARPEN_REACH + 1).min(row.len());
                let mean = (sums[to] - sums[from]) / (to - from) as i32;
                let grey = i32::from(*grey);
                luma.push((grey + SHARPEN_BY * (grey - mean)).clamp(0, 255) as u8);
            }
        }
        LumaFrame::new(width, height, luma).ok()
    }

    /// Frame coordinates of a place in the level picture.
    pub(crate) fn place(&self, (x, y): (i32, i32)) -> (i32, i32) {
        let (x, y) = (x as f32, y as f32);
        (
            (self.origin.0 + self.column.0 * x + self.row.0 * y).round() as i32,
            (self.origin.1 + self.column.1 * x + self.row.1 * y).round() as i32,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::locate::regions;
    use super::*;

    /// Bars of two pixels that the lens ran together to greys of 40 and 120, on paper of 215, and
    /// the shelf at 105 about the label.
    #[test]
    fn what_lies_beside_the_label_does_not_take_its_contrast() {
        let luma = (0..400 * 200u32).map(|at| {
            let (x, y) = (at % 400, at / 400);
            match (x, y) {
                (100..300, 60..140) if x / 2 % 2 == 0 => 40,
                (100..300, 60..140) => 120,
                (80..320, 40..160) => 215,
                _ => 105,
            }
        });
        let frame = LumaFrame::new(400, 200, luma.collect()).unwrap();
        let region = regions(&frame, 1)[0];
        let level = Levelled::new(&frame, &region).unwrap().picture;
        let (width, height) = (level.width() as usize, level.height() as usize);
        let row = &level.luma()[height / 2 * width..][..width];
        // In the middle bars and spaces lie on both sides of the middle grey, evenly.
        let bars = &row[width * 2 / 5..width * 3 / 5];
        let dark = bars.iter().filter(|grey| **grey < 128).count();
        let share = dark as f64 / bars.len() as f64;
        assert!((0.4..0.6).contains(&share), "{share}");
    }
}
