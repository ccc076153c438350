//! What a supervisor tells this device from afar.

use documents::Instructions;
use replica::ReplicaError;

use super::machine::Worker;
use crate::view::Message;

/// Code of the banner with a supervisor's words.
const FROM_SUPERVISOR: &str = "from-supervisor";

impl Worker {
    /// Shows a message that nobody has read here, and follows settings that changed. Until the next change a person may
    /// set the device otherwise.
    pub(crate) fn follow_instructions(&mut self) -> Result<(), ReplicaError> {
        let Some(device) = self.replica.identity().map(|identity| identity.device) else {
            return Ok(());
        };
        let record = self.replica.query().record(device.into())?;
        let told = record.as_ref().map(Instructions::of).unwrap_or_default();
        self.heed_lock(told.locked);
        if let Some(message) = told.message
            && message.at > self.settings.message_read
        {
            self.message_at = message.at;
            self.banner = Some(Message::new(FROM_SUPERVISOR).with(message.text));
        }
        if told.settings != self.settings.from_server {
            for (name, value) in &told.settings {
                if self.settings.from_server.get(name) != Some(value) {
                    self.settings.follow(name, value);
                }
            }
            self.settings.from_server = told.settings;
            self.settings.save(&mut self.replica)?;
        }
        Ok(())
    }

    /// The banner goes; a message that was read is not shown again.
    pub(crate) fn dismiss_banner(&mut self) -> Result<(), ReplicaError> {
        let banner = self.banner.take();
        if banner.is_some_and(|banner| banner.code == FROM_SUPERVISOR) {
            self.settings.message_read = self.message_at;
            self.settings.save(&mut self.replica)?;
        }
        Ok(())
    }
}
