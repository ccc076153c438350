//! Keys of the whole window, before any text field sees them: where a keyboard-wedge scanner comes in.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use slint::platform::WindowEvent;
use slint::{ComponentHandle, SharedString, Timer, TimerMode};

use super::compose::{Composer, Taken};
use super::generated::{AppWindow, HardwareKeys, Keyboard, OutcomeKind, ScreenKind, Shell};
use super::raw_keys::RawKeys;
use super::{Events, focus};
use crate::platform::{Platform, Typing};
use crate::view::UiEvent;

/// Tells a scanner's burst from a person's typing. Times are milliseconds of one clock.
///
/// `scan::wedge::Wedge` has the same shape.
pub trait KeySink {
    /// One key press: the text the key makes. Answers are carried out in their order.
    fn key(&mut self, text: &str, at_ms: u64) -> Vec<KeyAnswer>;
    /// Time went by without a key; settles what is held.
    fn tick(&mut self, at_ms: u64) -> Vec<KeyAnswer>;
    /// When `tick` is due at the latest; `None` while nothing is held.
    fn due_ms(&self) -> Option<u64>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyAnswer {
    /// A person typed this: the focused field gets it.
    Pass(String),
    /// Not clear yet.
    Held,
    /// A scan, without its terminator. `follows`: it is of the same pull of the trigger as the one before it.
    Scan { text: String, follows: bool },
}

/// Takes every key for typing. Used until a real sink is set.
pub struct PassKeys;

impl KeySink for PassKeys {
    fn key(&mut self, text: &str, _at_ms: u64) -> Vec<KeyAnswer> {
        vec![KeyAnswer::Pass(text.to_owned())]
    }

    fn tick(&mut self, _at_ms: u64) -> Vec<KeyAnswer> {
        Vec::new()
    }

    fn due_ms(&self) -> Option<u64> {
        None
    }
}

pub(super) struct Keys {
    sink: RefCell<Box<dyn KeySink>>,
    /// Of a scanner that is being learnt.
    raw: Rc<RawKeys>,
    composer: Composer,
    events: Events,
    window: slint::Weak<AppWindow>,
    started: Instant,
    timer: Timer,
    /// Keys to give to the focused field, from outside of the handler of another key.
    replay: RefCell<VecDeque<SharedString>>,
    /// While true, keys come from us and not from a keyboard.
    replaying: Cell<bool>,
    /// Control, Alt or Meta was held with the last key: it is no letter of a word.
    shortcut: Cell<bool>,
    scanned_ms: Cell<Option<u64>>,
    /// Who may have a keyboard of the system's.
    platform: RefCell<Option<Arc<dyn Platform>>>,
}

const ESCAPE: &str = "\u{1b}";
const TAB: &str = "\t";
const BACKTAB: &str = "\u{19}";

/// A scanner that ends a code with two keys (CR LF) presses nothing with the second one.
const SECOND_TERMINATOR_MS: u64 = 150;

/// Arrows go from one thing to the next as Tab does, except where a text field moves its cursor with them.
fn step(key: &str, typing: bool) -> Option<&'static str> {
    match key {
        // Up, down, left, right.
        "\u{f701}" => Some(TAB),
        "\u{f700}" => Some(BACKTAB),
        "\u{f703}" if !typing => Some(TAB),
        "\u{f702}" if !typing => Some(BACKTAB),
        _ => None,
    }
}

/// Connects the window's keys. The sink can be exchanged later.
pub(super) fn connect(app: &AppWindow, events: &Events) -> Rc<Keys> {
    let keys = Rc::new(Keys {
        sink: RefCell::new(Box::new(PassKeys)),
        raw: RawKeys::new(events),
        composer: Composer::new(app, events),
        events: events.clone(),
        window: app.as_weak(),
        started: Instant::now(),
        timer: Timer::default(),
        replay: RefCell::default(),
        replaying: Cell::new(false),
        shortcut: Cell::new(false),
        scanned_ms: Cell::new(None),
        platform: RefCell::default(),
    });

    let pressed = Rc::clone(&keys);
    app.global::<Shell>()
        .on_key(move |text, shortcut| pressed.press(&text, shortcut));

    let typed = Rc::clone(&keys);
    app.global::<Keyboard>().on_type(move |text| {
        typed.shortcut.set(false);
        typed.typed_by_a_person(&text);
    });
    connect_composing(app, &keys);

    let window = app.as_weak();
    app.global::<Shell>().on_moved_by_hand(move || {
        if let Some(app) = window.upgrade()
            && app.global::<Shell>().get_ringed()
        {
            focus::release(&app);
        }
    });
    keys
}

/// The keyboard's own callbacks: words to choose, other keys, another field.
fn connect_composing(app: &AppWindow, keys: &Rc<Keys>) {
    let keyboard = app.global::<Keyboard>();
    let of = Rc::clone(keys);
    keyboard.on_close(move || {
        // Who puts the keyboard away is done, and never meant to leave half a word.
        let text = of.composer.take_likeliest();
        of.insert(&text);
        if let Some(app) = of.window.upgrade() {
            focus::release(&app);
        }
    });
    let of = Rc::clone(keys);
    keyboard.on_choose(move |place| {
        if let Ok(place) = usize::try_from(place)
            && let Taken::Insert(text) = of.composer.choose(place)
        {
            of.insert(&text);
        }
    });
    let of = Rc::clone(keys);
    keyboard.on_switch_to(move |mode| {
        let text = of.composer.switch_to(mode);
        of.insert(&text);
    });
    let of = Rc::clone(keys);
    keyboard.on_entered(move |codes| {
        of.composer.enter(codes);
        of.ask_for_keyboard(Some(if codes { Typing::Codes } else { Typing::Text }));
    });
    let of = Rc::clone(keys);
    keyboard.on_unwanted(move || of.ask_for_keyboard(None));
    let of = Rc::clone(keys);
    keyboard.on_left(move || of.composer.leave());
    let of = Rc::clone(keys);
    keyboard.on_page_on(move || of.composer.page_on());
    let of = Rc::clone(keys);
    keyboard.on_page_back(move || of.composer.page_back());
    let of = Rc::clone(keys);
    keyboard.on_spread_out(move |spread| of.composer.spread(spread));
    let of = Rc::clone(keys);
    keyboard.on_laid_out(move |room| of.composer.lay_out(room));
    let of = Rc::clone(keys);
    keyboard.on_learned(move |kept| of.composer.set_learned(&kept));
}

impl Keys {
    pub(super) fn set_sink(&self, sink: Box<dyn KeySink>) {
        *self.sink.borrow_mut() = sink;
    }

    pub(super) fn set_platform(&self, platform: Arc<dyn Platform>) {
        *self.platform.borrow_mut() = Some(platform);
    }

    /// Where the system shows a keyboard, ours stays away.
    fn ask_for_keyboard(&self, field: Option<Typing>) {
        if let Some(platform) = self.platform.borrow().as_ref()
            && let Some(app) = self.window.upgrade()
        {
            let shown = platform.keyboard(field);
            app.global::<Keyboard>().set_of_the_system(shown);
        }
    }

    /// True swallows the key.
    fn press(self: &Rc<Self>, text: &str, shortcut: bool) -> bool {
        if self.replaying.get() {
            return false;
        }
        self.shortcut.set(shortcut);
        let now_ms = self.now_ms();
        if self.learns() && self.raw.take(text, now_ms) {
            return true;
        }
        let terminator = matches!(text, "\r" | "\n" | TAB);
        if let Some(scanned_ms) = self.scanned_ms.take()
            && terminator
            && now_ms.saturating_sub(scanned_ms) < SECOND_TERMINATOR_MS
        {
            return true;
        }
        let answers = self.sink.borrow_mut().key(text, now_ms);
        let itself = matches!(answers.as_slice(), [KeyAnswer::Pass(passed)] if passed == text);
        let waiting = !self.replay.borrow().is_empty();
        self.wait_for_tick();
        // While a word is composed, keys are for the word and not for the screen.
        let composing = self.composer.is_composing();
        if text == ESCAPE && !composing {
            self.escape();
        }
        if !composing && let Some(key) = self.step(text) {
            self.replay.borrow_mut().push_back(key.into());
            self.carry_out(Vec::new());
            return true;
        }
        if itself && !waiting && (shortcut || !self.composer.concerns(text)) {
            return false;
        }
        self.carry_out(answers);
        true
    }

    /// A scanner is being learnt: what it types is judged by nobody before.
    fn learns(&self) -> bool {
        self.window.upgrade().is_some_and(|app| {
            let shell = app.global::<Shell>();
            shell.get_screen() == ScreenKind::Scanner && !shell.get_covered()
        })
    }

    fn step(&self, key: &str) -> Option<&'static str> {
        let app = self.window.upgrade()?;
        step(key, app.global::<Shell>().get_typing())
    }

    /// Out of the text field, else past the refusal, else one step back.
    fn escape(&self) {
        let Some(app) = self.window.upgrade() else {
            return;
        };
        let shell = app.global::<Shell>();
        if shell.get_typing() {
            focus::release(&app);
        } else if shell.get_outcome() == OutcomeKind::Refused {
            (self.events)(UiEvent::Acknowledge);
        } else {
            (self.events)(UiEvent::Back);
        }
    }

    fn carry_out(self: &Rc<Self>, answers: Vec<KeyAnswer>) {
        let mut scans = Vec::new();
        for answer in answers {
            match answer {
                KeyAnswer::Held => {}
                KeyAnswer::Scan { text, follows } => scans.push((text, follows)),
                KeyAnswer::Pass(text) => {
                    let mut replay = self.replay.borrow_mut();
                    replay.extend(text.chars().map(SharedString::from));
                }
            }
        }
        for (text, follows) in scans {
            self.scanned_ms.set(Some(self.now_ms()));
            if let Some(app) = self.window.upgrade() {
                app.global::<HardwareKeys>().set_typed(false);
            }
            (self.events)(UiEvent::Scan { text, follows });
        }
        if !self.replay.borrow().is_empty() {
            // Slint is in the middle of handling a key; ours come right after it.
            let later = Rc::clone(self);
            Timer::single_shot(Duration::ZERO, move || {
                let queued: Vec<_> = later.replay.borrow_mut().drain(..).collect();
                for text in queued {
                    later.typed_by_a_person(&text);
                }
            });
        }
    }

    fn wait_for_tick(self: &Rc<Self>) {
        let Some(due_ms) = self.sink.borrow().due_ms() else {
            self.timer.stop();
            return;
        };
        let later = Rc::clone(self);
        let pause = Duration::from_millis(due_ms.saturating_sub(self.now_ms()));
        self.timer.start(TimerMode::SingleShot, pause, move || {
            // The timer's clock and ours may differ by a little; it is due now.
            let now_ms = later.now_ms().max(due_ms);
            let answers = later.sink.borrow_mut().tick(now_ms);
            later.carry_out(answers);
        });
    }

    /// True if the composition has taken the key; its text is in the field by then.
    fn is_composed(&self, text: &str) -> bool {
        if self.shortcut.get() {
            return false;
        }
        match self.composer.take(text) {
            Taken::No => false,
            Taken::Yes => true,
            Taken::Insert(words) => {
                self.insert(&words);
                true
            }
            Taken::InsertBefore(words) => {
                self.insert(&words);
                false
            }
        }
    }

    /// A key that is no scanner's: to the composition, or to the field.
    fn typed_by_a_person(&self, text: &SharedString) {
        if !self.is_composed(text) {
            self.insert(text);
        }
    }

    /// Gives text or a key to the focused field, past the sink and the composition.
    fn insert(&self, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = SharedString::from(text);
        let Some(app) = self.window.upgrade() else {
            return;
        };
        self.replaying.set(true);
        let window = app.window();
        window.dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
        window.dispatch_event(WindowEvent::KeyReleased { text: text.clone() });
        self.replaying.set(false);
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
