//! What the handheld shows and what the person does: plain data, no Slint type and no IO.
//!
//! The worker builds a [`View`] after every change and hands it to the window; the window answers
//! with [`UiEvent`]s. Words live in `.slint` and `lang/`: the worker sends *codes* (such as
//! `scan-bin`) and arguments. Ids, quantities and times of day arrive as text that is already
//! formatted, because a Slint `int` has 32 bits and because the worker knows the site's time zone.

mod appearance;
mod event;
mod nearby;
mod printing;
mod receipt;
mod scanner;
mod signing;

pub use appearance::{Appearance, Language, Theme};
pub use event::{PadKey, Place, UiEvent};
pub use nearby::{CodeKind, NearbyView, Qr, ShownCode};
pub use printing::{
    LabelWords, PrintChip, PrintChipState, PrintEvent, PrintQuestion, PrinterView, Printing,
    PrintingView,
};
pub use receipt::ReceiptView;
pub use scanner::ScannerView;
pub use signing::{SigningView, Strokes};

/// Everything on the screen at one instant, except the camera picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub screen: Screen,
    pub chip: SyncChip,
    /// Name of the signed-in operator; `None` before sign-in.
    pub operator: Option<String>,
    /// Answer to the last scan or tap. Stays until the next one replaces it; `Refused` covers the
    /// screen until [`UiEvent::Acknowledge`].
    pub feedback: Option<Feedback>,
    /// A standing remark over any screen, such as `recovered-session` or `disk-full`.
    pub banner: Option<Message>,
    /// The device itself will not last: battery or disk.
    pub warning: Option<Warning>,
    /// A question that must be answered before anything else.
    pub question: Option<Question>,
    pub appearance: Appearance,
    pub camera: Camera,
    /// Practice data: a strip says that nothing is kept.
    pub practice: bool,
    pub printing: Printing,
}

/// What the device warns of until it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub message: Message,
    /// Work stops soon.
    pub grave: bool,
}

/// A sentence by code: `Words.message(code, args)` in `.slint` turns it into words.
///
/// At most three arguments are shown. An unknown code shows a general sentence with the code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    pub code: String,
    pub args: Vec<String>,
}

impl Message {
    pub fn new(code: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            args: Vec::new(),
        }
    }

    /// The same message with one more argument.
    #[must_use]
    pub fn with(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Green, short high tone.
    Accepted,
    /// Amber, double tone: done, but read this.
    Attention,
    /// Red, long low tone, full screen: nothing was done.
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    pub outcome: Outcome,
    pub message: Message,
    /// What the scanner read, as it came; empty when no scan caused this.
    pub raw_code: String,
    /// What is there now, or how much of the order is done, as far as this device knows.
    pub now: Option<Message>,
    /// How many more codes the same trigger gave, which the step has no use for.
    pub also_read: u32,
    /// Counts up with every feedback, so that the same answer twice is seen to be a new one.
    pub number: u32,
}

/// Asked in a sheet over the screen; both answers come back as [`UiEvent::Action`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub message: Message,
    /// Action code of the answer that goes on, such as `confirm`.
    pub yes: String,
    /// Action code of the answer that changes nothing, such as `cancel`.
    pub no: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connection {
    Offline,
    Online,
    Syncing,
    /// Offline because the operator said so.
    StayOffline,
}

/// On every screen: connection, how much waits to be sent, how old the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncChip {
    pub connection: Connection,
    /// Events that exist only on this device.
    pub waiting: u32,
    /// Since the last complete exchange with the server; `None` before the first.
    pub data_age_seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Camera {
    Off,
    /// The preview is shown on screens that scan; pictures come through `show_preview`.
    On,
    /// Switched on, but no camera is there.
    Missing,
    /// Switched on and there, but it does not open: another program has it, or this person may not use it.
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    Enrol(EnrolView),
    SignIn(SignInView),
    Home(HomeView),
    Task(TaskView),
    LookUp(LookUpView),
    History(HistoryView),
    Sync(SyncView),
    Nearby(NearbyView),
    Printing(PrintingView),
    Signing(SigningView),
    Receipt(ReceiptView),
    Settings(SettingsView),
    Scanner(ScannerView),
    /// Every widget in every state; there is nothing to fill in.
    Gallery,
    /// In the place of every other screen.
    Locked(LockedView),
    Stopped(StoppedView),
}

/// First run. Any scan here is taken as the console's enrolment QR.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnrolView {
    pub server_url: String,
    pub code: String,
    pub device_name: String,
    /// A request is under way.
    pub busy: bool,
    pub error: Option<Message>,
    /// Offer "not now": practice mode, or an existing replica that can go on.
    pub can_skip: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignInView {
    pub site: String,
    pub operators: Vec<OperatorTile>,
    /// Id of the tile that was tapped; shows the PIN pad.
    pub chosen: Option<String>,
    /// Digits typed so far; the PIN itself never leaves the worker.
    pub pin_length: u32,
    pub error: Option<Message>,
    /// Seconds until another try is allowed, 0 when it is.
    pub locked_seconds: u32,
    /// Nobody signs in: somebody is asked to approve this, and `operators` are those who may.
    pub approval: Option<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorTile {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HomeView {
    pub site: String,
    /// Unfinished work of this operator.
    pub resumable: Option<Draft>,
    /// Unfinished work of others on this device, which can be taken over.
    pub of_others: Vec<OthersDraft>,
    /// Newest first.
    pub recent: Vec<RecentLine>,
    /// Lines this operator made today.
    pub lines_today: u32,
    /// The device holds no stock: it only counts.
    pub counts_only: bool,
    /// In the order in which they are shown.
    pub operations: Vec<OperationTile>,
}

/// Something that can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationTile {
    /// Operation code.
    pub code: String,
    /// The operator has no right to it: tapped, it says so and asks for an approval.
    pub barred: bool,
}

/// Work that was interrupted and can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Operation code.
    pub operation: String,
    /// Such as a document number or a bin code.
    pub title: String,
    /// Time of day it was started.
    pub started: String,
    pub lines: u32,
}

/// Work that somebody else has not finished on this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OthersDraft {
    /// Comes back in [`UiEvent::TakeOver`].
    pub id: String,
    pub name: String,
    pub draft: Draft,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentLine {
    pub time: String,
    /// Operation code.
    pub operation: String,
    pub text: String,
    pub quantity: String,
}

/// One step of an operation: what to do next, what is known, what was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskView {
    /// Operation code.
    pub operation: String,
    /// The one thing to do next, by prompt code.
    pub prompt: Message,
    pub facts: Vec<Fact>,
    /// Newest first.
    pub lines: Vec<Line>,
    pub keypad: Option<Keypad>,
    pub entry: Option<Entry>,
    pub choices: Vec<Choice>,
    pub actions: Vec<Action>,
    /// Stock that this step rests on is being recalculated: it follows with the next snapshot.
    pub recalculating: bool,
    pub last: Option<LastScan>,
    /// A photo of the last scan can be taken.
    pub can_photograph: bool,
    /// Somebody can sign for what was done.
    pub can_sign: bool,
    /// The claim ticket, for the customer to take a picture of.
    pub ticket: Option<Qr>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Fact code, such as `bin`.
    pub label: String,
    pub value: String,
    /// Drawn 32-48 px high: the one thing to read. At most one or two in a view.
    pub emphasis: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub title: String,
    pub subtitle: String,
    pub quantity: String,
    /// State code, such as `saved`; empty shows none.
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keypad {
    /// As typed; empty is "nothing yet" and not zero.
    pub value: String,
    pub unit: String,
    pub hint: Option<Message>,
    /// Whether the unit has parts, which shows the decimal point.
    pub decimals: bool,
    /// A number is asked for. Else a phone, which has no room, shows a button for whoever types it before the scan.
    pub asked: bool,
}

/// A text to type (lot, serial number, expiry date); comes back as [`UiEvent::EnterText`].
///
/// While it is open, the primary button hands in the text instead of its action.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Fact code that names what is asked for, such as `lot`.
    pub label: String,
    /// What the field holds when it opens.
    pub value: String,
    pub hint: Option<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub id: String,
    pub title: String,
    pub subtitle: String,
    /// Shown at the right; may be empty.
    pub quantity: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Full width at the bottom; at most one.
    Primary,
    Normal,
    /// Kept away from the primary button, at the top.
    Danger,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Action code, such as `done`.
    pub code: String,
    pub weight: Weight,
    pub enabled: bool,
}

impl Action {
    pub fn new(code: impl Into<String>, weight: Weight) -> Self {
        Self {
            code: code.into(),
            weight,
            enabled: true,
        }
    }
}

/// The line at the bottom of a task: what the last scan did, with Undo beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastScan {
    pub message: Message,
    pub time: String,
    pub can_undo: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LookUpView {
    /// Text that a scan puts into the search field. `None` leaves the field as it was typed, so
    /// that a slow answer never overwrites fast fingers.
    pub scanned: Option<String>,
    pub hits: Vec<Hit>,
    pub detail: Option<Detail>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// `item`, `bin` or `lot`.
    pub kind: String,
    pub id: String,
    pub title: String,
    pub subtitle: String,
    pub quantity: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    /// As in [`Hit::kind`].
    pub kind: String,
    pub title: String,
    pub subtitle: String,
    pub facts: Vec<Fact>,
    /// The device holds no stock, which is not to say that there is none.
    pub counts_only: bool,
    pub stock: Vec<StockRow>,
    /// Where a bin stands among the others of its rack.
    pub rack: Rack,
    /// Late records change the numbers shown: they follow with the next snapshot.
    pub recalculating: bool,
    pub history: Vec<HistoryRow>,
}

/// A few bays of a rack as one sees them from the aisle. Empty where codes do not tell of a rack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rack {
    pub aisle: String,
    /// Names of the bays from left to right.
    pub bays: Vec<String>,
    pub cells: Vec<RackCell>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RackCell {
    /// As in [`Hit::id`].
    pub id: String,
    pub code: String,
    /// Of `bays`.
    pub column: u32,
    /// 0 is the highest level.
    pub row: u32,
    /// Its level; empty where bays have one.
    pub level: String,
    pub state: CellState,
    /// The bin that is shown.
    pub here: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellState {
    Empty,
    Used,
    /// What lies there should not be used now.
    Frozen,
    /// Its book is not shown: it is under a blind count.
    Hidden,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockRow {
    /// The bin, or the item when the detail is a bin.
    pub place: String,
    pub lot: String,
    pub quantity: String,
    /// Time of day when the number rests on devices not heard from since; empty when it is certain.
    pub as_of: String,
    /// The number is being recalculated.
    pub recalculating: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryView {
    /// Newest first.
    pub rows: Vec<HistoryRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    pub id: String,
    pub time: String,
    /// Operation code.
    pub operation: String,
    /// Reason code; empty for none.
    pub reason: String,
    pub text: String,
    pub quantity: String,
    pub operator: String,
    pub state: LineState,
    pub can_undo: bool,
    /// It is an act of custody, and its receipt can be shown.
    pub has_receipt: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineState {
    /// On this device.
    Saved,
    /// Being sent.
    Pending,
    /// The server has it.
    Completed,
    /// The server has it and did not agree.
    Error,
    Reversed,
}

impl LineState {
    pub const ALL: [Self; 5] = [
        Self::Saved,
        Self::Pending,
        Self::Completed,
        Self::Error,
        Self::Reversed,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Error => "error",
            Self::Reversed => "reversed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncView {
    /// Time of the last answer of the server; empty before the first.
    pub last_contact: String,
    pub server_url: String,
    pub device_name: String,
    pub data_version: String,
    /// Events that no other machine holds.
    pub only_here: u32,
    /// Changes received that wait for others they depend on.
    pub blocked: u32,
    pub waiting_lines: Vec<Line>,
    /// What only this device holds, by what it is. `title`: an operation code, or the name of the device that events
    /// are carried for (`status` is `carried` then); `quantity`: how many; `subtitle`: when the oldest was made.
    pub only_here_groups: Vec<Line>,
    /// Lines that were set aside because the server took another branch of their chain, and that nobody has said again.
    /// `title`: the name of the device that wrote them; `quantity`: how many; `subtitle`: when the oldest was made, or
    /// empty.
    pub set_aside_groups: Vec<Line>,
    /// Photos that the server does not have yet.
    pub photos: u32,
    /// Their size in words, such as `1.2 MB`; empty for none.
    pub photos_size: String,
    /// How many of them wait for a network that is not metered.
    pub photos_held_back: u32,
    pub last_error: Option<Message>,
    pub stay_offline: bool,
    /// Newest first, control characters made visible.
    pub raw_scans: Vec<RawScan>,
    /// The enrolment can be started again from here.
    pub can_enrol: bool,
}

/// For the diagnosis of scanners: exactly what came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawScan {
    pub time: String,
    /// `wedge` or `camera`.
    pub source: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsView {
    /// Somebody is signed in.
    pub can_practise: bool,
    pub practises: bool,
    pub sound: bool,
    /// 0 to 100.
    pub volume: u32,
    pub vibration_only: bool,
    pub camera: bool,
    pub metered: bool,
    /// `pin-protected` or `pin-can-be-tried`.
    pub pin_protection: Message,
    pub version: String,
    pub device_name: String,
    pub printer: PrinterView,
}

/// A supervisor has locked the device: who, when, what to do, and that nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LockedView {
    /// Empty if that is not known.
    pub by: String,
    /// By the site's clock; empty if that is not known.
    pub at: String,
    /// In the supervisor's words; may be empty.
    pub text: String,
    pub device_name: String,
    /// Events and edits that are still to be sent.
    pub waiting: u32,
    /// Somebody has told the device to stay offline, so that it cannot hear that it is unlocked.
    pub stays_offline: bool,
}

/// The program cannot work: what happened, what to do, and that nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoppedView {
    pub message: Message,
    /// For the person who is called, such as `db-newer 14 > 12`.
    pub details_code: String,
}

/// What the person before the camera can do to have the code read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraHint {
    /// Too dark.
    Dark,
    /// Nothing is sharp, mostly because the label is too near.
    Near,
}

/// A camera picture: row-major RGB, three bytes a pixel, `width * height * 3` bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
}
