//! A region turned until lines across it see the same bars.
//!
//! Differences of neighbouring pixels see fine bars too flat, those along the one axis more than
//! those along the other, so at two pixels a module gradients point up to three degrees beside the
//! true direction. Bars that are 100 pixels high are then smeared over five.

use super::locate::Region;
use crate::LumaFrame;

/// How far the direction may be wrong, in degrees.
const OFF_MAX_DEG: f32 = 5.0;
/// Lines that are compared, evenly over this part of the height: the ends of bars are ragged.
const LINES: usize = 5;
const HEIGHT_PART: f32 = 0.55;
/// How far the outermost line moves in one step, in pixels.
const STEP_PX: f32 = 0.8;
const STEP_MAX_DEG: f32 = 2.0;

/// Turns `region` about its centre to the direction in which the mean of lines across it has
/// the steepest steps: there dark falls on dark.
pub(super) fn turn(frame: &LumaFrame, region: &mut Region) {
    let reach = region.half_height * HEIGHT_PART;
    let step = (STEP_PX / reach.max(1.0)).min(STEP_MAX_DEG.to_radians());
    let steps_max = (OFF_MAX_DEG.to_radians() / step) as i32;
    let angle = region.along.1.atan2(region.along.0);
    let at = |number: i32| steps_of_mean(frame, region, angle + number as f32 * step);
    // Uphill from where the gradients point.
    let (mut best, mut before, mut here, mut after) = (0i32, at(-1), at(0), at(1));
    let uphill = if after > before { 1 } else { -1 };
    while before.max(after) > here && best.abs() < steps_max {
        best += uphill;
        (before, here, after) = if uphill > 0 {
            (here, after, at(best + 1))
        } else {
            (at(best - 1), before, here)
        };
    }
    if before.max(after) > here {
        return;
    }
    // The top of the parabola through the best and its neighbours.
    let bend = before - 2.0 * here + after;
    let shift = if bend < 0.0 {
        (0.5 * (before - after) / bend).clamp(-0.5, 0.5)
    } else {
        0.0
    };
    let (sin, cos) = (angle + (best as f32 + shift) * step).sin_cos();
    // The way a scan line runs never has a negative x.
    region.along = if cos < 0.0 { (-cos, -sin) } else { (cos, sin) };
}

/// Mean square of the steps of the mean of lines of that direction through the region: steps,
/// because light changes slowly and bars do not.
fn steps_of_mean(frame: &LumaFrame, region: &Region, angle: f32) -> f32 {
    let (sin, cos) = angle.sin_cos();
    let count = (2.0 * region.half_length) as usize;
    let mut sums = vec![0.0f32; count];
    for number in 0..LINES {
        let part = 2.0 * number as f32 / (LINES - 1) as f32 - 1.0;
        let offset = part * region.half_height * HEIGHT_PART;
        let mut x = region.centre.0 - cos * region.half_length - sin * offset;
        let mut y = region.centre.1 - sin * region.half_length + cos * offset;
        for sum in &mut sums {
            *sum += grey(frame, x, y);
            x += cos;
            y += sin;
        }
    }
    sums.windows(3)
        .map(|three| (three[2] - three[0]) * (three[2] - three[0]))
        .sum()
}

/// Grey of a place between four pixels; beyond the frame there is none.
fn grey(frame: &LumaFrame, x: f32, y: f32) -> f32 {
    let (width, luma) = (frame.width() as usize, frame.luma());
    if x < 0.0 || y < 0.0 || x >= (width - 1) as f32 {
        return 0.0;
    }
    let (column, row) = (x as usize, y as usize);
    let at = row * width + column;
    let Some(four) = luma.get(at..at + width + 2) else {
        return 0.0;
    };
    let (right, down) = (x - column as f32, y - row as f32);
    let mix = |a: u8, b: u8| f32::from(a) + (f32::from(b) - f32::from(a)) * right;
    let (above, below) = (mix(four[0], four[1]), mix(four[width], four[width + 1]));
    above + (below - above) * down
}

#[cfg(test)]
mod tests {
    use super::super::locate::regions;
    use crate::LumaFrame;
    use testkit::labels::{CameraView, SymbolKind, camera_like, label};

    #[test]
    fn fine_bars_are_crossed_square() {
        let label = label(SymbolKind::Code128, "BIN-A-03-2", "").unwrap();
        for angle_deg in [7.0, 23.0, 37.0, 57.0, 72.0] {
            let view = CameraView {
                width: 640,
                height: 480,
                angle_deg,
                pixels_per_module: 1.9,
                ..CameraView::default()
            };
            let picture = camera_like(&label, &view);
            let frame = LumaFrame::new(640, 480, picture.into_raw()).unwrap();
            let along = regions(&frame, 1)[0].along;
            let found = f64::from(along.1.atan2(along.0)).to_degrees();
            assert!((found - angle_deg).abs() < 0.4, "{found} for {angle_deg}");
        }
    }

    #[test]
    fn regions_at_the_edge_of_the_frame_do_no_harm() {
        let luma = (0..200 * 60).map(|at| (at % 200 / 2 % 2 * 255) as u8);
        let frame = LumaFrame::new(200, 60, luma.collect()).unwrap();
        assert!(!regions(&frame, 4).is_empty());
    }
}
