//! The fold of one unit: where it is, and whether two hands claim it.

use crate::event::{Event, EventBody, EventHash, Goods};
use crate::ids::{BinId, UnitId};
use crate::ledger::baseline::UnitBaseline;
use crate::ledger::exception::{ExceptionKind, Finding};
use crate::ledger::place::Place;
use crate::ledger::subject::Subject;
use crate::quantity::Quantity;

/// Whether a unit is in the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum UnitStatus {
    /// It is in its bin.
    #[n(0)]
    Stored,
    /// It went out of its last bin.
    #[n(1)]
    Issued,
}

impl UnitStatus {
    /// Stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Issued => "issued",
        }
    }
}

/// Where a unit is, by the last event that counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct UnitState {
    /// Whether it is in the house.
    #[n(0)]
    pub status: UnitStatus,
    /// Its bin, or the one it left.
    #[n(1)]
    pub bin: BinId,
    /// What it holds.
    #[n(2)]
    pub goods: Goods,
    /// How much.
    #[n(3)]
    pub quantity: Quantity,
    /// The event that says so.
    #[n(4)]
    pub since: EventHash,
}

impl UnitState {
    pub(crate) fn row(&self, unit: &UnitId) -> Vec<u8> {
        let mut row = vec![b'u'];
        row.extend_from_slice(unit.as_str().as_bytes());
        row.push(0);
        row.push(self.status as u8);
        row.extend_from_slice(self.bin.as_bytes());
        row.extend_from_slice(&self.quantity.thousandths().to_le_bytes());
        row.extend_from_slice(&self.since.0);
        row
    }
}

/// Folds live events of one unit, in order, on what it had come to before them.
pub(crate) fn fold(
    unit: &UnitId,
    before: UnitBaseline,
    events: &[(Place, Event)],
) -> (UnitBaseline, Vec<Finding>) {
    let mut now = before;
    let mut findings: Vec<Finding> = Vec::new();
    for (place, event) in events {
        let (status, acts_on, bin, goods, quantity) = match &event.record.body {
            EventBody::Received {
                bin,
                goods,
                quantity,
            } => (UnitStatus::Stored, None, *bin, goods, *quantity),
            EventBody::Issued {
                bin,
                goods,
                quantity,
            } => (UnitStatus::Issued, Some(*bin), *bin, goods, *quantity),
            EventBody::Moved {
                from,
                to,
                goods,
                quantity,
            } => (UnitStatus::Stored, Some(*from), *to, goods, *quantity),
            EventBody::Adjusted {
                bin,
                goods,
                difference,
                ..
            } => {
                let here = now.state.as_ref();
                let here = here.filter(|state| state.status == UnitStatus::Stored);
                let left = here.map_or(Quantity::ZERO, |state| state.quantity);
                let left = left.plus(*difference);
                if left > Quantity::ZERO {
                    // Found where the book had none: as if it came in.
                    let acts_on = here.map(|_| *bin);
                    (UnitStatus::Stored, acts_on, *bin, goods, left)
                } else {
                    let gone = difference.negated();
                    (UnitStatus::Issued, Some(*bin), *bin, goods, gone)
                }
            }
            _ => continue,
        };
        let found = now.state.as_ref().and_then(|before| {
            let kind = match (before.status, status, acts_on) {
                (UnitStatus::Issued, UnitStatus::Issued, _) => ExceptionKind::UnitIssuedTwice,
                // Received again while it is here, or taken from a bin where it is not.
                (UnitStatus::Stored, _, None) => ExceptionKind::UnitInTwoBins,
                (UnitStatus::Stored, _, Some(from)) if from != before.bin => {
                    ExceptionKind::UnitInTwoBins
                }
                (UnitStatus::Issued, UnitStatus::Stored, Some(_)) => ExceptionKind::UnitInTwoBins,
                _ => return None,
            };
            Some((kind, before.since))
        });
        if let Some((kind, first)) = found {
            let occurrence = now.count(kind);
            *occurrence += 1;
            findings.push(Finding {
                kind,
                subject: Subject::Unit(unit.clone()),
                occurrence: occurrence.to_string(),
                site: event.site,
                opened: *place,
                healed: None,
                evidence: vec![first, event.hash],
                book: None,
                counted: None,
            });
        }
        now.state = Some(UnitState {
            status,
            bin,
            goods: goods.clone(),
            quantity,
            since: event.hash,
        });
    }
    (now, findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{T0, Writer, bin, fold as fold_all, item, units};

    fn adjusted(at: u8, difference: i64) -> EventBody {
        EventBody::Adjusted {
            bin: bin(at),
            goods: goods(),
            difference: units(difference),
            reason: "lost".into(),
        }
    }

    fn goods() -> Goods {
        Goods {
            unit: Some(UnitId::plate("LP-1")),
            ..Goods::of(item(1))
        }
    }

    fn received(at: u8, quantity: i64) -> EventBody {
        EventBody::Received {
            bin: bin(at),
            goods: goods(),
            quantity: units(quantity),
        }
    }

    #[test]
    fn what_is_lost_is_out_and_what_is_found_is_in() {
        use UnitStatus::{Issued, Stored};
        for (events, expected, exceptions) in [
            (vec![received(1, 9), adjusted(1, -9)], (Issued, 1, 9), 0),
            (vec![received(1, 9), adjusted(1, -4)], (Stored, 1, 5), 0),
            (vec![received(1, 9), adjusted(1, 2)], (Stored, 1, 11), 0),
            (vec![adjusted(2, 3)], (Stored, 2, 3), 0),
            (
                vec![received(1, 9), adjusted(1, -9), adjusted(2, 9)],
                (Stored, 2, 9),
                0,
            ),
            // Taken from where it is not, and lost twice.
            (vec![received(1, 9), adjusted(2, -9)], (Issued, 2, 9), 1),
            (
                vec![received(1, 9), adjusted(1, -9), adjusted(1, -9)],
                (Issued, 1, 9),
                1,
            ),
        ] {
            let mut writer = Writer::default();
            for (n, body) in (0..).zip(events) {
                writer.write(1, T0 + n, body);
            }
            let store = fold_all(&writer.events);
            let unit = store.units().get(&UnitId::plate("LP-1")).unwrap();
            let (status, at, left) = expected;
            assert_eq!(
                (unit.status, unit.bin, unit.quantity),
                (status, bin(at), units(left))
            );
            let found = store.exceptions().values();
            let of_unit = found.filter(|e| matches!(e.finding.subject, Subject::Unit(_)));
            assert_eq!(of_unit.count(), exceptions, "{expected:?}");
        }
    }
}
