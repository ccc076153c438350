//! Frames worked on before they are read: enlarged, sharpened, with even contrast.

use super::Decoder;
use crate::{LumaFrame, Payload};

/// What is done to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Twice as large in both directions: modules of one or two pixels get edges.
    Enlarge,
    /// Enlarged, then sharpened: the same where the lens smears modules together.
    EnlargeSharp,
    /// Each pixel moved away from the mean about it: out of focus, or modules that run together.
    Sharpen,
    /// Each pixel between the darkest and the brightest about it: glare, shadow, pale print.
    EvenOut,
    /// Smoothed and half as large: noise, screens, print of separate dots.
    Smooth,
}

/// A frame larger than this is not enlarged, in pixels.
const ENLARGED_MAX: usize = 700_000;

/// Reads worked-on frames with another decoder.
pub(super) struct Enhanced<D> {
    inner: D,
    work: Work,
}

impl<D: Decoder> Enhanced<D> {
    pub(super) fn new(inner: D, work: Work) -> Self {
        Self { inner, work }
    }
}

impl<D: Decoder> Decoder for Enhanced<D> {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        let (picture, scale) = match self.work {
            Work::Enlarge => (enlarged(frame), 2.0),
            Work::EnlargeSharp => (enlarged(frame).and_then(|large| sharpened(&large)), 2.0),
            Work::Sharpen => (sharpened(frame), 1.0),
            Work::EvenOut => (evened_out(frame), 1.0),
            Work::Smooth => (smoothed(frame), 0.5),
        };
        let Some(picture) = picture else {
            return Vec::new();
        };
        let mut payloads = self.inner.decode(&picture);
        for payload in &mut payloads {
            let back = |v: i32| (f64::from(v) / scale).round() as i32;
            payload.corners = payload.corners.map(|c| c.map(|(x, y)| (back(x), back(y))));
        }
        payloads
    }
}

/// Twice the size by Catmull-Rom's cubic, rows first.
fn enlarged(frame: &LumaFrame) -> Option<LumaFrame> {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    if width * height > ENLARGED_MAX || width < 8 || height < 8 {
        return None;
    }
    // New pixels lie a quarter of a pixel beside old ones; weights in 1/128 of (-1, 0, 1, 2).
    const NEAR: [i32; 4] = [-9, 111, 29, -3];
    let mix = |four: [i32; 4], weights: [i32; 4]| {
        let sum: i32 = four.iter().zip(weights).map(|(v, w)| v * w).sum();
        (sum / 128).clamp(0, 255) as u8
    };
    let mut turned = NEAR;
    turned.reverse();
    let mut wide = Vec::with_capacity(width * 2 * height);
    // A row with its first and its last pixel twice more.
    let mut padded = vec![0; width + 4];
    for row in frame.luma().chunks_exact(width) {
        padded[..2].fill(row[0]);
        padded[2..width + 2].copy_from_slice(row);
        padded[width + 2..].fill(row[width - 1]);
        for near in padded.windows(5) {
            let at = |x: usize| i32::from(near[x]);
            wide.push(mix([at(0), at(1), at(2), at(3)], turned));
            wide.push(mix([at(1), at(2), at(3), at(4)], NEAR));
        }
    }
    let width = width * 2;
    let mut tall = Vec::with_capacity(wide.len() * 2);
    let row = |y: isize| {
        let y = y.clamp(0, height as isize - 1) as usize;
        &wide[y * width..(y + 1) * width]
    };
    for y in 0..height as isize {
        for (rows, weights) in [
            ([y - 2, y - 1, y, y + 1], turned),
            ([y - 1, y, y + 1, y + 2], NEAR),
        ] {
            let [a, b, c, d] = rows.map(row);
            let four = a.iter().zip(b).zip(c).zip(d);
            tall.extend(four.map(|(((a, b), c), d)| mix([*a, *b, *c, *d].map(i32::from), weights)));
        }
    }
    LumaFrame::new(width as u32, height as u32 * 2, tall).ok()
}

/// Bits behind the point in [`share`].
const SHARE_BITS: u32 = 24;

/// What a sum of `count` greys is multiplied with for their mean: a division of each pixel would take
/// longer than all else. Exact for up to 256 greys.
fn share(count: usize) -> u32 {
    (1u32 << SHARE_BITS).div_ceil(count as u32)
}

fn mean(sum: u32, share: u32) -> u8 {
    // 255 shares of a whole still fit into 32 bits.
    ((sum * share) >> SHARE_BITS) as u8
}

/// Means over squares of `2 * reach + 1` pixels, from running sums; of fewer at the edges.
fn means(frame: &LumaFrame, reach: usize) -> Vec<u8> {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let shares: Vec<u32> = (0..width)
        .map(|x| share((x + reach + 1).min(width) - x.saturating_sub(reach)))
        .collect();
    let mut across = vec![0u8; width * height];
    // Sums up to each pixel; the first and the last once more for the pixels whose square goes beyond.
    let mut sums = vec![0u32; width + 2 * reach + 1];
    for (row, across) in frame
        .luma()
        .chunks_exact(width)
        .zip(across.chunks_exact_mut(width))
    {
        let mut sum = 0;
        for (value, at) in row.iter().zip(&mut sums[reach + 1..]) {
            sum += u32::from(*value);
            *at = sum;
        }
        sums[reach + 1 + width..].fill(sum);
        let squares = sums.iter().zip(&sums[2 * reach + 1..]).zip(&shares);
        for (value, ((from, to), share)) in across.iter_mut().zip(squares) {
            *value = mean(to - from, *share);
        }
    }
    let mut down = vec![0u32; width];
    let mut result = vec![0u8; width * height];
    let (mut from, mut to) = (0, 0);
    for (y, means) in result.chunks_exact_mut(width).enumerate() {
        while to < (y + reach + 1).min(height) {
            for (sum, value) in down.iter_mut().zip(&across[to * width..]) {
                *sum += u32::from(*value);
            }
            to += 1;
        }
        while from < y.saturating_sub(reach) {
            for (sum, value) in down.iter_mut().zip(&across[from * width..]) {
                *sum -= u32::from(*value);
            }
            from += 1;
        }
        let share = share(to - from);
        for (value, sum) in means.iter_mut().zip(&down) {
            *value = mean(*sum, share);
        }
    }
    result
}

fn sharpened(frame: &LumaFrame) -> Option<LumaFrame> {
    let blurred = means(frame, 2);
    let sharp = frame.luma().iter().zip(blurred).map(|(value, mean)| {
        let (value, mean) = (i32::from(*value), i32::from(mean));
        (value + 2 * (value - mean)).clamp(0, 255) as u8
    });
    LumaFrame::new(frame.width(), frame.height(), sharp.collect()).ok()
}

fn evened_out(frame: &LumaFrame) -> Option<LumaFrame> {
    let side = frame.width().min(frame.height()) as usize;
    let reach = (side / 16).clamp(8, 40);
    let local = means(frame, reach);
    let deviation: Vec<u8> = frame
        .luma()
        .iter()
        .zip(&local)
        .map(|(value, mean)| value.abs_diff(*mean))
        .collect();
    let spread = LumaFrame::new(frame.width(), frame.height(), deviation).ok()?;
    let spread = means(&spread, reach);
    let even = frame
        .luma()
        .iter()
        .zip(local)
        .zip(spread)
        .map(|((value, mean), spread)| {
            let away = i32::from(*value) - i32::from(mean);
            (128 + away * 64 / i32::from(spread).max(4)).clamp(0, 255) as u8
        });
    LumaFrame::new(frame.width(), frame.height(), even.collect()).ok()
}

fn smoothed(frame: &LumaFrame) -> Option<LumaFrame> {
    let (width, height) = (frame.width() as usize / 2, frame.height() as usize / 2);
    if width < 20 || height < 20 {
        return None;
    }
    let smooth = means(frame, 1);
    let full = frame.width() as usize;
    let small = (0..height).flat_map(|y| {
        let row = &smooth[2 * y * full..];
        (0..width).map(move |x| row[2 * x])
    });
    LumaFrame::new(width as u32, height as u32, small.collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(width: u32, height: u32) -> LumaFrame {
        let luma = (0..width * height)
            .map(|at| (at % width * 3) as u8)
            .collect();
        LumaFrame::new(width, height, luma).unwrap()
    }

    #[test]
    fn enlarging_keeps_greys_in_place() {
        let large = enlarged(&gradient(40, 10)).unwrap();
        assert_eq!((large.width(), large.height()), (80, 20));
        let at = |x: usize| large.luma()[10 * 80 + x];
        assert!(
            at(40).abs_diff(60) <= 1 && at(41).abs_diff(61) <= 1,
            "{} {}",
            at(40),
            at(41)
        );
    }

    #[test]
    fn means_of_flat_frames_are_flat() {
        let flat = LumaFrame::new(30, 20, vec![77; 600]).unwrap();
        for reach in [0, 1, 5, 50] {
            assert_eq!(means(&flat, reach), vec![77; 600], "{reach}");
        }
        assert_eq!(sharpened(&flat).unwrap().luma(), vec![77; 600]);
        assert_eq!(evened_out(&flat).unwrap().luma(), vec![128; 600]);
    }

    #[test]
    fn means_are_of_the_neighbours() {
        let mut luma = vec![0; 25];
        luma[12] = 90;
        let frame = LumaFrame::new(5, 5, luma).unwrap();
        let around = means(&frame, 1);
        assert_eq!((around[12], around[6], around[0]), (10, 10, 0));
    }

    #[test]
    fn tiny_frames_are_left_out() {
        let tiny = LumaFrame::new(3, 3, vec![1; 9]).unwrap();
        assert!(enlarged(&tiny).is_none() && smoothed(&tiny).is_none());
    }
}
