//! The ends of the logs in memory, read once for all devices that are connected.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use documents::Partition;
use documents::segment::Accepted;
use protocol::{LiveEntries, LogPosition};
use replica::Cursor;
use rusqlite::Connection;
use tokio::sync::watch;

use crate::store::{Database, StoreError, hub_log};

/// Counts changes of what devices may read, in the store: whichever node changes it, all others see it.
const ACCESS: &str = "access";

/// How often what devices may read has changed.
pub(super) fn access(connection: &Connection) -> Result<u64, StoreError> {
    let bytes = hub_log::meta(connection, ACCESS)?;
    Ok(bytes
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u64::from_be_bytes))
}

/// What a device may read has changed: those who are connected, to whichever node, ask anew.
pub(super) fn change_access(connection: &Connection) -> Result<(), StoreError> {
    let next = access(connection)?.wrapping_add(1);
    hub_log::set_meta(connection, ACCESS, &next.to_be_bytes())
}

/// Bytes of entries that are kept of each log.
const KEPT_BYTES: usize = 128 << 10;

/// What a connected device does not know yet of a log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    Nothing,
    Entries(LiveEntries),
    /// More than was asked for; the number of the last entry.
    Much(u64),
    /// Nobody has read this log's end yet.
    Unknown,
}

struct Recent {
    /// Where the log ended before it.
    after: Cursor,
    entry: Accepted,
    bytes: usize,
}

struct LogTail {
    end: Cursor,
    recent: VecDeque<Recent>,
    bytes: usize,
}

pub(super) struct Tail {
    epoch: [u8; 16],
    logs: Mutex<BTreeMap<Partition, LogTail>>,
    grown: watch::Sender<u64>,
    access: AtomicU64,
}

pub(super) fn position(cursor: Cursor) -> LogPosition {
    LogPosition {
        epoch: cursor.epoch,
        number: cursor.number,
        running_hash: cursor.running_hash,
        acceptances: None,
    }
}

/// About what an entry takes on the wire.
fn size(entry: &Accepted) -> usize {
    let segment = entry.segment.as_ref();
    160 + segment.map_or(0, |s| s.body_bytes().len() + s.header_bytes().len() + 70)
}

impl Tail {
    pub(super) fn new(epoch: [u8; 16]) -> Self {
        Self {
            epoch,
            logs: Mutex::default(),
            grown: watch::Sender::new(0),
            access: AtomicU64::new(0),
        }
    }

    /// Changes when a log has grown.
    pub(super) fn grown(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    /// Counts changes of what devices may read.
    pub(super) fn access(&self) -> u64 {
        self.access.load(Ordering::Acquire)
    }

    fn announce(&self) {
        self.grown.send_modify(|n| *n = n.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Partition, LogTail>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads on after something was appended, here or by another node, or after what devices may read has changed.
    /// Blocks.
    pub(super) fn refresh(&self, database: &Database, partitions: &[Partition]) {
        let mut logs = self.lock();
        if let Err(error) = database.read(|c| self.read_access(c)) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the store cannot be read"
            );
        }
        if self.grown.receiver_count() == 0 {
            // Nobody is connected: the next one begins afresh.
            logs.clear();
            return;
        }
        for partition in partitions {
            if let Err(error) = self.read_on(&mut logs, database, *partition) {
                // Devices find out by themselves at the latest with their next heartbeat.
                tracing::error!(%partition, error = &error as &dyn std::error::Error, "the end of the log cannot be read");
                logs.remove(partition);
            }
        }
        drop(logs);
        self.announce();
    }

    fn read_access(&self, connection: &Connection) -> Result<(), StoreError> {
        self.access.store(access(connection)?, Ordering::Release);
        Ok(())
    }

    fn read_on(
        &self,
        logs: &mut BTreeMap<Partition, LogTail>,
        database: &Database,
        partition: Partition,
    ) -> Result<(), StoreError> {
        let known = logs.get(&partition).map(|log| log.end);
        let (fresh, end) = database.read(|c| {
            // In the same state of the store: what came after a device lost its rights is never shown to it.
            self.read_access(c)?;
            let end = hub_log::end(c, partition)?;
            let fresh = match known {
                Some(known) if known.number < end.number => {
                    hub_log::entries_after(c, partition, known.number, None, KEPT_BYTES)?
                }
                _ => (Vec::new(), false),
            };
            Ok::<_, StoreError>((fresh, end))
        })?;
        let end = Cursor {
            epoch: self.epoch,
            number: end.number,
            running_hash: end.running_hash,
        };
        let (entries, more) = fresh;
        let log = logs.entry(partition).or_insert(LogTail {
            end,
            recent: VecDeque::new(),
            bytes: 0,
        });
        if more {
            log.recent.clear();
            log.bytes = 0;
            log.end = end;
            return Ok(());
        }
        for entry in entries {
            let bytes = size(&entry);
            let after = log.end;
            log.end = after.after(entry.hash);
            log.bytes += bytes;
            log.recent.push_back(Recent {
                after,
                entry,
                bytes,
            });
        }
        while log.bytes > KEPT_BYTES {
            let Some(oldest) = log.recent.pop_front() else {
                break;
            };
            log.bytes -= oldest.bytes;
        }
        Ok(())
    }

    /// What has come after a position, up to about `bytes_max`.
    pub(super) fn since(&self, partition: Partition, at: &LogPosition, bytes_max: usize) -> News {
        let logs = self.lock();
        let Some(log) = logs.get(&partition) else {
            return News::Unknown;
        };
        if position(log.end).is_at(at) {
            return News::Nothing;
        }
        let much = News::Much(log.end.number);
        let Some(first) = log.recent.iter().position(|r| position(r.after).is_at(at)) else {
            return much;
        };
        let recent = log.recent.range(first..);
        if recent.clone().map(|r| r.bytes).sum::<usize>() > bytes_max {
            return much;
        }
        News::Entries(LiveEntries {
            partition,
            after: *at,
            entries: recent.map(|r| r.entry.clone()).collect(),
        })
    }
}
