//! What the look-up screen says of a thing.

use device_app::view::{Language, Screen, View};
use i_slint_backend_testing::ElementHandle;

use crate::support::{Bench, sample};

fn says(bench: &Bench, words: &str) -> usize {
    ElementHandle::find_by_accessible_label(bench.window.component(), words).count()
}

fn recalculated(language: Language) -> View {
    let mut view = sample("look-up-detail", language);
    let Screen::LookUp(look_up) = &mut view.screen else {
        panic!("another screen");
    };
    let detail = look_up.detail.as_mut().unwrap();
    detail.recalculating = true;
    detail.stock[0].recalculating = true;
    view
}

#[test]
fn stock_that_late_records_change_is_said_to_be_recalculated() {
    let bench = Bench::phone();
    let words = "Being recalculated: late records change this. The numbers follow with the next snapshot, there is nothing to do.";
    bench.show("look-up-detail");
    assert_eq!(
        (says(&bench, words), says(&bench, "being recalculated")),
        (0, 0)
    );
    bench.window.show_view(&recalculated(Language::English));
    bench.settle();
    assert_eq!(
        (says(&bench, words), says(&bench, "being recalculated")),
        (1, 1)
    );
    bench.window.show_view(&recalculated(Language::Chinese));
    bench.settle();
    assert_eq!(says(&bench, "重新计算中"), 1);
}
