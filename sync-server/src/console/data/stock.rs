//! Stock by bin, item, lot and age: now, at an instant, and as a device knew it.
//!
//! Lists go from bin to bin or from item to item in the order of their codes and look each up. So a page costs what its
//! rows cost, at any instant and on any page; where a filter leaves few of many, a page may end before it is full and
//! goes on where it stopped.

use std::collections::{BTreeSet, HashMap, VecDeque};

use chrono::{Days, NaiveDate};
use domain::ledger::Subject;
use domain::site_day::site_day;
use domain::{
    BinId, CustomerId, DeviceId, ItemId, OrderStep, Quantity, SiteId, UnixMillis, ZoneId,
};
use replica::Query;
use replica::query::{
    AfterLot, CommittedLine, Knower, ListedBin, ListedItem, ListedLot, Meant, Piles,
    StockRow as Pile,
};
use serde::de::DeserializeOwned;

use super::ConsoleData;
use super::names::{Names, called, customer_named};
use crate::console::view::{
    AGE_BANDS, AsOf, Committed, GoodsRow, Named, PageOf, StockFilter, StockRow,
};
use crate::error::AppError;

/// Rows on a page.
const ROWS: usize = 50;
/// So many bins or items are looked at for one page.
const LOOKS: usize = 2_000;
/// So many where what a device knew is folded again for each.
const KNOWN_LOOKS: usize = 200;
/// So many are read at a time.
const CHUNK: u32 = 200;
const DAY_MS: i64 = 86_400_000;

/// Where a list goes on. A cursor that is none, or another list's, begins at the beginning.
fn cursor<T: DeserializeOwned>(after: &str) -> Option<T> {
    serde_json::from_str(after).ok()
}

fn to_cursor(parts: impl serde::Serialize) -> Option<String> {
    serde_json::to_string(&parts).ok()
}

/// When and by whom.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moment {
    at: Option<UnixMillis>,
    knower: Option<Knower>,
}

impl Moment {
    /// How many bins or items are looked at for one page.
    const fn looks(&self) -> usize {
        match self.knower {
            Some(_) => KNOWN_LOOKS,
            None => LOOKS,
        }
    }

    fn is_now(&self) -> bool {
        self.at.is_none() && self.knower.is_none()
    }

    fn piles_in(&self, q: &Query<'_>, site: SiteId, bin: BinId) -> Result<Vec<Pile>, AppError> {
        Ok(match self.knower {
            Some(who) if who.site == site => q.piles_known_to(who, Piles::In(bin))?,
            Some(_) => Vec::new(),
            None => q.piles_in(site, bin, self.at)?,
        })
    }

    fn piles_of(&self, q: &Query<'_>, item: ItemId) -> Result<Vec<Pile>, AppError> {
        Ok(match self.knower {
            Some(who) => q.piles_known_to(who, Piles::Of(item))?,
            None => q.piles_of_item(item, self.at)?,
        })
    }
}

impl Names<'_> {
    pub(super) fn pile(&self, pile: &Pile) -> Result<StockRow, AppError> {
        let (item, base_unit) = self.item(pile.key.item)?;
        Ok(StockRow {
            bin: self.bin(pile.key.bin)?,
            item,
            lot: pile.key.lot.clone(),
            quantity: pile.balance,
            frozen: None,
            base_unit,
            stale: self
                .stale(pile.site)?
                .covers(&Subject::Stock(pile.key.clone())),
        })
    }

    pub(super) fn piles(&self, piles: &[Pile]) -> Result<Vec<StockRow>, AppError> {
        piles.iter().map(|pile| self.pile(pile)).collect()
    }
}

/// Bins and zones, each looked up once for a page.
struct Places<'q> {
    query: &'q Query<'q>,
    frozen_zones: BTreeSet<ZoneId>,
    bins: HashMap<BinId, (Option<ZoneId>, Option<&'static str>)>,
    /// All frozen bins, once they were asked for.
    frozen: Option<HashMap<BinId, &'static str>>,
}

impl<'q> Places<'q> {
    fn new(query: &'q Query<'q>) -> Result<Self, AppError> {
        let mut frozen_zones = BTreeSet::new();
        for site in query.sites()? {
            let zones = query.zones(site.id)?.into_iter();
            let frozen = zones.filter(|z| matches!(z.purpose.as_str(), "defective" | "returns"));
            frozen_zones.extend(frozen.map(|zone| zone.id));
        }
        Ok(Self {
            query,
            frozen_zones,
            bins: HashMap::new(),
            frozen: None,
        })
    }

    /// All frozen bins, and why: an item may lie in all bins of a site, and they are not looked up one by one.
    fn all_frozen(&mut self) -> Result<&HashMap<BinId, &'static str>, AppError> {
        match &mut self.frozen {
            Some(known) => Ok(known),
            unknown => {
                let counted = self.query.bins_under_count()?.into_iter();
                let mut bins: HashMap<_, _> = counted.map(|bin| (bin, "count")).collect();
                for zone in &self.frozen_zones {
                    let of_zone = self.query.bins_of_zone(*zone)?.into_iter();
                    bins.extend(of_zone.map(|bin| (bin, "zone")));
                }
                Ok(unknown.insert(bins))
            }
        }
    }

    /// How much of the piles lies in frozen bins.
    fn frozen_of(&mut self, piles: &[Pile]) -> Result<Quantity, AppError> {
        let frozen = self.all_frozen()?;
        let in_frozen = piles
            .iter()
            .filter(|pile| frozen.contains_key(&pile.key.bin));
        Ok(in_frozen.fold(Quantity::ZERO, |sum, pile| sum.plus(pile.balance)))
    }

    /// The zone of a bin, and why what lies in it may not be used.
    fn bin(&mut self, bin: BinId) -> Result<(Option<ZoneId>, Option<&'static str>), AppError> {
        if let Some(known) = self.bins.get(&bin) {
            return Ok(*known);
        }
        let zone = self.query.listed_bin(bin)?.map(|listed| listed.zone);
        let frozen = if zone.is_some_and(|zone| self.frozen_zones.contains(&zone)) {
            Some("zone")
        } else if self.query.is_under_count(bin)? {
            Some("count")
        } else {
            None
        };
        self.bins.insert(bin, (zone, frozen));
        Ok((zone, frozen))
    }
}

/// What of an item, or of one lot at one site, is spoken for and on its way.
fn commitments(
    q: &Query<'_>,
    lines: &[CommittedLine],
    site: Option<SiteId>,
    lot: Option<&str>,
) -> Result<Committed, AppError> {
    let mut sums = Committed::default();
    for line in lines {
        if lot.is_some_and(|lot| lot != line.lot) {
            continue;
        }
        if site.is_none_or(|site| site == line.site) {
            sums.reserved = sums.reserved.plus(line.reserved());
        }
        let Some(to) = line.to_site.filter(|to| *to != line.site) else {
            continue;
        };
        if site.is_some_and(|site| site != to) || line.shipped <= Quantity::ZERO {
            continue;
        }
        let mut arrival = line.line;
        arrival.order = crate::hub::arrival_of(arrival.order);
        if !q.is_step_done(arrival.order, OrderStep::Receive)? {
            let come = q.line_done(to, arrival, OrderStep::Receive)?;
            let under_way = line.shipped.plus(come.negated()).max(Quantity::ZERO);
            sums.in_transit = sums.in_transit.plus(under_way);
        }
    }
    Ok(sums)
}

/// One list under way.
struct Listing<'q> {
    query: &'q Query<'q>,
    names: Names<'q>,
    places: Places<'q>,
    filter: &'q StockFilter,
    moment: Moment,
    site: Option<SiteId>,
    zone: Option<ZoneId>,
    owner: Option<CustomerId>,
    meant: Option<Meant>,
    /// The day and the instant that the list tells of.
    today: NaiveDate,
    now: UnixMillis,
    until: Option<NaiveDate>,
}

impl Listing<'_> {
    fn item_is_meant(&self, item: ItemId) -> bool {
        let meant = self.meant.as_ref();
        meant.is_none_or(|meant| meant.items.contains(&item))
    }

    fn lot_is_meant(&self, lot: Option<&str>) -> bool {
        let text = self.filter.q.trim();
        lot.is_some_and(|lot| !text.is_empty() && lot.eq_ignore_ascii_case(text))
    }

    fn by_bin(&mut self) -> Result<PageOf<StockRow>, AppError> {
        let after: Option<(String, BinId, ItemId, Option<String>)> = cursor(&self.filter.after);
        let mut last = after.as_ref().map(|(code, bin, ..)| (code.clone(), *bin));
        let mut chosen = self.chosen_bins()?;
        // The bin in which the page before ended may hold more.
        let mut next: VecDeque<ListedBin> = VecDeque::new();
        if let Some((_, bin, ..)) = &after {
            next.extend(self.query.listed_bin(*bin)?);
        }
        if let (Some(chosen), Some(last)) = (&mut chosen, &last) {
            chosen.retain(|bin| (&bin.code, bin.bin) > (&last.0, last.1));
        }
        let mut page = PageOf::default();
        for _ in 0..self.moment.looks() {
            if next.is_empty() {
                let after = last.as_ref().map(|(code, bin)| (code.as_str(), *bin));
                next = match &mut chosen {
                    Some(chosen) => std::mem::take(chosen),
                    None => self
                        .query
                        .listed_bins_after(self.site, self.zone, after, CHUNK)?
                        .into(),
                };
            }
            let Some(bin) = next.pop_front() else {
                return Ok(page);
            };
            last = Some((bin.code.clone(), bin.bin));
            let bin_is_meant = self
                .meant
                .as_ref()
                .is_some_and(|m| m.bins.contains(&bin.bin));
            for pile in self.moment.piles_in(self.query, bin.site, bin.bin)? {
                let key = &pile.key;
                let is_shown_before = after.as_ref().is_some_and(|(_, of, item, lot)| {
                    *of == bin.bin && (key.item, &key.lot) <= (*item, lot)
                });
                let is_meant = bin_is_meant
                    || self.item_is_meant(key.item)
                    || self.lot_is_meant(key.lot.as_deref());
                if is_shown_before || !is_meant || !self.item_fits(key.item)? {
                    continue;
                }
                let mut row = self.names.pile(&pile)?;
                if self.moment.is_now() {
                    row.frozen = self.places.bin(bin.bin)?.1;
                }
                page.rows.push(row);
                if page.rows.len() == ROWS {
                    page.next = to_cursor((&bin.code, bin.bin, key.item, &key.lot));
                    return Ok(page);
                }
            }
        }
        // Behind everything that may lie in the bin that was looked at last.
        let end = ItemId::from_bytes([0xff; 16]);
        page.next = last.and_then(|(code, bin)| to_cursor((code, bin, end, Some("\u{10ffff}"))));
        Ok(page)
    }

    /// The bins that a text may mean, or where what it may mean lies; `None` for all.
    fn chosen_bins(&self) -> Result<Option<VecDeque<ListedBin>>, AppError> {
        let Some(meant) = &self.meant else {
            return Ok(None);
        };
        let mut ids: BTreeSet<BinId> = meant.bins.iter().copied().collect();
        for item in meant.items.iter().chain(&meant.items_of_lot) {
            ids.extend(self.query.bins_with(*item)?);
        }
        let mut bins = Vec::with_capacity(ids.len());
        for id in ids {
            bins.extend(self.query.listed_bin(id)?.filter(|bin| {
                self.site.is_none_or(|site| site == bin.site)
                    && self.zone.is_none_or(|zone| zone == bin.zone)
            }));
        }
        bins.sort_unstable_by(|a, b| (&a.code, a.bin).cmp(&(&b.code, b.bin)));
        Ok(Some(bins.into()))
    }

    fn fits(&self, item: &ListedItem) -> bool {
        let class = &self.filter.class;
        (class.is_empty() || item.class == *class)
            && (self.owner.is_none() || item.owner == self.owner)
    }

    fn item_fits(&self, item: ItemId) -> Result<bool, AppError> {
        if self.filter.class.is_empty() && self.owner.is_none() {
            return Ok(true);
        }
        let listed = self.query.listed_item(item)?;
        Ok(listed.is_some_and(|listed| self.fits(&listed)))
    }

    /// Piles of an item that the filters leave.
    fn piles_of(&mut self, item: ItemId) -> Result<Vec<Pile>, AppError> {
        let mut piles = self.moment.piles_of(self.query, item)?;
        if let Some(site) = self.site {
            piles.retain(|pile| pile.site == site);
        }
        if let Some(zone) = self.zone {
            let mut kept = Vec::new();
            for pile in piles {
                if self.places.bin(pile.key.bin)?.0 == Some(zone) {
                    kept.push(pile);
                }
            }
            piles = kept;
        }
        Ok(piles)
    }

    /// Goes from item to item by SKU; what `rows_of` makes of each is shown.
    fn by_sku(
        &mut self,
        mut rows_of: impl FnMut(&mut Self, &ListedItem) -> Result<Vec<GoodsRow>, AppError>,
    ) -> Result<PageOf<GoodsRow>, AppError> {
        let mut last: Option<(String, ItemId)> = cursor(&self.filter.after);
        let mut chosen = self.chosen_items()?;
        if let (Some(chosen), Some(last)) = (&mut chosen, &last) {
            chosen.retain(|item| (&item.sku, item.item) > (&last.0, last.1));
        }
        let mut next: VecDeque<ListedItem> = VecDeque::new();
        let mut page = PageOf::default();
        for _ in 0..self.moment.looks() {
            if next.is_empty() {
                let after = last.as_ref().map(|(sku, item)| (sku.as_str(), *item));
                next = match &mut chosen {
                    Some(chosen) => std::mem::take(chosen),
                    None => self.items_after(after)?.into(),
                };
            }
            let Some(item) = next.pop_front() else {
                return Ok(page);
            };
            if self.fits(&item) {
                // A page ends with an item, so that its lots stay together.
                let rows = rows_of(self, &item)?;
                page.rows.extend(rows);
            }
            last = Some((item.sku, item.item));
            if page.rows.len() >= ROWS {
                break;
            }
        }
        page.next = last.and_then(to_cursor);
        Ok(page)
    }

    fn items_after(&self, after: Option<(&str, ItemId)>) -> Result<Vec<ListedItem>, AppError> {
        Ok(match self.owner {
            Some(owner) if !self.filter.low => {
                self.query.items_of_owner_after(owner, after, CHUNK)?
            }
            _ => {
                self.query
                    .listed_items_after(&self.filter.class, self.filter.low, after, CHUNK)?
            }
        })
    }

    fn chosen_items(&self) -> Result<Option<VecDeque<ListedItem>>, AppError> {
        let Some(meant) = &self.meant else {
            return Ok(None);
        };
        let ids: BTreeSet<ItemId> = meant
            .items
            .iter()
            .chain(&meant.items_of_lot)
            .copied()
            .collect();
        let low = if self.filter.low {
            Some(self.query.listed_items_after("", true, None, u32::MAX)?)
        } else {
            None
        };
        let mut items = Vec::with_capacity(ids.len());
        for id in ids {
            let listed = self.query.listed_item(id)?;
            items.extend(listed.filter(|item| low.as_ref().is_none_or(|low| low.contains(item))));
        }
        items.sort_unstable_by(|a, b| (&a.sku, a.item).cmp(&(&b.sku, b.item)));
        Ok(Some(items.into()))
    }

    fn goods_row(&mut self, item: &ListedItem, piles: &[Pile]) -> Result<GoodsRow, AppError> {
        let (name, base_unit) = self.names.item(item.item)?;
        let on_hand = sum(piles);
        let mut committed = None;
        if self.moment.is_now() && self.zone.is_none() {
            let lines = self.query.committed_lines(item.item)?;
            let mut sums = commitments(self.query, &lines, self.site, None)?;
            sums.frozen = self.places.frozen_of(piles)?;
            committed = Some(sums);
        }
        let bins: BTreeSet<BinId> = piles.iter().map(|pile| pile.key.bin).collect();
        let sites: BTreeSet<SiteId> = piles.iter().map(|pile| pile.site).collect();
        let mut stale = false;
        for site in sites {
            stale |= self.names.stale(site)?.touches_item(item.item);
        }
        Ok(GoodsRow {
            item: name,
            lot: None,
            site: None,
            expiry: None,
            days_left: None,
            on_hand,
            committed,
            bins: bins.len() as u64,
            least: item.least,
            is_low: false,
            last_in: None,
            bands: Vec::new(),
            base_unit,
            stale,
        })
    }

    fn by_item(&mut self) -> Result<PageOf<GoodsRow>, AppError> {
        let only_here = self.site.is_some() || self.zone.is_some() || !self.moment.is_now();
        self.by_sku(|list, item| {
            let piles = list.piles_of(item.item)?;
            if piles.is_empty() && only_here && !list.filter.low {
                return Ok(Vec::new());
            }
            let mut row = list.goods_row(item, &piles)?;
            if item.least > Quantity::ZERO && list.moment.is_now() {
                let all = sum(&list.query.piles_of_item(item.item, None)?);
                row.is_low = all < item.least;
            }
            Ok(vec![row])
        })
    }

    /// The lots of an item at each site, or with `all` also its goods without one.
    fn lots(&mut self, item: &ListedItem, all: bool) -> Result<Vec<GoodsRow>, AppError> {
        let mut piles = self.piles_of(item.item)?;
        piles.sort_by(|a, b| (&a.key.lot, a.site).cmp(&(&b.key.lot, b.site)));
        let mut rows = Vec::new();
        for of_lot in piles.chunk_by(|a, b| a.key.lot == b.key.lot && a.site == b.site) {
            let Some(first) = of_lot.first() else {
                continue;
            };
            let is_meant =
                self.item_is_meant(item.item) || self.lot_is_meant(first.key.lot.as_deref());
            if (first.key.lot.is_some() || all) && is_meant {
                rows.extend(self.lot_row(item, first.site, first.key.lot.clone(), of_lot)?);
            }
        }
        Ok(rows)
    }

    fn lot_row(
        &mut self,
        item: &ListedItem,
        site: SiteId,
        lot: Option<String>,
        piles: &[Pile],
    ) -> Result<Option<GoodsRow>, AppError> {
        let key = lot.as_deref().unwrap_or_default();
        let expiry = self.query.listed_expiry(site, item.item, key)?;
        let fits = match (self.until, expiry) {
            (None, _) => true,
            (Some(until), Some(expiry)) => expiry <= until,
            (Some(_), None) => false,
        };
        if !fits {
            return Ok(None);
        }
        let mut row = self.goods_row(item, piles)?;
        if let Some(committed) = &mut row.committed {
            let lines = self.query.committed_lines(item.item)?;
            let of_lot = commitments(self.query, &lines, Some(site), Some(key))?;
            committed.reserved = of_lot.reserved;
            committed.in_transit = of_lot.in_transit;
        }
        row.site = Some(self.names.site(site)?);
        row.expiry = expiry;
        row.days_left = expiry.map(|day| (day - self.today).num_days());
        if self.filter.view == "age" {
            self.add_age(&mut row, site, item.item, key)?;
        }
        row.lot = lot;
        Ok(Some(row))
    }

    /// First in, first out: what is there is what came in last. What no receipt explains is as old as can be.
    fn add_age(
        &self,
        row: &mut GoodsRow,
        site: SiteId,
        item: ItemId,
        lot: &str,
    ) -> Result<(), AppError> {
        let mut left = row.on_hand.max(Quantity::ZERO);
        let receipts = self.query.receipts_back(site, item, lot, left, self.now)?;
        row.last_in = receipts.first().map(|(at, _)| *at);
        row.bands = vec![Quantity::ZERO; AGE_BANDS.len() + 1];
        let put = |bands: &mut Vec<Quantity>, band: usize, quantity: Quantity| {
            if let Some(sum) = bands.get_mut(band) {
                *sum = sum.plus(quantity);
            }
        };
        for (at, quantity) in receipts {
            let days = (self.now - at).max(0) / DAY_MS;
            let band = AGE_BANDS.iter().position(|edge| days <= *edge);
            let part = quantity.min(left);
            put(&mut row.bands, band.unwrap_or(AGE_BANDS.len()), part);
            left = left.plus(part.negated());
        }
        put(&mut row.bands, AGE_BANDS.len(), left);
        Ok(())
    }

    /// Lots in an order of their own, which the replica keeps: of the present only.
    fn by_kept_order(
        &mut self,
        read: impl Fn(&Query<'_>, Option<&AfterLot>) -> Result<Vec<ListedLot>, AppError>,
        order: impl Fn(&ListedLot) -> i64,
    ) -> Result<PageOf<GoodsRow>, AppError> {
        let after: Option<(i64, ItemId, String, SiteId)> = cursor(&self.filter.after);
        let mut after = after.map(|(order, item, lot, site)| AfterLot {
            order,
            item,
            lot,
            site,
        });
        let mut page = PageOf::default();
        let mut looked = 0;
        while looked < LOOKS {
            let lots = read(self.query, after.as_ref())?;
            if lots.is_empty() {
                return Ok(page);
            }
            for lot in lots {
                looked += 1;
                after = Some(AfterLot {
                    order: order(&lot),
                    item: lot.item,
                    lot: lot.lot.clone(),
                    site: lot.site,
                });
                if self.site.is_some_and(|site| site != lot.site) || !self.item_fits(lot.item)? {
                    continue;
                }
                let Some(item) = self.query.listed_item(lot.item)? else {
                    continue;
                };
                let mut piles = self.piles_of(lot.item)?;
                piles.retain(|pile| {
                    pile.site == lot.site && pile.key.lot.as_deref().unwrap_or_default() == lot.lot
                });
                if piles.is_empty() {
                    continue;
                }
                let name = (!lot.lot.is_empty()).then_some(lot.lot);
                page.rows
                    .extend(self.lot_row(&item, lot.site, name, &piles)?);
                if page.rows.len() == ROWS {
                    page.next = after.and_then(|a| to_cursor((a.order, a.item, a.lot, a.site)));
                    return Ok(page);
                }
            }
        }
        page.next = after.and_then(|a| to_cursor((a.order, a.item, a.lot, a.site)));
        Ok(page)
    }

    fn by_lot(&mut self) -> Result<PageOf<GoodsRow>, AppError> {
        if let (Some(until), true, None) = (self.until, self.moment.is_now(), &self.meant) {
            return self.by_kept_order(
                |q, after| Ok(q.lots_expiring(until, after, CHUNK)?),
                |lot| {
                    lot.expiry
                        .map_or(0, |day| (day - NaiveDate::default()).num_days())
                },
            );
        }
        self.by_sku(|list, item| list.lots(item, false))
    }

    fn by_age(&mut self) -> Result<PageOf<GoodsRow>, AppError> {
        if self.moment.is_now() && self.meant.is_none() {
            return self.by_kept_order(
                |q, after| Ok(q.lots_by_age(after, CHUNK)?),
                |lot| lot.last_in.unwrap_or_default(),
            );
        }
        self.by_sku(|list, item| list.lots(item, true))
    }
}

fn sum(piles: &[Pile]) -> Quantity {
    piles
        .iter()
        .fold(Quantity::ZERO, |sum, pile| sum.plus(pile.balance))
}

/// What one list shows, with what stands above it.
#[derive(Debug, Clone, Default)]
pub struct StockPageData {
    /// Piles, of the list by bin.
    pub bins: PageOf<StockRow>,
    /// Rows of the other lists.
    pub goods: PageOf<GoodsRow>,
    /// How many items there is less of than their safety stock.
    pub low: u64,
    /// How many lots are past their day, and how many come to it within 30 days.
    pub expiry: (u64, u64),
    /// Item classes, for the filter.
    pub classes: Vec<String>,
    /// Customers whose goods are kept here, for the filter.
    pub owners: Vec<Named>,
    /// Sum of the site's stock at that instant, in base units; `None` where a device's knowledge is shown.
    pub total: Option<Quantity>,
}

impl StockPageData {
    /// Where the next page begins, if one follows.
    pub fn next(&self) -> Option<&str> {
        self.bins.next.as_deref().or(self.goods.next.as_deref())
    }
}

impl ConsoleData {
    /// The moment that a page tells of, for the questions of this type. Fills in the name of the device and when it was
    /// heard.
    ///
    /// # Errors
    /// Those of the replica and the hub.
    pub fn moment(&self, as_of: &mut AsOf, now: UnixMillis) -> Result<Moment, AppError> {
        let mut moment = Moment {
            at: as_of.at,
            knower: None,
        };
        let Ok(device) = as_of.device.id.parse::<DeviceId>() else {
            as_of.device = Default::default();
            return Ok(moment);
        };
        let at = as_of.at.unwrap_or(now);
        let heard = self.hub.reading(device, at).map_err(AppError::internal)?;
        let site = match heard {
            Some(reading) => Some(reading.site),
            None => {
                let known = self.hub.devices().map_err(AppError::internal)?;
                known
                    .iter()
                    .find(|row| row.device == device)
                    .map(|row| row.site)
            }
        };
        // Who does not see its site is told nothing of it, as of a device that never was.
        if site.is_some_and(|site| !self.scope.sees(site)) {
            as_of.device = Default::default();
            return Ok(moment);
        }
        as_of.device = self.ask(|q| self.names(q).device(device))?;
        as_of.heard = heard.map(|reading| reading.at);
        moment.knower = site.map(|site| Knower {
            device,
            site,
            number: heard.map_or(0, |reading| reading.number),
            at,
        });
        Ok(moment)
    }

    /// A page of a list of stock.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn stock(
        &self,
        filter: &StockFilter,
        moment: Moment,
        now: UnixMillis,
    ) -> Result<StockPageData, AppError> {
        let time_zone = self.zone()?;
        self.ask(|q| {
            let at = moment.at.unwrap_or(now);
            let today = site_day(at, time_zone.name()).unwrap_or_default();
            let this_day = site_day(now, time_zone.name()).unwrap_or_default();
            let text = filter.q.trim();
            let site: Option<SiteId> = filter.site.parse().ok();
            let mut list = Listing {
                query: q,
                names: self.names(q),
                places: Places::new(q)?,
                filter,
                moment,
                site,
                zone: filter.zone.parse().ok(),
                owner: filter.owner.parse().ok(),
                meant: match text {
                    "" => None,
                    text => Some(q.meant_by(text)?),
                },
                today,
                now: at,
                until: filter.expiring.map(|days| match days {
                    0 => today.pred_opt().unwrap_or(today),
                    days => today
                        .checked_add_days(Days::new(days.unsigned_abs()))
                        .unwrap_or(today),
                }),
            };
            let mut data = StockPageData::default();
            match filter.view {
                "item" => data.goods = list.by_item()?,
                "lot" => data.goods = list.by_lot()?,
                "age" => data.goods = list.by_age()?,
                _ => data.bins = list.by_bin()?,
            }
            data.low = q.low_item_count()?;
            let yesterday = this_day.pred_opt().unwrap_or(this_day);
            let month = this_day.checked_add_days(Days::new(30)).unwrap_or(this_day);
            data.expiry = (
                q.expiring_count(None, yesterday)?,
                q.expiring_count(Some(this_day), month)?,
            );
            data.classes = q.item_classes()?;
            data.owners = q.owners()?.iter().map(customer_named).collect();
            data.total = match (moment.knower, moment.at) {
                (Some(_), _) => None,
                (None, Some(at)) => Some(q.stock_sum_at(site, at)?),
                (None, None) => Some(q.stock_sums(site)?.0),
            };
            Ok(data)
        })
    }

    /// Handhelds that were ever enrolled, by name.
    ///
    /// # Errors
    /// Those of the hub.
    pub fn handhelds(&self) -> Result<Vec<Named>, AppError> {
        let known = self.hub.devices().map_err(AppError::internal)?;
        let named = known
            .iter()
            .filter(|row| self.scope.sees(row.site))
            .map(|row| called(row.device.to_string(), &row.name));
        Ok(named.collect())
    }

    /// The zones of a site with their names, for a filter; empty if no site is chosen and there are several.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn zones_of(&self, site: &str) -> Result<Vec<Named>, AppError> {
        self.ask(|q| {
            let sites = q.sites()?;
            let site = match (site.parse::<SiteId>(), sites.as_slice()) {
                (Ok(site), _) => site,
                (_, [only]) => only.id,
                _ => return Ok(Vec::new()),
            };
            let zones = q.zones(site)?.into_iter();
            Ok(zones.map(|zone| super::names::zone_named(&zone)).collect())
        })
    }

    /// Piles in a bin at that moment.
    pub(super) fn piles_in(
        &self,
        q: &Query<'_>,
        moment: Moment,
        site: SiteId,
        bin: BinId,
    ) -> Result<Vec<StockRow>, AppError> {
        let piles = moment.piles_in(q, site, bin)?;
        let mut rows = self.names(q).piles(&piles)?;
        if moment.is_now() {
            let frozen = Places::new(q)?.bin(bin)?.1;
            for row in &mut rows {
                row.frozen = frozen;
            }
        }
        Ok(rows)
    }

    /// Piles of an item at that moment, the largest first, and what of it is spoken for and on its way.
    pub(super) fn piles_of(
        &self,
        q: &Query<'_>,
        moment: Moment,
        item: ItemId,
    ) -> Result<(Vec<StockRow>, Option<Committed>), AppError> {
        let mut piles = moment.piles_of(q, item)?;
        piles.sort_by(|a, b| b.balance.cmp(&a.balance).then(a.key.cmp(&b.key)));
        let mut rows = self.names(q).piles(&piles)?;
        if !moment.is_now() {
            return Ok((rows, None));
        }
        let lines = q.committed_lines(item)?;
        let mut committed = commitments(q, &lines, None, None)?;
        let mut places = Places::new(q)?;
        for (row, pile) in rows.iter_mut().zip(&piles) {
            row.frozen = places.all_frozen()?.get(&pile.key.bin).copied();
            if row.frozen.is_some() {
                committed.frozen = committed.frozen.plus(pile.balance);
            }
        }
        Ok((rows, Some(committed)))
    }

    /// Items that a few letters of a name or code may mean, for suggestions.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn items_like(&self, text: &str) -> Result<Vec<Named>, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let mut found = Vec::new();
            for row in q.item_stock_list(text, 0, 200)? {
                found.push(names.item(row.item)?.0);
            }
            Ok(found)
        })
    }
}
