//! Gloves: everything that can be pressed is at least 48 px each way and inside the window.

use device_app::ui::samples;
use device_app::view::{Language, Theme};
use i_slint_backend_testing::ElementQuery;

use crate::support::{Bench, PRESSABLE};

const SMALLEST: f32 = 48.0;

impl Bench {
    /// How many things can be pressed, and those that are too small or stick out.
    pub(crate) fn targets(&self, width: f32) -> (usize, Vec<String>) {
        let mut seen = 0;
        let mut small = Vec::new();
        for role in PRESSABLE {
            let found = ElementQuery::from_root(self.window.component())
                .match_accessible_role(role)
                .find_all();
            for element in found {
                seen += 1;
                let (size, at) = (element.size(), element.absolute_position());
                let fits = size.width >= SMALLEST
                    && size.height >= SMALLEST
                    && at.x >= -0.5
                    && at.x + size.width <= width + 0.5;
                if !fits {
                    let label = element.accessible_label().unwrap_or_default();
                    small.push(format!("“{label}” {size:?} at {at:?}"));
                }
            }
        }
        (seen, small)
    }
}

#[test]
fn targets_are_large_enough() {
    let bench = Bench::phone();
    let mut small = Vec::new();
    let mut seen = 0;
    for language in Language::ALL {
        for (form, width, height) in samples::FORMS {
            bench.resize(width as f32, height as f32);
            for (name, view) in samples::views(language, Theme::Light) {
                bench.window.show_view(&view);
                bench.settle();
                let (all, too_small) = bench.targets(width as f32);
                seen += all;
                small.extend(
                    too_small
                        .iter()
                        .map(|target| format!("{name} {form} {target}")),
                );
            }
        }
    }
    assert!(seen > 500, "only {seen} elements were found");
    assert!(small.is_empty(), "{}", small.join("\n"));
}

#[test]
fn the_own_keyboard_fits_a_phone() {
    let bench = Bench::phone();
    bench.show("look-up");
    bench.tap("Scan, or type a name, SKU or bin");
    for key in ["q", "p", "1", "0", "-", "m", "Space", "Close keyboard"] {
        let found = bench.find(key);
        let key_element = found.first().unwrap_or_else(|| panic!("no key {key}"));
        let size = key_element.size();
        assert!(
            size.width >= SMALLEST && size.height >= SMALLEST,
            "{key}: {size:?}"
        );
    }
}
