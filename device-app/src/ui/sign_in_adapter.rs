//! Who works: badge, or a tile and a PIN.

use slint::ComponentHandle;

use super::Events;
use super::convert::{changed, count, pad_key, sentence};
use super::generated::{AppWindow, SignInState};
use crate::view::{SignInView, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let state = app.global::<SignInState>();
    let send = events.clone();
    state.on_choose(move |id| send(UiEvent::ChooseOperator(id.into())));
    let send = events.clone();
    state.on_forget(move || send(UiEvent::ForgetOperator));
    let send = events.clone();
    state.on_key(move |name| {
        if let Some(key) = pad_key(&name) {
            send(UiEvent::PinKey(key));
        }
    });
    let send = events.clone();
    state.on_done(move || send(UiEvent::PinDone));
    let send = events.clone();
    state.on_cancel(move || send(UiEvent::Back));
}

pub(super) fn show(app: &AppWindow, view: &SignInView) {
    let state = app.global::<SignInState>();
    state.set_site((&view.site).into());
    if let Some(operators) = changed(&state.get_operators(), &view.operators) {
        state.set_operators(operators);
    }
    let chosen = view
        .chosen
        .as_ref()
        .and_then(|id| view.operators.iter().find(|operator| operator.id == *id));
    state.set_chosen_name(
        chosen
            .map(|operator| (&operator.name).into())
            .unwrap_or_default(),
    );
    state.set_pin_length(count(view.pin_length));
    state.set_approval(sentence(view.approval.as_ref()));
    state.set_error(sentence(view.error.as_ref()));
    state.set_locked_seconds(count(view.locked_seconds));
}
