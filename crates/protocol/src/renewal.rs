//! How a device goes on under another chain, key or site.

use documents::keys::{Purpose, SigningKey};
use documents::{PublicKey, Signature};
use domain::ChainId;

use crate::wire::message;

/// Why a device cannot go on as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode)]
#[cbor(index_only)]
pub enum RenewReason {
    /// Another segment stands on the hub where this device has its own: it is a copy, or was restored. It becomes a
    /// device of its own, and what it writes waits in quarantine.
    #[n(0)]
    Fork,
    /// The same device takes a new key, and new chains with it.
    #[n(1)]
    KeyRotation,
    /// The same device, under the same key, takes a chain at another site.
    #[n(2)]
    SiteMoved,
    /// A reason of a later program, which is never sent by this one.
    #[n(65535)]
    Later,
}

impl<'b, C> minicbor::Decode<'b, C> for RenewReason {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(match d.u32()? {
            0 => Self::Fork,
            1 => Self::KeyRotation,
            2 => Self::SiteMoved,
            _ => Self::Later,
        })
    }
}

/// A device asks for new chains.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct RenewRequest {
    /// The oldest and newest version that the device speaks.
    #[n(0)]
    pub versions: (u32, u32),
    /// Why.
    #[n(1)]
    pub reason: RenewReason,
    /// The chain at its site that it gives up.
    #[n(2)]
    pub replaces: ChainId,
    /// The key that it will sign with.
    #[n(3)]
    pub key: PublicKey,
    /// Proof that it holds the key of the chain that it gives up.
    #[n(4)]
    pub old_proof: Signature,
    /// Proof that it holds the key that it will sign with.
    #[n(5)]
    pub new_proof: Signature,
}
message!(RenewRequest);

impl RenewRequest {
    /// Asks. `old`: the key of the chain that is given up; `new`: the next one, which is the same when only the site changes.
    pub fn new(reason: RenewReason, replaces: ChainId, old: &SigningKey, new: &SigningKey) -> Self {
        let signed = proven(reason, replaces, &new.public());
        Self {
            versions: crate::VERSIONS,
            reason,
            replaces,
            key: new.public(),
            old_proof: old.sign(Purpose::Renewal, &signed),
            new_proof: new.sign(Purpose::Renewal, &signed),
        }
    }

    /// Whether the sender holds both keys. `old`: the key of the chain that it gives up.
    pub fn is_proven(&self, old: &PublicKey) -> bool {
        let signed = self.signed_bytes();
        old.verify(Purpose::Renewal, &signed, &self.old_proof)
            && self.key.verify(Purpose::Renewal, &signed, &self.new_proof)
    }

    /// What both proofs are over.
    pub fn signed_bytes(&self) -> Vec<u8> {
        proven(self.reason, self.replaces, &self.key)
    }
}

fn proven(reason: RenewReason, replaces: ChainId, key: &PublicKey) -> Vec<u8> {
    // Writing to a vector cannot fail.
    minicbor::to_vec((reason, replaces, key)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keys_must_be_held_and_nothing_may_be_changed() {
        let (old, new) = (
            SigningKey::from_seed(&[1; 32]),
            SigningKey::from_seed(&[2; 32]),
        );
        let chain = ChainId::from_bytes([3; 16]);
        let request = RenewRequest::new(RenewReason::KeyRotation, chain, &old, &new);
        assert!(request.is_proven(&old.public()));
        assert_eq!(
            RenewRequest::from_bytes(&request.to_bytes()),
            Ok(request.clone())
        );
        for forged in [
            RenewRequest {
                reason: RenewReason::Fork,
                ..request.clone()
            },
            RenewRequest {
                replaces: ChainId::from_bytes([4; 16]),
                ..request.clone()
            },
            RenewRequest {
                key: old.public(),
                ..request.clone()
            },
            RenewRequest {
                new_proof: request.old_proof,
                ..request.clone()
            },
        ] {
            assert!(!forged.is_proven(&old.public()));
        }
        assert!(!request.is_proven(&new.public()));
    }
}
