//! Exports of the audit trail, and the proof that nothing is missing from one: every entry between the first and the last
//! number with its link of the hash chain, and the server's signature over both ends.

use std::fmt::Write as _;

use documents::keys::Purpose;
use documents::{PublicKey, Signature, SigningKey};
use domain::{OrganisationId, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::store::audit::{Entry, Hash, link_of, run};
use crate::store::{Database, StoreError};

const FORMAT: &str = "tallyman-audit-1";

const COLUMNS: [&str; 10] = [
    "number", "at", "user", "who", "act", "about", "outcome", "detail", "address", "hash",
];

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, the proof in the last.
    Jsonl,
    /// Comma-separated, UTF-8, a heading, the proof in the last record.
    Csv,
}

/// The end of an export. All hashes and keys in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Proof {
    format: String,
    organisation: String,
    first: i64,
    /// The link before the first entry.
    before: String,
    last: i64,
    /// The link of the last entry.
    head: String,
    signed_at: UnixMillis,
    key: String,
    signature: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    entry: Entry,
    hash: String,
}

#[derive(Serialize, Deserialize)]
struct LastLine {
    proof: Proof,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok())
        .collect();
    bytes?.try_into().ok()
}

/// What the signature is over: organisation (16 bytes), first, the link before it (32), last, its link (32), signed_at;
/// numbers in 8 bytes, little-endian.
fn message(
    organisation: OrganisationId,
    (first, before): (i64, &Hash),
    (last, head): (i64, &Hash),
    at: UnixMillis,
) -> Vec<u8> {
    let mut bytes = organisation.as_bytes().to_vec();
    bytes.extend(first.to_le_bytes());
    bytes.extend(before);
    bytes.extend(last.to_le_bytes());
    bytes.extend(head);
    bytes.extend(at.to_le_bytes());
    bytes
}

/// All entries from `first` to `last` with their proof.
///
/// # Errors
/// Those of the store.
pub fn export(
    db: &Database,
    (organisation, key): (OrganisationId, &SigningKey),
    (first, last): (i64, i64),
    format: Format,
    now: UnixMillis,
) -> Result<Vec<u8>, StoreError> {
    let mut out = String::new();
    if format == Format::Csv {
        out.push('\u{feff}');
        out.push_str(&record(COLUMNS));
    }
    // All in one read, so that the ends are those of the entries.
    let (before, head) = db.read(|c| -> Result<_, StoreError> {
        let before = link_of(c, first - 1)?;
        let mut head = before;
        run(c, first, last, |entry, hash| {
            head = hash;
            match format {
                Format::Jsonl => {
                    let hash = hex(&hash);
                    let line = serde_json::to_string(&Line { entry, hash });
                    // A struct of numbers and texts always serialises.
                    let _ = writeln!(out, "{}", line.unwrap_or_default());
                }
                Format::Csv => out.push_str(&record(cells(&entry, &hash))),
            }
        })?;
        Ok((before, head))
    })?;
    let signed = message(organisation, (first, &before), (last, &head), now);
    let proof = Proof {
        format: FORMAT.to_owned(),
        organisation: hex(organisation.as_bytes()),
        first,
        before: hex(&before),
        last,
        head: hex(&head),
        signed_at: now,
        key: hex(key.public().as_bytes()),
        signature: hex(key.sign(Purpose::Audit, &signed).as_bytes()),
    };
    match format {
        Format::Jsonl => {
            let line = serde_json::to_string(&LastLine { proof });
            let _ = writeln!(out, "{}", line.unwrap_or_default());
        }
        Format::Csv => {
            let proof = serde_json::to_string(&proof).unwrap_or_default();
            out.push_str(&record(["proof".to_owned(), proof]));
        }
    }
    Ok(out.into_bytes())
}

fn cells(entry: &Entry, hash: &Hash) -> [String; 10] {
    [
        entry.number.to_string(),
        entry.at.to_string(),
        entry.user.to_string(),
        guarded(&entry.who),
        guarded(&entry.act),
        guarded(&entry.about),
        guarded(&entry.outcome),
        guarded(&entry.detail),
        guarded(&entry.address),
        hex(hash),
    ]
}

/// An apostrophe before what a spreadsheet would run, and before one that is there already.
fn guarded(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

fn record<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let quoted = cells.into_iter().map(|cell| {
        let cell = cell.as_ref();
        match cell.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.to_owned(),
        }
    });
    let mut line = quoted.collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

/// What an export holds, once it is found to be whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The number of the first entry.
    pub first: i64,
    /// And of the last; before the first if there is none.
    pub last: i64,
    /// When the server signed it.
    pub signed_at: UnixMillis,
    /// The key that it was signed with, in hexadecimal.
    pub key: String,
}

/// Why an export is not what the server wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is no export, or its end is cut off.
    #[error("the file is no whole export: its last line holds no proof")]
    NoProof,
    /// A line cannot be read.
    #[error("line {0} cannot be read")]
    Unreadable(usize),
    /// An entry is missing, or stands twice or elsewhere.
    #[error("entry {expected} is missing: entry {found} stands in its place")]
    Missing {
        /// The number that comes next.
        expected: i64,
        /// The number that was found.
        found: i64,
    },
    /// An entry was changed, or the one before it.
    #[error("entry {0} was changed, or what stood before it")]
    Changed(i64),
    /// Entries are missing at the end.
    #[error("entries are missing after number {0}")]
    CutOff(i64),
    /// The ends are not what was signed.
    #[error("the signature does not fit")]
    BadSignature,
    /// It was signed with another key than the one that was given.
    #[error("it was signed with the key {0}, which is another one")]
    OtherKey(String),
}

/// Checks an export: that every entry is as it was written and none is missing between the first and the last, and that
/// the server signed both ends. `key`: the server's, 64 hexadecimal digits, as its page of the audit trail shows it;
/// without it, the key in the file is taken at its word.
///
/// # Errors
/// [`Broken`].
pub fn verify(file: &str, key: Option<&str>) -> Result<Verified, Broken> {
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    let (entries, proof) = match file.starts_with('{') {
        true => read_jsonl(file)?,
        false => read_csv(file)?,
    };
    if proof.format != FORMAT {
        return Err(Broken::NoProof);
    }
    let mut before: Hash = unhex(&proof.before).ok_or(Broken::NoProof)?;
    let first = before;
    let mut next = proof.first;
    for (entry, hash) in &entries {
        if entry.number != next {
            return Err(Broken::Missing {
                expected: next,
                found: entry.number,
            });
        }
        let link = entry.link(&before);
        if hex(&link) != *hash {
            return Err(Broken::Changed(next));
        }
        before = link;
        next += 1;
    }
    if next != proof.last + 1 || hex(&before) != proof.head {
        return Err(Broken::CutOff(next - 1));
    }
    if let Some(given) = key
        && !given.trim().eq_ignore_ascii_case(&proof.key)
    {
        return Err(Broken::OtherKey(proof.key));
    }
    let signed = || {
        let organisation = OrganisationId::from_bytes(unhex(&proof.organisation)?);
        let ends = ((proof.first, &first), (proof.last, &before));
        let message = message(organisation, ends.0, ends.1, proof.signed_at);
        let signature = Signature::from_slice(&unhex::<64>(&proof.signature)?)?;
        let key = PublicKey::from_bytes(unhex(&proof.key)?);
        Some(key.verify(Purpose::Audit, &message, &signature))
    };
    if signed() != Some(true) {
        return Err(Broken::BadSignature);
    }
    Ok(Verified {
        first: proof.first,
        last: proof.last,
        signed_at: proof.signed_at,
        key: proof.key,
    })
}

type Read = (Vec<(Entry, String)>, Proof);

fn read_jsonl(file: &str) -> Result<Read, Broken> {
    let lines: Vec<&str> = file
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let (last, entries) = lines.split_last().ok_or(Broken::NoProof)?;
    let last: LastLine = serde_json::from_str(last).map_err(|_| Broken::NoProof)?;
    let entries = entries.iter().zip(1..).map(|(line, n)| {
        let line: Line = serde_json::from_str(line).map_err(|_| Broken::Unreadable(n))?;
        Ok((line.entry, line.hash))
    });
    Ok((entries.collect::<Result<_, _>>()?, last.proof))
}

fn read_csv(file: &str) -> Result<Read, Broken> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(file.as_bytes());
    let mut entries = Vec::new();
    for (record, n) in reader.records().zip(2..) {
        let record = record.map_err(|_| Broken::Unreadable(n))?;
        let cell = |i: usize| record.get(i).unwrap_or_default();
        if cell(0) == "proof" {
            let proof = serde_json::from_str(cell(1)).map_err(|_| Broken::NoProof)?;
            return Ok((entries, proof));
        }
        let number = |i: usize| cell(i).parse().map_err(|_| Broken::Unreadable(n));
        let text = |i: usize| cell(i).strip_prefix('\'').unwrap_or(cell(i)).to_owned();
        let entry = Entry {
            number: number(0)?,
            at: number(1)?,
            user: number(2)?,
            who: text(3),
            act: text(4),
            about: text(5),
            outcome: text(6),
            detail: text(7),
            address: text(8),
        };
        entries.push((entry, cell(9).to_owned()));
    }
    Err(Broken::NoProof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::audit::{New, append};

    const ORGANISATION: OrganisationId = OrganisationId::from_bytes([7; 16]);

    fn exported(first: i64, last: i64, format: Format) -> String {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&folder.path().join("hub.db")).unwrap();
        let added: Result<(), StoreError> = db.write(|t| {
            for n in 1..=6 {
                let new = New {
                    at: 1_000 + n,
                    user: n,
                    who: ["陈", "=1+1", "'x", "a,\"b\"", "-", "z"][n as usize - 1].into(),
                    act: "device.revoke".into(),
                    about: format!("device-{n}"),
                    outcome: "done",
                    detail: "一行\n两行".into(),
                    address: "10.0.0.1".into(),
                };
                append(t, &new)?;
            }
            Ok(())
        });
        added.unwrap();
        let key = SigningKey::from_seed(&[9; 32]);
        let bytes = export(&db, (ORGANISATION, &key), (first, last), format, 5_000).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_export_proves_itself_whole_or_in_part() {
        let key = hex(SigningKey::from_seed(&[9; 32]).public().as_bytes());
        for format in [Format::Jsonl, Format::Csv] {
            for (first, last) in [(1, 6), (3, 5), (1, 0)] {
                let file = exported(first, last, format);
                let verified = Verified {
                    first,
                    last,
                    signed_at: 5_000,
                    key: key.clone(),
                };
                assert_eq!(verify(&file, None), Ok(verified.clone()));
                assert_eq!(verify(&file, Some(&key.to_uppercase())), Ok(verified));
                let other = "00".repeat(32);
                assert_eq!(
                    verify(&file, Some(&other)),
                    Err(Broken::OtherKey(key.clone()))
                );
            }
        }
    }

    #[test]
    fn whatever_is_taken_out_changed_or_put_in_is_found() {
        let file = exported(1, 6, Format::Jsonl);
        let lines: Vec<&str> = file.lines().collect();
        let without = |n: usize| {
            let mut left = lines.clone();
            left.remove(n);
            left.join("\n")
        };
        for n in 0..5 {
            let expected = n as i64 + 1;
            let missing = Broken::Missing {
                expected,
                found: expected + 1,
            };
            assert_eq!(verify(&without(n), None), Err(missing));
        }
        assert_eq!(verify(&without(5), None), Err(Broken::CutOff(5)));
        assert_eq!(verify(&without(6), None), Err(Broken::NoProof));
        let mut turned = lines.clone();
        turned.swap(1, 2);
        assert!(matches!(
            verify(&turned.join("\n"), None),
            Err(Broken::Missing { .. })
        ));
        for (from, to) in [
            ("device-4", "device-9"),
            ("\"user\":4", "\"user\":1"),
            ("\"at\":1004", "\"at\":1003"),
        ] {
            let changed = file.replacen(from, to, 1);
            assert_ne!(changed, file);
            assert_eq!(verify(&changed, None), Err(Broken::Changed(4)), "{from}");
        }
        let csv = exported(1, 6, Format::Csv).replacen("device-2", "device-3", 1);
        assert_eq!(verify(&csv, None), Err(Broken::Changed(2)));
        assert_eq!(verify("", None), Err(Broken::NoProof));
        assert_eq!(verify("{}", None), Err(Broken::NoProof));
    }

    /// Who takes the end off and works the chain out anew has no key to sign it with.
    #[test]
    fn a_chain_that_was_worked_out_anew_is_not_signed() {
        let file = exported(1, 6, Format::Jsonl);
        let shorter = exported(1, 4, Format::Jsonl);
        let (last, entries) = shorter
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .split_last()
            .map(|(l, e)| (l.clone(), e.to_vec()))
            .unwrap();
        let mut last: LastLine = serde_json::from_str(&last).unwrap();
        let whole: LastLine = serde_json::from_str(file.lines().last().unwrap()).unwrap();
        last.proof.signature = whole.proof.signature;
        let forged = format!(
            "{}\n{}",
            entries.join("\n"),
            serde_json::to_string(&last).unwrap()
        );
        assert_eq!(verify(&forged, None), Err(Broken::BadSignature));
    }
}
