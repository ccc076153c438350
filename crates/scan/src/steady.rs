//! The mean of the last frames of a dark picture that lies still: noise falls with the square root
//! of their number, edges stay where they are.
//!
//! Blocks that changed by more than noise start anew, as in the temporal filters of video cameras
//! (for example Dabov, Foi and Egiazarian 2007, section on block matching, without its transforms);
//! a hand that moves is followed by whole pixels, found from the sums of rows and columns.

use crate::LumaFrame;

/// Side of a block in pixels.
const BLOCK_PX: usize = 16;
/// Frames in a mean at most: noise falls to a third, and a quarter of a second is soon over.
const FRAMES_MAX: u16 = 8;
/// Farthest movement between two frames that is followed, in pixels.
const SHIFT_MAX: isize = 12;
/// Times its expectation that the mean square of a block's difference may be and still be noise.
/// Of 256 differences it stays within 1.3 times in 999 of 1,000.
const NOISE_SLACK: f32 = 1.6;
/// A frame whose contrast is fewer times its noise holds nothing that averaging would bring out,
/// and one with more needs none of it.
const CONTRAST_LEAST: f32 = 5.5;
const CONTRAST_MOST: f32 = 20.0;

/// Averages frames that need it.
#[derive(Debug, Default)]
pub(crate) struct Steady {
    mean: Option<Mean>,
}

#[derive(Debug)]
struct Mean {
    width: usize,
    height: usize,
    /// Grey levels times 128.
    greys: Vec<u16>,
    /// Frames in the mean of each block.
    counts: Vec<u16>,
    columns: Vec<i32>,
    rows: Vec<i32>,
}

/// How noisy a frame is and how much it shows, both in grey levels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Signal {
    noise: f32,
    contrast: f32,
}

impl Signal {
    /// The standard deviation of the noise from the median of a Laplacian that ignores edges
    /// (Immerkær, "Fast noise variance estimation", 1996), and the contrast without the brightest
    /// and the darkest fiftieth.
    fn of(frame: &LumaFrame) -> Self {
        let (width, luma) = (frame.width() as usize, frame.luma());
        let mut greys = [0u32; 256];
        let mut laplacians = [0u32; 2_048];
        let rows: Vec<&[u8]> = luma.chunks_exact(width).collect();
        for three in rows.windows(3).step_by(7) {
            for x in (1..width.saturating_sub(1)).step_by(3) {
                let at = |row: usize, x: usize| i32::from(three[row][x]);
                greys[three[1][x] as usize] += 1;
                let corners = at(0, x - 1) + at(0, x + 1) + at(2, x - 1) + at(2, x + 1);
                let sides = at(0, x) + at(2, x) + at(1, x - 1) + at(1, x + 1);
                let size = (corners - 2 * sides + 4 * at(1, x)).unsigned_abs() as usize;
                laplacians[size.min(2_047)] += 1;
            }
        }
        let count: u32 = greys.iter().sum();
        let below = |histogram: &[u32], part: f32| {
            let mut left = (count as f32 * part) as u32;
            histogram
                .iter()
                .position(|n| {
                    let here = left < *n;
                    left = left.saturating_sub(*n);
                    here
                })
                .unwrap_or(0) as f32
        };
        Self {
            // Half of all values of a normal distribution lie within 0.6745 deviations; that of
            // the Laplacian is six times the noise.
            noise: below(&laplacians, 0.5) / (6.0 * 0.6745),
            contrast: below(&greys, 0.98) - below(&greys, 0.02),
        }
    }

    fn needs_help(self) -> bool {
        (CONTRAST_LEAST..CONTRAST_MOST).contains(&(self.contrast / self.noise.max(0.1)))
    }
}

impl Steady {
    /// Takes the next frame; the mean of it and those before. `None` where the frame is clear
    /// enough, holds nothing, or is the first.
    pub(crate) fn add(&mut self, frame: &LumaFrame) -> Option<LumaFrame> {
        let signal = Signal::of(frame);
        if !signal.needs_help() {
            self.mean = None;
            return None;
        }
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        match &mut self.mean {
            Some(mean) if (mean.width, mean.height) == (width, height) => {
                mean.add(frame, signal.noise);
                mean.frame()
            }
            _ => {
                self.mean = Some(Mean::new(frame));
                None
            }
        }
    }
}

/// Sums of columns and of rows, of every fourth row and column.
fn sums(frame: &LumaFrame) -> (Vec<i32>, Vec<i32>) {
    let width = frame.width() as usize;
    let mut columns = vec![0i32; width];
    let mut rows = Vec::with_capacity(frame.height() as usize);
    for (y, row) in frame.luma().chunks_exact(width).enumerate() {
        if y % 4 == 0 {
            for (sum, grey) in columns.iter_mut().zip(row) {
                *sum += i32::from(*grey);
            }
        }
        rows.push(row.iter().step_by(4).map(|grey| i32::from(*grey)).sum());
    }
    (columns, rows)
}

/// By how many places `now` lies behind `before`.
fn shift(before: &[i32], now: &[i32]) -> isize {
    let count = now.len() as isize;
    if count <= 4 * SHIFT_MAX {
        return 0;
    }
    let apart = |shift: &isize| -> i64 {
        let pairs = (SHIFT_MAX..count - SHIFT_MAX)
            .map(|at| i64::from(now[at as usize]) - i64::from(before[(at - shift) as usize]));
        pairs.map(|difference| difference.abs()).sum()
    };
    let best = (-SHIFT_MAX..=SHIFT_MAX).min_by_key(apart).unwrap_or(0);
    // Noise alone makes one place a little better than another.
    if apart(&best) * 5 < apart(&0) * 4 {
        best
    } else {
        0
    }
}

impl Mean {
    fn new(frame: &LumaFrame) -> Self {
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let (columns, rows) = sums(frame);
        Self {
            width,
            height,
            greys: frame
                .luma()
                .iter()
                .map(|grey| u16::from(*grey) << 7)
                .collect(),
            counts: vec![1; width.div_ceil(BLOCK_PX) * height.div_ceil(BLOCK_PX)],
            columns,
            rows,
        }
    }

    fn add(&mut self, frame: &LumaFrame, noise: f32) {
        let (columns, rows) = sums(frame);
        let moved = (shift(&self.columns, &columns), shift(&self.rows, &rows));
        if moved != (0, 0) {
            self.follow(moved);
        }
        (self.columns, self.rows) = (columns, rows);
        let across = self.width.div_ceil(BLOCK_PX);
        for (number, count) in self.counts.iter_mut().enumerate() {
            let (left, top) = (number % across * BLOCK_PX, number / across * BLOCK_PX);
            let right = (left + BLOCK_PX).min(self.width);
            let bottom = (top + BLOCK_PX).min(self.height);
            let mut squares = 0i64;
            for y in top..bottom {
                let line = y * self.width + left..y * self.width + right;
                for (mean, grey) in self.greys[line.clone()].iter().zip(&frame.luma()[line]) {
                    let apart = (i64::from(*grey) << 7) - i64::from(*mean);
                    squares += apart * apart;
                }
            }
            let pixels = ((bottom - top) * (right - left)) as f32;
            let apart = squares as f32 / (128.0 * 128.0) / pixels;
            // Rounding to whole greys adds a twelfth.
            let expected = (noise * noise + 0.1) * (1.0 + 1.0 / f32::from(*count));
            *count = if apart > expected * NOISE_SLACK {
                1
            } else {
                (*count + 1).min(FRAMES_MAX)
            };
            let weight = i32::from(*count);
            for y in top..bottom {
                let line = y * self.width + left..y * self.width + right;
                for (mean, grey) in self.greys[line.clone()].iter_mut().zip(&frame.luma()[line]) {
                    let apart = (i32::from(*grey) << 7) - i32::from(*mean);
                    *mean = (i32::from(*mean) + apart / weight) as u16;
                }
            }
        }
    }

    /// Moves the mean to where the frame has it now.
    fn follow(&mut self, (x, y): (isize, isize)) {
        let from = |at: usize, by: isize, size: usize| {
            (at as isize - by).clamp(0, size as isize - 1) as usize
        };
        let mut greys = Vec::with_capacity(self.greys.len());
        for row in 0..self.height {
            let line = from(row, y, self.height) * self.width;
            greys.extend(
                (0..self.width).map(|column| self.greys[line + from(column, x, self.width)]),
            );
        }
        self.greys = greys;
        // A block gets the least of what lies in it now; what came in from beyond the edge is
        // found to differ, or was flat.
        let across = self.width.div_ceil(BLOCK_PX);
        let counts = (0..self.counts.len()).map(|number| {
            let (left, top) = (number % across * BLOCK_PX, number / across * BLOCK_PX);
            let block = |x_in: usize, y_in: usize| {
                let column = from((left + x_in).min(self.width - 1), x, self.width) / BLOCK_PX;
                let row = from((top + y_in).min(self.height - 1), y, self.height) / BLOCK_PX;
                self.counts[row * across + column]
            };
            let last = BLOCK_PX - 1;
            block(0, 0)
                .min(block(last, 0))
                .min(block(0, last))
                .min(block(last, last))
        });
        self.counts = counts.collect();
    }

    fn frame(&self) -> Option<LumaFrame> {
        let luma = self
            .greys
            .iter()
            .map(|grey| ((grey + 64) >> 7).min(255) as u8);
        LumaFrame::new(self.width as u32, self.height as u32, luma.collect()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::labels::{CameraView, SymbolKind, camera_like, label, noise_frame};

    fn frame(picture: image::GrayImage) -> LumaFrame {
        LumaFrame::new(picture.width(), picture.height(), picture.into_raw()).unwrap()
    }

    /// Frames of a dark label: paper 52, ink 18, noise 5.
    fn dark(offset: impl Fn(usize) -> (f64, f64), count: usize) -> Vec<LumaFrame> {
        let label = label(SymbolKind::Ean13, "4006381333931", "").unwrap();
        let views = (0..count).map(|number| CameraView {
            seed: 40 + number as u64,
            width: 320,
            height: 240,
            offset: offset(number),
            pixels_per_module: 2.2,
            ink: 18,
            paper: 52,
            background: 26,
            noise: 5.0,
            ..CameraView::default()
        });
        views
            .map(|view| frame(camera_like(&label, &view)))
            .collect()
    }

    /// Standard deviation from the same view without noise.
    fn error(frame: &LumaFrame, offset: (f64, f64)) -> f64 {
        let label = label(SymbolKind::Ean13, "4006381333931", "").unwrap();
        let view = CameraView {
            width: 320,
            height: 240,
            offset,
            pixels_per_module: 2.2,
            ink: 18,
            paper: 52,
            background: 26,
            noise: 0.0,
            ..CameraView::default()
        };
        let clear = camera_like(&label, &view).into_raw();
        let squares = clear.iter().zip(frame.luma()).map(|(a, b)| {
            let apart = f64::from(*a) - f64::from(*b);
            apart * apart
        });
        (squares.sum::<f64>() / clear.len() as f64).sqrt()
    }

    #[test]
    fn noise_is_measured_beside_edges() {
        for noise in [2.0, 5.0, 9.0] {
            let view = CameraView {
                width: 320,
                height: 240,
                noise,
                ..CameraView::default()
            };
            let label = label(SymbolKind::Ean13, "4006381333931", "").unwrap();
            let found = f64::from(Signal::of(&frame(camera_like(&label, &view))).noise);
            assert!((found / noise - 1.0).abs() < 0.2, "{found} for {noise}");
        }
    }

    #[test]
    fn a_dark_picture_that_lies_still_gets_clear() {
        let mut steady = Steady::default();
        let means: Vec<_> = dark(|_| (0.0, 0.0), 10)
            .iter()
            .map(|f| steady.add(f))
            .collect();
        assert!(means[0].is_none());
        let (second, last) = (means[1].as_ref().unwrap(), means[9].as_ref().unwrap());
        let (second, last) = (error(second, (0.0, 0.0)), error(last, (0.0, 0.0)));
        assert!((3.0..4.2).contains(&second), "{second}");
        assert!(last < 2.2, "{last}");
    }

    #[test]
    fn a_hand_that_moves_is_followed() {
        let offset = |number: usize| (3.0 * number as f64, -2.0 * number as f64);
        let mut steady = Steady::default();
        let means: Vec<_> = dark(offset, 8).iter().map(|f| steady.add(f)).collect();
        let last = error(means[7].as_ref().unwrap(), offset(7));
        assert!(last < 3.0, "{last}");
    }

    #[test]
    fn what_is_new_is_not_mixed_with_what_was() {
        let mut steady = Steady::default();
        for frame in dark(|_| (0.0, 0.0), 8) {
            steady.add(&frame);
        }
        let moved = (47.0, 31.0);
        let frame = &dark(|_| moved, 1)[0];
        let mean = steady.add(frame).unwrap();
        assert!(error(&mean, moved) < 6.5, "{}", error(&mean, moved));
    }

    #[test]
    fn clear_and_empty_frames_are_left_alone() {
        let label = label(SymbolKind::Qr, "BIN-A-03-2", "").unwrap();
        let clear = frame(camera_like(&label, &CameraView::default()));
        let mut steady = Steady::default();
        for frame in [
            clear,
            frame(noise_frame(320, 240, 1, 4.0)),
            frame(noise_frame(320, 240, 2, 60.0)),
        ] {
            assert!(steady.add(&frame).is_none() && steady.add(&frame).is_none());
        }
        for (width, height) in [(1, 1), (1, 90), (90, 1), (17, 33)] {
            let frame = LumaFrame::new(width, height, vec![9; (width * height) as usize]).unwrap();
            steady.add(&frame);
        }
    }
}
