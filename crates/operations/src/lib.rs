#![doc = include_str!("../README.md")]

mod adjust;
mod code_input;
mod code_table;
mod codes;
mod context;
mod count;
mod custody_draw;
mod custody_shown;
mod custody_typed;
pub mod custody_view;
mod custody_write;
mod deposit;
mod desk;
mod doubt;
mod draft;
mod flow;
mod hand;
mod hand_over;
pub mod home;
mod incoming;
mod inspect;
mod issue;
mod keeps;
pub mod limits;
mod look_up;
mod looked_up;
mod move_goods;
mod moving;
mod open_question;
mod order_work;
mod pack;
mod path;
mod pick;
mod pick_plan;
mod put_away;
mod put_away_plan;
mod receive;
mod release;
mod replenish;
mod resolve;
mod scanned;
mod screen;
mod site_view;
mod stock_source;
mod take_back;
mod taking;
mod task;
pub mod trigger;
pub mod undo;
mod unknown;

pub use adjust::Adjust;
pub use codes::{
    ActionCode, AnswerCode, FactCode, FeedbackCode, LineStatus, Operation, Outcome, PromptCode,
    ReasonCode,
};
pub use context::{Context, Language};
pub use count::Count;
pub use custody_view::{
    CustodyView, DepositFacts, Ending, HouseTerms, PersonFacts, PersonSaid, PieceFacts,
    PieceStanding,
};
pub use custody_write::CustodyWrite;
pub use deposit::Deposit;
pub use hand_over::HandOver;
pub use inspect::Inspect;
pub use issue::Issue;
pub use look_up::LookUp;
pub use move_goods::Move;
pub use pack::Pack;
pub use pick::Pick;
pub use put_away::PutAway;
pub use receive::Receive;
pub use release::Release;
pub use replenish::Replenish;
pub use resolve::{Match, Resolved, items_with_gtin, resolve};
pub use scanned::{CodeFault, CodeFields, Scanned};
pub use screen::{
    Action, Choice, Entry, Fact, Feedback, Input, Keypad, Line, Link, Prompt, Question, Said, Step,
    Weight,
};
pub use site_view::{
    ArrivingFacts, BinFacts, CartonFacts, ContentFacts, FaceFacts, Frozen, HandlingFacts,
    ItemFacts, OrderFacts, OrderLineFacts, Pile, ReceiptFacts, RoomFacts, RoomNeeded, SiteView,
    UnitFacts, ViewError,
};
pub use take_back::TakeBack;
pub use task::Task;
pub use undo::Undoable;
