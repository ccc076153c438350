//! The window: shows [`View`](crate::view::View)s and answers with
//! [`UiEvent`](crate::view::UiEvent)s. Nothing outside this module knows a generated Slint type.
//!
//! Each `*_adapter` fills the global of one screen in `ui/screens/` and passes its callbacks on.

mod candidate_page;
mod compose;
mod contact_sheet;
#[cfg(test)]
mod contrast_tests;
mod convert;
mod enrol_adapter;
mod focus;
mod generated;
mod history_adapter;
mod home_adapter;
mod keys;
mod locked_adapter;
mod look_up_adapter;
mod nearby_adapter;
mod printing_adapter;
mod raw_keys;
mod receipt_adapter;
pub mod samples;
mod scanner_adapter;
mod settings_adapter;
mod shell_adapter;
mod sign_in_adapter;
mod signing_adapter;
mod snapshot;
mod stopped_adapter;
mod sync_adapter;
mod task_adapter;
mod window;

pub use keys::{KeyAnswer, KeySink, PassKeys};
pub use snapshot::{SnapshotError, render_samples, snapshot, write_snapshot};
pub use window::{Window, WindowHandle, WordKind};

use std::rc::Rc;

use crate::view::UiEvent;

/// Where the adapters send what the person does.
type Events = Rc<dyn Fn(UiEvent)>;
