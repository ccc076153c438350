//! Exceptions that may go away by themselves, once a device that has been silent since before them reports.

use domain::ledger::ExceptionKind;
use domain::{DeviceId, SiteId, UnixMillis};

use super::Fact;

/// Who was heard of so lately will say what it knows by itself: a handheld that sleeps in a holster polls again soon.
pub const IN_TOUCH_MS: i64 = 30 * 60_000;
/// Who has been silent for longer holds nothing back any more: somebody has to decide.
pub const HOLD_MS: i64 = 7 * 86_400_000;
/// A device whose last event is so much older than its last contact was in touch and lay in a drawer.
const IN_USE_MS: i64 = 2 * 86_400_000;

/// What is known of a handheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceFact {
    /// Which.
    pub device: DeviceId,
    /// Where it works.
    pub site: SiteId,
    /// When it was last heard of, by itself or through another; unix milliseconds.
    pub heard: Option<UnixMillis>,
    /// When its last event stands that is here; unix milliseconds.
    pub worked: Option<UnixMillis>,
    /// What it writes does not count any more.
    pub revoked: bool,
}

/// Whether more events from elsewhere could make an exception of this kind go away: a receipt, a move or a work step that
/// has not come yet. What two people both said stays said.
const fn can_be_explained(kind: ExceptionKind) -> bool {
    match kind {
        ExceptionKind::NegativeStock
        | ExceptionKind::UnitInTwoBins
        | ExceptionKind::CountVariance
        | ExceptionKind::OrderVariance => true,
        ExceptionKind::UnitIssuedTwice
        | ExceptionKind::UnknownCode
        | ExceptionKind::ExpiryDisagreement
        | ExceptionKind::ClockSkew
        | ExceptionKind::WorkDoneTwice
        | ExceptionKind::RightBreached => false,
    }
}

/// The devices that may explain an exception, in the order given: at its site, in use when they were last heard of,
/// silent since before it came about, and not for too long. Empty: it waits for a decision.
pub fn holders(fact: &Fact, devices: &[DeviceFact], now: UnixMillis) -> Vec<DeviceId> {
    if !can_be_explained(fact.kind) {
        return Vec::new();
    }
    let holds = |device: &&DeviceFact| {
        let (Some(heard), Some(worked)) = (device.heard, device.worked) else {
            return false;
        };
        let silent = now - heard;
        device.site == fact.site
            && !device.revoked
            && heard < fact.opened
            && (IN_TOUCH_MS..=HOLD_MS).contains(&silent)
            && heard - worked <= IN_USE_MS
    };
    let held = devices.iter().filter(holds);
    held.map(|device| device.device).collect()
}

#[cfg(test)]
mod tests {
    use domain::ledger::ExceptionKind as Kind;

    use super::super::fact::made::{HOUR, T0, device, fact, pile};
    use super::*;

    const DAY: i64 = 24;

    fn silent(heard: i64) -> DeviceFact {
        DeviceFact {
            device: device(2),
            site: SiteId::from_bytes([1; 16]),
            heard: Some(T0 + heard * HOUR),
            worked: Some(T0 + heard * HOUR),
            revoked: false,
        }
    }

    #[test]
    fn who_may_explain_what() {
        // The exception came about at hour 10 and it is hour 20.
        let now = T0 + 20 * HOUR;
        let elsewhere = SiteId::from_bytes([2; 16]);
        let cases = [
            ("silent since before", Kind::NegativeStock, silent(5), true),
            ("heard of since", Kind::NegativeStock, silent(11), false),
            (
                "in the same instant",
                Kind::NegativeStock,
                silent(10),
                false,
            ),
            ("a count", Kind::CountVariance, silent(5), true),
            ("a unit in two bins", Kind::UnitInTwoBins, silent(5), true),
            ("an order", Kind::OrderVariance, silent(5), true),
            (
                "nothing brings goods back",
                Kind::UnitIssuedTwice,
                silent(5),
                false,
            ),
            ("nobody knows the code", Kind::UnknownCode, silent(5), false),
            ("a clock", Kind::ClockSkew, silent(5), false),
            (
                "silent for too long",
                Kind::NegativeStock,
                silent(20 - 7 * DAY - 1),
                false,
            ),
            (
                "just not for too long",
                Kind::NegativeStock,
                silent(20 - 7 * DAY),
                true,
            ),
            (
                "at another site",
                Kind::NegativeStock,
                DeviceFact {
                    site: elsewhere,
                    ..silent(5)
                },
                false,
            ),
            (
                "revoked",
                Kind::NegativeStock,
                DeviceFact {
                    revoked: true,
                    ..silent(5)
                },
                false,
            ),
            (
                "never heard of",
                Kind::NegativeStock,
                DeviceFact {
                    heard: None,
                    ..silent(5)
                },
                false,
            ),
            (
                "never worked",
                Kind::NegativeStock,
                DeviceFact {
                    worked: None,
                    ..silent(5)
                },
                false,
            ),
            (
                "in a drawer",
                Kind::NegativeStock,
                DeviceFact {
                    worked: Some(T0 + (5 - 3 * DAY) * HOUR),
                    ..silent(5)
                },
                false,
            ),
        ];
        for (name, kind, device, expected) in cases {
            let fact = fact(1, kind, pile(1, 1), 1, 10, 10);
            let found = holders(&fact, &[device], now);
            assert_eq!(!found.is_empty(), expected, "{name}");
        }
    }

    #[test]
    fn who_is_in_touch_holds_nothing_and_all_who_hold_are_named() {
        let made = fact(1, Kind::NegativeStock, pile(1, 1), 1, 10, 10);
        let mut other = silent(4);
        other.device = device(3);
        let now = T0 + 20 * HOUR;
        let found = holders(&made, &[silent(5), silent(12), other], now);
        assert_eq!(found, [device(2), device(3)]);
        let soon = T0 + 5 * HOUR + IN_TOUCH_MS - 1;
        let young = fact(1, Kind::NegativeStock, pile(1, 1), 1, 6, 6);
        assert!(holders(&young, &[silent(5)], soon).is_empty());
    }
}
