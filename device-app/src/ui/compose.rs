//! Pinyin between the keys and the focused field: letters gather here, and only words go on.
//!
//! Scans never come here: `keys` asks the wedge first, and gives on only what a person typed.

use std::cell::{Cell, RefCell};

use ime::{Learned, Pinyin};
use slint::{ComponentHandle, ModelRc, VecModel};

use super::Events;
use super::candidate_page::{Place, places};
use super::convert::count;
use super::generated::{AppWindow, CandidateKey, KeyMode, Keyboard};
use crate::view::UiEvent;

/// Candidates that digits can choose.
const PAGE_MAX: usize = 9;
/// Rows of candidates that take the place of the letters, and how many they may hold.
const SPREAD_ROWS: usize = 4;
const SPREAD_MAX: usize = 100;
/// Logical pixels of a key beside the candidates, as `ui/widgets/candidates.slint` has it.
const SIDE_KEY: f32 = 52.0;

const ESCAPE: &str = "\u{1b}";
const BACKSPACE: &str = "\u{8}";
const DELETE: &str = "\u{7f}";
const TAB: &str = "\t";
const RETURN: &str = "\n";
const UP: &str = "\u{f700}";
const DOWN: &str = "\u{f701}";
const LEFT: &str = "\u{f702}";
const RIGHT: &str = "\u{f703}";
const HOME: &str = "\u{f729}";
const END: &str = "\u{f72b}";
const PAGE_UP: &str = "\u{f72c}";
const PAGE_DOWN: &str = "\u{f72d}";

/// Keys without text that mean something while a word is composed. Shift and its like do not, and
/// come between the letters of a scan.
const MEANT: [&str; 13] = [
    ESCAPE, BACKSPACE, DELETE, TAB, RETURN, UP, DOWN, LEFT, RIGHT, PAGE_UP, PAGE_DOWN, HOME, END,
];

/// What becomes of a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is not for the composition: the field gets it.
    No,
    /// It stays here.
    Yes,
    /// This goes to the field in its place.
    Insert(String),
    /// This goes to the field before it.
    InsertBefore(String),
}

pub(super) struct Composer {
    pinyin: RefCell<Pinyin>,
    /// Number of the first candidate of each page up to the one that is shown.
    pages: RefCell<Vec<usize>>,
    /// Candidates on the page.
    shown: Cell<usize>,
    /// Of the whole bar, in logical pixels.
    room: Cell<f32>,
    /// Candidates stand in rows, where the letters were.
    spread: Cell<bool>,
    /// The focused field takes codes.
    codes: Cell<bool>,
    /// Something was chosen since the learned words were given out.
    learned_more: Cell<bool>,
    events: Events,
    window: slint::Weak<AppWindow>,
}

impl Composer {
    pub(super) fn new(app: &AppWindow, events: &Events) -> Self {
        Self {
            pinyin: RefCell::default(),
            pages: RefCell::new(vec![0]),
            shown: Cell::new(0),
            room: Cell::new(0.0),
            spread: Cell::new(false),
            codes: Cell::new(false),
            learned_more: Cell::new(false),
            events: events.clone(),
            window: app.as_weak(),
        }
    }

    /// Goes on with what was learned before, as it was kept.
    pub(super) fn set_learned(&self, kept: &str) {
        // Without it the words stand in their usual order: nobody is kept from writing.
        let learned = serde_json::from_str::<Learned>(kept).unwrap_or_default();
        *self.pinyin.borrow_mut() = Pinyin::new(learned);
        self.start_page();
    }

    pub(super) fn is_composing(&self) -> bool {
        self.pinyin.borrow().is_composing()
    }

    /// Another field has the focus.
    pub(super) fn enter(&self, codes: bool) {
        self.drop_composition();
        self.codes.set(codes);
        let pinyin = self.window.upgrade().is_some_and(|app| {
            let keyboard = app.global::<Keyboard>();
            !codes && keyboard.get_begins_with_pinyin()
        });
        self.set_mode(if pinyin {
            KeyMode::Pinyin
        } else {
            KeyMode::Latin
        });
    }

    /// No field has the focus: what was composed has no place to go.
    pub(super) fn leave(&self) {
        self.drop_composition();
        if self.learned_more.replace(false) {
            // Plain texts and numbers always serialise.
            let kept = serde_json::to_string(self.pinyin.borrow().learned()).unwrap_or_default();
            (self.events)(UiEvent::KeepWords(kept));
        }
    }

    /// The person changed the keys. The answer goes to the field.
    pub(super) fn switch_to(&self, mode: KeyMode) -> String {
        let text = match mode {
            KeyMode::Pinyin => String::new(),
            // Who goes on in Latin letters meant the letters; who needs a number meant the word.
            KeyMode::Latin => self.take_letters(),
            KeyMode::Signs => self.take_likeliest(),
        };
        self.set_mode(mode);
        if mode != KeyMode::Signs && !self.codes.get() {
            self.remember(mode == KeyMode::Pinyin);
        }
        text
    }

    /// The next text field begins as this one was left.
    fn remember(&self, pinyin: bool) {
        let Some(app) = self.window.upgrade() else {
            return;
        };
        let keyboard = app.global::<Keyboard>();
        if keyboard.get_begins_with_pinyin() != pinyin {
            keyboard.set_begins_with_pinyin(pinyin);
            (self.events)(UiEvent::SetPinyin(pinyin));
        }
    }

    fn set_mode(&self, mode: KeyMode) {
        let Some(app) = self.window.upgrade() else {
            return;
        };
        let keyboard = app.global::<Keyboard>();
        keyboard.set_mode(mode);
        if mode != KeyMode::Signs {
            keyboard.set_letters(mode);
        }
    }

    /// Whether [`Composer::take`] would do anything with the key.
    pub(super) fn concerns(&self, key: &str) -> bool {
        if self.is_composing() {
            let makes_text = |c: char| !c.is_control() && !('\u{f700}'..='\u{f7ff}').contains(&c);
            key.chars().all(makes_text) || MEANT.contains(&key)
        } else {
            matches!(key.as_bytes(), [b'a'..=b'z']) && self.in_pinyin()
        }
    }

    /// A key that a person pressed, on the screen or on a keyboard.
    pub(super) fn take(&self, key: &str) -> Taken {
        let mut characters = key.chars();
        let (Some(character), None) = (characters.next(), characters.next()) else {
            return Taken::No;
        };
        if !self.is_composing() {
            let taken = self.in_pinyin() && self.pinyin.borrow_mut().press(character);
            if !taken {
                return Taken::No;
            }
            self.start_page();
            return Taken::Yes;
        }
        if !self.concerns(key) {
            return Taken::No;
        }
        match (key, character) {
            (ESCAPE, _) => self.drop_composition(),
            (BACKSPACE | DELETE, _) => {
                self.pinyin.borrow_mut().backspace();
                self.start_page();
            }
            (RETURN, _) => return Taken::Insert(self.take_letters()),
            (PAGE_DOWN | DOWN, _) => self.page_on(),
            (PAGE_UP | UP, _) => self.page_back(),
            // They would move the cursor away from where the word is to stand.
            (LEFT | RIGHT | HOME | END, _) => {}
            (_, ' ') => return self.choose(0),
            (_, '1'..='9') => {
                let digit = character.to_digit(10).and_then(|d| usize::try_from(d).ok());
                return self.choose(digit.unwrap_or(1) - 1);
            }
            (_, 'a'..='z' | '\'') => {
                // Beyond the longest composition a letter is lost, and seen to be.
                self.pinyin.borrow_mut().press(character);
                self.spread.set(false);
                self.start_page();
            }
            _ => return Taken::InsertBefore(self.take_likeliest()),
        }
        Taken::Yes
    }

    /// A candidate by its place on the page. A place without one does nothing.
    pub(super) fn choose(&self, place: usize) -> Taken {
        if place >= self.shown.get() {
            return Taken::Yes;
        }
        let first = self.pages.borrow().last().copied().unwrap_or_default();
        let chosen = self.pinyin.borrow_mut().choose(first + place);
        self.start_page();
        let Some(text) = chosen else {
            return Taken::Yes;
        };
        self.learned_more.set(true);
        Taken::Insert(text)
    }

    pub(super) fn page_on(&self) {
        let first = self.pages.borrow().last().copied().unwrap_or_default();
        let next = first + self.shown.get();
        if self.shown.get() > 0 && !self.pinyin.borrow_mut().page(next, 1).is_empty() {
            self.pages.borrow_mut().push(next);
            self.show();
        }
    }

    pub(super) fn page_back(&self) {
        let mut pages = self.pages.borrow_mut();
        if pages.len() > 1 {
            pages.pop();
            drop(pages);
            self.show();
        }
    }

    /// Candidates in rows, or the letters again.
    pub(super) fn spread(&self, spread: bool) {
        self.spread.set(spread && self.is_composing());
        self.start_page();
    }

    /// The bar is so wide.
    pub(super) fn lay_out(&self, room: f32) {
        if (self.room.replace(room) - room).abs() > 0.5 {
            self.start_page();
        }
    }

    /// What the letters mean most likely; the composition is empty then.
    pub(super) fn take_likeliest(&self) -> String {
        let mut text = String::new();
        let mut pinyin = self.pinyin.borrow_mut();
        while let Some(chosen) = pinyin.choose(0) {
            text.push_str(&chosen);
            self.learned_more.set(true);
        }
        drop(pinyin);
        self.start_page();
        text
    }

    fn take_letters(&self) -> String {
        let text = self.pinyin.borrow_mut().commit_raw();
        self.start_page();
        text
    }

    fn drop_composition(&self) {
        self.pinyin.borrow_mut().clear();
        self.start_page();
    }

    fn in_pinyin(&self) -> bool {
        self.window.upgrade().is_some_and(|app| {
            let keyboard = app.global::<Keyboard>();
            // Without our keyboard the system's composes, and ours would have no bar to show it.
            keyboard.get_wanted()
                && keyboard.get_allowed()
                && keyboard.get_mode() == KeyMode::Pinyin
        })
    }

    /// After every change of the composition.
    fn start_page(&self) {
        self.spread.set(self.spread.get() && self.is_composing());
        *self.pages.borrow_mut() = vec![0];
        self.show();
    }

    fn show(&self) {
        let Some(app) = self.window.upgrade() else {
            return;
        };
        let mut pinyin = self.pinyin.borrow_mut();
        let pages = self.pages.borrow();
        let first = pages.last().copied().unwrap_or_default();
        let keyboard = app.global::<Keyboard>();
        let (rows, most, side_keys) = match (self.spread.get(), pages.len()) {
            (true, _) => (SPREAD_ROWS, SPREAD_MAX, 1.0),
            // There is no way back from the first page.
            (false, 1) => (1, PAGE_MAX, 2.0),
            (false, _) => (1, PAGE_MAX, 3.0),
        };
        // One more says whether there is another page.
        let page = pinyin.page(first, most + 1);
        let mut places = places(&page, self.room.get() - side_keys * SIDE_KEY, rows);
        places.truncate(most);
        self.shown.set(places.len());
        keyboard.set_preedit(pinyin.preedit().into());
        keyboard.set_spread(self.spread.get());
        keyboard.set_has_before(pages.len() > 1);
        keyboard.set_has_after(places.len() < page.len());
        let key = |(candidate, place): (ime::Candidate, Place)| CandidateKey {
            text: candidate.text.into(),
            row: count(place.row),
            x: place.x,
            width: place.width,
        };
        let keys: Vec<CandidateKey> = page.into_iter().zip(places).map(key).collect();
        keyboard.set_candidates(ModelRc::new(VecModel::from(keys)));
    }
}
