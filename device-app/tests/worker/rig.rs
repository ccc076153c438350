//! A worker in a temporary folder, with a clock that the test moves.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use device_app::keystore::{KeyFile, SecretStore};
use device_app::platform::Platform;
use device_app::platform::recorder::Recorder;
use device_app::view::{Screen, TaskView, UiEvent, View};
use device_app::worker::{Stopped, ToWorker, Worker, WorkerOptions};
use domain::ledger::Subject;
use tempfile::TempDir;

use crate::hub::{Direct, Hub, T0};

pub(crate) struct Rig {
    pub(crate) worker: Worker,
    answers: Receiver<ToWorker>,
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) folder: Arc<TempDir>,
}

pub(crate) fn options(folder: &Path, hub: &Hub, clock: &Arc<AtomicI64>) -> WorkerOptions {
    let clock = clock.clone();
    WorkerOptions {
        data_folder: folder.join("data"),
        secrets: Box::new(KeyFile::new(&folder.join("config"))),
        clock: Arc::new(move || clock.load(Ordering::Relaxed)),
        network: Box::new(Direct(hub.clone())),
        neighbours: None,
        platform: Arc::new(Recorder::default()),
        language: None,
        camera_wanted: Arc::new(AtomicBool::new(true)),
        photo_wanted: Arc::new(AtomicBool::new(false)),
        camera_settings: Arc::default(),
    }
}

impl Rig {
    pub(crate) fn new(hub: &Hub) -> Self {
        let clock = Arc::new(AtomicI64::new(T0));
        Self::open(hub, Arc::new(tempfile::tempdir().unwrap()), clock).unwrap()
    }

    pub(crate) fn open(
        hub: &Hub,
        folder: Arc<TempDir>,
        clock: Arc<AtomicI64>,
    ) -> Result<Self, Stopped> {
        Self::open_on(Arc::new(Recorder::default()), hub, folder, clock)
    }

    /// On that machine.
    pub(crate) fn open_on(
        machine: Arc<dyn Platform>,
        hub: &Hub,
        folder: Arc<TempDir>,
        clock: Arc<AtomicI64>,
    ) -> Result<Self, Stopped> {
        let (to, answers) = mpsc::channel();
        let mut options = options(folder.path(), hub, &clock);
        options.platform = machine;
        let worker = Worker::open(options, to)?;
        let mut rig = Self {
            worker,
            answers,
            clock,
            folder,
        };
        rig.settle();
        Ok(rig)
    }

    /// Enrolled with that code, and everything of the hub taken in.
    pub(crate) fn enrolled(hub: &Hub, code: &str) -> Self {
        let mut rig = Self::new(hub);
        rig.ui(UiEvent::Enrol {
            server_url: "https://hub.test".into(),
            code: code.into(),
            device_name: format!("PDA {code}"),
        });
        assert!(
            matches!(rig.view().screen, Screen::SignIn(_)),
            "{:?}",
            rig.view().feedback
        );
        rig
    }

    /// Enrolled, and Li signed in by badge.
    pub(crate) fn signed_in(hub: &Hub, code: &str) -> Self {
        let mut rig = Self::enrolled(hub, code);
        rig.scan("B-LI");
        assert_eq!(rig.view().operator.as_deref(), Some("Li"));
        rig
    }

    /// The program ends and starts again.
    pub(crate) fn restart(self, hub: &Hub) -> Self {
        let (folder, clock) = (self.folder.clone(), self.clock.clone());
        drop(self);
        Self::open(hub, folder, clock).unwrap()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("data").join("replica.db")
    }

    /// What late records do to a device that rests on a snapshot, told to its read model by hand.
    pub(crate) fn mark_stale(&self, subject: &Subject) {
        let keys = KeyFile::new(&self.folder.path().join("config"));
        let key = keys.device_key(false).unwrap();
        let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
        let rows = rusqlite::Connection::open(self.database()).unwrap();
        rows.pragma_update(None, "key", format!("x'{hex}'"))
            .unwrap();
        let insert = "INSERT INTO stale (site, subject) VALUES (?1, ?2)";
        let row = rusqlite::params![crate::hub::SITE.as_bytes(), subject.to_key()];
        assert_eq!(rows.execute(insert, row).unwrap(), 1);
    }

    /// Lets time and answers do their work until nothing is due at once.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            if let Ok(answer) = self.answers.try_recv() {
                self.worker.handle(answer);
            } else if self.worker.due() <= self.clock.load(Ordering::Relaxed) {
                self.worker.tick();
            } else {
                return;
            }
        }
        panic!("the worker never comes to rest");
    }

    /// Waits for what other threads say until the view is so.
    pub(crate) fn wait_until(&mut self, is_so: impl Fn(&View) -> bool) {
        loop {
            self.settle();
            let view = self.view();
            if is_so(&view) {
                return;
            }
            // Far beyond what it takes: a test that hangs says nothing.
            let answer = self.answers.recv_timeout(Duration::from_secs(60));
            let answer = answer.unwrap_or_else(|_| panic!("never so: {view:#?}"));
            self.worker.handle(answer);
        }
    }

    pub(crate) fn pass(&mut self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::Relaxed);
        self.worker.tick();
        self.settle();
    }

    pub(crate) fn ui(&mut self, event: UiEvent) {
        // Long enough for the same code to be another scan.
        self.clock.fetch_add(400, Ordering::Relaxed);
        self.worker.handle(ToWorker::Ui(event));
        // Long enough for nothing more of the same trigger to come.
        self.clock.fetch_add(121, Ordering::Relaxed);
        self.settle();
    }

    pub(crate) fn scan(&mut self, text: &str) {
        self.ui(UiEvent::Scan {
            text: text.into(),
            follows: false,
        });
    }

    pub(crate) fn action(&mut self, code: &str) {
        self.ui(UiEvent::Action(code.into()));
    }

    pub(crate) fn view(&mut self) -> View {
        self.worker.view()
    }

    pub(crate) fn task(&mut self) -> TaskView {
        match self.worker.view().screen {
            Screen::Task(task) => task,
            other => panic!("no task: {other:?}"),
        }
    }

    /// Code of the last feedback; empty for none.
    pub(crate) fn said(&mut self) -> String {
        self.worker
            .view()
            .feedback
            .map(|f| f.message.code)
            .unwrap_or_default()
    }

    /// Everything at the site: `bin item lot quantity`, in order.
    pub(crate) fn stock(&self) -> Vec<String> {
        let query = self.worker.replica().query();
        let rows = query.stock(crate::hub::SITE, 0, 1_000).unwrap();
        let line = |row: replica::query::StockRow| {
            let bin = query.bin(row.key.bin).unwrap().unwrap().code;
            let item = query.item(row.key.item).unwrap().unwrap().sku;
            let lot = row.key.lot.map(|l| format!("/{l}")).unwrap_or_default();
            format!("{bin} {item}{lot} {}", row.balance)
        };
        rows.into_iter().map(line).collect()
    }

    pub(crate) fn state_hash(&self) -> Vec<u8> {
        let hash = self.worker.replica().state_hash(crate::hub::SITE).unwrap();
        hash.to_bytes().to_vec()
    }
}
