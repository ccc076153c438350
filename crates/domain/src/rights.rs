//! What an operator may do: grants of the server, each from its instant on, with their limits.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::UnixMillis;
use crate::custody::CustodyAct;
use crate::event::{EventBody, EventRecord};
use crate::ids::SiteId;
use crate::order::OrderStep;
use crate::quantity::Quantity;

pub use text::GrantError;

/// Something on the floor that takes a right. To look up takes none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Take goods in.
    Receive,
    /// Put goods that came in where they are kept.
    PutAway,
    /// Move goods within the site.
    Move,
    /// Fill up pick faces.
    Replenish,
    /// Fetch goods for an order.
    Pick,
    /// Pack what was fetched.
    Pack,
    /// Ship goods.
    Issue,
    /// Count bins.
    Count,
    /// Count what somebody else has counted.
    Recount,
    /// Take back what went out.
    Return,
    /// Correct the book.
    Adjust,
    /// Judge goods that came in.
    Inspect,
    /// Hand the shift over.
    HandOver,
    /// Print labels.
    Print,
    /// Go on with what somebody else has begun.
    TakeOver,
    /// Take in what customers leave.
    Deposit,
    /// Hand it out again.
    Release,
    /// Hand it out to somebody who has lost the ticket.
    ReleaseLost,
    /// Dispose of what nobody came for.
    Dispose,
}

impl Action {
    /// All of them, in the order of the floor.
    pub const ALL: [Self; 19] = [
        Self::Receive,
        Self::PutAway,
        Self::Move,
        Self::Replenish,
        Self::Pick,
        Self::Pack,
        Self::Issue,
        Self::Count,
        Self::Recount,
        Self::Return,
        Self::Adjust,
        Self::Inspect,
        Self::HandOver,
        Self::Print,
        Self::TakeOver,
        Self::Deposit,
        Self::Release,
        Self::ReleaseLost,
        Self::Dispose,
    ];

    /// Stable name, in records and as the translation key. Procedures have the same one.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::PutAway => "put-away",
            Self::Move => "move",
            Self::Replenish => "replenish",
            Self::Pick => "pick",
            Self::Pack => "pack",
            Self::Issue => "issue",
            Self::Count => "count",
            Self::Recount => "recount",
            Self::Return => "return",
            Self::Adjust => "adjust",
            Self::Inspect => "inspect",
            Self::HandOver => "hand-over",
            Self::Print => "print",
            Self::TakeOver => "take-over",
            Self::Deposit => "deposit",
            Self::Release => "release",
            Self::ReleaseLost => "release-lost",
            Self::Dispose => "dispose",
        }
    }

    /// The action with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.code() == code)
    }

    /// The actions that write such an event; a right to any of them is enough. Empty: no right is asked for. Goods are set
    /// aside, lines are taken back and photos are taken in every procedure. `is_ordered`: as
    /// [`EventRecord::is_ordered`] says.
    pub fn that_write(body: &EventBody, is_ordered: bool, reason: Option<&str>) -> &'static [Self] {
        let is_return = !is_ordered && reason.is_some_and(|code| code.starts_with(RETURNED));
        match body {
            EventBody::Received { .. } if is_return => &[Self::Return],
            EventBody::Received { .. } => &[Self::Receive, Self::Deposit],
            EventBody::Moved { .. } if is_ordered => &[Self::Pick],
            // Goods that an inspection rejects are put apart.
            EventBody::Moved { .. } => &[Self::PutAway, Self::Move, Self::Replenish, Self::Inspect],
            EventBody::Issued { .. } => &[Self::Issue, Self::Release, Self::Dispose],
            EventBody::Adjusted { .. } => &[Self::Adjust],
            // Who finds too little in a bin, or takes the last piece, says what is left of that pile.
            EventBody::Counted {
                whole_bin: false, ..
            } => &[Self::Count, Self::Recount, Self::Pick],
            EventBody::Counted { .. } => &[Self::Count, Self::Recount],
            EventBody::OrderFinished(finished) => match finished.step {
                OrderStep::Receive => &[Self::Receive],
                OrderStep::Pick => &[Self::Pick],
                OrderStep::Ship => &[Self::Issue],
                OrderStep::Count => &[Self::Count, Self::Recount],
                OrderStep::Pack => &[Self::Pack],
            },
            EventBody::Packed { .. } => &[Self::Pack],
            EventBody::Inspected(_) => &[Self::Inspect],
            EventBody::HandedOver { .. } => &[Self::HandOver],
            EventBody::Custody(custody) => match custody.act {
                CustodyAct::Deposited => &[Self::Deposit],
                CustodyAct::Extended | CustodyAct::Cancelled => &[Self::Deposit, Self::Release],
                CustodyAct::Disposed => &[Self::Dispose],
                _ if custody.collector.as_ref().is_some_and(|c| c.ticket_lost) => {
                    &[Self::ReleaseLost]
                }
                CustodyAct::Released | CustodyAct::Opened => &[Self::Release],
            },
            _ => &[],
        }
    }
}

/// Reasons with which customers' goods come back begin so.
const RETURNED: &str = "returned-";

/// What may be written without a supervisor's approval; `None`: any amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// The largest difference of one adjustment, in base units.
    pub adjust: Option<Quantity>,
    /// The largest difference of one adjustment, in percent of what the book has in the bin.
    pub adjust_percent: Option<u32>,
    /// How far a line of a count may differ, in percent of what the book has in the bin.
    pub count_percent: Option<u32>,
    /// How much more than an order's line asks for may come in, in percent of it.
    pub over_receipt_percent: Option<u32>,
}

impl Limits {
    /// Whether an adjustment is small enough, as far as the adjustment alone can tell.
    pub fn allow_difference(&self, difference: Quantity) -> bool {
        self.adjust.is_none_or(|most| difference.size() <= most)
    }

    /// Whether a part is no larger than so many percent of the whole. Of nothing, only nothing is.
    pub fn is_within(part: Quantity, whole: Quantity, percent: Option<u32>) -> bool {
        percent.is_none_or(|percent| {
            let allowed = i128::from(whole.size().thousandths()) * i128::from(percent);
            i128::from(part.size().thousandths()) * 100 <= allowed
        })
    }
}

/// What the server grants an operator. Its text form stands in the operator's record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// The post that it was made from, as a code; empty for none. Nothing follows from it.
    pub post: String,
    /// What the operator may do.
    pub actions: BTreeSet<Action>,
    /// At which sites; `None`: at all.
    pub sites: Option<BTreeSet<SiteId>>,
    /// How far without approval.
    pub limits: Limits,
    /// Whether the operator may approve what others may not do or not so far.
    pub may_approve: bool,
    /// Until then, exclusive; `None`: until there is another grant.
    pub until: Option<UnixMillis>,
}

impl Grant {
    /// Everything, everywhere, for good: as if nothing had been granted, but for approvals.
    pub fn everything() -> Self {
        Self {
            actions: Action::ALL.into(),
            may_approve: true,
            ..Self::default()
        }
    }

    /// Whether it holds at a site then.
    ///
    /// # Errors
    /// [`Lack::Expired`], [`Lack::Site`].
    fn holds(&self, site: SiteId, at: UnixMillis) -> Result<(), Lack> {
        if let Some(until) = self.until.filter(|until| at >= *until) {
            return Err(Lack::Expired(until));
        }
        match &self.sites {
            Some(sites) if !sites.contains(&site) => Err(Lack::Site),
            _ => Ok(()),
        }
    }
}

/// Why somebody may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// It is not among the actions that were granted.
    Right,
    /// Not at this site.
    Site,
    /// The grant has run out, at that time.
    Expired(UnixMillis),
}

/// All grants that an operator ever had, each from its time on until the next one: what was done is judged by the grant
/// that was in force then. Before the first one, and if there is none, the operator may do everything but approve.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants(BTreeMap<UnixMillis, Grant>);

impl Grants {
    /// From grants with the times from which they are in force.
    pub fn new(grants: impl IntoIterator<Item = (UnixMillis, Grant)>) -> Self {
        Self(grants.into_iter().collect())
    }

    /// The grants by the time from which each is in force, the earliest first.
    pub const fn all(&self) -> &BTreeMap<UnixMillis, Grant> {
        &self.0
    }

    /// The grant in force, be it run out.
    pub fn at(&self, at: UnixMillis) -> Option<&Grant> {
        self.0.range(..=at).next_back().map(|(_, grant)| grant)
    }

    /// How far the operator may go without approval.
    pub fn limits(&self, at: UnixMillis) -> Limits {
        self.at(at).map(|grant| grant.limits).unwrap_or_default()
    }

    /// Whether the operator may do any of these at a site then. Of no action at all nobody has to have a right.
    ///
    /// # Errors
    /// [`Lack`].
    pub fn allow(&self, actions: &[Action], site: SiteId, at: UnixMillis) -> Result<(), Lack> {
        let Some(grant) = self.at(at).filter(|_| !actions.is_empty()) else {
            return Ok(());
        };
        grant.holds(site, at)?;
        match actions.iter().any(|a| grant.actions.contains(a)) {
            true => Ok(()),
            false => Err(Lack::Right),
        }
    }

    /// Whether the operator may approve what others do at a site then.
    pub fn may_approve(&self, site: SiteId, at: UnixMillis) -> bool {
        self.at(at)
            .is_some_and(|grant| grant.may_approve && grant.holds(site, at).is_ok())
    }

    /// The earliest time from which the two differ; `None` if they do not.
    pub fn differ_from(&self, other: &Self) -> Option<UnixMillis> {
        let times = self.0.keys().chain(other.0.keys());
        times
            .filter(|at| self.0.get(at) != other.0.get(at))
            .min()
            .copied()
    }
}

/// Whether an event goes beyond the rights of who wrote it, as far as the event and the grants alone can tell: what is a
/// matter of the book (a share of it, more than was ordered) is found by other exceptions. `at`: where it stands in the
/// order of all events. `approver`: the grants of who approved it, if somebody else did.
pub fn is_breached(
    record: &EventRecord,
    site: SiteId,
    at: UnixMillis,
    grants: &Grants,
    approver: Option<&Grants>,
) -> bool {
    let beyond = match &record.body {
        EventBody::Adjusted { difference, .. } => !grants.limits(at).allow_difference(*difference),
        _ => false,
    };
    let actions = Action::that_write(&record.body, record.is_ordered(), record.reason.as_deref());
    let lacks = grants.allow(actions, site, at).is_err();
    (beyond || lacks) && !approver.is_some_and(|by| by.may_approve(site, at))
}

#[cfg(test)]
mod tests;
