//! What would stand where after a decision, before it is taken.

use std::collections::BTreeMap;

use domain::event::EventBody;
use domain::ledger::{Exception, ExceptionKind, Standing, StockKey};
use domain::{EventHash, SiteId};
use replica::Query;
use replica::query::Supposed;

use super::names::Names;
use super::resolve::{Decision, actions};
use crate::console::view::{Preview, PreviewLine, choices};
use crate::error::AppError;

/// More piles than this are not listed: a count of a whole bin may be of hundreds.
const LINES_MAX: usize = 12;

impl Names<'_> {
    /// What each choice about an exception would do to the stock, in the order of [`choices`].
    pub(super) fn previews(&self, exception: &Exception) -> Result<Vec<Preview>, AppError> {
        let kind = exception.finding.kind;
        let mut previews = Vec::new();
        for choice in choices(kind) {
            let lines = match *choice {
                "link-to-item" => self.received_from_aside(exception)?,
                _ => self.lines_after(exception, choice)?,
            };
            previews.push(Preview {
                choice,
                more: lines.len().saturating_sub(LINES_MAX),
                lines: lines.into_iter().take(LINES_MAX).collect(),
            });
        }
        Ok(previews)
    }

    fn lines_after(
        &self,
        exception: &Exception,
        choice: &str,
    ) -> Result<Vec<PreviewLine>, AppError> {
        let decision = Decision {
            choice: choice.to_owned(),
            ..Decision::default()
        };
        let Ok(actions) = actions(self.query, exception, &decision)? else {
            return Ok(Vec::new());
        };
        let site = exception.finding.site;
        let mut supposed: BTreeMap<StockKey, Vec<Supposed>> = BTreeMap::new();
        for body in actions.events {
            match body {
                EventBody::Reversed { target } => reversed(self.query, target, &mut supposed)?,
                EventBody::CountApproved { count } => {
                    approved(self.query, site, count, &mut supposed)?;
                }
                other => {
                    for (key, by) in other.changes() {
                        supposed.entry(key).or_default().push(Supposed::Plus(by));
                    }
                }
            }
        }
        let mut lines = Vec::new();
        for (key, supposed) in supposed {
            let (now, then) = self.query.balance_if(site, &key, &supposed)?;
            let (item, base_unit) = self.item(key.item)?;
            lines.push(PreviewLine {
                item: Some(item),
                bin: Some(self.bin(key.bin)?),
                lot: key.lot,
                base_unit,
                now: Some(now),
                then,
            });
        }
        // What changes is told first.
        lines.sort_by_key(|line| line.now == Some(line.then));
        Ok(lines)
    }

    /// Which item it is, the supervisor has yet to say.
    fn received_from_aside(&self, exception: &Exception) -> Result<Vec<PreviewLine>, AppError> {
        debug_assert_eq!(exception.finding.kind, ExceptionKind::UnknownCode);
        let mut lines: Vec<PreviewLine> = Vec::new();
        for row in self.query.evidence(exception)? {
            let EventBody::SetAside { bin, quantity, .. } = row.placed.event.record.body else {
                continue;
            };
            let bin = bin.map(|bin| self.bin(bin)).transpose()?;
            match lines.iter_mut().find(|line| line.bin == bin) {
                Some(line) => line.then = line.then.plus(quantity),
                None => lines.push(PreviewLine {
                    item: None,
                    bin,
                    lot: None,
                    base_unit: String::new(),
                    now: None,
                    then: quantity,
                }),
            }
        }
        Ok(lines)
    }
}

/// An event that counts for nothing by now changes nothing if it is reversed.
fn reversed(
    query: &Query<'_>,
    target: EventHash,
    supposed: &mut BTreeMap<StockKey, Vec<Supposed>>,
) -> Result<(), AppError> {
    let Some(row) = query.event_by_hash(target)? else {
        return Ok(());
    };
    if row.placed.standing != Standing::Void {
        for (key, _) in row.placed.event.record.body.changes() {
            let without = Supposed::Without(row.placed.place);
            supposed.entry(key).or_default().push(without);
        }
    }
    Ok(())
}

/// A count of a whole bin sets what it did not find to nothing.
fn approved(
    query: &Query<'_>,
    site: SiteId,
    count: EventHash,
    supposed: &mut BTreeMap<StockKey, Vec<Supposed>>,
) -> Result<(), AppError> {
    let Some(row) = query.event_by_hash(count)? else {
        return Ok(());
    };
    let EventBody::Counted {
        bin,
        lines,
        whole_bin,
    } = &row.placed.event.record.body
    else {
        return Ok(());
    };
    let mut keys: Vec<StockKey> = lines
        .iter()
        .map(|line| StockKey {
            bin: *bin,
            item: line.item,
            lot: line.lot.clone(),
        })
        .collect();
    if *whole_bin {
        let piles = query.stock_of_bin(*bin)?;
        keys.extend(piles.into_iter().filter(|p| p.site == site).map(|p| p.key));
    }
    for key in keys {
        let of_key = supposed.entry(key).or_default();
        let approved = Supposed::Approved(row.placed.place);
        if !of_key.contains(&approved) {
            of_key.push(approved);
        }
    }
    Ok(())
}
