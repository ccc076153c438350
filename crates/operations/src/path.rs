//! The walk through the bins: up one aisle and down the next, so that nobody walks an aisle twice.

use std::cmp::Ordering;

use crate::site_view::BinFacts;

/// A part of a bin's code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Letters(String),
}

/// Where a bin is, as its code tells: `A-03-2` is aisle A, bay 3, level 2.
struct Place {
    aisle: Vec<Part>,
    bay: Option<Part>,
    level: Option<Part>,
}

impl Place {
    /// The last two parts are bay and level, what stands before them is the aisle; of two parts the first is the aisle.
    fn of(code: &str) -> Self {
        let mut aisle = parts(code);
        let level = if aisle.len() > 2 { aisle.pop() } else { None };
        let bay = if aisle.len() > 1 { aisle.pop() } else { None };
        Self { aisle, bay, level }
    }
}

/// Runs of digits and runs of letters; everything else parts them.
fn parts(code: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut run = String::new();
    let mut end = |run: &mut String| {
        if !run.is_empty() {
            let number = run.parse().ok().map(Part::Number);
            parts.push(number.unwrap_or_else(|| Part::Letters(run.to_uppercase())));
            run.clear();
        }
    };
    for c in code.chars() {
        let other_kind = |last: char| last.is_ascii_digit() != c.is_ascii_digit();
        if !c.is_alphanumeric() || run.chars().last().is_some_and(other_kind) {
            end(&mut run);
        }
        if c.is_alphanumeric() {
            run.push(c);
        }
    }
    end(&mut run);
    parts
}

/// Sorts stops into the walk: bins whose place on the way somebody has said, by that, and then the others by their codes.
/// Of these the first aisle is walked upwards, the next one downwards, and so on; within a bay from the lowest level. Stops
/// in one bin keep their order.
pub(crate) fn walk<T>(stops: &mut Vec<T>, bin: impl Fn(&T) -> &BinFacts) {
    let (mut said, mut by_code): (Vec<T>, Vec<T>) =
        stops.drain(..).partition(|stop| bin(stop).sequence > 0);
    said.sort_by_key(|stop| bin(stop).sequence);
    serpentine(&mut by_code, |stop| &bin(stop).code);
    stops.extend(said.into_iter().chain(by_code));
}

fn serpentine<T>(stops: &mut Vec<T>, code: impl Fn(&T) -> &str) {
    let mut placed: Vec<(Place, T)> = stops.drain(..).map(|s| (Place::of(code(&s)), s)).collect();
    let mut aisles: Vec<Vec<Part>> = placed.iter().map(|(p, _)| p.aisle.clone()).collect();
    aisles.sort();
    aisles.dedup();
    let downwards = |aisle: &Vec<Part>| aisles.binary_search(aisle).is_ok_and(|n| n % 2 == 1);
    placed.sort_by(|(a, one), (b, other)| {
        a.aisle
            .cmp(&b.aisle)
            .then_with(|| directed(a.bay.cmp(&b.bay), downwards(&a.aisle)))
            .then_with(|| a.level.cmp(&b.level))
            .then_with(|| code(one).cmp(code(other)))
    });
    stops.extend(placed.into_iter().map(|(_, stop)| stop));
}

fn directed(order: Ordering, downwards: bool) -> Ordering {
    if downwards { order.reverse() } else { order }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(codes: &[&str]) -> String {
        let mut stops: Vec<&str> = codes.to_vec();
        serpentine(&mut stops, |code| code);
        stops.join(" ")
    }

    #[test]
    fn a_place_on_the_way_that_somebody_has_said_weighs_more_than_the_code() {
        let bin = |code: &str, sequence| BinFacts {
            id: domain::BinId::from_bytes([0; 16]),
            code: code.into(),
            sequence,
        };
        let mut stops = vec![
            bin("A-02", 0),
            bin("A-01", 0),
            bin("Z-01", 20),
            bin("Z-09", 3),
        ];
        walk(&mut stops, |stop| stop);
        let codes: Vec<&str> = stops.iter().map(|stop| stop.code.as_str()).collect();
        assert_eq!(codes, ["Z-09", "Z-01", "A-01", "A-02"]);
    }

    #[test]
    fn one_aisle_up_and_the_next_one_down() {
        for (codes, expected) in [
            (
                &["B-01-1", "A-10-1", "A-2-1", "B-07-1", "C-01-1", "C-09-1"][..],
                "A-2-1 A-10-1 B-07-1 B-01-1 C-01-1 C-09-1",
            ),
            // An aisle where nothing is to be fetched is not walked, and does not turn the direction.
            (&["A-01-1", "C-01-1", "C-02-1"], "A-01-1 C-02-1 C-01-1"),
            (&["A-01-3", "A-01-1", "A-01-2"], "A-01-1 A-01-2 A-01-3"),
            (&["b2-1", "A01-2", "a01-1"], "a01-1 A01-2 b2-1"),
            (
                &["Z1-A-01-1", "Z1-B-01-1", "Z1-B-02-1"],
                "Z1-A-01-1 Z1-B-02-1 Z1-B-01-1",
            ),
            (&["A-02", "A-01", "B-01", "B-02"], "A-01 A-02 B-02 B-01"),
            (&["区-2-1", "区-1-1", "-", "7"], "- 7 区-1-1 区-2-1"),
            (&[], ""),
        ] {
            assert_eq!(walked(codes), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_and_no_aisle_is_entered_twice(
            codes in proptest::collection::vec("[A-C]-[0-9]{1,2}-[1-3]", 0..30),
        ) {
            let mut stops = codes.clone();
            serpentine(&mut stops, |code| code);
            let mut aisles: Vec<&str> = stops.iter().map(|code| &code[..1]).collect();
            aisles.dedup();
            let mut sorted = aisles.clone();
            sorted.sort_unstable();
            sorted.dedup();
            proptest::prop_assert_eq!(aisles, sorted);
            let (mut before, mut after) = (codes.clone(), stops.clone());
            before.sort_unstable();
            after.sort_unstable();
            proptest::prop_assert_eq!(before, after);
            // Where one starts does not matter.
            let mut turned: Vec<String> = codes.into_iter().rev().collect();
            serpentine(&mut turned, |code| code);
            let places = |codes: &[String]| codes.iter().map(|c| Place::of(c).bay).collect::<Vec<_>>();
            proptest::prop_assert_eq!(places(&turned), places(&stops));
        }
    }
}
