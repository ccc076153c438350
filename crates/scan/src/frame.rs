//! One grey picture, the only thing a decoder sees.

use std::sync::Arc;

use thiserror::Error;

/// The longest side a frame may have, in pixels: the C++ decoder counts in `int`, and no camera
/// or picture of ours comes near.
pub const SIDE_MAX_PX: u32 = 32_767;

/// A grey picture.
///
/// `luma`: row-major, one byte a pixel, `width * height` bytes; 0 is black. Cloning is cheap: the
/// bytes are shared, so that a decoder thread which never comes back keeps its own handle on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LumaFrame {
    width: u32,
    height: u32,
    luma: Arc<Vec<u8>>,
}

/// Why bytes are no frame.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// A side is 0 or above [`SIDE_MAX_PX`].
    #[error("a frame cannot be {width} x {height} pixels")]
    Size { width: u32, height: u32 },
    /// The buffer does not hold one byte for each pixel.
    #[error("a frame needs {needed} bytes, not {given}")]
    Length { needed: usize, given: usize },
}

impl FrameError {
    /// Stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            FrameError::Size { .. } => "frame-size",
            FrameError::Length { .. } => "frame-length",
        }
    }
}

impl LumaFrame {
    /// Takes `luma` (row-major, one byte a pixel, 0 is black) as a frame.
    ///
    /// # Errors
    /// A side is 0 or too long, or the buffer has not `width * height` bytes.
    pub fn new(width: u32, height: u32, luma: Vec<u8>) -> Result<Self, FrameError> {
        let sides = 1..=SIDE_MAX_PX;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(FrameError::Size { width, height });
        }
        let needed = width as usize * height as usize;
        if luma.len() != needed {
            return Err(FrameError::Length {
                needed,
                given: luma.len(),
            });
        }
        Ok(Self {
            width,
            height,
            luma: Arc::new(luma),
        })
    }

    /// A rectangle of the frame with its upper left corner there; `None` if it is not wholly
    /// inside, or empty.
    pub(crate) fn part(&self, (left, top): (u32, u32), width: u32, height: u32) -> Option<Self> {
        let (right, bottom) = (left.checked_add(width)?, top.checked_add(height)?);
        if right > self.width || bottom > self.height {
            return None;
        }
        let rows = self.luma.chunks_exact(self.width as usize);
        let rows = rows.skip(top as usize).take(height as usize);
        let luma = rows.flat_map(|row| &row[left as usize..right as usize]);
        Self::new(width, height, luma.copied().collect()).ok()
    }

    /// Pixels in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes: row-major, one a pixel, 0 is black.
    pub fn luma(&self) -> &[u8] {
        &self.luma
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_sizes_are_refused() {
        assert!(LumaFrame::new(2, 2, vec![0; 4]).is_ok());
        assert_eq!(
            LumaFrame::new(2, 2, vec![0; 5]).unwrap_err().code(),
            "frame-length"
        );
        assert_eq!(
            LumaFrame::new(0, 2, vec![]).unwrap_err().code(),
            "frame-size"
        );
        assert_eq!(
            LumaFrame::new(u32::MAX, u32::MAX, vec![])
                .unwrap_err()
                .code(),
            "frame-size"
        );
    }
}
