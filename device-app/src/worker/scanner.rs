//! How the wedge scanner is set up: learnt from a test code on the screen, kept on this device.

use replica::ReplicaError;
use scan::learn::{self, Fault, KeyPress, Layout, Learnt, Terminator};
use scan::wedge::WedgeSettings;
use serde::{Deserialize, Serialize};

use super::machine::{Showing, Worker};
use super::qr;
use crate::view::{Message, Outcome, Qr, ScannerView};

/// Characters that came out wrong and are named: enough to see what kind of fault it is.
const WRONG_SHOWN_MAX: usize = 6;

/// What was learnt, as the database keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KeptScanner {
    terminator: String,
    length_min_without_terminator: Option<usize>,
    gap_max_ms: u64,
    prefix: String,
    suffix: String,
    gs_substitute: Option<String>,
    gs_lost: bool,
    /// What comes for which character, and what does not come at all.
    comes_as: Vec<(String, char)>,
    lost: String,
}

impl From<&Learnt> for KeptScanner {
    fn from(learnt: &Learnt) -> Self {
        let settings = learnt.settings.clone();
        Self {
            terminator: learnt.terminator.code().to_owned(),
            length_min_without_terminator: settings.length_min_without_terminator,
            gap_max_ms: settings.gap_max_ms,
            prefix: settings.prefix,
            suffix: settings.suffix,
            gs_substitute: settings.gs_substitute,
            gs_lost: learnt.gs_lost,
            comes_as: settings.comes_as,
            lost: learnt.lost.iter().collect(),
        }
    }
}

impl KeptScanner {
    /// Whether lots and serial numbers run into each other.
    pub(crate) fn loses_separators(&self) -> bool {
        self.gs_lost
    }

    fn learnt(&self) -> Learnt {
        Learnt {
            settings: WedgeSettings {
                length_min_without_terminator: self.length_min_without_terminator,
                gap_max_ms: self.gap_max_ms,
                prefix: self.prefix.clone(),
                suffix: self.suffix.clone(),
                gs_substitute: self.gs_substitute.clone(),
                comes_as: self.comes_as.clone(),
                ..WedgeSettings::default()
            },
            terminator: Terminator::from_code(&self.terminator).unwrap_or(Terminator::None),
            gs_lost: self.gs_lost,
            lost: self.lost.chars().collect(),
        }
    }
}

/// The screen while a scanner is learnt.
#[derive(Default)]
pub(crate) struct ScannerState {
    qr: Qr,
    /// What the last scan said, until the next one says the same.
    once: Option<Learnt>,
    /// The keys of the last scan.
    raw: String,
}

impl Worker {
    /// How the scanner's keys are told from typing.
    pub fn wedge(&self) -> WedgeSettings {
        let kept = self.settings.scanner.as_ref();
        kept.map_or_else(WedgeSettings::default, |kept| kept.learnt().settings)
    }

    pub(crate) fn open_scanner(&mut self) {
        self.showing = Showing::Scanner;
        self.scanner = ScannerState {
            qr: qr::draw(&learn::test_text()),
            ..ScannerState::default()
        };
    }

    pub(crate) fn scanner_view(&self) -> ScannerView {
        let kept = self.settings.scanner.as_ref().map(KeptScanner::learnt);
        let prompt = match (&self.scanner.once, &kept) {
            (Some(_), _) => "scanner-scan-again",
            (None, Some(_)) => "scanner-in-use",
            (None, None) => "scanner-scan-test",
        };
        ScannerView {
            qr: self.scanner.qr.clone(),
            prompt: Message::new(prompt),
            is_learnt: kept.is_some(),
            found: self.scanner.once.clone().or(kept),
            raw: self.scanner.raw.clone(),
        }
    }

    /// One scan, key by key. Settings are taken when two say the same.
    pub(crate) fn scanner_keys(&mut self, keys: &[KeyPress]) -> Result<(), ReplicaError> {
        if self.showing != Showing::Scanner {
            return Ok(());
        }
        self.scanner.raw = learn::visible(keys);
        let before = self.scanner.once.take();
        let (outcome, message) = match learn::learn(keys) {
            Err(fault) => (Outcome::Attention, said(&fault)),
            Ok(learnt) => match before.map(|before| before.agreed(&learnt)) {
                Some(Some(both)) => {
                    self.keep_scanner(Some(KeptScanner::from(&both)))?;
                    said_learnt(&both)
                }
                differs => {
                    self.scanner.once = Some(learnt);
                    match differs {
                        Some(_) => (Outcome::Attention, Message::new("scanner-differs")),
                        None => (Outcome::Accepted, Message::new("scanner-read-once")),
                    }
                }
            },
        };
        self.tell(outcome, message, "");
        Ok(())
    }

    pub(crate) fn reset_scanner(&mut self) -> Result<(), ReplicaError> {
        self.keep_scanner(None)?;
        self.scanner.once = None;
        self.scanner.raw.clear();
        self.tell(Outcome::Accepted, Message::new("scanner-reset"), "");
        Ok(())
    }

    /// What could not be kept is not in use either.
    fn keep_scanner(&mut self, scanner: Option<KeptScanner>) -> Result<(), ReplicaError> {
        let mut settings = self.settings.clone();
        settings.scanner = scanner;
        settings.save(&mut self.replica)?;
        self.settings = settings;
        Ok(())
    }
}

/// That it is in use, and what it still cannot do.
fn said_learnt(learnt: &Learnt) -> (Outcome, Message) {
    if learnt.gs_lost {
        return (Outcome::Attention, Message::new("scanner-separator-lost"));
    }
    if !learnt.lost.is_empty() {
        let lost: Vec<String> = learnt.lost.iter().map(char::to_string).collect();
        let message = Message::new("scanner-signs-lost").with(lost.join("  "));
        return (Outcome::Attention, message);
    }
    match learnt.is_repaired() {
        true => (Outcome::Accepted, Message::new("scanner-repaired")),
        false => (Outcome::Accepted, Message::new("scanner-learnt")),
    }
}

/// What is wrong, and what to set.
fn said(fault: &Fault) -> Message {
    match fault {
        Fault::NotTheTestCode => Message::new("scanner-not-the-test-code"),
        Fault::TooSlow { gap_ms } => Message::new("scanner-too-slow").with(gap_ms.to_string()),
        Fault::CapsInverted => Message::new("scanner-caps-inverted"),
        Fault::Layout { looks_like, wrong } => {
            let code = match looks_like {
                Some(Layout::Azerty) => "scanner-layout-azerty",
                Some(Layout::Qwertz) => "scanner-layout-qwertz",
                None => "scanner-layout",
            };
            let pair = |(sent, came): &(char, Option<char>)| match came {
                Some(came) => format!("{sent}→{came}"),
                None => format!("{sent}→–"),
            };
            let pairs: Vec<String> = wrong.iter().take(WRONG_SHOWN_MAX).map(pair).collect();
            Message::new(code).with(pairs.join("  "))
        }
    }
}
