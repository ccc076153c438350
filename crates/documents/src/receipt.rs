//! Receipts that prove themselves: an act of custody, signed by the device that wrote it or by the server.
//!
//! A receipt holds the event as it stands in its chain, byte for byte, with its number and hash. Whoever knows the
//! organisation's public key can tell with no network that nobody changed a byte; whoever has the log can tell besides that
//! it is still there, under the same number and hash. So each copy that a customer keeps holds the log to what it said.

use domain::custody::Custody;
use domain::{Event, EventBody, EventHash, EventId, EventRecord, OrganisationId, SiteId};

use crate::certificate::Certificate;
use crate::keys::{PublicKey, Purpose, Signature, SigningKey};
use crate::segment::to_cbor;

/// Receipts are no longer than this, in bytes.
pub const RECEIPT_BYTES_MAX: usize = 64 << 10;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
struct Message {
    #[n(0)]
    organisation: OrganisationId,
    #[n(1)]
    site: SiteId,
    #[n(2)]
    event: EventId,
    #[n(3)]
    hash: EventHash,
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    record: Vec<u8>,
}

/// As it is handed out.
#[derive(minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
struct Signed {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    message: Vec<u8>,
    #[n(1)]
    signature: Signature,
    /// What the server signed of the device whose signature it is; absent if it is the server's own.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    certificate: Option<Vec<u8>>,
}

/// Who signed a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The server.
    Server,
    /// A device of the organisation's.
    Device(Box<Certificate>),
}

/// An act of custody as its receipt says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Whose.
    pub organisation: OrganisationId,
    /// Where.
    pub site: SiteId,
    /// Chain and number.
    pub event: EventId,
    /// Its hash in that chain, which covers the hash of the event before.
    pub hash: EventHash,
    /// The event, with who wrote it and when.
    pub record: EventRecord,
}

/// Why bytes are no receipt of this organisation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// No receipt at all, or a damaged one.
    #[error("no receipt")]
    Unreadable,
    /// Another organisation's.
    #[error("a receipt of another organisation")]
    OtherOrganisation,
    /// Changed after it was signed, or never signed by us.
    #[error("the signature does not fit")]
    Forged,
}

impl ReceiptError {
    /// Stable name, and translation key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::OtherOrganisation => "other-organisation",
            Self::Forged => "forged",
        }
    }
}

impl Receipt {
    /// Of an event of this organisation's; `None` if it is no act of custody.
    pub fn of(organisation: OrganisationId, event: &Event) -> Option<Self> {
        matches!(event.record.body, EventBody::Custody(_)).then(|| Self {
            organisation,
            site: event.site,
            event: event.id,
            hash: event.hash,
            record: event.record.clone(),
        })
    }

    /// The act, which every receipt is of.
    pub fn custody(&self) -> Option<&Custody> {
        match &self.record.body {
            EventBody::Custody(custody) => Some(custody),
            _ => None,
        }
    }

    /// What is signed.
    pub(crate) fn message(&self) -> Vec<u8> {
        to_cbor(&Message {
            organisation: self.organisation,
            site: self.site,
            event: self.event,
            hash: self.hash,
            record: self.record.to_bytes(),
        })
    }

    /// Signs it: `certificate` is the device's, or `None` if the key is the server's.
    pub fn sign(&self, key: &SigningKey, certificate: Option<&[u8]>) -> Vec<u8> {
        let message = self.message();
        let signature = key.sign(Purpose::Receipt, &message);
        to_cbor(&Signed {
            message,
            signature,
            certificate: certificate.map(<[u8]>::to_vec),
        })
    }

    /// Reads and verifies what [`Receipt::sign`] made. `server`: the organisation's public key.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(
        bytes: &[u8],
        organisation: OrganisationId,
        server: &PublicKey,
    ) -> Result<(Self, Signer), ReceiptError> {
        Self::read(bytes, Some(organisation), server)
    }

    /// The same for whoever knows the key alone: whose receipt it is stands under its signature.
    ///
    /// # Errors
    /// [`ReceiptError::Unreadable`], [`ReceiptError::Forged`].
    pub fn verify_by_key(bytes: &[u8], server: &PublicKey) -> Result<(Self, Signer), ReceiptError> {
        Self::read(bytes, None, server)
    }

    fn read(
        bytes: &[u8],
        organisation: Option<OrganisationId>,
        server: &PublicKey,
    ) -> Result<(Self, Signer), ReceiptError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::Unreadable);
        }
        let mut decoder = minicbor::Decoder::new(bytes);
        let signed: Signed = decoder.decode().map_err(|_| ReceiptError::Unreadable)?;
        let said: Message =
            minicbor::decode(&signed.message).map_err(|_| ReceiptError::Unreadable)?;
        if organisation.is_some_and(|ours| ours != said.organisation) {
            return Err(ReceiptError::OtherOrganisation);
        }
        // Bytes behind it, or another way to write the same, are a change too.
        let is_exact = decoder.position() == bytes.len()
            && to_cbor(&signed) == bytes
            && to_cbor(&said) == signed.message;
        let signer = match &signed.certificate {
            None => Signer::Server,
            Some(certificate) => Signer::Device(Box::new(
                Certificate::verify(certificate, server).ok_or(ReceiptError::Forged)?,
            )),
        };
        let (key, may_sign) = match &signer {
            Signer::Server => (*server, true),
            Signer::Device(certificate) => {
                let wrote = certificate.site_chain == said.event.chain;
                (certificate.key, wrote && certificate.site == said.site)
            }
        };
        let fits = key.verify(Purpose::Receipt, &signed.message, &signed.signature);
        if !is_exact || !may_sign || !fits {
            return Err(ReceiptError::Forged);
        }
        let record = EventRecord::from_bytes(&said.record).map_err(|_| ReceiptError::Unreadable)?;
        let receipt = Self {
            organisation: said.organisation,
            site: said.site,
            event: said.event,
            hash: said.hash,
            record,
        };
        match receipt.custody() {
            Some(_) => Ok((receipt, signer)),
            None => Err(ReceiptError::Unreadable),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::custody::{Custody, CustodyAct};
    use domain::{ChainId, DepositId, DeviceId, OperatorId, Timestamp};

    use super::*;
    use crate::certificate::Role;

    pub(crate) const US: OrganisationId = OrganisationId::from_bytes([1; 16]);
    const SITE: SiteId = SiteId::from_bytes([2; 16]);
    const CHAIN: ChainId = ChainId::from_bytes([3; 16]);

    pub(crate) fn receipt() -> Receipt {
        let mut act = Custody::new(
            DepositId::from_bytes([5; 16]),
            CustodyAct::Released,
            vec![1],
        );
        act.note = vec![7; 70];
        Receipt {
            organisation: US,
            site: SITE,
            event: EventId {
                chain: CHAIN,
                number: 7,
            },
            hash: EventHash([6; 32]),
            record: EventRecord {
                clock: Timestamp {
                    millis: 1_790_000_000_000,
                    counter: 0,
                },
                operator: OperatorId::from_bytes([7; 16]),
                body: EventBody::Custody(Box::new(act)),
                carries_out: None,
                evidence: Vec::new(),
                origin: None,
                order: None,
                reason: None,
                carton: None,
                approved_by: None,
            },
        }
    }

    pub(crate) fn certificate(server: &SigningKey, device: &SigningKey) -> Vec<u8> {
        Certificate {
            organisation: US,
            device: DeviceId::from_bytes([8; 16]),
            key: device.public(),
            shared_chain: ChainId::from_bytes([9; 16]),
            site: SITE,
            site_chain: CHAIN,
            role: Role::Handheld,
            issued_at: 1,
            copy_of: None,
        }
        .sign(server)
    }

    #[test]
    fn a_change_of_any_byte_is_told() {
        let server = SigningKey::from_seed(&[1; 32]);
        let device = SigningKey::from_seed(&[2; 32]);
        let by_device = receipt().sign(&device, Some(&certificate(&server, &device)));
        for bytes in [receipt().sign(&server, None), by_device] {
            let (read, _) = Receipt::verify(&bytes, US, &server.public()).unwrap();
            assert_eq!(read, receipt());
            for at in 0..bytes.len() {
                for bit in [1, 0x80] {
                    let mut changed = bytes.clone();
                    changed[at] ^= bit;
                    assert!(
                        Receipt::verify(&changed, US, &server.public()).is_err(),
                        "{at}"
                    );
                }
                assert!(Receipt::verify(&bytes[..at], US, &server.public()).is_err());
            }
            let longer = [&bytes[..], &[0]].concat();
            assert!(Receipt::verify(&longer, US, &server.public()).is_err());
        }
    }

    #[test]
    fn only_our_server_and_the_device_that_wrote_it_sign_receipts() {
        let (server, other) = (
            SigningKey::from_seed(&[1; 32]),
            SigningKey::from_seed(&[9; 32]),
        );
        let device = SigningKey::from_seed(&[2; 32]);
        let verify = |bytes: &[u8]| Receipt::verify(bytes, US, &server.public()).map(|(_, by)| by);
        assert_eq!(verify(&receipt().sign(&server, None)), Ok(Signer::Server));
        assert_eq!(
            verify(&receipt().sign(&other, None)),
            Err(ReceiptError::Forged)
        );
        assert_eq!(
            verify(&receipt().sign(&device, None)),
            Err(ReceiptError::Forged)
        );
        let strange = certificate(&other, &device);
        assert_eq!(
            verify(&receipt().sign(&device, Some(&strange))),
            Err(ReceiptError::Forged)
        );
        let ours = certificate(&server, &device);
        assert!(matches!(
            verify(&receipt().sign(&device, Some(&ours))),
            Ok(Signer::Device(_))
        ));
        // Another device's work.
        let mut elsewhere = receipt();
        elsewhere.event.chain = ChainId::from_bytes([4; 16]);
        assert_eq!(
            verify(&elsewhere.sign(&device, Some(&ours))),
            Err(ReceiptError::Forged)
        );
        let other_house = OrganisationId::from_bytes([7; 16]);
        let bytes = receipt().sign(&server, None);
        let read = Receipt::verify(&bytes, other_house, &server.public()).map(|_| ());
        assert_eq!(read, Err(ReceiptError::OtherOrganisation));
    }
}
