//! Chains that a log which was put back does not know any more: the server had certified them, and what it wrote then
//! comes back with a device.

use documents::Partition;
use documents::segment::Segment;
use domain::ChainId;
use rusqlite::Connection;

use super::Hub;
use crate::store::StoreError;
use crate::store::hub_chains::{self, ChainRow};

impl Hub {
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
