//! Labels: the chip, what can be printed, the screen of what is printed, the printer's settings.

use slint::{ComponentHandle, SharedString};

use super::Events;
use super::convert::{changed, count, sentence};
use super::generated::{
    AppWindow, PrintKind, PrinterState, Printing as PrintingOffer, PrintingState, ScreenKind,
    Sentence, Shell, Words,
};
use crate::view::{
    LabelWords, PrintChipState, PrintEvent, PrinterView, Printing, PrintingView, UiEvent,
};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    connect_offers(app, events);
    let state = app.global::<PrintingState>();
    let send = sender(events);
    state.on_answer(move |number, answer| {
        send(PrintEvent::Answer {
            number: u32::try_from(number).unwrap_or_default(),
            answer: answer.into(),
        });
    });
    let send = sender(events);
    state.on_stop(move || send(PrintEvent::Stop));
    let send = sender(events);
    state.on_drop(move || send(PrintEvent::Drop));
    let send = sender(events);
    state.on_try_now(move || send(PrintEvent::TryNow));
    let send = sender(events);
    state.on_never_answers(move || send(PrintEvent::NeverAnswers));
    connect_printer(app, events);
}

fn connect_offers(app: &AppWindow, events: &Events) {
    let offer = app.global::<PrintingOffer>();
    let (send, window) = (sender(events), app.as_weak());
    offer.on_print_detail(move || {
        if let Some(app) = window.upgrade() {
            send(PrintEvent::Detail(words(&app)));
        }
    });
    let (send, window) = (sender(events), app.as_weak());
    offer.on_print_last_unit(move || {
        if let Some(app) = window.upgrade() {
            send(PrintEvent::LastUnit(words(&app)));
        }
    });
    let (send, window) = (sender(events), app.as_weak());
    offer.on_print_receipt(move || {
        if let Some(app) = window.upgrade() {
            send(PrintEvent::Receipt(words(&app)));
        }
    });
    let send = sender(events);
    offer.on_change_copies(move |more| send(PrintEvent::Copies(more)));
}

fn connect_printer(app: &AppWindow, events: &Events) {
    let state = app.global::<PrinterState>();
    let send = sender(events);
    state.on_set_address(move |address| send(PrintEvent::SetAddress(address.into())));
    let send = sender(events);
    state.on_set_language(move |at| send(PrintEvent::SetLanguage(place(at))));
    let send = sender(events);
    state.on_set_size(move |at| send(PrintEvent::SetSize(place(at))));
    let send = sender(events);
    state.on_set_dpi(move |dpi| {
        send(PrintEvent::SetDpi(u32::try_from(dpi).unwrap_or_default()));
    });
    let send = sender(events);
    state.on_set_answers(move |answers| send(PrintEvent::SetAnswers(answers)));
    let (send, window) = (sender(events), app.as_weak());
    state.on_print_test(move || {
        if let Some(app) = window.upgrade() {
            send(PrintEvent::Test(words(&app)));
        }
    });
}

fn sender(events: &Events) -> impl Fn(PrintEvent) + 'static {
    let events = events.clone();
    move |event| events(UiEvent::Print(event))
}

fn place(at: i32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// The words of a label as the screen says them now.
fn words(app: &AppWindow) -> LabelWords {
    let words = app.global::<Words>();
    let fact = |code: &str| words.invoke_fact(code.into()).to_string();
    LabelWords {
        lot: fact("lot"),
        expiry: fact("expiry"),
        quantity: fact("quantity"),
        plate: fact("unit"),
        test: words.invoke_printing("test".into()).to_string(),
        ticket: words.invoke_printing("ticket".into()).to_string(),
        keep: words.invoke_printing("keep-ticket".into()).to_string(),
        pieces: fact("pieces-left"),
        due: fact("due"),
        receipt: words.invoke_printing("receipt".into()).to_string(),
    }
}

/// What stands on any screen.
pub(super) fn show_offer(app: &AppWindow, printing: &Printing) {
    let offer = app.global::<PrintingOffer>();
    offer.set_kind(match printing.chip.map(|chip| chip.state) {
        None => PrintKind::None,
        Some(PrintChipState::AtWork) => PrintKind::AtWork,
        Some(PrintChipState::Stuck) => PrintKind::Stuck,
        Some(PrintChipState::Asks) => PrintKind::Asks,
    });
    if let Some(chip) = printing.chip {
        offer.set_out(count(chip.out));
        offer.set_all(count(chip.all));
    }
    offer.set_copies(count(printing.copies));
    offer.set_asks_copies(printing.asks_copies);
    offer.set_last_unit((&printing.last_unit).into());
}

pub(super) fn show(app: &AppWindow, view: &PrintingView) {
    let state = app.global::<PrintingState>();
    state.set_title((&view.title).into());
    state.set_out(count(view.out));
    state.set_all(count(view.all));
    state.set_is_done(view.is_done);
    state.set_state((&view.state).into());
    state.set_next(sentence(view.next.as_ref()));
    state.set_trouble(sentence(view.trouble.as_ref()));
    state.set_asking(view.question.is_some());
    if let Some(question) = &view.question {
        state.set_question_number(count(question.number));
        state.set_question(Sentence::from(&question.message));
    }
    if let Some(labels) = changed(&state.get_labels(), &view.labels) {
        state.set_labels(labels);
    }
    if let Some(later) = changed(&state.get_later(), &view.later) {
        state.set_later(later);
    }
    state.set_can_stop(view.can_stop);
    state.set_can_drop(view.can_drop);
    state.set_can_try_now(view.can_try_now);
    state.set_can_go_on_unanswered(view.can_go_on_unanswered);
    state.set_printer((&view.printer).into());
}

pub(super) fn show_printer(app: &AppWindow, view: &PrinterView) {
    let state = app.global::<PrinterState>();
    let given = SharedString::from(&view.address);
    // The field belongs to the person until something else is kept.
    let entering = app.global::<Shell>().get_screen() != ScreenKind::Settings;
    if entering || given != state.get_given_address() {
        state.set_address(given.clone());
        state.set_given_address(given);
    }
    state.set_error(sentence(view.error.as_ref()));
    state.set_language(count(view.language));
    state.set_size(view.size.map_or(-1, count));
    state.set_dpi(count(view.dpi));
    state.set_answers(view.answers);
}
