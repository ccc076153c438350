//! How much automerge would do for bytes from outside, counted before it sees them.
//!
//! Automerge stores columns as runs, and packs them: a few bytes may stand for billions of rows, or unpack to gigabytes,
//! and the decoder of a column of yes and no that ends in the middle of a number never ends (all found by fuzzing,
//! `fuzz/`). Neither can be caught, so what passes the bounds here, or ends in the middle, is taken as unreadable.
//!
//! The format is at <https://automerge.org/automerge-binary-format-spec/>; bundles are described by automerge's source.

use std::io::Read;

use flate2::read::DeflateDecoder;

use crate::body::UNPACKED_BYTES_MAX;

/// No column has more rows: a segment has at most a thousand changes, and each of ours a handful of rows.
const ROWS_MAX: u64 = 1 << 16;

const CHANGE: u8 = 1;
const PACKED_CHANGE: u8 = 2;
const BUNDLE: u8 = 3;

/// Whether a change or a bundle, as automerge writes them, is small enough to be read.
pub(crate) fn is_bounded(chunk: &[u8]) -> bool {
    scan(chunk).is_some()
}

fn scan(chunk: &[u8]) -> Option<()> {
    // Magic and checksum are automerge's to look at.
    let mut bytes = Bytes(chunk);
    bytes.take(8)?;
    let kind = bytes.take(1)?.first().copied()?;
    let length = bytes.unsigned()?;
    let content = bytes.take(length)?;
    match kind {
        CHANGE => change(Bytes(content)),
        PACKED_CHANGE => change(Bytes(&inflate(content, &mut 0)?)),
        BUNDLE => bundle(Bytes(content)),
        _ => None,
    }
}

fn change(mut bytes: Bytes<'_>) -> Option<()> {
    bytes.hashes()?;
    bytes.text()?;
    // Its number, its first operation's, its time; then the message and other actors.
    bytes.unsigned()?;
    bytes.unsigned()?;
    bytes.signed()?;
    bytes.text()?;
    for _ in 0..bytes.unsigned()? {
        bytes.text()?;
    }
    bytes.columns()
}

fn bundle(mut bytes: Bytes<'_>) -> Option<()> {
    bytes.hashes()?;
    for _ in 0..bytes.unsigned()? {
        bytes.text()?;
    }
    // Of the changes, then of their operations.
    bytes.columns()?;
    bytes.columns()
}

/// `unpacked`: what came before of the same chunk, and counts against the same bound.
fn inflate(packed: &[u8], unpacked: &mut usize) -> Option<Vec<u8>> {
    let left = UNPACKED_BYTES_MAX.checked_sub(*unpacked)?;
    let mut plain = Vec::new();
    DeflateDecoder::new(packed)
        .take(left as u64 + 1)
        .read_to_end(&mut plain)
        .ok()?;
    *unpacked += plain.len();
    (plain.len() <= left).then_some(plain)
}

/// Bytes that are left. Reading past the end is `None`.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, count: u64) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// Seven bits a byte, the lowest first; the sign bit of the last one.
    fn number(&mut self) -> Option<(u64, u32, bool)> {
        let (mut value, mut bits) = (0u64, 0);
        loop {
            let byte = self.take(1)?.first().copied()?;
            value |= u64::from(byte & 0x7f).checked_shl(bits)?;
            bits += 7;
            if byte & 0x80 == 0 {
                return Some((value, bits, byte & 0x40 != 0));
            }
        }
    }

    fn unsigned(&mut self) -> Option<u64> {
        Some(self.number()?.0)
    }

    fn signed(&mut self) -> Option<i64> {
        let (value, bits, negative) = self.number()?;
        let fill = if negative {
            u64::MAX.checked_shl(bits).unwrap_or(0)
        } else {
            0
        };
        Some((value | fill) as i64)
    }

    fn text(&mut self) -> Option<&'b [u8]> {
        let length = self.unsigned()?;
        self.take(length)
    }

    fn hashes(&mut self) -> Option<&'b [u8]> {
        let count = self.unsigned()?;
        self.take(count.checked_mul(32)?)
    }

    /// Specifications and lengths of columns, then their content.
    fn columns(&mut self) -> Option<()> {
        let mut columns = Vec::new();
        for _ in 0..self.unsigned()? {
            columns.push((self.unsigned()?, self.unsigned()?));
        }
        let mut unpacked = 0;
        for (specification, length) in columns {
            let content = self.take(length)?;
            if specification & 0b1000 == 0 {
                Bytes(content).rows(specification & 0b111)?;
            } else {
                Bytes(&inflate(content, &mut unpacked)?).rows(specification & 0b111)?;
            }
        }
        Some(())
    }

    /// Counts the rows of a column. `kind`: 0 how many entries of other columns a row has, 3 differences, 4 yes and no,
    /// 5 texts, 7 bytes without rows; the others are numbers.
    fn rows(mut self, kind: u64) -> Option<()> {
        // Rows, and entries of other columns that they claim.
        let mut counted = 0u64;
        let mut count = |n: u64| {
            counted = counted.checked_add(n).filter(|all| *all <= ROWS_MAX)?;
            Some(())
        };
        while !self.0.is_empty() && kind != 7 {
            if kind == 4 {
                count(self.unsigned()?)?;
                continue;
            }
            let run = self.signed()?;
            count(run.unsigned_abs())?;
            // A negative length says that so many values follow, each its own; 0, that so many have none.
            match run {
                0 => count(self.unsigned()?)?,
                1.. => count(self.value(kind)?.checked_mul(run.unsigned_abs())?)?,
                _ => {
                    for _ in 0..run.unsigned_abs() {
                        count(self.value(kind)?)?;
                    }
                }
            }
        }
        Some(())
    }

    /// How many entries of other columns one value claims.
    fn value(&mut self, kind: u64) -> Option<u64> {
        match kind {
            0 => self.unsigned(),
            3 => self.signed().map(|_| 0),
            5 => self.text().map(|_| 0),
            _ => self.unsigned().map(|_| 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A bundle without changes whose operations have these columns.
    fn bundle_of(columns: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let mut content = vec![0, 0, 0, columns.len() as u8];
        for (specification, bytes) in columns {
            content.push(*specification);
            content.extend(length(bytes.len()));
        }
        content.extend(columns.iter().flat_map(|(_, bytes)| bytes.clone()));
        chunk(BUNDLE, &content)
    }

    fn chunk(kind: u8, content: &[u8]) -> Vec<u8> {
        [&[0; 8], &[kind][..], &length(content.len()), content].concat()
    }

    fn length(mut n: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while n >= 0x80 {
            out.push(n as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
        out
    }

    fn deflated(plain: &[u8]) -> Vec<u8> {
        let mut packer =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(plain).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn few_bytes_that_stand_for_much_are_refused() {
        let billions = [0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
        let with = |before: &[u8], after: &[u8]| [before, &billions, after].concat();
        for (what, specification, bytes, fits) in [
            ("a run", 0x12, vec![0x05, 0x07], true),
            ("a long run", 0x12, with(&[], &[7]), false),
            ("a long run of nothing", 0x12, with(&[0], &[]), false),
            ("yes and no", 0x14, vec![2, 3], true),
            ("yes for ever", 0x14, with(&[0], &[]), false),
            ("yes and half a number", 0x14, vec![2, 0x9b], false),
            ("rows that claim a lot", 0x10, with(&[0x7f], &[]), false),
            (
                "rows that claim a lot together",
                0x10,
                [vec![0x80, 2], length(1_000)].concat(),
                false,
            ),
            ("texts", 0x15, vec![0x7e, 1, b'a', 1, b'b'], true),
            ("a text that is cut off", 0x15, vec![0x7f, 9, b'a'], false),
            ("bytes", 0x17, vec![0xff; 9], true),
            ("packed", 0x1a, deflated(&[0x05, 0x07]), true),
            (
                "packed zeros",
                0x1f,
                deflated(&vec![0; UNPACKED_BYTES_MAX + 1]),
                false,
            ),
        ] {
            let bounded = is_bounded(&bundle_of(&[(specification, bytes)]));
            assert_eq!(bounded, fits, "{what}");
        }
        let twice = deflated(&vec![0; UNPACKED_BYTES_MAX / 2 + 1]);
        assert!(!is_bounded(&bundle_of(&[
            (0x1f, twice.clone()),
            (0x2f, twice)
        ])));
        let bomb = deflated(&vec![0; UNPACKED_BYTES_MAX + 1]);
        assert!(!is_bounded(&chunk(PACKED_CHANGE, &bomb)));
        assert!(!is_bounded(&chunk(9, &[])));
        assert!(!is_bounded(&[]));
    }

    #[test]
    fn numbers_read_as_automerge_writes_them() {
        for n in [0, 1, -1, 63, -64, 64, -65, i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            let mut rest = n;
            loop {
                let byte = (rest & 0x7f) as u8;
                rest >>= 7;
                let done = (rest == 0 && byte & 0x40 == 0) || (rest == -1 && byte & 0x40 != 0);
                bytes.push(if done { byte } else { byte | 0x80 });
                if done {
                    break;
                }
            }
            assert_eq!(Bytes(&bytes).signed(), Some(n));
        }
        assert_eq!(Bytes(&[0xff; 20]).unsigned(), None);
    }
}
