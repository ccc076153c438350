//! Stocktakes: planned, followed, decided, reported. The orders and decisions are records and events like any other.

mod decide;
mod plan;
mod sheet;
mod split;

use std::collections::{BTreeMap, BTreeSet};

use documents::{Stocktake, Tolerance};
use domain::ledger::Exception;
use domain::{BinId, Currency, Quantity, StocktakeId, UnixMillis};
use replica::Query;

use self::sheet::{BinSheet, CountSheet, CountState, PileSheet, Sheet, is_same_person};
use super::ConsoleData;
use super::names::Names;
use crate::console::view::{
    BinCounts, BinStatus, CountView, CountedLine, Named, PageOf, Progress, ProgressOf, ReportLine,
    StocktakeHead, StocktakeReport, StocktakeView,
};
use crate::error::AppError;
use crate::store::accounts::User;

pub use decide::{CountDecision, Decided, StocktakeChoice, StocktakeProblem};
pub use plan::{PlanProblem, TypedPlan};

/// Bins on a page.
const BINS: usize = 30;
/// Stocktakes on a page.
const ROWS: u32 = 30;

impl ConsoleData {
    /// Whether one of the counts that an exception rests on is the user's own: nobody approves what they counted.
    pub(super) fn counted_by(
        &self,
        query: &Query<'_>,
        exception: &Exception,
        user: &User,
    ) -> Result<bool, AppError> {
        let names = self.names(query);
        for row in query.evidence(exception)? {
            if is_same_person(&names, user, row.placed.event.record.operator)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Stocktakes of a page, from 1, with how far those are that go on; and whether there are more.
    ///
    /// # Errors
    /// Those of the replica, as of all methods here.
    pub fn stocktakes(
        &self,
        page: u32,
    ) -> Result<PageOf<(StocktakeHead, Option<Progress>)>, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let offset = page.saturating_sub(1).saturating_mul(ROWS);
            let found = q.stocktakes(offset, ROWS + 1)?;
            let more = found.len() > ROWS as usize;
            let currency = q.main_currency()?;
            let mut rows = Vec::new();
            for stocktake in found.into_iter().take(ROWS as usize) {
                let head = names.stocktake(&stocktake, currency)?;
                let progress = match stocktake.closed {
                    Some(_) => None,
                    None => {
                        let (planned, counted, last) = q.stocktake_progress(&stocktake)?;
                        Some(Progress {
                            planned,
                            counted,
                            last,
                        })
                    }
                };
                rows.push((head, progress));
            }
            let next = more.then(|| (page + 1).to_string());
            Ok(PageOf { rows, next })
        })
    }

    /// A stocktake with the bins of one page, from 1; `status`: only those bins.
    ///
    /// # Errors
    /// Those of the replica, [`AppError::NotFound`] if there is no such stocktake.
    pub fn stocktake(
        &self,
        id: StocktakeId,
        status: Option<BinStatus>,
        page: u32,
        user: &User,
    ) -> Result<StocktakeView, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let stocktake = q.stocktake(id)?.ok_or(AppError::NotFound)?;
            let mut sheet = Sheet::load(&names, stocktake)?;
            let wanted = sheet.bins.iter().enumerate();
            let mut wanted: Vec<(usize, &BinSheet)> = wanted
                .filter(|(_, bin)| match status {
                    Some(status) => bin.status() == status,
                    None => bin.status().waits() && bin.status() != BinStatus::Clean,
                })
                .collect();
            wanted.sort_by_cached_key(|(_, bin)| bin.rank());
            let skip = (page.saturating_sub(1) as usize).saturating_mul(BINS);
            let more = wanted.len() > skip + BINS;
            let shown = wanted.iter().skip(skip).take(BINS);
            let shown: Vec<usize> = shown.map(|(n, _)| *n).collect();
            let mut bins = Vec::new();
            for n in shown {
                sheet.read_whole(q, n)?;
                if let Some(bin) = sheet.bins.get(n) {
                    bins.push(names.bin_counts(&sheet, bin, user)?);
                }
            }
            Ok(StocktakeView {
                head: names.stocktake(&sheet.stocktake, q.main_currency()?)?,
                totals: sheet.totals(),
                counters: names.by_counter(&sheet)?,
                zones: by_zone(&sheet),
                orders: names.by_order(&sheet)?,
                more,
                bins,
            })
        })
    }

    /// A stocktake with every pile that was counted.
    ///
    /// # Errors
    /// Those of the replica, [`AppError::NotFound`] if there is no such stocktake.
    pub fn stocktake_report(&self, id: StocktakeId) -> Result<StocktakeReport, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let stocktake = q.stocktake(id)?.ok_or(AppError::NotFound)?;
            let mut sheet = Sheet::load(&names, stocktake)?;
            for n in 0..sheet.bins.len() {
                sheet.read_whole(q, n)?;
            }
            let mut lines = Vec::new();
            let mut missing = Vec::new();
            for bin in &sheet.bins {
                let status = bin.status();
                let Some(count) = bin.current() else {
                    missing.push((bin.code.clone(), bin.zone_code.clone(), status));
                    continue;
                };
                let (approved, note) = match count.state {
                    CountState::Approved => names.approval(count)?,
                    _ => (None, String::new()),
                };
                for pile in &count.piles {
                    lines.push(ReportLine {
                        bin: bin.code.clone(),
                        zone: bin.zone_code.clone(),
                        status,
                        line: names.counted_line(pile)?,
                        counter: names.operator(count.row.operator)?,
                        at: count.row.place.clock.millis,
                        approved: approved.clone(),
                        note: note.clone(),
                    });
                }
            }
            Ok(StocktakeReport {
                head: names.stocktake(&sheet.stocktake, q.main_currency()?)?,
                totals: sheet.totals(),
                counters: names.by_counter(&sheet)?,
                lines,
                missing,
            })
        })
    }
}

fn by_zone(sheet: &Sheet) -> Vec<ProgressOf> {
    let of = |((code, _), progress)| ProgressOf {
        named: Named {
            code,
            ..Named::default()
        },
        counter: None,
        progress,
        finished: false,
        cancelled: false,
        barred: Vec::new(),
    };
    let zones = sheet.progress(|bin| (bin.zone_code.clone(), bin.zone));
    zones.into_iter().map(of).collect()
}

fn tolerance_words(tolerance: &Tolerance, currency: Currency) -> (String, String, String) {
    let value = |n: i64| format!("{} {currency}", currency.number(n.into()));
    (
        tolerance
            .quantity
            .map_or_else(String::new, |q| q.to_string()),
        tolerance
            .percent
            .map_or_else(String::new, |p| format!("{p} %")),
        tolerance.value.map_or_else(String::new, value),
    )
}

impl Names<'_> {
    fn stocktake(
        &self,
        stocktake: &Stocktake,
        currency: Currency,
    ) -> Result<StocktakeHead, AppError> {
        let closed = stocktake.closed.as_ref();
        let zones = plan::zone_names(self, stocktake.site)?;
        let tolerances = stocktake.tolerances.iter().map(|(class, tolerance)| {
            let (quantity, percent, value) = tolerance_words(tolerance, currency);
            (class.clone(), quantity, percent, value)
        });
        Ok(StocktakeHead {
            id: stocktake.id.to_string(),
            code: stocktake.code.clone(),
            name: stocktake.name.clone(),
            kind: stocktake.kind.code(),
            blind: stocktake.blind,
            site: self.site(stocktake.site)?,
            due: stocktake.due,
            planned_at: stocktake.planned_at,
            planned_by: stocktake.planned_by.map(|o| self.operator(o)).transpose()?,
            closed_at: closed.map(|c| c.at),
            closed_by: closed
                .and_then(|c| c.by)
                .map(|o| self.operator(o))
                .transpose()?,
            close_reason: closed.map(|c| c.reason.clone()).unwrap_or_default(),
            classes: stocktake.classes.clone(),
            zones: stocktake
                .zones
                .iter()
                .filter_map(|z| zones.get(z).cloned())
                .collect(),
            tolerances: tolerances.collect(),
        })
    }

    fn counted_line(&self, sheet: &PileSheet) -> Result<CountedLine, AppError> {
        let pile = &sheet.pile;
        let (item, base_unit) = self.item(pile.key.item)?;
        Ok(CountedLine {
            item,
            base_unit,
            lot: pile.key.lot.clone(),
            class: pile.class.clone(),
            book: pile.book,
            counted: pile.counted,
            value: pile
                .worth
                .map(|worth| (worth.of(pile.difference()), worth.currency)),
            within: sheet.within,
        })
    }

    /// Who approved a count and when, and why, if somebody said it.
    fn approval(&self, count: &CountSheet) -> Result<(Option<(Named, i64)>, String), AppError> {
        let Some(row) = self.query.approval_of(count.row.hash)? else {
            return Ok((None, String::new()));
        };
        let event = &row.placed.event;
        let decision = match event.record.carries_out {
            Some(hash) => self.query.event_by_hash(hash)?,
            None => None,
        };
        let note = decision.and_then(|row| match row.placed.event.record.body {
            domain::EventBody::Resolved(resolution) => Some(resolution.note),
            _ => None,
        });
        let by = self.operator(event.record.operator)?;
        Ok((
            Some((by, event.record.clock.millis)),
            note.unwrap_or_default(),
        ))
    }

    fn count(&self, sheet: &Sheet, count: &CountSheet) -> Result<CountView, AppError> {
        let row = self.query.event_by_hash(count.row.hash)?;
        let row = row.ok_or_else(|| AppError::internal("a count that was just read is gone"))?;
        let mut piles: Vec<&PileSheet> = count.piles.iter().collect();
        let size = |p: &PileSheet| {
            let difference = p.pile.difference();
            let value = p.pile.worth.map_or(0, |worth| worth.of(difference).abs());
            (
                p.within,
                std::cmp::Reverse(value),
                std::cmp::Reverse(difference.size()),
            )
        };
        piles.sort_by_key(|p| (p.pile.difference() == Quantity::ZERO, size(p)));
        let mut lines = Vec::new();
        for pile in piles {
            lines.push(self.counted_line(pile)?);
        }
        let decided = count.piles.iter().find_map(|pile| pile.decided);
        let mut decision = None;
        if let Some(by) = decided
            && let Some(event) = self.query.event_by_hash(by)?
            && let domain::EventBody::Resolved(resolution) = event.placed.event.record.body.clone()
        {
            decision = Some(self.decision(&replica::query::ResolutionRow { event, resolution })?);
        }
        let order = sheet.orders.get(count.order);
        Ok(CountView {
            event: self.event(&row)?,
            order: order.map(|o| o.order.code.clone()).unwrap_or_default(),
            lines,
            seen: format!("{}:{}", count.row.hash.hex(), count.seen()),
            state: match count.state {
                CountState::Open => "open",
                CountState::Approved => "approved",
                CountState::Rejected => "rejected",
            },
            decision,
            approved: match count.state {
                CountState::Approved => self.approval(count)?.0,
                _ => None,
            },
        })
    }

    fn bin_counts(
        &self,
        sheet: &Sheet,
        bin: &BinSheet,
        user: &User,
    ) -> Result<BinCounts, AppError> {
        let mut counts = Vec::new();
        for count in bin.counts.iter().rev() {
            counts.push(self.count(sheet, count)?);
        }
        let mut is_own = false;
        for operator in bin.counters() {
            is_own |= is_same_person(self, user, operator)?;
        }
        Ok(BinCounts {
            bin: self.bin(bin.bin)?,
            zone: bin.zone_code.clone(),
            status: bin.status(),
            counts,
            is_own,
        })
    }

    /// Progress by who is to count, or has counted what nobody was to.
    fn by_counter(&self, sheet: &Sheet) -> Result<Vec<ProgressOf>, AppError> {
        let counter = |bin: &BinSheet| {
            let counted = bin.current().map(|count| count.row.operator);
            let orders = bin.orders.iter().rev();
            let mut assigned = orders.filter_map(|n| sheet.orders.get(*n)?.order.assigned);
            counted.or_else(|| assigned.next())
        };
        let mut rows = Vec::new();
        for (person, progress) in sheet.progress(counter) {
            rows.push(ProgressOf {
                named: person
                    .map(|p| self.operator(p))
                    .transpose()?
                    .unwrap_or_default(),
                counter: None,
                progress,
                finished: false,
                cancelled: false,
                barred: Vec::new(),
            });
        }
        Ok(rows)
    }

    fn by_order(&self, sheet: &Sheet) -> Result<Vec<ProgressOf>, AppError> {
        let mut counted = vec![Progress::default(); sheet.orders.len()];
        for bin in &sheet.bins {
            let last: BTreeMap<usize, UnixMillis> = bin
                .counts
                .iter()
                .map(|count| (count.order, count.row.place.clock.millis))
                .collect();
            for (order, at) in last {
                if let Some(progress) = counted.get_mut(order) {
                    progress.counted += 1;
                    progress.last = progress.last.max(Some(at));
                }
            }
        }
        let mut rows = Vec::new();
        for (order, progress) in sheet.orders.iter().zip(counted) {
            let bins: BTreeSet<BinId> = order
                .order
                .lines
                .values()
                .filter_map(|line| line.bin)
                .collect();
            let progress = Progress {
                planned: bins.len(),
                ..progress
            };
            let mut barred = Vec::new();
            for operator in &order.order.counted_by {
                barred.push(self.operator(*operator)?);
            }
            rows.push(ProgressOf {
                named: Named {
                    code: order.order.code.clone(),
                    ..Named::default()
                },
                counter: order.order.assigned.map(|o| self.operator(o)).transpose()?,
                progress,
                finished: order.finished,
                cancelled: order.order.cancelled,
                barred,
            });
        }
        Ok(rows)
    }
}
