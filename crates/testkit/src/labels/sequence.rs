//! What a camera sees of a label over a second or two: a hand that comes nearer, shakes, turns, a
//! lamp that glares, a dark aisle. The same input and seed always give the same bytes.

use image::GrayImage;

use super::{CameraView, camera_like};
use crate::random::Random;

/// What happens before the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// The label lies still where the hand holds it, at any angle.
    Rest,
    /// From far too small to filling the frame.
    Approach,
    /// A hand that trembles; each frame is smeared by its own movement.
    Shake,
    /// The label turns by 120 degrees a second.
    Rotate,
    /// A bright spot wanders over the label.
    Glare,
    /// Little light: pale contrast, much noise.
    LowLight,
}

impl Sequence {
    pub const ALL: [Sequence; 6] = [
        Sequence::Rest,
        Sequence::Approach,
        Sequence::Shake,
        Sequence::Rotate,
        Sequence::Glare,
        Sequence::LowLight,
    ];

    /// A name for reports.
    pub fn name(self) -> &'static str {
        match self {
            Sequence::Rest => "rest",
            Sequence::Approach => "approach",
            Sequence::Shake => "shake",
            Sequence::Rotate => "rotate",
            Sequence::Glare => "glare",
            Sequence::LowLight => "low light",
        }
    }

    /// `count` frames of 30 a second, `width` by `height` pixels.
    pub fn frames(
        self,
        label: &GrayImage,
        (width, height): (u32, u32),
        count: usize,
        seed: u64,
    ) -> Vec<GrayImage> {
        let mut random = Random::new(seed);
        let mut part = move || random.below(10_000) as f64 / 10_000.0;
        let angle_deg = part() * 360.0;
        let base = CameraView {
            width,
            height,
            angle_deg,
            ..CameraView::default()
        }
        .fitted(label);
        // From the frame nearly filled down to half of that.
        let scale = 0.55 + 0.45 * part();
        let largest = base.pixels_per_module * scale;
        let frames = (0..count).map(|number| {
            let at = number as f64 / count.max(2) as f64;
            let mut view = CameraView {
                seed: seed.wrapping_mul(1_000).wrapping_add(number as u64),
                pixels_per_module: largest.max(1.6),
                ..base
            };
            let mut smear = (0.0, 0.0);
            match self {
                Sequence::Rest | Sequence::Glare => {}
                Sequence::Approach => {
                    let small = largest * 0.15;
                    view.pixels_per_module = small + (largest - small) * (at * 1.5).min(1.0);
                }
                Sequence::Shake => {
                    smear = (part() * 6.0 - 3.0, part() * 6.0 - 3.0);
                    view.offset = (part() * 30.0 - 15.0, part() * 30.0 - 15.0);
                }
                Sequence::Rotate => view.angle_deg += number as f64 * 4.0,
                Sequence::LowLight => {
                    (view.ink, view.background, view.paper) = (18, 26, 52);
                    view.noise = 5.0;
                    view.blur_px = 1.0;
                }
            }
            let mut frame = camera_like(label, &view);
            smeared(&mut frame, smear);
            if self == Sequence::Glare {
                let spot = (at * 1.4 - 0.2, 0.35 + 0.3 * at);
                glare(&mut frame, spot);
            }
            frame
        });
        frames.collect()
    }
}

/// The mean of the frame along a movement of so many pixels.
fn smeared(frame: &mut GrayImage, (x, y): (f64, f64)) {
    const STEPS: i32 = 8;
    if x == 0.0 && y == 0.0 {
        return;
    }
    let still = frame.clone();
    let last = (frame.width() as i32 - 1, frame.height() as i32 - 1);
    for (column, row, pixel) in frame.enumerate_pixels_mut() {
        let mut sum = 0u32;
        for step in 0..STEPS {
            let part = f64::from(step) / f64::from(STEPS - 1) - 0.5;
            let from_x = (column as i32 + (x * part).round() as i32).clamp(0, last.0);
            let from_y = (row as i32 + (y * part).round() as i32).clamp(0, last.1);
            sum += u32::from(still.get_pixel(from_x as u32, from_y as u32).0[0]);
        }
        pixel.0[0] = (sum / STEPS as u32) as u8;
    }
}

/// A soft bright spot about a place given in parts of the frame.
fn glare(frame: &mut GrayImage, (x, y): (f64, f64)) {
    let (width, height) = (f64::from(frame.width()), f64::from(frame.height()));
    let reach = height * 0.14;
    for (column, row, pixel) in frame.enumerate_pixels_mut() {
        let away = (f64::from(column) - x * width).hypot(f64::from(row) - y * height) / reach;
        let light = 230.0 * (-away * away).exp();
        pixel.0[0] = (f64::from(pixel.0[0]) + light).min(255.0) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::{SymbolKind, label};

    #[test]
    fn sequences_repeat_and_move() {
        let label = label(SymbolKind::Ean13, "4006381333931", "").unwrap();
        for sequence in Sequence::ALL {
            let frames = sequence.frames(&label, (160, 120), 4, 3);
            assert_eq!(
                frames,
                sequence.frames(&label, (160, 120), 4, 3),
                "{sequence:?}"
            );
            assert_eq!(frames.len(), 4);
            assert!(
                frames.windows(2).all(|two| two[0] != two[1]),
                "{sequence:?}"
            );
        }
        let near = Sequence::Rest.frames(&label, (160, 120), 1, 3);
        assert_ne!(near, Sequence::Rest.frames(&label, (160, 120), 1, 4));
    }
}
