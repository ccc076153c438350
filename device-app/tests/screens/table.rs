//! `docs/handheld-tests.md` names tests that exist, and leaves no row without an answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Cells of every row of every table; heads and rules left out.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let mut rows: Vec<Vec<&str>> = Vec::new();
    let mut head = true;
    for line in text.lines() {
        let Some(cells) = line
            .strip_prefix("| ")
            .and_then(|line| line.strip_suffix(" |"))
        else {
            // The rule under a head ends it, whatever else ends the table.
            head = !line.starts_with("|---");
            continue;
        };
        if !head {
            rows.push(cells.split(" | ").collect());
        }
    }
    rows
}

fn tests_in(cell: &str) -> impl Iterator<Item = (&str, &str)> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.split_once("::"))
}

/// Whether the file has a test function of that name, not only the words.
fn has_test(source: &str, name: &str) -> bool {
    let function = format!("fn {name}(");
    source.match_indices(&function).any(|(at, _)| {
        let before = &source[..at];
        let body_before = before
            .rfind(['}', ';'])
            .map_or(before, |end| &before[end..]);
        body_before.contains("#[test]") || body_before.contains("#[tokio::test")
    })
}

#[test]
fn every_test_that_the_table_names_exists() {
    let text = std::fs::read_to_string(root().join("docs/handheld-tests.md")).unwrap();
    let rows = rows(&text);
    assert!(rows.len() > 75, "only {} rows were found", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let shown = row.last().unwrap();
        let named: Vec<_> = tests_in(shown).collect();
        if row.len() != 3 || (named.is_empty() && !shown.contains("not yet")) {
            wrong.push(format!("{}: neither a test nor “not yet”", row[0]));
        }
        for (file, name) in named {
            match std::fs::read_to_string(root().join(file)) {
                Ok(source) if has_test(&source, name) => {}
                Ok(_) => wrong.push(format!("{file} has no test {name}")),
                Err(error) => wrong.push(format!("{file}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_capability_of_a_handheld_has_its_row() {
    let text = std::fs::read_to_string(root().join("docs/handheld-tests.md")).unwrap();
    let rows = rows(&text);
    let listed: BTreeSet<&str> = rows.iter().map(|row| row[0]).collect();
    let first = (2..=10).chain([13, 14, 16]).map(|row| format!("S1-{row}"));
    let second = (7..=12).chain(15..=19).map(|row| format!("S2-{row}"));
    for row in first.chain(second) {
        assert!(listed.contains(row.as_str()), "{row} is not listed");
    }
}

#[test]
fn a_name_alone_is_no_test() {
    let source = "#[test]\nfn one() { two(); }\nfn two() {}\n#[test]\n#[ignore]\nfn three() {}";
    let found = ["one", "two", "three", "four"].map(|name| has_test(source, name));
    assert_eq!(found, [true, false, true, false]);
}
