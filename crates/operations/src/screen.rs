//! What goes into a procedure and what comes out for the screen.

use domain::{EventBody, ItemId, OrderLine, Quantity, UnitId};
use serde::{Deserialize, Serialize};

use crate::codes::{ActionCode, FactCode, FeedbackCode, LineStatus, Outcome, PromptCode};
use crate::custody_write::CustodyWrite;
use crate::scanned::Scanned;
use crate::task::Task;
use crate::undo::Undoable;

/// What the person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A code was read.
    Scan(Scanned),
    /// A number was typed and meant.
    Quantity(Quantity),
    /// One of [`Choice`] was taken, by its id.
    Choose(String),
    /// A text was typed: lot, serial number, day, or a code read aloud.
    Text(String),
    /// A button.
    Action(ActionCode),
    /// Take the last line back. The worker adds the last event of this task that may be undone.
    Undo(Option<Undoable>),
}

/// The answer to an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// How loud.
    pub outcome: Outcome,
    /// Which sentence.
    pub code: FeedbackCode,
    /// What stands in it.
    pub args: Vec<String>,
}

impl Feedback {
    pub(crate) fn new<const N: usize>(
        outcome: Outcome,
        code: FeedbackCode,
        args: [String; N],
    ) -> Self {
        Self {
            outcome,
            code,
            args: args.into(),
        }
    }

    pub(crate) fn accepted<const N: usize>(code: FeedbackCode, args: [String; N]) -> Self {
        Self::new(Outcome::Accepted, code, args)
    }

    pub(crate) fn attention<const N: usize>(code: FeedbackCode, args: [String; N]) -> Self {
        Self::new(Outcome::Attention, code, args)
    }

    pub(crate) fn refused<const N: usize>(code: FeedbackCode, args: [String; N]) -> Self {
        Self::new(Outcome::Refused, code, args)
    }
}

/// A code that somebody taught the catalogue: to be written into the item's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The GTIN, or the text as read.
    pub code: String,
    /// The item that it means from now on.
    pub item: ItemId,
    /// Base units that one such code stands for.
    pub pack: Quantity,
}

/// An event to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What happened.
    pub body: EventBody,
    /// The line of an order that it serves.
    pub order: Option<OrderLine>,
    /// Why, as a code, where the kind alone does not say it.
    pub reason: Option<String>,
    /// The plate of the carton that the goods are put into or are in.
    pub carton: Option<UnitId>,
}

impl From<EventBody> for Said {
    fn from(body: EventBody) -> Self {
        Self {
            body,
            order: None,
            reason: None,
            carton: None,
        }
    }
}

/// What an input led to. All of it is one commit: the events, the links, and the task as the new draft.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The task as it goes on; another operation's, if the input opened one.
    pub task: Task,
    /// What to tell the person, after the commit.
    pub feedback: Option<Feedback>,
    /// What happened, in order.
    pub events: Vec<Said>,
    /// What the catalogue learnt.
    pub links: Vec<Link>,
    /// Records of custody.
    pub custody: Vec<CustodyWrite>,
    /// The task is at its end: its draft can go.
    pub finished: bool,
}

/// The one thing to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Which sentence.
    pub code: PromptCode,
    /// What stands in it.
    pub args: Vec<String>,
}

/// Must be answered before anything else: [`ActionCode::Confirm`] or [`ActionCode::Cancel`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Which sentence.
    pub code: FeedbackCode,
    /// What stands in it.
    pub args: Vec<String>,
}

/// Something that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub label: FactCode,
    /// Its value, ready to show.
    pub value: String,
    /// Whether it is the one thing to read.
    pub emphasis: bool,
}

/// A line of the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Item, or the code that was set aside.
    pub title: String,
    /// Lot, unit and bins.
    pub subtitle: String,
    /// Amount with unit.
    pub quantity: String,
    /// What became of it.
    pub status: LineStatus,
    /// When, as the screen shows it.
    pub time: String,
}

/// Numbers can be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keypad {
    /// The amount so far; empty is "nothing yet" and not zero.
    pub value: String,
    /// Base unit, or empty before an item is known.
    pub unit: String,
    /// Whether the unit has parts.
    pub decimals: bool,
    /// A number is what is asked for now; else one may be typed before the scan.
    pub asked: bool,
}

/// A text can be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is asked for.
    pub label: FactCode,
}

/// One of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Comes back in [`Input::Choose`].
    pub id: String,
    /// What it is. Empty for a reason: its words are those of the [`ReasonCode`] that is the id.
    ///
    /// [`ReasonCode`]: crate::ReasonCode
    pub title: String,
    /// What tells it from the others.
    pub subtitle: String,
    /// How much of it is there; may be empty.
    pub quantity: String,
}

/// Where a button stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The one at the thumb.
    Primary,
    /// Beside it.
    Normal,
    /// Away from it.
    Danger,
}

/// A button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// What it does.
    pub code: ActionCode,
    /// Where it stands.
    pub weight: Weight,
}

impl Action {
    pub(crate) const fn new(code: ActionCode, weight: Weight) -> Self {
        Self { code, weight }
    }
}
