//! Pictures of screens without a display, for scripts and papers.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};
use slint::platform::{Platform, WindowAdapter, set_platform};
use slint::{PhysicalSize, PlatformError, Rgb8Pixel, SharedPixelBuffer};

use super::{Window, contact_sheet, samples};
use crate::view::{Picture, View};

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
    #[error("{0} could not be written")]
    Page(PathBuf, #[source] std::io::Error),
    #[error("the drawing thread panicked")]
    Panicked,
}

/// One screen as a picture, `width * height` pixels.
///
/// # Errors
/// When it cannot be drawn, which is a fault of the program.
pub fn snapshot(view: &View, width: u32, height: u32) -> Result<Picture, SnapshotError> {
    let view = view.clone();
    with_studio(move |studio| studio.draw(&studio.open()?, &view, width, height))
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

/// Writes every sample screen as a PNG into `folder`, and `index.html` to look through them.
///
/// # Errors
/// When a file cannot be written, or a screen cannot be drawn.
pub fn render_samples(folder: &Path) -> Result<Vec<PathBuf>, SnapshotError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| SnapshotError::Folder(folder.to_owned(), error))?;
    let folder = folder.to_owned();
    with_studio(move |studio| {
        let shots = samples::shots();
        let mut written = Vec::new();
        let open = studio.open()?;
        for shot in &shots {
            open.window.show_hint(samples::hint(shot.name));
            let picture = studio.draw(&open, &shot.view, shot.width, shot.height)?;
            let path = folder.join(shot.file());
            write_png(&path, &picture)?;
            written.push(path);
        }
        let page = folder.join("index.html");
        std::fs::write(&page, contact_sheet::page(&shots))
            .map_err(|error| SnapshotError::Page(page, error))?;
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
    /// Goes on only when told, so that the same view gives the same picture.
    clock: Rc<Cell<Duration>>,
}

impl Studio {
    fn new() -> Result<Self, SnapshotError> {
        let adapters = Rc::new(RefCell::new(Vec::new()));
        let clock = Rc::new(Cell::new(Duration::ZERO));
        set_platform(Box::new(Headless {
            adapters: Rc::clone(&adapters),
            clock: Rc::clone(&clock),
        }))?;
        Ok(Self { adapters, clock })
    }

    fn open(&self) -> Result<Open, SnapshotError> {
        let window = Window::new(|_| {})?;
        let Some(adapter) = self.adapters.borrow_mut().pop() else {
            return Err(PlatformError::NoPlatform.into());
        };
        window.show_preview(&samples::picture());
        window.show()?;
        Ok(Open { window, adapter })
    }

    fn draw(
        &self,
        open: &Open,
        view: &View,
        width: u32,
        height: u32,
    ) -> Result<Picture, SnapshotError> {
        open.adapter.set_size(PhysicalSize::new(width, height));
        open.window.show_view(view);
        let mut buffer = SharedPixelBuffer::<Rgb8Pixel>::new(width, height);
        // What follows from a change, such as the rows of a list, is there a turn later; so is the end of what moves.
        for _ in 0..2 {
            self.clock.set(self.clock.get() + Duration::from_secs(1));
            slint::platform::update_timers_and_animations();
            open.adapter.request_redraw();
            open.adapter.draw_if_needed(|renderer| {
                renderer.render(buffer.make_mut_slice(), width as usize);
            });
        }
        Ok(Picture {
            width,
            height,
            rgb: buffer.as_bytes().to_vec(),
        })
    }
}

struct Open {
    window: Window,
    adapter: Rc<MinimalSoftwareWindow>,
}

struct Headless {
    adapters: Rc<RefCell<Vec<Rc<MinimalSoftwareWindow>>>>,
    clock: Rc<Cell<Duration>>,
}

impl Platform for Headless {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        let adapter = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
        self.adapters.borrow_mut().push(Rc::clone(&adapter));
        Ok(adapter)
    }

    fn duration_since_start(&self) -> Duration {
        self.clock.get()
    }
}
