//! Transfers between sites: what has left one site is announced at the other.
//!
//! A handheld holds its own site only. So the hub writes an expected delivery for the other site once somebody has said that
//! the goods have left: with what was shipped, not with what was asked for, and what is in its cartons. Until it is received there, the difference is in
//! transit. Its id follows from the transfer's, so that it is written once; what leaves later is added to it.

use std::collections::BTreeMap;

use documents::{LineAsked, Order, Partition, RecordKind};
use domain::{OrderId, OrderType, Quantity, SiteId, UnixMillis};
use replica::{Commit, Query, RecordEdit};

use super::{Hub, HubError};

/// The delivery that announces a transfer at the other site.
pub(crate) fn arrival_of(transfer: OrderId) -> OrderId {
    let id = blake3::derive_key("tallyman 2026 arrival of a transfer", transfer.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&id[..16]);
    OrderId::from_bytes(bytes)
}

impl Hub {
    /// Announces at the other site what has left for it. Returns how many announcements were written or changed.
    ///
    /// Only one node of a store may do this: two would make two records of one delivery.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn announce_transfers(&self, now: UnixMillis) -> Result<usize, HubError> {
        let edits = {
            let replica = self.lock();
            let query = replica.query();
            let mut edits = Vec::new();
            for transfer in query.transfers_shipped()? {
                edits.extend(announcement(&query, &transfer.order, &transfer.done)?);
            }
            edits
        };
        let written = edits.len();
        if written > 0 {
            let commit = Commit {
                edits,
                ..Commit::default()
            };
            self.commit(commit, now)?;
        }
        Ok(written)
    }
}

/// What has to be written so that the other site expects what was shipped; `None` if it does already.
fn announcement(
    query: &Query<'_>,
    transfer: &Order,
    shipped: &BTreeMap<u32, Quantity>,
) -> Result<Option<RecordEdit>, HubError> {
    let Some(site) = transfer.to_site.filter(|site| *site != transfer.site) else {
        return Ok(None);
    };
    if query.site(site)?.is_none() {
        return Ok(None);
    }
    let id = arrival_of(transfer.id);
    let line = |(number, asked): (&u32, &LineAsked)| {
        let left = shipped.get(number).copied().unwrap_or_default();
        let line = LineAsked {
            bin: None,
            asked: left,
            ..asked.clone()
        };
        (left > Quantity::ZERO).then_some((*number, line))
    };
    let arrival = Order {
        id,
        site,
        kind: OrderType::Inbound,
        code: transfer.code.clone(),
        party: site_name(query, transfer.site)?,
        note: transfer.note.clone(),
        due: 0,
        cancelled: false,
        blind: false,
        assigned: None,
        counted_by: Vec::new(),
        to_site: None,
        stocktake: None,
        lines: transfer.lines.iter().filter_map(line).collect(),
    };
    if arrival.lines.is_empty() {
        return Ok(None);
    }
    let mut fields = arrival.to_fields();
    if let Some(known) = query.order(id)? {
        // Only what is asked for can have changed; people may have edited the rest.
        let known = known.to_fields();
        fields.retain(|field| {
            let of_lines = ["item/", "lot/", "asked/"];
            of_lines.iter().any(|map| field.path.starts_with(map)) && !known.contains(field)
        });
    }
    if !fields.is_empty() {
        // More has left: what of it is in cartons may have changed, and comes packed.
        let known = query.record(id.into())?;
        let known = |path: &str| known.as_ref().and_then(|record| record.fields.get(path));
        for content in query.shipped_in_cartons(transfer.site, transfer.id)? {
            let field = content.to_field();
            let before = known(&field.path);
            let is_news = content.quantity > Quantity::ZERO || before.is_some();
            if is_news && before != field.value.as_ref() {
                fields.push(field);
            }
        }
    }
    Ok((!fields.is_empty()).then(|| RecordEdit {
        partition: Partition::Site(site),
        kind: RecordKind::Order,
        id: id.into(),
        fields,
    }))
}

/// As people know the site: its code and its Chinese name, or the English one.
fn site_name(query: &Query<'_>, id: SiteId) -> Result<String, HubError> {
    let Some(site) = query.site(id)? else {
        return Ok(String::new());
    };
    let name = match site.name_zh.is_empty() {
        true => site.name_en,
        false => site.name_zh,
    };
    Ok(format!("{} {name}", site.code).trim().to_owned())
}
