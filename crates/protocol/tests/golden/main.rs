//! The wire format, byte for byte, as it lies in `fixtures/protocol`. A change of a byte fails here, and shows in review.
//!
//! `TALLYMAN_WRITE_VECTORS=1 cargo test -p protocol --test golden` writes them anew.
#![allow(clippy::unwrap_used, reason = "a test")]

mod derived;
mod made;
mod vectors;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/protocol")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 bytes a line.
fn hex_lines(bytes: &[u8]) -> String {
    bytes.chunks(32).map(|line| hex(line) + "\n").collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// All files as they should be.
fn written() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for vector in vectors::all() {
        files.insert(format!("{}.hex", vector.name), hex_lines(&vector.bytes));
    }
    for (name, text) in derived::texts() {
        files.insert(format!("{name}.txt"), text + "\n");
    }
    let derived = derived::derived();
    let lines = derived
        .iter()
        .map(|(name, bytes)| format!("{name}: {}\n", hex(bytes)));
    files.insert("derived.txt".to_owned(), lines.collect());
    files
}

#[test]
fn what_is_written_is_what_lies_in_the_fixtures_byte_for_byte() {
    let written = written();
    if env::var_os("TALLYMAN_WRITE_VECTORS").is_some() {
        for (name, content) in &written {
            fs::write(folder().join(name), content).unwrap();
        }
    }
    let mut other: Vec<&String> = Vec::new();
    for (name, content) in &written {
        if fs::read_to_string(folder().join(name)).ok().as_ref() != Some(content) {
            other.push(name);
        }
    }
    assert!(
        other.is_empty(),
        "other bytes than in fixtures/protocol: {other:?}. Devices in the field write and read those."
    );
    for file in fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "README.md" || written.contains_key(&name),
            "{name} is made by nothing"
        );
    }
}

#[test]
fn what_lies_in_the_fixtures_reads_as_what_was_written() {
    for vector in vectors::all() {
        let path = folder().join(format!("{}.hex", vector.name));
        let bytes = unhex(&fs::read_to_string(path).unwrap());
        assert!((vector.reads)(&bytes), "{}", vector.name);
    }
}

#[test]
fn the_readme_names_every_file() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    for name in written().keys() {
        let stem = name.split('.').next().unwrap();
        assert!(readme.contains(&format!("`{stem}`")), "{name}");
    }
}

#[test]
fn the_text_of_the_protocol_points_at_every_message() {
    let text = include_str!("../../README.md");
    for vector in vectors::all() {
        let name = vector.name;
        let pointed = text.contains(&format!("`{name}`"));
        assert!(pointed || name.starts_with("body_"), "{name}");
    }
}

#[test]
fn a_byte_that_is_changed_is_noticed() {
    for vector in vectors::all() {
        for at in 0..vector.bytes.len().min(200) {
            let mut bad = vector.bytes.clone();
            bad[at] ^= 1;
            // A compressed stream has bits that mean nothing; of everything else each bit counts.
            let free = ["body_journal", "body_bundle", "snapshot_chunk"].contains(&vector.name);
            assert!(free || !(vector.reads)(&bad), "{}, byte {at}", vector.name);
        }
    }
}

/// Written by hand from the text of the protocol, so that the vectors do not only agree with the code that made them.
#[test]
fn a_hint_is_what_the_text_says() {
    // [3, [[partition "", number]]]
    let by_hand = [0x82, 3, 0x81, 0x82, 0x40, 0x1a, 0x00, 0x0d, 0xbb, 0xa0];
    let hint = vectors::all().into_iter().find(|v| v.name == "live_hint");
    assert_eq!(hex(&hint.unwrap().bytes), hex(&by_hand));
}
