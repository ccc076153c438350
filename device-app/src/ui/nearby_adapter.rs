//! Handhelds nearby, codes to show, files.

use slint::ComponentHandle;

use super::Events;
use super::convert::{changed, changed_texts, count, qr_image};
use super::generated::{AppWindow, CodeShown, NearbyState};
use crate::view::{CodeKind, NearbyView, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let state = app.global::<NearbyState>();
    let send = events.clone();
    state.on_set_enabled(move |on| send(UiEvent::SetNeighbours(on)));
    let send = events.clone();
    state.on_sync(move || send(UiEvent::SyncNeighbours));
    let send = events.clone();
    state.on_show(move |code| {
        send(match code {
            CodeShown::None => UiEvent::HideCode,
            CodeShown::Pair => UiEvent::ShowCode(CodeKind::Pair),
            CodeShown::SetUp => UiEvent::ShowCode(CodeKind::SetUp),
            CodeShown::Parcel => UiEvent::ShowCode(CodeKind::Parcel),
        });
    });
    let send = events.clone();
    state.on_hide(move || send(UiEvent::HideCode));
    let send = events.clone();
    state.on_look_in(move |folder| send(UiEvent::LookIn(folder.into())));
    let send = events.clone();
    state.on_export_to(move |folder| send(UiEvent::ExportTo(folder.into())));
    let send = events.clone();
    state.on_import_from(move |name| send(UiEvent::ImportFrom(name.into())));
}

pub(super) fn show(app: &AppWindow, view: &NearbyView) {
    let state = app.global::<NearbyState>();
    state.set_enabled(view.enabled);
    if let Some(lines) = changed(&state.get_neighbours(), &view.neighbours) {
        state.set_neighbours(lines);
    }
    match &view.code {
        None => state.set_code(CodeShown::None),
        Some(code) => {
            state.set_qr(qr_image(&code.qr));
            state.set_qr_side(count(code.qr.side));
            state.set_parts(count(code.parts));
            state.set_code(match code.kind {
                CodeKind::Pair => CodeShown::Pair,
                CodeKind::SetUp => CodeShown::SetUp,
                CodeKind::Parcel => CodeShown::Parcel,
            });
        }
    }
    let (have, of) = view.receiving.unwrap_or_default();
    state.set_have(count(have));
    state.set_of(count(of));
    // A field that somebody types in is left alone until the worker means another folder.
    if state.get_given_folder() != view.folder.as_str() {
        state.set_given_folder((&view.folder).into());
        state.set_folder((&view.folder).into());
    }
    if let Some(files) = changed_texts(&state.get_files(), &view.files) {
        state.set_files(files);
    }
    state.set_stands_in(view.stands_in);
}
