//! Writing: events, edits of records and the draft they belong to, in one transaction.

use std::collections::BTreeSet;

use automerge::Change;
use documents::record::{self, Counting, FieldEdit, RecordId, RecordKind};
use documents::{CustomerKey, Journal, Partition, journal};
use domain::event::{Event, EventBody, EventHash, EventId, EventRecord};
use domain::ledger::Ledger;
use domain::{ChainId, CustomerId, DeviceId, OperatorId, OrderLine, SiteId, UnitId, UnixMillis};
use rusqlite::{Transaction, params};

use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::identity::Identity;
use crate::ledger_store::SqlLedger;
use crate::replica::{self, Replica};
use crate::{custody, ingest, meta, quarantine, records, rights};

const DAY_MS: i64 = 86_400_000;

/// The decision that a new event carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CarriesOut {
    /// None.
    #[default]
    Nothing,
    /// A decision written before.
    Decision(EventHash),
    /// The first event of the same commit, which is the decision.
    FirstOfCommit,
    /// The event of the same commit with this index, which is the decision and comes earlier.
    OfCommit(usize),
}

/// An event to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened.
    pub body: EventBody,
    /// See [`CarriesOut`].
    pub carries_out: CarriesOut,
    /// The line of an order that it serves.
    pub order: Option<OrderLine>,
    /// Why, where the kind alone does not say it.
    pub reason: Option<String>,
    /// The plate of the carton that the goods are put into or are in.
    pub carton: Option<UnitId>,
    /// Who approved what the operator may not do alone.
    pub approved_by: Option<OperatorId>,
}

impl From<EventBody> for NewEvent {
    fn from(body: EventBody) -> Self {
        Self {
            body,
            carries_out: CarriesOut::Nothing,
            order: None,
            reason: None,
            carton: None,
            approved_by: None,
        }
    }
}

/// An edit of one record; an unknown id creates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordEdit {
    /// Where the record lives.
    pub partition: Partition,
    /// What it is about.
    pub kind: RecordKind,
    /// Which record.
    pub id: RecordId,
    /// The fields.
    pub fields: Vec<FieldEdit>,
}

/// What becomes of the draft of the work under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftChange {
    /// Keep this.
    Put {
        /// Whose, or of what.
        name: String,
        /// As the operation wrote it.
        content: String,
    },
    /// The work is done or given up.
    Clear {
        /// Whose, or of what.
        name: String,
    },
}

/// What is to be written together.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// Who is signed in; needed for events.
    pub operator: Option<OperatorId>,
    /// The site of the events.
    pub site: Option<SiteId>,
    /// In order.
    pub events: Vec<NewEvent>,
    /// In order.
    pub edits: Vec<RecordEdit>,
    /// The draft.
    pub draft: Option<DraftChange>,
    /// Keys of customers that are new with it.
    pub keys: Vec<(CustomerId, CustomerKey)>,
}

/// What was written: it is on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// In the order of the commit.
    pub events: Vec<(EventId, EventHash)>,
}

impl Replica {
    /// Writes all of it in one transaction, or nothing. When this returns, it is on the disk.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing was written then.
    pub fn commit(&mut self, commit: Commit, now: UnixMillis) -> Result<Committed, ReplicaError> {
        let result = self.try_commit(&commit, now);
        if result.is_err() {
            self.forget_unwritten();
        }
        result
    }

    fn try_commit(&mut self, commit: &Commit, now: UnixMillis) -> Result<Committed, ReplicaError> {
        if commit.events.iter().any(|e| !e.body.is_sound()) {
            return Err(ReplicaError::UnsoundEvent);
        }
        // The writer is the only one on this connection, and `self` is borrowed in parts below.
        let transaction = self.connection.unchecked_transaction()?;
        let mut committed = Committed::default();
        let mut decided = BTreeSet::new();
        for (customer, key) in &commit.keys {
            custody::keys::keep(&transaction, *customer, key, false)?;
        }
        for edit in &commit.edits {
            let chain = writer(self.own_chain(edit.partition))?;
            if edit.kind.is_servers_own() && !self.chains.get(chain).is_some_and(|c| c.is_server) {
                return Err(ReplicaError::NotAllowed);
            }
            let identity = self.identity.as_ref();
            decided.extend(write_edit(
                &transaction,
                &mut self.chains,
                identity,
                chain,
                edit,
            )?);
        }
        rights::judge_again(&transaction, &self.chains)?;
        if !commit.events.is_empty() {
            let site = commit.site.ok_or(ReplicaError::NotEnrolled)?;
            let operator = commit.operator.ok_or(ReplicaError::NotEnrolled)?;
            let chain = writer(self.own_chain(Partition::Site(site)))?;
            let is_server = self.chains.get(chain).is_some_and(|c| c.is_server);
            for event in &commit.events {
                if let EventBody::QuarantineDecided(decision) = &event.body {
                    if !is_server {
                        return Err(ReplicaError::NotAllowed);
                    }
                    decided.insert(decision.chain);
                }
            }
            let device = self.enrolled()?.device;
            let mut write = EventWriter::open(
                &transaction,
                &mut self.journals,
                &mut self.ids,
                chain,
                self.chains.local(chain)?,
                site,
                device,
                now,
            )?;
            let mut written = Vec::with_capacity(commit.events.len());
            for new in &commit.events {
                for person in [Some(operator), new.approved_by].into_iter().flatten() {
                    rights::observe(&transaction, person, &mut self.clock, now)?;
                }
                let carries_out = match new.carries_out {
                    CarriesOut::Nothing => None,
                    CarriesOut::Decision(hash) => Some(hash),
                    CarriesOut::FirstOfCommit => written.first().map(|e: &Event| e.hash),
                    CarriesOut::OfCommit(index) => written.get(index).map(|e: &Event| e.hash),
                };
                let record = EventRecord {
                    clock: self.clock.tick(now),
                    operator,
                    body: new.body.clone(),
                    carries_out,
                    evidence: Vec::new(),
                    origin: None,
                    order: new.order,
                    reason: new.reason.clone(),
                    carton: new.carton.clone(),
                    approved_by: new.approved_by,
                };
                written.push(write.append(record)?);
            }
            let names = written.iter().map(|e| (e.id, e.hash));
            committed.events.extend(names);
            fold(&transaction, &self.chains, site, written)?;
        }
        ingest::reread_decided(
            &transaction,
            &mut self.chains,
            self.identity.as_ref(),
            decided,
        )?;
        match &commit.draft {
            Some(DraftChange::Put { name, content }) => {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO draft (name, content, changed_at) VALUES (?1, ?2, ?3)")?
                    .execute(params![name, content, now])?;
            }
            Some(DraftChange::Clear { name }) => {
                transaction
                    .prepare_cached("DELETE FROM draft WHERE name = ?1")?
                    .execute([name])?;
            }
            None => {}
        }
        replica::save_clock(&transaction, &self.clock)?;
        transaction.commit()?;
        Ok(committed)
    }
}

/// Makes one edit on a chain. Returns the chains about whose quarantine it decides.
pub(crate) fn write_edit(
    transaction: &Transaction<'_>,
    chains: &mut Chains,
    identity: Option<&Identity>,
    chain: ChainId,
    edit: &RecordEdit,
) -> Result<BTreeSet<ChainId>, ReplicaError> {
    let old = records::load(transaction, edit.id)?;
    let withheld = quarantine::withheld(transaction, edit.id)?;
    let counting = Counting {
        withheld: &withheld,
        is_server: &|chain| chains.get(chain).is_some_and(|c| c.is_server),
    };
    let Some(edited) = record::edit(&old.saved, edit.kind, chain, &edit.fields, &counting)? else {
        return Ok(BTreeSet::new());
    };
    let mut store = records::RecordStore {
        connection: transaction,
        chains,
        identity,
        partition: edit.partition,
    };
    let decided = store.put(edit.id, &old, &edited.saved, Some(edited.record))?;
    put_own_change(
        transaction,
        edit.partition,
        edit.id,
        &edited.change,
        0,
        false,
    )?;
    Ok(decided)
}

/// Folds events that were just written at a site.
pub(crate) fn fold(
    transaction: &Transaction<'_>,
    chains: &Chains,
    site: SiteId,
    events: Vec<Event>,
) -> Result<(), ReplicaError> {
    let mut store = SqlLedger::folding(transaction, chains, site)?;
    let mut ledger = Ledger::new(&mut store)?;
    for event in events {
        ledger.add(event)?;
    }
    ledger.finish()?;
    Ok(())
}

fn writer(chain: Option<ChainId>) -> Result<ChainId, ReplicaError> {
    chain.ok_or(ReplicaError::NotEnrolled)
}

pub(crate) fn put_own_change(
    transaction: &Transaction<'_>,
    partition: Partition,
    document: RecordId,
    change: &Change,
    event: u64,
    is_journal: bool,
) -> Result<(), ReplicaError> {
    transaction
        .prepare_cached(
            "INSERT INTO own_change (partition, document, hash, bytes, event, is_journal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            partition.to_key(),
            document.0,
            change.hash().0,
            change.raw_bytes(),
            event as i64,
            is_journal
        ])?;
    Ok(())
}

/// Appends events to the open journal, opening a new one each day or when it is full.
pub(crate) struct EventWriter<'a> {
    transaction: &'a Transaction<'a>,
    journals: &'a mut std::collections::HashMap<Partition, Journal>,
    ids: &'a mut domain::IdSource,
    chain: ChainId,
    site: SiteId,
    device: DeviceId,
    now: UnixMillis,
    last: u64,
    last_hash: Option<EventHash>,
}

/// Which journal is open, and since which day: (document, day).
type OpenJournal = (RecordId, i64);

pub(crate) fn journal_key(chain: ChainId) -> String {
    format!("open-journal:{chain}")
}

impl<'a> EventWriter<'a> {
    #[expect(
        clippy::too_many_arguments,
        reason = "parts of the replica, borrowed one by one"
    )]
    pub(crate) fn open(
        transaction: &'a Transaction<'a>,
        journals: &'a mut std::collections::HashMap<Partition, Journal>,
        ids: &'a mut domain::IdSource,
        chain: ChainId,
        local: i64,
        site: SiteId,
        device: DeviceId,
        now: UnixMillis,
    ) -> Result<Self, ReplicaError> {
        let last = replica::own_event_count(transaction, local)?;
        let last_hash = replica::hash_of_event(transaction, local, last)?;
        let mut writer = Self {
            transaction,
            journals,
            ids,
            chain,
            site,
            device,
            now,
            last,
            last_hash,
        };
        writer.load_journal()?;
        Ok(writer)
    }

    const fn partition(&self) -> Partition {
        Partition::Site(self.site)
    }

    /// Makes sure that a journal of today with room is in memory.
    fn load_journal(&mut self) -> Result<(), ReplicaError> {
        let open: Option<OpenJournal> = match meta::get(self.transaction, &journal_key(self.chain))?
        {
            Some(bytes) => {
                Some(minicbor::decode(&bytes).map_err(|_| ReplicaError::BadRow("open journal"))?)
            }
            None => None,
        };
        let today = self.now.div_euclid(DAY_MS);
        let partition = self.partition();
        if let Some((id, day)) = open {
            if self.journals.get(&partition).is_none_or(|j| j.id() != id) {
                let journal = resume(self.transaction, id, self.chain)?;
                self.journals.insert(partition, journal);
            }
            let full = self
                .journals
                .get(&partition)
                .is_none_or(|j| j.written() >= journal::EVENTS_MAX);
            if day == today && !full {
                return Ok(());
            }
        }
        let id = RecordId(self.ids.draw(self.now));
        let (journal, change) = Journal::create(id, self.chain, self.site, self.last_hash)?;
        put_own_change(self.transaction, partition, id, &change, 0, true)?;
        let open: OpenJournal = (id, today);
        meta::set(
            self.transaction,
            &journal_key(self.chain),
            &minicbor::to_vec(open).unwrap_or_default(),
        )?;
        self.journals.insert(partition, journal);
        Ok(())
    }

    pub(crate) fn append(&mut self, record: EventRecord) -> Result<Event, ReplicaError> {
        let partition = self.partition();
        if self
            .journals
            .get(&partition)
            .is_some_and(|j| j.written() >= journal::EVENTS_MAX)
        {
            self.load_journal()?;
        }
        let journal = self
            .journals
            .get_mut(&partition)
            .ok_or(ReplicaError::BadRow("open journal"))?;
        self.last += 1;
        let (change, hash) = journal.append(self.last, &record)?;
        put_own_change(
            self.transaction,
            partition,
            journal.id(),
            &change,
            self.last,
            true,
        )?;
        self.last_hash = Some(hash);
        Ok(Event {
            id: EventId {
                chain: self.chain,
                number: self.last,
            },
            hash,
            site: self.site,
            device: self.device,
            record,
            accepted_at: None,
            quarantined: false,
        })
    }
}

/// Reads a journal of this device back from its changes.
pub(crate) fn resume(
    transaction: &Transaction<'_>,
    id: RecordId,
    chain: ChainId,
) -> Result<Journal, ReplicaError> {
    let mut statement = transaction
        .prepare_cached("SELECT bytes FROM own_change WHERE document = ?1 ORDER BY id")?;
    let mut rows = statement.query([id.0])?;
    let mut changes = Vec::new();
    while let Some(r) = rows.next()? {
        let bytes: Vec<u8> = r.get("bytes")?;
        changes
            .push(Change::from_bytes(bytes).map_err(|_| ReplicaError::BadRow("own_change.bytes"))?);
    }
    Ok(Journal::resume(id, chain, changes)?)
}
