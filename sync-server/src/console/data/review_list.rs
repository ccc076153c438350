//! The lists of the review queue: cards by rank, what closed by itself, what was decided; a page at a time.

use std::collections::BTreeMap;

use domain::{DeviceId, ExceptionId, OperatorId, UnixMillis};
use replica::query::{ClosedRow, ResolutionRow};

use super::events::about_parts;
use super::names::Names;
use super::resolve::seen;
use super::review::{Beside, CARDS, ReviewFilter};
use super::triage::Split;
use crate::console::triage::{Cause, Fact, Group, groups};
use crate::console::view::{
    Card, ClosedView, ExceptionView, GroupRow, GroupView, Named, ReviewList, Silent, choices,
    is_safe_for_many,
};
use crate::error::AppError;

/// Lines of a group on its card; its own page has all.
const GROUP_ROWS: usize = 20;
/// A decision about a group is about so many at most; whoever has more decides again.
const GROUP_PICKS: usize = 200;

/// Sorts exceptions as [`Fact::rank`] does; of a group, that of its first member.
type Rank = (u8, UnixMillis, ExceptionId);

fn rank_to_text((severity, opened, id): Rank) -> String {
    format!("{severity}.{opened}.{id}")
}

/// A cursor that somebody made up is none.
fn rank_from_text(text: &str) -> Option<Rank> {
    let mut parts = text.splitn(3, '.');
    let severity = parts.next()?.parse().ok()?;
    let opened = parts.next()?.parse().ok()?;
    Some((severity, opened, ExceptionId::from_hex(parts.next()?)?))
}

impl Names<'_> {
    /// A page of cards. Groups are made of all exceptions and then narrowed: a filter never changes which group an
    /// exception is in.
    pub(super) fn cards(
        &self,
        facts: &[Fact],
        filter: &ReviewFilter,
        beside: &Beside,
        now: UnixMillis,
        list: &mut ReviewList,
    ) -> Result<(), AppError> {
        let wanted = |at: &usize| {
            facts.get(*at).is_some_and(|fact| {
                let holders = beside.holders.get(&fact.id).map_or(&[][..], Vec::as_slice);
                let with = beside.heads.get(&fact.id).and_then(|(with, _)| *with);
                filter.wants(fact, holders, with, now)
            })
        };
        let mut found: Vec<(Rank, Group)> = Vec::new();
        for mut group in groups(facts) {
            group.members.retain(wanted);
            let first = group.members.first().and_then(|at| facts.get(*at));
            if let Some(first) = first {
                found.push((first.rank(), group));
            }
        }
        if !filter.cause.is_empty() {
            let of_cause = |group: &Group| group.cause.as_ref().map(Cause::key);
            found.retain(|(_, group)| of_cause(group).as_ref() == Some(&filter.cause));
            if let Some((_, group)) = found.pop() {
                let view = self.group(facts, &group, GROUP_PICKS)?;
                list.of_group = view;
                // Its page lists its members as cards of their own.
                for at in group.members {
                    if let Some(fact) = facts.get(at) {
                        let alone = Group {
                            cause: None,
                            members: vec![at],
                        };
                        found.push((fact.rank(), alone));
                    }
                }
            }
        }
        found.sort_by_key(|(rank, _)| *rank);
        if let Some(after) = rank_from_text(&filter.after) {
            found.retain(|(rank, _)| *rank > after);
        }
        if found.len() > CARDS {
            found.truncate(CARDS);
            list.next = found.last().map(|(rank, _)| rank_to_text(*rank));
        }
        for (_, group) in &found {
            let card = match &group.members[..] {
                [at] => {
                    let fact = facts.get(*at);
                    let exception = fact.map(|fact| self.query.exception(fact.id)).transpose()?;
                    // Closed between the two looks.
                    let Some(exception) = exception.flatten() else {
                        continue;
                    };
                    let mut view = self.exception(&exception)?;
                    self.add_beside(&mut view, beside)?;
                    Some(Card::One(Box::new(view)))
                }
                _ => self.group(facts, group, GROUP_ROWS)?.map(Card::Group),
            };
            list.cards.extend(card);
        }
        Ok(())
    }

    /// Whom it is with, and who may explain it.
    pub(super) fn add_beside(
        &self,
        view: &mut ExceptionView,
        beside: &Beside,
    ) -> Result<(), AppError> {
        if let Some((with, words)) = beside.heads.get(&view.id) {
            view.assigned = with.map(|with| self.operator(with)).transpose()?;
            view.words = *words;
        }
        for device in beside.holders.get(&view.id).into_iter().flatten() {
            view.holders.push(Silent {
                device: self.device(*device)?,
                since: beside.heard.get(device).copied().flatten(),
            });
        }
        Ok(())
    }

    /// The devices that hold exceptions back, with how many, those that hold most first.
    pub(super) fn silent(
        &self,
        waiting: &[(Fact, Vec<DeviceId>)],
        beside: &Beside,
    ) -> Result<Vec<(Silent, usize)>, AppError> {
        let mut counts: BTreeMap<DeviceId, usize> = BTreeMap::new();
        for device in waiting.iter().flat_map(|(_, by)| by) {
            *counts.entry(*device).or_default() += 1;
        }
        let mut silent = Vec::new();
        for (device, count) in counts {
            let since = beside.heard.get(&device).copied().flatten();
            let device = self.device(device)?;
            silent.push((Silent { device, since }, count));
        }
        silent.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(silent)
    }

    /// Devices that wrote part of what disagrees, or may explain it, by name.
    pub(super) fn devices_of(&self, split: &Split) -> Result<Vec<Named>, AppError> {
        let facts = split
            .open
            .iter()
            .chain(split.waiting.iter().map(|(fact, _)| fact));
        let mut ids: Vec<DeviceId> = facts
            .flat_map(|fact| fact.evidence.iter().map(|event| event.device))
            .collect();
        ids.extend(split.waiting.iter().flat_map(|(_, by)| by).copied());
        ids.sort_unstable();
        ids.dedup();
        let named: Result<Vec<_>, _> = ids.into_iter().map(|id| self.device(id)).collect();
        let mut named = named?;
        named.sort_by(|a, b| a.zh.cmp(&b.zh));
        Ok(named)
    }

    fn group(
        &self,
        facts: &[Fact],
        group: &Group,
        rows_max: usize,
    ) -> Result<Option<GroupView>, AppError> {
        let members: Vec<&Fact> = group
            .members
            .iter()
            .filter_map(|at| facts.get(*at))
            .collect();
        let (Some(cause), Some(first)) = (&group.cause, members.first()) else {
            return Ok(None);
        };
        let mut kinds: Vec<(&'static str, usize)> = Vec::new();
        for fact in &members {
            let code = fact.kind.code();
            match kinds.iter_mut().find(|(kind, _)| *kind == code) {
                Some((_, count)) => *count += 1,
                None => kinds.push((code, 1)),
            }
        }
        let mut rows = Vec::new();
        for fact in members.iter().take(rows_max) {
            rows.push(self.group_row(fact)?);
        }
        let mut of_all: Vec<&'static str> = choices(first.kind).to_vec();
        for fact in &members {
            of_all.retain(|choice| choices(fact.kind).contains(choice));
        }
        let is_one_code = matches!(cause, Cause::Code(_));
        of_all
            .retain(|choice| is_safe_for_many(choice) || is_one_code && *choice == "link-to-item");
        Ok(Some(GroupView {
            code: cause.code(),
            key: cause.key(),
            about: self.cause_about(cause)?,
            arrived: match cause {
                Cause::Batch(_, at) => Some(*at),
                _ => None,
            },
            count: members.len(),
            kinds,
            severity: first.kind.severity(),
            oldest: members.iter().map(|f| f.opened).min().unwrap_or_default(),
            rows,
            choices: of_all,
        }))
    }

    fn group_row(&self, fact: &Fact) -> Result<GroupRow, AppError> {
        let mut devices: Vec<Named> = Vec::new();
        for event in &fact.evidence {
            let device = self.device(event.device)?;
            if !devices.contains(&device) {
                devices.push(device);
            }
        }
        let evidence: Vec<_> = fact.evidence.iter().map(|event| event.hash).collect();
        let seen = seen(self.query, fact.id, &evidence)?;
        Ok(GroupRow {
            id: fact.id,
            kind: fact.kind.code(),
            subject: self.subject(fact.site, &fact.subject)?,
            opened: fact.opened,
            devices,
            pick: format!("{}:{seen}", fact.id),
        })
    }

    fn cause_about(&self, cause: &Cause) -> Result<String, AppError> {
        let of = |named: Named| named.short().to_owned();
        Ok(match cause {
            Cause::Clock(device) | Cause::Batch(device, _) => of(self.device(*device)?),
            Cause::Unit(unit) => unit.printed().to_owned(),
            Cause::Code(code) => code.clone(),
            Cause::Rights(operator) => of(self.operator(*operator)?),
            Cause::Order(order) => self.order_code(*order)?,
            Cause::Bin(bin) => of(self.bin(*bin)?),
        })
    }

    /// A page of what closed by itself.
    pub(super) fn closed_list(
        &self,
        filter: &ReviewFilter,
        list: &mut ReviewList,
    ) -> Result<(), AppError> {
        let mut before = closed_from_text(&filter.after);
        let wanted = |row: &ClosedRow| {
            let right_kind = filter.kind.is_empty() || row.finding.kind.code() == filter.kind;
            let site = filter.site_id();
            right_kind && site.is_none_or(|site| row.finding.site == site)
        };
        loop {
            let rows = self.query.closed_by_themselves(before, CARDS as u32 + 1)?;
            let is_last = rows.len() <= CARDS;
            for row in rows {
                if list.closed.len() == CARDS {
                    list.next = before.map(|(at, id)| format!("{at}.{id}"));
                    return Ok(());
                }
                before = Some((row.closed_at, row.id));
                if wanted(&row) {
                    list.closed.push(self.closed(&row)?);
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    pub(super) fn closed(&self, row: &ClosedRow) -> Result<ClosedView, AppError> {
        let by = match row.closed_by {
            Some(hash) => self.query.event_by_hash(hash)?,
            None => None,
        };
        Ok(ClosedView {
            id: row.id,
            kind: row.finding.kind.code(),
            subject: self.subject(row.finding.site, &row.finding.subject)?,
            site: self.site(row.finding.site)?,
            opened: row.finding.opened.clock.millis,
            closed_at: row.closed_at,
            by: by.map(|row| self.event(&row)).transpose()?,
            evidence: self.events_by_hash(&row.finding.evidence)?,
        })
    }

    /// A page of decisions.
    pub(super) fn decided_list(
        &self,
        filter: &ReviewFilter,
        list: &mut ReviewList,
    ) -> Result<(), AppError> {
        let mut before = super::feed::place_from_hex(&filter.after);
        let site = filter.site_id();
        let by: Option<OperatorId> = filter.assigned.parse().ok();
        let wanted = |row: &ResolutionRow| {
            let event = &row.event.placed.event;
            let right_kind =
                filter.kind.is_empty() || about_parts(&row.resolution.about).0 == filter.kind;
            right_kind
                && site.is_none_or(|site| event.site == site)
                && by.is_none_or(|by| event.record.operator == by)
        };
        loop {
            let rows = self.query.decisions_before(before, CARDS as u32 + 1)?;
            let is_last = rows.len() <= CARDS;
            for row in rows {
                if list.decisions.len() == CARDS {
                    list.next = before.map(super::feed::place_to_hex);
                    return Ok(());
                }
                before = Some(row.event.placed.place);
                if wanted(&row) {
                    list.decisions.push(self.decision(&row)?);
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

fn closed_from_text(text: &str) -> Option<(UnixMillis, ExceptionId)> {
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, ExceptionId::from_hex(id)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_go_through_an_address_and_made_up_ones_are_none() {
        let rank = (252, 1_790_000_000_000, ExceptionId([7; 32]));
        assert_eq!(rank_from_text(&rank_to_text(rank)), Some(rank));
        let closed = (1_790_000_000_000, ExceptionId([7; 32]));
        let text = format!("{}.{}", closed.0, closed.1);
        assert_eq!(closed_from_text(&text), Some(closed));
        for text in ["", ".", "..", "1.2.3", "x.y.z", "999.1.00", "1.1.🦀"] {
            assert_eq!(rank_from_text(text), None, "{text}");
            assert_eq!(closed_from_text(text), None, "{text}");
        }
    }
}
