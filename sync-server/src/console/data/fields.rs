//! Fields of records that have several values: their place in the queue, and what is decided.

use documents::{FieldEdit, Partition, RecordId, RecordKind, Value};
use domain::{ExceptionId, ItemId, Quantity, SiteId, UnixMillis};
use replica::query::FieldConflictRow;
use replica::{Commit, Query, RecordEdit, Replica, ReplicaError};

use super::ConsoleData;
use super::names::Names;
use super::review::{CARDS, ReviewFilter};
use crate::console::view::{FieldConflictView, FieldValue, Named, ReviewList};
use crate::error::AppError;

/// What a cursor among the fields begins with; the exceptions' begin with a number.
const CURSOR: &str = "field.";

/// The field with several values that is known by this id.
pub(super) fn conflict_with_id(
    query: &Query<'_>,
    id: ExceptionId,
) -> Result<Option<FieldConflictRow>, ReplicaError> {
    let all = query.field_conflicts()?;
    Ok(all.into_iter().find(|row| row.id() == id))
}

/// The site that a record is of; `None`: it belongs to all.
fn own_site(query: &Query<'_>, row: &FieldConflictRow) -> Result<Option<SiteId>, ReplicaError> {
    Ok(match row.kind {
        RecordKind::Bin => query.bin(row.record.into())?.map(|bin| bin.site),
        RecordKind::Order => query.order(row.record.into())?.map(|order| order.site),
        RecordKind::Site => Some(row.record.into()),
        _ => None,
    })
}

/// The site in whose log it is said what is said about a record: its own, or the first for what belongs to all.
pub(super) fn site_of(
    query: &Query<'_>,
    row: &FieldConflictRow,
) -> Result<Option<SiteId>, ReplicaError> {
    Ok(match own_site(query, row)? {
        Some(site) => Some(site),
        None => query.sites()?.first().map(|site| site.id),
    })
}

/// Where a page goes on: the record and the path of the last field before it. A settled field leaves its place behind.
fn cursor(row: &FieldConflictRow) -> String {
    format!("{CURSOR}{}.{}", ItemId::from_bytes(row.record.0), row.path)
}

/// A cursor that somebody made up begins at the beginning.
fn after_cursor(text: &str) -> Option<(RecordId, String)> {
    let (record, path) = text.strip_prefix(CURSOR)?.split_once('.')?;
    let record: ItemId = record.parse().ok()?;
    Some((record.into(), path.to_owned()))
}

impl ReviewFilter {
    /// Fields have neither evidence nor a time.
    fn wants_fields(&self) -> bool {
        let of_exceptions = [&self.device, &self.days, &self.cause];
        matches!(self.kind.as_str(), "" | "field-conflict")
            && matches!(self.severity.as_str(), "" | "2")
            && of_exceptions.iter().all(|text| text.is_empty())
    }

    /// Whether this page begins among the fields, behind all exceptions.
    pub(super) fn begins_with_fields(&self) -> bool {
        self.after.starts_with(CURSOR)
    }
}

impl Names<'_> {
    /// Fills the page up with fields, behind the last exception.
    pub(super) fn fields(
        &self,
        filter: &ReviewFilter,
        list: &mut ReviewList,
    ) -> Result<(), AppError> {
        if list.next.is_some() || !filter.wants_fields() {
            return Ok(());
        }
        let after = after_cursor(&filter.after);
        let mut last = CURSOR.to_owned();
        // By record and path, as they are read.
        for row in self.query.field_conflicts()? {
            let is_before = after
                .as_ref()
                .is_some_and(|(record, path)| (row.record, &row.path) <= (*record, path));
            if is_before || !self.is_wanted(&row, filter)? {
                continue;
            }
            if list.cards.len() + list.fields.len() == CARDS {
                list.next = Some(last);
                return Ok(());
            }
            last = cursor(&row);
            list.fields.push(self.field_conflict(&row)?);
        }
        Ok(())
    }

    fn is_wanted(&self, row: &FieldConflictRow, filter: &ReviewFilter) -> Result<bool, AppError> {
        if let Some(site) = filter.site_id()
            && own_site(self.query, row)?.is_some_and(|own| own != site)
        {
            return Ok(false);
        }
        self.is_with(row, &filter.assigned)
    }

    /// Whether it is with that operator, by id; `none`: with nobody; empty: whoever it is with.
    fn is_with(&self, row: &FieldConflictRow, assigned: &str) -> Result<bool, AppError> {
        if assigned.is_empty() {
            return Ok(true);
        }
        let (with, _) = self.head(row.id())?;
        Ok(match assigned {
            "none" => with.is_none(),
            id => with.is_some_and(|with| with.to_string() == id),
        })
    }

    /// The code of what a field names by its id.
    fn code_of(&self, path: &str, id: &[u8]) -> Result<Option<String>, AppError> {
        let Ok(id) = id.try_into().map(documents::RecordId) else {
            return Ok(None);
        };
        let named = match path {
            "owner" => self.customer(id.into())?,
            "face_item" => self.item(id.into())?.0,
            "site" => self.site(id.into())?,
            "zone" => self.zone(id.into())?,
            _ => return Ok(None),
        };
        Ok(Some(named.code).filter(|code| !code.is_empty()))
    }

    pub(super) fn field_conflict(
        &self,
        row: &FieldConflictRow,
    ) -> Result<FieldConflictView, AppError> {
        let named = match row.kind {
            RecordKind::Item => self.item(row.record.into())?.0,
            RecordKind::Bin => self.bin(row.record.into())?,
            RecordKind::Site => self.site(row.record.into())?,
            RecordKind::Operator => self.operator(row.record.into())?,
            RecordKind::Device => self.device(row.record.into())?,
            RecordKind::Customer => self.customer(row.record.into())?,
            RecordKind::Zone => self.zone(row.record.into())?,
            RecordKind::Deposit => Named {
                code: match self.query.deposit(row.record.into())? {
                    Some(found) => found.deposit.claim.grouped(),
                    None => String::new(),
                },
                ..Named::default()
            },
            RecordKind::Order => Named {
                code: self.order_code(row.record.into())?,
                ..Named::default()
            },
        };
        let mut values = Vec::with_capacity(row.values.len());
        for (value, chain) in &row.values {
            let is_quantity = row.path.starts_with("barcodes/");
            values.push(FieldValue {
                json: serde_json::to_string(value).unwrap_or_default(),
                text: match value {
                    documents::Value::Integer(n) if is_quantity => {
                        Quantity::from_thousandths(*n).to_string()
                    }
                    documents::Value::Bytes(id) => match self.code_of(&row.path, id)? {
                        Some(code) => code,
                        None => value.to_string(),
                    },
                    other => other.to_string(),
                },
                device: self.device_of_chain(*chain)?,
            });
        }
        let id = row.id();
        let (with, words) = self.head(id)?;
        Ok(FieldConflictView {
            id,
            assigned: with.map(|with| self.operator(with)).transpose()?,
            words,
            record_kind: row.kind.code(),
            record: domain::ItemId::from_bytes(row.record.0).to_string(),
            named,
            path: row.path.clone(),
            values,
        })
    }
}

impl ConsoleData {
    /// Writes one of several values of a field, which settles it.
    ///
    /// # Errors
    /// [`AppError::Conflict`] if that value is not among them any more.
    pub fn choose_value(
        &self,
        record: &str,
        path: &str,
        json: &str,
        now: UnixMillis,
    ) -> Result<(), AppError> {
        let id: ItemId = record.parse().map_err(|_| AppError::BadRequest)?;
        let id = RecordId::from(id);
        let value: Value = serde_json::from_str(json).map_err(|_| AppError::BadRequest)?;
        self.must_see(|q| {
            Ok(q.field_conflicts()?
                .into_iter()
                .find(|row| row.record == id))
        })?;
        let mut replica = self.writer_at(now)?;
        let conflicts = replica.query().field_conflicts()?;
        let row = conflicts
            .into_iter()
            .find(|row| row.record == id && row.path == path)
            .filter(|row| row.values.iter().any(|(known, _)| *known == value))
            .ok_or(AppError::Conflict)?;
        let edit = RecordEdit {
            partition: partition_of(&replica, id)?,
            kind: row.kind,
            id,
            fields: vec![FieldEdit {
                path: row.path,
                value: Some(value),
            }],
        };
        let commit = Commit {
            edits: vec![edit],
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(())
    }
}

fn partition_of(replica: &Replica, id: RecordId) -> Result<Partition, AppError> {
    replica.partition_of(id)?.ok_or(AppError::NotFound)
}
