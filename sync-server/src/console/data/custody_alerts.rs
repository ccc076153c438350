//! What of custody somebody has to look at: terms that end, wishes, and what is not as it should be.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use documents::announced::NOTE;
use documents::{Deposit, HouseRules, WishKind};
use domain::ledger::{ExceptionKind, Subject};
use domain::{DepositId, SiteId, UnixMillis};
use replica::query::{COUNT_MAX, CustodyDays};
use replica::{KeyState, Query};

use super::ConsoleData;
use super::custody::{DepositPage, FOUND_MAX, today};
use crate::console::view::{CustodyShow, DepositLine, Odd};
use crate::error::AppError;

/// A term that ends within so many days ends soon.
const SOON_DAYS: u64 = domain::custody::SOON_DAYS;
/// Whose term ended more than so many days ago has abandoned it.
pub const ABANDONED_DAYS: u64 = domain::custody::ABANDONED_DAYS;
/// So many of each kind of what is odd are looked at.
const ODD_MAX: u32 = 500;
/// Deposits in a report at most.
const REPORT_MAX: u32 = 2_000;

/// The days by which terms are sorted, at the site.
pub(super) fn custody_days(
    q: &Query<'_>,
    site: SiteId,
    now: UnixMillis,
) -> Result<CustodyDays, AppError> {
    let today = today(q, site, now)?;
    let soon = today
        .checked_add_days(Days::new(SOON_DAYS))
        .unwrap_or(today);
    let abandoned = today.checked_sub_days(Days::new(ABANDONED_DAYS));
    Ok(CustodyDays {
        today: today.to_string(),
        soon: soon.to_string(),
        abandoned: abandoned.unwrap_or(today).to_string(),
    })
}

/// The day before one in ISO 8601.
pub(super) fn day_before(day: &str) -> Option<String> {
    let day: NaiveDate = day.parse().ok()?;
    Some(day.pred_opt()?.to_string())
}

/// What was noted when a deposit was announced; empty: nothing, or it cannot be read.
pub(super) fn note_of(q: &Query<'_>, deposit: &Deposit) -> Result<String, AppError> {
    let Some(announced) = q.announced(deposit.id)? else {
        return Ok(String::new());
    };
    let KeyState::Held(key) = q.customer_key(deposit.customer)? else {
        return Ok(String::new());
    };
    let opened = key.open(NOTE, &announced.note).ok();
    Ok(opened
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default())
}

/// What is not as it should be at a site, by deposit.
pub(super) fn odd(
    q: &Query<'_>,
    site: SiteId,
    now: UnixMillis,
) -> Result<BTreeMap<DepositId, Vec<Odd>>, AppError> {
    let mut found: BTreeMap<DepositId, Vec<Odd>> = BTreeMap::new();
    let mut add = |deposit: DepositId, code, piece: Option<u32>, exception: Option<String>| {
        let all = found.entry(deposit).or_default();
        let same = |odd: &&mut Odd| odd.code == code && odd.exception == exception;
        match all.iter_mut().find(same) {
            Some(odd) => odd.pieces.extend(piece),
            None => all.push(Odd {
                code,
                pieces: piece.into_iter().collect(),
                exception,
            }),
        }
    };
    for exception in q.exceptions_of_pieces(site, ODD_MAX)? {
        let id = Some(exception.id.to_string());
        match (exception.kind, &exception.subject) {
            (kind, Subject::Unit(unit)) => {
                if let Some((deposit, piece)) = q.deposit_of_unit(unit)? {
                    let code = match kind {
                        ExceptionKind::UnitIssuedTwice => "released-twice",
                        _ => "two-bins",
                    };
                    add(deposit, code, Some(piece), id);
                }
            }
            (_, Subject::Stock(key)) => {
                for (deposit, piece) in q.pieces_in(key.bin, key.item, FOUND_MAX)? {
                    add(deposit, "counted-short", Some(piece), id.clone());
                }
            }
            _ => {}
        }
    }
    for row in q.deposits_strayed(site, ODD_MAX)? {
        add(row.deposit.id, "strayed", None, None);
    }
    for (deposit, piece, _) in q.pieces_misplaced(site, HouseRules::CLASS, ODD_MAX)? {
        add(deposit, "wrong-bin", Some(piece), None);
    }
    for row in q.wishes_before(site, now, ODD_MAX)? {
        let code = match row.deposit.wish.map(|wish| wish.kind) {
            Some(WishKind::Extend) => "extension-late",
            _ => "release-late",
        };
        add(row.deposit.id, code, None, None);
    }
    for all in found.values_mut() {
        for odd in all.iter_mut() {
            odd.pieces.sort_unstable();
            odd.pieces.dedup();
        }
    }
    Ok(found)
}

/// A number, and whether there is more that was not counted.
pub type Counted = (u64, bool);

/// All methods fail with the errors of the replica.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl ConsoleData {
    pub(super) fn odd_deposits(
        &self,
        q: &Query<'_>,
        site: SiteId,
        now: UnixMillis,
    ) -> Result<DepositPage, AppError> {
        let names = self.names(q);
        let mut lines = Vec::new();
        for (id, odd) in odd(q, site, now)? {
            if let Some(row) = q.deposit(id)? {
                let line = names.line(&row, now)?;
                lines.push(DepositLine { odd, ..line });
            }
        }
        Ok((lines, None))
    }

    /// How many deposits each tab of a site has.
    pub fn custody_tabs(
        &self,
        site: SiteId,
        now: UnixMillis,
    ) -> Result<Vec<(CustodyShow, Counted)>, AppError> {
        self.ask(|q| {
            let counts = q.custody_counts(site, &custody_days(q, site, now)?)?;
            let odd = odd(q, site, now)?.len() as u64;
            let of = |show| match show {
                CustodyShow::Here => counts.here,
                CustodyShow::Expected => counts.expected,
                CustodyShow::Soon => counts.soon,
                CustodyShow::Overdue => counts.overdue,
                CustodyShow::Abandoned => counts.abandoned,
                CustodyShow::Wished => counts.wished,
                CustodyShow::Odd => odd,
            };
            let counted = |show| (show, (of(show), of(show) >= COUNT_MAX));
            Ok(CustodyShow::ALL.into_iter().map(counted).collect())
        })
    }

    /// How many deposits at all sites wait for a decision: abandoned, asked about, or not as they should be.
    pub fn custody_waiting(&self, now: UnixMillis) -> Result<u64, AppError> {
        self.ask(|q| {
            let mut waiting = 0;
            for site in q.sites()? {
                let counts = q.custody_counts(site.id, &custody_days(q, site.id, now)?)?;
                // A wish whose time has passed is counted once.
                let odd = odd(q, site.id, now)?.into_values();
                let odd = odd.filter(|all| all.iter().any(|odd| !odd.code.ends_with("-late")));
                waiting += counts.abandoned + counts.wished + odd.count() as u64;
            }
            Ok(waiting)
        })
    }

    /// All that was abandoned at a site, the longest first, and whether there is more.
    pub fn abandoned(
        &self,
        site: SiteId,
        now: UnixMillis,
    ) -> Result<(Vec<DepositLine>, bool), AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let days = custody_days(q, site, now)?;
            let from = ("0".to_owned(), DepositId::from_bytes([0; 16]));
            let mut rows = q.deposits_here(site, Some(&from), REPORT_MAX + 1)?;
            let is_abandoned = |due: NaiveDate| due.to_string() < days.abandoned;
            rows.retain(|row| row.deposit.due.is_some_and(is_abandoned));
            let more = rows.len() > REPORT_MAX as usize;
            rows.truncate(REPORT_MAX as usize);
            let lines = rows.iter().map(|row| names.line(row, now));
            Ok((lines.collect::<Result<_, _>>()?, more))
        })
    }
}
