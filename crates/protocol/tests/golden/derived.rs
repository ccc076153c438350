//! Texts of QR codes, and what follows from the vectors.

use documents::Manifest;
use domain::ledger::Place;
use protocol::{Invitation, Offer, Pairing, RenewReason, RenewRequest};

use crate::made::*;
use crate::vectors::manifest;

/// What is text on the wire: QR codes.
pub(crate) fn texts() -> Vec<(&'static str, String)> {
    let invitation = Invitation {
        url: "https://10.0.0.5:8443".into(),
        code: "ABCDE-FGHJK".into(),
        fingerprint: Some([0x0d; 32]),
    };
    let pairing = |offer| Pairing {
        addresses: vec![
            "10.0.0.6:40123".parse().unwrap(),
            "[fe80::1]:40123".parse().unwrap(),
        ],
        key: device().public(),
        offer,
    };
    let (sync, set_up) = (pairing(Offer::Sync), pairing(Offer::SetUp([0x0c; 16])));
    assert_eq!(
        Invitation::from_text(&invitation.to_text()),
        Some(invitation.clone())
    );
    for pairing in [&sync, &set_up] {
        assert_eq!(
            Pairing::from_text(&pairing.to_text()).as_ref(),
            Some(pairing)
        );
    }
    let content: Vec<u8> = (0..=255).cycle().take(1_700).collect();
    let sender = carry::frames::Sender::new(&content).unwrap();
    // Three plain parts and two sums.
    let frames: Vec<String> = (0..5).map(|n| sender.frame(n)).collect();
    let mut receiver = carry::frames::Receiver::default();
    let seen = [1, 3, 4, 2].map(|n: usize| receiver.take(&frames[n]));
    assert!(
        seen.iter()
            .any(|s| matches!(s, carry::frames::Seen::Complete(c) if *c == content)),
        "a sum stands for the part that was missed"
    );
    vec![
        ("qr_invitation", invitation.to_text()),
        ("qr_pairing", sync.to_text()),
        ("qr_set_up", set_up.to_text()),
        ("qr_moving", frames.join("\n")),
    ]
}

/// Hashes, keys and strings that are signed: what a second program must work out alike.
pub(crate) fn derived() -> Vec<(&'static str, Vec<u8>)> {
    let segment = segments().remove(0);
    let renewal = RenewRequest::new(
        RenewReason::KeyRotation,
        SITE_CHAIN,
        &device(),
        &next_device(),
    );
    let entry = entries().remove(0);
    let accepted = (entry.number, entry.accepted_at, entry.status, entry.hash);
    vec![
        ("server public key", server().public().as_bytes().to_vec()),
        ("device public key", device().public().as_bytes().to_vec()),
        (
            "device's next public key",
            next_device().public().as_bytes().to_vec(),
        ),
        (
            "enrolment, signed by the device",
            signed("enrolment", b"ABCDEFGHJK"),
        ),
        (
            "renewal, signed by both keys",
            signed("renewal", &renewal.signed_bytes()),
        ),
        (
            "segment, signed by the device",
            signed("segment", segment.header_bytes()),
        ),
        ("segment hash", segment.hash().0.to_vec()),
        (
            "body hash",
            blake3::hash(segment.body_bytes()).as_bytes().to_vec(),
        ),
        (
            "entry, signed by the server",
            signed("acceptance", &minicbor::to_vec(accepted).unwrap()),
        ),
        (
            "extract, signed by the server",
            signed("extract", &extract_message()),
        ),
        (
            "running hash after entry 1",
            running_hash(&entries()[..1]).to_vec(),
        ),
        (
            "running hash after entry 2",
            running_hash(&entries()).to_vec(),
        ),
        ("snapshot id", Manifest::id(&manifest()).0.to_vec()),
        ("blob id", photo().id.0.to_vec()),
        (
            "horizon of the manifest",
            Place::end_of(NOW + 2).to_bytes().to_vec(),
        ),
        (
            "mDNS o=",
            blake3::derive_key("tallyman mdns organisation 1", ORGANISATION.as_bytes())[..8]
                .to_vec(),
        ),
    ]
}

/// CBOR [segment hash, hash of what is left of the body].
fn extract_message() -> Vec<u8> {
    let entry = extract();
    let left = blake3::hash(entry.segment.as_ref().unwrap().body_bytes());
    let left = minicbor::bytes::ByteArray::from(*left.as_bytes());
    minicbor::to_vec((entry.hash, left)).unwrap()
}

/// The whole string under a signature.
fn signed(purpose: &str, message: &[u8]) -> Vec<u8> {
    [format!("tallyman.{purpose}.1\0").as_bytes(), message].concat()
}
