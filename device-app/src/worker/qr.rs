//! QR on this screen, for others to read.

use qrcode::{Color, EcLevel, QrCode};

use crate::view::Qr;

/// A text as QR modules; an empty one for a text that fits into none.
pub(crate) fn draw(text: &str) -> Qr {
    match QrCode::with_error_correction_level(text, EcLevel::L) {
        Ok(code) => Qr {
            side: u32::try_from(code.width()).unwrap_or(0),
            dark: code.to_colors().iter().map(|c| *c == Color::Dark).collect(),
        },
        Err(error) => {
            tracing::error!(%error, "no QR for this text");
            Qr::default()
        }
    }
}
