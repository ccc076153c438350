//! A person with a handheld who never stops working: scans in bursts, and takes the handheld up again when it has died.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, ensure};
use domain::EventHash;
use serde_json::Value;

use super::service::RESTART_AFTER;
use crate::processes::Handheld;
use testkit::random::Random;

/// Between two bursts of scans.
const BREATH_MS: u64 = 200;
/// Codes that nobody may ever be told here: no fault of a disk or a line is a reason for them.
const NEVER: [&str; 12] = [
    "database-corrupt",
    "database-error",
    "database-in-use",
    "database-key-missing",
    "database-newer",
    "device-revoked",
    "enrol-code-used",
    "enrol-code-wrong",
    "internal",
    "segment-forged",
    "segment-refused",
    "server-certificate-wrong",
];

/// What the handheld says of itself while its operator rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rest {
    /// Events, edits and records that are not everywhere yet.
    pub(super) waiting: u64,
    pub(super) online: bool,
    pub(super) sync_error: Value,
    pub(super) state_hash: String,
}

/// What one operator has seen.
#[derive(Debug, Default)]
pub(super) struct Diary {
    /// Events of which the handheld said that they are saved.
    pub(super) acknowledged: Vec<EventHash>,
    /// The same, to see whether one is acknowledged twice.
    known: HashSet<EventHash>,
    /// Lines whose answer died with the handheld: what they asked for may be saved or not.
    pub(super) unanswered: u64,
    /// How often each code was told that is no success.
    pub(super) told: BTreeMap<String, u64>,
    /// How often the handheld was started.
    pub(super) starts: u64,
    /// The last look at a resting handheld; `None` while there is work.
    pub(super) rest: Option<Rest>,
    /// What must never be; the operator has stopped.
    pub(super) broken: Option<String>,
}

impl Diary {
    /// Writes down what an answer says.
    fn note(&mut self, line: &str, answer: &Value) -> Result<()> {
        let hashes = answer["events"].as_array().into_iter().flatten();
        let hashes: Vec<_> = hashes
            .filter_map(|h| EventHash::from_hex(h.as_str()?))
            .collect();
        let saved = !hashes.is_empty();
        for hash in hashes {
            ensure!(
                self.known.insert(hash),
                "{line:?} acknowledges {hash} once more: {answer}"
            );
            self.acknowledged.push(hash);
        }
        let codes = [
            &answer["error"],
            &answer["sync_error"]["code"],
            &answer["banner"],
            match answer["ok"] == true {
                true => &Value::Null,
                false => &answer["feedback"]["code"],
            },
        ];
        for code in codes.into_iter().filter_map(Value::as_str) {
            *self.told.entry(code.to_owned()).or_default() += 1;
            ensure!(!NEVER.contains(&code), "{line:?} was answered {answer}");
        }
        let refused = answer["feedback"]["code"] == "disk-full";
        ensure!(
            !(refused && saved),
            "nothing is saved, and something is: {answer}"
        );
        Ok(())
    }
}

/// One handheld with its operator, on a thread.
pub(super) struct Operator {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    diary: Mutex<Diary>,
    handheld: Mutex<Option<u32>>,
    resting: AtomicBool,
    hurrying: AtomicBool,
    ending: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an operator needs to begin.
pub(super) struct Begin {
    /// From 0.
    pub(super) number: usize,
    /// The handheld's folder.
    pub(super) data: PathBuf,
    /// Where its errors go.
    pub(super) log: PathBuf,
    /// The text of the enrolment QR.
    pub(super) invitation: String,
    pub(super) random: Random,
}

impl Operator {
    /// Enrols the handheld, signs in and begins to work.
    pub(super) fn begin(begin: Begin) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let mut person = Person {
            shared: shared.clone(),
            begin,
            handheld: None,
        };
        person.take_up()?;
        let enrol = format!("enrol {}", person.begin.invitation);
        for line in [enrol.as_str(), "wait-synced", &person.badge()] {
            let answer = person.ask(line)?.unwrap_or_default();
            ensure!(answer["ok"] == true, "{line}: {answer}");
        }
        let thread = thread::spawn(move || {
            if let Err(error) = person.work() {
                lock(&person.shared.diary).broken = Some(format!("{error:#}"));
            }
        });
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    pub(super) fn diary(&self) -> MutexGuard<'_, Diary> {
        lock(&self.shared.diary)
    }

    /// `kill -9` of the handheld.
    pub(super) fn kill_handheld(&self) -> Result<()> {
        // The lock keeps the number from being given to another process meanwhile.
        if let Some(id) = *lock(&self.shared.handheld) {
            super::service::signal("KILL", id)?;
        }
        Ok(())
    }

    /// Rest, or go on.
    pub(super) fn rest(&self, rest: bool) {
        self.shared.resting.store(rest, Ordering::Relaxed);
        self.diary().rest = None;
    }

    /// Work without a breath between bursts.
    pub(super) fn hurry(&self, hurry: bool) {
        self.shared.hurrying.store(hurry, Ordering::Relaxed);
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        // Also wakes a person who waits for an answer that never comes.
        let _ = self.kill_handheld();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Person {
    shared: Arc<Shared>,
    begin: Begin,
    handheld: Option<Handheld>,
}

impl Person {
    fn work(&mut self) -> Result<()> {
        while !self.shared.ending.load(Ordering::Relaxed) {
            if self.handheld.is_none() && !self.start_shift()? {
                thread::sleep(RESTART_AFTER);
            } else if self.shared.resting.load(Ordering::Relaxed) {
                self.look()?;
                thread::sleep(Duration::from_millis(50));
            } else {
                let lines = self.burst();
                self.say(&lines)?;
                if !self.shared.hurrying.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(BREATH_MS));
                }
            }
        }
        Ok(())
    }

    /// Starts the program.
    fn take_up(&mut self) -> Result<()> {
        let Begin { data, log, .. } = &self.begin;
        let handheld = Handheld::start_with_log(data, log)?;
        *lock(&self.shared.handheld) = Some(handheld.id());
        lock(&self.shared.diary).starts += 1;
        self.handheld = Some(handheld);
        Ok(())
    }

    /// Starts the program and signs in. Whether it runs.
    fn start_shift(&mut self) -> Result<bool> {
        self.take_up()?;
        Ok(self.ask(&self.badge())?.is_some())
    }

    fn badge(&self) -> String {
        format!("sign-in TM-OP-000{}", self.begin.number + 1)
    }

    /// The program has ended: what it still said is read, and it is laid aside.
    fn lay_aside(&mut self) {
        // Waits for the process under the lock, so that nobody signals its number after that.
        let mut id = lock(&self.shared.handheld);
        self.handheld = None;
        *id = None;
    }

    /// One line; `None` if the program ended instead of answering.
    fn ask(&mut self, line: &str) -> Result<Option<Value>> {
        let mut answers = self.say(&[line.to_owned()])?;
        Ok(answers.pop())
    }

    /// Lines that are sent ahead, so that a kill falls into the work and not between two answers; as many answers as
    /// came.
    fn say(&mut self, lines: &[String]) -> Result<Vec<Value>> {
        let Some(handheld) = &mut self.handheld else {
            return Ok(Vec::new());
        };
        let mut answers = Vec::new();
        // A program that has ended takes no lines; what it answered before can still be read.
        let mut sent = 0;
        while sent < lines.len() && handheld.send(&lines[sent]).is_ok() {
            sent += 1;
        }
        let mut alive = sent == lines.len();
        let mut stopped = false;
        while answers.len() < sent {
            let Some(answer) = handheld.answer()? else {
                alive = false;
                break;
            };
            // A program that cannot start says why, as an answer to nothing.
            if answer["step"] == 0 {
                stopped = true;
                lock(&self.shared.diary).note("", &answer)?;
                continue;
            }
            lock(&self.shared.diary).note(&lines[answers.len()], &answer)?;
            answers.push(answer);
        }
        if !alive {
            self.lay_aside();
            if !stopped {
                lock(&self.shared.diary).unanswered += (sent - answers.len()) as u64;
            }
        }
        Ok(answers)
    }

    /// What the handheld says of itself, without asking it to do anything.
    fn look(&mut self) -> Result<()> {
        let answers = self.say(&["status".to_owned(), "state-hash".to_owned()])?;
        let [status, hash] = answers.as_slice() else {
            return Ok(());
        };
        let number = |name: &str| status[name].as_u64().unwrap_or(u64::MAX / 2);
        let rest = Rest {
            waiting: number("waiting_events") + number("waiting_edits"),
            online: status["connection"] == "online",
            sync_error: status["sync_error"].clone(),
            state_hash: hash["state_hash"].as_str().unwrap_or_default().to_owned(),
        };
        let mut diary = lock(&self.shared.diary);
        if self.shared.resting.load(Ordering::Relaxed) {
            diary.rest = Some(rest);
        }
        Ok(())
    }

    /// Some seconds of work at a place where the others work too, so that everything collides.
    fn burst(&mut self) -> Vec<String> {
        let random = &mut self.begin.random;
        let bin = |random: &mut Random| format!("scan R-01-{}", 1 + random.below(4));
        let item = |random: &mut Random| format!("scan 69035100000{}", 17 + 7 * random.below(2));
        let mut lines = vec!["open home".to_owned()];
        match random.below(8) {
            0..=3 => {
                lines.extend(["open receive".to_owned(), bin(random)]);
                for _ in 0..4 {
                    lines.push(item(random));
                    lines.push(format!("quantity {}", 1 + random.below(20)));
                }
            }
            4 | 5 => {
                lines.extend(["open issue".to_owned(), bin(random)]);
                for _ in 0..3 {
                    lines.push(item(random));
                    lines.push(format!("quantity {}", 1 + random.below(5)));
                    // Where the shelf is short, the question is answered with yes.
                    lines.push("action confirm".to_owned());
                }
            }
            6 => {
                lines.extend(["open move".to_owned(), bin(random), item(random)]);
                lines.extend(["quantity 2".to_owned(), bin(random)]);
                lines.push("action confirm".to_owned());
            }
            _ => {
                let name = random.below(1_000);
                lines.push(format!(
                    "[\"edit-item\",\"JG-0004\",\"name_zh=第{name}次改名\"]"
                ));
                lines.push("undo".to_owned());
            }
        }
        lines.push("action done".to_owned());
        lines.push("status".to_owned());
        lines
    }
}
