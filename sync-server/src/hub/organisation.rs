//! The organisation's keys, made on the first run and kept in the hub's database.

use documents::SigningKey;
use documents::certificate::{Certificate, Role};
use domain::{ChainId, DeviceId, OrganisationId, SiteId, UnixMillis};
use replica::Identity;
use rusqlite::Connection;

use super::{HubError, Randomness};
use crate::store::{Database, StoreError, hub_chains, hub_devices, hub_log};

/// Who the hub serves, and what it signs with.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// Whose data it is.
    pub id: OrganisationId,
    /// The server as a device.
    pub server_device: DeviceId,
    /// The server's chain in the shared partition.
    pub shared_chain: ChainId,
    /// What the server signs with.
    pub key: SigningKey,
    /// Keys the PIN verifiers.
    pub pepper: [u8; 32],
    /// Which log this is; a restored database begins another.
    pub epoch: [u8; 16],
}

/// The server writes records of the organisation before there is any site.
const NO_SITE: SiteId = SiteId::from_bytes([0; 16]);

fn bytes<const N: usize>(
    connection: &Connection,
    name: &'static str,
) -> Result<Option<[u8; N]>, StoreError> {
    hub_log::meta(connection, name)?
        .map(|b| b.try_into().map_err(|_| StoreError::Corrupt(name)))
        .transpose()
}

impl Organisation {
    pub(crate) fn load_or_create(
        database: &Database,
        randomness: &Randomness,
        now: UnixMillis,
    ) -> Result<Self, HubError> {
        if let Some(found) = database.read(Self::load)? {
            return Ok(found);
        }
        let made = Self {
            id: OrganisationId::from_bytes(randomness.draw()?),
            server_device: DeviceId::from_bytes(randomness.draw()?),
            shared_chain: ChainId::from_bytes(randomness.draw()?),
            key: SigningKey::from_seed(&randomness.draw()?),
            pepper: randomness.draw()?,
            epoch: randomness.draw()?,
        };
        let certificate = made.certificate(NO_SITE, randomness, now)?;
        database.write(|t| -> Result<(), StoreError> {
            for (name, value) in [
                ("organisation", &made.id.as_bytes()[..]),
                ("server-device", made.server_device.as_bytes()),
                ("shared-chain", made.shared_chain.as_bytes()),
                ("signing-seed", &made.key.seed()),
                ("pepper", &made.pepper),
                ("epoch", &made.epoch),
            ] {
                hub_log::set_meta(t, name, value)?;
            }
            hub_devices::put_certificate(t, NO_SITE, &certificate)
        })?;
        Ok(made)
    }

    /// The log is a restored one: it gets another epoch, so that devices read it from the beginning and send what it
    /// lacks, and the server writes on other chains, since devices may hold later segments of the old ones.
    pub(crate) fn begin_anew(
        database: &Database,
        randomness: &Randomness,
        now: UnixMillis,
    ) -> Result<(), HubError> {
        let found = database.read(Self::load)?;
        let Some(found) = found else {
            return Err(StoreError::Corrupt("organisation").into());
        };
        let anew = Self {
            shared_chain: ChainId::from_bytes(randomness.draw()?),
            epoch: randomness.draw()?,
            ..found
        };
        let mut sites: Vec<SiteId> = Vec::new();
        for (site, _) in database.read(hub_devices::certificates)? {
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
        let certificates = sites
            .into_iter()
            .map(|site| Ok((site, anew.certificate(site, randomness, now)?)))
            .collect::<Result<Vec<_>, HubError>>()?;
        database.write(|t| -> Result<(), HubError> {
            hub_log::set_meta(t, "shared-chain", anew.shared_chain.as_bytes())?;
            hub_log::set_meta(t, "epoch", &anew.epoch)?;
            for (site, certificate) in &certificates {
                hub_devices::put_certificate(t, *site, certificate)?;
            }
            Ok(())
        })
    }

    /// Certifies a new chain of the server for a site.
    pub(crate) fn certificate(
        &self,
        site: SiteId,
        randomness: &Randomness,
        now: UnixMillis,
    ) -> Result<Vec<u8>, HubError> {
        let certificate = Certificate {
            organisation: self.id,
            device: self.server_device,
            key: self.key.public(),
            shared_chain: self.shared_chain,
            site,
            site_chain: ChainId::from_bytes(randomness.draw()?),
            role: Role::Server,
            issued_at: now,
            copy_of: None,
        };
        Ok(certificate.sign(&self.key))
    }

    pub(crate) fn load(connection: &Connection) -> Result<Option<Self>, StoreError> {
        let Some(id) = bytes(connection, "organisation")? else {
            return Ok(None);
        };
        let missing = || StoreError::Corrupt("organisation");
        Ok(Some(Self {
            id: OrganisationId::from_bytes(id),
            server_device: DeviceId::from_bytes(
                bytes(connection, "server-device")?.ok_or_else(missing)?,
            ),
            shared_chain: ChainId::from_bytes(
                bytes(connection, "shared-chain")?.ok_or_else(missing)?,
            ),
            key: SigningKey::from_seed(&bytes(connection, "signing-seed")?.ok_or_else(missing)?),
            pepper: bytes(connection, "pepper")?.ok_or_else(missing)?,
            epoch: bytes(connection, "epoch")?.ok_or_else(missing)?,
        }))
    }

    /// The server's own chains stand among the certified ones: after a restore, devices bring back what it wrote.
    pub(crate) fn put_chains(
        &self,
        connection: &Connection,
        certificates: &[impl AsRef<[u8]>],
    ) -> Result<(), StoreError> {
        certificates
            .iter()
            .filter_map(|signed| Certificate::verify(signed.as_ref(), &self.key.public()))
            .try_for_each(|certificate| hub_chains::put(connection, &certificate))
    }

    /// The server's replica is enrolled like any device.
    pub(crate) fn server_identity(&self) -> Identity {
        Identity {
            organisation: self.id,
            device: self.server_device,
            device_name: "server".into(),
            site: NO_SITE,
            key: self.key.clone(),
            server_key: self.key.public(),
            server_url: String::new(),
            pinned_certificate: None,
            token: String::new(),
            pepper: self.pepper,
        }
    }
}
