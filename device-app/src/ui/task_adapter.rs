//! One step of an operation.

use slint::{ComponentHandle, SharedString};

use super::Events;
use super::convert::{changed, count, pad_key, qr_image, sentence, split_facts};
use super::generated::{ActionRow, AppWindow, Sentence, TaskState};
use crate::view::{Action, TaskView, UiEvent, Weight};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let state = app.global::<TaskState>();
    let send = events.clone();
    state.on_action(move |code| send(UiEvent::Action(code.into())));
    let send = events.clone();
    state.on_choose(move |id| send(UiEvent::Choose(id.into())));
    let send = events.clone();
    state.on_key(move |name| {
        if let Some(key) = pad_key(&name) {
            send(UiEvent::Keypad(key));
        }
    });
    let send = events.clone();
    state.on_enter_text(move |text| send(UiEvent::EnterText(text.into())));
    let send = events.clone();
    state.on_undo(move || send(UiEvent::Undo));
    let send = events.clone();
    state.on_photograph(move || send(UiEvent::TakePhoto));
    let send = events.clone();
    state.on_sign(move || send(UiEvent::OpenSigning));
}

pub(super) fn show(app: &AppWindow, view: &TaskView) {
    let state = app.global::<TaskState>();
    state.set_operation((&view.operation).into());
    state.set_prompt(Sentence::from(&view.prompt));

    let (big, others) = split_facts(&view.facts);
    if let Some(facts) = changed(&state.get_big_facts(), &big) {
        state.set_big_facts(facts);
    }
    if let Some(facts) = changed(&state.get_facts(), &others) {
        state.set_facts(facts);
    }
    if let Some(lines) = changed(&state.get_lines(), &view.lines) {
        state.set_lines(lines);
    }
    if let Some(choices) = changed(&state.get_choices(), &view.choices) {
        state.set_choices(choices);
    }
    state.set_recalculating(view.recalculating);
    show_input(&state, view);
    show_actions(&state, &view.actions);

    state.set_can_photograph(view.can_photograph);
    state.set_can_sign(view.can_sign);
    let side = view.ticket.as_ref().map_or(0, |qr| count(qr.side));
    if let Some(qr) = view
        .ticket
        .as_ref()
        .filter(|_| state.get_ticket_side() != side)
    {
        state.set_ticket(qr_image(qr));
    }
    state.set_ticket_side(side);
    state.set_has_last(view.last.is_some());
    if let Some(last) = &view.last {
        state.set_last(Sentence::from(&last.message));
        state.set_last_time((&last.time).into());
        state.set_can_undo(last.can_undo);
    }
}

fn show_input(state: &TaskState<'_>, view: &TaskView) {
    let asked = view.keypad.as_ref().is_some_and(|keypad| keypad.asked);
    if state.get_keypad_asked() && !asked {
        // The line is done: whoever pulled the keypad out for it has typed.
        state.set_keypad_pulled(false);
    }
    state.set_keypad_asked(asked);
    state.set_keypad_offered(view.keypad.is_some());
    if let Some(keypad) = &view.keypad {
        state.set_quantity((&keypad.value).into());
        state.set_unit((&keypad.unit).into());
        state.set_decimals(keypad.decimals);
    }
    if let Some(entry) = &view.entry {
        // The field belongs to the person, until another text is asked for or given.
        let given = SharedString::from(format!("{}\n{}", entry.label, entry.value));
        if !state.get_entry_open() || state.get_entry_given() != given {
            state.set_entry_given(given);
            state.set_entry_text((&entry.value).into());
        }
        state.set_entry_label((&entry.label).into());
    }
    state.set_entry_open(view.entry.is_some());
    let hint = view
        .keypad
        .as_ref()
        .and_then(|keypad| keypad.hint.as_ref())
        .or(view.entry.as_ref().and_then(|entry| entry.hint.as_ref()));
    state.set_hint(sentence(hint));
}

fn show_actions(state: &TaskState<'_>, actions: &[Action]) {
    let of = |weight: Weight| -> Vec<Action> {
        actions
            .iter()
            .filter(|action| action.weight == weight)
            .cloned()
            .collect()
    };
    if let Some(normal) = changed(&state.get_actions(), &of(Weight::Normal)) {
        state.set_actions(normal);
    }
    if let Some(danger) = changed(&state.get_danger_actions(), &of(Weight::Danger)) {
        state.set_danger_actions(danger);
    }
    let primary = actions
        .iter()
        .find(|action| action.weight == Weight::Primary);
    state.set_primary(primary.map(ActionRow::from).unwrap_or_default());
}

/// A text is asked for.
pub(super) fn is_typing(app: &AppWindow) -> bool {
    app.global::<TaskState>().get_entry_open()
}

impl From<&Action> for ActionRow {
    fn from(action: &Action) -> Self {
        Self {
            code: (&action.code).into(),
            enabled: action.enabled,
        }
    }
}
