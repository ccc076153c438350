//! How a device becomes one of the organisation's.

use documents::keys::{Purpose, SigningKey};
use documents::{PublicKey, Signature};
use domain::{DeviceId, OrganisationId, SiteId};

use crate::wire::message;

/// A device asks to be enrolled.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct EnrolRequest {
    /// The oldest and newest version that the device speaks.
    #[n(0)]
    pub versions: (u32, u32),
    /// The one-time code from the console.
    #[n(1)]
    pub code: String,
    /// What people will call the device; empty for the name given on the console.
    #[n(2)]
    pub device_name: String,
    /// The key that it has just made.
    #[n(3)]
    pub key: PublicKey,
    /// Proof that it holds the private half: a signature over the code.
    #[n(4)]
    pub proof: Signature,
    /// What the device can become; absent from programs that know no counters, which can become any other.
    #[n(5)]
    pub becomes: Option<Becomes>,
}
message!(EnrolRequest);

/// What a device can become: its program may be too old to be a counter, and a device that has worked stays of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Becomes {
    /// A counter.
    #[n(0)]
    pub counter: bool,
    /// A handheld that holds stock.
    #[n(1)]
    pub other: bool,
}

impl EnrolRequest {
    /// Asks with a code and the device's key.
    pub fn new(code: &str, device_name: &str, key: &SigningKey) -> Self {
        let code = normalised_code(code);
        Self {
            versions: crate::VERSIONS,
            proof: key.sign(Purpose::Enrolment, code.as_bytes()),
            code,
            device_name: device_name.trim().to_owned(),
            key: key.public(),
            becomes: None,
        }
    }

    /// Says what the device can become.
    #[must_use]
    pub const fn becoming(mut self, becomes: Becomes) -> Self {
        self.becomes = Some(becomes);
        self
    }

    /// Whether the sender holds the key.
    pub fn is_proven(&self) -> bool {
        self.key
            .verify(Purpose::Enrolment, self.code.as_bytes(), &self.proof)
    }
}

/// A code as it is compared: upper case, without the dashes and blanks that people type; letters that look like digits
/// are taken as those digits.
pub fn normalised_code(code: &str) -> String {
    code.chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

/// The server takes a device in.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct EnrolReply {
    /// Whose data it will hold.
    #[n(0)]
    pub organisation: OrganisationId,
    /// Its identity.
    #[n(1)]
    pub device: DeviceId,
    /// What people call it.
    #[n(2)]
    pub device_name: String,
    /// The site it works at.
    #[n(3)]
    pub site: SiteId,
    /// What the server signs with.
    #[n(4)]
    pub server_key: PublicKey,
    /// Signed certificates: the device's own first, then the server's, one for each site.
    #[n(5)]
    pub certificates: Vec<minicbor::bytes::ByteVec>,
    /// Opens the sync endpoint; shown once.
    #[n(6)]
    pub token: String,
    /// Keys the PIN verifiers.
    #[n(7)]
    #[cbor(with = "minicbor::bytes")]
    pub pepper: [u8; 32],
}
message!(EnrolReply);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        for typed in ["ABCD1-0XYZ2", "abcdl oxyz2", "ABCDI0XYZ2"] {
            assert_eq!(normalised_code(typed), "ABCD10XYZ2");
        }
    }

    #[test]
    fn the_request_proves_the_key() {
        let key = SigningKey::from_seed(&[1; 32]);
        let request = EnrolRequest::new("ab-cd", " PDA 1 ", &key);
        assert!(request.is_proven());
        assert_eq!(request.device_name, "PDA 1");
        assert_eq!(
            EnrolRequest::from_bytes(&request.to_bytes()),
            Ok(request.clone())
        );
        let stolen = EnrolRequest {
            key: SigningKey::from_seed(&[2; 32]).public(),
            ..request
        };
        assert!(!stolen.is_proven());
    }
}
