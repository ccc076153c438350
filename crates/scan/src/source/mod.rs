//! Where frames come from.

#[cfg(feature = "camera")]
mod camera;
// Without cameras only its tests use it.
#[cfg(any(feature = "camera", test))]
mod convert;
mod folder;

#[cfg(feature = "camera")]
pub use camera::{CameraSource, CameraWish, FoundCamera, list_cameras};
pub use folder::{FolderSource, PIXELS_MAX, read_picture};

use std::path::PathBuf;

use thiserror::Error;

use crate::{FrameError, LumaFrame};

/// The colour picture a person sees while aiming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub width: u32,
    pub height: u32,
    /// Row-major, three bytes a pixel: red, green, blue; `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}

/// A frame for the decoders, with a colour picture where the source has one at no great cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub luma: LumaFrame,
    pub preview: Option<Preview>,
}

/// Gives frames one after the other.
pub trait FrameSource {
    /// The next frame; blocks until there is one. `None` is the end of the source.
    ///
    /// An error is about this one frame: asking again gives the next one, unless the error says
    /// that it [`SourceError::is_permanent`].
    fn next_frame(&mut self) -> Option<Result<Frame, SourceError>>;

    /// What the source is, for the diagnostics screen.
    fn describe(&self) -> String;
}

/// Why a source gave no frame.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The folder cannot be listed.
    #[error("cannot list the folder {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The picture cannot be opened.
    #[error("cannot open the picture {}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The picture is broken or of a kind we do not read.
    #[error("cannot read the picture {}", path.display())]
    Picture {
        path: PathBuf,
        #[source]
        source: image::ImageError,
    },
    /// The picture has more pixels than [`PIXELS_MAX`] or a side that no frame has.
    #[error("the picture {} is too large: {width} x {height} pixels", path.display())]
    TooLarge {
        path: PathBuf,
        width: u32,
        height: u32,
    },
    /// There is no such camera, or the system has none.
    #[error("there is no camera {index}")]
    NoCamera { index: u32 },
    /// The camera is there but does not open: in use, no permission, or no format we read.
    #[error("camera {index} does not open: {reason}")]
    CameraRefused { index: u32, reason: String },
    /// The camera gave no frame.
    #[error("the camera gave no frame: {reason}")]
    CameraFrame { reason: String },
    /// The bytes of a camera frame do not match its size or format.
    #[error("a camera frame that cannot be read")]
    BadFrame,
    /// The bytes make no frame.
    #[error("not a frame")]
    Frame(#[from] FrameError),
}

impl SourceError {
    /// Stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            SourceError::Folder { .. } => "source-folder",
            SourceError::Open { .. } => "source-open",
            SourceError::Picture { .. } => "source-picture",
            SourceError::TooLarge { .. } => "source-too-large",
            SourceError::NoCamera { .. } => "source-no-camera",
            SourceError::CameraRefused { .. } => "source-camera-refused",
            SourceError::CameraFrame { .. } => "source-camera-frame",
            SourceError::BadFrame => "source-bad-frame",
            SourceError::Frame(error) => error.code(),
        }
    }

    /// Whether asking the same source again cannot help.
    pub fn is_permanent(&self) -> bool {
        matches!(
            self,
            SourceError::Folder { .. }
                | SourceError::NoCamera { .. }
                | SourceError::CameraRefused { .. }
        )
    }
}
