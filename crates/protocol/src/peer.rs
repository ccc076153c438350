//! Two handhelds on one network, without a server.
//!
//! TLS 1.3 with raw public keys (RFC 7250) in both directions: each side proves in the handshake that it holds its
//! device key, so no X.509 certificate, name or date is looked at and a clock that is years wrong changes nothing. Then
//! frames: a length (u32, big endian, kind and body), a kind, a body. The side that connected says [`PeerHello`], the
//! other answers with its own or with a [`PeerRefusal`]; then the first sends [`crate::PeerMessage`]s and gets one back
//! for each, until neither lacks anything. To a handheld that is to be set up the other says [`SetUp`] after its hello.

use documents::{Certificate, PublicKey};
use domain::{OrganisationId, SiteId};

use crate::wire::message;

/// No frame is larger than this.
pub const PEER_FRAME_BYTES_MAX: usize = 4 << 20;
/// No first frame is larger than this.
pub const PEER_HELLO_BYTES_MAX: usize = 4 << 10;
/// The service's type in mDNS.
pub const MDNS_SERVICE: &str = "_tallyman._tcp.local.";

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerFrame {
    /// [`PeerHello`].
    Hello,
    /// One byte: [`PeerRefusal`]. The connection ends.
    Refused,
    /// [`crate::PeerMessage`].
    Exchange,
    /// [`SetUp`], before the first exchange with a handheld that is to be set up.
    SetUp,
    /// [`crate::peer_keys::PeerKeys`], after the exchange of two certified handhelds that are no counters.
    Keys,
}

impl PeerFrame {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Hello,
        Self::Refused,
        Self::Exchange,
        Self::SetUp,
        Self::Keys,
    ];

    /// As sent.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// As received.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// A whole frame; `None` if the body passes four gigabytes.
    pub fn frame(self, body: &[u8]) -> Option<Vec<u8>> {
        let length = u32::try_from(body.len()).ok()?.checked_add(1)?;
        let mut frame = Vec::with_capacity(body.len() + 5);
        frame.extend_from_slice(&length.to_be_bytes());
        frame.push(self.number());
        frame.extend_from_slice(body);
        Some(frame)
    }

    /// How many bytes follow the kind, of the first four bytes of a frame; `None` if it has no kind, or kind and body
    /// pass `bytes_max`.
    pub fn body_bytes(length: [u8; 4], bytes_max: usize) -> Option<usize> {
        let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
        (length <= bytes_max).then(|| length.checked_sub(1))?
    }
}

/// Who speaks. It is true only of the one whose key the handshake proved.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct PeerHello {
    /// The oldest and newest version that it speaks.
    #[n(0)]
    pub versions: (u32, u32),
    /// Its certificate, signed by the server; empty on a handheld that is to be set up.
    #[n(1)]
    pub certificate: minicbor::bytes::ByteVec,
    /// The secret of a set-up QR, on a handheld that is to be set up.
    #[n(2)]
    pub secret: Option<minicbor::bytes::ByteArray<16>>,
    /// What people call it.
    #[n(3)]
    pub name: String,
}
message!(PeerHello);

/// What a handheld that has no identity yet must know to hold the organisation's data. It opens nothing: to write, the
/// handheld is still to be enrolled by the server, with a one-time code.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct SetUp {
    /// Whose data it is.
    #[n(0)]
    pub organisation: OrganisationId,
    /// The site that the neighbour works at.
    #[n(1)]
    pub site: SiteId,
    /// What the server signs with.
    #[n(2)]
    pub server_key: PublicKey,
    /// Where the server is.
    #[n(3)]
    pub server_url: String,
    /// SHA-256 of the server's TLS certificate, if it is pinned.
    #[n(4)]
    pub fingerprint: Option<minicbor::bytes::ByteArray<32>>,
}
message!(SetUp);

/// Why a neighbour does not sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeerRefusal {
    /// The bytes are no message.
    Malformed,
    /// They share no version of the protocol.
    VersionUnknown,
    /// The server did not sign who it says it is, or another one than it says.
    Stranger,
    /// It is a device of another organisation.
    OtherOrganisation,
    /// The server has revoked it.
    Revoked,
    /// The set-up QR was used already, has expired, or is another handheld's.
    SecretWrong,
    /// It cannot answer now.
    Busy,
}

impl PeerRefusal {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::VersionUnknown,
        Self::Stranger,
        Self::OtherOrganisation,
        Self::Revoked,
        Self::SecretWrong,
        Self::Busy,
    ];

    /// As sent.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// As received.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Stable name; also the key of the translated sentence.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "peer-malformed",
            Self::VersionUnknown => "peer-version-unknown",
            Self::Stranger => "peer-stranger",
            Self::OtherOrganisation => "peer-other-organisation",
            Self::Revoked => "peer-revoked",
            Self::SecretWrong => "peer-secret-wrong",
            Self::Busy => "peer-busy",
        }
    }
}

/// What a device must know to judge a neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judge {
    /// Whose device it is.
    pub organisation: OrganisationId,
    /// What the server signs with.
    pub server_key: PublicKey,
    /// Keys of devices that are known to be revoked.
    pub revoked: Vec<PublicKey>,
}

impl Judge {
    /// Who the neighbour is: `proven` is the key that its handshake proved.
    ///
    /// # Errors
    /// [`PeerRefusal`]: nothing is given to it.
    pub fn admit(&self, hello: &PeerHello, proven: &PublicKey) -> Result<Certificate, PeerRefusal> {
        let (oldest, newest) = crate::VERSIONS;
        if hello.versions.0 > newest || hello.versions.1 < oldest {
            return Err(PeerRefusal::VersionUnknown);
        }
        let certificate = Certificate::verify(&hello.certificate, &self.server_key)
            .filter(|c| c.key == *proven && c.role.is_handheld())
            .ok_or(PeerRefusal::Stranger)?;
        if certificate.organisation != self.organisation {
            return Err(PeerRefusal::OtherOrganisation);
        }
        if self.revoked.contains(proven) {
            return Err(PeerRefusal::Revoked);
        }
        Ok(certificate)
    }

    /// What a handheld tells all of its network: its organisation, for those who know it already. 16 hex digits.
    pub fn tag(organisation: OrganisationId) -> String {
        let hash = blake3::derive_key("tallyman mdns organisation 1", organisation.as_bytes());
        hash.iter().take(8).map(|b| format!("{b:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use documents::SigningKey;
    use documents::certificate::Role;
    use domain::{ChainId, DeviceId};

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn judge() -> Judge {
        Judge {
            organisation: OrganisationId::from_bytes([1; 16]),
            server_key: key(1).public(),
            revoked: vec![key(9).public()],
        }
    }

    fn hello(organisation: u8, device: &SigningKey, server: &SigningKey, role: Role) -> PeerHello {
        let certificate = Certificate {
            organisation: OrganisationId::from_bytes([organisation; 16]),
            device: DeviceId::from_bytes([2; 16]),
            key: device.public(),
            shared_chain: ChainId::from_bytes([3; 16]),
            site: SiteId::from_bytes([4; 16]),
            site_chain: ChainId::from_bytes([5; 16]),
            role,
            issued_at: 1,
            copy_of: None,
        };
        PeerHello {
            versions: crate::VERSIONS,
            certificate: certificate.sign(server).into(),
            secret: None,
            name: "PDA 2".into(),
        }
    }

    #[test]
    fn only_a_certified_handheld_of_the_organisation_is_admitted() {
        let (server, device) = (key(1), key(2));
        let good = hello(1, &device, &server, Role::Handheld);
        assert_eq!(PeerHello::from_bytes(&good.to_bytes()), Ok(good.clone()));
        assert!(judge().admit(&good, &device.public()).is_ok());
        let later = PeerHello {
            versions: (crate::VERSIONS.1 + 1, crate::VERSIONS.1 + 1),
            ..good.clone()
        };
        let bare = PeerHello {
            certificate: Vec::new().into(),
            ..good.clone()
        };
        for (hello, proven, expected) in [
            // A certificate that was overheard is of no use without its key.
            (&good, key(3), PeerRefusal::Stranger),
            (&bare, key(2), PeerRefusal::Stranger),
            (&later, key(2), PeerRefusal::VersionUnknown),
            (
                &hello(1, &device, &key(7), Role::Handheld),
                key(2),
                PeerRefusal::Stranger,
            ),
            (
                &hello(1, &device, &server, Role::Server),
                key(2),
                PeerRefusal::Stranger,
            ),
            (
                &hello(2, &device, &server, Role::Handheld),
                key(2),
                PeerRefusal::OtherOrganisation,
            ),
            (
                &hello(1, &key(9), &server, Role::Handheld),
                key(9),
                PeerRefusal::Revoked,
            ),
        ] {
            assert_eq!(judge().admit(hello, &proven.public()), Err(expected));
        }
    }

    #[test]
    fn numbers_are_stable() {
        for (n, frame) in PeerFrame::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(frame.number()), n);
            assert_eq!(PeerFrame::from_number(frame.number()), Some(frame));
        }
        for (n, refusal) in PeerRefusal::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(refusal.number()), n);
            assert_eq!(PeerRefusal::from_number(refusal.number()), Some(refusal));
        }
        assert_eq!(PeerFrame::from_number(200), None);
        assert_eq!(Judge::tag(judge().organisation).len(), 16);
    }
}
