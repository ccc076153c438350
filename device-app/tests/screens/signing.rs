//! A signature on the glass comes out as the strokes that were written, once somebody says so.

use device_app::view::UiEvent;
use i_slint_backend_testing::{AccessibleRole, ElementHandle};

use crate::support::Bench;

/// Where the pad begins, and its size.
fn pad(bench: &Bench) -> [f32; 4] {
    let of_label = ElementHandle::find_by_accessible_label(bench.window.component(), "Sign here");
    let is_pad = |e: &ElementHandle| e.accessible_role() == Some(AccessibleRole::Image);
    let pad = of_label.into_iter().find(is_pad).unwrap();
    let (at, size) = (pad.absolute_position(), pad.size());
    [at.x, at.y, size.width, size.height]
}

#[test]
fn what_is_written_is_handed_in_and_can_be_written_again() {
    let bench = Bench::phone();
    bench.show("task-load-cartons");
    bench.events();
    bench.tap("Let somebody sign");
    assert_eq!(bench.events(), [UiEvent::OpenSigning]);
    bench.show("signing");
    let [x, y, width, height] = pad(&bench);
    // Nothing is written: nothing can be handed in.
    bench.tap("I have signed");
    assert_eq!(bench.events(), []);
    bench.draw(&[(x + 5.0, y + 5.0), (x + 50.0, y + 50.0)]);
    bench.tap("Write again");
    bench.draw(&[
        (x + 20.0, y + 40.0),
        (x + 120.0, y + 40.0),
        (x + 120.0, y + 90.0),
    ]);
    bench.draw(&[(x + 150.0, y + 60.0)]);
    // The worker answers in between: what is written stays.
    bench.show("signing");
    bench.tap("I have signed");
    let events = bench.events();
    let [UiEvent::Signed(strokes)] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(
        strokes.lines,
        [
            vec![(200, 400), (1_200, 400), (1_200, 900)],
            vec![(1_500, 600)],
        ]
    );
    let tenths = |length: f32| (length * 10.0).round() as i32;
    assert_eq!(
        (strokes.width, strokes.height),
        (tenths(width), tenths(height))
    );
    bench.tap("Back");
    assert_eq!(bench.events(), [UiEvent::Back]);
    // The next person sees nothing of it.
    bench.show("task-load-cartons");
    bench.show("signing");
    bench.tap("I have signed");
    assert_eq!(bench.events(), []);
}
