//! The one window, and the handle by which other threads reach it.

use std::rc::Rc;
use std::sync::Arc;

use slint::{ComponentHandle, Image, PlatformError, Rgb8Pixel, SharedPixelBuffer};

use super::focus::Focus;
use super::generated::{AppWindow, Keyboard, ScreenKind, Sentence, Shell, Words};
use super::keys::{KeySink, Keys};
use super::{
    Events, enrol_adapter, history_adapter, home_adapter, keys, locked_adapter, look_up_adapter,
    nearby_adapter, printing_adapter, receipt_adapter, scanner_adapter, settings_adapter,
    shell_adapter, sign_in_adapter, signing_adapter, stopped_adapter, sync_adapter, task_adapter,
};
use crate::camera::ShowCamera;
use crate::platform::Platform;
use crate::view::{CameraHint, Message, Picture, Screen, UiEvent, View};

/// Lives on the UI thread. Shows what it is given and changes nothing by itself.
pub struct Window {
    app: AppWindow,
    keys: Rc<Keys>,
}

impl Window {
    /// `events` is called on the UI thread for everything the person does; it must not block.
    ///
    /// # Errors
    /// When there is no display to open a window on.
    pub fn new(events: impl Fn(UiEvent) + 'static) -> Result<Self, PlatformError> {
        let app = AppWindow::new()?;
        let events: Events = Rc::new(events);
        // The start language comes with the first view, not from the environment.
        settings_adapter::select_language(&app, crate::view::Language::English);
        shell_adapter::connect(&app, &events);
        enrol_adapter::connect(&app, &events);
        sign_in_adapter::connect(&app, &events);
        home_adapter::connect(&app, &events);
        task_adapter::connect(&app, &events);
        look_up_adapter::connect(&app, &events);
        history_adapter::connect(&app, &events);
        sync_adapter::connect(&app, &events);
        nearby_adapter::connect(&app, &events);
        settings_adapter::connect(&app, &events);
        printing_adapter::connect(&app, &events);
        scanner_adapter::connect(&app, &events);
        signing_adapter::connect(&app, &events);
        receipt_adapter::connect(&app, &events);
        locked_adapter::connect(&app, &events);
        stopped_adapter::connect(&app, &events);
        let keys = keys::connect(&app, &events);
        Ok(Self { app, keys })
    }

    /// Who tells scans from typing; until then every key is typing.
    pub fn set_key_sink(&self, sink: Box<dyn KeySink>) {
        self.keys.set_sink(sink);
    }

    /// Who may have a keyboard of the system's; until then text fields have ours.
    pub fn set_platform(&self, platform: Arc<dyn Platform>) {
        self.keys.set_platform(platform);
    }

    pub fn show_view(&self, view: &View) {
        show_view(&self.app, view);
    }

    /// Gives back what [`UiEvent::KeepWords`] brought.
    pub fn set_words(&self, kept: &str) {
        self.app.global::<Keyboard>().invoke_learned(kept.into());
    }

    pub fn show_preview(&self, picture: &Picture) {
        show_preview(&self.app, picture);
    }

    /// What helps the camera, in words above its picture.
    pub fn show_hint(&self, hint: Option<CameraHint>) {
        shell_adapter::show_hint(&self.app, hint);
    }

    /// For other threads, such as the worker's.
    pub fn handle(&self) -> WindowHandle {
        WindowHandle {
            app: self.app.as_weak(),
        }
    }

    /// Opens the window without waiting for its end.
    ///
    /// # Errors
    /// When the window system fails.
    pub fn show(&self) -> Result<(), PlatformError> {
        self.app.show()
    }

    /// Opens the window and returns when it is closed.
    ///
    /// # Errors
    /// When the window system fails.
    pub fn run(&self) -> Result<(), PlatformError> {
        self.app.run()
    }

    /// The sentence the screen shows for a code, in the language of the last view.
    pub fn words(&self, kind: WordKind, message: &Message) -> String {
        let sentence = Sentence::from(message);
        let words = self.app.global::<Words>();
        match kind {
            WordKind::Prompt => words.invoke_prompt(sentence),
            WordKind::Message => words.invoke_message(sentence),
            WordKind::Operation => words.invoke_operation(sentence.code),
            WordKind::Action => words.invoke_action(sentence.code),
            WordKind::Fact => words.invoke_fact(sentence.code),
            WordKind::State => words.invoke_state(sentence.code),
            WordKind::Printing => words.invoke_printing(sentence.code),
        }
        .into()
    }

    /// Whether a code has words of its own; otherwise the screen shows the code itself.
    pub fn has_words(&self, kind: WordKind, code: &str) -> bool {
        let message = Message::new(code);
        match kind {
            WordKind::Prompt | WordKind::Message => {
                !self.words(kind, &message).contains(&format!("({code})"))
                    && !self.words(kind, &message).contains(&format!("（{code}）"))
            }
            WordKind::Printing => !self.words(kind, &message).is_empty(),
            _ => self.words(kind, &message) != code,
        }
    }

    /// For tests, which look for elements.
    #[doc(hidden)]
    pub fn component(&self) -> &(impl ComponentHandle + use<>) {
        &self.app
    }
}

/// Which of the functions of `ui/words/words.slint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordKind {
    Prompt,
    Message,
    Operation,
    Action,
    Fact,
    State,
    /// Printers and labels in a word.
    Printing,
}

/// Reaches the window from any thread. After the window is gone, calls do nothing.
#[derive(Clone)]
pub struct WindowHandle {
    app: slint::Weak<AppWindow>,
}

impl WindowHandle {
    /// Queues the view; returns at once. False when the window or its event loop is gone.
    pub fn show_view(&self, view: View) -> bool {
        self.app
            .upgrade_in_event_loop(move |app| show_view(&app, &view))
            .is_ok()
    }

    /// Queues the words of earlier days, as [`Window::set_words`].
    pub fn set_words(&self, kept: String) -> bool {
        self.app
            .upgrade_in_event_loop(move |app| {
                app.global::<Keyboard>().invoke_learned(kept.into());
            })
            .is_ok()
    }

    /// Queues a camera picture. The caller sees to it that only a few are on their way.
    pub fn show_preview(&self, picture: Picture) -> bool {
        self.app
            .upgrade_in_event_loop(move |app| show_preview(&app, &picture))
            .is_ok()
    }

    /// Closes the window; [`Window::run`] returns.
    pub fn quit(&self) -> bool {
        self.app
            .upgrade_in_event_loop(|app| {
                // Nothing is left to do when the window is hidden already.
                let _ = app.hide();
            })
            .is_ok()
    }
}

impl ShowCamera for WindowHandle {
    fn preview(&self, picture: Picture) {
        // The window may be gone already.
        self.show_preview(picture);
    }

    fn hint(&self, hint: Option<CameraHint>) {
        // The window may be gone already.
        let _ = self
            .app
            .upgrade_in_event_loop(move |app| shell_adapter::show_hint(&app, hint));
    }
}

fn show_view(app: &AppWindow, view: &View) {
    let before = Focus::of(app);
    shell_adapter::show(app, view);
    settings_adapter::show_appearance(app, &view.appearance);
    printing_adapter::show_offer(app, &view.printing);
    let kind = match &view.screen {
        Screen::Enrol(screen) => {
            enrol_adapter::show(app, screen);
            ScreenKind::Enrol
        }
        Screen::SignIn(screen) => {
            sign_in_adapter::show(app, screen);
            ScreenKind::SignIn
        }
        Screen::Home(screen) => {
            home_adapter::show(app, screen);
            ScreenKind::Home
        }
        Screen::Task(screen) => {
            task_adapter::show(app, screen);
            ScreenKind::Task
        }
        Screen::LookUp(screen) => {
            look_up_adapter::show(app, screen);
            ScreenKind::LookUp
        }
        Screen::History(screen) => {
            history_adapter::show(app, screen);
            ScreenKind::History
        }
        Screen::Sync(screen) => {
            sync_adapter::show(app, screen);
            ScreenKind::Sync
        }
        Screen::Nearby(screen) => {
            nearby_adapter::show(app, screen);
            ScreenKind::Nearby
        }
        Screen::Printing(screen) => {
            printing_adapter::show(app, screen);
            ScreenKind::Printing
        }
        Screen::Settings(screen) => {
            settings_adapter::show(app, screen);
            ScreenKind::Settings
        }
        Screen::Scanner(screen) => {
            scanner_adapter::show(app, screen);
            ScreenKind::Scanner
        }
        Screen::Signing(screen) => {
            signing_adapter::show(app, screen);
            ScreenKind::Signing
        }
        Screen::Receipt(screen) => {
            receipt_adapter::show(app, screen);
            ScreenKind::Receipt
        }
        Screen::Gallery => ScreenKind::Gallery,
        Screen::Locked(screen) => {
            locked_adapter::show(app, screen);
            ScreenKind::Locked
        }
        Screen::Stopped(screen) => {
            stopped_adapter::show(app, screen);
            ScreenKind::Stopped
        }
    };
    app.global::<Shell>().set_screen(kind);
    before.release_if_gone(app, &view.screen);
}

fn show_preview(app: &AppWindow, picture: &Picture) {
    let expected = u64::from(picture.width) * u64::from(picture.height) * 3;
    if picture.width == 0 || u64::try_from(picture.rgb.len()) != Ok(expected) {
        return;
    }
    let buffer = SharedPixelBuffer::<Rgb8Pixel>::clone_from_slice(
        &picture.rgb,
        picture.width,
        picture.height,
    );
    app.global::<Shell>().set_preview(Image::from_rgb8(buffer));
}
