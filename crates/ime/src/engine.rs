//! The composition: letters in, candidates and words out.

use std::collections::HashSet;

use crate::find::{Found, Meaning, find};
use crate::learned::Learned;
use crate::segment::Segmentation;
use crate::sentence::Word;
use crate::table::WORD_MAX;

/// Letters of the longest composition; more are not taken.
const LETTERS_MAX: usize = 48;

/// A word to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub text: String,
    /// Letters of the composition that it stands for, from the start.
    pub letters: usize,
}

/// One person's composition of Chinese text, and what was learned from earlier ones.
#[derive(Debug, Clone, Default)]
pub struct Pinyin {
    input: String,
    ways: Vec<Segmentation>,
    /// Sorted, with the same text more than once; `shown` has each once.
    found: Vec<Found>,
    shown: Vec<(Candidate, Vec<Word>)>,
    /// How many of `found` are in `shown` or were passed over.
    looked_at: usize,
    seen: HashSet<(usize, String)>,
    /// Words chosen since the composition began: together they may be a word to learn.
    chosen: Vec<Word>,
    learned: Learned,
}

impl Pinyin {
    /// Goes on with what was learned before.
    pub fn new(learned: Learned) -> Self {
        Self {
            learned,
            ..Self::default()
        }
    }

    /// What to keep for the next start.
    pub fn learned(&self) -> &Learned {
        &self.learned
    }

    pub fn is_composing(&self) -> bool {
        !self.input.is_empty()
    }

    /// A letter `a` to `z`, or an apostrophe between two syllables. False if it was not taken.
    pub fn press(&mut self, letter: char) -> bool {
        let taken = match letter {
            'a'..='z' => true,
            '\'' => self.is_composing() && !self.input.ends_with('\''),
            _ => false,
        };
        if !taken || self.input.len() >= LETTERS_MAX {
            return false;
        }
        self.input.push(letter);
        self.look();
        true
    }

    /// Takes the last letter back. False if there is none.
    pub fn backspace(&mut self) -> bool {
        let taken = self.input.pop().is_some();
        self.look();
        taken
    }

    /// Forgets the composition.
    pub fn clear(&mut self) {
        self.input.clear();
        self.look();
    }

    /// The letters with `'` between syllables, as the first candidate takes them.
    pub fn preedit(&self) -> String {
        let way = self.found.first().map_or(0, |found| found.way);
        let pieces = self.ways.get(way).map(|way| way.pieces.iter());
        let letters = pieces.into_iter().flatten();
        let letters = letters.filter_map(|piece| self.input.get(piece.from..piece.to));
        let mut shown = letters.collect::<Vec<_>>().join("'");
        if self.input.ends_with('\'') {
            shown.push('\'');
        }
        shown
    }

    /// At most `count` candidates from the one numbered `from`, the likeliest first. Never empty
    /// for `from` 0 while something is composed.
    pub fn page(&mut self, from: usize, count: usize) -> Vec<Candidate> {
        self.show_up_to(from.saturating_add(count));
        let shown = self.shown.iter().skip(from).take(count);
        shown.map(|(candidate, _)| candidate.clone()).collect()
    }

    /// Takes a candidate by its number; the answer is the text to insert. What it does not cover
    /// stays to be chosen. `None` if there is no such candidate.
    pub fn choose(&mut self, number: usize) -> Option<String> {
        self.show_up_to(number.saturating_add(1));
        let (candidate, words) = self.shown.get(number).cloned()?;
        for (text, reading) in &words {
            self.learned.choose(text, reading);
        }
        self.chosen.extend(words);
        self.input.drain(..candidate.letters);
        if self.input.is_empty() {
            self.learn_together();
        }
        self.look();
        Some(candidate.text)
    }

    /// Ends the composition; the answer is its letters as they were typed.
    pub fn commit_raw(&mut self) -> String {
        let typed = std::mem::take(&mut self.input);
        self.look();
        typed
    }

    /// The parts of one composition are one word from now on: a name, mostly.
    fn learn_together(&mut self) {
        let syllables: usize = self.chosen.iter().map(|(_, reading)| reading.len()).sum();
        if self.chosen.len() > 1 && syllables <= WORD_MAX {
            let text: String = self.chosen.iter().map(|(text, _)| text.as_str()).collect();
            let reading: Vec<_> = self.chosen.iter().flat_map(|(_, r)| r.clone()).collect();
            self.learned.choose(&text, &reading);
        }
    }

    /// After every change of the input.
    fn look(&mut self) {
        self.shown.clear();
        self.seen.clear();
        self.looked_at = 0;
        if self.input.is_empty() {
            self.chosen.clear();
            self.ways.clear();
            self.found.clear();
        } else {
            (self.ways, self.found) = find(&self.input, &self.learned);
        }
    }

    /// A single initial stands for thousands of characters, of which few are ever looked at.
    fn show_up_to(&mut self, count: usize) {
        while self.shown.len() < count {
            let Some(found) = self.found.get(self.looked_at) else {
                return;
            };
            self.looked_at += 1;
            let words = match &found.meaning {
                Meaning::Listed(entry) => vec![(entry.text(), entry.reading())],
                Meaning::Words(words) => words.clone(),
                Meaning::Letter(letter) => vec![(letter.clone(), Vec::new())],
            };
            let text: String = words.iter().map(|(text, _)| text.as_str()).collect();
            if self.seen.insert((found.letters, text.clone())) {
                let letters = found.letters;
                self.shown.push((Candidate { text, letters }, words));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(letters: &str) -> Pinyin {
        let mut pinyin = Pinyin::default();
        for letter in letters.chars() {
            assert!(pinyin.press(letter), "{letter} of {letters}");
        }
        pinyin
    }

    fn texts(pinyin: &mut Pinyin, count: usize) -> Vec<String> {
        let page = pinyin.page(0, count).into_iter();
        page.map(|candidate| candidate.text).collect()
    }

    fn number(pinyin: &mut Pinyin, text: &str) -> usize {
        let all = texts(pinyin, usize::MAX);
        let at = all.iter().position(|other| other == text);
        at.unwrap_or_else(|| panic!("no {text} in {all:?}"))
    }

    #[test]
    fn a_candidate_that_covers_a_part_leaves_the_rest() {
        let mut pinyin = typed("zhangzhekun");
        assert_eq!(pinyin.preedit(), "zhang'zhe'kun");
        let zhang = number(&mut pinyin, "张");
        assert_eq!(pinyin.choose(zhang).as_deref(), Some("张"));
        assert_eq!(pinyin.preedit(), "zhe'kun");
        let zhe = number(&mut pinyin, "喆");
        assert_eq!(pinyin.choose(zhe).as_deref(), Some("喆"));
        let kun = number(&mut pinyin, "堃");
        assert_eq!(pinyin.choose(kun).as_deref(), Some("堃"));
        assert!(!pinyin.is_composing());
        assert_eq!(pinyin.page(0, 9), []);
    }

    #[test]
    fn what_was_put_together_is_a_word_from_then_on() {
        let mut pinyin = typed("zhangzhekun");
        for text in ["张", "喆", "堃"] {
            let at = number(&mut pinyin, text);
            pinyin.choose(at);
        }
        let mut later = Pinyin::new(pinyin.learned().clone());
        for letter in "zzk".chars() {
            later.press(letter);
        }
        assert_eq!(texts(&mut later, 1), ["张喆堃"]);
    }

    #[test]
    fn a_choice_rises() {
        let mut pinyin = typed("zhe");
        let before = number(&mut pinyin, "谪");
        for _ in 0..4 {
            let at = number(&mut pinyin, "谪");
            pinyin.choose(at);
            "zhe"
                .chars()
                .for_each(|letter| assert!(pinyin.press(letter)));
        }
        let after = number(&mut pinyin, "谪");
        assert!(before > 9 && after == 0, "{before} to {after}");
    }

    #[test]
    fn letters_can_be_taken_back_or_kept_as_they_are() {
        let mut pinyin = typed("xi'an");
        assert_eq!(pinyin.preedit(), "xi'an");
        assert!(pinyin.backspace() && pinyin.backspace());
        assert_eq!(pinyin.preedit(), "xi'");
        assert!(!pinyin.press('\'') && !pinyin.press('A') && !pinyin.press('1'));
        assert_eq!(pinyin.commit_raw(), "xi'");
        assert!(!pinyin.is_composing() && !pinyin.backspace() && !pinyin.press('\''));
        assert_eq!(pinyin.choose(0), None);
    }

    #[test]
    fn a_composition_has_an_end() {
        let mut pinyin = typed(&"z".repeat(LETTERS_MAX));
        assert!(!pinyin.press('z'));
        assert_eq!(pinyin.preedit().replace('\'', "").len(), LETTERS_MAX);
    }
}
