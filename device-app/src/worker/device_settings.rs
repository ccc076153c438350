//! Settings of this device, kept in its own database and never synced.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use replica::{Replica, ReplicaError};

use super::machine::Worker;
use super::scanner::KeptScanner;
use crate::view::{Appearance, Language, Theme};

const NAME: &str = "device";
/// What the keyboard has learned: apart, since it is much larger and changes with every name.
const WORDS: &str = "words";

/// What people chose on this device, and what the program remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DeviceSettings {
    /// `en` or `zh_CN`; `None` until somebody chose.
    pub(crate) language: Option<String>,
    pub(crate) theme: String,
    pub(crate) text_percent: u32,
    pub(crate) left_handed: bool,
    pub(crate) screen_keyboard: bool,
    /// Whether text fields begin with pinyin; `None` until somebody chose, and then by the language.
    pub(crate) pinyin: Option<bool>,
    pub(crate) sound: bool,
    pub(crate) volume: u32,
    pub(crate) vibration_only: bool,
    pub(crate) camera: bool,
    pub(crate) stay_offline: bool,
    /// Exchange with handhelds nearby while the server does not answer.
    pub(crate) neighbours: bool,
    /// Every byte costs money: only what is small goes.
    pub(crate) metered: bool,
    /// Unix milliseconds of the last complete exchange with the server.
    pub(crate) last_contact: Option<i64>,
    /// Minutes without input after which the operator is signed out; 0 is never.
    pub(crate) idle_minutes: u32,
    /// What the server has set, as it was followed.
    pub(crate) from_server: BTreeMap<String, String>,
    /// When the supervisor's message was sent that was read here last, unix milliseconds.
    pub(crate) message_read: i64,
    /// How the wedge scanner is set up; `None` as most are.
    pub(crate) scanner: Option<KeptScanner>,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self {
            language: None,
            theme: Theme::Light.code().to_owned(),
            text_percent: 100,
            left_handed: false,
            screen_keyboard: true,
            pinyin: None,
            sound: true,
            volume: 80,
            vibration_only: false,
            camera: true,
            stay_offline: false,
            neighbours: true,
            metered: false,
            last_contact: None,
            idle_minutes: 15,
            from_server: BTreeMap::new(),
            message_read: 0,
            scanner: None,
        }
    }
}

impl Worker {
    /// What the keyboard had learned, in the form that it gave; empty at first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn words(&self) -> Result<String, ReplicaError> {
        Ok(self.replica.query().setting(WORDS)?.unwrap_or_default())
    }

    pub(crate) fn keep_words(&mut self, kept: &str) -> Result<(), ReplicaError> {
        self.replica.set_setting(WORDS, kept)
    }
}

impl DeviceSettings {
    /// What was kept. Settings that cannot be read are the usual ones: nobody is locked out by them.
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

    /// Takes a setting of [`documents::instructions::SETTINGS`]; what is none changes nothing.
    pub(crate) fn follow(&mut self, name: &str, value: &str) {
        let on = value == "on";
        let number = value.parse().ok();
        match (name, number) {
            ("language", _) => self.language = Some(value.to_owned()),
            ("theme", _) => self.theme = value.to_owned(),
            ("text-size", Some(percent)) => self.text_percent = percent,
            ("sound", _) => self.sound = on,
            ("volume", Some(volume)) => self.volume = volume,
            ("vibration-only", _) => self.vibration_only = on,
            ("camera", _) => self.camera = on,
            ("metered", _) => self.metered = on,
            ("idle-minutes", Some(minutes)) => self.idle_minutes = minutes,
            _ => {}
        }
    }

    pub(crate) fn language(&self) -> Language {
        let kept = |l: &Language| Some(l.code()) == self.language.as_deref();
        Language::ALL
            .into_iter()
            .find(kept)
            .unwrap_or(Language::English)
    }

    pub(crate) fn appearance(&self) -> Appearance {
        Appearance {
            language: self.language(),
            theme: Theme::ALL
                .into_iter()
                .find(|t| t.code() == self.theme)
                .unwrap_or(Theme::Light),
            text_percent: self.text_percent.clamp(100, 130),
            left_handed: self.left_handed,
            screen_keyboard: self.screen_keyboard,
            pinyin: self.pinyin.unwrap_or(self.language() == Language::Chinese),
        }
    }
}
