//! A region turned level, for decoders that read along rows.

use super::locate::Region;
use super::profile::{LineSampler, MARGIN, MARGIN_MIN_PX};
use crate::LumaFrame;

/// Rows of the level picture. Row readers want several that agree, and need no more.
const ROWS: u32 = 16;
/// A region longer than this is not enlarged.
const ENLARGED_MAX_PX: f32 = 700.0;

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
        for number in 0..ROWS {
            let number = number as f32;
            let mut x = origin.0 + row.0 * number;
            let mut y = origin.1 + row.1 * number;
            for _ in 0..columns {
                luma.push(sampler.grey(x, y).clamp(0.0, 255.0) as u8);
                x += column.0;
                y += column.1;
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

    /// Frame coordinates of a place in the level picture.
    pub(crate) fn place(&self, (x, y): (i32, i32)) -> (i32, i32) {
        let (x, y) = (x as f32, y as f32);
        (
            (self.origin.0 + self.column.0 * x + self.row.0 * y).round() as i32,
            (self.origin.1 + self.column.1 * x + self.row.1 * y).round() as i32,
        )
    }
}
