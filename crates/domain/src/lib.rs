#![doc = include_str!("../README.md")]

pub mod blob;
pub mod clock;
pub mod custody;
mod date_cbor;
pub mod event;
pub mod ids;
pub mod ledger;
pub mod money;
pub mod order;
pub mod quantity;
pub mod rights;
pub mod site_day;
pub mod ticket;

pub use blob::{BlobId, BlobKind, BlobRef};
pub use clock::{HybridClock, SKEW_LIMIT_MS, Timestamp, UnixMillis};
pub use event::{
    Assignment, ContentKey, CountedLine, Event, EventBody, EventError, EventHash, EventId,
    EventRecord, ExceptionId, Goods, Resolution, ReviewNote,
};
pub use ids::{
    BinId, ChainId, CustomerId, DepositId, DeviceId, IdSource, ItemId, OperatorId, OrderId,
    OrganisationId, ParseIdError, SiteId, StocktakeId, UnitId, ZoneId,
};
pub use money::{Currency, UnitValue};
pub use order::{
    FinishedLine, Inspection, OrderFinished, OrderLine, OrderProgress, OrderStep, OrderType,
    ProgressKey, Verdict,
};
pub use quantity::{ParseQuantityError, Quantity};
pub use rights::{Grant, Grants, Lack, Limits};
