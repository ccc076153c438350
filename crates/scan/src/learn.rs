//! Works out how a wedge scanner is set up, from the keys that a known code came as.

use crate::Symbology;
use crate::wedge::{WedgeSettings, half_width};

/// Both ends of the known code: letters that are the same on the keyboard layouts in use.
const BEGINS: &str = "TEST";
const ENDS: &str = "TSET";
/// Everything else that a keyboard types, as far as no layout in use makes a dead key of it. Not `|`,
/// which scanners are set to send for the separator.
const SIGNS: &str = "0123456789-/:;@#$%&*()]}<>?.,\\!zyqwamiZYQWAMI";
/// What some layouts have on a dead key, which waits for the next one and makes one character of
/// both, and of what Chinese input methods make two. [`ANCHOR`] stands behind each.
const DEAD_SIGNS: &str = "[{^~`'\"=+_";
const ANCHOR: char = 'E';
/// Between both lists: if a sign before it is lost, it does not stand where it should.
const BETWEEN: char = 'T';
/// On both sides of the separator, and nowhere else between the ends.
const BEFORE_GS: char = 'H';
const AFTER_GS: char = 'I';

/// A scanner that pauses longer between two keys cannot be told from a person.
const GAP_MAX_MS: u64 = 250;

/// The text of the test code, to be drawn as a barcode that is not GS1.
pub fn test_text() -> String {
    let dead: String = DEAD_SIGNS.chars().flat_map(|sign| [sign, ANCHOR]).collect();
    format!("{BEGINS}{SIGNS}{BETWEEN}{dead}{BEFORE_GS}\u{1d}{AFTER_GS}{ENDS}")
}

/// One key press: the text that it makes, and when, in milliseconds of one clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPress {
    pub text: String,
    pub at_ms: u64,
}

/// Keys behind a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminator {
    Return,
    LineFeed,
    Tab,
    /// Only the pause ends a code.
    None,
}

impl Terminator {
    pub const ALL: [Self; 4] = [Self::Return, Self::LineFeed, Self::Tab, Self::None];

    pub fn code(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::LineFeed => "line-feed",
            Self::Tab => "tab",
            Self::None => "none",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learnt {
    pub settings: WedgeSettings,
    pub terminator: Terminator,
    /// What stands for the separator of GS1 data is nothing at all: lots and serial numbers run into each other.
    pub gs_lost: bool,
    /// Signs that do not come at all, since they are on dead keys of the device's layout. Codes
    /// that hold them cannot be read with this scanner.
    pub lost: Vec<char>,
}

impl Learnt {
    /// Scanner and device have different layouts, which [`WedgeSettings::comes_as`] makes up for.
    pub fn is_repaired(&self) -> bool {
        !self.settings.comes_as.is_empty()
    }

    /// What two scans of the test code have in common; `None` if they say different things. How fast the keys came is
    /// never quite the same: the slower one counts.
    pub fn agreed(&self, again: &Self) -> Option<Self> {
        let gap_max_ms = self.settings.gap_max_ms.max(again.settings.gap_max_ms);
        let slower = |learnt: &Self| {
            let mut learnt = learnt.clone();
            learnt.settings.gap_max_ms = gap_max_ms;
            learnt
        };
        Some(slower(self)).filter(|both| *both == slower(again))
    }
}

/// The keys as they came, for a person to read: what cannot be seen has its name in angle brackets.
pub fn visible(keys: &[KeyPress]) -> String {
    let mut shown = String::new();
    for character in keys.iter().flat_map(|key| key.text.chars()) {
        match character {
            '\r' | '\n' => shown.push_str("<Enter>"),
            '\t' => shown.push_str("<Tab>"),
            '\u{1d}' => shown.push_str("<GS>"),
            ' ' => shown.push_str("<Space>"),
            other if other.is_control() => shown.push_str(&format!("<{:02X}>", u32::from(other))),
            other => shown.push(other),
        }
    }
    shown
}

/// Why the scanner cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is another code, or not all of it came.
    NotTheTestCode,
    /// Too long between two keys, in milliseconds.
    TooSlow { gap_ms: u64 },
    /// Capitals and small letters are exchanged.
    CapsInverted,
    /// The scanner and this device are set to different keyboard layouts.
    Layout {
        /// The layout that explains it, of this device or of the scanner; `None` for another one.
        looks_like: Option<Layout>,
        /// Each character that came out wrong, and what came for it, if something did.
        wrong: Vec<(char, Option<char>)>,
    },
}

/// A layout that is not the American one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Azerty,
    Qwertz,
}

/// Finds the settings, or what is wrong. `keys`: all that came for one scan of the test code, in order.
///
/// # Errors
/// [`Fault`]: what to change at the scanner or at the device.
pub fn learn(keys: &[KeyPress]) -> Result<Learnt, Fault> {
    let typed: Vec<(char, u64)> = keys
        .iter()
        .flat_map(|key| key.text.chars().map(|c| (c, key.at_ms)))
        .filter(|(c, _)| is_typed(*c))
        .collect();
    let gap_ms = typed
        .windows(2)
        .map(|pair| match pair {
            [(_, before), (_, after)] => after.saturating_sub(*before),
            _ => 0,
        })
        .max()
        .unwrap_or(0);
    let text: String = typed.iter().map(|(c, _)| *c).collect();
    let text = half_width(&text);
    let is_end = |c: char| matches!(c, '\r' | '\n' | '\t');
    let code = text.trim_end_matches(is_end);
    let terminator = match text.get(code.len()..).and_then(|end| end.chars().next()) {
        Some('\r') => Terminator::Return,
        Some('\n') => Terminator::LineFeed,
        Some(_) => Terminator::Tab,
        None => Terminator::None,
    };
    let inverted: String = code.chars().map(other_case).collect();
    let (code, is_inverted) = match (parts(code), parts(&inverted)) {
        (Some(parts), _) => (parts, false),
        (None, Some(parts)) => (parts, true),
        (None, None) => return Err(Fault::NotTheTestCode),
    };
    if is_inverted {
        return Err(Fault::CapsInverted);
    }
    if gap_ms > GAP_MAX_MS {
        return Err(Fault::TooSlow { gap_ms });
    }
    let usual = WedgeSettings {
        comes_as: compare(code.signs)?,
        ..WedgeSettings::default()
    };
    // What could not be learnt but is no part of most codes is told, and not guessed.
    let lost: Vec<char> = lost_signs(code.signs);
    // Control and ] is how many scanners send it, and arrives as ] alone. Taken for the separator it would eat what each
    // code's symbol identifier begins with.
    let gs_lost = matches!(usual.as_sent(code.gs).as_str(), "" | "]");
    let substitute = Some(code.gs).filter(|gs| !gs_lost && *gs != "\u{1d}");
    Ok(Learnt {
        settings: WedgeSettings {
            // Twice the longest pause, since a busy radio is not always as quick.
            gap_max_ms: (2 * gap_ms).clamp(usual.gap_max_ms, GAP_MAX_MS),
            length_min_without_terminator: match terminator {
                Terminator::None => Some(usual.length_min),
                _ => usual.length_min_without_terminator,
            },
            prefix: without_identifier(code.prefix, &usual).to_owned(),
            suffix: code.suffix.to_owned(),
            gs_substitute: substitute.map(str::to_owned),
            ..usual
        },
        terminator,
        gs_lost,
        lost,
    })
}

/// Modifiers and keys without a text are pressed between the characters.
fn is_typed(c: char) -> bool {
    let private = ('\u{e000}'..='\u{f8ff}').contains(&c);
    matches!(c, '\r' | '\n' | '\t' | '\u{1d}') || !(c.is_control() || private)
}

fn other_case(c: char) -> char {
    match c.is_ascii_uppercase() {
        true => c.to_ascii_lowercase(),
        false => c.to_ascii_uppercase(),
    }
}

struct Parts<'a> {
    prefix: &'a str,
    signs: &'a str,
    gs: &'a str,
    suffix: &'a str,
}

fn parts(code: &str) -> Option<Parts<'_>> {
    let (prefix, rest) = code.split_once(BEGINS)?;
    let (body, suffix) = rest.rsplit_once(ENDS)?;
    let (signs, gs) = body.strip_suffix(AFTER_GS)?.rsplit_once(BEFORE_GS)?;
    Some(Parts {
        prefix,
        signs,
        gs,
        suffix,
    })
}

/// The identifier of the symbol stands behind the prefix; it is taken off each code by itself.
fn without_identifier<'a>(prefix: &'a str, settings: &WedgeSettings) -> &'a str {
    let at = prefix.char_indices().rev().nth(2).map_or(0, |(at, _)| at);
    let (before, identifier) = prefix.split_at(at);
    match Symbology::from_identifier(&settings.as_sent(identifier)) {
        Some(_) => before,
        None => prefix,
    }
}

/// What came for each sign, in order: one character for each of [`SIGNS`], up to two for the others;
/// nothing where a dead key swallowed it. `None` if it cannot be told which came for which.
fn aligned(came: &str) -> Option<Vec<(char, String)>> {
    let mut rest = came.chars().peekable();
    let mut pairs = Vec::new();
    for sign in SIGNS.chars() {
        pairs.push((sign, rest.next()?.to_string()));
    }
    if rest.next() != Some(BETWEEN) {
        return None;
    }
    for sign in DEAD_SIGNS.chars() {
        let mut token = String::new();
        while let Some(character) = rest.next_if(|character| *character != ANCHOR) {
            token.push(character);
            if rest.peek().is_none_or(|next| *next != ANCHOR)
                && (token.chars().count() == 2 || is_composed(character))
            {
                break;
            }
        }
        // With a dead key the anchor is part of what came.
        let is_whole = rest.next_if_eq(&ANCHOR).is_some() && !token.is_empty();
        pairs.push((sign, if is_whole { token } else { String::new() }));
    }
    rest.next().is_none().then_some(pairs)
}

/// The anchor with an accent, which a dead key makes of it.
fn is_composed(character: char) -> bool {
    matches!(character, 'È'..='Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' | 'Ẽ')
}

fn lost_signs(came: &str) -> Vec<char> {
    let pairs = aligned(came).unwrap_or_default();
    pairs
        .into_iter()
        .filter(|(_, came)| came.is_empty())
        .map(|(sign, _)| sign)
        .collect()
}

/// What comes for which character, where that is another one.
///
/// # Errors
/// [`Fault::CapsInverted`], which a key of the device may undo at any time, so that it is not
/// learnt; [`Fault::Layout`] where two characters come as the same one, or none can be told.
fn compare(came: &str) -> Result<Vec<(String, char)>, Fault> {
    let Some(pairs) = aligned(came) else {
        // A dead key waits for the next one, and both become one character or none.
        let gone = SIGNS.chars().filter(|sent| !came.contains(*sent));
        return Err(Fault::Layout {
            looks_like: None,
            wrong: gone.map(|sent| (sent, None)).collect(),
        });
    };
    let wrong: Vec<(char, Option<char>)> = pairs
        .iter()
        .filter(|(sent, came)| *came != sent.to_string())
        .map(|(sent, came)| (*sent, came.chars().next()))
        .collect();
    let swapped = |a: char, b: char| wrong.contains(&(a, Some(b))) && wrong.contains(&(b, Some(a)));
    let letters = wrong.iter().filter(|(sent, _)| sent.is_ascii_lowercase());
    let cases = |(sent, came): &(char, Option<char>)| *came == Some(other_case(*sent));
    if !wrong.is_empty() && wrong.iter().all(cases) && letters.count() > 0 {
        return Err(Fault::CapsInverted);
    }
    // Two characters that come as one cannot be told apart again. What is not in the test code
    // comes as it is.
    let untested = ('!'..='~').filter(|c| !SIGNS.contains(*c) && !DEAD_SIGNS.contains(*c));
    let mut seen: Vec<String> = untested.map(String::from).collect();
    for (_, came) in pairs.iter().filter(|(_, came)| !came.is_empty()) {
        if seen.contains(came) {
            let looks_like = match () {
                () if swapped('a', 'q') || swapped('z', 'w') => Some(Layout::Azerty),
                () if swapped('y', 'z') => Some(Layout::Qwertz),
                () => None,
            };
            return Err(Fault::Layout { looks_like, wrong });
        }
        seen.push(came.clone());
    }
    let differ = pairs
        .into_iter()
        .filter(|(sent, came)| !came.is_empty() && *came != sent.to_string());
    Ok(differ.map(|(sent, came)| (came, sent)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str, gap_ms: u64) -> Vec<KeyPress> {
        let key = |(text, n): (char, u64)| KeyPress {
            text: text.to_string(),
            at_ms: 1_000 + n * gap_ms,
        };
        text.chars().zip(0..).map(key).collect()
    }

    /// The test code with something in place of GS.
    fn code(gs: &str) -> String {
        test_text().replace('\u{1d}', gs)
    }

    fn settings(prefix: &str, suffix: &str, gap_max_ms: u64, gs: Option<&str>) -> WedgeSettings {
        WedgeSettings {
            prefix: prefix.into(),
            suffix: suffix.into(),
            gap_max_ms,
            gs_substitute: gs.map(str::to_owned),
            ..WedgeSettings::default()
        }
    }

    #[test]
    fn ends_prefixes_and_separators() {
        let check = |text: String, gap_ms: u64, settings: WedgeSettings, end: Terminator| {
            let learnt = learn(&keys(&text, gap_ms)).unwrap();
            assert_eq!(
                (&learnt.settings, learnt.terminator),
                (&settings, end),
                "{text}"
            );
            assert!(!learnt.gs_lost);
        };
        let end = Terminator::Return;
        check(code("\u{1d}") + "\r", 2, settings("", "", 50, None), end);
        check(code("\u{1d}") + "\r\n", 2, settings("", "", 50, None), end);
        let end = Terminator::LineFeed;
        check(code("\u{1d}") + "\n", 2, settings("", "", 50, None), end);
        let end = Terminator::Tab;
        check(code("\u{1d}") + "\t", 2, settings("", "", 50, None), end);
        check(code("^]") + "\t", 2, settings("", "", 50, Some("^]")), end);
        check(code("|") + "\t", 2, settings("", "", 50, Some("|")), end);
        let both = format!("~~{}#", code("|"));
        check(both + "\t", 2, settings("~~", "#", 50, Some("|")), end);
        // The identifier is no prefix.
        let named = format!("]C1{}\t", code("|"));
        check(named, 2, settings("", "", 50, Some("|")), end);
        let named = format!("*]Q1{}\t", code("|"));
        check(named, 2, settings("*", "", 50, Some("|")), end);
        // Over slow Bluetooth.
        check(code("|") + "\t", 60, settings("", "", 120, Some("|")), end);
        check(code("|") + "\t", 200, settings("", "", 250, Some("|")), end);
        let open = WedgeSettings {
            length_min_without_terminator: Some(3),
            ..settings("", "", 50, None)
        };
        check(code("\u{1d}"), 2, open, Terminator::None);
    }

    #[test]
    fn a_separator_that_is_lost_is_told() {
        for gs in ["", "]"] {
            let learnt = learn(&keys(&(code(gs) + "\r"), 2)).unwrap();
            assert!(learnt.gs_lost);
            assert_eq!(learnt.settings.gs_substitute, None);
        }
    }

    #[test]
    fn two_scans_agree_or_do_not() {
        let learnt = |text: String, gap_ms: u64| learn(&keys(&text, gap_ms)).unwrap();
        let fast = learnt(code("|") + "\r", 2);
        let slow = learnt(code("|") + "\r", 60);
        for (one, other) in [(&fast, &slow), (&slow, &fast), (&slow, &slow)] {
            assert_eq!(one.agreed(other), Some(slow.clone()));
        }
        for other in [
            learnt(code("|") + "\t", 2),
            learnt(code("^") + "\r", 2),
            learnt(code("") + "\r", 2),
            learnt(format!("~{}\r", code("|")), 2),
            learnt(format!("{}#\r", code("|")), 2),
        ] {
            assert_eq!(fast.agreed(&other), None, "{other:?}");
        }
    }

    #[test]
    fn every_key_is_seen() {
        let check = |text: &str, shown: &str| assert_eq!(visible(&keys(text, 2)), shown);
        check(
            "]C1A b\u{1d}|\r\n\t",
            "]C1A<Space>b<GS>|<Enter><Enter><Tab>",
        );
        check("\u{2}à库\u{3}", "<02>à库<03>");
        check("", "");
    }

    #[test]
    fn terminators_have_codes() {
        for one in Terminator::ALL {
            assert_eq!(Terminator::from_code(one.code()), Some(one));
        }
        assert_eq!(Terminator::from_code("x"), None);
    }

    #[test]
    fn what_is_learnt_reads_the_test_code_again() {
        for (text, gap_ms) in [
            (format!("~{}#\r", code("^]")), 3),
            (code("|"), 60),
            (code("\u{1d}") + "\n", 0),
        ] {
            let keys = keys(&text, gap_ms);
            let learnt = learn(&keys).unwrap();
            let mut wedge = crate::wedge::Wedge::new(learnt.settings);
            let mut outputs = Vec::new();
            for key in &keys {
                outputs.extend(wedge.key(&key.text, key.at_ms));
            }
            outputs.extend(wedge.tick(1_000_000));
            outputs.retain(|output| *output != crate::wedge::WedgeOutput::Held);
            let scan = crate::wedge::WedgeOutput::Scan {
                text: test_text(),
                follows: false,
            };
            assert_eq!(outputs, [scan], "{text}");
        }
    }

    /// The test code as a device types it whose layout has `to` where the American one has `from`.
    fn through(from: &str, to: &str) -> String {
        let one = |c: char| of_key((from, to), c);
        test_text().chars().map(one).collect::<String>() + "\r"
    }

    /// What the keys of the American layout make on others, and what they cannot make.
    const AZERTY: (&str, &str) = (
        "1234567890-qwazQWAZm;:,./<>?!@#$%^&*()]}|\\'\"_`M",
        "&é\"'(-è_çà)azqwAZQW,mM;:!./§1234567890$£µ*ù%°²?",
    );
    const QWERTZ: (&str, &str) = (
        "zyZY-/;:@#^&*()]}<>?|\\'\"_[{~",
        "yzYZß-öÖ\"§&/()=+*;:_'#äÄ?üÜ°",
    );

    #[test]
    fn layouts_that_differ_are_made_up_for() {
        for (layout, dead) in [
            (AZERTY, "[{~"),
            (QWERTZ, "=+`"),
            (("yzYZ", "zyZY"), ""),
            // A Chinese input method with its own punctuation.
            (("$;:?!(),.<>\\", "￥；：？！（），。《》、"), ""),
        ] {
            let typed = on_layout(layout, dead);
            let learnt = learn(&keys(&(typed.clone() + "\r"), 2))
                .unwrap_or_else(|fault| panic!("{typed}: {fault:?}"));
            assert!(learnt.is_repaired());
            let mut lost: Vec<char> = learnt.lost.clone();
            lost.sort_unstable();
            let mut gone: Vec<char> = dead.chars().collect();
            gone.sort_unstable();
            assert_eq!(lost, gone, "{typed}");
            // A code that none of its characters is lost of.
            let code = "]C1(01)04006381333931/Zy-qAm:M;_?.*$";
            let came: String = code.chars().map(|c| of_key(layout, c)).collect();
            assert_eq!(learnt.settings.as_sent(&came), code, "{came}");
        }
        let usual = learn(&keys(&(code("\u{1d}") + "\r"), 2)).unwrap();
        assert!(!usual.is_repaired() && usual.lost.is_empty());
    }

    fn of_key((from, to): (&str, &str), c: char) -> char {
        assert_eq!(from.chars().count(), to.chars().count());
        let at = from.chars().position(|f| f == c);
        at.and_then(|at| to.chars().nth(at)).unwrap_or(c)
    }

    /// The test code typed on another layout, where `dead` keys make one character with the next.
    fn on_layout(layout: (&str, &str), dead: &str) -> String {
        let mut typed = String::new();
        let text = test_text();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            if dead.contains(c) && rest.next_if_eq(&ANCHOR).is_some() {
                typed.push('Ê');
            } else {
                typed.push(of_key(layout, c));
            }
        }
        typed
    }

    #[test]
    fn two_characters_for_one_sign_are_one() {
        let typed = test_text().replace('_', "——").replace('^', "……") + "\r";
        let learnt = learn(&keys(&typed, 2)).unwrap();
        assert_eq!(learnt.settings.as_sent("A——1……2"), "A_1^2");
    }

    #[test]
    fn full_width_forms_are_plain_ones() {
        let wide = |c: char| match c {
            '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
            other => other,
        };
        let typed: String = test_text().chars().map(wide).collect();
        let learnt = learn(&keys(&(typed + "\r"), 2)).unwrap();
        assert!(!learnt.is_repaired(), "the wedge does that for every code");
    }

    #[test]
    fn the_prefix_and_the_separator_come_through_it_too() {
        let typed = on_layout(AZERTY, "[{~").replace('\u{1d}', "µ");
        let learnt = learn(&keys(&format!("*$C&{typed}\r"), 2)).unwrap();
        assert_eq!(learnt.settings.prefix, "*");
        assert_eq!(learnt.settings.gs_substitute.as_deref(), Some("µ"));
        assert!(!learnt.gs_lost);
        // Control and `]` comes as the key of `]` does.
        let typed = on_layout(AZERTY, "[{~").replace('\u{1d}', "$");
        assert!(learn(&keys(&(typed + "\r"), 2)).unwrap().gs_lost);
    }

    #[test]
    fn what_cannot_be_told_apart_is_named() {
        let check = |text: String, layout: Option<Layout>, some: (char, Option<char>)| {
            let Err(Fault::Layout { looks_like, wrong }) = learn(&keys(&text, 2)) else {
                panic!("{text}");
            };
            assert_eq!(looks_like, layout, "{text}");
            assert!(wrong.contains(&some), "{wrong:?}");
        };
        // Two keys that make the same character.
        check(through("0", "1"), None, ('0', Some('1')));
        check(
            through("zyZY-", "yzYZ/"),
            Some(Layout::Qwertz),
            ('-', Some('/')),
        );
        check(
            through("aqAQzwZW-", "qaQAwzWZ/"),
            Some(Layout::Azerty),
            ('-', Some('/')),
        );
        // A key that makes nothing, where a sign was not expected to be lost.
        let gone = test_text().replace('#', "") + "\r";
        check(gone, None, ('#', None));
    }

    #[test]
    fn other_faults() {
        let check = |text: &str, gap_ms: u64, fault: Fault| {
            assert_eq!(learn(&keys(text, gap_ms)), Err(fault), "{text}");
        };
        let inverted: String = test_text().chars().map(other_case).collect();
        check(&inverted, 2, Fault::CapsInverted);
        check("4006381333931\r", 2, Fault::NotTheTestCode);
        check("", 2, Fault::NotTheTestCode);
        check("TEST0123\r", 2, Fault::NotTheTestCode);
        check(&test_text(), 300, Fault::TooSlow { gap_ms: 300 });
    }

    #[test]
    fn modifiers_between_the_keys_do_not_matter() {
        let mut pressed = Vec::new();
        for key in keys(&(test_text() + "\r"), 4) {
            let shift = KeyPress {
                text: "\u{10}".into(),
                at_ms: key.at_ms,
            };
            pressed.extend([shift, key]);
        }
        assert_eq!(learn(&pressed).unwrap().terminator, Terminator::Return);
    }
}
