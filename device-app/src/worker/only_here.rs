//! What only this device holds: by operation, and by whom it is carried for.

use std::collections::BTreeMap;

use replica::ReplicaError;

use super::event_words::operation_of;
use super::machine::Worker;
use crate::view::Line;

/// Events that are looked at; the number above them counts all.
const EVENTS_MAX: u32 = 5_000;

impl Worker {
    pub(crate) fn only_here_groups(&self) -> Result<Vec<Line>, ReplicaError> {
        let Some(identity) = self.replica.identity() else {
            return Ok(Vec::new());
        };
        let now = self.now();
        let (mut own, mut carried) = (BTreeMap::new(), BTreeMap::new());
        for (device, placed) in self.replica.query().only_here(EVENTS_MAX)? {
            let record = &placed.event.record;
            let entry = if device == identity.device {
                own.entry(operation_of(&record.body))
                    .or_insert((0_u32, i64::MAX))
            } else {
                carried.entry(device).or_insert((0, i64::MAX))
            };
            entry.0 += 1;
            entry.1 = entry.1.min(record.clock.millis);
        }
        let line = |title: String, status: &str, (count, oldest): (u32, i64)| Line {
            title,
            subtitle: self.site_clock.show(oldest, now),
            quantity: count.to_string(),
            status: status.to_owned(),
        };
        let mut lines: Vec<Line> = own
            .into_iter()
            .map(|(operation, group)| line(operation.to_owned(), "", group))
            .collect();
        let devices = if carried.is_empty() {
            Vec::new()
        } else {
            self.replica.query().devices()?
        };
        for (device, group) in carried {
            let name = devices
                .iter()
                .find(|d| d.id == device)
                .map(|d| d.name.clone());
            let name = name.unwrap_or_else(|| device.to_string().chars().take(8).collect());
            lines.push(line(name, "carried", group));
        }
        Ok(lines)
    }
}
