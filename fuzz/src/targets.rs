//! One function for each decoder. None may panic or take memory or time out of proportion to its input.

use std::cell::RefCell;
use std::sync::LazyLock;

use carry::{file, frames};
use documents::body::Body;
use documents::segment::Segment;
use documents::snapshot::ChunkEntry;
use documents::{
    Certificate, Manifest, Receipt, Signer, SigningKey, journal, receipt_code, record,
};
use domain::{EventRecord, OrganisationId};
use protocol::blob::{BlobGet, BlobPart, BlobReply, BlobRequest};
use protocol::peer::{PEER_FRAME_BYTES_MAX, PEER_HELLO_BYTES_MAX};
use protocol::peer_keys::PeerKeys;
use protocol::{
    EnrolReply, EnrolRequest, Invitation, KeysReply, KeysRequest, LiveFrame, LivePacking,
    LogPosition, Pairing, PeerFrame, PeerHello, PeerMessage, PeerRefusal, Refusal, RenewRequest,
    SetUp, SnapshotGet, SnapshotPart, SyncReply, SyncRequest,
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
    ("keys_request", keys_request),
    ("keys_reply", keys_reply),
    ("peer_keys", peer_keys),
    ("blob_part", blob_part),
    ("renew_request", renew_request),
    ("snapshot_get", snapshot_get),
    ("snapshot_part", snapshot_part),
    ("manifest", manifest),
    ("snapshot_chunk", snapshot_chunk),
    ("live_frame", live_frame),
    ("live_packed", live_packed),
    ("peer_frames", peer_frames),
    ("segment", segment),
    ("body", body),
    ("record", record),
    ("certificate", certificate),
    ("receipt", receipt),
    ("receipt_code", receipt_code),
    ("event", event),
    ("gs1", gs1),
    ("repair", repair),
    ("epc", epc),
    ("hibc", hibc),
    ("pattern", pattern),
    ("learn", learn),
    ("picture", picture),
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
    blob_part: BlobPart,
    keys_request: KeysRequest,
    keys_reply: KeysReply,
    peer_keys: PeerKeys,
    renew_request: RenewRequest,
    snapshot_get: SnapshotGet,
    snapshot_part: SnapshotPart,
    live_frame: LiveFrame,
    event: EventRecord,
);

/// Verifies a receipt: none that was not signed may pass.
pub fn receipt(bytes: &[u8]) {
    static SERVER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(&[0x51; 32]));
    let us = OrganisationId::from_bytes([1; 16]);
    if let Ok((receipt, Signer::Server)) = Receipt::verify(bytes, us, &SERVER.public()) {
        assert_eq!(receipt.sign(&SERVER, None), bytes, "what passes was signed");
    }
}

/// Verifies the text of a short receipt: none that was not signed may pass, and what reads is written so.
pub fn receipt_code(bytes: &[u8]) {
    static SERVER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(&[0x51; 32]));
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = receipt_code::named(text);
    if let Some(bytes) = receipt_code::from_text(text) {
        assert_eq!(receipt_code::to_text(&bytes), text);
        if let Ok((receipt, _)) = receipt_code::verify(&bytes, None, &SERVER.public()) {
            assert_eq!(receipt_code::brief(&receipt.record), receipt.record);
        }
    }
}

/// Reads a sync request, after its lists were counted.
pub fn sync_request(bytes: &[u8]) {
    let counted = protocol::bounds::is_within_bounds(bytes);
    if let Ok(message) = SyncRequest::from_bytes(bytes) {
        assert!(counted.is_ok(), "what reads can be counted");
        let again = SyncRequest::from_bytes(&message.to_bytes());
        assert!(
            again.as_ref() == Ok(&message),
            "{message:?} reads as {again:?}"
        );
    }
}

/// Reads a manifest that nobody of ours signed, and its message as if our server had.
pub fn manifest(bytes: &[u8]) {
    let stranger = SigningKey::from_seed(&[9; 32]);
    assert!(Manifest::verify(bytes, &stranger.public()).is_none());
    if let Ok(manifest) = minicbor::decode::<Manifest>(bytes) {
        let signed = manifest.sign(&stranger);
        if let Some(read) = Manifest::verify(&signed, &stranger.public()) {
            assert_eq!(read, manifest);
        }
    }
}

/// Unpacks a live frame, alone and after the seeds' first one; every entry is what its number and hash say.
pub fn live_packed(bytes: &[u8]) {
    static FIRST: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let seeds = crate::seeds::of("live_packed");
        seeds.into_iter().next().unwrap_or_default()
    });
    let mut reader = LivePacking::default();
    assert!(reader.unpack(&FIRST).is_ok(), "it needs none before it");
    for mut reader in [LivePacking::default(), reader] {
        if let Ok(unpacked) = reader.unpack(bytes) {
            let told = unpacked.at(&LogPosition::default());
            for (entry, number) in told.entries.iter().zip(told.after.number + 1..) {
                assert_eq!(entry.number, number);
                assert_eq!(entry.segment.as_ref().map(Segment::hash), Some(entry.hash));
            }
        }
    }
}

/// Unpacks a chunk that its manifest vouches for, but for its size.
pub fn snapshot_chunk(bytes: &[u8]) {
    for unpacked in [0, 300, 1 << 20] {
        let entry = ChunkEntry {
            hash: *blake3::hash(bytes).as_bytes(),
            packed: bytes.len() as u32,
            unpacked,
        };
        if let Some(plain) = entry.unpack(bytes) {
            assert_eq!(plain.len(), unpacked as usize);
        }
    }
}

/// Reads frames as neighbours send them, the first within its own bound, and what is in each.
pub fn peer_frames(bytes: &[u8]) {
    let (mut rest, mut bytes_max) = (bytes, PEER_HELLO_BYTES_MAX);
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let Some(length) = PeerFrame::body_bytes(*length, bytes_max) else {
            return;
        };
        assert!(length < bytes_max);
        let Some((kind, after)) = after.split_first() else {
            return;
        };
        let (Some(kind), Some((body, after))) = (
            PeerFrame::from_number(*kind),
            after.split_at_checked(length),
        ) else {
            return;
        };
        assert_eq!(kind.frame(body).as_deref(), rest.get(..length + 5));
        match kind {
            PeerFrame::Hello => peer_hello(body),
            PeerFrame::Exchange => peer_message(body),
            PeerFrame::SetUp => set_up(body),
            PeerFrame::Keys => peer_keys(body),
            PeerFrame::Refused => {
                let _ = body.first().and_then(|n| PeerRefusal::from_number(*n));
            }
        }
        (rest, bytes_max) = (after, PEER_FRAME_BYTES_MAX);
    }
}

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

/// Knows a lot, and nothing else; its scanner loses separators.
struct Knowing;

impl scan::gs1::Known for Knowing {
    fn gtin(&self, _: &str) -> bool {
        true
    }
    fn lot(&self, _: &str, lot: &str) -> bool {
        lot == "LOT-7"
    }
    fn serial(&self, _: &str, _: &str) -> bool {
        false
    }
    fn sscc(&self, _: &str) -> bool {
        false
    }
    fn today(&self) -> chrono::NaiveDate {
        chrono::NaiveDate::default()
    }
    fn separators(&self) -> scan::gs1::Separators {
        scan::gs1::Separators::Lost
    }
}

/// Cuts GS1 data that lost its separators. Every cut is made of sound elements.
pub fn repair(bytes: &[u8]) {
    use scan::gs1::Repair;
    let cuts = match scan::gs1::repair(bytes, &Knowing) {
        Repair::One(cut) => vec![cut],
        Repair::Tied(cuts) => cuts,
        Repair::None => Vec::new(),
    };
    for cut in cuts {
        assert!(scan::gs1::encode(&cut).is_ok(), "{cut:?}");
    }
}

/// Reads a tag's hexadecimal digits or an EPC URI. What it stands for may stand on a label.
pub fn epc(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = scan::epc::parse_if_epc(text);
        if let Ok(epc) = scan::epc::parse(text) {
            assert!(scan::gs1::encode(&epc.elements).is_ok(), "{epc:?}");
        }
    }
}

/// Reads a Health Industry Bar Code, as it is and with a right check character.
pub fn hibc(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = scan::hibc::parse_if_hibc(text, 2026);
        if let Some(check) = scan::hibc::check_character(text) {
            let _ = scan::hibc::parse(&format!("{text}{check}"), 2026);
        }
    }
}

/// Compares the code behind the first line with the pattern in it.
pub fn pattern(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (source, code) = text.split_once('\n').unwrap_or((text, text));
    if let Ok(pattern) = scan::pattern::Pattern::compile(source) {
        let _ = pattern.fit(code, 2026);
        let again = scan::pattern::Pattern::compile(pattern.source());
        assert_eq!(again.as_ref(), Ok(&pattern));
    }
}

/// Learns a scanner from keys that may be anything.
pub fn learn(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let key = |(text, at_ms): (char, u64)| scan::learn::KeyPress {
        text: text.to_string(),
        at_ms,
    };
    let keys: Vec<_> = text.chars().zip(0..).map(key).collect();
    if let Ok(learnt) = scan::learn::learn(&keys) {
        let _ = learnt.settings.as_sent(text);
    }
}

/// Looks for codes in a picture: the first two bytes are its size, the rest its greys, repeated to
/// fill it. Nothing can be read wrong here; it must only end.
pub fn picture(bytes: &[u8]) {
    let [width, height, greys @ ..] = bytes else {
        return;
    };
    if greys.is_empty() {
        return;
    }
    let (width, height) = (u32::from(*width) + 1, u32::from(*height) + 1);
    let luma = greys
        .iter()
        .copied()
        .cycle()
        .take((width * height) as usize);
    let Ok(frame) = scan::LumaFrame::new(width, height, luma.collect()) else {
        return;
    };
    let _ = scan::live::Hints::of(&frame, false);
    thread_local! {
        // Its tables take longer to make than a picture to read.
        static LINEAR: RefCell<Option<Box<dyn scan::decoder::Decoder>>> =
            RefCell::new(scan::decoder::single("linear", &scan::ReaderSettings::everything()));
    }
    LINEAR.with_borrow_mut(|linear| {
        for payload in linear.iter_mut().flat_map(|linear| linear.decode(&frame)) {
            let _ = payload.gs1_fields(2026);
            assert!(!payload.text.is_empty());
        }
    });
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
