//! The review queue.

use std::collections::HashMap;

use domain::ledger::{Exception, ExceptionStatus, StockKey, Subject};
use domain::{
    DeviceId, ExceptionId, OperatorId, OrderId, OrderStep, ProgressKey, SiteId, UnixMillis,
};
use replica::Query;
use replica::query::ResolutionRow;

use super::ConsoleData;
use super::events::{about_parts, order_stand_in, unit_ref};
use super::names::Names;
use super::resolve::last_decision;
use crate::console::triage::Fact;
use crate::console::view::{
    DecisionView, EventView, ExceptionPageView, ExceptionView, Named, ReviewList, SubjectView,
    Typed,
};
use crate::error::AppError;
use crate::store::accounts::User;

/// Cards on a page.
pub(super) const CARDS: usize = 50;
/// So many events before the evidence are shown.
const BEFORE_MAX: usize = 3;
/// The tab of what closed by itself counts so far back.
const CLOSED_COUNT_MS: i64 = 7 * 86_400_000;
const DAY_MS: i64 = 86_400_000;

/// Which part of the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReviewTab {
    /// What waits for a decision.
    #[default]
    Open,
    /// What a silent device may explain.
    Waiting,
    /// What closed by itself.
    Closed,
    /// What was decided.
    Decided,
}

impl ReviewTab {
    /// All tabs, as they stand on the page.
    pub const ALL: [Self; 4] = [Self::Open, Self::Waiting, Self::Closed, Self::Decided];

    /// For addresses; the first has none.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Waiting => "waiting",
            Self::Closed => "closed",
            Self::Decided => "decided",
        }
    }

    /// The tab with this name; the first for any other.
    pub fn from_code(code: &str) -> Self {
        let tab = Self::ALL.into_iter().find(|tab| tab.code() == code);
        tab.unwrap_or_default()
    }
}

/// Which exceptions; what is empty does not filter.
#[derive(Debug, Clone, Default)]
pub struct ReviewFilter {
    /// Which tab.
    pub tab: ReviewTab,
    /// Kind code; `field-conflict`: only those.
    pub kind: String,
    /// `3`, `2` or `1`.
    pub severity: String,
    /// Site id.
    pub site: String,
    /// Id of a device that wrote part of the evidence, or that may explain it.
    pub device: String,
    /// Operator id of whom they are with; `none`: with nobody.
    pub assigned: String,
    /// At least so many days old.
    pub days: String,
    /// Key of a cause: all exceptions of that group.
    pub cause: String,
    /// What the page before ended with.
    pub after: String,
}

impl ReviewFilter {
    pub(super) fn site_id(&self) -> Option<SiteId> {
        self.site.parse().ok()
    }

    /// Devices in quarantine have neither a kind nor evidence nor anybody whom they are with.
    fn wants_quarantine(&self) -> bool {
        let others = [
            &self.kind,
            &self.device,
            &self.assigned,
            &self.days,
            &self.cause,
            &self.after,
        ];
        matches!(self.severity.as_str(), "" | "2") && others.iter().all(|text| text.is_empty())
    }

    pub(super) fn wants(
        &self,
        fact: &Fact,
        holders: &[DeviceId],
        with: Option<OperatorId>,
        now: UnixMillis,
    ) -> bool {
        let device: Option<DeviceId> = self.device.parse().ok();
        let days: Option<i64> = self.days.parse().ok();
        (self.kind.is_empty() || fact.kind.code() == self.kind)
            && (self.severity.is_empty() || fact.kind.severity().to_string() == self.severity)
            && self.site_id().is_none_or(|site| fact.site == site)
            && device.is_none_or(|device| fact.is_by(device) || holders.contains(&device))
            && days.is_none_or(|days| now - fact.opened >= days.saturating_mul(DAY_MS))
            && match self.assigned.as_str() {
                "" => true,
                "none" => with.is_none(),
                id => with.is_some_and(|with| with.to_string() == id),
            }
    }
}

/// Who looks, and when.
pub struct Looking<'u> {
    /// The person.
    pub user: &'u User,
    /// Whom exceptions may be given to.
    pub people: &'u [User],
    /// Unix milliseconds.
    pub now: UnixMillis,
}

/// What is known beside the exceptions themselves.
pub(super) struct Beside {
    /// Whom exceptions are with, and how many comments they have.
    pub(super) heads: HashMap<ExceptionId, (Option<OperatorId>, u64)>,
    /// Devices that may explain what waits.
    pub(super) holders: HashMap<ExceptionId, Vec<DeviceId>>,
    /// When devices were last heard of.
    pub(super) heard: HashMap<DeviceId, Option<UnixMillis>>,
}

impl ConsoleData {
    /// A tab of the queue.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn review(
        &self,
        filter: &ReviewFilter,
        looking: &Looking<'_>,
    ) -> Result<ReviewList, AppError> {
        let now = looking.now;
        self.ask(|q| {
            let names = self.names(q);
            let held = super::quarantine::devices(q)?;
            let split = self.split(q, now)?;
            let mut list = ReviewList {
                open: split.open.len() as u64 + q.field_conflict_count()? + held.len() as u64,
                waiting: split.waiting.len() as u64,
                closed_count: q.closed_by_themselves_count(now - CLOSED_COUNT_MS)?,
                decided: q.decision_count()?,
                people: looking.people.iter().map(|p| names.person(p)).collect(),
                may_undo: last_decision(q, looking.user, now)?.is_some(),
                ..ReviewList::default()
            };
            list.devices = names.devices_of(&split)?;
            match filter.tab {
                ReviewTab::Open => {
                    if filter.wants_quarantine() {
                        for device in held {
                            list.quarantined.push(names.device(device)?);
                        }
                    }
                    let beside = self.beside(q, &[])?;
                    let facts = split.open;
                    if !filter.begins_with_fields() {
                        names.cards(&facts, filter, &beside, now, &mut list)?;
                    }
                    names.fields(filter, &mut list)?;
                }
                ReviewTab::Waiting => {
                    let beside = self.beside(q, &split.waiting)?;
                    list.silent = names.silent(&split.waiting, &beside)?;
                    let facts: Vec<Fact> = split.waiting.into_iter().map(|(f, _)| f).collect();
                    names.cards(&facts, filter, &beside, now, &mut list)?;
                }
                ReviewTab::Closed => names.closed_list(filter, &mut list)?,
                ReviewTab::Decided => names.decided_list(filter, &mut list)?,
            }
            Ok(list)
        })
    }

    fn beside(&self, q: &Query<'_>, waiting: &[(Fact, Vec<DeviceId>)]) -> Result<Beside, AppError> {
        let heads = q.note_heads()?.into_iter();
        let mut heard = HashMap::new();
        if !waiting.is_empty() {
            let devices = self.hub.devices().map_err(AppError::internal)?;
            heard.extend(
                devices
                    .into_iter()
                    .map(|row| (row.device, row.last_contact)),
            );
        }
        Ok(Beside {
            heads: heads.map(|(id, with, words)| (id, (with, words))).collect(),
            holders: waiting
                .iter()
                .map(|(fact, by)| (fact.id, by.clone()))
                .collect(),
            heard,
        })
    }

    /// One exception.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn exception(
        &self,
        id: ExceptionId,
        looking: &Looking<'_>,
    ) -> Result<ExceptionPageView, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let mut view = ExceptionPageView {
                people: looking.people.iter().map(|p| names.person(p)).collect(),
                notes: names.notes(id)?,
                ..ExceptionPageView::default()
            };
            for row in q.all_decisions(Some(id), 20)? {
                view.decisions.push(names.decision(&row)?);
            }
            let Some(exception) = q.exception(id)? else {
                let field = super::fields::conflict_with_id(q, id)?;
                view.field = field.map(|row| names.field_conflict(&row)).transpose()?;
                let closed = q.closed_by_itself(id)?;
                view.closed = closed.map(|row| names.closed(&row)).transpose()?;
                return Ok(view);
            };
            if exception.status == ExceptionStatus::Healed {
                let closed = q.closed_by_itself(id)?;
                view.closed = closed.map(|row| names.closed(&row)).transpose()?;
            }
            let finding = &exception.finding;
            view.timeline = names.events(&q.history(finding.site, &finding.subject, 50)?)?;
            let mut shown = names.exception(&exception)?;
            let split = self.split(q, looking.now)?;
            let waiting: Vec<_> = split
                .waiting
                .into_iter()
                .filter(|(f, _)| f.id == id)
                .collect();
            names.add_beside(&mut shown, &self.beside(q, &waiting)?)?;
            view.exception = Some(shown);
            Ok(view)
        })
    }

    /// The exception whose id begins so, for short links.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn exception_by_prefix(&self, hex: &str) -> Result<Option<ExceptionId>, AppError> {
        self.ask(|q| Ok(q.exception_by_prefix(hex)?))
    }

    /// All sites.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn sites(&self) -> Result<Vec<Named>, AppError> {
        self.ask(|q| Ok(q.sites()?.iter().map(super::names::site_named).collect()))
    }
}

impl Names<'_> {
    pub(super) fn exception(&self, exception: &Exception) -> Result<ExceptionView, AppError> {
        let finding = &exception.finding;
        let mut evidence = Vec::new();
        for row in self.query.evidence(exception)? {
            evidence.push(self.event(&row)?);
        }
        let pile = pile_of(self.query, exception)?;
        let (balance_now, mut base_unit) = match &pile {
            Some(key) => (
                Some(self.query.balance(finding.site, key)?),
                self.item(key.item)?.1,
            ),
            None => (None, String::new()),
        };
        if base_unit.is_empty() {
            base_unit = evidence
                .last()
                .map(|event| event.base_unit.clone())
                .unwrap_or_default();
        }
        let mut decisions = Vec::new();
        for row in self.query.all_decisions(Some(finding.id()), 20)? {
            decisions.push(self.decision(&row)?);
        }
        let stale = self.stale(finding.site)?;
        Ok(ExceptionView {
            id: finding.id(),
            kind: finding.kind,
            subject: self.subject(finding.site, &finding.subject)?,
            site: self.site(finding.site)?,
            opened: finding.opened.clock.millis,
            status: exception.status,
            evidence,
            before: self.before(exception)?,
            decisions,
            book: finding.book,
            counted: finding.counted,
            balance_now,
            stale: stale.covers(&finding.subject)
                || pile.is_some_and(|key| stale.covers(&Subject::Stock(key))),
            base_unit,
            previews: match exception.status {
                ExceptionStatus::Open => self.previews(exception)?,
                _ => Vec::new(),
            },
            holders: Vec::new(),
            assigned: None,
            words: 0,
            typed: Typed::default(),
        })
    }

    /// What happened on a pile before the evidence, the latest last.
    fn before(&self, exception: &Exception) -> Result<Vec<EventView>, AppError> {
        let finding = &exception.finding;
        if !matches!(finding.subject, Subject::Stock(_)) {
            return Ok(Vec::new());
        }
        let rows = self.query.history(finding.site, &finding.subject, 200)?;
        let earlier: Vec<_> = rows
            .into_iter()
            .filter(|row| row.placed.place < finding.opened)
            .take(BEFORE_MAX)
            .collect();
        let mut events = self.events(&earlier)?;
        events.reverse();
        Ok(events)
    }

    pub(super) fn subject(&self, site: SiteId, subject: &Subject) -> Result<SubjectView, AppError> {
        Ok(match subject {
            Subject::Stock(key) => SubjectView::Stock {
                item: self.item(key.item)?.0,
                bin: self.bin(key.bin)?,
                lot: key.lot.clone(),
            },
            Subject::Bin(bin) => SubjectView::Bin(self.bin(*bin)?),
            Subject::Unit(unit) => {
                let found = self.query.unit(site, unit)?;
                SubjectView::Unit {
                    unit: unit_ref(unit),
                    item: found
                        .map(|row| self.item(row.state.goods.item))
                        .transpose()?
                        .map(|(item, _)| item),
                }
            }
            Subject::Code(_, code) => SubjectView::Code(code.clone()),
            Subject::Lot(item, lot) => SubjectView::Lot {
                item: self.item(*item)?.0,
                lot: lot.clone(),
            },
            Subject::Clock(chain) => SubjectView::Clock(self.device_of_chain(*chain)?),
            Subject::Progress(ProgressKey { line, step }) => {
                self.order_subject(line.order, *step)?
            }
            Subject::Order(order, step) => self.order_subject(*order, *step)?,
            // Nothing is found on it; what is in a carton is in its bin.
            Subject::Content(content) => SubjectView::Bin(self.bin(content.bin)?),
            Subject::Rights(operator) => SubjectView::Rights(self.operator(*operator)?),
        })
    }

    fn order_subject(&self, id: OrderId, step: OrderStep) -> Result<SubjectView, AppError> {
        let (code, party) = match self.query.order(id)? {
            Some(order) => (order.code, order.party),
            None => (order_stand_in(id), String::new()),
        };
        Ok(SubjectView::Order {
            code,
            party,
            step: step.code(),
        })
    }

    pub(super) fn decision(&self, row: &ResolutionRow) -> Result<DecisionView, AppError> {
        let site = row.event.placed.event.site;
        let (kind, key) = about_parts(&row.resolution.about);
        let subject = bytes_of_hex(key)
            .and_then(|key| Subject::from_key(&key))
            .map(|subject| self.subject(site, &subject))
            .transpose()?;
        Ok(DecisionView {
            exception: row.resolution.exception,
            kind: kind.to_owned(),
            subject,
            note: row.resolution.note.clone(),
            evidence: self.events_by_hash(&row.resolution.evidence)?,
            actions: self.events(&self.query.carrying_out(row.event.placed.event.hash)?)?,
            event: self.event(&row.event)?,
        })
    }
}

/// The pile that an exception is about, or that its latest evidence touched.
pub(super) fn pile_of(
    query: &Query<'_>,
    exception: &Exception,
) -> Result<Option<StockKey>, AppError> {
    if let Subject::Stock(key) = &exception.finding.subject {
        return Ok(Some(key.clone()));
    }
    let Some(last) = exception.finding.evidence.last() else {
        return Ok(None);
    };
    let Some(row) = query.event_by_hash(*last)? else {
        return Ok(None);
    };
    let body = &row.placed.event.record.body;
    Ok(match (body.bins().first(), body.goods()) {
        (Some(bin), Some(goods)) => Some(StockKey {
            bin: *bin,
            item: goods.item,
            lot: goods.lot.clone(),
        }),
        _ => None,
    })
}

fn bytes_of_hex(hex: &str) -> Option<Vec<u8>> {
    if hex.is_empty() || !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return None;
    }
    (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(hex.get(i..i + 2)?, 16).ok())
        .collect()
}
