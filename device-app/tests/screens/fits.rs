//! No text is cut off, elided or covered, and everything that can be pressed is large enough for a glove.
//!
//! Every sample screen, in both languages, on a phone and on a tablet, at each scale of a display and each size of text.

mod faulty;
mod rules;

use device_app::ui::samples;
use device_app::view::{Language, Theme};

use crate::scene::Scene;
use crate::support::Bench;
use rules::faults;

const SCALES: [f32; 3] = [1.0, 1.5, 2.0];
const TEXT_PERCENTS: [u32; 3] = [100, 115, 130];

fn every_screen_fits(form: &str, language: Language) {
    let bench = Bench::phone();
    let (_, width, height) = samples::FORMS
        .into_iter()
        .find(|(name, ..)| *name == form)
        .unwrap();
    let mut wrong = Vec::new();
    let mut words = 0;
    for scale in SCALES {
        bench.scale(scale);
        bench.resize(width as f32, height as f32);
        for percent in TEXT_PERCENTS {
            for (name, mut view) in samples::views(language, Theme::Light) {
                view.appearance.text_percent = view.appearance.text_percent.max(percent);
                bench.window.show_view(&view);
                bench.lay_out();
                let scene = Scene::of(bench.slint());
                words += scene.words.len();
                let place = format!("{name} {form} {} x{scale} {percent} %", language.code());
                wrong.extend(
                    faults(&scene)
                        .into_iter()
                        .map(|fault| format!("{place}: {fault}")),
                );
            }
        }
    }
    assert!(words > 5_000, "only {words} texts were found");
    assert!(
        wrong.is_empty(),
        "{} faults\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_screen_fits_a_phone_in_english() {
    every_screen_fits("phone", Language::English);
}

#[test]
fn every_screen_fits_a_phone_in_chinese() {
    every_screen_fits("phone", Language::Chinese);
}

#[test]
fn every_screen_fits_a_tablet_in_english() {
    every_screen_fits("tablet", Language::English);
}

#[test]
fn every_screen_fits_a_tablet_in_chinese() {
    every_screen_fits("tablet", Language::Chinese);
}
