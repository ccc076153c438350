//! Items, bins, zones, sites, people, devices, and fields that disagree.

use documents::catalogue::{Bin, Customer, Device, Handling, Item, Operator, Room, Site, Zone};
use documents::record::Counting;
use documents::{Record, RecordId, RecordKind, Value};
use domain::{
    BinId, ChainId, Currency, CustomerId, DeviceId, ExceptionId, ItemId, OperatorId, Quantity,
    SiteId, UnitValue, ZoneId,
};
use rusqlite::{Row, params};

use super::Query;
use crate::error::ReplicaError;
use crate::ledger_store::piles_of;
use crate::lookup::normalised;
use crate::{quarantine, row};

/// So many bins to each side are asked whether they are empty: in a warehouse that is full, all would take too long for a
/// scan (20,000 bins 16 ms on a desk computer).
const LOOKED_AT: u32 = 2_000;

/// Whether goods are kept in the zone `z`, in contrast to a dock or a place for returns; so they are where nobody has said.
const STORES: &str = "(z.purpose IN ('storage', 'picking', ''))";

/// An item that a code names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeMatch {
    /// The item.
    pub item: Item,
    /// How much one scan of the code means, in base units.
    pub pack: Quantity,
}

/// A field with more than one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldConflictRow {
    /// The record.
    pub record: RecordId,
    /// What it is about.
    pub kind: RecordKind,
    /// `field` or `map/entry`.
    pub path: String,
    /// Every value with the chain that wrote it; the first is the one shown.
    pub values: Vec<(Value, ChainId)>,
}

impl FieldConflictRow {
    /// What notes about it name it by: the same on every node, as long as the field has several values and again when it
    /// has several later.
    pub fn id(&self) -> ExceptionId {
        let name = [&self.record.0[..], self.path.as_bytes()].concat();
        ExceptionId(blake3::derive_key(
            "tallyman 2026 field with several values",
            &name,
        ))
    }
}

const ITEM: &str = "SELECT id, sku, name_en, name_zh, unit, decimals, tracks_lot, tracks_serial, tracks_expiry, class, volume, weight, min_stock, value, currency, owner FROM item";

fn bin(r: &Row<'_>) -> Result<Bin, ReplicaError> {
    Ok(Bin {
        id: BinId::from_bytes(row::bytes16(r, "id")?),
        code: r.get("code")?,
        zone: ZoneId::from_bytes(row::bytes16(r, "zone")?),
        site: SiteId::from_bytes(row::bytes16(r, "site")?),
        room: room(r)?,
    })
}

fn room(r: &Row<'_>) -> Result<Room, ReplicaError> {
    let face = match r.get::<_, Option<Vec<u8>>>("face_item")? {
        None => None,
        Some(item) => Some((
            ItemId::from_slice(&item).map_err(|_| ReplicaError::BadRow("bin.face_item"))?,
            Quantity::from_thousandths(r.get("face_min")?),
            Quantity::from_thousandths(r.get("face_max")?),
        )),
    };
    Ok(Room {
        class: r.get("class")?,
        sequence: r.get("sequence")?,
        volume: r.get("volume")?,
        weight: r.get("weight")?,
        face,
    })
}

pub(super) fn value(r: &Row<'_>) -> Result<Option<UnitValue>, ReplicaError> {
    let minor: i64 = r.get("value")?;
    let currency = Currency::from_code(&r.get::<_, String>("currency")?);
    let said = currency.filter(|_| minor > 0);
    Ok(said.map(|currency| UnitValue { minor, currency }))
}

pub(super) fn owner(r: &Row<'_>) -> Result<Option<CustomerId>, ReplicaError> {
    let owner: Option<Vec<u8>> = r.get("owner")?;
    owner
        .map(|owner| CustomerId::from_slice(&owner))
        .transpose()
        .map_err(|_| ReplicaError::BadRow("item.owner"))
}

fn customer(r: &Row<'_>) -> Result<Customer, ReplicaError> {
    Ok(Customer {
        id: CustomerId::from_bytes(row::bytes16(r, "id")?),
        code: r.get("code")?,
        name_en: r.get("name_en")?,
        name_zh: r.get("name_zh")?,
    })
}

fn zone(r: &Row<'_>) -> Result<Zone, ReplicaError> {
    Ok(Zone {
        id: ZoneId::from_bytes(row::bytes16(r, "id")?),
        code: r.get("code")?,
        name_en: r.get("name_en")?,
        name_zh: r.get("name_zh")?,
        purpose: r.get("purpose")?,
        site: SiteId::from_bytes(row::bytes16(r, "site")?),
    })
}

fn site(r: &Row<'_>) -> Result<Site, ReplicaError> {
    Ok(Site {
        id: SiteId::from_bytes(row::bytes16(r, "id")?),
        code: r.get("code")?,
        name_en: r.get("name_en")?,
        name_zh: r.get("name_zh")?,
        time_zone: r.get("time_zone")?,
    })
}

fn operator(r: &Row<'_>) -> Result<Operator, ReplicaError> {
    Ok(Operator {
        id: OperatorId::from_bytes(row::bytes16(r, "id")?),
        name: r.get("name")?,
        badge: r.get("badge")?,
        pin_verifier: r.get("pin_verifier")?,
        active: r.get("active")?,
        grants: row::grants(r, "grants")?,
    })
}

fn device(r: &Row<'_>) -> Result<Device, ReplicaError> {
    Ok(Device {
        id: DeviceId::from_bytes(row::bytes16(r, "id")?),
        name: r.get("name")?,
        certificate: r.get("certificate")?,
        revoked: r.get("revoked")?,
    })
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    fn with_barcodes(&self, r: &Row<'_>) -> Result<Item, ReplicaError> {
        let id = ItemId::from_bytes(row::bytes16(r, "id")?);
        let barcodes = self.rows(
            "SELECT code, pack FROM item_barcode WHERE item = ?1",
            [id.as_bytes()],
            |b| {
                Ok((
                    b.get::<_, String>("code")?,
                    Quantity::from_thousandths(b.get("pack")?),
                ))
            },
        )?;
        Ok(Item {
            id,
            sku: r.get("sku")?,
            name_en: r.get("name_en")?,
            name_zh: r.get("name_zh")?,
            unit: r.get("unit")?,
            decimals: r.get("decimals")?,
            tracks_lot: r.get("tracks_lot")?,
            tracks_serial: r.get("tracks_serial")?,
            tracks_expiry: r.get("tracks_expiry")?,
            barcodes: barcodes.into_iter().collect(),
            handling: Handling {
                class: r.get("class")?,
                volume: r.get("volume")?,
                weight: r.get("weight")?,
                min_stock: Quantity::from_thousandths(r.get("min_stock")?),
            },
            value: value(r)?,
            owner: owner(r)?,
        })
    }

    /// One customer.
    pub fn customer(&self, id: CustomerId) -> Result<Option<Customer>, ReplicaError> {
        self.row(
            "SELECT id, code, name_en, name_zh FROM customer WHERE id = ?1",
            [id.as_bytes()],
            customer,
        )
    }

    /// Customers by code, those after one of them.
    pub fn customers(
        &self,
        after: Option<(&str, CustomerId)>,
        limit: u32,
    ) -> Result<Vec<Customer>, ReplicaError> {
        let (code, id) = after.unwrap_or(("", CustomerId::from_bytes([0; 16])));
        self.rows(
            "SELECT id, code, name_en, name_zh FROM customer WHERE (code, id) > (?1, ?2) ORDER BY code, id LIMIT ?3",
            params![code, id.as_bytes(), limit],
            customer,
        )
    }

    /// Whether items belong to a customer.
    pub fn is_customer_used(&self, id: CustomerId) -> Result<bool, ReplicaError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM item WHERE owner = ?1 LIMIT 1)";
        Ok(self.count(sql, [id.as_bytes()])? > 0)
    }

    /// Customers that a typed code names. More than one is possible: two devices may have given one code to two.
    pub fn customers_by_code(&self, code: &str) -> Result<Vec<Customer>, ReplicaError> {
        self.rows(
            "SELECT id, code, name_en, name_zh FROM customer WHERE lookup = ?1 ORDER BY id",
            [normalised(code)],
            customer,
        )
    }

    /// One item.
    pub fn item(&self, id: ItemId) -> Result<Option<Item>, ReplicaError> {
        self.row(&format!("{ITEM} WHERE id = ?1"), [id.as_bytes()], |r| {
            self.with_barcodes(r)
        })
    }

    /// Items in the order of their SKU.
    pub fn items(&self, offset: u32, limit: u32) -> Result<Vec<Item>, ReplicaError> {
        self.rows(
            &format!("{ITEM} ORDER BY sku, id LIMIT ?2 OFFSET ?1"),
            params![offset, limit],
            |r| self.with_barcodes(r),
        )
    }

    /// How many items there are.
    pub fn item_count(&self) -> Result<u64, ReplicaError> {
        self.count("SELECT count(*) FROM item", [])
    }

    /// Items that a scanned or typed code names, by barcode or SKU. More than one is possible: two devices may have
    /// given one code to two items.
    pub fn items_by_code(&self, code: &str) -> Result<Vec<CodeMatch>, ReplicaError> {
        let found = self.rows(
            "SELECT item, pack FROM item_barcode WHERE lookup = ?1 ORDER BY item",
            [normalised(code)],
            |r| {
                Ok((
                    ItemId::from_bytes(row::bytes16(r, "item")?),
                    Quantity::from_thousandths(r.get("pack")?),
                ))
            },
        )?;
        let mut matches: Vec<CodeMatch> = Vec::new();
        for (id, pack) in found {
            if matches.iter().all(|m| m.item.id != id)
                && let Some(item) = self.item(id)?
            {
                matches.push(CodeMatch { item, pack });
            }
        }
        let by_sku = self.rows(
            &format!("{ITEM} WHERE sku IN (?1, ?2) ORDER BY id"),
            [code.trim(), &code.trim().to_uppercase()],
            |r| self.with_barcodes(r),
        )?;
        for item in by_sku {
            if matches.iter().all(|m| m.item.id != item.id) {
                matches.push(CodeMatch {
                    item,
                    pack: Quantity::ONE,
                });
            }
        }
        Ok(matches)
    }

    /// One bin.
    pub fn bin(&self, id: BinId) -> Result<Option<Bin>, ReplicaError> {
        self.row("SELECT * FROM bin WHERE id = ?1", [id.as_bytes()], bin)
    }

    /// Bins of a site in the order of their code.
    pub fn bins(&self, of: SiteId, offset: u32, limit: u32) -> Result<Vec<Bin>, ReplicaError> {
        self.rows(
            "SELECT * FROM bin WHERE site = ?1 ORDER BY code, id LIMIT ?3 OFFSET ?2",
            params![of.as_bytes(), offset, limit],
            bin,
        )
    }

    /// Every bin of a site with its code and zone, in no order.
    pub fn bin_places(&self, of: SiteId) -> Result<Vec<(BinId, String, ZoneId)>, ReplicaError> {
        self.rows(
            "SELECT id, code, zone FROM bin WHERE site = ?1",
            [of.as_bytes()],
            |r| {
                let zone = ZoneId::from_bytes(row::bytes16(r, "zone")?);
                Ok((
                    BinId::from_bytes(row::bytes16(r, "id")?),
                    r.get("code")?,
                    zone,
                ))
            },
        )
    }

    /// Bins of a site whose codes begin so, with their codes.
    pub fn bins_beginning(
        &self,
        of: SiteId,
        start: &str,
    ) -> Result<Vec<(BinId, String)>, ReplicaError> {
        self.rows(
            "SELECT id, code FROM bin
             WHERE lookup BETWEEN ?1 AND ?1 || char(1114111) AND site = ?2 ORDER BY lookup, id",
            params![start.to_uppercase(), of.as_bytes()],
            |r| Ok((BinId::from_bytes(row::bytes16(r, "id")?), r.get("code")?)),
        )
    }

    /// How many bins a site has.
    pub fn bin_count(&self, of: SiteId) -> Result<u64, ReplicaError> {
        self.count("SELECT count(*) FROM bin WHERE site = ?1", [of.as_bytes()])
    }

    /// Bins of a site with this code.
    pub fn bins_by_code(&self, of: SiteId, code: &str) -> Result<Vec<Bin>, ReplicaError> {
        self.rows(
            "SELECT * FROM bin WHERE lookup = ?1 AND site = ?2 ORDER BY id",
            params![normalised(code), of.as_bytes()],
            bin,
        )
    }

    /// Bins of a site that are kept filled with one item, in the order of their code.
    pub fn pick_faces(&self, of: SiteId) -> Result<Vec<Bin>, ReplicaError> {
        self.rows(
            "SELECT * FROM bin WHERE site = ?1 AND face_item IS NOT NULL ORDER BY code, id",
            [of.as_bytes()],
            bin,
        )
    }

    /// Bins of a site that are kept filled with that item, in the order of their code.
    pub fn pick_faces_of(&self, of: SiteId, item: ItemId) -> Result<Vec<Bin>, ReplicaError> {
        self.rows(
            "SELECT * FROM bin WHERE site = ?1 AND face_item = ?2 ORDER BY code, id",
            params![of.as_bytes(), item.as_bytes()],
            bin,
        )
    }

    /// Pick faces of a site that have less than they should, each with what it has, the emptiest first.
    pub fn faces_to_fill(
        &self,
        of: SiteId,
        limit: u32,
    ) -> Result<Vec<(Bin, Quantity)>, ReplicaError> {
        let (first, last) = piles_of(BinId::from_bytes([0; 16]));
        let (kind, end) = (first.get(..1), last.get(17..));
        self.rows(
            "SELECT * FROM (
                 SELECT b.*, (SELECT coalesce(sum(s.balance), 0) FROM subject s
                     WHERE s.balance IS NOT NULL AND s.item = b.face_item
                     AND s.key BETWEEN CAST(b.site || ?2 || b.id AS BLOB) AND CAST(b.site || ?2 || b.id || ?3 AS BLOB)) AS has
                 FROM bin b WHERE b.site = ?1 AND b.face_item IS NOT NULL)
             WHERE has < face_min ORDER BY has * 1.0 / max(face_max, 1), code, id LIMIT ?4",
            params![of.as_bytes(), kind, end, limit],
            |r| Ok((bin(r)?, Quantity::from_thousandths(r.get("has")?))),
        )
    }

    /// Empty bins of a site where goods are stored, the nearest to a code first, as codes sort: at most three that come
    /// after it and three before, among the nearest thousands. Of that class exactly, and with room and strength enough where anybody measured them;
    /// pick faces are kept for their item.
    pub fn empty_bins_near(
        &self,
        of: SiteId,
        code: &str,
        room: &Room,
    ) -> Result<Vec<Bin>, ReplicaError> {
        let near = |side: &str, order: &str| {
            // The keys of its piles lie between these two, with the bin's id in its place.
            let (first, last) = piles_of(BinId::from_bytes([0; 16]));
            let (kind, end) = (first.get(..1), last.get(17..));
            self.rows(
                &format!(
                    "SELECT * FROM (
                         SELECT * FROM bin WHERE site = ?1 AND lookup {side} ?2 AND class = ?3 AND face_item IS NULL
                         AND (volume = 0 OR volume >= ?4) AND (weight = 0 OR weight >= ?5)
                         ORDER BY lookup {order} LIMIT {LOOKED_AT}) b
                     WHERE NOT EXISTS (SELECT 1 FROM zone z WHERE z.id = b.zone AND NOT {STORES})
                     AND NOT EXISTS (SELECT 1 FROM subject s WHERE s.balance IS NOT NULL AND s.item IS NOT NULL
                         AND s.key BETWEEN CAST(b.site || ?6 || b.id AS BLOB) AND CAST(b.site || ?6 || b.id || ?7 AS BLOB))
                     ORDER BY b.lookup {order} LIMIT 3"
                ),
                params![of.as_bytes(), normalised(code), room.class, room.volume, room.weight, kind, end],
                bin,
            )
        };
        let (mut after, mut before) = (near(">=", "ASC")?, near("<", "DESC")?);
        let mut bins = Vec::with_capacity(after.len() + before.len());
        after.reverse();
        before.reverse();
        while !(after.is_empty() && before.is_empty()) {
            bins.extend(after.pop());
            bins.extend(before.pop());
        }
        Ok(bins)
    }

    /// Whether goods are kept in a zone, in contrast to a dock or a place for returns.
    pub fn stores(&self, zone: ZoneId) -> Result<bool, ReplicaError> {
        let stores = self.row(
            &format!("SELECT {STORES} AS stores FROM zone z WHERE id = ?1"),
            [zone.as_bytes()],
            |r| Ok(r.get("stores")?),
        )?;
        Ok(stores.unwrap_or(true))
    }

    /// Zones of a site.
    pub fn zones(&self, of: SiteId) -> Result<Vec<Zone>, ReplicaError> {
        self.rows(
            "SELECT * FROM zone WHERE site = ?1 ORDER BY code, id",
            [of.as_bytes()],
            zone,
        )
    }

    /// One zone.
    pub fn zone(&self, id: ZoneId) -> Result<Option<Zone>, ReplicaError> {
        self.row("SELECT * FROM zone WHERE id = ?1", [id.as_bytes()], zone)
    }

    /// All sites.
    pub fn sites(&self) -> Result<Vec<Site>, ReplicaError> {
        self.rows("SELECT * FROM site ORDER BY code, id", [], site)
    }

    /// One site.
    pub fn site(&self, id: SiteId) -> Result<Option<Site>, ReplicaError> {
        self.row("SELECT * FROM site WHERE id = ?1", [id.as_bytes()], site)
    }

    /// All operators, by name.
    pub fn operators(&self) -> Result<Vec<Operator>, ReplicaError> {
        self.rows("SELECT * FROM operator ORDER BY name, id", [], operator)
    }

    /// One operator.
    pub fn operator(&self, id: OperatorId) -> Result<Option<Operator>, ReplicaError> {
        self.row(
            "SELECT * FROM operator WHERE id = ?1",
            [id.as_bytes()],
            operator,
        )
    }

    /// The active operator with this badge, unless two have it.
    pub fn operator_by_badge(&self, badge: &str) -> Result<Option<Operator>, ReplicaError> {
        let badge = badge.trim();
        if badge.is_empty() {
            return Ok(None);
        }
        let mut found = self.rows(
            "SELECT * FROM operator WHERE badge = ?1 AND active = 1",
            [badge],
            operator,
        )?;
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    /// All devices, by name. Records without a name only bring certificates of the server's chains.
    pub fn devices(&self) -> Result<Vec<Device>, ReplicaError> {
        let sql = "SELECT * FROM device WHERE name <> '' ORDER BY name, id";
        self.rows(sql, [], device)
    }

    /// One device.
    pub fn device(&self, id: DeviceId) -> Result<Option<Device>, ReplicaError> {
        self.row(
            "SELECT * FROM device WHERE id = ?1",
            [id.as_bytes()],
            device,
        )
    }

    /// The device that writes a chain.
    pub fn device_of_chain(&self, chain: ChainId) -> Result<Option<DeviceId>, ReplicaError> {
        self.row(
            "SELECT device FROM chain WHERE chain = ?1",
            [chain.as_bytes()],
            |r| Ok(DeviceId::from_bytes(row::bytes16(r, "device")?)),
        )
    }

    /// Records of which only later changes have come, not the one that creates them: they wait for another device.
    pub fn waiting_record_count(&self) -> Result<u64, ReplicaError> {
        self.count("SELECT count(*) FROM document WHERE kind = ''", [])
    }

    /// What a record is about, of those kinds that are known.
    pub fn kind_of(&self, id: RecordId) -> Result<Option<RecordKind>, ReplicaError> {
        let code: Option<String> = self.row(
            "SELECT kind FROM document WHERE id = ?1 AND kind <> ''",
            [id.0],
            |r| Ok(r.get("kind")?),
        )?;
        Ok(code.and_then(|code| RecordKind::from_code(&code)))
    }

    /// A record with all its fields and conflicts.
    pub fn record(&self, id: RecordId) -> Result<Option<Record>, ReplicaError> {
        let saved: Option<Vec<u8>> = self.row(
            "SELECT saved FROM document WHERE id = ?1 AND kind <> ''",
            [id.0],
            |r| Ok(r.get("saved")?),
        )?;
        let Some(saved) = saved else {
            return Ok(None);
        };
        let withheld = quarantine::withheld(self.connection, id)?;
        let counting = Counting {
            withheld: &withheld,
            is_server: &|chain| quarantine::is_server(self.connection, chain).unwrap_or(false),
        };
        Ok(Some(documents::record::read(&saved, &counting)?))
    }

    /// Fields with more than one value, over all records.
    pub fn field_conflicts(&self) -> Result<Vec<FieldConflictRow>, ReplicaError> {
        let rows = self.rows(
            "SELECT c.record, d.kind, c.path, c.value, c.chain
             FROM field_conflict c JOIN document d ON d.id = c.record
             ORDER BY c.record, c.path, c.position",
            [],
            |r| {
                let kind: String = r.get("kind")?;
                let value: String = r.get("value")?;
                Ok((
                    RecordId(row::bytes16(r, "record")?),
                    RecordKind::from_code(&kind).ok_or(ReplicaError::BadRow("document.kind"))?,
                    r.get::<_, String>("path")?,
                    serde_json::from_str(&value)
                        .map_err(|_| ReplicaError::BadRow("field_conflict.value"))?,
                    ChainId::from_bytes(row::bytes16(r, "chain")?),
                ))
            },
        )?;
        let mut conflicts: Vec<FieldConflictRow> = Vec::new();
        for (record, kind, path, value, chain) in rows {
            match conflicts.last_mut() {
                Some(last) if last.record == record && last.path == path => {
                    last.values.push((value, chain))
                }
                _ => conflicts.push(FieldConflictRow {
                    record,
                    kind,
                    path,
                    values: vec![(value, chain)],
                }),
            }
        }
        Ok(conflicts)
    }
}
