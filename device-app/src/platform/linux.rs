//! Linux: the first camera of V4L2, scanners on a serial line, sounds through the system's player, vibration through the
//! kernel's transient LED trigger, battery from sysfs, the screen over X11 and the desktop's D-Bus, printers over TCP and
//! device files. Keyboards are ours: X11 has no common way to call one of the system's.

mod lines;
mod power;
mod scans;
mod screen;
mod tones;
mod vibrator;

pub use scans::NoScans;
pub use vibrator::Vibrator;

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use labels::Address;
use labels::transport::{self, Transport, TransportError};
#[cfg(feature = "camera")]
use scan::source::{CameraSource, CameraWish};
use scan::source::{FrameSource, SourceError};

use self::scans::ScanLine;
use self::screen::ScreenKeeper;
use self::tones::Tones;
use super::{Platform, TakeScan, Typing};
use crate::health::Health;
use crate::view::Outcome;

/// Where kernels of handhelds show their motor.
const MOTOR: &str = "/sys/class/leds/vibrator";

pub struct Linux {
    tones: Tones,
    /// `None` where the machine has no motor.
    motor: Option<Sender<Vec<u64>>>,
    screen: ScreenKeeper,
    scanners: Vec<ScanLine>,
    /// Number of the camera; `None`: the first that opens.
    #[cfg_attr(
        not(feature = "camera"),
        expect(dead_code, reason = "no camera is opened")
    )]
    camera: Option<u32>,
    /// Width and height to ask it for, in pixels; it gives the closest it has.
    #[cfg_attr(
        not(feature = "camera"),
        expect(dead_code, reason = "no camera is opened")
    )]
    camera_size: Option<(u32, u32)>,
}

impl Linux {
    /// # Errors
    /// The system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let motor = match Vibrator::find(Path::new(MOTOR)) {
            Some(vibrator) => Some(vibrator::start(vibrator)?),
            None => None,
        };
        Ok(Self {
            tones: Tones::start()?,
            motor,
            screen: ScreenKeeper::start()?,
            scanners: Vec::new(),
            camera: None,
            camera_size: None,
        })
    }

    /// With this camera of the machine's in place of the first that opens, and pictures of about this size.
    pub fn with_camera(mut self, number: Option<u32>, size: Option<(u32, u32)>) -> Self {
        (self.camera, self.camera_size) = (number, size);
        self
    }

    /// With one more scanner that sends lines through this serial line or pipe; it may be plugged in later.
    ///
    /// # Errors
    /// [`NoScans`]: the file is neither.
    pub fn with_scanner(mut self, path: PathBuf) -> Result<Self, NoScans> {
        self.scanners.push(ScanLine::at(path)?);
        Ok(self)
    }
}

impl Platform for Linux {
    #[cfg(feature = "camera")]
    fn camera(&self) -> Result<Box<dyn FrameSource>, SourceError> {
        let wish = CameraWish::default();
        let (width, height) = self.camera_size.unwrap_or((wish.width, wish.height));
        let wish = CameraWish {
            width,
            height,
            ..wish
        };
        let camera = match self.camera {
            Some(index) => CameraSource::open(index, wish),
            None => CameraSource::open_first(wish),
        }?;
        tracing::info!(camera = camera.describe(), "the camera is open");
        Ok(Box::new(camera))
    }

    #[cfg(not(feature = "camera"))]
    fn camera(&self) -> Result<Box<dyn FrameSource>, SourceError> {
        Err(SourceError::NoCamera { index: 0 })
    }

    fn scans(&self, take: TakeScan) {
        let take = Arc::new(Mutex::new(take));
        for scanner in &self.scanners {
            let take = take.clone();
            let one = move |scan| {
                let take = take.lock().unwrap_or_else(PoisonError::into_inner);
                take(scan);
            };
            if let Err(error) = scanner.listen(Box::new(one)) {
                tracing::error!(%error, "no thread for the scanner");
            }
        }
    }

    fn sound(&self, outcome: Outcome, loudness: u32) {
        self.tones.play(outcome, loudness);
    }

    fn vibrate(&self, pattern_ms: &[u64]) {
        if let Some(motor) = &self.motor {
            // Without the thread nothing shakes, which is no reason to stop.
            let _ = motor.send(pattern_ms.to_vec());
        }
    }

    fn keyboard(&self, _field: Option<Typing>) -> bool {
        false
    }

    fn health(&self, folder: &Path) -> Health {
        power::health(folder)
    }

    fn keep_screen_on(&self, on: bool) {
        self.screen.keep(on);
    }

    fn printer(
        &self,
        address: &Address,
        within: Duration,
    ) -> Result<Box<dyn Transport>, TransportError> {
        transport::open(address, within)
    }
}
