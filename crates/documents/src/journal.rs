//! Journals: append-only documents of events, each written by one chain.
//!
//! An event is one change that puts its CBOR under its number in the map `events`. The change's hash is the event's
//! hash; since a change names the one before it, and a journal's first change names the last hash of the journal
//! before, the events of a chain form a hash chain at no extra bytes.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutoCommit, Change, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use domain::{ChainId, EventHash, EventRecord, SiteId};

use crate::guard::guarded;
use crate::record::{DocumentError, RecordId, actor};

/// A journal is closed after this many events: applying a change costs more the longer the document is.
pub const EVENTS_MAX: u64 = 1_000;

/// The open journal of this device, held in memory between scans.
#[derive(Debug)]
pub struct Journal {
    id: RecordId,
    doc: AutoCommit,
    events: ObjId,
    written: u64,
}

/// An event as it was found in a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEvent {
    /// Its number on its chain.
    pub number: u64,
    /// The hash of the change.
    pub hash: EventHash,
    /// What it says; `None` if this program cannot read it.
    pub record: Option<EventRecord>,
}

impl Journal {
    /// Opens a new journal. Returns it with its first change. `previous`: the chain's last event so far.
    ///
    /// # Errors
    /// [`DocumentError::Edit`] if automerge refuses, which it has no reason to.
    pub fn create(
        id: RecordId,
        chain: ChainId,
        site: SiteId,
        previous: Option<EventHash>,
    ) -> Result<(Self, Change), DocumentError> {
        let mut doc = AutoCommit::new().with_actor(actor(chain));
        let put = |doc: &mut AutoCommit| -> Result<ObjId, automerge::AutomergeError> {
            doc.put(ROOT, "kind", "journal")?;
            doc.put(ROOT, "site", ScalarValue::Bytes(site.as_bytes().to_vec()))?;
            if let Some(previous) = previous {
                doc.put(ROOT, "previous", ScalarValue::Bytes(previous.0.to_vec()))?;
            }
            doc.put_object(ROOT, "events", ObjType::Map)
        };
        let events = put(&mut doc).map_err(DocumentError::Edit)?;
        let change = commit(&mut doc)?;
        Ok((
            Self {
                id,
                doc,
                events,
                written: 0,
            },
            change,
        ))
    }

    /// Reads the open journal back after a restart. `changes`: all of it, in order.
    ///
    /// # Errors
    /// [`DocumentError::Unreadable`] if they do not make a journal.
    pub fn resume(
        id: RecordId,
        chain: ChainId,
        changes: Vec<Change>,
    ) -> Result<Self, DocumentError> {
        let mut doc = AutoCommit::new().with_actor(actor(chain));
        doc.apply_changes(changes)
            .map_err(|e| DocumentError::Unreadable(Box::new(e)))?;
        let events = match doc.get(ROOT, "events") {
            Ok(Some((automerge::Value::Object(ObjType::Map), id))) => id,
            _ => return Err(DocumentError::UnknownKind),
        };
        let written = doc.length(&events) as u64;
        Ok(Self {
            id,
            doc,
            events,
            written,
        })
    }

    /// Which document it is.
    pub const fn id(&self) -> RecordId {
        self.id
    }

    /// How many events it holds.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Writes one event.
    ///
    /// # Errors
    /// [`DocumentError::Edit`] if automerge refuses, which it has no reason to.
    pub fn append(
        &mut self,
        number: u64,
        record: &EventRecord,
    ) -> Result<(Change, EventHash), DocumentError> {
        self.doc
            .put(
                &self.events,
                number.to_string(),
                ScalarValue::Bytes(record.to_bytes()),
            )
            .map_err(DocumentError::Edit)?;
        let change = commit(&mut self.doc)?;
        self.written += 1;
        let hash = EventHash(change.hash().0);
        Ok((change, hash))
    }

    /// Packs some of its changes for sending: about 20 bytes an event where single changes take 200.
    ///
    /// # Errors
    /// [`DocumentError::Edit`] if a hash is not in the journal.
    pub fn bundle(&mut self, hashes: &[[u8; 32]]) -> Result<Vec<u8>, DocumentError> {
        let bundle = self
            .doc
            .bundle(hashes.iter().map(|h| ChangeHash(*h)))
            .map_err(DocumentError::Edit)?;
        Ok(bundle.bytes().to_vec())
    }
}

fn commit(doc: &mut AutoCommit) -> Result<Change, DocumentError> {
    doc.commit_with(CommitOptions::default().with_time(0));
    doc.get_last_local_change()
        .ok_or(DocumentError::UnknownKind)
}

/// The event that a change of a journal wrote; `None` for the change that opened the journal.
pub fn event_of(change: &Change) -> Option<JournalEvent> {
    guarded(|| change.decode())?
        .operations
        .iter()
        .find_map(|op| {
            let automerge::legacy::Key::Map(key) = &op.key else {
                return None;
            };
            if op.obj == automerge::legacy::ObjectId::Root {
                return None;
            }
            let number: u64 = key.parse().ok()?;
            let Some(ScalarValue::Bytes(bytes)) = op.primitive_value() else {
                return None;
            };
            Some(JournalEvent {
                number,
                hash: EventHash(change.hash().0),
                record: EventRecord::from_bytes(&bytes)
                    .ok()
                    .filter(|r| r.body.is_sound()),
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use automerge::Bundle;
    use domain::{BinId, EventBody, Goods, ItemId, OperatorId, Quantity, Timestamp};

    fn record(n: u64) -> EventRecord {
        EventRecord {
            clock: Timestamp {
                millis: 1_790_000_000_000 + n as i64 * 4_000,
                counter: 0,
            },
            operator: OperatorId::from_bytes([3; 16]),
            body: EventBody::Received {
                bin: BinId::from_bytes([1; 16]),
                goods: Goods::of(ItemId::from_bytes([n as u8; 16])),
                quantity: Quantity::ONE,
            },
            carries_out: None,
            evidence: Vec::new(),
            origin: None,
            order: None,
            reason: None,
            carton: None,
            approved_by: None,
        }
    }

    #[test]
    fn events_come_back_from_single_changes_and_from_a_bundle() {
        let (chain, site) = (ChainId::from_bytes([9; 16]), SiteId::from_bytes([8; 16]));
        let (mut journal, opening) = Journal::create(RecordId([1; 16]), chain, site, None).unwrap();
        assert_eq!(event_of(&opening), None);
        let mut changes = vec![opening];
        for n in 1..=100 {
            let (change, hash) = journal.append(n, &record(n)).unwrap();
            let read = event_of(&change).unwrap();
            assert_eq!(
                read,
                JournalEvent {
                    number: n,
                    hash,
                    record: Some(record(n))
                }
            );
            changes.push(change);
        }
        let hashes: Vec<[u8; 32]> = changes[1..].iter().map(|c| c.hash().0).collect();
        let bundle = journal.bundle(&hashes).unwrap();
        assert!(bundle.len() < 40 * 100, "{} bytes", bundle.len());
        let unpacked = Bundle::try_from(&bundle[..]).unwrap().to_changes().unwrap();
        assert_eq!(
            unpacked.iter().map(|c| c.hash().0).collect::<Vec<_>>(),
            hashes
        );

        let mut resumed = Journal::resume(RecordId([1; 16]), chain, changes).unwrap();
        assert_eq!(resumed.written(), 100);
        let (a, b) = (
            resumed.append(101, &record(101)).unwrap(),
            journal.append(101, &record(101)).unwrap(),
        );
        assert_eq!(a.1, b.1, "the same bytes after a restart");
    }

    #[test]
    fn the_next_journal_names_the_last_event() {
        let (chain, site) = (ChainId::from_bytes([9; 16]), SiteId::from_bytes([8; 16]));
        let open = |previous| {
            Journal::create(RecordId([2; 16]), chain, site, previous)
                .unwrap()
                .1
                .hash()
        };
        assert_ne!(open(None), open(Some(EventHash([1; 32]))));
    }
}
