//! Linear codes at any angle.
//!
//! Libraries look for linear codes along rows and columns, so a label held at 30 degrees is not
//! read. Here parallel lines are laid across the frame at a slant and what they see is stacked
//! as the rows of a small picture, in which the code lies level; a row reader reads that.

use super::Decoder;
use crate::{LumaFrame, Payload, Reader};

/// Grey of the corners that a slanted line has outside the frame: as pale as paper.
const OUTSIDE: u8 = 200;
/// Shorter lines than this cannot hold a code, in pixels.
const LINE_MIN_PX: f64 = 60.0;

/// Runs `rows` over the frame in several directions.
pub struct Slanted<D> {
    rows: D,
    directions_deg: Vec<f64>,
    spacing_px: f64,
}

impl<D: Decoder> Slanted<D> {
    /// `rows` reads linear codes along rows in both senses, so directions of 0 to 180 degrees
    /// (clockwise on the screen) are all. `spacing_px` is the distance between two lines.
    pub fn new(rows: D, directions_deg: Vec<f64>, spacing_px: f64) -> Self {
        Self {
            rows,
            directions_deg,
            spacing_px: spacing_px.max(1.0),
        }
    }
}

impl<D: Decoder> Decoder for Slanted<D> {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        let mut payloads: Vec<Payload> = Vec::new();
        for direction_deg in &self.directions_deg {
            let sheaf = Sheaf::new(frame, *direction_deg, self.spacing_px);
            let Some(turned) = sheaf.resampled(frame) else {
                continue;
            };
            for mut payload in self.rows.decode(&turned) {
                payload.corners = payload
                    .corners
                    .map(|corners| corners.map(|c| sheaf.place(c)));
                payload.reader = Reader::Slanted;
                let known =
                    |p: &Payload| p.text == payload.text && p.symbology == payload.symbology;
                if !payloads.iter().any(known) {
                    payloads.push(payload);
                }
            }
        }
        payloads
    }
}

/// Parallel lines that cover a frame: column = place along the line in pixels, row = number of
/// the line.
struct Sheaf {
    sin: f64,
    cos: f64,
    columns: u32,
    rows: u32,
    spacing_px: f64,
    /// Frame coordinates of column 0, row 0.
    origin: (f64, f64),
}

impl Sheaf {
    fn new(frame: &LumaFrame, direction_deg: f64, spacing_px: f64) -> Self {
        let (width, height) = (f64::from(frame.width()), f64::from(frame.height()));
        let (sin, cos) = direction_deg.to_radians().sin_cos();
        let along = width * cos.abs() + height * sin.abs();
        let across = width * sin.abs() + height * cos.abs();
        let rows = (across / spacing_px).floor().max(1.0);
        // The lines lie evenly about the centre of the frame.
        let (back, up) = (along / 2.0, (rows - 1.0) * spacing_px / 2.0);
        let origin = (
            width / 2.0 - back * cos + up * sin,
            height / 2.0 - back * sin - up * cos,
        );
        Self {
            sin,
            cos,
            columns: along as u32,
            rows: rows as u32,
            spacing_px,
            origin,
        }
    }

    /// Frame coordinates of a place on the sheaf.
    fn place(&self, (column, row): (i32, i32)) -> (i32, i32) {
        let (x, y) = self.start_of(f64::from(row));
        let along = f64::from(column);
        (
            (x + along * self.cos).round() as i32,
            (y + along * self.sin).round() as i32,
        )
    }

    fn start_of(&self, row: f64) -> (f64, f64) {
        let down = row * self.spacing_px;
        (
            self.origin.0 - down * self.sin,
            self.origin.1 + down * self.cos,
        )
    }

    /// The picture the lines see, by bilinear interpolation.
    fn resampled(&self, frame: &LumaFrame) -> Option<LumaFrame> {
        let (columns, rows) = (self.columns as usize, self.rows as usize);
        let mut turned = vec![OUTSIDE; columns * rows];
        for (row, line) in turned.chunks_exact_mut(columns.max(1)).enumerate() {
            let start = self.start_of(row as f64);
            let Some((first, last)) = self.inside(frame, start) else {
                continue;
            };
            let along = first as f64;
            let from = (start.0 + along * self.cos, start.1 + along * self.sin);
            self.fill(frame, from, &mut line[first..last]);
        }
        LumaFrame::new(self.columns, self.rows, turned).ok()
    }

    /// The columns of a line that have all four neighbours inside the frame.
    fn inside(&self, frame: &LumaFrame, start: (f64, f64)) -> Option<(usize, usize)> {
        let (mut first, mut last) = (0.0f64, f64::from(self.columns) - 1.0);
        let axes = [
            (start.0, self.cos, f64::from(frame.width()) - 2.0),
            (start.1, self.sin, f64::from(frame.height()) - 2.0),
        ];
        for (at, step, end) in axes {
            if step.abs() < 1e-9 {
                if at < 0.0 || at > end {
                    return None;
                }
                continue;
            }
            let (enter, leave) = (-at / step, (end - at) / step);
            first = first.max(enter.min(leave));
            last = last.min(enter.max(leave));
        }
        // One pixel to spare, because the steps below are rounded to 1/65536.
        let (first, last) = (first.ceil() + 1.0, last.floor() - 1.0);
        (last - first >= LINE_MIN_PX).then_some((first as usize, last as usize))
    }

    /// Walks along one line in 16.16 fixed point: twice as fast as floats in this loop.
    fn fill(&self, frame: &LumaFrame, from: (f64, f64), line: &mut [u8]) {
        const ONE: f64 = 65_536.0;
        let (mut x, mut y) = ((from.0 * ONE) as i64, (from.1 * ONE) as i64);
        let (step_x, step_y) = ((self.cos * ONE) as i64, (self.sin * ONE) as i64);
        let (width, luma) = (frame.width() as usize, frame.luma());
        for pixel in line {
            let at = (y >> 16) as usize * width + (x >> 16) as usize;
            let (right, down) = ((x >> 8 & 255) as u32, (y >> 8 & 255) as u32);
            if let Some(four) = luma.get(at..at + width + 2) {
                let mix = |a: u8, b: u8| u32::from(a) * (256 - right) + u32::from(b) * right;
                let (above, below) = (mix(four[0], four[1]), mix(four[width], four[width + 1]));
                *pixel = ((above * (256 - down) + below * down) >> 16) as u8;
            }
            x += step_x;
            y += step_y;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;
    impl Decoder for Nothing {
        fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
            assert!(frame.width() > 0);
            Vec::new()
        }
    }

    #[test]
    fn level_lines_see_the_frame_as_it_is() {
        let luma: Vec<u8> = (0..200 * 50).map(|at| (at % 200) as u8).collect();
        let frame = LumaFrame::new(200, 50, luma).unwrap();
        let sheaf = Sheaf::new(&frame, 0.0, 5.0);
        let turned = sheaf.resampled(&frame).unwrap();
        assert_eq!((turned.width(), turned.height()), (200, 10));
        assert_eq!(turned.luma()[5 * 200 + 100], 100);
        assert_eq!(sheaf.place((100, 0)).0, 100);
    }

    #[test]
    fn places_come_back_to_the_frame() {
        let frame = LumaFrame::new(300, 200, vec![9; 60_000]).unwrap();
        for direction_deg in 0..180 {
            let sheaf = Sheaf::new(&frame, f64::from(direction_deg), 4.0);
            let turned = sheaf.resampled(&frame).unwrap();
            for (at, luma) in turned
                .luma()
                .iter()
                .enumerate()
                .filter(|(_, luma)| **luma == 9)
            {
                let (column, row) = (at as u32 % turned.width(), at as u32 / turned.width());
                let (x, y) = sheaf.place((column as i32, row as i32));
                assert!(
                    (0..300).contains(&x) && (0..200).contains(&y),
                    "{luma} at {x},{y}"
                );
            }
        }
    }

    #[test]
    fn frames_of_any_shape_are_taken() {
        for (width, height) in [(1, 1), (1, 500), (500, 1), (2, 2), (70, 70)] {
            let frame = LumaFrame::new(width, height, vec![0; (width * height) as usize]).unwrap();
            let directions = (0..180).map(f64::from).collect();
            assert!(
                Slanted::new(Nothing, directions, 1.0)
                    .decode(&frame)
                    .is_empty()
            );
        }
    }
}
