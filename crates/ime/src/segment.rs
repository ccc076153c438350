//! Where letters fall apart into syllables: `xian` is one, or `xi'an`.

use crate::syllables::{LETTERS_MAX, Syllables, beginning, exactly};

/// Ways that are looked at.
const WAYS_MAX: usize = 8;

/// How well letters stand for a syllable, with what each costs. One whole syllable is cheaper than
/// two, and an initial is dear, so that `cang` is never `c'ang` unless nothing else is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Whole,
    /// The last syllable, not yet typed to its end.
    Begun,
    /// `c`, `zh`: only how the syllable begins.
    Initial,
    /// `ng`, `m`: a sound without a vowel, and far more often meant as initials.
    Voiceless,
    /// A letter with which no syllable begins.
    Stray,
}

impl Fit {
    fn cost(self) -> u32 {
        match self {
            Self::Whole => 4,
            Self::Begun => 9,
            Self::Initial => 12,
            Self::Voiceless => 25,
            Self::Stray => 60,
        }
    }
}

/// Letters that stand for one syllable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) fit: Fit,
    /// Empty for a stray letter.
    pub(crate) syllables: Syllables,
}

/// One way to take the input apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Segmentation {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) cost: u32,
}

impl Segmentation {
    /// Pieces that are not typed in full.
    pub(crate) fn rough(&self) -> usize {
        let rough = |piece: &&Piece| piece.fit != Fit::Whole;
        self.pieces.iter().filter(rough).count()
    }
}

/// The best ways to take the letters apart, best first; one at least. Input is `a` to `z` and `'`.
pub(crate) fn segmentations(input: &str) -> Vec<Segmentation> {
    // From the end: the best ways for all that follows each place.
    let mut ways: Vec<Vec<Segmentation>> = vec![Vec::new(); input.len() + 1];
    if let Some(end) = ways.last_mut() {
        end.push(Segmentation::default());
    }
    for from in (0..input.len()).rev() {
        let mut here = Vec::new();
        if input.as_bytes().get(from) == Some(&b'\'') {
            here = ways.get(from + 1).cloned().unwrap_or_default();
        } else {
            for piece in pieces(input, from) {
                for rest in ways.get(piece.to).into_iter().flatten() {
                    let mut pieces = vec![piece.clone()];
                    pieces.extend_from_slice(&rest.pieces);
                    let cost = rest.cost + piece.fit.cost();
                    here.push(Segmentation { pieces, cost });
                }
            }
            here.sort_by_key(|way| {
                let first = way.pieces.first().map_or(0, |piece| piece.to);
                (way.cost, std::cmp::Reverse(first))
            });
            here.truncate(WAYS_MAX);
        }
        if let Some(place) = ways.get_mut(from) {
            *place = here;
        }
    }
    ways.into_iter().next().unwrap_or_default()
}

/// What may stand at that place.
fn pieces(input: &str, from: usize) -> Vec<Piece> {
    let mut found = Vec::new();
    for to in from + 1..=(from + LETTERS_MAX).min(input.len()) {
        let Some(letters) = input.get(from..to) else {
            break;
        };
        let mut add = |fit, syllables| {
            found.push(Piece {
                from,
                to,
                fit,
                syllables,
            });
        };
        let Some(begun) = beginning(letters).or_else(|| exactly(letters)) else {
            if to == from + 1 && letters != "'" {
                add(Fit::Stray, 0..0);
            }
            break;
        };
        let vowel = |letter: char| "aeiouv".contains(letter);
        match exactly(letters) {
            Some(whole) if letters.contains(vowel) => add(Fit::Whole, whole),
            Some(whole) if letters.len() > 1 => add(Fit::Voiceless, whole),
            _ if letters.len() == 1 || matches!(letters, "zh" | "ch" | "sh") => {
                add(Fit::Initial, begun);
            }
            // Not before an apostrophe: that says that the syllable ends here.
            _ if to == input.len() => add(Fit::Begun, begun),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &[&str]) {
        let ways = segmentations(input);
        let shown: Vec<String> = ways
            .iter()
            .map(|way| {
                let pieces = way.pieces.iter();
                let letters: Vec<&str> = pieces.map(|p| &input[p.from..p.to]).collect();
                letters.join("'")
            })
            .collect();
        let first = shown.get(..expected.len()).unwrap_or(&shown);
        assert_eq!(first, expected, "{input}");
    }

    #[test]
    fn letters_fall_apart_the_long_way_first() {
        check("cangku", &["cang'ku"]);
        check("xian", &["xian", "xi'an"]);
        check("xi'an", &["xi'an"]);
        check("fangan", &["fang'an", "fan'gan"]);
        check("cfck", &["c'f'c'k"]);
        check("zhk", &["zh'k", "z'h'k"]);
        check("cangk", &["cang'k"]);
        check("zhon", &["zhon"]);
        check("lue", &["lue", "lu'e"]);
        check("vx", &["v'x"]);
        check("n'g", &["n'g"]);
        check("''", &[""]);
    }
}
