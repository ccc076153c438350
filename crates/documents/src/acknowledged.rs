//! A customer's own word, from their own telephone, that they got the goods of a release.
//!
//! The act itself is written by whoever handed the goods out, and nothing is ever added to it. What the customer signs later
//! stands in the deposit's record under the hash of the act, so that it names exactly what it is about; the picture is a blob,
//! sealed under the customer's key, so that it is unreadable once they are erased.

use domain::{BlobId, EventHash, UnixMillis};

use crate::record::{FieldEdit, Record, Value};

/// A signature for the goods of one act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    /// The sealed picture.
    pub signature: BlobId,
    /// When, unix milliseconds.
    pub at: UnixMillis,
}

fn paths(act: EventHash) -> [String; 2] {
    let act = act.hex();
    [format!("signed_{act}"), format!("signed_at_{act}")]
}

impl Acknowledged {
    /// The fields of a deposit's record that say it of an act.
    pub fn fields(&self, act: EventHash) -> [FieldEdit; 2] {
        let [picture, at] = paths(act);
        [
            FieldEdit {
                path: picture,
                value: Some(Value::Bytes(self.signature.0.to_vec())),
            },
            FieldEdit::set(at, self.at),
        ]
    }

    /// What a deposit's record says of an act, if anything.
    pub fn of(record: &Record, act: EventHash) -> Option<Self> {
        let [picture, at] = paths(act);
        match (record.fields.get(&picture)?, record.fields.get(&at)?) {
            (Value::Bytes(bytes), Value::Integer(at)) => Some(Self {
                signature: BlobId::from_slice(bytes)?,
                at: *at,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ChainId;

    use super::*;
    use crate::record::{Counting, RecordKind, edit};

    #[test]
    fn a_signature_is_for_one_act_alone() {
        let signed = Acknowledged {
            signature: BlobId([5; 32]),
            at: 1_790_000_000_000,
        };
        let act = EventHash([1; 32]);
        let chain = ChainId::from_bytes([4; 16]);
        let fields = signed.fields(act);
        let edited = edit(&[], RecordKind::Deposit, chain, &fields, &Counting::ALL);
        let record = edited.unwrap().unwrap().record;
        assert_eq!(Acknowledged::of(&record, act), Some(signed));
        assert_eq!(Acknowledged::of(&record, EventHash([2; 32])), None);
    }
}
