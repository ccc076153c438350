//! Deposits and persons for supervisors: found, told, extended, given up, erased.

use chrono::{DateTime, Days, NaiveDate};
use documents::sealed::NOTE;
use documents::{Deposit, FieldEdit, HouseRules, Partition, RecordKind, Value, WishKind};
use domain::custody::{Custody, CustodyAct};
use domain::ledger::{Subject, UnitStatus};
use domain::ticket::ClaimCode;
use domain::{
    CustomerId, DepositId, EventBody, Goods, OrderLine, Quantity, SiteId, UnitId, UnixMillis,
};
use replica::query::DepositRow;
use replica::{Commit, KeyState, NewEvent, Query, RecordEdit};

use super::ConsoleData;
use super::custody_alerts::{custody_days, day_before, note_of, odd};
use super::names::Names;
use super::records::edit_one;
use super::resolve::operator_edit;
use crate::console::view::{CustodyShow, DepositLine, DepositView, NoticeView, PersonView};
use crate::error::AppError;
use crate::store::accounts::User;
use crate::store::customers::{self, Notice};

/// Deposits on a page.
const ROWS: usize = 30;
/// Persons and deposits that a search finds at most.
pub(super) const FOUND_MAX: u32 = 30;
/// Events of one piece that are told.
const EVENTS_MAX: u32 = 50;

/// A page of deposits, and where the next one begins.
pub(super) type DepositPage = (Vec<DepositLine>, Option<String>);

/// Why nothing was done; each has words under `custody.problem.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustodyProblem {
    /// No day, or one that is not later than the term.
    BadDay,
    /// Nothing of it is here any more.
    Gone,
    /// Why has to be said.
    NoReason,
    /// Something of theirs is here.
    StillHere,
    /// They were erased already.
    Erased,
    /// It is no announcement any more.
    HasCome,
}

impl CustodyProblem {
    /// Key of its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::BadDay => "custody.problem.bad-day",
            Self::Gone => "custody.problem.gone",
            Self::NoReason => "custody.problem.no-reason",
            Self::StillHere => "custody.problem.still-here",
            Self::Erased => "custody.problem.erased",
            Self::HasCome => "custody.problem.has-come",
        }
    }
}

impl Names<'_> {
    pub(super) fn person_of(&self, id: CustomerId) -> Result<PersonView, AppError> {
        let q = self.query;
        let code = q.customer(id)?.map_or_else(String::new, |c| c.code);
        let state = match q.customer_key(id)? {
            KeyState::Held(_) => "known",
            KeyState::Missing => "missing",
            KeyState::Destroyed => "erased",
        };
        let mut view = PersonView::unread(id, code, state);
        if let Some(person) = q.person(id)? {
            view.name = person.name;
            view.phone = person.phone;
            view.document = person.document;
            view.note = person.note;
        }
        if let Some(record) = q.record(id.into())?
            && let Some(Value::Integer(at)) = record.fields.get("erased_at")
        {
            view.erased_at = Some(*at);
        }
        Ok(view)
    }

    pub(super) fn line(&self, row: &DepositRow, now: UnixMillis) -> Result<DepositLine, AppError> {
        Ok(DepositLine {
            left: self.left(row, now)?,
            person: self.person_of(row.deposit.customer)?,
            odd: Vec::new(),
        })
    }
}

pub(super) fn today(q: &Query<'_>, site: SiteId, now: UnixMillis) -> Result<NaiveDate, AppError> {
    let zone = q.site(site)?.and_then(|site| site.time_zone.parse().ok());
    let at = DateTime::from_timestamp_millis(now).unwrap_or_default();
    Ok(at
        .with_timezone(&zone.unwrap_or(chrono_tz::Tz::UTC))
        .date_naive())
}

fn place_of(row: &DepositRow) -> String {
    let due = row.deposit.due.map(|day| day.to_string());
    format!("{}:{}", due.unwrap_or_default(), row.deposit.id)
}

/// All methods fail with the errors of the replica.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl ConsoleData {
    /// Deposits of a site, by the end of their term; `after`: where the page before ended.
    pub fn deposits(
        &self,
        site: SiteId,
        show: CustodyShow,
        after: &str,
        now: UnixMillis,
    ) -> Result<DepositPage, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let days = custody_days(q, site, now)?;
            let none = DepositId::from_bytes([0; 16]);
            // Those without a term come before the first day.
            let first_day = ("0".to_owned(), none);
            let (from, last) = match show {
                CustodyShow::Soon => (Some((days.today, none)), Some(days.soon)),
                CustodyShow::Overdue => (Some(first_day), day_before(&days.today)),
                CustodyShow::Abandoned => (Some(first_day), day_before(&days.abandoned)),
                _ => (None, None),
            };
            let limit = ROWS as u32 + 1;
            let after = after.split_once(':');
            let mut rows = match show {
                CustodyShow::Wished => q.wishes(site, FOUND_MAX)?,
                CustodyShow::Odd => return self.odd_deposits(q, site, now),
                CustodyShow::Expected => {
                    let after =
                        after.and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
                    q.deposits_expected(site, after, limit)?
                }
                _ => {
                    let after =
                        after.and_then(|(due, id)| Some((due.to_owned(), id.parse().ok()?)));
                    q.deposits_here(site, after.or(from).as_ref(), limit)?
                }
            };
            if let Some(last) = last {
                rows.retain(|row| row.deposit.due.is_some_and(|due| due.to_string() <= last));
            }
            let more = rows.len() > ROWS && show != CustodyShow::Wished;
            rows.truncate(ROWS);
            let last = rows.last().filter(|_| more);
            let next = match show {
                CustodyShow::Expected => {
                    let announced = last.map(|row| q.announced(row.deposit.id)).transpose()?;
                    let at = announced.flatten().map(|announced| announced.at);
                    last.zip(at)
                        .map(|(row, at)| format!("{at}:{}", row.deposit.id))
                }
                _ => last.map(place_of),
            };
            let lines = rows.iter().map(|row| names.line(row, now));
            Ok((lines.collect::<Result<_, _>>()?, next))
        })
    }

    /// Deposits that a claim code, the label of a piece, or a person's name or telephone leads to.
    pub fn find_deposits(&self, text: &str, now: UnixMillis) -> Result<Vec<DepositLine>, AppError> {
        let text = text.trim();
        self.ask(|q| {
            let names = self.names(q);
            let mut rows = Vec::new();
            if let Ok(claim) = ClaimCode::parse(text) {
                rows.extend(q.deposit_by_claim(&claim)?);
            }
            if let Some((id, _)) = q.deposit_of_unit(&UnitId::plate(&text.to_uppercase()))? {
                rows.extend(q.deposit(id)?);
            }
            if rows.is_empty() {
                for (person, _) in q.find_persons(text, FOUND_MAX)? {
                    rows.extend(q.deposits_of(person, FOUND_MAX)?);
                }
            }
            rows.truncate(FOUND_MAX as usize);
            rows.iter().map(|row| names.line(row, now)).collect()
        })
    }

    /// One deposit with all that happened to it.
    pub fn deposit_view(&self, id: DepositId, now: UnixMillis) -> Result<DepositView, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let row = q.deposit(id)?.ok_or(AppError::NotFound)?;
            let mut events = q.acts_of(id)?;
            for piece in row.deposit.pieces.values() {
                let subject = Subject::Unit(piece.unit.clone());
                events.extend(q.history(row.deposit.site, &subject, EVENTS_MAX)?);
            }
            events.sort_by_key(|row| std::cmp::Reverse(row.placed.place));
            events.dedup_by_key(|row| row.placed.event.hash);
            let line = names.line(&row, now)?;
            let mut odd = odd(q, row.deposit.site, now)?;
            Ok(DepositView {
                odd: odd.remove(&id).unwrap_or_default(),
                note: note_of(q, &row.deposit)?,
                left: line.left,
                person: line.person,
                timeline: names.events(&events)?,
            })
        })
    }

    /// A person, with what they left.
    pub fn person_view(
        &self,
        id: CustomerId,
        now: UnixMillis,
    ) -> Result<(PersonView, Vec<DepositLine>), AppError> {
        self.ask(|q| {
            let names = self.names(q);
            q.customer(id)?.ok_or(AppError::NotFound)?;
            let rows = q.deposits_of(id, FOUND_MAX)?;
            let lines = rows.iter().map(|row| names.line(row, now));
            Ok((names.person_of(id)?, lines.collect::<Result<_, _>>()?))
        })
    }

    /// The outbox, with whose telephone each message is for.
    pub fn notices(&self, notices: Vec<Notice>) -> Result<Vec<NoticeView>, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let view = |notice: Notice| {
                Ok(NoticeView {
                    person: names.person_of(notice.customer)?,
                    text: notice.text,
                    made_at: notice.made_at,
                    state: notice.state,
                })
            };
            notices.into_iter().map(view).collect()
        })
    }

    /// What a site agrees on.
    pub fn house_rules(&self, site: SiteId) -> Result<HouseRules, AppError> {
        self.ask(|q| {
            let record = q.record(site.into())?.ok_or(AppError::NotFound)?;
            Ok(HouseRules::of(&record))
        })
    }

    /// Changes it.
    pub fn set_house_rules(
        &self,
        site: SiteId,
        rules: &HouseRules,
        now: UnixMillis,
    ) -> Result<(), AppError> {
        self.must_see(|q| q.site(site))?;
        let edit = RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Site,
            id: site.into(),
            fields: rules.to_fields().to_vec(),
        };
        edit_one(&mut *self.writer_at(now)?, edit, now)
    }

    /// Lets the pieces stay until a later day.
    pub fn extend_deposit(
        &self,
        id: DepositId,
        day: &str,
        user: &User,
        now: UnixMillis,
    ) -> Result<Result<(), CustodyProblem>, AppError> {
        self.must_see(|q| q.deposit(id))?;
        let mut replica = self.writer_at(now)?;
        let query = replica.query();
        let row = query.deposit(id)?.ok_or(AppError::NotFound)?;
        let deposit = row.deposit;
        if row.stored == 0 {
            return Ok(Err(CustodyProblem::Gone));
        }
        let today = today(&query, deposit.site, now)?;
        let last = deposit.due.map_or(today, |due| due.max(today));
        let far = today.checked_add_days(Days::new(3_660));
        let day: Option<NaiveDate> = day.trim().parse().ok();
        let Some(day) = day.filter(|day| *day > last && far.is_none_or(|far| *day <= far)) else {
            return Ok(Err(CustodyProblem::BadDay));
        };
        let here: Vec<u32> = stored(&query, &deposit)?.into_iter().map(|p| p.0).collect();
        let mut act = Custody::new(id, CustodyAct::Extended, here);
        act.after = query.last_acts(id)?;
        act.due = Some(day);
        let mut fields = vec![Deposit::due_field(Some(day))];
        fields.extend(answered(&deposit, WishKind::Extend, now));
        let mut edits: Vec<_> = operator_edit(&query, user)?.into_iter().collect();
        edits.push(edit(&deposit, fields));
        let commit = Commit {
            operator: Some(user.operator),
            site: Some(deposit.site),
            events: vec![EventBody::Custody(Box::new(act)).into()],
            edits,
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(Ok(()))
    }

    /// Calls it off or disposes of it: all that is here leaves the book, for a reason that is kept.
    pub fn give_up_deposit(
        &self,
        id: DepositId,
        act: CustodyAct,
        reason: &str,
        user: &User,
        now: UnixMillis,
    ) -> Result<Result<(), CustodyProblem>, AppError> {
        let reason: String = reason.trim().chars().take(500).collect();
        if reason.is_empty() {
            return Ok(Err(CustodyProblem::NoReason));
        }
        self.must_see(|q| q.deposit(id))?;
        let mut replica = self.writer_at(now)?;
        let query = replica.query();
        let deposit = query.deposit(id)?.ok_or(AppError::NotFound)?.deposit;
        let here = stored(&query, &deposit)?;
        if here.is_empty() {
            return Ok(Err(CustodyProblem::Gone));
        }
        let numbers = here.iter().map(|(number, _)| *number).collect();
        let mut said = Custody::new(id, act, numbers);
        said.after = query.last_acts(id)?;
        // They may be about a person. Of somebody who was erased nothing is written any more.
        if let KeyState::Held(key) = query.customer_key(deposit.customer)? {
            let mut nonce = [0; 24];
            getrandom::fill(&mut nonce).map_err(|error| AppError::internal(error.to_string()))?;
            said.note = key.seal_words(deposit.customer, NOTE, nonce, &reason);
        }
        let mut events: Vec<NewEvent> = here.into_iter().map(|(_, event)| event).collect();
        events.push(EventBody::Custody(Box::new(said)).into());
        let mut edits: Vec<_> = operator_edit(&query, user)?.into_iter().collect();
        let fields: Vec<_> = answered(&deposit, WishKind::Release, now)
            .into_iter()
            .collect();
        if !fields.is_empty() {
            edits.push(edit(&deposit, fields));
        }
        let commit = Commit {
            operator: Some(user.operator),
            site: Some(deposit.site),
            events,
            edits,
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(Ok(()))
    }

    /// Takes an announcement back of which nothing has come.
    pub fn withdraw_deposit(
        &self,
        id: DepositId,
        now: UnixMillis,
    ) -> Result<Result<(), CustodyProblem>, AppError> {
        self.must_see(|q| q.deposit(id))?;
        let mut replica = self.writer_at(now)?;
        let query = replica.query();
        let deposit = query.deposit(id)?.ok_or(AppError::NotFound)?.deposit;
        let has_come = !deposit.pieces.is_empty() || !query.acts_of(id)?.is_empty();
        if has_come || query.announced(id)?.is_none() {
            return Ok(Err(CustodyProblem::HasCome));
        }
        let record = query.record(id.into())?.ok_or(AppError::NotFound)?;
        let cleared = record
            .fields
            .keys()
            .map(|path| FieldEdit::clear(path.as_str()));
        let edit = edit(&deposit, cleared.collect());
        edit_one(&mut replica, edit, now)?;
        Ok(Ok(()))
    }

    /// Erases a person: their key is destroyed everywhere, and what is said of them in the clear is taken out. What was done
    /// stays, and every receipt still verifies.
    pub fn erase_person(
        &self,
        id: CustomerId,
        now: UnixMillis,
    ) -> Result<Result<(), CustodyProblem>, AppError> {
        {
            let mut replica = self.writer_at(now)?;
            let query = replica.query();
            let customer = query.customer(id)?.ok_or(AppError::NotFound)?;
            if query.customer_key(id)? == KeyState::Destroyed {
                return Ok(Err(CustodyProblem::Erased));
            }
            let left = query.deposits_of(id, u32::MAX)?;
            if left.iter().any(|row| row.stored > 0) {
                return Ok(Err(CustodyProblem::StillHere));
            }
            let mut fields = vec![FieldEdit::set("erased_at", now)];
            for (path, words) in [
                ("name_zh", &customer.name_zh),
                ("name_en", &customer.name_en),
            ] {
                if !words.is_empty() {
                    fields.push(FieldEdit::set(path, ""));
                }
            }
            let edit = RecordEdit {
                partition: Partition::Shared,
                kind: RecordKind::Customer,
                id: id.into(),
                fields,
            };
            edit_one(&mut replica, edit, now)?;
        }
        let hub = &self.hub;
        hub.database()
            .write(|t| customers::forget(t, id))
            .map_err(AppError::from)?;
        hub.destroy_key(id, now).map_err(AppError::internal)?;
        Ok(Ok(()))
    }
}

fn edit(deposit: &Deposit, fields: Vec<FieldEdit>) -> RecordEdit {
    RecordEdit {
        partition: Partition::Site(deposit.site),
        kind: RecordKind::Deposit,
        id: deposit.id.into(),
        fields,
    }
}

/// What was asked for has been done.
fn answered(deposit: &Deposit, kind: WishKind, now: UnixMillis) -> Option<FieldEdit> {
    let wish = deposit.wish.filter(|wish| wish.kind == kind)?;
    (wish.answered_at == 0).then(|| FieldEdit::set("wish_answered", now))
}

/// The pieces that are here, and the event by which each leaves.
fn stored(q: &Query<'_>, deposit: &Deposit) -> Result<Vec<(u32, NewEvent)>, AppError> {
    let mut here = Vec::new();
    for piece in q.pieces(deposit)? {
        let Some((UnitStatus::Stored, bin, _)) = piece.standing else {
            continue;
        };
        let body = EventBody::Issued {
            bin,
            goods: Goods {
                unit: Some(piece.piece.unit),
                ..Goods::of(piece.piece.item)
            },
            quantity: Quantity::ONE,
        };
        let event = NewEvent {
            order: Some(OrderLine {
                order: deposit.id.as_order(),
                line: piece.number,
            }),
            ..body.into()
        };
        here.push((piece.number, event));
    }
    Ok(here)
}
