//! The program cannot work.

use slint::ComponentHandle;

use super::Events;
use super::generated::{AppWindow, Sentence, StoppedState};
use crate::view::{StoppedView, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let send = events.clone();
    app.global::<StoppedState>()
        .on_quit(move || send(UiEvent::Quit));
}

pub(super) fn show(app: &AppWindow, view: &StoppedView) {
    let state = app.global::<StoppedState>();
    state.set_message(Sentence::from(&view.message));
    state.set_details((&view.details_code).into());
}
