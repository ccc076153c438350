//! Chains that a log which was put back does not know any more: the server had certified them, and what it wrote then
//! comes back with a device.

use std::collections::BTreeMap;

use documents::certificate::Certificate;
use documents::segment::Segment;
use documents::{FieldEdit, Partition, RecordKind, Value};
use domain::{ChainId, DeviceId, UnixMillis};
use replica::{Commit, RecordEdit};
use rusqlite::Connection;

use super::{Hub, HubError};
use crate::store::StoreError;
use crate::store::hub_chains::{self, ChainRow};

impl Hub {
    /// Certificates that come with what is carried: the devices that the log does not know are written into it again,
    /// before their work, so that everybody who reads it can verify that.
    pub(super) fn introduce<'a>(
        &self,
        certificates: impl Iterator<Item = &'a [u8]>,
        now: UnixMillis,
    ) -> Result<(), HubError> {
        let key = self.organisation.key.public();
        let mut unknown = BTreeMap::new();
        for signed in certificates {
            let Some(certificate) = Certificate::verify(signed, &key)
                .filter(|c| c.organisation == self.organisation.id && c.role.is_handheld())
            else {
                continue;
            };
            let (chain, device) = (certificate.site_chain, certificate.device);
            let is_known = self.database.read(|c| hub_chains::get(c, chain))?.is_some();
            // The store may know it from a node that was lost before it had written so into the log again.
            if !is_known || !self.lock().has_written(device.into(), signed)? {
                unknown.insert(chain, (device, signed.to_vec()));
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let certificates: Vec<Vec<u8>> = unknown.values().map(|(_, c)| c.clone()).collect();
        let record = |(device, signed): (DeviceId, Vec<u8>)| RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Device,
            id: device.into(),
            fields: vec![FieldEdit {
                path: "certificate".into(),
                value: Some(Value::Bytes(signed)),
            }],
        };
        // One after the other: a device may have several, and each is to be read from the log.
        for edit in unknown.into_values().map(record) {
            let edits = vec![edit];
            let commit = Commit {
                edits,
                ..Commit::default()
            };
            self.commit(commit, now)?;
        }
        self.lock().learn(&certificates)?;
        self.database
            .write(|t| self.organisation.put_chains(t, &certificates))?;
        tracing::info!(
            devices = certificates.len(),
            "devices that were forgotten are known again"
        );
        Ok(())
    }

    /// The chain that a device carries segments of. The first segment of one on which the server itself wrote brings the
    /// certificate that vouches for it.
    pub(super) fn carried_chain(
        &self,
        connection: &Connection,
        partition: Partition,
        chain: ChainId,
        segments: &[Segment],
    ) -> Result<Option<ChainRow>, StoreError> {
        let known = |c| -> Result<_, StoreError> {
            Ok(hub_chains::get(c, chain)?.filter(|row| row.partition == partition))
        };
        if let Some(row) = known(connection)? {
            return Ok(Some(row));
        }
        let begins = |s: &&Segment| s.header().is_ok_and(|h| h.chain == chain && h.seq == 1);
        match segments.first().filter(begins) {
            Some(first) if partition == Partition::Shared => {
                self.learn_vouched(connection, first)?;
                known(connection)
            }
            _ => Ok(None),
        }
    }

    /// What the server wrote before certifies devices again, in the transaction that accepts it: what they wrote may
    /// come in the same request, and whoever brought it would not offer it again before something else happens.
    pub(super) fn learn_from_server(
        &self,
        connection: &Connection,
        chain: &ChainRow,
        segment: &Segment,
    ) -> Result<(), StoreError> {
        if chain.partition == Partition::Shared && chain.key == self.organisation.key.public() {
            self.learn_vouched(connection, segment)?;
        }
        Ok(())
    }

    /// What is not signed by the server teaches nothing.
    fn learn_vouched(&self, connection: &Connection, segment: &Segment) -> Result<(), StoreError> {
        let Ok(body) = segment.body() else {
            return Ok(());
        };
        for part in body.parts.iter().filter(|part| !part.is_journal) {
            for change in part.unpack().unwrap_or_default() {
                let written = documents::record::bytes_written(&change);
                self.organisation.put_chains(connection, &written)?;
            }
        }
        Ok(())
    }
}
