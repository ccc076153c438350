//! What stands where on a window: texts, icons, painted boxes and what can be pressed, in the order of painting.
//!
//! Sizes are asked of the items themselves, with the real fonts: how large a text is, and how large it would have to be.

use std::rc::Rc;

use i_slint_core::accessibility::AccessibleStringProperty;
use i_slint_core::graphics::PathData;
use i_slint_core::item_rendering::{PlainOrStyledText, RenderBorderRectangle, RenderText};
use i_slint_core::item_tree::ItemRc;
use i_slint_core::items::{
    AccessibleRole, BasicBorderRectangle, BorderRectangle, ComplexText, Flickable, FocusScope,
    Orientation, Path, Rectangle, SimpleText, TextHorizontalAlignment, TextInput, TextOverflow,
    TextVerticalAlignment, TextWrap, TouchArea,
};
use i_slint_core::lengths::LogicalRect;
use i_slint_core::window::{WindowAdapter, WindowInner};
use slint::{Brush, Color, Window};

/// Farther than any content of a list reaches.
const FAR: f32 = 1.0e6;

pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) given: LogicalRect,
    /// As wide and as high as nothing of it is left out.
    pub(crate) needs: (f32, f32),
    /// Where its letters are.
    pub(crate) ink: LogicalRect,
    /// What of the ink is in view now.
    pub(crate) seen: LogicalRect,
    /// What it may not leave; unbounded in the direction in which one can scroll.
    pub(crate) room: LogicalRect,
    /// The painted box that it stands on.
    pub(crate) on: Option<LogicalRect>,
    pub(crate) ground: Color,
    pub(crate) order: usize,
}

pub(crate) struct Target {
    pub(crate) label: String,
    /// The components it is made of, the outermost first.
    pub(crate) kinds: Vec<String>,
    pub(crate) at: LogicalRect,
    pub(crate) seen: LogicalRect,
    pub(crate) main: bool,
    pub(crate) enabled: bool,
    /// Keys go to it.
    pub(crate) focused: bool,
    pub(crate) order: usize,
}

/// Something painted; `covers` when nothing of what is behind it can be read.
pub(crate) struct Paint {
    pub(crate) seen: LogicalRect,
    pub(crate) covers: bool,
    pub(crate) order: usize,
}

#[derive(Default)]
pub(crate) struct Scene {
    pub(crate) window: LogicalRect,
    pub(crate) words: Vec<Words>,
    pub(crate) targets: Vec<Target>,
    pub(crate) paints: Vec<Paint>,
    /// Boxes of drawings.
    pub(crate) icons: Vec<Paint>,
    /// What is drawn in them.
    pub(crate) drawings: Vec<String>,
    /// Rows to read, by component.
    pub(crate) rows: Vec<(String, LogicalRect)>,
    /// Places that can be pressed and that no screen reader knows.
    pub(crate) mute: Vec<String>,
    count: usize,
}

#[derive(Clone)]
struct Around {
    /// What is drawn at all.
    view: LogicalRect,
    room: LogicalRect,
    on: Option<LogicalRect>,
    ground: Color,
    in_target: bool,
    kinds: Vec<String>,
}

impl Scene {
    pub(crate) fn of(window: &Window) -> Self {
        let inner = WindowInner::from_pub(window);
        inner.ensure_tree_instantiated();
        let root = ItemRc::new_root(inner.component());
        let adapter = inner.window_adapter();
        let all = root.geometry();
        let mut scene = Self {
            window: all,
            ..Self::default()
        };
        let around = Around {
            view: all,
            room: all,
            on: None,
            ground: Color::default(),
            in_target: false,
            kinds: Vec::new(),
        };
        scene.walk(&root, &around, &adapter);
        scene
    }

    fn walk(&mut self, item: &ItemRc, around: &Around, adapter: &Rc<dyn WindowAdapter>) {
        self.count += 1;
        let at = LogicalRect::new(
            item.map_to_window(item.geometry().origin),
            item.geometry().size,
        );
        let mut inside = around.clone();
        let kinds = kinds(item);
        if let Some(row) = kinds.iter().find(|kind| ROWS.contains(&kind.as_str())) {
            self.rows.push((row.clone(), at));
        }
        if let Some(text) = item.downcast::<SimpleText>() {
            self.text(item, text.as_pin_ref(), at, around, adapter);
        } else if let Some(text) = item.downcast::<ComplexText>() {
            self.text(item, text.as_pin_ref(), at, around, adapter);
        } else if let Some(path) = item.downcast::<Path>() {
            if let PathData::Commands(commands) = path.as_pin_ref().elements() {
                self.drawings.push(commands.to_string());
            }
            self.icons.push(Paint {
                seen: clipped(at, around.view),
                covers: false,
                order: self.count,
            });
        }
        if let Some((ground, bordered)) = painted(item) {
            let alpha = ground.alpha();
            if alpha == 255 {
                inside.ground = ground;
            }
            if alpha > 0 || bordered {
                inside.on = Some(at);
            }
            // A shade over everything takes what is behind it out of use.
            let shade = alpha > 120 && at.contains_rect(&self.window);
            self.paints.push(Paint {
                seen: clipped(at, around.view),
                covers: alpha == 255 || shade,
                order: self.count,
            });
        }
        if !around.in_target && pressable(item) {
            inside.in_target = true;
            let of = |what| item.accessible_string_property(what);
            let label = of(AccessibleStringProperty::Label).unwrap_or_default();
            self.targets.push(Target {
                label: label.to_string(),
                kinds: kinds.clone(),
                at,
                seen: clipped(at, around.view),
                main: of(AccessibleStringProperty::Id).is_some_and(|id| id == "main-action"),
                enabled: of(AccessibleStringProperty::Enabled).is_none_or(|on| on == "true"),
                focused: false,
                order: self.count,
            });
        }
        let scope = item.downcast::<FocusScope>();
        let field = item.downcast::<TextInput>();
        let focused = scope.is_some_and(|scope| scope.as_pin_ref().has_focus())
            || field.is_some_and(|field| field.as_pin_ref().has_focus());
        if focused
            && inside.in_target
            && let Some(target) = self.targets.last_mut()
        {
            target.focused = true;
        }
        let touched = item
            .downcast::<TouchArea>()
            .is_some_and(|area| area.as_pin_ref().enabled());
        let blocks = around
            .kinds
            .iter()
            .any(|kind| BLOCKERS.contains(&kind.as_str()));
        // A pad is written on, not pressed; it says so.
        let label = item.accessible_string_property(AccessibleStringProperty::Label);
        let written_on = item.accessible_role() == AccessibleRole::Image
            && label.is_some_and(|label| !label.is_empty());
        let mute = touched && !inside.in_target && !blocks && !written_on;
        if mute && !clipped(at, around.view).is_empty() {
            self.mute
                .push(format!("{:?} in {:?} at {at:?}", kinds, around.kinds));
        }
        if item.borrow().as_ref().clips_children() {
            inside.view = clipped(around.view, at);
            inside.room = clipped(around.room, at);
        }
        if item.downcast::<Flickable>().is_some() {
            inside.on = None;
            inside.room.origin.y = -FAR;
            inside.room.size.height = 2.0 * FAR;
        }
        if !kinds.is_empty() {
            inside.kinds = kinds;
        }
        let mut child = item.first_child();
        while let Some(current) = child {
            self.walk(&current, &inside, adapter);
            child = current.next_sibling();
        }
    }

    fn text<T: RenderText>(
        &mut self,
        item: &ItemRc,
        text: std::pin::Pin<&T>,
        at: LogicalRect,
        around: &Around,
        adapter: &Rc<dyn WindowAdapter>,
    ) {
        let PlainOrStyledText::Plain(words) = text.text() else {
            return;
        };
        if words.is_empty() || text.color().color().alpha() == 0 {
            return;
        }
        let needs = |orientation, cross| {
            let item_ref = item.borrow();
            item_ref
                .as_ref()
                .layout_info(orientation, cross, adapter, item)
        };
        let across = needs(Orientation::Horizontal, -1.0);
        // A text that wraps is as wide as it is made; only a word that fits nowhere is cut.
        let wide = match text.wrap() {
            TextWrap::NoWrap => across.preferred,
            TextWrap::WordWrap => across.min.min(across.preferred),
            _ => 0.0,
        };
        let high = needs(Orientation::Vertical, at.size.width).preferred;
        let (horizontal, vertical) = text.alignment();
        let mut ink = at;
        // Sideways as far as the letters go; what does not fit pokes out, unless it is elided.
        let drawn = if text.wrap() == TextWrap::NoWrap && text.overflow() == TextOverflow::Clip {
            across.preferred
        } else {
            across.preferred.min(at.size.width)
        };
        ink.origin.x += match horizontal {
            TextHorizontalAlignment::Center => (at.size.width - drawn) / 2.0,
            TextHorizontalAlignment::Right | TextHorizontalAlignment::End => at.size.width - drawn,
            _ => 0.0,
        };
        ink.size.width = drawn;
        ink.origin.y += match vertical {
            TextVerticalAlignment::Center => (at.size.height - high) / 2.0,
            TextVerticalAlignment::Bottom => at.size.height - high,
            _ => 0.0,
        };
        ink.size.height = high;
        self.words.push(Words {
            text: words.to_string(),
            given: at,
            needs: (wide, high),
            ink,
            seen: clipped(ink, around.view),
            room: around.room,
            on: around.on,
            ground: around.ground,
            order: self.count,
        });
    }

    /// Painted over later, so that it cannot be seen or pressed.
    pub(crate) fn hidden(&self, seen: LogicalRect, order: usize) -> bool {
        seen.is_empty()
            || self
                .paints
                .iter()
                .any(|paint| paint.covers && paint.order > order && paint.seen.contains_rect(&seen))
    }
}

/// Lists to read; what can be tapped is a [`Target`] too.
const ROWS: [&str; 5] = [
    "InfoRow",
    "ChoiceButton",
    "SwitchRow",
    "Row",
    "OperatorTile",
];

/// They take the taps that are meant for nothing, so that what is behind them is not hit.
const BLOCKERS: [&str; 2] = ["QuestionSheet", "ScreenKeyboard"];

fn clipped(one: LogicalRect, other: LogicalRect) -> LogicalRect {
    one.intersection(&other).unwrap_or_default()
}

fn kinds(item: &ItemRc) -> Vec<String> {
    let mut found = Vec::new();
    for element in 0..item.element_count().unwrap_or(0) {
        let names = item.element_type_names_and_ids(element).unwrap_or_default();
        found.extend(names.into_iter().map(|(kind, _)| kind.to_string()));
    }
    found
}

fn pressable(item: &ItemRc) -> bool {
    matches!(
        item.accessible_role(),
        AccessibleRole::Button | AccessibleRole::Switch | AccessibleRole::TextInput
    )
}

/// The ground of a box, and whether it has a border.
fn painted(item: &ItemRc) -> Option<(Color, bool)> {
    let seen = |ground: Brush| ground.color();
    if let Some(plain) = item.downcast::<Rectangle>() {
        return Some((seen(plain.as_pin_ref().background()), false));
    }
    let bordered =
        |ground, width: f32, line: Brush| (seen(ground), width > 0.0 && seen(line).alpha() > 0);
    if let Some(round) = item.downcast::<BasicBorderRectangle>() {
        let round = round.as_pin_ref();
        let (ground, line) = (
            RenderBorderRectangle::background(round),
            RenderBorderRectangle::border_color(round),
        );
        return Some(bordered(
            ground,
            RenderBorderRectangle::border_width(round).get(),
            line,
        ));
    }
    let round = item.downcast::<BorderRectangle>()?;
    let round = round.as_pin_ref();
    let (ground, line) = (
        RenderBorderRectangle::background(round),
        RenderBorderRectangle::border_color(round),
    );
    Some(bordered(
        ground,
        RenderBorderRectangle::border_width(round).get(),
        line,
    ))
}
