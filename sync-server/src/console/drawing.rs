//! Codes as drawings: a page may hold the drawing itself, but no XML declaration.

use barcoders::sym::code128::Code128;
use qrcode::QrCode;
use qrcode::render::svg;

use crate::error::AppError;

/// A QR code as SVG with its quiet zone, 240 px or more on each side, black on white in any look.
///
/// # Errors
/// [`AppError::Internal`]: there is more in it than a code holds.
pub(crate) fn qr_svg(text: &str) -> Result<String, AppError> {
    let code = QrCode::new(text.as_bytes()).map_err(AppError::internal)?;
    let drawing = code
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .quiet_zone(true)
        .build();
    Ok(match drawing.split_once("?>") {
        Some((_, drawing)) => drawing.to_owned(),
        None => drawing,
    })
}

/// A Code 128 as SVG, one unit a module, ten modules of quiet on each side; `None`: it holds what bars cannot say.
pub(crate) fn bars_svg(text: &str) -> Option<String> {
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    // The first letter says: set B, upper and lower case.
    let modules = Code128::new(format!("\u{181}{text}")).ok()?.encode();
    let mut bars = String::new();
    for (x, _) in modules.iter().enumerate().filter(|(_, bar)| **bar == 1) {
        bars.push_str(&format!("M{} 0h1v30h-1z", x + 10));
    }
    let width = modules.len() + 20;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} 30\" preserveAspectRatio=\"none\">\
         <rect width=\"{width}\" height=\"30\" fill=\"#fff\"/><path d=\"{bars}\" fill=\"#000\" shape-rendering=\"crispEdges\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_say_printable_characters_only() {
        let svg = bars_svg("TM0123456789AB").unwrap();
        // 14 characters in set B: start, characters, check, stop of 13 modules; ten of quiet on each side.
        assert!(
            svg.contains(&format!("0 0 {} 30", 11 * (1 + 14 + 1) + 13 + 20)),
            "{svg}"
        );
        for text in ["王芳", "a b", "\u{1}"] {
            assert_eq!(bars_svg(text), None);
        }
    }
}
