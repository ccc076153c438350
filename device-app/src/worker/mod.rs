//! The worker: one thread owns the replica, the work under way, sync and settings. Messages go in, a
//! [`View`] comes out after each; feedback comes out only after its commit.

mod approval;
mod blob_driver;
mod codes_read;
mod condition;
mod custody;
mod custody_labels;
mod custody_view;
mod device_settings;
mod enrolling;
mod event_words;
mod history;
mod home;
mod input;
mod instructions;
mod key_driver;
mod known_codes;
mod label_forms;
mod live_line;
mod locking;
mod look_up;
mod machine;
mod nearby;
mod neighbours;
mod only_here;
mod opening;
mod people;
mod photos;
mod pin;
mod practice;
mod print_screen;
mod printing;
mod qr;
mod rack;
mod receipt;
mod renewal;
mod scanner;
mod screens;
mod signing;
mod site_clock;
mod site_patterns;
mod snapshot_fetch;
mod stock_view;
mod sync_driver;
mod task_screen;
mod tasks;
mod thread;
mod trigger;
mod turns;
mod unit_names;

pub use blob_driver::PhotosWaiting;
pub use machine::{Clock, Worker, WorkerOptions};
pub use opening::Stopped;
pub(crate) use qr::draw as draw_qr;
pub use thread::{WorkerHandle, WorkerOutput, spawn};

use scan::Payload;

use crate::peer::PeerNews;
use crate::photo::{Photo, PhotoError};
use crate::printing::PrintState;
use crate::transport::{Answer, LiveNews};
use crate::view::{Camera, UiEvent};

/// What the worker is told.
#[derive(Debug)]
pub enum ToWorker {
    /// The person did something.
    Ui(UiEvent),
    /// One picture of the camera showed these codes.
    Seen(Vec<Payload>),
    /// A picture held no code, or could not be read: the code of the sentence.
    PictureFailed(&'static str),
    /// The picture that was asked for.
    PhotoTaken(Result<Photo, PhotoError>),
    /// Whether there is a camera.
    Camera(Camera),
    /// The hub answered a sync request.
    SyncAnswered(Answer),
    /// The hub answered a request for a chunk of a snapshot.
    SnapshotAnswered(Answer),
    /// The hub answered a request for other chains.
    RenewAnswered(Answer),
    /// The hub answered about photos.
    BlobAnswered(Answer),
    /// The hub answered about keys of customers.
    KeysAnswered(Answer),
    /// Something happened to the live connection with this number.
    Live(u64, LiveNews),
    /// The hub answered an enrolment.
    EnrolAnswered(Answer),
    /// What becomes of labels.
    Printing(PrintState),
    /// Neighbours have something to say.
    Peer(PeerNews),
    /// A line of a script, or its end. The headless driver takes it; the worker itself knows no scripts.
    Line(Option<String>),
    /// Nothing more comes; what is under way is written already.
    Stop,
}
