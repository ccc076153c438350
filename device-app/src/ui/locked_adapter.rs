//! A supervisor has locked the device.

use slint::ComponentHandle;

use super::Events;
use super::convert::count;
use super::generated::{AppWindow, LockedState};
use crate::view::{LockedView, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let state = app.global::<LockedState>();
    let send = events.clone();
    state.on_sync_now(move || send(UiEvent::SyncNow));
    let send = events.clone();
    state.on_go_online(move || send(UiEvent::StayOffline(false)));
}

pub(super) fn show(app: &AppWindow, view: &LockedView) {
    let state = app.global::<LockedState>();
    state.set_by((&view.by).into());
    state.set_at((&view.at).into());
    state.set_text((&view.text).into());
    state.set_device_name((&view.device_name).into());
    state.set_waiting(count(view.waiting));
    state.set_stays_offline(view.stays_offline);
}
