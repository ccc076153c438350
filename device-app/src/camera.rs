//! Pictures in, codes out, on a thread of its own; the preview goes straight to the window.
//!
//! A camera's frames are read on a further thread, the newest first: while one is looked at hard, the preview and the photo
//! go on.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use scan::duplicates::DuplicateFilter;
use scan::live::{Advice, Advisor, FORGET_MS, LiveReader, LiveReading, SHARE};
use scan::source::{FolderSource, Frame, FrameSource};
use scan::{Effort, FrameReader, LumaFrame, Payload, ReaderSettings};

use crate::photo;
use crate::platform::Platform;
use crate::view::{Camera, CameraHint, Picture};
use crate::worker::ToWorker;

/// Where pictures come from.
pub enum Pictures {
    /// The machine's camera, while one is there.
    Camera(Arc<dyn Platform>),
    /// The pictures of a folder, one after the other, and those that come later.
    Folder(PathBuf),
}

/// Runs until it is dropped.
pub struct CameraThread {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for CameraThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

const LOOK_AGAIN: Duration = Duration::from_secs(5);
const PREVIEW_EVERY: Duration = Duration::from_millis(80);
const FOLDER_EVERY: Duration = Duration::from_millis(1_500);
const NAP: Duration = Duration::from_millis(100);

/// What the worker wants of the camera.
pub struct Asked {
    /// Whether the person has it switched on.
    pub camera: Arc<AtomicBool>,
    /// Whether a photo is to be taken; cleared when it is.
    pub photo: Arc<AtomicBool>,
}

/// What goes straight to the window, without the worker; called on threads of the camera's.
pub trait ShowCamera: Send + Sync {
    /// A picture; at most every 80 ms.
    fn preview(&self, picture: Picture);
    /// What the person can do; only where it changes.
    fn hint(&self, hint: Option<CameraHint>);
}

/// Starts the thread.
///
/// # Errors
/// The system gives no thread.
pub fn start(
    pictures: Pictures,
    to_worker: Sender<ToWorker>,
    window: Arc<dyn ShowCamera>,
    asked: Asked,
) -> std::io::Result<CameraThread> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut eye = Eye {
        stop: stop.clone(),
        asked,
        to_worker,
        window,
        shown: None,
        last: None,
    };
    let thread = std::thread::Builder::new()
        .name("camera".to_owned())
        .spawn(move || match pictures {
            Pictures::Camera(platform) => eye.watch_camera(platform.as_ref()),
            Pictures::Folder(folder) => eye.show_folder(&folder),
        })?;
    Ok(CameraThread {
        stop,
        thread: Some(thread),
    })
}

struct Eye {
    stop: Arc<AtomicBool>,
    asked: Asked,
    to_worker: Sender<ToWorker>,
    window: Arc<dyn ShowCamera>,
    shown: Option<Instant>,
    /// The picture seen last, for photos.
    last: Option<Frame>,
}

impl Eye {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    fn tell(&self, message: ToWorker) {
        // Without a worker the program is about to end.
        let _ = self.to_worker.send(message);
    }

    fn rest(&self, time: Duration) {
        let until = Instant::now() + time;
        while self.goes_on() && Instant::now() < until {
            self.take_photo();
            std::thread::sleep(NAP.min(until.saturating_duration_since(Instant::now())));
        }
    }

    fn watch_camera(&mut self, platform: &dyn Platform) {
        let mut told = None;
        while self.goes_on() {
            let wanted = self.asked.camera.load(Ordering::Relaxed);
            let source = if wanted { platform.camera() } else { None };
            let state = match (&source, wanted) {
                (Some(_), _) => Camera::On,
                (None, true) => Camera::Missing,
                (None, false) => Camera::Off,
            };
            if told != Some(state) {
                told = Some(state);
                self.tell(ToWorker::Camera(state));
            }
            match source {
                Some(mut source) => {
                    self.watch(source.as_mut());
                    self.window.hint(None);
                }
                None if wanted => self.rest(LOOK_AGAIN),
                None => self.rest(NAP),
            }
        }
    }

    /// Until the camera is unplugged or switched off.
    fn watch(&mut self, source: &mut dyn FrameSource) {
        let reader = match self.live_reader() {
            Ok(reader) => reader,
            Err(error) => {
                tracing::error!(%error, "no thread to read with");
                return self.rest(LOOK_AGAIN);
            }
        };
        while self.goes_on() && self.asked.camera.load(Ordering::Relaxed) {
            match source.next_frame() {
                None => return,
                Some(Err(error)) if error.is_permanent() => return,
                Some(Err(error)) => {
                    tracing::debug!(code = error.code(), "a frame was lost");
                    self.rest(NAP);
                }
                Some(Ok(frame)) => {
                    reader.offer(frame.luma.clone());
                    self.show(frame);
                }
            }
        }
    }

    fn live_reader(&self) -> std::io::Result<LiveReader> {
        let to_worker = self.to_worker.clone();
        let window = self.window.clone();
        let (mut in_view, mut hints) = (InView::default(), HintsInWords::default());
        LiveReader::start(
            FrameReader::new(ReaderSettings::default()),
            SHARE,
            move |reading| {
                if let Some(hint) = hints.change(&reading) {
                    window.hint(hint);
                }
                let codes = in_view.come(reading);
                if !codes.is_empty() {
                    // Without a worker the program is about to end.
                    let _ = to_worker.send(ToWorker::Seen(codes));
                }
            },
        )
    }

    /// A picture of a folder, with every look.
    fn read(&self, reader: &mut FrameReader, frame: &Frame) {
        match reader.read(&frame.luma, Effort::Thorough) {
            Ok(reading) if reading.payloads.is_empty() => {}
            Ok(reading) => self.tell(ToWorker::Seen(reading.payloads)),
            Err(error) => tracing::debug!(code = error.code(), "a picture was not read"),
        }
    }

    fn show(&mut self, frame: Frame) {
        if self.shown.is_none_or(|at| at.elapsed() >= PREVIEW_EVERY) {
            self.shown = Some(Instant::now());
            self.window.preview(picture(&frame));
        }
        self.last = Some(frame);
        self.take_photo();
    }

    /// Packing takes longer than a frame; it is done here, so that the worker goes on taking scans.
    fn take_photo(&self) {
        let Some(frame) = &self.last else {
            return;
        };
        if self.asked.photo.swap(false, Ordering::Relaxed) {
            self.tell(ToWorker::PhotoTaken(photo::from_picture(picture(frame))));
        }
    }

    /// Every picture once, those too that are laid into the folder later: like a label held before the camera.
    fn show_folder(&mut self, folder: &Path) {
        let mut reader = FrameReader::new(ReaderSettings::default());
        let mut shown = HashSet::new();
        let mut listed = None;
        while self.goes_on() {
            let changed = std::fs::metadata(folder).and_then(|m| m.modified()).ok();
            if listed.is_some() && listed == changed {
                self.rest(NAP);
                continue;
            }
            let mut source = match FolderSource::open(folder) {
                Ok(source) => source,
                Err(error) => {
                    tracing::error!(%error, "no pictures");
                    return self.tell(ToWorker::Camera(Camera::Missing));
                }
            };
            if listed.is_none() {
                self.tell(ToWorker::Camera(Camera::On));
            } else {
                // A picture that is being copied is not whole yet.
                self.rest(PREVIEW_EVERY);
            }
            listed = changed;
            let mut here = HashSet::new();
            while self.goes_on()
                && let Some(frame) = source.next_frame()
            {
                let path = source.current().map(Path::to_owned).unwrap_or_default();
                let known = shown.contains(&path);
                here.insert(path);
                if known {
                    continue;
                }
                match frame {
                    Ok(frame) => {
                        self.read(&mut reader, &frame);
                        self.show(frame);
                    }
                    Err(_) => self.tell(ToWorker::PictureFailed("picture-unreadable")),
                }
                self.rest(FOLDER_EVERY);
            }
            shown = here;
        }
    }
}

/// What was said last of how to hold the camera.
struct HintsInWords {
    since: Instant,
    advisor: Advisor,
    said: Option<Advice>,
}

impl Default for HintsInWords {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            advisor: Advisor::default(),
            said: None,
        }
    }
}

impl HintsInWords {
    /// What to say from this frame on, if that changes.
    fn change(&mut self, reading: &LiveReading) -> Option<Option<CameraHint>> {
        let now_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let reads = !reading.in_view.is_empty();
        let advice = self.advisor.take(reading.hints, reads, now_ms);
        let changed = std::mem::replace(&mut self.said, advice) != advice;
        changed.then(|| {
            advice.map(|advice| match advice {
                Advice::Light => CameraHint::Dark,
                Advice::Away => CameraHint::Near,
            })
        })
    }
}

/// Tells each code once for as long as it is in view, wherever in the picture it is: a hand that jerks must not count twice,
/// and of equal labels side by side each is scanned for itself.
struct InView {
    since: Instant,
    seen: DuplicateFilter,
}

impl Default for InView {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            seen: DuplicateFilter::new(FORGET_MS),
        }
    }
}

impl InView {
    /// The codes of a frame that were not in view before.
    fn come(&mut self, reading: LiveReading) -> Vec<Payload> {
        let now_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut codes = reading.in_view;
        codes.retain(|code| {
            let name = format!("{} {}", code.symbology.code(), code.text);
            self.seen.is_new(&name, now_ms)
        });
        codes
    }
}

/// In colour where the source has it, else grey.
fn picture(frame: &Frame) -> Picture {
    match &frame.preview {
        Some(preview) => Picture {
            width: preview.width,
            height: preview.height,
            rgb: preview.rgb.clone(),
        },
        None => grey(&frame.luma),
    }
}

fn grey(luma: &LumaFrame) -> Picture {
    Picture {
        width: luma.width(),
        height: luma.height(),
        rgb: luma.luma().iter().flat_map(|l| [*l; 3]).collect(),
    }
}
