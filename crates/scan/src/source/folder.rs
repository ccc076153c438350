//! A folder of pictures as a source: for tests, demonstrations and pictures sent by mail.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageReader};

use super::{Frame, FrameSource, SourceError};
use crate::{LumaFrame, SIDE_MAX_PX};

/// Most pixels a picture may have; a larger one is refused before it is decoded.
pub const PIXELS_MAX: u64 = 50_000_000;

/// Names that count as pictures.
const EXTENSIONS: [&str; 3] = ["png", "jpg", "jpeg"];

/// The pictures of a folder, sorted by name.
#[derive(Debug)]
pub struct FolderSource {
    folder: PathBuf,
    pictures: std::vec::IntoIter<PathBuf>,
    current: Option<PathBuf>,
}

impl FolderSource {
    /// Lists the PNG and JPEG files of `folder`, without its subfolders.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn open(folder: &Path) -> Result<Self, SourceError> {
        let failed = |source| SourceError::Folder {
            path: folder.to_owned(),
            source,
        };
        let mut pictures = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let extension = path
                .extension()
                .and_then(|e| e.to_str())
                .map(str::to_ascii_lowercase);
            if extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) {
                pictures.push(path);
            }
        }
        pictures.sort();
        Ok(Self {
            folder: folder.to_owned(),
            pictures: pictures.into_iter(),
            current: None,
        })
    }

    /// The picture that [`FrameSource::next_frame`] gave last.
    pub fn current(&self) -> Option<&Path> {
        self.current.as_deref()
    }
}

impl FrameSource for FolderSource {
    fn next_frame(&mut self) -> Option<Result<Frame, SourceError>> {
        let path = self.pictures.next()?;
        let frame = read_picture(&path).map(|luma| Frame {
            luma,
            preview: None,
        });
        self.current = Some(path);
        Some(frame)
    }

    fn describe(&self) -> String {
        format!("folder {}", self.folder.display())
    }
}

/// Reads a picture file as a frame; transparent parts are white, as on paper.
///
/// # Errors
/// The file cannot be opened, is no picture, or is too large.
pub fn read_picture(path: &Path) -> Result<LumaFrame, SourceError> {
    let open = |source| SourceError::Open {
        path: path.to_owned(),
        source,
    };
    let picture = |source| SourceError::Picture {
        path: path.to_owned(),
        source,
    };
    let file = BufReader::new(File::open(path).map_err(open)?);
    let reader = ImageReader::new(file).with_guessed_format().map_err(open)?;
    let decoder = reader.into_decoder().map_err(picture)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > PIXELS_MAX || width > SIDE_MAX_PX || height > SIDE_MAX_PX {
        return Err(SourceError::TooLarge {
            path: path.to_owned(),
            width,
            height,
        });
    }
    let decoded = DynamicImage::from_decoder(decoder).map_err(picture)?;
    Ok(LumaFrame::new(width, height, on_paper(&decoded))?)
}

fn on_paper(picture: &DynamicImage) -> Vec<u8> {
    if !picture.color().has_alpha() {
        return picture.to_luma8().into_raw();
    }
    let grey = picture.to_luma_alpha8();
    let blend = |[luma, alpha]: [u8; 2]| {
        let (luma, alpha) = (u32::from(luma), u32::from(alpha));
        ((luma * alpha + 255 * (255 - alpha)) / 255) as u8
    };
    grey.pixels().map(|pixel| blend(pixel.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_come_sorted_and_broken_ones_do_not_end_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        image::GrayImage::from_pixel(4, 3, image::Luma([7]))
            .save(path("c.PNG"))
            .unwrap();
        let clear = image::GrayAlphaImage::from_pixel(2, 2, image::LumaA([0, 0]));
        clear.save(path("a.png")).unwrap();
        std::fs::write(path("b.jpg"), b"\xff\xd8\xffno picture").unwrap();
        std::fs::write(path("empty.jpeg"), b"").unwrap();
        std::fs::write(path("note.txt"), b"no picture").unwrap();

        let mut source = FolderSource::open(folder.path()).unwrap();
        let first = source.next_frame().unwrap().unwrap().luma;
        assert_eq!(first.luma(), [255; 4], "clear is white");
        assert_eq!(source.current(), Some(path("a.png").as_path()));
        let broken = source.next_frame().unwrap().unwrap_err();
        assert_eq!(broken.code(), "source-picture");
        assert!(broken.to_string().contains("b.jpg") && !broken.is_permanent());
        assert_eq!(source.next_frame().unwrap().unwrap().luma.luma(), [7; 12]);
        assert!(source.next_frame().unwrap().is_err());
        assert!(source.next_frame().is_none());
        assert!(FolderSource::open(&path("nowhere")).is_err_and(|e| e.code() == "source-folder"));
    }

    #[test]
    fn a_huge_picture_is_refused_before_it_is_decoded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.png");
        // The header of a PNG that promises 30,000 x 30,000 pixels, and nothing behind it.
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([
            0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30, 8, 0, 0, 0, 0, 0x43, 0x4c, 0xa7, 0x66,
        ]);
        png.extend(b"\0\0\0\0IDAT");
        std::fs::write(&path, png).unwrap();
        let error = read_picture(&path).unwrap_err();
        assert!(
            matches!(error.code(), "source-too-large" | "source-picture"),
            "{error:?}"
        );
    }
}
