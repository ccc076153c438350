//! Labels: what is asked of the printer, and what becomes of it on the screen.

use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::rights::Action;
use domain::{EventBody, UnitId};
use labels::job::{Answer, LabelId, Progress};
use labels::{Arranged, Density, FontBytes, Fonts, Manner, PrintJob};
use operations::{Operation, Said};
use replica::{DatabaseKey, Replica, ReplicaError};

use super::ToWorker;
use super::label_forms::Form;
use super::look_up::About;
use super::machine::{Showing, Worker};
use super::opening::Stopped;
use crate::platform::Platform;
use crate::printing::{
    Doing, JobsOpened, Order, PrintState, PrinterSettings, PrinterThread, SIZES,
};
use crate::view::{LabelWords, Message, Outcome, PrintEvent, PrinterView};

/// Labels that are printed at once.
pub(crate) const COPIES_MAX: u32 = 99;

/// The fonts of the screens, which are built in.
const REGULAR: &[u8] = include_bytes!("../../ui/fonts/TallymanSans-Regular.otf");
const BOLD: &[u8] = include_bytes!("../../ui/fonts/TallymanSans-Bold.otf");

fn fonts() -> Option<&'static Fonts> {
    static FONTS: OnceLock<Option<Fonts>> = OnceLock::new();
    let read = || Fonts::new(FontBytes::Static(REGULAR), FontBytes::Static(BOLD)).ok();
    FONTS.get_or_init(read).as_ref()
}

/// The printer and its thread.
pub(crate) struct Printing {
    thread: PrinterThread,
    pub(crate) state: PrintState,
    pub(crate) settings: PrinterSettings,
    /// What was typed and is no address.
    wrong_address: Option<(String, Message)>,
    /// Where the person came from.
    before: Showing,
}

impl Printing {
    /// Opens the file of jobs beside the replica's, and goes on with what lies in it.
    pub(crate) fn open(
        folder: &Path,
        key: &DatabaseKey,
        replica: &Replica,
        platform: Arc<dyn Platform>,
        answers: Sender<ToWorker>,
    ) -> Result<Self, Stopped> {
        let settings = PrinterSettings::load(replica)?;
        let jobs = JobsOpened::open(folder, key)?;
        let thread = jobs
            .drive(settings.address(), platform, answers)
            .map_err(|error| Stopped {
                code: "internal",
                details: format!("printer thread: {}", error.kind()),
            })?;
        Ok(Self {
            state: thread.begun.clone(),
            thread,
            settings,
            wrong_address: None,
            before: Showing::Home,
        })
    }

    /// What was typed and is no address, and why.
    pub(crate) fn wrong_address(&self) -> Option<&(String, Message)> {
        self.wrong_address.as_ref()
    }
}

/// The unit that these events brought in last, or the carton that they filled.
pub(crate) fn unit_of(events: &[Said]) -> Option<UnitId> {
    events.iter().rev().find_map(|said| match &said.body {
        EventBody::Received { goods, .. } => goods.unit.clone(),
        EventBody::Packed { .. } => said.carton.clone(),
        _ => None,
    })
}

impl Worker {
    pub(crate) fn print_event(&mut self, event: PrintEvent) -> Result<(), ReplicaError> {
        let thread = &self.printing.thread;
        match event {
            PrintEvent::Detail(words) => return self.print_detail(&words),
            PrintEvent::LastUnit(words) => {
                let stock = self.printing.settings.stock();
                if let Some(forms) = self.deposit_labels(stock, &words)? {
                    if !self.may_alone(Action::Print)? {
                        return Ok(());
                    }
                    return forms.into_iter().try_for_each(|form| self.print(form, 1));
                }
                let Some(work) = &self.work else {
                    return Ok(());
                };
                let packs = work.task.operation() == Operation::Pack;
                let about = match work.unit.clone() {
                    Some(carton) if packs => About::Carton(carton),
                    Some(unit) => About::Unit(unit),
                    None => return Ok(()),
                };
                return self.print_thing(&about, 1, &words);
            }
            PrintEvent::Receipt(words) => {
                if !self.may_alone(Action::Print)? {
                    return Ok(());
                }
                let forms = self.receipt_labels(self.printing.settings.stock(), &words)?;
                return forms.into_iter().try_for_each(|form| self.print(form, 1));
            }
            PrintEvent::Test(words) => {
                let form = self.test_label(self.printing.settings.stock(), &words);
                return self.print(form, 1);
            }
            PrintEvent::Copies(more) => self.look_up.change_copies(more),
            PrintEvent::Answer { number, answer } => {
                let answer = Answer::ALL.into_iter().find(|a| a.code() == answer);
                if let Some(answer) = answer {
                    thread.tell(Order::Answer { number, answer });
                }
            }
            PrintEvent::Stop => thread.tell(Order::Stop),
            PrintEvent::Drop => thread.tell(Order::Drop),
            PrintEvent::TryNow => thread.tell(Order::TryNow),
            PrintEvent::NeverAnswers => {
                thread.tell(Order::NeverAnswers);
                self.printing.settings.answers = false;
                return self.printing.settings.save(&mut self.replica);
            }
            setting => return self.set_printer(setting),
        }
        Ok(())
    }

    fn set_printer(&mut self, event: PrintEvent) -> Result<(), ReplicaError> {
        let settings = &mut self.printing.settings;
        match event {
            PrintEvent::SetAddress(typed) => {
                if let Err(error) = settings.set_address(&typed) {
                    let message = Message::new(error.code());
                    self.printing.wrong_address = Some((typed, message));
                    return Ok(());
                }
                self.printing.wrong_address = None;
                settings.save(&mut self.replica)?;
                let printer = self.printing.settings.address();
                self.printing.thread.tell(Order::Printer(printer));
                return Ok(());
            }
            PrintEvent::SetLanguage(at) => {
                let language = PrinterView::LANGUAGES.get(at);
                settings.language = language.copied().unwrap_or(settings.language);
            }
            PrintEvent::SetSize(at) => {
                if let Some((width, height)) = SIZES.get(at) {
                    (settings.width_mm, settings.height_mm) = (*width, *height);
                }
            }
            PrintEvent::SetDpi(dpi) => settings.density = density(dpi),
            PrintEvent::SetAnswers(answers) => settings.answers = answers,
            _ => return Ok(()),
        }
        settings.save(&mut self.replica)
    }

    fn print_detail(&mut self, words: &LabelWords) -> Result<(), ReplicaError> {
        match self.look_up.about().cloned() {
            Some(about) => {
                let copies = self.look_up.copies();
                self.print_thing(&about, copies, words)
            }
            None => Ok(()),
        }
    }

    fn print_thing(
        &mut self,
        about: &About,
        copies: u32,
        words: &LabelWords,
    ) -> Result<(), ReplicaError> {
        if !self.may_alone(Action::Print)? {
            return Ok(());
        }
        let stock = self.printing.settings.stock();
        match self.label_of(about, stock, words)? {
            Some(form) => self.print(form, copies),
            None => Ok(()),
        }
    }

    /// Puts a label into the queue, so many times. It is on the disk when the person is told.
    fn print(&mut self, form: Form, copies: u32) -> Result<(), ReplicaError> {
        if self.practises() {
            // A label in the warehouse is not practice.
            self.tell(Outcome::Attention, Message::new("label-practice"), "");
            return Ok(());
        }
        let settings = &self.printing.settings;
        if settings.address().is_none() {
            self.tell(Outcome::Attention, Message::new("printer-not-set"), "");
            return Ok(());
        }
        let Some(fonts) = fonts() else {
            return Err(ReplicaError::BadRow("font"));
        };
        let arranged = match Arranged::new(&form.label, fonts) {
            Ok(arranged) => arranged,
            Err(error) => {
                let message = Message::new(error.code()).with(form.title);
                self.tell(Outcome::Attention, message, "");
                return Ok(());
            }
        };
        let bytes = settings.language.say(&arranged, Manner::default());
        let copies = copies.clamp(1, COPIES_MAX);
        let copy = |n: u32| {
            let caption = match copies {
                1 => form.title.clone(),
                _ => format!("{} ({n}/{copies})", form.title),
            };
            (LabelId(n.to_string()), caption, bytes.clone())
        };
        let job = PrintJob::new(
            settings.language,
            settings.back_channel(),
            (1..=copies).map(copy),
        );
        let now = self.now();
        let added = self.printing.thread.add(form.title.clone(), job, now)?;
        self.printing.state.jobs.extend(added);
        if let Some(need) = needed(&self.printing.state) {
            // It goes nowhere before somebody has seen to the printer.
            self.tell(Outcome::Attention, need, "");
            return Ok(());
        }
        let (outcome, code) = if arranged.shortened.is_empty() {
            (Outcome::Accepted, "label-printing")
        } else {
            (Outcome::Attention, "label-shortened")
        };
        let message = Message::new(code).with(form.title).with(copies.to_string());
        self.tell(outcome, message, "");
        Ok(())
    }

    /// What became of labels. A new need or question is told once, and never over a refusal that nobody has read.
    pub(crate) fn print_news(&mut self, state: PrintState) {
        let before = needed(&self.printing.state);
        self.printing.state = state.after(&self.printing.state);
        let now = needed(&self.printing.state);
        if before == now {
            return;
        }
        let told = self.feedback.as_ref();
        let is_refused = told.is_some_and(|f| f.outcome == Outcome::Refused);
        let is_ours = told.is_some_and(|f| f.message.code.starts_with("printer-"));
        match now {
            Some(_) if is_refused || self.showing == Showing::Printing => {}
            Some(message) => self.tell(Outcome::Attention, message, ""),
            None if is_ours && !is_refused => self.feedback = None,
            None => {}
        }
    }

    pub(crate) fn open_printing(&mut self) {
        if self.showing != Showing::Printing {
            self.printing.before = self.showing;
        }
        self.showing = Showing::Printing;
        self.printing.thread.tell(Order::TryNow);
    }

    /// Where the person was before they looked at the labels.
    pub(crate) fn behind_printing(&self) -> Showing {
        match self.printing.before {
            Showing::Task if self.work.is_none() => Showing::Home,
            // Somebody may have signed out meanwhile, and nobody sees anything then.
            Showing::Task
            | Showing::Home
            | Showing::LookUp
            | Showing::History
            | Showing::Receipt
                if self.operator.is_none() =>
            {
                self.entrance()
            }
            before => before,
        }
    }

    /// The printer is asked again at once, for tests.
    pub fn printer_rests_at_most(&mut self, rest: Duration) {
        self.printing.thread.tell(Order::RestAtMost(rest));
    }
}

/// What a person has to do, as it is told over any screen. The code of each begins with `printer-`.
pub(crate) fn needed(state: &PrintState) -> Option<Message> {
    let first = state.jobs.first()?;
    match &state.doing {
        Doing::Begins | Doing::AtWork => None,
        Doing::Needs { need, .. } => Some(Message::new(format!("printer-{}", need.code()))),
        Doing::Asks { .. } => Some(Message::new("printer-asks").with(first.title.clone())),
        Doing::NoPrinter => Some(Message::new("printer-not-set")),
        Doing::NotStored(code) => Some(Message::new(format!("printer-{code}"))),
    }
}

/// Labels of all jobs that are out, and all that are to come out.
pub(crate) fn counted(state: &PrintState) -> (u32, u32) {
    let sum = |of: fn(&crate::printing::JobState) -> usize| -> u32 {
        let sum = state.jobs.iter().map(of).sum::<usize>();
        u32::try_from(sum).unwrap_or(u32::MAX)
    };
    let out = sum(|job| job.count(Progress::Out));
    let all = sum(|job| job.labels.len() - job.count(Progress::Dropped));
    (out, all)
}

fn density(dpi: u32) -> Density {
    if dpi < 250 {
        Density::Eight
    } else {
        Density::Twelve
    }
}
