//! Imports: what headings mean, and what each import wrote, so that it can be undone.

use documents::{Partition, RecordId, RecordKind, Value};
use domain::event::EventId;
use domain::{ChainId, OperatorId, SiteId, UnixMillis};
use rusqlite::{Connection, Row, Transaction, named_params, params};

use super::StoreError;

/// How far an import, or its undoing, has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It is being written, or was interrupted.
    Writing,
    /// All of it is written.
    Done,
    /// It is being undone, or that was interrupted.
    Undoing,
    /// It was undone, as far as that was possible.
    Undone,
}

impl RunState {
    /// Stable name, in SQL and in translation keys.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Writing => "writing",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Writing, Self::Done, Self::Undoing, Self::Undone]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

/// What an undo left as it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Kept {
    /// What people know it by.
    pub label: String,
    /// Why: a code with words under `imports.kept.`.
    pub why: String,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Names it.
    pub id: [u8; 16],
    /// When it was begun.
    pub at: UnixMillis,
    /// Who did it.
    pub user: String,
    /// Whom its events name.
    pub operator: OperatorId,
    /// Code of what the file holds.
    pub kind: String,
    /// Of which site.
    pub site: Option<SiteId>,
    /// The name of the file.
    pub file: String,
    /// Records or events that were new.
    pub new: u64,
    /// Records that changed.
    pub changed: u64,
    /// Records that were so already.
    pub same: u64,
    /// Rows that were left out.
    pub left_out: u64,
    /// How far it has come.
    pub state: RunState,
    /// When it was undone.
    pub undone_at: Option<UnixMillis>,
    /// Who undid it.
    pub undone_by: Option<String>,
    /// Records and events that were put back.
    pub put_back: u64,
    /// What was left as it is; the first thousand.
    pub kept: Vec<Kept>,
}

/// One field that an import wrote: path, the value before, the value written.
pub type Written = (String, Option<Value>, Option<Value>);

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrote {
    /// A record.
    Record {
        /// Which.
        id: RecordId,
        /// Of which kind.
        kind: RecordKind,
        /// Where it lives.
        partition: Partition,
        /// The import made it.
        is_new: bool,
        /// What it wrote.
        fields: Vec<Written>,
    },
    /// An event.
    Event(EventId),
}

/// One write of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// What people know it by.
    pub label: String,
    /// What it was.
    pub wrote: Wrote,
}

/// What people have said that headings of a kind of file mean: heading and code of a column, empty for none.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn meanings(db: &Connection, kind: &str) -> Result<Vec<(String, String)>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT heading, column_code FROM import_meaning WHERE kind = ?1 ORDER BY heading",
    )?;
    let rows = statement.query_map([kind], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Remembers what a heading means.
pub fn put_meaning(
    db: &Transaction<'_>,
    kind: &str,
    heading: &str,
    column: &str,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO import_meaning (kind, heading, column_code) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![kind, heading, column])?;
    Ok(())
}

/// An import begins.
pub fn begin(db: &Transaction<'_>, run: &Run) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO import_run (id, at, user_name, operator, kind, site, file, new, changed, same, left_out, state)
         VALUES (:id, :at, :user, :operator, :kind, :site, :file, :new, :changed, :same, :left_out, 'writing')",
    )?
    .execute(named_params! {
        ":id": run.id, ":at": run.at, ":user": run.user, ":operator": run.operator.as_bytes(), ":kind": run.kind,
        ":site": run.site.map(|s| *s.as_bytes()), ":file": run.file, ":new": run.new as i64,
        ":changed": run.changed as i64, ":same": run.same as i64, ":left_out": run.left_out as i64,
    })?;
    Ok(())
}

/// Notes what is about to be written, after what was noted before.
pub fn note(db: &Transaction<'_>, run: &[u8; 16], writes: &[Write]) -> Result<(), StoreError> {
    let last: i64 = db.query_row(
        "SELECT coalesce(max(number), 0) FROM import_write WHERE run = ?1",
        [run],
        |r| r.get(0),
    )?;
    let mut insert = db.prepare_cached(
        "INSERT INTO import_write (run, number, label, record, record_kind, partition, is_new, fields, chain, event)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for (number, write) in (last + 1..).zip(writes) {
        match &write.wrote {
            Wrote::Record {
                id,
                kind,
                partition,
                is_new,
                fields,
            } => {
                let fields =
                    serde_json::to_string(fields).map_err(|_| StoreError::Corrupt("fields"))?;
                let none = None::<i64>;
                insert.execute(params![
                    run,
                    number,
                    write.label,
                    id.0,
                    kind.code(),
                    partition.to_key(),
                    is_new,
                    fields,
                    none,
                    none
                ])?;
            }
            Wrote::Event(event) => {
                let none = None::<Vec<u8>>;
                insert.execute(params![
                    run,
                    number,
                    write.label,
                    none,
                    "",
                    Vec::<u8>::new(),
                    false,
                    "[]",
                    event.chain.as_bytes(),
                    event.number as i64
                ])?;
            }
        }
    }
    Ok(())
}

/// An import has come so far.
pub fn set_state(db: &Transaction<'_>, id: &[u8; 16], state: RunState) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE import_run SET state = ?2 WHERE id = ?1")?
        .execute(params![id, state.code()])?;
    Ok(())
}

/// Claims an import for undoing. `false`: it was undone, or is being undone, or there is none.
pub fn claim_undo(
    db: &Transaction<'_>,
    id: &[u8; 16],
    by: &str,
    now: UnixMillis,
    stuck_before: UnixMillis,
) -> Result<bool, StoreError> {
    // Whoever was interrupted in the middle is taken over after a while: what was put back is so already.
    let n = db
        .prepare_cached(
            "UPDATE import_run SET state = 'undoing', undone_at = ?2, undone_by = ?3
             WHERE id = ?1 AND (state = 'done' OR state = 'writing' AND at < ?4
                 OR state = 'undoing' AND undone_at < ?4)",
        )?
        .execute(params![id, now, by, stuck_before])?;
    Ok(n == 1)
}

/// An import was undone.
pub fn undone(
    db: &Transaction<'_>,
    id: &[u8; 16],
    put_back: u64,
    kept: &[Kept],
) -> Result<(), StoreError> {
    let kept = serde_json::to_string(kept).map_err(|_| StoreError::Corrupt("kept"))?;
    db.prepare_cached(
        "UPDATE import_run SET state = 'undone', put_back = ?2, kept = ?3 WHERE id = ?1",
    )?
    .execute(params![id, put_back as i64, kept])?;
    Ok(())
}

fn run(r: &Row<'_>) -> Result<Run, StoreError> {
    let state: String = r.get("state")?;
    let site: Option<[u8; 16]> = r.get("site")?;
    let kept: String = r.get("kept")?;
    let number = |column| r.get::<_, i64>(column).map(|n| n.max(0) as u64);
    Ok(Run {
        id: r.get("id")?,
        at: r.get("at")?,
        user: r.get("user_name")?,
        operator: OperatorId::from_bytes(r.get("operator")?),
        kind: r.get("kind")?,
        site: site.map(SiteId::from_bytes),
        file: r.get("file")?,
        new: number("new")?,
        changed: number("changed")?,
        same: number("same")?,
        left_out: number("left_out")?,
        state: RunState::from_code(&state).ok_or(StoreError::Corrupt("state"))?,
        undone_at: r.get("undone_at")?,
        undone_by: r.get("undone_by")?,
        put_back: number("put_back")?,
        kept: serde_json::from_str(&kept).map_err(|_| StoreError::Corrupt("kept"))?,
    })
}

/// One import.
pub fn get(db: &Connection, id: &[u8; 16]) -> Result<Option<Run>, StoreError> {
    let mut statement = db.prepare_cached("SELECT * FROM import_run WHERE id = ?1")?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(run).transpose()
}

/// Imports, the latest first, before one of them.
pub fn list(db: &Connection, before: Option<[u8; 16]>, limit: u32) -> Result<Vec<Run>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT * FROM import_run WHERE id < ?1 ORDER BY id DESC LIMIT ?2")?;
    let mut rows = statement.query(params![before.unwrap_or([0xff; 16]), limit])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        out.push(run(r)?);
    }
    Ok(out)
}

/// What an import wrote, the latest first, so many before a number; with their numbers.
pub fn writes_before(
    db: &Connection,
    id: &[u8; 16],
    before: i64,
    limit: u32,
) -> Result<Vec<(i64, Write)>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT * FROM import_write WHERE run = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
    )?;
    let mut rows = statement.query(params![id, before, limit])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let record: Option<[u8; 16]> = r.get("record")?;
        let wrote = match record {
            Some(id) => {
                let kind: String = r.get("record_kind")?;
                let partition: Vec<u8> = r.get("partition")?;
                let fields: String = r.get("fields")?;
                Wrote::Record {
                    id: RecordId(id),
                    kind: RecordKind::from_code(&kind).ok_or(StoreError::Corrupt("record_kind"))?,
                    partition: Partition::from_key(&partition)
                        .ok_or(StoreError::Corrupt("partition"))?,
                    is_new: r.get("is_new")?,
                    fields: serde_json::from_str(&fields)
                        .map_err(|_| StoreError::Corrupt("fields"))?,
                }
            }
            None => Wrote::Event(EventId {
                chain: ChainId::from_bytes(r.get("chain")?),
                number: r.get::<_, i64>("event")? as u64,
            }),
        };
        let label = r.get("label")?;
        out.push((r.get("number")?, Write { label, wrote }));
    }
    Ok(out)
}

/// All events that an import noted.
pub fn events(
    db: &Connection,
    id: &[u8; 16],
) -> Result<std::collections::HashSet<EventId>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT chain, event FROM import_write WHERE run = ?1 AND chain IS NOT NULL",
    )?;
    let rows = statement.query_map([id], |r| {
        Ok(EventId {
            chain: ChainId::from_bytes(r.get(0)?),
            number: r.get::<_, i64>(1)? as u64,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
