//! Events, entries, exceptions and units as rows, there and back.

use domain::event::{Event, EventHash, EventId, EventRecord, Goods};
use domain::ledger::{
    Entry, Exception, ExceptionKind, ExceptionStatus, Finding, Part, Placed, Standing, StockState,
    Subject, UnitState, UnitStatus,
};
use domain::{BinId, Quantity, SiteId};
use rusqlite::Row;

use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::row;

pub(crate) fn placed_from_row(r: &Row<'_>, chains: &Chains) -> Result<Placed, ReplicaError> {
    let chain = chains.by_local(r.get("chain")?)?;
    let documents::Partition::Site(site) = chain.partition else {
        return Err(ReplicaError::BadRow("event outside a site"));
    };
    let bytes: Vec<u8> = r.get("record")?;
    let number: i64 = r.get("number")?;
    Ok(Placed {
        event: Event {
            id: EventId {
                chain: chain.chain,
                number: number as u64,
            },
            hash: row::hash(r, "hash")?,
            site,
            device: chain.device,
            record: EventRecord::from_bytes(&bytes)
                .map_err(|_| ReplicaError::BadRow("event.record"))?,
            accepted_at: r.get("accepted_at")?,
            quarantined: r.get("quarantined")?,
        },
        place: row::place(r, "place")?,
        standing: standing(r, "standing")?,
    })
}

pub(super) fn standing(r: &Row<'_>, column: &'static str) -> Result<Standing, ReplicaError> {
    match r.get::<_, i64>(column)? {
        0 => Ok(Standing::Void),
        1 => Ok(Standing::Live),
        2 => Ok(Standing::Approved),
        _ => Err(ReplicaError::BadRow("event.standing")),
    }
}

pub(crate) const fn standing_number(standing: Standing) -> i64 {
    match standing {
        Standing::Void => 0,
        Standing::Live => 1,
        Standing::Approved => 2,
    }
}

pub(super) const fn part_columns(part: Part) -> (i64, Quantity) {
    match part {
        Part::Change(by) => (0, by),
        Part::Count {
            counted,
            approved: false,
        } => (1, counted),
        Part::Count {
            counted,
            approved: true,
        } => (2, counted),
        Part::Mark => (3, Quantity::ZERO),
    }
}

pub(crate) fn entry_from_row(r: &Row<'_>) -> Result<Entry, ReplicaError> {
    let amount = Quantity::from_thousandths(r.get("amount")?);
    let balance = Quantity::from_thousandths(r.get("balance")?);
    Ok(Entry {
        place: row::place(r, "place")?,
        part: match r.get::<_, i64>("part")? {
            0 => Part::Change(amount),
            1 => Part::Count {
                counted: amount,
                approved: false,
            },
            2 => Part::Count {
                counted: amount,
                approved: true,
            },
            _ => Part::Mark,
        },
        state: StockState {
            balance,
            times_below: r.get("times_below")?,
            below: balance < Quantity::ZERO,
        },
    })
}

pub(crate) fn exception_from_row(r: &Row<'_>) -> Result<Exception, ReplicaError> {
    let kind: String = r.get("kind")?;
    let subject: Vec<u8> = r.get("subject")?;
    let evidence: Vec<u8> = r.get("evidence")?;
    let amount = |v: Option<i64>| v.map(Quantity::from_thousandths);
    Ok(Exception {
        finding: Finding {
            kind: ExceptionKind::from_code(&kind).ok_or(ReplicaError::BadRow("exception.kind"))?,
            subject: subject
                .get(16..)
                .and_then(Subject::from_key)
                .ok_or(ReplicaError::BadRow("exception.subject"))?,
            occurrence: r.get("occurrence")?,
            site: SiteId::from_bytes(row::bytes16(r, "site")?),
            opened: row::place(r, "opened")?,
            healed: row::optional_place(r, "healed")?,
            evidence: evidence
                .chunks_exact(32)
                .filter_map(EventHash::from_slice)
                .collect(),
            book: amount(r.get("book")?),
            counted: amount(r.get("counted")?),
        },
        status: match r.get::<_, i64>("status")? {
            0 => ExceptionStatus::Open,
            1 => ExceptionStatus::Healed,
            _ => ExceptionStatus::Resolved(row::hash(r, "resolved_by")?),
        },
    })
}

pub(crate) fn unit_from_row(r: &Row<'_>) -> Result<UnitState, ReplicaError> {
    let goods: Vec<u8> = r.get("goods")?;
    Ok(UnitState {
        status: if r.get::<_, i64>("status")? == 0 {
            UnitStatus::Stored
        } else {
            UnitStatus::Issued
        },
        bin: BinId::from_bytes(row::bytes16(r, "bin")?),
        goods: minicbor::decode::<Goods>(&goods).map_err(|_| ReplicaError::BadRow("unit.goods"))?,
        quantity: Quantity::from_thousandths(r.get("quantity")?),
        since: row::hash(r, "since")?,
    })
}
