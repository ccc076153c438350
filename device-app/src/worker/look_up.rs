//! Search, and everything about one item, bin or unit.

use domain::ledger::{Stale, StockKey, Subject};
use domain::{BinId, ItemId, OrderId, Quantity, SiteId, UnitId};
use operations::{Match, Pile, Resolved, Scanned, resolve};
use replica::query::EventRow;
use replica::{Hit as Found, HitKind, ReplicaError};

use super::machine::Worker;
use super::rack::rack;
use super::stock_view::StockView;
use crate::view::{Detail, Fact, Hit, Language, LookUpView, Message, Outcome, StockRow};

const HITS_MAX: u32 = 30;
const HISTORY_MAX: u32 = 30;
/// Stock is certain for so long after the server was heard from.
const CERTAIN_MS: i64 = 5 * 60_000;

#[derive(Debug, Default)]
pub(crate) struct LookUpState {
    query: String,
    /// The query came from a scan, which the field must show.
    scanned: Option<String>,
    detail: Option<About>,
    /// Labels to print of it; 0 is one.
    copies: u32,
}

/// What the detail is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    Item(ItemId),
    Bin(BinId),
    Unit(UnitId),
    Carton(UnitId),
    /// A carton that a delivery announces.
    Arriving(UnitId),
    Order(OrderId),
}

impl About {
    fn to_id(&self) -> String {
        match self {
            Self::Item(id) => format!("item:{id}"),
            Self::Bin(id) => format!("bin:{id}"),
            Self::Unit(id) => format!("lot:{}", id.as_str()),
            Self::Carton(plate) => format!("carton:{}", plate.as_str()),
            Self::Arriving(plate) => format!("arriving:{}", plate.as_str()),
            Self::Order(id) => format!("order:{id}"),
        }
    }

    fn from_id(id: &str) -> Option<Self> {
        match id.split_once(':')? {
            ("item", id) => id.parse().ok().map(Self::Item),
            ("bin", id) => id.parse().ok().map(Self::Bin),
            ("lot", id) => Some(Self::Unit(UnitId::from(id.to_owned()))),
            ("carton", plate) => Some(Self::Carton(UnitId::from(plate.to_owned()))),
            ("arriving", plate) => Some(Self::Arriving(UnitId::from(plate.to_owned()))),
            ("order", id) => id.parse().ok().map(Self::Order),
            _ => None,
        }
    }

    fn of_hit(hit: &Found) -> Option<Self> {
        Some(match hit.kind {
            HitKind::Item => Self::Item(ItemId::from_slice(&hit.reference).ok()?),
            HitKind::Bin => Self::Bin(BinId::from_slice(&hit.reference).ok()?),
            HitKind::Unit => {
                let unit = hit.reference.get(16..)?;
                Self::Unit(UnitId::from(String::from_utf8(unit.to_vec()).ok()?))
            }
            HitKind::Order => Self::Order(OrderId::from_slice(&hit.reference).ok()?),
        })
    }

    /// As the screens call it; a unit is shown as a lot of its own.
    fn kind(&self) -> &'static str {
        match self {
            Self::Item(_) => "item",
            Self::Bin(_) => "bin",
            Self::Unit(_) => "lot",
            Self::Carton(_) | Self::Arriving(_) => "carton",
            Self::Order(_) => "order",
        }
    }
}

impl LookUpState {
    pub(crate) fn has_detail(&self) -> bool {
        self.detail.is_some()
    }

    pub(crate) fn close_detail(&mut self) {
        self.detail = None;
    }

    pub(crate) fn about(&self) -> Option<&About> {
        self.detail.as_ref()
    }

    /// How many labels are printed: one, until the person wants more.
    pub(crate) fn copies(&self) -> u32 {
        self.copies.max(1)
    }

    pub(crate) fn change_copies(&mut self, more: i32) {
        let copies = self.copies().saturating_add_signed(more);
        self.copies = copies.clamp(1, super::printing::COPIES_MAX);
    }

    /// Of a bin or a unit there is one, and it needs one label.
    pub(crate) fn asks_copies(&self) -> bool {
        matches!(self.detail, Some(About::Item(_)))
    }

    fn open_detail(&mut self, about: Option<About>) {
        self.copies = 1;
        self.detail = about;
    }
}

impl Worker {
    pub(crate) fn search(&mut self, text: String) -> Result<(), ReplicaError> {
        self.look_up.query = text;
        self.look_up.scanned = None;
        self.look_up.detail = None;
        Ok(())
    }

    pub(crate) fn open_hit(&mut self, id: &str) -> Result<(), ReplicaError> {
        let about = About::from_id(id);
        if let Some(About::Order(id)) = about {
            let order = self.replica.query().order(id)?;
            return match order {
                Some(order) => self.home_scan(&Scanned::plain(order.code)),
                None => Ok(()),
            };
        }
        self.look_up.open_detail(about);
        Ok(())
    }

    /// A code on the look-up screen opens what it names; several things are listed.
    pub(crate) fn look_up_scan(&mut self, scanned: &Scanned) -> Result<(), ReplicaError> {
        let Some(view) = self.stock_view() else {
            return Ok(());
        };
        let found = resolve(scanned, &view).map_err(|e| match e.0.downcast() {
            Ok(error) => *error,
            Err(_) => ReplicaError::BadRow("stock view"),
        })?;
        let shown = scanned.shown();
        let matches = match found {
            Resolved::Known(matches) => matches,
            Resolved::Faulty(code) => {
                let message = Message::new(code.code()).with(shown);
                self.tell(Outcome::Refused, message, &scanned.raw);
                return Ok(());
            }
            Resolved::Unknown => Vec::new(),
        };
        let about = matches.iter().find_map(|m| match m {
            Match::Unit(unit) => Some(About::Unit(unit.id.clone())),
            Match::Item { item, .. } => Some(About::Item(item.id)),
            Match::Bin(bin) => Some(About::Bin(bin.id)),
            Match::Carton(carton) => Some(About::Carton(carton.plate.clone())),
            _ => None,
        });
        if about.is_none() && matches.iter().any(|m| matches!(m, Match::Order { .. })) {
            return self.home_scan(scanned);
        }
        if about.is_none() && matches.iter().any(|m| matches!(m, Match::Operator { .. })) {
            return self.badge(&scanned.raw);
        }
        let plate = scanned.fields.sscc.as_deref().unwrap_or(&scanned.raw);
        let arriving = match matches.is_empty() {
            true => view.announced(&UnitId::plate(plate))?,
            false => None,
        };
        if let Some(arriving) = arriving {
            let plate = arriving.plate.printed().to_owned();
            self.look_up.query = scanned.raw.trim().to_owned();
            self.look_up.scanned = Some(self.look_up.query.clone());
            self.look_up
                .open_detail(Some(About::Arriving(arriving.plate)));
            let message = Message::new("carton-arrives")
                .with(plate)
                .with(arriving.code);
            self.tell(Outcome::Attention, message, &scanned.raw);
            return Ok(());
        }
        if about.is_none() {
            let message = Message::new("unknown-code").with(shown);
            self.tell(Outcome::Refused, message, &scanned.raw);
            return Ok(());
        }
        self.look_up.query = scanned.raw.trim().to_owned();
        self.look_up.scanned = Some(self.look_up.query.clone());
        let about = about.filter(|_| matches.len() == 1);
        self.look_up.open_detail(about);
        self.feedback = None;
        Ok(())
    }

    pub(crate) fn look_up_view(&self) -> Result<LookUpView, ReplicaError> {
        let (Some(view), Some(site)) = (self.stock_view(), self.site) else {
            return Ok(LookUpView::default());
        };
        let mut hits = Vec::new();
        for found in view.query.search(&self.look_up.query, HITS_MAX)? {
            if let Some(about) = About::of_hit(&found) {
                hits.extend(self.hit(&view, site, &about)?);
            }
        }
        let detail = match &self.look_up.detail {
            Some(about) => self.detail(&view, site, about)?,
            None => None,
        };
        Ok(LookUpView {
            scanned: self.look_up.scanned.clone(),
            hits,
            detail,
        })
    }

    pub(crate) fn names(&self) -> operations::Language {
        match self.settings.language() {
            Language::English => operations::Language::English,
            Language::Chinese => operations::Language::Chinese,
        }
    }

    fn hit(
        &self,
        view: &StockView<'_>,
        site: SiteId,
        about: &About,
    ) -> Result<Option<Hit>, ReplicaError> {
        let (title, subtitle, quantity) = match about {
            About::Item(id) => {
                let item = view.item_or_unnamed(*id)?;
                let total = view.total_of_item(*id)?;
                let quantity = match view.knows_stock {
                    true => format!("{total} {}", item.unit).trim_end().to_owned(),
                    false => String::new(),
                };
                (item.name(self.names()).to_owned(), item.sku, quantity)
            }
            About::Bin(id) => match view.query.bin(*id)?.filter(|b| b.site == site) {
                Some(bin) => (bin.code, String::new(), String::new()),
                None => return Ok(None),
            },
            About::Unit(id) => match view.query.unit(site, id)? {
                Some(row) => {
                    let item = view.item_or_unnamed(row.state.goods.item)?;
                    let bin = self.bin_code(row.state.bin)?;
                    let name = item.name(self.names());
                    let quantity = match view.hides(row.state.bin)? {
                        true => String::new(),
                        false => row.state.quantity.to_string(),
                    };
                    (id.printed().to_owned(), format!("{name} · {bin}"), quantity)
                }
                None => return Ok(None),
            },
            // Cartons are scanned, not searched for.
            About::Carton(_) | About::Arriving(_) => return Ok(None),
            About::Order(id) => match view.query.order(*id)?.filter(|o| o.site == site) {
                Some(order) => (order.code, order.party, order.lines.len().to_string()),
                None => return Ok(None),
            },
        };
        Ok(Some(Hit {
            kind: about.kind().to_owned(),
            id: about.to_id(),
            title,
            subtitle,
            quantity,
        }))
    }

    fn detail(
        &self,
        view: &StockView<'_>,
        site: SiteId,
        about: &About,
    ) -> Result<Option<Detail>, ReplicaError> {
        let fact = |label: &str, value: String, emphasis| Fact {
            label: label.to_owned(),
            value,
            emphasis,
        };
        let mut detail = Detail {
            kind: about.kind().to_owned(),
            counts_only: !view.knows_stock,
            ..Detail::default()
        };
        let stale = view.query.stale(site)?;
        let mut events: Vec<EventRow>;
        match about {
            About::Item(id) => {
                let item = view.item_or_unnamed(*id)?;
                let piles = view.piles_of_item(*id)?;
                let total = piles
                    .iter()
                    .fold(Quantity::ZERO, |sum, p| sum.plus(p.balance));
                let total = format!("{total} {}", item.unit).trim_end().to_owned();
                if view.knows_stock {
                    detail.facts.push(fact("on-hand", total, true));
                }
                detail.facts.push(fact("sku", item.sku.clone(), false));
                if let Some(known) = view.query.item(*id)? {
                    let codes: Vec<String> = known.barcodes.into_keys().collect();
                    if !codes.is_empty() {
                        detail.facts.push(fact("gtin", codes.join(", "), false));
                    }
                    let owner = known
                        .owner
                        .map(|owner| view.owner_name(owner))
                        .transpose()?;
                    detail
                        .facts
                        .extend(owner.map(|name| fact("owner", name, false)));
                }
                detail.title = item.name(self.names()).to_owned();
                detail.subtitle = item.sku;
                detail.stock = self.stock_rows(&piles, &stale, |p| p.bin.code.clone());
                detail.recalculating = stale.touches_item(*id);
                events = view.query.history_of_item(site, *id, HISTORY_MAX)?;
            }
            About::Bin(id) => {
                let piles = view.piles_of_bin(*id)?;
                detail.title = view.bin_or_unnamed(*id)?.code;
                if view.knows_stock {
                    detail.rack = rack(view, *id, &detail.title)?;
                    detail.facts = vec![match view.hides(*id)? {
                        true => fact("under-count", "–".to_owned(), false),
                        false => fact("lines", piles.len().to_string(), false),
                    }];
                }
                let names = self.names();
                detail.stock = self.stock_rows(&piles, &stale, |p| p.item.name(names).to_owned());
                detail.recalculating = stale.touches_bin(*id);
                events = view.query.history_of_bin(*id, HISTORY_MAX)?;
            }
            About::Carton(plate) => {
                let contents = view.query.carton(site, plate)?;
                detail.title = plate.printed().to_owned();
                let mut orders: Vec<OrderId> = Vec::new();
                let mut bins: Vec<BinId> = Vec::new();
                let mut found = Vec::new();
                for (key, quantity) in &contents {
                    let subject = Subject::Content(key.clone());
                    found.extend(view.query.history(site, &subject, HISTORY_MAX)?);
                    orders.extend(key.order.map(|line| line.order));
                    if *quantity == Quantity::ZERO {
                        continue;
                    }
                    bins.push(key.bin);
                    if view.hides(key.bin)? {
                        continue;
                    }
                    let item = view.item_or_unnamed(key.goods.item)?;
                    let parts = [
                        key.goods.lot.as_deref(),
                        key.goods.unit.as_ref().map(UnitId::printed),
                    ];
                    detail.stock.push(StockRow {
                        place: item.name(self.names()).to_owned(),
                        lot: parts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
                        quantity: format!("{quantity} {}", item.unit).trim_end().to_owned(),
                        as_of: String::new(),
                        recalculating: false,
                    });
                }
                orders.sort_unstable();
                orders.dedup();
                bins.sort_unstable();
                bins.dedup();
                for bin in bins {
                    if view.hides(bin)? {
                        detail
                            .facts
                            .push(fact("under-count", "–".to_owned(), false));
                    }
                    detail
                        .facts
                        .push(fact("bin", view.bin_or_unnamed(bin)?.code, true));
                }
                for order in orders {
                    let order = view.query.order(order)?;
                    detail
                        .facts
                        .extend(order.map(|o| fact("order", o.code, false)));
                }
                if detail.facts.iter().all(|fact| fact.label != "bin") {
                    detail.facts.push(fact("lines", "0".to_owned(), true));
                }
                found.sort_by_key(|row| std::cmp::Reverse(row.placed.place));
                found.dedup_by_key(|row| row.placed.place);
                found.truncate(HISTORY_MAX as usize);
                events = found;
            }
            About::Arriving(plate) => {
                let Some(arriving) = view.announced(plate)? else {
                    return Ok(None);
                };
                detail.title = plate.printed().to_owned();
                detail.facts = vec![fact("order", arriving.code, true)];
                for (_, item, goods, quantity) in arriving.contents {
                    detail.stock.push(StockRow {
                        place: item.name(self.names()).to_owned(),
                        lot: goods.lot.unwrap_or_default(),
                        quantity: format!("{quantity} {}", item.unit).trim_end().to_owned(),
                        as_of: String::new(),
                        recalculating: false,
                    });
                }
                events = Vec::new();
            }
            // It is opened as work.
            About::Order(_) => return Ok(None),
            About::Unit(id) => {
                let Some(row) = view.query.unit(site, id)? else {
                    return Ok(None);
                };
                let unit = view.unit_facts(row)?;
                detail.title = id.printed().to_owned();
                detail.subtitle = unit.item.name(self.names()).to_owned();
                detail.facts = vec![
                    fact("bin", unit.bin.code, true),
                    match view.hides(unit.bin.id)? {
                        true => fact("under-count", "–".to_owned(), false),
                        false => fact("quantity", unit.quantity.to_string(), true),
                    },
                ];
                let lot = unit.goods.lot.map(|lot| fact("lot", lot, false));
                detail.facts.extend(lot);
                let day = unit
                    .goods
                    .expiry
                    .map(|d| fact("expiry", d.to_string(), false));
                detail.facts.extend(day);
                detail.recalculating = stale.covers(&Subject::Unit(id.clone()));
                events = view
                    .query
                    .history(site, &Subject::Unit(id.clone()), HISTORY_MAX)?;
                if let Some(left) = view.left_by(id)? {
                    detail.facts.extend(left.facts);
                    events.extend(left.acts);
                    events.sort_by_key(|row| std::cmp::Reverse(row.placed.place));
                }
            }
        }
        detail.recalculating |= detail.stock.iter().any(|row| row.recalculating);
        for event in &events {
            detail.history.push(self.history_row(view, event)?);
        }
        Ok(Some(detail))
    }

    /// Up to when stock is known of other devices too; empty while that is certain.
    pub(crate) fn stock_as_of(&self) -> String {
        let now = self.now();
        match self.settings.last_contact {
            Some(at) if now - at > CERTAIN_MS => self.site_clock.show(at, now),
            _ => String::new(),
        }
    }

    fn stock_rows(
        &self,
        piles: &[Pile],
        stale: &Stale,
        place: impl Fn(&Pile) -> String,
    ) -> Vec<StockRow> {
        let as_of = self.stock_as_of();
        let row = |pile: &Pile| StockRow {
            place: place(pile),
            lot: pile.lot.clone().unwrap_or_default(),
            quantity: format!("{} {}", pile.balance, pile.item.unit)
                .trim_end()
                .to_owned(),
            as_of: as_of.clone(),
            recalculating: stale.covers(&Subject::Stock(StockKey {
                bin: pile.bin.id,
                item: pile.item.id,
                lot: pile.lot.clone(),
            })),
        };
        piles.iter().map(row).collect()
    }
}
