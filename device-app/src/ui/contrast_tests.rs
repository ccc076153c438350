//! What must be read keeps a contrast of 7:1 to its ground, in every look.

use i_slint_backend_testing::init_no_event_loop;
use slint::{Color, ComponentHandle};

use super::generated::{AppWindow, Look, Theme};

/// Relative luminance as WCAG defines it.
fn luminance(color: Color) -> f64 {
    let linear = |channel: u8| {
        let part = f64::from(channel) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(color.red()) + 0.7152 * linear(color.green()) + 0.0722 * linear(color.blue())
}

fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn words_can_be_read_in_every_look() {
    init_no_event_loop();
    let app = AppWindow::new().unwrap();
    let theme = app.global::<Theme>();
    let mut weak = Vec::new();
    for look in [Look::Light, Look::Dark, Look::Sun] {
        theme.set_look(look);
        let (ground, surface, sunk) = (theme.get_ground(), theme.get_surface(), theme.get_sunk());
        let pairs = [
            ("ink on ground", theme.get_ink(), ground),
            ("ink on surface", theme.get_ink(), surface),
            ("ink on sunk", theme.get_ink(), sunk),
            ("muted on ground", theme.get_ink_muted(), ground),
            ("muted on surface", theme.get_ink_muted(), surface),
            ("muted on sunk", theme.get_ink_muted(), sunk),
            ("brand on surface", theme.get_brand(), surface),
            ("brand on ground", theme.get_brand(), ground),
            ("on brand", theme.get_on_brand(), theme.get_brand()),
            (
                "on pressed",
                theme.get_on_brand(),
                theme.get_brand_pressed(),
            ),
            ("on soft", theme.get_on_brand_soft(), theme.get_brand_soft()),
            ("on accepted", theme.get_on_accepted(), theme.get_accepted()),
            ("accepted text", theme.get_accepted_text(), surface),
            (
                "on attention",
                theme.get_on_attention(),
                theme.get_attention(),
            ),
            ("attention text", theme.get_attention_text(), surface),
            ("attention on ground", theme.get_attention_text(), ground),
            ("on refused", theme.get_on_refused(), theme.get_refused()),
            ("refused text", theme.get_refused_text(), surface),
            ("refused on ground", theme.get_refused_text(), ground),
        ];
        for (name, text, under) in pairs {
            let ratio = contrast(text, under);
            if ratio < 7.0 {
                weak.push(format!("{look:?}, {name}: {ratio:.2}"));
            }
        }
    }
    assert!(weak.is_empty(), "{}", weak.join("\n"));
}
