//! A handheld in memory: its own replica, exchanging with the hub by the real protocol.

use std::collections::{BTreeMap, BTreeSet};

use documents::{FieldEdit, Partition, RecordId, RecordKind, Role, SigningKey};
use domain::{EventHash, ItemId, OperatorId, SiteId, UnixMillis};
use protocol::{
    BatteryStatus, Becomes, DeviceStatus, EnrolReply, EnrolRequest, PartitionRequest, SyncRequest,
};
use replica::{Commit, Identity, NewEvent, OpenOptions, RecordEdit, Replica};
use sync_core::Gather;

use super::Warehouse;

pub struct Handheld {
    pub replica: Replica,
    site: SiteId,
    token: String,
}

impl Handheld {
    pub fn enrol(warehouse: &Warehouse, name: &str, n: u8) -> Self {
        let (hub, now) = (&warehouse.hub, warehouse.now());
        let code = hub.invite(warehouse.site, name, now).unwrap();
        let key = SigningKey::from_seed(&[n; 32]);
        let request = EnrolRequest::new(&code, name, &key);
        let reply = hub.enrol(&request, now).unwrap().unwrap();
        let mut handheld = Self::from_reply(reply, key, n);
        handheld.sync(warehouse, now);
        handheld
    }

    /// One that only counts, enrolled and not synced yet.
    pub fn enrol_counter(warehouse: &Warehouse, name: &str, n: u8) -> Self {
        let (hub, now) = (&warehouse.hub, warehouse.now());
        let code = hub.invite_as(warehouse.site, name, Role::Counter, now);
        let key = SigningKey::from_seed(&[n; 32]);
        let (counter, other) = (true, true);
        let request = EnrolRequest::new(&code.unwrap(), name, &key);
        let request = request.becoming(Becomes { counter, other });
        let reply = hub.enrol(&request, now).unwrap().unwrap();
        Self::from_reply(reply, key, n)
    }

    /// A device that has just been enrolled with this key.
    pub fn from_reply(reply: EnrolReply, key: SigningKey, n: u8) -> Self {
        let mut replica = Replica::open(OpenOptions::memory([n; 8])).unwrap();
        let identity = Identity {
            organisation: reply.organisation,
            device: reply.device,
            device_name: reply.device_name,
            site: reply.site,
            key,
            server_key: reply.server_key,
            server_url: String::new(),
            pinned_certificate: None,
            token: reply.token.clone(),
            pepper: reply.pepper,
        };
        let certificates: Vec<Vec<u8>> = reply.certificates.into_iter().map(Into::into).collect();
        replica.enrol(identity, &certificates).unwrap();
        Self {
            replica,
            site: reply.site,
            token: reply.token,
        }
    }

    /// What opens the hub to it.
    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn record(
        &mut self,
        by: OperatorId,
        event: impl Into<NewEvent>,
        now: UnixMillis,
    ) -> EventHash {
        let commit = Commit {
            operator: Some(by),
            site: Some(self.site),
            events: vec![event.into()],
            ..Commit::default()
        };
        self.replica.commit(commit, now).unwrap().events[0].1
    }

    pub fn rename(&mut self, item: ItemId, name_zh: &str, now: UnixMillis) {
        let name = FieldEdit::set("name_zh", name_zh);
        self.edit(RecordKind::Item, item.into(), vec![name], now);
    }

    /// Writes fields of a record that all sites share.
    pub fn edit(
        &mut self,
        kind: RecordKind,
        id: RecordId,
        fields: Vec<FieldEdit>,
        now: UnixMillis,
    ) {
        let partition = match kind {
            RecordKind::Bin | RecordKind::Zone | RecordKind::Order => Partition::Site(self.site),
            _ => Partition::Shared,
        };
        let edit = RecordEdit {
            partition,
            kind,
            id,
            fields,
        };
        let commit = Commit {
            edits: vec![edit],
            ..Commit::default()
        };
        self.replica.commit(commit, now).unwrap();
    }

    /// Goes on at another site or under another token.
    pub fn renewed(&mut self, site: SiteId, token: &str) {
        self.site = site;
        self.token = token.to_owned();
    }

    /// What the hub asks it to renew for.
    pub fn wanted(&self, warehouse: &Warehouse) -> Option<protocol::RenewReason> {
        let request = SyncRequest {
            versions: protocol::VERSIONS,
            status: DeviceStatus::default(),
            partitions: Vec::new(),
            reply_bytes_max: 0,
        };
        let reply = warehouse.hub.sync(&self.token, request, warehouse.now());
        reply.unwrap().unwrap().renew.pop()
    }

    /// Sends what is new and takes what is new; `clock`: what the device believes.
    pub fn sync(&mut self, warehouse: &Warehouse, clock: UnixMillis) {
        for partition in [Partition::Shared, Partition::Site(self.site)] {
            self.exchange(warehouse, partition, clock);
        }
        warehouse.hub.pump(warehouse.now()).unwrap();
        warehouse.app.announce_change();
    }

    /// What it would ask of one partition.
    pub fn request(&mut self, partition: Partition, clock: UnixMillis) -> SyncRequest {
        let ask = Gather {
            push_after: BTreeMap::new(),
            carry: BTreeSet::from([partition]),
            bytes_max: 4 << 20,
        };
        let gathered = exchange::gather(&mut self.replica, &ask, clock, "test").unwrap();
        let mut partitions = gathered.partitions;
        partitions.retain(|p| p.partition == partition);
        SyncRequest {
            versions: protocol::VERSIONS,
            status: DeviceStatus {
                waiting_events: 0,
                waiting_edits: 0,
                battery: Some(BatteryStatus {
                    percent: 64,
                    charging: false,
                }),
                storage_free: Some(12_000_000_000),
                locked: Some(false),
                ..gathered.status
            },
            partitions: partitions.into_iter().map(PartitionRequest::from).collect(),
            reply_bytes_max: 1 << 22,
        }
    }

    fn exchange(&mut self, warehouse: &Warehouse, partition: Partition, clock: UnixMillis) {
        let request = self.request(partition, clock);
        let reply = warehouse
            .hub
            .sync(&self.token, request, warehouse.now())
            .unwrap()
            .unwrap();
        for part in reply.partitions {
            self.replica
                .ingest(part.partition, reply.epoch, &part.entries, warehouse.now())
                .unwrap();
        }
    }
}
