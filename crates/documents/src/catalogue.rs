//! Records as the program uses them: items, customers, bins, zones, sites, operators, devices.
//!
//! Reading is lenient: a field that is missing or of another type reads as its default, since another version may have
//! written the record.

use std::collections::BTreeMap;

use domain::{
    BinId, ChainId, Currency, CustomerId, DeviceId, Grant, Grants, ItemId, OperatorId, Quantity,
    SiteId, UnitValue, UnixMillis, ZoneId,
};

use crate::record::{FieldEdit, Record, RecordKind, Value};

/// A kind of goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its identity.
    pub id: ItemId,
    /// The code that people use.
    pub sku: String,
    /// English name.
    pub name_en: String,
    /// Chinese name.
    pub name_zh: String,
    /// Base unit, such as `pcs` or `kg`.
    pub unit: String,
    /// Decimals of the base unit that people may type, 0 to 3.
    pub decimals: u8,
    /// Whether lots are told apart.
    pub tracks_lot: bool,
    /// Whether each piece has a serial number.
    pub tracks_serial: bool,
    /// Whether it expires.
    pub tracks_expiry: bool,
    /// Barcode to pack factor: how much one scan of it means, in base units.
    pub barcodes: BTreeMap<String, Quantity>,
    /// What decides where it is put and when it is ordered again.
    pub handling: Handling,
    /// What one base unit is worth, if anybody has said it.
    pub value: Option<UnitValue>,
    /// Whom it belongs to; `None`: to us.
    pub owner: Option<CustomerId>,
}

/// What decides where goods are put and when they are ordered again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handling {
    /// Goods of a class go where bins are of it, such as `cold` or `A`; empty if it does not matter.
    pub class: String,
    /// Room that one base unit takes, in cubic centimetres; 0 if nobody measured it.
    pub volume: i64,
    /// Weight of one base unit in grams; 0 if nobody weighed it.
    pub weight: i64,
    /// Safety stock: with less than that on all sites together somebody has to order; zero for none.
    pub min_stock: Quantity,
}

pub(crate) fn text(fields: &BTreeMap<String, Value>, path: &str) -> String {
    fields
        .get(path)
        .and_then(Value::as_text)
        .unwrap_or_default()
        .to_owned()
}

pub(crate) fn flag(fields: &BTreeMap<String, Value>, path: &str) -> bool {
    matches!(fields.get(path), Some(Value::Boolean(true)))
}

fn whole(fields: &BTreeMap<String, Value>, path: &str) -> i64 {
    match fields.get(path) {
        Some(Value::Integer(n)) => (*n).max(0),
        _ => 0,
    }
}

/// The fields that say something.
fn said(fields: &mut Vec<FieldEdit>, class: &str, numbers: &[(&str, i64)]) {
    if !class.is_empty() {
        fields.push(FieldEdit::set("class", class));
    }
    let numbers = numbers.iter().filter(|(_, n)| *n > 0);
    fields.extend(numbers.map(|(path, n)| FieldEdit::set(*path, *n)));
}

fn bytes16(fields: &BTreeMap<String, Value>, path: &str) -> [u8; 16] {
    match fields.get(path) {
        Some(Value::Bytes(bytes)) => bytes.as_slice().try_into().unwrap_or_default(),
        _ => [0; 16],
    }
}

pub(crate) fn bytes(fields: &BTreeMap<String, Value>, path: &str) -> Vec<u8> {
    match fields.get(path) {
        Some(Value::Bytes(bytes)) => bytes.clone(),
        _ => Vec::new(),
    }
}

impl Item {
    /// As it reads from its record; `None` for a record of another kind, and for one that was taken out again: its code is
    /// gone.
    pub fn from_record(id: ItemId, record: &Record) -> Option<Self> {
        if record.kind != RecordKind::Item || !record.fields.contains_key("sku") {
            return None;
        }
        let f = &record.fields;
        let barcodes = f
            .iter()
            .filter_map(
                |(path, value)| match (path.strip_prefix("barcodes/"), value) {
                    (Some(code), Value::Integer(n)) if *n > 0 => {
                        Some((code.to_owned(), Quantity::from_thousandths(*n)))
                    }
                    _ => None,
                },
            )
            .collect();
        let decimals = match f.get("decimals") {
            Some(Value::Integer(n)) => u8::try_from((*n).clamp(0, 3)).unwrap_or(0),
            _ => 0,
        };
        Some(Self {
            id,
            sku: text(f, "sku"),
            name_en: text(f, "name_en"),
            name_zh: text(f, "name_zh"),
            unit: text(f, "unit"),
            decimals,
            tracks_lot: flag(f, "tracks_lot"),
            tracks_serial: flag(f, "tracks_serial"),
            tracks_expiry: flag(f, "tracks_expiry"),
            barcodes,
            handling: Handling {
                class: text(f, "class"),
                volume: whole(f, "volume"),
                weight: whole(f, "weight"),
                min_stock: Quantity::from_thousandths(whole(f, "min_stock")),
            },
            value: Self::value_of(f),
            owner: match f.get("owner") {
                Some(Value::Bytes(owner)) => CustomerId::from_slice(owner).ok(),
                _ => None,
            },
        })
    }

    /// The fields that say what a base unit is worth; both are written together.
    pub fn value_fields(value: UnitValue) -> [FieldEdit; 2] {
        [
            FieldEdit::set("value", value.minor),
            FieldEdit::set("currency", value.currency.code()),
        ]
    }

    /// The field that says whom it belongs to.
    pub fn owner_field(owner: Option<CustomerId>) -> FieldEdit {
        FieldEdit {
            path: "owner".into(),
            value: owner.map(|owner| Value::Bytes(owner.as_bytes().to_vec())),
        }
    }

    fn value_of(fields: &BTreeMap<String, Value>) -> Option<UnitValue> {
        let minor = whole(fields, "value").min(UnitValue::LIMIT);
        let currency = Currency::from_code(&text(fields, "currency"))?;
        (minor > 0).then_some(UnitValue { minor, currency })
    }

    /// All fields, for a new record.
    pub fn to_fields(&self) -> Vec<FieldEdit> {
        let mut fields = vec![
            FieldEdit::set("sku", self.sku.as_str()),
            FieldEdit::set("name_en", self.name_en.as_str()),
            FieldEdit::set("name_zh", self.name_zh.as_str()),
            FieldEdit::set("unit", self.unit.as_str()),
            FieldEdit::set("decimals", i64::from(self.decimals)),
        ];
        for (path, on) in [
            ("tracks_lot", self.tracks_lot),
            ("tracks_serial", self.tracks_serial),
            ("tracks_expiry", self.tracks_expiry),
        ] {
            if on {
                fields.push(FieldEdit::set(path, true));
            }
        }
        fields.extend(
            self.barcodes
                .iter()
                .map(|(code, pack)| FieldEdit::set(format!("barcodes/{code}"), pack.thousandths())),
        );
        let Handling {
            class,
            volume,
            weight,
            min_stock,
        } = &self.handling;
        said(
            &mut fields,
            class,
            &[
                ("volume", *volume),
                ("weight", *weight),
                ("min_stock", min_stock.thousandths()),
            ],
        );
        fields.extend(self.value.into_iter().flat_map(Self::value_fields));
        if self.owner.is_some() {
            fields.push(Self::owner_field(self.owner));
        }
        fields
    }
}

/// Whom goods belong to: a company that keeps its stock with us, or a person who left something. What is said here is open to
/// all who work with it; names and numbers of people are sealed in the same record ([`crate::sealed`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its identity.
    pub id: CustomerId,
    /// The short code that people use.
    pub code: String,
    /// English name.
    pub name_en: String,
    /// Chinese name.
    pub name_zh: String,
}

impl Customer {
    /// As it reads from its record; `None` for a record of another kind, and for one that was taken out again: its code is
    /// gone.
    pub fn from_record(id: CustomerId, record: &Record) -> Option<Self> {
        let is_here = record.kind == RecordKind::Customer && record.fields.contains_key("code");
        is_here.then(|| Self {
            id,
            code: text(&record.fields, "code"),
            name_en: text(&record.fields, "name_en"),
            name_zh: text(&record.fields, "name_zh"),
        })
    }

    /// All fields, for a new record.
    pub fn to_fields(&self) -> Vec<FieldEdit> {
        vec![
            FieldEdit::set("code", self.code.as_str()),
            FieldEdit::set("name_en", self.name_en.as_str()),
            FieldEdit::set("name_zh", self.name_zh.as_str()),
        ]
    }
}

/// A place for goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bin {
    /// Its identity.
    pub id: BinId,
    /// What is printed on it; unique at its site.
    pub code: String,
    /// The part of the site that it belongs to.
    pub zone: ZoneId,
    /// The site.
    pub site: SiteId,
    /// What fits into it.
    pub room: Room,
}

/// What fits into a bin, and where it lies on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    /// Takes goods of this class; empty: any.
    pub class: String,
    /// Where it lies on the way through the site; 0: by its code.
    pub sequence: i64,
    /// Room in cubic centimetres; 0 if nobody measured it.
    pub volume: i64,
    /// What it bears, in grams; 0 if nobody knows.
    pub weight: i64,
    /// Of a pick face: its item, and from which amount up to which it is filled up.
    pub face: Option<(ItemId, Quantity, Quantity)>,
}

impl Bin {
    /// As it reads from its record; `None` for a record of another kind, and for one that was taken out again: its code is
    /// gone.
    pub fn from_record(id: BinId, record: &Record) -> Option<Self> {
        let is_here = record.kind == RecordKind::Bin && record.fields.contains_key("code");
        is_here.then(|| Self {
            id,
            code: text(&record.fields, "code"),
            zone: ZoneId::from_bytes(bytes16(&record.fields, "zone")),
            site: SiteId::from_bytes(bytes16(&record.fields, "site")),
            room: Room::from_fields(&record.fields),
        })
    }

    /// All fields, for a new record.
    pub fn to_fields(&self) -> Vec<FieldEdit> {
        let mut fields = vec![
            FieldEdit::set("code", self.code.as_str()),
            FieldEdit {
                path: "zone".into(),
                value: Some(Value::Bytes(self.zone.as_bytes().to_vec())),
            },
            FieldEdit {
                path: "site".into(),
                value: Some(Value::Bytes(self.site.as_bytes().to_vec())),
            },
        ];
        self.room.add_to(&mut fields);
        fields
    }
}

impl Room {
    fn from_fields(f: &BTreeMap<String, Value>) -> Self {
        let face = match f.get("face_item") {
            Some(Value::Bytes(item)) => ItemId::from_slice(item).ok(),
            _ => None,
        };
        let quantity = |path| Quantity::from_thousandths(whole(f, path));
        Self {
            class: text(f, "class"),
            sequence: whole(f, "sequence"),
            volume: whole(f, "volume"),
            weight: whole(f, "weight"),
            face: face.map(|item| (item, quantity("face_min"), quantity("face_max"))),
        }
    }

    fn add_to(&self, fields: &mut Vec<FieldEdit>) {
        let numbers = [
            ("sequence", self.sequence),
            ("volume", self.volume),
            ("weight", self.weight),
        ];
        said(fields, &self.class, &numbers);
        if let Some((item, least, most)) = self.face {
            fields.push(FieldEdit {
                path: "face_item".into(),
                value: Some(Value::Bytes(item.as_bytes().to_vec())),
            });
            fields.push(FieldEdit::set("face_min", least.thousandths()));
            fields.push(FieldEdit::set("face_max", most.thousandths()));
        }
    }
}

/// A part of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its identity.
    pub id: ZoneId,
    /// Short code.
    pub code: String,
    /// English name.
    pub name_en: String,
    /// Chinese name.
    pub name_zh: String,
    /// `receiving`, `storage`, `picking`, `staging`, `returns` or `defective`.
    pub purpose: String,
    /// The site.
    pub site: SiteId,
}

impl Zone {
    /// As it reads from its record; `None` for a record of another kind, and for one that was taken out again: its code is
    /// gone.
    pub fn from_record(id: ZoneId, record: &Record) -> Option<Self> {
        let is_here = record.kind == RecordKind::Zone && record.fields.contains_key("code");
        is_here.then(|| Self {
            id,
            code: text(&record.fields, "code"),
            name_en: text(&record.fields, "name_en"),
            name_zh: text(&record.fields, "name_zh"),
            purpose: text(&record.fields, "purpose"),
            site: SiteId::from_bytes(bytes16(&record.fields, "site")),
        })
    }

    /// All fields, for a new record.
    pub fn to_fields(&self) -> Vec<FieldEdit> {
        vec![
            FieldEdit::set("code", self.code.as_str()),
            FieldEdit::set("name_en", self.name_en.as_str()),
            FieldEdit::set("name_zh", self.name_zh.as_str()),
            FieldEdit::set("purpose", self.purpose.as_str()),
            FieldEdit {
                path: "site".into(),
                value: Some(Value::Bytes(self.site.as_bytes().to_vec())),
            },
        ]
    }
}

/// A warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its identity.
    pub id: SiteId,
    /// Short code.
    pub code: String,
    /// English name.
    pub name_en: String,
    /// Chinese name.
    pub name_zh: String,
    /// IANA name; days are days there.
    pub time_zone: String,
}

impl Site {
    /// As it reads from its record; `None` for a record of another kind.
    pub fn from_record(id: SiteId, record: &Record) -> Option<Self> {
        (record.kind == RecordKind::Site).then(|| Self {
            id,
            code: text(&record.fields, "code"),
            name_en: text(&record.fields, "name_en"),
            name_zh: text(&record.fields, "name_zh"),
            time_zone: text(&record.fields, "time_zone"),
        })
    }

    /// All fields, for a new record.
    pub fn to_fields(&self) -> Vec<FieldEdit> {
        vec![
            FieldEdit::set("code", self.code.as_str()),
            FieldEdit::set("name_en", self.name_en.as_str()),
            FieldEdit::set("name_zh", self.name_zh.as_str()),
            FieldEdit::set("time_zone", self.time_zone.as_str()),
        ]
    }
}

/// A person who scans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Their identity.
    pub id: OperatorId,
    /// The name on the tile.
    pub name: String,
    /// What their badge reads; empty for no badge.
    pub badge: String,
    /// A PHC string of argon2id over the PIN, keyed by the organisation's pepper; empty for no PIN.
    pub pin_verifier: String,
    /// Whether they may sign in.
    pub active: bool,
    /// What they may do: each grant is a field of its own, which is never written again.
    pub grants: Grants,
}

impl Operator {
    const GRANT: &'static str = "grant:";

    /// The field that says what is granted from that time on. Only the server's word counts: see
    /// [`RecordKind::is_servers_own`].
    pub fn grant_field(since: UnixMillis, grant: &Grant) -> FieldEdit {
        FieldEdit::set(format!("{}{since}", Self::GRANT), grant.to_string())
    }

    /// A grant that cannot be read gives nothing: who cannot tell what is allowed allows nothing.
    fn grants_of(fields: &BTreeMap<String, Value>) -> Grants {
        Grants::new(fields.iter().filter_map(|(path, value)| {
            let since = path.strip_prefix(Self::GRANT)?.parse().ok()?;
            let grant = value.as_text().and_then(|text| text.parse().ok());
            Some((since, grant.unwrap_or_default()))
        }))
    }

    /// As it reads from its record; `None` for a record of another kind.
    pub fn from_record(id: OperatorId, record: &Record) -> Option<Self> {
        (record.kind == RecordKind::Operator).then(|| Self {
            id,
            name: text(&record.fields, "name"),
            badge: text(&record.fields, "badge"),
            pin_verifier: text(&record.fields, "pin_verifier"),
            active: flag(&record.fields, "active"),
            grants: Self::grants_of(&record.fields),
        })
    }

    /// All fields, for a new record.
    pub fn to_fields(&self) -> Vec<FieldEdit> {
        let mut fields = vec![
            FieldEdit::set("name", self.name.as_str()),
            FieldEdit::set("badge", self.badge.as_str()),
            FieldEdit::set("pin_verifier", self.pin_verifier.as_str()),
            FieldEdit::set("active", self.active),
        ];
        let grants = self.grants.all().iter();
        fields.extend(grants.map(|(since, grant)| Self::grant_field(*since, grant)));
        fields
    }
}

/// A handheld, or the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its identity.
    pub id: DeviceId,
    /// What people call it.
    pub name: String,
    /// See [`crate::Certificate::sign`].
    pub certificate: Vec<u8>,
    /// Whether the server has taken its rights away.
    pub revoked: bool,
}

/// A decision about quarantined segments of the shared partition, as a field of the device's record: that partition has
/// no journals. The first stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whose segments.
    pub chain: ChainId,
    /// The first and the last.
    pub segments: (u64, u64),
    /// Whether they count.
    pub release: bool,
    /// Why, in the supervisor's words.
    pub reason: String,
}

impl Verdict {
    const PREFIX: &'static str = "quarantine:";

    /// The field that says so.
    pub fn to_field(&self) -> FieldEdit {
        let word = if self.release { "release" } else { "reject" };
        let (first, last) = self.segments;
        FieldEdit::set(
            format!("{}{}:{first}:{last}", Self::PREFIX, self.chain),
            format!("{word} {}", self.reason),
        )
    }

    /// All that the record of a device says.
    pub fn of(record: &Record) -> Vec<Self> {
        record
            .fields
            .iter()
            .filter_map(|(path, value)| Self::from_field(path, value))
            .collect()
    }

    fn from_field(path: &str, value: &Value) -> Option<Self> {
        let mut parts = path.strip_prefix(Self::PREFIX)?.split(':');
        let (chain, first, last) = (parts.next()?, parts.next()?, parts.next()?);
        let (word, reason) = value.as_text()?.split_once(' ')?;
        Some(Self {
            chain: chain.parse().ok()?,
            segments: (first.parse().ok()?, last.parse().ok()?),
            release: match word {
                "release" => true,
                "reject" => false,
                _ => return None,
            },
            reason: reason.to_owned(),
        })
    }
}

impl Device {
    /// The field of a device that is a copy of another: `true` until a supervisor has released what it wrote.
    pub const COPY: &'static str = "copy";

    /// What [`Device::COPY`] says; `None` for a device that never was a copy.
    pub fn copy(record: &Record) -> Option<bool> {
        match record.fields.get(Self::COPY) {
            Some(Value::Boolean(open)) if record.kind == RecordKind::Device => Some(*open),
            _ => None,
        }
    }

    /// As it reads from its record; `None` for a record of another kind.
    pub fn from_record(id: DeviceId, record: &Record) -> Option<Self> {
        (record.kind == RecordKind::Device).then(|| Self {
            id,
            name: text(&record.fields, "name"),
            certificate: bytes(&record.fields, "certificate"),
            revoked: flag(&record.fields, "revoked"),
        })
    }

    /// All fields of a new record; verdicts are written one by one.
    pub fn to_fields(&self) -> Vec<FieldEdit> {
        vec![
            FieldEdit::set("name", self.name.as_str()),
            FieldEdit {
                path: "certificate".into(),
                value: Some(Value::Bytes(self.certificate.clone())),
            },
            FieldEdit::set("revoked", self.revoked),
        ]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::record::{Counting, edit};

    pub(crate) fn stored(kind: RecordKind, fields: &[FieldEdit]) -> Record {
        edit(
            &[],
            kind,
            ChainId::from_bytes([1; 16]),
            fields,
            &Counting::ALL,
        )
        .unwrap()
        .unwrap()
        .record
    }

    #[test]
    fn every_kind_goes_there_and_back() {
        let site = SiteId::from_bytes([1; 16]);
        let item = Item {
            id: ItemId::from_bytes([2; 16]),
            sku: "W-1".into(),
            name_en: "Wrench".into(),
            name_zh: "扳手".into(),
            unit: "pcs".into(),
            decimals: 2,
            tracks_lot: true,
            tracks_serial: false,
            tracks_expiry: true,
            barcodes: [
                ("690".to_owned(), Quantity::ONE),
                ("1690".to_owned(), Quantity::from_thousandths(12_000)),
            ]
            .into(),
            handling: Handling {
                class: "cold".into(),
                volume: 1_200,
                weight: 350,
                min_stock: Quantity::from_thousandths(24_000),
            },
            value: Some(UnitValue {
                minor: 1_250,
                currency: Currency::from_code("CNY").unwrap(),
            }),
            owner: Some(CustomerId::from_bytes([9; 16])),
        };
        assert_eq!(
            Item::from_record(item.id, &stored(RecordKind::Item, &item.to_fields())),
            Some(item.clone())
        );
        let bin = Bin {
            id: BinId::from_bytes([3; 16]),
            code: "A-01".into(),
            zone: ZoneId::from_bytes([4; 16]),
            site,
            room: Room {
                class: "cold".into(),
                sequence: 17,
                volume: 240_000,
                weight: 80_000,
                face: Some((item.id, Quantity::ONE, Quantity::from_thousandths(9_000))),
            },
        };
        assert_eq!(
            Bin::from_record(bin.id, &stored(RecordKind::Bin, &bin.to_fields())),
            Some(bin)
        );
        let operator = Operator {
            id: OperatorId::from_bytes([5; 16]),
            name: "王芳".into(),
            badge: "B-7".into(),
            pin_verifier: "$argon2id$".into(),
            active: true,
            grants: Grants::new([
                (1_000, Grant::default()),
                (1_790_000_000_000, Grant::everything()),
            ]),
        };
        let record = stored(RecordKind::Operator, &operator.to_fields());
        assert_eq!(Operator::from_record(operator.id, &record), Some(operator));
        assert_eq!(
            Item::from_record(item.id, &record),
            None,
            "a record of another kind"
        );
    }

    #[test]
    fn a_verdict_is_read_back_from_its_field() {
        let verdict = Verdict {
            chain: ChainId::from_bytes([7; 16]),
            segments: (3, 9),
            release: true,
            reason: "看过，属实".into(),
        };
        let record = stored(RecordKind::Device, &[verdict.to_field()]);
        assert_eq!(Verdict::of(&record), [verdict]);
    }

    #[test]
    fn a_grant_that_cannot_be_read_gives_nothing() {
        let record = stored(
            RecordKind::Operator,
            &[
                FieldEdit::set("grant:7", "actions=* sites=?"),
                FieldEdit::set("grant:8", 3),
                FieldEdit::set("grant:soon", "actions=*"),
            ],
        );
        let operator = Operator::from_record(OperatorId::from_bytes([5; 16]), &record).unwrap();
        let nothing = Grants::new([(7, Grant::default()), (8, Grant::default())]);
        assert_eq!(operator.grants, nothing);
    }

    #[test]
    fn fields_of_the_wrong_type_read_as_defaults() {
        let record = stored(
            RecordKind::Item,
            &[FieldEdit::set("sku", 7), FieldEdit::set("barcodes/1", "x")],
        );
        let item = Item::from_record(ItemId::from_bytes([2; 16]), &record).unwrap();
        assert_eq!((item.sku.as_str(), item.barcodes.len()), ("", 0));
    }
}
