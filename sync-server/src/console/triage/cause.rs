//! What several exceptions have in common: one card for ten times the same mistake.

use std::collections::{BTreeMap, BTreeSet};

use domain::ledger::{ExceptionKind, Subject};
use domain::{BinId, DeviceId, OperatorId, OrderId, SKEW_LIMIT_MS, UnitId, UnixMillis};

use super::Fact;

/// An event that reached the hub so long after it was written came late.
const LATE_MS: i64 = 3_600_000;
/// A device sends what it has in several portions; those that far apart are two returns.
const PAUSE_MS: i64 = 600_000;
/// Goods may be gone: such an exception stands on a card of its own, unless the others are about the same unit.
const ALONE_FROM: u8 = 3;

/// What exceptions have in common, the most telling first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The clock of one device was ahead.
    Clock(DeviceId),
    /// One unit.
    Unit(UnitId),
    /// One code that nobody knows, at whatever site.
    Code(String),
    /// One operator did what they had no right to.
    Rights(OperatorId),
    /// One order.
    Order(OrderId),
    /// One bin.
    Bin(BinId),
    /// What one device sent after long silence; the first of it arrived then, unix milliseconds.
    Batch(DeviceId, UnixMillis),
}

impl Cause {
    /// Stable name of the sort of cause; the translation key.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Clock(_) => "clock",
            Self::Unit(_) => "unit",
            Self::Code(_) => "code",
            Self::Rights(_) => "rights",
            Self::Order(_) => "order",
            Self::Bin(_) => "bin",
            Self::Batch(..) => "batch",
        }
    }

    /// For addresses: the same for as long as the cause is.
    pub fn key(&self) -> String {
        let code = self.code();
        match self {
            Self::Clock(device) => format!("{code}:{device}"),
            Self::Unit(unit) => format!("{code}:{}", unit.as_str()),
            Self::Code(text) => format!("{code}:{text}"),
            Self::Rights(operator) => format!("{code}:{operator}"),
            Self::Order(order) => format!("{code}:{order}"),
            Self::Bin(bin) => format!("{code}:{bin}"),
            Self::Batch(device, at) => format!("{code}:{device}:{at}"),
        }
    }

    /// Fewer than this many do not make a group of it.
    const fn least(&self) -> usize {
        match self {
            // Much can go wrong at once in three days; it need not have to do with each other.
            Self::Batch(..) => 3,
            _ => 2,
        }
    }
}

/// Exceptions that are decided together, or one alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they have in common; `None`: there is only one.
    pub cause: Option<Cause>,
    /// Positions in the list that was given, as [`Fact::rank`] sorts them; never empty.
    pub members: Vec<usize>,
}

/// The cause that an exception may have; the devices are those whose clocks are in doubt.
type CauseOf = fn(&Fact, &BTreeSet<DeviceId>) -> Option<Cause>;

/// Puts exceptions with one cause together. Each stands in exactly one group; groups are sorted by their first member.
pub fn groups(facts: &[Fact]) -> Vec<Group> {
    let mut left: BTreeSet<usize> = (0..facts.len()).collect();
    let mut groups = Vec::new();
    let skewed: BTreeSet<DeviceId> = facts.iter().filter_map(skewed_device).collect();
    let told: [CauseOf; 3] = [by_clock, by_name, by_bin];
    for cause_of in told {
        let mut found: BTreeMap<Cause, Vec<usize>> = BTreeMap::new();
        for &at in &left {
            if let Some(cause) = facts.get(at).and_then(|fact| cause_of(fact, &skewed)) {
                found.entry(cause).or_default().push(at);
            }
        }
        for (cause, members) in found {
            take(cause, members, &mut left, &mut groups);
        }
    }
    for (cause, members) in batches(facts, &left) {
        take(cause, members, &mut left, &mut groups);
    }
    groups.extend(left.into_iter().map(|at| Group {
        cause: None,
        members: vec![at],
    }));
    let rank = |at: &usize| facts.get(*at).map(Fact::rank);
    for group in &mut groups {
        group.members.sort_by_key(rank);
    }
    groups.sort_by_key(|group| group.members.first().and_then(rank));
    groups
}

fn take(cause: Cause, members: Vec<usize>, left: &mut BTreeSet<usize>, groups: &mut Vec<Group>) {
    if members.len() < cause.least() {
        return;
    }
    for at in &members {
        left.remove(at);
    }
    groups.push(Group {
        cause: Some(cause),
        members,
    });
}

fn skewed_device(fact: &Fact) -> Option<DeviceId> {
    let is_skew = fact.kind == ExceptionKind::ClockSkew;
    is_skew.then(|| fact.evidence.first().map(|event| event.device))?
}

/// Whether it is about what lies in a bin, which rests on the order of events.
const fn is_about_a_pile(kind: ExceptionKind) -> bool {
    matches!(
        kind,
        ExceptionKind::NegativeStock | ExceptionKind::CountVariance | ExceptionKind::UnitInTwoBins
    )
}

/// A clock that is ahead puts events in the wrong order: what rests on their order may come from it.
fn by_clock(fact: &Fact, skewed: &BTreeSet<DeviceId>) -> Option<Cause> {
    if let Some(device) = skewed_device(fact) {
        return Some(Cause::Clock(device));
    }
    let ahead = fact.evidence.iter().find(|event| {
        skewed.contains(&event.device)
            && event
                .arrived
                .is_some_and(|arrived| event.clock - arrived > SKEW_LIMIT_MS)
    });
    ahead
        .filter(|_| is_about_a_pile(fact.kind))
        .map(|event| Cause::Clock(event.device))
}

/// What the exception is about has a name of its own.
fn by_name(fact: &Fact, _: &BTreeSet<DeviceId>) -> Option<Cause> {
    match &fact.subject {
        Subject::Unit(unit) => Some(Cause::Unit(unit.clone())),
        Subject::Code(_, code) => Some(Cause::Code(code.clone())),
        Subject::Rights(operator) => Some(Cause::Rights(*operator)),
        Subject::Order(order, _) => Some(Cause::Order(*order)),
        // The pile that a unit was in is short of it: the same mistake, seen from the book.
        _ => fact.unit.clone().map(Cause::Unit),
    }
}

fn by_bin(fact: &Fact, _: &BTreeSet<DeviceId>) -> Option<Cause> {
    fact.bin
        .filter(|_| is_about_a_pile(fact.kind))
        .map(Cause::Bin)
}

/// What came late, by device and return. The event that came last made the exception.
fn batches(facts: &[Fact], left: &BTreeSet<usize>) -> Vec<(Cause, Vec<usize>)> {
    let mut late: Vec<(DeviceId, UnixMillis, usize)> = Vec::new();
    for &at in left {
        let Some(fact) = facts.get(at) else { continue };
        let came_last = fact.evidence.iter().max_by_key(|event| event.arrived);
        if fact.kind.severity() < ALONE_FROM
            && let Some(event) = came_last
            && let Some(arrived) = event.arrived
            && arrived - event.clock >= LATE_MS
        {
            late.push((event.device, arrived, at));
        }
    }
    late.sort_unstable();
    let mut batches: Vec<(Cause, Vec<usize>)> = Vec::new();
    let mut before: Option<(DeviceId, UnixMillis)> = None;
    for (device, arrived, at) in late {
        let goes_on =
            before.is_some_and(|(last, then)| last == device && arrived - then <= PAUSE_MS);
        before = Some((device, arrived));
        match batches.last_mut().filter(|_| goes_on) {
            Some((_, members)) => members.push(at),
            None => batches.push((Cause::Batch(device, arrived), vec![at])),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use domain::ledger::ExceptionKind as Kind;
    use domain::{ChainId, OrderStep, SiteId};

    use super::super::fact::made::{HOUR, T0, bin, device, fact, pile, unit};
    use super::*;

    fn code(site: u8, text: &str) -> Subject {
        Subject::Code(SiteId::from_bytes([site; 16]), text.to_owned())
    }

    fn clock(n: u8) -> Subject {
        Subject::Clock(ChainId::from_bytes([n; 16]))
    }

    #[test]
    fn causes() {
        let order = OrderId::from_bytes([7; 16]);
        let who = OperatorId::from_bytes([8; 16]);
        type Case = (&'static str, Vec<Fact>, Vec<(Option<Cause>, Vec<usize>)>);
        let cases: Vec<Case> = vec![
            ("nothing", vec![], vec![]),
            (
                "one alone is no group",
                vec![fact(1, Kind::NegativeStock, pile(1, 1), 1, 0, 0)],
                vec![(None, vec![0])],
            ),
            (
                "one bin",
                vec![
                    fact(1, Kind::NegativeStock, pile(1, 1), 1, 0, 0),
                    fact(2, Kind::CountVariance, pile(1, 2), 2, 1, 1),
                    fact(3, Kind::CountVariance, pile(2, 2), 2, 2, 2),
                ],
                vec![(Some(Cause::Bin(bin(1))), vec![0, 1]), (None, vec![2])],
            ),
            (
                "a lot and a clock have nothing to do with the bin where they were noticed",
                {
                    let lot = Subject::Lot(domain::ItemId::from_bytes([1; 16]), "M1".into());
                    let mut expiry = fact(1, Kind::ExpiryDisagreement, lot, 1, 0, 0);
                    let mut skew = fact(2, Kind::ClockSkew, clock(1), 2, 9, 1);
                    (expiry.bin, skew.bin) = (Some(bin(1)), Some(bin(1)));
                    vec![expiry, skew]
                },
                vec![(None, vec![0]), (None, vec![1])],
            ),
            (
                "one code at two sites",
                vec![
                    fact(1, Kind::UnknownCode, code(1, "X"), 1, 0, 0),
                    fact(2, Kind::UnknownCode, code(2, "X"), 2, 0, 0),
                    fact(3, Kind::UnknownCode, code(1, "Y"), 1, 0, 0),
                ],
                vec![(Some(Cause::Code("X".into())), vec![0, 1]), (None, vec![2])],
            ),
            (
                "a clock takes what rests on the order of its events, and only what was ahead",
                vec![
                    fact(1, Kind::ClockSkew, clock(1), 1, 9, 1),
                    fact(2, Kind::NegativeStock, pile(1, 1), 1, 9, 1),
                    fact(3, Kind::CountVariance, pile(2, 1), 1, 1, 1),
                    fact(4, Kind::UnknownCode, code(1, "X"), 1, 9, 1),
                    fact(5, Kind::NegativeStock, pile(3, 1), 2, 9, 1),
                ],
                vec![
                    (Some(Cause::Clock(device(1))), vec![1, 0]),
                    (None, vec![2]),
                    (None, vec![3]),
                    (None, vec![4]),
                ],
            ),
            (
                "two chains of a device have one clock",
                vec![
                    fact(1, Kind::ClockSkew, clock(1), 1, 9, 1),
                    fact(2, Kind::ClockSkew, clock(2), 1, 9, 1),
                ],
                vec![(Some(Cause::Clock(device(1))), vec![0, 1])],
            ),
            (
                "a unit keeps together what is severe",
                vec![
                    fact(1, Kind::UnitInTwoBins, unit("LP-1"), 1, 0, 0),
                    fact(2, Kind::UnitIssuedTwice, unit("LP-1"), 2, 1, 1),
                    fact(3, Kind::UnitIssuedTwice, unit("LP-2"), 2, 1, 1),
                ],
                vec![
                    (
                        Some(Cause::Unit(UnitId::plate("LP-1"))),
                        // The severe one first, though it is younger.
                        vec![1, 0],
                    ),
                    (None, vec![2]),
                ],
            ),
            (
                "the pile that a unit was in, with the unit",
                {
                    let mut pile_of_unit = fact(2, Kind::NegativeStock, pile(1, 1), 1, 1, 1);
                    pile_of_unit.unit = Some(UnitId::plate("LP-1"));
                    let twice = fact(1, Kind::UnitIssuedTwice, unit("LP-1"), 1, 1, 1);
                    let other = fact(3, Kind::NegativeStock, pile(1, 2), 1, 1, 1);
                    vec![twice, pile_of_unit, other]
                },
                vec![
                    (Some(Cause::Unit(UnitId::plate("LP-1"))), vec![0, 1]),
                    (None, vec![2]),
                ],
            ),
            (
                "one order, one person",
                vec![
                    fact(
                        1,
                        Kind::OrderVariance,
                        Subject::Order(order, OrderStep::Pick),
                        1,
                        0,
                        0,
                    ),
                    fact(
                        2,
                        Kind::WorkDoneTwice,
                        Subject::Order(order, OrderStep::Ship),
                        1,
                        0,
                        0,
                    ),
                    fact(3, Kind::RightBreached, Subject::Rights(who), 1, 0, 0),
                    fact(4, Kind::RightBreached, Subject::Rights(who), 2, 0, 0),
                ],
                vec![
                    (Some(Cause::Order(order)), vec![0, 1]),
                    (Some(Cause::Rights(who)), vec![2, 3]),
                ],
            ),
            (
                "a late return of one device, what is severe left out",
                vec![
                    fact(1, Kind::NegativeStock, pile(1, 1), 1, 0, 72),
                    fact(2, Kind::CountVariance, pile(2, 1), 1, 20, 72),
                    fact(3, Kind::UnknownCode, code(1, "X"), 1, 40, 72),
                    fact(4, Kind::UnitIssuedTwice, unit("LP-1"), 1, 40, 72),
                    fact(5, Kind::NegativeStock, pile(3, 1), 1, 72, 72),
                    fact(6, Kind::NegativeStock, pile(4, 1), 2, 0, 72),
                ],
                vec![
                    (None, vec![3]),
                    (Some(Cause::Batch(device(1), T0 + 72 * HOUR)), vec![0, 1, 2]),
                    (None, vec![5]),
                    (None, vec![4]),
                ],
            ),
            (
                "two returns of one device are two",
                (0..6)
                    .map(|n| {
                        let arrived = if n < 3 { 24 } else { 48 };
                        fact(n + 1, Kind::NegativeStock, pile(n, 1), 1, 0, arrived)
                    })
                    .collect(),
                vec![
                    (Some(Cause::Batch(device(1), T0 + 24 * HOUR)), vec![0, 1, 2]),
                    (Some(Cause::Batch(device(1), T0 + 48 * HOUR)), vec![3, 4, 5]),
                ],
            ),
            (
                "two of a return are two cards",
                vec![
                    fact(1, Kind::NegativeStock, pile(1, 1), 1, 0, 72),
                    fact(2, Kind::NegativeStock, pile(2, 1), 1, 1, 72),
                ],
                vec![(None, vec![0]), (None, vec![1])],
            ),
        ];
        for (name, facts, expected) in cases {
            let found: Vec<_> = groups(&facts)
                .into_iter()
                .map(|group| (group.cause, group.members))
                .collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn each_stands_in_one_group_whatever_the_order() {
        let mut facts = Vec::new();
        for n in 0..60u8 {
            let subject = match n % 4 {
                0 => pile(n % 7, n),
                1 => unit(&format!("LP-{}", n % 5)),
                2 => code(1, &format!("C-{}", n % 6)),
                _ => clock(n),
            };
            let kind = match n % 4 {
                0 => Kind::NegativeStock,
                1 => Kind::UnitIssuedTwice,
                2 => Kind::UnknownCode,
                _ => Kind::ClockSkew,
            };
            facts.push(fact(n, kind, subject, n % 9, i64::from(n % 3), 5));
        }
        let ids = |facts: &[Fact]| -> Vec<Vec<domain::ExceptionId>> {
            let of = |group: &Group| group.members.iter().map(|at| facts[*at].id).collect();
            groups(facts).iter().map(of).collect()
        };
        let once = ids(&facts);
        let mut all: Vec<_> = once.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), facts.len());
        facts.reverse();
        assert_eq!(ids(&facts), once);
    }

    #[test]
    fn keys_tell_causes_apart() {
        let causes = [
            Cause::Clock(device(1)),
            Cause::Unit(UnitId::plate("LP-1")),
            Cause::Code("LP-1".into()),
            Cause::Rights(OperatorId::from_bytes([1; 16])),
            Cause::Order(OrderId::from_bytes([1; 16])),
            Cause::Bin(bin(1)),
            Cause::Batch(device(1), 1),
            Cause::Batch(device(1), 2),
        ];
        let keys: BTreeSet<String> = causes.iter().map(Cause::key).collect();
        assert_eq!(keys.len(), causes.len());
    }
}
