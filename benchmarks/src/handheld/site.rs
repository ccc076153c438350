//! A big site in a handheld's file: catalogue, bins, history, and somebody who works there.

use std::path::Path;

use anyhow::{Result, ensure};
use documents::catalogue::{Bin, Operator, Room, Site};
use documents::certificate::{Certificate, Role};
use documents::segment::{Accepted, SegmentStatus};
use documents::{Partition, RecordId, RecordKind, SigningKey};
use domain::{
    BinId, ChainId, DeviceId, IdSource, ItemId, OperatorId, OrganisationId, SiteId, ZoneId,
};
use replica::{Commit, Identity, OpenOptions, RecordEdit, Replica};

use crate::commit::{EPOCH, SITE, accept, enrolled, many};
use crate::workload::{self, Random, T0, bin_code};

/// Who works there, by badge.
pub(super) const BADGE: &str = "BENCH-1";

/// Makes the file that a handheld with this history would have.
pub(crate) fn load(folder: &Path, items: usize, bins: usize, events: usize) -> Result<()> {
    let mut random = Random::new(1);
    let mut replica = enrolled(&folder.join("data").join("replica.db"), 1, Some(3_000_000))?;
    let mut ids: Vec<ItemId> = Vec::with_capacity(items);
    let mut edits = Vec::new();
    while ids.len() < items {
        let id = ItemId::from_bytes(replica.new_id(T0));
        edits.push(workload::item(id, ids.len(), &mut random));
        ids.push(id);
    }
    write(&mut replica, edits)?;
    accept(&mut replica, Partition::Shared, T0)?;
    people(&mut replica)?;

    let mut sources = IdSource::new([7; 8]);
    let bin_ids: Vec<BinId> = (0..bins)
        .map(|_| BinId::from_bytes(sources.draw(T0 - 1_000_000)))
        .collect();
    let edits = bin_ids.iter().enumerate().map(|(n, id)| {
        let bin = Bin {
            id: *id,
            code: bin_code(n),
            zone: ZoneId::from_bytes([3; 16]),
            site: SITE,
            room: Room::default(),
        };
        edit(
            Partition::Site(SITE),
            RecordKind::Bin,
            bin.id.into(),
            bin.to_fields(),
        )
    });
    write(&mut replica, edits.collect())?;
    accept(&mut replica, Partition::Site(SITE), T0)?;

    let mut written = 0;
    while written < events {
        let batch = 50_000.min(events - written);
        let bodies = (0..batch).map(|_| workload::event(&ids, &bin_ids, &mut random));
        let now = T0 + written as i64 * 400;
        replica.commit(many(bodies.collect()), now)?;
        accept(&mut replica, Partition::Site(SITE), now + batch as i64)?;
        written += batch;
    }
    Ok(())
}

fn edit(
    partition: Partition,
    kind: RecordKind,
    id: RecordId,
    fields: Vec<documents::FieldEdit>,
) -> RecordEdit {
    RecordEdit {
        partition,
        kind,
        id,
        fields,
    }
}

fn write(replica: &mut Replica, edits: Vec<RecordEdit>) -> Result<()> {
    for batch in edits.chunks(5_000) {
        let commit = Commit {
            edits: batch.to_vec(),
            ..Commit::default()
        };
        replica.commit(commit, T0)?;
    }
    Ok(())
}

/// The site and its one operator, as the server would have written them: no device may.
fn people(handheld: &mut Replica) -> Result<()> {
    // The device's own key stands for the organisation's here; the server's chain has one of its own.
    let organisation_key = handheld.enrolled()?.key.clone();
    let signing = SigningKey::from_seed(&[2; 32]);
    let certificate = Certificate {
        organisation: OrganisationId::from_bytes([1; 16]),
        device: DeviceId::from_bytes([0x5e; 16]),
        key: signing.public(),
        shared_chain: ChainId::from_bytes([0x5e; 16]),
        site: SiteId::from_bytes([0; 16]),
        site_chain: ChainId::from_bytes([0x5f; 16]),
        role: Role::Server,
        issued_at: T0,
        copy_of: None,
    };
    let signed = certificate.sign(&organisation_key);
    let identity = Identity {
        organisation: certificate.organisation,
        device: certificate.device,
        device_name: "server".into(),
        site: certificate.site,
        server_key: organisation_key.public(),
        server_url: String::new(),
        pinned_certificate: None,
        token: String::new(),
        pepper: [0; 32],
        key: signing,
    };
    let mut server = Replica::open(OpenOptions::memory([9; 8]))?;
    server.enrol(identity, std::slice::from_ref(&signed))?;
    let own = handheld.enrolled()?.clone();
    handheld.enrol(own, &[signed])?;
    let site = Site {
        id: SITE,
        code: "B1".into(),
        name_en: "Big site".into(),
        name_zh: "大仓".into(),
        time_zone: "Asia/Shanghai".into(),
    };
    let operator = Operator {
        id: OperatorId::from_bytes([0x0b; 16]),
        name: "王芳".into(),
        badge: BADGE.into(),
        pin_verifier: String::new(),
        active: true,
        grants: Default::default(),
    };
    let shared = Partition::Shared;
    let edits = vec![
        edit(shared, RecordKind::Site, site.id.into(), site.to_fields()),
        edit(
            shared,
            RecordKind::Operator,
            operator.id.into(),
            operator.to_fields(),
        ),
    ];
    write(&mut server, edits)?;
    server.seal(shared)?;
    let first = handheld.cursor(shared)?.map_or(0, |cursor| cursor.number) + 1;
    let segments = server.own_segments_after(shared, 0, usize::MAX)?;
    let entries: Vec<Accepted> = (first..)
        .zip(segments)
        .map(|(n, s)| Accepted::sign(n, T0, SegmentStatus::Live, s, &organisation_key))
        .collect();
    let done = handheld.ingest(shared, EPOCH, &entries, T0)?;
    ensure!(done.rejected.is_none(), "{:?}", done.rejected);
    ensure!(
        handheld.query().operator_by_badge(BADGE)?.is_some(),
        "nobody works there"
    );
    Ok(())
}
