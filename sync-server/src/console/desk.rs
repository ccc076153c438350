//! What the console needs from the hub about devices, as plain values.

use documents::Role;
use domain::{ChainId, DeviceId, SiteId, UnixMillis};

use crate::console::view::{CAUSES, ReportView};
use crate::hub::{Hub, HubError};

/// What was refused longer ago needs nobody's eye on the page of devices.
const LATELY_MS: i64 = 7 * 86_400_000;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Which device.
    pub device: DeviceId,
    /// The site it works at.
    pub site: SiteId,
    /// When it was last heard of.
    pub at: Option<UnixMillis>,
    /// What it said then; `None`: it was never heard of.
    pub report: Option<ReportView>,
    /// Whether its requests are refused since then: it speaks no version of the protocol that is known here.
    pub too_old: bool,
    /// Why its chain was stopped: empty, `fork`, `forged` or `revoked`.
    pub stopped: String,
    /// How often something of it was refused, for causes of the last week.
    pub refused: u64,
    /// The site that it is asked to move to, and has not yet.
    pub next_site: Option<SiteId>,
    /// It is asked for a new key, and has not taken one yet.
    pub new_key: bool,
    /// It only counts, and holds no stock.
    pub counts_only: bool,
}

/// A chain whose segments lie in quarantine, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspicion {
    /// Which chain.
    pub chain: ChainId,
    /// One of [`crate::console::view::CAUSES`].
    pub cause: &'static str,
}

/// Why chains are in quarantine.
///
/// # Errors
/// [`HubError`].
pub fn suspicions(hub: &Hub) -> Result<Vec<Suspicion>, HubError> {
    Ok(hub
        .suspicions()?
        .into_iter()
        .map(|(chain, cause)| Suspicion {
            chain,
            cause: CAUSES
                .into_iter()
                .find(|known| *known == cause)
                .unwrap_or("in-question"),
        })
        .collect())
}

/// Makes a one-time code with which one device may join a site, under a name, as a handheld or a counter.
///
/// # Errors
/// [`HubError`].
pub fn invite(
    hub: &Hub,
    url: &str,
    fingerprint: Option<[u8; 32]>,
    site: SiteId,
    (name, role): (&str, Role),
    now: UnixMillis,
) -> Result<Invitation, HubError> {
    Ok(invitation(
        hub.invite_as(site, name, role, now)?,
        url,
        fingerprint,
        now,
    ))
}

/// What a one-time code looks like to those who scan it.
pub fn invitation(
    code: String,
    url: &str,
    fingerprint: Option<[u8; 32]>,
    now: UnixMillis,
) -> Invitation {
    let text = protocol::Invitation {
        url: url.to_owned(),
        code: code.clone(),
        fingerprint,
    };
    Invitation {
        qr: text.to_text(),
        code,
        expires_at: now + crate::hub::INVITATION_MS,
    }
}

/// What devices last told about themselves.
///
/// # Errors
/// [`HubError`].
pub fn contacts(hub: &Hub, now: UnixMillis) -> Result<Vec<Contact>, HubError> {
    let mut contacts = Vec::new();
    let mut refusals = hub.refusals(now)?;
    refusals.retain(|row| row.at > now - LATELY_MS);
    for row in hub.devices()? {
        let (next_site, new_key) = hub.asked_of(row.device)?;
        contacts.push(Contact {
            device: row.device,
            site: row.site,
            at: row.last_contact,
            report: row.last_contact.map(|_| ReportView {
                waiting: row.waiting_events + row.waiting_edits,
                releases: row.report.waiting_releases,
                data_as_of: row.report.data_as_of,
                clock_offset_ms: row.clock_offset_ms,
                program: row.program,
                battery: row.report.battery,
                storage_free: row.report.storage_free,
                locked: row.report.locked,
            }),
            too_old: refusals.iter().any(|refused| {
                refused.device == Some(row.device)
                    && refused.cause == "version-unknown"
                    && row.last_contact.is_none_or(|heard| refused.at > heard)
            }),
            stopped: row.stopped,
            refused: refusals
                .iter()
                .filter(|refused| refused.device == Some(row.device))
                .map(|refused| refused.times)
                .sum(),
            next_site,
            new_key,
            counts_only: row.counts_only,
        });
    }
    Ok(contacts)
}
