//! Taking devices in, by one-time code.

use documents::catalogue::Device;
use documents::certificate::{Certificate, Role};
use domain::{ChainId, DeviceId, SiteId, UnixMillis};
use protocol::enrolment::normalised_code;
use protocol::{EnrolReply, EnrolRequest, RefusalCode};
use replica::Commit;

use super::sync::token_hash;
use super::{Hub, HubError, Randomness};
use crate::store::hub_devices::{self, DeviceRow, InvitationRow, Report};
use crate::store::{Database, StoreError, hub_chains};

/// A code opens enrolment for this long.
pub const INVITATION_MS: i64 = 30 * 60 * 1_000;

/// Crockford's base 32: no letter looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why no code could be made.
pub type InvitationError = HubError;

fn code_hash(code: &str) -> [u8; 32] {
    blake3::derive_key(
        "tallyman 2026 enrolment code",
        normalised_code(code).as_bytes(),
    )
}

/// Makes a one-time code for a site that exists, and for a handheld or a counter of that name. It needs the log's database alone, so that the command line can do it
/// beside a running server.
///
/// # Errors
/// [`HubError`].
pub fn new_invitation(
    database: &Database,
    randomness: &Randomness,
    site: SiteId,
    (device_name, role): (&str, Role),
    now: UnixMillis,
) -> Result<String, HubError> {
    let bytes: [u8; 10] = randomness.draw()?;
    let mut code = String::with_capacity(11);
    for (i, byte) in bytes.iter().enumerate() {
        if i == 5 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte & 31)]));
    }
    let invitation = InvitationRow {
        site,
        device_name: device_name.trim().to_owned(),
        counts_only: role == Role::Counter,
        expires_at: now + INVITATION_MS,
        used_at: None,
    };
    database.write(|t| hub_devices::invite(t, &code_hash(&code), &invitation))?;
    Ok(code)
}

impl DeviceRow {
    /// What its certificates say it is for.
    pub(super) const fn role(&self) -> Role {
        match self.counts_only {
            true => Role::Counter,
            false => Role::Handheld,
        }
    }
}

/// Whether the device can become what the code makes of it.
fn may_become(request: &EnrolRequest, invitation: &InvitationRow) -> Result<(), RefusalCode> {
    match (request.becomes, invitation.counts_only) {
        // Its program would take what it is given for a broken log.
        (None, true) => Err(RefusalCode::VersionUnknown),
        (Some(becomes), true) if !becomes.counter => Err(RefusalCode::RoleRefused),
        (Some(becomes), false) if !becomes.other => Err(RefusalCode::RoleRefused),
        _ => Ok(()),
    }
}

impl Hub {
    /// Makes a one-time code of 50 random bits, such as `7K2QM-X9D4T`. Only its hash is kept.
    ///
    /// # Errors
    /// [`HubError::UnknownSite`], or a failure of the database.
    pub fn invite(
        &self,
        site: SiteId,
        device_name: &str,
        now: UnixMillis,
    ) -> Result<String, HubError> {
        self.invite_as(site, device_name, Role::Handheld, now)
    }

    /// [`Hub::invite`], for a handheld or for a counter, which will hold no stock.
    ///
    /// # Errors
    /// As there.
    pub fn invite_as(
        &self,
        site: SiteId,
        device_name: &str,
        role: Role,
        now: UnixMillis,
    ) -> Result<String, HubError> {
        if !self.knows_site(site)? {
            return Err(HubError::UnknownSite);
        }
        let named = (device_name, role);
        new_invitation(&self.database, &self.randomness, site, named, now)
    }

    /// Takes a device in. Outer error: the hub failed; inner: the device is refused.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn enrol(
        &self,
        request: &EnrolRequest,
        now: UnixMillis,
    ) -> Result<Result<EnrolReply, RefusalCode>, HubError> {
        if request.versions.0 > protocol::VERSIONS.1 || request.versions.1 < protocol::VERSIONS.0 {
            return Ok(Err(RefusalCode::VersionUnknown));
        }
        if !request.is_proven() {
            return Ok(Err(RefusalCode::KeyUnproven));
        }
        let hash = code_hash(&request.code);
        let token: String = self
            .randomness
            .draw::<32>()?
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let device = DeviceId::from_bytes(self.lock().new_id(now));
        let (shared_chain, site_chain) = (
            ChainId::from_bytes(self.randomness.draw()?),
            ChainId::from_bytes(self.randomness.draw()?),
        );
        let taken = self.database.write(|t| -> Result<_, StoreError> {
            let Some(invitation) = hub_devices::invitation(t, &hash)? else {
                return Ok(Err(RefusalCode::EnrolCodeWrong));
            };
            if invitation.used_at.is_some() || invitation.expires_at < now {
                return Ok(Err(RefusalCode::EnrolCodeUsed));
            }
            // Before the code is burnt: it serves another device.
            if let Err(refusal) = may_become(request, &invitation) {
                return Ok(Err(refusal));
            }
            hub_devices::use_invitation(t, &hash, now)?;
            let name = [request.device_name.as_str(), &invitation.device_name]
                .into_iter()
                .find(|n| !n.is_empty())
                .unwrap_or("PDA");
            let row = DeviceRow {
                device,
                name: name.chars().take(60).collect(),
                site: invitation.site,
                key: request.key,
                shared_chain,
                site_chain,
                counts_only: invitation.counts_only,
                revoked: false,
                enrolled_at: now,
                last_contact: None,
                waiting_events: 0,
                waiting_edits: 0,
                clock_offset_ms: 0,
                program: String::new(),
                stopped: String::new(),
                report: Report::default(),
            };
            hub_devices::insert(t, &row, &token_hash(&token))?;
            let certificate = Certificate {
                organisation: self.organisation.id,
                device,
                key: request.key,
                shared_chain,
                site: row.site,
                site_chain,
                role: row.role(),
                issued_at: now,
                copy_of: None,
            };
            hub_chains::put(t, &certificate)?;
            Ok(Ok((row, certificate)))
        })?;
        let (row, certificate) = match taken {
            Ok(taken) => taken,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let certificate = certificate.sign(&self.organisation.key);
        let record = Device {
            id: device,
            name: row.name.clone(),
            certificate: certificate.clone(),
            revoked: false,
        };
        self.commit(
            Commit {
                edits: vec![Self::device_record_edit(&record)],
                ..Commit::default()
            },
            now,
        )?;
        let mut certificates = vec![certificate];
        certificates.extend(
            self.database
                .read(hub_devices::certificates)?
                .into_iter()
                .map(|(_, c)| c),
        );
        tracing::info!(device = %device, name = row.name, "device enrolled");
        Ok(Ok(EnrolReply {
            organisation: self.organisation.id,
            device,
            device_name: row.name,
            site: row.site,
            server_key: self.organisation.key.public(),
            certificates: certificates.into_iter().map(Into::into).collect(),
            token,
            pepper: self.organisation.pepper,
        }))
    }
}
