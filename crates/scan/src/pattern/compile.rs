//! From the text of a pattern to its pieces.

use super::{CODE_MAX, DayForm, Kind, PATTERN_MAX, Part, Pattern, PatternError, Piece};

const DAY_FORMS: [&str; 5] = ["yymmdd", "yyyymmdd", "ddmmyy", "ddmmyyyy", "yyyy-mm-dd"];

pub(super) fn compile(source: &str) -> Result<Pattern, PatternError> {
    let characters: Vec<char> = source.chars().collect();
    if characters.is_empty() {
        return Err(PatternError::Empty);
    }
    if characters.len() > PATTERN_MAX {
        return Err(PatternError::TooLong);
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    while let Some(character) = characters.get(at).copied() {
        let piece = match character {
            '{' => {
                let end = closing(&characters, at, '}')?;
                let inside: String = characters[at + 1..end].iter().collect();
                let piece = part(&inside, at)?;
                let is_same =
                    |other: &&Piece| other.part == piece.part && piece.part != Some(Part::Ignored);
                if let Some(Part::Ignored) | None = piece.part {
                } else if let Some(other) = pieces.iter().find(is_same) {
                    let name = other.part.map_or("", Part::code);
                    return Err(PatternError::Repeated { name, at });
                }
                at = end;
                piece
            }
            '[' => {
                let end = closing(&characters, at, ']')?;
                let set = unescaped(&characters[at + 1..end]);
                if set.is_empty() {
                    return Err(PatternError::BadDetail {
                        detail: String::new(),
                        at,
                    });
                }
                let may_lack = characters.get(end + 1) == Some(&'?');
                at = end + usize::from(may_lack);
                Piece {
                    least: usize::from(!may_lack),
                    ..literal(set)
                }
            }
            '}' | ']' => return Err(PatternError::Stray { at }),
            '\\' => {
                at += 1;
                let next = characters
                    .get(at)
                    .ok_or(PatternError::Open { at: at - 1 })?;
                literal(vec![*next])
            }
            other => literal(vec![other]),
        };
        pieces.push(piece);
        at += 1;
    }
    let is_named = |piece: &Piece| piece.part.is_some_and(|part| part != Part::Ignored);
    if !pieces.iter().any(is_named) {
        return Err(PatternError::NamesNothing);
    }
    Ok(Pattern {
        source: source.to_owned(),
        pieces,
    })
}

fn literal(set: Vec<char>) -> Piece {
    Piece {
        part: None,
        kind: Kind::OneOf(set),
        least: 1,
        most: 1,
        day: None,
    }
}

/// The place of the bracket that closes the one at `at`.
fn closing(characters: &[char], at: usize, bracket: char) -> Result<usize, PatternError> {
    let mut place = at + 1;
    while let Some(character) = characters.get(place) {
        match character {
            '\\' if bracket == ']' => place += 1,
            found if *found == bracket => return Ok(place),
            _ => {}
        }
        place += 1;
    }
    Err(PatternError::Open { at })
}

fn unescaped(characters: &[char]) -> Vec<char> {
    let mut plain = Vec::new();
    let mut rest = characters.iter();
    while let Some(character) = rest.next() {
        let escaped = if *character == '\\' {
            rest.next()
        } else {
            None
        };
        plain.push(*escaped.unwrap_or(character));
    }
    plain
}

/// What stands in braces: a name, and after a colon lengths and kind.
fn part(inside: &str, at: usize) -> Result<Piece, PatternError> {
    let (name, details) = inside.split_once(':').unwrap_or((inside, ""));
    let part = Part::from_code(name.trim()).ok_or_else(|| PatternError::UnknownPart {
        name: name.trim().to_owned(),
        at,
    })?;
    let mut piece = Piece {
        part: Some(part),
        kind: if part == Part::Quantity {
            Kind::Number
        } else {
            Kind::Any
        },
        least: 1,
        most: CODE_MAX,
        day: None,
    };
    if part == Part::Expiry {
        let form = DAY_FORMS.into_iter().find(|form| *form == details.trim());
        let letters = form.ok_or(PatternError::BadDay { at })?;
        piece.day = Some(DayForm { letters });
        (piece.least, piece.most) = (letters.len(), letters.len());
        return Ok(piece);
    }
    for detail in details.split_whitespace() {
        let bad = || PatternError::BadDetail {
            detail: detail.to_owned(),
            at,
        };
        let length = |digits: &str| {
            let number = digits.parse::<usize>().map_err(|_| bad())?;
            let is_one = (1..=CODE_MAX).contains(&number);
            is_one.then_some(number).ok_or_else(bad)
        };
        match detail {
            "9" => piece.kind = Kind::Digits,
            "A" => piece.kind = Kind::Capitals,
            "a" => piece.kind = Kind::Letters,
            "A9" => piece.kind = Kind::CapitalsAndDigits,
            "a9" => piece.kind = Kind::LettersAndDigits,
            _ => {
                let (least, most) = detail.split_once("..").unwrap_or((detail, detail));
                (piece.least, piece.most) = (length(least)?, length(most)?);
                if piece.least > piece.most {
                    return Err(bad());
                }
            }
        }
    }
    Ok(piece)
}
