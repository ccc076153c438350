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
    /// What the server signs with.
    pub key: SigningKey,
    /// Keys the PIN verifiers.
    pub pepper: [u8; 32],
    /// Which log this is; a restored database begins another.
    pub epoch: [u8; 16],
}

/// A node writes records of the organisation before there is any site.
pub(super) const NO_SITE: SiteId = SiteId::from_bytes([0; 16]);

/// The chains that one node writes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeChains {
    /// The node, as a device.
    pub(super) node: DeviceId,
    /// Its chain in the shared partition.
    pub(super) shared: ChainId,
}

fn bytes<const N: usize>(
    connection: &Connection,
    name: &'static str,
) -> Result<Option<[u8; N]>, StoreError> {
    hub_log::meta(connection, name)?
        .map(|b| b.try_into().map_err(|_| StoreError::Corrupt(name)))
        .transpose()
}

impl Organisation {
    /// The organisation of this store; it is made if there is none, and then the certificate of the first node comes
    /// with it: whoever is enrolled knows that one from the beginning.
    pub(super) fn load_or_create(
        database: &Database,
        randomness: &Randomness,
        now: UnixMillis,
    ) -> Result<(Self, Option<Vec<u8>>), HubError> {
        if let Some(found) = database.read(Self::load)? {
            return Ok((found, None));
        }
        let made = Self {
            id: OrganisationId::from_bytes(randomness.draw()?),
            key: SigningKey::from_seed(&randomness.draw()?),
            pepper: randomness.draw()?,
            epoch: randomness.draw()?,
        };
        let first = NodeChains {
            node: DeviceId::from_bytes(randomness.draw()?),
            shared: ChainId::from_bytes(randomness.draw()?),
        };
        let certificate = made.certificate(first, NO_SITE, randomness, now)?;
        database.write(|t| {
            // Another node may have been quicker.
            if let Some(found) = Self::load(t)? {
                return Ok((found, None));
            }
            for (name, value) in [
                ("organisation", &made.id.as_bytes()[..]),
                ("signing-seed", &made.key.seed()),
                ("pepper", &made.pepper),
                ("epoch", &made.epoch),
            ] {
                hub_log::set_meta(t, name, value)?;
            }
            hub_devices::put_certificate(t, NO_SITE, &certificate)?;
            Ok((made, Some(certificate)))
        })
    }

    /// The log is a restored one: it gets another epoch, so that devices read it from the beginning and send what it
    /// lacks, and so that every node begins other chains, since devices may hold later segments of the old ones.
    pub(crate) fn begin_anew(database: &Database, randomness: &Randomness) -> Result<(), HubError> {
        let epoch: [u8; 16] = randomness.draw()?;
        database.write(|t| {
            if Self::load(t)?.is_none() {
                return Err(StoreError::Corrupt("organisation").into());
            }
            Ok(hub_log::set_meta(t, "epoch", &epoch)?)
        })
    }

    /// Certifies a new chain of a node for a site.
    pub(super) fn certificate(
        &self,
        chains: NodeChains,
        site: SiteId,
        randomness: &Randomness,
        now: UnixMillis,
    ) -> Result<Vec<u8>, HubError> {
        let certificate = Certificate {
            organisation: self.id,
            device: chains.node,
            key: self.key.public(),
            shared_chain: chains.shared,
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
            key: SigningKey::from_seed(&bytes(connection, "signing-seed")?.ok_or_else(missing)?),
            pepper: bytes(connection, "pepper")?.ok_or_else(missing)?,
            epoch: bytes(connection, "epoch")?.ok_or_else(missing)?,
        }))
    }

    /// The nodes' own chains stand among the certified ones: after a restore, devices bring back what they wrote.
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

    /// A node's replica is enrolled like any device.
    pub(super) fn node_identity(&self, node: DeviceId) -> Identity {
        Identity {
            organisation: self.id,
            device: node,
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
