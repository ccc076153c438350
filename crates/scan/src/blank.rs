//! Frames that show nothing: a wall, a floor, a hand on the lens.

use crate::LumaFrame;

/// Side of a block in pixels, and every how many of its rows are looked at.
const BLOCK_PX: usize = 16;
const ROW_STEP: usize = 2;
/// Times the median variance that no block of a blank frame exceeds. Of 128 samples of noise the
/// variance lies within 1.5 times its mean in all of 4,000 blocks; a code whose contrast is twice
/// the noise has 2 times.
const HIGHEST: f32 = 1.8;
/// Part of the median above which all but a twentieth of the blocks lie: a code has quiet zones.
const LOWEST: f32 = 0.4;
/// Variances below this are rounding, and a median above this is texture, in squared grey levels.
const ROUNDING: f32 = 2.0;
const NOISE_MAX: f32 = 64.0;

/// Whether the frame is the same everywhere but for the noise of the camera, so that no code can be
/// in it that any decoder would read.
pub(crate) fn is_blank(frame: &LumaFrame) -> bool {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (columns, rows) = (width / BLOCK_PX, height / BLOCK_PX);
    if columns < 2 || rows < 2 {
        return false;
    }
    let samples = (BLOCK_PX * BLOCK_PX / ROW_STEP) as f32;
    let mut variances = Vec::with_capacity((columns + 1) * (rows + 1));
    // Blocks at the right and lower edge overlap their neighbours, so that all is looked at.
    let starts = |size: usize| {
        (0..size / BLOCK_PX)
            .map(|number| number * BLOCK_PX)
            .chain((!size.is_multiple_of(BLOCK_PX)).then_some(size - BLOCK_PX))
    };
    for top in starts(height) {
        for left in starts(width) {
            let (mut sum, mut squares) = (0u32, 0u32);
            for y in (top..top + BLOCK_PX).step_by(ROW_STEP) {
                for grey in &frame.luma()[y * width + left..][..BLOCK_PX] {
                    let grey = u32::from(*grey);
                    sum += grey;
                    squares += grey * grey;
                }
            }
            let mean = sum as f32 / samples;
            variances.push(squares as f32 / samples - mean * mean);
        }
    }
    variances.sort_by(f32::total_cmp);
    let part = |part: usize| variances[variances.len() * part / 20];
    let highest = variances[variances.len() - 1];
    let median = part(10);
    median <= NOISE_MAX && highest <= HIGHEST * median + ROUNDING && part(1) >= LOWEST * median
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::labels::{CameraView, SymbolKind, camera_like, label, noise_frame};

    fn frame(picture: image::GrayImage) -> LumaFrame {
        LumaFrame::new(picture.width(), picture.height(), picture.into_raw()).unwrap()
    }

    #[test]
    fn noise_and_uneven_light_are_blank() {
        for (width, height) in [(640, 480), (1280, 720), (33, 50)] {
            for (seed, deviation) in [(1, 0.0), (2, 2.0), (3, 4.0), (4, 7.0)] {
                assert!(
                    is_blank(&frame(noise_frame(width, height, seed, deviation))),
                    "{width} {deviation}"
                );
            }
        }
        let slope = (0..640 * 480).map(|at| (90 + at % 640 / 40) as u8);
        assert!(is_blank(
            &LumaFrame::new(640, 480, slope.collect()).unwrap()
        ));
    }

    #[test]
    fn the_palest_and_the_smallest_codes_are_something() {
        for kind in [SymbolKind::Ean13, SymbolKind::DataMatrix] {
            let label = label(kind, "4006381333931", "").unwrap();
            for (ink, pixels_per_module) in [(95, 1.5), (95, 3.0), (40, 1.2)] {
                let view = CameraView {
                    width: 640,
                    height: 480,
                    ink,
                    paper: 107,
                    background: 107,
                    pixels_per_module,
                    ..CameraView::default()
                };
                let seen = frame(camera_like(&label, &view));
                assert!(!is_blank(&seen), "{kind:?} {ink} {pixels_per_module}");
            }
        }
        let tiny = LumaFrame::new(20, 20, vec![7; 400]).unwrap();
        assert!(!is_blank(&tiny), "too small to say");
    }
}
