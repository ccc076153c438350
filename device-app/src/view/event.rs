//! What the person does.

use scan::learn::KeyPress;

use super::{CodeKind, Language, PrintEvent, Strokes, Theme};

/// Where the navigation leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Home,
    LookUp,
    History,
    Sync,
    Nearby,
    Settings,
    /// Where the wedge scanner is learnt.
    Scanner,
    /// What is being printed.
    Printing,
    Gallery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PadKey {
    Digit(u8),
    Point,
    Backspace,
    Clear,
    Plus,
    Minus,
}

/// What the person did. The window changes nothing by itself: the next [`View`] is the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UiEvent {
    /// A code from the keyboard wedge, as the key sink put it together.
    Scan {
        text: String,
        /// It came so soon after the one before it that both are of one pull of the trigger.
        follows: bool,
    },
    /// Operation code of a tile on the home screen.
    OpenOperation(String),
    Open(Place),
    /// One step back; in a task the worker keeps the draft.
    Back,
    Resume,
    /// Id of an [`OthersDraft`](super::OthersDraft): asked first.
    TakeOver(String),
    /// Action code of a button or of an answered question.
    Action(String),
    /// Id of a [`Choice`].
    Choose(String),
    Keypad(PadKey),
    EnterText(String),
    /// The refused feedback was read.
    Acknowledge,
    Undo,
    /// Of what was scanned last.
    TakePhoto,
    /// Somebody is to sign for what was done.
    OpenSigning,
    /// They have.
    Signed(Strokes),
    /// Id of a [`HistoryRow`](super::HistoryRow) that has a receipt.
    OpenReceipt(String),
    HistoryUndo(String),
    /// Id of an [`OperatorTile`].
    ChooseOperator(String),
    /// Back from the PIN pad to the tiles.
    ForgetOperator,
    PinKey(PadKey),
    PinDone,
    SignOut,
    Enrol {
        server_url: String,
        code: String,
        device_name: String,
    },
    SkipEnrol,
    /// Show the enrolment screen again.
    OpenEnrol,
    Search(String),
    /// Id of a [`Hit`].
    OpenHit(String),
    CloseDetail,
    SyncNow,
    /// With all neighbours that are known, whether or not the server answers.
    SyncNeighbours,
    SetNeighbours(bool),
    ShowCode(CodeKind),
    HideCode,
    /// A folder to look for parcel files in.
    LookIn(String),
    /// Everything into a new file of this folder.
    ExportTo(String),
    /// Name of a listed file.
    ImportFrom(String),
    StayOffline(bool),
    SetLanguage(Language),
    SetTheme(Theme),
    SetTextPercent(u32),
    SetLeftHanded(bool),
    SetScreenKeyboard(bool),
    /// Text fields begin with pinyin, because the person changed to it or away from it.
    SetPinyin(bool),
    /// What was learned from chosen words, to be given back at the next start.
    KeepWords(String),
    SetSound(bool),
    SetVolume(u32),
    SetVibrationOnly(bool),
    SetCamera(bool),
    SetMetered(bool),
    /// All keys of one scan, while the scanner is learnt.
    ScannerKeys(Vec<KeyPress>),
    /// The scanner is one as most are.
    ResetScanner,
    Print(PrintEvent),
    /// Try anything on a copy that is thrown away.
    Practise(bool),
    DismissBanner,
    Quit,
}
