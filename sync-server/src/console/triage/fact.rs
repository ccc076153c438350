//! What is known of an exception without its names and words.

use domain::ledger::{ExceptionKind, Subject};
use domain::{BinId, DeviceId, EventHash, ExceptionId, SiteId, UnitId, UnixMillis};

/// An event that is part of the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceFact {
    /// Names it.
    pub hash: EventHash,
    /// The device that wrote it.
    pub device: DeviceId,
    /// What its clock said, unix milliseconds.
    pub clock: UnixMillis,
    /// When it reached the hub, unix milliseconds; `None` until then.
    pub arrived: Option<UnixMillis>,
}

/// An exception that waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Names it.
    pub id: ExceptionId,
    /// What kind.
    pub kind: ExceptionKind,
    /// Where.
    pub site: SiteId,
    /// About what.
    pub subject: Subject,
    /// The bin that it is about, or where the last of the evidence was.
    pub bin: Option<BinId>,
    /// The unit that the last of the evidence names.
    pub unit: Option<UnitId>,
    /// When it came about, in the order that all replicas share; unix milliseconds.
    pub opened: UnixMillis,
    /// The events that disagree, in order; those that are here.
    pub evidence: Vec<EvidenceFact>,
}

impl Fact {
    /// Sorts first what matters more: the most severe, then the oldest.
    pub fn rank(&self) -> (u8, UnixMillis, ExceptionId) {
        (u8::MAX - self.kind.severity(), self.opened, self.id)
    }

    /// Whether this device wrote part of the evidence.
    pub fn is_by(&self, device: DeviceId) -> bool {
        self.evidence.iter().any(|event| event.device == device)
    }
}

#[cfg(test)]
pub(super) mod made {
    use domain::ItemId;
    use domain::ledger::StockKey;

    use super::*;

    pub(crate) const T0: UnixMillis = 1_790_000_000_000;
    pub(crate) const HOUR: i64 = 3_600_000;

    pub(crate) fn device(n: u8) -> DeviceId {
        DeviceId::from_bytes([n; 16])
    }

    pub(crate) fn bin(n: u8) -> BinId {
        BinId::from_bytes([n; 16])
    }

    pub(crate) fn pile(b: u8, item: u8) -> Subject {
        Subject::Stock(StockKey {
            bin: bin(b),
            item: ItemId::from_bytes([item; 16]),
            lot: None,
        })
    }

    pub(crate) fn unit(plate: &str) -> Subject {
        Subject::Unit(UnitId::plate(plate))
    }

    /// An exception with one event: by that device, at that hour by its clock, arrived at that hour.
    pub(crate) fn fact(
        n: u8,
        kind: ExceptionKind,
        subject: Subject,
        by: u8,
        clock: i64,
        arrived: i64,
    ) -> Fact {
        let bin = match &subject {
            Subject::Stock(key) => Some(key.bin),
            _ => None,
        };
        Fact {
            id: ExceptionId([n; 32]),
            kind,
            site: SiteId::from_bytes([1; 16]),
            subject,
            bin,
            unit: None,
            opened: T0 + clock.min(arrived) * HOUR,
            evidence: vec![EvidenceFact {
                hash: EventHash([n; 32]),
                device: device(by),
                clock: T0 + clock * HOUR,
                arrived: Some(T0 + arrived * HOUR),
            }],
        }
    }
}
