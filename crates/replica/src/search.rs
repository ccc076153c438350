//! Search over items, bins and units: any part of a code, a name, a Chinese name, or its pinyin.
//!
//! Words go to FTS5 with its `unicode61` tokenizer, which knows no Chinese: so we feed it pairs of Chinese characters,
//! single characters, whole pinyin and initials. Codes go to a trigram index, which finds any part of three characters
//! or more; shorter parts find what a row's first code or a word begins with.

use domain::ledger::UnitState;
use domain::{SiteId, UnitId};
use pinyin::ToPinyin;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::ReplicaError;

/// The trigram index knows nothing shorter, in characters.
const TRIGRAM: usize = 3;

/// So many rows of one search are ranked. The first letters that somebody types fit most of a catalogue, and to rank all
/// of it for each letter takes longer than a person types.
const LOOKED_AT: u32 = 150;

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HitKind {
    /// An item; the reference is its id.
    Item,
    /// A bin; the reference is its id.
    Bin,
    /// A unit; the reference is its site's id and its own.
    Unit,
    /// An order; the reference is its id.
    Order,
}

impl HitKind {
    /// Stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Bin => "bin",
            Self::Unit => "unit",
            Self::Order => "order",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// See [`HitKind`].
    pub reference: Vec<u8>,
}

const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// The words under which a text is found.
pub(crate) fn words(text: &str) -> String {
    let mut out = String::new();
    let mut push = |word: &str| {
        if !word.is_empty() {
            out.push_str(word);
            out.push(' ');
        }
    };
    let chars: Vec<char> = text.chars().collect();
    for run in chars.chunk_by(|a, b| is_han(*a) == is_han(*b)) {
        if !run.first().copied().is_some_and(is_han) {
            push(run.iter().collect::<String>().to_lowercase().trim());
            continue;
        }
        for (i, c) in run.iter().enumerate() {
            push(&c.to_string());
            if let Some(next) = run.get(i + 1) {
                push(&format!("{c}{next}"));
            }
        }
        let syllables: Vec<&str> = run
            .iter()
            .filter_map(|c| c.to_pinyin())
            .map(pinyin::Pinyin::plain)
            .collect();
        // Every tail, so that "shou" is found in "banshou" and "bs" in its initials.
        for start in 0..syllables.len().min(12) {
            push(&syllables[start..].concat());
            push(
                &syllables[start..]
                    .iter()
                    .filter_map(|s| s.chars().next())
                    .collect::<String>(),
            );
        }
    }
    out
}

pub(crate) fn put(
    connection: &Connection,
    kind: HitKind,
    reference: &[u8],
    words: &str,
    codes: &str,
) -> Result<(), ReplicaError> {
    let old: Option<(i64, String, String)> = connection
        .prepare_cached(
            "SELECT id, words, codes FROM search_row WHERE kind = ?1 AND reference = ?2",
        )?
        .query_row(params![kind.code(), reference], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })
        .optional()?;
    match old {
        None => insert(connection, kind, reference, words, codes),
        Some((_, old_words, old_codes)) if old_words == words && old_codes == codes => Ok(()),
        Some((id, old_words, old_codes)) => {
            connection
                .prepare_cached("INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', ?1, ?2)")?
                .execute(params![id, old_words])?;
            connection
                .prepare_cached("INSERT INTO search_codes (search_codes, rowid, codes) VALUES ('delete', ?1, ?2)")?
                .execute(params![id, old_codes])?;
            connection
                .prepare_cached("UPDATE search_row SET words = ?2, codes = ?3 WHERE id = ?1")?
                .execute(params![id, words, codes])?;
            index(connection, id, words, codes)
        }
    }
}

/// Puts a row that is known not to be there.
pub(crate) fn insert(
    connection: &Connection,
    kind: HitKind,
    reference: &[u8],
    words: &str,
    codes: &str,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT INTO search_row (kind, reference, words, codes) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![kind.code(), reference, words, codes])?;
    index(connection, connection.last_insert_rowid(), words, codes)
}

fn index(connection: &Connection, id: i64, words: &str, codes: &str) -> Result<(), ReplicaError> {
    connection
        .prepare_cached("INSERT INTO search_words (rowid, words) VALUES (?1, ?2)")?
        .execute(params![id, words])?;
    connection
        .prepare_cached("INSERT INTO search_codes (rowid, codes) VALUES (?1, ?2)")?
        .execute(params![id, codes])?;
    Ok(())
}

/// Of words and of codes: how many bytes of them are gathered before they are written, and how many of the lists so
/// written are merged at a time; 0 for none.
fn gather(connection: &Connection, bytes: u32, merge: u32) -> Result<(), ReplicaError> {
    for table in ["search_words", "search_codes"] {
        for (setting, value) in [("hashsize", bytes), ("automerge", merge)] {
            connection
                .prepare_cached(&format!(
                    "INSERT INTO {table} ({table}, rank) VALUES ('{setting}', ?1)"
                ))?
                .execute([value])?;
        }
    }
    Ok(())
}

/// A whole catalogue is about to come: gathered in few long lists, its words need no merging.
pub(crate) fn begin_bulk(connection: &Connection) -> Result<(), ReplicaError> {
    gather(connection, 4 << 20, 0)
}

/// What FTS5 does unless told otherwise.
pub(crate) fn end_bulk(connection: &Connection) -> Result<(), ReplicaError> {
    gather(connection, 1 << 20, 4)
}

/// Takes a row out; its words and codes are what it was put with.
pub(crate) fn remove(
    connection: &Connection,
    id: i64,
    words: &str,
    codes: &str,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', ?1, ?2)",
        )?
        .execute(params![id, words])?;
    connection
        .prepare_cached(
            "INSERT INTO search_codes (search_codes, rowid, codes) VALUES ('delete', ?1, ?2)",
        )?
        .execute(params![id, codes])?;
    connection
        .prepare_cached("DELETE FROM search_row WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

pub(crate) fn remove_of(
    connection: &Connection,
    kind: HitKind,
    reference: &[u8],
) -> Result<(), ReplicaError> {
    // The index forgets the words that it is told; the row goes with them.
    put(connection, kind, reference, "", "")?;
    connection
        .prepare_cached("DELETE FROM search_row WHERE kind = ?1 AND reference = ?2")?
        .execute(params![kind.code(), reference])?;
    Ok(())
}

pub(crate) fn put_unit(
    connection: &Connection,
    site: SiteId,
    unit: &UnitId,
    state: &UnitState,
) -> Result<(), ReplicaError> {
    let reference = [&site.as_bytes()[..], unit.as_str().as_bytes()].concat();
    let codes = format!(
        "{} {}",
        unit.printed(),
        state.goods.lot.as_deref().unwrap_or_default()
    );
    put(connection, HitKind::Unit, &reference, "", codes.trim())
}

fn quoted(term: &str) -> String {
    format!("\"{}\"", term.replace('"', "\"\""))
}

/// Finds at most `limit` things, best first.
pub(crate) fn find(
    connection: &Connection,
    text: &str,
    limit: u32,
) -> Result<Vec<Hit>, ReplicaError> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut hits: Vec<(i64, Hit)> = Vec::new();
    let mut run = |sql: &str, query: &str| -> Result<usize, ReplicaError> {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![query, limit])?;
        while let Some(r) = rows.next()? {
            let id: i64 = r.get("id")?;
            let kind: String = r.get("kind")?;
            let kind = match kind.as_str() {
                "item" => HitKind::Item,
                "bin" => HitKind::Bin,
                "order" => HitKind::Order,
                _ => HitKind::Unit,
            };
            if hits.iter().all(|(known, _)| *known != id) {
                hits.push((
                    id,
                    Hit {
                        kind,
                        reference: r.get("reference")?,
                    },
                ));
            }
        }
        Ok(hits.len())
    };
    // Someone who types all of a code means that one; of two that begin alike the first in order comes first.
    let mut found = run(
        "SELECT id, kind, reference FROM search_row
         WHERE codes COLLATE NOCASE >= ?1 AND codes COLLATE NOCASE < ?1 || char(1114111)
         ORDER BY codes COLLATE NOCASE LIMIT ?2",
        &text,
    )?;
    if text.chars().count() >= TRIGRAM {
        found = run(
            &format!(
                "SELECT id, kind, reference FROM search_row
                 WHERE id IN (SELECT rowid FROM search_codes WHERE search_codes MATCH ?1 LIMIT {LOOKED_AT})
                 ORDER BY length(codes), codes LIMIT ?2"
            ),
            &quoted(&text),
        )?;
    }
    let by_word = format!(
        "SELECT id, kind, reference FROM search_row
         WHERE id IN (SELECT rowid FROM search_words WHERE search_words MATCH ?1 LIMIT {LOOKED_AT})
         ORDER BY length(words), words LIMIT ?2"
    );
    let mut asked = String::new();
    for is_whole in [true, false] {
        let terms: Vec<String> = text
            .split_whitespace()
            .flat_map(|word| query_terms(word, is_whole))
            .collect();
        let terms = terms.join(" AND ");
        // Of Chinese characters both questions are the same.
        if terms != asked && found < limit as usize {
            found = run(&by_word, &terms)?;
            asked = terms;
        }
    }
    hits.truncate(limit as usize);
    Ok(hits.into_iter().map(|(_, hit)| hit).collect())
}

/// The terms of one typed word: pairs of Chinese characters, or what a word begins with or, with `is_whole`, is.
fn query_terms(word: &str, is_whole: bool) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    let mut terms = Vec::new();
    for run in chars.chunk_by(|a, b| is_han(*a) == is_han(*b)) {
        let text: String = run.iter().collect();
        if !run.first().copied().is_some_and(is_han) {
            if text.chars().any(char::is_alphanumeric) {
                let any = if is_whole { "" } else { "*" };
                terms.push(format!("{}{any}", quoted(&text)));
            }
        } else if run.len() == 1 {
            terms.push(quoted(&text));
        } else {
            terms.extend(
                run.windows(2)
                    .map(|pair| quoted(&pair.iter().collect::<String>())),
            );
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database;

    #[test]
    fn found_by_any_part_of_a_code_a_name_characters_or_pinyin() {
        let db = database::open_in_memory().unwrap();
        for (n, name_en, name_zh, codes) in [
            (
                1u8,
                "Adjustable wrench",
                "活动扳手",
                "WR-00123 6901234567892",
            ),
            (2, "Hammer", "锤子", "HM-777"),
            (3, "Hand cream", "护手霜", "HC-9"),
        ] {
            let words = format!("{} {}", words(name_en), words(name_zh));
            put(&db, HitKind::Item, &[n], &words, codes).unwrap();
        }
        put(&db, HitKind::Bin, &[9], "", "A-01-2").unwrap();
        let found = |text: &str| -> Vec<u8> {
            find(&db, text, 10)
                .unwrap()
                .iter()
                .map(|h| h.reference[0])
                .collect()
        };
        for (text, expected) in [
            ("0012", vec![1]),
            ("456789", vec![1]),
            ("扳手", vec![1]),
            ("手", vec![1, 3]),
            ("活动扳手", vec![1]),
            ("动扳", vec![1]),
            ("banshou", vec![1]),
            ("hdbs", vec![1]),
            ("chuizi", vec![2]),
            ("HAMM", vec![2]),
            ("adj wre", vec![1]),
            ("a-01", vec![9]),
            ("A-0", vec![9]),
            ("锤手", vec![]),
            ("\" OR 1", vec![]),
            ("   ", vec![]),
        ] {
            let mut got = found(text);
            got.sort_unstable();
            assert_eq!(got, expected, "{text:?}");
        }
        put(&db, HitKind::Item, &[2], &words("木槌"), "HM-778").unwrap();
        assert_eq!(found("锤子"), Vec::<u8>::new(), "the old words are gone");
        assert_eq!(found("木槌"), [2]);
        assert_eq!(found("HM-778"), [2]);
    }

    #[test]
    fn what_is_typed_whole_comes_before_hundreds_that_begin_alike() {
        let db = database::open_in_memory().unwrap();
        let more = LOOKED_AT + 100;
        for n in 0..more {
            let (name, code) = (format!("hs{n} part"), format!("A-1{n}"));
            put(&db, HitKind::Item, &n.to_be_bytes(), &words(&name), &code).unwrap();
        }
        let wrench = more.to_be_bytes();
        put(&db, HitKind::Item, &wrench, &words("HS wrench"), "A-1").unwrap();
        for text in ["hs", "a-1", "A-1", "hs wr", "hs wrench"] {
            let hits = find(&db, text, 5).unwrap();
            assert_eq!(hits[0].reference, wrench, "{text}");
        }
        assert_eq!(find(&db, "h", 5).unwrap().len(), 5);
        assert_eq!(find(&db, "A-13", 20).unwrap().len(), 11);
    }
}
