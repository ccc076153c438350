//! The commands of a script.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use documents::{FieldEdit, Partition, RecordId, RecordKind};
use domain::ledger::Subject;
use domain::{ItemId, Quantity};
use replica::ReplicaError;
use replica::query::{ExceptionFilter, StockRow};
use scan::source::{FolderSource, FrameSource, SourceError, read_picture};
use scan::{Effort, LumaFrame};
use serde_json::{Value, json};
use sync_core::Connection;

use super::Driver;
use super::answers::{failed, message};
use super::words::Words;
use crate::photo;
use crate::view::{CodeKind, Place, Screen, UiEvent};
use crate::worker::{ToWorker, Worker};

pub(super) const LONG: Duration = Duration::from_secs(60);

/// Why a line was not carried out.
pub(super) enum Failure {
    /// The script is wrong: a stable code.
    Script(&'static str),
    Replica(ReplicaError),
}

impl From<ReplicaError> for Failure {
    fn from(error: ReplicaError) -> Self {
        Self::Replica(error)
    }
}

pub(super) const BAD: Failure = Failure::Script("script-bad-arguments");

impl Driver {
    pub(super) fn carry_out(&mut self, line: &str) -> Value {
        let Some(words) = Words::parse(line) else {
            return failed("", "script-unreadable");
        };
        let since = self.feedback_number();
        // A question to the replica is no message to the worker: what the line before wrote is not this one's.
        self.worker.forget_committed();
        match self.command(&words) {
            Ok(extra) => self.answer(words.command(), since, extra),
            Err(Failure::Script(code)) => failed(words.command(), code),
            Err(Failure::Replica(error)) => failed(words.command(), error.code()),
        }
    }

    pub(super) fn ui(&mut self, event: UiEvent) -> Result<Value, Failure> {
        self.worker.handle(ToWorker::Ui(event));
        Ok(Value::Null)
    }

    fn command(&mut self, words: &Words) -> Result<Value, Failure> {
        let first = words.at(0);
        let rest = words.rest().to_owned();
        match words.command() {
            "enrol" => self.enrol(words),
            "sign-in" => self.sign_in(words),
            "sign-out" => self.ui(UiEvent::SignOut),
            "open" => self.ui(match first.ok_or(BAD)? {
                "home" => UiEvent::Open(Place::Home),
                "look-up" => UiEvent::Open(Place::LookUp),
                "history" => UiEvent::Open(Place::History),
                "sync" => UiEvent::Open(Place::Sync),
                "nearby" => UiEvent::Open(Place::Nearby),
                "scanner" => UiEvent::Open(Place::Scanner),
                "settings" => UiEvent::Open(Place::Settings),
                operation => UiEvent::OpenOperation(operation.to_owned()),
            }),
            "back" => self.ui(UiEvent::Back),
            "resume" => self.ui(UiEvent::Resume),
            "scan" => self.scan(rest),
            "scan-picture" => self.scan_picture(Path::new(&rest)),
            "scan-next" => self.scan_next(),
            "photo" => self.photo(Path::new(&rest)),
            "quantity" => {
                self.worker.quantity(first.ok_or(BAD)?);
                Ok(Value::Null)
            }
            "text" => self.ui(UiEvent::EnterText(rest)),
            "choose" => self.choose(&rest),
            "action" => self.ui(UiEvent::Action(first.ok_or(BAD)?.to_owned())),
            "acknowledge" => self.ui(UiEvent::Acknowledge),
            "undo" => self.ui(UiEvent::Undo),
            "history-undo" => self.ui(UiEvent::HistoryUndo(rest)),
            "history" => self.history(),
            "search" => self.search(&rest),
            "detail" => self.detail(&rest),
            "edit-item" => self.edit_item(words),
            "stock" => self.stock(&rest),
            "exceptions" => self.exceptions(),
            "sync" => self.sync(),
            "wait-synced" => self.wait_synced(words),
            "wait-photos" => self.wait_photos(words),
            "metered" => self.ui(UiEvent::SetMetered(match first.ok_or(BAD)? {
                "on" => true,
                "off" => false,
                _ => return Err(BAD),
            })),
            "wait-live" => self.wait_for(|worker| Ok(worker.is_live())),
            "wait-events" => {
                let events: u64 = first.and_then(|n| n.parse().ok()).ok_or(BAD)?;
                self.wait_for(|worker| Ok(worker.replica().query().event_count()? >= events))
            }
            "offline" => self.ui(UiEvent::StayOffline(true)),
            "online" => self.ui(UiEvent::StayOffline(false)),
            "state-hash" => self.state_hash(),
            "status" => self.status(),
            "pair" => self.pairing(CodeKind::Pair),
            "set-up-code" => self.pairing(CodeKind::SetUp),
            "sync-neighbours" => self.sync_neighbours(),
            "wait-neighbours" => self.wait_neighbours(words),
            "wait-set-up" => self.wait_set_up(),
            "neighbours" => Ok(self.neighbours()),
            "only-here" => self.only_here(),
            "qr-frames" => self.qr_frames(words),
            "export" => {
                self.worker.export(Path::new(&rest))?;
                Ok(Value::Null)
            }
            "import" => {
                self.worker.import(Path::new(&rest))?;
                Ok(Value::Null)
            }
            "sleep" => {
                let ms = first.and_then(|ms| ms.parse().ok()).ok_or(BAD)?;
                self.pump(Duration::from_millis(ms), |_| false);
                Ok(Value::Null)
            }
            "picture" => self.picture(words),
            "quit" => self.ui(UiEvent::Quit),
            _ => Err(Failure::Script("script-unknown-command")),
        }
    }

    /// A script means each of its scans, and nothing comes behind it.
    fn scan(&mut self, text: String) -> Result<Value, Failure> {
        self.worker.forget_last_scan();
        let follows = false;
        self.worker
            .handle(ToWorker::Ui(UiEvent::Scan { text, follows }));
        self.worker.end_trigger();
        Ok(Value::Null)
    }

    fn enrol(&mut self, words: &Words) -> Result<Value, Failure> {
        self.worker.handle(ToWorker::Ui(UiEvent::OpenEnrol));
        self.ui(UiEvent::Enrol {
            server_url: words.at(0).ok_or(BAD)?.to_owned(),
            code: words.at(1).unwrap_or_default().to_owned(),
            device_name: words.from(2).join(" "),
        })?;
        self.pump(LONG, |worker| !worker.is_enrolling());
        if self.worker.replica().identity().is_some() {
            self.worker.handle(ToWorker::Ui(UiEvent::SkipEnrol));
        }
        let identity = self.worker.replica().identity();
        Ok(json!({"device": identity.map(|i| i.device.to_string())}))
    }

    /// A badge alone, or the name or id of an operator and the PIN.
    fn sign_in(&mut self, words: &Words) -> Result<Value, Failure> {
        let Some(pin) = words.at(1) else {
            let text = words.at(0).ok_or(BAD)?.to_owned();
            return self.scan(text);
        };
        let name = words.at(0).ok_or(BAD)?;
        let operators = self.worker.replica().query().operators()?;
        let found = operators
            .iter()
            .find(|o| o.name == name || o.id.to_string() == name);
        let id = found.map_or_else(|| name.to_owned(), |o| o.id.to_string());
        self.worker.type_pin(&id, pin);
        Ok(Value::Null)
    }

    fn choose(&mut self, wanted: &str) -> Result<Value, Failure> {
        let Screen::Task(task) = self.worker.view().screen else {
            return Err(BAD);
        };
        let chosen = task
            .choices
            .iter()
            .find(|c| c.title == wanted || c.id == wanted);
        let id = chosen
            .ok_or(Failure::Script("script-no-such-choice"))?
            .id
            .clone();
        self.ui(UiEvent::Choose(id))
    }

    fn scan_picture(&mut self, file: &Path) -> Result<Value, Failure> {
        let path = match &self.frames {
            Some(folder) => folder.join(file),
            None => file.to_owned(),
        };
        Ok(self.read(read_picture(&path)))
    }

    /// The next picture of the frames folder, by name.
    fn scan_next(&mut self) -> Result<Value, Failure> {
        if self.folder.is_none() {
            let folder = self
                .frames
                .as_ref()
                .ok_or(Failure::Script("script-no-frames"))?;
            let source = FolderSource::open(folder);
            self.folder = Some(source.map_err(|_| Failure::Script("script-no-frames"))?);
        }
        let Some(frame) = self.folder.as_mut().and_then(FrameSource::next_frame) else {
            return Err(Failure::Script("script-no-more-frames"));
        };
        Ok(self.read(frame.map(|f| f.luma)))
    }

    fn read(&mut self, frame: Result<LumaFrame, SourceError>) -> Value {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                self.worker
                    .handle(ToWorker::PictureFailed("picture-unreadable"));
                return json!({"ok": false, "cause": error.code()});
            }
        };
        self.reader.set_settings(self.worker.camera_settings());
        let payloads = match self.reader.read(&frame, Effort::Thorough) {
            Ok(reading) => reading.payloads,
            Err(error) => {
                self.worker
                    .handle(ToWorker::PictureFailed("picture-unreadable"));
                return json!({"ok": false, "cause": error.code()});
            }
        };
        if payloads.is_empty() {
            self.worker
                .handle(ToWorker::PictureFailed("picture-no-code"));
            return json!({"ok": false, "payloads": []});
        }
        let shown = payloads
            .iter()
            .map(|p| json!({"text": p.text, "symbology": p.symbology.code()}));
        let shown: Value = shown.collect();
        self.worker.forget_last_scan();
        self.worker.handle(ToWorker::Seen(payloads));
        self.worker.end_trigger();
        json!({"payloads": shown})
    }

    fn history(&mut self) -> Result<Value, Failure> {
        self.ui(UiEvent::Open(Place::History))?;
        let Screen::History(history) = self.worker.view().screen else {
            return Ok(Value::Null);
        };
        let row = |r: &crate::view::HistoryRow| {
            json!({
                "id": r.id, "operation": r.operation, "reason": r.reason, "text": r.text, "quantity": r.quantity,
                "operator": r.operator, "state": r.state.code(), "can_undo": r.can_undo,
            })
        };
        Ok(json!({"rows": history.rows.iter().map(row).collect::<Value>()}))
    }

    fn search(&mut self, text: &str) -> Result<Value, Failure> {
        self.ui(UiEvent::Open(Place::LookUp))?;
        self.ui(UiEvent::Search(text.to_owned()))?;
        let Screen::LookUp(found) = self.worker.view().screen else {
            return Ok(Value::Null);
        };
        let hit = |h: &crate::view::Hit| json!({"kind": h.kind, "id": h.id, "title": h.title, "quantity": h.quantity});
        Ok(json!({"hits": found.hits.iter().map(hit).collect::<Value>()}))
    }

    fn detail(&mut self, id: &str) -> Result<Value, Failure> {
        self.ui(UiEvent::OpenHit(id.to_owned()))?;
        let Screen::LookUp(found) = self.worker.view().screen else {
            return Ok(Value::Null);
        };
        let Some(detail) = found.detail else {
            return Ok(json!({"detail": null}));
        };
        let stock = detail.stock.iter();
        let stock: Value = stock
            .map(|s| json!({"place": s.place, "lot": s.lot, "quantity": s.quantity, "as_of": s.as_of}))
            .collect();
        let facts = detail
            .facts
            .iter()
            .map(|f| (f.label.clone(), f.value.clone().into()));
        Ok(json!({"detail": {
            "title": detail.title, "facts": Value::Object(facts.collect()), "stock": stock,
            "history": detail.history.len(),
        }}))
    }

    /// `edit-item SKU field=value ...`: names, unit, decimals, tracks_lot, tracks_serial, tracks_expiry, and
    /// `barcode:CODE=PACK`. An unknown SKU makes a new item.
    fn edit_item(&mut self, words: &Words) -> Result<Value, Failure> {
        let sku = words.at(0).ok_or(BAD)?;
        let mut fields = Vec::new();
        for assignment in words.from(1) {
            let (path, value) = assignment.split_once('=').ok_or(BAD)?;
            fields.push(match path {
                "name_en" | "name_zh" | "unit" => FieldEdit::set(path, value),
                "decimals" => FieldEdit::set(path, value.parse::<i64>().map_err(|_| BAD)?),
                "tracks_lot" | "tracks_serial" | "tracks_expiry" => {
                    FieldEdit::set(path, value == "true")
                }
                path => {
                    let code = path.strip_prefix("barcode:").ok_or(BAD)?;
                    let pack = Quantity::parse(value).map_err(|_| BAD)?;
                    FieldEdit::set(format!("barcodes/{code}"), pack.thousandths())
                }
            });
        }
        let known = self.worker.replica().query().items_by_code(sku)?;
        let known = known
            .into_iter()
            .find(|m| m.item.sku == sku)
            .map(|m| m.item.id);
        if known.is_none() {
            fields.insert(0, FieldEdit::set("sku", sku));
        }
        let id = self.worker.edit_record(
            Partition::Shared,
            RecordKind::Item,
            known.map(RecordId::from),
            fields,
        )?;
        Ok(json!({"item": ItemId::from(id).to_string()}))
    }

    /// All piles of the site, or those of one bin or item.
    fn stock(&mut self, of: &str) -> Result<Value, Failure> {
        let replica = self.worker.replica();
        let site = replica.enrolled()?.site;
        let query = replica.query();
        let rows: Vec<StockRow> = if of.is_empty() {
            query.stock(site, 0, 10_000)?
        } else if let Some(bin) = query.bins_by_code(site, of)?.first() {
            query.stock_of_bin(bin.id)?
        } else {
            let mut rows = Vec::new();
            for found in query.items_by_code(of)? {
                rows.extend(query.stock_of_item(site, found.item.id)?);
            }
            rows
        };
        let stale = query.stale(site)?;
        let mut shown = Vec::new();
        for row in rows {
            let recalculating = stale.covers(&Subject::Stock(row.key.clone()));
            let sku = query.item(row.key.item)?.map(|i| i.sku);
            let bin = query.bin(row.key.bin)?.map(|b| b.code);
            shown.push(json!({
                "bin": bin, "sku": sku, "lot": row.key.lot, "quantity": row.balance.to_string(),
                "recalculating": recalculating,
            }));
        }
        Ok(json!({"stock": shown}))
    }

    fn exceptions(&mut self) -> Result<Value, Failure> {
        let query = self.worker.replica().query();
        let found = query.exceptions(&ExceptionFilter::default(), 1_000)?;
        let shown = found
            .iter()
            .map(|e| json!({"kind": e.finding.kind.code(), "id": e.finding.id().hex()}));
        Ok(json!({"exceptions": shown.collect::<Value>()}))
    }

    /// One exchange, to its end.
    fn sync(&mut self) -> Result<Value, Failure> {
        let (before, _) = self.worker.exchanges();
        self.ui(UiEvent::SyncNow)?;
        let ended = self.pump(LONG, |w| {
            let (finished, connection) = w.exchanges();
            connection == Connection::StayOffline || finished > before
        });
        let online = self.worker.exchanges().1 == Connection::Online;
        Ok(json!({"ok": ended && online, "error": self.worker.sync_error().map(|m| m.code)}))
    }

    /// Until nothing waits and the last exchange went well, at most so many seconds.
    fn wait_synced(&mut self, words: &Words) -> Result<Value, Failure> {
        let seconds = words.at(0).map_or(Ok(60), str::parse).map_err(|_| BAD)?;
        self.ui(UiEvent::SyncNow)?;
        let (before, _) = self.worker.exchanges();
        let synced = self.pump(Duration::from_secs(seconds), |w| {
            let (finished, connection) = w.exchanges();
            finished > before && connection == Connection::Online && w.waiting() == 0
        });
        Ok(json!({"ok": synced, "error": self.worker.sync_error().map(|m| m.code)}))
    }

    /// Puts a picture to what was scanned last.
    fn photo(&mut self, file: &Path) -> Result<Value, Failure> {
        let mut bytes = Vec::new();
        let opened = std::fs::File::open(file);
        let read = opened.and_then(|f| f.take(photo::FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
        if read.is_err() {
            return Err(Failure::Script("source-open"));
        }
        self.worker.add_photo(photo::from_file(&bytes))?;
        Ok(Value::Null)
    }

    /// Until all photos are on the hub but those that a metered network holds back, at most so many seconds.
    fn wait_photos(&mut self, words: &Words) -> Result<Value, Failure> {
        let seconds = words.at(0).map_or(Ok(60), str::parse).map_err(|_| BAD)?;
        let sent = self.pump(Duration::from_secs(seconds), |w| {
            let waiting = w.photos_waiting();
            waiting.photos == waiting.held_back
        });
        let waiting = self.worker.photos_waiting();
        Ok(json!({"ok": sent, "photos": waiting.photos, "held_back": waiting.held_back}))
    }

    /// Until something holds, at most [`LONG`], asking for no exchange.
    fn wait_for(
        &mut self,
        holds: impl Fn(&Worker) -> Result<bool, ReplicaError>,
    ) -> Result<Value, Failure> {
        let held = self.pump(LONG, |worker| holds(worker).unwrap_or(true));
        // What could not be read is told, not waited for.
        let held = held && holds(&self.worker)?;
        Ok(json!({ "ok": held }))
    }

    fn state_hash(&mut self) -> Result<Value, Failure> {
        let replica = self.worker.replica();
        let site = replica.enrolled()?.site;
        Ok(json!({"state_hash": replica.state_hash(site)?.to_string()}))
    }

    fn status(&mut self) -> Result<Value, Failure> {
        let replica = self.worker.replica();
        let waiting = replica.waiting()?;
        let events = replica.query().event_count()?;
        let error = self.worker.sync_error();
        let photos = self.worker.photos_waiting();
        Ok(json!({
            "photos": photos.photos, "photo_bytes": photos.bytes, "photos_held_back": photos.held_back,
            "waiting_events": waiting.events, "waiting_edits": waiting.edits,
            "event_count": events, "sync_error": error.as_ref().map(message),
            "live": self.worker.is_live(), "exchanges": self.worker.exchanges().0,
        }))
    }
}
