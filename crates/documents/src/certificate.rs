//! Who a device is: signed by the server at enrolment, carried in the device's record.

use domain::{ChainId, DeviceId, OrganisationId, SiteId, UnixMillis};

use crate::keys::{PublicKey, Purpose, Signature, SigningKey};
use crate::partition::Partition;
use crate::segment::to_cbor;

/// What a device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A handheld in the hands of staff.
    Handheld,
    /// The server itself: it alone writes operators, devices and sites.
    Server,
    /// A handheld that only counts and holds no stock: nobody gives it what others wrote in a site's journals.
    Counter,
}

impl Role {
    /// Whether it is in the hands of staff.
    pub const fn is_handheld(self) -> bool {
        matches!(self, Self::Handheld | Self::Counter)
    }
}

/// What the server vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose device it is.
    pub organisation: OrganisationId,
    /// Which device.
    pub device: DeviceId,
    /// What it signs with.
    pub key: PublicKey,
    /// The chain that it writes records of the organisation on.
    pub shared_chain: ChainId,
    /// The site it works at, and the chain that it writes that site's journals and records on.
    pub site: SiteId,
    /// See `site`.
    pub site_chain: ChainId,
    /// What it is for.
    pub role: Role,
    /// When the server signed it.
    pub issued_at: UnixMillis,
    /// The device is a copy of that one (a clone, or put back to an earlier state), and nobody had released what it wrote
    /// when this was signed: what it writes lies in quarantine.
    pub copy_of: Option<DeviceId>,
}

/// As it is signed. A counter is a handheld to programs that know no counters: they take what it wrote as anybody's.
#[derive(minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
struct Message {
    #[n(0)]
    organisation: OrganisationId,
    #[n(1)]
    device: DeviceId,
    #[n(2)]
    key: PublicKey,
    #[n(3)]
    shared_chain: ChainId,
    #[n(4)]
    site: SiteId,
    #[n(5)]
    site_chain: ChainId,
    /// 0 a handheld, 1 the server.
    #[n(6)]
    role: u32,
    #[n(7)]
    issued_at: UnixMillis,
    #[n(8)]
    copy_of: Option<DeviceId>,
    /// What a handheld is confined to: 1 to counting.
    #[n(9)]
    confined: Option<u32>,
}

/// A handheld's message says this of one that only counts.
const COUNTING: u32 = 1;

impl Certificate {
    /// Signs it: its CBOR with the signature behind.
    pub fn sign(&self, server: &SigningKey) -> Vec<u8> {
        let message = to_cbor(&Message {
            organisation: self.organisation,
            device: self.device,
            key: self.key,
            shared_chain: self.shared_chain,
            site: self.site,
            site_chain: self.site_chain,
            role: u32::from(self.role == Role::Server),
            issued_at: self.issued_at,
            copy_of: self.copy_of,
            confined: (self.role == Role::Counter).then_some(COUNTING),
        });
        let signature = server.sign(Purpose::Certificate, &message);
        to_cbor(&SignedBytes { message, signature })
    }

    /// Reads and verifies what [`Certificate::sign`] made; `None` if this server did not sign it.
    pub fn verify(bytes: &[u8], server: &PublicKey) -> Option<Self> {
        let signed: SignedBytes = minicbor::decode(bytes).ok()?;
        if !server.verify(Purpose::Certificate, &signed.message, &signed.signature) {
            return None;
        }
        let said: Message = minicbor::decode(&signed.message).ok()?;
        Some(Self {
            organisation: said.organisation,
            device: said.device,
            key: said.key,
            shared_chain: said.shared_chain,
            site: said.site,
            site_chain: said.site_chain,
            role: match (said.role, said.confined) {
                (0, Some(COUNTING)) => Role::Counter,
                (0, _) => Role::Handheld,
                (1, _) => Role::Server,
                _ => return None,
            },
            issued_at: said.issued_at,
            copy_of: said.copy_of,
        })
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
    fn every_role_comes_back_and_a_counter_is_a_handheld_to_older_programs() {
        let server = SigningKey::from_seed(&[1; 32]);
        for role in [Role::Handheld, Role::Server, Role::Counter] {
            let signed = Certificate {
                organisation: OrganisationId::from_bytes([1; 16]),
                device: DeviceId::from_bytes([2; 16]),
                key: server.public(),
                shared_chain: ChainId::from_bytes([3; 16]),
                site: SiteId::from_bytes([4; 16]),
                site_chain: ChainId::from_bytes([5; 16]),
                role,
                issued_at: 1,
                copy_of: None,
            }
            .sign(&server);
            let read = Certificate::verify(&signed, &server.public()).unwrap();
            assert_eq!(read.role, role);
            let said: SignedBytes = minicbor::decode(&signed).unwrap();
            let said: Message = minicbor::decode(&said.message).unwrap();
            assert_eq!(said.role, u32::from(role == Role::Server));
        }
    }

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
