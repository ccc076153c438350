//! What this device did, newest first.

use slint::ComponentHandle;

use super::Events;
use super::convert::changed;
use super::generated::{AppWindow, HistoryState};
use crate::view::{HistoryView, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let send = events.clone();
    app.global::<HistoryState>()
        .on_undo(move |id| send(UiEvent::HistoryUndo(id.into())));
}

pub(super) fn show(app: &AppWindow, view: &HistoryView) {
    let state = app.global::<HistoryState>();
    if let Some(rows) = changed(&state.get_rows(), &view.rows) {
        state.set_rows(rows);
    }
}
