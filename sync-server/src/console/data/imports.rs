//! Imports are written in parts, each noted before it is written: an import can be undone, an interrupted one too.

use std::collections::{BTreeMap, HashSet};

use documents::{FieldEdit, Partition, Record, RecordKind, Value};
use domain::event::{EventBody, EventId};
use domain::ledger::{Standing, StockKey, Subject};
use domain::{ItemId, OrderStep, SiteId, UnixMillis};
use replica::{Commit, NewEvent, Query, RecordEdit};

use super::ConsoleData;
use super::load::{new_ids, plan};
use super::load_deposits::{has_come, is_person_used};
use super::resolve::operator_edit;
use crate::console::import::{Column, Kind, Outcome, Parsed, Problem};
use crate::error::AppError;
use crate::store::StoreError;
use crate::store::accounts::User;
use crate::store::imports::{self, Kept, Run, RunState, Write, Written, Wrote};

/// Written together: large enough to be fast, small enough that scanning goes on meanwhile.
const BATCH: usize = 500;
/// So much of what an undo leaves is listed.
const KEPT_MAX: usize = 1_000;
/// Whoever has not gone on with an import for so long was interrupted.
const STUCK_MS: i64 = 10 * 60_000;

/// What is imported, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Brought<'a> {
    /// What the file holds.
    pub kind: Kind,
    /// Of which site; items have none.
    pub site: Option<SiteId>,
    /// The name of the file.
    pub file: &'a str,
    /// Rows that were left out before.
    pub left_out: usize,
    /// Who does it.
    pub user: &'a User,
}

/// How an undo ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// Records and events that were put back.
    pub put_back: u64,
    /// How much was left as it is.
    pub left: u64,
    /// What, and why; the first thousand.
    pub kept: Vec<Kept>,
}

impl ConsoleData {
    /// Imports the rows that can be; the outcome lists those that cannot. Comes with the name of the import.
    ///
    /// # Errors
    /// Those of the replica and of the store. What was written until then is noted, and can be undone.
    pub fn import(
        &self,
        rows: &Parsed,
        brought: Brought<'_>,
        now: UnixMillis,
    ) -> Result<(Outcome, [u8; 16]), AppError> {
        let mut ids = new_ids()?;
        drop(self.writer_at(now)?);
        let mut plan = self.ask(|q| plan(q, &mut ids, rows, brought.site, now))?;
        let undecided = plan.outcome.doubts.drain(..).map(|doubt| {
            let key = "import.problem.person-undecided";
            Problem::cell(doubt.line, Column::PersonName, key, &doubt.typed.name)
        });
        plan.outcome.problems.extend(undecided);
        self.hub
            .put_keys(&plan.keys, now)
            .map_err(AppError::internal)?;
        let store = self.hub.database();
        let run = Run {
            id: ids.draw(now),
            at: now,
            user: brought.user.name.clone(),
            operator: brought.user.operator,
            kind: brought.kind.code().to_owned(),
            site: brought.site,
            file: brought.file.chars().take(200).collect(),
            new: plan.outcome.new,
            changed: plan.outcome.changed,
            same: plan.outcome.same,
            left_out: (plan.outcome.problems.len() + brought.left_out) as u64,
            state: RunState::Writing,
            undone_at: None,
            undone_by: None,
            put_back: 0,
            kept: Vec::new(),
        };
        store.write(|t| imports::begin(t, &run))?;
        for batch in plan.edits.chunks(BATCH) {
            self.write_edits(&run.id, batch, now)?;
        }
        if !plan.events.is_empty() {
            // It is nobody's import: who writes to the server is known to it from then on.
            let edits: Vec<_> = operator_edit(&self.writer().query(), brought.user)?
                .into_iter()
                .collect();
            let commit = Commit {
                edits,
                ..Commit::default()
            };
            self.writer().commit(commit, now)?;
        }
        for batch in plan.events.chunks(BATCH) {
            self.write_events(&run, batch, now)?;
        }
        store.write(|t| imports::set_state(t, &run.id, RunState::Done))?;
        Ok((plan.outcome, run.id))
    }

    fn write_edits(
        &self,
        run: &[u8; 16],
        batch: &[RecordEdit],
        now: UnixMillis,
    ) -> Result<(), AppError> {
        let mut replica = self.writer();
        let mut writes = Vec::with_capacity(batch.len());
        for edit in batch {
            writes.push(noted(&replica.query(), edit)?);
        }
        // The replica first, then the store: so does the hub when it publishes.
        let store = self.hub.database();
        store.write(|t| imports::note(t, run, &writes))?;
        let commit = Commit {
            edits: batch.to_vec(),
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(())
    }

    fn write_events(&self, run: &Run, batch: &[NewEvent], now: UnixMillis) -> Result<(), AppError> {
        let site = run.site.ok_or(AppError::BadRequest)?;
        let mut replica = self.writer();
        let chain = replica
            .own_chain(Partition::Site(site))
            .ok_or(AppError::NotFound)?;
        let query = replica.query();
        let last = query.last_event_number(chain)?;
        let mut writes = Vec::with_capacity(batch.len());
        for (number, event) in (last + 1..).zip(batch) {
            writes.push(Write {
                label: event_label(&query, &event.body)?,
                wrote: Wrote::Event(EventId { chain, number }),
            });
        }
        let store = self.hub.database();
        store.write(|t| imports::note(t, &run.id, &writes))?;
        let commit = Commit {
            operator: Some(run.operator),
            site: Some(site),
            events: batch.to_vec(),
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(())
    }

    /// Undoes an import: puts back what it wrote wherever nobody has changed it since, and says what it leaves. `None`: it
    /// was undone before, is being undone, or is still being written.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; those of the replica and of the store.
    pub fn undo_import(
        &self,
        id: [u8; 16],
        user: &User,
        now: UnixMillis,
    ) -> Result<Option<Undone>, AppError> {
        drop(self.writer_at(now)?);
        let store = self.hub.database().clone();
        let run = store.read(|c| imports::get(c, &id))?;
        let run = run.ok_or(AppError::NotFound)?;
        let claimed =
            store.write(|t| imports::claim_undo(t, &id, &user.name, now, now - STUCK_MS))?;
        if !claimed {
            return Ok(None);
        }
        let own: HashSet<EventId> = store.read(|c| imports::events(c, &id))?;
        let mut undone = Undone::default();
        let mut before = i64::MAX;
        loop {
            let writes = store.read(|c| imports::writes_before(c, &id, before, BATCH as u32))?;
            let Some((last, _)) = writes.last() else {
                break;
            };
            before = *last;
            // What others rest on last: the bins of a zone, the deposits of a person were made after them.
            let is_rested_on = |w: &Write| matches!(&w.wrote, Wrote::Record { kind, .. } if matches!(kind, RecordKind::Zone | RecordKind::Customer));
            let (zones, others) = writes.into_iter().map(|(_, w)| w).partition(is_rested_on);
            self.undo_batch(&run, &own, others, user, &mut undone, now)?;
            self.undo_batch(&run, &own, zones, user, &mut undone, now)?;
        }
        store.write(|t| imports::undone(t, &id, undone.put_back, &undone.kept))?;
        Ok(Some(undone))
    }

    fn undo_batch(
        &self,
        run: &Run,
        own: &HashSet<EventId>,
        writes: Vec<Write>,
        user: &User,
        undone: &mut Undone,
        now: UnixMillis,
    ) -> Result<(), AppError> {
        let mut replica = self.writer();
        let query = replica.query();
        let mut commit = Commit::default();
        for write in writes {
            let step = match &write.wrote {
                Wrote::Event(event) => undo_event(&query, run, own, *event)?,
                Wrote::Record { .. } => undo_record(&query, &write.wrote)?,
            };
            undone.put_back += u64::from(!matches!(step, Step::Nothing | Step::Leave(_)));
            match step {
                Step::Nothing => {}
                Step::Event(event) => commit.events.push(*event),
                Step::Edit(edit) => commit.edits.push(edit),
                Step::Some(edit, why) => {
                    commit.edits.push(edit);
                    undone.leave(write.label, why);
                }
                Step::Leave(why) => undone.leave(write.label, why),
            }
        }
        if !commit.events.is_empty() {
            commit.operator = Some(user.operator);
            commit.site = run.site;
            commit.edits.extend(operator_edit(&query, user)?);
        }
        replica.commit(commit, now)?;
        Ok(())
    }

    /// Imports, the latest first, before one of them.
    ///
    /// # Errors
    /// Those of the store.
    pub fn imports(&self, before: Option<[u8; 16]>, limit: u32) -> Result<Vec<Run>, AppError> {
        Ok(self
            .hub
            .database()
            .read(|c| imports::list(c, before, limit))?)
    }

    /// One import.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn import_run(&self, id: [u8; 16]) -> Result<Run, AppError> {
        let run = self.hub.database().read(|c| imports::get(c, &id))?;
        run.ok_or(AppError::NotFound)
    }

    /// What people have said that headings mean: heading and code of a column, empty for none.
    ///
    /// # Errors
    /// Those of the store.
    pub fn meanings(&self, kind: Kind) -> Result<Vec<(String, String)>, AppError> {
        let store = self.hub.database();
        Ok(store.read(|c| imports::meanings(c, kind.code()))?)
    }

    /// Remembers what headings mean.
    ///
    /// # Errors
    /// Those of the store.
    pub fn set_meanings(&self, kind: Kind, said: &[(String, String)]) -> Result<(), AppError> {
        Ok(self.hub.database().write(|t| -> Result<(), StoreError> {
            said.iter().try_for_each(|(heading, column)| {
                imports::put_meaning(t, kind.code(), heading, column)
            })
        })?)
    }
}

impl Undone {
    fn leave(&mut self, label: String, why: &str) {
        self.left += 1;
        if self.kept.len() < KEPT_MAX {
            let why = why.to_owned();
            self.kept.push(Kept { label, why });
        }
    }
}

/// What undoing one write comes to.
enum Step {
    /// It was never written, or is undone already.
    Nothing,
    Edit(RecordEdit),
    Event(Box<NewEvent>),
    /// Only some of its fields.
    Some(RecordEdit, &'static str),
    Leave(&'static str),
}

/// What an edit writes, and what stands there before.
fn noted(query: &Query<'_>, edit: &RecordEdit) -> Result<Write, AppError> {
    let record = query.record(edit.id)?;
    let here: BTreeMap<String, Value> = record.map(|r| r.fields).unwrap_or_default();
    let name = |fields: &BTreeMap<String, Value>| {
        ["sku", "code"]
            .iter()
            .find_map(|path| fields.get(*path)?.as_text().map(str::to_owned))
    };
    let new: BTreeMap<String, Value> = edit
        .fields
        .iter()
        .filter_map(|f| Some((f.path.clone(), f.value.clone()?)))
        .collect();
    let fields: Vec<Written> = edit
        .fields
        .iter()
        .map(|f| (f.path.clone(), here.get(&f.path).cloned(), f.value.clone()))
        .collect();
    Ok(Write {
        label: name(&here).or_else(|| name(&new)).unwrap_or_default(),
        wrote: Wrote::Record {
            id: edit.id,
            kind: edit.kind,
            partition: edit.partition,
            is_new: here.is_empty(),
            fields,
        },
    })
}

fn event_label(query: &Query<'_>, body: &EventBody) -> Result<String, AppError> {
    let mut words = Vec::new();
    for bin in body.bins() {
        words.extend(query.bin(bin)?.map(|bin| bin.code));
    }
    if let Some(goods) = body.goods() {
        words.extend(query.item(goods.item)?.map(|item| item.sku));
    }
    Ok(words.join(" · "))
}

fn undo_event(
    query: &Query<'_>,
    run: &Run,
    own: &HashSet<EventId>,
    id: EventId,
) -> Result<Step, AppError> {
    let Some(row) = query.event(id)? else {
        return Ok(Step::Nothing);
    };
    let event = &row.placed.event;
    // It was noted, and then not written; the number went to somebody else.
    let is_of_run = event.record.operator == run.operator
        && event.record.clock.millis >= run.at
        && matches!(event.record.body, EventBody::Received { .. });
    if !is_of_run || row.reversed_by.is_some() || row.placed.standing == Standing::Void {
        return Ok(Step::Nothing);
    }
    let EventBody::Received { bin, goods, .. } = &event.record.body else {
        return Ok(Step::Nothing);
    };
    let pile = Subject::Stock(StockKey {
        bin: *bin,
        item: goods.item,
        lot: goods.lot.clone(),
    });
    // What somebody has scanned there since rests on it.
    let since = query.history(event.site, &pile, 1)?;
    if since.iter().any(|row| !own.contains(&row.placed.event.id)) {
        return Ok(Step::Leave("moved"));
    }
    let target = event.hash;
    Ok(Step::Event(Box::new(EventBody::Reversed { target }.into())))
}

fn undo_record(query: &Query<'_>, wrote: &Wrote) -> Result<Step, AppError> {
    let Wrote::Record {
        id,
        kind,
        partition,
        is_new,
        fields,
    } = wrote
    else {
        return Ok(Step::Nothing);
    };
    let Some(record) = query.record(*id)? else {
        return Ok(Step::Nothing);
    };
    let edit = |fields| RecordEdit {
        partition: *partition,
        kind: *kind,
        id: *id,
        fields,
    };
    if *is_new {
        return undo_creation(query, (*id, *kind, *partition), &record, fields, edit);
    }
    let mut back = Vec::new();
    let mut kept = false;
    for (path, before, written) in fields {
        let here = record.fields.get(path);
        if here == before.as_ref() {
            continue;
        }
        if here != written.as_ref() || is_disputed(&record, path) {
            kept = true;
            continue;
        }
        back.push(FieldEdit {
            path: path.clone(),
            value: before.clone(),
        });
    }
    Ok(match (back.is_empty(), kept) {
        (true, false) => Step::Nothing,
        (true, true) => Step::Leave("changed"),
        (false, false) => Step::Edit(edit(back)),
        (false, true) => Step::Some(edit(back), "changed-partly"),
    })
}

fn is_disputed(record: &Record, path: &str) -> bool {
    record.conflicts.iter().any(|c| c.path == path)
}

/// What an import made is taken out if it is still as it was made, and nothing rests on it. An order is called off: its
/// number stays known.
fn undo_creation(
    query: &Query<'_>,
    (id, kind, partition): (documents::RecordId, RecordKind, Partition),
    record: &Record,
    fields: &[Written],
    edit: impl Fn(Vec<FieldEdit>) -> RecordEdit,
) -> Result<Step, AppError> {
    if kind == RecordKind::Order {
        if record.fields.get("cancelled") == Some(&Value::Boolean(true)) {
            return Ok(Step::Nothing);
        }
    } else if record.fields.is_empty() {
        return Ok(Step::Nothing);
    }
    let written: BTreeMap<&String, &Value> = fields
        .iter()
        .filter_map(|(path, _, value)| Some((path, value.as_ref()?)))
        .collect();
    let is_as_made = record.conflicts.is_empty()
        && record.fields.len() == written.len()
        && written
            .iter()
            .all(|(path, value)| record.fields.get(*path) == Some(*value));
    if !is_as_made {
        return Ok(Step::Leave("changed"));
    }
    let is_used = match kind {
        RecordKind::Item => query.is_item_used(ItemId::from(id))?,
        RecordKind::Customer => {
            query.is_customer_used(id.into())? || is_person_used(query, id.into())?
        }
        RecordKind::Deposit => has_come(query, id.into())?,
        RecordKind::Bin => match query.bin(id.into())? {
            Some(bin) => query.is_bin_used(bin.site, bin.id)?,
            None => false,
        },
        RecordKind::Order => is_begun(query, id.into())?,
        RecordKind::Zone => match partition {
            Partition::Site(site) => query.is_zone_used(site, id.into())?,
            Partition::Shared => false,
        },
        _ => return Ok(Step::Leave("used")),
    };
    if is_used {
        return Ok(Step::Leave(match kind {
            RecordKind::Order => "begun",
            _ => "used",
        }));
    }
    Ok(Step::Edit(edit(match kind {
        RecordKind::Order => vec![FieldEdit::set("cancelled", true)],
        _ => written
            .keys()
            .map(|path| FieldEdit::clear(path.as_str()))
            .collect(),
    })))
}

/// Whether any step of an order has been worked on.
pub(super) fn is_begun(query: &Query<'_>, id: domain::OrderId) -> Result<bool, AppError> {
    let Some(order) = query.order(id)? else {
        return Ok(false);
    };
    for step in OrderStep::ALL {
        if !query.progress(order.site, id, step)?.is_empty()
            || !query.finished(order.site, id, step)?.is_empty()
        {
            return Ok(true);
        }
    }
    Ok(false)
}
