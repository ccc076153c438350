//! Every screen is drawn in both languages, in every look, on a phone and on a tablet.
//!
//! The pictures stay in the target folder (`tmp/screens`), to be looked at.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use device_app::ui::{render_samples, samples, snapshot};
use device_app::view::{
    Camera, HistoryView, HomeView, Language, LookUpView, Screen, SyncView, Theme, View,
};
use slint::{Rgba8Pixel, SharedPixelBuffer};

use crate::support::{Bench, sample};

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn save(file: &str, drawn: &SharedPixelBuffer<Rgba8Pixel>) {
    image::save_buffer(
        folder().join(file),
        drawn.as_bytes(),
        drawn.width(),
        drawn.height(),
        image::ExtendedColorType::Rgba8,
    )
    .unwrap();
}

#[test]
fn every_screen_is_drawn_and_is_on_the_page() {
    let folder = folder();
    let written = render_samples(&folder).unwrap();
    let page = std::fs::read_to_string(folder.join("index.html")).unwrap();
    assert_eq!(written.len(), samples::shots().len());
    let mut seen = HashSet::new();
    for (path, shot) in written.iter().zip(samples::shots()) {
        let file = shot.file();
        assert!(page.contains(&format!("src=\"{file}\"")), "{file}");
        // Refused is the same red in every look.
        assert!(
            shot.name == "refused" || seen.insert(std::fs::read(path).unwrap()),
            "{file} looks like another one"
        );
    }
    assert_eq!(image::image_dimensions(&written[0]).unwrap(), (480, 800));
}

/// States that no sample shows: large text everywhere, nothing to show, our keyboard, no camera.
#[test]
fn odd_states_are_drawn() {
    let bench = Bench::phone();
    let draw = |name: &str| {
        bench.settle();
        let drawn = bench.slint().take_snapshot().unwrap();
        save(&format!("odd-{name}.png"), &drawn);
    };
    for (name, mut view) in samples::views(Language::English, Theme::Sun) {
        view.appearance.text_percent = 130;
        bench.window.show_view(&view);
        draw(&format!("large-{name}"));
    }
    let chinese = |screen| View {
        screen,
        ..sample("home", Language::Chinese)
    };
    bench
        .window
        .show_view(&chinese(Screen::Home(HomeView::default())));
    draw("empty-home");
    bench
        .window
        .show_view(&chinese(Screen::History(HistoryView::default())));
    draw("empty-history");
    bench
        .window
        .show_view(&chinese(Screen::Sync(SyncView::default())));
    draw("empty-sync");
    bench
        .window
        .show_view(&chinese(Screen::LookUp(LookUpView::default())));
    bench.tap("扫描，或输入名称、SKU、库位");
    draw("keyboard");

    let mut locked = sample("pin", Language::Chinese);
    if let Screen::SignIn(sign_in) = &mut locked.screen {
        sign_in.locked_seconds = 30;
    }
    bench.window.show_view(&locked);
    draw("locked");
    let mut blind = sample("camera", Language::English);
    blind.camera = Camera::Missing;
    bench.window.show_view(&blind);
    draw("no-camera");
    let mut text = sample("task-text", Language::English);
    text.appearance.left_handed = true;
    bench.window.show_view(&text);
    bench.tap("Expiry date");
    draw("task-keyboard");
}

#[test]
fn a_snapshot_needs_no_display_and_is_the_same_each_time() {
    let view = sample("home", Language::Chinese);
    let first = snapshot(&view, 480, 800).unwrap();
    assert_eq!((first.width, first.height), (480, 800));
    assert_eq!(first.rgb.len(), 480 * 800 * 3);
    assert!(first == snapshot(&view, 480, 800).unwrap());
    assert!(first != snapshot(&sample("home", Language::English), 480, 800).unwrap());
}
