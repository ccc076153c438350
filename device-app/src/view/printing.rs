//! Labels: what every screen shows of them, the screen of what is printed, the printer's settings.

use super::{Line, Message};

/// What stands on any screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Printing {
    /// While labels are on their way.
    pub chip: Option<PrintChip>,
    /// Labels that the button on the detail of a thing prints: 0 offers none, and only items ask how many.
    pub copies: u32,
    /// How many can be chosen.
    pub asks_copies: bool,
    /// The plate or serial number that the task wrote last and that can be printed; empty for none.
    pub last_unit: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintChip {
    pub out: u32,
    pub all: u32,
    pub state: PrintChipState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrintChipState {
    AtWork,
    /// The printer needs a person.
    Stuck,
    /// A person has to say whether a label came out.
    Asks,
}

/// What is printed, how far it is, and what the printer needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrintingView {
    /// What is printed, or was printed last; empty if nothing was.
    pub title: String,
    pub out: u32,
    pub all: u32,
    /// Nothing is on its way.
    pub is_done: bool,
    /// How the printer stands in one word, such as `busy`, `paper-out` or `reach`.
    pub state: String,
    /// What to do next.
    pub next: Option<Message>,
    /// Why there is no connection.
    pub trouble: Option<Message>,
    pub question: Option<PrintQuestion>,
    /// `title`: what the label is known by; `status`: `waiting`, `sent`, `out` or `dropped`.
    pub labels: Vec<Line>,
    /// Jobs behind this one; `quantity`: how many labels.
    pub later: Vec<Line>,
    /// Labels wait that need not be printed.
    pub can_stop: bool,
    /// What is left is in doubt, and can be forgotten.
    pub can_drop: bool,
    pub can_try_now: bool,
    /// The printer may be one that never answers.
    pub can_go_on_unanswered: bool,
    /// Where the printer is; empty if nobody said.
    pub printer: String,
}

/// Whether labels came out. The printer stands still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintQuestion {
    /// Comes back with the answer: a question that is over is not answered.
    pub number: u32,
    /// `came-out` with the label, or `all-came-out` with how many, the first and the last.
    pub message: Message,
}

/// The printer, on the settings screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrinterView {
    /// As it was typed last; what is kept if it was sound.
    pub address: String,
    /// Why what was typed is no address.
    pub error: Option<Message>,
    /// Place in [`PrinterView::LANGUAGES`].
    pub language: usize,
    /// Place in [`crate::printing::SIZES`]; `None` for another size.
    pub size: Option<usize>,
    /// 203 or 300.
    pub dpi: u32,
    pub answers: bool,
}

impl PrinterView {
    /// Codes of the languages, in the order of the screen.
    pub const LANGUAGES: [labels::Language; 4] = labels::Language::ALL;
}

/// Words on a label in the language of the screen. The window gives them, for only it has words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelWords {
    pub lot: String,
    pub expiry: String,
    pub quantity: String,
    /// Heading of a plate.
    pub plate: String,
    pub test: String,
    /// Heading of a claim ticket.
    pub ticket: String,
    /// What whoever holds it should know.
    pub keep: String,
    pub pieces: String,
    pub due: String,
    /// Heading of a receipt.
    pub receipt: String,
}

/// What a person does about labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrintEvent {
    /// Of what the look-up shows.
    Detail(LabelWords),
    /// Of the unit that the task wrote last.
    LastUnit(LabelWords),
    /// Of the receipt on the screen; of a deposit's, its ticket too.
    Receipt(LabelWords),
    Test(LabelWords),
    /// So many copies more or less.
    Copies(i32),
    /// `number`: of the question. `answer`: `yes`, `no` or `look`.
    Answer {
        number: u32,
        answer: String,
    },
    Stop,
    Drop,
    TryNow,
    /// The printer says nothing: ask the person instead.
    NeverAnswers,
    SetAddress(String),
    /// Place in [`PrinterView::LANGUAGES`].
    SetLanguage(usize),
    /// Place in [`crate::printing::SIZES`].
    SetSize(usize),
    SetDpi(u32),
    SetAnswers(bool),
}

impl PrintEvent {
    /// Whether it is about the printer of this device, and not about labels.
    pub const fn is_setting(&self) -> bool {
        matches!(
            self,
            Self::NeverAnswers
                | Self::SetAddress(_)
                | Self::SetLanguage(_)
                | Self::SetSize(_)
                | Self::SetDpi(_)
                | Self::SetAnswers(_)
        )
    }
}
