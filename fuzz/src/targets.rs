//! One function for each decoder. None may panic or take memory or time out of proportion to its input.

use carry::{file, frames};
use documents::body::Body;
use documents::segment::Segment;
use documents::{Certificate, SigningKey, journal, record};
use domain::EventRecord;
use protocol::blob::{BlobGet, BlobReply, BlobRequest};
use protocol::{
    EnrolReply, EnrolRequest, Invitation, Pairing, PeerHello, PeerMessage, Refusal, SetUp,
    SyncReply, SyncRequest,
};

/// Takes bytes as they came.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const ALL: &[(&str, Target)] = &[
    ("sync_request", sync_request),
    ("sync_reply", sync_reply),
    ("enrol_request", enrol_request),
    ("enrol_reply", enrol_reply),
    ("refusal", refusal),
    ("invitation", invitation),
    ("peer_message", peer_message),
    ("peer_hello", peer_hello),
    ("set_up", set_up),
    ("pairing", pairing),
    ("parcel_file", parcel_file),
    ("qr_frame", qr_frame),
    ("blob_request", blob_request),
    ("blob_reply", blob_reply),
    ("blob_get", blob_get),
    ("segment", segment),
    ("body", body),
    ("record", record),
    ("certificate", certificate),
    ("event", event),
    ("gs1", gs1),
    ("wedge", wedge),
];

/// What reads once reads the same after it was written.
macro_rules! reads_again {
    ($($target:ident: $message:ty),+ $(,)?) => {$(
        #[doc = concat!("Reads a `", stringify!($message), "`.")]
        pub fn $target(bytes: &[u8]) {
            if let Ok(message) = <$message>::from_bytes(bytes) {
                let again = <$message>::from_bytes(&message.to_bytes());
                assert!(again.as_ref() == Ok(&message), "{message:?} reads as {again:?}");
            }
        }
    )+};
}
reads_again!(
    sync_request: SyncRequest,
    sync_reply: SyncReply,
    enrol_request: EnrolRequest,
    enrol_reply: EnrolReply,
    refusal: Refusal,
    peer_message: PeerMessage,
    peer_hello: PeerHello,
    set_up: SetUp,
    blob_request: BlobRequest,
    blob_reply: BlobReply,
    blob_get: BlobGet,
    event: EventRecord,
);

/// Reads the text of an enrolment QR.
pub fn invitation(bytes: &[u8]) {
    if let Some(read) = std::str::from_utf8(bytes)
        .ok()
        .and_then(Invitation::from_text)
    {
        assert_eq!(Invitation::from_text(&read.to_text()), Some(read));
    }
}

/// Reads the text of a pairing QR.
pub fn pairing(bytes: &[u8]) {
    if let Some(read) = std::str::from_utf8(bytes).ok().and_then(Pairing::from_text) {
        assert_eq!(Pairing::from_text(&read.to_text()), Some(read));
    }
}

/// Reads a parcel file.
pub fn parcel_file(bytes: &[u8]) {
    if let Ok(parcels) = file::read(bytes) {
        let again = file::write(&parcels).and_then(|bytes| file::read(&bytes));
        assert!(again.as_ref() == Ok(&parcels), "other parcels");
    }
}

/// Takes frames of a moving QR, one a line.
pub fn qr_frame(bytes: &[u8]) {
    let mut receiver = frames::Receiver::default();
    for line in String::from_utf8_lossy(bytes).lines() {
        if let frames::Seen::Complete(content) = receiver.take(line) {
            assert!(frames::Sender::new(&content).is_ok());
        }
    }
}

/// Reads and verifies a segment, and unpacks its body however the signature is.
pub fn segment(bytes: &[u8]) {
    let Ok(segment) = minicbor::decode::<Segment>(bytes) else {
        return;
    };
    let stranger = SigningKey::from_seed(&[9; 32]).public();
    assert!(segment.verify(&stranger).is_err(), "nobody signed this");
    let _ = segment.header();
    body(segment.body_bytes());
}

/// Unpacks a body and reads its changes and events.
pub fn body(bytes: &[u8]) {
    let Ok(read) = Body::from_bytes(bytes) else {
        return;
    };
    assert_eq!(Body::from_bytes(&read.to_bytes()).as_ref(), Ok(&read));
    for part in &read.parts {
        for change in part.unpack().iter().flatten() {
            let _ = journal::event_of(change);
        }
    }
}

/// Merges the changes of a body's records into empty documents and reads those.
pub fn record(bytes: &[u8]) {
    let Ok(body) = Body::from_bytes(bytes) else {
        return;
    };
    for part in body.parts.iter().filter(|p| !p.is_journal) {
        let Ok(changes) = part.unpack() else { continue };
        if let Ok((saved, merged)) = record::merge(&[], changes, &record::Counting::ALL) {
            assert_eq!(record::read(&saved, &record::Counting::ALL).ok(), merged);
        }
    }
}

/// Reads a certificate that nobody of ours signed.
pub fn certificate(bytes: &[u8]) {
    let stranger = SigningKey::from_seed(&[9; 32]).public();
    assert!(Certificate::verify(bytes, &stranger).is_none());
}

/// Reads a scanned code as GS1: element string, bracketed, digital link.
pub fn gs1(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = scan::gs1::parse_if_gs1(text, 2026);
        let _ = scan::gs1::parse_bracketed(text, 2026);
        let _ = scan::gs1::parse_digital_link(text, 2026);
    }
}

/// Feeds keys to the wedge; the first byte of each two is the pause before the key.
pub fn wedge(bytes: &[u8]) {
    let mut wedge = scan::wedge::Wedge::new(scan::wedge::WedgeSettings::default());
    let mut now = 0u64;
    for pair in bytes.chunks_exact(2) {
        now += u64::from(pair[0]);
        let _ = wedge.key(&char::from(pair[1]).to_string(), now);
    }
    let _ = wedge.tick(now + 1_000);
    assert_eq!(wedge.due_ms(), None, "nothing is held for ever");
}
