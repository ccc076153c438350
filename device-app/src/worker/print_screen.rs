//! The screen of labels, the chip on every screen, and the printer's settings.

use labels::Density;
use labels::job::{Need, Progress, Question};

use super::machine::{Showing, Worker};
use super::printing::{counted, needed};
use crate::printing::{Doing, JobState, SIZES};
use crate::view::{
    Line, Message, PrintChip, PrintChipState, PrintQuestion, PrinterView, Printing, PrintingView,
};

impl Worker {
    pub(crate) fn print_offer(&self) -> Printing {
        let state = &self.printing.state;
        let chip = (!state.jobs.is_empty()).then(|| {
            let (out, all) = counted(state);
            PrintChip {
                out,
                all,
                state: match state.doing {
                    Doing::Begins | Doing::AtWork => PrintChipState::AtWork,
                    Doing::Asks { .. } => PrintChipState::Asks,
                    _ => PrintChipState::Stuck,
                },
            }
        });
        let shows_detail = self.showing == Showing::LookUp && self.look_up.has_detail();
        let unit = self.work.as_ref().and_then(|work| work.unit.as_ref());
        Printing {
            chip,
            copies: if shows_detail {
                self.look_up.copies()
            } else {
                0
            },
            asks_copies: self.look_up.asks_copies(),
            last_unit: unit.map(|u| u.printed().to_owned()).unwrap_or_default(),
        }
    }

    pub(crate) fn printing_view(&self) -> PrintingView {
        let state = &self.printing.state;
        let mut view = PrintingView {
            printer: self.printing.settings.address.clone(),
            is_done: state.jobs.is_empty(),
            ..PrintingView::default()
        };
        let Some(job) = state.jobs.first().or(state.done.as_ref()) else {
            return view;
        };
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        view.title = job.title.clone();
        view.out = count(job.count(Progress::Out));
        view.all = count(job.labels.len() - job.count(Progress::Dropped));
        view.labels = job.labels.iter().map(label_line).collect();
        if view.is_done {
            view.state = "ready".to_owned();
            return view;
        }
        view.later = state.jobs.iter().skip(1).map(later_line).collect();
        view.can_stop = job.count(Progress::Waiting) > 0;
        view.can_drop = !view.can_stop;
        view.state = match &state.doing {
            Doing::Begins | Doing::AtWork => "busy",
            Doing::Asks { .. } => "asks",
            Doing::NoPrinter => "not-set",
            Doing::NotStored(_) => "not-stored",
            Doing::Needs { need, .. } => state_of(*need),
        }
        .to_owned();
        match &state.doing {
            Doing::Asks { number, question } => {
                view.question = Some(asked(*number, question, job));
                view.can_drop = true;
            }
            Doing::Needs { need, trouble } => {
                view.next = needed(state);
                view.trouble = trouble.map(Message::new);
                view.can_try_now = true;
                view.can_go_on_unanswered = *need == Need::MakeAnswer;
            }
            Doing::NoPrinter => view.next = needed(state),
            Doing::NotStored(_) => {
                view.next = needed(state);
                view.can_try_now = true;
            }
            Doing::Begins | Doing::AtWork => {}
        }
        view
    }

    pub(crate) fn printer_view(&self) -> PrinterView {
        let settings = &self.printing.settings;
        let wrong = self.printing.wrong_address();
        let size = (settings.width_mm, settings.height_mm);
        PrinterView {
            address: wrong.map_or(&settings.address, |(typed, _)| typed).clone(),
            error: wrong.map(|(_, message)| message.clone()),
            language: PrinterView::LANGUAGES
                .iter()
                .position(|l| *l == settings.language)
                .unwrap_or_default(),
            size: SIZES.iter().position(|s| *s == size),
            dpi: match settings.density {
                Density::Eight => 203,
                Density::Twelve => 300,
            },
            answers: settings.answers,
        }
    }
}

/// The printer's condition behind a need, by its code; two are states of the line instead.
fn state_of(need: Need) -> &'static str {
    use labels::Condition;
    match need {
        Need::Paper => Condition::PaperOut.code(),
        Need::CloseHead => Condition::HeadOpen.code(),
        Need::Resume => Condition::Paused.code(),
        Need::SeeTo => Condition::Error.code(),
        Need::CheckLanguage => Condition::Unknown.code(),
        Need::Reach | Need::MakeAnswer => need.code(),
    }
}

fn asked(number: u32, question: &Question, job: &JobState) -> PrintQuestion {
    let caption = |n: Option<&usize>| {
        let label = n.and_then(|n| job.labels.get(*n));
        label
            .map(|(caption, _)| caption.clone())
            .unwrap_or_default()
    };
    let message = Message::new(question.code());
    let message = match question {
        Question::CameOut { label } => message.with(caption(Some(label))),
        Question::AllCameOut { labels } => message
            .with(labels.len().to_string())
            .with(caption(labels.first()))
            .with(caption(labels.last())),
    };
    PrintQuestion { number, message }
}

fn label_line((caption, progress): &(String, Progress)) -> Line {
    Line {
        title: caption.clone(),
        subtitle: String::new(),
        quantity: String::new(),
        status: progress.code().to_owned(),
    }
}

fn later_line(job: &JobState) -> Line {
    Line {
        title: job.title.clone(),
        subtitle: String::new(),
        quantity: job.labels.len().to_string(),
        status: Progress::Waiting.code().to_owned(),
    }
}
