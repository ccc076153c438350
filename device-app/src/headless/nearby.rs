//! The commands of a script that need no server.

use std::path::Path;
use std::time::Duration;

use image::{GrayImage, Luma};
use serde_json::{Value, json};

use super::Driver;
use super::commands::{BAD, Failure, LONG};
use super::words::Words;
use crate::view::{CodeKind, Line, Place, Screen, UiEvent};

/// White around a code, and the size of a module, in pixels.
const QUIET: u32 = 4;
const MODULE_PX: u32 = 6;

impl Driver {
    /// Shows the code and says its text.
    pub(super) fn pairing(&mut self, kind: CodeKind) -> Result<Value, Failure> {
        self.ui(UiEvent::ShowCode(kind))?;
        self.pump(Duration::from_secs(10), |w| w.pairing_text().is_some());
        let text = self.worker.pairing_text();
        Ok(json!({"ok": text.is_some(), "pairing": text}))
    }

    /// All neighbours that are known, once each, to the end.
    pub(super) fn sync_neighbours(&mut self) -> Result<Value, Failure> {
        self.ui(UiEvent::SyncNeighbours)?;
        self.pump(LONG, |w| !w.is_with_neighbours());
        Ok(self.neighbours())
    }

    /// Until one more exchange that this device began has ended, at most so many seconds.
    pub(super) fn wait_neighbours(&mut self, words: &Words) -> Result<Value, Failure> {
        let seconds = words.at(0).map_or(Ok(60), str::parse).map_err(|_| BAD)?;
        let before = self.worker.calls_ended();
        let ended = self.pump(Duration::from_secs(seconds), |w| {
            w.calls_ended() > before && !w.is_with_neighbours()
        });
        let mut answer = self.neighbours();
        answer["ok"] = ended.into();
        Ok(answer)
    }

    /// Until the set-up that a scanned QR began has ended.
    pub(super) fn wait_set_up(&mut self) -> Result<Value, Failure> {
        let ended = self.pump(LONG, |w| !w.is_with_neighbours());
        let done = ended && self.worker.replica().identity().is_some();
        Ok(json!({"ok": done}))
    }

    /// What the sync screen says is only here.
    pub(super) fn only_here(&mut self) -> Result<Value, Failure> {
        self.ui(UiEvent::Open(Place::Sync))?;
        let Screen::Sync(view) = self.worker.view().screen else {
            return Err(BAD);
        };
        let group = |l: &Line| {
            let kind = if l.status == "carried" {
                "carried"
            } else {
                "own"
            };
            json!({"kind": kind, "title": l.title, "count": l.quantity, "oldest": l.subtitle})
        };
        let aside = |l: &Line| json!({"title": l.title, "count": l.quantity, "oldest": l.subtitle});
        Ok(json!({
            "groups": view.only_here_groups.iter().map(group).collect::<Value>(),
            "set_aside": view.set_aside_groups.iter().map(aside).collect::<Value>(),
        }))
    }

    /// Who is known nearby, and how the last exchange went.
    pub(super) fn neighbours(&self) -> Value {
        let lines = self.worker.neighbours();
        let shown = lines
            .iter()
            .map(|l| json!({"name": l.title, "at": l.subtitle, "state": l.status}));
        json!({"neighbours": shown.collect::<Value>()})
    }

    /// `qr-frames FOLDER COUNT`: what the screen would show of this device's own lines, as pictures.
    pub(super) fn qr_frames(&mut self, words: &Words) -> Result<Value, Failure> {
        let folder = words.at(0).ok_or(BAD)?.to_owned();
        let count: u32 = words.at(1).and_then(|n| n.parse().ok()).ok_or(BAD)?;
        self.ui(UiEvent::ShowCode(CodeKind::Parcel))?;
        let mut files = Vec::new();
        for number in 0..count {
            let Some(qr) = self.worker.frame_picture(number) else {
                break;
            };
            let edge = (qr.side + 2 * QUIET) * MODULE_PX;
            let picture = GrayImage::from_fn(edge, edge, |x, y| {
                let module = |at: u32| (at / MODULE_PX).checked_sub(QUIET).filter(|m| *m < qr.side);
                let at = module(x)
                    .zip(module(y))
                    .map(|(x, y)| (y * qr.side + x) as usize);
                let dark = at.and_then(|at| qr.dark.get(at)).is_some_and(|d| *d);
                Luma([if dark { 0 } else { 255 }])
            });
            let path = Path::new(&folder).join(format!("frame-{number:03}.png"));
            picture
                .save(&path)
                .map_err(|_| Failure::Script("script-picture-not-written"))?;
            files.push(path.to_string_lossy().into_owned());
        }
        self.ui(UiEvent::HideCode)?;
        Ok(json!({"ok": !files.is_empty(), "files": files}))
    }
}
