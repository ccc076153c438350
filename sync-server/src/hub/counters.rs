//! What a device that only counts is given: of a site's log no event that another wrote, and records that do not tell what is
//! there.

use std::collections::BTreeMap;

use documents::record::text_written;
use documents::segment::Accepted;
use documents::{Part, Partition, RecordId, RecordKind};
use domain::{DeviceId, OrderId, OrderProgress, OrderType, UnixMillis};
use replica::{Query, ReplicaError};

use super::{Hub, HubError};
use crate::store::hub_chains;
use crate::store::hub_devices::DeviceRow;

/// Whether a device may have records of a kind: its own partitions' catalogue, and what there is to count. A kind that a later
/// program brings may say anything.
const fn is_shown(kind: RecordKind) -> bool {
    match kind {
        RecordKind::Site
        | RecordKind::Zone
        | RecordKind::Bin
        | RecordKind::Item
        | RecordKind::Operator
        | RecordKind::Customer
        | RecordKind::Device => true,
        // What comes in and goes out says what is there.
        RecordKind::Order | RecordKind::Deposit => false,
    }
}

/// Documents of a log, by whether a counter may have them; asked once for each.
type Shown = BTreeMap<RecordId, Option<bool>>;

/// What the changes of a record themselves say of whether a counter may have it: the first one names its kind.
fn said_by(part: &Part) -> Option<bool> {
    let changes = part.unpack().unwrap_or_default();
    let written = |field| {
        changes
            .iter()
            .find_map(|change| text_written(change, field))
    };
    let kind = written("kind")?;
    let kind = RecordKind::from_code(&kind);
    Some(match kind {
        Some(RecordKind::Order) => written("type").as_deref() == Some(OrderType::Count.code()),
        Some(kind) => is_shown(kind),
        None => false,
    })
}

/// What the replica says of it; `None` if it has not come there.
fn folded(query: &Query<'_>, document: RecordId) -> Result<Option<bool>, ReplicaError> {
    let Some(kind) = query.kind_of(document)? else {
        return Ok(None);
    };
    Ok(Some(match kind {
        RecordKind::Order => {
            let order = query.order(OrderId::from(document))?;
            order.is_some_and(|order| order.kind == OrderType::Count)
        }
        kind => is_shown(kind),
    }))
}

impl DeviceRow {
    /// Whether the log of that partition is not for its eyes as it is.
    pub(super) const fn is_counter_in(&self, partition: Partition) -> bool {
        self.counts_only && matches!(partition, Partition::Site(_))
    }
}

impl Hub {
    /// Entries of a site's log as a counter may have them: of what others wrote, the records alone, and of these no orders but
    /// counts. What it wrote itself stays whole.
    pub(super) fn for_counter(
        &self,
        device: DeviceId,
        entries: Vec<Accepted>,
        now: UnixMillis,
    ) -> Result<Vec<Accepted>, HubError> {
        let mut shown = Shown::new();
        let mut theirs = Vec::with_capacity(entries.len());
        for entry in &entries {
            let header = entry.segment.as_ref().and_then(|s| s.header().ok());
            let Some(header) = header else {
                theirs.push(false);
                continue;
            };
            let chain = self.database.read(|c| hub_chains::get(c, header.chain))?;
            let is_other = chain.is_none_or(|chain| chain.device != device);
            theirs.push(is_other);
            let body = entry.segment.as_ref().and_then(|s| s.body().ok());
            let parts = body.filter(|_| is_other).unwrap_or_default().parts;
            for part in parts.iter().filter(|part| !part.is_journal) {
                if shown.get(&part.document).is_none_or(Option::is_none) {
                    shown.insert(part.document, said_by(part));
                }
            }
        }
        self.ask_replica(&mut shown)?;
        if shown.values().any(Option::is_none) {
            // Its beginning is in the log, and not folded yet.
            self.catch_up(now)?;
            self.ask_replica(&mut shown)?;
        }
        let keeps = |part: &Part| {
            !part.is_journal && shown.get(&part.document).copied().flatten() == Some(true)
        };
        let key = &self.organisation.key;
        let entries = entries.into_iter().zip(theirs);
        Ok(entries
            .map(|(entry, is_other)| match is_other {
                true => entry.extract(key, keeps),
                false => entry,
            })
            .collect())
    }

    fn ask_replica(&self, shown: &mut Shown) -> Result<(), HubError> {
        if shown.values().all(Option::is_some) {
            return Ok(());
        }
        let replica = self.lock();
        let query = replica.query();
        for (document, answer) in shown.iter_mut().filter(|(_, answer)| answer.is_none()) {
            *answer = folded(&query, *document)?;
        }
        Ok(())
    }

    /// How far the work on a site's counts has come, for a counter, if it was not told just that.
    pub(super) fn progress_to_tell(
        &self,
        partition: Partition,
        told: Option<[u8; 8]>,
    ) -> Result<Option<Vec<OrderProgress>>, HubError> {
        let Partition::Site(site) = partition else {
            return Ok(None);
        };
        let all = self.lock().query().progress_of_counts(site)?;
        Ok((told != Some(OrderProgress::digest(&all))).then_some(all))
    }
}
