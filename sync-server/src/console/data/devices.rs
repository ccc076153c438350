//! Devices and what they last told.

use documents::catalogue::Device;
use documents::{FieldEdit, Instructions, Partition, RecordKind};
use domain::{DeviceId, EventId, SiteId, UnixMillis};
use replica::{Commit, RecordEdit};

use super::ConsoleData;
use super::names::called;
use crate::console::desk::Contact;
use crate::console::view::{DeviceView, Named, RefusedOf, RefusedView, Version};
use crate::error::AppError;
use crate::store::hub_refusals::RefusalRow;

/// How a program compares with this one.
fn version(contact: Option<&Contact>) -> Version {
    let Some(contact) = contact else {
        return Version::Unknown;
    };
    match &contact.report {
        _ if contact.too_old => Version::Refused,
        Some(report) => Version::of(&report.program, env!("CARGO_PKG_VERSION")),
        None => Version::Unknown,
    }
}

impl ConsoleData {
    /// All devices by name, the server last. `contacts`: what the hub heard of them.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn devices(&self, contacts: &[Contact]) -> Result<Vec<DeviceView>, AppError> {
        let own = self.writer().identity().map(|identity| identity.device);
        self.ask(|q| {
            let names = self.names(q);
            let mut views = Vec::new();
            for device in q.devices()? {
                let chains = q.chains_of_device(device.id)?;
                let site = chains.iter().find_map(|chain| match chain.partition {
                    Partition::Site(site) => Some(site),
                    Partition::Shared => None,
                });
                let mut last = None;
                for chain in chains.iter().filter(|chain| chain.last_event > 0) {
                    let (chain, number) = (chain.chain, chain.last_event);
                    last = q.event(EventId { chain, number })?.or(last);
                }
                let contact = contacts.iter().find(|contact| contact.device == device.id);
                let site = contact.map(|contact| contact.site).or(site);
                // It may have written here, and work elsewhere now.
                if site.is_some_and(|site| !self.scope.sees(site)) {
                    continue;
                }
                views.push(DeviceView {
                    device: called(device.id.to_string(), &device.name),
                    site: match site {
                        Some(site) => names.site(site)?,
                        None => Named::default(),
                    },
                    last_contact: contact.and_then(|contact| contact.at),
                    report: contact.and_then(|contact| contact.report.clone()),
                    version: version(contact),
                    stopped: contact.map_or_else(String::new, |contact| contact.stopped.clone()),
                    last_event: last.map(|row| names.event(&row)).transpose()?,
                    refused: contact.map_or(0, |contact| contact.refused),
                    next_site: contact
                        .and_then(|contact| contact.next_site)
                        .map(|site| names.site(site))
                        .transpose()?,
                    new_key: contact.is_some_and(|contact| contact.new_key),
                    counts_only: contact.is_some_and(|contact| contact.counts_only),
                    revoked: device.revoked,
                    instructions: match q.record(device.id.into())? {
                        Some(record) => Instructions::of(&record),
                        None => Instructions::default(),
                    },
                    is_server: own == Some(device.id),
                    chains: chains
                        .iter()
                        .map(|chain| {
                            let id = chain.chain.to_string();
                            let tail = id.get(id.len() - 6..).unwrap_or_default().to_owned();
                            (tail, chain.head.max(chain.last_event))
                        })
                        .collect(),
                });
            }
            views.sort_by_key(|view| view.is_server);
            Ok(views)
        })
    }

    /// What was refused, with the names of the devices.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn refused(&self, rows: &[RefusalRow]) -> Result<Vec<RefusedView>, AppError> {
        self.ask(|q| {
            let mut views = Vec::with_capacity(rows.len());
            for row in rows {
                let (cause, next) = RefusedView::known(&row.cause);
                let of = match row.device {
                    Some(id) => {
                        let record = q.device(id)?;
                        if record.is_none() && !self.scope.is_everywhere() {
                            continue;
                        }
                        let name = record.map_or_else(String::new, |device| device.name);
                        RefusedOf::Device(called(id.to_string(), &name))
                    }
                    // Nobody knows of which site they are.
                    None if !self.scope.is_everywhere() => continue,
                    None if row.address.is_empty() => RefusedOf::File,
                    None => RefusedOf::Unknown(row.address.clone()),
                };
                views.push(RefusedView {
                    of,
                    cause,
                    next,
                    times: row.times,
                    since: row.since,
                    at: row.at,
                });
            }
            Ok(views)
        })
    }

    /// Tells one device, or with none all handhelds that may write.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for the server itself.
    pub fn instruct(
        &self,
        device: Option<DeviceId>,
        fields: &[FieldEdit],
        now: UnixMillis,
    ) -> Result<(), AppError> {
        let seen: Vec<DeviceId> = self.ask(|q| Ok(q.devices()?.iter().map(|d| d.id).collect()))?;
        let mut replica = self.writer_at(now)?;
        let own = replica.identity().map(|identity| identity.device);
        let mut devices: Vec<Device> = replica.query().devices()?;
        devices.retain(|known| seen.contains(&known.id));
        devices.retain(|known| Some(known.id) != own && !known.revoked);
        devices.retain(|known| device.is_none_or(|asked| asked == known.id));
        if device.is_some() && devices.is_empty() {
            return Err(AppError::NotFound);
        }
        let edit = |device: Device| RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Device,
            id: device.id.into(),
            fields: fields.to_vec(),
        };
        let commit = Commit {
            edits: devices.into_iter().map(edit).collect(),
            ..Commit::default()
        };
        if !commit.edits.is_empty() && !fields.is_empty() {
            replica.commit(commit, now)?;
        }
        Ok(())
    }

    /// The name of a device.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn device_name(&self, id: DeviceId) -> Result<String, AppError> {
        self.ask(|q| Ok(q.device(id)?.ok_or(AppError::NotFound)?.name))
    }

    /// The site with that id, or the only or first one.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is none.
    pub fn site_or_first(&self, id: &str) -> Result<SiteId, AppError> {
        self.ask(|q| {
            let sites = q.sites()?;
            let wanted: Option<SiteId> = id.parse().ok();
            let site = sites.iter().find(|site| Some(site.id) == wanted);
            let site = site.or(sites.first()).ok_or(AppError::NotFound)?;
            Ok(site.id)
        })
    }
}
