//! Devices, invitations and the server's own certificates.

use documents::PublicKey;
use domain::{ChainId, DeviceId, SiteId, UnixMillis};
use rusqlite::{Connection, Row, params};

use super::StoreError;
use super::hub_readings::{self, ReadingRow};

/// A device as the hub knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Which device.
    pub device: DeviceId,
    /// What people call it.
    pub name: String,
    /// The site it works at.
    pub site: SiteId,
    /// What it signs with.
    pub key: PublicKey,
    /// Its chain in the shared partition.
    pub shared_chain: ChainId,
    /// Its chain in its site's.
    pub site_chain: ChainId,
    /// Whether it only counts, and is given no stock.
    pub counts_only: bool,
    /// Whether its rights were taken away.
    pub revoked: bool,
    /// When it was enrolled.
    pub enrolled_at: UnixMillis,
    /// When it last asked.
    pub last_contact: Option<UnixMillis>,
    /// Events that it said exist only on it.
    pub waiting_events: u64,
    /// Edits that it said exist only on it.
    pub waiting_edits: u64,
    /// Its clock minus the hub's.
    pub clock_offset_ms: i64,
    /// Version of its program.
    pub program: String,
    /// Why its chain was stopped; empty if it was not.
    pub stopped: String,
    /// What it last said of itself.
    pub report: Report,
}

/// How a device is, as it last said; `None`: it did not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// How many of the waiting events take goods out.
    pub waiting_releases: Option<u64>,
    /// How full its battery is, 0 to 100, and whether it is being charged.
    pub battery: Option<(u8, bool)>,
    /// Bytes left on the disk with its files.
    pub storage_free: Option<u64>,
    /// Whether it has heard that it is locked.
    pub locked: Option<bool>,
    /// All that the hub had accepted before that instant it held. `None`: it holds nothing of this hub's log.
    pub data_as_of: Option<UnixMillis>,
}

fn report(r: &Row<'_>) -> Result<Report, StoreError> {
    let count = |column| -> Result<Option<u64>, StoreError> {
        let n: Option<i64> = r.get(column)?;
        Ok(n.map(|n| n.max(0) as u64))
    };
    let percent: Option<u8> = r.get("battery_percent")?;
    let charging: Option<bool> = r.get("battery_charging")?;
    Ok(Report {
        waiting_releases: count("waiting_releases")?,
        battery: percent.map(|percent| (percent, charging.unwrap_or_default())),
        storage_free: count("storage_free")?,
        locked: r.get("locked")?,
        data_as_of: r.get("data_as_of")?,
    })
}

/// What a one-time code opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRow {
    /// The site that the device will work at.
    pub site: SiteId,
    /// The name given on the console; may be empty.
    pub device_name: String,
    /// Whether the device will only count.
    pub counts_only: bool,
    /// Until when.
    pub expires_at: UnixMillis,
    /// When it was used.
    pub used_at: Option<UnixMillis>,
}

fn bytes<const N: usize>(row: &Row<'_>, column: &'static str) -> Result<[u8; N], StoreError> {
    let bytes: Vec<u8> = row.get(column)?;
    bytes.try_into().map_err(|_| StoreError::Corrupt(column))
}

fn device(r: &Row<'_>) -> Result<DeviceRow, StoreError> {
    Ok(DeviceRow {
        device: DeviceId::from_bytes(bytes(r, "device")?),
        name: r.get("name")?,
        site: SiteId::from_bytes(bytes(r, "site")?),
        key: PublicKey::from_bytes(bytes(r, "public_key")?),
        shared_chain: ChainId::from_bytes(bytes(r, "shared_chain")?),
        site_chain: ChainId::from_bytes(bytes(r, "site_chain")?),
        counts_only: r.get("counts_only")?,
        revoked: r.get("revoked")?,
        enrolled_at: r.get("enrolled_at")?,
        last_contact: r.get("last_contact")?,
        waiting_events: r.get::<_, i64>("waiting_events")?.max(0) as u64,
        waiting_edits: r.get::<_, i64>("waiting_edits")?.max(0) as u64,
        clock_offset_ms: r.get("clock_offset_ms")?,
        program: r.get("program")?,
        stopped: r.get("stopped")?,
        report: report(r)?,
    })
}

/// All devices, by name.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn all(connection: &Connection) -> Result<Vec<DeviceRow>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM hub_device ORDER BY name, device")?;
    let mut rows = statement.query([])?;
    let mut devices = Vec::new();
    while let Some(r) = rows.next()? {
        devices.push(device(r)?);
    }
    Ok(devices)
}

/// The device that holds this token.
pub fn by_token(
    connection: &Connection,
    token_hash: &[u8; 32],
) -> Result<Option<DeviceRow>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM hub_device WHERE token_hash = ?1")?;
    let mut rows = statement.query([token_hash])?;
    rows.next()?.map(device).transpose()
}

/// Takes a device in.
pub fn insert(
    connection: &Connection,
    device: &DeviceRow,
    token_hash: &[u8; 32],
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO hub_device (device, name, site, public_key, shared_chain, site_chain, token_hash, enrolled_at,
                 counts_only)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            device.device.as_bytes(),
            device.name,
            device.site.as_bytes(),
            device.key.as_bytes(),
            device.shared_chain.as_bytes(),
            device.site_chain.as_bytes(),
            token_hash,
            device.enrolled_at,
            device.counts_only,
        ])?;
    Ok(())
}

/// What a device said with its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// When.
    pub at: UnixMillis,
    /// Events that exist only on it, after this exchange.
    pub waiting_events: u64,
    /// Edits that exist only on it, after this exchange.
    pub waiting_edits: u64,
    /// Its clock minus the hub's.
    pub clock_offset_ms: i64,
    /// Version of its program.
    pub program: String,
    /// Why its chain was stopped; empty if it was not.
    pub stopped: &'static str,
    /// How it is.
    pub report: Report,
    /// How far it has read its site's log; `None` if it follows another one.
    pub reading: Option<ReadingRow>,
}

/// A number that somebody else said, as far as a column holds it.
fn stored(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Notes what a device said.
pub fn note_contact(
    connection: &Connection,
    device: DeviceId,
    contact: &Contact,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE hub_device SET last_contact = ?2, waiting_events = ?3, waiting_edits = ?4, clock_offset_ms = ?5,
                 program = ?6, stopped = ?7, waiting_releases = ?8, battery_percent = ?9, battery_charging = ?10,
                 storage_free = ?11, locked = ?12, data_as_of = ?13
             WHERE device = ?1",
        )?
        .execute(params![
            device.as_bytes(),
            contact.at,
            contact.waiting_events as i64,
            contact.waiting_edits as i64,
            contact.clock_offset_ms,
            contact.program,
            contact.stopped,
            contact.report.waiting_releases.map(stored),
            contact.report.battery.map(|(percent, _)| percent),
            contact.report.battery.map(|(_, charging)| charging),
            contact.report.storage_free.map(stored),
            contact.report.locked,
            contact.report.data_as_of,
        ])?;
    if let Some(reading) = &contact.reading {
        hub_readings::note(connection, device, reading)?;
    }
    Ok(())
}

/// Calls a device something else.
pub fn rename(connection: &Connection, device: DeviceId, name: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE hub_device SET name = ?2 WHERE device = ?1")?
        .execute(params![device.as_bytes(), name])?;
    Ok(())
}

/// Takes a device's rights away, or gives them back.
pub fn set_revoked(
    connection: &Connection,
    device: DeviceId,
    revoked: bool,
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached("UPDATE hub_device SET revoked = ?2 WHERE device = ?1")?
        .execute(params![device.as_bytes(), revoked])?;
    Ok(changed > 0)
}

/// Keeps a one-time code.
pub fn invite(
    connection: &Connection,
    code_hash: &[u8; 32],
    invitation: &InvitationRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO hub_invitation (code_hash, site, device_name, expires_at, counts_only)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            code_hash,
            invitation.site.as_bytes(),
            invitation.device_name,
            invitation.expires_at,
            invitation.counts_only,
        ])?;
    Ok(())
}

/// What a one-time code opens, used or not.
pub fn invitation(
    connection: &Connection,
    code_hash: &[u8; 32],
) -> Result<Option<InvitationRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT site, device_name, counts_only, expires_at, used_at FROM hub_invitation WHERE code_hash = ?1",
    )?;
    let mut rows = statement.query([code_hash])?;
    rows.next()?
        .map(|r| {
            Ok(InvitationRow {
                site: SiteId::from_bytes(bytes(r, "site")?),
                device_name: r.get("device_name")?,
                counts_only: r.get("counts_only")?,
                expires_at: r.get("expires_at")?,
                used_at: r.get("used_at")?,
            })
        })
        .transpose()
}

/// Burns a one-time code.
pub fn use_invitation(
    connection: &Connection,
    code_hash: &[u8; 32],
    at: UnixMillis,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE hub_invitation SET used_at = ?2 WHERE code_hash = ?1 AND used_at IS NULL",
        )?
        .execute(params![code_hash, at])?;
    Ok(())
}

/// The certificates of the server's nodes, in the order in which they were made.
pub fn certificates(connection: &Connection) -> Result<Vec<(SiteId, Vec<u8>)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT site, certificate FROM hub_certificate ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(r) = rows.next()? {
        all.push((SiteId::from_bytes(bytes(r, "site")?), r.get("certificate")?));
    }
    Ok(all)
}

/// The server's certificates that came after one, with their numbers.
pub fn certificates_after(
    connection: &Connection,
    after: i64,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id, certificate FROM hub_certificate WHERE id > ?1 ORDER BY id")?;
    let mut rows = statement.query([after])?;
    let mut all = Vec::new();
    while let Some(r) = rows.next()? {
        all.push((r.get("id")?, r.get("certificate")?));
    }
    Ok(all)
}

/// The number of the server's last certificate; 0 if there is none.
pub fn last_certificate(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM hub_certificate")?
        .query_row([], |r| r.get(0))?)
}

/// Whether a certificate of the server is kept.
pub fn has_certificate(connection: &Connection, certificate: &[u8]) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM hub_certificate WHERE certificate = ?1")?
        .exists([certificate])?)
}

/// Keeps a certificate of the server for a site.
pub fn put_certificate(
    connection: &Connection,
    site: SiteId,
    certificate: &[u8],
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO hub_certificate (site, certificate) VALUES (?1, ?2)")?
        .execute(params![site.as_bytes(), certificate])?;
    Ok(())
}
