//! What waits, what was heard last, and what the scanner really sends.

use slint::ComponentHandle;

use super::Events;
use super::convert::{changed, count, sentence};
use super::generated::{AppWindow, SyncState};
use crate::view::{SyncView, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let state = app.global::<SyncState>();
    let send = events.clone();
    state.on_sync_now(move || send(UiEvent::SyncNow));
    let send = events.clone();
    state.on_set_stay_offline(move |on| send(UiEvent::StayOffline(on)));
    let send = events.clone();
    state.on_open_enrol(move || send(UiEvent::OpenEnrol));
}

pub(super) fn show(app: &AppWindow, view: &SyncView) {
    let state = app.global::<SyncState>();
    state.set_last_contact((&view.last_contact).into());
    state.set_server_url((&view.server_url).into());
    state.set_device_name((&view.device_name).into());
    state.set_data_version((&view.data_version).into());
    state.set_only_here(count(view.only_here));
    state.set_blocked(count(view.blocked));
    if let Some(lines) = changed(&state.get_waiting_lines(), &view.waiting_lines) {
        state.set_waiting_lines(lines);
    }
    if let Some(groups) = changed(&state.get_only_here_groups(), &view.only_here_groups) {
        state.set_only_here_groups(groups);
    }
    if let Some(groups) = changed(&state.get_set_aside_groups(), &view.set_aside_groups) {
        state.set_set_aside_groups(groups);
    }
    state.set_photos(count(view.photos));
    state.set_photos_size((&view.photos_size).into());
    state.set_photos_held_back(count(view.photos_held_back));
    state.set_last_error(sentence(view.last_error.as_ref()));
    state.set_stay_offline(view.stay_offline);
    if let Some(scans) = changed(&state.get_raw_scans(), &view.raw_scans) {
        state.set_raw_scans(scans);
    }
    state.set_can_enrol(view.can_enrol);
}
