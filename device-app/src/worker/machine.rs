//! The worker's state, and who handles which message.

use std::cell::{Cell, OnceCell};
use std::collections::VecDeque;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use documents::camera_reads::CameraReads;
use documents::catalogue::Operator;
use documents::code_patterns::code_patterns;
use documents::{Lock, SigningKey};
use domain::rights::Action;
use domain::{EventHash, OperatorId, SiteId};
use operations::{Context, Task};
use replica::{Replica, ReplicaError, Waiting};
use scan::duplicates::DuplicateFilter;
use scan::{Payload, ReaderSettings};

use super::ToWorker;
use super::approval::Asked;
use super::blob_driver::{BlobDriver, PhotosWaiting};
use super::device_settings::DeviceSettings;
use super::key_driver::KeyDriver;
use super::look_up::LookUpState;
use super::nearby::NearbyState;
use super::neighbours::Neighbours;
use super::opening::{self, Stopped};
use super::pin::Tries;
use super::practice::{self, Practice};
use super::printing::Printing;
use super::scanner::ScannerState;
use super::site_clock::SiteClock;
use super::site_patterns::SitePatterns;
use super::stock_view::StockView;
use super::sync_driver::{SyncDriver, SyncNews};
use super::trigger::Trigger;
use crate::health::{Health, Warnings};
use crate::keystore::SecretStore;
use crate::platform::Platform;
use crate::transport::{Answer, Network};
use crate::view::{
    Camera, Feedback, Language, LastScan, Message, Outcome, Place, RawScan, UiEvent,
};

/// Unix milliseconds, from wherever the caller takes them.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What the worker needs to start.
pub struct WorkerOptions {
    /// Folder of the database.
    pub data_folder: PathBuf,
    pub secrets: Box<dyn SecretStore>,
    pub clock: Clock,
    pub network: Box<dyn Network>,
    /// Where neighbours are listened for, once that is wanted; `None`: never.
    pub neighbours: Option<SocketAddr>,
    /// What the machine does: here it reaches printers; the thread of the worker sounds, shakes and keeps the screen on.
    pub platform: Arc<dyn Platform>,
    /// Overrides the language that was chosen on the device.
    pub language: Option<Language>,
    /// Set while the person wants the camera; whoever runs it looks here.
    pub camera_wanted: Arc<AtomicBool>,
    /// Set when the person wants a photo; whoever runs the camera gives one and clears it.
    pub photo_wanted: Arc<AtomicBool>,
    /// What the camera reads in the work under way; whoever runs the camera follows it.
    pub camera_settings: Arc<Mutex<ReaderSettings>>,
}

/// A device is online for so long after the server's last answer; while all is quiet one comes every few seconds.
const ONLINE_MS: i64 = 60_000;

/// Raw scans that the diagnosis shows.
const RAW_SCANS_MAX: usize = 30;

/// Which screen is shown, apart from what forces another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Showing {
    Enrol,
    SignIn,
    Approve,
    Home,
    Task,
    LookUp,
    History,
    Sync,
    Nearby,
    Settings,
    Scanner,
    Printing,
    Gallery,
    Signing,
    Receipt,
}

/// A question of the worker's own; the task's questions are the task's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asking {
    SignOut,
    /// Drop the work under way and start this one.
    StartInstead(operations::Operation),
    /// Go on with what this person has not finished.
    TakeOver {
        from: OperatorId,
        name: String,
    },
    /// Which of several readings of a code without separators the label says.
    Reading(super::codes_read::Tied),
}

/// The work under way.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) task: Task,
    pub(crate) started: i64,
    /// Stock that the line under way rests on is being recalculated.
    pub(crate) recalculating: bool,
    pub(crate) last: Option<LastScan>,
    /// The unit that the last line brought in, or the carton that it went into: its label can be printed.
    pub(crate) unit: Option<domain::UnitId>,
    /// Digits typed and not meant yet.
    pub(crate) pad: String,
    /// Who approved that the operator does it without the right. It is not kept with the draft: it was given for now.
    pub(crate) approved_by: Option<OperatorId>,
}

#[derive(Debug, Default)]
pub(crate) struct EnrolState {
    pub(crate) server_url: String,
    pub(crate) code: String,
    pub(crate) device_name: String,
    pub(crate) error: Option<Message>,
    /// The key that the request under way proved, and the pinned certificate.
    pub(crate) asked: Option<(SigningKey, Option<[u8; 32]>)>,
    /// From the scanned invitation.
    pub(crate) fingerprint: Option<[u8; 32]>,
}

#[derive(Debug, Default)]
pub(crate) struct SignInState {
    pub(crate) chosen: Option<String>,
    pub(crate) pin: String,
    pub(crate) error: Option<Message>,
}

/// Everything that the handheld is, without display and threads.
pub struct Worker {
    pub(crate) replica: Replica,
    /// Somebody practises: `replica` is a copy then.
    pub(crate) practice: Option<Practice>,
    /// Held for as long as the worker lives: two programs on one database would write two histories.
    _lock: File,
    pub(crate) secrets: Box<dyn SecretStore>,
    pub(crate) clock: Clock,
    pub(crate) sync: SyncDriver,
    pub(crate) neighbours: Neighbours,
    pub(crate) nearby: NearbyState,
    pub(crate) data_folder: PathBuf,
    pub(crate) blobs: BlobDriver,
    pub(crate) keys: KeyDriver,
    /// What the customer signs for, while they have the device.
    pub(super) signs_for: Option<operations::ActionCode>,
    /// Their name, until it stands in the act.
    pub(super) signature: Option<(domain::DepositId, domain::BlobId)>,
    pub(crate) settings: DeviceSettings,
    pub(crate) scanner: ScannerState,
    pub(crate) site: Option<SiteId>,
    pub(crate) site_clock: SiteClock,
    /// Which code means what at this site.
    pub(crate) patterns: SitePatterns,
    pub(crate) showing: Showing,
    pub(crate) enrol: EnrolState,
    pub(crate) sign_in: SignInState,
    pub(crate) tries: Tries,
    pub(crate) operator: Option<Operator>,
    pub(crate) work: Option<Work>,
    pub(crate) look_up: LookUpState,
    /// The receipt that is shown, or was last.
    pub(crate) receipt: Option<super::receipt::Shown>,
    pub(crate) printing: Printing,
    pub(crate) asking: Option<Asking>,
    pub(crate) approval: Option<Asked>,
    pub(crate) feedback: Option<Feedback>,
    pub(crate) feedback_number: u32,
    pub(crate) banner: Option<Message>,
    /// When the supervisor's message was sent that the banner shows.
    pub(crate) message_at: i64,
    /// A supervisor has locked the device; and whether the hub is still to be told that this, or its end, was heard.
    pub(crate) lock: Option<Lock>,
    pub(crate) lock_changed: bool,
    /// How the machine is, when it was asked, and what of it is warned of.
    pub(crate) health: Health,
    pub(crate) health_at: i64,
    pub(crate) warnings: Warnings,
    pub(crate) camera: Camera,
    camera_wanted: Arc<AtomicBool>,
    pub(crate) photo_wanted: Arc<AtomicBool>,
    camera_settings: Arc<Mutex<ReaderSettings>>,
    /// Which symbologies the site's cameras read.
    camera_reads: CameraReads,
    /// The event that the photo under way is of.
    pub(crate) photo_for: Option<EventHash>,
    pub(crate) raw_scans: VecDeque<RawScan>,
    pub(crate) duplicates: DuplicateFilter,
    pub(crate) trigger: Trigger,
    pub(crate) waiting: Waiting,
    pub(crate) last_input: i64,
    /// Events written by the message that was handled last.
    pub(crate) committed: Vec<EventHash>,
    pub(crate) quit: bool,
}

impl Worker {
    /// Opens the database, or makes it. `answers`: where the network's answers go, back to this worker.
    ///
    /// # Errors
    /// [`Stopped`]: the program cannot work; nothing was changed.
    pub fn open(options: WorkerOptions, answers: Sender<ToWorker>) -> Result<Self, Stopped> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|e| Stopped {
            code: "internal",
            details: e.to_string(),
        })?;
        let (ids, seed) = random.split_at(8);
        let ids = ids.try_into().unwrap_or_default();
        let seed = u64::from_le_bytes(seed.try_into().unwrap_or_default());
        let folder = &options.data_folder;
        let (replica, key, lock) = opening::open(folder, options.secrets.as_ref(), ids)?;
        let mut settings = DeviceSettings::load(&replica)?;
        if let Some(language) = options.language {
            settings.language = Some(language.code().to_owned());
        }
        practice::clear(folder);
        let tries = Tries::load(&replica)?;
        let now = (options.clock)();
        let blobs = BlobDriver::open(folder, &key, &replica, seed, now)?;
        let printing = Printing::open(folder, &key, &replica, options.platform, answers.clone())?;
        let mut worker = Self {
            neighbours: Neighbours::new(options.neighbours, answers.clone(), seed),
            nearby: NearbyState::default(),
            data_folder: options.data_folder,
            sync: SyncDriver::new(seed, settings.stay_offline, options.network, answers),
            blobs,
            keys: KeyDriver::default(),
            signs_for: None,
            signature: None,
            replica,
            practice: None,
            _lock: lock,
            secrets: options.secrets,
            clock: options.clock,
            camera: Camera::Off,
            camera_wanted: options.camera_wanted,
            photo_wanted: options.photo_wanted,
            camera_settings: options.camera_settings,
            camera_reads: CameraReads::default(),
            photo_for: None,
            settings,
            scanner: ScannerState::default(),
            site: None,
            site_clock: SiteClock::new("UTC"),
            patterns: SitePatterns::default(),
            showing: Showing::Enrol,
            enrol: EnrolState::default(),
            sign_in: SignInState::default(),
            tries,
            operator: None,
            work: None,
            look_up: LookUpState::default(),
            receipt: None,
            printing,
            asking: None,
            approval: None,
            feedback: None,
            feedback_number: 0,
            banner: None,
            message_at: 0,
            lock: None,
            lock_changed: false,
            health: Health::default(),
            health_at: 0,
            warnings: Warnings::default(),
            raw_scans: VecDeque::new(),
            duplicates: DuplicateFilter::default(),
            trigger: Trigger::default(),
            waiting: Waiting::default(),
            last_input: now,
            committed: Vec::new(),
            quit: false,
        };
        worker.refresh()?;
        if worker.replica.identity().is_some() {
            worker.showing = Showing::SignIn;
            if !worker.replica.query().drafts()?.is_empty() {
                worker.banner = Some(Message::new("recovered-session"));
            }
            let news = worker
                .sync
                .handle(sync_core::Event::Started, &mut worker.replica, now);
            worker.note(news)?;
        }
        Ok(worker)
    }

    /// Now, by the clock that the worker was given.
    pub fn now_ms(&self) -> i64 {
        self.now()
    }

    /// A full disk, for tests: the file may grow by so many pages more.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn limit_growth(&mut self, pages: u32) -> Result<(), ReplicaError> {
        self.replica.limit_growth(pages)
    }

    /// How loud answers are: 0 to 100.
    pub(crate) fn loudness(&self) -> u32 {
        let audible = self.settings.sound && !self.settings.vibration_only;
        if audible { self.settings.volume } else { 0 }
    }

    /// What went wrong with the last exchange, while it matters.
    pub fn sync_error(&self) -> Option<Message> {
        self.sync.error(self.waiting.total())
    }

    /// Events and edits that exist only on this device.
    pub fn waiting(&self) -> u64 {
        self.waiting.total()
    }

    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// What rests on the replica and may have changed under us.
    pub(crate) fn refresh(&mut self) -> Result<(), ReplicaError> {
        self.site = self.replica.identity().map(|i| i.site);
        if let Some(site) = self.site
            && let Some(site) = self.replica.query().site(site)?
        {
            self.site_clock = SiteClock::new(&site.time_zone);
            let record = self.replica.query().record(site.id.into())?;
            let lines = record.as_ref().map(code_patterns).unwrap_or_default();
            self.patterns.follow(&lines);
            self.camera_reads = record.as_ref().map(CameraReads::of).unwrap_or_default();
        }
        self.waiting = self.replica.waiting()?;
        self.refresh_neighbours()?;
        self.follow_instructions()?;
        if let Some(operator) = &self.operator {
            let known = self.replica.query().operator(operator.id)?;
            match known {
                Some(known) if !known.active => {
                    self.leave(Some(Message::new("operator-disabled")));
                }
                // What they may do is what was granted last.
                Some(known) => self.operator = Some(known),
                None => {}
            }
        }
        Ok(())
    }

    /// When [`Worker::tick`] is due at the latest, in unix milliseconds.
    pub fn due(&self) -> i64 {
        let now = self.now();
        // The chip shows minutes, and the PIN lock counts seconds.
        let types_pin = matches!(self.showing, Showing::SignIn | Showing::Approve);
        let locked = types_pin && self.sign_in.chosen.is_some();
        let shown = now + if locked { 1_000 } else { 15_000 };
        let due = [
            self.sync.due(),
            self.neighbours_due(),
            self.nearby.due(),
            self.blobs.due(now),
            self.keys.due(&self.sync, now),
            self.trigger.due(),
        ];
        let due = due.into_iter().flatten().min().unwrap_or(i64::MAX);
        due.min(shown).max(now)
    }

    /// Time went by.
    pub fn tick(&mut self) {
        let now = self.now();
        self.on_real(|worker| {
            let news = worker.sync.tick(&mut worker.replica, now);
            let result = worker
                .note(news)
                .and_then(|()| worker.tell_lock())
                .and_then(|()| worker.watch_neighbours());
            worker.report(result);
            worker.animate();
            worker.send_photos();
            worker.exchange_keys();
        });
        if self.trigger.due().is_some_and(|due| due <= now) {
            self.end_trigger();
        }
        let idle_ms = i64::from(self.settings.idle_minutes) * 60_000;
        if idle_ms > 0 && self.operator.is_some() && now - self.last_input > idle_ms {
            self.leave(None);
        }
    }

    /// Takes one message. What it says is committed when this returns.
    pub fn handle(&mut self, message: ToWorker) {
        self.committed.clear();
        let now = self.now();
        let result = match message {
            message if self.is_kept_out(&message) => Ok(()),
            ToWorker::Ui(UiEvent::Scan { text, follows }) => {
                self.last_input = now;
                self.wedge_scan(&text, follows)
            }
            ToWorker::Ui(event) => {
                self.last_input = now;
                self.settle_trigger().and_then(|()| self.ui(event))
            }
            ToWorker::Seen(payloads) => {
                self.last_input = now;
                self.camera_scan(&payloads)
            }
            ToWorker::PictureFailed(code) => {
                self.tell(Outcome::Attention, Message::new(code), "");
                Ok(())
            }
            ToWorker::PhotoTaken(photo) => self.photo_taken(photo),
            ToWorker::Camera(camera) => {
                self.camera = camera;
                Ok(())
            }
            ToWorker::Printing(state) => {
                self.print_news(state);
                Ok(())
            }
            ToWorker::Line(_) => Ok(()),
            ToWorker::Stop => {
                self.quit = true;
                Ok(())
            }
            from_elsewhere => self.on_real(|worker| worker.answered(from_elsewhere, now)),
        };
        let looks = self.settings.camera && self.lock.is_none();
        self.camera_wanted
            .store(looks, std::sync::atomic::Ordering::Relaxed);
        let settings = self.camera_settings();
        *self
            .camera_settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = settings;
        let result = result
            .and_then(|()| self.tell_lock())
            .and_then(|()| self.on_real(Self::watch_neighbours));
        self.report(result);
        self.on_real(Self::send_photos);
    }

    /// What the camera is to read in the work under way.
    pub fn camera_settings(&self) -> ReaderSettings {
        let operation = self.work.as_ref().map(|work| work.task.operation().code());
        let codes = self.camera_reads.in_operation(operation);
        ReaderSettings::of_codes(codes.iter().map(String::as_str))
    }

    /// What the hub and neighbours say.
    fn answered(&mut self, message: ToWorker, now: i64) -> Result<(), ReplicaError> {
        let news = match message {
            ToWorker::SyncAnswered(answer) => self.sync.answered(answer, &mut self.replica, now),
            ToWorker::SnapshotAnswered(answer) => {
                self.sync.snapshot_answered(answer, &mut self.replica, now)
            }
            ToWorker::RenewAnswered(answer) => {
                self.sync.renew_answered(answer, &mut self.replica, now)
            }
            ToWorker::Live(line, news) => self.sync.live_news(line, news, &mut self.replica, now),
            ToWorker::BlobAnswered(answer) => return self.blobs.answered(answer, now),
            ToWorker::KeysAnswered(answer) => return self.keys_answered(answer),
            ToWorker::EnrolAnswered(answer) => return self.enrol_answered(answer),
            ToWorker::Peer(news) => return self.peer(news),
            _ => return Ok(()),
        };
        self.note(news)
    }

    /// The next part of a photo goes when nothing else is due: scans and changes come first.
    fn send_photos(&mut self) {
        let now = self.now();
        let metered = self.settings.metered;
        let result = self.blobs.step(&mut self.sync, &self.replica, metered, now);
        self.report(result);
    }

    /// Keys of customers go when nothing else is due.
    fn exchange_keys(&mut self) {
        let now = self.now();
        let result = self.keys.step(&mut self.sync, &self.replica, now);
        self.report(result);
    }

    fn keys_answered(&mut self, answer: Answer) -> Result<(), ReplicaError> {
        let now = self.now();
        let changed = self.keys.answered(answer, &mut self.replica, now)?;
        if changed { self.refresh() } else { Ok(()) }
    }

    /// Photos that are not on the hub yet.
    pub fn photos_waiting(&self) -> PhotosWaiting {
        self.blobs.waiting(self.settings.metered)
    }

    /// Whether somebody asked to end the program.
    pub fn wants_to_quit(&self) -> bool {
        self.quit
    }

    /// Events written by the message that was handled last.
    pub fn committed(&self) -> &[EventHash] {
        &self.committed
    }

    /// What comes next is asked about by itself.
    pub(crate) fn forget_committed(&mut self) {
        self.committed.clear();
    }

    /// A script means each of its scans, however fast it is.
    pub fn forget_last_scan(&mut self) {
        self.duplicates = DuplicateFilter::default();
    }

    /// For questions of the headless driver and of tests.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// How many exchanges with the hub have ended, and how the last one did.
    pub fn exchanges(&self) -> (u64, sync_core::Connection) {
        (self.sync.finished(), self.sync.connection())
    }

    /// Whether the live connection to the hub is open.
    pub(crate) fn is_live(&self) -> bool {
        self.sync.is_live()
    }

    pub(crate) fn note(&mut self, news: SyncNews) -> Result<(), ReplicaError> {
        if news.restarted {
            self.blobs.offer_again()?;
        }
        if news.up_to_date {
            let now = self.now();
            let age = self.settings.last_contact.map(|at| now - at);
            self.settings.last_contact = Some(now);
            // Once a minute is enough on the disk: the age is shown in minutes.
            if age.is_none_or(|age| age > 60_000) {
                self.settings.save(&mut self.replica)?;
            }
        }
        if news.took_in {
            self.replica.note_said_again()?;
            self.keys.hurry(&self.replica)?;
        }
        if let Some(reason) = news.renewed {
            self.renewed(reason)?;
        } else if news.took_in || news.up_to_date {
            self.refresh()?;
        }
        Ok(())
    }

    /// A failure of the database is told; nothing was written.
    pub(crate) fn report(&mut self, result: Result<(), ReplicaError>) {
        if let Err(error) = result {
            tracing::error!(error = %error, "a write or a question failed");
            let code = match error.code() {
                "database-busy" | "not-enrolled" => "database-error",
                code => code,
            };
            if code == "disk-full" {
                self.banner = Some(Message::new(code));
            }
            self.tell(Outcome::Refused, Message::new(code), "");
        }
    }

    pub(crate) fn tell(&mut self, outcome: Outcome, message: Message, raw: &str) {
        self.feedback_number = self.feedback_number.wrapping_add(1);
        self.feedback = Some(Feedback {
            outcome,
            message,
            raw_code: raw.to_owned(),
            now: None,
            also_read: 0,
            number: self.feedback_number,
        });
    }

    /// Notes a code as it came, from whichever source. Returns whether it is a new one.
    pub(crate) fn note_raw(&mut self, payload: &Payload, source: &str) -> bool {
        let now = self.now();
        let text: String = payload
            .text
            .chars()
            .map(|c| if c.is_control() { '␝' } else { c })
            .collect();
        self.raw_scans.push_front(RawScan {
            time: self.site_clock.show(now, now),
            source: source.to_owned(),
            text,
        });
        self.raw_scans.truncate(RAW_SCANS_MAX);
        let at = u64::try_from(now).unwrap_or_default();
        self.duplicates.is_new(&payload.text, at)
    }

    pub(crate) fn context(&self) -> Context {
        let now = self.now();
        Context {
            now,
            time_zone: self.site_clock.time_zone().to_owned(),
            time_of_day: self.site_clock.show(now, now),
            operator: self
                .operator
                .as_ref()
                .map(|o| o.name.clone())
                .unwrap_or_default(),
            device_mark: self.device_mark(),
            language: match self.settings.language() {
                Language::English => operations::Language::English,
                Language::Chinese => operations::Language::Chinese,
            },
            random: random_bytes(),
        }
    }

    /// The last bytes of its id are drawn at random.
    fn device_mark(&self) -> String {
        let id = self.replica.identity().map(|identity| identity.device);
        let bytes = id.map(|id| *id.as_bytes()).unwrap_or_default();
        bytes[14..].iter().map(|b| format!("{b:02X}")).collect()
    }

    pub(crate) fn stock_view(&self) -> Option<StockView<'_>> {
        Some(StockView {
            query: self.replica.query(),
            site: self.site?,
            clock: &self.site_clock,
            now: self.now(),
            language: self.settings.language(),
            stale: OnceCell::new(),
            told_stale: Cell::new(false),
            operator: self.operator.as_ref().map(|o| o.id),
            device: self.replica.identity().map(|identity| identity.device),
            is_online: self.has_just_heard(),
            may_count: self.lack(&[Action::Count]).is_none(),
            may_recount: self.lack(&[Action::Recount]).is_none(),
            knows_stock: !self.replica.counts_only(),
            hidden: OnceCell::new(),
            frozen: OnceCell::new(),
        })
    }

    /// Whether the server answered within the last minute, so that this device knows what others have done.
    fn has_just_heard(&self) -> bool {
        let connected = matches!(
            self.sync.connection(),
            sync_core::Connection::Online | sync_core::Connection::Syncing
        );
        let last = self.settings.last_contact;
        let just = last.is_some_and(|at| self.now() - at <= ONLINE_MS);
        connected && (just || self.is_live())
    }

    pub(crate) fn open_place(&mut self, place: Place) {
        self.hide_code();
        self.showing = match place {
            Place::Home if self.operator.is_some() => Showing::Home,
            Place::LookUp if self.operator.is_some() => Showing::LookUp,
            Place::History if self.operator.is_some() => Showing::History,
            Place::Sync => Showing::Sync,
            Place::Nearby => return self.open_nearby(),
            Place::Scanner => return self.open_scanner(),
            Place::Settings => Showing::Settings,
            Place::Printing => return self.open_printing(),
            Place::Gallery => Showing::Gallery,
            Place::Home | Place::LookUp | Place::History => self.entrance(),
        };
    }

    /// Where somebody who is not signed in stands.
    pub(crate) fn entrance(&self) -> Showing {
        if self.replica.identity().is_some() {
            Showing::SignIn
        } else {
            Showing::Enrol
        }
    }
}

/// Random bytes of the operating system. Where it has none, codes cannot be made up: two devices would draw the same.
pub(super) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the operating system gives no random bytes");
    }
    bytes
}
