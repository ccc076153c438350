//! Records: one automerge document each, written by many, merged field by field.
//!
//! A record is a map of fields; a path of two parts (`barcodes/6901234567892`) names an entry of a map that the
//! record's first change created. Maps are never created later, because two devices would create two.

mod again;
mod counting;
pub mod first_change;

use std::collections::BTreeMap;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, Change, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use domain::ChainId;

pub use again::edits_again;
pub use counting::{ChangeHashes, Counting};

use crate::guard::guarded;

/// A document's identity.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    serde::Serialize,
    serde::Deserialize,
    minicbor::Encode,
    minicbor::Decode,
)]
#[cbor(transparent)]
pub struct RecordId(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 16],
);

macro_rules! record_ids {
    ($($name:ident),+) => {$(
        impl From<domain::$name> for RecordId {
            fn from(id: domain::$name) -> Self {
                Self(*id.as_bytes())
            }
        }
        impl From<RecordId> for domain::$name {
            fn from(id: RecordId) -> Self {
                Self::from_bytes(id.0)
            }
        }
    )+};
}
record_ids!(
    SiteId,
    ZoneId,
    CustomerId,
    BinId,
    ItemId,
    OperatorId,
    DeviceId,
    OrderId,
    StocktakeId,
    DepositId
);

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// A warehouse.
    Site,
    /// A part of a site.
    Zone,
    /// A place for goods.
    Bin,
    /// A kind of goods.
    Item,
    /// A person who scans.
    Operator,
    /// A handheld or the server.
    Device,
    /// What is to be done.
    Order,
    /// Whom goods belong to.
    Customer,
    /// What a customer left with us at one time.
    Deposit,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Site,
        Self::Zone,
        Self::Bin,
        Self::Item,
        Self::Operator,
        Self::Device,
        Self::Order,
        Self::Customer,
        Self::Deposit,
    ];

    /// Stable name, in documents and SQL.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Zone => "zone",
            Self::Bin => "bin",
            Self::Item => "item",
            Self::Operator => "operator",
            Self::Device => "device",
            Self::Order => "order",
            Self::Customer => "customer",
            Self::Deposit => "deposit",
        }
    }

    /// The kind with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.code() == code)
    }

    /// The maps that its first change creates.
    const fn maps(self) -> &'static [&'static str] {
        match self {
            Self::Item => &["barcodes"],
            Self::Order => crate::order::Order::MAPS,
            Self::Deposit => crate::deposit::Deposit::MAPS,
            _ => &[],
        }
    }

    /// Whether only the server may write it: people's and devices' rights hang on these.
    pub const fn is_servers_own(self) -> bool {
        matches!(self, Self::Operator | Self::Device | Self::Site)
    }
}

/// The value of a field.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(untagged)]
pub enum Value {
    /// Words.
    Text(String),
    /// A whole number; quantities in thousandths.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// Keys and certificates.
    Bytes(Vec<u8>),
}

impl Value {
    /// The words, if it is words.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn to_scalar(&self) -> ScalarValue {
        match self {
            Self::Text(text) => ScalarValue::Str(text.as_str().into()),
            Self::Integer(n) => ScalarValue::Int(*n),
            Self::Boolean(b) => ScalarValue::Boolean(*b),
            Self::Bytes(bytes) => ScalarValue::Bytes(bytes.clone()),
        }
    }

    fn from_scalar(scalar: &ScalarValue) -> Option<Self> {
        Some(match scalar {
            ScalarValue::Str(text) => Self::Text(text.to_string()),
            ScalarValue::Int(n) | ScalarValue::Timestamp(n) => Self::Integer(*n),
            ScalarValue::Uint(n) => Self::Integer(i64::try_from(*n).ok()?),
            ScalarValue::Boolean(b) => Self::Boolean(*b),
            ScalarValue::Bytes(bytes) => Self::Bytes(bytes.clone()),
            _ => return None,
        })
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(n) => n.fmt(f),
            Self::Boolean(b) => b.fmt(f),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Integer(n)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Boolean(b)
    }
}

/// One field set, or taken away (`None`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldEdit {
    /// `field` or `map/entry`.
    pub path: String,
    /// The new value.
    pub value: Option<Value>,
}

impl FieldEdit {
    /// Sets a field.
    pub fn set(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            path: path.into(),
            value: Some(value.into()),
        }
    }

    /// Takes a field away.
    pub fn clear(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            value: None,
        }
    }
}

/// A field that was written by several people who did not know of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldConflict {
    /// `field` or `map/entry`.
    pub path: String,
    /// Every value with the chain that wrote it; the first is the one shown.
    pub values: Vec<(Value, ChainId)>,
}

/// A record as it is read: the value shown of each field, and what disagrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is about.
    pub kind: RecordKind,
    /// Path to value.
    pub fields: BTreeMap<String, Value>,
    /// Fields with more than one value.
    pub conflicts: Vec<FieldConflict>,
}

/// What is wrong with a document or an edit.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The stored bytes are no document.
    #[error("the document cannot be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The document is no record of a known kind.
    #[error("the document is no record of a known kind")]
    UnknownKind,
    /// An entry of a map that this kind of record does not have.
    #[error("there is no map for {path}")]
    NoSuchMap {
        /// The path that was asked for.
        path: String,
    },
    /// Automerge refused the edit.
    #[error("the edit cannot be made")]
    Edit(#[source] automerge::AutomergeError),
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> DocumentError {
    DocumentError::Unreadable(Box::new(error))
}

/// A change that was just made, and the document with it.
#[derive(Debug)]
pub struct Edited {
    /// The change, as it will be sent.
    pub change: Change,
    /// The document as it is to be stored.
    pub saved: Vec<u8>,
    /// The record as it reads now.
    pub record: Record,
}

pub(crate) fn actor(chain: ChainId) -> ActorId {
    ActorId::from(*chain.as_bytes())
}

/// Makes one change to a record. `saved`: the stored document, empty to create it. `None` if every field holds its value
/// already.
///
/// # Errors
/// [`DocumentError`]; nothing has changed then.
pub fn edit(
    saved: &[u8],
    kind: RecordKind,
    chain: ChainId,
    edits: &[FieldEdit],
    counting: &Counting<'_>,
) -> Result<Option<Edited>, DocumentError> {
    let mut doc = load(saved)?;
    doc.set_actor(actor(chain));
    // What does not count hides what shows: then automerge's own view of what changes anything is of no use.
    let hides = !counting.withheld.is_empty();
    let shown = match hides {
        true => counting.read(&mut doc)?,
        false => None,
    };
    let kind_there = doc.get(ROOT, "kind").map_err(DocumentError::Edit)?;
    // The change that creates it may not have come, or not count.
    if kind_there.is_none() || hides && shown.is_none() {
        // Automerge passes over a value that is there already, if unseen.
        if kind_there.is_some() {
            doc.put(ROOT, "kind", ScalarValue::Null)
                .map_err(DocumentError::Edit)?;
        }
        doc.put(ROOT, "kind", kind.code())
            .map_err(DocumentError::Edit)?;
        for map in kind.maps() {
            doc.put_object(ROOT, *map, ObjType::Map)
                .map_err(DocumentError::Edit)?;
        }
    }
    for edit in edits {
        let (object, key) = locate(&doc, &edit.path)?;
        let value_shown = shown.as_ref().and_then(|s| s.fields.get(&edit.path));
        if hides && value_shown != edit.value.as_ref() {
            doc.put(&object, key, ScalarValue::Null)
                .map_err(DocumentError::Edit)?;
        }
        match &edit.value {
            Some(value) => doc
                .put(&object, key, value.to_scalar())
                .map_err(DocumentError::Edit)?,
            None if doc
                .get(&object, key)
                .map_err(DocumentError::Edit)?
                .is_some() =>
            {
                doc.delete(&object, key).map_err(DocumentError::Edit)?;
            }
            None => {}
        }
    }
    if doc
        .commit_with(CommitOptions::default().with_time(0))
        .is_none()
    {
        return Ok(None);
    }
    let change = doc
        .get_last_local_change()
        .ok_or(DocumentError::UnknownKind)?;
    let record = counting.read(&mut doc)?.ok_or(DocumentError::UnknownKind)?;
    Ok(Some(Edited {
        saved: append(saved, &change),
        change,
        record,
    }))
}

/// The document to be stored, and how it reads; `None` while the change that creates it has not come.
pub type Merged = (Vec<u8>, Option<Record>);

/// Merges changes from elsewhere. Returns the document to be stored and how it reads; `None` as record while the
/// change that creates it has not come.
///
/// Changes that do not count are kept and not read, wherever they come from and in whatever order.
///
/// # Errors
/// [`DocumentError::Unreadable`] if the stored document or a change cannot be read.
pub fn merge(
    saved: &[u8],
    changes: Vec<Change>,
    counting: &Counting<'_>,
) -> Result<Merged, DocumentError> {
    guarded(|| try_merge(saved, changes, counting)).unwrap_or_else(|| {
        Err(DocumentError::Unreadable(
            "a change from elsewhere cannot be read".into(),
        ))
    })
}

fn try_merge(
    saved: &[u8],
    changes: Vec<Change>,
    counting: &Counting<'_>,
) -> Result<Merged, DocumentError> {
    if saved.is_empty()
        && let [first] = &changes[..]
        && first.deps().is_empty()
    {
        // Most records of a catalogue: the change is the document.
        let saved = first.raw_bytes().to_vec();
        let record = counting.read(&mut load(&saved)?)?;
        return Ok((saved, record));
    }
    let mut doc = load(saved)?;
    doc.apply_changes(changes).map_err(unreadable)?;
    merged(doc, counting)
}

/// Merges another replica's stored document, with the changes in it that wait for others, which are none of
/// [`changes`]. As [`merge`] in all else.
///
/// # Errors
/// [`DocumentError::Unreadable`] if one of the documents cannot be read.
pub fn merge_saved(
    saved: &[u8],
    other: &[u8],
    counting: &Counting<'_>,
) -> Result<Merged, DocumentError> {
    let try_merge = || {
        let mut doc = load(saved)?;
        doc.load_incremental(other).map_err(unreadable)?;
        merged(doc, counting)
    };
    guarded(try_merge).unwrap_or_else(|| {
        Err(DocumentError::Unreadable(
            "a document from elsewhere cannot be read".into(),
        ))
    })
}

fn merged(mut doc: AutoCommit, counting: &Counting<'_>) -> Result<Merged, DocumentError> {
    let record = counting.read(&mut doc)?;
    let options = automerge::SaveOptions {
        retain_orphans: true,
        ..Default::default()
    };
    let saved = doc.document().save_with_options(options);
    // Some malformed changes are applied and then cannot be loaded: that must not end a record for ever.
    load(&saved)?;
    Ok((saved, record))
}

/// Reads a stored record; `None` while the change that creates it has not come.
///
/// # Errors
/// [`DocumentError::Unreadable`].
pub fn read_if_known(
    saved: &[u8],
    counting: &Counting<'_>,
) -> Result<Option<Record>, DocumentError> {
    match read(saved, counting) {
        Ok(record) => Ok(Some(record)),
        Err(DocumentError::UnknownKind) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The changes that a stored document consists of, without those that wait for others.
///
/// # Errors
/// [`DocumentError::Unreadable`].
pub fn changes(saved: &[u8]) -> Result<Vec<Change>, DocumentError> {
    Ok(load(saved)?.get_changes(&[]))
}

fn readable(doc: &AutoCommit) -> Result<Option<Record>, DocumentError> {
    match read_doc(doc) {
        Ok(record) => Ok(Some(record)),
        Err(DocumentError::UnknownKind) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Every value of bytes that a change writes, such as certificates; none of a change that cannot be read.
pub fn bytes_written(change: &Change) -> Vec<Vec<u8>> {
    let operations = guarded(|| change.decode().operations).unwrap_or_default();
    operations
        .iter()
        .filter_map(|op| match op.primitive_value() {
            Some(ScalarValue::Bytes(bytes)) => Some(bytes),
            _ => None,
        })
        .collect()
}

/// The words that a change writes into a field of the record itself, if it does.
pub fn text_written(change: &Change, field: &str) -> Option<String> {
    use automerge::legacy::{Key, ObjectId, OpType};
    let operations = guarded(|| change.decode().operations)?;
    operations
        .into_iter()
        .find_map(|op| match (op.obj, op.key, op.action) {
            (ObjectId::Root, Key::Map(key), OpType::Put(ScalarValue::Str(text)))
                if key == field =>
            {
                Some(text.to_string())
            }
            _ => None,
        })
}

/// Reads a stored record.
///
/// # Errors
/// [`DocumentError`].
pub fn read(saved: &[u8], counting: &Counting<'_>) -> Result<Record, DocumentError> {
    if counting.withheld.is_empty()
        && let Some(record) = read_plain(saved)
    {
        return Ok(record);
    }
    counting
        .read(&mut load(saved)?)?
        .ok_or(DocumentError::UnknownKind)
}

/// Reads a stored record of which everything counts, whoever wrote it, unless it is withheld; `None` if that has to be
/// looked into.
pub fn read_plain(saved: &[u8]) -> Option<Record> {
    first_change::read(saved).filter(|record| !record.kind.is_servers_own())
}

/// The chains that wrote what stands under a path of a stored record: one, unless several wrote there without knowing of each
/// other. None if nothing stands there, or if the record cannot be read.
pub fn writers(saved: &[u8], path: &str) -> Vec<ChainId> {
    let Ok(doc) = load(saved) else {
        return Vec::new();
    };
    let found = locate(&doc, path).and_then(|(map, key)| {
        let all = doc.get_all(map, key).map_err(DocumentError::Edit)?;
        let writer = |id: ObjId| match id {
            ObjId::Id(_, actor, _) => ChainId::from_slice(actor.to_bytes()).ok(),
            ObjId::Root => None,
        };
        Ok(all.into_iter().filter_map(|(_, id)| writer(id)).collect())
    });
    found.unwrap_or_default()
}

fn load(saved: &[u8]) -> Result<AutoCommit, DocumentError> {
    if saved.is_empty() {
        return Ok(AutoCommit::new());
    }
    AutoCommit::load(saved).map_err(unreadable)
}

/// Appending the change to the stored bytes is much cheaper than saving anew; when the tail has grown, it is packed.
fn append(saved: &[u8], change: &Change) -> Vec<u8> {
    let mut out = saved.to_vec();
    out.extend_from_slice(change.raw_bytes());
    if out.len() > 4_096
        && let Ok(mut doc) = AutoCommit::load(&out)
    {
        return doc.save();
    }
    out
}

fn locate<'p>(doc: &AutoCommit, path: &'p str) -> Result<(ObjId, &'p str), DocumentError> {
    let Some((map, key)) = path.split_once('/') else {
        return Ok((ROOT, path));
    };
    match doc.get(ROOT, map) {
        Ok(Some((automerge::Value::Object(ObjType::Map), id))) => Ok((id, key)),
        _ => Err(DocumentError::NoSuchMap {
            path: path.to_owned(),
        }),
    }
}

fn read_doc(doc: &AutoCommit) -> Result<Record, DocumentError> {
    let kind = match doc.get(ROOT, "kind") {
        Ok(Some((value, _))) => value.as_str().and_then(RecordKind::from_code),
        _ => None,
    }
    .ok_or(DocumentError::UnknownKind)?;
    let mut record = Record {
        kind,
        fields: BTreeMap::new(),
        conflicts: Vec::new(),
    };
    read_map(doc, &ROOT, "", &mut record)?;
    record.fields.remove("kind");
    Ok(record)
}

fn read_map(
    doc: &AutoCommit,
    object: &ObjId,
    prefix: &str,
    record: &mut Record,
) -> Result<(), DocumentError> {
    for key in doc.keys(object).collect::<Vec<_>>() {
        let path = format!("{prefix}{key}");
        let all = doc.get_all(object, key.as_str()).map_err(unreadable)?;
        let mut values: Vec<(Value, ChainId)> = Vec::new();
        for (value, id) in &all {
            match value {
                automerge::Value::Object(ObjType::Map) if prefix.is_empty() => {
                    read_map(doc, id, &format!("{path}/"), record)?;
                }
                automerge::Value::Scalar(scalar) => {
                    if let Some(value) = Value::from_scalar(scalar)
                        && values.iter().all(|(v, _)| *v != value)
                    {
                        values.push((value, author(id)));
                    }
                }
                automerge::Value::Object(_) => {}
            }
        }
        // `get_all` lists the winner last.
        values.reverse();
        if let Some((shown, _)) = values.first() {
            record.fields.insert(path.clone(), shown.clone());
        }
        if values.len() > 1 {
            record.conflicts.push(FieldConflict { path, values });
        }
    }
    Ok(())
}

fn author(id: &ObjId) -> ChainId {
    match id {
        ObjId::Id(_, actor, _) => {
            ChainId::from_slice(actor.to_bytes()).unwrap_or(ChainId::from_bytes([0; 16]))
        }
        ObjId::Root => ChainId::from_bytes([0; 16]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Counting<'static> = Counting::ALL;

    fn edit(
        saved: &[u8],
        kind: RecordKind,
        by: ChainId,
        edits: &[FieldEdit],
    ) -> Result<Edited, DocumentError> {
        super::edit(saved, kind, by, edits, &ALL).map(|edited| edited.expect("something changes"))
    }

    fn chain(n: u8) -> ChainId {
        ChainId::from_bytes([n; 16])
    }

    fn created() -> Edited {
        edit(
            &[],
            RecordKind::Item,
            chain(1),
            &[
                FieldEdit::set("sku", "A-1"),
                FieldEdit::set("name_zh", "扳手"),
                FieldEdit::set("barcodes/690", 1_000),
            ],
        )
        .unwrap()
    }

    #[test]
    fn fields_are_set_and_taken_away() {
        let first = created();
        assert_eq!(first.record.fields["barcodes/690"], Value::Integer(1_000));
        let second = edit(
            &first.saved,
            RecordKind::Item,
            chain(1),
            &[
                FieldEdit::clear("barcodes/690"),
                FieldEdit::set("name_zh", "活动扳手"),
            ],
        )
        .unwrap();
        assert_eq!(second.record.fields["name_zh"], "活动扳手".into());
        assert!(!second.record.fields.contains_key("barcodes/690"));
        assert_eq!(read(&second.saved, &ALL).unwrap(), second.record);
        assert!(matches!(
            edit(
                &first.saved,
                RecordKind::Item,
                chain(1),
                &[FieldEdit::set("nowhere/x", 1)]
            ),
            Err(DocumentError::NoSuchMap { .. })
        ));
    }

    #[test]
    fn writing_what_is_there_changes_nothing() {
        let first = created();
        let same = [
            FieldEdit::set("sku", "A-1"),
            FieldEdit::clear("barcodes/nowhere"),
        ];
        assert!(
            super::edit(&first.saved, RecordKind::Item, chain(1), &same, &ALL)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn concurrent_values_are_all_kept_and_equal_ones_are_no_conflict() {
        let base = created();
        let set = |n: u8, name: &str, sku: &str| {
            edit(
                &base.saved,
                RecordKind::Item,
                chain(n),
                &[FieldEdit::set("name_zh", name), FieldEdit::set("sku", sku)],
            )
            .unwrap()
        };
        let (a, b) = (set(2, "钳子", "B-2"), set(3, "锤子", "B-2"));
        let (saved, one) = merge(&a.saved, vec![b.change.clone()], &ALL).unwrap();
        let (_, other) = merge(&b.saved, vec![a.change], &ALL).unwrap();
        assert_eq!(one, other, "both replicas read the same");
        let record = one.unwrap();
        assert_eq!(record.conflicts.len(), 1, "{:?}", record.conflicts);
        let conflict = &record.conflicts[0];
        assert_eq!(conflict.path, "name_zh");
        assert_eq!(conflict.values.len(), 2);
        assert_eq!(conflict.values[0].0, record.fields["name_zh"]);
        assert!(
            conflict
                .values
                .iter()
                .any(|(v, by)| *v == "锤子".into() && *by == chain(3))
        );
        let settled = edit(
            &saved,
            RecordKind::Item,
            chain(4),
            &[FieldEdit::set("name_zh", "钳子")],
        )
        .unwrap();
        assert!(settled.record.conflicts.is_empty());
    }

    #[test]
    fn a_record_that_is_new_is_kept_as_its_change_came() {
        let made = created();
        let change = made.change.raw_bytes().to_vec();
        let (saved, record) = merge(&[], vec![made.change.clone()], &Counting::ALL).unwrap();
        assert_eq!((saved, record), (change, Some(made.record)));
    }

    #[test]
    fn a_change_that_comes_before_its_record_waits() {
        let base = created();
        let later = edit(
            &base.saved,
            RecordKind::Item,
            chain(2),
            &[FieldEdit::set("sku", "Z")],
        )
        .unwrap();
        let (saved, record) = merge(&[], vec![later.change], &ALL).unwrap();
        assert_eq!(record, None);
        let (_, record) = merge(&saved, vec![base.change], &ALL).unwrap();
        assert_eq!(record.unwrap().fields["sku"], "Z".into());
    }

    #[test]
    fn a_change_that_waits_in_another_replicas_document_is_not_lost() {
        let base = created();
        let set = |on: &Edited, n: u8, sku: &str| {
            let edits = [FieldEdit::set("sku", sku)];
            edit(&on.saved, RecordKind::Item, chain(n), &edits).unwrap()
        };
        let missing = set(&base, 2, "Y");
        let later = set(&missing, 2, "Z");
        let (theirs, _) = merge(&base.saved, vec![later.change], &ALL).unwrap();
        assert_eq!(changes(&theirs).unwrap().len(), 1, "it waits");
        let mine = set(&base, 3, "X");
        let (saved, record) = merge_saved(&mine.saved, &theirs, &ALL).unwrap();
        assert_eq!(record.unwrap().fields["sku"], "X".into());
        let (_, record) = merge(&saved, vec![missing.change], &ALL).unwrap();
        let conflict = &record.unwrap().conflicts[0];
        assert!(conflict.values.contains(&("Z".into(), chain(2))));
    }

    #[test]
    fn of_a_record_that_is_the_servers_own_others_changes_are_left_out() {
        let server = &Counting {
            is_server: &|by| by == chain(1),
            ..ALL
        };
        let person = edit(
            &[],
            RecordKind::Operator,
            chain(1),
            &[FieldEdit::set("name", "王芳")],
        )
        .unwrap();
        let forged = edit(
            &person.saved,
            RecordKind::Operator,
            chain(2),
            &[FieldEdit::set("pin_verifier", "x")],
        )
        .unwrap();
        let moved = edit(
            &person.saved,
            RecordKind::Operator,
            chain(1),
            &[FieldEdit::set("name", "王方")],
        )
        .unwrap();
        let (saved, record) = merge(&person.saved, vec![forged.change.clone()], server).unwrap();
        assert_eq!(record, Some(person.record));
        let (_, one) = merge(&saved, vec![moved.change.clone()], server).unwrap();
        let (_, other) = merge(
            &[],
            vec![forged.change, moved.change, person.change],
            server,
        )
        .unwrap();
        assert_eq!(one, other);
        assert_eq!(one.unwrap().fields["name"], "王方".into());
    }

    #[test]
    fn bytes_that_are_no_document_are_refused() {
        assert!(read(b"nonsense", &ALL).is_err());
        assert!(matches!(read(&[], &ALL), Err(DocumentError::UnknownKind)));
    }
}
