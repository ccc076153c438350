//! The event feed.

use domain::ledger::Place;
use replica::query::EventFilter;

use super::ConsoleData;
use crate::console::handlers::instant::read as instant;
use crate::console::view::EventView;
use crate::error::AppError;

/// Rows on a page.
const ROWS: usize = 50;
/// The kind of an event is inside it: a rare kind is looked for among so many.
const LOOKED_AT_MAX: usize = 5_000;

/// Which events; what is empty does not filter.
#[derive(Debug, Clone, Default)]
pub struct FeedFilter {
    /// Name of a kind.
    pub kind: String,
    /// Device id.
    pub device: String,
    /// Operator id.
    pub operator: String,
    /// A site's id.
    pub site: String,
    /// From this day and minute on, as a browser's field for both gives it, in the site's time zone.
    pub from: String,
    /// Up to that one, itself left out.
    pub until: String,
    /// Where the page before ended, in hexadecimal.
    pub before: String,
}

/// A page of the feed.
#[derive(Debug, Clone, Default)]
pub struct Feed {
    /// Newest first.
    pub rows: Vec<EventView>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

pub(super) fn place_to_hex(place: Place) -> String {
    place
        .to_bytes()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

pub(super) fn place_from_hex(hex: &str) -> Option<Place> {
    if hex.len() != 72 || !hex.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..72)
        .step_by(2)
        .map(|i| u8::from_str_radix(hex.get(i..i + 2)?, 16).ok())
        .collect();
    Place::from_bytes(&bytes?)
}

impl ConsoleData {
    /// A page of events, newest first.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn feed(&self, filter: &FeedFilter) -> Result<Feed, AppError> {
        let zone = self.zone()?;
        self.ask(|q| {
            let names = self.names(q);
            let until = instant(&filter.until, zone).map(Place::start_of);
            let from = instant(&filter.from, zone);
            let mut asked = EventFilter {
                site: filter.site.parse().ok(),
                operator: filter.operator.parse().ok(),
                device: filter.device.parse().ok(),
                before: match (place_from_hex(&filter.before), until) {
                    (Some(before), Some(until)) => Some(before.min(until)),
                    (before, until) => before.or(until),
                },
                from: from.map(Place::start_of),
            };
            let kind = Some(filter.kind.as_str()).filter(|kind| !kind.is_empty());
            let is_kept = kind.is_some() || asked.operator.is_some();
            let mut feed = Feed::default();
            let mut looked_at = 0;
            loop {
                // Quarters of an hour in which there is nothing of it are left out.
                if is_kept {
                    let end = asked
                        .before
                        .map_or(i64::MAX, |place| place.clock.millis.saturating_add(1));
                    let Some(last) = q.last_slot_of(kind, asked.operator, asked.site, end)? else {
                        return Ok(feed);
                    };
                    if from.is_some_and(|from| last <= from) {
                        return Ok(feed);
                    }
                    let last = Place::start_of(last);
                    asked.before = Some(asked.before.map_or(last, |before| before.min(last)));
                }
                let rows = q.events(&asked, ROWS as u32 + 1)?;
                looked_at += rows.len();
                let is_last = rows.len() <= ROWS;
                for row in &rows {
                    let kind = row.placed.event.record.body.kind();
                    if !filter.kind.is_empty() && kind != filter.kind {
                        continue;
                    }
                    if feed.rows.len() == ROWS {
                        feed.next = asked.before.map(place_to_hex);
                        return Ok(feed);
                    }
                    asked.before = Some(row.placed.place);
                    feed.rows.push(names.event(row)?);
                }
                if is_last {
                    return Ok(feed);
                }
                let last = rows.last().map(|row| row.placed.place);
                if looked_at >= LOOKED_AT_MAX {
                    feed.next = last.map(place_to_hex);
                    return Ok(feed);
                }
                asked.before = last;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_goes_through_an_address() {
        let place = Place::end_of(1_790_000_000_000);
        assert_eq!(place_from_hex(&place_to_hex(place)), Some(place));
        assert_eq!(place_from_hex("zz"), None);
    }
}
