//! A signature: from the strokes of a finger or pen to the picture that is kept.

use domain::BlobKind;
use image::{DynamicImage, RgbaImage};
use tiny_skia::{Color, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Stroke, Transform};

use crate::photo::{self, Photo, PhotoError};
use crate::view::Strokes;

/// Width of the picture in pixels; its height follows from the pad.
const WIDTH: f32 = 800.0;
/// Of the pen, in pixels of the picture.
const PEN: f32 = 5.0;
/// A pad is not higher than it is wide by more than this.
const HEIGHT_MAX: f32 = 2.0;
/// Somebody who writes for minutes comes to less.
const POINTS_MAX: usize = 50_000;
/// A touch by mistake is shorter, in parts of the pad's width.
const SHORTEST: f32 = 0.05;

/// Why strokes are no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Nothing was written, or only dots.
    #[error("nothing was written")]
    Empty,
    /// More than a person writes, or a pad without a size.
    #[error("the strokes cannot be drawn")]
    Unreadable,
}

impl SignatureError {
    /// Code of the sentence that people read.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "signature-empty",
            Self::Unreadable => "picture-unreadable",
        }
    }
}

impl From<PhotoError> for SignatureError {
    fn from(_: PhotoError) -> Self {
        Self::Unreadable
    }
}

/// Dark on white, 800 pixels wide.
///
/// # Errors
/// [`SignatureError`].
pub fn drawn(strokes: &Strokes) -> Result<Photo, SignatureError> {
    let points: usize = strokes.lines.iter().map(Vec::len).sum();
    if points > POINTS_MAX || strokes.width < 1 || strokes.height < 1 {
        return Err(SignatureError::Unreadable);
    }
    let width = strokes.width as f32;
    if length(&strokes.lines) < width * SHORTEST {
        return Err(SignatureError::Empty);
    }
    let scale = WIDTH / width;
    let high = (strokes.height as f32 * scale).min(WIDTH * HEIGHT_MAX);
    let mut canvas =
        Pixmap::new(WIDTH as u32, high.ceil() as u32).ok_or(SignatureError::Unreadable)?;
    canvas.fill(Color::WHITE);
    let mut paint = Paint::default();
    paint.set_color_rgba8(0x10, 0x18, 0x30, 0xff);
    let pen = Stroke {
        width: PEN,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    };
    for line in &strokes.lines {
        let mut path = PathBuilder::new();
        let mut points = line
            .iter()
            .map(|(x, y)| (*x as f32 * scale, *y as f32 * scale));
        if let Some((x, y)) = points.next() {
            path.move_to(x, y);
            // A dot is a line to where it began.
            path.line_to(x + 0.1, y);
        }
        points.for_each(|(x, y)| path.line_to(x, y));
        if let Some(path) = path.finish() {
            canvas.stroke_path(&path, &paint, &pen, Transform::identity(), None);
        }
    }
    let (width, height) = (canvas.width(), canvas.height());
    let picture = RgbaImage::from_raw(width, height, canvas.take());
    let picture = DynamicImage::ImageRgba8(picture.ok_or(SignatureError::Unreadable)?);
    let mut made = photo::made_of(&picture)?;
    made.photo.kind = BlobKind::Signature;
    Ok(made)
}

/// Of all strokes together.
fn length(lines: &[Vec<(i32, i32)>]) -> f32 {
    let step = |pair: &[(i32, i32)]| match pair {
        [(x0, y0), (x1, y1)] => {
            let apart = |a: i32, b: i32| a.abs_diff(b) as f32;
            apart(*x0, *x1).hypot(apart(*y0, *y1))
        }
        _ => 0.0,
    };
    lines
        .iter()
        .flat_map(|line| line.windows(2))
        .map(step)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strokes(lines: Vec<Vec<(i32, i32)>>) -> Strokes {
        Strokes {
            width: 4_000,
            height: 2_000,
            lines,
        }
    }

    #[test]
    fn what_was_written_is_dark_where_the_pen_went_and_nowhere_else() {
        let made = drawn(&strokes(vec![
            vec![(1_000, 500), (3_000, 500)],
            vec![(2_000, 1_500)],
        ]))
        .unwrap();
        assert_eq!(made.photo.kind, BlobKind::Signature);
        assert!(protocol::blob::media_fits(
            made.photo.media,
            &made.photo.content
        ));
        let picture = image::load_from_memory(&made.photo.content)
            .unwrap()
            .to_luma8();
        assert_eq!(picture.dimensions(), (800, 400));
        let dark = |x, y| picture.get_pixel(x, y).0[0] < 100;
        assert!(dark(400, 100) && dark(210, 100) && dark(400, 300));
        assert!(!dark(400, 200) && !dark(100, 100) && !dark(0, 0));
        assert!(!made.thumbnail.content.is_empty());
    }

    #[test]
    fn what_is_no_signature() {
        let of = |lines| drawn(&strokes(lines)).unwrap_err();
        assert_eq!(of(vec![]), SignatureError::Empty);
        assert_eq!(of(vec![vec![(100, 100)]]), SignatureError::Empty);
        assert_eq!(
            of(vec![vec![(100, 100), (120, 100)]]),
            SignatureError::Empty
        );
        assert_eq!(
            of(vec![vec![(1, 1); POINTS_MAX + 1]]),
            SignatureError::Unreadable
        );
        let flat = Strokes::default();
        assert_eq!(drawn(&flat).unwrap_err(), SignatureError::Unreadable);
    }
}
