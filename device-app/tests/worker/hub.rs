//! A hub that takes in whatever is rightly signed: the server's replica and one log for each partition.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use device_app::transport::{Answer, Network, Post, PostError};
use documents::catalogue::{Bin, Handling, Item, Operator, Room, Site};
use documents::certificate::Role;
use documents::segment::{Accepted, Segment, SegmentStatus};
use documents::{
    Certificate, FieldEdit, HouseRules, Partition, PublicKey, RecordId, RecordKind, SigningKey,
};
use domain::custody::FeeRule;
use domain::rights::Action;
use domain::{
    BinId, BlobId, BlobRef, ChainId, Currency, DeviceId, Grant, ItemId, OperatorId, OrganisationId,
    Quantity, SiteId, ZoneId,
};
use protocol::{
    BLOB_PATH, BlobReply, BlobRequest, ChunkOutcome, ENROL_PATH, EnrolReply, EnrolRequest,
    KEYS_PATH, KeysReply, KeysRequest, PartitionReply, PushOutcome, Refusal, RefusalCode,
    SYNC_PATH, SharedKey, SyncReply, SyncRequest,
};
use replica::{Commit, Cursor, Identity, OpenOptions, RecordEdit, Replica};

pub(crate) const T0: i64 = 1_790_000_000_000;
pub(crate) const SITE: SiteId = SiteId::from_bytes([0x51; 16]);
pub(crate) const ORGANISATION: OrganisationId = OrganisationId::from_bytes([0xaa; 16]);
const EPOCH: [u8; 16] = [0xe0; 16];
const PEPPER: [u8; 32] = [9; 32];
/// Every reply carries at most so many entries, so that "more" is in use.
const ENTRIES_MAX: usize = 20;

/// Makes a counter.
pub(crate) const COUNTER_CODE: &str = "CCCC3";

#[derive(Clone)]
pub(crate) struct Hub(Arc<Mutex<Inner>>);

pub(crate) struct Inner {
    key: SigningKey,
    server: Replica,
    log: BTreeMap<Partition, Vec<Accepted>>,
    devices: Vec<Certificate>,
    codes: Vec<String>,
    /// What every request is answered with instead, while set.
    pub(crate) fault: Option<PostError>,
    /// Its clock.
    pub(crate) now: i64,
    /// Requests of sync that were answered.
    pub(crate) exchanges: usize,
    /// What the device said of itself with the last of them.
    pub(crate) status: protocol::DeviceStatus,
    /// Paths of all requests.
    pub(crate) requests: Vec<String>,
    /// Photos, whole or not.
    pub(crate) blobs: BTreeMap<BlobId, (BlobRef, Vec<u8>)>,
    /// In the order in which they became whole.
    whole: Vec<BlobRef>,
    /// Where the chunks that came begin.
    pub(crate) chunks_from: Vec<u64>,
    /// After so many requests about photos the line to them breaks.
    pub(crate) blob_answers_left: Option<usize>,
    /// Keys of customers, in the order in which they came or were destroyed.
    pub(crate) keys: Vec<SharedKey>,
}

fn device_certificate(n: u8, key: PublicKey, role: Role) -> Certificate {
    Certificate {
        organisation: ORGANISATION,
        device: DeviceId::from_bytes([0xd0 | n; 16]),
        key,
        shared_chain: ChainId::from_bytes([n; 16]),
        site: SITE,
        site_chain: ChainId::from_bytes([0x80 | n; 16]),
        role,
        issued_at: T0,
        copy_of: None,
    }
}

fn verifier(pin: &str) -> String {
    let params = Params::new(64, 1, 1, None).unwrap();
    let argon2 =
        Argon2::new_with_secret(&PEPPER, Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let hash = argon2.hash_password_with_salt(pin.as_bytes(), b"0123456789abcdef");
    hash.unwrap().to_string()
}

impl Hub {
    /// Site, bins, items BOLT, MILK (lot, expiry) and DRILL (serial), operators Li (PIN 4711, badge B-LI)
    /// and Wang (badge B-WANG); enrolment codes AAAA1 and BBBB2, and CCCC3 for a
    /// counter.
    pub(crate) fn new() -> Self {
        let key = SigningKey::from_seed(&[1; 32]);
        let mut server = Replica::open(OpenOptions::memory([0; 8])).unwrap();
        let certificate = device_certificate(0, key.public(), Role::Server);
        let identity = Identity {
            organisation: ORGANISATION,
            device: certificate.device,
            device_name: "server".into(),
            site: SITE,
            key: key.clone(),
            server_key: key.public(),
            server_url: String::new(),
            pinned_certificate: None,
            token: String::new(),
            pepper: PEPPER,
        };
        server.enrol(identity, &[certificate.sign(&key)]).unwrap();
        let hub = Self(Arc::new(Mutex::new(Inner {
            key,
            server,
            log: BTreeMap::new(),
            devices: Vec::new(),
            codes: vec!["AAAA1".into(), "BBBB2".into(), COUNTER_CODE.into()],
            fault: None,
            now: T0,
            exchanges: 0,
            status: protocol::DeviceStatus::default(),
            requests: Vec::new(),
            blobs: BTreeMap::new(),
            whole: Vec::new(),
            chunks_from: Vec::new(),
            blob_answers_left: None,
            keys: Vec::new(),
        })));
        hub.fill();
        hub
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    fn fill(&self) {
        let site = Site {
            id: SITE,
            code: "SH".into(),
            name_en: "Shanghai".into(),
            name_zh: "上海".into(),
            time_zone: "Asia/Shanghai".into(),
        };
        self.edit(
            Partition::Shared,
            RecordKind::Site,
            SITE.into(),
            site.to_fields(),
        );
        for n in 1..=3_u8 {
            let bin = Bin {
                id: BinId::from_bytes([n; 16]),
                code: format!("A-0{n}"),
                zone: ZoneId::from_bytes([1; 16]),
                site: SITE,
                room: Room::default(),
            };
            self.edit(
                Partition::Site(SITE),
                RecordKind::Bin,
                bin.id.into(),
                bin.to_fields(),
            );
        }
        for (n, sku, name_zh, code, [lot, serial, expiry]) in [
            (1_u8, "BOLT", "螺栓", "4006381333931", [false; 3]),
            (2, "MILK", "牛奶", "4012345678901", [true, false, true]),
            (3, "DRILL", "电钻", "036000291452", [false, true, false]),
        ] {
            let item = Item {
                id: ItemId::from_bytes([0x40 | n; 16]),
                sku: sku.into(),
                name_en: sku.to_lowercase(),
                name_zh: name_zh.into(),
                unit: "pcs".into(),
                decimals: 0,
                tracks_lot: lot,
                tracks_serial: serial,
                tracks_expiry: expiry,
                barcodes: [(code.to_owned(), Quantity::ONE)].into(),
                handling: Handling::default(),
                value: None,
                owner: None,
            };
            self.edit(
                Partition::Shared,
                RecordKind::Item,
                item.id.into(),
                item.to_fields(),
            );
        }
        for (n, name, badge, pin) in [(1_u8, "Li", "B-LI", "4711"), (2, "Wang", "B-WANG", "")] {
            let operator = Operator {
                id: OperatorId::from_bytes([0x0f | n << 4; 16]),
                name: name.into(),
                badge: badge.into(),
                pin_verifier: if pin.is_empty() {
                    String::new()
                } else {
                    verifier(pin)
                },
                active: true,
                grants: Default::default(),
            };
            let id = operator.id.into();
            self.edit(
                Partition::Shared,
                RecordKind::Operator,
                id,
                operator.to_fields(),
            );
        }
    }

    /// Customers may leave suitcases here: ten yuan a day, for thirty days.
    pub(crate) fn keep_custody(&self) {
        let item = Item {
            id: ItemId::from_bytes([0x49; 16]),
            sku: "CASE".into(),
            name_en: "suitcase".into(),
            name_zh: "行李箱".into(),
            unit: "pcs".into(),
            decimals: 0,
            tracks_lot: false,
            tracks_serial: false,
            tracks_expiry: false,
            barcodes: BTreeMap::new(),
            handling: Handling {
                class: HouseRules::CLASS.into(),
                ..Handling::default()
            },
            value: None,
            owner: None,
        };
        let id = item.id.into();
        self.edit(Partition::Shared, RecordKind::Item, id, item.to_fields());
        let rules = HouseRules {
            fee: FeeRule {
                daily: 1_000,
                cap: 0,
                currency: Currency::from_code("CNY").unwrap(),
            },
            days: 30,
            forbidden: "1".into(),
            ..HouseRules::default()
        };
        let fields = rules.to_fields().into();
        self.edit(Partition::Shared, RecordKind::Site, SITE.into(), fields);
    }

    /// From this value on pieces are guarded.
    pub(crate) fn guard(&self, value: i64) {
        let fields = vec![FieldEdit::set("custody_guarded", value)];
        self.edit(Partition::Shared, RecordKind::Site, SITE.into(), fields);
    }

    /// Wang takes in and hands out, but not without a ticket; Li may everything, and approves.
    pub(crate) fn grant_custody_to_wang(&self) {
        let wang = Grant {
            actions: [Action::Deposit, Action::Release].into(),
            ..Grant::default()
        };
        for (n, grant) in [(1, Grant::everything()), (2, wang)] {
            let id = RecordId::from(OperatorId::from_bytes([0x0f | n << 4; 16]));
            let fields = vec![Operator::grant_field(T0, &grant)];
            self.edit(Partition::Shared, RecordKind::Operator, id, fields);
        }
    }

    /// The site knows where customers reach the server.
    pub(crate) fn say_public_url(&self, url: &str) {
        let fields = vec![FieldEdit::set("custody_url", url)];
        self.edit(Partition::Shared, RecordKind::Site, SITE.into(), fields);
    }

    /// The server edits a record.
    pub(crate) fn edit(
        &self,
        partition: Partition,
        kind: RecordKind,
        id: RecordId,
        fields: Vec<FieldEdit>,
    ) {
        let mut inner = self.inner();
        let edits = vec![RecordEdit {
            partition,
            kind,
            id,
            fields,
        }];
        let commit = Commit {
            edits,
            ..Commit::default()
        };
        inner.server.commit(commit, T0).unwrap();
        inner.server.seal(partition).unwrap();
        let accepted = inner.server.accepted_seq(partition).unwrap();
        let segments = inner
            .server
            .own_segments_after(partition, accepted, usize::MAX)
            .unwrap();
        for segment in segments {
            inner.accept(partition, segment);
        }
    }

    pub(crate) fn deactivate_operator(&self, n: u8) {
        let id = RecordId::from(OperatorId::from_bytes([0x0f | n << 4; 16]));
        let fields = vec![FieldEdit::set("active", false)];
        self.edit(Partition::Shared, RecordKind::Operator, id, fields);
    }

    /// Changes one byte of the last entry's segment.
    pub(crate) fn forge_last(&self, partition: Partition) {
        let mut inner = self.inner();
        let entry = inner.log.get_mut(&partition).unwrap().last_mut().unwrap();
        let segment = entry.segment.take().unwrap();
        let mut body = segment.body_bytes().to_vec();
        *body.last_mut().unwrap() ^= 1;
        entry.segment = Some(Segment::from_parts(
            segment.header_bytes().to_vec(),
            *segment.signature(),
            body,
        ));
    }

    pub(crate) fn state_hash(&self) -> Vec<u8> {
        self.inner()
            .server
            .state_hash(SITE)
            .unwrap()
            .to_bytes()
            .to_vec()
    }

    /// What the hub says to a request.
    pub(crate) fn answer(&self, path: &str, token: Option<&str>, body: &[u8]) -> Answer {
        let mut inner = self.inner();
        if let Some(fault) = inner.fault {
            return Err(fault);
        }
        inner.requests.push(path.to_owned());
        match path {
            BLOB_PATH => inner.blob(body),
            KEYS_PATH => inner.keys(body),
            ENROL_PATH => inner.enrol(body),
            SYNC_PATH => inner.sync(token, body),
            _ => Err(PostError::NotTheServer),
        }
    }
}

fn refused(code: RefusalCode) -> Answer {
    Err(PostError::Refused(Refusal::from(code)))
}

impl Inner {
    pub(crate) fn server_key(&self) -> PublicKey {
        self.key.public()
    }

    fn accept(&mut self, partition: Partition, segment: Segment) {
        let log = self.log.entry(partition).or_default();
        if log.iter().any(|a| a.hash == segment.hash()) {
            return;
        }
        let number = log.len() as u64 + 1;
        let at = T0 + number as i64;
        let entry = Accepted::sign(number, at, SegmentStatus::Live, segment, &self.key);
        log.push(entry.clone());
        let outcome = self.server.ingest(partition, EPOCH, &[entry], T0).unwrap();
        assert_eq!(outcome.rejected, None);
    }

    fn keys(&mut self, body: &[u8]) -> Answer {
        let request = KeysRequest::from_bytes(body).map_err(|_| PostError::NotTheServer)?;
        for made in request.made {
            if self.keys.iter().all(|key| key.customer != made.customer) {
                self.keys.push(made);
            }
        }
        let after = if request.epoch == EPOCH {
            request.after
        } else {
            0
        };
        let reply = KeysReply {
            version: 1,
            epoch: EPOCH,
            number: self.keys.len() as u64,
            keys: self.keys[after as usize..].to_vec(),
            more: false,
        };
        Ok(reply.to_bytes())
    }

    pub(crate) fn whole_blobs(&self) -> Vec<BlobRef> {
        self.whole.clone()
    }

    fn blob(&mut self, body: &[u8]) -> Answer {
        match &mut self.blob_answers_left {
            Some(0) => return Err(PostError::Unreachable),
            Some(left) => *left -= 1,
            None => {}
        }
        let request = BlobRequest::from_bytes(body).map_err(|_| PostError::NotTheServer)?;
        let mut wanted = request.ask;
        let mut outcome = None;
        if let Some(chunk) = request.chunk {
            assert!(chunk.fits());
            wanted.push(chunk.blob.id);
            self.chunks_from.push(chunk.offset);
            let fresh = || (chunk.blob.clone(), Vec::new());
            let (_, held) = self.blobs.entry(chunk.blob.id).or_insert_with(fresh);
            assert_eq!(held.len() as u64, chunk.offset);
            held.extend(&chunk.bytes);
            let is_whole = held.len() as u64 == chunk.blob.size;
            outcome = Some(if is_whole {
                assert_eq!(BlobId::of(held), chunk.blob.id);
                self.whole.push(chunk.blob);
                ChunkOutcome::Whole
            } else {
                ChunkOutcome::Taken
            });
        }
        let held = |id| self.blobs.get(&id).map_or(0, |(_, b)| b.len() as u64);
        Ok(BlobReply {
            version: 1,
            held: wanted.into_iter().map(|id| (id, held(id))).collect(),
            outcome,
        }
        .to_bytes())
    }

    fn enrol(&mut self, body: &[u8]) -> Answer {
        let Ok(request) = EnrolRequest::from_bytes(body) else {
            return refused(RefusalCode::Malformed);
        };
        let Some(at) = self.codes.iter().position(|c| *c == request.code) else {
            return refused(RefusalCode::EnrolCodeWrong);
        };
        assert!(request.is_proven());
        let becomes = request.becomes.unwrap_or(protocol::Becomes {
            counter: false,
            other: true,
        });
        let role = match request.code == COUNTER_CODE {
            true if becomes.counter => Role::Counter,
            false if becomes.other => Role::Handheld,
            _ => return refused(RefusalCode::RoleRefused),
        };
        self.codes.remove(at);
        let n = self.devices.len() as u8 + 1;
        let certificate = device_certificate(n, request.key, role);
        self.devices.push(certificate.clone());
        let signed = certificate.sign(&self.key);
        let server = device_certificate(0, self.key.public(), Role::Server).sign(&self.key);
        // The others learn of the device by its record.
        let fields = documents::catalogue::Device {
            id: certificate.device,
            name: request.device_name.clone(),
            certificate: signed.clone(),
            revoked: false,
        }
        .to_fields();
        let edits = vec![RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Device,
            id: certificate.device.into(),
            fields,
        }];
        self.server
            .commit(
                Commit {
                    edits,
                    ..Commit::default()
                },
                T0,
            )
            .unwrap();
        self.server.seal(Partition::Shared).unwrap();
        let accepted = self.server.accepted_seq(Partition::Shared).unwrap();
        let own = self
            .server
            .own_segments_after(Partition::Shared, accepted, usize::MAX);
        for segment in own.unwrap() {
            self.accept(Partition::Shared, segment);
        }
        Ok(EnrolReply {
            organisation: ORGANISATION,
            device: certificate.device,
            device_name: request.device_name,
            site: SITE,
            server_key: self.key.public(),
            certificates: vec![signed.into(), server.into()],
            token: format!("token-{n}"),
            pepper: PEPPER,
        }
        .to_bytes())
    }

    fn sync(&mut self, token: Option<&str>, body: &[u8]) -> Answer {
        let Some(n) = token.and_then(|t| t.strip_prefix("token-")?.parse::<usize>().ok()) else {
            return refused(RefusalCode::DeviceUnknown);
        };
        let Ok(request) = SyncRequest::from_bytes(body) else {
            return refused(RefusalCode::Malformed);
        };
        self.exchanges += 1;
        self.status = request.status;
        let device = self.devices[n - 1].clone();
        let mut partitions = Vec::new();
        for part in request.partitions {
            for segment in part.segments {
                self.accept(part.partition, segment);
            }
            let chain = device.chain_for(part.partition).unwrap();
            let log = self.log.get(&part.partition).cloned().unwrap_or_default();
            let own = |a: &Accepted| {
                let header = a.segment.as_ref().and_then(|s| s.header().ok());
                header.filter(|h| h.chain == chain).map(|h| h.seq)
            };
            let head_seq = log.iter().filter_map(own).max().unwrap_or(0);
            let known = part.position.epoch == EPOCH && part.position.number <= log.len() as u64;
            let from = if known {
                part.position.number as usize
            } else {
                0
            };
            let mut hash = Cursor::start(EPOCH);
            for entry in &log[..from] {
                hash = hash.after(entry.hash);
            }
            let restart = from > 0 && hash.running_hash != part.position.running_hash;
            let from = if restart { 0 } else { from };
            let mut entries: Vec<Accepted> =
                log.iter().skip(from).take(ENTRIES_MAX).cloned().collect();
            for entry in &mut entries {
                if own(entry).is_some() {
                    entry.segment = None;
                }
                if device.role == Role::Counter && part.partition != Partition::Shared {
                    let extract = entry.clone();
                    *entry = extract.extract(&self.key, |part| !part.is_journal);
                }
            }
            partitions.push(PartitionReply {
                partition: part.partition,
                outcome: PushOutcome::Held,
                head_seq,
                restart,
                more: from + entries.len() < log.len(),
                entries,
                carried: Vec::new(),
                snapshot: Vec::new(),
                backed_up: 0,
                progress: None,
            });
        }
        Ok(SyncReply {
            version: 1,
            epoch: EPOCH,
            now: self.now,
            partitions,
            renew: Vec::new(),
        }
        .to_bytes())
    }
}

/// The hub without a wire.
pub(crate) struct Direct(pub(crate) Hub);

impl Network for Direct {
    fn post(&mut self, post: Post, done: Box<dyn FnOnce(Answer) + Send>) {
        let answer = if post.server.is_well_formed() {
            self.0.answer(post.path, post.token.as_deref(), &post.body)
        } else {
            Err(PostError::BadAddress)
        };
        done(answer);
    }
}
