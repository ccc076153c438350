//! Who a device is: signed by the server at enrolment, carried in the device's record.

use domain::{ChainId, DeviceId, OrganisationId, SiteId, UnixMillis};

use crate::keys::{PublicKey, Purpose, Signature, SigningKey};
use crate::partition::Partition;
use crate::segment::to_cbor;

/// What a device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum Role {
    /// A handheld in the hands of staff.
    #[n(0)]
    Handheld,
    /// The server itself: it alone writes operators, devices and sites.
    #[n(1)]
    Server,
}

/// What the server vouches for.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Certificate {
    /// Whose device it is.
    #[n(0)]
    pub organisation: OrganisationId,
    /// Which device.
    #[n(1)]
    pub device: DeviceId,
    /// What it signs with.
    #[n(2)]
    pub key: PublicKey,
    /// The chain that it writes records of the organisation on.
    #[n(3)]
    pub shared_chain: ChainId,
    /// The site it works at, and the chain that it writes that site's journals and records on.
    #[n(4)]
    pub site: SiteId,
    /// See `site`.
    #[n(5)]
    pub site_chain: ChainId,
    /// What it is for.
    #[n(6)]
    pub role: Role,
    /// When the server signed it.
    #[n(7)]
    pub issued_at: UnixMillis,
    /// The device is a copy of that one (a clone, or put back to an earlier state), and nobody had released what it wrote
    /// when this was signed: what it writes lies in quarantine.
    #[n(8)]
    pub copy_of: Option<DeviceId>,
}

impl Certificate {
    /// Signs it: its CBOR with the signature behind.
    pub fn sign(&self, server: &SigningKey) -> Vec<u8> {
        let message = to_cbor(self);
        let signature = server.sign(Purpose::Certificate, &message);
        to_cbor(&SignedBytes { message, signature })
    }

    /// Reads and verifies what [`Certificate::sign`] made; `None` if this server did not sign it.
    pub fn verify(bytes: &[u8], server: &PublicKey) -> Option<Self> {
        let signed: SignedBytes = minicbor::decode(bytes).ok()?;
        if !server.verify(Purpose::Certificate, &signed.message, &signed.signature) {
            return None;
        }
        minicbor::decode(&signed.message).ok()
    }

    /// The chain on which the device writes to a partition, if it may.
    pub fn chain_for(&self, partition: Partition) -> Option<ChainId> {
        match partition {
            Partition::Shared => Some(self.shared_chain),
            Partition::Site(site) => (site == self.site).then_some(self.site_chain),
        }
    }
}

#[derive(minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
struct SignedBytes {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    message: Vec<u8>,
    #[n(1)]
    signature: Signature,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_can_vouch() {
        let (server, device) = (
            SigningKey::from_seed(&[1; 32]),
            SigningKey::from_seed(&[2; 32]),
        );
        let certificate = Certificate {
            organisation: OrganisationId::from_bytes([1; 16]),
            device: DeviceId::from_bytes([2; 16]),
            key: device.public(),
            shared_chain: ChainId::from_bytes([3; 16]),
            site: SiteId::from_bytes([4; 16]),
            site_chain: ChainId::from_bytes([5; 16]),
            role: Role::Handheld,
            issued_at: 1,
            copy_of: None,
        };
        let signed = certificate.sign(&server);
        assert_eq!(
            Certificate::verify(&signed, &server.public()),
            Some(certificate.clone())
        );
        assert_eq!(
            Certificate::verify(&certificate.sign(&device), &server.public()),
            None
        );
        let mut bad = signed;
        bad[40] ^= 1;
        assert_eq!(Certificate::verify(&bad, &server.public()), None);
        assert_eq!(
            certificate.chain_for(Partition::Shared),
            Some(certificate.shared_chain)
        );
        assert_eq!(
            certificate.chain_for(Partition::Site(SiteId::from_bytes([9; 16]))),
            None
        );
    }
}
