//! Pictures of screens without a display, for scripts and papers.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};
use slint::platform::{Platform, WindowAdapter, set_platform};
use slint::{PhysicalSize, PlatformError, Rgb8Pixel, SharedPixelBuffer};

use super::{Window, samples};
use crate::view::{Language, Picture, Theme, View};

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("the screen could not be drawn")]
    Draw(#[from] PlatformError),
    #[error("the platform for drawing without a display could not be set")]
    Platform(#[from] slint::platform::SetPlatformError),
    #[error("{0} could not be written")]
    Write(PathBuf, #[source] image::ImageError),
    #[error("the folder {0} could not be made")]
    Folder(PathBuf, #[source] std::io::Error),
    #[error("the drawing thread panicked")]
    Panicked,
}

/// One screen as a picture, `width * height` pixels.
///
/// # Errors
/// When it cannot be drawn, which is a fault of the program.
pub fn snapshot(view: &View, width: u32, height: u32) -> Result<Picture, SnapshotError> {
    let view = view.clone();
    with_studio(move |studio| studio.draw(&view, width, height))
}

/// Writes one screen as a PNG of `width * height` pixels.
///
/// # Errors
/// When the file cannot be written, or the screen cannot be drawn.
pub fn write_snapshot(
    view: &View,
    width: u32,
    height: u32,
    path: &Path,
) -> Result<(), SnapshotError> {
    write_png(path, &snapshot(view, width, height)?)
}

/// Writes every sample screen as `<screen>-<language>-<theme>-<form>.png` into `folder`.
///
/// # Errors
/// When a file cannot be written, or a screen cannot be drawn.
pub fn render_samples(folder: &Path) -> Result<Vec<PathBuf>, SnapshotError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| SnapshotError::Folder(folder.to_owned(), error))?;
    let folder = folder.to_owned();
    with_studio(move |studio| {
        let mut written = Vec::new();
        for language in Language::ALL {
            for theme in Theme::ALL {
                for (form, width, height) in samples::FORMS {
                    for (name, view) in samples::views(language, theme) {
                        let picture = studio.draw(&view, width, height)?;
                        let file =
                            format!("{name}-{}-{}-{form}.png", language.code(), theme.code());
                        let path = folder.join(file);
                        write_png(&path, &picture)?;
                        written.push(path);
                    }
                }
            }
        }
        Ok(written)
    })
}

fn write_png(path: &Path, picture: &Picture) -> Result<(), SnapshotError> {
    image::save_buffer(
        path,
        &picture.rgb,
        picture.width,
        picture.height,
        image::ExtendedColorType::Rgb8,
    )
    .map_err(|error| SnapshotError::Write(path.to_owned(), error))
}

/// Slint has one platform per thread, and this one's thread may have a display already.
fn with_studio<T: Send + 'static>(
    work: impl FnOnce(&Studio) -> Result<T, SnapshotError> + Send + 'static,
) -> Result<T, SnapshotError> {
    std::thread::spawn(move || work(&Studio::new()?))
        .join()
        .map_err(|_| SnapshotError::Panicked)?
}

struct Studio {
    adapters: Rc<RefCell<Vec<Rc<MinimalSoftwareWindow>>>>,
}

impl Studio {
    fn new() -> Result<Self, SnapshotError> {
        let adapters = Rc::new(RefCell::new(Vec::new()));
        set_platform(Box::new(Headless {
            adapters: Rc::clone(&adapters),
            started: Instant::now(),
        }))?;
        Ok(Self { adapters })
    }

    fn draw(&self, view: &View, width: u32, height: u32) -> Result<Picture, SnapshotError> {
        self.adapters.borrow_mut().clear();
        let window = Window::new(|_| {})?;
        let Some(adapter) = self.adapters.borrow().last().cloned() else {
            return Err(PlatformError::NoPlatform.into());
        };
        adapter.set_size(PhysicalSize::new(width, height));
        window.show_view(view);
        window.show_preview(&samples::picture());
        window.show()?;
        let mut buffer = SharedPixelBuffer::<Rgb8Pixel>::new(width, height);
        slint::platform::update_timers_and_animations();
        adapter.request_redraw();
        adapter.draw_if_needed(|renderer| {
            renderer.render(buffer.make_mut_slice(), width as usize);
        });
        Ok(Picture {
            width,
            height,
            rgb: buffer.as_bytes().to_vec(),
        })
    }
}

struct Headless {
    adapters: Rc<RefCell<Vec<Rc<MinimalSoftwareWindow>>>>,
    started: Instant,
}

impl Platform for Headless {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        let adapter = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
        self.adapters.borrow_mut().push(Rc::clone(&adapter));
        Ok(adapter)
    }

    fn duration_since_start(&self) -> Duration {
        self.started.elapsed()
    }
}
