//! One sync request: take what is new, answer with the log.

use documents::Partition;
use documents::segment::{Segment, SegmentHash};
use domain::{ChainId, UnixMillis};
use protocol::{
    CarriedReply, LogPosition, PartitionReply, PartitionRequest, PushOutcome, RefusalCode,
    SyncReply, SyncRequest,
};
use rusqlite::Connection;
use sync_core::{ChainEnd, Verdict, judge};

use super::pump::Judged;
use super::refused::{Who, push_cause};
use super::together::Brought;
use super::{Hub, HubError};
use crate::backup::Mark;
use crate::store::hub_chains::{self, ChainRow};
use crate::store::hub_devices::{self, Contact, DeviceRow, Report};
use crate::store::hub_readings::ReadingRow;
use crate::store::{StoreError, hub_log, hub_pushes};

/// A reply is never larger than this, whatever the device asks for.
const REPLY_BYTES_MAX: usize = protocol::REPLY_BYTES_MAX;

/// A token as it is stored.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    blake3::derive_key("tallyman 2026 device token", token.as_bytes())
}

/// What became of what a device brought for one partition.
#[derive(Debug)]
pub(super) struct Taken {
    /// Its own chain there.
    chain: ChainId,
    outcome: PushOutcome,
    head_seq: u64,
    carried: Vec<CarriedReply>,
}

/// What of the segments that came was new here.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fresh {
    bytes: u64,
    changes: u64,
}

impl Fresh {
    fn count(&mut self, segment: &Segment) {
        let parts = [segment.header_bytes().len(), segment.body_bytes().len(), 64];
        self.bytes += parts.iter().sum::<usize>() as u64;
        self.changes += segment.header().map_or(0, |h| u64::from(h.changes));
    }

    /// Whoever brings it is charged, whoever wrote it.
    fn charge(
        self,
        connection: &Connection,
        device: &DeviceRow,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        if self.bytes == 0 {
            return Ok(());
        }
        hub_pushes::charge(connection, device.device, self.bytes, self.changes, now)
    }
}

impl Hub {
    /// The device that a token is of, if it opens anything.
    pub(super) fn admit(&self, token: &str) -> Result<Result<DeviceRow, RefusalCode>, HubError> {
        let device = self
            .database
            .read(|c| hub_devices::by_token(c, &token_hash(token)))?;
        Ok(device.ok_or(RefusalCode::DeviceUnknown))
    }

    /// Answers a device. Outer error: the hub failed; inner: the device is refused.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn sync(
        &self,
        token: &str,
        request: SyncRequest,
        now: UnixMillis,
    ) -> Result<Result<SyncReply, RefusalCode>, HubError> {
        if request.versions.0 > protocol::VERSIONS.1 || request.versions.1 < protocol::VERSIONS.0 {
            return Ok(Err(RefusalCode::VersionUnknown));
        }
        let Some(device) = self
            .database
            .read(|c| hub_devices::by_token(c, &token_hash(token)))?
        else {
            return Ok(Err(RefusalCode::DeviceUnknown));
        };
        let pushes = request.brings_segments();
        let carried = request.partitions.iter().flat_map(|p| &p.carried);
        let vouching = carried.filter_map(|c| c.certificate.as_ref());
        self.introduce(vouching.map(|c| c.as_slice()), now)?;
        let version = request.versions.1.min(protocol::VERSIONS.1);
        let status = request.status;
        let bytes_max = (request.reply_bytes_max as usize).min(REPLY_BYTES_MAX);
        let brought = Brought {
            device,
            partitions: request.partitions,
            now,
        };
        let (brought, outcomes) = if pushes {
            self.take_together(brought)?
        } else {
            let taken = self
                .database
                .read(|c| self.take(c, &brought.device, &brought.partitions, now))?;
            (brought, taken)
        };
        let (device, partitions) = (brought.device, brought.partitions);
        let mut replies = Vec::with_capacity(partitions.len());
        let mut left = bytes_max;
        for (asked, taken) in partitions.iter().zip(&outcomes) {
            let reply = self.answer(&device, asked, taken, left, now)?;
            left = left.saturating_sub(reply.1);
            replies.push(reply.0);
        }
        let held = outcomes.iter().all(|taken| {
            taken.outcome == PushOutcome::Held
                && taken.carried.iter().all(|c| c.outcome == PushOutcome::Held)
        });
        self.note_contact(&device, status, &partitions, &outcomes, now);
        self.note_refusals(&device, &outcomes, now);
        if !held {
            tracing::warn!(device = %device.device, ?outcomes, "not everything that was pushed could be taken");
        }
        Ok(Ok(SyncReply {
            version,
            epoch: self.organisation.epoch,
            now,
            partitions: replies,
            renew: self.renewal_wanted(device.device)?.into_iter().collect(),
        }))
    }

    pub(super) fn take(
        &self,
        connection: &Connection,
        device: &DeviceRow,
        partitions: &[PartitionRequest],
        now: UnixMillis,
    ) -> Result<Vec<Taken>, StoreError> {
        partitions
            .iter()
            .map(|asked| self.take_one(connection, device, asked, now))
            .collect()
    }

    fn take_one(
        &self,
        connection: &Connection,
        device: &DeviceRow,
        asked: &PartitionRequest,
        now: UnixMillis,
    ) -> Result<Taken, StoreError> {
        let refused = Taken {
            chain: ChainId::from_bytes([0; 16]),
            outcome: PushOutcome::Revoked,
            head_seq: 0,
            carried: Vec::new(),
        };
        let chain = asked.chain.unwrap_or(match asked.partition {
            Partition::Shared => device.shared_chain,
            Partition::Site(_) => device.site_chain,
        });
        let own = hub_chains::get(connection, chain)?
            .filter(|c| c.device == device.device && c.partition == asked.partition);
        // Of a site that it has been moved from, a device reads what became of its last work there, and then drops it.
        let Some(own) = own else {
            return Ok(refused);
        };
        let (end, mut outcome, mut fresh) =
            self.take_chain(connection, &own, &asked.segments, now)?;
        // A device that has written past what it once sent, or lost what it sent, shows in its head.
        if outcome == PushOutcome::Held
            && asked.head_seq == end.seq
            && end.seq > 0
            && asked.head_hash != end.hash
            && asked.head_hash != SegmentHash::default()
        {
            outcome = PushOutcome::Fork;
        }
        if device.revoked {
            fresh.charge(connection, device, now)?;
            return Ok(Taken {
                head_seq: end.seq,
                ..refused
            });
        }
        let mut carried = Vec::with_capacity(asked.carried.len());
        for offered in &asked.carried {
            let known = self.carried_chain(
                connection,
                asked.partition,
                offered.chain,
                &offered.segments,
            )?;
            let (head_seq, outcome) = match known {
                Some(chain) => {
                    let (end, outcome, more) =
                        self.take_chain(connection, &chain, &offered.segments, now)?;
                    fresh.bytes += more.bytes;
                    fresh.changes += more.changes;
                    (end.seq, outcome)
                }
                // After a restore, what vouches for it may still be on its way from another device.
                None => (0, PushOutcome::Missing),
            };
            carried.push(CarriedReply {
                chain: offered.chain,
                outcome,
                head_seq,
            });
        }
        fresh.charge(connection, device, now)?;
        Ok(Taken {
            chain,
            outcome,
            head_seq: end.seq,
            carried,
        })
    }

    /// Whether a position is one of this log, and not of what it was before it was put back.
    pub(super) fn is_here(
        &self,
        connection: &Connection,
        partition: Partition,
        position: LogPosition,
    ) -> Result<bool, StoreError> {
        let number = position.number;
        let there = hub_log::running_hash(connection, partition, number)?;
        if position.epoch != self.organisation.epoch || there != Some(position.running_hash) {
            return Ok(false);
        }
        let known = |number| hub_log::acceptance(connection, partition, number);
        Ok(match position.acceptances {
            Some(theirs) => theirs.are_at(number, known)? != Some(false),
            None => true,
        })
    }

    /// Takes what continues a chain, whoever brought it.
    pub(super) fn take_chain(
        &self,
        connection: &Connection,
        chain: &ChainRow,
        segments: &[Segment],
        now: UnixMillis,
    ) -> Result<(ChainEnd, PushOutcome, Fresh), StoreError> {
        let (seq, hash) = hub_log::chain_end(connection, chain.chain)?;
        let mut end = ChainEnd {
            organisation: self.organisation.id,
            chain: chain.chain,
            partition: chain.partition,
            key: chain.key,
            seq,
            hash,
            quarantined: chain.quarantined,
        };
        let mut outcome = PushOutcome::Held;
        let mut fresh = Fresh::default();
        for segment in segments {
            match judge(segment, &end) {
                Verdict::Accept(status) => {
                    end.seq += 1;
                    end.hash = segment.hash();
                    fresh.count(segment);
                    self.learn_from_server(connection, chain, segment)?;
                    let judged = Judged {
                        partition: chain.partition,
                        chain: chain.chain,
                        seq: end.seq,
                        status,
                        segment: segment.clone(),
                    };
                    self.append(connection, judged, now)?;
                }
                Verdict::Compare { seq }
                    if hub_log::hash_at(connection, chain.chain, seq)? == Some(segment.hash()) => {}
                Verdict::Compare { .. } | Verdict::Fork => outcome = PushOutcome::Fork,
                Verdict::Missing => outcome = PushOutcome::Missing,
                Verdict::Forged(_) => outcome = PushOutcome::Forged,
            }
            if outcome != PushOutcome::Held {
                break;
            }
        }
        Ok((end, outcome, fresh))
    }

    fn answer(
        &self,
        device: &DeviceRow,
        asked: &PartitionRequest,
        taken: &Taken,
        bytes_max: usize,
        now: UnixMillis,
    ) -> Result<(PartitionReply, usize), HubError> {
        let mut reply = PartitionReply {
            partition: asked.partition,
            outcome: taken.outcome,
            head_seq: taken.head_seq,
            restart: false,
            entries: Vec::new(),
            more: false,
            carried: taken.carried.clone(),
            snapshot: Vec::new(),
            backed_up: 0,
            progress: None,
        };
        if taken.outcome == PushOutcome::Revoked {
            return Ok((reply, 0));
        }
        // Read each time: a backup is made by another process.
        reply.backed_up = self
            .database
            .read(Mark::load)?
            .map_or(0, |mark| mark.number(asked.partition));
        let position = asked.position;
        let fresh = position.number == 0 && position.epoch == [0; 16];
        let same_log = self
            .database
            .read(|c| self.is_here(c, asked.partition, position))?;
        let is_counter = device.is_counter_in(asked.partition);
        // A device of another log first learns so, and counts anew what this one holds of it.
        if asked.snapshot.takes
            && !is_counter
            && (fresh || same_log)
            && let Some(signed) =
                self.offer_snapshot(asked.partition, position, asked.snapshot, now)?
        {
            let size = signed.len();
            reply.snapshot = signed;
            return Ok((reply, size));
        }
        reply.restart = !fresh && !same_log;
        let from = if same_log { position.number } else { 0 };
        let (entries, more) = self.database.read(|c| {
            hub_log::entries_after(
                c,
                asked.partition,
                from,
                Some((taken.chain, asked.head_seq)),
                bytes_max,
            )
        })?;
        let entries = match is_counter {
            true => self.for_counter(device.device, entries, now)?,
            false => entries,
        };
        if is_counter && !more {
            let told = asked.told.map(|told| *told);
            reply.progress = self.progress_to_tell(asked.partition, told)?;
        }
        let size = entries
            .iter()
            .map(|e| {
                160 + e
                    .segment
                    .as_ref()
                    .map_or(0, |s| s.body_bytes().len() + s.header_bytes().len())
            })
            .sum();
        reply.entries = entries;
        reply.more = more;
        Ok((reply, size))
    }

    /// One cause of each kind, however many partitions have it.
    fn note_refusals(&self, device: &DeviceRow, outcomes: &[Taken], now: UnixMillis) {
        let who = || Who::Device(device.device);
        if let Some(cause) = outcomes.iter().find_map(|taken| push_cause(taken.outcome)) {
            self.refusals.note(who(), cause, now);
        }
        let mut carried = outcomes.iter().flat_map(|taken| &taken.carried);
        if carried.any(|c| push_cause(c.outcome).is_some()) {
            self.refusals.note(who(), "carried-wrong", now);
        }
    }

    /// Until when a device held all that was accepted here, by the positions that it named: when the first entry that it
    /// lacks was accepted, or now. `None` if it has read nothing of this log.
    fn data_as_of(
        &self,
        partitions: &[PartitionRequest],
        now: UnixMillis,
    ) -> Result<Option<UnixMillis>, StoreError> {
        let mut as_of = None;
        for asked in partitions {
            if asked.position.epoch != self.organisation.epoch {
                return Ok(None);
            }
            let next = asked.position.number.saturating_add(1);
            let lacks = self
                .database
                .read(|c| hub_log::acceptance(c, asked.partition, next))?;
            let until = lacks.map_or(now, |(at, _)| at.min(now));
            as_of = Some(as_of.map_or(until, |before: UnixMillis| before.min(until)));
        }
        Ok(as_of)
    }

    fn note_contact(
        &self,
        device: &DeviceRow,
        status: protocol::DeviceStatus,
        partitions: &[PartitionRequest],
        outcomes: &[Taken],
        now: UnixMillis,
    ) {
        // What it counted as waiting has just come, if the hub holds its heads.
        let all_here = partitions
            .iter()
            .zip(outcomes)
            .all(|(asked, taken)| asked.head_seq <= taken.head_seq);
        let waiting = |n: u64| if all_here { 0 } else { n };
        let stopped = outcomes
            .iter()
            .map(|taken| taken.outcome)
            .find(|o| !matches!(o, PushOutcome::Held | PushOutcome::Missing));
        let reading = partitions.iter().find_map(|asked| match asked.partition {
            Partition::Site(site) if asked.position.epoch == self.organisation.epoch => {
                Some(ReadingRow {
                    site,
                    at: now,
                    number: asked.position.number,
                })
            }
            _ => None,
        });
        let report = Report {
            waiting_releases: status.waiting_releases.map(waiting),
            battery: status.battery.map(|b| (b.percent.min(100), b.charging)),
            storage_free: status.storage_free,
            locked: status.locked,
            data_as_of: self.data_as_of(partitions, now).unwrap_or_else(|error| {
                tracing::warn!(%error, "how old a device's data is could not be told");
                None
            }),
        };
        let contact = Contact {
            report,
            at: now,
            reading,
            waiting_events: waiting(status.waiting_events),
            waiting_edits: waiting(status.waiting_edits),
            clock_offset_ms: status.clock.saturating_sub(now),
            program: status.program,
            stopped: match stopped {
                None => "",
                Some(PushOutcome::Fork) => "fork",
                Some(PushOutcome::Forged) => "forged",
                Some(_) => "revoked",
            },
        };
        self.contacts.note(device.device, contact);
    }
}
