//! The replica: one database, one writer.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use documents::{Certificate, Journal, Partition, RecordId, Role};
use domain::ledger::StateHash;
use domain::{ChainId, HybridClock, IdSource, SiteId, Timestamp, UnixMillis};
use rusqlite::Connection;

use crate::chains::{Chain, Chains};
use crate::database::{self, DatabaseKey};
use crate::error::ReplicaError;
use crate::identity::Identity;
use crate::query::Query;
use crate::{meta, renew, row, scope, tallies, upgrade};

/// Where the database is and what opens it.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The file; `None` keeps everything in memory.
    pub path: Option<PathBuf>,
    /// The key of a handheld; the server's file is not encrypted.
    pub key: Option<DatabaseKey>,
    /// Eight random bytes, new for each process; identities are drawn from them.
    pub random: [u8; 8],
    /// How much of the file SQLite may hold in memory, in KiB. A bulk load wants much more than a day's work.
    pub cache_kib: u32,
    /// A file system of SQLite's that was registered under this name; `None` is the operating system's.
    pub vfs: Option<&'static str>,
    /// Whether sums for the console are kept ([`crate::tallies`]): a server's business.
    pub tallies: bool,
}

/// Enough for a day's scans on a big site.
const CACHE_KIB: u32 = 16_000;

impl OpenOptions {
    /// A file.
    pub fn file(path: impl AsRef<Path>, key: Option<DatabaseKey>, random: [u8; 8]) -> Self {
        Self {
            path: Some(path.as_ref().to_owned()),
            key,
            random,
            cache_kib: CACHE_KIB,
            vfs: None,
            tallies: false,
        }
    }

    /// In memory, for previews and tests.
    pub const fn memory(random: [u8; 8]) -> Self {
        Self {
            path: None,
            key: None,
            random,
            cache_kib: CACHE_KIB,
            vfs: None,
            tallies: false,
        }
    }
}

/// Signed changes, and the read model folded from them. The one writer of its file.
#[derive(Debug)]
pub struct Replica {
    pub(crate) connection: Connection,
    pub(crate) options: OpenOptions,
    pub(crate) chains: Chains,
    pub(crate) identity: Option<Identity>,
    pub(crate) clock: HybridClock,
    pub(crate) ids: IdSource,
    pub(crate) journals: HashMap<Partition, Journal>,
    /// Sites that this device has left, and whose rows it has dropped.
    pub(crate) left: BTreeSet<Partition>,
}

pub(crate) const IDENTITY: &str = "identity";
const CLOCK: &str = "clock";

impl Replica {
    /// Opens a database, or creates it.
    ///
    /// # Errors
    /// [`ReplicaError`]: a wrong key or damage, a newer schema, a full disk, another process.
    pub fn open(options: OpenOptions) -> Result<Self, ReplicaError> {
        let connection = match &options.path {
            Some(path) => database::open(path, &options)?,
            None => database::open_in_memory()?,
        };
        let identity = match meta::get(&connection, IDENTITY)? {
            Some(bytes) => {
                Some(Identity::from_bytes(&bytes).ok_or(ReplicaError::BadRow("identity"))?)
            }
            None => None,
        };
        let chains = Chains::load(&connection)?;
        let clock = load_clock(&connection)?;
        let ids = IdSource::new(options.random);
        upgrade::index_newly_known_kinds(&connection)?;
        let left = renew::load_left(&connection)?;
        let mut replica = Self {
            left,
            connection,
            options,
            chains,
            identity,
            clock,
            ids,
            journals: HashMap::new(),
        };
        if meta::get(&replica.connection, meta::REBUILD_NEEDED)?.is_some() {
            replica.rebuild()?;
        }
        if replica.options.tallies {
            tallies::keep(&replica.connection, &replica.chains)?;
        }
        Ok(replica)
    }

    /// Who this is, once enrolled.
    pub const fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Who this is.
    ///
    /// # Errors
    /// [`ReplicaError::NotEnrolled`].
    pub fn enrolled(&self) -> Result<&Identity, ReplicaError> {
        self.identity.as_ref().ok_or(ReplicaError::NotEnrolled)
    }

    /// Keeps what enrolment gave: identity and the chains that the server vouches for (its own and this device's).
    /// Certificates that the server did not sign are left out.
    ///
    /// # Errors
    /// [`ReplicaError::OtherRole`] if a database that has been used would become a counter's, or a counter's another's;
    /// any other. Nothing has changed then.
    pub fn enrol(
        &mut self,
        identity: Identity,
        certificates: &[Vec<u8>],
    ) -> Result<(), ReplicaError> {
        let transaction = self.connection.unchecked_transaction()?;
        meta::set(&transaction, IDENTITY, &identity.to_bytes())?;
        let mut chains = self.chains.clone();
        let becomes_counter = certificates
            .iter()
            .filter_map(|signed| Certificate::verify(signed, &identity.server_key))
            .any(|c| c.device == identity.device && c.role == Role::Counter);
        if becomes_counter != chains.counts_only() {
            if is_used(&transaction)? {
                return Err(ReplicaError::OtherRole);
            }
            chains.hold_stock(&transaction)?;
        }
        for bytes in certificates {
            chains.learn(&transaction, &identity, bytes)?;
        }
        transaction.commit()?;
        self.chains = chains;
        self.identity = Some(identity);
        Ok(())
    }

    /// Whether this is a counter's: of its site's journals it holds its own alone, so that nothing is known of stock.
    pub const fn counts_only(&self) -> bool {
        self.chains.counts_only()
    }

    /// Whether it may become a counter's, and whether any other's: a database that has been used stays what it is.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn may_become(&self) -> Result<(bool, bool), ReplicaError> {
        let fresh = !is_used(&self.connection)?;
        Ok((fresh || self.counts_only(), fresh || !self.counts_only()))
    }

    /// Brings everything into the main file and tells which that is, so that it can be copied while nothing is written. A copy
    /// is of this device and on its chains: nothing of it may ever be sent. `None` for a replica in memory.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn whole_file(&self) -> Result<Option<&Path>, ReplicaError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(self.options.path.as_deref())
    }

    /// Lets the file grow by at most so many pages of 4 KiB until it is opened again: a quota in the field, and a full
    /// disk in tests.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn limit_growth(&mut self, pages: u32) -> Result<(), ReplicaError> {
        let now: i64 = self
            .connection
            .pragma_query_value(None, "page_count", |r| r.get(0))?;
        // Asking for the limit is how SQLite sets it.
        let sql = format!("PRAGMA max_page_count = {}", now + i64::from(pages));
        self.connection.query_row(&sql, [], |_| Ok(()))?;
        Ok(())
    }

    /// The latest time that this replica has written or adopted; the device's own clock may have been put back since.
    pub const fn highest_clock(&self) -> UnixMillis {
        self.clock.last().millis
    }

    /// Draws an identity for a new record.
    pub fn new_id(&mut self, now: UnixMillis) -> [u8; 16] {
        self.ids.draw(now)
    }

    /// A chain that a certificate vouches for.
    pub fn chain(&self, chain: ChainId) -> Option<&Chain> {
        self.chains.get(chain)
    }

    /// The chain on which this replica writes to a partition, if it may.
    pub fn own_chain(&self, partition: Partition) -> Option<ChainId> {
        let identity = self.identity.as_ref()?;
        self.chains.newest_of(identity, partition).map(|c| c.chain)
    }

    /// The partitions that this replica holds: those it writes to, or, while no certificate names it, those of its site.
    /// The shared one comes first. A site that it has moved from is among them until nothing there waits for the hub.
    pub fn own_partitions(&self) -> Vec<Partition> {
        let Some(identity) = &self.identity else {
            return Vec::new();
        };
        let mut partitions: Vec<Partition> = self
            .chains
            .all()
            .filter(|c| c.device == identity.device)
            .map(|c| c.partition)
            .filter(|p| !self.left.contains(p))
            .collect();
        if partitions.is_empty() {
            partitions = vec![Partition::Shared, Partition::Site(identity.site)];
        }
        partitions.sort_unstable();
        partitions.dedup();
        partitions
    }

    /// The hash of everything this replica shows of one partition: equal on all replicas with the same changes.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn partition_hash(&self, partition: Partition) -> Result<StateHash, ReplicaError> {
        let records = meta::state_hash(&self.connection, &meta::records_key(partition))?;
        match partition {
            Partition::Shared => Ok(records),
            Partition::Site(site) => {
                Ok(records.plus(meta::state_hash(&self.connection, &meta::ledger_key(site))?))
            }
        }
    }

    /// The hash of what a device of that site shows: the shared partition and the site's.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn state_hash(&self, site: SiteId) -> Result<StateHash, ReplicaError> {
        Ok(self
            .partition_hash(Partition::Shared)?
            .plus(self.partition_hash(Partition::Site(site))?))
    }

    /// The hash of what work at a site goes on from: records, stock, units and open exceptions. Unlike
    /// [`Replica::state_hash`] it is equal on a replica that rests on a snapshot and on one that holds all of its
    /// history, once both have read the same log and nothing is stale.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn working_hash(&self, site: SiteId) -> Result<StateHash, ReplicaError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT * FROM exception WHERE site = ?1 AND status <> 0")?;
        let mut rows = statement.query([site.as_bytes()])?;
        let mut closed = Vec::new();
        while let Some(r) = rows.next()? {
            closed.push(crate::ledger_store::exception_from_row(r)?);
        }
        let all = self.state_hash(site)?;
        Ok(domain::ledger::baseline::working_hash(all, &closed))
    }

    /// Questions to the read model, on the writer's own connection.
    pub fn query(&self) -> Query<'_> {
        Query::new(&self.connection)
    }

    /// A further connection for questions, which sees what has been committed. `None` in memory.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn reader(&self) -> Result<Option<Reader>, ReplicaError> {
        match &self.options.path {
            None => Ok(None),
            Some(path) => {
                let connection = database::open_reader(path, &self.options)?;
                Ok(Some(Reader {
                    connection,
                    narrowed: false,
                }))
            }
        }
    }

    /// After a failed write, what is held in memory may be ahead of the file.
    pub(crate) fn forget_unwritten(&mut self) {
        self.journals.clear();
        if let Ok(chains) = Chains::load(&self.connection) {
            self.chains = chains;
        }
        if let Ok(clock) = load_clock(&self.connection) {
            self.clock = clock;
        }
    }

    /// The partition of a record, if it is here.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn partition_of(&self, record: RecordId) -> Result<Option<Partition>, ReplicaError> {
        crate::records::partition_of(&self.connection, record)
    }
}

/// A connection that only reads.
#[derive(Debug)]
pub struct Reader {
    pub(crate) connection: Connection,
    /// Whether it sees some sites only.
    narrowed: bool,
}

impl Reader {
    /// Questions to the read model.
    pub const fn query(&self) -> Query<'_> {
        if self.narrowed {
            Query::narrowed(&self.connection)
        } else {
            Query::new(&self.connection)
        }
    }

    /// The same reader, to which there are only these sites: no answer holds anything of another, whoever asks. Items and
    /// people are the organisation's and stay.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn within(self, sites: &[SiteId]) -> Result<Self, ReplicaError> {
        scope::narrow(&self.connection, sites)?;
        Ok(Self {
            narrowed: true,
            ..self
        })
    }
}

/// Whether anything of a site was ever read or written here.
fn is_used(connection: &Connection) -> Result<bool, ReplicaError> {
    // The key of the shared partition is empty.
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM cursor WHERE length(partition) > 0
             UNION ALL SELECT 1 FROM own_change WHERE length(partition) > 0
             UNION ALL SELECT 1 FROM segment s JOIN chain c ON c.id = s.chain WHERE length(c.partition) > 0
             LIMIT 1",
        )?
        .exists([])?)
}

fn load_clock(connection: &Connection) -> Result<HybridClock, ReplicaError> {
    Ok(match meta::get(connection, CLOCK)? {
        Some(bytes) => {
            let last: Timestamp =
                minicbor::decode(&bytes).map_err(|_| ReplicaError::BadRow("clock"))?;
            HybridClock::resume(last)
        }
        None => HybridClock::default(),
    })
}

pub(crate) fn save_clock(connection: &Connection, clock: &HybridClock) -> Result<(), ReplicaError> {
    meta::set(
        connection,
        CLOCK,
        &minicbor::to_vec(clock.last()).unwrap_or_default(),
    )
}

/// Deletes everything that can be folded again from the changes.
pub(crate) fn clear_read_model(connection: &Connection) -> Result<(), ReplicaError> {
    connection.execute_batch(
        "DELETE FROM document; DELETE FROM item; DELETE FROM customer; DELETE FROM item_barcode; DELETE FROM site; DELETE FROM zone;
         DELETE FROM bin; DELETE FROM operator; DELETE FROM regranted; DELETE FROM device; DELETE FROM field_conflict;
         DELETE FROM orders; DELETE FROM order_line; DELETE FROM order_counted_by;
         DELETE FROM event; DELETE FROM event_name; DELETE FROM event_decision; DELETE FROM event_note; DELETE FROM custody_event; DELETE FROM custody_gone;
         DELETE FROM deposit; DELETE FROM deposit_piece; DELETE FROM customer_sealed; DELETE FROM person; DELETE FROM person_word;
         DELETE FROM segment_events;
         DELETE FROM entry; DELETE FROM baseline; DELETE FROM kept_event; DELETE FROM stale;
         DELETE FROM subject; DELETE FROM unit; DELETE FROM finding;
         DELETE FROM unreadable; DELETE FROM quarantined_change; DELETE FROM verdict;
         INSERT INTO search_words (search_words) VALUES ('delete-all');
         INSERT INTO search_codes (search_codes) VALUES ('delete-all');
         DELETE FROM search_row;
         DELETE FROM meta WHERE key LIKE 'state-of-%' OR key = 'rebuild-needed';",
    )?;
    tallies::clear(connection)
}

pub(crate) fn own_event_count(connection: &Connection, chain: i64) -> Result<u64, ReplicaError> {
    let mut statement = connection.prepare_cached(
        "SELECT max(coalesce((SELECT max(number) FROM event WHERE chain = ?1), 0),
                        coalesce((SELECT last_event FROM chain_end WHERE chain = ?1), 0)) AS n",
    )?;
    let n: i64 = statement.query_row([chain], |r| r.get("n"))?;
    Ok(n as u64)
}

pub(crate) fn hash_of_event(
    connection: &Connection,
    chain: i64,
    number: u64,
) -> Result<Option<domain::EventHash>, ReplicaError> {
    let mut statement = connection.prepare_cached(
        "SELECT hash FROM event WHERE chain = ?1 AND number = ?2
         UNION ALL SELECT last_event_hash FROM chain_end WHERE chain = ?1 AND last_event = ?2 LIMIT 1",
    )?;
    let mut rows = statement.query((chain, number as i64))?;
    rows.next()?.map(|r| row::hash(r, "hash")).transpose()
}
