//! The pad on which somebody signs. What is written belongs to the window until it is handed in.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;

use slint::ComponentHandle;

use super::Events;
use super::generated::{AppWindow, ScreenKind, Shell, SigningState};
use crate::view::{SigningView, Strokes, UiEvent};

type Lines = Rc<RefCell<Vec<Vec<(i32, i32)>>>>;

/// Tenths of logical pixels. A pad is no larger than a screen.
fn tenths(length: f32) -> i32 {
    (length * 10.0).round().clamp(-1e6, 1e6) as i32
}

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let state = app.global::<SigningState>();
    let lines = Lines::default();
    let (pen, weak) = (lines.clone(), app.as_weak());
    state.on_pen_down(move |x, y| {
        pen.borrow_mut().push(vec![(tenths(x), tenths(y))]);
        draw(&weak, &pen);
    });
    let (pen, weak) = (lines.clone(), app.as_weak());
    state.on_pen_moved(move |x, y| {
        let point = (tenths(x), tenths(y));
        if let Some(line) = pen.borrow_mut().last_mut()
            && line.last() != Some(&point)
        {
            line.push(point);
        }
        draw(&weak, &pen);
    });
    let (pen, weak) = (lines.clone(), app.as_weak());
    state.on_clear(move || {
        pen.borrow_mut().clear();
        draw(&weak, &pen);
    });
    let (pen, send) = (lines.clone(), events.clone());
    state.on_keep(move |width, height| {
        send(UiEvent::Signed(Strokes {
            width: tenths(width),
            height: tenths(height),
            lines: pen.borrow().clone(),
        }));
    });
    let send = events.clone();
    state.on_cancel(move || send(UiEvent::Back));
    // The next person begins with an empty pad.
    let (pen, weak) = (lines, app.as_weak());
    state.on_opened(move || {
        pen.borrow_mut().clear();
        draw(&weak, &pen);
    });
}

fn draw(app: &slint::Weak<AppWindow>, lines: &Lines) {
    let Some(app) = app.upgrade() else {
        return;
    };
    let mut commands = String::new();
    for line in lines.borrow().iter() {
        for (n, (x, y)) in line.iter().enumerate() {
            let (x, y) = (*x as f32 / 10.0, *y as f32 / 10.0);
            // Writing to a string cannot fail. A dot is a line to where it began.
            let _ = match n {
                0 => write!(commands, "M {x} {y} L {} {y} ", x + 0.1),
                _ => write!(commands, "L {x} {y} "),
            };
        }
    }
    app.global::<SigningState>().set_written(commands.into());
}

pub(super) fn show(app: &AppWindow, view: &SigningView) {
    let state = app.global::<SigningState>();
    if app.global::<Shell>().get_screen() != ScreenKind::Signing {
        state.invoke_opened();
    }
    state.set_order((&view.order).into());
    state.set_party((&view.party).into());
    state.set_lines(i32::try_from(view.lines).unwrap_or(i32::MAX));
}
