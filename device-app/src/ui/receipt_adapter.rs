//! The receipt of an act of custody.

use slint::ComponentHandle;

use super::Events;
use super::convert::{changed, count, qr_image, split_facts};
use super::generated::{AppWindow, ReceiptState, Sentence};
use crate::view::{ReceiptView, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let send = events.clone();
    app.global::<ReceiptState>()
        .on_done(move || send(UiEvent::Back));
}

pub(super) fn show(app: &AppWindow, view: &ReceiptView) {
    let state = app.global::<ReceiptState>();
    state.set_act((&view.act).into());
    state.set_next(Sentence::from(&view.next));
    let (big, others) = split_facts(&view.facts);
    if let Some(facts) = changed(&state.get_big_facts(), &big) {
        state.set_big_facts(facts);
    }
    if let Some(facts) = changed(&state.get_facts(), &others) {
        state.set_facts(facts);
    }
    match &view.qr {
        Some(qr) => {
            state.set_qr(qr_image(qr));
            state.set_qr_side(count(qr.side));
        }
        None => state.set_qr_side(0),
    }
}
