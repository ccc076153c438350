//! Text stands out from its ground by 7:1 or more, in light and in dark.

use std::collections::HashMap;

/// The colours of the first block after `mark`.
fn colours(css: &str, mark: &str) -> HashMap<String, [u8; 3]> {
    let (_, rest) = css.split_once(mark).unwrap();
    let block = rest.split('}').next().unwrap();
    let mut out = HashMap::new();
    for declaration in block.split([';', '{']) {
        let Some((name, value)) = declaration.split_once(':') else {
            continue;
        };
        let (Some(name), Some(hex)) = (
            name.trim().strip_prefix("--"),
            value.trim().strip_prefix('#'),
        ) else {
            continue;
        };
        let long: String = match hex.len() {
            3 => hex.chars().flat_map(|c| [c, c]).collect(),
            _ => hex.to_owned(),
        };
        let part = |i: usize| u8::from_str_radix(&long[i..i + 2], 16).unwrap();
        out.insert(name.to_owned(), [part(0), part(2), part(4)]);
    }
    out
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [r, g, b] = colour.map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn words_can_be_read_in_every_look() {
    let css = include_str!("../../assets/app.css");
    let dark = colours(css, ":root[data-theme=\"dark\"]");
    let system_dark = colours(css, ":root[data-theme=\"auto\"]");
    assert_eq!(dark, system_dark, "the two dark looks are one");
    for (look, tokens) in [("light", colours(css, ":root {")), ("dark", dark)] {
        for (text, grounds) in [
            ("ink", &["ground", "surface", "sunk", "hover"][..]),
            ("ink-muted", &["ground", "surface", "sunk", "hover"]),
            ("brand", &["ground", "surface"]),
            ("on-brand", &["brand"]),
            ("on-brand-soft", &["brand-soft"]),
            ("on-rail", &["rail", "rail-here"]),
            ("good", &["good-soft"]),
            ("warn", &["warn-soft", "surface", "sunk"]),
            ("bad", &["bad-soft", "surface"]),
        ] {
            for ground in grounds {
                let found = contrast(tokens[text], tokens[*ground]);
                assert!(found >= 7.0, "{look}: {text} on {ground} is {found:.2}:1");
            }
        }
    }
}
