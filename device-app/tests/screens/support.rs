//! A window whose events are collected, and a finger.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use device_app::ui::{Window, samples};
use device_app::view::{Language, Theme, UiEvent, View};
use i_slint_backend_testing::{
    AccessibleRole, ElementHandle, TestingBackend, TestingBackendOptions, mock_elapsed_time,
};
use slint::platform::{PointerEventButton, WindowEvent};
use slint::{ComponentHandle, LogicalPosition, LogicalSize, SharedString};

/// Roles of what a finger may press.
pub(crate) const PRESSABLE: [AccessibleRole; 3] = [
    AccessibleRole::Button,
    AccessibleRole::Switch,
    AccessibleRole::TextInput,
];

pub(crate) struct Bench {
    pub(crate) window: Window,
    events: Rc<RefCell<Vec<UiEvent>>>,
}

impl Bench {
    /// A phone; each test has its own thread and with it its own platform.
    pub(crate) fn phone() -> Self {
        slint::platform::set_platform(Box::new(TestingBackend::new(TestingBackendOptions {
            mock_time: true,
            threading: false,
            renderer_name: Some("software".into()),
        })))
        .unwrap();
        let events = Rc::new(RefCell::new(Vec::new()));
        let sent = Rc::clone(&events);
        let window = Window::new(move |event| sent.borrow_mut().push(event)).unwrap();
        let bench = Self { window, events };
        bench.resize(480.0, 800.0);
        bench.window.show().unwrap();
        bench
            .slint()
            .dispatch_event(WindowEvent::WindowActiveChanged(true));
        bench
    }

    pub(crate) fn slint(&self) -> &slint::Window {
        self.window.component().window()
    }

    pub(crate) fn resize(&self, width: f32, height: f32) {
        self.slint().set_size(LogicalSize::new(width, height));
    }

    /// Pixels of the display for each pixel of the screens; a size must be given again after it.
    pub(crate) fn scale(&self, scale_factor: f32) {
        self.slint()
            .dispatch_event(WindowEvent::ScaleFactorChanged { scale_factor });
    }

    /// As [`Bench::settle`], without drawing.
    pub(crate) fn lay_out(&self) {
        for _ in 0..3 {
            mock_elapsed_time(Duration::from_millis(400));
        }
    }

    /// The English, light sample of that name.
    pub(crate) fn show(&self, name: &str) {
        self.window.show_view(&sample(name, Language::English));
        self.settle();
    }

    pub(crate) fn settle(&self) {
        mock_elapsed_time(Duration::from_millis(1));
        // Repeaters make their rows while they are drawn.
        self.slint().take_snapshot().unwrap();
        mock_elapsed_time(Duration::from_millis(400));
    }

    /// What was sent since the last call.
    pub(crate) fn events(&self) -> Vec<UiEvent> {
        self.events.borrow_mut().drain(..).collect()
    }

    /// What can be pressed and has that label; what stands in front comes last.
    pub(crate) fn find(&self, label: &str) -> Vec<ElementHandle> {
        ElementHandle::find_by_accessible_label(self.window.component(), label)
            .filter(|element| {
                let role = element.accessible_role();
                role.is_some_and(|role| PRESSABLE.contains(&role))
            })
            .collect()
    }

    /// Presses the middle of the element with that label, as a finger would.
    pub(crate) fn tap(&self, label: &str) {
        let found = self.find(label);
        let element = found
            .last()
            .unwrap_or_else(|| panic!("no element is called “{label}”"));
        let (at, size) = (element.absolute_position(), element.size());
        self.tap_at(at.x + size.width / 2.0, at.y + size.height / 2.0);
    }

    pub(crate) fn tap_at(&self, x: f32, y: f32) {
        let position = LogicalPosition::new(x, y);
        let button = PointerEventButton::Left;
        self.slint()
            .dispatch_event(WindowEvent::PointerMoved { position });
        self.slint()
            .dispatch_event(WindowEvent::PointerPressed { position, button });
        self.slint()
            .dispatch_event(WindowEvent::PointerReleased { position, button });
        self.settle();
    }

    /// A finger goes from one point to the next without leaving the glass.
    pub(crate) fn draw(&self, points: &[(f32, f32)]) {
        let at = |(x, y): &(f32, f32)| LogicalPosition::new(*x, *y);
        let button = PointerEventButton::Left;
        let send = |event| self.slint().dispatch_event(event);
        if let (Some(first), Some(last)) = (points.first().map(at), points.last().map(at)) {
            let position = first;
            send(WindowEvent::PointerMoved { position });
            send(WindowEvent::PointerPressed { position, button });
            for position in points.iter().map(at) {
                send(WindowEvent::PointerMoved { position });
            }
            let position = last;
            send(WindowEvent::PointerReleased { position, button });
        }
        self.settle();
    }

    /// Keys without a pause between them.
    pub(crate) fn burst(&self, keys: &str) {
        for key in keys.chars() {
            let text = SharedString::from(key);
            self.slint()
                .dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
            self.slint()
                .dispatch_event(WindowEvent::KeyReleased { text });
        }
        mock_elapsed_time(Duration::from_millis(1));
    }

    /// One key as a person presses it.
    pub(crate) fn press(&self, key: &str) {
        let text = SharedString::from(key);
        self.slint()
            .dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
        self.slint()
            .dispatch_event(WindowEvent::KeyReleased { text });
        self.lay_out();
    }

    /// Keys as a person presses them.
    pub(crate) fn type_slowly(&self, keys: &str) {
        for key in keys.chars() {
            self.burst(&key.to_string());
            mock_elapsed_time(Duration::from_millis(200));
            mock_elapsed_time(Duration::from_millis(1));
        }
    }
}

pub(crate) fn sample(name: &str, language: Language) -> View {
    samples::views(language, Theme::Light)
        .into_iter()
        .find(|(sample, _)| *sample == name)
        .unwrap_or_else(|| panic!("no sample is called {name}"))
        .1
}
