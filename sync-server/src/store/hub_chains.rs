//! The chains that this hub has certified.

use documents::{Certificate, Partition, PublicKey};
use domain::{ChainId, DeviceId};
use rusqlite::{Connection, Row, params};

use super::StoreError;

/// A chain, and who writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainRow {
    /// Which chain.
    pub chain: ChainId,
    /// Who writes it.
    pub device: DeviceId,
    /// Where to.
    pub partition: Partition,
    /// What it is signed with.
    pub key: PublicKey,
    /// Its segments are kept and forwarded, and do not count until a supervisor says so: the chain itself is in
    /// question, or its device's rights were taken away.
    pub quarantined: bool,
}

fn bytes<const N: usize>(row: &Row<'_>, column: &'static str) -> Result<[u8; N], StoreError> {
    let bytes: Vec<u8> = row.get(column)?;
    bytes.try_into().map_err(|_| StoreError::Corrupt(column))
}

/// A chain.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn get(connection: &Connection, chain: ChainId) -> Result<Option<ChainRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT c.device, c.partition, c.public_key, max(c.quarantined, coalesce(d.revoked, 0)) AS quarantined
         FROM hub_chain c LEFT JOIN hub_device d ON d.device = c.device WHERE c.chain = ?1",
    )?;
    let mut rows = statement.query([chain.as_bytes()])?;
    let Some(r) = rows.next()? else {
        return Ok(None);
    };
    let partition: Vec<u8> = r.get("partition")?;
    Ok(Some(ChainRow {
        chain,
        device: DeviceId::from_bytes(bytes(r, "device")?),
        partition: Partition::from_key(&partition).ok_or(StoreError::Corrupt("partition"))?,
        key: PublicKey::from_bytes(bytes(r, "public_key")?),
        quarantined: r.get("quarantined")?,
    }))
}

/// The chains whose segments go into quarantine, and why.
pub fn quarantined(connection: &Connection) -> Result<Vec<(ChainId, String)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT c.chain, CASE WHEN c.quarantined THEN c.cause ELSE 'revoked' END AS cause
         FROM hub_chain c LEFT JOIN hub_device d ON d.device = c.device
         WHERE c.quarantined = 1 OR d.revoked = 1",
    )?;
    let mut rows = statement.query([])?;
    let mut chains = Vec::new();
    while let Some(r) = rows.next()? {
        chains.push((ChainId::from_bytes(bytes(r, "chain")?), r.get("cause")?));
    }
    Ok(chains)
}

/// From now on a chain's segments go into quarantine.
pub fn suspect(connection: &Connection, chain: ChainId, cause: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE hub_chain SET quarantined = 1, cause = ?2 WHERE chain = ?1")?
        .execute(params![chain.as_bytes(), cause])?;
    Ok(())
}

/// From now on the segments of all chains of a device go into quarantine.
pub fn suspect_device(
    connection: &Connection,
    device: DeviceId,
    cause: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE hub_chain SET quarantined = 1, cause = ?2 WHERE device = ?1 AND quarantined = 0",
        )?
        .execute(params![device.as_bytes(), cause])?;
    Ok(())
}

/// Copies about whose segments nobody has decided.
pub fn suspected_copies(connection: &Connection) -> Result<Vec<DeviceId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT device FROM hub_chain WHERE quarantined = 1 AND cause = 'copy'",
    )?;
    let mut rows = statement.query([])?;
    let mut devices = Vec::new();
    while let Some(r) = rows.next()? {
        devices.push(DeviceId::from_bytes(bytes(r, "device")?));
    }
    Ok(devices)
}

/// From now on the segments of a device's chains count, unless it is revoked: a supervisor released what it wrote. Chains
/// that it gave up stay closed.
pub fn trust(connection: &Connection, device: DeviceId) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE hub_chain SET quarantined = 0 WHERE device = ?1 AND cause IN ('copy', 'provisional')",
        )?
        .execute([device.as_bytes()])?;
    Ok(())
}

/// Keeps both chains of a certificate, those of a copy as suspect; known ones stay as they are.
pub fn put(connection: &Connection, certificate: &Certificate) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR IGNORE INTO hub_chain (chain, device, partition, public_key, quarantined, cause)
         VALUES (?1, ?2, ?3, ?4, ?5, CASE WHEN ?5 THEN 'copy' ELSE '' END)",
    )?;
    for (chain, partition) in [
        (certificate.shared_chain, Partition::Shared),
        (certificate.site_chain, Partition::Site(certificate.site)),
    ] {
        statement.execute(params![
            chain.as_bytes(),
            certificate.device.as_bytes(),
            partition.to_key(),
            certificate.key.as_bytes(),
            certificate.copy_of.is_some(),
        ])?;
    }
    Ok(())
}
