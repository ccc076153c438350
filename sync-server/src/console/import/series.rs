//! The codes of many bins from one line: `A-01..20-1..4` is A-01-1 to A-20-4.

/// So many codes at once: a large site.
const CODES_MAX: usize = 20_000;
/// Characters of a code at most, as everywhere.
const CODE_MAX: usize = 64;
/// Digits of a number at most.
const DIGITS_MAX: usize = 6;

/// Why a line makes no codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesProblem {
    /// Nothing was typed.
    Empty,
    /// Something other than two numbers or two letters stands at two dots.
    Malformed,
    /// A range ends before it begins.
    Backwards,
    /// More than 20,000 codes.
    TooMany,
    /// A code of more than 64 characters.
    TooLong,
}

impl SeriesProblem {
    /// Its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Empty => "series.problem.empty",
            Self::Malformed => "series.problem.malformed",
            Self::Backwards => "series.problem.backwards",
            Self::TooMany => "series.problem.too-many",
            Self::TooLong => "series.problem.too-long",
        }
    }
}

/// What takes turns at one place of a code.
fn turns(from: &str, to: &str) -> Result<Vec<String>, SeriesProblem> {
    if let (Some(first), Some(last)) = (letter(from), letter(to)) {
        if first.is_ascii_uppercase() != last.is_ascii_uppercase() {
            return Err(SeriesProblem::Malformed);
        }
        let letters: Vec<String> = (first..=last).map(String::from).collect();
        return match letters.is_empty() {
            true => Err(SeriesProblem::Backwards),
            false => Ok(letters),
        };
    }
    if from.len() > DIGITS_MAX || to.len() > DIGITS_MAX {
        return Err(SeriesProblem::TooMany);
    }
    let number = |text: &str| text.parse::<u32>().map_err(|_| SeriesProblem::Malformed);
    let (first, last) = (number(from)?, number(to)?);
    let count = last.checked_sub(first).ok_or(SeriesProblem::Backwards)?;
    if count as usize >= CODES_MAX {
        return Err(SeriesProblem::TooMany);
    }
    // 01..20 keeps its two digits, 1..20 has none to keep.
    let width = from.len();
    Ok((first..=last).map(|n| format!("{n:0width$}")).collect())
}

fn letter(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let first = chars.next().filter(char::is_ascii_alphabetic);
    first.filter(|_| chars.next().is_none())
}

/// Where the digits, or the one letter, at the end of a text begin.
fn operand_at_end(text: &str) -> usize {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let letters = text.bytes().rev().take_while(u8::is_ascii_alphabetic);
    text.len() - digits.max(letters.count())
}

/// Where those at the beginning end.
fn operand_at_start(text: &str) -> usize {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits.max(text.bytes().take_while(u8::is_ascii_alphabetic).count())
}

/// The codes of one line, the last range running fastest.
fn of_line(line: &str, room: usize) -> Result<Vec<String>, SeriesProblem> {
    let mut codes = vec![String::new()];
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("..") {
        let (fixed, from) = before
            .split_at_checked(operand_at_end(before))
            .unwrap_or((before, ""));
        let (to, behind) = after
            .split_at_checked(operand_at_start(after))
            .unwrap_or(("", after));
        let turns = turns(from, to)?;
        if codes.len() * turns.len() > room {
            return Err(SeriesProblem::TooMany);
        }
        codes = codes
            .iter()
            .flat_map(|code| turns.iter().map(move |turn| format!("{code}{fixed}{turn}")))
            .collect();
        rest = behind;
    }
    for code in &mut codes {
        code.push_str(rest);
    }
    match codes.iter().any(|code| code.chars().count() > CODE_MAX) {
        true => Err(SeriesProblem::TooLong),
        false => Ok(codes),
    }
}

/// All codes that a text stands for: series, parted by commas or on lines of their own. Two numbers or two letters with two
/// dots between them take turns; numbers are as wide as the first one.
///
/// # Errors
/// [`SeriesProblem`].
pub fn series(text: &str) -> Result<Vec<String>, SeriesProblem> {
    let mut codes = Vec::new();
    let parts = text
        .split([',', '，', '、', ';', '；', '\n'])
        .map(str::trim);
    for line in parts.filter(|line| !line.is_empty()) {
        let room = CODES_MAX - codes.len();
        codes.extend(of_line(line, room)?);
        if codes.len() > CODES_MAX {
            return Err(SeriesProblem::TooMany);
        }
    }
    match codes.is_empty() {
        true => Err(SeriesProblem::Empty),
        false => Ok(codes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stands_for_many_codes() {
        for (line, count, first, last) in [
            ("A-01..20-1..4", 80, "A-01-1", "A-20-4"),
            ("A..C-1..2", 6, "A-1", "C-2"),
            ("B1-08..12", 5, "B1-08", "B1-12"),
            ("8..12", 5, "8", "12"),
            ("098..102", 5, "098", "102"),
            ("A1..3B", 3, "A1B", "A3B"),
            ("甲区-1..2-a..b", 4, "甲区-1-a", "甲区-2-b"),
            ("DOCK", 1, "DOCK", "DOCK"),
            ("A-1..2, DOCK-1..2\nQ", 5, "A-1", "Q"),
            ("A-1..2，B-1、C", 4, "A-1", "C"),
            ("1..200-1..100", CODES_MAX, "1-1", "200-100"),
        ] {
            let codes = series(line).unwrap();
            let ends = (
                codes.first().unwrap().as_str(),
                codes.last().unwrap().as_str(),
            );
            assert_eq!((codes.len(), ends), (count, (first, last)), "{line}");
        }
        // Bay by bay, and in each bay from the lowest level.
        assert_eq!(series("A-1..2-1..2").unwrap()[1], "A-1-2");
    }

    #[test]
    fn what_makes_no_codes_says_why() {
        for (line, problem) in [
            ("", SeriesProblem::Empty),
            (" , \n", SeriesProblem::Empty),
            ("A-20..01", SeriesProblem::Backwards),
            ("C..A-1", SeriesProblem::Backwards),
            ("A-1..", SeriesProblem::Malformed),
            ("..4", SeriesProblem::Malformed),
            ("A-1..B", SeriesProblem::Malformed),
            ("AA..AC-1", SeriesProblem::Malformed),
            ("A..c", SeriesProblem::Malformed),
            ("A-1...4", SeriesProblem::Malformed),
            ("1..201-1..100", SeriesProblem::TooMany),
            ("1..9999999", SeriesProblem::TooMany),
            ("1..200-1..100,X", SeriesProblem::TooMany),
            (
                "A-1..2-00000000000000000000000000000000000000000000000000000000000000",
                SeriesProblem::TooLong,
            ),
        ] {
            assert_eq!(series(line), Err(problem), "{line}");
        }
    }
}
