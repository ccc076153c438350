//! Tells a keyboard-wedge scanner from a person at the same keyboard.
//!
//! A wedge scanner types its code as a burst of keys a few milliseconds apart, mostly with CR, LF
//! or TAB behind it. Keys are held back until it is clear which it is: at most
//! [`WedgeSettings::gap_max_ms`] after the last one. A pure state machine: the clock is an argument.

use std::collections::BTreeMap;

use crate::trigger;

/// Longest code, in characters; beyond it the keys are passed on. The largest QR code has 7,089.
const LENGTH_MAX: usize = 8_192;

/// How the scanner is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WedgeSettings {
    /// Characters a scan has at least, before prefix and suffix are taken off.
    pub length_min: usize,
    /// Longest time between two keys of one scan, in milliseconds.
    pub gap_max_ms: u64,
    /// Characters a burst needs to be a scan when only a pause ends it; `None` if this scanner
    /// always sends a terminator. Higher than `length_min`, since fingers that roll over three
    /// keys are as fast as a scanner.
    pub length_min_without_terminator: Option<usize>,
    /// Taken off the start and the end of a scan where present.
    pub prefix: String,
    pub suffix: String,
    /// What the scanner sends in place of GS (0x1D), which many keyboards cannot type.
    pub gs_substitute: Option<String>,
    /// What comes for characters where scanner and device have different keyboard layouts, and the
    /// character that was sent: on a French device `&` comes for `1`. Empty where they agree.
    pub comes_as: Vec<(String, char)>,
}

impl Default for WedgeSettings {
    fn default() -> Self {
        Self {
            length_min: 3,
            gap_max_ms: 50,
            length_min_without_terminator: Some(6),
            prefix: String::new(),
            suffix: String::new(),
            gs_substitute: None,
            comes_as: Vec::new(),
        }
    }
}

impl WedgeSettings {
    /// A text as the scanner sent it: keyboard layouts that differ are made up for.
    pub fn as_sent(&self, text: &str) -> String {
        let mut sent = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let begins =
                |(came, _): &&(String, char)| !came.is_empty() && rest.starts_with(came.as_str());
            // The longest counts: an input method may make two characters of one.
            let found = self
                .comes_as
                .iter()
                .filter(begins)
                .max_by_key(|(came, _)| came.len());
            let length = match found {
                Some((came, character)) => {
                    sent.push(*character);
                    came.len()
                }
                None => {
                    sent.push(first);
                    first.len_utf8()
                }
            };
            rest = &rest[length..];
        }
        sent
    }
}

/// Full-width forms as the characters that they stand for, where a text has nothing else: an input
/// method was switched to them while the scanner typed. A text that mixes them is meant so.
pub fn half_width(text: &str) -> String {
    let narrow = |character: char| match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0),
        '\u{3000}' => Some(' '),
        // The separator and what ends a code have no other form.
        control if control.is_control() => Some(control),
        _ => None,
    };
    text.chars()
        .map(narrow)
        .collect::<Option<String>>()
        .unwrap_or_else(|| text.to_owned())
}

/// What to do with keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WedgeOutput {
    /// A person typed this: give it to whoever has the focus, as if it came now.
    Pass(String),
    /// Nothing yet; call [`Wedge::tick`] at the latest after [`WedgeSettings::gap_max_ms`].
    Held,
    /// A scan.
    Scan {
        /// Without terminator, prefix and suffix; GS is 0x1D.
        text: String,
        /// It began so soon after the scan before it that nobody can have pulled the trigger between them.
        follows: bool,
    },
}

/// The state: the burst so far. Times are milliseconds of one clock of any origin.
#[derive(Clone, Debug, Default)]
pub struct Wedge {
    settings: WedgeSettings,
    held: String,
    held_characters: usize,
    first_ms: u64,
    last_ms: u64,
    /// When the last scan ended.
    scanned_ms: Option<u64>,
}

impl Wedge {
    pub fn new(settings: WedgeSettings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// One key press: the text the key makes, empty for a key without text.
    ///
    /// Outputs are in the order in which they must be carried out. Modifier keys arrive between
    /// the letters of a scan, so control characters and empty texts pass without ending the
    /// burst; editing keys (backspace, delete, escape) end it.
    pub fn key(&mut self, key: &str, at_ms: u64) -> Vec<WedgeOutput> {
        let mut outputs = self.settle_if_late(at_ms);
        for character in key.chars() {
            match character {
                '\r' | '\n' | '\t' => self.terminator(character, at_ms, &mut outputs),
                '\u{8}' | '\u{7f}' | '\u{1b}' => {
                    outputs.extend(self.pass_held());
                    outputs.push(WedgeOutput::Pass(character.into()));
                }
                character if self.belongs_to_a_code(character) => {
                    if self.held.is_empty() {
                        self.first_ms = at_ms;
                    }
                    self.held.push(character);
                    self.held_characters += 1;
                    self.last_ms = at_ms;
                    if self.held_characters > LENGTH_MAX {
                        outputs.extend(self.pass_held());
                    }
                }
                other => outputs.push(WedgeOutput::Pass(other.into())),
            }
        }
        if key.is_empty() {
            outputs.push(WedgeOutput::Pass(String::new()));
        }
        if outputs.is_empty() {
            outputs.push(WedgeOutput::Held);
        }
        outputs
    }

    /// Time went by without a key; settles a burst whose pause is over.
    pub fn tick(&mut self, at_ms: u64) -> Vec<WedgeOutput> {
        self.settle_if_late(at_ms)
    }

    /// When [`Wedge::tick`] must be called at the latest; `None` while nothing is held.
    pub fn due_ms(&self) -> Option<u64> {
        (!self.held.is_empty()).then(|| self.last_ms.saturating_add(self.settings.gap_max_ms + 1))
    }

    fn belongs_to_a_code(&self, character: char) -> bool {
        // Keys without text come as private-use characters in several toolkits (arrows, F-keys).
        let private = ('\u{e000}'..='\u{f8ff}').contains(&character);
        character == '\u{1d}'
            || self
                .settings
                .gs_substitute
                .as_ref()
                .is_some_and(|gs| gs.contains(character))
            || !(character.is_control() || private)
    }

    fn settle_if_late(&mut self, at_ms: u64) -> Vec<WedgeOutput> {
        // A clock that went back says nothing about the gap; taking it for a long one can only
        // turn a scan into typed text, never typed text into a scan.
        if self.held.is_empty() || at_ms.abs_diff(self.last_ms) <= self.settings.gap_max_ms {
            return Vec::new();
        }
        let enough = self.settings.length_min_without_terminator;
        if enough.is_some_and(|enough| self.held_characters >= enough.max(1)) {
            vec![self.scan(self.last_ms)]
        } else {
            self.pass_held().into_iter().collect()
        }
    }

    fn terminator(&mut self, character: char, at_ms: u64, outputs: &mut Vec<WedgeOutput>) {
        if self.held_characters >= self.settings.length_min.max(1) {
            let scan = self.scan(at_ms);
            outputs.push(scan);
        } else {
            outputs.extend(self.pass_held());
            outputs.push(WedgeOutput::Pass(character.into()));
        }
    }

    fn pass_held(&mut self) -> Option<WedgeOutput> {
        self.held_characters = 0;
        (!self.held.is_empty()).then(|| WedgeOutput::Pass(std::mem::take(&mut self.held)))
    }

    fn scan(&mut self, ended_ms: u64) -> WedgeOutput {
        let before_ms = self.scanned_ms.replace(ended_ms);
        let follows = before_ms.is_some_and(|before_ms| trigger::is_same(before_ms, self.first_ms));
        self.held_characters = 0;
        let held = std::mem::take(&mut self.held);
        let text = held.strip_prefix(&self.settings.prefix).unwrap_or(&held);
        let text = text.strip_suffix(&self.settings.suffix).unwrap_or(text);
        let text = match &self.settings.gs_substitute {
            Some(substitute) => text.replace(substitute, "\u{1d}"),
            None => text.to_owned(),
        };
        let text = half_width(&self.settings.as_sent(&text));
        WedgeOutput::Scan { text, follows }
    }
}

/// A stream of keys that the platform tells from others: one keyboard device, one serial port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WedgeSource(pub u32);

/// Several scanners that type at the same time, each with its own state, where the platform tells
/// their keys apart. What they type interleaved is never mixed.
#[derive(Clone, Debug, Default)]
pub struct Wedges {
    /// Of sources that were not set up.
    usual: WedgeSettings,
    streams: BTreeMap<WedgeSource, Wedge>,
}

impl Wedges {
    /// `usual`: the settings of sources that [`Wedges::set_up`] was not called for.
    pub fn new(usual: WedgeSettings) -> Self {
        Self {
            usual,
            streams: BTreeMap::new(),
        }
    }

    /// Settings of one source, in force at once; what it typed halfway is passed on.
    pub fn set_up(&mut self, source: WedgeSource, settings: WedgeSettings) -> Vec<WedgeOutput> {
        let before = self.streams.insert(source, Wedge::new(settings));
        before
            .and_then(|mut wedge| wedge.pass_held())
            .into_iter()
            .collect()
    }

    /// A source is gone, such as a scanner that was unplugged; what it typed halfway is passed on.
    pub fn remove(&mut self, source: WedgeSource) -> Vec<WedgeOutput> {
        let gone = self.streams.remove(&source);
        gone.and_then(|mut wedge| wedge.pass_held())
            .into_iter()
            .collect()
    }

    /// One key press of one source; see [`Wedge::key`].
    pub fn key(&mut self, source: WedgeSource, key: &str, at_ms: u64) -> Vec<WedgeOutput> {
        let usual = &self.usual;
        let wedge = self
            .streams
            .entry(source)
            .or_insert_with(|| Wedge::new(usual.clone()));
        wedge.key(key, at_ms)
    }

    /// Time went by; settles every source whose pause is over.
    pub fn tick(&mut self, at_ms: u64) -> Vec<(WedgeSource, WedgeOutput)> {
        let settled = |(source, wedge): (&WedgeSource, &mut Wedge)| {
            let source = *source;
            wedge
                .tick(at_ms)
                .into_iter()
                .map(move |output| (source, output))
        };
        self.streams.iter_mut().flat_map(settled).collect()
    }

    /// When [`Wedges::tick`] must be called at the latest; `None` while nothing is held.
    pub fn due_ms(&self) -> Option<u64> {
        self.streams.values().filter_map(Wedge::due_ms).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds (key, time) pairs, then lets the pause pass; joins neighbours for reading.
    fn run(settings: WedgeSettings, keys: &[(&str, u64)]) -> Vec<WedgeOutput> {
        let mut wedge = Wedge::new(settings);
        let mut outputs = Vec::new();
        for (key, at_ms) in keys {
            outputs.extend(wedge.key(key, *at_ms));
        }
        let end_ms = keys.last().map_or(0, |(_, at_ms)| at_ms + 1_000);
        outputs.extend(wedge.tick(end_ms));
        assert_eq!(wedge.due_ms(), None, "nothing stays held");
        outputs.retain(|output| *output != WedgeOutput::Held);
        outputs
    }

    fn burst(text: &str, start_ms: u64, gap_ms: u64) -> Vec<(String, u64)> {
        let keys = text.chars().enumerate();
        keys.map(|(at, c)| (c.to_string(), start_ms + at as u64 * gap_ms))
            .collect()
    }

    fn check(settings: WedgeSettings, keys: Vec<(String, u64)>, expected: &[WedgeOutput]) {
        let keys: Vec<_> = keys
            .iter()
            .map(|(key, at_ms)| (key.as_str(), *at_ms))
            .collect();
        assert_eq!(run(settings, &keys), expected, "{keys:?}");
    }

    fn scan(text: &str) -> WedgeOutput {
        WedgeOutput::Scan {
            text: text.to_owned(),
            follows: false,
        }
    }

    fn next(text: &str) -> WedgeOutput {
        WedgeOutput::Scan {
            text: text.to_owned(),
            follows: true,
        }
    }

    fn pass(text: &str) -> WedgeOutput {
        WedgeOutput::Pass(text.to_owned())
    }

    #[test]
    fn bursts_with_any_terminator_are_scans() {
        for terminator in ["\r", "\n", "\t"] {
            let keys = burst(&format!("4006381333931{terminator}"), 10, 4);
            check(WedgeSettings::default(), keys, &[scan("4006381333931")]);
        }
        check(
            WedgeSettings::default(),
            burst("A-1\r", 10, 50),
            &[scan("A-1")],
        );
        check(
            WedgeSettings::default(),
            burst("库位一\r", 10, 5),
            &[scan("库位一")],
        );
    }

    #[test]
    fn a_pause_ends_a_long_enough_burst() {
        check(
            WedgeSettings::default(),
            burst("123456", 10, 4),
            &[scan("123456")],
        );
        check(
            WedgeSettings::default(),
            burst("1234", 10, 4),
            &[pass("1234")],
        );
        let settings = WedgeSettings {
            length_min_without_terminator: None,
            ..WedgeSettings::default()
        };
        check(settings, burst("123456", 10, 4), &[pass("123456")]);
        let mut two = burst("111111", 0, 4);
        two.extend(burst("222222\r", 400, 4));
        check(
            WedgeSettings::default(),
            two,
            &[scan("111111"), scan("222222")],
        );
    }

    #[test]
    fn people_are_never_scans() {
        let typed = burst("hello\r", 0, 51);
        let expected: Vec<_> = "hello\r".chars().map(|c| pass(&c.to_string())).collect();
        check(WedgeSettings::default(), typed, &expected);
        check(
            WedgeSettings::default(),
            burst("ok\r", 0, 4),
            &[pass("ok"), pass("\r")],
        );
        check(WedgeSettings::default(), burst("\r", 0, 4), &[pass("\r")]);
        let late_enter = [("1", 0), ("2", 5), ("3", 10), ("\r", 500)]
            .map(|(k, t)| (k.to_owned(), t))
            .to_vec();
        check(
            WedgeSettings::default(),
            late_enter,
            &[pass("123"), pass("\r")],
        );
        let clock_back = [("1", 1_000), ("2", 1_005), ("3", 3), ("\r", 8)];
        let clock_back = clock_back.map(|(k, t)| (k.to_owned(), t)).to_vec();
        check(
            WedgeSettings::default(),
            clock_back,
            &[pass("12"), pass("3"), pass("\r")],
        );
    }

    #[test]
    fn modifiers_do_not_break_a_burst_and_editing_keys_do() {
        let keys = [
            ("\u{10}", 0),
            ("A", 2),
            ("\u{10}", 4),
            ("B", 6),
            ("", 7),
            ("C", 8),
            ("\r", 9),
        ];
        let keys = keys.map(|(k, t)| (k.to_owned(), t)).to_vec();
        let modifiers = [pass("\u{10}"), pass("\u{10}"), pass(""), scan("ABC")];
        check(WedgeSettings::default(), keys, &modifiers);
        let keys = burst("AB\u{8}C\r", 0, 4);
        let edited = [pass("AB"), pass("\u{8}"), pass("C"), pass("\r")];
        check(WedgeSettings::default(), keys, &edited);
    }

    #[test]
    fn prefix_suffix_and_group_separator() {
        let settings = WedgeSettings {
            prefix: "~".to_owned(),
            suffix: "#".to_owned(),
            gs_substitute: Some("^".to_owned()),
            ..WedgeSettings::default()
        };
        check(
            settings.clone(),
            burst("~10A^21B#\r", 0, 4),
            &[scan("10A\u{1d}21B")],
        );
        check(
            settings.clone(),
            burst("10A\u{1d}21B\r", 0, 4),
            &[scan("10A\u{1d}21B")],
        );
        check(settings, burst("~##\r", 0, 4), &[scan("#")]);
    }

    #[test]
    fn codes_of_one_trigger_follow_each_other() {
        let two = |gap_ms: u64| {
            let mut keys = burst("111111\r", 0, 4);
            keys.extend(burst("222222\r", 24 + gap_ms, 4));
            keys
        };
        let usual = WedgeSettings::default;
        check(usual(), two(4), &[scan("111111"), next("222222")]);
        check(usual(), two(120), &[scan("111111"), next("222222")]);
        check(usual(), two(121), &[scan("111111"), scan("222222")]);
        // The time that the keys of a slow scanner take is not between its codes.
        let mut slow = burst("111111", 0, 40);
        slow.extend(burst("222222", 300, 40));
        check(usual(), slow, &[scan("111111"), next("222222")]);
    }

    #[test]
    fn what_another_layout_made_is_made_up_for() {
        let comes_as = [
            ("&", '1'),
            ("é", '2'),
            ("$", ']'),
            ("——", '_'),
            ("—", '-'),
            ("q", 'a'),
        ];
        let settings = WedgeSettings {
            comes_as: comes_as.map(|(came, sent)| (came.to_owned(), sent)).into(),
            gs_substitute: Some("µ".to_owned()),
            ..WedgeSettings::default()
        };
        check(settings.clone(), burst("$C&&é\r", 0, 4), &[scan("]C112")]);
        check(settings.clone(), burst("——&—q\r", 0, 4), &[scan("_1-a")]);
        check(
            settings.clone(),
            burst("10Aµ21B\r", 0, 4),
            &[scan("10A\u{1d}21B")],
        );
        // What a person types is left as it came.
        check(settings, burst("&é\r", 0, 4), &[pass("&é"), pass("\r")]);
    }

    #[test]
    fn full_width_codes_become_plain_ones() {
        let usual = WedgeSettings::default;
        check(usual(), burst("４００６－Ａｂ\r", 0, 4), &[scan("4006-Ab")]);
        check(usual(), burst("库位（一）\r", 0, 4), &[scan("库位（一）")]);
        check(usual(), burst("A１２\r", 0, 4), &[scan("A１２")]);
    }

    #[test]
    fn scanners_that_are_told_apart_do_not_mix() {
        let (left, right) = (WedgeSource(1), WedgeSource(2));
        let mut wedges = Wedges::new(WedgeSettings::default());
        let mut scans = Vec::new();
        for (n, (a, b)) in "111111\r".chars().zip("222222\r".chars()).enumerate() {
            let at_ms = 10 * n as u64;
            for (source, key, at_ms) in [(left, a, at_ms), (right, b, at_ms + 5)] {
                let outputs = wedges.key(source, &key.to_string(), at_ms);
                scans.extend(
                    outputs
                        .into_iter()
                        .filter(|output| *output != WedgeOutput::Held),
                );
            }
        }
        // Neither follows the other.
        assert_eq!(scans, [scan("111111"), scan("222222")]);
        assert_eq!(wedges.due_ms(), None);
        // A pause of one does not end the burst of the other.
        for at_ms in [100, 104, 108, 112, 116, 120] {
            wedges.key(left, "3", at_ms);
        }
        wedges.key(right, "4", 160);
        assert_eq!(wedges.due_ms(), Some(171));
        assert_eq!(wedges.tick(171), [(left, next("333333"))]);
        assert_eq!(wedges.remove(right), [pass("4")]);
        // A source with settings of its own.
        let settings = WedgeSettings {
            prefix: "~".to_owned(),
            ..WedgeSettings::default()
        };
        assert_eq!(wedges.set_up(right, settings), []);
        for key in ["~", "5", "5", "5"] {
            wedges.key(right, key, 400);
        }
        assert_eq!(wedges.key(right, "\r", 404), [scan("555")]);
    }

    #[test]
    fn a_burst_without_end_is_passed_on() {
        let outputs = run(
            WedgeSettings::default(),
            &[(&"x".repeat(LENGTH_MAX + 1), 0)],
        );
        assert_eq!(outputs, [pass(&"x".repeat(LENGTH_MAX + 1))]);
    }

    proptest! {
        /// Whatever is pressed comes out again, once and in order.
        #[test]
        fn no_key_is_lost(keys in proptest::collection::vec((any::<char>(), 0..120u64), 0..60)) {
            let mut at_ms = 0;
            let keys: Vec<_> = keys
                .into_iter()
                .map(|(key, gap_ms)| { at_ms += gap_ms; (key.to_string(), at_ms) })
                .collect();
            let pressed: String = keys.iter().map(|(key, _)| key.as_str()).collect();
            let keys: Vec<_> = keys.iter().map(|(key, at_ms)| (key.as_str(), *at_ms)).collect();
            let mut came: Vec<char> = run(WedgeSettings::default(), &keys)
                .iter()
                .flat_map(|output| match output {
                    WedgeOutput::Pass(text) | WedgeOutput::Scan { text, .. } => text.chars(),
                    WedgeOutput::Held => "".chars(),
                })
                .collect();
            // Terminators of scans are eaten, modifiers overtake the burst.
            let keep = |c: &char| !c.is_control() && !('\u{e000}'..='\u{f8ff}').contains(c);
            came.retain(keep);
            let pressed: Vec<char> = pressed.chars().filter(keep).collect();
            prop_assert_eq!(came, pressed);
        }
    }
}
