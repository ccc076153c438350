//! Times as people at the site read them.

use chrono::{DateTime, Datelike};
use chrono_tz::Tz;

/// The wall clock of the site.
#[derive(Debug, Clone)]
pub(crate) struct SiteClock {
    name: String,
    zone: Tz,
}

impl SiteClock {
    /// `time_zone`: an IANA name; anything else is UTC.
    pub(crate) fn new(time_zone: &str) -> Self {
        match time_zone.parse() {
            Ok(zone) => Self {
                name: time_zone.to_owned(),
                zone,
            },
            Err(_) => Self {
                name: "UTC".to_owned(),
                zone: Tz::UTC,
            },
        }
    }

    pub(crate) fn time_zone(&self) -> &str {
        &self.name
    }

    /// `14:02` if it was today, else `09-21 14:02`.
    pub(crate) fn show(&self, at: i64, now: i64) -> String {
        let local = |ms| DateTime::from_timestamp_millis(ms).map(|t| t.with_timezone(&self.zone));
        match (local(at), local(now)) {
            (Some(at), Some(now)) if at.date_naive() == now.date_naive() => {
                at.format("%H:%M").to_string()
            }
            (Some(at), _) => at.format("%m-%d %H:%M").to_string(),
            _ => String::new(),
        }
    }

    /// Settles the century of two-digit years in barcodes.
    pub(crate) fn year(&self, now: i64) -> i32 {
        DateTime::from_timestamp_millis(now).map_or(2026, |t| t.with_timezone(&self.zone).year())
    }

    /// The day that it is at the site.
    pub(crate) fn today(&self, now: i64) -> chrono::NaiveDate {
        let at = DateTime::from_timestamp_millis(now).unwrap_or_default();
        at.with_timezone(&self.zone).date_naive()
    }

    /// The first instant of the day.
    pub(crate) fn day_start(&self, now: i64) -> i64 {
        domain::site_day::site_day(now, &self.name)
            .and_then(|day| domain::site_day::day_start(day, &self.name))
            .unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_without_and_other_days_with_their_date() {
        let clock = SiteClock::new("Asia/Shanghai");
        let now = 1_790_000_000_000;
        assert_eq!(clock.show(now, now), "22:13");
        assert_eq!(clock.show(now - 86_400_000, now), "09-20 22:13");
        assert_eq!(clock.year(now), 2026);
        assert_eq!(SiteClock::new("Asia/Atlantis").time_zone(), "UTC");
        assert_eq!(clock.show(clock.day_start(now), now), "00:00");
    }
}
