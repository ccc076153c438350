//! The replica as procedures ask it.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use documents::ArrivingContent;
use documents::catalogue::Room;
use domain::ledger::{Placed, Stale, Standing, Subject};
use domain::{
    BinId, ContentKey, CustomerId, DeviceId, EventBody, EventHash, ItemId, OperatorId, OrderId,
    OrderStep, OrderType, Quantity, SiteId, UnitId,
};
use operations::{
    ArrivingFacts, BinFacts, CartonFacts, ContentFacts, FaceFacts, Frozen, HandlingFacts,
    ItemFacts, OrderFacts, OrderLineFacts, Pile, ReceiptFacts, RoomFacts, RoomNeeded, SiteView,
    UnitFacts, ViewError,
};
use replica::query::{EventFilter, OrderSummary, StockRow, UnitRow};
use replica::{Query, ReplicaError};

use super::site_clock::SiteClock;
use super::unit_names::unit_name;
use crate::view::Language;

/// Receipts that are offered for inspection at once, and among how many of the last events they are looked for.
const RECEIPTS_MAX: usize = 30;
const RECEIPTS_AMONG: u32 = 500;

/// Pick faces that are offered at once.
const FACES_MAX: u32 = 50;

/// Catalogue and stock of one site.
pub(crate) struct StockView<'a> {
    pub(crate) query: Query<'a>,
    pub(crate) site: SiteId,
    pub(crate) clock: &'a SiteClock,
    pub(crate) now: i64,
    pub(crate) language: Language,
    /// What waits for a fresh snapshot, once it was asked for.
    pub(crate) stale: OnceCell<Stale>,
    /// A procedure has been told of stock that is being recalculated.
    pub(crate) told_stale: Cell<bool>,
    /// This device, once it is enrolled.
    pub(crate) device: Option<DeviceId>,
    /// The server has just answered, so that what others did is known.
    pub(crate) is_online: bool,
    /// Who asks; nobody before sign-in.
    pub(crate) operator: Option<OperatorId>,
    /// Whether they may count.
    pub(crate) may_count: bool,
    /// Whether they may count what somebody else has counted.
    pub(crate) may_recount: bool,
    /// Whether this device holds stock.
    pub(crate) knows_stock: bool,
    /// Bins whose book they may not see, once it was asked for.
    pub(crate) hidden: OnceCell<BTreeSet<BinId>>,
    /// Bins whose goods should not be used, once they were asked for.
    pub(crate) frozen: OnceCell<BTreeMap<BinId, Frozen>>,
}

pub(super) fn failed(error: ReplicaError) -> ViewError {
    ViewError(Box::new(error))
}

/// What a procedure knows of an item; its unit is named in the language of the screen.
fn item_facts(item: documents::catalogue::Item, language: Language) -> ItemFacts {
    ItemFacts {
        id: item.id,
        sku: item.sku,
        name_en: item.name_en,
        name_zh: item.name_zh,
        unit: unit_name(&item.unit, language).to_owned(),
        decimals: item.decimals,
        tracks_lot: item.tracks_lot,
        tracks_serial: item.tracks_serial,
        tracks_expiry: item.tracks_expiry,
    }
}

fn bin_facts(bin: documents::catalogue::Bin) -> BinFacts {
    BinFacts {
        id: bin.id,
        code: bin.code,
        sequence: bin.room.sequence,
    }
}

impl StockView<'_> {
    /// The item, or a stand-in where only stock of it has come and not its record.
    pub(crate) fn item_or_unnamed(&self, id: ItemId) -> Result<ItemFacts, ReplicaError> {
        let named = self.query.item(id)?.map(|i| item_facts(i, self.language));
        Ok(named.unwrap_or_else(|| ItemFacts {
            id,
            sku: format!("?{}", &id.to_string()[24..]),
            name_en: String::new(),
            name_zh: String::new(),
            unit: String::new(),
            decimals: 3,
            tracks_lot: false,
            tracks_serial: false,
            tracks_expiry: false,
        }))
    }

    pub(crate) fn bin_or_unnamed(&self, id: BinId) -> Result<BinFacts, ReplicaError> {
        let named = self.query.bin(id)?.map(bin_facts);
        Ok(named.unwrap_or_else(|| BinFacts {
            id,
            code: format!("?{}", &id.to_string()[24..]),
            sequence: 0,
        }))
    }

    /// Whom goods belong to, in the language of the screen; the code where there is no such name.
    pub(crate) fn owner_name(&self, id: CustomerId) -> Result<String, ReplicaError> {
        let Some(owner) = self.query.customer(id)? else {
            return Ok(format!("?{}", &id.to_string()[24..]));
        };
        let (first, second) = match self.language {
            Language::English => (owner.name_en, owner.name_zh),
            Language::Chinese => (owner.name_zh, owner.name_en),
        };
        let mut names = [first, second, owner.code].into_iter();
        Ok(names.find(|name| !name.is_empty()).unwrap_or_default())
    }

    pub(crate) fn operator_name(&self, id: OperatorId) -> Result<String, ReplicaError> {
        Ok(self.query.operator(id)?.map(|o| o.name).unwrap_or_default())
    }

    fn carton_facts(
        &self,
        plate: &UnitId,
        contents: Vec<(ContentKey, Quantity)>,
    ) -> Result<CartonFacts, ReplicaError> {
        let is_in = |(_, quantity): &(ContentKey, Quantity)| *quantity > Quantity::ZERO;
        let content = |(key, quantity): (ContentKey, Quantity)| {
            Ok(ContentFacts {
                bin: self.bin_or_unnamed(key.bin)?,
                item: self.item_or_unnamed(key.goods.item)?,
                goods: key.goods,
                quantity,
                order: key.order,
            })
        };
        let contents: Result<_, ReplicaError> =
            contents.into_iter().filter(is_in).map(content).collect();
        Ok(CartonFacts {
            plate: plate.clone(),
            contents: contents?,
        })
    }

    /// Looks through the deliveries that are not received yet: a few dozen at a busy dock, and only for a code that nothing
    /// else explains.
    pub(crate) fn announced(&self, plate: &UnitId) -> Result<Option<ArrivingFacts>, ReplicaError> {
        let (kind, step) = (OrderType::Inbound, OrderStep::Receive);
        for summary in self.query.orders(self.site, kind, step)? {
            if summary.finished {
                continue;
            }
            let Some(record) = self.query.record(summary.order.id.into())? else {
                continue;
            };
            let mut contents = ArrivingContent::of(&record);
            contents.retain(|content| content.carton == *plate);
            if contents.is_empty() {
                continue;
            }
            let content = |content: ArrivingContent| {
                let item = self.item_or_unnamed(content.goods.item)?;
                Ok((content.line, item, content.goods, content.quantity))
            };
            let contents: Result<_, ReplicaError> = contents.into_iter().map(content).collect();
            return Ok(Some(ArrivingFacts {
                plate: plate.clone(),
                order: summary.order.id,
                code: summary.order.code,
                contents: contents?,
            }));
        }
        Ok(None)
    }

    fn note_if_stale(&self, subject: &Subject) -> Result<(), ReplicaError> {
        let stale = match self.stale.get() {
            Some(stale) => stale,
            None => {
                let asked = self.query.stale(self.site)?;
                self.stale.get_or_init(|| asked)
            }
        };
        if stale.covers(subject) {
            self.told_stale.set(true);
        }
        Ok(())
    }

    /// Whether the bin is under a blind count, so that its book is not shown; or there is no book here.
    pub(crate) fn hides(&self, bin: BinId) -> Result<bool, ReplicaError> {
        if !self.knows_stock {
            return Ok(true);
        }
        let hidden = match self.hidden.get() {
            Some(hidden) => hidden,
            None => {
                let asked = self
                    .query
                    .bins_under_blind_count(self.site, self.operator)?;
                self.hidden.get_or_init(|| asked)
            }
        };
        Ok(hidden.contains(&bin))
    }

    /// Why what lies in the bin should not be used. All such bins are asked for at once: a picker's goods may lie in hundreds.
    pub(crate) fn frozen_by(&self, bin: BinId) -> Result<Option<Frozen>, ReplicaError> {
        let frozen = match self.frozen.get() {
            Some(frozen) => frozen,
            None => {
                let asked = self.frozen_bins()?;
                self.frozen.get_or_init(|| asked)
            }
        };
        Ok(frozen.get(&bin).cloned())
    }

    fn frozen_bins(&self) -> Result<BTreeMap<BinId, Frozen>, ReplicaError> {
        let counted = self.query.bins_of_open_counts(self.site)?.into_iter();
        let mut frozen: BTreeMap<BinId, Frozen> = counted
            .map(|(bin, number)| (bin, Frozen::ByCount(number)))
            .collect();
        for zone in self.query.zones(self.site)? {
            let why = match zone.purpose.as_str() {
                "defective" => Frozen::Defective,
                "returns" => Frozen::Returns,
                _ => continue,
            };
            for bin in self.query.bins_of_zone(zone.id)? {
                frozen.insert(bin, why.clone());
            }
        }
        Ok(frozen)
    }

    /// Rows of stock that this operator may see.
    fn seen(&self, rows: Vec<StockRow>) -> Result<Vec<StockRow>, ReplicaError> {
        let mut seen = Vec::with_capacity(rows.len());
        for row in rows {
            if !self.hides(row.key.bin)? {
                seen.push(row);
            }
        }
        Ok(seen)
    }

    /// All of an item that this operator may see.
    pub(crate) fn total_of_item(&self, item: ItemId) -> Result<Quantity, ReplicaError> {
        let rows = self.seen(self.query.stock_of_item(self.site, item)?)?;
        Ok(rows
            .iter()
            .fold(Quantity::ZERO, |sum, row| sum.plus(row.balance)))
    }

    /// The lots of which the book has ever had something at this site.
    pub(crate) fn lots_of(&self, item: ItemId) -> Result<Vec<String>, ReplicaError> {
        let rows = self.query.stock_of_item(self.site, item)?;
        Ok(rows.into_iter().filter_map(|row| row.key.lot).collect())
    }

    /// A bin as the pick face that it is.
    fn face(
        &self,
        bin: documents::catalogue::Bin,
        has: Quantity,
    ) -> Result<Option<FaceFacts>, ReplicaError> {
        let Some((item, least, most)) = bin.room.face else {
            return Ok(None);
        };
        Ok(Some(FaceFacts {
            bin: bin_facts(bin),
            item: self.item_or_unnamed(item)?,
            has,
            least,
            most,
        }))
    }

    fn pile(&self, row: StockRow) -> Result<Pile, ReplicaError> {
        self.note_if_stale(&Subject::Stock(row.key.clone()))?;
        let lot = row.key.lot;
        let expiry = match &lot {
            Some(lot) => self.query.expiry_of_lot(self.site, row.key.item, lot)?,
            None => None,
        };
        Ok(Pile {
            bin: self.bin_or_unnamed(row.key.bin)?,
            item: self.item_or_unnamed(row.key.item)?,
            lot,
            expiry,
            balance: row.balance,
        })
    }

    pub(crate) fn unit_facts(&self, row: UnitRow) -> Result<UnitFacts, ReplicaError> {
        self.note_if_stale(&Subject::Unit(row.unit.clone()))?;
        let (since, by) = self.when_and_who(row.state.since)?;
        Ok(UnitFacts {
            id: row.unit,
            status: row.state.status,
            bin: self.bin_or_unnamed(row.state.bin)?,
            item: self.item_or_unnamed(row.state.goods.item)?,
            goods: row.state.goods,
            quantity: row.state.quantity,
            since,
            by,
        })
    }

    fn when_and_who(&self, event: EventHash) -> Result<(String, String), ReplicaError> {
        let Some(row) = self.query.event_by_hash(event)? else {
            return Ok(Default::default());
        };
        let time = self.clock.show(row.placed.place.clock.millis, self.now);
        Ok((time, self.operator_name(row.placed.event.record.operator)?))
    }

    fn order_facts(&self, summary: OrderSummary) -> Result<OrderFacts, ReplicaError> {
        let OrderSummary {
            order,
            done,
            finished,
        } = summary;
        let done = |line: u32| done.get(&line).copied().unwrap_or_default();
        let barred = self.operator.is_some_and(|operator| {
            let counted = order.counted_by.contains(&operator);
            counted || order.assigned.is_some_and(|assigned| assigned != operator)
        });
        let has_right = match (order.kind, order.counted_by.is_empty()) {
            (OrderType::Count, true) => self.may_count,
            (OrderType::Count, false) => self.may_recount,
            _ => true,
        };
        let mut lines = Vec::with_capacity(order.lines.len());
        for (number, line) in order.lines {
            lines.push(OrderLineFacts {
                number,
                item: line
                    .item
                    .map(|item| self.item_or_unnamed(item))
                    .transpose()?,
                lot: line.lot,
                bin: line.bin.map(|bin| self.bin_or_unnamed(bin)).transpose()?,
                asked: match order.kind {
                    OrderType::Count => Quantity::ONE,
                    _ => line.asked,
                },
                done: done(number),
            });
        }
        Ok(OrderFacts {
            id: order.id,
            kind: order.kind,
            code: order.code,
            party: order.party,
            note: order.note,
            lines,
            not_ordered: done(0),
            finished,
            cancelled: order.cancelled,
            blind: order.blind,
            barred: barred || !has_right,
        })
    }

    /// Receipts that count and that nobody has inspected, among what happened last.
    fn open_receipts(&self) -> Result<Vec<ReceiptFacts>, ReplicaError> {
        let filter = EventFilter {
            site: Some(self.site),
            ..EventFilter::default()
        };
        let mut open = Vec::new();
        for row in self.query.events(&filter, RECEIPTS_AMONG)? {
            let Placed {
                event,
                place,
                standing,
            } = row.placed;
            let EventBody::Received {
                bin,
                goods,
                quantity,
            } = event.record.body
            else {
                continue;
            };
            let counts = row.reversed_by.is_none() && standing != Standing::Void;
            if !counts || self.hides(bin)? || self.query.is_inspected(event.hash)? {
                continue;
            }
            open.push(ReceiptFacts {
                event: event.hash,
                item: self.item_or_unnamed(goods.item)?,
                goods,
                bin: self.bin_or_unnamed(bin)?,
                quantity,
                time: self.clock.show(place.clock.millis, self.now),
            });
            if open.len() == RECEIPTS_MAX {
                break;
            }
        }
        Ok(open)
    }

    /// What still fits into a bin: its room, less what the book shows there.
    fn room_of(&self, bin: documents::catalogue::Bin) -> Result<RoomFacts, ReplicaError> {
        let (mut volume, mut weight) = (0_i128, 0_i128);
        if bin.room.volume > 0 || bin.room.weight > 0 {
            for row in self.query.stock_of_bin(bin.id)? {
                let handling = self.query.item(row.key.item)?.map(|item| item.handling);
                let handling = handling.unwrap_or_default();
                let thousandths = i128::from(row.balance.thousandths().max(0));
                volume += i128::from(handling.volume) * thousandths / 1_000;
                weight += i128::from(handling.weight) * thousandths / 1_000;
            }
        }
        let left = |of: i64, used: i128| {
            (of > 0).then(|| i64::try_from(i128::from(of) - used).unwrap_or(i64::MIN))
        };
        Ok(RoomFacts {
            stores: self.query.stores(bin.zone)?,
            class: bin.room.class.clone(),
            volume_left: left(bin.room.volume, volume),
            weight_left: left(bin.room.weight, weight),
            bin: bin_facts(bin),
        })
    }

    pub(crate) fn piles_of_item(&self, item: ItemId) -> Result<Vec<Pile>, ReplicaError> {
        let rows = self.seen(self.query.stock_of_item(self.site, item)?)?;
        rows.into_iter().map(|row| self.pile(row)).collect()
    }

    pub(crate) fn piles_of_bin(&self, bin: BinId) -> Result<Vec<Pile>, ReplicaError> {
        let rows = self.seen(self.query.stock_of_bin(bin)?)?;
        rows.into_iter().map(|row| self.pile(row)).collect()
    }
}

impl SiteView for StockView<'_> {
    fn items_with_code(&self, code: &str) -> Result<Vec<(ItemFacts, Quantity)>, ViewError> {
        let found = self.query.items_by_code(code).map_err(failed)?;
        Ok(found
            .into_iter()
            .map(|m| (item_facts(m.item, self.language), m.pack))
            .collect())
    }

    fn item(&self, id: ItemId) -> Result<Option<ItemFacts>, ViewError> {
        Ok(self
            .query
            .item(id)
            .map_err(failed)?
            .map(|i| item_facts(i, self.language)))
    }

    fn bin_with_code(&self, code: &str) -> Result<Option<BinFacts>, ViewError> {
        let bins = self.query.bins_by_code(self.site, code).map_err(failed)?;
        Ok(bins.into_iter().next().map(bin_facts))
    }

    fn bin(&self, id: BinId) -> Result<Option<BinFacts>, ViewError> {
        Ok(self.query.bin(id).map_err(failed)?.map(bin_facts))
    }

    fn operator_with_badge(&self, code: &str) -> Result<Option<(String, String)>, ViewError> {
        let found = self.query.operator_by_badge(code).map_err(failed)?;
        Ok(found.map(|o| (o.id.to_string(), o.name)))
    }

    fn unit(&self, id: &UnitId) -> Result<Option<UnitFacts>, ViewError> {
        let row = self.query.unit(self.site, id).map_err(failed)?;
        row.map(|row| self.unit_facts(row))
            .transpose()
            .map_err(failed)
    }

    fn units_named(&self, printed: &str) -> Result<Vec<UnitFacts>, ViewError> {
        let rows = self
            .query
            .units_by_code(self.site, printed)
            .map_err(failed)?;
        let facts: Result<_, _> = rows.into_iter().map(|row| self.unit_facts(row)).collect();
        facts.map_err(failed)
    }

    fn carton(&self, plate: &UnitId) -> Result<Option<CartonFacts>, ViewError> {
        let contents = self.query.carton(self.site, plate).map_err(failed)?;
        let known = !contents.is_empty();
        let facts = self.carton_facts(plate, contents).map_err(failed)?;
        Ok(known.then_some(facts))
    }

    fn cartons_of(&self, order: OrderId) -> Result<Vec<CartonFacts>, ViewError> {
        let contents = self.query.cartons(self.site).map_err(failed)?;
        contents
            .chunk_by(|(a, _), (b, _)| a.carton == b.carton)
            .filter_map(|of_one| Some((of_one, &of_one.first()?.0.carton)))
            .filter(|(of_one, _)| {
                let serves = |key: &ContentKey| key.order.is_some_and(|l| l.order == order);
                of_one.iter().any(|(key, _)| serves(key))
            })
            .map(|(of_one, plate)| self.carton_facts(plate, of_one.to_vec()).map_err(failed))
            .collect()
    }

    fn arriving(&self, plate: &UnitId) -> Result<Option<ArrivingFacts>, ViewError> {
        self.announced(plate).map_err(failed)
    }

    fn units_in_bin(&self, bin: BinId) -> Result<Vec<UnitFacts>, ViewError> {
        if self.hides(bin).map_err(failed)? {
            return Ok(Vec::new());
        }
        let rows = self.query.units_of_bin(bin).map_err(failed)?;
        let facts: Result<_, _> = rows.into_iter().map(|row| self.unit_facts(row)).collect();
        facts.map_err(failed)
    }

    fn stock_of_bin(&self, bin: BinId) -> Result<Vec<Pile>, ViewError> {
        self.piles_of_bin(bin).map_err(failed)
    }

    fn stock_of_item(&self, item: ItemId) -> Result<Vec<Pile>, ViewError> {
        self.piles_of_item(item).map_err(failed)
    }

    fn handling(&self, id: ItemId) -> Result<HandlingFacts, ViewError> {
        let item = self.query.item(id).map_err(failed)?;
        Ok(
            item.map_or_else(HandlingFacts::default, |item| HandlingFacts {
                class: item.handling.class,
                volume: item.handling.volume,
                weight: item.handling.weight,
            }),
        )
    }

    fn room(&self, bin: BinId) -> Result<Option<RoomFacts>, ViewError> {
        let bin = self.query.bin(bin).map_err(failed)?;
        bin.map(|bin| self.room_of(bin)).transpose().map_err(failed)
    }

    fn pick_faces(&self, item: ItemId) -> Result<Vec<(RoomFacts, Quantity)>, ViewError> {
        let faces = self.query.pick_faces_of(self.site, item).map_err(failed)?;
        let with_most = |bin: documents::catalogue::Bin| {
            let most = bin.room.face.map_or(Quantity::ZERO, |(.., most)| most);
            Ok((self.room_of(bin)?, most))
        };
        faces
            .into_iter()
            .map(with_most)
            .collect::<Result<_, _>>()
            .map_err(failed)
    }

    fn pick_face(&self, bin: BinId) -> Result<Option<FaceFacts>, ViewError> {
        let face = || {
            let Some(bin) = self.query.bin(bin)?.filter(|bin| bin.site == self.site) else {
                return Ok(None);
            };
            let piles = self.query.stock_of_bin(bin.id)?;
            let of_item = |row: &&StockRow| bin.room.face.is_some_and(|(i, ..)| i == row.key.item);
            let has = piles.iter().filter(of_item);
            let has = has.fold(Quantity::ZERO, |sum, row| sum.plus(row.balance));
            self.face(bin, has)
        };
        face().map_err(failed)
    }

    fn faces_to_fill(&self) -> Result<Vec<FaceFacts>, ViewError> {
        let faces = || {
            let mut faces = Vec::new();
            for (bin, has) in self.query.faces_to_fill(self.site, FACES_MAX)? {
                if !self.hides(bin.id)? {
                    faces.extend(self.face(bin, has)?);
                }
            }
            Ok(faces)
        };
        faces().map_err(failed)
    }

    fn receipts_to_inspect(&self) -> Result<Vec<ReceiptFacts>, ViewError> {
        self.open_receipts().map_err(failed)
    }

    fn operators(&self) -> Result<Vec<(String, String)>, ViewError> {
        let people = self.query.operators().map_err(failed)?.into_iter();
        let active = people.filter(|operator| operator.active);
        Ok(active.map(|o| (o.id.to_string(), o.name)).collect())
    }

    fn knows_stock(&self) -> bool {
        self.knows_stock
    }

    fn is_hidden(&self, bin: BinId) -> Result<bool, ViewError> {
        self.hides(bin).map_err(failed)
    }

    fn frozen(&self, bin: BinId) -> Result<Option<Frozen>, ViewError> {
        self.frozen_by(bin).map_err(failed)
    }

    fn empty_bins_near(
        &self,
        near: &BinFacts,
        needed: &RoomNeeded,
    ) -> Result<Vec<RoomFacts>, ViewError> {
        let room = |class: &str| Room {
            class: class.to_owned(),
            volume: needed.volume,
            weight: needed.weight,
            ..Room::default()
        };
        let mut bins = Vec::new();
        if !needed.class.is_empty() {
            let of_class = self
                .query
                .empty_bins_near(self.site, &near.code, &room(&needed.class));
            bins = of_class.map_err(failed)?;
        }
        bins.extend(
            self.query
                .empty_bins_near(self.site, &near.code, &room(""))
                .map_err(failed)?,
        );
        let rooms = bins.into_iter().map(|bin| self.room_of(bin));
        rooms.collect::<Result<_, _>>().map_err(failed)
    }

    fn orders_with_code(&self, code: &str) -> Result<Vec<(OrderId, OrderType)>, ViewError> {
        let orders = self.query.orders_by_code(self.site, code);
        let named = |order: documents::Order| (order.id, order.kind);
        Ok(orders.map_err(failed)?.into_iter().map(named).collect())
    }

    fn order(&self, id: OrderId, step: OrderStep) -> Result<Option<OrderFacts>, ViewError> {
        let summary = self.query.order_summary(id, step).map_err(failed)?;
        summary
            .map(|summary| self.order_facts(summary))
            .transpose()
            .map_err(failed)
    }

    fn open_orders(&self, kind: OrderType, step: OrderStep) -> Result<Vec<OrderFacts>, ViewError> {
        let orders = self.query.orders(self.site, kind, step).map_err(failed)?;
        let open = orders.into_iter().filter(|summary| !summary.finished);
        let facts = open.map(|summary| self.order_facts(summary));
        facts.collect::<Result<_, _>>().map_err(failed)
    }

    fn finished(&self, id: OrderId, step: OrderStep) -> Result<Vec<EventHash>, ViewError> {
        self.query.finished(self.site, id, step).map_err(failed)
    }

    fn lot_expiry(&self, item: ItemId, lot: &str) -> Result<Option<NaiveDate>, ViewError> {
        self.query
            .expiry_of_lot(self.site, item, lot)
            .map_err(failed)
    }
}
