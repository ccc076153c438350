//! What customers left with us, as one of them may see it.

use chrono::DateTime;
use chrono_tz::Tz;
use documents::sealed::{PICTURE, SEALED_MEDIA, sealed_for};
use documents::{
    Acknowledged, Announced, Deposit, FieldEdit, Partition, Record, RecordKind, Value, Wish,
};
use domain::ledger::UnitStatus;
use domain::ticket::ClaimCode;
use domain::{BlobId, BlobKind, Currency, CustomerId, DepositId, EventBody, EventHash, UnixMillis};
use replica::query::{DepositRow, EventRow};
use replica::{KeyState, Query, RecordEdit};

use super::ConsoleData;
use super::events::claim_end;
use super::names::Names;
use super::records::edit_one;
use crate::console::view::{LeftAct, LeftPiece, LeftView, Named};
use crate::error::AppError;
use crate::store::customers::Looks;

/// So many deposits of a customer are looked at, the newest.
const DEPOSITS_MAX: u32 = 50;

/// A sum with its currency; empty for nothing.
pub(super) fn sum(minor: i64, currency: Currency) -> String {
    match minor {
        0 => String::new(),
        minor => format!("{} {currency}", currency.number(minor.into())),
    }
}

fn is_erased(q: &Query<'_>, customer: CustomerId) -> Result<bool, AppError> {
    Ok(q.customer_key(customer)? == KeyState::Destroyed)
}

/// The photos that acts name.
pub(super) fn photos_of(acts: &[EventRow]) -> Vec<BlobId> {
    let mut photos = Vec::new();
    for row in acts {
        if let EventBody::Custody(custody) = &row.placed.event.record.body {
            for photo in &custody.photos {
                if !photos.contains(photo) {
                    photos.push(*photo);
                }
            }
        }
    }
    photos
}

impl Names<'_> {
    /// A deposit, with what was done and what is due.
    pub(super) fn left(&self, row: &DepositRow, now: UnixMillis) -> Result<LeftView, AppError> {
        let (q, deposit) = (self.query, &row.deposit);
        let record = q.record(deposit.id.into())?;
        let rating = record.as_ref().map(|record| record.fields.get("rating"));
        let rating = match rating {
            Some(Some(Value::Integer(rating))) => *rating,
            _ => 0,
        };
        let announced = record.as_ref().and_then(Announced::from_record);
        let zone: Option<Tz> = q
            .site(deposit.site)?
            .and_then(|site| site.time_zone.parse().ok());
        let zone = zone.unwrap_or(Tz::UTC);
        let today = DateTime::from_timestamp_millis(now)
            .unwrap_or_default()
            .with_timezone(&zone)
            .date_naive();
        let currency = deposit.fee.currency;
        let mut pieces = Vec::with_capacity(deposit.pieces.len());
        for piece in q.pieces(deposit)? {
            let said = &piece.piece;
            let here = piece
                .standing
                .filter(|(status, ..)| *status == UnitStatus::Stored);
            pieces.push(LeftPiece {
                number: piece.number,
                unit: said.unit.printed().to_owned(),
                unit_id: said.unit.as_str().to_owned(),
                item: Named {
                    id: String::new(),
                    ..self.item(said.item)?.0
                },
                size: said.size.clone(),
                condition: piece.condition.clone(),
                value: sum(said.value, currency),
                bin: here.map(|(_, bin, _)| self.bin(bin)).transpose()?,
                is_expected: false,
            });
        }
        for (number, piece) in announced.iter().flat_map(|announced| &announced.pieces) {
            pieces.push(LeftPiece {
                number: *number,
                unit: String::new(),
                unit_id: String::new(),
                item: Named {
                    id: String::new(),
                    ..self.item(piece.item)?.0
                },
                size: piece.size.clone(),
                condition: String::new(),
                value: sum(piece.value, currency),
                bin: None,
                is_expected: true,
            });
        }
        pieces.sort_by_key(|piece| piece.number);
        let here = pieces.iter().filter(|piece| piece.bin.is_some()).count();
        let each = deposit.fee.due(deposit.taken_at, now);
        let due = each.saturating_mul(i64::try_from(here).unwrap_or(i64::MAX));
        let rows = q.acts_of(deposit.id)?;
        let mut photos = Vec::new();
        for photo in photos_of(&rows) {
            let whole = self.hub.whole_blob(photo).map_err(AppError::internal)?;
            photos.extend(whole.map(|_| photo.hex()));
        }
        Ok(LeftView {
            id: deposit.id.to_string(),
            claim: claim_end(&deposit.claim),
            site: self.site(deposit.site)?,
            zone,
            taken_at: deposit.taken_at,
            announced: announced.map(|announced| (announced.at, announced.days)),
            due: deposit.due,
            days: deposit.due.map(|due| (due - today).num_days()),
            stored: row.stored,
            fee: (
                sum(deposit.fee.daily, currency),
                sum(deposit.fee.cap, currency),
            ),
            fee_due: sum(due, currency),
            pieces,
            acts: rows
                .iter()
                .filter_map(|row| act(row, deposit, record.as_ref()))
                .collect(),
            photos,
            wish: deposit.wish,
            rating,
        })
    }
}

fn act(row: &EventRow, deposit: &Deposit, record: Option<&Record>) -> Option<LeftAct> {
    let event = &row.placed.event;
    let EventBody::Custody(custody) = &event.record.body else {
        return None;
    };
    let taken = custody.charge.map_or(0, |charge| charge.taken);
    let agreed = custody.terms.as_ref().and_then(|terms| terms.due);
    Some(LeftAct {
        act: custody.act,
        at: event.record.clock.millis,
        pieces: custody.pieces.clone(),
        hash: event.hash.hex(),
        due: custody.due.or(agreed),
        taken: sum(taken, deposit.fee.currency),
        signed: record
            .and_then(|record| Acknowledged::of(record, event.hash))
            .map(|signed| (signed.at, signed.signature.hex())),
    })
}

/// All methods fail with the errors of the replica.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl ConsoleData {
    /// What a ticket is for, unless whose it is was erased.
    pub fn left_by_claim(
        &self,
        claim: &ClaimCode,
    ) -> Result<Option<(DepositId, CustomerId)>, AppError> {
        self.ask(|q| {
            let Some(row) = q.deposit_by_claim(claim)? else {
                return Ok(None);
            };
            let customer = row.deposit.customer;
            Ok((!is_erased(q, customer)?).then_some((row.deposit.id, customer)))
        })
    }

    /// Who has this telephone, and how it was typed.
    pub fn persons_with_phone(&self, phone: &str) -> Result<Vec<(CustomerId, String)>, AppError> {
        self.ask(|q| {
            let found = q.same_person(phone, "")?.into_iter();
            Ok(found.map(|(id, person)| (id, person.phone)).collect())
        })
    }

    fn rows_left(&self, q: &Query<'_>, looks: &Looks) -> Result<Vec<DepositRow>, AppError> {
        let mut rows = Vec::new();
        for customer in &looks.customers {
            if is_erased(q, *customer)? {
                continue;
            }
            match looks.deposit {
                Some(id) => rows.extend(q.deposit(id)?),
                None => rows.extend(q.deposits_of(*customer, DEPOSITS_MAX)?),
            }
        }
        rows.retain(|row| looks.customers.contains(&row.deposit.customer));
        Ok(rows)
    }

    /// All that a customer may look at, what is here first.
    pub fn left_of(&self, looks: &Looks, now: UnixMillis) -> Result<Vec<LeftView>, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let rows = self.rows_left(q, looks)?;
            let mut left: Vec<LeftView> = rows
                .iter()
                .map(|row| names.left(row, now))
                .collect::<Result<_, _>>()?;
            left.sort_by_key(|left| (left.stored == 0, std::cmp::Reverse(left.taken_at)));
            Ok(left)
        })
    }

    /// A photo of what a customer left, opened; `None` if it is not theirs, or not here.
    pub fn photo_left(&self, looks: &Looks, photo: BlobId) -> Result<Option<Vec<u8>>, AppError> {
        let key = self.ask(|q| {
            for row in self.rows_left(q, looks)? {
                if photos_of(&q.acts_of(row.deposit.id)?).contains(&photo) {
                    return Ok(Some(q.customer_key(row.deposit.customer)?));
                }
            }
            Ok(None)
        })?;
        let Some(KeyState::Held(key)) = key else {
            return Ok(None);
        };
        let content = self.hub.blob_content(photo).map_err(AppError::internal)?;
        Ok(content.and_then(|(_, sealed)| key.open(PICTURE, &sealed).ok()))
    }

    /// Opens a sealed picture; `None` without its key.
    pub fn open_picture(&self, sealed: &[u8]) -> Result<Option<Vec<u8>>, AppError> {
        let Some(customer) = sealed_for(sealed) else {
            return Ok(None);
        };
        Ok(match self.ask(|q| Ok(q.customer_key(customer)?))? {
            KeyState::Held(key) => key.open(PICTURE, sealed).ok(),
            KeyState::Missing | KeyState::Destroyed => None,
        })
    }

    fn edit_deposit(
        &self,
        id: DepositId,
        fields: Vec<FieldEdit>,
        now: UnixMillis,
    ) -> Result<(), AppError> {
        let mut replica = self.writer_at(now)?;
        let row = replica.query().deposit(id)?.ok_or(AppError::NotFound)?;
        let edit = RecordEdit {
            partition: Partition::Site(row.deposit.site),
            kind: RecordKind::Deposit,
            id: id.into(),
            fields,
        };
        edit_one(&mut replica, edit, now)
    }

    /// Writes what a customer asks for.
    pub fn wish(&self, id: DepositId, wish: &Wish, now: UnixMillis) -> Result<(), AppError> {
        self.edit_deposit(id, Deposit::wish_fields(wish).to_vec(), now)
    }

    /// Keeps a customer's signature for what an act handed out, sealed under their key. `false`: nothing waits to be signed
    /// for under that act, or their key is not here.
    pub fn acknowledge(
        &self,
        id: DepositId,
        hash: EventHash,
        picture: &[u8],
        now: UnixMillis,
    ) -> Result<bool, AppError> {
        let found = self.ask(|q| {
            let row = q.deposit(id)?.ok_or(AppError::NotFound)?;
            let left = self.names(q).left(&row, now)?;
            let is_next = left.to_sign().is_some_and(|act| act.hash == hash.hex());
            let customer = row.deposit.customer;
            Ok(is_next.then_some((customer, q.customer_key(customer)?)))
        })?;
        let Some((customer, KeyState::Held(key))) = found else {
            return Ok(false);
        };
        let mut nonce = [0u8; 24];
        getrandom::fill(&mut nonce).map_err(|error| AppError::internal(error.to_string()))?;
        let sealed = key.seal(customer, PICTURE, nonce, picture);
        let signature = self
            .hub
            .keep_blob(&sealed, BlobKind::Signature, SEALED_MEDIA, now)
            .map_err(AppError::internal)?;
        let signed = Acknowledged { signature, at: now };
        self.edit_deposit(id, signed.fields(hash).to_vec(), now)?;
        Ok(true)
    }

    /// Writes how it was, 1 to 5.
    pub fn rate(&self, id: DepositId, rating: i64, now: UnixMillis) -> Result<(), AppError> {
        let fields = [("rating", rating), ("rated_at", now)];
        let fields = fields.map(|(path, value)| FieldEdit::set(path, value));
        self.edit_deposit(id, fields.to_vec(), now)
    }
}
