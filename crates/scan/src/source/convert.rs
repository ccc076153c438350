//! Camera pixel formats to grey and colour. Pure, so it is tested without a camera.

use image::{DynamicImage, ImageFormat};

use super::{Frame, Preview, SourceError};
use crate::{LumaFrame, SIDE_MAX_PX};

/// Pixels of a frame, for sizes that a frame can have.
fn pixels(width: u32, height: u32) -> Result<usize, SourceError> {
    let possible = width <= SIDE_MAX_PX && height <= SIDE_MAX_PX;
    possible
        .then(|| width as usize * height as usize)
        .ok_or(SourceError::BadFrame)
}

/// YUYV (YUY2): two pixels in four bytes, as luma, blue difference, luma, red difference.
pub(super) fn from_yuyv(width: u32, height: u32, bytes: &[u8]) -> Result<Frame, SourceError> {
    let pixels = pixels(width, height)?;
    // A driver may pad the buffer; too short is the only fault.
    let bytes = bytes.get(..pixels * 2).ok_or(SourceError::BadFrame)?;
    let luma = bytes.iter().step_by(2).copied().collect();
    let mut rgb = Vec::with_capacity(pixels * 3);
    for four in bytes.chunks_exact(4) {
        rgb.extend(rgb_of(four[0], four[1], four[3]));
        rgb.extend(rgb_of(four[2], four[1], four[3]));
    }
    let preview = (rgb.len() == pixels * 3).then_some(Preview { width, height, rgb });
    Ok(Frame {
        luma: LumaFrame::new(width, height, luma)?,
        preview,
    })
}

/// NV12: a plane of luma, then one of colour differences at half the resolution.
pub(super) fn from_nv12(width: u32, height: u32, bytes: &[u8]) -> Result<Frame, SourceError> {
    let (wide, pixels) = (width as usize, pixels(width, height)?);
    let luma = bytes.get(..pixels).ok_or(SourceError::BadFrame)?;
    let colour = &bytes[pixels..];
    let rgb: Option<Vec<[u8; 3]>> = (0..pixels)
        .map(|at| {
            let (x, y) = (at % wide, at / wide);
            let pair = y / 2 * wide + x / 2 * 2;
            Some(rgb_of(luma[at], *colour.get(pair)?, *colour.get(pair + 1)?))
        })
        .collect();
    let preview = rgb.map(|rgb| Preview {
        width,
        height,
        rgb: rgb.into_flattened(),
    });
    Ok(Frame {
        luma: LumaFrame::new(width, height, luma.to_vec())?,
        preview,
    })
}

/// One byte of grey a pixel.
pub(super) fn from_grey(width: u32, height: u32, bytes: &[u8]) -> Result<Frame, SourceError> {
    let pixels = pixels(width, height)?;
    let luma = bytes.get(..pixels).ok_or(SourceError::BadFrame)?.to_vec();
    Ok(Frame {
        luma: LumaFrame::new(width, height, luma)?,
        preview: None,
    })
}

/// Three bytes a pixel, red first or blue first.
pub(super) fn from_rgb(
    width: u32,
    height: u32,
    bytes: &[u8],
    blue_first: bool,
) -> Result<Frame, SourceError> {
    let size = pixels(width, height)? * 3;
    let mut rgb = bytes.get(..size).ok_or(SourceError::BadFrame)?.to_vec();
    if blue_first {
        rgb.chunks_exact_mut(3).for_each(|pixel| pixel.swap(0, 2));
    }
    coloured(width, height, rgb)
}

/// One JPEG picture of a motion JPEG stream; it must have the size the camera was set to, since
/// a broken picture could promise any.
pub(super) fn from_mjpeg(width: u32, height: u32, bytes: &[u8]) -> Result<Frame, SourceError> {
    let size = image::ImageReader::with_format(std::io::Cursor::new(bytes), ImageFormat::Jpeg)
        .into_dimensions()
        .map_err(|_| SourceError::BadFrame)?;
    if size != (width, height) {
        return Err(SourceError::BadFrame);
    }
    let picture = image::load_from_memory_with_format(bytes, ImageFormat::Jpeg)
        .map_err(|_| SourceError::BadFrame)?;
    match picture {
        DynamicImage::ImageLuma8(grey) => from_grey(width, height, grey.as_raw()),
        picture => coloured(width, height, picture.into_rgb8().into_raw()),
    }
}

fn coloured(width: u32, height: u32, rgb: Vec<u8>) -> Result<Frame, SourceError> {
    let luma = rgb
        .chunks_exact(3)
        .map(|pixel| {
            let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
            ((red * 77 + green * 150 + blue * 29) >> 8) as u8
        })
        .collect();
    let preview = Some(Preview { width, height, rgb });
    Ok(Frame {
        luma: LumaFrame::new(width, height, luma)?,
        preview,
    })
}

/// BT.601 in full range, as webcams send it.
fn rgb_of(luma: u8, blue_difference: u8, red_difference: u8) -> [u8; 3] {
    let luma = i32::from(luma) << 8;
    let (blue, red) = (
        i32::from(blue_difference) - 128,
        i32::from(red_difference) - 128,
    );
    let byte = |value: i32| (value >> 8).clamp(0, 255) as u8;
    [
        byte(luma + 359 * red),
        byte(luma - 88 * blue - 183 * red),
        byte(luma + 454 * blue),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuyv_and_nv12_give_luma_and_colour() {
        let frame = from_yuyv(2, 1, &[200, 128, 10, 128, 99]).unwrap();
        assert_eq!(frame.luma.luma(), [200, 10]);
        assert_eq!(frame.preview.unwrap().rgb, [200, 200, 200, 10, 10, 10]);
        let frame = from_nv12(2, 2, &[76, 76, 76, 76, 85, 255]).unwrap();
        assert_eq!(frame.luma.luma(), [76; 4]);
        let [red, green, blue] = frame.preview.unwrap().rgb[..3] else {
            panic!()
        };
        assert!(red > 245 && green < 10 && blue < 10);
        assert!(from_nv12(2, 2, &[1, 2, 3, 4]).unwrap().preview.is_none());
        assert!(
            from_yuyv(1, 1, &[5, 128]).unwrap().preview.is_none(),
            "half a pair"
        );
    }

    #[test]
    fn short_or_foreign_bytes_are_an_error() {
        for bytes in [&b""[..], b"\xff\xd8\xff\xe0", b"xyz"] {
            for frame in [
                from_yuyv(4, 4, bytes),
                from_nv12(4, 4, bytes),
                from_grey(4, 4, bytes),
                from_rgb(4, 4, bytes, true),
                from_mjpeg(4, 4, bytes),
            ] {
                assert_eq!(frame.unwrap_err().code(), "source-bad-frame");
            }
        }
    }

    #[test]
    fn a_jpeg_of_another_size_is_refused() {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = image::RgbImage::from_pixel(8, 8, image::Rgb([255, 0, 0]));
        picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        let frame = from_mjpeg(8, 8, bytes.get_ref()).unwrap();
        assert!(frame.luma.luma().iter().all(|luma| (66..88).contains(luma)));
        assert!(frame.preview.is_some());
        assert!(from_mjpeg(16, 16, bytes.get_ref()).is_err());
    }
}
