//! What the console needs from the hub about devices, as plain values.

use domain::{DeviceId, SiteId, UnixMillis};

use crate::hub::{Hub, HubError};

/// A code works for this long; the hub decides, the page says so.
const INVITATION_MS: i64 = 30 * 60 * 1_000;

/// What a new device scans or types to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// What the QR code holds.
    pub qr: String,
    /// The one-time code, for typing.
    pub code: String,
    /// When it stops working.
    pub expires_at: UnixMillis,
}

/// What a device last told about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    /// Which device.
    pub device: DeviceId,
    /// The site it works at.
    pub site: SiteId,
    /// When it was last heard of.
    pub at: Option<UnixMillis>,
    /// Events and edits that it still holds back.
    pub waiting: u64,
    /// Its clock less the server's.
    pub clock_offset_ms: i64,
}

/// Makes a one-time code with which one device may join a site.
///
/// # Errors
/// [`HubError`].
pub fn invite(
    hub: &Hub,
    url: &str,
    pin: Option<&str>,
    site: SiteId,
    name: &str,
    now: UnixMillis,
) -> Result<Invitation, HubError> {
    let code = hub.invite(site, name, now)?;
    Ok(Invitation {
        qr: qr_text(url, &code, pin),
        code,
        expires_at: now + INVITATION_MS,
    })
}

/// The text of an enrolment QR: where the server is, the one-time code, and the SHA-256 of the certificate to pin if
/// the server made it itself.
pub fn qr_text(url: &str, code: &str, pin: Option<&str>) -> String {
    let mut fields = vec![("url", url), ("code", code)];
    fields.extend(pin.map(|pin| ("pin", pin)));
    let query = serde_urlencoded::to_string(fields).unwrap_or_default();
    format!("tallyman://enrol?{query}")
}

/// What devices last told about themselves.
///
/// # Errors
/// [`HubError`].
pub fn contacts(hub: &Hub) -> Result<Vec<Contact>, HubError> {
    Ok(hub
        .devices()?
        .into_iter()
        .map(|row| Contact {
            device: row.device,
            site: row.site,
            at: row.last_contact,
            waiting: row.waiting_events + row.waiting_edits,
            clock_offset_ms: row.clock_offset_ms,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_says_where_and_how_once() {
        assert_eq!(
            qr_text("https://10.0.0.5:8443", "7K2QM-X9D4T", Some("ab12")),
            "tallyman://enrol?url=https%3A%2F%2F10.0.0.5%3A8443&code=7K2QM-X9D4T&pin=ab12"
        );
    }
}
