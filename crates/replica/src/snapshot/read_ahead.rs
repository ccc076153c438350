//! Reading the documents of a chunk on another thread, while the rows of those before them are written: a new
//! handheld's catalogue is mostly these two, and each takes about as long as the other.

use std::sync::mpsc;

use documents::RecordId;

use super::content::{Records, Stored};
use crate::error::ReplicaError;
use crate::records::RecordRows;

/// A document of a snapshot.
pub(super) struct Document {
    pub(super) id: RecordId,
    pub(super) saved: Vec<u8>,
    /// What it says, unless that hangs on who wrote it.
    pub(super) rows: Option<RecordRows>,
}

/// Handed over together: a hand-over costs about as much as writing one.
const SLICE: usize = 64;
/// Slices that may wait to be written; each holds some 100 kB.
const AHEAD: usize = 4;

/// Hands each document to `write`, in order.
pub(super) fn each(
    records: &Records,
    mut write: impl FnMut(Document) -> Result<(), ReplicaError>,
) -> Result<(), ReplicaError> {
    let stored = records
        .stored()
        .ok_or(ReplicaError::BadRow("snapshot_chunk.bytes"))?;
    if stored.len() <= SLICE {
        return stored.iter().map(read).try_for_each(write);
    }
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel::<Vec<Document>>(AHEAD);
        scope.spawn(move || {
            for slice in stored.chunks(SLICE) {
                // Whoever writes has given up.
                if send.send(slice.iter().map(read).collect()).is_err() {
                    return;
                }
            }
        });
        receive.into_iter().flatten().try_for_each(&mut write)
    })
}

fn read(stored: &Stored<'_>) -> Document {
    let saved = documents::record::first_change::lengthen(stored.short, stored.bytes);
    let rows = documents::record::read_plain(&saved).map(|r| RecordRows::of(stored.id, r));
    Document {
        id: stored.id,
        saved,
        rows,
    }
}

#[cfg(test)]
mod tests {
    use documents::record::{Counting, FieldEdit};
    use documents::{RecordKind, record};
    use domain::ChainId;

    use super::*;

    fn catalogue(count: u16) -> Records {
        let mut records = Records::default();
        for n in 0..count {
            let sku = format!("A-{n}");
            // Who wrote it decides whether an operator counts: that is not told ahead.
            let (kind, edit) = match n % 10 {
                9 => (RecordKind::Operator, FieldEdit::set("name", sku.as_str())),
                _ => (RecordKind::Item, FieldEdit::set("sku", sku.as_str())),
            };
            let chain = ChainId::from_bytes([1; 16]);
            let made = record::edit(&[], kind, chain, &[edit], &Counting::ALL);
            let mut id = [0; 16];
            id[..2].copy_from_slice(&n.to_be_bytes());
            records.push(RecordId(id), &made.unwrap().unwrap().saved);
        }
        records
    }

    #[test]
    fn documents_come_in_order_and_read_however_many_there_are() {
        for count in [0, 1, SLICE as u16, SLICE as u16 + 1, 1_000] {
            let mut next = 0u16;
            each(&catalogue(count), |document| {
                assert_eq!(document.id.0[..2], next.to_be_bytes());
                assert_eq!(document.rows.is_some(), next % 10 != 9);
                assert!(record::read(&document.saved, &Counting::ALL).is_ok());
                next += 1;
                Ok(())
            })
            .unwrap();
            assert_eq!(next, count);
        }
    }

    #[test]
    fn an_error_while_writing_ends_the_reading() {
        let mut left = 100;
        let stopped = each(&catalogue(1_000), |_| {
            left -= 1;
            if left == 0 {
                Err(ReplicaError::BadRow("full"))
            } else {
                Ok(())
            }
        });
        assert!(
            matches!(stopped, Err(ReplicaError::BadRow("full"))),
            "{stopped:?}"
        );
        assert_eq!(left, 0);
    }
}
