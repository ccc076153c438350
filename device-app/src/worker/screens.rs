//! Which screen is shown, and the screens that show the device itself.

use replica::ReplicaError;
use sync_core::Connection as Synced;

use super::machine::{Asking, Showing, Worker};
use super::sync_driver::sentence_code;
use crate::view::{
    Camera, Connection, Line, Message, Question, Screen, SettingsView, SyncChip, SyncView, View,
};

const WAITING_LINES_MAX: usize = 30;

/// One digit after the point, rounded up: what little there is does not show as nothing.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    match tenths {
        0 => String::new(),
        _ => format!("{}.{} MB", tenths / 10, tenths % 10),
    }
}

impl Worker {
    /// What the screen shows now. A screen that cannot be read shows the failure in its place.
    pub fn view(&mut self) -> View {
        // What concerns the device is shown as it is, whatever somebody tries meanwhile.
        let device = matches!(self.showing, Showing::Sync | Showing::Nearby);
        let screen = match device {
            true => self.on_real(|worker| worker.screen()),
            false => self.screen(),
        };
        let screen = match screen {
            Ok(screen) => screen,
            Err(error) => {
                self.report(Err(error));
                crate::view::Screen::Home(Default::default())
            }
        };
        View {
            screen,
            chip: self.chip(),
            operator: self.operator.as_ref().map(|o| o.name.clone()),
            feedback: self.feedback.clone(),
            banner: self.banner.clone(),
            warning: self.warning(),
            question: self.question(),
            appearance: self.settings.appearance(),
            camera: if self.settings.camera && self.lock.is_none() {
                self.camera
            } else {
                Camera::Off
            },
            practice: self.practises(),
            printing: self.print_offer(),
        }
    }

    fn question(&self) -> Option<Question> {
        let ask = |message| Question {
            message,
            yes: "confirm".to_owned(),
            no: "cancel".to_owned(),
        };
        match &self.asking {
            Some(Asking::SignOut) => {
                let waiting = self.waiting.total().to_string();
                Some(ask(Message::new("sign-out-waiting").with(waiting)))
            }
            Some(Asking::StartInstead(_)) => {
                let lines = self.work.as_ref().map_or(0, |w| w.task.line_count());
                Some(ask(Message::new("discard-confirm").with(lines.to_string())))
            }
            Some(Asking::TakeOver { name, .. }) => {
                Some(ask(Message::new("take-over-confirm").with(name.clone())))
            }
            Some(Asking::Reading(tied)) => Some(Question {
                message: Message::new("which-reading").with(tied.shown()),
                yes: "yes".to_owned(),
                no: "no".to_owned(),
            }),
            None if self.showing == Showing::Task => {
                let question = self.work.as_ref()?.task.question()?;
                let mut message = Message::new(question.code.code());
                message.args = question.args;
                Some(ask(message))
            }
            None => None,
        }
    }

    pub(crate) fn screen(&self) -> Result<Screen, ReplicaError> {
        if let Some(lock) = &self.lock {
            return Ok(Screen::Locked(self.locked_view(lock)));
        }
        Ok(match self.showing {
            Showing::Enrol => Screen::Enrol(self.enrol_view()),
            Showing::SignIn | Showing::Approve => Screen::SignIn(self.sign_in_view()?),
            Showing::Task => match self.task_view() {
                Some(view) => Screen::Task(view),
                None => Screen::Home(self.home_view()?),
            },
            Showing::Home => Screen::Home(self.home_view()?),
            Showing::LookUp => Screen::LookUp(self.look_up_view()?),
            Showing::History => Screen::History(self.history_view()?),
            Showing::Sync => Screen::Sync(self.sync_view()?),
            Showing::Nearby => Screen::Nearby(self.nearby_view()),
            Showing::Settings => Screen::Settings(self.settings_view()),
            Showing::Scanner => Screen::Scanner(self.scanner_view()),
            Showing::Printing => Screen::Printing(self.printing_view()),
            Showing::Gallery => Screen::Gallery,
            Showing::Signing => Screen::Signing(self.signing_view()?),
            Showing::Receipt => Screen::Receipt(self.receipt_view()?),
        })
    }

    pub(crate) fn chip(&self) -> SyncChip {
        let age_ms = self
            .settings
            .last_contact
            .map(|at| (self.now() - at).max(0));
        SyncChip {
            connection: match self.sync.connection() {
                Synced::Offline => Connection::Offline,
                Synced::Online => Connection::Online,
                Synced::Syncing => Connection::Syncing,
                Synced::StayOffline => Connection::StayOffline,
            },
            waiting: u32::try_from(self.waiting.total()).unwrap_or(u32::MAX),
            // Whole minutes, as shown: a new picture each second would only cost the battery.
            data_age_seconds: age_ms.and_then(|ms| u64::try_from(ms / 60_000 * 60).ok()),
        }
    }

    fn sync_view(&self) -> Result<SyncView, ReplicaError> {
        let identity = self.replica.identity();
        let now = self.now();
        let mut waiting_lines = Vec::new();
        for row in self.history_view()?.rows {
            let waits = matches!(
                row.state,
                crate::view::LineState::Saved | crate::view::LineState::Pending
            );
            if waits && waiting_lines.len() < WAITING_LINES_MAX {
                waiting_lines.push(Line {
                    title: row.text,
                    subtitle: row.time,
                    quantity: row.quantity,
                    status: row.state.code().to_owned(),
                });
            }
        }
        let last_contact = self.settings.last_contact;
        let held = match identity {
            Some(identity) => self.replica.query().held_for_supervisor(identity.device)?,
            None => 0,
        };
        let photos = self.photos_waiting();
        let photo_trouble = self.blobs.trouble().filter(|_| photos.photos > 0);
        Ok(SyncView {
            last_contact: last_contact
                .map(|at| self.site_clock.show(at, now))
                .unwrap_or_default(),
            server_url: identity.map(|i| i.server_url.clone()).unwrap_or_default(),
            device_name: identity.map(|i| i.device_name.clone()).unwrap_or_default(),
            data_version: self.data_version()?,
            only_here: u32::try_from(self.waiting.total()).unwrap_or(u32::MAX),
            blocked: u32::try_from(self.replica.query().waiting_record_count()?)
                .unwrap_or(u32::MAX),
            waiting_lines,
            only_here_groups: self.only_here_groups()?,
            set_aside_groups: self.set_aside_groups()?,
            photos: photos.photos,
            photos_size: megabytes(photos.bytes),
            photos_held_back: photos.held_back,
            last_error: match self.sync.error(self.waiting.total()) {
                None if self.settings.stay_offline => Some(Message::new("stay-offline-on")),
                None if held > 0 => {
                    Some(Message::new("held-for-supervisor").with(held.to_string()))
                }
                None => photo_trouble.map(|code| Message::new(sentence_code(code))),
                error => error,
            },
            stay_offline: self.settings.stay_offline,
            raw_scans: self.raw_scans.iter().cloned().collect(),
            can_enrol: true,
        })
    }

    /// The first digits of the state hash: two devices with the same data show the same.
    fn data_version(&self) -> Result<String, ReplicaError> {
        let Some(site) = self.site else {
            return Ok(String::new());
        };
        let hash = self.replica.state_hash(site)?.to_bytes();
        Ok(hash.iter().take(4).map(|b| format!("{b:02x}")).collect())
    }

    fn settings_view(&self) -> SettingsView {
        let identity = self.replica.identity();
        SettingsView {
            can_practise: self.operator.is_some(),
            practises: self.practises(),
            sound: self.settings.sound,
            volume: self.settings.volume,
            vibration_only: self.settings.vibration_only,
            camera: self.settings.camera,
            metered: self.settings.metered,
            pin_protection: Message::new(self.secrets.protection().code()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device_name: identity.map(|i| i.device_name.clone()).unwrap_or_default(),
            printer: self.printer_view(),
        }
    }
}
