//! Letters from font files.

use std::sync::Arc;

use swash::scale::{Render, ScaleContext, Source};
use swash::zeno::Format;
use swash::{CacheKey, FontRef};

use crate::bitmap::Bitmap;

/// A font's file, kept in memory or built into the program.
#[derive(Debug, Clone)]
pub enum FontBytes {
    Static(&'static [u8]),
    Shared(Arc<[u8]>),
}

impl FontBytes {
    fn as_bytes(&self) -> &[u8] {
        match self {
            FontBytes::Static(bytes) => bytes,
            FontBytes::Shared(bytes) => bytes,
        }
    }
}

/// The bytes are no OpenType font.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no font that can be read")]
pub struct NotAFont;

/// The two weights that labels are set in.
#[derive(Debug, Clone)]
pub struct Fonts {
    regular: Face,
    bold: Face,
}

impl Fonts {
    /// Takes OpenType fonts with TrueType or CFF outlines.
    ///
    /// # Errors
    /// [`NotAFont`]
    pub fn new(regular: FontBytes, bold: FontBytes) -> Result<Self, NotAFont> {
        Ok(Self {
            regular: Face::new(regular)?,
            bold: Face::new(bold)?,
        })
    }

    /// The characters of `text` that the fonts lack; each is drawn as the fonts' box, so that its absence shows.
    pub fn lacks(&self, text: &str) -> Vec<char> {
        let lacking = |c: &char| !c.is_control() && self.regular.glyph(*c) == 0;
        text.chars().filter(lacking).collect()
    }

    pub(crate) fn face(&self, bold: bool) -> &Face {
        if bold { &self.bold } else { &self.regular }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Face {
    bytes: FontBytes,
    key: CacheKey,
}

impl Face {
    fn new(bytes: FontBytes) -> Result<Self, NotAFont> {
        let key = FontRef::from_index(bytes.as_bytes(), 0)
            .ok_or(NotAFont)?
            .key;
        Ok(Self { bytes, key })
    }

    fn font(&self) -> FontRef<'_> {
        FontRef {
            data: self.bytes.as_bytes(),
            offset: 0,
            key: self.key,
        }
    }

    fn glyph(&self, character: char) -> u16 {
        self.font().charmap().map(drawable(character))
    }

    /// Width of a line without a break in it, in dots, rounded up.
    pub(crate) fn width(&self, line: &str, size_dots: u32) -> u32 {
        let (metrics, charmap) = (self.font().glyph_metrics(&[]), self.font().charmap());
        let metrics = metrics.scale(size_dots as f32);
        let advance = |c: char| metrics.advance_width(charmap.map(drawable(c)));
        line.chars().map(advance).sum::<f32>().ceil() as u32
    }

    /// A line without a break in it: as wide as its width, and so high that nothing that hangs below is lost.
    pub(crate) fn draw(&self, line: &str, size_dots: u32) -> Bitmap {
        let mut picture = Bitmap::new(self.width(line, size_dots).max(1), line_dots(size_dots) + 1);
        let font = self.font();
        let (metrics, charmap) = (font.glyph_metrics(&[]), font.charmap());
        let metrics = metrics.scale(size_dots as f32);
        let mut context = ScaleContext::new();
        let mut scaler = context.builder(font).size(size_dots as f32).build();
        // Of an em box the Chinese glyph takes 0.88 above the baseline and 0.12 below; a "g" goes 0.23 below.
        let baseline = (size_dots as f32 * 0.88).round() as i32;
        let mut pen = 0.0_f32;
        for character in line.chars() {
            let glyph = charmap.map(drawable(character));
            if let Some(image) = Render::new(&[Source::Outline])
                .format(Format::Alpha)
                .render(&mut scaler, glyph)
            {
                let left = pen.round() as i32 + image.placement.left;
                let top = baseline - image.placement.top;
                let width = image.placement.width as usize;
                for (n, _) in image
                    .data
                    .iter()
                    .enumerate()
                    .filter(|(_, alpha)| **alpha > 110)
                {
                    let x = left + (n % width.max(1)) as i32;
                    let y = top + (n / width.max(1)) as i32;
                    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) {
                        picture.blacken(x, y);
                    }
                }
            }
            pen += metrics.advance_width(glyph);
        }
        picture
    }
}

/// From one line to the next.
pub(crate) fn line_dots(size_dots: u32) -> u32 {
    size_dots * 9 / 8
}

/// Control characters have no glyph that anybody would want to see.
fn drawable(character: char) -> char {
    if character.is_control() {
        ' '
    } else {
        character
    }
}
