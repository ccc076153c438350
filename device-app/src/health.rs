//! Whether the device itself will last: its battery, and the room on its disk.

use protocol::{BatteryStatus, DeviceStatus};

use crate::view::Message;

const MB: u64 = 1_000_000;

/// The battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Battery {
    /// 0 to 100.
    pub percent: u8,
    pub charging: bool,
}

/// What the machine says of itself; `None` where it cannot tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// A machine without one is plugged in.
    pub battery: Option<Battery>,
    /// Of the disk that holds our files, in bytes.
    pub free_bytes: Option<u64>,
}

impl Health {
    /// Puts it into what the hub is told.
    pub fn tell(&self, status: &mut DeviceStatus) {
        status.battery = self.battery.map(|battery| BatteryStatus {
            percent: battery.percent.min(100),
            charging: battery.charging,
        });
        status.storage_free = self.free_bytes;
    }
}

/// How grave a warning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Low,
    /// Work stops soon.
    VeryLow,
}

/// What a person is warned of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Warnings {
    pub battery: Option<Level>,
    pub storage: Option<Level>,
}

/// Below the first number a warning comes; it goes at the second, so that it does not come and go.
type Bounds = (u64, u64);

const BATTERY_LOW: Bounds = (21, 25);
const BATTERY_VERY_LOW: Bounds = (11, 14);
const STORAGE_LOW: Bounds = (500 * MB, 600 * MB);
const STORAGE_VERY_LOW: Bounds = (100 * MB, 150 * MB);

fn level(now: u64, before: Option<Level>, low: Bounds, very_low: Bounds) -> Option<Level> {
    let is_below = |(comes, goes): Bounds, stood: bool| now < if stood { goes } else { comes };
    if is_below(very_low, before == Some(Level::VeryLow)) {
        Some(Level::VeryLow)
    } else {
        is_below(low, before.is_some()).then_some(Level::Low)
    }
}

impl Warnings {
    /// What stands after the machine has said how it is. A battery that is being charged warns of nothing.
    #[must_use]
    pub fn after(self, health: &Health) -> Self {
        let drained = health.battery.filter(|battery| !battery.charging);
        Self {
            battery: drained.and_then(|battery| {
                let percent = u64::from(battery.percent);
                level(percent, self.battery, BATTERY_LOW, BATTERY_VERY_LOW)
            }),
            storage: health
                .free_bytes
                .and_then(|free| level(free, self.storage, STORAGE_LOW, STORAGE_VERY_LOW)),
        }
    }

    /// The gravest of them, and whether work stops soon.
    pub fn gravest(&self, health: &Health) -> Option<(Message, bool)> {
        let percent = health.battery.map_or(0, |battery| battery.percent);
        let free = health.free_bytes.unwrap_or_default() / MB;
        let battery = |code| Message::new(code).with(percent.to_string());
        let storage = |code| Message::new(code).with(free.to_string());
        let very_low = Some(Level::VeryLow);
        if self.battery == very_low {
            Some((battery("battery-very-low"), true))
        } else if self.storage == very_low {
            Some((storage("storage-very-low"), true))
        } else if self.storage.is_some() {
            Some((storage("storage-low"), false))
        } else {
            self.battery.map(|_| (battery("battery-low"), false))
        }
    }

    /// Whether photos and signatures may be kept: the last room is for scans.
    pub fn has_room_for_pictures(&self) -> bool {
        self.storage != Some(Level::VeryLow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(percent: u8, charging: bool, free_mb: u64) -> Health {
        Health {
            battery: Some(Battery { percent, charging }),
            free_bytes: Some(free_mb * MB),
        }
    }

    /// Each row follows the one before it.
    #[test]
    fn warnings_come_below_a_bound_and_go_well_above_it() {
        let rows = [
            (health(21, false, 9_000), "", false),
            (health(20, false, 9_000), "battery-low 20", false),
            (health(24, false, 9_000), "battery-low 24", false),
            (health(25, false, 9_000), "", false),
            (health(10, false, 9_000), "battery-very-low 10", true),
            (health(13, false, 9_000), "battery-very-low 13", true),
            (health(14, false, 9_000), "battery-low 14", false),
            (health(5, true, 9_000), "", false),
            (health(80, false, 499), "storage-low 499", false),
            (health(80, false, 599), "storage-low 599", false),
            (health(80, false, 600), "", false),
            (health(80, false, 99), "storage-very-low 99", true),
            (health(8, false, 99), "battery-very-low 8", true),
            (health(18, false, 149), "storage-very-low 149", true),
            (health(18, false, 150), "storage-low 150", false),
            (health(18, false, 900), "battery-low 18", false),
            (Health::default(), "", false),
        ];
        let mut warnings = Warnings::default();
        for (now, expected, grave) in rows {
            warnings = warnings.after(&now);
            let shown = warnings.gravest(&now);
            let words = shown.as_ref().map(|(message, _)| {
                let words = [message.code.clone(), message.args.join(" ")];
                words.join(" ")
            });
            assert_eq!(words.unwrap_or_default(), expected, "{now:?}");
            assert_eq!(shown.is_some_and(|(_, grave)| grave), grave, "{now:?}");
        }
    }

    #[test]
    fn the_last_room_is_for_scans() {
        let with = |free| Warnings::default().after(&health(90, false, free));
        assert!(with(100).has_room_for_pictures());
        assert!(!with(99).has_room_for_pictures());
    }
}
