//! Imports: compares rows with what is here, and says what would have to be written.

use std::collections::{BTreeMap, HashMap};

use documents::catalogue::{Bin, Customer, Handling, Item, Room, Zone};
use documents::{CustomerKey, FieldEdit, Partition, RecordKind};
use domain::event::{EventBody, Goods};
use domain::{BinId, CustomerId, IdSource, ItemId, Quantity, SiteId, UnitId, UnixMillis, ZoneId};
use replica::{NewEvent, Query, RecordEdit};

use super::ConsoleData;
use super::records::BinChange;
use super::{load_deposits, load_orders};
use crate::console::import::{
    BinIn, Column, CustomerIn, ItemIn, NeedsIn, Outcome, Parsed, Problem, StockIn,
};
use crate::error::AppError;

/// What is to be written, and what that amounts to.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) edits: Vec<RecordEdit>,
    pub(super) events: Vec<NewEvent>,
    pub(super) outcome: Outcome,
    /// Keys of new persons, which are written before anything that is sealed under them.
    pub(super) keys: Vec<(CustomerId, CustomerKey)>,
}

impl ConsoleData {
    /// What importing would do.
    ///
    /// # Errors
    /// Those of the replica, as of all functions here.
    pub fn check_import(
        &self,
        rows: &Parsed,
        site: Option<SiteId>,
        now: UnixMillis,
    ) -> Result<Outcome, AppError> {
        let mut ids = new_ids()?;
        Ok(self.ask(|q| plan(q, &mut ids, rows, site, now))?.outcome)
    }
}

/// Ids of new records, drawn apart from the replica's own so that planning does not hold up scanning.
pub(super) fn new_ids() -> Result<IdSource, AppError> {
    let mut random = [0u8; 8];
    getrandom::fill(&mut random).map_err(|error| AppError::internal(error.to_string()))?;
    Ok(IdSource::new(random))
}

pub(super) fn plan(
    query: &Query<'_>,
    ids: &mut IdSource,
    rows: &Parsed,
    site: Option<SiteId>,
    now: UnixMillis,
) -> Result<Plan, AppError> {
    match (rows, site) {
        (Parsed::Customers(rows), _) => plan_customers(query, ids, rows, now),
        (Parsed::Items(rows), _) => plan_items(query, ids, rows, now),
        (Parsed::Bins(rows), Some(site)) => plan_bins(query, ids, rows, site, now),
        (Parsed::Stock(rows), Some(site)) => plan_stock(query, rows, site),
        (Parsed::Orders(kind, rows), Some(site)) => {
            load_orders::plan_orders(query, ids, *kind, rows, (site, now))
        }
        (Parsed::Counts(rows), Some(site)) => {
            load_orders::plan_counts(query, ids, rows, (site, now))
        }
        (Parsed::Deposits(rows), Some(site)) => {
            load_deposits::plan_deposits(query, ids, rows, (site, now))
        }
        (_, None) => Err(AppError::BadRequest),
    }
}

fn plan_customers(
    query: &Query<'_>,
    ids: &mut IdSource,
    rows: &[CustomerIn],
    now: UnixMillis,
) -> Result<Plan, AppError> {
    let mut plan = Plan::default();
    for row in rows {
        let (id, fields) = match query.customers_by_code(&row.code)?.first() {
            Some(known) => {
                let names = [
                    ("name_zh", &known.name_zh, &row.name_zh),
                    ("name_en", &known.name_en, &row.name_en),
                ];
                let fields: Vec<_> = changed_texts(names).collect();
                match fields.is_empty() {
                    true => plan.outcome.same += 1,
                    false => plan.outcome.changed += 1,
                }
                (known.id, fields)
            }
            None => {
                plan.outcome.new += 1;
                let new = Customer {
                    id: CustomerId::from_bytes(ids.draw(now)),
                    code: row.code.clone(),
                    name_en: row.name_en.clone().unwrap_or_default(),
                    name_zh: row.name_zh.clone().unwrap_or_default(),
                };
                (new.id, new.to_fields())
            }
        };
        if !fields.is_empty() {
            plan.edits.push(RecordEdit {
                partition: Partition::Shared,
                kind: RecordKind::Customer,
                id: id.into(),
                fields,
            });
        }
    }
    Ok(plan)
}

/// Whom a row names as the owner: nobody said, ourselves, or a customer; one that nobody knows is a problem.
pub(super) fn owner_in(
    query: &Query<'_>,
    row: &ItemIn,
) -> Result<Result<Option<Option<CustomerId>>, Problem>, AppError> {
    let Some(code) = &row.owner else {
        return Ok(Ok(None));
    };
    if code.is_empty() {
        return Ok(Ok(Some(None)));
    }
    Ok(match query.customers_by_code(code)?.as_slice() {
        [owner] => Ok(Some(Some(owner.id))),
        _ => {
            let key = "import.problem.no-customer";
            Err(Problem::cell(row.line, Column::Owner, key, code))
        }
    })
}

fn plan_items(
    query: &Query<'_>,
    ids: &mut IdSource,
    rows: &[ItemIn],
    now: UnixMillis,
) -> Result<Plan, AppError> {
    let mut plan = Plan::default();
    let mut given: HashMap<String, u64> = HashMap::new();
    for row in rows {
        let known = item_of_sku(query, &row.sku)?;
        if let Some(code) = taken_barcode(query, row, known.as_ref(), &mut given)? {
            let key = "import.problem.barcode-taken";
            let problem = Problem::cell(row.line, Column::Barcodes, key, &code);
            plan.outcome.problems.push(problem);
            continue;
        }
        let owner = match owner_in(query, row)? {
            Ok(owner) => owner,
            Err(problem) => {
                plan.outcome.problems.push(problem);
                continue;
            }
        };
        let (id, fields) = match &known {
            Some(item) => (item.id, changed_fields(item, row, owner)),
            None => {
                let id = ItemId::from_bytes(ids.draw(now));
                (id, new_item(id, row, owner.flatten()).to_fields())
            }
        };
        match (&known, fields.is_empty()) {
            (Some(_), true) => plan.outcome.same += 1,
            (Some(_), false) => plan.outcome.changed += 1,
            (None, _) => plan.outcome.new += 1,
        }
        if !fields.is_empty() {
            plan.edits.push(RecordEdit {
                partition: Partition::Shared,
                kind: RecordKind::Item,
                id: id.into(),
                fields,
            });
        }
    }
    Ok(plan)
}

fn item_of_sku(query: &Query<'_>, sku: &str) -> Result<Option<Item>, AppError> {
    let found = query.items_by_code(sku)?;
    Ok(found
        .into_iter()
        .map(|found| found.item)
        .find(|item| item.sku.eq_ignore_ascii_case(sku)))
}

/// The first barcode of a row that another item has, here or earlier in the file.
fn taken_barcode(
    query: &Query<'_>,
    row: &ItemIn,
    known: Option<&Item>,
    given: &mut HashMap<String, u64>,
) -> Result<Option<String>, AppError> {
    for code in row.barcodes.iter().flat_map(BTreeMap::keys) {
        let here = query.items_by_code(code)?;
        if here.iter().any(|m| Some(m.item.id) != known.map(|k| k.id)) {
            return Ok(Some(code.clone()));
        }
        if *given.entry(code.clone()).or_insert(row.line) != row.line {
            return Ok(Some(code.clone()));
        }
    }
    Ok(None)
}

fn new_item(id: ItemId, row: &ItemIn, owner: Option<CustomerId>) -> Item {
    Item {
        id,
        sku: row.sku.clone(),
        name_en: row.name_en.clone().unwrap_or_default(),
        name_zh: row.name_zh.clone().unwrap_or_default(),
        unit: row.unit.clone().unwrap_or_else(|| "pcs".to_owned()),
        decimals: row.decimals.unwrap_or(0),
        tracks_lot: row.tracks_lot.unwrap_or(false),
        tracks_serial: row.tracks_serial.unwrap_or(false),
        tracks_expiry: row.tracks_expiry.unwrap_or(false),
        barcodes: row.barcodes.clone().unwrap_or_default(),
        handling: Handling {
            class: row.needs.class.clone().unwrap_or_default(),
            volume: row.needs.volume.unwrap_or(0),
            weight: row.needs.weight.unwrap_or(0),
            min_stock: row.min_stock.unwrap_or_default(),
        },
        value: row.value,
        owner,
    }
}

/// Those of some texts that the file says and that differ: path, text here, text of the file.
pub(super) fn changed_texts<const N: usize>(
    texts: [(&'static str, &String, &Option<String>); N],
) -> impl Iterator<Item = FieldEdit> {
    texts.into_iter().filter_map(|(path, old, new)| {
        let new = new.as_ref().filter(|new| *new != old)?;
        Some(FieldEdit::set(path, new.as_str()))
    })
}

/// Only what the file says and what differs: an import does not undo what somebody else changes meanwhile. Barcodes
/// are added, never taken away.
pub(super) fn changed_fields(
    item: &Item,
    row: &ItemIn,
    owner: Option<Option<CustomerId>>,
) -> Vec<FieldEdit> {
    let mut fields: Vec<_> = changed_texts([
        ("name_zh", &item.name_zh, &row.name_zh),
        ("name_en", &item.name_en, &row.name_en),
        ("unit", &item.unit, &row.unit),
    ])
    .collect();
    if let Some(owner) = owner.filter(|owner| *owner != item.owner) {
        fields.push(Item::owner_field(owner));
    }
    if let Some(decimals) = row.decimals.filter(|d| *d != item.decimals) {
        fields.push(FieldEdit::set("decimals", i64::from(decimals)));
    }
    for (path, old, new) in [
        ("tracks_lot", item.tracks_lot, row.tracks_lot),
        ("tracks_serial", item.tracks_serial, row.tracks_serial),
        ("tracks_expiry", item.tracks_expiry, row.tracks_expiry),
    ] {
        if let Some(new) = new.filter(|new| *new != old) {
            fields.push(FieldEdit::set(path, new));
        }
    }
    fields.extend(changed_needs(
        (
            &item.handling.class,
            item.handling.volume,
            item.handling.weight,
        ),
        &row.needs,
    ));
    if let Some(value) = row.value.filter(|value| item.value != Some(*value)) {
        fields.extend(Item::value_fields(value));
    }
    if let Some(least) = row.min_stock.filter(|n| *n != item.handling.min_stock) {
        fields.push(FieldEdit::set("min_stock", least.thousandths()));
    }
    for (code, pack) in row.barcodes.iter().flatten() {
        if item.barcodes.get(code) != Some(pack) {
            fields.push(FieldEdit::set(
                format!("barcodes/{code}"),
                pack.thousandths(),
            ));
        }
    }
    fields
}

/// What the file says of class, room and weight, and what differs.
fn changed_needs((class, volume, weight): (&str, i64, i64), row: &NeedsIn) -> Vec<FieldEdit> {
    let mut fields = Vec::new();
    if let Some(new) = row.class.as_deref().filter(|new| *new != class) {
        fields.push(FieldEdit::set("class", new));
    }
    for (path, old, new) in [
        ("volume", volume, row.volume),
        ("weight", weight, row.weight),
    ] {
        if let Some(new) = new.filter(|new| *new != old) {
            fields.push(FieldEdit::set(path, new));
        }
    }
    fields
}

/// The room of a bin as the file says it; an item that nobody knows is a problem.
fn room_in(query: &Query<'_>, row: &BinIn) -> Result<Result<Room, Problem>, AppError> {
    let face = match &row.face {
        None => None,
        Some((sku, least, most)) => match query.items_by_code(sku)?.as_slice() {
            [found] => Some((found.item.id, *least, *most)),
            _ => {
                let key = "import.problem.no-item";
                return Ok(Err(Problem::cell(row.line, Column::FaceItem, key, sku)));
            }
        },
    };
    Ok(Ok(Room {
        class: row.takes.class.clone().unwrap_or_default(),
        sequence: row.sequence.unwrap_or(0),
        volume: row.takes.volume.unwrap_or(0),
        weight: row.takes.weight.unwrap_or(0),
        face,
    }))
}

fn plan_bins(
    query: &Query<'_>,
    ids: &mut IdSource,
    rows: &[BinIn],
    site: SiteId,
    now: UnixMillis,
) -> Result<Plan, AppError> {
    let mut plan = Plan::default();
    let known = query.zones(site)?;
    let mut zones: HashMap<String, ZoneId> = known
        .into_iter()
        .map(|zone| (zone.code.to_uppercase(), zone.id))
        .collect();
    for row in rows {
        let bins = query.bins_by_code(site, &row.code)?;
        let room = match room_in(query, row)? {
            Ok(room) => room,
            Err(problem) => {
                plan.outcome.problems.push(problem);
                continue;
            }
        };
        let zone = match row.zone.as_str() {
            "" => None,
            code => Some(match zones.get(&code.to_uppercase()) {
                Some(zone) => *zone,
                None => {
                    let id = ZoneId::from_bytes(ids.draw(now));
                    zones.insert(code.to_uppercase(), id);
                    plan.edits.push(new_zone(id, code, site));
                    id
                }
            }),
        };
        let edit = |id: BinId, fields| RecordEdit {
            partition: Partition::Site(site),
            kind: RecordKind::Bin,
            id: id.into(),
            fields,
        };
        match bins.first() {
            Some(bin) => {
                // Only what the file says and what differs.
                let here = &bin.room;
                let needs = (here.class.as_str(), here.volume, here.weight);
                let mut fields = changed_needs(needs, &row.takes);
                if let Some(new) = row.sequence.filter(|new| *new != here.sequence) {
                    fields.push(FieldEdit::set("sequence", new));
                }
                let moved = Bin {
                    zone: zone.unwrap_or(bin.zone),
                    room: Room {
                        face: room.face.or(here.face),
                        ..Room::default()
                    },
                    ..bin.clone()
                };
                let known = bin.to_fields();
                let differs = |f: &FieldEdit| {
                    (f.path == "zone" || f.path.starts_with("face_")) && !known.contains(f)
                };
                fields.extend(moved.to_fields().into_iter().filter(differs));
                if fields.is_empty() {
                    plan.outcome.same += 1;
                } else {
                    plan.edits.push(edit(bin.id, fields));
                    plan.outcome.changed += 1;
                }
            }
            None => {
                let bin = Bin {
                    id: BinId::from_bytes(ids.draw(now)),
                    code: row.code.clone(),
                    zone: zone.unwrap_or(ZoneId::from_bytes([0; 16])),
                    site,
                    room,
                };
                plan.edits.push(edit(bin.id, bin.to_fields()));
                plan.outcome.new += 1;
            }
        }
    }
    Ok(plan)
}

/// What a change says of a bin, and what differs; a zone that nobody knows comes with it.
#[expect(clippy::type_complexity, reason = "two results of one look")]
pub(super) fn bin_fields(
    query: &Query<'_>,
    ids: &mut IdSource,
    bin: &Bin,
    change: &BinChange,
    now: UnixMillis,
) -> Result<Result<(Vec<FieldEdit>, Option<RecordEdit>), Problem>, AppError> {
    let here = &bin.room;
    let needs = (here.class.as_str(), here.volume, here.weight);
    let mut fields = changed_needs(needs, &change.takes);
    if let Some(new) = change.sequence.filter(|new| *new != here.sequence) {
        fields.push(FieldEdit::set("sequence", new));
    }
    let mut made = None;
    let zone = match change.zone.as_deref() {
        None => bin.zone,
        Some("") => ZoneId::from_bytes([0; 16]),
        Some(code) => {
            let known = query.zones(bin.site)?;
            match known.iter().find(|z| z.code.eq_ignore_ascii_case(code)) {
                Some(zone) => zone.id,
                None => {
                    let id = ZoneId::from_bytes(ids.draw(now));
                    made = Some(new_zone(id, code, bin.site));
                    id
                }
            }
        }
    };
    let face = change.face.unwrap_or(here.face);
    if let Some((item, ..)) = face
        && query.item(item)?.is_none()
    {
        let key = "import.problem.no-item";
        return Ok(Err(Problem::cell(2, Column::FaceItem, key, "")));
    }
    let changed = Bin {
        zone,
        room: Room {
            face,
            ..Room::default()
        },
        ..bin.clone()
    };
    let known = bin.to_fields();
    let written = changed.to_fields();
    let is_ours = |f: &&FieldEdit| f.path == "zone" || f.path.starts_with("face_");
    let differs = |f: &&FieldEdit| is_ours(f) && !known.contains(f);
    fields.extend(written.iter().filter(differs).cloned());
    // A face that is no more.
    let gone = |f: &&FieldEdit| is_ours(f) && written.iter().all(|w| w.path != f.path);
    fields.extend(
        known
            .iter()
            .filter(gone)
            .map(|f| FieldEdit::clear(f.path.as_str())),
    );
    Ok(Ok((fields, made)))
}

fn new_zone(id: ZoneId, code: &str, site: SiteId) -> RecordEdit {
    let zone = Zone {
        id,
        code: code.to_owned(),
        name_en: String::new(),
        name_zh: String::new(),
        purpose: "storage".to_owned(),
        site,
    };
    RecordEdit {
        partition: Partition::Site(site),
        kind: RecordKind::Zone,
        id: id.into(),
        fields: zone.to_fields(),
    }
}

fn plan_stock(query: &Query<'_>, rows: &[StockIn], site: SiteId) -> Result<Plan, AppError> {
    let mut plan = Plan::default();
    for row in rows {
        match stock_event(query, row, site)? {
            Ok(body) => {
                plan.events.push(body.into());
                plan.outcome.new += 1;
            }
            Err(problem) => plan.outcome.problems.push(problem),
        }
    }
    Ok(plan)
}

fn stock_event(
    query: &Query<'_>,
    row: &StockIn,
    site: SiteId,
) -> Result<Result<EventBody, Problem>, AppError> {
    let wrong = |column, key, value: &str| Ok(Err(Problem::cell(row.line, column, key, value)));
    let bins = query.bins_by_code(site, &row.bin)?;
    let [bin] = bins.as_slice() else {
        return wrong(Column::Bin, "import.problem.no-bin", &row.bin);
    };
    let matches = query.items_by_code(&row.sku)?;
    let [found] = matches.as_slice() else {
        return wrong(Column::Sku, "import.problem.no-item", &row.sku);
    };
    let item = &found.item;
    if item.tracks_lot && row.lot.is_none() {
        return wrong(Column::Lot, "import.problem.needs-lot", "");
    }
    let unit = row.plate.as_ref().map(|plate| {
        if item.tracks_serial {
            UnitId::serial(item.id, plate)
        } else {
            UnitId::plate(plate)
        }
    });
    if item.tracks_serial && (unit.is_none() || row.quantity != Quantity::ONE) {
        let plate = row.plate.clone().unwrap_or_default();
        return wrong(Column::Plate, "import.problem.needs-serial", &plate);
    }
    Ok(Ok(EventBody::Received {
        bin: bin.id,
        goods: Goods {
            item: item.id,
            lot: row.lot.clone(),
            expiry: row.expiry,
            unit,
        },
        quantity: row.quantity,
    }))
}
