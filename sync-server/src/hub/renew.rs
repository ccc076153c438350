//! Devices that go on under another chain, key or site.

use documents::catalogue::Device;
use documents::certificate::Certificate;
use documents::{FieldEdit, Partition, RecordKind, SigningKey, Value};
use domain::{ChainId, DeviceId, SiteId, UnixMillis};
use protocol::{EnrolReply, RefusalCode, RenewReason, RenewRequest};
use replica::{Commit, RecordEdit};
use rusqlite::Connection;

use super::sync::token_hash;
use super::{Hub, HubError};
use crate::store::hub_devices::{self, DeviceRow};
use crate::store::hub_renewals::{self, RenewalRow};
use crate::store::{StoreError, hub_chains};

/// What a renewal asks for, drawn before the transaction.
struct Drawn {
    device: DeviceId,
    shared_chain: ChainId,
    site_chain: ChainId,
    token: String,
}

impl Hub {
    /// Gives a device new chains. The same request gets the same answer, however often it comes; another request for a
    /// chain that was given up is refused. Outer error: the hub failed; inner: the device is refused.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn renew(
        &self,
        token: &str,
        request: &RenewRequest,
        now: UnixMillis,
    ) -> Result<Result<EnrolReply, RefusalCode>, HubError> {
        if request.versions.0 > protocol::VERSIONS.1 || request.versions.1 < protocol::VERSIONS.0 {
            return Ok(Err(RefusalCode::VersionUnknown));
        }
        let drawn = Drawn {
            device: DeviceId::from_bytes(self.lock().new_id(now)),
            shared_chain: ChainId::from_bytes(self.randomness.draw()?),
            site_chain: ChainId::from_bytes(self.randomness.draw()?),
            token: renewed_token(&self.organisation.key, token, request),
        };
        let granted = self
            .database
            .write(|t| self.grant(t, &token_hash(token), request, &drawn, now))?;
        let renewal = match granted {
            Ok(renewal) => renewal,
            Err(code) => return Ok(Err(code)),
        };
        self.publish_renewal(&renewal, now)?;
        let mut certificates = vec![renewal.certificate.clone()];
        let servers = self.database.read(hub_devices::certificates)?;
        certificates.extend(servers.into_iter().map(|(_, certificate)| certificate));
        tracing::info!(device = %renewal.device, reason = ?request.reason, replaced = %request.replaces, "device renewed");
        Ok(Ok(EnrolReply {
            organisation: self.organisation.id,
            device: renewal.device,
            device_name: renewal.name,
            site: renewal.site,
            server_key: self.organisation.key.public(),
            certificates: certificates.into_iter().map(Into::into).collect(),
            token: drawn.token,
            pepper: self.organisation.pepper,
        }))
    }

    fn grant(
        &self,
        connection: &Connection,
        token_hash: &[u8; 32],
        request: &RenewRequest,
        drawn: &Drawn,
        now: UnixMillis,
    ) -> Result<Result<RenewalRow, RefusalCode>, StoreError> {
        let Some(chain) = hub_chains::get(connection, request.replaces)? else {
            return Ok(Err(RefusalCode::DeviceUnknown));
        };
        if !request.is_proven(&chain.key) {
            return Ok(Err(RefusalCode::KeyUnproven));
        }
        // The answer was lost, and the device asks again with what it had.
        if let Some(known) = hub_renewals::get(connection, request.replaces, &request.key)?
            && known.reason == request.reason
            && known.token_hash == *token_hash
        {
            return Ok(Ok(known));
        }
        let Some(device) = hub_devices::by_token(connection, token_hash)? else {
            return Ok(Err(RefusalCode::DeviceUnknown));
        };
        if device.device != chain.device || device.revoked {
            return Ok(Err(RefusalCode::DeviceUnknown));
        }
        let Partition::Site(site) = chain.partition else {
            return Ok(Err(RefusalCode::RenewalRefused));
        };
        let (next_site, _) = hub_renewals::wanted(connection, device.device)?;
        let same_key = request.key == chain.key;
        let current = device.site_chain == request.replaces
            && !hub_renewals::is_given_up(connection, request.replaces)?;
        let next = match (request.reason, next_site) {
            (RenewReason::Fork, _) if !same_key => DeviceRow {
                device: drawn.device,
                name: format!(
                    "{} ({})",
                    device.name,
                    hub_renewals::copies(connection, request.replaces)? + 2
                ),
                site,
                key: request.key,
                shared_chain: drawn.shared_chain,
                site_chain: drawn.site_chain,
                enrolled_at: now,
                ..device.clone()
            },
            (RenewReason::KeyRotation, _) if current && !same_key => DeviceRow {
                key: request.key,
                shared_chain: drawn.shared_chain,
                site_chain: drawn.site_chain,
                ..device.clone()
            },
            (RenewReason::SiteMoved, Some(next)) if current && same_key => DeviceRow {
                site: next,
                site_chain: drawn.site_chain,
                ..device.clone()
            },
            _ => return Ok(Err(RefusalCode::RenewalRefused)),
        };
        let certificate = Certificate {
            organisation: self.organisation.id,
            device: next.device,
            key: next.key,
            shared_chain: next.shared_chain,
            site: next.site,
            site_chain: next.site_chain,
            role: next.role(),
            issued_at: now,
            copy_of: match request.reason {
                RenewReason::Fork => Some(device.device),
                // A key or a site of its own changes nothing about where what it wrote comes from.
                _ if chain.quarantined => self.is_copy_of(connection, &device)?,
                _ => None,
            },
        };
        let new_token = super::sync::token_hash(&drawn.token);
        match request.reason {
            RenewReason::Fork => {
                hub_chains::put(connection, &certificate)?;
                hub_devices::insert(connection, &next, &new_token)?;
            }
            RenewReason::KeyRotation => {
                hub_chains::put(connection, &certificate)?;
                hub_chains::suspect(connection, device.shared_chain, "rotated")?;
                hub_chains::suspect(connection, device.site_chain, "rotated")?;
                hub_renewals::replace(connection, &next, &new_token)?;
            }
            RenewReason::SiteMoved => {
                hub_chains::put(connection, &certificate)?;
                hub_chains::suspect(connection, device.site_chain, "moved")?;
                hub_renewals::replace(connection, &next, &new_token)?;
            }
            RenewReason::Later => return Ok(Err(RefusalCode::RenewalRefused)),
        }
        let renewal = RenewalRow {
            reason: request.reason,
            token_hash: *token_hash,
            device: next.device,
            name: next.name,
            site: next.site,
            certificate: certificate.sign(&self.organisation.key),
        };
        hub_renewals::put(connection, request.replaces, &request.key, &renewal)?;
        Ok(Ok(renewal))
    }

    /// Of which device this one was told apart as a copy.
    fn is_copy_of(
        &self,
        connection: &Connection,
        device: &DeviceRow,
    ) -> Result<Option<DeviceId>, StoreError> {
        let key = self.organisation.key.public();
        let signed = hub_renewals::certificates_of(connection, device.device)?;
        let mut certificates = signed.iter().filter_map(|s| Certificate::verify(s, &key));
        Ok(certificates.find_map(|certificate| certificate.copy_of))
    }

    /// Everybody learns the new chains from the device's record; saying it twice changes nothing.
    fn publish_renewal(&self, renewal: &RenewalRow, now: UnixMillis) -> Result<(), HubError> {
        let edit = if renewal.reason == RenewReason::Fork {
            let mut edit = Self::device_record_edit(&Device {
                id: renewal.device,
                name: renewal.name.clone(),
                certificate: renewal.certificate.clone(),
                revoked: false,
            });
            edit.fields.push(FieldEdit::set(Device::COPY, true));
            edit
        } else {
            RecordEdit {
                partition: Partition::Shared,
                kind: RecordKind::Device,
                id: renewal.device.into(),
                fields: vec![FieldEdit {
                    path: "certificate".into(),
                    value: Some(Value::Bytes(renewal.certificate.clone())),
                }],
            }
        };
        let edits = vec![edit];
        self.commit(
            Commit {
                edits,
                ..Commit::default()
            },
            now,
        )?;
        Ok(())
    }

    /// The device shall work at another site: it is told at its next exchange.
    ///
    /// # Errors
    /// [`HubError::UnknownSite`], or a failure of the database.
    pub fn move_device(&self, device: DeviceId, site: SiteId) -> Result<bool, HubError> {
        if !self.knows_site(site)? {
            return Err(HubError::UnknownSite);
        }
        Ok(self
            .database
            .write(|t| hub_renewals::want_site(t, device, site))?)
    }

    /// The device shall take a new key: it is told at its next exchange.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn rotate_key(&self, device: DeviceId) -> Result<bool, HubError> {
        Ok(self.database.write(|t| hub_renewals::want_key(t, device))?)
    }

    /// What a device is asked for and has not done yet: the site to move to, and whether it shall take a new key.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn asked_of(&self, device: DeviceId) -> Result<(Option<SiteId>, bool), HubError> {
        Ok(self.database.read(|c| hub_renewals::wanted(c, device))?)
    }

    /// What a device is asked to renew for, if it is.
    pub(super) fn renewal_wanted(&self, device: DeviceId) -> Result<Option<RenewReason>, HubError> {
        let (site, rotate) = self.asked_of(device)?;
        Ok(match (site, rotate) {
            (Some(_), _) => Some(RenewReason::SiteMoved),
            (None, true) => Some(RenewReason::KeyRotation),
            (None, false) => None,
        })
    }
}

/// Follows from the request, so that the same request gets the same answer and no token has to be kept.
fn renewed_token(server: &SigningKey, token: &str, request: &RenewRequest) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("tallyman 2026 renewed device token");
    hasher
        .update(&server.seed())
        .update(&token_hash(token))
        .update(&request.signed_bytes());
    hasher.finalize().to_hex().to_string()
}
