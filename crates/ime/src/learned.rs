//! What this device has learned from the choices of the people who use it.

use serde::{Deserialize, Serialize};

use crate::syllables::{Syllable, Syllables, exactly, spelled};
use crate::table::{WORD_MAX, Weight, weight_of};

/// Words that are kept; beyond it the one that was not used for longest goes.
const KEPT_MAX: usize = 1_000;
/// What each doubling of the choices is worth: a word that is twenty times commoner is overtaken by
/// one choice.
const CHOSEN: Weight = 60;
/// What a chosen word weighs at least, though it be rare or in no list, such as a name: where
/// people write it, it is not rare.
const OWN: Weight = 90;

/// Chosen words, and words put together from choices. Bounded; serialises as a list of
/// `(text, reading, times)`, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    from = "Vec<(String, String, u32)>",
    into = "Vec<(String, String, u32)>"
)]
pub struct Learned {
    /// In the order in which they were last chosen.
    words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    text: String,
    reading: Vec<Syllable>,
    times: u32,
    /// Without the choices.
    weight: Weight,
}

impl Word {
    fn weight(&self) -> Weight {
        let doublings = Weight::try_from(self.times.max(1).ilog2()).unwrap_or_default();
        self.weight + CHOSEN * (1 + doublings.min(6))
    }
}

impl Learned {
    /// Nothing was learned yet.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The word was chosen once more. One that no list could hold is not kept.
    pub(crate) fn choose(&mut self, text: &str, reading: &[Syllable]) {
        self.add(text, reading, 1);
    }

    fn add(&mut self, text: &str, reading: &[Syllable], times: u32) {
        if reading.is_empty() || reading.len() > WORD_MAX || text.chars().count() != reading.len() {
            return;
        }
        let same = |word: &Word| word.text == text && word.reading == reading;
        let mut word = match self.words.iter().position(same) {
            Some(at) => self.words.remove(at),
            None => Word {
                text: text.to_owned(),
                reading: reading.to_vec(),
                times: 0,
                weight: weight_of(text, reading).max(OWN),
            },
        };
        word.times = word.times.saturating_add(times);
        self.words.push(word);
        let surplus = self.words.len().saturating_sub(KEPT_MAX);
        self.words.drain(..surplus);
    }

    /// Calls with each word that is read so.
    pub(crate) fn each(
        &self,
        pattern: &[Syllables],
        mut found: impl FnMut(&str, &[Syllable], Weight),
    ) {
        for word in &self.words {
            let fits = word.reading.len() == pattern.len()
                && pattern
                    .iter()
                    .zip(&word.reading)
                    .all(|(wanted, syllable)| wanted.contains(syllable));
            if fits {
                found(&word.text, &word.reading, word.weight());
            }
        }
    }
}

impl From<Vec<(String, String, u32)>> for Learned {
    /// What cannot be read is left out: a list that was written by another version helps as far as
    /// it goes.
    fn from(kept: Vec<(String, String, u32)>) -> Self {
        let mut learned = Self::default();
        let surplus = kept.len().saturating_sub(KEPT_MAX);
        for (text, reading, times) in kept.into_iter().skip(surplus) {
            let syllables = reading.split('\'').map(exactly);
            let syllables: Option<Vec<_>> = syllables.map(|s| s.map(|s| s.start)).collect();
            if let Some(syllables) = syllables {
                learned.add(&text, &syllables, times);
            }
        }
        learned
    }
}

impl From<Learned> for Vec<(String, String, u32)> {
    fn from(learned: Learned) -> Self {
        let words = learned.words.into_iter().map(|word| {
            let reading: Vec<_> = word.reading.iter().map(|s| spelled(*s)).collect();
            (word.text, reading.join("'"), word.times)
        });
        words.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn syllables(reading: &str) -> Vec<Syllable> {
        let parts = reading.split('\'');
        parts.map(|part| exactly(part).unwrap().start).collect()
    }

    #[test]
    fn what_was_kept_comes_back() {
        let mut learned = Learned::default();
        learned.choose("张喆", &syllables("zhang'zhe"));
        learned.choose("绿", &syllables("lv"));
        learned.choose("张喆", &syllables("zhang'zhe"));
        let json = serde_json::to_string(&learned).unwrap();
        assert_eq!(json, r#"[["绿","lv",1],["张喆","zhang'zhe",2]]"#);
        assert_eq!(serde_json::from_str::<Learned>(&json).unwrap(), learned);
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let json = r#"[["张","zhang'zhe",1],["喆","qqq",1],["","",3],["堃","kun",4]]"#;
        let learned: Learned = serde_json::from_str(json).unwrap();
        let kept = Vec::from(learned);
        assert_eq!(kept, [("堃".to_owned(), "kun".to_owned(), 4)]);
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_oldest() {
        let mut learned = Learned::default();
        let kun = syllables("kun");
        for code in 0..=KEPT_MAX as u32 {
            let character = char::from_u32(0x4e00 + code).unwrap();
            learned.choose(&character.to_string(), &kun);
        }
        assert_eq!(learned.words.len(), KEPT_MAX);
        assert_eq!(learned.words.first().unwrap().text, "丁");
    }
}
