//! Figures of a period against the one before it. Each rests on sums that the replica keeps, and leads to its rows.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Days, NaiveDate};
use chrono_tz::Tz;
use domain::site_day::day_start;
use domain::{OperatorId, OrderType, Quantity, SiteId, UnixMillis};
use replica::Query;
use replica::query::{CountedSum, KindSum, Span};

use super::ConsoleData;
use super::names::zone_named;
use crate::console::chart::{Chart, Day};
use crate::console::desk::Contact;
use crate::console::view::{
    AccuracyRow, ChartView, DashboardView, Figure, Named, OperatorRow, OverdueRow, ZoneUse, percent,
};
use crate::console::words::grouped;
use crate::error::AppError;

/// So many overdue orders and people are listed.
const LISTED: u32 = 50;
/// A device that has not been heard of for so long is out of touch.
const SILENT_MS: i64 = 86_400_000;

/// What was written in a period.
#[derive(Default)]
struct Period {
    by_kind: BTreeMap<String, (u64, Quantity)>,
    events: u64,
    late: u64,
}

impl Period {
    fn of(sums: &[KindSum]) -> Self {
        let mut period = Self::default();
        for sum in sums {
            let (events, quantity) = period.by_kind.entry(sum.kind.clone()).or_default();
            *events += sum.events;
            *quantity = quantity.plus(sum.quantity);
            period.events += sum.events;
            period.late += sum.late;
        }
        period
    }

    fn quantity(&self, kind: &str) -> Quantity {
        let found = self.by_kind.get(kind);
        found.map_or(Quantity::ZERO, |(_, quantity)| *quantity)
    }
}

/// In whole base units, for charts and ratios.
fn plain(quantity: Quantity) -> f64 {
    quantity.thousandths() as f64 / 1_000.0
}

fn shown(quantity: Quantity) -> String {
    grouped(&quantity.to_string())
}

/// A figure and how it changed. `now` and `before` are what is compared.
fn figure(
    name: &'static str,
    (value, now): (String, f64),
    (earlier, before): (String, f64),
    more_is_better: Option<bool>,
    link: String,
) -> Figure {
    let trend = if now > before {
        1
    } else if now < before {
        -1
    } else {
        0
    };
    let change = if before == 0.0 || !(now / before).is_finite() {
        String::new()
    } else {
        format!("{:+.0} %", (now / before - 1.0) * 100.0).replace('-', "−")
    };
    Figure {
        name,
        value,
        before: earlier,
        change,
        more_is_better,
        trend,
        link,
    }
}

fn all(counted: &[(String, CountedSum)]) -> (u64, u64) {
    let add =
        |(right, lines), (_, sum): &(String, CountedSum)| (right + sum.right, lines + sum.lines);
    counted.iter().fold((0, 0), add)
}

/// A period of the site's days, and what is asked of the replica about it.
struct Dates {
    days: Vec<NaiveDate>,
    zone: Tz,
}

impl Dates {
    fn ending(today: NaiveDate, length: i64, zone: Tz) -> Self {
        let length = length.unsigned_abs();
        let first = today.checked_sub_days(Days::new(length.saturating_sub(1)));
        Self {
            days: first
                .unwrap_or(today)
                .iter_days()
                .take(length as usize)
                .collect(),
            zone,
        }
    }

    fn before(&self) -> Self {
        let length = self.days.len() as u64;
        let back = |day: &NaiveDate| day.checked_sub_days(Days::new(length));
        Self {
            days: self.days.iter().filter_map(back).collect(),
            zone: self.zone,
        }
    }

    fn start(&self, day: NaiveDate) -> UnixMillis {
        day_start(day, self.zone.name()).unwrap_or_default()
    }

    fn end(&self, day: NaiveDate) -> UnixMillis {
        self.start(day.succ_opt().unwrap_or(day))
    }

    fn span(&self, site: Option<SiteId>) -> Span {
        Span {
            site,
            from: self.days.first().map_or(0, |day| self.start(*day)),
            until: self.days.last().map_or(0, |day| self.end(*day)),
        }
    }

    /// When each day begins, and when the last one ends.
    fn instants(&self) -> Vec<UnixMillis> {
        let ends = self.days.last().map(|day| self.end(*day));
        self.days
            .iter()
            .map(|day| self.start(*day))
            .chain(ends)
            .collect()
    }

    fn day_of(&self, at: UnixMillis) -> NaiveDate {
        let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
        at.with_timezone(&self.zone).date_naive()
    }

    /// The address of the raw events of a day, or of all days.
    fn feed(&self, days: (NaiveDate, NaiveDate), query: &[(&str, &str)]) -> String {
        let from = format!("{}T00:00", days.0);
        let until = format!("{}T00:00", days.1.succ_opt().unwrap_or(days.1));
        let mut all = vec![("from", from.as_str()), ("until", until.as_str())];
        all.extend(query.iter().filter(|(_, value)| !value.is_empty()));
        let text = serde_urlencoded::to_string(all).unwrap_or_default();
        format!("/feed?{text}")
    }

    fn whole(&self) -> (NaiveDate, NaiveDate) {
        let first = self.days.first().copied().unwrap_or_default();
        (first, self.days.last().copied().unwrap_or(first))
    }
}

impl ConsoleData {
    /// Figures of the last `length` days of a site, or of all if `site` is no id.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn dashboard(
        &self,
        site: &str,
        length: i64,
        contacts: &[Contact],
        now: UnixMillis,
    ) -> Result<DashboardView, AppError> {
        let zone = self.zone()?;
        self.ask(|q| {
            let only: Option<SiteId> = site.parse().ok();
            let site = if only.is_some() { site } else { "" };
            let mut dates = Dates {
                days: Vec::new(),
                zone,
            };
            dates = Dates::ending(dates.day_of(now), length, zone);
            let earlier = dates.before();
            let (span, span_before) = (dates.span(only), earlier.span(only));
            let sums = q.kind_sums(only, &dates.instants())?;
            let sums_before = q.kind_sums(only, &[span_before.from, span_before.until])?;
            let (this, last) = (Period::of(&sums), Period::of(&sums_before));
            let (counted, counted_before) = (q.counted_sums(span)?, q.counted_sums(span_before)?);
            let (on_hand, used, _) = q.stock_sums(only)?;
            let levels = levels(q, &dates, &sums, span, on_hand)?;
            let at_start = q.stock_sum_at(only, span.from - 1)?;
            let before_that = q.stock_sum_at(only, span_before.from - 1)?;

            let link = |kind: &str| dates.feed(dates.whole(), &[("kind", kind), ("site", site)]);
            let stock_link = |by: &str| format!("/stock?by={by}&site={site}");
            let mut view = DashboardView {
                on_hand,
                ..DashboardView::default()
            };
            view.figures.push(figure(
                "on-hand",
                (shown(on_hand), plain(on_hand)),
                (shown(at_start), plain(at_start)),
                None,
                stock_link("item"),
            ));
            for (name, kind) in [("in", "received"), ("out", "issued")] {
                let (now, then) = (this.quantity(kind), last.quantity(kind));
                view.figures.push(figure(
                    name,
                    (shown(now), plain(now)),
                    (shown(then), plain(then)),
                    None,
                    link(kind),
                ));
            }
            view.zones = zone_use(q, only)?;
            let bins: u64 = view.zones.iter().map(|zone| zone.bins).sum();
            view.figures.push(figure(
                "space",
                (percent(used, bins), 0.0),
                (String::new(), 0.0),
                None,
                format!("/stock/plan?site={site}"),
            ));
            let turns = turns(this.quantity("issued"), mean(&levels));
            let turns_before = turns_of(last.quantity("issued"), before_that, at_start);
            view.figures.push(figure(
                "turnover",
                (format!("{turns:.2}"), turns),
                (format!("{turns_before:.2}"), turns_before),
                Some(true),
                stock_link("age"),
            ));
            let ((right, lines), (right_before, lines_before)) =
                (all(&counted), all(&counted_before));
            let share = |right: u64, lines: u64| right as f64 / (lines.max(1)) as f64;
            view.figures.push(figure(
                "accuracy",
                (percent(right, lines), share(right, lines)),
                (
                    percent(right_before, lines_before),
                    share(right_before, lines_before),
                ),
                (lines > 0 && lines_before > 0).then_some(true),
                link("counted"),
            ));
            let open = q.open_orders(only, now)?;
            view.overdue_count = open.values().map(|(_, overdue)| overdue).sum();
            let open_orders: u64 = open.values().map(|(open, _)| open).sum();
            let mut overdue = figure(
                "overdue",
                (view.overdue_count.to_string(), 0.0),
                (String::new(), 0.0),
                None,
                "#overdue".to_owned(),
            );
            overdue.before = open_orders.to_string();
            view.figures.push(overdue);
            let late = share(this.late, this.events);
            let late_before = share(last.late, last.events);
            view.figures.push(figure(
                "late",
                (percent(this.late, this.events), late),
                (percent(last.late, last.events), late_before),
                Some(false),
                dates.feed(dates.whole(), &[("site", site)]),
            ));
            let here = |contact: &&Contact| only.is_none_or(|only| contact.site == only);
            let devices = contacts.iter().filter(here).count();
            let silent = contacts
                .iter()
                .filter(here)
                .filter(|contact| contact.at.is_none_or(|at| now - at > SILENT_MS))
                .count();
            let waiting: u64 = contacts
                .iter()
                .filter(here)
                .map(|contact| contact.report.as_ref().map_or(0, |report| report.waiting))
                .sum();
            for (name, value) in [
                ("silent", format!("{silent} / {devices}")),
                ("waiting", grouped(&waiting.to_string())),
            ] {
                let none = (String::new(), 0.0);
                view.figures.push(figure(
                    name,
                    (value, 0.0),
                    none,
                    None,
                    "/devices".to_owned(),
                ));
            }

            view.charts = charts(&dates, &sums, &levels, site);
            view.operators = self.operator_rows(q, &dates, (span, span_before), site)?;
            view.accuracy = counted
                .into_iter()
                .map(|(class, sum)| AccuracyRow {
                    class,
                    lines: sum.lines,
                    right: sum.right,
                })
                .collect();
            let names = self.names(q);
            for id in q.overdue_orders(only, now, LISTED)? {
                if let Some(order) = q.order(id)? {
                    view.overdue.push(OverdueRow {
                        code: order.code,
                        kind: order_kind(order.kind),
                        party: order.party,
                        site: names.site(order.site)?,
                        due: order.due,
                    });
                }
            }
            let (first, last) = dates.whole();
            view.days = (first.to_string(), last.to_string());
            Ok(view)
        })
    }

    fn operator_rows(
        &self,
        q: &Query<'_>,
        dates: &Dates,
        (span, before): (Span, Span),
        site: &str,
    ) -> Result<Vec<OperatorRow>, AppError> {
        let mut rows: HashMap<OperatorId, OperatorRow> = HashMap::new();
        let names = self.names(q);
        for sum in q.operator_sums(span)? {
            let row = match rows.entry(sum.operator) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => {
                    let id = sum.operator.to_string();
                    new.insert(OperatorRow {
                        operator: names.operator(sum.operator)?,
                        received: 0,
                        issued: 0,
                        moved: 0,
                        counted: 0,
                        all: 0,
                        before: 0,
                        quarters: 0,
                        link: dates.feed(dates.whole(), &[("operator", &id), ("site", site)]),
                    })
                }
            };
            row.all += sum.events;
            match sum.kind.as_str() {
                "received" => row.received += sum.events,
                "issued" => row.issued += sum.events,
                "moved" => row.moved += sum.events,
                "counted" => row.counted += sum.events,
                _ => {}
            }
        }
        for (operator, quarters) in q.operator_slots(span)? {
            if let Some(row) = rows.get_mut(&operator) {
                row.quarters = quarters;
            }
        }
        for sum in q.operator_sums(before)? {
            if let Some(row) = rows.get_mut(&sum.operator) {
                row.before += sum.events;
            }
        }
        let mut rows: Vec<OperatorRow> = rows.into_values().collect();
        rows.sort_by(|a, b| {
            b.all
                .cmp(&a.all)
                .then_with(|| a.operator.id.cmp(&b.operator.id))
        });
        rows.truncate(LISTED as usize);
        Ok(rows)
    }
}

const fn order_kind(kind: OrderType) -> &'static str {
    kind.code()
}

fn mean(levels: &[Quantity]) -> f64 {
    levels.iter().map(|level| plain(*level)).sum::<f64>() / levels.len().max(1) as f64
}

/// How often the stock went out: what was issued against what there was on the mean of the days.
fn turns(issued: Quantity, level: f64) -> f64 {
    if level > 0.0 {
        plain(issued) / level
    } else {
        0.0
    }
}

fn turns_of(issued: Quantity, from: Quantity, to: Quantity) -> f64 {
    turns(issued, (plain(from) + plain(to)) / 2.0)
}

/// What there was at the end of each day: back from now, by what changed since.
fn levels(
    q: &Query<'_>,
    dates: &Dates,
    sums: &[KindSum],
    span: Span,
    on_hand: Quantity,
) -> Result<Vec<Quantity>, AppError> {
    let mut changes: BTreeMap<NaiveDate, Quantity> = BTreeMap::new();
    let mut add = |at: UnixMillis, more: Quantity| {
        let sum = changes.entry(dates.day_of(at)).or_default();
        *sum = sum.plus(more);
    };
    for sum in sums {
        add(sum.from, sum.net);
    }
    for (at, more) in q.approved_changes(span.site, span.from - 1, span.until - 1)? {
        add(at, more);
    }
    let mut level = on_hand;
    let mut levels = Vec::with_capacity(dates.days.len());
    for day in dates.days.iter().rev() {
        levels.push(level);
        level = level.plus(changes.get(day).copied().unwrap_or_default().negated());
    }
    levels.reverse();
    Ok(levels)
}

fn charts(dates: &Dates, sums: &[KindSum], levels: &[Quantity], site: &str) -> Vec<ChartView> {
    let mut flow: BTreeMap<NaiveDate, [f64; 2]> = BTreeMap::new();
    let mut work: BTreeMap<NaiveDate, [f64; 2]> = BTreeMap::new();
    for sum in sums {
        let day = dates.day_of(sum.from);
        let [into, out] = flow.entry(day).or_default();
        match sum.kind.as_str() {
            "received" => *into += plain(sum.quantity),
            "issued" => *out += plain(sum.quantity),
            _ => {}
        }
        let [events, late] = work.entry(day).or_default();
        *events += sum.events as f64;
        *late += sum.late as f64;
    }
    let days = |values: &dyn Fn(usize, NaiveDate) -> Vec<f64>| -> Vec<Day> {
        let day = |(i, day): (usize, &NaiveDate)| Day {
            name: day.format("%m-%d").to_string(),
            link: dates.feed((*day, *day), &[("site", site)]),
            values: values(i, *day),
        };
        dates.days.iter().enumerate().map(day).collect()
    };
    let of = |map: &BTreeMap<NaiveDate, [f64; 2]>, day| {
        map.get(&day).copied().unwrap_or_default().to_vec()
    };
    vec![
        ChartView {
            name: "flow",
            chart: Chart::bars(&["in", "out"], &days(&|_, day| of(&flow, day))),
        },
        ChartView {
            name: "level",
            chart: Chart::line(
                "on-hand",
                &days(&|i, _| {
                    levels
                        .get(i)
                        .map(|level| plain(*level))
                        .into_iter()
                        .collect()
                }),
            ),
        },
        ChartView {
            name: "work",
            chart: Chart::bars(&["events", "late"], &days(&|_, day| of(&work, day))),
        },
    ]
}

fn zone_use(q: &Query<'_>, only: Option<SiteId>) -> Result<Vec<ZoneUse>, AppError> {
    let mut rows = Vec::new();
    for site in q.sites()? {
        if only.is_some_and(|only| only != site.id) {
            continue;
        }
        let zones = q.zones(site.id)?;
        for (id, bins, used) in q.zone_use(site.id)? {
            let zone = zones.iter().find(|zone| zone.id == id);
            rows.push(ZoneUse {
                zone: zone.map_or_else(Named::default, zone_named),
                site: super::names::site_named(&site),
                bins,
                used,
            });
        }
    }
    rows.sort_by(|a, b| {
        (b.used * a.bins)
            .cmp(&(a.used * b.bins))
            .then_with(|| a.zone.code.cmp(&b.zone.code))
    });
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_follow_each_other_without_a_gap() {
        let zone = chrono_tz::Europe::Berlin;
        let today = NaiveDate::from_ymd_opt(2026, 4, 2).unwrap();
        let dates = Dates::ending(today, 7, zone);
        let before = dates.before();
        assert_eq!(dates.days.len(), 7);
        assert_eq!(before.span(None).until, dates.span(None).from);
        // The clocks went forward within it.
        let span = dates.span(None);
        assert_eq!(span.until - span.from, 7 * 86_400_000 - 3_600_000);
        assert_eq!(
            dates.feed(dates.whole(), &[("kind", "issued"), ("site", "")]),
            "/feed?from=2026-03-27T00%3A00&until=2026-04-03T00%3A00&kind=issued"
        );
    }

    #[test]
    fn a_change_is_told_where_there_is_something_to_compare() {
        let change = |now: f64, before: f64| {
            let figure = figure(
                "x",
                (String::new(), now),
                (String::new(), before),
                Some(false),
                String::new(),
            );
            (figure.change.clone(), figure.class())
        };
        assert_eq!(change(150.0, 100.0), ("+50 %".to_owned(), "bad"));
        assert_eq!(change(75.0, 100.0), ("−25 %".to_owned(), "good"));
        assert_eq!(change(1.0, 0.0), (String::new(), "bad"));
        assert_eq!(change(0.0, 0.0), (String::new(), ""));
    }
}
