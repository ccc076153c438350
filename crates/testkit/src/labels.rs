//! Pictures of barcode labels: the symbol alone, a label as a printer makes it, and what a camera
//! sees of it. The same input and seed always give the same bytes.

mod camera;
mod letters;
mod sequence;
mod symbol;

pub use camera::{CameraView, camera_like, noise_frame};
pub use sequence::Sequence;
pub use symbol::{SymbolError, SymbolKind, render_symbol};

use image::{GrayImage, Luma, imageops};

/// Width of the white rim of a label, in modules; the widest quiet zone of any symbol is 11.
const RIM: u32 = 12;

/// A label as printed, one pixel a module: the symbol in its quiet zone and `caption` below it.
///
/// # Errors
/// The text does not fit the kind of symbol.
pub fn label(kind: SymbolKind, text: &str, caption: &str) -> Result<GrayImage, SymbolError> {
    let symbol = render_symbol(kind, text)?;
    let caption = letters::line(caption);
    let width = symbol.width().max(caption.width()) + 2 * RIM;
    let height = RIM + symbol.height() + 3 + caption.height() + RIM;
    let mut label = GrayImage::from_pixel(width, height, Luma([255]));
    let middle = |picture: &GrayImage| i64::from((width - picture.width()) / 2);
    imageops::replace(&mut label, &symbol, middle(&symbol), i64::from(RIM));
    let below = i64::from(RIM + symbol.height() + 3);
    imageops::replace(&mut label, &caption, middle(&caption), below);
    Ok(label)
}

/// A label lying on a dark bench in front of a 1280x720 camera, upright, near and sharp: what a
/// live scan reads at once.
///
/// # Errors
/// The text does not fit the kind of symbol.
pub fn easy_frame(kind: SymbolKind, text: &str, seed: u64) -> Result<GrayImage, SymbolError> {
    let label = label(kind, text, text)?;
    let view = CameraView {
        seed,
        ..CameraView::default()
    };
    Ok(camera_like(&label, &view.fitted(&label)))
}
