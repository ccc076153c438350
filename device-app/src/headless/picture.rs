//! The screen as it is, drawn without a display.

use std::path::Path;

use serde_json::{Value, json};

use super::Driver;
use super::commands::{BAD, Failure};
use super::words::Words;
use crate::ui;
use crate::view::{Language, UiEvent};
use crate::worker::ToWorker;

/// A handheld held upright.
const SIZE: (u32, u32) = (480, 800);

impl Driver {
    /// `picture FILE [zh|en]`: writes a PNG, after changing the language if one is given.
    pub(super) fn picture(&mut self, words: &Words) -> Result<Value, Failure> {
        let file = words.at(0).ok_or(BAD)?;
        let language = match words.at(1) {
            None => None,
            Some("zh") => Some(Language::Chinese),
            Some("en") => Some(Language::English),
            Some(_) => return Err(BAD),
        };
        if let Some(language) = language {
            self.worker
                .handle(ToWorker::Ui(UiEvent::SetLanguage(language)));
        }
        let view = self.worker.view();
        match ui::write_snapshot(&view, SIZE.0, SIZE.1, Path::new(file)) {
            Ok(()) => Ok(Value::Null),
            Err(error) => {
                tracing::warn!(%error, "no picture of the screen");
                Ok(json!({"ok": false, "cause": "picture-not-written"}))
            }
        }
    }
}
