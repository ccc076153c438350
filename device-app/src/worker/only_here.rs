//! What only this device holds: by operation, and by whom it is carried for; and what has been set aside here.

use std::collections::BTreeMap;

use domain::DeviceId;
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
        for (device, group) in carried {
            lines.push(line(self.name_of(device)?, "carried", group));
        }
        Ok(lines)
    }

    pub(crate) fn set_aside_groups(&self) -> Result<Vec<Line>, ReplicaError> {
        let now = self.now();
        let mut lines = Vec::new();
        for group in self.replica.query().set_aside()? {
            let oldest = group.oldest.map(|at| self.site_clock.show(at, now));
            lines.push(Line {
                title: self.name_of(group.device)?,
                subtitle: oldest.unwrap_or_default(),
                quantity: group.events.to_string(),
                status: String::new(),
            });
        }
        Ok(lines)
    }

    fn name_of(&self, device: DeviceId) -> Result<String, ReplicaError> {
        let devices = self.replica.query().devices()?;
        let name = devices.into_iter().find(|d| d.id == device);
        Ok(match name {
            Some(device) => device.name,
            None => device.to_string().chars().take(8).collect(),
        })
    }
}
