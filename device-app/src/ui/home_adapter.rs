//! The resting place: scan anything, or choose an operation.

use slint::ComponentHandle;

use super::Events;
use super::convert::{changed, count};
use super::generated::{AppWindow, DraftRow, HomeState};
use crate::view::{HomeView, UiEvent};

/// Operations that are done every day, and get large tiles; the others follow, smaller.
const DAILY: usize = 6;

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let state = app.global::<HomeState>();
    let send = events.clone();
    state.on_open_operation(move |code| send(UiEvent::OpenOperation(code.into())));
    let send = events.clone();
    state.on_take_over(move |id| send(UiEvent::TakeOver(id.into())));
    let send = events.clone();
    state.on_resume(move || send(UiEvent::Resume));
}

pub(super) fn show(app: &AppWindow, view: &HomeView) {
    let state = app.global::<HomeState>();
    state.set_site((&view.site).into());
    state.set_counts_only(view.counts_only);
    state.set_has_draft(view.resumable.is_some());
    if let Some(draft) = &view.resumable {
        state.set_draft(DraftRow {
            operation: (&draft.operation).into(),
            title: (&draft.title).into(),
            started: (&draft.started).into(),
            lines: count(draft.lines),
        });
    }
    if let Some(rows) = changed(&state.get_of_others(), &view.of_others) {
        state.set_of_others(rows);
    }
    if let Some(recent) = changed(&state.get_recent(), &view.recent) {
        state.set_recent(recent);
    }
    state.set_lines_today(count(view.lines_today));
    let daily = view.operations.len().min(DAILY);
    let (daily, others) = view.operations.split_at(daily);
    if let Some(others) = changed(&state.get_other_operations(), others) {
        state.set_other_operations(others);
    }
    if let Some(operations) = changed(&state.get_operations(), daily) {
        state.set_operations(operations);
    }
}
