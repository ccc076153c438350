//! A stocktake as it stands: its bins, what was counted of each, and what waits for whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use documents::{Order, Stocktake};
use domain::ledger::{ExceptionKind, ExceptionStatus, Finding, Subject};
use domain::{BinId, EventHash, OperatorId, OrderStep, Quantity, ZoneId};
use replica::Query;
use replica::query::{CountRow, CountedPile};

use super::super::names::Names;
use crate::console::view::{BinStatus, Progress, Totals};
use crate::error::AppError;
use crate::store::accounts::User;

/// From so many bins on it is cheaper to read all of the site's than one after the other.
const MANY: usize = 300;

/// A stocktake with all that was counted.
pub(super) struct Sheet {
    pub(super) stocktake: Stocktake,
    pub(super) orders: Vec<OrderSheet>,
    /// By zone and code.
    pub(super) bins: Vec<BinSheet>,
}

pub(super) struct OrderSheet {
    pub(super) order: Order,
    pub(super) finished: bool,
}

impl OrderSheet {
    /// Whether it asks for what somebody else has counted.
    fn is_recount(&self) -> bool {
        !self.order.counted_by.is_empty()
    }
}

pub(super) struct BinSheet {
    pub(super) bin: BinId,
    pub(super) code: String,
    pub(super) zone: ZoneId,
    pub(super) zone_code: String,
    /// The orders that ask for it, as indices.
    pub(super) orders: Vec<usize>,
    /// In order.
    pub(super) counts: Vec<CountSheet>,
    /// Whether two who did not know of each other found something else.
    twice: bool,
    status: BinStatus,
}

pub(super) struct CountSheet {
    pub(super) row: CountRow,
    pub(super) order: usize,
    /// Those that differ from the book, at least; all of them after [`CountSheet::read_whole`].
    pub(super) piles: Vec<PileSheet>,
    pub(super) state: CountState,
}

pub(super) struct PileSheet {
    pub(super) pile: CountedPile,
    pub(super) within: bool,
    /// The exception that waits for a decision.
    pub(super) open: Option<Finding>,
    /// The decision that stands, if one does.
    pub(super) decided: Option<EventHash>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountState {
    Open,
    Approved,
    /// Rejected, or another count has taken its place.
    Rejected,
}

impl CountSheet {
    pub(super) const fn differs(&self) -> bool {
        self.row.wrong > 0
    }

    fn is_whole(&self) -> bool {
        self.piles.len() as u64 >= self.row.piles
    }

    /// Reads the piles that agree with the book too.
    fn read_whole(
        &mut self,
        query: &Query<'_>,
        stocktake: &Stocktake,
        bin: BinId,
    ) -> Result<(), AppError> {
        if !self.is_whole() {
            self.piles = piles(query, stocktake, bin, &self.row)?;
        }
        Ok(())
    }

    fn is_within(&self) -> bool {
        self.piles.iter().all(|p| p.within)
    }

    /// Stands for what is shown of it, once all of it was read: book and count of each pile, and whether somebody has decided.
    pub(super) fn seen(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[self.state as u8]);
        for PileSheet { pile, .. } in &self.piles {
            hasher.update(&Subject::Stock(pile.key.clone()).to_key());
            hasher.update(&pile.book.thousandths().to_le_bytes());
            hasher.update(&pile.counted.thousandths().to_le_bytes());
        }
        hasher.finalize().to_hex()[..12].to_owned()
    }

    fn found(&self) -> BTreeMap<Vec<u8>, Quantity> {
        let piles = self
            .piles
            .iter()
            .filter(|p| p.pile.counted != Quantity::ZERO);
        let key = |p: &PileSheet| Subject::Stock(p.pile.key.clone()).to_key();
        piles.map(|p| (key(p), p.pile.counted)).collect()
    }
}

impl BinSheet {
    /// Counts that wait for a decision.
    pub(super) fn undecided(&self) -> Vec<&CountSheet> {
        // What came before an approved count is settled by it.
        let approved = self
            .counts
            .iter()
            .rposition(|c| c.state == CountState::Approved);
        let after = self.counts.get(approved.map_or(0, |n| n + 1)..);
        let after = after.unwrap_or_default().iter();
        after.filter(|c| c.state == CountState::Open).collect()
    }

    /// The count that stands for the bin.
    pub(super) fn current(&self) -> Option<&CountSheet> {
        let undecided = self.undecided().pop();
        undecided.or_else(|| {
            let mut counts = self.counts.iter().rev();
            counts.find(|c| c.state == CountState::Approved)
        })
    }

    /// Reads all that was counted in it, where more than what differs is shown.
    pub(super) fn read_whole(
        &mut self,
        query: &Query<'_>,
        stocktake: &Stocktake,
    ) -> Result<(), AppError> {
        for count in &mut self.counts {
            count.read_whole(query, stocktake, self.bin)?;
        }
        Ok(())
    }

    /// Whether two who did not know of each other found something else; all that was counted has been read.
    fn is_twice(&self) -> bool {
        let undecided = self.undecided();
        let Some(last) = undecided.last() else {
            return false;
        };
        let other = |c: &&&CountSheet| {
            let other_hand = c.row.place.id.chain != last.row.place.id.chain
                || c.row.operator != last.row.operator;
            other_hand && c.found() != last.found()
        };
        undecided.iter().any(|c| other(&c))
    }

    /// How far it is.
    pub(super) const fn status(&self) -> BinStatus {
        self.status
    }

    fn find_status(&self) -> BinStatus {
        let undecided = self.undecided();
        match undecided.last() {
            Some(_) if self.twice => BinStatus::Twice,
            Some(last) if !last.differs() => BinStatus::Clean,
            Some(last) if last.is_within() => BinStatus::Within,
            Some(_) => BinStatus::Beyond,
            None if self.current().is_some() => BinStatus::Approved,
            None if self.counts.is_empty() => BinStatus::Missing,
            None => BinStatus::Recount,
        }
    }

    /// Everybody who counted it.
    pub(super) fn counters(&self) -> BTreeSet<OperatorId> {
        self.counts.iter().map(|c| c.row.operator).collect()
    }

    /// What urgency goes by: its status, then the value and the size of what differs.
    pub(super) fn rank(&self) -> (BinStatus, i128, i64) {
        let piles = self.current().map_or(&[][..], |count| &count.piles);
        let (mut value, mut size) = (0i128, 0i64);
        for PileSheet { pile, .. } in piles {
            let difference = pile.difference();
            value += pile.worth.map_or(0, |worth| worth.of(difference).abs());
            size = size.saturating_add(difference.size().thousandths());
        }
        (self.status(), -value, -size)
    }
}

/// Whether the operator is the user of the console: by identity, or by name where the person has an account and an operator
/// apart.
pub(super) fn is_same_person(
    names: &Names<'_>,
    user: &User,
    operator: OperatorId,
) -> Result<bool, AppError> {
    if user.operator == operator {
        return Ok(true);
    }
    let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
    Ok(same(&names.operator(operator)?.zh, &user.name))
}

fn piles(
    query: &Query<'_>,
    stocktake: &Stocktake,
    bin: BinId,
    row: &CountRow,
) -> Result<Vec<PileSheet>, AppError> {
    let mut sheets = Vec::new();
    for pile in query.counted_piles(stocktake.site, bin, row.place)? {
        let difference = pile.difference();
        let (mut open, mut decided) = (None, None);
        if difference != Quantity::ZERO && !row.approved {
            let finding = Finding {
                kind: ExceptionKind::CountVariance,
                subject: Subject::Stock(pile.key.clone()),
                occurrence: row.hash.hex(),
                site: stocktake.site,
                opened: row.place,
                healed: None,
                evidence: vec![row.hash],
                book: Some(pile.book),
                counted: Some(pile.counted),
            };
            match query.exception(finding.id())?.map(|found| found.status) {
                Some(ExceptionStatus::Resolved(by)) => decided = Some(by),
                Some(ExceptionStatus::Open) => open = Some(finding),
                Some(ExceptionStatus::Healed) | None => {}
            }
        }
        let tolerance = stocktake.tolerance(&pile.class);
        sheets.push(PileSheet {
            within: tolerance.allows(pile.book, pile.counted, pile.worth),
            pile,
            open,
            decided,
        });
    }
    Ok(sheets)
}

impl Sheet {
    /// Reads how far it is, and of each count the piles that differ from the book.
    pub(super) fn load(names: &Names<'_>, stocktake: Stocktake) -> Result<Self, AppError> {
        let query = names.query;
        let zones = super::plan::zone_names(names, stocktake.site)?;
        let mut orders = Vec::new();
        for order in query.orders_of_stocktake(stocktake.id)? {
            let finished = query.finished(order.site, order.id, OrderStep::Count)?;
            orders.push(OrderSheet {
                finished: !finished.is_empty(),
                order,
            });
        }
        let lines: usize = orders.iter().map(|o| o.order.lines.len()).sum();
        let mut known = HashMap::new();
        if lines >= MANY {
            let all = query.bin_places(stocktake.site)?.into_iter();
            known.extend(all.map(|(bin, code, zone)| (bin, (code, zone))));
        }
        let mut bins: BTreeMap<BinId, BinSheet> = BTreeMap::new();
        for (index, OrderSheet { order, .. }) in orders.iter().enumerate() {
            for bin in order.lines.values().filter_map(|line| line.bin) {
                let sheet = match bins.entry(bin) {
                    std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::btree_map::Entry::Vacant(new) => {
                        let (code, zone) = match known.remove(&bin) {
                            Some(found) => found,
                            None => match query.bin(bin)? {
                                Some(found) => (found.code, found.zone),
                                None => (names.bin(bin)?.code, ZoneId::from_bytes([0; 16])),
                            },
                        };
                        new.insert(BinSheet {
                            bin,
                            zone_code: zones.get(&zone).cloned().unwrap_or_default(),
                            code,
                            zone,
                            orders: Vec::new(),
                            counts: Vec::new(),
                            twice: false,
                            status: BinStatus::Missing,
                        })
                    }
                };
                // Nobody has to count what was called off.
                if !order.cancelled {
                    sheet.orders.push(index);
                }
            }
            for row in query.counts_of_order(order.id)? {
                let bin = order.lines.get(&row.line.line).and_then(|line| line.bin);
                let Some(sheet) = bin.and_then(|bin| bins.get_mut(&bin)) else {
                    continue;
                };
                // What agrees with the book is a number here: of twenty thousand bins nearly all of it does.
                let piles = match row.wrong {
                    0 => Vec::new(),
                    _ => piles(query, &stocktake, sheet.bin, &row)?,
                };
                sheet.counts.push(CountSheet {
                    state: if row.approved {
                        CountState::Approved
                    } else {
                        CountState::Open
                    },
                    row,
                    order: index,
                    piles,
                });
            }
        }
        for sheet in bins.values_mut() {
            sheet.counts.sort_by_key(|count| count.row.place);
            let recount = sheet
                .orders
                .iter()
                .rev()
                .find(|n| orders.get(**n).is_some_and(OrderSheet::is_recount));
            for count in &mut sheet.counts {
                // Of what nothing differs there is no exception to be decided: that a recount was asked for says it.
                let replaced = recount.is_some_and(|n| count.order < *n);
                let waits = count.piles.iter().any(|pile| pile.open.is_some());
                let decided = count.piles.iter().any(|pile| pile.decided.is_some());
                if count.state == CountState::Open && !waits && (decided || replaced) {
                    count.state = CountState::Rejected;
                }
            }
            if sheet.undecided().len() > 1 {
                sheet.read_whole(query, &stocktake)?;
                sheet.twice = sheet.is_twice();
            }
            sheet.status = sheet.find_status();
        }
        let mut bins: Vec<BinSheet> = bins.into_values().collect();
        // A bin of orders that were all called off, and that nobody counted, is not asked for any more.
        bins.retain(|bin| {
            !bin.orders.is_empty() || !bin.counts.is_empty() || stocktake.closed.is_some()
        });
        bins.sort_by(|a, b| (&a.zone_code, &a.code).cmp(&(&b.zone_code, &b.code)));
        Ok(Self {
            stocktake,
            orders,
            bins,
        })
    }

    /// Reads all that was counted in one of the bins.
    pub(super) fn read_whole(&mut self, query: &Query<'_>, bin: usize) -> Result<(), AppError> {
        match self.bins.get_mut(bin) {
            Some(bin) => bin.read_whole(query, &self.stocktake),
            None => Ok(()),
        }
    }

    /// How far the bins are, by what each is put under.
    pub(super) fn progress<K: Ord>(&self, key: impl Fn(&BinSheet) -> K) -> BTreeMap<K, Progress> {
        let mut all: BTreeMap<K, Progress> = BTreeMap::new();
        for bin in &self.bins {
            let progress = all.entry(key(bin)).or_default();
            progress.planned += 1;
            if !matches!(bin.status(), BinStatus::Missing | BinStatus::Recount) {
                progress.counted += 1;
            }
            let last = bin.counts.last().map(|c| c.row.place.clock.millis);
            progress.last = progress.last.max(last);
        }
        all
    }

    /// The stocktake in figures.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals {
            bins: self.progress(|_| ()).remove(&()).unwrap_or_default(),
            ..Totals::default()
        };
        for bin in &self.bins {
            *totals.by_status.entry(bin.status()).or_default() += 1;
            let Some(count) = bin.current() else {
                continue;
            };
            totals.lines += count.row.piles as usize;
            totals.right += count.row.piles.saturating_sub(count.row.wrong) as usize;
            for (class, piles) in &count.row.classes {
                let sums = match totals.classes.get_mut(class) {
                    Some(sums) => sums,
                    None => totals.classes.entry(class.clone()).or_default(),
                };
                sums.0 += *piles as usize;
                sums.1 += *piles as usize;
            }
            let wrong = count.piles.iter().map(|p| &p.pile);
            for pile in wrong.filter(|p| p.difference() != Quantity::ZERO) {
                let difference = pile.difference();
                if let Some(class) = totals.classes.get_mut(&pile.class) {
                    class.1 = class.1.saturating_sub(1);
                }
                match pile.worth {
                    None => totals.unvalued += 1,
                    Some(worth) => {
                        let value = worth.of(difference);
                        let sums = match value {
                            ..0 => &mut totals.loss,
                            _ => &mut totals.gain,
                        };
                        *sums.entry(worth.currency).or_default() += value;
                    }
                }
            }
        }
        totals
    }
}
