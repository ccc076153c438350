//! What devices said of themselves, until it is written with the next transaction: a poll costs no write.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, PoisonError};

use domain::DeviceId;
use rusqlite::Connection;

use super::{Hub, HubError};
use crate::store::StoreError;
use crate::store::hub_devices::{self, Contact};

#[derive(Default)]
pub(super) struct Contacts(Mutex<BTreeMap<DeviceId, Contact>>);

impl Contacts {
    pub(super) fn note(&self, device: DeviceId, contact: Contact) {
        let mut contacts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        contacts.insert(device, contact);
    }

    fn take(&self) -> BTreeMap<DeviceId, Contact> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Hub {
    /// Writes what was noted. If the transaction fails, the devices say it again with their next exchange.
    pub(super) fn write_contacts(&self, connection: &Connection) -> Result<(), StoreError> {
        self.contacts
            .take()
            .iter()
            .try_for_each(|(device, contact)| {
                hub_devices::note_contact(connection, *device, contact)
            })
    }

    /// [`Hub::write_contacts`] in a transaction of its own, if there is anything to write.
    pub(super) fn flush_contacts(&self) -> Result<(), HubError> {
        let contacts = self.contacts.take();
        if contacts.is_empty() {
            return Ok(());
        }
        Ok(self.database.write(|t| {
            contacts
                .iter()
                .try_for_each(|(device, contact)| hub_devices::note_contact(t, *device, contact))
        })?)
    }
}
