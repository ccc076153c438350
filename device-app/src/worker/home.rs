//! The home screen: unfinished work, what was done last, and what can be started.

use documents::HouseRules;
use operations::Operation;
use replica::ReplicaError;
use replica::query::EventFilter;

use super::event_words;
use super::machine::{Work, Worker};
use crate::view::{Draft, HomeView, Language, OperationTile, OthersDraft, RecentLine};

const RECENT_MAX: usize = 5;
/// Lines of one person's day that are looked at to count them.
const TODAY_MAX: u32 = 500;

impl Worker {
    pub(crate) fn home_view(&self) -> Result<HomeView, ReplicaError> {
        let (Some(view), Some(operator)) = (self.stock_view(), &self.operator) else {
            return Ok(HomeView::default());
        };
        let now = self.now();
        let filter = EventFilter {
            site: self.site,
            operator: Some(operator.id),
            ..EventFilter::default()
        };
        let events = view.query.events(&filter, TODAY_MAX)?;
        let today = self.site_clock.day_start(now);
        let of_today = |e: &&replica::query::EventRow| {
            e.placed.event.record.clock.millis >= today && e.reversed_by.is_none()
        };
        let mut recent = Vec::new();
        for row in events.iter().take(RECENT_MAX) {
            let record = &row.placed.event.record;
            let words = event_words::words(&view, &record.body, self.settings.language())?;
            recent.push(RecentLine {
                time: self.site_clock.show(record.clock.millis, now),
                operation: words.operation.to_owned(),
                text: words.text,
                quantity: words.quantity,
            });
        }
        let draft = |work: &Work| Draft {
            operation: work.task.operation().code().to_owned(),
            title: work.task.title().to_owned(),
            started: self.site_clock.show(work.started, now),
            lines: u32::try_from(work.task.line_count()).unwrap_or(u32::MAX),
        };
        let resumable = self.work.as_ref().map(draft);
        let others = self.drafts_of_others()?.into_iter();
        let of_others = others.map(|(id, name, work)| OthersDraft {
            id: id.to_string(),
            name,
            draft: draft(&work),
        });
        Ok(HomeView {
            site: self.site_name()?,
            resumable,
            of_others: of_others.collect(),
            recent,
            counts_only: self.replica.counts_only(),
            lines_today: u32::try_from(events.iter().filter(of_today).count()).unwrap_or(0),
            // Looking up has a place of its own in the bar below.
            operations: Operation::ALL
                .iter()
                .filter(|o| **o != Operation::LookUp && self.is_offered(**o))
                .map(|o| OperationTile {
                    code: o.code().to_owned(),
                    barred: self.lack(o.takes()).is_some(),
                })
                .collect(),
        })
    }

    /// Whether this device can do it at all: a counter only counts.
    pub(crate) fn is_offered(&self, operation: Operation) -> bool {
        let custody = matches!(operation, Operation::Deposit | Operation::Release);
        !(self.replica.counts_only() && operation.needs_stock())
            && (!custody || self.keeps_custody())
    }

    /// Whether the catalogue has anything that customers may leave here.
    fn keeps_custody(&self) -> bool {
        let found = self.replica.query().items_of_class(HouseRules::CLASS, 1);
        found.is_ok_and(|found| !found.is_empty())
    }

    pub(crate) fn site_name(&self) -> Result<String, ReplicaError> {
        let Some(site) = self.site else {
            return Ok(String::new());
        };
        let Some(site) = self.replica.query().site(site)? else {
            return Ok(String::new());
        };
        let (first, second) = match self.settings.language() {
            Language::English => (site.name_en, site.name_zh),
            Language::Chinese => (site.name_zh, site.name_en),
        };
        let names = [first, second, site.code];
        Ok(names
            .into_iter()
            .find(|n| !n.is_empty())
            .unwrap_or_default())
    }
}
