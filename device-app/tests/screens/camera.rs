//! What helps the camera, above its picture.

use device_app::view::{CameraHint, Language};
use i_slint_backend_testing::ElementHandle;

use crate::support::{Bench, sample};

const DARK: [&str; 2] = ["太暗。请打开补光灯。", "Too dark. Turn the light on."];
const NEAR: [&str; 2] = ["画面模糊。请拿远一点。", "Blurred. Hold it further away."];

fn shown(bench: &Bench, words: &str) -> Vec<ElementHandle> {
    ElementHandle::find_by_accessible_label(bench.window.component(), words).collect()
}

#[test]
fn hints_stand_above_the_picture_while_they_hold() {
    let bench = Bench::phone();
    for (language, dark, near) in [
        (Language::Chinese, DARK[0], NEAR[0]),
        (Language::English, DARK[1], NEAR[1]),
    ] {
        let mut view = sample("camera", language);
        view.appearance.text_percent = 130;
        bench.window.show_view(&view);
        for (hint, words, other) in [
            (CameraHint::Dark, dark, near),
            (CameraHint::Near, near, dark),
        ] {
            bench.window.show_hint(Some(hint));
            bench.settle();
            let found = shown(&bench, words);
            assert_eq!(found.len(), 1, "{words}");
            assert!(shown(&bench, other).is_empty(), "{other}");
            let (at, size) = (found[0].absolute_position(), found[0].size());
            let picture =
                ElementHandle::find_by_element_id(bench.window.component(), "CameraPanel::picture")
                    .next()
                    .unwrap();
            assert!(at.y + size.height <= picture.absolute_position().y + 0.5);
            assert!(size.height > 20.0 && picture.size().height > 60.0);
        }
        bench.window.show_hint(None);
        bench.settle();
        assert!(shown(&bench, dark).is_empty() && shown(&bench, near).is_empty());
    }
}

#[test]
fn without_a_picture_there_is_no_hint() {
    let bench = Bench::phone();
    bench.window.show_hint(Some(CameraHint::Dark));
    let mut view = sample("camera", Language::English);
    view.camera = device_app::view::Camera::Missing;
    bench.window.show_view(&view);
    bench.settle();
    assert!(shown(&bench, DARK[1]).is_empty());
}
