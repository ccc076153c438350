//! Words and characters with their readings, in the order of their readings.
//!
//! `build.rs` packs them: eight counts (u32 LE), one for each length of a word; then for each length
//! the readings (u16 LE for each syllable), the texts (UTF-16 LE), and the weights (u8). A word is
//! sought by halving where the first syllables are known, and by looking at each where they are not.

use crate::syllables::{Syllable, Syllables};

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/words.bin"));

/// Syllables of the longest word.
pub(crate) const WORD_MAX: usize = 8;

/// 18 for each power of e that a word is commoner.
pub(crate) type Weight = i32;

/// A word of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its syllables and characters.
    length: usize,
    at: usize,
}

/// The words of one length.
struct Table {
    length: usize,
    count: usize,
    readings: &'static [u8],
    texts: &'static [u8],
    weights: &'static [u8],
}

fn unit(bytes: &[u8], at: usize) -> u16 {
    let pair = bytes.get(2 * at..2 * at + 2);
    pair.map_or(0, |pair| {
        pair.iter().rev().fold(0, |n, b| n << 8 | u16::from(*b))
    })
}

fn count(length: usize) -> usize {
    let at = 4 * (length - 1);
    let bytes = PACKED.get(at..at + 4).unwrap_or_default();
    bytes.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b))
}

impl Table {
    fn of(length: usize) -> Option<Self> {
        if !(1..=WORD_MAX).contains(&length) {
            return None;
        }
        let before: usize = (1..length).map(|l| count(l) * (4 * l + 1)).sum();
        let count = count(length);
        let (_, rest) = PACKED.split_at_checked(4 * WORD_MAX + before)?;
        let (readings, rest) = rest.split_at_checked(2 * length * count)?;
        let (texts, rest) = rest.split_at_checked(2 * length * count)?;
        let (weights, _) = rest.split_at_checked(count)?;
        Some(Self {
            length,
            count,
            readings,
            texts,
            weights,
        })
    }

    fn syllable(&self, at: usize, place: usize) -> Syllable {
        unit(self.readings, at * self.length + place)
    }

    /// First of `from..to` whose syllable at `place` is not below that; all before that place are
    /// the same.
    fn first(&self, mut from: usize, mut to: usize, place: usize, syllable: Syllable) -> usize {
        while from < to {
            let middle = from + (to - from) / 2;
            if self.syllable(middle, place) < syllable {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }

    fn weight(&self, at: usize) -> Weight {
        self.weights.get(at).copied().map_or(0, Weight::from)
    }
}

/// Calls with each word that is read so, and its weight.
pub(crate) fn each(pattern: &[Syllables], mut found: impl FnMut(Entry, Weight)) {
    let Some(table) = Table::of(pattern.len()) else {
        return;
    };
    let (mut from, mut to, mut known) = (0, table.count, 0);
    for (place, wanted) in pattern.iter().enumerate() {
        from = table.first(from, to, place, wanted.start);
        to = table.first(from, to, place, wanted.end);
        known = place + 1;
        if wanted.len() > 1 {
            break;
        }
    }
    let open = pattern.get(known..).unwrap_or_default();
    for at in from..to {
        let mut places = (known..).zip(open);
        if places.all(|(place, wanted)| wanted.contains(&table.syllable(at, place))) {
            let entry = Entry {
                length: table.length,
                at,
            };
            found(entry, table.weight(at));
        }
    }
}

impl Entry {
    pub(crate) fn text(self) -> String {
        let units = Table::of(self.length).map(|table| {
            let places = self.at * self.length..(self.at + 1) * self.length;
            places.map(|at| unit(table.texts, at)).collect::<Vec<_>>()
        });
        String::from_utf16_lossy(&units.unwrap_or_default())
    }

    pub(crate) fn reading(self) -> Vec<Syllable> {
        let Some(table) = Table::of(self.length) else {
            return Vec::new();
        };
        let places = 0..self.length;
        places.map(|place| table.syllable(self.at, place)).collect()
    }
}

/// What a text with that reading weighs; 0 if it is in no list.
pub(crate) fn weight_of(text: &str, reading: &[Syllable]) -> Weight {
    let pattern: Vec<Syllables> = reading.iter().map(|s| *s..*s + 1).collect();
    let mut weight = 0;
    each(&pattern, |entry, found| {
        if entry.text() == text {
            weight = found;
        }
    });
    weight
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syllables::{SYLLABLES, beginning, exactly};

    #[test]
    fn nothing_is_left_over_in_the_packed_table() {
        let sizes = (1..=WORD_MAX).map(|l| count(l) * (4 * l + 1));
        assert_eq!(sizes.sum::<usize>() + 4 * WORD_MAX, PACKED.len());
    }

    #[test]
    fn looking_by_halves_finds_what_looking_at_each_finds() {
        let any = 0..SYLLABLES.len() as Syllable;
        let patterns = [
            vec![exactly("cang").unwrap(), exactly("ku").unwrap()],
            vec![beginning("c").unwrap(), beginning("k").unwrap()],
            vec![exactly("yi").unwrap(), beginning("zh").unwrap(), any],
            vec![exactly("zhe").unwrap()],
        ];
        for pattern in patterns {
            let table = Table::of(pattern.len()).unwrap();
            let fits = |at: &usize| {
                let mut places = pattern.iter().enumerate();
                places.all(|(place, wanted)| wanted.contains(&table.syllable(*at, place)))
            };
            let expected: Vec<usize> = (0..table.count).filter(fits).collect();
            let mut found = Vec::new();
            each(&pattern, |entry, _| found.push(entry.at));
            assert!(!found.is_empty());
            assert_eq!(found, expected);
        }
    }
}
