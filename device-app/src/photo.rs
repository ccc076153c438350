//! From a picture to what is kept of it: a photo small enough to send, and a thumbnail that goes first.

use std::io::Cursor;

use domain::BlobKind;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage};
use replica::blobs::NewBlob;

use crate::view::Picture;

/// No file is read that is larger.
pub const FILE_BYTES_MAX: u64 = 32 << 20;
/// A picture with more pixels is not unpacked: a few kilobytes can claim any size.
const PIXELS_MAX: u64 = 50_000_000;
const SIDE_MAX: u32 = 32_767;
const UNPACKED_BYTES_MAX: u64 = 256 << 20;

const PHOTO_SIDE: u32 = 1_600;
const PHOTO_QUALITY: u8 = 80;
const THUMBNAIL_SIDE: u32 = 320;
const JPEG: &str = "image/jpeg";
/// What a customer's key adds to a picture.
const SEALING_BYTES: usize = 64;

/// A photo ready to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// At most 1,600 pixels a side.
    pub photo: NewBlob,
    /// At most 320 pixels a side, and [`protocol::THUMBNAIL_BYTES_MAX`] bytes when it is sealed.
    pub thumbnail: NewBlob,
}

/// Why a picture is no photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    /// More bytes or pixels than any camera of ours gives.
    #[error("the picture is too large")]
    TooLarge,
    /// Not a JPEG or PNG, or a broken one.
    #[error("the picture cannot be read")]
    Unreadable,
}

impl PhotoError {
    /// Code of the sentence that people read.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "photo-too-large",
            Self::Unreadable => "picture-unreadable",
        }
    }
}

/// From a JPEG or PNG file. It is turned upright, and what the camera wrote beside the picture (place, owner) is left out.
///
/// # Errors
/// [`PhotoError`]; size and pixels are checked before anything is unpacked.
pub fn from_file(file: &[u8]) -> Result<Photo, PhotoError> {
    if file.len() as u64 > FILE_BYTES_MAX {
        return Err(PhotoError::TooLarge);
    }
    let unreadable = |_| PhotoError::Unreadable;
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|_| PhotoError::Unreadable)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(UNPACKED_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > PIXELS_MAX || width > SIDE_MAX || height > SIDE_MAX {
        return Err(PhotoError::TooLarge);
    }
    let upright = decoder.orientation().map_err(unreadable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(upright);
    made_of(&picture)
}

/// From a camera's picture.
///
/// # Errors
/// [`PhotoError::Unreadable`] if the bytes are not `width * height * 3`.
pub fn from_picture(picture: Picture) -> Result<Photo, PhotoError> {
    let image = RgbImage::from_raw(picture.width, picture.height, picture.rgb);
    made_of(&DynamicImage::ImageRgb8(
        image.ok_or(PhotoError::Unreadable)?,
    ))
}

/// A photo of at most 1,600 pixels a side, and its thumbnail.
pub(crate) fn made_of(picture: &DynamicImage) -> Result<Photo, PhotoError> {
    let photo = fitted(picture, PHOTO_SIDE);
    let sizes = [1, 2].map(|part| fitted(&photo, THUMBNAIL_SIDE / part));
    let thumbnail = sizes
        .iter()
        .flat_map(|small| [75, 60, 45, 30, 15].map(|quality| jpeg(small, quality)))
        .find(|made| {
            made.as_ref().map_or(true, |m| {
                (m.len() + SEALING_BYTES) as u64 <= protocol::THUMBNAIL_BYTES_MAX
            })
        })
        // Noise of half the side fits at the lowest quality.
        .unwrap_or(Err(PhotoError::TooLarge))?;
    Ok(Photo {
        photo: blob(jpeg(&photo, PHOTO_QUALITY)?, BlobKind::Photo),
        thumbnail: blob(thumbnail, BlobKind::Thumbnail),
    })
}

fn blob(content: Vec<u8>, kind: BlobKind) -> NewBlob {
    NewBlob {
        content,
        media: JPEG,
        kind,
    }
}

/// Within a square of that side; a smaller picture stays as it is.
fn fitted(picture: &DynamicImage, side: u32) -> DynamicImage {
    if picture.width().max(picture.height()) > side {
        picture.thumbnail(side, side)
    } else {
        picture.clone()
    }
}

fn jpeg(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, PhotoError> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, quality);
    // A JPEG knows no transparency.
    picture
        .to_rgb8()
        .write_with_encoder(encoder)
        .map_err(|_| PhotoError::Unreadable)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise packs worst: nothing that a camera sees is larger.
    fn noise(width: u32, height: u32) -> DynamicImage {
        let mut state = 88_172_645_463_325_252_u64;
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |_, _| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let bytes = state.to_le_bytes();
            image::Rgb([bytes[0], bytes[1], bytes[2]])
        }))
    }

    fn png(picture: &DynamicImage) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, image::ImageFormat::Png).unwrap();
        out.into_inner()
    }

    fn size_of(blob: &NewBlob) -> (u32, u32) {
        let picture = image::load_from_memory(&blob.content).unwrap();
        (picture.width(), picture.height())
    }

    #[test]
    fn a_large_picture_is_made_small_and_smaller() {
        let made = from_file(&png(&noise(2_400, 1_200))).unwrap();
        assert_eq!(size_of(&made.photo), (1_600, 800));
        assert_eq!(size_of(&made.thumbnail), (320, 160));
        assert!(made.thumbnail.content.len() as u64 <= protocol::THUMBNAIL_BYTES_MAX);
        assert!((made.photo.content.len() as u64) < protocol::BLOB_BYTES_MAX);
        for blob in [&made.photo, &made.thumbnail] {
            assert!(protocol::blob::media_fits(blob.media, &blob.content));
        }
    }

    #[test]
    fn a_small_picture_is_not_blown_up_and_a_square_of_noise_still_fits() {
        let made = from_file(&png(&noise(200, 100))).unwrap();
        assert_eq!(size_of(&made.photo), (200, 100));
        let made = from_file(&png(&noise(320, 320))).unwrap();
        assert!(made.thumbnail.content.len() as u64 <= protocol::THUMBNAIL_BYTES_MAX);
    }

    #[test]
    fn a_picture_of_the_camera() {
        let picture = Picture {
            width: 640,
            height: 480,
            rgb: vec![90; 640 * 480 * 3],
        };
        let made = from_picture(picture.clone()).unwrap();
        assert_eq!(size_of(&made.photo), (640, 480));
        let short = Picture {
            rgb: vec![0; 5],
            ..picture
        };
        assert_eq!(from_picture(short), Err(PhotoError::Unreadable));
    }

    #[test]
    fn files_that_are_none_and_files_that_claim_too_much() {
        for bytes in [&b""[..], b"%PDF-1.7", b"\xff\xd8\xff\xe0"] {
            assert_eq!(from_file(bytes), Err(PhotoError::Unreadable));
        }
        let whole = png(&noise(40, 40));
        for end in (0..whole.len()).step_by(37) {
            assert_eq!(from_file(&whole[..end]), Err(PhotoError::Unreadable));
        }
        // 30,000 x 30,000 pixels in a header of a few bytes.
        let mut bomb = whole;
        bomb[16..20].copy_from_slice(&30_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&30_000_u32.to_be_bytes());
        let checksum = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert_eq!(from_file(&bomb), Err(PhotoError::TooLarge));
        let long = vec![0; FILE_BYTES_MAX as usize + 1];
        assert_eq!(from_file(&long), Err(PhotoError::TooLarge));
    }

    /// Of a PNG chunk.
    fn crc32(bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| {
                (c >> 1) ^ (0xedb8_8320 & (c & 1).wrapping_neg())
            })
        };
        !bytes.iter().fold(u32::MAX, step)
    }
}
