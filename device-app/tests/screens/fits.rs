//! No text is cut off, elided or covered, and everything that can be pressed is large enough for a glove.
//!
//! Every sample screen, in both languages, on a phone and on a tablet, at each scale of a display and each size of text.

mod faulty;
mod rules;

use device_app::ui::samples;
use device_app::view::{Language, Screen, Theme};

use crate::scene::Scene;
use crate::support::{Bench, sample};
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

/// Our keyboard takes half of the screen of a phone.
#[test]
fn what_is_left_beside_the_keyboard_fits() {
    let bench = Bench::phone();
    let mut wrong = Vec::new();
    for (language, field) in [
        (Language::English, "Scan, or type a name, SKU or bin"),
        (Language::Chinese, "扫描，或输入名称、SKU、库位"),
    ] {
        for percent in TEXT_PERCENTS {
            let mut view = sample("look-up", language);
            view.appearance.text_percent = percent;
            bench.window.show_view(&sample("home", language));
            bench.lay_out();
            bench.window.show_view(&view);
            bench.lay_out();
            bench.tap(field);
            bench.lay_out();
            let found = faults(&Scene::of(bench.slint()));
            wrong.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{} {percent} %: {fault}", language.code())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rules hold for the real screens too: what cannot fit is found.
#[test]
fn a_name_that_nothing_can_hold_is_found() {
    let bench = Bench::phone();
    let mut view = sample("home", Language::English);
    if let Screen::Home(home) = &mut view.screen {
        home.site = "H".repeat(60);
    }
    bench.window.show_view(&view);
    bench.lay_out();
    let found = faults(&Scene::of(bench.slint()));
    assert!(found.iter().any(|fault| fault.contains("HHH")), "{found:?}");
}
