//! Where the keys go. Whatever has the focus may be gone with the next view, and with it the scanner's keys.

use std::cell::RefCell;

use slint::ComponentHandle;

use super::generated::{
    AppWindow, CodeShown, HardwareKeys, Keyboard, NearbyState, ScreenKind, Shell,
};
use super::{look_up_adapter, shell_adapter, task_adapter};
use crate::view::{Screen, TaskView};

thread_local! {
    /// What the window showed last.
    static SHOWN: RefCell<Option<Screen>> = const { RefCell::new(None) };
}

/// Changes whenever a text field may have disappeared or been covered.
#[derive(PartialEq)]
pub(super) struct Focus {
    screen: ScreenKind,
    part: bool,
    covered: bool,
}

impl Focus {
    pub(super) fn of(app: &AppWindow) -> Self {
        Self {
            screen: app.global::<Shell>().get_screen(),
            part: task_adapter::is_typing(app)
                || look_up_adapter::shows_detail(app)
                || app.global::<NearbyState>().get_code() != CodeShown::None,
            covered: shell_adapter::is_covered(app),
        }
    }

    /// After a view was shown: gives the keys back to the window where what had them may be gone.
    pub(super) fn release_if_gone(self, app: &AppWindow, screen: &Screen) {
        let kept = SHOWN.with_borrow_mut(|shown| {
            let kept = shown.as_ref().is_some_and(|shown| keeps(shown, screen));
            if shown.as_ref() != Some(screen) {
                *shown = Some(screen.clone());
            }
            kept
        });
        if !kept {
            app.global::<HardwareKeys>().set_typed(false);
        }
        let gone = self != Self::of(app);
        if gone || (!kept && app.global::<Shell>().get_ringed()) {
            release(app);
        }
    }
}

/// Whether every button of one view is in the next one too, at the same place.
fn keeps(shown: &Screen, next: &Screen) -> bool {
    match (shown, next) {
        // Only the number changes while somebody presses the keys of the keypad.
        (Screen::Task(shown), Screen::Task(next)) => things(shown) == things(next),
        (Screen::SignIn(shown), Screen::SignIn(next)) => {
            shown.chosen == next.chosen && shown.operators == next.operators
        }
        (Screen::Settings(_), Screen::Settings(_)) => true,
        _ => shown == next,
    }
}

fn things(task: &TaskView) -> impl PartialEq {
    (
        task.operation.clone(),
        task.prompt.clone(),
        task.choices.clone(),
        task.actions.clone(),
        task.keypad.is_some(),
        task.entry.is_some(),
        task.last.is_some(),
    )
}

/// Gives the keys back to the window and puts our keyboard away.
pub(super) fn release(app: &AppWindow) {
    app.global::<Keyboard>().set_wanted(false);
    let shell = app.global::<Shell>();
    shell.set_typing(false);
    shell.set_ringed(false);
    app.invoke_focus_root();
}
