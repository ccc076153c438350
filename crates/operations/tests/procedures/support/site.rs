//! Catalogue and stock of a small site. Stock is the fold of the events that the procedures made.

use chrono::NaiveDate;
use domain::ledger::{Ledger, MemoryLedger, UnitState};
use domain::{
    BinId, ChainId, ContentKey, DeviceId, Event, EventBody, EventHash, EventId, EventRecord, Goods,
    ItemId, OperatorId, OrderId, OrderLine, OrderStep, OrderType, ProgressKey, Quantity, SiteId,
    Timestamp, UnitId,
};
use operations::{
    ArrivingFacts, BinFacts, CartonFacts, ContentFacts, FaceFacts, Frozen, HandlingFacts,
    ItemFacts, OrderFacts, OrderLineFacts, Pile, ReceiptFacts, RoomFacts, RoomNeeded, Said,
    SiteView, Step, Undoable, UnitFacts, ViewError,
};

/// 2026-09-21 in Shanghai.
pub(crate) const TODAY: i64 = 1_790_000_000_000;

pub(crate) struct Site {
    ledger: MemoryLedger,
    events: Vec<Event>,
    items: Vec<ItemFacts>,
    orders: Vec<OrderFacts>,
    arriving: Vec<ArrivingFacts>,
    codes: Vec<(String, ItemId, Quantity)>,
    bins: Vec<BinFacts>,
    /// By item.
    handling: Vec<(ItemId, HandlingFacts)>,
    /// By bin: class and room in cubic centimetres.
    rooms: Vec<(BinId, &'static str, i64)>,
    faces: Vec<(BinId, ItemId, Quantity)>,
    apart: Vec<(BinId, Frozen)>,
    /// Of a device that holds no stock.
    pub(crate) without_stock: bool,
    pub(crate) custody: super::custody::Records,
}

impl Site {
    /// Items BOLT (box of 12), WIRE (by the metre), MILK (lot and expiry), DRILL (serial); bins, B-01, B-02 and DOCK.
    pub(crate) fn new() -> Self {
        let item = |n: u8, sku: &str, unit: &str, decimals, flags: [bool; 3]| ItemFacts {
            id: ItemId::from_bytes([n; 16]),
            sku: sku.into(),
            name_en: sku.into(),
            name_zh: String::new(),
            unit: unit.into(),
            decimals,
            tracks_lot: flags[0],
            tracks_serial: flags[1],
            tracks_expiry: flags[2],
        };
        let items = vec![
            item(1, "BOLT", "pcs", 0, [false; 3]),
            item(2, "WIRE", "m", 2, [false; 3]),
            item(3, "MILK", "l", 0, [true, false, true]),
            item(4, "DRILL", "pcs", 0, [false, true, false]),
            item(5, "TWIN", "pcs", 0, [false; 3]),
        ];
        let code = |code: &str, n: u8, pack: i64| {
            (
                code.to_owned(),
                ItemId::from_bytes([n; 16]),
                Quantity::from_units(pack).unwrap(),
            )
        };
        let codes = vec![
            code("BOLT", 1, 1),
            code("4006381333931", 1, 1),
            code("BOX12", 1, 12),
            code("WIRE", 2, 1),
            code("MILK", 3, 1),
            code("04012345678901", 3, 1),
            code("DRILL", 4, 1),
            code("00036000291452", 4, 1),
            code("TWIN", 5, 1),
            code("BOTH", 1, 1),
            code("BOTH", 5, 1),
        ];
        let bins = (1..)
            .zip(["A-01", "A-02", "A-03", "B-01", "B-02", "DOCK"])
            .map(|(n, code)| BinFacts {
                id: BinId::from_bytes([n; 16]),
                code: code.into(),
                sequence: 0,
            })
            .collect();
        Self {
            ledger: MemoryLedger::default(),
            events: Vec::new(),
            items,
            orders: Vec::new(),
            arriving: Vec::new(),
            codes,
            bins,
            handling: Vec::new(),
            rooms: Vec::new(),
            faces: Vec::new(),
            apart: Vec::new(),
            without_stock: false,
            custody: super::custody::Records::default(),
        }
    }

    /// Customers may leave things of this kind here.
    pub(crate) fn keep(&mut self, sku: &str, class: &str) {
        let id = ItemId::from_bytes([9; 16]);
        let like = self.items[0].clone();
        self.items.push(ItemFacts {
            id,
            sku: sku.into(),
            name_en: sku.into(),
            ..like
        });
        self.codes.push((sku.to_owned(), id, Quantity::ONE));
        self.handle(sku, class, 100_000);
    }

    pub(crate) fn item_called(&self, sku: &str) -> Option<ItemFacts> {
        self.items.iter().find(|item| item.sku == sku).cloned()
    }

    /// The last act of custody.
    pub(crate) fn last_act(&self) -> domain::custody::Custody {
        let mut acts = self
            .events
            .iter()
            .filter_map(|event| match &event.record.body {
                EventBody::Custody(act) => Some((**act).clone()),
                _ => None,
            });
        acts.next_back().unwrap()
    }

    /// Each piece of the item takes so many cubic centimetres, in bins of that class.
    pub(crate) fn handle(&mut self, sku: &str, class: &str, volume: i64) {
        let handling = HandlingFacts {
            class: class.into(),
            volume,
            weight: 0,
        };
        self.handling.push((self.item_named(sku).id, handling));
    }

    /// The bin is of that class and has so much room.
    pub(crate) fn furnish(&mut self, bin: &str, class: &'static str, volume: i64) {
        self.rooms.push((self.bin_named(bin).id, class, volume));
    }

    /// The bin is kept filled with the item: filled up when it has less than half of that.
    pub(crate) fn keep_filled(&mut self, bin: &str, sku: &str, most: i64) {
        let most = Quantity::from_units(most).unwrap();
        self.faces
            .push((self.bin_named(bin).id, self.item_named(sku).id, most));
    }

    /// Announces a delivery: `SKU[/lot] quantity` for each line.
    pub(crate) fn expect(&mut self, code: &str, lines: &[&str]) {
        self.order_of(OrderType::Inbound, code, lines);
    }

    /// Orders goods out, in the same words.
    pub(crate) fn sell(&mut self, code: &str, lines: &[&str]) {
        self.order_of(OrderType::Outbound, code, lines);
    }

    /// The delivery brings a carton: `LINE SKU[/lot] quantity` for each thing in it.
    pub(crate) fn announce_carton(&mut self, code: &str, plate: &str, contents: &[&str]) {
        let order = self.orders.iter().find(|order| order.code == code);
        let content = |content: &&str| {
            let mut words = content.split(' ');
            let mut word = || words.next().unwrap();
            let (line, name, quantity) = (word(), word(), word());
            let (sku, lot) = name.split_once('/').unwrap_or((name, ""));
            let item = self.item_named(sku);
            let goods = Goods {
                lot: (!lot.is_empty()).then(|| lot.to_owned()),
                ..Goods::of(item.id)
            };
            let quantity = Quantity::parse(quantity).unwrap();
            (line.parse().unwrap(), item, goods, quantity)
        };
        let arriving = ArrivingFacts {
            plate: UnitId::plate(plate),
            order: order.unwrap().id,
            code: code.to_owned(),
            contents: contents.iter().map(content).collect(),
        };
        self.arriving.push(arriving);
    }

    /// The order is called off.
    pub(crate) fn call_off(&mut self, code: &str) {
        let order = self.orders.iter_mut().find(|order| order.code == code);
        order.unwrap().cancelled = true;
    }

    fn order_of(&mut self, kind: OrderType, code: &str, lines: &[&str]) {
        let line = |(number, line): (u32, &&str)| {
            let (name, asked) = line.split_once(' ').unwrap();
            let (sku, lot) = name.split_once('/').unwrap_or((name, ""));
            OrderLineFacts {
                number,
                item: Some(self.item_named(sku)),
                lot: lot.into(),
                bin: None,
                asked: Quantity::parse(asked).unwrap(),
                done: Quantity::ZERO,
            }
        };
        let order = OrderFacts {
            id: OrderId::from_bytes([self.orders.len() as u8 + 1; 16]),
            kind,
            code: code.into(),
            party: "ACME".into(),
            note: String::new(),
            lines: (1..).zip(lines).map(line).collect(),
            not_ordered: Quantity::ZERO,
            finished: false,
            cancelled: false,
            blind: false,
            barred: false,
        };
        self.orders.push(order);
    }

    /// Orders bins to be counted.
    pub(crate) fn plan_count(&mut self, code: &str, blind: bool, bins: &[&str]) {
        self.order_of(OrderType::Count, code, &[]);
        let line = |(number, bin): (u32, &&str)| OrderLineFacts {
            number,
            item: None,
            lot: String::new(),
            bin: Some(self.bin_named(bin)),
            asked: Quantity::ONE,
            done: Quantity::ZERO,
        };
        let lines = (1..).zip(bins).map(line).collect();
        let order = self.orders.last_mut().unwrap();
        (order.lines, order.blind) = (lines, blind);
    }

    /// The bin is for goods that are not to be used.
    pub(crate) fn put_apart(&mut self, bin: &str, why: Frozen) {
        self.apart.push((self.bin_named(bin).id, why));
    }

    /// Somebody else has to do it.
    pub(crate) fn bar(&mut self, code: &str) {
        let order = self.orders.iter_mut().find(|order| order.code == code);
        order.unwrap().barred = true;
    }

    fn with_progress(&self, order: &OrderFacts, step: OrderStep) -> OrderFacts {
        let done = |line| {
            let line = OrderLine {
                order: order.id,
                line,
            };
            let key = ProgressKey { line, step };
            self.ledger
                .progress()
                .get(&key)
                .copied()
                .unwrap_or_default()
        };
        let mut order = order.clone();
        for line in &mut order.lines {
            line.done = done(line.number);
        }
        order.not_ordered = done(0);
        order.finished = !self.finished(order.id, step).unwrap().is_empty();
        order
    }

    /// With stock: `SKU[/lot[@expiry]][#unit] bin quantity`.
    pub(crate) fn with(stock: &[&str]) -> Self {
        let mut site = Self::new();
        for line in stock {
            let mut parts = line.split_whitespace();
            let mut name = parts.next().unwrap();
            let bin = site.bin_named(parts.next().unwrap()).id;
            let quantity = Quantity::parse(parts.next().unwrap()).unwrap();
            let (mut lot, mut expiry, mut unit) = (None, None, None);
            if let Some((rest, u)) = name.split_once('#') {
                (name, unit) = (rest, Some(u));
            }
            if let Some((rest, day)) = name.split_once('@') {
                (name, expiry) = (rest, Some(day.parse::<NaiveDate>().unwrap()));
            }
            if let Some((rest, l)) = name.split_once('/') {
                (name, lot) = (rest, Some(l.to_owned()));
            }
            let item = site.item_named(name);
            let unit = unit.map(|u| match item.tracks_serial {
                true => UnitId::serial(item.id, u),
                false => UnitId::plate(u),
            });
            let goods = Goods {
                item: item.id,
                lot,
                expiry,
                unit,
            };
            site.write(
                EventBody::Received {
                    bin,
                    goods,
                    quantity,
                }
                .into(),
            );
        }
        site
    }

    pub(crate) fn apply(&mut self, step: &Step) {
        for write in &step.custody {
            self.custody.apply(write);
        }
        for event in &step.events {
            self.write(event.clone());
        }
        for link in &step.links {
            self.codes.push((link.code.clone(), link.item, link.pack));
        }
    }

    pub(crate) fn write(&mut self, said: Said) {
        let number = self.events.len() as u64 + 1;
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_le_bytes());
        let event = Event {
            id: EventId {
                chain: ChainId::from_bytes([7; 16]),
                number,
            },
            hash: EventHash(hash),
            site: SiteId::from_bytes([8; 16]),
            device: DeviceId::from_bytes([9; 16]),
            record: EventRecord {
                clock: Timestamp {
                    millis: TODAY,
                    counter: 0,
                },
                operator: OperatorId::from_bytes([6; 16]),
                body: said.body,
                carries_out: None,
                evidence: Vec::new(),
                origin: None,
                order: said.order,
                reason: said.reason,
                carton: said.carton,
                approved_by: None,
            },
            accepted_at: None,
            quarantined: false,
        };
        let Ok(mut ledger) = Ledger::new(&mut self.ledger);
        let Ok(_) = ledger.add(event.clone());
        let Ok(_) = ledger.finish();
        self.events.push(event);
    }

    pub(crate) fn last_undoable(&self) -> Option<Undoable> {
        let reversed = |hash: EventHash| {
            self.events
                .iter()
                .any(|e| matches!(e.record.body, EventBody::Reversed { target } if target == hash))
        };
        let last =
            self.events.iter().rev().find(|e| {
                !matches!(e.record.body, EventBody::Reversed { .. }) && !reversed(e.hash)
            })?;
        Some(super::undoable(
            &last.record.body,
            last.hash,
            self.words(&last.record.body),
        ))
    }

    pub(crate) fn balance(&self, sku: &str, bin: &str) -> String {
        let (item, bin) = (self.item_named(sku).id, self.bin_named(bin).id);
        let of = self
            .ledger
            .balances()
            .iter()
            .filter(|(k, _)| k.item == item && k.bin == bin);
        of.fold(Quantity::ZERO, |sum, (_, q)| sum.plus(*q))
            .to_string()
    }

    pub(crate) fn item_named(&self, sku: &str) -> ItemFacts {
        self.items
            .iter()
            .find(|i| i.sku == sku)
            .unwrap_or_else(|| panic!("{sku}"))
            .clone()
    }

    pub(crate) fn bin_named(&self, code: &str) -> BinFacts {
        self.bins
            .iter()
            .find(|b| b.code == code)
            .unwrap_or_else(|| panic!("{code}"))
            .clone()
    }

    pub(crate) fn sku(&self, id: ItemId) -> String {
        self.items
            .iter()
            .find(|i| i.id == id)
            .map(|i| i.sku.clone())
            .unwrap_or_default()
    }

    fn bin_code(&self, id: BinId) -> String {
        self.bins
            .iter()
            .find(|b| b.id == id)
            .map(|b| b.code.clone())
            .unwrap_or_default()
    }

    fn goods_words(&self, goods: &Goods) -> String {
        let mut words = self.sku(goods.item);
        words.extend(goods.lot.iter().map(|lot| format!("/{lot}")));
        words.extend(goods.expiry.iter().map(|day| format!("@{day}")));
        words.extend(goods.unit.iter().map(|unit| format!("#{}", unit.printed())));
        words
    }

    /// An event in short, with the line of the order that it serves and its reason.
    pub(crate) fn said(&self, said: &Said) -> String {
        let mut words = self.words(&said.body);
        if let Some(line) = said.order {
            let order = self.orders.iter().find(|o| o.id == line.order);
            let code = order.map_or("deposit", |order| order.code.as_str());
            words.push_str(&format!(" for {code}:{}", line.line));
        }
        words.extend(said.reason.iter().map(|reason| format!(" ({reason})")));
        words.extend(said.carton.iter().map(|c| format!(" in {}", c.printed())));
        words
    }

    /// An event in short.
    pub(crate) fn words(&self, event: &EventBody) -> String {
        let bins: Vec<String> = event.bins().into_iter().map(|b| self.bin_code(b)).collect();
        let mut words = vec![event.kind().to_owned(), bins.join(">")];
        words.extend(event.goods().map(|g| self.goods_words(g)));
        match event {
            EventBody::Counted { lines, .. } => words.extend(lines.iter().map(|l| {
                let goods = Goods {
                    lot: l.lot.clone(),
                    ..Goods::of(l.item)
                };
                format!("{}={}", self.goods_words(&goods), l.counted)
            })),
            EventBody::SetAside { code, .. } => words.push(code.clone()),
            EventBody::Inspected(i) => {
                words.push(format!("{} of {}", i.verdict.code(), i.sample));
                words.extend(i.answers.iter().map(|(q, a)| format!("{q}={a}")));
            }
            EventBody::HandedOver { open, note, .. } => {
                words.push(format!("[{}]", open.join(", ")));
                words.push(note.clone());
            }
            EventBody::Adjusted { reason, .. } => words.push(format!("({reason})")),
            EventBody::OrderFinished(finished) => {
                let lines = finished.lines.iter();
                words.extend(
                    lines.map(|l| format!("{}={}/{}{}", l.line, l.done, l.asked, l.reason)),
                );
                words.extend((!finished.after.is_empty()).then(|| "again".to_owned()));
            }
            _ => {}
        }
        words.extend(event.quantity().map(|q| q.to_string()));
        words.retain(|w| !w.is_empty());
        words.join(" ")
    }

    fn unit_facts(&self, id: &UnitId, state: &UnitState) -> UnitFacts {
        let item = self
            .items
            .iter()
            .find(|i| i.id == state.goods.item)
            .unwrap()
            .clone();
        UnitFacts {
            id: id.clone(),
            status: state.status,
            bin: BinFacts {
                id: state.bin,
                code: self.bin_code(state.bin),
                sequence: 0,
            },
            item,
            goods: state.goods.clone(),
            quantity: state.quantity,
            since: "09:30".into(),
            by: "Wang".into(),
        }
    }

    fn piles(&self, keep: impl Fn(&Pile) -> bool) -> Vec<Pile> {
        let pile = |(key, balance): (&domain::ledger::StockKey, &Quantity)| Pile {
            bin: BinFacts {
                id: key.bin,
                code: self.bin_code(key.bin),
                sequence: 0,
            },
            item: self
                .items
                .iter()
                .find(|i| i.id == key.item)
                .unwrap()
                .clone(),
            lot: key.lot.clone(),
            expiry: key.lot.as_ref().and_then(|lot| self.expiry(key.item, lot)),
            balance: *balance,
        };
        self.ledger
            .balances()
            .iter()
            .map(pile)
            .filter(keep)
            .collect()
    }

    fn expiry(&self, item: ItemId, lot: &str) -> Option<NaiveDate> {
        self.events.iter().find_map(|e| {
            let goods = e.record.body.goods()?;
            goods
                .expiry
                .filter(|_| goods.item == item && goods.lot.as_deref() == Some(lot))
        })
    }
}

impl Site {
    fn content(&self, key: &ContentKey, quantity: Quantity) -> ContentFacts {
        ContentFacts {
            bin: self.bin(key.bin).unwrap().unwrap(),
            item: self.item(key.goods.item).unwrap().unwrap(),
            goods: key.goods.clone(),
            quantity,
            order: key.order,
        }
    }
}

impl SiteView for Site {
    fn carton(&self, plate: &UnitId) -> Result<Option<CartonFacts>, ViewError> {
        let known = self
            .events
            .iter()
            .any(|e| e.record.carton.as_ref() == Some(plate));
        let of = self.ledger.contents().iter();
        let of = of.filter(|(key, _)| key.carton == *plate);
        Ok(known.then(|| CartonFacts {
            plate: plate.clone(),
            contents: of.map(|(key, q)| self.content(key, *q)).collect(),
        }))
    }

    fn arriving(&self, plate: &UnitId) -> Result<Option<ArrivingFacts>, ViewError> {
        let found = self
            .arriving
            .iter()
            .find(|arriving| arriving.plate == *plate);
        let open = |facts: &&ArrivingFacts| {
            let finished = self.finished(facts.order, OrderStep::Receive);
            finished.unwrap().is_empty()
        };
        Ok(found.filter(open).cloned())
    }

    fn cartons_of(&self, order: OrderId) -> Result<Vec<CartonFacts>, ViewError> {
        let mut plates: Vec<&UnitId> = self
            .ledger
            .contents()
            .keys()
            .filter(|key| key.order.is_some_and(|line| line.order == order))
            .map(|key| &key.carton)
            .collect();
        plates.dedup();
        let cartons = plates.into_iter().map(|plate| self.carton(plate));
        Ok(cartons.filter_map(|carton| carton.unwrap()).collect())
    }

    fn items_with_code(&self, code: &str) -> Result<Vec<(ItemFacts, Quantity)>, ViewError> {
        let of = self.codes.iter().filter(|(c, ..)| c == code);
        let found = of.filter_map(|(_, id, pack)| {
            Some((self.items.iter().find(|i| i.id == *id)?.clone(), *pack))
        });
        Ok(found.collect())
    }

    fn handling(&self, id: ItemId) -> Result<HandlingFacts, ViewError> {
        let known = self.handling.iter().find(|(item, _)| *item == id);
        Ok(known
            .map(|(_, handling)| handling.clone())
            .unwrap_or_default())
    }

    fn room(&self, id: BinId) -> Result<Option<RoomFacts>, ViewError> {
        let Some(bin) = self.bins.iter().find(|bin| bin.id == id) else {
            return Ok(None);
        };
        let furnished = self.rooms.iter().find(|(bin, ..)| *bin == id);
        let used = |pile: &Pile| {
            let each = self.handling(pile.item.id).unwrap().volume;
            each * pile.balance.thousandths() / 1_000
        };
        let used: i64 = self.stock_of_bin(id)?.iter().map(used).sum();
        Ok(Some(RoomFacts {
            bin: bin.clone(),
            stores: bin.code != "DOCK",
            class: furnished.map_or("", |(_, class, _)| class).into(),
            volume_left: furnished.map(|(.., volume)| volume - used),
            weight_left: None,
        }))
    }

    fn pick_faces(&self, item: ItemId) -> Result<Vec<(RoomFacts, Quantity)>, ViewError> {
        let of_item = self.faces.iter().filter(|(_, face, _)| *face == item);
        Ok(of_item
            .map(|(bin, _, most)| (self.room(*bin).unwrap().unwrap(), *most))
            .collect())
    }

    fn pick_face(&self, bin: BinId) -> Result<Option<FaceFacts>, ViewError> {
        let face = self.faces.iter().find(|(face, ..)| *face == bin);
        Ok(face.map(|(_, item, most)| {
            let item = self.item(*item).unwrap().unwrap();
            let piles = self.piles(|p| p.bin.id == bin && p.item.id == item.id);
            let has = piles
                .iter()
                .fold(Quantity::ZERO, |sum, p| sum.plus(p.balance));
            FaceFacts {
                bin: self.bin(bin).unwrap().unwrap(),
                item,
                has,
                least: Quantity::from_thousandths(most.thousandths() / 2),
                most: *most,
            }
        }))
    }

    fn faces_to_fill(&self) -> Result<Vec<FaceFacts>, ViewError> {
        let faces = self.faces.iter();
        let faces = faces.filter_map(|(bin, ..)| self.pick_face(*bin).unwrap());
        Ok(faces.filter(|face| face.has < face.least).collect())
    }

    fn receipts_to_inspect(&self) -> Result<Vec<ReceiptFacts>, ViewError> {
        let inspected = |hash: EventHash| {
            let of = |e: &Event| matches!(&e.record.body, EventBody::Inspected(i) if i.of == hash);
            self.events.iter().any(of)
        };
        let receipt = |event: &Event| match &event.record.body {
            EventBody::Received {
                bin,
                goods,
                quantity,
            } => Some(ReceiptFacts {
                event: event.hash,
                item: self.item(goods.item).unwrap().unwrap(),
                goods: goods.clone(),
                bin: self.bin(*bin).unwrap().unwrap(),
                quantity: *quantity,
                time: "09:30".into(),
            }),
            _ => None,
        };
        let open = self.events.iter().rev().filter(|e| !inspected(e.hash));
        Ok(open.filter_map(receipt).collect())
    }

    fn operators(&self) -> Result<Vec<(String, String)>, ViewError> {
        let id = |n| OperatorId::from_bytes([n; 16]).to_string();
        Ok(vec![(id(1), "Li".into()), (id(2), "Wang".into())])
    }

    fn knows_stock(&self) -> bool {
        !self.without_stock
    }

    fn is_hidden(&self, bin: BinId) -> Result<bool, ViewError> {
        if self.without_stock {
            return Ok(true);
        }
        Ok(self.orders.iter().any(|order| {
            let asks = |l: &OrderLineFacts| l.bin.as_ref().is_some_and(|b| b.id == bin);
            order.blind && order.lines.iter().any(asks)
        }))
    }

    fn frozen(&self, bin: BinId) -> Result<Option<Frozen>, ViewError> {
        if let Some((_, why)) = self.apart.iter().find(|(apart, _)| *apart == bin) {
            return Ok(Some(why.clone()));
        }
        let mut counts = self.orders.iter().filter(|order| {
            let asks = |l: &OrderLineFacts| l.bin.as_ref().is_some_and(|b| b.id == bin);
            order.kind == OrderType::Count && order.lines.iter().any(asks)
        });
        Ok(counts
            .next()
            .map(|order| Frozen::ByCount(order.code.clone())))
    }

    fn empty_bins_near(
        &self,
        near: &BinFacts,
        needed: &RoomNeeded,
    ) -> Result<Vec<RoomFacts>, ViewError> {
        let at = |id| self.bins.iter().position(|bin| bin.id == id).unwrap_or(0);
        let mut empty: Vec<&BinFacts> = self
            .bins
            .iter()
            .filter(|bin| self.stock_of_bin(bin.id).unwrap().is_empty())
            .collect();
        empty.sort_by_key(|bin| at(bin.id).abs_diff(at(near.id)));
        Ok(empty
            .into_iter()
            .map(|bin| self.room(bin.id).unwrap().unwrap())
            .filter(|room| room.volume_left.is_none_or(|left| left >= needed.volume))
            .collect())
    }

    fn orders_with_code(&self, code: &str) -> Result<Vec<(OrderId, OrderType)>, ViewError> {
        let with = self.orders.iter().filter(|o| o.code == code);
        Ok(with.map(|o| (o.id, o.kind)).collect())
    }

    fn order(&self, id: OrderId, step: OrderStep) -> Result<Option<OrderFacts>, ViewError> {
        let order = self.orders.iter().find(|o| o.id == id);
        Ok(order.map(|o| self.with_progress(o, step)))
    }

    fn open_orders(&self, kind: OrderType, step: OrderStep) -> Result<Vec<OrderFacts>, ViewError> {
        let of_kind = self.orders.iter().filter(|o| o.kind == kind);
        let orders = of_kind.map(|o| self.with_progress(o, step));
        Ok(orders.filter(|o| !o.finished).collect())
    }

    fn finished(&self, id: OrderId, step: OrderStep) -> Result<Vec<EventHash>, ViewError> {
        let finished = self.events.iter().filter(|e| {
            matches!(&e.record.body, EventBody::OrderFinished(f) if f.order == id && f.step == step)
        });
        Ok(finished.map(|e| e.hash).collect())
    }

    fn item(&self, id: ItemId) -> Result<Option<ItemFacts>, ViewError> {
        Ok(self.items.iter().find(|i| i.id == id).cloned())
    }

    fn bin_with_code(&self, code: &str) -> Result<Option<BinFacts>, ViewError> {
        Ok(self.bins.iter().find(|b| b.code == code).cloned())
    }

    fn bin(&self, id: BinId) -> Result<Option<BinFacts>, ViewError> {
        Ok(self.bins.iter().find(|b| b.id == id).cloned())
    }

    fn operator_with_badge(&self, code: &str) -> Result<Option<(String, String)>, ViewError> {
        let id = |n| OperatorId::from_bytes([n; 16]).to_string();
        Ok(match code {
            "BADGE-1" => Some((id(1), "Li".into())),
            "BADGE-2" => Some((id(2), "Wang".into())),
            _ => None,
        })
    }

    fn unit(&self, id: &UnitId) -> Result<Option<UnitFacts>, ViewError> {
        Ok(self
            .ledger
            .units()
            .get(id)
            .map(|state| self.unit_facts(id, state)))
    }

    fn units_named(&self, printed: &str) -> Result<Vec<UnitFacts>, ViewError> {
        let of = self
            .ledger
            .units()
            .iter()
            .filter(|(id, _)| id.printed() == printed);
        Ok(of.map(|(id, state)| self.unit_facts(id, state)).collect())
    }

    fn units_in_bin(&self, bin: BinId) -> Result<Vec<UnitFacts>, ViewError> {
        let stored = |s: &UnitState| s.bin == bin && s.status == domain::ledger::UnitStatus::Stored;
        let of = self
            .ledger
            .units()
            .iter()
            .filter(|(_, state)| stored(state));
        Ok(of.map(|(id, state)| self.unit_facts(id, state)).collect())
    }

    fn stock_of_bin(&self, bin: BinId) -> Result<Vec<Pile>, ViewError> {
        let hidden = self.is_hidden(bin)?;
        Ok(self.piles(|p| p.bin.id == bin && !hidden))
    }

    fn stock_of_item(&self, item: ItemId) -> Result<Vec<Pile>, ViewError> {
        Ok(self.piles(|p| p.item.id == item && !self.is_hidden(p.bin.id).unwrap()))
    }

    fn lot_expiry(&self, item: ItemId, lot: &str) -> Result<Option<NaiveDate>, ViewError> {
        Ok(self.expiry(item, lot))
    }
}
