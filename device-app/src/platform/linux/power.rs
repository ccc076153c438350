//! Battery and disk, as the kernel tells of them.

use std::fs;
use std::path::Path;

use crate::health::{Battery, Health};

/// Where the kernel lists batteries and chargers.
const SUPPLIES: &str = "/sys/class/power_supply";

/// How the machine is now. `folder`: on the disk that is asked about.
pub(super) fn health(folder: &Path) -> Health {
    Health {
        battery: battery(Path::new(SUPPLIES)),
        free_bytes: free_bytes(folder),
    }
}

/// What an unprivileged program may still write.
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The fullest of the device's own batteries: one that is swapped while another one feeds the device warns of nothing. Those
/// of a scanner or a pen say that they are such a thing's.
fn battery(supplies: &Path) -> Option<Battery> {
    let read = |folder: &Path, file: &str| {
        let text = fs::read_to_string(folder.join(file)).ok()?;
        Some(text.trim().to_owned())
    };
    let own = |folder: &Path| -> Option<Battery> {
        let is_battery = read(folder, "type")? == "Battery";
        let of_another = read(folder, "scope").is_some_and(|scope| scope == "Device");
        if !is_battery || of_another {
            return None;
        }
        let status = read(folder, "status").unwrap_or_default();
        Some(Battery {
            percent: read(folder, "capacity")?.parse::<u8>().ok()?.min(100),
            charging: matches!(status.as_str(), "Charging" | "Full" | "Not charging"),
        })
    };
    let folders = fs::read_dir(supplies).ok()?;
    let batteries = folders.filter_map(|folder| own(&folder.ok()?.path()));
    batteries.max_by_key(|battery| (battery.charging, battery.percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supply(root: &Path, name: &str, files: &[(&str, &str)]) {
        let folder = root.join(name);
        fs::create_dir(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), format!("{text}\n")).unwrap();
        }
    }

    #[test]
    fn the_devices_own_battery_is_read_and_a_machine_without_one_has_none() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(battery(root.path()), None);
        assert_eq!(battery(&root.path().join("nowhere")), None);
        supply(root.path(), "AC", &[("type", "Mains"), ("online", "0")]);
        supply(
            root.path(),
            "hid-pen",
            &[("type", "Battery"), ("scope", "Device"), ("capacity", "99")],
        );
        assert_eq!(battery(root.path()), None);
        supply(
            root.path(),
            "BAT0",
            &[
                ("type", "Battery"),
                ("status", "Discharging"),
                ("capacity", "17"),
            ],
        );
        let drained = Battery {
            percent: 17,
            charging: false,
        };
        assert_eq!(battery(root.path()), Some(drained));
        supply(
            root.path(),
            "BAT1",
            &[
                ("type", "Battery"),
                ("status", "Charging"),
                ("capacity", "3"),
            ],
        );
        let charging = Battery {
            percent: 3,
            charging: true,
        };
        assert_eq!(battery(root.path()), Some(charging));
        supply(
            root.path(),
            "BAT2",
            &[("type", "Battery"), ("capacity", "much")],
        );
        assert_eq!(
            battery(root.path()),
            Some(charging),
            "what cannot be read is left out"
        );
    }

    #[test]
    fn the_disk_has_room_and_no_folder_has_none_to_tell_of() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).unwrap() > 0);
        assert_eq!(free_bytes(&folder.path().join("nowhere")), None);
    }
}
