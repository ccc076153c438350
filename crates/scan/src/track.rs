//! The code of the last frames is looked for first where it was, by the look that read it.

use crate::{LumaFrame, Payload, Symbology};

/// Live frames for which a place is kept after the code was last read there.
const FRAMES_MAX: u64 = 4;
/// Space about the place for what the hand did meanwhile and for quiet zones: a part of its longer
/// side, and pixels.
const MARGIN: f64 = 0.25;
const MARGIN_PX: f64 = 24.0;
/// Share of the frame above which a part of it is not worth cutting out.
const SHARE_MAX: f64 = 0.7;

/// A code, who read it and where.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    /// Number of the stage.
    pub(crate) stage: usize,
    pub(crate) text: String,
    pub(crate) symbology: Symbology,
    corners: [(i32, i32); 4],
    /// Number of the live frame in which it was read last.
    frame: u64,
}

impl Track {
    /// `None` for a code of which nobody knows where it is.
    pub(crate) fn new(stage: usize, payload: &Payload, frame: u64) -> Option<Self> {
        Some(Self {
            stage,
            text: payload.text.clone(),
            symbology: payload.symbology,
            corners: payload.corners?,
            frame,
        })
    }

    pub(crate) fn is_fresh(&self, frame: u64) -> bool {
        frame.saturating_sub(self.frame) <= FRAMES_MAX
    }

    pub(crate) fn is_of(&self, payload: &Payload) -> bool {
        self.text == payload.text && self.symbology == payload.symbology
    }

    /// The part of the frame in which the code should be, and where that part begins.
    pub(crate) fn part(&self, frame: &LumaFrame) -> (LumaFrame, (i32, i32)) {
        let xs = self.corners.map(|corner| f64::from(corner.0));
        let ys = self.corners.map(|corner| f64::from(corner.1));
        let low = |values: [f64; 4]| values.into_iter().fold(f64::MAX, f64::min);
        let high = |values: [f64; 4]| values.into_iter().fold(f64::MIN, f64::max);
        let side = (high(xs) - low(xs)).max(high(ys) - low(ys));
        let margin = side * MARGIN + MARGIN_PX;
        let (width, height) = (f64::from(frame.width()), f64::from(frame.height()));
        let inside = |at: f64, size: f64| at.clamp(0.0, size) as u32;
        let (left, right) = (
            inside(low(xs) - margin, width),
            inside(high(xs) + margin, width),
        );
        let (top, bottom) = (
            inside(low(ys) - margin, height),
            inside(high(ys) + margin, height),
        );
        let (part_width, part_height) = (right.saturating_sub(left), bottom.saturating_sub(top));
        let share = f64::from(part_width) * f64::from(part_height) / (width * height);
        match frame.part((left, top), part_width, part_height) {
            Some(part) if share <= SHARE_MAX => (part, (left as i32, top as i32)),
            _ => (frame.clone(), (0, 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;

    fn track(corners: [(i32, i32); 4]) -> Track {
        let payload = Payload {
            corners: Some(corners),
            ..Payload::of_symbol("A", Symbology::Code128, "]C0", Reader::Other)
        };
        Track::new(3, &payload, 10).unwrap()
    }

    #[test]
    fn the_part_lies_about_the_code_and_inside_the_frame() {
        let luma = (0..640 * 480).map(|at| (at % 640 % 251) as u8).collect();
        let frame = LumaFrame::new(640, 480, luma).unwrap();
        let corners = [(100, 50), (200, 50), (200, 90), (100, 90)];
        let (part, from) = track(corners).part(&frame);
        assert_eq!(from, (51, 1));
        assert_eq!((part.width(), part.height()), (198, 138));
        assert_eq!(part.luma()[0], 51);
        let corners = [(-40, -40), (5_000, -40), (5_000, 900), (-40, 900)];
        let (whole, from) = track(corners).part(&frame);
        assert_eq!((from, whole.width(), whole.height()), ((0, 0), 640, 480));
        let corners = [(9_000, 9_000); 4];
        let (whole, from) = track(corners).part(&frame);
        assert_eq!((from, whole.width()), ((0, 0), 640));
    }

    #[test]
    fn places_are_forgotten() {
        let track = track([(0, 0), (9, 0), (9, 9), (0, 9)]);
        assert!(track.is_fresh(11) && track.is_fresh(14) && !track.is_fresh(15));
    }
}
