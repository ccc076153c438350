//! A device: what it last said of itself, and what of that somebody should look after.

use documents::Instructions;
use domain::{SKEW_LIMIT_MS, UnixMillis};

use super::{EventView, Named};

const MINUTE: i64 = 60_000;
/// A handheld in use polls every few seconds; one that sleeps in a holster wakes before that.
const SILENT_MS: i64 = 30 * MINUTE;
/// A device that has not been heard of for so long may be lost.
const LOST_MS: i64 = 7 * 24 * 60 * MINUTE;
/// Data that was that old when the device was last heard of: it does not get on with the log.
const OLD_DATA_MS: i64 = 60 * MINUTE;
/// The handheld warns of the same.
const BATTERY_LOW: u8 = 20;
const BATTERY_VERY_LOW: u8 = 10;
const STORAGE_LOW: u64 = 500_000_000;
const STORAGE_VERY_LOW: u64 = 100_000_000;

/// What a device said of itself with its last request, and what the hub knows by it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportView {
    /// Events and edits that it still held back.
    pub waiting: u64,
    /// How many of them took goods out; `None`: its program does not say.
    pub releases: Option<u64>,
    /// Until when it held all that had been accepted; `None`: it had read nothing of this log.
    pub data_as_of: Option<UnixMillis>,
    /// Its clock against the server's, milliseconds; positive: ahead.
    pub clock_offset_ms: i64,
    /// Version of its program; may be empty.
    pub program: String,
    /// How full its battery was (0 to 100), and whether it was being charged.
    pub battery: Option<(u8, bool)>,
    /// Bytes left on its disk.
    pub storage_free: Option<u64>,
    /// Whether it knew that it is locked; `None`: its program knows no lock.
    pub locked: Option<bool>,
}

/// How the program of a device compares with the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// The same.
    Same,
    /// Older, and still served.
    Older,
    /// Newer.
    Newer,
    /// It said none that can be compared.
    Unknown,
    /// Its requests are refused since it was last heard of: there is no common version of the protocol.
    Refused,
}

impl Version {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Same,
        Self::Older,
        Self::Newer,
        Self::Unknown,
        Self::Refused,
    ];

    /// Compares two versions of the form `1.2.3`.
    pub fn of(program: &str, ours: &str) -> Self {
        let parts = |text: &str| -> Option<[u64; 3]> {
            let numbers = text.split(['-', '+']).next()?.split('.');
            let numbers: Vec<u64> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
            numbers.try_into().ok()
        };
        match (parts(program), parts(ours)) {
            (Some(theirs), Some(ours)) if theirs < ours => Self::Older,
            (Some(theirs), Some(ours)) if theirs > ours => Self::Newer,
            (Some(_), Some(_)) => Self::Same,
            _ => Self::Unknown,
        }
    }

    /// Its word under `version.`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Older => "older",
            Self::Newer => "newer",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}

/// What somebody should look after; the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// It holds back events that took goods out, and has been silent for half an hour: the book is wrong until it comes.
    ReleasesWait,
    /// Nothing of it is taken: its program is too old.
    TooOld,
    /// Its chain was stopped: it is a copy, or its signatures are wrong.
    Stopped,
    /// Its clock is wrong by more than what exceptions allow.
    Clock,
    /// Its work stops soon: battery.
    BatteryVeryLow,
    /// Its work stops soon: disk.
    StorageVeryLow,
    /// It was not heard of for a week.
    Lost,
    /// It holds back events or edits, and has been silent for half an hour.
    Waits,
    /// It was locked, and has not said yet that it knows.
    LockUnheard,
    /// It was heard of, and its data was an hour old.
    OldData,
    /// Something of it was refused lately.
    Refused,
    /// Battery.
    BatteryLow,
    /// Disk.
    StorageLow,
    /// It has never been heard of.
    Never,
}

impl Need {
    /// All, the gravest first.
    pub const ALL: [Self; 14] = [
        Self::ReleasesWait,
        Self::TooOld,
        Self::Stopped,
        Self::Clock,
        Self::BatteryVeryLow,
        Self::StorageVeryLow,
        Self::Lost,
        Self::Waits,
        Self::LockUnheard,
        Self::OldData,
        Self::Refused,
        Self::BatteryLow,
        Self::StorageLow,
        Self::Never,
    ];

    /// Its word under `need.`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ReleasesWait => "releases-wait",
            Self::TooOld => "too-old",
            Self::Stopped => "stopped",
            Self::Clock => "clock",
            Self::BatteryVeryLow => "battery-very-low",
            Self::StorageVeryLow => "storage-very-low",
            Self::Lost => "lost",
            Self::Waits => "waits",
            Self::LockUnheard => "lock-unheard",
            Self::OldData => "old-data",
            Self::Refused => "refused",
            Self::BatteryLow => "battery-low",
            Self::StorageLow => "storage-low",
            Self::Never => "never",
        }
    }

    /// Whether it cannot wait.
    pub const fn is_grave(self) -> bool {
        (self as u8) <= (Self::StorageVeryLow as u8)
    }
}

/// A device.
#[derive(Debug, Clone)]
pub struct DeviceView {
    /// Its name and id.
    pub device: Named,
    /// Where it works.
    pub site: Named,
    /// When it was last heard of.
    pub last_contact: Option<UnixMillis>,
    /// What it said then; `None`: it was never heard of.
    pub report: Option<ReportView>,
    /// How its program compares with the server's.
    pub version: Version,
    /// Why its chain was stopped: empty, `fork`, `forged` or `revoked`.
    pub stopped: String,
    /// Its latest event here.
    pub last_event: Option<EventView>,
    /// How often something of it was refused lately.
    pub refused: u64,
    /// The site that it is asked to move to, and has not yet.
    pub next_site: Option<Named>,
    /// It is asked for a new key, and has not taken one yet.
    pub new_key: bool,
    /// It only counts, and holds no stock.
    pub counts_only: bool,
    /// Whether its rights were taken away.
    pub revoked: bool,
    /// The server itself.
    pub is_server: bool,
    /// Its chains: short id and how many events are here.
    pub chains: Vec<(String, u64)>,
    /// What it is told and how it is set up.
    pub instructions: Instructions,
}

impl DeviceView {
    /// What the server sets; empty if it leaves that to whoever holds the device.
    pub fn setting(&self, name: &str) -> &str {
        let set = self.instructions.settings.get(name);
        set.map_or("", String::as_str)
    }

    /// How old its data was when it was last heard of, in milliseconds; `None`: it holds none, or was never heard of.
    pub fn data_age_ms(&self) -> Option<i64> {
        let as_of = self.report.as_ref()?.data_as_of?;
        Some((self.last_contact? - as_of).max(0))
    }

    /// Whether it waits to be told of its lock, or of being unlocked.
    pub fn lock_unheard(&self) -> bool {
        let heard = self.report.as_ref().and_then(|report| report.locked);
        self.instructions.locked.is_some() != heard.unwrap_or_default()
    }

    /// Whether it has been heard of, and its program knows no lock.
    pub fn knows_no_lock(&self) -> bool {
        let report = self.report.as_ref();
        report.is_some_and(|report| report.locked.is_none())
    }

    /// What somebody should look after, the gravest first. Nothing of the server, and of a device that was revoked.
    pub fn needs(&self, now: UnixMillis) -> Vec<Need> {
        if self.is_server || self.revoked {
            return Vec::new();
        }
        let mut needs = Vec::new();
        let mut note = |need, stands| {
            if stands {
                needs.push(need);
            }
        };
        note(Need::TooOld, self.version == Version::Refused);
        note(Need::Stopped, !self.stopped.is_empty());
        note(Need::Refused, self.refused > 0);
        note(Need::LockUnheard, self.lock_unheard());
        let (Some(report), Some(heard)) = (&self.report, self.last_contact) else {
            note(Need::Never, true);
            needs.sort();
            return needs;
        };
        let silent = now - heard;
        let waits = report.waiting > 0 && silent >= SILENT_MS;
        let releases = report.releases.unwrap_or_default() > 0;
        note(Need::ReleasesWait, waits && releases);
        note(Need::Waits, waits && !releases);
        note(Need::Lost, silent >= LOST_MS);
        note(Need::Clock, report.clock_offset_ms.abs() > SKEW_LIMIT_MS);
        let age = self.data_age_ms().unwrap_or_default();
        note(Need::OldData, age >= OLD_DATA_MS);
        if let Some((percent, false)) = report.battery {
            note(Need::BatteryVeryLow, percent <= BATTERY_VERY_LOW);
            let low = percent <= BATTERY_LOW && percent > BATTERY_VERY_LOW;
            note(Need::BatteryLow, low);
        }
        if let Some(free) = report.storage_free {
            note(Need::StorageVeryLow, free < STORAGE_VERY_LOW);
            let low = (STORAGE_VERY_LOW..STORAGE_LOW).contains(&free);
            note(Need::StorageLow, low);
        }
        needs.sort();
        needs
    }
}

/// What the list of devices is narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceFilter {
    /// Nothing.
    #[default]
    All,
    /// Those that somebody should look after.
    Attention,
    /// Those that hold something back.
    Waiting,
    /// Those that have not been heard of for half an hour, or never.
    Silent,
    /// Those that are locked, or about to be.
    Locked,
}

impl DeviceFilter {
    /// All, in the order of the tabs.
    pub const ALL: [Self; 5] = [
        Self::All,
        Self::Attention,
        Self::Waiting,
        Self::Silent,
        Self::Locked,
    ];

    /// Its word under `devices.show.`, and in the address.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Attention => "attention",
            Self::Waiting => "waiting",
            Self::Silent => "silent",
            Self::Locked => "locked",
        }
    }

    /// The filter of an address; what is none shows all.
    pub fn from_code(code: &str) -> Self {
        let known = Self::ALL.into_iter().find(|filter| filter.code() == code);
        known.unwrap_or_default()
    }

    /// Whether a device is among them.
    pub fn shows(self, view: &DeviceView, now: UnixMillis) -> bool {
        let works = !view.is_server && !view.revoked;
        match self {
            Self::All => true,
            Self::Attention => !view.needs(now).is_empty(),
            Self::Waiting => works && view.report.as_ref().is_some_and(|r| r.waiting > 0),
            Self::Silent => works && view.last_contact.is_none_or(|at| now - at >= SILENT_MS),
            Self::Locked => works && view.instructions.locked.is_some(),
        }
    }
}

/// What needs somebody first comes first; the order among the others stays.
pub fn by_need(views: &mut [DeviceView], now: UnixMillis) {
    views.sort_by_cached_key(|view| match view.needs(now).first() {
        Some(need) => *need as u8,
        None if view.is_server => u8::MAX,
        None if view.revoked => u8::MAX - 1,
        None => u8::MAX - 2,
    });
}

#[cfg(test)]
mod tests {
    use documents::Lock;

    use super::*;

    const NOW: UnixMillis = 1_790_000_000_000;

    fn view(change: impl FnOnce(&mut DeviceView, &mut ReportView)) -> DeviceView {
        let mut report = ReportView {
            releases: Some(0),
            data_as_of: Some(NOW),
            battery: Some((80, false)),
            storage_free: Some(9_000_000_000),
            locked: Some(false),
            ..ReportView::default()
        };
        let mut view = DeviceView {
            device: Named::default(),
            site: Named::default(),
            last_contact: Some(NOW),
            report: None,
            version: Version::Same,
            stopped: String::new(),
            last_event: None,
            refused: 0,
            next_site: None,
            new_key: false,
            counts_only: false,
            revoked: false,
            is_server: false,
            chains: Vec::new(),
            instructions: Instructions::default(),
        };
        change(&mut view, &mut report);
        view.report.get_or_insert(report);
        view
    }

    #[test]
    fn what_a_device_says_makes_it_need_somebody() {
        type Change = fn(&mut DeviceView, &mut ReportView);
        let cases: [(Change, &[Need]); 20] = [
            (|_, _| {}, &[]),
            (|_, r| r.battery = Some((20, false)), &[Need::BatteryLow]),
            (|_, r| r.battery = Some((20, true)), &[]),
            (|_, r| r.battery = Some((21, false)), &[]),
            (
                |_, r| r.battery = Some((10, false)),
                &[Need::BatteryVeryLow],
            ),
            (|_, r| r.battery = None, &[]),
            (
                |_, r| r.storage_free = Some(499_999_999),
                &[Need::StorageLow],
            ),
            (|_, r| r.storage_free = Some(1), &[Need::StorageVeryLow]),
            (|_, r| r.storage_free = None, &[]),
            // It was heard of a moment ago: the rest is on its way.
            (|_, r| r.waiting = 4, &[]),
            (
                |v, r| {
                    r.waiting = 4;
                    v.last_contact = Some(NOW - SILENT_MS);
                },
                &[Need::Waits],
            ),
            (
                |v, r| {
                    (r.waiting, r.releases) = (4, Some(1));
                    v.last_contact = Some(NOW - SILENT_MS);
                },
                &[Need::ReleasesWait],
            ),
            (
                |v, r| {
                    v.last_contact = Some(NOW - LOST_MS);
                    r.data_as_of = v.last_contact;
                },
                &[Need::Lost],
            ),
            (
                |_, r| r.data_as_of = Some(NOW - OLD_DATA_MS),
                &[Need::OldData],
            ),
            (
                |_, r| r.clock_offset_ms = -SKEW_LIMIT_MS - 1,
                &[Need::Clock],
            ),
            (|v, _| v.version = Version::Refused, &[Need::TooOld]),
            (
                |v, r| {
                    v.instructions.locked = Some(Lock::default());
                    r.battery = Some((3, false));
                },
                &[Need::BatteryVeryLow, Need::LockUnheard],
            ),
            (
                |v, r| {
                    v.instructions.locked = Some(Lock::default());
                    r.locked = Some(true);
                },
                &[],
            ),
            // It is unlocked, and does not know.
            (|_, r| r.locked = Some(true), &[Need::LockUnheard]),
            (
                |v, r| {
                    v.revoked = true;
                    r.battery = Some((3, false));
                },
                &[],
            ),
        ];
        for (at, (change, needs)) in cases.into_iter().enumerate() {
            assert_eq!(view(change).needs(NOW), needs, "case {at}");
        }
        let mut never = view(|v, _| v.last_contact = None);
        never.report = None;
        assert_eq!(never.needs(NOW), [Need::Never]);
    }

    #[test]
    fn the_gravest_need_comes_first_and_the_server_last() {
        let mut views = [
            view(|v, _| v.is_server = true),
            view(|v, _| v.revoked = true),
            view(|_, _| {}),
            view(|_, r| r.battery = Some((15, false))),
            view(|_, r| r.clock_offset_ms = 3_600_000),
        ];
        by_need(&mut views, NOW);
        let needs = views.each_ref().map(|v| v.needs(NOW).first().copied());
        let expected = [Some(Need::Clock), Some(Need::BatteryLow), None, None, None];
        assert_eq!(needs, expected);
        assert!(views[3].revoked && views[4].is_server);
    }

    #[test]
    fn filters_show_what_they_say() {
        let waiting = view(|_, r| r.waiting = 1);
        let silent = view(|v, r| {
            v.last_contact = Some(NOW - SILENT_MS);
            r.data_as_of = v.last_contact;
        });
        let locked = view(|v, _| v.instructions.locked = Some(Lock::default()));
        let server = view(|v, _| {
            v.is_server = true;
            v.last_contact = None;
        });
        let shown = |filter: DeviceFilter| {
            [&waiting, &silent, &locked, &server].map(|view| filter.shows(view, NOW))
        };
        assert_eq!(shown(DeviceFilter::All), [true; 4]);
        assert_eq!(shown(DeviceFilter::Attention), [false, false, true, false]);
        assert_eq!(shown(DeviceFilter::Waiting), [true, false, false, false]);
        assert_eq!(shown(DeviceFilter::Silent), [false, true, false, false]);
        assert_eq!(shown(DeviceFilter::Locked), [false, false, true, false]);
        assert_eq!(DeviceFilter::from_code("nonsense"), DeviceFilter::All);
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (program, version) in [
            ("1.2.3", Version::Same),
            ("1.2.3-rc.1", Version::Same),
            ("1.10.0", Version::Newer),
            ("1.2.2", Version::Older),
            ("0.9.9", Version::Older),
            ("", Version::Unknown),
            ("test", Version::Unknown),
            ("1.2", Version::Unknown),
        ] {
            assert_eq!(Version::of(program, "1.2.3"), version, "{program}");
        }
    }
}
