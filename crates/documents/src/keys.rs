//! Ed25519 keys of devices and of the server. Each signature names what it is for, so that none fits elsewhere.

use std::fmt;

use ed25519_dalek::Signer;

/// The private key of a device or of the server. Never shown, never logged.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// The public half.
#[derive(Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct PublicKey(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    [u8; 32],
);

/// 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Signature(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    [u8; 64],
);

/// What a signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A device signs a segment.
    Segment,
    /// The hub signs that it accepted a segment.
    Acceptance,
    /// The server signs who a device is.
    Certificate,
    /// A device proves at enrolment that it holds its key.
    Enrolment,
    /// The server signs what a replica may go on from instead of the history.
    Snapshot,
    /// A device proves at renewal that it holds its old key and its new one.
    Renewal,
    /// The server signs what is left of a segment for a device that holds no stock.
    Extract,
    /// The server signs the ends of an export of its audit trail.
    Audit,
    /// A device or the server signs what a customer is given of an act of custody.
    Receipt,
    /// The same for the whole file in which they are given it.
    ReceiptFile,
    /// A device signs the short form of a receipt, which fits into a QR.
    ReceiptCode,
}

impl Purpose {
    const fn tag(self) -> &'static [u8] {
        match self {
            Self::Segment => b"tallyman.segment.1\0",
            Self::Acceptance => b"tallyman.acceptance.1\0",
            Self::Certificate => b"tallyman.certificate.1\0",
            Self::Enrolment => b"tallyman.enrolment.1\0",
            Self::Snapshot => b"tallyman.snapshot.1\0",
            Self::Renewal => b"tallyman.renewal.1\0",
            Self::Extract => b"tallyman.extract.1\0",
            Self::Audit => b"tallyman.audit.1\0",
            Self::Receipt => b"tallyman.receipt.1\0",
            Self::ReceiptFile => b"tallyman.receipt-file.1\0",
            Self::ReceiptCode => b"tallyman.receipt-code.1\0",
        }
    }
}

impl SigningKey {
    /// From 32 random bytes that the caller drew, or kept.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The seed, to be kept in the encrypted database.
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message for one purpose.
    pub fn sign(&self, purpose: Purpose, message: &[u8]) -> Signature {
        Signature(self.0.sign(&[purpose.tag(), message].concat()).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey of {:?}", self.public())
    }
}

impl PublicKey {
    /// From 32 bytes; whether they are a point of the curve shows when a signature is verified.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether the signature is this key's, over this message, for this purpose (strict: no weak keys).
    pub fn verify(&self, purpose: Purpose, message: &[u8], signature: &Signature) -> bool {
        let Ok(key) = ed25519_dalek::VerifyingKey::from_bytes(&self.0) else {
            return false;
        };
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(&[purpose.tag(), message].concat(), &signature)
            .is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0[..6] {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl Signature {
    /// From 64 bytes; `None` for any other length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 64 bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_fits_only_its_key_message_and_purpose() {
        let (key, other) = (
            SigningKey::from_seed(&[1; 32]),
            SigningKey::from_seed(&[2; 32]),
        );
        let signature = key.sign(Purpose::Segment, b"goods");
        assert!(key.public().verify(Purpose::Segment, b"goods", &signature));
        assert!(!key.public().verify(Purpose::Segment, b"good", &signature));
        assert!(
            !key.public()
                .verify(Purpose::Acceptance, b"goods", &signature)
        );
        assert!(
            !other
                .public()
                .verify(Purpose::Segment, b"goods", &signature)
        );
        assert!(!PublicKey::from_bytes([0; 32]).verify(Purpose::Segment, b"goods", &signature));
        assert!(!format!("{key:?}").contains("[1, 1"));
    }
}
