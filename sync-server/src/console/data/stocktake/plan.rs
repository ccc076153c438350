//! A stocktake is planned: what somebody typed, which bins that means, and the records that it becomes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use documents::{LineAsked, Order, Partition, RecordKind, Stocktake, StocktakeKind, Tolerance};
use domain::{
    Currency, OperatorId, OrderId, OrderType, Quantity, SiteId, StocktakeId, UnixMillis, ZoneId,
};
use replica::query::{BinFilter, BinToCount};
use replica::{Commit, Query, RecordEdit};

use super::super::ConsoleData;
use super::super::names::{Names, called, site_named};
use super::super::resolve::operator_edit;
use super::split::{Part, split};
use crate::console::view::{PlanChoices, PlanPart, PlanPreview};
use crate::error::AppError;
use crate::store::accounts::User;

/// No stocktake has more bins; who has more plans several.
const BINS_MAX: usize = 50_000;
/// So many bins one order has at most, if nobody says how many.
const PER_ORDER: usize = 100;
const PER_ORDER_MAX: usize = 500;
/// So many orders a preview names.
const PARTS_SHOWN: usize = 60;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A plan as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedPlan {
    /// Id of the site.
    pub site: String,
    /// What people call it.
    pub name: String,
    /// Code of the kind.
    pub kind: String,
    /// Whether the counters see the book.
    pub open: bool,
    /// Ids of zones; empty for all.
    pub zones: BTreeSet<String>,
    /// Classes of items; empty for all.
    pub classes: BTreeSet<String>,
    /// Codes of bins, in lines or with commas.
    pub bins: String,
    /// SKUs or barcodes of items, in lines or with commas.
    pub items: String,
    /// At most so many bins, those first that were not counted for longest.
    pub most: String,
    /// Only bins that were not counted for so many days.
    pub days: String,
    /// Ids of those who count.
    pub counters: BTreeSet<String>,
    /// Cut where zones end.
    pub by_zone: bool,
    /// Bins of one order at most.
    pub per_order: String,
    /// Day and minute at the site.
    pub due: String,
    /// By class: base units, percent, value.
    pub tolerances: BTreeMap<String, [String; 3]>,
    /// What a preview found; writing is refused if it differs.
    pub seen: String,
}

impl TypedPlan {
    /// From the fields of a form; those that it does not know are left out.
    pub fn from_fields(fields: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in fields {
            let value = value.trim().to_owned();
            match name.as_str() {
                "site" => typed.site = value,
                "name" => typed.name = value,
                "kind" => typed.kind = value,
                "view" => typed.open = value == "open",
                "zone" => {
                    typed.zones.insert(value);
                }
                "class" => {
                    typed.classes.insert(value);
                }
                "bins" => typed.bins = value,
                "items" => typed.items = value,
                "most" => typed.most = value,
                "days" => typed.days = value,
                "counter" => {
                    typed.counters.insert(value);
                }
                "split" => typed.by_zone = value == "zone",
                "per_order" => typed.per_order = value,
                "due" => typed.due = value,
                "seen" => typed.seen = value,
                other => {
                    let known = [("quantity:", 0), ("percent:", 1), ("value:", 2)];
                    for (prefix, index) in known {
                        if let Some(class) = other.strip_prefix(prefix) {
                            let row = typed.tolerances.entry(class.to_owned()).or_default();
                            if let Some(cell) = row.get_mut(index) {
                                cell.clone_from(&value);
                            }
                        }
                    }
                }
            }
        }
        typed
    }

    /// What was typed for a class: `quantity`, `percent` or `value`.
    pub fn tolerance(&self, class: &str, part: &str) -> &str {
        let index = ["quantity", "percent", "value"]
            .iter()
            .position(|p| *p == part);
        let row = self.tolerances.get(class);
        let cell = row.and_then(|row| row.get(index?));
        cell.map_or("", String::as_str)
    }

    /// Whether that is among the zones, classes or counters.
    pub fn names(&self, list: &str, value: &str) -> bool {
        let list = match list {
            "zone" => &self.zones,
            "class" => &self.classes,
            _ => &self.counters,
        };
        list.contains(value)
    }
}

/// What a person can put right about a plan: the key of the words, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanProblem {
    /// Key of the words.
    pub key: &'static str,
    /// What was typed.
    pub about: String,
}

fn problem(key: &'static str, about: impl Into<String>) -> PlanProblem {
    let about = about.into();
    PlanProblem { key, about }
}

/// A plan that can be carried out.
struct Plan {
    stocktake: Stocktake,
    parts: Vec<Part>,
    piles: u64,
    /// Bins that another open count has.
    elsewhere: usize,
}

impl Plan {
    /// Stands for the bins that were found.
    fn seen(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in &self.parts {
            hasher.update(&(part.bins.len() as u64).to_le_bytes());
            for bin in &part.bins {
                hasher.update(bin.bin.as_bytes());
            }
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    fn bins(&self) -> usize {
        self.parts.iter().map(|part| part.bins.len()).sum()
    }
}

fn listed(text: &str) -> Vec<String> {
    let parts = text.split(['\n', ',', '，', ';', '；', '\t']);
    let parts = parts.map(str::trim).filter(|p| !p.is_empty());
    parts.map(str::to_owned).collect()
}

/// A whole number from `1` to `most`; `None` for nothing.
fn number(text: &str, most: usize) -> Result<Option<usize>, PlanProblem> {
    match text {
        "" => Ok(None),
        text => match text.parse() {
            Ok(n) if (1..=most).contains(&n) => Ok(Some(n)),
            _ => Err(problem("stocktake.problem.number", text)),
        },
    }
}

fn due(text: &str, zone: Tz, now: UnixMillis) -> Result<UnixMillis, PlanProblem> {
    if text.is_empty() {
        return Ok(0);
    }
    let wrong = || problem("stocktake.problem.due", text);
    let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").map_err(|_| wrong())?;
    let at = zone.from_local_datetime(&at).earliest().ok_or_else(wrong)?;
    let at = at.timestamp_millis();
    if at <= now { Err(wrong()) } else { Ok(at) }
}

fn tolerances(
    typed: &TypedPlan,
    currency: Currency,
) -> Result<BTreeMap<String, Tolerance>, PlanProblem> {
    let mut read = BTreeMap::new();
    for (class, [quantity, percent, value]) in &typed.tolerances {
        let wrong = |text: &str| problem("stocktake.problem.tolerance", text);
        let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let parse = |text: String| match Quantity::parse(&text) {
            Ok(most) if most >= Quantity::ZERO => Ok(most),
            _ => Err(wrong(&text)),
        };
        let tolerance = Tolerance {
            quantity: said(quantity).map(parse).transpose()?,
            percent: said(percent)
                .map(|text| text.parse().map_err(|_| wrong(&text)))
                .transpose()?,
            value: said(value)
                .map(|text| currency.parse(&text).ok_or_else(|| wrong(&text)))
                .transpose()?,
        };
        if tolerance != Tolerance::default() {
            read.insert(class.clone(), tolerance);
        }
    }
    Ok(read)
}

/// The bins that were typed, with those where the typed items lie; `None` if nothing was typed.
fn named_bins(
    query: &Query<'_>,
    site: SiteId,
    typed: &TypedPlan,
) -> Result<Result<Option<BTreeSet<domain::BinId>>, PlanProblem>, AppError> {
    if typed.bins.is_empty() && typed.items.is_empty() {
        return Ok(Ok(None));
    }
    let mut bins = BTreeSet::new();
    for code in listed(&typed.bins) {
        match query.bins_by_code(site, &code)?.first() {
            Some(bin) => {
                bins.insert(bin.id);
            }
            None => return Ok(Err(problem("stocktake.problem.bin", code))),
        }
    }
    for code in listed(&typed.items) {
        match query.items_by_code(&code)?.first() {
            Some(found) => bins.extend(query.bins_with_item(site, found.item.id)?),
            None => return Ok(Err(problem("stocktake.problem.item", code))),
        }
    }
    Ok(Ok(Some(bins)))
}

/// Those that wait for longest first, those that were never counted before all others; then again in the order of the walk.
fn longest_uncounted(bins: Vec<BinToCount>, most: usize) -> Vec<BinToCount> {
    let mut ranked: Vec<(usize, BinToCount)> = bins.into_iter().enumerate().collect();
    ranked.sort_by_key(|(n, bin)| (bin.counted_at, *n));
    ranked.truncate(most);
    ranked.sort_by_key(|(n, _)| *n);
    ranked.into_iter().map(|(_, bin)| bin).collect()
}

/// A sample that nobody can foresee and that is the same between preview and writing: by hash of the bin and the day.
fn sample(bins: Vec<BinToCount>, most: usize, now: UnixMillis) -> Vec<BinToCount> {
    let day = (now / DAY_MS).to_le_bytes();
    let mut ranked: Vec<([u8; 32], usize, BinToCount)> = bins
        .into_iter()
        .enumerate()
        .map(|(n, bin)| {
            let text = [&day[..], bin.bin.as_bytes()].concat();
            let rank = blake3::derive_key("tallyman 2026 sample of bins", &text);
            (rank, n, bin)
        })
        .collect();
    ranked.sort_by_key(|(rank, ..)| *rank);
    ranked.truncate(most);
    ranked.sort_by_key(|(_, n, _)| *n);
    ranked.into_iter().map(|(.., bin)| bin).collect()
}

fn plan(
    query: &Query<'_>,
    typed: &TypedPlan,
    user: &User,
    now: UnixMillis,
) -> Result<Result<Plan, PlanProblem>, AppError> {
    let Some(site) = typed.site.parse::<SiteId>().ok() else {
        return Ok(Err(problem("stocktake.problem.site", "")));
    };
    let Some(site) = query.site(site)? else {
        return Ok(Err(problem("stocktake.problem.site", "")));
    };
    let zone: Tz = site.time_zone.parse().unwrap_or(Tz::UTC);
    let Some(kind) = StocktakeKind::from_code(&typed.kind) else {
        return Ok(Err(problem("stocktake.problem.kind", "")));
    };
    if typed.name.chars().count() > 64 {
        return Ok(Err(problem("stocktake.problem.name", "")));
    }
    let read = || -> Result<_, PlanProblem> {
        Ok((
            number(&typed.most, BINS_MAX)?,
            number(&typed.days, 3_650)?,
            number(&typed.per_order, PER_ORDER_MAX)?.unwrap_or(PER_ORDER),
            due(&typed.due, zone, now)?,
        ))
    };
    let (most, days, per_order, due) = match read() {
        Ok(read) => read,
        Err(problem) => return Ok(Err(problem)),
    };
    let tolerances = match tolerances(typed, query.main_currency()?) {
        Ok(tolerances) => tolerances,
        Err(problem) => return Ok(Err(problem)),
    };
    let zones: Vec<ZoneId> = typed.zones.iter().filter_map(|z| z.parse().ok()).collect();
    let classes: Vec<String> = typed.classes.iter().cloned().collect();
    let filter = BinFilter {
        zones: zones.clone(),
        classes: classes.clone(),
    };
    let mut bins = query.bins_to_count(site.id, &filter)?;
    match named_bins(query, site.id, typed)? {
        Err(problem) => return Ok(Err(problem)),
        Ok(Some(named)) => bins.retain(|bin| named.contains(&bin.bin)),
        Ok(None) => {}
    }
    if let Some(days) = days {
        let before = now - days as i64 * DAY_MS;
        bins.retain(|bin| bin.counted_at.is_none_or(|at| at < before));
    }
    if let Some(most) = most {
        bins = match kind {
            StocktakeKind::Spot => sample(bins, most, now),
            _ => longest_uncounted(bins, most),
        };
    }
    if bins.is_empty() {
        return Ok(Err(problem("stocktake.problem.no-bins", "")));
    }
    if bins.len() > BINS_MAX {
        return Ok(Err(problem(
            "stocktake.problem.too-many",
            bins.len().to_string(),
        )));
    }
    let mut counters = Vec::new();
    for id in typed.counters.iter().filter_map(|id| id.parse().ok()) {
        match query.operator(id)?.filter(|operator| operator.active) {
            Some(operator) => counters.push(operator.id),
            None => return Ok(Err(problem("stocktake.problem.person", ""))),
        }
    }
    let under_count = query.bins_under_open_count(site.id)?;
    let elsewhere = bins.iter().filter(|b| under_count.contains(&b.bin)).count();
    let stocktake = Stocktake {
        id: StocktakeId::from_bytes([0; 16]),
        site: site.id,
        code: free_code(query, site.id, zone, now)?,
        name: typed.name.clone(),
        kind,
        blind: !typed.open,
        due,
        classes,
        zones,
        tolerances,
        planned_at: now,
        planned_by: Some(user.operator),
        closed: None,
    };
    Ok(Ok(Plan {
        piles: bins.iter().map(|bin| bin.piles).sum(),
        parts: split(bins, &counters, typed.by_zone, per_order),
        stocktake,
        elsewhere,
    }))
}

/// `ST260921-1`: the day at the site, and the first number of the day that is free.
fn free_code(
    query: &Query<'_>,
    site: SiteId,
    zone: Tz,
    now: UnixMillis,
) -> Result<String, AppError> {
    let day = DateTime::from_timestamp_millis(now).unwrap_or_default();
    let day = day.with_timezone(&zone).format("ST%y%m%d");
    let mut n = 1;
    loop {
        let code = format!("{day}-{n}");
        if !query.stocktake_code_is_taken(site, &code)? {
            return Ok(code);
        }
        n += 1;
    }
}

pub(super) fn order_edit(order: &Order) -> RecordEdit {
    RecordEdit {
        partition: Partition::Site(order.site),
        kind: RecordKind::Order,
        id: order.id.into(),
        fields: order.to_fields(),
    }
}

/// A count order of a stocktake.
pub(super) fn count_order(
    stocktake: &Stocktake,
    id: OrderId,
    code: String,
    assigned: Option<OperatorId>,
    bins: impl IntoIterator<Item = domain::BinId>,
) -> Order {
    let line = |bin| LineAsked {
        bin: Some(bin),
        ..LineAsked::default()
    };
    Order {
        id,
        site: stocktake.site,
        kind: OrderType::Count,
        code,
        party: String::new(),
        note: stocktake.name.clone(),
        due: stocktake.due,
        cancelled: false,
        blind: stocktake.blind,
        assigned,
        counted_by: Vec::new(),
        to_site: None,
        stocktake: Some(stocktake.id),
        lines: (1..).zip(bins.into_iter().map(line)).collect(),
    }
}

impl ConsoleData {
    /// What a plan's form offers at a site; `site`: an id, or the first site.
    ///
    /// # Errors
    /// Those of the replica, as of all methods here.
    pub fn plan_choices(&self, site: &str) -> Result<PlanChoices, AppError> {
        self.ask(|q| {
            let sites = q.sites()?;
            let asked = sites.iter().find(|s| s.id.to_string() == site);
            let Some(here) = asked.or_else(|| sites.first()) else {
                return Ok(PlanChoices::default());
            };
            let zones = q.zones(here.id)?.into_iter();
            let people = q.operators()?.into_iter().filter(|o| o.active);
            Ok(PlanChoices {
                site: here.id.to_string(),
                zones: zones
                    .map(|zone| crate::console::view::Named {
                        id: zone.id.to_string(),
                        code: zone.code,
                        zh: zone.name_zh,
                        en: zone.name_en,
                    })
                    .collect(),
                classes: q.item_classes()?,
                counters: people.map(|o| called(o.id.to_string(), &o.name)).collect(),
                currency: q.main_currency()?.to_string(),
                sites: sites.iter().map(site_named).collect(),
            })
        })
    }

    /// Everybody who may scan, for who shall count again.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn counters(&self) -> Result<Vec<crate::console::view::Named>, AppError> {
        self.ask(|q| {
            let people = q.operators()?.into_iter().filter(|o| o.active);
            Ok(people.map(|o| called(o.id.to_string(), &o.name)).collect())
        })
    }

    /// What would come of a plan. What a person can put right is the inner error.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn preview_stocktake(
        &self,
        typed: &TypedPlan,
        user: &User,
        now: UnixMillis,
    ) -> Result<Result<PlanPreview, PlanProblem>, AppError> {
        self.ask(|q| {
            let plan = match plan(q, typed, user, now)? {
                Ok(plan) => plan,
                Err(problem) => return Ok(Err(problem)),
            };
            let names = self.names(q);
            let mut parts = Vec::new();
            for (n, part) in plan.parts.iter().enumerate().take(PARTS_SHOWN) {
                parts.push(PlanPart {
                    code: part_code(&plan.stocktake.code, n),
                    counter: part.counter.map(|c| names.operator(c)).transpose()?,
                    bins: part.bins.len(),
                    first: part
                        .bins
                        .first()
                        .map(|b| b.code.clone())
                        .unwrap_or_default(),
                    last: part.bins.last().map(|b| b.code.clone()).unwrap_or_default(),
                });
            }
            Ok(Ok(PlanPreview {
                code: plan.stocktake.code.clone(),
                bins: plan.bins(),
                piles: plan.piles,
                elsewhere: plan.elsewhere,
                orders: plan.parts.len(),
                parts,
                seen: plan.seen(),
            }))
        })
    }

    /// Writes the stocktake and its orders. `Ok(None)`: other bins are meant by now than the preview showed.
    ///
    /// # Errors
    /// Those of the replica. What a person can put right is the inner error.
    pub fn write_stocktake(
        &self,
        typed: &TypedPlan,
        user: &User,
        now: UnixMillis,
    ) -> Result<Result<Option<StocktakeId>, PlanProblem>, AppError> {
        if let Ok(site) = typed.site.parse::<SiteId>() {
            self.must_see(|q| q.site(site))?;
        }
        let mut replica = self.writer_at(now)?;
        let mut plan = {
            let query = replica.query();
            match plan(&query, typed, user, now)? {
                Ok(plan) => plan,
                Err(problem) => return Ok(Err(problem)),
            }
        };
        if plan.seen() != typed.seen {
            return Ok(Ok(None));
        }
        let id = StocktakeId::from_bytes(replica.new_id(now));
        plan.stocktake.id = id;
        let mut edits = vec![RecordEdit {
            partition: Partition::Site(plan.stocktake.site),
            kind: RecordKind::Order,
            id: id.into(),
            fields: plan.stocktake.to_fields(),
        }];
        for (n, part) in plan.parts.iter().enumerate() {
            let order = OrderId::from_bytes(replica.new_id(now));
            let bins = part.bins.iter().map(|bin| bin.bin);
            let code = part_code(&plan.stocktake.code, n);
            let order = count_order(&plan.stocktake, order, code, part.counter, bins);
            edits.push(order_edit(&order));
        }
        edits.extend(operator_edit(&replica.query(), user)?);
        let commit = Commit {
            edits,
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(Ok(Some(id)))
    }
}

fn part_code(code: &str, n: usize) -> String {
    format!("{code}-{:02}", n + 1)
}

/// Names of zones, looked up once.
pub(super) fn zone_names(
    names: &Names<'_>,
    site: SiteId,
) -> Result<HashMap<ZoneId, String>, AppError> {
    let zones = names.query.zones(site)?.into_iter();
    Ok(zones.map(|zone| (zone.id, zone.code)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(counted: &[Option<i64>]) -> Vec<BinToCount> {
        let bin = |(n, at): (u8, &Option<i64>)| BinToCount {
            bin: domain::BinId::from_bytes([n; 16]),
            zone: ZoneId::from_bytes([0; 16]),
            code: n.to_string(),
            sequence: 0,
            piles: 1,
            counted_at: *at,
        };
        (0..).zip(counted).map(bin).collect()
    }

    fn codes(bins: &[BinToCount]) -> Vec<&str> {
        bins.iter().map(|b| b.code.as_str()).collect()
    }

    #[test]
    fn what_was_not_counted_for_longest_comes_first_and_is_walked_in_order() {
        let all = bins(&[Some(9), None, Some(1), Some(5), None]);
        assert_eq!(codes(&longest_uncounted(all.clone(), 3)), ["1", "2", "4"]);
        assert_eq!(longest_uncounted(all.clone(), 99), all);
    }

    #[test]
    fn a_sample_is_the_same_all_day_and_another_the_next() {
        let all = bins(&[None; 60]);
        let first = sample(all.clone(), 10, 5 * DAY_MS);
        assert_eq!(first.len(), 10);
        assert_eq!(sample(all.clone(), 10, 5 * DAY_MS + 7), first);
        assert_ne!(sample(all, 10, 6 * DAY_MS), first);
    }

    #[test]
    fn what_is_typed_is_read_or_named() {
        let zone = chrono_tz::Asia::Shanghai;
        assert_eq!(due("", zone, 0), Ok(0));
        assert_eq!(due("1970-01-01T08:01", zone, 0), Ok(60_000));
        for wrong in ["1970-01-01T07:59", "tomorrow"] {
            assert!(due(wrong, zone, 0).is_err(), "{wrong}");
        }
        assert_eq!(number("", 9), Ok(None));
        assert_eq!(number("9", 9), Ok(Some(9)));
        for wrong in ["0", "10", "-1", "x"] {
            assert!(number(wrong, 9).is_err(), "{wrong}");
        }
        assert_eq!(listed(" A-1,B-2\n\nC 3；D"), ["A-1", "B-2", "C 3", "D"]);
    }
}
