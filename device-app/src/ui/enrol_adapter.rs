//! First run: the server's address and the one-time code.

use slint::{ComponentHandle, SharedString};

use super::Events;
use super::convert::{changed_texts, sentence};
use super::generated::{AppWindow, EnrolState};
use crate::view::{EnrolView, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let state = app.global::<EnrolState>();
    let send = events.clone();
    state.on_enrol(move |server_url, code, device_name| {
        send(UiEvent::Enrol {
            server_url: server_url.into(),
            code: code.into(),
            device_name: device_name.into(),
        });
    });
    let send = events.clone();
    state.on_skip(move || send(UiEvent::SkipEnrol));
}

pub(super) fn show(app: &AppWindow, view: &EnrolView) {
    let state = app.global::<EnrolState>();
    let given = [
        view.server_url.clone(),
        view.code.clone(),
        view.device_name.clone(),
    ];
    // The fields belong to the person, until a scanned QR brings other values.
    if let Some(given) = changed_texts(&state.get_given(), &given) {
        state.set_given(given);
        state.set_server_url(SharedString::from(&view.server_url));
        state.set_code(SharedString::from(&view.code));
        state.set_device_name(SharedString::from(&view.device_name));
    }
    state.set_busy(view.busy);
    state.set_error(sentence(view.error.as_ref()));
    state.set_can_skip(view.can_skip);
}
