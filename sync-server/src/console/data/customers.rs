//! Customers as records.

use documents::catalogue::Customer;
use documents::{Partition, RecordKind};
use domain::{CustomerId, UnixMillis};
use replica::RecordEdit;

use super::load::changed_texts;
use super::records::edit_one;
use super::{ConsoleData, NotChanged};
use crate::console::import::CustomerIn;
use crate::error::AppError;

/// All methods fail with the errors of the replica.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl ConsoleData {
    /// Customers by code, those after one of them.
    pub fn customers_after(
        &self,
        after: Option<(String, CustomerId)>,
        limit: u32,
    ) -> Result<Vec<Customer>, AppError> {
        let after = after.as_ref().map(|(code, id)| (code.as_str(), *id));
        self.ask(|q| Ok(q.customers(after, limit)?))
    }

    /// Customers with a code: one, unless two were made at once.
    pub fn customers_by_code(&self, code: &str) -> Result<Vec<Customer>, AppError> {
        self.ask(|q| Ok(q.customers_by_code(code)?))
    }

    /// One customer's record.
    pub fn customer_record(&self, id: CustomerId) -> Result<Option<Customer>, AppError> {
        self.ask(|q| Ok(q.customer(id)?))
    }

    /// Changes a customer's names if it is still as `is_as_seen` says.
    pub fn change_customer(
        &self,
        id: CustomerId,
        change: &CustomerIn,
        is_as_seen: impl FnOnce(&Customer) -> bool,
        now: UnixMillis,
    ) -> Result<Result<Customer, NotChanged>, AppError> {
        let mut replica = self.writer_at(now)?;
        let known = replica.query().customer(id)?.ok_or(AppError::NotFound)?;
        if !is_as_seen(&known) {
            return Ok(Err(NotChanged::Stale));
        }
        let fields: Vec<_> = changed_texts([
            ("name_zh", &known.name_zh, &change.name_zh),
            ("name_en", &known.name_en, &change.name_en),
        ])
        .collect();
        let edit = RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Customer,
            id: id.into(),
            fields,
        };
        edit_one(&mut replica, edit, now)?;
        let changed = replica.query().customer(id)?;
        Ok(Ok(changed.ok_or(AppError::NotFound)?))
    }
}
