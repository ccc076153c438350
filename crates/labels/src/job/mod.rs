//! A print job as a state machine: it does no IO, and says what is to be done next.
//!
//! The caller asks [`PrintJob::step`], does it, and tells [`PrintJob::handle`] what came of it. If that returns
//! [`Keep::Store`], the job is stored before the next step is begun; then a crash at any place leaves in the store which
//! labels are surely out, which are in doubt, and which were never sent.
//!
//! A label counts as out only when the printer, over the same connection on which it got the label and with no trouble
//! since, says that it is ready and has nothing left to do; or when a person says so. In every other case a person is
//! asked, and only when the printer stands still again: what it still held in its memory has then come out.

mod link;
mod steps;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::language::Language;
pub use link::{ANSWER_MS, POLL_MS, REST_MS, RETRY_MS};
use link::{Link, Phase};

/// Names a label of a job: unique in it, chosen by the caller, kept in the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LabelId(pub String);

/// What a printer says back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackChannel {
    /// Nothing: a person confirms what came out.
    None,
    /// Its condition, and nothing in its turn. For TSPL and ESC/POS that proves a label only if it was seen at work.
    Status,
    /// Its condition, and a fence after each label.
    Fence,
}

impl BackChannel {
    /// Every kind.
    pub const ALL: [BackChannel; 3] = [BackChannel::None, BackChannel::Status, BackChannel::Fence];

    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            BackChannel::None => "none",
            BackChannel::Status => "status",
            BackChannel::Fence => "fence",
        }
    }
}

/// How far a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// No byte of it was sent, or a person said that it did not come out.
    Waiting,
    /// Some or all of it was sent. It is in doubt until the printer or a person says that it is out.
    Sent,
    /// It came out.
    Out,
    /// The job was stopped before it was sent.
    Dropped,
}

impl Progress {
    /// Every stage.
    pub const ALL: [Progress; 4] = [
        Progress::Waiting,
        Progress::Sent,
        Progress::Out,
        Progress::Dropped,
    ];

    /// Stable code: translated by it.
    pub fn code(self) -> &'static str {
        match self {
            Progress::Waiting => "waiting",
            Progress::Sent => "sent",
            Progress::Out => "out",
            Progress::Dropped => "dropped",
        }
    }
}

/// A label of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLabel {
    pub id: LabelId,
    /// What a person knows the label by: "A-01-2".
    pub caption: String,
    /// Its place in the job's contents.
    content: usize,
    pub progress: Progress,
}

/// What a person has to decide. Labels are named by their place in [`PrintJob::labels`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Did this label come out, whole? The printer stands still.
    CameOut { label: usize },
    /// Did all of these come out? Asked once for several, where the printer says nothing.
    AllCameOut { labels: Vec<usize> },
}

impl Question {
    /// The code of every question.
    pub const CODES: [&str; 2] = ["came-out", "all-came-out"];

    /// Stable code: translated by it.
    pub fn code(&self) -> &'static str {
        let [one, all] = Self::CODES;
        match self {
            Question::CameOut { .. } => one,
            Question::AllCameOut { .. } => all,
        }
    }
}

/// What a person may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Yes,
    No,
    /// "I have to look": asked again, after the printer was asked again.
    Look,
}

impl Answer {
    /// Every answer.
    pub const ALL: [Answer; 3] = [Answer::Yes, Answer::No, Answer::Look];

    /// Stable code: translated by it.
    pub fn code(self) -> &'static str {
        match self {
            Answer::Yes => "yes",
            Answer::No => "no",
            Answer::Look => "look",
        }
    }
}

/// What a person has to do so that the job goes on. The job sees by itself when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Put paper in.
    Paper,
    /// Close the head or lid.
    CloseHead,
    /// Press the button that lets the printer go on.
    Resume,
    /// See to the printer: ribbon, jam, cutter, heat.
    SeeTo,
    /// Switch the printer on, or come near it.
    Reach,
    /// It does not answer: wrong language, or no back channel.
    MakeAnswer,
    /// It answers in words of another language.
    CheckLanguage,
}

impl Need {
    /// Every need.
    pub const ALL: [Need; 7] = [
        Need::Paper,
        Need::CloseHead,
        Need::Resume,
        Need::SeeTo,
        Need::Reach,
        Need::MakeAnswer,
        Need::CheckLanguage,
    ];

    /// Stable code: translated by it.
    pub fn code(self) -> &'static str {
        match self {
            Need::Paper => "paper",
            Need::CloseHead => "close-head",
            Need::Resume => "resume",
            Need::SeeTo => "see-to",
            Need::Reach => "reach",
            Need::MakeAnswer => "make-answer",
            Need::CheckLanguage => "check-language",
        }
    }
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Close any earlier connection and open one anew, then [`Event::Connected`] or [`Event::ConnectionLost`].
    Connect,
    /// Write all of this, then [`Event::Sent`] or [`Event::ConnectionLost`].
    Send(Vec<u8>),
    /// Read what comes, then [`Event::Received`], [`Event::Silence`] after so many milliseconds, or
    /// [`Event::ConnectionLost`].
    Read { within_ms: u32 },
    /// Wait, and tell a person what is needed, then [`Event::Rested`].
    Rest { ms: u32, need: Option<Need> },
    /// Ask a person, then [`Event::Answered`].
    Ask(Question),
    /// No label is waiting or in doubt. Close the connection.
    Done,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Connected,
    /// Also if it could not be made.
    ConnectionLost,
    Sent,
    Received(Vec<u8>),
    Silence,
    Rested,
    Answered(Question, Answer),
}

/// Whether the job has to be stored before its next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a label may be doubled after a crash if the job is not stored before it is sent"]
pub enum Keep {
    Store,
    AsStored,
}

/// Labels on their way through one printer, one at a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PrintJob {
    language: Language,
    back_channel: BackChannel,
    labels: Vec<JobLabel>,
    /// What [`Language::say`] made of the labels, each content once: a hundred copies are stored as one.
    #[serde(with = "hexadecimal")]
    contents: Vec<Vec<u8>>,
    /// Counts fences, so that an answer to an earlier one is known as such.
    fences: u32,
    /// What is known of this connection. Not stored: after a crash there is none.
    #[serde(skip)]
    link: Link,
}

impl PrintJob {
    /// A job with its labels as [`Language::say`] made them: id, caption, bytes.
    pub fn new(
        language: Language,
        back_channel: BackChannel,
        labels: impl IntoIterator<Item = (LabelId, String, Vec<u8>)>,
    ) -> Self {
        let mut contents = Vec::new();
        let labels = labels.into_iter().map(|(id, caption, bytes)| JobLabel {
            id,
            caption,
            content: place_of(bytes, &mut contents),
            progress: Progress::Waiting,
        });
        Self {
            language,
            back_channel,
            labels: labels.collect(),
            contents,
            fences: 0,
            link: Link::default(),
        }
    }

    /// All labels, in the order in which they are printed.
    pub fn labels(&self) -> &[JobLabel] {
        &self.labels
    }

    /// What the printer is believed to say back.
    pub fn back_channel(&self) -> BackChannel {
        self.back_channel
    }

    /// Whether no label is waiting or in doubt.
    pub fn is_done(&self) -> bool {
        !self.any(Progress::Waiting) && !self.any(Progress::Sent)
    }

    /// Sends no further label. What is in doubt is still settled.
    pub fn stop(&mut self) -> Keep {
        for label in &mut self.labels {
            if label.progress == Progress::Waiting {
                label.progress = Progress::Dropped;
            }
        }
        Keep::Store
    }

    /// Goes on as with a printer that says nothing: for [`Need::MakeAnswer`]. Begins a new connection.
    pub fn without_answers(&mut self) -> Keep {
        self.back_channel = BackChannel::None;
        self.link = Link::default();
        Keep::Store
    }

    /// What is to be done next. Asking again changes nothing.
    pub fn step(&self) -> Step {
        if self.is_done() {
            return Step::Done;
        }
        match &self.link.phase {
            Phase::Down { need: None } => Step::Connect,
            Phase::Down { need } => Step::Rest {
                ms: RETRY_MS,
                need: *need,
            },
            Phase::Sending(what) => Step::Send(self.bytes_of(*what)),
            Phase::Listening => Step::Read {
                within_ms: ANSWER_MS,
            },
            Phase::Resting { ms, need } => Step::Rest {
                ms: *ms,
                need: *need,
            },
            Phase::Asking(question) => Step::Ask(question.clone()),
        }
    }

    fn any(&self, progress: Progress) -> bool {
        self.labels.iter().any(|label| label.progress == progress)
    }
}

/// Where the bytes are, or now are.
fn place_of(bytes: Vec<u8>, contents: &mut Vec<Vec<u8>>) -> usize {
    let known = contents.iter().position(|content| *content == bytes);
    known.unwrap_or_else(|| {
        contents.push(bytes);
        contents.len() - 1
    })
}

/// Bytes as texts of hexadecimal digits: JSON arrays of numbers would be twice as long.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::fmt::Write as _;

    pub(super) fn serialize<S: Serializer>(all: &[Vec<u8>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(all.iter().map(|bytes| {
            let mut text = String::with_capacity(2 * bytes.len());
            for byte in bytes {
                let _ = write!(text, "{byte:02x}");
            }
            text
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Vec<u8>>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let all = texts.iter().map(|text| bytes_of(text));
        all.collect::<Option<_>>()
            .ok_or_else(|| D::Error::custom("no bytes in hexadecimal digits"))
    }

    fn bytes_of(text: &str) -> Option<Vec<u8>> {
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        };
        text.as_bytes()
            .chunks(2)
            .map(|pair| match *pair {
                [high, low] => Some(digit(high)? << 4 | digit(low)?),
                _ => None,
            })
            .collect()
    }
}
