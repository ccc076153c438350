//! The drawn plan of a site, with its heat.

use std::collections::BTreeMap;

use documents::bin_code::row_of;
use domain::{BinId, Quantity, SiteId, UnixMillis, ZoneId};
use replica::query::PlannedBin;

use super::ConsoleData;
use super::custody_alerts::custody_days;
use super::names::{site_named, zone_named};
use crate::console::view::{Named, PlanCell, PlanStep, PlanView, PlanZone};
use crate::error::AppError;

/// More bins than that are drawn as rows of bins.
const BINS_MAX: usize = 2_000;
/// Picks are those of so many weeks.
const PICK_WEEKS: u32 = 4;
const DAY_MS: i64 = 86_400_000;
/// Edges of the steps of fill, percent.
const FILL: [i64; 4] = [25, 50, 75, 100];
/// Edges of the steps of age, days since goods moved.
const AGE: [i64; 4] = [7, 30, 90, 180];
/// Edges of the steps of what is overdue, pieces.
const OVERDUE: [i64; 4] = [1, 2, 5, 10];
/// Deposits that are looked at for what is overdue.
const OVERDUE_MAX: u32 = 5_000;

/// Where a bin lies on the way, the row that its code names, and its cell.
type Placed = (i64, String, PlanCell);

/// 1 to 5: the first edge at or above, or beyond all.
fn step(value: i64, edges: &[i64]) -> u8 {
    let at = edges.iter().position(|edge| value <= *edge);
    at.unwrap_or(edges.len()) as u8 + 1
}

fn steps(
    key: &'static str,
    beyond: &'static str,
    none: &'static str,
    edges: &[i64],
) -> Vec<PlanStep> {
    let mut out = vec![PlanStep {
        heat: 0,
        key: none,
        number: String::new(),
    }];
    for (heat, edge) in (1u8..).zip(edges) {
        out.push(PlanStep {
            heat,
            key,
            number: edge.to_string(),
        });
    }
    out.push(PlanStep {
        heat: edges.len() as u8 + 1,
        key: beyond,
        number: edges.last().copied().unwrap_or_default().to_string(),
    });
    out
}

impl PlanCell {
    fn of(bin: PlannedBin, short: &str) -> Self {
        Self {
            short: short.to_owned(),
            link: format!("/bins/{}", bin.bin),
            code: bin.code,
            heat: 0,
            bins: 1,
            used: u64::from(bin.piles > 0),
            piles: bin.piles,
            balance: bin.balance,
            fill: None,
            picks: bin.picks,
            moved: None,
            overdue: 0,
            x: 0,
            y: 0,
        }
    }

    fn add(&mut self, other: &Self) {
        self.bins += other.bins;
        self.used += other.used;
        self.piles += other.piles;
        self.balance = self.balance.plus(other.balance);
        self.picks += other.picks;
        self.overdue += other.overdue;
    }

    /// Of a row of bins: how many of them are in use.
    fn share_used(&self) -> i64 {
        (100 * self.used).div_ceil(self.bins.max(1)) as i64
    }
}

impl ConsoleData {
    /// The plan of a site, or of one zone of it. `heat`: one of [`crate::console::view::HEATS`].
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no site at all.
    pub fn plan(
        &self,
        site: &str,
        zone: &str,
        heat: &str,
        now: UnixMillis,
    ) -> Result<PlanView, AppError> {
        self.ask(|q| {
            let sites = q.sites()?;
            let wanted: Option<SiteId> = site.parse().ok();
            let site = match wanted {
                Some(wanted) => sites.iter().find(|site| site.id == wanted),
                None => sites.first(),
            };
            let site = site.ok_or(AppError::NotFound)?;
            let only: Option<ZoneId> = zone.parse().ok();
            let zones = q.zones(site.id)?;
            let bins = q.planned_bins(site.id, only, PICK_WEEKS, now)?;
            let mut view = PlanView {
                site: site_named(site),
                is_coarse: bins.len() > BINS_MAX,
                ..PlanView::default()
            };
            let overdue = if heat == "overdue" {
                let today = custody_days(q, site.id, now)?.today;
                q.overdue_bins(site.id, &today, OVERDUE_MAX)?
            } else {
                Vec::new()
            };
            let overdue: BTreeMap<BinId, u64> = overdue.into_iter().collect();
            let mut by_zone: BTreeMap<(String, ZoneId), Vec<Placed>> = BTreeMap::new();
            for bin in bins {
                let zone = zones.iter().find(|zone| zone.id == bin.zone);
                let code = zone.map_or_else(|| "\u{10ffff}".to_owned(), |zone| zone.code.clone());
                let (row, place) = row_of(&bin.code);
                let (row, place) = (row.to_owned(), place.to_owned());
                let (volume, id, zone_id) = (bin.volume, bin.bin, bin.zone);
                let sequence = bin.sequence;
                let mut cell = PlanCell::of(bin, &place);
                cell.overdue = overdue.get(&id).copied().unwrap_or_default();
                if !view.is_coarse && cell.piles > 0 && matches!(heat, "fill" | "age") {
                    let (moved, room) = q.bin_room(site.id, id)?;
                    cell.moved = moved;
                    if volume > 0 && room > 0 {
                        cell.fill = Some(room.saturating_mul(100) / volume);
                    }
                }
                by_zone
                    .entry((code, zone_id))
                    .or_default()
                    .push((sequence, row, cell));
            }
            for ((_, id), cells) in by_zone {
                // Rows in the order of the way through the site, where somebody has said it.
                let mut first: BTreeMap<&str, i64> = BTreeMap::new();
                for (sequence, row, _) in &cells {
                    let at = first.entry(row).or_insert(*sequence);
                    *at = (*at).min(*sequence);
                }
                let first: Vec<i64> = cells
                    .iter()
                    .map(|(_, row, _)| first.get(row.as_str()).copied().unwrap_or_default())
                    .collect();
                let mut cells: Vec<(i64, Placed)> = first.into_iter().zip(cells).collect();
                cells.sort_by(|(first_a, a), (first_b, b)| {
                    (first_a, &a.1, a.0, &a.2.code).cmp(&(first_b, &b.1, b.0, &b.2.code))
                });
                let cells = cells.into_iter().map(|(_, cell)| cell).collect();
                let named = zones.iter().find(|zone| zone.id == id);
                let zone = named.map_or_else(Named::default, zone_named);
                let cells = if view.is_coarse {
                    rows_of_bins(cells, &zone, &view.site)
                } else {
                    cells
                        .into_iter()
                        .map(|(_, row, cell)| (row, cell))
                        .collect()
                };
                view.zones.push(PlanZone::lay_out(zone, cells));
            }
            warm(&mut view, heat, now);
            Ok(view)
        })
    }
}

/// One cell for each row, rows that begin alike beside each other. They go to the list of what lies there.
fn rows_of_bins(cells: Vec<Placed>, zone: &Named, site: &Named) -> Vec<(String, PlanCell)> {
    let mut rows: Vec<(String, PlanCell)> = Vec::new();
    for (_, row, cell) in cells {
        match rows.last_mut() {
            Some((_, last)) if last.code == row => last.add(&cell),
            _ => {
                let (aisle, short) = row_of(&row);
                let link = format!("/stock?by=bin&site={}&zone={}", site.id, zone.id);
                let cell = PlanCell {
                    short: short.to_owned(),
                    link,
                    code: row.clone(),
                    ..cell
                };
                rows.push((aisle.to_owned(), cell));
            }
        }
    }
    rows
}

/// Colours the cells and says what the colours mean.
fn warm(view: &mut PlanView, heat: &str, now: UnixMillis) {
    let cells = || view.zones.iter().flat_map(|zone| &zone.cells);
    let most = cells()
        .map(|cell| cell.picks)
        .max()
        .unwrap_or_default()
        .max(5) as i64;
    let picks: Vec<i64> = (1..=4).map(|n| most * n / 5).collect();
    let is_coarse = view.is_coarse;
    for cell in view.zones.iter_mut().flat_map(|zone| &mut zone.cells) {
        cell.heat = match heat {
            "picks" if cell.picks == 0 => 0,
            "picks" => step(cell.picks as i64, &picks),
            "overdue" if cell.overdue == 0 => 0,
            "overdue" => step(cell.overdue as i64, &OVERDUE),
            _ if cell.used == 0 => 0,
            "age" => {
                let moved = cell.moved.map(|at| (now - at).max(0) / DAY_MS);
                moved.map_or(0, |days| step(days, &AGE))
            }
            _ if is_coarse => step(cell.share_used(), &FILL[..3]),
            _ => cell.fill.map_or(2, |fill| step(fill, &FILL)),
        };
        if is_coarse {
            cell.fill = Some(cell.share_used());
        }
        // Less than nothing is not empty, but takes no room.
        if cell.balance < Quantity::ZERO && cell.heat == 0 && heat == "fill" {
            cell.heat = 1;
        }
    }
    view.legend = match heat {
        "picks" => steps(
            "plan.picks-up-to",
            "plan.picks-beyond",
            "plan.no-picks",
            &picks,
        ),
        "overdue" => steps(
            "plan.overdue-up-to",
            "plan.overdue-beyond",
            "plan.no-overdue",
            &OVERDUE,
        ),
        "age" => steps("plan.days-up-to", "plan.days-beyond", "plan.empty", &AGE),
        _ if is_coarse => steps(
            "plan.percent-up-to",
            "plan.percent-beyond",
            "plan.empty",
            &FILL[..3],
        ),
        _ => steps(
            "plan.percent-up-to",
            "plan.percent-beyond",
            "plan.empty",
            &FILL,
        ),
    };
}
