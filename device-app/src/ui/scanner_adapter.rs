//! The wedge scanner that is being learnt.

use slint::ComponentHandle;

use super::Events;
use super::convert::{count, qr_image};
use super::generated::{AppWindow, ScannerState, Sentence};
use crate::view::{ScannerView, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let send = events.clone();
    app.global::<ScannerState>()
        .on_reset(move || send(UiEvent::ResetScanner));
}

pub(super) fn show(app: &AppWindow, view: &ScannerView) {
    let state = app.global::<ScannerState>();
    state.set_qr(qr_image(&view.qr));
    state.set_qr_side(count(view.qr.side));
    state.set_prompt(Sentence::from(&view.prompt));
    state.set_found(view.found.is_some());
    if let Some(found) = &view.found {
        let settings = &found.settings;
        state.set_terminator(found.terminator.code().into());
        state.set_prefix((&settings.prefix).into());
        state.set_suffix((&settings.suffix).into());
        let separator = settings.gs_substitute.as_deref();
        state.set_separator(separator.unwrap_or_default().into());
        state.set_separator_lost(found.gs_lost);
    }
    state.set_raw((&view.raw).into());
    state.set_is_learnt(view.is_learnt);
}
