//! Orders of an import: deliveries, goods to be shipped or sent to another site, bins to be counted.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use documents::{LineAsked, Order, Partition, RecordKind};
use domain::{IdSource, OperatorId, OrderId, OrderType, Quantity, SiteId, UnixMillis};
use replica::{Query, RecordEdit};

use super::load::Plan;
use crate::console::import::{Column, CountIn, OfOrder, OrderIn, Problem};
use crate::error::AppError;

/// An order whose number is known is left out, and one with goods or for a site that nobody knows.
pub(super) fn plan_orders(
    query: &Query<'_>,
    ids: &mut IdSource,
    kind: OrderType,
    rows: &[OrderIn],
    (site, now): (SiteId, UnixMillis),
) -> Result<Plan, AppError> {
    let mut plan = Plan::default();
    for (code, rows) in new_orders(query, rows, site, &mut plan)? {
        let mut problems = Vec::new();
        let mut lines = BTreeMap::new();
        for (number, row) in (1..).zip(&rows) {
            match query.items_by_code(&row.sku)?.as_slice() {
                [found] => {
                    let line = LineAsked {
                        item: Some(found.item.id),
                        lot: row.lot.clone().unwrap_or_default(),
                        bin: None,
                        asked: row.quantity,
                    };
                    lines.insert(number, line);
                }
                _ => {
                    let key = "import.problem.no-item";
                    problems.push(Problem::cell(row.line, Column::Sku, key, &row.sku));
                }
            }
        }
        let to_site = match kind {
            OrderType::Transfer => target(query, &rows, site, &mut problems)?,
            _ => None,
        };
        let party = rows.iter().map(|row| &row.party).find(|p| !p.is_empty());
        let order = Order {
            kind,
            party: party.cloned().unwrap_or_default(),
            due: due(rows.iter().find_map(|row| row.due)),
            to_site,
            lines,
            ..empty(OrderId::from_bytes(ids.draw(now)), site, code)
        };
        plan.add_order(&order, problems);
    }
    Ok(plan)
}

/// A count names bins of the site, each once.
pub(super) fn plan_counts(
    query: &Query<'_>,
    ids: &mut IdSource,
    rows: &[CountIn],
    (site, now): (SiteId, UnixMillis),
) -> Result<Plan, AppError> {
    let mut plan = Plan::default();
    for (code, rows) in new_orders(query, rows, site, &mut plan)? {
        let mut problems = Vec::new();
        let mut lines: BTreeMap<u32, LineAsked> = BTreeMap::new();
        for (number, row) in (1..).zip(&rows) {
            let bin = query.bins_by_code(site, &row.bin)?.into_iter().next();
            let wrong = |key| Problem::cell(row.line, Column::Bin, key, &row.bin);
            match bin {
                None => problems.push(wrong("import.problem.no-bin")),
                Some(bin) if lines.values().any(|line| line.bin == Some(bin.id)) => {
                    problems.push(wrong("import.problem.twice"));
                }
                Some(bin) => {
                    let line = LineAsked {
                        bin: Some(bin.id),
                        asked: Quantity::ZERO,
                        ..LineAsked::default()
                    };
                    lines.insert(number, line);
                }
            }
        }
        let mut assigned = None;
        let mut counted_by = Vec::new();
        for row in &rows {
            for (column, name) in [
                (Column::Counter, &row.counter),
                (Column::NotBy, &row.not_by),
            ] {
                let Some(name) = name else {
                    continue;
                };
                match (person(query, name)?, column) {
                    (Some(id), Column::Counter) => assigned = Some(id),
                    (Some(id), _) => counted_by.push(id),
                    (None, _) => {
                        let key = "import.problem.no-person";
                        problems.push(Problem::cell(row.line, column, key, name));
                    }
                }
            }
        }
        counted_by.sort_unstable();
        counted_by.dedup();
        let order = Order {
            kind: OrderType::Count,
            blind: rows.iter().any(|row| row.blind),
            due: due(rows.iter().find_map(|row| row.due)),
            assigned,
            counted_by,
            lines,
            ..empty(OrderId::from_bytes(ids.draw(now)), site, code)
        };
        plan.add_order(&order, problems);
    }
    Ok(plan)
}

impl Plan {
    /// An order is taken whole or not at all.
    fn add_order(&mut self, order: &Order, problems: Vec<Problem>) {
        if !problems.is_empty() {
            self.outcome.problems.extend(problems);
            return;
        }
        self.edits.push(RecordEdit {
            partition: Partition::Site(order.site),
            kind: RecordKind::Order,
            id: order.id.into(),
            fields: order.to_fields(),
        });
        self.outcome.new += 1;
    }
}

/// Rows by the number of their order, without those of orders that are known.
fn new_orders<'r, R: OfOrder>(
    query: &Query<'_>,
    rows: &'r [R],
    site: SiteId,
    plan: &mut Plan,
) -> Result<BTreeMap<&'r str, Vec<&'r R>>, AppError> {
    let mut by_order: BTreeMap<&str, Vec<&R>> = BTreeMap::new();
    for row in rows {
        by_order.entry(row.order()).or_default().push(row);
    }
    let mut new = BTreeMap::new();
    for (code, rows) in by_order {
        let known = query.orders_by_code(site, code)?;
        if known.iter().all(|order| order.cancelled) {
            new.insert(code, rows);
            continue;
        }
        let key = "import.problem.order-known";
        let problem = |row: &&R| Problem::cell(row.line(), Column::Order, key, code);
        plan.outcome.problems.extend(rows.iter().map(problem));
    }
    Ok(new)
}

/// The other site that a transfer goes to.
fn target(
    query: &Query<'_>,
    rows: &[&OrderIn],
    from: SiteId,
    problems: &mut Vec<Problem>,
) -> Result<Option<SiteId>, AppError> {
    let sites = query.sites()?;
    let mut found = None;
    for row in rows {
        let code = row.to_site.as_deref().unwrap_or_default();
        let named = sites.iter().find(|s| s.code.eq_ignore_ascii_case(code));
        match named.map(|site| site.id).filter(|site| *site != from) {
            Some(site) if found.is_none_or(|first| first == site) => found = Some(site),
            _ => {
                let key = "import.problem.no-site";
                problems.push(Problem::cell(row.line, Column::ToSite, key, code));
            }
        }
    }
    Ok(found)
}

/// Somebody by badge, or by a name that only one has.
fn person(query: &Query<'_>, name: &str) -> Result<Option<OperatorId>, AppError> {
    if let Some(operator) = query.operator_by_badge(name)? {
        return Ok(Some(operator.id));
    }
    let people = query.operators()?;
    let mut named = people.iter().filter(|o| o.active && o.name == name);
    Ok(match (named.next(), named.next()) {
        (Some(one), None) => Some(one.id),
        _ => None,
    })
}

fn empty(id: OrderId, site: SiteId, code: &str) -> Order {
    Order {
        id,
        site,
        kind: OrderType::Inbound,
        code: code.to_owned(),
        party: String::new(),
        note: String::new(),
        due: 0,
        cancelled: false,
        blind: false,
        assigned: None,
        counted_by: Vec::new(),
        to_site: None,
        stocktake: None,
        lines: BTreeMap::new(),
    }
}

/// The beginning of that day; 0 if nobody said.
fn due(day: Option<NaiveDate>) -> UnixMillis {
    day.map_or(0, |day| {
        day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
    })
}
