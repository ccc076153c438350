//! The likeliest words one behind the other, where no single word covers what was typed.

use crate::learned::Learned;
use crate::segment::{Fit, Piece};
use crate::syllables::{Syllable, Syllables};
use crate::table::{Entry, WORD_MAX, Weight, each};

/// Syllables of the longest sentence that is put together; who types more has seen no candidates
/// for long.
const SENTENCE_MAX: usize = 16;
/// What a word's weight lacks to be the logarithm of its share of all text, 60 million words.
const ALL_TEXT: Weight = 322;

/// A text with its reading.
pub(crate) type Word = (String, Vec<Syllable>);

#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    pub(crate) words: Vec<Word>,
    pub(crate) weight: Weight,
}

#[derive(Clone)]
enum Best {
    Listed(Entry),
    Learned(Word),
}

fn best(pattern: &[Syllables], learned: &Learned) -> Option<(Best, Weight)> {
    let mut best: Option<(Best, Weight)> = None;
    let beats =
        |best: &Option<(Best, Weight)>, weight| best.as_ref().is_none_or(|(_, w)| weight > *w);
    each(pattern, |entry, weight| {
        if beats(&best, weight) {
            best = Some((Best::Listed(entry), weight));
        }
    });
    learned.each(pattern, |text, reading, weight| {
        if beats(&best, weight) {
            let word = (text.to_owned(), reading.to_vec());
            best = Some((Best::Learned(word), weight));
        }
    });
    best
}

/// `None` where a word would do, or where a letter stands for nothing.
pub(crate) fn likeliest(pieces: &[Piece], learned: &Learned) -> Option<Sentence> {
    let stray = pieces.iter().any(|piece| piece.fit == Fit::Stray);
    if stray || !(2..=SENTENCE_MAX).contains(&pieces.len()) {
        return None;
    }
    let pattern: Vec<Syllables> = pieces.iter().map(|p| p.syllables.clone()).collect();
    // For each place: the best way to get there, as the place before, the word and the sum.
    let mut ways: Vec<Option<(usize, Best, Weight)>> = vec![None; pattern.len() + 1];
    for from in 0..pattern.len() {
        let sum = match (from, ways.get(from)) {
            (0, _) => 0,
            (_, Some(Some((_, _, sum)))) => sum - ALL_TEXT,
            _ => continue,
        };
        for to in from + 1..=(from + WORD_MAX).min(pattern.len()) {
            let Some((word, weight)) = best(pattern.get(from..to)?, learned) else {
                continue;
            };
            let way = ways.get_mut(to)?;
            if way
                .as_ref()
                .is_none_or(|(_, _, known)| sum + weight > *known)
            {
                *way = Some((from, word, sum + weight));
            }
        }
    }
    let weight = ways.last()?.as_ref()?.2;
    let mut words = Vec::new();
    let mut at = pattern.len();
    while at > 0 {
        let (from, word, _) = ways.get(at)?.as_ref()?;
        words.push(match word {
            Best::Listed(entry) => (entry.text(), entry.reading()),
            Best::Learned(word) => word.clone(),
        });
        at = *from;
    }
    words.reverse();
    (words.len() > 1).then_some(Sentence { words, weight })
}
