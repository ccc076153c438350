//! Reading a record of which some changes do not count: they lie in quarantine, or nobody had the right to write them.
//!
//! Such changes stay in the document, since later ones that count may build on them. They are read as if they had never
//! been written: what they overwrote shows again, unless somebody who had seen them has written that field since. So the
//! record follows from the changes and from which of them count, in whatever order either became known.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::{ActorId, AutoCommit, Change, ChangeHash, ObjType, ScalarValue};
use domain::ChainId;

use crate::guard::guarded;

use super::{DocumentError, FieldConflict, Record, RecordKind, Value};

/// Hashes of changes.
pub type ChangeHashes = BTreeSet<[u8; 32]>;

/// What decides whether a change of a record counts.
pub struct Counting<'a> {
    /// Changes of the record that lie in quarantine.
    pub withheld: &'a ChangeHashes,
    /// Which chains are the server's: nobody else writes records that are its own.
    pub is_server: &'a dyn Fn(ChainId) -> bool,
}

static NOTHING: ChangeHashes = ChangeHashes::new();

impl Counting<'static> {
    /// Everything counts, whoever wrote it.
    pub const ALL: Self = Self {
        withheld: &NOTHING,
        is_server: &|_| true,
    };
}

impl Counting<'_> {
    /// Reads a document; `None` if no change that counts says what it is.
    pub(super) fn read(&self, doc: &mut AutoCommit) -> Result<Option<Record>, DocumentError> {
        let record = if self.withheld.is_empty() {
            super::readable(doc)?
        } else {
            let all = doc.get_changes(&[]);
            read_counted(&all, |c| !self.withheld.contains(&c.hash().0))
        };
        if record.as_ref().is_none_or(|r| !r.kind.is_servers_own()) {
            return Ok(record);
        }
        let by_server =
            |c: &Change| ChainId::from_slice(c.actor_id().to_bytes()).is_ok_and(self.is_server);
        let all = doc.get_changes(&[]);
        if all.iter().all(by_server) {
            return Ok(record);
        }
        Ok(read_counted(&all, |c| {
            by_server(c) && !self.withheld.contains(&c.hash().0)
        }))
    }
}

/// One field of one map of the document.
type Place = (ObjectId, String);

/// An overwriting that does not count, and where in its writer's changes it stands.
struct Uncounted {
    actor: ActorId,
    seq: u64,
    overwrote: Vec<OpId>,
}

struct Written {
    by: OpId,
    value: ScalarValue,
}

/// What a change does; nothing if it was malformed so that it cannot be told.
fn operations(change: &Change) -> Vec<automerge::legacy::Op> {
    guarded(|| change.decode()).map_or_else(Vec::new, |expanded| expanded.operations)
}

/// `changes`: all of the document, each after those that it rests on.
fn read_counted(changes: &[Change], counts: impl Fn(&Change) -> bool) -> Option<Record> {
    let mut uncounted: HashMap<Place, Vec<Uncounted>> = HashMap::new();
    for change in changes.iter().filter(|c| !counts(c)) {
        for op in operations(change) {
            if let Key::Map(key) = op.key {
                uncounted
                    .entry((op.obj, key.to_string()))
                    .or_default()
                    .push(Uncounted {
                        actor: change.actor_id().clone(),
                        seq: change.seq(),
                        overwrote: op.pred.iter().cloned().collect(),
                    });
            }
        }
    }
    // How many changes of each writer the author of a change had seen.
    let mut seen: HashMap<ChangeHash, HashMap<ActorId, u64>> = HashMap::new();
    let mut overwritten: HashSet<OpId> = HashSet::new();
    let mut written: HashMap<Place, Vec<Written>> = HashMap::new();
    let mut maps: Vec<(OpId, String)> = Vec::new();
    for change in changes {
        let mut clock: HashMap<ActorId, u64> = HashMap::new();
        for theirs in change.deps().iter().filter_map(|dep| seen.get(dep)) {
            for (actor, seq) in theirs {
                let ours = clock.entry(actor.clone()).or_default();
                *ours = (*ours).max(*seq);
            }
        }
        if counts(change) {
            let first = change.start_op().get();
            for (op, counter) in operations(change).into_iter().zip(first..) {
                let Key::Map(key) = op.key else { continue };
                let by = OpId::new(counter, change.actor_id());
                let place = (op.obj, key.to_string());
                overwritten.extend(op.pred.iter().cloned());
                for past in uncounted.get(&place).into_iter().flatten() {
                    if clock.get(&past.actor).is_some_and(|seq| *seq >= past.seq) {
                        overwritten.extend(past.overwrote.iter().cloned());
                    }
                }
                match op.action {
                    OpType::Put(value) => {
                        written
                            .entry(place)
                            .or_default()
                            .push(Written { by, value });
                    }
                    OpType::Make(ObjType::Map) if place.0 == ObjectId::Root => {
                        maps.push((by, place.1));
                    }
                    _ => {}
                }
            }
        }
        clock.insert(change.actor_id().clone(), change.seq());
        seen.insert(change.hash(), clock);
    }
    let mut paths: BTreeMap<String, Vec<Written>> = BTreeMap::new();
    for ((object, key), values) in written {
        let path = match &object {
            ObjectId::Root => key,
            ObjectId::Id(id) => match maps.iter().find(|(map, _)| map == id) {
                Some((map, name)) if !overwritten.contains(map) => format!("{name}/{key}"),
                _ => continue,
            },
        };
        let standing = values.into_iter().filter(|w| !overwritten.contains(&w.by));
        paths.entry(path).or_default().extend(standing);
    }
    record_of(paths)
}

fn record_of(paths: BTreeMap<String, Vec<Written>>) -> Option<Record> {
    let mut fields = BTreeMap::new();
    let mut conflicts = Vec::new();
    for (path, mut written) in paths {
        written.sort_by(|a, b| (a.by.counter(), a.by.actor()).cmp(&(b.by.counter(), b.by.actor())));
        let mut values: Vec<(Value, ChainId)> = Vec::new();
        for Written { by, value } in &written {
            if let Some(value) = Value::from_scalar(value)
                && values.iter().all(|(v, _)| *v != value)
            {
                let author = ChainId::from_slice(by.actor().to_bytes());
                values.push((value, author.unwrap_or(ChainId::from_bytes([0; 16]))));
            }
        }
        // As automerge: the latest wins.
        values.reverse();
        if let Some((shown, _)) = values.first() {
            fields.insert(path.clone(), shown.clone());
        }
        if values.len() > 1 {
            conflicts.push(FieldConflict { path, values });
        }
    }
    let kind = fields.remove("kind")?;
    Some(Record {
        kind: RecordKind::from_code(kind.as_text()?)?,
        fields,
        conflicts,
    })
}

#[cfg(test)]
mod tests;
