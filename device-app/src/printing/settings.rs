//! Which printer, and what labels are in it: settings of this device, never synced.

use serde::{Deserialize, Serialize};

use labels::job::BackChannel;
use labels::{Address, AddressError, Density, Language, Stock};
use replica::{Replica, ReplicaError};

const NAME: &str = "printer";

/// Labels that shops sell most, in millimetres: width, height.
pub const SIZES: [(u16, u16); 4] = [(50, 30), (60, 40), (80, 50), (100, 150)];

/// What a person chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrinterSettings {
    /// As `labels` reads it; empty until somebody said.
    pub address: String,
    pub language: Language,
    pub width_mm: u16,
    pub height_mm: u16,
    pub density: Density,
    /// It says its condition.
    pub answers: bool,
}

impl Default for PrinterSettings {
    fn default() -> Self {
        Self {
            address: String::new(),
            language: Language::Zpl,
            width_mm: SIZES[0].0,
            height_mm: SIZES[0].1,
            density: Density::Eight,
            answers: true,
        }
    }
}

impl PrinterSettings {
    /// What was kept. Settings that cannot be read are the usual ones: the person sees that the address is missing.
    pub(crate) fn load(replica: &Replica) -> Result<Self, ReplicaError> {
        let kept = replica.query().setting(NAME)?;
        Ok(kept
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default())
    }

    pub(crate) fn save(&self, replica: &mut Replica) -> Result<(), ReplicaError> {
        // Plain fields always serialise.
        let json = serde_json::to_string(self).unwrap_or_default();
        replica.set_setting(NAME, &json)
    }

    /// Where the printer is; `None` before somebody said.
    pub fn address(&self) -> Option<Address> {
        self.address.parse().ok()
    }

    /// Takes the address as it was typed. An empty one takes the printer away.
    ///
    /// # Errors
    /// It is no address; the old one stays.
    pub fn set_address(&mut self, typed: &str) -> Result<(), AddressError> {
        let typed = typed.trim();
        self.address = match typed {
            "" => String::new(),
            _ => typed.parse::<Address>()?.to_string(),
        };
        Ok(())
    }

    pub(crate) fn stock(&self) -> Stock {
        Stock::new(self.width_mm, self.height_mm, self.density)
    }

    pub(crate) fn back_channel(&self) -> BackChannel {
        if self.answers {
            BackChannel::Fence
        } else {
            BackChannel::None
        }
    }
}
