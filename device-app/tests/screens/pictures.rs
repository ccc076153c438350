//! Every screen is drawn in both languages, light and dark, on a phone and on a tablet.
//!
//! The pictures stay in the target folder (`tmp/screens`), to be looked at.

use std::collections::HashSet;
use std::path::Path;

use device_app::ui::{samples, snapshot};
use device_app::view::{
    Camera, HistoryView, HomeView, Language, LookUpView, Screen, SyncView, Theme, View,
};
use slint::{Rgba8Pixel, SharedPixelBuffer};

use crate::support::{Bench, sample};

pub(crate) fn save(file: &str, drawn: &SharedPixelBuffer<Rgba8Pixel>) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
    std::fs::create_dir_all(&folder).unwrap();
    image::save_buffer(
        folder.join(file),
        drawn.as_bytes(),
        drawn.width(),
        drawn.height(),
        image::ExtendedColorType::Rgba8,
    )
    .unwrap();
}

#[test]
fn every_screen_is_drawn() {
    let bench = Bench::phone();
    bench.window.show_preview(&samples::picture());
    let mut seen = HashSet::new();
    for language in Language::ALL {
        for theme in [Theme::Light, Theme::Dark] {
            for (form, width, height) in samples::FORMS {
                bench.resize(width as f32, height as f32);
                for (name, view) in samples::views(language, theme) {
                    bench.window.show_view(&view);
                    bench.settle();
                    let drawn = bench.slint().take_snapshot().unwrap();
                    assert_eq!((drawn.width(), drawn.height()), (width, height));
                    let file = format!("{name}-{}-{}-{form}.png", language.code(), theme.code());
                    save(&file, &drawn);
                    // Refused is the same red in every look.
                    assert!(
                        name == "refused" || seen.insert(drawn.as_bytes().to_vec()),
                        "{file} looks like another one"
                    );
                }
            }
        }
    }
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

/// What a phone shows only after scrolling.
#[test]
fn long_screens_are_drawn_whole() {
    let bench = Bench::phone();
    bench.resize(480.0, 2200.0);
    for language in Language::ALL {
        for theme in [Theme::Light, Theme::Dark] {
            for name in ["sync", "nearby", "settings"] {
                let views = samples::views(language, theme);
                let view = views.into_iter().find(|(sample, _)| *sample == name);
                bench.window.show_view(&view.unwrap().1);
                bench.settle();
                let drawn = bench.slint().take_snapshot().unwrap();
                let file = format!("long-{name}-{}-{}.png", language.code(), theme.code());
                save(&file, &drawn);
            }
        }
    }
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
