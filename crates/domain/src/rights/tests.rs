use super::*;
use crate::custody::{Collector, Custody};
use crate::event::{CountedLine, EventHash, Goods};
use crate::{
    BinId, DepositId, FinishedLine, Inspection, ItemId, OperatorId, OrderFinished, OrderId,
    OrderLine, Timestamp, UnitId, Verdict,
};

const HERE: SiteId = SiteId::from_bytes([1; 16]);
const ELSEWHERE: SiteId = SiteId::from_bytes([2; 16]);

fn units(n: i64) -> Quantity {
    Quantity::from_thousandths(n * 1_000)
}

fn grant(actions: &[Action]) -> Grant {
    Grant {
        actions: actions.iter().copied().collect(),
        ..Grant::default()
    }
}

fn record(body: EventBody, ordered: bool, reason: Option<&str>) -> EventRecord {
    EventRecord {
        clock: Timestamp::default(),
        operator: OperatorId::from_bytes([3; 16]),
        body,
        carries_out: None,
        evidence: Vec::new(),
        origin: None,
        order: ordered.then_some(OrderLine {
            order: OrderId::from_bytes([4; 16]),
            line: 1,
        }),
        reason: reason.map(str::to_owned),
        carton: None,
        approved_by: None,
    }
}

fn received() -> EventBody {
    EventBody::Received {
        bin: BinId::from_bytes([5; 16]),
        goods: Goods::of(ItemId::from_bytes([6; 16])),
        quantity: units(1),
    }
}

fn moved() -> EventBody {
    EventBody::Moved {
        from: BinId::from_bytes([5; 16]),
        to: BinId::from_bytes([7; 16]),
        goods: Goods::of(ItemId::from_bytes([6; 16])),
        quantity: units(1),
    }
}

fn adjusted(difference: Quantity) -> EventRecord {
    let body = EventBody::Adjusted {
        bin: BinId::from_bytes([5; 16]),
        goods: Goods::of(ItemId::from_bytes([6; 16])),
        difference,
        reason: "lost".into(),
    };
    record(body, false, None)
}

fn counted(whole_bin: bool) -> EventBody {
    let line = CountedLine {
        item: ItemId::from_bytes([6; 16]),
        lot: None,
        counted: units(1),
    };
    EventBody::Counted {
        bin: BinId::from_bytes([5; 16]),
        lines: vec![line],
        whole_bin,
    }
}

fn finished(step: OrderStep) -> EventBody {
    EventBody::OrderFinished(OrderFinished {
        order: OrderId::from_bytes([4; 16]),
        step,
        after: Vec::new(),
        lines: Vec::<FinishedLine>::new(),
    })
}

#[test]
fn each_event_takes_the_right_of_the_procedure_that_writes_it() {
    use Action::*;
    let inspected = EventBody::Inspected(Inspection {
        of: EventHash([8; 32]),
        verdict: Verdict::Accepted,
        sample: units(1),
        answers: Vec::new(),
    });
    let handed_over = EventBody::HandedOver {
        to: OperatorId::from_bytes([9; 16]),
        open: Vec::new(),
        note: String::new(),
    };
    let reversed = EventBody::Reversed {
        target: EventHash([8; 32]),
    };
    let custody = |act, ticket_lost| {
        let mut custody = Custody::new(DepositId::from_bytes([1; 16]), act, vec![1]);
        custody.collector = Some(Collector {
            is_proxy: false,
            ticket_lost,
            sealed: None,
        });
        EventBody::Custody(Box::new(custody))
    };
    let in_carton = EventRecord {
        carton: Some(UnitId::plate("C-1")),
        ..record(moved(), true, None)
    };
    let table: [(EventRecord, &[Action]); 21] = [
        // It was picked before.
        (in_carton, &[PutAway, Move, Replenish, Inspect]),
        (record(received(), false, None), &[Receive, Deposit]),
        (
            record(received(), true, Some("damaged")),
            &[Receive, Deposit],
        ),
        (record(received(), false, Some("returned-sound")), &[Return]),
        // A reason alone opens no order.
        (
            record(received(), true, Some("returned-sound")),
            &[Receive, Deposit],
        ),
        (record(moved(), true, None), &[Pick]),
        (
            record(moved(), false, None),
            &[PutAway, Move, Replenish, Inspect],
        ),
        (adjusted(units(1)), &[Adjust]),
        (record(counted(true), false, None), &[Count, Recount]),
        (record(counted(false), false, None), &[Count, Recount, Pick]),
        (
            record(finished(OrderStep::Receive), false, None),
            &[Receive],
        ),
        (record(finished(OrderStep::Ship), false, None), &[Issue]),
        (
            record(finished(OrderStep::Count), false, None),
            &[Count, Recount],
        ),
        (record(inspected, false, None), &[Inspect]),
        (record(handed_over, false, None), &[HandOver]),
        (record(reversed, false, None), &[]),
        (
            record(custody(CustodyAct::Deposited, false), false, None),
            &[Deposit],
        ),
        (
            record(custody(CustodyAct::Extended, false), false, None),
            &[Deposit, Release],
        ),
        (
            record(custody(CustodyAct::Released, false), false, None),
            &[Release],
        ),
        (
            record(custody(CustodyAct::Released, true), false, None),
            &[ReleaseLost],
        ),
        (
            record(custody(CustodyAct::Disposed, false), false, None),
            &[Dispose],
        ),
    ];
    for (event, actions) in table {
        let (ordered, reason) = (event.is_ordered(), event.reason.as_deref());
        let found = Action::that_write(&event.body, ordered, reason);
        assert_eq!(found, actions, "{:?}", event.body);
    }
}

#[test]
fn the_grant_that_was_in_force_then_judges() {
    let grants = Grants::new([
        (100, grant(&[Action::Pick])),
        (
            200,
            Grant {
                sites: Some([HERE].into()),
                until: Some(300),
                ..grant(&[Action::Adjust])
            },
        ),
    ]);
    let adjust = |site, at| grants.allow(&[Action::Adjust], site, at);
    let table = [
        (HERE, 99, Ok(())),
        (HERE, 100, Err(Lack::Right)),
        (HERE, 199, Err(Lack::Right)),
        (HERE, 200, Ok(())),
        (ELSEWHERE, 200, Err(Lack::Site)),
        (HERE, 299, Ok(())),
        (HERE, 300, Err(Lack::Expired(300))),
        (ELSEWHERE, 900, Err(Lack::Expired(300))),
    ];
    for (site, at, allowed) in table {
        assert_eq!(adjust(site, at), allowed, "at {at}");
    }
    assert_eq!(grants.allow(&[], HERE, 900), Ok(()), "nothing to lack");
    assert_eq!(
        grants.allow(&[Action::Move, Action::Adjust], HERE, 250),
        Ok(()),
        "any of them is enough"
    );
    assert_eq!(Grants::default().allow(&Action::ALL, HERE, 0), Ok(()));
}

#[test]
fn limits_hold_for_either_sign_and_of_nothing_nothing_is_a_part() {
    let limits = Limits {
        adjust: Some(units(5)),
        ..Limits::default()
    };
    for (difference, allowed) in [(5, true), (-5, true), (6, false), (-6, false), (0, true)] {
        assert_eq!(limits.allow_difference(units(difference)), allowed);
    }
    assert!(Limits::default().allow_difference(units(1_000_000)));
    let table = [
        (units(10), units(100), Some(10), true),
        (units(-10), units(100), Some(10), true),
        (
            Quantity::from_thousandths(10_001),
            units(100),
            Some(10),
            false,
        ),
        (units(1), Quantity::ZERO, Some(1_000), false),
        (Quantity::ZERO, Quantity::ZERO, Some(0), true),
        (units(1), units(-50), Some(2), true),
        (Quantity::LIMIT, units(1), None, true),
        (Quantity::LIMIT, Quantity::LIMIT, Some(u32::MAX), true),
    ];
    for (part, whole, percent, within) in table {
        assert_eq!(
            Limits::is_within(part, whole, percent),
            within,
            "{part} {whole}"
        );
    }
}

#[test]
fn an_event_without_the_right_or_beyond_the_limit_needs_an_approver_who_may() {
    let clerk = Grants::new([(
        0,
        Grant {
            limits: Limits {
                adjust: Some(units(5)),
                ..Limits::default()
            },
            ..grant(&[Action::Adjust])
        },
    )]);
    let picker = Grants::new([(0, grant(&[Action::Pick]))]);
    let nobody_said = Grants::default();
    let supervisor = Grants::new([(
        0,
        Grant {
            until: Some(500),
            sites: Some([HERE].into()),
            ..Grant::everything()
        },
    )]);
    let breached = |event: &EventRecord, site, at, grants, approver| {
        is_breached(event, site, at, grants, approver)
    };
    let (small, large) = (adjusted(units(-5)), adjusted(units(-6)));
    assert!(!breached(&small, HERE, 1, &clerk, None));
    assert!(breached(&large, HERE, 1, &clerk, None), "beyond the limit");
    assert!(
        breached(&small, HERE, 1, &picker, None),
        "without the right"
    );
    assert!(!breached(&large, HERE, 1, &nobody_said, None), "as before");
    for (grants, event) in [(&clerk, &large), (&picker, &small)] {
        assert!(!breached(event, HERE, 1, grants, Some(&supervisor)));
        assert!(
            breached(event, HERE, 500, grants, Some(&supervisor)),
            "expired"
        );
        assert!(breached(event, ELSEWHERE, 1, grants, Some(&supervisor)));
        assert!(breached(event, HERE, 1, grants, Some(&clerk)));
        assert!(
            breached(event, HERE, 1, grants, Some(&nobody_said)),
            "to approve takes a right of its own"
        );
    }
}

#[test]
fn a_grant_goes_into_text_and_back() {
    let full = Grant {
        post: "keeper".into(),
        actions: [Action::Receive, Action::PutAway].into(),
        sites: Some([HERE, ELSEWHERE].into()),
        limits: Limits {
            adjust: Some(Quantity::from_thousandths(5_500)),
            adjust_percent: Some(10),
            count_percent: Some(0),
            over_receipt_percent: Some(5),
        },
        may_approve: true,
        until: Some(1_790_000_000_000),
    };
    let nowhere = Grant {
        sites: Some(BTreeSet::new()),
        ..Grant::default()
    };
    for grant in [full, nowhere, Grant::default(), Grant::everything()] {
        assert_eq!(grant.to_string().parse(), Ok(grant));
    }
    assert_eq!(
        "actions=pick,fly colour=red".parse(),
        Ok(grant(&[Action::Pick])),
        "what a later program grants besides is skipped"
    );
    for text in [
        "actions",
        "sites=x",
        "adjust=-1",
        "adjust=much",
        "count-percent=-1",
        "until=soon",
    ] {
        assert!(text.parse::<Grant>().is_err(), "{text}");
    }
}

#[test]
fn where_two_histories_part() {
    let (a, b) = (grant(&[Action::Pick]), grant(&[Action::Move]));
    let old = Grants::new([(1, a.clone()), (5, b.clone())]);
    assert_eq!(old.differ_from(&old), None);
    let more = Grants::new([(1, a.clone()), (5, b.clone()), (9, a.clone())]);
    assert_eq!(old.differ_from(&more), Some(9));
    assert_eq!(more.differ_from(&old), Some(9));
    let other = Grants::new([(1, b), (5, a)]);
    assert_eq!(old.differ_from(&other), Some(1));
}
