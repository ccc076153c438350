//! Black and white pictures.

/// A picture of one bit a dot. Rows begin on a byte; the first dot is the highest bit; 1 is black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitmap {
    width: u32,
    height: u32,
    bytes: Vec<u8>,
}

impl Bitmap {
    /// A white picture, `width` by `height` dots.
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            bytes: vec![0; width.div_ceil(8) as usize * height as usize],
        }
    }

    /// In dots.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In dots.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bytes of a row.
    pub fn row_bytes(&self) -> u32 {
        self.width.div_ceil(8)
    }

    /// All rows, one behind the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a dot is black. What lies outside is white.
    pub fn is_black(&self, x: u32, y: u32) -> bool {
        x < self.width
            && y < self.height
            && self
                .bytes
                .get(self.place(x, y))
                .is_some_and(|byte| byte >> (7 - x % 8) & 1 == 1)
    }

    /// Makes a dot black. What lies outside is left out.
    pub fn blacken(&mut self, x: u32, y: u32) {
        let place = self.place(x, y);
        if x < self.width
            && y < self.height
            && let Some(byte) = self.bytes.get_mut(place)
        {
            *byte |= 1 << (7 - x % 8);
        }
    }

    /// Makes a rectangle black.
    pub fn fill(&mut self, x: u32, y: u32, width: u32, height: u32) {
        for row in y..y.saturating_add(height).min(self.height) {
            for column in x..x.saturating_add(width).min(self.width) {
                self.blacken(column, row);
            }
        }
    }

    /// Draws the black dots of another picture, its upper left corner at `x`, `y`.
    pub fn draw(&mut self, other: &Bitmap, x: u32, y: u32) {
        for row in 0..other.height {
            for column in 0..other.width {
                if other.is_black(column, row) {
                    self.blacken(x + column, y + row);
                }
            }
        }
    }

    /// The smallest picture with all black dots, and where its corner was. `None`: it is white.
    pub(crate) fn trimmed(&self) -> Option<(u32, u32, Bitmap)> {
        let rows = |y: &u32| (0..self.width).any(|x| self.is_black(x, *y));
        let columns = |x: &u32| (0..self.height).any(|y| self.is_black(*x, y));
        let (top, bottom) = (
            (0..self.height).find(rows)?,
            (0..self.height).rev().find(rows)?,
        );
        let (left, right) = (
            (0..self.width).find(columns)?,
            (0..self.width).rev().find(columns)?,
        );
        let mut part = Bitmap::new(right - left + 1, bottom - top + 1);
        for y in top..=bottom {
            for x in left..=right {
                if self.is_black(x, y) {
                    part.blacken(x - left, y - top);
                }
            }
        }
        Some((left, top, part))
    }

    fn place(&self, x: u32, y: u32) -> usize {
        (y as usize) * (self.row_bytes() as usize) + (x / 8) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_trimmed_to_its_black_dots_and_keeps_them() {
        let mut picture = Bitmap::new(30, 20);
        picture.fill(9, 4, 3, 2);
        picture.blacken(40, 2);
        let (x, y, part) = picture.trimmed().unwrap();
        assert_eq!((x, y, part.width(), part.height()), (9, 4, 3, 2));
        let mut again = Bitmap::new(30, 20);
        again.draw(&part, x, y);
        assert_eq!(again, picture);
        assert_eq!(part.bytes(), [0b1110_0000, 0b1110_0000]);
        assert!(Bitmap::new(3, 3).trimmed().is_none());
    }
}
