//! Every screen is drawn in both languages, light and dark, on a phone and on a tablet.
//!
//! The pictures stay in the target folder (`tmp/screens`), to be looked at.

use std::collections::HashSet;
use std::path::Path;

use device_app::ui::{samples, snapshot};
use device_app::view::{Language, Theme};

use crate::support::{Bench, sample};

#[test]
fn every_screen_is_drawn() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
    std::fs::create_dir_all(&folder).unwrap();
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
                    image::save_buffer(
                        folder.join(&file),
                        drawn.as_bytes(),
                        width,
                        height,
                        image::ExtendedColorType::Rgba8,
                    )
                    .unwrap();
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

#[test]
fn a_snapshot_needs_no_display_and_is_the_same_each_time() {
    let view = sample("home", Language::Chinese);
    let first = snapshot(&view, 480, 800).unwrap();
    assert_eq!((first.width, first.height), (480, 800));
    assert_eq!(first.rgb.len(), 480 * 800 * 3);
    assert!(first == snapshot(&view, 480, 800).unwrap());
    assert!(first != snapshot(&sample("home", Language::English), 480, 800).unwrap());
}
