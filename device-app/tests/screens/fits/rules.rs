//! What is wrong with a scene.

use i_slint_core::lengths::LogicalRect;

use crate::scene::{Scene, Target, Words};

/// The smallest thing that may be touched in gloves, about 9 mm.
const TOUCH: f32 = 48.0;
/// Between two of them.
const GAP: f32 = 8.0;
const MAIN: f32 = 64.0;
const ROW: f32 = 56.0;
/// What rounding to pixels may do.
const SLACK: f32 = 0.6;
/// How deep two texts may reach into each other: the room above and below letters is part of a line.
const LEADING: f32 = 3.0;

pub(crate) fn faults(scene: &Scene) -> Vec<String> {
    let mut found = Vec::new();
    for words in &scene.words {
        found.extend(cut(scene, words));
    }
    overlaps(scene, &mut found);
    sizes(scene, &mut found);
    gaps(scene, &mut found);
    found.extend(
        scene
            .mute
            .iter()
            .map(|what| format!("nothing is read out for {what}")),
    );
    found
}

/// The text itself is larger than where it stands.
fn cut(scene: &Scene, words: &Words) -> Option<String> {
    if scene.hidden(words.seen, words.order) && !words.seen.is_empty() {
        return None;
    }
    let (wide, high) = words.needs;
    let given = words.given.size;
    let text = &words.text;
    if wide > given.width + SLACK {
        return Some(format!(
            "“{text}” needs a width of {wide}, has {}",
            given.width
        ));
    }
    if high > given.height + SLACK {
        return Some(format!(
            "“{text}” needs a height of {high}, has {}",
            given.height
        ));
    }
    if !holds(words.room, words.ink) {
        return Some(format!(
            "“{text}” at {:?} is clipped to {:?}",
            words.ink, words.room
        ));
    }
    let on = words.on?;
    (!holds(on, words.ink)).then(|| format!("“{text}” at {:?} leaves its box {on:?}", words.ink))
}

fn holds(outer: LogicalRect, inner: LogicalRect) -> bool {
    outer.inflate(SLACK, SLACK).contains_rect(&inner)
}

fn meets(one: LogicalRect, other: LogicalRect, by: f32) -> bool {
    one.intersection(&other)
        .is_some_and(|both| both.size.width > by && both.size.height > by)
}

/// Texts over texts, drawings or half under a box.
fn overlaps(scene: &Scene, found: &mut Vec<String>) {
    let shown: Vec<&Words> = scene
        .words
        .iter()
        .filter(|words| !scene.hidden(words.seen, words.order))
        .collect();
    for (at, one) in shown.iter().enumerate() {
        for other in &shown[at + 1..] {
            if meets(one.seen, other.seen, LEADING) {
                found.push(format!("“{}” and “{}” overlap", one.text, other.text));
            }
        }
        for icon in &scene.icons {
            if !scene.hidden(icon.seen, icon.order) && meets(one.seen, icon.seen, LEADING) {
                found.push(format!(
                    "“{}” and a drawing at {:?} overlap",
                    one.text, icon.seen
                ));
            }
        }
        for paint in scene
            .paints
            .iter()
            .filter(|paint| paint.covers && paint.order > one.order)
        {
            if meets(one.seen, paint.seen, LEADING) {
                found.push(format!(
                    "“{}” is half covered by {:?}",
                    one.text, paint.seen
                ));
            }
        }
    }
}

fn sizes(scene: &Scene, found: &mut Vec<String>) {
    for target in &scene.targets {
        let (size, label) = (target.at.size, &target.label);
        if label.is_empty() {
            found.push(format!(
                "{:?} at {:?} has no label",
                target.kinds, target.at
            ));
        }
        let least = if target.main { MAIN } else { TOUCH };
        if size.width < TOUCH - SLACK || size.height < least - SLACK {
            found.push(format!(
                "“{label}” is only {} x {}, not {least}",
                size.width, size.height
            ));
        }
        let sideways = target.at.min_x() < scene.window.min_x() - SLACK
            || target.at.max_x() > scene.window.max_x() + SLACK;
        if sideways {
            found.push(format!("“{label}” at {:?} leaves the window", target.at));
        }
    }
    for (kind, at) in &scene.rows {
        if at.size.height < ROW - SLACK {
            found.push(format!("a {kind} is only {} high", at.size.height));
        }
    }
}

/// Each target must have a core of 48 px that is 8 px away from the core of any other.
fn gaps(scene: &Scene, found: &mut Vec<String>) {
    let shown: Vec<&Target> = scene
        .targets
        .iter()
        .filter(|target| !scene.hidden(target.seen, target.order))
        .collect();
    for (at, one) in shown.iter().enumerate() {
        for other in &shown[at + 1..] {
            // Ten letters share the width of a phone: the keys of our keyboard are 48 px wide and touch each other.
            let keys = [one, other]
                .iter()
                .all(|t| t.kinds.iter().any(|kind| kind.contains("Key")));
            if !keys && !apart(one.seen, other.seen) {
                found.push(format!(
                    "“{}” and “{}” are too close",
                    one.label, other.label
                ));
            }
        }
    }
}

fn apart(one: LogicalRect, other: LogicalRect) -> bool {
    let between = |low: (f32, f32), high: (f32, f32)| (high.0 - low.1).max(low.0 - high.1);
    let across = between((one.min_x(), one.max_x()), (other.min_x(), other.max_x()));
    let down = between((one.min_y(), one.max_y()), (other.min_y(), other.max_y()));
    let gap = across.max(down);
    if gap >= GAP - SLACK {
        return true;
    }
    let missing = GAP - gap;
    let least = if across >= down {
        one.size.width.min(other.size.width)
    } else {
        one.size.height.min(other.size.height)
    };
    gap >= -SLACK && least - missing >= TOUCH - SLACK
}
