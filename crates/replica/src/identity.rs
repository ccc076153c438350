//! Who this replica is, as enrolment made it.

use documents::{PublicKey, SigningKey};
use domain::{DeviceId, OrganisationId, SiteId};
use minicbor::{Decode, Encode};

/// What enrolment gave a device. It lies in the encrypted database and nowhere else.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Whose data this is.
    pub organisation: OrganisationId,
    /// Which device this is.
    pub device: DeviceId,
    /// What people call it.
    pub device_name: String,
    /// The site it works at.
    pub site: SiteId,
    /// What it signs with.
    pub key: SigningKey,
    /// What the server signs with.
    pub server_key: PublicKey,
    /// Where the server is; empty on the server itself.
    pub server_url: String,
    /// SHA-256 of the server's TLS certificate, if it is pinned.
    pub pinned_certificate: Option<[u8; 32]>,
    /// Opens the sync endpoint.
    pub token: String,
    /// Keys the PIN verifiers of the organisation, so that they cannot be tried without it.
    pub pepper: [u8; 32],
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Stored {
    #[n(0)]
    organisation: OrganisationId,
    #[n(1)]
    device: DeviceId,
    #[n(2)]
    device_name: String,
    #[n(3)]
    site: SiteId,
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    seed: [u8; 32],
    #[n(5)]
    server_key: PublicKey,
    #[n(6)]
    server_url: String,
    #[n(7)]
    pinned_certificate: Option<[u8; 32]>,
    #[n(8)]
    token: String,
    #[n(9)]
    #[cbor(with = "minicbor::bytes")]
    pepper: [u8; 32],
}

impl Identity {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // Writing to a vector cannot fail.
        minicbor::to_vec(Stored {
            organisation: self.organisation,
            device: self.device,
            device_name: self.device_name.clone(),
            site: self.site,
            seed: self.key.seed(),
            server_key: self.server_key,
            server_url: self.server_url.clone(),
            pinned_certificate: self.pinned_certificate,
            token: self.token.clone(),
            pepper: self.pepper,
        })
        .unwrap_or_default()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = minicbor::decode(bytes).ok()?;
        Some(Self {
            organisation: stored.organisation,
            device: stored.device,
            device_name: stored.device_name,
            site: stored.site,
            key: SigningKey::from_seed(&stored.seed),
            server_key: stored.server_key,
            server_url: stored.server_url,
            pinned_certificate: stored.pinned_certificate,
            token: stored.token,
            pepper: stored.pepper,
        })
    }
}
