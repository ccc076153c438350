//! All that the letters may mean, likeliest first.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::learned::Learned;
use crate::segment::{Fit, Segmentation, segmentations};
use crate::sentence::{Word, likeliest};
use crate::syllables::Syllables;
use crate::table::{Entry, WORD_MAX, Weight, each};

/// What each further syllable is worth: who types two means a word more often than its share of
/// all text says. It puts 西安 beside 先.
const LONGER: Weight = 40;
/// What a syllable costs that is not typed in full.
const ROUGH: Weight = 30;

#[derive(Debug, Clone)]
pub(crate) enum Meaning {
    Listed(Entry),
    /// Learned words and sentences.
    Words(Vec<Word>),
    /// A letter that is no pinyin.
    Letter(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) meaning: Meaning,
    /// Letters of the input that it covers, from the start; apostrophes behind them count.
    pub(crate) letters: usize,
    /// Which of the ways it rests on.
    pub(crate) way: usize,
    weight: Weight,
}

/// The ways to take the input apart, and what it may mean: what covers more stands before what
/// covers less, and what is commoner before what is rarer.
pub(crate) fn find(input: &str, learned: &Learned) -> (Vec<Segmentation>, Vec<Found>) {
    let ways = segmentations(input);
    let least = ways.iter().map(Segmentation::rough).min().unwrap_or(0);
    // Initials may be meant otherwise than they look (`sh` for 上海); whole syllables are meant.
    let most = if least == 0 { 0 } else { least + 1 };
    let mut search = Search {
        input,
        learned,
        seen: HashSet::new(),
        found: Vec::new(),
    };
    let cheapest = ways.first().map_or(0, |way| way.cost);
    for (number, way) in ways.iter().enumerate() {
        // Parts of another way (西 of 西安) are in nobody's mind unless the whole is a word.
        let best = way.cost == cheapest;
        if way.rough() <= most {
            search.words(number, way, best);
        }
        if best {
            search.sentence(number, way);
        }
    }
    let mut found = search.found;
    found.sort_by_key(|found| Reverse((found.letters, found.weight)));
    if found.is_empty()
        && let Some(first) = input.get(..1)
    {
        found.push(Found {
            meaning: Meaning::Letter(first.to_owned()),
            letters: covered(input, 1),
            way: 0,
            weight: 0,
        });
    }
    (ways, found)
}

/// With the apostrophes that follow.
fn covered(input: &str, letters: usize) -> usize {
    let rest = input.get(letters..).unwrap_or_default();
    letters + rest.len() - rest.trim_start_matches('\'').len()
}

struct Search<'a> {
    input: &'a str,
    learned: &'a Learned,
    /// Letters covered and what was sought for them: ways share their beginnings.
    seen: HashSet<(usize, Vec<Syllables>)>,
    found: Vec<Found>,
}

impl Search<'_> {
    /// Words for all of the way, and if asked for its beginnings.
    fn words(&mut self, way: usize, of: &Segmentation, with_beginnings: bool) {
        let mut pattern = Vec::new();
        let mut rough = 0;
        for piece in of.pieces.iter().take(WORD_MAX) {
            if piece.fit == Fit::Stray {
                return;
            }
            if piece.fit != Fit::Whole {
                rough += ROUGH;
            }
            pattern.push(piece.syllables.clone());
            let letters = covered(self.input, piece.to);
            let wanted = with_beginnings || letters == self.input.len();
            if !wanted || !self.seen.insert((letters, pattern.clone())) {
                continue;
            }
            let more = extra(pattern.len()) - rough;
            let found = &mut self.found;
            let mut add = |meaning, weight| {
                found.push(Found {
                    meaning,
                    letters,
                    way,
                    weight: weight + more,
                });
            };
            // Stands before the same word of the lists, which is passed over when it is shown.
            self.learned.each(&pattern, |text, reading, weight| {
                add(
                    Meaning::Words(vec![(text.to_owned(), reading.to_vec())]),
                    weight,
                );
            });
            each(&pattern, |entry, weight| {
                add(Meaning::Listed(entry), weight)
            });
        }
    }

    fn sentence(&mut self, way: usize, of: &Segmentation) {
        let Some(sentence) = likeliest(&of.pieces, self.learned) else {
            return;
        };
        let rough = Weight::try_from(of.rough()).unwrap_or_default();
        self.found.push(Found {
            meaning: Meaning::Words(sentence.words),
            letters: self.input.len(),
            way,
            weight: sentence.weight + extra(of.pieces.len()) - ROUGH * rough,
        });
    }
}

fn extra(syllables: usize) -> Weight {
    LONGER * Weight::try_from(syllables.saturating_sub(1)).unwrap_or_default()
}
