//! The review queue.

use documents::RecordKind;
use domain::ledger::{Exception, ExceptionKind, StockKey, Subject};
use domain::{ExceptionId, OrderId, OrderStep, ProgressKey, Quantity, SiteId};
use replica::Query;
use replica::query::{ExceptionFilter, FieldConflictRow, ResolutionRow};

use super::ConsoleData;
use super::events::{about_parts, order_stand_in, unit_ref};
use super::names::Names;
use crate::console::view::{
    DecisionView, EventView, ExceptionView, FieldConflictView, FieldValue, Named, ReviewList,
    SubjectView, Typed,
};
use crate::error::AppError;

/// The list shows so many; whoever has more decides some of them first.
const LIST_MAX: usize = 50;
/// So many events before the evidence are shown.
const BEFORE_MAX: usize = 3;

/// Which exceptions.
#[derive(Debug, Clone, Default)]
pub struct ReviewFilter {
    /// Kind code; empty: all; `field-conflict`: only those.
    pub kind: String,
    /// Site id; empty: all.
    pub site: String,
    /// The decided ones instead of the open ones.
    pub decided: bool,
}

impl ReviewFilter {
    fn wants_fields(&self) -> bool {
        matches!(self.kind.as_str(), "" | "field-conflict")
    }
}

impl ConsoleData {
    /// The queue, or what was decided.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn review(&self, filter: &ReviewFilter) -> Result<ReviewList, AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let held = super::quarantine::devices(q)?;
            let mut list = ReviewList {
                open: q.open_exception_count()? + q.field_conflict_count()? + held.len() as u64,
                decided: q.decision_count()?,
                ..ReviewList::default()
            };
            let site: Option<SiteId> = filter.site.parse().ok();
            if filter.decided {
                let wanted = |row: &ResolutionRow| {
                    let right_kind = filter.kind.is_empty()
                        || about_parts(&row.resolution.about).0 == filter.kind;
                    right_kind && site.is_none_or(|site| row.event.placed.event.site == site)
                };
                for row in q.all_decisions(None, 500)?.iter().filter(|row| wanted(row)) {
                    list.decisions.push(names.decision(row)?);
                }
                list.decisions.truncate(LIST_MAX);
                return Ok(list);
            }
            let kind = ExceptionKind::from_code(&filter.kind);
            if kind.is_some() || filter.kind.is_empty() {
                let found = q.exceptions(
                    &ExceptionFilter {
                        site,
                        kind,
                        open_only: true,
                    },
                    LIST_MAX as u32 + 1,
                )?;
                list.more = found.len() > LIST_MAX;
                for exception in found.iter().take(LIST_MAX) {
                    list.exceptions.push(names.exception(exception)?);
                }
            }
            if filter.kind.is_empty() {
                for device in held {
                    list.quarantined.push(names.device(device)?);
                }
            }
            if filter.wants_fields() {
                for row in q.field_conflicts()? {
                    list.fields.push(names.field_conflict(&row)?);
                }
            }
            Ok(list)
        })
    }

    /// One exception with its decisions, and what happened on its subject; the exception is `None` if the events no
    /// longer disagree.
    ///
    /// # Errors
    /// Those of the replica.
    #[expect(clippy::type_complexity, reason = "three lists of one page")]
    pub fn exception(
        &self,
        id: ExceptionId,
    ) -> Result<(Option<ExceptionView>, Vec<DecisionView>, Vec<EventView>), AppError> {
        self.ask(|q| {
            let names = self.names(q);
            let mut decisions = Vec::new();
            for row in q.all_decisions(Some(id), 20)? {
                decisions.push(names.decision(&row)?);
            }
            let Some(exception) = q.exception(id)? else {
                return Ok((None, decisions, Vec::new()));
            };
            let finding = &exception.finding;
            let timeline = names.events(&q.history(finding.site, &finding.subject, 50)?)?;
            Ok((Some(names.exception(&exception)?), decisions, timeline))
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

    fn field_conflict(&self, row: &FieldConflictRow) -> Result<FieldConflictView, AppError> {
        let named = match row.kind {
            RecordKind::Item => self.item(row.record.into())?.0,
            RecordKind::Bin => self.bin(row.record.into())?,
            RecordKind::Site => self.site(row.record.into())?,
            RecordKind::Operator => self.operator(row.record.into())?,
            RecordKind::Device => self.device(row.record.into())?,
            RecordKind::Zone => Named::default(),
            RecordKind::Order => Named {
                code: self.order_code(row.record.into())?,
                ..Named::default()
            },
        };
        let mut values = Vec::with_capacity(row.values.len());
        for (value, chain) in &row.values {
            let is_quantity = row.path.starts_with("barcodes/");
            values.push(FieldValue {
                json: serde_json::to_string(value).unwrap_or_default(),
                text: match value {
                    documents::Value::Integer(n) if is_quantity => {
                        Quantity::from_thousandths(*n).to_string()
                    }
                    other => other.to_string(),
                },
                device: self.device_of_chain(*chain)?,
            });
        }
        Ok(FieldConflictView {
            record_kind: row.kind.code(),
            record: domain::ItemId::from_bytes(row.record.0).to_string(),
            named,
            path: row.path.clone(),
            values,
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
