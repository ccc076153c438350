//! What the code of a bin says about where it is. Codes are the site's own: parts that separators or digits set apart.

/// Where a bin is in its rack, as far as its code tells. `A-03-2` is aisle `A`, bay `03`, level `2`; `A-03` has no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RackPlace<'c> {
    /// What the codes of the whole aisle begin with.
    pub aisle: &'c str,
    /// Along the aisle.
    pub bay: &'c str,
    /// Above the floor; empty where bays have one.
    pub level: &'c str,
}

impl<'c> RackPlace<'c> {
    /// `None` where the code has one part only.
    #[must_use]
    pub fn of(code: &'c str) -> Option<Self> {
        let (row, last) = row_of(code);
        let place = match row_of(row) {
            _ if row.is_empty() => return None,
            ("", aisle) => Self {
                aisle,
                bay: last,
                level: "",
            },
            (aisle, bay) => Self {
                aisle,
                bay,
                level: last,
            },
        };
        Some(place)
    }
}

/// Code without its last part, and the last part: `A-01-03` is the third of `A-01`.
#[must_use]
pub fn row_of(code: &str) -> (&str, &str) {
    let end = code.trim_end();
    let separator = |c: char| !c.is_alphanumeric();
    let digits = end.bytes().rev().take_while(u8::is_ascii_digit).count();
    let at = match end.rfind(separator) {
        Some(at) if at > 0 => at,
        _ if digits == end.len() || digits == 0 => return ("", end),
        _ => end.len() - digits,
    };
    let (row, rest) = end.split_at_checked(at).unwrap_or(("", end));
    (row, rest.trim_start_matches(separator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_the_row() {
        for (code, row, place) in [
            ("A-01-03", "A-01", "03"),
            ("A-01", "A", "01"),
            ("A01", "A", "01"),
            ("甲区/3", "甲区", "3"),
            ("收货", "", "收货"),
            ("17", "", "17"),
            ("-1", "-", "1"),
            ("", "", ""),
        ] {
            assert_eq!(row_of(code), (row, place), "{code}");
        }
    }

    #[test]
    fn codes_tell_the_place_in_the_rack() {
        for (code, place) in [
            ("A-03-2", Some(("A", "03", "2"))),
            ("B1-A-03-2", Some(("B1-A", "03", "2"))),
            ("A-03", Some(("A", "03", ""))),
            ("A03", Some(("A", "03", ""))),
            ("甲区/3", Some(("甲区", "3", ""))),
            ("DOCK", None),
            ("17", None),
            ("", None),
        ] {
            let found = RackPlace::of(code).map(|p| (p.aisle, p.bay, p.level));
            assert_eq!(found, place, "{code}");
        }
    }
}
