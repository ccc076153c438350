//! What the person did, and which part of the worker it concerns.

use operations::{ActionCode, Operation};
use protocol::Pairing;
use replica::ReplicaError;
use scan::Payload;

use super::codes_read::{Answered, Tied};
use super::machine::{Asking, Showing, Worker};
use super::neighbours::stands_in;
use crate::view::{Message, Outcome, Place, UiEvent};

/// Whether it is about the device itself: that goes on as ever while somebody practises.
const fn concerns_the_device(event: &UiEvent) -> bool {
    matches!(
        event,
        UiEvent::Enrol { .. }
            | UiEvent::SyncNeighbours
            | UiEvent::ShowCode(_)
            | UiEvent::HideCode
            | UiEvent::LookIn(_)
            | UiEvent::ExportTo(_)
            | UiEvent::ImportFrom(_)
            | UiEvent::SyncNow
            | UiEvent::StayOffline(_)
            | UiEvent::KeepWords(_)
            | UiEvent::SetLanguage(_)
            | UiEvent::SetTheme(_)
            | UiEvent::SetTextPercent(_)
            | UiEvent::SetLeftHanded(_)
            | UiEvent::SetScreenKeyboard(_)
            | UiEvent::SetPinyin(_)
            | UiEvent::SetSound(_)
            | UiEvent::SetVolume(_)
            | UiEvent::SetVibrationOnly(_)
            | UiEvent::SetCamera(_)
            | UiEvent::SetNeighbours(_)
            | UiEvent::SetMetered(_)
            | UiEvent::ScannerKeys(_)
            | UiEvent::ResetScanner
    ) || matches!(event, UiEvent::Print(print) if print.is_setting())
}

/// Whether an approval that is asked for stays asked for.
const fn concerns_approval(event: &UiEvent) -> bool {
    concerns_the_device(event)
        || matches!(
            event,
            UiEvent::Scan { .. }
                | UiEvent::ChooseOperator(_)
                | UiEvent::ForgetOperator
                | UiEvent::PinKey(_)
                | UiEvent::PinDone
                | UiEvent::Acknowledge
                | UiEvent::DismissBanner
        )
}

impl Worker {
    pub(crate) fn ui(&mut self, event: UiEvent) -> Result<(), ReplicaError> {
        if self.approval.is_some() && !concerns_approval(&event) {
            self.forget_approval();
            if matches!(event, UiEvent::Back | UiEvent::Action(_)) {
                return Ok(());
            }
        }
        match event {
            UiEvent::Practise(true) => self.begin_practice(),
            UiEvent::Practise(false) => self.end_practice(),
            real if concerns_the_device(&real) => self.on_real(|worker| worker.device_ui(real)),
            work => self.work_ui(work),
        }
    }

    /// What a person does with goods, people and screens.
    fn work_ui(&mut self, event: UiEvent) -> Result<(), ReplicaError> {
        match event {
            UiEvent::OpenOperation(code) => return self.open_operation(&code),
            UiEvent::Open(place) => self.open_place(place),
            UiEvent::Back => self.back(),
            UiEvent::Resume => return self.resume(),
            UiEvent::TakeOver(id) => return self.ask_to_take_over(&id),
            UiEvent::Action(code) => return self.action(&code),
            UiEvent::Choose(id) => return self.choose(id),
            UiEvent::Keypad(key) => self.keypad(key),
            UiEvent::EnterText(text) => return self.enter_text(text),
            UiEvent::Acknowledge => self.feedback = None,
            UiEvent::Undo => return self.undo_last(),
            UiEvent::TakePhoto => return self.ask_for_photo(),
            UiEvent::OpenSigning => return self.open_signing(),
            UiEvent::Signed(strokes) => return self.signed(&strokes),
            UiEvent::OpenReceipt(id) => return self.open_receipt(&id),
            UiEvent::HistoryUndo(id) => return self.history_undo(&id),
            UiEvent::ChooseOperator(id) => self.choose_operator(id),
            UiEvent::ForgetOperator => self.forget_operator(),
            UiEvent::PinKey(key) => self.pin_key(key),
            UiEvent::PinDone => return self.pin_done(),
            UiEvent::SignOut => self.sign_out(),
            UiEvent::SkipEnrol => self.showing = Showing::SignIn,
            UiEvent::OpenEnrol => self.showing = Showing::Enrol,
            UiEvent::Search(text) => return self.search(text),
            UiEvent::OpenHit(id) => return self.open_hit(&id),
            UiEvent::CloseDetail => self.look_up.close_detail(),
            UiEvent::Print(event) => return self.print_event(event),
            UiEvent::DismissBanner => {
                return self.on_real(|worker| worker.dismiss_banner());
            }
            UiEvent::Quit => self.quit = true,
            _ => {}
        }
        Ok(())
    }

    /// What concerns the device and its exchanges, and its settings.
    fn device_ui(&mut self, event: UiEvent) -> Result<(), ReplicaError> {
        match event {
            UiEvent::Enrol {
                server_url,
                code,
                device_name,
            } => self.enrol_by_hand(&server_url, &code, &device_name),
            UiEvent::SyncNeighbours => self.sync_neighbours(),
            UiEvent::ShowCode(kind) => return self.show_code(kind),
            UiEvent::HideCode => self.hide_code(),
            UiEvent::LookIn(folder) => self.look_in(&folder),
            UiEvent::ExportTo(folder) => return self.export_to(&folder),
            UiEvent::ImportFrom(name) => return self.import_from(&name),
            UiEvent::SyncNow => return self.sync_event(sync_core::Event::SyncNow),
            UiEvent::StayOffline(stay) => {
                self.settings.stay_offline = stay;
                self.settings.save(&mut self.replica)?;
                return self.sync_event(sync_core::Event::StayOffline(stay));
            }
            UiEvent::KeepWords(kept) => return self.keep_words(&kept),
            UiEvent::ScannerKeys(keys) => return self.scanner_keys(&keys),
            UiEvent::ResetScanner => return self.reset_scanner(),
            UiEvent::Print(event) => return self.print_event(event),
            setting => return self.set(setting),
        }
        Ok(())
    }

    /// Exchanges are of the real replica, whoever asks for one: nothing of a copy to practise on may be sent.
    pub(crate) fn sync_event(&mut self, event: sync_core::Event) -> Result<(), ReplicaError> {
        self.on_real(|worker| worker.real_sync_event(event))
    }

    fn real_sync_event(&mut self, event: sync_core::Event) -> Result<(), ReplicaError> {
        if self.replica.identity().is_none_or(stands_in) {
            return Ok(());
        }
        let now = self.now();
        if event == sync_core::Event::Committed {
            self.neighbours.hurry(now);
        }
        let news = self.sync.handle(event, &mut self.replica, now);
        self.note(news)
    }

    fn set(&mut self, event: UiEvent) -> Result<(), ReplicaError> {
        let settings = &mut self.settings;
        match event {
            UiEvent::SetLanguage(language) => settings.language = Some(language.code().to_owned()),
            UiEvent::SetTheme(theme) => settings.theme = theme.code().to_owned(),
            UiEvent::SetTextPercent(percent) => settings.text_percent = percent.clamp(100, 130),
            UiEvent::SetLeftHanded(on) => settings.left_handed = on,
            UiEvent::SetScreenKeyboard(on) => settings.screen_keyboard = on,
            UiEvent::SetPinyin(on) => settings.pinyin = Some(on),
            UiEvent::SetSound(on) => settings.sound = on,
            UiEvent::SetVolume(volume) => settings.volume = volume.min(100),
            UiEvent::SetVibrationOnly(on) => settings.vibration_only = on,
            UiEvent::SetCamera(on) => settings.camera = on,
            UiEvent::SetNeighbours(on) => settings.neighbours = on,
            UiEvent::SetMetered(on) => settings.metered = on,
            _ => return Ok(()),
        }
        self.settings.save(&mut self.replica)
    }

    /// The codes of one trigger, wherever the person stands.
    pub(crate) fn scanned(
        &mut self,
        payloads: &[Payload],
        follows: bool,
        one_label: bool,
    ) -> Result<(), ReplicaError> {
        let mut codes = Vec::new();
        let mut tied = None;
        let year = self.site_clock.year(self.now());
        for payload in payloads {
            if Pairing::is_meant(&payload.text) {
                self.pair(&payload.text);
            } else if carry::frames::is_frame(&payload.text) {
                self.frame_seen(&payload.text)?;
            } else if self.showing == Showing::Enrol || self.replica.identity().is_none() {
                self.enrol_by_scan(&payload.text);
            } else {
                let readings = self.readings(payload, year);
                codes.extend(readings.first().cloned());
                tied = (payloads.len() == 1 && readings.len() > 1).then_some(readings);
            }
        }
        let Some(first) = codes.first().map(|code| code.raw.clone()) else {
            return Ok(());
        };
        if self.asking.is_some() {
            self.tell(Outcome::Refused, Message::new("answer-first"), &first);
            return Ok(());
        }
        let mut badge = None;
        for code in &codes {
            if badge.is_none() && self.is_badge_of_another(&code.raw)? {
                badge = Some(code.raw.clone());
            }
        }
        if self.operator.is_none() {
            return self.badge(&badge.unwrap_or(first));
        }
        if self.showing == Showing::Signing {
            // The device is in the hands of whoever signs.
            self.tell(Outcome::Refused, Message::new("sign-first"), &first);
            return Ok(());
        }
        if self.approval.is_some() {
            return self.approver_scanned(&badge.unwrap_or(first));
        }
        if self.showing == Showing::Printing {
            // Who looked at the labels in the middle of work goes on with it.
            self.showing = self.behind_printing();
        }
        if self.showing == Showing::Receipt {
            // The next customer is served: the receipt can be called up again.
            self.showing = self.behind_receipt();
        }
        let at_work = self.showing == Showing::Task && self.work.is_some();
        // On a shared device the next person's badge is theirs, whatever lies unfinished.
        if let Some(badge) = badge.filter(|_| !at_work && self.showing != Showing::LookUp) {
            return self.badge(&badge);
        }
        if let Some(readings) = tied {
            self.asking = Some(Asking::Reading(Tied::new(readings, follows)));
            return Ok(());
        }
        self.trigger_codes(codes, follows, one_label)
    }

    /// The label says what was shown, or something else.
    fn answer_reading(&mut self, tied: Tied, yes: bool) -> Result<(), ReplicaError> {
        let follows = tied.follows();
        let raw = tied.raw().to_owned();
        match tied.answered(yes) {
            Answered::Taken(code) => self.trigger_codes(vec![*code], follows, false),
            Answered::Next(tied) => {
                self.asking = Some(Asking::Reading(tied));
                Ok(())
            }
            Answered::None => {
                self.tell(Outcome::Refused, Message::new("reading-none"), &raw);
                Ok(())
            }
        }
    }

    fn open_operation(&mut self, code: &str) -> Result<(), ReplicaError> {
        let Some(operation) = Operation::from_code(code) else {
            return Ok(());
        };
        if self.operator.is_none() {
            self.tell(Outcome::Refused, Message::new("not-signed-in"), "");
            return Ok(());
        }
        if operation != Operation::LookUp && self.replica.identity().is_some_and(stands_in) {
            self.tell(Outcome::Refused, Message::new("stands-in"), "");
            return Ok(());
        }
        if !self.is_offered(operation) {
            let code = match self.replica.counts_only() {
                true => "counts-only",
                false => "no-categories",
            };
            self.tell(Outcome::Refused, Message::new(code), "");
            return Ok(());
        }
        match &self.work {
            _ if operation == Operation::LookUp => {
                self.open_place(Place::LookUp);
                Ok(())
            }
            Some(work) if work.task.operation() == operation => self.resume(),
            Some(work) if work.task.has_open_work() => {
                self.asking = Some(Asking::StartInstead(operation));
                Ok(())
            }
            _ => self.begin(operation),
        }
    }

    /// One step back. Work under way stays where it is, as a draft.
    fn back(&mut self) {
        self.asking = None;
        if self.nearby.is_showing() {
            return self.hide_code();
        }
        self.showing = match self.showing {
            Showing::Nearby => Showing::Sync,
            Showing::Printing => self.behind_printing(),
            Showing::Receipt => self.behind_receipt(),
            Showing::Gallery | Showing::Scanner => Showing::Settings,
            Showing::Signing => {
                self.signs_for = None;
                Showing::Task
            }
            Showing::LookUp if self.look_up.has_detail() => {
                self.look_up.close_detail();
                Showing::LookUp
            }
            _ if self.operator.is_some() => Showing::Home,
            _ => self.entrance(),
        };
    }

    fn action(&mut self, code: &str) -> Result<(), ReplicaError> {
        let yes = matches!(code, "confirm" | "yes");
        match self.asking.clone() {
            Some(Asking::Reading(tied)) => {
                self.asking = None;
                return self.answer_reading(tied, yes);
            }
            Some(asking) if yes => {
                self.asking = None;
                return match asking {
                    Asking::SignOut => {
                        self.leave(None);
                        Ok(())
                    }
                    Asking::StartInstead(operation) => self.begin(operation),
                    Asking::TakeOver { from, .. } => self.take_over(from),
                    Asking::Reading(tied) => self.answer_reading(tied, true),
                };
            }
            Some(_) => {
                self.asking = None;
                return Ok(());
            }
            None => {}
        }
        match code {
            "back" | "later" => {
                self.back();
                Ok(())
            }
            "sign-out" => {
                self.sign_out();
                Ok(())
            }
            "undo" => self.undo_last(),
            "yes" => self.task_action(ActionCode::Confirm),
            "no" => self.task_action(ActionCode::Cancel),
            code => match ActionCode::from_code(code) {
                Some(action) => self.task_action(action),
                None => Ok(()),
            },
        }
    }
}
