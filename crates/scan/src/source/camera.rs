//! A camera of this machine. On Linux that is Video4Linux.

use nokhwa::Camera;
use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType,
};

use super::convert::{from_grey, from_mjpeg, from_nv12, from_rgb, from_yuyv};
use super::{Frame, FrameSource, SourceError};

/// Formats we turn into luma ourselves. YUYV first: its luma needs no decoding.
const FORMATS: &[FrameFormat] = &[
    FrameFormat::YUYV,
    FrameFormat::NV12,
    FrameFormat::GRAY,
    FrameFormat::MJPEG,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
];

/// A camera the system knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCamera {
    pub index: u32,
    pub name: String,
}

/// What to ask a camera for; it gives the closest it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameraWish {
    pub width: u32,
    pub height: u32,
    pub frames_per_second: u32,
}

impl Default for CameraWish {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 720,
            frames_per_second: 30,
        }
    }
}

/// The cameras of this machine; an empty list where there are none or they cannot be asked.
pub fn list_cameras() -> Vec<FoundCamera> {
    let found = nokhwa::query(ApiBackend::Auto).unwrap_or_default();
    let named = found.into_iter().filter_map(|camera| {
        let index = camera.index().as_index().ok()?;
        Some(FoundCamera {
            index,
            name: camera.human_name(),
        })
    });
    let mut named: Vec<FoundCamera> = named.collect();
    // The system names the one that was plugged in last first.
    named.sort_by_key(|camera| camera.index);
    named
}

/// Frames in a row that may fail before the camera is opened anew: it was unplugged and plugged in again.
const FAILURES_MAX: u32 = 10;

/// A camera that gives frames.
pub struct CameraSource {
    camera: Camera,
    index: u32,
    /// Frames in a row that failed.
    failures: u32,
}

impl CameraSource {
    /// Opens the first camera of [`list_cameras`] that opens.
    ///
    /// # Errors
    /// There is none, or what the last one said that did not open.
    pub fn open_first(wish: CameraWish) -> Result<Self, SourceError> {
        let mut why = SourceError::NoCamera { index: 0 };
        for camera in list_cameras() {
            match Self::open(camera.index, wish) {
                Ok(source) => return Ok(source),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    /// Opens camera `index` of [`list_cameras`] and starts it.
    ///
    /// # Errors
    /// There is no such camera, or it does not open.
    pub fn open(index: u32, wish: CameraWish) -> Result<Self, SourceError> {
        if !list_cameras().iter().any(|camera| camera.index == index) {
            return Err(SourceError::NoCamera { index });
        }
        let refused = |error: nokhwa::NokhwaError| SourceError::CameraRefused {
            index,
            reason: error.to_string(),
        };
        let format = CameraFormat::new_from(
            wish.width,
            wish.height,
            FrameFormat::YUYV,
            wish.frames_per_second,
        );
        let closest = RequestedFormatType::Closest(format);
        let request = RequestedFormat::with_formats(closest, FORMATS);
        let mut camera = Camera::new(CameraIndex::Index(index), request).map_err(refused)?;
        camera.open_stream().map_err(refused)?;
        Ok(Self {
            camera,
            index,
            failures: 0,
        })
    }

    /// Why there is no frame, and whether to give this camera up.
    fn failed(&mut self, reason: String) -> SourceError {
        let index = self.index;
        self.failures += 1;
        if !list_cameras().iter().any(|camera| camera.index == index) {
            SourceError::NoCamera { index }
        } else if self.failures > FAILURES_MAX {
            SourceError::CameraRefused { index, reason }
        } else {
            SourceError::CameraFrame { reason }
        }
    }
}

impl FrameSource for CameraSource {
    /// Never `None`: a camera that was unplugged gives an error that is permanent.
    fn next_frame(&mut self) -> Option<Result<Frame, SourceError>> {
        let buffer = match self.camera.frame() {
            Ok(buffer) => buffer,
            Err(error) => return Some(Err(self.failed(error.to_string()))),
        };
        self.failures = 0;
        let (size, bytes) = (buffer.resolution(), buffer.buffer());
        let (width, height) = (size.width(), size.height());
        Some(match buffer.source_frame_format() {
            FrameFormat::YUYV => from_yuyv(width, height, bytes),
            FrameFormat::NV12 => from_nv12(width, height, bytes),
            FrameFormat::GRAY => from_grey(width, height, bytes),
            FrameFormat::MJPEG => from_mjpeg(width, height, bytes),
            FrameFormat::RAWRGB => from_rgb(width, height, bytes, false),
            FrameFormat::RAWBGR => from_rgb(width, height, bytes, true),
        })
    }

    fn describe(&self) -> String {
        let format = self.camera.camera_format();
        let name = self.camera.info().human_name();
        format!("camera {} {name}, {format}", self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_is_not_there_is_a_clear_error() {
        let Err(error) = CameraSource::open(9_999, CameraWish::default()) else {
            panic!()
        };
        assert_eq!(error.code(), "source-no-camera");
        assert!(error.is_permanent());
    }
}
