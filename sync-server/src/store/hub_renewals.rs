//! Renewals that were granted, and what is wanted of devices.

use documents::PublicKey;
use domain::{ChainId, DeviceId, SiteId};
use protocol::RenewReason;
use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::hub_devices::DeviceRow;

/// A renewal as it was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewalRow {
    /// Why.
    pub reason: RenewReason,
    /// The hash of the token that it was asked with.
    pub token_hash: [u8; 32],
    /// Who the device is now.
    pub device: DeviceId,
    /// What people call it.
    pub name: String,
    /// Where it works.
    pub site: SiteId,
    /// Signed.
    pub certificate: Vec<u8>,
}

const REASONS: [RenewReason; 3] = [
    RenewReason::Fork,
    RenewReason::KeyRotation,
    RenewReason::SiteMoved,
];

fn array<const N: usize>(bytes: Vec<u8>, column: &'static str) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt(column))
}

/// The renewal of this chain to this key.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn get(
    connection: &Connection,
    replaces: ChainId,
    key: &PublicKey,
) -> Result<Option<RenewalRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT reason, token_hash, device, name, site, certificate FROM hub_renewal
         WHERE replaces = ?1 AND public_key = ?2",
    )?;
    let mut rows = statement.query(params![replaces.as_bytes(), key.as_bytes()])?;
    let Some(r) = rows.next()? else {
        return Ok(None);
    };
    let reason = usize::try_from(r.get::<_, i64>("reason")?).unwrap_or(usize::MAX);
    Ok(Some(RenewalRow {
        reason: *REASONS.get(reason).ok_or(StoreError::Corrupt("reason"))?,
        token_hash: array(r.get("token_hash")?, "token_hash")?,
        device: DeviceId::from_bytes(array(r.get("device")?, "device")?),
        name: r.get("name")?,
        site: SiteId::from_bytes(array(r.get("site")?, "site")?),
        certificate: r.get("certificate")?,
    }))
}

/// Whether this chain was given up, whatever for; copies do not give it up.
pub fn is_given_up(connection: &Connection, chain: ChainId) -> Result<bool, StoreError> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT 1 FROM hub_renewal WHERE replaces = ?1 AND reason <> 0 LIMIT 1")?
        .query_row([chain.as_bytes()], |r| r.get(0))
        .optional()?;
    Ok(found.is_some())
}

/// What was signed for a device in its renewals.
pub fn certificates_of(
    connection: &Connection,
    device: DeviceId,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT certificate FROM hub_renewal WHERE device = ?1")?;
    let rows = statement.query_map([device.as_bytes()], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many copies of the device that writes this chain have been told apart.
pub fn copies(connection: &Connection, chain: ChainId) -> Result<u64, StoreError> {
    let n: i64 = connection
        .prepare_cached("SELECT count(*) FROM hub_renewal WHERE replaces = ?1 AND reason = 0")?
        .query_row([chain.as_bytes()], |r| r.get(0))?;
    Ok(n.max(0) as u64)
}

/// Keeps a renewal.
pub fn put(
    connection: &Connection,
    replaces: ChainId,
    key: &PublicKey,
    renewal: &RenewalRow,
) -> Result<(), StoreError> {
    let reason = REASONS.iter().position(|known| *known == renewal.reason);
    connection
        .prepare_cached(
            "INSERT INTO hub_renewal (replaces, public_key, reason, token_hash, device, name, site, certificate)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            replaces.as_bytes(),
            key.as_bytes(),
            reason.unwrap_or_default() as i64,
            renewal.token_hash,
            renewal.device.as_bytes(),
            renewal.name,
            renewal.site.as_bytes(),
            renewal.certificate,
        ])?;
    Ok(())
}

/// The same device goes on under other chains, perhaps another key and site; nothing is wanted of it any more.
pub fn replace(
    connection: &Connection,
    device: &DeviceRow,
    token_hash: &[u8; 32],
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE hub_device SET site = ?2, public_key = ?3, shared_chain = ?4, site_chain = ?5, token_hash = ?6,
                 next_site = NULL, rotate = 0, stopped = ''
             WHERE device = ?1",
        )?
        .execute(params![
            device.device.as_bytes(),
            device.site.as_bytes(),
            device.key.as_bytes(),
            device.shared_chain.as_bytes(),
            device.site_chain.as_bytes(),
            token_hash,
        ])?;
    Ok(())
}

/// What is wanted of a device: where it shall work next, and whether it shall take a new key.
pub fn wanted(
    connection: &Connection,
    device: DeviceId,
) -> Result<(Option<SiteId>, bool), StoreError> {
    let found: Option<(Option<Vec<u8>>, bool)> = connection
        .prepare_cached("SELECT next_site, rotate FROM hub_device WHERE device = ?1")?
        .query_row([device.as_bytes()], |r| {
            Ok((r.get("next_site")?, r.get("rotate")?))
        })
        .optional()?;
    let Some((site, rotate)) = found else {
        return Ok((None, false));
    };
    let site = site.map(|bytes| array(bytes, "next_site")).transpose()?;
    Ok((site.map(SiteId::from_bytes), rotate))
}

/// The device shall work at another site from its next exchange on.
pub fn want_site(
    connection: &Connection,
    device: DeviceId,
    site: SiteId,
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached("UPDATE hub_device SET next_site = nullif(?2, site) WHERE device = ?1")?
        .execute(params![device.as_bytes(), site.as_bytes()])?;
    Ok(changed > 0)
}

/// The device shall take a new key at its next exchange.
pub fn want_key(connection: &Connection, device: DeviceId) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached("UPDATE hub_device SET rotate = 1 WHERE device = ?1")?
        .execute([device.as_bytes()])?;
    Ok(changed > 0)
}
