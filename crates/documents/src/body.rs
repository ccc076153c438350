//! The body of a segment: changes of any number of documents, packed.

use automerge::{Bundle, Change};
use minicbor::{Decoder, Encoder};

use crate::chunk::is_bounded;
use crate::guard::guarded;
use crate::record::RecordId;

/// No body unpacks to more than this.
pub const UNPACKED_BYTES_MAX: usize = 4 << 20;
/// No body holds more changes than this.
pub const CHANGES_MAX: usize = 1_000;
/// Below this, packing costs more than it saves.
const PACK_FROM_BYTES: usize = 200;

/// How the changes of one document are written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Changes(Vec<Vec<u8>>),
    Bundle(Vec<u8>),
}

/// The changes of one document in a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which document.
    pub document: RecordId,
    /// Whether it is a journal; otherwise it is a record.
    pub is_journal: bool,
    form: Form,
}

impl Part {
    /// Changes of a record.
    pub const fn record(document: RecordId, changes: Vec<Vec<u8>>) -> Self {
        Self {
            document,
            is_journal: false,
            form: Form::Changes(changes),
        }
    }

    /// Single changes of a journal, as they are while live.
    pub const fn journal(document: RecordId, changes: Vec<Vec<u8>>) -> Self {
        Self {
            document,
            is_journal: true,
            form: Form::Changes(changes),
        }
    }

    /// A bundle of a journal's changes, after an offline shift.
    pub const fn journal_bundle(document: RecordId, bundle: Vec<u8>) -> Self {
        Self {
            document,
            is_journal: true,
            form: Form::Bundle(bundle),
        }
    }

    /// The changes themselves.
    ///
    /// # Errors
    /// [`BodyError::Changes`] if the bytes are none.
    pub fn unpack(&self) -> Result<Vec<Change>, BodyError> {
        let bounded = match &self.form {
            Form::Changes(changes) => changes.iter().all(|c| is_bounded(c)),
            Form::Bundle(bytes) => is_bounded(bytes),
        };
        if !bounded {
            return Err(BodyError::Changes);
        }
        guarded(|| match &self.form {
            Form::Changes(changes) => changes
                .iter()
                .map(|c| Change::from_bytes(c.clone()).map_err(|_| BodyError::Changes))
                .collect(),
            Form::Bundle(bytes) => Bundle::try_from(&bytes[..])
                .map_err(|_| BodyError::Changes)
                .and_then(|b| b.to_changes().map_err(|_| BodyError::Changes))
                .and_then(|changes| match changes.len() {
                    0..=CHANGES_MAX => Ok(changes),
                    _ => Err(BodyError::TooLarge),
                }),
        })
        .unwrap_or(Err(BodyError::Changes))
    }
}

/// What a segment carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// In the order of writing.
    pub parts: Vec<Part>,
}

/// Why bytes are no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Cut off, or not CBOR of the right shape.
    #[error("the body is malformed")]
    Malformed,
    /// It would unpack to more than [`UNPACKED_BYTES_MAX`].
    #[error("the body is too large")]
    TooLarge,
    /// The changes in it cannot be read.
    #[error("the changes in the body cannot be read")]
    Changes,
}

impl Body {
    /// Packs the body: one byte for the form (0 plain, 1 zstd), then CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut plain = vec![0u8];
        let mut e = Encoder::new(&mut plain);
        // Writing to a vector cannot fail.
        let _ = self.write(&mut e);
        if plain.len() > PACK_FROM_BYTES
            && let Ok(packed) = zstd::bulk::compress(&plain[1..], 6)
            && packed.len() + 1 < plain.len()
        {
            let mut out = Vec::with_capacity(packed.len() + 1);
            out.push(1);
            out.extend_from_slice(&packed);
            return out;
        }
        plain
    }

    fn write(
        &self,
        e: &mut Encoder<&mut Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        e.array(self.parts.len() as u64)?;
        for part in &self.parts {
            e.array(3)?.bytes(&part.document.0)?.bool(part.is_journal)?;
            match &part.form {
                Form::Bundle(bytes) => {
                    e.bytes(bytes)?;
                }
                Form::Changes(changes) => {
                    e.array(changes.len() as u64)?;
                    for change in changes {
                        e.bytes(change)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Unpacks a body, never more than [`UNPACKED_BYTES_MAX`].
    ///
    /// # Errors
    /// See [`BodyError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BodyError> {
        let (form, rest) = bytes.split_first().ok_or(BodyError::Malformed)?;
        match form {
            0 => Self::read(rest).map_err(|_| BodyError::Malformed),
            1 => {
                let plain = zstd::bulk::decompress(rest, UNPACKED_BYTES_MAX)
                    .map_err(|_| BodyError::TooLarge)?;
                Self::read(&plain).map_err(|_| BodyError::Malformed)
            }
            _ => Err(BodyError::Malformed),
        }
    }

    fn read(bytes: &[u8]) -> Result<Self, minicbor::decode::Error> {
        let bad = || minicbor::decode::Error::message("no body");
        let mut d = Decoder::new(bytes);
        let count = d.array()?.ok_or_else(bad)?;
        let mut parts = Vec::new();
        // Each part and each change costs the reader work, however few bytes it takes.
        let mut left = CHANGES_MAX;
        let mut one_more = || {
            left = left.checked_sub(1).ok_or_else(bad)?;
            Ok::<(), minicbor::decode::Error>(())
        };
        for _ in 0..count {
            // A later program may add fields at the end.
            let fields = d.array()?.filter(|n| *n >= 3).ok_or_else(bad)?;
            let document = RecordId(d.bytes()?.try_into().map_err(|_| bad())?);
            let is_journal = d.bool()?;
            let form = match d.datatype()? {
                minicbor::data::Type::Bytes => {
                    one_more()?;
                    Form::Bundle(d.bytes()?.to_vec())
                }
                _ => {
                    let n = d.array()?.ok_or_else(bad)?;
                    let mut changes = Vec::new();
                    for _ in 0..n {
                        one_more()?;
                        changes.push(d.bytes()?.to_vec());
                    }
                    Form::Changes(changes)
                }
            };
            for _ in 3..fields {
                d.skip()?;
            }
            parts.push(Part {
                document,
                is_journal,
                form,
            });
        }
        Ok(Self { parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_and_back() {
        for size in [0, 10, 5_000] {
            let body = Body {
                parts: vec![
                    Part::record(RecordId([1; 16]), vec![vec![7; size], vec![8; 3]]),
                    Part::journal_bundle(RecordId([2; 16]), vec![9; size]),
                ],
            };
            let bytes = body.to_bytes();
            assert_eq!(Body::from_bytes(&bytes), Ok(body));
            assert!(size < 5_000 || bytes.len() < 200);
            for end in 0..bytes.len() {
                assert!(Body::from_bytes(&bytes[..end]).is_err());
            }
        }
    }

    #[test]
    fn more_changes_than_a_segment_may_hold_are_refused() {
        let body = |changes: usize| Body {
            parts: vec![Part::record(RecordId([1; 16]), vec![vec![7]; changes])],
        };
        for (changes, reads) in [(CHANGES_MAX, true), (CHANGES_MAX + 1, false)] {
            let read = Body::from_bytes(&body(changes).to_bytes());
            assert_eq!(read.is_ok(), reads, "{changes}");
        }
    }

    #[test]
    fn a_body_that_unpacks_to_much_more_is_refused() {
        let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 19).unwrap();
        assert!(bomb.len() < 10_000);
        let body = [&[1][..], &bomb].concat();
        assert_eq!(Body::from_bytes(&body), Err(BodyError::TooLarge));
    }

    #[test]
    fn fields_of_a_later_program_are_skipped() {
        // [[document, is-journal, [change], "new"]], plain.
        let mut bytes = vec![0, 0x81, 0x84, 0x50];
        bytes.extend([7; 16]);
        bytes.extend([0xf4, 0x81, 0x42, 1, 2, 0x63, b'n', b'e', b'w']);
        let body = Body {
            parts: vec![Part::record(RecordId([7; 16]), vec![vec![1, 2]])],
        };
        assert_eq!(Body::from_bytes(&bytes), Ok(body));
    }

    #[test]
    fn a_small_body_that_unpacks_to_a_giant_is_refused() {
        let bomb = zstd::bulk::compress(&vec![0u8; UNPACKED_BYTES_MAX + 1], 19).unwrap();
        assert!(bomb.len() < 1_000);
        assert_eq!(
            Body::from_bytes(&[&[1], &bomb[..]].concat()),
            Err(BodyError::TooLarge)
        );
    }

    #[test]
    fn bytes_that_are_no_changes_are_told() {
        for part in [
            Part::record(RecordId([1; 16]), vec![vec![1, 2]]),
            Part::journal_bundle(RecordId([1; 16]), vec![3; 90]),
        ] {
            assert_eq!(part.unpack().err(), Some(BodyError::Changes));
        }
    }
}
