//! Which instant, and whose knowledge, an address asks for: `?at=2026-09-21T14:13&as=DEVICE`.

use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use domain::UnixMillis;
use serde::Deserialize;

use crate::console::view::{AsOf, Named};

/// The part of an address that says so.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct AskedInstant {
    #[serde(default)]
    pub(crate) at: String,
    #[serde(default, rename = "as")]
    pub(crate) device: String,
}

/// `text`: day and minute in the site's time zone, as a browser's field for both gives them.
pub(crate) fn read(text: &str, zone: Tz) -> Option<UnixMillis> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
        .ok()?;
    let at = zone.from_local_datetime(&local).earliest()?;
    Some(at.timestamp_millis())
}

impl AskedInstant {
    /// What is asked for; the device's name and when it was heard are still to be looked up.
    pub(crate) fn read(&self, zone: Tz) -> AsOf {
        let text = self.at.trim();
        let at = read(text, zone);
        AsOf {
            is_wrong: at.is_none() && !text.is_empty(),
            text: text.to_owned(),
            at,
            device: Named {
                id: self.device.clone(),
                ..Named::default()
            },
            heard: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_one_of_the_site() {
        let shanghai = chrono_tz::Asia::Shanghai;
        assert_eq!(read("1970-01-01T08:00", shanghai), Some(0));
        assert_eq!(read("1970-01-01T08:00:01", shanghai), Some(1_000));
        assert_eq!(read("yesterday", Tz::UTC), None);
        // The clocks skipped it.
        assert_eq!(read("2026-03-29T02:30", chrono_tz::Europe::Berlin), None);
        let asked = |at: &str| AskedInstant {
            at: at.to_owned(),
            device: String::new(),
        };
        assert!(asked("yesterday").read(Tz::UTC).is_wrong);
        assert!(!asked(" ").read(Tz::UTC).is_wrong);
        assert!(asked("").read(Tz::UTC).is_now());
    }
}
