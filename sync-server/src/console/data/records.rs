//! What other programs ask for and write: plain records, in pages, each change made on what its writer has seen.

use std::collections::BTreeMap;

use documents::catalogue::{Bin, Device, Item, Operator, Site, Zone};
use documents::{FieldEdit, Order, Partition, RecordKind};
use domain::ledger::{Exception, StockKey};
use domain::{
    BinId, ExceptionId, ItemId, OrderId, OrderStep, OrderType, Quantity, SiteId, UnixMillis,
};
use replica::query::{Arrival, ArrivedRow, ExceptionFilter, StockRow};
use replica::{Commit, RecordEdit, Replica};

use super::ConsoleData;
use super::imports::is_begun;
use super::load::{Plan, changed_fields, new_ids, owner_in, plan};
use super::resolve::operator_edit;
use crate::console::import::{ItemIn, NeedsIn, Parsed, Problem};
use crate::console::view::choices;
use crate::error::AppError;
use crate::store::accounts::User;

/// Writes a change of one record, if there is one.
pub(super) fn edit_one(
    replica: &mut Replica,
    edit: RecordEdit,
    now: UnixMillis,
) -> Result<(), AppError> {
    if edit.fields.is_empty() {
        return Ok(());
    }
    let commit = Commit {
        edits: vec![edit],
        ..Commit::default()
    };
    replica.commit(commit, now)?;
    Ok(())
}

/// An order, and how far the work on it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderState {
    /// The order, with its lines.
    pub order: Order,
    /// How much of each line has been done, by step; 0 is what is on no line.
    pub done: BTreeMap<OrderStep, BTreeMap<u32, Quantity>>,
    /// Steps that somebody has said are done.
    pub finished: Vec<OrderStep>,
}

/// An exception, what stands for all that is shown of it, and what may be decided.
#[derive(Debug, Clone)]
pub struct ExceptionState {
    /// As the fold has it.
    pub exception: Exception,
    /// A decision names it.
    pub seen: String,
    /// What may be decided, the suggestion first.
    pub choices: &'static [&'static str],
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChanged {
    /// It has changed since its writer saw it.
    Stale,
    /// Work on it has begun.
    Begun,
    /// What was written cannot be taken.
    Problem(Problem),
}

/// What a change of a bin says; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct BinChange {
    /// Code of the zone; an unknown one is made, an empty one is none.
    pub zone: Option<String>,
    /// Class, room and load.
    pub takes: NeedsIn,
    /// Where it lies on the way.
    pub sequence: Option<i64>,
    /// Pick face: item, from which amount up to which it is filled; `Some(None)`: none.
    pub face: Option<Option<(ItemId, Quantity, Quantity)>>,
}

impl ConsoleData {
    /// Items by SKU after one of them.
    ///
    /// # Errors
    /// Those of the replica, as of all functions here.
    pub fn items_after(
        &self,
        after: Option<(String, ItemId)>,
        limit: u32,
    ) -> Result<Vec<Item>, AppError> {
        let after = after.as_ref().map(|(sku, id)| (sku.as_str(), *id));
        self.ask(|q| Ok(q.items_after(after, limit)?))
    }

    /// Items that a code names.
    pub fn items_by_code(&self, code: &str) -> Result<Vec<Item>, AppError> {
        self.ask(|q| Ok(q.items_by_code(code)?.into_iter().map(|m| m.item).collect()))
    }

    /// One item's record.
    pub fn item_record(&self, id: ItemId) -> Result<Option<Item>, AppError> {
        self.ask(|q| Ok(q.item(id)?))
    }

    /// Bins of a site after one of them, or those with a code.
    pub fn bins_after(
        &self,
        site: SiteId,
        code: Option<&str>,
        after: Option<BinId>,
        limit: u32,
    ) -> Result<Vec<Bin>, AppError> {
        self.ask(|q| {
            Ok(match code {
                Some(code) => q.bins_by_code(site, code)?,
                None => q.bins_after(site, after, limit)?,
            })
        })
    }

    /// One bin's record.
    pub fn bin_record(&self, id: BinId) -> Result<Option<Bin>, AppError> {
        self.ask(|q| Ok(q.bin(id)?))
    }

    /// Zones of a site.
    pub fn zone_records(&self, site: SiteId) -> Result<Vec<Zone>, AppError> {
        self.ask(|q| Ok(q.zones(site)?))
    }

    /// All sites.
    pub fn site_records(&self) -> Result<Vec<Site>, AppError> {
        self.ask(|q| Ok(q.sites()?))
    }

    /// All people.
    pub fn operator_records(&self) -> Result<Vec<Operator>, AppError> {
        self.ask(|q| Ok(q.operators()?))
    }

    /// All handhelds; the server's own nodes are left out.
    pub fn device_records(&self) -> Result<Vec<Device>, AppError> {
        self.ask(|q| {
            let mut devices = Vec::new();
            for device in q.devices()? {
                if !q.is_server(device.id)? {
                    devices.push(device);
                }
            }
            Ok(devices)
        })
    }

    /// Orders of a site after one of them, or those with a code.
    pub fn orders_after(
        &self,
        site: SiteId,
        kind: Option<OrderType>,
        code: Option<&str>,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderState>, AppError> {
        self.ask(|q| {
            let orders = match code {
                Some(code) => q.orders_by_code(site, code)?,
                None => q.orders_after(site, kind, after, limit)?,
            };
            let of_kind = |order: &Order| kind.is_none_or(|kind| order.kind == kind);
            let orders = orders.into_iter().filter(of_kind);
            orders.map(|order| state_of(q, order)).collect()
        })
    }

    /// One order.
    pub fn order_state(&self, id: OrderId) -> Result<Option<OrderState>, AppError> {
        self.ask(|q| {
            let order = q.order(id)?;
            order.map(|order| state_of(q, order)).transpose()
        })
    }

    /// Piles of a site after one of them.
    pub fn piles_after(
        &self,
        site: SiteId,
        after: Option<&StockKey>,
        limit: u32,
    ) -> Result<Vec<StockRow>, AppError> {
        self.ask(|q| Ok(q.piles_after(site, after, limit)?))
    }

    /// Piles of a bin or of an item at a site, now or as the book said at an instant.
    pub fn piles_at(
        &self,
        site: SiteId,
        bin: Option<BinId>,
        item: Option<ItemId>,
        at: Option<UnixMillis>,
    ) -> Result<Vec<StockRow>, AppError> {
        self.ask(|q| {
            let mut rows = match (bin, item, at) {
                (Some(bin), _, Some(at)) => q.stock_of_bin_at(site, bin, at)?,
                (Some(bin), _, None) => q.stock_of_bin(bin)?,
                (None, Some(item), Some(at)) => q.stock_of_item_at(site, item, at)?,
                (None, Some(item), None) => q.stock_of_item(site, item)?,
                (None, None, _) => Vec::new(),
            };
            rows.retain(|r| r.site == site && item.is_none_or(|item| r.key.item == item));
            Ok(rows)
        })
    }

    /// Events of a site in the order in which the log took them.
    pub fn arrived(
        &self,
        site: SiteId,
        after: Arrival,
        limit: usize,
    ) -> Result<(Vec<ArrivedRow>, Arrival), AppError> {
        self.ask(|q| Ok(q.arrived(site, after, limit)?))
    }

    /// Where the logs of all sites end, as far as they are folded.
    pub fn log_ends(&self) -> Result<Vec<(SiteId, Arrival)>, AppError> {
        let replica = self.writer();
        let sites = replica.query().sites()?;
        let mut ends = Vec::with_capacity(sites.len());
        for site in sites {
            let end = replica.cursor(Partition::Site(site.id))?;
            let end = end.map(|cursor| Arrival {
                entry: cursor.number,
                event: u64::MAX >> 1,
            });
            ends.push((site.id, end.unwrap_or_default()));
        }
        Ok(ends)
    }

    /// Exceptions after one of them.
    pub fn exceptions_after(
        &self,
        filter: &ExceptionFilter,
        after: Option<ExceptionId>,
        limit: u32,
    ) -> Result<Vec<ExceptionState>, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let found = q.exceptions_after(filter, after, limit)?;
            let state = |exception: Exception| {
                Ok(ExceptionState {
                    seen: names.exception(&exception)?.seen(),
                    choices: choices(exception.finding.kind),
                    exception,
                })
            };
            found.into_iter().map(state).collect()
        })
    }

    /// Whether anybody has decided it, even if it is gone since.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn is_decided(&self, id: ExceptionId) -> Result<bool, AppError> {
        self.ask(|q| Ok(!q.all_decisions(Some(id), 1)?.is_empty()))
    }

    /// One exception.
    pub fn exception_state(&self, id: ExceptionId) -> Result<Option<ExceptionState>, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let Some(exception) = q.exception(id)? else {
                return Ok(None);
            };
            Ok(Some(ExceptionState {
                seen: names.exception(&exception)?.seen(),
                choices: choices(exception.finding.kind),
                exception,
            }))
        })
    }

    /// Makes one record from a row that an import would take. What cannot be made says why.
    pub fn create(
        &self,
        rows: &Parsed,
        site: Option<SiteId>,
        now: UnixMillis,
    ) -> Result<Result<documents::RecordId, Vec<Problem>>, AppError> {
        let mut ids = new_ids()?;
        let mut replica = self.writer_at(now)?;
        let plan: Plan = plan(&replica.query(), &mut ids, rows, site, now)?;
        if !plan.outcome.problems.is_empty() {
            return Ok(Err(plan.outcome.problems));
        }
        let made = plan.edits.last().filter(|_| plan.outcome.new == 1);
        let Some(made) = made.map(|edit| edit.id) else {
            let taken = Problem {
                line: 2,
                column: None,
                key: "import.problem.taken",
                value: String::new(),
            };
            return Ok(Err(vec![taken]));
        };
        let commit = Commit {
            edits: plan.edits,
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(Ok(made))
    }

    /// Changes an item if it is still as `is_as_seen` says. `gone`: barcodes that are taken off.
    pub fn change_item(
        &self,
        id: ItemId,
        change: &ItemIn,
        gone: &[String],
        is_as_seen: impl FnOnce(&Item) -> bool,
        now: UnixMillis,
    ) -> Result<Result<Item, NotChanged>, AppError> {
        let mut replica = self.writer_at(now)?;
        let query = replica.query();
        let item = query.item(id)?.ok_or(AppError::NotFound)?;
        if !is_as_seen(&item) {
            return Ok(Err(NotChanged::Stale));
        }
        for code in change.barcodes.iter().flat_map(BTreeMap::keys) {
            if query.items_by_code(code)?.iter().any(|m| m.item.id != id) {
                let key = "import.problem.barcode-taken";
                let column = crate::console::import::Column::Barcodes;
                let problem = Problem::cell(2, column, key, code);
                return Ok(Err(NotChanged::Problem(problem)));
            }
        }
        let owner = match owner_in(&query, change)? {
            Ok(owner) => owner,
            Err(problem) => return Ok(Err(NotChanged::Problem(problem))),
        };
        let mut fields = changed_fields(&item, change, owner);
        let known = |code: &&String| item.barcodes.contains_key(*code);
        fields.extend(
            gone.iter()
                .filter(known)
                .map(|code| FieldEdit::clear(format!("barcodes/{code}"))),
        );
        let edit = RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Item,
            id: id.into(),
            fields,
        };
        edit_one(&mut replica, edit, now)?;
        let changed = replica.query().item(id)?;
        Ok(Ok(changed.ok_or(AppError::NotFound)?))
    }

    /// Changes a bin if it is still as `is_as_seen` says.
    pub fn change_bin(
        &self,
        id: BinId,
        change: &BinChange,
        is_as_seen: impl FnOnce(&Bin) -> bool,
        now: UnixMillis,
    ) -> Result<Result<Bin, NotChanged>, AppError> {
        let mut ids = new_ids()?;
        let mut replica = self.writer_at(now)?;
        let query = replica.query();
        let bin = query.bin(id)?.ok_or(AppError::NotFound)?;
        if !is_as_seen(&bin) {
            return Ok(Err(NotChanged::Stale));
        }
        let (fields, zone) = match super::load::bin_fields(&query, &mut ids, &bin, change, now)? {
            Ok(change) => change,
            Err(problem) => return Ok(Err(NotChanged::Problem(problem))),
        };
        let mut edits: Vec<RecordEdit> = zone.into_iter().collect();
        if !fields.is_empty() {
            edits.push(RecordEdit {
                partition: Partition::Site(bin.site),
                kind: RecordKind::Bin,
                id: id.into(),
                fields,
            });
            let commit = Commit {
                edits,
                ..Commit::default()
            };
            replica.commit(commit, now)?;
        }
        let changed = replica.query().bin(id)?;
        Ok(Ok(changed.ok_or(AppError::NotFound)?))
    }

    /// Calls an order off if nobody has worked on it and it is still as `is_as_seen` says.
    pub fn call_off(
        &self,
        id: OrderId,
        is_as_seen: impl FnOnce(&OrderState) -> bool,
        now: UnixMillis,
    ) -> Result<Result<OrderState, NotChanged>, AppError> {
        let mut replica = self.writer_at(now)?;
        let query = replica.query();
        let order = query.order(id)?.ok_or(AppError::NotFound)?;
        let (site, is_off) = (order.site, order.cancelled);
        if !is_as_seen(&state_of(&query, order)?) {
            return Ok(Err(NotChanged::Stale));
        }
        if is_begun(&query, id)? {
            return Ok(Err(NotChanged::Begun));
        }
        if !is_off {
            let edits = vec![RecordEdit {
                partition: Partition::Site(site),
                kind: RecordKind::Order,
                id: id.into(),
                fields: vec![FieldEdit::set("cancelled", true)],
            }];
            let commit = Commit {
                edits,
                ..Commit::default()
            };
            replica.commit(commit, now)?;
        }
        let query = replica.query();
        let order = query.order(id)?.ok_or(AppError::NotFound)?;
        Ok(Ok(state_of(&query, order)?))
    }

    /// Makes the record that events of a key or a user name, if it is not there.
    pub fn introduce(&self, user: &User, now: UnixMillis) -> Result<(), AppError> {
        let mut replica = self.writer_at(now)?;
        let edits: Vec<_> = operator_edit(&replica.query(), user)?.into_iter().collect();
        if !edits.is_empty() {
            let commit = Commit {
                edits,
                ..Commit::default()
            };
            replica.commit(commit, now)?;
        }
        Ok(())
    }
}

fn state_of(query: &replica::Query<'_>, order: Order) -> Result<OrderState, AppError> {
    let mut done = BTreeMap::new();
    let mut finished = Vec::new();
    for step in OrderStep::ALL {
        let progress = query.progress(order.site, order.id, step)?;
        if !progress.is_empty() {
            done.insert(step, progress);
        }
        if !query.finished(order.site, order.id, step)?.is_empty() {
            finished.push(step);
        }
    }
    Ok(OrderState {
        order,
        done,
        finished,
    })
}
