//! A label as a PNG picture, for a screen or a printer with a driver.

use crate::arrange::Arranged;

/// The encoder gave up. It writes into memory, so this is not expected.
#[derive(Debug, thiserror::Error)]
#[error("the picture could not be packed")]
pub struct PngFailed(#[source] png::EncodingError);

impl Arranged {
    /// The whole label, a pixel a dot, black on white, with its size in the file.
    ///
    /// # Errors
    /// [`PngFailed`]
    pub fn png(&self) -> Result<Vec<u8>, PngFailed> {
        let picture = self.picture();
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, picture.width(), picture.height());
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let per_metre = self.stock.density.dots_per_mm() * 1000;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
        let white: Vec<u8> = picture.bytes().iter().map(|byte| !byte).collect();
        let mut writer = encoder.write_header().map_err(PngFailed)?;
        writer.write_image_data(&white).map_err(PngFailed)?;
        writer.finish().map_err(PngFailed)?;
        Ok(file)
    }
}
