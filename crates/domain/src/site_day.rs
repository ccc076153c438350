//! Days are days of the site's time zone.

use chrono::{DateTime, NaiveDate, TimeZone};
use chrono_tz::Tz;

use crate::clock::UnixMillis;

/// The calendar day at a site. `time_zone`: an IANA name; `None` if there is no such zone or instant.
pub fn site_day(at: UnixMillis, time_zone: &str) -> Option<NaiveDate> {
    let zone: Tz = time_zone.parse().ok()?;
    Some(
        DateTime::from_timestamp_millis(at)?
            .with_timezone(&zone)
            .date_naive(),
    )
}

/// The first instant of a day at a site. Where the clocks skip midnight it is the first instant after the gap.
pub fn day_start(day: NaiveDate, time_zone: &str) -> Option<UnixMillis> {
    let zone: Tz = time_zone.parse().ok()?;
    (0..4).find_map(|hour| {
        let local = day.and_hms_opt(hour, 0, 0)?;
        zone.from_local_datetime(&local)
            .earliest()
            .map(|t| t.timestamp_millis())
    })
}

/// Whether goods with this expiry day may still be used at that instant: the expiry day itself is the last good one.
pub fn is_expired(expiry: NaiveDate, at: UnixMillis, time_zone: &str) -> Option<bool> {
    site_day(at, time_zone).map(|today| today > expiry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_instant_is_two_days_in_two_sites() {
        let at = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000 + 20 * 3_600_000; // 20:00 UTC
        let utc = site_day(at, "UTC").unwrap();
        assert_eq!(site_day(at, "Asia/Shanghai"), utc.succ_opt());
        assert_eq!(is_expired(utc, at, "UTC"), Some(false));
        assert_eq!(is_expired(utc, at, "Asia/Shanghai"), Some(true));
        assert_eq!(site_day(at, "Asia/Atlantis"), None);
    }

    #[test]
    fn a_day_without_midnight_still_begins() {
        // Beirut 2021-03-28: the clocks went from 00:00 to 01:00.
        let day = NaiveDate::from_ymd_opt(2021, 3, 28).unwrap();
        let start = day_start(day, "Asia/Beirut").unwrap();
        assert_eq!(site_day(start, "Asia/Beirut"), Some(day));
        assert_eq!(site_day(start - 1, "Asia/Beirut"), day.pred_opt());
    }
}
