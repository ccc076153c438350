//! Search, and what is known about one item or bin.

use slint::{ComponentHandle, SharedString};

use super::Events;
use super::convert::{changed, changed_texts, count, split_facts};
use super::generated::{AppWindow, LookUpState, ScreenKind, Shell};
use crate::view::{CellState, LookUpView, Rack, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let state = app.global::<LookUpState>();
    let send = events.clone();
    state.on_search(move |text| send(UiEvent::Search(text.into())));
    let send = events.clone();
    state.on_open_hit(move |id| send(UiEvent::OpenHit(id.into())));
    let send = events.clone();
    state.on_open_receipt(move |id| send(UiEvent::OpenReceipt(id.into())));
    let send = events.clone();
    state.on_close_detail(move || send(UiEvent::CloseDetail));
}

pub(super) fn show(app: &AppWindow, view: &LookUpView) {
    let state = app.global::<LookUpState>();
    let scanned = SharedString::from(view.scanned.as_deref().unwrap_or_default());
    let entering = app.global::<Shell>().get_screen() != ScreenKind::LookUp;
    if entering || (!scanned.is_empty() && scanned != state.get_scanned()) {
        state.set_query(scanned.clone());
    }
    state.set_scanned(scanned);
    if let Some(hits) = changed(&state.get_hits(), &view.hits) {
        state.set_hits(hits);
    }
    state.set_has_detail(view.detail.is_some());
    let Some(detail) = &view.detail else {
        return;
    };
    state.set_kind((&detail.kind).into());
    state.set_title((&detail.title).into());
    state.set_subtitle((&detail.subtitle).into());
    let (big, others) = split_facts(&detail.facts);
    if let Some(facts) = changed(&state.get_big_facts(), &big) {
        state.set_big_facts(facts);
    }
    if let Some(facts) = changed(&state.get_facts(), &others) {
        state.set_facts(facts);
    }
    show_rack(&state, &detail.rack);
    state.set_counts_only(detail.counts_only);
    if let Some(stock) = changed(&state.get_stock(), &detail.stock) {
        state.set_stock(stock);
    }
    state.set_recalculating(detail.recalculating);
    if let Some(history) = changed(&state.get_history(), &detail.history) {
        state.set_history(history);
    }
}

fn show_rack(state: &LookUpState<'_>, rack: &Rack) {
    let any = |wanted| rack.cells.iter().any(|cell| cell.state == wanted);
    let levels = rack.cells.iter().map(|cell| cell.row + 1).max();
    state.set_rack_aisle((&rack.aisle).into());
    if let Some(bays) = changed_texts(&state.get_rack_bays(), &rack.bays) {
        state.set_rack_bays(bays);
    }
    if let Some(cells) = changed(&state.get_rack_cells(), &rack.cells) {
        state.set_rack_cells(cells);
    }
    state.set_rack_levels(count(levels.unwrap_or_default()));
    state.set_rack_has_levels(rack.cells.iter().any(|cell| !cell.level.is_empty()));
    state.set_rack_frozen(any(CellState::Frozen));
    state.set_rack_hidden(any(CellState::Hidden));
}

/// On a phone the detail takes the place of the search field.
pub(super) fn shows_detail(app: &AppWindow) -> bool {
    app.global::<LookUpState>().get_has_detail()
}
