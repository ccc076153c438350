//! A receipt that fits into a QR which a telephone reads off a handheld's screen: what its device signs of an act at once,
//! with no server in reach.
//!
//! A whole receipt takes half a kilobyte and more. Here is left out what the event's hash covers: the terms, the photos'
//! hashes, what is sealed, the acts before. What stays is whose receipt it is, number and hash in the chain, when, by whom,
//! what was done with which pieces, until when they may stay, what was paid, and the hash of the customer's signature.
//! Organisation, site and chain are read from the device's certificate instead of being said again. Whoever has the log
//! finds the rest there under the same hash.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use domain::custody::Custody;
use domain::{ChainId, EventBody, EventHash, EventId, EventRecord, OrganisationId};

use crate::certificate::Certificate;
use crate::keys::{PublicKey, Purpose, Signature, SigningKey};
use crate::receipt::{RECEIPT_BYTES_MAX, Receipt, ReceiptError, Signer};
use crate::segment::to_cbor;

/// Begins the text of such a receipt. Its letters are those of a QR's alphanumeric mode (ISO/IEC 18004, 7.4.4), in which five
/// bits take five and a half; base 64 would take eight for six.
const MARK: &str = "S.";
/// Begins a text that only names an act.
const NAMED: &str = "r.";

#[derive(minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
struct Short {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    certificate: Vec<u8>,
    #[n(1)]
    number: u64,
    #[n(2)]
    hash: EventHash,
    /// See [`brief`].
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    record: Vec<u8>,
    /// Over these with organisation, site and chain, as [`Receipt::message`] puts them.
    #[n(4)]
    signature: Signature,
}

/// What the short form says of an event: the same for the event in the log and for what is read from a receipt.
pub fn brief(record: &EventRecord) -> EventRecord {
    let body = match &record.body {
        EventBody::Custody(act) => {
            let agreed = act.terms.as_ref().and_then(|terms| terms.due);
            let mut said = Custody::new(act.deposit, act.act, act.pieces.clone());
            said.due = act.due.or(agreed);
            said.charge = act.charge;
            said.signature = act.signature;
            said.collector = act.collector.clone();
            if let Some(collector) = &mut said.collector {
                collector.sealed = None;
            }
            EventBody::Custody(Box::new(said))
        }
        other => other.clone(),
    };
    EventRecord {
        clock: record.clock,
        operator: record.operator,
        body,
        carries_out: None,
        evidence: Vec::new(),
        origin: None,
        order: None,
        reason: None,
        carton: None,
        approved_by: None,
    }
}

/// Makes the short form. `key`, `certificate`: of the device that wrote the event; with another's nobody would verify it.
pub fn make(receipt: &Receipt, key: &SigningKey, certificate: &[u8]) -> Vec<u8> {
    let said = Receipt {
        record: brief(&receipt.record),
        ..receipt.clone()
    };
    let message = said.message();
    to_cbor(&Short {
        certificate: certificate.to_vec(),
        number: said.event.number,
        hash: said.hash,
        record: said.record.to_bytes(),
        signature: key.sign(Purpose::ReceiptCode, &message),
    })
}

/// Reads and verifies what [`make`] made; the receipt has a record as [`brief`] gives it. `organisation`: whose it has to be, if
/// that is known; `server`: its public key.
///
/// # Errors
/// [`ReceiptError`].
pub fn verify(
    bytes: &[u8],
    organisation: Option<OrganisationId>,
    server: &PublicKey,
) -> Result<(Receipt, Signer), ReceiptError> {
    if bytes.len() > RECEIPT_BYTES_MAX {
        return Err(ReceiptError::Unreadable);
    }
    let mut decoder = minicbor::Decoder::new(bytes);
    let short: Short = decoder.decode().map_err(|_| ReceiptError::Unreadable)?;
    let certificate =
        Certificate::verify(&short.certificate, server).ok_or(ReceiptError::Forged)?;
    if organisation.is_some_and(|ours| ours != certificate.organisation) {
        return Err(ReceiptError::OtherOrganisation);
    }
    let record = EventRecord::from_bytes(&short.record).map_err(|_| ReceiptError::Unreadable)?;
    let receipt = Receipt {
        organisation: certificate.organisation,
        site: certificate.site,
        event: EventId {
            chain: certificate.site_chain,
            number: short.number,
        },
        hash: short.hash,
        record,
    };
    // Bytes behind it, another way to write the same, or more than is said here are a change too.
    let is_exact = decoder.position() == bytes.len()
        && to_cbor(&short) == bytes
        && brief(&receipt.record) == receipt.record
        && receipt.record.to_bytes() == short.record;
    let key = certificate.key;
    let fits = key.verify(Purpose::ReceiptCode, &receipt.message(), &short.signature);
    if !is_exact || !fits {
        return Err(ReceiptError::Forged);
    }
    match receipt.custody() {
        Some(_) => Ok((receipt, Signer::Device(Box::new(certificate)))),
        None => Err(ReceiptError::Unreadable),
    }
}

/// As text: letters, digits and a full stop.
pub fn to_text(bytes: &[u8]) -> String {
    format!("{MARK}{}", BASE32_NOPAD.encode(bytes))
}

/// The bytes of what [`to_text`] wrote; `None` for any other text.
pub fn from_text(text: &str) -> Option<Vec<u8>> {
    let letters = text.strip_prefix(MARK)?;
    BASE32_NOPAD.decode(letters.as_bytes()).ok()
}

/// A text that names an act by chain, number and hash: it proves nothing by itself, and whoever has the log finds the act by it.
pub fn name_of(event: EventId, hash: EventHash) -> String {
    let bytes = [
        &event.chain.as_bytes()[..],
        &event.number.to_be_bytes(),
        &hash.0,
    ];
    format!("{NAMED}{}", BASE64URL_NOPAD.encode(&bytes.concat()))
}

/// Which act [`name_of`] named; `None` for any other text.
pub fn named(text: &str) -> Option<(EventId, EventHash)> {
    let bytes = BASE64URL_NOPAD
        .decode(text.strip_prefix(NAMED)?.as_bytes())
        .ok()?;
    let (chain, rest) = bytes.split_first_chunk::<16>()?;
    let (number, hash) = rest.split_first_chunk::<8>()?;
    let event = EventId {
        chain: ChainId::from_bytes(*chain),
        number: u64::from_be_bytes(*number),
    };
    Some((event, EventHash(hash.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use domain::BlobId;
    use domain::custody::{Charge, Collector};

    use super::*;
    use crate::receipt::tests::{US, certificate, receipt};

    fn full() -> Receipt {
        let mut receipt = receipt();
        let EventBody::Custody(act) = &mut receipt.record.body else {
            panic!("an act");
        };
        act.pieces = vec![1, 2, 3];
        act.after = vec![EventHash([7; 32])];
        act.due = NaiveDate::from_ymd_opt(2026, 12, 1);
        act.charge = Some(Charge {
            due: 4_000,
            taken: 4_000,
        });
        act.collector = Some(Collector {
            is_proxy: true,
            ticket_lost: false,
            sealed: Some(vec![9; 120]),
        });
        act.signature = Some(BlobId([9; 32]));
        act.photos = vec![BlobId([8; 32]); 5];
        receipt
    }

    #[test]
    fn a_change_of_any_letter_is_told() {
        let server = SigningKey::from_seed(&[1; 32]);
        let device = SigningKey::from_seed(&[2; 32]);
        let made = make(&full(), &device, &certificate(&server, &device));
        let text = to_text(&made);
        let check = |text: &str| {
            let bytes = from_text(text).ok_or(ReceiptError::Unreadable)?;
            verify(&bytes, Some(US), &server.public())
        };
        let (read, signer) = check(&text).unwrap();
        assert!(matches!(signer, Signer::Device(_)));
        assert_eq!(read.record, brief(&full().record));
        assert_eq!((read.hash, read.event), (full().hash, full().event));
        let act = read.custody().unwrap();
        assert_eq!(
            (act.pieces.len(), act.signature),
            (3, Some(BlobId([9; 32])))
        );
        for at in 0..text.len() {
            for letter in ["A", "7", "a", "!"] {
                if &text[at..=at] == letter {
                    continue;
                }
                let mut changed = text.clone();
                changed.replace_range(at..=at, letter);
                assert!(check(&changed).is_err(), "{at} {letter}");
            }
            assert!(check(&text[..at]).is_err(), "{at}");
        }
        for more in ["A", "AA", "AAAAAAAA", " "] {
            assert!(check(&format!("{text}{more}")).is_err());
        }
        for at in 0..made.len() {
            let mut changed = made.clone();
            changed[at] ^= 1;
            assert!(verify(&changed, None, &server.public()).is_err(), "{at}");
        }
    }

    #[test]
    fn only_the_device_that_wrote_it_makes_one() {
        let server = SigningKey::from_seed(&[1; 32]);
        let (device, other) = (
            SigningKey::from_seed(&[2; 32]),
            SigningKey::from_seed(&[3; 32]),
        );
        let ours = certificate(&server, &device);
        let verify = |bytes: &[u8]| verify(bytes, Some(US), &server.public()).map(|_| ());
        assert_eq!(verify(&make(&full(), &device, &ours)), Ok(()));
        assert_eq!(
            verify(&make(&full(), &other, &ours)),
            Err(ReceiptError::Forged)
        );
        let strange = certificate(&other, &device);
        assert_eq!(
            verify(&make(&full(), &device, &strange)),
            Err(ReceiptError::Forged)
        );
        // Another device's work: the certificate says another chain than was signed.
        let mut elsewhere = full();
        elsewhere.event.chain = ChainId::from_bytes([4; 16]);
        assert_eq!(
            verify(&make(&elsewhere, &device, &ours)),
            Err(ReceiptError::Forged)
        );
        let other_house = OrganisationId::from_bytes([7; 16]);
        let bytes = make(&full(), &device, &ours);
        assert_eq!(
            super::verify(&bytes, Some(other_house), &server.public()).map(|_| ()),
            Err(ReceiptError::OtherOrganisation)
        );
        // A whole receipt is none, and a short one is no whole one.
        let whole = full().sign(&device, Some(&ours));
        assert_eq!(verify(&whole), Err(ReceiptError::Unreadable));
        assert!(Receipt::verify(&bytes, US, &server.public()).is_err());
    }

    #[test]
    fn an_act_that_is_named_is_read_back() {
        let text = name_of(full().event, full().hash);
        assert_eq!(named(&text), Some((full().event, full().hash)));
        for other in ["", "r.", "r.AAAA", &text[1..], &format!("{text}A")] {
            assert_eq!(named(other), None, "{other}");
        }
    }

    #[test]
    fn it_is_small_enough_for_a_screen_however_much_the_act_says() {
        let server = SigningKey::from_seed(&[1; 32]);
        let device = SigningKey::from_seed(&[2; 32]);
        let made = make(&full(), &device, &certificate(&server, &device));
        // 758 letters go into version 15 at level L; an address of 60 characters before them costs 88.
        assert!(to_text(&made).len() <= 670, "{}", to_text(&made).len());
    }
}
