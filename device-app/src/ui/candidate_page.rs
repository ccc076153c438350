//! How many candidates stand beside and below each other, and where.

use ime::Candidate;

/// Logical pixels of a candidate: beside its text, for each character, and at least.
const EDGE: f32 = 26.0;
const CHARACTER: f32 = 26.0;
const LEAST: f32 = 62.0;

/// Where a candidate stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) row: usize,
    pub(super) x: f32,
    pub(super) width: f32,
}

fn width(candidate: &Candidate, room: f32) -> f32 {
    let characters = u16::try_from(candidate.text.chars().count()).unwrap_or(u16::MAX);
    let wanted = (EDGE + CHARACTER * f32::from(characters)).max(LEAST);
    // Without room nothing is shown yet; it is laid out anew when there is.
    wanted.min(room.max(LEAST))
}

/// Places for as many as fit, one at least: row by row, each row as wide as the room unless the
/// candidates end there.
pub(super) fn places(candidates: &[Candidate], room: f32, rows: usize) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut rest = candidates;
    for row in 0..rows {
        let ends = rest.iter().scan(0.0, |end, candidate| {
            *end += width(candidate, room);
            Some(*end)
        });
        let fitting = ends.take_while(|end| *end <= room).count().max(1);
        let (these, others) = rest.split_at(fitting.min(rest.len()));
        let taken: f32 = these.iter().map(|candidate| width(candidate, room)).sum();
        let share = if others.is_empty() {
            0.0
        } else {
            (room - taken).max(0.0) / these.len() as f32
        };
        let mut x = 0.0;
        for candidate in these {
            let width = width(candidate, room) + share;
            places.push(Place { row, x, width });
            x += width;
        }
        rest = others;
        if rest.is_empty() {
            break;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], room: f32, rows: usize, expected: &[usize]) {
        let candidate = |text: &&str| Candidate {
            text: (*text).to_owned(),
            letters: 1,
        };
        let candidates: Vec<_> = texts.iter().map(candidate).collect();
        let places = places(&candidates, room, rows);
        let in_row = |row| places.iter().filter(|place| place.row == row).count();
        let found: Vec<usize> = (0..rows).map(in_row).filter(|count| *count > 0).collect();
        assert_eq!(found, expected, "{texts:?} in {room}");
        for place in &places {
            assert!(place.x + place.width <= room.max(LEAST) + 0.1, "{place:?}");
        }
    }

    #[test]
    fn rows_hold_what_fits() {
        check(&["一"; 12], 376.0, 1, &[6]);
        check(&["一"; 12], 376.0, 4, &[6, 6]);
        check(&["一"; 40], 376.0, 4, &[6, 6, 6, 6]);
        check(&["先进先出", "先进先出", "先进先出"], 376.0, 2, &[2, 1]);
        check(&["一二三四五六七八九十一二三四五六", "一"], 376.0, 1, &[1]);
        check(&["一", "二"], 0.0, 1, &[1]);
        check(&[], 376.0, 4, &[]);
    }

    #[test]
    fn a_full_row_leaves_no_gap() {
        let one = Candidate {
            text: "一".to_owned(),
            letters: 1,
        };
        let places = places(&vec![one; 7], 376.0, 2);
        let ends = |place: &Place| place.x + place.width;
        assert!((places.get(5).map_or(0.0, ends) - 376.0).abs() < 0.1);
        assert!((places.get(6).map_or(0.0, ends) - LEAST).abs() < 0.1);
    }
}
