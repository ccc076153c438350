//! Text into a width: smaller, on more lines, or shortened so that it shows.

use crate::font::{Face, line_dots};
use crate::model::Fit;

/// How a text is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) lines: Vec<String>,
    /// Of the letters and of each line, in dots.
    pub(crate) size_dots: u32,
    /// Something had to be replaced by "…".
    pub(crate) shortened: bool,
}

/// Sets `text` into `width` by `height` dots: in the largest letters from `size_dots` down in which it fits, else in the
/// smallest and shortened.
pub(crate) fn set(
    face: &Face,
    text: &str,
    (width, height): (u32, u32),
    size_dots: u32,
    fit: Fit,
    smallest_dots: u32,
) -> Setting {
    let wanted: Vec<&str> = text.trim_end().lines().collect();
    let broken = |size: u32| -> Vec<String> {
        match fit {
            Fit::Wrap(_) => wanted
                .iter()
                .flat_map(|line| wrapped(face, line, width, size))
                .collect(),
            Fit::Shrink(_) | Fit::Ellipsis => {
                wanted.iter().map(|line| (*line).to_owned()).collect()
            }
        }
    };
    let smallest = smallest_dots.clamp(1, size_dots.max(1));
    for size_dots in (smallest..=size_dots.max(1)).rev() {
        let lines = broken(size_dots);
        let high = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        if block_dots(high, size_dots) <= height
            && lines
                .iter()
                .all(|line| face.width(line, size_dots) <= width)
        {
            return Setting {
                lines,
                size_dots,
                shortened: false,
            };
        }
    }
    let mut lines = broken(smallest);
    let lines_max = (1..)
        .take_while(|lines| block_dots(*lines, smallest) <= height)
        .count()
        .max(1);
    let mut shortened = lines.len() > lines_max;
    lines.truncate(lines_max);
    let last = lines.len().saturating_sub(1);
    for (n, line) in lines.iter_mut().enumerate() {
        let goes_on = shortened && n == last;
        if goes_on || face.width(line, smallest) > width {
            *line = ellipsed(face, line, width, smallest);
            shortened = true;
        }
    }
    Setting {
        lines,
        size_dots: smallest,
        shortened,
    }
}

/// The height of so many lines: the last one needs no room to the next.
pub(crate) fn block_dots(lines: u32, size_dots: u32) -> u32 {
    lines
        .saturating_sub(1)
        .saturating_mul(line_dots(size_dots))
        .saturating_add(size_dots.max(1))
}

/// As much of the line as fits with "…" behind it.
fn ellipsed(face: &Face, line: &str, width: u32, size_dots: u32) -> String {
    let mut kept = line.trim_end().to_owned();
    loop {
        let candidate = format!("{}…", kept.trim_end());
        if kept.is_empty() || face.width(&candidate, size_dots) <= width {
            return candidate;
        }
        kept.pop();
    }
}

fn wrapped(face: &Face, line: &str, width: u32, size_dots: u32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    for piece in pieces(line) {
        let longer = format!("{current}{piece}");
        if face.width(longer.trim_end(), size_dots) <= width {
            current = longer;
            continue;
        }
        if !current.trim().is_empty() {
            lines.push(current.trim_end().to_owned());
        }
        current.clear();
        // A word wider than the label is broken wherever it must be.
        for character in piece.chars() {
            let longer = format!("{current}{character}");
            if !current.is_empty() && face.width(&longer, size_dots) > width {
                lines.push(std::mem::take(&mut current));
            }
            current.push(character);
        }
    }
    if !current.trim().is_empty() {
        lines.push(current.trim_end().to_owned());
    }
    lines
}

/// What must not be parted: a word with the spaces behind it, or one Chinese character with the punctuation around it.
fn pieces(line: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut before: Option<char> = None;
    for character in line.chars() {
        let begins = match before {
            None => true,
            Some(_) if character.is_whitespace() || closes(character) => false,
            Some(previous) if opens(previous) => false,
            Some(previous) => previous.is_whitespace() || is_wide(previous) || is_wide(character),
        };
        match pieces.last_mut() {
            Some(piece) if !begins => piece.push(character),
            _ => pieces.push(character.to_string()),
        }
        before = Some(character);
    }
    pieces
}

/// Punctuation that begins no line.
fn closes(character: char) -> bool {
    "，。、；：？！）】》」』”’".contains(character)
}

/// Punctuation that ends no line.
fn opens(character: char) -> bool {
    "（【《「『“‘".contains(character)
}

fn is_wide(character: char) -> bool {
    matches!(character, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FF60}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn lines_break_at_spaces_and_between_chinese_characters_but_not_before_a_comma() {
        let check = |line: &str, expected: &[&str]| assert_eq!(pieces(line), expected, "{line}");
        check("M8x40 bolt", &["M8x40 ", "bolt"]);
        check("螺栓，A4钢", &["螺", "栓，", "A4", "钢"]);
        check("包（含雪杖）", &["包", "（含", "雪", "杖）"]);
        check("", &[]);
    }
}
